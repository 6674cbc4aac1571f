"""How results look: the one place for colours, classes, widths and symbols.

The lines of the map, its legend, the tables and the charts all take their classes from
:data:`MEASURES`, so a legend cannot show another scale than the lines. The colours keep apart in the
common kinds of colour blindness (smallest CIE76 distance between neighbours 17 in the light theme, 16
in the dark one, by the model of Machado et al., IEEE TVCG 15, 1291 (2009)); what must not be missed is
also shown by a pattern, never by colour alone.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

Pattern = Literal["solid", "dashed"]

LIGHT_COLOURS = ("#2166ac", "#5aa5d6", "#e0b000", "#e66101", "#9e0142")
"""Five colours from easy to strained, for a light ground."""

DARK_COLOURS = ("#4393c3", "#8ccbf0", "#ffd84d", "#ff8c3a", "#ff5c9a")
"""The same five for a dark ground."""

UNUSABLE_COLOURS = ("#868d97", "#a4adb9")
"""Lines that make no key, on a light and on a dark ground."""


@dataclass(frozen=True)
class Step:
    """A class of a measure.

    Attributes:
        label: What the legend says.
        below: The class holds values below this; None for the last one, and for classes by name.
        light: Colour on a light ground.
        dark: Colour on a dark ground.
        pattern: Of the line.
        name: The value itself, for a measure by name.
    """

    label: str
    below: float | None
    light: str
    dark: str
    pattern: Pattern = "solid"
    name: str | None = None


@dataclass(frozen=True)
class Measure:
    """Something that links can be coloured by.

    Attributes:
        key: Column of the tables of links that it is read from.
        title: Title for people.
        steps: The classes, in the order of their values.
        needs_plan: Whether there is such a value only once a plan was made.
    """

    key: str
    title: str
    steps: tuple[Step, ...]
    needs_plan: bool = False

    def classify(self, value: float | str | None) -> Step | None:
        """The class of a value.

        Args:
            value: A number, or a name where the classes have names.

        Returns:
            The class; None where the value is missing, not finite or no known name.
        """
        if isinstance(value, str):
            return next((step for step in self.steps if step.name == value), None)
        if value is None or math.isnan(value):
            return None
        return next((step for step in self.steps if step.below is None or value < step.below), None)


def _step(label: str, below: float | None, colour: int, *, pattern: Pattern = "solid", name: str | None = None) -> Step:
    return Step(label, below, LIGHT_COLOURS[colour], DARK_COLOURS[colour], pattern, name)


UNUSABLE = Step("no key (✕ at mid-span)", None, *UNUSABLE_COLOURS, pattern="dashed")
"""How a link without key is shown, whatever the measure."""

FAILED = Step("fails (✕)", None, "#c1121f", "#ff6b6b", pattern="dashed")
"""How a link that fails is shown while a failure is looked at."""

MEASURES: tuple[Measure, ...] = (
    Measure(
        key="utilisation",
        title="Utilisation of the key rate",
        needs_plan=True,
        steps=(
            _step("< 25 %", 0.25, 0),
            _step("25–50 %", 0.5, 1),
            _step("50–75 %", 0.75, 2),
            _step("75–100 %", 0.9995, 3),
            _step("100 % (full)", 1.0005, 4),
            _step("> 100 % (over-booked)", None, 4, pattern="dashed"),
        ),
    ),
    Measure(
        key="headroom_bps",
        title="Margin: key rate to spare",
        needs_plan=True,
        steps=(
            _step("< 0 (over-booked)", -0.5, 4, pattern="dashed"),
            _step("none (full)", 0.5, 4),
            _step("< 1 kbit/s", 1e3, 3),
            _step("1–10 kbit/s", 1e4, 2),
            _step("10–30 kbit/s", 3e4, 1),
            _step("≥ 30 kbit/s", None, 0),
        ),
    ),
    Measure(
        key="key_rate_bps",
        title="Secret key rate",
        steps=(
            _step("< 1 kbit/s", 1e3, 4),
            _step("1–10 kbit/s", 1e4, 3),
            _step("10–30 kbit/s", 3e4, 2),
            _step("30–100 kbit/s", 1e5, 1),
            _step("≥ 100 kbit/s", None, 0),
        ),
    ),
    Measure(
        key="loss_db",
        title="Loss of the link",
        steps=(
            _step("< 10 dB", 10, 0),
            _step("10–15 dB", 15, 1),
            _step("15–20 dB", 20, 2),
            _step("20–25 dB", 25, 3),
            _step("≥ 25 dB", None, 4),
        ),
    ),
    Measure(
        key="basis",
        title="Basis of the data",
        steps=(
            _step("published", None, 0, name="published"),
            _step("derived by arithmetic", None, 1, name="derived"),
            _step("assumed", None, 2, name="assumed"),
        ),
    ),
)
"""What links can be coloured by, the first one that has values being the default.

Utilisation is load over key rate. Margin (headroom) is key rate less load, in bit/s: what a further demand over the
link could get; half a bit per second on either side of nothing counts as full.
"""


_UTILISATION = next(measure for measure in MEASURES if measure.key == "utilisation")


@dataclass(frozen=True)
class Symbol:
    """How a kind of node is drawn: a path in a box from -10 to 10.

    Attributes:
        title: What the legend says.
        path: SVG path.
        colour: Fill, the same in both themes.
        size_px: Edge of the box on the screen.
        hole: Whether a light disc is drawn in the middle.
        important: Whether its name is shown from afar.
    """

    title: str
    path: str
    colour: str
    size_px: int
    hole: bool = False
    important: bool = True


SYMBOLS: dict[str, Symbol] = {
    "hub": Symbol(
        "Trusted node, end or branch", "M0,-9 7.8,-4.5 7.8,4.5 0,9 -7.8,4.5 -7.8,-4.5Z", "#0b3d91", 22, hole=True
    ),
    "relay": Symbol("Trusted relay", "M-8,-8H8V8H-8Z", "#3b4a5c", 13, important=False),
    "user": Symbol("User", "M-8,0A8,8 0 1 0 8,0A8,8 0 1 0 -8,0Z", "#0f7b6c", 17),
    "ground": Symbol("Ground station", "M0,-9 8.5,7 -8.5,7Z", "#7a1fa2", 19),
    "satellite": Symbol("Satellite", "M0,-9 2.6,-2.6 9,0 2.6,2.6 0,9 -2.6,2.6 -9,0 -2.6,-2.6Z", "#7a1fa2", 22),
    "switch": Symbol("Optical switch (no key)", "M0,-9 9,0 0,9 -9,0Z", "#8a5a00", 14, important=False),
    "measurement": Symbol("Measuring station (no key)", "M0,9 -8.5,-7 8.5,-7Z", "#8a5a00", 16, important=False),
}
"""By kind of node; trusted nodes are split into hubs (an end of a demand or of the line, a branch) and relays."""


def symbol_of(kind: str, *, is_end: bool, links: int) -> str:
    """The symbol of a node: trusted nodes are hubs where a demand, the line or several lines end, else relays.

    Args:
        kind: The kind of the node.
        is_end: Whether a demand ends there.
        links: How many links end there.

    Returns:
        A key of :data:`SYMBOLS`.
    """
    return kind if kind != "trusted" else "hub" if is_end or links != 2 else "relay"


LOSS_PARTS: tuple[tuple[str, str, str, str], ...] = (
    ("fibre_loss_db", "Fibre", "#3a7ade", "#5b97f2"),
    ("extra_loss_db", "Extra", "#8e63ce", "#b08be6"),
    ("receiver_loss_db", "Receiver", "#d99a00", "#f0bc3c"),
    ("detector_loss_db", "Detector", "#6b7787", "#93a1b3"),
)
"""Where the decibels go: column, title, colour on light, colour on dark."""

BIT_PARTS: tuple[tuple[str, str, str, str], ...] = (
    ("error_correction_bps", "Error correction", "#d99a00", "#f0bc3c"),
    ("privacy_amplification_bps", "Privacy amplification", "#8e63ce", "#b08be6"),
    ("finite_size_bps", "Finite size", "#6b7787", "#93a1b3"),
    ("model_key_rate_bps", "Key", "#1c8a5f", "#46c492"),
)
"""Where the sifted bits go, likewise."""


def line_width_px(key_rate_bps: float | None) -> float:
    """Width of a link's line: logarithmic in its key rate.

    Args:
        key_rate_bps: Secret key rate; None or NaN where unknown.

    Returns:
        ``1.6 + 1.7 log10(rate / 100 bit/s)``, between 1.6 and 10 pixels.
    """
    if key_rate_bps is None or not key_rate_bps > 100:
        return 1.6
    return min(10.0, 1.6 + 1.7 * math.log10(key_rate_bps / 100))


def style_document(*, with_plan: bool) -> dict[str, Any]:
    """The style as plain data, for the map's viewer.

    Args:
        with_plan: Whether the values that only a plan has are there.

    Returns:
        Measures, symbols, parts of the bars and line widths of the legend.
    """
    part_keys = ("key", "title", "light", "dark")
    return {
        "measures": [
            {**asdict(measure), "steps": [asdict(step) for step in measure.steps]}
            for measure in MEASURES
            if with_plan or not measure.needs_plan
        ],
        "unusable": asdict(UNUSABLE),
        "failed": asdict(FAILED),
        "symbols": {kind: asdict(symbol) for kind, symbol in SYMBOLS.items()},
        "loss_parts": [dict(zip(part_keys, part, strict=True)) for part in LOSS_PARTS],
        "bit_parts": [dict(zip(part_keys, part, strict=True)) for part in BIT_PARTS],
        "strip_colours": {
            **{f"load-{i}": {"light": step.light, "dark": step.dark} for i, step in enumerate(_UTILISATION.steps)},
            **{f"loss-{i}": {"light": light, "dark": dark} for i, (_, _, light, dark) in enumerate(LOSS_PARTS)},
            **{kind: {"light": symbol.colour, "dark": symbol.colour} for kind, symbol in SYMBOLS.items()},
            "unusable": {"light": UNUSABLE.light, "dark": UNUSABLE.dark},
        },
        "width_samples": [
            {"label": label, "width_px": round(line_width_px(rate), 2)}
            for label, rate in (("100", 1e2), ("1 k", 1e3), ("10 k", 1e4), ("100 k", 1e5))
        ],
    }
