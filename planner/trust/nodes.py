"""How much key passes through each node, for all to see who holds the node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from planner.records import rows_of
from planner.trust.sets import KeySet, key_sets

if TYPE_CHECKING:
    from planner.network import Network

COLUMNS = (
    "node_id", "name", "kind", "demands_seen", "demand_ids", "demands_held", "key_rate_seen_bps",
    "key_seen_bits_per_day", "share_of_served", "split_rate_seen_bps", "key_rate_after_failure_bps",
)  # fmt: skip

_DAY_S = 86_400.0


@dataclass
class _Seen:
    """What one node sees.

    Attributes:
        key_bps: Key that it learns alone.
        split_bps: Shares of split keys.
        reserve_bps: Key that would pass after failures.
        demands: The demands of which it sees key or shares, and how many of their keys it learns alone.
    """

    key_bps: float = 0.0
    split_bps: float = 0.0
    reserve_bps: float = 0.0
    demands: dict[str, int] = field(default_factory=dict)

    def add(self, demand_id: str, one: KeySet) -> None:
        """Counts a set of routes of which one that carries key or a share passes the node."""
        alone = len(one.carrying) == 1
        self.key_bps += one.rate_bps if alone else 0.0
        self.split_bps += 0.0 if alone else one.rate_bps
        self.demands[demand_id] = self.demands.get(demand_id, 0) + alone


def node_exposure(network: Network, *, routes: pd.DataFrame) -> pd.DataFrame:
    """The nodes in the order of how much key of others passes through them.

    Args:
        network: The network, for names and kinds.
        routes: ``demand_id``, ``nodes`` (tuples of ids, ends included), ``rate_bps``, ``role``, ``set``.

    Returns:
        One row a node that lies inside a route, the most exposed first: ``node_id``, ``name``, ``kind``,
        ``demands_seen`` (demands of which it sees key or shares) with their ``demand_ids``, ``demands_held`` (those
        whose keys it learns all alone), ``key_rate_seen_bps`` and ``key_seen_bits_per_day`` (key that it learns
        alone), ``share_of_served`` (of all key served), ``split_rate_seen_bps`` (shares of split keys, of which one
        tells nothing), ``key_rate_after_failure_bps`` (held on protection routes: it would pass after failures).
    """
    seen: dict[str, _Seen] = {}
    sets = key_sets(routes)
    for demand_id, used in sets.items():
        for one in used:
            for node in sorted({node for inner in one.carrying for node in inner}):
                seen.setdefault(node, _Seen()).add(demand_id, one)
            for node in one.reserve:
                seen.setdefault(node, _Seen()).reserve_bps += one.rate_bps
    served = sum(one.rate_bps for used in sets.values() for one in used)
    known = {row.node_id: row for row in rows_of(network.nodes)}
    rows = []
    for node in sorted(seen, key=lambda node: (-seen[node].key_bps, -seen[node].split_bps, node)):
        what = seen[node]
        held = sum(1 for demand_id, times in what.demands.items() if times == len(sets[demand_id]))
        rows.append(
            (node, known[node].name, known[node].kind, len(what.demands), tuple(sorted(what.demands)), held,
             what.key_bps, what.key_bps * _DAY_S, what.key_bps / served, what.split_bps, what.reserve_bps)
        )  # fmt: skip
    dtypes = {"demands_seen": "int64", "demands_held": "int64"}
    dtypes |= dict.fromkeys(COLUMNS[6:], "float64")
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object).astype(dtypes)
