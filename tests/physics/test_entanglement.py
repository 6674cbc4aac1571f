"""BBM92: cases, limits, finite blocks, and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.physics import entanglement
from planner.physics.bounds import single_repeater_bound
from planner.physics.entropy import binary_entropy
from tests.physics.slots import assert_below, assert_never_rises, assert_sound, best

DEVICE = {
    "receiver_loss_db": 0.0,
    "detector_efficiency": 0.145,
    "dark_count_probability": 3.01e-6,
    "misalignment_error": 0.015,
    "ec_efficiency": 1.22,
}
FINITE = DEVICE | {"block_bits": 1e6, "secrecy_epsilon": 1e-10, "correctness_epsilon": 1e-15}
HALF = {"key_basis_probability": 0.5}


def a(value):
    return np.asarray(value, dtype=np.float64)


# Cases


def test_d1_closed_form():
    found = entanglement.evaluate(DEVICE, [0.0, 20.0, 40.0], {"pair_intensity": 0.1})
    np.testing.assert_allclose(found.clicks, [2.3233287562e-3, 2.4095944157e-5, 2.434658870e-7], rtol=5e-10)
    np.testing.assert_allclose(found.qber, [0.0517915594, 0.0569335318, 0.06035410], rtol=1e-7)


@pytest.mark.parametrize(("eta_a", "eta_b", "half"), [(0.1, 0.02, 0.05), (0.9, 1.0, 0.3), (1e-3, 0.5, 0.01)])
def test_d1_against_the_sum_over_photon_numbers(eta_a, eta_b, half):
    """Eqs. (5) to (8) of the paper: pairs of n photons, thermal in two modes."""
    dark, e_d, gain, error = 1e-4, 0.015, 0.0, 0.0
    for n in range(200):
        weight = (n + 1) * half**n / (1 + half) ** (n + 2)
        click = (1 - (1 - dark) * (1 - eta_a) ** n) * (1 - (1 - dark) * (1 - eta_b) ** n)
        right = sum(
            (1 / (n + 1)) * ((1 - eta_a) ** (n - m) - (1 - eta_a) ** m) * ((1 - eta_b) ** (n - m) - (1 - eta_b) ** m)
            for m in range(n + 1)
        )
        gain += weight * click
        error += weight * (0.5 * click - (0.5 - e_d) * right)
    found = entanglement.coincidences(
        a(half), arms=(a(eta_a), a(eta_b)), background=(a(dark), a(dark)), misalignment_error=a(e_d)
    )
    assert float(found.gain) == pytest.approx(gain, rel=1e-10)
    assert float(found.gain * found.qber) == pytest.approx(error, rel=1e-9)


def test_d2_optimised_source_in_the_middle():
    rates, settings = best(entanglement, DEVICE, [0, 10, 20, 30, 40, 50, 60], fixed=HALF)
    expected = [4.114497e-4, 3.748321e-5, 3.620923e-6, 3.518380e-7, 3.287663e-8, 2.598000e-9, 5.605735e-11]
    np.testing.assert_allclose(rates, expected, rtol=1e-5)
    intensities = [0.1176, 0.1062, 0.1027, 0.1008, 0.0978, 0.0893, 0.0618]
    np.testing.assert_allclose(settings["pair_intensity"], intensities, atol=1e-4)


def test_d2_optimised_source_at_one_side():
    rates, _ = best(entanglement, DEVICE, [0, 10, 20, 30], fixed=HALF, arm_a_loss_db=0.0)
    np.testing.assert_allclose(rates, [4.114497e-4, 3.860863e-5, 3.684850e-6, 2.335857e-7], rtol=1e-6)


@pytest.mark.parametrize(("arm", "cut_off"), [(None, 61.628), (0.0, 36.608)])
def test_d2_cut_off(arm, cut_off):
    rates, _ = best(entanglement, DEVICE, [cut_off - 0.002, cut_off + 0.002, 70.0], fixed=HALF, arm_a_loss_db=arm)
    assert rates[0] > 0.0
    assert list(rates[1:]) == [0.0, 0.0]


def test_d3_without_sifting_and_at_the_shannon_limit():
    loss = np.array([0.0, 10.0, 20.0, 30.0, 40.0, 50.0])
    weak = [6.27102483e-4, 6.13301585e-5, 6.06757575e-6, 5.98167105e-7, 5.74418107e-8, 4.96294677e-9]
    strong = [9.57401170e-4, 9.09950688e-5, 8.90827289e-6, 8.73749088e-7, 8.33388831e-8, 7.07381952e-9]
    for intensity, expected in ((0.05, weak), (0.1, strong)):
        found = entanglement.evaluate(DEVICE | {"ec_efficiency": 1.0}, loss, {"pair_intensity": intensity})
        np.testing.assert_allclose(found.secret, expected, rtol=2e-9)


def test_d4_asymptotic_rate_of_the_published_error_rate():
    fraction = 1.0 - (1.0 + 1.19) * float(binary_entropy(0.0451))
    assert fraction == pytest.approx(0.4192, abs=5e-5)
    assert fraction == pytest.approx(0.43, rel=0.04)


# Finite blocks


def test_d4_block_is_nearly_too_small_for_this_bound():
    """The published 372 bits of 3100 follow from another bound; this one leaves a few."""
    length, phase = entanglement.key_length(
        a(1550.0),
        a(1550.0),
        qber=a(0.0451),
        leak_bits=a(1.19 * 1550.0 * float(binary_entropy(0.0451))),
        secrecy_epsilon=a(1e-10),
        correctness_epsilon=a(1e-10),
    )
    # narrower than the bound for any error rate of Tomamichel et al. 2012
    assert 0.0451 < float(phase) < 0.0451 + np.sqrt(2 / 1550 * 1551 / 1550 * np.log(4e10))
    assert 0.0 < 2.0 * float(length) < 372.0


def test_finite_key_grows_with_the_block_to_the_limit_without_fluctuations():
    blocks = 10.0 ** np.arange(3.0, 19.0)
    settings = {"pair_intensity": 0.1, "key_basis_probability": 0.9}
    found = entanglement.evaluate(FINITE | {"block_bits": blocks}, 20.0, settings)
    rates = found.key_bits_per_slot
    assert rates[0] == 0.0
    assert_never_rises(rates[::-1])
    assert rates[-1] == pytest.approx(float(found.possible[-1]), rel=1e-5)
    asymptotic = entanglement.evaluate(DEVICE, 20.0, {"pair_intensity": 0.1})
    assert float(found.possible[0]) == pytest.approx(0.81 * float(asymptotic.secret), rel=1e-12)
    assert_sound(found, loads=2)


def test_best_finite_key_tends_to_the_asymptotic_one():
    finite, settings = best(entanglement, FINITE | {"block_bits": 1e15}, [20.0])
    asymptotic, _ = best(entanglement, DEVICE, [20.0], fixed=entanglement.ASYMPTOTIC)
    assert 0.995 * asymptotic[0] < finite[0] < asymptotic[0]
    assert settings["key_basis_probability"][0] > 0.99


def test_no_test_bits_no_key():
    found = entanglement.evaluate(FINITE, 20.0, {"pair_intensity": 0.1, "key_basis_probability": 1.0})
    assert float(found.key_bits_per_slot) == 0.0
    assert_sound(found, loads=2)


# What always holds

blocks = st.one_of(st.none(), st.floats(2.0, 12.0).map(lambda x: 10.0**x))


@given(
    loss=st.floats(0.0, 120.0),
    dark=st.floats(0.0, 1e-4),
    error=st.floats(0.0, 0.2),
    intensity=st.floats(1e-4, 2.0),
    share=st.floats(0.0, 1.0),
    basis=st.floats(0.05, 0.99),
    efficiency=st.floats(0.05, 1.0),
    block=blocks,
)
def test_sound_below_its_bound_and_symmetric(loss, dark, error, intensity, share, basis, efficiency, block):
    parameters = FINITE | {
        "dark_count_probability": dark,
        "misalignment_error": error,
        "detector_efficiency": efficiency,
        "afterpulse_probability": share / 10.0,
        "block_bits": block,
    }
    parameters = {key: value for key, value in parameters.items() if value is not None}
    settings = {"pair_intensity": intensity, "key_basis_probability": basis}
    first = entanglement.evaluate(parameters, loss, settings, arm_a_loss_db=share * loss)
    second = entanglement.evaluate(parameters, loss, settings, arm_a_loss_db=loss - share * loss)
    assert_sound(first, loads=2)
    assert_below(first, single_repeater_bound(loss))
    scale = 1e-9 * float(first.sifted) + 1e-300
    assert float(first.secret) == pytest.approx(float(second.secret), rel=1e-9, abs=scale)
    assert float(first.loads[0]) == pytest.approx(float(second.loads[1]), rel=1e-9)


@given(dark=st.floats(0.0, 1e-4), error=st.floats(0.0, 0.2), intensity=st.floats(1e-4, 2.0), block=blocks)
def test_rate_falls_with_loss(dark, error, intensity, block):
    parameters = FINITE | {"dark_count_probability": dark, "misalignment_error": error, "block_bits": block}
    parameters = {key: value for key, value in parameters.items() if value is not None}
    settings = {"pair_intensity": intensity, "key_basis_probability": 0.8}
    loss = np.arange(0.0, 120.0, 3.0)
    assert_never_rises(entanglement.evaluate(parameters, loss, settings).key_bits_per_slot)
    found = entanglement.evaluate(parameters, 7.0 + loss, settings, arm_a_loss_db=7.0)
    assert_never_rises(found.key_bits_per_slot)


@given(loss=st.floats(0.0, 60.0), error=st.floats(0.0, 0.1), intensity=st.floats(1e-4, 2.0), block=blocks)
def test_rate_falls_with_noise_and_misalignment(loss, error, intensity, block):
    settings = {"pair_intensity": intensity, "key_basis_probability": 0.8}
    for key, values in (
        ("dark_count_probability", np.geomspace(1e-12, 1e-2, 30)),
        ("misalignment_error", np.linspace(0.0, 0.5, 30)),
        ("afterpulse_probability", np.linspace(0.0, 1.0, 30)),
        ("background_probability", np.geomspace(1e-12, 1.0, 30)),
    ):
        parameters = FINITE | {"misalignment_error": error, "block_bits": block} | {key: values}
        parameters = {name: value for name, value in parameters.items() if value is not None}
        assert_never_rises(entanglement.evaluate(parameters, loss, settings).key_bits_per_slot)


def test_zero_and_not_nan_where_nothing_is_left():
    for dark in (0.0, 1e-9, 0.5):
        for device in (DEVICE, FINITE):
            found = entanglement.evaluate(
                device | {"dark_count_probability": dark}, [1000.0, 4000.0, 1e5], {"pair_intensity": 0.1} | HALF
            )
            assert_sound(found, loads=2)
            assert np.all(np.isfinite(found.qber))
            assert np.all(found.key_bits_per_slot[-2:] == 0.0)


def test_shapes_broadcast():
    assert entanglement.evaluate(DEVICE, 10.0, {"pair_intensity": 0.1}).secret.shape == ()
    loss = np.linspace(0.0, 50.0, 20_000)
    found = entanglement.evaluate(FINITE | {"block_bits": [[1e5], [1e6]]}, loss, {"pair_intensity": 0.1} | HALF)
    assert found.secret.shape == found.loads[1].shape == (2, 20_000)
    alone = entanglement.evaluate(FINITE, loss[12_345], {"pair_intensity": 0.1} | HALF)
    assert float(found.secret[1, 12_345]) == pytest.approx(float(alone.secret), rel=1e-12)
