"""What is short, and by how much: limits are lifted one after the other until the demands are served.

What stops a demand are the resources that have a price in the proof of its level. Their limits are lifted, the network
is planned again, and so on, until the demand gets all it asks for. The load that a lifted resource then carries is what
it needs: what the demand asks for, and what others get besides by the rules of fairness.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from planner.records import rows_of

if TYPE_CHECKING:
    import pandas as pd

    from planner.allocation import Allocation
    from planner.explain.state import Changed
    from planner.network import Network

_LEAST_SHARE = 1e-9
"""Part of all prices below which a price is rounding."""
_AT_ONCE_AFTER = 60  # so many rounds lift what stops the wanted demands only; then whatever has a price


@dataclass(frozen=True)
class Short:
    """A resource that has too little.

    Attributes:
        resource: ``link:<id>``, ``module_group:<name>`` or ``node:<id>`` (its relay limit).
        has: Its key rate or limit in bit/s; of a module group 1, the whole of its time.
        needs: What it needs, in the same unit.
        shares: Of a module group, the part of its time that each of its links needs.
    """

    resource: str
    has: float
    needs: float
    shares: Mapping[str, float] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """``link``, ``module_group`` or ``node``."""
        return self.resource.partition(":")[0]

    @property
    def name(self) -> str:
        """The id of the link or node, or the name of the group."""
        return self.resource.partition(":")[2]


def find_short(changed: Changed, *, lifted: Iterable[str] = ()) -> list[Short]:
    """The resources that must give more for the wanted demands to be served in full.

    Args:
        changed: The network with what was changed so far.
        lifted: Resources whose limits are lifted from the beginning: links without key.

    Returns:
        The resources that would be overbooked, sorted. Empty where nothing helps, or nothing is short.
    """
    question = changed.question
    limits = set(lifted)
    allocation = changed.allocation
    if limits:
        network, budget = _lift(changed, limits)
        allocation = question.allocate(network, budget=budget)
    for number in range(len(changed.network.links) + len(changed.network.nodes) + 1):
        if question.met(allocation):
            break
        network, budget = _lift(changed, limits)
        stopping = _stopping(allocation, budget=budget, wanted=question.wanted, everything=number > _AT_ONCE_AFTER)
        if stopping <= limits:
            break
        limits |= stopping
        network, budget = _lift(changed, limits)
        allocation = question.allocate(network, budget=budget)
    needs = needed(allocation, changed=changed)
    shares = _shares(needs, changed=changed)
    return [
        Short(resource, has, needs[resource], shares.get(resource, {}))
        for resource, has in sorted(_limits_of(changed).items())
        if resource in limits and needs.get(resource, 0.0) > has
    ]


def _stopping(allocation: Allocation, *, budget: pd.DataFrame, wanted: Iterable[str], everything: bool) -> set[str]:
    """What has a price in the proofs that stop the wanted demands; preferably what their own routes use."""
    rates = dict(zip(budget["link_id"], budget["key_rate_bps"].tolist(), strict=True))
    found: set[str] = set()
    wanted = frozenset(wanted)
    proofs = [level for level in allocation.levels if not level.served_in_full and wanted.intersection(level.demands)]
    for proof in proofs if allocation.total is None else [allocation.total]:
        costs = {f"link:{link}": price * rates.get(link, 0.0) for link, price in proof.prices.items()}
        for name, price in proof.resource_prices.items():
            resource = name.partition("|")[0]
            costs[resource] = costs.get(resource, 0.0) + price
        least = _LEAST_SHARE * sum(costs.values())
        found |= {resource for resource, cost in costs.items() if cost > least}
    groups = {resource for resource in found if resource.startswith("module_group:")}
    on_routes = found & (_used(allocation, wanted=wanted) | groups)
    return on_routes if on_routes and not everything else found


def _used(allocation: Allocation, *, wanted: Iterable[str]) -> set[str]:
    """The links that the wanted demands' routes use, and the nodes that these pass."""
    routes = allocation.routes[allocation.routes["demand_id"].isin(list(wanted))]
    links = {f"link:{link}" for route in routes["links"] for link in route}
    return links | {f"node:{node}" for route in routes["nodes"] for node in route[1:-1]}


def _lift(changed: Changed, limits: set[str]) -> tuple[Network, pd.DataFrame]:
    """The network with some limits lifted, and its budget."""
    import pandas as pd

    network, budget = changed.network, changed.budget
    names = {kind: {r.partition(":")[2] for r in limits if r.startswith(f"{kind}:")} for kind in _KINDS}
    plenty = 10.0 * float(changed.question.demands["requested_bps"].sum())
    rates = budget["key_rate_bps"].mask(budget["link_id"].isin(list(names["link"])), plenty)
    links, nodes = network.links, network.nodes
    groups = [None if group in names["module_group"] else group for group in links["module_group"]]
    limited = nodes["node_id"].isin(list(names["node"]))
    return (
        network.replace(
            links=links.assign(module_group=pd.Series(groups, dtype="object", index=links.index)),
            nodes=nodes.assign(relay_limit_bps=nodes["relay_limit_bps"].mask(limited, np.nan)),
        ),
        budget.assign(key_rate_bps=rates),
    )


def needed(allocation: Allocation, *, changed: Changed) -> dict[str, float]:
    """What an allocation loads each resource with, by name: bit/s, and of module groups the part of their time.

    Args:
        allocation: Of the changed network, perhaps with limits lifted.
        changed: The changed network, whose key rates tell how much time a bit takes.
    """
    loads: dict[str, float] = {f"link:{link}": rate for link, rate in allocation.reserved_bps.items()}
    for row in rows_of(allocation.routes):
        if row.role != "protection":
            for link in row.links:
                loads[f"link:{link}"] = loads.get(f"link:{link}", 0.0) + row.rate_bps
        for node in row.nodes[1:-1]:
            loads[f"node:{node}"] = loads.get(f"node:{node}", 0.0) + row.rate_bps
    return loads | {group: sum(parts.values()) for group, parts in _shares(loads, changed=changed).items()}


def _shares(loads: Mapping[str, float], *, changed: Changed) -> dict[str, dict[str, float]]:
    """For each module group the part of its time that each of its links takes."""
    rates = dict(zip(changed.budget["link_id"], changed.budget["key_rate_bps"].tolist(), strict=True))
    shares: dict[str, dict[str, float]] = {}
    for row in rows_of(changed.network.links):
        if isinstance(row.module_group, str) and rates[row.link_id] > 0:
            share = loads.get(f"link:{row.link_id}", 0.0) / rates[row.link_id]
            shares.setdefault(f"module_group:{row.module_group}", {})[row.link_id] = share
    return shares


def _limits_of(changed: Changed) -> dict[str, float]:
    """What each resource has."""
    budget, network = changed.budget, changed.network
    limits = dict(
        zip((f"link:{link}" for link in budget["link_id"]), budget["key_rate_bps"].fillna(0.0).tolist(), strict=True)
    )
    limits |= {f"module_group:{group}": 1.0 for group in network.links["module_group"] if isinstance(group, str)}
    limited = network.nodes[network.nodes["relay_limit_bps"].notna()]
    return limits | {f"node:{row.node_id}": row.relay_limit_bps for row in rows_of(limited)}


_KINDS = ("link", "module_group", "node")
