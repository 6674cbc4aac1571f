"""Why a demand has no route, or too few: links without key, cuts, ports; and new links around a cut."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from planner.explain.changes import Change, plain_links
from planner.explain.options import Market, new_link_options
from planner.files.crosschecks import great_circle_km
from planner.records import RELAY_KINDS, LinkRecord, rows_of, split_list

if TYPE_CHECKING:
    import networkx as nx

    from planner.allocation import Cut
    from planner.explain.state import Changed, Rates
    from planner.network import Network

_LIVE = 1e-6  # what a link that carries key costs where a link without key costs 1
_DETOUR = 1.3  # fibre over great circle, where no span of the network tells
_LONGEST_KM = 2_000


def dead_links(changed: Changed, *, demand: str, cut: Cut | None = None) -> list[str] | None:
    """The fewest links without key that would join a demand's ends if they had some; None where nothing does.

    Args:
        changed: The network.
        demand: The demand.
        cut: What they may not use.
    """
    import networkx as nx

    ends = _ends(changed, demand)
    graph = _without(changed.network, cut, ends=ends)
    rates = changed.rates_bps

    def cost(_a: str, _b: str, parallel: Any) -> float:
        return _LIVE if any(rates[link] > 0 for link in parallel) else 1.0

    if not all(end in graph for end in ends) or not nx.has_path(graph, *ends):
        return None
    path = nx.dijkstra_path(graph, *ends, weight=cost)
    joins = [sorted(graph[a][b]) for a, b in itertools.pairwise(path)]
    return [links[0] for links in joins if not any(rates[link] > 0 for link in links)]


def bypass(changed: Changed, *, demand: str, cut: Cut | None, market: Market, rates: Rates) -> list[Change]:
    """The ways to build the shortest new link around a cut, with relays between where it is long; cheapest first.

    It joins the two nearest relaying nodes (or ends of the demand) that the cut separates. The length of a fibre
    between them is assumed from the network's other links.

    Args:
        changed: The network.
        demand: The demand whose ends the cut separates.
        cut: The cut; None where the ends are not joined at all.
        market: What may be bought.
        rates: Key rates.
    """
    import networkx as nx

    ends = _ends(changed, demand)
    network = changed.network
    graph = _without(network, cut, ends=ends)
    if not all(end in graph for end in ends) or nx.has_path(graph, *ends):
        return []
    here, there = (sorted(nx.node_connected_component(graph, end)) for end in ends)
    return _shortest(changed, here, there, market=market, rates=rates)


def direct_link(changed: Changed, *, demand: str, market: Market, rates: Rates) -> list[Change]:
    """The ways to build a link between the ends of a demand, cheapest first.

    Args:
        changed: The network.
        demand: The demand.
        market: What may be bought.
        rates: Key rates.
    """
    one, other = _ends(changed, demand)
    return _shortest(changed, [one], [other], market=market, rates=rates)


def _shortest(
    changed: Changed, here: Iterable[str], there: Iterable[str], *, market: Market, rates: Rates
) -> list[Change]:
    """The ways to build the shortest link between two sets of nodes; none where it would be very long."""
    network = changed.network
    places = {row.node_id: (row.lat_deg, row.lon_deg) for row in rows_of(network.nodes)}
    aloft = set(network.nodes.loc[network.nodes["kind"] == "satellite", "node_id"])
    joins = [(great_circle_km(places[a], places[b]), a, b) for a in here for b in there if not {a, b} & aloft]
    distance_km, one, other = min(joins, default=(math.inf, "", ""))
    if distance_km > _LONGEST_KM:
        return []
    length_km = max(distance_km * _detour(network, places), 1.0)
    return _new_links(changed, one, other, length_km=length_km, market=market, rates=rates)


def more_ports(changed: Changed, *, market: Market) -> list[Change]:
    """Ports at the ends of the wanted demands, no more than it takes until each of them has its own.

    Whether they have routes yet does not matter; of the others, those without a route take no port.

    Args:
        changed: The network.
        market: The prices.
    """
    nodes = changed.network.nodes
    has = {row.node_id: int(row.user_ports) for row in rows_of(nodes[nodes["user_ports"].notna()])}
    ports = dict(has)
    while full := _full(changed, ports):
        ports |= {node: ports[node] + 1 for node in full}
    return [
        Change(
            kind="user ports",
            resource=f"ports:{node}",
            cost_cny=(number - has[node]) * market.costs.user_port_cny.value,
            gives_bps=math.inf,
            details={"node_id": node, "user_ports_before": has[node], "user_ports": number},
            node_values={node: {"user_ports": number}},
        )
        for node, number in sorted(ports.items())
        if number > has[node]
    ]


def _full(changed: Changed, ports: Mapping[str, int]) -> list[str]:
    """The ends without a free port of the first wanted demand that gets none (:mod:`planner.allocation.ports`)."""
    rows = changed.question.demands
    free, wanted = dict(ports), frozenset(changed.question.wanted)
    idle = frozenset(changed.allocation.unreachable) - wanted
    asking = rows[(rows["requested_bps"] > 0) & ~rows["demand_id"].isin(list(idle))]
    for row in rows_of(asking.sort_values(["priority", "demand_id"], ascending=[False, True])):
        full = [end for end in (row.node_a, row.node_b) if free.get(end, 1) < 1]
        if full and row.demand_id in wanted:
            return full
        if not full:
            free |= {end: free[end] - 1 for end in (row.node_a, row.node_b) if end in free}
    return []


def always_passed(changed: Changed, *, ends: tuple[str, str]) -> set[str]:
    """The nodes that every route between two nodes passes, its ends too, also over links without key.

    Args:
        changed: The network.
        ends: The two nodes.
    """
    import networkx as nx

    graph = _without(changed.network, None, ends=ends)
    if not all(end in graph for end in ends) or not nx.has_path(graph, *ends):
        return set(ends)
    found = set(ends)
    for node in nx.shortest_path(graph, *ends)[1:-1]:
        rest = graph.subgraph(set(graph) - {node})
        found |= set() if nx.has_path(rest, *ends) else {node}
    return found


def _ends(changed: Changed, demand: str) -> tuple[str, str]:
    rows = changed.question.demands
    row = rows[rows["demand_id"] == demand].iloc[0]
    return row["node_a"], row["node_b"]


def _without(network: Network, cut: Cut | None, *, ends: Iterable[str]) -> nx.MultiGraph[str]:
    """The graph of what a demand between two ends may use, less a cut."""
    kinds = dict(zip(network.nodes["node_id"], network.nodes["kind"], strict=True))
    keep = {node for node, kind in kinds.items() if kind in RELAY_KINDS} | set(ends)
    graph = network.graph.subgraph(keep).copy()
    if cut is not None:
        graph.remove_nodes_from(cut.nodes)
        gone = [(row.node_a, row.node_b, row.link_id) for row in rows_of(network.links) if _is_cut(row, cut)]
        graph.remove_edges_from([edge for edge in gone if graph.has_edge(*edge)])
    return graph


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
    changed: Changed, one: str, other: str, *, length_km: float, market: Market, rates: Rates
) -> list[Change]:
    """The ways to build a link between two nodes, cheapest first."""
    rows = plain_links(changed.network)
    attenuation = Counter(row["attenuation_db_per_km"] for row in rows.values()).most_common(1)
    base = {
        "link_id": _free_id(f"new-{one}-{other}", rows), "node_a": one, "node_b": other, "length_km": length_km,
        "basis": "assumed", "attenuation_db_per_km": attenuation[0][0] if attenuation else 0.2, "key_rate_bps": 0,
    }  # fmt: skip
    row = LinkRecord.model_validate(base).model_dump()
    enough_bps = sum(changed.question.requested_bps.values())
    return new_link_options(row, modules=market.modules, rates=rates, market=market, enough_bps=enough_bps)


def _free_id(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name += "x"
    return name
