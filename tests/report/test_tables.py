"""The tables, and that a spreadsheet opens them rightly and harmlessly."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.report.figures import figures
from planner.report.tables import CSV_TABLES, csv_bytes, plan_tables
from tests.report.plans import chain_plan, hostile_plan, trunk_plan


def rows_of(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_every_link_and_demand_has_its_row():
    plan = chain_plan()
    tables = plan_tables(plan)
    assert set(CSV_TABLES) < set(tables)
    links = tables["links"].set_index("link_id")
    assert list(links.index) == list(plan.network.links["link_id"])
    assert links["load_bps"].tolist() == plan.links["load_bps"].tolist()
    assert links["key_rate_bps"].tolist() == plan.budget["key_rate_bps"].tolist()
    assert links.loc["beijing-tianjin", ["name_a", "name_b"]].tolist() == ["Beijing", "Tianjin"]
    assert tables["demands"]["served_bps"].tolist() == plan.demands["served_bps"].tolist()
    assert tables["routes"]["rate_bps"].sum() == pytest.approx(plan.demands["served_bps"].sum())
    route = tables["routes"].set_index("demand_id").loc["d3"]
    assert route["nodes"] == "jinan;xuzhou;hefei"
    assert tables["sources"]["source"].tolist() == ["report-2016"]


def test_making_tables_changes_nothing():
    plan = chain_plan()
    before = plan.budget.copy(), plan.routes.copy(), plan.network.links.copy()
    tables = plan_tables(plan)
    tables["links"].loc[0, "link_id"] = "changed"
    for table, kept in zip((plan.budget, plan.routes, plan.network.links), before, strict=True):
        pd.testing.assert_frame_equal(table, kept)


def test_assumptions_are_the_assumed_figures_each_with_its_unit():
    plan = chain_plan()
    known = figures(plan.network)
    assumed = plan_tables(plan)["assumptions"]
    assert (assumed["basis"] == "assumed").all()
    assert len(assumed) == (known["basis"] == "assumed").sum() > 0
    row = known[(known["row"] == "beijing-tianjin") & (known["column"] == "length_km")].iloc[0]
    assert row[["table", "value", "unit", "basis", "source"]].tolist() == [
        *("links", 80.0, "km", "published", "report-2016")
    ]
    module = known[known["table"] == "modules/decoy-625mhz"].set_index("column")
    assert module.loc["clock_hz", "value"] == 625e6
    assert module.loc["clock_hz", "unit"] == "Hz"
    measured = known[known["row"] == "tianjin-cangzhou"]["column"].tolist()
    assert "loss_db" in measured
    assert "extra_loss_db" not in measured, "a measured loss takes the place of the extra loss"


def test_service_figures_and_defaults_are_figures_too():
    from planner.files import load

    network = load("wuhan-hefei")
    known = figures(network)
    voice = known[known["table"] == "services/voice"].set_index("column")
    assert voice.loc["key_bits", "unit"] == "bit"
    assert voice.loc["key_bits", "value"] == network.services["voice"].key_bits.value
    if network.defaults:
        assert "network.toml" in set(known["table"])


def test_csv_is_utf8_for_excel_and_reads_back():
    content = csv_bytes(plan_tables(trunk_plan())["links"])
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == len(trunk_plan().links) + 1
    again = pd.read_csv(io.BytesIO(content))
    assert again["load_bps"].tolist() == trunk_plan().links["load_bps"].tolist(), "bit for bit"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_text_that_looks_like_a_formula_is_defused(start):
    frame = pd.DataFrame({"name": [f"{start}1+1", "plain", None], "rate_bps": [-1.5, 2.0, np.nan]})
    rows = rows_of(csv_bytes(frame))
    assert [row[0] for row in rows] == ["name", f"'{start}1+1", "plain", ""]
    assert [row[1] for row in rows] == ["rate_bps", "-1.5", "2.0", ""]


def test_numbers_in_a_mixed_column_stay_numbers():
    frame = pd.DataFrame({"value": pd.Series([-0.5, "-module", 7], dtype=object)})
    assert [row[0] for row in rows_of(csv_bytes(frame))] == ["value", "-0.5", "'-module", "7"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=5))
def test_no_cell_of_text_begins_as_a_formula(texts):
    rows = rows_of(csv_bytes(pd.DataFrame({"text": texts, "end": "x"})))
    for text, row in zip(texts, rows[1:], strict=True):
        assert row[0] in (text, f"'{text}")
        assert not row[0].startswith(tuple("=+-@\t\r"))


def test_hostile_names_are_in_the_csv_letter_for_letter():
    rows = rows_of(csv_bytes(plan_tables(hostile_plan())["links"]))
    names = {cell.removeprefix("'") for row in rows for cell in row}
    assert set(hostile_plan().network.nodes["name"]) <= names
