"""Excel workbooks: the cells of each sheet, as they were last computed."""

from __future__ import annotations

import io
import warnings
import zipfile
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from planner.errors import InputError, Problem
from planner.files.cells import Uncomputed

if TYPE_CHECKING:
    from planner.files.tables import Line

_OLD_OR_ENCRYPTED = b"\xd0\xcf\x11\xe0"


def sheet_name(file: str, sheet: str) -> str:
    """How messages name a sheet of a workbook."""
    return f"{file} sheet {sheet}"


def read_sheets(content: bytes, *, file: str) -> dict[str, list[Line]]:
    """The rows of every sheet, with the values that Excel last computed.

    Args:
        content: The bytes of the workbook.
        file: Its name in messages.

    Returns:
        Sheet name to rows that are not empty: row number and cells, as many in every row.

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
            sheets = _with_uncomputed(sheets, _values(content, computed=False))
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
            return {sheet.title: _lines(sheet) for sheet in book.worksheets}
        finally:
            book.close()


def _lines(sheet: Any) -> list[Line]:
    sheet.reset_dimensions()  # what a file says of its size is often wrong
    lines = [(row, [_value(cell) for cell in cells]) for row, cells in enumerate(sheet.iter_rows(), start=1)]
    filled = [(row, cells) for row, cells in lines if any(cell is not None for cell in cells)]
    width = max((len(cells) for _, cells in filled), default=0)
    return [(row, cells + [None] * (width - len(cells))) for row, cells in filled]


def _value(cell: Any) -> Any:
    """A cell's value; an empty text for a formula that was computed and gave that."""
    return "" if cell.value is None and cell.data_type == "str" else cell.value


def _has_formulas(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return any(b"<f>" in text or b"<f " in text for text in map(archive.read, sheets))


def _with_uncomputed(computed: dict[str, list[Line]], written: dict[str, list[Line]]) -> dict[str, list[Line]]:
    """Marks the formulas without a value: a program wrote them, and no spreadsheet has opened the file since."""
    sheets: dict[str, list[Line]] = {}
    for sheet, lines in written.items():
        values = dict(computed[sheet])
        sheets[sheet] = [
            (
                row,
                [
                    Uncomputed(str(cell)) if cell is not None and value is None else value
                    for cell, value in zip_longest(cells, values.get(row, []))
                ],
            )
            for row, cells in lines
        ]
    return sheets
