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
        bounds=_Bounds,
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
    return _Bounds(pulses(intensities, probabilities)).length(
        Block(key_counts, (), test_counts, test_errors),
        leak_bits,
        Security(secrecy_epsilon, correctness_epsilon, fluctuations),
    )


class _Bounds:
    """Eqs. (1) to (5) for what is sent. Coefficients are the same for both bases, with and without fluctuations."""

    def __init__(self, sent: Pulses) -> None:
        signal, decoy, self.vacuum = sent.intensities
        self.sent, self.decoy, self.room = sent, decoy, decoy - self.vacuum
        self.several = self.room * (decoy + self.vacuum) / (signal * signal)
        self.single = sent.one * signal / (self.room * (signal - decoy - self.vacuum))

    def length(self, block: Block, leak_bits: FloatArray, security: Security, *, guided: bool = True) -> KeyLength:
        """The key length of a block."""
        dark, single = self._photons(block.key_counts, security)
        _, test = self._photons(block.test_counts, security)
        spread = security.spread(block.test_errors, terms=TERMS)
        lower, upper = limits(block.test_errors[1:], weights=self.sent.weights[1:], spread=spread)
        errors = self.sent.one * (upper[0] - np.maximum(lower[1], 0.0)) / self.room  # eq. (4)
        phase = phase_error(np.maximum(errors, 0.0), test=test)  # eq. (5)
        overhead = np.zeros(())
        if security.fluctuations:
            phase = phase + gamma(phase, key=single, test=test, secrecy_epsilon=security.secrecy)
            overhead = security.overhead(terms=TERMS)
        return finish(
            vacuum=self.sent.none * dark,
            single=single,
            phase=phase,
            leak=leak_bits,
            overhead=overhead,
            total=summed(block.key_counts) if guided else None,
        )

    def _photons(self, counts: Sequence[FloatArray], security: Security) -> tuple[FloatArray, FloatArray]:
        """Eqs. (2) and (3): bits from vacuum over tau_0 (at least zero), and from single photons (not clamped)."""
        lower, upper = limits(counts, weights=self.sent.weights, spread=security.spread(counts, terms=TERMS))
        dark = np.maximum(lower[2], 0.0)
        if np.any(self.vacuum):
            dark = np.maximum((self.decoy * dark - self.vacuum * upper[1]) / self.room, 0.0)
        clear = np.maximum(lower[1], 0.0) - upper[2] - self.several * (upper[0] - dark)
        return np.asarray(dark), np.asarray(self.single * clear)
