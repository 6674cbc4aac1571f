"""Key of a pass: one block, the slots that are worth it, the experiment of 2017, and relaying."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from planner.errors import InputError
from planner.physics import key_rate, load_module
from planner.satellite import pass_key, relayed_bits

FIXED = {
    "protocol": "bb84-decoy",
    "clock_hz": 1e8,
    "detector_efficiency": 1.0,
    "dark_count_probability": 1e-7,
    "misalignment_error": 0.005,
    "afterpulse_probability": 0.001,
    "secrecy_epsilon": 1e-9,
    "signal_intensity": 0.5,
    "decoy_intensity": 0.1,
    "vacuum_intensity": 0.0,
    "signal_probability": 0.7,
    "decoy_probability": 0.2,
    "key_basis_probability": 0.7,
}
OPEN = {key: value for key, value in FIXED.items() if not key.endswith(("intensity", "probability"))} | {
    "dark_count_probability": 1e-7
}
PROFILE_DB = 25 + 10 * (np.linspace(-1, 1, 201) ** 2)


class TestOneBlock:
    def test_a_constant_link_is_a_link(self):
        """A pass of constant loss gives what the same number of sifted bits gives over a fibre."""
        found = pass_key(FIXED, loss_db=np.full(100, 30.0))
        fibre = key_rate(FIXED | {"block_bits": found.sifted_bits}, loss_db=30.0)
        assert found.key_bits == pytest.approx(float(fibre.key_rate_bps) * 100, rel=1e-9)
        assert found.sifted_bits == pytest.approx(float(fibre.sifted_rate_bps) * 100, rel=1e-9)
        assert found.qber == pytest.approx(float(fibre.qber), rel=1e-9)
        assert found.detections == pytest.approx(float(fibre.breakdown["detected_per_s"]) * 100, rel=1e-9)
        assert found.used.all()

    def test_the_length_of_the_slots_does_not_matter(self):
        whole = pass_key(FIXED, loss_db=np.repeat(PROFILE_DB, 2), slot_s=1.0)
        fine = pass_key(FIXED, loss_db=np.repeat(PROFILE_DB, 8), slot_s=0.25)
        assert fine.key_bits == pytest.approx(whole.key_bits, rel=1e-6)
        assert fine.sifted_bits == pytest.approx(whole.sifted_bits, rel=1e-6)

    def test_one_block_gives_more_than_its_parts(self):
        whole = pass_key(FIXED, loss_db=PROFILE_DB).key_bits
        parts = [pass_key(FIXED, loss_db=part).key_bits for part in np.array_split(PROFILE_DB, 5)]
        assert whole > 1.2 * sum(parts)

    def test_averaging_rates_would_promise_too_much(self):
        asymptotic = key_rate(FIXED, loss_db=PROFILE_DB).key_rate_bps.sum()
        assert 0 < pass_key(FIXED, loss_db=PROFILE_DB).key_bits < asymptotic

    def test_without_fluctuations_the_bounds_are_those_of_satquma(self):
        """The asymptotic case F3 (slot of 1e10 pulses at a transmittance of 1e-3), from summed counts."""
        from planner.physics.decoy_bb84.lim2014 import key_length
        from planner.physics.detector import clicks

        def array(value):
            return np.asarray(value, dtype=float)

        slots, shares, intensities = 10, (0.7, 0.2, 0.1), (0.5, 0.1, 0.0)
        each = [
            clicks(
                array(k),
                transmittance=np.full(slots, 1e-3),
                dark_count_probability=array(5e-7),
                misalignment_error=array(0.005),
                afterpulse_probability=array(0.001),
            )
            for k in intensities
        ]
        key, test, errors = (
            [1e9 * weight * (p * getattr(c, what) * np.ones(slots)).sum() for p, c in zip(shares, each, strict=True)]
            for weight, what in ((0.81, "gain"), (0.01, "gain"), (0.01, "error"))
        )
        found, other = (
            key_length(
                one,
                two,
                errors,
                intensities=[array(k) for k in intensities],
                probabilities=[array(p) for p in shares],
                leak_bits=array(0.0),
                secrecy_epsilon=array(1e-9),
                correctness_epsilon=array(1e-15),
                fluctuations=False,
            )
            for one, two in ((key, test), (test, key))
        )
        assert found.vacuum == pytest.approx(5720.5803, rel=1e-6)
        assert found.single == pytest.approx(1812497.9603, rel=1e-6)
        assert other.single == pytest.approx(22376.5180, rel=1e-6)


class TestCut:
    def test_bright_or_lossy_slots_are_left_out(self):
        good = np.full(100, 30.0)
        found = pass_key(FIXED, loss_db=np.concatenate([good, np.full(50, 70.0)]))
        alone = pass_key(FIXED, loss_db=good)
        assert list(np.flatnonzero(found.used)) == list(range(100))
        assert found.key_bits == pytest.approx(alone.key_bits)
        assert found.detections > alone.detections
        dawn = pass_key(FIXED, loss_db=good, background_probability=np.where(np.arange(100) < 60, 0, 1e-3))
        assert dawn.used.sum() == 60

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.floats(20, 50), min_size=1, max_size=30), st.floats(0, 1e-5))
    def test_more_slots_and_less_light_never_hurt(self, losses, light):
        found = pass_key(FIXED, loss_db=np.repeat(losses, 10))
        more = pass_key(FIXED, loss_db=np.repeat([*losses, 35.0], 10))
        lit = pass_key(FIXED, loss_db=np.repeat(losses, 10), background_probability=light)
        assert more.key_bits >= found.key_bits * (1 - 1e-9)
        assert lit.key_bits <= found.key_bits * (1 + 1e-9)

    def test_nothing_left_is_zero(self):
        found = pass_key(FIXED, loss_db=np.full(10, 80.0))
        assert found.key_bits == 0
        assert found.used.all()
        assert np.isfinite([found.qber, found.sifted_bits]).all()


class TestSettings:
    def test_open_settings_do_better_than_usual_ones(self):
        fixed, free = pass_key(FIXED, loss_db=PROFILE_DB), pass_key(OPEN, loss_db=PROFILE_DB)
        assert free.key_bits > 1.05 * fixed.key_bits
        again = pass_key(OPEN | free.settings, loss_db=PROFILE_DB)
        assert again.key_bits == pytest.approx(free.key_bits)

    def test_a_wild_pass_too(self):
        """Nine tenths of the pass are no use: the settings suit the rest."""
        loss = np.concatenate([np.full(40, 28.0), np.full(360, 55.0)])
        assert pass_key(OPEN, loss_db=loss).key_bits > 0.95 * pass_key(OPEN, loss_db=loss[:40]).key_bits

    def test_only_two_decoys(self):
        with pytest.raises(InputError, match="bb84-one-decoy"):
            pass_key({"protocol": "bb84-one-decoy"}, loss_db=[30.0])

    def test_below_the_horizon_is_no_mistake(self):
        assert pass_key(OPEN, loss_db=[np.inf, np.inf]).key_bits == 0.0

    def test_light_beyond_every_gate_is_no_mistake(self):
        bright = OPEN | {"background_probability": 0.6}
        assert pass_key(bright, loss_db=[30.0], background_probability=0.6).key_bits == 0.0

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"loss_db": [30.0, -1.0]}, ["loss_db is -1", "0 <= value"]),
            ({"loss_db": [30.0, np.nan]}, ["loss_db is nan"]),
            ({"loss_db": "30"}, ["loss_db is '30'"]),
            ({"loss_db": []}, ["shape (0,)", "one loss a slot"]),
            ({"loss_db": [30.0] * 3, "background_probability": [1e-6] * 2}, ["shape (3,)", "(2,)"]),
            ({"loss_db": [30.0], "background_probability": 2.0}, ["background_probability is 2", "<= 1"]),
            ({"loss_db": [-1.0], "slot_s": 0.0}, ["loss_db is -1", "slot_s is 0", "0 < value"]),
        ],
    )
    def test_wrong_numbers_are_named(self, given, words):
        with pytest.raises(InputError) as caught:
            pass_key(OPEN, **given)
        for word in words:
            assert word in str(caught.value)


class TestMicius:
    """Case F5: track and link loss of the published pass; the loss leaves the detectors out."""

    def pass_2017(self):
        track = [
            (0, 1196.303), (24.8, 1053.587), (49.8, 914.933), (74.8, 793.508), (99.8, 701.872), (124.8, 650.646),
            (137, 645.0), (199.8, 790.754), (249.8, 1047.563), (274, 1189.172),
        ]  # fmt: skip
        loss = [(645, 29.754), (650, 30.38), (700, 30.54), (800, 30.94), (900, 32.28), (1000, 34.42), (1100, 36.05),
                (1190, 38.22), (1200, 40.34)]  # fmt: skip
        since = np.arange(273) + 0.5
        distance = PchipInterpolator(*zip(*track, strict=True))(since)
        return pass_key("micius-2017", loss_db=PchipInterpolator(*zip(*loss, strict=True))(distance))

    def test_detections_and_sifted_bits(self):
        found, module = self.pass_2017(), load_module("micius-2017").parameters
        assert found.detections == pytest.approx(3_551_136, rel=0.10)
        lights = [module["signal_intensity"] * module["signal_probability"]]
        lights.append(module["decoy_intensity"] * module["decoy_probability"])
        sifted = found.detections / 2 * lights[0] / sum(lights)  # both bases, signal pulses
        assert sifted == pytest.approx(1_671_072, rel=0.10)

    def test_key_of_the_order_of_the_published(self):
        """300,939 bits are recalled with another security analysis, which uses both bases."""
        found = self.pass_2017()
        assert 50_000 < found.key_bits < 400_000
        assert found.qber == pytest.approx(0.011, abs=0.004)


class TestRelay:
    def test_the_smaller_volume_so_far(self):
        found = relayed_bits([10, 0, 5, 0], [0, 4, 0, 20])
        np.testing.assert_array_equal(found, [0, 4, 4, 15])

    @given(st.lists(st.tuples(st.floats(0, 1e9), st.floats(0, 1e9)), min_size=1))
    def test_never_falls_and_never_exceeds_either(self, days):
        first, second = zip(*days, strict=True)
        found = relayed_bits(first, second)
        assert (np.diff(found) >= 0).all()
        assert found[-1] <= min(np.cumsum(first)[-1], np.cumsum(second)[-1])
        np.testing.assert_array_equal(found, relayed_bits(second, first))
