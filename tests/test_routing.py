"""Routes against brute force: every simple path of small random multigraphs."""

from __future__ import annotations

import itertools
import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from planner.errors import InputError, UsageError
from planner.network import Network
from planner.records import KEY_HOLDING_KINDS, RELAY_KINDS
from planner.routing import Route, best_routes
from tests.networks import networks, plain_network, random_network, rate_budget, renamed, shuffled

ORDERS = ("rate", "length", "hops")


def routes(network: Network, node_a: str, node_b: str, **options) -> list[Route]:
    return best_routes(network, budget=rate_budget(network), node_a=node_a, node_b=node_b, **options)


def all_simple_routes(network: Network, node_a: str, node_b: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Every permitted simple route, by plain recursion over the rows of the links."""
    kinds = dict(zip(network.nodes["node_id"], network.nodes["kind"], strict=True))
    rows = [
        (row["link_id"], row["node_a"], row["node_b"])
        for row in network.links.to_dict("records")
        if row["key_rate_bps"] > 0
    ]
    found = []

    def go_on(nodes: tuple[str, ...], links: tuple[str, ...]) -> None:
        if nodes[-1] == node_b:
            found.append((nodes, links))
            return
        if nodes[-1] != node_a and kinds[nodes[-1]] not in RELAY_KINDS:
            return
        for link_id, end_a, end_b in rows:
            for here, there in ((end_a, end_b), (end_b, end_a)):
                if here == nodes[-1] and there not in nodes:
                    go_on((*nodes, there), (*links, link_id))

    go_on((node_a,), ())
    return found


def measures(network: Network, links: tuple[str, ...]) -> tuple[float, float, int]:
    """Rate with modules shared in time, length, hops."""
    columns = (network.links[name] for name in ("link_id", "key_rate_bps", "module_group", "length_km"))
    rows = {link: more for link, *more in zip(*columns, strict=True)}
    groups: dict[str, list[float]] = {}
    for link in links:
        groups.setdefault(rows[link][1] or f"link {link}", []).append(rows[link][0])
    rate = min(rates[0] if len(rates) == 1 else 1 / sum(1 / rate for rate in rates) for rates in groups.values())
    return rate, math.fsum(rows[link][2] for link in links), len(links)


def sort_key(network: Network, by: str, route: tuple[tuple[str, ...], tuple[str, ...]]) -> tuple:
    rate, length, hops = measures(network, route[1])
    order = {"rate": (-rate, hops, length), "length": (length, -rate, hops), "hops": (hops, -rate, length)}
    return (*order[by], *route)


def ends_of(network: Network, rng: np.random.Generator) -> tuple[str, str] | None:
    nodes = network.nodes
    holders = nodes.loc[nodes["kind"].isin(KEY_HOLDING_KINDS), "node_id"].tolist()
    return None if len(holders) < 2 else tuple(str(end) for end in rng.choice(holders, size=2, replace=False))


@pytest.mark.parametrize("seed", range(10))
def test_k_best_routes_are_the_first_of_all_simple_routes(seed):
    rng = np.random.default_rng(seed)
    joined = 0
    for _ in range(40):
        network = random_network(rng, most_nodes=7)
        ends = ends_of(network, rng)
        if ends is None:
            continue
        everything = all_simple_routes(network, *ends)
        joined += bool(everything)
        for by in ORDERS:
            expected = sorted(everything, key=lambda route: sort_key(network, by, route))
            for k in (1, 5, len(everything) + 3):
                found = routes(network, *ends, k=k, by=by)
                assert [(route.nodes, route.links) for route in found] == expected[:k]
    assert joined > 10


def disjoint_value(network: Network, by: str, chosen: list[tuple[str, ...]]) -> tuple:
    _, lengths, hops = zip(*(measures(network, links) for links in chosen), strict=True)
    link_rates = dict(zip(network.links["link_id"], network.links["key_rate_bps"], strict=True))
    rates = [min(link_rates[link] for link in links) for links in chosen]
    total = round(math.fsum(lengths), 9)
    return {
        "rate": (-min(rates), sum(hops), total), "length": (total, sum(hops)), "hops": (sum(hops), total)
    }[by]  # fmt: skip


def share_nothing(routes_: tuple, disjoint: str) -> bool:
    links = [link for _, route_links in routes_ for link in route_links]
    inner = [node for nodes, _ in routes_ for node in nodes[1:-1]]
    return len(set(links)) == len(links) and (disjoint == "link" or len(set(inner)) == len(inner))


@pytest.mark.parametrize("disjoint", ["link", "node"])
@pytest.mark.parametrize("seed", range(4))
def test_disjoint_sets_are_as_good_as_the_best_of_all_sets(seed, disjoint):
    rng = np.random.default_rng([seed, 7])
    sizes = set()
    for _ in range(40):
        network = random_network(rng, most_nodes=6)
        ends = ends_of(network, rng)
        everything = [] if ends is None else all_simple_routes(network, *ends)
        if not everything or len(everything) > 60:
            continue
        for k in (1, 2, 3):
            sets = {
                size: [c for c in itertools.combinations(everything, size) if share_nothing(c, disjoint)]
                for size in range(1, k + 1)
            }
            size = max(size for size, combinations in sets.items() if combinations)
            sizes.add(size)
            for by in ORDERS:
                found = routes(network, *ends, k=k, by=by, disjoint=disjoint)
                assert len(found) == size
                assert share_nothing(tuple((route.nodes, route.links) for route in found), disjoint)
                assert {(route.nodes, route.links) for route in found} <= set(everything)
                best = min(disjoint_value(network, by, [links for _, links in chosen]) for chosen in sets[size])
                assert disjoint_value(network, by, [route.links for route in found]) == pytest.approx(best)
                keys = [sort_key(network, by, (route.nodes, route.links)) for route in found]
                assert keys == sorted(keys)
    assert sizes == {1, 2, 3}


def test_shortest_and_most_disjoint_agree_with_networkx_on_a_larger_network():
    rng = np.random.default_rng(11)
    graph = nx.random_geometric_graph(120, 0.16, seed=3)
    rows = [
        (f"L{number}", f"n{a}", f"n{b}", float(rng.integers(1, 50)), float(rng.uniform(1, 90)))
        for number, (a, b) in enumerate(graph.edges)
    ]
    network = plain_network(rows)
    simple = nx.Graph()
    for _, a, b, rate, length in rows:
        simple.add_edge(a, b, length=length, rate=rate)
    for _ in range(10):
        a, b = (str(node) for node in rng.choice(sorted(simple.nodes), size=2, replace=False))
        if not nx.has_path(simple, a, b):
            assert routes(network, a, b) == []
            continue
        shortest = nx.shortest_simple_paths(simple, a, b, weight="length")
        expected = [nx.path_weight(simple, path, "length") for path in itertools.islice(shortest, 8)]
        assert [route.length_km for route in routes(network, a, b, k=8, by="length")] == pytest.approx(expected)
        tree = nx.maximum_spanning_tree(simple, weight="rate")
        widest = min(tree.edges[edge]["rate"] for edge in itertools.pairwise(nx.shortest_path(tree, a, b)))
        assert routes(network, a, b)[0].key_rate_bps == widest
        for disjoint, expect in (("link", nx.edge_disjoint_paths), ("node", nx.node_disjoint_paths)):
            assert len(routes(network, a, b, k=99, disjoint=disjoint)) == len(list(expect(simple, a, b)))


def test_answers_do_not_depend_on_row_order_and_names():
    rng = np.random.default_rng(5)
    for _ in range(30):
        network = random_network(rng)
        ends = ends_of(network, rng)
        if ends is None:
            continue
        other = shuffled(network, rng)
        named = renamed(network, rng)
        ids = dict(zip(network.nodes["node_id"], named.nodes["node_id"], strict=True))
        for by in ORDERS:
            for disjoint in (None, "link", "node"):
                found = routes(network, *ends, k=4, by=by, disjoint=disjoint)
                assert routes(other, *ends, k=4, by=by, disjoint=disjoint) == found
                if disjoint is None:
                    again = routes(named, ids[ends[0]], ids[ends[1]], k=4, by=by)
                    facts = [(route.key_rate_bps, route.length_km, route.hops) for route in found]
                    assert [(route.key_rate_bps, route.length_km, route.hops) for route in again] == facts


@given(network=networks())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_route_keeps_the_rules(network):
    nodes = network.nodes.set_index("node_id")["kind"]
    links = network.links.set_index("link_id")
    holders = [node for node, kind in nodes.items() if kind in KEY_HOLDING_KINDS]
    for node_a, node_b in itertools.islice(itertools.permutations(holders, 2), 4):
        for route in routes(network, node_a, node_b, k=3):
            assert route.nodes[0] == node_a
            assert route.nodes[-1] == node_b
            assert len(set(route.nodes)) == len(route.nodes) == route.hops + 1
            assert all(nodes[node] in RELAY_KINDS for node in route.nodes[1:-1])
            for ends, link in zip(itertools.pairwise(route.nodes), route.links, strict=True):
                assert set(ends) == {links.loc[link, "node_a"], links.loc[link, "node_b"]}
            assert route.key_rate_bps == links.loc[list(route.links), "key_rate_bps"].min() > 0
            assert links.loc[route.bottleneck, "key_rate_bps"] == route.key_rate_bps


def test_parallel_links_are_different_routes_and_a_link_without_key_is_none():
    network = plain_network([("p", "a", "b", 5.0), ("q", "a", "b", 7.0), ("r", "a", "b", 0.0)])
    assert [route.links for route in routes(network, "a", "b", k=9)] == [("q",), ("p",)]
    assert [route.links for route in routes(network, "a", "b", k=9, disjoint="node")] == [("q",), ("p",)]


def test_a_user_is_an_end_and_never_inside():
    links = [("1", "a", "u", 9.0), ("2", "u", "b", 9.0), ("3", "a", "b", 1.0), ("4", "u", "v", 2.0)]
    network = plain_network(links, u="user", v="user")
    assert [route.links for route in routes(network, "a", "b", k=9)] == [("3",)]
    assert [route.links for route in routes(network, "u", "b", k=9)] == [("2",), ("1", "3")]
    assert [route.links for route in routes(network, "v", "u")] == [("4",)]
    assert routes(network, "v", "a") == []


def test_a_missing_rate_counts_as_no_key():
    network = plain_network([("p", "a", "b", 5.0)])
    budget = rate_budget(network).assign(key_rate_bps=np.nan)
    assert best_routes(network, budget=budget, node_a="a", node_b="b") == []


def test_wrong_ends_are_named_all_at_once():
    network = plain_network([("p", "jinan", "hefei", 5.0)], glass="switch")
    with pytest.raises(InputError) as caught:
        routes(network, "jinam", "glass")
    messages = [str(problem) for problem in caught.value.problems]
    assert len(messages) == 2
    assert any("jinam" in message and "did you mean 'jinan'?" in message for message in messages)
    assert any("glass" in message and "holds no key" in message for message in messages)
    with pytest.raises(InputError, match="both ends"):
        routes(network, "jinan", "jinan")
    with pytest.raises(InputError):
        routes(network, "nowhere", "nowhere")


def test_wrong_options_are_wrong_usage():
    network = plain_network([("p", "a", "b", 5.0)])
    for options in ({"k": 0}, {"by": "beauty"}, {"disjoint": "duct"}):
        with pytest.raises(UsageError):
            routes(network, "a", "b", **options)
