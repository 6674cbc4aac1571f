"""The best route under the order that was asked for, inside a part of all routes (the step of Yen's method).

An order compares routes first by one measure, then by the next. A bottleneck is no sum: of two partial
routes the narrower but shorter one may win once a still narrower link follows, so one labelling search
cannot find the best route. Two can: the first finds the best value of the measures up to the bottleneck;
the second, among the links that are wide enough for it, the least sum of the others. Both are A* searches,
guided by exact distances in the whole network, which never overestimate those in a part of it.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from planner.routing.topology import Topology

By = Literal["rate", "length", "hops"]
Steps = tuple[tuple[int, ...], tuple[int, ...]]
"""The nodes and the links of a route, by index."""


@dataclass(frozen=True)
class Part:
    """The routes that begin with given steps and do not go on with certain links.

    Attributes:
        nodes: The first nodes.
        links: The links between them.
        banned: Links that may not follow.
    """

    nodes: tuple[int, ...]
    links: tuple[int, ...]
    banned: frozenset[int]


class RouteSearch:
    """Finds best routes between two nodes.

    Attributes:
        topology: The network.
        source: Where routes begin.
        target: Where they end.
    """

    def __init__(self, topology: Topology, *, source: int, target: int, by: By) -> None:
        self.topology, self.source, self.target = topology, source, target
        lengths = topology.lengths_mm
        count, total = len(topology.node_ids) + 1, sum(lengths) + 1
        self._rates: list[float] = topology.rates_bps.tolist()
        self._relays: list[bool] = topology.relays.tolist()
        # What is compared before the bottleneck, and the sums of what is compared before and after it.
        self._first = {"rate": [0] * len(lengths), "length": list(lengths), "hops": [1] * len(lengths)}[by]
        self._sums = [length * count + 1 if by == "length" else total + length for length in lengths]
        self._sums_ahead, _ = self._ahead(self._sums)
        self._first_ahead, self._width_ahead = self._ahead(self._first)

    def best(self, part: Part) -> Steps | None:
        """The best route of a part, or None where it is empty."""
        least_rate = self._bottleneck(part)
        return None if least_rate is None else self._least_sum(part, least_rate)

    def order(self, steps: Steps) -> tuple[object, ...]:
        """What routes are sorted by, best first: the measures, then the ids of the nodes and of the links."""
        nodes, links = steps
        first, sums = (sum(costs[link] for link in links) for costs in (self._first, self._sums))
        return (first, -min(self._rates[link] for link in links), sums, nodes, links)

    def shared_order(self, steps: Steps) -> tuple[object, ...]:
        """The same order by what a route gives when its links of one module group share their time."""
        first, _, *others = self.order(steps)
        return (first, -self.topology.route_rate_bps(steps[1]), *others)

    def _ahead(self, costs: list[int]) -> tuple[dict[int, int], dict[int, float]]:
        """Least cost and greatest bottleneck from each node to the target; nodes that cannot reach it are absent."""
        least: dict[int, int] = {}
        cost_heap = [(0, self.target)]
        widest: dict[int, float] = {}
        width_heap = [(float("-inf"), self.target)]
        while cost_heap:
            cost, node = heapq.heappop(cost_heap)
            if node not in least:
                least[node] = cost
                for other, link in self._backward(node):
                    heapq.heappush(cost_heap, (cost + costs[link], other))
        while width_heap:
            minus_width, node = heapq.heappop(width_heap)
            if node not in widest:
                widest[node] = -minus_width
                for other, link in self._backward(node):
                    heapq.heappush(width_heap, (max(minus_width, -self._rates[link]), other))
        return least, widest

    def _backward(self, node: int) -> tuple[tuple[int, int], ...]:
        return self.topology.neighbours[node] if self._relays[node] or node == self.target else ()

    def _steps_on(self, part: Part, node: int, least_rate: float) -> list[tuple[int, int]]:
        """The steps that may follow at a node."""
        if node != self.source and not self._relays[node]:
            return []
        banned = part.banned if node == part.nodes[-1] else ()
        return [
            (other, link)
            for other, link in self.topology.neighbours[node]
            if self._rates[link] >= least_rate
            and link not in banned
            and other not in part.nodes
            and other in self._sums_ahead
        ]

    def _bottleneck(self, part: Part) -> float | None:
        """The bottleneck of the best route of a part."""
        start = part.nodes[-1]
        width = min((self._rates[link] for link in part.links), default=float("inf"))
        heap = [(self._first_ahead.get(start, 0), -width, 0, -width, start)]
        done = set()
        while heap:
            _, _, cost, minus_width, node = heapq.heappop(heap)
            if node == self.target:
                return -minus_width
            if node in done:
                continue
            done.add(node)
            for other, link in self._steps_on(part, node, 0.0):
                if other not in done:
                    reached, narrow = cost + self._first[link], max(minus_width, -self._rates[link])
                    guess = reached + self._first_ahead[other], max(narrow, -self._width_ahead[other])
                    heapq.heappush(heap, (*guess, reached, narrow, other))
        return None

    def _least_sum(self, part: Part, least_rate: float) -> Steps | None:
        """The route of a part with the least sum over links of some rate at least; equal ones by their ids."""
        heap = [(self._sums_ahead.get(part.nodes[-1], 0), part.nodes, part.links, 0)]
        done = set()
        while heap:
            _, nodes, links, cost = heapq.heappop(heap)
            node = nodes[-1]
            if node == self.target:
                return nodes, links
            if node in done:
                continue
            done.add(node)
            for other, link in self._steps_on(part, node, least_rate):
                if other not in done:
                    reached = cost + self._sums[link]
                    guess = reached + self._sums_ahead[other]
                    heapq.heappush(heap, (guess, (*nodes, other), (*links, link), reached))
        return None
