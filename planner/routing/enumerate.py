"""Simple routes one after another, the cheapest first; the cheapest route that keeps clear of another; pairs of both.

Parts of routes wait in a queue, ordered by what they cost plus the least that the rest can cost (P. E. Hart,
N. J. Nilsson and B. Raphael, IEEE Transactions on Systems Science and Cybernetics 4, 100 (1968)).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.routing.cheapest_sets import Disjoint
    from planner.routing.prices import Prices, Route, RouteSet
    from planner.routing.risks import Risks
    from planner.routing.topology import Topology

_MOST_STEPS = 2000
"""Where as many parts of routes were looked at, the search is given up."""


def routes_by_cost(
    topology: Topology, *, source: int, target: int, prices: Prices
) -> Iterator[tuple[float, Route | None]]:
    """Gives all simple permitted routes with their costs, the cheapest first.

    Args:
        topology: The network; links without key are left out.
        source: Index of the node where the routes begin.
        target: Index of the node where they end.
        prices: What they pay.

    Yields:
        Cost and links of a route; where the search is given up, a cost that no further route is below, and None.
    """
    link_costs = prices.links
    passing = prices.nodes if prices.nodes is not None else [0] * len(topology.node_ids)
    rest = _costs_to(topology, source=source, target=target, prices=prices)
    if source not in rest:
        return
    counter = 0
    heap: list[tuple[float, int, float, int, Route, frozenset[int]]] = [
        (rest[source], 0, 0, source, (), frozenset((source,)))
    ]
    for _ in range(_MOST_STEPS):
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
                pass_on = 0 if other == target else rest[other]
                heapq.heappush(heap, (further + pass_on, -counter, further, other, (*route, link), visited | {other}))
    if heap:
        yield heap[0][0], None


def _costs_to(topology: Topology, *, source: int, target: int, prices: Prices) -> dict[int, float]:
    """The least that it costs to go on from each node to the target, passing on through the node included."""
    done: dict[int, float] = {}
    heap: list[tuple[float, int]] = [(0, target)]
    while heap:
        cost, node = heapq.heappop(heap)
        if node in done:
            continue
        done[node] = cost
        if node == source:
            continue
        for other, link in topology.neighbours[node]:
            if other not in done and (topology.relay_list[other] or other == source):
                own = 0 if other == source or prices.nodes is None else prices.nodes[other]
                heapq.heappush(heap, (cost + prices.links[link] + own, other))
    return done


def cheapest_apart(
    topology: Topology,
    *,
    source: int,
    target: int,
    from_route: Route,
    prices: Prices,
    risks: Risks,
    disjoint: Disjoint = "node",
) -> tuple[float, Route] | None:
    """The cheapest route that shares nothing with another; None where there is none.

    Of equally cheap ones it is one with the fewest links.

    Args:
        topology: The network; links without key are left out.
        source: Index of the node where both routes begin.
        target: Index of the node where they end.
        from_route: The other route, by its links.
        prices: What the route pays.
        risks: The groups of links that the two may not share.
        disjoint: What else they may not share.
    """
    nodes = topology.nodes_on(from_route, source=source)
    taken = set(nodes[:-1] if disjoint == "node" else nodes[:1])
    links, groups, node_costs = set(from_route), risks.used(from_route), prices.nodes
    least, came = {source: (0.0, 0)}, {}
    heap: list[tuple[float, int, int]] = [(0, 0, source)]
    done = set()
    while heap:
        cost, hops, node = heapq.heappop(heap)
        if node in done:
            continue
        done.add(node)
        if node == target:
            break
        if node != source and not topology.relay_list[node]:
            continue
        cost += node_costs[node] if node_costs is not None and node != source else 0
        for other, link in topology.neighbours[node]:
            if other in taken or link in links or not groups.isdisjoint(risks.of_link[link]):
                continue
            further = (cost + prices.links[link], hops + 1)
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


def cheapest_pair(
    topology: Topology,
    *,
    source: int,
    target: int,
    prices: Prices,
    risks: Risks,
    disjoint: Disjoint = "node",
    second: Callable[[Route], Prices] | None = None,
    least: float = 0,
    below: float = math.inf,
    any_below: bool = False,
    decide: Callable[[], tuple[float, RouteSet] | None],
) -> tuple[float, RouteSet] | None:
    """The cheapest pair of routes that share nothing, with its cost; None where there is none.

    Routes are looked at one after another, each with the cheapest that keeps clear of it.

    Args:
        topology: The network; links without key are left out.
        source: Index of the node where the routes begin.
        target: Index of the node where they end.
        prices: What the first route pays, and the second where nothing else is said.
        risks: The groups of links that the two may not share.
        disjoint: What else they may not share.
        second: What the second route pays, given the first.
        least: No pair costs less.
        below: Pairs that cost as much are of no interest.
        any_below: Any cheaper pair will do, where to find the cheapest takes long.
        decide: Finds the cheapest pair where the search does not end soon.
    """
    best, most = None, below
    for cost, route in routes_by_cost(topology, source=source, target=target, prices=prices):
        # Of two that pay alike this is the cheaper, for the others came before.
        if max(2 * cost if second is None else cost, least) >= prices.clearly(most):
            break
        if route is None:
            found = None if any_below and best is not None else decide()
            return best if found is None or found[0] >= most else found
        other = cheapest_apart(
            topology, source=source, target=target, from_route=route,
            prices=prices if second is None else second(route), risks=risks, disjoint=disjoint,
        )  # fmt: skip
        if other is not None and cost + other[0] < most:
            most, best = cost + other[0], (cost + other[0], (route, other[1]))
    return best
