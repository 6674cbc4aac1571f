"""What the demands are served once a failure has been answered by a new fair allocation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from planner.allocation import allocate
from planner.failure.events import Event
from planner.routing import Topology

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd

    from planner.failure.connectivity import Effect, Progress
    from planner.network import Network


@dataclass(frozen=True)
class Served:
    """A fair allocation after a failure.

    Attributes:
        fraction: Of all key requested, the part that is served; NaN where nothing is requested.
        bps: What each demand gets, by id.
        links: The links in use, by index.
    """

    fraction: float
    bps: dict[str, float]
    links: frozenset[int]


class Reallocation:
    """Allocates anew after failures.

    A failure of links that no route uses changes nothing, and that is known at once: max-min fair rates are unique,
    and those of before are still possible. What is left is planned anew with all its limits: module groups, relay
    limits, user ports, and the protection that demands ask for as far as there still is some.

    Args:
        network: The network.
        budget: Its key-rate budget.
        demands: The demands with ``requested_bps``.
    """

    def __init__(self, network: Network, *, budget: pd.DataFrame, demands: pd.DataFrame) -> None:
        # Modules and sources are not needed to allocate, and would have to travel to other processes.
        self._network = network.replace(modules={}, services={}, coexistence={}, sources={}, defaults={})
        self._budget, self._demands = budget, demands
        topology = Topology.of(network, budget=budget)
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
        self.before = self.after(Event((), ()))

    def after(self, event: Event) -> Served:
        """The exact fair allocation of what a failure leaves; demands with a failed end ask for nothing.

        Args:
            event: The failure.
        """
        rates = self._budget["key_rate_bps"].mask(np.isin(self._rows, list(event.links)), 0.0)
        budget = self._budget.assign(key_rate_bps=rates)
        ended = np.asarray(np.isin(self._ends, list(event.nodes)).any(axis=0))
        demands = self._demands.assign(requested_bps=self._demands["requested_bps"].mask(ended, 0.0))
        found = allocate(self._network, budget=budget, demands=demands, growth=False)
        used = frozenset(self._index[link] for route in found.routes["links"] for link in route)
        total = self._requested.sum()
        fraction = sum(found.served_bps.values()) / total if total > 0 else np.nan
        return Served(float(fraction), found.served_bps, used)

    def untouched(self, event: Event, *, after: Served) -> bool:
        """Whether a failure changes nothing of an allocation: no link in use fails, and no user port comes free.

        Args:
            event: The failure.
            after: The allocation, perhaps after another failure.
        """
        return after.links.isdisjoint(event.links) and not (self._ported and event.nodes)

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
        self, events: Sequence[Event], *, executor: Executor | None = None, progress: Progress | None = None
    ) -> list[Served]:
        """The exact fair allocations after several failures, each on its own.

        Args:
            events: The failures.
            executor: Where to compute; here by default. The result is the same.
            progress: Told how many are done.
        """
        found = []
        task = partial(_after, self)
        for served in map(task, events) if executor is None else executor.map(task, events):
            found.append(served)
            if progress is not None:
                progress("allocating anew", len(found), len(events))
        return found


def _after(reallocation: Reallocation, event: Event) -> Served:
    return reallocation.after(event)
