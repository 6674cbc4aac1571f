"""The picture of a validation: model against published, ratio by case, rate over loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from planner.records import rows_of
from planner.report.drawing import Drawing, shortened
from planner.report.style import DARK_COLOURS, LIGHT_COLOURS

if TYPE_CHECKING:
    import pandas as pd

    from planner.validation import Curve

_WIDTH = 960.0
_PANEL = 330.0
_LEFT, _TOP = 58.0, 56.0
_SECOND = 560.0
_ROW = 15.0
_RATIO_LEFT = 330.0
_RATIO_REACH = math.log10(2.0)
_LONGEST_LABEL = 50

_SHAPES = (
    "M-3.4,0A3.4,3.4 0 1 0 3.4,0A3.4,3.4 0 1 0 -3.4,0Z",
    "M-3,-3H3V3H-3Z",
    "M0,-4 3.7,2.9 -3.7,2.9Z",
    "M0,-4.2 4.2,0 0,4.2 -4.2,0Z",
)

_PROTOCOLS = (
    "bb84-decoy",
    "bb84-one-decoy",
    "tf-cal",
    "tf-sns",
    "mdi-decoy",
    "cv-gaussian",
    "bbm92",
)
"""In the order of their marks; everything else shares the one behind the last."""

_RATIO_TICKS: Mapping[float, str] = MappingProxyType(
    {
        0.5: "≤ 0.5",
        0.6: "0.6",
        0.7: "0.7",
        0.8: "0.8",
        0.9: "0.9",
        1.0: "1",
        1.1: "1.1",
        1.25: "1.25",
        1.5: "1.5",
        2.0: "≥ 2",
    }
)

_RATES = ("key_bits_per_pulse", "key_rate_bps")


def validation_svg(results: pd.DataFrame, *, devices: pd.DataFrame | None = None, curves: Sequence[Curve] = ()) -> str:
    """Draws a validation.

    Args:
        results: What `planner.validation.validate` returned.
        devices: What `planner.validation.device_points` returned.
        curves: What `planner.validation.model_curves` returned.

    Returns:
        A self-contained SVG file: key rates of the model against published ones, rates over loss with the published
        points, and the ratio of model to published of every case, filled where a tolerance is demanded. The same
        arguments give the same text.
    """
    cases = _ratios(results)
    height = _TOP + _PANEL + 90.0 + _ROW * len(cases) + 40.0
    picture = Drawing(_WIDTH, height, title="The planner's model against published values")
    picture.rect(0, 0, _WIDTH, height, kind="ground")
    _draw_against(picture, results, devices)
    _draw_curves(picture, curves)
    _draw_ratios(picture, cases, top=_TOP + _PANEL + 90.0)
    body = str(picture.markup()).replace("><", ">\n<")
    opening, rest = body.split(">", 1)
    named = opening.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return f"{named}>\n<style>{_style()}</style>{rest}\n"


def _style() -> str:
    light, dark = (
        "".join(f".m{i}{{fill:{c};stroke:{c}}}.c{i}{{stroke:{c}}}" for i, c in enumerate((*colours, grey)))
        for colours, grey in ((LIGHT_COLOURS, "#6b7787"), (DARK_COLOURS, "#93a1b3"))
    )
    base = (
        "text{font:11px 'Inter','Segoe UI',system-ui,'Noto Sans','DejaVu Sans',sans-serif;fill:var(--ink)}"
        "text.head{font-size:13px;font-weight:600}text.minor{font-size:10px;fill:var(--quiet)}"
        ".ground{fill:var(--ground)}.grid{stroke:var(--grid);stroke-width:1}.axis{stroke:var(--quiet);stroke-width:1}"
        ".curve{fill:none;stroke-width:1.6}.dashed{stroke-dasharray:5 3}.hollow{stroke-width:1.3}"
    )
    return (
        f"svg{{--ground:#fff;--ink:#16202c;--quiet:#5a6675;--grid:#e3e8ee}}{base}{light}"
        ".hollow{fill:var(--ground)}.outside{fill:#d1242f;stroke:#d1242f}"
        f"@media(prefers-color-scheme:dark){{svg{{--ground:#12171e;--ink:#e6ebf1;--quiet:#9aa7b6;--grid:#28313c}}{dark}"
        ".hollow{fill:var(--ground)}.outside{fill:#ff8d85;stroke:#ff8d85}}"
    )


def _look(protocol: str) -> tuple[str, str]:
    """Class of colour and shape of a protocol's marks."""
    if protocol not in _PROTOCOLS:
        return "m5", _SHAPES[1]
    place = _PROTOCOLS.index(protocol)
    return f"m{place % 5}", _SHAPES[(place + place // 5) % len(_SHAPES)]


def _mark(picture: Drawing, protocol: str, x: float, y: float, *, verdict: str, tip: str | None = None) -> None:
    colour, shape = _look(protocol)
    kind = {"within": colour, "outside": f"{colour} outside"}.get(verdict, f"{colour} hollow")
    picture.path(shape, x=x, y=y, scale=1.0, kind=kind, tip=tip)


def _decades(
    picture: Drawing, *, left: float, powers: range, place: Callable[[float], float], vertical: bool, step: int
) -> None:
    """Grid lines and labels at powers of ten."""
    for power in powers:
        if power % step:
            continue
        at = place(10.0**power)
        if vertical:
            picture.line(left, at, left + _PANEL, at, kind="grid")
            picture.text(left - 6, at + 4, _power(power), kind="minor", anchor="end")
        else:
            picture.line(at, _TOP, at, _TOP + _PANEL, kind="grid")
            picture.text(at, _TOP + _PANEL + 14, _power(power), kind="minor", anchor="middle")


def _power(exponent: int) -> str:
    digits = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{digits}"


def _draw_against(picture: Drawing, results: pd.DataFrame, devices: pd.DataFrame | None) -> None:
    points = [point for row in rows_of(results) for point in _rate_point(row)]
    if devices is not None:
        points += [
            (each.expected / each.clock_hz, each.got / each.clock_hz, each.protocol, "shown only", each.module)
            for each in rows_of(devices)
            if each.got > 0
        ]
    picture.text(_LEFT, 22, "Key per pulse: model against published", kind="head")
    if not points:
        return
    values = [value for x, y, *_ in points for value in (x, y)]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    scale = _PANEL / max(high - low, 1)

    def across(value: float) -> float:
        return _LEFT + (math.log10(value) - low) * scale

    def up(value: float) -> float:
        return _TOP + _PANEL - (math.log10(value) - low) * scale

    powers = range(low, high + 1)
    _decades(picture, left=_LEFT, powers=powers, place=up, vertical=True, step=2)
    _decades(picture, left=_LEFT, powers=powers, place=across, vertical=False, step=2)
    picture.line(_LEFT, _TOP + _PANEL, _LEFT + _PANEL, _TOP, kind="axis")
    for x, y, protocol, verdict, tip in sorted(points, key=lambda point: point[3] != "shown only"):
        _mark(picture, protocol, across(x), up(y), verdict=verdict, tip=tip)
    picture.text(_LEFT + _PANEL / 2, _TOP + _PANEL + 32, "published, bit per pulse", kind="minor", anchor="middle")
    picture.text(_LEFT, _TOP - 12, "model, bit per pulse", kind="minor")
    _draw_legend(picture, {protocol for _, _, protocol, *_ in points})


def _rate_point(row: Any) -> list[tuple[float, float, str, str, str]]:
    """Published and model key per pulse of a row, where it has both."""
    if row.quantity not in _RATES or not (row.expected > 0 and row.got > 0):
        return []
    clock = 1.0 if row.quantity == "key_bits_per_pulse" else row.clock_hz
    if not clock > 0:
        return []
    tip = f"{row.case} {row.what} {row.at}: {row.ratio:.4g}"
    return [(row.expected / clock, row.got / clock, row.protocol, row.verdict, tip)]


def _draw_legend(picture: Drawing, protocols: set[str]) -> None:
    shown = [protocol for protocol in _PROTOCOLS if protocol in protocols]
    for number, protocol in enumerate(shown):
        y = _TOP + 12 + 15 * number
        _mark(picture, protocol, _LEFT + 14, y, verdict="within")
        picture.text(_LEFT + 24, y + 4, protocol, kind="minor")
    y = _TOP + 12 + 15 * len(shown)
    _mark(picture, "", _LEFT + 14, y, verdict="shown only")
    picture.text(_LEFT + 24, y + 4, "hollow: shown only", kind="minor")


def _draw_curves(picture: Drawing, curves: Sequence[Curve]) -> None:
    picture.text(_SECOND, 22, "Key per pulse over loss", kind="head")
    positive = [v for c in curves for v in (*(value for _, value, _ in c.points), *c.key_bits_per_pulse) if v > 0]
    if not positive:
        return
    low, high = -12, math.ceil(math.log10(max(positive)))
    longest = 10.0 * math.ceil(max(loss for c in curves for loss, *_ in c.points) / 10.0) + 10.0

    def across(loss: float) -> float:
        return _SECOND + loss / longest * _PANEL

    def up(value: float) -> float:
        return _TOP + _PANEL - (math.log10(value) - low) / (high - low) * _PANEL

    _decades(picture, left=_SECOND, powers=range(low, high + 1), place=up, vertical=True, step=2)
    for tick in range(0, int(longest) + 1, 20):
        picture.line(across(tick), _TOP, across(tick), _TOP + _PANEL, kind="grid")
        picture.text(across(tick), _TOP + _PANEL + 14, str(tick), kind="minor", anchor="middle")
    picture.text(_SECOND + _PANEL / 2, _TOP + _PANEL + 32, "loss, dB", kind="minor", anchor="middle")
    picture.text(_SECOND, _TOP - 12, "bit per pulse; lines: model, marks: published", kind="minor")
    for curve in curves:
        pairs = zip(curve.loss_db, curve.key_bits_per_pulse, strict=True)
        inside = [(loss, value) for loss, value in pairs if value > 10.0**low and loss <= longest]
        colour = _look(curve.protocol)[0].replace("m", "c")
        if curve.protocol in _PROTOCOLS[5:]:
            colour += " dashed"
        path = "M" + " ".join(f"{across(loss):.2f},{up(value):.2f}" for loss, value in inside)
        if len(inside) > 1:
            picture.path(path, x=0, y=0, scale=1.0, kind=f"curve {colour}", tip=curve.name)
        for loss, value, gated in curve.points:
            if value > 10.0**low:
                verdict, tip = "within" if gated else "shown only", f"{curve.name}, {loss:g} dB"
                _mark(picture, curve.protocol, across(loss), up(value), verdict=verdict, tip=tip)


def _ratios(results: pd.DataFrame) -> list[tuple[str, str, list[tuple[float, str]]]]:
    """For each case with something to compare: its label, its protocol, its ratios with their verdicts."""
    found: dict[str, tuple[str, str, list[tuple[float, str]]]] = {}
    for row in rows_of(results):
        if row.ratio == row.ratio and row.ratio > 0:
            entry = found.setdefault(row.case, (f"{row.case}  {row.title}", row.protocol, []))
            entry[2].append((float(row.ratio), row.verdict))
    return list(found.values())


def _draw_ratios(picture: Drawing, cases: Sequence[tuple[str, str, list[tuple[float, str]]]], *, top: float) -> None:
    picture.text(_LEFT - 40, top - 30, "Model over published, by case", kind="head")
    picture.text(_LEFT - 40, top - 14, "filled: demanded; hollow: shown only; red: outside", kind="minor")
    width = _WIDTH - _RATIO_LEFT - 30.0
    bottom = top + _ROW * len(cases)

    def across(ratio: float) -> float:
        share = math.log10(ratio) / _RATIO_REACH
        return _RATIO_LEFT + (min(max(share, -1.0), 1.0) + 1.0) / 2.0 * width

    for ratio, label in _RATIO_TICKS.items():
        picture.line(across(ratio), top - 4, across(ratio), bottom, kind="axis" if ratio == 1.0 else "grid")
        picture.text(across(ratio), top - 9, label, kind="minor", anchor="middle")
    for number, (label, protocol, ratios) in enumerate(cases):
        y = top + _ROW * (number + 0.5)
        picture.text(_RATIO_LEFT - 14, y + 4, shortened(label, _LONGEST_LABEL), kind="minor", anchor="end", tip=label)
        for ratio, verdict in sorted(set(ratios), key=lambda pair: (pair[1] != "shown only", pair[0])):
            _mark(picture, protocol, across(ratio), y, verdict=verdict, tip=f"{ratio:.4g}")
