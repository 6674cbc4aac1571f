"""Checks of the growth factor: the witness reaches it, the prices prove that nothing reaches further.

The proof is weak duality of the maximum concurrent flow. Take any prices ``p_e >= 0`` of a bit/s on link e and
``pi_r >= 0`` of each whole resource besides: the time of a module group, the relay limit of a node, with shared
protection what a resource carries in a single failure (:mod:`planner.verify.prices`). Whatever flows, what it uses is
worth no more than all there is: ``sum p_e rate_e + sum pi_r``. If all requests are served t-fold, each bit/s of demand
d uses at least the cheapest permitted set of routes, so the use is worth at least
``t * sum requested_d * cheapest_d``. Hence::

    t <= bound = (sum p_e rate_e + sum pi_r) / sum requested_d cheapest_d

for every t that can be reached. The witness reaches ``factor``; where factor and bound agree, both are the
optimum, whoever found them. See F. Shahrokhi and D. W. Matula, J. ACM 37, 318 (1990).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from planner.verify.check import ROUNDING, Check, Ledger, number, relative, some, total
from planner.verify.flows import route_flaws
from planner.verify.integer import PROGRAM_TOLERANCE
from planner.verify.prices import PriceList, resource_of
from planner.verify.sets import Loads, limits_in_words, note_flaws, note_overloads

if TYPE_CHECKING:
    from planner.verify.document import GrowthPart, PlanPart
    from planner.verify.ground import Ground
    from planner.verify.prices import Cheapest

LARGEST_GAP = 1e-6
"""Largest relative distance between factor and bound that counts as optimal."""


def check_growth(plan: PlanPart, *, ground: Ground) -> list[Check]:
    """Checks factor, witness, prices, bound and gap.

    Args:
        plan: The plan as it is written.
        ground: The recomputed facts.

    Returns:
        The checks. Where the factor is 0 (a demand without a route or a port) or null (nobody asks for anything), one
        check that it rightly is.
    """
    growth = plan.growth
    if len(ground.active) < len(ground.asking) or not ground.asking:
        return [_check_edge(growth, ground=ground)]
    witness = _check_witness(plan, ground=ground)
    prices = check_prices(
        "growth prices",
        prices=growth.prices,
        resource_prices=growth.resource_prices,
        ground=ground,
        shared=plan.shared,
        every_link=True,
    )
    if not prices.passed or growth.factor is None or growth.bound is None or growth.gap is None:
        why = "prices that are no prices prove nothing" if not prices.passed else "factor, bound and gap must be given"
        return [witness, prices, Check("growth bound", passed=False, detail=why)]
    return [witness, prices, _check_bound(plan, ground=ground), _check_gap(growth)]


def _check_edge(growth: GrowthPart, *, ground: Ground) -> Check:
    """Where nobody asks, or somebody cannot be served, the factor is no matter of prices."""
    right = 0.0 if ground.asking else None
    unreached = [key for key in ground.asking if key not in ground.reachable]
    if unreached:
        why = f"no permitted route carries key for {some(unreached)}"
    elif ground.asking:
        why = f"no user port is left for {some(list(ground.without_port))}"
    else:
        why = "no demand asks for key"
    ledger = Ledger("growth factor")
    for name, claimed in (("factor", growth.factor), ("bound", growth.bound), ("gap", growth.gap)):
        ledger.equal(f"growth.{name}, because {why},", claimed=claimed, right=right)
    ledger.require(not growth.prices, "growth.prices should be empty")
    ledger.require(not growth.resource_prices, "growth.resource_prices should be empty")
    ledger.require(not growth.routes, "growth.routes should be empty")
    return ledger.check(f"factor, bound and gap are {number(right)} and need no prices, because {why}")


def _check_witness(plan: PlanPart, *, ground: Ground) -> Check:
    ledger = Ledger("growth witness")
    growth = plan.growth
    factor = growth.factor or 0.0
    ledger.require(growth.factor, f"growth.factor is {number(growth.factor)}, though every demand has a route")
    for route in growth.routes:
        for flaw in route_flaws(route, demand_id=route.demand_id, ground=ground):
            ledger.require(condition=False, failure=flaw)
    sets = growth.sets
    note_flaws(ledger, sets, ground=ground)
    brought: dict[str, list[float]] = {}
    for part in sets:
        brought.setdefault(part.demand_id, []).append(part.rate_bps)
    for key in ground.asking:
        reached, needed = total(brought.get(key, ())), factor * ground.wishes[key].requested_bps
        ledger.at_most(
            f"what the factor promises demand '{key}' over what growth.routes bring it",
            value=needed,
            limit=reached,
        )
        more = relative(max(0.0, reached - needed), needed)
        what = f"growth.routes bring demand '{key}' {number(reached)}, more than the factor promises, {number(needed)}"
        ledger.require(more <= LARGEST_GAP, what)
    found = Loads(sets, ground=ground, shared=plan.shared)
    note_overloads(ledger, found, ground=ground)
    return ledger.check(
        f"the {len(growth.routes)} growth routes exist, bring each of {len(ground.asking)} demands {number(factor)} "
        f"times its request{_protected(ground)} and load no link beyond its key rate"
        f"{limits_in_words(found, ground=ground)}; largest excess {ledger.worst:.1e}"
    )


def _protected(ground: Ground) -> str:
    protected = sum(given.routes > 1 for given in ground.given.values())
    return f", {protected} of them over disjoint routes," if protected else ""


def check_prices(
    name: str,
    *,
    prices: Mapping[str, float],
    resource_prices: Mapping[str, float],
    ground: Ground,
    shared: bool,
    every_link: bool,
    some_price: bool = True,
) -> Check:
    """Checks that prices are prices: of things that exist, and not negative.

    Args:
        name: Name of the check.
        prices: Price of each link.
        resource_prices: Price of each other whole resource.
        ground: The recomputed facts.
        shared: Whether 1+1 protection is shared.
        every_link: Whether every link needs a price.
        some_price: Whether some price must be above 0.

    Returns:
        The check.
    """
    ledger = Ledger(name)
    unknown = [key for key in prices if key not in ground.spans]
    ledger.require(not unknown, f"there is no such link: {some(unknown)}")
    unknown = [key for key in resource_prices if resource_of(key, ground=ground, shared=shared) is None]
    ledger.require(not unknown, f"there is no such module group, relay limit or failure: {some(unknown)}")
    for key, price in (*prices.items(), *resource_prices.items()):
        ledger.require(price >= 0, f"the price of '{key}' is {number(price)}, below 0")
    missing = [key for key in ground.spans if key not in prices] if every_link else []
    ledger.require(not missing, f"links without a price: {some(missing)}")
    something = any(prices.values()) or any(resource_prices.values())
    ledger.require(something or not some_price, "every price is 0, which proves nothing")
    others = f" and {len(resource_prices)} other resources" if resource_prices else ""
    return ledger.check(f"{len(prices)} links{others} have a price, none is negative")


def _check_bound(plan: PlanPart, *, ground: Ground) -> Check:
    ledger = Ledger("growth bound")
    growth = plan.growth
    claimed = growth.bound or 0.0
    prices = PriceList(growth.prices, growth.resource_prices, ground=ground, shared=plan.shared)
    cheapest = prices.cheapest()
    right = _bound(prices, cheapest, ground=ground)
    tolerance = ROUNDING
    # "Not at most", because the deviation of infinity from infinity is no number.
    if cheapest.loose and not relative(claimed - right, right) <= ROUNDING:
        cheapest.tighten()
        right, tolerance = _bound(prices, cheapest, ground=ground), PROGRAM_TOLERANCE
    ledger.equal("growth.bound", claimed=claimed, right=right, tolerance=tolerance)
    if len(ground.live) < len(ground.spans):
        live, every = (prices.cheapest_routes(links=links) for links in (ground.live, ground.spans))
        cheaper = [key for key in ground.active if every[key] < live[key] * (1 - ROUNDING)]
        ledger.require(not cheaper, f"a route over a link without key rate would be cheaper for {some(cheaper)}")
    what = "sets of routes" if any(given.routes > 1 for given in ground.given.values()) else "routes"
    return ledger.check(
        f"the prices prove that no factor above {number(right)} can be reached (total price of all key rates over "
        f"total price of the cheapest {what}, found anew); relative deviation {ledger.worst:.1e}"
    )


def _bound(prices: PriceList, cheapest: Cheapest, *, ground: Ground) -> float:
    spent = total(ground.wishes[key].requested_bps * cheapest[key] for key in ground.active)
    return prices.worth / spent if spent > 0 else math.inf


def _check_gap(growth: GrowthPart) -> Check:
    ledger = Ledger("growth gap")
    factor, bound = growth.factor or 0.0, growth.bound or 0.0
    right = (bound - factor) / bound if bound > 0 else math.inf
    ledger.equal("growth.gap", claimed=growth.gap, right=right, scale=1.0)
    ledger.require(
        right <= LARGEST_GAP,
        f"factor {number(factor)} lies {right:.1e} below the bound {number(bound)}; {LARGEST_GAP:.0e} is allowed",
    )
    ledger.require(right >= -1e-9, f"factor {number(factor)} lies above the bound {number(bound)}, which cannot be")
    return ledger.check(f"factor {number(factor)} and bound {number(bound)} agree to {max(right, 0.0):.1e}: optimal")
