"""The links that limit a plan, in words: read from the prices that prove the plan optimal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.records import rows_of

if TYPE_CHECKING:
    from planner.allocation import Growth, Level
    from planner.network import Network

COLUMNS = ("link_id", "node_a", "node_b", "limits", "demands_limited", "price_share", "sentence")

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
        One row a link and reason, the most limiting first, with the columns ``link_id``, ``node_a``, ``node_b``,
        ``limits`` (``growth``: the demands cannot all grow further; ``service``: some are served less than they
        ask), ``demands_limited``, ``price_share`` (the part of the proof's total price that falls on the link)
        and ``sentence``.
    """
    links = {row.link_id: row for row in rows_of(budget)}
    rows = [
        *_of_growth(network, links=links, demands=demands, growth=growth),
        *_of_service(network, links=links, demands=demands, levels=levels),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"demands_limited": "int64", "price_share": "float64"})


def _of_growth(
    network: Network, *, links: Mapping[str, Any], demands: pd.DataFrame, growth: Growth
) -> list[dict[str, Any]]:
    asking = int((demands["requested_bps"] > 0).sum())
    crossing: dict[str, set[str]] = {}
    for demand_id, route in zip(growth.routes["demand_id"], growth.routes["links"], strict=True):
        for link in route:
            crossing.setdefault(link, set()).add(demand_id)
    rows = []
    for row in _priced_links(links, growth.prices):
        count = len(crossing.get(row["link_id"], ()))
        sentence = f"{network.link_titles[row['link_id']]} limits {count} of {asking} demands."
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
        for row in _priced_links(links, level.prices):
            sentence = f"{network.link_titles[row['link_id']]} holds {who} to {share} of what {what}."
            rows.append({**row, "limits": "service", "demands_limited": count, "sentence": sentence})
    return rows


def _priced_links(links: Mapping[str, Any], prices: Mapping[str, float]) -> list[dict[str, Any]]:
    cost = {link: price * links[link].key_rate_bps for link, price in prices.items()}
    total = sum(cost.values())
    priced = [(link, value) for link, value in cost.items() if value > _LEAST_SHARE * total]
    return [
        {
            "link_id": link,
            "node_a": links[link].node_a,
            "node_b": links[link].node_b,
            "price_share": value / total,
        }
        for link, value in sorted(priced, key=lambda item: (-item[1], item[0]))
    ]
