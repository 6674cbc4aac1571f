"""Allocation: who gets how much key over which routes, with a proof that nobody can get more.

Two answers, both by linear programs over routes (:mod:`planner.allocation.program`): the growth factor, and the
weighted max-min fair served rates. Both come with prices of the links, by which anybody can check them with a
shortest-path routine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from planner.allocation.fair import fill
from planner.allocation.growth import grow
from planner.allocation.loads import Loads
from planner.allocation.ports import without_port
from planner.allocation.program import RouteProgram
from planner.allocation.protection import give_protection, protections_of
from planner.allocation.requests import Requests
from planner.allocation.resources import Resources
from planner.allocation.result import Allocation, Growth, Level, Objective, Shortfall, Total
from planner.allocation.settle import Flow, served_bps
from planner.allocation.tables import empty_routes, reserved_bps, route_table
from planner.allocation.total import nothing_served, serve_most
from planner.errors import LimitReached
from planner.routing.cheapest import CheapestRoutes
from planner.routing.cuts import Cut
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

_OPEN = 1e-7  # a larger gap is left by rounding
_UNPROVED = 1e-6  # a larger gap is no proof
_TOO_WILD = "key rates, requests and limits are so different in size that no answer can be proved"
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
    reachable = np.isfinite(CheapestRoutes(topology, pairs=asked.pairs).costs(np.ones(len(topology.link_ids))))
    unreachable = tuple(np.array(asked.demand_ids, dtype=object)[~reachable[asked.row_of]])
    joined = asked.only(reachable[asked.row_of])
    refused = without_port(joined, network=network, topology=topology)
    resources = Resources(topology)
    requests = joined.only(~np.isin(joined.demand_ids, refused))
    given, shortfalls = give_protection(requests, asked=protections_of(demands), resources=resources)
    requests = requests.given(given, sharing=shared)
    left_out = bool(unreachable or refused)
    answer = _Answer(resources, requests=requests, growth=growth and not left_out, objective=objective)
    answer.find(progress)
    served = dict.fromkeys(sorted(demands["demand_id"]), 0.0)
    rates = served_bps(answer.flows, demands=len(requests.demand_ids))
    for name, rate, most in zip(requests.demand_ids, rates, requests.requested_bps.tolist(), strict=True):
        served[name] = min(rate, most)
    return Allocation(
        served_bps=served,
        routes=route_table(answer.flows, requests=requests, topology=topology),
        growth=answer.grown or _no_growth(0.0 if growth and left_out else None),
        levels=answer.levels,
        unreachable=unreachable,
        protection_given=given,
        shortfalls=shortfalls,
        without_port=refused,
        reserved_bps=reserved_bps(answer.flows, requests=requests, topology=topology, loads=Loads(resources)),
        total=answer.total,
    )


class _Answer:
    """The linear programs, one after another.

    Args:
        resources: The resources of the network.
        requests: Demands with a positive request; each has a route.
        growth: Whether to find the growth factor.
        objective: What to divide for.
    """

    def __init__(self, resources: Resources, *, requests: Requests, growth: bool, objective: Objective) -> None:
        self.resources, self.requests, self.growth, self.objective = resources, requests, growth, objective
        self.grown: Growth | None = None
        self.flows: list[Flow] = []
        self.levels: tuple[Level, ...] = ()
        self.total: Total | None = None

    def find(self, progress: Progress | None) -> None:
        """Finds the growth factor and the rates."""
        if not self.requests.demand_ids:
            self.total = nothing_served() if self.objective == "total" else None
            return
        if self.growth and progress is not None:
            progress("growth factor", 0, 1)
        program = self._grow() if self.growth else None
        if self.objective == "total":
            self._serve_most(progress)
            return
        if program is None or program.stretch > _FAR:
            program = self._program(growing=False)
        self._fill(program, progress)

    def _grow(self) -> RouteProgram | None:
        """Finds the growth factor; where rounding leaves a gap, without rounding, if that can be done.

        Returns:
            The program, if another may go on from it.
        """
        for exact in (False, True):
            with contextlib.suppress(AssertionError):
                program = self._program(growing=True, exact=exact)
                self.grown = grow(program)
                if self.grown.gap is not None and self.grown.gap <= _OPEN:
                    # Without rounding, the resources in failures are no longer those that the first program knows.
                    return None if exact else program
        if self.grown is None or (self.grown.gap is not None and self.grown.gap > _UNPROVED):
            raise LimitReached(_TOO_WILD)
        return None

    def _serve_most(self, progress: Progress | None) -> None:
        """Serves the most; where rounding leaves a gap, without rounding, if that can be done."""
        for exact in (False, True):
            with contextlib.suppress(AssertionError):
                program = self._program(growing=False, capped=True, exact=exact)
                self.flows, self.total = serve_most(program, progress=progress)
            if self.total is not None and self.total.gap <= _OPEN:
                return
        if self.total is None or self.total.gap > _UNPROVED:
            raise LimitReached(_TOO_WILD)

    def _fill(self, program: RouteProgram, progress: Progress | None) -> None:
        """Finds fair rates that are proved, in the quickest way that can do so."""
        ways: list[Callable[[], RouteProgram]] = [lambda: program]
        if program.reducing:
            ways.append(lambda: self._program(growing=False, reducing=False))
        ways.append(lambda: self._program(growing=False, exact=True))
        for way in ways:
            with contextlib.suppress(AssertionError):
                self.flows, self.levels = fill(way(), progress=progress)
                return
        raise LimitReached(_TOO_WILD)

    def _program(
        self, *, growing: bool, capped: bool = False, reducing: bool = True, exact: bool = False
    ) -> RouteProgram:
        return RouteProgram(
            self.resources, requests=self.requests, growing=growing, capped=capped, reducing=reducing, exact=exact
        )


def _no_growth(value: float | None) -> Growth:
    """Growth where a demand has no route (0) or no request is positive (None)."""
    return Growth(factor=value, bound=value, gap=value, prices={}, resource_prices={}, routes=empty_routes())
