"""What an attacker must hold to learn keys of the whole plan."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.trust.sets import KeySet, key_sets

if TYPE_CHECKING:
    import pandas as pd

_MOST_BRANCHES = 1000
"""Branches that the search for the least number may take: a limit by count, not by time, so that a second run gives
the same answer."""


@dataclass(frozen=True)
class LeastNodes:
    """The fewest nodes that learn something.

    Attributes:
        nodes: Ids of nodes that do, sorted.
        bound: No fewer nodes do. Where it equals their number, the number is proven.
        reached: How many demands, or keys, they learn: all that any nodes can.
        beyond: How many no node inside can learn: they go over direct links.
    """

    nodes: tuple[str, ...]
    bound: int
    reached: int
    beyond: int


@dataclass(frozen=True)
class PlanTrust:
    """What an attacker must hold to learn keys of the whole plan.

    Attributes:
        a_key_of_each: The fewest nodes that learn at least one key of every demand.
        all_keys: The fewest nodes that learn every key of every demand. Keys are counted by sets of routes.
    """

    a_key_of_each: LeastNodes
    all_keys: LeastNodes


def plan_trust(routes: pd.DataFrame) -> PlanTrust:
    """The fewest nodes that learn a key of every demand, and that learn every key.

    Both are integer programs: a set of routes is learnt where each of its routes has a node that is held, and each
    demand needs one such set, or all of them.

    Args:
        routes: ``demand_id``, ``nodes`` (tuples of ids, ends included), ``rate_bps``, ``role``, ``set``.

    Returns:
        Both answers, each with a bound that proves it where the two are equal.
    """
    sets = key_sets(routes)
    demands = [[frozenset(one.carrying) for one in used if all(one.carrying)] for used in sets.values()]
    open_ = [choices for choices in demands if choices]
    every: list[KeySet] = [one for used in sets.values() for one in used]
    learnable = [frozenset(one.carrying) for one in every if all(one.carrying)]
    alone = [[frozenset([inner])] for inner in {inner for one in learnable for inner in one}]
    return PlanTrust(
        a_key_of_each=_least(open_, reached=len(open_), beyond=len(demands) - len(open_)),
        all_keys=_least(alone, reached=len(learnable), beyond=len(every) - len(learnable)),
    )


Choices = Sequence[frozenset[tuple[str, ...]]]
"""Sets of routes of which one must be met in each of its routes."""


def _least(wanted: Sequence[Choices], *, reached: int, beyond: int) -> LeastNodes:
    """The fewest nodes so that in every list of sets of routes one set has a node of each of its routes."""
    distinct = sorted({_smallest(choices) for choices in wanted}, key=_order)
    if not distinct:
        return LeastNodes((), 0, reached, beyond)
    names = sorted({node for choices in distinct for routes in choices for inner in routes for node in inner})
    nodes, bound = _solve(distinct, names=names)
    return LeastNodes(nodes, bound, reached, beyond)


def _smallest(choices: Choices) -> frozenset[frozenset[frozenset[str]]]:
    """The choices as sets of nodes, each once."""
    return frozenset(frozenset(frozenset(inner) for inner in routes) for routes in choices)


def _order(choices: Collection[Collection[Collection[str]]]) -> list[list[list[str]]]:
    return sorted(sorted(sorted(inner) for inner in routes) for routes in choices)


def _solve(
    wanted: Sequence[Collection[Collection[Collection[str]]]], *, names: Sequence[str]
) -> tuple[tuple[str, ...], int]:
    """Solves the integer program by HiGHS; gives the nodes and a bound on their number."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    rows, least, width = _program(wanted, place={name: number for number, name in enumerate(names)})
    places = [(row, column, value) for row, line in enumerate(rows) for column, value in line.items()]
    row, column, value = (np.array(part) for part in zip(*places, strict=True))
    found = milp(
        np.concatenate([np.ones(len(names)), np.zeros(width - len(names))]),
        integrality=np.ones(width, dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(csr_array((value, (row, column)), shape=(len(rows), width)), lb=np.array(least)),
        options={"node_limit": _MOST_BRANCHES},
    )
    if found.x is None:
        return tuple(names), 1
    held = tuple(name for name, share in zip(names, found.x[: len(names)], strict=True) if share > 0.5)
    return held, min(len(held), math.ceil(found.mip_dual_bound - 1e-6))


def _program(
    wanted: Sequence[Collection[Collection[Collection[str]]]], *, place: Mapping[str, int]
) -> tuple[list[dict[int, float]], list[float], int]:
    """The rows of the program with their least values, and the number of its columns.

    A column for each node says whether it is held; where there is a choice between sets of routes, one for each set
    says whether it is met.
    """
    rows: list[dict[int, float]] = []
    least: list[float] = []
    width = len(place)
    for choices in wanted:
        met: dict[int, float] = {}
        for routes in sorted(choices, key=lambda routes: _order([routes])):
            chosen: dict[int, float] = {}
            if len(choices) > 1:
                met[width], chosen[width] = 1.0, -1.0
                width += 1
            for inner in sorted(routes, key=sorted):
                rows.append({place[node]: 1.0 for node in inner} | chosen)
                least.append(0.0 if chosen else 1.0)
        if met:
            rows.append(met)
            least.append(1.0)
    return rows, least, width
