"""What links have in common besides their ends: risk groups, and the switches and stations that their light passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.routing.cheapest_sets import Disjoint
    from planner.routing.prices import Route, RouteSet
    from planner.routing.topology import Topology


@dataclass(frozen=True)
class Risks:
    """Groups of links that disjoint routes may not share.

    Attributes:
        names: Kind and name of each group: ``("risk_group", "duct-7")`` or ``("node", "switch-1")``.
        of_link: Numbers of the groups of each link.
    """

    names: tuple[tuple[str, str], ...]
    of_link: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, topology: Topology, *, disjoint: Disjoint) -> Risks:
        """Takes the groups of two usable links or more from a network.

        Where routes may share no node they share no optical switch and no measurement station either: when it fails,
        all light that passes it is lost.

        Args:
            topology: The network.
            disjoint: What routes may not share.
        """
        live = topology.rates_bps > 0
        usable = [risks if alive else () for risks, alive in zip(topology.link_risks, live, strict=True)]
        counts = [0] * len(topology.risk_names)
        for risks in usable:
            for risk in risks:
                counts[risk] += 1
        kept = [
            risk
            for risk, (kind, _) in enumerate(topology.risk_names)
            if counts[risk] > 1 and (kind == "risk_group" or disjoint == "node")
        ]
        number = {risk: place for place, risk in enumerate(kept)}
        return cls(
            names=tuple(topology.risk_names[risk] for risk in kept),
            of_link=tuple(tuple(number[risk] for risk in risks if risk in number) for risks in usable),
        )

    def used(self, route: Route) -> set[int]:
        """The groups that a route depends on."""
        return {group for link in route for group in self.of_link[link]}

    def shared(self, routes: RouteSet) -> bool:
        """Whether two routes depend on the same group."""
        if not self.names:
            return False
        used = [self.used(route) for route in routes]
        return sum(map(len, used)) > len(set().union(*used))
