"""What is true whatever the plan says: recomputed from the plan's copy of its inputs.

Nothing here comes from :mod:`planner.allocation` or :mod:`planner.routing`, so that a mistake there cannot
hide itself. The shortest paths are SciPy's Dijkstra on a graph of this module's own making.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.records import RELAY_KINDS
from planner.verify.check import total

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array

    from planner.network import Network

LEAST_RATE_BPS = 1e-100
"""A rate below this is nothing: its reciprocal, the time that a bit takes, is beyond all numbers."""

GROUP_PREFIX = "module_group:"
"""A module group's name in resource prices is this and the group."""


@dataclass(frozen=True)
class Wish:
    """A demand as the inputs have it."""

    node_a: str
    node_b: str
    requested_bps: float
    priority: float

    @property
    def ends(self) -> frozenset[str]:
        """The two nodes that it joins."""
        return frozenset((self.node_a, self.node_b))


@dataclass(frozen=True)
class Span:
    """A link as the inputs and the recomputed budget have it."""

    node_a: str
    node_b: str
    key_rate_bps: float
    group: str | None

    @property
    def ends(self) -> frozenset[str]:
        """The two nodes that it joins."""
        return frozenset((self.node_a, self.node_b))


@dataclass(frozen=True)
class Ground:
    """The recomputed facts that a plan's promises are held against.

    Attributes:
        wishes: The demands, by id.
        spans: The links, by id.
        relays: The nodes that may pass keys on.
        nodes: All nodes, in a fixed order.
    """

    wishes: Mapping[str, Wish]
    spans: Mapping[str, Span]
    relays: frozenset[str]
    nodes: tuple[str, ...]

    @classmethod
    def of(cls, network: Network, *, budget: pd.DataFrame, demands: pd.DataFrame) -> Ground:
        """Gathers the facts.

        Args:
            network: The network, read from the plan's inputs.
            budget: Its recomputed key-rate budget.
            demands: Its recomputed demand rates.

        Returns:
            The facts.
        """
        groups = dict(zip(network.links["link_id"], network.links["module_group"], strict=True))
        kinds = zip(network.nodes["node_id"], network.nodes["kind"], strict=True)
        return cls(
            wishes={
                str(row["demand_id"]): Wish(
                    node_a=str(row["node_a"]),
                    node_b=str(row["node_b"]),
                    requested_bps=float(row["requested_bps"]),
                    priority=float(row["priority"]),
                )
                for row in demands.to_dict("records")
            },
            spans={
                str(row["link_id"]): Span(
                    node_a=str(row["node_a"]),
                    node_b=str(row["node_b"]),
                    key_rate_bps=rate if (rate := float(row["key_rate_bps"])) >= LEAST_RATE_BPS else 0.0,
                    group=groups[row["link_id"]] or None,
                )
                for row in budget.to_dict("records")
            },
            relays=frozenset(node for node, kind in kinds if kind in RELAY_KINDS),
            nodes=tuple(network.nodes["node_id"]),
        )

    @cached_property
    def asking(self) -> tuple[str, ...]:
        """The demands that ask for more than nothing."""
        return tuple(key for key, wish in self.wishes.items() if wish.requested_bps >= LEAST_RATE_BPS)

    @cached_property
    def groups(self) -> dict[str, list[str]]:
        """The links of each module group."""
        groups: dict[str, list[str]] = {}
        for link_id, span in self.spans.items():
            if span.group is not None:
                groups.setdefault(span.group, []).append(link_id)
        return groups

    @cached_property
    def reachable(self) -> frozenset[str]:
        """The demands whose ends a permitted route joins on which every link has a positive key rate."""
        return self.joined(self.live)

    def joined(self, links: Iterable[str]) -> frozenset[str]:
        """The demands whose ends a permitted route over some of these links joins."""
        cost = self.cheapest({}, {}, links=links)
        return frozenset(key for key, value in cost.items() if math.isfinite(value))

    def worth(self, prices: Mapping[str, float], resource_prices: Mapping[str, float]) -> float:
        """What all that the network can give costs at these prices: ``sum p_e rate_e + sum pi_g``."""
        links = total(price * self.spans[link].key_rate_bps for link, price in prices.items())
        return links + total(resource_prices.values())

    @cached_property
    def live(self) -> tuple[str, ...]:
        """The links that make key."""
        return tuple(key for key, span in self.spans.items() if span.key_rate_bps > 0)

    def cheapest(
        self,
        prices: Mapping[str, float],
        resource_prices: Mapping[str, float],
        *,
        links: Iterable[str] | None = None,
    ) -> dict[str, float]:
        """The price of the cheapest permitted route of every demand.

        A route costs, per bit/s of key, ``sum over its links of p_e + pi_g(e) / rate_e``: a bit/s on a link
        of a module group takes ``1 / rate_e`` of the group's time.

        Args:
            prices: Price of each link per bit/s; a link that is not named is free.
            resource_prices: Price of the whole time of each module group, named ``module_group:<group>``.
            links: The links that routes may use; by default all that make key.

        Returns:
            Demand id to price; infinite where there is no permitted route.
        """
        from scipy.sparse.csgraph import dijkstra

        graph, arrive, depart = self._priced_graph(prices, resource_prices, links=self.live if links is None else links)
        starts = sorted({depart[wish.node_a] for wish in self.wishes.values()})
        distance = dijkstra(graph, directed=True, indices=starts)
        row = {start: index for index, start in enumerate(starts)}
        return {
            key: float(distance[row[depart[wish.node_a]], arrive[wish.node_b]]) for key, wish in self.wishes.items()
        }

    def _priced_graph(
        self, prices: Mapping[str, float], resource_prices: Mapping[str, float], *, links: Iterable[str]
    ) -> tuple[csr_array[Any], dict[str, int], dict[str, int]]:
        """A directed graph on which every walk between demand ends is a permitted route.

        A node that may not relay is two vertices: at one a route can only end, at the other only begin.
        """
        from scipy.sparse import csr_array

        arrive = {node: index for index, node in enumerate(self.nodes)}
        depart = {node: arrive[node] if node in self.relays else len(self.nodes) + arrive[node] for node in self.nodes}
        cheapest: dict[tuple[int, int], float] = {}
        for link_id in links:
            span = self.spans[link_id]
            price = prices.get(link_id, 0.0)
            if span.group is not None and span.key_rate_bps > 0:
                price += resource_prices.get(GROUP_PREFIX + span.group, 0.0) / span.key_rate_bps
            for one, other in ((span.node_a, span.node_b), (span.node_b, span.node_a)):
                arc = (depart[one], arrive[other])
                cheapest[arc] = min(price, cheapest.get(arc, math.inf))
        tails, heads = ([arc[end] for arc in cheapest] for end in (0, 1))
        size = 2 * len(self.nodes)
        weights = np.array(list(cheapest.values()), dtype="float64")
        ends = (np.array(tails, dtype="int32"), np.array(heads, dtype="int32"))
        return csr_array((weights, ends), shape=(size, size)), arrive, depart
