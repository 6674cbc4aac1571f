"""What would serve a demand, against plans of the changed networks."""

from __future__ import annotations

import numpy as np
import pytest

import planner
from planner.errors import InputError
from planner.explain import apply_changes, explain, load_costs
from planner.network import Network, build_network
from planner.physics.module import load_module
from tests.networks import demand_row, link_row, node_row, plain_network, random_network

FULL = 1 - 1e-9


def module_link(link_id, node_a, node_b, length_km, **more):
    ends = {"link_id": link_id, "node_a": node_a, "node_b": node_b, "length_km": length_km}
    return ends | {"module": "decoy-625mhz", "basis": "assumed"} | more


def trunk(*lengths_km: float, demands=(), **nodes) -> Network:
    """A line of relays n0, n1, ... with 625 MHz modules on its spans."""
    count = len(lengths_km) + 1
    return build_network(
        nodes=[node_row(f"n{n}", lon_deg=110 + n, **nodes.get(f"n{n}", {})) for n in range(count)],
        links=[module_link(f"s{n}", f"n{n}", f"n{n + 1}", km) for n, km in enumerate(lengths_km)],
        demands=demands,
        modules={"decoy-625mhz": load_module("decoy-625mhz")},
    )


def planned(network: Network):
    return planner.make_plan(network).demands.set_index("demand_id")


def is_met(network: Network, demands) -> bool:
    """Whether a plan of a network serves some demands in full and as they ask."""
    rows = planned(network).loc[list(demands)]
    in_full = (rows["served_bps"] >= rows["requested_bps"] * FULL).all()
    return bool(in_full and (rows["protection_given"].fillna(rows["protection"]) == rows["protection"]).all())


def keeps(network: Network, changed: Network, *, but) -> bool:
    """Whether nobody else gets less in a changed network, unless better protected."""
    before, after = (planned(one).drop(list(but)) for one in (network, changed))
    less = after["served_bps"] < before["served_bps"] * (1 - 1e-6)
    return not (less & (after["protection_given"] == before["protection_given"])).any()


def serves(network: Network, changes, demands) -> bool:
    """Whether changes serve some demands, and take nothing from anybody."""
    changed = apply_changes(network, changes)
    return is_met(changed, demands) and keeps(network, changed, but=demands)


def check(network: Network, one) -> None:
    """What an explanation promises, by plans of the changed networks."""
    remedy = one.remedy
    changes = [step.change for step in remedy.steps]
    costs = [change.cost_cny for change in changes]
    assert costs == sorted(costs)
    assert serves(network, changes, one.demands) == remedy.met
    after = planned(apply_changes(network, changes)).loc[list(one.demands)]
    assert remedy.fraction_after == pytest.approx(after["served_bps"].sum() / after["requested_bps"].sum())
    if not remedy.met:
        assert not remedy.proven or remedy.bound_cny == float("inf")
        return
    assert remedy.bound_cny <= sum(costs) * (1 + 1e-9)
    assert remedy.proven == (sum(costs) <= remedy.bound_cny * (1 + 1e-6))
    assert remedy.fraction_after == pytest.approx(1.0)
    for number, step in enumerate(remedy.steps):
        rest = changes[:number] + changes[number + 1 :]
        assert not serves(network, rest, one.demands), step.change
        without = planned(apply_changes(network, rest)).loc[list(one.demands)]
        share = without["served_bps"].sum() / without["requested_bps"].sum()
        assert step.fraction_without == pytest.approx(share)
        assert step.fraction_without < FULL or step.protection_without or step.losers_without
    place = {change.resource: number for number, change in enumerate(changes)}
    order = [(place[other.instead_of], other.change.cost_cny) for other in remedy.alternatives]
    assert order == sorted(order)
    for other in remedy.alternatives:
        swapped = [other.change if change.resource == other.instead_of else change for change in changes]
        assert serves(network, swapped, one.demands)
        assert other.change.cost_cny >= changes[place[other.instead_of]].cost_cny


def test_one_narrow_span_and_three_ways_to_widen_it():
    network = trunk(50, 90, demands=[demand_row("d", "n0", "n2", 30_000)])
    found = explain(network)
    (one,) = found.unmet
    assert one.demands == ("d",)
    assert one.served_bps == pytest.approx(planned(network).loc["d", "served_bps"])
    (short,) = one.remedy.short
    assert short.resource == "link:s1"
    assert short.has == pytest.approx(planner.link_budget(network).set_index("link_id").loc["s1", "key_rate_bps"])
    assert short.needs == pytest.approx(30_000)
    (step,) = one.remedy.steps
    kinds = [step.change.kind, *(other.change.kind for other in one.remedy.alternatives)]
    assert sorted(kinds) == ["module", "module pairs", "stations"]
    costs = [step.change.cost_cny, *(other.change.cost_cny for other in one.remedy.alternatives)]
    assert costs == sorted(costs)
    check(network, one)


def test_pairs_are_as_many_as_are_needed():
    network = trunk(90, demands=[demand_row("d", "n0", "n1", 60_000)])
    has = planner.link_budget(network)["key_rate_bps"].iloc[0]
    remedy = explain(network, demand="d").unmet[0].remedy
    changes = [step.change for step in remedy.steps] + [other.change for other in remedy.alternatives]
    (pairs,) = [change for change in changes if change.kind == "module pairs"]
    number = pairs.details["module_pairs"]
    assert (number - 1) * has < 60_000 <= number * has
    prices = load_costs()
    each = prices.pair_cny("decoy-625mhz") + prices.fibre_cny(90)
    assert pairs.cost_cny == pytest.approx((number - 1) * each)
    (halves,) = [change for change in changes if change.kind == "stations"]
    changed = apply_changes(network, [halves])
    assert len(changed.links) == halves.details["stations"] + 1
    assert changed.links["length_km"].sum() == pytest.approx(90)
    assert planner.link_budget(changed)["key_rate_bps"].min() == pytest.approx(halves.details["key_rate_bps"])


def test_spans_that_are_short_together_are_relieved_together():
    network = trunk(90, 90, 40, 90, demands=[demand_row("d", "n0", "n4", 30_000), demand_row("e", "n0", "n1", 5_000)])
    (one,) = [one for one in explain(network).unmet if "d" in one.demands]
    assert {short.resource for short in one.remedy.short} == {"link:s0", "link:s1", "link:s3"}
    assert len(one.remedy.steps) == 3
    check(network, one)


def test_a_span_without_key_gets_stations():
    network = trunk(60, 400, demands=[demand_row("d", "n0", "n2", 1_000)])
    (one,) = explain(network).unmet
    assert one.remedy.dead == ("s1",)
    (step,) = one.remedy.steps
    assert step.change.kind == "stations"
    assert step.change.details["stations"] >= 2
    check(network, one)


def test_nodes_that_nothing_joins_get_a_new_link():
    network = build_network(
        nodes=[node_row("a"), node_row("b", lon_deg=110.4), node_row("c", lon_deg=112)],
        links=[module_link("bc", "b", "c", 180)],
        demands=[demand_row("d", "a", "b", 1_000)],
        modules={"decoy-625mhz": load_module("decoy-625mhz")},
    )
    (one,) = explain(network).unmet
    (step,) = one.remedy.steps
    assert (step.change.kind, step.fraction_without) == ("new link", 0.0)
    assert one.remedy.unreachable == ("d",)
    assert {step.change.details["node_a"], step.change.details["node_b"]} == {"a", "b"}
    check(network, one)


def test_a_second_route_around_the_node_that_all_need():
    network = build_network(
        nodes=[node_row("a"), node_row("b", lon_deg=110.5), node_row("x", lon_deg=110.3), node_row("y", lat_deg=30.4)],
        links=[module_link(f"{one}{two}", one, two, 30) for one, two in ("ax", "xb", "ay", "yx")],
        demands=[demand_row("d", "a", "b", 1_000, protection="1+1")],
        modules={"decoy-625mhz": load_module("decoy-625mhz")},
    )
    (one,) = explain(network, demand="d").unmet
    cut = one.remedy.cuts["d"]
    assert len(cut.nodes) + len(cut.links) == 1
    assert one.remedy.fraction_before == 1
    assert one.remedy.protection_before == "none"
    assert {step.protection_without for step in one.remedy.steps} == {"none"}
    assert {step.change.kind for step in one.remedy.steps} == {"new link"}
    assert planned(apply_changes(network, [s.change for s in one.remedy.steps])).loc["d", "protection_given"] == "1+1"
    check(network, one)


def test_two_separate_routes_where_there_is_none():
    network = build_network(
        nodes=[node_row("a"), node_row("b", lon_deg=110.4)],
        links=[],
        demands=[demand_row("d", "a", "b", 1_000, protection="1+1")],
    )
    (one,) = explain(network).unmet
    assert [step.change.kind for step in one.remedy.steps] == ["new link", "new link"]
    assert one.remedy.cuts == {}, "no route at all is no cut, and a new link is none of the network's"
    check(network, one)


def test_cuts_are_those_of_the_network_as_it_is():
    network = build_network(
        nodes=[node_row("a"), node_row("b", lon_deg=110.4), node_row("c", lon_deg=110.8)],
        links=[module_link("ab", "a", "b", 50)],
        demands=[
            demand_row("far", "a", "c", 10, protection="split-3"),
            demand_row("near", "a", "b", 10, protection="1+1"),
        ],
        modules={"decoy-625mhz": load_module("decoy-625mhz")},
    )
    for one in explain(network).unmet:
        assert {name: cut.links for name, cut in one.remedy.cuts.items()} in ({}, {"near": ("ab",)})
        check(network, one)


def test_a_relay_limit_and_user_ports():
    demands = [demand_row("d", "n0", "n2", 5_000), demand_row("e", "n0", "n2", 5_000, priority=2)]
    limited = trunk(40, 40, demands=demands, n1={"relay_limit_bps": 6_000})
    (one,) = explain(limited).unmet
    assert [step.change.kind for step in one.remedy.steps] == ["relay limit"]
    assert one.remedy.short[0].resource == "node:n1"
    check(limited, one)
    ported = trunk(40, 40, demands=demands, n0={"user_ports": 1})
    (one,) = explain(ported).unmet
    assert one.demands == ("d",)
    (step,) = one.remedy.steps
    assert one.remedy.without_port == ("d",)
    details = {"node_id": "n0", "user_ports_before": 1, "user_ports": 2}
    assert (step.change.kind, step.change.details) == ("user ports", details)
    check(ported, one)


def test_links_that_share_modules_get_their_own():
    links = [module_link("ab", "n0", "n1", 40, module_group="g"), module_link("bc", "n1", "n2", 40, module_group="g")]
    rate = planner.link_budget(trunk(40))["key_rate_bps"].iloc[0]
    network = build_network(
        nodes=[node_row(f"n{n}", lon_deg=110 + n) for n in range(3)],
        links=links,
        demands=[demand_row("d", "n0", "n2", 0.8 * rate)],
        modules={"decoy-625mhz": load_module("decoy-625mhz")},
    )
    (one,) = explain(network).unmet
    (step,) = one.remedy.steps
    assert step.change.kind == "own modules"
    assert step.change.details["module_group"] == "g"
    assert one.remedy.short[0].needs == pytest.approx(1.6)
    check(network, one)


def test_where_all_are_served_growth_is_explained():
    network = trunk(50, 70, demands=[demand_row("d", "n0", "n2", 1_000), demand_row("e", "n1", "n0", 10)])
    found = explain(network)
    assert found.met == ("d", "e")
    assert not found.unmet
    growth = found.growth
    assert growth is not None
    assert growth.factor_before == pytest.approx(planner.make_plan(network).growth.factor)
    assert growth.remedy.short[0].resource == "link:s1"
    changed = apply_changes(network, [step.change for step in growth.remedy.steps])
    assert planner.make_plan(changed).growth.factor == pytest.approx(growth.factor_after)
    assert growth.factor_after >= growth.target * FULL


def test_a_demand_that_is_met_needs_nothing():
    network = trunk(50, demands=[demand_row("d", "n0", "n1", 10), demand_row("z", "n0", "n1", 0)])
    for name in ("d", "z"):
        found = explain(network, demand=name)
        assert (found.met, found.unmet, found.growth) == ((name,), (), None)
    assert explain(trunk(50, demands=[demand_row("z", "n0", "n1", 0)])).growth is None


def test_nothing_is_offered_for_a_satellite():
    one = explain(planner.load("micius")).unmet[0]
    assert one.remedy.short
    assert not one.remedy.met
    assert one.remedy.steps == ()


def test_what_random_networks_are_promised_is_kept():
    rng = np.random.default_rng(60)
    kinds, hopeful = set(), 0
    for _ in range(9):
        network = random_network(rng, most_nodes=6, most_demands=4)
        if network.demands.empty:
            continue
        for one in explain(network).unmet:
            check(network, one)
            kinds |= {step.change.kind for step in one.remedy.steps}
            hopeful += one.remedy.met
    assert hopeful > 2
    assert len(kinds) > 1


def test_protection_on_random_networks():
    rng = np.random.default_rng(61)
    found = 0
    for _ in range(7):
        network = random_network(rng, most_nodes=6, most_demands=3, connected=True)
        if network.demands.empty:
            continue
        asked = [str(rng.choice(["none", "1+1", "split-2"])) for _ in range(len(network.demands))]
        network = network.replace(demands=network.demands.assign(protection=asked))
        for one in explain(network).unmet:
            check(network, one)
            found += one.remedy.met
    assert found > 2


def test_the_answer_repeats():
    network = plain_network([("ab", "a", "b", 5.0, 30.0), ("bc", "b", "c", 3.0, 30.0)], [("d", "a", "c", 9.0)])
    one, two = (explain(network).unmet[0].remedy for _ in range(2))
    assert one == two


def test_wrong_names_are_told():
    network = trunk(50, demands=[demand_row("video-1", "n0", "n1", 10)])
    with pytest.raises(InputError, match="did you mean 'video-1'"):
        explain(network, demand="vide-1")
    with pytest.raises(InputError, match="no demand"):
        explain(network.replace(demands=network.demands.iloc[:0]))


def test_prices_of_an_operator(tmp_path):
    shipped = load_costs()
    text = "\n".join(
        f"[{name}]\nvalue = {value}\nbasis = 'assumed'"
        for name, value in {
            "years": 1, "module_pair_cny": 7, "station_cny": 1e9, "fibre_cny_per_km_year": 0, "relay_cny": 1,
            "user_port_cny": 1, "module_pairs_cny.decoy-1250mhz": 1e9,
        }.items()
    )  # fmt: skip
    path = tmp_path / "ours.toml"
    path.write_text(f"title = 'ours'\n{text}\n", encoding="utf-8")
    network = trunk(90, demands=[demand_row("d", "n0", "n1", 60_000)])
    cheap = explain(network, costs=load_costs(path)).unmet[0].remedy.steps[0].change
    assert cheap.kind == "module pairs"
    assert cheap.cost_cny == 7 * (cheap.details["module_pairs"] - 1)
    assert explain(network, costs=shipped).unmet[0].remedy.steps[0].change.cost_cny > 7
    path.write_text("title = 'ours'\nstation_cny = 5\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_costs(path)
    assert len(caught.value.problems) > 3
    with pytest.raises(InputError, match="did you mean 'assumed'"):
        load_costs("asumed")


def test_shipped_prices_say_where_they_come_from():
    prices = load_costs()
    for name, price in prices.module_pairs_cny.items():
        assert load_module(name).module_id == name
        assert price.value > 0
    figures = [getattr(prices, name) for name in type(prices).model_fields if name.endswith("_cny")]
    assert all(one.basis in ("published", "derived", "assumed") for one in figures if hasattr(one, "basis"))


def test_changes_leave_the_network_as_it_was():
    network = trunk(90, demands=[demand_row("d", "n0", "n1", 60_000)])
    before = network.links.copy()
    remedy = explain(network).unmet[0].remedy
    apply_changes(network, [step.change for step in remedy.steps])
    assert network.links.equals(before)
    assert link_row("x", "a", "b", 1.0)["key_rate_bps"] == 1.0
