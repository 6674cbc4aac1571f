"""Numbers as words: one way to write a rate, a length, a loss and a share, wherever a person reads them."""

from __future__ import annotations

import math

NOTHING = "–"
"""What is shown where there is no number."""

_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def per_second(rate: float | None, *, unit: str = "bit/s") -> str:
    """A rate with three significant digits and an SI prefix: ``"23.4 kbit/s"``.

    Args:
        rate: The rate per second.
        unit: What is counted; an empty unit leaves only the prefix: ``"23.4 k"``.
    """
    if rate is None or math.isnan(rate):
        return NOTHING
    for factor, prefix in _PREFIXES:
        # 999.5 and more would be rounded to four digits: it belongs to the next prefix.
        if abs(rate) >= 0.9995 * factor:
            return f"{_three_digits(rate / factor)} {prefix}{unit}"
    return f"{_three_digits(rate)} {unit}".rstrip()


def _three_digits(number: float) -> str:
    if number == 0:
        return "0"
    if abs(number) < 0.001:
        return f"{number:.2g}"
    decimals = max(0, 2 - math.floor(math.log10(abs(number)) + 1e-12))
    text = f"{number:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text and abs(number) < 1 else text


def kilometres(length_km: float | None) -> str:
    """A length: ``"71.2 km"``, ``"2,032 km"`` from a thousand on."""
    if length_km is None or math.isnan(length_km):
        return NOTHING
    return f"{length_km:,.0f} km" if length_km >= 1000 else f"{length_km:.1f} km"


def decibels(loss_db: float | None, *, unit: str = "dB") -> str:
    """A loss: ``"14.6 dB"``."""
    if loss_db is None or math.isnan(loss_db):
        return NOTHING
    return f"{loss_db:.1f} {unit}".rstrip()


def per_cent(fraction: float | None) -> str:
    """A share of one: ``"87 %"``, ``"2.4 %"`` below ten per cent."""
    if fraction is None or math.isnan(fraction):
        return NOTHING
    percentage = 100 * fraction
    return f"{percentage:.1f} %" if abs(percentage) < 9.95 and percentage != 0 else f"{percentage:.0f} %"


def count(number: int, noun: str) -> str:
    """A number of things: ``"1 demand"``, ``"12 demands"``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
