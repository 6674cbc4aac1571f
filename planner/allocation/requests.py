"""The demands as the allocation sees them: sorted, and joined by their pair of ends.

Demands between the same two nodes draw on the same routes. One row of the linear program stands for all of them, which
changes no answer: what a pair gets can be divided among its demands at will.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.routing.topology import LEAST_RATE_BPS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from planner.routing import Topology


@dataclass(frozen=True, eq=False)
class Requests:
    """Demands with a positive request, sorted by id, and the pairs of nodes that they join.

    Attributes:
        demand_ids: Ids of the demands.
        requested_bps: What each asks for. Shape ``(demands,)``.
        priorities: Their weights. Shape ``(demands,)``.
        pair_of: Number of each demand's pair. Shape ``(demands,)``.
        turned: Whether a demand goes from its pair's second node to the first. Shape ``(demands,)``.
        pairs: The two nodes of each pair by index, the smaller first. Shape ``(pairs, 2)``.
    """

    demand_ids: tuple[str, ...]
    requested_bps: NDArray[np.float64]
    priorities: NDArray[np.float64]
    pair_of: NDArray[np.int64]
    turned: NDArray[np.bool_]
    pairs: NDArray[np.int64]

    @classmethod
    def of(cls, demands: pd.DataFrame, *, topology: Topology) -> Requests:
        """Takes the demands with a positive request from a table.

        Args:
            demands: ``demand_id``, ``node_a``, ``node_b``, ``requested_bps``, ``priority``.
            topology: The network that they are in.
        """
        table = demands[demands["requested_bps"] > LEAST_RATE_BPS].sort_values("demand_id", kind="stable")
        ends = [[topology.end(end) for end in table[column]] for column in ("node_a", "node_b")]
        tails, heads = (np.array(column, dtype=np.int64) for column in ends)
        keys = np.minimum(tails, heads) * len(topology.node_ids) + np.maximum(tails, heads)
        pairs, pair_of = np.unique(keys, return_inverse=True)
        return cls(
            demand_ids=tuple(table["demand_id"]),
            requested_bps=table["requested_bps"].to_numpy(dtype=float),
            priorities=table["priority"].to_numpy(dtype=float),
            pair_of=pair_of.astype(np.int64),
            turned=tails > heads,
            pairs=np.stack(np.divmod(pairs, max(len(topology.node_ids), 1)), axis=1).astype(np.int64),
        )

    def by_pair(self, amounts: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of an amount of each demand over the demands of each pair."""
        sums: NDArray[np.float64] = np.bincount(self.pair_of, weights=amounts, minlength=len(self.pairs)).astype(float)
        return sums

    def only(self, kept: NDArray[np.bool_]) -> Requests:
        """The same without some demands, and without the pairs that then have none."""
        used, pair_of = np.unique(self.pair_of[kept], return_inverse=True)
        return Requests(
            demand_ids=tuple(name for name, keep in zip(self.demand_ids, kept.tolist(), strict=True) if keep),
            requested_bps=self.requested_bps[kept],
            priorities=self.priorities[kept],
            pair_of=pair_of.astype(np.int64),
            turned=self.turned[kept],
            pairs=self.pairs[used],
        )
