"""From the rates of a linear program to routes with rates that keep every promise to the last bit.

A solver keeps its rows within a tolerance. Here the rates are made to fit: what rows get is divided among their
demands, and where a load is above its rate after all, the routes over that resource give way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from planner.allocation.loads import WELL

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from planner.allocation.loads import Carried, Loads
    from planner.allocation.requests import Requests
    from planner.allocation.resources import Held, Resources
    from planner.routing.prices import RouteSet

_DUST = 1e-12  # a share of a demand below this is no route but rounding
_ENOUGH = 0.05  # of a resource: who holds less would have to give up twenty times more than if all give way
_MOST_FITS = 100


@dataclass(frozen=True)
class Flow:
    """A demand's rate on a set of routes.

    Attributes:
        demand: Number of the demand.
        routes: The routes, from its row's first node to the second.
        shared: Whether the second route protects the first and shares its key with others.
        rate_bps: The rate.
    """

    demand: int
    routes: RouteSet
    shared: bool
    rate_bps: float

    @property
    def carried(self) -> Carried:
        """What loads are reckoned from."""
        return self.routes, self.shared, self.rate_bps


def divide(
    requests: Requests,
    *,
    sets: Sequence[tuple[int, RouteSet]],
    rates_bps: NDArray[np.float64],
    wanted_bps: NDArray[np.float64],
) -> list[Flow]:
    """Divides what rows get on their sets of routes among their demands, so that each gets what it is to have.

    Demands, in the order of their ids, fill from the sets, fewest hops first, so that few demands use several.

    Args:
        requests: The demands.
        sets: Row and routes of each set.
        rates_bps: Rate of each set; a row's rates are scaled to what its demands are to have together.
        wanted_bps: What each demand is to have.
    """
    pools: dict[int, list[tuple[int, RouteSet, float]]] = {}
    first: dict[int, RouteSet] = {}
    for (row, routes), rate in zip(sets, rates_bps.tolist(), strict=True):
        first.setdefault(row, routes)
        if rate > 0:
            pools.setdefault(row, []).append((sum(map(len, routes)), routes, rate))
    flows = []
    demands: dict[int, list[int]] = {}
    for demand, row in enumerate(requests.row_of.tolist()):
        demands.setdefault(row, []).append(demand)
    wanted: list[float] = wanted_bps.tolist()
    for row, members in sorted(demands.items()):
        # A request too small for the scales of the program got nothing there; any set can carry it.
        pool = sorted(pools.get(row, [(0, first[row], 1.0)]))
        most = max(rate for *_, rate in pool)
        pool = [entry for entry in pool if entry[2] > _DUST * most]
        together, available = math.fsum(wanted[demand] for demand in members), math.fsum(rate for *_, rate in pool)
        if not together:
            continue
        left = [(rate / available * together, routes) for _, routes, rate in pool]
        flows += _fill(members, wanted=wanted, left=left, shared=bool(requests.shared[row]))
    return flows


def _fill(members: list[int], *, wanted: list[float], left: list[tuple[float, RouteSet]], shared: bool) -> list[Flow]:
    flows, place = [], 0
    rate, routes = left[0]
    for demand in members:
        missing = wanted[demand]
        while missing > 0:
            last = place == len(left) - 1
            take = missing if last or rate >= missing * (1 - _DUST) else rate
            if take > _DUST * wanted[demand]:
                flows.append(Flow(demand, routes, shared, take))
            missing -= take
            rate -= take
            if not last and rate <= _DUST * left[place][0]:
                place += 1
                rate, routes = left[place]
            elif take == 0.0:
                break
    return flows


def fit(flows: list[Flow], *, resources: Resources, loads: Loads, keep: frozenset[int] = frozenset()) -> list[Flow]:
    """Lowers rates until no resource is overspent.

    Args:
        flows: The flows.
        resources: The resources of the network.
        loads: What the flows spend of them.
        keep: Demands whose flows are lowered only where the others alone would have to give up much more.
    """
    for _ in range(_MOST_FITS):
        spent = loads.utilisation(flow.carried for flow in flows)
        over = {held: (1 - 2.0**-52) / share if share < 2 else 0.5 for held, share in spent.items() if share > 1}
        if not over:
            return flows
        spared = _sparing({held: spent[held] for held in over}, flows=flows, loads=loads, keep=keep) if keep else {}
        kept, others = {held: over[held] for held in over if held not in spared}, over | spared
        flows = [_lower(flow, factors=kept if flow.demand in keep else others, resources=resources) for flow in flows]
    raise AssertionError("rates could not be made to fit")


def _sparing(over: dict[Held, float], *, flows: list[Flow], loads: Loads, keep: frozenset[int]) -> dict[Held, float]:
    """By what factors flows give way that are not to be kept, where they hold enough of what is overspent."""
    others = loads.utilisation(flow.carried for flow in flows if flow.demand not in keep)
    factors = {}
    for held, share in over.items():
        part = others.get(held, others.get((held[0], WELL), 0.0))
        if part >= _ENOUGH and share - 1 < part / 2:
            factors[held] = (1 - 2.0**-52) * (1 - (share - 1) / part)
    return factors


def _lower(flow: Flow, *, factors: dict[Held, float], resources: Resources) -> Flow:
    """A flow that has given way where it spends of overspent resources, by the factors that these ask for."""
    always = {
        resource
        for route in (flow.routes[:1] if flow.shared else flow.routes)
        for resource in resources.route_spends(route)
    }
    called = resources.route_spends(flow.routes[1]) if flow.shared else {}
    hits = resources.failures(flow.routes[0]) if flow.shared else set()
    asked = [
        factor
        for (resource, failure), factor in factors.items()
        if resource in always or (resource in called and failure in hits)
    ]
    return replace(flow, rate_bps=flow.rate_bps * min(asked)) if asked else flow


def served_bps(flows: list[Flow], *, demands: int) -> list[float]:
    """The rate of each demand, over all its sets of routes."""
    rates: list[list[float]] = [[] for _ in range(demands)]
    for flow in flows:
        rates[flow.demand].append(flow.rate_bps)
    return [math.fsum(parts) for parts in rates]
