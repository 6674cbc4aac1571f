"""The downlink: geometry, truncated and untruncated beams, atmosphere, jitter, sky."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import j0

from planner.physics.free_space import (
    air_mass,
    atmosphere_transmittance,
    beam_radius_m,
    collected_fraction,
    downlink_loss,
    pointing_factor,
    sky_photon_rate,
    slant_range_km,
)

# Case F4: a satellite 500 km high passes the zenith; 810 nm, both radii of the transmitter 0.15 m, receiver 0.6 m.
ELEVATION = np.array([90.0000, 65.2779, 46.7121, 31.0612, 19.6123, 12.3867, 7.2103])
DISTANCE = np.array([500.000, 546.268, 666.019, 887.342, 1207.289, 1546.901, 1894.881])
DIFFRACTION = np.array([0.36866757, 0.31891178, 0.22657145, 0.13411009, 0.07461708, 0.04607255, 0.03092281])
AIR = np.array([0.81363900, 0.79910928, 0.76191401, 0.69300494, 0.58700337, 0.45627038, 0.28985354])
TOTAL_DB = [19.7159, 20.4238, 22.1154, 24.8045, 28.0717, 31.2599, 34.9619]
BEAM = {"waist_m": 0.15, "receiver_radius_m": 0.6, "wavelength_nm": 810}


class TestSatQuma:
    def test_geometry(self):
        np.testing.assert_allclose(slant_range_km(ELEVATION, altitude_km=500), DISTANCE, rtol=1e-3)

    def test_truncated_beam(self):
        found = collected_fraction(DISTANCE, transmitter_radius_m=0.15, **BEAM)
        np.testing.assert_allclose(found, DIFFRACTION, rtol=2e-6)

    def test_untruncated_beam(self):
        np.testing.assert_allclose(collected_fraction([500, 1000], **BEAM), [0.611693, 0.214828], rtol=1e-5)

    def test_truncation_costs_what_the_formula_leaves_out(self):
        cut, whole = (collected_fraction([500, 1036], **BEAM, transmitter_radius_m=edge) for edge in (0.15, None))
        np.testing.assert_allclose(10 * np.log10(whole / cut), [2.2, 3.05], atol=0.02)

    def test_totals(self):
        found = downlink_loss(
            DISTANCE, elevation_deg=ELEVATION, transmitter_radius_m=0.15, system_loss_db=14.486521892692624, **BEAM
        )
        np.testing.assert_allclose(found.total_db, TOTAL_DB, atol=1e-4)
        np.testing.assert_allclose(sum(found[:4]), found.total_db)
        assert (found.pointing_db == 0).all()
        np.testing.assert_allclose(10 ** (-found.atmosphere_db / 10), AIR)


class TestBeam:
    @pytest.mark.parametrize(("distance", "receiver", "edge"), [(500, 0.6, 0.15), (300, 2.0, 0.15), (36000, 0.5, 0.05)])
    def test_against_adaptive_integrals(self, distance, receiver, edge):
        waist, k = 0.1, 2 * np.pi / 810e-9

        def field(radius):
            return quad(lambda r: np.exp(-((r / waist) ** 2)) * j0(k * r * radius / distance / 1e3) * r, 0, edge)[0]

        power = 2 * np.pi * quad(lambda r: field(r) ** 2 * r, 0, receiver, epsrel=1e-9)[0] * (k / distance / 1e3) ** 2
        emitted = np.pi * waist**2 / 2 * (1 - np.exp(-2 * edge**2 / waist**2))
        found = collected_fraction(
            distance, waist_m=waist, receiver_radius_m=receiver, wavelength_nm=810, transmitter_radius_m=edge
        )
        assert found == pytest.approx(power / emitted, rel=1e-6)

    def test_a_wide_aperture_cuts_nothing_off(self):
        cut, whole = (collected_fraction([500, 2000], **BEAM, transmitter_radius_m=edge) for edge in (0.6, None))
        np.testing.assert_allclose(cut, whole, rtol=0.04)  # focused against collimated

    def test_nearly_everything_is_collected_by_a_huge_telescope(self):
        found = collected_fraction(500, waist_m=0.15, receiver_radius_m=6, wavelength_nm=810, transmitter_radius_m=0.15)
        assert 0.98 < found < 1

    @given(st.floats(300, 2000), st.floats(0.03, 0.5), st.floats(0.1, 1.5), st.floats(400, 1600))
    def test_farther_is_less_and_a_fraction_is_a_fraction(self, distance, waist, receiver, wavelength):
        near, far = collected_fraction(
            [distance, 1.1 * distance],
            waist_m=waist,
            receiver_radius_m=receiver,
            wavelength_nm=wavelength,
            transmitter_radius_m=waist,
        )
        assert 0 < far < near <= 1

    def test_shapes(self):
        assert collected_fraction(500, transmitter_radius_m=0.15, **BEAM).shape == ()
        grid = collected_fraction(np.full((3, 1), 500.0), transmitter_radius_m=[0.1, 0.15], **BEAM)
        assert grid.shape == (3, 2)
        assert collected_fraction(np.full(1000, 500.0), transmitter_radius_m=0.15, **BEAM)[-1] == pytest.approx(
            DIFFRACTION[0], rel=1e-5
        )


def test_jitter_against_sampled_offsets():
    width = float(beam_radius_m(1000, waist_m=0.15, wavelength_nm=810))
    offsets = np.random.default_rng(1).normal(0, 0.8e-6 * 1e6, size=(2, 400_000))
    sampled = np.exp(-2 * np.square(offsets).sum(axis=0) / width**2).mean()
    assert pointing_factor(1000, beam_radius_m=width, pointing_jitter_rad=0.8e-6) == pytest.approx(sampled, rel=3e-3)
    assert pointing_factor(1000, beam_radius_m=width, pointing_jitter_rad=0) == 1


class TestAtmosphere:
    def test_table(self):
        np.testing.assert_allclose(atmosphere_transmittance(ELEVATION), AIR, rtol=1e-12)

    def test_monotone_and_dark_below_the_horizon(self):
        found = atmosphere_transmittance(np.linspace(0, 90, 181))
        assert (np.diff(found) > 0).all()
        assert found[0] > 0
        assert atmosphere_transmittance(-0.1) == 0

    def test_scales_with_the_zenith(self):
        found = atmosphere_transmittance(ELEVATION, zenith_transmittance=AIR[0] ** 2)
        np.testing.assert_allclose(found, AIR**2)

    def test_air_mass(self):
        assert air_mass(90) == pytest.approx(1, abs=1e-3)
        assert air_mass(30) == pytest.approx(2, rel=0.01)
        assert air_mass(5) == pytest.approx(10.3, rel=0.01)


def test_sky():
    """A field of view of 10 urad, a telescope of 1 m, 1 nm, and 1e-5 W/(m^2 sr nm) at 850 nm."""
    found = sky_photon_rate(1e-5, field_of_view_rad=1e-5, receiver_radius_m=0.5, bandwidth_nm=1, wavelength_nm=850)
    by_hand = 1e-5 * np.pi / 4 * 1e-10 * np.pi / 4 * 850e-9 / (6.62607015e-34 * 299792458)
    assert found == pytest.approx(by_hand)


def test_enough_points_for_the_largest_receiver(monkeypatch):
    from planner.physics import free_space

    def found():
        return free_space._truncated(np.array([1.0, 10, free_space.WIDEST]), cut=np.array([1.0, 0.3, 2.5]))

    few = found()
    monkeypatch.setattr(free_space, "NODES", 200)
    np.testing.assert_allclose(few, found(), rtol=1e-9)
