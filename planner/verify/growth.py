"""Checks of the growth factor: the witness reaches it, the prices prove that nothing reaches further.

The proof is weak duality of the maximum concurrent flow. Take any prices ``p_e >= 0`` of a bit/s on link e and
``pi_g >= 0`` of the whole time of module group g. Whatever flows, what it uses is worth no more than all there
is: ``sum p_e rate_e + sum pi_g``. If all requests are served t-fold, each bit/s of demand d uses at least the
cheapest permitted route, so the use is worth at least ``t * sum requested_d * cheapest_d``. Hence::

    t <= bound = (sum p_e rate_e + sum pi_g) / sum requested_d cheapest_d

for every t that can be reached. The witness reaches ``factor``; where factor and bound agree, both are the
optimum, whoever found them. See F. Shahrokhi and D. W. Matula, J. ACM 37, 318 (1990).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from planner.verify.check import Check, Ledger, number, some, total
from planner.verify.flows import note_overloads, route_flaws
from planner.verify.ground import GROUP_PREFIX, Ground

if TYPE_CHECKING:
    from planner.verify.document import GrowthPart, PlanPart

LARGEST_GAP = 1e-6
"""Largest relative distance between factor and bound that counts as optimal."""


def check_growth(plan: PlanPart, *, ground: Ground) -> list[Check]:
    """Checks factor, witness, prices, bound and gap.

    Args:
        plan: The plan as it is written.
        ground: The recomputed facts.

    Returns:
        The checks. Where the factor is 0 (a demand without a route) or null (nobody asks for anything), one
        check that it rightly is.
    """
    growth = plan.growth
    unreached = [key for key in ground.asking if key not in ground.reachable]
    if not ground.asking or unreached:
        return [_check_edge(growth, unreached=unreached)]
    witness = _check_witness(growth, ground=ground)
    prices = check_prices(
        "growth prices", prices=growth.prices, resource_prices=growth.resource_prices, ground=ground, every_link=True
    )
    if not prices.passed or growth.factor is None or growth.bound is None or growth.gap is None:
        why = "prices that are no prices prove nothing" if not prices.passed else "factor, bound and gap must be given"
        return [witness, prices, Check("growth bound", passed=False, detail=why)]
    return [witness, prices, _check_bound(growth, ground=ground), _check_gap(growth)]


def _check_edge(growth: GrowthPart, *, unreached: list[str]) -> Check:
    """Where nobody asks, or somebody cannot be reached, the factor is no matter of prices."""
    right = 0.0 if unreached else None
    why = f"no permitted route carries key for {some(unreached)}" if unreached else "no demand asks for key"
    ledger = Ledger("growth factor")
    for name, claimed in (("factor", growth.factor), ("bound", growth.bound), ("gap", growth.gap)):
        ledger.equal(f"growth.{name}, because {why},", claimed=claimed, right=right)
    ledger.require(not growth.prices, "growth.prices should be empty")
    ledger.require(not growth.resource_prices, "growth.resource_prices should be empty")
    ledger.require(not growth.routes, "growth.routes should be empty")
    return ledger.check(f"factor, bound and gap are {number(right)} and need no prices, because {why}")


def _check_witness(growth: GrowthPart, *, ground: Ground) -> Check:
    ledger = Ledger("growth witness")
    factor = growth.factor or 0.0
    ledger.require(growth.factor, f"growth.factor is {number(growth.factor)}, though every demand has a route")
    brought: dict[str, list[float]] = {}
    for route in growth.routes:
        for flaw in route_flaws(route, demand_id=route.demand_id, ground=ground):
            ledger.require(condition=False, failure=flaw)
        brought.setdefault(route.demand_id, []).append(route.rate_bps)
    for key in ground.asking:
        reached, needed = total(brought.get(key, ())), factor * ground.wishes[key].requested_bps
        ledger.at_most(
            f"what the factor promises demand '{key}' over what growth.routes bring it",
            value=needed,
            limit=reached,
        )
    note_overloads(ledger, growth.routes, ground=ground)
    return ledger.check(
        f"the {len(growth.routes)} growth routes exist, bring each of {len(ground.asking)} demands {number(factor)} "
        f"times its request and load no link beyond its key rate; largest excess {ledger.worst:.1e}"
    )


def check_prices(
    name: str, *, prices: dict[str, float], resource_prices: dict[str, float], ground: Ground, every_link: bool
) -> Check:
    """Checks that prices are prices: of things that exist, and not negative.

    Args:
        name: Name of the check.
        prices: Price of each link.
        resource_prices: Price of each module group, named ``module_group:<group>``.
        ground: The recomputed facts.
        every_link: Whether every link needs a price.

    Returns:
        The check.
    """
    ledger = Ledger(name)
    unknown = [key for key in prices if key not in ground.spans]
    ledger.require(not unknown, f"there is no such link: {some(unknown)}")
    unknown = [key for key in resource_prices if key.removeprefix(GROUP_PREFIX) not in ground.groups]
    ledger.require(not unknown, f"there is no such module group: {some(unknown)}")
    for key, price in (prices | resource_prices).items():
        ledger.require(price >= 0, f"the price of '{key}' is {number(price)}, below 0")
    missing = [key for key in ground.spans if key not in prices] if every_link else []
    ledger.require(not missing, f"links without a price: {some(missing)}")
    ledger.require(any((prices | resource_prices).values()), "every price is 0, which proves nothing")
    groups = f" and {len(resource_prices)} module groups" if resource_prices else ""
    return ledger.check(f"{len(prices)} links{groups} have a price, none is negative")


def _check_bound(growth: GrowthPart, *, ground: Ground) -> Check:
    ledger = Ledger("growth bound")
    right = _bound(growth, ground=ground, links=ground.live)
    ledger.equal("growth.bound", claimed=growth.bound, right=right)
    if len(ground.live) < len(ground.spans):
        strict = _bound(growth, ground=ground, links=ground.spans)
        ledger.equal("growth.bound, where routes may also use links without key rate,", claimed=right, right=strict)
    return ledger.check(
        f"the prices prove that no factor above {number(right)} can be reached (total price of all key rates over "
        f"total price of the cheapest routes, found anew); relative deviation {ledger.worst:.1e}"
    )


def _bound(growth: GrowthPart, *, ground: Ground, links: Iterable[str]) -> float:
    cheapest = ground.cheapest(growth.prices, growth.resource_prices, links=links)
    spent = total(ground.wishes[key].requested_bps * cheapest[key] for key in ground.asking)
    worth = ground.worth(growth.prices, growth.resource_prices)
    return worth / spent if spent > 0 else math.inf


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
