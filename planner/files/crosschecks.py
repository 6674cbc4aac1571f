"""Where the tables meet: whether what a row names is there and fits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from planner.errors import Problem, nearest
from planner.files.cells import quoted
from planner.records import KEY_HOLDING_KINDS, RELAY_KINDS, TRANSPARENT_KINDS, split_list

if TYPE_CHECKING:
    from planner.files.reading import Reading
    from planner.files.rows import Row

EARTH_RADIUS_KM = 6371.0088
"""Mean radius (IUGG)."""

LONG_DETOUR = 10.0
"""A link this many times longer than the great circle is worth a note: perhaps metres or a wrong node."""

SINGLE_NOTES = 3
"""Up to so many odd lengths of a file are each worth a note; more are told in one."""

_ROUNDING = 1e-3
"""A length given to a tenth of a kilometre may be this fraction below the great circle without a note."""


@dataclass(frozen=True)
class _Nodes:
    """The nodes that the other tables name.

    Attributes:
        ids: Every id, also of rows with problems.
        kinds: The kind of each node, where it is known.
        positions: Latitude and longitude in degrees of each node on the ground, where they are known.
    """

    ids: frozenset[str]
    kinds: Mapping[str, str]
    positions: Mapping[str, tuple[float, float]]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> _Nodes:
        rows = [row for row in rows if "node_id" in row.fields]
        return cls(
            ids=frozenset(row.fields["node_id"] for row in rows),
            kinds={row.fields["node_id"]: row.fields["kind"] for row in rows if "kind" in row.fields},
            positions={
                row.fields["node_id"]: (row.fields["lat_deg"], row.fields["lon_deg"])
                for row in rows
                if {"lat_deg", "lon_deg"} <= row.fields.keys() and row.fields.get("kind") != "satellite"
            },
        )


def check_references(*, nodes: list[Row] | None, links: list[Row], demands: list[Row], reading: Reading) -> None:
    """Checks what links and demands say of the nodes.

    Args:
        nodes: The joined nodes; None where some could not be read, so that nothing can be said of the ends.
        links: The joined links.
        demands: The joined demands.
        reading: Takes the problems, and notes on lengths that do not fit the positions.
    """
    if nodes is None:
        return
    known = _Nodes.of(nodes)
    for row in nodes:
        _note_idle_limits(row, reading=reading)
    for row in (*links, *demands):
        reading.problems.extend(_end_problems(row, known))
    for row in links:
        reading.problems.extend(_via_problems(row, known))
    _note_lengths(links, known, reading=reading)


def _note_idle_limits(row: Row, *, reading: Reading) -> None:
    """Notes a limit at a node that passes no key on, or where no demand may end: it limits nothing."""
    kind = row.fields.get("kind")
    for column, kinds, what in (
        ("relay_limit_bps", RELAY_KINDS, "passes no key on"),
        ("user_ports", KEY_HOLDING_KINDS, "is no end of demands"),
    ):
        if kind is not None and kind not in kinds and row.fields.get(column) is not None:
            reading.note(row.problem(f"a node of kind {kind} {what}: the limit has no effect", column=column))


def _end_problems(row: Row, nodes: _Nodes) -> Iterator[Problem]:
    """The ends must be there and hold keys."""
    for column in ("node_a", "node_b"):
        name = row.fields.get(column)
        if name is None:
            continue
        if name not in nodes.ids:
            yield row.problem(f"there is no node {quoted(name)}", column=column, expected=nearest(name, nodes.ids))
        elif (kind := nodes.kinds.get(name)) in TRANSPARENT_KINDS:
            message = f"the node {quoted(name)} is a {kind}, which holds no keys"
            yield row.problem(message, column=column, expected=f"a node of kind {', '.join(sorted(KEY_HOLDING_KINDS))}")


def _via_problems(row: Row, nodes: _Nodes) -> Iterator[Problem]:
    """Light passes switches and at most one measurement station; only that has arms."""
    via = split_list(row.fields.get("via"))
    stations = []
    for name in via:
        kind = nodes.kinds.get(name)
        if name not in nodes.ids:
            yield row.problem(f"there is no node {quoted(name)}", column="via", expected=nearest(name, nodes.ids))
        elif kind is not None and kind not in TRANSPARENT_KINDS:
            message = f"the node {quoted(name)} is of kind {kind}: light ends there"
            right = "switches or one measurement station; a link ends at a node that holds keys"
            yield row.problem(message, column="via", expected=right)
        elif kind != "switch":
            stations.append(name)
    for name in sorted({name for name in via if via.count(name) > 1}):
        yield row.problem(f"the node {quoted(name)} is there twice", column="via")
    if len(set(stations)) > 1:
        message = f"the light passes {len(stations)} measurement stations: {', '.join(stations)}"
        yield row.problem(message, column="via", expected="at most one")
    for column in ("arm_a_km", "arm_a_loss_db"):
        if row.fields.get(column) is not None and "via" in row.fields and not stations and set(via) <= nodes.ids:
            message = "an arm is given, but the light passes no measurement station"
            yield row.problem(message, column=column, expected="a measurement station in the column via")


def _note_lengths(links: list[Row], nodes: _Nodes, *, reading: Reading) -> None:
    """Notes lengths that do not fit the positions of the ends: never an error.

    Where a file has many, as with positions of another system or lengths in metres, one note tells of all of them.
    """
    odd: dict[tuple[str, str | None], list[tuple[float, Problem]]] = {}
    for row in links:
        for what, times, problem in _odd_length(row, nodes):
            odd.setdefault((what, problem.file), []).append((times, problem))
    for (what, _), found in odd.items():
        if len(found) <= SINGLE_NOTES:
            for _, problem in found:
                reading.note(problem)
            continue
        _, worst = max(found, key=lambda entry: abs(math.log(max(entry[0], 1e-300))))
        message = f"{len(found)} lengths are {what}; the oddest is this: {worst.message}"
        reading.note(replace(worst, message=message))


def _odd_length(row: Row, nodes: _Nodes) -> Iterator[tuple[str, float, Problem]]:
    """What is odd about a length, in words, as a multiple of the great circle, and as a remark on the row."""
    length_km, ends = row.fields.get("length_km"), (row.fields.get("node_a"), row.fields.get("node_b"))
    if length_km is None or not all(end in nodes.positions for end in ends):
        return
    here, there = (nodes.positions[str(end)] for end in ends)
    rough_km = _on_a_sphere_km(here, there)
    # The sphere is within 0.6 % of the ellipsoid; the exact distance costs fifty times more.
    if rough_km * 1.01 < length_km < rough_km * LONG_DETOUR * 0.99:
        return
    distance_km = great_circle_km(here, there)
    between = f"{distance_km:,.1f} km between {ends[0]} and {ends[1]}"
    if length_km < distance_km * (1 - _ROUNDING):
        message = f"the length of {length_km:,g} km is below the great circle of {between}"
        yield "below the great circle", length_km / distance_km, row.problem(message, column="length_km")
    elif distance_km > 1 and length_km >= LONG_DETOUR * distance_km:
        times = length_km / distance_km
        message = f"the length of {length_km:,g} km is {times:,.0f} times the great circle of {between}"
        what = f"{LONG_DETOUR:g} times the great circle or more"
        yield what, times, row.problem(message, column="length_km")


def _on_a_sphere_km(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Haversine distance of two positions in degrees."""
    (lat_a, lon_a), (lat_b, lon_b) = (map(math.radians, position) for position in (here, there))
    squared = (
        math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, squared)))


def great_circle_km(here: tuple[float, float], there: tuple[float, float]) -> float:
    """The shortest distance over the WGS84 ellipsoid.

    Args:
        here: Latitude and longitude in degrees.
        there: The same of the other place.

    Returns:
        Distance in km (Karney, J. Geodesy 87, 43 (2013)).
    """
    from geographiclib.geodesic import Geodesic

    line: dict[str, Any] = Geodesic.WGS84.Inverse(*here, *there, Geodesic.DISTANCE)
    return float(line["s12"]) / 1000
