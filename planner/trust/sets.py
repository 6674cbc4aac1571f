"""The routes of a plan as what carries one key each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.records import rows_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class KeySet:
    """Routes that carry one key together.

    Attributes:
        rate_bps: Rate of the key.
        carrying: The nodes inside each route that carries it: one working route, or one route a share.
        reserve: The nodes inside its protection route, which carries it after a failure; empty without one.
    """

    rate_bps: float
    carrying: tuple[tuple[str, ...], ...]
    reserve: tuple[str, ...] = ()


def key_sets(routes: pd.DataFrame) -> dict[str, list[KeySet]]:
    """The sets of routes of each demand.

    Args:
        routes: ``demand_id``, ``nodes`` (tuples of ids, ends included), ``rate_bps``, ``role``, ``set``.

    Returns:
        The sets by demand, in the order of their first routes.
    """
    inside: dict[tuple[str, int], dict[str, list[tuple[str, ...]]]] = {}
    rates: dict[tuple[str, int], float] = {}
    for row in rows_of(routes):
        key = (row.demand_id, row.set)
        inside.setdefault(key, {}).setdefault(row.role, []).append(tuple(row.nodes[1:-1]))
        rates[key] = row.rate_bps
    sets: dict[str, list[KeySet]] = {}
    for key, roles in inside.items():
        carrying = (*roles.get("working", ()), *roles.get("share", ()))
        reserve = tuple(node for inner in roles.get("protection", ()) for node in inner)
        sets.setdefault(key[0], []).append(KeySet(rates[key], carrying, reserve))
    return sets
