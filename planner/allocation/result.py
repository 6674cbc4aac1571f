"""What an allocation answers, and with what it proves the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

    from planner.routing import Cut

ROUTE_COLUMNS = ("demand_id", "nodes", "links", "rate_bps", "role", "set")
"""Columns of the tables of routes. ``nodes`` and ``links`` are tuples of ids from the demand's node_a to its node_b;
``role`` is ``working``, ``protection`` or ``share``; routes of one demand with the same number ``set`` belong together:
they have the same rate and share no inner node, no link and no risk group."""

Objective = Literal["fair", "total"]


@dataclass(frozen=True, eq=False)
class Growth:
    """By what factor all requests can be multiplied and still be served at once.

    Attributes:
        factor: The largest such factor found, reached by ``routes``; 0 where a demand with a positive request has no
            route, None where no request is positive.
        bound: No factor above this is possible: ``(sum(price * key_rate_bps) + sum(resource price)) /
            sum(requested_bps * cheapest price of a permitted set of routes)``. The denominator is 1 by the choice of
            scale.
        gap: ``(bound - factor) / bound``.
        prices: Price of each link per bit/s. A link without key costs as much as all others together, so that no
            cheapest route runs over it. Empty where the factor is 0 or None.
        resource_prices: Price of each whole resource besides the links. ``module_group:<name>``: a bit/s over one of
            its links costs that divided by the link's key rate, besides the price of the link. ``node:<node_id>``: a
            bit/s passed on through the node costs that divided by its relay limit. With shared protection also
            ``<resource>|<failure>``: what the resource holds in that failure, which working routes always pay, and
            protection routes only where the failure hits their working route.
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


@dataclass(frozen=True)
class Shortfall:
    """A demand that asked for more disjoint routes than there are.

    Attributes:
        demand_id: The demand.
        asked: The protection asked for: ``1+1`` or ``split-k``.
        given: The strongest protection there is: ``split-j`` with j < k, or ``none``.
        routes: The largest number of disjoint routes there are.
        cut: Why there are no more: the least cut that separates the ends; it has fewer parts than routes were
            asked for.
    """

    demand_id: str
    asked: str
    given: str
    routes: int
    cut: Cut


@dataclass(frozen=True)
class Total:
    """The most key that can be served, each demand getting at most what it asked for.

    Attributes:
        served_bps: What all demands get together.
        bound: No more is possible: ``sum(price * key_rate_bps) + sum(resource price) + sum(requested_bps *
            max(0, 1 - cheapest))``, with the price of the cheapest permitted set of routes of the given protection.
        gap: ``(bound - served_bps) / bound``; 0 where the bound is 0.
        prices: As in :class:`Growth`.
        resource_prices: As in :class:`Growth`.
    """

    served_bps: float
    bound: float
    gap: float
    prices: dict[str, float]
    resource_prices: dict[str, float]


@dataclass(frozen=True, eq=False)
class Allocation:
    """Who gets how much key over which routes.

    Attributes:
        served_bps: What each demand gets, by id, sorted: the sum over its sets of routes, a set counted once.
        routes: The routes with their rates, those of a demand together; routes of zero rate are not listed.
        growth: The growth factor with its certificate.
        levels: The steps of the fair allocation, lowest first, with their proofs. Demands with a positive request
            and a route are in one of them each. Empty where the most key was asked for.
        unreachable: Ids of demands with a positive request and no permitted route of a positive rate.
        protection_given: The protection of each demand with a positive request and a route.
        shortfalls: The demands that are given less protection than they asked for, sorted by id.
        without_port: Ids of demands with a positive request and a route that get no user port, sorted.
        reserved_bps: Key rate of each link that is held for protection routes.
        total: The most key that can be served and its proof, where that was asked for.
    """

    served_bps: dict[str, float]
    routes: pd.DataFrame
    growth: Growth
    levels: tuple[Level, ...]
    unreachable: tuple[str, ...]
    protection_given: dict[str, str] = field(default_factory=dict)
    shortfalls: tuple[Shortfall, ...] = ()
    without_port: tuple[str, ...] = ()
    reserved_bps: dict[str, float] = field(default_factory=dict)
    total: Total | None = None
