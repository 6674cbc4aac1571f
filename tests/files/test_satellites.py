"""Satellites that nodes name: found in the folder or among what ships, written out, and told when wrong."""

from __future__ import annotations

import pytest

from planner import load
from planner.errors import InputError
from planner.files import input_files
from planner.shipped import data_dir

NODES = """node_id,name,kind,lat_deg,lon_deg,basis,satellite
here,Here,ground,40,117,assumed,
bird,Bird,satellite,36,110,assumed,{satellite}
"""
LINKS = "link_id,node_a,node_b,length_km,key_rate_bps,basis\nup,here,bird,900,1,assumed\n"


@pytest.fixture
def folder(tmp_path):
    """Makes a network's folder whose satellite is named so."""

    def make(satellite, *, nodes=NODES):
        (tmp_path / "network.toml").write_text('title = "One satellite"\n')
        (tmp_path / "nodes.csv").write_text(nodes.format(satellite=satellite))
        (tmp_path / "links.csv").write_text(LINKS)
        return tmp_path

    return make


def problems(path):
    with pytest.raises(InputError) as caught:
        load(path)
    return caught.value.problems


def shipped_text():
    return (data_dir() / "satellites" / "micius-2017.toml").read_text(encoding="utf-8")


def test_shipped_satellite_comes_with_its_module_and_sources(folder):
    network = load(folder("micius-2017"))
    assert network.satellites["micius-2017"].inclination_deg == 97.4
    assert network.modules["micius-2017"].protocol == "bb84-decoy"
    assert {"qcompute-micius", "wikipedia-micius"} <= set(network.sources)


def test_own_satellite_and_module_come_first(folder):
    path = folder("own")
    for kind in ("satellites", "modules"):
        (path / kind).mkdir()
    (path / "satellites" / "own.toml").write_text(
        shipped_text().replace('module = "micius-2017"', 'module = "payload"').replace("= 500.0", "= 600.0")
    )
    module = (data_dir() / "modules" / "micius-2017.toml").read_text(encoding="utf-8")
    (path / "modules" / "payload.toml").write_text(module)
    network = load(path)
    assert network.satellites["own"].altitude_km == 600.0
    assert set(network.modules) == {"payload"}


def test_written_out_it_is_whole(folder, tmp_path):
    network = load(folder("micius-2017"))
    copy = tmp_path / "copy"
    for file in input_files(network):
        place = copy / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)
    again = load(copy)
    assert again.satellites == network.satellites
    assert again.modules == network.modules
    assert not any(file.name.startswith("data/satellites") for file in again.files), "its own are enough"


def test_unknown_satellite_is_told(folder):
    (problem,) = problems(folder("micius-2071"))
    assert problem.file.endswith("nodes.csv")
    assert (problem.row, problem.column) == (3, "satellite")
    assert "micius-2017" in problem.expected


def test_only_satellites_have_an_orbit(folder):
    (problem,) = problems(folder("", nodes=NODES.replace("117,assumed,", "117,assumed,micius-2017")))
    assert (problem.row, problem.column) == (2, "satellite")
    assert "kind" in problem.message


def test_wrong_figures_and_an_unknown_module_are_told(folder):
    path = folder("own")
    (path / "satellites").mkdir()
    own = path / "satellites" / "own.toml"
    own.write_text(shipped_text().replace("inclination_deg = 97.4", "inclination_deg = 970.4"))
    (problem,) = problems(path)
    assert problem.file.endswith("satellites/own.toml")
    assert problem.column == "inclination_deg"
    own.write_text(shipped_text().replace('module = "micius-2017"', 'module = "micius-2071"'))
    (problem,) = problems(path)
    assert problem.file.endswith("satellites/own.toml")
    assert problem.column == "module"
    assert "micius-2017" in problem.expected
