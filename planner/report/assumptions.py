"""The list of assumptions: every assumed figure of the input, those of one row together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.report.page_tables import MOST_ROWS

if TYPE_CHECKING:
    import pandas as pd

_ASSUMED_IN = {
    "network.toml": "Defaults of the links",
    "modules": "Modules",
    "services": "Services",
    "coexistence": "Classical channels",
    "satellites": "Satellites",
    "links": "Links",
    "nodes": "Nodes",
    "demands": "Demands",
}


@dataclass(frozen=True)
class Assumption:
    """The assumed figures of one row of the input, of one source and remark."""

    row: str
    figures: str
    source: str
    note: str


@dataclass(frozen=True)
class Assumptions:
    """What is assumed in one file of the input."""

    title: str
    entries: tuple[Assumption, ...]
    remark: str = ""


def assumption_lists(assumptions: pd.DataFrame) -> tuple[Assumptions, ...]:
    """Every assumed figure, by file of the input, those of one row together.

    Args:
        assumptions: The table ``assumptions`` of :func:`planner.report.tables.plan_tables`.

    Returns:
        What weighs most first: defaults and modules, services, classical channels, satellites, links, then nodes and
        demands. Names are as in the input files, whose ends are the units.
    """
    order = ("network.toml", "modules", "services", "coexistence", "satellites", "links", "nodes", "demands")
    grouped: dict[str, dict[tuple[str, str, str], list[str]]] = {}
    for row in assumptions.to_dict("records"):
        kind = row["table"].partition("/")[0]
        name = row["row"] if kind == row["table"] else f"{row['row']} ({row['table'].partition('/')[2]})"
        value = row["value"] if isinstance(row["value"], str) else f"{row['value']:.10g}"
        entry = grouped.setdefault(kind, {}).setdefault((name, row["source"] or "", row["note"] or ""), [])
        entry.append(f"{row['column']}\u00a0{value}")
    lists = []
    for kind in sorted(grouped, key=order.index):
        entries, told = [], set()
        for (name, source, note), values in grouped[kind].items():
            entries.append(Assumption(name, " · ".join(values), source, "" if (name, note) in told else note))
            told.add((name, note))
        remark = f"The first {MOST_ROWS:,} of {len(entries):,}; assumptions.csv has all." * (len(entries) > MOST_ROWS)
        lists.append(Assumptions(_ASSUMED_IN[kind], tuple(entries[:MOST_ROWS]), remark))
    return tuple(lists)
