"""Flows of key that serve given rates: the linear programs behind what is needed, and what is cheapest.

Demands without protection that begin at one node flow together. One that is protected by k separate routes is a flow of
k times its rate of which no link, inner node or risk group carries more than the rate. With risk groups, or where
protection routes share their key, that asks for less than an allocation does; so what these programs say is needed is
needed, and what they say is enough is planned again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.routing.topology import Topology

if TYPE_CHECKING:
    from planner.explain.state import Changed
    from planner.solver import IntegerProgram

MOST_FLOWS = 12_000
"""Programs with more columns are not made: they would take too long."""

_LEAST = 1e-9  # a rate below this part of the largest is nothing


@dataclass(frozen=True)
class Target:
    """What a demand is to get.

    Attributes:
        node_a: One end.
        node_b: The other.
        rate_bps: So much key.
        routes: Over so many separate routes each.
    """

    node_a: str
    node_b: str
    rate_bps: float
    routes: int = 1


class Flows:
    """The flows that serve targets over the links of a network, as columns and rows of a program.

    What they load links and nodes with is left to the caller to bound. Rates are parts of ``unit_bps``.

    Args:
        program: Where the columns and rows go.
        changed: The network; its key rates do not matter here.
        targets: What is to be served.
    """

    def __init__(self, program: IntegerProgram, *, changed: Changed, targets: list[Target]) -> None:
        self._program = program
        self.topology = Topology.of(changed.network, budget=changed.budget)
        self.unit_bps = max((target.rate_bps for target in targets), default=0.0) or 1.0
        index = self.topology.node_index
        self._arcs = [
            (link, *ends) for link, (a, b) in enumerate(self.topology.link_ends.tolist()) for ends in ((a, b), (b, a))
        ]
        self.link_loads: list[dict[int, float]] = [{} for _ in self.topology.link_ids]
        self.passed_on: list[dict[int, float]] = [{} for _ in self.topology.node_ids]
        together: dict[int, dict[int, float]] = {}
        often = np.bincount([index[end] for t in targets for end in (t.node_a, t.node_b)], minlength=len(index))
        for target in targets:
            one, other = sorted((index[target.node_a], index[target.node_b]), key=lambda end: (-often[end], end))
            rate = target.rate_bps / self.unit_bps
            if rate < _LEAST:
                continue
            if target.routes > 1:
                self._flow(one, {other: target.routes * rate}, most=rate)
            else:
                sinks = together.setdefault(one, {})
                sinks[other] = sinks.get(other, 0.0) + rate
        for source, sinks in sorted(together.items()):
            self._flow(source, sinks, most=None)

    def _flow(self, source: int, sinks: Mapping[int, float], *, most: float | None) -> None:
        """What flows from one node to others; at most ``most`` on a link, through a node, in a risk group."""
        balance: list[dict[int, float]] = [{} for _ in self.topology.node_ids]
        leaving: list[dict[int, float]] = [{} for _ in self.topology.node_ids]
        at_risk: list[dict[int, float]] = [{} for _ in self.topology.risk_names]
        for link, tail, head in self._arcs:
            if head == source or (tail != source and not self.topology.relays[tail]):
                continue
            column = self._program.column(most=np.inf if most is None else most)
            self.link_loads[link][column] = 1.0
            balance[head][column] = 1.0
            balance[tail][column] = -1.0
            if tail != source:
                leaving[tail][column] = 1.0
                self.passed_on[tail][column] = 1.0
            for risk in self.topology.link_risks[link]:
                at_risk[risk][column] = 1.0
        for node, entries in enumerate(balance):
            if node != source:
                wanted = sinks.get(node, 0.0)
                self._program.row(entries, lower=wanted, upper=wanted)
        if most is not None:
            for entries in (*leaving, *at_risk):
                if entries:
                    self._program.row(entries, upper=most)


def size(changed: Changed, targets: list[Target]) -> int:
    """How many columns the flows of some targets take, about."""
    alone = sum(target.routes > 1 for target in targets)
    ends = {target.node_a for target in targets if target.routes == 1}
    return 2 * len(changed.network.links) * (alone + len(ends))
