"""Cheapest sets of routes of every row at given prices of the resources, for column generation and for proofs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.allocation.backed import BackedRoutes
from planner.routing.cheapest import CheapestRoutes, Search
from planner.routing.disjoint import DisjointRoutes
from planner.routing.prices import Prices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.allocation.requests import Requests
    from planner.allocation.resources import Resources
    from planner.routing.prices import RouteSet

CLEARLY = 1e-10
"""By what fraction a set must be cheaper than it is worth to its row to be worth a column."""

_FLOOR = 1e-12
"""Share of all prices that is spread over the links in proportion to 1/rate. Without it a link of almost no key would
be free of charge until it is full, and the cheapest routes would be routes that carry nothing."""
_MOST_SHARED = 10  # so many sets that share their key enter at a time


@dataclass(frozen=True)
class Offer:
    """A set of routes for a row.

    Attributes:
        row: Number of the row.
        routes: The set.
        cost: What a bit/s over it costs.
    """

    row: int
    routes: RouteSet
    cost: float


@dataclass(frozen=True)
class Proof:
    """Prices of the resources, and what they prove.

    Attributes:
        resources: Price of a whole unit of each resource: of a link's entire key rate, of a group's entire time.
        rows: Cheapest set of each row, per bit/s; with caps and a total, the price of a bit/s more for the row.
        bound: No level above this is possible.
    """

    resources: NDArray[np.float64]
    rows: NDArray[np.float64]
    bound: float


class Pricing:
    """Finds the cheapest sets of routes.

    Args:
        resources: The resources of the network.
        requests: The rows.
    """

    def __init__(self, resources: Resources, *, requests: Requests) -> None:
        self._resources = resources
        self._requests = requests
        self._plain = np.flatnonzero(requests.ways == 1)
        self._sets = np.flatnonzero(requests.ways > 1)
        self._place = np.full(len(requests.pairs), -1)
        self._place[self._plain] = np.arange(len(self._plain))
        self._single = CheapestRoutes(resources.topology, pairs=requests.pairs[self._plain])
        self._next = 0  # the row at which the next search for sets that share their key begins
        self._disjoint = DisjointRoutes(resources.topology)

    def with_floor(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """The prices, with a little more for every link.

        Args:
            prices: Price of each whole resource.
        """
        raised = prices.copy()
        raised[: self._resources.links] += _FLOOR * prices.sum() / self._resources.base
        return raised

    def blocks(self, count: int) -> NDArray[np.int64]:
        """A number below ``count`` for each row; rows that one search answers have the same.

        Args:
            count: How many blocks.
        """
        blocks = np.arange(len(self._requests.pairs)) % count
        blocks[self._plain] = self._single.searches * count // max(int(self._single.searches.max(initial=0)) + 1, 1)
        return blocks

    def costs(self, prices: NDArray[np.float64], *, least: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """What the cheapest set of each row costs per bit/s, infinite where there is none.

        Args:
            prices: Price of each whole resource, at least 0.
            least: Rows whose sets share their key are known to pay at least so much, which is taken for what they
                pay: to find the cheapest takes long. Shape ``(rows,)``.
        """
        costs = np.full(len(self._requests.pairs), np.inf)
        paid = self._resources.always(prices)
        link_costs, node_costs = self._resources.link_costs(paid), self._resources.node_costs(paid)
        costs[self._plain] = self._single.costs(link_costs, node_costs=node_costs)
        rows = self._sets
        if least is not None:
            known = rows[self._requests.shared[rows]]
            costs[known] = least[known]
            rows = rows[~self._requests.shared[rows]]
        for offer in self._protected(prices, rows=rows, below=None, cost_per_hop=0.0):
            costs[offer.row] = offer.cost
        return costs

    def first(self, prices: NDArray[np.float64]) -> list[Offer]:
        """A set for every row, cheap at some prices; protection that is shared pays as if it were not."""
        paid = self._resources.always(prices)
        link_costs, node_costs = self._resources.link_costs(paid), self._resources.node_costs(paid)
        offers = []
        if len(self._plain):
            everybody = np.arange(len(self._plain))
            search = self._single.search(link_costs, pairs=everybody, node_costs=node_costs)
            offers = self._read(search, everybody)
        return sorted([*offers, *self._sets_at(prices, rows=self._sets)], key=lambda offer: offer.row)

    def _read(self, search: Search, chosen: NDArray[np.int64]) -> list[Offer]:
        """The routes that a search found for some of the pairs searched."""
        found = self._single.routes(search, chosen)
        starts, links, costs = found.starts.tolist(), found.links.tolist(), search.costs[chosen].tolist()
        rows = self._plain[search.pairs[chosen]].tolist()
        return [
            Offer(row, (tuple(links[first:last]),), cost)
            for row, first, last, cost in zip(rows, starts[:-1], starts[1:], costs, strict=True)
        ]

    def below(
        self,
        prices: NDArray[np.float64],
        *,
        worth: NDArray[np.float64],
        cost_per_hop: float,
        most: int | None = None,
        sizes: NDArray[np.float64] | None = None,
    ) -> list[Offer]:
        """The cheapest set of each row, where that is cheaper than the row's worth.

        Args:
            prices: Price of each whole resource, at least 0.
            worth: What a bit/s for each row is worth; rows of no worth are left out. Shape ``(rows,)``.
            cost_per_hop: What a bit/s over any link costs besides.
            most: At most so many single routes, those that promise most, are given.
            sizes: Bit/s that each row is about; what is promised grows with it. Shape ``(rows,)``.
        """
        paid = self._resources.always(prices)
        link_costs = self._resources.link_costs(paid) + cost_per_hop
        paying = self._plain[worth[self._plain] > 0]
        offers: list[Offer] = []
        if len(paying):
            search = self._single.search(
                link_costs, pairs=self._place[paying], node_costs=self._resources.node_costs(paid)
            )
            cheaper = np.flatnonzero(search.costs < worth[paying])
            if most is not None and sizes is not None and len(cheaper) > most:
                promise = (worth[paying[cheaper]] - search.costs[cheaper]) * sizes[paying[cheaper]]
                cheaper = np.sort(cheaper[np.argsort(-promise, kind="stable")[:most]])
            if len(cheaper):
                offers = self._read(search, cheaper)
        if len(self._sets):
            rows = self._sets[worth[self._sets] > 0]
            offers += self._protected(prices, rows=rows, below=worth, cost_per_hop=cost_per_hop)
        return offers

    def _protected(
        self,
        prices: NDArray[np.float64],
        *,
        rows: NDArray[np.int64],
        below: NDArray[np.float64] | None,
        cost_per_hop: float,
    ) -> list[Offer]:
        """The cheapest sets of several routes each, of rows whose sets may share their key or not."""
        shared = self._requests.shared[rows]
        offers = self._sets_at(prices, rows=rows[~shared], below=below, cost_per_hop=cost_per_hop)
        if not shared.any():
            return offers
        called = self._resources.in_failures(prices).items()
        search = BackedRoutes(
            self._resources,
            risks=self._disjoint.risks,
            always=self._price_list(self._resources.always(prices), cost_per_hop=cost_per_hop),
            called={failure: self._price_list(paid, cost_per_hop=0.0) for failure, paid in called},
            per_hop=cost_per_hop,
        )

        def find(_: int, *ends: int, **how: Any) -> tuple[float, RouteSet] | None:
            return search.cheapest(*ends, **how)

        if below is None:
            return offers + self._offers(rows[shared], below=below, find=find)
        # Each search takes long, so what a few rows offer is tried first; the next time the search goes on from there.
        turned = np.roll(rows[shared], -int(np.searchsorted(rows[shared], self._next)))
        found = self._offers(turned, below=below, find=find, most=_MOST_SHARED)
        self._next = found[-1].row + 1 if len(found) == _MOST_SHARED else 0
        return offers + found

    def _sets_at(
        self,
        prices: NDArray[np.float64],
        *,
        rows: NDArray[np.int64],
        below: NDArray[np.float64] | None = None,
        cost_per_hop: float = 0.0,
    ) -> list[Offer]:
        """The cheapest sets of disjoint routes that all pay all of the time."""
        if not len(rows):
            return []
        always = self._price_list(self._resources.always(prices), cost_per_hop=cost_per_hop)

        def find(row: int, *ends: int, **how: Any) -> tuple[float, RouteSet] | None:
            return self._disjoint.cheapest(*ends, ways=int(self._requests.ways[row]), prices=always, **how)

        return self._offers(rows, below=below, find=find)

    def _offers(
        self,
        rows: NDArray[np.int64],
        *,
        below: NDArray[np.float64] | None,
        find: Callable[..., tuple[float, RouteSet] | None],
        most: float = np.inf,
    ) -> list[Offer]:
        """What is found for each row between its ends, below its limit where there is one; at most so much."""
        offers: list[Offer] = []
        for row in rows.tolist():
            limit = np.inf if below is None else float(below[row])
            found = find(row, *self._requests.pairs[row].tolist(), below=limit, any_below=below is not None)
            if found is not None:
                offers.append(Offer(row, found[1], found[0]))
            if len(offers) >= most:
                break
        return offers

    def _price_list(self, paid: NDArray[np.float64], *, cost_per_hop: float) -> Prices:
        nodes = self._resources.node_costs(paid)
        links = self._resources.link_costs(paid) + cost_per_hop
        return Prices(links.tolist(), None if nodes is None else nodes.tolist())


def dearer(
    resources: Resources,
    prices: NDArray[np.float64],
    *,
    offers: list[Offer],
    worth: NDArray[np.float64],
    sharing: list[bool],
) -> NDArray[np.float64]:
    """Prices at which sets cost what they are worth: that of each set's narrowest resource is raised.

    Args:
        resources: The resources of the network.
        prices: Price of each whole resource.
        offers: The sets.
        worth: What a bit/s for each row is worth.
        sharing: Whether the protection of each row shares its key.
    """
    raised = prices.copy()
    for offer in offers:
        spent = resources.spends(offer.routes, shared=sharing[offer.row])
        narrow, amount = max(spent.items(), key=lambda entry: (entry[1], -entry[0]))
        raised[narrow] = max(raised[narrow], prices[narrow] + (float(worth[offer.row]) - offer.cost) / amount)
    return raised
