"""The records hold their limits, their rules, and say what they need."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from planner.files.wording import expectation
from planner.records import (
    TABLES,
    DemandRecord,
    LinkRecord,
    NodeRecord,
    Record,
    ServiceRecord,
    SourceRecord,
    column_dtype,
    split_list,
    to_frame,
    wkt_points,
)

NODE: dict[str, Any] = {"node_id": "a", "name": "A", "kind": "trusted", "lat_deg": 1, "lon_deg": 2, "basis": "assumed"}
LINK: dict[str, Any] = {
    "link_id": "ab", "node_a": "a", "node_b": "b", "length_km": 10, "basis": "assumed", "module": "m",
}  # fmt: skip
DEMAND: dict[str, Any] = {"demand_id": "d", "node_a": "a", "node_b": "b", "rate_bps": 1}
SERVICE: dict[str, Any] = {"title": "S", "description": "S", "unit": "user"}


def figure(value: float) -> dict[str, Any]:
    return {"value": value, "basis": "assumed"}


@pytest.mark.parametrize("record", TABLES.values())
def test_every_column_says_what_it_is_and_what_it_takes(record: type[Record]) -> None:
    for name, field in record.model_fields.items():
        assert field.description, name
        assert expectation(record, name)
        unit = name.rsplit("_", 1)[-1]
        if unit in ("km", "db", "bps", "deg", "m") and column_dtype(record, name) == "float64":
            assert isinstance(field.json_schema_extra, dict), f"{name} says no unit"


@pytest.mark.parametrize("record", TABLES.values())
def test_rules_look_at_fields_of_their_record(record: type[Record]) -> None:
    assert record.rules
    for rule in record.rules:
        assert set(rule.columns) <= set(record.model_fields)


@pytest.mark.parametrize(
    ("record", "base", "change"),
    [
        (NodeRecord, NODE, {"lat_deg": 90.001}),
        (NodeRecord, NODE, {"relay_limit_bps": 0}),
        (NodeRecord, NODE, {"user_ports": -1}),
        (NodeRecord, NODE, {"user_ports": 1.5}),
        (DemandRecord, DEMAND, {"protection": "split-1"}),
        (DemandRecord, DEMAND, {"protection": "split-10"}),
        (NodeRecord, NODE, {"lon_deg": float("nan")}),
        (NodeRecord, NODE, {"kind": "Trusted"}),
        (NodeRecord, NODE, {"name": "a\tb"}),
        (NodeRecord, NODE, {"name": "  "}),
        (NodeRecord, NODE, {"node_id": "-a"}),
        (NodeRecord, NODE, {"node_id": "é"}),
        (NodeRecord, NODE, {"colour": "red"}),
        (NodeRecord, NODE, {"basis": "published"}),
        (LinkRecord, LINK, {"length_km": -1}),
        (LinkRecord, LINK, {"length_km": float("inf")}),
        (LinkRecord, LINK, {"node_b": "a"}),
        (LinkRecord, LINK, {"module": None}),
        (LinkRecord, LINK, {"module_pairs": 0}),
        (LinkRecord, LINK, {"arm_a_km": 11}),
        (LinkRecord, LINK, {"arm_a_loss_db": 2.1}),
        (LinkRecord, LINK, {"arm_a_loss_db": 5.1, "loss_db": 5}),
        (LinkRecord, LINK, {"geometry": "LINESTRING (1 2)"}),
        (DemandRecord, DEMAND, {"rate_bps": -1}),
        (DemandRecord, DEMAND, {"rate_bps": None}),
        (DemandRecord, DEMAND, {"service": "voice", "units": 3}),
        (DemandRecord, DEMAND, {"rate_bps": None, "service": "voice"}),
        (DemandRecord, DEMAND, {"units": 3}),
        (DemandRecord, DEMAND, {"priority": 0}),
        (ServiceRecord, SERVICE, {}),
        (ServiceRecord, SERVICE, {"rekey_interval_s": figure(1)}),
        (ServiceRecord, SERVICE, {"rekey_interval_s": figure(0), "key_bits": figure(1)}),
        (ServiceRecord, SERVICE, {"keys_per_session": figure(1), "key_bits": figure(1)}),
        (ServiceRecord, SERVICE, {"otp_rate_bps": figure(1), "sessions_per_busy_hour": figure(1)}),
        (ServiceRecord, SERVICE, {"otp_rate_bps": {"value": 1, "basis": "published"}}),
        (SourceRecord, {"citation": "x"}, {"note": "\x1b"}),
    ],
)
def test_wrong_records(record: type[Record], base: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        record.model_validate({**base, **change})


@pytest.mark.parametrize(
    ("record", "row"),
    [
        (NodeRecord, {**NODE, "lat_deg": -90, "lon_deg": 180, "name": "<b>北京</b>", "year": 2017}),
        (LinkRecord, {**LINK, "module": None, "key_rate_bps": 0}),
        (LinkRecord, {**LINK, "length_km": 0, "arm_a_km": 0}),
        (LinkRecord, {**LINK, "arm_a_loss_db": 2.0}),
        (LinkRecord, {**LINK, "basis": "published", "source": "x"}),
        (DemandRecord, {**DEMAND, "rate_bps": 0}),
        (DemandRecord, {**DEMAND, "rate_bps": None, "service": "voice", "units": 0}),
        (ServiceRecord, {**SERVICE, "otp_rate_bps": figure(1)}),
        (SourceRecord, {"citation": "x", "note": "two\nlines"}),
    ],
)
def test_right_records(record: type[Record], row: dict[str, Any]) -> None:
    made = record.model_validate(row)
    assert {
        name: value for name, value in made.model_dump(exclude_unset=True).items() if row[name] == value
    }.keys() >= {name for name, value in row.items() if not isinstance(value, dict)}


def test_frames_have_every_column_in_its_type() -> None:
    frame = to_frame(LinkRecord, [LINK, {**LINK, "link_id": "2", "year": 2020, "loss_db": 3}])
    assert list(frame.columns) == list(LinkRecord.model_fields)
    assert frame["year"].dtype == "Int64"
    assert frame["module_pairs"].dtype == "int64"
    assert frame["loss_db"].dtype == "float64"
    assert frame["source"].dtype == "object"
    assert frame["source"][0] is None
    assert pd.isna(frame["year"][0])
    assert len(to_frame(LinkRecord, [])) == 0


def test_split_list() -> None:
    assert split_list(None) == ()
    assert split_list(" a ;; b;") == ("a", "b")


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=2))
def test_wkt_points_come_back(points: list[tuple[float, float]]) -> None:
    text = "LineString(" + ", ".join(f"{lon!r} {lat!r}" for lon, lat in points) + ")"
    assert wkt_points(text) == points


@pytest.mark.parametrize(
    "text",
    [
        *("", "LINESTRING EMPTY", "LINESTRING ()", "LINESTRING (1 2)", "LINESTRING (1 2, 3)", "LINESTRING (a b, c d)"),
        *("LINESTRING (1 2, nan 4)", "LINESTRING (1 2, 181 4)", "LINESTRING (1 2 3, 4 5 6)"),
    ],
)
def test_wrong_wkt(text: str) -> None:
    with pytest.raises(ValueError, match=r"LineString|point"):
        wkt_points(text)
