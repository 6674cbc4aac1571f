"""What links have in common besides their ends: risk groups, and the switches and stations that their light passes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.records import rows_of, split_list

if TYPE_CHECKING:
    from planner.network import Network
    from planner.routing.disjoint import Disjoint
    from planner.routing.search import Steps
    from planner.routing.topology import Topology


@dataclass(frozen=True)
class Risks:
    """Groups of links that disjoint routes may not share.

    Attributes:
        names: Kind and name of each group: ``("risk group", "duct-7")`` or ``("node", "switch-1")``.
        of_link: Numbers of the groups of each link.
    """

    names: tuple[tuple[str, str], ...]
    of_link: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, network: Network, *, topology: Topology, disjoint: Disjoint) -> Risks:
        """Takes the groups of two usable links or more from a network.

        Where routes may share no node they share no optical switch and no measurement station either: when it fails,
        all light that passes it is lost.

        Args:
            network: The network.
            topology: The same.
            disjoint: What routes may not share.
        """
        index = {link_id: number for number, link_id in enumerate(topology.link_ids)}
        members: dict[tuple[str, str], set[int]] = {}
        for row in rows_of(network.links):
            number = index[row.link_id]
            if topology.rates_bps[number] > 0:
                named = [("risk group", name) for name in split_list(row.risk_groups)]
                named += [("node", name) for name in split_list(row.via) if disjoint == "node"]
                for name in named:
                    members.setdefault(name, set()).add(number)
        names = sorted(name for name, links in members.items() if len(links) > 1)
        of_link: list[list[int]] = [[] for _ in topology.link_ids]
        for group, name in enumerate(names):
            for link in members[name]:
                of_link[link].append(group)
        return cls(tuple(names), tuple(map(tuple, of_link)))

    @classmethod
    def none(cls, topology: Topology) -> Risks:
        """No group at all."""
        return cls((), ((),) * len(topology.link_ids))

    def used(self, links: Iterable[int]) -> set[int]:
        """The groups that a route depends on."""
        return {group for link in links for group in self.of_link[link]}

    def shared(self, routes: Sequence[Steps]) -> set[int]:
        """The groups that more than one of some routes depend on."""
        seen: set[int] = set()
        twice: set[int] = set()
        for _, links in routes:
            used = self.used(links)
            twice |= seen & used
            seen |= used
        return twice

    def members(self) -> tuple[tuple[int, ...], ...]:
        """The links of each group."""
        members: list[list[int]] = [[] for _ in self.names]
        for link, groups in enumerate(self.of_link):
            for group in groups:
                members[group].append(link)
        return tuple(map(tuple, members))
