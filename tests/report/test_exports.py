"""Exports: right places, right figures, the same bytes every time, hostile text kept as text."""

from __future__ import annotations

import io
import json
import math
import sqlite3
import struct
import warnings
import xml.etree.ElementTree as ET
from itertools import pairwise

import matplotlib.image
import matplotlib.text
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from planner.cli import app
from planner.errors import UsageError
from planner.network import build_network
from planner.report.exports import ENDINGS, export, export_bytes
from planner.report.exports.features import cut_at_antimeridian, features_of
from planner.report.exports.projection import EARTH_RADIUS_KM, equal_area
from planner.report.exports.static_map import map_figure, plain
from planner.report.style import MEASURES
from tests.report.map_networks import HOSTILE, chain_network, link_row, node_row
from tests.report.plans import chain_plan, hostile_plan

KML = "{http://www.opengis.net/kml/2.2}"
PICTURES = (".png", ".svg", ".pdf")
DRAWN = {"svg", "metadata", "RDF", "Work", "type", "format", "Agent", "creator", "title", "defs", "style", "g", "path",
         "use", "clipPath", "rect"}  # fmt: skip


def parsed(text):
    return ET.fromstring(text)  # noqa: S314 (our own)


# --- GeoJSON ----------------------------------------------------------------------------------------


def test_geojson_holds_places_and_figures():
    found = json.loads(export_bytes(chain_plan(), ending=".geojson"))
    features = {f["properties"].get("link_id") or f["properties"]["node_id"]: f for f in found["features"]}
    assert len(found["features"]) == 11 + 12
    assert features["beijing"]["geometry"] == {"type": "Point", "coordinates": [116.407, 39.904]}
    line = features["nanjing-shanghai"]["geometry"]
    assert line == {"type": "LineString", "coordinates": [[118.797, 32.06], [120.3, 31.5], [121.474, 31.23]]}
    budget = chain_plan().budget.set_index("link_id")
    figures = features["beijing-tianjin"]["properties"]
    assert figures["key_rate_bps"] == pytest.approx(budget.loc["beijing-tianjin", "key_rate_bps"], rel=1e-6)
    assert figures["load_bps"] > 0
    assert features["xuzhou-hefei"]["properties"]["qber"] is None


def test_geojson_of_a_network_has_no_load():
    found = json.loads(export_bytes(chain_network(), ending=".geojson"))
    assert "load_bps" not in found["features"][0]["properties"]


def test_lines_are_cut_at_the_antimeridian():
    nodes = [node_row("a", "A", lat_deg=0, lon_deg=175), node_row("b", "B", lat_deg=10, lon_deg=-175)]
    found = json.loads(export_bytes(build_network(nodes=nodes, links=[link_row("a", "b")]), ending=".geojson"))
    shape = found["features"][0]["geometry"]
    assert shape["type"] == "MultiLineString"
    assert shape["coordinates"] == [[[175, 0], [180, 5]], [[-180, 5], [-175, 10]]]


@given(st.lists(st.tuples(st.floats(-170, 170), st.floats(-80, 80)), min_size=2, max_size=8), st.floats(-400, 400))
def test_cutting_keeps_lines_in_range_and_joined(points, shift):
    moved = [(lon / 2 + shift, lat) for lon, lat in points]
    lines = cut_at_antimeridian(moved)
    assert all(-180 - 1e-9 <= lon <= 180 + 1e-9 for line in lines for lon, _ in line)
    for before, after in pairwise(lines):
        assert before[-1][1] == after[0][1]
        assert abs(before[-1][0]) == pytest.approx(180)
    assert lines[0][0][1] == moved[0][1]
    assert lines[-1][-1][1] == moved[-1][1]


# --- KML --------------------------------------------------------------------------------------------


def test_kml_holds_hostile_names_as_text_and_descriptions_of_figures_only():
    root = parsed(export_bytes(hostile_plan(), ending=".kml"))
    assert root.tag == f"{KML}kml"
    names = [name.text for name in root.iter(f"{KML}name")]
    assert set(HOSTILE) <= set(names)
    for about in root.iter(f"{KML}description"):
        assert not set(about.text) & set("<>&{}$`\\")
    styles = {style.get("id") for style in root.iter(f"{KML}Style")}
    assert {url.text.removeprefix("#") for url in root.iter(f"{KML}styleUrl")} <= styles
    data = {item.get("name") for item in root.iter(f"{KML}Data")}
    assert {"link_id", "key_rate_bps", "utilisation", "node_id"} <= data


def test_kml_places_are_longitude_first():
    root = parsed(export_bytes(chain_plan(), ending=".kml"))
    points = [point.find(f"{KML}coordinates").text for point in root.iter(f"{KML}Point")]
    assert points[0] == "116.407000,39.904000"


# --- GeoPackage -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    pytest.importorskip("geopandas")
    return export(hostile_plan(), tmp_path_factory.mktemp("gpkg") / "network.gpkg")


def test_geopackage_has_both_layers_letter_for_letter(package):
    import geopandas

    nodes = geopandas.read_file(package, layer="nodes")
    assert nodes.crs.to_epsg() == 4326
    assert list(nodes["name"]) == list(HOSTILE)
    assert nodes.geometry.iloc[1].x == pytest.approx(106)
    links = geopandas.read_file(package, layer="links")
    assert list(links["link_id"]) == list(HOSTILE[:-1])
    assert set(links["class"]) <= {step.label for measure in MEASURES for step in measure.steps}


def test_geopackage_has_a_style_for_each_class(package):
    database = sqlite3.connect(package)
    styles = dict(database.execute("SELECT f_table_name, styleQML FROM layer_styles WHERE useAsDefault"))
    kinds = dict(database.execute("SELECT table_name, data_type FROM gpkg_contents"))
    database.close()
    assert set(styles) == {"links", "nodes"}
    assert kinds["layer_styles"] == "attributes"
    links = parsed(styles["links"].split("\n", 1)[1])
    renderer = links.find("renderer-v2")
    assert renderer.get("attr") == "class"
    values = [category.get("value") for category in renderer.iter("category")]
    assert values[:-1] == [step.label for step in MEASURES[0].steps]
    assert len(renderer.find("symbols")) == len(values)


def test_geopackage_without_the_extra_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "geopandas", None)
    with pytest.raises(UsageError, match=r"geopandas: pip install 'qkd-trunk-planner\[gis\]'"):
        export_bytes(chain_plan(), ending=".gpkg")


# --- static maps ------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", PICTURES)
def test_pictures_are_the_same_every_time(ending):
    first = export_bytes(chain_plan(), ending=ending)
    assert first == export_bytes(chain_plan(), ending=ending)
    assert first.startswith({".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[ending])
    assert len(first) < 2_000_000


def texts_of(plan):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        return map_figure(features_of(plan)).findobj(matplotlib.text.Text)


def test_names_classes_and_thanks_are_drawn():
    drawn = {text.get_text() for text in texts_of(chain_plan())}
    for words in ("Test trunk", "Hefei 合肥", "Xinglong", "Utilisation of the key rate", "no key (✕ at mid-span)"):
        assert words in drawn
    assert any("Natural Earth" in text for text in drawn)


def test_no_name_is_mathematics():
    texts = [text for text in texts_of(hostile_plan()) if text.get_text()]
    assert sum(text.get_text().startswith(plain(HOSTILE[0])[:8]) for text in texts) >= 1
    assert all(not text.get_parse_math() for text in texts if "$" in text.get_text())
    assert any("${alert(1)}" in text.get_text() for text in texts)


@pytest.mark.parametrize("ending", PICTURES)
def test_hostile_names_are_drawn(ending):
    drawn = export_bytes(hostile_plan(), ending=ending)
    if ending == ".svg":
        assert {element.tag.rsplit("}", 1)[-1] for element in parsed(drawn).iter()} <= DRAWN


def test_png_is_a_sheet_of_a_sensible_size():
    drawn = export_bytes(chain_plan(), ending=".png")
    width, height = struct.unpack(">II", drawn[16:24])
    assert max(width, height) == 1760
    assert min(width, height) >= 0.55 * 1760
    pixels = matplotlib.image.imread(io.BytesIO(drawn))
    blue = MEASURES[0].steps[0].light
    wanted = [int(blue[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    assert (np.abs(pixels[..., :3] - wanted).max(axis=-1) < 0.02).sum() > 300


def test_empty_and_tiny_networks_are_drawn():
    one = build_network(nodes=[node_row("here", "Here", lat_deg=-0.2, lon_deg=-78.5)], links=[])
    for network in (one, build_network(nodes=[], links=[])):
        assert export_bytes(network, ending=".svg").startswith(b"<?xml")


def test_labels_lose_what_turns_or_controls():
    assert plain("\u202egnp.exe\x00\n a  b") == "gnp.exe a b"
    assert len(plain("x" * 400)) == 30


@given(st.floats(-170, 150), st.floats(-70, 60), st.floats(1, 20))
def test_projection_keeps_areas_and_puts_north_up(west, south, width):
    project = equal_area(west=west, south=south, east=west + width, north=south + 10)
    lon, lat, step = west + width / 3, south + 4.0, 0.01
    x, y = project([lon, lon + step, lon + step, lon], [lat, lat, lat + step, lat + step])
    area = abs(sum(x[i - 1] * y[i] - x[i] * y[i - 1] for i in range(4))) / 2
    true = EARTH_RADIUS_KM**2 * math.radians(step) * (math.sin(math.radians(lat + step)) - math.sin(math.radians(lat)))
    assert area == pytest.approx(true, rel=2e-3)
    assert y[3] > y[0]
    assert x[1] > x[0]


# --- the command ------------------------------------------------------------------------------------


def test_command_writes_by_ending(tmp_path):
    file = tmp_path / "trunks.GEOJSON"
    done = CliRunner().invoke(app, ["export", "trunks", "-o", str(file), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"file": str(file), "bytes": file.stat().st_size}


@pytest.mark.parametrize(
    ("name", "words"), [("x.geojsn", "did you mean '.geojson'?"), ("x", "it can be .png"), ("x.doc", "it can be")]
)
def test_unknown_ending_is_wrong_usage(tmp_path, name, words):
    done = CliRunner().invoke(app, ["export", "trunks", "-o", str(tmp_path / name)])
    assert done.exit_code == 2
    assert words in " ".join(done.output.split())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_wrong_input(tmp_path):
    done = CliRunner().invoke(app, ["export", "trunks", "-o", str(tmp_path / "no" / "x.kml")])
    assert done.exit_code == 3


def test_unknown_tiles_are_wrong_usage(tmp_path):
    done = CliRunner().invoke(app, ["map", "trunks", "-o", str(tmp_path / "x.html"), "--tiles", "gaodee"])
    assert done.exit_code == 2
    assert "did you mean 'gaode'" in " ".join(done.output.split())


def test_every_ending_is_told_in_the_help():
    shown = CliRunner().invoke(app, ["export", "--help"]).output
    assert all(ending in shown for ending in ENDINGS)
