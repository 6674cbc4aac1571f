"""The ranking of failures on the map, in a real browser with the network off."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from planner.network import build_network
from planner.report.map import map_html
from planner.report.style import FAILED
from tests.browser.pages import opened, search, shown_names, with_map_outside
from tests.report.map_networks import HOSTILE, chain_network, hostile_network, link_row, node_row, plan_of

pytestmark = pytest.mark.browser

CUT = ".leaflet-trunk-cut-pane .cut-line"
ITEMS = ".failures > li > button"


@pytest.fixture(scope="module")
def chain_plan():
    return plan_of(chain_network())


@pytest.fixture(scope="module")
def chain_page(chain_plan):
    return map_html(chain_plan)


@pytest.fixture(scope="module")
def hostile_page():
    return map_html(plan_of(with_hostile_groups(hostile_network())))


def with_hostile_groups(network):
    """Each two neighbouring links share a risk group with a hostile name."""
    groups = [f"{name};{before}" for name, before in zip(HOSTILE[:-1], (HOSTILE[-1], *HOSTILE), strict=False)]
    return network.replace(links=network.links.assign(risk_groups=[g.replace("&lt;b&gt; &amp;", "g") for g in groups]))


def failures(page):
    page.get_by_role("button", name="Failures").click()
    page.wait_for_selector(ITEMS)


def strokes(page, attribute):
    lines = page.locator(".leaflet-overlay-pane path:not(.link-pointer)")
    return lines.evaluate_all(f"paths => paths.map(path => path.getAttribute('{attribute}'))")


def test_the_list_ranks_what_the_plan_ranks(offline_page, chain_page, chain_plan):
    page = opened(offline_page, chain_page)
    failures(page)
    items = page.locator(ITEMS)
    swept = chain_plan.failures.failures
    felt = swept[(swept["demands_cut"] > 0) | (swept["demands_ended"] > 0)]
    assert items.count() == len(felt)
    texts = items.all_inner_texts()
    assert texts[0].startswith("1. Link Jinan – Xuzhou")
    for text, cut in zip(texts, felt["demands_cut"], strict=True):
        assert f"{cut} of 3 cut off" in text
    assert "no longer served" in texts[0]
    assert "16 of 23 single failures cut a demand off" in page.locator(".sentence").inner_text()
    offline_page.assert_quiet()


def test_a_failure_is_shown_and_ends_with_a_second_click(offline_page, chain_page):
    page = opened(offline_page, chain_page, color_scheme="light")
    failures(page)
    item = page.locator(ITEMS, has_text="Link Xuzhou – Hefei")
    item.click()
    assert item.get_attribute("aria-pressed") == "true"
    assert strokes(page, "stroke").count(FAILED.light) == 1
    number = strokes(page, "stroke").index(FAILED.light)
    assert strokes(page, "stroke-dasharray")[number], "a pattern as well as a colour"
    assert page.locator(".no-key-mark").count() == 2, "one more than the link that has no key"
    opacity = strokes(page, "stroke-opacity")
    assert opacity[number] == "1"
    assert opacity[9] == opacity[10] == "0.18", "what no cut demand uses is dimmed"
    assert {opacity[n] for n in (0, 3, 6)} == {"1"}, "the routes of the demands that it cuts are lit"
    assert page.locator(CUT).count() >= 3
    banner = page.locator(".banner")
    assert banner.get_attribute("role") == "status"
    assert "Fails: link Xuzhou – Hefei. 3 of 3 demands cut off" in banner.inner_text()
    for meaning in ("Fails", "Routes of the demands it cuts", "Cut off from each other"):
        assert meaning in page.locator(".lit-key").inner_text()
    assert "Beijing – Shanghai" in page.locator(".effects").inner_text()
    page.locator(ITEMS, has_text="Link Xuzhou – Hefei").click()
    assert banner.is_hidden()
    assert page.locator(f"{CUT}, .effects").count() == 0
    assert FAILED.light not in strokes(page, "stroke")
    offline_page.assert_quiet()


def test_a_node_fails_with_its_links(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    failures(page)
    page.locator(ITEMS, has_text="Node Hefei").click()
    assert strokes(page, "stroke").count(FAILED.light) == 2
    assert page.locator(".node.failed").count() == 1
    assert page.locator(".node.failed").evaluate("node => getComputedStyle(node, '::after').content") == '"✕"'
    assert page.locator(".effects h3").all_inner_texts() == ["Cut off", "End where it fails"]
    page.get_by_role("button", name="Show all").click()
    assert page.locator(".node.failed").count() == 0
    offline_page.assert_quiet()


def test_by_keyboard(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    page.get_by_role("button", name="Failures").focus()
    page.keyboard.press("Enter")
    first = page.locator(ITEMS).first
    first.focus()
    page.keyboard.press("Enter")
    pressed = page.locator(f"{ITEMS}[aria-pressed=true]")
    assert pressed.count() == 1
    assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    page.keyboard.press("Escape")
    assert page.locator(".side").is_hidden()
    assert page.locator(".banner").is_visible(), "the panel closes first"
    page.keyboard.press("Escape")
    assert page.locator(".banner").is_hidden()
    assert page.locator(CUT).count() == 0
    offline_page.assert_quiet()


def test_one_kind_only(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    failures(page)
    page.get_by_label("What fails").select_option("node")
    texts = page.locator(ITEMS).all_inner_texts()
    assert texts
    assert all("Node" in text for text in texts)
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    page.locator(ITEMS).first.click()
    assert page.get_by_label("What fails").input_value() == "node"
    offline_page.assert_quiet()


def test_popups_lead_to_the_failure_and_the_failure_to_demands(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    search(page, "jinan-xuzhou")
    page.locator(".story").get_by_role("button", name="3 demands cut off").click()
    assert "link Jinan – Xuzhou" in page.locator(".banner").inner_text()
    assert page.locator(f"{ITEMS}[aria-pressed=true]").count() == 1
    page.locator(".effects button", has_text="Jinan – Hefei").click()
    assert page.get_by_role("tab", name="Demands").get_attribute("aria-selected") == "true"
    assert "1 route of Jinan – Hefei" in page.locator(".banner").inner_text()
    search(page, "bird-station")
    assert "No demand is cut off" in page.locator(".story").inner_text()
    offline_page.assert_quiet()


def test_the_ranking_is_saved_as_csv(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    failures(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save this table as CSV").click()
    assert waiting.value.suggested_filename == "chain.failures.csv"
    text = Path(waiting.value.path()).read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert (rows[0]["kind"], rows[0]["id"], rows[0]["cut"]) == ("link", "jinan-xuzhou", "d1;d2;d3")
    assert float(rows[0]["lost_bps"]) > 0
    offline_page.assert_quiet()


def test_without_a_plan_demands_are_cut_all_the_same(offline_page):
    page = opened(offline_page, map_html(chain_network()))
    failures(page)
    page.locator(ITEMS).first.click()
    assert page.locator(CUT).count() == 3
    assert "no longer served" not in page.locator(".banner").inner_text()
    assert page.locator(".effects button").count() == 0
    offline_page.assert_quiet()


def test_no_panel_without_demands(offline_page):
    nodes = [node_row(name, name, lat_deg=30 + n, lon_deg=110) for n, name in enumerate(("a", "b"))]
    page = opened(offline_page, map_html(build_network(nodes=nodes, links=[link_row("a", "b")])))
    assert page.get_by_role("button", name="Failures").count() == 0
    search(page, "a-b")
    assert "If it fails" not in page.locator(".story").inner_text()
    offline_page.assert_quiet()


def test_on_a_phone_the_list_makes_room(offline_page, chain_page):
    page = opened(offline_page, chain_page, width=390, height=844)
    failures(page)
    for box in (
        page.get_by_role("button", name="Close the tables").bounding_box(),
        page.locator(ITEMS).first.bounding_box(),
    ):
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    page.locator(ITEMS, has_text="Node Hefei").click()
    assert page.locator(".side").is_hidden()
    banner = page.locator(".banner").bounding_box()
    for node in page.locator(".node:not(.dimmed)").all():
        assert node.bounding_box()["y"] < banner["y"]
    offline_page.assert_quiet()


def test_hostile_names_in_the_ranking(offline_page, hostile_page):
    page = opened(offline_page, hostile_page)
    failures(page)
    names = set(shown_names(page, ".failures"))
    assert set(HOSTILE) <= names, "nodes"
    page.get_by_label("What fails").select_option("risk group")
    groups = set(shown_names(page, ".failures"))
    assert {name for name in HOSTILE[:-1] if ";" not in name} <= groups
    for item in range(0, page.locator(ITEMS).count(), 3):
        page.locator(ITEMS).nth(item).click()
        assert page.locator(".banner bdi").count() > 0
    page.get_by_label("What fails").select_option("")
    page.locator(ITEMS, has_text="<img src=x onerror=alert(1)>").first.click()
    assert HOSTILE[0] in shown_names(page, ".banner")
    assert HOSTILE[0] in shown_names(page, ".effects")
    page.keyboard.press("Escape")
    search(page, HOSTILE[4])
    # By keyboard, for the map may still be moving the popup into view.
    page.locator(".story .rows button").first.press("Enter")
    page.locator(".story .rows button", has_text="with all of").first.press("Enter")
    assert set(shown_names(page, ".banner")) & set(HOSTILE)
    assert "risk group" in page.locator(".banner").inner_text()
    assert page.locator("img, iframe, object, embed").count() == 0
    offline_page.assert_quiet()


@pytest.fixture(scope="module")
def grid_page():
    """A line of 700 links on a canvas, the first and last node a demand."""
    nodes = [node_row(f"n{n}", f"Node {n}", lat_deg=24 + n / 40, lon_deg=110) for n in range(701)]
    links = [link_row(f"n{n}", f"n{n + 1}") for n in range(700)]
    demands = [{"demand_id": "d", "node_a": "n0", "node_b": "n700", "rate_bps": 1_000.0}]
    return map_html(plan_of(build_network(nodes=nodes, links=links, demands=demands)))


RED_IN = """([lat, lon]) => {
  const canvas = view.many.links._container;
  const box = canvas.getBoundingClientRect();
  const at = spotOf(lat, lon);
  const fine = canvas.width / box.width;
  const corner = [at.x - box.left - 12, at.y - box.top - 12].map((side) => side * fine);
  const { data } = canvas.getContext("2d").getImageData(...corner, 24 * fine, 24 * fine);
  const isRed = (i) => data[i] > 170 && data[i + 1] < 90 && data[i + 2] < 90 && data[i + 3] > 200;
  let red = 0;
  for (let i = 0; i < data.length; i += 4) red += isRed(i) ? 1 : 0;
  return red;
}"""


def test_on_a_canvas_too(offline_page, grid_page):
    page = opened(offline_page, with_map_outside(grid_page), color_scheme="light")
    failures(page)
    assert "the worst 100 of 1,401" in page.locator(".side h2").inner_text()
    item = page.locator(ITEMS, has_text="Link Node").first
    number = int(re.search(r"Link Node (\d+)", item.inner_text())[1])
    item.click()
    middle = [24 + (number + 0.5) / 40, 110]
    page.evaluate("([lat, lon]) => void view.map.setView([lat, lon], 10, { animate: false })", middle)
    assert page.evaluate(RED_IN, middle) > 20
    assert page.evaluate(RED_IN, [24 + (number + 5.5) / 40, 110]) == 0
    page.get_by_role("button", name="Show all").click()
    assert page.evaluate(RED_IN, middle) == 0
    offline_page.assert_quiet()
