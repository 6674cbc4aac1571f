"""Availability against the enumeration of every state, and what the command says."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import planner
from planner.availability import (
    components_of,
    demand_availability,
    load_reliability,
    outage_by_chance,
    outage_exactly,
)
from planner.availability.reliability import unavailability
from planner.cli import app
from planner.errors import InputError
from planner.network import build_network
from tests.networks import demand_row, link_row, node_row, plain_network, random_network

NAMES = [("node", letter) for letter in "abcdefg"]
NEEDS = st.frozensets(st.sampled_from(NAMES), min_size=1, max_size=5)
SETS = st.lists(st.lists(NEEDS, min_size=1, max_size=2), min_size=1, max_size=4)
DOWN = st.lists(st.sampled_from([0.0, 1e-9, 0.01, 0.3, 0.9, 1.0]), min_size=7, max_size=7)


def by_states(sets, down):
    """No set works, and not all work: summed over every state of the components."""
    names = sorted(set().union(*(needs for one in sets for needs in one)))
    every = some = 0.0
    for states in itertools.product((True, False), repeat=len(names)):
        works = {name for name, up in zip(names, states, strict=True) if up}
        weight = math.prod(1 - down[name] if up else down[name] for name, up in zip(names, states, strict=True))
        alive = [any(needs <= works for needs in one) for one in sets]
        every += 0 if any(alive) else weight
        some += 0 if all(alive) else weight
    return every, some


@settings(deadline=None)
@given(SETS, DOWN)
def test_exact_is_the_sum_over_all_states(sets, values):
    down = dict(zip(NAMES, values, strict=True))
    found = outage_exactly(sets, down=down)
    every, some = by_states(sets, down)
    assert found.every == pytest.approx(every, rel=1e-9, abs=1e-30)
    assert found.some == pytest.approx(some, rel=1e-6, abs=1e-15)
    assert found.standard_error == 0


def test_small_outages_keep_their_digits():
    down = {("node", "a"): 1e-12, ("node", "b"): 1e-11}
    found = outage_exactly([[{("node", "a")}], [{("node", "b")}]], down=down)
    assert found.every == pytest.approx(1e-23, rel=1e-12)
    protected = outage_exactly([[{("node", "a")}, {("node", "b")}]], down=down)
    assert (protected.every, protected.some) == pytest.approx((1e-23, 1e-23), rel=1e-12)


def test_drawn_agrees_with_exact_within_its_error():
    rng = np.random.default_rng(3)
    for seed in range(10):
        down = dict(zip(NAMES, rng.uniform(0, 0.4, 7).tolist(), strict=True))
        routes = [{NAMES[n] for n in rng.choice(7, 3, replace=False)} for _ in range(4)]
        for sets in ([[route] for route in routes], [routes[:2], routes[2:3], routes[3:]]):
            exact, drawn = outage_exactly(sets, down=down), outage_by_chance(sets, down=down, draws=50_000, seed=seed)
            assert drawn.every == pytest.approx(exact.every, abs=5 * drawn.standard_error)
            assert 0 < drawn.standard_error < 0.01
            assert drawn.some == pytest.approx(exact.some, abs=5 * drawn.standard_error_some)
            assert (drawn.standard_error_some == 0) == (len(sets) == 4)
            assert drawn == outage_by_chance(sets, down=down, draws=50_000, seed=seed)


def test_nothing_seen_is_not_nothing_possible():
    found = outage_by_chance([[{("node", "a")}]], down={("node", "a"): 1e-9}, draws=1000)
    assert (found.every, found.standard_error) == (0.0, 1e-3)


def test_random_plans_against_all_states():
    """Every state of every fibre, module, site and risk group of small networks, the routes in sets by chance."""
    rng = np.random.default_rng(5)
    figures = load_reliability()
    compared = joined = 0
    while compared < 25 or joined < 4:
        network = random_network(rng, most_nodes=4, most_demands=2, connected=True)
        if network.demands.empty or len(network.links) > 6:
            continue
        risks = [str(rng.choice(["duct", "bridge"])) if rng.random() < 0.5 else None for _ in range(len(network.links))]
        network = network.replace(links=network.links.assign(risk_groups=pd.Series(risks, dtype=object)))
        plan = planner.make_plan(network)
        down, needs = components_of(network, reliability=figures)
        routes = joined_by_chance(plan.routes, rng)
        found = demand_availability(network, demands=plan.demands, routes=routes, reliability=figures)
        for row in found.to_dict("records"):
            sets = []
            for _, used in routes[routes["demand_id"] == row["demand_id"]].groupby("set"):
                needed = [
                    frozenset(("node", node) for node in route.nodes).union(*(needs[link] for link in route.links))
                    for route in used.itertuples()
                ]
                sets.append([frozenset().union(*needed)] if "share" in set(used["role"]) else needed)
            if not sets or len(set().union(*(one for alternatives in sets for one in alternatives))) > 13:
                continue
            joined += len(sets) < row["routes"]
            every, some = by_states(sets, down)
            assert row["minutes_down_per_year"] == pytest.approx(every * 525_960, rel=1e-9)
            assert row["minutes_not_in_full_per_year"] == pytest.approx(some * 525_960, rel=1e-9)
            assert row["method"] == "exact"
            compared += 1


def joined_by_chance(routes, rng):
    """The routes, some pairs of the same demand made into a protected or a split set."""
    roles, sets = list(routes["role"]), list(routes["set"])
    for first, second in itertools.pairwise(range(len(routes))):
        same = routes["demand_id"].iloc[first] == routes["demand_id"].iloc[second]
        if same and roles[first] == "working" and rng.random() < 0.7:
            roles[first : second + 1] = [("working", "protection"), ("share", "share")][rng.integers(2)]
            sets[second] = sets[first]
    return routes.assign(role=roles, set=sets)


def test_one_link_by_hand():
    figures = load_reliability()
    network = plain_network([("ab", "a", "b", 10, 100.0)], [("d", "a", "b", 1), ("zero", "a", "b", 0)])
    plan = planner.make_plan(network)
    found = demand_availability(network, demands=plan.demands, routes=plan.routes, reliability=figures).set_index(
        "demand_id"
    )
    fibre = 0.2 * 12 / (8766 + 0.2 * 12)
    modules = 0.25 * 24 / (8766 + 0.25 * 24)
    node = 0.2 * 6 / (8766 + 0.2 * 6)
    wanted = (1 - fibre) * (1 - modules) * (1 - node) ** 2
    assert found.loc["d", "availability"] == pytest.approx(wanted, rel=1e-12)
    assert math.isnan(found.loc["zero", "availability"])
    assert found.loc["zero", "method"] == "no route"


def test_a_link_to_a_satellite_has_no_fibre_to_be_cut():
    figures = load_reliability()
    network = plain_network([("as", "a", "s", 1, 1000.0)], [("d", "a", "s", 1)], s="satellite")
    down, needs = components_of(network, reliability=figures)
    assert needs["as"] == {("modules", "as")}
    assert ("fibre", "as") not in down


def test_what_is_shared_fails_once():
    """Two routes in one duct are hardly better than one; module pairs in parallel are better than one."""
    figures = load_reliability()

    def minutes(**more):
        network = build_network(
            nodes=[node_row(node) for node in "ab"],
            links=[link_row(link, "a", "b", 10.0, 100.0, **more) for link in ("one", "two")],
            demands=[demand_row("d", "a", "b", 20.0)],
        )
        plan = planner.make_plan(network)
        table = demand_availability(network, demands=plan.demands, routes=plan.routes, reliability=figures)
        return table.loc[0, "minutes_down_per_year"], table.loc[0, "minutes_not_in_full_per_year"]

    alone, duct, group, pairs = minutes(), minutes(risk_groups="x"), minutes(module_group="g"), minutes(module_pairs=2)
    assert duct[0] - alone[0] == pytest.approx(unavailability(0.05, repair_h=24) * 525_960, rel=0.01)
    assert group[0] > alone[0]
    assert pairs[1] < alone[1]


def test_a_split_key_needs_all_its_shares_and_a_protected_one_either_route():
    figures = load_reliability()
    network = plain_network([("one", "a", "b", 10), ("two", "a", "b", 10)], [("d", "a", "b", 20)])
    plan = planner.make_plan(network)
    apart, split, protected = (
        demand_availability(
            network, demands=plan.demands, routes=plan.routes.assign(role=roles, set=sets), reliability=figures
        ).iloc[0]
        for roles, sets in (
            ("working", [1, 2]),
            ("share", [1, 1]),
            (["working", "protection"], [1, 1]),
        )
    )
    assert split["availability"] == split["availability_in_full"] == apart["availability_in_full"]
    assert protected["availability"] == protected["availability_in_full"] == apart["availability"]
    assert split["availability"] < protected["availability"]


def test_a_demand_without_a_route_is_never_available():
    network = plain_network([("ab", "a", "b", 0)], [("d", "a", "b", 1)])
    plan = planner.make_plan(network)
    row = demand_availability(network, demands=plan.demands, routes=plan.routes, reliability=load_reliability()).iloc[0]
    assert (row["availability"], row["minutes_down_per_year"], row["method"]) == (0.0, 525_960.0, "no route")


def test_many_routes_are_drawn():
    figures = load_reliability()
    network = plain_network([(f"L{n}", "a", "b", 1) for n in range(4)], [("d", "a", "b", 4)])
    plan = planner.make_plan(network)
    tables = [
        demand_availability(
            network, demands=plan.demands, routes=plan.routes, reliability=figures, most_exact_routes=most
        ).iloc[0]
        for most in (4, 3)
    ]
    assert [table["method"] for table in tables] == ["exact", "drawn"]
    error = tables[1]["standard_error_minutes"]
    assert tables[1]["minutes_down_per_year"] == pytest.approx(tables[0]["minutes_down_per_year"], abs=5 * error)


def test_every_shipped_figure_has_a_basis():
    figures = load_reliability()
    assert figures.fibre_repair_h.basis == "assumed"
    assert figures.fibre(0.0) == 0.0


def test_wrong_figures_are_all_named(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('title = "Own"\n[fibre_repair_h]\nvalue = -1\nbasis = "assumed"\n', encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_reliability(path)
    columns = {problem.column for problem in caught.value.problems}
    assert {"fibre_repair_h.value", "node_repair_h", "risk_group_failures_per_year"} <= columns
    with pytest.raises(InputError, match="did you mean 'assumed'"):
        load_reliability("asumed")


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_command_says_who_waits_longest(tmp_path):
    target = tmp_path / "availability.csv"
    result = run("availability", "wuhan-hefei", "-o", target, "--json")
    assert result.exit_code == 0, result.stderr
    rows = json.loads(result.stdout)["demands"]
    written = list(csv.DictReader(io.StringIO(target.read_text("utf-8-sig"))))
    assert [row["demand_id"] for row in written] == [row["demand_id"] for row in rows]
    minutes = [row["minutes_down_per_year"] for row in rows]
    assert minutes == sorted(minutes, reverse=True)
    shown = run("availability", "wuhan-hefei").stdout
    assert "minutes a year" in shown.splitlines()[0]
