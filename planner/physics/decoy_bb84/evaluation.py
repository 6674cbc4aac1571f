"""What a decoy-state protocol gives at some settings, and the pieces that its bounds share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from planner.physics.detector import Clicks, clicks
from planner.physics.entropy import FloatArray, binary_entropy

Arrays = Mapping[str, FloatArray]

_NOTHING = 1e-100
"""Photons that stand for none."""


class Evaluation(NamedTuple):
    """A protocol at given settings, for a receiver that is never blocked. Arrays of one shape.

    Attributes:
        clicks: Clicks per pulse sent, over all intensities and bases.
        sifted: Sifted key-basis bits per pulse sent, all intensities.
        qber: Error rate of the clicks, all intensities.
        leak: Bits per pulse sent that error correction reveals.
        secret: Key bits per pulse sent by the formula; negative where there is none.
        possible: The same without the terms that only the finite size of the block makes; `secret` where it was not
            asked for, and where there are none.
        guide: Key per sifted bit, lowered further where the bound on the phase error is useless: it has the sign of
            `secret` and leads an optimiser that starts where there is no key (with `possible` it is just the former).
    """

    clicks: FloatArray
    sifted: FloatArray
    qber: FloatArray
    leak: FloatArray
    secret: FloatArray
    possible: FloatArray
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


class Block(NamedTuple):
    """Counts of one block, one array for each intensity.

    Attributes:
        key_counts: Sifted bits of the key basis.
        key_errors: Errors among them.
        test_counts: Sifted bits of the test basis.
        test_errors: Errors among them.
    """

    key_counts: Sequence[FloatArray]
    key_errors: Sequence[FloatArray]
    test_counts: Sequence[FloatArray]
    test_errors: Sequence[FloatArray]


class Pulses(NamedTuple):
    """What is sent, k being the intensity and p_k how often it is sent.

    Attributes:
        intensities: Mean photon numbers.
        weights: ``exp(k) / p_k``.
        none: Probability tau_0 that a pulse holds no photon, Lim 2014: ``sum p_k exp(-k)``.
        one: Probability tau_1 that it holds one, ``sum p_k exp(-k) k``.
    """

    intensities: Sequence[FloatArray]
    weights: Sequence[FloatArray]
    none: FloatArray
    one: FloatArray


class Security(NamedTuple):
    """How sure the key is.

    Attributes:
        secrecy: epsilon_sec.
        correctness: epsilon_cor.
        fluctuations: False leaves out the fluctuations of the counts and what the two epsilons cost.
    """

    secrecy: FloatArray
    correctness: FloatArray
    fluctuations: bool = True

    def spread(self, counts: Sequence[FloatArray], *, terms: int) -> FloatArray:
        """How far each of the counts may lie from its mean, ``sqrt(n ln(terms / epsilon_sec) / 2)`` (Hoeffding)."""
        if not self.fluctuations:
            return np.zeros(())
        return np.asarray(np.sqrt(summed(counts) * (np.log(terms / self.secrecy) / 2.0)))

    def overhead(self, *, terms: int) -> FloatArray:
        """Bits for the two epsilons, ``6 log2(terms / epsilon_sec) + log2(2 / epsilon_cor)``."""
        return np.asarray(6.0 * np.log2(terms / self.secrecy) + np.log2(2.0 / self.correctness))


class Bounds(Protocol):
    """The bounds of one protocol, for what is sent."""

    def length(self, block: Block, leak_bits: FloatArray, security: Security, *, guided: bool = True) -> KeyLength:
        """The key length of a block, less the bits that error correction reveals; with a guide or without."""


def pulses(intensities: Sequence[FloatArray], probabilities: Sequence[FloatArray]) -> Pulses:
    """What is sent, from mean photon numbers and how often each is sent."""
    shares = [p * np.exp(-k) for k, p in zip(intensities, probabilities, strict=True)]
    single = [share * k for k, share in zip(intensities, shares, strict=True)]
    return Pulses(intensities, [1.0 / share for share in shares], summed(shares), summed(single))


def limits(
    counts: Sequence[FloatArray], *, weights: Sequence[FloatArray], spread: FloatArray
) -> tuple[list[FloatArray], list[FloatArray]]:
    """The least and the most that the counts may be in the mean, weighted: ``exp(k) / p_k (n_k -+ spread)``."""
    middle = [weight * count for weight, count in zip(weights, counts, strict=True)]
    if spread.ndim == 0 and spread == 0.0:
        return middle, middle
    apart = [weight * spread for weight in weights]
    return [n - d for n, d in zip(middle, apart, strict=True)], [n + d for n, d in zip(middle, apart, strict=True)]


def summed(each: Sequence[FloatArray]) -> FloatArray:
    """The sum over the intensities."""
    found = each[0] + each[1]
    for more in each[2:]:
        found = found + more
    return np.asarray(found)


def one_block(
    parameters: Arrays,
    settings: Arrays,
    *,
    intensities: Sequence[FloatArray],
    probabilities: Sequence[FloatArray],
    additive: bool,
    bounds: Callable[[Pulses], Bounds],
    compared: bool,
) -> Evaluation:
    """A protocol with finite blocks at given settings, with expectation values for the counts.

    Args:
        parameters: Module parameters with ``transmittance`` and ``block_bits``, arrays.
        settings: Holds the key-basis probability; arrays that broadcast against the parameters.
        intensities: Mean photon numbers.
        probabilities: How often each is sent.
        additive: How dark counts join the light, see `gains`.
        bounds: Makes the bounds of a protocol from what is sent.
        compared: Whether `Evaluation.possible` is wanted, and no guide for a search.

    Returns:
        The evaluation, per pulse sent.
    """
    each = gains(parameters, intensities, additive=additive)
    clicked = [p * c.gain for p, c in zip(probabilities, each, strict=True)]
    wrong = [p * c.error for p, c in zip(probabilities, each, strict=True)]
    mean = Clicks(summed(clicked), summed(wrong))
    bits, basis = parameters["block_bits"], settings["key_basis_probability"]
    ever = mean.gain > 0.0
    block = _block(
        clicked, wrong, per_click=bits / (mean.gain if ever.all() else np.where(ever, mean.gain, 1.0)), basis=basis
    )
    qber = error_rate(mean)
    leak = leak_per_click(qber, ec_efficiency=parameters["ec_efficiency"])
    bound, revealed = bounds(pulses(intensities, probabilities)), leak * bits
    security = Security(parameters["secrecy_epsilon"], parameters["correctness_epsilon"])
    length = bound.length(block, revealed, security, guided=not compared)
    sifted = basis * basis * mean.gain
    secret, guide = length.key_bits * (sifted / bits), length.guide / bits
    possible = secret
    if compared:
        certain = security._replace(fluctuations=False)
        possible = bound.length(block, revealed, certain, guided=False).key_bits * (sifted / bits)
    if not ever.all():
        secret, possible, guide = (
            np.where(ever, found, nothing) for found, nothing in ((secret, 0.0), (possible, 0.0), (guide, -10.0))
        )
    return Evaluation(mean.gain, sifted, qber, sifted * leak, secret, possible, np.asarray(guide))


def _block(
    clicked: Sequence[FloatArray], wrong: Sequence[FloatArray], *, per_click: FloatArray, basis: FloatArray
) -> Block:
    """Counts of a block from clicks and errors per pulse, by the sifted key-basis bits for each click."""
    tested = per_click * np.square((1.0 - basis) / basis)
    return Block(
        [per_click * gain for gain in clicked],
        [per_click * error for error in wrong],
        [tested * gain for gain in clicked],
        [tested * error for error in wrong],
    )


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
    gain = summed([p * c.gain for p, c in zip(probabilities, each, strict=True)])
    return Clicks(gain, summed([p * c.error for p, c in zip(probabilities, each, strict=True)]))


def error_rate(each: Clicks) -> FloatArray:
    """Errors per click; 1/2 where nothing ever clicks, for such a bit says nothing."""
    ever = each.gain > 0.0
    if ever.all():
        return np.asarray(each.error / each.gain)
    return np.asarray(np.where(ever, each.error / np.where(ever, each.gain, 1.0), 0.5))


def leak_per_click(qber: FloatArray, *, ec_efficiency: FloatArray) -> FloatArray:
    """How much error correction reveals per sifted bit, ``f h(QBER)``; a QBER above 1/2 (afterpulses) counts as 1/2."""
    return np.asarray(ec_efficiency * binary_entropy(np.minimum(qber, 0.5)))


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
        The correction; zero where b is 0, and more than 1/2 where there are no single photons.
    """
    # Arithmetic only: choosing by conditions that differ from link to link would take longer than all of the rest.
    b = np.clip(ratio, 1e-40, 1.0 - 1e-12)
    inverse = 1.0 / np.maximum(key, _NOTHING) + 1.0 / np.maximum(test, _NOTHING)
    variance = (1.0 - b) * b
    bits = np.log2(inverse / variance) + 2.0 * np.log2(21.0 / secrecy_epsilon)
    return np.asarray(np.sqrt(inverse * variance * (np.maximum(bits, 0.0) / np.log(2.0))))


def phase_error(errors: FloatArray, *, test: FloatArray) -> FloatArray:
    """Error rate of the single photons in the test basis; very large where none of them is certain."""
    return np.asarray((errors + _NOTHING) / np.maximum(test, _NOTHING**2))


def finish(
    *,
    vacuum: FloatArray,
    single: FloatArray,
    phase: FloatArray,
    leak: FloatArray,
    overhead: FloatArray,
    total: FloatArray | None,
) -> KeyLength:
    """Puts a key length together: ``s_0 + s_1 (1 - h(phi)) - leak - overhead``, with s_1 >= 0 and phi <= 1/2.

    Args:
        vacuum: Bound on bits from vacuum.
        single: Bound on bits from single photons, before it is clamped at zero.
        phase: Bound on their phase error, before it is limited to 1/2.
        leak: Bits revealed by error correction.
        overhead: Bits spent on the two epsilons.
        total: Sifted key-basis bits; None where no guide is wanted, so that the key stands for it.

    Returns:
        The key length.
    """
    certain = np.maximum(single, 0.0)
    limited = np.minimum(phase, 0.5)
    key = np.asarray(vacuum + certain * (1.0 - binary_entropy(limited)) - leak - overhead)
    if total is None:
        return KeyLength(np.asarray(vacuum), certain, limited, key, key)
    # Beyond the clamps the formula is flat; these slopes lead an optimiser back. They act only where there is no key.
    lost = np.minimum(phase - limited, 5.0) * 0.2 * total + np.minimum(np.maximum(-single, 0.0), total)
    return KeyLength(np.asarray(vacuum), certain, limited, key, np.asarray(key - lost))
