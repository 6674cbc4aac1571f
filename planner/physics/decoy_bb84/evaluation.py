"""What a decoy-state protocol gives at some settings, and the pieces that its bounds share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from planner.physics.detector import Clicks, clicks
from planner.physics.entropy import FloatArray, binary_entropy

Arrays = Mapping[str, FloatArray]


class Evaluation(NamedTuple):
    """A protocol at given settings, for a receiver that is never blocked. Arrays of one shape.

    Attributes:
        clicks: Clicks per pulse sent, over all intensities and bases.
        sifted: Sifted key-basis bits per pulse sent, all intensities.
        qber: Error rate of the clicks, all intensities.
        leak: Bits per pulse sent that error correction reveals.
        secret: Key bits per pulse sent by the formula; negative where there is none.
        guide: Key per sifted bit, lowered further where the bound on the phase error is useless: it has the sign of
            `secret` and leads an optimiser that starts where there is no key.
    """

    clicks: FloatArray
    sifted: FloatArray
    qber: FloatArray
    leak: FloatArray
    secret: FloatArray
    guide: FloatArray


class KeyLength(NamedTuple):
    """A bound on one block. Counts, expectation values, not rounded.

    Attributes:
        vacuum: Lower bound on the key-basis bits from vacuum.
        single: Lower bound on the key-basis bits from single photons.
        phase_error: Upper bound on their phase error, at most 1/2.
        key_bits: Key bits; negative where there is no key.
        guide: `key_bits`, lowered where `phase_error` is 1/2 or no single photon is certain.
    """

    vacuum: FloatArray
    single: FloatArray
    phase_error: FloatArray
    key_bits: FloatArray
    guide: FloatArray


def gains(parameters: Arrays, intensities: Sequence[FloatArray], *, additive: bool) -> list[Clicks]:
    """Clicks and errors of each intensity.

    Args:
        parameters: The module's parameters and ``transmittance`` (of the whole system); ``background_probability``,
            light from elsewhere per gate, may join them.
        intensities: Mean photon numbers.
        additive: Whether dark counts add up with light (Rusca 2018) or not (Lim 2014).

    Returns:
        One `Clicks` for each intensity.
    """
    return [
        clicks(
            intensity,
            transmittance=parameters["transmittance"],
            dark_count_probability=parameters["dark_count_probability"],
            misalignment_error=parameters["misalignment_error"],
            afterpulse_probability=parameters["afterpulse_probability"],
            background_probability=parameters.get("background_probability", 0.0),
            additive=additive,
        )
        for intensity in intensities
    ]


def mean_clicks(probabilities: Sequence[FloatArray], each: Sequence[Clicks]) -> Clicks:
    """Clicks and errors of a pulse whose intensity is not known: the mean over the intensities."""
    gain = sum(p * c.gain for p, c in zip(probabilities, each, strict=True))
    error = sum(p * c.error for p, c in zip(probabilities, each, strict=True))
    return Clicks(np.asarray(gain), np.asarray(error))


def error_rate(each: Clicks) -> FloatArray:
    """Errors per click; 1/2 where nothing ever clicks, for such a bit says nothing."""
    return np.asarray(np.where(each.gain > 0.0, each.error / np.where(each.gain > 0.0, each.gain, 1.0), 0.5))


def leak_per_click(qber: FloatArray, *, ec_efficiency: FloatArray) -> FloatArray:
    """How much error correction reveals per sifted bit, ``f h(QBER)``; a QBER above 1/2 (afterpulses) counts as 1/2."""
    return np.asarray(ec_efficiency * binary_entropy(np.minimum(qber, 0.5)))


def photon_share(intensities: Sequence[FloatArray], probabilities: Sequence[FloatArray], *, photons: int) -> FloatArray:
    """Probability that a pulse holds 0 or 1 photons, tau_n of Lim 2014: ``sum p_k exp(-k) k^n``."""
    terms = (p * np.exp(-k) * k**photons for k, p in zip(intensities, probabilities, strict=True))
    return np.asarray(sum(terms))


def gamma(ratio: FloatArray, *, key: FloatArray, test: FloatArray, secrecy_epsilon: FloatArray) -> FloatArray:
    """How far the phase error may lie above the errors sampled: the function of Lim et al. 2014 below eq. (5).

    ``sqrt((c+d)(1-b)b / (c d ln 2) * log2((c+d) / (c d (1-b) b) * 21^2 / a^2))``.
    The bound for one decoy takes the same function, with 21 too.

    Args:
        ratio: b, error rate of the single photons in the test basis.
        key: c, single photons in the key basis (the formula is symmetric in c and d).
        test: d, single photons in the test basis.
        secrecy_epsilon: a.

    Returns:
        The correction; zero where b is 0, and 1 where b >= 1 or there are no single photons.
    """
    valid = (ratio > 0.0) & (ratio < 1.0) & (key > 0.0) & (test > 0.0)
    b = np.where(valid, ratio, 0.5)
    inverse = 1.0 / np.where(valid, key, 1.0) + 1.0 / np.where(valid, test, 1.0)
    variance = (1.0 - b) * b
    bits = np.log2(inverse / variance) + 2.0 * np.log2(21.0 / secrecy_epsilon)
    correction = np.sqrt(inverse * variance / np.log(2.0) * np.maximum(bits, 0.0))
    return np.asarray(np.where(valid, correction, np.where((ratio <= 0.0) & (key > 0.0) & (test > 0.0), 0.0, 1.0)))


def phase_error(errors: FloatArray, *, test: FloatArray) -> FloatArray:
    """Error rate of the single photons in the test basis; very large where none of them is certain."""
    return np.asarray(np.where(test > 0.0, errors / np.where(test > 0.0, test, 1.0), np.inf))


def finish(
    *,
    vacuum: FloatArray,
    single: FloatArray,
    phase: FloatArray,
    leak: FloatArray,
    overhead: FloatArray,
    total: FloatArray,
) -> KeyLength:
    """Puts a key length together: ``s_0 + s_1 (1 - h(phi)) - leak - overhead``, with s_1 >= 0 and phi <= 1/2.

    Args:
        vacuum: Bound on bits from vacuum.
        single: Bound on bits from single photons, before it is clamped at zero.
        phase: Bound on their phase error, before it is limited to 1/2.
        leak: Bits revealed by error correction.
        overhead: Bits spent on the two epsilons.
        total: Sifted key-basis bits.

    Returns:
        The key length.
    """
    certain = np.maximum(single, 0.0)
    limited = np.minimum(phase, 0.5)
    key = np.asarray(vacuum + certain * (1.0 - binary_entropy(limited)) - leak - overhead)
    # Beyond the clamps the formula is flat; these slopes lead an optimiser back. They act only where there is no key.
    lost = np.minimum(phase - limited, 5.0) * 0.2 * total + np.minimum(np.maximum(-single, 0.0), total)
    return KeyLength(np.asarray(vacuum), certain, limited, key, np.asarray(key - lost))
