"""Asymptotic BB84 with two decoys: Ma, Qi, Zhao, Lo, PRA 72, 012326 (2005), arXiv:quant-ph/0503005."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from planner.physics.decoy_bb84.evaluation import (
    Arrays,
    Evaluation,
    error_rate,
    finish,
    gains,
    leak_per_click,
    mean_clicks,
    phase_error,
)

if TYPE_CHECKING:
    from planner.physics.detector import Clicks
    from planner.physics.entropy import FloatArray


def evaluate(parameters: Arrays, settings: Arrays, *, compared: bool = False) -> Evaluation:
    """The protocol at given settings, infinitely many pulses: eq. (1).

    Both bases make key: the sifting factor is ``q^2 + (1-q)^2`` (q = 1/2: standard BB84; q = 1: the limit of
    efficient BB84). Only signal pulses make key.

    Args:
        parameters: Module parameters with ``transmittance``, arrays.
        settings: The six settings of the protocol; probability 1 of the signal and of the key basis is the limit
            in which test pulses cost nothing.
        compared: Without meaning here; there are no fluctuations.

    Returns:
        The evaluation, per pulse sent.
    """
    del compared
    intensities = [settings["signal_intensity"], settings["decoy_intensity"], settings["vacuum_intensity"]]
    share, decoy = settings["signal_probability"], settings["decoy_probability"]
    basis = settings["key_basis_probability"]
    sifting = basis**2 + (1.0 - basis) ** 2
    each = gains(parameters, intensities, additive=False)
    mean = mean_clicks([share, decoy, np.maximum(1.0 - share - decoy, 0.0)], each)
    single, phase = single_photons(each, intensities=intensities)
    gain = each[0].gain
    leak = leak_per_click(error_rate(each[0]), ec_efficiency=parameters["ec_efficiency"]) * gain
    signal = intensities[0]
    zero = np.zeros(())
    length = finish(
        vacuum=zero, single=signal * np.exp(-signal) * single, phase=phase, leak=leak, overhead=zero, total=gain
    )
    made = sifting * share
    guide = np.where(gain > 0.0, length.guide / np.where(gain > 0.0, gain, 1.0), -10.0)
    secret = made * length.key_bits
    return Evaluation(mean.gain, sifting * mean.gain, error_rate(mean), made * leak, secret, secret, np.asarray(guide))


def single_photons(each: Sequence[Clicks], *, intensities: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Yield and error rate of single photons from the clicks of three intensities.

    Eqs. (18), (21) and (25) of the paper; with a vacuum of intensity zero they are (34) and (37).

    Args:
        each: Clicks of signal, decoy, vacuum (or second decoy).
        intensities: Mean photon numbers mu > nu_1 + nu_2, nu_1 > nu_2 >= 0.

    Returns:
        Lower bound on the yield (may be negative), upper bound on the error rate (infinite where the yield is not
        positive).
    """
    signal, decoy, vacuum = intensities
    gain = [np.exp(k) * c.gain for k, c in zip(intensities, each, strict=True)]
    error = [np.exp(k) * c.error for k, c in zip(intensities, each, strict=True)]
    dark = np.maximum((decoy * gain[2] - vacuum * gain[1]) / (decoy - vacuum), 0.0)
    several = (decoy**2 - vacuum**2) / signal**2 * (gain[0] - dark)
    single = signal * (gain[1] - gain[2] - several) / (signal * (decoy - vacuum) - decoy**2 + vacuum**2)
    wrong = np.maximum((error[1] - error[2]) / (decoy - vacuum), 0.0)
    return np.asarray(single), phase_error(wrong, test=single)
