"""Checks of what flows where: demands, links, routes, loads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from planner.verify.check import Check, Ledger, number, some, total
from planner.verify.ground import made_bps
from planner.verify.sets import Loads, limits_in_words, note_flaws, note_overloads

if TYPE_CHECKING:
    from planner.verify.document import PlanPart, RoutePart
    from planner.verify.ground import Ground


def check_demands(plan: PlanPart, *, ground: Ground) -> Check:
    """The plan's demands are those of the inputs, with the recomputed requests."""
    ledger = Ledger("demands and requests")
    claimed = {demand.demand_id: demand for demand in plan.demands}
    ledger.same_ids("demands", claimed=claimed, right=ground.wishes)
    for key in claimed.keys() & ground.wishes.keys():
        demand, wish = claimed[key], ground.wishes[key]
        ledger.require(
            (demand.node_a, demand.node_b) == (wish.node_a, wish.node_b),
            f"demand '{key}' joins {demand.node_a} and {demand.node_b}, in the inputs {wish.node_a} and {wish.node_b}",
        )
        ledger.equal(f"requested_bps of demand '{key}'", claimed=demand.requested_bps, right=wish.requested_bps)
    asked_bps = total(wish.requested_bps for wish in ground.wishes.values())
    return ledger.check(
        f"the {len(claimed)} demands are those of the inputs and ask for {number(asked_bps)} bit/s in all, "
        f"recomputed from their services; worst relative deviation {ledger.worst:.1e}"
    )


def check_links(plan: PlanPart, *, ground: Ground) -> Check:
    """The plan's links are those of the inputs, with the recomputed key rates."""
    ledger = Ledger("links and key rates")
    claimed = {link.link_id: link for link in plan.links}
    ledger.same_ids("links", claimed=claimed, right=ground.spans)
    for key in claimed.keys() & ground.spans.keys():
        right = ground.spans[key].key_rate_bps
        ledger.equal(f"key_rate_bps of link '{key}'", claimed=made_bps(claimed[key].key_rate_bps), right=right)
    return ledger.check(
        f"the {len(claimed)} links are those of the inputs and their key rates equal the recomputed budgets; "
        f"worst relative deviation {ledger.worst:.1e}"
    )


def check_routes(plan: PlanPart, *, ground: Ground) -> Check:
    """Every route that serves a demand exists and is permitted."""
    ledger = Ledger("routes")
    routes = [(demand.demand_id, route) for demand in plan.demands for route in demand.routes]
    for demand_id, route in routes:
        for flaw in route_flaws(route, demand_id=demand_id, ground=ground):
            ledger.require(condition=False, failure=flaw)
    longest = max((len(route.links) for _, route in routes), default=0)
    return ledger.check(
        f"{len(routes)} routes (up to {longest} links long) join the ends of their demands over existing links, pass "
        "only nodes that may relay keys, visit no node twice and carry a positive rate"
    )


def route_flaws(route: RoutePart, *, demand_id: str, ground: Ground) -> Iterable[str]:
    """What is wrong with a route, in words.

    Args:
        route: The route.
        demand_id: The demand that it serves.
        ground: The recomputed facts.

    Yields:
        One sentence a flaw; nothing where the route is permitted.
    """
    name = f"route {_arrows(route.nodes)} of demand '{demand_id}'"
    if route.rate_bps <= 0:
        yield f"{name} carries {number(route.rate_bps)} bit/s; a listed route carries more than nothing"
    wish = ground.wishes.get(demand_id)
    if wish is None:
        yield f"{name} serves a demand that the inputs do not have"
    elif [*route.nodes[:1], *route.nodes[-1:]] != [wish.node_a, wish.node_b]:
        yield f"{name} does not run from {wish.node_a} to {wish.node_b}"
    if len(set(route.nodes)) < len(route.nodes):
        yield f"{name} visits a node twice"
    for node in route.nodes[1:-1]:
        if node not in ground.relays:
            yield f"{name} passes through '{node}', which may not relay keys"
    yield from (f"{name} {flaw}" for flaw in _step_flaws(route, ground=ground))


def _step_flaws(route: RoutePart, *, ground: Ground) -> Iterable[str]:
    """What is wrong with the steps of a route from node to node."""
    if len(route.links) != len(route.nodes) - 1:
        yield f"has {len(route.links)} links for {len(route.nodes)} nodes"
        return
    for link_id, (one, other) in zip(route.links, pairwise(route.nodes), strict=True):
        span = ground.spans.get(link_id)
        if span is None:
            yield f"uses the link '{link_id}', which does not exist"
        elif span.ends != {one, other}:
            yield f"goes from {one} to {other} over the link '{link_id}', which does not join them"


def check_sets(plan: PlanPart, *, ground: Ground) -> Check:
    """The routes of a set are as its demand's protection takes them, with one rate, and share nothing."""
    ledger = Ledger("sets of routes")
    sets = plan.sets
    note_flaws(ledger, sets, ground=ground)
    several = sum(len(part.routes) > 1 for part in sets)
    if not several:
        return ledger.check(f"each of {len(sets)} routes is a working route by itself, because no demand is protected")
    return ledger.check(
        f"the routes make {len(sets)} sets; in each of the {several} sets of several routes these are as many as the "
        "protection takes, have one rate and share no inner node, no link and no risk group"
    )


def check_served(plan: PlanPart, *, ground: Ground) -> Check:
    """What each demand gets is what its sets of routes bring, and no more than it asked for."""
    ledger = Ledger("served rates")
    brought: dict[str, list[float]] = {}
    for part in plan.sets:
        brought.setdefault(part.demand_id, []).append(part.rate_bps)
    for demand in plan.demands:
        what = f"served_bps of demand '{demand.demand_id}'"
        reached = total(brought.get(demand.demand_id, ()))
        ledger.equal(f"{what}, the sum over its routes,", claimed=demand.served_bps, right=reached)
        ledger.require(demand.served_bps >= 0, f"{what} is {number(demand.served_bps)}, below 0")
        wish = ground.wishes.get(demand.demand_id)
        limit = demand.requested_bps if wish is None else wish.requested_bps
        ledger.at_most(what, value=demand.served_bps, limit=limit)
        if demand.demand_id not in ground.reachable:
            ledger.require(
                not demand.routes, f"demand '{demand.demand_id}' has routes, though no permitted route carries key"
            )
    served = total(demand.served_bps for demand in plan.demands)
    return ledger.check(
        "what each demand gets is the sum over its routes, those of a set counted once, and at most what it asked for; "
        f"{number(served)} bit/s in all; worst relative deviation {ledger.worst:.1e}"
    )


def check_ports(plan: PlanPart, *, ground: Ground) -> Check:
    """Every demand that gets a user port at both ends is one that should, and the others get no key."""
    ledger = Ledger("user ports")
    right, claimed = set(ground.without_port), set(plan.without_port)
    ledger.require(
        not right - claimed, f"demands that find no port are not in without_port: {some(sorted(right - claimed))}"
    )
    ledger.require(len(claimed) == len(plan.without_port), "without_port names a demand twice")
    ledger.require(not claimed - right, f"demands in without_port that find a port: {some(sorted(claimed - right))}")
    for demand in plan.demands:
        if demand.demand_id in right:
            ledger.require(
                not demand.routes and not demand.served_bps,
                f"demand '{demand.demand_id}' is served, though demands before it take the user ports of an end",
            )
    if not ground.user_ports:
        return ledger.check("no node has a limit of user ports")
    limited = "1 node has" if len(ground.user_ports) == 1 else f"{len(ground.user_ports)} nodes have"
    refused, get = ("1 demand finds", "gets") if len(right) == 1 else (f"{len(right)} demands find", "get")
    return ledger.check(
        f"{limited} a limit of user ports, taken by priority and then by id; {refused} none and {get} nothing"
    )


def check_loads(plan: PlanPart, *, ground: Ground) -> Check:
    """The load of a link is what its routes bring and what it holds in reserve; utilisation is load over rate."""
    ledger = Ledger("link loads")
    found = Loads(plan.sets, ground=ground, shared=plan.shared)
    for link in plan.links:
        brought = found.load_bps(link.link_id)
        span = ground.spans.get(link.link_id)
        rate = link.key_rate_bps if span is None else span.key_rate_bps
        ledger.equal(f"load_bps of link '{link.link_id}'", claimed=link.load_bps, right=brought)
        reserved = found.reserved_bps(link.link_id)
        ledger.equal(f"reserved_bps of link '{link.link_id}'", claimed=link.reserved_bps, right=reserved)
        share = brought / rate if rate > 0 else 0.0
        ledger.equal(f"utilisation of link '{link.link_id}'", claimed=link.utilisation, right=share)
    busiest = max(plan.links, key=lambda link: link.utilisation, default=None)
    words = f"; the busiest is '{busiest.link_id}' at {busiest.utilisation:.1%}" if busiest else ""
    return ledger.check(
        f"the loads of {len(plan.links)} links are the sums over the routes{_reserve(plan)}, their utilisation is load "
        f"over key rate{words}; worst relative deviation {ledger.worst:.1e}"
    )


def _reserve(plan: PlanPart) -> str:
    if not any(link.reserved_bps for link in plan.links):
        return ""
    if plan.shared:
        return " and the most that protection routes hold in any single failure"
    return ", those of protection routes in reserve"


def check_capacity(plan: PlanPart, *, ground: Ground) -> Check:
    """No link, no module group and no node does more than it can, in whatever failure."""
    ledger = Ledger("capacity")
    found = Loads(plan.sets, ground=ground, shared=plan.shared)
    note_overloads(ledger, found, ground=ground)
    return ledger.check(
        f"no link carries more key than it makes{limits_in_words(found, ground=ground)}; largest excess "
        f"{ledger.worst:.1e} of the limit"
    )


def _arrows(nodes: Sequence[str]) -> str:
    shown = [*nodes[:2], "...", *nodes[-2:]] if len(nodes) > 6 else list(nodes)
    return " > ".join(shown) or "without nodes"
