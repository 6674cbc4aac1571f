"""The metro networks that ship: the published numbers hold, the rest says that it is assumed, and all of it plans."""

from __future__ import annotations

import runpy
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from planner.files import load
from planner.plan import make_plan
from planner.records import split_list
from planner.report.folder import save_plan
from planner.shipped import data_dir
from planner.verify import verify_plan

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def metro():
    return load("hefei-metro")


@pytest.fixture(scope="module")
def plan(metro):
    return make_plan(metro)


def ids(sort, first, last):
    return {f"hefei-{sort}-{number}" for number in range(first, last + 1)}


SWITCHES = {
    "hefei-os-1": ids("ua", 1, 5) | {"hefei-tr-1"},
    "hefei-os-2": ids("ua", 6, 7) | {"hefei-tr-2"},
    "hefei-os-3": ids("ua", 8, 13) | {"hefei-tr-3"},
}
RELAYS = {"hefei-tr-1": ids("ub", 1, 12), "hefei-tr-2": ids("ub", 13, 17), "hefei-tr-3": ids("ub", 18, 27)}


class TestHefeiAsPublished:
    def test_forty_six_nodes_and_the_junction(self, metro):
        own = metro.nodes[metro.nodes["node_id"] != "hefei"]
        assert len(own) == 46
        assert own["kind"].value_counts().to_dict() == {"user": 40, "switch": 3, "trusted": 3}

    def test_a_switch_joins_every_two_of_its_users_and_the_relay(self, metro):
        through = metro.links[metro.links["via"].notna()]
        for switch, ends in SWITCHES.items():
            here = through[through["via"] == switch]
            pairs = {frozenset(pair) for pair in zip(here["node_a"], here["node_b"], strict=True)}
            assert pairs == {frozenset(pair) for pair in combinations(ends, 2)}
            assert len(here) == len(pairs)
        assert set(through["via"]) == set(SWITCHES)

    def test_type_b_users_reach_their_relay_only(self, metro):
        for relay, users in RELAYS.items():
            for user in users:
                here = metro.links[(metro.links["node_a"] == user) | (metro.links["node_b"] == user)]
                assert here[["node_a", "node_b"]].to_numpy().tolist() == [[user, relay]]
                assert here["via"].isna().all()

    def test_the_sub_networks_are_joined_directly_and_to_the_trunk(self, metro):
        core = metro.links[metro.links["node_b"].isin(set(RELAYS)) & metro.links["node_a"].isin({*RELAYS, "hefei"})]
        assert len(core) == 6
        assert set(core.loc[core["node_a"] != "hefei", "length_km"]) == {15.0}

    def test_eleven_calls_at_once_with_a_pad_each_way(self, metro):
        calls = metro.demands[metro.demands["service"] == "otp-link"]
        callers = [*calls["node_a"], *calls["node_b"]]
        assert len(calls) == 11
        assert len(set(callers)) == 22, "nobody is in two calls"
        assert set(calls["units"]) == {2}


class TestHefeiAsAssumed:
    def test_nobody_upgrades_a_guess(self, metro):
        for table in (metro.nodes, metro.links, metro.demands):
            assert set(table["basis"]) == {"assumed"}
        assert metro.nodes["name_local"].notna().all()
        for word in ("Published", "Assumed"):
            assert word in metro.description

    def test_nothing_to_note(self, metro):
        assert metro.notes == ()

    def test_light_through_a_switch_goes_no_shorter_than_straight(self, metro):
        """Not only from end to end, which reading checks, but from stop to stop."""
        made = runpy.run_path(str(ROOT / "scripts" / "make_hefei_metro.py"))
        where = {made["full"](short): at for short, at in made["places"]().items()}
        for row in metro.links.itertuples():
            stops = [row.node_a, *split_list(row.via), row.node_b]
            direct = [made["Geodesic"].WGS84.Inverse(*where[a], *where[b])["s12"] / 1000 for a, b in pairwise(stops)]
            assert row.length_km >= 1.29 * sum(direct), row.link_id

    def test_modules_behind_a_switch_are_never_used_twice_at_once(self, metro):
        """All links of a switch take turns, and no module of theirs works outside of it."""
        through = metro.links["via"].notna()
        assert (metro.links.loc[through, "module_group"] == metro.links.loc[through, "via"]).all()
        assert metro.links.loc[~through, "module_group"].isna().all()

    def test_the_tables_are_what_the_script_writes(self):
        made = runpy.run_path(str(ROOT / "scripts" / "make_hefei_metro.py"))
        for name, text in made["tables"]().items():
            assert (data_dir() / "networks" / "hefei-metro" / name).read_text(encoding="utf-8") == text


class TestHefeiPlanned:
    def test_every_call_is_served_and_little_is_left(self, plan):
        assert plan.demands["served_fraction"].tolist() == pytest.approx([1.0] * len(plan.demands))
        assert 1.1 < plan.growth.factor < 2

    def test_the_switches_set_the_pace(self, plan, metro):
        busy = dict.fromkeys(SWITCHES, 0.0)
        rates = plan.links.set_index("link_id")["key_rate_bps"]
        groups = metro.links.set_index("link_id")["module_group"]
        for route in plan.growth.routes.itertuples():
            for link in route.links:
                if isinstance(groups[link], str):
                    busy[groups[link]] += route.rate_bps / rates[link]
        assert max(busy.values()) == pytest.approx(1.0)

    def test_calls_behind_one_switch_trust_nobody(self, plan):
        routes = plan.routes.set_index("demand_id")["nodes"]
        assert routes["call-hefei-ua-1-ua-2"] == ("hefei-ua-1", "hefei-ua-2")
        assert routes["call-hefei-ua-8-ua-11"] == ("hefei-ua-8", "hefei-ua-11")

    def test_it_verifies(self, plan, tmp_path):
        save_plan(plan, tmp_path / "plan")
        assert all(check.passed for check in verify_plan(tmp_path / "plan").checks)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("both")
    (folder / "network.toml").write_text(
        'title = "Trunks and Hefei"\ninclude = ["trunks", "hefei-metro"]\n', encoding="utf-8"
    )
    columns = {
        "nodes.csv": "node_id,name,kind,lat_deg,lon_deg,basis",
        "links.csv": "link_id,node_a,node_b,length_km,basis",
        "demands.csv": "demand_id,node_a,node_b,service,units,basis",
    }
    for name, header in columns.items():
        (folder / name).write_text(header + "\n", encoding="utf-8")
    (folder / "demands.csv").write_text(
        columns["demands.csv"] + "\nfar-call,beijing,hefei-ub-27,otp-link,1,assumed\n", encoding="utf-8"
    )
    return load(folder)


class TestHefeiWithTheTrunks:
    def test_a_network_of_ones_own_may_include_both(self, both, metro):
        trunks = load("trunks")
        assert both.notes == ()
        assert len(both.nodes) == len(trunks.nodes) + len(metro.nodes) - 1
        assert len(both.links) == len(trunks.links) + len(metro.links)
        assert len(both.demands) == len(trunks.demands) + len(metro.demands) + 1

    def test_each_keeps_its_own_defaults(self, both):
        attenuation = both.links.set_index("link_id")["attenuation_db_per_km"]
        assert attenuation["beijing-langfang"] == 0.21
        assert attenuation["hefei-tr-1-tr-2"] == 0.3

    def test_a_user_of_the_metro_network_gets_key_from_the_trunk(self, both):
        served = make_plan(both).demands.set_index("demand_id")
        assert served.loc["far-call", "served_bps"] > 0
        assert (served.loc[[key for key in served.index if key.startswith("call-")], "served_fraction"] > 0.999).all()
