"""Allocation against an independent linear program over edges, and its proofs against plain shortest paths."""

from __future__ import annotations

import heapq
import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from scipy.optimize import linprog

from planner.allocation import Allocation, allocate
from planner.errors import InputError
from planner.network import build_network
from planner.records import RELAY_KINDS
from tests.networks import (
    demand_row,
    link_row,
    networks,
    node_row,
    plain_network,
    random_network,
    rate_budget,
    rate_demands,
    renamed,
    shuffled,
)

if TYPE_CHECKING:
    from planner.network import Network

Row = dict[str, Any]


def allocated(network: Network) -> Allocation:
    return allocate(network, budget=rate_budget(network), demands=rate_demands(network))


def asking(network: Network) -> list[Row]:
    return [row for row in network.demands.to_dict("records") if row["rate_bps"] > 0]


# ---------------------------------------------------------------- an independent linear program over edges


class EdgeProgram:
    """Flow variables for every demand and direction of every link; written without the planner's own routines."""

    def __init__(self, network: Network, demands: list[Row]) -> None:
        self.demands = demands
        self.links = [row for row in network.links.to_dict("records") if row["key_rate_bps"] > 0]
        self.kinds = dict(zip(network.nodes["node_id"], network.nodes["kind"], strict=True))
        self.arcs = [(n, a, b) for n, row in enumerate(self.links) for a, b in self.both(row)]
        self.size = len(demands) * len(self.arcs) + 1  # the last variable is the level
        self.equal_rows, self.equal_to, self.less_rows, self.less_than = [], [], [], []
        self.limits = [(0.0, None)] * self.size
        for number, demand in enumerate(demands):
            self.conserve(number, demand)
        groups: dict[str, np.ndarray] = {}
        for n, row in enumerate(self.links):
            spent = np.zeros(self.size)
            for number in range(len(demands)):
                for arc, (link, _, _) in enumerate(self.arcs):
                    spent[number * len(self.arcs) + arc] = 1 / row["key_rate_bps"] if link == n else 0.0
            self.less(spent, 1.0)
            if isinstance(row["module_group"], str):
                groups[row["module_group"]] = groups.get(row["module_group"], 0) + spent
        for spent in groups.values():
            self.less(spent, 1.0)

    @staticmethod
    def both(row: Row) -> list[tuple[str, str]]:
        return [(row["node_a"], row["node_b"]), (row["node_b"], row["node_a"])]

    def less(self, row: np.ndarray, limit: float) -> None:
        self.less_rows.append(row)
        self.less_than.append(limit)

    def conserve(self, number: int, demand: Row) -> None:
        ends = (demand["node_a"], demand["node_b"])
        first = number * len(self.arcs)
        for arc, (_, tail, head) in enumerate(self.arcs):
            passed = {tail} - {ends[0]} | {head} - {ends[1]}
            if tail == ends[1] or head == ends[0] or any(self.kinds[node] not in RELAY_KINDS for node in passed):
                self.limits[first + arc] = (0.0, 0.0)
        for node in self.kinds:
            if node not in ends:
                row = np.zeros(self.size)
                for arc, (_, tail, head) in enumerate(self.arcs):
                    row[first + arc] = (tail == node) - (head == node)
                self.equal_rows.append(row)
                self.equal_to.append(0.0)

    def served(self, number: int) -> np.ndarray:
        row = np.zeros(self.size)
        for arc, (_, tail, _) in enumerate(self.arcs):
            row[number * len(self.arcs) + arc] = tail == self.demands[number]["node_a"]
        return row

    def largest(
        self, *, at_least: list[tuple[float, float]], raised: int | None = None, most: float | None = None
    ) -> float:
        """The largest level with demand n served ``fixed + level * weight``, or the most that one demand can have."""
        rows, limits = list(self.less_rows), list(self.less_than)
        for number, (fixed, weight) in enumerate(at_least):
            row = -self.served(number)
            row[-1] = weight
            rows.append(row)
            limits.append(-fixed)
        cost = np.zeros(self.size)
        if raised is None:
            cost[-1] = -1
        else:
            cost = -self.served(raised)
        return -self.minimum(cost, rows=rows, limits=limits, most=most)

    def least_key(self, *, at_least: list[tuple[float, float]]) -> float:
        """The least sum of rate times hops that serves every demand ``fixed``."""
        cost = np.ones(self.size)
        cost[-1] = 0
        rows = [*self.less_rows, *(-self.served(number) for number in range(len(at_least)))]
        return self.minimum(cost, rows=rows, limits=[*self.less_than, *(-fixed for fixed, _ in at_least)])

    def minimum(self, cost: np.ndarray, *, rows: list, limits: list, most: float | None = None) -> float:
        found = linprog(
            cost, A_ub=np.array(rows), b_ub=limits,
            A_eq=np.array(self.equal_rows) if self.equal_rows else None, b_eq=self.equal_to or None,
            bounds=[*self.limits[:-1], (0.0, most)], method="highs",
        )  # fmt: skip
        assert found.status == 0, found.message
        return found.fun


def edge_growth(network: Network) -> float | None:
    demands = asking(network)
    if not demands:
        return None
    return EdgeProgram(network, demands).largest(at_least=[(0.0, row["rate_bps"]) for row in demands])


def edge_fair(network: Network) -> dict[str, float]:
    """Progressive filling where a demand stops when, all others kept, it can have no more (one program each)."""
    served = {row["demand_id"]: 0.0 for row in network.demands.to_dict("records")}
    demands = asking(network)
    program = EdgeProgram(network, demands)
    fixed: dict[int, float] = {}
    while len(fixed) < len(demands):
        open_ = [number for number in range(len(demands)) if number not in fixed]
        weights = [demands[number]["priority"] * demands[number]["rate_bps"] for number in range(len(demands))]
        most = min(1 / demands[number]["priority"] for number in open_)

        def floor(level: float) -> list[tuple[float, float]]:
            return [
                (fixed[number] * (1 - 1e-9), 0.0) if number in fixed else (level * weights[number], 0.0)  # noqa: B023
                for number in range(len(demands))
            ]

        rising = [
            (fixed[number] * (1 - 1e-9), 0.0) if number in fixed else (0.0, weights[number])
            for number in range(len(demands))
        ]
        level = program.largest(at_least=rising, most=most)
        stopped = [
            number
            for number in open_
            if level * demands[number]["priority"] >= 1 - 1e-9
            or program.largest(at_least=floor(level * (1 - 1e-9)), raised=number)
            <= level * weights[number] * (1 + 1e-6)
        ]
        assert stopped
        for number in stopped:
            fixed[number] = level * weights[number]
    return served | {demands[number]["demand_id"]: rate for number, rate in fixed.items()}


# ---------------------------------------------------------------- independent checks of what is promised


def link_prices(network: Network, prices: dict[str, float], resource_prices: dict[str, float]) -> dict[str, float]:
    """What a bit/s over each link costs, its share of the module group included."""
    costs = {}
    for row in network.links.to_dict("records"):
        costs[row["link_id"]] = prices[row["link_id"]]
        if isinstance(row["module_group"], str) and row["key_rate_bps"] > 0:
            costs[row["link_id"]] += resource_prices[f"module_group:{row['module_group']}"] / row["key_rate_bps"]
    return costs


def cheapest(network: Network, costs: dict[str, float], node_a: str, node_b: str) -> float:
    """Plain Dijkstra over the rows of the links, those without key included."""
    kinds = dict(zip(network.nodes["node_id"], network.nodes["kind"], strict=True))
    heap, done = [(0.0, node_a)], set()
    while heap:
        cost, node = heapq.heappop(heap)
        if node == node_b:
            return cost
        if node in done or (node != node_a and kinds[node] not in RELAY_KINDS):
            continue
        done.add(node)
        for link, end_a, end_b in network.links[["link_id", "node_a", "node_b"]].itertuples(index=False):
            if node in (end_a, end_b):
                heapq.heappush(heap, (cost + costs[link], end_b if node == end_a else end_a))
    return math.inf


def worth(network: Network, prices: dict[str, float], resource_prices: dict[str, float]) -> float:
    rates = zip(network.links["link_id"], network.links["key_rate_bps"], strict=True)
    return math.fsum(prices[link] * rate for link, rate in rates) + math.fsum(resource_prices.values())


def check_routes(network: Network, routes: pd.DataFrame) -> dict[str, float]:
    """Routes follow links, pass relays only, fit into rates and groups; gives each demand's rate."""
    kinds = dict(zip(network.nodes["node_id"], network.nodes["kind"], strict=True))
    links = {row["link_id"]: row for row in network.links.to_dict("records")}
    demands = {row["demand_id"]: row for row in network.demands.to_dict("records")}
    loads: dict[str, list[float]] = {}
    served: dict[str, list[float]] = {}
    for demand, nodes, used, rate in routes[["demand_id", "nodes", "links", "rate_bps"]].itertuples(index=False):
        assert rate > 0
        assert (nodes[0], nodes[-1]) == (demands[demand]["node_a"], demands[demand]["node_b"])
        assert all(kinds[node] in RELAY_KINDS for node in nodes[1:-1])
        assert len(set(nodes)) == len(nodes)
        for ends, link in zip(itertools.pairwise(nodes), used, strict=True):
            assert set(ends) == {links[link]["node_a"], links[link]["node_b"]}
            loads.setdefault(link, []).append(rate)
        served.setdefault(demand, []).append(rate)
    groups: dict[str, float] = {}
    for link, rates in loads.items():
        assert math.fsum(rates) <= links[link]["key_rate_bps"] * (1 + 1e-15)
        group = links[link]["module_group"]
        if isinstance(group, str):
            groups[group] = groups.get(group, 0.0) + math.fsum(rates) / links[link]["key_rate_bps"]
    assert all(share <= 1 + 1e-14 for share in groups.values())
    return {demand: math.fsum(rates) for demand, rates in served.items()}


def check_growth(network: Network, allocation: Allocation, *, gap: float = 1e-9) -> None:
    growth, demands = allocation.growth, asking(network)
    served = check_routes(network, growth.routes)
    if not growth.factor:
        assert growth.factor == growth.bound == growth.gap
        assert growth.factor == (0.0 if demands else None)
        assert growth.prices == growth.resource_prices == {}
        assert growth.routes.empty
        return
    for row in demands:
        assert served[row["demand_id"]] == pytest.approx(growth.factor * row["rate_bps"], rel=1e-12)
        assert served[row["demand_id"]] >= growth.factor * row["rate_bps"] * (1 - 1e-15)
    assert set(growth.prices) == set(network.links["link_id"])
    assert min([*growth.prices.values(), *growth.resource_prices.values()]) >= 0
    costs = link_prices(network, growth.prices, growth.resource_prices)
    routed = math.fsum(row["rate_bps"] * cheapest(network, costs, row["node_a"], row["node_b"]) for row in demands)
    assert routed == pytest.approx(1.0, rel=1e-9)
    assert worth(network, growth.prices, growth.resource_prices) / routed == pytest.approx(growth.bound, rel=1e-9)
    assert growth.bound >= growth.factor
    assert growth.gap == (growth.bound - growth.factor) / growth.bound
    assert growth.gap <= gap


def check_levels(network: Network, allocation: Allocation, *, tolerance: float = 1e-7) -> None:
    demands = {row["demand_id"]: row for row in asking(network)}
    left = set(demands) - set(allocation.unreachable)
    fractions: dict[str, float] = {}
    reached = 0.0
    for level in allocation.levels:
        assert level.level >= reached
        reached = level.level
        assert level.demands
        assert set(level.demands) <= left
        if level.served_in_full:
            assert all(level.level * demands[name]["priority"] == pytest.approx(1.0) for name in level.demands)
        else:
            costs = link_prices(network, level.prices, level.resource_prices)
            cost = {
                name: demands[name]["rate_bps"]
                * cheapest(network, costs, demands[name]["node_a"], demands[name]["node_b"])
                for name in [*fractions, *left]
            }
            spent = math.fsum(fractions[name] * cost[name] for name in fractions)
            rising = math.fsum(level.level * demands[name]["priority"] * cost[name] for name in left)
            assert worth(network, level.prices, level.resource_prices) == pytest.approx(spent + rising, rel=tolerance)
            assert min(cost[name] for name in level.demands) > 0
        for name in level.demands:
            fractions[name] = min(1.0, level.level * demands[name]["priority"])
        left -= set(level.demands)
    assert not left
    for name, fraction in fractions.items():
        assert allocation.served_bps[name] == pytest.approx(fraction * demands[name]["rate_bps"], rel=tolerance)


def check(network: Network, allocation: Allocation, *, gap: float = 1e-9) -> None:
    assert list(allocation.served_bps) == sorted(network.demands["demand_id"])
    served = check_routes(network, allocation.routes)
    for row in network.demands.to_dict("records"):
        name = row["demand_id"]
        assert allocation.served_bps[name] == pytest.approx(served.get(name, 0.0), rel=1e-15)
        assert allocation.served_bps[name] <= row["rate_bps"]
    for name in allocation.unreachable:
        assert allocation.served_bps[name] == 0
    check_growth(network, allocation, gap=gap)
    check_levels(network, allocation)


# ---------------------------------------------------------------- random networks


@pytest.mark.parametrize("seed", range(10))
def test_growth_factor_equals_the_linear_program_over_edges(seed):
    rng = np.random.default_rng([seed, 1])
    for number in range(30):
        network = random_network(rng, connected=number % 3 > 0)
        allocation = allocated(network)
        expected = edge_growth(network)
        assert allocation.growth.factor == (None if expected is None else pytest.approx(expected, rel=1e-6, abs=1e-9))
        check(network, allocation)


@pytest.mark.parametrize("seed", range(8))
def test_fair_rates_equal_progressive_filling_over_edges(seed):
    rng = np.random.default_rng([seed, 2])
    for number in range(15):
        network = random_network(rng, most_nodes=6, connected=number % 3 > 0)
        expected = edge_fair(network)
        assert allocated(network).served_bps == pytest.approx(expected, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("spread", [6, 12, 18])
def test_rates_over_many_powers_of_ten_keep_every_promise(spread):
    rng = np.random.default_rng([spread, 3])
    for number in range(60):
        network = random_network(rng, spread=spread, connected=number % 3 > 0)
        check(network, allocated(network), gap=1e-9 if spread == 6 else 1e-6)


@pytest.mark.parametrize("spread", [6, 18])
def test_the_reduced_program_keeps_every_promise_too(monkeypatch, spread):
    monkeypatch.setattr("planner.allocation.program._MANY_ROWS", 0)
    rng = np.random.default_rng([spread, 3])
    for number in range(60):
        network = random_network(rng, spread=spread, connected=number % 3 > 0)
        check(network, allocated(network), gap=1e-6)


@pytest.mark.parametrize("rows", [0, 1500])
def test_points_inside_keep_every_promise_too(monkeypatch, rows):
    monkeypatch.setattr("planner.allocation.program._MANY_ROWS", rows)
    monkeypatch.setattr("planner.allocation.reduced._MOST_STEPS", 1)
    monkeypatch.setattr("planner.allocation.master._MOST_STEPS", 1)
    rng = np.random.default_rng(4)
    for number in range(40):
        network = random_network(rng, connected=number % 3 > 0)
        check(network, allocated(network))


@given(network=networks())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_promise_is_kept(network):
    check(network, allocated(network), gap=1e-6)


def test_answers_do_not_depend_on_row_order_and_names():
    rng = np.random.default_rng(4)
    for _ in range(40):
        network = random_network(rng)
        first, again, other = (allocated(n) for n in (network, shuffled(network, rng), renamed(network, rng)))
        assert again.served_bps == first.served_bps
        assert again.growth.factor == first.growth.factor
        assert again.growth.prices == first.growth.prices
        assert again.levels == first.levels
        pd.testing.assert_frame_equal(again.routes, first.routes)
        assert other.served_bps == pytest.approx(first.served_bps, rel=1e-9)
        assert other.growth.factor == (first.growth.factor and pytest.approx(first.growth.factor, rel=1e-9))


@pytest.mark.parametrize("seed", range(4))
def test_the_served_rates_use_the_least_key(seed):
    rng = np.random.default_rng([seed, 5])
    for _ in range(8):
        network = random_network(rng, most_nodes=6, connected=True)
        allocation = allocated(network)
        demands = asking(network)
        if not demands:
            continue
        served = [(allocation.served_bps[row["demand_id"]] * (1 - 1e-9), 0.0) for row in demands]
        used = float(allocation.routes["rate_bps"] @ allocation.routes["links"].map(len))
        assert used == pytest.approx(EdgeProgram(network, demands).least_key(at_least=served), rel=1e-6)


# ---------------------------------------------------------------- single cases


def test_two_demands_on_a_chain_by_hand():
    links = [("1", "a", "b", 20000.0), ("2", "b", "c", 10000.0)]
    demands = [("D1", "a", "c", 4000.0), ("D2", "a", "b", 30000.0), ("D3", "c", "b", 1000.0)]
    network = plain_network(links, demands)
    allocation = allocated(network)
    factor = 20 / 34
    assert allocation.growth.factor == pytest.approx(factor, rel=1e-15)
    assert allocation.growth.bound == pytest.approx(factor, rel=1e-15)
    assert allocation.growth.prices == pytest.approx({"1": 1 / 34000, "2": 0.0})
    assert allocation.served_bps == pytest.approx({"D1": 4000 * factor, "D2": 30000 * factor, "D3": 1000.0})
    assert allocation.served_bps["D3"] == 1000.0
    assert [(level.level, level.demands, level.served_in_full) for level in allocation.levels] == [
        (pytest.approx(factor), ("D1", "D2"), False),
        (1.0, ("D3",), True),
    ]
    third = allocation.routes.iloc[2]
    assert (third["nodes"], third["links"], third["rate_bps"]) == (("c", "b"), ("2",), 1000.0)


def test_a_factor_above_one_serves_everybody_in_full():
    network = plain_network([("1", "a", "b", 3e4), ("2", "a", "b", 1e4)], [("D", "b", "a", 1e4), ("E", "a", "b", 0.5)])
    allocation = allocated(network)
    check(network, allocation)
    assert allocation.growth.factor == pytest.approx(40000 / 10000.5)
    assert allocation.served_bps == {"D": 1e4, "E": 0.5}
    assert [level.served_in_full for level in allocation.levels] == [True]


def test_priority_weighs_the_served_fraction():
    network = plain_network([("1", "a", "b", 90.0)], [("D", "a", "b", 100.0), ("E", "a", "b", 100.0)])
    network = network.replace(demands=network.demands.assign(priority=[1.0, 2.0]))
    allocation = allocated(network)
    check(network, allocation)
    assert allocation.served_bps == pytest.approx({"D": 30.0, "E": 60.0})
    high = network.replace(demands=network.demands.assign(priority=[1.0, 1e6]))
    check(high, allocated(high))
    assert allocated(high).served_bps == pytest.approx({"D": 90e-6 / (1 + 1e-6), "E": 90 / (1 + 1e-6)})


def test_a_module_group_shares_its_time():
    nodes = [node_row(name) for name in "abc"]
    links = [link_row("1", "a", "b", 100.0, module_group="g"), link_row("2", "b", "c", 50.0, module_group="g")]
    network = build_network(nodes=nodes, links=links, demands=[demand_row("D", "a", "c", 10.0)])
    allocation = allocated(network)
    check(network, allocation)
    assert allocation.growth.factor == pytest.approx(100 / 3 / 10)
    assert allocation.growth.prices == {"1": 0.0, "2": 0.0}
    assert allocation.growth.resource_prices == pytest.approx({"module_group:g": 100 / 3 / 10})


def test_users_are_not_passed_through():
    links = [("1", "a", "u", 9.0), ("2", "u", "b", 9.0), ("3", "u", "v", 4.0)]
    demands = [("D", "a", "b", 1.0), ("E", "v", "u", 8.0)]
    allocation = allocated(plain_network(links, demands, u="user", v="user"))
    assert allocation.unreachable == ("D",)
    assert allocation.served_bps == pytest.approx({"D": 0.0, "E": 4.0})
    assert (allocation.growth.factor, allocation.growth.bound, allocation.growth.gap) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("links", "demands", "factor"),
    [
        ([], [], None),
        ([("1", "a", "b", 5.0)], [], None),
        ([("1", "a", "b", 5.0)], [("D", "a", "b", 0.0)], None),
        ([], [("D", "a", "b", 1.0)], 0.0),
        ([("1", "a", "b", 0.0)], [("D", "a", "b", 1.0)], 0.0),
        ([("1", "a", "b", 5.0), ("2", "c", "d", 5.0)], [("D", "a", "c", 1.0), ("E", "a", "b", 1.0)], 0.0),
        ([("1", "a", "b", 5.0), ("2", "a", "b", 0.0)], [("D", "a", "b", 1.0), ("Z", "a", "b", 0.0)], 5.0),
        ([("1", "a", "b", 1e15)], [("D", "a", "b", 1e-3)], 1e18),
        ([("1", "a", "b", 1e-3)], [("D", "a", "b", 1e15)], 1e-18),
        ([("1", "a", "b", 1e15), ("2", "c", "d", 1e-3)], [("D", "a", "b", 1.0), ("E", "d", "c", 1.0)], 1e-3),
        ([("1", "a", "b", 1e15), ("2", "b", "c", 1e-3)], [("D", "a", "c", 1e-3), ("E", "b", "a", 1e15)], 1.0),
    ],
)
def test_odd_networks(links, demands, factor):
    network = plain_network(links, demands, lonely="trusted")
    allocation = allocated(network)
    check(network, allocation)
    assert allocation.growth.factor == (factor and pytest.approx(factor))


def test_a_network_of_one_node_without_tables():
    network = plain_network([], [], only="trusted")
    allocation = allocated(network)
    assert allocation.served_bps == {}
    assert list(allocation.routes.columns) == ["demand_id", "nodes", "links", "rate_bps", "role", "set"]
    assert allocation.growth.factor is None
    assert allocation.levels == ()


def test_a_demand_at_a_switch_or_nowhere_is_wrong_input():
    network = plain_network([("1", "a", "b", 5.0)], [("D", "a", "glass", 1.0)], glass="switch")
    with pytest.raises(InputError, match="holds no key"):
        allocated(network)
    with pytest.raises(InputError, match="there is no node 'q'"):
        allocated(network.replace(demands=network.demands.assign(node_b="q")))


def test_progress_is_told_and_ends():
    told = []
    network = plain_network([("1", "a", "b", 5.0)], [("D", "a", "b", 10.0), ("E", "a", "b", 1.0)])
    allocate(
        network, budget=rate_budget(network), demands=rate_demands(network), progress=lambda *step: told.append(step)
    )
    assert told[0] == ("growth factor", 0, 1)
    assert told[-1] == ("fair rates", 2, 2)


def test_a_second_run_gives_the_same_to_the_last_bit():
    network = random_network(np.random.default_rng(8), most_nodes=8, most_demands=6, connected=True)
    first, second = allocated(network), allocated(network)
    assert first.served_bps == second.served_bps
    assert first.levels == second.levels
    pd.testing.assert_frame_equal(first.routes, second.routes, check_exact=True)
