"""Passes of a satellite, day and night, the downlink of every slot; without a network."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from planner.errors import InputError
from planner.physics.free_space import slant_range_km
from planner.satellite import (
    Station,
    circular_satellite,
    load_satellite,
    pass_link,
    passes,
    satellite_from_tle,
    satellite_key,
    stations_of,
)
from planner.satellite.orbits import EARTH_RADIUS_KM, sun_elevation_deg
from planner.shipped import shipped_ids

START = datetime(2024, 6, 1, tzinfo=UTC)
XINGLONG = Station("xinglong", 40.39587, 117.57746, 890.0)
NANSHAN = Station("nanshan", 43.47546, 87.17669, 2030.0)
ISS = (
    "1 25544U 98067A   24152.50000000  .00016717  00000-0  30000-3 0  9990",
    "2 25544  51.6400 100.0000 0005000  90.0000 270.0000 15.50000000    12",
)


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    def refuse(*args):
        raise AssertionError("no network here")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def micius():
    return circular_satellite(
        altitude_km=500, inclination_deg=97.4, epoch=START, ascending_local_time_h=0.5, name="Micius"
    )


@pytest.fixture(scope="module")
def found(micius):
    return passes(micius, [XINGLONG, NANSHAN], start=START, end=START + timedelta(days=2))


class TestPasses:
    def test_several_a_day_in_the_order_of_time(self, found):
        assert 8 <= len(found) <= 24
        assert [one.culmination for one in found] == sorted(one.culmination for one in found)
        assert {one.station for one in found} == {"xinglong", "nanshan"}

    def test_elevation_distance_and_time_fit_together(self, found):
        for one in found:
            assert one.start < one.culmination < one.end
            assert len(one.time_s) == len(one.elevation_deg) == len(one.distance_km) == len(one.sun_elevation_deg)
            assert abs((one.end - one.start).total_seconds() - len(one.time_s)) <= 1
            assert (one.elevation_deg > 9.9).all()
            assert one.elevation_deg[[0, -1]] == pytest.approx(10, abs=0.2)
            top = one.time_s[np.argmax(one.elevation_deg)]
            assert top == pytest.approx((one.culmination - one.start).total_seconds(), abs=1.5)
            assert one.distance_km.argmin() == pytest.approx(one.elevation_deg.argmax(), abs=2)

    def test_distances_are_those_of_the_sphere(self, found):
        for one in found:
            sphere = slant_range_km(one.elevation_deg, altitude_km=500)
            np.testing.assert_allclose(one.distance_km, sphere, rtol=0.05)

    def test_a_sun_synchronous_orbit_at_midnight_passes_by_night_and_by_day(self, found):
        assert {one.light for one in found} == {"night", "day"}
        for one in found:
            local_h = (one.culmination.hour + one.culmination.minute / 60 + 117 / 15) % 24
            if one.station == "xinglong" and one.light == "night":
                assert local_h > 22 or local_h < 3

    def test_slots_may_be_longer(self, micius, found):
        coarse = passes(micius, [XINGLONG], start=START, end=START + timedelta(days=1), slot_s=10)
        first = next(one for one in found if one.station == "xinglong")
        assert abs(coarse[0].start - first.start) < timedelta(seconds=0.5)
        assert len(coarse[0].time_s) == len(first.time_s) // 10

    def test_two_line_elements(self):
        station = satellite_from_tle(*ISS, name="ISS")
        over = passes(station, [XINGLONG], start=START, end=START + timedelta(days=1))
        assert over
        for one in over:
            assert one.distance_km.min() > 380

    def test_height_of_the_orbit(self, micius):
        from skyfield.api import load

        times = load.timescale(builtin=True)
        height = micius.at(times.utc(2024, 6, 1, 0, range(95))).distance().km - EARTH_RADIUS_KM
        assert height.min() == pytest.approx(500, abs=12)
        assert height.max() == pytest.approx(500, abs=12)


class TestWrong:
    def test_elements(self):
        with pytest.raises(InputError, match="elements"):
            satellite_from_tle("nonsense", "more of it")

    def test_times_without_zone(self, micius):
        naive = datetime(2024, 6, 1)  # noqa: DTZ001
        with pytest.raises(InputError, match="time zone"):
            passes(micius, [XINGLONG], start=naive, end=START)

    def test_node_of_the_orbit(self):
        with pytest.raises(InputError, match="either"):
            circular_satellite(altitude_km=500, inclination_deg=97, epoch=START)

    @pytest.mark.parametrize("height", [-6000.0, 50.0, float("nan")])
    def test_height_of_an_orbit(self, height):
        with pytest.raises(InputError, match=r"altitude_km is .*100 <= value"):
            circular_satellite(altitude_km=height, inclination_deg=97, epoch=START, ascending_node_deg=0.0)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"end": START}, "after the start"),
            ({"slot_s": 0.0}, "slot_s is 0"),
            ({"minimum_elevation_deg": 90.0}, "minimum_elevation_deg is 90"),
            ({"stations": [Station("north", 140.0, 0.0)]}, "station 'north': lat_deg is 140"),
        ],
    )
    def test_search(self, micius, changes, words):
        given = {"stations": [XINGLONG], "start": START, "end": START + timedelta(days=1)} | changes
        with pytest.raises(InputError, match=words):
            passes(micius, given.pop("stations"), **given)

    def test_satellite(self, tmp_path):
        with pytest.raises(InputError, match=r"unknown satellite 'mikius-2017'.*micius-2017"):
            load_satellite("mikius-2017")
        (tmp_path / "x.toml").write_text('title = "x"\n')
        with pytest.raises(InputError, match=r"x\.toml.*waist_m"):
            load_satellite(tmp_path / "x.toml")


@pytest.mark.parametrize(
    ("moment", "lat", "lon", "expected"),
    [
        (datetime(2024, 6, 20, 12, tzinfo=UTC), 51.4779, 0.0, 61.95),  # solstice, Greenwich, near noon
        (datetime(2024, 3, 20, 12, 7, tzinfo=UTC), 0.0, 0.0, 89.8),  # equinox, where the Sun stands overhead
        (datetime(2024, 6, 20, 0, tzinfo=UTC), 51.4779, 0.0, -15.1),
    ],
)
def test_the_sun(moment, lat, lon, expected):
    days = (moment - datetime(2000, 1, 1, 12, tzinfo=UTC)) / timedelta(days=1)
    assert sun_elevation_deg(days, lat_deg=lat, lon_deg=lon) == pytest.approx(expected, abs=0.2)


class TestDownlink:
    @pytest.mark.parametrize("name", shipped_ids("satellites"))
    def test_shipped_satellites_say_where_figures_come_from(self, name):
        satellite = load_satellite(name)
        assert satellite.title_local
        assert satellite.note

    def test_the_inclination_of_micius_follows_from_its_height(self):
        """A node that goes round once a year: cos i = -(2 n_year a^2) / (3 J2 n R^2)."""
        satellite = load_satellite("micius-2017")
        assert satellite.parameter_basis["inclination_deg"] == "derived"
        axis, gravity, year_s = EARTH_RADIUS_KM + satellite.altitude_km, 398600.4418, 365.2422 * 86400
        motion = np.sqrt(gravity / axis**3)
        cosine = -2 * (2 * np.pi / year_s) * axis**2 / (3 * 1.08263e-3 * motion * EARTH_RADIUS_KM**2)
        assert np.degrees(np.arccos(cosine)) == pytest.approx(satellite.inclination_deg, abs=0.05)

    def test_night_passes_make_key_and_day_passes_do_not(self, found):
        satellite = load_satellite("micius-2017")
        keys = {one: satellite_key(satellite, one) for one in found}
        high = [one for one in found if one.highest_deg > 45]
        assert any(one.light == "night" for one in high)
        for one in found:
            if one.light == "day":
                assert keys[one].key_bits == 0
            elif one.highest_deg > 45:
                assert 50_000 < keys[one].key_bits < 1e6
        by_height = sorted((one for one in found if one.light == "night"), key=lambda one: one.highest_deg)
        bits = [keys[one].key_bits for one in by_height]
        assert bits == sorted(bits), "a higher pass gives more key"

    def test_loss_of_2017_is_predicted_from_its_value_at_650_km(self):
        """Published: 30.38 dB at 650 km (taken), 30.94 at 800, 34.42 at 1000, 38.22 dB at 1190 km."""
        from planner.satellite import Pass

        distance = np.array([650.0, 800, 1000, 1190])
        sine = (500.0**2 + 2 * 6371 * 500 - distance**2) / (2 * 6371 * distance)
        zeros = np.zeros(4)
        over = Pass("x", START, START, START, 1.0, zeros, np.degrees(np.arcsin(sine)), distance, zeros - 40)
        total = pass_link(load_satellite("micius-2017"), over).loss.total_db
        assert total[0] == pytest.approx(30.38, abs=0.1)
        np.testing.assert_allclose(total, [30.38, 30.94, 34.42, 38.22], atol=2.0)

    def test_twilight_lies_between(self, found):
        satellite = load_satellite("micius-2017")
        night = next(one for one in found if one.light == "night")
        light = []
        for sun in (-30.0, -18.0, -9.0, 0.0, 30.0):
            from dataclasses import replace

            over = replace(night, sun_elevation_deg=np.full(len(night.time_s), sun))
            light.append(float(pass_link(satellite, over).background_probability[0]))
        assert light[0] == light[1] < light[2] < light[3] == light[4]


def test_stations_of_a_network():
    rows = [
        {"node_id": "a", "kind": "ground", "lat_deg": 1.0, "lon_deg": 2.0, "altitude_m": float("nan")},
        {"node_id": "b", "kind": "ground", "lat_deg": 1.0, "lon_deg": 2.0, "altitude_m": 900.0},
        {"node_id": "c", "kind": "trusted", "lat_deg": 1.0, "lon_deg": 2.0, "altitude_m": 0.0},
    ]
    assert stations_of(rows) == (Station("a", 1.0, 2.0, 0.0), Station("b", 1.0, 2.0, 900.0))
