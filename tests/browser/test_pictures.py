"""Screenshots against kept ones, without text and so small that fonts do not matter: nothing is missing or covered.

With ``PLANNER_UPDATE_GOLDEN=1`` what is seen is kept instead. Look at it in full size first.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest

from planner import load
from planner.report.map import map_html
from planner.report.page import report_html
from tests.browser.pages import opened, search
from tests.report.map_networks import chain_network, plan_of
from tests.report.plans import chain_plan

pytestmark = pytest.mark.browser
image = pytest.importorskip("PIL.Image")

KEPT = Path(__file__).parents[1] / "golden" / "pictures"
CELLS = (64, 40)
UNLIKE = 0.03
"""Difference of a cell, from 0 to 1, that counts."""

MOST_UNLIKE = 0.015
"""Part of the cells: another font changes less than a third of that, a missing panel or layer twice as much."""

NO_TEXT = """() => {
  const sheet = new CSSStyleSheet();
  const clear = "color: transparent !important; text-shadow: none !important; -webkit-text-fill-color: transparent";
  sheet.replaceSync(`*, *::before, *::after { ${clear} !important; } svg text { fill: transparent !important; }`);
  document.adoptedStyleSheets = [sheet];
}"""


def unlike(picture, kept):
    """The part of the cells that differ."""
    difference = np.abs(np.asarray(picture, dtype=float) - np.asarray(kept, dtype=float)).max(axis=2) / 255
    return float((difference > UNLIKE).mean())


def small(page):
    page.evaluate(NO_TEXT)
    page.mouse.move(0, 0)
    page.wait_for_timeout(250)
    shot = image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return shot.resize(CELLS if shot.width > shot.height else CELLS[::-1], image.Resampling.BOX)


def compare(page, name):
    picture, file = small(page), KEPT / f"{name}.png"
    if os.environ.get("PLANNER_UPDATE_GOLDEN") == "1":
        KEPT.mkdir(exist_ok=True)
        picture.save(file)
    part = unlike(picture, image.open(file).convert("RGB"))
    assert part < MOST_UNLIKE, f"{name}: {part:.1%} of the picture is not as it was kept"


@pytest.fixture(scope="module")
def chain_page():
    return map_html(plan_of(chain_network()))


def show_nothing(_):
    """The map as it opens."""


def show_link(page):
    search(page, "jinan-xuzhou")
    page.evaluate("document.activeElement.blur()")


def show_table(page):
    page.get_by_role("button", name="Table").click()


def show_demand(page):
    page.get_by_role("button", name="Demands").click()
    page.locator(".demands > li > button", has_text="Jinan – Hefei").click()


def show_failure(page):
    page.get_by_role("button", name="Failures").click()
    page.locator(".failures > li > button", has_text="Node Hefei").click()


def show_strip(page):
    page.get_by_role("button", name="Strip").click()


SCENES = {
    "map": (show_nothing, {"color_scheme": "light"}),
    "map-dark": (show_nothing, {"color_scheme": "dark"}),
    "map-phone": (show_nothing, {"width": 390, "height": 844}),
    "link": (show_link, {}),
    "table": (show_table, {}),
    "demand": (show_demand, {"color_scheme": "dark"}),
    "failure": (show_failure, {}),
    "failure-phone": (show_failure, {"width": 390, "height": 844}),
    "strip": (show_strip, {}),
}


@pytest.mark.parametrize("name", SCENES)
def test_map(offline_page, chain_page, name):
    show, options = SCENES[name]
    page = opened(offline_page, chain_page, **options)
    show(page)
    compare(page, name)


def test_passes(offline_page):
    pytest.importorskip("skyfield")
    page = opened(offline_page, map_html(load("micius")))
    page.get_by_role("button", name="Passes").click()
    page.locator(".side tbody tr").first.click()
    compare(page, "passes")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report(offline_page, scheme):
    page = offline_page.open(report_html(chain_plan()), color_scheme=scheme)
    compare(page, f"report-{scheme}")


def test_a_missing_panel_or_layer_is_seen(offline_page, chain_page):
    """That the measure is fine enough."""
    page = opened(offline_page, chain_page, color_scheme="light")
    before = small(page)
    for hidden in (".title-panel", ".legend", ".leaflet-trunk-ground-pane", ".leaflet-overlay-pane"):
        page.evaluate("part => { document.querySelector(part).style.visibility = 'hidden'; }", hidden)
        assert unlike(small(page), before) > MOST_UNLIKE, hidden
        page.evaluate("part => { document.querySelector(part).style.visibility = ''; }", hidden)
