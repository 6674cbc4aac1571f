"""The level and least-key programs of many rows, cut down to what matters.

Most rows use one set of routes only, and most links are far from full. Here every row has a *key* set, which carries
what the row's other sets do not; so rows need no row in the program, but where the key would carry less than nothing,
and resources need one only where they would be overspent (G. B. Dantzig and R. M. Van Slyke, Journal of Computer and
System Sciences 1, 213 (1967), on generalised upper bounds). What is left is some hundred rows instead of ten thousand.

The answer is checked against all resources and all rows; its prices prove it as those of the full program do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.allocation.pricing import CLEARLY
from planner.solver import LinearProgram, Solution, TooManyStepsError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csc_array

    from planner.allocation.pricing import Offer, Pricing
    from planner.allocation.resources import Resources
    from planner.routing.prices import RouteSet

_SLIGHT = 1e-8
_MISSED = 1e-10  # by how much a resource may be overspent, or a key carry less than nothing, before it gets a row
_BLOCKS = 16  # of rows that are searched together
_MOST_ROUNDS = 20_000
_STEPS_A_BLOCK = 40  # of the simplex method: they take about as long as the search of a block
_MOST_STEPS = 10_000  # of one solve; with more, too much is full for this way
_MOST_NEW = 300  # sets that enter at a time, those first that promise most: each slows down every step of the solver
_SLACKS = (0.0, 1e-11, 1e-10, 1e-9, 1e-8)


@dataclass(frozen=True)
class Aim:
    """What a program is for.

    Attributes:
        fixed: Bit/s that each row gets in any case.
        weights: Bit/s that each row gets per unit of level.
        unit: The level that one unit of the first column stands for.
        most: The level need not be larger than this.
        cost_per_hop: What a bit/s over a link costs.
    """

    fixed: NDArray[np.float64]
    weights: NDArray[np.float64]
    unit: float
    most: float
    cost_per_hop: float = 0.0


class ReducedProgram:
    """Keys of the rows, and other sets that carry something.

    Args:
        resources: The resources of the network; none of them in failures.
        pricing: Finds cheapest sets.
        first: A set for every row, in their order.
        useful: Bit/s that each row can use at most.
        scales: Bit/s that each row is measured in.

    Attributes:
        sets: Row and routes of each set in use.
        rates: Bit/s of each.
    """

    def __init__(
        self,
        resources: Resources,
        *,
        pricing: Pricing,
        first: list[Offer],
        useful: NDArray[np.float64],
        scales: NDArray[np.float64],
    ) -> None:
        self._resources, self._pricing = resources, pricing
        self._useful, self._scales = useful, scales
        self._spends: dict[RouteSet, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
        self.sets: list[tuple[int, RouteSet]] = [(offer.row, offer.routes) for offer in first]
        self.rates: NDArray[np.float64] = np.ones(len(first))
        self._tight: list[int] = []
        self._block_of, self._block = pricing.blocks(_BLOCKS), 0

    def remember(self) -> None:
        """Keeps the sets in use, for :meth:`without`."""
        self._kept = self.sets, self.rates, self._tight

    def without(self, dead: NDArray[np.int64], *, detours: list[Offer], pricing: Pricing) -> None:
        """Starts from what was kept, but for some sets.

        Args:
            dead: Their places in what was kept.
            detours: Sets that are known besides.
            pricing: Finds cheapest sets.
        """
        sets, rates, self._tight = self._kept
        self._pricing, self._block = pricing, 0
        gone = set(dead.tolist())
        # The key of a row carries most, so a dead set is one only where the row has no other and gets nothing.
        order = [*(n for n in range(len(sets)) if n not in gone), *dead.tolist()]
        carried = np.where(np.isin(order, dead), -1.0, rates[order])
        entries = [*(sets[number] for number in order), *((offer.row, offer.routes) for offer in detours)]
        self.rates = np.concatenate((carried, np.zeros(len(detours))))
        self.sets = entries

    def solve(self, aim: Aim) -> tuple[float, NDArray[np.float64]] | None:
        """Finds the largest level, or the least key; :attr:`sets` and :attr:`rates` then serve it.

        Args:
            aim: What to look for.

        Returns:
            The level and the prices of the resources; None where the numbers are too wild for this way, or so much is
            full that there is nothing to cut down.
        """
        for slack in _SLACKS:
            lower = Aim(aim.fixed * (1 - slack), aim.weights, aim.unit, aim.most, aim.cost_per_hop)
            try:
                return self._solve(lower)
            except AssertionError:
                continue
        return None

    def _solve(self, aim: Aim) -> tuple[float, NDArray[np.float64]] | None:
        work = _Work(self, aim)
        for _ in range(_MOST_ROUNDS):
            try:
                solution = work.program.solve()
            except TooManyStepsError:
                return None
            if work.add_missed(solution):
                continue
            if not self._enter(work, solution):
                self.sets, self.rates = work.result(solution)
                self._tight = work.tight(solution)
                return float(solution.values[0]) * aim.unit, work.prices(solution)
        return None

    def _enter(self, work: _Work, solution: Solution) -> bool:
        """Lets sets enter that are worth more than they cost; says whether there were any.

        A search of all rows may cost far more than a solve, or far less: the more steps the last solve took, the more
        blocks of rows are searched before the next.
        """
        aim = work.aim
        prices = self._pricing.with_floor(work.prices(solution))
        worth = work.worth(solution, prices) * (1 - CLEARLY)
        sizes = aim.fixed + aim.weights * aim.unit
        least = min(1 + work.program.steps // _STEPS_A_BLOCK, _BLOCKS)
        entered = False
        for number in range(_BLOCKS):
            searched = np.where(self._block_of == self._block, worth, 0.0)
            self._block = (self._block + 1) % _BLOCKS
            offers = self._pricing.below(
                prices, worth=searched, cost_per_hop=aim.cost_per_hop, most=_MOST_NEW // least, sizes=sizes
            )
            entered = work.add(offers) or entered
            if entered and number + 1 >= least:
                break
        return entered

    def keys(self) -> tuple[list[tuple[int, RouteSet]], list[tuple[int, RouteSet]]]:
        """The set of each row that carries most, in the order of the rows; the others that carry something."""
        order = np.lexsort((np.arange(len(self.sets)), -self.rates, np.array([row for row, _ in self.sets])))
        keys: list[tuple[int, RouteSet]] = []
        others = []
        for number in order.tolist():
            entry = self.sets[number]
            if entry[0] == len(keys):
                keys.append(entry)
            elif self.rates[number] > 0:
                others.append(entry)
        return keys, others

    def unit(self, row: int, routes: RouteSet) -> float:
        """Bit/s that a column of a set is measured in."""
        return float(min(self._useful[row], 1.0 / self.spends(routes)[1].max()))

    def slight(self, row: int, routes: RouteSet) -> bool:
        """Whether a set carries next to nothing for its row."""
        return self.unit(row, routes) < _SLIGHT * float(self._scales[row])

    def spends(self, routes: RouteSet) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """What a bit/s over a set spends: the resources, and how much of each."""
        if routes not in self._spends:
            spent = self._resources.spends(routes)
            self._spends[routes] = np.fromiter(spent, dtype=np.int64), np.fromiter(spent.values(), dtype=float)
        return self._spends[routes]

    def matrix(self, sets: list[tuple[int, RouteSet]]) -> csc_array[np.float64]:
        """What a bit/s over each set spends of each resource. Shape ``(resources, sets)``."""
        from scipy.sparse import csc_array

        parts = [self.spends(routes) for _, routes in sets]
        starts = np.concatenate(([0], np.cumsum([len(numbers) for numbers, _ in parts])))
        nothing = (np.zeros(0, dtype=np.int64), np.zeros(0))
        numbers, amounts = (np.concatenate(part) for part in zip(*(parts or [nothing]), strict=True))
        return csc_array((amounts, numbers, starts), shape=(self._resources.base, len(sets)))

    @property
    def scales(self) -> NDArray[np.float64]:
        """Bit/s that each row is measured in."""
        return self._scales

    @property
    def tight_before(self) -> list[int]:
        """The resources that were full in the last solution."""
        return self._tight


class _Work:
    """One program while columns and rows are added.

    Columns: the level, then sets that are no keys. Rows, in the order in which they were added: resources (by number)
    and keys (by -1 - row).
    """

    def __init__(self, owner: ReducedProgram, aim: Aim) -> None:
        self.owner, self.aim = owner, aim
        self.keys, others = owner.keys()
        self.key_spends = owner.matrix(self.keys)
        self.base = _product(self.key_spends, aim.fixed)
        self.slope = _product(self.key_spends, aim.weights) * aim.unit
        self.hops = np.array([sum(map(len, routes)) for _, routes in self.keys], dtype=float)
        self.known = set(self.keys)
        self.others: list[tuple[int, RouteSet]] = []
        self.other_spends = owner.matrix([])
        self.differences = owner.matrix([])
        self.units: list[float] = []
        self.rows: list[int] = []
        nothing = np.zeros(0)
        self.program = LinearProgram(row_lower=nothing, row_upper=nothing, most_steps=_MOST_STEPS, refining=False)
        level = [-1.0 if aim.weights.any() else 0.0]
        self.program.add_columns(costs=level, starts=[0], rows=[], values=[], upper=aim.most / aim.unit)
        fullest = int((self.base + self.slope).argmax())
        self._add_rows([*sorted({fullest, *owner.tight_before}), *sorted({-1 - row for row, _ in others})])
        self._add_columns(others)

    def _add_columns(self, sets: list[tuple[int, RouteSet]]) -> None:
        from scipy.sparse import hstack

        if not sets:
            return
        units = [self.owner.unit(row, routes) for row, routes in sets]
        place = {row: number for number, row in enumerate(self.rows)}
        spends = self.owner.matrix(sets)
        # What one unit of each set spends of each resource more than the key of its row.
        differences = ((spends - self.key_spends[:, [row for row, _ in sets]]) * np.array(units)).tocsc()
        starts: list[int] = []
        rows: list[int] = []
        values: list[float] = []
        for column, ((row, _), unit) in enumerate(zip(sets, units, strict=True)):
            starts.append(len(rows))
            first, last = differences.indptr[column], differences.indptr[column + 1]
            for resource, amount in zip(
                differences.indices[first:last].tolist(), differences.data[first:last].tolist(), strict=True
            ):
                if resource in place and amount:
                    rows.append(place[resource])
                    values.append(amount)
            if -1 - row in place:
                rows.append(place[-1 - row])
                values.append(unit / float(self.owner.scales[row]))
        hops = np.array([sum(map(len, routes)) - self.hops[row] for row, routes in sets])
        costs = hops * np.array(units) * self.aim.cost_per_hop
        self.program.add_columns(costs=costs, starts=starts, rows=rows, values=values)
        self.other_spends = hstack([self.other_spends, spends], format="csc")
        self.differences = hstack([self.differences, differences], format="csc")
        self.others += sets
        self.units += units
        self.known.update(sets)

    def _add_rows(self, names: list[int]) -> None:
        """Adds rows of resources and of keys."""
        resources = [name for name in names if name >= 0]
        table = self.differences.tocsr()[resources] if resources else None
        of_row: dict[int, list[int]] = {}
        wanted = {-1 - name for name in names if name < 0}
        for column, (row, _) in enumerate(self.others):
            if row in wanted:
                of_row.setdefault(row, []).append(column)
        starts: list[int] = []
        columns: list[int] = []
        values: list[float] = []
        upper: list[float] = []
        for name in [*resources, *(name for name in names if name < 0)]:
            starts.append(len(columns))
            if name >= 0:
                columns.append(0)
                values.append(float(self.slope[name]))
                upper.append(1.0 - float(self.base[name]))
                if table is not None:
                    number = resources.index(name)
                    first, last = table.indptr[number], table.indptr[number + 1]
                    columns += (1 + table.indices[first:last]).tolist()
                    values += table.data[first:last].tolist()
            else:
                row = -1 - name
                scale = float(self.owner.scales[row])
                columns.append(0)
                values.append(-float(self.aim.weights[row]) * self.aim.unit / scale)
                upper.append(float(self.aim.fixed[row]) / scale)
                columns += [1 + column for column in of_row.get(row, [])]
                values += [self.units[column] / scale for column in of_row.get(row, [])]
            self.rows.append(name)
        self.program.add_rows(
            row_lower=np.full(len(upper), -np.inf), row_upper=upper, starts=starts, columns=columns, values=values
        )

    def _carried(self, solution: Solution) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Bit/s of the keys and of the other sets."""
        level = float(solution.values[0]) * self.aim.unit
        others = np.maximum(solution.values[1:], 0.0) * np.array(self.units)
        rows = np.array([row for row, _ in self.others], dtype=np.int64)
        taken = np.bincount(rows, weights=others, minlength=len(self.keys))
        keys: NDArray[np.float64] = self.aim.fixed + self.aim.weights * level - taken
        return keys, others

    def _loads(self, solution: Solution) -> NDArray[np.float64]:
        """What is spent of each resource."""
        keys, others = self._carried(solution)
        loads = _product(self.key_spends, keys)
        return loads + _product(self.other_spends, others)

    def add_missed(self, solution: Solution) -> bool:
        """Adds rows for the resources that are overspent and the keys that carry less than nothing."""
        keys, _ = self._carried(solution)
        loads = self._loads(solution)
        place = set(self.rows)
        missed = np.flatnonzero(loads > 1 + _MISSED).tolist()
        missed += (-1 - np.flatnonzero(keys < -_MISSED * self.owner.scales)).tolist()
        missed = [name for name in missed if name not in place]
        if missed:
            self._add_rows(missed)
        return bool(missed)

    def prices(self, solution: Solution) -> NDArray[np.float64]:
        """Prices of the resources."""
        prices = np.zeros(len(self.base))
        for name, price in zip(self.rows, solution.row_prices.tolist(), strict=True):
            if name >= 0:
                prices[name] = max(-price, 0.0)
        return prices

    def worth(self, solution: Solution, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """What a bit/s for each row is worth: the price of its key, less what the key asks for being kept."""
        worth: NDArray[np.float64] = self.key_spends.T @ prices + self.hops * self.aim.cost_per_hop
        for name, price in zip(self.rows, solution.row_prices.tolist(), strict=True):
            if name < 0:
                worth[-1 - name] -= max(-price, 0.0) / float(self.owner.scales[-1 - name])
        return worth

    def add(self, offers: list[Offer]) -> bool:
        """Adds sets that are not known and carry something; says whether there were any."""
        new = [(offer.row, offer.routes) for offer in offers]
        new = [entry for entry in new if entry not in self.known and not self.owner.slight(*entry)]
        place = set(self.rows)
        # A new set mostly takes all from the key: to wait for that would cost a round for each row.
        names = dict.fromkeys(-1 - row for row, _ in new if -1 - row not in place)
        if names:
            self._add_rows(list(names))
        self._add_columns(new)
        return bool(new)

    def result(self, solution: Solution) -> tuple[list[tuple[int, RouteSet]], NDArray[np.float64]]:
        """The sets that carry something, with their rates; every row keeps its key."""
        keys, others = self._carried(solution)
        used = np.flatnonzero(others > 0)
        sets = [*self.keys, *(self.others[number] for number in used.tolist())]
        return sets, np.concatenate((np.maximum(keys, 0.0), others[used]))

    def tight(self, solution: Solution) -> list[int]:
        """The resources with a row that has a price, or none to spare."""
        loads = self._loads(solution)
        return [name for name in sorted(self.rows) if name >= 0 and loads[name] > 1 - 1e-6]


def _product(matrix: csc_array[np.float64], vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(matrix @ vector, dtype=np.float64)
