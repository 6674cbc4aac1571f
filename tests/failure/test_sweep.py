"""Failure sweeps against brute force: networks with what failed really taken out."""

from __future__ import annotations

import itertools
import math
import pickle
from concurrent.futures import Executor, ThreadPoolExecutor

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import planner
from planner.demand import demand_rates
from planner.failure import WeakPoints, WidestTree, sweep_failures
from planner.network import build_network
from planner.records import KEY_HOLDING_KINDS, RELAY_KINDS, rows_of, split_list
from planner.routing import Topology
from tests.networks import (
    demand_row,
    link_row,
    node_row,
    plain_network,
    random_network,
    rate_budget,
    rate_demands,
    renamed,
    shuffled,
)


def sweep(network, **options):
    return sweep_failures(network, budget=rate_budget(network), demands=rate_demands(network), **options)


def with_risks(network, rng):
    """The network with risk groups, and with links that pass a switch where there is one."""
    switches = [row.node_id for row in rows_of(network.nodes) if row.kind in ("switch", "measurement")]
    risks = [rng.choice(["", "", "duct", "bridge", "duct;bridge"]) for _ in range(len(network.links))]
    via = [str(rng.choice(switches)) if switches and rng.random() < 0.4 else None for _ in range(len(network.links))]
    links = network.links.assign(
        risk_groups=pd.Series([str(risk) or None for risk in risks], dtype=object), via=pd.Series(via, dtype=object)
    )
    return network.replace(links=links)


def rows_left(network, items):
    """The rows of the links that still work, and the ids of the nodes that failed."""
    nodes = {item for kind, item in items if kind == "node"}
    links = {item for kind, item in items if kind == "link"}
    groups = {item for kind, item in items if kind == "risk group"}
    rows = [
        row
        for row in rows_of(network.links)
        if not (
            row.link_id in links
            or nodes & {row.node_a, row.node_b, *split_list(row.via)}
            or groups & {*split_list(row.risk_groups)}
        )
    ]
    return rows, nodes


def reduced(network, items):
    """The network with what failed taken out of its tables, and the ids of the nodes taken out."""
    rows, nodes = rows_left(network, items)
    kept = network.links["link_id"].isin([row.link_id for row in rows])
    return network.replace(nodes=network.nodes[~network.nodes["node_id"].isin(nodes)], links=network.links[kept]), nodes


def widest(rows, node_a, node_b, *, kinds):
    """The widest route by brute force: the largest rate whose links alone still join the two."""
    usable = [
        (row.key_rate_bps, row.node_a, row.node_b)
        for row in rows
        if all(kinds[end] in RELAY_KINDS or end in (node_a, node_b) for end in (row.node_a, row.node_b))
    ]
    for least in sorted({rate for rate, *_ in usable} - {0.0}, reverse=True):
        reached, grown = {node_a}, True
        while grown:
            before = len(reached)
            for rate, one, other in usable:
                if rate >= least and (one in reached or other in reached):
                    reached |= {one, other}
            grown = len(reached) > before
        if node_b in reached:
            return least
    return 0.0


def kinds_of(network):
    return dict(zip(network.nodes["node_id"], network.nodes["kind"], strict=True))


def check_connectivity(network, found, *, rows=None):
    """Rows of a sweep, by default every one, against the network without what failed."""
    kinds, everything = kinds_of(network), list(rows_of(network.links))
    before = {row.demand_id: row.bottleneck_bps for row in rows_of(found.demands)}
    for row in rows_of(found.demands):
        assert before[row.demand_id] == widest(everything, row.node_a, row.node_b, kinds=kinds)
    for failure in rows_of(found.failures if rows is None else rows):
        left, gone = rows_left(network, failure.failed)
        ended = [d for d in rows_of(found.demands) if {d.node_a, d.node_b} & gone]
        after = {
            d.demand_id: 0.0 if {d.node_a, d.node_b} & gone else widest(left, d.node_a, d.node_b, kinds=kinds)
            for d in rows_of(found.demands)
        }
        ended_ids = {d.demand_id for d in ended}
        cut = {d for d in after if after[d] == 0 < before[d]} - ended_ids
        assert set(failure.cut) == cut, failure.failure
        assert failure.demands_cut == len(cut)
        assert failure.demands_ended == sum(before[d] > 0 for d in ended_ids)
        assert failure.demands_narrowed == sum(0 < after[d] < before[d] for d in after)
        least = min((rate for rate in after.values() if rate > 0), default=math.nan)
        assert failure.least_bottleneck_bps == pytest.approx(least, nan_ok=True)
        if found.order == 1:
            changed = found.effects[found.effects["failure"] == failure.failure]
            assert dict(zip(changed["demand_id"], changed["bottleneck_bps"], strict=True)) == {
                d: after[d] for d in after if after[d] < before[d]
            }


@pytest.mark.parametrize("seed", range(3))
def test_failures_of_300_networks_of_up_to_12_nodes_against_brute_force(seed):
    """Every single failure, and some pairs of each network; the pairs are counted too."""
    rng = np.random.default_rng([40, seed])
    pairs = cutting = 0
    for _ in range(100):
        network = with_risks(random_network(rng, most_nodes=12, most_demands=3), rng)
        singles = sweep(network, allocate_worst=0)
        check_connectivity(network, singles)
        assert singles.looked_at == len(singles.failures)
        assert singles.cut_by == len(singles.cutting)
        found = sweep(network, order=2, of=str(rng.choice(["links", "nodes"])), allocate_worst=0)
        chosen = found.failures.sample(min(4, len(found.failures)), random_state=int(rng.integers(1e9)))
        check_connectivity(network, found, rows=chosen)
        assert (found.looked_at, found.cut_by) == (len(found.failures), len(found.cutting))
        pairs += len(chosen)
        cutting += int((chosen["demands_cut"] > 0).sum())
    assert pairs > 200
    assert cutting > 20


def test_double_failures_against_brute_force():
    rng = np.random.default_rng(41)
    for _ in range(6):
        network = with_risks(random_network(rng, most_nodes=6, most_demands=3, connected=True), rng)
        if not network.demands.empty:
            check_connectivity(network, sweep(network, order=2, allocate_worst=0))


def test_of_very_many_pairs_the_worst_are_kept_and_all_are_counted(monkeypatch):
    rng = np.random.default_rng(49)
    links, nodes = grid(3, rng)
    network = with_risks(plain_network(links, [("d", nodes[0], nodes[-1], 5.0), ("e", nodes[1], nodes[3], 9.0)]), rng)
    whole = sweep(network, order=2, allocate_worst=3)
    assert len(whole.failures) > 100
    monkeypatch.setattr("planner.failure.sweep.PAIRS_KEPT", 25)
    monkeypatch.setattr("planner.failure.connectivity._CHUNK", 7)
    with ThreadPoolExecutor(2) as executor:
        few = sweep(network, order=2, allocate_worst=3, executor=executor)
    assert (few.looked_at, few.cut_by, few.cut_together_by) == (whole.looked_at, whole.cut_by, whole.cut_together_by)
    assert whole.cut_by == len(whole.cutting)
    assert len(few.failures) == 25
    worst = whole.failures.head(25)
    assert few.failures["demands_cut"].tolist() == worst["demands_cut"].tolist()
    pd.testing.assert_frame_equal(few.failures.head(3), whole.failures.head(3))


def with_limits(network, rng):
    """The network with relay limits, user ports and protection."""
    limits = [float(rng.choice([np.nan, np.nan, 2.0, 6.0])) for _ in range(len(network.nodes))]
    ports = pd.array([rng.choice([None, None, 1, 2]) for _ in range(len(network.nodes))], dtype="Int64")
    asked = [str(rng.choice(["none", "1+1", "split-2"])) for _ in range(len(network.demands))]
    nodes = network.nodes.assign(relay_limit_bps=limits, user_ports=ports)
    return network.replace(nodes=nodes, demands=network.demands.assign(protection=asked))


def test_served_after_failures_with_limits_ports_and_protection_is_that_of_a_new_plan():
    rng = np.random.default_rng(50)
    exact = 0
    for _ in range(10):
        network = with_risks(random_network(rng, most_nodes=6, most_demands=4, connected=True), rng)
        if not network.demands.empty:
            network = with_limits(network, rng)
            found = sweep(network, of="nodes")
            assert found.failures["served_fraction"].notna().all()
            exact += check_served(network, found)
    assert exact > 20


def test_what_only_two_failures_together_cut_is_told_apart():
    network = plain_network(
        [("ab", "a", "b", 1), ("bc", "b", "c", 1), ("cd", "c", "d", 1), ("da", "d", "a", 1), ("de", "d", "e", 1)],
        [("ac", "a", "c", 1), ("ae", "a", "e", 1)],
    )
    pairs = sweep(network, order=2, of="links").failures.set_index("failure")
    assert pairs.loc["link ab + link da", ["demands_cut", "cut_only_together"]].tolist() == [2, 2]
    assert pairs.loc["link ab + link de", ["demands_cut", "cut_only_together"]].tolist() == [1, 0]
    assert pairs.loc["link ab + link bc", ["demands_cut", "cut_only_together"]].tolist() == [0, 0]
    singles = sweep(network, of="links").failures
    assert singles["cut_only_together"].sum() == 0


def test_every_pair_that_is_more_than_one_of_the_two_is_there():
    network = plain_network([("ab", "a", "b", 1), ("bc", "b", "c", 1)], [("d", "a", "c", 1)])
    pairs = set(sweep(network, order=2, allocate_worst=0).failures["failed"])
    everything = [("link", "ab"), ("link", "bc"), ("node", "a"), ("node", "b"), ("node", "c")]
    inside = {("link", "ab"): ["a", "b"], ("link", "bc"): ["b", "c"]}
    wanted = {
        (one, other)
        for one, other in itertools.combinations(everything, 2)
        if other[1] not in inside.get(one, ()) or other[0] != "node"
    }
    assert pairs == wanted


def check_served(network, found):
    """Served fractions against a plan of the network without what failed."""
    total = network.demands["rate_bps"].fillna(0).sum()
    exact = 0
    for failure in rows_of(found.failures):
        left, gone = reduced(network, failure.failed)
        kept = [not {row.node_a, row.node_b} & gone for row in rows_of(network.demands)]
        left = left.replace(demands=network.demands[kept])
        served = planner.make_plan(left).demands["served_bps"].sum() if any(kept) else 0.0
        share = served / total if total else math.nan
        if not math.isnan(failure.served_fraction):
            assert failure.served_fraction == pytest.approx(share, rel=1e-6, abs=1e-9), failure.failure
            exact += 1
        if total:
            assert share <= failure.served_bound * (1 + 1e-9) + 1e-12, failure.failure
    return exact


def test_served_after_single_failures_is_that_of_a_new_plan():
    rng = np.random.default_rng(42)
    exact = 0
    for _ in range(10):
        network = with_risks(random_network(rng, most_nodes=6, most_demands=4, connected=True), rng)
        if not network.demands.empty:
            found = sweep(network)
            assert found.failures["served_fraction"].notna().all()
            exact += check_served(network, found)
    assert exact > 60


def test_served_after_double_failures_is_that_of_a_new_plan():
    rng = np.random.default_rng(43)
    exact = 0
    for _ in range(3):
        network = random_network(rng, most_nodes=5, most_demands=3, connected=True)
        if not network.demands.empty:
            exact += check_served(network, sweep(network, order=2, allocate_worst=5))
    assert exact > 20


def test_bridges_and_articulation_nodes_against_brute_force():
    rng = np.random.default_rng(44)
    for _ in range(200):
        network = with_risks(random_network(rng, most_nodes=7, most_demands=0), rng)
        kinds = kinds_of(network)
        holders = [node for node, kind in kinds.items() if kind in KEY_HOLDING_KINDS]
        everything = list(rows_of(network.links))
        joined = {p for p in itertools.combinations(holders, 2) if widest(everything, *p, kinds=kinds) > 0}

        def separates(item, network=network, kinds=kinds, joined=joined):
            left, gone = rows_left(network, [item])
            return any(widest(left, *pair, kinds=kinds) == 0 for pair in joined if not gone & {*pair})

        found = sweep(network)
        assert list(found.bridges) == sorted(l for l in network.links["link_id"] if separates(("link", l)))
        assert list(found.articulation_nodes) == sorted(n for n in kinds if separates(("node", n)))
        assert found.all_pairs
        assert len(found.demands) == math.comb(len(holders), 2)


def test_bridges_of_relays_are_those_of_networkx():
    rng = np.random.default_rng(45)
    graph = nx.gnm_random_graph(60, 75, seed=1)
    links = [(f"L{n}", f"n{a}", f"n{b}", float(rng.integers(1, 9))) for n, (a, b) in enumerate(graph.edges)]
    network = plain_network(links)
    weak = WeakPoints(Topology.of(network, budget=rate_budget(network)))
    named = {frozenset((a, b)): link for link, a, b, _ in links}
    bridges = {named[frozenset((f"n{a}", f"n{b}"))] for a, b in nx.bridges(graph)}
    assert set(weak.bridges()) == bridges
    assert set(weak.articulation_nodes(network)) == {f"n{n}" for n in nx.articulation_points(graph)}


def ring(rate_bps=10.0, **more):
    """A ring a-b-c-d with a chord of risk groups and a demand across."""
    names = [("ab", "a", "b"), ("bc", "b", "c"), ("cd", "c", "d"), ("da", "d", "a")]
    return build_network(
        nodes=[node_row(node) for node in "abcd"],
        links=[link_row(*name, rate_bps, **more.get(name[0], {})) for name in names],
        demands=[demand_row("ac", "a", "c", 15.0), demand_row("bd", "b", "d", 1.0)],
    )


def test_a_ring_survives_every_link_but_not_every_duct():
    found = sweep(ring(), of="links")
    assert found.cutting.empty
    assert found.bridges == ()
    assert found.articulation_nodes == ()
    assert found.served_before == pytest.approx(1.0)
    shared = sweep(ring(ab={"risk_groups": "tunnel"}, da={"risk_groups": "tunnel"}), of="links")
    assert shared.cutting["failure"].tolist() == ["risk group tunnel"]
    assert shared.cutting["cut"].tolist() == [("ac",)]
    assert shared.bridges == ()


def test_what_is_served_after_a_failure_is_shared_fairly():
    failures = sweep(ring(), of="links").failures.set_index("failure")
    # One arc of 10 bit/s is left to both on three of its links; ac crosses it with 15, bd with 1.
    assert failures.loc["link ab", "served_fraction"] == pytest.approx(10 / 16)
    assert failures.loc["link ab", "served_bound"] == failures.loc["link ab", "served_fraction"]


def test_of_says_what_fails():
    assert {kind for row in sweep(ring(), of="nodes").failures["failed"] for kind, _ in row} == {"node"}
    assert {kind for row in sweep(ring(), of="links").failures["failed"] for kind, _ in row} == {"link"}
    assert len(sweep(ring()).failures) == 8


def test_a_failed_end_is_not_a_demand_cut_off():
    failures = sweep(ring(), of="nodes").failures.set_index("failure")
    assert failures["demands_cut"].tolist() == [0, 0, 0, 0]
    assert failures["demands_ended"].tolist() == [1, 1, 1, 1]


def test_an_executor_gives_the_same():
    network = random_network(np.random.default_rng(46), most_nodes=8, connected=True)
    alone = sweep(network, order=2)
    with ThreadPoolExecutor(2) as executor:
        together = sweep(network, order=2, executor=executor)
    pd.testing.assert_frame_equal(alone.failures, together.failures)


class Elsewhere(Executor):
    """Computes as another process would: everything is sent there and back as bytes."""

    def map(self, function, *iterables, **_):
        return [pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(function))(*one))) for one in zip(*iterables)]  # noqa: B905, S301


def test_a_shipped_network_can_be_swept_by_other_processes():
    network = planner.load("wuhan-hefei")
    tables = {"budget": planner.link_budget(network), "demands": demand_rates(network)}
    alone = sweep_failures(network, order=2, allocate_worst=2, **tables)
    elsewhere = sweep_failures(network, order=2, allocate_worst=2, executor=Elsewhere(), **tables)
    pd.testing.assert_frame_equal(alone.failures, elsewhere.failures)


def test_the_order_of_rows_and_the_names_change_nothing():
    rng = np.random.default_rng(47)
    for _ in range(10):
        network = with_risks(random_network(rng, most_nodes=7), rng)
        found = sweep(network)
        pd.testing.assert_frame_equal(found.failures, sweep(shuffled(network, rng)).failures)
        if not network.links["via"].notna().any():
            other = sweep(renamed(network, rng))
            columns = ["demands_cut", "demands_ended", "links_failed"]
            counts = [sorted(map(tuple, one.failures[columns].to_numpy().tolist())) for one in (found, other)]
            assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "network",
    [
        build_network(nodes=[node_row("a")], links=[]),
        build_network(nodes=[node_row("a"), node_row("b")], links=[], demands=[demand_row("d", "a", "b", 1.0)]),
        plain_network([("ab", "a", "b", 0.0)], [("d", "a", "b", 0.0)]),
        plain_network([("u", "a", "b", 1e15), ("v", "a", "b", 1e-3)], [("d", "a", "b", 1e15)], a="user", b="user"),
    ],
    ids=["one node", "no link", "zero", "users on parallel links"],
)
def test_odd_networks(network):
    for order in (1, 2):
        check_connectivity(network, sweep(network, order=order))


def grid(side, rng):
    """A square grid of relays with random rates."""

    def name(x, y):
        return f"n{x}-{y}"

    pairs = [((x, y), (x + 1, y)) for x in range(side - 1) for y in range(side)]
    pairs += [((x, y), (x, y + 1)) for x in range(side) for y in range(side - 1)]
    rows = [(f"L{n}", name(*a), name(*b), float(rng.uniform(1, 9))) for n, (a, b) in enumerate(pairs)]
    return rows, [name(x, y) for x in range(side) for y in range(side)]


def test_a_larger_network_against_new_trees():
    rng = np.random.default_rng(48)
    links, nodes = grid(12, rng)
    demands = [(f"D{n}", *map(str, rng.choice(nodes, 2, replace=False)), 1.0) for n in range(150)]
    network = plain_network(links, demands)
    found = sweep(network, allocate_worst=0)
    left = {(row.failure, row.demand_id): row.bottleneck_bps for row in rows_of(found.effects)}
    before = dict(zip(found.demands["demand_id"], found.demands["bottleneck_bps"], strict=True))
    topology = Topology.of(network, budget=rate_budget(network))
    for row in found.failures.iloc[rng.choice(len(found.failures), 25, replace=False)].to_dict("records"):
        gone = reduced(network, row["failed"])[0]
        tree = WidestTree(Topology.of(network, budget=rate_budget(network).assign(
            key_rate_bps=lambda b, gone=gone: b["key_rate_bps"].where(b["link_id"].isin(gone.links["link_id"]), 0.0))
        ))  # fmt: skip
        index = topology.node_index
        ends = [tree.place[[index[d[side]] for d in demands]] for side in (1, 2)]
        for (demand, *_), rate in zip(demands, tree.widest_bps(*ends).tolist(), strict=True):
            assert left.get((row["failure"], demand), before[demand]) == rate
