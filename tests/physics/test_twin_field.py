"""Twin-field protocols: published-form cases, limits, and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.physics.bounds import repeaterless_bound, single_repeater_bound
from planner.physics.twin_field import cal, sns, sns_events
from tests.physics.slots import assert_below, assert_never_rises, assert_sound, best

DEVICE = {
    "receiver_loss_db": 0.0,
    "detector_efficiency": 1.0,
    "dark_count_probability": 1e-8,
    "misalignment_error": 0.0,
    "ec_efficiency": 1.16,
}
SNS = DEVICE | {"misalignment_error": 0.05, "ec_efficiency": 1.1}


def a(value):
    return np.asarray(value, dtype=np.float64)


# B2: Curty, Azuma, Lo


def test_b2_fixed_point():
    found = cal.evaluate(DEVICE, 40.0, {"signal_intensity": 0.02})
    assert float(found.secret) == pytest.approx(2.6504229e-4, rel=1e-7)
    assert float(found.sifted) / 2.0 == pytest.approx(1.99969999e-4, rel=1e-8)
    assert float(found.qber) == pytest.approx(2.49937510e-5, rel=1e-8)
    arms, sent = (a(0.01), a(0.01)), (a(0.02), a(0.02))
    phase = cal.phase_error_bound(sent, arms, dark=a(1e-8)) / (found.sifted / 2.0)
    assert float(phase) == pytest.approx(0.0623771202, rel=1e-8)


def test_b2_optimised():
    rates, settings = best(cal, DEVICE | {"dark_count_probability": 1e-7}, [20, 40, 60, 70, 80])
    np.testing.assert_allclose(rates, [4.097765e-3, 3.702128e-4, 3.116961e-5, 7.599889e-6, 1.035281e-6], rtol=1e-6)
    np.testing.assert_allclose(settings["signal_intensity"], [0.0550, 0.0514, 0.0499, 0.0484, 0.0451], atol=0.0001)


def test_b2_crosses_the_repeaterless_bound():
    rates, _ = best(cal, DEVICE | {"dark_count_probability": 1e-7}, [31.46, 31.56])
    above = rates > repeaterless_bound(np.array([31.46, 31.56]))
    assert list(above) == [False, True]


@pytest.mark.parametrize("loss_db", [0.0, 20.0, 60.0])
def test_cal_photon_cut_off_converges_from_above(loss_db):
    arms = (a(10 ** (-loss_db / 20)),) * 2
    sent = (a([0.01, 0.05, 0.2]),) * 2
    bounds = [cal.phase_error_bound(sent, arms, dark=a(1e-8), photons=photons) for photons in (6, 10, 14, 24)]
    assert_never_rises(bounds)
    np.testing.assert_allclose(bounds[2], bounds[3], rtol=1e-7)


def test_cal_yields_against_a_sum_over_photons():
    """The closed form against loss and interference photon by photon."""
    from math import comb, factorial

    def reference(m, n, eta_a, eta_b, dark):
        total = 0.0
        for k in range(m + 1):
            for l in range(n + 1):
                arrive = comb(m, k) * eta_a**k * (1 - eta_a) ** (m - k)
                arrive *= comb(n, l) * eta_b**l * (1 - eta_b) ** (n - l)
                together = factorial(k + l) / (factorial(k) * factorial(l)) / 2 ** (k + l)  # all leave one port
                none = 1.0 if k + l == 0 else 0.0
                total += arrive * (1 - dark) * (together - (1 - dark) * none)
        return total

    yields = cal._Yields((a(0.3), a(0.7)), dark=a(1e-3), photons=14)
    for m, n in [(0, 0), (0, 2), (1, 1), (2, 2), (3, 1), (5, 3), (4, 6)]:
        assert float(yields.of(m, n)) == pytest.approx(reference(m, n, 0.3, 0.7, 1e-3), rel=1e-12)


@pytest.mark.parametrize(
    ("dark", "error", "loss_db", "arm", "free"),
    [
        (1e-8, 0.0, 40.0, 10.0, 1.075e-4),
        (1e-8, 0.0, 40.0, 0.0, 1.124e-5),
        (1e-8, 0.01, 60.0, 10.0, 5.996e-7),
        (1e-7, 0.03, 60.0, 20.0, 2.653e-6),
        (1e-9, 0.05, 60.0, 25.0, 9.416e-6),
    ],
)
def test_cal_arms_that_differ_come_near_two_free_intensities(dark, error, loss_db, arm, free):
    """`free`: both intensities optimised one by one, with Nelder-Mead."""
    parameters = DEVICE | {"dark_count_probability": dark, "misalignment_error": error}
    rates, _ = best(cal, parameters, [loss_db], arm_a_loss_db=arm)
    assert 0.99 * free < rates[0] <= free * 1.001


def test_cal_large_intensity_gives_no_key():
    found = cal.evaluate(DEVICE, np.array([0.0, 20.0, 60.0]), {"signal_intensity": [[2.0], [10.0]]})
    assert found.secret.shape == (2, 3)
    assert np.all(found.key_bits_per_slot == 0.0)


# Sending or not sending, case B3


def test_b3_fixed_point_without_pairing():
    parameters = SNS | {"dark_count_probability": 1e-9}
    found = sns.evaluate(parameters, 60.0, {"signal_intensity": 0.45, "sending_probability": 0.25, "aopp": False})
    assert float(found.secret) == pytest.approx(-1.2391559e-4, rel=1e-7)
    assert float(found.sifted) == pytest.approx(2.2491343e-4, rel=1e-7)
    assert float(found.qber) == pytest.approx(0.24996116, rel=1e-7)


def test_b3_fixed_point_with_pairing():
    parameters = SNS | {"dark_count_probability": 1e-9}
    found = sns.evaluate(parameters, 60.0, {"signal_intensity": 0.45, "sending_probability": 0.25})
    assert float(found.secret) == pytest.approx(1.1255551e-5, rel=1e-7)
    assert float(found.sifted) == pytest.approx(5.0613191e-5, rel=1e-7)
    assert float(found.qber) == pytest.approx(8.8897509e-6, rel=1e-6)
    arms = (a(1e-3), a(1e-3))
    events = sns_events.count_events((a(0.45),) * 2, (a(0.25),) * 2, arms, dark=a(1e-9), phase_slice_error=a(0.05))
    _, _, untagged, phase = sns_events.with_pairing(events)
    assert float(events.phase_error) == pytest.approx(0.0500009, abs=1e-8)
    assert float(phase) == pytest.approx(0.0950016, abs=1e-7)
    assert float(untagged) == pytest.approx(2.0591399e-5, rel=1e-7)


def test_b3_optimised():
    rates, settings = best(sns, SNS, [30, 40, 50, 60, 80, 100])
    expected = [3.66355e-4, 1.14573e-4, 3.60558e-5, 1.13404e-5, 1.08165e-6, 7.13480e-8]
    np.testing.assert_allclose(rates, expected, rtol=1e-5)
    np.testing.assert_allclose(settings["signal_intensity"], [0.508, 0.502, 0.501, 0.500, 0.497, 0.470], atol=6e-4)
    np.testing.assert_allclose(settings["sending_probability"], 0.281, atol=6e-4)


def test_sns_without_pairing_sends_seldom():
    rates, settings = best(sns, SNS, [60.0], fixed={"aopp": 0.0})
    assert 0.0 < rates[0] < 1.13404e-5
    assert settings["sending_probability"][0] == pytest.approx(0.035, abs=0.005)


def test_sns_mean_over_the_phase_against_a_sum_over_phases():
    phases = 2.0 * np.pi * np.arange(720) / 720
    x, y, dark = 0.4, 0.07, 1e-3
    mean, swing = (x + y) / 2.0, np.sqrt(x * y) * np.cos(phases)
    dim = [(1 - dark) * np.exp(-(mean + sign * swing)) for sign in (1.0, -1.0)]
    expected = np.mean(dim[0] * (1 - dim[1]) + dim[1] * (1 - dim[0]))
    assert float(sns_events.one_click(a(x), a(y), dark=a(dark))) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("arm", "free"), [(28.0, 1.173e-5), (20.0, 4.079e-6), (10.0, 4.273e-7), (5.0, 1.068e-7)])
def test_sns_arms_that_differ_come_near_four_free_settings(arm, free):
    """`free`: intensities and sending probabilities of both sides optimised one by one, with Nelder-Mead."""
    rates, _ = best(sns, SNS, [60.0], arm_a_loss_db=arm)
    assert 0.94 * free < rates[0] <= free * 1.001


def test_sns_arms_that_differ_beat_added_loss():
    """Better than making the shorter arm as lossy as the longer one."""
    for arm in (22.0, 25.0, 28.0):
        rates, _ = best(sns, SNS, [60.0], arm_a_loss_db=arm)
        padded, _ = best(sns, SNS, [2.0 * (60.0 - arm)])
        assert rates[0] > padded[0]


# What always holds

losses = st.floats(0.0, 160.0)
darks = st.floats(0.0, 1e-4)
errors = st.floats(0.0, 0.3)
intensities = st.floats(1e-3, 1.0)
shares = st.floats(0.0, 1.0)


@pytest.mark.parametrize("protocol", [cal, sns])
@given(loss=losses, dark=darks, error=errors, intensity=intensities, share=shares, efficiency=st.floats(0.05, 1.0))
def test_sound_below_its_bound_and_symmetric(protocol, loss, dark, error, intensity, share, efficiency):
    parameters = DEVICE | {
        "dark_count_probability": dark,
        "misalignment_error": error,
        "detector_efficiency": efficiency,
        "afterpulse_probability": share / 10.0,
    }
    settings = {"signal_intensity": intensity, "sending_probability": 0.02 + 0.9 * share}
    first = protocol.evaluate(parameters, loss, settings, arm_a_loss_db=share * loss)
    second = protocol.evaluate(parameters, loss, settings, arm_a_loss_db=loss - share * loss)
    assert_sound(first)
    assert_below(first, single_repeater_bound(loss))
    # subtracting arms from the loss rounds, and the difference of two terms may be small
    scale = 1e-9 * float(first.sifted) + 1e-300
    assert float(first.secret) == pytest.approx(float(second.secret), rel=1e-9, abs=scale)


@pytest.mark.parametrize("protocol", [cal, sns])
@given(
    dark=darks,
    error=errors,
    intensity=st.one_of(st.floats(1e-3, 0.05), intensities),
    share=st.floats(0.02, 0.6),
    arm=st.floats(0.0, 20.0),
)
def test_rate_falls_with_loss(protocol, dark, error, intensity, share, arm):
    parameters = DEVICE | {"dark_count_probability": dark, "misalignment_error": error}
    settings = {"signal_intensity": intensity, "sending_probability": share}
    # Intensities above the best one for a short link may be better for a longer one: from the best length on.
    found = protocol.evaluate(parameters, np.arange(0.0, 160.0, 4.0), settings).key_bits_per_slot
    assert_never_rises(found[np.argmax(found) :])
    # Next to the error rate at which nothing is left, less light of the nearer side may give a little key again.
    if intensity <= 0.05 and error <= 0.1:
        found = protocol.evaluate(parameters, 2.0 * arm + np.arange(0.0, 90.0, 3.0), settings, arm_a_loss_db=arm)
        assert_never_rises(found.key_bits_per_slot[np.argmax(found.key_bits_per_slot) :])


@pytest.mark.parametrize("protocol", [cal, sns])
@given(loss=losses, error=errors, intensity=intensities, share=st.floats(0.02, 0.6))
def test_rate_falls_with_noise_and_misalignment(protocol, loss, error, intensity, share):
    settings = {"signal_intensity": intensity, "sending_probability": share}
    noise = DEVICE | {"dark_count_probability": np.geomspace(1e-12, 1e-2, 30), "misalignment_error": error}
    assert_never_rises(protocol.evaluate(noise, loss, settings).key_bits_per_slot)
    turned = DEVICE | {"misalignment_error": np.linspace(0.0, 0.5, 30)}
    assert_never_rises(protocol.evaluate(turned, loss, settings).key_bits_per_slot)
    pulses = DEVICE | {"afterpulse_probability": np.linspace(0.0, 1.0, 30), "misalignment_error": error}
    assert_never_rises(protocol.evaluate(pulses, loss, settings).key_bits_per_slot)


@pytest.mark.parametrize("protocol", [cal, sns])
def test_best_rate_falls_with_loss(protocol):
    rates, _ = best(protocol, SNS, np.arange(0.0, 120.0, 3.0))
    assert rates[0] > 0.0
    assert rates[-1] == 0.0
    assert_never_rises(rates)
    for arm in (0.0, 10.0):
        rates, _ = best(protocol, SNS, arm + np.arange(0.0, 60.0, 3.0), arm_a_loss_db=arm)
        assert_never_rises(rates)


@pytest.mark.parametrize("protocol", [cal, sns])
@pytest.mark.parametrize("dark", [0.0, 1e-9, 0.5])
def test_zero_and_not_nan_where_nothing_is_left(protocol, dark):
    settings = {"signal_intensity": 0.05, "sending_probability": 0.28}
    found = protocol.evaluate(DEVICE | {"dark_count_probability": dark}, [300.0, 700.0, 4000.0, 1e5], settings)
    assert_sound(found)
    assert np.all(np.isfinite(found.qber))
    if dark > 0.0:
        assert np.all(found.key_bits_per_slot == 0.0)
    assert np.all(found.key_bits_per_slot[-2:] == 0.0)


@pytest.mark.parametrize("protocol", [cal, sns])
def test_shapes_broadcast_and_parts_agree(protocol):
    settings = {"signal_intensity": 0.05, "sending_probability": 0.28}
    assert protocol.evaluate(DEVICE, 40.0, settings).secret.shape == ()
    assert protocol.evaluate(DEVICE, np.zeros((0,)), settings).secret.shape == (0,)
    loss = np.linspace(0.0, 90.0, 20_000).reshape(2, 1, 10_000)
    dark = np.array([[1e-9], [1e-6], [1e-5]])
    found = protocol.evaluate(DEVICE | {"dark_count_probability": dark}, loss, settings)
    assert found.secret.shape == found.loads[0].shape == (2, 3, 10_000)
    alone = protocol.evaluate(DEVICE | {"dark_count_probability": 1e-6}, loss[1, 0, 1234], settings)
    assert float(found.secret[1, 1, 1234]) == pytest.approx(float(alone.secret), rel=1e-12)
