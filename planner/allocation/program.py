"""Linear programs over routes, whose columns are found as they are needed (column generation).

The level program: the largest ``level`` such that every pair of nodes can get ``fixed + level * weight`` bit/s at once.
It is the growth factor with nothing fixed and the requests as weights, and one step of the fair allocation. The
least-key program: the same rates with the least key used, that is the least sum of rate times hops.

Rows: a resource is a link or a module group, each with one unit to spend (a bit/s over a link of rate c spends 1/c
of the link, and 1/c of its group); then one row a pair. The prices of the resources make prices of the links;
a route that is cheaper at these prices than its pair's price enters as a new column (L. R. Ford and D. R. Fulkerson,
Management Science 5, 97 (1958)). When none is left, the prices prove that the solution is optimal.

Rates span eighteen powers of ten, so nothing is left in bit/s: a column is measured in what its route can carry
or its pair can use, a pair's row in what its first route can carry, the level in what the tightest pair allows.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.routing.cheapest import CheapestRoutes, RouteArray
from planner.solver import LinearProgram, Solution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.allocation.requests import Requests
    from planner.routing import Topology

_FLOOR = 1e-12
"""Share of all prices that is spread over the links in proportion to 1/rate. Without it a link of almost no key would
be free of charge until it is full, and the cheapest routes would be routes that carry nothing."""
_SLIGHT = 1e-8  # a route that carries less than this part of what its pair's first route carries is left out
_CLEARLY = 1e-10  # by what fraction a route must be cheaper to be worth a column
_NEAR = 1e3  # the unit of the level is kept while it is within this factor of what it should be
_MOST_ROUNDS = 10_000
_SLACKS = (1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5)
"""What was found to be possible may, by rounding, be just impossible in the next program, or too near the edge for the
solver to tell: fixed rates are then lowered by the first of these fractions that helps."""


@dataclass(frozen=True)
class Prices:
    """Prices of the resources, and what they prove.

    Attributes:
        resources: Price of a whole unit of each resource: of a link's entire key rate, of a group's entire time.
        pairs: Cheapest route of each pair, per bit/s.
        bound: No level above this is possible.
    """

    resources: NDArray[np.float64]
    pairs: NDArray[np.float64]
    bound: float


class RouteProgram:
    """The linear program and the routes known so far.

    Args:
        topology: The network.
        requests: What is asked for; every pair has a route.
        growing: The requests may be multiplied; else no pair ever gets more than was asked.

    Attributes:
        stretch: About the largest multiple of a request that the scales of the program have room for.
    """

    def __init__(self, topology: Topology, *, requests: Requests, growing: bool) -> None:
        self._topology = topology
        self.requests = requests
        self._cheapest = CheapestRoutes(topology, pairs=requests.pairs)
        self._use_starts, self._use_rows, self._per_bit = _spending(topology)
        self.resources = len(topology.link_ids) + len(topology.group_names)
        self._known: set[tuple[int, ...]] = set()
        self.routes: list[tuple[int, tuple[int, ...]]] = []  # pair and links of each column after the first
        self._units: list[float] = []  # bit/s that one unit of such a column stands for
        asked = requests.by_pair(requests.requested_bps)

        per_bit = self._link_costs(np.ones(self.resources))
        everybody = np.arange(len(requests.pairs))
        self._first = self._cheapest.routes(self._cheapest.search(per_bit, pairs=everybody), everybody)
        bottlenecks = np.minimum.reduceat(topology.rates_bps[self._first.links], self._first.starts[:-1])
        self.stretch = max(1.0, float((bottlenecks / asked).min())) if growing else 1.0
        self._useful = self.stretch * asked
        self.scales = np.minimum(self._useful, bottlenecks)

        self._fixed = np.zeros(len(everybody))
        self._weights = asked if growing else requests.by_pair(requests.requested_bps * requests.priorities)
        most = np.inf if growing else 1.0 / float(requests.priorities.max())
        self._unit = min(self._possible(self._weights), most)  # the level that one unit of the first column stands for
        self._entries = -self._unit * self._weights / self.scales  # of the first column in the rows of the pairs
        free = np.full(len(everybody), np.inf)
        self._program = LinearProgram(
            row_lower=np.concatenate((-np.inf * np.ones(self.resources), np.zeros(len(everybody)))),
            row_upper=np.concatenate((np.ones(self.resources), free)),
        )
        self._program.add_columns(costs=[0.0], starts=[0], rows=self.resources + everybody, values=self._entries)
        self._add(everybody, self._first, cost_per_hop=0.0)
        self._program.start_from(
            basic_columns=np.arange(1 + len(everybody)),
            full_rows=[int(self._loads(self._weights).argmax())],
            tight_rows=self.resources + everybody,
        )
        self._solution: Solution | None = None

    def maximise_level(
        self, *, fixed: NDArray[np.float64], weights: NDArray[np.float64], most: float = np.inf
    ) -> tuple[float, Prices]:
        """Finds the largest level at which every pair gets ``fixed + level * weights``, and its proof.

        Args:
            fixed: What each pair gets in any case. Shape ``(pairs,)``.
            weights: What it gets per unit of level, for some pair above zero. Shape ``(pairs,)``.
            most: The level need not be larger than this.
        """
        self._fixed, self._weights = fixed, weights
        self._set_unit(min(self._possible(weights), most), most=most)
        self._program.set_costs(np.concatenate(([-1.0], np.zeros(len(self.routes)))))
        for _ in range(_MOST_ROUNDS):
            solution = self._solve()
            if 0 < solution.values[0] < 1 / _NEAR:
                self._set_unit(self._unit * float(solution.values[0]), most=most)
                solution = self._solve()
            raised, new = self._price(solution, cost_per_hop=0.0)
            if not new:
                break
        level = float(solution.values[0]) * self._unit
        proof = self._proof(self._resource_prices(solution))
        if proof.bound > level * (1 + _CLEARLY / 100):
            proof = min(proof, self._proof(raised), key=lambda proof: proof.bound)
        return level, proof

    def use_least_key(self, *, fixed: NDArray[np.float64]) -> None:
        """Serves every pair what is fixed over routes that use the least key: the least sum of rate times hops."""
        self._fixed, self._weights = fixed, np.zeros(len(fixed))
        self._set_unit(1.0, most=0.0)
        cost = 1.0 / float(fixed.max(initial=1e-300))
        hops = np.array([len(links) for _, links in self.routes])
        self._program.set_costs(np.concatenate(([0.0], np.array(self._units) * hops * cost)))
        for _ in range(_MOST_ROUNDS):
            solution = self._solve()
            if not self._price(solution, cost_per_hop=cost)[1]:
                break

    def rates(self) -> NDArray[np.float64]:
        """Bit/s on each of :attr:`routes` in the last solution."""
        if self._solution is None:
            return np.zeros(len(self.routes))
        rates: NDArray[np.float64] = np.maximum(self._solution.values[1:], 0.0) * np.array(self._units)
        return rates

    def _proof(self, resources: NDArray[np.float64]) -> Prices:
        """What prices of the resources prove about the level."""
        pairs = self._cheapest.costs(self._link_costs(resources))
        return Prices(resources, pairs, self._bound(resources, pairs))

    def _bound(self, resources: NDArray[np.float64], pairs: NDArray[np.float64]) -> float:
        per_level = float(self._weights @ pairs)
        return float(resources.sum() - self._fixed @ pairs) / per_level if per_level > 0 else np.inf

    def _loads(self, rates_bps: NDArray[np.float64]) -> NDArray[np.float64]:
        """What is spent of each resource when every pair has a rate on its first route."""
        links = self._first.links
        rates = np.repeat(rates_bps, np.diff(self._first.starts)) * self._per_bit[links]
        loads = np.zeros(self.resources)
        for offset in range(2):  # a link uses itself, and perhaps a group
            places = self._use_starts[links] + offset
            uses = places < self._use_starts[links + 1]
            np.add.at(loads, self._use_rows[places[uses]], rates[uses])
        return loads

    def _possible(self, weights: NDArray[np.float64]) -> float:
        """The level that the first routes alone reach with nothing fixed: a lower bound, near enough to scale by."""
        return 1.0 / float(self._loads(weights).max())

    def _set_unit(self, unit: float, *, most: float) -> None:
        """Sets the level that one unit of the first column stands for, and what depends on it."""
        if not self._unit / _NEAR < unit < self._unit * _NEAR:
            self._unit = unit
        rows = self.resources + np.arange(len(self.scales))
        entries = -self._unit * self._weights / self.scales
        changed = np.flatnonzero(entries != self._entries)
        self._program.set_entries(0, rows[changed], entries[changed])
        self._entries = entries
        self._program.set_lower_rows(rows, self._fixed / self.scales)
        self._program.set_upper(0, most / self._unit)

    def _solve(self) -> Solution:
        try:
            self._solution = self._program.solve()
        except AssertionError:
            self._solution = self._solve_with_slack()
        return self._solution

    def _solve_with_slack(self) -> Solution:
        rows = self.resources + np.arange(len(self.scales))
        for slack in _SLACKS:
            self._program.set_lower_rows(rows, self._fixed * (1 - slack) / self.scales)
            with contextlib.suppress(AssertionError):
                return self._program.solve()
        raise AssertionError("rates that were possible are no longer so")

    def _link_costs(self, resources: NDArray[np.float64]) -> NDArray[np.float64]:
        """Prices of a bit/s over each link."""
        if not len(self._use_rows):
            return np.zeros(len(self._topology.link_ids))
        costs: NDArray[np.float64] = np.add.reduceat(resources[self._use_rows], self._use_starts[:-1]) * self._per_bit
        return costs

    def _price(self, solution: Solution, *, cost_per_hop: float) -> tuple[NDArray[np.float64], bool]:
        """Looks for routes that are cheaper than their pair's price, and adds them; also gives the resources' prices.

        A cheaper route that is not added carries too little for the solver to care. It would hide other routes of
        its pair, so its narrowest link is made as dear as it has to be, which costs next to nothing, and the search
        repeated.
        """
        resources = self._resource_prices(solution)
        resources[: len(self._topology.link_ids)] += _FLOOR * resources.sum() / self.resources
        worth = np.maximum(solution.row_prices[self.resources :], 0.0) / self.scales
        paying = np.flatnonzero(worth > 0)
        for _ in range(_MOST_ROUNDS):
            search = self._cheapest.search(self._link_costs(resources) + cost_per_hop, pairs=paying)
            cheaper = np.flatnonzero(search.costs < worth[paying] * (1 - _CLEARLY))
            if not len(cheaper):
                break
            found = self._cheapest.routes(search, cheaper)
            if self._add(paying[cheaper], found, cost_per_hop=cost_per_hop):
                return resources, True
            missing = (worth[paying] - search.costs)[cheaper]
            resources = self._dearer(resources, found=found, missing=missing)
        return resources, False

    def _resource_prices(self, solution: Solution) -> NDArray[np.float64]:
        prices: NDArray[np.float64] = np.maximum(-solution.row_prices[: self.resources], 0.0)
        return prices

    def _dearer(
        self, resources: NDArray[np.float64], *, found: RouteArray, missing: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Raises the price of each route's narrowest link by what the route's price misses."""
        raised = resources.copy()
        for route, first in enumerate(found.starts[:-1].tolist()):
            links = found.links[first : found.starts[route + 1]]
            rates = self._topology.rates_bps[links]
            narrow = int(links[rates.argmin()])
            raised[narrow] = max(raised[narrow], resources[narrow] + float(missing[route] * rates.min()))
        return raised

    def _add(self, pairs: NDArray[np.int64], found: RouteArray, *, cost_per_hop: float) -> bool:
        """Adds routes as columns, but those that are known already or carry next to nothing."""
        rows: list[int] = []
        values: list[float] = []
        begins: list[int] = []
        costs: list[float] = []
        starts = found.starts.tolist()
        for pair, first, last in zip(pairs.tolist(), starts[:-1], starts[1:], strict=True):
            route = tuple(found.links[first:last].tolist())
            unit = min(float(self._useful[pair]), float(self._topology.rates_bps[list(route)].min()))
            if (pair, *route) in self._known or unit < _SLIGHT * float(self.scales[pair]):
                continue
            self._known.add((pair, *route))
            spent: dict[int, float] = {}
            for link in route:
                for row in self._use_rows[self._use_starts[link] : self._use_starts[link + 1]].tolist():
                    spent[row] = spent.get(row, 0.0) + unit * float(self._per_bit[link])
            spent[self.resources + pair] = unit / float(self.scales[pair])
            begins.append(len(rows))
            rows += list(spent)
            values += list(spent.values())
            costs.append(cost_per_hop * unit * len(route))
            self.routes.append((pair, route))
            self._units.append(unit)
        if costs:
            self._program.add_columns(costs=costs, starts=begins, rows=rows, values=values)
        return bool(costs)


def _spending(topology: Topology) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """What a bit/s over each link spends: where the link's resources begin, the resources, and how much of each."""
    links = len(topology.link_ids)
    grouped = topology.link_groups >= 0
    starts = np.concatenate(([0], np.cumsum(1 + grouped)))
    rows = np.zeros(starts[-1], dtype=np.int64)
    rows[starts[:-1]] = np.arange(links)
    rows[starts[:-1][grouped] + 1] = links + topology.link_groups[grouped]
    with np.errstate(divide="ignore"):
        per_bit = np.where(topology.rates_bps > 0, 1.0 / topology.rates_bps, 0.0)
    return starts, rows, per_bit
