"""The least cut: the fewest nodes, links and risk groups of which every route between two nodes uses one.

Where it is smaller than the number of disjoint routes that were asked for, it is why there are no more. With risk
groups there may be fewer routes than the least cut has parts: every two share something, but not all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from planner.routing.disjoint import Disjoint
    from planner.routing.risks import Risks
    from planner.routing.topology import Topology

# Of equal cuts the one of nodes is named rather than of groups or links: a new link beside an old one mends only those.
_NODE, _GROUP, _LINK = 1.0, 1.001, 1.002


@dataclass(frozen=True)
class RouteCut:
    """Nodes, links and risk groups of which every route uses one.

    Attributes:
        nodes: Ids of the nodes, optical switches and measurement stations among them.
        links: Ids of the links.
        risk_groups: Names of the groups.
    """

    nodes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    risk_groups: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.nodes) + len(self.links) + len(self.risk_groups)


def least_cut(topology: Topology, *, risks: Risks, source: int, target: int, disjoint: Disjoint) -> RouteCut:
    """The least cut between two nodes, by an integer program over places before and behind it.

    Args:
        topology: The network.
        risks: The groups that count as one part each.
        source: Index of one node.
        target: Index of the other.
        disjoint: ``node`` where inner nodes count, else only links and groups.

    Returns:
        The cut; of equal ones that with the most nodes. Empty where no route joins the two.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    nodes, groups = len(topology.node_ids), len(risks.names)
    usable = np.flatnonzero(topology.rates_bps > 0).tolist()
    # Columns: whether the cut lies before a node's arrival, before its departure; the cut's nodes, groups, links.
    arrive, leave, cut_nodes = 0, nodes, 2 * nodes
    cut_groups = cut_nodes + nodes
    cut_links = cut_groups + groups
    rows: list[tuple[int, int, tuple[int, ...]]] = []  # behind <= before + parts
    for place, link in enumerate(usable):
        parts = (cut_links + place, *(cut_groups + group for group in risks.of_link[link]))
        a, b = topology.link_ends[link].tolist()
        rows += [(arrive + b, leave + a, parts), (arrive + a, leave + b, parts)]
    for node in np.flatnonzero(topology.relays).tolist():
        rows.append((leave + node, arrive + node, (cut_nodes + node,) if disjoint == "node" else ()))
    lower, upper = np.zeros(cut_links + len(usable)), np.ones(cut_links + len(usable))
    upper[leave + source] = upper[arrive + source] = 0.0
    lower[arrive + target] = 1.0
    upper[[cut_nodes + source, cut_nodes + target]] = 0.0
    # A node that does not relay may be arrived at, but nothing leaves it: as if all that leaves were behind the cut.
    lower[leave + np.flatnonzero(~topology.relays)] = 1.0
    lower[leave + source] = 0.0
    starts = np.cumsum([0, *(2 + len(parts) for *_, parts in rows)])
    columns = np.array([c for behind, before, parts in rows for c in (behind, before, *parts)], dtype=np.int64)
    values = np.array([v for *_, parts in rows for v in (1.0, -1.0, *[-1.0] * len(parts))])
    costs = np.zeros(len(lower))
    costs[cut_nodes:] = np.concatenate((np.full(nodes, _NODE), np.full(groups, _GROUP), np.full(len(usable), _LINK)))
    found = milp(
        costs,
        integrality=(costs > 0).astype(int),
        bounds=Bounds(lower, upper),
        constraints=LinearConstraint(csr_array((values, columns, starts), shape=(len(rows), len(costs))), -np.inf, 0.0),
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None:
        raise AssertionError(f"to cut every link is a cut, but the solver says: {found.message}")
    chosen = np.round(found.x[cut_nodes:]) == 1
    in_group = [risks.names[group] for group in np.flatnonzero(chosen[nodes : nodes + groups]).tolist()]
    passed = [name for kind, name in in_group if kind == "node"]
    return RouteCut(
        nodes=tuple(sorted([topology.node_ids[n] for n in np.flatnonzero(chosen[:nodes]).tolist()] + passed)),
        links=tuple(topology.link_ids[usable[place]] for place in np.flatnonzero(chosen[nodes + groups :]).tolist()),
        risk_groups=tuple(name for kind, name in in_group if kind != "node"),
    )
