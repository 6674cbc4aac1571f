"""The strongest protection that the network can give each demand, and why not more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.allocation.requests import ways_of
from planner.allocation.result import Shortfall
from planner.routing.disjoint import DisjointRoutes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.allocation.requests import Requests
    from planner.allocation.resources import Resources
    from planner.routing import Cut


def give_protection(
    requests: Requests, *, asked: Mapping[str, str], resources: Resources
) -> tuple[dict[str, str], tuple[Shortfall, ...]]:
    """Finds what protection each demand gets: what it asks for, or the strongest there is.

    ``1+1`` without two disjoint routes becomes ``none``; ``split-k`` with only j disjoint routes ``split-j``, or
    ``none`` where there is only one.

    Args:
        requests: Demands, each with a route.
        asked: What they ask for, by id.
        resources: The resources of the network.

    Returns:
        The protection of each demand by id, and what falls short.
    """
    search = DisjointRoutes(resources.topology)
    found: dict[tuple[int, int, int], tuple[int, Cut | None]] = {}
    given, shortfalls = {}, []
    for name, ends in zip(requests.demand_ids, requests.ends.tolist(), strict=True):
        given[name] = wanted = asked[name]
        ways = ways_of(wanted)
        if ways == 1:
            continue
        key = (ends[0], ends[1], ways)
        if key not in found:
            routes, cut = search.most(ends[0], ends[1], ways=ways)
            found[key] = len(routes), cut
        number, short = found[key]
        if short is not None:
            given[name] = "none" if wanted == "1+1" or number < 2 else f"split-{number}"
            shortfalls.append(Shortfall(name, wanted, given[name], number, short))
    return given, tuple(shortfalls)


def protections_of(demands: pd.DataFrame) -> dict[str, str]:
    """The protection that each demand asks for, by id; ``none`` where the table has no such column."""
    if "protection" not in demands:
        return dict.fromkeys(demands["demand_id"], "none")
    return dict(zip(demands["demand_id"], demands["protection"].fillna("none"), strict=True))
