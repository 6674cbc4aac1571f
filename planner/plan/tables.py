"""The tables of a plan: what the demands get, and what the routes ask of links and nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.allocation.result import ROUTE_COLUMNS
from planner.records import rows_of, shared_by

if TYPE_CHECKING:
    from planner.network import Network

NODE_COLUMNS = {
    "node_id": "object", "relay_limit_bps": "float64", "relayed_bps": "float64", "reserved_bps": "float64",
    "relay_utilisation": "float64", "user_ports": "Int64", "ports_used": "int64",
}  # fmt: skip

_ROUTE_DTYPES = {"rate_bps": "float64", "set": "int64"}


def served_demands(
    demands: pd.DataFrame, *, served_bps: Mapping[str, float], protection_given: Mapping[str, str]
) -> pd.DataFrame:
    """The demands with what they get.

    Args:
        demands: ``demand_id``, ``requested_bps``, ``protection``.
        served_bps: By demand.
        protection_given: By demand; those without key have none.

    Returns:
        The table with ``served_bps``, ``served_fraction`` (1 where nothing is asked) and ``protection_given``.
    """
    demands = demands.assign(served_bps=demands["demand_id"].map(dict(served_bps)).astype("float64"))
    given = [protection_given.get(demand_id) for demand_id in demands["demand_id"]]
    asked = demands["requested_bps"] > 0
    return demands.assign(
        served_fraction=(demands["served_bps"] / demands["requested_bps"]).where(asked, 1.0),
        protection_given=pd.Series(given, index=demands.index, dtype="object"),
    )


def link_loads(budget: pd.DataFrame, routes: pd.DataFrame, *, reserved_bps: Mapping[str, float]) -> pd.DataFrame:
    """How much of each link's key is used.

    Args:
        budget: ``link_id``, ``node_a``, ``node_b``, ``key_rate_bps``.
        routes: The routes with their roles; protection routes load nothing by themselves.
        reserved_bps: What is held for protection routes, by link.

    Returns:
        One row a link: ``key_rate_bps``, ``load_bps`` (in use and held), ``reserved_bps`` (held), ``utilisation``.
    """
    load: dict[str, float] = dict.fromkeys(budget["link_id"], 0.0)
    for route in rows_of(routes):
        for link in route.links if route.role != "protection" else ():
            load[link] += route.rate_bps
    links = budget[["link_id", "node_a", "node_b", "key_rate_bps"]].copy()
    links["reserved_bps"] = links["link_id"].map(lambda link: reserved_bps.get(link, 0.0)).astype("float64")
    links["load_bps"] = links["link_id"].map(load).astype("float64") + links["reserved_bps"]
    links["utilisation"] = (links["load_bps"] / links["key_rate_bps"]).where(links["load_bps"] > 0, 0.0)
    return links[["link_id", "node_a", "node_b", "key_rate_bps", "load_bps", "reserved_bps", "utilisation"]]


def node_loads(
    network: Network,
    *,
    demands: pd.DataFrame,
    routes: pd.DataFrame,
    shared: bool = False,
) -> pd.DataFrame:
    """What each node passes on, against its limits.

    Args:
        network: The network.
        demands: ``node_a``, ``node_b``, ``protection_given``.
        routes: The routes with their roles and sets.
        shared: Whether protection routes that are never in use at the same time share what they reserve.

    Returns:
        One row a node: ``relay_limit_bps``, ``relayed_bps`` (key of routes that the node lies inside of, in use and
        held), ``reserved_bps`` (the part that is held), ``relay_utilisation`` (NaN without a limit), ``user_ports``,
        ``ports_used``.
    """
    working: dict[str, float] = {}
    for route in rows_of(routes):
        for node in route.nodes[1:-1] if route.role != "protection" else ():
            working[node] = working.get(node, 0.0) + route.rate_bps
    reserved = reserves(network, routes, shared=shared)
    ported = demands[
        demands["protection_given"].notna()
    ]  # those that ask for key, with a route and a port at both ends
    ends = pd.concat([ported["node_a"], ported["node_b"]]).value_counts().to_dict()
    ids = network.nodes["node_id"]
    limits = network.nodes["relay_limit_bps"].astype("float64")
    held = ids.map(lambda node: reserved.get(("node", node), 0.0)).astype("float64")
    relayed = ids.map(lambda node: working.get(node, 0.0)).astype("float64") + held
    frame = pd.DataFrame(
        {
            "node_id": ids,
            "relay_limit_bps": limits,
            "relayed_bps": relayed,
            "reserved_bps": held,
            "relay_utilisation": relayed / limits,
            "user_ports": network.nodes["user_ports"],
            "ports_used": ids.map(lambda node: ends.get(node, 0)),
        }
    )
    return frame.astype(NODE_COLUMNS)


Resource = tuple[str, str]
"""``("link", id)``, ``("node", id)``, ``("risk_group", name)``."""


def reserves(network: Network, routes: pd.DataFrame, *, shared: bool) -> dict[Resource, float]:
    """What links and nodes hold for protection routes.

    Args:
        network: The network, for what its links share.
        routes: The routes with their roles and sets.
        shared: Whether only the most that any single failure calls for is held, else all together.

    Returns:
        Key rate in bit/s by link and by node that a protection route passes through.
    """
    shared_of = {row.link_id: shared_by(row) for row in rows_of(network.links)}
    called: dict[Resource | None, dict[Resource, float]] = {}
    for working, protection in _protected(routes):
        failures = list(_hit_by(working, shared_of=shared_of)) if shared else [None]
        for failure in failures:
            sums = called.setdefault(failure, {})
            for resource in _uses(protection):
                sums[resource] = sums.get(resource, 0.0) + protection.rate_bps
    most: dict[Resource, float] = {}
    for sums in called.values():
        for resource, rate in sums.items():
            most[resource] = max(most.get(resource, 0.0), rate)
    return most


def _protected(routes: pd.DataFrame) -> Iterator[tuple[Any, Any]]:
    """The working and the protection route of each set that has both."""
    of_set: dict[tuple[str, int], dict[str, Any]] = {}
    for route in rows_of(routes):
        of_set.setdefault((route.demand_id, route.set), {})[route.role] = route
    for roles in of_set.values():
        if "protection" in roles and "working" in roles:
            yield roles["working"], roles["protection"]


def _uses(route: Any) -> Iterator[Resource]:
    yield from (("link", link) for link in route.links)
    yield from (("node", node) for node in route.nodes[1:-1])


def _hit_by(route: Any, *, shared_of: Mapping[str, tuple[Resource, ...]]) -> Iterator[Resource]:
    """The single failures that a route does not survive."""
    yield from _uses(route)
    yield from sorted({shared for link in route.links for shared in shared_of[link]})


def measured_routes(budget: pd.DataFrame, routes: pd.DataFrame) -> pd.DataFrame:
    """The routes with ``length_km`` and ``hops``."""
    length_km = dict(zip(budget["link_id"], budget["length_km"], strict=True))
    lengths = [sum(length_km[link] for link in links) for links in routes["links"]]
    hops = [len(links) for links in routes["links"]]
    return routes.assign(length_km=pd.Series(lengths, dtype="float64"), hops=pd.Series(hops, dtype="int64"))


def route_frame(routes: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A table of routes from plain data."""
    rows = [{**r, "nodes": tuple(r["nodes"]), "links": tuple(r["links"])} for r in routes]
    dtypes = {name: _ROUTE_DTYPES.get(name, "object") for name in ROUTE_COLUMNS}
    return pd.DataFrame(rows, columns=list(ROUTE_COLUMNS), dtype="object").astype(dtypes)
