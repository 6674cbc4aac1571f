"""The passes of a night, and the ground track below them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from planner.errors import InputError
from planner.satellite import Station, circular_satellite, ground_track, load_satellite, night_of, satellite_key

pytest.importorskip("skyfield")

STATIONS = (Station("xinglong", 40.396, 117.577, 890), Station("nanshan", 43.475, 87.177, 2030))
DAY = date(2024, 3, 1)


@pytest.fixture(scope="module")
def optics():
    return load_satellite("micius-2017")


@pytest.fixture(scope="module")
def night(optics):
    return night_of(optics, STATIONS, day=DAY)


def test_a_night_lasts_from_noon_to_noon(night):
    noon_utc = 12 - (117.577 + 87.177) / 2 / 15
    assert night.start == pytest.approx(
        datetime(2024, 3, 1, tzinfo=UTC) + timedelta(hours=noon_utc), abs=timedelta(minutes=1)
    )
    assert night.end - night.start == timedelta(days=1)
    assert night.passes
    for one in night.passes:
        assert night.start < one.over.start < one.over.culmination < one.over.end < night.end
        assert one.over.light != "day"


def test_key_is_that_of_the_pass(night, optics):
    assert [one.key_bits for one in night.passes] == [satellite_key(optics, one.over).key_bits for one in night.passes]
    assert max(one.key_bits for one in night.passes) > 1e5


def angle_deg(lon_deg, lat_deg, station):
    """Between a place and a station, seen from the middle of the Earth."""
    lon, lat, here_lon, here_lat = np.radians([lon_deg, lat_deg, station.lon_deg, station.lat_deg])
    cosine = np.sin(lat) * np.sin(here_lat) + np.cos(lat) * np.cos(here_lat) * np.cos(lon - here_lon)
    return np.degrees(np.arccos(cosine))


def test_ground_track_of_a_pass_is_where_the_station_can_see(night, optics):
    """A satellite at the least elevation of 10 degrees, 500 km up, is over a place at most 12.7 degrees away."""
    ratio = 6378.0 / (6378.0 + optics.altitude_km)
    rim_deg = 90 - 10 - np.degrees(np.arcsin(ratio * np.cos(np.radians(10))))
    stations = {station.name: station for station in STATIONS}
    for one in night.passes:
        places = zip(one.track.lon_deg, one.track.lat_deg, strict=True)
        away = np.array([angle_deg(lon, lat, stations[one.over.station]) for lon, lat in places])
        assert away[0] == pytest.approx(rim_deg, abs=0.35)
        assert away[-1] == pytest.approx(rim_deg, abs=0.35)
        assert away.min() < rim_deg - 1


def test_tracks_reach_beyond_their_passes_and_do_not_overlap(night):
    assert len(night.tracks) <= len(night.passes)
    for one in night.passes:
        within = [track for track in night.tracks if track.start < one.over.start]
        assert within, "a track begins before each pass"
    starts = [track.start for track in night.tracks]
    assert starts == sorted(starts)


def test_ground_track_follows_the_orbit():
    epoch = datetime(2024, 3, 1, tzinfo=UTC)
    polar = circular_satellite(altitude_km=500, inclination_deg=90, ascending_node_deg=0.0, epoch=epoch)
    track = ground_track(polar, start=epoch, end=epoch + timedelta(minutes=10), step_s=60)
    assert len(track.lat_deg) == 11
    assert track.lat_deg[0] == pytest.approx(0, abs=0.3)
    # 94.6 minutes a revolution, and geodetic latitude is a little more than geocentric
    assert track.lat_deg[-1] == pytest.approx(10 / 94.6 * 360, abs=0.5)
    assert np.all((track.lon_deg >= -180) & (track.lon_deg <= 180))


def test_stations_on_both_sides_of_the_antimeridian_share_a_night(optics):
    pair = (Station("fiji", -17.0, 179.0), Station("samoa", -14.0, -172.0))
    night = night_of(optics, pair, day=DAY)
    assert night.start.hour in {23, 0}, "noon there is midnight in Greenwich"


def test_another_protocol_is_told(optics):
    with pytest.raises(InputError, match="bb84-decoy"):
        night_of(optics.model_copy(update={"module": "cv-1mhz-homodyne"}), STATIONS, day=DAY)
