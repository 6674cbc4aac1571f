"""Excel workbooks: the cells of each sheet, as they were last computed."""

from __future__ import annotations

import io
import warnings
import zipfile
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from planner.errors import InputError, Problem

if TYPE_CHECKING:
    from openpyxl import Workbook

    from planner.files.reading import Reading
    from planner.files.tables import Line

_OLD_OR_ENCRYPTED = b"\xd0\xcf\x11\xe0"


def sheet_name(file: str, sheet: str) -> str:
    """How messages name a sheet of a workbook."""
    return f"{file} sheet {sheet}"


def read_sheets(content: bytes, *, file: str, reading: Reading) -> dict[str, list[Line]]:
    """The rows of every sheet, with the values that Excel last computed.

    Args:
        content: The bytes of the workbook.
        file: Its name in messages.
        reading: Takes the problems: formulas that were never computed.

    Returns:
        Sheet name to rows: row number and cells, as many in every row.

    Raises:
        InputError: The bytes are no workbook, or one that is damaged, encrypted or of the old kind (.xls).
    """
    if not content:
        raise InputError(Problem("is empty", file=file, expected="an Excel workbook (.xlsx)"))
    if content.startswith(_OLD_OR_ENCRYPTED):
        message = "is an encrypted workbook or an old one (.xls)"
        raise InputError(Problem(message, file=file, expected="an .xlsx without password"))
    if not content.startswith(b"PK"):
        raise InputError(Problem("is not an Excel workbook", file=file, expected="an Excel workbook (.xlsx)"))
    try:
        sheets = _values(content, computed=True)
        if _has_formulas(content):
            reading.problems.extend(_never_computed(sheets, _values(content, computed=False), file=file))
    except Exception as error:  # noqa: BLE001 (openpyxl raises whatever a damaged file makes it stumble over)
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        message = f"is damaged or no Excel workbook ({reason})"
        raise InputError(Problem(message, file=file, expected="an Excel workbook (.xlsx)")) from None
    return sheets


def _values(content: bytes, *, computed: bool) -> dict[str, list[Line]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions, which hold no data
        from openpyxl import load_workbook

        book = load_workbook(io.BytesIO(content), read_only=True, data_only=computed)
        try:
            return {sheet.title: _lines(book, sheet.title) for sheet in book.worksheets}
        finally:
            book.close()


def _lines(book: Workbook, name: str) -> list[Line]:
    sheet = book[name]
    sheet.reset_dimensions()  # what a file says of its size is often wrong
    lines = [(row, list(cells)) for row, cells in enumerate(sheet.iter_rows(values_only=True), start=1)]
    filled = [(row, cells) for row, cells in lines if any(cell is not None for cell in cells)]
    width = max((len(cells) for _, cells in filled), default=0)
    return [(row, cells + [None] * (width - len(cells))) for row, cells in filled]


def _has_formulas(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return any(b"<f>" in text or b"<f " in text for text in map(archive.read, sheets))


def _never_computed(computed: dict[str, list[Line]], written: dict[str, list[Line]], *, file: str) -> list[Problem]:
    """Formulas without a value: a program wrote them and no spreadsheet has opened the file since."""
    problems = []
    for sheet, lines in written.items():
        values: dict[int, list[Any]] = dict(computed[sheet])
        for row, cells in lines:
            pairs = zip_longest(cells, values.get(row, []))
            empty = [cell for cell, value in pairs if isinstance(cell, str) and cell.startswith("=") and value is None]
            if empty:
                message = f"the formula '{empty[0][:60]}' was never computed"
                place = sheet_name(file, sheet)
                problems.append(Problem(message, file=place, row=row, expected="open the file in Excel and save it"))
    return problems
