"""The passes of one night: when a satellite is seen from its stations in the dark, and what key each pass gives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.satellite.links import satellite_key
from planner.satellite.orbits import Pass, Station, circular_satellite, passes

if TYPE_CHECKING:
    from planner.physics import Module
    from planner.physics.entropy import FloatArray
    from planner.records import SatelliteRecord

SLOT_S = 5.0
BEFORE_AND_AFTER = timedelta(minutes=6)
"""How much of the ground track is told beyond the passes."""


@dataclass(frozen=True, eq=False)
class GroundTrack:
    """Where a satellite is overhead, one value a step.

    Attributes:
        start: When it begins (UTC).
        lon_deg: Longitudes.
        lat_deg: Latitudes.
    """

    start: datetime
    lon_deg: FloatArray
    lat_deg: FloatArray


@dataclass(frozen=True, eq=False)
class NightPass:
    """A pass by night or twilight.

    Attributes:
        over: The pass.
        track: The part of the ground track that belongs to it.
        key_bits: Secret bits that it gives.
    """

    over: Pass
    track: GroundTrack
    key_bits: float


@dataclass(frozen=True, eq=False)
class Night:
    """A night of a satellite.

    Attributes:
        start: Local noon before it, in the middle of the stations (UTC).
        end: Local noon after it.
        passes: By night or twilight, in the order of their culmination.
        tracks: The ground track of every revolution with such a pass, from before to after it.
    """

    start: datetime
    end: datetime
    passes: tuple[NightPass, ...]
    tracks: tuple[GroundTrack, ...]


def night_of(
    satellite: SatelliteRecord,
    stations: Sequence[Station],
    *,
    day: date,
    module: Module | None = None,
    slot_s: float = SLOT_S,
) -> Night:
    """The passes in the night after a day.

    The orbit is a circle. Where on it the satellite stands is not known: it is taken to cross the equator northwards
    at 0:00 UTC of the day (where no local time of its node is known: in the direction of the vernal equinox), so the
    passes are those of some night like it, not a forecast.

    Args:
        satellite: Orbit and optics.
        stations: The stations, at least one.
        day: The day whose night it is, in the middle of the stations.
        module: The module; the satellite's by default.
        slot_s: Length of a slot of a pass in s.

    Returns:
        The night.

    Raises:
        InputError: skyfield is not installed, or the module has another protocol than decoy-state BB84.
    """
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    orbit = circular_satellite(
        altitude_km=satellite.altitude_km,
        inclination_deg=satellite.inclination_deg,
        epoch=midnight,
        ascending_local_time_h=satellite.ascending_local_time_h,
        ascending_node_deg=0.0 if satellite.ascending_local_time_h is None else None,
    )
    start = midnight + timedelta(hours=12 - _middle_lon_deg(stations) / 15)
    end = start + timedelta(days=1)
    found = passes(
        orbit,
        stations,
        start=start,
        end=end,
        minimum_elevation_deg=satellite.minimum_elevation_deg,
        slot_s=slot_s,
    )
    dark = [over for over in found if over.light != "day"]
    return Night(
        start=start,
        end=end,
        passes=tuple(
            NightPass(
                over=over,
                track=ground_track(orbit, start=over.start, end=over.end),
                key_bits=satellite_key(satellite, over, module=module).key_bits,
            )
            for over in dark
        ),
        tracks=tuple(ground_track(orbit, start=a, end=b) for a, b in _spells(dark)),
    )


def ground_track(orbit: Any, *, start: datetime, end: datetime, step_s: float = 20.0) -> GroundTrack:
    """The points below a satellite.

    Args:
        orbit: What `satellite_from_tle` or `circular_satellite` gives.
        start: Beginning; with a time zone.
        end: End, which is a point of the track too.
        step_s: About how long between two points, in s.

    Returns:
        The track; longitudes between -180 and 180 degrees.
    """
    import skyfield.api as sky

    steps = max(int(np.ceil((end - start) / timedelta(seconds=step_s))), 1)
    since = np.linspace(0.0, (end - start) / timedelta(days=1), steps + 1)
    times = sky.load.timescale(builtin=True)
    below = sky.wgs84.subpoint_of(orbit.at(times.tt_jd(times.from_datetime(start).tt + since)))
    return GroundTrack(start, np.asarray(below.longitude.degrees), np.asarray(below.latitude.degrees))


def _middle_lon_deg(stations: Iterable[Station]) -> float:
    """Of the stations, also where they lie on both sides of the antimeridian."""
    turns = np.radians([station.lon_deg for station in stations])
    return float(np.degrees(np.arctan2(np.sin(turns).mean(), np.cos(turns).mean())))


def _spells(found: Iterable[Pass]) -> list[tuple[datetime, datetime]]:
    """Times around the passes, joined where they overlap."""
    spells: list[tuple[datetime, datetime]] = []
    for over in sorted(found, key=lambda one: one.start):
        start, end = over.start - BEFORE_AND_AFTER, over.end + BEFORE_AND_AFTER
        if spells and start <= spells[-1][1]:
            spells[-1] = (spells[-1][0], max(end, spells[-1][1]))
        else:
            spells.append((start, end))
    return spells
