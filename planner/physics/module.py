"""The record of a QKD module (a transmitter and receiver pair), and how it is read and checked.

The known keys, their units, limits and defaults are in `PARAMETERS`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from planner.errors import InputError, Problem, nearest
from planner.physics.parameters import PARAMETERS, PROTOCOLS, TWO_DECOY, Parameter
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
        parameter_basis: Basis of single parameters, where it differs.
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
    problems = _unknown_keys(given) + _wrong_description(given)
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
    return Module(
        module_id=module_id,
        title=given.get("title", module_id),
        title_local=given.get("title_local"),
        protocol=str(protocol),
        parameters=MappingProxyType(defaults | values),
        basis=given.get("basis", "assumed"),
        source=given.get("source"),
        parameter_basis=MappingProxyType(dict(given.get("parameter_basis", {}))),
        parameter_source=MappingProxyType(dict(given.get("parameter_source", {}))),
        note=given.get("note"),
        published=tuple(given.get("published", ())),
    )


def cross_problems(protocol: str, values: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with parameters that are right one by one.

    Args:
        protocol: One of `PROTOCOLS`.
        values: Parameters by key, numbers or arrays that broadcast against each other; absent settings are open.

    Returns:
        One problem for each rule that is broken anywhere, with the offending values.
    """
    problems: list[Problem] = []
    two_decoys = protocol == TWO_DECOY
    finite = "block_bits" in values

    def rule(key: str, needs: tuple[str, ...], holds: Any, expected: str) -> None:
        # `holds` gets the arrays of `needs`; a rule about an open setting does not apply.
        if all(name in values for name in needs):
            arrays = np.broadcast_arrays(*(np.asarray(values[name], dtype=np.float64) for name in needs))
            wrong = ~np.asarray(holds(*arrays))
            if wrong.any():
                shown = " and ".join(
                    f"{name} is {array[wrong].ravel()[0]:g}" for name, array in zip(needs, arrays, strict=True)
                )
                problems.append(Problem(shown, column=key, expected=expected))

    signal, decoy, vacuum = "signal_intensity", "decoy_intensity", "vacuum_intensity"
    if two_decoys and decoy in values and vacuum in values:
        rule(signal, (signal, decoy, vacuum), lambda s, d, v: s > d + v, "signal_intensity > decoy + vacuum intensity")
        rule(decoy, (decoy, vacuum), lambda d, v: d > v, "decoy_intensity > vacuum_intensity")
    else:
        rule(signal, (signal, decoy), lambda s, d: s > d, "signal_intensity > decoy_intensity")
        if two_decoys:
            rule(signal, (signal, vacuum), lambda s, v: s > 2 * v, "signal_intensity > 2 vacuum_intensity")
    if two_decoys:
        pair = ("signal_probability", "decoy_probability")
        if finite:
            rule(pair[0], pair, lambda s, d: s + d < 1, "together < 1: the rest is the vacuum probability")
            rule(pair[1], pair[1:], lambda d: d > 0, "0 < decoy_probability with block_bits")
        else:
            rule(pair[0], pair, lambda s, d: s + d <= 1 + 1e-12, "together <= 1: the rest is the vacuum probability")
    if finite:
        for name in ("signal_probability", "key_basis_probability"):
            rule(name, (name,), lambda p: p < 1, f"{name} < 1 with block_bits")
    return problems


def number_problem(key: str, value: Any, *, known: Parameter) -> Problem | None:
    """Checks one number, or every number of an array, against the limits of its key.

    Args:
        key: The key.
        value: A number or anything that NumPy takes as an array of numbers.
        known: The key's entry of `PARAMETERS`.

    Returns:
        The problem with the first offending value, or None.
    """
    array = _numbers(value)
    if array is None:
        return Problem(f"{key} is {_shown(value)}", column=key, expected=known.permitted)
    low = array > known.low if known.low_open else array >= known.low
    high = array < known.high if known.high_open else array <= known.high
    wrong = ~(np.isfinite(array) & low & high)
    if wrong.any():
        return Problem(f"{key} is {array[wrong].ravel()[0]:g}", column=key, expected=known.permitted)
    return None


def choice_problem(key: str, value: Any, *, known: Parameter) -> Problem | None:
    """Checks one word against the choices of its key."""
    if isinstance(value, str) and value in known.choices:
        return None
    near = f"; {nearest(value, known.choices)}" if isinstance(value, str) else ""
    return Problem(f"{key} is {_shown(value)}", column=key, expected=known.permitted + near)


def unknown_key(key: Any) -> Problem:
    """The problem of a key that no protocol knows, with the nearest one that exists."""
    return Problem(f"unknown key {key!r}", column=str(key), expected=nearest(str(key), (*PARAMETERS, *_DESCRIPTION)))


def protocol_problem(value: Any) -> Problem | None:
    """Checks the name of a protocol."""
    if isinstance(value, str) and value in PROTOCOLS:
        return None
    expected = "one of " + ", ".join(PROTOCOLS) + (f"; {nearest(value, PROTOCOLS)}" if isinstance(value, str) else "")
    return Problem(f"unknown protocol {_shown(value)}", column="protocol", expected=expected)


def _numbers(value: Any) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """The value as floats, or None where it is no number (a bool and a text are not)."""
    if isinstance(value, (str, bytes, bool, np.bool_)):
        return None
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        return None
    if array.dtype.kind == "O":
        # e.g. an object column of a table: every cell must be a number of its own
        if any(isinstance(cell, bool) or not isinstance(cell, Real) for cell in array.ravel()):
            return None
    elif array.dtype.kind not in "iuf":
        return None
    try:
        return array.astype(np.float64)
    except OverflowError:  # an integer beyond the largest float
        return np.asarray(math.inf)


def _parameter(key: str, value: Any, *, known: Parameter) -> tuple[float | str, Problem | None]:
    if known.choices:
        return value, choice_problem(key, value, known=known)
    problem = number_problem(key, value, known=known)
    if problem is None and np.ndim(value) > 0:
        problem = Problem(f"{key} is {_shown(value)}", column=key, expected=f"one number, {known.permitted}")
    return (0.0 if problem else float(value)), problem


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _unknown_keys(given: Mapping[str, Any]) -> list[Problem]:
    return [unknown_key(key) for key in given if key not in PARAMETERS and key not in _DESCRIPTION]


def _wrong_description(given: Mapping[str, Any]) -> list[Problem]:
    """Problems of the keys that describe a module and are no physics."""
    problems = []
    if "protocol" not in given:
        problems.append(Problem("protocol is missing", column="protocol", expected="one of " + ", ".join(PROTOCOLS)))
    elif (problem := protocol_problem(given["protocol"])) is not None:
        problems.append(problem)
    for key in _TEXTS:
        if key in given and not (isinstance(given[key], str) and given[key].strip()):
            problems.append(Problem(f"{key} is {_shown(given[key])}", column=key, expected="a text"))
    basis = given.get("basis", "assumed")
    if basis not in BASES:
        problems.append(Problem(f"basis is {_shown(basis)}", column="basis", expected="one of " + ", ".join(BASES)))
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
            problems.append(Problem(f"{table} is {_shown(given[table])}", column=table, expected=f"a table [{table}]"))
            tables[table] = {}
        for key, value in tables[table].items():
            where = f"{table}.{key}"
            if key not in PARAMETERS:
                problems.append(Problem(f"unknown key {key!r}", column=where, expected=nearest(str(key), PARAMETERS)))
            elif table == "parameter_basis" and value not in BASES:
                right = "one of " + ", ".join(BASES)
                problems.append(Problem(f"{where} is {_shown(value)}", column=where, expected=right))
            elif not isinstance(value, str):
                problems.append(Problem(f"{where} is {_shown(value)}", column=where, expected="a source's key"))
    sources = tables["parameter_source"]
    problems += [
        Problem(f"{key} is {basis} and has no source", column=f"parameter_basis.{key}", expected="a parameter_source")
        for key, basis in tables["parameter_basis"].items()
        if basis in ("published", "derived") and key not in sources and "source" not in given
    ]
    return problems
