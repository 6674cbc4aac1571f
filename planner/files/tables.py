"""Tables as they stand in a CSV file or a sheet: rows of cells under known columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner.errors import InputError, Problem, nearest
from planner.files.cells import did_you_mean, is_blank, quoted

if TYPE_CHECKING:
    from planner.files.reading import Reading
    from planner.records import Record

Line = tuple[int, list[Any]]
"""A row's number as a person sees it, and its cells."""


@dataclass(frozen=True)
class Table:
    """A table whose columns are known.

    Attributes:
        file: Name of the file (and the sheet) in messages.
        columns: The columns that its header names.
        rows: The row number and the cells by column, blanks left out.
        damaged: The numbers of rows with too many or too few cells, of which only the first is kept.
    """

    file: str
    columns: frozenset[str]
    rows: tuple[tuple[int, dict[str, Any]], ...]
    damaged: frozenset[int] = frozenset()


def csv_lines(text: str, *, file: str) -> list[Line]:
    """The rows of a CSV text.

    Args:
        text: The text.
        file: Its name in messages.

    Returns:
        The number of each row's first line in the file, and its cells.

    Raises:
        InputError: A quote is not closed or stands where it may not, or a cell is too long.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[Line] = []
    row = 1
    try:
        for cells in reader:
            lines.append((row, cells))
            row = reader.line_num + 1
    except csv.Error as error:
        raise InputError(_csv_problem(str(error), file=file, row=row)) from None
    return lines


def _csv_problem(reason: str, *, file: str, row: int) -> Problem:
    if "unexpected end of data" in reason:
        return Problem('a quote (") is opened in this row and never closed', file=file, row=row)
    if "expected after" in reason:
        expected = 'a quote inside a quoted cell is written twice ("")'
        return Problem('text follows a closing quote (")', file=file, row=row, expected=expected)
    if "field larger than" in reason:
        message = 'a cell is longer than 131,072 characters; is a quote (") not closed?'
        return Problem(message, file=file, row=row)
    return Problem(f"is not a CSV table: {reason}", file=file, row=row)


def table_of(
    lines: Iterable[Line], *, record: type[Record], given: frozenset[str], file: str, reading: Reading
) -> Table | None:
    """Puts the cells under the columns that the header names.

    Args:
        lines: The rows, the header first.
        record: What a row of the table is.
        given: Columns that the table may leave out although a row needs them: they have a default.
        file: Name of the file (and the sheet) in messages.
        reading: Takes the problems: unknown, doubled or missing columns, rows with too many or too few cells.

    Returns:
        The table; None where there is no header that could be understood.
    """
    filled = [(row, cells) for row, cells in lines if not all(map(is_blank, cells))]
    known = list(record.model_fields)
    if not filled:
        expected = f"a row with the names of the columns: {','.join(_required(record))},..."
        reading.problems.append(Problem("has no header", file=file, row=1, expected=expected))
        return None
    header_row, header = filled[0][0], ["" if is_blank(cell) else str(cell).strip() for cell in filled[0][1]]
    if not set(header) & set(known):
        reading.problems.append(_no_header(header, known=known, file=file, row=header_row))
        return None
    reading.problems.extend(_header_problems(header, record=record, given=given, file=file, row=header_row))
    damaged: set[int] = set()
    rows = tuple(_rows(filled[1:], header=header, known=set(known), damaged=damaged, file=file, reading=reading))
    return Table(file, columns=frozenset(header) & frozenset(known), rows=rows, damaged=frozenset(damaged))


def _required(record: type[Record]) -> list[str]:
    return [name for name, field in record.model_fields.items() if field.is_required()]


def _no_header(header: list[str], *, known: list[str], file: str, row: int) -> Problem:
    for delimiter, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if {part.strip(' "') for cell in header for part in cell.split(delimiter)} & set(known):
            expected = "commas (in Excel: save as 'CSV UTF-8 (comma delimited)')"
            return Problem(f"the columns are parted by {name}", file=file, row=row, expected=expected)
    expected = f"a header with {', '.join(known[:5])}, ..."
    shown = ", ".join(map(quoted, header[:5])) + (", ..." if len(header) > 5 else "")
    return Problem(f"none of {shown} is the name of a column", file=file, row=row, expected=expected)


def _header_problems(
    header: list[str], *, record: type[Record], given: frozenset[str], file: str, row: int
) -> Iterator[Problem]:
    known = record.model_fields
    for name in sorted({name for name in header if name and header.count(name) > 1}):
        yield Problem("the column is there twice", file=file, row=row, column=name)
    meant: set[str] = set()
    for name in dict.fromkeys(header):
        if name and name not in known:
            near = nearest(name.lower().replace(" ", "_"), known)
            meant.update(column for column in known if near == did_you_mean(column))
            yield Problem("no column has this name", file=file, row=row, column=quoted(name)[1:-1], expected=near)
    for name in _required(record):
        if name not in header and name not in given and name not in meant:
            expected = record.model_fields[name].description
            yield Problem("the column is missing", file=file, row=row, column=name, expected=expected)


def _rows(
    lines: list[Line], *, header: list[str], known: set[str], damaged: set[int], file: str, reading: Reading
) -> Iterator[tuple[int, dict[str, Any]]]:
    width = len(header)
    for row, cells in lines:
        nameless = [cell for name, cell in zip(header, cells, strict=False) if not name and not is_blank(cell)]
        if len(cells) != width:
            expected = 'as many as the header has; a cell with a comma stands in quotes (")'
            message = f"has {len(cells)} cells, the header has {width}"
            reading.problems.append(Problem(message, file=file, row=row, expected=expected))
            damaged.add(row)
            # Where the row went astray is not known, but it begins with its id.
            yield row, {name: cell for name, cell in zip(header[:1], cells, strict=False) if name in known}
            continue
        if nameless:
            message = f"{quoted(nameless[0])} stands under no column name"
            reading.problems.append(Problem(message, file=file, row=row, expected="a name in the header"))
        yield (
            row,
            {name: cell for name, cell in zip(header, cells, strict=False) if name in known and not is_blank(cell)},
        )
