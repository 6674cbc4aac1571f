"""Verification of protection, node limits, shared reserve and the total, on plans made by brute force."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import planner
from planner.files import input_files
from planner.network import Network, build_network
from planner.verify import verify_plan
from tests.networks import demand_row, link_row, node_row
from tests.test_verify import save_lightly
from tests.verify_by_hand import Facts, links_of, nodes_of, plan_by_hand, save_by_hand, write_plan


def odd_network(seed: int, *, nodes: int = 6, links: int = 9, demands: int = 4) -> Network:
    """A random small network with everything at once: protection, risk groups, limits, ports, groups, dead links."""
    rng = np.random.default_rng(seed)
    names = [f"n{number}" for number in range(nodes)]

    def limits() -> dict[str, Any]:
        limit = float(rng.choice([1.0, 2.0, 3.0])) if rng.random() < 0.25 else None
        ports = int(rng.integers(0, 3)) if rng.random() < 0.15 else None
        return {"relay_limit_bps": limit, "user_ports": ports}

    def pair() -> tuple[str, str]:
        one, other = rng.choice(nodes, size=2, replace=False)
        return names[one], names[other]

    kinds = rng.choice(["trusted", "trusted", "trusted", "trusted", "ground", "user"], size=nodes)
    return build_network(
        name=f"odd-{seed}",
        nodes=[node_row(name, str(kind), **limits()) for name, kind in zip(names, kinds, strict=True)],
        links=[
            link_row(
                f"L{number}", *pair(), float(rng.choice([0.0, 1.0, 2.0, 3.0, 5.0], p=[0.08, 0.23, 0.23, 0.23, 0.23])),
                module_group=str(rng.choice(["g1", "g2"])) if rng.random() < 0.2 else None,
                risk_groups=str(rng.choice(["r1", "r2", "r1;r3", "r4"])) if rng.random() < 0.35 else None,
            )
            for number in range(links)
        ],
        demands=[
            demand_row(
                f"D{number}", *pair(), float(rng.choice([0.0, 1.0, 2.0, 4.0], p=[0.05, 0.3, 0.35, 0.3])),
                priority=float(rng.choice([1.0, 1.0, 2.0])),
                protection=str(rng.choice(["none", "1+1", "1+1", "split-2", "split-3"])),
            )
            for number in range(demands)
        ],
    )  # fmt: skip


def broken(folder: Path) -> dict[str, str]:
    """What does not hold; plans made by hand have no bottleneck sentences, and divide totals as it comes."""
    by_hand = {"bottlenecks", "total ties"}
    return {check.name: check.detail for check in verify_plan(folder).broken if check.name not in by_hand}


# ---- What is accepted


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("objective", ["fair", "total"])
def test_plans_made_by_brute_force_are_accepted(objective, shared, tmp_path):
    for seed in range(12):
        network = odd_network(seed)
        data = plan_by_hand(network, objective=objective, shared=shared)
        found = broken(save_by_hand(network, data, tmp_path / str(seed)))
        assert not found, f"seed {seed}: {found}"


@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.sampled_from([(4, 6, 2), (6, 9, 4), (6, 12, 4), (8, 14, 6)]),
    objective=st.sampled_from(["fair", "total"]),
    shared=st.booleans(),
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
def test_every_plan_made_is_accepted(seed, size, objective, shared, tmp_path_factory):
    nodes, links, demands = size
    network = odd_network(seed, nodes=nodes, links=links, demands=demands)
    made = planner.make_plan(network, objective=objective, shared=shared)
    folder = save_lightly(made, tmp_path_factory.mktemp("plan"), real_tables=False)
    verification = verify_plan(folder)
    shutil.rmtree(folder)
    assert verification.ok, str(verification)


# ---- What is not the best


def without_some(seed: int) -> Callable[[object], bool]:
    rng = np.random.default_rng(seed)
    return lambda _: bool(rng.random() < 0.35)


@pytest.mark.parametrize("shared", [False, True])
def test_plans_that_do_not_know_all_routes_are_refused(shared, tmp_path):
    """They are consistent in themselves, but their prices prove less than they claim."""
    worse = 0
    for seed in range(20):
        network = odd_network(1000 + seed)
        best, poor = (plan_by_hand(network, shared=shared, keep=keep) for keep in (lambda _: True, without_some(seed)))
        found = broken(save_by_hand(network, poor, tmp_path / str(seed)))
        served, less = ({row["demand_id"]: row["served_bps"] for row in plan["demands"]} for plan in (best, poor))
        if any(abs(served[key] - less[key]) > 1e-4 * served[key] for key in served):
            assert {"fairness proof", "spare key"} & found.keys(), f"seed {seed}"
            worse += 1
        if (best["growth"]["factor"] or 0.0) > (poor["growth"]["factor"] or 0.0) * (1 + 1e-4):
            assert {"growth bound", "growth gap"} & found.keys(), f"seed {seed}"
            worse += 1
    assert worse >= 6


@pytest.mark.parametrize("shared", [False, True])
def test_totals_that_do_not_know_all_routes_are_refused(shared, tmp_path):
    worse = 0
    for seed in range(20):
        network = odd_network(2000 + seed)
        best, poor = (
            plan_by_hand(network, objective="total", shared=shared, keep=keep)
            for keep in (lambda _: True, without_some(seed))
        )
        found = broken(save_by_hand(network, poor, tmp_path / str(seed)))
        if best["total"]["served_bps"] > poor["total"]["served_bps"] * (1 + 1e-4):
            assert {"total bound", "total gap"} & found.keys(), f"seed {seed}"
            worse += 1
    assert worse >= 3


def lowered(data: dict[str, Any], key: str, facts: Facts) -> dict[str, Any]:
    """The same plan that serves one demand a little less, and says so everywhere, in its levels too."""
    data = copy.deepcopy(data)
    row = demand(data, key)
    row["served_bps"] *= 0.999
    for route in row["routes"]:
        route["rate_bps"] *= 0.999
    levels = data["fairness"]["levels"]
    for number, level in enumerate(levels):
        if key in level["demands"]:
            level["demands"].remove(key)
            alone = {**level, "level": level["level"] * 0.999, "demands": [key], "served_in_full": False}
            levels[number : number + 1] = [alone, *([level] if level["demands"] else [])]
            break
    levels.sort(key=lambda level: level["level"])
    data["links"], data["nodes"] = links_of(facts, data["demands"]), nodes_of(facts, data["demands"])
    if data["total"]:
        data["total"]["served_bps"] = sum(row["served_bps"] for row in data["demands"])
        data["total"]["gap"] = 1 - data["total"]["served_bps"] / data["total"]["bound"]
    return data


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(("objective", "name"), [("fair", "fairness proof"), ("total", "total gap")])
def test_serving_one_demand_less_is_noticed(objective, name, shared, tmp_path):
    tried = 0
    for seed in range(3000, 3005):
        network = odd_network(seed)
        data = plan_by_hand(network, objective=objective, shared=shared)
        facts = Facts(network, shared=shared)
        for row in (row for row in data["demands"] if row["served_bps"]):
            less = lowered(data, row["demand_id"], facts)
            found = broken(save_by_hand(network, less, tmp_path / f"{seed} {row['demand_id']}"))
            assert set(found) <= {name, "spare key"}
            assert name in found, (seed, row["demand_id"])
            tried += 1
    assert tried >= 5


# ---- What was changed by hand, and the check that says so


def ring(**changes: Any) -> Network:
    """A ring a b d c with a way through e, and f behind d; every kind of protection.

    ``safe`` and ``other`` have a protection route, ``split`` two shares, ``short`` no second route, because all of its
    routes pass d and the link df.
    """
    relay_limit_bps = changes.pop("relay_limit_bps", 300.0)
    risks = changes.pop("risks", {})
    ports = changes.pop("ports", {})
    assert not changes
    nodes = [node_row(name, user_ports=ports.get(name)) for name in "abcdef"]
    nodes[1]["relay_limit_bps"] = relay_limit_bps
    ends = ("ab", "bd", "ac", "cd", "ae", "ed", "df", "bc")
    rates = dict(zip(ends, (400.0, 500.0, 300.0, 300.0, 200.0, 250.0, 120.0, 90.0), strict=True))
    return build_network(
        name="ring",
        nodes=nodes,
        links=[link_row(name, *name, rates[name], risk_groups=risks.get(name)) for name in ends],
        demands=[
            demand_row("safe", "a", "d", 100.0, protection="1+1"),
            demand_row("other", "b", "c", 150.0, protection="1+1", priority=2.0),
            demand_row("split", "d", "a", 200.0, protection="split-2"),
            demand_row("short", "a", "f", 80.0, protection="1+1"),
            demand_row("plain", "c", "b", 500.0),
        ],
    )


PLANS = {
    "fair": {"objective": "fair", "shared": False},
    "shared": {"objective": "fair", "shared": True},
    "total": {"objective": "total", "shared": False},
}


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """Plans of the ring, made by brute force and made by the planner."""
    found = {}
    for name, options in PLANS.items():
        found[name] = save_by_hand(ring(), plan_by_hand(ring(), **options), tmp_path_factory.mktemp(name))
        made = planner.make_plan(ring(), **options)
        found[f"made {name}"] = save_lightly(made, tmp_path_factory.mktemp(f"made {name}"), real_tables=False)
    return found


@pytest.fixture(params=PLANS)
def saved(request, plans):
    return plans[f"made {request.param}"]


def demand(data: dict[str, Any], key: str) -> dict[str, Any]:
    return next(row for row in data["demands"] if row["demand_id"] == key)


def first_set(data: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [route for route in demand(data, key)["routes"] if route["set"] == 1]


def scale_route(data, key, factor):
    first_set(data, key)[1]["rate_bps"] *= factor


def share_a_node(data):
    """Both routes over b, on links that exist."""
    for route, nodes, links in zip(
        first_set(data, "split"),
        (["d", "b", "a"], ["d", "c", "b", "a"]),
        (["bd", "ab"], ["cd", "bc", "ab"]),
        strict=True,
    ):
        route.update(nodes=nodes, links=links)


def share_a_link(data):
    first_set(data, "safe")[1].update({key: first_set(data, "safe")[0][key] for key in ("nodes", "links")})


def swap_roles(data):
    working, protection = sorted(first_set(data, "safe"), key=lambda route: route["role"], reverse=True)
    working["role"], protection["role"] = "protection", "working"


def reserve(data):
    return max(data["links"], key=lambda row: row["reserved_bps"])


def priced(data, part):
    rates = {row["link_id"]: row["key_rate_bps"] for row in data["links"]}
    return max(part["prices"], key=lambda name: part["prices"][name] * rates[name])


def limited(data):
    """The lowest level that prices prove."""
    return next(level for level in data["fairness"]["levels"] if level["prices"])


def claim_a_shortfall(data):
    cut = {"nodes": ["b"], "links": [], "risk_groups": []}
    demand(data, "safe").update(protection_given="none", shortfall={"routes": 1, "cut": cut})


def cut(data):
    return demand(data, "short")["shortfall"]["cut"]


def priced_resource(data):
    prices = data["growth"]["resource_prices"]
    return prices, max(prices, key=lambda name: prices[name])


def scale_resource(data):
    prices, name = priced_resource(data)
    prices[name] *= 1.001


TAMPERINGS: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "rate of one route": (lambda d: scale_route(d, "safe", 1.001), "sets of routes", "the rate of a route in set 1"),
    "rate of one share": (lambda d: scale_route(d, "split", 0.999), "sets of routes", "set 1 of demand 'split'"),
    "node shared": (share_a_node, "sets of routes", "two routes of set 1 of demand 'split' share link:ab, node:b"),
    "link shared": (share_a_link, "sets of routes", "two routes of set 1 of demand 'safe' share link:"),
    "roles swapped": (swap_roles, "link loads", "_bps of link"),
    "role": (lambda d: first_set(d, "safe")[0].update(role="share"), "sets of routes", "1+1 takes protection, working"),
    "protection dropped": (
        lambda d: demand(d, "safe")["routes"].remove(
            next(r for r in demand(d, "safe")["routes"] if r["role"] == "protection")
        ),
        "sets of routes",
        "has the roles working",
    ),
    "protection of nobody": (
        lambda d: first_set(d, "plain")[0].update(role="protection"),
        "sets of routes",
        "none takes working",
    ),
    "sets joined": (lambda d: demand(d, "split")["routes"][0].update(set=99), "sets of routes", "roles share;"),
    "sets without numbers": (
        lambda d: [route.update(set=place) for place, route in enumerate(demand(d, "split")["routes"], 1)],
        "sets of routes",
        "split-2 takes share, share",
    ),
    "reserve": (lambda d: reserve(d).update(reserved_bps=reserve(d)["reserved_bps"] * 0.999), "link loads", "reserved"),
    "reserve dropped": (lambda d: reserve(d).update(reserved_bps=0.0), "link loads", "reserved_bps of link"),
    "asked": (lambda d: demand(d, "safe").update(protection="none"), "protection", "for '1+1' in the inputs"),
    "asked by nobody": (lambda d: demand(d, "plain").update(protection_given=None), "protection", "is given 'None'"),
    "given": (lambda d: demand(d, "safe").update(protection_given="none"), "protection", "can get is '1+1'"),
    "given to the short": (lambda d: demand(d, "short").update(protection_given="1+1"), "protection", "is 'none'"),
    "shortfall claimed": (claim_a_shortfall, "protection", "claims a shortfall, though it gets 1+1"),
    "shortfall dropped": (lambda d: demand(d, "short").update(shortfall=None), "protection", "with no shortfall"),
    "routes there": (lambda d: demand(d, "short")["shortfall"].update(routes=2), "protection", "has 1 disjoint routes"),
    "cut elsewhere": (lambda d: cut(d).update(nodes=["b"], links=[]), "protection", "does not separate its ends"),
    "cut too large": (lambda d: cut(d).update(nodes=["d"], links=["df"]), "protection", "has 2 parts, the least has 1"),
    "cut of an end": (lambda d: cut(d).update(nodes=["f"], links=[]), "protection", "names what cannot be in it: 'f'"),
    "cut of nothing": (lambda d: cut(d).update(risk_groups=["r9"]), "protection", "names what cannot be in it: 'r9'"),
    "without port twice": (lambda d: d.update(without_port=["plain", "plain"]), "user ports", "names a demand twice"),
    "without port": (lambda d: d["without_port"].append("plain"), "user ports", "that find a port: 'plain'"),
    "price of one link": (
        lambda d: d["growth"]["prices"].update({"bd": d["growth"]["prices"]["bd"] + 1e-3}),
        "growth bound",
        "growth.bound is",
    ),
    "witness's rate": (lambda d: d["growth"]["routes"][-1].update(rate_bps=1e-3), "growth witness", "growth.routes"),
    "witness unprotected": (
        lambda d: d["growth"]["routes"].remove(next(r for r in d["growth"]["routes"] if r["role"] == "protection")),
        "growth witness",
        "has the roles working",
    ),
    "relay limit of nobody": (
        lambda d: d["growth"]["resource_prices"].update({"node:a": 1.0}),
        "growth prices",
        "no such module group, relay limit or failure: 'node:a'",
    ),
}  # fmt: skip

OF_SOME: dict[str, tuple[str, Callable[[dict[str, Any]], object], str, str]] = {
    "shared": ("fair", lambda d: d.update(shared=True), "link loads", "reserved_bps of link"),
    "not shared": ("shared", lambda d: d.update(shared=False), "growth prices", "no such"),
    "price in a failure": ("shared", scale_resource, "growth bound", "growth.bound is"),
    "failure of nothing": (
        "shared",
        lambda d: d["growth"]["resource_prices"].update({"link:ab|link:zz": 1.0}),
        "growth prices",
        "'link:ab|link:zz'",
    ),
    "price in a failure, unshared": (
        "fair",
        lambda d: d["growth"]["resource_prices"].update({"link:ab|link:ac": 1.0}),
        "growth prices",
        "'link:ab|link:ac'",
    ),
    "objective fair": ("total", lambda d: d.update(objective="fair"), "total served", "the objective is fair"),
    "objective total": ("fair", lambda d: d.update(objective="total"), "total served", "no total is given"),
    "total": ("total", lambda d: d["total"].update(served_bps=d["total"]["served_bps"] * 1.001), "total served", "be"),
    "total's bound": ("total", lambda d: d["total"].update(bound=d["total"]["bound"] * 0.999), "total bound", "should"),
    "total's gap": ("total", lambda d: d["total"].update(gap=0.1), "total gap", "total.gap is 0.1"),
    "total's price": (
        "total",
        lambda d: d["total"]["prices"].update({priced(d, d["total"]): 0.0}),
        "total bound",
        "total.bound is",
    ),
    "total's price below 0": ("total", lambda d: d["total"]["prices"].update(ab=-1.0), "total prices", "below 0"),
    "levels of a total": (
        "total",
        lambda d: d["fairness"]["levels"].append(
            {"level": 1.0, "demands": [], "served_in_full": True, "prices": {}, "resource_prices": {}}
        ),
        "total served",
        "no fairness levels",
    ),
    "level's price": (
        "fair",
        lambda d: limited(d).update(prices={"bc": 1.0}, resource_prices={}),
        "fairness proof",
        "level",
    ),
}  # fmt: skip


def tampered(folder: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> dict[str, str]:
    copy_of = shutil.copytree(folder, tmp_path / "plan")
    text = (copy_of / "plan.json").read_text(encoding="utf-8")
    data = json.loads(text)
    change(data)
    assert data != json.loads(text), "nothing was changed"
    (copy_of / "plan.json").write_text(json.dumps(data), encoding="utf-8")
    return broken(copy_of)


def test_the_ring_is_accepted(saved):
    assert verify_plan(saved).ok
    details = {check.name: check.detail for check in verify_plan(saved).checks}
    assert "4 demands ask for protection; 3 have as many disjoint routes as they need" in details["protection"]
    assert "no node passes on more than its limit (1)" in details["capacity"]


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_promise_changed_by_hand_is_named(what, saved, tmp_path):
    change, name, words = TAMPERINGS[what]
    found = tampered(saved, tmp_path, change)
    assert not name or name in found, found
    assert words in found.get(name, "")


@pytest.mark.parametrize("what", OF_SOME)
def test_a_promise_of_some_plans_changed_by_hand_is_named(what, plans, tmp_path):
    plan, change, name, words = OF_SOME[what]
    found = tampered(plans[plan], tmp_path, change)
    assert name in found, found
    assert words in found[name]


def test_what_nodes_pass_on_is_compared(plans, tmp_path):
    copy_of = shutil.copytree(plans["shared"], tmp_path / "plan")
    data = json.loads((copy_of / "plan.json").read_text(encoding="utf-8"))
    data["nodes"][1]["relayed_bps"] *= 1.001
    write_plan(data, copy_of)
    assert "nodes.csv: relayed_bps of 'b' is" in broken(copy_of)["tables and pages"]


# ---- Plans of another network


def planned_for(other: Network, network: Network, folder: Path, **options: Any) -> dict[str, str]:
    """Checks the plan of one network as that of another."""
    data = plan_by_hand(other, **options)
    data["inputs"] = {f"inputs/{file.name}": file.sha256 for file in input_files(network)}
    return broken(save_by_hand(network, data, folder))


def test_a_relay_limit_exceeded_is_named(tmp_path):
    found = planned_for(ring(relay_limit_bps=50.0), ring(relay_limit_bps=49.0), tmp_path)
    assert ", above its limit 49" in found["capacity"]
    assert "through node 'b'" in found["growth witness"]


def test_what_a_single_failure_calls_for_together_is_named(tmp_path):
    """Two demands whose working routes share a risk group call for their protection, on the same links, together."""
    nodes = [node_row(name) for name in "abcd"]
    links = [link_row("ab", "a", "b", 9.0), link_row("cd", "c", "d", 9.0)]
    around = [link_row("ax", "a", "x", 9.0), link_row("cx", "c", "x", 9.0), link_row("xy", "x", "y", 4.0)]
    around += [link_row("yb", "y", "b", 9.0), link_row("yd", "y", "d", 9.0)]
    demands = [demand_row(pair, *pair, 4.0, protection="1+1") for pair in ("ab", "cd")]
    nodes += [node_row(name) for name in "xy"]
    apart = build_network(nodes=nodes, links=[*links, *around], demands=demands)
    duct = [{**row, "risk_groups": "duct"} for row in links]
    together = build_network(nodes=nodes, links=[*duct, *around], demands=demands)
    for network, served_bps in ((apart, 4.0), (together, 2.0)):
        plan = plan_by_hand(network, shared=True)
        assert [row["served_bps"] for row in plan["demands"]] == pytest.approx([served_bps] * 2)
    found = planned_for(apart, together, tmp_path, shared=True)
    assert ", above its limit 4" in found["capacity"]
    assert "reserved_bps of link 'xy' is" in found["link loads"]


def test_a_risk_group_shared_is_named(tmp_path):
    both = first_set(plan_by_hand(ring()), "safe")
    found = planned_for(ring(), ring(risks={route["links"][0]: "duct" for route in both}), tmp_path / "one")
    assert "share risk_group:duct" in found["sets of routes"]
    assert "protection" not in found
    found = planned_for(ring(), ring(risks=dict.fromkeys(("ab", "ac", "ae"), "duct")), tmp_path / "two")
    assert "the strongest that it asks for and can get is 'none'" in found["protection"]


def test_demands_served_at_a_port_that_is_taken_are_named(tmp_path):
    found = planned_for(ring(), ring(ports={"c": 1}), tmp_path / "one")
    assert "demands that find no port are not in without_port: 'plain'" in found["user ports"]
    assert "demand 'plain' is served" in found["user ports"]
    assert "no user port is left for 'plain'" in found["growth factor"]
    found = planned_for(ring(ports={"c": 1}), ring(), tmp_path / "two")
    assert "in without_port that find a port: 'plain'" in found["user ports"]


def test_a_total_divided_unfairly_between_the_same_ends_is_named(tmp_path):
    network = build_network(
        nodes=[node_row(name) for name in "ab"],
        links=[link_row("ab", "a", "b", 5.0)],
        demands=[
            demand_row("one", "a", "b", 4.0),
            demand_row("two", "b", "a", 8.0),
            demand_row("first", "a", "b", 0.5, priority=100.0),
        ],
    )
    folder = save_lightly(planner.make_plan(network, objective="total"), tmp_path, real_tables=False)
    assert verify_plan(folder).ok, str(verify_plan(folder))
    data = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert [row["served_bps"] for row in data["demands"]] == pytest.approx([1.5, 3.0, 0.5])
    for key, rate in (("one", 1.6), ("two", 2.9)):
        demand(data, key)["served_bps"] = demand(data, key)["routes"][0]["rate_bps"] = rate
    (folder / "plan.json").write_text(json.dumps(data), encoding="utf-8")
    found = {check.name: check.detail for check in verify_plan(folder).broken}
    assert "demand 'two' gets 2.9 bit/s; 'one' could share its routes" in found["total ties"]
    assert set(found) == {"total ties", "tables and pages"}


# ---- Numbers


@pytest.mark.parametrize("name", PLANS)
def test_numbers_broken_by_hand_are_noticed(name, plans, tmp_path):
    """Every third of what a plan promises, one number after another, a little up or down."""
    copy_of = shutil.copytree(plans[name], tmp_path / "plan")
    text = (plans[name] / "plan.json").read_text(encoding="utf-8")
    for place in range(list(PLANS).index(name), len(_numbers(json.loads(text))), 3):
        data = json.loads(text)
        part, key = _numbers(data)[place]
        part[key] *= 1 + 1.1e-4 * (-1) ** place
        write_plan(data, copy_of)
        assert broken(copy_of), (key, part)


def _numbers(data: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    parts = [
        *((demand, ("requested_bps", "served_bps")) for demand in data["demands"]),
        *((route, ("rate_bps",)) for demand in data["demands"] for route in demand["routes"]),
        *((link, ("key_rate_bps", "load_bps", "reserved_bps", "utilisation")) for link in data["links"]),
        *((level, ("level",)) for level in data["fairness"]["levels"]),
        (data["growth"], ("factor", "bound")),
        (data["total"] or {}, ("served_bps", "bound")),
    ]
    return [(part, key) for part, keys in parts for key in keys if part.get(key)]


def test_a_plan_of_before_there_was_protection_is_read_as_what_it_is(tmp_path):
    network = build_network(
        nodes=[node_row(name) for name in "abc"],
        links=[link_row("ab", "a", "b", 10.0), link_row("bc", "b", "c", 5.0), link_row("ac", "a", "c", 3.0)],
        demands=[demand_row("one", "a", "c", 20.0), demand_row("two", "a", "b", 2.0)],
    )
    data = plan_by_hand(network)
    for key in ("objective", "shared", "total", "without_port"):
        del data[key]
    for row in data["demands"]:
        for key in ("protection", "protection_given", "shortfall"):
            del row[key]
    for row in data["links"]:
        del row["reserved_bps"]
    for route in [*data["growth"]["routes"], *(route for row in data["demands"] for route in row["routes"])]:
        del route["role"], route["set"]
    folder = save_by_hand(network, plan_by_hand(network), tmp_path)
    (folder / "plan.json").write_text(json.dumps(data), encoding="utf-8")
    (folder / "nodes.csv").unlink()
    assert not broken(folder)
