"""What an attacker must hold to learn the keys of a demand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import pandas as pd

from planner.records import rows_of
from planner.trust.sets import KeySet, key_sets

COLUMNS = (
    "demand_id", "node_a", "node_b", "routes", "seen_by", "seen_after_failure", "nodes_to_learn_any", "any_nodes",
    "nodes_to_learn_all", "all_nodes",
)  # fmt: skip


def key_trust(demands: pd.DataFrame, routes: pd.DataFrame) -> pd.DataFrame:
    """Which nodes see the keys of each demand, and the least number of them that must be compromised.

    A demand that is spread over several sets of routes has different keys on each. The key of an unprotected route,
    and of a working route with a protection route beside it, is learnt by any one node inside the route. A key that is
    split into shares is learnt only by nodes that meet the route of every share. So two numbers are given: how many
    nodes must be held to learn *any* of the keys (the least over the sets), and how many to learn *all* of them (the
    smallest set of nodes that meets every route).

    A protection route carries key only after a failure of its working route: what its nodes see then is told apart and
    counts in neither number.

    Args:
        demands: ``demand_id``, ``node_a``, ``node_b``.
        routes: ``demand_id``, ``nodes`` (tuples of ids, ends included), ``rate_bps``, ``role``, ``set``.

    Returns:
        One row a demand in the order given: ``routes`` (that carry key), ``seen_by`` (ids of their inner nodes, sorted;
        the two ends know every key in any case; of a split key each sees one share), ``seen_after_failure`` (ids of
        the further nodes inside protection routes), ``nodes_to_learn_any`` with ``any_nodes`` (where one node is
        enough, the one that sees most bit/s), ``nodes_to_learn_all`` with ``all_nodes``. The numbers are missing
        where nodes inside cannot learn the keys: a direct link is in use, or nothing is served.
    """
    used = key_sets(routes)
    rows = []
    for demand in rows_of(demands):
        sets = used.get(demand.demand_id, [])
        carrying = [inner for one in sets for inner in one.carrying]
        seen = {node for inner in carrying for node in inner}
        later = {node for one in sets for node in one.reserve} - seen
        least, most = _to_learn_any(sets), least_hitting_set(carrying) if carrying else None
        rows.append(
            (demand.demand_id, demand.node_a, demand.node_b, len(carrying), tuple(sorted(seen)), tuple(sorted(later)),
             None if least is None else len(least), least or (), None if most is None else len(most), most or ())
        )  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    numbers = {"routes": "int64", "nodes_to_learn_any": "Int64", "nodes_to_learn_all": "Int64"}
    return frame.astype(numbers)


def _to_learn_any(sets: Sequence[KeySet]) -> tuple[str, ...] | None:
    """The fewest nodes that learn the key of some set; of equally many those that see most."""
    passing: dict[str, float] = {}
    for one in sets:
        for node in one.carrying[0] if len(one.carrying) == 1 else ():
            passing[node] = passing.get(node, 0.0) + one.rate_bps
    if passing:
        return (min(passing, key=lambda node: (-passing[node], node)),)
    found = [(hit, one.rate_bps) for one in sets if (hit := least_hitting_set(one.carrying)) is not None]
    return min(found, key=lambda item: (len(item[0]), -item[1], item[0]), default=(None, 0.0))[0]


def least_hitting_set(sets: Iterable[Collection[str]]) -> tuple[str, ...] | None:
    """The smallest set of members that meets every one of some sets; exact.

    Members that lie in the same sets are alike, and one that lies in no set that another does not lie in too is never
    needed; among what remains sets of one, two, three ... members are tried.

    Args:
        sets: The sets; at least one.

    Returns:
        The members, sorted; of several smallest sets always the same one. None where one of the sets is empty.

    Example:
        >>> least_hitting_set([("a", "b"), ("b", "c"), ("d",)])
        ('b', 'd')
    """
    listed = sorted({frozenset(one) for one in sets}, key=lambda one: (len(one), sorted(one)))
    if not all(listed):
        return None
    masks: dict[str, int] = {}
    for number, one in enumerate(listed):
        for member in one:
            masks[member] = masks.get(member, 0) | 1 << number
    first = {mask: min(_holders(masks, mask)) for mask in set(masks.values())}
    useful = [m for m in first if not any(m != other and m & other == m for other in first)]
    names = sorted((first[mask], mask) for mask in useful)
    for size in range(1, len(listed) + 1):
        found = _cover(names, open_=(1 << len(listed)) - 1, size=size)
        if found is not None:
            return tuple(sorted(found))
    raise AssertionError("one member of each set meets them all")


def _holders(masks: dict[str, int], mask: int) -> list[str]:
    return [member for member, held in masks.items() if held == mask]


def _cover(names: Sequence[tuple[str, int]], *, open_: int, size: int) -> list[str] | None:
    """So many members that meet every set whose bit is in ``open_``, or None."""
    if not open_:
        return []
    if size == 0 or size * max((mask & open_).bit_count() for _, mask in names) < open_.bit_count():
        return None
    lowest = open_ & -open_
    for name, mask in names:
        if mask & lowest:
            found = _cover(names, open_=open_ & ~mask, size=size - 1)
            if found is not None:
                return [name, *found]
    return None
