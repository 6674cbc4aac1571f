"""Where a link lies in a table of settings: coordinates in which the best settings change evenly.

Along the transmittance eta the settings are constant for faint light and change where detectors saturate; what matters
of the noise is its ratio to eta, from next to nothing up to the cut-off, beyond which there is no key; and the
misalignment runs up to its own cut-off. All coordinates count nodes of the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

_TINY = 1e-300
ERROR_SHARE = 0.97
"""The table ends at this share of the largest misalignment that gives key."""
NOISE = (-18.0, 4.0)
"""Log-odds of the noise, as a share of that at the cut-off, between which the table runs."""
FINER = 4
"""Steps of the cut-off's own table within a step of the misalignment."""


class Position(NamedTuple):
    """Where links lie in a table, in nodes; between the first and the last of each axis.

    Attributes:
        light: Along the transmittance.
        noise: Along the noise.
        error: Along the misalignment.
        share: The misalignment as a share of the largest that gives key.
        ratio: Logarithm of the noise as a share of that at the cut-off.
    """

    light: FloatArray
    noise: FloatArray
    error: FloatArray
    share: FloatArray
    ratio: FloatArray


@dataclass(frozen=True, eq=False)
class Grid:
    """The nodes of a table.

    Attributes:
        scale: How strong the bend of the transmittance's coordinate is.
        shape: Nodes along transmittance, noise and misalignment.
        largest_error: Largest misalignment that gives key without noise, for each node of the transmittance.
        cut_off: Logarithm of the largest ratio of noise to transmittance that gives key; shape (transmittance,
            misalignment in steps `FINER` times finer).
    """

    scale: float
    shape: tuple[int, int, int]
    largest_error: FloatArray
    cut_off: FloatArray

    def locate(self, transmittance: FloatArray, noise: FloatArray, error: FloatArray) -> Position:
        """Coordinates of links."""
        light = np.log1p(transmittance * self.scale) * ((self.shape[0] - 1) / np.log1p(self.scale))
        i, part = cell(light, nodes=self.shape[0])
        largest = _between(self.largest_error, i, part)
        share = error / largest
        along = bend(np.minimum(share, ERROR_SHARE)) * ((self.shape[2] - 1) / bend(ERROR_SHARE))
        end = self.log_cut_off(i, part, along)
        ratio = np.log(np.maximum(noise, _TINY)) - np.log(transmittance) - end
        odds = np.minimum(ratio, -1e-9)
        odds -= np.log(-np.expm1(odds))
        first, last = bend_odds(np.array(NOISE))
        spread = (bend_odds(np.clip(odds, *NOISE)) - first) * ((self.shape[1] - 1) / (last - first))
        return Position(light, spread, along, share, ratio)

    def log_cut_off(self, i: npt.NDArray[np.intp], part: FloatArray, along: FloatArray) -> FloatArray:
        """Logarithm of the ratio of noise to transmittance at the cut-off."""
        columns = self.cut_off.shape[1]
        k, rest = cell(along * FINER, nodes=columns)
        table = self.cut_off.ravel()
        at = i * columns + k
        left = table[at] + rest * (table[at + 1] - table[at])
        at += columns
        right = table[at] + rest * (table[at + 1] - table[at])
        return np.asarray(left + part * (right - left))

    def links(
        self, light: FloatArray, noise: FloatArray, error: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Transmittance, noise and misalignment at coordinates: the inverse of `locate`."""
        transmittance = np.maximum(faint(light / (self.shape[0] - 1), scale=self.scale), 1e-12)
        i, part = cell(light, nodes=self.shape[0])
        share = unbend(error / (self.shape[2] - 1) * float(bend(ERROR_SHARE)))
        misalignment = share * _between(self.largest_error, i, part)
        first, last = bend_odds(np.array(NOISE))
        odds = _inverse(bend_odds, first + (last - first) * noise / (self.shape[1] - 1), ends=NOISE)
        ratio = np.exp(self.log_cut_off(i, part, error)) / (1.0 + np.exp(-odds))
        return transmittance, np.minimum(ratio * transmittance, 1.0), misalignment


def faint(place: FloatArray, *, scale: float) -> FloatArray:
    """Transmittance at a place between 0 and 1 along its axis."""
    return np.asarray(np.expm1(place * np.log1p(scale)) / scale)


def bend(share: npt.ArrayLike) -> FloatArray:
    """Coordinate of a misalignment as a share of the largest one: fine near zero and near one."""
    share = np.asarray(share, dtype=np.float64)
    return np.asarray(np.sqrt(np.sqrt(share)) - 0.3 * np.log1p(-share))


def unbend(along: FloatArray) -> FloatArray:
    """The inverse of `bend`."""
    return _inverse(bend, along, ends=(0.0, ERROR_SHARE))


def bend_odds(odds: FloatArray) -> FloatArray:
    """Coordinate of the noise as log-odds: coarse where there is too little noise to matter much."""
    return np.asarray(0.3 * odds + np.log1p(np.exp(odds + 8.0)))


def _inverse(
    rising: Callable[[FloatArray], FloatArray], values: FloatArray, *, ends: tuple[float, float]
) -> FloatArray:
    low, high = np.full(values.shape, ends[0]), np.full(values.shape, ends[1])
    for _ in range(60):
        middle = (low + high) / 2.0
        over = rising(middle) > values
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return np.asarray((low + high) / 2.0)


def cell(coordinate: FloatArray, *, nodes: int) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """The node below a coordinate (never the last), and how far beyond it the coordinate lies."""
    below = np.minimum(coordinate.astype(np.intp), nodes - 2)
    return below, coordinate - below


def _between(table: FloatArray, i: npt.NDArray[np.intp], part: FloatArray) -> FloatArray:
    return np.asarray(table[i] + part * (table[i + 1] - table[i]))
