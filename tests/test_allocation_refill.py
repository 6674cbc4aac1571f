"""Fair rates after failures, found from those before: the same as an allocation from the beginning."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from itertools import islice

import numpy as np
import pytest

from planner.allocation import allocate
from planner.allocation.refill import Refill
from planner.failure import Question, Reallocation, affordable, single_events
from planner.failure.events import pair_events
from planner.network import build_network
from planner.routing import Topology
from tests.brute_force import protected_network
from tests.networks import demand_row, link_row, node_row, plain_network, random_network, rate_budget, rate_demands

ALL = ("none", "1+1", "split-2", "split-3")


def question(network, **more):
    return Question(network, rate_budget(network), rate_demands(network), **more)


def events_of(network, rng, *, pairs=5):
    topology = Topology.of(network, budget=rate_budget(network))
    singles = single_events(network, topology=topology, of="both")
    both = list(pair_events(singles))
    chosen = rng.choice(len(both), min(pairs, len(both)), replace=False) if both else []
    return [*singles, *(singles[both[n][0]] | singles[both[n][1]] for n in chosen)]


def from_the_beginning(network, event):
    """What each demand gets when the network is allocated without what failed."""
    topology = Topology.of(network, budget=rate_budget(network))
    failed = {topology.link_ids[link] for link in event.links}
    gone = {topology.node_ids[node] for node in event.nodes}
    budget, demands = rate_budget(network), rate_demands(network)
    ended = demands["node_a"].isin(gone) | demands["node_b"].isin(gone)
    return allocate(
        network,
        budget=budget.assign(key_rate_bps=budget["key_rate_bps"].mask(budget["link_id"].isin(failed), 0.0)),
        demands=demands.assign(requested_bps=demands["requested_bps"].mask(ended, 0.0)),
        growth=False,
    )


def check(network, events):
    """Every demand gets the same, to a billionth of what it asks for; says how many differ from before."""
    refill = Refill(network, budget=rate_budget(network), demands=rate_demands(network))
    requested = dict(zip(network.demands["demand_id"], network.demands["rate_bps"], strict=True))
    changed = 0
    for event in events:
        found = refill.after(links=event.links, nodes=event.nodes, routes=True)
        served = dict(zip(refill.demand_ids, found.served_bps.tolist(), strict=True))
        expected = from_the_beginning(network, event)
        for demand, rate in expected.served_bps.items():
            assert served.get(demand, 0.0) == pytest.approx(rate, rel=1e-9, abs=1e-9 * requested[demand]), event.name
        topology = Topology.of(network, budget=rate_budget(network))
        assert found.links is not None
        assert found.links.isdisjoint(event.links)
        assert all(topology.rates_bps[link] > 0 for link in found.links)
        changed += not np.allclose(found.served_bps, refill.before.served_bps, rtol=1e-9)
    return changed


@pytest.mark.parametrize("seed", range(4))
def test_rates_after_failures_are_those_of_an_allocation_from_the_beginning(seed):
    """Protection, risk groups, module groups, relay limits, ports, switches; links, risk groups, nodes and pairs."""
    rng = np.random.default_rng([70, seed])
    changed = 0
    for _ in range(5):
        network = protected_network(
            rng, protections=ALL, risks=float(rng.choice([0.0, 0.4])), groups=float(rng.choice([0.0, 0.3])),
            ports=float(rng.choice([0.0, 0.4])), switches=int(rng.integers(0, 2)),
        )  # fmt: skip
        changed += check(network, events_of(network, rng))
    assert changed > 30


@pytest.mark.parametrize("seed", range(2))
def test_rates_after_failures_of_odd_networks(seed):
    """Users that do not relay, parallel links, links without key, demands without a route, rates over six decades."""
    rng = np.random.default_rng([71, seed])
    for _ in range(6):
        network = random_network(rng, most_nodes=10, most_demands=8, spread=float(rng.choice([0.0, 6.0])))
        check(network, events_of(network, rng, pairs=3))


def wide_network(rng, *, nodes, demands):
    """A ring with chords and very many demands, so that the reduced program answers."""
    names = [f"n{number}" for number in range(nodes)]
    joins = [(number, (number + 1) % nodes) for number in range(nodes)]
    joins += [(number, (number + nodes // 3) % nodes) for number in range(0, nodes, 2)]
    ends = [rng.choice(nodes, 2, replace=False) for _ in range(demands)]
    return build_network(
        nodes=[node_row(name) for name in names],
        links=[link_row(f"L{n}", names[a], names[b], float(rng.uniform(50, 200))) for n, (a, b) in enumerate(joins)],
        demands=[demand_row(f"D{n}", names[a], names[b], 1.0) for n, (a, b) in enumerate(ends)],
    )


def test_rates_of_very_many_demands_after_failures():
    rng = np.random.default_rng(72)
    network = wide_network(rng, nodes=65, demands=2600)
    topology = Topology.of(network, budget=rate_budget(network))
    assert check(network, single_events(network, topology=topology, of="links")[::49]) > 0


def test_no_answer_depends_on_what_failed_before():
    rng = np.random.default_rng(73)
    network = protected_network(rng, protections=ALL, nodes=8, more_links=8, demands=6)
    again, events = Reallocation(question(network)), events_of(network, rng)
    first = again.many(events)
    assert again.many(events[::-1]) == first[::-1]
    with ProcessPoolExecutor(1) as executor:
        assert again.many(events, executor=executor) == first


def test_a_failure_may_give_more():
    """b-c is narrow; when the demand that shares it can no longer get there, the other gets all of it."""
    network = plain_network([("ab", "a", "b", 9), ("bc", "b", "c", 2)], [("one", "a", "c", 2), ("two", "b", "c", 2)])
    refill = Refill(network, budget=rate_budget(network), demands=rate_demands(network))
    assert refill.before.served_bps == pytest.approx([1.0, 1.0])
    assert refill.after(links=[0]).served_bps == pytest.approx([0.0, 2.0])


def test_what_is_allocated_unasked_depends_on_the_size_alone():
    small = plain_network([("ab", "a", "b", 9)], [("d", "a", "b", 1)])
    assert affordable(question(small)) > 1000
    assert 0 < affordable(question(small, shared=True)) < affordable(question(small, objective="total"))
    large = wide_network(np.random.default_rng(74), nodes=300, demands=2000)
    assert 0 < affordable(question(large)) < 20
    huge = large.replace(demands=large.demands.assign(protection="1+1"))
    assert affordable(question(huge)) == 0


def test_totals_and_shared_protection_are_allocated_from_the_beginning():
    network = protected_network(np.random.default_rng(75), protections=("none", "1+1"), nodes=6, more_links=5)
    events = list(islice(events_of(network, np.random.default_rng(0)), 6))
    for more in ({"objective": "total"}, {"shared": True}):
        again = Reallocation(question(network, **more))
        for event in events:
            assert again.after(event) == again.anew(event)
