"""Published cases: the strong ones of the validation table that the two decoy protocols and the bounds cover."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from planner.physics import key_rate
from planner.physics.bounds import repeaterless_bound, single_repeater_bound
from planner.physics.decoy_bb84 import lim2014, ma2005, one_decoy
from planner.physics.detector import Clicks, clicks, live_fraction
from planner.physics.entropy import binary_entropy
from planner.physics.fibre import transmittance
from tests.physics import scalar

GYS = {
    "protocol": "bb84-decoy",
    "clock_hz": 2e6,
    "detector_efficiency": 0.045,
    "dark_count_probability": 8.5e-7,
    "misalignment_error": 0.033,
    "ec_efficiency": 1.22,
    "key_basis_probability": 0.5,
}
LIM = {
    "protocol": "bb84-decoy",
    "detector_efficiency": 0.1,
    "dark_count_probability": 6e-7,
    "afterpulse_probability": 0.04,
    "misalignment_error": 0.005,
    "ec_efficiency": 1.16,
    "correctness_epsilon": 1e-15,
}


def a(value):
    return np.asarray(value, dtype=np.float64)


def reach_km(module, **settings):
    """The largest distance with key, to 10 m."""
    lengths = np.arange(130.0, 145.0, 0.01)
    rates = key_rate(module, loss_db=lengths * 0.21, **settings).key_rate_bps
    assert rates[0] > 0.0
    assert rates[-1] == 0.0
    return lengths[rates > 0.0][-1]


# A1 to A4: Ma, Qi, Zhao, Lo 2005


@pytest.mark.parametrize(("f_ec", "optimum"), [(1.22, 0.478923), (1.0, 0.544115)])
def test_a1_best_signal_intensity_without_fibre_dependence(f_ec, optimum):
    leak = f_ec * float(binary_entropy(0.033)) / (1.0 - float(binary_entropy(0.033)))
    assert brentq(lambda mu: (1 - mu) * np.exp(-mu) - leak, 0.1, 0.9) == pytest.approx(optimum, abs=1e-6)
    # The optimiser finds the same where dark counts do not matter and the decoy tells everything.
    found = key_rate(GYS, loss_db=30.0, dark_count_probability=0.0, ec_efficiency=f_ec, vacuum_intensity=0.0)
    assert float(found.settings["signal_intensity"]) == pytest.approx(optimum, abs=0.005)


def test_a2_gys_reach_with_the_published_intensities():
    reach = reach_km(GYS, signal_intensity=0.48, decoy_intensity=0.05, vacuum_intensity=0.0)
    assert reach == pytest.approx(140.55, abs=0.15)
    assert reach == pytest.approx(140.6194, abs=0.02)


def test_a2_gys_reach_with_vacuum_and_weak_decoy_optimised():
    assert 140.0 <= reach_km(GYS, vacuum_intensity=0.0) <= 142.3


def test_a3_gys_reach_with_ever_weaker_decoys():
    fixed = {"signal_intensity": 0.48, "vacuum_intensity": 0.0}
    assert reach_km(GYS, decoy_intensity=1e-5, **fixed) == pytest.approx(142.05, abs=0.1)
    assert reach_km(GYS, decoy_intensity=1e-5, **fixed) == pytest.approx(142.0145, abs=0.02)
    # with the signal optimised for each distance
    assert reach_km(GYS, vacuum_intensity=0.0) == pytest.approx(142.2087, abs=0.02)


def test_a4_deviation_of_the_estimates_from_infinitely_many_decoys():
    eta, background = transmittance(40 * 0.21) * 0.045, 1.7e-6
    intensities = [a(0.48), a(0.12), a(0.0)]
    each = [
        clicks(
            k,
            transmittance=eta,
            dark_count_probability=a(8.5e-7),
            misalignment_error=a(0.033),
            afterpulse_probability=a(0.0),
        )
        for k in intensities
    ]
    single, phase = ma2005.single_photons(each, intensities=intensities)
    exact = background + eta - background * eta
    error = (background / 2 + 0.033 * eta) / (background + eta)
    assert 1 - float(single / exact) == pytest.approx(0.035, abs=5e-4)
    assert float(phase / error) - 1 == pytest.approx(0.168, abs=5e-4)


# A7 to A10: Lim et al. 2014

L1 = {
    "mu": (0.5, 0.1, 2e-4),
    "p": (0.7, 0.2, 0.1),
    "q": 0.8,
    "N": 1e11,
    "eta": 1e-3,
    "p_ap": 0.0,
    "secrecy_epsilon": 1e-9,
    "expected": {"single": 13543021.640, "phase_error": 0.023716314, "key_bits": 9772372.5},
    "leak": 1578772.346,
}
L3 = {
    "mu": (0.44, 0.17, 2e-4),
    "p": (0.756, 0.157, 0.087),
    "q": 0.93,
    "N": 1e13,
    "eta": 1e-4,
    "p_ap": 0.04,
    "secrecy_epsilon": 1e-10,
    "expected": {
        "vacuum": 7063536.907,
        "single": 202496658.861,
        "phase_error": 0.07636228,
        "key_bits": 37897259.389,
    },
    "leak": 92844898.486,
}


def lim_counts(case):
    """n_X,k, n_Z,k, m_Z,k of N pulses, and the error rate of the key basis."""
    each = [
        clicks(
            a(k),
            transmittance=a(case["eta"]),
            dark_count_probability=a(6e-7),
            misalignment_error=a(0.005),
            afterpulse_probability=a(case["p_ap"]),
        )
        for k in case["mu"]
    ]
    key, test = case["N"] * case["q"] ** 2, case["N"] * (1 - case["q"]) ** 2
    n_x = [key * p * c.gain for p, c in zip(case["p"], each, strict=True)]
    n_z = [test * p * c.gain for p, c in zip(case["p"], each, strict=True)]
    m_z = [test * p * c.error for p, c in zip(case["p"], each, strict=True)]
    errors = sum(key * p * c.error for p, c in zip(case["p"], each, strict=True))
    return n_x, n_z, m_z, errors


def test_a7_counts():
    n_x, n_z, m_z, errors = lim_counts(L1)
    np.testing.assert_allclose(n_x, [2.244813406e7, 1.295294466e6, 8.959998336e3], rtol=1e-9)
    np.testing.assert_allclose(n_z, [1.403008379e6, 8.095590414e4, 5.599998960e2], rtol=1e-9)
    np.testing.assert_allclose(m_z, [8.678250292e3, 8.799800007e2, 2.404e2], rtol=1e-9)
    assert float(errors) == pytest.approx(1.567780847e5, rel=1e-9)


@pytest.mark.parametrize("case", [L1, L3], ids=["L1", "L3"])
def test_a7_fixed_point(case):
    n_x, n_z, m_z, errors = lim_counts(case)
    leak = 1.16 * sum(n_x) * binary_entropy(errors / sum(n_x))
    assert float(leak) == pytest.approx(case["leak"], rel=1e-9)
    length = lim2014.key_length(
        n_x,
        n_z,
        m_z,
        intensities=[a(k) for k in case["mu"]],
        probabilities=[a(p) for p in case["p"]],
        leak_bits=leak,
        secrecy_epsilon=a(case["secrecy_epsilon"]),
        correctness_epsilon=a(1e-15),
    )
    for name, expected in case["expected"].items():
        assert float(getattr(length, name)) == pytest.approx(expected, rel=1e-6), name


def test_a7_fixed_point_through_the_entry():
    """The same point as a module: transmittance 1e-4 is 30 dB and a detector of 10 %."""
    n_x = sum(lim_counts(L3)[0])
    result = key_rate(
        LIM,
        loss_db=30.0,
        block_bits=float(n_x),
        secrecy_epsilon=1e-10,
        clock_hz=1e9,
        signal_intensity=0.44,
        decoy_intensity=0.17,
        vacuum_intensity=2e-4,
        signal_probability=0.756,
        decoy_probability=0.157,
        key_basis_probability=0.93,
    )
    assert float(result.key_bits_per_pulse) == pytest.approx(37897259.389 / 1e13, rel=1e-6)
    assert float(result.breakdown["error_correction_bps"]) == pytest.approx(92844898.486 / 1e13 * 1e9, rel=1e-6)


def epsilon_per_bit(loss_db, block_bits):
    """Rate where the secrecy epsilon is 1e-15 for each key bit, as in the figure of the paper."""
    epsilon = 1e-9
    for _ in range(30):
        result = key_rate(LIM, loss_db=loss_db, block_bits=block_bits, secrecy_epsilon=epsilon, vacuum_intensity=2e-4)
        bits = result.key_bits_per_pulse / (result.sifted_rate_bps / 1e9) * block_bits
        epsilon = max(1e-15 * float(bits), 1e-16)
    return float(result.key_bits_per_pulse)


def test_a8_ratio_of_rates_of_two_blocks_at_100_km():
    assert epsilon_per_bit(20.0, 1e9) / epsilon_per_bit(20.0, 1e7) == pytest.approx(1.75, rel=0.06)


@pytest.mark.parametrize(
    ("block_bits", "figure", "settings"),
    [
        (1e7, 4.64e-5, {"mu": (0.414, 0.216, 2e-4), "p": (0.384, 0.439, 0.177), "q": 0.8505}),
        (1e9, 8.17e-5, {"mu": (0.438, 0.169, 2e-4), "p": (0.756, 0.155, 0.089), "q": 0.9273}),
    ],
    ids=["1e7", "1e9"],
)
def test_a9_rates_of_the_figure_at_100_km(block_bits, figure, settings):
    """Counts left negative reproduce the figure to 6 %; clamping them, as the planner does, gives up to 15 % more."""
    device = scalar.Device(
        loss_db=20.0,
        dark_count_probability=6e-7,
        afterpulse_probability=0.04,
        misalignment_error=0.005,
        block_bits=block_bits,
        secrecy_epsilon=1e-15 * 0.4 * block_bits,
    )
    strict = scalar.lim(device, **settings, clamped=False).key_rate_bps / 1e9
    assert strict == pytest.approx(figure, rel=0.06)
    assert strict < epsilon_per_bit(20.0, block_bits) < 1.15 * figure


def test_a10_optimum_is_where_the_strict_one_is():
    """Clamping moves the flat optimum a little; the rate is what counts, the arguments are near."""
    result = key_rate(LIM, loss_db=20.0, block_bits=1e9, secrecy_epsilon=1e-9, vacuum_intensity=2e-4)
    assert float(result.settings["key_basis_probability"]) == pytest.approx(0.9273, rel=0.05)
    assert float(result.settings["signal_intensity"]) == pytest.approx(0.438, rel=0.05)
    assert float(result.settings["decoy_intensity"]) == pytest.approx(0.169, rel=0.1)
    assert float(result.settings["signal_probability"]) == pytest.approx(0.756, rel=0.05)


# A11: Rusca et al. 2018

R1 = {
    "eta": 1.2559432157547897e-3,
    "mu": (0.5, 0.15),
    "p": (0.7, 0.3),
    "single": 5673400.2364,
    "phase_error": 0.0418,
    "leak": 937960.0516,
    "length": 3314929.24,
    "pulses": 2.67601180e10,
    "rate_bps": 123875.7331,
}
R3 = {
    "eta": 0.05,
    "mu": (0.33, 0.12),
    "p": (0.6, 0.4),
    "single": 7020585.185,
    "phase_error": 0.0301,
    "leak": None,
    "length": 4713609.74,
    "pulses": 2.06242616e9,
    "rate_bps": 2285468.3626,
}


@pytest.mark.parametrize("case", [R1, R3], ids=["R1", "R3"])
def test_a11_rusca_fixed_point(case):
    q, block = 0.885, 1e7
    module = {
        "protocol": "bb84-one-decoy",
        "clock_hz": 1e9,
        "detector_efficiency": case["eta"],
        "dark_count_probability": 0.5e-8,
        "misalignment_error": 0.01,
        "ec_efficiency": 1.16,
        "block_bits": block,
        "secrecy_epsilon": 1e-9,
        "correctness_epsilon": 1e-15,
        "signal_intensity": case["mu"][0],
        "decoy_intensity": case["mu"][1],
        "signal_probability": case["p"][0],
        "key_basis_probability": q,
    }
    free = key_rate(module, loss_db=0.0)
    sifted = float(free.sifted_rate_bps)
    assert float(free.key_rate_bps) / sifted * block == pytest.approx(case["length"], rel=1e-6)
    if case["leak"]:
        leak = float(free.breakdown["error_correction_bps"]) / sifted * block
        assert leak == pytest.approx(case["leak"], rel=1e-6)
    # The case lets only clicks with equal bases block the receiver; the planner lets all do (design, section 4).
    click = a(sifted / 1e9 / q**2)
    equal_bases = click * (q**2 + (1 - q) ** 2)
    live = live_fraction(equal_bases, clock_hz=a(1e9), dead_time_s=a(1e-7))
    assert block / (sifted / 1e9 * float(live)) == pytest.approx(case["pulses"], rel=1e-6)
    assert float(free.key_rate_bps) * float(live) == pytest.approx(case["rate_bps"], rel=1e-6)
    dead = key_rate(module, loss_db=0.0, dead_time_s=1e-7)
    all_live = float(live_fraction(click, clock_hz=a(1e9), dead_time_s=a(1e-7)))
    assert float(dead.key_rate_bps) == pytest.approx(float(free.key_rate_bps) * all_live, rel=1e-12)


# A12: Wiesemann et al. 2024


def wiesemann_bps(
    *, pulses=1e10, km=100.0, eta_bob=1.0, mu=(0.5, 0.15), p=(0.9, 0.1), q=0.9, error=0.02, fluctuations=True
):
    clock, dark = 6.25e8, 200 / 6.25e8
    eta = transmittance(0.2 * km) * eta_bob
    light = [-np.expm1(-eta * k) for k in mu]
    each = [Clicks(a(x + dark * (1 - x)), a(error * x + dark / 2)) for x in light]

    def counts(share, kind):
        return [a(pulses * share * w * getattr(c, kind)) for w, c in zip(p, each, strict=True)]

    block = one_decoy.Block(
        counts(q**2, "gain"), counts(q**2, "error"), counts((1 - q) ** 2, "gain"), counts((1 - q) ** 2, "error")
    )
    total = sum(block.key_counts)
    length = one_decoy.key_length(
        block,
        intensities=[a(k) for k in mu],
        probabilities=[a(w) for w in p],
        leak_bits=1.16 * total * binary_entropy(sum(block.key_errors) / total),
        secrecy_epsilon=a(1e-12),
        correctness_epsilon=a(1e-12),
        wiesemann=True,
        fluctuations=fluctuations,
    )
    return float(length.key_bits) * clock / pulses, length


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 174156.745544),
        ({"km": 50.0}, 4961984.741110),
        ({"km": 150.0, "pulses": 1e12}, 46388.995825),
        (
            {"eta_bob": 0.5, "km": 75.0, "pulses": 1e11, "error": 0.01, "mu": (0.5, 0.2), "p": (0.7, 0.3), "q": 0.8},
            999905.270868,
        ),
    ],
    ids=["default", "50 km", "150 km", "varied"],
)
def test_a12_wiesemann(changes, expected):
    rate, _ = wiesemann_bps(**changes)
    assert rate == pytest.approx(expected, rel=1e-9)


def test_a12_intermediate_values():
    _, length = wiesemann_bps()
    assert float(length.single) == pytest.approx(19535806.534566, rel=1e-9)
    assert float(length.phase_error) == pytest.approx(0.124216084437, rel=1e-9)


# A21: Lucamarini et al. 2013, background of two gates and the afterpulses of the mean click rate


@pytest.mark.parametrize(
    ("gain", "measured", "tolerance"),
    [(4.812305e-3, 2.9493e-4, 0.006), (4.815903e-3, 3.0557e-4, 0.06)],
    ids=["key basis", "test basis"],
)
def test_a21_background(gain, measured, tolerance):
    dark = 2.1e-5
    dark_only = clicks(
        a(0.0),
        transmittance=a(0.1),
        dark_count_probability=a(dark - dark**2 / 2),  # the two gates exclude each other
        misalignment_error=a(0.03),
        afterpulse_probability=a(0.0),
        background_probability=a(0.0525 * gain),
    )
    assert float(dark_only.gain) == pytest.approx(measured, rel=tolerance)
    assert float(dark_only.gain) == pytest.approx(1 - (1 - dark) ** 2 + 0.0525 * gain, rel=1e-9)
    assert float(dark_only.error) == pytest.approx(float(dark_only.gain) / 2, rel=1e-12)


# B1 and G1


def test_b1_bounds():
    loss_db = [10, 20, 30, 40, 50, 60, 80, 100, 120, 150]
    plob = (
        "1.520031e-1 1.449957e-2 1.443417e-3 1.442767e-4 1.442702e-5 1.442696e-6 1.442695e-8 1.442695e-10 1.442695e-12"
    )
    one = "5.484123e-1 1.520031e-1 4.635895e-2 1.449957e-2 4.569431e-3 1.443417e-3 1.442767e-4 1.442702e-5 1.442696e-6"
    np.testing.assert_allclose(repeaterless_bound(loss_db), [*map(float, plob.split()), 1.442695e-15], rtol=1e-6)
    np.testing.assert_allclose(single_repeater_bound(loss_db), [*map(float, one.split()), 4.562202e-8], rtol=1e-6)
    assert np.isnan(repeaterless_bound(0.0))
    assert np.isnan(single_repeater_bound(0.0))


@pytest.mark.parametrize(
    ("clicks_per_s", "dead_time_s", "expected"),
    [(1e6, 1e-6, 5e5), (5e6, 1e-7, 3.333333e6), (1e7, 4.5e-8, 6.896552e6)],
)
def test_g1_dead_time(clicks_per_s, dead_time_s, expected):
    live = live_fraction(a(clicks_per_s / 1e9), clock_hz=a(1e9), dead_time_s=a(dead_time_s))
    assert clicks_per_s * float(live) == pytest.approx(expected, rel=1e-6)
