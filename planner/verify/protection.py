"""What protection the network can give each demand, found anew, and whether the plan says the same.

A demand that asks for k disjoint routes gets them if they exist. By Menger's theorem there are, without risk groups,
exactly as many routes that share no inner node and no link as there are nodes and links in the least cut between the
ends; so a cut of j parts is the proof that there are no more than j routes, and any such proof can be checked by taking
the cut away. With risk groups there may be fewer routes than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.verify.check import Check, Ledger, some
from planner.verify.disjoint import share_risks
from planner.verify.graph import joined_pairs
from planner.verify.integer import NODE, RISK, disjoint_exists, least_cut

if TYPE_CHECKING:
    from planner.verify.document import CutPart, DemandPart, PlanPart
    from planner.verify.ground import Ground, Pair

NO_PROTECTION = "none"


@dataclass(frozen=True)
class Given:
    """The protection that a demand gets.

    Attributes:
        protection: ``none``, ``1+1`` or ``split-k``.
        routes: How many routes a set has: 1, 2 or k.
    """

    protection: str
    routes: int


def routes_asked(protection: str) -> int:
    """How many disjoint routes a protection needs."""
    if protection == NO_PROTECTION:
        return 1
    return 2 if protection == "1+1" else int(protection.removeprefix("split-"))


def given_protection(ground: Ground) -> dict[str, Given]:
    """The strongest protection that the network can give each demand that takes part.

    Args:
        ground: The recomputed facts.
    """
    asked = {key: ground.wishes[key].protection for key in ground.active}
    most: dict[Pair, int] = {}
    for key, protection in asked.items():
        pair = ground.wishes[key].pair
        most[pair] = max(most.get(pair, 1), routes_asked(protection))
    there = {pair: 1 if count == 1 else count_disjoint(ground, pair, most=count) for pair, count in most.items()}
    return {key: _strongest(asked[key], there[ground.wishes[key].pair]) for key in asked}


def count_disjoint(ground: Ground, pair: Pair, *, most: int) -> int:
    """How many routes between two nodes share no inner node, no link and no risk group.

    Args:
        ground: The recomputed facts.
        pair: The two nodes.
        most: Counted up to this.
    """
    found = ground.short_routes.cheapest(pair, most=most).routes
    count = len(found)
    if share_risks(ground, found):
        while count > 1 and not disjoint_exists(ground, pair, routes=count):
            count -= 1
    return count


def _strongest(asked: str, there: int) -> Given:
    if there >= routes_asked(asked):
        return Given(asked, routes_asked(asked))
    return Given(NO_PROTECTION, 1) if asked == "1+1" or there == 1 else Given(f"split-{there}", there)


def check_protection(plan: PlanPart, *, ground: Ground) -> Check:
    """Each demand is given the protection it asked for or the strongest there is, and the cut says why not."""
    ledger = Ledger("protection")
    asking = 0
    for demand in plan.demands:
        wish = ground.wishes.get(demand.demand_id)
        if wish is None:
            continue
        name = f"demand '{demand.demand_id}'"
        asking += wish.protection != NO_PROTECTION
        ledger.require(
            demand.protection == wish.protection,
            f"{name} asks for '{demand.protection}' in the plan and for '{wish.protection}' in the inputs",
        )
        given = ground.given.get(demand.demand_id)
        if given is None:
            ledger.require(demand.shortfall is None, f"{name} has a shortfall, though it takes no part in the plan")
            ledger.require(demand.protection_given is None, f"{name}, which takes no part, is given protection")
            continue
        claimed = demand.protection_given
        ledger.require(
            claimed == given.protection or (claimed is None and plan.before_protection),
            f"{name} is given '{demand.protection_given}'; the strongest that it asks for and can get is "
            f"'{given.protection}'",
        )
        _note_shortfall(ledger, demand, given=given, ground=ground)
    return ledger.check(_words(plan, asking=asking))


def _words(plan: PlanPart, *, asking: int) -> str:
    if not asking:
        return "no demand asks for protection"
    short = sum(demand.shortfall is not None for demand in plan.demands)
    return (
        f"{asking} demands ask for protection; {asking - short} have as many disjoint routes as they need, counted "
        f"anew, or no route at all; the other {short} get the strongest there is, and their cuts separate their ends"
    )


def _note_shortfall(ledger: Ledger, demand: DemandPart, *, given: Given, ground: Ground) -> None:
    """A shortfall is claimed where there is one, with the right number of routes and a least cut."""
    wish = ground.wishes[demand.demand_id]
    name = f"demand '{demand.demand_id}'"
    short = given.protection != wish.protection
    claimed = demand.shortfall
    if claimed is None:
        ledger.require(not short, f"{name} asks for {wish.protection} and gets {given.protection}, with no shortfall")
        return
    if not ledger.require(short, f"{name} claims a shortfall, though it gets {wish.protection}"):
        return
    there = count_disjoint(ground, wish.pair, most=routes_asked(wish.protection))
    ledger.require(claimed.routes == there, f"{name} has {there} disjoint routes, not {claimed.routes}")
    flaw = _cut_flaw(claimed.cut, pair=wish.pair, there=there, ground=ground)
    ledger.require(not flaw, f"the cut of {name} {flaw}")


def _cut_flaw(cut: CutPart, *, pair: Pair, there: int, ground: Ground) -> str:
    """What is wrong with a cut, in words; nothing where it separates the ends and none does with less."""
    unknown = [node for node in cut.nodes if node not in ground.nodes or node in pair]
    unknown += [link for link in cut.links if link not in ground.spans]
    unknown += [risk for risk in cut.risk_groups if f"{RISK}{risk}" not in ground.at_risk]
    if unknown:
        return f"names what cannot be in it: {some(unknown)}"
    failed = [*(f"{RISK}{risk}" for risk in cut.risk_groups), *(f"{NODE}{node}" for node in cut.nodes)]
    gone = {*cut.links, *(link for part in failed for link in ground.at_risk.get(part, ()))}
    left = [link for link in ground.live if link not in gone]
    if joined_pairs(ground, {pair}, links=left, without=frozenset(cut.nodes)):
        return "does not separate its ends"
    size = len(cut.nodes) + len(cut.links) + len(cut.risk_groups)
    # No cut has fewer parts than there are disjoint routes.
    least = there if size == there else least_cut(ground, pair)
    return "" if size == least else f"has {size} parts, the least has {least}"
