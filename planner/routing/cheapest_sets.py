"""The cheapest set of k routes between two nodes of which no two share a link, or an inner node and a link.

Successive cheapest augmenting paths in a network whose links, and where they count inner nodes, carry one route each: a
path may take back parts of the routes before it. Potentials keep all costs at least 0, so that each path is found by
Dijkstra's method. After k paths the set is the cheapest of k routes.

Sources: J. W. Suurballe, Networks 4, 125 (1974); J. Edmonds and R. M. Karp, Journal of the ACM 19, 248 (1972).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from planner.routing.prices import Prices, Route, RouteSet
    from planner.routing.topology import Topology

Disjoint = Literal["link", "node"]
"""What routes may not share: links, or links and inner nodes."""


@dataclass(frozen=True)
class FoundSet:
    """Disjoint routes.

    Attributes:
        routes: The routes as links by index from source to target, fewest links first.
        cost: What they cost together.
        cut_nodes: Where fewer routes were found than asked for: nodes by index which, with ``cut_links``, separate the
            ends; as many nodes and links together as routes, and nodes rather than links.
        cut_links: Links by index, likewise.
    """

    routes: RouteSet
    cost: float
    cut_nodes: tuple[int, ...] = ()
    cut_links: tuple[int, ...] = ()


def cheapest_set(
    topology: Topology,
    *,
    source: int,
    target: int,
    ways: int,
    prices: Prices,
    disjoint: Disjoint = "node",
    below: float = math.inf,
) -> FoundSet | None:
    """The cheapest set of disjoint routes, or as many routes as there are where there are fewer.

    Args:
        topology: The network; links without key are left out.
        source: Index of the node where the routes begin.
        target: Index of the node where they end.
        ways: How many routes.
        prices: What they pay; nodes that they may share are free.
        disjoint: What they may not share.
        below: Sets that cost as much are of no interest: then None is given.
    """
    search = _Augmenting(topology, source=source, target=target, prices=prices, split=disjoint == "node")
    cost = 0.0
    for number in range(ways):
        further = search.augment()
        if further is None:
            nodes, links = search.cut()
            return FoundSet(search.routes(), cost, nodes, links)
        cost += further
        # Each further path costs at least as much as the one before.
        if cost + (ways - 1 - number) * further >= below:
            return None
    return FoundSet(search.routes(), cost)


class _Augmenting:
    """Routes in use, and the search for a path that makes one more.

    Node v is ``2 v`` where a path arrives and ``2 v + 1`` where it leaves. A path goes over links that are not in use,
    and back along those that are. Where nodes are split, a path that arrives at one in use can only go back along the
    route through it, and a path that leaves one may also turn to where it was arrived at.
    """

    def __init__(self, topology: Topology, *, source: int, target: int, prices: Prices, split: bool) -> None:
        self.source, self.target, self.split = source, target, split
        self.neighbours = topology.neighbours
        self.relays: Sequence[bool] = topology.relay_list
        self.link_costs, self.node_costs = prices.links, prices.nodes if split else None
        self.used: dict[int, tuple[int, int]] = {}  # link in use -> the nodes it leads from and to
        self.passed: set[int] = set()  # inner nodes in use, where nodes are split
        self.potential: dict[int, float] = {}

    def _node_cost(self, node: int) -> float:
        return self.node_costs[node] if self.node_costs is not None else 0

    def _arcs(self, place: int) -> list[tuple[int, float, int]]:
        """What can follow a place: the next place, its cost, and the link (-1: through a node)."""
        node, leaving = divmod(place, 2)
        costs, used, source = self.link_costs, self.used, self.source
        if leaving:
            arcs = [
                (2 * other, costs[link], link)
                for other, link in self.neighbours[node]
                if link not in used and other != source
            ]
            if node in self.passed or not self.split:
                arcs.append((2 * node, -self._node_cost(node), -1))
            return arcs
        arcs = []
        if node in self.passed or not self.split:
            arcs += [
                (2 * other + 1, -costs[link], link)
                for other, link in self.neighbours[node]
                if link in used and used[link][0] == other
            ]
        if self.relays[node] and node not in self.passed:
            arcs.append((2 * node + 1, self._node_cost(node), -1))
        return arcs

    def augment(self) -> float | None:
        """Adds the cheapest augmenting path and gives its cost; None where there is none."""
        start, goal = 2 * self.source + 1, 2 * self.target
        potential = self.potential
        least: dict[int, float] = {start: 0}
        came: dict[int, tuple[int, int]] = {}
        done: dict[int, float] = {}
        heap: list[tuple[float, int]] = [(0, start)]
        while heap:
            distance, place = heapq.heappop(heap)
            if place in done:
                continue
            done[place] = distance
            if place == goal:
                break
            here = distance + potential.get(place, 0)
            for other, cost, link in self._arcs(place):
                if other in done:
                    continue
                # Rounding may leave a reduced cost just below 0.
                reached = max(here + cost - potential.get(other, 0), distance)
                if reached < least.get(other, math.inf):
                    least[other], came[other] = reached, (place, link)
                    heapq.heappush(heap, (reached, other))
        if goal not in done:
            return None
        for place, distance in done.items():
            # Only differences matter: places that were not reached keep theirs.
            potential[place] = potential.get(place, 0) + distance - done[goal]
        return self._apply(came, goal=goal)

    def _apply(self, came: dict[int, tuple[int, int]], *, goal: int) -> float:
        """Changes the routes by an augmenting path; gives what that costs."""
        cost: list[float] = []
        place = goal
        while place != 2 * self.source + 1:
            arrival, (place, link) = place, came[place]
            node = place // 2
            if link >= 0:
                back = self.used.pop(link, None)
                if back is None:
                    self.used[link] = node, arrival // 2
                cost.append(self.link_costs[link] if back is None else -self.link_costs[link])
            elif self.split:
                (self.passed.add if arrival % 2 else self.passed.discard)(node)
                cost.append(self._node_cost(node) if arrival % 2 else -self._node_cost(node))
        return math.fsum(cost)

    def routes(self) -> RouteSet:
        """The routes in use."""
        onward: dict[int, list[tuple[int, int]]] = {}
        for link in sorted(self.used, reverse=True):
            node, other = self.used[link]
            onward.setdefault(node, []).append((other, link))
        found: list[Route] = []
        while onward.get(self.source):
            route, node = [], self.source
            while node != self.target:
                node, link = onward[node].pop()
                route.append(link)
            found.append(tuple(route))
        return tuple(sorted(found, key=lambda route: (len(route), route)))

    def cut(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The nodes and links that no further path gets past: of the cuts with the most nodes the nearest the source.

        Where nodes are split, every link but one from end to end may be passed as well as the node behind or before it.
        """
        start = 2 * self.source + 1
        seen, waiting = {start}, [start]
        while waiting:
            place = waiting.pop()
            further = [other for other, _, _ in self._arcs(place)]
            if self.split and place % 2:
                node, ends = place // 2, {self.source, self.target}
                further += [2 * other for other, _ in self.neighbours[node] if {node, other} != ends]
            waiting += set(further) - seen
            seen.update(further)
        nodes = tuple(sorted(node for node in self.passed if 2 * node in seen and 2 * node + 1 not in seen))
        links = (link for link, (tail, head) in self.used.items() if 2 * tail + 1 in seen and 2 * head not in seen)
        return nodes, tuple(sorted(links))
