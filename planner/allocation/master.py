"""The linear program of column generation: its rows and columns, and the units that they are measured in.

Rows: a unit of each resource, what each row of requests gets, for totals the caps of the rows and their sum, then the
resources in failures that solutions overspent. Columns: the level, then the sets of routes.

Rates span eighteen powers of ten, so nothing is left in bit/s: a column is measured in what its routes can carry or its
row can use, a row in what its first set can carry or in what it needs, the level in what the tightest row allows.
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
from planner.allocation.rational import ExactProgram
from planner.solver import LinearProgram, Solution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.allocation.pricing import Offer
    from planner.allocation.requests import Requests
    from planner.allocation.resources import Resources
    from planner.routing.prices import RouteSet

NEAR = 1e3
"""The unit of the level is kept while it is within this factor of what it should be."""

_LIKE = 1e2  # so are the units of the rows
_OVERSPENT = 1e-12  # a resource in a failure is overspent when its load is above 1 by more than this
_MOST_STEPS = 10_000  # of a solve by the simplex method, before points inside take over
_SLACKS = (0.0, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11)
"""What was found to be possible may, by rounding, be just impossible in the next program, or too near the edge for the
solver to tell: fixed rates are then lowered by the first of these fractions that helps."""


class Master:
    """The program over the sets of routes known so far, and the units that it is measured in.

    Args:
        resources: The resources of the network.
        requests: What is asked for.
        first: A set for every row, in their order.
        growing: The requests may be multiplied; else no row ever gets more than was asked.
        capped: Rows for caps and the total too.
        exact: In exact arithmetic, which is for small programs.

    Attributes:
        stretch: About the largest multiple of a request that the scales of the program have room for.
        scales: Bit/s that one unit of each row stands for.
        capped: Whether there are rows for the total.
        exact: Whether nothing is rounded.
    """

    def __init__(
        self, resources: Resources, *, requests: Requests, first: list[Offer], growing: bool, capped: bool, exact: bool
    ) -> None:
        self.resources, self.requests, self.exact = resources, requests, exact
        self._loads = Loads(resources)
        self._sharing = requests.shared.tolist()
        self._asked = asked = requests.by_row(requests.requested_bps)
        self._everybody = everybody = np.arange(len(asked))

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
        return self._columns.sets

    def rates(self) -> NDArray[np.float64]:
        """Bit/s on each of :attr:`sets` in the last solution."""
        if self._solution is None:
            return np.zeros(len(self.sets))
        rates: NDArray[np.float64] = np.maximum(self._solution.values[1:], 0.0) * self._columns.units
        return rates

    def require_total(self, total_bps: float) -> None:
        """From now on all rows together get at least so much when a level is maximised."""
        self._total = total_bps / self._total_unit

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

    def _set_unit(self, unit: float, *, most: float, total: float = -np.inf) -> None:
        """Sets the level that one unit of the first column stands for, and all that a solve begins with."""
        if not self._unit / NEAR < unit < self._unit * NEAR:
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
        far = value < 1 / NEAR
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

    def _with_slack(self, solve: Callable[[], Solution]) -> Solution:
        """What is solved for, with fixed rates lowered by as little as is needed for there to be a solution."""
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
