"""Protected demands on the map, in a real browser with the network off."""

from __future__ import annotations

import re

import pytest

from planner.network import build_network
from planner.report.map import map_html
from tests.browser.pages import opened, search
from tests.report.map_networks import link_row, node_row, plan_of

pytestmark = pytest.mark.browser

ITEMS = ".demands > li > button"


@pytest.fixture(scope="module")
def page_html():
    """Three ways from A to D; D to F has but one."""
    places = {"a": (30, 110), "b": (31, 112), "c": (29, 112), "d": (30, 114), "e": (30.2, 112), "f": (30, 116)}
    nodes = [node_row(name, name.upper(), lat_deg=lat, lon_deg=lon) for name, (lat, lon) in places.items()]
    links = [link_row(*ends) for ends in ("ab", "bd", "ac", "cd", "ae", "ed", "df")]
    demands = [
        {"demand_id": "safe", "node_a": "a", "node_b": "d", "rate_bps": 1_000.0, "protection": "1+1"},
        {"demand_id": "split", "node_a": "a", "node_b": "d", "rate_bps": 1_000.0, "protection": "split-3"},
        {"demand_id": "bare", "node_a": "b", "node_b": "d", "rate_bps": 1_000.0},
        {"demand_id": "lone", "node_a": "a", "node_b": "f", "rate_bps": 1_000.0, "protection": "1+1"},
    ]
    return map_html(plan_of(build_network(nodes=nodes, links=links, demands=demands, name="ways")))


def glows(page):
    """What breaks the glow around each link, in the order of the table."""
    casings = page.locator(".leaflet-trunk-casing-pane path")
    return casings.evaluate_all("all => all.map((path) => path.getAttribute('stroke-dasharray'))")


def show(page, words):
    page.get_by_role("button", name="Demands").click()
    page.locator(ITEMS, has_text=words).first.click()


def test_the_protection_route_has_another_pattern(offline_page, page_html):
    page = opened(offline_page, page_html)
    show(page, "· 1+1")
    assert page.locator(".routes .tag").all_inner_texts() == ["working route", "protection route"]
    broken = glows(page)
    assert sum(bool(dash) for dash in broken) == 2, "both links of the protection route, and no other"
    lit = page.locator(".leaflet-overlay-pane path:not(.link-pointer)").evaluate_all(
        "all => all.map((path) => path.getAttribute('stroke-opacity'))"
    )
    assert lit.count("1") == 4
    assert all(lit[n] == "1" for n, dash in enumerate(broken) if dash)
    for place in (".lit-key", ".legend-lit"):
        assert page.locator(place).all_text_contents() == ["Working routeProtection route"]
    banner = page.locator(".banner").inner_text()
    assert "2 routes of A – D: 1.00 kbit/s, protected" in banner, "the key of a pair of routes is had but once"
    page.get_by_role("button", name="Show all").click()
    assert not any(glows(page))
    assert page.locator(".legend-lit").count() == 0
    offline_page.assert_quiet()


def test_one_route_alone(offline_page, page_html):
    page = opened(offline_page, page_html)
    show(page, "· 1+1")
    page.locator(".routes button", has_text="protection route").click()
    assert sum(bool(dash) for dash in glows(page)) == 2
    page.locator(".routes button", has_text="working route").click()
    assert not any(glows(page))
    offline_page.assert_quiet()


def test_shares_and_unprotected_routes(offline_page, page_html):
    page = opened(offline_page, page_html)
    show(page, "split-3")
    assert page.locator(".routes .tag").all_inner_texts() == ["share of the key"] * 3
    assert "3 routes of A – D: 1.00 kbit/s" in page.locator(".banner").inner_text()
    assert not any(glows(page))
    page.locator(ITEMS, has_text="B – D").click()
    assert page.locator(".routes .tag").count() == 0
    offline_page.assert_quiet()


def test_less_protection_than_asked_for_is_told(offline_page, page_html):
    page = opened(offline_page, page_html)
    page.get_by_role("button", name="Demands").click()
    assert "asks for 1+1, gets no protection" in page.locator(ITEMS, has_text="A – F").inner_text()
    offline_page.assert_quiet()


def test_links_tell_what_is_held(offline_page, page_html):
    page = opened(offline_page, page_html)
    page.get_by_role("button", name="Table").click()
    held = page.get_by_role("columnheader", name="Held")
    held.get_by_role("button").click()
    held.get_by_role("button").click()
    row = page.locator(".side tbody tr").first
    assert "1.00 kbit/s" in row.inner_text()
    row.click()
    assert "Held for protection" in page.locator(".story").inner_text()
    search(page, "d-f")
    assert "Held for protection" not in page.locator(".story").inner_text()
    offline_page.assert_quiet()


def test_a_failure_tells_whose_routes_it_breaks(offline_page, page_html):
    page = opened(offline_page, page_html)
    page.get_by_role("button", name="Failures").click()
    node_b = page.locator(".failures > li > button", has_text="Node B")
    text = node_b.inner_text()
    assert "0 of 4 cut off" in text
    assert "1 more end here" in text
    assert re.search(r"[1-3] others? loses? a route in use", text)
    offline_page.assert_quiet()
