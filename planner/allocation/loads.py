"""What sets of routes with their rates spend of each resource, in every failure too."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.allocation.resources import Held, Resources
    from planner.routing.prices import RouteSet

Carried = tuple["RouteSet", bool, float]
"""A set of routes, whether its protection shares its key, and its rate."""

WELL = -1  # the failure that is none


class Loads:
    """Sums of rates over links and nodes, rounded once, so that their order does not matter.

    Args:
        resources: The resources of the network.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        topology = resources.topology
        self._most: dict[int, float] = dict(enumerate(topology.rates_bps.tolist()))
        for node in resources.limited:
            self._most[resources.node_resource(node)] = float(topology.relay_limits_bps[node])
        self._groups: list[int] = topology.link_groups.tolist()

    def utilisation(self, carried: Iterable[Carried]) -> dict[Held, float]:
        """What is spent of each resource that is used, in each failure that calls for protection over it.

        Args:
            carried: Sets of routes with their rates.

        Returns:
            Shares of 1 by resource and failure; the failure is -1 for none.
        """
        always: dict[int, list[float]] = {}
        called: dict[Held, list[float]] = {}
        for routes, shared, rate in carried:
            for route in routes[:1] if shared else routes:
                for place in self._resources.places(route):
                    always.setdefault(place, []).append(rate)
            if shared:
                for place in self._resources.places(routes[1]):
                    for failure in self._resources.failures(routes[0]):
                        called.setdefault((place, failure), []).append(rate)
        spent = {(place, WELL): math.fsum(rates) / self._most[place] for place, rates in sorted(always.items())}
        for (place, failure), rates in sorted(called.items()):
            spent[place, failure] = math.fsum([*always.get(place, ()), *rates]) / self._most[place]
        return spent | self._of_groups(spent)

    def _of_groups(self, spent: dict[Held, float]) -> dict[Held, float]:
        """The time that each module group spends: that of its links."""
        members: dict[int, dict[int, dict[int, float]]] = {}
        for (place, failure), share in spent.items():
            if place < self._resources.links and self._groups[place] >= 0:
                group = self._resources.links + self._groups[place]
                members.setdefault(group, {}).setdefault(failure, {})[place] = share
        return {
            (group, failure): math.fsum((failures.get(WELL, {}) | shares).values())
            for group, failures in members.items()
            for failure, shares in failures.items()
        }

    def overspent(self, carried: Iterable[Carried], *, by: float) -> list[Held]:
        """The resources in failures of which more than all is spent, sorted.

        Args:
            carried: Sets of routes with their rates.
            by: How much more is overlooked.
        """
        spent = self.utilisation(carried)
        return sorted(held for held, share in spent.items() if share > 1 + by and held[1] != WELL)

    def reserved_bps(self, carried: Iterable[Carried], *, protecting: Iterable[Carried]) -> dict[int, float]:
        """The key rate of each link that is held for protection routes.

        Args:
            carried: The sets whose protection shares its key.
            protecting: Protection routes that share nothing, each as a set of its own.
        """
        own: dict[int, list[float]] = {}
        for routes, _, rate in protecting:
            for link in (link for route in routes for link in route):
                own.setdefault(link, []).append(rate)
        called: dict[int, dict[int, list[float]]] = {}
        for routes, _, rate in carried:
            for link in routes[1]:
                for failure in self._resources.failures(routes[0]):
                    called.setdefault(link, {}).setdefault(failure, []).append(rate)
        most = {link: max(map(math.fsum, failures.values())) for link, failures in called.items()}
        return {link: math.fsum([*own.get(link, ()), most.get(link, 0.0)]) for link in sorted(own.keys() | most.keys())}
