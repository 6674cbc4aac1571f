"""The key-rate budget of a link: the module's model, what a measurement overrides, and that it adds up."""

from __future__ import annotations

import numpy as np
import pytest

import planner
from planner.budget import BUDGET_COLUMNS
from planner.network import build_network
from planner.physics import key_rate
from planner.physics.module import parse_module

MODULE = {
    "protocol": "bb84-decoy",
    "clock_hz": 1e9,
    "receiver_loss_db": 3.0,
    "detector_efficiency": 0.2,
    "dark_count_probability": 1e-6,
    "dead_time_s": 1e-7,
    "misalignment_error": 0.01,
    "block_bits": 1e7,
}


def node(node_id, kind="trusted"):
    return {
        "node_id": node_id,
        "name": node_id.upper(),
        "kind": kind,
        "lat_deg": 30,
        "lon_deg": 110,
        "basis": "assumed",
    }


def network(*links, nodes=("a", "b")):
    base = {"node_a": "a", "node_b": "b", "length_km": 50, "basis": "assumed", "module": "m"}
    return build_network(
        nodes=[node(n) if isinstance(n, str) else n for n in nodes],
        links=[{"link_id": f"l{i}", **base, **link} for i, link in enumerate(links)],
        modules={"m": parse_module(MODULE, module_id="m")},
    )


def only(**link):
    return planner.link_budget(network(link)).iloc[0]


def test_columns_and_order_are_as_promised():
    budget = planner.link_budget(network({}, {"length_km": 80}, {"length_km": 20}))
    assert list(budget.columns) == list(BUDGET_COLUMNS)
    assert list(budget["link_id"]) == ["l0", "l1", "l2"]
    assert {name: str(dtype) for name, dtype in budget.dtypes.items()} == BUDGET_COLUMNS


def test_loss_is_length_times_attenuation_plus_extra():
    row = only(length_km=60, attenuation_db_per_km=0.21, extra_loss_db=1.5)
    assert row.fibre_loss_db == pytest.approx(12.6)
    assert row.extra_loss_db == 1.5
    assert row.loss_db == pytest.approx(14.1)
    assert row.receiver_loss_db == 3.0
    assert row.detector_loss_db == pytest.approx(-10 * np.log10(0.2))
    assert row.measured == ""


def test_rates_are_the_physics_times_the_pairs():
    row = only(length_km=60, module_pairs=3)
    result = key_rate(MODULE, loss_db=12.0)
    assert row.key_rate_bps == pytest.approx(3 * float(result.key_rate_bps), rel=1e-12)
    assert row.sifted_rate_bps == pytest.approx(3 * float(result.sifted_rate_bps), rel=1e-12)
    assert row.bound_bps == pytest.approx(3 * float(result.bound_bps), rel=1e-12)
    assert row.qber == pytest.approx(float(result.qber), rel=1e-12)
    assert row.protocol == "bb84-decoy"


def test_bits_add_up():
    row = only(length_km=60, module_pairs=2)
    spent = row.error_correction_bps + row.privacy_amplification_bps + row.finite_size_bps
    assert spent + row.key_rate_bps == pytest.approx(row.sifted_rate_bps, rel=1e-9)
    assert row.sent_per_s == pytest.approx(2e9)
    assert row.sent_per_s > row.detected_per_s > row.sifted_rate_bps > row.key_rate_bps > 0


def test_a_measured_loss_overrides_the_model_and_says_so():
    row = only(length_km=60, extra_loss_db=2, loss_db=17.5)
    assert row.loss_db == row.fibre_loss_db == 17.5
    assert row.extra_loss_db == 0
    assert row.measured == "loss_db"
    assert row.key_rate_bps == pytest.approx(float(key_rate(MODULE, loss_db=17.5).key_rate_bps))


def test_a_measured_rate_overrides_the_model_and_stands_beside_it():
    row = only(length_km=60, key_rate_bps=1234.5, loss_db=13.0)
    assert row.key_rate_bps == 1234.5
    assert row.measured == "loss_db;key_rate_bps"
    assert row.model_key_rate_bps == pytest.approx(float(key_rate(MODULE, loss_db=13.0).key_rate_bps))


def test_without_a_module_the_fields_of_the_model_are_null():
    row = only(module=None, key_rate_bps=500.0)
    assert row.key_rate_bps == 500
    assert row.module is None
    assert row.protocol is None
    for name in ("qber", "sifted_rate_bps", "bound_bps", "model_key_rate_bps", "receiver_loss_db", "sent_per_s"):
        assert np.isnan(row[name]), name
    assert row.loss_db == pytest.approx(10.0)


def test_too_long_a_link_gives_zero_and_not_nan():
    row = only(length_km=400)
    assert row.key_rate_bps == 0
    assert row.bound_bps > 0


def test_at_no_loss_there_is_no_bound():
    assert np.isnan(only(length_km=0).bound_bps)


def test_a_bb84_module_cannot_measure_at_a_middle_station():
    middle = node("m1", kind="measurement")
    with pytest.raises(planner.InputError, match="passes the measurement station 'm1'"):
        planner.link_budget(network({"via": "m1"}, nodes=("a", "b", middle)))


def test_an_empty_network_has_an_empty_budget():
    assert planner.link_budget(network()).empty


def test_the_budget_changes_no_input():
    net = network({}, {"loss_db": 3.0})
    before = net.links.copy()
    planner.link_budget(net)
    assert net.links.equals(before)


def test_blanks_in_text_columns_are_none() -> None:
    """Also beside texts, which pandas 3 would turn into a column with NaN."""
    network = build_network(
        nodes=[
            {"node_id": name, "name": name, "kind": "trusted", "lat_deg": 0, "lon_deg": 0, "basis": "assumed"}
            for name in ("a", "b")
        ],
        links=[
            {"link_id": "1", "node_a": "a", "node_b": "b", "length_km": 1, "key_rate_bps": 1, "basis": "assumed"},
            {
                "link_id": "2",
                "node_a": "a",
                "node_b": "b",
                "length_km": 1,
                "key_rate_bps": 1,
                "basis": "derived",
                "source": "x",
            },
        ],
    )
    assert list(planner.link_budget(network)["source"]) == [None, "x"]


WHAT_THE_ARMS_CHANGE = {"key_rate_bps", "qber", "sifted_rate_bps", "bound_bps"}


def mixed(*links, **modules):
    base = {"node_a": "a", "node_b": "b", "basis": "assumed"}
    return build_network(
        nodes=[node("a"), node("b"), node("s", kind="measurement"), node("w", kind="switch")],
        links=[{"link_id": f"l{i}", **base, **link} for i, link in enumerate(links)],
        modules={name: parse_module(keys, module_id=name) for name, keys in modules.items()},
    )


@pytest.mark.parametrize("protocol", ["mdi-decoy", "tf-cal", "tf-sns", "bbm92"])
def test_the_first_arm_is_given_by_its_loss_or_its_length(protocol):
    module = {"protocol": protocol, "detector_efficiency": 0.6, "dark_count_probability": 1e-8}
    fibre = {"module": "m", "length_km": 150, "attenuation_db_per_km": 0.2, "via": "s;w"}
    rows = planner.link_budget(
        mixed(
            fibre,
            {**fibre, "via": None},
            {**fibre, "arm_a_km": 75.0},
            {**fibre, "arm_a_km": 60.0},
            {**fibre, "arm_a_loss_db": 12.0},
            {**fibre, "arm_a_loss_db": 12.0, "arm_a_km": 75.0},
            {**fibre, "arm_a_km": 60.0, "loss_db": 40.0},
            {**fibre, "arm_a_km": 0.0, "length_km": 0.0, "extra_loss_db": 30.0},
            m=module,
        )
    )
    asked = key_rate(
        module,
        loss_db=[30, 30, 30, 30, 30, 30, 40, 30],
        arm_a_loss_db=[15, 15, 15, 12, 12, 12, 16, 15],
    )
    for name in WHAT_THE_ARMS_CHANGE:
        np.testing.assert_allclose(rows[name], getattr(asked, name), rtol=1e-9)
    rates = rows["key_rate_bps"]
    assert (rates > 0).all()
    assert rates[3] != pytest.approx(rates[0], rel=1e-6) or protocol == "bbm92"


def test_a_module_without_arms_does_not_mind_where_the_middle_is():
    fibre = {"module": "m", "length_km": 50}
    rates = planner.link_budget(mixed(fibre, {**fibre, "arm_a_km": 10.0}, m=MODULE))["key_rate_bps"]
    assert rates[0] == rates[1] > 0
