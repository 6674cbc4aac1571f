"""What a receiver with two threshold detectors does with the light: clicks, errors, dead time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from planner.physics.fibre import transmittance

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray


class Clicks(NamedTuple):
    """Probabilities per pulse of one intensity.

    Attributes:
        gain: R, click or afterpulse.
        error: e, joint probability of a click and an error (not conditional on the click).
    """

    gain: FloatArray
    error: FloatArray


def system_transmittance(
    loss_db: npt.ArrayLike, *, receiver_loss_db: npt.ArrayLike, detector_efficiency: npt.ArrayLike
) -> FloatArray:
    """The chance that a photon sent is detected, ``10^(-(loss_db + receiver_loss_db)/10) * detector_efficiency``.

    Args:
        loss_db: Loss of the link in dB.
        receiver_loss_db: Loss of the receiver's optics in dB.
        detector_efficiency: Efficiency of the detectors.

    Returns:
        Probabilities, an array of the broadcast shape.
    """
    total = np.asarray(loss_db, dtype=np.float64) + np.asarray(receiver_loss_db, dtype=np.float64)
    return np.asarray(transmittance(total) * np.asarray(detector_efficiency, dtype=np.float64))


def clicks(
    intensity: FloatArray,
    *,
    transmittance: FloatArray,
    dark_count_probability: FloatArray,
    misalignment_error: FloatArray,
    afterpulse_probability: FloatArray,
    background_probability: FloatArray | float = 0.0,
    additive: bool = False,
) -> Clicks:
    """Clicks and errors of a pulse in a receiver with two detectors.

    Lim et al., PRA 89, 022307 (2014), section IV: ``D = 1 - (1 - 2 p_dc) exp(-eta k)``, ``R = D (1 + p_ap)``,
    ``e = p_dc + e_mis (1 - exp(-eta k)) + p_ap D / 2``, with the transmittance of the whole system in both
    exponents. With `additive`, Rusca et al., APL 112, 171104 (2018), eq. (B2): ``D = 1 - exp(-eta k) + 2 p_dc``.

    Args:
        intensity: Mean photon number k of the pulse.
        transmittance: Chance eta that a photon sent is detected.
        dark_count_probability: p_dc per gate and detector.
        misalignment_error: e_mis.
        afterpulse_probability: p_ap.
        background_probability: Clicks by light from elsewhere (Raman, sky) per gate, both detectors together;
            added to ``2 p_dc``, half of them wrong.
        additive: Dark counts and light add up (Rusca) instead of excluding each other (Lim).

    Returns:
        The gain R and the joint error probability e, arrays of the broadcast shape (without that of the transmittance
        where the intensity is the one number 0).
    """
    background = 2.0 * dark_count_probability + background_probability
    # expm1 keeps all digits where the light is faint.
    dark = np.ndim(intensity) == 0 and intensity == 0.0
    light = np.zeros(()) if dark else -np.expm1(-transmittance * intensity)
    click = light + background if additive else light + background * (1.0 - light)
    error = background / 2.0 + misalignment_error * light
    if np.ndim(afterpulse_probability) > 0 or afterpulse_probability > 0.0:
        error = error + afterpulse_probability * click / 2.0
        click = click * (1.0 + afterpulse_probability)
    return Clicks(np.asarray(click), np.asarray(error))


def live_fraction(click_probability: FloatArray, *, clock_hz: FloatArray, dead_time_s: FloatArray) -> FloatArray:
    """The fraction of gates in which the receiver is not blocked by an earlier click.

    ``1 / (1 + clock_hz * P_click * dead_time_s)``, one non-paralysable dead time for the receiver:
    Rusca et al. 2018, eq. (B3).

    Args:
        click_probability: Clicks per gate of a receiver that is never blocked, over all bases and intensities.
        clock_hz: Gates per second.
        dead_time_s: Dead time in seconds.

    Returns:
        Fractions, an array of the broadcast shape.
    """
    return np.asarray(1.0 / (1.0 + clock_hz * click_probability * dead_time_s))
