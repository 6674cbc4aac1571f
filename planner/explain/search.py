"""The search for the cheapest changes that serve the wanted demands in full: greedy, each step planned again.

What is short is found by lifting limits (:mod:`planner.explain.shortage`), each of these resources gets the cheapest
change that would give it what it needs, and the changed network is planned again. What is still short then goes another
round. In the end every change is left out once: one without which the demands are served all the same is dropped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from planner.explain.options import Market, options
from planner.explain.reach import bypass, dead_links, more_ports
from planner.explain.shortage import Short, find_short
from planner.explain.state import Budgets, Changed, Question

if TYPE_CHECKING:
    from planner.allocation import Cut
    from planner.explain.changes import Change

_ROUNDS = 12
_MOST_NEW_LINKS = 12
_ORDERED = 10
"""So many changes are ordered by what they help; more than that by price."""
_GAIN = 1e-9
_TRIED = 60
"""So many other ways to do a change are planned again at most."""


@dataclass(frozen=True)
class Step:
    """A change that was chosen.

    Attributes:
        change: The change.
        fraction_after: What part of their requests the wanted demands get with it and all steps before.
        fraction_without: What part they get with all steps but this.
    """

    change: Change
    fraction_after: float
    fraction_without: float


@dataclass(frozen=True)
class Alternative:
    """Another change in the place of a step's.

    Attributes:
        change: The change.
        instead_of: The step's resource.
        fraction: What part of their requests the wanted demands get with it in that place.
    """

    change: Change
    instead_of: str
    fraction: float


@dataclass(frozen=True)
class Remedy:
    """What is short, and what would serve the wanted demands.

    Attributes:
        short: The resources that are short in the network as it is, with what they need.
        cuts: Cuts that keep a demand from its routes, by demand.
        dead: Links without key that keep a demand from any route.
        steps: The changes, what helps most for its price first.
        alternatives: Other changes that serve as well, cheapest first.
        fraction_before: What part of their requests the wanted demands get in the network as it is.
        fraction_after: With all steps.
        met: Whether the wanted demands then get all they ask for.
    """

    short: tuple[Short, ...]
    cuts: dict[str, Cut]
    dead: tuple[str, ...]
    steps: tuple[Step, ...]
    alternatives: tuple[Alternative, ...]
    fraction_before: float
    fraction_after: float
    met: bool


class Search:
    """Looks for changes.

    Args:
        question: Whom to serve, in what network.
        market: What may be bought.
    """

    def __init__(self, question: Question, *, market: Market) -> None:
        self.question, self.market = question, market
        self._budgets = Budgets(question)
        self.base = Changed(question, budgets=self._budgets)
        self.cuts: dict[str, Cut] = {}
        self.dead: dict[str, None] = {}
        self.short: dict[str, Short] = {}
        self._others: dict[str, list[Change]] = {}
        self._planned: dict[frozenset[int], Changed] = {}

    def remedy(self) -> Remedy:
        """The cheapest changes found."""
        chosen = self._spare(self._choose(self._reach()))
        steps = self._steps(chosen)
        after = self._plan(chosen)
        return Remedy(
            short=tuple(self.short.values()),
            cuts=self.cuts,
            dead=tuple(self.dead),
            steps=steps,
            alternatives=self._alternatives(chosen) if after.met else (),
            fraction_before=self.base.fraction,
            fraction_after=after.fraction,
            met=after.met,
        )

    def _plan(self, changes: Sequence[Change]) -> Changed:
        """The network with changes made. What was planned is kept with its changes, so no other gets their ids."""
        key = frozenset(id(change) for change in changes)
        if key not in self._planned:
            self._planned[key] = Changed(self.question, budgets=self._budgets, changes=changes)
        return self._planned[key]

    def _reach(self) -> list[Change]:
        """Ports, and new links around cuts, until every wanted demand has the routes that it asks for."""
        chosen: list[Change] = []
        for demand in self.question.wanted:
            if demand in self.base.allocation.without_port:
                ports = more_ports(self.base, demand=demand, market=self.market)
                chosen += [] if ports is None else [ports]
        shortfalls = self._plan(chosen).allocation.shortfalls  # without new links, which nobody knows yet
        self.cuts = {short.demand_id: short.cut for short in shortfalls if short.demand_id in self.question.wanted}
        for _ in range(_MOST_NEW_LINKS):
            changed = self._plan(chosen)
            missing = self._cut(changed)
            if missing is None:
                break
            demand, cut = missing
            found = bypass(changed, demand=demand, cut=cut, market=self.market)
            if not found:
                break
            chosen.append(found[0])
            self._others[found[0].resource] = found[1:]
        return chosen

    def _cut(self, changed: Changed) -> tuple[str, Cut | None] | None:
        """A wanted demand that lacks routes, and the cut; None where none does, but for links without key."""
        allocation = changed.allocation
        for shortfall in allocation.shortfalls:
            if shortfall.demand_id in self.question.wanted:
                return shortfall.demand_id, shortfall.cut
        for demand in allocation.unreachable:
            if demand in self.question.wanted:
                dead = dead_links(changed, demand=demand)
                if dead is None:
                    return demand, None
                self.dead |= dict.fromkeys(dead)
        return None

    def _choose(self, chosen: list[Change]) -> list[Change]:
        """Changes of what is short, until the wanted demands are served or nothing helps."""
        by_resource = {change.resource: change for change in chosen}
        for _ in range(_ROUNDS):
            changed = self._plan(list(by_resource.values()))
            if changed.met:
                break
            known = set(changed.network.links["link_id"])
            shorts = find_short(changed, lifted=[f"link:{link}" for link in self.dead if link in known])
            for short in shorts:
                self.short.setdefault(short.resource, self._as_it_is(short))
            progress = False
            for resource, found in self._offered(shorts, changed=changed, made=by_resource).items():
                if found and found[0] != by_resource.get(resource):
                    by_resource[resource] = found[0]
                    self._others[resource] = found[1:]
                    progress = True
            if not progress:
                break
        return list(by_resource.values())

    def _offered(
        self, shorts: Sequence[Short], *, changed: Changed, made: dict[str, Change]
    ) -> dict[str, list[Change]]:
        """What can be done about each resource. One that was changed before is changed anew, from how it was."""
        fresh = [short for short in shorts if short.resource not in made]
        rates = dict(zip(changed.budget["link_id"], changed.budget["key_rate_bps"].tolist(), strict=True))
        found = options(fresh, network=changed.network, rates_bps=rates, market=self.market)
        again = [short for short in shorts if short.resource in made]
        if again:
            others = [change for resource, change in made.items() if resource not in {s.resource for s in again}]
            before = self._plan(others)
            rates = dict(zip(before.budget["link_id"], before.budget["key_rate_bps"].tolist(), strict=True))
            again = [short for short in again if short.kind != "link" or short.name in rates]
            found |= options(again, network=before.network, rates_bps=rates, market=self.market)
        return found

    def _as_it_is(self, short: Short) -> Short:
        """What is short of a resource is told against what the network has of it today."""
        rates = dict(zip(self.base.budget["link_id"], self.base.budget["key_rate_bps"].tolist(), strict=True))
        return replace(short, has=rates.get(short.name, short.has)) if short.kind == "link" else short

    def _spare(self, chosen: list[Change]) -> list[Change]:
        """The changes without those that are not needed, the dearest tried first."""
        if not self._plan(chosen).met:
            return [change for change in chosen if self._helps(change, chosen)]
        for change in sorted(chosen, key=lambda change: -change.cost_cny):
            rest = [other for other in chosen if other is not change]
            if self._plan(rest).met:
                chosen = rest
        return chosen

    def _helps(self, change: Change, chosen: Sequence[Change]) -> bool:
        """Whether the wanted demands get less without a change, where all together are not enough."""
        rest = [other for other in chosen if other is not change]
        with_it, without = (self._plan(changes).fraction for changes in (chosen, rest))
        return with_it > without * (1 + 1e-6) + 1e-12

    def _steps(self, chosen: Sequence[Change]) -> tuple[Step, ...]:
        ordered = self._ordered(sorted(chosen, key=lambda change: change.cost_cny))
        steps = []
        for number, change in enumerate(ordered):
            after = self._plan(ordered[: number + 1]).fraction
            without = self._plan([*ordered[:number], *ordered[number + 1 :]]).fraction
            steps.append(Step(change, after, without))
        return tuple(steps)

    def _ordered(self, left: list[Change]) -> list[Change]:
        """What raises the served part most for its price comes first; what does nothing by itself, by its price."""
        ordered: list[Change] = []
        while left:
            before = self._plan(ordered).fraction

            def price_of_gain(change: Change, before: float = before, done: Sequence[Change] = tuple(ordered)) -> float:
                gain = self._plan([*done, change]).fraction - before
                return change.cost_cny / gain if gain > _GAIN else math.inf

            best = min(left, key=price_of_gain) if len(left) <= _ORDERED else left[0]
            left = [change for change in left if change is not best]
            ordered.append(best)
        return ordered

    def _alternatives(self, chosen: Sequence[Change]) -> tuple[Alternative, ...]:
        """Other changes in the place of one, each planned again; those that do not serve as well are left out."""
        found = []
        places = [(change, other) for change in chosen for other in self._others.get(change.resource, [])]
        for change, other in places[:_TRIED]:
            swapped = self._plan([other if one is change else one for one in chosen])
            if swapped.met:
                found.append(Alternative(other, change.resource, swapped.fraction))
        return tuple(sorted(found, key=lambda one: one.change.cost_cny))
