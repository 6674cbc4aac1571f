"""GeoJSON (RFC 7946): nodes as points, links as lines, figures as properties."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from planner.report.exports.features import cut_at_antimeridian, features_of

if TYPE_CHECKING:
    from planner.network import Network
    from planner.plan import Plan
    from planner.report.courses import Point


def geojson_bytes(network_or_plan: Network | Plan) -> bytes:
    """Writes a feature collection: WGS 84, longitude first, six decimals (11 cm), no NaN.

    Args:
        network_or_plan: A network or a plan.

    Returns:
        The file. Lines that cross the antimeridian are cut there.

    Raises:
        InputError: The network's budget cannot be computed.
    """
    found = features_of(network_or_plan)
    links = [_feature(_line(path), row) for row, path in zip(found.links, found.paths, strict=True)]
    tracks = [
        _feature(_line(track), {"link_id": link_id, "kind": "ground track"}) for link_id, track in found.tracks.items()
    ]
    nodes = [_feature({"type": "Point", "coordinates": _place((n["lon_deg"], n["lat_deg"]))}, n) for n in found.nodes]
    collection = {"type": "FeatureCollection", "title": found.title, "features": [*links, *tracks, *nodes]}
    text = json.dumps(collection, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return f"{text}\n".encode("utf-8", "replace")


def _feature(geometry: dict[str, Any], figures: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": figures}


def _line(points: list[Point]) -> dict[str, Any]:
    lines = [[_place(point) for point in line] for line in cut_at_antimeridian(points)]
    if len(lines) == 1:
        return {"type": "LineString", "coordinates": lines[0]}
    return {"type": "MultiLineString", "coordinates": lines}


def _place(point: Point) -> list[float]:
    return [round(point[0], 6), round(point[1], 6)]
