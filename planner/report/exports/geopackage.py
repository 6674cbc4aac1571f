"""GeoPackage for QGIS: two layers, each with a style that QGIS takes by itself."""

from __future__ import annotations

import sqlite3
import tempfile
import xml.etree.ElementTree as ET
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.errors import UsageError
from planner.report.exports.features import Features, cut_at_antimeridian, features_of
from planner.report.style import SYMBOLS, UNUSABLE

if TYPE_CHECKING:
    from planner.network import Network
    from planner.plan import Plan

_STYLES_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))
"""


def geopackage_bytes(network_or_plan: Network | Plan) -> bytes:
    """Writes a GeoPackage with the layers ``links`` and ``nodes``, and ``tracks`` where satellites have some.

    Args:
        network_or_plan: A network or a plan.

    Returns:
        The file. Its table ``layer_styles`` holds the style that QGIS draws the layers with.

    Raises:
        UsageError: geopandas or pyogrio is not installed.
        InputError: The network's budget cannot be computed.
    """
    try:
        import geopandas
        import pyogrio  # noqa: F401 (geopandas writes with it)
        from shapely.geometry import MultiLineString, Point
    except ModuleNotFoundError as missing:
        raise UsageError(f"GeoPackage needs {missing.name}: pip install 'qkd-trunk-planner[gis]'") from None
    found = features_of(network_or_plan)
    layers: dict[str, tuple[list[dict[str, Any]], list[Any]]] = {
        "links": (
            [link | {"class": found.step(link).label, "width_px": row["width_px"]} for link, row in
             zip(found.links, found.rows, strict=True)],
            [MultiLineString(cut_at_antimeridian(path)) for path in found.paths],
        ),
        "nodes": (
            [node | {"symbol": symbol} for node, symbol in zip(found.nodes, found.symbols, strict=True)],
            [Point(node["lon_deg"], node["lat_deg"]) for node in found.nodes],
        ),
    }  # fmt: skip
    if found.tracks:
        lines = [MultiLineString(cut_at_antimeridian(track)) for track in found.tracks.values()]
        layers["tracks"] = ([{"link_id": link_id} for link_id in found.tracks], lines)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.gpkg"
        for layer, (rows, shapes) in layers.items():
            if rows:
                clean = [{name: _clean(value) for name, value in row.items()} for row in rows]
                frame = geopandas.GeoDataFrame(clean, geometry=shapes, crs="EPSG:4326")
                frame.to_file(file, layer=layer, driver="GPKG", engine="pyogrio", promote_to_multi=False)
        _add_styles(file, found)
        return file.read_bytes()


def _clean(value: Any) -> Any:
    """Text as UTF-8 can hold it; a NUL would end it in the database."""
    return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd") if isinstance(value, str) else value


def _add_styles(file: Path, found: Features) -> None:
    styles = {"links": _link_style(found), "nodes": _node_style()}
    with closing(sqlite3.connect(file)) as database:
        present = {row[0] for row in database.execute("SELECT table_name FROM gpkg_contents")}
        database.execute(_STYLES_TABLE)
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', '', 0)"
        )
        for layer, style in styles.items():
            if layer in present:
                database.execute(
                    "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                    "styleName, styleQML, styleSLD, useAsDefault, description, owner) "
                    "VALUES ('', '', ?, 'geom', ?, ?, '', 1, '', '')",
                    (layer, layer, style),
                )
        database.commit()


def _link_style(found: Features) -> str:
    """Colour by class, width by key rate: the same as on the map."""
    root, renderer, symbols = _categories("class")
    for number, step in enumerate([*found.measure.steps, UNUSABLE]):
        _category(renderer, number, value=step.label, label=step.label)
        symbol = ET.SubElement(symbols, "symbol", {"type": "line", "name": str(number), "alpha": "1"})
        dash = {"line_style": "dash" if step.pattern == "dashed" else "solid", "capstyle": "flat"}
        options = {"line_color": _colour(step.light), "line_width": "1.2", "line_width_unit": "MM", **dash}
        layer = _options(symbol, "SimpleLine", options)
        _data_defined(layer, "outlineWidth", '"width_px" * 0.2645')
    return _qml(root)


def _node_style() -> str:
    shapes = {"hub": "hexagon", "relay": "square", "user": "circle", "ground": "triangle", "satellite": "star",
              "switch": "diamond", "measurement": "triangle"}  # fmt: skip
    root, renderer, symbols = _categories("symbol")
    for number, (kind, symbol) in enumerate(SYMBOLS.items()):
        _category(renderer, number, value=kind, label=symbol.title)
        drawn = ET.SubElement(symbols, "symbol", {"type": "marker", "name": str(number), "alpha": "1"})
        size = {"size": f"{symbol.size_px * 0.2:.1f}", "size_unit": "MM", "outline_color": "255,255,255,255"}
        _options(drawn, "SimpleMarker", {"name": shapes[kind], "color": _colour(symbol.colour), **size})
    return _qml(root)


def _categories(attribute: str) -> tuple[ET.Element, ET.Element, ET.Element]:
    root = ET.Element("qgis", {"styleCategories": "Symbology", "version": "3.28.0"})
    renderer = ET.SubElement(root, "renderer-v2", {"type": "categorizedSymbol", "attr": attribute, "symbollevels": "0"})
    return root, ET.SubElement(renderer, "categories"), ET.SubElement(renderer, "symbols")


def _category(categories: ET.Element, number: int, *, value: str, label: str) -> None:
    shown = {"symbol": str(number), "value": value, "label": label, "render": "true", "type": "string"}
    ET.SubElement(categories, "category", shown)


def _options(symbol: ET.Element, kind: str, options: dict[str, str]) -> ET.Element:
    layer = ET.SubElement(symbol, "layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    shown = ET.SubElement(layer, "Option", {"type": "Map"})
    for name, value in options.items():
        ET.SubElement(shown, "Option", {"type": "QString", "name": name, "value": value})
    return layer


def _data_defined(layer: ET.Element, name: str, expression: str) -> None:
    properties = ET.SubElement(ET.SubElement(layer, "data_defined_properties"), "Option", {"type": "Map"})
    ET.SubElement(properties, "Option", {"type": "QString", "name": "name", "value": ""})
    defined = ET.SubElement(properties, "Option", {"type": "Map", "name": "properties"})
    one = ET.SubElement(defined, "Option", {"type": "Map", "name": name})
    for key, kind, value in (("active", "bool", "true"), ("expression", "QString", expression), ("type", "int", "3")):
        ET.SubElement(one, "Option", {"type": kind, "name": key, "value": value})
    ET.SubElement(properties, "Option", {"type": "QString", "name": "type", "value": "collection"})


def _colour(web: str) -> str:
    return ",".join(str(int(web[i : i + 2], 16)) for i in (1, 3, 5)) + ",255"


def _qml(root: ET.Element) -> str:
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(root, encoding="unicode")
