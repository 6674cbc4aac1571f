"""Disjoint routes with risk groups against brute force; the least cut; modules shared in time."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from planner.failure import single_events
from planner.network import Network, build_network
from planner.records import KEY_HOLDING_KINDS, rows_of, split_list
from planner.routing import Topology, best_routes, find_routes
from planner.routing.cuts import least_cut
from planner.routing.risks import Risks
from tests.networks import link_row, node_row, plain_network, random_network, rate_budget
from tests.test_routing import all_simple_routes, disjoint_value, share_nothing

RISKS = ("", "", "", "duct", "bridge", "tower", "duct;bridge")


def with_risks(network: Network, rng: np.random.Generator) -> Network:
    """The network with risk groups, and with links that pass a switch where there is one."""
    switches = [row.node_id for row in rows_of(network.nodes) if row.kind in ("switch", "measurement")]
    risks = [str(rng.choice(RISKS)) or None for _ in range(len(network.links))]
    via = [str(rng.choice(switches)) if switches and rng.random() < 0.3 else None for _ in range(len(network.links))]
    columns = {"risk_groups": pd.Series(risks, dtype=object), "via": pd.Series(via, dtype=object)}
    return network.replace(links=network.links.assign(**columns))


def relays_only(rng: np.random.Generator, *, nodes: int, links: int) -> Network:
    """Nine relays or fewer, so that there are many routes."""
    names = [f"n{number}" for number in range(nodes)]
    rows = [
        link_row(f"L{number}", *map(str, rng.choice(names, 2, replace=False)), float(rng.integers(1, 9)),
                 float(rng.choice([0.0, 1.0, 2.0, 3.5])), risk_groups=str(rng.choice(RISKS)) or None)
        for number in range(links)
    ]  # fmt: skip
    return build_network(nodes=[node_row(name) for name in names], links=rows)


def risks_of(network: Network, disjoint: str) -> dict[str, frozenset[str]]:
    """What each link depends on besides its ends."""
    return {
        row.link_id: frozenset(split_list(row.risk_groups))
        | (frozenset(f"via {node}" for node in split_list(row.via)) if disjoint == "node" else frozenset())
        for row in rows_of(network.links)
    }


def share_no_risk(routes: tuple, risks: dict[str, frozenset[str]]) -> bool:
    used = [frozenset().union(*(risks[link] for link in links)) for _, links in routes]
    return sum(map(len, used)) == len(frozenset().union(*used))


def ends_of(network: Network, rng: np.random.Generator) -> tuple[str, str] | None:
    nodes = network.nodes
    holders = nodes.loc[nodes["kind"].isin(KEY_HOLDING_KINDS), "node_id"].tolist()
    return None if len(holders) < 2 else tuple(str(end) for end in rng.choice(holders, size=2, replace=False))


def check_best_set(network: Network, ends: tuple[str, str], *, disjoint: str, k: int, by: str) -> tuple[int, bool]:
    """Compares an answer with the best of all sets; gives its size, and whether the risk groups mattered."""
    everything = all_simple_routes(network, *ends)
    risks = risks_of(network, disjoint)

    def permitted(chosen: tuple) -> bool:
        return share_nothing(chosen, disjoint) and share_no_risk(chosen, risks)

    sets = {size: [c for c in itertools.combinations(everything, size) if permitted(c)] for size in range(1, k + 1)}
    size = max((size for size, combinations in sets.items() if combinations), default=0)
    answer = find_routes(
        network, budget=rate_budget(network), node_a=ends[0], node_b=ends[1], k=k, by=by, disjoint=disjoint
    )
    found = tuple((route.nodes, route.links) for route in answer.routes)
    assert answer.proven
    assert len(found) == size
    assert (answer.cut is not None) == (0 < size < k)
    if size:
        assert set(found) <= set(everything)
        assert permitted(found)
        best = min(disjoint_value(network, by, [links for _, links in chosen]) for chosen in sets[size])
        assert disjoint_value(network, by, [links for _, links in found]) == pytest.approx(best)
    plain = [c for c in itertools.combinations(everything, size) if share_nothing(c, disjoint)] if size else []
    return size, len(plain) > len(sets.get(size, []))


@pytest.mark.parametrize("disjoint", ["link", "node"])
def test_sets_that_share_no_risk_are_the_best_of_all_sets(disjoint):
    rng = np.random.default_rng([12, len(disjoint)])
    sizes, mattered = set(), 0
    for number in range(70):
        if number % 2:
            network = with_risks(random_network(rng, most_nodes=8), rng)
        else:
            network = relays_only(rng, nodes=int(rng.integers(4, 10)), links=int(rng.integers(6, 14)))
        ends = ends_of(network, rng)
        if ends is None or len(all_simple_routes(network, *ends)) > 40:
            continue
        for k, by in ((2, "rate"), (2, "length"), (3, "hops"), (3, "rate")):
            size, risky = check_best_set(network, ends, disjoint=disjoint, k=k, by=by)
            sizes.add(size)
            mattered += risky
    assert sizes >= {1, 2, 3}
    assert mattered > 20


def hits(network: Network, parts: tuple[tuple[str, str], ...], route: tuple, risks: dict) -> bool:
    """Whether a route uses one of the parts of a cut."""
    nodes, links = route
    depends = {("node", node) for node in nodes[1:-1]} | {("link", link) for link in links}
    for link in links:
        for name in risks[link]:
            depends.add(("node", name.removeprefix("via ")) if name.startswith("via ") else ("risk group", name))
    return bool(depends & set(parts))


@pytest.mark.parametrize("disjoint", ["link", "node"])
def test_the_least_cut_is_that_of_brute_force(disjoint):
    rng = np.random.default_rng([13, len(disjoint)])
    cuts = set()
    for _ in range(60):
        network = with_risks(random_network(rng, most_nodes=7), rng)
        ends = ends_of(network, rng)
        if ends is None:
            continue
        topology = Topology.of(network, budget=rate_budget(network))
        risks = Risks.of(topology, disjoint=disjoint)
        source, target = (topology.end(end) for end in ends)
        cut = least_cut(topology, risks=risks, source=source, target=target, disjoint=disjoint)
        named = [("node", node) for node in cut.nodes] + [("link", link) for link in cut.links]
        named += [("risk group", group) for group in cut.risk_groups]
        routes, depends = all_simple_routes(network, *ends), risks_of(network, disjoint)
        assert all(hits(network, tuple(named), route, depends) for route in routes)
        assert disjoint == "node" or not cut.nodes
        parts = [("link", link) for link in network.links["link_id"]]
        parts += [("risk group", group) for group in ("duct", "bridge", "tower")]
        parts += [("node", node) for node in network.nodes["node_id"]] if disjoint == "node" else []
        smaller = itertools.combinations(parts, len(cut) - 1) if len(cut) else ()
        assert not any(all(hits(network, chosen, route, depends) for route in routes) for chosen in smaller)
        cuts.add(len(cut))
    assert cuts >= {0, 1, 2}


def duct_square() -> Network:
    """Two short ways a-b-d and a-c-d in one duct, and a long way round by e."""
    links = [("ab", "a", "b", 1), ("bd", "b", "d", 1), ("ac", "a", "c", 1), ("cd", "c", "d", 1)]
    around = [("ae", "a", "e", 50), ("ed", "e", "d", 50)]
    return build_network(
        nodes=[node_row(node) for node in "abcde"],
        links=[link_row(l, a, b, 5.0, km, risk_groups="duct" if l in ("ab", "cd") else None) for l, a, b, km in links]
        + [link_row(l, a, b, 5.0, km) for l, a, b, km in around],
    )


def test_the_shortest_pair_gives_way_where_one_duct_holds_both():
    network = duct_square()
    answer = find_routes(
        network, budget=rate_budget(network), node_a="a", node_b="d", k=2, by="length", disjoint="node"
    )
    # The two short ways need the duct each, so one of them and the long one are left.
    short, around = (route.links for route in answer.routes)
    assert short in {("ab", "bd"), ("ac", "cd")}
    assert around == ("ae", "ed")
    three = find_routes(network, budget=rate_budget(network), node_a="a", node_b="d", k=3, disjoint="link")
    assert len(three.routes) == 2
    assert three.cut is not None
    assert (three.cut.risk_groups, len(three.cut.links)) == (("duct",), 1)
    assert set(three.cut.links) < {"ae", "ed"}


def test_three_groups_in_a_ring_leave_one_route_though_no_single_part_is_on_all():
    nodes = [node_row(node) for node in "ab"]
    risks = ("r;s", "s;t", "t;r")
    links = [link_row(f"L{n}", "a", "b", 1.0, risk_groups=risk) for n, risk in enumerate(risks)]
    network = build_network(nodes=nodes, links=links)
    answer = find_routes(network, budget=rate_budget(network), node_a="a", node_b="b", k=2, disjoint="link")
    assert len(answer.routes) == 1
    assert answer.cut is not None
    assert len(answer.cut) == 2


def test_what_disjoint_routes_share_with_a_failure_is_nothing():
    """No single failure that leaves the ends alone takes down two disjoint routes."""
    rng = np.random.default_rng(14)
    pairs = 0
    for _ in range(60):
        network = with_risks(random_network(rng, most_nodes=8, connected=True), rng)
        ends = ends_of(network, rng)
        if ends is None:
            continue
        budget = rate_budget(network)
        topology = Topology.of(network, budget=budget)
        for disjoint in ("link", "node"):
            found = best_routes(network, budget=budget, node_a=ends[0], node_b=ends[1], k=4, disjoint=disjoint)
            hit = [{topology.link_ids.index(link) for link in route.links} for route in found]
            for event in single_events(network, topology=topology, of="links" if disjoint == "link" else "both"):
                if event.items[0] not in {("node", end) for end in ends}:
                    assert sum(bool(links & set(event.links)) for links in hit) <= 1, (event.name, found)
            pairs += len(found) > 1
    assert pairs > 20


def test_modules_shared_in_time_lower_a_route_and_change_the_order():
    network = build_network(
        nodes=[node_row(node) for node in "abc"],
        links=[
            link_row("ac", "a", "c", 6.0, module_group="m"),
            link_row("cb", "c", "b", 3.0, module_group="m"),
            link_row("ab", "a", "b", 2.5),
        ],
    )
    direct, shared = best_routes(network, budget=rate_budget(network), node_a="a", node_b="b", k=2)
    assert (direct.links, direct.key_rate_bps, direct.group_key_rate_bps) == (("ab",), 2.5, 2.5)
    assert (shared.links, shared.key_rate_bps) == (("ac", "cb"), 3.0)
    assert shared.group_key_rate_bps == pytest.approx(2.0)


def test_a_limit_that_is_reached_is_told(monkeypatch):
    links = [link_row(f"L{n}", "a", "b", 5.0 - n) for n in range(4)]
    network = build_network(nodes=[node_row(node) for node in "ab"], links=links)
    monkeypatch.setattr("planner.routing._MOST_ROUTES", 1)
    assert find_routes(network, budget=rate_budget(network), node_a="a", node_b="b", k=1).proven
    shared = build_network(
        nodes=[node_row(node) for node in "abc"],
        links=[
            link_row("ac", "a", "c", 6.0, module_group="m"),
            link_row("cb", "c", "b", 3.0, module_group="m"),
            link_row("ab", "a", "b", 2.5),
        ],
    )
    answer = find_routes(shared, budget=rate_budget(shared), node_a="a", node_b="b", k=1)
    assert not answer.proven
    assert answer.routes[0].links == ("ac", "cb")


def test_what_a_route_gives_alone_is_what_a_plan_gives():
    """The rate of the best route of one demand is its growth factor where there is no other route."""
    from planner.allocation import allocate
    from tests.networks import demand_row, rate_demands

    network = build_network(
        nodes=[node_row(node) for node in "abcd"],
        links=[
            link_row("ab", "a", "b", 6.0, module_group="m"),
            link_row("bc", "b", "c", 3.0, module_group="m"),
            link_row("cd", "c", "d", 5.0),
        ],
        demands=[demand_row("ad", "a", "d", 1.0)],
    )
    (route,) = best_routes(network, budget=rate_budget(network), node_a="a", node_b="d")
    growth = allocate(network, budget=rate_budget(network), demands=rate_demands(network)).growth
    assert growth.factor == pytest.approx(route.group_key_rate_bps)


def test_parallel_links_in_one_duct_are_one_route():
    network = plain_network([("p", "a", "b", 5.0), ("q", "a", "b", 7.0)])
    network = network.replace(links=network.links.assign(risk_groups=pd.Series(["duct", "duct"], dtype=object)))
    answer = find_routes(network, budget=rate_budget(network), node_a="a", node_b="b", k=2, disjoint="node")
    assert [route.links for route in answer.routes] == [("q",)]
    assert answer.cut is not None
    assert answer.cut.risk_groups == ("duct",)
    assert math.isclose(answer.routes[0].key_rate_bps, 7.0)
