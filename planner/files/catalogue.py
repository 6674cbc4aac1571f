"""What ships with the planner, with a line each."""

from __future__ import annotations

from typing import Any

from planner.shipped import Kind, data_dir, read_toml, shipped_ids

_KINDS: tuple[Kind, ...] = ("networks", "modules", "services")


def catalogue() -> dict[str, list[dict[str, Any]]]:
    """The shipped networks, modules and services.

    Returns:
        For each of the three, a list of ``{"id", "title", "title_local"}``, sorted by id.
    """
    return {kind: [_entry(kind, name) for name in shipped_ids(kind)] for kind in _KINDS}


def _entry(kind: Kind, name: str) -> dict[str, Any]:
    folder = data_dir() / kind
    path = folder / name / "network.toml" if kind == "networks" else folder / f"{name}.toml"
    content = read_toml(path)
    return {"id": name, "title": content["title"], "title_local": content.get("title_local")}
