"""Finds the best settings of many links at once: one search, run in lockstep over an array of elements.

Every element is maximised from several starting points, taken from a fixed lattice, by Newton steps whose derivatives
are finite differences; one call of the objective serves all elements, starting points and difference points. There is
no randomness, and an element's result does not depend on the other elements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from planner.physics.climb import AT_LIMIT, Search, State

if TYPE_CHECKING:
    from planner.physics.climb import Objective
    from planner.physics.entropy import FloatArray

SEEDS = 768
STARTS = 12
ELEMENTS_AT_ONCE = 128
"""So that the arrays of one call of the objective stay within the processor's cache."""
CLIMBS_AT_ONCE = 1024
"""The same where each element has one start left."""

Scale = Literal["plain", "log", "log-odds"]
SCALES: Mapping[Scale, Callable[[FloatArray], FloatArray]] = MappingProxyType(
    {
        "plain": np.asarray,
        "log": lambda coordinate: np.asarray(np.exp(coordinate)),
        "log-odds": lambda coordinate: np.asarray(1.0 / (1.0 + np.exp(-coordinate))),
    }
)
"""From a coordinate of the search to the number it stands for."""


@dataclass(frozen=True)
class Axis:
    """The interval in which one open setting is searched, in a coordinate of the caller's choice.

    Attributes:
        name: The setting.
        low: Lower end of the search.
        high: Upper end of the search.
        seed_low: Lower end of the starting points.
        seed_high: Upper end of the starting points.
        low_is_physical: True where nature ends there too, so that an optimum at `low` is no limit of the search.
        divides: True where optima of a different kind lie in the two halves of the starting points; each half then
            gets its own starts.
        scale: What the coordinate is of the setting.
    """

    name: str
    low: float
    high: float
    seed_low: float
    seed_high: float
    low_is_physical: bool = False
    divides: bool = False
    scale: Scale = "plain"

    def value(self, coordinate: FloatArray) -> FloatArray:
        """The setting that a coordinate stands for, where no other setting limits it."""
        return SCALES[self.scale](coordinate)


def place(
    coordinates: Mapping[str, FloatArray], *, fixed: Mapping[str, FloatArray], axes: Mapping[str, Axis]
) -> dict[str, FloatArray]:
    """Makes settings from a point of the search, for protocols whose settings do not limit each other.

    Args:
        coordinates: Coordinates of the open settings.
        fixed: The settings that are given.
        axes: How settings are searched.

    Returns:
        All settings.
    """
    return dict(fixed) | {name: axes[name].value(array) for name, array in coordinates.items()}


class Optimum(NamedTuple):
    """Where the maxima lie.

    Attributes:
        coordinates: Shape ``(axes, elements)``.
        values: The objective there, shape ``(elements,)``; not positive where no positive value was found.
        at_limit: Shape ``(axes, elements)``: true where a positive maximum lies on a limit of the search.
    """

    coordinates: FloatArray
    values: FloatArray
    at_limit: npt.NDArray[np.bool_]


def maximise(objective: Objective, *, axes: Sequence[Axis], elements: int) -> Optimum:
    """Maximises the objective over all axes, for each element.

    Args:
        objective: What is maximised.
        axes: The open settings; at least one.
        elements: Number of elements.

    Returns:
        The maxima.
    """
    low, span = _intervals(axes)
    angles = np.empty((len(axes), elements))
    values = np.empty(elements)
    seeds, groups = _seeds(axes)
    search = Search(objective, low=low, span=span)
    for part in _parts(np.arange(elements), size=CLIMBS_AT_ONCE):
        states = [search.run(some, seeds=seeds, groups=groups) for some in _parts(part, size=ELEMENTS_AT_ONCE)]
        joined = State(*(np.concatenate(fields, axis=-1) for fields in zip(*states, strict=True)))
        found = search.finish(joined, part)
        angles[:, part], values[part] = search.look_around(*found, part)
    return _optimum(angles, values, axes=axes)


def _parts(elements: npt.NDArray[np.intp], *, size: int) -> list[npt.NDArray[np.intp]]:
    return [elements[first : first + size] for first in range(0, elements.size, size)]


def improve(objective: Objective, *, axes: Sequence[Axis], starts: FloatArray, good: float | None = None) -> Optimum:
    """Climbs to the next maximum from the best of given points, for each element: much less work than `maximise`.

    Args:
        objective: What is maximised.
        axes: The open settings; at least one.
        starts: Coordinates, shape ``(axes, starts, elements)``; brought between the limits of the axes.
        good: The climb ends with a step that gains less than this share; None: when nothing is gained any more.

    Returns:
        The maxima.
    """
    low, span = _intervals(axes)
    place = np.clip((starts - low[:, np.newaxis, np.newaxis]) / span[:, np.newaxis, np.newaxis], 0.0, 1.0)
    begin = np.arcsin(np.sqrt(place))
    elements = starts.shape[-1]
    angles, values = np.empty((len(axes), elements)), np.empty(elements)
    search = Search(objective, low=low, span=span)
    for part in _parts(np.arange(elements), size=CLIMBS_AT_ONCE):
        angles[:, part], values[part] = search.climb(part, begin[..., part], good=good)
    return _optimum(angles, values, axes=axes)


def _intervals(axes: Sequence[Axis]) -> tuple[FloatArray, FloatArray]:
    """Lower end and width of each axis."""
    return np.array([axis.low for axis in axes]), np.array([axis.high - axis.low for axis in axes])


def _optimum(angles: FloatArray, values: FloatArray, *, axes: Sequence[Axis]) -> Optimum:
    low, span = _intervals(axes)
    coordinates = low[:, np.newaxis] + span[:, np.newaxis] * np.square(np.sin(angles))
    return Optimum(coordinates, values, at_limits(coordinates, values, axes=axes))


def at_limits(
    coordinates: Sequence[FloatArray] | FloatArray, values: FloatArray, *, axes: Sequence[Axis]
) -> npt.NDArray[np.bool_]:
    """Where a positive maximum lies on a limit of the search that is not a physical one.

    Args:
        coordinates: One array for each axis.
        values: The objective there.
        axes: The open settings.

    Returns:
        One row for each axis.
    """
    found = np.empty((len(axes), *values.shape), dtype=np.bool_)
    positive = values > 0.0
    for number, (axis, at) in enumerate(zip(axes, coordinates, strict=True)):
        margin = AT_LIMIT * (axis.high - axis.low)
        limit = at > axis.high - margin
        if not axis.low_is_physical:
            limit |= at < axis.low + margin
        found[number] = limit & positive
    return found


def _seeds(axes: Sequence[Axis]) -> tuple[FloatArray, list[npt.NDArray[np.intp]]]:
    """Angles of the starting points, shape (axes, SEEDS), and the groups of which each gives one start.

    The points are a Kronecker lattice of the generalised golden ratio.
    """
    count = len(axes)
    ratio = 2.0
    for _ in range(60):  # the root of x^(count+1) = x + 1
        ratio = (1.0 + ratio) ** (1.0 / (count + 1))
    steps = ratio ** -np.arange(1.0, count + 1.0)
    lattice = np.mod(0.5 + np.outer(steps, np.arange(1, SEEDS + 1)), 1.0)
    share = np.empty_like(lattice)
    kind = np.zeros(SEEDS, dtype=np.intp)
    for row, axis in enumerate(axes):
        seeds = axis.seed_low + (axis.seed_high - axis.seed_low) * lattice[row]
        share[row] = (seeds - axis.low) / (axis.high - axis.low)
        if axis.divides:
            kind = 2 * kind + (lattice[row] >= 0.5)
    members = [np.flatnonzero(kind == value) for value in np.unique(kind)]
    each = max(1, STARTS // len(members))
    groups = [part for group in members for part in np.array_split(group, each)]
    return np.asarray(np.arcsin(np.sqrt(share))), groups
