"""Measurement-device-independent QKD: cases, limits, the estimate with three intensities, and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import i0

from planner.physics import mdi
from planner.physics.bounds import single_repeater_bound
from tests.physics.slots import assert_below, assert_never_rises, assert_sound, best

DEVICE = {
    "receiver_loss_db": 0.0,
    "detector_efficiency": 0.145,
    "dark_count_probability": 6.02e-6,
    "misalignment_error": 0.015,
    "ec_efficiency": 1.16,
}
SIGNAL = {"signal_intensity": 0.5}


def a(value):
    return np.asarray(value, dtype=np.float64)


def test_b6_optimised():
    rates, settings = best(mdi, DEVICE, 0.2 * np.array([0, 50, 100, 150, 200]))
    np.testing.assert_allclose(rates, [5.715084e-4, 5.181524e-5, 4.578518e-6, 3.156343e-7, 1.283248e-9], rtol=5e-7)
    np.testing.assert_allclose(settings["signal_intensity"], [0.5980, 0.5620, 0.5381, 0.4886, 0.3189], atol=1e-4)


def test_positive_beyond_forty_decibels_and_not_for_ever():
    rates, _ = best(mdi, DEVICE, [40.2, 50.0])
    assert rates[0] > 0.0
    assert rates[1] == 0.0


def test_limits_without_dark_counts():
    nothing = a(0.0)
    for eta_a, eta_b in [(1e-3, 1e-3), (0.3, 1e-4)]:
        arms = (a(eta_a), a(eta_b))
        single, errors = mdi.single_photons(arms, dark=nothing, misalignment_error=a(0.015))
        assert float(single) == pytest.approx(eta_a * eta_b / 2.0, rel=1e-12)
        assert float(errors / single) == pytest.approx(0.015, rel=1e-12)
    faint = (a(1e-4), a(1e-4))
    arms = (a(1e-2), a(1e-2))
    key = mdi.rectilinear(faint, arms, dark=nothing, misalignment_error=a(0.015))
    test = mdi.diagonal(faint, arms, dark=nothing, misalignment_error=a(0.015))
    assert float(key.error / key.gain) == pytest.approx(0.015, rel=1e-9)
    assert float(test.error / test.gain) == pytest.approx(0.25 + 0.015 / 2.0, rel=1e-5)
    assert float(test.gain / key.gain) == pytest.approx(2.0, rel=1e-5)


def test_dark_counts_enter_the_yield_with_one_arm_or_two():
    """A dark count must coincide with a photon or another dark count: O(p eta) and O(p^2), never O(p)."""
    single, errors = mdi.single_photons((a(0.0), a(0.0)), dark=a(1e-6), misalignment_error=a(0.0))
    assert float(single) == pytest.approx(4e-12, rel=1e-5)
    assert float(errors / single) == pytest.approx(0.5, rel=1e-12)
    single, _ = mdi.single_photons((a(0.1), a(0.0)), dark=a(1e-6), misalignment_error=a(0.0))
    assert float(single) == pytest.approx(2e-7, rel=1e-4)


@pytest.mark.parametrize(
    ("intensities", "arms", "dark"),
    [((0.5, 0.3), (0.2, 0.9), 1e-3), ((1.0, 1.0), (1.0, 1.0), 1e-3), ((0.05, 0.3), (0.1, 0.2), 1e-5)],
)
def test_gains_against_the_printed_form(intensities, arms, dark):
    (mu_a, mu_b), (eta_a, eta_b), e_d = intensities, arms, 0.02
    x, total = 0.5 * np.sqrt(eta_a * mu_a * eta_b * mu_b), eta_a * mu_a + eta_b * mu_b
    y, quiet = (1 - dark) * np.exp(-total / 4), (1 - dark) ** 2 * np.exp(-total / 2)
    right = 2 * quiet * (1 - (1 - dark) * np.exp(-eta_a * mu_a / 2)) * (1 - (1 - dark) * np.exp(-eta_b * mu_b / 2))
    wrong = 2 * dark * quiet * (i0(2 * x) - (1 - dark) * np.exp(-total / 2))
    gain = 2 * y**2 * (1 + 2 * y**2 - 4 * y * i0(x) + i0(2 * x))
    error = gain / 2 - 2 * (0.5 - e_d) * y**2 * (i0(2 * x) - 1)
    sent, seen = tuple(map(a, intensities)), tuple(map(a, arms))
    key = mdi.rectilinear(sent, seen, dark=a(dark), misalignment_error=a(e_d))
    test = mdi.diagonal(sent, seen, dark=a(dark), misalignment_error=a(e_d))
    np.testing.assert_allclose(key, [right + wrong, e_d * right + (1 - e_d) * wrong], rtol=1e-11)
    np.testing.assert_allclose(test, [gain, error], rtol=1e-7)


# Three intensities


def test_weaker_decoys_tell_more_and_never_too_much():
    loss = np.array([0.0, 10.0, 20.0, 30.0])
    known = mdi.evaluate(DEVICE, loss, SIGNAL).secret
    rates = [
        mdi.evaluate(DEVICE, loss, SIGNAL | {"decoy_intensity": v, "vacuum_intensity": w}).secret
        for v, w in [(0.1, 0.01), (0.1, 0.0), (0.01, 0.0), (1e-3, 0.0)]
    ]
    for less, more in zip(rates, [*rates[1:], known], strict=True):
        assert np.all(less < more)
    np.testing.assert_allclose(rates[-1], known, rtol=0.015)


@given(
    arm_a=st.floats(0.0, 25.0),
    arm_b=st.floats(0.0, 25.0),
    dark=st.floats(0.0, 1e-4),
    error=st.floats(0.0, 0.2),
    decoy=st.floats(0.02, 0.9),
    vacuum=st.floats(0.0, 0.9),
)
def test_estimate_bounds_what_it_estimates(arm_a, arm_b, dark, error, decoy, vacuum):
    arms = (a(10 ** (-arm_a / 10)), a(10 ** (-arm_b / 10)))
    noise = {"dark": a(dark), "misalignment_error": a(error)}
    single, errors = mdi.single_photons(arms, **noise)
    lower, upper = mdi.estimate((a(0.6), a(0.6 * decoy), a(0.6 * decoy * vacuum)), arms, **noise)
    room = 1e-9 / (0.6 * decoy * (1.0 - vacuum)) ** 2  # rounding of the gains
    assert float(lower) <= float(single) * (1.0 + room)
    assert float(upper) >= float(errors / single) * (1.0 - room)


def test_open_signal_is_searched_above_a_given_decoy():
    rates, settings = best(mdi, DEVICE, [10.0], fixed={"decoy_intensity": 0.02, "vacuum_intensity": 0.0})
    assert rates[0] > 0.0
    assert settings["signal_intensity"][0] > 0.02


# What always holds

noises = {"dark": st.floats(0.0, 1e-4), "error": st.floats(0.0, 0.2), "intensity": st.floats(1e-3, 2.0)}


@given(loss=st.floats(0.0, 100.0), share=st.floats(0.0, 1.0), efficiency=st.floats(0.05, 1.0), **noises)
def test_sound_below_its_bound_and_symmetric(loss, share, efficiency, dark, error, intensity):
    parameters = DEVICE | {
        "dark_count_probability": dark,
        "misalignment_error": error,
        "detector_efficiency": efficiency,
        "afterpulse_probability": share / 10.0,
        "background_probability": dark,
    }
    settings = {"signal_intensity": intensity}
    first = mdi.evaluate(parameters, loss, settings, arm_a_loss_db=share * loss)
    second = mdi.evaluate(parameters, loss, settings, arm_a_loss_db=loss - share * loss)
    assert_sound(first)
    assert_below(first, single_repeater_bound(loss))
    scale = 1e-9 * float(first.sifted) + 1e-300
    assert float(first.secret) == pytest.approx(float(second.secret), rel=1e-9, abs=scale)


@given(**noises)
def test_rate_falls_with_loss(dark, error, intensity):
    parameters = DEVICE | {"dark_count_probability": dark, "misalignment_error": error, "detector_efficiency": 1.0}
    settings = {"signal_intensity": intensity}
    loss = np.arange(0.0, 100.0, 2.5)
    assert_never_rises(mdi.evaluate(parameters, loss, settings).key_bits_per_slot)
    assert_never_rises(mdi.evaluate(parameters, 7.0 + loss, settings, arm_a_loss_db=7.0).key_bits_per_slot)


@given(loss=st.floats(0.0, 60.0), error=st.floats(0.0, 0.1), intensity=st.floats(1e-3, 2.0))
def test_rate_falls_with_noise_and_misalignment(loss, error, intensity):
    settings = {"signal_intensity": intensity}
    for key, values in (
        ("dark_count_probability", np.geomspace(1e-12, 1e-2, 30)),
        ("misalignment_error", np.linspace(0.0, 0.5, 30)),
        ("afterpulse_probability", np.linspace(0.0, 1.0, 30)),
        ("background_probability", np.geomspace(1e-12, 1.0, 30)),
    ):
        parameters = DEVICE | {"misalignment_error": error} | {key: values}
        assert_never_rises(mdi.evaluate(parameters, loss, settings).key_bits_per_slot)


def test_best_rate_falls_with_loss():
    rates, _ = best(mdi, DEVICE, np.arange(0.0, 60.0, 3.0))
    assert rates[0] > 0.0
    assert rates[-1] == 0.0
    assert_never_rises(rates)


def test_zero_and_not_nan_where_nothing_is_left():
    for dark in (0.0, 1e-9, 0.5):
        for settings in (SIGNAL, SIGNAL | {"decoy_intensity": 0.1, "vacuum_intensity": 0.0}):
            found = mdi.evaluate(DEVICE | {"dark_count_probability": dark}, [1000.0, 4000.0, 1e5], settings)
            assert_sound(found)
            assert np.all(found.key_bits_per_slot[-2:] == 0.0)


def test_shapes_broadcast():
    assert mdi.evaluate(DEVICE, 10.0, SIGNAL).secret.shape == ()
    loss = np.linspace(0.0, 50.0, 20_000)
    found = mdi.evaluate(DEVICE | {"dark_count_probability": [[1e-6], [1e-5]]}, loss, SIGNAL)
    assert found.secret.shape == (2, 20_000)
    alone = mdi.evaluate(DEVICE | {"dark_count_probability": 1e-5}, loss[12_345], SIGNAL)
    assert float(found.secret[1, 12_345]) == pytest.approx(float(alone.secret), rel=1e-12)
