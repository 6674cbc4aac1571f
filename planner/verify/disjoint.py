"""The cheapest set of routes that share no inner node and no link, at given costs.

Each node is two vertices, joined by an arc that one route may use; each further route is a cheapest augmenting path at
reduced costs, found by SciPy's Dijkstra (J. W. Suurballe and R. E. Tarjan, Networks 14, 325 (1984)). A set of n routes
after n steps is the cheapest set of n. Risk groups are left out here: what is found costs no more than the cheapest set
that shares none of them, and *is* that set if its routes happen to share none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.verify.graph import Costs
    from planner.verify.ground import Ground, Pair

Route = tuple[tuple[str, ...], tuple[str, ...]]
"""The nodes and the links of a route, from end to end."""


@dataclass(frozen=True)
class Found:
    """A set of routes.

    Attributes:
        routes: The routes; fewer than were asked for where there are no more.
        cost: What a bit/s over each of them costs together.
    """

    routes: tuple[Route, ...]
    cost: float


def share_risks(ground: Ground, routes: tuple[Route, ...]) -> bool:
    """Whether two routes have a risk group in common."""
    seen: set[str] = set()
    for _, links in routes:
        risks = set[str]().union(*(ground.spans[link].risks for link in links))
        if seen & risks:
            return True
        seen |= risks
    return False


class DisjointRoutes:
    """Finds sets of disjoint routes over the links that make key.

    Args:
        ground: The recomputed facts.
        costs: What links and nodes cost.
    """

    def __init__(self, ground: Ground, costs: Costs) -> None:
        self._costs = costs
        self._parallel: dict[Pair, list[tuple[float, str]]] = {}
        for link_id in ground.live:
            span = ground.spans[link_id]
            pair = min(span.node_a, span.node_b), max(span.node_a, span.node_b)
            self._parallel.setdefault(pair, []).append((costs.links.get(link_id, 0.0), link_id))
        for links in self._parallel.values():
            links.sort()
        self._arcs = _Arcs(ground, costs, {pair: links[0] for pair, links in self._parallel.items()})

    def cheapest(self, pair: Pair, *, most: int) -> Found:
        """The cheapest set of routes between two nodes, of as many as there are and at most so many.

        A direct link is a route of its own and takes nothing from others; the dearer of parallel links elsewhere
        are never needed.

        Args:
            pair: The two nodes.
            most: How many routes at most.
        """
        direct = list(self._parallel.get(pair, ()))
        taken: list[Route] = []
        search = _Search(self._arcs, pair)
        for _ in range(most):
            further = search.next_cost()
            if direct and direct[0][0] <= further:
                taken.append((pair, (direct.pop(0)[1],)))
            elif math.isfinite(further):
                search.take()
            else:
                break
        routes = (*taken, *search.routes())
        return Found(routes, math.fsum(self._costs.of_route(*route) for route in routes))


class _Arcs:
    """Every node split in two and the arcs between, with a slot to take each back.

    The structure of the graph that all searches use, each with numbers of its own.

    Attributes:
        names: The nodes.
        number: Where a node is arrived at; it is left at this and the number of nodes.
        cost_of: What each arc costs.
        link_of: Which link an arc goes over, the cheapest of parallel ones.
        tails: Where each slot begins.
        heads: Where it ends.
        starts: Where the slots of each vertex begin.
        slot: The slot of each arc and of each way back.
        numbers: Cost of each slot while no arc is used; infinite for the ways back.
    """

    def __init__(self, ground: Ground, costs: Costs, links: Mapping[Pair, tuple[float, str]]) -> None:
        self.names = ground.nodes
        self.number = {node: index for index, node in enumerate(ground.nodes)}
        size = len(ground.nodes)
        self.cost_of: dict[tuple[int, int], float] = {}
        self.link_of: dict[tuple[int, int], str] = {}
        for (one, other), (cost, link) in links.items():
            for tail, head in ((one, other), (other, one)):
                arc = (size + self.number[tail], self.number[head])
                self.cost_of[arc], self.link_of[arc] = cost, link
        for node in sorted(ground.relays):
            self.cost_of[self.number[node], size + self.number[node]] = costs.nodes.get(node, 0.0)
        slots = [*self.cost_of, *((head, tail) for tail, head in self.cost_of)]
        tails, heads = (np.array([slot[end] for slot in slots], dtype=np.int64) for end in (0, 1))
        order = np.lexsort((heads, tails))
        self.tails, self.heads = tails[order], heads[order]
        self.starts = np.searchsorted(self.tails, np.arange(2 * size + 1))
        self.slot = {slots[number]: place for place, number in enumerate(order.tolist())}
        self.numbers = np.array([*self.cost_of.values(), *([np.inf] * len(self.cost_of))])[order]


class _Search:
    """The augmenting paths between two nodes, one after another.

    Args:
        arcs: The graph; direct links between the nodes are left out.
        pair: The two nodes.
    """

    def __init__(self, arcs: _Arcs, pair: Pair) -> None:
        self._arcs, self._pair = arcs, pair
        size = len(arcs.names)
        one, other = (arcs.number[end] for end in pair)
        self._start, self._goal = size + one, other
        self._numbers: NDArray[np.float64] = arcs.numbers.copy()
        for arc in ((size + one, other), (size + other, one)):
            if arc in arcs.slot:
                self._numbers[arcs.slot[arc]] = np.inf
        self._height = np.zeros(2 * size)
        self._path: list[tuple[int, int]] | None = None
        self._used: set[tuple[int, int]] = set()

    def next_cost(self) -> float:
        """What one more route would cost; infinite where there is none."""
        if self._path is None:
            self._path = self._shortest()
        return float(self._height[self._goal] - self._height[self._start]) if self._path else math.inf

    def _shortest(self) -> list[tuple[int, int]]:
        """The slots of a cheapest path, none where there is no path; heights make all costs positive."""
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        arcs, height = self._arcs, self._height
        reduced = np.maximum(self._numbers + height[arcs.tails] - height[arcs.heads], 0.0)
        graph = csr_array((reduced, arcs.heads, arcs.starts), shape=(len(height), len(height)))
        distances, befores = dijkstra(graph, indices=[self._start], return_predecessors=True)
        distance, before = distances[0], befores[0]
        if not math.isfinite(distance[self._goal]):
            return []
        self._height = height + np.minimum(distance, distance[self._goal])
        path, place = [], self._goal
        while place != self._start:
            path.append((int(before[place]), place))
            place = int(before[place])
        return path

    def take(self) -> None:
        """Uses the path whose cost was told last."""
        slot, cost_of = self._arcs.slot, self._arcs.cost_of
        for tail, head in self._path or ():
            if (tail, head) in cost_of:
                arc, value, back = (tail, head), math.inf, -cost_of[tail, head]
                self._used.add(arc)
            else:
                arc, value, back = (head, tail), cost_of[head, tail], math.inf
                self._used.discard(arc)
            self._numbers[slot[arc]] = value
            self._numbers[slot[arc[::-1]]] = back
        self._path = None

    def routes(self) -> list[Route]:
        """The routes that the used arcs make."""
        onward = {tail: head for tail, head in self._used if tail != self._start}
        routes = []
        for first in sorted(head for tail, head in self._used if tail == self._start):
            nodes, links, tail, head = [self._pair[0]], [], self._start, first
            while head != self._goal:
                nodes.append(self._arcs.names[head])
                links.append(self._arcs.link_of[tail, head])
                tail = onward[head]
                head = onward[tail]
            routes.append(((*nodes, self._pair[1]), (*links, self._arcs.link_of[tail, head])))
        return routes
