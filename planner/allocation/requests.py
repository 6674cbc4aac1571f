"""The demands as the allocation sees them: sorted, and joined where they draw on the same routes.

Demands between the same two nodes with the same protection draw on the same sets of routes. One row of the linear
program stands for all of them, which changes no answer: what a row gets can be divided among its demands at will.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.routing.topology import LEAST_RATE_BPS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from planner.routing import Topology

_COUNTS = 1e-6  # a demand stops when its share of all cost is above this part of the largest share


def ways_of(protection: str) -> int:
    """How many routes a protection uses together: 1 for ``none``, 2 for ``1+1``, k for ``split-k``."""
    if protection in ("none", "1+1"):
        return 1 if protection == "none" else 2
    return int(protection.removeprefix("split-"))


@dataclass(frozen=True, eq=False)
class Requests:
    """Demands with a positive request, sorted by id, and the rows that they make.

    Attributes:
        demand_ids: Ids of the demands.
        requested_bps: What each asks for. Shape ``(demands,)``.
        priorities: Their weights. Shape ``(demands,)``.
        protections: The protection of each.
        turned: Whether a demand goes from its row's second node to the first. Shape ``(demands,)``.
        ends: The two nodes of each demand by index, the smaller first. Shape ``(demands, 2)``.
        row_of: Number of each demand's row. Shape ``(demands,)``.
        pairs: The two nodes of each row by index, the smaller first. Shape ``(rows, 2)``.
        ways: How many routes a row uses together. Shape ``(rows,)``.
        shared: Whether a row's protection routes share their key with others. Shape ``(rows,)``.
    """

    demand_ids: tuple[str, ...]
    requested_bps: NDArray[np.float64]
    priorities: NDArray[np.float64]
    protections: tuple[str, ...]
    turned: NDArray[np.bool_]
    ends: NDArray[np.int64]
    row_of: NDArray[np.int64]
    pairs: NDArray[np.int64]
    ways: NDArray[np.int64]
    shared: NDArray[np.bool_]

    @classmethod
    def of(cls, demands: pd.DataFrame, *, topology: Topology) -> Requests:
        """Takes the demands with a positive request from a table; none is protected until :meth:`given`.

        Args:
            demands: ``demand_id``, ``node_a``, ``node_b``, ``requested_bps``, ``priority``, and perhaps
                ``protection``.
            topology: The network that they are in.
        """
        table = demands[demands["requested_bps"] > LEAST_RATE_BPS].sort_values("demand_id", kind="stable")
        both = [[topology.end(end) for end in table[column]] for column in ("node_a", "node_b")]
        tails, heads = (np.array(column, dtype=np.int64) for column in both)
        nothing = np.zeros(0, dtype=np.int64)
        unjoined = cls(
            demand_ids=tuple(table["demand_id"]),
            requested_bps=table["requested_bps"].to_numpy(dtype=float),
            priorities=table["priority"].to_numpy(dtype=float),
            protections=("none",) * len(table),
            turned=tails > heads,
            ends=np.stack((np.minimum(tails, heads), np.maximum(tails, heads)), axis=1),
            row_of=nothing,
            pairs=nothing.reshape(0, 2),
            ways=nothing,
            shared=nothing.astype(bool),
        )
        return _joined(unjoined, sharing=False)

    def given(self, protections: Mapping[str, str], *, sharing: bool) -> Requests:
        """The same with the protection that each demand is given.

        Args:
            protections: Protection of each demand, by id.
            sharing: Whether the protection routes of ``1+1`` share their key.
        """
        everybody = np.arange(len(self.demand_ids))
        return self.chosen(everybody, protections=[protections[name] for name in self.demand_ids], sharing=sharing)

    def only(self, kept: NDArray[np.bool_]) -> Requests:
        """The same without some demands, and without the rows that then have none."""
        numbers = np.flatnonzero(kept)
        protections = [self.protections[number] for number in numbers.tolist()]
        return self.chosen(numbers, protections=protections, sharing=bool(self.shared.any()))

    def chosen(self, numbers: NDArray[np.int64], *, protections: Sequence[str], sharing: bool = False) -> Requests:
        """Some of the demands, perhaps several times, each time with a protection of its own.

        Args:
            numbers: Numbers of the demands.
            protections: As many protections.
            sharing: Whether the protection routes of ``1+1`` share their key.
        """
        taken = replace(
            self,
            demand_ids=tuple(self.demand_ids[number] for number in numbers.tolist()),
            protections=tuple(protections),
            requested_bps=self.requested_bps[numbers],
            priorities=self.priorities[numbers],
            turned=self.turned[numbers],
            ends=self.ends[numbers],
        )
        return _joined(taken, sharing=sharing)

    def pay(self, open_: NDArray[np.bool_], *, rows: NDArray[np.float64], every: bool = False) -> NDArray[np.bool_]:
        """The demands whose price stops them: their rows have a share of all that is paid.

        Args:
            open_: The demands that go on.
            rows: Price of a bit/s of each row.
            every: However small the share; else only one that cannot be rounding.
        """
        share = self.by_row(np.where(open_, self.priorities * self.requested_bps, 0.0)) * rows
        paying: NDArray[np.bool_] = open_ & (share > (0.0 if every else _COUNTS * share.max()))[self.row_of]
        return paying

    def by_row(self, amounts: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of an amount of each demand over the demands of each row."""
        sums: NDArray[np.float64] = np.bincount(self.row_of, weights=amounts, minlength=len(self.pairs)).astype(float)
        return sums


def _joined(requests: Requests, *, sharing: bool) -> Requests:
    """With the rows that the demands make: one for each pair of ends, number of ways and kind of protection."""
    ways = np.array([ways_of(protection) for protection in requests.protections], dtype=np.int64)
    shared = np.array([sharing and given == "1+1" for given in requests.protections], dtype=np.int64)
    rows, row_of = np.unique(np.column_stack((requests.ends, ways, shared)), axis=0, return_inverse=True)
    return replace(
        requests,
        row_of=row_of.astype(np.int64).reshape(-1),
        pairs=rows[:, :2],
        ways=rows[:, 2],
        shared=rows[:, 3].astype(bool),
    )
