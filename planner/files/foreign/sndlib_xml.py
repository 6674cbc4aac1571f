"""SNDlib's XML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.files.foreign.documents import local_name, text_of
from planner.files.foreign.draft import Draft, Site, Span, Want

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

FORMAT = "SNDlib XML"


def read_sndlib_xml(root: Element, *, file: str) -> Draft:
    """Takes a network from SNDlib's XML.

    Args:
        root: The root element.
        file: The file's name in messages.

    Returns:
        What it says; coordinates that are said to be pixels are a problem.
    """
    draft = Draft(file=file, format=FORMAT)
    for nodes in _all(root, "networkStructure", "nodes"):
        kind = nodes.get("coordinatesType", "geographical")
        if kind != "geographical":
            message = f"the coordinates are of the type '{kind[:40]}', so the places on Earth are not known"
            draft.wrong(message, place="nodes", expected="coordinatesType geographical")
    for number, node in enumerate(_all(root, "networkStructure", "nodes", "node"), start=1):
        place = f"node {node.get('id') or number}"
        key = draft.key(node.get("id"), place=place)
        x, y = text_of(node, "coordinates", "x"), text_of(node, "coordinates", "y")
        lon_deg = None if x is None else draft.number(x, place=place, what="longitude")
        lat_deg = None if y is None else draft.number(y, place=place, what="latitude")
        if key is not None:
            draft.sites.append(Site(key, key.replace("_", " "), lat_deg, lon_deg, place))
    for number, link in enumerate(_all(root, "networkStructure", "links", "link"), start=1):
        place = f"link {link.get('id') or number}"
        ends = _ends(draft, link, place=place)
        if ends is not None:
            draft.spans.append(Span(*ends, None, place))
    for number, demand in enumerate(_all(root, "demands", "demand"), start=1):
        place = f"demand {demand.get('id') or number}"
        ends = _ends(draft, demand, place=place)
        value = draft.number(text_of(demand, "demandValue"), place=place, what="demandValue")
        unit = draft.number(text_of(demand, "routingUnit") or "1", place=place, what="routingUnit")
        if ends is not None and value is not None and unit is not None:
            draft.wants.append(Want(*ends, unit * value, place))
    return draft


def _all(element: Element, *path: str) -> Iterator[Element]:
    if not path:
        yield element
        return
    for child in element:
        if local_name(child) == path[0]:
            yield from _all(child, *path[1:])


def _ends(draft: Draft, element: Element, *, place: str) -> tuple[str, str] | None:
    a = draft.key(text_of(element, "source"), place=f"{place} source")
    b = draft.key(text_of(element, "target"), place=f"{place} target")
    return None if a is None or b is None else (a, b)
