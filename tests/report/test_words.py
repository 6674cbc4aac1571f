"""Numbers and sentences as people read them."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.network import build_network
from planner.plan import make_plan
from planner.report.answer import proof, summary
from planner.report.words import count, fold, listing, quantity, route_title, tick_label
from tests.report.map_networks import chain_network, link_row, node_row
from tests.report.plans import SPANS, strained_plan, trunk_network, trunk_plan


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "bit/s", "0 bit/s"),
        (20345, "bit/s", "20.3 kbit/s"),
        (999.7, "bit/s", "1.00 kbit/s"),
        (9.996, "bit/s", "10.0 bit/s"),
        (0.012, "bit/s", "0.0120 bit/s"),
        (6.25e8, "1/s", "625 M/s"),
        (2032, "km", "2,032 km"),
        (99.96, "km", "100 km"),
        (65.54, "km", "65.5 km"),
        (14.23, "dB", "14.2 dB"),
        (0.872, "%", "87.2 %"),
        (0.99999, "%", "> 99.9 %"),
        (1, "%", "100 %"),
        (1 + 1e-9, "%", "100 %"),
        (1.00001, "%", "> 100 %"),
        (1e-4, "%", "< 0.1 %"),
        (500_000, "subscribers", "500,000 subscribers"),
        (0.21, "dB/km", "0.21 dB/km"),
        (math.nan, "km", "–"),
        (None, "dB", "–"),
        (math.inf, "dB", "∞"),
    ],
)
def test_a_quantity_reads_well(value, unit, text):
    assert quantity(value, unit) == text


@given(st.floats(min_value=1e-3, max_value=1e15))
def test_a_rate_is_written_to_three_digits(rate_bps):
    number, unit = quantity(rate_bps, "bit/s").split()
    scale = {"bit/s": 1, "kbit/s": 1e3, "Mbit/s": 1e6, "Gbit/s": 1e9, "Tbit/s": 1e12}[unit]
    assert float(number.replace(",", "")) * scale == pytest.approx(rate_bps, rel=5.001e-3)


@given(st.floats(min_value=1e-3, max_value=1e6))
def test_a_growth_factor_never_promises_too_much(factor):
    shown = float(fold(factor).replace(",", ""))
    assert shown <= factor * (1 + 1e-8)
    assert shown == pytest.approx(factor, rel=0.011)


def test_counts_lists_and_ticks():
    assert [count(1, "demand"), count(1200, "demand")] == ["1 demand", "1,200 demands"]
    assert listing(["A"]) == "A"
    assert listing(["A", "B", "C"]) == "A, B and C"
    assert listing(list("ABCDEFG")) == "A, B, C, D and 3 more"
    assert [tick_label(20_000, "bit/s"), tick_label(0, "dB"), tick_label(2.5, "dB")] == ["20 kbit/s", "0", "2.5 dB"]


def test_a_plan_that_serves_all_says_so_first():
    first, *others = summary(trunk_plan())
    assert first == (
        f"All 2 demands are served in full; every one of them could grow {fold(trunk_plan().growth.factor)}-fold "
        "before the first link is full."
    )
    assert others[0] == trunk_plan().bottlenecks["sentence"][0]
    assert "Station s29–Station s30" in others[0]
    assert f"36 trusted nodes, {SPANS + 4} links" in others[-2]
    assert "figures are assumed" in others[-1]


def test_what_is_served_in_part_is_named_with_its_share():
    sentences = summary(strained_plan())
    assert sentences[0] == "1 of 2 demands is served in full and 1 in part."
    served = strained_plan().demands.set_index("demand_id").loc["through"]
    share = quantity(served["served_fraction"], "%")
    assert sentences[1] == f"Served in part: Station s00–Station s31 (through): {share} of 30.0 kbit/s."
    assert sentences[2].startswith("All at once, every demand could have ")


def test_what_is_not_served_is_named():
    network = chain_network()
    lone = node_row("lone", "Lone", lat_deg=30.0, lon_deg=100.0)
    demand = {"demand_id": "far", "node_a": "beijing", "node_b": "lone", "rate_bps": 7.0, "basis": "assumed"}
    nodes = pd.concat([network.nodes, pd.DataFrame([lone])], ignore_index=True)
    demands = pd.concat([network.demands, pd.DataFrame([demand])], ignore_index=True)
    nodes[["name_local", "source", "city"]] = (
        nodes[["name_local", "source", "city"]]
        .astype(object)
        .where(nodes[["name_local", "source", "city"]].notna(), None)
    )
    demands = demands.fillna({"priority": 1.0, "protection": "none"})
    demands[["service", "source"]] = None
    plan = make_plan(network.replace(nodes=nodes, demands=demands))
    sentences = summary(plan)
    assert "1 not at all" in sentences[0]
    assert "Not served: Beijing–Lone (far): asks for 7.00 bit/s." in sentences
    assert any("there is no factor" in sentence for sentence in sentences)
    assert "no route that carries key" in proof(plan)[0]


def test_nothing_requested():
    network = trunk_network()
    plan = make_plan(network.replace(demands=network.demands.assign(rate_bps=0.0)))
    assert summary(plan)[0] == "No demand asks for key: every requested rate is 0."
    assert "no factor" in proof(plan)[0]


def test_the_proof_tells_the_bound_and_how_to_check_it():
    text = " ".join(proof(trunk_plan()))
    assert f"{trunk_plan().growth.bound:.9g}" in text
    assert "planner verify" in text
    assert "shortest paths" in text


def test_parallel_links_are_told_apart_by_their_ids():
    titles = chain_network().link_titles
    assert titles["bank-shanghai"] == "Bank–Shanghai (bank-shanghai)"
    assert titles["jinan-xuzhou"] == "Jinan–Xuzhou"


def test_a_long_route_is_told_by_its_ends():
    network = build_network(nodes=[node_row(f"n{i}", f"N{i}", lat_deg=1, lon_deg=1) for i in range(9)], links=[])
    assert route_title(network, ["n0", "n1", "n2"]) == "N0 → N1 → N2"
    assert route_title(network, [f"n{i}" for i in range(9)]) == "N0 → N1 → … 5 nodes … → N7 → N8"


def test_one_demand_is_the_only_one():
    network = build_network(
        nodes=[node_row("a", "A", lat_deg=1, lon_deg=1), node_row("b", "B", lat_deg=1, lon_deg=2)],
        links=[link_row("a", "b", key_rate_bps=100.0)],
        demands=[{"demand_id": "d", "node_a": "a", "node_b": "b", "rate_bps": 100.0}],
    )
    assert summary(make_plan(network))[0] == (
        "The only demand is served in full; there is no room for growth, a link is full."
    )


def test_links_of_a_satellite_are_no_fibre():
    network = build_network(
        nodes=[
            node_row(name, name.upper(), kind=kind, lat_deg=30, lon_deg=110)
            for name, kind in (("a", "trusted"), ("b", "trusted"), ("s", "satellite"))
        ],
        links=[
            link_row("a", "b", length_km=40.0, key_rate_bps=10.0),
            link_row("a", "s", length_km=900.0, key_rate_bps=1.0, loss_db=34.0),
        ],
        demands=[{"demand_id": "d", "node_a": "a", "node_b": "s", "rate_bps": 1.0}],
    )
    plan = make_plan(network)
    assert any("3 trusted nodes, 1 link, 40.0 km of fibre and 1 satellite link." in line for line in summary(plan))
    sky_alone = make_plan(network.replace(links=network.links.iloc[1:].reset_index(drop=True)))
    assert any("3 trusted nodes and 1 satellite link." in line for line in summary(sky_alone))
