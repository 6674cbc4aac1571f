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
from planner.trust import exposure_probability, key_trust, least_hitting_set, node_exposure
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


def test_exposure_probability_of_a_split_key():
    assert exposure_probability(0.0, trusted_nodes_per_route=[2]) == 0
    assert exposure_probability(0.1, trusted_nodes_per_route=[1, 1]) == pytest.approx(0.01)
