"""The network or plan as a file for other programs: static maps, GeoJSON, KML, GeoPackage."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import UsageError

if TYPE_CHECKING:
    from planner.network import Network
    from planner.plan import Plan

ENDINGS = (".png", ".svg", ".pdf", ".geojson", ".kml", ".gpkg")
"""What can be written, by the ending of the file's name."""


def export_bytes(network_or_plan: Network | Plan, *, ending: str) -> bytes:
    """Writes a network or plan in another format.

    Args:
        network_or_plan: A network, or a plan, whose loads then come along.
        ending: One of :data:`ENDINGS`.

    Returns:
        The content of the file. Apart from GeoPackage the same input gives the same bytes.

    Raises:
        UsageError: The ending is not known, or what it needs is not installed.
        InputError: The network's budget cannot be computed.
    """
    return _writer(ending)(network_or_plan)


def export(network_or_plan: Network | Plan, path: str | Path) -> Path:
    """Writes a network or plan into a file, in the format that the ending of its name says; all or nothing.

    Args:
        network_or_plan: A network or a plan.
        path: The file.

    Returns:
        The file.

    Raises:
        UsageError: The ending is not known, or what it needs is not installed.
        InputError: The file cannot be written, or the network's budget cannot be computed.
    """
    from planner.files import write_atomic

    path = Path(path)
    content = _writer(path.suffix)(network_or_plan)
    write_atomic(path, content)
    return path


def check_ending(ending: str) -> None:
    """Refuses an ending that nothing can be written for, before any work is done.

    Args:
        ending: With its dot.

    Raises:
        UsageError: It is not one of :data:`ENDINGS`.
    """
    if ending.lower() not in ENDINGS:
        near = get_close_matches(ending.lower(), ENDINGS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"it can be {', '.join(ENDINGS)}"
        raise UsageError(f"no format has the ending '{ending}'; {hint}")


def _writer(ending: str) -> Callable[[Network | Plan], bytes]:
    check_ending(ending)
    known = ending.lower()
    if known in (".png", ".svg", ".pdf"):
        from planner.report.exports.static_map import static_map

        return lambda shown: static_map(shown, picture=known[1:])
    if known == ".geojson":
        from planner.report.exports.geojson import geojson_bytes

        return geojson_bytes
    if known == ".kml":
        from planner.report.exports.kml import kml_bytes

        return kml_bytes
    from planner.report.exports.geopackage import geopackage_bytes

    return geopackage_bytes
