"""Climbs to maxima of many elements in lockstep, by Newton steps whose derivatives are finite differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

AT_LIMIT = 1e-4
"""Share of an interval next to its end that counts as the end."""

_STEP = 1e-3
_FIRST_ITERATIONS = 8
"""Steps that every start makes."""
_ITERATIONS = 60
"""Most steps of the best one."""
_CALM = 3
"""Steps without a gain after which a climb ends."""
_DIRECTIONS = 2
_BESIDE = 0.05
_STEPS_BESIDE = 4
_HIGHER = 1e-8
"""Directions, distance and steps of the climbs from beside a maximum, and the gain that makes them worth finishing."""


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


class State(NamedTuple):
    """One lockstep state: angles (axes, starts, elements), the rest (starts, elements)."""

    angles: FloatArray
    value: FloatArray
    guide: FloatArray
    radius: FloatArray

    @property
    def score(self) -> FloatArray:
        """What is climbed: the value where it is positive, and else the guide."""
        return np.asarray(np.where(self.value > 0.0, self.value, self.guide))


class Search:
    """Newton's method in the angles whose squared sine is the place between the limits.

    At a limit the objective is even in the angle, so that a maximum there is an ordinary maximum of a smooth function.
    """

    def __init__(self, objective: Objective, *, low: FloatArray, span: FloatArray) -> None:
        self.objective = objective
        self.low = low
        self.span = span

    def run(
        self, elements: npt.NDArray[np.intp], *, seeds: FloatArray, groups: Sequence[npt.NDArray[np.intp]]
    ) -> State:
        """The best of the starts of every element, after the first steps of all of them."""
        state = self._start(elements, seeds=seeds, groups=groups)
        for _ in range(_FIRST_ITERATIONS):
            state = self._advance(state, elements)
        return best_start(state)

    def climb(
        self, elements: npt.NDArray[np.intp], begin: FloatArray, *, good: float | None
    ) -> tuple[FloatArray, FloatArray]:
        """Angles (axes, elements) and values (elements) of the maxima next to given angles (axes, starts, elements)."""
        return self.finish(best_start(self._state(begin, elements, radius=0.1)), elements, good=good)

    def finish(
        self, state: State, elements: npt.NDArray[np.intp], *, good: float | None = None
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
            state = State(*(field[..., keep] for field in state))
        return self._snap(angles, value, elements)

    def look_around(
        self, angles: FloatArray, value: FloatArray, elements: npt.NDArray[np.intp]
    ) -> tuple[FloatArray, FloatArray]:
        """Climbs again from both sides of every maximum, along the directions in which it is flattest.

        Where a bound is clamped the objective has a kink, and beyond it may lie a higher maximum, so near that no start
        led to it.
        """
        state = self._state(angles[:, np.newaxis], elements, radius=_BESIDE)
        _, turn = np.linalg.eigh(-self._derivatives(state, elements)[1][0])
        flat = np.moveaxis(turn[..., :_DIRECTIONS], 0, -1) * _BESIDE
        begin = angles[:, np.newaxis] + np.concatenate([flat, -flat], axis=1)
        state = self._state(begin, elements, radius=_BESIDE)
        with np.errstate(over="ignore", invalid="ignore"):  # where there is nothing, slopes are beyond all numbers
            for _ in range(_STEPS_BESIDE):
                state = self._advance(state, elements)
        state = best_start(state)
        higher = np.flatnonzero((value > 0.0) & (state.value[0] > value * (1.0 + _HIGHER)))
        if higher.size:
            state = State(*(field[..., higher] for field in state))
            angles[:, higher], value[higher] = self.finish(state, elements[higher])
        return angles, value

    def _state(self, angles: FloatArray, elements: npt.NDArray[np.intp], *, radius: float) -> State:
        value, guide = self._evaluate(angles, elements)
        return State(angles, value, guide, np.full(value.shape, radius))

    def _evaluate(self, angles: FloatArray, elements: npt.NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        coordinates = [
            start + width * np.square(np.sin(angle))
            for start, width, angle in zip(self.low, self.span, angles, strict=True)
        ]
        return self.objective(coordinates, elements)

    def _start(
        self, elements: npt.NDArray[np.intp], *, seeds: FloatArray, groups: Sequence[npt.NDArray[np.intp]]
    ) -> State:
        """The best starting point of each group."""
        angles = np.broadcast_to(seeds[:, :, np.newaxis], (*seeds.shape, elements.size))
        value, guide = self._evaluate(angles, elements)
        score = np.where(value > 0.0, value, guide)
        best = np.stack([group[np.argmax(score[group], axis=0)] for group in groups])
        return _take(State(angles, value, guide, np.full(value.shape, 0.3)), best)

    def _advance(self, state: State, elements: npt.NDArray[np.intp]) -> State:
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
        return State(
            np.where(better, step, state.angles),
            np.where(better, np.take_along_axis(value, best, axis=0)[0], state.value),
            np.where(better, np.take_along_axis(guide, best, axis=0)[0], state.guide),
            radius_new,
        )

    def _derivatives(self, state: State, elements: npt.NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
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
            near = (share < AT_LIMIT) | (share > 1.0 - AT_LIMIT)
            if near.any():
                trial = angles.copy()
                trial[axis] = np.where(near, np.where(share < 0.5, 0.0, np.pi / 2.0), trial[axis])
                found, _ = self._evaluate(trial, elements)
                good = near & (found >= value * (1.0 - 1e-10))
                angles[axis] = np.where(good, trial[axis], angles[axis])
                value = np.where(good, found, value)
        return angles, value


def best_start(state: State) -> State:
    """The best start of every element."""
    return _take(state, np.argmax(state.score, axis=0)[np.newaxis])


def _take(state: State, best: npt.NDArray[np.intp]) -> State:
    """The starts that `best`, of shape (starts, elements), points at."""
    return State(
        np.take_along_axis(state.angles, best[np.newaxis], axis=1),
        np.take_along_axis(state.value, best, axis=0),
        np.take_along_axis(state.guide, best, axis=0),
        np.take_along_axis(state.radius, best, axis=0),
    )
