"""A satellite with its ground telescopes: data/satellites/<id>.toml."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from planner.records.fields import Rule, Text, unit
from planner.records.profiles import ProfileRecord, figures_known


class SatelliteRecord(ProfileRecord):
    """An orbit, and the optics of the downlink from it. The module (clock, states, detectors) stands apart."""

    rules: ClassVar[tuple[Rule, ...]] = (*ProfileRecord.rules, figures_known("satellite", lambda: SatelliteRecord))

    module: Text = Field(description="Id of the QKD module: the payload and the ground station's receiver.")
    altitude_km: float = Field(
        ge=150, le=50_000, description="Height of the circular orbit.", json_schema_extra=unit("km")
    )
    inclination_deg: float = Field(
        ge=0, le=180, description="Inclination of the orbit.", json_schema_extra=unit("degree")
    )
    ascending_local_time_h: float | None = Field(
        default=None, ge=0, le=24, json_schema_extra=unit("h"),
        description="Local solar time at the ascending node: that of a Sun-synchronous orbit.",
    )  # fmt: skip
    minimum_elevation_deg: float = Field(
        ge=0, lt=90, description="Elevation above which light is received.", json_schema_extra=unit("degree")
    )
    wavelength_nm: float = Field(ge=300, le=2000, description="Wavelength.", json_schema_extra=unit("nm"))
    waist_m: float = Field(
        gt=0, le=10, description="Radius (1/e^2) of the beam at the transmitter.", json_schema_extra=unit("m")
    )
    transmitter_radius_m: float | None = Field(
        default=None, gt=0, le=10, json_schema_extra=unit("m"),
        description="Radius of the transmitter's aperture; absent: it does not cut the beam off.",
    )  # fmt: skip
    pointing_jitter_rad: float = Field(
        ge=0, le=1e-3, description="Standard deviation of the pointing, of each axis.", json_schema_extra=unit("rad")
    )
    receiver_radius_m: float = Field(
        gt=0, le=10, description="Radius of the ground telescope.", json_schema_extra=unit("m")
    )
    zenith_transmittance: float = Field(gt=0, le=1, description="Transmittance of the atmosphere straight up.")
    system_loss_db: float = Field(
        ge=0, le=60, json_schema_extra=unit("dB"),
        description="Optics of both telescopes, filters and coupling, without the module's receiver_loss_db.",
    )  # fmt: skip
    filter_bandwidth_nm: float = Field(
        gt=0, le=100, description="Bandwidth of the receiver's filter.", json_schema_extra=unit("nm")
    )
    field_of_view_rad: float = Field(
        gt=0, le=0.1, description="Full angle of the receiver's field of view.", json_schema_extra=unit("rad")
    )
    gate_width_s: float = Field(gt=0, le=1, description="For how long a click counts.", json_schema_extra=unit("s"))
    night_radiance_w_per_m2_sr_nm: float = Field(
        ge=0, le=1, description="Radiance of the sky at night.", json_schema_extra=unit("W/(m2 sr nm)")
    )
    day_radiance_w_per_m2_sr_nm: float = Field(
        ge=0, le=1, description="Radiance of the sky by day.", json_schema_extra=unit("W/(m2 sr nm)")
    )
