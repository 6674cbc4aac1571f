"""A network: its tables, its graph, and that it stays as it is."""

from __future__ import annotations

import dataclasses

import networkx as nx
import pytest
from pydantic import ValidationError

from planner.network import InputFile, Network, build_network
from planner.records import SourceRecord

NODES = [
    {"node_id": "a", "name": "<b>Alpha</b>", "kind": "trusted", "lat_deg": 30, "lon_deg": 110, "basis": "assumed"},
    {
        "node_id": "b",
        "name": "Beta",
        "kind": "user",
        "lat_deg": 31,
        "lon_deg": 110,
        "basis": "published",
        "source": "x",
    },
]
LINKS = [
    {"link_id": key, "node_a": "a", "node_b": "b", "length_km": 120, "key_rate_bps": rate, "basis": "assumed"}
    for key, rate in (("one", 10), ("two", 20))
]


@pytest.fixture
def network() -> Network:
    return build_network(nodes=NODES, links=LINKS, sources={"x": SourceRecord(citation="X")}, name="<i>n</i>")


def test_the_graph_keeps_parallel_links_and_all_columns(network: Network) -> None:
    graph = network.graph
    assert set(graph.edges(keys=True)) == {("a", "b", "one"), ("a", "b", "two")}
    assert graph.edges["a", "b", "two"]["key_rate_bps"] == 20
    assert graph.nodes["b"]["kind"] == "user"
    with pytest.raises(nx.NetworkXError):
        graph.add_node("c")


def test_links_of_satellites_are_known() -> None:
    sky = NODES[1] | {"node_id": "s", "kind": "satellite"}
    links = [*LINKS, LINKS[0] | {"link_id": "up", "node_b": "s"}]
    network = build_network(nodes=[*NODES, sky], links=links)
    assert network.satellite_links == {"up"}
    assert build_network(nodes=NODES, links=LINKS).satellite_links == frozenset()


def test_a_change_makes_a_new_network(network: Network) -> None:
    other = network.replace(title="Other")
    assert (network.title, other.title) == ("<i>n</i>", "Other")
    assert other.links is network.links
    with pytest.raises(dataclasses.FrozenInstanceError):
        network.title = "x"  # type: ignore[misc]


def test_how_it_shows_itself(network: Network) -> None:
    assert repr(network) == "<Network '<i>n</i>': 2 nodes, 2 links, 240 km, 0 demands>"
    assert "<i>" not in network._repr_html_()
    assert "&lt;i&gt;n&lt;/i&gt;" in network._repr_html_()
    assert network.link_title("b", "a") == "Beta–<b>Alpha</b>"


def test_wrong_rows_are_refused() -> None:
    with pytest.raises(ValidationError):
        build_network(nodes=[{**NODES[0], "lat_deg": 200}], links=[])


def test_input_files_know_their_hash() -> None:
    file = InputFile("x", b"abc")
    assert file.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert "abc" not in repr(file)
