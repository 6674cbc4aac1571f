"""The rows of the tables: nodes, links, demands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from planner.records.fields import SOURCED, Basis, NodeKind, Protection, Record, Rule, Slug, Text, Wkt, unit


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


def _no_satellite(row: Mapping[str, Any]) -> str | None:
    if row["satellite"] is None or row["kind"] == "satellite":
        return None
    return f"only a node of the kind 'satellite' has an orbit, not one of the kind '{row['kind']}'"


class NodeRecord(Record):
    """A site of the network: a row of nodes.csv."""

    rules: ClassVar[tuple[Rule, ...]] = (SOURCED, Rule(("satellite", "kind"), _no_satellite))

    node_id: Slug = Field(description="Unique id: letters, digits, '-', '_', '.'.")
    name: Text = Field(description="Name shown to people.")
    kind: NodeKind = Field(
        description="trusted (holds and relays keys), user (end of demands only), switch (optical; light passes), "
        "measurement (untrusted middle station), ground (trusted, with a telescope), satellite (store and forward)."
    )
    lat_deg: float = Field(ge=-90, le=90, description="Latitude, WGS84.", json_schema_extra=unit("degree"))
    lon_deg: float = Field(ge=-180, le=180, description="Longitude, WGS84.", json_schema_extra=unit("degree"))
    basis: Basis = Field(description="How the row is known: published, derived by arithmetic, or assumed.")
    source: Text | None = Field(default=None, description="Key of sources.toml; required unless assumed.")
    name_local: Text | None = Field(default=None, description="Name in the local script.")
    city: Text | None = Field(default=None, description="City or county the site lies in.")
    altitude_m: float | None = Field(
        default=None, ge=-500, le=50_000_000, description="Height above sea level.", json_schema_extra=unit("m")
    )
    relay_limit_bps: float | None = Field(
        default=None, gt=0, le=1e15, json_schema_extra=unit("bit/s"),
        description="Most key that the node can pass on, all routes that it lies inside of together; blank: no limit.",
    )  # fmt: skip
    user_ports: int | None = Field(
        default=None, ge=0, le=100_000,
        description="How many demands that ask for key may end at the node; blank: no limit.",
    )  # fmt: skip
    year: int | None = Field(default=None, ge=1980, le=2200, description="In service from.")
    satellite: Text | None = Field(
        default=None,
        description="Id of satellites/<id>.toml, the orbit and optics of a node of the kind satellite; blank: no orbit "
        "is known, and the map shows no passes.",
    )


class LinkRecord(Record):
    """A QKD link, which makes key between two key-holding nodes: a row of links.csv."""

    rules: ClassVar[tuple[Rule, ...]] = (
        SOURCED,
        Rule(("node_b", "node_a"), _one_node),
        Rule(("module", "key_rate_bps"), _no_rate),
        Rule(("arm_a_km", "length_km"), _arm_too_long),
        Rule(("arm_a_loss_db", "loss_db", "length_km", "attenuation_db_per_km", "extra_loss_db"), _arm_too_lossy),
    )

    link_id: Text = Field(description="Unique id.")
    node_a: Slug = Field(description="One end, a node_id.")
    node_b: Slug = Field(description="The other end, a node_id.")
    length_km: float = Field(ge=0, le=1e6, description="Length of the fibre.", json_schema_extra=unit("km"))
    basis: Basis = Field(description="How the row is known: published, derived by arithmetic, or assumed.")
    source: Text | None = Field(default=None, description="Key of sources.toml; required unless assumed.")
    via: Text | None = Field(
        default=None, description="Switches or the measurement station the light passes, in order, separated by ';'."
    )
    arm_a_km: float | None = Field(
        default=None, ge=0, le=1e6, description="Fibre from node_a to a measurement station.",
        json_schema_extra=unit("km"),
    )  # fmt: skip
    arm_a_loss_db: float | None = Field(
        default=None, ge=0, le=500, description="Loss from node_a to a measurement station.",
        json_schema_extra=unit("dB"),
    )  # fmt: skip
    module_group: Text | None = Field(default=None, description="Links of one group share the same modules in time.")
    attenuation_db_per_km: float = Field(
        default=0.2, ge=0, le=100, description="Attenuation of the fibre.", json_schema_extra=unit("dB/km")
    )
    extra_loss_db: float = Field(
        default=0.0, ge=0, le=500, description="Connectors, splices, filters, switches.", json_schema_extra=unit("dB")
    )
    module: Text | None = Field(default=None, description="Shipped module id, or path to a module's TOML file.")
    module_pairs: int = Field(default=1, ge=1, le=100_000, description="Parallel pairs of modules.")
    loss_db: float | None = Field(
        default=None, ge=0, le=500, json_schema_extra=unit("dB"),
        description="Measured loss of the whole span; overrides length times attenuation plus extra.",
    )  # fmt: skip
    key_rate_bps: float | None = Field(
        default=None, ge=0, le=1e15, json_schema_extra=unit("bit/s"),
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
        SOURCED,
        Rule(("node_b", "node_a"), _one_node),
        Rule(("rate_bps", "service", "units"), _no_request),
        Rule(("units", "service", "rate_bps"), _half_a_service),
    )

    demand_id: Text = Field(description="Unique id.")
    node_a: Slug = Field(description="One end, a node_id.")
    node_b: Slug = Field(description="The other end, a node_id.")
    rate_bps: float | None = Field(
        default=None, ge=0, le=1e15, description="Requested key rate; this or service and units.",
        json_schema_extra=unit("bit/s"),
    )  # fmt: skip
    service: Slug | None = Field(default=None, description="Shipped service that uses the keys.")
    units: float | None = Field(default=None, ge=0, le=1e12, description="How many units of the service.")
    priority: float = Field(default=1.0, gt=0, le=1e6, description="Weight in the fair allocation.")
    protection: Protection = Field(
        default="none",
        description="none; 1+1 (a second route, which shares nothing with the first, holds the same rate in reserve); "
        "split-k (each key is the XOR of k shares, which go over k routes that share nothing).",
    )
    basis: Basis = Field(default="assumed", description="How the row is known.")
    source: Text | None = Field(default=None, description="Key of sources.toml; required unless assumed.")


TABLES: dict[str, type[Record]] = {"nodes": NodeRecord, "links": LinkRecord, "demands": DemandRecord}
"""The tables of a network and their records; ``<name>.csv`` and the sheets of a workbook are named so."""
