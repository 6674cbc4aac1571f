"""The bottleneck of many demands at once, and which of them change when links fail.

Relaying nodes are joined by the spanning tree. A node that does not relay is only ever an end: a demand that ends there
has one way for each link that it may leave by, and the best of its ways counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.failure.tree import WidestTree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.routing import Topology

_NONE = -1


class Reach:
    """The widest routes of pairs of nodes.

    Args:
        topology: The network.
        pairs: Indices of the two ends of each pair. Shape ``(pairs, 2)``.

    Attributes:
        widest_bps: Rate of the widest route of each pair while nothing fails, 0 without a route. Shape ``(pairs,)``.
    """

    def __init__(self, topology: Topology, *, pairs: NDArray[np.int64]) -> None:
        self.tree = WidestTree(topology)
        exits, direct = self._exits(topology)
        ways: list[tuple[int, int, int, int]] = []  # places in the tree, links that lead there
        starts = []
        for one, other in pairs.tolist():
            starts.append(len(ways))
            ways += [(a, b, link_a, link_b) for a, link_a in exits[one] for b, link_b in exits[other]]
            ways += [(_NONE, _NONE, link, _NONE) for link in direct.get((min(one, other), max(one, other)), ())]
            if len(ways) == starts[-1]:
                ways.append((_NONE, _NONE, _NONE, _NONE))
        table = np.array(ways, dtype=np.int64).reshape(-1, 4)
        self._starts = np.array(starts, dtype=np.int64)
        self._one, self._other = table[:, 0], table[:, 1]
        self._width = self._widths(table, topology=topology)
        self._by_link = _by_link(table[:, 2:])
        self.widest_bps = self._best(self._width)

    def _exits(self, topology: Topology) -> tuple[list[list[tuple[int, int]]], dict[tuple[int, int], list[int]]]:
        """For each node, places in the tree with the link that leads there; and links between ends only."""
        exits: list[list[tuple[int, int]]] = [[] if p < 0 else [(p, _NONE)] for p in self.tree.place.tolist()]
        direct: dict[tuple[int, int], list[int]] = {}
        for link in np.flatnonzero(topology.rates_bps > 0).tolist():
            one, other = (int(end) for end in topology.link_ends[link])
            places = int(self.tree.place[one]), int(self.tree.place[other])
            if max(places) < 0:
                direct.setdefault((min(one, other), max(one, other)), []).append(link)
            elif min(places) < 0:
                exits[one if places[0] < 0 else other].append((max(places), link))
        return exits, direct

    def _widths(self, table: NDArray[np.int64], *, topology: Topology) -> NDArray[np.float64]:
        rates = np.append(topology.rates_bps, np.inf)  # no link (-1) is no limit
        width: NDArray[np.float64] = np.minimum(rates[table[:, 2]], rates[table[:, 3]])
        inside = table[:, 0] >= 0
        width[inside] = np.minimum(width[inside], self.tree.widest_bps(table[inside, 0], table[inside, 1]))
        width[(table == _NONE).all(axis=1)] = 0.0
        return width

    def _best(self, width: NDArray[np.float64]) -> NDArray[np.float64]:
        best: NDArray[np.float64] = np.maximum.reduceat(width, self._starts) if len(self._starts) else np.zeros(0)
        return best

    def after(self, links: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The pairs whose widest route gets narrower when links fail, and the rate that is left to them.

        Args:
            links: The links that fail, by index.

        Returns:
            Numbers of the pairs, and the rates, 0 for those that are cut off.
        """
        parts = self.tree.without(links)
        dead = [way for link in links.tolist() for way in self._by_link.get(link, ())]
        width = self._width
        if parts is not None and len(width):
            one, other = parts.of[self._one], parts.of[self._other]
            apart = np.flatnonzero(one != other)
            if len(apart):
                width = width.copy()
                width[apart] = np.minimum(width[apart], parts.widest_bps[one[apart], other[apart]])
        if dead:
            width = width.copy()
            width[dead] = 0.0
        if width is self._width:
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        best = self._best(width)
        narrower = np.flatnonzero(best < self.widest_bps)
        return narrower, best[narrower]


def _by_link(exits: NDArray[np.int64]) -> dict[int, list[int]]:
    """The ways that begin or end with each link."""
    ways: dict[int, list[int]] = {}
    for way, links in enumerate(exits.tolist()):
        for link in links:
            if link != _NONE:
                ways.setdefault(link, []).append(way)
    return ways
