"""What the demands are served once a failure has been answered by a new allocation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from planner.allocation import allocate
from planner.allocation.refill import Refill, Refilled
from planner.errors import LimitReached
from planner.failure.events import Event
from planner.routing import Topology

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd

    from planner.allocation import Objective
    from planner.failure.connectivity import Effect, Progress
    from planner.network import Network


_CHUNK = 64
"""So many failures are handed to another process at once; each hand-over costs one allocation from the beginning."""


_WORK = 8e6
"""What a report spends on allocations, in links times demands: a second or three."""
_BASE_WORK = 5e3  # what every allocation costs besides
_PROTECTED = 20  # as many times as long takes a demand that asks for protection
_FROM_BEGINNING = 6  # and an allocation that does not start from an earlier one
_SHARED = 100  # and one with shared protection


@dataclass(frozen=True)
class Served:
    """What is served after a failure.

    Attributes:
        fraction: Of all key requested, the part that is served; NaN where nothing is requested, or where the numbers
            are too wild to tell.
        links: The links in use, by index; None where they were not asked for or are not known.
    """

    fraction: float
    links: frozenset[int] | None


@dataclass(frozen=True)
class Question:
    """What is allocated, and how.

    Attributes:
        network: The network.
        budget: Its key-rate budget.
        demands: The demands with ``requested_bps``.
        objective: What to divide for, as in :func:`planner.allocation.allocate`.
        shared: Whether protection routes share their key.
    """

    network: Network
    budget: pd.DataFrame
    demands: pd.DataFrame
    objective: Objective = "fair"
    shared: bool = False


def affordable(question: Question) -> int:
    """How many failures are allocated anew where nobody asked for it, as in a report.

    All of a small network, some of a larger one, none of a very large one. The number depends on the network alone and
    not on the clock, so that a second run gives the same.

    Args:
        question: What is allocated.
    """
    demands = question.demands[question.demands["requested_bps"] > 0]
    protected = int((demands["protection"] != "none").sum()) if "protection" in demands else 0
    work = _BASE_WORK + len(question.budget) * (len(demands) + _PROTECTED * protected)
    if question.objective == "fair" and not question.shared:
        return max(int(_WORK // work) - _FROM_BEGINNING, 0)
    return int(_WORK // (work * (_SHARED if question.shared else _FROM_BEGINNING)))


class Reallocation:
    """Allocates anew after failures.

    A failure of links that no route uses changes nothing, and that is known at once: what is served is unique, and
    the old rates are still possible. What is left is planned anew with all its limits: module groups, relay limits,
    user ports, and the protection that demands ask for as far as there still is some. Fair rates start from those
    before the failure (:mod:`planner.allocation.refill`).

    Args:
        question: What is allocated.
    """

    def __init__(self, question: Question) -> None:
        network, budget, demands = question.network, question.budget, question.demands
        # Modules and sources are not needed to allocate, and would have to travel to other processes.
        bare = network.replace(modules={}, services={}, coexistence={}, sources={}, defaults={})
        self._question = question = replace(question, network=bare)
        topology = Topology.of(bare, budget=budget)
        self._index = {link_id: number for number, link_id in enumerate(topology.link_ids)}
        self._rows = np.array([self._index[link_id] for link_id in budget["link_id"]], dtype=np.int64)
        self._requested = demands["requested_bps"].to_numpy(dtype=float)
        capacity = np.zeros(len(topology.node_ids))
        np.add.at(capacity, topology.link_ends.reshape(-1), np.repeat(topology.rates_bps, 2))
        self._capacity, self._topology = capacity, topology
        places = topology.node_index
        ends = [[places[end] for end in demands[column]] for column in ("node_a", "node_b")]
        self._ends = np.array(ends, dtype=np.int64).reshape(2, -1)
        self._ported = bool(network.nodes["user_ports"].notna().any())

    @cached_property
    def _fair(self) -> Refill | None:
        """Fair rates that start from those before a failure; None where they are not wanted, or cannot be found."""
        if self._question.objective != "fair" or self._question.shared:
            return None
        try:
            return Refill(self._question.network, budget=self._question.budget, demands=self._question.demands)
        except AssertionError:  # numbers too wild; what allocates from the beginning has more ways out
            return None

    @cached_property
    def before(self) -> Served:
        """The exact allocation while nothing fails."""
        return self.anew(Event((), ())) if self._fair is None else self._served(self._fair.before)

    def after(self, event: Event, *, routes: bool = False) -> Served:
        """The exact allocation of what a failure leaves; demands with a failed end ask for nothing.

        Args:
            event: The failure.
            routes: Whether to find the links in use too.
        """
        if self._fair is None:
            return self.anew(event)
        try:
            return self._served(self._fair.after(links=event.links, nodes=event.nodes, routes=routes))
        except AssertionError:
            return self.anew(event)

    def anew(self, event: Event) -> Served:
        """The same from the beginning, as if there had never been more."""
        asked = self._question
        rates = asked.budget["key_rate_bps"].mask(np.isin(self._rows, list(event.links)), 0.0)
        ended = np.asarray(np.isin(self._ends, list(event.nodes)).any(axis=0))
        try:
            found = allocate(
                asked.network,
                budget=asked.budget.assign(key_rate_bps=rates),
                demands=asked.demands.assign(requested_bps=asked.demands["requested_bps"].mask(ended, 0.0)),
                objective=asked.objective,
                shared=asked.shared,
                growth=False,
            )
        except LimitReached:  # one failure whose numbers are too wild is no reason to say nothing of the others
            return Served(math.nan, None)
        used = frozenset(self._index[link] for route in found.routes["links"] for link in route)
        return Served(self._fraction(found.served_bps.values()), used)

    def _served(self, found: Refilled) -> Served:
        return Served(self._fraction(found.served_bps.tolist()), found.links)

    def _fraction(self, served_bps: Iterable[float]) -> float:
        total = float(self._requested.sum())
        return math.fsum(served_bps) / total if total > 0 else math.nan

    def untouched(self, event: Event, *, after: Served) -> bool:
        """Whether a failure changes nothing of an allocation: no link in use fails, and no user port comes free.

        Args:
            event: The failure.
            after: The allocation, perhaps after another failure.
        """
        return after.links is not None and after.links.isdisjoint(event.links) and not (self._ported and event.nodes)

    def bound(self, event: Event, effect: Effect) -> float:
        """A part of all key requested that cannot be exceeded after a failure, found without allocating.

        A demand that is cut off gets nothing, and no demand more than the links at either of its ends still give.

        Args:
            event: The failure.
            effect: Whom it cuts off.
        """
        total = self._requested.sum()
        if not total > 0:
            return np.nan
        lost = np.array(event.links, dtype=np.int64)
        capacity = self._capacity.copy()
        np.subtract.at(
            capacity, self._topology.link_ends[lost].reshape(-1), np.repeat(self._topology.rates_bps[lost], 2)
        )
        # Taking away rounds; a little more is still a bound.
        most = np.minimum(self._requested, capacity[self._ends].min(axis=0) * (1 + 1e-9) + self._capacity.max() * 1e-12)
        most[[*effect.cut, *effect.ended]] = 0.0
        return float(min(np.maximum(most, 0.0).sum() / total, 1.0))

    def many(
        self,
        events: Sequence[Event],
        *,
        routes: bool = False,
        executor: Executor | None = None,
        progress: Progress | None = None,
    ) -> list[Served]:
        """The exact allocations after several failures, each on its own.

        Args:
            events: The failures.
            routes: Whether to find the links in use too.
            executor: Where to compute; here by default. The result is the same.
            progress: Told how many are done.
        """
        found: list[Served] = []
        # What starts from an earlier allocation holds a solver, which neither travels nor works for two at once.
        chunks = [events[first : first + _CHUNK] for first in range(0, len(events), _CHUNK)]
        work = partial(_after_all, self._question, routes=routes)
        answers = (
            ((self.after(event, routes=routes),) for event in events)
            if executor is None
            else executor.map(work, chunks)
        )
        for served in answers:
            found += served
            if progress is not None:
                progress("allocating anew", len(found), len(events))
        return found


def _after_all(question: Question, events: Sequence[Event], *, routes: bool) -> list[Served]:
    again = Reallocation(question)
    return [again.after(event, routes=routes) for event in events]
