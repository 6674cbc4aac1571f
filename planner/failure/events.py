"""What can fail: links, risk groups, nodes, and two of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np

from planner.records import rows_of, split_list

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.network import Network
    from planner.routing import Topology

Of = Literal["links", "nodes", "both"]


@dataclass(frozen=True, slots=True)
class Event:
    """A failure.

    Attributes:
        items: What fails: ``("link", link_id)``, ``("risk group", name)`` or ``("node", node_id)``; two of a pair.
        links: Links that make no key then, by index, sorted.
        nodes: Nodes that fail, by index.
    """

    items: tuple[tuple[str, str], ...]
    links: tuple[int, ...]
    nodes: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The failure in a word or two: ``"link ab + node x"``."""
        return " + ".join(f"{kind} {item}" for kind, item in self.items)

    def array(self) -> NDArray[np.int64]:
        """The links as an array."""
        return np.array(self.links, dtype=np.int64)

    def __or__(self, other: Event) -> Event:
        return Event(
            self.items + other.items,
            tuple(sorted({*self.links, *other.links})),
            tuple(sorted({*self.nodes, *other.nodes})),
        )

    def within(self, other: Event) -> bool:
        """Whether the other failure is at least this one."""
        return {*self.links} <= {*other.links} and {*self.nodes} <= {*other.nodes}


def single_events(network: Network, *, topology: Topology, of: Of) -> list[Event]:
    """Every single failure, sorted by kind and id.

    A risk group takes all its links with it; one of a single link is that link. A node takes its links with it, and
    an optical switch or measurement station the links whose light passes it.

    Args:
        network: The network.
        topology: The same.
        of: What fails: ``links`` (and risk groups), ``nodes`` or ``both``.
    """
    index = {link_id: number for number, link_id in enumerate(topology.link_ids)}
    groups: dict[str, list[int]] = {}
    at: dict[str, list[int]] = {node_id: [] for node_id in topology.node_ids}
    for row in rows_of(network.links):
        number = index[row.link_id]
        for group in dict.fromkeys(split_list(row.risk_groups)):
            groups.setdefault(group, []).append(number)
        for node in {row.node_a, row.node_b, *split_list(row.via)}:
            at[node].append(number)
    events = []
    if of != "nodes":
        events += [Event((("link", link_id),), (number,)) for link_id, number in index.items()]
        events += [
            Event((("risk group", group),), tuple(sorted(links)))
            for group, links in sorted(groups.items())
            if len(links) > 1
        ]
    if of != "links":
        events += [
            Event((("node", node_id),), tuple(sorted(at[node_id])), (number,))
            for number, node_id in enumerate(topology.node_ids)
        ]
    return events


def pair_events(singles: list[Event]) -> Iterator[tuple[int, int]]:
    """Numbers of the single failures of every pair, without pairs that are no more than one of the two."""
    for (one, event), (other, further) in combinations(enumerate(singles), 2):
        if not (event.within(further) or further.within(event)):
            yield one, other
