"""The cheapest set of k routes between two nodes of which no two share an inner node or a link.

Successive cheapest augmenting paths in the network with every inner node split in two; node potentials keep all
costs at least 0, so that each path is found by Dijkstra's method. After k paths the set is the cheapest of k routes.

Sources: J. W. Suurballe, Networks 4, 125 (1974); J. Edmonds and R. M. Karp, Journal of the ACM 19, 248 (1972).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.routing.topology import Topology

Route = tuple[int, ...]


@dataclass(frozen=True)
class FoundSet:
    """Disjoint routes.

    Attributes:
        routes: The routes as links by index from source to target, fewest links first.
        cost: What they cost together.
        cut_nodes: Where fewer routes were found than asked for: nodes by index which, with ``cut_links``, separate the
            ends; as many nodes and links together as routes.
        cut_links: Links by index, likewise.
    """

    routes: tuple[Route, ...]
    cost: float
    cut_nodes: tuple[int, ...] = ()
    cut_links: tuple[int, ...] = ()


def cheapest_set(
    topology: Topology,
    *,
    source: int,
    target: int,
    ways: int,
    link_costs: Sequence[float],
    node_costs: Sequence[float] | None = None,
    below: float = math.inf,
) -> FoundSet | None:
    """The cheapest set of disjoint routes, or as many routes as there are where there are fewer.

    Args:
        topology: The network; links without key are left out.
        source: Index of the node where the routes begin.
        target: Index of the node where they end.
        ways: How many routes.
        link_costs: Price of each link, at least 0.
        node_costs: Price of passing on through each node, at least 0.
        below: Sets that cost as much are of no interest: then None is given.
    """
    search = _Augmenting(topology, source=source, target=target, link_costs=link_costs, node_costs=node_costs)
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

    Node v is ``2 v`` where a path arrives and ``2 v + 1`` where it leaves. A path that arrives at a node in use can
    only go back along the route through it; a path that leaves one may also turn to where it was arrived at.
    """

    def __init__(
        self,
        topology: Topology,
        *,
        source: int,
        target: int,
        link_costs: Sequence[float],
        node_costs: Sequence[float] | None,
    ) -> None:
        self.source, self.target = source, target
        self.neighbours = topology.neighbours
        self.relays: Sequence[bool] = topology.relay_list
        self.link_costs, self.node_costs = link_costs, node_costs
        self.into: dict[int, tuple[int, int]] = {}  # node in use -> the node and the link before it
        self.onward: dict[int, tuple[int, int]] = {}  # node in use -> the node and the link after it
        self.used: set[int] = set()
        self.begins: list[tuple[int, int]] = []  # first node and link of each route
        self.potential: dict[int, float] = {}
        self.reached: dict[int, float] = {}

    def _node_cost(self, node: int) -> float:
        return self.node_costs[node] if self.node_costs is not None else 0.0

    def _arcs(self, place: int) -> list[tuple[int, float, int]]:
        """What can follow a place: the next place, its cost, and the link (-1: through a node)."""
        node, leaving = divmod(place, 2)
        if leaving:
            costs, used, source = self.link_costs, self.used, self.source
            arcs = [
                (2 * other, costs[link], link)
                for other, link in self.neighbours[node]
                if link not in used and other != source
            ]
            if node in self.into:
                arcs.append((2 * node, -self._node_cost(node), -1))
            return arcs
        if node in self.into:
            before, link = self.into[node]
            return [] if before == self.source else [(2 * before + 1, -self.link_costs[link], link)]
        return [(2 * node + 1, self._node_cost(node), -1)] if self.relays[node] else []

    def augment(self) -> float | None:
        """Adds the cheapest augmenting path and gives its cost; None where there is none."""
        start, goal = 2 * self.source + 1, 2 * self.target
        potential = self.potential
        least, came = {start: 0.0}, {}
        done: dict[int, float] = {}
        heap = [(0.0, start)]
        while heap:
            distance, place = heapq.heappop(heap)
            if place in done:
                continue
            done[place] = distance
            if place == goal:
                break
            here = distance + potential.get(place, 0.0)
            for other, cost, link in self._arcs(place):
                if other in done:
                    continue
                # Rounding may leave a reduced cost just below 0.
                reached = max(here + cost - potential.get(other, 0.0), distance)
                if reached < least.get(other, math.inf):
                    least[other], came[other] = reached, (place, link)
                    heapq.heappush(heap, (reached, other))
        self.reached = done
        if goal not in done:
            return None
        for place, distance in done.items():
            # Only differences matter: places that were not reached keep theirs.
            potential[place] = potential.get(place, 0.0) + distance - done[goal]
        return self._apply(came, goal=goal)

    def _apply(self, came: dict[int, tuple[int, int]], *, goal: int) -> float:
        """Changes the routes by an augmenting path; gives what that costs."""
        start, steps = 2 * self.source + 1, []
        place = goal
        while place != start:
            before, link = came[place]
            steps.append((before, link, place))
            place = before
        cost, added = [], []
        for before, link, place in steps:
            node, other = before // 2, place // 2
            if link < 0:
                cost.append(self._node_cost(node) if place % 2 else -self._node_cost(node))
            elif link in self.used:
                self.used.discard(link)
                cost.append(-self.link_costs[link])
                # The route through `node` no longer comes from `other`.
                if self.into.get(node) == (other, link):
                    del self.into[node]
                if self.onward.get(other) == (node, link):
                    del self.onward[other]
            else:
                added.append((node, link, other))
                cost.append(self.link_costs[link])
        for node, link, other in added:
            self.used.add(link)
            if node == self.source:
                self.begins.append((other, link))
            else:
                self.onward[node] = (other, link)
            if other != self.target:
                self.into[other] = (node, link)
        return math.fsum(cost)

    def routes(self) -> tuple[Route, ...]:
        """The routes in use."""
        found = []
        for first, begin in self.begins:
            route, node = [begin], first
            while node != self.target:
                node, link = self.onward[node]
                route.append(link)
            found.append(tuple(route))
        return tuple(sorted(found, key=lambda route: (len(route), route)))

    def cut(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The nodes and links that the last search could not get past."""
        nodes = {place // 2 for place in self.reached if place % 2 == 0 and place + 1 not in self.reached}
        passed = tuple(sorted(node for node in nodes if node in self.into and node != self.target))
        links = set()
        for node in {place // 2 for place in self.reached if place % 2 == 1}:
            onward = [self.onward[node]] if node in self.onward else []
            for other, link in onward if node != self.source else self.begins:
                if 2 * other not in self.reached:
                    links.add(link)
        return passed, tuple(sorted(links))
