"""KML for Google Earth and its like."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

from planner.report.exports.features import Features, cut_at_antimeridian, features_of
from planner.report.style import SYMBOLS, UNUSABLE
from planner.report.words import quantity

if TYPE_CHECKING:
    from planner.network import Network
    from planner.plan import Plan
    from planner.report.courses import Point

_NAMESPACE = "http://www.opengis.net/kml/2.2"


def kml_bytes(network_or_plan: Network | Plan) -> bytes:
    """Writes a KML document with a folder of links and one of nodes.

    Google Earth shows a description as HTML after the XML is read, whatever was escaped: so descriptions are made of
    figures only, and text from tables stands in names and in ``ExtendedData``, which are plain.

    Args:
        network_or_plan: A network or a plan.

    Returns:
        The file.

    Raises:
        InputError: The network's budget cannot be computed.
    """
    found = features_of(network_or_plan)
    root = ET.Element("kml", {"xmlns": _NAMESPACE})
    document = ET.SubElement(root, "Document")
    _text(document, "name", found.title)
    _write_styles(document, found)
    names = {node["node_id"]: node["name"] for node in found.nodes}
    folder = _folder(document, "Links")
    steps = [*found.measure.steps, UNUSABLE]
    for link, path in zip(found.links, found.paths, strict=True):
        place = _placemark(folder, f"{names[link['node_a']]} – {names[link['node_b']]}")
        _style(place, f"link-{steps.index(found.step(link))}", _about(link), link)
        _write_line(place, path)
    if found.tracks:
        folder = _folder(document, "Ground tracks")
        for link_id, track in found.tracks.items():
            _write_line(_placemark(folder, link_id), track)
    folder = _folder(document, "Nodes")
    for node, symbol in zip(found.nodes, found.symbols, strict=True):
        place = _placemark(folder, node["name"])
        _style(place, f"node-{symbol}", SYMBOLS[symbol].title, node)
        _text(ET.SubElement(place, "Point"), "coordinates", f"{node['lon_deg']:.6f},{node['lat_deg']:.6f}")
    ET.indent(root, " ")
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode("utf-8", "replace")


def _write_styles(document: ET.Element, found: Features) -> None:
    for number, step in enumerate([*found.measure.steps, UNUSABLE]):
        line = ET.SubElement(ET.SubElement(document, "Style", {"id": f"link-{number}"}), "LineStyle")
        _text(line, "color", _colour(step.light))
        _text(line, "width", "4")
    for kind, symbol in SYMBOLS.items():
        style = ET.SubElement(document, "Style", {"id": f"node-{kind}"})
        icon = ET.SubElement(style, "IconStyle")
        _text(icon, "color", _colour(symbol.colour))
        _text(icon, "scale", "0.9" if symbol.important else "0.6")


def _colour(web: str) -> str:
    """``#rrggbb`` as KML's ``aabbggrr``."""
    return f"ff{web[5:7]}{web[3:5]}{web[1:3]}"


def _folder(parent: ET.Element, name: str) -> ET.Element:
    folder = ET.SubElement(parent, "Folder")
    _text(folder, "name", name)
    return folder


def _placemark(folder: ET.Element, name: str) -> ET.Element:
    place = ET.SubElement(folder, "Placemark")
    _text(place, "name", name)
    return place


def _style(place: ET.Element, style: str, about: str, figures: dict[str, Any]) -> None:
    _text(place, "description", about)
    _text(place, "styleUrl", f"#{style}")
    data = ET.SubElement(place, "ExtendedData")
    for name, value in figures.items():
        if value is not None:
            _text(ET.SubElement(data, "Data", {"name": name}), "value", str(value))


def _about(link: dict[str, Any]) -> str:
    parts = [quantity(link["length_km"], "km")]
    for key, unit in (("loss_db", "dB"), ("key_rate_bps", "bit/s"), ("utilisation", "%")):
        if link.get(key) is not None:
            parts.append(quantity(link[key], unit).replace("<", "below"))
    return ", ".join(parts)


def _write_line(place: ET.Element, path: list[Point]) -> None:
    lines = cut_at_antimeridian(path)
    parent = place if len(lines) == 1 else ET.SubElement(place, "MultiGeometry")
    for line in lines:
        string = ET.SubElement(parent, "LineString")
        _text(string, "tessellate", "1")
        _text(string, "coordinates", " ".join(f"{lon:.6f},{lat:.6f}" for lon, lat in line))


def _text(parent: ET.Element, tag: str, text: str) -> None:
    """An element with text, without the letters that XML 1.0 has no place for."""
    clean = "".join(
        letter if letter in "\t\n\r" or (letter >= " " and letter not in "\ufffe\uffff") else "\ufffd"
        for letter in text
    )
    ET.SubElement(parent, tag).text = clean
