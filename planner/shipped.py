"""Finds what ships with the planner, in a checkout and in an installed wheel alike."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from planner.errors import InputError, Problem

Kind = Literal["networks", "modules", "services", "coexistence", "satellites", "costs", "reliability"]

_PACKAGE = Path(__file__).resolve().parent


def _shipped_folder(name: str) -> Path:
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _PACKAGE.parent / name


def data_dir() -> Path:
    """The folder with the shipped networks, modules, services and sources."""
    return _shipped_folder("data")


def maps_dir() -> Path:
    """The folder with what a map viewer's browser gets."""
    return _shipped_folder("maps")


def shipped_ids(kind: Kind) -> list[str]:
    """The ids of what ships, sorted.

    Args:
        kind: ``"networks"`` (folders), or one of the kinds that are TOML files: ``"modules"``, ``"services"``,
            ``"coexistence"``, ``"satellites"``, ``"costs"``, ``"reliability"``.

    Returns:
        Folder names for networks, file names without their ending for the others.
    """
    folder = data_dir() / kind
    if not folder.is_dir():
        return []
    if kind == "networks":
        return sorted(entry.parent.name for entry in folder.glob("*/network.toml"))
    return sorted(entry.stem for entry in folder.glob("*.toml"))


def read_toml(path: Path, *, name: str | None = None) -> dict[str, Any]:
    """Reads a TOML file.

    Args:
        path: The file.
        name: How to call the file in an error; its own name by default.

    Returns:
        The parsed table.

    Raises:
        InputError: The file is missing, unreadable, not UTF-8 or not TOML; names the line.
    """
    name = name or path.name
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise InputError(Problem("there is no such file", file=name)) from None
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", file=name)) from None
    except UnicodeDecodeError as error:
        raise InputError(Problem(f"is not UTF-8 text (byte {error.start})", file=name)) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(Problem(f"is not valid TOML: {error}", file=name)) from None
