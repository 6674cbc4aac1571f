"""A saved plan is read back: what was promised from ``plan.json``, the rest from its copy of the inputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.allocation import Cut, Growth, Level, Shortfall, Total
from planner.budget import link_budget
from planner.demand import demand_rates
from planner.errors import InputError, Problem
from planner.files import load
from planner.plan.result import Plan
from planner.plan.tables import link_loads, measured_routes, route_frame, served_demands

if TYPE_CHECKING:
    from planner.network import Network


def read_plan(directory: str | Path) -> Plan:
    """Reads a saved plan: what was promised from ``plan.json``, the rest from its copy of the inputs.

    Args:
        directory: Where :meth:`Plan.save` wrote it.

    Returns:
        The plan as it was saved, unverified; see :func:`planner.verify.verify_plan`.

    Raises:
        InputError: There is no plan, or it cannot be read.
    """
    folder = Path(directory)
    try:
        data = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(Problem(f"cannot be read as a plan: {error}", file=f"{folder.name}/plan.json")) from None
    network = load(folder / "inputs")
    try:
        return _plan(data, network=network.replace(name=str(data["network"])))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        problem = Problem(f"is not a plan of this planner: {error!r}", file=f"{folder.name}/plan.json")
        raise InputError(problem) from None


def _plan(data: dict[str, Any], *, network: Network) -> Plan:
    budget = link_budget(network)
    ordered = sorted(data["demands"], key=lambda row: str(row["demand_id"]))
    routes = route_frame({"demand_id": row["demand_id"], **route} for row in ordered for route in row["routes"])
    given = {row["demand_id"]: row["protection_given"] for row in data["demands"]}
    return Plan(
        network=network,
        budget=budget,
        demands=served_demands(
            demand_rates(network),
            served_bps={row["demand_id"]: float(row["served_bps"]) for row in data["demands"]},
            protection_given=given,
        ),
        links=link_loads(
            budget, routes, reserved_bps={row["link_id"]: float(row["reserved_bps"]) for row in data["links"]}
        ),
        routes=measured_routes(budget, routes),
        growth=Growth(**{**data["growth"], "routes": route_frame(data["growth"]["routes"])}),
        levels=tuple(Level(**{**level, "demands": tuple(level["demands"])}) for level in data["fairness"]["levels"]),
        warnings=tuple(data["warnings"]),
        objective=data["objective"],
        shared=data["shared"],
        total=None if data["total"] is None else Total(**data["total"]),
        shortfalls=tuple(_shortfall(row) for row in data["demands"] if row["shortfall"] is not None),
        without_port=tuple(data["without_port"]),
    )


def _shortfall(row: dict[str, Any]) -> Shortfall:
    cut = {name: tuple(ids) for name, ids in row["shortfall"]["cut"].items()}
    return Shortfall(
        demand_id=row["demand_id"],
        asked=row["protection"],
        given=row["protection_given"],
        routes=row["shortfall"]["routes"],
        cut=Cut(**cut),
    )
