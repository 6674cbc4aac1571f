"""Writes nodes.csv, links.csv and demands.csv of the Hefei metro network from what is published and what is assumed.

    python scripts/make_hefei_metro.py

Published: three sub-networks, each with type-A users behind an optical switch and type-B users at a trusted relay, how
many of each, that the sub-networks are joined directly and lie about 15 km apart, and that 11 pairs of users can make
one-time-pad calls at the same time. Everything else is assumed below: the relays stand in a regular triangle around
the trunk's node, each switch a little farther out, and the users in rings around their switch or relay. Fibre is
longer than the straight line by one factor. There is no chance in it: the same tables come out every time.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, cycle, pairwise

from geographiclib.geodesic import Geodesic

from planner.shipped import data_dir

FOLDER = data_dir() / "networks" / "hefei-metro"
TRUNK_NODES = data_dir() / "networks" / "beijing-shanghai" / "nodes.csv"
JUNCTION = "hefei"

LAYOUT_SOURCE = "phys-2021-hefei"
"""Says which users belong to which switch and relay."""
CALLS_SOURCE = "chen-2021-hefei"
"""Says how many calls there are."""

TYPE_A_USERS = (5, 2, 6)
"""Published: users with transmitter and receiver behind the optical switch of each sub-network."""
TYPE_B_USERS = (12, 5, 10)
"""Published: users with a transmitter only at the trusted relay of each sub-network."""
APART_KM = 15.0
"""Published as "about": distance of the sub-networks; taken as the fibre between their relays."""

DETOUR = 1.3
"""Assumed: length of a fibre over the straight line."""
SWITCH_BEYOND_RELAY_KM = 1.5
"""Assumed: the switch lies farther out than the relay, seen from the trunk's node."""
TYPE_A_RINGS_KM = (2.0, 3.0, 4.0)
"""Assumed: straight distances of users from their switch, taken in turn."""
TYPE_B_RINGS_KM = (2.0, 3.5, 5.0)
"""Assumed: straight distances of users from their relay, taken in turn."""
TYPE_A_TURN_DEG, TYPE_B_TURN_DEG = 30.0, 20.0
"""Assumed: bearing of the first user of a ring, counted from outwards; no user lies on a line between relays."""
CONNECTOR_LOSS_DB = 1.0
"""Assumed: connectors and splices of a link."""
SWITCH_LOSS_DB = 1.5
"""Assumed: insertion loss of an optical switch."""
CALLS = (
    ("ua-1", "ua-2"),  # behind one switch: no relay sees the key
    ("ua-8", "ua-11"),
    ("ua-3", "ua-9"),  # from switch to switch
    ("ua-6", "ub-13"),  # type A with type B, in one sub-network and across
    ("ua-7", "ub-1"),
    ("ub-2", "ub-7"),  # at one relay
    ("ub-18", "ub-23"),
    ("ub-3", "ub-14"),  # from relay to relay
    ("ub-4", "ub-19"),
    ("ub-5", "ub-25"),
    ("ub-15", "ub-20"),
)
"""Assumed: who calls whom. Their number, eleven, is published; nobody is in two calls, and no switch carries more than
two, which is what its modules manage when they take turns."""
GATEWAYS = (("ua-5", 4), ("ub-16", 2), ("ub-24", 4))
"""Assumed: security gateways between a user and the trunk's node."""
BOTH_WAYS = 2
"""A call takes a one-time pad each way."""

NODE_COLUMNS = ("node_id", "name", "name_local", "city", "kind", "lat_deg", "lon_deg", "year", "basis", "source")
LINK_COLUMNS = (
    "link_id", "node_a", "node_b", "via", "module_group", "length_km", "extra_loss_db", "basis", "source",
)  # fmt: skip
DEMAND_COLUMNS = ("demand_id", "node_a", "node_b", "service", "units", "priority", "basis", "source")

Place = tuple[float, float]
Row = dict[str, object]


@dataclass(frozen=True)
class SubNetwork:
    """A switch and a relay with their users: numbers as in the published figure, counted from 1."""

    number: int
    type_a: Sequence[int]
    type_b: Sequence[int]

    @property
    def switch(self) -> str:
        """Short id of the optical switch."""
        return f"os-{self.number}"

    @property
    def relay(self) -> str:
        """Short id of the trusted relay."""
        return f"tr-{self.number}"

    @property
    def bearing_deg(self) -> float:
        """Where the sub-network lies, seen from the trunk's node."""
        return 360 / len(TYPE_A_USERS) * (self.number - 1)


def sub_networks() -> Iterator[SubNetwork]:
    """The three sub-networks; users are numbered through, sub-network by sub-network."""
    first_a = first_b = 1
    for number, (count_a, count_b) in enumerate(zip(TYPE_A_USERS, TYPE_B_USERS, strict=True), start=1):
        yield SubNetwork(number, range(first_a, first_a + count_a), range(first_b, first_b + count_b))
        first_a, first_b = first_a + count_a, first_b + count_b


def place(start: Place, *, bearing_deg: float, distance_km: float) -> Place:
    """Where one arrives, to four decimals (about ten metres)."""
    end = Geodesic.WGS84.Direct(*start, bearing_deg, 1000 * distance_km)
    return round(end["lat2"], 4), round(end["lon2"], 4)


def ring(centre: Place, users: Sequence[int], *, radii_km: Sequence[float], turn_deg: float) -> dict[int, Place]:
    """Users at equal angles around a centre, at the radii in turn."""
    return {
        user: place(centre, bearing_deg=turn_deg + 360 / len(users) * step, distance_km=radius_km)
        for step, (user, radius_km) in enumerate(zip(users, cycle(radii_km), strict=False))
    }


def junction() -> dict[str, str]:
    """The row of the trunk's node, which has to be the same in every network that is joined there."""
    with TRUNK_NODES.open(encoding="utf-8", newline="") as file:
        return next(row for row in csv.DictReader(file) if row["node_id"] == JUNCTION)


def places() -> dict[str, Place]:
    """Latitude and longitude of every node, by the short id of the published figure."""
    centre = (float(junction()["lat_deg"]), float(junction()["lon_deg"]))
    relay_km = APART_KM / DETOUR / math.sqrt(3)
    where = {JUNCTION: centre}
    for part in sub_networks():
        turn = part.bearing_deg
        relay = where[part.relay] = place(centre, bearing_deg=turn, distance_km=relay_km)
        switch = where[part.switch] = place(relay, bearing_deg=turn, distance_km=SWITCH_BEYOND_RELAY_KM)
        for user, at in ring(switch, part.type_a, radii_km=TYPE_A_RINGS_KM, turn_deg=turn + TYPE_A_TURN_DEG).items():
            where[f"ua-{user}"] = at
        for user, at in ring(relay, part.type_b, radii_km=TYPE_B_RINGS_KM, turn_deg=turn + TYPE_B_TURN_DEG).items():
            where[f"ub-{user}"] = at
    return where


def full(short: str) -> str:
    """The node_id of a short id."""
    return short if short == JUNCTION else f"hefei-{short}"


def names(short: str) -> Row:
    """Name, local name and kind."""
    sort, number = short.split("-")
    name, local, kind = {
        "ua": ("user A", "用户A", "user"),
        "ub": ("user B", "用户B", "user"),
        "os": ("switch ", "光开关", "switch"),
        "tr": ("relay ", "可信中继", "trusted"),
    }[sort]
    return {"name": f"Hefei {name}{number}", "name_local": f"合肥{local}{number}", "kind": kind}


def node_rows(where: Mapping[str, Place]) -> Iterator[Mapping[str, object]]:
    """The trunk's node, then relays, switches and users."""
    yield junction()
    for sort in ("tr", "os", "ua", "ub"):
        for short, (lat, lon) in where.items():
            if short.startswith(f"{sort}-"):
                yield {
                    "node_id": full(short), **names(short), "city": "Hefei", "lat_deg": f"{lat:.4f}",
                    "lon_deg": f"{lon:.4f}", "basis": "assumed", "source": LAYOUT_SOURCE,
                }  # fmt: skip


def fibre_km(stops: Sequence[str], *, where: Mapping[str, Place]) -> float:
    """Assumed length of the fibre from stop to stop, rounded up to 0.1 km."""
    direct_m = sum(float(Geodesic.WGS84.Inverse(*where[a], *where[b])["s12"]) for a, b in pairwise(stops))
    return math.ceil(DETOUR * direct_m / 100) / 10


def link(a: str, b: str, *, length_km: float, **more: object) -> Row:
    """A row of links.csv; all of them are assumed."""
    return {
        "link_id": f"{full(a)}-{b}", "node_a": full(a), "node_b": full(b), "length_km": length_km,
        "basis": "assumed", "source": LAYOUT_SOURCE, **more,
    }  # fmt: skip


def link_rows(where: Mapping[str, Place]) -> Iterator[Row]:
    """The core, then each switch with everything that it can connect, then each relay with its own users."""
    parts = list(sub_networks())
    for one, other in combinations(parts, 2):
        yield link(one.relay, other.relay, length_km=APART_KM)
    for part in parts:
        length_km = fibre_km([JUNCTION, part.relay], where=where)
        yield {
            **link(JUNCTION, part.relay, length_km=length_km),
            "link_id": f"hefei-trunk-{part.relay}",
            "source": None,
        }
    for part in parts:
        at_switch = [*(f"ua-{user}" for user in part.type_a), part.relay]
        for a, b in combinations(at_switch, 2):
            yield link(
                a, b, length_km=fibre_km([a, part.switch, b], where=where), via=full(part.switch),
                module_group=full(part.switch), extra_loss_db=CONNECTOR_LOSS_DB + SWITCH_LOSS_DB,
            )  # fmt: skip
    for part in parts:
        for user in part.type_b:
            ends = (f"ub-{user}", part.relay)
            yield link(*ends, length_km=fibre_km(ends, where=where))


def demand_rows() -> Iterator[Row]:
    """The calls, then the gateways."""
    for a, b in CALLS:
        yield {
            "demand_id": f"call-hefei-{a}-{b}", "node_a": full(a), "node_b": full(b), "service": "otp-link",
            "units": BOTH_WAYS, "priority": 1, "basis": "assumed", "source": CALLS_SOURCE,
        }  # fmt: skip
    for user, units in GATEWAYS:
        yield {
            "demand_id": f"vpn-gateway-hefei-{user}", "node_a": full(user), "node_b": JUNCTION,
            "service": "vpn-gateway", "units": units, "priority": 1, "basis": "assumed",
        }  # fmt: skip


def table(columns: Sequence[str], rows: Iterator[Mapping[str, object]]) -> str:
    """Rows as the text of a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def tables() -> dict[str, str]:
    """The text of each file by its name."""
    where = places()
    return {
        "nodes.csv": table(NODE_COLUMNS, node_rows(where)),
        "links.csv": table(LINK_COLUMNS, link_rows(where)),
        "demands.csv": table(DEMAND_COLUMNS, demand_rows()),
    }


def main() -> None:
    for name, text in tables().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="")
        print(f"wrote {FOLDER / name}")


if __name__ == "__main__":
    main()
