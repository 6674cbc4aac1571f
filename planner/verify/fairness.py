"""Checks that nobody can get more without taking from somebody who is no better off.

Let ``f_d = served_d / requested_d``, at most 1, and let the *level* of a demand be ``f_d / priority_d``. An
allocation is weighted max-min fair if no other one that can be carried out raises some ``f_d`` without lowering
some ``f_j`` of a demand that is no better off (level of j at most level of d). The plan claims levels
``l_1 <= l_2 <= ...``: demand d, frozen at level k, has ``f_d = priority_d * l_k``. Each level is proved by one
of two things.

*Served in full*: ``f_d = 1``, and more is not asked for.

*Prices*. Take any prices ``p_e >= 0`` of a bit/s on link e and ``pi_r >= 0`` of each other whole resource
(:mod:`planner.verify.prices`), and let ``c_d`` be what a bit/s costs demand d over its cheapest permitted set of
routes. Whatever flows is worth no more than all there is, so every allocation ``f'`` that can be carried out obeys::

    sum over d of f'_d requested_d c_d  <=  W = sum p_e rate_e + sum pi_r                        (1)

The plan's prices of level k satisfy, with E the demands frozen at earlier levels::

    W = sum over E of f_d requested_d c_d  +  l_k * sum over the others of priority_d requested_d c_d     (2)

and ``c_d > 0`` for every d frozen at level k. Now suppose some f' raised one of these, d, and lowered no demand
that is no better off: nobody in E, nobody at level l_k. Demands that are better off may be lowered, but the
allocations form a convex set, so f + t (f' - f) can be carried out too, and for small t > 0 those that are
better off keep more than ``priority l_k``. Then the left side of (1) is at least the right side of (2) plus
``t (f'_d - f_d) requested_d c_d > 0``, hence greater than W: a contradiction. So no level can be raised, and
since every demand is frozen at exactly one level, the allocation is fair. Max-min fair allocations are unique
in what each demand gets: B. Radunović and J.-Y. Le Boudec, IEEE/ACM Trans. Netw. 15, 1073 (2007).

In numbers (2) holds up to the tolerance of the solver. What is left over, W minus the right side, bounds what d
could gain. Demands between the same two nodes with the same protection can be given each other's key, so those frozen
together share any gain in proportion: ``left / sum over them of served_j c_j`` of what they get. Where demands are so
small beside others that the tolerance hides them, this says little. So one consequence of fairness is checked without
prices (:mod:`planner.verify.spare`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.verify.check import Check, Ledger, number, some, total
from planner.verify.growth import check_prices
from planner.verify.prices import PriceList
from planner.verify.spare import LARGEST_DEVIATION, LARGEST_GAIN, SOLVER_TOLERANCE, check_spare, served_bps, shared_bps

if TYPE_CHECKING:
    from planner.verify.document import LevelPart, PlanPart
    from planner.verify.ground import Ground
    from planner.verify.prices import Cheapest

LARGEST_LEFT_OVER = 1e-6
"""Largest part of the worth W that equation (2) may leave over."""


def check_fairness(plan: PlanPart, *, ground: Ground) -> list[Check]:
    """Checks the levels and the proof of each.

    Args:
        plan: The plan as it is written.
        ground: The recomputed facts.

    Returns:
        Three checks: the levels say what is served, no level can be raised, nobody unserved passes by spare key.
    """
    levels = _check_levels(plan, ground=ground)
    spare = check_spare(plan, ground=ground)
    if not levels.passed:
        return [levels, Check("fairness proof", passed=False, detail="wrong levels prove nothing"), spare]
    return [levels, _check_proofs(plan, ground=ground), spare]


def _check_levels(plan: PlanPart, *, ground: Ground) -> Check:
    """Each demand is frozen once, at the level that it is served."""
    ledger = Ledger("fairness levels")
    levels = plan.fairness.levels
    served = {demand.demand_id: demand.served_bps for demand in plan.demands}
    frozen = [key for level in levels for key in level.demands]
    expected = ground.active
    ledger.require(len(frozen) == len(set(frozen)), "a demand is frozen twice")
    missing = sorted(set(expected) - set(frozen))
    ledger.require(not missing, f"demands that are frozen at no level: {some(missing)}")
    extra = [key for key in frozen if key not in ground.given]
    ledger.require(not extra, f"frozen demands that ask for nothing or have no route or no port: {some(extra)}")
    before = 0.0
    for index, level in enumerate(levels, start=1):
        ledger.require(
            level.level >= before * (1 - 1e-9),
            f"level {index} is {number(level.level)}, below the one before, {number(before)}",
        )
        before = level.level
        ledger.require(level.demands, f"level {index} freezes no demand")
        if level.served_in_full:
            proof = level.prices or level.resource_prices
            ledger.require(not proof, f"level {index}, which serves in full, has prices, though it needs no proof")
        for key in level.demands:
            wish = ground.wishes.get(key)
            if wish is None or key not in served:
                continue
            share = level.level * wish.priority
            ledger.equal(
                f"served_bps of demand '{key}', by level {index}, {number(level.level)},",
                claimed=served[key],
                right=share * wish.requested_bps,
                tolerance=LARGEST_DEVIATION,
            )
            if level.served_in_full:
                ledger.equal(
                    f"served_bps of demand '{key}', in full,",
                    claimed=served[key],
                    right=wish.requested_bps,
                    tolerance=LARGEST_DEVIATION,
                )
    full = sum(len(level.demands) for level in levels if level.served_in_full)
    return ledger.check(
        f"each of {len(expected)} demands is frozen at one of {len(levels)} levels and gets what the level says, "
        f"{full} of them all they ask for; worst relative deviation {ledger.worst:.1e}"
    )


def _check_proofs(plan: PlanPart, *, ground: Ground) -> Check:
    """No level can be raised: equation (2) holds at each, and those frozen there pay a price."""
    ledger = Ledger("fairness proof")
    levels = plan.fairness.levels
    served = served_bps(plan, ground=ground)
    earlier: set[str] = set()
    proved, largest_gain = 0, 0.0
    for index, level in enumerate(levels, start=1):
        if not level.served_in_full:
            name = f"level {index}"
            prices = check_prices(
                name, prices=level.prices, resource_prices=level.resource_prices,
                ground=ground, shared=plan.shared, every_link=False,
            )  # fmt: skip
            if ledger.require(prices.passed, f"{name}: {prices.detail}"):
                gain = _prove(
                    ledger, level, name=name, earlier=earlier, served=served, ground=ground, shared=plan.shared
                )
                largest_gain = max(largest_gain, gain)
            proved += 1
        earlier.update(level.demands)
    return ledger.check(
        f"the prices of {proved} levels prove that none can be raised: what they leave over is at most "
        f"{ledger.worst:.1e} of the worth, and no demand could gain more than {largest_gain:.1e} of what it gets; "
        f"the other {len(levels) - proved} levels serve in full"
    )


def _prove(
    ledger: Ledger,
    level: LevelPart,
    *,
    name: str,
    earlier: set[str],
    served: dict[str, float],
    ground: Ground,
    shared: bool,
) -> float:
    """Checks equation (2) for one level; gives the largest gain that its prices leave open.

    At first with bounds of what the cheapest sets cost, and, if that is not enough, with what they do cost.
    """
    prices = PriceList(level.prices, level.resource_prices, ground=ground, shared=shared)
    cheapest = prices.cheapest()
    while True:
        attempt = Ledger(name)
        gain = _balance(attempt, level, prices=prices, cheapest=cheapest, earlier=earlier, served=served, ground=ground)
        if not attempt.wrong or not cheapest.loose:
            ledger.wrong += attempt.wrong
            ledger.worst = max(ledger.worst, attempt.worst)
            return gain
        cheapest.tighten()


def _balance(
    ledger: Ledger,
    level: LevelPart,
    *,
    prices: PriceList,
    cheapest: Cheapest,
    earlier: set[str],
    served: dict[str, float],
    ground: Ground,
) -> float:
    spent = []
    for key in ground.active:
        wish = ground.wishes[key]
        rate_bps = served[key] if key in earlier else level.level * wish.priority * wish.requested_bps
        spent.append(rate_bps * cheapest[key])
    paid, worth = total(spent), prices.worth
    what = f"the price of what {ledger.name} serves"
    ledger.equal(what, claimed=paid, right=worth, tolerance=LARGEST_LEFT_OVER)
    unproved = max(worth - paid - SOLVER_TOLERANCE * worth, 0.0)
    largest = 0.0
    for key, pool_bps in shared_bps(level.demands, served, ground=ground).items():
        pays = cheapest[key] * pool_bps
        failure = f"{ledger.name}: demand '{key}' has a route that costs nothing, so it might get more"
        if ledger.require(pays > 0, failure):
            largest = max(largest, unproved / pays)
            failure = f"{ledger.name}: demand '{key}' might still gain {unproved / pays:.1e} of what it gets"
            ledger.require(unproved <= LARGEST_GAIN * pays, failure)
    return largest
