"""Sets of routes that share no inner node, no link and no risk group: the cheapest, and how many there are.

Risk groups are left out at first (:mod:`planner.routing.cheapest_sets`); where the routes found share none, they are
the answer. Otherwise routes are looked at one after another, the cheapest first, each with the cheapest that keeps
clear of it; where that does not end soon, or for more than two routes, an integer program decides.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.allocation.exact import cheapest_apart_in_risk, cheapest_backed, least_cut
from planner.routing.cheapest_sets import cheapest_set
from planner.routing.enumerate import cheapest_apart, routes_by_cost

if TYPE_CHECKING:
    from planner.allocation.resources import Resources, Route, RouteSet

_MOST_STEPS = 2000  # parts of routes that are looked at before the integer program is called
_CLEARLY = 1e-12


@dataclass(frozen=True)
class PriceList:
    """Prices per bit/s.

    Attributes:
        links: Of each link.
        nodes: Of passing on through each node; None where that is free.
    """

    links: Sequence[float]
    nodes: Sequence[float] | None

    def of(self, route: Route, *, inner: Sequence[int]) -> float:
        """What a route costs, given its inner nodes."""
        nodes = self.nodes
        passing = [] if nodes is None else [nodes[node] for node in inner]
        return math.fsum([self.links[link] for link in route] + passing)


class DisjointRoutes:
    """Searches sets of disjoint routes.

    Args:
        resources: The resources of the network.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self.topology = topology = resources.topology
        usable = [link for link, rate in enumerate(topology.rates_bps.tolist()) if rate > 0]
        members = Counter(risk for link in usable for risk in topology.link_risks[link])
        self._risky = any(count > 1 for count in members.values())

    def clash(self, routes: RouteSet) -> bool:
        """Whether two routes share a risk group."""
        if not self._risky:
            return False
        risks = self.topology.link_risks
        touched = [{risk for link in route for risk in risks[link]} for route in routes]
        return sum(map(len, touched)) > len(set().union(*touched))

    def cheapest(
        self,
        source: int,
        target: int,
        *,
        ways: int,
        prices: PriceList,
        below: float = math.inf,
        any_below: bool = False,
    ) -> tuple[float, RouteSet] | None:
        """The cheapest set of disjoint routes with its cost.

        Args:
            source: Index of the node where the routes begin.
            target: Index of the node where they end.
            ways: How many routes.
            prices: What they pay.
            below: Sets that cost as much are of no interest.
            any_below: Any cheaper set will do, where to find the cheapest takes long.

        Returns:
            None where there is no such set.
        """
        found = cheapest_set(
            self.topology, source=source, target=target, ways=ways,
            link_costs=prices.links, node_costs=prices.nodes, below=below,
        )  # fmt: skip
        if found is None or len(found.routes) < ways:
            return None
        if not self.clash(found.routes):
            return found.cost, found.routes
        if ways == 2:
            return self._cheapest_two(source, target, prices=prices, below=below, least=found.cost, any_below=any_below)
        routes = cheapest_apart_in_risk(
            self.topology, source=source, target=target, ways=ways, link_costs=prices.links, node_costs=prices.nodes
        )
        return None if routes is None else self._below(routes, prices=prices, below=below)

    def _cheapest_two(
        self, source: int, target: int, *, prices: PriceList, below: float, least: float, any_below: bool
    ) -> tuple[float, RouteSet] | None:
        """The cheapest two routes; no two cost less than ``least``."""
        best, most = None, below
        ways = routes_by_cost(
            self.topology, source=source, target=target,
            link_costs=prices.links, node_costs=prices.nodes, most_steps=_MOST_STEPS,
        )  # fmt: skip
        for cost, route in ways:
            if max(2 * cost, least) >= most * (1 - _CLEARLY) or (route is None and any_below and best is not None):
                break
            if route is None:
                routes = cheapest_apart_in_risk(
                    self.topology, source=source, target=target, ways=2,
                    link_costs=prices.links, node_costs=prices.nodes,
                )  # fmt: skip
                return None if routes is None else self._below(routes, prices=prices, below=below)
            other = cheapest_apart(
                self.topology, source=source, target=target, from_route=route,
                link_costs=prices.links, node_costs=prices.nodes,
            )  # fmt: skip
            if other is not None and cost + other[0] < most:
                most, best = cost + other[0], (cost + other[0], (route, other[1]))
        return best

    def _below(self, routes: RouteSet, *, prices: PriceList, below: float) -> tuple[float, RouteSet] | None:
        ordered = tuple(sorted(routes, key=lambda route: (len(route), route)))
        cost = math.fsum(prices.of(route, inner=self._resources.inner(route)) for route in ordered)
        return (cost, ordered) if cost < below else None

    def cheapest_backed(
        self,
        source: int,
        target: int,
        *,
        prices: PriceList,
        called: Mapping[int, PriceList],
        per_hop: float = 0.0,
        below: float = math.inf,
        any_below: bool = False,
    ) -> tuple[float, RouteSet] | None:
        """The cheapest working route with a protection route that pays only where a failure calls it.

        Args:
            source: Index of the node where the routes begin.
            target: Index of the node where they end.
            prices: What the working route pays.
            called: What the protection route pays for each failure that hits the working route.
            per_hop: What it pays for every link in any case.
            below: Sets that cost as much are of no interest.
            any_below: Any cheaper set will do, where to find the cheapest takes long.

        Returns:
            Cost and routes, the working one first; None where there is no such set.
        """
        best, most = None, below
        ways = routes_by_cost(
            self.topology, source=source, target=target,
            link_costs=prices.links, node_costs=prices.nodes, most_steps=_MOST_STEPS,
        )  # fmt: skip
        for cost, route in ways:
            if cost >= most * (1 - _CLEARLY) or (route is None and any_below and best is not None):
                break
            if route is None:
                routes = cheapest_backed(
                    self.topology, source=source, target=target, link_costs=prices.links, node_costs=prices.nodes,
                    called={failure: (paid.links, paid.nodes) for failure, paid in called.items()}, per_hop=per_hop,
                )  # fmt: skip
                if routes is None:
                    return None
                full = self._backed_cost(routes, prices=prices, called=called, per_hop=per_hop)
                return (full, routes) if full < most else best
            paid = self._called(route, called=called, per_hop=per_hop)
            other = cheapest_apart(
                self.topology, source=source, target=target, from_route=route,
                link_costs=paid.links, node_costs=paid.nodes,
            )  # fmt: skip
            if other is not None and cost + other[0] < most:
                most, best = cost + other[0], (cost + other[0], (route, other[1]))
        return best

    def _called(self, working: Route, *, called: Mapping[int, PriceList], per_hop: float) -> PriceList:
        """What a protection route pays, given its working route."""
        hits = self._resources.failures(working)
        lists = [paid for failure, paid in called.items() if failure in hits]
        links = [per_hop] * len(self.topology.link_ids)
        if lists:
            links = [math.fsum(column) for column in zip(links, *(paid.links for paid in lists), strict=True)]
        noded = [paid.nodes for paid in lists if paid.nodes is not None]
        return PriceList(links, [math.fsum(column) for column in zip(*noded, strict=True)] or None)

    def _backed_cost(
        self, routes: RouteSet, *, prices: PriceList, called: Mapping[int, PriceList], per_hop: float
    ) -> float:
        working, protection = routes
        paid = self._called(working, called=called, per_hop=per_hop)
        return prices.of(working, inner=self._resources.inner(working)) + paid.of(
            protection, inner=self._resources.inner(protection)
        )

    def most(
        self, source: int, target: int, *, ways: int
    ) -> tuple[int, tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]] | None]:
        """How many disjoint routes there are, at most as many as asked for, and where there are fewer, a least cut.

        Args:
            source: Index of the node where the routes begin.
            target: Index of the node where they end.
            ways: How many routes are asked for.

        Returns:
            The number of routes; nodes, links and risk groups of the cut, by index.
        """
        hops = PriceList([1.0] * len(self.topology.link_ids), None)
        found = cheapest_set(self.topology, source=source, target=target, ways=ways, link_costs=hops.links)
        if found is None:
            raise AssertionError("nothing bounds the cost")
        number, cut = len(found.routes), None
        if self.clash(found.routes):
            # A cut settles at once what would otherwise be proved by trying.
            cut = least_cut(self.topology, source=source, target=target)
            number = min(number, sum(map(len, cut)))
            while number > 1 and self.cheapest(source, target, ways=number, prices=hops, any_below=True) is None:
                number -= 1
        if number == ways:
            return number, None
        if number == len(found.routes) and found.cut_nodes + found.cut_links:
            return number, (found.cut_nodes, found.cut_links, ())
        return number, cut or least_cut(self.topology, source=source, target=target)
