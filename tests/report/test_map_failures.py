"""The ranking of failures that travels with the map."""

from __future__ import annotations

import json
from itertools import accumulate

import pytest

from planner.budget import link_budget
from planner.failure import sweep_failures
from planner.network import build_network
from planner.report import map_failures
from planner.report.map_data import map_document
from planner.report.map_failures import ranking, steps
from tests.report.map_networks import chain_network, link_row, node_row, plan_of


@pytest.fixture(scope="module")
def chain_plan():
    return plan_of(chain_network())


def named(row, demands):
    """A row of the ranking with the ids of the demands."""
    return {part: [demands[n] for n in accumulate(row[part])] for part in ("cut", "ended")}


def test_ranking_says_what_the_sweep_says(chain_plan):
    told = map_document(chain_plan)["failures"]
    swept = chain_plan.failures
    felt = swept.failures[(swept.failures["demands_cut"] > 0) | (swept.failures["demands_ended"] > 0)]
    assert told["total"] == len(swept.failures)
    assert told["felt"] == len(told["rows"]) == len(felt)
    assert [(row["kind"], row["id"]) for row in told["rows"]] == [failed for (failed,) in felt["failed"]]
    ids = list(chain_plan.demands["demand_id"])
    for row, (_, expected) in zip(told["rows"], felt.iterrows(), strict=True):
        found = named(row, ids)
        assert found["cut"] == list(expected["cut"])
        assert len(found["ended"]) == expected["demands_ended"]
        assert len(row["links"]) == expected["links_failed"]
        assert row["narrowed"] == expected["demands_narrowed"]
    assert told["sentence"].startswith("16 of 23 single failures cut a demand off")


def test_links_that_fail_with_a_node_or_risk_group():
    nodes = [node_row(name, name, lat_deg=30 + n, lon_deg=110) for n, name in enumerate(("a", "b", "c"))]
    nodes.append(node_row("s", "s", kind="switch", lat_deg=30.5, lon_deg=110))
    links = [
        link_row("a", "b", via="s", risk_groups="duct; bridge"),
        link_row("b", "c", risk_groups="bridge"),
        link_row("a", "c", link_id="far"),
    ]
    demands = [{"demand_id": "d", "node_a": "a", "node_b": "c", "rate_bps": 1.0}]
    document = map_document(build_network(nodes=nodes, links=links, demands=demands))
    told = document["failures"]
    assert document["plan"] is None
    assert told["demands"] == [{"demand_id": "d", "node_a": "a", "node_b": "c"}]
    by_id = {(row["kind"], row["id"]): row for row in told["rows"]}
    assert set(by_id) == {("node", "a"), ("node", "c")}, "nothing else cuts the ring"
    assert by_id["node", "a"]["links"] == ["a-b", "far"]
    assert by_id["node", "a"]["ended"] == [0]
    budget = link_budget(build_network(nodes=nodes, links=links[:2], demands=demands))
    line = build_network(nodes=nodes, links=links[:2], demands=demands)
    swept = sweep_failures(line, budget=budget, demands=line.demands, allocate_worst=0)
    rows = {(row["kind"], row["id"]): row["links"] for row in ranking(swept, budget=budget)["rows"]}
    assert rows["risk group", "bridge"] == ["a-b", "b-c"]
    assert rows["node", "s"] == ["a-b"]
    assert ("risk group", "duct") not in rows, "a group of one link is that link"


def test_no_demands_no_ranking():
    nodes = [node_row("a", "a", lat_deg=30, lon_deg=110), node_row("b", "b", lat_deg=31, lon_deg=110)]
    assert map_document(build_network(nodes=nodes, links=[link_row("a", "b")]))["failures"] is None


def test_demands_that_cannot_be_planned_do_not_stop_the_map():
    nodes = [node_row("a", "a", lat_deg=30, lon_deg=110), node_row("b", "b", lat_deg=31, lon_deg=110)]
    nodes.append(node_row("s", "s", kind="switch", lat_deg=30.5, lon_deg=110))
    demands = [{"demand_id": "d", "node_a": "a", "node_b": "s", "rate_bps": 1.0}]
    document = map_document(build_network(nodes=nodes, links=[link_row("a", "b", via="s")], demands=demands))
    assert document["failures"] is None
    assert len(document["links"]) == 1


def test_only_the_worst_are_told(chain_plan, monkeypatch):
    monkeypatch.setattr(map_failures, "MOST_FAILURES", 5)
    short = ranking(chain_plan.failures, budget=chain_plan.budget)
    assert len(short["rows"]) == 5 < short["felt"]
    monkeypatch.setattr(map_failures, "MOST_CUT", 7)
    shorter = ranking(chain_plan.failures, budget=chain_plan.budget)
    assert 1 <= len(shorter["rows"]) < 5
    assert shorter["rows"] == short["rows"][: len(shorter["rows"])]


def test_steps_add_up_to_the_numbers():
    assert steps([7, 2, 3]) == [2, 1, 4]
    assert list(accumulate(steps(range(0, 100, 7)))) == list(range(0, 100, 7))
    assert steps([]) == []


def test_a_large_network_stays_small():
    """A line of 1,000 links with 1,000 demands, each failure of which cuts hundreds."""
    nodes = [node_row(f"n{n}", f"n{n}", lat_deg=20 + n / 50, lon_deg=110) for n in range(1001)]
    links = [link_row(f"n{n}", f"n{n + 1}") for n in range(1000)]
    demands = [
        {"demand_id": f"d{n}", "node_a": f"n{n % 400}", "node_b": f"n{1000 - n % 390}", "rate_bps": 1.0}
        for n in range(1000)
    ]
    told = map_document(build_network(nodes=nodes, links=links, demands=demands))["failures"]
    assert told["felt"] > len(told["rows"]) > 10
    assert len(json.dumps(told)) < 200_000
