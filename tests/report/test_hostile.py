"""Hostile text in every field of every table and file, through every public way to draw: nothing runs in Python."""

from __future__ import annotations

import html
import json

import folium
import pytest

from planner import draw_map
from planner.report.exports import ENDINGS, export_bytes
from planner.report.map import map_html
from planner.report.map_data import map_document
from planner.report.page import report_html
from tests.report.map_networks import HOSTILE, hostile_equipment, hostile_network, plan_of
from tests.report.plans import hostile_plan

EVALUATED = str(1001 * 1001)
"""What a template engine would make of one of the names."""


def own_layers(shown):
    """A map with a layer of the user's, as folium itself writes it."""
    drawn = draw_map(shown)
    folium.Circle([31.0, 117.0], radius=5000).add_to(drawn)
    return drawn.get_root().render()


WAYS = {
    "map_html": map_html,
    "map_html with tiles": lambda shown: map_html(shown, tiles="gaode"),
    "draw_map": lambda shown: draw_map(shown).get_root().render(),
    "draw_map in a notebook": lambda shown: draw_map(shown)._repr_html_(),
    "draw_map with a layer": own_layers,
    "in a notebook": lambda shown: shown._repr_html_(),
    **{
        f"export {ending}": lambda shown, e=ending: export_bytes(shown, ending=e)
        for ending in ENDINGS
        if ending != ".gpkg"
    },
}


@pytest.fixture(scope="module")
def equipment_plan():
    return plan_of(hostile_equipment())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["plan", "network", "equipment"])
def test_no_template_is_evaluated(kind, way, equipment_plan):
    shown = {"plan": hostile_plan, "network": hostile_network, "equipment": lambda: equipment_plan}[kind]()
    drawn = WAYS[way](shown)
    if isinstance(drawn, str):
        assert EVALUATED not in drawn
        assert "{{1001*1001}}" in html.unescape(html.unescape(drawn))


@pytest.mark.parametrize("kind", ["plan", "equipment"])
def test_report_evaluates_nothing(kind, equipment_plan):
    drawn = report_html(hostile_plan() if kind == "plan" else equipment_plan)
    assert EVALUATED not in drawn
    assert "{{1001*1001}}" in drawn
    assert "<img" not in drawn
    assert "<script" not in drawn


def test_texts_of_modules_and_services_travel_letter_for_letter(equipment_plan):
    document = map_document(equipment_plan)
    assert list(document["modules"].values()) == list(HOSTILE)
    assert list(document["plan"]["services"].values()) == list(HOSTILE)
    assert json.loads(json.dumps(document)) == document
