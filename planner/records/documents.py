"""The TOML files: network.toml, services, sources."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from planner.records.fields import SOURCED, Basis, Prose, Record, Rule, Text


class NetworkInfo(Record):
    """What network.toml says; only the title is required."""

    title: Text = Field(description="Title for people.")
    title_local: Text | None = Field(default=None, description="Title in the local script.")
    description: Prose | None = Field(default=None, description="A few sentences.")
    name: Text | None = Field(default=None, description="Short name; that of the folder by default.")
    include: list[Text] = Field(default_factory=list, description="Networks whose tables are joined to this one.")
    defaults: dict[str, Any] = Field(default_factory=dict, description="Values for blank cells of links.csv.")


class SourceRecord(Record):
    """Where a figure comes from: a table of sources.toml."""

    citation: Prose = Field(description="Author, title, place, date: enough to find it.")
    url: Text | None = None
    doi: Text | None = None
    secondary: bool = Field(default=False, description="The figure was read in a text that quotes the named source.")
    note: Prose | None = None


class Figure(Record):
    """A number with its basis."""

    rules: ClassVar[tuple[Rule, ...]] = (SOURCED,)

    value: float = Field(ge=0)
    basis: Basis
    source: Text | None = None
    note: Prose | None = None


class ServiceRecord(Record):
    """A service that uses keys: data/services/<id>.toml.

    A service either works in sessions (``sessions_per_busy_hour``: calls, conferences) or is always on.
    During its time it draws fresh key every ``rekey_interval_s``, or as much key as data (one-time pad,
    ``otp_rate_bps``).
    """

    title: Text
    title_local: Text | None = None
    description: Prose
    unit: Text = Field(description="What is counted: subscriber, gateway, terminal, room.")
    key_bits: Figure | None = Field(default=None, description="Bits of one key (SM4: 128).")
    keys_per_session: Figure | None = Field(default=None, description="Keys drawn to set up one session.")
    sessions_per_busy_hour: Figure | None = Field(default=None, description="Sessions of one unit in the busy hour.")
    session_duration_s: Figure | None = Field(default=None, description="Mean length of a session.")
    rekey_interval_s: Figure | None = Field(default=None, description="Time between fresh keys while in use.")
    otp_rate_bps: Figure | None = Field(default=None, description="One-time pad: data rate while in use.")

    @model_validator(mode="after")
    def _consistent(self) -> ServiceRecord:
        if self.rekey_interval_s is not None and self.rekey_interval_s.value == 0:
            raise ValueError("rekey_interval_s must be above 0")
        if (self.keys_per_session or self.rekey_interval_s) and self.key_bits is None:
            raise ValueError("keys_per_session and rekey_interval_s need key_bits")
        if self.sessions_per_busy_hour is None and (self.keys_per_session or self.session_duration_s):
            raise ValueError("keys_per_session and session_duration_s need sessions_per_busy_hour")
        if not (self.keys_per_session or self.rekey_interval_s or self.otp_rate_bps):
            raise ValueError("uses no key: give keys_per_session, rekey_interval_s or otp_rate_bps")
        if self.sessions_per_busy_hour and (self.rekey_interval_s or self.otp_rate_bps) and not self.session_duration_s:
            raise ValueError("a session that draws key while it lasts needs session_duration_s")
        return self
