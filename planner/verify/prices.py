"""Price lists: what everything that the network can give is worth, and the cheapest that each demand can pay.

Every resource has one unit to give: a link its key rate, a module group its time, a node with a relay limit that limit.
A bit/s over a link of rate c takes 1/c of it, and 1/c of its module group. Where protection is shared, what a resource
carries in each single failure is a resource of its own, ``<resource>|<failure>``: working routes and shares always use
it, protection routes only where the failure hits their working route, and the resource itself carries no
protection route while nothing has failed.

The cheapest set of disjoint routes is found in two steps. The first leaves out the risk groups, and what protection
costs where it is shared: such a set may cost too little, never too much. A proof that holds at too low prices holds at
the right ones, so the second step, a mixed-integer program for each pair of nodes, is left until it is needed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.verify.check import total
from planner.verify.disjoint import DisjointRoutes, share_risks
from planner.verify.graph import Costs, route_costs
from planner.verify.integer import LINK, NODE, cheapest_disjoint, cheapest_shared

if TYPE_CHECKING:
    from planner.verify.ground import Ground
    from planner.verify.protection import Given

GROUP = "module_group:"
"""A module group's name in resource prices is this and the group."""


@dataclass(frozen=True)
class Resource:
    """What a price in ``resource_prices`` is for.

    Attributes:
        kind: ``link:``, ``module_group:`` or ``node:``.
        name: Its id.
        failure: The failure in which it carries what it carries; none where nothing has failed.
    """

    kind: str
    name: str
    failure: str | None = None


def resource_of(key: str, *, ground: Ground, shared: bool) -> Resource | None:
    """Reads the name of a resource; None where there is no such resource.

    Args:
        key: The name.
        ground: The recomputed facts.
        shared: Whether there are resources of single failures.
    """
    plain = _plain(key, ground=ground)
    if plain is not None and plain.kind != LINK:
        return plain
    for place in (place for place, letter in enumerate(key) if shared and letter == "|"):
        held, failure = _plain(key[:place], ground=ground), key[place + 1 :]
        if held is not None and _can_fail(failure, ground=ground):
            return Resource(held.kind, held.name, failure)
    return None


def _plain(key: str, *, ground: Ground) -> Resource | None:
    known = ((GROUP, ground.groups), (NODE, ground.relay_limits_bps), (LINK, ground.spans))
    for kind, names in known:
        name = _after(kind, key)
        if name is not None and name in names:
            return Resource(kind, name)
    return None


def _can_fail(failure: str, *, ground: Ground) -> bool:
    known = ((LINK, ground.spans), (NODE, ground.nodes))
    return failure in ground.at_risk or any(_after(kind, failure) in names for kind, names in known)


def _after(kind: str, key: str) -> str | None:
    return key[len(kind) :] if key.startswith(kind) else None


class PriceList:
    """The prices of one certificate.

    Args:
        prices: Price of each link per bit/s; a link that is not named is free.
        resource_prices: Price of each whole resource; only such that :func:`resource_of` knows.
        ground: The recomputed facts.
        shared: Whether 1+1 protection is shared.
    """

    def __init__(
        self, prices: Mapping[str, float], resource_prices: Mapping[str, float], *, ground: Ground, shared: bool
    ) -> None:
        self._ground, self._shared = ground, shared
        links = total(price * ground.spans[link].key_rate_bps for link, price in prices.items())
        self.worth = links + total(resource_prices.values())
        """What all that the network can give costs."""
        self._links = {link: [price] for link, price in prices.items()}
        self._nodes: dict[str, list[float]] = {}
        called: dict[str, tuple[dict[str, list[float]], dict[str, list[float]]]] = {}
        for key, price in resource_prices.items():
            resource = resource_of(key, ground=ground, shared=shared)
            if resource is not None and price > 0:
                self._pay(self._links, self._nodes, resource, price)
                if resource.failure is not None:
                    self._pay(*called.setdefault(resource.failure, ({}, {})), resource, price)
        self.costs = _costs(self._links, self._nodes)
        """What working routes and shares pay."""
        self.called = {failure: _costs(*parts) for failure, parts in called.items()}
        """What protection routes pay in each failure, where protection is shared."""

    def _pay(
        self, links: dict[str, list[float]], nodes: dict[str, list[float]], resource: Resource, price: float
    ) -> None:
        """Adds what a bit/s pays for a resource on each link, or at the node, that uses it."""
        if resource.kind == NODE:
            nodes.setdefault(resource.name, []).append(price / self._ground.relay_limits_bps[resource.name])
            return
        users = [resource.name] if resource.kind == LINK else self._ground.groups[resource.name]
        for link in users:
            rate = self._ground.spans[link].key_rate_bps
            if rate > 0:
                links.setdefault(link, []).append(price / rate)

    def cheapest(self) -> Cheapest:
        """What the cheapest permitted set of routes costs each demand that takes part."""
        return Cheapest(self, ground=self._ground, shared=self._shared)

    def cheapest_routes(self, *, links: Iterable[str]) -> dict[str, float]:
        """What the cheapest permitted single route over some links costs each demand that takes part."""
        pair_of = {key: self._ground.wishes[key].pair for key in self._ground.active}
        found = route_costs(self._ground, set(pair_of.values()), self.costs, links=links)
        return {key: found[pair] for key, pair in pair_of.items()}


def _costs(links: Mapping[str, list[float]], nodes: Mapping[str, list[float]]) -> Costs:
    return Costs(
        links={link: total(parts) for link, parts in links.items()},
        nodes={node: total(parts) for node, parts in nodes.items()},
    )


class Cheapest:
    """What the cheapest permitted set of routes costs each demand, or at first a little less.

    Args:
        prices: The prices.
        ground: The recomputed facts.
        shared: Whether 1+1 protection is shared.
    """

    def __init__(self, prices: PriceList, *, ground: Ground, shared: bool) -> None:
        self._prices, self._ground, self._shared = prices, ground, shared
        self._cost: list[float] = []
        self._open: list[int] = []
        at_once = {pair for pair, given in ground.kinds if self._by_one_route(given)}
        single = route_costs(ground, at_once, prices.costs, links=ground.live)
        search = DisjointRoutes(ground, prices.costs) if len(at_once) < len(ground.kinds) else None
        for number, (pair, given) in enumerate(ground.kinds):
            if search is None or self._by_one_route(given):
                self._cost.append(single[pair])
                exact = given.routes == 1
            else:
                found = search.cheapest(pair, most=given.routes)
                self._cost.append(found.cost)
                exact = not share_risks(ground, found.routes)
            if not exact:
                self._open.append(number)

    def _by_one_route(self, given: Given) -> bool:
        """Whether the first step is a single route: there is no other, or the other may cost nothing."""
        return given.routes == 1 or (self._shared and given.protection == "1+1")

    def __getitem__(self, key: str) -> float:
        """What a bit/s costs a demand, at least."""
        return self._cost[self._ground.kind_of[key]]

    @property
    def loose(self) -> bool:
        """Whether some demand may have to pay more than is known."""
        return bool(self._open)

    def tighten(self) -> None:
        """Finds out exactly what is only known to cost no less."""
        for number in self._open:
            pair, given = self._ground.kinds[number]
            if self._by_one_route(given):
                cost = cheapest_shared(self._ground, pair, self._prices.costs, self._prices.called)
            else:
                cost = cheapest_disjoint(self._ground, pair, self._prices.costs, routes=given.routes)
            if math.isfinite(cost):
                self._cost[number] = max(cost, self._cost[number])
        self._open.clear()
