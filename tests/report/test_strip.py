"""Chains, strip maps and charts: what they show, and that names stay names."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.network import build_network
from planner.report.chains import MOST_CHAINS, MOST_LINKS, find_chains
from planner.report.charts import MOST_ROWS, plan_charts
from planner.report.drawing import Drawing, linear_scale, log_scale, ticks
from planner.report.page import _colours
from planner.report.strip import _edges, strip_map, strip_title, to_scale
from planner.report.words import quantity
from tests.report.map_networks import HOSTILE, link_row, node_row
from tests.report.plans import SPANS, STATIONS, chain_plan, hostile_plan, strained_plan, trunk_network, trunk_plan


def network_of(pairs, **lengths):
    ids = sorted({end for pair in pairs for end in pair})
    nodes = [node_row(i, i.upper(), lat_deg=1, lon_deg=1) for i in ids]
    links = [link_row(a, b, link_id=f"{a}{b}{n}", length_km=lengths.get(a + b, 10.0)) for n, (a, b) in enumerate(pairs)]
    return build_network(nodes=nodes, links=links)


def parsed(markup):
    return ET.fromstring(str(markup))  # noqa: S314 (our own)


def texts(markup):
    return [element.text for element in parsed(markup).iter("text")]


def test_a_trunk_is_one_chain_and_its_branch_another():
    trunk, branch = find_chains(trunk_network())
    assert trunk.nodes == STATIONS
    assert len(trunk.links) == SPANS
    assert branch.nodes == ("s20", "b1", "b2", "b3", "b4")
    lengths = trunk_network().links.set_index("link_id")["length_km"]
    assert trunk.length_km == pytest.approx(lengths.loc[list(trunk.links)].sum())


def test_in_a_mesh_chains_run_between_branches():
    ring = [*pairwise("abcdef"), ("f", "a")]
    (whole,) = find_chains(network_of(ring))
    assert whole.nodes == ("a", "b", "c", "d", "e", "f", "a")
    chains = find_chains(network_of([*ring, ("a", "d")]))
    assert {chain.nodes for chain in chains} == {("a", "b", "c", "d"), ("a", "f", "e", "d")}


def test_short_chains_are_left_out():
    assert find_chains(network_of([("a", "b"), ("b", "c")])) == ()
    assert find_chains(build_network(nodes=[], links=[])) == ()


def test_a_very_long_chain_is_cut_into_even_parts():
    ids = [f"n{i:03d}" for i in range(80)]
    chains = find_chains(network_of(list(pairwise(ids))))
    assert [(chain.part, chain.parts) for chain in chains] == [(1, 3), (2, 3), (3, 3)]
    assert max(len(chain.links) for chain in chains) <= MOST_LINKS
    assert all(first.nodes[-1] == second.nodes[0] for first, second in pairwise(chains))


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), max_size=16))
def test_chains_are_walks_over_links_none_twice(pairs):
    network = network_of([(a, b) for a, b in pairs if a != b])
    ends = {row["link_id"]: {row["node_a"], row["node_b"]} for row in network.links.to_dict("records")}
    chains = find_chains(network)
    assert len(chains) <= MOST_CHAINS
    used = [link for chain in chains for link in chain.links]
    assert len(used) == len(set(used))
    for chain in chains:
        assert [ends[link] for link in chain.links] == [set(pair) for pair in pairwise(chain.nodes)]


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=32))
def test_spans_fill_the_strip_to_scale_where_they_can(lengths_km):
    edges = _edges(lengths_km)
    widths = [b - a for a, b in pairwise(edges)]
    assert all(width > 0 for width in widths)
    assert edges[-1] == pytest.approx(_edges([1.0])[-1])
    wide = [(w, km) for w, km in zip(widths, lengths_km, strict=True) if w > min(widths) * 1.001]
    assert all(math.isclose(a[0] / a[1], b[0] / b[1], rel_tol=1e-6) for a, b in pairwise(wide))


def test_the_strip_map_shows_stations_kilometres_and_figures():
    plan = trunk_plan()
    chain = find_chains(plan.network)[0]
    shown = texts(strip_map(plan, chain))
    for node in chain.nodes:
        assert plan.network.node_names[node] in shown
    assert f"{chain.length_km:,.0f}" in shown, "kilometres at the end"
    picture = parsed(strip_map(plan, chain))
    assert [e.text for e in picture.iter("tspan")] == [f"站{node}" for node in chain.nodes]
    assert [e.text for e in picture.iter("text") if "weak" in e.get("class")] == ["12"], "in kbit/s"
    title = strip_title(plan, chain)
    assert title == f"Station s00 – Station s31: 31 spans, {quantity(chain.length_km, 'km')}, weakest span 12.0 kbit/s"
    assert not to_scale(chain, plan)
    assert to_scale(find_chains(plan.network)[1], plan)


def test_bars_are_as_high_as_their_decibels():
    plan = chain_plan()
    chain = find_chains(plan.network)[0]
    bars = [e for e in parsed(strip_map(plan, chain)).iter("rect") if e.get("class") == "loss-0"]
    fibre = plan.budget.set_index("link_id")["fibre_loss_db"].loc[list(chain.links)]
    ratios = [float(bar.get("height")) / db for bar, db in zip(bars, fibre, strict=True)]
    assert ratios == pytest.approx([ratios[0]] * len(ratios), rel=5e-3)


def test_charts_have_a_row_for_each_link_and_demand():
    decibels, bits, loads, served = plan_charts(chain_plan())
    assert "Beijing–Tianjin" in texts(decibels.picture)
    assert len([t for t in texts(loads.picture) if "–" in t]) == len(chain_plan().links)
    assert "d1" in texts(served.picture)
    assert "Jinan–Xuzhou" in texts(bits.picture)
    assert "Xuzhou–Hefei" not in texts(bits.picture), "a link without a module has no bits to show"
    assert decibels.legend[0] == ("loss-0", "Channel"), "one of the links ends at a satellite"
    assert "Logarithmic axis." in loads.note


def test_of_many_links_only_the_most_telling_are_drawn():
    ids = [f"n{i:03d}" for i in range(MOST_ROWS + 9)]
    network = network_of(list(pairwise(ids))).replace(demands=trunk_network().demands.iloc[:0])
    links = network.links.assign(key_rate_bps=1000.0)
    demand = {"demand_id": "d", "node_a": "n000", "node_b": "n005", "rate_bps": 10.0}
    from planner.plan import make_plan
    from planner.records import DemandRecord, to_frame

    plan = make_plan(network.replace(links=links, demands=to_frame(DemandRecord, [demand])))
    loads = next(chart for chart in plan_charts(plan) if chart.title.startswith("Key rate"))
    assert len([text for text in texts(loads.picture) if "–" in text]) == MOST_ROWS
    assert f"The {MOST_ROWS} links of the highest utilisation" in loads.note


def test_hostile_names_stay_text_in_every_picture():
    plan = hostile_plan()
    pictures = [strip_map(plan, chain) for chain in find_chains(plan.network)]
    pictures += [chart.picture for chart in plan_charts(plan)]
    classes = set()
    for picture in pictures:
        root = parsed(picture)
        for element in root.iter():
            assert element.tag in ("svg", "rect", "line", "path", "text", "tspan", "title")
            assert not [name for name in element.attrib if name.startswith("on") or name in ("href", "style")]
            classes.update(element.get("class", "").split())
    known = {*_colours()["classes"], *_colours()["symbols"], "drawing", "station", "name", "strong", "minor", "axis"}
    assert classes <= known | {"figure", "grid", "floor", "casing", "rate", "served", "weak"}
    shown = {text for picture in pictures for e in parsed(picture).iter("title") for text in e.itertext()}
    assert set(HOSTILE) <= shown, "letter for letter under the mouse"


def test_pictures_are_the_same_every_time():
    plan = strained_plan()
    chain = find_chains(plan.network)[0]
    assert strip_map(plan, chain) == strip_map(plan, chain)
    assert [c.picture for c in plan_charts(plan)] == [c.picture for c in plan_charts(plan)]


def test_scales_and_ticks():
    assert linear_scale(10, length=100)(5) == 50
    assert linear_scale(10, length=100)(math.nan) == 0
    assert linear_scale(10, length=100)(20) == 100
    assert log_scale(1, 100, length=100)(10) == pytest.approx(50)
    assert log_scale(1, 100, length=100)(0) == 0
    assert list(ticks(30)) == [0, 10, 20, 30]
    assert list(ticks(0)) == [0]


@given(st.text())
def test_any_text_can_be_drawn(text):
    picture = Drawing(10, 10, title=text.encode("utf-8", "replace").decode())
    picture.text(0, 0, text.encode("utf-8", "replace").decode(), kind="name", tip="tip")
    assert "name" in str(picture.markup())
