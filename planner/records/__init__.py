"""The records: one class a table. The only schema of the tables.

Validation, JSON Schema, the documentation of the formats and the columns of every DataFrame come from
these classes. A field says its unit (``json_schema_extra``), its limits, its default and its meaning.
Cross-references between tables (does this node exist?) are checked where the tables meet, in
:mod:`planner.files`.
"""

from __future__ import annotations

from planner.records.coexistence import ChannelRecord, CoexistenceRecord
from planner.records.documents import Figure, NetworkInfo, ServiceRecord, SourceRecord
from planner.records.fields import (
    KEY_HOLDING_KINDS,
    RELAY_KINDS,
    TRANSPARENT_KINDS,
    Basis,
    NodeKind,
    Protection,
    Record,
    Rule,
    wkt_points,
)
from planner.records.frames import column_dtype, rows_of, shared_by, split_list, to_frame
from planner.records.reading import read_figures, read_record
from planner.records.satellite import SatelliteRecord
from planner.records.tables import TABLES, DemandRecord, LinkRecord, NodeRecord

__all__ = [
    "KEY_HOLDING_KINDS",
    "RELAY_KINDS",
    "TABLES",
    "TRANSPARENT_KINDS",
    "Basis",
    "ChannelRecord",
    "CoexistenceRecord",
    "DemandRecord",
    "Figure",
    "LinkRecord",
    "NetworkInfo",
    "NodeKind",
    "NodeRecord",
    "Protection",
    "Record",
    "Rule",
    "SatelliteRecord",
    "ServiceRecord",
    "SourceRecord",
    "column_dtype",
    "read_figures",
    "read_record",
    "rows_of",
    "shared_by",
    "split_list",
    "to_frame",
    "wkt_points",
]
