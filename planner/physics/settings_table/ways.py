"""Where the best settings jump between the nodes, and which settings are worth trying there.

Within a cell of the grid settings are interpolated between its corners. That fails where another kind of optimum takes
over; there the settings of single nodes, continued along their slopes, are better. What is worth trying in a cell is
found once, by trying everything at some places in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from planner.physics.settings_table.family import Family, Links

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray
    from planner.physics.settings_table.grid import Grid

CORNERS = np.array([(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)], dtype=np.intp)
"""Of a cell, seen from its first node."""
MOST = 6
"""Ways that are tried in one cell at most."""

_OTHERS = 4
"""Ways of a cell, besides those from its corners, that are looked at closely."""
_CELLS_AT_ONCE = 512
_TOLERANCE = 1e-4
"""Gain of rate for which other ways than interpolation are tried."""


def _places(lights: Sequence[float], others: Sequence[float]) -> FloatArray:
    return np.array([(light, noise, error) for light in lights for noise in others for error in others])


_FIRST = _places((0.3,), (0.06, 0.5, 0.94))
_MANY = _places((0.03, 0.7), (0.02, 0.2, 0.4, 0.6, 0.8, 0.98))
_SOME = _places((0.03, 0.7), (0.04, 0.35, 0.65, 0.96))
"""Where in a cell ways are tried: at a few places to see whether any is of use, then at many, or at some where settings
are improved anyhow."""


@dataclass(frozen=True, eq=False)
class Ways:
    """What to try where.

    Attributes:
        offsets: Nodes, seen from the first of a cell, whose settings are continued; the first row stands for
            interpolation.
        lists: Rows of `offsets` to try, the best one first, -1 where there are no more; the first list holds
            interpolation only.
        of_cell: For each cell its row of `lists`, numbered like the nodes.
    """

    offsets: npt.NDArray[np.intp]
    lists: npt.NDArray[np.intp]
    of_cell: npt.NDArray[np.intp]


def find_ways(family: Family, grid: Grid, table: FloatArray, steps: FloatArray) -> Ways:
    """Finds the cells in which going on from a node is better than interpolating, and what to try in them.

    Args:
        family: What the links have in common.
        grid: The nodes.
        table: The best settings of the nodes.
        steps: Their slopes.

    Returns:
        The ways.
    """
    around = [(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1, -1, 2)]
    offsets = np.array([(0, 0, 0), *around], dtype=np.intp)
    cells = np.stack(np.meshgrid(*(np.arange(size - 1) for size in grid.shape), indexing="ij"), axis=-1).reshape(-1, 3)
    trial = _Trial(family, grid, table, steps, offsets)
    every = np.arange(len(offsets))
    corners = np.asarray(((offsets >= 0) & (offsets <= 1)).all(axis=1))
    lists, of_cell = [np.array([[0, *[-1] * (MOST - 1)]])], np.zeros(grid.shape, dtype=np.intp)
    for first in range(0, len(cells), _CELLS_AT_ONCE):
        part = cells[first : first + _CELLS_AT_ONCE]
        rates = trial.rates(part, _FIRST, ways=np.broadcast_to(every[:, np.newaxis], (every.size, len(part))))
        better = (rates.max(axis=0) > np.maximum(rates[0], 0.0) * (1.0 + _TOLERANCE)).any(axis=0)
        part = part[better]
        if not len(part):
            continue
        candidates = _candidates(rates[..., better], corners=corners)
        found = _worth_trying(trial.rates(part, _SOME if family.rough else _MANY, ways=candidates), all_=family.rough)
        of_cell[tuple(part.T)] = sum(map(len, lists)) + np.arange(len(part))
        lists.append(np.where(found < 0, -1, np.take_along_axis(candidates.T, np.maximum(found, 0), axis=1)))
    return Ways(offsets, np.concatenate(lists), of_cell.ravel())


@dataclass(frozen=True, eq=False)
class _Trial:
    """Everything that can be tried."""

    family: Family
    grid: Grid
    table: FloatArray
    steps: FloatArray
    offsets: npt.NDArray[np.intp]

    def rates(self, cells: npt.NDArray[np.intp], places: FloatArray, *, ways: npt.NDArray[np.intp]) -> FloatArray:
        """Rates of ways, the first being interpolation, at places within cells; shape (way, place, cell).

        `ways` has the shape (way, cell).
        """
        at = (cells[np.newaxis] + places[:, np.newaxis]).reshape(-1, 3)
        first = np.broadcast_to(cells, (len(places), *cells.shape)).reshape(-1, 3)
        eta, noise, error = self.grid.links(at[:, 0], at[:, 1], at[:, 2])
        links = Links(self.family, transmittance=eta, noise=noise, error=error)
        every = np.arange(len(at))
        found = [links(between(self.table, first, at - first), every)[0]]
        for way in ways[1:]:
            step = np.broadcast_to(self.offsets[way], (len(places), *cells.shape)).reshape(-1, 3)
            node = inside(first + step, self.grid)
            found.append(links(onward(self.table, self.steps, node, at - node), every)[0])
        return np.stack(found).reshape(-1, len(places), len(cells))


def _candidates(rates: FloatArray, *, corners: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Interpolation, the corners, and what else comes next to the best way at any place; shape (way, cell)."""
    short = np.where(corners[:, np.newaxis], -1.0, _shortfall(rates).min(axis=1))
    short[0] = -2.0
    return np.argsort(short, axis=0, kind="stable")[: np.count_nonzero(corners) + _OTHERS]


def _shortfall(rates: FloatArray) -> FloatArray:
    """How far each way stays behind the best one, as a share; shape (way, place, cell)."""
    best = np.maximum(rates.max(axis=0), 0.0)
    return np.asarray(np.where(best > 0.0, 1.0 - rates / np.where(best > 0.0, best, 1.0), 0.0))


def _worth_trying(rates: FloatArray, *, all_: bool) -> npt.NDArray[np.intp]:
    """The fewest ways that come close to the best one at every place of a cell, chosen one after the other.

    Args:
        rates: Shape (way, place, cell).
        all_: Whether others follow, as many as a list holds.

    Returns:
        For each cell its ways, -1 where there are no more.
    """
    short = _shortfall(rates)
    left = np.ones(short.shape[1:])
    much = np.minimum(short, 1.0).sum(axis=1) * 1e-9
    lists = np.full((short.shape[2], MOST), -1, dtype=np.intp)
    for number in range(MOST):
        after = np.minimum(short, left)
        lost = np.where(after > _TOLERANCE, np.minimum(after, 0.1), 0.0).sum(axis=1)
        chosen = np.argmin(lost + much, axis=0)
        go_on = (left.max(axis=0) > _TOLERANCE) | all_
        lists[go_on, number] = chosen[go_on]
        left = np.minimum(left, np.take_along_axis(short, chosen[np.newaxis, np.newaxis], axis=0)[0])
        np.put_along_axis(much, chosen[np.newaxis], np.inf, axis=0)
    return lists


def slopes(table: FloatArray) -> FloatArray:
    """Differences of settings to the next node along each axis, on the side where they differ less.

    So the slopes of a node on one side of a jump do not cross it.

    Args:
        table: Shape (transmittance, noise, misalignment, axis).

    Returns:
        Shape (3, transmittance, noise, misalignment, axis): per step of the grid.
    """
    found = np.empty((3, *table.shape))
    for axis in range(3):
        step = np.moveaxis(np.diff(table, axis=axis), axis, 0)
        size = np.linalg.norm(step, axis=-1, keepdims=True)
        out = np.moveaxis(found[axis], axis, 0)
        out[0], out[-1] = step[0], step[-1]
        out[1:-1] = np.where(size[:-1] <= size[1:], step[:-1], step[1:])
    return found


def inside(nodes: npt.NDArray[np.intp], grid: Grid) -> npt.NDArray[np.intp]:
    """The nearest nodes that there are."""
    return np.asarray(np.clip(nodes, 0, np.array(grid.shape) - 1))


def between(table: FloatArray, cells: npt.NDArray[np.intp], part: FloatArray) -> FloatArray:
    """Settings within cells, by interpolation; shape (axis, elements)."""
    found = np.zeros((len(cells), table.shape[-1]))
    for corner in CORNERS:
        weight = np.prod(np.where(corner == 1, part, 1.0 - part), axis=-1)
        node = cells + corner
        found += weight[:, np.newaxis] * table[node[:, 0], node[:, 1], node[:, 2]]
    return found.T


def onward(table: FloatArray, steps: FloatArray, node: npt.NDArray[np.intp], way: FloatArray) -> FloatArray:
    """Settings at some way from nodes, along their slopes; shape (axis, elements)."""
    i, j, k = node.T
    return np.asarray((table[i, j, k] + sum(way[:, n, np.newaxis] * steps[n][i, j, k] for n in range(3))).T)
