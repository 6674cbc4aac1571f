"""What an attacker must hold to learn the keys of a demand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import pandas as pd

from planner.records import rows_of

COLUMNS = (
    "demand_id", "node_a", "node_b", "routes", "seen_by", "nodes_to_learn_any", "any_node", "nodes_to_learn_all",
    "all_nodes",
)  # fmt: skip


def key_trust(demands: pd.DataFrame, routes: pd.DataFrame) -> pd.DataFrame:
    """Which nodes see the keys of each demand, and the least number of them that must be compromised.

    The keys of a demand that is spread over several routes are different keys: each is learnt by any one node
    inside its own route. So two numbers are given: how many nodes must be held to learn *any* of the keys (one,
    unless no route has an inner node), and how many to learn *all* (the smallest set that meets every route). The
    second is also what it takes where a key is the XOR of shares that go over all the routes.

    Args:
        demands: ``demand_id``, ``node_a``, ``node_b``.
        routes: Routes in use: ``demand_id``, ``nodes`` (tuples of ids, ends included), ``rate_bps``.

    Returns:
        One row a demand in the order given: ``routes`` (their number), ``seen_by`` (ids of the inner nodes, sorted;
        the two ends know every key in any case), ``nodes_to_learn_any`` with ``any_node`` (of the nodes that learn
        a key on their own, the one that sees most bit/s), ``nodes_to_learn_all`` with ``all_nodes``. The numbers
        are missing where no inner node can learn the keys: a direct link is in use, or nothing is served.
    """
    used: dict[str, list[tuple[str, ...]]] = {}
    seen: dict[str, dict[str, float]] = {}
    for row in rows_of(routes):
        inner = tuple(row.nodes[1:-1])
        used.setdefault(row.demand_id, []).append(inner)
        passing = seen.setdefault(row.demand_id, {})
        for node in inner:
            passing[node] = passing.get(node, 0.0) + row.rate_bps
    rows = []
    for demand in rows_of(demands):
        inners, passing = used.get(demand.demand_id, []), seen.get(demand.demand_id, {})
        most = min(passing, key=lambda node: (-passing[node], node), default=None)
        hit = least_hitting_set(inners) if inners else None
        rows.append(
            (demand.demand_id, demand.node_a, demand.node_b, len(inners), tuple(sorted(passing)),
             None if most is None else 1, most, None if hit is None else len(hit), hit or ())
        )  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    numbers = {"routes": "int64", "nodes_to_learn_any": "Int64", "nodes_to_learn_all": "Int64"}
    return frame.astype(numbers)


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
