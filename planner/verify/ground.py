"""What is true whatever the plan says: recomputed from the plan's copy of its inputs.

Nothing here comes from :mod:`planner.allocation` or :mod:`planner.routing`, so that a mistake there cannot
hide itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from planner.records import RELAY_KINDS, rows_of, shared_by
from planner.verify.disjoint import DisjointRoutes
from planner.verify.graph import Costs, joined_pairs
from planner.verify.protection import Given, given_protection

if TYPE_CHECKING:
    import pandas as pd

    from planner.network import Network

LEAST_KEY_RATE_BPS = 1e-9
"""A link that makes less key than this makes none: a bit in thirty years."""

LEAST_RATE_BPS = 1e-100
"""A rate below this is nothing: its reciprocal, the time that a bit takes, is beyond all numbers."""

Pair = tuple[str, str]
"""Two nodes, the smaller id first: which way key runs does not matter."""


def made_bps(key_rate_bps: float) -> float:
    """What a link makes: its key rate, or nothing where that is next to nothing or unknown."""
    return key_rate_bps if key_rate_bps >= LEAST_KEY_RATE_BPS else 0.0


@dataclass(frozen=True)
class Wish:
    """A demand as the inputs have it."""

    node_a: str
    node_b: str
    requested_bps: float
    priority: float
    protection: str

    @property
    def pair(self) -> Pair:
        """The two nodes that it joins."""
        return min(self.node_a, self.node_b), max(self.node_a, self.node_b)


@dataclass(frozen=True)
class Span:
    """A link as the inputs and the recomputed budget have it.

    Attributes:
        node_a: One end.
        node_b: The other.
        key_rate_bps: Its key rate.
        group: Its module group.
        risks: What it fails with besides its ends, by kind and name: ``risk_group:<name>``, and ``node:<node_id>`` of a
            switch or station that its light passes.
    """

    node_a: str
    node_b: str
    key_rate_bps: float
    group: str | None
    risks: frozenset[str]

    @property
    def ends(self) -> frozenset[str]:
        """The two nodes that it joins."""
        return frozenset((self.node_a, self.node_b))


@dataclass(frozen=True)
class Ground:
    """The recomputed facts that a plan's promises are held against.

    Attributes:
        wishes: The demands, by id.
        spans: The links, by id.
        relays: The nodes that may pass keys on.
        nodes: All nodes, in a fixed order.
        relay_limits_bps: The most key that nodes may pass on, where there is a limit.
        user_ports: How many demands may end at a node, where there is a limit.
    """

    wishes: Mapping[str, Wish]
    spans: Mapping[str, Span]
    relays: frozenset[str]
    nodes: tuple[str, ...]
    relay_limits_bps: Mapping[str, float]
    user_ports: Mapping[str, int]

    @classmethod
    def of(cls, network: Network, *, budget: pd.DataFrame, demands: pd.DataFrame) -> Ground:
        """Gathers the facts.

        Args:
            network: The network, read from the plan's inputs.
            budget: Its recomputed key-rate budget.
            demands: Its recomputed demand rates.

        Returns:
            The facts.
        """
        links = {row.link_id: row for row in rows_of(network.links)}
        nodes = list(rows_of(network.nodes))
        return cls(
            wishes={
                str(row.demand_id): Wish(
                    node_a=str(row.node_a),
                    node_b=str(row.node_b),
                    requested_bps=float(row.requested_bps),
                    priority=float(row.priority),
                    protection=str(row.protection),
                )
                for row in rows_of(demands)
            },
            spans={
                str(row.link_id): Span(
                    node_a=str(row.node_a),
                    node_b=str(row.node_b),
                    key_rate_bps=made_bps(float(row.key_rate_bps)),
                    group=links[row.link_id].module_group or None,
                    risks=frozenset(map(":".join, shared_by(links[row.link_id]))),
                )
                for row in rows_of(budget)
            },
            relays=frozenset(str(node.node_id) for node in nodes if node.kind in RELAY_KINDS),
            nodes=tuple(str(node.node_id) for node in nodes),
            relay_limits_bps={str(n.node_id): limit for n in nodes if (limit := float(n.relay_limit_bps)) > 0},
            user_ports={
                str(node_id): int(ports)
                for node_id, ports in network.nodes.set_index("node_id")["user_ports"].dropna().items()
            },
        )

    @cached_property
    def asking(self) -> tuple[str, ...]:
        """The demands that ask for more than nothing."""
        return tuple(key for key, wish in self.wishes.items() if wish.requested_bps >= LEAST_RATE_BPS)

    @cached_property
    def groups(self) -> dict[str, list[str]]:
        """The links of each module group."""
        groups: dict[str, list[str]] = {}
        for link_id, span in self.spans.items():
            if span.group is not None:
                groups.setdefault(span.group, []).append(link_id)
        return groups

    @cached_property
    def at_risk(self) -> dict[str, list[str]]:
        """The links that fail with each risk group, and with each switch or station that light passes."""
        groups: dict[str, list[str]] = {}
        for link_id, span in self.spans.items():
            for risk in sorted(span.risks):
                groups.setdefault(risk, []).append(link_id)
        return groups

    @cached_property
    def live(self) -> tuple[str, ...]:
        """The links that make key."""
        return tuple(key for key, span in self.spans.items() if span.key_rate_bps > 0)

    @cached_property
    def reachable(self) -> frozenset[str]:
        """The demands whose ends a permitted route joins on which every link has a positive key rate."""
        return self.joined(self.live)

    def joined(self, links: Iterable[str], *, without: Iterable[str] = ()) -> frozenset[str]:
        """The demands whose ends a permitted route over some of these links joins.

        Args:
            links: The links.
            without: Nodes that may not be passed through.
        """
        pairs = {wish.pair for wish in self.wishes.values()}
        found = joined_pairs(self, pairs, links=links, without=frozenset(without))
        return frozenset(key for key, wish in self.wishes.items() if wish.pair in found)

    @cached_property
    def without_port(self) -> tuple[str, ...]:
        """The demands that find no free user port at one of their ends, sorted.

        Those that ask for key and have a route are taken by priority, the highest first, then by id; each takes a port
        at both its ends or none at all.
        """
        free = dict(self.user_ports)
        refused = []
        routed = [key for key in self.asking if key in self.reachable]
        for key in sorted(routed, key=lambda key: (-self.wishes[key].priority, key)):
            limited = [end for end in self.wishes[key].pair if end in free]
            if any(free[end] == 0 for end in limited):
                refused.append(key)
            else:
                free |= {end: free[end] - 1 for end in limited}
        return tuple(sorted(refused))

    @cached_property
    def active(self) -> tuple[str, ...]:
        """The demands that take part: they ask for key, have a route, and a user port at both ends."""
        refused = set(self.without_port)
        return tuple(key for key in self.asking if key in self.reachable and key not in refused)

    @cached_property
    def given(self) -> dict[str, Given]:
        """The strongest protection that the network can give each demand that takes part."""
        return given_protection(self)

    @cached_property
    def kinds(self) -> tuple[tuple[Pair, Given], ...]:
        """The nodes and the protection of the demands that take part: demands of one kind can use the same sets."""
        found = {(self.wishes[key].pair, given) for key, given in self.given.items()}
        return tuple(sorted(found, key=lambda kind: (kind[0], kind[1].protection)))

    @cached_property
    def kind_of(self) -> dict[str, int]:
        """The number of each such demand's kind."""
        number = {kind: index for index, kind in enumerate(self.kinds)}
        return {key: number[self.wishes[key].pair, given] for key, given in self.given.items()}

    @cached_property
    def short_routes(self) -> DisjointRoutes:
        """Finds disjoint routes of few links."""
        return DisjointRoutes(self, Costs(links=dict.fromkeys(self.live, 1.0)))
