"""Checks of what the plan says in words: the bottleneck sentences count what the certificates show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.verify.check import Check, Ledger
from planner.verify.integer import LINK, NODE
from planner.verify.prices import GROUP, Resource, resource_of
from planner.verify.sets import RouteSet, failures_of

if TYPE_CHECKING:
    from planner.verify.document import BottleneckPart, GrowthPart, LevelPart, PlanPart, RoutePart, TotalPart
    from planner.verify.ground import Ground

_Claim = tuple[str, str, str, int]
"""What limits (growth, service or total), the resource, the failure or nothing, how many demands."""

_SURE_SHARE = 1e-3
"""A resource with more than this part of a certificate's price must be named as a bottleneck."""


def check_bottlenecks(plan: PlanPart, *, ground: Ground, names: dict[str, str]) -> Check:
    """Each bottleneck carries a price in a certificate and counts the demands that it limits there.

    A bottleneck of growth, or of the total, counts the demands that have a route which loads it; one of service counts
    the demands frozen at the level that it saturates.

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
        (row.limits, _named(row), row.failure or "", row.demands_limited) for row in plan.bottlenecks
    )
    for limits, name, failure, count in sorted(sure - claimed):
        what = f"'{name}'{_when(failure)}"
        ledger.require(condition=False, failure=f"{what} limits {count} demands ({limits}), which no sentence says")
    for limits, name, failure, count in sorted(claimed - possible):
        what = f"'{name}'{_when(failure)} is said to limit {count} demands ({limits})"
        ledger.require(condition=False, failure=f"{what}, which no certificate shows")
    for row in plan.bottlenecks:
        for word in _words_of(row, ground=ground, names=names):
            said = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", row.sentence)
            ledger.require(said, f"the sentence '{row.sentence}' does not name '{word}'")
    return ledger.check(
        f"{len(plan.bottlenecks)} bottleneck sentences name what carries a price in a certificate and count the "
        "demands that it limits there"
    )


def _named(row: BottleneckPart) -> str:
    kinds = ((LINK, row.link_id), (NODE, row.node_id), (GROUP, row.module_group))
    return ", ".join(f"{kind}{name}" for kind, name in kinds if name is not None)


def _when(failure: str) -> str:
    return f" when '{failure}' fails" if failure else ""


def _words_of(row: BottleneckPart, *, ground: Ground, names: dict[str, str]) -> Iterator[str]:
    """What the sentence of a bottleneck must say."""
    if row.limits != "total":
        yield f"{row.demands_limited:,}"
    for what in (_named(row), row.failure or ""):
        kind, _, name = what.partition(":")
        if f"{kind}:" == LINK and name in ground.spans:
            yield from (names[end] for end in sorted(ground.spans[name].ends))
        elif name:
            yield names.get(name, name) if f"{kind}:" == NODE else name


@dataclass(frozen=True)
class _Proof:
    """A certificate: what it limits, and whom, where the routes do not say it."""

    limits: str
    prices: GrowthPart | LevelPart | TotalPart
    sets: Sequence[RouteSet] = ()
    frozen: int | None = None


def _expected(plan: PlanPart, *, ground: Ground) -> tuple[Counter[_Claim], Counter[_Claim]]:
    """What must be said, and what may be said, from the certificates alone."""
    proofs = [_Proof("growth", plan.growth, sets=plan.growth.sets)]
    proofs += [
        _Proof("service", level, frozen=len(level.demands))
        for level in plan.fairness.levels
        if not level.served_in_full
    ]
    if plan.total is not None:
        proofs.append(_Proof("total", plan.total, sets=plan.sets))
    sure: Counter[_Claim] = Counter()
    possible: Counter[_Claim] = Counter()
    for proof in proofs:
        worth = _worth(proof.prices, ground=ground, shared=plan.shared)
        whole = sum(worth.values())
        users = _users(proof.sets, worth, ground=ground) if proof.frozen is None else {}
        for resource, value in worth.items():
            count = len(users.get(resource, ())) if proof.frozen is None else proof.frozen
            claim = (proof.limits, f"{resource.kind}{resource.name}", resource.failure or "", count)
            possible[claim] += value > 0
            sure[claim] += value > _SURE_SHARE * whole
    return +sure, +possible


def _worth(proof: GrowthPart | LevelPart | TotalPart, *, ground: Ground, shared: bool) -> dict[Resource, float]:
    """What each whole resource costs."""
    worth = {
        Resource(LINK, link): price * ground.spans[link].key_rate_bps
        for link, price in proof.prices.items()
        if link in ground.spans
    }
    for key, price in proof.resource_prices.items():
        resource = resource_of(key, ground=ground, shared=shared)
        if resource is not None:
            worth[resource] = price
    return worth


def _users(sets: Sequence[RouteSet], worth: dict[Resource, float], *, ground: Ground) -> dict[Resource, set[str]]:
    """The demands with a route that loads each resource, in the failure in which it has a price."""
    wanted: dict[str, list[Resource]] = {}
    for resource, value in worth.items():
        if value > 0:
            wanted.setdefault(f"{resource.kind}{resource.name}", []).append(resource)
    users: dict[Resource, set[str]] = {}
    for part in sets:
        hit = {
            failure for route in part.routes if route.role == "working" for failure in failures_of(route, ground=ground)
        }
        for route in part.routes:
            for name in _loaded(route, ground=ground):
                for resource in wanted.get(name, ()):
                    if route.role != "protection" or resource.failure is None or resource.failure in hit:
                        users.setdefault(resource, set()).add(part.demand_id)
    return users


def _loaded(route: RoutePart, *, ground: Ground) -> set[str]:
    """The resources that a route loads."""
    groups = {ground.spans[link].group for link in route.links if link in ground.spans}
    return {name for name in failures_of(route, ground=ground) if name not in ground.at_risk} | {
        f"{GROUP}{group}" for group in groups if group is not None
    }
