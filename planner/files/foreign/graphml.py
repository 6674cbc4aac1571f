"""GraphML: a graph whose nodes and edges carry named values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.errors import InputError, Problem
from planner.files.foreign.attributes import site_from, span_from
from planner.files.foreign.documents import local_name
from planner.files.foreign.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

FORMAT = "GraphML"


def read_graphml(root: Element, *, file: str) -> Draft:
    """Takes a network from GraphML.

    Args:
        root: The root element.
        file: The file's name in messages.

    Returns:
        What it says; there are no demands in the format.

    Raises:
        InputError: There is not exactly one graph.
    """
    graphs = [child for child in root if local_name(child) == "graph"]
    if len(graphs) != 1:
        raise InputError(Problem(f"holds {len(graphs)} graphs", file=file, expected="one graph"))
    names = {str(key.get("id")): str(key.get("attr.name") or key.get("id")) for key in root if local_name(key) == "key"}
    defaults = _defaults(root)
    graph = graphs[0]
    draft = Draft(file=file, format=FORMAT, is_directed=graph.get("edgedefault") == "directed")
    told = _values(graph, names, {})
    draft.title = told.get("title") or told.get("name") or told.get("label")
    edges = 0
    for element in graph:
        kind = local_name(element)
        if kind == "node":
            place = f"node {element.get('id')}"
            key = draft.key(element.get("id"), place=place)
            if any(local_name(child) == "graph" for child in element):
                draft.wrong("holds a graph of its own, which is not read", place=place)
            if key is not None:
                values = _values(element, names, defaults.get("node", {}))
                draft.sites.append(site_from(draft, key, values, place=place))
        elif kind == "edge":
            edges += 1
            place = f"edge {element.get('id') or edges}"
            ends = [draft.key(element.get(end), place=place) for end in ("source", "target")]
            if ends[0] is not None and ends[1] is not None:
                values = _values(element, names, defaults.get("edge", {}))
                draft.spans.append(span_from(draft, (ends[0], ends[1]), values, place=place))
        elif kind == "hyperedge":
            draft.wrong("is a hyperedge, which is no link", place="hyperedge")
    return draft


def _defaults(root: Element) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {"node": {}, "edge": {}}
    for key in root:
        if local_name(key) != "key":
            continue
        text = next((child.text for child in key if local_name(child) == "default"), None)
        for domain, values in found.items():
            if text and key.get("for") in (domain, "all"):
                values[str(key.get("attr.name") or key.get("id"))] = text.strip()
    return found


def _values(element: Element, names: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    data = [child for child in element if local_name(child) == "data"]
    found = {names.get(str(child.get("key")), str(child.get("key"))): (child.text or "").strip() for child in data}
    return {**defaults, **{name: text for name, text in found.items() if text}}
