"""Every protocol through the one entry: computed cases of the reference, and what holds whatever the parameters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.errors import InputError
from planner.physics import PARAMETERS, key_rate, load_module
from planner.physics.bounds import repeaterless_bound, single_repeater_bound
from planner.physics.parameters import ARMS, BLOCKS, CLICKS, PROTOCOLS, settings_of
from planner.physics.protocols import method_of
from tests.physics.test_key_rate import BITS, arrays_of, falls

LINE = {"clock_hz": 1e9, "detector_efficiency": 1.0}
CAL = {"protocol": "tf-cal", "misalignment_error": 0.0, "ec_efficiency": 1.16} | LINE
SNS = {"protocol": "tf-sns", "misalignment_error": 0.05, "ec_efficiency": 1.1} | LINE
MDI = {"protocol": "mdi-decoy", "clock_hz": 1e9, "detector_efficiency": 0.145, "dark_count_probability": 6.02e-6}
MDI |= {"misalignment_error": 0.015}
CV = {"protocol": "cv-gaussian", "detector_efficiency": 0.6, "excess_noise_snu": 0.01, "electronic_noise_snu": 0.1}
PAIRS = {"protocol": "bbm92", "clock_hz": 1e9, "detector_efficiency": 0.145, "dark_count_probability": 3.01e-6}
PAIRS |= {"misalignment_error": 0.015, "ec_efficiency": 1.22}

SNSPD = {"detector_efficiency": 0.6, "dark_count_probability": 1e-8}
VARIANTS = {
    "two decoys, asymptotic": {"protocol": "bb84-decoy"} | SNSPD,
    "one decoy, asymptotic": {"protocol": "bb84-one-decoy"} | SNSPD,
    "mdi": {"protocol": "mdi-decoy"} | SNSPD,
    "mdi, three intensities": {"protocol": "mdi-decoy", "decoy_intensity": 0.01, "vacuum_intensity": 1e-4} | SNSPD,
    "cal": {"protocol": "tf-cal"} | SNSPD,
    "sns": {"protocol": "tf-sns"} | SNSPD,
    "sns, without pairing": {"protocol": "tf-sns", "aopp": False} | SNSPD,
    "sns, finite": {"protocol": "tf-sns", "block_bits": 1e8} | SNSPD,
    "sns, without pairing, finite": {"protocol": "tf-sns", "aopp": False, "block_bits": 1e8} | SNSPD,
    "homodyne": CV,
    "heterodyne": CV | {"detection": "heterodyne"},
    "homodyne, finite": CV | {"block_bits": 1e10},
    "heterodyne, finite": CV | {"detection": "heterodyne", "block_bits": 1e10},
    "pairs": {"protocol": "bbm92"} | SNSPD,
    "pairs, finite": {"protocol": "bbm92", "block_bits": 1e6} | SNSPD,
}
every_variant = pytest.mark.parametrize("module", VARIANTS.values(), ids=VARIANTS)
with_arms = pytest.mark.parametrize(
    "module", [pytest.param(v, id=name) for name, v in VARIANTS.items() if v["protocol"] in ARMS]
)


def bits(module, loss_db, **overrides):
    return key_rate(module, loss_db=loss_db, **overrides).key_bits_per_pulse


def test_every_protocol_is_asked_here():
    asked = {module["protocol"] for module in VARIANTS.values()}
    assert asked == set(PROTOCOLS)
    for protocol in PROTOCOLS:
        method = method_of(protocol, words={"security_proof": "rusca2018", "aopp": True, "detection": "homodyne"})
        assert set(method.axes) <= set(settings_of(protocol))
        assert set(method.axes) <= set(method.typical)


@pytest.mark.parametrize("block", [1e5, 1e7, 1e9])
def test_a_perfect_receiver_is_no_worse_than_a_nearly_perfect_one(block):
    """Without any noise and error the best settings lie at a cliff: nothing may fall off it."""
    module = {"protocol": "bb84-decoy", "misalignment_error": 0.0, "detector_efficiency": 0.6, "block_bits": block}
    loss, dark = np.linspace(0.0, 45.0, 10), np.array([[0.0], [1e-16], [1e-15], [1e-13], [1e-11]])
    rates = bits(module, loss, dark_count_probability=dark)
    assert np.all(rates[1:] <= rates[:-1] * (1.0 + 1e-4))
    assert np.all(rates[:, 1:] < rates[:, :-1])


# Computed cases


def test_b2_curty_azuma_lo():
    fixed = bits(CAL, 40.0, signal_intensity=0.02, dark_count_probability=1e-8)
    assert fixed == pytest.approx(2.6504229e-4, rel=1e-6)
    found = key_rate(CAL, loss_db=[20, 40, 60, 70, 80], dark_count_probability=1e-7)
    expected = [4.097765e-3, 3.702128e-4, 3.116961e-5, 7.599889e-6, 1.035281e-6]
    np.testing.assert_allclose(found.key_bits_per_pulse, expected, rtol=1e-4)
    np.testing.assert_allclose(found.settings["signal_intensity"], [0.0550, 0.0514, 0.0499, 0.0484, 0.0451], rtol=5e-3)


def test_b3_sending_or_not_sending():
    fixed = {"signal_intensity": 0.45, "sending_probability": 0.25, "dark_count_probability": 1e-9}
    paired = key_rate(SNS, loss_db=60.0, **fixed)
    assert paired.key_bits_per_pulse == pytest.approx(1.1255551e-5, rel=1e-3)
    assert paired.qber == pytest.approx(8.8897509e-6, rel=1e-3)
    assert paired.sifted_rate_bps == pytest.approx(5.0613191e-5 * 1e9, rel=1e-3)
    plain = key_rate(SNS, loss_db=60.0, aopp=False, **fixed)
    assert plain.key_rate_bps == 0
    assert plain.qber == pytest.approx(0.24996116, rel=1e-3)
    best = key_rate(SNS, loss_db=[30, 40, 50, 60, 80, 100], dark_count_probability=1e-8)
    expected = [3.66355e-4, 1.14573e-4, 3.60558e-5, 1.13404e-5, 1.08165e-6, 7.13480e-8]
    np.testing.assert_allclose(best.key_bits_per_pulse, expected, rtol=1e-3)
    np.testing.assert_allclose(best.settings["sending_probability"], 0.281, rtol=0.01)


def test_b6_measurement_device_independent():
    found = key_rate(MDI, loss_db=[0, 10, 20, 30, 40])
    expected = [5.715084e-4, 5.181524e-5, 4.578518e-6, 3.156343e-7, 1.283248e-9]
    np.testing.assert_allclose(found.key_bits_per_pulse, expected, rtol=1e-5)
    intensities = [0.5980, 0.5620, 0.5381, 0.4886, 0.3189]
    np.testing.assert_allclose(found.settings["signal_intensity"], intensities, rtol=2e-3)


def test_c1_homodyne_experiment():
    module = {
        "protocol": "cv-gaussian",
        "clock_hz": 350e3,
        "detector_efficiency": 0.606,
        "electronic_noise_snu": 0.041,
        "excess_noise_snu": 0.005,
        "reconciliation_efficiency": 0.898,
        "modulation_variance_snu": 18.5,
        "detection": "homodyne",
    }
    found = key_rate(module, loss_db=-10 * np.log10(0.302))
    assert found.key_rate_bps == pytest.approx(12.3039e3, rel=1e-5)
    assert found.sifted_rate_bps == pytest.approx(365.277e3, rel=1e-5)
    assert found.breakdown["error_correction_bps"] == pytest.approx((1 - 0.898) * 365.277e3, rel=1e-5)
    assert np.isnan(found.qber)
    # losing receiver optics are part of the trusted efficiency
    split = key_rate(module, loss_db=-10 * np.log10(0.302), detector_efficiency=0.606 * 10**0.1, receiver_loss_db=1.0)
    assert split.key_rate_bps == pytest.approx(float(found.key_rate_bps), rel=1e-9)


@pytest.mark.parametrize(
    ("keys", "transmittance", "heterodyne", "homodyne"),
    [
        ({"modulation_variance_snu": 5}, 10**-0.5, 8.79483219e-2, 8.76838101e-2),
        (
            {
                "modulation_variance_snu": 14.37,
                "excess_noise_snu": 0.0015,
                "detector_efficiency": 0.6134,
                "electronic_noise_snu": 0.1216,
            },
            0.36643757464783316,
            1.16351964e-1,
            1.24245885e-1,
        ),
    ],
)
def test_c3_both_detections(keys, transmittance, heterodyne, homodyne):
    loss = -10 * np.log10(transmittance)
    assert bits(CV | keys, loss, detection="heterodyne") == pytest.approx(heterodyne, rel=1e-8)
    assert bits(CV | keys, loss, detection="homodyne") == pytest.approx(homodyne, rel=1e-8)
    # lost frames cost their share
    assert bits(CV | keys, loss, frame_error_rate=0.25) == pytest.approx(0.75 * homodyne, rel=1e-8)


def test_d2_entangled_pairs():
    found = key_rate(PAIRS, loss_db=[0, 10, 20, 30, 40, 50, 60, 61.6, 61.7, 70], key_basis_probability=0.5)
    expected = [4.114497e-4, 3.748321e-5, 3.620923e-6, 3.518380e-7, 3.287663e-8, 2.598000e-9, 5.605735e-11]
    np.testing.assert_allclose(found.key_bits_per_pulse[:7], expected, rtol=1e-4)
    assert found.key_rate_bps[7] > 0
    np.testing.assert_array_equal(found.key_rate_bps[8:], 0.0)
    beside = key_rate(PAIRS, loss_db=[0, 10, 20, 30], arm_a_loss_db=0.0, key_basis_probability=0.5)
    np.testing.assert_allclose(
        beside.key_bits_per_pulse, [4.114497e-4, 3.860863e-5, 3.684850e-6, 2.335857e-7], rtol=1e-4
    )


# Physics


@every_variant
def test_rate_falls_with_loss_noise_and_what_the_devices_lose(module):
    reach = 24.0 if module["protocol"] == "cv-gaussian" and "block_bits" in module else 70.0
    falls(key_rate(module, loss_db=np.linspace(0, reach, 11)).key_rate_bps)
    falls(key_rate(module, loss_db=8.0, receiver_loss_db=np.linspace(0, 6, 5)).key_rate_bps)
    falls(key_rate(module, loss_db=8.0, detector_efficiency=np.linspace(1, 0.2, 5)).key_rate_bps)
    if module["protocol"] in CLICKS:
        falls(key_rate(module, loss_db=10.0, dark_count_probability=np.geomspace(1e-9, 1e-2, 8)).key_rate_bps)
        falls(key_rate(module, loss_db=10.0, background_probability=np.geomspace(1e-9, 1e-2, 8)).key_rate_bps)
        falls(key_rate(module, loss_db=10.0, misalignment_error=np.linspace(0, 0.2, 6)).key_rate_bps)
        falls(key_rate(module, loss_db=10.0, afterpulse_probability=np.linspace(0, 0.5, 5)).key_rate_bps)
        falls(key_rate(module, loss_db=10.0, dead_time_s=np.geomspace(1e-9, 1e-5, 5)).key_rate_bps)
        falls(key_rate(module, loss_db=10.0, ec_efficiency=np.linspace(1, 2, 5)).key_rate_bps)
    else:
        falls(key_rate(module, loss_db=4.0, excess_noise_snu=np.linspace(0, 0.3, 7)).key_rate_bps)
        falls(key_rate(module, loss_db=4.0, electronic_noise_snu=np.linspace(0, 1, 5)).key_rate_bps)
        falls(key_rate(module, loss_db=4.0, reconciliation_efficiency=np.linspace(1, 0.7, 5)).key_rate_bps)
        falls(key_rate(module, loss_db=4.0, frame_error_rate=np.linspace(0, 1, 5)).key_rate_bps)


@every_variant
@settings(max_examples=6)
@given(data=st.data())
def test_every_result_is_finite_consistent_and_below_the_bound(module, data):
    ranges = {
        "dark_count_probability": st.one_of(st.just(0.0), st.floats(-11, -0.4).map(lambda e: 10**e)),
        "misalignment_error": st.floats(0, 0.5),
        "detector_efficiency": st.floats(0.01, 1),
        "receiver_loss_db": st.floats(0, 10),
        "dead_time_s": st.one_of(st.just(0.0), st.floats(1e-9, 1e-5)),
        "afterpulse_probability": st.floats(0, 1),
        "background_probability": st.one_of(st.just(0.0), st.floats(0, 1)),
        "ec_efficiency": st.floats(1, 2),
        "excess_noise_snu": st.one_of(st.just(0.0), st.floats(0, 2)),
        "electronic_noise_snu": st.floats(0, 2),
        "reconciliation_efficiency": st.floats(0.01, 1),
    }
    changes = {
        key: data.draw(values, label=key)
        for key, values in ranges.items()
        if data.draw(st.booleans()) and module["protocol"] in PARAMETERS[key].protocols
    }
    loss = np.array([0.0, 1.0, 2.0, 7.0]) * data.draw(st.floats(0.01, 40), label="loss")
    share = data.draw(st.floats(0, 1), label="share")
    arm = {"arm_a_loss_db": share * loss} if module["protocol"] in ARMS else {}
    result = key_rate(module, loss_db=loss, **arm, **changes)
    for name, array in arrays_of(result).items():
        if name == "bound_bps":
            assert np.isnan(array[0])
            assert np.isfinite(array[1:]).all()
        elif name == "qber" and module["protocol"] not in CLICKS:
            assert np.isnan(array).all()
        else:
            assert np.isfinite(array).all(), name
            assert (array >= 0).all(), name
    assert (result.key_rate_bps[1:] <= result.bound_bps[1:] * (1 + 1e-12)).all()
    split = result.breakdown
    np.testing.assert_allclose(sum(split[name] for name in BITS), result.sifted_rate_bps, rtol=1e-9, atol=1e-300)
    np.testing.assert_array_equal(split["key_rate_bps"], result.key_rate_bps)
    np.testing.assert_allclose(result.key_bits_per_pulse * split["sent_per_s"], result.key_rate_bps, rtol=1e-12)
    if "block_bits" not in module:
        np.testing.assert_array_equal(split["finite_size_bps"], 0.0)
    for name, at_limit in result.at_limit.items():
        assert not at_limit[result.key_rate_bps == 0].any(), name


@every_variant
def test_the_bound_is_that_of_the_kind_of_link(module):
    loss = np.array([3.0, 40.0, 200.0])
    bound = single_repeater_bound if module["protocol"] in ARMS else repeaterless_bound
    np.testing.assert_allclose(key_rate(module, loss_db=loss, clock_hz=2e9).bound_bps, 2e9 * bound(loss), rtol=1e-12)


@every_variant
def test_shapes(module):
    for name, array in arrays_of(key_rate(module, loss_db=3)).items():
        assert isinstance(array, np.ndarray), name
        assert array.shape == (), name
    loss, efficiency = np.array([[2.0], [5.0], [9.0]]), np.array([0.4, 0.9])
    together = arrays_of(key_rate(module, loss_db=loss, detector_efficiency=efficiency))
    for row in range(3):
        alone = arrays_of(key_rate(module, loss_db=loss[row, 0], detector_efficiency=efficiency[1]))
        for name, array in alone.items():
            assert together[name].shape == (3, 2), name
            np.testing.assert_allclose(array, together[name][row, 1], rtol=1e-9, err_msg=name)
    for array in arrays_of(key_rate(module, loss_db=np.zeros((0, 2)))).values():
        assert array.shape == (0, 2)


@every_variant
def test_settings_given_back_give_the_same_rate(module):
    losses = np.array([0.0, 4.0, 30.0, 300.0])
    found = key_rate(module, loss_db=losses)
    again = key_rate(module, loss_db=losses, **found.settings)
    np.testing.assert_allclose(again.key_rate_bps, found.key_rate_bps, rtol=1e-12)
    assert again.at_limit == {}


@pytest.mark.parametrize(
    "module", [pytest.param(v, id=name) for name, v in VARIANTS.items() if not v["protocol"].startswith("bb84")]
)
@settings(max_examples=4)
@given(share=st.floats(0, 1), arm=st.floats(0, 1), seed=st.integers(0, 99))
def test_no_settings_beat_those_that_are_found(module, share, arm, seed):
    loss = 0.5 + share * (15 if module["protocol"] == "cv-gaussian" else 40)
    arms = {"arm_a_loss_db": arm * loss} if module["protocol"] in ARMS else {}
    best = key_rate(module, loss_db=loss, **arms)
    random = np.random.default_rng(seed)
    # near the optimum, and anywhere
    wide = np.where(np.arange(400) % 2, 1.0, 10.0)
    guesses = {}
    for name in best.at_limit:
        at, high = best.settings[name], PARAMETERS[name].high
        guesses[name] = np.clip(at * np.exp(wide * random.normal(0.0, 0.1, 400)), 0.02, min(high, 1e3) * (1 - 1e-6))
    if "strong_decoy_intensity" in guesses:
        guesses["decoy_intensity"] = np.minimum(guesses["decoy_intensity"], 0.99 * guesses["strong_decoy_intensity"])
        tested = guesses["decoy_probability"] + guesses["strong_decoy_probability"]
        for name in ("decoy_probability", "strong_decoy_probability"):
            guesses[name] = guesses[name] / np.maximum(1.0, tested / 0.999)
    others = key_rate(module, loss_db=loss, **arms, **guesses)
    # with pairing and arms that differ the optimum lies on a crease, where the bits to be paired are equally many
    slack = 1e-3 if module["protocol"] == "tf-sns" else 1e-6
    assert others.key_rate_bps.max() <= best.key_rate_bps * (1 + slack)


@every_variant
def test_rate_is_continuous_in_the_loss(module):
    rates = key_rate(module, loss_db=np.linspace(3.0, 4.0, 101)).key_rate_bps
    assert (rates > 0).all()
    assert (np.abs(np.diff(rates)) < 0.005 * rates[:-1]).all()


@every_variant
def test_hopeless_links_give_zero_not_nan(module):
    result = key_rate(module, loss_db=[500.0, 1e4, 1e6])
    np.testing.assert_array_equal(result.key_rate_bps, 0.0)
    for name, array in arrays_of(result).items():
        if name != "qber" or module["protocol"] in CLICKS:
            assert np.isfinite(array).all(), name


@pytest.mark.parametrize("name", [name for name in VARIANTS if "finite" in name])
def test_larger_blocks_give_more_key_up_to_the_asymptotic_rate(name):
    rates = key_rate(VARIANTS[name], loss_db=4.0, block_bits=np.geomspace(1e3, 1e20, 18)).key_rate_bps
    assert (np.diff(rates) >= -1e-6 * rates[-1]).all()
    assert rates[0] < 0.9 * rates[-1]
    asymptotic = key_rate(VARIANTS[name], loss_db=4.0, block_bits=None).key_rate_bps
    assert rates[-1] <= asymptotic * (1 + 1e-9)
    assert rates[-1] == pytest.approx(float(asymptotic), rel=2e-3)


# Arms


@with_arms
def test_arms(module):
    middle, given_back = key_rate(module, loss_db=20.0), key_rate(module, loss_db=20.0, arm_a_loss_db=10.0)
    assert given_back.key_rate_bps == middle.key_rate_bps
    arm = np.array([10.0, 8.0, 4.0, 0.0])
    first, second = (key_rate(module, loss_db=20.0, arm_a_loss_db=a).key_rate_bps for a in (arm, 20.0 - arm))
    np.testing.assert_allclose(first, second, rtol=1e-6)
    assert (first > 0).any()
    # optics and detectors of each arm
    longer = key_rate(module, loss_db=26.0, arm_a_loss_db=arm + 3.0)
    lossier = key_rate(module, loss_db=20.0, arm_a_loss_db=arm, receiver_loss_db=3.0)
    np.testing.assert_allclose(longer.key_rate_bps, lossier.key_rate_bps, rtol=1e-9)


def test_twin_field_passes_the_repeaterless_bound_and_the_others_do_not():
    for name, module in VARIANTS.items():
        if name == "sns, without pairing":
            continue
        passes = key_rate(module, loss_db=60.0).key_bits_per_pulse > repeaterless_bound(60.0)
        assert passes == (module["protocol"] in ("tf-cal", "tf-sns")), name


def test_background_counts_as_half_a_dark_count_in_each_of_two_detectors():
    for module in VARIANTS.values():
        if module["protocol"] in CLICKS:
            lit = key_rate(module, loss_db=10.0, background_probability=2e-6)
            dark = key_rate(module, loss_db=10.0, dark_count_probability=1e-8 + 1e-6)
            assert lit.key_rate_bps == pytest.approx(float(dark.key_rate_bps), rel=1e-6)


def test_two_receivers_of_a_source_in_the_middle_are_blocked_each_for_itself():
    fixed = VARIANTS["pairs"] | {"pair_intensity": 0.1, "key_basis_probability": 0.9}
    free, dead = (key_rate(fixed, loss_db=10.0, arm_a_loss_db=2.0, dead_time_s=t) for t in (0.0, 1e-7))
    live = float(dead.key_rate_bps / free.key_rate_bps)
    assert dead.sifted_rate_bps / free.sifted_rate_bps == pytest.approx(live, rel=1e-12)
    near, far = (0.1 * 0.6 * 10 ** (-loss / 10) for loss in (2.0, 8.0))
    # pairs of thermal light: somewhat fewer clicks than photons
    assert live == pytest.approx(1 / ((1 + 100 * near) * (1 + 100 * far)), rel=0.05)


def test_decoys_of_mdi_are_infinitely_many_unless_given():
    most = key_rate(VARIANTS["mdi"], loss_db=20.0)
    assert set(most.settings) == {"signal_intensity"}
    some = key_rate(VARIANTS["mdi"], loss_db=20.0, decoy_intensity=[1e-3, 0.05], vacuum_intensity=0.0)
    assert set(some.settings) == {"signal_intensity", "decoy_intensity", "vacuum_intensity"}
    assert (some.settings["signal_intensity"] > some.settings["decoy_intensity"]).all()
    assert most.key_rate_bps > some.key_rate_bps[0] > some.key_rate_bps[1] > 0


# Modules and wrong input


def test_keys_of_other_protocols_are_accepted_and_do_nothing():
    others = {
        key: (known.choices[-1] if known.choices else 0.5 if known.high <= 1 else 1.0)
        for key, known in PARAMETERS.items()
    }
    others |= {"signal_probability": 0.6, "decoy_probability": 0.1, "misalignment_error": 0.02}
    for name in ("cal", "homodyne", "pairs"):
        module = VARIANTS[name]
        mine = {key for key, known in PARAMETERS.items() if module["protocol"] in known.protocols}
        strange = {key: value for key, value in others.items() if key not in mine and key != "block_bits"}
        assert bits(module | strange, 5.0) == bits(module, 5.0)


@pytest.mark.parametrize("protocol", [*sorted(set(PROTOCOLS) - BLOCKS)])
def test_without_a_finite_key_formula_a_block_is_refused_plainly(protocol):
    words = ["block_bits is 1", f"no finite-key formula for {protocol}", "asymptotic", *BLOCKS]
    with pytest.raises(InputError) as caught:
        load_module({"protocol": protocol, "block_bits": 1e7})
    assert all(word in str(caught.value) for word in words)
    with pytest.raises(InputError, match=f"no finite-key formula for {protocol}"):
        key_rate({"protocol": protocol}, loss_db=10.0, block_bits=1e7)
    assert key_rate({"protocol": protocol}, loss_db=10.0, block_bits=None).key_rate_bps > 0


@pytest.mark.parametrize(
    ("module", "loss", "overrides", "words"),
    [
        (SNS, 1.0, {"sending_probability": 1.2}, ["sending_probability", "1.2", "0 < value <= 1"]),
        (SNS, 1.0, {"aopp": "maybe"}, ["aopp", "'maybe'", "true, false"]),
        (SNS, 1.0, {"aopp": 1}, ["aopp is 1", "true, false"]),
        (CV, 1.0, {"detection": "hetrodyne"}, ["'hetrodyne'", "homodyne, heterodyne", "did you mean 'heterodyne'"]),
        (CV, 1.0, {"reconciliation_efficiency": 0.0}, ["reconciliation_efficiency", "0 < value <= 1"]),
        (CV, 1.0, {"excess_noise_snu": -0.01}, ["excess_noise_snu", "-0.01", "shot-noise units"]),
        (CV, 1.0, {"modulation_variance_snu": 0}, ["modulation_variance_snu", "0 < value"]),
        (CV, 1.0, {"estimation_share": 0.0, "block_bits": 1e9}, ["estimation_share", "0 < estimation_share"]),
        (PAIRS, 1.0, {"pair_intensity": [0.1, 11.0]}, ["pair_intensity", "11", "<= 10"]),
        (PAIRS, 1.0, {"key_basis_probability": 1.0, "block_bits": 1e6}, ["key_basis_probability < 1"]),
        (MDI, 1.0, {"signal_intensity": 0.1, "decoy_intensity": 0.2}, ["0.1", "0.2", "signal_intensity > decoy"]),
        (MDI, 1.0, {"decoy_intensity": 0.1, "vacuum_intensity": 0.1}, ["decoy_intensity > vacuum_intensity"]),
        (MDI, 10.0, {"arm_a_loss_db": -1.0}, ["arm_a_loss_db", "-1", "0 <= value"]),
        (MDI, [10.0, 5.0], {"arm_a_loss_db": 6.0}, ["arm_a_loss_db is 6", "loss_db is 5", "<="]),
        (MDI, 10.0, {"arm_a_loss_db": float("nan")}, ["arm_a_loss_db", "nan", "finite"]),
        (MDI, [1.0, 2.0], {"arm_a_loss_db": [0.1, 0.2, 0.3]}, ["loss_db (2,)", "arm_a_loss_db (3,)"]),
        (CV, 10.0, {"arm_a_loss_db": 5.0}, ["arm_a_loss_db", "cv-gaussian has no arms", *ARMS]),
        ({"protocol": "bb84-decoy"}, 10.0, {"arm_a_loss_db": 5.0}, ["bb84-decoy has no arms"]),
        ({"protocol": "tf-snss"}, 10.0, {}, ["tf-snss", "did you mean 'tf-sns'", *PROTOCOLS]),
    ],
)
def test_wrong_input_is_named_with_its_value_and_what_would_be_right(module, loss, overrides, words):
    with pytest.raises(InputError) as caught:
        key_rate(module, loss_db=loss, **overrides)
    for word in words:
        assert word in str(caught.value)


def test_a_published_module_does_not_claim_its_defaults():
    module = load_module({"protocol": "cv-gaussian", "basis": "published", "source": "x", "clock_hz": 1e6})
    assert set(module.parameter_basis) == set(module.parameters) - {"clock_hz"}
    assert set(module.parameter_basis.values()) == {"assumed"}
    told = load_module(
        {"protocol": "tf-cal", "basis": "published", "source": "x", "parameter_basis": {"dead_time_s": "derived"}}
    )
    assert told.parameter_basis["dead_time_s"] == "derived"
    assert load_module({"protocol": "tf-cal"}).parameter_basis == {}
