"""The common form of all protocols, and what their two arms share."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import i0

from planner.physics import arms, continuous_variable, entanglement, mdi
from planner.physics.outcome import ELEMENTS_AT_ONCE, in_chunks, outcome
from planner.physics.twin_field import cal, sns
from tests.physics.slots import assert_sound

PROTOCOLS = [cal, sns, mdi, entanglement, continuous_variable]
DEVICE = {
    "receiver_loss_db": 1.0,
    "detector_efficiency": 0.7,
    "dark_count_probability": 1e-8,
    "misalignment_error": 0.02,
    "ec_efficiency": 1.16,
    "excess_noise_snu": 0.01,
    "electronic_noise_snu": 0.1,
    "reconciliation_efficiency": 0.95,
    "secrecy_epsilon": 1e-10,
    "correctness_epsilon": 1e-15,
}


def a(value):
    return np.asarray(value, dtype=np.float64)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("block", [None, 1e9])
def test_every_protocol_answers_in_the_same_form(protocol, block):
    assert set(protocol.TYPICAL) == set(protocol.AXES)
    for name, axis in protocol.AXES.items():
        assert axis.name == name
        assert axis.low < axis.seed_low < axis.seed_high < axis.high
        assert axis.low < protocol.TYPICAL[name] < axis.high
    settings = protocol.place({name: a(value) for name, value in protocol.TYPICAL.items()}, fixed={})
    assert set(settings) == set(protocol.AXES)
    parameters = DEVICE if block is None else DEVICE | {"block_bits": block}
    found = protocol.evaluate(parameters, [0.0, 5.0, 10.0], settings)
    loads = {entanglement: 2, continuous_variable: 0}.get(protocol, 1)
    assert_sound(found, loads=loads)
    assert np.all(found.key_bits_per_slot[1:] > 0.0)
    assert np.all(found.key_bits_per_slot[1:] < protocol.bound([5.0, 10.0]))
    if block is not None:
        assert bool(np.all(found.finite_size > 0.0)) == protocol.FINITE_KEY


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_given_settings_stay(protocol):
    fixed = {name: a(0.3) for name in protocol.AXES}
    assert protocol.place({}, fixed=fixed) == fixed


def test_parts_are_joined_in_order():
    def formula(parameters, loss, settings, arm):
        value = parameters["x"] + 10.0 * loss + settings["y"]
        zero = np.zeros(())
        return outcome(clicks=value, loads=(arm,), sifted=np.ones(()), qber=zero, leak=zero, secret=value, slope=zero)

    loss = np.arange(2.0 * ELEMENTS_AT_ONCE + 5.0)
    found = in_chunks(formula, {"x": [[1.0], [2.0]]}, loss, {"y": 0.5})
    np.testing.assert_array_equal(found.clicks, a([[1.5], [2.5]]) + 10.0 * loss)
    np.testing.assert_array_equal(found.loads[0], np.broadcast_to(loss / 2.0, (2, loss.size)))
    np.testing.assert_array_equal(found.sifted, np.ones((2, loss.size)))
    assert in_chunks(formula, {"x": 1.0}, 2.0, {"y": 0.5}, arm_a_loss_db=0.25).loads[0] == 0.25


def test_shares_add_up_without_key_too():
    zero = np.zeros(())
    found = outcome(
        clicks=a(1.0), loads=(), sifted=a(0.5), qber=a(0.3), leak=a(0.9), secret=a(-0.4), slope=zero, possible=a(0.1)
    )
    assert float(found.key_bits_per_slot) == 0.0
    assert float(found.finite_size) == pytest.approx(0.1)
    assert float(found.error_correction) == pytest.approx(0.4)
    assert float(found.privacy_amplification) == pytest.approx(0.0)
    assert float(found.guide) < 0.0


def test_finite_blocks_cost_at_most_what_is_there():
    zero, huge = np.zeros(()), a(1e280)
    found = outcome(
        clicks=a(1.0), loads=(), sifted=a(0.5), qber=zero, leak=zero, secret=a(-1.0), slope=zero, possible=huge
    )
    assert float(found.possible) == float(found.finite_size) == 0.5


def test_what_is_no_number_is_no_key():
    zero = np.zeros(())
    for secret, sifted in ((np.nan, 1.0), (np.inf, 1.0), (1.0, 0.0)):
        found = outcome(clicks=a(1.0), loads=(), sifted=a(sifted), qber=zero, leak=zero, secret=a(secret), slope=zero)
        assert float(found.key_bits_per_slot) == 0.0
        assert np.isfinite(found.guide)


def test_arms_share_loss_and_have_receivers_of_their_own():
    first, second = arms.arm_transmittances(
        {"receiver_loss_db": a(3.0), "detector_efficiency": a(0.5)}, loss_db=a(30.0), arm_a_loss_db=a([0.0, 10.0, 30.0])
    )
    np.testing.assert_allclose(first, 0.5 * 10 ** (-a([3.0, 13.0, 33.0]) / 10))
    np.testing.assert_allclose(second, 0.5 * 10 ** (-a([33.0, 23.0, 3.0]) / 10))


def test_matched_intensities_arrive_equally_strong():
    eta_a, eta_b = a([0.1, 0.1, 0.02, 0.0]), a([0.1, 0.02, 0.1, 0.0])
    first, second = arms.matched_intensities(a(0.4), arm_a=eta_a, arm_b=eta_b)
    np.testing.assert_allclose(first * eta_a, second * eta_b)
    np.testing.assert_allclose(np.maximum(first, second), 0.4)


def test_noise_of_a_detector():
    parameters = {"dark_count_probability": a(1e-3)}
    assert float(arms.noise_probability(parameters, light=a(0.5))) == 1e-3
    more = parameters | {"background_probability": a(2e-3), "afterpulse_probability": a(0.1)}
    expected = 2e-3 + 0.1 * (1.0 - (1.0 - 2e-3) * np.exp(-0.5))
    assert float(arms.noise_probability(more, light=a(0.5))) == pytest.approx(expected)
    loud = {"dark_count_probability": a(0.5), "background_probability": a(1.0)}
    assert float(arms.noise_probability(loud, light=a(0.5))) == 0.5


def test_bessel_function_less_one():
    x = np.geomspace(1e-12, 20.0, 200)
    found = arms.bessel_i0_less_1(x)
    np.testing.assert_allclose(found[x > 1.0], i0(x[x > 1.0]) - 1.0, rtol=1e-13)
    np.testing.assert_allclose(found[x < 1e-3], x[x < 1e-3] ** 2 / 4.0, rtol=1e-7)
    np.testing.assert_allclose(arms.bessel_i0_less_1(a(0.0999999999)), arms.bessel_i0_less_1(a(0.1)), rtol=1e-8)
