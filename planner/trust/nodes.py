"""How much key passes through each node, for all to see who holds the node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from planner.records import rows_of

if TYPE_CHECKING:
    from planner.network import Network

COLUMNS = (
    "node_id", "name", "kind", "demands_seen", "demand_ids", "demands_held", "key_rate_seen_bps",
    "key_seen_bits_per_day", "share_of_served",
)  # fmt: skip

_DAY_S = 86_400.0


def node_exposure(network: Network, *, routes: pd.DataFrame) -> pd.DataFrame:
    """The nodes in the order of how much key of others passes through them.

    Args:
        network: The network, for names and kinds.
        routes: Routes in use: ``demand_id``, ``nodes`` (tuples of ids, ends included), ``rate_bps``.

    Returns:
        One row a node that lies inside a route, the most exposed first: ``node_id``, ``name``, ``kind``,
        ``demands_seen`` (demands of which it sees some key) with their ``demand_ids``, ``demands_held`` (those all
        of whose routes pass it, so that it learns all their keys), ``key_rate_seen_bps`` and
        ``key_seen_bits_per_day`` (key passing through), ``share_of_served`` (of all key served).
    """
    rate: dict[str, float] = {}
    seen: dict[str, dict[str, int]] = {}
    listed: dict[str, int] = {}
    for route in rows_of(routes):
        listed[route.demand_id] = listed.get(route.demand_id, 0) + 1
        for node in route.nodes[1:-1]:
            rate[node] = rate.get(node, 0.0) + route.rate_bps
            passing = seen.setdefault(node, {})
            passing[route.demand_id] = passing.get(route.demand_id, 0) + 1
    served = float(routes["rate_bps"].sum())
    known = {row.node_id: row for row in rows_of(network.nodes)}
    rows = []
    for node in sorted(rate, key=lambda node: (-rate[node], node)):
        held = sum(1 for demand, times in seen[node].items() if times == listed[demand])
        rows.append(
            (node, known[node].name, known[node].kind, len(seen[node]), tuple(sorted(seen[node])), held, rate[node],
             rate[node] * _DAY_S, rate[node] / served)
        )  # fmt: skip
    dtypes = {"demands_seen": "int64", "demands_held": "int64"}
    dtypes |= dict.fromkeys(("key_rate_seen_bps", "key_seen_bits_per_day", "share_of_served"), "float64")
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object).astype(dtypes)
