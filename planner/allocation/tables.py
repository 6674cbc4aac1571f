"""The flows as the tables that an allocation gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from planner.allocation.result import ROUTE_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

    from planner.allocation.loads import Loads
    from planner.allocation.requests import Requests
    from planner.allocation.resources import Resources
    from planner.allocation.settle import Flow
    from planner.routing import Topology
    from planner.routing.prices import Route, RouteSet

Named = tuple[tuple[str, ...], tuple[str, ...]]
"""Ids of the nodes and of the links of a route."""


def route_table(flows: list[Flow], *, requests: Requests, topology: Topology) -> pd.DataFrame:
    """The flows as a table of routes, sorted by demand, then largest rate first.

    The working route of ``1+1`` is the one with fewer hops, then the shorter one, unless the two share their key with
    others: then it matters which is which.

    Args:
        flows: The flows.
        requests: Their demands.
        topology: The network.
    """
    entries = []
    for flow in flows:
        routes = [_named(route, flow=flow, requests=requests, topology=topology) for route in _ordered(flow, topology)]
        entries.append((requests.demand_ids[flow.demand], -flow.rate_bps, routes, requests.protections[flow.demand]))
    entries.sort(key=lambda entry: entry[:3])
    rows: list[tuple[object, ...]] = []
    demand, number = None, 0
    for demand_id, rate, routes, protection in entries:
        number = number + 1 if demand_id == demand else 1
        demand = demand_id
        rows += [
            (demand_id, nodes, links, -rate, role, number)
            for (nodes, links), role in zip(routes, _roles(protection), strict=True)
        ]
    return _table(rows)


def empty_routes() -> pd.DataFrame:
    """A table of routes without rows."""
    return _table([])


def _table(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    import pandas as pd

    types = ("object", "object", "object", "float64", "object", "int64")
    columns = list(zip(*rows, strict=True)) or [()] * len(ROUTE_COLUMNS)
    return pd.DataFrame(
        {
            name: pd.Series(list(column), dtype=kind)
            for name, column, kind in zip(ROUTE_COLUMNS, columns, types, strict=True)
        }
    )


def _roles(protection: str) -> Iterator[str]:
    if protection == "1+1":
        return iter(("working", "protection"))
    return iter(["working"] if protection == "none" else ["share"] * int(protection.removeprefix("split-")))


def _ordered(flow: Flow, topology: Topology) -> RouteSet:
    if flow.shared or len(flow.routes) == 1:
        return flow.routes
    lengths = topology.lengths_mm
    return tuple(sorted(flow.routes, key=lambda route: (len(route), sum(lengths[link] for link in route), route)))


def _named(route: Route, *, flow: Flow, requests: Requests, topology: Topology) -> Named:
    """Ids along a route, from the demand's node_a to its node_b."""
    first = int(requests.pairs[requests.row_of[flow.demand]][0])
    nodes, links = topology.nodes_on(route, source=first), route
    if requests.turned[flow.demand]:
        nodes, links = nodes[::-1], links[::-1]
    return tuple(topology.node_ids[node] for node in nodes), tuple(topology.link_ids[link] for link in links)


def reserved_bps(flows: list[Flow], *, requests: Requests, topology: Topology, loads: Loads) -> dict[str, float]:
    """The key rate of each link that is held for protection routes, by id.

    Args:
        flows: The flows.
        requests: Their demands.
        topology: The network.
        loads: What flows spend.
    """
    own = [
        ((_ordered(flow, topology)[1],), False, flow.rate_bps)
        for flow in flows
        if not flow.shared and requests.protections[flow.demand] == "1+1"
    ]
    held = loads.reserved_bps((flow.carried for flow in flows if flow.shared), protecting=own)
    return {link_id: held.get(link, 0.0) for link, link_id in enumerate(topology.link_ids)}


def check_disjoint(flows: list[Flow], *, resources: Resources) -> None:
    """Looks at every set of routes again: no two of its routes may fail together.

    Args:
        flows: The flows.
        resources: The resources of the network.

    Raises:
        AssertionError: Two routes of a set share an inner node, a link or a risk group.
    """
    for routes in {flow.routes for flow in flows if len(flow.routes) > 1}:
        failures = [resources.failures(route) for route in routes]
        if sum(map(len, failures)) > len(set().union(*failures)):
            raise AssertionError(f"routes that were to be disjoint are not: {routes}")
