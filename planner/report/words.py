"""Numbers, lists and names as people read them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.network import Network

MISSING = "–"
"""Shown where there is no number."""

_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))

NAMED_AT_MOST = 5
"""How many demands a sentence names before it says how many more there are."""


def quantity(value: float | None, unit: str) -> str:
    """A number with its unit, rounded as a person reads it; the one place where numbers become text.

    Args:
        value: The number; None and NaN mean that there is none.
        unit: ``bit/s`` and ``1/s`` (three significant digits and a prefix), ``km``, ``dB``, ``%`` (of a
            fraction), or anything else, which is written behind the number.

    Returns:
        For instance ``20.3 kbit/s``, ``625 M/s``, ``2,032 km``, ``14.2 dB``, ``87.5 %``.
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    write = _WRITERS.get(unit)
    return write(value, unit) if write else f"{_plain(value)} {unit}".rstrip()


def _length(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if round(abs(value), 1) >= 100 else f"{value:.1f} {unit}"


def _decibels(value: float, unit: str) -> str:
    return f"{value:.1f} {unit}"


def _with_prefix(value: float, unit: str) -> str:
    unit = unit.removeprefix("1")
    if value == 0:
        return f"0 {unit}"
    rounded = float(f"{value:.3g}")
    scale, prefix = prefix_of(rounded)
    scaled = rounded / scale
    if abs(scaled) < 1e-3:
        return f"{scaled:.2e} {unit}"
    digits = max(0, 2 - math.floor(math.log10(abs(scaled)) + 1e-9))
    return f"{scaled:,.{digits}f} {prefix}{unit}"


def _percent(fraction: float, unit: str) -> str:
    """A fraction in per cent that never claims more than is true: 99.97 % is not 100 %."""
    if fraction == 0 or abs(fraction - 1) < 1e-6:
        return f"{round(fraction * 100)} {unit}"
    for least, limit, shown in ((0, 0.0005, "< 0.1"), (0.9995, 1, "> 99.9"), (1, 1.0005, "> 100")):
        if least < fraction < limit:
            return f"{shown} {unit}"
    return f"{fraction * 100:,.1f} {unit}"


def _plain(value: float) -> str:
    if value != 0 and not 1e-3 <= abs(value) < 1e9:
        return f"{value:.6g}"
    return f"{value:,.10g}"


_WRITERS = {"bit/s": _with_prefix, "1/s": _with_prefix, "km": _length, "dB": _decibels, "%": _percent}


def prefix_of(value: float) -> tuple[float, str]:
    """The unit prefix in which a value is well read, and what it stands for: ``(1000.0, "k")``."""
    return next(((scale, prefix) for scale, prefix in _PREFIXES if abs(value) >= scale), (1.0, ""))


def tick_label(value: float, unit: str) -> str:
    """A round number on an axis, without needless zeros: ``20 kbit/s``."""
    number, _, rest = quantity(value, unit).partition(" ")
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return f"{number} {rest}" if value else "0"


def fold(factor: float) -> str:
    """A growth factor, rounded down so that it never promises too much: ``1.31``."""
    if factor == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(factor))) if factor < 10 else 1
    step = 10.0**digits
    return f"{math.floor(factor * (1 + 1e-9) * step) / step:,.{digits}f}"


def count(number: int, noun: str) -> str:
    """``1 demand``, ``12 demands``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listing(parts: Sequence[str], *, at_most: int = NAMED_AT_MOST) -> str:
    """``A, B and C``, or ``A, B and 7 more``."""
    shown = list(parts) if len(parts) <= at_most else [*parts[: at_most - 1], f"{len(parts) - at_most + 1} more"]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def demand_title(network: Network, demand_id: str, *, node_a: str, node_b: str) -> str:
    """How a demand is called in a sentence: the places it joins and its id."""
    return f"{network.link_title(node_a, node_b)} ({demand_id})"


def protection_text(asked: str, *, given: str | None) -> str:
    """The protection of a demand: ``1+1``, or ``1+1 asked, none given``."""
    return asked if given in (asked, None) else f"{asked} asked, {given} given"


def route_title(network: Network, nodes: Sequence[str]) -> str:
    """The places of a route in order; of a long one only the ends and how many lie between."""
    names = [network.node_names[node] for node in nodes]
    if len(names) <= 5:
        return " → ".join(names)
    return f"{names[0]} → {names[1]} → … {count(len(names) - 4, 'node')} … → {names[-2]} → {names[-1]}"


def channel_title(network: Network) -> str:
    """What the part of the loss that lies between two sites is called."""
    return "Channel" if network.satellite_links else "Fibre"
