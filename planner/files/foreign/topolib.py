"""Topolib's JSON: nodes with longitude and latitude, and a link with its length in km for each direction."""

from __future__ import annotations

from typing import Any

from planner.files.foreign.draft import Draft, Site, Span
from planner.files.foreign.topohub import entries

FORMAT = "Topolib JSON"


def read_topolib(document: dict[str, Any], *, file: str) -> Draft:
    """Takes a network from a Topolib document.

    Args:
        document: The parsed document.
        file: The file's name in messages.

    Returns:
        What it says; there are no demands in the format.
    """
    draft = Draft(file=file, format=FORMAT, is_directed=True)
    draft.title = document["name"] if isinstance(document.get("name"), str) else None
    for place, node in entries(draft, document.get("nodes"), name="nodes"):
        key = draft.key(node.get("id"), place=f"{place}.id")
        found = {
            name: None if node.get(name) is None else draft.number(node[name], place=f"{place}.{name}", what=name)
            for name in ("latitude", "longitude")
        }
        name = node.get("name")
        if key is not None:
            site_name = name if isinstance(name, str) else ""
            draft.sites.append(Site(key, site_name, found["latitude"], found["longitude"], place))
    for place, link in entries(draft, document.get("links"), name="links"):
        a = draft.key(link.get("src"), place=f"{place}.src")
        b = draft.key(link.get("dst"), place=f"{place}.dst")
        length_km = draft.length_km(link.get("length"), place=f"{place}.length")
        if a is not None and b is not None:
            draft.spans.append(Span(a, b, length_km, place))
    return draft
