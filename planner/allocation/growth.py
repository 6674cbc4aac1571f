"""The growth factor: by what all requests can be multiplied and still be served at once (maximum concurrent flow).

F. Shahrokhi and D. W. Matula, Journal of the ACM 37, 318 (1990), give the bound by prices that proves it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from planner.allocation.result import Growth
from planner.allocation.settle import Flow, Loads, divide, fit, route_table, served_bps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.allocation.program import RouteProgram
    from planner.routing import Topology


def grow(program: RouteProgram, *, topology: Topology) -> Growth:
    """Finds the growth factor, a witness and a proof.

    Args:
        program: All demands with a positive request; each has a route.
        topology: The network.
    """
    requests = program.requests
    asked = requests.by_pair(requests.requested_bps)
    level, proof = program.maximise_level(fixed=np.zeros(len(asked)), weights=asked)
    wanted = level * requests.requested_bps
    flows = divide(requests, routes=program.routes, rates_bps=program.rates(), wanted_bps=wanted)
    flows = _filling(flows, loads=Loads(topology))
    served = served_bps(flows, demands=len(requests.demand_ids))
    factor = min(rate / asked for rate, asked in zip(served, requests.requested_bps.tolist(), strict=True))
    prices, resource_prices = name_prices(proof.resources / float(asked @ proof.pairs), topology=topology)
    bound = max(proof.bound, factor)  # equal numbers may come out in the wrong order by rounding
    return Growth(
        factor=factor,
        bound=bound,
        gap=(bound - factor) / bound,
        prices=prices,
        resource_prices=resource_prices,
        routes=route_table(flows, requests=requests, topology=topology),
    )


def _filling(flows: list[Flow], *, loads: Loads) -> list[Flow]:
    """The flows scaled by one factor such that the most used resource is just full."""
    fullest = max(loads.utilisation(flows).values())
    flows = [replace(flow, rate_bps=flow.rate_bps / fullest) for flow in flows]
    return fit(flows, loads=loads)


def name_prices(resources: NDArray[np.float64], *, topology: Topology) -> tuple[dict[str, float], dict[str, float]]:
    """Prices per bit/s of each link, and of each whole module group.

    Args:
        resources: Price of each whole resource: the links, then the groups.
        topology: The network.
    """
    links = len(topology.link_ids)
    usable = topology.rates_bps > 0
    rates = np.where(usable, topology.rates_bps, 1.0)
    prices = np.where(usable, resources[:links] / rates, 0.0)
    groups = np.append(resources[links:], 0.0)[topology.link_groups]  # -1 finds the zero at the end
    # No route costs more than all links together, so none is cheapest that uses a link without key.
    everything = float((prices + np.where(usable, groups / rates, 0.0)).sum())
    prices = np.where(usable, prices, everything)
    named = {
        f"module_group:{name}": float(price)
        for name, price in zip(topology.group_names, resources[links:], strict=True)
    }
    return dict(zip(topology.link_ids, prices.tolist(), strict=True)), named
