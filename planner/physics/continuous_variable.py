"""Continuous-variable QKD with Gaussian modulation and reverse reconciliation, trusted detector, collective attacks.

Homodyne: Lodewyck et al., PRA 76, 042305 (2007); heterodyne: Fossier et al., J. Phys. B 42, 114014 (2009). Finite
size: Leverrier, Grosshans, Grangier, PRA 81, 062343 (2010), arXiv:1005.0339. Variances are in shot-noise units, excess
noise is at the channel input. Eigenvalues are rearranged so that nothing cancels at small and at large loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from planner.physics import optimise
from planner.physics.bounds import repeaterless_bound
from planner.physics.detector import system_transmittance
from planner.physics.fibre import transmittance
from planner.physics.optimise import Axis
from planner.physics.outcome import Outcome, in_chunks, outcome

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

SMALLEST_KEY = 1e-12
"""Bits per symbol below which there is no key: the rounding of the entropies lies not far below."""

AXES: Mapping[str, Axis] = MappingProxyType(
    {
        "modulation_variance_snu": Axis(
            "modulation_variance_snu", np.log(1e-2), np.log(1e3), np.log(0.5), np.log(30.0), scale="log"
        ),
        "estimation_share": Axis("estimation_share", -20.0, 7.0, -6.0, 0.5, scale="log-odds"),
    }
)
"""How open settings are searched: the variance by its logarithm, the share by its log-odds."""

TYPICAL: Mapping[str, float] = MappingProxyType(
    {"modulation_variance_snu": float(np.log(5.0)), "estimation_share": 0.0}
)
"""Coordinates that stand for open settings where no settings give key."""

ASYMPTOTIC: Mapping[str, float] = MappingProxyType({"estimation_share": 0.0})
"""Open settings of the asymptotic limit, in which estimates cost nothing: they are not searched."""

FINITE_KEY = True
"""Whether ``block_bits`` counts."""

bound = repeaterless_bound
"""No rate lies above it (bits per slot, by the loss of the link in dB)."""


place = partial(optimise.place, axes=AXES)
"""Makes settings from a point of the search (see `optimise.place`)."""


def evaluate(
    parameters: Mapping[str, npt.ArrayLike],
    loss_db: npt.ArrayLike,
    settings: Mapping[str, npt.ArrayLike],
    *,
    arm_a_loss_db: npt.ArrayLike | None = None,
    heterodyne: bool = False,
) -> Outcome:
    """The protocol at given settings: asymptotic, or with ``block_bits`` among the parameters for finite blocks.

    Asymptotic: ``K = (1 - FER) (beta I_AB - chi_BE)``. Finite: ``K = (1 - FER) (n/N) (beta I_AB - chi_BE(worst) -
    Delta(n))`` with N = ``block_bits`` symbols, of which m estimate the channel and n = N - m make key. The secrecy
    epsilon is shared equally by estimation, smoothing and privacy amplification.

    Args:
        parameters: ``receiver_loss_db`` and ``detector_efficiency`` (together the trusted efficiency),
            ``excess_noise_snu`` (at the channel input), ``electronic_noise_snu``, ``reconciliation_efficiency``,
            ``frame_error_rate`` (0 where absent); with ``block_bits`` also ``secrecy_epsilon``.
        loss_db: Loss of the link in dB.
        settings: ``modulation_variance_snu``; for finite blocks ``estimation_share``, m/N, which is 1/2 where absent,
            as in the paper.
        arm_a_loss_db: Without meaning here; there is one arm.
        heterodyne: Both quadratures are measured instead of one.

    Returns:
        The outcome per symbol. ``sifted`` is the mutual information, ``leak`` what reconciliation loses of it (its
        inefficiency and the frames that fail), ``qber`` is NaN: there are no bits to be wrong.
    """

    def formula(
        known: Mapping[str, FloatArray], loss: FloatArray, chosen: Mapping[str, FloatArray], arm: FloatArray
    ) -> Outcome:
        del arm
        return _evaluate(known, loss, chosen, heterodyne=heterodyne)

    return in_chunks(formula, parameters, loss_db, settings, arm_a_loss_db=arm_a_loss_db)


def _evaluate(
    parameters: Mapping[str, FloatArray], loss: FloatArray, settings: Mapping[str, FloatArray], *, heterodyne: bool
) -> Outcome:
    channel = Channel(
        transmittance(loss),
        parameters["excess_noise_snu"],
        system_transmittance(
            0.0,
            receiver_loss_db=parameters["receiver_loss_db"],
            detector_efficiency=parameters["detector_efficiency"],
        ),
        parameters["electronic_noise_snu"],
    )
    variance = settings["modulation_variance_snu"]
    kept = 1.0 - parameters.get("frame_error_rate", np.zeros(()))
    shared = mutual_information(channel, modulation=variance, heterodyne=heterodyne)
    agreed = parameters["reconciliation_efficiency"] * shared
    ideal = kept * (agreed - holevo_information(channel, modulation=variance, heterodyne=heterodyne))
    secret = ideal
    if "block_bits" in parameters:
        spent = settings.get("estimation_share", np.full((), 0.5))
        estimating, making = parameters["block_bits"] * spent, parameters["block_bits"] * (1.0 - spent)
        epsilon = parameters["secrecy_epsilon"] / 3.0
        stolen = np.asarray(0.0)
        for worst in worst_channels(
            channel, modulation=variance, symbols=estimating, epsilon=epsilon, heterodyne=heterodyne
        ):
            told = holevo_information(worst, modulation=variance, heterodyne=heterodyne)
            stolen = np.maximum(stolen, np.where(worst.transmittance > 0.0, told, shared))
        net = agreed - stolen - smoothing(making, epsilon=epsilon, heterodyne=heterodyne)
        secret = kept * (1.0 - spent) * net
    return outcome(
        clicks=np.ones(()),
        loads=(),
        sifted=shared,
        qber=np.full((), np.nan),
        leak=shared - kept * agreed,
        secret=np.where(secret > SMALLEST_KEY, secret, secret - 2.0 * SMALLEST_KEY),
        slope=np.zeros(()),
        possible=np.where(ideal > SMALLEST_KEY, ideal, 0.0),
    )


class Channel(NamedTuple):
    """Channel and detector.

    Attributes:
        transmittance: T of the channel.
        excess: xi, excess noise at the channel input.
        efficiency: eta, trusted efficiency of the detector.
        electronic: v_el, trusted noise of the detector.
    """

    transmittance: FloatArray
    excess: FloatArray
    efficiency: FloatArray
    electronic: FloatArray

    def detector_noise(self, *, heterodyne: bool) -> FloatArray:
        """chi_det, noise of the detector referred to its input: ``(1-eta+v)/eta`` or ``(2-eta+2v)/eta``."""
        quadratures = 2.0 if heterodyne else 1.0
        return np.asarray((quadratures * (1.0 + self.electronic) - self.efficiency) / self.efficiency)


def mutual_information(channel: Channel, *, modulation: FloatArray, heterodyne: bool) -> FloatArray:
    """Bits per symbol that the two sides share: ``1/2 log2((V + chi_tot)/(1 + chi_tot))``, twice that for heterodyne.

    Args:
        channel: Channel and detector.
        modulation: V_A, variance of the modulation.
        heterodyne: Both quadratures are measured.

    Returns:
        Bits per symbol.
    """
    t = channel.transmittance
    noise = 1.0 + t * channel.excess + channel.detector_noise(heterodyne=heterodyne)  # T (1 + chi_tot)
    bits = np.log1p(t * modulation / noise) / np.log(2.0)
    return np.asarray(bits if heterodyne else bits / 2.0)


def holevo_information(channel: Channel, *, modulation: FloatArray, heterodyne: bool) -> FloatArray:
    """Bits per symbol that an eavesdropper may have of what is measured, chi_BE.

    Lodewyck et al. 2007, eqs. (5) to (11), with the conditional eigenvalues of Fossier et al. 2009 for heterodyne,
    rearranged into sums of terms that are not negative. With a = V, b = T (V + chi_line), c^2 = T (V^2 - 1) and chi the
    noise of the detector the eigenvalues are ``lambda_1,2 = (s +- |a - b|)/2`` with ``s^2 = (a+b)^2 - 4 c^2``; the
    conditional ones obey ``(lambda_3^2 - 1)(lambda_4^2 - 1) = r (lambda_1^2 - 1)(lambda_2^2 - 1)`` with
    r = chi/(b+chi) for homodyne and (chi^2-1)/(b+chi)^2 for heterodyne.

    Args:
        channel: Channel and detector.
        modulation: V_A, variance of the modulation.
        heterodyne: Both quadratures are measured.

    Returns:
        Bits per symbol, never negative.
    """
    t, excess = channel.transmittance, channel.excess
    chi = channel.detector_noise(heterodyne=heterodyne)
    b = 1.0 + t * (modulation + excess)
    lost = 1.0 - t + t * excess  # T chi_line
    gap = modulation * (1.0 - t) - t * excess  # a - b
    root = np.sqrt(gap**2 + 4.0 * (1.0 + modulation * (1.0 - t) + t * excess * (modulation + 1.0)))
    top = np.where(gap >= 0.0, t * excess * (modulation + 2.0), modulation * (lost + 1.0 - t))
    small = 2.0 * top / (root + np.abs(gap) + 2.0)  # the smaller eigenvalue, less 1
    large = small + np.abs(gap)
    first, second = large * (2.0 + large), small * (2.0 + small)
    square = modulation * (modulation + 2.0)  # V^2 - 1
    if heterodyne:
        ratio = (chi**2 - 1.0) / (b + chi) ** 2
        total = (first + second) * (chi**2 - 1.0) + first * second + 2.0 * square * (1.0 - t + chi * lost)
        total = total / (b + chi) ** 2
    else:
        ratio = chi / (b + chi)
        total = ((first + second) * chi + square * lost) / (b + chi)
    product = ratio * first * second
    third = (total + np.sqrt(np.maximum(total**2 - 4.0 * product, 0.0))) / 2.0
    fourth = np.where(third > 0.0, product / np.where(third > 0.0, third, 1.0), 0.0)
    known = [x / (1.0 + np.sqrt(1.0 + x)) for x in (third, fourth)]
    bits = _entropy(large) + _entropy(small) - _entropy(known[0]) - _entropy(known[1])
    return np.asarray(np.maximum(bits, 0.0))


def _entropy(excess: FloatArray) -> FloatArray:
    """G of a symplectic eigenvalue ``1 + excess``: entropy of a thermal state, in bits."""
    half = excess / 2.0
    some = half > 1e-300  # below, 1/h is beyond all numbers, and the entropy nothing
    safe = np.where(some, half, 1.0)
    # (1+h) ln(1+h) - h ln h, in two forms that keep the digits where h is large and where 1/h is
    ratio = np.where(safe < 1.0, np.log1p(safe) - np.log(safe), np.log1p(1.0 / safe))
    bits = (np.log1p(safe) + safe * ratio) / np.log(2.0)
    return np.asarray(np.where(some, bits, 0.0))


def worst_channels(
    channel: Channel, *, modulation: FloatArray, symbols: FloatArray, epsilon: FloatArray, heterodyne: bool
) -> tuple[Channel, ...]:
    """The noisiest channels that an estimate from some symbols permits: with the least, mean and largest slope.

    Leverrier et al. 2010, section IV: of ``y = t x + z`` the slope t lies within ``z_eps sigma / sqrt(m V_A)`` of its
    estimate and the variance of the noise is at most ``sigma^2 (1 + z_eps sqrt(2) / sqrt(m))``, with
    ``erfc(z_eps / sqrt 2) = eps``. For heterodyne t^2 = eta T / 2 and each symbol gives two values. The paper goes on
    with the least slope. What an eavesdropper has of the receiver's data grows with the slope where the channel loses
    more than about half of the light, so that the other end of the interval counts there.

    Args:
        channel: Channel and detector as they are.
        modulation: V_A, variance of the modulation.
        symbols: m, symbols that are spent on the estimate.
        epsilon: Probability that the estimate fails.
        heterodyne: Both quadratures are measured.

    Returns:
        Three channels; transmittance zero where nothing is certain. The detector is trusted and known.
    """
    from scipy.special import erfcinv

    quadratures = 2.0 if heterodyne else 1.0
    values = quadratures * symbols
    sure = np.sqrt(2.0) * erfcinv(epsilon)
    share = channel.efficiency / quadratures
    slope = np.sqrt(share * channel.transmittance)
    noise = 1.0 + channel.electronic + share * channel.transmittance * channel.excess
    most = noise * (1.0 + sure * np.sqrt(2.0 / values))

    def with_slope(slope: FloatArray) -> Channel:
        certain = slope > 0.0
        excess = (most - 1.0 - channel.electronic) / np.where(certain, np.square(slope), 1.0)
        return Channel(
            np.asarray(np.where(certain, np.square(slope) / share, 0.0)),
            np.asarray(np.where(certain, excess, 0.0)),
            channel.efficiency,
            channel.electronic,
        )

    spread = sure * np.sqrt(noise / (values * modulation))
    largest = np.minimum(slope + spread, np.sqrt(share))
    return with_slope(np.maximum(slope - spread, 0.0)), with_slope(slope), with_slope(largest)


def smoothing(symbols: FloatArray, *, epsilon: FloatArray, heterodyne: bool) -> FloatArray:
    """Delta(n), what a finite block costs in privacy amplification, bits per symbol.

    ``7 sqrt(log2(2/eps)/n) + (2/n) log2(1/eps)``, Leverrier et al. 2010, eq. (3) with two-valued key symbols; for
    heterodyne the two quadratures of a symbol are two of them.

    Args:
        symbols: n, symbols that make key.
        epsilon: Epsilon of smoothing, and the same of privacy amplification.
        heterodyne: Both quadratures are measured.

    Returns:
        Bits per symbol.
    """
    quadratures = 2.0 if heterodyne else 1.0
    values = quadratures * symbols
    return np.asarray(quadratures * (7.0 * np.sqrt(np.log2(2.0 / epsilon) / values) - 2.0 / values * np.log2(epsilon)))
