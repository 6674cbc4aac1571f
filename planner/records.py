"""The records: one class a table. The only schema of the tables.

Validation, JSON Schema, the documentation of the formats and the columns of every DataFrame come from
these classes. A field says its unit (``json_schema_extra``), its limits, its default and its meaning.
Cross-references between tables (does this node exist?) are checked where the tables meet, in
:mod:`planner.files`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    import pandas as pd

Basis = Literal["published", "derived", "assumed"]
NodeKind = Literal["trusted", "user", "switch", "measurement", "ground", "satellite"]
Protection = Literal["none", "1+1", "split-k"]

RELAY_KINDS: frozenset[str] = frozenset({"trusted", "ground", "satellite"})
"""Kinds of node that may pass keys on (key relay)."""

KEY_HOLDING_KINDS: frozenset[str] = RELAY_KINDS | {"user"}
"""Kinds of node that hold keys: the ends of a QKD link."""

TRANSPARENT_KINDS: frozenset[str] = frozenset({"switch", "measurement"})
"""Kinds of node that light passes and that hold no key."""

_WKT_LINE = re.compile(r"^\s*LINESTRING\s*\((?P<points>[^()]*)\)\s*$", re.IGNORECASE)


def _printable(text: str) -> str:
    for letter in text:
        if unicodedata.category(letter) in ("Cc", "Cs"):
            raise ValueError(f"contains the control character U+{ord(letter):04X}")
    return text


def _prose(text: str) -> str:
    _printable(text.translate({ord("\n"): " ", ord("\r"): " ", ord("\t"): " "}))
    return text


def _wkt_line(text: str) -> str:
    wkt_points(text)
    return text


def wkt_points(text: str) -> list[tuple[float, float]]:
    """The points of a WKT LineString.

    Args:
        text: ``LINESTRING (lon lat, lon lat, ...)`` in WGS84 degrees.

    Returns:
        ``(lon_deg, lat_deg)`` of at least two points.

    Raises:
        ValueError: The text is not such a LineString, or a point is not on Earth.
    """
    match = _WKT_LINE.match(text)
    if match is None:
        raise ValueError("is not a WKT LineString such as 'LINESTRING (116.4 39.9, 117.1 36.7)'")
    points = []
    for pair in match["points"].split(","):
        try:
            lon_deg, lat_deg = (float(number) for number in pair.split())
        except ValueError:
            raise ValueError(f"has the point '{pair.strip()}', which is not 'longitude latitude'") from None
        if not (-180 <= lon_deg <= 180 and -90 <= lat_deg <= 90):
            raise ValueError(f"has the point '{pair.strip()}', which is not on Earth")
        points.append((lon_deg, lat_deg))
    if len(points) < 2:
        raise ValueError("has fewer than two points")
    return points


Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
Text = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_printable)]
Prose = Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(_prose)]
Wkt = Annotated[str, AfterValidator(_wkt_line)]


def _unit(unit: str) -> dict[str, Any]:
    return {"unit": unit}


@dataclass(frozen=True)
class Rule:
    """What must hold between the fields of one record.

    Attributes:
        columns: The fields that it looks at; the first is the one to blame.
        broken: Takes the fields of a record; says what is wrong, or None.
    """

    columns: tuple[str, ...]
    broken: Callable[[Mapping[str, Any]], str | None]


def _source_missing(row: Mapping[str, Any]) -> str | None:
    if row["basis"] == "assumed" or row["source"] is not None:
        return None
    return f"the basis '{row['basis']}' needs a source (a key of sources.toml)"


def _one_node(row: Mapping[str, Any]) -> str | None:
    return "node_a and node_b are the same node" if row["node_a"] == row["node_b"] else None


def _no_rate(row: Mapping[str, Any]) -> str | None:
    if row["module"] is None and row["key_rate_bps"] is None:
        return "a link needs a module or a measured key_rate_bps"
    return None


def _arm_too_long(row: Mapping[str, Any]) -> str | None:
    if row["arm_a_km"] is None or row["arm_a_km"] <= row["length_km"]:
        return None
    return f"the arm of {row['arm_a_km']} km is longer than the whole link of {row['length_km']} km"


def _arm_too_lossy(row: Mapping[str, Any]) -> str | None:
    loss_db = row["loss_db"]
    if loss_db is None:
        loss_db = row["length_km"] * row["attenuation_db_per_km"] + row["extra_loss_db"]
    if row["arm_a_loss_db"] is None or row["arm_a_loss_db"] <= loss_db:
        return None
    return f"the arm's loss of {row['arm_a_loss_db']} dB is more than the whole link's, {loss_db:g} dB"


def _no_request(row: Mapping[str, Any]) -> str | None:
    by_service = row["service"] is not None or row["units"] is not None
    return "give either rate_bps, or service and units" if (row["rate_bps"] is not None) == by_service else None


def _half_a_service(row: Mapping[str, Any]) -> str | None:
    if row["rate_bps"] is not None or (row["service"] is None) == (row["units"] is None):
        return None
    return "service and units belong together; one is blank"


_SOURCED = Rule(("source", "basis"), _source_missing)


class Record(BaseModel):
    """Base of the records: unknown fields, NaN and infinity are errors."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True, str_strip_whitespace=True)

    rules: ClassVar[tuple[Rule, ...]] = ()
    """What must hold between the fields, besides the limits of each."""

    @model_validator(mode="after")
    def _keeps_the_rules(self) -> Self:
        for rule in self.rules:
            if message := rule.broken(self.__dict__):
                raise ValueError(message)
        return self


class NodeRecord(Record):
    """A site of the network: a row of nodes.csv."""

    rules: ClassVar[tuple[Rule, ...]] = (_SOURCED,)

    node_id: Slug = Field(description="Unique id: letters, digits, '-', '_', '.'.")
    name: Text = Field(description="Name shown to people.")
    kind: NodeKind = Field(
        description="trusted (holds and relays keys), user (end of demands only), switch (optical; light passes), "
        "measurement (untrusted middle station), ground (trusted, with a telescope), satellite (store and forward)."
    )
    lat_deg: float = Field(ge=-90, le=90, description="Latitude, WGS84.", json_schema_extra=_unit("degree"))
    lon_deg: float = Field(ge=-180, le=180, description="Longitude, WGS84.", json_schema_extra=_unit("degree"))
    basis: Basis = Field(description="How the row is known: published, derived by arithmetic, or assumed.")
    source: Text | None = Field(default=None, description="Key of sources.toml; required unless assumed.")
    name_local: Text | None = Field(default=None, description="Name in the local script.")
    city: Text | None = Field(default=None, description="City or county the site lies in.")
    altitude_m: float | None = Field(
        default=None, ge=-500, le=50_000_000, description="Height above sea level.", json_schema_extra=_unit("m")
    )
    year: int | None = Field(default=None, ge=1980, le=2200, description="In service from.")


class LinkRecord(Record):
    """A QKD link, which makes key between two key-holding nodes: a row of links.csv."""

    rules: ClassVar[tuple[Rule, ...]] = (
        _SOURCED,
        Rule(("node_b", "node_a"), _one_node),
        Rule(("module", "key_rate_bps"), _no_rate),
        Rule(("arm_a_km", "length_km"), _arm_too_long),
        Rule(("arm_a_loss_db", "loss_db", "length_km", "attenuation_db_per_km", "extra_loss_db"), _arm_too_lossy),
    )

    link_id: Text = Field(description="Unique id.")
    node_a: Slug = Field(description="One end, a node_id.")
    node_b: Slug = Field(description="The other end, a node_id.")
    length_km: float = Field(ge=0, le=1e6, description="Length of the fibre.", json_schema_extra=_unit("km"))
    basis: Basis = Field(description="How the row is known: published, derived by arithmetic, or assumed.")
    source: Text | None = Field(default=None, description="Key of sources.toml; required unless assumed.")
    via: Text | None = Field(
        default=None, description="Switches or the measurement station the light passes, in order, separated by ';'."
    )
    arm_a_km: float | None = Field(
        default=None, ge=0, le=1e6, description="Fibre from node_a to a measurement station.",
        json_schema_extra=_unit("km"),
    )  # fmt: skip
    arm_a_loss_db: float | None = Field(
        default=None, ge=0, le=500, description="Loss from node_a to a measurement station.",
        json_schema_extra=_unit("dB"),
    )  # fmt: skip
    module_group: Text | None = Field(default=None, description="Links of one group share the same modules in time.")
    attenuation_db_per_km: float = Field(
        default=0.2, ge=0, le=100, description="Attenuation of the fibre.", json_schema_extra=_unit("dB/km")
    )
    extra_loss_db: float = Field(
        default=0.0, ge=0, le=500, description="Connectors, splices, filters, switches.", json_schema_extra=_unit("dB")
    )
    module: Text | None = Field(default=None, description="Shipped module id, or path to a module's TOML file.")
    module_pairs: int = Field(default=1, ge=1, le=100_000, description="Parallel pairs of modules.")
    loss_db: float | None = Field(
        default=None, ge=0, le=500, json_schema_extra=_unit("dB"),
        description="Measured loss of the whole span; overrides length times attenuation plus extra.",
    )  # fmt: skip
    key_rate_bps: float | None = Field(
        default=None, ge=0, le=1e15, json_schema_extra=_unit("bit/s"),
        description="Measured secret key rate of all pairs together; overrides the model.",
    )  # fmt: skip
    risk_groups: Text | None = Field(
        default=None, description="Cables, ducts, bridges, buildings that fail as one, separated by ';'."
    )
    coexistence: Text | None = Field(default=None, description="Profile of the classical channels in the same fibre.")
    geometry: Wkt | None = Field(default=None, description="Course of the cable: WKT LineString, WGS84 lon lat.")
    year: int | None = Field(default=None, ge=1980, le=2200, description="In service from.")


class DemandRecord(Record):
    """A demand for key between two nodes: a row of demands.csv."""

    rules: ClassVar[tuple[Rule, ...]] = (
        _SOURCED,
        Rule(("node_b", "node_a"), _one_node),
        Rule(("rate_bps", "service", "units"), _no_request),
        Rule(("units", "service", "rate_bps"), _half_a_service),
    )

    demand_id: Text = Field(description="Unique id.")
    node_a: Slug = Field(description="One end, a node_id.")
    node_b: Slug = Field(description="The other end, a node_id.")
    rate_bps: float | None = Field(
        default=None, ge=0, le=1e15, description="Requested key rate; this or service and units.",
        json_schema_extra=_unit("bit/s"),
    )  # fmt: skip
    service: Slug | None = Field(default=None, description="Shipped service that uses the keys.")
    units: float | None = Field(default=None, ge=0, le=1e12, description="How many units of the service.")
    priority: float = Field(default=1.0, gt=0, le=1e6, description="Weight in the fair allocation.")
    protection: Protection = Field(default="none", description="none, 1+1 or split-k.")
    basis: Basis = Field(default="assumed", description="How the row is known.")
    source: Text | None = Field(default=None, description="Key of sources.toml; required unless assumed.")


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

    rules: ClassVar[tuple[Rule, ...]] = (_SOURCED,)

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


TABLES: dict[str, type[Record]] = {"nodes": NodeRecord, "links": LinkRecord, "demands": DemandRecord}
"""The tables of a network and their records; ``<name>.csv`` and the sheets of a workbook are named so."""


def column_dtype(record: type[Record], column: str) -> str:
    """The pandas dtype of a field: ``object`` (text), ``float64``, ``int64`` or ``Int64``."""
    annotation = record.model_fields[column].annotation
    types = set(get_args(annotation)) or {annotation}
    if float in types:
        return "float64"
    if int in types:
        return "Int64" if NoneType in types else "int64"
    return "object"


def to_frame(record: type[Record], rows: Iterable[Mapping[str, Any] | Record]) -> pd.DataFrame:
    """A DataFrame with a column for every field of a record.

    Args:
        record: The record class of the table.
        rows: Records, or mappings that validate as such.

    Returns:
        One row a record, in the given order; text as ``object`` with None, numbers as ``float64`` with NaN.

    Raises:
        pydantic.ValidationError: A row is not a valid record.
    """
    import pandas as pd

    records = [row if isinstance(row, record) else record.model_validate(row) for row in rows]
    columns = {
        name: pd.Series([getattr(r, name) for r in records], dtype=column_dtype(record, name))
        for name in record.model_fields
    }
    return pd.DataFrame(columns)


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of a table, one after another, each with its cells as attributes."""
    return iter(frame.itertuples(index=False))


def split_list(text: str | None) -> tuple[str, ...]:
    """The parts of a ``;``-separated cell, without blanks."""
    return tuple(part.strip() for part in (text or "").split(";") if part.strip())
