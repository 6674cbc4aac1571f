"""A network is read, checked and joined with those that it includes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.errors import InputError, Problem
from planner.files.crosschecks import check_references
from planner.files.joining import Found, find_network, join_rows, read_all
from planner.files.naming import Meanings
from planner.files.parts import Part, read_demands
from planner.files.reading import Reading
from planner.network import Network
from planner.records import TABLES, to_frame

if TYPE_CHECKING:
    import pandas as pd

    from planner.files.rows import Home, Row

_KEYS = {"nodes": "node_id", "links": "link_id", "demands": "demand_id"}


def load(reference: str | os.PathLike[str], *, demands: str | os.PathLike[str] | None = None) -> Network:
    """Reads a network and checks everything in it.

    Args:
        reference: A shipped name, or the path of a folder or of an ``.xlsx`` file. A text is a path where it has
            a separator, ends in ``.xlsx`` or names a network's folder that is there.
        demands: A table of demands (``.csv``, or ``.xlsx`` with a sheet ``demands``) that replaces the network's.

    Returns:
        The network: tables joined, blanks filled with the defaults, with the modules, services and sources that
        it names. ``notes`` tell what is unusual but no error.

    Raises:
        InputError: Anything is wrong; carries every problem of every file, with file, row and column.
    """
    reading = Reading()
    found = find_network(os.fspath(reference), reading=reading)
    without = frozenset() if demands is None else frozenset({"demands"})
    parts = read_all(found, reading=reading, without=without)
    tables = {
        name: join_rows(parts, table=name, key=_KEYS[name], reading=reading) for name in TABLES if name not in without
    }
    if demands is not None:
        replaced = read_demands(Path(demands), home=found.home, reading=reading)
        tables["demands"] = None if replaced is None else _each_once(replaced, reading=reading)
    rows = {name: table or [] for name, table in tables.items()}
    check_references(nodes=tables["nodes"], links=rows["links"], demands=rows["demands"], reading=reading)
    meanings = Meanings(reading)
    module_names = _find_meanings(rows, meanings=meanings, top=found.home)
    reading.raise_problems()
    return _network(found, parts, rows=rows, module_names=module_names, meanings=meanings)


def _each_once(rows: list[Row], *, reading: Reading) -> list[Row]:
    seen: dict[Any, Row] = {}
    for row in rows:
        key = row.fields.get("demand_id", row.place)
        if key in seen:
            message = f"'{key}' is there twice, first in {seen[key].place}"
            reading.problems.append(row.problem(message, column="demand_id", expected="an id that no other row has"))
        else:
            seen[key] = row
    return list(seen.values())


def _find_meanings(rows: dict[str, list[Row]], *, meanings: Meanings, top: Home) -> list[str | None]:
    """Finds all that the tables name; returns the text that names the module of each link."""
    for row in (row for table in rows.values() for row in table):
        source = row.fields.get("source")
        if source is not None:
            meanings.check_source(source, home=row.home, place=row.problem("", column="source"))
    for row in rows["nodes"]:
        if row.fields.get("satellite") is not None:
            meanings.check_satellite(row)
    for row in rows["demands"]:
        if row.fields.get("service") is not None:
            meanings.check_service(row)
    for row in rows["links"]:
        if row.fields.get("coexistence") is not None:
            meanings.check_coexistence(row)
    return [None if row.fields.get("module") is None else meanings.check_module(row, top=top) for row in rows["links"]]


def _network(
    found: Found, parts: list[Part], *, rows: dict[str, list[Row]], module_names: list[str | None], meanings: Meanings
) -> Network:
    info = parts[-1].info
    if info is None:  # only with a problem, which was raised
        raise InputError(Problem("is not known", file=parts[-1].info_file))
    frames: dict[str, pd.DataFrame] = {
        name: to_frame(record, [row.record for row in rows[name] if row.record is not None])
        for name, record in TABLES.items()
    }
    frames["links"] = frames["links"].assign(module=_text_column(module_names))
    reading = meanings.reading
    return Network(
        name=info.name or found.home.name,
        title=info.title,
        title_local=info.title_local,
        description=info.description,
        **frames,
        modules=dict(sorted(meanings.modules.items())),
        services=dict(sorted(meanings.services.items())),
        coexistence=dict(sorted(meanings.coexistence.items())),
        satellites=dict(sorted(meanings.satellites.items())),
        sources=dict(sorted(meanings.sources.items())),
        defaults={part.home.name: dict(part.defaults.given) for part in parts if part.defaults.given},
        files=reading.files,
        notes=tuple(dict.fromkeys(reading.notes)),
    )


def _text_column(values: list[str | None]) -> Any:
    import pandas as pd

    return pd.Series(values, dtype="object")
