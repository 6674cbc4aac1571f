"""Cheapest permitted routes of many pairs of nodes at once, at given prices of the links (Dijkstra in SciPy)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.routing.topology import Topology

_NONE = -9999  # SciPy's mark of a node without predecessor


@dataclass(frozen=True)
class RouteArray:
    """Routes of several pairs, one after another.

    Attributes:
        starts: Where each route begins in ``links``, and the end of the last. Shape ``(routes + 1,)``.
        links: Links of the routes, from the first node of the pair to the second.
    """

    starts: NDArray[np.int64]
    links: NDArray[np.int64]


@dataclass(frozen=True)
class Search:
    """What a search found.

    Attributes:
        pairs: Numbers of the pairs searched.
        costs: Cost of the cheapest route of each, infinite where there is none.
        link_costs: The prices of the links searched with.
        before: Each node's predecessor on the way from each source.
        rows: The row of ``before`` that belongs to each pair searched.
    """

    pairs: NDArray[np.int64]
    costs: NDArray[np.float64]
    link_costs: NDArray[np.float64]
    before: NDArray[np.int32]
    rows: NDArray[np.int64]


class CheapestRoutes:
    """Finds cheapest routes between pairs of nodes; only relaying nodes are passed through.

    In the directed graph searched, a node that does not relay has no way out. Where such a node is the
    beginning of a route, a second node stands for it that has only ways out; so too where passing on through the node
    is limited and may have a price, which is paid on every way out but those at the beginning.

    Args:
        topology: The network; links without key are left out.
        pairs: Indices of the two ends of each pair. Shape ``(pairs, 2)``.
    """

    def __init__(self, topology: Topology, *, pairs: NDArray[np.int64]) -> None:
        nodes = len(topology.node_ids)
        self._turned = self._turn(pairs, nodes=nodes)
        begins = np.where(self._turned, pairs[:, 1], pairs[:, 0])
        self._targets = np.where(self._turned, pairs[:, 0], pairs[:, 1])
        sources, self._rows = np.unique(begins, return_inverse=True)
        leaving = np.where(topology.relays, np.arange(nodes), -1)
        doubled = sources[~topology.relays[sources] | np.isfinite(topology.relay_limits_bps[sources])]
        beginning = np.full(nodes, -1)
        beginning[doubled] = nodes + np.arange(len(doubled))
        self._sources = np.where(beginning[sources] >= 0, beginning[sources], sources)
        self._nodes, self._size = nodes, nodes + len(doubled)

        usable = np.flatnonzero(topology.rates_bps > 0)
        ends = topology.link_ends[usable]
        tails = np.concatenate((leaving[ends].T.reshape(-1), beginning[ends].T.reshape(-1)))
        heads = np.tile(ends[:, ::-1].T.reshape(-1), 2)
        links = np.tile(usable, 4)
        known = tails >= 0
        tails, heads, links = tails[known], heads[known], links[known]
        order = np.lexsort((links, heads, tails))
        self._links = links[order]
        arcs, self._firsts, self._arc_of = np.unique(
            tails[order] * self._size + heads[order], return_index=True, return_inverse=True
        )
        self._arcs = arcs
        self._tails = arcs // max(self._size, 1)
        self._heads = (arcs % max(self._size, 1)).astype(np.int32)
        self._indptr = np.searchsorted(arcs // max(self._size, 1), np.arange(self._size + 1)).astype(np.int32)

    @property
    def searches(self) -> NDArray[np.int64]:
        """The number of the search that each pair needs: pairs that begin at the same node need the same."""
        numbers: NDArray[np.int64] = self._rows
        return numbers

    @staticmethod
    def _turn(pairs: NDArray[np.int64], *, nodes: int) -> NDArray[np.bool_]:
        """Whether to search a pair from its second end: from the busier end, so that fewer searches are needed."""
        busy = np.bincount(pairs.reshape(-1), minlength=nodes)
        turned: NDArray[np.bool_] = busy[pairs[:, 1]] > busy[pairs[:, 0]]
        return turned

    def costs(
        self, link_costs: NDArray[np.float64], *, node_costs: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """The cost of each pair's cheapest route, infinite where there is none.

        Args:
            link_costs: Price of each link, at least 0. Shape ``(links,)``.
            node_costs: Price of passing on through each node that has a limit. Shape ``(nodes,)``.
        """
        return self.search(link_costs, pairs=np.arange(len(self._rows)), node_costs=node_costs).costs

    def search(
        self,
        link_costs: NDArray[np.float64],
        *,
        pairs: NDArray[np.int64],
        node_costs: NDArray[np.float64] | None = None,
    ) -> Search:
        """Searches the cheapest routes of some pairs.

        Args:
            link_costs: Price of each link, at least 0. Shape ``(links,)``.
            pairs: Numbers of the pairs.
            node_costs: Price of passing on through each node that has a limit, at least 0. Shape ``(nodes,)``.
        """
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        if not len(self._links) or not len(pairs):
            nothing = np.zeros((0, 0), dtype=np.int32)
            return Search(pairs, np.full(len(pairs), np.inf), link_costs, nothing, np.zeros(0, dtype=np.int64))
        weights = np.minimum.reduceat(link_costs[self._links], self._firsts)
        if node_costs is not None:
            weights += np.append(node_costs, np.zeros(self._size - self._nodes))[self._tails]
        graph = csr_array((weights, self._heads, self._indptr), shape=(self._size, self._size))
        used, rows = np.unique(self._rows[pairs], return_inverse=True)
        costs, before = dijkstra(graph, directed=True, indices=self._sources[used], return_predecessors=True)
        return Search(pairs, costs[rows, self._targets[pairs]], link_costs, before, rows)

    def routes(self, search: Search, chosen: NDArray[np.int64]) -> RouteArray:
        """The cheapest routes of some of the pairs that were searched.

        Args:
            search: What :meth:`search` gave.
            chosen: Their places in ``search.pairs``; each has a route.
        """
        order = np.lexsort((self._links, search.link_costs[self._links], self._arc_of))
        cheapest = self._links[order[self._firsts]]
        rows, here = search.rows[chosen], self._targets[search.pairs[chosen]].astype(np.int64)
        steps = []
        while True:
            back = search.before[rows, here].astype(np.int64)
            on_way = back != _NONE
            if not on_way.any():
                break
            arcs = np.searchsorted(self._arcs, np.where(on_way, back * self._size + here, self._arcs[0]))
            steps.append(np.where(on_way, cheapest[arcs], -1))
            here = np.where(on_way, back, here)
        table = np.array(steps, dtype=np.int64).reshape(len(steps), len(chosen)).T
        # Found from target to source: turned pairs are right already, the others are read backwards.
        table = np.where(self._turned[search.pairs[chosen]][:, None], table, table[:, ::-1])
        starts = np.concatenate(([0], np.cumsum((table >= 0).sum(axis=1))))
        return RouteArray(starts=starts, links=table[table >= 0])
