"""Checks of what the plan says in words: the bottleneck sentences count what the certificates show."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from planner.verify.check import Check, Ledger
from planner.verify.prices import GROUP

if TYPE_CHECKING:
    from planner.verify.document import GrowthPart, LevelPart, PlanPart
    from planner.verify.ground import Ground

_Claim = tuple[str, str, int]
"""What limits (growth or service), the link or the module group with its prefix, how many demands."""

_SURE_SHARE = 1e-3
"""A link with more than this part of a certificate's price must be named as a bottleneck."""


def check_bottlenecks(plan: PlanPart, *, ground: Ground, names: dict[str, str]) -> Check:
    """Each bottleneck carries a price in a certificate and counts the demands that it limits there.

    A bottleneck of growth counts the demands whose growth routes use the link; one of service counts the demands
    frozen at the level that it saturates.

    Args:
        plan: The plan as it is written.
        ground: The recomputed facts.
        names: Node ids to the names shown to people.

    Returns:
        The check.
    """
    ledger = Ledger("bottlenecks")
    sure, possible = _expected(plan, ground=ground)
    claimed: Counter[_Claim] = Counter(
        (row.limits, row.link_id or f"{GROUP}{row.module_group}", row.demands_limited) for row in plan.bottlenecks
    )
    for limits, what, count in sorted(sure - claimed):
        ledger.require(condition=False, failure=f"'{what}' limits {count} demands ({limits}), which no sentence says")
    for limits, what, count in sorted(claimed - possible):
        ledger.require(
            condition=False,
            failure=f"'{what}' is said to limit {count} demands ({limits}), which no certificate shows",
        )
    for row in plan.bottlenecks:
        span = None if row.link_id is None else ground.spans.get(row.link_id)
        words = [row.module_group or ""] if span is None else [names[span.node_a], names[span.node_b]]
        for word in (*words, str(row.demands_limited)):
            ledger.require(word in row.sentence, f"the sentence '{row.sentence}' does not name '{word}'")
    return ledger.check(
        f"{len(plan.bottlenecks)} bottleneck sentences name links that carry a price in a certificate and count the "
        "demands that they limit there"
    )


def _expected(plan: PlanPart, *, ground: Ground) -> tuple[Counter[_Claim], Counter[_Claim]]:
    """What must be said, and what may be said, from the certificates alone."""
    crossing: dict[str, set[str]] = {}
    for route in plan.growth.routes:
        for link in route.links:
            crossing.setdefault(link, set()).add(route.demand_id)
            if link in ground.spans:
                crossing.setdefault(f"{GROUP}{ground.spans[link].group}", set()).add(route.demand_id)
    sure: Counter[_Claim] = Counter()
    possible: Counter[_Claim] = Counter()
    unfilled = [level for level in plan.fairness.levels if not level.served_in_full]
    proofs: list[tuple[str, GrowthPart | LevelPart, int | None]] = [("growth", plan.growth, None)]
    proofs += [("service", level, len(level.demands)) for level in unfilled]
    for limits, proof, frozen in proofs:
        worth = {
            link: price * ground.spans[link].key_rate_bps
            for link, price in proof.prices.items()
            if link in ground.spans
        } | dict(proof.resource_prices)
        total = sum(worth.values())
        for link, value in worth.items():
            count = len(crossing.get(link, ())) if frozen is None else frozen
            if value > 0:
                possible[limits, link, count] += 1
            if value > _SURE_SHARE * total:
                sure[limits, link, count] += 1
    return sure, possible
