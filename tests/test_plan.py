"""The whole job on small networks whose answer is known by hand."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import planner
from planner.network import build_network


def network(links, demands, nodes="abcd", **kinds):
    return build_network(
        name="small",
        nodes=[
            {
                "node_id": n,
                "name": n.upper(),
                "kind": kinds.get(n, "trusted"),
                "lat_deg": 30 + i,
                "lon_deg": 110,
                "basis": "assumed",
            }
            for i, n in enumerate(nodes)
        ],
        links=[
            {"link_id": f"{a}{b}", "node_a": a, "node_b": b, "length_km": 50, "key_rate_bps": rate, "basis": "assumed"}
            for a, b, rate in links
        ],
        demands=[
            {"demand_id": f"d{i}", "node_a": a, "node_b": b, "rate_bps": rate, **extra}
            for i, (a, b, rate, extra) in enumerate((*d, {})[:4] for d in demands)
        ],
    )


CHAIN = [("a", "b", 1000.0), ("b", "c", 600.0), ("c", "d", 2000.0)]


def test_a_chain_is_limited_by_its_weakest_link():
    plan = planner.make_plan(network(CHAIN, [("a", "d", 200.0), ("b", "c", 100.0)]))
    assert plan.growth.factor == pytest.approx(2.0)
    assert plan.growth.bound == pytest.approx(2.0)
    assert plan.growth.gap == pytest.approx(0, abs=1e-9)
    assert list(plan.demands["served_bps"]) == pytest.approx([200, 100])
    assert list(plan.links["load_bps"]) == pytest.approx([200, 300, 200])
    assert list(plan.links["utilisation"]) == pytest.approx([0.2, 0.5, 0.1])
    assert list(plan.bottlenecks["sentence"]) == ["B–C limits 2 of 2 demands."]
    assert plan.unmet == []


def test_modules_shared_in_time_can_be_the_limit():
    net = network([("a", "b", 1000.0), ("b", "c", 1000.0)], [("a", "c", 100.0)])
    plan = planner.make_plan(net.replace(links=net.links.assign(module_group="switch 1")))
    assert plan.growth.factor == pytest.approx(5.0)
    [row] = plan.bottlenecks.to_dict("records")
    assert (row["link_id"], row["module_group"], row["demands_limited"]) == (None, "switch 1", 1)
    assert row["sentence"] == "Module group switch 1, whose modules are shared in time, limits 1 of 1 demands."
    assert row["price_share"] == pytest.approx(1)


def test_what_cannot_be_served_is_shared_fairly():
    plan = planner.make_plan(network(CHAIN, [("a", "d", 600.0), ("b", "c", 300.0), ("c", "d", 500.0)]))
    assert list(plan.demands["served_bps"]) == pytest.approx([400, 200, 500])
    assert list(plan.demands["served_fraction"]) == pytest.approx([2 / 3, 2 / 3, 1])
    assert plan.growth.factor == pytest.approx(2 / 3)
    assert plan.unmet == ["d0", "d1"]
    service = plan.bottlenecks[plan.bottlenecks["limits"] == "service"]
    assert list(service["sentence"]) == ["B–C holds 2 demands to 66.7 % of what they ask."]


def test_an_unreachable_demand_is_a_warning_and_stops_growth():
    plan = planner.make_plan(network(CHAIN[:1], [("a", "b", 100.0), ("a", "d", 1.0)]))
    assert (plan.growth.factor, plan.growth.bound, plan.growth.gap) == (0, 0, 0)
    assert plan.growth.prices == {}
    assert list(plan.demands["served_bps"]) == pytest.approx([100, 0])
    assert any("'d1' (A–D) has no route" in warning for warning in plan.warnings)
    assert plan.unmet == ["d1"]


def test_demands_of_zero_are_served_and_stay_outside_growth():
    plan = planner.make_plan(network(CHAIN, [("a", "b", 0.0)]))
    assert plan.growth.bound is None
    assert plan.growth.gap is None
    assert list(plan.demands["served_fraction"]) == [1]
    assert plan.unmet == []


def test_users_are_not_passed_through():
    plan = planner.make_plan(network(CHAIN, [("a", "d", 100.0)], b="user"))
    assert list(plan.demands["served_bps"]) == [0]


def test_the_json_has_the_promised_keys():
    plan = planner.make_plan(network(CHAIN, [("a", "d", 200.0)]))
    data = json.loads(json.dumps(plan.as_dict(), allow_nan=False))
    assert {"network", "demands", "links", "growth", "inputs", "version"} <= data.keys()
    assert data["demands"][0] == {
        "demand_id": "d0",
        "node_a": "a",
        "node_b": "d",
        "requested_bps": 200.0,
        "served_bps": pytest.approx(200.0),
        "protection": "none",
        "protection_given": "none",
        "shortfall": None,
        "routes": [
            {
                "nodes": ["a", "b", "c", "d"],
                "links": ["ab", "bc", "cd"],
                "rate_bps": pytest.approx(200.0),
                "role": "working",
                "set": 1,
            }
        ],
    }
    assert data["links"][0] == {
        "link_id": "ab",
        "key_rate_bps": 1000.0,
        "load_bps": pytest.approx(200.0),
        "reserved_bps": 0.0,
        "utilisation": pytest.approx(0.2),
    }
    assert data["growth"].keys() == {"factor", "bound", "gap", "prices", "resource_prices", "routes"}
    assert data["growth"]["routes"][0]["demand_id"] == "d0"
    assert data["growth"]["routes"][0].keys() == {"demand_id", "nodes", "links", "rate_bps", "role", "set"}
    assert (data["objective"], data["shared"], data["total"], data["without_port"]) == ("fair", False, None, [])
    assert all(path.startswith("inputs/") and len(digest) == 64 for path, digest in data["inputs"].items())


def test_the_prices_prove_the_factor():
    plan = planner.make_plan(network(CHAIN, [("a", "d", 200.0), ("b", "c", 100.0)]))
    prices = plan.growth.prices
    rates = dict(zip(plan.links["link_id"], plan.links["key_rate_bps"], strict=True))
    paid = 200 * (prices["ab"] + prices["bc"] + prices["cd"]) + 100 * prices["bc"]
    assert sum(prices[link] * rates[link] for link in prices) / paid == pytest.approx(plan.growth.factor)


def test_a_plan_needs_a_demand():
    with pytest.raises(planner.InputError, match="no demand"):
        planner.make_plan(network(CHAIN, []))


def test_a_measured_rate_above_its_bound_is_a_warning():
    net = planner.load("wuhan-hefei")
    links = net.links.copy()
    links.loc[0, "key_rate_bps"] = 1e14
    plan = planner.make_plan(net.replace(links=links))
    assert any("above its bound" in warning for warning in plan.warnings)


def test_a_saved_plan_reads_back_the_same(tmp_path):
    plan = planner.make_plan(network(CHAIN, [("a", "d", 600.0), ("b", "c", 300.0)]))
    plan.save(tmp_path / "plan")
    read = planner.read_plan(tmp_path / "plan")
    assert read.as_dict() == plan.as_dict() | {"files_read": read.as_dict()["files_read"]}
    for table in ("budget", "demands", "links", "routes", "bottlenecks"):
        pd.testing.assert_frame_equal(getattr(read, table), getattr(plan, table))


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"demands": 3}', "not json"])
def test_what_is_no_plan_is_an_input_error(tmp_path, content):
    planner.make_plan(network(CHAIN, [("a", "d", 1.0)])).save(tmp_path / "plan")
    path = tmp_path / "plan" / "plan.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(planner.InputError, match=r"plan\.json"):
        planner.read_plan(tmp_path / "plan")


def test_the_real_trunks_are_planned():
    plan = planner.make_plan(planner.load("trunks"))
    assert (plan.links["load_bps"] <= plan.links["key_rate_bps"] * (1 + 1e-9)).all()
    assert plan.growth.gap <= 1e-9
    assert plan.growth.factor > 0
    assert "km" in repr(plan.network)
    assert "growth factor" in repr(plan)
