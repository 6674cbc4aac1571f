"""TopoHub's JSON: a node-link graph with ``pos`` (longitude, latitude), ``dist`` in km and a matrix of demands."""

from __future__ import annotations

from typing import Any

from planner.files.foreign.draft import Draft, Site, Span, Want

FORMAT = "TopoHub JSON"


def read_topohub(document: dict[str, Any], *, file: str) -> Draft:
    """Takes a network from a TopoHub document.

    Args:
        document: The parsed document.
        file: The file's name in messages.

    Returns:
        What it says. ``dist`` was computed from the coordinates by TopoHub.
    """
    draft = Draft(file=file, format=FORMAT, is_directed=document.get("directed") is True)
    graph = document.get("graph")
    graph = graph if isinstance(graph, dict) else {}
    draft.title = graph["name"] if isinstance(graph.get("name"), str) else None
    for place, node in entries(draft, document.get("nodes"), name="nodes"):
        key = draft.key(node.get("id"), place=f"{place}.id")
        lon_deg, lat_deg = _position(draft, node.get("pos"), place=f"{place}.pos")
        if key is not None:
            name = node.get("name")
            draft.sites.append(Site(key, name if isinstance(name, str) else "", lat_deg, lon_deg, place))
    name = "edges" if "edges" in document else "links"
    for place, edge in entries(draft, document.get(name), name=name):
        a = draft.key(edge.get("source"), place=f"{place}.source")
        b = draft.key(edge.get("target"), place=f"{place}.target")
        length_km = draft.length_km(edge.get("dist"), place=f"{place}.dist")
        if a is not None and b is not None:
            draft.spans.append(Span(a, b, length_km, place, is_computed=True))
    _demands(draft, graph.get("demands") or {})
    return draft


def entries(draft: Draft, listed: Any, *, name: str) -> list[tuple[str, dict[str, Any]]]:
    """The objects of a list, each with its place; what is no object is a problem."""
    if not isinstance(listed, list):
        draft.wrong("is no list", place=name, expected="a list of objects")
        return []
    found = [(f"{name}[{number}]", entry) for number, entry in enumerate(listed)]
    for place, entry in found:
        if not isinstance(entry, dict):
            draft.wrong("is no object", place=place, expected="an object with names and values")
    return [(place, entry) for place, entry in found if isinstance(entry, dict)]


def _position(draft: Draft, pos: Any, *, place: str) -> tuple[float | None, float | None]:
    if pos is None:
        return None, None
    if not isinstance(pos, list) or len(pos) != 2:
        draft.wrong("is no position", place=place, expected="[longitude, latitude]")
        return 0.0, 0.0
    lon_deg = draft.number(pos[0], place=place, what="longitude")
    lat_deg = draft.number(pos[1], place=place, what="latitude")
    return lon_deg, lat_deg


def _demands(draft: Draft, matrix: Any) -> None:
    if not isinstance(matrix, dict):
        draft.wrong("is no matrix of demands", place="graph.demands", expected="an object of objects")
        return
    for origin, row in matrix.items():
        if not isinstance(row, dict):
            draft.wrong("is no row of demands", place=f"graph.demands.{origin}", expected="an object with numbers")
            continue
        for goal, value in row.items():
            place = f"graph.demands.{origin}.{goal}"
            units = draft.number(value, place=place, what="demand")
            if units is not None:
                draft.wants.append(Want(origin, goal, units, place))
