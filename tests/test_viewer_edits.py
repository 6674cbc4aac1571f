"""Edits of a network: what they change, and what is wrong with them."""

from __future__ import annotations

import pytest

from planner.errors import InputError
from planner.files import load
from planner.viewer.edits import MOST_EDITS, Malformed, read_edits, read_json
from tests.viewer_networks import edited, row_of, square_network


@pytest.mark.parametrize("network", [square_network(), load("trunks")], ids=lambda network: network.name)
def test_no_edit_changes_nothing(network):
    same = edited(network).network
    for table in ("nodes", "links", "demands"):
        assert getattr(same, table).equals(getattr(network, table))
        assert list(getattr(same, table).dtypes) == list(getattr(network, table).dtypes)


def test_a_cut_link_is_not_there():
    changed = edited(square_network(), {"do": "cut_link", "link_id": "ab"})
    assert list(changed.network.links["link_id"]) == ["bc", "cd", "da", "ua"]
    assert changed.cut_links == ("ab",)
    assert changed.network.files == ()


def test_a_cut_node_takes_its_links_and_demands_with_it():
    changed = edited(square_network(), {"do": "cut_node", "node_id": "a"})
    assert changed.cut_links == ("ab", "da", "ua")
    assert changed.cut_demands == ("ac",)
    assert "a" not in set(changed.network.nodes["node_id"])
    assert list(changed.network.demands["demand_id"]) == ["bd", "ub"]


def test_a_cut_switch_takes_the_links_whose_light_passes_it():
    assert edited(square_network(), {"do": "cut_node", "node_id": "s"}).cut_links == ("ua",)


def test_figures_of_a_link_change_and_become_assumptions():
    edit = {"do": "change_link", "link_id": "ab", "length_km": 55, "attenuation_db_per_km": 0.25, "module": "gys-2004"}
    network = edited(square_network(), edit | {"module_pairs": 7}).network
    row = row_of(network.links, "link_id", "ab")
    assert (row["length_km"], row["attenuation_db_per_km"], row["module"], row["module_pairs"]) == (
        55.0, 0.25, "gys-2004", 7,
    )  # fmt: skip
    assert (row["basis"], row["source"]) == ("assumed", None)
    assert set(network.modules) == {"decoy-625mhz", "gys-2004"}
    assert set(network.sources) > {"book"}  # the new module's source came with it


def test_what_was_measured_no_longer_counts_after_a_change():
    changed = edited(square_network(), {"do": "change_link", "link_id": "bc", "length_km": 41.0})
    row = row_of(changed.network.links, "link_id", "bc")
    assert row["loss_db"] != row["loss_db"]
    assert row["key_rate_bps"] != row["key_rate_bps"]
    assert "measured" in changed.notes[0]
    row = row_of(
        edited(square_network(), {"do": "change_link", "link_id": "bc", "module_pairs": 2}).network.links,
        "link_id",
        "bc",
    )
    assert row["loss_db"] == 9.0  # the span is the same
    assert row["key_rate_bps"] != row["key_rate_bps"]


def test_a_change_to_what_is_there_is_none():
    changed = edited(square_network(), {"do": "change_link", "link_id": "bc", "length_km": 40.0, "module_pairs": 1})
    assert row_of(changed.network.links, "link_id", "bc")["key_rate_bps"] == 30_000.0
    assert changed.notes == ()


def test_a_measured_link_without_a_module_needs_one_to_change():
    with pytest.raises(InputError, match="no module to say what the change does"):
        edited(square_network(), {"do": "change_link", "link_id": "cd", "module_pairs": 2})
    row = {"do": "change_link", "link_id": "cd", "module_pairs": 2, "module": "decoy-625mhz"}
    assert row_of(edited(square_network(), row).network.links, "link_id", "cd")["module"] == "decoy-625mhz"


def test_demands_scale_change_come_and_go():
    network = edited(
        square_network(),
        {"do": "change_demand", "demand_id": "ac", "rate_bps": 100.0, "priority": 2},
        {"do": "remove_demand", "demand_id": "bd"},
        {"do": "add_demand", "demand_id": "new", "node_a": "c", "node_b": "u", "rate_bps": 7.0},
        {"do": "scale_demands", "factor": 3},
        {"do": "add_demand", "demand_id": "bd", "node_a": "c", "node_b": "u", "rate_bps": 7.0},
    ).network
    assert dict(zip(network.demands["demand_id"], network.demands["rate_bps"], strict=True)) == {
        "ac": 300.0, "ub": 3_000.0, "new": 21.0, "bd": 7.0,
    }  # fmt: skip
    assert row_of(network.demands, "demand_id", "ac")["priority"] == 2.0


def test_a_demand_is_added_with_its_protection_and_changed_in_it():
    network = edited(
        square_network(),
        NEW | {"protection": "split-2"},
        {"do": "change_demand", "demand_id": "ac", "protection": "1+1"},
    ).network
    asked = dict(zip(network.demands["demand_id"], network.demands["protection"], strict=True))
    assert asked == {"ac": "1+1", "bd": "none", "ub": "none", "new": "split-2"}


def test_units_of_a_service_scale_and_change():
    network = load("trunks")
    name = network.demands["demand_id"][0]
    edits = ({"do": "change_demand", "demand_id": name, "units": 10}, {"do": "scale_demands", "factor": 0.5})
    row = row_of(edited(network, *edits).network.demands, "demand_id", name)
    assert (row["units"], row["service"]) == (5.0, network.demands["service"][0])
    row = row_of(
        edited(network, {"do": "change_demand", "demand_id": name, "rate_bps": 9}).network.demands, "demand_id", name
    )
    assert (row["rate_bps"], row["service"]) == (9.0, None)


NEW = {"do": "add_demand", "demand_id": "new", "node_a": "a", "node_b": "b", "rate_bps": 1}


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"do": "cut_link", "link_id": "abb"}, "there is no link 'abb' (expected: did you mean 'ab'?)"),
        ({"do": "cut_node", "node_id": ""}, "is blank"),
        ({"do": "change_link", "link_id": "ab", "module": "../gys-2004.toml"}, "there is no module '../gys-2004.toml'"),
        ({"do": "change_link", "link_id": "ab", "module": "/etc/passwd"}, "there is no module '/etc/passwd'"),
        ({"do": "change_link", "link_id": "ab", "length_km": -1}, "-1 is out of range"),
        ({"do": "change_link", "link_id": "ab", "module_pairs": 1.5}, "1.5 is not right here"),
        ({"do": "change_link", "link_id": "ab", "colour": "red"}, "is not known here"),
        ({"do": "scale_demands", "factor": 1e6 + 1}, "out of range"),
        ({"do": "scale_demands", "factor": True}, "true is not right here"),
        ({"do": "scale_demands"}, "is missing"),
        ({"do": "change_demand", "demand_id": "ac", "units": 3}, "demand 'ac' has no service"),
        ({"do": "remove_demand", "demand_id": "AC"}, "there is no demand 'AC'"),
        (NEW | {"protection": "split-k"}, "'split-k' is not known (expected: one of none, 1+1, split-2"),
        (NEW | {"demand_id": "ac"}, "there is a demand 'ac' already"),
        (NEW | {"node_b": "a"}, "are the same node"),
        (NEW | {"node_b": "s"}, "holds no keys"),
        (NEW | {"rate_bps": None}, "give either rate_bps, or service"),
        (NEW | {"rate_bps": None, "service": "voice", "units": 1}, "there is no service 'voice'"),
        ({"do": "burn"}, "this is no edit"),
        ("cut", "this is no edit"),
        ({"do": ["cut_link"]}, "this is no edit"),
    ],
)  # fmt: skip
def test_wrong_edits_say_what_is_wrong(edit, words):
    with pytest.raises(InputError, match=r"edits, row 2") as caught:
        edited(square_network(), {"do": "cut_link", "link_id": "ab"}, edit)
    assert words in str(caught.value)


def test_too_many_edits_are_refused():
    with pytest.raises(InputError, match="at most 500"):
        read_edits([{"do": "cut_link", "link_id": "ab"}] * (MOST_EDITS + 1))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000, b"-Infinity", b'{"a": 1' + b"0" * 5000 + b"}"]
)
def test_what_is_no_json(content):
    with pytest.raises(Malformed):
        read_json(content)
