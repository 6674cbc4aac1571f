"""Passes of satellites on the map, in a real browser with the network off."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from planner import load
from planner.network import build_network
from planner.report.map import map_html
from planner.report.map_passes import passes_on_map
from planner.satellite import load_satellite
from tests.browser.pages import opened, search, shown_names
from tests.report.map_networks import HOSTILE, link_row, node_row

pytestmark = pytest.mark.browser
pytest.importorskip("skyfield")

LIT = ".leaflet-overlay-pane .pass-line.lit"


@pytest.fixture(scope="module")
def rows():
    return passes_on_map(load("micius"))["rows"]


@pytest.fixture(scope="module")
def micius_page():
    return map_html(load("micius"))


def test_tracks_and_passes_are_drawn(offline_page, micius_page, rows):
    page = opened(offline_page, micius_page)
    assert page.locator(".leaflet-overlay-pane .pass-line").count() == len(rows)
    assert page.locator(".leaflet-overlay-pane .ground-track").count() >= 2
    assert page.locator(".heading-mark").count() >= 2
    for words in ("Ground track of a satellite", "Part that a station sees by night"):
        assert words in page.locator(".legend").inner_text()
    switch = page.locator(".leaflet-control-layers")
    switch.hover()
    switch.get_by_label("Passes").uncheck()
    assert page.locator(".leaflet-overlay-pane .pass-line, .heading-mark").count() == 0
    offline_page.assert_quiet()


def test_the_satellite_and_its_stations_tell_their_passes(offline_page, micius_page, rows):
    page = opened(offline_page, micius_page)
    search(page, "Micius")
    story = page.locator(".story")
    assert "Night of 1 March 2024, UTC" in story.inner_text()
    assert story.locator(".passes tbody tr").count() == len(rows)
    first = story.locator(".passes tbody tr").first.inner_text()
    assert rows[0]["culmination"][11:16] in first
    assert "kbit" in first
    assert story.locator(".passes th[scope=col]").count() == 6
    search(page, "Nanshan")
    assert story.locator(".passes tbody tr").count() == sum(row["station"] == "nanshan" for row in rows)
    assert "Micius" in story.locator(".passes tbody").inner_text()
    offline_page.assert_quiet()


def test_a_pass_lights_up_and_ends(offline_page, micius_page, rows):
    page = opened(offline_page, micius_page)
    page.get_by_role("button", name="Passes").click()
    text = page.locator(".side").inner_text()
    assert "not a forecast" in text
    assert "2024-03-01 05:34 to 2024-03-02 05:34 UTC" in text
    line = page.locator(".side tbody tr")
    assert line.count() == len(rows)
    line.first.focus()
    page.keyboard.press("Enter")
    assert page.locator(LIT).count() == 1
    banner = page.locator(".banner").inner_text()
    assert "Micius over" in banner
    assert rows[0]["start"][11:19] in banner
    page.keyboard.press("Enter")
    assert page.locator(LIT).count() == 0, "a second time ends it"
    page.keyboard.press("Enter")
    assert page.locator(LIT).count() == 1
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert page.locator(LIT).count() == 0
    assert page.locator(".banner").is_hidden()
    offline_page.assert_quiet()


def test_the_passes_sort_and_are_saved(offline_page, micius_page, rows):
    page = opened(offline_page, micius_page)
    page.get_by_role("button", name="Passes").click()
    head = page.get_by_role("columnheader", name="Key")
    head.get_by_role("button").click()
    head.get_by_role("button").click()
    best = max(rows, key=lambda row: row["key_bits"])
    assert best["culmination"][11:19] in page.locator(".side tbody tr").first.inner_text()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save this table as CSV").click()
    text = Path(waiting.value.path()).read_bytes().decode("utf-8-sig")
    saved = list(csv.DictReader(io.StringIO(text)))
    assert [row["start"] for row in saved] == [row["start"] for row in rows]
    assert [float(row["key_bits"]) for row in saved] == [row["key_bits"] for row in rows]
    assert "path" not in saved[0]
    offline_page.assert_quiet()


def test_a_link_to_a_satellite_is_given_not_measured(offline_page, micius_page):
    page = opened(offline_page, micius_page)
    search(page, "ngari-micius")
    text = page.locator(".story").inner_text()
    assert "Free space, as given" in text
    assert page.locator(".story .tag").all_inner_texts() == ["given", "given"]
    assert "measured" not in text
    offline_page.assert_quiet()


def test_without_skyfield_the_satellite_says_why(offline_page, monkeypatch):
    monkeypatch.setattr("planner.report.map_passes.importlib.util.find_spec", lambda _: None)
    page = opened(offline_page, map_html(load("micius")))
    monkeypatch.undo()
    assert page.get_by_role("button", name="Passes").count() == 0
    search(page, "Micius")
    assert "need the package skyfield" in page.locator(".story").inner_text()
    offline_page.assert_quiet()


def test_hostile_names_of_satellites_and_stations(offline_page):
    satellite = load_satellite("micius-2017").model_copy(update={"title": " ".join(HOSTILE[:-1])})
    nodes = [node_row("bird", HOSTILE[0], kind="satellite", lat_deg=35, lon_deg=110, satellite="own")]
    nodes += [
        node_row(f"s{n}", name, kind="ground", lat_deg=25 + n, lon_deg=110 + n % 3) for n, name in enumerate(HOSTILE)
    ]
    links = [link_row("bird", f"s{n}") for n in range(len(HOSTILE))]
    page = opened(offline_page, map_html(build_network(nodes=nodes, links=links, satellites={"own": satellite})))
    page.get_by_role("button", name="Passes").click()
    names = set(shown_names(page, ".side"))
    assert set(HOSTILE) <= names
    assert any(all(name in text for name in HOSTILE[:5]) for text in names), "the title of the optics"
    for number in range(0, page.locator(".side tbody tr").count(), 4):
        page.locator(".side tbody tr").nth(number).click()
        assert HOSTILE[0] in shown_names(page, ".banner")
    search(page, "bird")
    assert set(HOSTILE) <= set(shown_names(page, ".story .passes"))
    assert page.locator("img, iframe, object, embed").count() == 0
    offline_page.assert_quiet()
