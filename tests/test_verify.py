"""Verification: it accepts every plan made, and says which promise was broken by hand."""

from __future__ import annotations

import copy
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import planner
from planner.errors import InputError
from planner.network import build_network
from planner.report.tables import CSV_TABLES, csv_bytes, plan_tables
from planner.verify import verify_plan
from tests.networks import demand_row, link_row, networks, node_row, random_network

PAGES = {"map.html": b"<p>", "report.html": b"<p>", "plan.xlsx": b"PK"}


def small_network():
    """A network with everything that a plan can promise.

    ``ab`` and ``ab2`` run in parallel, ``bc`` and ``bd`` share modules, ``ad`` is dead, ``u`` and ``v`` are users
    who could carry key between b and c if they were permitted to.
    """
    return build_network(
        name="small",
        nodes=[*(node_row(name) for name in "abcd"), node_row("u", "user"), node_row("v", "user")],
        links=[
            link_row("ab", "a", "b", 1000.0),
            link_row("=ab2", "b", "a", 500.0),
            link_row("bc", "b", "c", 600.0, module_group="shared"),
            link_row("bd", "b", "d", 800.0, module_group="shared"),
            link_row("ad", "a", "d", 0.0),
            link_row("ub", "u", "b", 300.0),
            link_row("uc", "u", "c", 900.0),
            link_row("vb", "v", "b", 5000.0),
        ],
        demands=[
            demand_row("far", "a", "c", 900.0),
            demand_row("user", "u", "a", 2000.0, priority=2.0),
            demand_row("near", "d", "a", 200.0),
            demand_row("easy", "v", "b", 100.0),
            demand_row("nothing", "a", "b", 0.0),
        ],
    )


def save_lightly(plan, folder: Path, *, real_tables: bool = True) -> Path:
    """Saves what verification reads of a plan; the pages, which take time to draw, are only hinted at."""
    for file in plan.inputs:
        place = folder / "inputs" / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)
    if real_tables:
        tables = plan_tables(plan)
        contents = {name: csv_bytes(tables[name]) for name in CSV_TABLES}
    else:
        frames = {"links": plan.links, "demands": plan.demands}
        frames |= {"routes": plan.routes, "growth_routes": plan.growth.routes}
        frames |= {"bottlenecks": plan.bottlenecks, "assumptions": plan.bottlenecks}
        frames |= {"trust": plan.trust, "exposure": plan.exposure, "nodes": plan.nodes}
        contents = {name: frame.to_csv(index=False).encode() for name, frame in frames.items()}
    for name, content in contents.items():
        (folder / f"{name}.csv").write_bytes(content)
    for name, content in PAGES.items():
        (folder / name).write_bytes(content)
    (folder / "plan.json").write_text(json.dumps(plan.as_dict(), allow_nan=False), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return save_lightly(planner.make_plan(small_network()), tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def trunks(tmp_path_factory):
    return save_lightly(planner.make_plan(planner.load("trunks")), tmp_path_factory.mktemp("trunks"))


def broken(verification) -> dict[str, str]:
    return {check.name: check.detail for check in verification.broken}


def tampered(folder: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object]):
    """Verifies a copy of a plan in which something was changed in plan.json."""
    copy_of = shutil.copytree(folder, tmp_path / "plan")
    data = json.loads((copy_of / "plan.json").read_text(encoding="utf-8"))
    before = copy.deepcopy(data)
    change(data)
    assert data != before, "nothing was changed"
    (copy_of / "plan.json").write_text(json.dumps(data), encoding="utf-8")
    return verify_plan(copy_of)


# ---- What is accepted


@pytest.mark.parametrize("name", ["small", "trunks"])
def test_a_plan_keeps_its_promises(name, request):
    verification = verify_plan(request.getfixturevalue(name))
    assert verification.ok, str(verification)
    assert len(verification.checks) >= 15
    assert {"growth bound", "growth witness", "fairness proof"} <= {check.name for check in verification.checks}
    assert verification.sentence.endswith("promise that were checked.")


def test_a_saved_plan_keeps_its_promises(tmp_path):
    planner.make_plan(small_network()).save(tmp_path / "plan")
    assert verify_plan(str(tmp_path / "plan")).ok


def test_the_answer_says_what_was_compared(small):
    verification = verify_plan(small)
    answer = json.loads(json.dumps(verification.as_dict()))
    assert answer["ok"] is True
    assert [check["name"] for check in answer["checks"]] == [check.name for check in verification.checks]
    assert all(check.detail for check in verification.checks)
    details = {check.name: check.detail for check in verification.checks}
    assert "5 demands" in details["demands and requests"]
    assert "3,200 bit/s" in details["demands and requests"] or "3200 bit/s" in details["demands and requests"]
    assert "8 links" in details["links and key rates"]
    assert "<table>" in verification._repr_html_()


def test_a_plan_where_a_demand_cannot_be_reached(tmp_path):
    network = build_network(
        nodes=[node_row(name) for name in "abc"],
        links=[link_row("ab", "a", "b", 10.0)],
        demands=[demand_row("good", "a", "b", 20.0), demand_row("cut off", "a", "c", 1.0)],
    )
    folder = save_lightly(planner.make_plan(network), tmp_path / "made")
    assert verify_plan(folder).ok, str(verify_plan(folder))

    def claim(data):
        data["growth"] |= {"factor": 0.5, "bound": 0.5}

    found = broken(tampered(folder, tmp_path, claim))
    assert "no permitted route carries key for 'cut off'" in found["growth factor"]


def test_a_plan_where_nobody_asks(tmp_path):
    network = build_network(
        nodes=[node_row(name) for name in "ab"],
        links=[link_row("ab", "a", "b", 10.0)],
        demands=[demand_row("nothing", "a", "b", 0.0)],
    )
    folder = save_lightly(planner.make_plan(network), tmp_path / "made")
    assert verify_plan(folder).ok, str(verify_plan(folder))
    found = broken(tampered(folder, tmp_path, lambda data: data["growth"].update(factor=1.0)))
    assert "no demand asks for key" in found["growth factor"]


def test_100_random_small_networks_are_accepted(tmp_path):
    made = 0
    for seed in range(200):
        network = random_network(np.random.default_rng(seed), spread=6.0 if seed % 3 == 0 else 0.0)
        if network.demands.empty:
            continue
        verification = verify_plan(save_lightly(planner.make_plan(network), tmp_path / str(seed), real_tables=False))
        assert verification.ok, f"seed {seed}\n{verification}"
        shutil.rmtree(tmp_path / str(seed))
        made += 1
        if made == 100:
            return
    pytest.fail(f"only {made} networks with demands")


FAST = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would plan for minutes; the networks are small
)


def within_nine_powers_of_ten(network):
    """Rates and requests of 1e-3 to 1e6 bit/s: beyond that, proofs in floating point say little about the least."""
    links = network.links.assign(key_rate_bps=network.links["key_rate_bps"].clip(upper=1e6))
    demands = network.demands.assign(rate_bps=network.demands["rate_bps"].clip(upper=1e6))
    return network.replace(links=links, demands=demands)


@given(network=networks().filter(lambda network: not network.demands.empty).map(within_nine_powers_of_ten))
@FAST
def test_every_plan_is_accepted(network, tmp_path_factory):
    folder = save_lightly(planner.make_plan(network), tmp_path_factory.mktemp("plan"), real_tables=False)
    verification = verify_plan(folder)
    shutil.rmtree(folder)
    assert verification.ok, str(verification)


@given(
    network=networks(wild=False).filter(lambda network: not network.demands.empty),
    choice=st.integers(min_value=0),
    factor=st.sampled_from([1 - 1e-3, 1 - 1.1e-4, 1 + 1.1e-4, 1 + 1e-3, 0.5, 2.0, -1.0]),
)
@FAST
def test_every_number_broken_by_hand_is_noticed(network, choice, factor, tmp_path_factory):
    folder = save_lightly(planner.make_plan(network), tmp_path_factory.mktemp("plan"), real_tables=False)
    data = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    places = [
        *((demand, key) for demand in data["demands"] for key in ("requested_bps", "served_bps")),
        *((route, "rate_bps") for demand in data["demands"] for route in demand["routes"]),
        *((link, key) for link in data["links"] for key in ("key_rate_bps", "load_bps", "utilisation")),
        *((data["growth"], key) for key in ("factor", "bound")),
        *((level, "level") for level in data["fairness"]["levels"]),
    ]
    places = [(part, key) for part, key in places if part[key]]
    if places:
        part, key = places[choice % len(places)]
        part[key] *= factor
        (folder / "plan.json").write_text(json.dumps(data), encoding="utf-8")
        assert not verify_plan(folder).ok, (part, key)
    shutil.rmtree(folder)


# ---- What was changed by hand, and the check that says so


def demand(data, key="far"):
    return next(row for row in data["demands"] if row["demand_id"] == key)


def link(data, key="ab"):
    return next(row for row in data["links"] if row["link_id"] == key)


def route(data):
    """A route of the demand far, which goes from a over b to c."""
    return demand(data)["routes"][0]


def working(nodes, links, rate_bps):
    return {"nodes": nodes, "links": links, "rate_bps": rate_bps, "role": "working", "set": 1}


def through_a_user(data):
    route(data).update(nodes=["a", "b", "u", "c"], links=["ab", "ub", "uc"])


def lower_consistently(data):
    """Serves less, and says so everywhere but in the proof."""
    row = demand(data, "easy")
    row["served_bps"] *= 0.9
    for part in row["routes"]:
        part["rate_bps"] *= 0.9
    link(data, "vb").update(load_bps=90.0, utilisation=90.0 / 5000.0)


def lower_level_consistently(data):
    """Serves the lowest level less, with everything that follows from it."""
    lowest = data["fairness"]["levels"][0]
    lowest["level"] *= 0.99
    for row in data["demands"]:
        if row["demand_id"] in lowest["demands"]:
            row["served_bps"] *= 0.99
            for part in row["routes"]:
                part["rate_bps"] *= 0.99
    load: dict[str, float] = {}
    for row in data["demands"]:
        for part in row["routes"]:
            for name in part["links"]:
                load[name] = load.get(name, 0.0) + part["rate_bps"]
    for row in data["links"]:
        row["load_bps"] = load.get(row["link_id"], 0.0)
        row["utilisation"] = row["load_bps"] / row["key_rate_bps"] if row["load_bps"] else 0.0


def lower_factor_consistently(data):
    growth = data["growth"]
    growth["factor"] *= 0.99
    growth["gap"] = (growth["bound"] - growth["factor"]) / growth["bound"]


def priced(data):
    prices = data["growth"]["prices"]
    rates = {row["link_id"]: row["key_rate_bps"] for row in data["links"]}
    return max(prices, key=lambda name: prices[name] * rates[name])


def limited(data):
    """The lowest level that prices prove."""
    return next(level for level in data["fairness"]["levels"] if not level["served_in_full"])


def move_demand_to_last_level(data):
    levels = data["fairness"]["levels"]
    levels[-1]["demands"].append(levels[0]["demands"].pop())


TAMPERINGS: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "version": (lambda d: d.update(version="9.0.0"), "version", "9.0.0"),
    "hash": (lambda d: d["inputs"].update({"inputs/links.csv": "0" * 64}), "inputs", "'inputs/links.csv' was changed"),
    "listed file": (lambda d: d["inputs"].update({"inputs/x.csv": "0" * 64}), "inputs", "'inputs/x.csv' is missing"),
    "path upwards": (lambda d: d["inputs"].update({"inputs/../../x": "0" * 64}), "inputs", "is missing"),
    "unlisted file": (lambda d: d["inputs"].pop("inputs/demands.csv"), "inputs", "was not made with it"),
    "demand dropped": (lambda d: d["demands"].pop(1), "demands and requests", "missing from the plan: 'user'"),
    "demand added": (
        lambda d: d["demands"].append(demand(d) | {"demand_id": "new", "routes": []}),
        "demands and requests",
        "the inputs do not have: 'new'",
    ),
    "demand's end": (lambda d: demand(d).update(node_a="d"), "demands and requests", "demand 'far' joins d and c"),
    "request up": (lambda d: demand(d).update(requested_bps=901.0), "demands and requests", "is 901 and should be 900"),
    "served up": (lambda d: demand(d).update(served_bps=899.0), "served rates", "served_bps of demand 'far'"),
    "served down": (lambda d: demand(d).update(served_bps=1.0), "served rates", "served_bps of demand 'far'"),
    "served a little less": (lower_consistently, "fairness levels", "served_bps of demand 'easy'"),
    "served nothing": (lambda d: demand(d).update(served_bps=-1.0), "served rates", "below 0"),
    "served to nobody": (
        lambda d: demand(d, "nothing")["routes"].append(working(["a", "b"], ["ab"], 1.0)),
        "served rates",
        "demand 'nothing'",
    ),
    "route's rate": (lambda d: route(d).update(rate_bps=1.0), "served rates", "demand 'far'"),
    "set of another number": (lambda d: route(d).update(set=2), "sets of routes", "have the numbers 2"),
    "route of nothing": (lambda d: route(d).update(rate_bps=0.0), "routes", "carries more than nothing"),
    "route backwards": (lambda d: route(d).update(rate_bps=-5.0), "routes", "carries -5 bit/s"),
    "route's link": (lambda d: route(d)["links"].__setitem__(0, "bd"), "routes", "'bd', which does not join them"),
    "route's unknown link": (lambda d: route(d)["links"].__setitem__(0, "xy"), "routes", "'xy', which does not exist"),
    "route's other end": (lambda d: route(d).update(nodes=["a", "b"], links=["ab"]), "routes", "does not run from a"),
    "route in circles": (
        lambda d: route(d).update(nodes=["a", "b", "a", "b", "c"], links=["ab", "ab", "ab", "bc"]),
        "routes",
        "visits a node twice",
    ),
    "route without nodes": (lambda d: route(d).update(nodes=[], links=[]), "routes", "route without nodes"),
    "route with a link too many": (lambda d: route(d)["links"].append("bd"), "routes", "has 3 links for 3 nodes"),
    "route through a user": (through_a_user, "routes", "passes through 'u', which may not relay keys"),
    "route over a dead link": (
        lambda d: demand(d, "near").update(routes=[working(["d", "a"], ["ad"], 200.0)]),
        "capacity",
        "the load of link 'ad' is 200, above its limit 0",
    ),
    "link dropped": (lambda d: d["links"].pop(0), "links and key rates", "links missing from the plan: 'ab'"),
    "link added": (
        lambda d: d["links"].append(link(d) | {"link_id": "xy"}),
        "links and key rates",
        "the inputs do not have: 'xy'",
    ),
    "key rate up": (lambda d: link(d).update(key_rate_bps=1000.5), "links and key rates", "'ab' is 1000.5"),
    "load": (lambda d: link(d).update(load_bps=link(d)["load_bps"] + 1), "link loads", "load_bps of link 'ab'"),
    "utilisation": (lambda d: link(d).update(utilisation=0.01), "link loads", "utilisation of link 'ab'"),
    "factor up": (lambda d: d["growth"].update(factor=d["growth"]["factor"] * 1.001), "growth witness", "promises"),
    "factor down": (lambda d: d["growth"].update(factor=d["growth"]["factor"] * 0.9), "growth gap", "growth.gap is"),
    "factor down and gap": (lower_factor_consistently, "growth gap", "1.0e-02 below the bound"),
    "factor nought": (lambda d: d["growth"].update(factor=0.0), "growth witness", "every demand has a route"),
    "factor null": (lambda d: d["growth"].update(factor=None), "growth bound", "must be given"),
    "bound down": (lambda d: d["growth"].update(bound=d["growth"]["bound"] * 0.999), "growth bound", "should be"),
    "bound null": (lambda d: d["growth"].update(bound=None), "growth bound", "must be given"),
    "gap": (lambda d: d["growth"].update(gap=1e-3), "growth gap", "growth.gap is 0.001"),
    "witness dropped": (lambda d: d["growth"]["routes"].pop(0), "growth witness", "promises demand"),
    "witness slower": (lambda d: d["growth"]["routes"][0].update(rate_bps=1e-3), "growth witness", "promises demand"),
    "witness faster": (lambda d: d["growth"]["routes"][0].update(rate_bps=1e6), "growth witness", "above its limit"),
    "witness elsewhere": (
        lambda d: d["growth"]["routes"][0].update(nodes=["a", "d"], links=["ad"]),
        "growth witness",
        "does not run from",
    ),
    "witness of nobody": (
        lambda d: d["growth"]["routes"][0].update(demand_id="x"),
        "growth witness",
        "serves a demand that the inputs do not have",
    ),
    "price negative": (lambda d: d["growth"]["prices"].update(ab=-1e-9), "growth prices", "'ab' is -1e-09, below 0"),
    "price of nothing": (lambda d: d["growth"]["prices"].update(xy=1.0), "growth prices", "no such link: 'xy'"),
    "price dropped": (lambda d: d["growth"]["prices"].pop("ab"), "growth prices", "links without a price: 'ab'"),
    "price of a group of nobody": (
        lambda d: d["growth"]["resource_prices"].update({"module_group:x": 1.0}),
        "growth prices",
        "no such module group",
    ),
    "prices nought": (
        lambda d: d["growth"].update(prices=dict.fromkeys(d["growth"]["prices"], 0.0), resource_prices={}),
        "growth prices",
        "which proves nothing",
    ),
    "price of a dead link": (lambda d: d["growth"]["prices"].update(ad=0.0), "growth bound", "without key rate"),
    "price doubled": (
        lambda d: d["growth"]["prices"].update(vb=d["growth"]["prices"][priced(d)] * 2),
        "growth bound",
        "growth.bound is",
    ),
    "level up": (
        lambda d: d["fairness"]["levels"][0].update(level=d["fairness"]["levels"][0]["level"] * 1.001),
        "fairness levels",
        "by level 1",
    ),
    "level lowered with all that follows": (lower_level_consistently, "fairness proof", "level 1"),
    "level dropped": (lambda d: d["fairness"]["levels"].pop(), "fairness levels", "frozen at no level"),
    "levels in another order": (lambda d: d["fairness"]["levels"].reverse(), "fairness levels", "below the one before"),
    "demand at another level": (move_demand_to_last_level, "fairness levels", "by level"),
    "level of nobody": (
        lambda d: d["fairness"]["levels"].append({**d["fairness"]["levels"][-1], "demands": []}),
        "fairness levels",
        "freezes no demand",
    ),
    "full with prices": (
        lambda d: d["fairness"]["levels"][-1].update(prices={"ab": 1.0}),
        "fairness levels",
        "though it needs no proof",
    ),
    "demand frozen twice": (
        lambda d: d["fairness"]["levels"][-1]["demands"].append(d["fairness"]["levels"][0]["demands"][0]),
        "fairness levels",
        "frozen twice",
    ),
    "demand of nobody frozen": (
        lambda d: d["fairness"]["levels"][-1]["demands"].append("nothing"),
        "fairness levels",
        "ask for nothing",
    ),
    "not in full": (lambda d: limited(d).update(served_in_full=True), "fairness levels", "in full"),
    "level's price negative": (lambda d: limited(d)["prices"].update(ab=-1.0), "fairness proof", "below 0"),
    "level's price elsewhere": (
        lambda d: limited(d).update(prices={"vb": 1.0}, resource_prices={}),
        "fairness proof",
        "costs nothing",
    ),
    "level's price of a slack link": (
        lambda d: limited(d)["prices"].update(vb=max(limited(d)["prices"].values()) + 1.0),
        "fairness proof",
        "the price of what level 1 serves",
    ),
    "level without prices": (
        lambda d: limited(d).update(prices={}, resource_prices={}),
        "fairness proof",
        "which proves nothing",
    ),
    "bottleneck's count": (lambda d: d["bottlenecks"][0].update(demands_limited=99), "bottlenecks", "limit 99 demands"),
    "bottleneck's sentence": (lambda d: d["bottlenecks"][0].update(sentence="All is well."), "bottlenecks", "not name"),
    "bottleneck dropped": (lambda d: d["bottlenecks"].pop(0), "bottlenecks", "which no sentence says"),
    "bottleneck of another link": (
        lambda d: d["bottlenecks"][0].update(link_id="vb"),
        "bottlenecks",
        "which no certificate shows",
    ),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_promise_changed_by_hand_is_named(what, small, tmp_path):
    change, name, words = TAMPERINGS[what]
    found = broken(tampered(small, tmp_path, change))
    assert name in found
    assert words in found[name]


ON_TRUNKS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "served": (lambda d: d["demands"][0].update(served_bps=d["demands"][0]["served_bps"] * 0.999), "served rates"),
    "request": (
        lambda d: d["demands"][0].update(requested_bps=d["demands"][0]["requested_bps"] * 1.001),
        "demands and requests",
    ),
    "key rate": (
        lambda d: d["links"][0].update(key_rate_bps=d["links"][0]["key_rate_bps"] * 1.0001),
        "links and key rates",
    ),
    "node inside": (lambda d: _longest(d)["nodes"].pop(1), "routes"),
    "link inside": (lambda d: _longest(d)["links"].reverse(), "routes"),
    "factor": (lambda d: d["growth"].update(factor=d["growth"]["factor"] * 1.0001), "growth witness"),
    "bound": (lambda d: d["growth"].update(bound=d["growth"]["bound"] * 0.9999), "growth bound"),
    "price": (lambda d: d["growth"]["prices"].update({priced(d): 0.0}), "growth bound"),
    "load": (lambda d: d["links"][0].update(load_bps=1.0), "link loads"),
    "level": (
        lambda d: d["fairness"]["levels"][0].update(level=d["fairness"]["levels"][0]["level"] * 1.0001),
        "fairness levels",
    ),
}


def _longest(data):
    return max((part for row in data["demands"] for part in row["routes"]), key=lambda part: len(part["links"]))


@pytest.mark.parametrize("what", ON_TRUNKS)
def test_a_promise_of_the_trunks_changed_by_hand_is_named(what, trunks, tmp_path):
    change, name = ON_TRUNKS[what]
    assert name in broken(tampered(trunks, tmp_path, change))


def test_numbers_beyond_all_sums_are_no_surprise(small, tmp_path):
    def enormous(data):
        for row in data["demands"]:
            row["requested_bps"] = 1e308
        for part in [*demand(data)["routes"], *data["growth"]["routes"]]:
            part["rate_bps"] = 1e308
        data["growth"]["prices"] = dict.fromkeys(data["growth"]["prices"], 1e308)
        limited(data)["prices"] = dict.fromkeys(limited(data)["prices"], 1e308)

    assert {"demands and requests", "capacity", "growth bound"} <= broken(tampered(small, tmp_path, enormous)).keys()


# ---- Changes of other files


def edited(folder: Path, tmp_path: Path, name: str, *, old: str, new: str):
    copy_of = shutil.copytree(folder, tmp_path / "plan")
    text = (copy_of / name).read_bytes().decode("utf-8")
    assert old in text
    (copy_of / name).write_bytes(text.replace(old, new, 1).encode("utf-8"))
    return verify_plan(copy_of)


def test_an_input_changed_by_hand_breaks_the_hash_and_what_follows(small, tmp_path):
    found = broken(edited(small, tmp_path, "inputs/links.csv", old="1000", new="2000"))
    assert "'inputs/links.csv' was changed" in found["inputs"]
    assert "key_rate_bps of link 'ab' is 1000 and should be 2000" in found["links and key rates"]


def test_an_input_that_can_no_longer_be_read_is_named(small, tmp_path):
    found = broken(edited(small, tmp_path, "inputs/links.csv", old="link_id", new="lnik_id"))
    assert set(found) == {"inputs", "reading the inputs"}
    assert "lnik_id" in found["reading the inputs"]


def test_inputs_added_and_removed_are_named(small, tmp_path):
    copy_of = shutil.copytree(small, tmp_path / "plan")
    (copy_of / "inputs" / "modules").mkdir(exist_ok=True)
    (copy_of / "inputs" / "modules" / "extra.toml").write_text("", encoding="utf-8")
    assert "'inputs/modules/extra.toml' is there" in broken(verify_plan(copy_of))["inputs"]
    shutil.rmtree(copy_of / "inputs")
    assert "'inputs/links.csv' is missing" in broken(verify_plan(copy_of))["inputs"]


def test_a_module_that_only_ships_is_not_among_the_inputs(trunks, tmp_path):
    copy_of = shutil.copytree(trunks, tmp_path / "plan")
    module = next((copy_of / "inputs" / "modules").iterdir())
    module.unlink()
    data = json.loads((copy_of / "plan.json").read_text(encoding="utf-8"))
    del data["inputs"][f"inputs/modules/{module.name}"]
    (copy_of / "plan.json").write_text(json.dumps(data), encoding="utf-8")
    found = broken(verify_plan(copy_of))
    assert list(found) == ["inputs alone"]
    assert f"data/modules/{module.name}" in found["inputs alone"]


@pytest.mark.parametrize("name", [*PAGES, *(f"{name}.csv" for name in CSV_TABLES)])
def test_a_missing_file_is_named(small, tmp_path, name):
    copy_of = shutil.copytree(small, tmp_path / "plan")
    (copy_of / name).unlink()
    assert f"{name} is missing" in broken(verify_plan(copy_of))["tables and pages"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("plan.xlsx", b"hello", "plan.xlsx is not what its name says"),
        ("links.csv", b"\xff\xfe\x00", "links.csv cannot be read"),
        ("links.csv", b"link_id\r\nab\r\nab\r\n", "links.csv has a link_id twice"),
        ("demands.csv", b"", "missing from the plan"),
        ("routes.csv", b"demand_id\r\n", "routes.csv has 0 rows"),
    ],
)
def test_a_spoilt_table_is_named(small, tmp_path, name, content, words):
    copy_of = shutil.copytree(small, tmp_path / "plan")
    (copy_of / name).write_bytes(content)
    found = broken(verify_plan(copy_of))
    assert list(found) == ["tables and pages"]
    assert words in found["tables and pages"]


def test_a_number_changed_in_a_table_is_named(small, tmp_path):
    found = broken(edited(small, tmp_path, "links.csv", old="1000.0", new="1001.0"))
    assert list(found) == ["tables and pages"]
    assert "links.csv: key_rate_bps of 'ab' is 1001.0" in found["tables and pages"]


# ---- What is no plan at all


def no_plan(folder: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        verify_plan(folder)
    assert caught.value.exit_code == 3
    return caught.value


def test_no_folder_no_file(tmp_path):
    assert "there is no such folder" in str(no_plan(tmp_path / "nowhere"))
    assert "plan.json: there is no such file" in str(no_plan(tmp_path))
    (tmp_path / "file").touch()
    assert "is a file" in str(no_plan(tmp_path / "file"))
    (tmp_path / "plan.json").mkdir()
    assert "cannot be read" in str(no_plan(tmp_path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[]", "object"),
        (b"null", "object"),
        (b'{"network": NaN}', "NaN is not a number"),
        (b'{"network": -Infinity}', "-Infinity is not a number"),
        (b'{"network": "a", "network": "b"}', "'network' twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"network": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b"{}", "fairness: is missing"),
    ],
)
def test_what_is_not_json_or_no_plan_is_wrong_input(tmp_path, content, words):
    (tmp_path / "plan.json").write_bytes(content)
    assert words in str(no_plan(tmp_path)).replace("column ", "")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda d: d["demands"][0].update(served_bps="NaN"), "demands[0].served_bps"),
        (lambda d: d["demands"][0].update(served_bps="400"), "demands[0].served_bps"),
        (lambda d: d["demands"][1].update(served_bps=None), "demands[1].served_bps"),
        (lambda d: d["demands"][1].update(served_bps=True), "demands[1].served_bps"),
        (lambda d: d["demands"][1].update(served_bps=10**400), "demands[1].served_bps"),
        (lambda d: d["demands"][1].update(routes={}), "demands[1].routes"),
        (lambda d: d["demands"].append(d["demands"][0]), "demands"),
        (lambda d: d["links"][0].pop("load_bps"), "links[0].load_bps"),
        (lambda d: d["links"][0].pop("reserved_bps"), "links[0].reserved_bps"),
        (lambda d: d["demands"][0].pop("shortfall"), "demands[0].shortfall"),
        (lambda d: d["demands"][0]["routes"][0].pop("set"), "demands[0].routes[0].set"),
        (lambda d: d["growth"]["routes"][1].pop("role"), "growth.routes[1].role"),
        (lambda d: d["bottlenecks"][0].pop("failure"), "bottlenecks[0].failure"),
        (lambda d: d.pop("shared"), "shared"),
        (lambda d: d["links"].append(d["links"][0]), "links"),
        (lambda d: d.update(links=None), "links"),
        (lambda d: d["growth"].update(prices=[]), "growth.prices"),
        (lambda d: d["growth"]["prices"].update(ab="1"), "growth.prices.ab"),
        (lambda d: d["growth"].update(factor=math.inf), ""),
        (lambda d: d["growth"].pop("routes"), "growth.routes"),
        (lambda d: d["growth"]["routes"][0].update(nodes=[1, 2]), "growth.routes[0].nodes[0]"),
        (lambda d: d["fairness"].update(levels={}), "fairness.levels"),
        (lambda d: d["fairness"]["levels"][0].update(served_in_full=1), "fairness.levels[0].served_in_full"),
        (lambda d: d["bottlenecks"][0].update(demands_limited=1.5), "bottlenecks[0].demands_limited"),
        (lambda d: d.pop("inputs"), "inputs"),
        (lambda d: d.update(inputs={}), "inputs"),
        (lambda d: d.pop("version"), "version"),
    ],
)
def test_what_has_not_the_shape_of_a_plan_is_wrong_input(small, tmp_path, change, place):
    with pytest.raises(InputError) as caught:
        tampered(small, tmp_path, change)
    problems = caught.value.problems
    assert place in {problem.column or "" for problem in problems}
    assert {problem.file for problem in problems} == {"plan/plan.json"}


def _places(part: Any) -> list[tuple[Any, Any]]:
    """Every place in plain data, as the container and the key in it."""
    if not isinstance(part, dict | list):
        return []
    keys = list(part) if isinstance(part, dict) else range(len(part))
    return [place for key in keys for place in [(part, key), *_places(part[key])]]


@given(changes=st.lists(st.tuples(st.integers(min_value=0), st.integers(0, 8)), min_size=1, max_size=3))
@settings(FAST, max_examples=150)
def test_whatever_is_done_to_a_plan_there_is_an_answer(changes, small):
    """Never a traceback: either the plan is no plan, or the verification says what is wrong with it."""
    path = small / "plan.json"
    before = path.read_text(encoding="utf-8")
    data = json.loads(before)
    for choice, deed in changes:
        places = _places(data)
        part, key = places[choice % len(places)]
        if deed == 0:
            del part[key]
        elif deed == 1 and isinstance(part, list):
            part.append(part[key])
        else:
            part[key] = [None, "ab", -1.0, 0.0, 1e308, [], {}, 5e-324][deed - 1]
    try:
        path.write_text(json.dumps(data), encoding="utf-8")
        verification = verify_plan(small)
        assert str(verification)
        json.dumps(verification.as_dict(), allow_nan=False)
    except InputError:
        pass
    finally:
        path.write_text(before, encoding="utf-8")
