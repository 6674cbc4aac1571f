"""Land, water and the lines between provinces on a sheet of matplotlib's. No national border is drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.shipped import maps_dir

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from planner.report.exports.projection import Projection

SEA, LAND, COAST, PROVINCE, WATER = "#e6edf4", "#fcfbf7", "#b4c3d3", "#dcd7cb", "#b3cfe8"


def draw_ground(axes: Axes, project: Projection) -> None:
    """Draws what of the basemap is in sight.

    Args:
        axes: Where to; its limits say what is in sight.
        project: The projection.
    """
    from matplotlib.collections import LineCollection, PolyCollection

    ground = json.loads((maps_dir() / "assets" / "basemap.json").read_text(encoding="utf-8"))
    west, south, east, north = ground["window"]
    lons, lats = np.linspace(west, east, 60), np.linspace(south, north, 60)
    rim = np.array([*((lon, south) for lon in lons), *((east, lat) for lat in lats),
                    *((lon, north) for lon in lons[::-1]), *((west, lat) for lat in lats[::-1])])  # fmt: skip
    world = [
        ring + np.array((shift, 0))
        for ring in _lines(ground["world"], ground["world_scale"])
        for shift in (-360, 0, 360)
    ]
    near = [line for line in map(projected(project), world) if _in_sight(axes, line)]
    axes.add_collection(PolyCollection(near, facecolor=LAND, edgecolor=COAST, linewidth=0.5, zorder=1))
    axes.add_collection(PolyCollection([projected(project)(rim)], facecolor=SEA, edgecolor="none", zorder=2))
    layers: tuple[tuple[str, Any, dict[str, Any]], ...] = (
        ("land", PolyCollection, {"facecolor": LAND, "edgecolor": COAST, "linewidth": 0.5}),
        ("provinces", LineCollection, {"color": PROVINCE, "linewidth": 0.7}),
        ("rivers", LineCollection, {"color": WATER, "linewidth": 0.7}),
        ("lakes", PolyCollection, {"facecolor": WATER, "edgecolor": "none"}),
    )
    for number, (name, kind, style) in enumerate(layers, start=3):
        shapes = [
            line for line in map(projected(project), _lines(ground[name], ground["scale"])) if _in_sight(axes, line)
        ]
        axes.add_collection(kind(shapes, zorder=number, **style))


def _lines(flat: list[list[int]], scale: float) -> Iterator[Any]:
    for line in flat:
        yield np.cumsum(np.reshape(line, (-1, 2)), axis=0) / scale


def projected(project: Projection) -> Any:
    """Takes arrays of longitudes and latitudes, one row a point, to the sheet."""
    return lambda line: np.column_stack(project(line[:, 0], line[:, 1]))


def _in_sight(axes: Axes, line: Any) -> bool:
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    (x1, y1), (x2, y2) = line.min(axis=0), line.max(axis=0)
    return bool(x1 < right and x2 > left and y1 < top and y2 > bottom)
