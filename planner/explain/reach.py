"""Why a demand has no route, or too few: links without key, cuts, ports; and new links around a cut."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from planner.budget import link_budget
from planner.explain.changes import Change, plain_links
from planner.explain.options import MOST_PAIRS, Market
from planner.files.crosschecks import great_circle_km
from planner.records import RELAY_KINDS, LinkRecord, rows_of, split_list, to_frame

if TYPE_CHECKING:
    import networkx as nx

    from planner.allocation import Cut
    from planner.explain.state import Changed
    from planner.network import Network

_LIVE = 1e-6  # what a link that carries key costs where a link without key costs 1
_DETOUR = 1.3  # fibre over great circle, where no span of the network tells
_LONGEST_KM = 2_000


def dead_links(changed: Changed, *, demand: str) -> list[str] | None:
    """The fewest links without key that would join a demand's ends if they had some; None where nothing does.

    Args:
        changed: The network.
        demand: The demand.
    """
    import networkx as nx

    ends = _ends(changed, demand)
    graph = _relays_and(changed.network, ends)
    rates = dict(zip(changed.budget["link_id"], changed.budget["key_rate_bps"].tolist(), strict=True))

    def cost(_a: str, _b: str, parallel: Any) -> float:
        return _LIVE if any(rates[link] > 0 for link in parallel) else 1.0

    if not all(end in graph for end in ends) or not nx.has_path(graph, *ends):
        return None
    path = nx.dijkstra_path(graph, *ends, weight=cost)
    joins = [sorted(graph[a][b]) for a, b in itertools.pairwise(path)]
    return [links[0] for links in joins if not any(rates[link] > 0 for link in links)]


def bypass(changed: Changed, *, demand: str, cut: Cut | None, market: Market) -> list[Change]:
    """The shortest new link around a cut, with relays between where it is too long for a module; cheapest first.

    It joins the two nearest relaying nodes (or ends of the demand) that the cut separates. The length of a fibre
    between them is assumed from the network's other links.

    Args:
        changed: The network.
        demand: The demand whose ends the cut separates.
        cut: The cut; None where the ends are not joined at all.
        market: What may be bought.
    """
    import networkx as nx

    ends = _ends(changed, demand)
    network = changed.network
    graph = _relays_and(network, ends)
    graph.remove_nodes_from([] if cut is None else cut.nodes)
    for row in rows_of(network.links):
        if cut is not None and _is_cut(row, cut) and graph.has_edge(row.node_a, row.node_b, row.link_id):
            graph.remove_edge(row.node_a, row.node_b, row.link_id)
    if not all(end in graph for end in ends) or nx.has_path(graph, *ends):
        return []
    here, there = (sorted(nx.node_connected_component(graph, end)) for end in ends)
    places = {row.node_id: (row.lat_deg, row.lon_deg) for row in rows_of(network.nodes)}
    aloft = set(network.nodes.loc[network.nodes["kind"] == "satellite", "node_id"])
    joins = [(great_circle_km(places[a], places[b]), a, b) for a in here for b in there if not {a, b} & aloft]
    distance_km, one, other = min(joins, default=(math.inf, "", ""))
    if distance_km > _LONGEST_KM:
        return []
    length_km = max(distance_km * _detour(network, places), 1.0)
    return _new_links(changed, one, other, length_km=length_km, demand=demand, market=market)


def more_ports(changed: Changed, *, demand: str, market: Market) -> Change | None:
    """As many ports at a demand's ends as it takes until it has its own.

    Args:
        changed: The network.
        demand: A demand without a port.
        market: The prices.
    """
    import pandas as pd

    nodes = changed.network.nodes.set_index("node_id")["user_ports"]
    ends = [end for end in _ends(changed, demand) if not pd.isna(nodes[end])]
    rows = changed.question.demands
    asking = rows[(rows["requested_bps"] > 0)]
    values, bought = {}, 0
    mine = asking[asking["demand_id"] == demand].iloc[0]
    for end in ends:
        at_end = asking[(asking["node_a"] == end) | (asking["node_b"] == end)]
        first = at_end[
            (at_end["priority"] > mine["priority"])
            | ((at_end["priority"] == mine["priority"]) & (at_end["demand_id"] <= demand))
        ]
        more = len(first) - int(nodes[end])
        if more > 0:
            values[end] = {"user_ports": int(nodes[end]) + more}
            bought += more
    if not values:
        return None
    return Change(
        kind="user ports",
        resource=f"ports:{demand}",
        cost_cny=bought * market.costs.user_port_cny.value,
        details={"ports": {end: new["user_ports"] for end, new in values.items()}},
        node_values=values,
    )


def _ends(changed: Changed, demand: str) -> tuple[str, str]:
    rows = changed.question.demands
    row = rows[rows["demand_id"] == demand].iloc[0]
    return row["node_a"], row["node_b"]


def _relays_and(network: Network, ends: Iterable[str]) -> nx.MultiGraph[str]:
    """The graph of nodes that a demand may use, to be changed."""
    kinds = dict(zip(network.nodes["node_id"], network.nodes["kind"], strict=True))
    keep = {node for node, kind in kinds.items() if kind in RELAY_KINDS} | set(ends)
    return network.graph.subgraph(keep).copy()


def _is_cut(row: Any, cut: Cut) -> bool:
    return (
        row.link_id in cut.links
        or bool(set(split_list(row.risk_groups)) & set(cut.risk_groups))
        or bool(set(split_list(row.via)) & set(cut.nodes))
    )


def _detour(network: Network, places: dict[str, tuple[float, float]]) -> float:
    """How much longer than the great circle the network's fibres are, in the median."""
    ratios = []
    for row in rows_of(network.links):
        apart_km = great_circle_km(places[row.node_a], places[row.node_b])
        if apart_km > 1 and apart_km <= row.length_km <= 3 * apart_km:
            ratios.append(row.length_km / apart_km)
    return max(1.0, statistics.median(ratios)) if ratios else _DETOUR


def _new_links(
    changed: Changed, one: str, other: str, *, length_km: float, demand: str, market: Market
) -> list[Change]:
    rows = plain_links(changed.network)
    modules = Counter(row["module"] for row in rows.values() if row["module"] in market.costs.module_pairs_cny)
    attenuation = Counter(row["attenuation_db_per_km"] for row in rows.values()).most_common(1)
    base = {
        "link_id": _free_id(f"new-{one}-{other}", rows), "node_a": one, "node_b": other, "length_km": length_km,
        "basis": "assumed", "attenuation_db_per_km": attenuation[0][0] if attenuation else 0.2,
    }  # fmt: skip
    usual = [name for name, _ in modules.most_common(1)]
    names = list(dict.fromkeys([*usual, *market.modules]))
    tries = [(name, spans) for name in names for spans in range(1, 10 if name in usual or not usual else 3)]
    trial = [
        base | {"link_id": f"try-{n}", "module": name, "length_km": length_km / spans}
        for n, (name, spans) in enumerate(tries)
    ]
    known = {**market.modules, **changed.network.modules}
    full = to_frame(LinkRecord, trial)
    rates = link_budget(changed.network.replace(links=full, modules=known))["key_rate_bps"]
    needs = changed.question.requested_bps[demand] * (1 + 1e-7)
    found = []
    for (name, spans), rate in zip(tries, rates.tolist(), strict=True):
        pairs = -int(-needs // rate) if rate > 0 else MOST_PAIRS + 1
        if pairs <= MOST_PAIRS:
            link = LinkRecord.model_validate(base | {"module": name, "module_pairs": max(pairs, 1)}).model_dump()
            found.append(_new_link(link, name=name, spans=spans, rate_bps=rate, market=market))
    cheapest: dict[str, Change] = {}  # of each module
    for change in sorted(found, key=lambda change: change.cost_cny):
        cheapest.setdefault(change.details["module"], change)
    return list(cheapest.values())


def _new_link(link: dict[str, Any], *, name: str, spans: int, rate_bps: float, market: Market) -> Change:
    costs, pairs = market.costs, link["module_pairs"]
    return Change(
        kind="new link",
        resource=f"cut:{link['link_id']}",
        cost_cny=pairs * (spans * costs.pair_cny(name) + costs.fibre_cny(link["length_km"]))
        + (spans - 1) * costs.station_cny.value,
        details={
            "node_a": link["node_a"], "node_b": link["node_b"], "length_km": link["length_km"], "module": name,
            "module_pairs": pairs, "stations": spans - 1, "key_rate_bps": pairs * rate_bps,
        },
        new_links=(link,),
        splits={link["link_id"]: spans} if spans > 1 else {},
        modules={name: market.modules[name]} if name in market.modules else {},
    )  # fmt: skip


def _free_id(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name += "x"
    return name
