"""The widest routes between all relaying nodes, and what is left of them when links fail.

The widest route between two nodes lies on the maximum spanning tree (T. C. Hu, Operations Research 9, 898 (1961)). So
only the failure of tree links changes a bottleneck. Without them the tree falls into parts, and what joins the parts
again are the widest of the links that were not in the tree: the new bottleneck between two nodes is the lesser of the
old one and of the widest way from the part of the one to the part of the other. One sorted list of spare links answers
for every failure; no tree is built anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.routing import Topology


@dataclass(frozen=True)
class Parts:
    """The parts that a tree falls into.

    Attributes:
        of: Part of each place of the tree; places of trees that stay whole are in part 0.
        widest_bps: Widest way from part to part, by links outside the tree; infinite within a part. Meaningful
            between places that were joined before. Shape ``(parts, parts)``.
    """

    of: NDArray[np.int64]
    widest_bps: NDArray[np.float64]


class WidestTree:
    """The maximum spanning forest of the relaying nodes and the links between them that carry key.

    Nodes are numbered by their place: parents before children, each subtree in a row.

    Args:
        topology: The network.

    Attributes:
        place: Place of each node, -1 of nodes that do not relay. Shape ``(nodes,)``.
        root: Place of the root of the tree that each place is in. Shape ``(places,)``.
    """

    def __init__(self, topology: Topology) -> None:
        ends, rates = topology.link_ends, topology.rates_bps
        inner = np.flatnonzero((rates > 0) & topology.relays[ends].all(axis=1))
        inner = inner[np.lexsort((inner, -rates[inner]))]
        kept, spare = _kruskal(inner.tolist(), ends=ends.tolist(), nodes=len(topology.node_ids))
        self._lay_out(kept, topology=topology)
        self._spare = np.array(spare, dtype=np.int64)
        self._spare_ends = self.place[ends[self._spare]].reshape(-1, 2)
        self._spare_rates = rates[self._spare]

    def _lay_out(self, kept: list[int], *, topology: Topology) -> None:
        """Puts the nodes in their places and finds the places below each tree link."""
        links = len(topology.link_ids)
        ends: list[list[int]] = topology.link_ends.tolist()
        at: dict[int, list[tuple[int, int]]] = {}
        for link in kept:
            for end, other in (ends[link], reversed(ends[link])):
                at.setdefault(end, []).append((other, link))
        place = [-1] * len(topology.node_ids)
        parents: list[int] = []
        up: list[float] = []
        roots: list[int] = []
        self._first, self._last = np.full(links, -1, dtype=np.int64), np.full(links, -1, dtype=np.int64)
        for top in np.flatnonzero(topology.relays).tolist():
            # A link is met twice: on the way down, and when everything below it has its place.
            stack = [] if place[top] >= 0 else [(top, -1, -1, False)]
            while stack:
                node, parent, link, done = stack.pop()
                if done:
                    self._last[link] = len(parents)
                    continue
                here = place[node] = len(parents)
                parents.append(parent)
                up.append(0.0 if link < 0 else float(topology.rates_bps[link]))
                roots.append(here if parent < 0 else roots[parent])
                if link >= 0:
                    self._first[link] = here
                    stack.append((node, parent, link, True))
                stack += [(other, here, below, False) for other, below in at.get(node, ()) if place[other] < 0]
        self.place = np.array(place, dtype=np.int64)
        self.root = np.array(roots, dtype=np.int64)
        self._parent, self._up = np.array(parents, dtype=np.int64), np.array(up, dtype=float)

    def is_tree_link(self, link: int) -> bool:
        """Whether a link, by index, is in the forest."""
        return bool(self._first[link] >= 0)

    def widest_bps(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
        """Rate of the widest route between places: infinite from a place to itself, 0 where they are not joined.

        Args:
            one: Places.
            other: As many places.
        """
        width = np.full(len(one), np.inf)
        one, other = one.copy(), other.copy()
        apart = np.flatnonzero(one != other)
        while len(apart):
            # The later place is no ancestor of the other, so its link to its parent lies on the way.
            late = one[apart] > other[apart]
            for ends, chosen in ((one, apart[late]), (other, apart[~late])):
                width[chosen] = np.minimum(width[chosen], self._up[ends[chosen]])
                ends[chosen] = self._parent[ends[chosen]]
            apart = apart[one[apart] != other[apart]]
        return width

    def without(self, links: NDArray[np.int64]) -> Parts | None:
        """The parts of the forest when some links fail; None where no link of the forest is among them.

        Args:
            links: The links that fail, by index.
        """
        firsts = self._first[links]
        failed = links[firsts >= 0]
        if not len(failed):
            return None
        failed = failed[np.argsort(self._first[failed])]
        of = np.zeros(len(self._parent), dtype=np.int64)
        for number, link in enumerate(failed.tolist(), start=1):
            of[self._first[link] : self._last[link]] = number
        parts = len(failed) + 1
        one, other = of[self._spare_ends[:, 0]], of[self._spare_ends[:, 1]]
        between = np.flatnonzero(one != other)
        if len(links) > len(failed):
            between = between[~np.isin(self._spare[between], links)]
        keys = np.minimum(one[between], other[between]) * parts + np.maximum(one[between], other[between])
        pairs, best = np.unique(keys, return_index=True)
        order = np.argsort(best)
        rates = self._spare_rates[between[best[order]]]
        return Parts(of, _joined(parts, pairs[order].tolist(), rates.tolist()))


def _kruskal(links: list[int], *, ends: list[list[int]], nodes: int) -> tuple[list[int], list[int]]:
    """The links, widest first, that join what was not joined yet, and the others."""
    leader = list(range(nodes))

    def lead(node: int) -> int:
        while leader[node] != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    kept: list[int] = []
    spare: list[int] = []
    for link in links:
        one, other = (lead(end) for end in ends[link])
        leader[one] = other
        (spare if one == other else kept).append(link)
    return kept, spare


def _joined(parts: int, pairs: list[int], rates: list[float]) -> NDArray[np.float64]:
    """The widest way between parts: pairs of parts (``one * parts + other``) are joined in order, widest first."""
    widest = np.zeros((parts, parts))
    np.fill_diagonal(widest, np.inf)
    groups = {part: [part] for part in range(parts)}
    for pair, rate in zip(pairs, rates, strict=True):
        one, other = (groups[part] for part in divmod(pair, parts))
        if one is not other:
            widest[np.ix_(one, other)] = rate
            widest[np.ix_(other, one)] = rate
            one += other
            groups |= dict.fromkeys(other, one)
    return widest
