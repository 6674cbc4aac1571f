"""Writes data/networks/micius/links.csv: the mean key rate of each station over a month of passes.

Every night pass of the shipped satellite is sampled, its key is that of one block, and the sum is divided by the time.
A part of the nights is clear. Run it after a change of the satellite, the module or the physics.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from planner.satellite import (
    Pass,
    Station,
    circular_satellite,
    load_satellite,
    pass_link,
    passes,
    satellite_key,
    stations_of,
)
from planner.shipped import data_dir

FOLDER = data_dir() / "networks" / "micius"
START = datetime(2024, 3, 1, tzinfo=UTC)
DAYS = 32
SLOT_S = 5.0
CLEAR = 0.5
"""Assumed part of the nights with a clear sky."""


def night_passes(stations: list[Station] | tuple[Station, ...], *, days: float = DAYS) -> list[Pass]:
    """The passes of the shipped satellite that make key: those by night."""
    satellite = load_satellite("micius-2017")
    orbit = circular_satellite(
        altitude_km=satellite.altitude_km,
        inclination_deg=satellite.inclination_deg,
        ascending_local_time_h=satellite.ascending_local_time_h,
        epoch=START,
    )
    found = passes(
        orbit,
        stations,
        start=START,
        end=START + timedelta(days=days),
        minimum_elevation_deg=satellite.minimum_elevation_deg,
        slot_s=SLOT_S,
    )
    return [one for one in found if one.light == "night"]


def row(station: Station, over: list[Pass], *, days: float = DAYS) -> str:
    """The station's link: distance and loss in the middle of its passes' culminations, and the mean rate."""
    satellite = load_satellite("micius-2017")
    bits = sum(satellite_key(satellite, one).key_bits for one in over)
    nearest = sorted(
        (float(one.distance_km.min()), float(pass_link(satellite, one).loss.total_db.min())) for one in over
    )
    length_km, loss_db = nearest[len(nearest) // 2]
    rate = CLEAR * bits / (days * 86400)
    return (
        f"{station.name}-micius,{station.name},micius,{length_km:.0f},{loss_db:.1f},{rate:.3g},derived,qcompute-micius"
    )


def links_csv(stations: tuple[Station, ...]) -> str:
    """The whole table."""
    found = night_passes(stations)
    rows = [row(station, [one for one in found if one.station == station.name]) for station in stations]
    return "\n".join(["link_id,node_a,node_b,length_km,loss_db,key_rate_bps,basis,source", *rows]) + "\n"


def stations() -> tuple[Station, ...]:
    """The ground stations of the network, from its table of nodes."""
    import csv

    with (FOLDER / "nodes.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    numbers = ("lat_deg", "lon_deg", "altitude_m")
    return stations_of([{**row, **{name: float(row[name]) for name in numbers}} for row in rows])


if __name__ == "__main__":
    (FOLDER / "links.csv").write_text(links_csv(stations()), encoding="utf-8")
