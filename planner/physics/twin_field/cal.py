"""Twin-field QKD of Curty, Azuma and Lo, npj Quantum Inf. 5, 64 (2019), arXiv:1807.07667; infinitely many decoys.

Both sides send coherent states of phase 0 or pi to the station in the middle, where one of two detectors clicks.
Where the arms differ, the farther side sends the ``signal_intensity`` and the nearer side so much less that its light
arrives stronger by the factor of `imbalance` (Wang and Lo, New J. Phys. 22, 013020 (2020), vary the signal intensities
of both sides too).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from planner.physics import optimise
from planner.physics.arms import arm_transmittances, matched_intensities, noise_probability
from planner.physics.bounds import single_repeater_bound
from planner.physics.entropy import binary_entropy
from planner.physics.optimise import Axis
from planner.physics.outcome import Outcome, in_chunks, outcome

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

PHOTONS = 14
"""Photons of both sides together up to which yields are counted exactly. Beyond, every yield is taken as 1, so that
the bound on the phase error stays valid; at the best intensities (below 0.2) more photons change no digit."""

_SERIES = 80
"""Photons of one side up to which the amplitudes are summed, enough for intensities up to 10."""

AXES: Mapping[str, Axis] = MappingProxyType(
    {"signal_intensity": Axis("signal_intensity", np.log(1e-4), np.log(1.0), np.log(5e-3), np.log(0.2), scale="log")}
)
"""How open settings are searched: the intensity by its logarithm."""

TYPICAL: Mapping[str, float] = MappingProxyType({"signal_intensity": float(np.log(0.05))})
"""Coordinates that stand for open settings where no settings give key."""

FINITE_KEY = False
"""Whether ``block_bits`` counts; without finite-key analysis the rate is the asymptotic one, whatever the block."""

bound = single_repeater_bound
"""No rate lies above it (bits per slot, by the loss of the link in dB)."""


place = partial(optimise.place, axes=AXES)
"""Makes settings from a point of the search (see `optimise.place`)."""


def evaluate(
    parameters: Mapping[str, npt.ArrayLike],
    loss_db: npt.ArrayLike,
    settings: Mapping[str, npt.ArrayLike],
    *,
    arm_a_loss_db: npt.ArrayLike | None = None,
) -> Outcome:
    """The protocol at given settings, asymptotic: ``R = sum p_XX (1 - f h(e_X) - h(e_Z))``, eq. (1) of the paper.

    Args:
        parameters: ``receiver_loss_db``, ``detector_efficiency`` (of each arm), ``dark_count_probability`` (of each
            of the two detectors), ``misalignment_error`` (the square of the sine of half the phase mismatch),
            ``ec_efficiency``.
        loss_db: Loss of the link, end to end, in dB.
        settings: ``signal_intensity``, alpha squared of the farther side, photons per pulse.
        arm_a_loss_db: Loss of the first arm in dB; None: the station is in the middle.

    Returns:
        The outcome per pair of pulses.
    """
    return in_chunks(_evaluate, parameters, loss_db, settings, arm_a_loss_db=arm_a_loss_db)


def _evaluate(
    parameters: Mapping[str, FloatArray], loss: FloatArray, settings: Mapping[str, FloatArray], arm: FloatArray
) -> Outcome:
    arms = arm_transmittances(parameters, loss_db=loss, arm_a_loss_db=arm)
    matched = matched_intensities(settings["signal_intensity"], arm_a=arms[0], arm_b=arms[1])
    stronger = imbalance(arms, misalignment_error=parameters["misalignment_error"])
    sent = (
        np.where(arms[0] > arms[1], stronger, 1.0) * matched[0],
        np.where(arms[1] > arms[0], stronger, 1.0) * matched[1],
    )
    total = arms[0] * sent[0] + arms[1] * sent[1]
    dark = noise_probability(parameters, light=total / 2.0)
    gain, bit_error = clicks(
        arms[0] * sent[0], arms[1] * sent[1], dark=dark, overlap=1.0 - 2.0 * parameters["misalignment_error"]
    )
    phase = phase_error_bound(sent, arms, dark=dark) / np.where(gain > 0.0, gain, 1.0)
    sifted = 2.0 * gain  # both outcomes (1,0) and (0,1)
    leak = parameters["ec_efficiency"] * binary_entropy(bit_error)
    limited = np.minimum(phase, 0.5)
    # Clicks in both detectors are no outcome, but a dead time follows them too.
    load = -np.expm1(2.0 * np.log1p(-dark) - total)
    return outcome(
        clicks=sifted,
        loads=(load,),
        sifted=sifted,
        qber=bit_error,
        leak=sifted * leak,
        secret=sifted * (1.0 - leak - binary_entropy(limited)),
        slope=np.log1p(np.maximum(phase - limited, 0.0)),
    )


def imbalance(arms: tuple[FloatArray, FloatArray], *, misalignment_error: FloatArray) -> FloatArray:
    """How much stronger the light of the nearer side arrives.

    A rule of thumb, read off numerical optima of both intensities: with it the rate is within 1 % of theirs for arms
    that differ by up to 40 dB (equal intensities at the station lose 3 to 30 %). Any intensities give a valid rate.

    Args:
        arms: Transmittances of the two arms.
        misalignment_error: As in `evaluate`.

    Returns:
        The factor, 1 for equal arms, up to 1.36.
    """
    ratio = np.minimum(*arms) / np.maximum(np.maximum(*arms), np.finfo(np.float64).tiny)
    most = 1.36 - 0.2 * np.exp(-misalignment_error / 0.015)
    return np.asarray(most ** (1.0 - ratio**0.4))


def clicks(
    arriving_a: FloatArray, arriving_b: FloatArray, *, dark: FloatArray, overlap: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """One of the two outcomes for two coherent states: ``p_XX(1,0)`` and the bit error rate ``e_X``.

    Args:
        arriving_a: Mean photons detected from the first side.
        arriving_b: The same from the second side.
        dark: Dark-count probability of each detector.
        overlap: Omega, the cosine of the phase mismatch.

    Returns:
        Probability that only the first detector clicks, mean over the bits sent; share of wrong bits in it (1/2 where
        nothing clicks).
    """
    mean = (arriving_a + arriving_b) / 2.0
    swing = np.sqrt(arriving_a * arriving_b) * overlap
    # (1-p)(e^(-mean -+ swing) - (1-p) e^(-2 mean)), written so that faint light keeps its digits.
    right, wrong = ((1.0 - dark) * np.exp(-2.0 * mean) * (np.expm1(mean + sign * swing) + dark) for sign in (1.0, -1.0))
    gain = np.maximum((right + wrong) / 2.0, 0.0)
    error = np.where(gain > 0.0, wrong / np.where(gain > 0.0, 2.0 * gain, 1.0), 0.5)
    return np.asarray(gain), np.asarray(np.clip(error, 0.0, 1.0))


def phase_error_bound(
    sent: tuple[FloatArray, FloatArray],
    arms: tuple[FloatArray, FloatArray],
    *,
    dark: FloatArray,
    photons: int = PHOTONS,
) -> FloatArray:
    """Upper bound on ``e_Z p_XX(1,0)`` from the yields of photon numbers that are both even or both odd.

    ``sum_j [ sum_(m,n in j) c_m c_n sqrt(p_ZZ(m,n)) ]^2`` with ``c_n = exp(-alpha^2/2) alpha^n / sqrt(n!)``.

    Args:
        sent: Intensities alpha squared of the two sides.
        arms: Transmittances of the two arms.
        dark: Dark-count probability of each detector.
        photons: Photons of both sides together up to which the yields are counted; beyond, they are taken as 1.

    Returns:
        The bound, at most of order 1.
    """
    yields = _Yields(arms, dark=dark, photons=photons)
    amplitudes = [_amplitudes(intensity, photons=photons) for intensity in sent]
    bound_sum: FloatArray = np.zeros(())
    for parity in (0, 1):
        inside: FloatArray = np.zeros(())
        counted: FloatArray = np.zeros(())
        for m in range(parity, photons + 1, 2):
            for n in range(parity, photons - m + 1, 2):
                weight = amplitudes[0][m] * amplitudes[1][n]
                inside = inside + weight * np.sqrt(yields.of(m, n))
                counted = counted + weight
        all_weights = _amplitude_sum(sent[0], parity=parity) * _amplitude_sum(sent[1], parity=parity)
        rest = all_weights - counted
        # what rounding leaves of the difference is no tail
        rest = np.where(rest > 1e-14 * counted, rest, 0.0)
        bound_sum = bound_sum + np.square(inside + rest)
    return np.asarray(bound_sum)


def _amplitudes(intensity: FloatArray, *, photons: int) -> list[FloatArray]:
    """c_n of a coherent state, n from 0 to `photons`."""
    root = np.sqrt(intensity)
    rows = [np.exp(-intensity / 2.0)]
    for n in range(1, photons + 1):
        rows.append(rows[-1] * root / math.sqrt(n))
    return rows


def _amplitude_sum(intensity: FloatArray, *, parity: int) -> FloatArray:
    """Sum of c_n over all even or all odd n."""
    last = _SERIES + parity
    total: FloatArray = np.ones(())
    for n in range(last, parity, -2):
        total = 1.0 + total * (intensity / math.sqrt(n * (n - 1)))
    return np.asarray(total * np.exp(-intensity / 2.0) * (np.sqrt(intensity) if parity else 1.0))


class _Yields:
    """Probability that only one given detector clicks when m and n photons are sent.

    Photons interfere on a balanced beam splitter behind the arms. That the other detector sees no light has the
    probability ``sum_k C(m,k) C(n,k) (1-a/2)^(m-k) (1-b/2)^(n-k) (ab/4)^k``: the diagonal element of a normally
    ordered exponential in Fock states.
    """

    def __init__(self, arms: tuple[FloatArray, FloatArray], *, dark: FloatArray, photons: int) -> None:
        a, b = (np.minimum(arm, 1.0 - 2.0**-53) for arm in arms)
        self.dark = dark
        self.half = np.log1p(-a / 2.0), np.log1p(-b / 2.0)
        self.full = np.log1p(-a), np.log1p(-b)
        ratio = a * b / (4.0 * (1.0 - a / 2.0) * (1.0 - b / 2.0))
        self.powers = [ratio]
        for _ in range(photons // 2):
            self.powers.append(self.powers[-1] * ratio)

    def of(self, m: int, n: int) -> FloatArray:
        """The yield p_ZZ(m, n) of one outcome."""
        lit = m * self.half[0] + n * self.half[1]
        dark = m * self.full[0] + n * self.full[1]
        bunched: FloatArray = np.zeros(())
        for k in range(1, min(m, n) + 1):
            bunched = bunched + math.comb(m, k) * math.comb(n, k) * self.powers[k - 1]
        # other detector dark, less both dark; expm1 keeps the digits of small transmittances
        light = np.expm1(lit) - np.expm1(dark) + np.exp(lit) * bunched
        return np.asarray((1.0 - self.dark) * np.maximum(light + self.dark * np.exp(dark), 0.0))
