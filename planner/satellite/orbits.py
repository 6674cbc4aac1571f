"""Where a satellite is over the stations: its passes, and whether it is night there.

Orbits come from skyfield (SGP4), which is only imported here, with the tables of time that it brings along: nothing
is downloaded. The Sun's place needs no ephemeris: the Astronomical Almanac's low-precision formulas, 0.01 degrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from planner.errors import InputError, Problem
from planner.physics.checks import number_problem
from planner.physics.parameters import Parameter

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

EARTH_RADIUS_KM = 6378.137
"""Equatorial radius, from which the height of an orbit is counted."""

_GRAVITY_KM3_PER_S2 = 398_600.8  # of WGS72, which SGP4 is made for
_SGP4_EPOCH = datetime(1949, 12, 31, tzinfo=UTC)
_KNOWN = {
    "altitude_km": Parameter("km", "height of the orbit", low=100.0),
    "inclination_deg": Parameter("degree", "inclination", low=0.0, high=180.0),
    "ascending_node_deg": Parameter("degree", "ascending node"),
    "ascending_local_time_h": Parameter("h", "local time of the ascending node"),
    "phase_deg": Parameter("degree", "angle from the node"),
    "lat_deg": Parameter("degree", "latitude", low=-90.0, high=90.0),
    "lon_deg": Parameter("degree", "longitude", low=-360.0, high=360.0),
    "altitude_m": Parameter("m", "height of a station", low=-1000.0, high=10_000.0),
    "minimum_elevation_deg": Parameter("degree", "least elevation", low=0.0, high=90.0, high_open=True),
    "slot_s": Parameter("s", "length of a slot", low=0.0, low_open=True),
}
_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


class Station(NamedTuple):
    """A ground station.

    Attributes:
        name: Its id.
        lat_deg: Latitude, WGS84.
        lon_deg: Longitude.
        altitude_m: Height above sea level.
    """

    name: str
    lat_deg: float
    lon_deg: float
    altitude_m: float = 0.0


@dataclass(frozen=True, eq=False)
class Pass:
    """A satellite passes a station. Arrays hold one value a slot, at its middle.

    Attributes:
        station: The station's name.
        start: When the satellite rises above the least elevation (UTC).
        culmination: When it is highest.
        end: When it sinks below it again.
        slot_s: Length of a slot in s.
        time_s: Time since the start in s.
        elevation_deg: Elevation of the satellite.
        distance_km: Distance to it.
        sun_elevation_deg: Elevation of the Sun at the station.
    """

    station: str
    start: datetime
    culmination: datetime
    end: datetime
    slot_s: float
    time_s: FloatArray
    elevation_deg: FloatArray
    distance_km: FloatArray
    sun_elevation_deg: FloatArray

    @property
    def highest_deg(self) -> float:
        """The greatest elevation."""
        return float(self.elevation_deg.max())

    @property
    def light(self) -> str:
        """``"night"`` (the Sun always 18 degrees below the horizon or more), ``"day"`` (ever above), ``"twilight"``."""
        highest = float(self.sun_elevation_deg.max())
        return "day" if highest > 0.0 else "night" if highest < -18.0 else "twilight"


def satellite_from_tle(line1: str, line2: str, *, name: str = "satellite") -> Any:
    """A satellite from its two-line elements.

    Args:
        line1: The first line.
        line2: The second line.
        name: How it is called.

    Returns:
        A `skyfield.api.EarthSatellite`.

    Raises:
        InputError: The lines are no elements, or skyfield is not installed.
    """
    sky = _skyfield()
    try:
        found = sky.EarthSatellite(line1, line2, name, sky.load.timescale(builtin=True))
    except ValueError as error:
        raise InputError(Problem(f"the two-line elements cannot be read: {error}")) from None
    if not (line1.startswith("1 ") and line2.startswith("2 ") and found.model.no_kozai > 0):
        raise InputError(
            Problem("these are no two-line elements", expected="a line beginning '1 ', then one with '2 '")
        )
    return found


def circular_satellite(
    *,
    altitude_km: float,
    inclination_deg: float,
    epoch: datetime,
    ascending_node_deg: float | None = None,
    ascending_local_time_h: float | None = None,
    phase_deg: float = 0.0,
    name: str = "satellite",
) -> Any:
    """A satellite in a circular orbit (SGP4 mean elements without drag).

    Args:
        altitude_km: Height above the equator's radius in km.
        inclination_deg: Inclination in degrees.
        epoch: When the other elements hold; with a time zone.
        ascending_node_deg: Right ascension of the ascending node in degrees.
        ascending_local_time_h: Instead of it, mean local solar time at the ascending node in hours.
        phase_deg: Angle from the ascending node at the epoch.
        name: How it is called.

    Returns:
        A `skyfield.api.EarthSatellite`.

    Raises:
        InputError: The epoch has no time zone, not exactly one of the two node arguments is given, or a number is out
            of range.
    """
    _check_time(epoch, "epoch")
    node = {"ascending_node_deg": ascending_node_deg, "ascending_local_time_h": ascending_local_time_h}
    _check_numbers({"altitude_km": altitude_km, "inclination_deg": inclination_deg, "phase_deg": phase_deg} | node)
    if (ascending_node_deg is None) == (ascending_local_time_h is None):
        raise InputError(Problem("give either ascending_node_deg or ascending_local_time_h"))
    if ascending_local_time_h is not None:
        # Mean local time is 12 h where the mean Sun stands.
        ascending_node_deg = _mean_sun_deg(_days(epoch)) + 15.0 * (ascending_local_time_h - 12.0)
    sky = _skyfield()
    from sgp4.api import WGS72, Satrec

    motion_rad_per_min = 60.0 * np.sqrt(_GRAVITY_KM3_PER_S2 / (EARTH_RADIUS_KM + altitude_km) ** 3)
    model = Satrec()
    elements = {
        "bstar": 0.0,
        "ndot": 0.0,
        "nddot": 0.0,
        "ecco": 1e-7,
        "argpo": 0.0,
        "inclo": np.radians(inclination_deg),
        "mo": np.radians(phase_deg % 360.0),
        "no_kozai": motion_rad_per_min,
        "nodeo": np.radians(float(ascending_node_deg or 0.0) % 360.0),
    }
    model.sgp4init(WGS72, "i", 1, (epoch - _SGP4_EPOCH) / timedelta(days=1), *map(float, elements.values()))
    found = sky.EarthSatellite.from_satrec(model, sky.load.timescale(builtin=True))
    found.name = name
    return found


def passes(
    satellite: Any,
    stations: Iterable[Station],
    *,
    start: datetime,
    end: datetime,
    minimum_elevation_deg: float = 10.0,
    slot_s: float = 1.0,
) -> tuple[Pass, ...]:
    """Every whole pass of a satellite over some stations.

    Args:
        satellite: What `satellite_from_tle` or `circular_satellite` gives.
        stations: The stations.
        start: Beginning of the search; with a time zone.
        end: Its end; passes that are cut by either are left out.
        minimum_elevation_deg: Elevation above which it counts.
        slot_s: Length of a slot in s.

    Returns:
        The passes, in the order of their culmination.

    Raises:
        InputError: A time has no time zone, the end is not after the start, or a number is out of range.
    """
    stations = tuple(stations)
    _check_time(start, "start")
    _check_time(end, "end")
    if end <= start:
        raise InputError(Problem(f"end is {end}", column="end", expected=f"a time after the start, {start}"))
    _check_numbers({"minimum_elevation_deg": minimum_elevation_deg, "slot_s": slot_s})
    for station in stations:
        _check_numbers({key: getattr(station, key) for key in ("lat_deg", "lon_deg", "altitude_m")}, of=station.name)
    sky = _skyfield()
    times = sky.load.timescale(builtin=True)
    found = []
    for station in stations:
        place = sky.wgs84.latlon(station.lat_deg, station.lon_deg, elevation_m=station.altitude_m)
        moments, events = satellite.find_events(
            place, times.from_datetime(start), times.from_datetime(end), altitude_degrees=minimum_elevation_deg
        )
        rise, top = None, None
        for moment, event in zip(moments, events, strict=True):
            when = moment.utc_datetime()
            if event == 0:
                rise, top = when, None
            elif event == 1 and top is None:
                top = when
            elif event == 2 and rise is not None and top is not None:
                found.append(_sampled(satellite - place, station, times, (rise, top, when), slot_s=slot_s))
                rise = None
    return tuple(sorted(found, key=lambda one: one.culmination))


def _sampled(
    difference: Any, station: Station, times: Any, moments: tuple[datetime, datetime, datetime], *, slot_s: float
) -> Pass:
    rise, top, sink = moments
    slots = max(int((sink - rise) / timedelta(seconds=slot_s)), 1)
    since = (np.arange(slots) + 0.5) * slot_s
    when = times.tt_jd(times.from_datetime(rise).tt + since / 86400.0)
    elevation, _, distance = difference.at(when).altaz()
    sun = sun_elevation_deg(_days(rise) + since / 86400.0, lat_deg=station.lat_deg, lon_deg=station.lon_deg)
    places = (np.asarray(values, dtype=np.float64) for values in (since, elevation.degrees, distance.km, sun))
    return Pass(station.name, rise, top, sink, slot_s, *places)


def sun_elevation_deg(days_since_j2000: npt.ArrayLike, *, lat_deg: float, lon_deg: float) -> FloatArray:
    """Elevation of the Sun, without refraction, to 0.01 degrees between 1950 and 2050.

    Astronomical Almanac, section C, "Low-precision formulas for the Sun".

    Args:
        days_since_j2000: Days since 1 January 2000, 12:00 UTC.
        lat_deg: Latitude in degrees.
        lon_deg: Longitude in degrees.

    Returns:
        Elevations in degrees, the same shape.
    """
    days = np.asarray(days_since_j2000, dtype=np.float64)
    anomaly = np.radians(357.528 + 0.9856003 * days)
    ecliptic = np.radians(_mean_sun_deg(days) + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2.0 * anomaly))
    tilt = np.radians(23.439 - 4e-7 * days)
    ascension = np.arctan2(np.cos(tilt) * np.sin(ecliptic), np.cos(ecliptic))
    declination = np.arcsin(np.sin(tilt) * np.sin(ecliptic))
    hour = np.radians(15.0 * (18.697374558 + 24.06570982441908 * days) + lon_deg) - ascension
    latitude = np.radians(lat_deg)
    sine = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour)
    return np.asarray(np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))))


def _mean_sun_deg(days: Any) -> Any:
    return 280.460 + 0.9856474 * days


def _days(moment: datetime) -> float:
    return (moment - _J2000) / timedelta(days=1)


def _check_numbers(values: Mapping[str, float | None], *, of: str = "") -> None:
    found = [number_problem(key, value, known=_KNOWN[key]) for key, value in values.items() if value is not None]
    place = f"station '{of}': " if of else ""
    problems = [Problem(place + one.message, column=one.column, expected=one.expected) for one in found if one]
    if problems:
        raise InputError(problems)


def _check_time(moment: datetime, name: str) -> None:
    if moment.tzinfo is None:
        raise InputError(Problem(f"{name} has no time zone", column=name, expected="a time with its zone, such as UTC"))


def stations_of(nodes: Iterable[Mapping[Any, Any]]) -> tuple[Station, ...]:
    """The ground stations among the nodes of a network.

    Args:
        nodes: Rows of the table of nodes: ``network.nodes.to_dict("records")``.

    Returns:
        A station for each node of kind ``ground``.
    """
    return tuple(
        Station(node["node_id"], node["lat_deg"], node["lon_deg"], np.nan_to_num(node.get("altitude_m") or 0.0))
        for node in nodes
        if node["kind"] == "ground"
    )


def _skyfield() -> Any:
    try:
        import skyfield.api
    except ImportError:
        raise InputError(
            Problem(
                "passes of satellites need the package skyfield", expected="pip install 'qkd-trunk-planner[satellite]'"
            )
        ) from None
    return skyfield.api
