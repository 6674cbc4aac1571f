"""Protection, node limits, user ports, shared protection and the most key served, against brute force."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import planner.allocation.program
import planner.routing.enumerate
from planner.allocation import Allocation, allocate
from planner.network import build_network
from planner.routing import Topology
from planner.routing.disjoint import DisjointRoutes
from tests.brute_force import BruteForce, cut_separates, protected_network
from tests.networks import demand_row, link_row, node_row, rate_budget, rate_demands, renamed, shuffled

if TYPE_CHECKING:
    import pandas as pd

    from planner.network import Network

ROLES = {"none": ["working"], "1+1": ["working", "protection"]}


def allocated(network: Network, **how: Any) -> Allocation:
    return allocate(network, budget=rate_budget(network), demands=rate_demands(network), **how)


def close(expected: float, *, rel: float = 1e-6) -> Any:
    return pytest.approx(expected, rel=rel, abs=1e-8)


# ---------------------------------------------------------------- what every answer keeps


def check_routes(brute: BruteForce, routes: pd.DataFrame, given_: dict[str, str]) -> dict[str, float]:
    """Sets are whole, disjoint and fit into every resource in every failure; gives what each demand is served."""
    served: dict[str, float] = {}
    loads: dict[tuple[Any, ...], float] = {}
    permitted = {row["demand_id"]: set(brute.routes(row["node_a"], row["node_b"])) for row in brute.demands}
    for (demand, number), rows in routes.groupby(["demand_id", "set"]):
        roles = ROLES.get(given_[demand]) or ["share"] * int(given_[demand][-1])
        assert list(rows["role"]) == roles
        assert len(set(rows["rate_bps"])) == 1
        assert rows["rate_bps"].iloc[0] > 0
        assert number <= (routes["demand_id"] == demand).sum()
        steps = tuple(zip(rows["nodes"], rows["links"], strict=True))
        assert set(steps) <= permitted[demand]
        for one, other in itertools.combinations(steps, 2):
            assert not brute.hits(one) & brute.hits(other)
        rate = rows["rate_bps"].iloc[0]
        served[demand] = served.get(demand, 0.0) + rate
        for key, amount in brute.set_spends(given_[demand], steps).items():
            loads[key] = loads.get(key, 0.0) + amount * rate
    assert all(load <= 1 + 1e-12 for load in loads.values())
    return served


def check_reserved(brute: BruteForce, allocation: Allocation) -> None:
    """What links hold for protection: all of it, or where it is shared, the most that one failure calls for."""
    called: dict[str, dict[Any, float]] = {link: {} for link in brute.links}
    for _, rows in allocation.routes.groupby(["demand_id", "set"]):
        steps = dict(zip(rows["role"], zip(rows["nodes"], rows["links"], strict=True), strict=True))
        if "protection" in steps:
            for link in steps["protection"][1]:
                for failure in brute.hits(steps["working"]) if brute.shared else ["any"]:
                    called[link][failure] = called[link].get(failure, 0.0) + rows["rate_bps"].iloc[0]
    assert allocation.reserved_bps == {link: close(max(loads.values(), default=0.0)) for link, loads in called.items()}


def check_proofs(brute: BruteForce, allocation: Allocation) -> None:
    growth, total = allocation.growth, allocation.total
    names = [row["demand_id"] for row in brute.demands]
    if growth.factor:
        cheapest = brute.cheapest(growth.prices, growth.resource_prices)
        assert brute.asked @ cheapest == pytest.approx(1.0, rel=1e-9)
        assert brute.worth(growth.prices, growth.resource_prices) == pytest.approx(growth.bound, rel=1e-9)
        assert growth.gap <= 1e-8
        served = check_routes(brute, growth.routes, allocation.protection_given)
        for name, asked in zip(names, brute.asked, strict=True):
            assert served[name] == pytest.approx(growth.factor * asked, rel=1e-12)
    if total is not None and brute.demands:
        cheapest = brute.cheapest(total.prices, total.resource_prices)
        left = math.fsum(brute.asked * np.maximum(0.0, 1.0 - cheapest))
        assert brute.worth(total.prices, total.resource_prices) + left == pytest.approx(total.bound, rel=1e-9)
        assert 0 <= total.gap <= 1e-7
        assert total.served_bps == pytest.approx(math.fsum(allocation.served_bps.values()), rel=1e-12)
    priorities = {row["demand_id"]: row["priority"] for row in brute.demands}
    fractions: dict[str, float] = {}
    for level in allocation.levels:
        if not level.served_in_full:
            each = brute.asked * brute.cheapest(level.prices, level.resource_prices)
            cost = dict(zip(names, each.tolist(), strict=True))
            spent = math.fsum(fractions.get(name, level.level * priorities[name]) * cost[name] for name in names)
            assert brute.worth(level.prices, level.resource_prices) == pytest.approx(spent, rel=1e-7)
            assert min(cost[name] for name in level.demands) > 0
        fractions |= {name: min(1.0, level.level * priorities[name]) for name in level.demands}
    assert set(fractions) == (set(names) if total is None else set())


def check_shortfalls(brute: BruteForce, allocation: Allocation) -> None:
    demands = {row["demand_id"]: row for row in brute.demands}
    short = {
        name: row["protection"] for name, row in demands.items() if (row["protection"] or "none") != brute.given[name]
    }
    assert {shortfall.demand_id: shortfall.asked for shortfall in allocation.shortfalls} == short
    for shortfall in allocation.shortfalls:
        row, cut = demands[shortfall.demand_id], shortfall.cut
        assert shortfall.given == brute.given[shortfall.demand_id]
        assert shortfall.routes == brute.most_routes[shortfall.demand_id]
        assert cut_separates(
            brute, row["node_a"], row["node_b"], nodes=cut.nodes, links=cut.links, risk_groups=cut.risk_groups
        )
        size = len(cut.nodes) + len(cut.links) + len(cut.risk_groups)
        # Routes may be fewer than the parts of any cut, but only where risk groups entangle them.
        assert size >= shortfall.routes
        assert size == shortfall.routes or any(row["risk_groups"] for row in brute.links.values())


def check(network: Network, *, shared: bool = False, objective: Any = "fair") -> Allocation:
    brute = BruteForce(network, shared=shared, objective=objective)
    allocation = allocated(network, shared=shared, objective=objective)
    assert list(allocation.unreachable) == sorted(brute.unreachable)
    assert list(allocation.without_port) == brute.without_port
    assert allocation.protection_given == brute.given
    expected = brute.growth()
    assert allocation.growth.factor == (None if expected is None else close(expected))
    served = brute.served()
    # The slack that the total needs may buy brute force a ten-millionth for who should have nothing.
    assert allocation.served_bps == pytest.approx(served, rel=1e-6, abs=1e-6 if objective == "total" else 1e-8)
    if objective == "total":
        assert allocation.total is not None
        assert allocation.total.served_bps == close(brute.total())
    reached = check_routes(brute, allocation.routes, allocation.protection_given)
    assert {name: rate for name, rate in allocation.served_bps.items() if rate > 0} == pytest.approx(reached)
    check_reserved(brute, allocation)
    check_proofs(brute, allocation)
    check_shortfalls(brute, allocation)
    return allocation


@pytest.mark.parametrize("objective", ["fair", "total"])
@pytest.mark.parametrize("seed", range(2))
def test_protection_and_node_limits_equal_brute_force(seed, objective):
    rng = np.random.default_rng([seed, 11])
    for number in range(15):
        check(protected_network(rng, nodes=3 + (seed + number) % 5), objective=objective)


@pytest.mark.parametrize("objective", ["fair", "total"])
@pytest.mark.parametrize("seed", range(2))
def test_shared_protection_equals_brute_force(seed, objective):
    rng = np.random.default_rng([seed, 12])
    for number in range(10):
        kinds = ("1+1",) if number % 2 else ("1+1", "1+1", "none", "split-2")
        check(protected_network(rng, nodes=3 + number % 5, protections=kinds), shared=True, objective=objective)


@pytest.mark.parametrize("shared", [False, True])
def test_the_integer_programs_answer_the_same(monkeypatch, shared):
    monkeypatch.setattr(planner.routing.enumerate, "_MOST_STEPS", 2)
    rng = np.random.default_rng(13)
    for _ in range(10):
        check(protected_network(rng, nodes=5, risks=0.5), shared=shared)


@pytest.mark.parametrize("seed", range(2))
def test_the_reduced_program_answers_the_same(monkeypatch, seed):
    monkeypatch.setattr(planner.allocation.program, "_MANY_ROWS", 0)
    rng = np.random.default_rng([seed, 16])
    for number in range(15):
        check(protected_network(rng, nodes=3 + number % 5))


def test_a_mesh_of_nine_nodes_equals_brute_force():
    rng = np.random.default_rng(14)
    for _ in range(3):
        check(protected_network(rng, nodes=9, more_links=7, demands=5, risks=0.2))


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), shared=st.booleans(), objective=st.sampled_from(["fair", "total"]))
def test_neither_the_order_of_rows_nor_names_matter(seed, shared, objective):
    rng = np.random.default_rng([seed, 15])
    network = protected_network(rng, nodes=6)
    ports = [int(rng.integers(0, 4)) if rng.random() < 0.3 else None for _ in range(len(network.nodes))]
    network = network.replace(nodes=network.nodes.assign(user_ports=np.array(ports, dtype=object)).astype(
        {"user_ports": "Int64"}))  # fmt: skip
    first = allocated(network, shared=shared, objective=objective)
    again = allocated(shuffled(network, rng), shared=shared, objective=objective)
    assert again.served_bps == first.served_bps
    assert again.routes.equals(first.routes)
    assert (again.growth.factor, again.growth.prices) == (first.growth.factor, first.growth.prices)
    other = allocated(renamed(network, rng), shared=shared, objective=objective)
    assert other.served_bps == pytest.approx(first.served_bps, rel=1e-6, abs=1e-7)
    assert other.growth.factor == pytest.approx(first.growth.factor, rel=1e-8)
    assert (other.protection_given, other.without_port) == (first.protection_given, first.without_port)


# ---------------------------------------------------------------- small networks that a person can check


def network_of(links: str, demands: list[tuple[Any, ...]], **nodes: dict[str, Any]) -> Network:
    """Links as ``"a-b:5 b-c:3/duct"`` (ends, rate, risk groups); demands as (ends, rate, protection[, priority])."""
    rows = []
    for number, text in enumerate(links.split()):
        ends, _, more = text.partition(":")
        rate, _, risks = more.partition("/")
        rows.append(link_row(f"L{number}", *ends.split("-"), float(rate), risk_groups=risks or None))
    asked = [
        demand_row(f"D{number}", *ends.split("-"), rate, protection=protection, priority=more[0] if more else 1.0)
        for number, (ends, rate, protection, *more) in enumerate(demands)
    ]
    names = {end for row in (*rows, *asked) for end in (row["node_a"], row["node_b"])} | set(nodes)
    return build_network(
        nodes=[node_row(name, **nodes.get(name, {})) for name in sorted(names)], links=rows, demands=asked
    )


SQUARE = "a-b:4 b-d:4 a-c:3 c-d:3"


def test_both_routes_of_1_plus_1_are_held():
    allocation = check(network_of(SQUARE, [("a-d", 10.0, "1+1")]))
    assert allocation.served_bps == {"D0": pytest.approx(3.0)}
    assert sorted(allocation.reserved_bps.values()) == pytest.approx([0, 0, 3, 3])
    assert allocation.growth.factor == pytest.approx(0.3)


def test_a_split_sends_the_full_rate_over_each_share():
    allocation = check(network_of(SQUARE + " a-d:2", [("a-d", 10.0, "split-3")]))
    assert allocation.served_bps == {"D0": pytest.approx(2.0)}
    assert list(allocation.routes["role"]) == ["share"] * 3
    assert not any(allocation.reserved_bps.values())


def test_backups_are_shared_where_their_working_routes_cannot_fail_together():
    users = {name: {"kind": "user"} for name in "abcd"}
    demands = [("a-b", 1.0, "1+1"), ("c-d", 1.0, "1+1")]
    network = network_of("a-b:1 c-d:1 a-x:9 c-x:9 x-y:1 y-b:9 y-d:9", demands, **users)
    assert check(network).growth.factor == pytest.approx(0.5)
    allocation = check(network, shared=True)
    assert allocation.growth.factor == pytest.approx(1.0)
    assert allocation.reserved_bps["L4"] == pytest.approx(1.0)
    one_duct = network_of("a-b:1/duct c-d:1/duct a-x:9 c-x:9 x-y:1 y-b:9 y-d:9", demands, **users)
    allocation = check(one_duct, shared=True)
    assert allocation.growth.factor == pytest.approx(0.5)
    assert sum(allocation.growth.resource_prices.values()) > 0


@pytest.mark.parametrize(
    ("links", "asked", "given_", "cut"),
    [
        ("a-b:4 b-d:4", "1+1", "none", 1),
        ("a-b:4 b-d:4", "split-3", "none", 1),
        (SQUARE, "split-3", "split-2", 2),
        (SQUARE, "split-2", "split-2", 0),
        ("a-b:4/r b-d:4 a-c:3 c-d:3/r", "1+1", "none", 1),
        ("a-d:1 a-d:1", "1+1", "1+1", 0),
        ("a-d:1 a-d:0", "1+1", "none", 1),
        ("a-b:1 a-b:1 b-d:1 b-d:1", "split-2", "none", 1),
    ],
)
def test_the_strongest_protection_there_is_is_given(links, asked, given_, cut):
    allocation = check(network_of(links, [("a-d", 1.0, asked)]))
    assert allocation.protection_given == {"D0": given_}
    parts = [
        part for short in allocation.shortfalls for part in (short.cut.nodes, short.cut.links, short.cut.risk_groups)
    ]
    assert sum(map(len, parts)) == cut
    assert allocation.served_bps["D0"] > 0


def test_a_limit_counts_what_passes_and_not_what_ends():
    network = network_of("a-b:9 b-c:9", [("a-c", 4.0, "none"), ("a-b", 4.0, "none")], b={"relay_limit_bps": 2.0})
    allocation = check(network)
    assert allocation.served_bps == pytest.approx({"D0": 2.0, "D1": 4.0})
    assert allocation.growth.factor == pytest.approx(0.5)
    assert allocation.growth.resource_prices["node:b"] > 0


def test_a_node_that_may_pass_on_nothing_is_no_relay():
    network = network_of("a-b:9 b-c:9", [("a-c", 4.0, "none"), ("a-b", 4.0, "none")])
    network = network.replace(nodes=network.nodes.assign(relay_limit_bps=0.0))
    allocation = allocated(network)
    assert allocation.unreachable == ("D0",)
    assert allocation.served_bps == {"D0": 0.0, "D1": 4.0}


def test_user_ports_go_by_priority_then_by_id():
    demands = [("a-b", 1.0, "none"), ("b-a", 1.0, "none", 2.0), ("b-c", 1.0, "none"), ("a-b", 0.0, "none", 9.0)]
    network = network_of("a-b:9 b-c:9", demands, b={"user_ports": 2}, a={"user_ports": 1})
    allocation = check(network)
    assert allocation.without_port == ("D0",)
    assert allocation.served_bps == pytest.approx({"D0": 0.0, "D1": 1.0, "D2": 1.0, "D3": 0.0})
    assert allocation.growth.factor == 0.0
    assert "D0" not in allocation.protection_given


def test_the_most_key_is_not_the_fairest():
    network = network_of("a-b:2 b-c:2", [("a-c", 2.0, "none"), ("a-b", 2.0, "none"), ("b-c", 2.0, "none")])
    assert check(network).served_bps == pytest.approx({"D0": 1.0, "D1": 1.0, "D2": 1.0})
    allocation = check(network, objective="total")
    assert allocation.served_bps == pytest.approx({"D0": 0.0, "D1": 2.0, "D2": 2.0}, abs=1e-7)
    assert allocation.levels == ()


def test_equal_totals_are_divided_fairly():
    network = network_of("a-b:3", [("a-b", 4.0, "none"), ("b-a", 2.0, "none")])
    assert check(network, objective="total").served_bps == pytest.approx({"D0": 2.0, "D1": 1.0}, rel=1e-6)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("objective", ["fair", "total"])
@pytest.mark.parametrize(
    ("links", "demands"),
    [
        ("", []),
        ("a-b:1", [("a-b", 0.0, "1+1")]),
        ("", [("a-b", 1.0, "1+1")]),
        ("a-b:0", [("a-b", 1.0, "split-2")]),
        ("a-b:1 c-d:1", [("a-c", 1.0, "1+1"), ("a-b", 1.0, "split-2")]),
    ],
)
def test_nothing_to_serve(links, demands, shared, objective):
    check(network_of(links, demands, a={}), shared=shared, objective=objective)


def test_a_cut_may_be_a_risk_group():
    network = network_of("a-b:1/r a-c:1/r b-d:1 c-d:1", [])
    topology = Topology.of(network, budget=rate_budget(network))
    routes, cut = DisjointRoutes(topology).most(0, 3, ways=2)
    assert len(routes) == 1
    assert cut is not None
    assert (cut.nodes, cut.links, cut.risk_groups) == ((), (), ("r",))
