"""A satellite's optics over a pass: loss and light of every slot, and the key they give."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.errors import InputError, Problem, nearest
from planner.physics import Module, load_module
from planner.physics.free_space import DownlinkLoss, downlink_loss, sky_photon_rate
from planner.physics.raman import counts_per_gate
from planner.records import SatelliteRecord, read_record
from planner.satellite.keys import PassKey, pass_key
from planner.shipped import data_dir, shipped_ids

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray
    from planner.satellite.orbits import Pass

DARK_SUN_DEG = -18.0
"""Below that the Sun no longer lights the sky (end of astronomical twilight)."""


class PassLink(NamedTuple):
    """The downlink over a pass, one value a slot.

    Attributes:
        loss: Where the decibels go.
        background_probability: Clicks per gate by the sky, both detectors together.
    """

    loss: DownlinkLoss
    background_probability: FloatArray


def load_satellite(reference: str | Path) -> SatelliteRecord:
    """Finds and reads a satellite.

    Args:
        reference: A shipped id, or the path of a TOML file (a text that ends in ``.toml``).

    Returns:
        The satellite.

    Raises:
        InputError: There is no such satellite, or its file is wrong.
    """
    path, known = Path(reference), shipped_ids("satellites")
    if not str(reference).endswith(".toml"):
        if str(reference) not in known:
            raise InputError(Problem(f"unknown satellite '{reference}'", expected=nearest(str(reference), known)))
        path = data_dir() / "satellites" / f"{reference}.toml"
    return read_record(SatelliteRecord, path)


def pass_link(satellite: SatelliteRecord, over: Pass, *, module: Module | None = None) -> PassLink:
    """Loss and sky light of every slot of a pass.

    The radiance of the sky goes from its value by day (the Sun above the horizon) to that at night (18 degrees below)
    in equal ratios for equal angles: a stand-in for twilight, which is within a factor of a few.

    Args:
        satellite: The optics.
        over: The pass.
        module: The module; the satellite's by default.

    Returns:
        The loss without the module's receiver and detectors, and the clicks per gate by the sky with them.
    """
    module = module or load_module(satellite.module)
    loss = downlink_loss(
        over.distance_km,
        elevation_deg=over.elevation_deg,
        wavelength_nm=satellite.wavelength_nm,
        waist_m=satellite.waist_m,
        receiver_radius_m=satellite.receiver_radius_m,
        transmitter_radius_m=satellite.transmitter_radius_m,
        pointing_jitter_rad=satellite.pointing_jitter_rad,
        zenith_transmittance=satellite.zenith_transmittance,
        system_loss_db=satellite.system_loss_db,
    )
    night, day = satellite.night_radiance_w_per_m2_sr_nm, satellite.day_radiance_w_per_m2_sr_nm
    height = np.clip(over.sun_elevation_deg / DARK_SUN_DEG, 0.0, 1.0)
    floor = 1e-300
    radiance = np.exp(height * np.log(max(night, floor)) + (1.0 - height) * np.log(max(day, floor)))
    photons = sky_photon_rate(
        radiance,
        field_of_view_rad=satellite.field_of_view_rad,
        receiver_radius_m=satellite.receiver_radius_m,
        bandwidth_nm=satellite.filter_bandwidth_nm,
        wavelength_nm=satellite.wavelength_nm,
    )
    # The sky's light passes the same optics; how the system loss divides between both ends is not told, so all of it
    # is taken from what the satellite sends and none from the sky: rather too bright.
    light = counts_per_gate(
        photons,
        gate_width_s=satellite.gate_width_s,
        receiver_loss_db=module.parameters["receiver_loss_db"],
        detector_efficiency=module.parameters["detector_efficiency"],
    )
    return PassLink(loss, light)


def satellite_key(satellite: SatelliteRecord, over: Pass, *, module: Module | None = None) -> PassKey:
    """Key of one pass of a satellite over a station.

    Args:
        satellite: The optics.
        over: The pass.
        module: The module; the satellite's by default.

    Returns:
        The key.
    """
    module = module or load_module(satellite.module)
    link = pass_link(satellite, over, module=module)
    return pass_key(
        module,
        loss_db=link.loss.total_db,
        slot_s=over.slot_s,
        background_probability=link.background_probability,
    )
