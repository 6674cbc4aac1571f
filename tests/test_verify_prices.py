"""The cheapest sets of routes that verification finds, their number and the least cuts, against trying them all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planner.budget import link_budget
from planner.demand import demand_rates
from planner.network import build_network
from planner.verify.ground import Ground
from planner.verify.integer import least_cut
from planner.verify.prices import PriceList, Resource, resource_of
from tests.networks import demand_row, link_row, node_row, plain_network
from tests.test_verify_protection import odd_network
from tests.verify_by_hand import Facts


def ground_of(network: Any) -> Ground:
    return Ground.of(network, budget=link_budget(network), demands=demand_rates(network))


def priced(rng: np.random.Generator, names: list[str], spread: float) -> dict[str, float]:
    """Prices of some things, the others free."""
    return {name: float(10 ** rng.uniform(-spread, spread)) for name in names if rng.random() < 0.5}


def by_hand(facts: Facts, prices: dict[str, float], resource_prices: dict[str, float]) -> dict[str, float]:
    """The price of the cheapest set of each demand, by pricing them all."""
    worth = {f"link:{link}": price * facts.rate[link] for link, price in prices.items()} | resource_prices
    least: dict[str, float] = {}
    for column in facts.columns():
        cost = sum(worth.get(name, 0.0) * share for name, share in facts.uses(column).items())
        least[column.demand] = min(cost, least.get(column.demand, np.inf))
    return least


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("spread", [0.5, 5.0])
def test_the_cheapest_sets_are_found(shared, spread):
    loose = tried = 0
    for seed in range(25):
        network = odd_network(seed + 5000)
        facts, ground = Facts(network, shared=shared), ground_of(network)
        rng = np.random.default_rng(seed)
        prices = priced(rng, list(facts.rate), spread)
        plain = [f"module_group:{group}" for group in ground.groups] + [f"node:{node}" for node in facts.limit]
        held = [
            f"{what}|{failure}" for what in (*plain, *(f"link:{x}" for x in facts.rate)) for failure in facts.failures
        ]
        chosen = [name for name in held if rng.random() < 0.02]
        others = priced(rng, [*plain, *chosen], spread)
        right = by_hand(facts, prices, others)
        found = PriceList(prices, others, ground=ground, shared=shared).cheapest()
        assert set(right) == set(ground.active)
        assert all(found[key] <= right[key] * (1 + 1e-9) for key in right), seed
        loose += found.loose
        found.tighten()
        assert not found.loose
        assert {key: found[key] for key in right} == pytest.approx(right, rel=1e-7), seed
        tried += len(right)
    assert tried > 40
    assert loose >= 1


def test_the_strongest_protection_and_the_least_cut_are_found():
    short = 0
    for seed in range(25):
        network = odd_network(seed + 6000)
        facts, ground = Facts(network), ground_of(network)
        assert {key: given.protection for key, given in ground.given.items()} == facts.given
        assert list(ground.without_port) == facts.without_port
        for key in facts.active:
            cut = facts.least_cut(key)
            assert least_cut(ground, ground.wishes[key].pair) == sum(map(len, cut.values()))
            short += facts.given[key] != facts.asked[key].protection
    assert short > 10


def test_more_disjoint_routes_than_shortest_paths_show():
    """The cheapest route crosses from one disjoint route to the other; a set of two takes it back."""
    network = plain_network(
        [
            ("ab", "a", "b", 9.0),
            ("bc", "b", "c", 9.0),
            ("cd", "c", "d", 9.0),
            ("ac", "a", "c", 9.0),
            ("bd", "b", "d", 9.0),
        ],
        [("one", "a", "d", 1.0)],
    )
    network = network.replace(demands=network.demands.assign(protection="split-2"))
    prices = {"ab": 1.0, "bc": 0.0, "cd": 1.0, "ac": 5.0, "bd": 7.0}
    found = PriceList(prices, {}, ground=ground_of(network), shared=False).cheapest()
    assert found["one"] == 14.0
    assert not found.loose


def test_parallel_direct_links_are_routes_of_their_own():
    network = plain_network(
        [
            ("L1", "a", "b", 9.0),
            ("L2", "b", "a", 9.0),
            ("L3", "a", "b", 0.0),
            ("ac", "a", "c", 9.0),
            ("cb", "c", "b", 9.0),
        ],
        [("one", "b", "a", 1.0)],
    )
    network = network.replace(demands=network.demands.assign(protection="split-9"))
    ground = ground_of(network)
    assert ground.given["one"].protection == "split-3"
    prices = {"L1": 1.0, "L2": 2.0, "L3": 0.0, "ac": 4.0, "cb": 8.0}
    assert PriceList(prices, {}, ground=ground, shared=False).cheapest()["one"] == 15.0


def test_names_of_resources_are_read_even_where_ids_hold_bars():
    nodes = [node_row("a"), node_row("b", relay_limit_bps=5.0)]
    links = [
        link_row("x|link:y", "a", "b", 5.0, module_group="g|node:a"),
        link_row("y", "a", "b", 5.0, risk_groups="r|s"),
    ]
    network = build_network(nodes=nodes, links=links, demands=[demand_row("one", "a", "b", 1.0)])
    ground = ground_of(network)

    def read(name: str, *, shared: bool = True) -> Resource | None:
        return resource_of(name, ground=ground, shared=shared)

    assert read("module_group:g|node:a") == Resource("module_group:", "g|node:a")
    assert read("module_group:g|node:a|node:b") == Resource("module_group:", "g|node:a", "node:b")
    assert read("link:x|link:y|risk_group:r|s") == Resource("link:", "x|link:y", "risk_group:r|s")
    assert read("node:b|link:x|link:y") == Resource("node:", "b", "link:x|link:y")
    assert read("node:b") == Resource("node:", "b")
    for name in ("link:y", "node:a", "link:y|link:z", "node:b|risk_group:r", "module_group:g", "y", ""):
        assert read(name) is None, name
    assert read("node:b|link:y", shared=False) is None
