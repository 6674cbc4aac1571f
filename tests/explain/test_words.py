"""What the terminal says about changes."""

from __future__ import annotations

import pytest

from planner.explain import explain
from planner.network import build_network
from planner.physics.module import load_module
from planner.report.actions import show_explanation
from tests.explain.test_cheapest import ONLY_PAIRS
from tests.explain.test_explain import module_link, trunk
from tests.networks import demand_row, link_row, node_row, plain_network


@pytest.fixture
def said(capsys):
    def text(network, *, demand=None, **how):
        show_explanation(explain(network, demand=demand, **how), asked=demand)
        return capsys.readouterr().out

    return text


def test_protection_that_is_missing_is_named_with_and_without_a_change(said):
    network = build_network(
        nodes=[node_row("a"), node_row("b", lon_deg=110.4)],
        links=[link_row("ab", "a", "b", 100.0, 40.0)],
        demands=[demand_row("d", "a", "b", 10.0, protection="1+1")],
    )
    text = said(network)
    assert "a–b (d) gets 10.0 bit/s of 10.0 bit/s (100 %), but without its protection 1+1." in text
    assert "each needs" in text
    assert "100 %, no 1+1" in text
    assert "Proved, but for where new links lie: no other changes would do for less." in text
    assert "A new link lies apart from all others; its length is assumed." in text


def test_two_new_links_between_the_same_nodes_share_their_other_ways(said):
    network = build_network(
        nodes=[node_row("a"), node_row("b", lon_deg=110.4)],
        links=[],
        demands=[demand_row("d", "a", "b", 10.0, protection="1+1")],
    )
    text = said(network)
    assert "No route joins the ends of a–b (d)." in text
    other = text.partition("Other ways")[2]
    assert other.count("1 pair of decoy-625mhz") == 1
    assert "1, 2  CNY" in other


def test_changes_are_numbered_and_others_named_by_the_number(said):
    text = said(trunk(90, 90, demands=[demand_row("d", "n0", "n2", 30_000)]))
    assert "2 changes together" in text
    assert "cheapest first" in text
    assert "Other ways, each in place of the change of that number" in text
    assert "Proved, new links aside: no other changes would do for less." in text


def test_one_change(said):
    text = said(trunk(50, 90, demands=[demand_row("d", "n0", "n2", 30_000)]))
    assert "1 change, CNY" in text
    assert "Would do as well in its place, cheapest first" in text


def test_many_changes_show_the_cheapest_other_way_of_each(said):
    demands = [demand_row("d", "n0", "n11", 30_000)]
    text = said(trunk(*[90] * 11, demands=demands))
    assert "the cheapest of each (11 of 22; all with --json)" in text


def test_a_change_that_others_need(said):
    network = build_network(
        nodes=[node_row("a"), node_row("b"), node_row("c")],
        links=[link_row("ab", "a", "b", 1.0), link_row("bc", "b", "c", 10.0)],
        demands=[demand_row("far", "a", "c", 4.0, priority=3), demand_row("near", "b", "c", 9.0)],
    )
    text = said(network, demand="far", costs=ONLY_PAIRS)
    assert "100 %, others less" in text
    assert "CNY 20" in text


def test_modules_of_its_own_ports_and_limits(said):
    links = [module_link("ab", "a", "b", 40, module_group="g"), module_link("bc", "b", "c", 40, module_group="g")]
    nodes = [node_row("a", user_ports=0), node_row("b", relay_limit_bps=10.0), node_row("c")]
    network = build_network(
        nodes=nodes,
        links=links,
        demands=[demand_row("d", "a", "c", 100_000.0)],
        modules={"decoy-625mhz": load_module("decoy-625mhz")},
    )
    text = said(network)
    assert "The user ports at the ends of a–c (d) are taken by others." in text
    assert "1 more user port at a" in text
    assert "a larger key manager at b, for 100 kbit/s passed on" in text
    assert "of its own for a–b, which leaves group 'g'" in text


def test_where_nothing_on_offer_helps(said):
    text = said(plain_network([("ab", "a", "b", 1.0)], [("d", "a", "b", 1e6)]), costs=ONLY_PAIRS)
    assert "Proved, new links aside: nothing of what there is a price for would be enough." in text


def test_both_demands_are_met(said):
    network = plain_network([("ab", "a", "b", 9.0)], [("d", "a", "b", 1.0), ("e", "a", "b", 1.0)])
    assert "Both demands get all they ask for." in said(network, costs=ONLY_PAIRS)
    assert "a–b (d) gets all that it asks for." in said(network, demand="d", costs=ONLY_PAIRS)
