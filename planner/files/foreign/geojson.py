"""GeoJSON: points are nodes, lines are links (RFC 7946: longitude, latitude, WGS84)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from planner.files.crosschecks import great_circle_km
from planner.files.foreign.attributes import site_from, span_from
from planner.files.foreign.draft import Draft
from planner.files.foreign.topohub import entries

FORMAT = "GeoJSON"
_Point = tuple[float, float]


def read_geojson(document: dict[str, Any], *, file: str) -> Draft:
    """Takes a network from a GeoJSON feature collection.

    A line joins the nodes that its ``node_a`` and ``node_b`` name, else the points that lie exactly on its ends.

    Args:
        document: The parsed document.
        file: The file's name in messages.

    Returns:
        What it says; there are no demands in the format.
    """
    draft = Draft(file=file, format=FORMAT)
    for name in ("title", "name"):
        if draft.title is None and isinstance(document.get(name), str):
            draft.title = document[name]
    _check_crs(draft, document.get("crs"))
    points: dict[_Point, str] = {}
    lines: list[tuple[str, dict[str, Any], list[_Point]]] = []
    others = 0
    for place, feature in entries(draft, document.get("features"), name="features"):
        geometry = feature.get("geometry")
        geometry = geometry if isinstance(geometry, dict) else {}
        properties = feature.get("properties")
        values = properties if isinstance(properties, dict) else {}
        if geometry.get("type") == "Point":
            _node(draft, feature, values, geometry, points=points, place=place)
        elif geometry.get("type") == "LineString":
            course = _course(draft, geometry.get("coordinates"), place=place)
            if course is not None:
                lines.append((place, values, course))
        else:
            others += 1
    if others:
        draft.notes.append(f"features that are neither points nor lines, not read: {others}")
    for place, values, course in lines:
        _link(draft, values, course, points=points, place=place)
    return draft


def _check_crs(draft: Draft, crs: Any) -> None:
    text = str(crs)
    if crs is not None and "CRS84" not in text and not text.rstrip("'}").endswith("4326"):
        draft.wrong("the coordinates are of another reference system", place="crs", expected="WGS84 degrees, no 'crs'")


def _position(draft: Draft, position: Any, *, place: str) -> _Point | None:
    if not isinstance(position, list) or len(position) not in (2, 3):
        draft.wrong("is no position", place=place, expected="[longitude, latitude]")
        return None
    lon_deg = draft.number(position[0], place=place, what="longitude")
    lat_deg = draft.number(position[1], place=place, what="latitude")
    return None if lon_deg is None or lat_deg is None else (lon_deg, lat_deg)


def _node(
    draft: Draft,
    feature: dict[str, Any],
    values: dict[str, Any],
    geometry: dict[str, Any],
    *,
    points: dict[_Point, str],
    place: str,
) -> None:
    position = _position(draft, geometry.get("coordinates"), place=place)
    if position is None:
        return
    given = next((found for found in (values.get("node_id"), values.get("id"), feature.get("id")) if found), None)
    key = place if given is None else draft.key(given, place=place)
    if key is None:
        return
    if position in points:
        draft.notes.append(
            f"'{key}' lies exactly where '{points[position]}' lies; lines that end there join the latter"
        )
    points.setdefault(position, key)
    draft.sites.append(site_from(draft, key, values, place=place, position=(position[1], position[0])))


def _course(draft: Draft, coordinates: Any, *, place: str) -> list[_Point] | None:
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        draft.wrong("is no line", place=place, expected="two positions or more")
        return None
    found = [_position(draft, position, place=place) for position in coordinates]
    known = [point for point in found if point is not None]
    outside = next((point for point in known if not (abs(point[0]) <= 180 and abs(point[1]) <= 90)), None)
    if outside is not None:
        draft.wrong(f"the point {outside[0]:g},{outside[1]:g} is not on Earth", place=place, expected="degrees, WGS84")
        return None
    return known if len(known) == len(found) else None


def _link(draft: Draft, values: dict[str, Any], course: list[_Point], *, points: dict[_Point, str], place: str) -> None:
    ends: list[str] = []
    for name, point in (("node_a", course[0]), ("node_b", course[-1])):
        if values.get(name) is not None:
            key = draft.key(values[name], place=f"{place}.{name}")
            if key is not None:
                ends.append(key)
        elif point in points:
            ends.append(points[point])
        else:
            message = f"the line's end {point[0]:g},{point[1]:g} is at none of the points"
            draft.wrong(message, place=place, expected=f"a point there, or the property {name}")
    if len(ends) < 2:
        return
    length_km = sum(great_circle_km((a[1], a[0]), (b[1], b[0])) for a, b in pairwise(course))
    span = span_from(draft, (ends[0], ends[1]), values, place=place, computed_km=round(length_km, 3))
    if len(course) > 2:
        wkt = ", ".join(f"{lon!r} {lat!r}" for lon, lat in course)
        span.fields.setdefault("geometry", f"LINESTRING ({wkt})")
    draft.spans.append(span)
