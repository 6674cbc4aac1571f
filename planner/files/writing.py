"""A network is written out flat and complete: its files are enough to read it again, without anything shipped."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from planner.files.naming import is_module_path
from planner.network import InputFile
from planner.records import TABLES

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import BaseModel

    from planner.network import Network
    from planner.physics.module import Module


_FILE_NAME = re.compile(r"\w[\w.-]{0,49}")


def input_files(network: Network) -> tuple[InputFile, ...]:
    """The files of a folder from which :func:`planner.load` gives the same network again.

    The tables are joined and their blanks filled; numbers are written so that they are read back bit for bit.
    A module that was named by a path gets an id of its own, and the links name that; so does a profile whose name is
    none of a file. What the tables do not name
    (a service without demand, a source without a figure) is not found again.

    Args:
        network: The network.

    Returns:
        ``network.toml``, ``nodes.csv``, ``links.csv``, ``demands.csv``, ``sources.toml``, ``modules/<id>.toml``,
        ``services/<id>.toml``, ``coexistence/<id>.toml`` and ``satellites/<id>.toml``, as far as the network has them,
        in the order of their names.
    """
    ids, profiles = _ids(network.modules, kind="module"), _ids(network.coexistence, kind="coexistence")
    orbits = _ids(network.satellites, kind="satellite")
    info = {
        "title": network.title,
        "title_local": network.title_local,
        "description": network.description,
        "name": network.name,
    }
    contents = {"network.toml": toml_bytes(info)}
    for name, record in TABLES.items():
        frame: pd.DataFrame = getattr(network, name)
        if name == "links":
            named = {"module": ids, "coexistence": profiles}
            frame = frame.assign(**{column: _renamed(frame[column], names) for column, names in named.items()})
        if name == "nodes":
            frame = frame.assign(satellite=_renamed(frame["satellite"], orbits))
        contents[f"{name}.csv"] = csv_bytes(
            zip(*(frame[column] for column in record.model_fields), strict=True), columns=record.model_fields
        )
    for name, module in network.modules.items():
        contents[f"modules/{ids[name]}.toml"] = toml_bytes(_module(module))
    for name, service in network.services.items():
        contents[f"services/{name}.toml"] = toml_bytes(_record(service))
    for name, profile in network.coexistence.items():
        contents[f"coexistence/{profiles[name]}.toml"] = toml_bytes(_record(profile))
    for name, satellite in network.satellites.items():
        contents[f"satellites/{orbits[name]}.toml"] = toml_bytes(_record(satellite))
    if network.sources:
        contents["sources.toml"] = toml_bytes({key: _record(source) for key, source in sorted(network.sources.items())})
    return tuple(InputFile(name=name, content=content) for name, content in sorted(contents.items()))


def _renamed(column: pd.Series[Any], names: Mapping[str, str]) -> pd.Series[Any]:
    return column.map(lambda name: names.get(name, name)).astype("object")


def _ids(names: Iterable[str], *, kind: str) -> dict[str, str]:
    """An id for everything named that can name a file: its own name where it can, else one made of that."""
    ids = {name: name for name in names if _FILE_NAME.fullmatch(name) and not is_module_path(name)}
    taken = {name.lower() for name in ids}  # some file systems do not tell upper from lower case
    for name in sorted(name for name in names if name not in ids):
        stem = PurePosixPath(name.replace("\\", "/")).name.removesuffix(".toml")
        base = re.sub(r"[^\w.-]+", "-", stem)[:50].strip("-.") or kind
        number = 1
        while (unique := base if number == 1 else f"{base}-{number}").lower() in taken:
            number += 1
        ids[name] = unique
        taken.add(unique.lower())
    return ids


def _module(module: Module) -> dict[str, Any]:
    return {
        "title": module.title,
        "title_local": module.title_local,
        "note": module.note,
        "protocol": module.protocol,
        "basis": module.basis,
        "source": module.source,
        **module.parameters,
        "parameter_basis": dict(module.parameter_basis) or None,
        "parameter_source": dict(module.parameter_source) or None,
        "published": [dict(point) for point in module.published] or None,
    }


def _record(record: BaseModel) -> dict[str, Any]:
    return record.model_dump(exclude_defaults=True)


def toml_bytes(table: Mapping[str, Any]) -> bytes:
    """A table as TOML; what is None is left out."""
    import tomli_w

    return tomli_w.dumps({key: value for key, value in table.items() if value is not None}).encode()


def csv_bytes(rows: Iterable[Iterable[Any]], *, columns: Iterable[str]) -> bytes:
    """A table as CSV.

    Args:
        rows: The cells of each row, in the order of the columns.
        columns: The header.

    Returns:
        UTF-8 text; numbers in the shortest digits that give the same number again, blanks for None and NaN.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    """A cell: blank for nothing, and the shortest digits that give the same number again."""
    if value is None or str(value) == "<NA>" or value != value:  # noqa: PLR0124 (only NaN differs from itself)
        return ""
    return value if isinstance(value, str) else repr(value.item() if hasattr(value, "item") else value)
