"""The most key that can be served, and of the ways to serve it the fairest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from planner.allocation.fair import fill
from planner.allocation.result import Total
from planner.allocation.settle import served_bps

if TYPE_CHECKING:
    from planner.allocation import Progress
    from planner.allocation.program import RouteProgram
    from planner.allocation.requests import Requests
    from planner.allocation.settle import Flow

_SLACK = 1e-12  # so much of the most may be given up for fairness, to leave the solver room
_HAIR = 1 + 1e-14
_SLIGHT = 1e-10  # what this slack alone may buy for the least served
_DEARER = 1e-6  # a demand whose cheapest routes cost so much more than it is worth gets nothing
_DUST = 1e-6, 1e-8
"""A demand that gets less than the first part of its request and the second of the most gets nothing; a set of routes
that carries less than the second part of what its demand gets carries nothing."""


def nothing_served() -> Total:
    """The answer where nothing is asked, or nothing can be served."""
    return Total(served_bps=0.0, bound=0.0, gap=0.0, prices={}, resource_prices={})


def serve_most(program: RouteProgram, *, progress: Progress | None = None) -> tuple[list[Flow], Total]:
    """Serves the most bit/s, each demand at most what it asks for, and among the ways to do so the fairest.

    The fairest has the largest least served fraction over priority, then the largest next one, as in
    :mod:`planner.allocation.fair`; so the answer is unique.

    Args:
        program: All demands with a positive request, with caps; each has a route.
        progress: Told how many demands have their final rate.
    """
    requests, resources = program.requests, program.resources
    asked = requests.by_row(requests.requested_bps)
    served, candidates = program.maximise_total()
    proofs = []
    # A hair dearer, so that no enormous demand is worth more than its routes by rounding alone.
    for prices in [*candidates, *(prices * _HAIR for prices in candidates)]:
        cheapest = program.costs(prices)
        above = asked * np.maximum(0.0, 1.0 - cheapest)
        proofs.append((math.fsum([*prices.tolist(), *above.tolist()]), prices, cheapest))
    bound, prices, cheapest = min(proofs, key=lambda proof: proof[0])
    named = resources.named(prices)
    most = math.fsum(served.tolist())
    program.require_total(most * (1 - _SLACK))
    # By complementary slackness only these get anything in any optimal answer; the solver's tolerance would give more.
    worthy = (cheapest <= 1 + _DEARER)[requests.row_of]
    flows, _ = fill(program, among=worthy, slight_bps=_SLIGHT * most, progress=progress)
    flows = _without_dust(flows, requests=requests, most_bps=most)
    total = math.fsum(flow.rate_bps for flow in flows)
    bound = max(bound, total)  # equal numbers may come out in the wrong order by rounding
    return flows, Total(total, bound, (bound - total) / bound, *named)


def _without_dust(flows: list[Flow], *, requests: Requests, most_bps: float) -> list[Flow]:
    """The flows but those that only the slack in the total allows: of whole demands, and beside a demand's others."""
    served = np.array(served_bps(flows, demands=len(requests.demand_ids)))
    dust = (served < _DUST[0] * requests.requested_bps) & (served < _DUST[1] * most_bps)
    least = np.where(dust, np.inf, _DUST[1] * served)
    return [flow for flow in flows if flow.rate_bps >= least[flow.demand]]
