"""Sets of routes that share no link, or no inner node and no link, and that no risk group takes down together.

Risk groups are left out at first (:mod:`planner.routing.cheapest_sets`). Where no two of the routes found share one,
they are the answer: the best of more sets than are permitted. Otherwise routes are looked at one after another, the
cheapest first, each with the cheapest that keeps clear of it; where that does not end soon, or for more than two
routes, an integer program decides.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.routing.cheapest_sets import Disjoint, FoundSet, cheapest_set
from planner.routing.cuts import Cut, least_cut
from planner.routing.enumerate import cheapest_pair
from planner.routing.exact import SetProgram
from planner.routing.prices import Prices, hop_prices
from planner.routing.risks import Risks

if TYPE_CHECKING:
    from planner.routing.prices import RouteSet
    from planner.routing.search import By
    from planner.routing.topology import Topology


class DisjointRoutes:
    """Searches sets of disjoint routes.

    Args:
        topology: The network.
        disjoint: What routes may not share.
        deadline_s: When integer programs stop, by :func:`time.monotonic`.

    Attributes:
        proven: False once a program had to stop before its answer was certain.
    """

    def __init__(self, topology: Topology, *, disjoint: Disjoint = "node", deadline_s: float = math.inf) -> None:
        self.topology, self.disjoint = topology, disjoint
        self.risks = Risks.of(topology, disjoint=disjoint)
        self.proven = True
        self._deadline_s = deadline_s

    def cheapest(
        self,
        source: int,
        target: int,
        *,
        ways: int,
        prices: Prices,
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
            self.topology, source=source, target=target, ways=ways, prices=prices, disjoint=self.disjoint, below=below
        )
        if found is None or len(found.routes) < ways:
            return None
        if not self.risks.shared(found.routes):
            return found.cost, found.routes

        def decide() -> tuple[float, RouteSet] | None:
            anything = any_below and below == math.inf
            return self._decide(source, target, ways=ways, prices=prices, anything=anything)

        if ways == 2:
            return cheapest_pair(
                self.topology, source=source, target=target, prices=prices, risks=self.risks, disjoint=self.disjoint,
                least=found.cost, below=below, any_below=any_below, decide=decide,
            )  # fmt: skip
        decided = decide()
        return None if decided is None or decided[0] >= below else decided

    def _decide(
        self, source: int, target: int, *, ways: int, prices: Prices, anything: bool
    ) -> tuple[float, RouteSet] | None:
        """The cheapest set by an integer program, or any."""
        program = SetProgram(
            self.topology, source=source, target=target, ways=ways, risks=self.risks, disjoint=self.disjoint
        )
        free = Prices([0.0] * len(prices.links))
        routes, certain = program.cheapest(free if anything else prices, deadline_s=self._deadline_s)
        self.proven &= certain
        if routes is None:
            return None
        nodes = (self.topology.nodes_on(route, source=source)[1:-1] for route in routes)
        cost = math.fsum(prices.of(route, inner=inner) for route, inner in zip(routes, nodes, strict=True))
        return cost, tuple(sorted(routes, key=lambda route: (len(route), route)))

    def most(self, source: int, target: int, *, ways: int) -> tuple[RouteSet, Cut | None]:
        """As many disjoint routes as there are, at most as many as asked for; where there are fewer, a least cut too.

        Args:
            source: Index of the node where the routes begin.
            target: Index of the node where they end.
            ways: How many routes are asked for.
        """
        hops = hop_prices(len(self.topology.link_ids))
        found = cheapest_set(
            self.topology, source=source, target=target, ways=ways, prices=hops, disjoint=self.disjoint
        )
        if found is None:
            raise AssertionError("nothing bounds the cost")
        routes, cut = found.routes, None
        if self.risks.shared(routes):
            # A cut settles at once what would otherwise be proved by trying.
            cut = self._cut(source, target)
            some = None
            for number in range(min(len(routes), len(cut)), 1, -1):
                some = self.cheapest(source, target, ways=number, prices=hops, any_below=True)
                if some is not None:
                    break
            routes = routes[:1] if some is None else some[1]
        if len(routes) == ways:
            return routes, None
        if len(routes) == len(found.routes):
            return routes, self._named(found)
        return routes, self._cut(source, target) if cut is None else cut

    def _named(self, found: FoundSet) -> Cut:
        """The cut of a search that knew no groups; a link that shares something fails with it, so that is named."""
        groups = {
            link: self.risks.names[self.risks.of_link[link][0]] for link in found.cut_links if self.risks.of_link[link]
        }
        links = [link for link in found.cut_links if link not in groups]
        return Cut.of(self.topology, nodes=found.cut_nodes, links=links, groups=groups.values())

    def _cut(self, source: int, target: int) -> Cut:
        return least_cut(self.topology, risks=self.risks, source=source, target=target, disjoint=self.disjoint)


@dataclass(frozen=True)
class DisjointSet:
    """A set of disjoint routes.

    Attributes:
        routes: The routes, by their links.
        proven: No set has more routes, and none of as many is better. False where the time was over before.
        cut: Where there are fewer than were asked for, but some: a least cut.
    """

    routes: RouteSet
    proven: bool
    cut: Cut | None


def disjoint_set(
    topology: Topology,
    *,
    source: int,
    target: int,
    k: int,
    by: By,
    disjoint: Disjoint,
    time_limit_s: float = 60.0,
) -> DisjointSet:
    """As many disjoint routes as there are, at most k, and of these sets the best.

    By length: the least total length, then the fewest hops together. By hops: the fewest hops together, then the
    least total length. By rate: the largest least rate of the set, then as by hops.

    Args:
        topology: The network.
        source: Index of the node where the routes begin.
        target: Index of the node where they end.
        k: How many routes at most.
        by: The order.
        disjoint: What the routes may not share.
        time_limit_s: After so long integer programs stop, and the best set so far is given.
    """
    deadline_s = time.monotonic() + time_limit_s
    prices = _whole_prices(topology, by=by)
    search = DisjointRoutes(topology, disjoint=disjoint, deadline_s=deadline_s)
    found, cut = search.most(source, target, ways=k)
    proven = search.proven

    def best(least_bps: float, *, anything: bool = False) -> RouteSet | None:
        nonlocal proven
        among = DisjointRoutes(topology.wider(least_bps), disjoint=disjoint, deadline_s=deadline_s)
        answer = among.cheapest(source, target, ways=len(found), prices=prices, any_below=anything)
        proven &= among.proven
        return None if answer is None else answer[1]

    least_bps = 0.0
    if by == "rate" and found:
        steps = np.unique(topology.rates_bps[topology.rates_bps > 0])
        low, high = 0, len(steps) - 1
        while low < high:
            middle = (low + high + 1) // 2
            wide = best(steps[middle], anything=True)
            if wide is None:
                high = middle - 1
            else:
                low = np.searchsorted(steps, min(topology.rates_bps[link] for route in wide for link in route))
        least_bps = steps[low]
    found = best(least_bps) or found
    _check(topology, found, source=source, risks=search.risks, disjoint=disjoint)
    return DisjointSet(found, proven, cut if found and proven else None)


def _whole_prices(topology: Topology, *, by: By) -> Prices:
    """Length and hops of links in one whole number, kept apart by factors that no sum over simple routes can reach."""
    lengths = topology.lengths_mm
    hops_together, length_together = 2 * len(lengths) + 1, 2 * sum(lengths) + 1
    lengths_km, ones = [length / 1e6 for length in lengths], [1.0] * len(lengths)
    if by == "length":
        return Prices([length * hops_together + 1 for length in lengths], measures=(lengths_km, ones))
    return Prices([length_together + length for length in lengths], measures=(ones, lengths_km))


def _check(topology: Topology, routes: RouteSet, *, source: int, risks: Risks, disjoint: Disjoint) -> None:
    """Whatever found the routes, they share nothing that they may not share."""
    links = [link for route in routes for link in route]
    inner = [node for route in routes for node in topology.nodes_on(route, source=source)[1:-1]]
    twice = len(set(links)) < len(links) or (disjoint == "node" and len(set(inner)) < len(inner))
    if twice or risks.shared(routes):
        raise AssertionError("routes that are to be disjoint share something")
