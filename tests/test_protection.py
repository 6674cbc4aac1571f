"""Protection, limits of nodes and the objective through the whole job, on small networks known by hand."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import planner
from planner.allocation import Cut, Shortfall
from planner.cli import app
from planner.network import build_network
from planner.plan.tables import reserves
from planner.plan.words import shortfall_words
from planner.report.answer import proof, summary
from planner.report.page import report_html
from planner.report.tables import plan_tables
from planner.routing import find_routes
from planner.verify import verify_plan
from tests.networks import demand_row, link_row, node_row, random_network


def ring(demands, *, nodes=None, links=None, **limits):
    """The ring a–b–c–d with a spur from c to e; ``limits`` are fields of nodes."""
    rates = {"ab": 100.0, "bc": 100.0, "cd": 60.0, "da": 60.0, "ce": 50.0} | (links or {})
    return build_network(
        nodes=[node_row(n, name=n.upper(), **limits.get(n, {})) for n in nodes or "abcde"],
        links=[link_row(name, name[0], name[1], rate) for name, rate in rates.items()],
        demands=[demand_row(*row[:4], **(row[4] if len(row) > 4 else {})) for row in demands],
    )


def mixed():
    return ring(
        [
            ("twice", "a", "c", 20.0, {"protection": "1+1"}),
            ("split", "a", "c", 10.0, {"protection": "split-2"}),
            ("spur", "a", "e", 5.0, {"protection": "1+1"}),
            ("thrice", "b", "d", 2.0, {"protection": "split-3"}),
            ("plain", "a", "b", 1.0),
        ]
    )


@pytest.fixture(scope="module")
def plan():
    return planner.make_plan(mixed())


def roles(plan, demand_id):
    routes = plan.routes[plan.routes["demand_id"] == demand_id]
    return sorted(zip(routes["role"], routes["set"], strict=True))


def test_each_demand_gets_the_strongest_protection_there_is(plan):
    given = dict(zip(plan.demands["demand_id"], plan.demands["protection_given"], strict=True))
    assert given == {"twice": "1+1", "split": "split-2", "spur": "none", "thrice": "split-2", "plain": "none"}
    assert plan.demands["served_fraction"].tolist() == pytest.approx([1] * 5)
    assert roles(plan, "twice") == [("protection", 1), ("working", 1)]
    assert roles(plan, "split") == [("share", 1), ("share", 1)]
    assert plan.unmet == []
    assert [short.demand_id for short in plan.shortfalls] == ["spur", "thrice"]


def test_what_is_missing_is_told_with_its_cut(plan):
    [spur, thrice] = [warning for warning in plan.warnings if "asks for" in warning]
    assert spur.startswith("Demand 'spur' (A–E) asks for 1+1 and is served without protection: no two routes share ")
    assert spur.endswith((" every route needs node C.", " every route needs link C–E."))
    assert thrice.startswith(
        "Demand 'thrice' (B–D) asks for split-3 and gets split-2: only 2 routes share nothing, for"
    )
    assert thrice.endswith(("every route needs node A or node C.", "every route needs link A–B or link B–C."))
    assert "2 of 4 demands that ask for protection get it in full." in summary(plan)
    assert any("A–E (spur): 1+1 asked, none given" in sentence for sentence in summary(plan))


def test_loads_count_what_is_held(plan):
    links = plan.links.set_index("link_id")
    # twice: 20 one way and 20 held the other; split: 10 both ways; thrice: 2 both ways; spur 5; plain 1
    held = links["reserved_bps"]
    assert held.loc[["ab", "bc"]].sum() + held.loc[["cd", "da"]].sum() == pytest.approx(40)
    around = links.loc[["ab", "bc", "cd", "da"], "load_bps"].sum()
    assert around == pytest.approx(4 * 20 + 4 * 10 + 4 * 2 + 2 * 5 + 1)
    assert links.loc["ce", ["load_bps", "reserved_bps"]].tolist() == pytest.approx([5, 0])
    assert (links["load_bps"] <= links["key_rate_bps"]).all()
    assert links["utilisation"].tolist() == pytest.approx((links["load_bps"] / links["key_rate_bps"]).tolist())


@pytest.mark.parametrize("options", [{}, {"shared": True}, {"objective": "total"}])
def test_a_saved_plan_reads_back_the_same_and_verifies(tmp_path, options):
    plan = planner.make_plan(mixed(), **options)
    plan.save(tmp_path / "plan")
    read = planner.read_plan(tmp_path / "plan")
    assert read.as_dict() == plan.as_dict() | {"files_read": read.as_dict()["files_read"]}
    for table in ("demands", "links", "routes", "nodes", "bottlenecks", "trust", "exposure"):
        pd.testing.assert_frame_equal(getattr(read, table), getattr(plan, table))
    assert (read.objective, read.shared) == (plan.objective, plan.shared)
    assert (read.total, read.shortfalls, read.without_port) == (plan.total, plan.shortfalls, plan.without_port)
    failed = [check for check in verify_plan(tmp_path / "plan").checks if not check.passed]
    assert failed == []


def test_the_json_says_it_all(plan):
    data = json.loads(json.dumps(plan.as_dict(), allow_nan=False))
    demands = {row["demand_id"]: row for row in data["demands"]}
    assert demands["twice"]["shortfall"] is None
    shortfall = demands["thrice"]["shortfall"]
    assert shortfall["routes"] == 2
    assert shortfall["cut"].keys() == {"nodes", "links", "risk_groups"}
    assert sum(map(len, shortfall["cut"].values())) == 2
    assert (demands["spur"]["protection"], demands["spur"]["protection_given"]) == ("1+1", "none")
    assert {route["role"] for route in demands["twice"]["routes"]} == {"working", "protection"}
    assert data["links"][0].keys() == {"link_id", "key_rate_bps", "load_bps", "reserved_bps", "utilisation"}
    assert {route["role"] for route in data["growth"]["routes"]} == {"working", "protection", "share"}


def test_demands_that_cannot_fail_together_share_what_they_hold():
    demands = [("one", "a", "b", 30.0, {"protection": "1+1"}), ("two", "c", "d", 30.0, {"protection": "1+1"})]
    links = {"ab": 120.0, "bc": 60.0, "cd": 120.0, "da": 60.0}
    apart, shared = (planner.make_plan(ring(demands, links=links), shared=shared) for shared in (False, True))
    assert apart.growth.factor == pytest.approx(1.0)
    assert shared.growth.factor == pytest.approx(2.0)
    assert apart.links["reserved_bps"].sum() == pytest.approx(180)
    assert shared.links["reserved_bps"].sum() == pytest.approx(30 * 4)
    for made in (apart, shared):
        held = reserves(made.network, made.routes, shared=made.shared)
        told = {("link", row.link_id): row.reserved_bps for row in made.links.itertuples() if row.reserved_bps > 0}
        assert {key: value for key, value in held.items() if key[0] == "link"} == pytest.approx(told)


def limited_network(rng):
    """A random network with protected demands, risk groups and limits of nodes."""
    made = random_network(rng, most_nodes=8, connected=bool(rng.integers(2)))
    asked = [str(rng.choice(["none", "1+1", "1+1", "split-2", "split-3"])) for _ in range(len(made.demands))]
    risks = [str(rng.choice(["duct", "bridge"])) if rng.random() < 0.2 else None for _ in range(len(made.links))]
    limits = [float(rng.integers(1, 10)) if rng.random() < 0.3 else None for _ in range(len(made.nodes))]
    ports = [int(rng.integers(0, 3)) if rng.random() < 0.2 else None for _ in range(len(made.nodes))]
    return made.replace(
        demands=made.demands.assign(protection=asked),
        links=made.links.assign(risk_groups=pd.Series(risks, dtype=object)),
        nodes=made.nodes.assign(
            relay_limit_bps=pd.Series(limits, dtype=float), user_ports=pd.Series(ports, dtype="Int64")
        ),
    )


def test_limits_hold_and_reserves_are_those_of_the_allocation_on_random_networks():
    rng = np.random.default_rng(8)
    compared = 0
    while compared < 30:
        network = limited_network(rng)
        if network.demands.empty:
            continue
        objective = "total" if rng.integers(2) else "fair"
        made = planner.make_plan(network, objective=objective, shared=bool(rng.integers(2)))
        held = reserves(network, made.routes, shared=made.shared)
        wanted = [held.get(("link", link), 0.0) for link in made.links["link_id"]]
        assert made.links["reserved_bps"].tolist() == pytest.approx(wanted, abs=1e-6)
        assert (made.links["load_bps"] <= made.links["key_rate_bps"] * (1 + 1e-6) + 1e-9).all()
        assert (made.nodes["relay_utilisation"].dropna() <= 1 + 1e-6).all()
        ported = made.nodes[made.nodes["user_ports"].notna()]
        assert (ported["ports_used"] <= ported["user_ports"]).all()
        assert all(any(f"'{d}'" in warning for warning in made.warnings) for d in made.without_port)
        assert all(any(f"'{s.demand_id}'" in warning for warning in made.warnings) for s in made.shortfalls)
        json.dumps(made.as_dict(), allow_nan=False)
        compared += 1


def test_risk_groups_that_leave_no_small_cut_are_told():
    """Two routes with different first links, but each pair of ways shares a duct somewhere."""
    network = ring([("d", "a", "c", 1.0, {"protection": "1+1"})])
    cut = Cut(nodes=(), links=("ab", "da"), risk_groups=())
    words = shortfall_words(network, Shortfall("d", "1+1", "none", 1, cut))
    assert words == (
        "asks for 1+1 and is served without protection: no two routes share nothing, for every route needs link A–B or "
        "link D–A, and those that need different ones share something all the same."
    )
    nothing = Cut(nodes=(), links=(), risk_groups=())
    words = shortfall_words(network, Shortfall("d", "split-3", "split-2", 2, nothing))
    assert words.endswith("gets split-2: only 2 routes share nothing, for the links of its routes share risk groups.")


def test_a_relay_limit_is_a_bottleneck_in_words():
    plan = planner.make_plan(ring([("d", "a", "c", 50.0)], b={"relay_limit_bps": 25.0}))
    assert plan.growth.factor == pytest.approx(85 / 50)
    assert summary(plan)[0] == (
        "The only demand is served in full; it could grow 1.70-fold before the first limit is reached."
    )
    rows = plan.bottlenecks[plan.bottlenecks["node_id"].notna()].to_dict("records")
    assert [(row["node_id"], row["limits"], row["sentence"]) for row in rows] == [
        ("b", "growth", "Node B, by its relay limit, limits 1 of 1 demands.")
    ]
    nodes = plan.nodes.set_index("node_id")
    assert nodes.loc["b", "relayed_bps"] <= 25 * (1 + 1e-9)
    assert nodes.loc["b", "relay_utilisation"] == pytest.approx(nodes.loc["b", "relayed_bps"] / 25)
    assert np.isnan(nodes.loc["d", "relay_utilisation"])
    assert "relay limit its own" in " ".join(proof(plan))
    assert "Nodes with a limit, the busiest first" in report_html(plan)


def test_ports_are_given_by_priority():
    demands = [("low", "a", "c", 1.0), ("high", "b", "c", 1.0, {"priority": 2.0}), ("zero", "a", "c", 0.0)]
    plan = planner.make_plan(ring(demands, c={"user_ports": 1}))
    assert plan.without_port == ("low",)
    assert plan.demands["served_bps"].tolist() == pytest.approx([0, 1, 0])
    assert plan.unmet == ["low"]
    assert plan.growth.factor == 0
    assert "Demand 'low' (A–C) gets no user port: C has 1 user port, given to demands that come first." in plan.warnings
    assert not any("has no route" in warning for warning in plan.warnings)
    nodes = plan.nodes.set_index("node_id")
    assert nodes.loc["c", ["user_ports", "ports_used"]].tolist() == [1, 1]


def test_a_demand_without_a_route_takes_no_port():
    nodes = [node_row(name, **({"user_ports": 1} if name == "c" else {})) for name in "abcz"]
    demands = [demand_row("a-first", "z", "c", 1.0, priority=2.0), demand_row("second", "a", "c", 1.0)]
    plan = planner.make_plan(
        build_network(nodes=nodes, links=[link_row("ab", "a", "b", 9), link_row("bc", "b", "c", 9)], demands=demands)
    )
    assert plan.without_port == ()
    assert plan.demands.set_index("demand_id")["served_bps"].tolist() == [0.0, 1.0]
    assert plan.nodes.set_index("node_id").loc[["a", "c", "z"], "ports_used"].tolist() == [1, 1, 0]
    assert "Demand 'a-first' (z–c) has no route that carries key." in plan.warnings


def test_a_node_without_a_port_says_so():
    plan = planner.make_plan(ring([("d", "a", "c", 1.0)], c={"user_ports": 0}))
    assert "Demand 'd' (A–C) gets no user port: C has no user port." in plan.warnings
    assert summary(plan)[0] == "The only demand is not served."
    two = planner.make_plan(ring([("d", "a", "c", 1.0), ("e", "a", "c", 1.0)], c={"user_ports": 0}))
    assert summary(two)[0] == "None of the 2 demands is served."


def test_what_keeps_a_protected_demand_from_its_key_is_told():
    both = {"protection": "1+1"}
    demands = [("d", "a", "c", 1.0, both), ("e", "a", "c", 1.0, both)]
    plan = planner.make_plan(ring(demands, c={"user_ports": 1}))
    assert "1 of 2 demands that ask for protection gets it in full; 1 has no user port." in summary(plan)
    assert any("no route that carries key, or no user port, there is no factor" in one for one in summary(plan))
    assert "no route that carries key, or no user port, so" in proof(plan)[0]
    alone = planner.make_plan(ring([("d", "a", "c", 1.0, both)], c={"user_ports": 0}))
    assert "The only demand that asks for protection does not get it in full; it has no user port." in summary(alone)
    dear = planner.make_plan(ring([("d", "a", "c", 200.0, both), ("n", "a", "c", 200.0)]), objective="total")
    assert "The only demand that asks for protection gets it, but no key." in summary(dear)


def test_only_the_end_that_is_full_is_named():
    demands = [("one", "a", "c", 1.0), ("two", "a", "c", 1.0), ("zero", "b", "c", 0.0)]
    plan = planner.make_plan(ring(demands, a={"user_ports": 5}, c={"user_ports": 1}))
    assert "Demand 'two' (A–C) gets no user port: C has 1 user port, given to demands that come first." in plan.warnings


def test_the_total_is_told_and_proven():
    plan = planner.make_plan(
        ring([("far", "a", "e", 80.0), ("near", "a", "c", 160.0), ("next", "c", "e", 50.0)]), objective="total"
    )
    assert plan.demands["served_bps"].tolist() == pytest.approx([0, 160, 50], abs=1e-4)
    assert plan.total.served_bps == pytest.approx(210)
    assert plan.total.bound == pytest.approx(210)
    assert plan.levels == ()
    assert any("210 bit/s are served in all" in sentence for sentence in summary(plan))
    assert "The served rates are the most there is: 210 bit/s in all" in proof(plan)[-1]
    assert "C–E limits the key that can be served in all." in set(plan.bottlenecks["sentence"])


def test_report_and_tables_show_it(plan):
    tables = plan_tables(plan)
    demands = tables["demands"].set_index("demand_id")
    assert demands.loc["thrice", ["protection", "protection_given", "disjoint_routes"]].tolist() == [
        "split-3", "split-2", 2,
    ]  # fmt: skip
    assert demands.loc["thrice", "cut"] in ("node:a;node:c", "link:ab;link:bc")
    assert demands.loc["twice", "cut"] is None or pd.isna(demands.loc["twice", "cut"])
    assert set(tables["routes"]["role"]) == {"working", "protection", "share"}
    assert "relayed_bps" in tables["nodes"]
    page = report_html(plan)
    for text in (
        "Demands that get less protection than they ask for", "1+1 asked, none given", "A and ",
        "Of it reserved", "protection</td>", "share</td>", "Protection routes carry key only after a failure",
    ):  # fmt: skip
        assert text in page


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from planner.files import input_files

    path = tmp_path_factory.mktemp("net") / "ring"
    for file in input_files(mixed()):
        (path / file.name).parent.mkdir(parents=True, exist_ok=True)
        (path / file.name).write_bytes(file.content)
    return path


def test_strict_insists_on_protection(folder):
    assert run("plan", folder, "--json").exit_code == 0
    result = run("plan", folder, "--strict", "--json")
    assert result.exit_code == 4
    assert "2 demands get less protection than asked for: spur, thrice" in result.stderr
    assert json.loads(result.stdout)["shared"] is False


def test_the_command_takes_objective_and_sharing(folder, tmp_path):
    result = run("plan", folder, "--objective", "total", "--shared", "-o", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.stderr
    data = json.loads(result.stdout)
    assert (data["objective"], data["shared"]) == ("total", True)
    assert data["total"].keys() == {"served_bps", "bound", "gap", "prices", "resource_prices"}
    assert data == json.loads((tmp_path / "out" / "plan.json").read_text(encoding="utf-8"))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "routes.csv").read_text("utf-8-sig"))))
    assert {row["role"] for row in rows} == {"working", "protection", "share"}
    assert run("plan", folder, "--objective", "most").exit_code == 2


def test_the_terminal_shows_protection(folder):
    shown = run("plan", folder).stdout
    assert "1+1 asked, none given" in shown
    assert "of it reserved" in shown


@pytest.mark.parametrize("objective", ["fair", "total"])
def test_routes_through_one_switch_are_not_disjoint(tmp_path, objective):
    network = build_network(
        nodes=[*(node_row(n) for n in "abcd"), node_row("s", kind="switch", name="Switch <1>")],
        links=[
            link_row("ab", "a", "b", 100.0, via="s"),
            link_row("bc", "b", "c", 100.0),
            link_row("ad", "a", "d", 100.0, via="s"),
            link_row("dc", "d", "c", 100.0),
        ],
        demands=[demand_row("x", "a", "c", 10.0, protection="1+1")],
    )
    plan = planner.make_plan(network, objective=objective)
    assert list(plan.demands["protection_given"]) == ["none"]
    assert [warning for warning in plan.warnings if "node Switch <1>" in warning]
    (demand,) = plan.as_dict()["demands"]
    assert demand["shortfall"] == {"routes": 1, "cut": {"nodes": ["s"], "links": [], "risk_groups": []}}
    # A route between two nodes is told the same.
    answer = find_routes(network, budget=plan.budget, node_a="a", node_b="c", k=2, disjoint="node")
    assert answer.cut is not None
    assert (answer.cut.nodes, answer.cut.links, answer.cut.risk_groups) == (("s",), (), ())
    assert verify_plan(plan.save(tmp_path / "plan")).ok
    free = network.replace(links=network.links.assign(via=None))
    assert list(planner.make_plan(free, objective=objective).demands["protection_given"]) == ["1+1"]


@pytest.mark.parametrize("objective", ["fair", "total"])
@pytest.mark.parametrize("slight", [1e-10, 1e-14, 1e-28])
def test_a_link_of_next_to_no_key_protects_nobody(tmp_path, objective, slight):
    network = build_network(
        nodes=[node_row(n) for n in "abx"],
        links=[link_row("ab", "a", "b", 1e9), link_row("bx", "b", "x", 1e9), link_row("ax", "a", "x", slight)],
        demands=[demand_row("d", "a", "x", 100.0, protection="1+1")],
    )
    plan = planner.make_plan(network, objective=objective, shared=True)
    assert list(plan.demands["protection_given"]) == ["none"]
    assert list(plan.demands["served_bps"]) == [100.0]
    assert [warning for warning in plan.warnings if "'ax'" in warning and "gives no key" in warning]
    assert verify_plan(plan.save(tmp_path / "plan")).ok


def test_a_risk_group_named_like_a_node_is_told_as_a_risk_group():
    network = build_network(
        nodes=[node_row(n) for n in "abcd"],
        links=[
            link_row("ab", "a", "b", 100.0, risk_groups="b"),
            link_row("bc", "b", "c", 100.0),
            link_row("ad", "a", "d", 100.0, risk_groups="b"),
            link_row("dc", "d", "c", 100.0),
        ],
        demands=[demand_row("x", "a", "c", 10.0, protection="1+1")],
    )
    assert [warning for warning in planner.make_plan(network).warnings if "needs risk group b" in warning]


def test_a_switch_that_light_passes_fails_for_all_that_pass_it(tmp_path):
    """Two working routes through one switch call for their protection together, which then shares nothing."""
    network = build_network(
        nodes=[
            *(node_row(n, "user") for n in "abcd"),
            *(node_row(n) for n in "xy"),
            node_row("s", kind="switch", name="Switch <1>"),
        ],
        links=[
            *(link_row(name, *name, 9.0, via="s") for name in ("ab", "cd")),
            *(link_row(name, *name, 9.0) for name in ("ax", "cx", "yb", "yd")),
            link_row("xy", "x", "y", 4.0),
        ],
        demands=[demand_row(ends, *ends, 4.0, protection="1+1") for ends in ("ab", "cd")],
    )
    plan = planner.make_plan(network, shared=True)
    assert list(plan.demands["served_bps"]) == pytest.approx([2.0, 2.0])
    assert plan.growth.factor == pytest.approx(0.5)
    assert any(row.startswith("When node Switch <1> fails, ") for row in plan.bottlenecks["sentence"])
    assert "node:s" in set(plan.bottlenecks["failure"])
    held = plan.nodes.set_index("node_id")["reserved_bps"]
    assert held["x"] == pytest.approx(4.0)
    assert verify_plan(plan.save(tmp_path / "plan")).ok
