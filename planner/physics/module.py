"""The record of a QKD module (a transmitter and receiver pair), and how it is read and checked.

The known keys, their units, limits and defaults are in `PARAMETERS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from planner.errors import InputError, Problem, nearest
from planner.physics.checks import (
    choice_problem,
    cross_problems,
    number_problem,
    protocol_problem,
    shown,
    unknown_key,
)
from planner.physics.parameters import PARAMETERS, PROTOCOLS, Parameter
from planner.shipped import data_dir, read_toml, shipped_ids

__all__ = ["PARAMETERS", "PROTOCOLS", "Module", "Parameter", "load_module", "parse_module"]

BASES = ("published", "derived", "assumed")

_TEXTS = ("title", "title_local", "note", "source")
_DESCRIPTION = (*_TEXTS, "protocol", "basis", "parameter_basis", "parameter_source", "published")


@dataclass(frozen=True)
class Module:
    """A QKD module: what its protocol and its hardware are.

    Attributes:
        module_id: Shipped id, name of the file without its ending, or ``"mapping"``.
        title: Name for people.
        title_local: Name in the local language.
        protocol: One of `PROTOCOLS`.
        parameters: Every parameter that was given, and the default of every other one that the protocol uses.
            Settings, and `block_bits`, are present only where they were given.
        basis: ``"published"``, ``"derived"`` or ``"assumed"``.
        source: Key of the source, where there is one.
        parameter_basis: Basis of single parameters, where it differs. A default is an assumption of the planner: in a
            module of another basis every parameter that was not given is ``"assumed"``, unless the module says more.
        parameter_source: Source of single parameters, where it differs.
        note: Remarks.
        published: Points of rate and loss that were published for this device, as given.
    """

    module_id: str
    title: str
    protocol: str
    parameters: Mapping[str, float | str]
    title_local: str | None = None
    basis: str = "assumed"
    source: str | None = None
    parameter_basis: Mapping[str, str] = field(default_factory=dict)
    parameter_source: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None
    published: tuple[Mapping[str, Any], ...] = ()


def load_module(reference: str | Path | Mapping[str, Any] | Module) -> Module:
    """Finds and reads a module.

    Args:
        reference: A shipped id, the path of a TOML file, a mapping of module keys (only `protocol` is required), or
            a `Module`, which is returned as it is. A text is a path where it ends with ``.toml`` or holds a slash.

    Returns:
        The module.

    Raises:
        InputError: There is no such module, or it is wrong; holds every problem found.
    """
    if isinstance(reference, Module):
        return reference
    if isinstance(reference, Mapping):
        return parse_module(reference, module_id="mapping")
    if isinstance(reference, Path) or (
        isinstance(reference, str) and (reference.endswith(".toml") or "/" in reference or "\\" in reference)
    ):
        path = Path(reference)
        return parse_module(read_toml(path), module_id=path.stem, file=path.name)
    known = shipped_ids("modules")
    if reference in known:
        path = data_dir() / "modules" / f"{reference}.toml"
        return parse_module(read_toml(path), module_id=path.stem, file=f"modules/{path.name}")
    words = nearest(str(reference), known)
    raise InputError(
        Problem(f"unknown module {str(reference)!r}", column="module", expected=f"a shipped module or a path; {words}")
    )


def parse_module(mapping: Mapping[str, Any], *, module_id: str, file: str | None = None) -> Module:
    """Makes a module from the keys of its file.

    Args:
        mapping: Module keys and their values; None means absent.
        module_id: How the module is called.
        file: Name of the file, for errors.

    Returns:
        The module, with defaults filled in.

    Raises:
        InputError: Keys are unknown, missing, of the wrong type, out of range or contradict each other; every
            problem names the file, the key, the value and what is permitted.
    """
    given = {key: value for key, value in mapping.items() if value is not None}
    known_keys = (*PARAMETERS, *_DESCRIPTION)
    problems = [unknown_key(key, known=known_keys) for key in given if key not in known_keys]
    problems += _wrong_description(given)
    values: dict[str, float | str] = {}
    for key, known in PARAMETERS.items():
        if key in given:
            value, problem = _parameter(key, given[key], known=known)
            if problem is None:
                values[key] = value
            else:
                problems.append(problem)
    protocol = given.get("protocol")
    if isinstance(protocol, str) and protocol in PROTOCOLS:
        problems += cross_problems(protocol, values)
    if problems:
        raise InputError(
            [Problem(p.message, file=file, row=p.row, column=p.column, expected=p.expected) for p in problems]
        )
    defaults = {
        key: known.default
        for key, known in PARAMETERS.items()
        if known.default is not None and protocol in known.protocols
    }
    basis = given.get("basis", "assumed")
    assumed = {key: "assumed" for key in defaults if key not in values and basis != "assumed"}
    return Module(
        module_id=module_id,
        title=given.get("title", module_id),
        title_local=given.get("title_local"),
        protocol=str(protocol),
        parameters=MappingProxyType(defaults | values),
        basis=basis,
        source=given.get("source"),
        parameter_basis=MappingProxyType(assumed | dict(given.get("parameter_basis", {}))),
        parameter_source=MappingProxyType(dict(given.get("parameter_source", {}))),
        note=given.get("note"),
        published=tuple(given.get("published", ())),
    )


def _parameter(key: str, value: Any, *, known: Parameter) -> tuple[float | str, Problem | None]:
    if known.choices:
        return value, choice_problem(key, value, known=known)
    problem = number_problem(key, value, known=known)
    if problem is None and np.ndim(value) > 0:
        problem = Problem(f"{key} is {shown(value)}", column=key, expected=f"one number, {known.permitted}")
    return (0.0 if problem else float(value)), problem


def _wrong_description(given: Mapping[str, Any]) -> list[Problem]:
    """Problems of the keys that describe a module and are no physics."""
    problems = []
    if "protocol" not in given:
        problems.append(Problem("protocol is missing", column="protocol", expected="one of " + ", ".join(PROTOCOLS)))
    elif (problem := protocol_problem(given["protocol"])) is not None:
        problems.append(problem)
    problems += [
        Problem(f"{key} is {shown(given[key])}", column=key, expected="a text")
        for key in _TEXTS
        if key in given and not (isinstance(given[key], str) and given[key].strip())
    ]
    basis = given.get("basis", "assumed")
    if basis not in BASES:
        problems.append(Problem(f"basis is {shown(basis)}", column="basis", expected="one of " + ", ".join(BASES)))
    elif basis != "assumed" and "source" not in given:
        problems.append(Problem(f"source is missing, and basis is {basis}", column="source", expected="a source's key"))
    published = given.get("published", [])
    if not (isinstance(published, (list, tuple)) and all(isinstance(point, Mapping) for point in published)):
        problems.append(Problem("published is no list of tables", column="published", expected="[[published]] tables"))
    return problems + _wrong_parameter_notes(given)


def _wrong_parameter_notes(given: Mapping[str, Any]) -> list[Problem]:
    """Problems of the tables `parameter_basis` and `parameter_source`."""
    problems = []
    tables: dict[str, Mapping[str, Any]] = {}
    for table in ("parameter_basis", "parameter_source"):
        tables[table] = given.get(table, {})
        if not isinstance(tables[table], Mapping):
            problems.append(Problem(f"{table} is {shown(given[table])}", column=table, expected=f"a table [{table}]"))
            tables[table] = {}
        for key, value in tables[table].items():
            where = f"{table}.{key}"
            if key not in PARAMETERS:
                problems.append(Problem(f"unknown key {key!r}", column=where, expected=nearest(str(key), PARAMETERS)))
            elif table == "parameter_basis" and value not in BASES:
                right = "one of " + ", ".join(BASES)
                problems.append(Problem(f"{where} is {shown(value)}", column=where, expected=right))
            elif not isinstance(value, str):
                problems.append(Problem(f"{where} is {shown(value)}", column=where, expected="a source's key"))
    sources = tables["parameter_source"]
    problems += [
        Problem(f"{key} is {basis} and has no source", column=f"parameter_basis.{key}", expected="a parameter_source")
        for key, basis in tables["parameter_basis"].items()
        if basis in ("published", "derived") and key not in sources and "source" not in given
    ]
    return problems
