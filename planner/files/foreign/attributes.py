"""Named values of nodes and links, as GraphML and GeoJSON carry them: known names become columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.files.cells import CellError, convert, is_blank
from planner.files.foreign.draft import Draft, Site, Span
from planner.records import LinkRecord, NodeRecord, column_dtype

_LATITUDE = ("lat_deg", "latitude", "lat")
_LONGITUDE = ("lon_deg", "longitude", "lon", "lng")
_NAME = ("name", "label")
_LENGTH = ("length_km", "distance_km", "dist_km")
_NO_UNIT = ("length", "distance", "dist", "weight", "linklength")

_NODE_COLUMNS = frozenset(NodeRecord.model_fields) - {"node_id", "name", "lat_deg", "lon_deg", "source"}
_LINK_COLUMNS = frozenset(LinkRecord.model_fields) - {"node_a", "node_b", "length_km", "source"}


def site_from(
    draft: Draft,
    key: str,
    values: Mapping[str, Any],
    *,
    place: str,
    position: tuple[float | None, float | None] | None = None,
) -> Site:
    """A node from its named values.

    Args:
        draft: Takes the problems.
        key: What the links call it.
        values: Value by name; the case of the usual names of coordinates and titles does not matter.
        place: Where it stands.
        position: Latitude and longitude, where they are given otherwise.

    Returns:
        The site.
    """
    if position is None:
        lat = _one(draft, values, _LATITUDE, place=place)
        lon = _one(draft, values, _LONGITUDE, place=place)
        position = (
            None if lat is None else draft.number(lat, place=place, what="latitude"),
            None if lon is None else draft.number(lon, place=place, what="longitude"),
        )
    name = _first(values, _NAME)
    fields = _columns(draft, values, _NODE_COLUMNS, record=NodeRecord, place=place)
    own_id = values.get("node_id")
    if isinstance(own_id, str) and own_id.strip():
        fields["node_id"] = own_id.strip()
    return Site(key, "" if name is None else str(name).strip(), *position, place, fields)


def span_from(
    draft: Draft, ends: tuple[str, str], values: Mapping[str, Any], *, place: str, computed_km: float | None = None
) -> Span:
    """A link from its named values; a length without a unit in its name is not believed.

    Args:
        draft: Takes problems and notes.
        ends: The keys of its nodes.
        values: Value by name.
        place: Where it stands.
        computed_km: Its length along its course, for links whose length is not given.

    Returns:
        The link.
    """
    length_km = draft.length_km(_one(draft, values, _LENGTH, place=place), place=place)
    doubtful = sorted(name for name in values if name.lower() in _NO_UNIT and not is_blank(values[name]))
    if length_km is None and doubtful:
        note = f"'{doubtful[0]}' of the links is not read: its unit is not known (length_km is read)"
        if note not in draft.notes:
            draft.notes.append(note)
    fields = _columns(draft, values, _LINK_COLUMNS, record=LinkRecord, place=place)
    is_computed = length_km is None
    return Span(*ends, computed_km if is_computed else length_km, place, is_computed=is_computed, fields=fields)


def _first(values: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    lower = {name.lower(): value for name, value in values.items() if not is_blank(value)}
    return next((lower[name] for name in names if name in lower), None)


def _one(draft: Draft, values: Mapping[str, Any], names: tuple[str, ...], *, place: str) -> Any:
    """The value of the one name that is there; two that differ are a problem."""
    found = {name: value for name, value in values.items() if name.lower() in names and not is_blank(value)}
    if len({str(value).strip() for value in found.values()}) > 1:
        draft.wrong(f"{' and '.join(sorted(found))} do not agree", place=place, expected="one of them")
    return next(iter(found.values()), None)


def _columns(
    draft: Draft, values: Mapping[str, Any], known: frozenset[str], *, record: Any, place: str
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in sorted(known & values.keys()):
        try:
            if not is_blank(values[name]):
                fields[name] = convert(values[name], dtype=column_dtype(record, name))
        except CellError as error:
            draft.wrong(f"{name}: {error}", place=place, expected=error.expected)
    return fields
