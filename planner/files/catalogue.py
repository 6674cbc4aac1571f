"""What ships with the planner."""

from __future__ import annotations

from typing import Any

from planner.shipped import data_dir, read_toml, shipped_ids


def catalogue() -> dict[str, list[dict[str, Any]]]:
    """The shipped networks, modules, services, coexistence profiles and satellites.

    Returns:
        For ``"networks"``, ``"modules"``, ``"services"``, ``"coexistence"`` and ``"satellites"``: an entry for each,
        sorted by ``"id"``, with ``"title"`` and ``"title_local"`` (None where there is none).

    Raises:
        InputError: A shipped file is damaged.
    """
    paths = {
        "networks": [(name, data_dir() / "networks" / name / "network.toml") for name in shipped_ids("networks")],
        "modules": [(name, data_dir() / "modules" / f"{name}.toml") for name in shipped_ids("modules")],
        "services": [(name, data_dir() / "services" / f"{name}.toml") for name in shipped_ids("services")],
        "coexistence": [(name, data_dir() / "coexistence" / f"{name}.toml") for name in shipped_ids("coexistence")],
        "satellites": [(name, data_dir() / "satellites" / f"{name}.toml") for name in shipped_ids("satellites")],
    }
    entries: dict[str, list[dict[str, Any]]] = {}
    for kind, found in paths.items():
        tables = [(name, read_toml(path, name=f"data/{kind}/{path.name}")) for name, path in found]
        entries[kind] = [
            {"id": name, "title": str(table.get("title", name)), "title_local": table.get("title_local")}
            for name, table in tables
        ]
    return entries
