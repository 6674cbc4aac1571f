"""What limits a plan, in words: read from the prices that prove the plan optimal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.records import rows_of, shared_by

if TYPE_CHECKING:
    from planner.allocation import Growth, Level, Total
    from planner.network import Network

COLUMNS = (
    "link_id", "node_a", "node_b", "module_group", "node_id", "failure", "limits", "demands_limited", "price_share",
    "sentence",
)  # fmt: skip

_LEAST_SHARE = 1e-6
"""Shares of the price below this are the solver's rounding, not bottlenecks."""

Thing = tuple[str, str]
"""Kind and id: ``("link", link_id)``, ``("node", node_id)``, ``("module_group", name)``, ``("risk_group", name)``."""


def find_bottlenecks(
    network: Network,
    *,
    budget: pd.DataFrame,
    demands: pd.DataFrame,
    routes: pd.DataFrame,
    growth: Growth,
    levels: Sequence[Level],
    total: Total | None = None,
) -> pd.DataFrame:
    """Names what limits a plan: links, modules that are shared in time, nodes that pass on as much as they can.

    Args:
        network: The network, for names.
        budget: Its key-rate budget, one row a link.
        demands: Its demands with ``requested_bps`` and ``served_fraction``.
        routes: The routes of the plan.
        growth: The growth factor with its prices and witness.
        levels: The levels of the fair allocation with their prices.
        total: The most that can be served, with its prices, where that was sought.

    Returns:
        One row a limit and reason, the most limiting first: ``link_id`` with ``node_a`` and ``node_b``, or
        ``module_group``, or ``node_id`` (the others are None); ``failure`` (``link:<id>``, ``node:<id>`` or
        ``risk_group:<name>`` where it is the limit only when that fails, for shared protection; else None);
        ``limits`` (``growth``: the demands cannot all grow further; ``service``: some are served less than they ask;
        ``total``: no more can be served); ``demands_limited``, ``price_share`` (the part of the proof's total price
        that falls on it) and ``sentence``.
    """
    prices = _Prices(network, links={row.link_id: row for row in rows_of(budget)})
    rows = [
        *_of_growth(prices, demands=demands, growth=growth),
        *_of_service(prices, demands=demands, levels=levels),
        *(() if total is None else _of_total(prices, routes=routes, total=total)),
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype="object")
    return frame.astype({"demands_limited": "int64", "price_share": "float64"})


def _of_growth(prices: _Prices, *, demands: pd.DataFrame, growth: Growth) -> Iterator[dict[str, Any]]:
    asking = int((demands["requested_bps"] > 0).sum())
    used = prices.used(growth.routes)
    for limit in prices.limits(growth.prices, resource_prices=growth.resource_prices):
        count = len({use.demand_id for use in used if use.of(limit)})
        sentence = f"{prices.title(limit)} limits {count:,} of {asking:,} demands."
        yield {**prices.row(limit), "limits": "growth", "demands_limited": count, "sentence": sentence}


def _of_service(prices: _Prices, *, demands: pd.DataFrame, levels: Sequence[Level]) -> Iterator[dict[str, Any]]:
    served = demands.set_index("demand_id")["served_fraction"]
    for level in levels:
        if level.served_in_full:
            continue
        fractions = served.loc[list(level.demands)]
        low, high = _percent(fractions.min()), _percent(fractions.max())
        share = low if low == high else f"between {low} and {high}"
        count = len(level.demands)
        who, what = ("1 demand", "it asks") if count == 1 else (f"{count:,} demands", "they ask")
        for limit in prices.limits(level.prices, resource_prices=level.resource_prices):
            sentence = f"{prices.title(limit)} holds {who} to {share} of what {what}."
            yield {**prices.row(limit), "limits": "service", "demands_limited": count, "sentence": sentence}


def _of_total(prices: _Prices, *, routes: pd.DataFrame, total: Total) -> Iterator[dict[str, Any]]:
    used = prices.used(routes)
    for limit in prices.limits(total.prices, resource_prices=total.resource_prices):
        count = len({use.demand_id for use in used if use.of(limit)})
        sentence = f"{prices.title(limit)} limits the key that can be served in all."
        yield {**prices.row(limit), "limits": "total", "demands_limited": count, "sentence": sentence}


@dataclass(frozen=True)
class _Limit:
    """What a proof puts a price on.

    Attributes:
        resource: What is full.
        failure: In which failure; None: always.
        share: Its part of the whole price.
    """

    resource: Thing
    failure: Thing | None
    share: float


@dataclass(frozen=True)
class _Use:
    """What a route passes through.

    Attributes:
        demand_id: Whose route it is.
        things: What it passes through.
        called_by: What its working route passes through, so that a failure there calls for it; None: always in use.
    """

    demand_id: str
    things: frozenset[Thing]
    called_by: frozenset[Thing] | None

    def of(self, limit: _Limit) -> bool:
        """Whether the route loads what is full, in the failure in which it is."""
        called = self.called_by is None or limit.failure is None or limit.failure in self.called_by
        return called and limit.resource in self.things


@dataclass(frozen=True, eq=False)
class _Prices:
    """The prices of a proof, read against the network.

    Attributes:
        network: The network.
        links: The rows of its budget, by link.
    """

    network: Network
    links: Mapping[str, Any]

    @cached_property
    def _groups(self) -> dict[str, str | None]:
        return dict(zip(self.network.links["link_id"], self.network.links["module_group"], strict=True))

    @cached_property
    def _shared(self) -> dict[str, tuple[Thing, ...]]:
        return {row.link_id: shared_by(row) for row in rows_of(self.network.links)}

    @cached_property
    def _known(self) -> frozenset[Thing]:
        return frozenset(
            [
                *(("link", link) for link in self.links),
                *(("node", node) for node in self.network.node_names),
                *(("module_group", name) for name in self._groups.values() if name is not None),
                *(thing for shared in self._shared.values() for thing in shared),
            ]
        )

    def limits(self, prices: Mapping[str, float], *, resource_prices: Mapping[str, float]) -> list[_Limit]:
        """What a proof rests on, the dearest first."""
        cost: dict[tuple[Thing, Thing | None], float] = {
            (("link", link), None): price * self.links[link].key_rate_bps for link, price in sorted(prices.items())
        }
        cost |= {self._resource(name): price for name, price in sorted(resource_prices.items())}
        whole = sum(cost.values())
        found = [
            _Limit(resource, failure, value / whole)
            for (resource, failure), value in cost.items()
            if value > _LEAST_SHARE * whole
        ]
        return sorted(found, key=lambda limit: -limit.share)

    def _resource(self, name: str) -> tuple[Thing, Thing | None]:
        """What a resource price is the price of; an id may hold a bar itself, so what is known decides."""
        if (whole := _thing(name)) in self._known:
            return whole, None
        bars = [place for place, letter in enumerate(name) if letter == "|"]
        parts = [(_thing(name[:bar]), _thing(name[bar + 1 :])) for bar in bars]
        return next(((one, other) for one, other in parts if {one, other} <= self._known), (whole, None))

    def row(self, limit: _Limit) -> dict[str, Any]:
        """The columns that say what is full, and in which failure."""
        kind, name = limit.resource
        link = self.links[name] if kind == "link" else None
        return {
            "link_id": None if link is None else name,
            "node_a": None if link is None else link.node_a,
            "node_b": None if link is None else link.node_b,
            "module_group": name if kind == "module_group" else None,
            "node_id": name if kind == "node" else None,
            "failure": None if limit.failure is None else ":".join(limit.failure),
            "price_share": limit.share,
        }

    def title(self, limit: _Limit) -> str:
        """What is full, as the beginning of a sentence."""
        kind, name = limit.resource
        if kind == "link":
            title = self.network.link_titles[name]
        elif kind == "node":
            title = f"Node {self.network.node_names[name]}, by its relay limit,"
        else:
            title = f"Module group {name}, whose modules are shared in time,"
        if limit.failure is None:
            return title
        failed, which = limit.failure
        names = {"link": self.network.link_titles, "node": self.network.node_names}.get(failed, {})
        title = title if kind == "link" else title[0].lower() + title[1:]
        return f"When {failed.replace('_', ' ')} {names.get(which, which)} fails, {title}"

    def used(self, routes: pd.DataFrame) -> list[_Use]:
        """What each route passes through, and for a protection route what its working route does."""
        needs = [self._needs(route) for route in rows_of(routes)]
        listed = list(zip(rows_of(routes), needs, strict=True))
        working = {(route.demand_id, route.set): things for route, things in listed if route.role == "working"}
        return [
            _Use(route.demand_id, things, working[route.demand_id, route.set] if route.role == "protection" else None)
            for route, things in listed
        ]

    def _needs(self, route: Any) -> frozenset[Thing]:
        """All that a route passes through: links, nodes inside it, module groups, risk groups."""
        links, groups = route.links, (self._groups[link] for link in route.links)
        return frozenset(
            [
                *(("link", link) for link in links),
                *(("node", node) for node in route.nodes[1:-1]),
                *(("module_group", group) for group in groups if group is not None),
                *(thing for link in links for thing in self._shared[link]),
            ]
        )


def _percent(fraction: float) -> str:
    """A part of what is asked, never rounded to all of it."""
    return f"{min(100 * fraction, 99.9):.3g} %"


def _thing(name: str) -> Thing:
    kind, _, rest = name.partition(":")
    return kind, rest
