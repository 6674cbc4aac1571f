"""The workbook: every table, text as text, the same bytes every time."""

from __future__ import annotations

import io
import zipfile

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook

from planner.report.answer import summary
from planner.report.tables import plan_tables
from planner.report.workbook import _set_text, workbook_bytes
from tests.report.map_networks import HOSTILE
from tests.report.plans import chain_plan, hostile_plan, strained_plan


def opened(plan):
    return load_workbook(io.BytesIO(workbook_bytes(plan)))


def sheet_of(book, name):
    return book[name.replace("_", " ").capitalize()]


def test_first_sheet_is_the_answer_in_words():
    book = opened(strained_plan())
    assert book.sheetnames[0] == "Summary"
    lines = [cell.value for (cell,) in book["Summary"].iter_rows(max_col=1)]
    assert lines[0] == "Long trunk"
    assert [line for line in lines if line in summary(strained_plan())] == list(summary(strained_plan()))


def test_every_table_is_a_sheet_with_all_its_values():
    plan = chain_plan()
    book = opened(plan)
    for name, frame in plan_tables(plan).items():
        sheet = sheet_of(book, name)
        head, *rows = sheet.iter_rows(values_only=True)
        assert list(head[: len(frame.columns)]) == list(frame.columns)
        assert len(rows) == len(frame)
        assert sheet.freeze_panes == "B2"
        for cells, (_, row) in zip(rows, frame.iterrows(), strict=True):
            for cell, value in zip(cells, row, strict=True):
                if pd.isna(value) or value == "":
                    assert cell is None
                else:
                    assert cell == (pytest.approx(value, rel=1e-15) if isinstance(value, float) else value), name


def test_numbers_have_formats_and_columns_have_widths():
    sheet = opened(chain_plan())["Links"]
    heads = {cell.value: cell.column_letter for cell in sheet[1]}
    assert sheet[f"{heads['key_rate_bps']}2"].number_format == "#,##0"
    assert sheet[f"{heads['utilisation']}2"].number_format == "0.0%"
    assert sheet[f"{heads['loss_db']}2"].number_format == "0.00"
    assert sheet.column_dimensions[heads["link_id"]].width >= len("tianjin-cangzhou")


def test_hostile_names_are_text_letter_for_letter():
    book = opened(hostile_plan())
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type not in ("s", "n", "b")], "no formula, no error value"
    texts = {cell.value: cell for cell in cells if cell.data_type == "s"}
    for name in HOSTILE:
        assert name in texts
        assert texts[name].quotePrefix
    nodes = book["Nodes"]
    assert [cell.value for cell in nodes["B"][1:]] == list(HOSTILE)


@pytest.mark.parametrize("text", ["=1+1", "#N/A", "12", "1e5", "TRUE", "=cmd|' /C calc'!A0", "@SUM(A1)", " lead ", "-"])
def test_text_stays_text(text):
    book = Workbook()
    cell = book.active["A1"]
    _set_text(cell, text)
    raw = io.BytesIO()
    book.save(raw)
    read = load_workbook(raw).active["A1"]
    assert (read.value, read.data_type) == (text, "s")


def test_control_characters_and_endless_text_do_not_break_it():
    cell = Workbook().active["A1"]
    _set_text(cell, "a\x00b" + "x" * 40_000)
    assert cell.value.startswith("a\ufffdb")
    assert len(cell.value) == 32_767
    assert cell.value.endswith("…")


def test_two_workbooks_are_the_same_bytes():
    first = workbook_bytes(chain_plan())
    with zipfile.ZipFile(io.BytesIO(first)) as packed:
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert packed.read("docProps/core.xml").count(b"2000-01-01T00:00:00Z") == 2
    assert workbook_bytes(chain_plan()) == first
