"""Bridges and articulation nodes: the links and nodes whose failure, alone, separates others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.failure.tree import WidestTree
from planner.records import rows_of, split_list

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.network import Network
    from planner.routing import Topology


class WeakPoints:
    """Finds out whether a failure separates nodes that hold keys; only relaying nodes pass keys on.

    Args:
        topology: The network.
    """

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._tree = WidestTree(topology)
        self._neighbours = topology.neighbours
        self._relays: list[bool] = topology.relays.tolist()

    def bridges(self) -> tuple[str, ...]:
        """Links whose failure leaves two nodes without a route, by id, sorted."""
        usable = np.flatnonzero(self._topology.rates_bps > 0).tolist()
        return tuple(self._topology.link_ids[link] for link in usable if self.separates([link]))

    def articulation_nodes(self, network: Network) -> tuple[str, ...]:
        """Nodes whose failure leaves two others without a route, by id, sorted.

        Optical switches and measurement stations are among them where the links that pass them are.

        Args:
            network: The network that the topology is of.
        """
        passing: dict[str, list[int]] = {}
        index = {link_id: number for number, link_id in enumerate(self._topology.link_ids)}
        for row in rows_of(network.links):
            for node in split_list(row.via):
                passing.setdefault(node, []).append(index[row.link_id])
        return tuple(
            node_id
            for number, node_id in enumerate(self._topology.node_ids)
            if (self._holds_together(number) if self._relays[number] else self.separates(passing.get(node_id, [])))
        )

    def separates(self, links: list[int]) -> bool:
        """Whether two nodes are without a route once some links fail that had one before.

        Args:
            links: The links, by index.
        """
        gone = {link for link in links if self._topology.rates_bps[link] > 0}
        if not gone:
            return False
        if self._splits(np.array(sorted(gone), dtype=np.int64)):
            return True
        ends = {int(end) for link in gone for end in self._topology.link_ends[link] if not self._relays[end]}
        return any(self._loses(end, gone) for end in ends)

    def _splits(self, links: NDArray[np.int64]) -> bool:
        """Whether relaying nodes are separated."""
        parts = self._tree.without(links)
        if parts is None:
            return False
        cut = [link for link in links.tolist() if self._tree.is_tree_link(link)]
        ends = parts.of[self._tree.place[self._topology.link_ends[cut]]]
        return bool((parts.widest_bps[ends[:, 0], ends[:, 1]] == 0).any())

    def _trees(self, node: int, gone: set[int]) -> set[int]:
        """The trees of relaying nodes that a node which does not relay is linked to."""
        places = self._tree.place
        return {
            int(self._tree.root[places[other]])
            for other, link in self._neighbours[node]
            if link not in gone and self._relays[other]
        }

    def _loses(self, node: int, gone: set[int]) -> bool:
        """Whether a node that does not relay loses somebody, while the relaying nodes stay joined."""
        trees = self._trees(node, gone)
        if trees != self._trees(node, set()):
            return True
        ends = {other for other, link in self._neighbours[node] if link in gone and not self._relays[other]}
        left = {other for other, link in self._neighbours[node] if link not in gone}
        return any(other not in left and not trees & self._trees(other, gone) for other in ends)

    def _holds_together(self, node: int) -> bool:
        """Whether a relaying node joins nodes that nothing else joins."""
        links = {link for _, link in self._neighbours[node]}
        relays = [other for other, _ in self._neighbours[node] if self._relays[other]]
        if relays:
            parts = self._tree.without(np.array(sorted(links), dtype=np.int64))
            if parts is None:
                raise AssertionError("a relaying node next to another is in its tree")
            of = parts.of[self._tree.place[relays]]
            if (parts.widest_bps[np.ix_(of, of)] == 0).any():
                return True
        users = {other for other, _ in self._neighbours[node] if not self._relays[other]}
        tree = int(self._tree.root[self._tree.place[node]])
        lost = [user for user in sorted(users) if tree not in self._trees(user, links)]
        if relays:
            return bool(lost)
        return any(
            other not in {near for near, _ in self._neighbours[user]}
            and not self._trees(user, links) & self._trees(other, links)
            for user in lost
            for other in lost
            if user < other
        )
