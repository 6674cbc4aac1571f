"""Allocation: who gets how much key over which routes, with a proof that nobody can get more.

Two answers, both by linear programs over routes (:mod:`planner.allocation.program`): the growth factor, and the
weighted max-min fair served rates. Both come with prices of the links, by which anybody can check them with a
shortest-path routine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from planner.allocation.fair import fill
from planner.allocation.growth import grow
from planner.allocation.program import RouteProgram
from planner.allocation.requests import Requests
from planner.allocation.result import Allocation, Cut, Growth, Level, Objective, Shortfall, Total
from planner.allocation.settle import Flow, route_table, served_bps
from planner.routing.cheapest import CheapestRoutes
from planner.routing.topology import Topology

if TYPE_CHECKING:
    import pandas as pd

    from planner.network import Network

__all__ = [
    "Allocation",
    "Cut",
    "Growth",
    "Level",
    "Objective",
    "Progress",
    "Shortfall",
    "Total",
    "allocate",
]

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""

_FAR = 100.0  # a program with room for so much growth is too coarse for the requests themselves


def allocate(
    network: Network,
    *,
    budget: pd.DataFrame,
    demands: pd.DataFrame,
    objective: Objective = "fair",
    shared: bool = False,
    growth: bool = True,
    progress: Progress | None = None,
) -> Allocation:
    """Divides the key rates of the links among the demands.

    A key uses its rate on every link of its route, in either direction; only relaying nodes are passed through; the
    links of a module group share their time. Demands of zero are served zero and stay outside growth. The
    answer does not depend on the order of the rows.

    Args:
        network: The network.
        budget: Its key-rate budget: one row a link with ``link_id``, ``node_a``, ``node_b``, ``length_km``,
            ``key_rate_bps``.
        demands: ``demand_id``, ``node_a``, ``node_b``, ``requested_bps``, ``priority``.
        objective: What to divide for: ``fair`` raises all demands together (weighted max-min fair rates), ``total``
            serves the most key and is fair among the answers that do.
        shared: Whether protection routes of demands whose working routes cannot fail together share their key.
        growth: Whether to find the growth factor too; without it, it is as if nothing asked for key.
        progress: Told what is being done, how much of it is done, and of how much.

    Returns:
        Served rates, routes, the growth factor and the proofs.

    Raises:
        InputError: A demand ends at a node that does not exist or holds no key.
    """
    topology = Topology.of(network, budget=budget)
    asked = Requests.of(demands, topology=topology)
    reachable = np.isfinite(CheapestRoutes(topology, pairs=asked.pairs).costs(np.ones(len(topology.link_ids))))[
        asked.pair_of
    ]
    unreachable = tuple(name for name, reached in zip(asked.demand_ids, reachable.tolist(), strict=True) if not reached)
    requests = asked.only(reachable)
    flows: list[Flow] = []
    levels: tuple[Level, ...] = ()
    growing = growth and not unreachable
    grown = _no_growth(0.0 if growth and unreachable else None, topology=topology, requests=requests)
    if requests.demand_ids:
        program = RouteProgram(topology, requests=requests, growing=growing)
        if growing:
            if progress is not None:
                progress("growth factor", 0, 1)
            grown = grow(program, topology=topology)
            if program.stretch > _FAR:
                program = RouteProgram(topology, requests=requests, growing=False)
        flows, levels = fill(program, topology=topology, progress=progress)
    served = dict.fromkeys(sorted(demands["demand_id"]), 0.0)
    rates = served_bps(flows, demands=len(requests.demand_ids))
    for name, rate, most in zip(requests.demand_ids, rates, requests.requested_bps.tolist(), strict=True):
        served[name] = min(rate, most)
    routes = route_table(flows, requests=requests, topology=topology)
    return Allocation(
        served_bps=served,
        routes=routes,
        growth=grown,
        levels=levels,
        unreachable=unreachable,
        protection_given=dict.fromkeys(requests.demand_ids, "none"),
        reserved_bps=dict.fromkeys(topology.link_ids, 0.0),
    )


def _no_growth(value: float | None, *, topology: Topology, requests: Requests) -> Growth:
    """Growth where a demand has no route (0) or no request is positive (None)."""
    nothing = route_table([], requests=requests, topology=topology)
    return Growth(factor=value, bound=value, gap=value, prices={}, resource_prices={}, routes=nothing)
