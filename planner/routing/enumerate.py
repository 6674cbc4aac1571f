"""Simple routes one after another, the cheapest first, and the cheapest route that keeps clear of another.

Parts of routes wait in a queue, ordered by what they cost plus the least that the rest can cost (P. E. Hart,
N. J. Nilsson and B. Raphael, IEEE Transactions on Systems Science and Cybernetics 4, 100 (1968)).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.routing.topology import Topology

Route = tuple[int, ...]


def routes_by_cost(
    topology: Topology,
    *,
    source: int,
    target: int,
    link_costs: Sequence[float],
    node_costs: Sequence[float] | None = None,
    most_steps: int,
) -> Iterator[tuple[float, Route | None]]:
    """Gives all simple permitted routes with their costs, the cheapest first.

    Args:
        topology: The network; links without key are left out.
        source: Index of the node where the routes begin.
        target: Index of the node where they end.
        link_costs: Price of each link, at least 0.
        node_costs: Price of passing on through each node, at least 0.
        most_steps: Where as many parts of routes were looked at, the search is given up.

    Yields:
        Cost and links of a route; where the search is given up, a cost that no further route is below, and None.
    """
    passing = node_costs if node_costs is not None else [0.0] * len(topology.node_ids)
    rest = _costs_to(topology, source=source, target=target, link_costs=link_costs, passing=passing)
    if source not in rest:
        return
    counter = 0
    heap: list[tuple[float, int, float, int, Route, frozenset[int]]] = [
        (rest[source], 0, 0.0, source, (), frozenset((source,)))
    ]
    for _ in range(most_steps):
        if not heap:
            return
        _, _, cost, node, route, visited = heapq.heappop(heap)
        if node == target:
            yield cost, route
            continue
        leaving = cost if node == source else cost + passing[node]
        for other, link in topology.neighbours[node]:
            if other in rest and other not in visited:
                counter += 1
                further = leaving + link_costs[link]
                pass_on = 0.0 if other == target else rest[other]
                heapq.heappush(heap, (further + pass_on, -counter, further, other, (*route, link), visited | {other}))
    if heap:
        yield heap[0][0], None


def _costs_to(
    topology: Topology, *, source: int, target: int, link_costs: Sequence[float], passing: Sequence[float]
) -> dict[int, float]:
    """The least that it costs to go on from each node to the target, passing on through the node included."""
    done: dict[int, float] = {}
    heap = [(0.0, target)]
    while heap:
        cost, node = heapq.heappop(heap)
        if node in done:
            continue
        done[node] = cost
        if node == source:
            continue
        for other, link in topology.neighbours[node]:
            if other not in done and (topology.relay_list[other] or other == source):
                own = 0.0 if other == source else passing[other]
                heapq.heappush(heap, (cost + link_costs[link] + own, other))
    return done


def cheapest_apart(
    topology: Topology,
    *,
    source: int,
    target: int,
    from_route: Route,
    link_costs: Sequence[float],
    node_costs: Sequence[float] | None = None,
) -> tuple[float, Route] | None:
    """The cheapest route that shares no inner node, no link and no risk group with another; None where there is none.

    Of equally cheap ones it is one with the fewest links.

    Args:
        topology: The network; links without key are left out.
        source: Index of the node where both routes begin.
        target: Index of the node where they end.
        from_route: The other route, by its links.
        link_costs: Price of each link, at least 0.
        node_costs: Price of passing on through each node, at least 0.
    """
    taken = {end for link in from_route for end in topology.link_ends[link].tolist()} - {target}
    links = set(from_route)
    risks = {risk for link in from_route for risk in topology.link_risks[link]}
    least, came = {source: (0.0, 0)}, {}
    heap, done = [(0.0, 0, source)], set()
    while heap:
        cost, hops, node = heapq.heappop(heap)
        if node in done:
            continue
        done.add(node)
        if node == target:
            break
        if node != source and not topology.relay_list[node]:
            continue
        cost += node_costs[node] if node_costs is not None and node != source else 0.0
        for other, link in topology.neighbours[node]:
            if other in taken or link in links or not risks.isdisjoint(topology.link_risks[link]):
                continue
            further = (cost + link_costs[link], hops + 1)
            if further < least.get(other, (math.inf, 0)):
                least[other], came[other] = further, (node, link)
                heapq.heappush(heap, (*further, other))
    if target not in done:
        return None
    route, node = [], target
    while node != source:
        node, link = came[node]
        route.append(link)
    return least[target][0], tuple(reversed(route))
