"""BB84 with one decoy: Rusca et al., APL 112, 171104 (2018), arXiv:1801.03443, and its corrected security proof.

`rusca2018` uses eqs. (A16), (A17), (A19), (A22), (A25) as they stand (with the factor exp(k)/p_k that the print of
(A18) lost): nothing is clamped but the bits from vacuum. `wiesemann2024` is Wiesemann et al., arXiv:2405.16578: other
composition of the epsilons, Serfling's inequality for the phase error, no key from vacuum, and counts limited to what
is possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.physics.decoy_bb84.evaluation import (
    Arrays,
    Block,
    Evaluation,
    KeyLength,
    Pulses,
    Security,
    error_rate,
    finish,
    gains,
    gamma,
    leak_per_click,
    limits,
    mean_clicks,
    one_block,
    phase_error,
    pulses,
    summed,
)

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

RUSCA_TERMS = 19
WIESEMANN_TERMS = 15


class Photons(NamedTuple):
    """Bounds on the key basis (vacuum, single) and the test basis (test, errors) of a block."""

    vacuum: FloatArray
    single: FloatArray
    test: FloatArray
    errors: FloatArray


def evaluate(parameters: Arrays, settings: Arrays, *, wiesemann: bool = False, compared: bool = False) -> Evaluation:
    """The protocol at given settings, with expectation values for the counts.

    Args:
        parameters: Module parameters with ``transmittance`` and ``block_bits``, arrays.
        settings: The four settings of the protocol, arrays that broadcast against the parameters.
        wiesemann: The corrected proof instead of the first one.
        compared: Whether `Evaluation.possible` is wanted.

    Returns:
        The evaluation, per pulse sent.
    """
    signal = settings["signal_probability"]
    return one_block(
        parameters,
        settings,
        intensities=[settings["signal_intensity"], settings["decoy_intensity"]],
        probabilities=[signal, 1.0 - signal],
        additive=True,
        bounds=partial(_Bounds, wiesemann=wiesemann),
        compared=compared,
    )


def evaluate_asymptotic(
    parameters: Arrays, settings: Arrays, *, wiesemann: bool = False, compared: bool = False
) -> Evaluation:
    """The same bounds for infinitely many pulses: without fluctuations, and only signal pulses make key.

    The sifting factor is that of `ma2005.evaluate`.

    Args:
        parameters: Module parameters with ``transmittance``, arrays.
        settings: The four settings; probability 1 of signal and key basis is the limit in which tests cost nothing.
        wiesemann: The corrected proof, which takes no key from vacuum.
        compared: Without meaning here; there are no fluctuations.

    Returns:
        The evaluation, per pulse sent.
    """
    del compared
    signal, decoy = settings["signal_intensity"], settings["decoy_intensity"]
    share, basis = settings["signal_probability"], settings["key_basis_probability"]
    sifting = basis**2 + (1.0 - basis) ** 2
    each = gains(parameters, [signal, decoy], additive=True)
    mean = mean_clicks([share, 1.0 - share], each)
    # Counts per pulse of each intensity, as if both were sent with certainty: the factors p_k cancel.
    found = [c.gain for c in each]
    wrong = [c.error for c in each]
    one = np.ones(())
    sent = Pulses([signal, decoy], [np.exp(signal), np.exp(decoy)], one, one)
    bounds = _Bounds(sent).photons(Block(found, wrong, found, wrong), Security(one, one, fluctuations=False))
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
    secret = made * length.key_bits
    guide = np.where(gain > 0.0, length.guide / np.where(gain > 0.0, gain, 1.0), -10.0)
    return Evaluation(mean.gain, sifting * mean.gain, error_rate(mean), made * leak, secret, secret, np.asarray(guide))


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
    return _Bounds(pulses(intensities, probabilities), wiesemann=wiesemann).length(
        block, leak_bits, Security(secrecy_epsilon, correctness_epsilon, fluctuations)
    )


class _Bounds:
    """Eq. (A25), or the corrected proof, for what is sent; without a security the bounds of infinitely many pulses."""

    def __init__(self, sent: Pulses, *, wiesemann: bool = False) -> None:
        signal, decoy = sent.intensities
        self.sent, self.wiesemann = sent, wiesemann
        self.terms = WIESEMANN_TERMS if wiesemann else RUSCA_TERMS
        self.room = signal - decoy
        self.ratio = np.square(decoy / signal)
        self.factor = sent.one * signal / (decoy * self.room)

    def length(self, block: Block, leak_bits: FloatArray, security: Security, *, guided: bool = True) -> KeyLength:
        """The key length of a block."""
        vacuum, single, test, errors = self.photons(block, security)
        phase = phase_error(errors, test=test)
        overhead = np.zeros(())
        secrecy = security.secrecy
        if security.fluctuations and self.wiesemann:
            phase = phase + _serfling(single, test=test, epsilon=secrecy / WIESEMANN_TERMS)
            overhead = 4.0 * np.log2(WIESEMANN_TERMS / (secrecy * 2.0**0.25)) + np.log2(2.0 / security.correctness)
        elif security.fluctuations:
            phase = phase + gamma(phase, key=single, test=test, secrecy_epsilon=secrecy)
            overhead = security.overhead(terms=RUSCA_TERMS)
        return finish(
            vacuum=np.zeros(()) if self.wiesemann else vacuum,
            single=single,
            phase=phase,
            leak=leak_bits,
            overhead=overhead,
            total=summed(block.key_counts) if guided else None,
        )

    def photons(self, block: Block, security: Security) -> Photons:
        """Eqs. (A16), (A17), (A19), (A22); the corrected proof limits counts to what is possible."""
        vacuum, single = self._basis(block.key_counts, block.key_errors, security)
        _, test = self._basis(block.test_counts, block.test_errors, security)
        lower, upper, _ = self._limits(block.test_errors, security)
        errors = self.sent.one * (upper[0] - lower[1]) / self.room
        return Photons(vacuum, single, test, np.asarray(np.maximum(errors, 0.0)))

    def _basis(
        self, counts: Sequence[FloatArray], errors: Sequence[FloatArray], security: Security
    ) -> tuple[FloatArray, FloatArray]:
        """Bits from vacuum (at least zero) and from single photons (not clamped)."""
        signal, decoy = self.sent.intensities
        lower, upper, spread = self._limits(counts, security)
        wrong = limits(errors, weights=self.sent.weights, spread=security.spread(errors, terms=self.terms))[1]
        # (A16): half of the clicks of vacuum are errors; the smaller of the two k
        dark = 2.0 * (np.minimum(wrong[0], wrong[1]) + spread / self.sent.none)
        clear = lower[1] - self.ratio * upper[0] - (1.0 - self.ratio) * dark
        vacuum = self.sent.none * (signal * lower[1] - decoy * upper[0]) / self.room
        return np.asarray(np.maximum(vacuum, 0.0)), np.asarray(self.factor * clear)

    def _limits(
        self, counts: Sequence[FloatArray], security: Security
    ) -> tuple[list[FloatArray], list[FloatArray], FloatArray]:
        """Weighted limits of the counts, and how far they lie apart from the counts."""
        spread = security.spread(counts, terms=self.terms)
        lower, upper = limits(counts, weights=self.sent.weights, spread=spread)
        if self.wiesemann:
            total = summed(counts)
            lower = [np.maximum(n, 0.0) for n in lower]
            upper = [np.minimum(n, weight * total) for n, weight in zip(upper, self.sent.weights, strict=True)]
        return lower, upper, spread


def _serfling(key: FloatArray, *, test: FloatArray, epsilon: FloatArray) -> FloatArray:
    """Serfling's correction of the phase error, ``sqrt((c+d)/(c d) (d+1)/d ln(1/epsilon))``; 1 without photons."""
    valid = (key > 0.0) & (test > 0.0)
    c, d = np.where(valid, key, 1.0), np.where(valid, test, 1.0)
    return np.asarray(np.where(valid, np.sqrt((1.0 / c + 1.0 / d) * (1.0 + 1.0 / d) * np.log(1.0 / epsilon)), 1.0))
