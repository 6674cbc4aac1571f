"""Finite keys of twin-field QKD by sending or not sending (SNS), with and without pairing by odd parity (AOPP).

Slots. Each side takes a key slot with ``key_basis_probability``, in which it sends ``signal_intensity`` with
``sending_probability`` and nothing otherwise; else a test slot, in which it sends the weak decoy ``decoy_intensity``
x, the strong decoy ``strong_decoy_intensity`` y, or nothing, o (four intensities, as in Jiang, Yu, Hu, Wang, PR Applied
12, 024061 (2019), arXiv:1904.00192). "Nothing" also counts in key slots, where the other side has a test slot. Two
weak decoys count where their phases agree (or are opposite) within a slice: `PHASE_SLICE` of them. Where arms differ,
the decoys of both sides arrive equally strong, so that single photons come from the two sides in the same proportion
as in the key slots (Hu, Jiang, Yu, Wang, PRA 100, 062337 (2019)).

Without pairing, after Jiang et al. 2019: ``l = n1 (1 - h(e1)) - leak - log2(2/e_cor) - 2 log2(1/(sqrt(2) e_PA e^))``
with ``e_sec = 2 e^ + 4 e- + e_PA + e_n1``. The formulas are used as later papers cite them; they were not compared with
that paper line by line. Derived here, and stricter: phase errors fail with a probability of e-^2 instead of e-, because
e- is the smoothing of an entropy, the root of that probability (Tomamichel et al., Nat. Commun. 3, 634 (2012)); and
tails are the closed forms of `planner.physics.tails`.

With pairing, Jiang, Hu, Yu, Wang, New J. Phys. 23, 063038 (2021), arXiv:2102.00739, show that two-way communication can
be treated strictly. The bound here is derived by another way, without a de Finetti theorem, in five steps:

1. Half of the pairs, chosen at random, s of them, are as many as come out with odd parity when a number w of random
   pairs is drawn from all n bits, ``w = s n^2 / (2 N0 N1)``, which is possible since 2 w <= n. They come out s or more
   about every other time; a quarter is taken. The halves are two keys, each secret whatever is known of the other's
   bits, so that epsilons and entropy terms count twice.
2. In a pair of single-photon bits with odd parity the phase error of the bit that is kept is the singlet of two qubits.
   Singlets of given pairs can be measured together with the total spin J of the n1 qubits of single photons, and with
   the numbers of zeros and ones. A spin J below n1/2 - M is no likelier than more than M phase errors before pairing,
   for n1/2 less their number is a component of the spin.
3. Random pairing makes all permutations equally likely, so that at given J only J decides how many singlets there are.
   A random row of M0 = n1/2 - J flipped and n1 - M0 other qubits has this J in a share of cases of
   ``(n1 - 2 M0 + 1)/(n1 - M0 + 1)``; a pair of unequal qubits is a singlet every other time. Hence more than t singlets
   are at most the inverse of that share times as likely as in such a row, and likeliest with M0 = M.
4. A random row with given numbers of three kinds (flipped, not flipped, no single photon) is one of independent kinds
   whose numbers came out so, which has a probability of at least ``1/(1.6 n)`` (Stirling). So the pairs may be taken
   as independent: a singlet in each with probability ``M (n1 - M) / n^2``.
5. More single-photon bits than the lower bound n1 make the key only longer, for pairs grow with the product of both
   kinds of bits and singlets with their sum.

With large blocks singlets tend to ``2 e1 (1 - e1)`` of the pairs, as in the asymptotic formula.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.physics.entropy import binary_entropy
from planner.physics.tails import count_above, count_below, expectation_above, expectation_below

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

PHASE_SLICE = 1.0 / 8.0
"""Share of the slots with two weak decoys whose phases agree or are opposite within a slice: 16 slices of the circle.
What the width of a slice adds to the errors is part of ``misalignment_error``. A fixed parameter."""

PLAIN_PARTS, PAIRED_PARTS = 13.0, 30.0
"""Into how many equal parts the secrecy epsilon goes: 2 + 4 + 1 for entropies and privacy amplification, 6 for bounds
on single photons (8 with pairing, and all of it twice)."""

_CHANCE_OF_ENOUGH = 0.25  # step 1
_STIRLING = 1.6  # step 4
_USELESS = 0.499  # phase errors before pairing beyond which step 3 says nothing


class Tests(NamedTuple):
    """Slots of a block that estimate, and clicks of exactly one detector in them. Pairs: first and second side.

    Attributes:
        nothing: Slots in which no side sends, at least one of them in a test slot.
        weak: Slots in which one side sends the weak decoy and the other nothing.
        strong: The same with the strong decoy.
        both: Slots with two weak decoys in a phase slice.
        nothing_yield: Click probability of the slots above, and so on.
        weak_yield: Likewise.
        strong_yield: Likewise.
        error_yield: Wrong clicks per slot with two weak decoys.
    """

    nothing: FloatArray
    weak: tuple[FloatArray, FloatArray]
    strong: tuple[FloatArray, FloatArray]
    both: FloatArray
    nothing_yield: FloatArray
    weak_yield: tuple[FloatArray, FloatArray]
    strong_yield: tuple[FloatArray, FloatArray]
    error_yield: FloatArray


class Decoys(NamedTuple):
    """Intensities of the decoys of both sides, photons per pulse."""

    weak: tuple[FloatArray, FloatArray]
    strong: tuple[FloatArray, FloatArray]


class Key(NamedTuple):
    """Bits of the key slots of a block.

    Attributes:
        zeros: Bits of one value of the side that pairs.
        ones: Bits of the other value.
        emitted: Slots in which only the first or only the second side sent and its pulse held one photon, clicks or
            not. Those of one side are zeros, those of the other ones.
        leak: Bits revealed by error correction.
    """

    zeros: FloatArray
    ones: FloatArray
    emitted: tuple[FloatArray, FloatArray]
    leak: FloatArray


class Exponents(NamedTuple):
    """``ln(1/eps)`` of one bound on single photons and of one bound on phase errors; 0: without fluctuations."""

    photons: FloatArray
    phase: FloatArray


class Length(NamedTuple):
    """Key bits of a block, negative where there is none, and the bound on the phase error, which may exceed 1/2."""

    bits: FloatArray
    phase_error: FloatArray


def single_yields(tests: Tests, decoys: Decoys, *, exponent: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lower bounds on the yields of a single photon of either side, s10 and s01.

    ``s10 = [y^2 e^x S_xo - x^2 e^y S_yo - (y^2 - x^2) S_oo] / [x y (y - x)]``, in which no term with two photons is
    left and all higher ones have a negative sign; S_xo by its lower bound, the others by their upper ones.

    Args:
        tests: Slots that estimate.
        decoys: Intensities.
        exponent: ``ln(1/eps)`` of each bound.

    Returns:
        The yields, zero or more.
    """
    dark = _rate(tests.nothing, tests.nothing_yield, above=True, exponent=exponent)
    found = []
    for side in (0, 1):
        x, y = decoys.weak[side], decoys.strong[side]
        weak = _rate(tests.weak[side], tests.weak_yield[side], above=False, exponent=exponent)
        strong = _rate(tests.strong[side], tests.strong_yield[side], above=True, exponent=exponent)
        light = y * y * np.exp(x) * weak - x * x * np.exp(y) * strong - (y * y - x * x) * dark
        found.append(np.asarray(np.maximum(light / (x * y * (y - x)), 0.0)))
    return found[0], found[1]


def error_yield(tests: Tests, decoys: Decoys, *, exponent: FloatArray) -> FloatArray:
    """Upper bound on the wrong clicks per single photon of a phase slice.

    ``(T - e^(-2x) S_oo / 2) / (2 x e^(-2x))`` for equal arms, T by its upper and S_oo by its lower bound: more than one
    photon is counted as if it erred.

    Args:
        tests: Slots that estimate.
        decoys: Intensities.
        exponent: ``ln(1/eps)`` of each bound.

    Returns:
        Wrong clicks per single photon.
    """
    wrong = _rate(tests.both, tests.error_yield, above=True, exponent=exponent)
    dark = _rate(tests.nothing, tests.nothing_yield, above=False, exponent=exponent)
    light = decoys.weak[0] + decoys.weak[1]
    return np.asarray(np.maximum(wrong * np.exp(light) - dark / 2.0, 0.0) / light)


def _rate(slots: FloatArray, probability: FloatArray, *, above: bool, exponent: FloatArray) -> FloatArray:
    """Bound on the expected clicks per slot."""
    bound = expectation_above if above else expectation_below
    return np.asarray(bound(slots * probability, exponent=exponent) / slots)


def plain_length(key: Key, tests: Tests, decoys: Decoys, *, exponents: Exponents, overhead_bits: FloatArray) -> Length:
    """Key length without pairing.

    Args:
        key: Bits of the key slots.
        tests: Slots that estimate.
        decoys: Intensities.
        exponents: Of the failure probabilities.
        overhead_bits: What composition and verification cost.

    Returns:
        Length and phase error.
    """
    yields = single_yields(tests, decoys, exponent=exponents.photons)
    expected = key.emitted[0] * yields[0] + key.emitted[1] * yields[1]
    single = count_below(expected, exponent=exponents.photons)
    wrong = error_yield(tests, decoys, exponent=exponents.phase) * (key.emitted[0] + key.emitted[1])
    phase = _share(count_above(wrong, exponent=exponents.phase), single)
    bits = single * (1.0 - binary_entropy(np.minimum(phase, 0.5))) - key.leak - overhead_bits
    return Length(np.asarray(bits), phase)


def paired_length(key: Key, tests: Tests, decoys: Decoys, *, exponents: Exponents, overhead_bits: FloatArray) -> Length:
    """Key length with pairing by odd parity; steps 1 to 5 of the description of this module.

    Args:
        key: Bits of the key slots before pairing; ``leak`` of those after it.
        tests: Slots that estimate.
        decoys: Intensities.
        exponents: Of the failure probabilities.
        overhead_bits: What composition and verification cost, of both halves.

    Returns:
        Length of both halves together, and the phase error of the bits that are kept.
    """
    yields = single_yields(tests, decoys, exponent=exponents.photons)
    kinds = [
        count_below(emitted * found, exponent=exponents.photons)
        for emitted, found in zip(key.emitted, yields, strict=True)
    ]
    single, every = kinds[0] + kinds[1], key.zeros + key.ones
    wrong = error_yield(tests, decoys, exponent=exponents.phase) * (key.emitted[0] + key.emitted[1])
    before = _share(count_above(wrong, exponent=exponents.phase), single)
    limited = np.minimum(before, _USELESS)
    half = np.minimum(key.zeros, key.ones) / 2.0
    product = np.where(key.zeros * key.ones > 0.0, key.zeros * key.ones, 1.0)
    kept = count_below(half * kinds[0] * kinds[1] / product, exponent=exponents.photons)
    drawn = half * np.square(every) / (2.0 * product)
    singlets = drawn * np.square(single / np.where(every > 0.0, every, 1.0)) * limited * (1.0 - limited)
    times = _STIRLING / _CHANCE_OF_ENOUGH * every * (1.0 - limited) / (1.0 - 2.0 * limited)
    likely = np.where(exponents.phase > 0.0, exponents.phase + np.log(np.maximum(times, 1.0)), 0.0)
    after = _share(count_above(singlets, exponent=likely), kept)
    phase = np.where(before < _USELESS, after, np.maximum(after, before))
    bits = 2.0 * kept * (1.0 - binary_entropy(np.minimum(phase, 0.5))) - key.leak - overhead_bits
    return Length(np.asarray(bits), np.asarray(phase))


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Part over whole; huge where there is no whole."""
    return np.asarray(part / np.maximum(whole, 1e-6 * (1.0 + part)))
