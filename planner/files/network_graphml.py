"""A network's nodes and links as GraphML, for programs that work on graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.records import LinkRecord, NodeRecord

if TYPE_CHECKING:
    import pandas as pd

    from planner.network import Network

_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"


def network_graphml(network: Network) -> bytes:
    """Nodes with the columns of nodes.csv and edges with those of links.csv; parallel links stay apart.

    Args:
        network: The network. Its demands have no place in the format.

    Returns:
        UTF-8 XML; the same network gives the same bytes.
    """
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    root = Element("graphml", xmlns=_NAMESPACE)
    keys: list[dict[str, str]] = [{"id": "title", "for": "graph", "attr.name": "title", "attr.type": "string"}]
    parts = (("node", NodeRecord, network.nodes), ("edge", LinkRecord, network.links))
    for domain, record, frame in parts:
        for column in record.model_fields:
            kinds = {"float64": "double", "int64": "int", "Int64": "int"}
            kind = kinds.get(str(frame[column].dtype), "string")
            keys.append({"id": f"{domain}_{column}", "for": domain, "attr.name": column, "attr.type": kind})
    for key in keys:
        SubElement(root, "key", key)
    graph = SubElement(root, "graph", id="G", edgedefault="undirected")
    SubElement(graph, "data", key="title").text = network.title
    for row in _rows(network.nodes):
        _add(SubElement(graph, "node", id=row["node_id"]), row, domain="node")
    for row in _rows(network.links):
        edge = SubElement(graph, "edge", id=row["link_id"], source=row["node_a"], target=row["node_b"])
        _add(edge, row, domain="edge")
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _add(element: Any, row: dict[str, Any], *, domain: str) -> None:
    from xml.etree.ElementTree import SubElement

    for name, value in row.items():
        if value is None or str(value) == "<NA>" or value != value:  # noqa: PLR0124 (only NaN differs from itself)
            continue
        shown = value if isinstance(value, str) else repr(value.item() if hasattr(value, "item") else value)
        SubElement(element, "data", key=f"{domain}_{name}").text = shown
