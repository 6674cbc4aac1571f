"""Questions about risk groups, for which no fast method is known: mixed-integer programs, solved by SciPy's HiGHS.

Each route has variables of its own, 0 or 1: for each way over each link, and for each risk group that it touches. A
link, an inner node and a risk group belong to one route at most. To find two such routes is NP-hard (J. Q. Hu, IEEE
Journal on Selected Areas in Communications 21, 489 (2003)), so these programs are kept for where the faster bounds of
:mod:`planner.verify.disjoint` leave something open.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from planner.verify.graph import Costs
    from planner.verify.ground import Ground, Pair

PROGRAM_TOLERANCE = 1e-7
"""Largest relative deviation of what a mixed-integer program finds, here or where the plan was made."""

_LARGEST = 1e4
"""Costs are measured so that the largest that matters is this: the solver stops 1e-6 before the optimum."""

_NOT_SMALL = 1e-3
"""An optimum above this part of the largest cost is exact enough."""

_MOST_ROUNDS = 20

_INFEASIBLE = 2

LINK, NODE, RISK = "link:", "node:", "risk_group:"
"""What can fail, or be part of a cut, is named by its kind and its id."""


class Rows:
    """Rows of a linear program, collected entry by entry.

    Attributes:
        columns: How many columns there are.
    """

    def __init__(self) -> None:
        self.columns = 0
        self._rows: list[int] = []
        self._columns: list[int] = []
        self._values: list[float] = []
        self._lower: list[float] = []
        self._upper: list[float] = []

    def new_columns(self, count: int) -> range:
        """Makes room for columns and gives their numbers."""
        self.columns += count
        return range(self.columns - count, self.columns)

    def add(self, entries: Mapping[int, float], *, lower: float = -math.inf, upper: float = math.inf) -> None:
        """Adds a row."""
        self._rows += [len(self._lower)] * len(entries)
        self._columns += entries.keys()
        self._values += entries.values()
        self._lower.append(lower)
        self._upper.append(upper)

    def minimise(
        self, costs: Mapping[int, float], *, whole: int
    ) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
        """The values between 0 and 1 that cost least; None where there are none.

        Args:
            costs: Cost of columns; others are free.
            whole: The first so many columns are 0 or 1.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        shape = (len(self._lower), self.columns)
        matrix = csr_array((self._values, (self._rows, self._columns)), shape=shape)
        cost = np.zeros(self.columns)
        cost[list(costs)] = list(costs.values())
        integrality = np.zeros(self.columns, dtype=np.int64)
        integrality[:whole] = 1
        found = milp(
            cost,
            integrality=integrality,
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(matrix, self._lower, self._upper),
            options={"mip_rel_gap": 0.0},
        )
        if found.x is None:
            if found.status == _INFEASIBLE:
                return None
            raise AssertionError(f"a mixed-integer program of the verification was not solved: {found.message}")
        values: np.ndarray[tuple[int], np.dtype[np.float64]] = found.x
        return values


class RouteSet(Rows):
    """A set of numbered routes between two nodes that share no inner node, no link and no risk group.

    Args:
        ground: The recomputed facts.
        pair: The two nodes.
        routes: How many routes.

    Attributes:
        arcs: The ways that a route can go: link, from, to.
        on: For each route the column of each way.
        whole: How many columns that makes: those that are 0 or 1.
    """

    def __init__(self, ground: Ground, pair: Pair, *, routes: int) -> None:
        super().__init__()
        self._ground, self._pair = ground, pair
        start, goal = pair
        self.arcs = [
            (link, tail, head)
            for link in ground.live
            for tail, head in _ways(ground, link)
            if tail != goal and head != start and {tail, head} <= ground.relays | {start, goal}
        ]
        self.on = [list(self.new_columns(len(self.arcs))) for _ in range(routes)]
        for columns in self.on:
            self._join(columns)
        self.whole = self.columns
        self._keep_apart()

    def _join(self, columns: Sequence[int]) -> None:
        """A route goes from end to end: what enters an inner node leaves it."""
        balance: dict[str, dict[int, float]] = {end: {} for end in self._pair}
        for column, (_, tail, head) in zip(columns, self.arcs, strict=True):
            balance.setdefault(tail, {})[column] = 1.0
            balance.setdefault(head, {})[column] = -1.0
        for node, entries in balance.items():
            net = {self._pair[0]: 1.0, self._pair[1]: -1.0}.get(node, 0.0)
            self.add(entries, lower=net, upper=net)

    def _keep_apart(self) -> None:
        """Of a link, an inner node and a risk group, one route at most makes use."""
        once: dict[tuple[str, str], dict[int, float]] = {}
        touches: dict[tuple[str, int], list[int]] = {}
        for number, columns in enumerate(self.on):
            for column, (link, _, head) in zip(columns, self.arcs, strict=True):
                once.setdefault(("link", link), {})[column] = 1.0
                if head != self._pair[1]:
                    once.setdefault(("node", head), {})[column] = 1.0
                for risk in self._ground.spans[link].risks:
                    touches.setdefault((risk, number), []).append(column)
        for (risk, _), columns in touches.items():
            touched = self.new_columns(1)[0]
            once.setdefault(("risk group", risk), {})[touched] = 1.0
            for column in columns:
                self.add({touched: 1.0, column: -1.0}, lower=0.0)
        for entries in once.values():
            self.add(entries, upper=1.0)

    def costs_of(self, number: int, costs: Costs) -> dict[int, float]:
        """What each way costs a route, with what it costs to pass on through the node that the way leads to."""
        goal = self._pair[1]
        return {
            column: costs.links.get(link, 0.0) + (0.0 if head == goal else costs.nodes.get(head, 0.0))
            for column, (link, _, head) in zip(self.on[number], self.arcs, strict=True)
        }


def _ways(ground: Ground, link: str) -> tuple[tuple[str, str], tuple[str, str]]:
    span = ground.spans[link]
    return (span.node_a, span.node_b), (span.node_b, span.node_a)


def disjoint_exists(ground: Ground, pair: Pair, *, routes: int) -> bool:
    """Whether so many routes between two nodes share no inner node, no link and no risk group."""
    program = RouteSet(ground, pair, routes=routes)
    return program.minimise({}, whole=program.whole) is not None


def cheapest_disjoint(ground: Ground, pair: Pair, costs: Costs, *, routes: int) -> float:
    """What the cheapest set of so many disjoint routes costs; infinite where there is none.

    Args:
        ground: The recomputed facts.
        pair: The two nodes.
        costs: What links and nodes cost.
        routes: How many routes.
    """
    program = RouteSet(ground, pair, routes=routes)
    columns: dict[int, float] = {}
    for number in range(routes):
        columns |= program.costs_of(number, costs)
    return _least(program, columns)


def cheapest_shared(ground: Ground, pair: Pair, working: Costs, called: Mapping[str, Costs]) -> float:
    """What the cheapest pair of a working and a shared protection route costs; infinite where there is none.

    The protection route costs something only in failures that hit the working route, which is a product of two
    decisions: ``z >= x + h - 1`` stands for "the protection route goes this way and the failure hits".

    Args:
        ground: The recomputed facts.
        pair: The two nodes.
        working: What links and nodes cost the working route.
        called: What they cost the protection route in each failure that has a price.
    """
    program = RouteSet(ground, pair, routes=2)
    columns = program.costs_of(0, working)
    for failure, costs in called.items():
        ways = [
            column for column, arc in zip(program.on[0], program.arcs, strict=True) if _hits(ground, failure, arc, pair)
        ]
        if ways:
            _pay_if_hit(program, columns, ways=ways, costs=program.costs_of(1, costs))
    return _least(program, columns)


def _pay_if_hit(program: RouteSet, columns: dict[int, float], *, ways: list[int], costs: dict[int, float]) -> None:
    hit = program.new_columns(1)[0]
    for column in ways:
        program.add({hit: 1.0, column: -1.0}, lower=0.0)
    for column, cost in costs.items():
        if cost > 0:
            both = program.new_columns(1)[0]
            program.add({both: 1.0, column: -1.0, hit: -1.0}, lower=-1.0)
            columns[both] = cost


def _hits(ground: Ground, failure: str, arc: tuple[str, str, str], pair: Pair) -> bool:
    """Whether a failure takes down a way, or the inner node that it leads to."""
    link, _, head = arc
    span = ground.spans[link]
    return failure == f"{LINK}{link}" or failure in span.risks or (head not in pair and failure == f"{NODE}{head}")


def _least(program: RouteSet, costs: Mapping[int, float]) -> float:
    """What the cheapest values cost.

    A cost above that of a known answer can be lowered to it without making anything cheaper than the optimum; so the
    costs are cut down until the optimum is not small beside the largest of them.
    """
    limit = best = max(costs.values(), default=0.0)
    known = False
    for _ in range(_MOST_ROUNDS):
        unit = limit / _LARGEST if limit > 0 else 1.0
        values = program.minimise({column: min(c, limit) / unit for column, c in costs.items()}, whole=program.whole)
        if values is None:
            return math.inf
        cost = math.fsum(c for column, c in costs.items() if values[column] > 1 / 2)
        best = min(best, cost) if known else cost
        known = True
        if best == 0 or best >= _NOT_SMALL * limit:
            break
        limit = best
    return best


def least_cut(ground: Ground, pair: Pair) -> int:
    """How few nodes, links and risk groups together separate two nodes.

    Args:
        ground: The recomputed facts.
        pair: The two nodes, which may not be in the cut.
    """
    program = Rows()
    start, goal = pair
    inner = sorted(ground.relays - {start, goal})
    parts = [f"{LINK}{link}" for link in ground.live] + [f"{NODE}{node}" for node in inner]
    parts += sorted({risk for link in ground.live for risk in ground.spans[link].risks})
    taken = dict(zip(parts, program.new_columns(len(parts)), strict=True))
    arrive = dict(zip([*inner, goal], program.new_columns(len(inner) + 1), strict=True))
    depart = dict(zip([*inner, start], program.new_columns(len(inner) + 1), strict=True))
    program.add({depart[start]: 1.0}, upper=0.0)
    program.add({arrive[goal]: 1.0}, lower=1.0)
    for node in inner:
        program.add({depart[node]: -1.0, arrive[node]: 1.0, taken[f"{NODE}{node}"]: 1.0}, lower=0.0)
    for link in ground.live:
        guards = [f"{LINK}{link}", *ground.spans[link].risks]
        for tail, head in _ways(ground, link):
            if tail in depart and head in arrive:
                entries = {depart[tail]: 1.0, arrive[head]: -1.0} | {taken[guard]: 1.0 for guard in guards}
                program.add(entries, lower=0.0)
    values = program.minimise(dict.fromkeys(taken.values(), 1.0), whole=len(parts))
    if values is None:
        raise AssertionError("the links between two nodes always separate them")
    return round(sum(float(values[column]) for column in taken.values()))
