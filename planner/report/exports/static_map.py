"""The map as a picture, without a browser: PNG, SVG or PDF by matplotlib alone."""

from __future__ import annotations

import io
import math
import re
import unicodedata
import warnings
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from planner.report.exports.features import Features, features_of
from planner.report.exports.projection import Projection, equal_area
from planner.report.exports.static_ground import COAST, LAND, SEA, draw_ground, projected
from planner.report.style import SYMBOLS, UNUSABLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

    from planner.network import Network
    from planner.plan import Plan

_INK, _SOFT = "#16202c", "#55637a"
_HAN_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Noto Sans CJK JP", "PingFang SC", "Hiragino Sans GB",
    "Microsoft YaHei", "WenQuanYi Micro Hei", "SimHei",
)  # fmt: skip
Place = Literal["lower right", "lower left", "upper right", "center right", "center left"]
"""Where a legend can stand, the best first."""

_SIDES = ((1, 0, "left", "center"), (-1, 0, "right", "center"), (0, 1, "center", "bottom"), (0, -1, "center", "top"))
_LONGEST_LABEL = 30
_DPI = 160
_LONG_EDGE_IN = 11.0


def static_map(network_or_plan: Network | Plan, *, picture: str) -> bytes:
    """Draws the map.

    Args:
        network_or_plan: A network, coloured by key rate, or a plan, coloured by utilisation.
        picture: ``png``, ``svg`` or ``pdf``.

    Returns:
        The file; the same input gives the same bytes on one machine. Chinese names need a font that has them.

    Raises:
        InputError: The network's budget cannot be computed.
    """
    import matplotlib as mpl

    found = features_of(network_or_plan)
    settings: Any = {"font.family": _fonts(), "svg.fonttype": "path", "svg.hashsalt": "planner", "text.usetex": False}
    undated = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None},
               "pdf": {"CreationDate": None, "Creator": None, "Producer": None}}[picture]  # fmt: skip
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # then a box stands for the letter
        sheet = io.BytesIO()
        map_figure(found).savefig(sheet, format=picture, metadata=undated, facecolor=SEA)
    return sheet.getvalue()


def map_figure(found: Features) -> Figure:
    """Draws the map on a sheet of matplotlib's, without its global state.

    Args:
        found: What to draw.

    Returns:
        The figure, 11 inches along its longer edge.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    project, (left, right, bottom, top) = _window(found)
    aspect = (right - left) / (top - bottom)
    size = (_LONG_EDGE_IN, _LONG_EDGE_IN / aspect) if aspect > 1 else (_LONG_EDGE_IN * aspect, _LONG_EDGE_IN)
    figure = Figure(figsize=size, dpi=_DPI, facecolor=SEA)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    draw_ground(axes, project)
    _draw_links(axes, found, project)
    boxes = _draw_nodes(axes, found, project)
    _draw_labels(axes, found, project, taken=[*boxes, *_draw_key(axes, found, nodes=boxes)])
    return figure


def _fonts() -> list[str]:
    from matplotlib.font_manager import fontManager

    present = {font.name for font in fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in _HAN_FONTS if name in present)][:2]


def plain(text: str) -> str:
    """A name as a picture can show it: without letters that control, turn or break the line."""
    shown = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text)
    shown = re.sub(" +", " ", shown).strip()
    return shown if len(shown) <= _LONGEST_LABEL else shown[: _LONGEST_LABEL - 1] + "…"


def _window(found: Features) -> tuple[Projection, tuple[float, float, float, float]]:
    """The projection, and the edges of the sheet in kilometres: the network with room for names around it."""
    lines = [*found.paths, *found.tracks.values(), *([[(n["lon_deg"], n["lat_deg"])] for n in found.nodes])]
    places = np.array([point for line in lines for point in line] or [(100.0, 20.0), (120.0, 45.0)])
    (west, south), (east, north) = places.min(axis=0), places.max(axis=0)
    project = equal_area(west=west, south=max(south - 1, -85), east=east, north=min(north + 1, 85))
    x, y = project(places[:, 0], places[:, 1])
    width, height = max(float(np.ptp(x)), 20.0), max(float(np.ptp(y)), 20.0)
    half_x, half_y = 0.62 * width + 20, 0.57 * height + 20
    half_x, half_y = max(half_x, 0.75 * half_y), max(half_y, 0.62 * half_x)
    middle_x, middle_y = float(x.min() + x.max()) / 2, float(y.min() + y.max()) / 2
    return project, (middle_x - half_x, middle_x + half_x, middle_y - half_y, middle_y + half_y)


# --- network --------------------------------------------------------------------------------------


def _draw_links(axes: Axes, found: Features, project: Projection) -> None:
    for track in found.tracks.values():
        line = projected(project)(np.array(track))
        axes.plot(line[:, 0], line[:, 1], color="#7a1fa2", linewidth=1, linestyle=":", zorder=9)
    for link, row, path in zip(found.links, found.rows, found.paths, strict=True):
        step, line = found.step(link), projected(project)(np.array(path))
        width, style = 0.62 * row["width_px"], "-" if step.pattern == "solid" else (0, (3, 2))
        shared: dict[str, Any] = {"solid_capstyle": "round", "dash_capstyle": "butt"}
        casing = "#ffffff" if step is UNUSABLE else "#4a5563"
        axes.plot(line[:, 0], line[:, 1], color=casing, linewidth=width + 1.3, zorder=10, **shared)
        axes.plot(line[:, 0], line[:, 1], color=step.light, linewidth=width, linestyle=style, zorder=11, **shared)
        if step is UNUSABLE:
            middle = line[len(line) // 2] if len(line) > 2 else line.mean(axis=0)
            axes.plot(*middle, marker="X", markersize=9, color="#c1121f", markeredgecolor="white", zorder=13)


def _draw_nodes(axes: Axes, found: Features, project: Projection) -> list[Any]:
    from matplotlib.path import Path
    from matplotlib.transforms import Bbox

    boxes = []
    for kind, symbol in SYMBOLS.items():
        places = [(n["lon_deg"], n["lat_deg"]) for n, k in zip(found.nodes, found.symbols, strict=True) if k == kind]
        if not places:
            continue
        x, y = project(*np.array(places).T)
        marker: Path | str = "o" if kind == "user" else Path(np.array(_corners(symbol.path)))
        size = symbol.size_px * 0.5
        axes.plot(x, y, linestyle="", marker=marker, markersize=size, color=symbol.colour, markeredgecolor="white",
                  markeredgewidth=0.8, zorder=14)  # fmt: skip
        if symbol.hole:
            axes.plot(x, y, linestyle="", marker="o", markersize=size * 0.3, color="white", zorder=15)
        half = size * _DPI / 72 / 2
        for px, py in axes.transData.transform(np.column_stack([x, y])):
            boxes.append(Bbox.from_extents(px - half, py - half, px + half, py + half))
    return boxes


def _corners(outline: str) -> list[tuple[float, float]]:
    """The corners of a symbol whose path has straight sides (M, L, H and V), with y upwards."""
    corners: list[tuple[float, float]] = []
    for command, numbers in re.findall(r"([MLHVZ ])(-?[\d.]+(?:,-?[\d.]+)?)?", outline):
        values = [float(number) for number in numbers.split(",")] if numbers else []
        if len(values) == 2:
            corners.append((values[0], -values[1]))
        elif values:
            last = corners[-1]
            corners.append((values[0], last[1]) if command == "H" else (last[0], -values[0]))
    return [*corners, corners[0]]


def _draw_labels(axes: Axes, found: Features, project: Projection, *, taken: list[Any]) -> None:
    """Names beside the nodes, the important first; one that has no room is left out."""
    size = axes.get_figure().get_window_extent()  # type: ignore[union-attr]
    order = sorted(range(len(found.nodes)), key=lambda i: not SYMBOLS[found.symbols[i]].important)
    for i in order[:800]:
        node, symbol = found.nodes[i], SYMBOLS[found.symbols[i]]
        x, y = project(node["lon_deg"], node["lat_deg"])
        local = plain(node["name_local"] or "")
        text = plain(node["name"]) + (f" {local}" if local and local != plain(node["name"]) else "")
        gap = symbol.size_px * 0.25 + 2
        style: dict[str, Any] = {"fontsize": 8.5 if symbol.important else 7, "color": _INK, "zorder": 20}
        style["fontweight"] = "bold" if symbol.important and text.isascii() else "normal"
        label = axes.annotate(
            text, (float(x), float(y)), xytext=(0, 0), textcoords="offset points", parse_math=False, **style
        )
        label.set_path_effects(_halo())
        for dx, dy, across, up in _SIDES:
            label.set(position=(dx * gap, dy * gap), ha=across, va=up)
            box = label.get_window_extent()
            inside = box.x0 > 4 and box.y0 > 4 and box.x1 < size.x1 - 4 and box.y1 < size.y1 - 4
            if inside and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
        else:
            label.remove()


def _halo() -> list[Any]:
    from matplotlib import patheffects

    return [patheffects.withStroke(linewidth=2.2, foreground=LAND)]


# --- title, legend, scale -----------------------------------------------------------------------------


def _draw_key(axes: Axes, found: Features, *, nodes: list[Any]) -> list[Any]:
    """Title, legend where it hides no node, scale and thanks below. Returns their boxes."""
    from matplotlib.lines import Line2D

    steps = [*found.measure.steps]
    if any(found.step(link) is UNUSABLE for link in found.links):
        steps.append(UNUSABLE)
    lines = [
        Line2D([], [], color=s.light, linewidth=3, linestyle="-" if s.pattern == "solid" else (0, (2, 1)))
        for s in steps
    ]
    legend = axes.legend(lines, [s.label for s in steps], title=found.measure.title, fontsize=8, title_fontsize=8.5,
                         loc="lower right", framealpha=0.92, edgecolor=COAST, borderpad=0.8)  # fmt: skip
    legend.set_zorder(30)
    place = _place_legend(legend, nodes)
    title = axes.text(0.015, 0.985, plain_title(found.title), transform=axes.transAxes, fontsize=14, fontweight="bold",
                      color=_INK, va="top", parse_math=False, zorder=30)  # fmt: skip
    title.set_path_effects(_halo())
    other = 0.015 if place != "lower left" else 0.985
    about = f"{_scale_km(axes):g} km · Outline: Natural Earth"
    thanks = axes.text(other, 0.012, about, transform=axes.transAxes, fontsize=7,
                       color=_SOFT, ha="left" if other < 0.5 else "right", va="bottom", zorder=30)  # fmt: skip
    bar = _scale_km(axes)
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    start = x0 + 0.015 * (x1 - x0) if other < 0.5 else x1 - 0.015 * (x1 - x0) - bar
    axes.plot([start, start + bar], [y0 + 0.04 * (y1 - y0)] * 2, color=_INK, linewidth=1.6, marker="|", zorder=30)
    return [artist.get_window_extent() for artist in (legend, title, thanks)]


def plain_title(title: str) -> str:
    """A title of at most two lines."""
    shown = re.sub(" +", " ", "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in title)).strip()
    return shown if len(shown) <= 70 else shown[:69] + "…"


def _place_legend(legend: Legend, nodes: list[Any]) -> Place:
    """Moves the legend to where it lies on the fewest nodes, and says where that is."""

    def hidden(place: Place) -> int:
        legend.set_loc(place)
        box = legend.get_window_extent()
        return sum(box.overlaps(node) for node in nodes)

    best: Place = min(get_args(Place), key=hidden)
    legend.set_loc(best)
    return best


def _scale_km(axes: Axes) -> float:
    left, right = axes.get_xlim()
    rough = (right - left) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    return max(step * power for step in (1, 2, 5) if step * power <= rough)
