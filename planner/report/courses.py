"""The course of every link on the map, and the ground tracks of satellites."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from planner.records import split_list, wkt_points
from planner.report.plain import plain_rows

if TYPE_CHECKING:
    from planner.network import Network

Point = tuple[float, float]
"""Longitude and latitude in degrees."""

PATH_SCALE = 100_000
"""Steps of a path's coordinates in a degree."""


def link_paths(network: Network) -> list[list[Point]]:
    """The course of every link on the map.

    Args:
        network: The network.

    Returns:
        In the order of ``network.links``: the points of ``geometry`` where given, else a straight line by way of the
        ``via`` nodes; parallel links between the same two nodes are bent apart. Links of a satellite are straight:
        their geometry is a ground track.
    """
    tracks = ground_tracks(network)
    ids, lons, lats = (network.nodes[name].tolist() for name in ("node_id", "lon_deg", "lat_deg"))
    places: dict[str, Point] = dict(zip(ids, zip(lons, lats, strict=True), strict=True))
    lines = []
    for row in plain_rows(network.links, ("link_id", "node_a", "via", "node_b", "geometry")):
        stops = [row["node_a"], *split_list(row["via"]), row["node_b"]]
        given = None if row["link_id"] in tracks else row["geometry"]
        points = wkt_points(given) if given else [places[stop] for stop in stops if stop in places]
        lines.append(unwrapped(points))
    twins: dict[tuple[Point, ...], list[int]] = {}
    for number, line in enumerate(lines):
        if len(line) == 2:
            twins.setdefault(tuple(sorted(line)), []).append(number)
    for numbers in twins.values():
        for place, number in enumerate(numbers if len(numbers) > 1 else ()):
            side = 1 if lines[number][0] <= lines[number][1] else -1
            lines[number] = _bent(lines[number], bend=0.12 * side * (place - (len(numbers) - 1) / 2))
    return lines


def ground_tracks(network: Network) -> dict[str, list[Point]]:
    """The ground tracks of satellites: the geometry of links that end at one.

    Args:
        network: The network.

    Returns:
        By link_id, of the links that have one, the points below the satellite.
    """
    kinds = dict(zip(network.nodes["node_id"], network.nodes["kind"], strict=True))
    rows = plain_rows(network.links, ("link_id", "node_a", "node_b", "geometry"))
    return {
        row["link_id"]: unwrapped(wkt_points(row["geometry"]))
        for row in rows
        if row["geometry"] and "satellite" in (kinds[row["node_a"]], kinds[row["node_b"]])
    }


def unwrapped(points: list[Point]) -> list[Point]:
    """The same points, each taken the short way over the antimeridian from the one before.

    Args:
        points: Longitude and latitude in degrees.

    Returns:
        Longitudes that may lie beyond 180 degrees, so that no line runs around the Earth.
    """
    line = points[:1]
    for lon, lat in points[1:]:
        line.append((lon - 360 * round((lon - line[-1][0]) / 360), lat))
    return line


def _bent(line: list[Point], *, bend: float) -> list[Point]:
    """A quadratic curve whose middle lies beside the straight line, ``bend`` of its length away."""
    (x1, y1), (x2, y2) = line
    narrow = math.cos(math.radians((y1 + y2) / 2)) or 1.0  # a degree of longitude is shorter than one of latitude
    middle = ((x1 + x2) / 2 - 2 * bend * (y2 - y1) / narrow, (y1 + y2) / 2 + 2 * bend * (x2 - x1) * narrow)

    def on_curve(t: float, axis: int) -> float:
        return (1 - t) ** 2 * line[0][axis] + 2 * t * (1 - t) * middle[axis] + t * t * line[1][axis]

    return [(on_curve(i / 12, 0), on_curve(i / 12, 1)) for i in range(13)]


def encode_path(points: Iterable[Point]) -> list[int]:
    """Longitudes and latitudes as integers: the first point, then differences.

    Args:
        points: Longitude and latitude in degrees.

    Returns:
        ``[lon, lat, dlon, dlat, ...]`` in steps of 1 / :data:`PATH_SCALE` degree.
    """
    flat: list[int] = []
    last = (0, 0)
    for lon, lat in points:
        here = (round(lon * PATH_SCALE), round(lat * PATH_SCALE))
        flat += [here[0] - last[0], here[1] - last[1]]
        last = here
    return flat


def decode_path(flat: Sequence[int]) -> list[Point]:
    """The points that :func:`encode_path` was given, rounded.

    Args:
        flat: What it gave.

    Returns:
        Longitude and latitude in degrees.
    """
    lons, lats = accumulate(flat[::2]), accumulate(flat[1::2])
    return [(lon / PATH_SCALE, lat / PATH_SCALE) for lon, lat in zip(lons, lats, strict=True)]
