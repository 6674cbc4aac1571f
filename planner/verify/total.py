"""Checks of the objective ``total``: what all demands get together, and the proof that no more can be served.

The proof is weak duality once more. Let ``c_d`` be what a bit/s costs demand d over its cheapest permitted set of
routes at prices at which all that there is is worth W (:mod:`planner.verify.prices`). Whatever is served, it uses no
more than there is: ``sum served_d c_d <= W``. And no demand gets more than it asked for. So::

    sum served_d  =  sum served_d c_d + sum served_d (1 - c_d)  <=  W + sum requested_d max(0, 1 - c_d)  =  bound

Among the answers that reach the bound the fairest is taken. The prices do not prove that; one thing that follows from
it is checked: of demands that can use the same sets of routes, which could be given each other's key, all have the same
level (served fraction over priority) but those that are served in full at a lower one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.verify.check import ROUNDING, Check, Ledger, number, relative, total
from planner.verify.growth import LARGEST_GAP, check_prices
from planner.verify.integer import PROGRAM_TOLERANCE
from planner.verify.prices import PriceList
from planner.verify.spare import LARGEST_DEVIATION, served_bps

SLIGHT = 1e-7
"""A part of the total that counts as nothing where a total is divided."""

if TYPE_CHECKING:
    from planner.verify.document import PlanPart, TotalPart
    from planner.verify.ground import Ground
    from planner.verify.prices import Cheapest


def check_total(plan: PlanPart, *, ground: Ground) -> list[Check]:
    """Checks what is served in all, prices, bound and gap, and that no fairness is claimed.

    Args:
        plan: The plan as it is written.
        ground: The recomputed facts.

    Returns:
        The checks.
    """
    claimed = plan.total
    if claimed is None:
        return [Check("total served", passed=False, detail="the objective is total, but no total is given")]
    served = _check_served(plan, claimed)
    if not ground.active:
        return [served, _check_nothing(claimed)]
    prices = check_prices(
        "total prices",
        prices=claimed.prices,
        resource_prices=claimed.resource_prices,
        ground=ground,
        shared=plan.shared,
        every_link=True,
        some_price=False,
    )
    if not prices.passed:
        return [served, prices, Check("total bound", passed=False, detail="wrong prices prove nothing")]
    bound, gap = _check_bound(claimed, ground=ground, shared=plan.shared), _check_gap(claimed)
    return [served, prices, bound, gap, _check_ties(plan, ground=ground)]


def check_no_total(plan: PlanPart) -> list[Check]:
    """A fair plan claims no total; a failing check where it does."""
    if plan.total is None:
        return []
    return [Check("total served", passed=False, detail="the objective is fair, but a total is given")]


def _check_served(plan: PlanPart, claimed: TotalPart) -> Check:
    ledger = Ledger("total served")
    right = total(demand.served_bps for demand in plan.demands)
    ledger.equal("total.served_bps", claimed=claimed.served_bps, right=right)
    ledger.require(not plan.fairness.levels, "the objective is total, so there should be no fairness levels")
    return ledger.check(f"all demands together get {number(right)} bit/s; fairness is not claimed")


def _check_nothing(claimed: TotalPart) -> Check:
    ledger = Ledger("total bound")
    for name, value in (("bound", claimed.bound), ("gap", claimed.gap)):
        ledger.equal(f"total.{name}, because no demand takes part,", claimed=value, right=0.0)
    ledger.require(not claimed.prices, "total.prices should be empty")
    ledger.require(not claimed.resource_prices, "total.resource_prices should be empty")
    return ledger.check("bound and gap are 0, because no demand takes part")


def _check_bound(claimed: TotalPart, *, ground: Ground, shared: bool) -> Check:
    ledger = Ledger("total bound")
    prices = PriceList(claimed.prices, claimed.resource_prices, ground=ground, shared=shared)
    cheapest = prices.cheapest()
    right = _bound(prices, cheapest, ground=ground)
    tolerance = ROUNDING
    if cheapest.loose and relative(claimed.bound - right, right) > ROUNDING:
        cheapest.tighten()
        right, tolerance = _bound(prices, cheapest, ground=ground), PROGRAM_TOLERANCE
    ledger.equal("total.bound", claimed=claimed.bound, right=right, tolerance=tolerance)
    return ledger.check(
        f"the prices prove that no more than {number(right)} bit/s can be served (total price of all there is, and "
        "what each request is worth above the price of its cheapest routes, found anew); relative deviation "
        f"{ledger.worst:.1e}"
    )


def _bound(prices: PriceList, cheapest: Cheapest, *, ground: Ground) -> float:
    above = [ground.wishes[key].requested_bps * max(0.0, 1.0 - cheapest[key]) for key in ground.active]
    return prices.worth + total(above)


def _check_gap(claimed: TotalPart) -> Check:
    ledger = Ledger("total gap")
    served, bound = claimed.served_bps, claimed.bound
    right = (bound - served) / bound if bound > 0 else 0.0
    ledger.equal("total.gap", claimed=claimed.gap, right=right, scale=1.0)
    ledger.require(
        right <= LARGEST_GAP, f"{number(served)} bit/s lie {right:.1e} below the bound; {LARGEST_GAP:.0e} is allowed"
    )
    ledger.require(right >= -ROUNDING, f"{number(served)} bit/s lie above the bound {number(bound)}, which cannot be")
    return ledger.check(f"served {number(served)} and bound {number(bound)} agree to {max(right, 0.0):.1e}: optimal")


def _check_ties(plan: PlanPart, *, ground: Ground) -> Check:
    """Demands that can use the same sets of routes are served alike."""
    ledger = Ledger("total ties")
    served = served_bps(plan, ground=ground)
    slight_bps = SLIGHT * total(served.values())
    kinds: dict[int, list[str]] = {}
    for key, kind in ground.kind_of.items():
        kinds.setdefault(kind, []).append(key)
    compared = 0
    for keys in kinds.values():
        weights = {key: ground.wishes[key].priority * ground.wishes[key].requested_bps for key in keys}
        best = max(keys, key=lambda key: served[key] / weights[key])
        level = served[best] / weights[best]
        for key in keys if len(keys) > 1 else ():
            fair_bps = min(level * weights[key], ground.wishes[key].requested_bps)
            short = fair_bps - served[key] > LARGEST_DEVIATION * fair_bps + slight_bps
            what = f"demand '{key}' gets {number(served[key])} bit/s; '{best}' could share its routes and leave it more"
            ledger.require(not short, what)
            compared += 1
    return ledger.check(
        f"{compared} demands that can use the same routes as others are served alike; that no other plan of the same "
        "total is fairer is not proved"
    )
