"""The format of a file is told by its content; one that is unknown, or could be two, is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.errors import InputError, Problem
from planner.files.foreign.documents import local_name, parse_json, parse_xml
from planner.files.foreign.geojson import read_geojson
from planner.files.foreign.gnpy import read_gnpy
from planner.files.foreign.graphml import read_graphml
from planner.files.foreign.sndlib_native import read_sndlib_native
from planner.files.foreign.sndlib_xml import read_sndlib_xml
from planner.files.foreign.topohub import read_topohub
from planner.files.foreign.topolib import read_topolib
from planner.files.reading import read_bytes
from planner.files.text import decode

if TYPE_CHECKING:
    from planner.files.foreign.draft import Draft

KNOWN_FORMATS = (
    "SNDlib native text",
    "SNDlib XML",
    "TopoHub JSON",
    "Topolib JSON",
    "GNPy topology JSON",
    "GraphML",
    "GeoJSON",
)
"""The formats of other programs that are read."""

_LARGEST_BYTES = 256 * 1024 * 1024


def read_foreign(path: Path, *, file: str | None = None) -> Draft:
    """Reads a network as another program wrote it.

    Args:
        path: The file.
        file: Its name in messages; its own by default.

    Returns:
        What it says, with the problems found so far.

    Raises:
        InputError: The file cannot be read, is damaged, or its format is not known.
    """
    file = file or path.name
    content = _read(path, file=file)
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:64]
    if not start:
        raise InputError(Problem("is empty", file=file, expected=_expected()))
    if start.startswith(b"?SNDlib"):
        return read_sndlib_native(decode(content, file=file)[0], file=file)
    if start.startswith((b"{", b"[")):
        document = parse_json(decode(content, file=file)[0], file=file)
        return _json_reader(document, file=file)(document, file=file)
    if start.startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        root = parse_xml(content, file=file)
        name = local_name(root)
        if name == "graphml":
            return read_graphml(root, file=file)
        if name == "network" and any(local_name(child) == "networkStructure" for child in root):
            return read_sndlib_xml(root, file=file)
        raise InputError(
            Problem(f"is XML of a format that is not known (<{name[:60]}>)", file=file, expected=_expected())
        )
    raise InputError(Problem("is of a format that is not known", file=file, expected=_expected()))


def _read(path: Path, *, file: str) -> bytes:
    try:
        size = path.stat().st_size if path.is_file() else 0
    except (OSError, ValueError):
        size = 0
    if size > _LARGEST_BYTES:
        limit = _LARGEST_BYTES // 1024**2
        raise InputError(
            Problem(f"is too large: {size / 1024**2:,.0f} MiB", file=file, expected=f"at most {limit} MiB")
        )
    return read_bytes(path, file=file)


def _expected() -> str:
    return "one of " + ", ".join(KNOWN_FORMATS) + ", a network's folder or its .xlsx"


def _json_reader(document: Any, *, file: str) -> Callable[..., Draft]:
    """The reader of the only format that a JSON document can be."""
    signs: dict[str, tuple[bool, Callable[..., Draft]]] = {}
    if isinstance(document, dict):
        links = document.get("links")
        first = links[0] if isinstance(links, list) and links and isinstance(links[0], dict) else {}
        edges = isinstance(document.get("edges"), list)
        has_nodes = isinstance(document.get("nodes"), list)
        signs = {
            "TopoHub JSON": (has_nodes and (edges or "source" in first), read_topohub),
            "Topolib JSON": (has_nodes and "src" in first, read_topolib),
            "GNPy topology JSON": ("elements" in document and "connections" in document, read_gnpy),
            "GeoJSON": (document.get("type") == "FeatureCollection", read_geojson),
        }
    fitting = {name: reader for name, (fits, reader) in signs.items() if fits}
    if len(fitting) > 1:
        raise InputError(Problem(f"could be {' or '.join(fitting)}", file=file, expected="a file of one format"))
    if not fitting:
        raise InputError(Problem("is JSON of a format that is not known", file=file, expected=_expected()))
    return next(iter(fitting.values()))
