"""The charts of the report: horizontal bars, a row a link or demand.

They are drawn as SVG whose text stays text: names in any script are shown with the reader's fonts, a ``$``
is a dollar, and the colours follow the page's light or dark ground.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner.report.drawing import Drawing, linear_scale, log_scale, shortened, ticks
from planner.report.strip import load_class
from planner.report.style import BIT_PARTS, LOSS_PARTS
from planner.report.words import channel_title, quantity, tick_label

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup

    from planner.network import Network
    from planner.plan import Plan

MOST_ROWS = 52
"""As many as a sheet of A4 holds; the tables have them all."""

_WIDTH = 700
_LEFT, _RIGHT, _TOP = 196, 74, 26
_ROW = 16
_LONGEST_LABEL = 30

_LOG_FROM = 40
"""Values that lie farther apart than by this factor are drawn on a logarithmic axis."""
_LEAST_DRAWN = 1e-18
"""A smaller part of the axis is as good as nothing and must not stretch it."""


@dataclass(frozen=True)
class Chart:
    """A drawn chart.

    Attributes:
        title: What it shows.
        picture: SVG.
        legend: Class in the style sheet and meaning of each colour.
        note: What must be known to read it; may be empty.
    """

    title: str
    picture: Markup
    legend: tuple[tuple[str, str], ...]
    note: str = ""


@dataclass(frozen=True)
class _Bar:
    """A row: its label, its stacked or overlaid parts as (class, value, tip), and a figure behind."""

    label: str
    parts: tuple[tuple[str, float, str], ...]
    figure: str


def plan_charts(plan: Plan) -> tuple[Chart, ...]:
    """Draws the charts of a plan.

    Args:
        plan: The plan.

    Returns:
        Decibels of each link, where its sifted bits go, its key rate and load, and what the demands are served;
        of large networks only the most telling rows. A chart without a row is left out.
    """
    charts = (_decibels(plan), _bits(plan), _loads(plan), _served(plan))
    return tuple(chart for chart in charts if chart is not None)


def _decibels(plan: Plan) -> Chart | None:
    titles, legend = plan.network.link_titles, loss_legend(plan.network)
    budget = plan.budget
    total = budget[[key for key, *_ in LOSS_PARTS]].sum(axis="columns")
    shown, note = _most_telling(budget, total, what="links of the greatest loss")
    bars = [
        _Bar(
            titles[row["link_id"]],
            tuple(
                (kind, _known(row[key]), f"{row['link_id']}: {title.lower()} {quantity(row[key], 'dB')}")
                for (key, *_), (kind, title) in zip(LOSS_PARTS, legend, strict=True)
            ),
            quantity(math.fsum(_known(row[key]) for key, *_ in LOSS_PARTS), "dB"),
        )
        for row in shown
    ]
    return _chart("Where the decibels go", bars, unit="dB", legend=legend, note=note)


def loss_legend(network: Network) -> tuple[tuple[str, str], ...]:
    """The classes of the parts of the loss and what they are called."""
    titles = {"fibre_loss_db": channel_title(network)}
    return tuple((f"loss-{i}", titles.get(key, title)) for i, (key, title, *_) in enumerate(LOSS_PARTS))


def _bits(plan: Plan) -> Chart | None:
    titles = plan.network.link_titles
    budget = plan.budget[plan.budget["model_key_rate_bps"] > 0]
    kept = budget["model_key_rate_bps"] / budget["sifted_rate_bps"]
    shown, note = _most_telling(budget, -kept, what="links that lose the largest part")
    bars = [
        _Bar(
            titles[row["link_id"]],
            tuple(
                (f"bits-{i}", _known(row[key]) / row["sifted_rate_bps"], _bits_tip(row, key=key, title=title))
                for i, (key, title, *_) in enumerate(BIT_PARTS)
            ),
            quantity(row["model_key_rate_bps"], "bit/s"),
        )
        for row in shown
    ]
    legend = tuple((f"bits-{i}", title) for i, (_, title, *_) in enumerate(BIT_PARTS))
    note = f"Parts of the sifted key rate; the figure is the key rate of the model. {note}".strip()
    return _chart("Where the sifted bits go", bars, unit="%", legend=legend, note=note, limit=1.0)


def _bits_tip(row: dict[Any, Any], *, key: str, title: str) -> str:
    part, whole = quantity(row[key], "bit/s"), quantity(row["sifted_rate_bps"], "bit/s")
    return f"{row['link_id']}: {title.lower()} {part} of {whole}"


def _loads(plan: Plan) -> Chart | None:
    titles = plan.network.link_titles
    shown, note = _most_telling(plan.links, plan.links["utilisation"], what="links of the highest utilisation")
    bars = [
        _Bar(
            titles[row["link_id"]],
            (
                ("rate", row["key_rate_bps"], f"{row['link_id']}: key rate {quantity(row['key_rate_bps'], 'bit/s')}"),
                (load_class(row), row["load_bps"], f"{row['link_id']}: load {quantity(row['load_bps'], 'bit/s')}"),
            ),
            quantity(row["utilisation"], "%"),
        )
        for row in shown
    ]
    legend = (("rate", "Key rate"), ("load-1", "Load, coloured by utilisation"))
    return _chart("Key rate and load of the links", bars, unit="bit/s", legend=legend, note=note, overlaid=True)


def _served(plan: Plan) -> Chart | None:
    asking = plan.demands[plan.demands["requested_bps"] > 0]
    shown, note = _most_telling(asking, -asking["served_fraction"], what="demands served least")
    bars = [
        _Bar(
            row["demand_id"],
            (
                ("rate", row["requested_bps"], f"requested {quantity(row['requested_bps'], 'bit/s')}"),
                ("served", row["served_bps"], f"served {quantity(row['served_bps'], 'bit/s')}"),
            ),
            quantity(row["served_fraction"], "%"),
        )
        for row in shown
    ]
    legend = (("rate", "Requested"), ("served", "Served"))
    return _chart("What the demands are served", bars, unit="bit/s", legend=legend, note=note, overlaid=True)


def _most_telling(frame: pd.DataFrame, weight: pd.Series[float], *, what: str) -> tuple[list[dict[Any, Any]], str]:
    """All rows in their order, or of too many those of the greatest weight."""
    if len(frame) <= MOST_ROWS:
        return frame.to_dict("records"), ""
    # Rounded: of equal ones the order of the table decides, not the last digit of a sum.
    chosen = weight.sort_values(ascending=False, kind="stable", key=lambda value: value.round(9)).index[:MOST_ROWS]
    return frame.loc[chosen].to_dict("records"), f"The {MOST_ROWS} {what}, of {len(frame):,}; the table has all."


def _chart(
    title: str,
    bars: Sequence[_Bar],
    *,
    unit: str,
    legend: tuple[tuple[str, str], ...],
    note: str,
    overlaid: bool = False,
    limit: float | None = None,
) -> Chart | None:
    if not bars:
        return None
    reach = [max(v for _, v, _ in bar.parts) if overlaid else sum(v for _, v, _ in bar.parts) for bar in bars]
    limit = limit or max([*reach, 1e-9]) * 1.02
    scale, values = _scale([value for bar in bars for _, value, _ in bar.parts], limit=limit, may_be_log=overlaid)
    if values[0] > 0:
        note = f"Logarithmic axis. {note}".strip()
    picture = Drawing(_WIDTH, _TOP + _ROW * len(bars) + 6, title=title)
    _draw_axis(picture, scale=scale, values=values, unit=unit, rows=len(bars))
    for number, bar in enumerate(bars):
        y = _TOP + _ROW * number
        picture.text(_LEFT - 8, y + 11, shortened(bar.label, _LONGEST_LABEL), kind="name", anchor="end", tip=bar.label)
        x = float(_LEFT)
        for kind, value, tip in bar.parts:
            width = scale(value)
            picture.rect(_LEFT if overlaid else x, y + 2.5, width, _ROW - 5, kind=kind, tip=tip)
            x += width
        picture.text(_WIDTH, y + 11, bar.figure, kind="figure", anchor="end")
    return Chart(title, picture.markup(), legend, note)


def _scale(
    values: Sequence[float], *, limit: float, may_be_log: bool
) -> tuple[Callable[[float], float], Sequence[float]]:
    """How values become lengths, and the values of the grid."""
    length = _WIDTH - _LEFT - _RIGHT
    positive = [value for value in values if value > _LEAST_DRAWN * limit]
    if not (may_be_log and positive and limit > _LOG_FROM * min(positive)):
        return linear_scale(limit, length=length), ticks(limit, about=6)
    least = 10.0 ** math.floor(math.log10(min(positive)) - 0.2)
    powers = range(round(math.log10(least)), math.floor(math.log10(limit)) + 1)
    return log_scale(least, limit, length=length), [10.0**power for power in powers]


def _draw_axis(
    picture: Drawing, *, scale: Callable[[float], float], values: Sequence[float], unit: str, rows: int
) -> None:
    bottom = _TOP + _ROW * rows
    for value in values:
        x = _LEFT + scale(value)
        picture.line(x, _TOP - 4, x, bottom, kind="grid")
        picture.text(x, _TOP - 9, tick_label(value, unit), kind="minor", anchor="middle")


def _known(value: float) -> float:
    return 0.0 if math.isnan(value) else value
