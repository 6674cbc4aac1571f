"""Fills a grid with the best settings of its nodes, and finds the cells in which these jump."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from planner.physics.optimise import improve, maximise
from planner.physics.settings_table.family import Family, Links, Some

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray
    from planner.physics.settings_table.grid import Grid

CORNERS = np.array([(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)], dtype=np.intp)
"""Of a cell, seen from its first node."""
AROUND = np.array([(0, b, c) for b in (0, 1) for c in (0, 1, -1, 2)], dtype=np.intp)
"""Nodes whose settings are tried where these jump: so that kinds of optima in a narrow region are not missed."""
COARSE = (2, 4, 2)
"""Every how many nodes the search begins from nothing; the others start from their neighbours."""
_SWEEPS = 3
_KINK = 0.2
"""Bend from node to node, in the coordinates of the search, that only a jump makes."""
_GAIN = 1e-7
_PLACES = np.array([(0.5, noise, error) for noise in (0.06, 0.5, 0.94) for error in (0.06, 0.5, 0.94)])
_TOLERANCE = 5e-5
"""Gain of rate that makes a cell one in which several settings are tried."""


def best_settings(family: Family, grid: Grid) -> FloatArray:
    """The best settings of every node, in the coordinates of their search.

    Args:
        family: What the links have in common.
        grid: The nodes.

    Returns:
        Shape (transmittance, noise, misalignment, axis). A node without key has those of the next one with less noise.
    """
    shape = grid.shape
    index = np.stack(np.meshgrid(*(np.arange(size) for size in shape), indexing="ij"), axis=-1)
    eta, noise, error = grid.links(*(index[..., k].ravel().astype(np.float64) for k in range(3)))
    links = Links(family, transmittance=eta, noise=noise, error=error)
    flat = np.arange(eta.size).reshape(shape)
    seeds = flat[:: COARSE[0], :: COARSE[1], :: COARSE[2]].ravel()
    axes = len(family.axes)
    found, values = np.zeros((axes, eta.size)), np.full(eta.size, -np.inf)
    optimum = maximise(Some(links, seeds), axes=family.axes, elements=seeds.size)
    found[:, seeds], values[seeds] = optimum.coordinates, optimum.values
    below = [np.minimum(index[..., k] // COARSE[k] * COARSE[k], shape[k] - 1) for k in range(3)]
    above = [np.where(b + c < shape[k], b + c, b) for k, (b, c) in enumerate(zip(below, COARSE, strict=True))]
    sides = [below, above]
    ends = [flat[sides[a][0], sides[b][1], sides[c][2]].ravel() for a, b, c in CORNERS]
    rest = np.setdiff1d(flat.ravel(), seeds)
    _try(links, found, values, rest, [end[rest] for end in ends])
    neighbours = _neighbours(flat)
    for _ in range(_SWEEPS):
        _try(links, found, values, flat.ravel(), neighbours)
    for source in neighbours[2:]:
        _cross(links, found, values, source=source, noise=(neighbours[2], neighbours[3]))
    table = np.moveaxis(found.reshape(axes, *shape), 0, -1).copy()
    worth = values.reshape(shape)
    for j in range(1, shape[1]):
        table[:, j] = np.where((worth[:, j] > 0.0)[..., np.newaxis], table[:, j], table[:, j - 1])
    return table


def _try(
    links: Links,
    found: FloatArray,
    values: FloatArray,
    nodes: npt.NDArray[np.intp],
    sources: list[npt.NDArray[np.intp]],
) -> None:
    """Improves nodes, in place, from the settings of the best of other nodes where that is better than their own."""
    best, start = values[nodes].copy(), found[:, nodes].copy()
    for source in sources:
        trial = found[:, source]
        value = np.where(np.isfinite(values[source]), links(trial, nodes)[0], -np.inf)
        better = value > best
        best = np.where(better, value, best)
        start = np.where(better, trial, start)
    changed = np.flatnonzero(best > np.where(values[nodes] > 0.0, values[nodes] * (1.0 + _GAIN), values[nodes]))
    if not changed.size:
        return
    which = nodes[changed]
    optimum = improve(Some(links, which), axes=links.family.axes, starts=start[:, np.newaxis, changed])
    found[:, which], values[which] = optimum.coordinates, optimum.values


def _cross(
    links: Links,
    found: FloatArray,
    values: FloatArray,
    *,
    source: npt.NDArray[np.intp],
    noise: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
) -> None:
    """Improves nodes beside a jump, in place, by a climb from the settings of another node.

    A kind of optimum that is best in a narrow region only may be far from its top at the settings of a neighbour.
    """
    bend = np.linalg.norm(found[:, noise[0]] - 2.0 * found + found[:, noise[1]], axis=0)
    which = np.flatnonzero((bend > _KINK) & (values > 0.0) & (values[source] > 0.0))
    if not which.size:
        return
    starts = found[:, np.newaxis, source[which]]
    optimum = improve(Some(links, which), axes=links.family.axes, starts=starts)
    better = optimum.values > values[which]
    found[:, which[better]], values[which[better]] = optimum.coordinates[:, better], optimum.values[better]


def _neighbours(flat: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
    """For each node the next ones on both sides along each axis (itself at an end)."""
    return [
        flat.take(np.clip(np.arange(size) + step, 0, size - 1), axis=axis).ravel()
        for axis, size in enumerate(flat.shape)
        for step in (-1, 1)
    ]


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


def jumps(family: Family, grid: Grid, table: FloatArray, steps: FloatArray) -> npt.NDArray[np.bool_]:
    """The cells in which going on from one of the corners is better than going between them.

    Args:
        family: What the links have in common.
        grid: The nodes.
        table: The best settings of the nodes.
        steps: Their slopes.

    Returns:
        Shape of the grid less one along each axis.
    """
    cells = np.stack(np.meshgrid(*(np.arange(size - 1) for size in grid.shape), indexing="ij"), axis=-1).reshape(-1, 3)
    flagged = np.zeros(len(cells), dtype=np.bool_)
    for place in _PLACES:
        at = cells + place
        eta, noise, error = grid.links(at[:, 0], at[:, 1], at[:, 2])
        links = Links(family, transmittance=eta, noise=noise, error=error)
        every = np.arange(len(cells))
        value = links(between(table, cells, np.broadcast_to(place, cells.shape)), every)[0]
        for step in around(family):
            node = inside(cells + step, grid)
            other = links(onward(table, steps, node, at - node), every)[0]
            flagged |= (other > 0.0) & (other > value * (1.0 + _TOLERANCE))
    return flagged.reshape(tuple(size - 1 for size in grid.shape))


def around(family: Family) -> npt.NDArray[np.intp]:
    """Nodes, seen from the first of a cell that is nearest in transmittance, whose settings are tried at jumps.

    With a dead time jumps depend on the transmittance too: then nodes on both sides.
    """
    if family.clicks_per_dead_time <= 0.0:
        return AROUND
    return np.concatenate([AROUND + np.array([light, 0, 0]) for light in (-1, 0, 1)])


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
