"""The growth factor: by what all requests can be multiplied and still be served at once (maximum concurrent flow).

F. Shahrokhi and D. W. Matula, Journal of the ACM 37, 318 (1990), give the bound by prices that proves it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from planner.allocation.loads import Loads
from planner.allocation.result import Growth
from planner.allocation.settle import Flow, divide, fit, served_bps
from planner.allocation.tables import check_disjoint, route_table

if TYPE_CHECKING:
    from planner.allocation.program import RouteProgram
    from planner.allocation.resources import Resources


def grow(program: RouteProgram) -> Growth:
    """Finds the growth factor, a witness and a proof.

    Args:
        program: All demands with a positive request; each has a route.
    """
    requests, resources = program.requests, program.resources
    asked = requests.by_row(requests.requested_bps)
    level, proof = program.maximise_level(fixed=np.zeros(len(asked)), weights=asked)
    wanted = level * requests.requested_bps
    flows = divide(requests, sets=program.sets, rates_bps=program.rates(), wanted_bps=wanted)
    flows = _filling(flows, resources=resources)
    check_disjoint(flows, resources=resources)
    served = served_bps(flows, demands=len(requests.demand_ids))
    factor = min(rate / asked for rate, asked in zip(served, requests.requested_bps.tolist(), strict=True))
    prices, resource_prices = resources.named(proof.resources / float(asked @ proof.rows))
    bound = max(proof.bound, factor)  # equal numbers may come out in the wrong order by rounding
    return Growth(
        factor=factor,
        bound=bound,
        gap=(bound - factor) / bound,
        prices=prices,
        resource_prices=resource_prices,
        routes=route_table(flows, requests=requests, topology=resources.topology),
    )


def _filling(flows: list[Flow], *, resources: Resources) -> list[Flow]:
    """The flows scaled by one factor such that the most used resource is just full."""
    if not flows:
        raise AssertionError("by rounding, no set of routes carries anything")
    loads = Loads(resources)
    fullest = max(loads.utilisation(flow.carried for flow in flows).values())
    flows = [replace(flow, rate_bps=flow.rate_bps / fullest) for flow in flows]
    return fit(flows, resources=resources, loads=loads)
