"""Records become DataFrames, and cells become what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    import pandas as pd

    from planner.records.fields import Record


def column_dtype(record: type[Record], column: str) -> str:
    """The pandas dtype of a field: ``object`` (text), ``float64``, ``int64`` or ``Int64``."""
    annotation = record.model_fields[column].annotation
    types = set(get_args(annotation)) or {annotation}
    if float in types:
        return "float64"
    if int in types:
        return "Int64" if NoneType in types else "int64"
    return "object"


def to_frame(record: type[Record], rows: Iterable[Mapping[str, Any] | Record]) -> pd.DataFrame:
    """A DataFrame with a column for every field of a record.

    Args:
        record: The record class of the table.
        rows: Records, or mappings that validate as such.

    Returns:
        One row a record, in the given order; text as ``object`` with None, numbers as ``float64`` with NaN.

    Raises:
        pydantic.ValidationError: A row is not a valid record.
    """
    import pandas as pd

    records = [row if isinstance(row, record) else record.model_validate(row) for row in rows]
    columns = {
        name: pd.Series([getattr(r, name) for r in records], dtype=column_dtype(record, name))
        for name in record.model_fields
    }
    return pd.DataFrame(columns)


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of a table, one after another, each with its cells as attributes."""
    return iter(frame.itertuples(index=False))


def split_list(text: str | None) -> tuple[str, ...]:
    """The parts of a ``;``-separated cell, without blanks."""
    return tuple(part.strip() for part in (text or "").split(";") if part.strip())


def shared_by(link: Any) -> tuple[tuple[str, str], ...]:
    """What a link shares with others besides its ends, kind and name, sorted: it fails with each of them.

    Its risk groups, ``("risk_group", name)``, and the switches or the station of its ``via``, ``("node", node_id)``.
    """
    groups = {("risk_group", name) for name in split_list(link.risk_groups)}
    return tuple(sorted(groups | {("node", node_id) for node_id in split_list(link.via)}))
