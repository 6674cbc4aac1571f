"""The cheapest changes against all sets of changes, what is needed against less of it, and the search without proof."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from planner.budget import link_budget
from planner.demand import demand_rates
from planner.explain import apply_changes, explain, search
from planner.explain.costs import Costs
from planner.explain.options import Market, link_options, node_options
from planner.explain.state import Changed, Question, Rates
from planner.network import Network, build_network
from tests.explain.test_explain import check, serves
from tests.networks import demand_row, link_row, node_row, plain_network


def figure(value: float) -> dict[str, object]:
    return {"value": value, "basis": "assumed"}


ONLY_PAIRS = Costs.model_validate(
    {
        "title": "more pairs, own modules and higher limits only",
        "years": figure(1), "module_pair_cny": figure(10), "station_cny": figure(7),
        "fibre_cny_per_km_year": figure(1), "relay_cny": figure(9), "user_port_cny": figure(3),
    }
)  # fmt: skip


def small(rng: np.random.Generator) -> Network:
    """A network of measured links of which each has a few sizes only: all sets of changes can be tried."""
    count = int(rng.integers(2, 5))
    kinds = ["trusted" if rng.random() < 0.85 else "user" for _ in range(count)]
    limits = [float(rng.integers(1, 6)) if rng.random() < 0.2 and kind == "trusted" else None for kind in kinds]
    nodes = [node_row(f"n{n}", kinds[n], relay_limit_bps=limits[n]) for n in range(count)]
    ends = [(n, int(rng.integers(0, n))) for n in range(1, count)]
    ends += [tuple(rng.choice(count, 2, replace=False).tolist()) for _ in range(int(rng.integers(0, 5 - count + 1)))]
    links = [
        link_row(
            f"L{number}", f"n{a}", f"n{b}", float(rng.integers(1, 5)), float(rng.integers(1, 30)),
            module_group="g" if rng.random() < 0.15 else None, risk_groups="r" if rng.random() < 0.15 else None,
        )
        for number, (a, b) in enumerate(ends)
    ]  # fmt: skip
    demands = []
    for number in range(int(rng.integers(1, 4))):
        a, b = rng.choice(count, 2, replace=False).tolist()
        protection = str(rng.choice(["none", "none", "none", "1+1", "split-2"]))
        priority = float(rng.choice([1.0, 1.0, 2.0, 0.5]))
        rate = float(rng.integers(1, 5))
        demands.append(demand_row(f"D{number}", f"n{a}", f"n{b}", rate, priority=priority, protection=protection))
    return build_network(nodes=nodes, links=links, demands=demands)


def least_cost(network: Network, wanted: tuple[str, ...], *, below: float = math.inf) -> float | None:
    """The cost of the cheapest set of changes that serves, by trying all of them; None where they are too many."""
    budget, market, demands = link_budget(network), Market(ONLY_PAIRS), demand_rates(network)
    rates = Rates(network, budget=budget, modules=market.modules)
    enough = float(demands["requested_bps"].sum())
    options = link_options(
        network, names=network.links["link_id"], rates=rates, market=market, enough_bps=enough
    ) | node_options(network, costs=ONLY_PAIRS, enough_bps=enough)
    if math.prod(len(changes) + 1 for changes in options.values()) > 150:
        return None
    everybody = Question(network, budget, demands, wanted=wanted)
    question = everybody.only(wanted, allocation=Changed.by((), question=everybody, rates=rates).allocation)
    sets = [[one for one in chosen if one] for chosen in itertools.product(*([None, *c] for c in options.values()))]
    costs = {number: sum(one.cost_cny for one in chosen) for number, chosen in enumerate(sets)}
    for number in sorted(costs, key=lambda number: costs[number]):
        if costs[number] >= below * (1 - 1e-9):
            break
        if Changed.by(sets[number], question=question, rates=rates).met:
            return costs[number]
    return math.inf


def test_no_set_of_changes_is_cheaper():
    rng = np.random.default_rng(62)
    met = hopeless = larger = 0
    for _ in range(30):
        network = small(rng)
        for one in explain(network, costs=ONLY_PAIRS).unmet:
            remedy = one.remedy
            cost = sum(step.change.cost_cny for step in remedy.steps)
            least = least_cost(network, one.demands, below=cost if remedy.met else math.inf)
            if least is None or not remedy.proven:
                continue
            assert least == math.inf
            met += remedy.met
            hopeless += not remedy.met
            larger += len(remedy.steps) > 1
            check(network, one)
    assert met > 8
    assert hopeless > 2
    assert larger > 1


def test_without_the_proof_none_can_be_left_out_or_made_smaller(monkeypatch):
    rng = np.random.default_rng(63)
    found = dearer = 0
    for _ in range(14):
        network = small(rng)
        proven = {one.demands: one.remedy for one in explain(network, costs=ONLY_PAIRS).unmet}
        with monkeypatch.context() as patch:
            patch.setattr(search, "_MOST_LINKS", 0)
            greedy = explain(network, costs=ONLY_PAIRS).unmet
        for one in greedy:
            check(network, one)
            best = proven[one.demands]
            if not one.remedy.met or not best.proven:
                continue
            costs = [sum(step.change.cost_cny for step in remedy.steps) for remedy in (one.remedy, best)]
            assert costs[0] >= costs[1] * (1 - 1e-9)
            found += 1
            dearer += costs[0] > costs[1] * 1.01
    assert found > 4
    assert dearer < found


def test_no_more_is_needed_than_fairness_gives_by_then():
    # At the level that serves a in full, b with half its priority gets half of what it asks for.
    network = build_network(
        nodes=[node_row("x"), node_row("y")],
        links=[link_row("xy", "x", "y", 6.0)],
        demands=[demand_row("a", "x", "y", 10.0, priority=2), demand_row("b", "x", "y", 100.0)],
    )
    remedy = explain(network, demand="a", costs=ONLY_PAIRS).unmet[0].remedy
    (short,), (step,) = remedy.short, remedy.steps
    assert short.needs == pytest.approx(60.0)
    assert step.change.details["module_pairs"] == 10
    assert remedy.proven


def test_no_more_is_needed_than_other_routes_leave():
    # Over x-z-y there is room for 40 more: of the 50 that are missing the short link needs 10.
    network = plain_network(
        [("xy", "x", "y", 30.0, 10.0), ("xz", "x", "z", 40.0, 10.0), ("zy", "z", "y", 40.0, 10.0)],
        [("d", "x", "y", 80.0)],
    )
    remedy = explain(network, costs=ONLY_PAIRS).unmet[0].remedy
    (short,), (step,) = remedy.short, remedy.steps
    assert (short.resource, short.needs) == ("link:xy", pytest.approx(40.0))
    assert step.change.details["module_pairs"] == 2


def test_less_of_what_is_needed_does_not_serve():
    rng = np.random.default_rng(64)
    tried = 0
    for _ in range(14):
        network = small(rng)
        budget, demands = link_budget(network), demand_rates(network)
        rates = Rates(network, budget=budget, modules={})
        for one in explain(network, costs=ONLY_PAIRS).unmet:
            if not one.remedy.met or any(short.kind != "link" for short in one.remedy.short):
                continue
            everybody = Question(network, budget, demands, wanted=one.demands)
            now = Changed.by((), question=everybody, rates=rates)
            stage = Changed.by((), question=everybody.only(one.demands, allocation=now.allocation), rates=rates)
            needs = {short.resource: short.needs for short in one.remedy.short}
            assert stage.lifted({name: rate * (1 + 1e-6) for name, rate in needs.items()}).met
            for short in one.remedy.short:
                less = short.has + 0.98 * (short.needs - short.has)
                assert not stage.lifted({**needs, short.resource: less}).met
                tried += 1
    assert tried > 4


def test_nobody_pays_for_a_change():
    # With more on ab, a would take from b on bc what b has today; the changes keep b as it is.
    network = plain_network(
        [("ab", "a", "b", 1.0, 10.0), ("bc", "b", "c", 10.0, 10.0)], [("far", "a", "c", 8.0), ("near", "b", "c", 9.0)]
    )
    one = explain(network, demand="far", costs=ONLY_PAIRS).unmet[0]
    assert {step.change.resource for step in one.remedy.steps} == {"link:ab", "link:bc"}
    (wide,) = [step for step in one.remedy.steps if step.change.resource == "link:bc"]
    assert "near" in wide.losers_without
    assert serves(network, [step.change for step in one.remedy.steps], ("far",))


def test_all_demands_together():
    network = plain_network(
        [("ab", "a", "b", 1.0, 10.0), ("cd", "c", "d", 2.0, 10.0)], [("one", "a", "b", 3.0), ("two", "c", "d", 3.0)]
    )
    apart = explain(network, costs=ONLY_PAIRS).unmet
    assert {one.demands for one in apart} == {("one",), ("two",)}
    (both,) = explain(network, costs=ONLY_PAIRS, together=True).unmet
    assert both.demands == ("one", "two")
    assert not both.alike
    assert both.remedy.proven
    cost = sum(step.change.cost_cny for step in both.remedy.steps)
    assert cost == pytest.approx(sum(step.change.cost_cny for one in apart for step in one.remedy.steps))
    check(network, both)


def test_ports_are_no_more_than_it_takes():
    # "no" has no route and takes no port; "big" comes first and takes the one there is.
    nodes = [node_row("a", user_ports=1), node_row("b", user_ports=0), node_row("c"), node_row("z", "user")]
    network = build_network(
        nodes=nodes,
        links=[link_row("ab", "a", "b", 9.0), link_row("ac", "a", "c", 9.0)],
        demands=[
            demand_row("big", "a", "c", 1.0, priority=3), demand_row("no", "a", "z", 1.0, priority=2),
            demand_row("small", "a", "b", 1.0),
        ],
    )  # fmt: skip
    one = explain(network, demand="small", costs=ONLY_PAIRS).unmet[0]
    ports = {step.change.resource: step.change.details["user_ports"] for step in one.remedy.steps}
    assert ports == {"ports:a": 2, "ports:b": 1}
    check(network, one)
    changed = apply_changes(network, [step.change for step in one.remedy.steps])
    assert changed.nodes.set_index("node_id")["user_ports"].to_dict()["a"] == 2
