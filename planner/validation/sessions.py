"""Comparisons with an experiment that published the gains it counted: background, rate, and rate of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.physics.decoy_bb84 import ma2005
from planner.physics.decoy_bb84.evaluation import error_rate, leak_per_click
from planner.physics.detector import Clicks, clicks
from planner.physics.entropy import binary_entropy
from planner.physics.fibre import transmittance
from planner.physics.tails import expectation_above, expectation_below

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.physics.entropy import FloatArray
    from planner.validation.setup import Setup

_NONE = np.zeros(())


def measured_gains(setup: Setup) -> Mapping[str, Any]:
    """Background and key rate from the signal's gain and error rates that an experiment counted.

    The background is that of two gates and of the afterpulses of the mean click rate; light and misalignment are what
    the counted gain and error rates leave. Other lengths differ by their attenuation only. Where the length of a
    session is given, ``finite_key_rate_bps`` is the rate with every count within an interval of its own.
    """
    p, measured = setup.parameters(), float(setup.inputs["signal_gain"])
    key, test = _both_bases(setup, p)
    signal, basis = p["signal_intensity"], p["key_basis_probability"]
    intensities = [signal, p["decoy_intensity"], p["vacuum_intensity"]]
    leak = leak_per_click(error_rate(key[0]), ec_efficiency=p["ec_efficiency"]) * key[0].gain
    yields, phase = ma2005.single_photons(test, intensities=intensities)
    secret = signal * np.exp(-signal) * yields * (1.0 - binary_entropy(np.minimum(phase, 0.5))) - leak
    made = p["clock_hz"] * p["signal_probability"]
    found: dict[str, Any] = {"background": _background(p, np.asarray(measured))}
    found["key_rate_bps"] = made * (basis**2 + (1.0 - basis) ** 2) * np.maximum(secret, 0.0)
    if "session_s" in setup.inputs:
        pulses = p["clock_hz"] * float(setup.inputs["session_s"])
        finite: FloatArray = np.zeros(())
        for share, kept, tested in ((basis, key, test), (1.0 - basis, test, key)):
            slots = [pulses * probability for probability in _shares(p)]
            exponent = -np.log(p["secrecy_epsilon"])
            single, _ = _within(kept, intensities, [n * share**2 for n in slots], exponent=exponent)
            _, wrong = _within(tested, intensities, [n * (1.0 - share) ** 2 for n in slots], exponent=exponent)
            cost = leak_per_click(error_rate(kept[0]), ec_efficiency=p["ec_efficiency"]) * kept[0].gain
            bits = signal * np.exp(-signal) * single * (1.0 - binary_entropy(np.minimum(wrong, 0.5))) - cost
            finite = finite + share**2 * np.maximum(bits, 0.0)
        found["finite_key_rate_bps"] = made * finite
    return found


def _shares(parameters: Mapping[str, FloatArray]) -> list[FloatArray]:
    signal, decoy = parameters["signal_probability"], parameters["decoy_probability"]
    return [signal, decoy, 1.0 - signal - decoy]


def _both_bases(setup: Setup, p: Mapping[str, FloatArray]) -> tuple[list[Clicks], list[Clicks]]:
    """Clicks of signal, decoy and vacuum in the key basis and in the test basis, at each length."""
    measured = float(setup.inputs["signal_gain"])
    light_at = 1.0 - (1.0 - measured) / (1.0 - float(_background(p, np.asarray(measured))))
    key_error, test_error = (
        (float(setup.inputs.get(name, setup.inputs["signal_qber"])) * measured - 0.5 * float(_background(p, measured)))
        / light_at
        for name in ("signal_qber", "test_qber")
    )
    eta = -np.log1p(-light_at) / p["signal_intensity"]
    if "measured_at_km" in setup.inputs:
        further = np.asarray(setup.inputs["length_km"]) - float(setup.inputs["measured_at_km"])
        eta = eta * transmittance(further * float(setup.inputs["attenuation_db_per_km"]))
    gain = 1.0 - np.exp(-eta * p["signal_intensity"])
    for _ in range(20):  # afterpulses follow the clicks, and clicks the afterpulses
        background = _background(p, gain)
        gain = 1.0 - (1.0 - background) * np.exp(-eta * p["signal_intensity"])
    key, test = (
        [
            clicks(
                p[f"{name}_intensity"],
                transmittance=eta,
                dark_count_probability=background / 2.0,
                misalignment_error=np.asarray(error),
                afterpulse_probability=_NONE,
            )
            for name in ("signal", "decoy", "vacuum")
        ]
        for error in (key_error, test_error)
    )
    return key, test


def _within(
    each: Sequence[Clicks], intensities: Sequence[FloatArray], slots: Sequence[FloatArray], *, exponent: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Yield and error rate of single photons, every count at the worse end of an interval of its own.

    The yield as in Ma et al. 2005, eq. (21); the errors are those of the signal, less those of the vacuum.
    """

    def gain(number: int, *, above: bool) -> FloatArray:
        bound = expectation_above if above else expectation_below
        rate = bound(slots[number] * each[number].gain, exponent=exponent) / slots[number]
        return np.asarray(np.exp(intensities[number]) * rate)

    signal, decoy, vacuum = intensities
    dark = np.maximum((decoy * gain(2, above=False) - vacuum * gain(1, above=True)) / (decoy - vacuum), 0.0)
    several = (decoy**2 - vacuum**2) / signal**2 * (gain(0, above=True) - dark)
    light = gain(1, above=False) - gain(2, above=True) - several
    single = np.maximum(signal * light / (signal * (decoy - vacuum) - decoy**2 + vacuum**2), 0.0)
    errors = expectation_above(slots[0] * each[0].error, exponent=exponent) / slots[0] * np.exp(signal)
    found = single > 0.0
    wrong = np.where(found, (errors - dark / 2.0) / (signal * np.where(found, single, 1.0)), 0.5)
    return np.asarray(single), np.asarray(wrong)


def _background(parameters: Mapping[str, FloatArray], gain: FloatArray | float) -> FloatArray:
    """Clicks without light of two gates, and afterpulses of the mean click rate."""
    gate = parameters["dark_count_probability"]
    found = clicks(
        _NONE,
        transmittance=_NONE,
        dark_count_probability=gate - gate**2 / 2.0,
        misalignment_error=_NONE,
        afterpulse_probability=_NONE,
        background_probability=parameters["afterpulse_probability"] * np.asarray(gain),
    )
    return found.gain
