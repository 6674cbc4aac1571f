"""Cells as they are read become text and numbers; what cannot says why."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([, ']\d{3})+(\.\d+)?", re.ASCII)
_WITH_UNIT = re.compile(r"([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)\s*[^\W\d_%‰]+[\w/²³·]*")
_SHOWN = 60

_FORMULA_ERRORS = frozenset({"#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})


class CellError(ValueError):
    """A cell does not hold what its column needs.

    Attributes:
        expected: What would be right, where it is known better than the column's limits tell.
    """

    def __init__(self, message: str, *, expected: str | None = None) -> None:
        super().__init__(message)
        self.expected = expected


@dataclass(frozen=True)
class Uncomputed:
    """A formula that no spreadsheet has computed yet, so that its cell has no value."""

    formula: str


def did_you_mean(name: str) -> str:
    """What :func:`planner.errors.nearest` says where one known name is near."""
    return f"did you mean '{name}'?"


def plain(number: float) -> str:
    """A number as messages show it: ``200``, ``0.5``, ``1,000,000``, ``1e+15``."""
    if float(number).is_integer() and abs(number) < 1e9:
        return f"{int(number):,}" if abs(number) >= 10_000 else str(int(number))
    short = f"{number:g}"
    return short if float(short) == number or not isinstance(number, float) else str(number)


def quoted(value: Any, *, whole: bool = False) -> str:
    """A value as messages show it: text in quotes, shortened (a path is shown whole), without control characters."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return plain(value)
    if not isinstance(value, str):
        return str(value)[:_SHOWN]
    shown = value if whole or len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
    return "'" + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in shown) + "'"


def is_blank(cell: Any) -> bool:
    """Whether a cell is empty or holds white space alone."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def convert(cell: Any, *, dtype: str) -> str | float | int:
    """What a cell that is not blank holds, in the type of its column.

    Args:
        cell: Text of a CSV file, or a value of an Excel or TOML file.
        dtype: As :func:`planner.records.column_dtype` names it.

    Returns:
        Text without surrounding white space, a finite number, or a whole number.

    Raises:
        CellError: The cell holds something else.
    """
    if isinstance(cell, (list, dict)):
        raise CellError(f"is a {'list' if isinstance(cell, list) else 'table'} where one value belongs")
    if isinstance(cell, Uncomputed):
        message = f"the formula {quoted(cell.formula)} was never computed"
        raise CellError(message, expected="the file opened in Excel or LibreOffice and saved there")
    if isinstance(cell, str) and cell.strip() in _FORMULA_ERRORS:
        raise CellError(f"{cell.strip()} is what a formula says that could not be computed")
    if dtype == "object":
        return _text(cell)
    number = _number(cell)
    if dtype == "float64":
        return number
    if not number.is_integer():
        raise CellError(f"{quoted(cell)} is not a whole number")
    return int(number)


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        raise CellError(f"{str(cell).upper()} is a truth value where text belongs")
    if isinstance(cell, (dt.date, dt.time, dt.timedelta)):
        raise CellError(f"{cell} is a date or time where text belongs", expected="a cell formatted as text")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _number(cell: Any) -> float:
    if isinstance(cell, bool):
        raise CellError(f"{str(cell).upper()} is a truth value where a number belongs")
    if isinstance(cell, (dt.date, dt.time, dt.timedelta)):
        raise CellError(f"{cell} is a date or time where a number belongs", expected="a cell formatted as a number")
    if isinstance(cell, str):
        return _parse(cell.strip())
    try:
        number = float(cell)
    except (OverflowError, TypeError, ValueError):
        raise CellError(f"{quoted(cell)} is not a number that can be used") from None
    return _finite(number, quoted(cell))


def _parse(text: str) -> float:
    if _NUMBER.fullmatch(text):
        return _finite(float(text), text)
    shown = quoted(text)
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity", "∞"):
        raise CellError(f"{shown} is not a finite number")
    if _DECIMAL_COMMA.fullmatch(text):
        raise CellError(
            f"{shown} has a comma", expected=f"a point as decimal sign, '{text.replace(',', '.')}', no groups"
        )
    if _THOUSANDS.fullmatch(text):
        raise CellError(f"{shown} has its thousands grouped", expected=quoted(re.sub("[, ']", "", text)))
    if _NUMBER.fullmatch(plain := unicodedata.normalize("NFKC", text).replace("−", "-")):
        raise CellError(f"{shown} has digits or signs beyond ASCII", expected=f"'{plain}'")
    if unit := _WITH_UNIT.fullmatch(text):
        raise CellError(
            f"{shown} has a unit", expected=f"the number alone, '{unit[1]}', in the unit of the column's name"
        )
    if text.endswith("%"):
        raise CellError(f"{shown} is a percentage", expected="a fraction: 0.2 for 20 %")
    raise CellError(f"{shown} is not a number")


def _finite(number: float, shown: str) -> float:
    if not math.isfinite(number):
        raise CellError(f"{shown} is not a finite number")
    return number
