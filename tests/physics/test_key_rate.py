"""What holds for every key rate, whatever the parameters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.errors import InputError
from planner.physics import KeyRate, key_rate
from planner.physics.parameters import PROTOCOLS, settings_of

TWO = {"protocol": "bb84-decoy", "block_bits": 1e7, "dark_count_probability": 1e-7}
ONE = {"protocol": "bb84-one-decoy", "block_bits": 1e7, "dark_count_probability": 1e-7}
FIXED = {
    "signal_intensity": 0.45,
    "decoy_intensity": 0.15,
    "signal_probability": 0.7,
    "key_basis_probability": 0.9,
}
BITS = ("error_correction_bps", "privacy_amplification_bps", "finite_size_bps", "key_rate_bps")
VARIANTS = [
    pytest.param(TWO, id="two decoys"),
    pytest.param(TWO | {"block_bits": None}, id="two decoys, asymptotic"),
    pytest.param(ONE, id="one decoy"),
    pytest.param(ONE | {"block_bits": None}, id="one decoy, asymptotic"),
    pytest.param(ONE | {"security_proof": "wiesemann2024"}, id="one decoy, corrected proof"),
]


def arrays_of(result: KeyRate):
    return {
        "key_rate_bps": result.key_rate_bps,
        "key_bits_per_pulse": result.key_bits_per_pulse,
        "qber": result.qber,
        "sifted_rate_bps": result.sifted_rate_bps,
        "bound_bps": result.bound_bps,
        **result.settings,
        **result.breakdown,
        **{f"at_limit {name}": found for name, found in result.at_limit.items()},
    }


def falls(values, *, slack=1e-4):
    """Never rises by more than the optimiser's worst error, and ends lower than it begins."""
    assert np.all(values[1:] <= values[:-1] * (1 + slack))
    assert values[-1] < values[0]


# Shapes


def test_scalars_give_arrays_without_dimensions():
    for module in (TWO, TWO | FIXED | {"vacuum_intensity": 0.0, "decoy_probability": 0.2}, ONE):
        for name, array in arrays_of(key_rate(module, loss_db=10)).items():
            assert isinstance(array, np.ndarray), name
            assert array.shape == (), name


def test_loss_and_overrides_broadcast():
    loss = np.array([[5.0], [15.0], [25.0]])
    dark = np.array([1e-8, 1e-6])
    together = key_rate(ONE, loss_db=loss, dark_count_probability=dark, misalignment_error=0.02)
    for array in arrays_of(together).values():
        assert array.shape == (3, 2)
    for row in range(3):
        for column in range(2):
            alone = key_rate(ONE, loss_db=loss[row, 0], dark_count_probability=dark[column], misalignment_error=0.02)
            for name, array in arrays_of(alone).items():
                assert array == pytest.approx(arrays_of(together)[name][row, column], rel=1e-9), name


def test_settings_may_be_fixed_element_by_element():
    intensities = np.array([0.3, 0.5, 0.7])
    result = key_rate(TWO, loss_db=15.0, signal_intensity=intensities)
    np.testing.assert_array_equal(result.settings["signal_intensity"], intensities)
    assert "signal_intensity" not in result.at_limit
    best = key_rate(TWO, loss_db=15.0)
    assert np.all(result.key_rate_bps <= best.key_rate_bps)


def test_no_elements_give_no_elements():
    for array in arrays_of(key_rate(TWO, loss_db=np.zeros((0, 2)))).values():
        assert array.shape == (0, 2)


def test_inputs_are_left_alone_and_results_are_writable_copies():
    loss = np.array([3.0, 6.0])
    module = dict(ONE)
    result = key_rate(module, loss_db=loss)
    result.breakdown["channel_loss_db"][0] = 99.0
    assert loss.tolist() == [3.0, 6.0]
    assert module == ONE


def test_none_means_absent():
    fixed = TWO | {"signal_intensity": 0.2}
    assert key_rate(fixed, loss_db=10, signal_intensity=None).key_rate_bps == key_rate(TWO, loss_db=10).key_rate_bps
    asymptotic = {key: value for key, value in TWO.items() if key != "block_bits"}
    assert key_rate(TWO, loss_db=10, block_bits=None).key_rate_bps == key_rate(asymptotic, loss_db=10).key_rate_bps


# Physics


@pytest.mark.parametrize("module", VARIANTS)
def test_rate_falls_with_loss_dark_counts_and_misalignment(module):
    module = {key: value for key, value in module.items() if value is not None}
    falls(key_rate(module, loss_db=np.linspace(0, 50, 26)).key_rate_bps)
    falls(key_rate(module, loss_db=20.0, dark_count_probability=np.geomspace(1e-9, 1e-3, 13)).key_rate_bps)
    falls(key_rate(module, loss_db=20.0, misalignment_error=np.linspace(0, 0.12, 13)).key_rate_bps)
    falls(key_rate(module, loss_db=10.0, dead_time_s=np.geomspace(1e-9, 1e-4, 11)).key_rate_bps)
    falls(key_rate(module, loss_db=20.0, ec_efficiency=np.linspace(1, 2, 11)).key_rate_bps)


@pytest.mark.parametrize("module", VARIANTS)
@settings(max_examples=12)
@given(
    loss=st.floats(0.01, 80),
    dark=st.one_of(st.just(0.0), st.floats(-11, -2).map(lambda e: 10**e)),
    error=st.floats(0, 0.2),
    efficiency=st.floats(0.05, 1),
    dead=st.one_of(st.just(0.0), st.floats(1e-9, 1e-5)),
    afterpulse=st.floats(0, 0.2),
    block=st.floats(3, 16).map(lambda e: 10**e),
)
def test_every_result_is_finite_consistent_and_below_the_bound(
    module, loss, dark, error, efficiency, dead, afterpulse, block
):
    result = key_rate(
        module,
        loss_db=[loss, 2 * loss],
        dark_count_probability=dark,
        misalignment_error=error,
        detector_efficiency=efficiency,
        dead_time_s=dead,
        afterpulse_probability=afterpulse,
        block_bits=block if module["block_bits"] else None,
    )
    for name, array in arrays_of(result).items():
        assert np.all(np.isfinite(array)), name
        assert np.all(array >= 0), name
    assert np.all(result.key_rate_bps <= result.bound_bps)
    assert np.all(result.qber <= 0.5 + 1e-9)
    split = result.breakdown
    np.testing.assert_allclose(sum(split[name] for name in BITS), result.sifted_rate_bps, rtol=1e-9, atol=1e-300)
    assert np.all(result.sifted_rate_bps <= split["detected_per_s"] * (1 + 1e-12))
    np.testing.assert_allclose(result.key_bits_per_pulse * split["sent_per_s"], result.key_rate_bps, rtol=1e-12)
    np.testing.assert_array_equal(split["key_rate_bps"], result.key_rate_bps)
    if not module["block_bits"]:
        assert np.all(split["finite_size_bps"] == 0)


@pytest.mark.parametrize("module", VARIANTS)
def test_settings_given_back_give_the_same_rate(module):
    losses = np.array([0.0, 12.0, 30.0, 70.0])
    found = key_rate(module, loss_db=losses)
    again = key_rate(module, loss_db=losses, **found.settings)
    assert set(found.settings) == set(settings_of(found.protocol))
    np.testing.assert_allclose(again.key_rate_bps, found.key_rate_bps, rtol=1e-12)
    assert again.at_limit == {}


@pytest.mark.parametrize("module", [TWO, ONE, ONE | {"security_proof": "wiesemann2024"}])
def test_larger_blocks_approach_the_bound_without_fluctuations_from_below(module):
    fixed = FIXED | ({"vacuum_intensity": 1e-3, "decoy_probability": 0.2} if module is TWO else {})
    result = key_rate(module, loss_db=15.0, block_bits=np.geomspace(1e5, 1e29, 25), **fixed)
    rate = result.key_rate_bps
    assert np.all(np.diff(rate) >= -1e-9 * rate[-1])
    limit = rate + result.breakdown["finite_size_bps"]
    np.testing.assert_allclose(limit[rate > 0], limit[-1], rtol=1e-9)
    assert rate[-1] == pytest.approx(limit[-1], rel=1e-6)
    assert rate[2] < 0.9 * limit[-1]


def test_optimised_rate_grows_with_the_block_and_stays_below_the_asymptotic_one():
    rates = key_rate(TWO, loss_db=20.0, block_bits=np.geomspace(1e4, 1e14, 11)).key_rate_bps
    assert np.all(np.diff(rates) > 0)
    assert rates[-1] < key_rate(TWO, loss_db=20.0, block_bits=None).key_rate_bps * 1.001


def test_sifting_factor_of_the_asymptotic_limit():
    half, most, open_ = (
        key_rate(TWO, loss_db=10.0, block_bits=None, **share).key_rate_bps
        for share in ({"key_basis_probability": 0.5}, {"key_basis_probability": 0.9}, {})
    )
    assert half == pytest.approx(open_ / 2, rel=1e-9)
    assert most == pytest.approx(open_ * 0.82, rel=1e-9)
    signal = key_rate(TWO, loss_db=10.0, block_bits=None, signal_probability=0.6)
    assert signal.key_rate_bps == pytest.approx(open_ * 0.6, rel=1e-9)
    assert float(signal.settings["decoy_probability"]) == 0.0
    decoys = key_rate(TWO, loss_db=10.0, block_bits=None, decoy_probability=0.4)
    assert float(decoys.settings["signal_probability"]) == 0.6


def test_dead_time_scales_every_rate_alike():
    fixed = TWO | FIXED | {"vacuum_intensity": 0.0, "decoy_probability": 0.2}
    free, dead = (key_rate(fixed, loss_db=10.0, dead_time_s=dead) for dead in (0.0, 1e-6))
    live = float(dead.key_rate_bps / free.key_rate_bps)
    clicks = float(free.breakdown["detected_per_s"])
    assert live == pytest.approx(1 / (1 + clicks * 1e-6), rel=1e-12)
    assert float(dead.sifted_rate_bps / free.sifted_rate_bps) == pytest.approx(live, rel=1e-12)
    assert float(dead.breakdown["sent_per_s"]) == float(free.breakdown["sent_per_s"]) == 1e9
    assert dead.qber == free.qber


def test_receiver_loss_counts_like_channel_loss_but_not_in_the_bound():
    channel = key_rate(TWO, loss_db=15.0)
    receiver = key_rate(TWO, loss_db=11.0, receiver_loss_db=4.0)
    assert receiver.key_rate_bps == pytest.approx(channel.key_rate_bps, rel=1e-12)
    assert receiver.bound_bps > channel.bound_bps
    assert float(receiver.breakdown["receiver_loss_db"]) == 4.0
    assert float(receiver.breakdown["detector_loss_db"]) == pytest.approx(10.0)
    assert float(key_rate(TWO, loss_db=1.0, detector_efficiency=1.0).breakdown["detector_loss_db"]) == 0.0


# Nothing left


@pytest.mark.parametrize("module", VARIANTS)
def test_hopeless_links_give_zero_not_nan(module):
    losses = np.array([70.0, 200.0, 1e3, 1e4, 1e6])
    for dark in (0.0, 1e-7, 0.5):
        result = key_rate(module, loss_db=losses, dark_count_probability=dark, block_bits=module["block_bits"])
        for name, array in arrays_of(result).items():
            assert np.all(np.isfinite(array)), (name, dark)
        assert np.all(result.key_rate_bps >= 0)
        assert np.all(result.key_rate_bps <= result.bound_bps)
        assert result.key_rate_bps[-1] == 0
        if dark:
            np.testing.assert_array_equal(result.key_rate_bps, 0.0)
            np.testing.assert_allclose(result.qber[1:], 0.5, rtol=1e-6)
        for name, found in result.at_limit.items():
            assert not found[result.key_rate_bps == 0].any(), name


def test_qber_is_told_where_the_key_is_gone():
    result = key_rate(TWO, loss_db=[55.0, 60.0], dark_count_probability=1e-6)
    assert np.all(result.key_rate_bps == 0)
    assert 0.2 < result.qber[0] < result.qber[1] < 0.5


def test_there_is_no_bound_at_zero_loss():
    assert np.isnan(key_rate(TWO, loss_db=0.0).bound_bps)
    assert float(key_rate(TWO, loss_db=0.0).key_rate_bps) > 0


# Wrong input


@pytest.mark.parametrize(
    ("loss", "overrides", "words"),
    [
        (-1.0, {}, ["loss_db", "-1", "0 <= value"]),
        (float("nan"), {}, ["loss_db", "nan", "finite"]),
        ([1.0, float("inf")], {}, ["loss_db", "inf"]),
        ("ten", {}, ["loss_db", "'ten'"]),
        (True, {}, ["loss_db", "True"]),
        (1.0, {"detector_efficiency": [0.1, 1.7]}, ["detector_efficiency", "1.7", "0 < value <= 1"]),
        (1.0, {"block_bits": float("inf")}, ["block_bits", "inf", "finite"]),
        (1.0, {"block_bits": 0}, ["block_bits", "0 < value"]),
        (1.0, {"clock_hz": "fast"}, ["clock_hz", "'fast'", "Hz"]),
        (1.0, {"dark_count_probability": False}, ["dark_count_probability", "False"]),
        (1.0, {"clock_hz": [1e9, None]}, ["clock_hz"]),
        (1.0, {"dark_count_probabilty": 1e-6}, ["dark_count_probabilty", "did you mean 'dark_count_probability'"]),
        (1.0, {"protocol": "bb84-decoys"}, ["protocol", "did you mean 'bb84-decoy'", *PROTOCOLS]),
        (1.0, {"security_proof": "rusca2019"}, ["security_proof", "did you mean 'rusca2018'"]),
        (1.0, {"signal_intensity": 0.1, "decoy_intensity": [0.05, 0.2]}, ["signal_intensity", "0.2", ">"]),
        (1.0, {"signal_intensity": 0.1, "vacuum_intensity": 0.06}, ["signal_intensity", "0.06", "2 vacuum"]),
        (1.0, {"decoy_intensity": 0.1, "vacuum_intensity": 0.1}, ["decoy_intensity > vacuum_intensity"]),
        (1.0, {"signal_probability": 0.7, "decoy_probability": 0.3}, ["0.7", "0.3", "< 1"]),
        (1.0, {"key_basis_probability": 1.0}, ["key_basis_probability", "< 1"]),
        ([1.0, 2.0], {"clock_hz": [1e9, 2e9, 3e9]}, ["loss_db (2,)", "clock_hz (3,)"]),
        (np.ma.masked_greater([1.0, 99.0], 50.0), {}, ["loss_db is masked_array", "0 <= value"]),
    ],
)
def test_wrong_input_is_named_with_its_value_and_what_would_be_right(loss, overrides, words):
    with pytest.raises(InputError) as caught:
        key_rate(TWO, loss_db=loss, **overrides)
    for word in words:
        assert word in str(caught.value)


def test_all_problems_come_at_once():
    with pytest.raises(InputError) as caught:
        key_rate(TWO, loss_db=-1, clock_hz=0, misalignment_error=0.7, speed=3, protocol="qkd")
    columns = {problem.column for problem in caught.value.problems}
    assert columns == {"loss_db", "clock_hz", "misalignment_error", "speed", "protocol"}
