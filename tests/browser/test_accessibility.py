"""Accessibility of map and report by axe-core: nothing serious or critical, whatever is open."""

from __future__ import annotations

import pytest

from planner import load
from planner.report.map import map_html
from planner.report.page import report_html
from tests.report.plans import chain_plan, hostile_plan

pytestmark = pytest.mark.browser

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="no axe-core: pip install axe-playwright-python"
)

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chain_page():
    return map_html(chain_plan())


def barriers(page):
    """What axe-core calls serious or critical: rule, help and the elements."""
    found = axe.Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        (rule["id"], rule["help"], [node["target"] for node in rule["nodes"]][:5], rule["nodes"][0]["failureSummary"])
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]


def opened(tab, text, **options):
    page = tab.open(text, **options)
    page.wait_for_selector("#map[data-ready]")
    return page


def search(page, words):
    page.fill(".search", words)
    page.keyboard.press("Enter")
    page.wait_for_selector(".story")


def open_link(page):
    search(page, "beijing-tianjin")


def open_tables(page):
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Table").click()


def open_nodes(page):
    page.get_by_role("tab", name="Nodes").click()
    search(page, "Jinan")


def open_demand(page):
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Demands").click()
    page.locator(".demands > li > button").first.click()


def open_failure(page):
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Failures").click()
    page.locator(".failures > li > button", has_text="Node Hefei").click()


def open_failure_story(page):
    search(page, "jinan-xuzhou")


def open_search(page):
    page.get_by_role("button", name="Close the tables").click()
    page.fill(".search", "jin")


def open_strip(page):
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Strip").click()
    page.locator(".leaflet-control-layers").hover()


STEPS = (
    open_link,
    open_tables,
    open_nodes,
    open_demand,
    open_failure,
    open_failure_story,
    open_failure,
    open_search,
    open_strip,
)


def test_map_by_light(offline_page, chain_page):
    page = opened(offline_page, chain_page, color_scheme="light")
    assert barriers(page) == []
    for act in STEPS:
        act(page)
        assert barriers(page) == [], act.__name__


def test_map_by_dark(offline_page, chain_page):
    page = opened(offline_page, chain_page, color_scheme="dark")
    for act in (open_link, open_tables, open_demand, open_failure, open_search, open_strip):
        act(page)
        if act in (open_demand, open_failure, open_strip):
            assert barriers(page) == [], act.__name__
    search(page, "beijing-tianjin")
    assert barriers(page) == []


def test_map_on_a_phone(offline_page, chain_page):
    page = opened(offline_page, chain_page, **PHONE)
    assert barriers(page) == []
    for act in (open_link, open_tables):
        act(page)
        assert barriers(page) == [], act.__name__


@pytest.mark.parametrize(
    "options", [{"color_scheme": "light"}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"]
)
def test_passes_of_satellites(offline_page, options):
    pytest.importorskip("skyfield")
    page = opened(offline_page, map_html(load("micius")), **options)
    search(page, "Micius")
    assert barriers(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Passes").click()
    assert barriers(page) == []
    page.locator(".side tbody tr").first.click()
    assert barriers(page) == []


def test_failures_on_a_phone(offline_page, chain_page):
    page = opened(offline_page, chain_page, **PHONE)
    page.get_by_role("button", name="Failures").click()
    assert barriers(page) == []
    page.locator(".failures > li > button").first.click()
    assert barriers(page) == []


def test_map_of_hostile_names(offline_page):
    page = opened(offline_page, map_html(hostile_plan()))
    open_tables(page)
    assert barriers(page) == []


@pytest.mark.parametrize(
    "options", [{"color_scheme": "light"}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"]
)
def test_report(offline_page, options):
    assert barriers(offline_page.open(report_html(chain_plan()), **options)) == []
