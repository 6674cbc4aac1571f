"""A working route with a protection route that shares its key: it pays only for the failures that call it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from planner.routing.enumerate import cheapest_pair
from planner.routing.exact import SetProgram
from planner.routing.prices import Prices

if TYPE_CHECKING:
    from planner.allocation.resources import Resources
    from planner.routing.prices import Route, RouteSet
    from planner.routing.risks import Risks


class BackedRoutes:
    """Searches working routes with their protection routes.

    Args:
        resources: The resources of the network.
        risks: The groups of links that the two may not share.
        always: What a working route pays.
        called: What a protection route pays for each failure that hits its working route. Failures are numbered as in
            the resources.
        per_hop: What a protection route pays for every link in any case.
    """

    def __init__(
        self,
        resources: Resources,
        *,
        risks: Risks,
        always: Prices,
        called: Mapping[int, Prices],
        per_hop: float = 0.0,
    ) -> None:
        self._resources, self._topology, self._risks = resources, resources.topology, risks
        self._always, self._called = always, called
        self._uncalled = Prices([per_hop] * len(self._topology.link_ids))

    def cheapest(
        self, source: int, target: int, *, below: float = math.inf, any_below: bool = False
    ) -> tuple[float, RouteSet] | None:
        """The cheapest pair.

        Args:
            source: Index of the node where the routes begin.
            target: Index of the node where they end.
            below: Pairs that cost as much are of no interest.
            any_below: Any cheaper pair will do, where to find the cheapest takes long.

        Returns:
            Cost and routes, the working one first; None where there is no such pair.
        """
        return cheapest_pair(
            self._topology, source=source, target=target, prices=self._always, risks=self._risks,
            second=self._protecting, below=below, any_below=any_below, decide=lambda: self._decide(source, target),
        )  # fmt: skip

    def _protecting(self, working: Route) -> Prices:
        """What a protection route pays, given its working route."""
        hits = self._resources.failures(working)
        lists = [paid for failure, paid in self._called.items() if failure in hits]
        links = self._uncalled.links
        if lists:
            links = [math.fsum(column) for column in zip(links, *(paid.links for paid in lists), strict=True)]
        noded = [paid.nodes for paid in lists if paid.nodes is not None]
        return Prices(links, [math.fsum(column) for column in zip(*noded, strict=True)] or None)

    def _decide(self, source: int, target: int) -> tuple[float, RouteSet] | None:
        """The cheapest pair by an integer program: what is paid where a route is taken and a failure calls for it."""
        program = SetProgram(self._topology, source=source, target=target, ways=2, risks=self._risks)
        program.pay(0, self._always)
        program.pay(1, self._uncalled)
        for failure, prices in sorted(self._called.items()):
            hit = program.column()
            for uses in self._hitting(program, failure):
                program.row({hit: 1.0} | {column: -value for column, value in uses.items()}, lower=0.0)
            paid = [(program.uses(1, link=link), price) for link, price in enumerate(prices.links) if price > 0]
            paid += [(program.uses(1, node=node), price) for node, price in enumerate(prices.nodes or []) if price > 0]
            for uses, price in paid:
                both = program.column(cost=price)
                taken = {column: -value for column, value in uses.items()}
                program.row({both: 1.0, hit: -1.0} | taken, lower=-1.0)
        found = program.minimise()
        if found is None:
            return None
        working, protection = routes = program.routes(found.values)
        inner = self._resources.inner
        cost = self._always.of(working, inner=inner(working))
        return cost + self._protecting(working).of(protection, inner=inner(protection)), routes

    def _hitting(self, program: SetProgram, failure: int) -> list[dict[int, float]]:
        """The columns of the working route that a failure hits."""
        links, nodes = len(self._topology.link_ids), len(self._topology.node_ids)
        if failure < links:
            return [program.uses(0, link=failure)]
        if failure < links + nodes:
            return [program.uses(0, node=failure - links)]
        risk = failure - links - nodes
        return [program.uses(0, link=link) for link in program.by_link if risk in self._topology.link_risks[link]]
