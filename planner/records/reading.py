"""Records that stand in a TOML file of their own: shipped, or the user's."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from planner.errors import InputError, Problem, nearest
from planner.records.fields import Record
from planner.shipped import Kind, data_dir, read_toml, shipped_ids

_R = TypeVar("_R", bound=Record)


def read_record(record: type[_R], path: Path) -> _R:
    """Reads a TOML file as one record.

    Args:
        record: The class of the record.
        path: The file.

    Returns:
        The record.

    Raises:
        InputError: The file cannot be read, or something in it is wrong; every problem at once.
    """
    try:
        return record.model_validate(read_toml(path))
    except ValidationError as error:
        raise InputError(
            Problem(one["msg"], file=path.name, column=".".join(map(str, one["loc"])) or None) for one in error.errors()
        ) from None


def read_figures(record: type[_R], reference: str | Path, *, kind: Kind, called: str) -> _R:
    """Reads figures that belong to no network, by a shipped id or from a TOML file of the same keys.

    Args:
        record: The class of the record.
        reference: The id, or the path.
        kind: The folder of ``data`` with those that ship.
        called: What they are called, in the plural.

    Returns:
        The record.

    Raises:
        InputError: There is no such file, or something in it is wrong; every problem at once.
    """
    shipped, path = shipped_ids(kind), Path(reference)
    if str(reference) in shipped:
        path = data_dir() / kind / f"{reference}.toml"
    elif not path.is_file():
        raise InputError(Problem(f"there are no {called} '{reference}'", expected=nearest(str(reference), shipped)))
    return read_record(record, path)
