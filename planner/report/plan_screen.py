"""A plan on a terminal: the demands served least, the busiest links and nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.records import rows_of
from planner.report.terminal import say, show_table
from planner.report.words import protection_text, quantity

if TYPE_CHECKING:
    from planner.plan import Plan

_DEMANDS_SHOWN = 12
"""How many demands a screen shows; the tables hold them all."""


def show_plan(plan: Plan) -> None:
    """Prints who is served least, and which links are busiest; nodes too where they have a limit."""
    _show_demands(plan)
    busiest = plan.links.sort_values(["utilisation", "link_id"], ascending=[False, True]).head(5)
    reserved = (plan.links["reserved_bps"] > 0).any()
    say("")
    show_table(
        "Busiest links",
        columns=[
            ("link", "left"),
            ("key rate", "right"),
            ("load", "right"),
            *([("of it reserved", "right")] if reserved else []),
            ("utilisation", "right"),
        ],
        rows=[
            [
                plan.network.link_titles[row.link_id],
                quantity(row.key_rate_bps, "bit/s"),
                quantity(row.load_bps, "bit/s"),
                *([quantity(row.reserved_bps, "bit/s")] if reserved else []),
                quantity(row.utilisation, "%"),
            ]
            for row in rows_of(busiest)
        ],
    )
    limited = plan.nodes[plan.nodes["relay_limit_bps"].notna()]
    if limited.empty:
        return
    say("")
    show_table(
        "Busiest nodes with a relay limit",
        columns=[("node", "left"), ("limit", "right"), ("passed on", "right"), ("utilisation", "right")],
        rows=[
            [
                plan.network.node_names[row.node_id],
                quantity(row.relay_limit_bps, "bit/s"),
                quantity(row.relayed_bps, "bit/s"),
                quantity(row.relay_utilisation, "%"),
            ]
            for row in rows_of(limited.sort_values(["relay_utilisation", "node_id"], ascending=[False, True]).head(5))
        ],
    )


def _show_demands(plan: Plan) -> None:
    names, asked = plan.network.node_names, (plan.demands["protection"] != "none").any()
    # rounded, so that the last digits of equal shares do not decide who comes first
    least = plan.demands.sort_values(
        ["served_fraction", "requested_bps"], ascending=[True, False], kind="stable", key=lambda column: column.round(9)
    )
    shown = least.head(_DEMANDS_SHOWN)
    show_table(
        f"{len(shown)} of {len(least)} demands, the least served first" if len(least) > len(shown) else "Demands",
        columns=[
            ("demand", "left"),
            ("between", "left"),
            ("asked", "right"),
            ("served", "right"),
            ("share", "right"),
            ("routes", "right"),
            *([("protection", "left")] if asked else []),
        ],
        rows=[
            [
                row.demand_id,
                f"{names[row.node_a]} – {names[row.node_b]}",
                quantity(row.requested_bps, "bit/s"),
                quantity(row.served_bps, "bit/s"),
                quantity(row.served_fraction, "%"),
                str((plan.routes["demand_id"] == row.demand_id).sum()),
                *([protection_text(row.protection, given=row.protection_given)] if asked else []),
            ]
            for row in rows_of(shown)
        ],
    )
