"""Makes a plan: budgets, demand rates, allocation, growth factor with proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.allocation import allocate
from planner.budget import link_budget
from planner.demand import demand_rates
from planner.errors import InputError, Problem
from planner.plan.result import Plan, Progress
from planner.plan.tables import link_loads, measured_routes, served_demands
from planner.plan.words import plan_warnings

if TYPE_CHECKING:
    from planner.allocation import Objective
    from planner.network import Network


def make_plan(
    network: Network, *, objective: Objective = "fair", shared: bool = False, progress: Progress | None = None
) -> Plan:
    """Plans a network: budgets, demand rates, allocation with protection, growth factor with proof, bottlenecks.

    Args:
        network: A network with at least one demand.
        objective: ``fair`` serves all demands alike (weighted max-min fair in the served fraction); ``total`` serves
            the most bits there are, and among such answers the fairest.
        shared: Whether protection routes (1+1) that no single failure calls for together share what they reserve.
        progress: Called with (what, steps done, steps in all) as the work goes on.

    Returns:
        The plan. A demand that cannot have the protection it asks for gets the strongest there is, with a warning.

    Raises:
        InputError: The network has no demand.
    """
    _check_demands(network)
    budget = link_budget(network)
    demands = demand_rates(network)
    allocation = allocate(
        network, budget=budget, demands=demands, objective=objective, shared=shared, progress=progress
    )
    return Plan(
        network=network,
        budget=budget,
        demands=served_demands(demands, served_bps=allocation.served_bps, protection_given=allocation.protection_given),
        links=link_loads(budget, allocation.routes, reserved_bps=allocation.reserved_bps),
        routes=measured_routes(budget, allocation.routes),
        growth=allocation.growth,
        levels=allocation.levels,
        warnings=plan_warnings(network, budget=budget, demands=demands, allocation=allocation),
        objective=objective,
        shared=shared,
        total=allocation.total,
        shortfalls=allocation.shortfalls,
        without_port=allocation.without_port,
    )


def _check_demands(network: Network) -> None:
    if network.demands.empty:
        raise InputError(
            Problem(
                "the network has no demand, and a plan needs at least one",
                file="demands.csv",
                expected="a row with demand_id, node_a, node_b and rate_bps, or service and units",
            )
        )
