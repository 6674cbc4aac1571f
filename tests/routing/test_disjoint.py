"""The cheapest sets of disjoint routes at any prices, against brute force; cuts without a program; limits of time."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import planner.routing.enumerate
import planner.routing.exact
from planner.network import build_network
from planner.routing import Topology
from planner.routing.disjoint import DisjointRoutes, disjoint_set
from planner.routing.prices import Prices, hop_prices
from tests.networks import link_row, node_row, plain_network, random_network, rate_budget
from tests.routing.test_risks import ends_of, relays_only, risks_of, share_no_risk, with_risks
from tests.test_routing import all_simple_routes, share_nothing


@pytest.mark.parametrize("disjoint", ["link", "node"])
@pytest.mark.parametrize("most_steps", [2_000, 3])
def test_the_cheapest_set_is_that_of_brute_force(monkeypatch, disjoint, most_steps):
    """With three steps every pair that the flow leaves open is decided by the integer program."""
    monkeypatch.setattr(planner.routing.enumerate, "_MOST_STEPS", most_steps)
    rng = np.random.default_rng([21, len(disjoint)])
    found, missing = 0, 0
    for number in range(50):
        network = (
            with_risks(random_network(rng, most_nodes=7), rng)
            if number % 2
            else relays_only(rng, nodes=int(rng.integers(4, 8)), links=int(rng.integers(6, 12)))
        )
        ends = ends_of(network, rng)
        everything = all_simple_routes(network, *ends) if ends else []
        if not everything or len(everything) > 40:
            continue
        topology = Topology.of(network, budget=rate_budget(network))
        links = dict(zip(topology.link_ids, rng.uniform(0, 5, len(topology.link_ids)).round(2).tolist(), strict=True))
        nodes = dict(zip(topology.node_ids, rng.uniform(0, 2, len(topology.node_ids)).round(2).tolist(), strict=True))
        passing = list(nodes.values()) if disjoint == "node" else None
        risks = risks_of(network, disjoint)
        for ways in (1, 2, 3):
            costs = [
                math.fsum(links[link] for _, route in chosen for link in route)
                + (math.fsum(nodes[node] for on, _ in chosen for node in on[1:-1]) if passing else 0.0)
                for chosen in itertools.combinations(everything, ways)
                if share_nothing(chosen, disjoint) and share_no_risk(chosen, risks)
            ]
            search = DisjointRoutes(topology, disjoint=disjoint)
            answer = search.cheapest(
                *(topology.end(end) for end in ends), ways=ways, prices=Prices([*links.values()], passing)
            )
            assert (answer is None) == (not costs)
            assert answer is None or answer[0] == pytest.approx(min(costs), abs=1e-9)
            found, missing = found + (answer is not None), missing + (answer is None)
    assert min(found, missing) > 10


@pytest.mark.parametrize("disjoint", ["link", "node"])
def test_without_risk_groups_the_cut_has_as_many_parts_as_there_are_routes(disjoint):
    rng = np.random.default_rng([22, len(disjoint)])
    sizes = set()
    for _ in range(80):
        network = random_network(rng, most_nodes=9)
        ends = ends_of(network, rng)
        if ends is None:
            continue
        topology = Topology.of(network, budget=rate_budget(network))
        source, target = (topology.end(end) for end in ends)
        routes, cut = DisjointRoutes(topology, disjoint=disjoint).most(source, target, ways=9)
        assert cut is not None
        assert len(cut) == len(routes)
        everything = all_simple_routes(network, *ends)
        assert all(set(nodes[1:-1]) & set(cut.nodes) or set(links) & set(cut.links) for nodes, links in everything)
        # A link is named only where no node can be: it joins the two ends.
        assert disjoint == "link" or all(tuple(cut.links) and (nodes, (link,)) in everything for link in cut.links
                                         for nodes in (ends,))  # fmt: skip
        sizes.add(len(cut))
    assert sizes >= {0, 1, 2, 3}


def test_a_link_of_a_cut_that_shares_a_duct_is_told_as_the_duct():
    """Parallel to nothing, but in one duct with a link elsewhere: a second link in that duct would be no help."""
    network = build_network(
        nodes=[node_row(node) for node in "abc"],
        links=[link_row("ab", "a", "b", 1.0, risk_groups="duct"), link_row("bc", "b", "c", 1.0, risk_groups="duct")],
    )
    topology = Topology.of(network, budget=rate_budget(network))
    routes, cut = DisjointRoutes(topology).most(0, 1, ways=2)
    assert routes == ((0,),)
    assert cut is not None
    assert (cut.nodes, cut.links, cut.risk_groups) == ((), (), ("duct",))


def test_prices_in_whole_numbers_are_exact():
    """Two ways of nearly the same length differ by a millimetre in ten thousand kilometres."""
    network = plain_network(
        [("am", "a", "m", 1.0, 5_000.0), ("mb", "m", "b", 1.0, 5_000.0), ("direct", "a", "b", 1.0, 9_999.999999)]
    )
    topology = Topology.of(network, budget=rate_budget(network))
    for by in ("length", "hops", "rate"):
        found = disjoint_set(topology, source=0, target=1, k=1, by=by, disjoint="node")
        assert [topology.link_ids[link] for link in found.routes[0]] == ["direct"]


def test_when_the_time_is_over_the_best_so_far_is_given(monkeypatch):
    """Three disjoint routes in a grid of many ducts: without time the program proves nothing, and says so."""
    monkeypatch.setattr(planner.routing.exact, "_LEAST_TIME_S", 1e-9)
    rng = np.random.default_rng(23)
    names = [f"{row}{column}" for row in range(6) for column in range(6)]
    links = [
        link_row(f"{one}-{other}", one, other, 1.0, risk_groups=f"duct {rng.integers(40)}")
        for one, other in itertools.combinations(names, 2)
        if abs(int(one[0]) - int(other[0])) + abs(int(one[1]) - int(other[1])) == 1
    ]
    network = build_network(nodes=[node_row(name) for name in names], links=links)
    topology = Topology.of(network, budget=rate_budget(network))
    source, target = (topology.node_index[name] for name in ("11", "44"))
    late = disjoint_set(topology, source=source, target=target, k=3, by="hops", disjoint="node", time_limit_s=0.0)
    assert not late.proven
    assert late.cut is None
    assert late.routes
    search = DisjointRoutes(topology)
    assert not search.risks.shared(late.routes)
    assert search.cheapest(source, target, ways=1, prices=hop_prices(len(links))) is not None
