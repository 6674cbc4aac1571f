"""Modules: what a module file may say, what defaults it gets, and every problem at once."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.errors import InputError, Problem
from planner.physics import PARAMETERS, Module, key_rate, load_module, parse_module
from planner.physics.parameters import PROTOCOLS, settings_of
from planner.shipped import shipped_ids

MINIMAL = {"protocol": "bb84-decoy"}
GOOD = """
title = "A module"
title_local = "模块"
note = "for a test"
protocol = "bb84-decoy"
basis = "published"
source = "somebody-2020"
clock_hz = 40000000
detector_efficiency = 0.2
block_bits = 1e7
security_proof = "rusca2018"

[parameter_basis]
detector_efficiency = "assumed"
[parameter_source]
clock_hz = "somebody-else-2021"

[[published]]
loss_db = 10.0
key_rate_bps = 1000.0
"""


def problems(mapping, **kwargs) -> dict[str | None, Problem]:
    with pytest.raises(InputError) as caught:
        parse_module(mapping, module_id="test", **kwargs)
    return {problem.column: problem for problem in caught.value.problems}


def test_only_the_protocol_is_required():
    module = parse_module(MINIMAL, module_id="mine")
    assert (module.module_id, module.title, module.basis, module.source) == ("mine", "mine", "assumed", None)
    expected = {
        key: known.default
        for key, known in PARAMETERS.items()
        if known.default is not None and "bb84-decoy" in known.protocols
    }
    assert dict(module.parameters) == expected
    assert "block_bits" not in module.parameters
    assert not set(settings_of("bb84-decoy")) & set(module.parameters)
    assert parse_module({"protocol": "bb84-one-decoy"}, module_id="x").parameters["security_proof"] == "rusca2018"


def test_a_file_is_read_whole(tmp_path):
    path = tmp_path / "my-module.toml"
    path.write_text(GOOD, encoding="utf-8")
    for module in (load_module(path), load_module(str(path))):
        assert module.module_id == "my-module"
        assert module.title_local == "模块"
        assert module.parameters["clock_hz"] == 4e7
        assert isinstance(module.parameters["clock_hz"], float)
        # what the file leaves to defaults is not published
        defaulted = {key for key, known in PARAMETERS.items() if known.default is not None} - {
            *("clock_hz", "detector_efficiency", "security_proof"),
        }
        here = {key for key in defaulted if "bb84-decoy" in PARAMETERS[key].protocols}
        assert module.parameter_basis == dict.fromkeys({"detector_efficiency", *here}, "assumed")
        assert module.parameter_source == {"clock_hz": "somebody-else-2021"}
        assert module.published == ({"loss_db": 10.0, "key_rate_bps": 1000.0},)
        # known, but of another protocol
        assert module.parameters["security_proof"] == "rusca2018"
        assert load_module(module) is module
    assert float(key_rate(path, loss_db=5.0).breakdown["sent_per_s"]) == 4e7


def test_a_module_cannot_be_changed():
    module = load_module(MINIMAL)
    with pytest.raises(dataclasses.FrozenInstanceError):
        module.title = "other"
    with pytest.raises(TypeError):
        module.parameters["clock_hz"] = 1.0


@pytest.mark.parametrize("module_id", shipped_ids("modules"))
def test_shipped_modules_are_right_and_make_key(module_id):
    module = load_module(module_id)
    assert isinstance(module, Module)
    assert module.module_id == module_id
    assert module.title != module_id
    assert float(key_rate(module_id, loss_db=10.0).key_rate_bps) > 0


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("clock_hz", 0, ["clock_hz is 0", "0 < value", "Hz"]),
        ("clock_hz", "1e9", ["'1e9'"]),
        ("clock_hz", True, ["True", "number"]),
        ("clock_hz", [1e9], ["one number"]),
        ("clock_hz", {"value": 1}, ["clock_hz", "number"]),
        ("clock_hz", 10**400, ["inf", "finite"]),
        ("detector_efficiency", 1.0000001, ["<= 1"]),
        ("detector_efficiency", 0.0, ["0 < value"]),
        ("dark_count_probability", -1e-9, ["-1e-09", "0 <= value <= 0.5"]),
        ("dead_time_s", float("nan"), ["nan", "finite"]),
        ("receiver_loss_db", float("inf"), ["inf", "finite", "dB"]),
        ("misalignment_error", 0.51, ["<= 0.5"]),
        ("afterpulse_probability", 2, ["<= 1"]),
        ("ec_efficiency", 0.99, ["1 <= value"]),
        ("block_bits", -1e7, ["-1e+07", "0 < value"]),
        ("secrecy_epsilon", 1.0, ["value < 1"]),
        ("correctness_epsilon", 0, ["0 < value"]),
        ("security_proof", "rusca", ["rusca2018, wiesemann2024", "did you mean 'rusca2018'"]),
        ("security_proof", 2018, ["2018", "one of"]),
        ("signal_intensity", 0.0, ["0 < value"]),
        ("vacuum_intensity", -0.1, ["0 <= value"]),
        ("signal_probability", 1.5, ["<= 1"]),
        ("key_basis_probability", 0, ["0 < value"]),
        ("title", 5, ["a text"]),
        ("title", "  ", ["a text"]),
        ("basis", "guessed", ["'guessed'", "published, derived, assumed"]),
        ("published", {"loss_db": 1}, ["[[published]]"]),
        ("parameter_basis", "assumed", ["[parameter_basis]"]),
        ("clock_gz", 1e9, ["unknown key 'clock_gz'", "did you mean 'clock_hz'?"]),
    ],
)
def test_one_wrong_key_is_named_with_file_value_and_range(key, value, words):
    found = problems(MINIMAL | {key: value}, file="wrong.toml")
    assert list(found) == [key]
    assert found[key].file == "wrong.toml"
    for word in ["wrong.toml", key, *words]:
        assert word in str(found[key])


@pytest.mark.parametrize(
    ("keys", "column", "words"),
    [
        ({"signal_intensity": 0.3, "decoy_intensity": 0.3}, "signal_intensity", ["0.3"]),
        (
            {"signal_intensity": 0.3, "decoy_intensity": 0.2, "vacuum_intensity": 0.1},
            "signal_intensity",
            ["0.3", "0.2", "0.1", "decoy_intensity + vacuum_intensity"],
        ),
        ({"decoy_intensity": 0.1, "vacuum_intensity": 0.2}, "decoy_intensity", ["0.1", "0.2"]),
        (
            {"signal_probability": 0.6, "decoy_probability": 0.4, "block_bits": 1e6},
            "signal_probability",
            ["0.6", "0.4", "vacuum probability"],
        ),
        ({"signal_probability": 0.8, "decoy_probability": 0.4}, "signal_probability", ["<= 1"]),
        ({"signal_probability": 1, "block_bits": 1e6}, "signal_probability", ["< 1 with block_bits"]),
        ({"decoy_probability": 0, "block_bits": 1e6}, "decoy_probability", ["0 < decoy_probability"]),
        ({"key_basis_probability": 1, "block_bits": 1e6}, "key_basis_probability", ["< 1 with block_bits"]),
        ({"basis": "published"}, "source", ["source is missing", "published"]),
        ({"parameter_basis": {"clock_hz": "derived"}}, "parameter_basis.clock_hz", ["no source"]),
        ({"parameter_basis": {"clok_hz": "assumed"}}, "parameter_basis.clok_hz", ["did you mean 'clock_hz'"]),
        ({"parameter_basis": {"clock_hz": "sure"}}, "parameter_basis.clock_hz", ["'sure'"]),
        ({"parameter_source": {"clock_hz": 5}}, "parameter_source.clock_hz", ["a source's key"]),
    ],
)
def test_keys_that_contradict_each_other(keys, column, words):
    found = problems(MINIMAL | keys)
    assert list(found) == [column]
    for word in words:
        assert word in str(found[column])


def test_a_vacuum_above_the_signal_is_wrong_without_decoys_too():
    keys = {"protocol": "mdi-decoy", "signal_intensity": 0.1, "vacuum_intensity": 0.2}
    assert "signal_intensity > vacuum_intensity" in str(problems(keys)["signal_intensity"])
    assert list(problems(keys | {"decoy_intensity": 0.05})) == ["decoy_intensity"]
    assert parse_module(keys | {"vacuum_intensity": 0.05}, module_id="mine").parameters["vacuum_intensity"] == 0.05


def test_rules_of_two_decoys_do_not_bind_one_decoy():
    keys = {"signal_intensity": 0.3, "decoy_intensity": 0.2, "vacuum_intensity": 0.25, "decoy_probability": 0.9}
    module = parse_module({"protocol": "bb84-one-decoy", "signal_probability": 0.7} | keys, module_id="x")
    assert module.parameters["vacuum_intensity"] == 0.25
    assert float(key_rate(module, loss_db=1.0).key_rate_bps) > 0


def test_all_problems_come_at_once_with_the_protocol():
    found = problems({"protocol": "bb84", "clock_hz": -1, "detectr_efficiency": 0.1, "basis": "derived"})
    assert set(found) == {"protocol", "clock_hz", "detectr_efficiency", "source"}
    for protocol in PROTOCOLS:
        assert protocol in str(found["protocol"])
    assert "protocol is missing" in str(problems({})["protocol"])


def test_unknown_modules_are_never_guessed(tmp_path):
    with pytest.raises(InputError, match="unknown module 'nothing-of-the-kind'"):
        load_module("nothing-of-the-kind")
    for near in shipped_ids("modules")[:1]:
        with pytest.raises(InputError, match=f"did you mean '{near}'"):
            load_module(near[:-1] + near[-1] * 2)
    with pytest.raises(InputError, match="there is no such file"):
        load_module(tmp_path / "absent.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("clock_hz = = 3", encoding="utf-8")
    with pytest.raises(InputError, match=r"broken\.toml.*not valid TOML"):
        load_module(str(broken))


@given(
    key=st.sampled_from([key for key, known in PARAMETERS.items() if not known.choices]),
    value=st.one_of(st.floats(), st.integers(), st.booleans(), st.text(max_size=5), st.just(np.float64(0.5))),
)
def test_a_key_is_accepted_exactly_within_its_limits(key, value):
    known = PARAMETERS[key]
    within = (
        not isinstance(value, (bool, str))
        and abs(value) < float("inf")
        and known.low <= value <= known.high
        and not (known.low_open and value == known.low)
        and not (known.high_open and value == known.high)
    )
    if within:
        module = parse_module(MINIMAL | {key: value}, module_id="x")
        assert isinstance(module.parameters[key], float)
        assert module.parameters[key] == value
    else:
        assert list(problems(MINIMAL | {key: value})) == [key]


def test_every_parameter_says_what_it_is():
    for key, known in PARAMETERS.items():
        assert known.meaning, key
        assert known.permitted
        assert known.protocols <= set(PROTOCOLS)
        assert not (known.setting and known.default is not None), key
        suffixes = {"_hz": "Hz", "_db": "dB", "_s": "s"}
        for suffix, unit in suffixes.items():
            assert known.unit == unit or not key.endswith(suffix), key
