"""Rows of a table become records, with every problem of every row."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from planner.errors import Problem, nearest
from planner.files.cells import CellError, convert, is_blank
from planner.files.wording import expectation, problems_of
from planner.records import LinkRecord, Record, column_dtype

if TYPE_CHECKING:
    from planner.files.reading import Reading
    from planner.files.tables import Table


@dataclass(frozen=True)
class Home:
    """Where a network lives: what its tables name is looked for here first.

    Attributes:
        folder: The folder that relative paths are counted from.
        label: How messages call the network: its place among the inputs.
        prefix: The folder's place among the inputs, the beginning of the names of the files in it.
        is_top: Whether it is the network that was asked for, not one that it includes.
        is_shipped: Whether it ships with the planner.
    """

    folder: Path
    label: str
    prefix: str
    is_top: bool = True
    is_shipped: bool = False

    @property
    def name(self) -> str:
        """The name of the folder, or of the workbook without its ending."""
        return posixpath.basename(self.label).removesuffix(".xlsx")

    def file(self, name: str) -> str:
        """The place among the inputs of a file of this folder."""
        return posixpath.normpath(posixpath.join(self.prefix, name))


@dataclass(frozen=True)
class Defaults:
    """The values that blank cells of links.csv take.

    Attributes:
        file: The file that gives them.
        given: Value by column.
        unknown: Columns whose default is there but could not be read; what hangs on them is not judged.
        rows: The rows of the dotted keys in the file.
    """

    file: str
    given: Mapping[str, Any] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    rows: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """A row of a table, as far as it could be understood.

    Attributes:
        file: Name of the file (and the sheet).
        number: The row as a person sees it.
        home: The network it belongs to.
        fields: Every field that is known: read, taken from a default, or blank where it may be.
        record: The record; None where anything is wrong with the row.
        defaults: Where the fields in ``defaulted`` come from.
        defaulted: Fields that were blank and took the network's default.
    """

    file: str
    number: int
    home: Home
    fields: Mapping[str, Any]
    record: Record | None
    defaults: Defaults | None = None
    defaulted: frozenset[str] = frozenset()

    @property
    def place(self) -> str:
        """Where the row is, as words."""
        return f"{self.file}, row {self.number}"

    def problem(self, message: str, *, column: str, expected: str | None = None) -> Problem:
        """A problem of one field of the row, at the place that gave the value."""
        if self.defaults is not None and column in self.defaulted:
            key = f"defaults.{column}"
            return Problem(
                message, file=self.defaults.file, row=self.defaults.rows.get(key), column=key, expected=expected
            )
        return Problem(message, file=self.file, row=self.number, column=column, expected=expected)


def read_defaults(given: Mapping[str, Any], *, file: str, rows: Mapping[str, int | None], reading: Reading) -> Defaults:
    """Checks the ``[defaults]`` of a network: each is a column of links.csv, within its limits.

    Args:
        given: Value by column, as read.
        file: The file that gives them.
        rows: The rows of the dotted keys in that file.
        reading: Takes the problems.

    Returns:
        The defaults that are right; the columns of the others are marked unknown.
    """
    columns = [name for name in LinkRecord.model_fields if name != "link_id"]
    values: dict[str, Any] = {}
    for name, cell in given.items():
        key = f"defaults.{name}"
        place = Problem("", file=file, row=rows.get(key), column=key)
        if name not in columns:
            message = "every link has its own link_id" if name == "link_id" else "no column of links.csv has this name"
            near = None if name == "link_id" else nearest(name.lower(), columns)
            reading.problems.append(replace(place, message=message, expected=near))
            continue
        try:
            if is_blank(cell):
                raise CellError("is blank")
            value = convert(cell, dtype=column_dtype(LinkRecord, name))
        except CellError as error:
            expected = error.expected or expectation(LinkRecord, name)
            reading.problems.append(replace(place, message=str(error), expected=expected))
            continue
        found = [problem for problem in _faults_alone(name, value) if problem.column == name]
        reading.problems.extend(replace(place, message=problem.message, expected=problem.expected) for problem in found)
        if not found:
            values[name] = value
    unknown = frozenset(given) & frozenset(columns) - frozenset(values)
    return Defaults(file=file, given=values, unknown=unknown, rows=rows)


def _faults_alone(name: str, value: Any) -> list[Problem]:
    """What is wrong with one value of a link that is right otherwise."""
    right = {"link_id": "link", "node_a": "a", "node_b": "b", "length_km": 1.0, "basis": "assumed", "module": "module"}
    try:
        LinkRecord.model_validate({**right, name: value})
    except ValidationError as error:
        return list(problems_of(error, record=LinkRecord, file=""))
    return []


def read_rows(
    table: Table, *, record: type[Record], home: Home, defaults: Defaults | None, reading: Reading
) -> list[Row]:
    """Makes records of the rows of a table.

    Args:
        table: The table.
        record: The class of its records.
        home: The network it belongs to.
        defaults: What blank cells take.
        reading: Takes the problems.

    Returns:
        The rows, those with problems too, so that their ids stay known to the checks that follow.
    """
    dtypes = {name: column_dtype(record, name) for name in record.model_fields}
    return [
        _read_row(
            number, cells, table=table, record=record, dtypes=dtypes, home=home, defaults=defaults, reading=reading
        )
        for number, cells in table.rows
    ]


def _read_row(
    number: int,
    cells: Mapping[str, Any],
    *,
    table: Table,
    record: type[Record],
    dtypes: Mapping[str, str],
    home: Home,
    defaults: Defaults | None,
    reading: Reading,
) -> Row:
    values: dict[str, Any] = {}
    bad: set[str] = set()
    if number in table.damaged:
        bad.update(record.model_fields.keys() - cells.keys())
    for name, cell in cells.items():
        try:
            values[name] = convert(cell, dtype=dtypes[name])
        except CellError as error:
            bad.add(name)
            expected = error.expected or expectation(record, name)
            reading.problems.append(Problem(str(error), file=table.file, row=number, column=name, expected=expected))
    defaulted: frozenset[str] = frozenset()
    if defaults is not None:
        defaulted = frozenset(defaults.given).difference(cells)
        values.update((name, defaults.given[name]) for name in defaulted)
        bad.update(defaults.unknown.difference(cells))
    made = None
    try:
        made = record.model_validate(values)
        values = {name: value for name, value in made if name not in bad}
    except ValidationError as error:
        skipped = bad | (record.model_fields.keys() - table.columns - defaulted)
        for problem in problems_of(error, record=record, file=table.file, row=number):
            if problem.column is not None:
                values.pop(problem.column, None)
                bad.add(problem.column)
                if problem.column not in skipped:
                    reading.problems.append(problem)
        values = _with_blanks(values, record=record, without=bad)
    row = Row(
        file=table.file, number=number, home=home, fields=values,
        record=None if bad else made, defaults=defaults, defaulted=defaulted,
    )  # fmt: skip
    if made is None:
        _check_rules(row, record=record, reading=reading)
    return row


def _with_blanks(values: dict[str, Any], *, record: type[Record], without: set[str]) -> dict[str, Any]:
    """The values with the record's own defaults for the other fields, except where something is wrong."""
    blanks = {
        name: info.default
        for name, info in record.model_fields.items()
        if not info.is_required() and name not in values and name not in without
    }
    return {**blanks, **values}


def _check_rules(row: Row, *, record: type[Record], reading: Reading) -> None:
    """Tells every rule that a row breaks, as far as the fields that the rule looks at are known."""
    for rule in record.rules:
        if all(name in row.fields for name in rule.columns) and (message := rule.broken(row.fields)):
            reading.problems.append(row.problem(message, column=rule.columns[0]))
