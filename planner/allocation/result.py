"""What an allocation answers, and with what it proves the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ROUTE_COLUMNS = ("demand_id", "nodes", "links", "rate_bps")
"""Columns of the tables of routes: ``nodes`` and ``links`` are tuples of ids from the demand's node_a to its node_b."""


@dataclass(frozen=True, eq=False)
class Growth:
    """By what factor all requests can be multiplied and still be served at once.

    Attributes:
        factor: The largest such factor found, reached by ``routes``; 0 where a demand with a positive request has no
            route, None where no request is positive.
        bound: No factor above this is possible: ``(sum(price * key_rate_bps) + sum(resource price)) /
            sum(requested_bps * cheapest price of a permitted route)``. The denominator is 1 by the choice of scale.
        gap: ``(bound - factor) / bound``.
        prices: Price of each link per bit/s. A link without key costs as much as all others together, so that no
            cheapest route runs over it. Empty where the factor is 0 or None.
        resource_prices: Price of each whole module group, ``module_group:<name>``; a bit/s over one of its links
            costs that divided by the link's key rate, besides the price of the link.
        routes: The witness: routes with rates that serve ``factor`` times every request.
    """

    factor: float | None
    bound: float | None
    gap: float | None
    prices: dict[str, float]
    resource_prices: dict[str, float]
    routes: pd.DataFrame


@dataclass(frozen=True)
class Level:
    """One step of the fair allocation: what stops some demands while the others go on.

    The level is the served fraction divided by the priority. Either the demands of this level are served in full, or
    they are stopped by links that are full, and the prices prove it: ``sum(price * key_rate_bps) +
    sum(resource price)`` equals the sum of ``served fraction * requested_bps * cheapest route`` over the demands
    of earlier levels plus ``level`` times the sum of ``priority * requested_bps * cheapest route`` over all others, and
    every demand of this level has a cheapest route that costs something.

    Attributes:
        level: Served fraction over priority.
        demands: Ids of the demands that stop here.
        served_in_full: Whether they stop because they have all that they asked for.
        prices: As in :class:`Growth`; empty where served in full.
        resource_prices: As in :class:`Growth`.
    """

    level: float
    demands: tuple[str, ...]
    served_in_full: bool
    prices: dict[str, float]
    resource_prices: dict[str, float]


@dataclass(frozen=True, eq=False)
class Allocation:
    """Who gets how much key over which routes.

    Attributes:
        served_bps: What each demand gets, by id, sorted.
        routes: The routes with their rates, those of a demand together; routes of zero rate are not listed.
        growth: The growth factor with its certificate.
        levels: The steps of the fair allocation, lowest first, with their proofs. Demands with a positive request
            and a route are in one of them each.
        unreachable: Ids of demands with a positive request and no permitted route of a positive rate.
    """

    served_bps: dict[str, float]
    routes: pd.DataFrame
    growth: Growth
    levels: tuple[Level, ...]
    unreachable: tuple[str, ...]
