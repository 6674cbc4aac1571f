"""Satellites: passes over ground stations, key of a pass, key relayed between stations."""

from __future__ import annotations

from planner.satellite.keys import PassKey, pass_key, relayed_bits
from planner.satellite.links import load_satellite, pass_link, satellite_key
from planner.satellite.night import GroundTrack, Night, NightPass, ground_track, night_of
from planner.satellite.orbits import Pass, Station, circular_satellite, passes, satellite_from_tle, stations_of

__all__ = [
    "GroundTrack",
    "Night",
    "NightPass",
    "Pass",
    "PassKey",
    "Station",
    "circular_satellite",
    "ground_track",
    "load_satellite",
    "night_of",
    "pass_key",
    "pass_link",
    "passes",
    "relayed_bits",
    "satellite_from_tle",
    "satellite_key",
    "stations_of",
]
