"""Linear programs over sets of routes, whose columns are found as they are needed (column generation).

A row is what joins demands (:mod:`planner.allocation.requests`); a column is a set of routes for a row, a single route
where nothing is protected. The level program: the largest ``level`` such that every row can get ``fixed + level *
weight`` bit/s at once. It is the growth factor with nothing fixed and the requests as weights, and one step of the fair
allocation. The total program: the most bit/s, each row at most what it asks for. The least-key program: fixed rates
with the least key used, that is the least sum of rate times hops.

Each resource (:mod:`planner.allocation.resources`) has one unit to spend; then each row has a row of the program.
The prices of the resources make prices of routes; a set that is cheaper at these prices than its row's price enters
as a new column (L. R. Ford and D. R. Fulkerson, Management Science 5, 97 (1958)). When none is left, the prices prove
that the solution is optimal. Resources in failures enter as rows when a solution overspends them.

Rates span eighteen powers of ten, so nothing is left in bit/s: a column is measured in what its routes can carry
or its row can use, a row in what its first set can carry, the level in what the tightest row allows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from planner.allocation.columns import Columns
from planner.allocation.first import FirstSets
from planner.allocation.loads import Loads
from planner.allocation.pricing import Offer, Pricing, Proof, dearer
from planner.allocation.rational import ExactProgram
from planner.allocation.reduced import Aim, ReducedProgram
from planner.solver import LinearProgram, Solution, TooManyStepsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.allocation.requests import Requests
    from planner.allocation.resources import Resources
    from planner.routing.prices import RouteSet

_FLOOR = 1e-12
"""Share of all prices that is spread over the links in proportion to 1/rate. Without it a link of almost no key would
be free of charge until it is full, and the cheapest routes would be routes that carry nothing."""

_CLEARLY = 1e-10  # by what fraction a set must be cheaper to be worth a column
_SURELY = 1e-13  # the same where nothing is rounded but the prices of sets
_NEAR = 1e3  # the unit of the level is kept while it is within this factor of what it should be
_LIKE = 1e2  # so are the units of the rows
_OVERSPENT = 1e-12  # a resource in a failure is overspent when its load is above 1 by more than this
_MANY_ROWS = 1500  # with more rows the reduced program is quicker
_PROVED = 1e-8  # by how much the bound may be above a level that the reduced program found
_MOST_ROUNDS = 10_000
_MOST_STEPS = 3000  # of a solve by the simplex method, before points inside take over
_ROUGH, _SHARP = 1e-2, 0.9e-4  # tolerances of the first and the last points inside
_FEW = 0.02  # of all rows: so few of them may miss a set when the simplex method goes on
_SLACKS = (0.0, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11)
"""What was found to be possible may, by rounding, be just impossible in the next program, or too near the edge for the
solver to tell: fixed rates are then lowered by the first of these fractions that helps."""


class RouteProgram:
    """The linear program and the sets of routes known so far.

    Args:
        resources: The resources of the network.
        requests: What is asked for; every row has a set of routes.
        growing: The requests may be multiplied; else no row ever gets more than was asked.
        capped: Rows for :meth:`maximise_total` and :meth:`require_total` too.
        reducing: With very many rows, the reduced program answers where it can.
        exact: In exact arithmetic, which is for small programs.

    Attributes:
        stretch: About the largest multiple of a request that the scales of the program have room for.
        scales: Bit/s that one unit of each row stands for.
        reducing: Whether the reduced program answers at first.
        capped: Whether there are rows for the total.
        exact: Whether nothing is rounded.
    """

    def __init__(
        self, resources: Resources, *, requests: Requests, growing: bool, capped: bool = False, reducing: bool = True,
        exact: bool = False,
    ) -> None:  # fmt: skip
        self.resources, self.requests, self.exact = resources, requests, exact
        self._pricing = Pricing(resources, requests=requests)
        self._loads = Loads(resources)
        self._sharing = requests.shared.tolist()
        self._asked = asked = requests.by_row(requests.requested_bps)
        self._everybody = everybody = np.arange(len(asked))

        first = self._pricing.first(np.ones(resources.count))
        self._first = FirstSets(first, resources=resources, sharing=self._sharing)
        self.stretch = max(1.0, float((self._first.carries / asked).min())) if growing else 1.0
        self._useful = self.stretch * asked
        self.scales = np.minimum(self._useful, self._first.carries)

        self._fixed = np.zeros(len(everybody))
        self._weights = asked if growing else requests.by_row(requests.requested_bps * requests.priorities)
        most = np.inf if growing else 1.0 / float(requests.priorities.max())
        self._unit = min(self._first.level(self._weights), most)  # the level that the first column is measured in
        self._entries = -self._unit * self._weights / self.scales  # of the first column in the rows
        self.capped, self._total = capped, -np.inf
        self._total_unit = float(self.scales.sum())
        # Rows: resources, what rows of requests get, its caps and total, then resources in failures.
        self._after = resources.base + len(everybody) + (len(everybody) + 1 if capped else 0)
        self._columns = Columns(
            resources, shared=self._sharing, useful=self._useful, scales=self.scales, after=self._after,
            total_unit=self._total_unit if capped else None, **({"slight": 0.0} if exact else {}),
        )  # fmt: skip
        self._program = self._made()
        self._add(first, cost_per_hop=0.0)
        fullest = int(self._first.loads(self._weights).argmax())
        self._program.start_from(
            basic_columns=np.arange(1 + len(everybody)),
            full_rows=[self._columns.row_of(fullest)],
            tight_rows=resources.base + everybody,
        )
        self._solution: Solution | None = None
        self._lost: frozenset[int] = frozenset()  # links that have failed
        self._dead = np.zeros(0, dtype=np.int64)  # sets over them
        self._reduced: ReducedProgram | None = None
        self.reducing = reducing and len(everybody) > _MANY_ROWS and not (capped or exact or requests.shared.any())
        if self.reducing:
            self._reduced = ReducedProgram(
                resources, pricing=self._pricing, first=first, useful=self._useful, scales=self.scales
            )

    def _made(self) -> LinearProgram | ExactProgram:
        """The program with its first column."""
        base, rows, held = self.resources.base, len(self._everybody), len(self.resources.held)
        caps = np.append(self._asked / self.scales, np.inf) if self.capped else np.zeros(0)
        program = (ExactProgram if self.exact else partial(LinearProgram, most_steps=_MOST_STEPS))(
            row_lower=np.concatenate((np.full(base, -np.inf), np.zeros(rows), np.full(len(caps) + held, -np.inf))),
            row_upper=np.concatenate((np.ones(base), np.full(rows, np.inf), caps, np.ones(held))),
        )
        program.add_columns(costs=[0.0], starts=[0], rows=base + self._everybody, values=self._entries)
        return program

    @property
    def sets(self) -> list[tuple[int, RouteSet]]:
        """Row and routes of each set of routes known, in the order of :meth:`rates`."""
        return self._columns.sets if self._reduced is None else self._reduced.sets

    def maximise_level(
        self, *, fixed: NDArray[np.float64], weights: NDArray[np.float64], most: float = np.inf
    ) -> tuple[float, Proof]:
        """Finds the largest level at which every row gets ``fixed + level * weights``, and its proof.

        Args:
            fixed: What each row gets in any case. Shape ``(rows,)``.
            weights: What it gets per unit of level, for some row above zero. Shape ``(rows,)``.
            most: The level need not be larger than this.
        """
        self._fixed, self._weights = fixed, weights
        unit = min(self._first.level(weights), most)
        found = self._maximise_reduced(unit, most=most)
        if found is not None:
            return found
        self._measure_rows(fixed + weights * unit)
        self._set_unit(unit, most=most, total=self._total)
        self._program.set_costs(np.concatenate(([-1.0], np.zeros(len(self.sets)))))
        # A level that only the slack in the total allows is as good as none and no measure.
        solution, raised, least = self._generate(rescale_to=None if self.capped else most, most=most)
        level = float(solution.values[0]) * self._unit
        if self.capped:  # caps and the total have prices too, so those of the resources prove nothing alone
            return level, Proof(self._resource_prices(solution), self._row_prices(solution), level)
        if level >= most:
            return level, Proof(raised, np.zeros(len(fixed)), level)
        if least is not None and self.requests.shared.any() and not self.exact:
            proof = self._proof(raised, least=least)
            if proof.bound <= level * (1 + _PROVED):
                return level, proof
        proof = self._proof(self._resource_prices(solution))
        if proof.bound > level * (1 + _CLEARLY / 100) and not self.exact:  # exact prices are not to be touched
            proof = min(proof, self._proof(raised), key=lambda proof: proof.bound)
        return level, proof

    def _maximise_reduced(self, unit: float, *, most: float) -> tuple[float, Proof] | None:
        """The level and its proof by the reduced program; None where there is none or it does not prove enough."""
        if self._reduced is None:
            return None
        if most == np.inf:  # rows that bound the level may be missing at first; any prices do
            most = 2 * self._proof(np.ones(self.resources.count)).bound
        found = self._reduced.solve(Aim(self._fixed, self._weights, unit, most))
        if found is not None and 0 < found[0] < unit / _NEAR:
            found = self._reduced.solve(Aim(self._fixed, self._weights, found[0], most))
        if found is not None:
            level, resources = found
            resources[list(self._lost)] = 0.0
            proof = self._proof(resources)
            if level >= most or proof.bound <= level * (1 + _PROVED):
                return level, proof
        self._give_up_reduced()
        return None

    def _give_up_reduced(self) -> None:
        """From now on the full program answers; it learns what the reduced one knew."""
        if self._reduced is not None:
            if self._lost:
                raise AssertionError("the reduced program does not find rates after a failure")
            self._add([Offer(row, routes, 0.0) for row, routes in self._reduced.sets], cost_per_hop=0.0)
            self._reduced = None

    def use_least_key(self, *, fixed: NDArray[np.float64]) -> None:
        """Serves every row what is fixed over routes that use the least key: the least sum of rate times hops."""
        self._fixed, self._weights = fixed, np.zeros(len(fixed))
        cost = 1.0 / float(fixed.max(initial=1e-300))
        if self._reduced is not None:
            if self._reduced.solve(Aim(self._fixed, self._weights, 1.0, 0.0, cost)) is not None:
                return
            self._give_up_reduced()
        self._measure_rows(fixed)
        self._set_unit(1.0, most=0.0)
        self._program.set_costs(np.concatenate(([0.0], self._columns.units * self._columns.hops * cost)))
        self._generate(cost_per_hop=cost)

    def maximise_total(self) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
        """Serves the most bit/s, each row at most what it asks for.

        Returns:
            What each row gets; prices of whole resources, in bit/s, that prove it to be the most, in two versions.
        """
        self._fixed = self._weights = np.zeros(len(self._everybody))
        self._set_unit(self._unit, most=0.0)
        self._program.set_costs(np.concatenate(([0.0], -self._columns.units / self._total_unit)))
        solution, raised, _ = self._generate(gain=1.0 / self._total_unit)
        served = np.bincount(self._columns.rows, weights=self.rates(), minlength=len(self._everybody)).astype(float)
        return served, [self._resource_prices(solution) * self._total_unit, raised * self._total_unit]

    def require_total(self, total_bps: float) -> None:
        """From now on all rows together get at least so much when a level is maximised."""
        self._total = total_bps / self._total_unit

    def rates(self) -> NDArray[np.float64]:
        """Bit/s on each of :attr:`sets` in the last solution."""
        if self._reduced is not None:
            return self._reduced.rates
        if self._solution is None:
            return np.zeros(len(self.sets))
        rates: NDArray[np.float64] = np.maximum(self._solution.values[1:], 0.0) * self._columns.units
        return rates

    def costs(self, resources: NDArray[np.float64]) -> NDArray[np.float64]:
        """The cheapest set of each row, per bit/s, at prices of whole resources."""
        return self._pricing.costs(resources)

    # ------------------------------------------------------------ links that fail

    def remember(self) -> None:
        """Keeps what is known now, to start from it whenever links fail."""
        self._program.remember()
        self._kept = len(self._columns.sets), self.scales, self._reduced
        if self._reduced is not None:
            self._reduced.remember()

    def without(
        self, links: frozenset[int], *, dead: NDArray[np.int64], detours: list[Offer], pricing: Pricing
    ) -> None:
        """Starts from what was kept, and lets no route run over some links.

        Args:
            links: The links, by index.
            dead: The sets over them, by their place in :attr:`sets` when it was kept.
            detours: Sets that keep clear of the links, among them one for every row that has no other left and that is
                to be given something.
            pricing: Finds cheapest sets that keep clear of the links.
        """
        known, scales, self._reduced = self._kept
        self._columns.forget(known)
        self._program.go_back()
        if scales is not self.scales:
            self._measure(scales)
        self._lost, self._pricing = links, pricing
        if self._reduced is not None:
            self._reduced.without(dead, detours=detours, pricing=pricing)
        else:
            self._program.set_upper(1 + self._dead, np.inf)
            self._program.set_upper(1 + dead, 0.0)
            self._dead = dead
            self._add(detours, cost_per_hop=0.0)

    # ------------------------------------------------------------ column generation

    def _generate(
        self, *, cost_per_hop: float = 0.0, gain: float = 0.0, rescale_to: float | None = None,
        most: float = np.inf,
    ) -> tuple[Solution, NDArray[np.float64], NDArray[np.float64] | None]:  # fmt: skip
        """Solves, adding columns and rows, until there is nothing to add.

        Args:
            cost_per_hop: What a bit/s over a link costs.
            gain: What a bit/s served earns.
            rescale_to: The level is maximised, up to this; its unit may then change.
            most: The level need not be larger than this, so where it is reached, no set is looked for.

        Returns:
            The solution; prices of the resources at which no set is worth more than it costs; what each row then pays
            at least, where these prices are hardly more than those of the solution.
        """
        for _ in range(_MOST_ROUNDS):
            solution = self._solve(cost_per_hop=cost_per_hop, gain=gain)
            if rescale_to is not None and self._rescale(float(solution.values[0]), most=rescale_to):
                solution = self._solve(cost_per_hop=cost_per_hop, gain=gain)
            if self._hold_overspent():
                continue
            worth = self._worth(solution) + gain
            if float(solution.values[0]) * self._unit >= most:
                return solution, self._resource_prices(solution), None
            raised, new, as_found = self._price(solution, worth=worth, cost_per_hop=cost_per_hop, gain=gain)
            if not new:
                return solution, raised, worth * (1 - _CLEARLY) if as_found else None
        raise AssertionError("column generation does not end")

    def _price(
        self, solution: Solution, *, worth: NDArray[np.float64], cost_per_hop: float, gain: float
    ) -> tuple[NDArray[np.float64], bool, bool]:
        """Looks for sets that are cheaper than their row's price, and adds them.

        Also gives the resources' prices, whether there were any sets, and whether the prices were left as they are.

        A cheaper set that is not added carries too little for the solver to care. It would hide other sets of
        its row, so its narrowest resource is made as dear as it has to be, which costs next to nothing, and the search
        repeated.
        """
        resources = self._resource_prices(solution)
        if not self.exact:
            resources[: self.resources.links] += _FLOOR * resources.sum() / self.resources.base
        below = worth * (1 - (_SURELY if self.exact else _CLEARLY))
        for attempt in range(_MOST_ROUNDS):
            offers = self._pricing.below(resources, worth=below, cost_per_hop=cost_per_hop)
            if not offers:
                return resources, False, attempt == 0
            if self._add(offers, cost_per_hop=cost_per_hop, gain=gain):
                return resources, True, False
            resources = dearer(self.resources, resources, offers=offers, worth=worth, sharing=self._sharing)
        return resources, False, False

    def _worth(self, solution: Solution) -> NDArray[np.float64]:
        """What a bit/s for each row is worth to the solution."""
        base, rows = self.resources.base, len(self._everybody)
        prices = solution.row_prices
        worth = self._row_prices(solution)
        if self.capped:
            worth += np.minimum(prices[base + rows : base + 2 * rows], 0.0) / self.scales
            worth += max(float(prices[self._after - 1]), 0.0) / self._total_unit
        return worth

    def _row_prices(self, solution: Solution) -> NDArray[np.float64]:
        """What a bit/s more for each row would cost."""
        base = self.resources.base
        prices: NDArray[np.float64] = np.maximum(solution.row_prices[base : base + len(self._everybody)], 0.0)
        per_bit: NDArray[np.float64] = prices / self.scales
        return per_bit

    def _resource_prices(self, solution: Solution) -> NDArray[np.float64]:
        rows = np.concatenate((solution.row_prices[: self.resources.base], solution.row_prices[self._after :]))
        prices: NDArray[np.float64] = np.maximum(-rows, 0.0)
        prices[list(self._lost)] = 0.0
        return prices

    def _add(self, offers: list[Offer], *, cost_per_hop: float, gain: float = 0.0) -> bool:
        """Adds sets as columns, but those that are known already or carry next to nothing."""
        new = self._columns.add(offers, cost_per_hop=cost_per_hop, gain=gain)
        if new.costs:
            self._program.add_columns(costs=new.costs, starts=new.starts, rows=new.numbers, values=new.values)
        return bool(new.costs)

    def _hold_overspent(self) -> bool:
        """Adds the resources in failures that the last solution overspends; says whether there were any."""
        if not self.requests.shared.any():
            return False
        rates = self.rates().tolist()
        carried = [
            (routes, self._sharing[row], rate) for (row, routes), rate in zip(self.sets, rates, strict=True) if rate > 0
        ]
        known = set(self.resources.held)
        fresh = [held for held in self._loads.overspent(carried, by=_OVERSPENT) if held not in known]
        if fresh:
            first = self.resources.count
            self.resources.hold(fresh)
            new = self._columns.entries_of(first)
            self._program.add_rows(
                row_lower=np.full(len(fresh), -np.inf), row_upper=np.ones(len(fresh)),
                starts=new.starts, columns=new.numbers, values=new.values,
            )  # fmt: skip
        return bool(fresh)

    # ------------------------------------------------------------ scales and proofs

    def _proof(self, resources: NDArray[np.float64], *, least: NDArray[np.float64] | None = None) -> Proof:
        """What prices of the resources prove about the level."""
        rows = self._pricing.costs(resources, least=least)
        rows[np.isinf(rows)] = 0.0  # without a route, nothing is asked for either
        per_level = float(self._weights @ rows)
        bound = float(resources.sum() - self._fixed @ rows) / per_level if per_level > 0 else np.inf
        return Proof(resources, rows, bound)

    def _set_unit(self, unit: float, *, most: float, total: float = -np.inf) -> None:
        """Sets the level that one unit of the first column stands for, and all that a solve begins with."""
        if not self._unit / _NEAR < unit < self._unit * _NEAR:
            self._unit = unit
        rows = self.resources.base + self._everybody
        if most > 0:  # else the first column is kept at zero, whatever its entries
            entries = -self._unit * self._weights / self.scales
            changed = np.flatnonzero(entries != self._entries)
            self._program.set_entries(0, rows[changed], entries[changed])
            self._entries = entries
        self._program.set_lower_rows(rows, self._fixed / self.scales)
        self._program.set_upper(0, most / self._unit)
        if self.capped:
            self._program.set_lower_rows([self._after - 1], [total])

    def _rescale(self, value: float, *, most: float) -> bool:
        """Measures level and rows in what a level is about; says whether that changed anything."""
        if not value > 0:
            return False
        level = self._unit * value
        far = value < 1 / _NEAR
        if self._measure_rows(self._fixed + self._weights * level) or far:
            self._set_unit(level if far else self._unit, most=most, total=self._total)
            return True
        return False

    def _measure_rows(self, needs: NDArray[np.float64]) -> bool:
        """Measures each row in what it needs, where it is not already; says whether that changed anything.

        The solver's tolerances are then parts of what each row is to have, however little that is beside others.
        """
        if self.capped or self.exact:  # the total is that of the requests, whatever the level
            return False
        ratio = np.divide(needs, self.scales, out=np.ones(len(needs)), where=needs > 0)
        if ratio.min() >= 1 / _LIKE and ratio.max() <= _LIKE:
            return False
        self._measure(np.where(needs > 0, needs, self.scales))
        return True

    def _measure(self, scales: NDArray[np.float64]) -> None:
        new = self._columns.measured_in(scales)
        self._entries = self._entries * self.scales / scales
        rows = self.resources.base + self._everybody
        self._program.replace_entries(
            starts=np.append([0], np.array(new.starts, dtype=np.int64) + len(rows)),
            rows=np.append(rows, np.array(new.numbers, dtype=np.int64)),
            values=np.append(self._entries, new.values),
        )
        self.scales = self._useful = scales

    def _solve(self, *, cost_per_hop: float, gain: float) -> Solution:
        try:
            self._solution = self._with_slack(self._program.solve)
        except TooManyStepsError:
            self._solution = self._look_from_inside(cost_per_hop=cost_per_hop, gain=gain)
        return self._solution

    def _look_from_inside(self, *, cost_per_hop: float, gain: float) -> Solution:
        """Adds sets by the prices of points inside, until few are missing; a solution with a basis.

        Where very many resources are full at once, each corner has prices of its own, and every round finds sets that
        the next has no use for. Prices from the middle of those that are possible tell better what is missing (J.
        Gondzio, P. González-Brevis and P. Munari, European Journal of Operational Research 224, 41 (2013)).
        """
        program, tolerance = self._program, _ROUGH
        if not isinstance(program, LinearProgram):
            raise AssertionError("exact arithmetic takes any number of steps")
        while tolerance >= _SHARP:
            self._solution = program.solve_inside(tolerance=tolerance)
            if self._hold_overspent():
                continue
            resources = self._resource_prices(self._solution)
            resources[: self.resources.links] += _FLOOR * resources.sum() / self.resources.base
            worth = (self._worth(self._solution) + gain) * (1 - _CLEARLY)
            offers = self._pricing.below(resources, worth=worth, cost_per_hop=cost_per_hop)
            added = self._add(offers, cost_per_hop=cost_per_hop, gain=gain)
            if not added or len(offers) < _FEW * len(self._everybody):
                tolerance /= 10
        return self._with_slack(program.solve_across)

    def _with_slack(self, solve: Callable[[], Solution]) -> Solution:
        rows = self.resources.base + self._everybody
        least = self._total if self._weights.any() else -np.inf
        for slack in _SLACKS:
            if slack > 0:
                self._program.set_lower_rows(rows, self._fixed * (1 - slack) / self.scales)
                if self.capped:
                    self._program.set_lower_rows([self._after - 1], [least * (1 - slack)])
            with contextlib.suppress(AssertionError):
                return solve()
        raise AssertionError("rates that were possible are no longer so")
