"""A network or plan as the plain data that the map's viewer draws.

Everything that came from a table travels as JSON and reaches the browser's page as text only. Keys are
the column names of the tables, so that units stay visible.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from typing import TYPE_CHECKING, Any

from planner.network import Network
from planner.report.courses import PATH_SCALE, decode_path, encode_path, ground_tracks, link_paths
from planner.report.map_passes import NIGHT, passes_on_map
from planner.report.plain import plain_rows, plain_value
from planner.report.style import line_width_px, style_document, symbol_of

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from planner.plan import Plan
    from planner.report.tiles import Tiles

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
                  "served_fraction", "priority", "protection", "protection_given", "basis", "source")  # fmt: skip


def map_document(
    network_or_plan: Network | Plan,
    *,
    budget: pd.DataFrame | None = None,
    tiles: Tiles | None = None,
    strips: bool = True,
    failures: bool = True,
    night: date | None = NIGHT,
) -> dict[str, Any]:
    """What the viewer draws.

    Args:
        network_or_plan: A network or a plan.
        budget: The network's budget where it is known already; a plan has its own.
        tiles: An online background; where its datum is shifted, so is what is drawn, and nothing else.
        strips: Whether with a plan's strip maps, which take longer than all the rest.
        failures: Whether with the ranking of single failures, where there are demands.
        night: The day whose night's passes of satellites are shown; None for none.

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
        "failures": _failures(network, plan=plan, budget=budget) if failures else None,
        "passes": None if night is None else passes_on_map(network, night=night),
        "tiles": None if tiles is None else _tiles(tiles),
    }
    if tiles is not None and tiles.datum == "GCJ-02":
        _shift(document, network)
    used = {row["source"] for table in ("nodes", "links") for row in document["nodes"] + document["links"]}
    used |= {row["source"] for row in (document["plan"] or {}).get("demands", ())}
    document["sources"] = {key: source for key, source in document["sources"].items() if key in used}
    return document


def _failures(network: Network, *, plan: Plan | None, budget: pd.DataFrame) -> dict[str, Any] | None:
    from planner.report.map_failures import network_failures, plan_failures

    return network_failures(network, budget=budget) if plan is None else plan_failures(plan)


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
    for table in ("rows", "tracks"):
        for row in (document["passes"] or {}).get(table, ()):
            lons, lats = to_gcj02(*zip(*decode_path(row["path"]), strict=True))
            row["drawn_path"] = encode_path(zip(lons.tolist(), lats.tolist(), strict=True))
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
    rows = plain_rows(network.nodes, _NODE_FIELDS)
    for row in rows:
        row["symbol"] = symbol_of(row["kind"], is_end=row["node_id"] in ends, links=degree[row["node_id"]])
    return rows


def _links(network: Network, budget: pd.DataFrame) -> list[dict[str, Any]]:
    rows = plain_rows(budget, _BUDGET_FIELDS)
    extra = plain_rows(network.links, ("via", "geometry", "year", "coexistence", "risk_groups"))
    paths, tracks = link_paths(network), ground_tracks(network)
    for row, more, path in zip(rows, extra, paths, strict=True):
        row.update({key: value for key, value in more.items() if key != "geometry"})
        row["path"] = encode_path(path)
        row["track"] = encode_path(tracks[row["link_id"]]) if row["link_id"] in tracks else None
        row["width_px"] = round(line_width_px(row["key_rate_bps"]), 2)
    return rows


def _plan(plan: Plan, *, strips: bool) -> dict[str, Any]:
    routes = plain_rows(plan.routes, ("demand_id", "nodes", "links", "rate_bps", "length_km", "role", "set"))
    return {
        "demands": plain_rows(plan.demands, _DEMAND_FIELDS),
        "routes": routes,
        "loads": _loads(plan),
        "bottlenecks": plain_rows(plan.bottlenecks, ("link_id", "sentence")),
        "strips": _strips(plan) if strips else [],
        "growth_factor": plain_value(plan.growth.factor),
        "services": {key: service.title for key, service in plan.network.services.items()},
    }


def _loads(plan: Plan) -> list[dict[str, Any]]:
    rows = plain_rows(plan.links, ("link_id", "key_rate_bps", "load_bps", "reserved_bps", "utilisation"))
    for row in rows:
        rate = row.pop("key_rate_bps")
        row["headroom_bps"] = None if rate is None else plain_value(rate - row["load_bps"])
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
