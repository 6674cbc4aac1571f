"""The cheapest set of changes, with proof: choices of a mixed-integer program that planning accepts or refuses.

The program chooses changes for which there are flows that serve the wanted demands in full and leave the others what
they have. Every set of changes that serves keeps that, so its cheapest choice costs no more than the cheapest set there
is. The choice is planned. Where planning does not serve by it, because the rules of fairness give others more too, the
proof of the level at which a demand is stopped says why: while nothing changes on what has a price there, and the rest
keeps room for its load, every allocation stops that demand. This becomes a row of the program, which chooses anew. The
first choice that planning accepts is the cheapest.

J. N. Hooker and G. Ottosson, Mathematical Programming 96, 33 (2003), on cuts from whatever checks a choice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.allocation.requests import ways_of
from planner.errors import LimitReached
from planner.explain.flows import MOST_FLOWS, Flows, size
from planner.explain.options import unbeaten
from planner.explain.reach import always_passed
from planner.explain.shortage import limits_of, loads_of, stops, target_of
from planner.records import rows_of
from planner.solver import IntegerProgram

if TYPE_CHECKING:
    from planner.explain.changes import Change
    from planner.explain.flows import Target
    from planner.explain.state import Changed

_ROUNDS = {True: 120, False: 40}
"""So many choices are planned at most, in networks of few links and in others."""
_FEW_LINKS = 20
_MOST_NODES = 1_000
_MOST_WORK = 40_000
"""After so many iterations of the simplex method, some ten seconds, the search is given up."""
_TAKEN = 0.5  # columns of whole numbers are 0 or 1 but for rounding
_ROOM = 1 + 1e-9
_SLACK = 1 - 1e-6  # the program asks for a little less than planning does: its own rounding must refuse nothing


@dataclass(frozen=True)
class Outcome:
    """What the search found.

    Attributes:
        changes: The cheapest changes; None where there are none, or the search was given up.
        bound_cny: No set of changes that serves costs less; infinite where none does.
    """

    changes: list[Change] | None
    bound_cny: float


def cheapest(base: Changed, *, options: Mapping[str, Sequence[Change]]) -> Outcome:
    """The cheapest set of changes, at most one of each resource, with which planning serves the wanted demands.

    Args:
        base: The network, with what is changed in any case, and with links that are not built yet as links without
            key.
        options: The changes of each resource.
    """
    targets, bound_cny = _needed(base), 0.0
    if size(base, targets) > MOST_FLOWS:
        return Outcome(None, bound_cny)
    choice = _Choice(base, options={r: unbeaten(changes) for r, changes in options.items()}, targets=targets)
    for _ in range(_ROUNDS[len(base.network.links) <= _FEW_LINKS]):
        try:
            chosen = choice.next()
        except (LimitReached, AssertionError):
            break
        if chosen is None:
            return Outcome(None, math.inf)
        bound_cny = sum(change.cost_cny for change in chosen.values())
        changed = base.with_limits_of(chosen)
        if changed.met:
            return Outcome(list(chosen.values()), bound_cny)
        if choice.work > _MOST_WORK:
            break
        choice.refuse(chosen, changed=changed)
    return Outcome(None, bound_cny)


def _needed(base: Changed) -> list[Target]:
    """What every set of changes that serves must give: a little less than all, against rounding."""
    question = base.question
    levels = _levels(base) if question.objective == "fair" else {}
    found = []
    for row in rows_of(question.demands):
        name = row.demand_id
        asked, keeps = question.protection[name], name in question.kept_bps
        fair_bps = min(levels.get(name, 0.0) * row.priority, 1.0) * row.requested_bps
        if name in question.wanted:
            rate_bps = question.requested_bps[name]
        elif fair_bps > 0 or (keeps and ways_of(question.kept_protection[name]) == ways_of(asked)):
            rate_bps = max(fair_bps, question.kept_bps.get(name, 0.0))
        else:
            continue  # with better protection it may get less
        found.append(target_of(question, row, rate_bps=rate_bps * _SLACK, protection=asked))
    return found


def _levels(base: Changed) -> dict[str, float]:
    """Up to what level others rise in any case when the wanted demands are served in full, by demand.

    A demand whose ends all routes of a wanted one pass could take key from that one's routes: fairness leaves it at no
    lower level. So it is with one that has the same ends and asks for no more separate routes.
    """
    question = base.question
    nodes = base.network.nodes
    full = set(nodes.loc[nodes["user_ports"].notna(), "node_id"])  # who gets a port there is another question
    rows = [row for row in rows_of(question.demands) if row.requested_bps > 0]
    passed: dict[tuple[str, str], set[str]] = {}
    levels: dict[str, float] = {}
    for wanted in rows:
        if wanted.demand_id not in question.wanted:
            continue
        ends, ways = (wanted.node_a, wanted.node_b), ways_of(wanted.protection)
        if ways == 1 and ends not in passed:
            passed[ends] = always_passed(base, ends=ends)
        for row in rows:
            if full & {row.node_a, row.node_b}:
                continue
            alike = {row.node_a, row.node_b} == set(ends) and ways_of(row.protection) <= ways
            below = ways == ways_of(row.protection) == 1 and {row.node_a, row.node_b} <= passed[ends]
            if alike or below:
                levels[row.demand_id] = max(levels.get(row.demand_id, 0.0), 1.0 / wanted.priority)
    return levels


class _Choice:
    """The program that chooses.

    Args:
        base: The network.
        options: The changes of each resource, each giving more than the cheaper ones.
        targets: What is to be served at the least.
    """

    def __init__(self, base: Changed, *, options: Mapping[str, list[Change]], targets: list[Target]) -> None:
        self.options = options
        self._has = limits_of(base)
        self._program = IntegerProgram()
        self._taken = {
            resource: [self._program.column(most=1.0, cost=change.cost_cny, whole=True) for change in changes]
            for resource, changes in options.items()
        }
        for columns in self._taken.values():
            self._program.row(dict.fromkeys(columns, 1.0), upper=1.0)
        self._group_of = {
            f"link:{row.link_id}": f"module_group:{row.module_group}"
            for row in rows_of(base.network.links)
            if isinstance(row.module_group, str)
        }
        flows = Flows(self._program, changed=base, targets=targets)
        self._enough = sum(target.rate_bps for target in targets) / flows.unit_bps
        self._bound_links(flows)
        self._bound_nodes(flows)

    def _bound_links(self, flows: Flows) -> None:
        """Loads of links and of module groups stay below what there is with the choice."""
        topology = flows.topology
        shares: list[dict[int, float]] = [{} for _ in topology.group_names]
        for link, name in enumerate(topology.link_ids):
            loads, resource, has = (
                flows.link_loads[link],
                f"link:{name}",
                float(topology.rates_bps[link]) / flows.unit_bps,
            )
            if topology.link_groups[link] < 0:
                self._program.row(loads | self._gives(resource, has=has, unit_bps=flows.unit_bps), upper=has)
                continue
            turn = self._program.column(most=1.0)  # the part of the group's time that the link takes
            gives = self._gives(resource, has=0.0, unit_bps=flows.unit_bps)
            self._program.row(loads | gives | {turn: -has}, upper=0.0)
            shares[topology.link_groups[link]][turn] = 1.0
        for entries in shares:
            self._program.row(entries, upper=1.0)

    def _bound_nodes(self, flows: Flows) -> None:
        """Nodes pass on no more than their limits with the choice."""
        for name, entries in zip(flows.topology.node_ids, flows.passed_on, strict=True):
            has = self._has.get(f"node:{name}")
            if has is not None and entries:
                has /= flows.unit_bps
                self._program.row(entries | self._gives(f"node:{name}", has=has, unit_bps=flows.unit_bps), upper=has)

    def _gives(self, resource: str, *, has: float, unit_bps: float) -> dict[int, float]:
        """By how much each change of a resource widens its bound, as entries of a row."""
        return {
            column: has - max(min(change.gives_bps / unit_bps, self._enough), has)
            for column, change in zip(self._taken.get(resource, ()), self.options.get(resource, ()), strict=True)
        }

    @property
    def work(self) -> int:
        """So much was done so far, in iterations."""
        return self._program.work

    def next(self) -> dict[str, Change] | None:
        """The cheapest choice that was not refused; None where there is none.

        Raises:
            LimitReached: It takes too long.
            AssertionError: It is beyond the solver.
        """
        solution = self._program.minimise(most_nodes=_MOST_NODES)
        if solution is None:
            return None
        return {
            resource: change
            for resource, columns in self._taken.items()
            for column, change in zip(columns, self.options[resource], strict=True)
            if solution.values[column] > _TAKEN
        }

    def refuse(self, chosen: Mapping[str, Change], *, changed: Changed) -> None:
        """Adds the row that no choice fails for the reason for which this one does.

        Args:
            chosen: The choice.
            changed: The network that it makes, planned.
        """
        idle = {r for r in self.options if r not in chosen and not self._has.get(r)}
        if not _routed(changed):
            # Routes, and routes apart from each other, become no fewer by more links: one of those left is needed.
            self._program.row({column: 1.0 for resource in idle for column in self._taken[resource]}, lower=1.0)
            return
        priced = self._priced(changed)
        reasons = set(self.options) if priced is None else idle | {r for r in self.options if self._in(r, priced)}
        loads = loads_of(changed)
        entries: dict[int, float] = {}
        least = 1.0
        for resource, columns in self._taken.items():
            now = chosen.get(resource)
            if now is None:
                entries |= dict.fromkeys(columns if resource in reasons else (), 1.0)
            elif resource in reasons:
                entries[columns[self.options[resource].index(now)]] = -1.0
                least -= 1.0
            else:
                load = min(loads.get(resource, 0.0) * _ROOM, now.gives_bps)
                room = [
                    c for c, change in zip(columns, self.options[resource], strict=True) if change.gives_bps >= load
                ]
                if resource in self._group_of or self._has[resource] < load:
                    entries |= dict.fromkeys(room, -1.0)
                    least -= 1.0
        self._program.row(entries, lower=least)

    def _in(self, resource: str, priced: set[str]) -> bool:
        return resource in priced or self._group_of.get(resource) in priced

    def _priced(self, changed: Changed) -> set[str] | None:
        """What has a price in the proofs up to the level that stops a demand first; None for all there is."""
        allocation = changed.allocation
        missing = set(changed.question.missing(allocation))
        if allocation.total is not None:
            return None
        found: set[str] = set()
        for level in allocation.levels:
            if not level.served_in_full:
                found |= stops(changed, missing=level.demands)
                if missing.intersection(level.demands):
                    return found
        return None


def _routed(changed: Changed) -> bool:
    """Whether every wanted demand has the routes that it asks for."""
    question, allocation = changed.question, changed.allocation
    return all(
        name not in allocation.unreachable and question.lacks_protection(name, allocation) is None
        for name in question.wanted
    )
