"""The elements: fibre, detector, entropy, bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.errors import InputError
from planner.physics.bounds import repeaterless_bound, single_repeater_bound
from planner.physics.detector import clicks, live_fraction, system_transmittance
from planner.physics.entropy import binary_entropy
from planner.physics.fibre import fibre_loss_db, transmittance


def a(value):
    return np.asarray(value, dtype=np.float64)


def test_fibre_loss_is_length_times_attenuation_plus_extra():
    found = fibre_loss_db([0.0, 50.0, 100.0], attenuation_db_per_km=0.21, extra_loss_db=[[0.0], [2.5]])
    np.testing.assert_allclose(found, [[0.0, 10.5, 21.0], [2.5, 13.0, 23.5]])
    assert fibre_loss_db(10, attenuation_db_per_km=0.2).shape == ()
    assert fibre_loss_db(1e308, attenuation_db_per_km=100.0) == np.inf


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf])
def test_fibre_loss_names_what_is_wrong(wrong):
    with pytest.raises(InputError, match="length_km") as caught:
        fibre_loss_db([1.0, wrong], attenuation_db_per_km=wrong)
    assert [problem.column for problem in caught.value.problems] == ["attenuation_db_per_km", "length_km"]


def test_transmittance_of_a_system():
    assert float(transmittance(30.0)) == pytest.approx(1e-3)
    found = system_transmittance([0.0, 10.0], receiver_loss_db=3.0, detector_efficiency=0.2)
    np.testing.assert_allclose(found, [0.2 * 10**-0.3, 0.02 * 10**-0.3])


@given(
    k=st.floats(0, 2),
    eta=st.floats(0, 1),
    dark=st.floats(0, 0.5),
    error=st.floats(0, 0.5),
    afterpulse=st.floats(0, 1),
    background=st.floats(0, 0.1),
)
def test_clicks_are_the_formulas(k, eta, dark, error, afterpulse, background):
    common = {
        "transmittance": a(eta),
        "dark_count_probability": a(dark),
        "misalignment_error": a(error),
        "afterpulse_probability": a(afterpulse),
        "background_probability": a(background),
    }
    light, noise = 1 - math.exp(-eta * k), 2 * dark + background
    exclusive, additive = clicks(a(k), **common), clicks(a(k), **common, additive=True)
    for found, click in (
        (exclusive, 1 - (1 - noise) * math.exp(-eta * k)),
        (additive, light + noise),
    ):
        assert float(found.gain) == pytest.approx(click * (1 + afterpulse), rel=1e-9, abs=1e-14)
        wrong = noise / 2 + error * light + afterpulse * click / 2
        assert float(found.error) == pytest.approx(wrong, rel=1e-9, abs=1e-14)
    assert exclusive.gain <= additive.gain * (1 + 1e-12)


def test_faint_light_keeps_its_digits():
    found = clicks(
        a(0.5),
        transmittance=a(1e-25),
        dark_count_probability=a(0.0),
        misalignment_error=a(0.02),
        afterpulse_probability=a(0.0),
    )
    assert float(found.gain) == pytest.approx(5e-26, rel=1e-12)
    assert float(found.error) == pytest.approx(1e-27, rel=1e-12)


def test_no_dead_time_no_loss():
    assert float(live_fraction(a(0.3), clock_hz=a(1e9), dead_time_s=a(0.0))) == 1.0


@given(st.floats(0, 1))
def test_entropy(x):
    found = float(binary_entropy(x))
    assert 0.0 <= found <= 1.0
    if 0 < x < 1:
        expected = -x * math.log2(x) - (1 - x) * math.log1p(-x) / math.log(2)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_entropy_at_the_ends_and_beyond():
    np.testing.assert_array_equal(binary_entropy([0.0, 1.0, -0.1, 1.1]), 0.0)
    assert float(binary_entropy(0.5)) == 1.0


@given(st.floats(1e-12, 500))
def test_bounds_at_any_loss(loss_db):
    plob, station = float(repeaterless_bound(loss_db)), float(single_repeater_bound(loss_db))
    assert 0 < plob < station
    assert station == pytest.approx(float(repeaterless_bound(loss_db / 2)), rel=1e-12)
    if loss_db > 60:
        assert plob == pytest.approx(10 ** (-loss_db / 10) / math.log(2), rel=1e-6)
    if 1e-3 < loss_db < 60:
        assert plob == pytest.approx(-math.log2(1 - 10 ** (-loss_db / 10)), rel=1e-9)


def test_bounds_fall_without_a_step():
    """The two ways to compute the logarithm meet where they change over."""
    loss = np.linspace(2.9, 3.2, 2001)
    for bound in (repeaterless_bound(loss), single_repeater_bound(2 * loss)):
        assert np.all(np.diff(bound) < 0)
