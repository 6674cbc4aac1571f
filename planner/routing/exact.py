"""The best set of routes that share no risk group: a mixed-integer program over numbered routes.

Each route has its own 0-1 variable for each way over each link, and one for each group; at most one route may use a
link, an inner node, a group. The measures of the order are minimised one after the other.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.routing.risks import Risks
    from planner.routing.search import Steps
    from planner.routing.topology import Topology

_SLACK = 1e-6  # of a measure that was minimised before, in hops or km: the solver's own tolerance
_LEAST_TIME_S = 0.1
_INFEASIBLE, _OPTIMAL = 2, 0


@dataclass(frozen=True)
class Costs:
    """What is minimised: first the sum of one cost over all links used, then of another.

    Attributes:
        first: Cost of each link.
        then: Cost of each link.
    """

    first: Sequence[float]
    then: Sequence[float]


@dataclass(frozen=True)
class Exact:
    """What the program found.

    Attributes:
        routes: The routes; None where there is no such set, or none was found in time.
        proven: Whether that is certain.
    """

    routes: list[Steps] | None
    proven: bool


def exact_set(
    topology: Topology,
    *,
    links: Sequence[int],
    risks: Risks,
    source: int,
    target: int,
    routes: int,
    split: bool,
    costs: Costs | None,
    deadline_s: float,
) -> Exact:
    """The cheapest set of a number of disjoint routes, or any.

    Args:
        topology: The network.
        links: The links that may be used.
        risks: The groups that the routes may not share.
        source: Where routes begin.
        target: Where they end.
        routes: How many.
        split: Whether they may share no inner node.
        costs: What is minimised; None takes the first set found.
        deadline_s: When to stop, by :func:`time.monotonic`.
    """
    program = _Program(topology, links=links, risks=risks, source=source, target=target, routes=routes, split=split)
    first = program.spread([0.0] * len(topology.link_ids) if costs is None else costs.first)
    found, proven = program.minimise(first, deadline_s=deadline_s)
    if found is None:
        return Exact(None, proven)
    if costs is None:
        return Exact(program.traced(found), proven=True)
    program.add_row(first, upper=float(first @ found) + _SLACK)
    better, also_proven = program.minimise(program.spread(costs.then), deadline_s=deadline_s)
    return Exact(program.traced(found if better is None else better), proven and also_proven)


class _Program:
    """Columns: for each route its arcs, then its groups. Rows are collected as triples."""

    def __init__(
        self,
        topology: Topology,
        *,
        links: Sequence[int],
        risks: Risks,
        source: int,
        target: int,
        routes: int,
        split: bool,
    ) -> None:
        self._source, self._target, self._routes = source, target, routes
        relays = topology.relays.tolist()
        ends = topology.link_ends.tolist()
        # (link, from, to): only relaying nodes are passed through, nothing comes back or goes on.
        self._arcs = [
            (link, a, b)
            for link in links
            for a, b in (ends[link], ends[link][::-1])
            if (a == source or relays[a]) and (b == target or relays[b]) and b != source and a != target
        ]
        self._groups = sorted({group for link in links for group in risks.of_link[link]})
        self._width = len(self._arcs) + len(self._groups)
        self._rows: list[tuple[list[int], list[float]]] = []
        self._lower: list[float] = []
        self._upper: list[float] = []
        self._flow_rows(nodes=len(topology.node_ids))
        self._share_rows(split=split, risks=risks)
        self._order_rows()

    def _add(self, columns: list[int], values: list[float], *, lower: float, upper: float) -> None:
        self._rows.append((columns, values))
        self._lower.append(lower)
        self._upper.append(upper)

    def add_row(self, row: NDArray[np.float64], *, upper: float) -> None:
        """Bounds a sum from above."""
        columns = np.flatnonzero(row)
        self._add(columns.tolist(), row[columns].tolist(), lower=-np.inf, upper=upper)

    def _flow_rows(self, *, nodes: int) -> None:
        """What enters a node leaves it, on each route; one unit leaves the source."""
        at: list[list[tuple[int, float]]] = [[] for _ in range(nodes)]
        for column, (_, tail, head) in enumerate(self._arcs):
            at[tail].append((column, 1.0))
            at[head].append((column, -1.0))
        for route in range(self._routes):
            shift = route * self._width
            for node, parts in enumerate(at):
                value = 1.0 if node == self._source else -1.0 if node == self._target else 0.0
                if parts or value:
                    columns = [shift + column for column, _ in parts]
                    self._add(columns, [sign for _, sign in parts], lower=value, upper=value)

    def _share_rows(self, *, split: bool, risks: Risks) -> None:
        """At most one route uses a link, an inner node, a group."""
        by_link: dict[int, list[int]] = {}
        by_node: dict[int, list[int]] = {}
        for column, (link, _, head) in enumerate(self._arcs):
            by_link.setdefault(link, []).append(column)
            if head != self._target:
                by_node.setdefault(head, []).append(column)
        for members in (*by_link.values(), *(by_node.values() if split else ())):
            columns = [route * self._width + column for route in range(self._routes) for column in members]
            self._add(columns, [1.0] * len(columns), lower=-np.inf, upper=1.0)
        for place, group in enumerate(self._groups):
            uses = [route * self._width + len(self._arcs) + place for route in range(self._routes)]
            self._add(uses, [1.0] * len(uses), lower=-np.inf, upper=1.0)
            for link, members in by_link.items():
                if group in risks.of_link[link]:
                    for route, use in enumerate(uses):
                        columns = [route * self._width + column for column in members]
                        self._add([*columns, use], [*[1.0] * len(columns), -1.0], lower=-np.inf, upper=0.0)

    def _order_rows(self) -> None:
        """Routes are numbered by their first links, so that no set of them is met twice."""
        first = [(column, float(place)) for place, column in enumerate(self._leaving())]
        for route in range(self._routes - 1):
            here, next_ = route * self._width, (route + 1) * self._width
            columns = [here + column for column, _ in first] + [next_ + column for column, _ in first]
            values = [place for _, place in first] + [-place for _, place in first]
            self._add(columns, values, lower=-np.inf, upper=-1.0)

    def _leaving(self) -> list[int]:
        return [column for column, (_, tail, _) in enumerate(self._arcs) if tail == self._source]

    def spread(self, costs: Sequence[float]) -> NDArray[np.float64]:
        """Costs of links as costs of columns."""
        one = np.concatenate(([costs[link] for link, _, _ in self._arcs], np.zeros(len(self._groups))))
        return np.tile(one, self._routes)

    def minimise(self, costs: NDArray[np.float64], *, deadline_s: float) -> tuple[NDArray[np.float64] | None, bool]:
        """The cheapest values, None where there are none; and whether the answer is certain."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        starts = np.cumsum([0, *(len(columns) for columns, _ in self._rows)])
        columns = np.array([column for row, _ in self._rows for column in row], dtype=np.int64)
        values = np.array([value for _, row in self._rows for value in row])
        matrix = csr_array((values, columns, starts), shape=(len(self._rows), len(costs)))
        result = milp(
            costs,
            integrality=np.ones(len(costs), dtype=np.int64),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(matrix, self._lower, self._upper),
            options={"time_limit": max(deadline_s - time.monotonic(), _LEAST_TIME_S), "mip_rel_gap": 0.0},
        )
        if result.x is None:
            return None, result.status == _INFEASIBLE
        return np.round(result.x), result.status == _OPTIMAL

    def traced(self, values: NDArray[np.float64]) -> list[Steps]:
        """The routes that the values stand for; circles beside a route are left out."""
        routes = []
        for route in range(self._routes):
            used = values[route * self._width :][: len(self._arcs)]
            onward: dict[int, list[tuple[int, int]]] = {}
            for column in np.flatnonzero(used).tolist():
                link, tail, head = self._arcs[column]
                onward.setdefault(tail, []).append((head, link))
            came: dict[int, tuple[int, int]] = {}
            queue = [self._source]
            for node in queue:
                for head, link in sorted(onward.get(node, ())):
                    if head not in came and head != self._source:
                        came[head] = node, link
                        queue.append(head)
            nodes, links = [self._target], []
            while nodes[-1] != self._source:
                before, link = came[nodes[-1]]
                nodes.append(before)
                links.append(link)
            routes.append((tuple(nodes[::-1]), tuple(links[::-1])))
        return routes
