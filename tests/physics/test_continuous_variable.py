"""Continuous-variable QKD: cases, an independent eigenvalue computation, finite blocks, and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.physics import continuous_variable as cv
from planner.physics.bounds import repeaterless_bound
from tests.physics.slots import assert_below, assert_never_rises, assert_sound, best


def a(value):
    return np.asarray(value, dtype=np.float64)


def device(*, eta=0.6, v_el=0.1, xi=0.01, beta=0.95, **others):
    return {
        "receiver_loss_db": 0.0,
        "detector_efficiency": eta,
        "electronic_noise_snu": v_el,
        "excess_noise_snu": xi,
        "reconciliation_efficiency": beta,
    } | others


def decades(low, high):
    return st.floats(low, high).map(lambda exponent: 10.0**exponent)


def modulation(variance):
    return {"modulation_variance_snu": variance}


def loss_of(transmittance):
    return -10.0 * np.log10(transmittance)


FINITE = {"block_bits": 1e9, "secrecy_epsilon": 1e-10}

# Cases


def test_c1_lodewyck():
    channel = cv.Channel(a(0.302), a(0.005), a(0.606), a(0.041))
    shared = float(cv.mutual_information(channel, modulation=a(18.5), heterodyne=False))
    stolen = float(cv.holevo_information(channel, modulation=a(18.5), heterodyne=False))
    found = cv.evaluate(device(eta=0.606, v_el=0.041, xi=0.005, beta=0.898), loss_of(0.302), modulation(18.5))
    assert shared == pytest.approx(1.04364965, abs=5e-9)
    assert stolen == pytest.approx(0.90204329, abs=5e-9)
    assert float(found.secret) == pytest.approx(0.03515409, abs=5e-9)
    # kbit/s at 350 kHz, as printed in the paper
    assert 350.0 * shared == pytest.approx(365.0, abs=0.5)
    assert 350.0 * stolen == pytest.approx(316.0, abs=0.5)
    assert 350.0 * float(found.secret) == pytest.approx(12.3, abs=0.05)


@pytest.mark.parametrize(
    ("v_a", "t", "others", "heterodyne", "homodyne"),
    [
        (5.0, 0.31622776601683794, {"xi": 0.01, "eta": 0.6, "v_el": 0.1}, 8.79483219e-2, 8.76838101e-2),
        (14.37, 0.36643757464783316, {"xi": 0.0015, "eta": 0.6134, "v_el": 0.1216}, 1.16351964e-1, 1.24245885e-1),
    ],
)
def test_c3_both_detections(v_a, t, others, heterodyne, homodyne):
    for both, expected in ((True, heterodyne), (False, homodyne)):
        found = cv.evaluate(device(**others), loss_of(t), modulation(v_a), heterodyne=both)
        assert float(found.secret) == pytest.approx(expected, rel=1e-8)


def test_c6_asymptotic_key_exceeds_the_published_finite_one():
    t, eta = 10**-1.54, 0.68
    for quadratures in (1.0, 2.0):  # the output noise of a quadrature, or of both
        parameters = device(eta=eta, v_el=0.06272, xi=quadratures * 2.12e-4 / (t * eta), beta=0.925)
        found = cv.evaluate(parameters, 15.4, modulation(8.41), heterodyne=True)
        assert 2.54e-4 < float(found.secret) < 5e-3


def test_c7_discrete_modulation_stays_below_gaussian():
    rows = [
        (0.87, 0.569, 0.0650, 0.02622, 0.048),
        (1.01, 0.618, 0.0495, 0.05187, 0.035),
        (0.93, 0.702, 0.0676, 0.07183, 0.033),
        (1.03, 0.733, 0.0503, 0.01590, 0.115),
    ]
    found = [
        float(cv.evaluate(device(eta=0.44, v_el=v, xi=xi), loss_of(t), modulation(v_m), heterodyne=True).secret)
        for v_m, t, v, xi, _ in rows
    ]
    for mine, row in zip(found[:3], rows, strict=False):
        assert mine > row[-1]
    assert found[3] == pytest.approx(0.113630, rel=2e-5)
    assert found[3] == pytest.approx(0.115, rel=0.02)


# The rearranged eigenvalues


def textbook_holevo(channel, *, variance, heterodyne):
    """The formulas as they are printed."""
    t, xi, eta, v_el = (float(x) for x in channel)
    v, line = variance + 1.0, 1.0 / t - 1.0 + xi
    detector = (2.0 - eta + 2.0 * v_el) / eta if heterodyne else (1.0 - eta + v_el) / eta
    total = line + detector / t
    big_a = v**2 * (1.0 - 2.0 * t) + 2.0 * t + t**2 * (v + line) ** 2
    big_b = t**2 * (v * line + 1.0) ** 2
    root = np.sqrt(big_b)
    if heterodyne:
        big_c = big_a * detector**2 + big_b + 1.0 + 2.0 * detector * (v * root + t * (v + line))
        big_c = (big_c + 2.0 * t * (v**2 - 1.0)) / (t * (v + total)) ** 2
        big_d = ((v + root * detector) / (t * (v + total))) ** 2
    else:
        big_c = (big_a * detector + v * root + t * (v + line)) / (t * (v + total))
        big_d = root * (v + root * detector) / (t * (v + total))

    def entropies(first, second):
        spread = np.sqrt(max(first**2 - 4.0 * second, 0.0))
        for square in ((first + spread) / 2.0, (first - spread) / 2.0):
            x = np.sqrt(max(square, 1.0))
            down = (x - 1.0) / 2.0
            yield (x + 1.0) / 2.0 * np.log2((x + 1.0) / 2.0) - (down * np.log2(down) if down > 0.0 else 0.0)

    return sum(entropies(big_a, big_b)) - sum(entropies(big_c, big_d))


@given(
    t=st.floats(0.01, 1.0),
    xi=st.floats(0.0, 0.3),
    eta=st.floats(0.05, 1.0),
    v_el=st.floats(0.0, 0.5),
    variance=st.floats(0.1, 50.0),
    heterodyne=st.booleans(),
)
def test_holevo_information_against_the_printed_form(t, xi, eta, v_el, variance, heterodyne):
    channel = cv.Channel(a(t), a(xi), a(eta), a(v_el))
    found = float(cv.holevo_information(channel, modulation=a(variance), heterodyne=heterodyne))
    assert found == pytest.approx(textbook_holevo(channel, variance=variance, heterodyne=heterodyne), abs=1e-5)


@given(loss=st.floats(0.0, 60.0), variance=decades(-2, 3), heterodyne=st.booleans())
def test_more_excess_noise_tells_an_eavesdropper_more_however_large(loss, variance, heterodyne):
    channel = cv.Channel(a(10 ** (-loss / 10)), 10.0 ** np.arange(-8.0, 20.0), a(0.6), a(0.1))
    stolen = cv.holevo_information(channel, modulation=a(variance), heterodyne=heterodyne)
    assert np.all(np.diff(stolen) >= -1e-10)


@given(t=st.floats(0.01, 0.99), xi=st.floats(0.001, 0.3), variance=st.floats(0.1, 50.0))
def test_symplectic_eigenvalues_of_the_covariance_matrix(t, xi, variance):
    """With a detector that sees everything, homodyne: entropies of the matrices themselves."""
    v = variance + 1.0
    b, c = t * (v + 1.0 / t - 1.0 + xi), np.sqrt(t * (v**2 - 1.0))
    z, form = np.diag([1.0, -1.0]), np.kron(np.eye(2), [[0.0, 1.0], [-1.0, 0.0]])
    matrix = np.block([[v * np.eye(2), c * z], [c * z, b * np.eye(2)]])
    both = np.sort(np.abs(np.linalg.eigvals(1j * form @ matrix)))[::2]
    after = np.diag([v - c**2 / b, v])  # Alice's mode when one quadrature of Bob is known
    one = np.sqrt(np.linalg.det(after))

    def entropy(x):
        return (x + 1) / 2 * np.log2((x + 1) / 2) - (x - 1) / 2 * np.log2(max((x - 1) / 2, 1e-300))

    expected = sum(entropy(x) for x in both) - entropy(one)
    channel = cv.Channel(a(t), a(xi), a(1.0), a(0.0))
    found = float(cv.holevo_information(channel, modulation=a(variance), heterodyne=False))
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-7)


# Finite blocks


@pytest.mark.parametrize("heterodyne", [False, True])
def test_finite_key_grows_with_the_block_to_the_asymptotic_one(heterodyne):
    sizes = 10.0 ** np.arange(5.0, 22.0)
    limit, _ = best(cv, device(), [10.0], fixed=cv.ASYMPTOTIC, heterodyne=heterodyne)
    rates = [best(cv, device(**(FINITE | {"block_bits": size})), [10.0], heterodyne=heterodyne)[0][0] for size in sizes]
    assert rates[0] == 0.0
    assert_never_rises(rates[::-1])
    assert 0.999 * limit[0] < rates[-1] < limit[0]


def test_half_of_the_symbols_estimate_where_nothing_is_said():
    found = cv.evaluate(device(**FINITE), 5.0, modulation(5.0))
    same = cv.evaluate(device(**FINITE), 5.0, modulation(5.0) | {"estimation_share": 0.5})
    assert float(found.secret) == float(same.secret)
    assert 0.0 < float(found.secret) < 0.5 * float(found.possible)


def test_penalty_and_worst_channel_by_hand():
    penalty = cv.smoothing(a(1e8), epsilon=a(1e-10), heterodyne=False)
    assert float(penalty) == pytest.approx(7 * np.sqrt(np.log2(2e10) / 1e8) + 2e-8 * np.log2(1e10), rel=1e-12)
    channel = cv.Channel(a(0.1), a(0.01), a(0.6), a(0.05))
    worst, mean, largest = cv.worst_channels(
        channel, modulation=a(4.0), symbols=a(1e8), epsilon=a(1e-10), heterodyne=False
    )
    z = 6.4670  # erfc(z / sqrt 2) = 1e-10; the paper rounds it to 6.5
    noise = 1.05 + 0.06 * 0.01
    slope = np.sqrt(0.06) - z * np.sqrt(noise / 4e8)
    assert float(worst.transmittance) == pytest.approx(slope**2 / 0.6, rel=1e-7)
    excess = (noise * (1 + z * np.sqrt(2e-8)) - 1.05) / slope**2
    assert float(worst.excess) == pytest.approx(excess, rel=1e-5)
    assert float(mean.transmittance) == pytest.approx(0.1, rel=1e-12)
    assert float(largest.transmittance) > 0.1
    clear = channel._replace(transmittance=a(1.0))
    *_, largest = cv.worst_channels(clear, modulation=a(4.0), symbols=a(1e4), epsilon=a(1e-10), heterodyne=False)
    assert float(largest.transmittance) == pytest.approx(1.0, rel=1e-12)


def test_poor_estimate_gives_no_key():
    """Two symbols of a thousand million tell nothing of the channel, also where the modulation is strong."""
    for heterodyne in (False, True):
        settings = modulation(680.0) | {"estimation_share": 2e-9}
        found = cv.evaluate(device(**FINITE), 10.0, settings, heterodyne=heterodyne)
        assert float(found.key_bits_per_slot) == 0.0


@given(loss=st.floats(0.0, 60.0), share=decades(-12, 0), block=decades(2, 15), variance=decades(-2, 3))
def test_never_more_than_without_finite_size(loss, share, block, variance):
    for heterodyne in (False, True):
        settings = modulation(variance) | {"estimation_share": share}
        parameters = device(block_bits=block, secrecy_epsilon=1e-10)
        found = cv.evaluate(parameters, loss, settings, heterodyne=heterodyne)
        ideal = cv.evaluate(device(), loss, settings, heterodyne=heterodyne)
        assert float(found.key_bits_per_slot) <= float(ideal.key_bits_per_slot)


# What always holds


devices = {
    "xi": st.floats(0.0, 0.2),
    "v_el": st.floats(0.0, 0.5),
    "eta": st.floats(0.05, 1.0),
    "beta": st.floats(0.8, 1.0),
    "variance": st.floats(0.05, 100.0),
    "heterodyne": st.booleans(),
    "finite": st.booleans(),
}


@given(loss=st.floats(0.0, 150.0), share=decades(-12, 0), block=decades(2, 15), **devices)
def test_sound_and_below_its_bound(loss, share, block, xi, v_el, eta, beta, variance, heterodyne, finite):
    more = {"block_bits": block, "secrecy_epsilon": 1e-10} if finite else {}
    settings = modulation(variance) | {"estimation_share": share}
    found = cv.evaluate(device(xi=xi, v_el=v_el, eta=eta, beta=beta, **more), loss, settings, heterodyne=heterodyne)
    assert_sound(found, loads=0)
    assert_below(found, repeaterless_bound(loss))
    assert np.isnan(found.qber)


@given(**devices)
def test_rate_falls_with_loss(xi, v_el, eta, beta, variance, heterodyne, finite):
    parameters = device(xi=xi, v_el=v_el, eta=eta, beta=beta, **(FINITE if finite else {}))
    found = cv.evaluate(parameters, np.linspace(0.0, 130.0, 60), modulation(variance), heterodyne=heterodyne)
    # A larger variance than is good for reconciliation may be better on a longer link: from the best length on.
    assert_never_rises(found.key_bits_per_slot[np.argmax(found.key_bits_per_slot) :])


@given(loss=st.floats(0.0, 60.0), **devices)
def test_rate_falls_with_excess_noise_and_efforts_of_the_classical_side(
    loss, xi, v_el, eta, beta, variance, heterodyne, finite
):
    for key, values in (
        ("excess_noise_snu", np.linspace(0.0, 0.5, 40)),
        ("reconciliation_efficiency", np.linspace(1.0, 0.5, 40)),
        ("frame_error_rate", np.linspace(0.0, 1.0, 40)),
    ):
        parameters = device(xi=xi, v_el=v_el, eta=eta, beta=beta, **(FINITE if finite else {})) | {key: values}
        found = cv.evaluate(parameters, loss, modulation(variance), heterodyne=heterodyne)
        assert_never_rises(found.key_bits_per_slot)


def test_all_frames_fail():
    assert float(cv.evaluate(device(frame_error_rate=1.0), 5.0, modulation(5.0)).key_bits_per_slot) == 0.0


@pytest.mark.parametrize("heterodyne", [False, True])
@pytest.mark.parametrize("more", [{}, FINITE])
def test_zero_and_huge_loss(heterodyne, more):
    loss = np.array([0.0, 1e-12, 130.0, 300.0, 4000.0, 1e5])
    for parameters in (device(), device(eta=1.0, v_el=0.0, xi=0.0, beta=1.0)):
        found = cv.evaluate(parameters | more, loss, modulation(4.0), heterodyne=heterodyne)
        assert_sound(found, loads=0)
        assert np.all(found.key_bits_per_slot[:2] > 0.0)
        assert np.all(found.key_bits_per_slot[2:] == 0.0)
        rates, settings = best(cv, parameters | more, loss, heterodyne=heterodyne)
        assert np.all(np.isfinite(rates))
        assert np.all(np.isfinite(settings["modulation_variance_snu"]))


def test_perfect_devices_reach_half_of_the_bound():
    """Known limit of both detections for large modulation at large loss: log2(e) T / 2."""
    perfect = device(eta=1.0, v_el=0.0, xi=0.0, beta=1.0)
    for heterodyne in (False, True):
        found = cv.evaluate(perfect, 40.0, modulation(1e4), heterodyne=heterodyne)
        assert float(found.secret / repeaterless_bound(40.0)) == pytest.approx(0.5, abs=0.002)


def test_receiver_loss_is_trusted_like_the_detector():
    lossy = cv.evaluate(device(eta=0.6) | {"receiver_loss_db": 1.5}, 8.0, modulation(5.0))
    one = cv.evaluate(device(eta=0.6 * 10**-0.15), 8.0, modulation(5.0))
    assert float(lossy.secret) == pytest.approx(float(one.secret), rel=1e-13)


def test_shapes_broadcast():
    assert cv.evaluate(device(), 10.0, modulation(5.0)).secret.shape == ()
    loss = np.linspace(0.0, 50.0, 20_000)
    found = cv.evaluate(device(xi=np.array([[0.0], [0.01]])), loss, modulation(5.0))
    assert found.secret.shape == found.qber.shape == (2, 20_000)
    alone = cv.evaluate(device(), loss[1234], modulation(5.0))
    assert float(found.secret[1, 1234]) == pytest.approx(float(alone.secret), rel=1e-12)
