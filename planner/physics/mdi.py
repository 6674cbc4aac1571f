"""Decoy-state measurement-device-independent BB84, asymptotic.

Ma, Razavi, PRA 86, 062319 (2012), arXiv:1204.4856 (rates of the channel); Lo, Curty, Qi, PRL 108, 130503 (2012); Xu,
Curty, Qi, Lo, New J. Phys. 15, 113007 (2013), arXiv:1305.6965 (estimate from three intensities). Both sides send the
same intensities, also where their arms differ: the error rate of the key basis hardly depends on the balance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from planner.physics.arms import arm_transmittances, bessel_i0_less_1, noise_probability
from planner.physics.bounds import single_repeater_bound
from planner.physics.entropy import binary_entropy
from planner.physics.optimise import Axis
from planner.physics.outcome import Outcome, in_chunks, outcome

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

AXES: Mapping[str, Axis] = MappingProxyType(
    {"signal_intensity": Axis("signal_intensity", np.log(1e-4), np.log(2.0), np.log(0.05), np.log(1.2), scale="log")}
)
"""How open settings are searched: the intensity by its logarithm. Decoys are never searched: infinitely many of them
are the best choice where none are given."""

TYPICAL: Mapping[str, float] = MappingProxyType({"signal_intensity": float(np.log(0.5))})
"""Coordinates that stand for open settings where no settings give key."""

FINITE_KEY = False
"""Whether ``block_bits`` counts; without finite-key analysis the rate is the asymptotic one, whatever the block."""

bound = single_repeater_bound
"""No rate lies above it (bits per slot, by the loss of the link in dB)."""


def place(coordinates: Mapping[str, FloatArray], *, fixed: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Makes settings from a point of the search.

    Args:
        coordinates: Coordinates of the open settings.
        fixed: The settings that are given.

    Returns:
        All settings of the protocol. Where decoys are given, an open signal is searched above them.
    """
    settings = dict(fixed)
    if "signal_intensity" in coordinates:
        least = fixed.get("decoy_intensity", np.zeros(()))
        settings["signal_intensity"] = np.asarray(
            least + AXES["signal_intensity"].value(coordinates["signal_intensity"])
        )
    return settings


def evaluate(
    parameters: Mapping[str, npt.ArrayLike],
    loss_db: npt.ArrayLike,
    settings: Mapping[str, npt.ArrayLike],
    *,
    arm_a_loss_db: npt.ArrayLike | None = None,
) -> Outcome:
    """The protocol at given settings: ``R = P11 Y11 (1 - h(e11)) - f Q h(E)`` of the key basis.

    Args:
        parameters: ``receiver_loss_db``, ``detector_efficiency`` (of each arm), ``dark_count_probability`` (of each
            of the four detectors), ``misalignment_error``, ``ec_efficiency``.
        loss_db: Loss of the link, end to end, in dB.
        settings: ``signal_intensity``, photons per pulse of each side. With ``decoy_intensity`` (and
            ``vacuum_intensity``, zero where absent) Y11 and e11 are estimated from these three intensities, otherwise
            they are known (infinitely many decoys). Key slots are nearly all slots.
        arm_a_loss_db: Loss of the first arm in dB; None: the station is in the middle.

    Returns:
        The outcome per pair of pulses.
    """
    return in_chunks(_evaluate, parameters, loss_db, settings, arm_a_loss_db=arm_a_loss_db)


def _evaluate(
    parameters: Mapping[str, FloatArray], loss: FloatArray, settings: Mapping[str, FloatArray], arm: FloatArray
) -> Outcome:
    arms = arm_transmittances(parameters, loss_db=loss, arm_a_loss_db=arm)
    signal, misaligned = settings["signal_intensity"], parameters["misalignment_error"]
    dark = noise_probability(parameters, light=signal * (arms[0] + arms[1]) / 4.0)
    found = rectilinear((signal, signal), arms, dark=dark, misalignment_error=misaligned)
    if "decoy_intensity" in settings:
        decoys = (settings["decoy_intensity"], settings.get("vacuum_intensity", np.zeros(())))
        single, phase = estimate((signal, *decoys), arms, dark=dark, misalignment_error=misaligned)
    else:
        single, errors = single_photons(arms, dark=dark, misalignment_error=misaligned)
        phase = np.where(single > 0.0, errors / np.where(single > 0.0, single, 1.0), 0.5)
    qber = np.where(found.gain > 0.0, found.error / np.where(found.gain > 0.0, found.gain, 1.0), 0.5)
    leak = found.gain * parameters["ec_efficiency"] * binary_entropy(np.minimum(qber, 0.5))
    limited = np.clip(phase, 0.0, 0.5)
    share = np.square(signal) * np.exp(-2.0 * signal)
    dim = np.exp(-signal * (arms[0] + arms[1]))
    return outcome(
        clicks=found.gain,
        loads=(1.0 - (1.0 - dark) ** 4 * dim,),
        sifted=found.gain,
        qber=qber,
        leak=leak,
        secret=share * np.maximum(single, 0.0) * (1.0 - binary_entropy(limited)) - leak,
        slope=np.minimum(phase - limited, 5.0),
    )


class Gain(NamedTuple):
    """Q, announced Bell states per pair of pulses, and E Q, the errors among them."""

    gain: FloatArray
    error: FloatArray


def single_photons(
    arms: tuple[FloatArray, FloatArray], *, dark: FloatArray, misalignment_error: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Yield Y11 and errors e11 Y11 of two single photons; Ma and Razavi 2012, appendix B.

    Args:
        arms: Transmittances of the two arms.
        dark: Dark-count probability of each detector.
        misalignment_error: e_d.

    Returns:
        ``Y11`` and ``e11 Y11``, the latter of the diagonal basis, which gives the phase errors.
    """
    a, b = arms
    quiet = np.square(1.0 - dark)
    pairs = quiet * a * b / 2.0
    chance = quiet * dark * (2.0 * a + 2.0 * b - 3.0 * a * b + 4.0 * (1.0 - a) * (1.0 - b) * dark)
    return np.asarray(pairs + chance), np.asarray(chance / 2.0 + misalignment_error * pairs)


def rectilinear(
    intensities: tuple[FloatArray, FloatArray],
    arms: tuple[FloatArray, FloatArray],
    *,
    dark: FloatArray,
    misalignment_error: FloatArray,
) -> Gain:
    """Gain and errors of the rectilinear (key) basis for two coherent states of random phase.

    ``Q = Q_C + Q_E`` and ``E Q = e_d Q_C + (1 - e_d) Q_E``, Ma and Razavi 2012, appendix B.

    Args:
        intensities: Mean photon numbers of the two sides.
        arms: Transmittances of the two arms.
        dark: Dark-count probability of each detector.
        misalignment_error: e_d.

    Returns:
        Gain and errors.
    """
    first, second = (k * eta for k, eta in zip(intensities, arms, strict=True))
    total = first + second
    scale = 2.0 * np.square(1.0 - dark) * np.exp(-total / 2.0)
    # 1 - (1-p) exp(-x/2), by expm1 for faint light
    seen = [-np.expm1(-light / 2.0) + dark * np.exp(-light / 2.0) for light in (first, second)]
    right = scale * seen[0] * seen[1]
    quiet = -np.expm1(-total / 2.0) + dark * np.exp(-total / 2.0)
    wrong = scale * dark * (bessel_i0_less_1(np.sqrt(first * second)) + quiet)
    return Gain(
        np.asarray(right + wrong),
        np.asarray(misalignment_error * right + (1.0 - misalignment_error) * wrong),
    )


def diagonal(
    intensities: tuple[FloatArray, FloatArray],
    arms: tuple[FloatArray, FloatArray],
    *,
    dark: FloatArray,
    misalignment_error: FloatArray,
) -> Gain:
    """Gain and errors of the diagonal (test) basis for two coherent states of random phase.

    ``Q = 2 y^2 [1 + 2 y^2 - 4 y I0(x) + I0(2x)]`` and ``E Q = Q/2 - (1 - 2 e_d) y^2 [I0(2x) - 1]``, Ma and Razavi 2012,
    appendix B.

    Args:
        intensities: Mean photon numbers of the two sides.
        arms: Transmittances of the two arms.
        dark: Dark-count probability of each detector.
        misalignment_error: e_d.

    Returns:
        Gain and errors.
    """
    first, second = (k * eta for k, eta in zip(intensities, arms, strict=True))
    half = np.sqrt(first * second) / 2.0
    bright = (1.0 - dark) * np.exp(-(first + second) / 4.0)
    # 1 - y, and 1 + 2y^2 - 4y + 1 = 2 (1-y)^2, so that faint light keeps its digits
    dim = -np.expm1(-(first + second) / 4.0) + dark * np.exp(-(first + second) / 4.0)
    twice, once = bessel_i0_less_1(2.0 * half), bessel_i0_less_1(half)
    square = np.square(bright)
    # I0(2x) - 1 - 4y (I0(x) - 1) = [I0(2x) - 1 - 4 (I0(x) - 1)] + 4 (1-y) (I0(x) - 1); the bracket is of fourth order
    gain = 2.0 * square * (2.0 * np.square(dim) + _ripple(half, once=once, twice=twice) + 4.0 * dim * once)
    return Gain(np.asarray(gain), np.asarray(gain / 2.0 - (1.0 - 2.0 * misalignment_error) * square * twice))


def _ripple(half: FloatArray, *, once: FloatArray, twice: FloatArray) -> FloatArray:
    """``I0(2x) - 1 - 4 (I0(x) - 1)``, by its series ``(4^k - 4) (x^2/4)^k / k!^2`` where x is small."""
    square = np.square(half) / 4.0
    series = np.square(square) * (3.0 + square * (60.0 / 36.0 + square * (252.0 / 576.0 + square * 1020.0 / 14400.0)))
    return np.asarray(np.where(half < 0.1, series, twice - 4.0 * once))


def estimate(
    intensities: Sequence[FloatArray],
    arms: tuple[FloatArray, FloatArray],
    *,
    dark: FloatArray,
    misalignment_error: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Bounds on Y11 and e11 from three intensities, Xu et al. 2013, section 3.

    With ``G_k = e^(2k) Q_kk - e^(k+w) (Q_kw + Q_wk) + e^(2w) Q_ww``, which holds no term with less than one photon
    from each side, the signal's G removes the terms (1,2) and (2,1) from the decoy's:
    ``Y11 >= [(m^2-w^2)(m-w) G_v - (v^2-w^2)(v-w) G_m] / [(m-w)^2 (v-w)^2 (m-v)]`` for signal m, decoy v, vacuum w,
    since all higher terms have a negative sign; and ``e11 <= G_v of the errors / [(v-w)^2 Y11]``, diagonal basis.

    Args:
        intensities: Signal, decoy and vacuum, the same on both sides.
        arms: Transmittances of the two arms.
        dark: Dark-count probability of each detector.
        misalignment_error: e_d.

    Returns:
        Lower bound on Y11 of the key basis (may be negative), upper bound on e11 of the test basis (infinite where its
        Y11 is not positive).
    """
    signal, decoy, vacuum = intensities
    bounds = []
    errors: FloatArray = np.zeros(())
    for basis in (rectilinear, diagonal):
        counts = []
        for k in (signal, decoy):
            four = [((k, k), 1.0), ((k, vacuum), -1.0), ((vacuum, k), -1.0), ((vacuum, vacuum), 1.0)]
            seen = [
                (sign * np.exp(pair[0] + pair[1]), basis(pair, arms, dark=dark, misalignment_error=misalignment_error))
                for pair, sign in four
            ]
            counts.append(sum(weight * each.gain for weight, each in seen))
            errors = np.asarray(sum(weight * each.error for weight, each in seen))
        large, small = signal - vacuum, decoy - vacuum
        numerator = (signal + vacuum) * large**2 * counts[1] - (decoy + vacuum) * small**2 * counts[0]
        bounds.append(numerator / (np.square(large * small) * (signal - decoy)))
    test = bounds[1]
    wrong = np.maximum(errors, 0.0) / np.square(decoy - vacuum)
    phase = np.where(test > 0.0, wrong / np.where(test > 0.0, test, 1.0), np.inf)
    return np.asarray(bounds[0]), np.asarray(phase)
