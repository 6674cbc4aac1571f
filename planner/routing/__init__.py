"""Routes: the best ways for key between two nodes.

Key is passed on from node to node by XOR, so a route gives the least key rate of its links; only relaying nodes
(:data:`planner.records.RELAY_KINDS`) may lie inside it. Parallel links make different routes. A link of zero
key rate carries no key and is never used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from planner.errors import InputError, Problem, UsageError
from planner.routing.cheapest_sets import Disjoint
from planner.routing.cuts import Cut
from planner.routing.disjoint import disjoint_set
from planner.routing.kbest import k_best
from planner.routing.search import By, RouteSearch, Steps
from planner.routing.topology import Topology

if TYPE_CHECKING:
    import pandas as pd

    from planner.network import Network

__all__ = [
    "By", "Cut", "Disjoint", "Route", "RouteAnswer", "Topology", "best_routes", "find_routes", "make_route",
]  # fmt: skip

_MOST_ROUTES = 2_000
"""So many routes are looked at where links share modules in time."""


@dataclass(frozen=True)
class Route:
    """A way for key from one node to another.

    Attributes:
        nodes: Ids of the nodes, both ends included.
        links: Ids of the links between them.
        length_km: Length of all links together.
        key_rate_bps: The least key rate of the links.
        bottleneck: The link that has it; of equal ones the first.
        group_key_rate_bps: What the route gives by itself when its links of one module group share their time:
            ``1 / sum(1 / rate)`` over those links; where no two links share modules, ``key_rate_bps``.
    """

    nodes: tuple[str, ...]
    links: tuple[str, ...]
    length_km: float
    key_rate_bps: float
    bottleneck: str
    group_key_rate_bps: float

    @property
    def hops(self) -> int:
        """Number of links."""
        return len(self.links)


@dataclass(frozen=True)
class RouteAnswer:
    """Routes, and what is known about them.

    Attributes:
        routes: The routes, best first.
        proven: Nothing is better. False where a limit was reached first.
        cut: Where disjoint routes were asked for and there are fewer: nodes, links and risk groups of which every route
            uses one, the fewest that there are.
    """

    routes: tuple[Route, ...]
    proven: bool = True
    cut: Cut | None = None


def make_route(topology: Topology, steps: Steps) -> Route:
    """Names the nodes and links of a route and sums up what it gives.

    Args:
        topology: The network.
        steps: Nodes and links, by index.
    """
    nodes, links = steps
    narrowest = min(links, key=lambda link: float(topology.rates_bps[link]))
    return Route(
        nodes=tuple(topology.node_ids[node] for node in nodes),
        links=tuple(topology.link_ids[link] for link in links),
        length_km=math.fsum(float(topology.lengths_km[link]) for link in links),
        key_rate_bps=float(topology.rates_bps[narrowest]),
        bottleneck=topology.link_ids[narrowest],
        group_key_rate_bps=topology.route_rate_bps(links),
    )


def best_routes(
    network: Network,
    *,
    budget: pd.DataFrame,
    node_a: str,
    node_b: str,
    k: int = 1,
    by: By = "rate",
    disjoint: Disjoint | None = None,
) -> list[Route]:
    """The best routes between two nodes, best first: the routes of :func:`find_routes`."""
    answer = find_routes(network, budget=budget, node_a=node_a, node_b=node_b, k=k, by=by, disjoint=disjoint)
    return list(answer.routes)


def find_routes(
    network: Network,
    *,
    budget: pd.DataFrame,
    node_a: str,
    node_b: str,
    k: int = 1,
    by: By = "rate",
    disjoint: Disjoint | None = None,
) -> RouteAnswer:
    """The best routes between two nodes, best first.

    The orders: ``rate``, the widest route (largest ``group_key_rate_bps``), then fewest hops, then shortest;
    ``length``, the shortest, then widest, then fewest hops; ``hops``, fewest hops, then widest, then shortest. Lengths
    are compared to the millimetre; routes that are still equal are ordered by the ids of their nodes and links.

    Without ``disjoint`` these are the k best simple routes. With it they are a set of routes of which no two share a
    link or a risk group (``link``), or a link, a risk group, an inner node, an optical switch or a measurement station
    (``node``): as many as there are, at most k. Of the sets of that many it is the one of least total length (by
    length; then of fewest hops together), of fewest hops together (by hops; then of least total length), or of
    the largest least ``key_rate_bps`` (by rate; then as by hops).

    Args:
        network: The network.
        budget: Its key-rate budget: one row a link with ``link_id``, ``node_a``, ``node_b``, ``length_km``,
            ``key_rate_bps``.
        node_a: Where the routes begin.
        node_b: Where they end.
        k: How many routes at most.
        by: The order.
        disjoint: What the routes may not share.

    Returns:
        At most k routes; none where the two nodes are not joined. Where there are fewer disjoint ones, the cut.

    Raises:
        UsageError: k is below 1, or an unknown order.
        InputError: A node does not exist or holds no key, or both are the same.
    """
    if k < 1:
        raise UsageError(f"the number of routes must be at least 1, not {k}")
    if by not in get_args(By):
        raise UsageError(f"the order of routes is one of {', '.join(get_args(By))}, not '{by}'")
    if disjoint is not None and disjoint not in get_args(Disjoint):
        raise UsageError(f"disjoint is one of {', '.join(get_args(Disjoint))}, not '{disjoint}'")
    topology = Topology.of(network, budget=budget)
    source, target = _ends(topology, node_a, node_b)
    search = RouteSearch(topology, source=source, target=target, by=by)
    if disjoint is None:
        found, proven = k_best(search, k=k, most=max(_MOST_ROUTES, k))
        return RouteAnswer(tuple(make_route(topology, steps) for steps in found), proven)
    chosen = disjoint_set(topology, source=source, target=target, k=k, by=by, disjoint=disjoint)
    steps = [(topology.nodes_on(route, source=source), route) for route in chosen.routes]
    routes = tuple(make_route(topology, route) for route in sorted(steps, key=search.shared_order))
    return RouteAnswer(routes, chosen.proven, chosen.cut if len(routes) < k else None)


def _ends(topology: Topology, node_a: str, node_b: str) -> tuple[int, int]:
    """The two ends of a route by index; all that is wrong with them at once."""
    ends: list[int] = []
    problems: list[Problem] = []
    for node_id in (node_a, node_b):
        try:
            ends.append(topology.end(node_id))
        except InputError as error:
            problems.extend(error.problems)
    if node_a == node_b and not problems:
        problems.append(Problem(f"both ends are '{node_a}'", expected="two different nodes"))
    if problems:
        raise InputError(dict.fromkeys(problems))
    return ends[0], ends[1]
