"""A plan as plain data, ready for JSON: what ``plan.json`` holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner import __version__
from planner.records import rows_of

if TYPE_CHECKING:
    import pandas as pd

    from planner.allocation import Level, Shortfall, Total
    from planner.plan.result import Plan


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as plain data.

    Args:
        plan: The plan.

    Returns:
        What ``plan.json`` holds: its keys are promised, and more may be added.
    """
    columns = ["link_id", "key_rate_bps", "load_bps", "reserved_bps", "utilisation"]
    return {
        "network": plan.network.name,
        "title": plan.network.title,
        "objective": plan.objective,
        "shared": plan.shared,
        "demands": _demands(plan),
        "links": plan.links[columns].to_dict("records"),
        "growth": {
            "factor": plan.growth.factor,
            "bound": plan.growth.bound,
            "gap": plan.growth.gap,
            "prices": plan.growth.prices,
            "resource_prices": plan.growth.resource_prices,
            "routes": _routes(plan.growth.routes, with_demand=True),
        },
        "fairness": {"levels": [_level(level) for level in plan.levels]},
        "total": None if plan.total is None else _total(plan.total),
        "without_port": list(plan.without_port),
        "bottlenecks": plan.bottlenecks[
            ["link_id", "module_group", "node_id", "failure", "limits", "demands_limited", "sentence"]
        ].to_dict("records"),
        "warnings": list(plan.warnings),
        "inputs": {f"inputs/{file.name}": file.sha256 for file in plan.inputs},
        "files_read": {file.name: file.sha256 for file in plan.network.files},
        "version": __version__,
    }


def _demands(plan: Plan) -> list[dict[str, Any]]:
    served = {str(demand): routes for demand, routes in plan.routes.groupby("demand_id", sort=False)}
    short = {shortfall.demand_id: shortfall for shortfall in plan.shortfalls}
    return [
        {
            "demand_id": row.demand_id,
            "node_a": row.node_a,
            "node_b": row.node_b,
            "requested_bps": row.requested_bps,
            "served_bps": row.served_bps,
            "protection": row.protection,
            "protection_given": row.protection_given,
            "shortfall": _shortfall(short.get(row.demand_id)),
            "routes": _routes(served.get(row.demand_id), with_demand=False),
        }
        for row in rows_of(plan.demands)
    ]


def _shortfall(shortfall: Shortfall | None) -> dict[str, Any] | None:
    if shortfall is None:
        return None
    cut = {name: list(getattr(shortfall.cut, name)) for name in ("nodes", "links", "risk_groups")}
    return {"routes": shortfall.routes, "cut": cut}


def _routes(routes: pd.DataFrame | None, *, with_demand: bool) -> list[dict[str, Any]]:
    if routes is None:
        return []
    return [
        ({"demand_id": row.demand_id} if with_demand else {})
        | {"nodes": list(row.nodes), "links": list(row.links), "rate_bps": row.rate_bps}
        | {"role": row.role, "set": row.set}
        for row in rows_of(routes)
    ]


def _level(level: Level) -> dict[str, Any]:
    return {
        "level": level.level,
        "demands": list(level.demands),
        "served_in_full": level.served_in_full,
        "prices": level.prices,
        "resource_prices": level.resource_prices,
    }


def _total(total: Total) -> dict[str, Any]:
    return {name: getattr(total, name) for name in ("served_bps", "bound", "gap", "prices", "resource_prices")}
