"""The map's page: Leaflet, our viewer, the basemap and the data in one file that asks nobody for anything.

Two walls keep foreign text harmless. Data is JSON in a block that is never run, with every letter that
could end the block written as an escape; the viewer shows it as text only. And the page's content
security policy names the hashes of the scripts and styles written here, so that nothing else would run.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterable
from typing import Any

from planner.shipped import maps_dir

VIEWER_FILES = (
    "format.js", "data.js", "dom.js", "ground.js", "symbols.js", "links.js", "nodes.js", "many.js", "pointer.js",
    "labels.js", "popups.js", "legend.js", "search.js", "table.js", "save.js", "highlight.js", "demands.js",
    "failures.js", "passes.js", "strip.js", "panel.js", "print.js", "start.js",
)  # fmt: skip
"""The parts of the viewer, in the order in which they are joined."""

LIVE_FILES = (
    "whatif/edits.js",
    "whatif/server.js",
    "whatif/apply.js",
    "whatif/forms.js",
    "whatif/panel.js",
    "whatif/start.js",
)
"""The parts that come after them where a server plans anew."""


def map_page(document: dict[str, Any], *, live: bool = False) -> str:
    """The complete page.

    Args:
        document: What :func:`planner.report.map_data.map_document` gives.
        live: Whether a server answers behind it: then the network can be edited, and is planned anew there.

    Returns:
        HTML. Without tiles it makes no request; with tiles its policy lets it ask their servers for pictures.
    """
    scripts = [leaflet_script(), viewer_script(live=live), "TrunkViewer.start();"]
    styles = [leaflet_style(), viewer_style(), "html,body,#map{height:100%;margin:0}"]
    styles += [(maps_dir() / "viewer" / "whatif" / "whatif.css").read_text(encoding="utf-8")] if live else []
    policy = _policy(scripts=scripts, styles=styles, tiles=(document["tiles"] or {}).get("origins", ()), live=live)
    return "".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="color-scheme" content="light dark">\n',
            f"<title>{html.escape(document['title'])}</title>\n",
            *(f"<style>{style}</style>\n" for style in styles),
            '</head>\n<body>\n<main id="map"></main>\n',
            "<noscript>This map needs JavaScript, which is in the file itself.</noscript>\n",
            data_blocks(document),
            *(f"<script>{script}</script>\n" for script in scripts),
            "</body>\n</html>\n",
        ]
    )


def data_blocks(document: dict[str, Any]) -> str:
    """The data and the basemap as JSON blocks of a page."""
    basemap = (maps_dir() / "assets" / "basemap.json").read_text(encoding="utf-8").strip()
    return (
        f'<script type="application/json" id="trunk-data">{json_for_page(packed(document))}</script>\n'
        f'<script type="application/json" id="trunk-basemap">{basemap}</script>\n'
    )


def packed(document: dict[str, Any]) -> dict[str, Any]:
    """The map's document with its tables by columns: a third of the size, since names of columns come but once.

    Args:
        document: What :func:`planner.report.map_data.map_document` gives.

    Returns:
        The document with each table as ``{"count", "same", "columns"}``: the number of rows, the columns that hold one
        and the same value, and lists of values.
    """
    pages = document | {name: _by_columns(document[name]) for name in ("nodes", "links")}
    if document["plan"] is not None:
        plan = document["plan"]
        pages["plan"] = plan | {name: _by_columns(plan[name]) for name in ("demands", "loads")}
    if document["failures"] is not None:
        pages["failures"] = document["failures"] | {"rows": _by_columns(document["failures"]["rows"])}
    return pages


def _by_columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {"count": len(rows), "same": {}, "columns": {}}
    for name in rows[0] if rows else ():
        values = [row[name] for row in rows]
        if all(value == values[0] for value in values):
            table["same"][name] = values[0]
        else:
            table["columns"][name] = values
    return table


def json_for_page(document: Any) -> str:
    """JSON that can stand in a script block of a page, whatever its texts hold.

    Args:
        document: Plain data without NaN or infinity.

    Returns:
        JSON in which ``<``, ``>``, ``&``, U+2028 and U+2029 are escapes; half a surrogate pair becomes ``?``.

    Raises:
        ValueError: A number is not finite.
    """
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text.encode("utf-8", "replace").decode("utf-8")


def leaflet_script() -> str:
    """Leaflet, ready for a script block."""
    return _script("assets/leaflet.js")


def viewer_script(*, live: bool = False) -> str:
    """Our viewer: its parts, joined in a scope of their own.

    Args:
        live: Whether with the parts that ask a server.
    """
    names = VIEWER_FILES + (LIVE_FILES if live else ())
    parts = "\n".join(_script(f"viewer/{name}") for name in names)
    start = "start: startLive" if live else "start"
    return f'const TrunkViewer = (() => {{\n"use strict";\n{parts}\nreturn {{ {start} }};\n}})();'


def leaflet_style() -> str:
    """Leaflet's style sheet with its pictures inside."""
    return (maps_dir() / "assets" / "leaflet.css").read_text(encoding="utf-8")


def viewer_style() -> str:
    """Our style sheet."""
    return (maps_dir() / "viewer.css").read_text(encoding="utf-8")


def _script(name: str) -> str:
    text = (maps_dir() / name).read_text(encoding="utf-8")
    if "</script" in text.lower() or "<!--" in text:
        raise ValueError(f"{name} holds text that would end its script block")
    return text


def _policy(*, scripts: list[str], styles: list[str], tiles: Iterable[str], live: bool) -> str:
    """A policy that lets exactly these scripts and styles work, and nothing but pictures of the tiles be fetched.

    A live page may ask the server that it came from, and nobody else.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(_hash(script) for script in scripts)}",
            f"style-src {' '.join(_hash(style) for style in styles)}",
            " ".join(("img-src data:", *tiles)),
            *(["connect-src 'self'"] if live else []),
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
