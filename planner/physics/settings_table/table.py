"""The table itself: settings of any link of a family, from those of the nodes around it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from planner.physics.optimise import improve, maximise
from planner.physics.settings_table.build import grid_of
from planner.physics.settings_table.family import Family, Links, Some
from planner.physics.settings_table.fill import best_settings
from planner.physics.settings_table.grid import ERROR_SHARE, Grid, Position, cell
from planner.physics.settings_table.ways import find_ways, inside, onward, slopes

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

TABLES_KEPT = 8
ELEMENTS_AT_ONCE = 16384
"""So that the arrays stay within the processor's cache."""
_NOTHING = 0.05
"""How far beyond the cut-off, as a logarithm, there is surely no key."""
_NEAR = 0.1
"""How near the cut-off (as a logarithm) settings are improved by a search of their own, for the rate goes to zero."""
_VAGUE = 0.01
"""How well the cut-off is known."""
_WORTHWHILE = 5e-9
"""Where that much key per slot is possible."""
_GOOD = 1e-4
"""Gain of rate with which that search ends."""


class SettingsTable:
    """Best settings over transmittance, noise and misalignment. Nothing in it changes once it is made."""

    def __init__(self, family: Family, grid: Grid) -> None:
        """Searches the best settings of every node of the grid; takes seconds."""
        self.family, self.grid = family, grid
        self.typical = np.array([family.method.typical[axis.name] for axis in family.axes])
        self.table = best_settings(family, grid)
        self.steps = slopes(self.table)
        self.ways = find_ways(family, grid, self.table, self.steps)
        # Behind the nodes stand as many typical settings as a cell reaches over: those of links without key.
        _, columns, last = grid.shape
        reach = columns * last + last + 2
        self._columns = [
            np.concatenate([self.table[..., axis].ravel(), np.full(reach, self.typical[axis])])
            for axis in range(len(family.axes))
        ]

    def coordinates(self, links: Links) -> FloatArray:
        """Settings for links of the family, close to the best ones.

        Args:
            links: The links.

        Returns:
            Coordinates of the open settings, shape (axis, link); typical ones where there is no key.
        """
        size = links.transmittance.size
        found = np.empty((len(self.family.axes), size))
        doubtful, outside = [], []
        for first in range(0, size, ELEMENTS_AT_ONCE):
            part = slice(first, first + ELEMENTS_AT_ONCE)
            at = self.grid.locate(links.transmittance[part], links.noise[part], links.error[part])
            corner, parts = self._cells(at)
            nothing = (at.ratio > _NOTHING) & (at.share <= ERROR_SHARE) | (at.share > 1.0 + _NOTHING)
            here = (self.ways.of_cell[corner] > 0) | (at.ratio > -_NEAR)
            here &= ~nothing
            beyond = np.flatnonzero((at.share > ERROR_SHARE) & ~nothing)
            here[beyond] = False
            doubtful.append(np.flatnonzero(here) + first)
            outside.append(beyond + first)
            corner[nothing] = self.table[..., 0].size
            self._between(corner, parts, into=found[:, part])
        which = np.concatenate(doubtful)
        if which.size:
            found[:, which] = self._best(links, which, found[:, which])
        which = np.concatenate(outside)
        if which.size:
            optimum = maximise(Some(links, which), axes=self.family.axes, elements=which.size)
            found[:, which] = np.where(optimum.values > 0.0, optimum.coordinates, self.typical[:, np.newaxis])
        return found

    def _cells(self, at: Position) -> tuple[npt.NDArray[np.intp], tuple[FloatArray, FloatArray, FloatArray]]:
        """The number of the first node of the cell of each link, and how far beyond it the link lies."""
        rows, columns, last = self.grid.shape
        i, light = cell(at.light, nodes=rows)
        j, noise = cell(at.noise, nodes=columns)
        k, error = cell(at.error, nodes=last)
        return (i * columns + j) * last + k, (light, noise, error)

    def _between(
        self, corner: npt.NDArray[np.intp], parts: tuple[FloatArray, FloatArray, FloatArray], *, into: FloatArray
    ) -> None:
        """Interpolates linearly along all three axes."""
        light, noise, error = parts
        _, columns, last = self.grid.shape
        nodes = [corner + step for step in (0, 1, last, last + 1)]
        nodes += [node + columns * last for node in nodes]
        near, far = (1.0 - noise) * (1.0 - error), (1.0 - noise) * error
        weights = [near, far, noise - noise * error, noise * error]
        weights = [weight * (1.0 - light) for weight in weights] + [weight * light for weight in weights]
        one, product = np.empty(corner.size), np.empty(corner.size)
        for row, column in zip(into, self._columns, strict=True):
            np.take(column, nodes[0], out=one, mode="clip")
            np.multiply(one, weights[0], out=row)
            for node, weight in zip(nodes[1:], weights[1:], strict=True):
                np.take(column, node, out=one, mode="clip")
                np.multiply(one, weight, out=product)
                np.add(row, product, out=row)

    def _best(self, links: Links, which: npt.NDArray[np.intp], found: FloatArray) -> FloatArray:
        """The best of several settings where the optimum jumps; near the cut-off the best there are."""
        at = self.grid.locate(links.transmittance[which], links.noise[which], links.error[which])
        lists = self.ways.lists[self.ways.of_cell[self._cells(at)[0]]]
        place = np.stack([at.light, at.noise, at.error], axis=-1)
        first = np.minimum(place.astype(np.intp), np.array(self.grid.shape) - 2)
        best, value = found.copy(), np.full(which.size, -np.inf)
        for number in range(lists.shape[1]):
            tried = np.flatnonzero(lists[:, number] >= 0)
            if not tried.size:
                break
            way = lists[tried, number]
            node = inside(first[tried] + self.ways.offsets[way], self.grid)
            settings = onward(self.table, self.steps, node, place[tried] - node)
            settings = np.where(way == 0, found[:, tried], settings)
            rate = links(settings, which[tried])[0]
            better = rate > value[tried]
            value[tried[better]] = rate[better]
            best[:, tried[better]] = settings[:, better]
        irregular = np.abs(at.ratio) < _NEAR
        if self.family.rough:
            irregular |= (lists[:, 0] > 0) | (lists[:, 1] >= 0)
        near = np.flatnonzero(irregular)
        if near.size:
            beyond = np.maximum(-at.ratio[near], 0.0)
            best[:, near], value[near] = self._improved(
                links, which[near], best[:, near], value[near], share=(beyond + _VAGUE) / (beyond + _NEAR)
            )
        return np.where(value > 0.0, best, self.typical[:, np.newaxis])

    def _improved(
        self, links: Links, which: npt.NDArray[np.intp], best: FloatArray, value: FloatArray, *, share: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Settings improved by a search of their own, for the links whose key may be worth it."""
        # With a little less noise these settings are good; from there the key falls with the square of the way left.
        less = Links(
            self.family,
            transmittance=links.transmittance[which],
            noise=links.noise[which] * np.exp(-_NEAR),
            error=links.error[which],
        )
        close = np.flatnonzero(less(best, np.arange(which.size))[0] * np.square(share) > _WORTHWHILE)
        if close.size:
            some = Some(links, which[close])
            optimum = improve(some, axes=self.family.axes, starts=best[:, np.newaxis, close], good=_GOOD)
            best[:, close], value[close] = optimum.coordinates, optimum.values
        return best, value


@lru_cache(maxsize=TABLES_KEPT)
def settings_table(family: Family) -> SettingsTable | None:
    """The table of a family, made at its first use and kept.

    Args:
        family: What the links have in common.

    Returns:
        The table; None where some transmittance gives no key without noise and misalignment.
    """
    grid = grid_of(family)
    return None if grid is None else SettingsTable(family, grid)
