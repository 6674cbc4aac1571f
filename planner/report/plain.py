"""Tables as plain data that JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def plain_rows(table: pd.DataFrame, fields: Iterable[str]) -> list[dict[str, Any]]:
    """Some columns of a table as rows that JSON can hold.

    Args:
        table: The table.
        fields: The columns; those that the table does not have are left out.

    Returns:
        A mapping a row; see :func:`plain_value`.
    """
    names = [name for name in fields if name in table.columns]
    columns = [table[name].tolist() for name in names]
    return [dict(zip(names, map(plain_value, values), strict=True)) for values in zip(*columns, strict=True)]


def plain_value(value: Any) -> Any:
    """A value that JSON can hold: what is missing, not a number or infinite becomes None."""
    if isinstance(value, tuple):
        return list(value)
    if value is None or isinstance(value, (str, bool, int, list, Mapping)):
        return value
    if isinstance(value, float) or hasattr(value, "item"):
        number = value if isinstance(value, float) else value.item()
        if not isinstance(number, float):
            return number
        return float(f"{number:.7g}") if math.isfinite(number) else None
    return None  # pandas' own mark for a missing value
