"""Raman light: closed forms, published anchors, measured tables, detailed balance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.physics.raman import (
    BOLTZMANN_J_PER_K,
    LIGHT_M_PER_S,
    PLANCK_J_S,
    counts_per_gate,
    crosstalk_power_w,
    photon_rate,
    raman_cross_section,
    raman_power_w,
)

ONE = {"cross_section_per_km_nm": 3e-9, "bandwidth_nm": 0.1, "pump_attenuation_db_per_km": 0.2}
KM = np.array([10.0, 25, 50, 66, 80, 100])
# Light of a 1550 nm line, 1e-9/(km nm): two digitised measurements (A, B) and the derivation from the same gain (G).
MEASURED_A = {
    1510: 2.2,
    1520: 2.6,
    1530: 3.3,
    1538: 4.0,
    1555: 2.7,
    1560: 4.9,
    1565: 5.0,
    1570: 4.8,
    1580: 4.1,
    1590: 3.7,
}
MEASURED_B = {1590: 3.84, 1600: 4.08, 1620: 5.09, 1640: 6.06, 1650: 6.30, 1656: 5.90}
DERIVED = {
    1410: 0.063, 1450: 1.08, 1490: 1.54, 1510: 1.87, 1520: 2.36, 1530: 3.13, 1538: 3.31, 1545: 2.48, 1555: 2.66,
    1560: 3.75, 1565: 4.21, 1570: 4.29, 1580: 3.85, 1590: 3.55, 1600: 3.48, 1620: 4.29, 1640: 5.60, 1650: 5.92,
    1656: 5.95,
}  # fmt: skip


def photons(length_km, *, backward, launch_w=1e-3, **changes):
    power = raman_power_w(launch_w, length_km=length_km, backward=backward, **{**ONE, **changes})
    return photon_rate(power, wavelength_nm=1550)


class TestPublished:
    def test_kumar_2015(self):
        """E1: excess noise of 0 dBm over 25 km in shot-noise units, behind a 0.5 dB demultiplexer."""
        wavelength_m = 1531.12e-9
        for backward, expected, density in ((False, 1.3e-3, 2.3717e-11), (True, 1.6e-3, 2.9315e-11)):
            power = raman_power_w(1e-3, length_km=25, backward=backward, **{**ONE, "bandwidth_nm": 1.0})
            assert power == pytest.approx(density, rel=1e-4)
            per_mode = 0.5 * wavelength_m**3 / (PLANCK_J_S * LIGHT_M_PER_S**2) * 10**-0.05 * power * 1e9
            assert 2 * per_mode == pytest.approx(expected, rel=0.04)

    def test_closed_form(self):
        """E2, to the printed digits."""
        co = [1.47699e7, 1.85062e7, 1.17043e7, 7.39469e6, 4.70399e6, 2.34086e6]
        counter = [1.52975e7, 2.28740e7, 2.51615e7, 2.53574e7, 2.53996e7, 2.54131e7]
        np.testing.assert_allclose(photons(KM, backward=False), co, rtol=1e-5)
        np.testing.assert_allclose(photons(KM, backward=True), counter, rtol=1e-5)
        both = photons(KM, backward=[[False], [True]])
        assert both.shape == (2, 6)
        np.testing.assert_allclose(both[1], counter, rtol=1e-5)

    def test_cross_sections_against_measured_tables(self):
        """E3, and the derived column to its digits."""
        for table, low, high in ((MEASURED_A, -0.25, 0.15), (MEASURED_B, -0.20, 0.20)):
            for nm, measured in table.items():
                assert low <= raman_cross_section(1550, nm) * 1e9 / measured - 1 <= high, nm
        found = raman_cross_section(1550, list(DERIVED)) * 1e9
        np.testing.assert_allclose(found, list(DERIVED.values()), rtol=5e-3)

    @pytest.mark.parametrize(
        ("pump", "quantum", "expected"),
        [(1310, 1550, 1.8e-10), (1550, 1310, 1.0e-12), (1490, 1550, 4.7e-9), (1530, 1550, 4.5e-9),
         (1565, 1550, 3.2e-9), (1610, 1550, 1.35e-9)],
    )  # fmt: skip
    def test_other_pairs(self, pump, quantum, expected):
        assert raman_cross_section(pump, quantum) == pytest.approx(expected, rel=0.03)

    def test_backbone_with_3600_gbit(self):
        """E5 as an order of magnitude: 21 dBm over 66 km leaves the O band usable, and the C band not."""
        launch_w, band_nm = 10**2.1 * 1e-3, 20e9 * (1310e-9) ** 2 / LIGHT_M_PER_S * 1e9
        o_band = {
            backward: photons(
                66,
                backward=backward,
                launch_w=launch_w,
                cross_section_per_km_nm=raman_cross_section(1550, 1310),
                bandwidth_nm=band_nm,
                quantum_attenuation_db_per_km=0.33,
            )
            for backward in (False, True)
        }
        c_band = photons(66, backward=True, launch_w=launch_w, bandwidth_nm=20e9 * (1550e-9) ** 2 / LIGHT_M_PER_S * 1e9)
        assert 5e4 < o_band[False] < o_band[True] < 2e6
        assert c_band > 1e9


class TestShape:
    def test_forward_peaks_at_one_over_alpha(self):
        lengths = np.linspace(1, 60, 5901)
        peak = lengths[np.argmax(photons(lengths, backward=False))]
        assert peak == pytest.approx(10 / (0.2 * np.log(10)), abs=0.02)

    def test_backward_saturates(self):
        limit = photon_rate(1e-3 * 3e-9 * 0.1 / (2 * 0.2 * np.log(10) / 10), wavelength_nm=1550)
        assert photons(1000, backward=True) == pytest.approx(limit, rel=1e-12)
        assert (np.diff(photons(KM, backward=True)) > 0).all()

    @given(
        st.floats(0.01, 300), st.floats(0.15, 1.0), st.floats(0.15, 1.0)
    )  # fmt: skip
    def test_forward_is_less_than_backward_and_unequal_attenuation_is_symmetric(self, length, pump, quantum):
        def found(a, b, *, backward):
            return raman_power_w(
                1.0,
                length_km=length,
                cross_section_per_km_nm=1e-9,
                bandwidth_nm=1.0,
                pump_attenuation_db_per_km=a,
                quantum_attenuation_db_per_km=b,
                backward=backward,
            )

        forward, backward = found(pump, quantum, backward=False), found(pump, quantum, backward=True)
        assert 0 < forward < backward
        assert found(quantum, pump, backward=False) == pytest.approx(float(forward), rel=1e-12)
        grid = (np.arange(2000) + 0.5) / 2000 * length
        p, q = pump * np.log(10) / 10, quantum * np.log(10) / 10
        integral = np.exp(-p * grid - q * (length - grid)).mean() * length * 1e-9
        assert forward == pytest.approx(integral, rel=2e-3)

    def test_equal_attenuation_is_the_limit(self):
        near = photons(KM, backward=False, quantum_attenuation_db_per_km=0.2 + 1e-9)
        np.testing.assert_allclose(near, photons(KM, backward=False), rtol=1e-6)

    def test_no_fibre_no_light(self):
        assert photons(0, backward=False) == photons(0, backward=True) == 0


class TestCrossSection:
    @given(st.floats(0.1, 41), st.floats(200, 350))
    def test_detailed_balance(self, shift_thz, kelvin):
        """Anti-Stokes over Stokes light at one shift: Boltzmann's factor times what the frequencies make."""
        pump, shift = LIGHT_M_PER_S / 1550e-9, shift_thz * 1e12
        above, below = pump + shift, pump - shift
        found = [
            float(raman_cross_section(1550, LIGHT_M_PER_S / quantum * 1e9, temperature_k=kelvin))
            for quantum in (above, below)
        ]
        boltzmann = np.exp(-PLANCK_J_S * shift / (BOLTZMANN_J_PER_K * kelvin))
        assert found[0] / found[1] == pytest.approx((above / below) ** 3 * (above / pump) * boltzmann, rel=1e-6)

    def test_anti_stokes_share_at_the_shift_of_the_plateau(self):
        pump = LIGHT_M_PER_S / 1550e-9
        above, below = (LIGHT_M_PER_S / (pump + sign * 7.8e12) * 1e9 for sign in (1, -1))
        assert raman_cross_section(1550, above) / raman_cross_section(1550, below) == pytest.approx(
            0.29 * 1.25, rel=0.06
        )

    def test_finite_at_the_pump_and_zero_where_no_gain_is_known(self):
        near = raman_cross_section(1550, [1549.9999, 1550, 1550.0001])
        assert np.isfinite(near).all()
        np.testing.assert_allclose(near, near[1], rtol=1e-3)
        assert raman_cross_section(1550, 1260) == 0

    def test_cold_fibre_scatters_less_and_a_larger_core_too(self):
        warm, cold = raman_cross_section(1550, 1310, temperature_k=[300, 273])
        assert cold < 0.8 * warm
        wide = raman_cross_section(1550, 1570, effective_area_um2=151.5)
        assert wide == pytest.approx(raman_cross_section(1550, 1570) / 2)


def test_crosstalk_loses_the_line_or_what_comes_back():
    found = crosstalk_power_w(
        1e-3, length_km=50, attenuation_db_per_km=0.2, isolation_db=90, return_loss_db=32, backward=[False, True]
    )
    np.testing.assert_allclose(found, [1e-13, 1e-3 * 10**-12.2])


def test_counts_per_gate():
    found = counts_per_gate(1e5, gate_width_s=1e-9, receiver_loss_db=3, detector_efficiency=0.2)
    assert found == pytest.approx(1e-4 * 10**-0.3 * 0.2, rel=1e-4)
    half = counts_per_gate(
        1e5, gate_width_s=1e-9, receiver_loss_db=3, detector_efficiency=0.2, polarisation_fraction=0.5
    )
    assert half == pytest.approx(float(found) / 2, rel=1e-4)
    assert counts_per_gate(1e20, gate_width_s=1, receiver_loss_db=0, detector_efficiency=1) == 1
