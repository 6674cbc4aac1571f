"""Comparisons of channels and detectors: Raman light, satellite downlinks, dead times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.physics.detector import clicks, live_fraction, system_transmittance
from planner.physics.fibre import transmittance
from planner.physics.free_space import collected_fraction, downlink_loss, slant_range_km
from planner.physics.raman import LIGHT_M_PER_S, PLANCK_J_S, photon_rate, raman_cross_section, raman_power_w

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.physics.entropy import FloatArray
    from planner.validation.setup import Setup


def raman(setup: Setup) -> Mapping[str, Any]:
    """Raman light of one channel, forward and backward: photons per second, and excess noise of a CV receiver.

    The excess noise is twice the photons per mode, half of ``lambda^3 / (h c^2)`` times the power per wavelength
    (Kumar et al. 2015).
    """
    given = setup.inputs
    wavelength_nm = float(given["wavelength_nm"])
    found: dict[str, FloatArray] = {}
    for direction in ("forward", "backward"):
        power = raman_power_w(
            given["launch_power_w"],
            length_km=given["length_km"],
            cross_section_per_km_nm=given["cross_section_per_km_nm"],
            bandwidth_nm=given["bandwidth_nm"],
            pump_attenuation_db_per_km=given["attenuation_db_per_km"],
            quantum_attenuation_db_per_km=given.get("quantum_attenuation_db_per_km"),
            backward=direction == "backward",
        )
        found[f"{direction}_photons_per_s"] = photon_rate(power, wavelength_nm=wavelength_nm)
        per_m = power * transmittance(given.get("demultiplexer_loss_db", 0.0)) / (given["bandwidth_nm"] * 1e-9)
        per_mode = 0.5 * (wavelength_nm * 1e-9) ** 3 / (PLANCK_J_S * LIGHT_M_PER_S**2) * per_m
        found[f"{direction}_excess_noise_snu"] = np.asarray(2.0 * per_mode)
    return found


def cross_section(setup: Setup) -> Mapping[str, Any]:
    """Raman cross-section between two wavelengths."""
    return {"cross_section_per_km_nm": raman_cross_section(setup.inputs["pump_nm"], setup.inputs["quantum_nm"])}


def downlink(setup: Setup) -> Mapping[str, Any]:
    """Distance and losses of a satellite over its elevation."""
    given = setup.inputs
    elevation = np.asarray(given["elevation_deg"])
    distance = slant_range_km(elevation, altitude_km=given["altitude_km"])
    optics = {name: given[name] for name in ("wavelength_nm", "waist_m", "receiver_radius_m", "transmitter_radius_m")}
    found = downlink_loss(distance, elevation_deg=elevation, system_loss_db=given["system_loss_db"], **optics)
    return {
        "distance_km": distance,
        "collected": transmittance(found.diffraction_db),
        "atmosphere": transmittance(found.atmosphere_db),
        "total_db": found.total_db,
    }


def untruncated_beam(setup: Setup) -> Mapping[str, Any]:
    """Light collected from a Gaussian beam that no aperture cuts off."""
    optics = {name: setup.inputs[name] for name in ("waist_m", "receiver_radius_m", "wavelength_nm")}
    return {"collected": collected_fraction(setup.inputs["distance_km"], **optics)}


def downlink_counts(setup: Setup) -> Mapping[str, Any]:
    """Detections of a pass: losses over distance, distance over time, summed second by second."""
    p, given = setup.parameters(), setup.inputs
    track = np.asarray(given["track_s"])
    seconds = np.arange(0.5, track[-1])
    distance = np.interp(seconds, track, given["track_km"])
    loss = np.interp(distance, given["loss_distance_km"], given["loss_db"])
    eta = system_transmittance(
        loss, receiver_loss_db=p["receiver_loss_db"], detector_efficiency=p["detector_efficiency"]
    )
    seen = [
        clicks(
            p[f"{name}_intensity"],
            transmittance=eta,
            dark_count_probability=np.zeros(()),
            misalignment_error=np.zeros(()),
            afterpulse_probability=np.zeros(()),
        ).gain
        * p[f"{name}_probability"]
        for name in ("signal", "decoy")
    ]
    signal, decoy = (float(p["clock_hz"]) * float(np.sum(counts)) for counts in seen)
    return {"detections": signal + decoy, "signal_sifted_bits": signal / 2.0}


def dead_time(setup: Setup) -> Mapping[str, Any]:
    """Clicks that a dead time leaves, for a receiver that is blocked but not blocked for longer by more light."""
    incoming = np.asarray(setup.inputs["clicks_per_s"])
    return {"clicks_left_per_s": incoming * _live(incoming, dead_time_s=np.asarray(setup.inputs["dead_time_s"]))}


def dead_time_range(setup: Setup) -> Mapping[str, Any]:
    """Live fraction from the clicks that are left, for a range of dead times: the value nearest to a published one."""
    left = float(setup.inputs["clicks_left_per_s"])
    ends = np.asarray(setup.inputs["dead_time_s"], dtype=np.float64)
    found = _live(left / (1.0 - left * ends), dead_time_s=ends)
    nearest = np.clip(float(setup.inputs["nearest_to"]), found.min(), found.max())
    return {"live_fraction": nearest, "least": found.min(), "greatest": found.max()}


def _live(clicks_per_s: FloatArray, *, dead_time_s: FloatArray) -> FloatArray:
    clock_hz = np.asarray(1e9)
    return live_fraction(clicks_per_s / clock_hz, clock_hz=clock_hz, dead_time_s=dead_time_s)
