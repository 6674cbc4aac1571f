"""Nodes and links with their figures and places: what every export holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from planner.network import Network
from planner.report.courses import Point, ground_tracks, link_paths
from planner.report.map_data import map_document
from planner.report.style import MEASURES, UNUSABLE, Measure, Step

if TYPE_CHECKING:
    from planner.plan import Plan

_NOT_FIGURES = ("path", "track", "width_px", "symbol")


@dataclass(frozen=True)
class Features:
    """What an export draws or writes.

    Attributes:
        title: Of the network.
        nodes: Figures of each node, as in the tables.
        symbols: By node, the key of :data:`planner.report.style.SYMBOLS`.
        links: Figures of each link: its budget and, with a plan, its load.
        paths: By link, its course: longitudes and latitudes in degrees.
        tracks: Of links of satellites, the ground track, by link_id.
        measure: What links are coloured by: utilisation with a plan, else key rate.
        rows: The map's own rows of links, with widths in pixels.
    """

    title: str
    nodes: list[dict[str, Any]]
    symbols: list[str]
    links: list[dict[str, Any]]
    paths: list[list[Point]]
    tracks: dict[str, list[Point]]
    measure: Measure
    rows: list[dict[str, Any]]

    def step(self, link: dict[str, Any]) -> Step:
        """The class that colours a link."""
        return step_of(link, self.measure)


def features_of(network_or_plan: Network | Plan) -> Features:
    """Collects nodes and links with their figures.

    Args:
        network_or_plan: A network (its budget is computed) or a plan.

    Returns:
        The features.

    Raises:
        InputError: The network's budget cannot be computed.
    """
    document = map_document(network_or_plan, strips=False, failures=False, night=None)
    plan = document["plan"]
    loads = {row["link_id"]: row for row in plan["loads"]} if plan else {}
    links = [_figures(row) | loads.get(row["link_id"], {}) for row in document["links"]]
    network = network_or_plan if isinstance(network_or_plan, Network) else network_or_plan.network
    wanted = "utilisation" if plan else "key_rate_bps"
    return Features(
        title=document["title"],
        nodes=[_figures(row) for row in document["nodes"]],
        symbols=[row["symbol"] for row in document["nodes"]],
        links=links,
        paths=link_paths(network),
        tracks=ground_tracks(network),
        measure=next(measure for measure in MEASURES if measure.key == wanted),
        rows=document["links"],
    )


def step_of(link: dict[str, Any], measure: Measure) -> Step:
    """The class of a link; one without key has its own.

    Args:
        link: A row with ``key_rate_bps`` and the measure's column.
        measure: What is asked.
    """
    if not (link["key_rate_bps"] or 0) > 0:
        return UNUSABLE
    return measure.classify(link.get(measure.key)) or UNUSABLE


def cut_at_antimeridian(points: list[Point]) -> list[list[Point]]:
    """Cuts a line where it crosses 180 degrees, as RFC 7946, section 3.1.9, asks for.

    Args:
        points: Longitudes without a jump, so that they may be beyond 180, and latitudes.

    Returns:
        One or more lines with longitudes from -180 to 180.
    """
    lines: list[list[Point]] = [[points[0]]]
    for (x1, y1), (x2, y2) in pairwise(points):
        turns = range(_turn(min(x1, x2)), _turn(max(x1, x2)) + 1)
        edges = [360.0 * turn + 180.0 for turn in turns if min(x1, x2) < 360.0 * turn + 180.0 < max(x1, x2)]
        for edge in edges if x1 < x2 else edges[::-1]:
            crossing = (edge, y1 + (y2 - y1) * (edge - x1) / (x2 - x1))
            lines[-1].append(crossing)
            lines.append([crossing])
        lines[-1].append((x2, y2))
    return [_home(line) for line in lines if len(line) > 1]


def _turn(lon: float) -> int:
    return math.floor((lon + 180.0) / 360.0) - 1


def _home(line: list[Point]) -> list[Point]:
    middle = (min(lon for lon, _ in line) + max(lon for lon, _ in line)) / 2
    shift = 360.0 * math.floor((middle + 180.0) / 360.0)
    return [(lon - shift, lat) for lon, lat in line]


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _NOT_FIGURES}
