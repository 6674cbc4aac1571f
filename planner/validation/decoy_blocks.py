"""Comparisons with the inside of the decoy-state bounds: counts of a block, bounds, estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.physics.decoy_bb84 import lim2014, ma2005, one_decoy
from planner.physics.decoy_bb84.evaluation import Block, error_rate, gains, gamma, leak_per_click, mean_clicks
from planner.physics.detector import Clicks, clicks, live_fraction, system_transmittance
from planner.physics.fibre import transmittance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.physics.decoy_bb84.evaluation import KeyLength
    from planner.physics.entropy import FloatArray
    from planner.validation.setup import Setup

_NONE = np.zeros(())


def _receiver(setup: Setup) -> dict[str, FloatArray]:
    """Module parameters with the transmittance of the whole system."""
    parameters = setup.parameters()
    given = setup.inputs.get("transmittance")
    parameters["transmittance"] = (
        np.asarray(given, dtype=np.float64)
        if given is not None
        else system_transmittance(
            setup.loss_db,
            receiver_loss_db=parameters["receiver_loss_db"],
            detector_efficiency=parameters["detector_efficiency"],
        )
    )
    return parameters


def _two_decoys(parameters: Mapping[str, FloatArray]) -> tuple[list[FloatArray], list[FloatArray]]:
    """Intensities and probabilities of signal, decoy and vacuum."""
    intensities = [parameters[f"{name}_intensity"] for name in ("signal", "decoy", "vacuum")]
    signal, decoy = (parameters.get(f"{name}_probability", _NONE) for name in ("signal", "decoy"))
    return intensities, [signal, decoy, 1.0 - signal - decoy]


def estimates(setup: Setup) -> Mapping[str, Any]:
    """How far yield and error rate of single photons, as estimated from two decoys, lie from the truth."""
    parameters = _receiver(setup)
    intensities, _ = _two_decoys(parameters)
    found, phase = ma2005.single_photons(gains(parameters, intensities, additive=False), intensities=intensities)
    eta, background = parameters["transmittance"], 2.0 * parameters["dark_count_probability"]
    # A single photon clicks or does not; the limit of faint light of the same detector model gives both.
    true_yield = background + eta - background * eta
    true_error = (background / 2.0 + parameters["misalignment_error"] * eta) / true_yield
    return {"yield_deficit": 1.0 - found / true_yield, "error_excess": phase / true_error - 1.0}


class _Counts:
    """Expected counts of a block: pulses sent, and clicks and errors by intensity in both bases."""

    def __init__(
        self, each: Sequence[Clicks], shares: Sequence[FloatArray], *, pulses: FloatArray, basis: FloatArray
    ) -> None:
        self.pulses = pulses

        def expected(both: FloatArray, kind: str) -> list[FloatArray]:
            return [np.asarray(pulses * both * p * getattr(c, kind)) for p, c in zip(shares, each, strict=True)]

        self.key_counts = expected(basis**2, "gain")
        self.key_errors = expected(basis**2, "error")
        self.test_counts = expected((1.0 - basis) ** 2, "gain")
        self.test_errors = expected((1.0 - basis) ** 2, "error")

    def leak_bits(self, ec_efficiency: FloatArray) -> FloatArray:
        """What error correction reveals of the block."""
        total = np.asarray(sum(self.key_counts))
        qber = np.asarray(sum(self.key_errors)) / total
        return np.asarray(leak_per_click(qber, ec_efficiency=ec_efficiency) * total)

    def by_name(self) -> dict[str, FloatArray]:
        """Counts of signal, decoy and (with two decoys) vacuum, and totals."""
        names = ("signal", "decoy", "vacuum")
        kinds = {"key_counts": self.key_counts, "test_counts": self.test_counts, "test_errors": self.test_errors}
        found = {f"{k}_{n}": v for k, values in kinds.items() for n, v in zip(names, values, strict=False)}
        totals = {"key_total": self.key_counts, "key_errors": self.key_errors}
        return found | {name: np.asarray(sum(values)) for name, values in totals.items()}


def _errors_of_singles(length: KeyLength, *, test: FloatArray, correction: Any) -> float:
    """The bound on the errors of single photons, taken back out of the phase error ``b + correction(b)``.

    NaN where the phase error is 1/2 at which it is limited, or no single photon is certain.
    """
    from scipy.optimize import brentq

    if not (float(test) > 0.0 and float(length.single) > 0.0 and float(length.phase_error) < 0.5):
        return np.nan

    def excess(b: float) -> float:
        return b + float(correction(np.asarray(b))) - float(length.phase_error)

    return float(brentq(excess, 1e-12, float(length.phase_error), xtol=1e-15)) * float(test)


def two_decoy_block(setup: Setup) -> Mapping[str, Any]:
    """A block of given pulses: counts, bounds and key length of Lim et al. 2014, eqs. (1) to (5)."""
    parameters = _receiver(setup)
    intensities, shares = _two_decoys(parameters)
    counts = _Counts(
        gains(parameters, intensities, additive=False),
        shares,
        pulses=np.asarray(setup.inputs["pulses"], dtype=np.float64),
        basis=parameters["key_basis_probability"],
    )
    leak = counts.leak_bits(parameters["ec_efficiency"])

    def bound(kept: Sequence[FloatArray], tested: Sequence[FloatArray]) -> KeyLength:
        return lim2014.key_length(
            kept,
            tested,
            counts.test_errors,
            intensities=intensities,
            probabilities=shares,
            leak_bits=leak,
            secrecy_epsilon=parameters["secrecy_epsilon"],
            correctness_epsilon=parameters["correctness_epsilon"],
        )

    length = bound(counts.key_counts, counts.test_counts)
    test = bound(counts.test_counts, counts.key_counts)  # the same bounds hold in either basis

    def correction(b: FloatArray) -> FloatArray:
        return gamma(b, key=length.single, test=test.single, secrecy_epsilon=parameters["secrecy_epsilon"])

    return counts.by_name() | {
        **_bounds_by_name(length, test=test),
        "single_errors": _errors_of_singles(length, test=test.single, correction=correction),
        "leak_bits": leak,
    }


def _bounds_by_name(length: KeyLength, *, test: KeyLength) -> dict[str, FloatArray]:
    return {
        "key_vacuum": length.vacuum,
        "key_single": length.single,
        "test_vacuum": test.vacuum,
        "test_single": test.single,
        "phase_error": length.phase_error,
        "key_bits": length.key_bits,
    }


def one_decoy_block(setup: Setup) -> Mapping[str, Any]:
    """A block of given pulses or bits: bounds, key length and rate with one decoy, either proof.

    The dead time is blocked by clicks in equal bases only, as in the case list (the planner lets all clicks block).
    """
    parameters = _receiver(setup)
    intensities = [parameters["signal_intensity"], parameters["decoy_intensity"]]
    shares = [parameters["signal_probability"], 1.0 - parameters["signal_probability"]]
    each = gains(parameters, intensities, additive=bool(setup.inputs.get("additive_dark_counts", False)))
    basis, clock = parameters["key_basis_probability"], parameters["clock_hz"]
    click = mean_clicks(shares, each).gain
    pulses = np.asarray(setup.inputs.get("pulses", setup.inputs.get("key_counts", 0.0) / (click * basis**2)))
    counts = _Counts(each, shares, pulses=pulses, basis=basis)
    leak = counts.leak_bits(parameters["ec_efficiency"])
    wiesemann = setup.module.get("security_proof") == "wiesemann2024"
    fluctuations = bool(setup.inputs.get("fluctuations", True))

    def bound(block: Block) -> KeyLength:
        return one_decoy.key_length(
            block,
            intensities=intensities,
            probabilities=shares,
            leak_bits=leak,
            secrecy_epsilon=parameters["secrecy_epsilon"],
            correctness_epsilon=parameters["correctness_epsilon"],
            wiesemann=wiesemann,
            fluctuations=fluctuations,
        )

    kept, tested = (counts.key_counts, counts.key_errors), (counts.test_counts, counts.test_errors)
    length, test = bound(Block(*kept, *tested)), bound(Block(*tested, *kept))
    equal_bases = click * (basis**2 + (1.0 - basis) ** 2)
    live = live_fraction(equal_bases, clock_hz=clock, dead_time_s=parameters["dead_time_s"])
    return counts.by_name() | {
        **_bounds_by_name(length, test=test),
        "single_errors": _one_decoy_errors(length, test=test, parameters=parameters, wiesemann=wiesemann)
        if fluctuations
        else length.phase_error * test.single,
        "leak_bits": leak,
        "pulses": pulses / live,
        "key_rate_bps": np.maximum(length.key_bits, 0.0) * clock * live / pulses,
    }


def _one_decoy_errors(
    length: KeyLength, *, test: KeyLength, parameters: Mapping[str, FloatArray], wiesemann: bool
) -> float:
    def correction(b: FloatArray) -> FloatArray:
        if wiesemann:
            epsilon = parameters["secrecy_epsilon"] / one_decoy.WIESEMANN_TERMS
            inverse = 1.0 / length.single + 1.0 / test.single
            return np.asarray(np.sqrt(inverse * (1.0 + 1.0 / test.single) * np.log(1.0 / epsilon)))
        return gamma(b, key=length.single, test=test.single, secrecy_epsilon=parameters["secrecy_epsilon"])

    return _errors_of_singles(length, test=test.single, correction=correction)


def slot_errors(setup: Setup) -> Mapping[str, Any]:
    """Error rate of pulses in two time slots at a loss, from the error rate at another one and the dark counts."""
    p = setup.parameters()
    dark = np.asarray(float(setup.inputs["dark_counts_per_s"]) / float(p["clock_hz"]))

    def seen(loss_db: float, error: FloatArray) -> Clicks:
        return clicks(
            p["signal_intensity"],
            transmittance=transmittance(loss_db) * p["detector_efficiency"],
            dark_count_probability=dark,
            misalignment_error=error,
            afterpulse_probability=_NONE,
        )

    near = float(setup.inputs["reference_loss_db"])
    clean, light = seen(near, _NONE), seen(near, np.ones(())).error - dark
    error = (float(setup.inputs["reference_qber"]) * clean.gain - dark) / light
    return {"qber": error_rate(seen(float(setup.inputs["loss_db"]), error))}
