"""The strip map: a chain straightened, its spans to scale, their loss, key rate and load below."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from planner.report.drawing import Drawing, linear_scale, log_scale, shortened, ticks
from planner.report.style import LOSS_PARTS, MEASURES, SYMBOLS, line_width_px, symbol_of
from planner.report.words import count, prefix_of, quantity, tick_label

if TYPE_CHECKING:
    from markupsafe import Markup

    from planner.plan import Plan
    from planner.report.chains import Chain

_WIDTH = 1030
"""A sheet of A4 across, in pixels of the web: a letter of the picture is as high on paper as it says."""

_LEFT, _RIGHT = 74, 84
_LEAST_SPAN = 25.5
"""Width below which the figures of a span would run into each other."""

_LABEL_TURN_DEG = -42
_LONGEST_LABEL = 34
_LOSS_HEIGHT, _RATE_HEIGHT = 118, 92
_UTILISATION = next(measure for measure in MEASURES if measure.key == "utilisation")


def strip_map(plan: Plan, chain: Chain) -> Markup:
    """Draws a chain as a strip map.

    Args:
        plan: The plan.
        chain: The chain (:func:`planner.report.chains.find_chains`).

    Returns:
        SVG for the report's page: stations in order with kilometres from the start, spans as long as their
        fibre and coloured by utilisation, below them the decibels, the key rate with the load, and figures.
    """
    spans = _spans(plan, chain)
    edges = _edges([span["length_km"] for span in spans])
    top = 30 + max(map(_label_width, _labels(plan, chain))) * math.sin(math.radians(-_LABEL_TURN_DEG))
    base = [top + 66, top + 66 + _LOSS_HEIGHT + 24]
    picture = Drawing(_WIDTH, base[1] + _RATE_HEIGHT + 62, title=strip_title(plan, chain))
    _draw_loss(picture, spans, edges, top=base[0])
    _draw_rates(picture, spans, edges, top=base[1])
    _draw_figures(picture, spans, edges, top=base[1] + _RATE_HEIGHT)
    _draw_line(picture, spans, edges, y=top)
    _draw_stations(picture, plan, chain, edges, y=top)
    return picture.markup()


def strip_title(plan: Plan, chain: Chain) -> str:
    """What a strip map shows: its ends, spans, length and the least of its key rates."""
    names = plan.network.node_names
    rates = plan.budget.set_index("link_id")["key_rate_bps"].loc[list(chain.links)]
    part = f", part {chain.part} of {chain.parts}" if chain.parts > 1 else ""
    return (
        f"{names[chain.nodes[0]]} – {names[chain.nodes[-1]]}{part}: {count(len(chain.links), 'span')}, "
        f"{quantity(chain.length_km, 'km')}, weakest span {quantity(float(rates.min()), 'bit/s')}"
    )


def to_scale(chain: Chain, plan: Plan) -> bool:
    """Whether all spans of the chain could be drawn to scale."""
    lengths = plan.budget.set_index("link_id")["length_km"].loc[list(chain.links)]
    edges = _edges(list(lengths))
    widths = [b - a for a, b in pairwise(edges)]
    total = sum(lengths) or 1.0
    drawn = edges[-1] - edges[0]
    return all(math.isclose(w, km / total * drawn, abs_tol=0.5) for w, km in zip(widths, lengths, strict=True))


def _spans(plan: Plan, chain: Chain) -> list[dict[Any, Any]]:
    loads = plan.links[["link_id", "load_bps", "utilisation"]]
    rows = {row["link_id"]: row for row in plan.budget.merge(loads, on="link_id").to_dict("records")}
    return [rows[link] for link in chain.links]


def _edges(lengths_km: Sequence[float]) -> list[float]:
    """Where the stations stand: spans to scale, but none narrower than its figures need."""
    room = _WIDTH - _LEFT - _RIGHT
    if sum(lengths_km) < 1e-3:
        lengths_km = [1.0] * len(lengths_km)
    least = min(_LEAST_SPAN, room / len(lengths_km))
    narrow: set[int] = set()
    while True:
        wide_km = sum(km for i, km in enumerate(lengths_km) if i not in narrow)
        per_km = (room - least * len(narrow)) / wide_km
        more = {i for i, km in enumerate(lengths_km) if i not in narrow and km * per_km < least - 1e-9}
        if not more:
            break
        narrow |= more
    edges = [float(_LEFT)]
    for i, km in enumerate(lengths_km):
        edges.append(edges[-1] + (least if i in narrow else km * per_km))
    return edges


def _labels(plan: Plan, chain: Chain) -> list[tuple[str, str | None]]:
    """What the stations are called, also in the local script."""
    nodes = plan.network.nodes.set_index("node_id").loc[list(chain.nodes)]
    return [
        (shortened(name, _LONGEST_LABEL), shortened(local, _LONGEST_LABEL) if local else None)
        for name, local in zip(nodes["name"], nodes["name_local"], strict=True)
    ]


def _label_width(label: tuple[str, str | None]) -> float:
    """About how wide a station's label is, in pixels."""
    name, local = label
    return sum(12 if ord(letter) > 0x2E7F else 7.2 for letter in f"{name} {local or ''}")


def _draw_line(picture: Drawing, spans: Sequence[dict[Any, Any]], edges: Sequence[float], *, y: float) -> None:
    for span, (left, right) in zip(spans, pairwise(edges), strict=True):
        width = max(3.0, line_width_px(span["key_rate_bps"]))
        picture.rect(left, y - width / 2 - 1, right - left, width + 2, kind="casing")
        tip = f"{span['link_id']}: {quantity(span['utilisation'], '%')} of {quantity(span['key_rate_bps'], 'bit/s')}"
        picture.rect(left, y - width / 2, right - left, width, kind=load_class(span), tip=tip, link=span["link_id"])


def load_class(span: dict[Any, Any]) -> str:
    """The class in the style sheet of a link's utilisation."""
    if not span["key_rate_bps"] > 0:
        return "unusable"
    step = _UTILISATION.classify(span["utilisation"])
    return f"load-{_UTILISATION.steps.index(step)}" if step else "unusable"


def _draw_stations(picture: Drawing, plan: Plan, chain: Chain, edges: Sequence[float], *, y: float) -> None:
    lengths = dict(zip(plan.budget["link_id"], plan.budget["length_km"], strict=True))
    travelled_km = 0.0
    kinds = dict(zip(plan.network.nodes["node_id"], plan.network.nodes["kind"], strict=True))
    ends = {*plan.demands["node_a"], *plan.demands["node_b"]}
    labels = _labels(plan, chain)
    for place, (node, x) in enumerate(zip(chain.nodes, edges, strict=True)):
        name = plan.network.node_names[node]
        symbol = symbol_of(kinds[node], is_end=node in ends, links=plan.network.graph.degree[node])
        size = SYMBOLS[symbol].size_px
        picture.path(SYMBOLS[symbol].path, x=x, y=y, scale=size / 20, kind=f"station {symbol}", tip=name)
        label, local = labels[place]
        weight = "name strong" if SYMBOLS[symbol].important else "name"
        picture.text(x + 3, y - size / 2 - 4, label, kind=weight, turn_deg=_LABEL_TURN_DEG, local=local)
        picture.text(x + 3, y + size / 2 + 6, f"{travelled_km:,.0f}", kind="minor", anchor="end", turn_deg=-90)
        if place < len(chain.links):
            travelled_km += lengths[chain.links[place]]
    picture.text(_LEFT - 16, y + 26, "km", kind="axis", anchor="end")


def _draw_loss(picture: Drawing, spans: Sequence[dict[Any, Any]], edges: Sequence[float], *, top: float) -> None:
    totals = [math.fsum(_number(span[key]) for key, *_ in LOSS_PARTS) for span in spans]
    limit = max([*totals, 1.0]) * 1.12
    scale = linear_scale(limit, length=_LOSS_HEIGHT)
    floor = top + _LOSS_HEIGHT
    _draw_axis(picture, edges, scale=scale, values=ticks(limit, about=4), floor=floor, title="loss, dB", unit="dB")
    for span, total, (left, right) in zip(spans, totals, pairwise(edges), strict=True):
        width = min(30.0, (right - left) * 0.62)
        x, y = (left + right - width) / 2, floor
        for number, (key, title, *_) in enumerate(LOSS_PARTS):
            height = scale(_number(span[key]))
            y -= height
            tip = f"{span['link_id']}: {title.lower()} {quantity(span[key], 'dB')}"
            picture.rect(x, y, width, height, kind=f"loss-{number}", tip=tip, link=span["link_id"])
        picture.text((left + right) / 2, y - 4, f"{total:.0f}", kind="figure", anchor="middle")


def _draw_rates(picture: Drawing, spans: Sequence[dict[Any, Any]], edges: Sequence[float], *, top: float) -> None:
    rates = [_number(span["key_rate_bps"]) for span in spans]
    limit = max([*rates, 1.0]) * 1.08
    usable = [rate for rate in rates if rate > 0] or [1.0]
    spread = limit > 40 * min(usable)
    least = 10.0 ** math.floor(math.log10(min(usable)) - 0.3)
    floor = top + _RATE_HEIGHT
    scale = log_scale(least, limit, length=_RATE_HEIGHT) if spread else linear_scale(limit, length=_RATE_HEIGHT)
    powers = [10.0**p for p in range(round(math.log10(least)), math.floor(math.log10(limit)) + 1)]
    values = powers if spread else ticks(limit, about=4)
    _draw_axis(picture, edges, scale=scale, values=values, floor=floor, title="key rate, load", unit="bit/s")
    for span, rate, (left, right) in zip(spans, rates, pairwise(edges), strict=True):
        width = min(30.0, (right - left) * 0.62)
        x = (left + right - width) / 2
        shown = f"{quantity(span['load_bps'], 'bit/s')} of {quantity(rate, 'bit/s')}"
        tip = f"{span['link_id']}: load {shown}"
        picture.rect(x, floor - scale(rate), width, scale(rate), kind="rate", tip=tip, link=span["link_id"])
        picture.rect(
            x,
            floor - scale(span["load_bps"]),
            width,
            scale(span["load_bps"]),
            kind=load_class(span),
            tip=tip,
            link=span["link_id"],
        )


def _draw_axis(
    picture: Drawing,
    edges: Sequence[float],
    *,
    scale: Callable[[float], float],
    values: Sequence[float],
    floor: float,
    title: str,
    unit: str,
) -> None:
    for value in values:
        y = floor - scale(value)
        picture.line(edges[0], y, edges[-1], y, kind="grid" if value else "floor")
        label = tick_label(value, unit).removesuffix(unit).strip()
        picture.text(edges[0] - 8, y + 3.5, label, kind="minor", anchor="end")
    highest = floor - max(scale(value) for value in values)
    picture.text(_LEFT - 52, floor, title, kind="axis", turn_deg=-90)
    picture.line(edges[0], highest, edges[0], floor, kind="grid")


def _draw_figures(picture: Drawing, spans: Sequence[dict[Any, Any]], edges: Sequence[float], *, top: float) -> None:
    scale, prefix = prefix_of(max(span["key_rate_bps"] for span in spans))
    weakest = min(span["key_rate_bps"] for span in spans)
    rows: tuple[tuple[str, Callable[[dict[Any, Any]], str]], ...] = (
        ("length, km", lambda span: f"{span['length_km']:,.0f}"),
        (f"key, {prefix}bit/s", lambda span: f"{span['key_rate_bps'] / scale:.3g}"),
        ("load, %", lambda span: _per_cent(span["utilisation"])),
    )
    for number, (title, write) in enumerate(rows):
        y = top + 18 + 15 * number
        picture.text(_LEFT - 8, y, title, kind="axis", anchor="end")
        for span, (left, right) in zip(spans, pairwise(edges), strict=True):
            kind = "figure weak" if number == 1 and span["key_rate_bps"] == weakest else "figure"
            picture.text((left + right) / 2, y, write(span), kind=kind, anchor="middle")


def _per_cent(fraction: float) -> str:
    return quantity(fraction, "%").removesuffix(" %").removesuffix(".0").replace(" ", "")


def _number(value: float) -> float:
    """Zero for what is missing: a link without a module has no receiver to lose light in."""
    return 0.0 if math.isnan(value) else value
