"""Writes demands.csv of the shipped trunks from demand_assumptions.toml.

    python scripts/make_demands.py

The gravity model of planner.demand spreads the units of each service over pairs of cities; the parts are rounded
to whole units whose sum is the stated total. A demand goes to the line that both of its ends lie on; the demands
that cross from one line to the other go to the joined network.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from geographiclib.geodesic import Geodesic

from planner.demand import Pair, apportion, gravity_split
from planner.shipped import data_dir, read_toml

ASSUMPTIONS = Path(__file__).with_name("demand_assumptions.toml")
LINES = ("beijing-shanghai", "wuhan-hefei")
JOINED = "trunks"
COLUMNS = ("demand_id", "node_a", "node_b", "service", "units", "priority", "basis", "source")

Place = tuple[float, float]


def places(network: str) -> dict[str, Place]:
    """Latitude and longitude of the nodes of a line, in degrees."""
    with (data_dir() / "networks" / network / "nodes.csv").open(encoding="utf-8", newline="") as file:
        return {row["node_id"]: (float(row["lat_deg"]), float(row["lon_deg"])) for row in csv.DictReader(file)}


def distance_km(a: Place, b: Place) -> float:
    return float(Geodesic.WGS84.Inverse(*a, *b)["s12"]) / 1000


def split(group: dict[str, Any], *, assumed: dict[str, Any], where: dict[str, Place]) -> dict[Pair, int]:
    """Whole units of one service by pair of cities."""
    pairs = list(combinations(group["cities"], 2))
    shares = gravity_split(
        group["units"],
        weights={city: assumed["weights"][city] for city in group["cities"]},
        pairs=pairs,
        distances_km={(a, b): distance_km(where[a], where[b]) for a, b in pairs},
        distance_exponent=assumed["distance_exponent"],
    )
    return dict(zip(pairs, apportion(group["units"], shares=list(shares.values())), strict=True))


def rows(assumed: dict[str, Any], *, where: dict[str, Place]) -> Iterator[dict[str, Any]]:
    """All demands, service by service."""
    for group in (*assumed["gravity"], *assumed["stated"]):
        if "cities" in group:
            units = split(group, assumed=assumed, where=where)
        else:
            units = dict.fromkeys(map(tuple, group["pairs"]), group["units"])
        for (a, b), count in units.items():
            yield {
                "demand_id": f"{group['service']}-{a}-{b}",
                "node_a": a,
                "node_b": b,
                "service": group["service"],
                "units": count,
                "priority": group.get("priority", 1),
                "basis": "assumed",
                "source": group.get("source"),
            }


def demands_csv() -> dict[str, str]:
    """The text of demands.csv by network."""
    nodes = {line: places(line) for line in LINES}
    where = {city: place for line in nodes.values() for city, place in line.items()}
    texts = {network: io.StringIO() for network in (*LINES, JOINED)}
    writers = {network: csv.DictWriter(text, COLUMNS, lineterminator="\n") for network, text in texts.items()}
    for writer in writers.values():
        writer.writeheader()
    for row in rows(read_toml(ASSUMPTIONS), where=where):
        home = next((line for line in LINES if {row["node_a"], row["node_b"]} <= nodes[line].keys()), JOINED)
        writers[home].writerow(row)
    return {network: text.getvalue() for network, text in texts.items()}


def main() -> None:
    for network, text in demands_csv().items():
        path = data_dir() / "networks" / network / "demands.csv"
        path.write_text(text, encoding="utf-8", newline="")
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
