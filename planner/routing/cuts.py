"""The least cut: the fewest nodes, links and risk groups of which every route between two nodes uses one.

Where it is smaller than the number of disjoint routes that were asked for, it is why there are no more. With risk
groups there may be fewer routes than the least cut has parts: every two share something, but not all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.routing.exact import CHOSEN
from planner.solver import IntegerProgram

if TYPE_CHECKING:
    from planner.routing.cheapest_sets import Disjoint
    from planner.routing.risks import Risks
    from planner.routing.topology import Topology

# Of equal cuts the one of nodes is named rather than of groups or links: a new link beside an old one mends only those.
_NODE, _GROUP, _LINK = 1.0, 1.001, 1.002


@dataclass(frozen=True)
class Cut:
    """Nodes, links and risk groups of which every route between two nodes uses one.

    Attributes:
        nodes: Ids of the nodes, optical switches and measurement stations among them, sorted.
        links: Ids of the links, sorted.
        risk_groups: Names of the groups, sorted.
    """

    nodes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    risk_groups: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, topology: Topology, *, nodes: Iterable[int], links: Iterable[int], groups: Iterable[tuple[str, str]] = ()
    ) -> Cut:
        """Names what a cut is made of: nodes and links by index, groups by kind and name."""
        groups = sorted(groups)
        passed = [name for kind, name in groups if kind == "node"]
        return cls(
            nodes=tuple(sorted([*(topology.node_ids[node] for node in nodes), *passed])),
            links=tuple(topology.link_ids[link] for link in sorted(links)),
            risk_groups=tuple(name for kind, name in groups if kind != "node"),
        )

    def __len__(self) -> int:
        return len(self.nodes) + len(self.links) + len(self.risk_groups)


def least_cut(topology: Topology, *, risks: Risks, source: int, target: int, disjoint: Disjoint) -> Cut:
    """The least cut between two nodes; of equal ones that with the most nodes. Empty where no route joins the two.

    Args:
        topology: The network; links without key are left out.
        risks: The groups that count as one part each.
        source: Index of one node.
        target: Index of the other.
        disjoint: ``node`` where inner nodes count, else only links and groups.
    """
    program = IntegerProgram()
    arcs = topology.arcs(source=source, target=target)
    inner = sorted({other for _, other, _ in arcs} - {target}) if disjoint == "node" else []
    # Every place has a height, 0 at the source and 1 at the target; only what is cut may be climbed.
    arriving = {node: program.column() for node in range(len(topology.node_ids))}
    leaving = arriving | {node: program.column() for node in inner}
    nodes = {node: program.column(cost=_NODE, whole=True) for node in inner}
    links = {link: program.column(cost=_LINK, whole=True) for link in sorted({link for _, _, link in arcs})}
    groups = {
        group: program.column(cost=_NODE if risks.names[group][0] == "node" else _GROUP, whole=True)
        for group in sorted(set().union(*(risks.of_link[link] for link in links)))
    }
    program.row({arriving[source]: 1.0}, upper=0.0)
    program.row({arriving[target]: 1.0}, lower=1.0)
    for node, column in nodes.items():
        program.row({leaving[node]: 1.0, arriving[node]: -1.0, column: -1.0}, upper=0.0)
    for node, other, link in arcs:
        cut = (links[link], *(groups[group] for group in risks.of_link[link]))
        program.row({arriving[other]: 1.0, leaving[node]: -1.0} | dict.fromkeys(cut, -1.0), upper=0.0)
    found = program.minimise()
    if found is None:
        raise AssertionError("a cut of all links separates any two nodes")

    def chosen(columns: Mapping[int, int]) -> list[int]:
        return [number for number, column in columns.items() if found.values[column] > CHOSEN]

    return Cut.of(
        topology, nodes=chosen(nodes), links=chosen(links), groups=[risks.names[group] for group in chosen(groups)]
    )
