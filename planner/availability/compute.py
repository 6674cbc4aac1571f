"""The probability that none, or not all, of some routes work, when they share some of what they need."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from planner.availability.components import Component

_AT_ONCE = 1 << 16
"""States drawn at a time, so that memory stays small."""


@dataclass(frozen=True)
class Outage:
    """Parts of the time.

    Attributes:
        every: Part of the time in which no route works.
        some: Part of the time in which not all of them work.
        standard_error: Of ``every``; 0 where it is exact.
    """

    every: float
    some: float
    standard_error: float = 0.0


def outage_exactly(routes: Sequence[Collection[Component]], *, down: Mapping[Component, float]) -> Outage:
    """The exact probabilities, by the states of the routes instead of those of the components.

    Components that lie in the same routes are one: it works when all of them do. One after the other is either up or
    down; the probability of every set of routes that still work is carried along. These are at most ``2 ** routes``
    numbers, whatever the number of components, and only positive numbers are added, so small outages are right to
    the last digits, which inclusion and exclusion do not give.

    Args:
        routes: What each route needs; at least one route.
        down: Unavailability of each component; components fail independently.
    """
    groups = _together(routes, down=down)
    everything = (1 << len(routes)) - 1
    states = {everything: 1.0}
    for mask, unavailable in sorted(groups.items()):
        after: dict[int, float] = {}
        for alive, probability in states.items():
            hit = alive & ~mask
            after[alive] = after.get(alive, 0.0) + probability * (1.0 if hit == alive else 1.0 - unavailable)
            if hit != alive:
                after[hit] = after.get(hit, 0.0) + probability * unavailable
        states = after
    return Outage(every=states.get(0, 0.0), some=_union(groups.values()))


def outage_by_chance(
    routes: Sequence[Collection[Component]], *, down: Mapping[Component, float], draws: int = 1_000_000, seed: int = 0
) -> Outage:
    """The probabilities by drawing states (Monte Carlo), for very many routes.

    Args:
        routes: What each route needs; at least one route.
        down: Unavailability of each component; components fail independently.
        draws: How many states are drawn.
        seed: Of the random numbers; the same seed gives the same answer.

    Returns:
        The estimate with its standard error, which is never below one divided by the draws: what was not seen may
        still happen. ``some`` is exact.
    """
    groups = _together(routes, down=down)
    masks = np.array([[mask >> route & 1 for route in range(len(routes))] for mask in groups], dtype=bool)
    rates = np.array(list(groups.values()))
    rng = np.random.default_rng(seed)
    hits = 0
    for start in range(0, draws, _AT_ONCE):
        fails = rng.random((min(_AT_ONCE, draws - start), len(rates))) < rates
        hits += int((fails.astype(np.float32) @ masks.astype(np.float32) > 0).all(axis=1).sum())
    share = hits / draws
    return Outage(
        every=share,
        some=_union(groups.values()),
        standard_error=max(math.sqrt(share * (1 - share) / draws), 1 / draws),
    )


def _together(routes: Sequence[Collection[Component]], *, down: Mapping[Component, float]) -> dict[int, float]:
    """Unavailability of the components that lie in the same routes, by the routes as bits, sorted."""
    lies: dict[Component, int] = {}
    for number, route in enumerate(routes):
        for component in route:
            lies[component] = lies.get(component, 0) | 1 << number
    members: dict[int, list[float]] = {}
    for component in sorted(lies):
        members.setdefault(lies[component], []).append(down[component])
    return {mask: _union(members[mask]) for mask in sorted(members)}


def _union(probabilities: Collection[float]) -> float:
    """Probability that at least one of independent events happens, without loss of small ones."""
    if any(probability >= 1.0 for probability in probabilities):
        return 1.0
    return -math.expm1(math.fsum(math.log1p(-probability) for probability in probabilities))
