"""The passes of satellites that travel with the map."""

from __future__ import annotations

import importlib.util
import json
from datetime import date, datetime

import pytest
from typer.testing import CliRunner

from planner import load
from planner.cli import app
from planner.errors import UsageError
from planner.network import build_network
from planner.plan import read_plan
from planner.report import map_passes
from planner.report.courses import decode_path
from planner.report.gcj02 import to_gcj02
from planner.report.map import map_html
from planner.report.map_data import map_document
from planner.report.map_passes import passes_on_map
from planner.report.tiles import find_tiles
from planner.satellite import load_satellite
from tests.report.map_networks import link_row, node_row, plan_of

pytest.importorskip("skyfield")


@pytest.fixture(scope="module")
def micius():
    return load("micius")


@pytest.fixture(scope="module")
def told(micius):
    return passes_on_map(micius)


def test_every_station_has_its_passes(micius, told):
    stations = set(micius.nodes.loc[micius.nodes["kind"] == "ground", "node_id"])
    assert {row["station"] for row in told["rows"]} <= stations
    assert {row["satellite"] for row in told["rows"]} == {"micius"}
    assert len(told["rows"]) >= 5
    for row in told["rows"]:
        moments = [datetime.fromisoformat(row[name]) for name in ("start", "culmination", "end")]
        assert moments == sorted(moments)
        assert 10 <= row["highest_deg"] <= 90
        assert row["nearest_km"] >= 480
        assert row["key_bits"] >= 0
        assert len(decode_path(row["path"])) >= 5


def test_what_is_assumed_is_said(told):
    assert told["night"] == "2024-03-01"
    for words in ("2024-03-01 05:34", "UTC", "assumed", "not a forecast", "500 km", "97.4", "00:30", "Micius, 2017"):
        assert words in told["about"]


def test_another_night_is_another_one(micius, told):
    other = passes_on_map(micius, night=date(2026, 11, 22))
    assert other["night"] == "2026-11-22"
    assert all(row["start"].startswith("2026-11-2") for row in other["rows"])
    assert other["rows"] != told["rows"]


@pytest.mark.parametrize("year", [1, 1949, 2050, 9999])
def test_a_night_too_far_off_is_wrong_usage(micius, year):
    with pytest.raises(UsageError, match="too far off"):
        passes_on_map(micius, night=date(year, 12, 31))


def test_the_same_network_gives_the_same_page(micius):
    assert map_html(micius) == map_html(micius)


def test_no_passes_without_an_orbit_or_when_not_wanted(micius):
    assert map_document(load("wuhan-hefei"))["passes"] is None
    assert map_document(micius, night=None)["passes"] is None
    nodes = [
        node_row("bird", "Bird", kind="satellite", lat_deg=35, lon_deg=110),
        node_row("here", "Here", kind="ground", lat_deg=36, lon_deg=112),
    ]
    assert passes_on_map(build_network(nodes=nodes, links=[link_row("bird", "here")])) is None


def own(module="micius-2017"):
    """A satellite of one's own over a station that it has a link to, and one that it has none to."""
    nodes = [
        node_row("bird", "Bird", kind="satellite", lat_deg=35, lon_deg=110, satellite="own"),
        node_row("here", "Here", kind="ground", lat_deg=36, lon_deg=112),
        node_row("there", "There", kind="ground", lat_deg=37, lon_deg=113),
    ]
    satellite = load_satellite("micius-2017").model_copy(update={"altitude_km": 800.0, "module": module})
    return build_network(nodes=nodes, links=[link_row("bird", "here")], satellites={"own": satellite})


def test_only_stations_with_a_link_are_looked_at():
    found = passes_on_map(own())
    assert {row["station"] for row in found["rows"]} == {"here"}
    assert "800 km" in found["about"]


def test_a_module_without_a_model_of_passes_is_told():
    found = passes_on_map(own(module="cv-1mhz-homodyne"))
    assert found["rows"] == []
    assert "bb84-decoy" in found["about"]


def test_the_map_is_made_without_skyfield(micius, monkeypatch):
    known = importlib.util.find_spec
    monkeypatch.setattr(
        map_passes.importlib.util, "find_spec", lambda name: None if name == "skyfield" else known(name)
    )
    found = map_document(micius)["passes"]
    assert found["rows"] == []
    assert "skyfield" in found["about"]
    assert "skyfield" in map_html(micius)


def test_over_shifted_tiles_passes_are_shifted(micius):
    document = map_document(micius, tiles=find_tiles("gaode"))
    row = document["passes"]["rows"][0]
    (lon, lat), (drawn_lon, drawn_lat) = decode_path(row["path"])[0], decode_path(row["drawn_path"])[0]
    assert (drawn_lon, drawn_lat) == pytest.approx(tuple(map(float, to_gcj02(lon, lat))), abs=2e-5)
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize(("day", "code"), [("2026-11-22", 0), ("2066-11-22", 2), ("22.11.2026", 2), ("2026-02-30", 2)])
def test_command_takes_a_night(tmp_path, day, code):
    file = tmp_path / "micius.html"
    done = CliRunner().invoke(app, ["map", "micius", "-o", str(file), "--night", day])
    assert done.exit_code == code
    assert file.exists() == (code == 0)
    if code == 0:
        assert f'"night":"{day}"' in file.read_text(encoding="utf-8")


def test_a_saved_plan_has_passes_without_anything_shipped(micius, tmp_path):
    plan_of(micius).save(tmp_path / "plan")
    again = read_plan(tmp_path / "plan")
    assert passes_on_map(again.network) == passes_on_map(micius)
