"""Writes links.csv of the shipped trunks from their nodes.csv and the published totals.

    python scripts/make_spans.py

Lengths: the published length of a section is shared out over its spans in proportion to the great circle between
the sites (WGS84), in steps of 0.1 km, so that the sum is exact. Pairs: the published number of links of a line is
given out one by one, each to the span with the lowest key rate (max-min); where no number is published, every span
gets the fewest pairs that carry 20 kbit/s, the published figure of the line that it extends.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geographiclib.geodesic import Geodesic

from planner.demand import apportion
from planner.physics import key_rate
from planner.shipped import data_dir, read_toml

LINE_RATE_BPS = 20_000.0
"""Published for the whole Beijing–Shanghai line: "more than 20 kbit/s"."""


@dataclass(frozen=True)
class Section:
    """A part of a line whose total length is published, or the difference of two that are."""

    first: str
    last: str
    length_km: float
    year: int
    source: str


@dataclass(frozen=True)
class Line:
    """A chain of sites in the order of its nodes.csv."""

    network: str
    sections: tuple[Section, ...]
    pairs: int | None


LINES = (
    Line(
        network="beijing-shanghai",
        sections=(
            Section(first="beijing", last="hefei", length_km=2032 - 712, year=2017, source="qni-beijing-shanghai"),
            Section(first="hefei", last="shanghai", length_km=712, year=2016, source="china-daily-2016"),
        ),
        pairs=135,
    ),
    Line(
        network="wuhan-hefei",
        sections=(Section(first="wuhan", last="hefei", length_km=609, year=2018, source="china-daily-2018"),),
        pairs=None,
    ),
)


def great_circle_km(a: dict[str, str], b: dict[str, str]) -> float:
    line = Geodesic.WGS84.Inverse(*(float(node[key]) for node in (a, b) for key in ("lat_deg", "lon_deg")))
    return float(line["s12"]) / 1000


def spans(section: Section, *, nodes: Sequence[dict[str, str]]) -> list[dict[str, object]]:
    ids = [node["node_id"] for node in nodes]
    sites = nodes[ids.index(section.first) : ids.index(section.last) + 1]
    ends = list(itertools.pairwise(sites))
    tenths = apportion(round(10 * section.length_km), shares=[great_circle_km(a, b) for a, b in ends])
    return [
        {
            "link_id": f"{a['node_id']}-{b['node_id']}",
            "node_a": a["node_id"],
            "node_b": b["node_id"],
            "length_km": tenth / 10,
            "year": section.year,
            "basis": "derived",
            "source": section.source,
        }
        for (a, b), tenth in zip(ends, tenths, strict=True)
    ]


def pair_rates_bps(lengths_km: Sequence[float], *, network: str) -> list[float]:
    defaults = read_toml(data_dir() / "networks" / network / "network.toml")["defaults"]
    losses_db = [km * defaults["attenuation_db_per_km"] + defaults["extra_loss_db"] for km in lengths_km]
    return [float(rate) for rate in key_rate(defaults["module"], loss_db=losses_db).key_rate_bps]


def share_pairs(rates_bps: Sequence[float], *, total: int) -> list[int]:
    """One pair each, then the next always to the span with the lowest key rate."""
    pairs = [1] * len(rates_bps)
    for _ in range(total - len(pairs)):
        weakest = min(range(len(pairs)), key=lambda i: pairs[i] * rates_bps[i])
        pairs[weakest] += 1
    return pairs


def fewest_pairs(rates_bps: Sequence[float], *, at_least_bps: float) -> list[int]:
    return [math.floor(at_least_bps / rate) + 1 for rate in rates_bps]


def links_csv(line: Line) -> str:
    """The text of links.csv of a line."""
    with (data_dir() / "networks" / line.network / "nodes.csv").open(encoding="utf-8", newline="") as file:
        nodes = list(csv.DictReader(file))
    rows = [row for section in line.sections for row in spans(section, nodes=nodes)]
    rates_bps = pair_rates_bps([float(str(row["length_km"])) for row in rows], network=line.network)
    if line.pairs is None:
        pairs = fewest_pairs(rates_bps, at_least_bps=LINE_RATE_BPS)
    else:
        pairs = share_pairs(rates_bps, total=line.pairs)
    text = io.StringIO()
    columns = ["link_id", "node_a", "node_b", "length_km", "module_pairs", "year", "basis", "source"]
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "module_pairs": count} for row, count in zip(rows, pairs, strict=True))
    return text.getvalue()


def main() -> None:
    for line in LINES:
        path: Path = data_dir() / "networks" / line.network / "links.csv"
        path.write_text(links_csv(line), encoding="utf-8", newline="")
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
