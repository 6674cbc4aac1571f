"""The classical channels beside a quantum channel: data/coexistence/<id>.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from planner.records.fields import SOURCED, Basis, Prose, Record, Rule, Text, unit
from planner.records.profiles import ProfileRecord, figures_known


class ChannelRecord(Record):
    """Classical channels of one kind: a table [[channels]] of a coexistence profile."""

    rules: ClassVar[tuple[Rule, ...]] = (SOURCED,)

    wavelength_nm: float = Field(
        ge=1000, le=2000, description="Wavelength of the channel, of the first one where there are several.",
        json_schema_extra=unit("nm"),
    )  # fmt: skip
    launch_power_dbm: float = Field(
        ge=-80, le=40, description="Power of each channel at its input of the fibre.", json_schema_extra=unit("dBm")
    )
    direction: Literal["forward", "backward"] = Field(
        description="forward: with the quantum light, which runs from node_a to node_b; backward: against it."
    )
    count: int = Field(default=1, ge=1, le=1000, description="How many such channels.")
    spacing_nm: float = Field(
        default=0.8, ge=0, le=100, description="From one channel up to the next.", json_schema_extra=unit("nm")
    )
    attenuation_db_per_km: float = Field(
        default=0.2, ge=0, le=100, description="Attenuation at the channel's wavelength.",
        json_schema_extra=unit("dB/km"),
    )  # fmt: skip
    basis: Basis = Field(default="assumed", description="How the channels are known.")
    source: Text | None = Field(default=None, description="Key of sources.toml; required unless assumed.")
    note: Prose | None = Field(default=None, description="Remarks.")

    @property
    def wavelengths_nm(self) -> tuple[float, ...]:
        """The wavelength of each channel."""
        return tuple(self.wavelength_nm + i * self.spacing_nm for i in range(self.count))


def _gate(row: Mapping[str, Any]) -> str | None:
    both = row["gate_width_s"] is not None and row["gate_fraction"] is not None
    neither = row["gate_width_s"] is None and row["gate_fraction"] is None
    return "give either gate_width_s or gate_fraction" if both or neither else None


class CoexistenceRecord(ProfileRecord):
    """What shares a fibre with a quantum channel, and what keeps it away from the detectors."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *ProfileRecord.rules,
        Rule(("gate_width_s", "gate_fraction"), _gate),
        figures_known("profile", lambda: CoexistenceRecord),
    )

    quantum_wavelength_nm: float = Field(
        ge=1000, le=2000, description="Wavelength of the quantum channel.", json_schema_extra=unit("nm")
    )
    quantum_attenuation_db_per_km: float | None = Field(
        default=None, ge=0, le=100, json_schema_extra=unit("dB/km"),
        description="What a fibre loses at that wavelength: a link that says clearly less gets a note.",
    )  # fmt: skip
    filter_bandwidth_nm: float = Field(
        gt=0, le=200, description="Bandwidth of the filter before the receiver.", json_schema_extra=unit("nm")
    )
    filter_loss_db: float = Field(
        ge=0, le=60, json_schema_extra=unit("dB"),
        description="What multiplexers and filters cost the quantum channel; comes on top of the link's loss.",
    )  # fmt: skip
    isolation_db: float = Field(
        ge=0, le=300, json_schema_extra=unit("dB"),
        description="What all filters before the receiver together take from a classical channel.",
    )  # fmt: skip
    gate_width_s: float | None = Field(
        default=None, gt=0, le=1, description="For how long a click counts; at most a clock period.",
        json_schema_extra=unit("s"),
    )  # fmt: skip
    gate_fraction: float | None = Field(default=None, gt=0, le=1, description="The same as a part of the clock period.")
    polarisation_fraction: float = Field(
        default=1.0, gt=0, le=1, description="Part of the unpolarised light taken: 1/2 behind a polariser, else 1."
    )
    temperature_k: float = Field(
        default=300.0, ge=150, le=400, description="Temperature of the fibre.", json_schema_extra=unit("K")
    )
    effective_area_um2: float = Field(
        default=75.75, ge=10, le=500, json_schema_extra=unit("um2"),
        description="Effective area of the fibre; Raman light goes inversely with it.",
    )  # fmt: skip
    return_loss_db: float = Field(
        default=32.0, ge=0, le=100, json_schema_extra=unit("dB"),
        description="What of a backward channel comes back by Rayleigh scattering and reflection, as a loss.",
    )  # fmt: skip
    channels: tuple[ChannelRecord, ...] = Field(min_length=1, description="The classical channels.")
