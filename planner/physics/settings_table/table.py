"""The table itself: settings of any link of a family, from those of the nodes around it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from planner.physics.optimise import improve, maximise
from planner.physics.settings_table.build import grid_of
from planner.physics.settings_table.family import Family, Links, Some
from planner.physics.settings_table.fill import around, best_settings, inside, jumps, onward, slopes
from planner.physics.settings_table.grid import ERROR_SHARE, Grid, Position, cell

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

TABLES_KEPT = 8
_NOTHING = 0.05
"""How far beyond the cut-off, as a logarithm, there is surely no key."""
_NEAR = -0.15
"""How far below it (as a logarithm) it is looked whether there is key."""
_VERY_NEAR, _WORTHWHILE = 0.04, 1e-9
"""Where settings are improved by a search of their own: this near the cut-off, for this much key per slot."""


class SettingsTable:
    """Best settings over transmittance, noise and misalignment. Nothing in it changes once it is made."""

    def __init__(self, family: Family, grid: Grid) -> None:
        """Searches the best settings of every node of the grid; takes seconds."""
        self.family, self.grid = family, grid
        self.table = best_settings(family, grid)
        self.steps = slopes(self.table)
        self.jumps = jumps(family, grid, self.table, self.steps)
        self._columns = [np.ascontiguousarray(self.table[..., axis]).ravel() for axis in range(len(family.axes))]

    def coordinates(self, links: Links) -> FloatArray:
        """Settings for links of the family, close to the best ones.

        Args:
            links: The links.

        Returns:
            Coordinates of the open settings, shape (axis, link); typical ones where there is no key.
        """
        at = self.grid.locate(links.transmittance, links.noise, links.error)
        parts = [
            cell(place, nodes=nodes)
            for place, nodes in zip((at.light, at.noise, at.error), self.grid.shape, strict=True)
        ]
        found = self._between(parts)
        cells = tuple(below for below, _ in parts)
        nothing = (at.ratio > _NOTHING) & (at.share <= ERROR_SHARE) | (at.share > 1.0 + _NOTHING)
        outside = (at.share > ERROR_SHARE) & ~nothing
        doubtful = np.flatnonzero((self.jumps[cells] | (at.ratio > _NEAR)) & ~nothing & ~outside)
        typical = np.array([self.family.method.typical[axis.name] for axis in self.family.axes])
        found[:, nothing] = typical[:, np.newaxis]
        if doubtful.size:
            found[:, doubtful] = self._best(links, doubtful, at, found[:, doubtful], typical)
        which = np.flatnonzero(outside)
        if which.size:
            optimum = maximise(Some(links, which), axes=self.family.axes, elements=which.size)
            found[:, which] = np.where(optimum.values > 0.0, optimum.coordinates, typical[:, np.newaxis])
        return found

    def _between(self, parts: list[tuple[npt.NDArray[np.intp], FloatArray]]) -> FloatArray:
        """Interpolates linearly along all three axes."""
        (i, light), (j, noise), (k, error) = parts
        _, columns, last = self.grid.shape
        corner = (i * columns + j) * last + k
        above, below = corner + columns * last, corner
        found = np.empty((len(self._columns), corner.size))
        for row, column in zip(found, self._columns, strict=True):
            sides = []
            for start in (below, above):
                near, far = column[start], column[start + last]
                near += error * (column[start + 1] - near)
                far += error * (column[start + last + 1] - far)
                far -= near
                far *= noise
                near += far
                sides.append(near)
            row[:] = sides[0] + light * (sides[1] - sides[0])
        return found

    def _best(
        self, links: Links, which: npt.NDArray[np.intp], at: Position, found: FloatArray, typical: FloatArray
    ) -> FloatArray:
        """The best of several settings where the optimum jumps: between the nodes, and onward from each of them."""
        place = np.stack([at.light[which], at.noise[which], at.error[which]], axis=-1)
        cells = np.minimum(place.astype(np.intp), np.array(self.grid.shape) - 2)
        near = (place[:, 0] - cells[:, 0] > 0.5).astype(np.intp)
        best, value = np.broadcast_to(typical[:, np.newaxis], found.shape), np.zeros(which.size)
        ways = [found]
        cells[:, 0] += near
        for step in around(self.family):
            node = inside(cells + step, self.grid)
            ways.append(onward(self.table, self.steps, node, place - node))
        for way in ways:
            rate = links(way, which)[0]
            better = rate > value
            value = np.where(better, rate, value)
            best = np.where(better, way, best)
        close = np.flatnonzero((np.abs(at.ratio[which]) < _VERY_NEAR) & (value > _WORTHWHILE))
        if close.size:
            best = np.array(best)
            some = Some(links, which[close])
            best[:, close] = improve(some, axes=self.family.axes, starts=best[:, np.newaxis, close]).coordinates
        return best


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
