"""BB84 with one decoy: Rusca et al., APL 112, 171104 (2018), arXiv:1801.03443, and its corrected security proof.

`rusca2018` uses eqs. (A16), (A17), (A19), (A22), (A25) as they stand (with the factor exp(k)/p_k that the print of
(A18) lost): nothing is clamped but the bits from vacuum. `wiesemann2024` is Wiesemann et al., arXiv:2405.16578: other
composition of the epsilons, Serfling's inequality for the phase error, no key from vacuum, and counts limited to what
is possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.physics.decoy_bb84.evaluation import (
    Arrays,
    Evaluation,
    KeyLength,
    error_rate,
    finish,
    gains,
    gamma,
    leak_per_click,
    mean_clicks,
    phase_error,
    photon_share,
)

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

RUSCA_TERMS = 19
WIESEMANN_TERMS = 15


class Block(NamedTuple):
    """Counts of one block for signal and decoy.

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


class Bounds(NamedTuple):
    """Bounds on the key basis (vacuum, single) and the test basis (test, errors) of a block."""

    vacuum: FloatArray
    single: FloatArray
    test: FloatArray
    errors: FloatArray


def evaluate(parameters: Arrays, settings: Arrays, *, wiesemann: bool = False, fluctuations: bool = True) -> Evaluation:
    """The protocol at given settings, with expectation values for the counts.

    Args:
        parameters: Module parameters with ``transmittance`` and ``block_bits``, arrays.
        settings: The four settings of the protocol, arrays that broadcast against the parameters.
        wiesemann: The corrected proof instead of the first one.
        fluctuations: False leaves out all finite-size terms.

    Returns:
        The evaluation, per pulse sent.
    """
    intensities = [settings["signal_intensity"], settings["decoy_intensity"]]
    probabilities = [settings["signal_probability"], 1.0 - settings["signal_probability"]]
    basis = settings["key_basis_probability"]
    each = gains(parameters, intensities, additive=True)
    mean = mean_clicks(probabilities, each)
    block = parameters["block_bits"]
    per_click = block / np.where(mean.gain > 0.0, mean.gain, 1.0)
    test = np.square((1.0 - basis) / basis)
    counts = [per_click * p * c.gain for p, c in zip(probabilities, each, strict=True)]
    errors = [per_click * p * c.error for p, c in zip(probabilities, each, strict=True)]
    qber = error_rate(mean)
    leak = leak_per_click(qber, ec_efficiency=parameters["ec_efficiency"])
    length = key_length(
        Block(counts, errors, [n * test for n in counts], [m * test for m in errors]),
        intensities=intensities,
        probabilities=probabilities,
        leak_bits=leak * block,
        secrecy_epsilon=parameters["secrecy_epsilon"],
        correctness_epsilon=parameters["correctness_epsilon"],
        wiesemann=wiesemann,
        fluctuations=fluctuations,
    )
    sifted = basis**2 * mean.gain
    secret = np.where(mean.gain > 0.0, length.key_bits / block, -1.0)
    guide = np.where(mean.gain > 0.0, length.guide / block, -10.0)
    return Evaluation(mean.gain, sifted, qber, sifted * leak, sifted * secret, np.asarray(guide))


def evaluate_asymptotic(
    parameters: Arrays, settings: Arrays, *, wiesemann: bool = False, fluctuations: bool = True
) -> Evaluation:
    """The same bounds for infinitely many pulses: without fluctuations, and only signal pulses make key.

    The sifting factor is that of `ma2005.evaluate`.

    Args:
        parameters: Module parameters with ``transmittance``, arrays.
        settings: The four settings; probability 1 of signal and key basis is the limit in which tests cost nothing.
        wiesemann: The corrected proof, which takes no key from vacuum.
        fluctuations: Without meaning here; there are none.

    Returns:
        The evaluation, per pulse sent.
    """
    del fluctuations
    signal, decoy = settings["signal_intensity"], settings["decoy_intensity"]
    share, basis = settings["signal_probability"], settings["key_basis_probability"]
    sifting = basis**2 + (1.0 - basis) ** 2
    each = gains(parameters, [signal, decoy], additive=True)
    mean = mean_clicks([share, 1.0 - share], each)
    # Counts per pulse of each intensity, as if both were sent with certainty: the factors p_k cancel.
    found = [c.gain for c in each]
    wrong = [c.error for c in each]
    ones = [np.ones(()), np.ones(())]
    bounds = _bounds(
        Block(found, wrong, found, wrong),
        intensities=[signal, decoy],
        probabilities=ones,
        shares=(np.ones(()), np.ones(())),
        strength=np.zeros(()),
        capped=False,
    )
    gain = each[0].gain
    leak = leak_per_click(error_rate(each[0]), ec_efficiency=parameters["ec_efficiency"]) * gain
    length = finish(
        vacuum=np.zeros(()) if wiesemann else np.exp(-signal) * bounds.vacuum,
        single=signal * np.exp(-signal) * bounds.single,
        phase=phase_error(bounds.errors, test=bounds.test),
        leak=leak,
        overhead=np.zeros(()),
        total=gain,
    )
    made = sifting * share
    guide = np.where(gain > 0.0, length.guide / np.where(gain > 0.0, gain, 1.0), -10.0)
    return Evaluation(
        mean.gain, sifting * mean.gain, error_rate(mean), made * leak, made * length.key_bits, np.asarray(guide)
    )


def key_length(
    block: Block,
    *,
    intensities: Sequence[FloatArray],
    probabilities: Sequence[FloatArray],
    leak_bits: FloatArray,
    secrecy_epsilon: FloatArray,
    correctness_epsilon: FloatArray,
    wiesemann: bool = False,
    fluctuations: bool = True,
) -> KeyLength:
    """Key length of one block, eq. (A25), without rounding down.

    Args:
        block: The counts.
        intensities: Mean photon numbers mu_1 > mu_2 > 0.
        probabilities: How often each is sent.
        leak_bits: lambda_EC, bits revealed by error correction.
        secrecy_epsilon: epsilon_sec.
        correctness_epsilon: epsilon_cor.
        wiesemann: The corrected proof.
        fluctuations: False leaves out the fluctuations of the counts, gamma, and the terms of the two epsilons.

    Returns:
        The key length and what it is made of.
    """
    terms = WIESEMANN_TERMS if wiesemann else RUSCA_TERMS
    shares = (
        photon_share(intensities, probabilities, photons=0),
        photon_share(intensities, probabilities, photons=1),
    )
    bounds = _bounds(
        block,
        intensities=intensities,
        probabilities=probabilities,
        shares=shares,
        strength=np.log(terms / secrecy_epsilon) / 2.0 * fluctuations,
        capped=wiesemann,
    )
    phase = phase_error(bounds.errors, test=bounds.test)
    overhead = np.zeros(())
    if fluctuations and wiesemann:
        phase = phase + _serfling(bounds.single, test=bounds.test, epsilon=secrecy_epsilon / terms)
        overhead = 4.0 * np.log2(terms / (secrecy_epsilon * 2.0**0.25)) + np.log2(2.0 / correctness_epsilon)
    elif fluctuations:
        phase = phase + gamma(phase, key=bounds.single, test=bounds.test, secrecy_epsilon=secrecy_epsilon)
        overhead = 6.0 * np.log2(terms / secrecy_epsilon) + np.log2(2.0 / correctness_epsilon)
    return finish(
        vacuum=np.zeros(()) if wiesemann else bounds.vacuum,
        single=bounds.single,
        phase=phase,
        leak=leak_bits,
        overhead=overhead,
        total=np.asarray(sum(block.key_counts)),
    )


def _bounds(
    block: Block,
    *,
    intensities: Sequence[FloatArray],
    probabilities: Sequence[FloatArray],
    shares: tuple[FloatArray, FloatArray],
    strength: FloatArray,
    capped: bool,
) -> Bounds:
    """Eqs. (A16), (A17), (A19), (A22); `shares` are tau_0 and tau_1, `capped` limits counts to what is possible."""
    signal, decoy = intensities
    weights = [np.exp(k) / p for k, p in zip(intensities, probabilities, strict=True)]

    def limits(counts: Sequence[FloatArray], k: int) -> tuple[FloatArray, FloatArray]:
        total = np.asarray(sum(counts))
        spread = np.sqrt(total * strength)
        lower, upper = counts[k] - spread, counts[k] + spread
        if capped:
            lower, upper = np.maximum(lower, 0.0), np.minimum(upper, total)
        return weights[k] * lower, weights[k] * upper

    def single(counts: Sequence[FloatArray], errors: Sequence[FloatArray]) -> FloatArray:
        spread = np.sqrt(np.asarray(sum(errors)) * strength)
        wrong = np.minimum(weights[0] * (errors[0] + spread), weights[1] * (errors[1] + spread))
        # (A16): half of the clicks of vacuum are errors; the smaller of the two k
        dark = 2.0 * (shares[0] * wrong + np.sqrt(np.asarray(sum(counts)) * strength))
        ratio = (decoy / signal) ** 2
        clear = limits(counts, 1)[0] - ratio * limits(counts, 0)[1] - (1.0 - ratio) * dark / shares[0]
        return np.asarray(shares[1] * signal / (decoy * (signal - decoy)) * clear)

    vacuum = shares[0] * (signal * limits(block.key_counts, 1)[0] - decoy * limits(block.key_counts, 0)[1])
    errors = shares[1] * (limits(block.test_errors, 0)[1] - limits(block.test_errors, 1)[0])
    return Bounds(
        np.asarray(np.maximum(vacuum / (signal - decoy), 0.0)),
        single(block.key_counts, block.key_errors),
        single(block.test_counts, block.test_errors),
        np.asarray(np.maximum(errors / (signal - decoy), 0.0)),
    )


def _serfling(key: FloatArray, *, test: FloatArray, epsilon: FloatArray) -> FloatArray:
    """Serfling's correction of the phase error, ``sqrt((c+d)/(c d) (d+1)/d ln(1/epsilon))``; 1 without photons."""
    valid = (key > 0.0) & (test > 0.0)
    c, d = np.where(valid, key, 1.0), np.where(valid, test, 1.0)
    return np.asarray(np.where(valid, np.sqrt((1.0 / c + 1.0 / d) * (1.0 + 1.0 / d) * np.log(1.0 / epsilon)), 1.0))
