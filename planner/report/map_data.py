"""A network or plan as the plain data that the map's viewer draws.

Everything that came from a table travels as JSON and reaches the browser's page as text only. Keys are
the column names of the tables, so that units stay visible.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from planner.network import Network
from planner.records import split_list, wkt_points
from planner.report.style import line_width_px, style_document

if TYPE_CHECKING:
    import pandas as pd

    from planner.plan import Plan
    from planner.report.tiles import Tiles

Point = tuple[float, float]
"""Longitude and latitude in degrees."""

PATH_SCALE = 100_000
"""Steps of a path's coordinates in a degree."""

MOST_LINKS_FOR_STRIPS = 1500
"""In larger networks a chain is a detail that nobody looks for on the map."""

_NODE_FIELDS = ("node_id", "name", "name_local", "city", "kind", "lat_deg", "lon_deg", "altitude_m", "year", "basis",
                "source")  # fmt: skip
_BUDGET_FIELDS = (
    "link_id", "node_a", "node_b", "length_km", "loss_db", "module", "module_pairs", "protocol", "measured", "qber",
    "fibre_loss_db", "extra_loss_db", "receiver_loss_db", "detector_loss_db", "sent_per_s", "detected_per_s",
    "sifted_rate_bps", "error_correction_bps", "privacy_amplification_bps", "finite_size_bps", "model_key_rate_bps",
    "key_rate_bps", "bound_bps", "basis", "source",
)  # fmt: skip
_DEMAND_FIELDS = ("demand_id", "node_a", "node_b", "service", "units", "requested_bps", "served_bps",
                  "served_fraction", "priority", "basis", "source")  # fmt: skip


def map_document(
    network_or_plan: Network | Plan,
    *,
    budget: pd.DataFrame | None = None,
    tiles: Tiles | None = None,
    strips: bool = True,
) -> dict[str, Any]:
    """What the viewer draws.

    Args:
        network_or_plan: A network or a plan.
        budget: The network's budget where it is known already; a plan has its own.
        tiles: An online background; where its datum is shifted, so is what is drawn, and nothing else.
        strips: Whether with a plan's strip maps, which take longer than all the rest.

    Returns:
        Plain data, ready for JSON: no NaN, no infinity, no NumPy type.

    Raises:
        InputError: The network's budget cannot be computed.
    """
    if isinstance(network_or_plan, Network):
        from planner.budget import link_budget

        network, plan = network_or_plan, None
        budget = link_budget(network) if budget is None else budget
    else:
        network, plan, budget = network_or_plan.network, network_or_plan, network_or_plan.budget
    document: dict[str, Any] = {
        "name": network.name,
        "title": network.title,
        "title_local": network.title_local,
        "description": network.description,
        "nodes": _nodes(network, plan),
        "links": _links(network, budget),
        "modules": {name: _module_title(module) for name, module in network.modules.items()},
        "sources": {key: _source(source) for key, source in network.sources.items()},
        "warnings": list(network.notes if plan is None else plan.warnings),
        "path_scale": PATH_SCALE,
        "style": style_document(with_plan=plan is not None),
        "plan": None if plan is None else _plan(plan, strips=strips),
        "tiles": None if tiles is None else _tiles(tiles),
    }
    if tiles is not None and tiles.datum == "GCJ-02":
        _shift(document, network)
    used = {row["source"] for table in ("nodes", "links") for row in document["nodes"] + document["links"]}
    used |= {row["source"] for row in (document["plan"] or {}).get("demands", ())}
    document["sources"] = {key: source for key, source in document["sources"].items() if key in used}
    return document


def _tiles(tiles: Tiles) -> dict[str, Any]:
    fields = ("url", "attribution", "datum", "max_zoom")
    return {name: getattr(tiles, name) for name in fields} | {
        "hosts": list(tiles.hosts),
        "origins": list(tiles.origins),
    }


def _shift(document: dict[str, Any], network: Network) -> None:
    """Adds where nodes and courses lie on tiles in GCJ-02; their coordinates stay what they are."""
    from planner.report.gcj02 import to_gcj02

    for node in document["nodes"]:
        lon, lat = to_gcj02(node["lon_deg"], node["lat_deg"])
        node["drawn_at"] = [round(float(lat), 7), round(float(lon), 7)]
    tracks = ground_tracks(network)
    for link, path in zip(document["links"], link_paths(network), strict=True):
        for name, points in (("path", path), ("track", tracks.get(link["link_id"]))):
            if points:
                lons, lats = to_gcj02(*zip(*points, strict=True))
                link[f"drawn_{name}"] = encode_path(zip(lons.tolist(), lats.tolist(), strict=True))


def _nodes(network: Network, plan: Plan | None) -> list[dict[str, Any]]:
    degree = Counter([*network.links["node_a"], *network.links["node_b"]])
    demands = network.demands if plan is None else plan.demands
    ends = {*demands["node_a"], *demands["node_b"]}
    rows = _rows(network.nodes, _NODE_FIELDS)
    for row in rows:
        is_hub = row["node_id"] in ends or degree[row["node_id"]] != 2
        row["symbol"] = row["kind"] if row["kind"] != "trusted" else "hub" if is_hub else "relay"
    return rows


def _links(network: Network, budget: pd.DataFrame) -> list[dict[str, Any]]:
    rows = _rows(budget, _BUDGET_FIELDS)
    extra = _rows(network.links, ("via", "geometry", "year", "coexistence", "risk_groups"))
    paths, tracks = link_paths(network), ground_tracks(network)
    for row, more, path in zip(rows, extra, paths, strict=True):
        row.update({key: value for key, value in more.items() if key != "geometry"})
        row["path"] = encode_path(path)
        row["track"] = encode_path(tracks[row["link_id"]]) if row["link_id"] in tracks else None
        row["width_px"] = round(line_width_px(row["key_rate_bps"]), 2)
    return rows


def _plan(plan: Plan, *, strips: bool) -> dict[str, Any]:
    routes = [
        {
            "demand_id": row["demand_id"],
            "nodes": list(row["nodes"]),
            "links": list(row["links"]),
            "rate_bps": row["rate_bps"],
            "length_km": row["length_km"],
        }
        for row in _rows(plan.routes, ("demand_id", "nodes", "links", "rate_bps", "length_km"))
    ]
    return {
        "demands": _rows(plan.demands, _DEMAND_FIELDS),
        "routes": routes,
        "loads": _loads(plan),
        "bottlenecks": _rows(plan.bottlenecks, ("link_id", "sentence")),
        "strips": _strips(plan) if strips else [],
        "growth_factor": _plain(plan.growth.factor),
        "services": {key: service.title for key, service in plan.network.services.items()},
    }


def _loads(plan: Plan) -> list[dict[str, Any]]:
    rows = _rows(plan.links, ("link_id", "key_rate_bps", "load_bps", "utilisation"))
    for row in rows:
        rate = row.pop("key_rate_bps")
        row["headroom_bps"] = None if rate is None else _plain(rate - row["load_bps"])
    return rows


def _strips(plan: Plan) -> list[dict[str, Any]]:
    """Strip maps as nested lists, from which the viewer makes elements: it parses no markup."""
    from planner.report.chains import find_chains
    from planner.report.strip import strip_map, strip_title

    if len(plan.links) > MOST_LINKS_FOR_STRIPS:
        return []
    return [
        {"title": strip_title(plan, chain), "picture": _tree(ET.fromstring(strip_map(plan, chain)))}  # noqa: S314 (ours)
        for chain in find_chains(plan.network)
    ]


def _tree(element: ET.Element) -> list[Any]:
    return [element.tag, dict(element.attrib), element.text or "", [_tree(child) for child in element]]


def _module_title(module: Any) -> str:
    return str(getattr(module, "title", None) or getattr(module, "module_id", ""))


def _source(source: Any) -> dict[str, Any]:
    return {"citation": source.citation, "secondary": source.secondary}


# --- the course of a link -----------------------------------------------------------------------


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
    for row in _rows(network.links, ("link_id", "node_a", "via", "node_b", "geometry")):
        stops = [row["node_a"], *split_list(row["via"]), row["node_b"]]
        given = None if row["link_id"] in tracks else row["geometry"]
        points = wkt_points(given) if given else [places[stop] for stop in stops if stop in places]
        lines.append(_unwrapped(points))
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
    rows = _rows(network.links, ("link_id", "node_a", "node_b", "geometry"))
    return {
        row["link_id"]: _unwrapped(wkt_points(row["geometry"]))
        for row in rows
        if row["geometry"] and "satellite" in (kinds[row["node_a"]], kinds[row["node_b"]])
    }


def _unwrapped(points: list[Point]) -> list[Point]:
    """Takes the short way over the antimeridian."""
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


# --- tables -------------------------------------------------------------------------------------


def _rows(table: pd.DataFrame, fields: Iterable[str]) -> list[dict[str, Any]]:
    names = list(fields)
    columns = [table[name].tolist() for name in names]
    return [dict(zip(names, map(_plain, values), strict=True)) for values in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    """A value that JSON can hold: what is missing, not a number or infinite becomes None."""
    if value is None or isinstance(value, (str, bool, int, tuple, list, Mapping)):
        return value
    if isinstance(value, float) or hasattr(value, "item"):
        number = value if isinstance(value, float) else value.item()
        if not isinstance(number, float):
            return number
        return float(f"{number:.7g}") if math.isfinite(number) else None
    return None  # pandas' own mark for a missing value
