"""The slots of sending or not sending with finite blocks: from settings to counts, and from counts to an outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from planner.physics.arms import matched_intensities, noise_probability
from planner.physics.entropy import binary_entropy
from planner.physics.outcome import Outcome, outcome
from planner.physics.twin_field import cal, sns_block
from planner.physics.twin_field.sns_events import (
    Events,
    both_sides,
    count_events,
    lone_click,
    one_click,
    with_pairing,
    without_pairing,
)

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

    Arrays = Mapping[str, FloatArray]
    Pair = tuple[FloatArray, FloatArray]

_NONE = np.zeros(())


class _Sides:
    """What the two sides send, and how often."""

    def __init__(self, settings: Arrays, *, arms: Pair) -> None:
        self.arms = arms
        self.signal, self.sending = both_sides(settings["signal_intensity"], settings["sending_probability"], arms=arms)
        self.decoys = sns_block.Decoys(
            *(
                matched_intensities(settings[name], arm_a=arms[0], arm_b=arms[1])
                for name in ("decoy_intensity", "strong_decoy_intensity")
            )
        )
        self.key = settings["key_basis_probability"]
        self.weak = (1.0 - self.key) * settings["decoy_probability"]
        self.strong = (1.0 - self.key) * settings["strong_decoy_probability"]
        self.quiet_test = np.maximum(1.0 - self.key - self.weak - self.strong, 0.0)

    def sources(self, side: int) -> list[Pair]:
        """Probability and arriving intensity of everything that a side sends; the vacuum first."""
        sent = [_NONE, self.decoys.weak[side], self.decoys.strong[side], self.signal[side]]
        often = [self.quiet(side), self.weak, self.strong, self.key * self.sending[side]]
        return [(p, np.asarray(k * self.arms[side])) for p, k in zip(often, sent, strict=True)]

    def quiet(self, side: int) -> FloatArray:
        """How often a side sends nothing, in test slots and in key slots."""
        return np.asarray(self.quiet_test + self.key * (1.0 - self.sending[side]))

    def both_quiet(self) -> FloatArray:
        """How often no side sends, less the slots that are key slots of both."""
        key = np.square(self.key) * (1.0 - self.sending[0]) * (1.0 - self.sending[1])
        return np.asarray(self.quiet(0) * self.quiet(1) - key)


def finite(parameters: Arrays, settings: Arrays, arms: Pair, *, compared: bool) -> Outcome:
    """The protocol with blocks of ``block_bits``.

    Args:
        parameters: As of `sns.evaluate`.
        settings: Likewise.
        arms: Transmittances of the two arms.
        compared: False leaves out what a search does not need.

    Returns:
        The outcome per pair of pulses.
    """
    sides = _Sides(settings, arms=arms)
    seen = [sides.sources(side) for side in (0, 1)]
    light = sum(p * k for sources in seen for p, k in sources)
    dark = noise_probability(parameters, light=np.asarray(light / 2.0))
    events = count_events(
        sides.signal, sides.sending, arms, dark=dark, phase_slice_error=parameters["misalignment_error"]
    )
    paired = np.asarray(settings.get("aopp", np.ones(())) > 0.0)
    raw, raw_errors, _, _ = without_pairing(events)
    kept, kept_errors, _, _ = with_pairing(events)
    sifted, errors = np.where(paired, kept, raw), np.where(paired, kept_errors, raw_errors)
    qber = np.where(sifted > 0.0, errors / np.where(sifted > 0.0, sifted, 1.0), 0.5)
    leak = parameters["ec_efficiency"] * binary_entropy(np.minimum(qber, 0.5)) * sifted
    share = np.square(sides.key)
    # slots of a block; key slots are a share of them
    per_slot = share * raw
    slots = parameters["block_bits"] / np.where(per_slot > 0.0, per_slot, 1.0)
    key = _key_bits(events, sides, slots=slots, leak=share * leak * slots)
    tests = _tests(sides, slots=slots, dark=dark, error=parameters["misalignment_error"])
    found = _length(key, tests, sides.decoys, parameters=parameters, paired=paired)
    possible = found
    if compared:
        possible = _length(key, tests, sides.decoys, parameters=parameters, paired=paired, fluctuations=False)
    quiet = np.square(1.0 - dark)
    dim = [sum(p * np.exp(-k) for p, k in sources) for sources in seen]
    excess = np.where(np.isfinite(found.phase_error), np.maximum(found.phase_error - 0.5, 0.0), np.inf)
    return outcome(
        clicks=_clicks(seen[0], seen[1], dark=dark) if compared else _NONE,
        loads=(np.asarray(1.0 - quiet * dim[0] * dim[1]),),
        sifted=share * sifted,
        qber=qber,
        leak=share * leak,
        secret=found.bits / slots,
        slope=np.log1p(excess),
        possible=possible.bits / slots,
    )


def _clicks(first: list[Pair], second: list[Pair], *, dark: FloatArray) -> FloatArray:
    """Slots in which exactly one detector clicks, over everything that the two sides send."""
    found: FloatArray = np.zeros(())
    for p, k in first:
        for q, m in second:
            found = found + p * q * one_click(k, m, dark=dark)
    return found


def _key_bits(events: Events, sides: _Sides, *, slots: FloatArray, leak: FloatArray) -> sns_block.Key:
    """Bits of a block; zeros are those of the side that `sns_events.with_pairing` lets pair."""
    n = slots * np.square(sides.key)
    only = [
        here * (1.0 - there) * k * np.exp(-k)
        for here, there, k in zip(sides.sending, sides.sending[::-1], sides.signal, strict=True)
    ]
    swap = events.first > events.second
    first, second = (n * (events.both + events.first), n * (events.none + events.second))
    other = (n * (events.both + events.second), n * (events.none + events.first))
    return sns_block.Key(
        zeros=np.asarray(np.where(swap, other[0], first)),
        ones=np.asarray(np.where(swap, other[1], second)),
        emitted=(np.asarray(n * only[0]), np.asarray(n * only[1])),
        leak=leak,
    )


def _tests(sides: _Sides, *, slots: FloatArray, dark: FloatArray, error: FloatArray) -> sns_block.Tests:
    """Counts of a block in the slots that estimate."""
    first, second = (sides.sources(side) for side in (0, 1))

    def alone(number: int) -> tuple[Pair, Pair]:
        probability = (first[number][0] * second[0][0], second[number][0] * first[0][0])
        seen = tuple(lone_click(side[number][1], dark=dark) for side in (first, second))
        return (np.asarray(slots * probability[0]), np.asarray(slots * probability[1])), (seen[0], seen[1])

    weak, strong = alone(1), alone(2)
    gain, wrong = cal.clicks(first[1][1], second[1][1], dark=dark, overlap=1.0 - 2.0 * error)
    return sns_block.Tests(
        nothing=np.asarray(slots * sides.both_quiet()),
        weak=weak[0],
        strong=strong[0],
        both=np.asarray(slots * np.square(sides.weak) * sns_block.PHASE_SLICE),
        nothing_yield=np.asarray(2.0 * dark * (1.0 - dark)),
        weak_yield=weak[1],
        strong_yield=strong[1],
        error_yield=np.asarray(2.0 * gain * wrong),
    )


def _length(
    key: sns_block.Key,
    tests: sns_block.Tests,
    decoys: sns_block.Decoys,
    *,
    parameters: Arrays,
    paired: npt.NDArray[np.bool_],
    fluctuations: bool = True,
) -> sns_block.Length:
    """Key length with or without pairing, whichever is asked for each element."""

    def one(*, pairing: bool) -> sns_block.Length:
        length = sns_block.paired_length if pairing else sns_block.plain_length
        parts, keys = (sns_block.PAIRED_PARTS, 2.0) if pairing else (sns_block.PLAIN_PARTS, 1.0)
        epsilon = parameters["secrecy_epsilon"] / parts
        exponents = sns_block.Exponents(-np.log(epsilon), np.log(4.0) - 2.0 * np.log(epsilon))
        overhead = np.log2(2.0 / parameters["correctness_epsilon"]) - keys * (1.0 + 4.0 * np.log2(epsilon))
        if not fluctuations:
            exponents, overhead = sns_block.Exponents(_NONE, _NONE), _NONE
        return length(key, tests, decoys, exponents=exponents, overhead_bits=np.asarray(overhead))

    if paired.all() or not paired.any():
        return one(pairing=bool(paired.all()))
    with_pairs, plain = one(pairing=True), one(pairing=False)
    return sns_block.Length(
        np.asarray(np.where(paired, with_pairs.bits, plain.bits)),
        np.asarray(np.where(paired, with_pairs.phase_error, plain.phase_error)),
    )
