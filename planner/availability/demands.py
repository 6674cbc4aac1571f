"""The availability of each demand over the routes that a plan gives it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from planner.availability.components import Component, Links, components_of, route_needs
from planner.availability.compute import Outage, outage_by_chance, outage_exactly
from planner.availability.reliability import HOURS_PER_YEAR
from planner.records import rows_of

if TYPE_CHECKING:
    from planner.availability.reliability import Reliability
    from planner.network import Network

COLUMNS = {
    "demand_id": "object", "node_a": "object", "node_b": "object", "protection_given": "object", "routes": "int64",
    "availability": "float64",
    "minutes_down_per_year": "float64", "standard_error_minutes": "float64", "availability_in_full": "float64",
    "minutes_not_in_full_per_year": "float64", "standard_error_not_in_full_minutes": "float64", "method": "object",
}  # fmt: skip

MINUTES_PER_YEAR = 60.0 * HOURS_PER_YEAR

_MOST_EXACT = 14
"""With more alternatives than that, states are drawn: 16,384 choices of them are quick, a million are not."""


def demand_availability(
    network: Network,
    *,
    demands: pd.DataFrame,
    routes: pd.DataFrame,
    reliability: Reliability,
    most_exact_routes: int = _MOST_EXACT,
) -> pd.DataFrame:
    """What part of the time each demand gets key over its routes in use, nothing being allocated anew.

    Fibres, modules, sites and risk groups fail independently of each other; what routes share is counted once. The
    ends of a demand count too. A set of routes gives key while its working or its protection route works; one that
    carries shares, while all its routes work. Protection routes that share what they reserve (``planner plan
    --shared``) are counted as free, which they are after every single failure, not always after several.

    Args:
        network: The network.
        demands: ``demand_id``, ``node_a``, ``node_b``, ``requested_bps``, ``protection_given``.
        routes: ``demand_id``, ``nodes``, ``links`` (tuples of ids), ``role``, ``set``.
        reliability: Rates of failure and repair.
        most_exact_routes: A demand with more routes (the shares of a key count as one) is computed by drawing states.

    Returns:
        One row a demand: ``protection_given``, ``routes`` (their number), ``availability`` (some key: a set works) and
        ``minutes_down_per_year``, its ``standard_error_minutes`` (0 where exact), ``availability_in_full`` (all sets
        work, so that the demand has all that it was given) with ``minutes_not_in_full_per_year`` and
        ``standard_error_not_in_full_minutes``, ``method`` (``exact``, ``drawn`` or ``no route``). A demand that asks
        for key and has no route is never available; one that asks for none has no availability.
    """
    down, needs = components_of(network, reliability=reliability)
    used = _alternatives(routes, needs=needs)
    lengths = routes["demand_id"].value_counts().to_dict()
    rows = []
    for demand in rows_of(demands):
        wanted = used.get(demand.demand_id, [])
        exact = sum(map(len, wanted)) <= most_exact_routes
        if wanted:
            outage = (outage_exactly if exact else outage_by_chance)(wanted, down=down)
            method = "exact" if exact else "drawn"
        else:
            never = 1.0 if demand.requested_bps > 0 else math.nan
            outage, method = Outage(never, never), "no route"
        rows.append(
            (demand.demand_id, demand.node_a, demand.node_b, demand.protection_given, lengths.get(demand.demand_id, 0),
             1 - outage.every, outage.every * MINUTES_PER_YEAR, outage.standard_error * MINUTES_PER_YEAR,
             1 - outage.some, outage.some * MINUTES_PER_YEAR, outage.standard_error_some * MINUTES_PER_YEAR, method)
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object).astype(COLUMNS)


def _alternatives(routes: pd.DataFrame, *, needs: Links) -> dict[str, list[list[frozenset[Component]]]]:
    """What the sets of routes of each demand need: a split key all its shares, a protected one either route."""
    sets: dict[tuple[str, int], list[frozenset[Component]]] = {}
    for row in rows_of(routes):
        found = sets.setdefault((row.demand_id, row.set), [])
        wanted = route_needs(row.nodes, row.links, needs=needs)
        found[:] = [found[0] | wanted] if row.role == "share" and found else [*found, wanted]
    used: dict[str, list[list[frozenset[Component]]]] = {}
    for (demand_id, _), found in sets.items():
        used.setdefault(demand_id, []).append(found)
    return used
