"""Protection and limits of nodes in the report: which demands get less protection, which nodes are how busy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.plan.words import cut_parts
from planner.records import rows_of
from planner.report.page_tables import Cell, Column, Table, make_table, words_column
from planner.report.words import MISSING, demand_title, listing, quantity

if TYPE_CHECKING:
    from planner.plan import Plan


def shortfall_table(plan: Plan) -> Table:
    """The demands that get less protection than they ask for, and what all their routes have to pass."""
    titles = {
        row.demand_id: demand_title(plan.network, row.demand_id, node_a=row.node_a, node_b=row.node_b)
        for row in rows_of(plan.demands)
    }
    columns = (
        words_column("Demand"),
        words_column("Asked"),
        words_column("Given"),
        Column("Routes that share nothing"),
        words_column("Because every route passes one of"),
    )
    rows = [
        (
            Cell(titles[short.demand_id]),
            Cell(short.asked),
            Cell(short.given, mark="short"),
            Cell(f"{short.routes:,}"),
            Cell(listing(cut_parts(plan.network, short.cut)) or MISSING),
        )
        for short in plan.shortfalls
    ]
    note = "Two routes share nothing where they have no node but the two ends, no link and no risk group in common."
    return make_table(
        "Demands that get less protection than they ask for", columns, rows, note=note, file="demands.csv"
    )


def node_table(plan: Plan) -> Table:
    """The nodes that have a limit, the busiest first."""
    nodes = plan.nodes
    limited = nodes[nodes["relay_limit_bps"].notna() | nodes["user_ports"].notna()]
    limited = limited.sort_values("relay_utilisation", ascending=False, kind="stable", na_position="last")
    columns = (
        words_column("Node"),
        Column("Relay limit", "bit/s"),
        Column("Passed on", "bit/s"),
        Column("Of it reserved", "bit/s"),
        Column("Utilisation", "%"),
        Column("User ports"),
        Column("Ports used"),
    )
    rows = [
        (
            Cell(plan.network.node_names[row.node_id]),
            *(Cell(_bare(value, "bit/s")) for value in (row.relay_limit_bps, row.relayed_bps)),
            Cell(_bare(row.reserved_bps, "bit/s") if row.reserved_bps > 0 else ""),
            Cell(_bare(row.relay_utilisation, "%"), mark="short" if row.relay_utilisation > 1 + 1e-6 else ""),
            Cell(_ports(row.user_ports)),
            Cell("" if row.user_ports is pd.NA else f"{row.ports_used:,}"),
        )
        for row in rows_of(limited)
    ]
    note = (
        "A relay limit counts the key of the routes that the node lies inside of, a port each demand that ends there."
    )
    return make_table("Nodes with a limit, the busiest first", columns, rows, note=note, file="nodes.csv")


def _bare(value: float, unit: str) -> str:
    """A quantity without the unit that the heading says; nothing where there is no limit."""
    return "" if math.isnan(value) else quantity(value, unit).removesuffix(unit).rstrip()


def _ports(value: Any) -> str:
    return "" if value is pd.NA else f"{value:,}"
