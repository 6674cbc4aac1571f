"""Long links are cut into equal spans with trusted relay nodes between."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

WHOLE = ("loss_db", "key_rate_bps", "via", "arm_a_km", "arm_a_loss_db", "module_group")
"""A link with any of these is not cut: what was measured holds for the whole."""


def count_of_spans(length_km: float, *, span_km: float) -> int:
    """The least number of equal spans of at most ``span_km`` km (to a micrometre)."""
    return max(1, math.ceil(length_km / span_km - 1e-9))


def cut(
    link: Mapping[str, Any], *, count: int, ends: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Cuts a link into equal spans; the relay nodes between lie on the great circle, which is assumed.

    Args:
        link: The row of links.csv.
        count: How many spans.
        ends: The rows of nodes.csv of ``node_a`` and ``node_b``.

    Returns:
        The rows of the relay nodes (one less than spans) and of the spans.
    """
    from geographiclib.geodesic import Geodesic

    a, b = ends
    line = Geodesic.WGS84.InverseLine(a["lat_deg"], a["lon_deg"], b["lat_deg"], b["lon_deg"])
    relays: list[dict[str, Any]] = []
    for number in range(1, count):
        position = line.Position(line.s13 * number / count)
        relays.append(
            {
                "node_id": f"{link['link_id']}-r{number}",
                "name": f"{a['name']}/{b['name']} relay {number}",
                "kind": "trusted",
                "lat_deg": round(position["lat2"], 6),
                "lon_deg": round(position["lon2"], 6),
                "basis": "assumed",
            }
        )
    stops = [link["node_a"], *(relay["node_id"] for relay in relays), link["node_b"]]
    shared = {name: value for name, value in link.items() if name not in ("geometry", "source")}
    if link.get("extra_loss_db") is not None:
        shared["extra_loss_db"] = link["extra_loss_db"] / count
    spans = [
        shared
        | {
            "link_id": f"{link['link_id']}-{number + 1}",
            "node_a": stops[number],
            "node_b": stops[number + 1],
            "length_km": round(link["length_km"] / count, 9),
            "basis": "assumed",
        }
        for number in range(count)
    ]
    return relays, spans
