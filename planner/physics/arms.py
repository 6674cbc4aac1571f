"""The two arms of a link with something in its middle: a measuring station or a source of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.physics.detector import system_transmittance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.physics.entropy import FloatArray


def arm_transmittances(
    parameters: Mapping[str, FloatArray], *, loss_db: FloatArray, arm_a_loss_db: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The chance that a photon is detected, for each arm; receiver loss and detector efficiency belong to each.

    Args:
        parameters: Module parameters with ``receiver_loss_db`` and ``detector_efficiency``.
        loss_db: Loss of the link, end to end, in dB.
        arm_a_loss_db: Loss of the first arm in dB, at most `loss_db`; the second arm has the rest.

    Returns:
        Transmittances of the first and the second arm.
    """
    receiver, efficiency = parameters["receiver_loss_db"], parameters["detector_efficiency"]
    first, second = (
        system_transmittance(loss, receiver_loss_db=receiver, detector_efficiency=efficiency)
        for loss in (arm_a_loss_db, np.maximum(loss_db - arm_a_loss_db, 0.0))
    )
    return first, second


def matched_intensities(
    intensity: FloatArray, *, arm_a: FloatArray, arm_b: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Intensities that arrive equally strong: the farther side sends `intensity`, the nearer side less.

    Args:
        intensity: Mean photon number that the side with the lossier arm sends.
        arm_a: Transmittance of the first arm.
        arm_b: Transmittance of the second arm.

    Returns:
        Mean photon numbers that the first and the second side send; `intensity` both, where the arms are alike.
    """
    far = np.minimum(arm_a, arm_b)
    tiny = np.finfo(np.float64).tiny
    return (
        np.asarray(intensity * np.where(arm_a > far, far / np.maximum(arm_a, tiny), 1.0)),
        np.asarray(intensity * np.where(arm_b > far, far / np.maximum(arm_b, tiny), 1.0)),
    )


def noise_probability(parameters: Mapping[str, FloatArray], *, light: FloatArray) -> FloatArray:
    """Clicks per gate of one detector that tell nothing: dark counts, light from elsewhere, afterpulses.

    Afterpulses follow the mean click rate of the train, as in Lucamarini et al., Opt. Express 21, 24550 (2013).

    Args:
        parameters: ``dark_count_probability`` per detector; ``background_probability``, light from elsewhere per gate
            on two detectors together, and ``afterpulse_probability`` per click, both 0 where absent.
        light: Mean photons of the signal that one detector sees per gate.

    Returns:
        Probabilities, at most 1/2.
    """
    zero = np.zeros(())
    dark = parameters["dark_count_probability"] + parameters.get("background_probability", zero) / 2.0
    click = 1.0 - (1.0 - dark) * np.exp(-light)
    return np.asarray(np.minimum(dark + parameters.get("afterpulse_probability", zero) * click, 0.5))


def bessel_i0_less_1(x: FloatArray) -> FloatArray:
    """``I0(x) - 1`` of the modified Bessel function, with all digits also where x is small."""
    from scipy.special import i0

    square = np.square(x) / 4.0
    series = square * (1.0 + square / 4.0 * (1.0 + square / 9.0 * (1.0 + square / 16.0 * (1.0 + square / 25.0))))
    return np.asarray(np.where(x < 0.1, series, i0(x) - 1.0))
