"""Networks that include others: all are read, and their tables joined."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from planner.errors import InputError, Problem, nearest
from planner.files.cells import quoted
from planner.files.parts import INFO_FILE, Part, read_part
from planner.files.reading import Reading, exists
from planner.files.rows import Home, Row
from planner.records import NodeRecord
from planner.shipped import data_dir, shipped_ids

SHIPPED_LABEL = "data"
"""What ships is called ``data/...`` in messages, as in the sources of the planner."""


@dataclass(frozen=True)
class Found:
    """A network that was found, but not yet read."""

    path: Path
    home: Home


def find_network(reference: str, *, base: Home | None = None, reading: Reading) -> Found:
    """Finds a network by its shipped name or its path; a name is never guessed.

    Args:
        reference: A path where it has a separator, ends in ``.xlsx`` or names a network's folder that is there;
            else a shipped name.
        base: The network that includes it, whose folder relative paths are counted from; the current directory
            by default.
        reading: Takes a note where a folder hides a shipped network of the same name.

    Returns:
        Where it is.

    Raises:
        InputError: There is no such network.
    """
    shipped = shipped_ids("networks")
    if not reference.strip():
        raise InputError(Problem("no network is named", expected="a shipped name, a folder or an .xlsx file"))
    path = Path(reference) if base is None else base.folder / reference
    is_path = _looks_like_path(reference)
    if not is_path and exists(path / INFO_FILE):
        is_path = True
        if reference in shipped and not path.samefile(data_dir() / "networks" / reference):
            message = f"the folder '{reference}' is read, not the shipped network of the same name"
            reading.notes.append(message)
    if not is_path and reference in shipped:
        folder = data_dir() / "networks" / reference
        label = f"{SHIPPED_LABEL}/networks/{reference}"
        return Found(folder, Home(folder, label, label, base is None, is_shipped=True))
    if not is_path and not exists(path):
        right = f"{nearest(reference, shipped)} (a path has a '/' or ends in .xlsx)"
        raise InputError(Problem(f"there is no shipped network {quoted(reference, whole=True)}", expected=right))
    _check_path(path, reference=reference)
    label = _label(path, reference=reference, base=base)
    if path.is_dir():
        return Found(path, Home(path, label, label, base is None, is_shipped=base is not None and base.is_shipped))
    return Found(path, Home(path.parent, label, posixpath.dirname(label), base is None))


def _looks_like_path(reference: str) -> bool:
    return "/" in reference or "\\" in reference or reference.lower().endswith(".xlsx") or reference in (".", "..")


def _check_path(path: Path, *, reference: str) -> None:
    if not exists(path):
        raise InputError(
            Problem(f"there is no network at {quoted(reference, whole=True)}", expected="a folder or an .xlsx file")
        )
    if path.is_dir():
        if not (path / INFO_FILE).exists() and exists(path / "plan.json"):
            inputs = Path(reference) / "inputs"
            message = f"{quoted(reference, whole=True)} is a plan, not a network"
            raise InputError(Problem(message, expected=f"the network it was made with is in '{inputs}'"))
    elif path.suffix.lower() != ".xlsx":
        raise InputError(
            Problem(f"{quoted(reference, whole=True)} is not a network", expected="a folder or an .xlsx file")
        )


def _label(path: Path, *, reference: str, base: Home | None) -> str:
    """The network's place among the inputs: the same on every machine, and different for different networks."""
    if base is None or Path(reference).is_absolute():
        # Not resolve(): a link's own name is what the reader knows the network by.
        return Path(os.path.abspath(path)).name  # noqa: PTH100
    return base.file(reference.replace("\\", "/"))


@dataclass
class _Walk:
    """The networks read so far, those being read, and what was read."""

    reading: Reading
    without: frozenset[str]
    done: set[str] = field(default_factory=set)
    open: list[tuple[str, str]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)


def read_all(top: Found, *, reading: Reading, without: frozenset[str] = frozenset()) -> list[Part]:
    """Reads a network and all that it includes, each once.

    Args:
        top: The network.
        reading: Takes files, problems (an unknown network, a cycle) and notes.
        without: Tables that are not to be read.

    Returns:
        The networks, included ones before those that include them; the one asked for is the last.
    """
    walk = _Walk(reading=reading, without=without)
    _visit(top, walk=walk)
    return walk.parts


def _visit(found: Found, *, walk: _Walk) -> None:
    key = os.path.realpath(found.path)
    walk.open.append((key, found.home.label))
    part = read_part(found.path, home=found.home, reading=walk.reading, without=walk.without)
    complete = part.include is not None
    for reference in part.include or ():
        place = Problem("", file=part.info_file, row=part.info_rows.get("include"), column="include")
        try:
            other = find_network(reference, base=found.home, reading=walk.reading)
        except InputError as error:
            found_wrong = (replace(place, message=p.message, expected=p.expected) for p in error.problems)
            walk.reading.problems.extend(found_wrong)
            complete = False
            continue
        other_key = os.path.realpath(other.path)
        opened = [key for key, _ in walk.open]
        if other_key in opened:
            circle = [label for _, label in walk.open[opened.index(other_key) :]]
            message = f"the networks include each other in a circle: {' → '.join([*circle, circle[0]])}"
            walk.reading.problems.append(replace(place, message=message))
            complete = False
        elif other_key not in walk.done:
            _visit(other, walk=walk)
    walk.open.pop()
    walk.done.add(key)
    # Where an included network is unknown so are its nodes, and nothing can be said of the ends of links.
    walk.parts.append(part if complete else replace(part, rows={**part.rows, "nodes": None}))


def join_rows(parts: Iterable[Part], *, table: str, key: str, reading: Reading) -> list[Row] | None:
    """Joins a table of several networks; an id stands for one row.

    Args:
        parts: The networks.
        table: The table.
        key: Its id column.
        reading: Takes the problems: an id twice, naming both rows.

    Returns:
        The rows with each id once; None where the table of any network could not be understood.
    """
    tables = [part.rows.get(table) for part in parts]
    joined: dict[object, Row] = {}
    for row in (row for rows in tables for row in rows or []):
        value = row.fields.get(key)
        first = joined.get(value) if value is not None else None
        if first is None:
            joined[value if value is not None else row.place] = row
        elif table == "nodes" and first.home != row.home:
            joined[value] = _agree(first, row, reading=reading)
        else:
            message = f"'{value}' is there twice, first in {first.place}"
            reading.problems.append(row.problem(message, column=key, expected="an id that no other row has"))
    return None if any(rows is None for rows in tables) else list(joined.values())


def _agree(first: Row, second: Row, *, reading: Reading) -> Row:
    """The same node in two networks: what one leaves blank the other fills, what both give must agree."""
    reading.problems.extend(_contradictions(first, second))
    if not isinstance(first.record, NodeRecord) or not isinstance(second.record, NodeRecord):
        return first
    filled = {name: value for name, value in second.record if getattr(first.record, name) is None and value is not None}
    filled.pop("source", None)  # it belongs to the other row's basis
    record = first.record.model_copy(update=filled)
    return Row(file=first.file, number=first.number, home=first.home, fields=dict(record), record=record)


def _contradictions(first: Row, second: Row) -> Iterator[Problem]:
    for name in NodeRecord.model_fields:
        one, other = first.fields.get(name), second.fields.get(name)
        if name not in ("basis", "source") and one is not None and other is not None and one != other:
            message = (
                f"the node '{first.fields['node_id']}' has {name} {_shown(other)} here "
                f"and {_shown(one)} in {first.place}"
            )
            yield second.problem(message, column=name, expected="the same in both; a blank takes the other's")


def _shown(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)
