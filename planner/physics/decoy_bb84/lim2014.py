"""Finite-key BB84 with two decoys: Lim, Curty, Walenta, Xu, Zbinden, PRA 89, 022307 (2014), arXiv:1311.7129.

Counts that cannot be negative are clamped at zero; errors of single photons are not limited to the errors seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from planner.physics.decoy_bb84.evaluation import (
    Arrays,
    Block,
    Evaluation,
    KeyLength,
    Pulses,
    Security,
    finish,
    gamma,
    limits,
    one_block,
    phase_error,
    pulses,
    summed,
)

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

TERMS = 21
"""Number of error terms in the proof, eq. (B4)."""


def evaluate(parameters: Arrays, settings: Arrays, *, compared: bool = False) -> Evaluation:
    """The protocol at given settings, with expectation values for the counts.

    Args:
        parameters: Module parameters with ``transmittance`` and ``block_bits``, arrays.
        settings: The six settings of the protocol, arrays that broadcast against the parameters.
        compared: Whether `Evaluation.possible` is wanted.

    Returns:
        The evaluation, per pulse sent.
    """
    signal, decoy = settings["signal_probability"], settings["decoy_probability"]
    return one_block(
        parameters,
        settings,
        intensities=[settings["signal_intensity"], settings["decoy_intensity"], settings["vacuum_intensity"]],
        probabilities=[signal, decoy, 1.0 - signal - decoy],
        additive=False,
        bound=_bound,
        compared=compared,
    )


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
    return _bound(
        Block(key_counts, (), test_counts, test_errors),
        pulses(intensities, probabilities),
        leak_bits,
        Security(secrecy_epsilon, correctness_epsilon, fluctuations),
    )


def _bound(block: Block, sent: Pulses, leak_bits: FloatArray, security: Security) -> KeyLength:
    """Eqs. (1) to (5)."""
    vacuum, single = _photon_bounds(block.key_counts, sent, security)
    _, test = _photon_bounds(block.test_counts, sent, security)
    spread = security.spread(block.test_errors, terms=TERMS)
    lower, upper = limits(block.test_errors[1:], weights=sent.weights[1:], spread=spread)
    room = sent.intensities[1] - sent.intensities[2]
    errors = np.maximum(sent.one * (upper[0] - np.maximum(lower[1], 0.0)) / room, 0.0)  # eq. (4)
    phase = phase_error(errors, test=test)  # eq. (5)
    overhead = np.zeros(())
    if security.fluctuations:
        phase = phase + gamma(phase, key=single, test=test, secrecy_epsilon=security.secrecy)
        overhead = security.overhead(terms=TERMS)
    total = summed(block.key_counts)
    return finish(vacuum=vacuum, single=single, phase=phase, leak=leak_bits, overhead=overhead, total=total)


def _photon_bounds(counts: Sequence[FloatArray], sent: Pulses, security: Security) -> tuple[FloatArray, FloatArray]:
    """Eqs. (2) and (3): bits from vacuum (at least zero) and from single photons (not clamped)."""
    signal, decoy, vacuum = sent.intensities
    lower, upper = limits(counts, weights=sent.weights, spread=security.spread(counts, terms=TERMS))
    room = decoy - vacuum
    dark = decoy * np.maximum(lower[2], 0.0)
    if np.any(vacuum):
        dark = dark - vacuum * upper[1]
    dark = np.maximum(dark / room, 0.0)
    several = room * (decoy + vacuum) / (signal * signal) * (upper[0] - dark)
    divisor = room * (signal - decoy - vacuum)
    clear = np.maximum(lower[1], 0.0) - upper[2] - several
    return np.asarray(sent.none * dark), np.asarray(sent.one * signal * clear / divisor)
