"""What limits a plan, read from prices made by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from planner.allocation import Growth, Level, Total
from planner.bottlenecks import find_bottlenecks
from planner.network import build_network
from tests.networks import demand_row, link_row, node_row

ROUTES = [
    ("one", ("a", "b", "c"), ("ab", "bc"), 5.0, "working", 1),
    ("one", ("a", "d", "c"), ("ad", "dc|ab"), 5.0, "protection", 1),
    ("two", ("a", "d", "c"), ("ad", "dc|ab"), 2.0, "working", 1),
]
COLUMNS = ["demand_id", "nodes", "links", "rate_bps", "role", "set"]


@pytest.fixture
def network():
    risks = {"ab": "duct|link:ad", "ad": None, "bc": None, "dc|ab": None}
    return build_network(
        nodes=[node_row(name, name=name.upper()) for name in "abcd"],
        links=[
            link_row(name, name[0], name[1], 10.0, risk_groups=risk, module_group="g" if name == "ad" else None)
            for name, risk in risks.items()
        ],
        demands=[demand_row("one", "a", "c", 5.0), demand_row("two", "a", "c", 2.0)],
    )


def found(network, *, growth=None, levels=(), total=None):
    prices, resources = growth or ({}, {})
    return find_bottlenecks(
        network,
        budget=network.links,
        demands=network.demands.assign(requested_bps=network.demands["rate_bps"], served_fraction=[1.0, 0.25]),
        routes=pd.DataFrame(ROUTES, columns=COLUMNS),
        growth=Growth(1.0, 1.0, 0.0, prices, resources, pd.DataFrame(ROUTES, columns=COLUMNS)),
        levels=levels,
        total=total,
    )


def test_links_groups_and_nodes_are_named_by_weight(network):
    table = found(network, growth=({"ab": 0.01, "bc": 0.0}, {"module_group:g": 0.4, "node:d": 0.5}))
    assert table["price_share"].tolist() == pytest.approx([0.5, 0.4, 0.1])
    assert table["node_id"].tolist() == ["d", None, None]
    assert table["module_group"].tolist() == [None, "g", None]
    assert table["link_id"].tolist() == [None, None, "ab"]
    assert table["sentence"].tolist() == [
        "Node D, by its relay limit, limits 2 of 2 demands.",
        "Module group g, whose modules are shared in time, limits 2 of 2 demands.",
        "A–B limits 1 of 2 demands.",
    ]


def test_what_holds_in_a_failure_counts_whom_it_calls(network):
    """In a failure that hits no working route of a protected demand, its protection route is not in use."""
    names = ["link:ad|link:ab", "node:d|risk_group:duct|link:ad", "link:ad|node:d", "module_group:g|node:b"]
    table = found(network, growth=({}, dict(zip(names, (0.4, 0.3, 0.2, 0.1), strict=True))))
    assert table["failure"].tolist() == ["link:ab", "risk_group:duct|link:ad", "node:d", "node:b"]
    assert table["demands_limited"].tolist() == [2, 2, 1, 2]
    assert table["sentence"].tolist() == [
        "When link A–B fails, A–D limits 2 of 2 demands.",
        "When risk group duct|link:ad fails, node D, by its relay limit, limits 2 of 2 demands.",
        "When node D fails, A–D limits 1 of 2 demands.",
        "When node B fails, module group g, whose modules are shared in time, limits 2 of 2 demands.",
    ]


def test_a_bar_in_an_id_is_no_failure(network):
    table = found(network, growth=({"dc|ab": 0.1}, {"link:dc|ab|node:b": 1.0}))
    assert table["link_id"].tolist() == ["dc|ab", "dc|ab"]
    assert set(table["failure"]) == {None, "node:b"}


def test_service_and_total_have_sentences_of_their_own(network):
    level = Level(0.25, ("two",), served_in_full=False, prices={"ad": 0.1}, resource_prices={})
    total = Total(7.0, 7.0, 0.0, prices={"ab": 0.1}, resource_prices={})
    table = found(network, levels=[level], total=total)
    assert table["limits"].tolist() == ["service", "total"]
    assert table["sentence"].tolist() == [
        "A–D holds 1 demand to 25 % of what it asks.",
        "A–B limits the key that can be served in all.",
    ]
    assert table["demands_limited"].tolist() == [1, 1]
