"""The probability that none, or not all, of some sets of routes work, when they share some of what they need."""

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
        every: Part of the time in which no set works.
        some: Part of the time in which not all of them work.
        standard_error: Of ``every``; 0 where it is exact.
        standard_error_some: Of ``some``; 0 where it is exact.
    """

    every: float
    some: float
    standard_error: float = 0.0
    standard_error_some: float = 0.0


Sets = Sequence[Sequence[Collection["Component"]]]
"""Sets of routes: what each of the alternatives of a set needs, of which one is enough for the set to work."""


def outage_exactly(sets: Sets, *, down: Mapping[Component, float]) -> Outage:
    """The exact probabilities, by the states of the alternatives instead of those of the components.

    Components that lie in the same alternatives are one: it works when all of them do. One after the other is either
    up or down; the probability of every choice of alternatives that still work is carried along. These are at most
    ``2 ** alternatives`` numbers, whatever the number of components, and only positive numbers are added, so small
    outages are right to the last digits, which inclusion and exclusion do not give.

    Args:
        sets: What each alternative of each set needs; at least one set, and none without an alternative.
        down: Unavailability of each component; components fail independently.
    """
    groups = _together(sets, down=down)
    everything = (1 << sum(map(len, sets))) - 1
    states = {everything: 1.0}
    for mask, unavailable in sorted(groups.items()):
        after: dict[int, float] = {}
        for alive, probability in states.items():
            hit = alive & ~mask
            after[alive] = after.get(alive, 0.0) + probability * (1.0 if hit == alive else 1.0 - unavailable)
            if hit != alive:
                after[hit] = after.get(hit, 0.0) + probability * unavailable
        states = after
    if all(len(one) == 1 for one in sets):
        return Outage(every=states.get(0, 0.0), some=_union(groups.values()))
    bits = _bits(sets)
    some = math.fsum(share for alive, share in states.items() if any(not alive & mask for mask in bits))
    return Outage(every=states.get(0, 0.0), some=some)


def outage_by_chance(sets: Sets, *, down: Mapping[Component, float], draws: int = 1_000_000, seed: int = 0) -> Outage:
    """The probabilities by drawing states (Monte Carlo), for very many routes.

    Args:
        sets: What each alternative of each set needs; at least one set, and none without an alternative.
        down: Unavailability of each component; components fail independently.
        draws: How many states are drawn.
        seed: Of the random numbers; the same seed gives the same answer.

    Returns:
        The estimate with its standard errors, which are never below one divided by the draws: what was not seen may
        still happen. ``some`` is exact where each set has one alternative.
    """
    groups = _together(sets, down=down)
    masks = np.array([[mask >> place & 1 for place in range(sum(map(len, sets)))] for mask in groups], dtype=np.float32)
    rates = np.array(list(groups.values()))
    starts = np.cumsum([0, *map(len, sets[:-1])])
    rng = np.random.default_rng(seed)
    none = not_all = 0
    for start in range(0, draws, _AT_ONCE):
        fails = rng.random((min(_AT_ONCE, draws - start), len(rates))) < rates
        dead = np.logical_and.reduceat(fails.astype(np.float32) @ masks > 0, starts, axis=1)
        none += int(dead.all(axis=1).sum())
        not_all += int(dead.any(axis=1).sum())
    if all(len(one) == 1 for one in sets):
        return Outage(none / draws, _union(groups.values()), _error(none / draws, draws=draws))
    return Outage(
        none / draws, not_all / draws, _error(none / draws, draws=draws), _error(not_all / draws, draws=draws)
    )


def _error(share: float, *, draws: int) -> float:
    return max(math.sqrt(share * (1 - share) / draws), 1 / draws)


def _bits(sets: Sets) -> list[int]:
    """The alternatives of each set as bits."""
    bits, place = [], 0
    for one in sets:
        bits.append(((1 << len(one)) - 1) << place)
        place += len(one)
    return bits


def _together(sets: Sets, *, down: Mapping[Component, float]) -> dict[int, float]:
    """Unavailability of the components that lie in the same alternatives, by the alternatives as bits, sorted."""
    lies: dict[Component, int] = {}
    for number, needs in enumerate(needs for one in sets for needs in one):
        for component in needs:
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
