"""What ships: the published totals hold, and every figure says where it comes from."""

from __future__ import annotations

import runpy
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import networkx as nx
import pytest
from geographiclib.geodesic import Geodesic

from planner.budget import link_budget
from planner.demand import demand_rates, unit_key_rate_bps
from planner.files import load
from planner.physics.module import load_module
from planner.plan import make_plan
from planner.records import CoexistenceRecord, ServiceRecord, SourceRecord
from planner.shipped import data_dir, read_toml, shipped_ids

ROOT = Path(__file__).resolve().parent.parent
TRUNKS = ("beijing-shanghai", "wuhan-hefei", "trunks")
BASES = {"published", "derived", "assumed"}


@pytest.fixture(scope="module")
def networks():
    return {name: load(name) for name in TRUNKS}


def script(name):
    """What a script defines; it is not run as a program."""
    return SimpleNamespace(**runpy.run_path(str(ROOT / "scripts" / f"{name}.py")))


def chain(network, first, last):
    """Nodes and lengths (km) along the only route between two nodes."""
    nodes = nx.shortest_path(network.graph, first, last)
    lengths = [next(iter(network.graph[a][b].values()))["length_km"] for a, b in pairwise(nodes)]
    return nodes, lengths


class TestPublishedTotals:
    def test_beijing_shanghai(self, networks):
        line = networks["beijing-shanghai"]
        nodes, lengths = chain(line, "beijing", "shanghai")
        assert (len(line.nodes), len(line.links), line.links["module_pairs"].sum()) == (32, 31, 135)
        assert len(nodes) == 32
        assert sum(round(10 * km) for km in lengths) == 20_320
        assert set(line.nodes["kind"]) == {"trusted"}
        order = [nodes.index(city) for city in ("beijing", "jinan", "hefei", "shanghai")]
        assert order == sorted(order)

    def test_hefei_shanghai(self, networks):
        nodes, lengths = chain(networks["beijing-shanghai"], "hefei", "shanghai")
        assert (len(nodes), len(lengths), sum(round(10 * km) for km in lengths)) == (11, 10, 7_120)

    def test_beijing_hefei(self, networks):
        _, lengths = chain(networks["beijing-shanghai"], "beijing", "hefei")
        assert (len(lengths), sum(round(10 * km) for km in lengths)) == (21, 13_200)

    def test_wuhan_hefei(self, networks):
        nodes, lengths = chain(networks["wuhan-hefei"], "wuhan", "hefei")
        assert (len(nodes), len(lengths), sum(round(10 * km) for km in lengths)) == (11, 10, 6_090)

    def test_the_trunks_are_both_lines_joined_at_hefei(self, networks):
        joined = networks["trunks"]
        assert (len(joined.nodes), len(joined.links), len(chain(joined, "wuhan", "shanghai")[0])) == (42, 41, 21)
        assert nx.is_tree(joined.graph)
        assert nx.degree(joined.graph, "hefei") == 3

    def test_the_names_of_the_places(self, networks):
        assert networks["trunks"].nodes["name_local"].notna().all()
        assert networks["trunks"].nodes["city"].notna().all()
        assert all(network.title_local for network in networks.values())


class TestSpans:
    def test_no_span_is_too_long_or_shorter_than_the_great_circle(self, networks):
        trunks = networks["trunks"]
        for row in trunks.links.itertuples():
            a, b = (trunks.graph.nodes[end] for end in (row.node_a, row.node_b))
            direct = Geodesic.WGS84.Inverse(a["lat_deg"], a["lon_deg"], b["lat_deg"], b["lon_deg"])["s12"] / 1000
            assert row.length_km <= 110
            assert 1.02 <= row.length_km / direct <= 1.9, row.link_id

    @pytest.mark.parametrize("name", TRUNKS)
    def test_nothing_to_note(self, networks, name):
        assert networks[name].notes == ()

    def test_every_span_carries_what_is_published_for_the_whole_line(self, networks):
        rates = link_budget(networks["beijing-shanghai"]).set_index("link_id")["key_rate_bps"]
        assert rates.min() > 21_000, "comfortably above the published 20 kbit/s"
        assert rates.min() < 40_000, "of the order of the published 20 kbit/s"

    def test_longer_spans_have_no_fewer_pairs(self, networks):
        spans = networks["beijing-shanghai"].links.sort_values("length_km")
        assert spans["module_pairs"].is_monotonic_increasing

    def test_the_tables_are_what_the_script_writes(self):
        made = script("make_spans")
        for line in made.LINES:
            written = (data_dir() / "networks" / line.network / "links.csv").read_text(encoding="utf-8")
            assert written == made.links_csv(line)


class TestMicius:
    def test_rates_are_those_of_a_month_of_passes(self):
        """One station of the table, which a script writes; the others are made likewise."""
        made = script("make_satellite_links")
        station = next(station for station in made.stations() if station.name == "ngari")
        found = made.row(station, made.night_passes([station])).split(",")
        written = load("micius").links.set_index("link_id").loc["ngari-micius"]
        assert found[0] == "ngari-micius"
        assert float(found[5]) == pytest.approx(written["key_rate_bps"], rel=0.02)
        assert float(found[4]) == pytest.approx(written["loss_db"], abs=0.2)

    def test_the_satellite_stores_and_forwards(self):
        network = load("micius")
        assert network.notes == ()
        assert set(network.nodes["kind"]) == {"ground", "satellite"}
        plan = make_plan(network)
        assert set(plan.routes["hops"]) == {2}
        assert plan.growth.factor > 0


class TestDemands:
    def test_half_a_million_voice_subscribers(self, networks):
        demands = demand_rates(networks["trunks"])
        voice = demands[demands["service"] == "voice"]
        unit_bps = unit_key_rate_bps(networks["trunks"].services["voice"])
        assert voice["units"].sum() == 500_000
        assert voice["requested_bps"].sum() == pytest.approx(500_000 * unit_bps)

    def test_every_service_is_used_and_every_demand_asks_for_key(self, networks):
        demands = demand_rates(networks["trunks"])
        assert set(demands["service"]) == set(shipped_ids("services"))
        assert (demands["requested_bps"] > 0).all()

    def test_the_trunks_add_only_demands_that_cross(self, networks):
        lines = [set(networks[name].demands["demand_id"]) for name in TRUNKS[:2]]
        joined = networks["trunks"].demands
        assert joined["demand_id"].is_unique
        own = joined[~joined["demand_id"].isin(lines[0] | lines[1])]
        assert len(own) == len(joined) - len(lines[0]) - len(lines[1])
        for line in TRUNKS[:2]:
            here = set(networks[line].nodes["node_id"])
            assert not (own["node_a"].isin(here) & own["node_b"].isin(here)).any()

    def test_demand_is_of_the_order_of_what_the_trunks_carry(self, networks):
        """Bottlenecks in sight: the fullest span of each network is asked for 0.7 to 1.4 of its rate."""
        for name, (low, high) in {"beijing-shanghai": (0.7, 1.0), "trunks": (1.0, 1.4)}.items():
            network = networks[name]
            load_bps = dict.fromkeys(network.links["link_id"], 0.0)
            for demand in demand_rates(network).itertuples():
                for a, b in pairwise(nx.shortest_path(network.graph, demand.node_a, demand.node_b)):
                    load_bps[next(iter(network.graph[a][b]))] += demand.requested_bps
            rates = link_budget(network).set_index("link_id")["key_rate_bps"]
            assert low < max(load / rates[link] for link, load in load_bps.items()) < high, name

    def test_the_tables_are_what_the_script_writes(self):
        for network, text in script("make_demands").demands_csv().items():
            assert (data_dir() / "networks" / network / "demands.csv").read_text(encoding="utf-8") == text


class TestModules:
    @pytest.mark.parametrize("module_id", shipped_ids("modules"))
    def test_every_module_can_be_read_and_says_where_its_figures_come_from(self, module_id):
        module = load_module(module_id)
        assert module.title_local
        assert module.note
        for basis, source in [
            (module.basis, module.source),
            *((basis, module.parameter_source.get(name)) for name, basis in module.parameter_basis.items()),
        ]:
            assert basis in BASES
            assert basis == "assumed" or source or module.source

    def test_the_kinds_that_are_promised(self):
        modules = {module_id: load_module(module_id) for module_id in shipped_ids("modules")}
        clocks = {round(m.parameters["clock_hz"] / 1e6) for m in modules.values() if m.protocol == "bb84-decoy"}
        assert {40, 625, 1250} <= clocks
        assert any("superconducting" in m.title for m in modules.values())
        assert any(m.protocol == "bb84-one-decoy" for m in modules.values())


def used_sources(content):
    """Every source key that a TOML file or a table of it names."""
    for key, value in content.items():
        if key == "source":
            yield value
        elif key == "parameter_source":
            yield from value.values()
        elif isinstance(value, dict):
            yield from used_sources(value)
        elif isinstance(value, list):
            for table in value:
                if isinstance(table, dict):
                    yield from used_sources(table)


class TestSources:
    def test_every_source_can_be_read(self):
        for content in read_toml(data_dir() / "sources.toml").values():
            assert SourceRecord.model_validate(content).citation

    def test_every_source_that_is_named_exists_and_every_one_that_exists_is_named(self, networks):
        named = set()
        for kind in ("modules", "services", "coexistence", "satellites", "published"):
            for path in (data_dir() / kind).glob("*.toml"):
                named.update(used_sources(read_toml(path)))
        for network in (*networks.values(), *map(load, ("micius", "hefei-metro", "wuhan-metro"))):
            for table in (network.nodes, network.links, network.demands):
                assert set(table["basis"]) <= BASES
                assert table.loc[table["basis"] != "assumed", "source"].notna().all()
                named.update(table["source"].dropna())
        assert named == set(read_toml(data_dir() / "sources.toml"))

    @pytest.mark.parametrize("service_id", shipped_ids("services"))
    def test_every_figure_of_a_service_explains_itself(self, service_id):
        service = ServiceRecord.model_validate(read_toml(data_dir() / "services" / f"{service_id}.toml"))
        figures = [
            getattr(service, name) for name in type(service).model_fields if hasattr(getattr(service, name), "basis")
        ]
        assert figures
        assert all(figure.note for figure in figures)
        assert service.title_local

    @pytest.mark.parametrize("profile_id", shipped_ids("coexistence"))
    def test_every_profile_of_classical_channels_explains_itself(self, profile_id):
        profile = CoexistenceRecord.model_validate(read_toml(data_dir() / "coexistence" / f"{profile_id}.toml"))
        assert profile.title_local
        assert profile.note
        assert profile.quantum_attenuation_db_per_km
        for channel in profile.channels:
            assert channel.source is None or channel.note

    def test_nobody_upgrades_a_guess(self, networks):
        """Coordinates, users and the trunk's devices are not published: nothing may say so."""
        assert set(networks["trunks"].nodes["basis"]) == {"assumed"}
        assert set(networks["trunks"].demands["basis"]) == {"assumed"}
        assert set(networks["trunks"].links["basis"]) == {"derived"}
        for module_id in networks["trunks"].links["module"].unique():
            module = load_module(module_id)
            assert module.basis == "assumed"
            assert not set(module.parameter_basis.values()) - {"assumed"}
