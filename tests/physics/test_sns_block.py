"""Finite keys of sending or not sending: every step of the bound, and what must always hold."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.errors import InputError
from planner.physics import key_rate, load_module
from planner.physics.bounds import repeaterless_bound, single_repeater_bound
from planner.physics.twin_field import sns, sns_block, sns_events
from tests.physics.slots import assert_below, assert_never_rises, assert_sound

DEVICE = {
    "receiver_loss_db": 0.0,
    "detector_efficiency": 1.0,
    "dark_count_probability": 1e-8,
    "misalignment_error": 0.05,
    "ec_efficiency": 1.1,
    "secrecy_epsilon": 1e-10,
    "correctness_epsilon": 1e-15,
}
CHOSEN = {
    "signal_intensity": 0.45,
    "sending_probability": 0.25,
    "decoy_intensity": 0.05,
    "strong_decoy_intensity": 0.4,
    "decoy_probability": 0.9,
    "strong_decoy_probability": 0.05,
    "key_basis_probability": 0.85,
}
MODULE = {"protocol": "tf-sns", "clock_hz": 1e9, "misalignment_error": 0.05, "ec_efficiency": 1.1}
MODULE |= {"detector_efficiency": 1.0, "dark_count_probability": 1e-8}


def a(value):
    return np.asarray(value, dtype=np.float64)


# The same bound written down once more, plainly, for equal arms.


def entropy(x):
    return 0.0 if x in (0.0, 1.0) else -x * np.log2(x) - (1 - x) * np.log2(1 - x)


def one_click(x, y, dark):
    phases = np.cos(2.0 * np.pi * np.arange(2000) / 2000)
    dim = [(1 - dark) * np.exp(-((x + y) / 2 + sign * np.sqrt(x * y) * phases)) for sign in (1, -1)]
    return np.mean(dim[0] * (1 - dim[1]) + dim[1] * (1 - dim[0]))


def plainly(loss_db, block, chosen, *, pairing, device=DEVICE):
    """Key bits per slot, for arms alike."""
    eta, dark, wrong_share = 10 ** (-loss_db / 20), device["dark_count_probability"], device["misalignment_error"]
    z, p, x, y = (
        chosen[k] for k in ("signal_intensity", "sending_probability", "decoy_intensity", "strong_decoy_intensity")
    )
    q = chosen["key_basis_probability"]
    test = 1 - q
    px, py = chosen["decoy_probability"], chosen["strong_decoy_probability"]
    p0 = 1 - px - py
    s = {(j, k): one_click(j * eta, k * eta, dark) for j in (0, x, y, z) for k in (0, x, y, z)}
    sent = 2 * p * (1 - p) * s[z, 0]
    raw = sent + p * p * s[z, z] + (1 - p) ** 2 * s[0, 0]
    n = block / (q * q * raw)
    # tails
    xi = device["secrecy_epsilon"] / (30 if pairing else 13)
    b, c = np.log(1 / xi), np.log(4 / xi**2)

    def up(k, beta):  # expectation of a count
        return k + beta + np.sqrt(beta**2 + 2 * beta * k)

    def down(k, beta):
        return max(k + 2 * beta / 3 - np.sqrt(4 * beta**2 / 9 + 2 * beta * k), 0.0)

    def count_up(k, beta):
        return k + beta / 3 + np.sqrt(beta**2 / 9 + 2 * beta * k)

    def count_down(k, beta):
        return max(k - np.sqrt(2 * beta * k), 0.0)

    n_oo = n * ((test * p0) ** 2 + 2 * test * p0 * q * (1 - p))
    n_xo, n_yo = (n * test * share * (test * p0 + q * (1 - p)) for share in (px, py))
    n_xx = n * (test * px) ** 2 / 8
    light = y**2 * np.exp(x) * down(n_xo * s[x, 0], b) / n_xo - x**2 * np.exp(y) * up(n_yo * s[y, 0], b) / n_yo
    single = (light - (y**2 - x**2) * up(n_oo * s[0, 0], b) / n_oo) / (x * y * (y - x))
    # two coherent states of nearly equal phase: one port is bright, the other dim
    dim, bright = (2 * x * eta * share for share in (wrong_share, 1 - wrong_share))
    t = (1 - (1 - dark) * np.exp(-dim)) * (1 - dark) * np.exp(-bright)
    errors = up(n_xx * t, c) / n_xx - np.exp(-2 * x) * down(n_oo * s[0, 0], c) / n_oo / 2
    errors = errors / (2 * x * np.exp(-2 * x))
    emitted = n * q * q * p * (1 - p) * z * np.exp(-z)
    flips = count_up(2 * emitted * errors, c)
    overhead = np.log2(2 / device["correctness_epsilon"])
    if not pairing:
        n1 = count_down(2 * emitted * single, b)
        leak = block * device["ec_efficiency"] * entropy((p * p * s[z, z] + (1 - p) ** 2 * s[0, 0]) / raw)
        length = n1 * (1 - entropy(min(flips / n1, 0.5))) - leak - overhead - 2 * np.log2(1 / (np.sqrt(2) * xi**2))
        return length / n
    kind = count_down(emitted * single, b)
    zeros, ones = (n * q * q * (p * (1 - p) * s[z, 0] + rest) for rest in (p * p * s[z, z], (1 - p) ** 2 * s[0, 0]))
    half = min(zeros, ones) / 2
    kept = count_down(half * kind**2 / (zeros * ones), b)
    e = flips / (2 * kind)
    pairs = half * block**2 / (2 * zeros * ones)
    beta = c + np.log(1.6 / 0.25 * block * (1 - e) / (1 - 2 * e))
    phase = count_up(pairs * (2 * kind / block) ** 2 * e * (1 - e), beta) / kept
    right = min(zeros, ones) * (n * q * q * p * (1 - p) * s[z, 0]) ** 2 / (zeros * ones)
    wrong = min(zeros, ones) * n * q * q * p * p * s[z, z] * n * q * q * (1 - p) ** 2 * s[0, 0] / (zeros * ones)
    leak = (right + wrong) * device["ec_efficiency"] * entropy(wrong / (right + wrong))
    length = 2 * kept * (1 - entropy(min(phase, 0.5))) - leak - overhead - 4 * np.log2(1 / (np.sqrt(2) * xi**2))
    return length / n


@pytest.mark.parametrize("pairing", [True, False])
@pytest.mark.parametrize(("loss_db", "block"), [(10.0, 1e7), (40.0, 1e6), (60.0, 1e8), (80.0, 1e9)])
def test_against_the_same_bound_written_down_once_more(pairing, loss_db, block):
    chosen = CHOSEN | ({} if pairing else {"sending_probability": 0.03})
    found = sns.evaluate(DEVICE | {"block_bits": block}, loss_db, chosen | {"aopp": pairing})
    assert float(found.secret) == pytest.approx(plainly(loss_db, block, chosen, pairing=pairing), rel=1e-7)


# The steps


@pytest.mark.parametrize("flipped", [0, 1, 2])
def test_singlets_of_pairs_against_all_states_of_six_qubits(flipped):
    """Steps 2 and 3: at a given total spin, more than t singlets are at most so much likelier than in a random row."""
    qubits, pairs = 6, [(0, 1), (2, 3), (4, 5)]
    size, spin = 2**qubits, qubits / 2 - flipped
    swaps = {}
    for i, j in combinations(range(qubits), 2):
        order = list(range(qubits))
        order[i], order[j] = order[j], order[i]
        swaps[i, j] = np.transpose(np.eye(size).reshape((2,) * (2 * qubits)), order + list(range(qubits, 2 * qubits)))
        swaps[i, j] = swaps[i, j].reshape(size, size)
    # J^2 = 3N/4 + sum over pairs of (SWAP - 1/2)
    square = 0.75 * qubits * np.eye(size) + sum(swaps.values()) - 0.5 * len(swaps) * np.eye(size)
    values, vectors = np.linalg.eigh(square)
    inside = vectors[:, np.abs(values - spin * (spin + 1)) < 1e-6]
    assert inside.shape[1] == (comb(qubits, flipped) - comb(qubits, flipped - 1) if flipped else 1) * (2 * spin + 1)
    state = inside @ inside.T / inside.shape[1]  # all permutations equally likely: the mixture of everything with J
    singlet = {pair: (np.eye(size) - swaps[pair]) / 2.0 for pair in pairs}
    chances = np.zeros(len(pairs) + 1)
    for outcome in np.ndindex(*(2,) * len(pairs)):
        projector = np.eye(size)
        for pair, yes in zip(pairs, outcome, strict=True):
            projector = projector @ (singlet[pair] if yes else np.eye(size) - singlet[pair])
        chances[sum(outcome)] += np.trace(state @ projector)
    # the row: every choice of flipped qubits, a coin for each unequal pair
    row = np.zeros(len(pairs) + 1)
    choices = list(combinations(range(qubits), flipped))
    for chosen in choices:
        unequal = sum((i in chosen) != (j in chosen) for i, j in pairs)
        for k in range(unequal + 1):
            row[k] += comb(unequal, k) / 2**unequal / len(choices)
    share = (qubits - 2 * flipped + 1) / (qubits - flipped + 1)
    tails, limits = np.cumsum(chances[::-1]), np.cumsum(row[::-1]) / share
    assert np.all(tails <= limits + 1e-12)
    mean = chances @ np.arange(len(pairs) + 1)
    limit = len(pairs) * flipped * (qubits - flipped + 1) / (qubits * (qubits - 1))
    assert mean == pytest.approx(limit, abs=1e-9)


def test_a_row_of_given_numbers_is_not_rarer_than_the_bound_says():
    """Step 4: the chance that independent kinds come out in exactly their expected numbers."""
    from scipy.stats import multinomial

    for numbers in [(1, 1, 1), (1, 1, 30), (3, 4, 5), (10, 10, 10), (1, 500, 499), (300, 300, 400), (25, 475, 500)]:
        total = sum(numbers)
        assert multinomial.pmf(numbers, total, np.array(numbers) / total) >= 1.0 / (sns_block._STIRLING * total)


def test_half_of_the_pairs_come_out_odd_often_enough():
    """Step 1, by drawing."""
    random = np.random.default_rng(3)
    for zeros, ones in [(500, 500), (300, 700), (900, 100)]:
        bits = np.repeat([0, 1], [zeros, ones])
        wanted = min(zeros, ones) / 2.0
        drawn = round(wanted * (zeros + ones) ** 2 / (2.0 * zeros * ones))
        assert 2 * drawn <= zeros + ones
        enough = 0
        for _ in range(400):
            row = random.permutation(bits)[: 2 * drawn]
            enough += np.count_nonzero(row[::2] != row[1::2]) >= wanted
        assert enough / 400 > sns_block._CHANCE_OF_ENOUGH


@given(
    eta=st.floats(1e-5, 1.0),
    dark=st.floats(0.0, 1e-4),
    weak=st.floats(1e-3, 0.5),
    ratio=st.floats(1.1, 10.0),
    error=st.floats(0.0, 0.3),
)
def test_estimates_bound_what_they_estimate(eta, dark, weak, ratio, error):
    strong, light = weak * ratio, 2 * weak * eta
    tests = sns_block.Tests(
        nothing=a(1e12), weak=(a(1e12), a(1e12)), strong=(a(1e12), a(1e12)), both=a(1e12),
        nothing_yield=a(2 * dark * (1 - dark)),
        weak_yield=(sns_events.one_click(a(weak * eta), a(0.0), dark=a(dark)),) * 2,
        strong_yield=(sns_events.one_click(a(strong * eta), a(0.0), dark=a(dark)),) * 2,
        error_yield=a((1 - (1 - dark) * np.exp(-light * error)) * (1 - dark) * np.exp(-light * (1 - error))),
    )  # fmt: skip
    decoys = sns_block.Decoys((a(weak),) * 2, (a(strong),) * 2)
    truth = (1 - dark) * (eta + 2 * dark * (1 - eta))
    wrong = (1 - dark) * (eta * error + dark * (1 - eta))
    for exponent in (0.0, 23.0):
        found = sns_block.single_yields(tests, decoys, exponent=a(exponent))
        assert found[0] == found[1] <= truth * (1 + 1e-6) + 1e-12
        # dark counts that light hides make the truth a little smaller than the estimate's own limit
        assert sns_block.error_yield(tests, decoys, exponent=a(exponent)) >= wrong * (1 - 1e-6) - 1e-12


# Physics


LOSSES = st.floats(0.0, 100.0)
SETTINGS = {
    "signal_intensity": st.floats(0.01, 1.0),
    "sending_probability": st.floats(0.01, 0.6),
    "strong_decoy_intensity": st.floats(0.1, 1.0),
    "weak share": st.floats(0.01, 0.9),
    "key_basis_probability": st.floats(0.1, 0.99),
    "decoy_probability": st.floats(0.3, 0.9),
    "strong share": st.floats(0.05, 0.9),
}


@st.composite
def chosen(draw):
    values = {name: draw(numbers) for name, numbers in SETTINGS.items()}
    values["decoy_intensity"] = values["strong_decoy_intensity"] * values.pop("weak share")
    values["strong_decoy_probability"] = (1.0 - values["decoy_probability"]) * values.pop("strong share")
    return values | {"aopp": draw(st.booleans())}


@given(loss=LOSSES, share=st.floats(0, 1), settings=chosen(), block=st.floats(2, 14), dark=st.floats(0, 1e-4))
def test_sound_symmetric_and_below_every_bound(loss, share, settings, block, dark):
    device = DEVICE | {"block_bits": 10.0**block, "dark_count_probability": dark}
    found = sns.evaluate(device, loss, settings, arm_a_loss_db=share * loss)
    assert_sound(found)
    assert_below(found, single_repeater_bound(loss))
    assert found.key_bits_per_slot <= found.possible + 1e-300 or found.possible <= 0.0
    other = sns.evaluate(device, loss, settings, arm_a_loss_db=loss - share * loss)
    np.testing.assert_allclose(other.secret, found.secret, rtol=1e-6, atol=1e-15)


@given(settings=chosen(), loss=LOSSES)
def test_grows_with_the_block_to_the_limit_without_fluctuations(settings, loss):
    found = sns.evaluate(DEVICE | {"block_bits": np.geomspace(1e3, 1e26, 47)}, loss, settings)
    key = found.key_bits_per_slot
    assert np.all(np.diff(key) >= -1e-9 * key[-1])
    possible = np.maximum(found.possible, 0.0)
    np.testing.assert_allclose(possible, possible[0], rtol=1e-7)
    if possible[0] > 1e-3 * found.sifted[0]:
        assert key[-1] == pytest.approx(possible[-1], rel=1e-3)
    # infinitely many decoys and no tests give more
    ideal = sns.evaluate(DEVICE, loss, settings | {"key_basis_probability": 1.0})
    assert np.all(key <= ideal.key_bits_per_slot * (1.0 + 1e-9))


@given(settings=chosen(), block=st.floats(5, 12))
def test_falls_with_noise_and_misalignment(settings, block):
    device = DEVICE | {"block_bits": 10.0**block}
    noise = np.concatenate([[0.0], np.geomspace(1e-10, 1e-3, 15)])
    assert_never_rises(sns.evaluate(device | {"dark_count_probability": noise}, 40.0, settings).key_bits_per_slot)
    errors = np.linspace(0.0, 0.4, 15)
    assert_never_rises(sns.evaluate(device | {"misalignment_error": errors}, 40.0, settings).key_bits_per_slot)


def test_best_rate_falls_with_loss_and_passes_the_repeaterless_bound():
    losses = np.linspace(0.0, 132.0, 12)
    found = key_rate(MODULE, loss_db=losses, block_bits=1e10)
    assert_never_rises(found.key_rate_bps)
    assert found.key_bits_per_pulse[5] > repeaterless_bound(losses[5])
    assert found.key_bits_per_pulse[-1] == 0.0


def test_best_rate_of_large_blocks_is_the_asymptotic_one():
    losses = np.array([10.0, 40.0, 80.0])
    for pairing in (True, False):
        ideal = key_rate(MODULE, loss_db=losses, aopp=pairing).key_bits_per_pulse
        best = key_rate(MODULE, loss_db=losses, aopp=pairing, block_bits=1e22).key_bits_per_pulse
        assert np.all(best <= ideal)
        np.testing.assert_allclose(best, ideal, rtol=2e-3)


def test_small_blocks_do_better_without_pairing_and_large_ones_with_it():
    with_pairs, without = (key_rate(MODULE, loss_db=60.0, aopp=p, block_bits=[1e4, 1e9]) for p in (True, False))
    assert with_pairs.key_rate_bps[0] < without.key_rate_bps[0]
    assert with_pairs.key_rate_bps[1] > without.key_rate_bps[1]


def test_block_bits_are_the_bits_of_key_slots_before_pairing():
    found = sns.evaluate(DEVICE | {"block_bits": 1e8}, 40.0, CHOSEN | {"aopp": False})
    paired = sns.evaluate(DEVICE | {"block_bits": 1e8}, 40.0, CHOSEN)
    slots = sns.evaluate(DEVICE, 40.0, CHOSEN | {"aopp": False})
    assert found.sifted == pytest.approx(float(slots.sifted), rel=1e-9)
    assert paired.sifted < found.sifted / 2.0


@settings(max_examples=5, deadline=None)
@given(loss=st.floats(5, 80), arm=st.floats(0, 1), block=st.floats(6, 11), open_one=st.sampled_from(sorted(sns.AXES)))
def test_settings_that_are_given_are_kept_and_an_open_one_is_searched_within_the_rules(loss, arm, block, open_one):
    given_ones = {name: value for name, value in CHOSEN.items() if name != open_one}
    found = key_rate(MODULE, loss_db=loss, arm_a_loss_db=arm * loss, block_bits=10**block, **given_ones)
    for name, value in given_ones.items():
        assert found.settings[name] == value
    worse = key_rate(MODULE, loss_db=loss, arm_a_loss_db=arm * loss, block_bits=10**block, **CHOSEN)
    assert worse.key_rate_bps <= found.key_rate_bps * (1 + 1e-6)


def test_asymptotic_rate_has_no_settings_of_tests():
    found = key_rate(MODULE, loss_db=40.0)
    assert set(found.settings) == {"signal_intensity", "sending_probability"}
    half = key_rate(MODULE, loss_db=40.0, key_basis_probability=0.5)
    assert half.key_rate_bps == pytest.approx(float(found.key_rate_bps) / 4.0, rel=1e-6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"decoy_intensity": 0.5, "strong_decoy_intensity": 0.4}, "strong_decoy_intensity > decoy_intensity"),
        (
            {"decoy_probability": 0.6, "strong_decoy_probability": 0.4},
            "decoy_probability + strong_decoy_probability < 1",
        ),
        ({"key_basis_probability": 1.0}, "key_basis_probability < 1 with block_bits"),
        ({"decoy_probability": 0.0}, "0 < decoy_probability with block_bits"),
        ({"strong_decoy_probability": 0.0}, "strong_decoy_probability is 0"),
    ],
)
def test_wrong_settings_are_named(changes, words):
    with pytest.raises(InputError, match=words.replace("+", "\\+")):
        key_rate(MODULE, loss_db=40.0, block_bits=1e8, **changes)


def test_a_network_may_hold_it():
    module = load_module(MODULE | {"block_bits": 1e9, "basis": "assumed"})
    assert module.parameters["block_bits"] == 1e9
    found = key_rate(module, loss_db=60.0)
    parts = ("key_rate_bps", "error_correction_bps", "privacy_amplification_bps", "finite_size_bps")
    assert sum(float(found.breakdown[name]) for name in parts) == pytest.approx(float(found.sifted_rate_bps), rel=1e-9)
    assert found.breakdown["finite_size_bps"] > 0.0
