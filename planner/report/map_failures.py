"""The ranking of single failures as the map's viewer shows it: the worst of them, and whom each cuts off."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from planner.errors import InputError
from planner.failure import single_events, sweep_failures
from planner.records import rows_of
from planner.report.failures import failure_words
from planner.routing import Topology

if TYPE_CHECKING:
    import pandas as pd

    from planner.failure import Sweep
    from planner.network import Network
    from planner.plan import Plan

MOST_FAILURES = 100
"""So many of the worst are told; nobody reads further, and the page stays small."""

MOST_CUT = 20_000
"""So many demands are listed in all, over all failures."""

MOST_LINKS = 5000
"""Of a network without a plan; beyond, the sweep would take longer than all the rest of the map."""


def plan_failures(plan: Plan) -> dict[str, Any]:
    """The single failures of a plan.

    Args:
        plan: The plan.

    Returns:
        What :func:`ranking` gives.
    """
    return ranking(plan.failures, budget=plan.budget)


def network_failures(network: Network, *, budget: pd.DataFrame) -> dict[str, Any] | None:
    """The single failures of a network that was not planned: whom they separate.

    Args:
        network: The network.
        budget: Its key-rate budget.

    Returns:
        What :func:`ranking` gives, with the ends of the demands in ``demands``; None for a network without demands,
        with demands that cannot be planned, or with more than :data:`MOST_LINKS` links.
    """
    if network.demands.empty or len(network.links) > MOST_LINKS:
        return None
    ends = network.demands[["demand_id", "node_a", "node_b"]]
    try:
        sweep = sweep_failures(network, budget=budget, demands=ends, allocate_worst=0)
    except InputError:  # a demand ends where no key is held: it cannot be planned, but the network can be drawn
        return None
    return ranking(sweep, budget=budget) | {"demands": ends.to_dict("records")}


def ranking(sweep: Sweep, *, budget: pd.DataFrame) -> dict[str, Any]:
    """The worst failures, in the order of the sweep.

    Args:
        sweep: Single failures.
        budget: The key-rate budget that it was made with.

    Returns:
        ``sentence``; ``total``, the number of failures, and ``felt``, of those that cut or end a demand; ``rows`` of
        the worst of the latter: ``kind`` and ``id`` of what fails, ``links`` that fail with it, by id, ``cut`` and
        ``ended`` as :func:`steps` of rows of the table of demands, ``narrowed``, ``served`` and ``served_bound``: the
        part of all requested key that is served once what is left is allocated anew, and what it cannot be above.
    """
    links, ending = _links_failing(sweep, budget=budget), _demands_ending(sweep)
    number = {demand_id: row for row, demand_id in enumerate(sweep.demands["demand_id"])}
    failures = sweep.failures
    felt = failures[(failures["demands_cut"] > 0) | (failures["demands_ended"] > 0)]
    rows: list[dict[str, Any]] = []
    listed = 0
    for row in rows_of(felt.head(MOST_FAILURES)):
        ((kind, item),) = row.failed
        listed += row.demands_cut + row.demands_ended
        if rows and listed > MOST_CUT:
            break
        rows.append(
            {
                "kind": kind,
                "id": item,
                "links": links[kind, item],
                "cut": steps(number[demand_id] for demand_id in row.cut),
                "ended": steps(ending.get(item, ()) if kind == "node" else ()),
                "narrowed": row.demands_narrowed,
                "served": _rounded(row.served_fraction),
                "served_bound": _rounded(row.served_bound),
            }
        )
    return {"sentence": failure_words(sweep)[0], "total": len(failures), "felt": len(felt), "rows": rows}


def _rounded(fraction: float) -> float | None:
    return None if math.isnan(fraction) else round(fraction, 6)


def _links_failing(sweep: Sweep, *, budget: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
    """The links that fail with each thing, by its kind and id."""
    topology = Topology.of(sweep.network, budget=budget)
    return {
        event.items[0]: [topology.link_ids[link] for link in event.links]
        for event in single_events(sweep.network, topology=topology, of="both")
    }


def _demands_ending(sweep: Sweep) -> dict[str, list[int]]:
    """The demands that end at each node, by their rows."""
    ending: dict[str, list[int]] = {}
    for number, row in enumerate(rows_of(sweep.demands)):
        for end in {row.node_a, row.node_b}:
            ending.setdefault(end, []).append(number)
    return ending


def steps(numbers: Iterable[int]) -> list[int]:
    """Sorted numbers as the first and the differences after it, which are short to write.

    Args:
        numbers: Numbers of rows.

    Returns:
        Numbers whose running sums are those given.
    """
    ordered = sorted(numbers)
    return [b - a for a, b in zip([0, *ordered], ordered, strict=False)]
