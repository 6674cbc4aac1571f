"""What a protocol gives in one clock slot: the common form in which every protocol answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from planner.physics.detector import live_fraction

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

ELEMENTS_AT_ONCE = 8192
"""So that the arrays of one step stay within the processor's cache."""

_NO_KEY = -100.0


@dataclass(frozen=True, eq=False)
class Outcome:
    """A protocol at given settings, for receivers that are never blocked. Arrays of one shape.

    Attributes:
        clicks: Successful detections per slot: announced by the station, or coincident, or symbols measured.
        loads: For each receiver that a dead time blocks, how often it clicks per slot. The live fraction is the
            product of `detector.live_fraction` over them; empty where nothing is ever blocked.
        sifted: Sifted bits per slot.
        qber: Error rate of the sifted bits; 1/2 where nothing ever clicks, NaN where the protocol has none.
        leak: Bits per slot that error correction costs.
        secret: Key bits per slot by the formula; negative where there is none.
        possible: The same without finite-size effects, at the same settings.
        guide: Key per sifted bit, lowered further where the bound on the phase error is useless: it has the sign of
            `secret` and leads an optimiser that starts where there is no key.
    """

    clicks: FloatArray
    loads: tuple[FloatArray, ...]
    sifted: FloatArray
    qber: FloatArray
    leak: FloatArray
    secret: FloatArray
    possible: FloatArray
    guide: FloatArray

    @property
    def key_bits_per_slot(self) -> FloatArray:
        """Key bits per clock slot, before dead times; never negative."""
        return np.asarray(np.maximum(self.secret, 0.0))

    def live(self, parameters: Mapping[str, FloatArray]) -> FloatArray:
        """The fraction of slots in which no receiver is blocked by an earlier click."""
        live = np.ones(())
        for load in self.loads:
            if np.ndim(parameters["dead_time_s"]) == 0 and parameters["dead_time_s"] == 0.0:
                return live
            live = live * live_fraction(load, clock_hz=parameters["clock_hz"], dead_time_s=parameters["dead_time_s"])
        return np.asarray(live)

    @property
    def finite_size(self) -> FloatArray:
        """Bits per slot that only the finite size of the block costs."""
        return np.asarray(np.maximum(self.possible, self.key_bits_per_slot) - self.key_bits_per_slot)

    @property
    def error_correction(self) -> FloatArray:
        """Bits per slot that error correction costs, at most what is there."""
        room = self.sifted - self.key_bits_per_slot - self.finite_size
        return np.asarray(np.minimum(self.leak, np.maximum(room, 0.0)))

    @property
    def privacy_amplification(self) -> FloatArray:
        """The rest of the sifted bits per slot."""
        rest = self.sifted - self.key_bits_per_slot - self.finite_size - self.error_correction
        return np.asarray(np.maximum(rest, 0.0))


def outcome(
    *,
    clicks: FloatArray,
    loads: tuple[FloatArray, ...],
    sifted: FloatArray,
    qber: FloatArray,
    leak: FloatArray,
    secret: FloatArray,
    slope: FloatArray,
    possible: FloatArray | None = None,
) -> Outcome:
    """Puts an `Outcome` together; what is too small for a number is no key.

    Args:
        clicks: As in `Outcome`.
        loads: As in `Outcome`.
        sifted: As in `Outcome`.
        qber: As in `Outcome`.
        leak: As in `Outcome`.
        secret: As in `Outcome`.
        slope: How far beyond its useful range the bound on the phase error lies, zero or more.
        possible: As in `Outcome`; None: there are no finite-size effects.

    Returns:
        The outcome, all arrays of the same shape.
    """
    found = np.isfinite(secret) & (sifted > 0.0)
    key = np.where(found, secret, -1.0)
    guide = np.where(found, key / np.where(sifted > 0.0, sifted, 1.0), _NO_KEY)
    guide = np.where(guide > 0.0, guide, np.maximum(guide - np.minimum(slope, 10.0), _NO_KEY))
    # settings that tell next to nothing (a decoy of 1e-300 photons) leave digits of nothing: never more than there is
    without = key if possible is None else np.where(np.isfinite(possible), np.minimum(possible, sifted), -1.0)
    spread = np.broadcast_arrays(clicks, sifted, qber, leak, key, without, guide, *loads)
    arrays = [np.array(array, dtype=np.float64) for array in spread]
    return Outcome(arrays[0], tuple(arrays[7:]), *arrays[1:7])


def in_chunks(
    formula: Callable[[Mapping[str, FloatArray], FloatArray, Mapping[str, FloatArray], FloatArray], Outcome],
    parameters: Mapping[str, npt.ArrayLike],
    loss_db: npt.ArrayLike,
    settings: Mapping[str, npt.ArrayLike],
    *,
    arm_a_loss_db: npt.ArrayLike | None = None,
) -> Outcome:
    """Evaluates a formula over arrays of any size, a part of them at a time.

    Args:
        formula: Takes parameters, loss, settings and the loss of the first arm.
        parameters: Module parameters, arrays that broadcast.
        loss_db: Loss of the link, end to end, in dB.
        settings: Settings of the protocol, arrays that broadcast.
        arm_a_loss_db: Loss of the first arm in dB; None: half of the loss.

    Returns:
        The outcome, of the broadcast shape.
    """
    loss = np.asarray(loss_db, dtype=np.float64)
    arm = loss / 2.0 if arm_a_loss_db is None else np.asarray(arm_a_loss_db, dtype=np.float64)
    known = {key: np.asarray(value, dtype=np.float64) for key, value in parameters.items()}
    chosen = {key: np.asarray(value, dtype=np.float64) for key, value in settings.items()}
    everything = [loss, arm, *known.values(), *chosen.values()]
    shape = np.broadcast_shapes(*(array.shape for array in everything))
    size = int(np.prod(shape))

    def flat(array: FloatArray) -> FloatArray:
        return array if array.ndim == 0 else np.broadcast_to(array, shape).reshape(-1)

    def part(array: FloatArray, first: int) -> FloatArray:
        return array if array.ndim == 0 else array[first : first + ELEMENTS_AT_ONCE]

    loss, arm = np.broadcast_to(loss, shape).reshape(-1), flat(arm)
    known = {key: flat(array) for key, array in known.items()}
    chosen = {key: flat(array) for key, array in chosen.items()}
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        parts = [
            formula(
                {key: part(array, first) for key, array in known.items()},
                part(loss, first),
                {key: part(array, first) for key, array in chosen.items()},
                part(arm, first),
            )
            for first in range(0, max(size, 1), ELEMENTS_AT_ONCE)
        ]
    return _joined(parts, shape)


def _joined(parts: list[Outcome], shape: tuple[int, ...]) -> Outcome:
    def join(arrays: list[FloatArray]) -> FloatArray:
        return (arrays[0] if len(arrays) == 1 else np.concatenate(arrays)).reshape(shape)

    loads = tuple(join([part.loads[i] for part in parts]) for i in range(len(parts[0].loads)))
    single = [field.name for field in fields(Outcome) if field.name != "loads"]
    return Outcome(loads=loads, **{name: join([getattr(part, name) for part in parts]) for name in single})
