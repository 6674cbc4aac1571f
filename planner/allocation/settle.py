"""From the rates of a linear program to routes with rates that keep every promise to the last bit.

A solver keeps its rows within a tolerance. Here the rates are made to fit: what pairs get is divided among their
demands, and where a load is above its rate after all, the routes over that link give way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from planner.allocation.requests import Requests
    from planner.routing import Topology

_DUST = 1e-12  # a share of a demand below this is no route but rounding


@dataclass(frozen=True)
class Flow:
    """A demand's rate on a route.

    Attributes:
        demand: Number of the demand.
        links: Links of the route by index, from its pair's first node to the second.
        rate_bps: The rate.
    """

    demand: int
    links: tuple[int, ...]
    rate_bps: float


def divide(
    requests: Requests,
    *,
    routes: list[tuple[int, tuple[int, ...]]],
    rates_bps: NDArray[np.float64],
    wanted_bps: NDArray[np.float64],
) -> list[Flow]:
    """Divides what pairs get on their routes among their demands, so that each gets what it is to have.

    Demands, in the order of their ids, fill from the routes, fewest hops first, so that few demands use several.

    Args:
        requests: The demands.
        routes: Pair and links of each route.
        rates_bps: Rate of each route; a pair's rates are scaled to what its demands are to have together.
        wanted_bps: What each demand is to have.
    """
    pools: dict[int, list[tuple[int, tuple[int, ...], float]]] = {}
    first: dict[int, tuple[int, ...]] = {}
    for (pair, links), rate in zip(routes, rates_bps.tolist(), strict=True):
        first.setdefault(pair, links)
        if rate > 0:
            pools.setdefault(pair, []).append((len(links), links, rate))
    flows = []
    demands: dict[int, list[int]] = {}
    for demand, pair in enumerate(requests.pair_of.tolist()):
        demands.setdefault(pair, []).append(demand)
    wanted: list[float] = wanted_bps.tolist()
    for pair, members in sorted(demands.items()):
        # A request too small for the scales of the program got nothing there; any route can carry it.
        pool = sorted(pools.get(pair, [(len(first[pair]), first[pair], 1.0)]))
        most = max((rate for *_, rate in pool), default=0.0)
        pool = [entry for entry in pool if entry[2] > _DUST * most]
        together, available = math.fsum(wanted[demand] for demand in members), math.fsum(rate for *_, rate in pool)
        if not together:
            continue
        left = [[rate / available * together, links] for _, links, rate in pool]
        flows += _fill(members, wanted=wanted, left=left)  # type: ignore[arg-type]
    return flows


def _fill(members: list[int], *, wanted: list[float], left: list[tuple[float, tuple[int, ...]]]) -> list[Flow]:
    flows, place = [], 0
    rate, links = left[0]
    for demand in members:
        missing = wanted[demand]
        while missing > 0:
            last = place == len(left) - 1
            take = missing if last or rate >= missing * (1 - _DUST) else rate
            if take > _DUST * wanted[demand]:
                flows.append(Flow(demand, links, take))
            missing -= take
            rate -= take
            if not last and rate <= _DUST * left[place][0]:
                place += 1
                rate, links = left[place]
            elif take == 0.0:
                break
    return flows


class Loads:
    """What flows spend of each resource: of a link its rate, of a module group its time.

    Args:
        topology: The network.
    """

    def __init__(self, topology: Topology) -> None:
        self._rates: list[float] = topology.rates_bps.tolist()
        self._groups: list[int] = topology.link_groups.tolist()

    def resources(self, links: tuple[int, ...]) -> list[int]:
        """Numbers of the resources that a route uses."""
        groups = sorted({self._groups[link] for link in links} - {-1})
        return [*sorted(links), *(len(self._rates) + group for group in groups)]

    def utilisation(self, flows: list[Flow]) -> dict[int, float]:
        """What is spent of each resource that is used; sums are rounded once, so their order does not matter."""
        links: dict[int, list[float]] = {}
        for flow in flows:
            for link in flow.links:
                links.setdefault(link, []).append(flow.rate_bps)
        spent = {link: math.fsum(rates) / self._rates[link] for link, rates in sorted(links.items())}
        groups: dict[int, list[float]] = {}
        for link, share in spent.items():
            if self._groups[link] >= 0:
                groups.setdefault(len(self._rates) + self._groups[link], []).append(share)
        return spent | {group: math.fsum(shares) for group, shares in groups.items()}


def fit(flows: list[Flow], *, loads: Loads, keep: frozenset[int] = frozenset()) -> list[Flow]:
    """Lowers rates until no resource is overspent.

    Args:
        flows: The flows.
        loads: What they spend.
        keep: Demands whose flows are lowered only where lowering the others does not help.
    """
    for attempt in range(100):
        over = {resource: share for resource, share in loads.utilisation(flows).items() if share > 1}
        if not over:
            return flows
        spare = keep if attempt < 20 else frozenset()
        flows = [
            flow
            if flow.demand in spare
            else replace(flow, rate_bps=flow.rate_bps * min([1.0, *_cuts(flow, over=over, loads=loads)]))
            for flow in flows
        ]
    raise AssertionError("rates could not be made to fit")


def _cuts(flow: Flow, *, over: dict[int, float], loads: Loads) -> list[float]:
    """By what factors the overspent resources of a flow ask to lower it; a little more than in proportion."""
    return [
        (1 - 2.0**-52) / over[resource] if over[resource] < 2 else 0.5
        for resource in loads.resources(flow.links)
        if resource in over
    ]


def served_bps(flows: list[Flow], *, demands: int) -> list[float]:
    """The rate of each demand, over all its routes."""
    rates: list[list[float]] = [[] for _ in range(demands)]
    for flow in flows:
        rates[flow.demand].append(flow.rate_bps)
    return [math.fsum(parts) for parts in rates]


def route_table(flows: list[Flow], *, requests: Requests, topology: Topology) -> pd.DataFrame:
    """The flows as a table of routes, sorted by demand, then largest rate first."""
    from itertools import groupby

    import pandas as pd

    rows = []
    for flow in flows:
        node = int(requests.pairs[requests.pair_of[flow.demand]][0])
        nodes, links = [node], flow.links
        for link in links:
            end_a, end_b = topology.link_ends[link].tolist()
            nodes.append(end_b if nodes[-1] == end_a else end_a)
        if requests.turned[flow.demand]:
            nodes, links = nodes[::-1], links[::-1]
        rows.append(
            (
                requests.demand_ids[flow.demand],
                tuple(topology.node_ids[number] for number in nodes),
                tuple(topology.link_ids[link] for link in links),
                flow.rate_bps,
            )
        )
    rows.sort(key=lambda row: (row[0], -row[3], row[1], row[2]))
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    sets = [number for _, group in groupby(columns[0]) for number, _ in enumerate(group, start=1)]
    return pd.DataFrame(
        {
            "demand_id": pd.Series(list(columns[0]), dtype="object"),
            "nodes": pd.Series(list(columns[1]), dtype="object"),
            "links": pd.Series(list(columns[2]), dtype="object"),
            "rate_bps": pd.Series(list(columns[3]), dtype="float64"),
            "role": pd.Series(["working"] * len(rows), dtype="object"),
            "set": pd.Series(sets, dtype="int64"),
        }
    )
