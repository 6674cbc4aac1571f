"""Finite-key BB84 with two decoys: Lim, Curty, Walenta, Xu, Zbinden, PRA 89, 022307 (2014), arXiv:1311.7129.

Counts that cannot be negative are clamped at zero; errors of single photons are not limited to the errors seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

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

TERMS = 21
"""Number of error terms in the proof, eq. (B4)."""


def evaluate(parameters: Arrays, settings: Arrays, *, fluctuations: bool = True) -> Evaluation:
    """The protocol at given settings, with expectation values for the counts.

    Args:
        parameters: Module parameters with ``transmittance`` and ``block_bits``, arrays.
        settings: The six settings of the protocol, arrays that broadcast against the parameters.
        fluctuations: False leaves out all finite-size terms.

    Returns:
        The evaluation, per pulse sent.
    """
    intensities = [settings["signal_intensity"], settings["decoy_intensity"], settings["vacuum_intensity"]]
    signal, decoy = settings["signal_probability"], settings["decoy_probability"]
    probabilities = [signal, decoy, 1.0 - signal - decoy]
    basis = settings["key_basis_probability"]
    each = gains(parameters, intensities, additive=False)
    mean = mean_clicks(probabilities, each)
    block = parameters["block_bits"]
    per_click = block / np.where(mean.gain > 0.0, mean.gain, 1.0)
    test = np.square((1.0 - basis) / basis)
    qber = error_rate(mean)
    leak = leak_per_click(qber, ec_efficiency=parameters["ec_efficiency"])
    length = key_length(
        [per_click * p * c.gain for p, c in zip(probabilities, each, strict=True)],
        [per_click * p * c.gain * test for p, c in zip(probabilities, each, strict=True)],
        [per_click * p * c.error * test for p, c in zip(probabilities, each, strict=True)],
        intensities=intensities,
        probabilities=probabilities,
        leak_bits=leak * block,
        secrecy_epsilon=parameters["secrecy_epsilon"],
        correctness_epsilon=parameters["correctness_epsilon"],
        fluctuations=fluctuations,
    )
    sifted = basis**2 * mean.gain
    secret = np.where(mean.gain > 0.0, length.key_bits / block, -1.0)
    guide = np.where(mean.gain > 0.0, length.guide / block, -10.0)
    return Evaluation(mean.gain, sifted, qber, sifted * leak, sifted * secret, np.asarray(guide))


def key_length(
    key_counts: Sequence[FloatArray],
    test_counts: Sequence[FloatArray],
    test_errors: Sequence[FloatArray],
    *,
    intensities: Sequence[FloatArray],
    probabilities: Sequence[FloatArray],
    leak_bits: FloatArray,
    secrecy_epsilon: FloatArray,
    correctness_epsilon: FloatArray,
    fluctuations: bool = True,
) -> KeyLength:
    """Key length of one block, eq. (1), without rounding down.

    Args:
        key_counts: n_X,k, sifted bits of the key basis for signal, decoy, vacuum.
        test_counts: n_Z,k, the same for the test basis.
        test_errors: m_Z,k, errors in the test basis.
        intensities: Mean photon numbers mu_1 > mu_2 + mu_3, mu_2 > mu_3 >= 0.
        probabilities: How often each intensity is sent.
        leak_bits: lambda_EC, bits revealed by error correction.
        secrecy_epsilon: epsilon_sec.
        correctness_epsilon: epsilon_cor.
        fluctuations: False leaves out the fluctuations of the counts, gamma, and the terms of the two epsilons.

    Returns:
        The key length and what it is made of.
    """
    strength = np.log(TERMS / secrecy_epsilon) / 2.0 * fluctuations
    weights = [np.exp(k) / p for k, p in zip(intensities, probabilities, strict=True)]
    shares = (
        photon_share(intensities, probabilities, photons=0),
        photon_share(intensities, probabilities, photons=1),
    )
    vacuum, single = _photon_bounds(key_counts, strength, weights=weights, intensities=intensities, shares=shares)
    _, test = _photon_bounds(test_counts, strength, weights=weights, intensities=intensities, shares=shares)
    spread = np.sqrt(sum(test_errors) * strength)
    upper = weights[1] * (test_errors[1] + spread)
    lower = weights[2] * np.maximum(test_errors[2] - spread, 0.0)
    # eq. (4)
    errors = np.maximum(shares[1] * (upper - lower) / (intensities[1] - intensities[2]), 0.0)
    phase = phase_error(errors, test=test)  # eq. (5)
    overhead = np.zeros(())
    if fluctuations:
        phase = phase + gamma(phase, key=single, test=test, secrecy_epsilon=secrecy_epsilon)
        overhead = 6.0 * np.log2(TERMS / secrecy_epsilon) + np.log2(2.0 / correctness_epsilon)
    total = np.asarray(sum(key_counts))
    return finish(vacuum=vacuum, single=single, phase=phase, leak=leak_bits, overhead=overhead, total=total)


def _photon_bounds(
    counts: Sequence[FloatArray],
    strength: FloatArray,
    *,
    weights: Sequence[FloatArray],
    intensities: Sequence[FloatArray],
    shares: tuple[FloatArray, FloatArray],
) -> tuple[FloatArray, FloatArray]:
    """Eqs. (2) and (3): bits from vacuum (at least zero) and from single photons (not clamped).

    `shares` are tau_0 and tau_1.
    """
    signal, decoy, vacuum = intensities
    spread = np.sqrt(sum(counts) * strength)
    upper = [w * (n + spread) for w, n in zip(weights, counts, strict=True)]
    lower = [w * np.maximum(n - spread, 0.0) for w, n in zip(weights, counts, strict=True)]
    none, one = shares
    dark = np.maximum(none * (decoy * lower[2] - vacuum * upper[1]) / (decoy - vacuum), 0.0)
    several = (decoy**2 - vacuum**2) / signal**2 * (upper[0] - dark / none)
    divisor = signal * (decoy - vacuum) - decoy**2 + vacuum**2
    return np.asarray(dark), np.asarray(one * signal * (lower[1] - upper[2] - several) / divisor)
