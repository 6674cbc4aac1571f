"""The search for the changes that serve the wanted demands in full.

Where the network is small enough the cheapest set of all that may be bought is found with proof
(:mod:`planner.explain.cheapest`). Elsewhere, and where that gives up, they are found greedily: what is short is found
by lifting limits (:mod:`planner.explain.shortage`), each of these resources gets the cheapest change that gives it what
it needs, and the changed network is planned again; what is still short then goes another round. In the end every change
is left out once, and made smaller as long as that serves (:mod:`planner.explain.trim`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from planner.allocation.requests import ways_of
from planner.explain.cheapest import Outcome, cheapest
from planner.explain.options import ENOUGH, Market, link_options, node_options
from planner.explain.reach import bypass, dead_links, direct_link, more_ports
from planner.explain.shortage import Short, find_short, loads_of
from planner.explain.state import Changed, Question, Rates
from planner.explain.trim import Trim

if TYPE_CHECKING:
    from planner.allocation import Cut
    from planner.explain.changes import Change

_MOST_LINKS = 80
"""In networks of more links the cheapest set of changes is not looked for."""
_ROUNDS = 12
_MOST_NEW_LINKS = 12
_MOST_DIRECT = 3
_WAYS = 3
"""So many sizes of a way are tried, from the least that gives what is needed."""
_TRIED = 60
"""So many other ways to do a change are planned again at most."""
_ROUNDING = 1 + 1e-6


@dataclass(frozen=True)
class Step:
    """A change that was chosen.

    Attributes:
        change: The change.
        fraction_without: What part of their requests the wanted demands get with all steps but this.
        protection_without: The protection that the wanted demand is given then, where it is weaker than asked for.
        losers_without: The other demands that get less then than in the network as it is.
    """

    change: Change
    fraction_without: float
    protection_without: str | None
    losers_without: tuple[str, ...]


@dataclass(frozen=True)
class Alternative:
    """Another change in the place of a step's, with which the wanted demands are served as well.

    Attributes:
        change: The change.
        instead_of: The step's resource.
    """

    change: Change
    instead_of: str


@dataclass(frozen=True)
class Remedy:
    """What is short, and what would serve the wanted demands.

    Attributes:
        short: The resources that are short in the network as it is, with what they need.
        unreachable: The wanted demands without any route.
        without_port: The wanted demands without a user port.
        cuts: Cuts that keep a demand from its routes, by demand.
        dead: Links without key that keep a demand from its routes.
        steps: The changes, which belong together, cheapest first.
        alternatives: Other changes for the same resources that serve as well: in the order of the steps, and for each
            cheapest first.
        fraction_before: What part of their requests the wanted demands get in the network as it is.
        fraction_after: With all steps.
        protection_before: The protection that the wanted demand is given, where it is weaker than asked for.
        met: Whether the wanted demands then get all they ask for, and nobody less than before.
        proven: Where they do, that no cheaper set of such changes would do; where not, that none would.
        bound_cny: No set of such changes that costs less would do; infinite where none would.
    """

    short: tuple[Short, ...]
    unreachable: tuple[str, ...]
    without_port: tuple[str, ...]
    cuts: dict[str, Cut]
    dead: tuple[str, ...]
    steps: tuple[Step, ...]
    alternatives: tuple[Alternative, ...]
    fraction_before: float
    fraction_after: float
    protection_before: str | None
    met: bool
    proven: bool
    bound_cny: float


class Search:
    """Looks for changes.

    Args:
        question: Whom to serve, in what network.
        market: What may be bought.
        rates: Key rates of links.
    """

    def __init__(self, question: Question, *, market: Market, rates: Rates) -> None:
        self.question, self.market, self.rates = question, market, rates
        self.base = Changed.by((), question=question, rates=rates)
        self.cuts: dict[str, Cut] = {}
        self.dead: dict[str, None] = {}
        self._enough_bps = sum(question.requested_bps.values())
        self._options: dict[str, list[Change]] = {}
        self._planned: dict[frozenset[int], Changed] = {}

    def remedy(self) -> Remedy:
        """The cheapest changes found."""
        ports, new = self._reach()
        self._offer(self.base.rates_bps if len(self.base.network.links) <= _MOST_LINKS else self.dead)
        outcome = self._cheapest(ports)
        for _ in range(_MOST_DIRECT):
            if not math.isinf(outcome.bound_cny) or len(self.question.wanted) > 1:
                break
            built = [changes[0] for changes in self._options.values() if changes[0].kind == "new link"]
            if not self._direct([*ports, *built], demand=self.question.wanted[0]):
                break
            outcome = self._cheapest(ports)
        found = [*ports, *(outcome.changes or ())]
        if not self._plan(found).met:
            found = self._greedy([*ports, *new])
        met = self._plan(found).met
        trim = Trim(self._plan, options=self._options, costs=self.market.costs)
        chosen = trim.least(found) if met else trim.helping(found)
        stage = self._plan([change for change in chosen if change.kind in ("user ports", "new link")])
        if met:
            short, chosen = trim.needs(chosen, stage=stage)
        else:
            short = find_short(stage, lifted=self._dead_in(stage))
        bound_cny = outcome.bound_cny + sum(change.cost_cny for change in ports)
        cost_cny = sum(change.cost_cny for change in chosen)
        steps = [self._step(change, chosen) for change in sorted(chosen, key=lambda change: change.cost_cny)]
        return Remedy(
            short=tuple(short),
            unreachable=tuple(name for name in self.question.wanted if name in self.base.allocation.unreachable),
            without_port=tuple(name for name in self.question.wanted if name in self.base.allocation.without_port),
            cuts=self.cuts,
            dead=tuple(self.dead),
            steps=tuple(steps),
            alternatives=self._alternatives(steps, short=short) if met else (),
            fraction_before=self.base.fraction,
            fraction_after=self._plan(chosen).fraction,
            protection_before=self.base.protection,
            met=met,
            proven=cost_cny <= bound_cny * _ROUNDING if met else math.isinf(bound_cny),
            bound_cny=bound_cny,
        )

    def _plan(self, changes: Sequence[Change]) -> Changed:
        """The network with changes made. What was planned is kept with its changes, so no other gets their ids."""
        key = frozenset(id(change) for change in changes)
        if key not in self._planned:
            self._planned[key] = Changed.by(changes, question=self.question, rates=self.rates)
        return self._planned[key]

    # ------------------------------------------------------------ what there is to buy

    def _offer(self, links: Iterable[str]) -> None:
        """Adds what can be done about some links, and the limits of nodes."""
        network = self.question.network
        new = [link for link in links if f"link:{link}" not in self._options and link in self.base.rates_bps]
        if new:
            self._options |= link_options(
                network, names=new, rates=self.rates, market=self.market, enough_bps=self._enough_bps
            )
        self._options |= node_options(network, costs=self.market.costs, enough_bps=self._enough_bps)

    def _reach(self) -> tuple[list[Change], list[Change]]:
        """Ports, and new links around cuts, until every wanted demand has the routes that it asks for."""
        ports = more_ports(self.base, market=self.market)
        shortfalls = self._plan(ports).allocation.shortfalls  # without new links, which nobody knows yet
        self.cuts = {short.demand_id: short.cut for short in shortfalls if short.demand_id in self.question.wanted}
        new: list[Change] = []
        for _ in range(_MOST_NEW_LINKS):
            changed = self._plan([*ports, *new])
            missing = self._cut(changed)
            if missing is None:
                break
            demand, cut = missing
            found = bypass(changed, demand=demand, cut=cut, market=self.market, rates=self.rates)
            enough = [change for change in found if change.gives_bps >= self.question.requested_bps[demand] * ENOUGH]
            if not enough:
                break
            new.append(enough[0])
            self._options[enough[0].resource] = found
            ports = more_ports(self._plan(new), market=self.market)  # with routes others may take some too
        self._join_ends([*ports, *new])
        return ports, new

    def _join_ends(self, chosen: Sequence[Change]) -> None:
        """Offers links straight between the ends of demands that lack routes: as many as they lack."""
        lack = dict.fromkeys((name for name in self.question.wanted if name in self.base.allocation.unreachable), 0)
        lack |= {
            short.demand_id: short.routes for short in self.base.allocation.shortfalls if short.demand_id in self.cuts
        }
        built = list(chosen)
        for demand, routes in lack.items():
            for _ in range(ways_of(self.question.protection[demand]) - routes):
                if len(built) < _MOST_NEW_LINKS:
                    built += self._direct(built, demand=demand)[:1]

    def _direct(self, chosen: Sequence[Change], *, demand: str) -> list[Change]:
        """The ways to build one more link between the ends of a demand."""
        found = direct_link(self._plan(chosen), demand=demand, market=self.market, rates=self.rates)
        if found:
            self._options[found[0].resource] = found
        return found

    def _cut(self, changed: Changed) -> tuple[str, Cut | None] | None:
        """A wanted demand that lacks routes, and the cut; None where none does, but for links without key."""
        allocation = changed.allocation
        lacking: list[tuple[str, Cut | None]] = [(short.demand_id, short.cut) for short in allocation.shortfalls]
        lacking += [(demand, None) for demand in allocation.unreachable]
        for demand, cut in lacking:
            if demand in self.question.wanted:
                dead = dead_links(changed, demand=demand, cut=cut)
                if dead is None:
                    return demand, cut
                self.dead |= dict.fromkeys(dead)
        return None

    # ------------------------------------------------------------ what to choose

    def _cheapest(self, ports: list[Change]) -> Outcome:
        """The cheapest changes besides ports, in networks that are small enough."""
        if len(self.base.network.links) > _MOST_LINKS:
            return Outcome(None, 0.0)
        new = [changes[0] for changes in self._options.values() if changes[0].kind == "new link"]
        unbuilt = [
            replace(change, new_links=[{**change.new_links[0], "module": None, "key_rate_bps": 0.0}], splits={})
            for change in new
        ]
        return cheapest(self._plan([*ports, *unbuilt]), options=self._options)

    def _greedy(self, chosen: list[Change]) -> list[Change]:
        """Changes of what is short, until the wanted demands are served or nothing helps."""
        made: dict[str, Change] = {}
        stage = self._plan(chosen)
        for _ in range(_ROUNDS):
            changed = stage.with_limits_of(made)
            if changed.met:
                break
            before = dict(made)
            for short in find_short(changed, lifted=self._dead_in(changed)):
                change = self._for(short, changed=changed)
                made |= {} if change is None else {change.resource: change}
            if made == before:
                break
        return [*(change for change in chosen if change.resource not in made), *made.values()]

    def _dead_in(self, changed: Changed) -> list[str]:
        return [f"link:{link}" for link in self.dead if changed.rates_bps.get(link) == 0]

    def _for(self, short: Short, *, changed: Changed) -> Change | None:
        """The cheapest change that gives a resource what it needs; of a group, the link that takes most time leaves."""
        resource, needs = short.resource, short.needs * ENOUGH
        if short.kind == "module_group":
            loads, links = loads_of(changed), changed.network.links
            members = [
                link for link in links.loc[links["module_group"] == short.name, "link_id"] if changed.rates_bps[link]
            ]
            shares = {link: loads.get(f"link:{link}", 0.0) / changed.rates_bps[link] for link in members}
            link = min(shares, key=lambda link: (-shares[link], link))
            resource, needs = f"link:{link}", changed.rates_bps[link]
        self._offer([resource.partition(":")[2]])
        return next((change for change in self._options.get(resource, []) if change.gives_bps >= needs), None)

    # ------------------------------------------------------------ what is said about it

    def _step(self, change: Change, chosen: Sequence[Change]) -> Step:
        without = self._plan([other for other in chosen if other is not change])
        losers = [name for name in self.question.missing(without.allocation) if name not in self.question.wanted]
        return Step(change, without.fraction, without.protection, tuple(losers))

    def _alternatives(self, steps: Sequence[Step], *, short: Sequence[Short]) -> tuple[Alternative, ...]:
        """The cheapest change of each other kind in the place of one, planned again."""
        chosen = [step.change for step in steps]
        needs = {one.resource: one.needs for one in short}
        found: list[Alternative] = []
        tried = 0
        for change in chosen:
            options = [other for other in self._options.get(change.resource, []) if _way(other) != _way(change)]
            for way in dict.fromkeys(_way(other) for other in options):
                ways = [o for o in options if _way(o) == way and o.gives_bps >= needs.get(o.resource, 0.0)]
                for other in ways[:_WAYS]:
                    tried += 1
                    if tried <= _TRIED and self._plan([other if one is change else one for one in chosen]).met:
                        found.append(Alternative(other, change.resource))
                        break
        place = {change.resource: number for number, change in enumerate(chosen)}
        return tuple(sorted(found, key=lambda one: (place[one.instead_of], one.change.cost_cny)))


def _way(change: Change) -> tuple[str, object]:
    """What tells ways to do something about one link from each other: of new links the module too."""
    return change.kind, change.details.get("module") if change.kind == "new link" else None
