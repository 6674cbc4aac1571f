"""The metro networks that ship: the published numbers hold, the rest says that it is assumed, and all of it plans."""

from __future__ import annotations

import math
import runpy
from itertools import combinations, pairwise
from pathlib import Path

import networkx as nx
import pytest
from geographiclib.geodesic import Geodesic

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
            direct = [Geodesic.WGS84.Inverse(*where[a], *where[b])["s12"] / 1000 for a, b in pairwise(stops)]
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
def everything(tmp_path_factory):
    folder = tmp_path_factory.mktemp("everything")
    (folder / "network.toml").write_text(
        'title = "Trunks and metros"\ninclude = ["trunks", "hefei-metro", "wuhan-metro"]\n', encoding="utf-8"
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


class TestWithTheTrunks:
    def test_a_network_of_ones_own_may_include_all(self, everything, metro):
        others = [load(name) for name in ("trunks", "wuhan-metro")]
        assert everything.notes == ()
        assert len(everything.nodes) == sum(len(part.nodes) for part in (metro, *others)) - 2
        assert len(everything.links) == sum(len(part.links) for part in (metro, *others))
        assert len(everything.demands) == sum(len(part.demands) for part in (metro, *others)) + 1

    def test_each_keeps_its_own_defaults(self, everything):
        attenuation = everything.links.set_index("link_id")["attenuation_db_per_km"]
        assert attenuation["beijing-langfang"] == 0.21
        assert attenuation["hefei-tr-1-tr-2"] == 0.3
        assert attenuation["wuhan-ring-wuhan-qingshan"] == 0.33

    def test_a_user_of_the_metro_network_gets_key_from_the_trunk(self, everything):
        served = make_plan(everything).demands.set_index("demand_id")
        assert served.loc["far-call", "served_bps"] > 0
        assert (served.loc[[key for key in served.index if key.startswith("call-")], "served_fraction"] > 0.999).all()


class TestWuhan:
    @pytest.fixture
    def wuhan(self):
        return load("wuhan-metro")

    def test_everything_is_assumed_and_says_so(self, wuhan):
        for table in (wuhan.nodes, wuhan.links, wuhan.demands):
            assert set(table["basis"]) == {"assumed"}
        assert wuhan.nodes["name_local"].notna().all()
        for word in ("Published", "not found", "Assumed", "not a picture of the real one"):
            assert word in wuhan.description
        assert wuhan.notes == ()

    def test_every_fibre_is_shared_with_classical_channels(self, wuhan):
        assert set(wuhan.links["coexistence"]) == {"wuhan-channel-fusion"}

    def test_lengths_follow_their_rule(self, wuhan):
        """1.4 times the straight line, rounded up to 0.1 km."""
        for row in wuhan.links.itertuples():
            a, b = (wuhan.graph.nodes[end] for end in (row.node_a, row.node_b))
            direct = Geodesic.WGS84.Inverse(a["lat_deg"], a["lon_deg"], b["lat_deg"], b["lon_deg"])["s12"] / 1000
            assert row.length_km == pytest.approx(math.ceil(14 * direct) / 10)

    def test_the_relays_make_one_ring_with_the_trunk_on_it(self, wuhan):
        relays = wuhan.nodes.loc[wuhan.nodes["kind"] == "trusted", "node_id"]
        ring = wuhan.graph.subgraph(relays)
        assert "wuhan" in ring
        assert nx.is_connected(ring)
        assert {degree for _, degree in ring.degree} == {2}

    def test_it_is_planned_and_verifies(self, wuhan, tmp_path):
        plan = make_plan(wuhan)
        assert plan.growth.factor > 1
        save_plan(plan, tmp_path / "plan")
        assert all(check.passed for check in verify_plan(tmp_path / "plan").checks)


def test_no_link_has_the_name_of_a_node():
    """Reports of failures name everything."""
    for name in ("hefei-metro", "wuhan-metro"):
        network = load(name)
        assert not set(network.links["link_id"]) & set(network.nodes["node_id"])
