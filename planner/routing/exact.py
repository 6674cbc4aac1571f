"""Integer programs for what no shortest path finds: sets of routes that share no risk group.

To find two such routes is NP-hard (J. Q. Hu, IEEE/ACM Transactions on Networking 11, 489 (2003)). Simpler searches come
first and mostly answer; what they leave open is decided here.
"""

from __future__ import annotations

import itertools
import math
import time
from typing import TYPE_CHECKING

from planner.errors import LimitReached
from planner.routing.prices import Prices
from planner.solver import IntegerProgram

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from planner.routing.cheapest_sets import Disjoint
    from planner.routing.prices import Route, RouteSet
    from planner.routing.risks import Risks
    from planner.routing.topology import Topology

CHOSEN = 0.5
"""A column above this is 1."""

_SLACK = 1e-6  # of a measure that was minimised before: the solver's own tolerance
_LEAST_TIME_S = 0.1


def minimise(program: IntegerProgram, *, deadline_s: float = math.inf) -> tuple[NDArray[np.float64] | None, bool]:
    """The cheapest values of a program; None where there are none or none was found in time. And whether it is certain.

    Args:
        program: The program.
        deadline_s: When to stop, by :func:`time.monotonic`.
    """
    time_limit_s = max(deadline_s - time.monotonic(), _LEAST_TIME_S)
    try:
        found = program.minimise(time_limit_s=time_limit_s, best_so_far=True)
    except LimitReached:
        return None, False
    return (None, True) if found is None else (found.values, found.proven)


class SetProgram(IntegerProgram):
    """Columns of several routes between two nodes, and the rows that make them routes that share nothing.

    Args:
        topology: The network; links without key are left out.
        source: Index of the node where the routes begin.
        target: Index of the node where they end.
        ways: How many routes.
        risks: The groups of links that they may not share.
        disjoint: What else they may not share.

    Attributes:
        by_link: The arcs, by number, that go over each link.
    """

    def __init__(
        self, topology: Topology, *, source: int, target: int, ways: int, risks: Risks, disjoint: Disjoint = "node"
    ) -> None:
        super().__init__()
        self._source, self._target = source, target
        self._arcs = topology.arcs(source=source, target=target)
        self._on = [[self.column(whole=True) for _ in self._arcs] for _ in range(ways)]
        self.by_link: dict[int, list[int]] = {}
        self._out: dict[int, list[int]] = {}
        self._into: dict[int, list[int]] = {}
        for number, (node, other, link) in enumerate(self._arcs):
            self.by_link.setdefault(link, []).append(number)
            self._out.setdefault(node, []).append(number)
            self._into.setdefault(other, []).append(number)
        self._flow()
        self._apart(disjoint)
        self._apart_in_risk(risks)

    def _flow(self) -> None:
        inner = sorted((self._out.keys() | self._into.keys()) - {self._source, self._target})
        for columns in self._on:
            for end, at in ((self._source, self._out), (self._target, self._into)):
                self.row({columns[arc]: 1.0 for arc in at.get(end, [])}, lower=1.0, upper=1.0)
            for node in inner:
                leaves = {columns[arc]: 1.0 for arc in self._out.get(node, [])}
                self.row(leaves | {columns[arc]: -1.0 for arc in self._into.get(node, [])}, lower=0.0, upper=0.0)

    def _apart(self, disjoint: Disjoint) -> None:
        nodes = [arcs for node, arcs in self._into.items() if node != self._target] if disjoint == "node" else []
        for numbers in (*self.by_link.values(), *nodes):
            self.row({columns[arc]: 1.0 for columns in self._on for arc in numbers}, upper=1.0)

    def _apart_in_risk(self, risks: Risks) -> None:
        members: dict[int, list[int]] = {}
        for link in self.by_link:
            for risk in risks.of_link[link]:
                members.setdefault(risk, []).append(link)
        for links in members.values():
            touched = []
            for columns in self._on:
                touches = self.column()
                touched.append(touches)
                for link in links:
                    self.row({touches: 1.0} | {columns[arc]: -1.0 for arc in self.by_link[link]}, lower=0.0)
            self.row(dict.fromkeys(touched, 1.0), upper=1.0)

    def pay(self, way: int, prices: Prices) -> None:
        """Sets what one of the routes pays."""
        for column, (node, _, link) in zip(self._on[way], self._arcs, strict=True):
            passing = prices.nodes[node] if prices.nodes is not None and node != self._source else 0.0
            self.costs[column] = prices.links[link] + passing

    def uses(self, way: int, *, link: int | None = None, node: int | None = None) -> dict[int, float]:
        """The columns of which one is 1 where a route uses a link, or passes on through a node."""
        if link is not None:
            numbers = self.by_link.get(link, [])
        else:
            numbers = [] if node is None or node == self._target else self._into.get(node, [])
        return {self._on[way][arc]: 1.0 for arc in numbers}

    def _alike(self) -> None:
        """Numbers routes that pay alike by their first links, so that no set of them is met twice."""
        first = self._out.get(self._source, [])
        for one, next_ in itertools.pairwise(self._on):
            places = {one[arc]: float(place) for place, arc in enumerate(first)}
            self.row(places | {next_[arc]: -float(place) for place, arc in enumerate(first)}, upper=-1.0)

    def routes(self, values: NDArray[np.float64]) -> RouteSet:
        """The routes that the values stand for, in their order; circles beside a route are left out."""
        found: list[Route] = []
        for columns in self._on:
            onward: dict[int, list[tuple[int, int]]] = {}
            for column, (node, other, link) in zip(columns, self._arcs, strict=True):
                if values[column] > CHOSEN:
                    onward.setdefault(node, []).append((other, link))
            ways: dict[int, Route] = {self._source: ()}
            queue = [self._source]
            for node in queue:
                for other, link in sorted(onward.get(node, ())):
                    if other not in ways:
                        ways[other] = (*ways[node], link)
                        queue.append(other)
            found.append(ways[self._target])
        return tuple(found)

    def cheapest(self, prices: Prices, *, deadline_s: float = math.inf) -> tuple[RouteSet | None, bool]:
        """The routes of least cost where they pay alike, None where there are none, and whether that is certain.

        Args:
            prices: What they pay.
            deadline_s: When to stop, by :func:`time.monotonic`.
        """
        if any(prices.links):  # any set at all is found sooner without
            self._alike()
        best, proven = None, True
        for links in prices.measures or (prices.links,):
            for way in range(len(self._on)):
                self.pay(way, Prices(links, prices.nodes))
            values, certain = minimise(self, deadline_s=deadline_s)
            proven &= certain
            if values is None:
                break
            best = values
            paid = {column: cost for column, cost in enumerate(self.costs) if cost}
            spent = math.fsum(cost * round(float(values[column])) for column, cost in paid.items())
            self.row(paid, upper=spent + _SLACK)
        return (None if best is None else self.routes(best)), proven
