"""What is short, and by how much: limits are lifted one after the other until the demands are served.

What stops a demand are the resources that have a price in the proof of its level. Their limits are lifted, the network
is planned again, and so on, until the demand gets all it asks for. How much key these resources then need at the least
is a linear program: as little as possible, so that everybody gets what the rules of fairness give him by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.allocation.requests import ways_of
from planner.errors import LimitReached
from planner.explain.flows import MOST_FLOWS, Flows, Target, size
from planner.records import rows_of
from planner.solver import IntegerProgram

if TYPE_CHECKING:
    from planner.allocation import Allocation
    from planner.explain.state import Changed, Question

_LEAST_SHARE = 1e-9
"""Part of all prices below which a price is rounding."""
_AT_ONCE_AFTER = 12  # so many rounds lift what stops the demands on their own routes; then whatever has a price
_MOST_WORK = 50_000  # iterations of the simplex method: the same on every machine, where a limit of time would not be


@dataclass(frozen=True)
class Short:
    """A resource that has too little.

    Attributes:
        resource: ``link:<id>``, ``module_group:<name>`` or ``node:<id>`` (its relay limit).
        has: Its key rate or limit in bit/s; of a module group 1, the whole of its time.
        needs: What it needs at the least, in the same unit.
    """

    resource: str
    has: float
    needs: float

    @property
    def kind(self) -> str:
        """``link``, ``module_group`` or ``node``."""
        return self.resource.partition(":")[0]

    @property
    def name(self) -> str:
        """The id of the link or node, or the name of the group."""
        return self.resource.partition(":")[2]


def find_short(changed: Changed, *, lifted: Iterable[str] = ()) -> list[Short]:
    """The resources that must give more for the wanted demands to be served in full, and nobody to get less for it.

    Args:
        changed: The network with what was changed so far.
        lifted: Resources whose limits are lifted from the beginning: links without key.

    Returns:
        The resources that would be overbooked, sorted. Empty where nothing helps, or nothing is short.
    """
    question = changed.question
    limits = dict.fromkeys(lifted, np.inf)
    free = changed.lifted(limits) if limits else changed
    for number in range(len(changed.network.links) + len(changed.network.nodes) + 1):
        missing = question.missing(free.allocation)
        stopping = stops(free, missing=missing)
        near = stopping & (
            _used(free.allocation, demands=missing) | {r for r in stopping if r.startswith("module_group:")}
        )
        stopping = near if not near <= limits.keys() and number <= _AT_ONCE_AFTER else stopping
        if not missing or stopping <= limits.keys():
            break
        limits |= dict.fromkeys(stopping, np.inf)
        free = changed.lifted(limits)
    needs = least_needs(changed, allocation=free.allocation, prices=dict.fromkeys(limits, 1.0))
    has = limits_of(changed)
    return [
        Short(resource, has[resource], needs[resource])
        for resource in sorted(limits)
        if needs.get(resource, 0.0) > has.get(resource, np.inf)
    ]


def stops(changed: Changed, *, missing: Iterable[str]) -> set[str]:
    """What has a price in the proofs that stop some demands.

    Args:
        changed: The network, planned.
        missing: Ids of the demands.
    """
    rates, allocation = changed.rates_bps, changed.allocation
    found: set[str] = set()
    demands = frozenset(missing)
    proofs = [level for level in allocation.levels if not level.served_in_full and demands.intersection(level.demands)]
    for proof in proofs if allocation.total is None else [allocation.total]:
        costs = {f"link:{link}": price * rates.get(link, 0.0) for link, price in proof.prices.items()}
        for name, price in proof.resource_prices.items():
            resource = name.partition("|")[0]
            costs[resource] = costs.get(resource, 0.0) + price
        least = _LEAST_SHARE * sum(costs.values())
        found |= {resource for resource, cost in costs.items() if cost > least}
    return found


def _used(allocation: Allocation, *, demands: Iterable[str]) -> set[str]:
    """The links that the routes of some demands use, and the nodes that these pass."""
    routes = allocation.routes[allocation.routes["demand_id"].isin(list(demands))]
    links = {f"link:{link}" for route in routes["links"] for link in route}
    return links | {f"node:{node}" for route in routes["nodes"] for node in route[1:-1]}


def least_needs(
    changed: Changed,
    *,
    allocation: Allocation,
    prices: Mapping[str, float],
    most: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """The least that resources need, so that everybody gets what an allocation gives, but no more than is fair.

    That is: the wanted demands get all, the others what they are to keep, or as much more as they get in the
    allocation before the wanted ones are served in full.

    Args:
        changed: The network.
        allocation: What is reached with more on these resources.
        prices: What a unit more of each costs.
        most: What they may have at most; by default there is no limit.

    Returns:
        What each resource needs: bit/s, and of module groups the part of their time. Where the program is too large,
        what the allocation loads it with.
    """
    targets = fair_targets(changed.question, allocation)
    if size(changed, targets) <= MOST_FLOWS:
        try:
            found = _least(changed, targets=targets, prices=prices, most=most or {})
        except (LimitReached, AssertionError):
            found = None
        if found is not None:
            return found
    return loads_of(changed, allocation=allocation)


def fair_targets(question: Question, allocation: Allocation) -> list[Target]:
    """What everybody gets at the level at which the wanted demands are served in full.

    Args:
        question: Who is wanted.
        allocation: An allocation that serves them.
    """
    level = max((1.0 / question.priority[name] for name in question.wanted), default=0.0)
    wanted = frozenset(question.wanted)
    found = []
    for row in rows_of(question.demands):
        served, name = allocation.served_bps[row.demand_id], row.demand_id
        if name not in wanted and question.objective == "fair":
            served = min(served, level * row.priority * row.requested_bps)
            served = max(served, min(question.kept_bps.get(name, 0.0), allocation.served_bps[name]))
        if served > 0:
            found.append(target_of(question, row, rate_bps=served, protection=allocation.protection_given[name]))
    return found


def target_of(question: Question, row: object, *, rate_bps: float, protection: str) -> Target:
    """What a demand is to get.

    Args:
        question: Whether protection routes share.
        row: Of the table of demands.
        rate_bps: So much.
        protection: So protected.
    """
    shares = question.shared and protection == "1+1"  # the second route may cost nothing
    return Target(row.node_a, row.node_b, rate_bps, 1 if shares else ways_of(protection))  # type: ignore[attr-defined]


def _least(
    changed: Changed, *, targets: list[Target], prices: Mapping[str, float], most: Mapping[str, float]
) -> dict[str, float] | None:
    program = IntegerProgram()
    flows = Flows(program, changed=changed, targets=targets)
    topology, unit, has = flows.topology, flows.unit_bps, limits_of(changed)
    more = {
        resource: program.column(cost=price, most=(most.get(resource, np.inf) - has[resource]) / unit)
        for resource, price in prices.items()
    }
    shares: list[dict[int, float]] = [{} for _ in topology.group_names]
    for link, name in enumerate(topology.link_ids):
        raised = {more[f"link:{name}"]: -1.0} if f"link:{name}" in more else {}
        rate = float(topology.rates_bps[link]) / unit
        program.row(flows.link_loads[link] | raised, upper=rate)
        if topology.link_groups[link] >= 0 and rate > 0:
            shares[topology.link_groups[link]] |= dict.fromkeys(flows.link_loads[link], 1.0 / rate)
    for name, entries in zip(topology.group_names, shares, strict=True):
        raised = {more[f"module_group:{name}"]: -1.0} if f"module_group:{name}" in more else {}
        program.row(entries | raised, upper=1.0)
    for node, entries in enumerate(flows.passed_on):
        name, limit = topology.node_ids[node], float(topology.relay_limits_bps[node]) / unit
        raised = {more[f"node:{name}"]: -1.0} if f"node:{name}" in more else {}
        if np.isfinite(limit) and entries:
            program.row(entries | raised, upper=limit)
    solution = program.minimise(most_work=_MOST_WORK)
    if solution is None:
        return None
    return {
        resource: has[resource]
        + float(solution.values[column]) * (1.0 if resource.startswith("module_group:") else unit)
        for resource, column in more.items()
    }


def loads_of(changed: Changed, *, allocation: Allocation | None = None) -> dict[str, float]:
    """What an allocation loads each resource with, by name: bit/s, and of module groups the part of their time.

    Args:
        changed: The network.
        allocation: Of this network with limits lifted; by default its own.
    """
    allocation = allocation or changed.allocation
    loads: dict[str, float] = {f"link:{link}": rate for link, rate in allocation.reserved_bps.items()}
    for row in rows_of(allocation.routes):
        if row.role != "protection":
            for link in row.links:
                loads[f"link:{link}"] = loads.get(f"link:{link}", 0.0) + row.rate_bps
        for node in row.nodes[1:-1]:
            loads[f"node:{node}"] = loads.get(f"node:{node}", 0.0) + row.rate_bps
    for row in rows_of(changed.network.links):
        if isinstance(row.module_group, str) and changed.rates_bps[row.link_id] > 0:
            group = f"module_group:{row.module_group}"
            share = loads.get(f"link:{row.link_id}", 0.0) / changed.rates_bps[row.link_id]
            loads[group] = loads.get(group, 0.0) + share
    return loads


def limits_of(changed: Changed) -> dict[str, float]:
    """What each resource has.

    Args:
        changed: The network.
    """
    network = changed.network
    limits = {f"link:{link}": rate for link, rate in changed.rates_bps.items()}
    limits |= {f"module_group:{group}": 1.0 for group in network.links["module_group"] if isinstance(group, str)}
    limited = network.nodes[network.nodes["relay_limit_bps"].notna()]
    return limits | {f"node:{row.node_id}": row.relay_limit_bps for row in rows_of(limited)}
