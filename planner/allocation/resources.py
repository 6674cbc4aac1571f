"""What routes spend: the key rate of links, the time of module groups, what nodes may pass on.

Every resource is one unit. A bit/s over a link of rate c spends 1/c of the link, and 1/c of its module group; passed on
through a node of relay limit r, it spends 1/r of the node. What a set of routes spends is the sum over its routes.

Where protection routes share their key, a resource must hold in every failure: working routes spend it always, a
protection route only where the failure hits the working route that it stands in for. A resource in a failure is one
more resource of one unit; of the many there are, those are known here that something overspent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from planner.routing.topology import LEAST_RATE_BPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.routing import Topology
    from planner.routing.prices import Route, RouteSet

Held = tuple[int, int]
"""A resource and a failure in which it must hold."""


class Resources:
    """The resources of a network, numbered: links, module groups, nodes with a limit, then resources in failures.

    Failures are numbered too: links, nodes, then what links share besides their ends: risk groups, and the switches and
    stations that they pass, which are never passed on through.

    Args:
        topology: The network.
    """

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.links = len(topology.link_ids)
        self._first_node = self.links + len(topology.group_names)
        may_relay = topology.relays & np.isfinite(topology.relay_limits_bps)
        self.limited: list[int] = np.flatnonzero(may_relay).tolist()
        self.base = self._first_node + len(self.limited)
        self.held: list[Held] = []
        self._held: dict[int, list[tuple[int, int]]] = {}  # resource -> number of the held one, failure
        self._limits: dict[int, tuple[int, float]] = {
            node: (self._first_node + number, 1.0 / float(topology.relay_limits_bps[node]))
            for number, node in enumerate(self.limited)
        }
        self._ends: list[list[int]] = topology.link_ends.tolist()
        self._groups: list[int] = topology.link_groups.tolist()
        usable = topology.rates_bps > LEAST_RATE_BPS
        self._per_bit: NDArray[np.float64] = np.where(usable, 1.0 / np.where(usable, topology.rates_bps, 1.0), 0.0)
        self._per_bit_list: list[float] = self._per_bit.tolist()

    @property
    def count(self) -> int:
        """Number of resources, those in failures included."""
        return self.base + len(self.held)

    def hold(self, held: Iterable[Held]) -> None:
        """Adds resources in failures."""
        for resource, failure in held:
            self._held.setdefault(resource, []).append((self.count, failure))
            self.held.append((resource, failure))

    # ------------------------------------------------------------ routes

    def inner(self, route: Route) -> list[int]:
        """The nodes that pass on what goes over a route, in no order."""
        if len(route) == 1:
            return []
        once: set[int] = set()
        twice = []
        for link in route:
            for end in self._ends[link]:
                if end in once:
                    twice.append(end)
                else:
                    once.add(end)
        return twice

    def failures(self, route: Route) -> set[int]:
        """The failures that hit a route: of its links, its inner nodes, and of what its links share."""
        risks = self.topology.link_risks
        return {
            *route,
            *(self.links + node for node in self.inner(route)),
            *(self.links + len(self.topology.node_ids) + risk for link in route for risk in risks[link]),
        }

    def places(self, route: Route) -> list[int]:
        """The links and the nodes with a limit that a route loads, by number of resource."""
        if not self._limits:
            return list(route)
        return [*route, *(self._limits[node][0] for node in self.inner(route) if node in self._limits)]

    def node_resource(self, node: int) -> int:
        """The number of the resource of a node with a limit."""
        return self._limits[node][0]

    def route_spends(self, route: Route) -> dict[int, float]:
        """What a bit/s over one route spends of each resource, failures aside."""
        spent: dict[int, float] = {}
        for link in route:
            spent[link] = self._per_bit_list[link]
            group = self._groups[link]
            if group >= 0:
                spent[self.links + group] = spent.get(self.links + group, 0.0) + self._per_bit_list[link]
        if self._limits:
            for node in self.inner(route):
                if node in self._limits:
                    resource, per_bit = self._limits[node]
                    spent[resource] = per_bit
        return spent

    def spends(self, routes: RouteSet, *, shared: bool = False) -> dict[int, float]:
        """What a bit/s over a set of routes spends of each resource.

        Args:
            routes: The set.
            shared: Whether its second route is used only when a failure hits the first.
        """
        spent: dict[int, float] = {}
        for route in routes[:1] if shared else routes:
            for resource, amount in self.route_spends(route).items():
                spent[resource] = spent.get(resource, 0.0) + amount
        if self.held:
            called = self.route_spends(routes[1]) if shared else {}
            hits = self.failures(routes[0]) if shared else set()
            for resource in list(dict.fromkeys((*spent, *called))):
                for number, failure in self._held.get(resource, ()):
                    amount = spent.get(resource, 0.0) + (called.get(resource, 0.0) if failure in hits else 0.0)
                    if amount:
                        spent[number] = amount
        return spent

    # ------------------------------------------------------------ prices

    def always(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """What a route pays that is used whatever fails: the price of each resource with and without failures."""
        paid = prices[: self.base].copy()
        for (resource, _), price in zip(self.held, prices[self.base :].tolist(), strict=True):
            paid[resource] += price
        return paid

    def in_failures(self, prices: NDArray[np.float64]) -> dict[int, NDArray[np.float64]]:
        """What a protection route pays for each failure in which it is called, as :meth:`always`."""
        paid: dict[int, NDArray[np.float64]] = {}
        for (resource, failure), price in zip(self.held, prices[self.base :].tolist(), strict=True):
            if price > 0:
                paid.setdefault(failure, np.zeros(self.base))[resource] += price
        return paid

    def link_costs(self, paid: NDArray[np.float64]) -> NDArray[np.float64]:
        """Price of a bit/s over each link, its module group included, from prices of whole resources."""
        groups = np.append(paid[self.links : self._first_node], 0.0)[self.topology.link_groups]
        costs: NDArray[np.float64] = (paid[: self.links] + groups) * self._per_bit
        return costs

    def node_costs(self, paid: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Price of a bit/s passed on through each node; None where no node has a limit."""
        if not self.limited:
            return None
        costs = np.zeros(len(self.topology.node_ids))
        costs[self.limited] = paid[self._first_node : self.base] / self.topology.relay_limits_bps[self.limited]
        return costs

    def named(self, prices: NDArray[np.float64]) -> tuple[dict[str, float], dict[str, float]]:
        """Prices per bit/s of each link by id, and of each other whole resource by name.

        A link without key costs as much as all that a bit/s could pay elsewhere, so that no cheapest route uses it.

        Args:
            prices: Price of each whole resource.
        """
        usable = self._per_bit > 0
        links = prices[: self.links] * self._per_bit
        paid = self.always(prices)
        nodes = self.node_costs(paid)
        everything = float(self.link_costs(paid).sum()) + (0.0 if nodes is None else float(nodes.sum()))
        links = np.where(usable, links, everything)
        others = {self.resource_name(number): float(prices[number]) for number in range(self.links, self.base)}
        for (resource, failure), price in zip(self.held, prices[self.base :].tolist(), strict=True):
            if price > 0:
                others[f"{self.resource_name(resource)}|{self.failure_name(failure)}"] = price
        return dict(zip(self.topology.link_ids, links.tolist(), strict=True)), others

    def resource_name(self, resource: int) -> str:
        """How a resource is called in a proof, failures aside."""
        if resource < self.links:
            return f"link:{self.topology.link_ids[resource]}"
        if resource < self._first_node:
            return f"module_group:{self.topology.group_names[resource - self.links]}"
        return f"node:{self.topology.node_ids[self.limited[resource - self._first_node]]}"

    def failure_name(self, failure: int) -> str:
        """How a failure is called in a proof."""
        nodes = len(self.topology.node_ids)
        if failure < self.links:
            return f"link:{self.topology.link_ids[failure]}"
        if failure < self.links + nodes:
            return f"node:{self.topology.node_ids[failure - self.links]}"
        return ":".join(self.topology.risk_names[failure - self.links - nodes])
