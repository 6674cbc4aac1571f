"""The passes of a night as the map's viewer shows them, where nodes of a network name their orbits."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from planner.errors import InputError, UsageError
from planner.records import SatelliteRecord, rows_of
from planner.report.courses import encode_path, unwrapped

if TYPE_CHECKING:
    from planner.network import Network
    from planner.satellite import Station
    from planner.satellite.night import GroundTrack, Night

NIGHT = date(2024, 3, 1)
"""The night that is shown unless another is asked for; a fixed one, so that the same network gives the same map."""

YEARS = range(1950, 2050)
"""For which the formulas of the Sun's place are good."""


def passes_on_map(network: Network, *, night: date = NIGHT) -> dict[str, Any] | None:
    """The passes of every satellite over the stations that it has links to.

    Args:
        network: The network.
        night: The day whose night is shown.

    Returns:
        ``night``, ``about`` (what was assumed, in words), ``rows`` (one a pass: ``satellite`` and ``station`` as node
        ids, ``start``, ``culmination`` and ``end`` in UTC, ``highest_deg``, ``nearest_km``, ``light``, ``key_bits``,
        and ``path``, its part of the ground track) and ``tracks`` (``satellite``, ``path``). None where no node names
        an orbit and has a ground station; without skyfield no rows, and ``about`` says why.

    Raises:
        UsageError: The night is not one of the years 1950 to 2049.
    """
    flying = dict(_flying(network))
    if not flying:
        return None
    if night.year not in YEARS:
        raise UsageError(f"the night of {night.isoformat()} is too far off: the Sun is known from 1950 to 2049")
    told: dict[str, Any] = {"night": night.isoformat(), "about": "", "rows": [], "tracks": []}
    if importlib.util.find_spec("skyfield") is None:
        about = "Passes are not shown: they need the package skyfield when the map is made."
        return told | {"about": about}
    from planner.satellite.night import night_of

    sentences = []
    for node, (satellite, stations) in flying.items():
        try:
            found = night_of(satellite, stations, day=night, module=network.modules.get(satellite.module))
        except InputError as error:
            sentences.append(f"{network.node_names[node]}: {error}")
            continue
        told["rows"] += _rows(node, found)
        told["tracks"] += [{"satellite": node, "path": _path(track)} for track in found.tracks]
        sentences.append(_about(network.node_names[node], satellite, night=night, found=found))
    return told | {"about": " ".join(sentences)}


def _flying(network: Network) -> Iterator[tuple[str, tuple[SatelliteRecord, list[Station]]]]:
    """The satellites whose orbit is known, each with the ground stations that it has links to."""
    named = network.nodes[network.nodes["satellite"].notna()]
    if named.empty:
        return
    from planner.satellite import stations_of

    stations = {station.name: station for station in stations_of(network.nodes.to_dict("records"))}
    for row in rows_of(named):
        satellite = network.satellites.get(row.satellite)
        neighbours = set(network.graph[row.node_id])
        seen = [station for name, station in stations.items() if name in neighbours]
        if satellite is not None and seen:
            yield row.node_id, (satellite, seen)


def _rows(node: str, found: Night) -> list[dict[str, Any]]:
    return [
        {
            "satellite": node,
            "station": one.over.station,
            "start": _utc(one.over.start),
            "culmination": _utc(one.over.culmination),
            "end": _utc(one.over.end),
            "highest_deg": round(one.over.highest_deg, 1),
            "nearest_km": round(float(one.over.distance_km.min()), 1),
            "light": one.over.light,
            "key_bits": float(f"{one.key_bits:.6g}"),
            "path": _path(one.track),
        }
        for one in found.passes
    ]


def _path(track: GroundTrack) -> list[int]:
    return encode_path(unwrapped(list(zip(track.lon_deg.tolist(), track.lat_deg.tolist(), strict=True))))


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _about(name: str, satellite: SatelliteRecord, *, night: date, found: Night) -> str:
    rises = satellite.ascending_local_time_h
    node = "" if rises is None else f", ascending node at {int(rises):02d}:{round(rises % 1 * 60):02d} local solar time"
    return (
        f"{name}, {_utc(found.start)[:16].replace('T', ' ')} to {_utc(found.end)[:16].replace('T', ' ')} UTC: "
        f"a circular orbit of {satellite.altitude_km:g} km and {satellite.inclination_deg:g}°{node}. Where on it the "
        f"satellite stands is assumed (over the equator at 0:00 UTC on {night.isoformat()}), so this is a night like "
        f"others, not a forecast. Passes by day are left out; clouds are not counted. Optics: {satellite.title}."
    )
