"""The plan as one Excel workbook: a sheet a table, the answer in words on the first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from planner.files.saved import saved_workbook
from planner.report.answer import summary
from planner.report.tables import plan_tables

if TYPE_CHECKING:
    import pandas as pd
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

    from planner.plan import Plan

_LONGEST_TEXT = 32_767
"""Letters that a cell of Excel holds."""

_NUMBER_FORMATS = (
    ("utilisation", "0.0%"),
    ("served_fraction", "0.0%"),
    ("price_share", "0.0%"),
    ("qber", "0.00%"),
    ("_bps", "#,##0"),
    ("_per_s", "#,##0"),
    ("_km", "#,##0.0"),
    ("_db", "0.00"),
    ("_deg", "0.0000"),
)
"""By the end of a column's name."""


def workbook_bytes(plan: Plan) -> bytes:
    """Writes a plan as an Excel workbook.

    Args:
        plan: The plan.

    Returns:
        An ``.xlsx`` file: a sheet ``Summary`` and one for each of :func:`~planner.report.tables.plan_tables`.
        Text is never a formula, whatever it begins with. The same plan gives the same bytes.
    """
    from openpyxl import Workbook

    book = Workbook()
    book.properties.title = _cell_text(plan.network.title)
    sheet = book.active
    assert sheet is not None  # noqa: S101 (a new workbook has one sheet)
    sheet.title = "Summary"
    _fill_summary(sheet, plan)
    for name, frame in plan_tables(plan).items():
        _fill_table(book.create_sheet(name.replace("_", " ").capitalize()), frame)
    return saved_workbook(book)


def _fill_summary(sheet: Worksheet, plan: Plan) -> None:
    from openpyxl.styles import Alignment, Font

    lines = [plan.network.title, plan.network.title_local, None, *summary(plan)]
    if plan.warnings:
        lines += [None, "Warnings", *plan.warnings]
    for row, line in enumerate((line for line in lines), start=1):
        cell = sheet.cell(row=row, column=1)
        if line is not None:
            _set_text(cell, line)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if row == 1 or line == "Warnings":
            cell.font = Font(bold=True, size=14 if row == 1 else 11)
    sheet.column_dimensions["A"].width = 110
    sheet.sheet_view.showGridLines = False


def _fill_table(sheet: Worksheet, frame: pd.DataFrame) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    for column, name in enumerate(frame.columns, start=1):
        head = sheet.cell(row=1, column=column)
        _set_text(head, str(name))
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor="E8EDF3")
        head.alignment = Alignment(vertical="top")
        number_format = _number_format(str(name))
        widest = len(str(name)) + 3
        for row, value in enumerate(frame[name], start=2):
            shown = _fill_cell(sheet.cell(row=row, column=column), value, number_format=number_format)
            widest = max(widest, shown)
        sheet.column_dimensions[get_column_letter(column)].width = min(widest + 1, 60)
    sheet.freeze_panes = "B2"
    if len(frame.columns) and len(frame):
        sheet.auto_filter.ref = sheet.dimensions
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _fill_cell(cell: Cell | MergedCell, value: Any, *, number_format: str) -> int:
    """Writes a value; returns about how many letters wide it is."""
    import pandas as pd

    if isinstance(value, str):
        _set_text(cell, value)
        return sum(2 if ord(letter) > 0x2E7F else 1 for letter in value[:80])
    if pd.isna(value):
        return 0
    if isinstance(value, bool):
        cell.value = value
        return 5
    number = float(value)
    if not math.isfinite(number):
        _set_text(cell, str(number))
        return 4
    cell.value = int(number) if number.is_integer() and abs(number) < 2**53 else number
    cell.number_format = number_format
    return len(f"{number:,.0f}") + 4


def _number_format(name: str) -> str:
    return next((shown for end, shown in _NUMBER_FORMATS if name.endswith(end)), "General")


def _set_text(cell: Cell | MergedCell, text: str) -> None:
    """Text as text: Excel neither computes it nor takes it for a formula when it is edited."""
    cell.value = _cell_text(text)
    cell.data_type = "s"
    cell.quotePrefix = True


def _cell_text(text: str) -> str:
    """What a cell can hold: control characters, which XML has no place for, become U+FFFD."""
    kept = "".join(letter if letter >= " " or letter in "\t\n" else "\ufffd" for letter in text)
    return kept if len(kept) <= _LONGEST_TEXT else kept[: _LONGEST_TEXT - 1] + "…"
