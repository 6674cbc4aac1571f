"""A network for the tests of the viewer, edits of it, and requests."""

from __future__ import annotations

import json
from typing import Any

from planner.network import Network, build_network
from planner.physics.module import load_module
from planner.records import SourceRecord
from planner.viewer.changed import Changed, apply_edits
from planner.viewer.edits import read_edits
from tests.test_viewer import Answer, Client

NODES = ("a", "b", "c", "d", "u")


def square_network(**more: Any) -> Network:
    """A ring of four, one of them measured, and a user who hangs on a switch's link."""
    places = {"lat_deg": 30.0, "lon_deg": 110.0, "basis": "assumed"}
    nodes = [
        places | {"node_id": name, "name": name.upper(), "kind": kind, "lat_deg": 30.0 + n}
        for n, (name, kind) in enumerate(zip((*NODES, "s"), (*["trusted"] * 4, "user", "switch"), strict=True))
    ]
    own = {"module": "decoy-625mhz", "basis": "published", "source": "book", "length_km": 40.0}
    links = [
        {"link_id": "ab", "node_a": "a", "node_b": "b", **own, "module_pairs": 2},
        {"link_id": "bc", "node_a": "b", "node_b": "c", **own, "loss_db": 9.0, "key_rate_bps": 30_000.0},
        {"link_id": "cd", "node_a": "c", "node_b": "d", "key_rate_bps": 9_000.0, "length_km": 40.0, "basis": "assumed"},
        {"link_id": "da", "node_a": "d", "node_b": "a", **own},
        {"link_id": "ua", "node_a": "u", "node_b": "a", **own, "via": "s"},
    ]
    demands = [
        {"demand_id": "ac", "node_a": "a", "node_b": "c", "rate_bps": 20_000.0},
        {"demand_id": "bd", "node_a": "b", "node_b": "d", "rate_bps": 5_000.0},
        {"demand_id": "ub", "node_a": "u", "node_b": "b", "rate_bps": 1_000.0},
    ]
    sources = {"book": SourceRecord(citation="A book")}
    modules = {"decoy-625mhz": load_module("decoy-625mhz")}
    rows = {"nodes": nodes, "links": links, "demands": demands, "modules": modules, "sources": sources}
    return build_network(**rows | more, name="square")


def post(app: Client, edits: Any = (), path: str = "/api/plan", **more: Any) -> Answer:
    body = json.dumps({"edits": list(edits), **more}).encode()
    return app.request("POST", path, body=body, content_type="application/json")


def edited(network: Network, *edits: dict[str, Any]) -> Changed:
    modules = {**network.modules, "gys-2004": load_module("gys-2004")}
    return apply_edits(network, read_edits(list(edits)), modules=modules)


def row_of(table: Any, key: str, name: str) -> dict[str, Any]:
    return table[table[key] == name].iloc[0].to_dict()
