"""What a planner should know of a plan, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from planner.budget import limit_notes
from planner.records import rows_of
from planner.routing.topology import LEAST_KEY_RATE_BPS

if TYPE_CHECKING:
    import pandas as pd

    from planner.allocation import Allocation, Cut, Shortfall
    from planner.network import Network


def plan_warnings(
    network: Network, *, budget: pd.DataFrame, demands: pd.DataFrame, allocation: Allocation
) -> tuple[str, ...]:
    """The warnings of a plan.

    Args:
        network: The network, with the notes of its reading.
        budget: Its key-rate budget.
        demands: What is asked for: ``demand_id``, ``node_a``, ``node_b``, ``requested_bps``.
        allocation: What the demands get.

    Returns:
        What was noted on reading; demands without a port or a route; protection that cannot be given, and why;
        links without key, given rates above their bound, settings at a limit of the search.
    """
    ends = {row.demand_id: network.link_title(row.node_a, row.node_b) for row in rows_of(network.demands)}
    unrouted = (
        f"Demand '{demand_id}' ({ends[demand_id]}) has no route that carries key."
        for demand_id in allocation.unreachable
    )
    short = (
        f"Demand '{one.demand_id}' ({ends[one.demand_id]}) {shortfall_words(network, one)}"
        for one in allocation.shortfalls
    )
    return (
        *network.notes,
        *_without_port(network, demands, allocation),
        *unrouted,
        *short,
        *_of_links(network, budget),
    )


def shortfall_words(network: Network, shortfall: Shortfall) -> str:
    """Which protection a demand cannot have, what it gets, and why: the end of a sentence about the demand."""
    given = "is served without protection" if shortfall.given == "none" else f"gets {shortfall.given}"
    most = "no two" if shortfall.routes == 1 else f"only {shortfall.routes}"
    cut = cut_words(network, shortfall.cut)
    reason = f"for every route needs {cut}" if cut else "for the links of its routes share risk groups"
    if len(shortfall.cut) > shortfall.routes:
        # Risk groups are no graph: routes that keep to different parts of the cut may still have one in common.
        reason += ", and those that need different ones share something all the same"
    return f"asks for {shortfall.asked} and {given}: {most} routes share nothing, {reason}."


def cut_parts(network: Network, cut: Cut) -> list[str]:
    """What a cut is made of, by the names of the places."""
    return [
        *(f"node {network.node_names[node]}" for node in cut.nodes),
        *(f"link {network.link_titles[link]}" for link in cut.links),
        *(f"risk group {name}" for name in cut.risk_groups),
    ]


def cut_words(network: Network, cut: Cut) -> str:
    """What a cut is made of in a sentence: ``node Jinan, link Xuzhou–Bengbu or risk group duct-7``."""
    *parts, last = cut_parts(network, cut) or [""]
    return f"{', '.join(parts)} or {last}" if parts else last


def _without_port(network: Network, demands: pd.DataFrame, allocation: Allocation) -> Iterator[str]:
    ports = dict(zip(network.nodes["node_id"], network.nodes["user_ports"].tolist(), strict=True))
    rows = {row.demand_id: row for row in rows_of(demands) if row.requested_bps > 0}
    without = {*allocation.without_port, *allocation.unreachable}
    used = Counter(end for name, row in rows.items() if name not in without for end in (row.node_a, row.node_b))
    for demand_id in allocation.without_port:
        row = rows[demand_id]
        full = [end for end in (row.node_a, row.node_b) if isinstance(ports[end], int) and used[end] >= ports[end]]
        counts = " and ".join(f"{network.node_names[end]} has {_ports(ports[end])}" for end in full)
        given = ", given to demands that come first" if any(ports[end] for end in full) else ""
        yield f"Demand '{demand_id}' ({network.link_title(row.node_a, row.node_b)}) gets no user port: {counts}{given}."


def _ports(number: int) -> str:
    return "no user port" if number == 0 else "1 user port" if number == 1 else f"{number:,} user ports"


def _of_links(network: Network, budget: pd.DataFrame) -> Iterable[str]:
    rows = list(rows_of(budget))
    dead = [
        f"Link '{row.link_id}' ({network.link_title(row.node_a, row.node_b)}) gives no key: {row.loss_db:.1f} dB."
        for row in rows
        if row.key_rate_bps < LEAST_KEY_RATE_BPS
    ]
    above = [
        f"Link '{row.link_id}' has a given key rate of {row.key_rate_bps:,.0f} bit/s, above its bound of "
        f"{row.bound_bps:,.0f} bit/s: one of the figures is wrong."
        for row in rows
        if row.key_rate_bps > row.bound_bps
    ]
    return (*dead, *above, *limit_notes(budget))
