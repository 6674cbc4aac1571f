"""A validation shown: tables for the terminal, and one page with the picture."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from planner import __version__
from planner.records import rows_of
from planner.report.terminal import say, show_table
from planner.report.validation_plot import validation_svg
from planner.report.words import MISSING, count, quantity

if TYPE_CHECKING:
    import pandas as pd

    from planner.validation import Curve

HEADINGS = ("case", "what", "published", "model", "ratio", "tolerance", "verdict", "why")
_LEFT = ("case", "what", "verdict", "why")


def validation_summary(results: pd.DataFrame) -> str:
    """How many strong cases there are, and how many of them hold."""
    strong = results.loc[results["strong"], "case"].nunique()
    outside = results.loc[results["verdict"] == "outside", "case"].nunique()
    shown = results.loc[~results["strong"], "case"].nunique()
    kept = f"{strong - outside} of {count(strong, 'strong case')} within the stated tolerances"
    return f"{kept}; {count(shown, 'more case')} shown for comparison only."


def show_validation(results: pd.DataFrame, *, devices: pd.DataFrame) -> None:
    """Prints a table for each family of cases, the device classes, and the sum.

    Args:
        results: What `planner.validation.validate` returned.
        devices: What `planner.validation.device_points` returned.
    """
    columns = [(heading, "left" if heading in _LEFT else "right") for heading in HEADINGS]
    for family, rows in validation_tables(results):
        show_table(family, columns=columns, rows=rows)
        say("")
    if len(devices):
        headings = ("module", "loss", "published", "model", "ratio", "why")
        justified = [(heading, "left" if heading in ("module", "why") else "right") for heading in headings]
        show_table("Device classes (context: nothing is demanded)", columns=justified, rows=device_rows(devices))
        say("")
    say(validation_summary(results))


def validation_tables(results: pd.DataFrame) -> Iterator[tuple[str, list[list[str]]]]:
    """For each family: its name and a row of text for each quantity; of several points the worst one is shown."""
    for family, group in results.groupby("family", sort=False):
        rows: list[list[str]] = []
        for _, values in group.groupby(["case", "what", "quantity"], sort=False):
            row = _row(list(rows_of(values)))
            told = any(other[0] == row[0] and other[-1] == row[-1] for other in rows)
            rows.append([*row[:-1], ""] if told else row)
        yield str(family), rows


def _row(points: Sequence[Any]) -> list[str]:
    verdicts = [point.verdict for point in points]
    verdict = "outside" if "outside" in verdicts else verdicts[0]
    worst = max(points, key=lambda point: _distance(point.ratio) + (1e6 if point.verdict == "outside" else 0.0))
    several = f"; the worst of {len(points)}" if _distance(worst.ratio) >= 0 else f"; {len(points)} points"
    where = f" ({worst.at}{several if len(points) > 1 else ''})" if worst.at else ""
    return [
        worst.case,
        f"{worst.what}: {worst.quantity}{where}" if worst.what else worst.title,
        number(worst.expected),
        number(worst.got),
        MISSING
        if math.isnan(worst.ratio)
        else f"{worst.ratio:.4f}"
        if abs(worst.ratio) < 100
        else f"{worst.ratio:.3g}",
        worst.tolerance or MISSING,
        verdict,
        "" if verdict == "within" else worst.reason or worst.because,
    ]


def _distance(ratio: float) -> float:
    """How far a ratio lies from 1; a missing one is nearest."""
    if math.isnan(ratio):
        return -1.0
    return abs(math.log(ratio)) if ratio > 0 else 1e3


def number(value: float) -> str:
    """Six significant digits, or a dash."""
    return MISSING if math.isnan(value) else f"{value:.6g}"


def device_rows(devices: pd.DataFrame) -> list[list[str]]:
    """A row of text for each published point of a device."""
    return [
        [
            row.module,
            quantity(row.loss_db, "dB"),
            quantity(row.expected, "bit/s"),
            quantity(row.got, "bit/s"),
            f"{row.ratio:.3g}",
            row.reason,
        ]
        for row in rows_of(devices)
    ]


def validation_html(results: pd.DataFrame, *, devices: pd.DataFrame, curves: Sequence[Curve]) -> str:
    """The picture and the tables as one self-contained page without a script.

    Args:
        results: What `planner.validation.validate` returned.
        devices: What `planner.validation.device_points` returned.
        curves: What `planner.validation.model_curves` returned.

    Returns:
        HTML; the same arguments give the same text.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("planner.report", ""), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    picture = validation_svg(results, devices=devices, curves=curves)
    encoded = base64.b64encode(picture.encode()).decode()
    style = environment.get_template("report.css.j2").render(classes={}, symbols={})
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("validation.html.j2").render(
        style=Markup(style),  # noqa: S704 (our own style sheet)
        style_hash=f"sha256-{digest}",
        picture=f"data:image/svg+xml;base64,{encoded}",
        summary=validation_summary(results),
        headings=HEADINGS,
        tables=list(validation_tables(results)),
        devices=device_rows(devices),
        version=__version__,
    )
