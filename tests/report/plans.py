"""Plans for the tests of the report: a long trunk with a branch, made once."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from planner.network import Network, build_network
from planner.plan import Plan, make_plan
from tests.report.map_networks import chain_network, hostile_network, link_row, node_row

SPANS = 31
STATIONS = tuple(f"s{number:02d}" for number in range(SPANS + 1))


def trunk_network(*, rate_bps: float = 24_000.0, request_bps: float = 5_000.0) -> Network:
    """A trunk of 31 spans, the last but one weak, with a branch of four spans at the 20th station."""
    branch = ("s20", "b1", "b2", "b3", "b4")
    ids = (*STATIONS, *branch[1:])
    nodes = [
        node_row(i, f"Station {i}", name_local=f"站{i}", lat_deg=40 - 0.2 * n, lon_deg=110 + 0.1 * n)
        for n, i in enumerate(ids)
    ]
    pairs = [*pairwise(STATIONS), *pairwise(branch)]
    links = [
        link_row(a, b, length_km=20.0 + 7 * (n % 13), key_rate_bps=rate_bps + 900 * (n % 7), module_pairs=1 + n % 3)
        for n, (a, b) in enumerate(pairs)
    ]
    links[SPANS - 2]["key_rate_bps"] = 12_000.0
    demands = [
        {"demand_id": "through", "node_a": "s00", "node_b": STATIONS[-1], "rate_bps": request_bps},
        {"demand_id": "branch", "node_a": "s00", "node_b": "b4", "rate_bps": 2_000.0, "priority": 2.0},
        {"demand_id": "idle", "node_a": "s03", "node_b": "s04", "rate_bps": 0.0},
    ]
    return build_network(nodes=nodes, links=links, demands=demands, name="trunk", title="Long trunk")


@cache
def trunk_plan() -> Plan:
    return make_plan(trunk_network())


@cache
def strained_plan() -> Plan:
    """The same trunk asked for more than it gives."""
    return make_plan(trunk_network(request_bps=30_000.0))


@cache
def chain_plan() -> Plan:
    """Modules, measured figures, all kinds of node, a dead link."""
    return make_plan(chain_network())


@cache
def hostile_plan() -> Plan:
    """Every text is hostile."""
    return make_plan(hostile_network())
