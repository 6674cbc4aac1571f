"""Fills a grid with the best settings of its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from planner.physics.optimise import improve, maximise
from planner.physics.settings_table.family import Family, Links, Some
from planner.physics.settings_table.ways import CORNERS

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray
    from planner.physics.settings_table.grid import Grid

COARSE = (4, 4, 2)
"""Every how many nodes the search begins from nothing; the others start from their neighbours."""
_SWEEPS = 3
_KINK = 0.2
"""Bend from node to node, in the coordinates of the search, that only a jump makes."""
_GAIN = 1e-6
"""Gain of rate that is none."""


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
    optimum = improve(Some(links, which), axes=links.family.axes, starts=start[:, np.newaxis, changed], good=_GAIN)
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
    optimum = improve(Some(links, which), axes=links.family.axes, starts=starts, good=_GAIN)
    better = optimum.values > values[which]
    found[:, which[better]], values[which[better]] = optimum.coordinates[:, better], optimum.values[better]


def _neighbours(flat: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
    """For each node the next ones on both sides along each axis (itself at an end)."""
    return [
        flat.take(np.clip(np.arange(size) + step, 0, size - 1), axis=axis).ravel()
        for axis, size in enumerate(flat.shape)
        for step in (-1, 1)
    ]
