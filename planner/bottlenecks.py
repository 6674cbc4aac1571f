"""The links that limit a plan, in words: read from the prices that prove the plan optimal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.records import rows_of

if TYPE_CHECKING:
    from planner.allocation import Growth, Level
    from planner.network import Network

COLUMNS = ("link_id", "node_a", "node_b", "module_group", "limits", "demands_limited", "price_share", "sentence")

_GROUP = "module_group:"

_LEAST_SHARE = 1e-6
"""Shares of the price below this are the solver's rounding, not bottlenecks."""


def find_bottlenecks(
    network: Network, *, budget: pd.DataFrame, demands: pd.DataFrame, growth: Growth, levels: Sequence[Level]
) -> pd.DataFrame:
    """Names the links that limit a plan.

    Args:
        network: The network, for names.
        budget: Its key-rate budget, one row a link.
        demands: Its demands with ``requested_bps`` and ``served_fraction``.
        growth: The growth factor with its prices and witness.
        levels: The levels of the fair allocation with their prices.

    Returns:
        One row a link (or a module group, whose modules are shared in time: then ``link_id`` and the nodes are None)
        and reason, the most limiting first, with the columns ``link_id``, ``node_a``, ``node_b``, ``module_group``,
        ``limits`` (``growth``: the demands cannot all grow further; ``service``: some are served less than they
        ask), ``demands_limited``, ``price_share`` (the part of the proof's total price that falls on it) and
        ``sentence``.
    """
    links = {row.link_id: row for row in rows_of(budget)}
    rows = [
        *_of_growth(network, links=links, demands=demands, growth=growth),
        *_of_service(network, links=links, demands=demands, levels=levels),
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype="object")
    return frame.astype({"demands_limited": "int64", "price_share": "float64"})


def _of_growth(
    network: Network, *, links: Mapping[str, Any], demands: pd.DataFrame, growth: Growth
) -> list[dict[str, Any]]:
    asking = int((demands["requested_bps"] > 0).sum())
    groups = dict(zip(network.links["link_id"], network.links["module_group"], strict=True))
    crossing: dict[str, set[str]] = {}
    for demand_id, route in zip(growth.routes["demand_id"], growth.routes["links"], strict=True):
        for link in route:
            crossing.setdefault(link, set()).add(demand_id)
            crossing.setdefault(f"{_GROUP}{groups[link]}", set()).add(demand_id)
    rows = []
    for row in _priced(links, growth.prices, resource_prices=growth.resource_prices):
        count = len(crossing.get(row["link_id"] or f"{_GROUP}{row['module_group']}", ()))
        sentence = f"{_title(network, row)} limits {count} of {asking} demands."
        rows.append({**row, "limits": "growth", "demands_limited": count, "sentence": sentence})
    return rows


def _of_service(
    network: Network, *, links: Mapping[str, Any], demands: pd.DataFrame, levels: Sequence[Level]
) -> list[dict[str, Any]]:
    served = demands.set_index("demand_id")["served_fraction"]
    rows = []
    for level in levels:
        if level.served_in_full:
            continue
        fractions = served.loc[list(level.demands)]
        low, high = f"{100 * fractions.min():.0f} %", f"{100 * fractions.max():.0f} %"
        share = low if low == high else f"{low} to {high}"
        count = len(level.demands)
        who, what = ("1 demand", "it asks") if count == 1 else (f"{count} demands", "they ask")
        for row in _priced(links, level.prices, resource_prices=level.resource_prices):
            sentence = f"{_title(network, row)} holds {who} to {share} of what {what}."
            rows.append({**row, "limits": "service", "demands_limited": count, "sentence": sentence})
    return rows


def _priced(
    links: Mapping[str, Any], prices: Mapping[str, float], *, resource_prices: Mapping[str, float]
) -> list[dict[str, Any]]:
    """The links and module groups that a proof rests on, the dearest first."""
    cost = {link: price * links[link].key_rate_bps for link, price in prices.items()}
    total = sum(cost.values()) + sum(resource_prices.values())
    rows = [
        {
            "link_id": link,
            "node_a": links[link].node_a,
            "node_b": links[link].node_b,
            "module_group": None,
            "value": value,
        }
        for link, value in sorted(cost.items())
    ]
    rows += [
        {"link_id": None, "node_a": None, "node_b": None, "module_group": name.removeprefix(_GROUP), "value": value}
        for name, value in sorted(resource_prices.items())
    ]
    rows = [row for row in rows if row["value"] > _LEAST_SHARE * total]
    return [{**row, "price_share": row["value"] / total} for row in sorted(rows, key=lambda row: -row["value"])]


def _title(network: Network, row: Mapping[str, Any]) -> str:
    if row["link_id"] is None:
        return f"Module group {row['module_group']}, whose modules are shared in time,"
    return network.link_titles[row["link_id"]]
