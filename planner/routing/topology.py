"""The compact form of a network that the graph searches work on: sorted ids and NumPy arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from planner.errors import InputError, Problem, nearest
from planner.records import KEY_HOLDING_KINDS, RELAY_KINDS, rows_of, shared_by

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from planner.network import Network

_Name = TypeVar("_Name", str, tuple[str, str])

LEAST_KEY_RATE_BPS = 1e-9
"""A link that makes less key than this makes none: a bit in thirty years. Programs whose rates span more powers of ten
than that leaves are beyond what floating-point solvers can prove."""

LEAST_RATE_BPS = 1e-100
"""A rate below this is taken for zero: its reciprocal would overflow, and nobody waits 1e92 years for a bit."""


@dataclass(frozen=True, eq=False)
class Topology:
    """Nodes and links in the order of their ids, so that no answer depends on the order of the rows.

    Attributes:
        node_ids: Ids of the nodes, sorted.
        relays: Whether a node may pass keys on. Shape ``(nodes,)``.
        holds_keys: Whether a node may be the end of a route. Shape ``(nodes,)``.
        link_ids: Ids of the links, sorted.
        link_ends: Index of the two ends of each link. Shape ``(links, 2)``.
        rates_bps: Key rate of each link, all pairs together; NaN counts as zero. Shape ``(links,)``.
        lengths_km: Length of each link. Shape ``(links,)``.
        group_names: Module groups, sorted.
        link_groups: Index of each link's module group, -1 for none. Shape ``(links,)``.
        relay_limits_bps: The most key that may be passed on through each node, infinite for no limit. A node that
            may pass on nothing does not relay. Shape ``(nodes,)``.
        risk_names: What links share besides their ends, kind and name, sorted: ``("risk_group", name)``, and for a
            switch or station that their light passes ``("node", node_id)``.
        link_risks: Indices of what each link shares, sorted.
    """

    node_ids: tuple[str, ...]
    relays: NDArray[np.bool_]
    holds_keys: NDArray[np.bool_]
    link_ids: tuple[str, ...]
    link_ends: NDArray[np.int64]
    rates_bps: NDArray[np.float64]
    lengths_km: NDArray[np.float64]
    group_names: tuple[str, ...]
    link_groups: NDArray[np.int64]
    relay_limits_bps: NDArray[np.float64]
    risk_names: tuple[tuple[str, str], ...]
    link_risks: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, network: Network, *, budget: pd.DataFrame) -> Topology:
        """Takes the nodes and module groups from a network, the links and their key rates from its budget.

        Args:
            network: The network.
            budget: One row a link: ``link_id``, ``node_a``, ``node_b``, ``length_km``, ``key_rate_bps``.
        """
        nodes = network.nodes.sort_values("node_id", kind="stable")
        index = {node_id: number for number, node_id in enumerate(nodes["node_id"])}
        limits = nodes["relay_limit_bps"].to_numpy(dtype=float)
        limits = np.where(np.isnan(limits), np.inf, limits)
        links = budget.sort_values("link_id", kind="stable")
        ends = [[index[end] for end in links[column]] for column in ("node_a", "node_b")]
        rates = np.nan_to_num(links["key_rate_bps"].to_numpy(dtype=float), nan=0.0, posinf=np.finfo(float).max)
        rows = {row.link_id: row for row in rows_of(network.links)}
        in_order = [rows[link_id] for link_id in links["link_id"]]
        names, groups = _memberships([(row.module_group,) if row.module_group else () for row in in_order])
        risks, link_risks = _memberships([shared_by(row) for row in in_order])
        return cls(
            node_ids=tuple(index),
            relays=nodes["kind"].isin(list(RELAY_KINDS)).to_numpy(dtype=bool) & (limits > LEAST_RATE_BPS),
            holds_keys=nodes["kind"].isin(list(KEY_HOLDING_KINDS)).to_numpy(dtype=bool),
            link_ids=tuple(links["link_id"]),
            link_ends=np.array(ends, dtype=np.int64).reshape(2, len(links)).T,
            rates_bps=np.where(rates < LEAST_KEY_RATE_BPS, 0.0, rates),
            lengths_km=links["length_km"].to_numpy(dtype=float),
            group_names=names,
            link_groups=np.array([numbers[0] if numbers else -1 for numbers in groups], dtype=np.int64),
            relay_limits_bps=limits,
            risk_names=risks,
            link_risks=link_risks,
        )

    @cached_property
    def node_index(self) -> dict[str, int]:
        """The index of each node id."""
        return {node_id: number for number, node_id in enumerate(self.node_ids)}

    @cached_property
    def relay_list(self) -> list[bool]:
        """:attr:`relays` for searches that go from node to node."""
        found: list[bool] = self.relays.tolist()
        return found

    def wider(self, least_bps: float) -> Topology:
        """The same network, in which narrower links carry no key."""
        return replace(self, rates_bps=np.where(self.rates_bps >= least_bps, self.rates_bps, 0.0))

    @cached_property
    def lengths_mm(self) -> tuple[int, ...]:
        """Lengths in whole millimetres: sums of integers tell whether lengths are equal, sums of floats do not."""
        return tuple(round(length_km * 1e6) for length_km in self.lengths_km.tolist())

    @cached_property
    def neighbours(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """For each node the pairs ``(neighbour, link)`` over links that carry key, sorted."""
        lists: list[list[tuple[int, int]]] = [[] for _ in self.node_ids]
        for link, (end_a, end_b) in enumerate(self.link_ends.tolist()):
            if self.rates_bps[link] > 0:
                lists[end_a].append((end_b, link))
                lists[end_b].append((end_a, link))
        return tuple(tuple(sorted(pairs)) for pairs in lists)

    def arcs(self, *, source: int, target: int) -> list[tuple[int, int, int]]:
        """The ways ``(node, neighbour, link)`` that a route may go: nothing comes back or goes on, relays pass on.

        Args:
            source: Index of the node where the route begins.
            target: Index of the node where it ends.
        """
        may_leave, may_enter = ({end, *np.flatnonzero(self.relays).tolist()} for end in (source, target))
        may_leave, may_enter = may_leave - {target}, may_enter - {source}
        return [
            (node, other, link)
            for node in sorted(may_leave)
            for other, link in self.neighbours[node]
            if other in may_enter
        ]

    def nodes_on(self, links: Sequence[int], *, source: int) -> tuple[int, ...]:
        """The nodes of a route in order, both ends included.

        Args:
            links: The links of the route, by index.
            source: The node where it begins.
        """
        nodes = [source]
        for link in links:
            end_a, end_b = self._ends[link]
            nodes.append(end_b if nodes[-1] == end_a else end_a)
        return tuple(nodes)

    @cached_property
    def _ends(self) -> list[list[int]]:
        found: list[list[int]] = self.link_ends.tolist()
        return found

    def route_rate_bps(self, links: Sequence[int]) -> float:
        """What a route gives by itself when its links of one module group share their time.

        A group that spends the part ``rate / c`` of its time on each of its links of rate ``c`` passes on
        ``1 / sum(1 / c)`` over all of them.

        Args:
            links: The links of the route, by index; each carries key.
        """
        least = math.inf
        groups: dict[int, list[float]] = {}
        for link in links:
            rate, group = float(self.rates_bps[link]), int(self.link_groups[link])
            if group < 0:
                least = min(least, rate)
            else:
                groups.setdefault(group, []).append(rate)
        for rates in groups.values():
            least = min(least, rates[0] if len(rates) == 1 else 1.0 / math.fsum(1.0 / rate for rate in rates))
        return least

    def end(self, node_id: str) -> int:
        """The index of a node that is to be the end of a route.

        Raises:
            InputError: There is no such node, or it holds no key.
        """
        number = self.node_index.get(node_id)
        if number is None:
            raise InputError(Problem(f"there is no node '{node_id}'", expected=nearest(node_id, self.node_ids)))
        if not self.holds_keys[number]:
            raise InputError(
                Problem(
                    f"the node '{node_id}' holds no key, so no route ends there",
                    expected=f"a node of kind {', '.join(sorted(KEY_HOLDING_KINDS))}",
                )
            )
        return number


def _memberships(
    groups_of_links: Sequence[tuple[_Name, ...]],
) -> tuple[tuple[_Name, ...], tuple[tuple[int, ...], ...]]:
    """The groups that links are in, sorted, and for each link the indices of its own."""
    names = sorted({name for groups in groups_of_links for name in groups})
    numbers = {name: number for number, name in enumerate(names)}
    return tuple(names), tuple(tuple(sorted(numbers[name] for name in groups)) for groups in groups_of_links)
