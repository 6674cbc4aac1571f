"""A sheet to draw on: SVG that takes its colours from the page's style sheet.

Text stays text, so that the reader's own fonts show it in any script, and every text goes through an XML
writer, so that no name can become markup.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence

from markupsafe import Markup


class Drawing:
    """An SVG picture in the making.

    Args:
        width: Width of the picture in its own units, about pixels.
        height: Height likewise.
        title: What it shows, for people who cannot see it.
    """

    def __init__(self, width: float, height: float, *, title: str) -> None:
        box = f"0 0 {_number(width)} {_number(height)}"
        self._root = ET.Element("svg", {"viewBox": box, "role": "img", "class": "drawing", "aria-label": title})
        self.width = width
        self.height = height

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        kind: str,
        tip: str | None = None,
        link: str | None = None,
    ) -> None:
        """A rectangle of a class of the style sheet; ``tip`` is shown under the mouse, ``link`` says whose it is."""
        sides = {"x": x, "y": y, "width": max(0.0, width), "height": max(0.0, height)}
        self._add("rect", sides, kind=kind, tip=tip, more=None if link is None else {"data-link": _xml_text(link)})

    def line(self, x1: float, y1: float, x2: float, y2: float, *, kind: str, tip: str | None = None) -> None:
        """A straight line."""
        self._add("line", {"x1": x1, "y1": y1, "x2": x2, "y2": y2}, kind=kind, tip=tip)

    def path(self, outline: str, *, x: float, y: float, scale: float, kind: str, tip: str | None = None) -> None:
        """A path of our own, such as a symbol, moved and scaled."""
        move = f"translate({_number(x)} {_number(y)}) scale({_number(scale)})"
        self._add("path", {}, kind=kind, tip=tip, more={"d": outline, "transform": move})

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        kind: str,
        anchor: str = "start",
        turn_deg: float = 0,
        tip: str | None = None,
        local: str | None = None,
    ) -> None:
        """A line of text; ``anchor`` is ``start``, ``middle`` or ``end``; ``local`` follows, less weighty."""
        more = {"text-anchor": anchor}
        if turn_deg:
            more["transform"] = f"rotate({_number(turn_deg)} {_number(x)} {_number(y)})"
        element = self._add("text", {"x": x, "y": y}, kind=kind, tip=tip, more=more)
        element.text = _xml_text(text)
        if local:
            ET.SubElement(element, "tspan", {"class": "minor", "dx": "4"}).text = _xml_text(local)

    def markup(self) -> Markup:
        """The picture, ready to stand in a page."""
        return Markup(ET.tostring(self._root, encoding="unicode"))  # noqa: S704 (the XML writer escapes)

    def _add(
        self,
        tag: str,
        numbers: dict[str, float],
        *,
        kind: str,
        tip: str | None = None,
        more: dict[str, str] | None = None,
    ) -> ET.Element:
        attributes = {name: _number(value) for name, value in numbers.items()}
        element = ET.SubElement(self._root, tag, attributes | {"class": kind} | (more or {}))
        if tip is not None:
            ET.SubElement(element, "title").text = _xml_text(tip)
        return element


def linear_scale(limit: float, *, length: float) -> Callable[[float], float]:
    """Values from 0 to ``limit`` onto 0 to ``length``; what is beyond or missing stays at the edge."""
    top = limit if limit > 0 else 1.0
    return lambda value: 0.0 if math.isnan(value) else min(max(value, 0.0) / top, 1.0) * length


def log_scale(least: float, limit: float, *, length: float) -> Callable[[float], float]:
    """Values from ``least`` to ``limit`` onto 0 to ``length`` by their logarithm; 0 and missing at 0."""
    start = math.log10(least)
    decades = max(math.log10(limit) - start, 1e-9)
    return lambda value: min(max((math.log10(value) - start) / decades, 0.0), 1.0) * length if value > 0 else 0.0


def ticks(limit: float, *, about: int = 5) -> Sequence[float]:
    """Round values from 0 to not more than ``limit``, about so many."""
    if not limit > 0:
        return (0.0,)
    rough = limit / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * (1 - 1e-9))
    return tuple(step * i for i in range(math.floor(limit / step * (1 + 1e-9)) + 1))


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if value == value else "0"  # noqa: PLR0124 (NaN)


def _xml_text(text: str) -> str:
    """Without the control characters that XML has no place for."""
    return "".join(letter if letter >= " " or letter in "\t\n" else "\ufffd" for letter in text)


def shortened(text: str, longest: int) -> str:
    """A label of at most so many letters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
