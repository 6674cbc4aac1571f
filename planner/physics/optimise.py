"""Finds the best settings of many links at once: one search, run in lockstep over an array of elements.

Every element is maximised from several starting points, taken from a fixed lattice, by Newton steps whose derivatives
are finite differences; one call of the objective serves all elements, starting points and difference points. There is
no randomness, and an element's result does not depend on the other elements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

SEEDS = 768
STARTS = 12
ELEMENTS_AT_ONCE = 128
"""So that the arrays of one call of the objective stay within the processor's cache."""
CLIMBS_AT_ONCE = 1024
"""The same where each element has one start left."""

_STEP = 1e-3
_FIRST_ITERATIONS = 8
_ITERATIONS = 60
_CALM = 3
"""Steps without a gain after which a climb ends."""
_AT_LIMIT = 1e-4


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


class Objective(Protocol):
    """What is maximised."""

    def __call__(
        self, coordinates: Sequence[FloatArray], elements: npt.NDArray[np.intp]
    ) -> tuple[FloatArray, FloatArray]:
        """Evaluates it.

        Args:
            coordinates: One array for each axis, shape ``(..., len(elements))``.
            elements: Which elements the last dimension stands for.

        Returns:
            The value, and a guide: a number that is positive where the value is, and leads to the region of positive
            values from outside it. Both finite, of the shape of the coordinates.
        """


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
    search = _Search(objective, low=low, span=span)
    for part in _parts(np.arange(elements), size=CLIMBS_AT_ONCE):
        states = [search.run(some, seeds=seeds, groups=groups) for some in _parts(part, size=ELEMENTS_AT_ONCE)]
        joined = _State(*(np.concatenate(fields, axis=-1) for fields in zip(*states, strict=True)))
        angles[:, part], values[part] = search.finish(joined, part)
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
    search = _Search(objective, low=low, span=span)
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
    for number, (axis, at) in enumerate(zip(axes, coordinates, strict=True)):
        margin = _AT_LIMIT * (axis.high - axis.low)
        limit = at > axis.high - margin
        if not axis.low_is_physical:
            limit |= at < axis.low + margin
        found[number] = limit & (values > 0.0)
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


class _State(NamedTuple):
    """One lockstep state: angles (axes, starts, elements), the rest (starts, elements)."""

    angles: FloatArray
    value: FloatArray
    guide: FloatArray
    radius: FloatArray

    @property
    def score(self) -> FloatArray:
        return np.asarray(np.where(self.value > 0.0, self.value, self.guide))


class _Search:
    """Newton's method in the angles whose squared sine is the place between the limits.

    At a limit the objective is even in the angle, so that a maximum there is an ordinary maximum of a smooth function.
    """

    def __init__(self, objective: Objective, *, low: FloatArray, span: FloatArray) -> None:
        self.objective = objective
        self.low = low
        self.span = span

    def run(
        self, elements: npt.NDArray[np.intp], *, seeds: FloatArray, groups: Sequence[npt.NDArray[np.intp]]
    ) -> _State:
        """The best of the starts of every element, after the first steps of all of them."""
        state = self._start(elements, seeds=seeds, groups=groups)
        for _ in range(_FIRST_ITERATIONS):
            state = self._advance(state, elements)
        return _best(state)

    def climb(
        self, elements: npt.NDArray[np.intp], begin: FloatArray, *, good: float | None
    ) -> tuple[FloatArray, FloatArray]:
        """Angles (axes, elements) and values (elements) of the maxima next to given angles (axes, starts, elements)."""
        value, guide = self._evaluate(begin, elements)
        return self.finish(_best(_State(begin, value, guide, np.full(value.shape, 0.1))), elements, good=good)

    def finish(
        self, state: _State, elements: npt.NDArray[np.intp], *, good: float | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Follows the one start of every element until nothing is gained: angles and values."""
        angles, value = state.angles[:, 0].copy(), state.value[0].copy()
        active = np.arange(elements.size)
        calm = np.zeros(elements.size, dtype=np.intp)
        for _ in range(_ITERATIONS):
            old = state.score[0]
            state = self._advance(state, elements[active])
            gain = state.score[0] - old
            angles[:, active], value[active] = state.angles[:, 0], state.value[0]
            calm = np.where(gain <= (1e-9 if good is None else good) * np.abs(old), calm + 1, 0)
            keep = calm < (_CALM if good is None else 1)
            if not keep.any():
                break
            active, calm = active[keep], calm[keep]
            state = _State(*(field[..., keep] for field in state))
        return self._snap(angles, value, elements)

    def _evaluate(self, angles: FloatArray, elements: npt.NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        coordinates = [
            start + width * np.square(np.sin(angle))
            for start, width, angle in zip(self.low, self.span, angles, strict=True)
        ]
        return self.objective(coordinates, elements)

    def _start(
        self, elements: npt.NDArray[np.intp], *, seeds: FloatArray, groups: Sequence[npt.NDArray[np.intp]]
    ) -> _State:
        """The best starting point of each group."""
        angles = np.broadcast_to(seeds[:, :, np.newaxis], (*seeds.shape, elements.size))
        value, guide = self._evaluate(angles, elements)
        score = np.where(value > 0.0, value, guide)
        best = np.stack([group[np.argmax(score[group], axis=0)] for group in groups])
        return _take(_State(angles, value, guide, np.full(value.shape, 0.3)), best)

    def _advance(self, state: _State, elements: npt.NDArray[np.intp]) -> _State:
        """One step of every start of every element: the best of several candidates, or no step."""
        gradient, hessian = self._derivatives(state, elements)
        bends, turn = np.linalg.eigh(-hessian)
        along = np.einsum("...ij,...i->...j", turn, gradient)
        size = np.abs(bends)
        floor = 1e-9 * size.max(axis=-1, keepdims=True) + 1e-12
        newton = np.einsum("...ij,...j->...i", turn, along / np.maximum(size, floor))
        radius = state.radius[..., np.newaxis]
        newton *= np.minimum(1.0, radius / (np.linalg.norm(newton, axis=-1, keepdims=True) + 1e-300))
        uphill = gradient * (radius / (np.linalg.norm(gradient, axis=-1, keepdims=True) + 1e-300))
        moves = np.stack([newton, 2.0 * newton, newton / 4.0, newton / 16.0, uphill, uphill / 8.0])
        angles = state.angles[:, np.newaxis] + np.moveaxis(moves, -1, 0)
        value, guide = self._evaluate(angles, elements)
        inside = state.value > 0.0
        score = np.where(inside, value, np.where(value > 0.0, 1.0 + value, guide))
        best = np.argmax(score, axis=0)[np.newaxis]
        chosen = np.take_along_axis(score, best, axis=0)[0]
        better = chosen > state.score
        shrink = np.array([1.5, 2.0, 0.5, 0.25, 1.0, 0.5])[best[0]]
        radius_new = np.clip(np.where(better, state.radius * shrink, state.radius / 8.0), 1e-7, 1.0)
        step = np.take_along_axis(angles, best[np.newaxis], axis=1)[:, 0]
        return _State(
            np.where(better, step, state.angles),
            np.where(better, np.take_along_axis(value, best, axis=0)[0], state.value),
            np.where(better, np.take_along_axis(guide, best, axis=0)[0], state.guide),
            radius_new,
        )

    def _derivatives(self, state: _State, elements: npt.NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        """Gradient (..., axes) and Hessian (..., axes, axes) of the score over its own size."""
        axes = state.angles.shape[0]
        unit = np.eye(axes) * _STEP
        pairs = [(i, j) for i in range(axes) for j in range(i)]
        shifts = np.array([*unit, *(-unit), *(unit[i] + unit[j] for i, j in pairs)])
        angles = state.angles[:, np.newaxis] + shifts.T[:, :, np.newaxis, np.newaxis]
        value, guide = self._evaluate(angles, elements)
        score = np.where(state.value > 0.0, value, guide)
        centre = state.score
        score = (score - centre) / (np.abs(centre) + 1e-300)
        plus, minus, cross = score[:axes], score[axes : 2 * axes], score[2 * axes :]
        gradient = np.moveaxis((plus - minus) / (2.0 * _STEP), 0, -1)
        hessian = np.empty((*centre.shape, axes, axes))
        for i in range(axes):
            hessian[..., i, i] = (plus[i] + minus[i]) / _STEP**2
        for (i, j), both in zip(pairs, cross, strict=True):
            hessian[..., i, j] = hessian[..., j, i] = (both - plus[i] - plus[j]) / _STEP**2
        return gradient, hessian

    def _snap(
        self, angles: FloatArray, value: FloatArray, elements: npt.NDArray[np.intp]
    ) -> tuple[FloatArray, FloatArray]:
        """Puts what lies next to a limit onto it, where nothing is lost by that."""
        for axis in range(angles.shape[0]):
            share = np.square(np.sin(angles[axis]))
            near = (share < _AT_LIMIT) | (share > 1.0 - _AT_LIMIT)
            if near.any():
                trial = angles.copy()
                trial[axis] = np.where(near, np.where(share < 0.5, 0.0, np.pi / 2.0), trial[axis])
                found, _ = self._evaluate(trial, elements)
                good = near & (found >= value * (1.0 - 1e-10))
                angles[axis] = np.where(good, trial[axis], angles[axis])
                value = np.where(good, found, value)
        return angles, value


def _best(state: _State) -> _State:
    """The best start of every element."""
    return _take(state, np.argmax(state.score, axis=0)[np.newaxis])


def _take(state: _State, best: npt.NDArray[np.intp]) -> _State:
    """The starts that `best`, of shape (starts, elements), points at."""
    return _State(
        np.take_along_axis(state.angles, best[np.newaxis], axis=1),
        np.take_along_axis(state.value, best, axis=0),
        np.take_along_axis(state.guide, best, axis=0),
        np.take_along_axis(state.radius, best, axis=0),
    )
