"""Cheapest routes at given costs: SciPy's Dijkstra on a graph of this package's own making."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from planner.verify.ground import Ground, Pair


@dataclass(frozen=True)
class Costs:
    """What a bit/s costs.

    Attributes:
        links: On each link; nothing on one that is not named.
        nodes: For passing on through each node; nothing through one that is not named.
    """

    links: Mapping[str, float] = field(default_factory=dict)
    nodes: Mapping[str, float] = field(default_factory=dict)

    def of_route(self, nodes: Iterable[str], links: Iterable[str]) -> float:
        """What a bit/s costs over a route.

        Args:
            nodes: Its nodes from end to end.
            links: Its links.
        """
        inner = list(nodes)[1:-1]
        return math.fsum(self.links.get(link, 0.0) for link in links) + math.fsum(
            self.nodes.get(node, 0.0) for node in inner
        )


FREE = Costs()
"""Nothing costs anything."""


def route_costs(
    ground: Ground,
    pairs: Collection[Pair],
    costs: Costs,
    *,
    links: Iterable[str],
    without: frozenset[str] = frozenset(),
) -> dict[Pair, float]:
    """What the cheapest permitted route between two nodes costs.

    Args:
        ground: The recomputed facts.
        pairs: The pairs of nodes.
        costs: What links and nodes cost.
        links: The links that routes may use.
        without: Nodes that may not be passed through.

    Returns:
        The cost of each pair; infinite where there is no permitted route.
    """
    from scipy.sparse.csgraph import dijkstra

    if not pairs:
        return {}
    graph, arrive, depart = _graph(ground, costs, links=links, without=without)
    starts = sorted({depart[one] for one, _ in pairs})
    distance = dijkstra(graph, directed=True, indices=starts)
    row = {start: index for index, start in enumerate(starts)}
    return {pair: float(distance[row[depart[pair[0]]], arrive[pair[1]]]) for pair in pairs}


def joined_pairs(
    ground: Ground, pairs: Collection[Pair], *, links: Iterable[str], without: frozenset[str] = frozenset()
) -> set[Pair]:
    """Those of some pairs of nodes that a permitted route joins.

    Args:
        ground: The recomputed facts.
        pairs: The pairs of nodes.
        links: The links that routes may use.
        without: Nodes that may not be passed through.
    """
    found = route_costs(ground, pairs, FREE, links=links, without=without)
    return {pair for pair, cost in found.items() if math.isfinite(cost)}


def _graph(
    ground: Ground, costs: Costs, *, links: Iterable[str], without: frozenset[str]
) -> tuple[csr_array[Any], dict[str, int], dict[str, int]]:
    """A directed graph on which every walk between the ends of a demand is a permitted route.

    A node that may not relay is two vertices: at one a route can only end, at the other only begin. So is a node at
    which passing on costs something; an arc of that cost goes from the one to the other.
    """
    from scipy.sparse import csr_array

    arrive = {node: index for index, node in enumerate(ground.nodes)}
    relays = ground.relays - without
    tolls = {node: cost for node, cost in costs.nodes.items() if cost > 0 and node in relays}
    whole = relays - tolls.keys()
    depart = {node: index if node in whole else len(arrive) + index for node, index in arrive.items()}
    cheapest = {(arrive[node], depart[node]): toll for node, toll in tolls.items()}
    for link_id in links:
        span = ground.spans[link_id]
        cost = costs.links.get(link_id, 0.0)
        for one, other in ((span.node_a, span.node_b), (span.node_b, span.node_a)):
            arc = (depart[one], arrive[other])
            cheapest[arc] = min(cost, cheapest.get(arc, math.inf))
    tails, heads = ([arc[end] for arc in cheapest] for end in (0, 1))
    size = 2 * len(arrive)
    weights = np.array(list(cheapest.values()), dtype="float64")
    ends = (np.array(tails, dtype="int32"), np.array(heads, dtype="int32"))
    return csr_array((weights, ends), shape=(size, size)), arrive, depart
