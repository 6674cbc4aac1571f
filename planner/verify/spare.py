"""A consequence of fairness, checked without prices: nobody who wants more passes by key to spare.

A demand that is not served in full has no set of routes, as its protection takes them, on which every link, module
group and node could carry more, in whatever failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from planner.verify.check import Check, Ledger
from planner.verify.graph import joined_pairs
from planner.verify.protection import count_disjoint
from planner.verify.sets import Loads

if TYPE_CHECKING:
    from planner.verify.document import PlanPart
    from planner.verify.ground import Ground, Pair

LARGEST_DEVIATION = 1e-6
"""Largest relative deviation of a served rate from what its level says: the solver's own tolerance, with room."""

LARGEST_GAIN = 1e-6
"""Largest part of what it gets that a demand might still gain."""

SOLVER_TOLERANCE = 1e-9
"""What a linear-programming solver leaves of a whole: of all that there is to give, of the largest key rate."""


_ENOUGH = 10
"""So many demands that pass by key to spare are enough to say that a plan is not the best."""


def check_spare(plan: PlanPart, *, ground: Ground) -> Check:
    """Nobody who is served less than asked for has a set of routes on which everything has key to spare."""
    ledger = Ledger("spare key")
    links, nodes = _spare_bps(plan, ground=ground)
    served = served_bps(plan, ground=ground)
    wanting = [key for key in ground.active if _wants_more(key, served, ground=ground)]
    open_ = [key for key, value in links.items() if value > 0]
    closed = [key for key, value in nodes.items() if value <= 0]
    suspects = ground.joined(open_, without=closed).intersection(wanting)
    shared = shared_bps(wanting, served, ground=ground)
    for key in sorted(suspects):
        routes, least_bps = ground.given[key].routes, LARGEST_GAIN * shared[key]
        wide = [link for link, value in links.items() if value > least_bps]
        narrow = frozenset(node for node, value in nodes.items() if value <= least_bps)
        what = "a route" if routes == 1 else f"{routes} disjoint routes"
        ledger.require(
            not _joins(wide, ground.wishes[key].pair, routes=routes, without=narrow, ground=ground),
            f"demand '{key}' wants more and has {what} with key to spare",
        )
        if len(ledger.wrong) >= _ENOUGH:
            break
    return ledger.check(
        f"none of {len(wanting)} demands that get less than they ask for has a route with key to spare on every link"
        f"{', nor a set of disjoint routes where it is protected' if _protected(wanting, ground=ground) else ''}"
    )


def _joins(links: Sequence[str], pair: Pair, *, routes: int, without: frozenset[str], ground: Ground) -> bool:
    """Whether some links hold so many disjoint routes between two nodes."""
    joined = bool(joined_pairs(ground, {pair}, links=links, without=without))
    if routes == 1 or not joined:
        return joined
    left = replace(ground, spans={link: ground.spans[link] for link in links}, relays=ground.relays - without)
    return count_disjoint(left, pair, most=routes) == routes


def _protected(keys: Iterable[str], *, ground: Ground) -> bool:
    return any(ground.given[key].routes > 1 for key in keys)


def served_bps(plan: PlanPart, *, ground: Ground) -> dict[str, float]:
    """What each demand of the inputs gets; nothing, where the plan does not speak of it."""
    return dict.fromkeys(ground.wishes, 0.0) | {demand.demand_id: demand.served_bps for demand in plan.demands}


def shared_bps(demands: Iterable[str], served: Mapping[str, float], *, ground: Ground) -> dict[str, float]:
    """What each demand gets, together with those of the given ones that want more and can use the same sets.

    Args:
        demands: Demands that take part.
        served: What each gets.
        ground: The recomputed facts.
    """
    pools: dict[int, float] = {}
    wanting = {key for key in demands if _wants_more(key, served, ground=ground)}
    kind = {key: ground.kind_of[key] for key in demands}
    for key in sorted(wanting):
        pools[kind[key]] = pools.get(kind[key], 0.0) + served[key]
    return {key: pools.get(kind[key], 0.0) + (0.0 if key in wanting else served[key]) for key in kind}


def _wants_more(key: str, served: Mapping[str, float], *, ground: Ground) -> bool:
    return served[key] < ground.wishes[key].requested_bps * (1 - LARGEST_DEVIATION)


def _spare_bps(plan: PlanPart, *, ground: Ground) -> tuple[dict[str, float], dict[str, float]]:
    """What each live link, with its module group, and each limited node could carry besides, in whatever failure.

    What a solver does not see is left out.
    """
    unseen_bps = SOLVER_TOLERANCE * max((ground.spans[key].key_rate_bps for key in ground.live), default=0.0)
    found = Loads(plan.sets, ground=ground, shared=plan.shared)
    busy = {group: found.busy(group) for group in ground.groups}
    links = {}
    for key in ground.live:
        span = ground.spans[key]
        used = max(found.load_bps(key) / span.key_rate_bps, 0.0 if span.group is None else busy[span.group])
        links[key] = (1 - used) * span.key_rate_bps - unseen_bps
    nodes = {node: limit - found.passed_bps(node) - unseen_bps for node, limit in ground.relay_limits_bps.items()}
    return links, nodes
