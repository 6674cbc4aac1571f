"""Trust: who sees which keys, and the least that an attacker must hold."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import planner
from planner.report.page import report_html
from planner.report.tables import plan_tables
from planner.trust import exposure_probability, key_trust, least_hitting_set, node_exposure, plan_trust
from tests.networks import plain_network, random_network

SETS = st.lists(st.frozensets(st.sampled_from("abcdefgh"), max_size=5), min_size=1, max_size=7)


def brute_hit(sets):
    members = sorted(set().union(*sets))
    for size in range(len(members) + 1):
        for chosen in itertools.combinations(members, size):
            if all(set(chosen) & one for one in sets):
                return size
    return None


@given(SETS)
def test_hitting_set_is_the_smallest(sets):
    found = least_hitting_set(sets)
    assert (None if found is None else len(found)) == brute_hit(sets)
    if found is not None:
        assert list(found) == sorted(found)
        assert all(set(found) & one for one in sets)
        assert found == least_hitting_set(reversed(sets))


def random_routes(rng, *, demands=4):
    """Routes over inner nodes a to f: unprotected, protected and split sets, some of them without an inner node."""
    rows = []
    for number in range(int(rng.integers(1, demands + 1))):
        for part in range(1, int(rng.integers(1, 4)) + 1):
            kind = str(rng.choice(["none", "1+1", "split"]))
            order = [str(node) for node in rng.permutation(list("abcdef"))]
            cuts = sorted(rng.integers(0, 7, size=2).tolist())
            inners = [order[: cuts[0]][:2], order[cuts[0] : cuts[1]][:3], order[cuts[1] :][:2]]
            chosen = {"none": [("working", inners[1])], "split": [("share", inner) for inner in inners]}
            chosen["1+1"] = [("working", inners[0]), ("protection", inners[1])]
            rate = float(rng.integers(1, 9))
            rows += [(f"d{number}", ("s", *inner, "t"), rate, role, part) for role, inner in chosen[kind]]
    return pd.DataFrame(rows, columns=["demand_id", "nodes", "rate_bps", "role", "set"])


def carrying(routes):
    """By demand, the inner nodes of the routes of each set that carry key."""
    demands = {}
    for (demand, number), used in routes[routes["role"] != "protection"].groupby(["demand_id", "set"]):
        demands.setdefault(demand, {})[number] = [set(nodes[1:-1]) for nodes in used["nodes"]]
    return {demand: list(sets.values()) for demand, sets in demands.items()}


def fewest(enough):
    """The size of the smallest set of nodes that is enough."""
    for size in range(7):
        if any(enough(set(held)) for held in itertools.combinations("abcdef", size)):
            return size
    return None


def test_keys_of_protected_and_split_demands_against_brute_force():
    rng = np.random.default_rng(31)
    for _ in range(150):
        routes = random_routes(rng)
        demands = pd.DataFrame({"demand_id": sorted(set(routes["demand_id"])), "node_a": "s", "node_b": "t"})
        known = carrying(routes)
        for row in key_trust(demands, routes).to_dict("records"):
            sets = known[row["demand_id"]]
            learnt = {
                "any": fewest(lambda held, sets=sets: any(all(held & inner for inner in one) for one in sets)),
                "all": fewest(lambda held, sets=sets: all(all(held & inner for inner in one) for one in sets)),
            }
            for which, least in learnt.items():
                found, nodes = row[f"nodes_to_learn_{which}"], set(row[f"{which}_nodes"])
                assert (None if pd.isna(found) else found) == least
                assert len(nodes) == (least or 0)
                if least is not None:
                    combine = any if which == "any" else all
                    assert combine(all(nodes & inner for inner in one) for one in sets)
            own = routes[routes["demand_id"] == row["demand_id"]]
            reserve = {node for nodes in own.loc[own["role"] == "protection", "nodes"] for node in nodes[1:-1]}
            assert set(row["seen_by"]) == set().union(*(inner for one in sets for inner in one))
            assert set(row["seen_after_failure"]) == reserve - set(row["seen_by"])


def test_keys_of_the_whole_plan_against_brute_force():
    rng = np.random.default_rng(32)
    for _ in range(80):
        routes = random_routes(rng)
        known = carrying(routes)
        found = plan_trust(routes)
        learnable = {demand: [one for one in sets if all(one)] for demand, sets in known.items()}
        each = fewest(
            lambda held, sets=learnable: all(
                any(all(held & inner for inner in one) for one in choices) for choices in sets.values() if choices
            )
        )
        every = fewest(
            lambda held, sets=learnable: all(held & inner for some in sets.values() for one in some for inner in one)
        )
        assert (len(found.a_key_of_each.nodes), found.a_key_of_each.bound) == (each, each)
        assert (len(found.all_keys.nodes), found.all_keys.bound) == (every, every)
        assert found.a_key_of_each.reached == sum(1 for sets in learnable.values() if sets)
        assert found.a_key_of_each.reached + found.a_key_of_each.beyond == len(known)
        assert found.all_keys.reached == sum(map(len, learnable.values()))
        assert found == plan_trust(routes.sample(frac=1, random_state=1))


def test_nodes_see_shares_and_would_see_more_after_failures():
    rows = [
        ("whole", ("s", "a", "t"), 5.0, "working", 1),
        ("whole", ("s", "b", "t"), 5.0, "protection", 1),
        ("split", ("s", "a", "t"), 2.0, "share", 1),
        ("split", ("s", "c", "t"), 2.0, "share", 1),
    ]
    routes = pd.DataFrame(rows, columns=["demand_id", "nodes", "rate_bps", "role", "set"])
    network = plain_network([("sa", "s", "a", 1), ("at", "a", "t", 1), ("sb", "s", "b", 1), ("sc", "s", "c", 1)])
    exposure = node_exposure(network, routes=routes).set_index("node_id")
    assert exposure.index.tolist() == ["a", "c", "b"]
    assert exposure["key_rate_seen_bps"].tolist() == [5, 0, 0]
    assert exposure["split_rate_seen_bps"].tolist() == [2, 2, 0]
    assert exposure["key_rate_after_failure_bps"].tolist() == [0, 0, 5]
    assert exposure["demands_seen"].tolist() == [2, 1, 0]
    assert exposure["demands_held"].tolist() == [1, 0, 0]
    assert exposure["share_of_served"].tolist() == pytest.approx([5 / 7, 0, 0])


def two_way_plan():
    """100 bit/s over m, 50 bit/s over x and y, and 10 bit/s of a second demand without a node between."""
    links = [
        ("am", "a", "m", 100),
        ("mb", "m", "b", 100),
        ("ax", "a", "x", 50),
        ("xy", "x", "y", 60),
        ("yb", "y", "b", 50),
    ]
    return planner.make_plan(plain_network(links, [("far", "a", "b", 150), ("near", "x", "y", 10)]))


def test_any_key_is_cheaper_than_all_keys():
    trust = two_way_plan().trust.set_index("demand_id")
    assert trust.loc["far", "seen_by"] == ("m", "x", "y")
    assert trust.loc["far", ["routes", "nodes_to_learn_any", "any_nodes", "nodes_to_learn_all"]].tolist() == [
        2,
        1,
        ("m",),
        2,
    ]
    assert trust.loc["far", "all_nodes"] == ("m", "x")
    assert trust.loc["near", "seen_by"] == ()
    assert pd.isna(trust.loc["near", "nodes_to_learn_any"])
    assert pd.isna(trust.loc["near", "nodes_to_learn_all"])


def test_exposure_ranks_nodes_by_what_passes_through_them():
    exposure = two_way_plan().exposure
    assert exposure["node_id"].tolist() == ["m", "x", "y"]
    assert exposure["key_rate_seen_bps"].tolist() == pytest.approx([100, 50, 50])
    assert exposure["key_seen_bits_per_day"].tolist() == pytest.approx([8.64e6, 4.32e6, 4.32e6])
    assert exposure["share_of_served"].tolist() == pytest.approx([100 / 160, 50 / 160, 50 / 160])
    assert exposure["demand_ids"].tolist() == [("far",)] * 3
    assert exposure["demands_held"].tolist() == [0, 0, 0]


def test_a_direct_link_beside_a_relay_hides_some_keys_from_every_node():
    plan = planner.make_plan(
        plain_network([("am", "a", "m", 1), ("mb", "m", "b", 1), ("ab", "a", "b", 1)], [("d", "a", "b", 2)])
    )
    row = plan.trust.iloc[0]
    assert (row["nodes_to_learn_any"], row["any_nodes"]) == (1, ("m",))
    assert pd.isna(row["nodes_to_learn_all"])
    assert row["all_nodes"] == ()


def test_random_plans_against_brute_force():
    rng = np.random.default_rng(20)
    compared = 0
    while compared < 60:
        network = random_network(rng, most_nodes=9, connected=True)
        if network.demands.empty:
            continue
        plan = planner.make_plan(network)
        for row in plan.trust.to_dict("records"):
            routes = plan.routes[plan.routes["demand_id"] == row["demand_id"]]
            inner = [set(nodes[1:-1]) for nodes in routes["nodes"]]
            assert set(row["seen_by"]) == set().union(*inner)
            least = brute_hit(inner) if inner else None
            assert (None if pd.isna(row["nodes_to_learn_all"]) else row["nodes_to_learn_all"]) == least
            held = set(row["all_nodes"])
            assert least is None or all(held & one for one in inner)
        through = plan.exposure.set_index("node_id")["key_rate_seen_bps"]
        hops = ((plan.routes["hops"] - 1) * plan.routes["rate_bps"]).sum()
        assert through.sum() == pytest.approx(hops)
        assert through.is_monotonic_decreasing
        compared += 1


def test_nothing_served_is_nothing_seen():
    plan = planner.make_plan(plain_network([("ab", "a", "b", 0)], [("d", "a", "b", 1)]))
    assert plan.exposure.empty
    assert plan.trust["routes"].tolist() == [0]
    assert "No key is passed on" in report_html(plan)
    assert node_exposure(plan.network, routes=plan.routes).dtypes["key_rate_seen_bps"] == "float64"
    assert key_trust(plan.demands, plan.routes).dtypes["nodes_to_learn_all"] == "Int64"


def test_tables_and_report_show_trust():
    plan = two_way_plan()
    tables = plan_tables(plan)
    assert tables["trust"]["seen_by"].tolist() == ["m;x;y", ""]
    assert tables["exposure"]["demand_ids"].tolist() == ["far"] * 3
    page = report_html(plan)
    assert "Most key passes through m: 100 bit/s, 62.5 % of all that is served, of 1 demand." in page
    assert "What it takes to learn the keys of a demand" in page
    assert "To learn a key of the one demand whose keys nodes inside can learn, one node must be compromised" in page
    assert "To learn every key that nodes inside can learn, at least 2 nodes must be compromised" in page


def test_exposure_probability_of_a_split_key():
    assert exposure_probability(0.0, trusted_nodes_per_route=[2]) == 0
    assert exposure_probability(0.1, trusted_nodes_per_route=[1, 1]) == pytest.approx(0.01)
