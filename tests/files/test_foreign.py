"""Networks of other programs: what each format gives, what is refused, and published optima that come out again."""

from __future__ import annotations

import importlib.resources
import json
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from planner.allocation import allocate
from planner.cli import app
from planner.errors import InputError, UsageError
from planner.files import load
from planner.files.converting import convert_network
from planner.files.crosschecks import great_circle_km
from planner.files.foreign import KNOWN_FORMATS, Choices, make_tables, read_foreign
from planner.files.foreign.naming import slug

MODULE = "decoy-1250mhz"
WITH_MODULE = Choices(module=MODULE)

NATIVE = """?SNDlib native format; type: network; version: 1.0
# network small
META (
  origin = test
)
NODES (
  Ham_burg ( 9.99 53.55 )
  Berlin ( 13.40 52.52)
  Koeln (6.96 50.94 )
)
LINKS (
  L1 ( Ham_burg Berlin ) 0.00 0.00 0.00 0.00 ( 40.00 1.00 155.0 2.0 )
  L2 ( Berlin Koeln ) UNLIMITED_IS_NOT_HERE
)
"""
NATIVE = NATIVE.replace("UNLIMITED_IS_NOT_HERE", "0 0 0 0 ( )") + (
    "DEMANDS (\n"
    "  D1 ( Ham_burg Koeln ) 1 12.5 UNLIMITED\n"
    "  D2 ( Koeln Ham_burg ) 2 3.0 UNLIMITED\n"
    "  D3 ( Berlin Berlin ) 1 3.0 UNLIMITED\n"
    ")\n"
)

XML = """<?xml version="1.0" encoding="ISO-8859-1"?>
<network xmlns="http://sndlib.zib.de/network" version="1.0">
 <networkStructure>
  <nodes coordinatesType="{kind}">
   <node id="A"><coordinates><x>9.99</x><y>53.55</y></coordinates></node>
   <node id="B"><coordinates><x>13.4</x><y>52.52</y></coordinates></node>
  </nodes>
  <links>
   <link id="L1"><source>A</source><target>B</target></link>
   <link id="L2"><source>A</source><target>B</target></link>
  </links>
 </networkStructure>
 <demands><demand id="D"><source>A</source><target>B</target><routingUnit>2</routingUnit>
  <demandValue>4.5</demandValue></demand></demands>
</network>
"""

NODES = [
    {"id": 0, "name": "Wuhan", "pos": [114.3, 30.6]},
    {"id": 1, "name": "Hefei", "pos": [117.23, 31.82]},
    {"id": 2, "name": "Hefei", "pos": [117.3, 31.9]},
]
TOPOHUB = {
    "directed": False,
    "graph": {"name": "hub", "demands": {"0": {"1": 10.0, "2": 5.0}, "1": {"0": 2.0, "1": 7.0}}},
    "nodes": NODES,
    "edges": [{"source": 0, "target": 1, "dist": 311.5}, {"source": 1, "target": 2, "dist": 11.0},
              {"source": 1, "target": 2, "dist": 12.0}, {"source": 2, "target": 2, "dist": 0.0}],
}  # fmt: skip
TOPOLIB = {
    "name": "lib",
    "nodes": [
        {"id": 4, "name": "Xi'an", "longitude": 108.95, "latitude": 34.27},
        {"id": 5, "name": "北京", "longitude": 116.4, "latitude": 39.9},
    ],
    "links": [{"id": 0, "src": 4, "dst": 5, "length": 1050.5}, {"id": 1, "src": 5, "dst": 4, "length": 1050.5}],
}


def fibre(uid, length, **more):
    return {"uid": uid, "type": "Fiber", "params": {"length": length, "loss_coef": 0.2, "length_units": "km"} | more}


def place(uid, kind, lat_deg, lon_deg, city):
    location = {"latitude": lat_deg, "longitude": lon_deg, "city": city}
    return {"uid": uid, "type": kind, "metadata": {"location": location}}


GNPY = {
    "elements": [
        place("trx A", "Transceiver", 50.0, 8.0, "A"), place("roadm A", "Roadm", 50.0, 8.0, "Stadt A"),
        place("trx B", "Transceiver", 51.0, 8.0, "B"), place("roadm B", "Roadm", 51.0, 8.0, "Stadt B"),
        fibre("f1", 60.0, con_in=0.5, con_out=0.25), {"uid": "amp 1", "type": "Edfa"}, fibre("f2", 70.0, loss_coef=0.3),
        fibre("b1", 130_000.0, length_units="m"), {"uid": "amp 2", "type": "Edfa"},
    ],
    "connections": [
        {"from_node": a, "to_node": b}
        for way in (["trx A", "roadm A", "f1", "amp 1", "f2", "roadm B", "trx B"],
                    ["trx B", "roadm B", "b1", "amp 2", "roadm A", "trx A"])
        for a, b in pairwise(way)
    ],
}  # fmt: skip
GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [8.0, 50.0]}, "properties": {"name": "A b"}},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [8.0, 51.0]}, "id": "bee", "properties": None},
        {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[8.0, 50.0], [8.1, 50.5], [8.0, 51.0]]},
         "properties": {}},
        {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[8.0, 50.0], [8.0, 51.0]]},
         "properties": {"length_km": 123.0, "risk_groups": "duct"}},
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": []}, "properties": {}},
    ],
}  # fmt: skip
GRAPHML = """<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="node" attr.name="Latitude" attr.type="double"/>
<key id="d1" for="node" attr.name="Longitude" attr.type="double"/>
<key id="d2" for="node" attr.name="label" attr.type="string"/>
<key id="d3" for="edge" attr.name="length_km" attr.type="double"><default>44</default></key>
<graph edgedefault="undirected">
<node id="0"><data key="d0">50</data><data key="d1">8</data><data key="d2">Bad Ort</data></node>
<node id="1"><data key="d0">50.2</data><data key="d1">8</data><data key="d2">Bad Ort</data></node>
<edge source="0" target="1"/><edge source="0" target="1"><data key="d3">45.5</data></edge>
</graph></graphml>
"""


@pytest.fixture
def tables(tmp_path):
    """Writes a text or a document into a file and makes tables of it."""

    def make(content, name="in.file", **choices):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), "utf-8")
        return make_tables(read_foreign(path), choices=Choices(**choices))

    return make


def refused(make, content, **more):
    with pytest.raises(InputError) as caught:
        make(content, **more)
    return str(caught.value)


def column(rows, name):
    return [row.get(name) for row in rows]


def test_sndlib_native(tables):
    made = tables(NATIVE)
    assert column(made.nodes, "node_id") == ["ham-burg", "berlin", "koeln"]
    assert column(made.nodes, "name") == ["Ham burg", "Berlin", "Koeln"]
    assert (made.nodes[0]["lat_deg"], made.nodes[0]["lon_deg"]) == (53.55, 9.99)
    expected = great_circle_km((53.55, 9.99), (52.52, 13.40))
    assert made.links[0]["length_km"] == pytest.approx(expected, abs=1e-3)
    assert column(made.links, "basis") == ["derived", "derived"]
    assert [(row["node_a"], row["node_b"], row["rate_bps"]) for row in made.demands] == [("ham-burg", "koeln", 18.5)]
    assert "no detour factor was applied" in " ".join(made.notes)
    assert "demands of a node to itself, left out: 1" in made.notes
    assert tables(NATIVE, demand_bps_per_unit=2.0).demands[0]["rate_bps"] == 37.0
    assert "one unit of the file's demands is taken as 1 bit/s" in " ".join(made.notes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("( 9.99 53.55 )", "( 200 175 )"), "not on Earth"),
        (("( 9.99 53.55 )", "( nan 1 )"), "row 7: 'nan' is no longitude"),
        (
            ("( Berlin Koeln )", "( Berlin Kolen )"),
            "row 13: there is no node 'Kolen'",
        ),
        (("type: network", "type: solution"), "no network"),
        (("  Berlin ( 13", "  Koeln ( 13"), "there twice"),
        (("Ham_burg ) 2 3.0", "Ham_burg ) 2 -3.0"), "row 17: the demand -6 is below zero"),
        (("3.0 UNLIMITED\n)", "3.0 UNLIMITED\n"), "not right here"),
        (("1 12.5", "1 many"), "row 16: 'many' is no demand value"),
    ],
)
def test_sndlib_native_refused(tables, change, message):
    assert change[0] in NATIVE
    assert message in refused(tables, NATIVE.replace(*change))


def test_sndlib_xml(tables):
    made = tables(XML.format(kind="geographical"))
    assert column(made.links, "link_id") == ["a-b", "a-b-2"]
    assert made.demands[0]["rate_bps"] == 9.0
    assert "of the type 'pixel'" in refused(tables, XML.format(kind="pixel"))


def test_topohub(tables):
    made = tables(TOPOHUB)
    assert column(made.nodes, "node_id") == ["wuhan", "hefei", "hefei-2"]
    assert column(made.links, "link_id") == ["wuhan-hefei", "hefei-hefei-2", "hefei-hefei-2-2"]
    assert column(made.links, "length_km") == [311.5, 11.0, 12.0]
    assert column(made.demands, "rate_bps") == [12.0, 5.0]
    notes = " ".join(made.notes)
    assert "several nodes share a name" in notes
    assert "links of a node to itself, left out: 1" in notes


def test_topolib_joins_both_directions(tables):
    made = tables(TOPOLIB)
    assert [(row["node_id"], row["name"]) for row in made.nodes] == [("xi-an", "Xi'an"), ("node-5", "北京")]
    assert column(made.links, "length_km") == [1050.5]
    assert column(made.links, "basis") == ["published"]
    longer = TOPOLIB | {"links": [*TOPOLIB["links"], {"id": 2, "src": 5, "dst": 4, "length": 1200}]}
    made = tables(longer)
    assert sorted(column(made.links, "length_km")) == [1050.5, 1200]
    assert "without a way back" in " ".join(made.notes)


def test_gnpy(tables):
    made = tables(GNPY)
    assert column(made.nodes, "name") == ["Stadt A", "Stadt B"]
    (link,) = made.links
    assert link["length_km"] == 130.0
    assert link["attenuation_db_per_km"] == pytest.approx((60 * 0.2 + 70 * 0.3) / 130)
    assert link["extra_loss_db"] == 0.75
    assert "quantum light does not pass them: 2" in " ".join(made.notes)


def test_gnpy_tells_every_problem(tables):
    wrong = json.loads(json.dumps(GNPY))
    wrong["elements"][4]["params"]["length_units"] = "mile"
    wrong["elements"][5]["type"] = "Edffa"
    wrong["connections"].append({"from_node": "roadm Z", "to_node": "roadm B"})
    message = refused(tables, wrong)
    assert "'mile' is not known" in message
    assert "did you mean 'Edfa'?" in message
    assert "no element 'roadm Z'" in message


def test_geojson(tables):
    made = tables(GEOJSON)
    assert column(made.nodes, "node_id") == ["a-b", "bee"]
    bent, straight = made.links
    half = great_circle_km((50.0, 8.0), (50.5, 8.1))
    assert bent["length_km"] == pytest.approx(2 * half, abs=0.1)
    assert bent["geometry"] == "LINESTRING (8.0 50.0, 8.1 50.5, 8.0 51.0)"
    assert (straight["length_km"], straight["risk_groups"], straight["basis"]) == (123.0, "duct", "published")
    elsewhere = json.loads(json.dumps(GEOJSON))
    elsewhere["features"][3]["geometry"]["coordinates"][1] = [8.0, 52.0]
    elsewhere["crs"] = {"type": "name", "properties": {"name": "EPSG:3857"}}
    message = refused(tables, elsewhere)
    assert "is at none of the points" in message
    assert "another reference system" in message


def test_graphml(tables):
    made = tables(GRAPHML)
    assert column(made.nodes, "node_id") == ["bad-ort", "bad-ort-2"]
    assert column(made.links, "length_km") == [44.0, 45.5]
    message = refused(tables, GRAPHML.replace("Latitude", "y").replace("Longitude", "x"))
    assert "2 of 2 nodes have no coordinates: Bad Ort, Bad Ort" in message
    assert "its unit is not known" in " ".join(tables(GRAPHML.replace("length_km", "length")).notes)


BOMB = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><graphml><graph>&b;</graph></graphml>'
FETCH = '<!DOCTYPE g [<!ENTITY x SYSTEM "file:///etc/passwd">]><graphml><graph>&x;</graph></graphml>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BOMB, "document type (DTD)"),
        (FETCH, "document type (DTD)"),
        ("<a>" * 5000, "nested too deeply"),
        ("<graphml><graph>", "not valid XML"),
        ('<?xml version="1.0" encoding="no-such"?><graphml/>', "not valid XML"),
        ("<gpx/>", "one of SNDlib native text, SNDlib XML"),
        ("<graphml/>", "holds 0 graphs"),
        ("[" * 100_000, "nested too deeply"),
        ('{"nodes": [}', "row 1: is not valid JSON"),
        ('{"nodes": [], "edges": [NaN]}', "NaN is no number"),
        ('{"nodes": [], "nodes": []}', "there twice in one object"),
        ('{"nodes": [], "edges": [' + "9" * 5000 + "]}", "not valid JSON"),
        ('{"nodes": [], "edges": []}', "holds no nodes"),
        ('{"nodes": [1], "edges": {}}', "format that is not known"),
        ('{"anything": 1}', "JSON of a format that is not known"),
        ("[]", "JSON of a format that is not known"),
        ("", "is empty"),
        ("name,lat\n", "of a format that is not known"),
        (
            '{"nodes": [], "edges": [], "elements": [], "connections": []}',
            "could be TopoHub JSON or GNPy",
        ),
        ('{"nodes": [{"id": 1, "pos": [1e999, 0]}], "edges": []}', "no longitude"),
        ('{"nodes": [{"id": true, "pos": ["a", {}]}, {"id": 2, "pos": 3}], "edges": [7]}', "is no position"),
    ],
)
def test_hostile_and_unknown(tables, content, message):
    assert message in refused(tables, content)


def instance(name):
    return Path(str(importlib.resources.files("topohub") / "data" / "sndlib" / f"{name}.json"))


@pytest.mark.parametrize("name", ["france", "norway"])
def test_coordinates_of_a_picture_are_refused(tmp_path, name):
    with pytest.raises(InputError, match="not on Earth"):
        convert_network(instance(name), tmp_path / "out", choices=WITH_MODULE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "stations", "optimum"),
    [("polska", 35, 0.580701), ("nobel-germany", 32, 8.819980), ("nobel-eu", 193, 2.496083)],
)
def test_published_instances_give_the_known_optima(tmp_path, name, stations, optimum):
    """Links cut at 80 km, 20000 * 10^(-0.02 d) bit/s a span of d km; the optima come from an edge-flow LP."""
    done = convert_network(instance(name), tmp_path / name, choices=Choices(module=MODULE, span_km=80))
    network = load(tmp_path / name)
    assert (network.nodes["basis"] == "assumed").sum() == stations
    assert network.links["length_km"].max() <= 80
    assert done.network.demands.equals(network.demands)
    rates = 20_000 * 10 ** (-0.02 * network.links["length_km"])
    budget = network.links[["link_id", "node_a", "node_b", "length_km"]].assign(key_rate_bps=rates)
    demands = network.demands.assign(requested_bps=network.demands["rate_bps"])
    growth = allocate(network, budget=budget, demands=demands).growth
    assert growth.factor == pytest.approx(optimum, abs=1e-6)
    assert growth.bound == pytest.approx(optimum, abs=1e-6)


@pytest.mark.parametrize("target", ["out", "out.xlsx", "out.graphml"])
def test_what_ships_comes_back(tmp_path, target):
    before = load("wuhan-hefei")
    convert_network("wuhan-hefei", tmp_path / target)
    again = convert_network(tmp_path / target, tmp_path / "back").network
    kept = {"nodes": [], "links": ["module"], "demands": []}
    for table, left_out in kept.items():
        if table == "demands" and target.endswith("graphml"):
            continue
        columns = [name for name in getattr(before, table) if name not in (*left_out, "source")]
        assert getattr(again, table)[columns].equals(getattr(before, table)[columns]), table
    assert list(again.links["module"]) == list(before.links["module"])


def test_same_bytes_twice(tmp_path):
    for target in ("a.xlsx", "b.xlsx"):
        convert_network(instance("polska"), tmp_path / target, choices=WITH_MODULE)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    network = load(tmp_path / "a.xlsx")
    assert len(network.nodes) == 12
    assert set(network.links["basis"]) == {"assumed"}


def test_nothing_is_overwritten_or_left_behind(tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    book = tmp_path / "there.xlsx"
    book.write_bytes(b"mine")
    for target in (full, book, tmp_path / "no" / "where"):
        with pytest.raises(InputError):
            convert_network(instance("polska"), target, choices=WITH_MODULE)
    for target, choices in [("x.json", WITH_MODULE), ("x", Choices()), ("x", Choices(module="decoy"))]:
        with pytest.raises(UsageError):
            convert_network(instance("polska"), tmp_path / target, choices=choices)
    with pytest.raises(UsageError, match="for files of other programs"):
        convert_network("wuhan-hefei", tmp_path / "x", choices=WITH_MODULE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "there.xlsx"]
    assert book.read_bytes() == b"mine"
    empty = tmp_path / "empty"
    empty.mkdir()
    convert_network(instance("polska"), empty, choices=WITH_MODULE)
    assert len(load(empty).links) == 18


def test_workbook_holds_no_module_of_its_own(tmp_path):
    convert_network("wuhan-hefei", tmp_path / "own")
    module = next((tmp_path / "own" / "modules").glob("*.toml"))
    module.write_text(module.read_text("utf-8").replace("dead_time_s = ", "dead_time_s = 1"), "utf-8")
    with pytest.raises(InputError, match="a workbook holds tables only"):
        convert_network(tmp_path / "own", tmp_path / "own.xlsx")
    assert not (tmp_path / "own.xlsx").exists()


def test_command_line(tmp_path):
    arguments = ["convert", str(instance("polska")), str(tmp_path / "out"), "--module", MODULE, "--span-km", "80"]
    result = CliRunner().invoke(app, [*arguments, "--demand-bps-per-unit", "0.5", "--json"])
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert {key: told[key] for key in ("format", "written", "nodes", "links", "demands")} == {
        "format": "TopoHub JSON", "written": "folder", "nodes": 47, "links": 53, "demands": 66,
    }  # fmt: skip
    assert "taken as 0.5 bit/s" in " ".join(told["notes"])
    assert CliRunner().invoke(app, ["check", str(tmp_path / "out")]).exit_code == 0
    assert CliRunner().invoke(app, arguments).exit_code == 3  # it is there by now
    assert CliRunner().invoke(app, ["convert", "no-such-network", str(tmp_path / "x")]).exit_code == 3
    assert CliRunner().invoke(app, ["convert", str(tmp_path / "none.json"), str(tmp_path / "x")]).exit_code == 3


def test_names_become_ids():
    assert slug("Frankfurt (Main)") == "frankfurt-main"
    assert slug("Łódź  St. Gallen") == "odz-st-gallen"
    assert slug("北京") == ""
    assert len(KNOWN_FORMATS) == 7


VALUES = st.none() | st.booleans() | st.integers(-300, 300) | st.floats(-400, 400) | st.text(max_size=5)
VALUES |= st.lists(VALUES, max_size=3) | st.dictionaries(st.text(max_size=4), VALUES, max_size=2)


@st.composite
def damaged(draw):
    """A right document with a few values anywhere in it replaced or taken away."""
    document = json.loads(json.dumps(draw(st.sampled_from([TOPOHUB, TOPOLIB, GNPY, GEOJSON]))))
    for _ in range(draw(st.integers(1, 3))):
        here = document
        while True:
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(here[key], dict | list) and draw(st.integers(0, 5)):
                here = here[key]
                continue
            if draw(st.booleans()):
                del here[key]
            else:
                here[key] = draw(VALUES)
            break
    return json.dumps(document)


@given(damaged())
@settings(max_examples=150, deadline=None)
def test_any_damage_is_told_in_plain_words(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.json"
        path.write_text(text, "utf-8")
        try:
            made = make_tables(read_foreign(path), choices=Choices(module=MODULE, span_km=90))
        except InputError as error:
            places = {problem.file for problem in error.problems}
            assert places == {"in.json"}
        else:
            ids = column(made.nodes, "node_id")
            assert len(set(ids)) == len(ids)
            assert len(set(column(made.links, "link_id"))) == len(made.links)
            assert {end for row in made.links for end in (row["node_a"], row["node_b"])} <= set(ids)
