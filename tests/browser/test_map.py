"""The map in a real browser, opened from a disk with the network off."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import combinations
from pathlib import Path

import folium
import pytest

from planner.network import build_network
from planner.report.map import draw_map, map_html
from planner.report.style import MEASURES
from planner.report.tiles import Tiles
from tests.browser.pages import SEARCH, line_colours, opened, search, shown_names, with_map_outside
from tests.report.map_networks import (
    HOSTILE,
    chain_network,
    hostile_equipment,
    hostile_network,
    link_row,
    node_row,
    plan_of,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chain_page() -> str:
    return map_html(plan_of(chain_network()))


@pytest.fixture(scope="module")
def hostile_page() -> str:
    return map_html(plan_of(hostile_network()))


def boxes(page, selector):
    return [box for box in (item.bounding_box() for item in page.locator(selector).all()) if box]


def overlap(a, b):
    across = min(a["x"] + a["width"], b["x"] + b["width"]) - max(a["x"], b["x"])
    down = min(a["y"] + a["height"], b["y"] + b["height"]) - max(a["y"], b["y"])
    return across > 1.5 and down > 1.5


def test_opens_without_asking_anybody(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    assert page.title() == "Test trunk"
    assert page.locator("h1").inner_text() == "Test trunk"
    assert page.locator(".subtitle").inner_text() == "试验干线"
    assert page.locator(".node").count() == 12
    assert page.locator(".ground-land").count() == 2
    assert page.locator(".no-key-mark").count() == 1
    offline_page.assert_quiet()


def test_search_finds_both_names(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    page.get_by_role("button", name="Demands").focus()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.className") == "search"
    page.keyboard.type("合肥")
    assert "Hefei" in page.locator(".found li").first.inner_text()
    page.keyboard.press("Enter")
    assert page.locator(".story h2").inner_text() == "Hefei"
    search(page, "xuzhou-hefei")
    assert page.locator(".story h2").inner_text() == "Xuzhou – Hefei"
    page.fill(SEARCH, "nowhere at all")
    assert "nothing of that name" in page.locator(".found").inner_text()
    offline_page.assert_quiet()


def test_theme_follows_the_system_and_the_button(offline_page, chain_page):
    page = opened(offline_page, chain_page, color_scheme="dark")
    dark = {step.dark for step in MEASURES[0].steps}
    light = {step.light for step in MEASURES[0].steps}
    assert page.locator("#map").get_attribute("data-theme") == "dark"
    assert line_colours(page) & dark
    page.get_by_role("button", name="Light or dark theme").click()
    assert page.locator("#map").get_attribute("data-theme") == "light"
    assert line_colours(page) & light
    assert not line_colours(page) & (dark - light)
    offline_page.assert_quiet()


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.key)
def test_legend_and_lines_share_their_classes(offline_page, chain_page, measure):
    page = opened(offline_page, chain_page, color_scheme="light")
    page.get_by_label("Colour by").select_option(measure.key)
    assert page.locator(".legend summary").inner_text() == measure.title
    labels = page.locator(".legend-classes li").all_inner_texts()
    assert labels[:-1] == [step.label for step in measure.steps]
    samples = page.locator(".legend-classes .sample-line")
    in_legend = samples.evaluate_all("lines => lines.map(line => line.style.getPropertyValue('--on-light'))")
    assert line_colours(page) <= set(in_legend)
    offline_page.assert_quiet()


def test_network_without_a_plan(offline_page):
    page = opened(offline_page, map_html(chain_network()))
    assert page.locator(".colour-by option").all_inner_texts() == [m.title for m in MEASURES if not m.needs_plan]
    assert page.get_by_role("button", name="Demands").count() == 0
    search(page, "jinan-xuzhou")
    assert "Utilisation" not in page.locator(".story").inner_text()
    offline_page.assert_quiet()


def test_link_popup_tells_where_decibels_and_bits_go(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    search(page, "beijing-tianjin")
    story = page.locator(".story")
    text = story.inner_text()
    for words in (
        "Loss budget",
        "Fibre 16.0 dB",
        "Receiver",
        "Detector",
        "Sifted bits",
        "Privacy amplification",
        "QBER",
    ):
        assert words in text
    assert "published, A report, 2016 (quoted in another text)" in text
    assert "× 3 pairs" in text
    assert "Beijing – Shanghai" in text
    widths = story.locator(".bar").first.locator("span").evaluate_all("s => s.map(x => parseFloat(x.style.width))")
    assert sum(widths) == pytest.approx(100, abs=0.1)
    search(page, "tianjin-cangzhou")
    assert re.search(r"Loss budget [\d.]+ dB \(link 16\.5 dB\) measured", story.inner_text())
    assert "Span, as measured 16.5 dB" in story.inner_text()
    search(page, "cangzhou-jinan")
    assert re.search(r"12\.3 kbit/s measured", story.inner_text())
    assert "Model says" in story.inner_text()
    search(page, "hefei-nanjing")
    assert re.search(r"Light passes\s+Switch", story.inner_text())
    search(page, "bank-shanghai-2")
    assert "makes no key" in story.inner_text()
    offline_page.assert_quiet()


def test_click_on_a_line_opens_its_popup(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    page.locator("path.link-pointer").nth(3).click(force=True)
    assert page.locator(".story h2").inner_text() == "Jinan – Xuzhou"
    offline_page.assert_quiet()


def test_node_popup_by_keyboard(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    node = page.get_by_role("button", name="Jinan, Trusted node, end or branch")
    node.focus()
    node.press("Enter")
    text = page.locator(".story").inner_text()
    assert "济南" in text
    assert "Keys passing through" in text
    assert "2 links" in text
    page.locator(".story").get_by_role("button", name="Xuzhou").click()
    assert page.locator(".story h2").inner_text() == "Jinan – Xuzhou"
    offline_page.assert_quiet()


def test_tables_sort_and_lead_to_the_map(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    page.get_by_role("button", name="Table").click()
    head = page.get_by_role("columnheader", name="km")
    lengths = page.locator(".side tbody td:nth-child(2)")
    for order, backwards in (("ascending", False), ("descending", True)):
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == order
        values = [float(text) for text in lengths.all_inner_texts()]
        assert values == sorted(values, reverse=backwards)
        assert len(values) == 11
    assert page.locator(".side tbody .tag").count() == 9
    row = page.locator(".side tbody tr").first
    row.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert page.locator(".story h2").inner_text() == "Micius – Xinglong"
    page.keyboard.press("Escape")
    assert page.locator(".story").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "TR"
    page.get_by_role("tab", name="Nodes").click()
    assert page.locator(".side tbody tr").count() == 12
    page.get_by_role("button", name="Close the tables").click()
    assert page.locator(".side").is_hidden()
    offline_page.assert_quiet()


def test_a_demand_lights_up_its_routes(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    page.get_by_role("button", name="Demands").click()
    assert "limit" in page.locator(".sentences").inner_text()
    page.locator(".demands > li > button", has_text="Jinan – Hefei").click()
    lines = page.locator(".leaflet-overlay-pane path:not(.link-pointer)")
    opacity = lines.evaluate_all("paths => paths.map(path => path.getAttribute('stroke-opacity'))")
    assert [value == "1" for value in opacity] == [3 <= i <= 4 for i in range(11)]
    assert "1 route of Jinan – Hefei" in page.locator(".banner").inner_text()
    assert "Jinan – Xuzhou – Hefei" in page.locator(".routes").inner_text()
    page.keyboard.press("Escape")
    assert page.locator(".side").is_hidden()
    page.get_by_role("button", name="Show all").click()
    assert page.locator(".banner").is_hidden()
    assert set(lines.evaluate_all("paths => paths.map(path => path.getAttribute('stroke-opacity'))")) == {"1"}
    offline_page.assert_quiet()


def test_by_touch(offline_page, chain_page):
    page = opened(offline_page, chain_page, width=390, height=844, has_touch=True, is_mobile=True)
    page.locator("path.link-pointer").nth(3).tap(force=True)
    assert page.locator(".story h2").inner_text() == "Jinan – Xuzhou"
    page.locator(".leaflet-popup-close-button").tap()
    page.get_by_role("button", name="Jinan, Trusted node, end or branch").tap()
    assert page.locator(".story h2").inner_text() == "Jinan"
    page.locator(".leaflet-popup-close-button").tap()
    page.get_by_role("button", name="Failures").tap()
    page.locator(".failures > li > button", has_text="Node Hefei").tap()
    assert page.locator(".side").is_hidden()
    assert page.locator(".node.failed").count() == 1
    page.get_by_role("button", name="Show all").tap()
    assert page.locator(".node.failed").count() == 0
    offline_page.assert_quiet()


def test_a_long_touch_on_a_line_tells_what_it_is(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    page.mouse.move(5, 795)
    page.locator("path.link-pointer").nth(3).click(button="right", force=True)
    assert "Jinan – Xuzhou" in page.locator(".trunk-tip").inner_text()
    assert page.locator(".story").count() == 0
    offline_page.assert_quiet()


def test_layer_switch(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    switch = page.locator(".leaflet-control-layers")
    switch.hover()
    for name, selector in (("Nodes", ".node"), ("Provinces", ".ground-province"), ("Links", ".link-pointer")):
        assert page.locator(selector).count() > 0
        switch.get_by_label(name, exact=True).uncheck()
        assert page.locator(selector).count() == 0
        switch.get_by_label(name, exact=True).check()
        assert page.locator(selector).count() > 0
    assert page.locator(".label").first.is_visible()
    switch.get_by_label("Names", exact=True).uncheck()
    assert page.locator(".label").first.is_hidden()
    offline_page.assert_quiet()


@pytest.mark.parametrize("size", [(1440, 900), (1024, 640), (390, 844)], ids=["desk", "laptop", "phone"])
def test_nothing_covers_anything(offline_page, chain_page, size):
    page = opened(offline_page, chain_page, width=size[0], height=size[1])
    panels = boxes(page, ".title-panel, .legend, .leaflet-control-zoom, .leaflet-control-layers")
    labels = boxes(page, ".label")
    nodes = boxes(page, ".node")
    assert len(labels) >= 3
    assert not [pair for pair in combinations(panels, 2) if overlap(*pair)]
    assert not [pair for pair in combinations(labels, 2) if overlap(*pair)]
    assert not [1 for panel in panels for other in labels + nodes if overlap(panel, other)]
    for box in panels + labels + nodes:
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= size[0]
        assert box["y"] + box["height"] <= size[1]
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    offline_page.assert_quiet()


def test_prints_on_one_sheet(offline_page, chain_page):
    page = opened(offline_page, chain_page, color_scheme="dark")
    sheet = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1
    page.wait_for_function("!document.querySelector('.printing')")
    assert page.locator("#map").get_attribute("data-theme") == "dark"
    offline_page.assert_quiet()


# --- foreign text -------------------------------------------------------------------------------


def test_hostile_names_are_shown_letter_for_letter(offline_page, hostile_page):
    page = opened(offline_page, hostile_page)
    page.get_by_role("button", name="Table").click()
    page.get_by_role("tab", name="Nodes").click()
    assert shown_names(page, ".side tbody") == list(HOSTILE)
    page.get_by_role("tab", name="Links").click()
    first_names = shown_names(page, ".side tbody")[::2]
    assert first_names == list(HOSTILE[:-1])
    page.get_by_role("tab", name="Demands").click()
    assert set(shown_names(page, ".demands")) == set(HOSTILE)
    for summary in page.locator(".title-panel summary").all():
        summary.click()
    assert shown_names(page, ".title-panel details li") == list(HOSTILE)
    assert page.locator("img, iframe, object, embed").count() == 0
    offline_page.assert_quiet()


def test_hostile_names_in_search_and_popups(offline_page, hostile_page):
    page = opened(offline_page, hostile_page)
    for name in HOSTILE:
        page.fill(SEARCH, name)
        assert name in shown_names(page, ".found")
        page.keyboard.press("Enter")
        assert name in shown_names(page, ".story")
        assert page.locator(".story").count() == 1
    search(page, HOSTILE[0])
    page.locator(".story .rows button").first.click()
    assert HOSTILE[0] in shown_names(page, ".story h2")
    assert HOSTILE[0] in shown_names(page, ".story > p")
    page.locator(".story .rows button").first.click()
    assert HOSTILE[0] in shown_names(page, ".banner")
    assert page.locator("img, iframe, object, embed").count() == 0
    offline_page.assert_quiet()


def test_hostile_modules_services_and_switches(offline_page):
    page = opened(offline_page, map_html(plan_of(hostile_equipment())))
    page.get_by_role("button", name="Demands").click()
    assert set(HOSTILE) <= set(shown_names(page, ".demands"))
    for n, name in enumerate(HOSTILE):
        search(page, f"hub-end{n}")
        assert shown_names(page, ".story").count(name) >= 3, "title, module, switch"
    assert page.locator("img, iframe, object, embed").count() == 0
    offline_page.assert_quiet()


def test_hostile_names_in_the_strip(offline_page, hostile_page):
    page = opened(offline_page, hostile_page)
    page.get_by_role("button", name="Strip").click()
    assert {"{{1001*1001}}", "`", "${alert(1)}"} <= set(page.locator(".strip text").all_text_contents()) | {
        text.split("\u200b")[0] for text in page.locator(".strip title").all_text_contents()
    }
    assert page.locator(".strip svg *").evaluate_all("all => all.every((node) => !node.onclick && !node.onload)")
    offline_page.assert_quiet()


def test_a_turned_name_is_read_as_it_is_written(offline_page, hostile_page):
    page = opened(offline_page, hostile_page)
    search(page, "\u202egnp.exe")
    places = page.locator(".story h2 bdi").evaluate(
        """name => {
          const text = name.lastChild;
          return [...text.data].map((_, i) => {
            const range = new Range();
            range.setStart(text, i);
            range.setEnd(text, i + 1);
            return range.getBoundingClientRect().left;
          });
        }"""
    )
    assert len(places) == len("gnp.exe")
    assert places == sorted(places)
    assert page.locator(".story h2 .unseen").get_attribute("title") == "U+202E"


def test_policy_stops_what_slips_in(offline_page, chain_page):
    slipped = '<img src="x" onerror="window.hurt = 1"><script>window.hurt = 2</script><style>h1 { color: red }</style>'
    page = opened(offline_page, chain_page.replace("<body>", f"<body>{slipped}"))
    assert page.evaluate("window.hurt === undefined")
    assert page.locator("h1").evaluate("h => getComputedStyle(h).color") != "rgb(255, 0, 0)"
    assert any("Content Security Policy" in error for error in offline_page.errors)
    assert offline_page.dialogs == []


def test_own_folium_layer_beside_hostile_names(offline_page):
    drawn = draw_map(plan_of(hostile_network()))
    folium.Circle([31.0, 106.0], radius=40_000, color="#ff00ff").add_to(drawn)
    page = offline_page.open(drawn.get_root().render())
    page.wait_for_selector("[data-ready]")
    assert page.locator('path[stroke="#ff00ff"]').count() == 1
    assert page.locator(".node").count() == len(HOSTILE)
    search(page, HOSTILE[0])
    assert HOSTILE[0] in shown_names(page, ".story h2")
    assert offline_page.dialogs == []


# --- other places and sizes ---------------------------------------------------------------------


def test_network_elsewhere(offline_page):
    nodes = [
        node_row("madrid", "Madrid", lat_deg=40.4, lon_deg=-3.7),
        node_row("quito", "Quito", lat_deg=-0.2, lon_deg=-78.5),
    ]
    page = opened(offline_page, map_html(build_network(nodes=nodes, links=[link_row("madrid", "quito")])))
    assert sorted(page.locator(".label").all_inner_texts()) == ["Madrid", "Quito"]
    offline_page.assert_quiet()


def test_single_node(offline_page):
    network = build_network(nodes=[node_row("here", "Here", lat_deg=31, lon_deg=117)], links=[])
    page = opened(offline_page, map_html(network))
    assert page.locator(".label").all_inner_texts() == ["Here"]
    offline_page.assert_quiet()


def test_thousands_of_links_go_to_a_canvas(offline_page):
    nodes = [
        node_row(f"n{i}", f"Node {i}", lat_deg=25 + 15 * (i * 0.618 % 1), lon_deg=105 + 15 * (i * 0.414 % 1))
        for i in range(1600)
    ]
    links = [link_row(f"n{i}", f"n{(i * 7 + 1) % 1600}") for i in range(1, 1600)]
    page = opened(offline_page, map_html(build_network(nodes=nodes, links=links)))
    assert page.locator("canvas.many").count() == 2
    assert page.locator(".node, .link-pointer").count() == 0
    search(page, "Node 77")
    assert page.locator(".story h2").inner_text() == "Node 77"
    offline_page.assert_quiet()


# --- strip, downloads, tiles, keyboard ----------------------------------------------------------------


def test_strip_map_beside_the_map(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    page.get_by_role("button", name="Strip").click()
    strip = page.locator(".strip")
    assert strip.locator("svg.drawing").count() == 1
    assert "Beijing" in strip.locator("svg").text_content()
    assert strip.locator("rect.strip-tint").count() > 5
    fills = strip.locator("rect.strip-tint").evaluate_all("bars => bars.map(bar => getComputedStyle(bar).fill)")
    assert "rgb(0, 0, 0)" not in fills
    strip.locator("[data-link=jinan-xuzhou]").first.click()
    assert page.locator(".story h2").inner_text() == "Jinan – Xuzhou"
    story, below = page.locator(".leaflet-popup").bounding_box(), strip.bounding_box()
    assert story["y"] + story["height"] < below["y"]
    page.keyboard.press("Escape")
    assert page.locator(".story").count() == 0
    page.keyboard.press("Escape")
    assert strip.is_hidden()
    assert page.evaluate("document.activeElement.textContent").endswith("Strip")
    offline_page.assert_quiet()


def saved(page, name):
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name).click()
    return Path(waiting.value.path()).read_bytes().decode("utf-8-sig"), waiting.value.suggested_filename


def test_tables_are_saved_as_csv_and_geojson(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    page.get_by_role("button", name="Table").click()
    text, name = saved(page, "Save this table as CSV")
    assert name == "chain.links.csv"
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["link_id"] for row in rows][:2] == ["beijing-tianjin", "tianjin-cangzhou"]
    assert float(rows[1]["loss_db"]) == 16.5
    assert float(rows[0]["headroom_bps"]) > 0
    text, name = saved(page, "Save links and nodes as GeoJSON")
    features = json.loads(text)["features"]
    assert len(features) == 11 + 12
    point = next(f for f in features if f["properties"].get("node_id") == "beijing")
    assert point["geometry"] == {"type": "Point", "coordinates": [116.407, 39.904]}
    page.get_by_role("tab", name="Demands").click()
    assert "d1" in saved(page, "Save this table as CSV")[0]
    offline_page.assert_quiet()


def test_formulas_are_defused_in_csv(offline_page, hostile_page):
    page = opened(offline_page, hostile_page)
    page.get_by_role("button", name="Table").click()
    page.get_by_role("tab", name="Nodes").click()
    text, _ = saved(page, "Save this table as CSV")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["name"].removeprefix("'") if row["name"].startswith("'=") else row["name"] for row in rows] == list(
        HOSTILE
    )
    assert not any(cell.lstrip().startswith(("=", "+", "@")) for row in rows for cell in row.values())
    offline_page.assert_quiet()


def test_links_by_keyboard(offline_page, chain_page):
    page = opened(offline_page, chain_page)
    stops = page.locator("path.link-pointer[tabindex='0']")
    assert stops.count() == 1
    stops.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Link Cangzhou – Jinan"
    page.keyboard.press("Enter")
    assert page.locator(".story h2").inner_text() == "Cangzhou – Jinan"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Link Cangzhou – Jinan"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Link Micius – Xinglong"
    offline_page.assert_quiet()


def test_tiles_are_asked_from_their_hosts_only_and_thanked(offline_page):
    tiles = Tiles(
        url="https://tiles{s}.example.org/{z}/{x}/{y}.png",
        attribution="<b onclick=alert(1)>us",
        datum="GCJ-02",
        hosts=("1",),
    )
    page = opened(offline_page, map_html(chain_network(), tiles=tiles))
    assert "<b onclick=alert(1)>us" in page.locator(".leaflet-control-attribution").inner_text()
    page.wait_for_function("performance.getEntriesByType('resource').length > 0 || true")
    asked = {url.split("/")[2] for url in offline_page.requests if url.startswith("http")}
    assert asked == {"tiles1.example.org"}
    assert not any("Content Security Policy" in error for error in offline_page.errors)
    assert offline_page.dialogs == []


def test_ground_tracks_of_satellites(offline_page):
    nodes = [
        node_row("bird", "Bird", kind="satellite", lat_deg=35, lon_deg=110),
        node_row("ground", "Ground", kind="ground", lat_deg=36, lon_deg=112),
    ]
    links = [link_row("bird", "ground", geometry="LINESTRING (108 20, 110 35, 113 50)")]
    page = opened(offline_page, map_html(build_network(nodes=nodes, links=links)))
    assert page.locator(".leaflet-overlay-pane .ground-track").count() == 1
    assert "Ground track of a satellite" in page.locator(".legend").inner_text()
    switch = page.locator(".leaflet-control-layers")
    switch.hover()
    switch.get_by_label("Ground tracks").uncheck()
    assert page.locator(".leaflet-overlay-pane .ground-track").count() == 0
    offline_page.assert_quiet()


# --- thousands of links ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grid_page() -> str:
    """A grid of 40 by 40 nodes, half a degree apart, its 3,120 links, and demands along the first row."""
    names = {(x, y): f"n{x}-{y}" for x in range(40) for y in range(40)}
    nodes = [node_row(i, f"Node {x}/{y}", lat_deg=25 + y / 2, lon_deg=100 + x / 2) for (x, y), i in names.items()]
    links = [
        link_row(i, names[x + dx, y + dy])
        for (x, y), i in names.items()
        for dx, dy in ((1, 0), (0, 1))
        if (x + dx, y + dy) in names
    ]
    links[0]["key_rate_bps"] = 0.0
    demands = [{"demand_id": "d", "node_a": "n3-0", "node_b": "n5-0", "rate_bps": 1_000.0}]
    return map_html(plan_of(build_network(nodes=nodes, links=links, demands=demands)))


def spot(page, lat, lon):
    """Where a place is on the screen, by the two neighbouring nodes' popups: the page keeps its map to itself."""
    return page.evaluate("([lat, lon]) => window.spotOf(lat, lon)", [lat, lon])


@pytest.fixture
def grid(offline_page, grid_page):
    page = opened(offline_page, with_map_outside(grid_page))
    yield page
    offline_page.assert_quiet()


def test_many_links_answer_to_hover_and_click(grid):
    grid.evaluate("void view.map.setView([35.0, 110.25], 9, { animate: false })")
    middle = spot(grid, 35.0, 110.25)
    grid.mouse.move(middle["x"], middle["y"] + 3)
    grid.wait_for_selector(".trunk-tip")
    assert "Node 20/20 – Node 21/20" in grid.locator(".trunk-tip").inner_text()
    grid.mouse.click(middle["x"], middle["y"] - 4)
    assert grid.locator(".story h2").inner_text() == "Node 20/20 – Node 21/20"
    grid.keyboard.press("Escape")
    node = spot(grid, 35.0, 110.0)
    grid.mouse.click(node["x"] + 2, node["y"])
    assert grid.locator(".story h2").inner_text() == "Node 20/20"
    grid.keyboard.press("Escape")
    between = spot(grid, 35.25, 110.25)
    grid.mouse.move(between["x"], between["y"])
    grid.wait_for_selector(".trunk-tip", state="detached")
    grid.mouse.click(between["x"], between["y"])
    assert grid.locator(".story").count() == 0


def test_a_long_touch_tells_what_is_there(grid):
    """Browsers make a menu event of a long touch, as of the right button."""
    grid.evaluate("void view.map.setView([35.0, 110.25], 9, { animate: false })")
    middle = spot(grid, 35.0, 110.25)
    grid.mouse.click(middle["x"], middle["y"] + 3, button="right")
    assert "Node 20/20 – Node 21/20" in grid.locator(".trunk-tip").inner_text()
    assert grid.locator(".story").count() == 0


def test_a_layer_that_is_off_is_not_found(grid):
    grid.evaluate("void view.map.setView([35.0, 110.0], 9, { animate: false })")
    node = spot(grid, 35.0, 110.0)
    switch = grid.locator(".leaflet-control-layers")
    switch.hover()
    switch.get_by_label("Nodes", exact=True).uncheck()
    assert grid.locator("canvas.many").count() == 1
    grid.mouse.click(node["x"], node["y"])
    assert "–" in grid.locator(".story h2").inner_text()
    grid.keyboard.press("Escape")
    switch.hover()
    switch.get_by_label("Links", exact=True).uncheck()
    grid.mouse.click(node["x"], node["y"])
    assert grid.locator(".story").count() == 0


COLOUR_AT = """([lat, lon]) => {
  const canvas = view.many.links._container;
  const box = canvas.getBoundingClientRect();
  const at = spotOf(lat, lon);
  const fine = canvas.width / box.width;
  return [...canvas.getContext("2d").getImageData((at.x - box.left) * fine, (at.y - box.top) * fine, 1, 1).data];
}"""


def test_many_links_are_coloured_lit_and_found(grid):
    grid.evaluate("void view.map.setView([25.0, 101.9], 9, { animate: false })")
    on_route, elsewhere = [25.0, 101.75], [25.0, 102.75]
    before = [grid.evaluate(COLOUR_AT, place) for place in (on_route, elsewhere)]
    assert before[0][3] == before[1][3] == 255
    grid.get_by_role("button", name="Demands").click()
    grid.locator(".demands > li > button").click()
    grid.evaluate("void view.map.setView([25.0, 101.9], 9, { animate: false })")
    lit, dimmed = (grid.evaluate(COLOUR_AT, place) for place in (on_route, elsewhere))
    assert lit[3] == 255
    assert dimmed[3] < 140
    grid.get_by_role("button", name="Show all").click()
    assert grid.evaluate(COLOUR_AT, elsewhere) == before[1]
    grid.get_by_label("Colour by").select_option("basis")
    step = next(
        step for measure in MEASURES if measure.key == "basis" for step in measure.steps if step.name == "assumed"
    )
    assert grid.evaluate(COLOUR_AT, elsewhere)[:3] == [int(step.light[i : i + 2], 16) for i in (1, 3, 5)]
    search(grid, "n7-0-n8-0")
    assert grid.locator(".story h2").inner_text() == "Node 7/0 – Node 8/0"


def test_a_short_drag_needs_no_drawing_and_a_long_one_does(grid):
    grid.evaluate(
        "() => { const { links } = view.many; const { draw } = links; window.drawn = 0;"
        " links.draw = (...all) => { window.drawn += 1; draw(...all); }; }"
    )

    def drag(pixels):
        grid.mouse.move(700, 500)
        grid.mouse.down()
        grid.mouse.move(700 - pixels, 500, steps=4)
        grid.wait_for_timeout(120)  # so that the map does not glide on
        grid.mouse.up()
        grid.wait_for_timeout(120)
        return grid.evaluate("window.drawn")

    assert drag(60) == 0
    assert drag(60) == 0
    assert drag(300) > 0
    grid.evaluate("void view.map.setView([35.0, 110.25], 9, { animate: false })")
    middle = spot(grid, 35.0, 110.25)
    assert grid.evaluate(COLOUR_AT, [35.0, 110.25])[3] == 255
    drag(80)
    moved = spot(grid, 35.0, 110.25)
    assert moved["x"] == pytest.approx(middle["x"] - 80, abs=2)
    assert grid.evaluate(COLOUR_AT, [35.0, 110.25])[3] == 255, "what is drawn moves with the map"


def test_many_links_are_dragged_and_zoomed(grid):
    where = "(() => { const { lat, lng } = view.map.getCenter(); return [lat, lng, view.map.getZoom()]; })()"
    before = grid.evaluate(where)
    grid.mouse.move(700, 500)
    grid.mouse.down()
    grid.mouse.move(600, 450, steps=5)
    grid.mouse.up()
    grid.locator(".leaflet-control-zoom-in").click()
    grid.wait_for_function(f"{where}[2] > {before[2]}")
    assert grid.evaluate(where)[1] > before[1]
    assert grid.locator(".story").count() == 0
    sheet = "view.many.links._container.getContext('2d').getImageData(0, 0, 900, 700)"
    filled = f"{sheet}.data.some((byte) => byte > 0)"
    grid.wait_for_function(filled)
