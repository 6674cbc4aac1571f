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
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.allocation.master import NEAR, Master
from planner.allocation.pricing import CLEARLY, Offer, Pricing, Proof, dearer
from planner.allocation.reduced import Aim, ReducedProgram
from planner.solver import LinearProgram, Solution, TooManyStepsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.allocation.requests import Requests
    from planner.allocation.resources import Resources
    from planner.routing.prices import RouteSet

_SURELY = 1e-13  # like CLEARLY, where nothing is rounded but the prices of sets
_MANY_ROWS = 1500  # with more rows the reduced program is quicker
_PROVED = 1e-8  # by how much the bound may be above a level that the reduced program found
_MOST_ROUNDS = 10_000
_ROUGH, _SHARP = 1e-2, 0.9e-4  # tolerances of the first and the last points inside
_FEW = 0.02  # of all rows: so few of them may miss a set when the simplex method goes on


class RouteProgram(Master):
    """What is asked of the program, and how its sets of routes are found.

    Args:
        resources: The resources of the network.
        requests: What is asked for; every row has a set of routes.
        growing: The requests may be multiplied; else no row ever gets more than was asked.
        capped: Rows for :meth:`maximise_total` and :meth:`require_total` too.
        reducing: With very many rows, the reduced program answers where it can.
        exact: In exact arithmetic, which is for small programs.

    Attributes:
        reducing: Whether the reduced program answers at first.
    """

    def __init__(
        self, resources: Resources, *, requests: Requests, growing: bool, capped: bool = False, reducing: bool = True,
        exact: bool = False,
    ) -> None:  # fmt: skip
        self._pricing = Pricing(resources, requests=requests)
        first = self._pricing.first(np.ones(resources.count))
        super().__init__(resources, requests=requests, first=first, growing=growing, capped=capped, exact=exact)
        self._dead = np.zeros(0, dtype=np.int64)  # sets over them
        self._reduced: ReducedProgram | None = None
        self.reducing = (
            reducing and len(self._everybody) > _MANY_ROWS and not (capped or exact or requests.shared.any())
        )
        if self.reducing:
            self._reduced = ReducedProgram(
                resources, pricing=self._pricing, first=first, useful=self._useful, scales=self.scales
            )

    @property
    def sets(self) -> list[tuple[int, RouteSet]]:
        """Row and routes of each set of routes known, in the order of :meth:`rates`."""
        return super().sets if self._reduced is None else self._reduced.sets

    def rates(self) -> NDArray[np.float64]:
        """Bit/s on each of :attr:`sets` in the last solution."""
        return super().rates() if self._reduced is None else self._reduced.rates

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
        if proof.bound > level * (1 + CLEARLY / 100) and not self.exact:  # exact prices are not to be touched
            proof = min(proof, self._proof(raised), key=lambda proof: proof.bound)
        return level, proof

    def _maximise_reduced(self, unit: float, *, most: float) -> tuple[float, Proof] | None:
        """The level and its proof by the reduced program; None where there is none or it does not prove enough."""
        if self._reduced is None:
            return None
        if most == np.inf:  # rows that bound the level may be missing at first; any prices do
            most = 2 * self._proof(np.ones(self.resources.count)).bound
        found = self._reduced.solve(Aim(self._fixed, self._weights, unit, most))
        if found is not None and 0 < found[0] < unit / NEAR:
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

    def costs(self, resources: NDArray[np.float64]) -> NDArray[np.float64]:
        """The cheapest set of each row, per bit/s, at prices of whole resources."""
        return self._pricing.costs(resources)

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
                return solution, raised, worth * (1 - CLEARLY) if as_found else None
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
            resources = self._pricing.with_floor(resources)
        below = worth * (1 - (_SURELY if self.exact else CLEARLY))
        for attempt in range(_MOST_ROUNDS):
            offers = self._pricing.below(resources, worth=below, cost_per_hop=cost_per_hop)
            if not offers:
                return resources, False, attempt == 0
            if self._add(offers, cost_per_hop=cost_per_hop, gain=gain):
                return resources, True, False
            resources = dearer(self.resources, resources, offers=offers, worth=worth, sharing=self._sharing)
        return resources, False, False

    def _proof(self, resources: NDArray[np.float64], *, least: NDArray[np.float64] | None = None) -> Proof:
        """What prices of the resources prove about the level."""
        rows = self._pricing.costs(resources, least=least)
        rows[np.isinf(rows)] = 0.0  # without a route, nothing is asked for either
        per_level = float(self._weights @ rows)
        bound = float(resources.sum() - self._fixed @ rows) / per_level if per_level > 0 else np.inf
        return Proof(resources, rows, bound)

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
            resources = self._pricing.with_floor(self._resource_prices(self._solution))
            worth = (self._worth(self._solution) + gain) * (1 - CLEARLY)
            offers = self._pricing.below(resources, worth=worth, cost_per_hop=cost_per_hop)
            added = self._add(offers, cost_per_hop=cost_per_hop, gain=gain)
            if not added or len(offers) < _FEW * len(self._everybody):
                tolerance /= 10
        return self._with_slack(program.solve_across)
