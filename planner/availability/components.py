"""What must work so that a route works: fibres, modules, sites and risk groups, each with its unavailability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from planner.records import rows_of, split_list

if TYPE_CHECKING:
    from planner.availability.reliability import Reliability
    from planner.network import Network

Component = tuple[str, str]
"""Kind and id: ``("fibre", link_id)``, ``("modules", link_id)``, ``("module group", name)``, ``("risk group", name)``,
``("node", node_id)``."""


def components_of(network: Network, *, reliability: Reliability) -> tuple[dict[Component, float], Links]:
    """The components of a network, and which of them each link needs besides its end nodes.

    A link has its fibre, which fails by its length (one that ends at a satellite has none), and its modules, which fail
    as a whole only when all parallel pairs are down; links of a module group share those modules. It needs its risk
    groups, and the switches or the station that its light passes.

    Args:
        network: The network.
        reliability: Rates of failure and repair.

    Returns:
        The unavailability of each component, and the components of each link, by id.
    """
    down: dict[Component, float] = {("node", node_id): reliability.node for node_id in network.nodes["node_id"]}
    needs: dict[str, frozenset[Component]] = {}
    for row in rows_of(network.links):
        group = row.module_group if isinstance(row.module_group, str) else None
        modules = ("modules", row.link_id) if group is None else ("module group", group)
        # A group is as many pairs as the link of it that has most.
        pairs = reliability.module_pair ** int(row.module_pairs)
        down[modules] = min(down.get(modules, 1.0), pairs)
        fibre = [] if row.link_id in network.satellite_links else [("fibre", row.link_id)]
        down |= dict.fromkeys(fibre, reliability.fibre(float(row.length_km)))
        risks = [("risk group", name) for name in split_list(row.risk_groups)]
        down |= dict.fromkeys(risks, reliability.risk_group)
        passed = [("node", node_id) for node_id in split_list(row.via)]
        needs[row.link_id] = frozenset({modules, *fibre, *risks, *passed})
    return down, needs


Links = Mapping[str, frozenset[Component]]
"""What each link needs, by its id."""


def route_needs(nodes: Iterable[str], links: Iterable[str], *, needs: Links) -> frozenset[Component]:
    """All that a route needs: its nodes, both ends included, and what its links need."""
    return frozenset(("node", node) for node in nodes).union(*(needs[link] for link in links))
