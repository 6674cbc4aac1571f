"""The columns of a route program: sets of routes, the units they are measured in, and their entries in the rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.allocation.pricing import Offer
    from planner.allocation.resources import Resources
    from planner.routing.prices import RouteSet

_SLIGHT = 1e-10


@dataclass
class Entries:
    """Entries of new columns, or of new rows, one after another.

    Attributes:
        starts: Where each begins in ``numbers`` and ``values``.
        numbers: Numbers of the rows, or of the columns.
        values: The entries.
        costs: Cost of each new column.
    """

    starts: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)


class Columns:
    """Sets of routes for rows, each measured in what its routes can carry or its row can use.

    Args:
        resources: The resources of the network; the rows of those without failures come first in the program.
        shared: Whether the protection of each row shares its key.
        useful: Bit/s that each row can use at most. Shape ``(rows,)``.
        scales: Bit/s that one unit of each row stands for. Shape ``(rows,)``.
        after: Number of the row of the program where the resources in failures begin.
        total_unit: Bit/s that one unit of the total of all rows stands for, where the rows have caps and a total.
        slight: Sets that carry less than this part of what their row is measured in are left out.

    Attributes:
        sets: Row and routes of each column, counted from the second column of the program.
    """

    def __init__(
        self,
        resources: Resources,
        *,
        shared: list[bool],
        useful: NDArray[np.float64],
        scales: NDArray[np.float64],
        after: int,
        total_unit: float | None,
        slight: float = _SLIGHT,
    ) -> None:
        self._resources, self._shared, self._after, self._total_unit = resources, shared, after, total_unit
        self._slight = slight
        self._useful: list[float] = useful.tolist()
        self._scales: list[float] = scales.tolist()
        self.sets: list[tuple[int, RouteSet]] = []
        self._known: set[tuple[int, RouteSet]] = set()
        self._carries: list[float] = []
        self._units: list[float] = []
        self._hops: list[int] = []

    def forget(self, number: int) -> None:
        """Lets go of all columns but the first so many."""
        self._known.difference_update(self.sets[number:])
        for column in (self.sets, self._carries, self._units, self._hops):
            del column[number:]

    @property
    def units(self) -> NDArray[np.float64]:
        """Bit/s that one unit of each column stands for."""
        return np.array(self._units)

    @property
    def hops(self) -> NDArray[np.int64]:
        """Links of all routes of each column."""
        return np.array(self._hops, dtype=np.int64)

    @property
    def rows(self) -> NDArray[np.int64]:
        """The row of requests that each column is for."""
        return np.array([row for row, _ in self.sets], dtype=np.int64)

    def row_of(self, resource: int) -> int:
        """The row of the program that belongs to a resource."""
        base = self._resources.base
        return resource if resource < base else resource - base + self._after

    def add(self, offers: list[Offer], *, cost_per_hop: float, gain: float) -> Entries:
        """Takes sets in, but those that are known already or carry next to nothing.

        Args:
            offers: The sets.
            cost_per_hop: What a bit/s over a link costs.
            gain: What a bit/s earns.

        Returns:
            The entries of the new columns.
        """
        new = Entries()
        for offer in offers:
            row, routes = offer.row, offer.routes
            if (row, routes) in self._known:
                continue
            spent = self._resources.spends(routes, shared=self._shared[row])
            carries, scale = 1.0 / max(spent.values()), self._scales[row]
            unit = min(self._useful[row], carries)
            if unit < self._slight * scale:
                continue
            self._known.add((row, routes))
            self._append(new, row=row, spent=spent, unit=unit)
            hops = sum(map(len, routes))
            new.costs.append((cost_per_hop * hops - gain) * unit)
            self.sets.append((row, routes))
            self._carries.append(carries)
            self._units.append(unit)
            self._hops.append(hops)
        return new

    def _append(self, new: Entries, *, row: int, spent: dict[int, float], unit: float) -> None:
        base, count, scale = self._resources.base, len(self._scales), self._scales[row]
        new.starts.append(len(new.numbers))
        new.numbers += map(self.row_of, spent) if self._resources.held else spent
        new.values += [unit * amount for amount in spent.values()]
        new.numbers.append(base + row)
        new.values.append(unit / scale)
        if self._total_unit is not None:
            new.numbers += [base + count + row, self._after - 1]
            new.values += [unit / scale, unit / self._total_unit]

    def measured_in(self, scales: NDArray[np.float64]) -> Entries:
        """Measures rows and columns anew, and gives the entries of all columns.

        Args:
            scales: Bit/s that one unit of each row stands for, and all that it can use. Shape ``(rows,)``.
        """
        self._useful = self._scales = scales.tolist()
        self._units = np.minimum(scales[self.rows], np.array(self._carries)).tolist()
        new = Entries()
        for (row, routes), unit in zip(self.sets, self._units, strict=True):
            spent = self._resources.spends(routes, shared=self._shared[row])
            self._append(new, row=row, spent=spent, unit=unit)
        return new

    def entries_of(self, first: int) -> Entries:
        """The entries of all columns in the rows of the resources from a number on.

        Args:
            first: Number of the first of these resources, which are all in failures.
        """
        rows: list[list[tuple[int, float]]] = [[] for _ in range(self._resources.count - first)]
        for column, ((row, routes), unit) in enumerate(zip(self.sets, self._units, strict=True), start=1):
            for resource, amount in self._resources.spends(routes, shared=self._shared[row]).items():
                if resource >= first:
                    rows[resource - first].append((column, unit * amount))
        new = Entries()
        for entries in rows:
            new.starts.append(len(new.numbers))
            new.numbers += [column for column, _ in entries]
            new.values += [value for _, value in entries]
        return new
