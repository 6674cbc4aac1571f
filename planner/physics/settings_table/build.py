"""Makes a table of settings: the cut-offs first, then the best settings of every node."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from planner.physics.optimise import improve, maximise
from planner.physics.settings_table.family import Family, Links
from planner.physics.settings_table.grid import ERROR_SHARE, FINER, Grid, bend, faint, unbend

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

NOISE_NODES, ERROR_NODES = 81, 23
_LIGHT_STEP = 0.8
_LIGHT_MOST = 13
_FAINTEST = 1e-12
_LITTLE = 1e-9
"""Noise over transmittance that is next to nothing."""
_ROUNDS = 12
_GAIN = 1e-7
"""Gain of rate that is none."""


def grid_of(family: Family) -> Grid | None:
    """Finds the cut-offs of a family.

    Args:
        family: What the links have in common.

    Returns:
        The grid; None where even the best link has no key at some transmittance.
    """
    scale = 5.0 + family.clicks_per_dead_time
    lights = int(np.clip(np.ceil(np.log1p(scale) / _LIGHT_STEP) + 1, 5, _LIGHT_MOST))
    eta = np.maximum(faint(np.linspace(0.0, 1.0, lights), scale=scale), _FAINTEST)
    largest = _edge(
        lambda error: Links(family, transmittance=eta, noise=eta * _LITTLE, error=error),
        start=np.zeros(lights), end=np.full(lights, 0.5), family=family,
    )  # fmt: skip
    if largest is None:
        return None
    share = unbend(np.linspace(0.0, float(bend(ERROR_SHARE)), ERROR_NODES))
    light = np.repeat(eta, ERROR_NODES)
    error = np.outer(largest, share).ravel()
    ratio = _edge(
        lambda ratio: Links(family, transmittance=light, noise=light * np.exp(ratio), error=error),
        start=np.full(light.size, np.log(_LITTLE)), end=np.minimum(0.0, -np.log(light)), family=family,
    )  # fmt: skip
    if ratio is None:
        return None
    cut_off = _refine(ratio.reshape(lights, ERROR_NODES), steps=FINER)
    return Grid(scale, (lights, NOISE_NODES, ERROR_NODES), largest, cut_off)


def _edge(
    links_at: Callable[[FloatArray], Links], *, start: FloatArray, end: FloatArray, family: Family
) -> FloatArray | None:
    """The largest value of a parameter that gives key, for each of several links.

    The best settings at one value give key up to a larger value, at which the best settings are then sought, and so
    on. That converges by a constant factor, so that the limit of the last three values follows.

    Args:
        links_at: The links at values of the parameter.
        start: Values that give key.
        end: Values that give none.
        family: The family.

    Returns:
        The values; None where a start gives no key.
    """
    elements = np.arange(start.size)
    optimum = maximise(links_at(start), axes=family.axes, elements=start.size)
    if not np.all(optimum.values > 0.0):
        return None
    values = [start]
    for round_ in range(_ROUNDS):
        low, high = values[-1], end
        for _ in range(40):
            middle = (low + high) / 2.0
            key = links_at(middle)(optimum.coordinates, elements)[0] > 0.0
            low, high = np.where(key, middle, low), np.where(key, high, middle)
        values.append(low)
        if round_ + 1 == _ROUNDS:
            break
        if round_ % 4 == 3:
            optimum = maximise(links_at(low), axes=family.axes, elements=start.size)
        else:
            optimum = improve(links_at(low), axes=family.axes, starts=optimum.coordinates[:, np.newaxis], good=_GAIN)
    first, second = values[-2] - values[-3], values[-1] - values[-2]
    bends = first - second
    return np.asarray(values[-1] + np.where(bends > 0.0, second * second / np.where(bends > 0.0, bends, 1.0), 0.0))


def _refine(rows: FloatArray, *, steps: int) -> FloatArray:
    """Values between equally spaced ones, along the last axis, by the cubic through the four nearest."""
    count = rows.shape[-1]
    place = np.arange((count - 1) * steps + 1) / steps
    first = np.clip(np.floor(place).astype(np.intp) - 1, 0, count - 4)
    fine = np.zeros((*rows.shape[:-1], place.size))
    for node in range(4):
        weight = np.ones(place.size)
        for other in range(4):
            if other != node:
                weight = weight * (place - first - other) / (node - other)
        fine += weight * rows[..., first + node]
    return fine
