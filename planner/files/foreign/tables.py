"""What a foreign file says becomes rows of the planner's tables, with notes on every choice that was made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from planner.errors import InputError, Problem, nearest
from planner.files.crosschecks import great_circle_km
from planner.files.foreign.naming import Names, slug
from planner.files.foreign.pairing import both_ways_joined
from planner.files.foreign.spans import WHOLE, count_of_spans, cut
from planner.files.wording import problems_of
from planner.records import TABLES, NodeRecord

if TYPE_CHECKING:
    from planner.files.foreign.draft import Draft, Site, Span, Want

SOURCE = "imported"
"""The key under which the foreign file stands in the network's sources."""

_SHOWN = 5
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
Row = dict[str, Any]


@dataclass(frozen=True)
class Choices:
    """What a foreign file leaves open.

    Attributes:
        module: The module of links that name none and have no measured rate.
        span_km: The longest span; longer links are cut. None leaves them whole.
        demand_bps_per_unit: What one unit of the file's demands stands for, in bit/s.
    """

    module: str | None = None
    span_km: float | None = None
    demand_bps_per_unit: float = 1.0


@dataclass(frozen=True)
class Tables:
    """The rows of a network's tables.

    Attributes:
        nodes: Rows of nodes.csv.
        links: Rows of links.csv.
        demands: Rows of demands.csv.
        needs_module: Links that have neither a module nor a measured rate.
        notes: The choices that were made, in words.
    """

    nodes: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)
    demands: list[Row] = field(default_factory=list)
    needs_module: int = 0
    notes: list[str] = field(default_factory=list)


def make_tables(draft: Draft, *, choices: Choices) -> Tables:
    """Makes the tables of a network.

    Args:
        draft: What a file says.
        choices: What it leaves open.

    Returns:
        The rows, each valid by itself, and the notes.

    Raises:
        InputError: Anything is wrong with the file: coordinates that are not on Earth, ends that are no node; all
            problems at once.
    """
    notes = list(dict.fromkeys(draft.notes))
    ids = _ids(draft, notes=notes)
    _check_places(draft)
    _check_ends(draft, ids=ids)
    _check_wants(draft)
    if draft.problems:
        raise InputError(dict.fromkeys(draft.problems))
    nodes = [_node(site, node_id=ids[site.key]) for site in draft.sites]
    before = len(draft.notes)
    spans = both_ways_joined(draft)
    notes += draft.notes[before:]
    links = _links(spans, {row["node_id"]: row for row in nodes}, ids=ids, notes=notes)
    needs_module = sum(link.get("module") is None and link.get("key_rate_bps") is None for link in links)
    if choices.span_km is not None:
        nodes, links = _cut_long(nodes, links, span_km=choices.span_km, notes=notes)
    demands = _demands(draft, ids=ids, choices=choices, notes=notes)
    _check_rows({"nodes": nodes, "links": links, "demands": demands}, draft=draft, choices=choices)
    return Tables(nodes, links, demands, needs_module, notes)


def _ids(draft: Draft, *, notes: list[str]) -> dict[str, str]:
    """The node_id of each site, by its key."""
    names = Names()
    ids: dict[str, str] = {}
    for site in draft.sites:
        if site.key in ids:
            draft.wrong(f"the node '{site.key}' is there twice", place=site.place, expected="a node that no other is")
            continue
        own = str(site.fields.get("node_id") or "")
        wanted = own if _ID.fullmatch(own) else slug(site.name) or slug(site.key) or "node"
        ids[site.key] = names.take(f"node-{wanted}" if wanted.isdigit() else wanted)
    seen: set[str] = set()
    twice = sorted({site.name for site in draft.sites if site.name and (site.name in seen or seen.add(site.name))})  # type: ignore[func-returns-value]
    if twice:
        notes.append(f"several nodes share a name, and got a number behind their node_id: {_some(twice)}")
    return ids


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _check_places(draft: Draft) -> None:
    without = [site.name or site.key for site in draft.sites if site.lat_deg is None or site.lon_deg is None]
    if without and not draft.problems:  # a coordinate that is no number was told already
        message = f"{len(without)} of {len(draft.sites)} nodes have no coordinates: {_some(without)}"
        draft.wrong(message, expected="latitude and longitude of every node, in degrees")
    outside = [
        f"{site.name or site.key} at {site.lon_deg:g},{site.lat_deg:g}"
        for site in draft.sites
        if site.lat_deg is not None and site.lon_deg is not None
        if not (abs(site.lat_deg) <= 90 and abs(site.lon_deg) <= 180)
    ]
    if outside:
        message = (
            f"{len(outside)} of {len(draft.sites)} nodes are not on Earth (longitude,latitude): {_some(outside)}; "
            "the coordinates may be those of a picture (pixels), and then lengths computed from them mean nothing"
        )
        draft.wrong(message, expected="longitude -180 to 180 and latitude -90 to 90 degrees")
    if not draft.sites:
        draft.wrong("holds no nodes")


def _check_ends(draft: Draft, *, ids: dict[str, str]) -> None:
    entries: list[Span | Want] = [*draft.spans, *draft.wants]
    for entry in entries:
        for key in dict.fromkeys((entry.site_a, entry.site_b)):
            if key not in ids and len(draft.problems) < 1000:
                draft.wrong(f"there is no node '{key[:100]}'", place=entry.place, expected=nearest(key[:100], ids))


def _check_wants(draft: Draft) -> None:
    for want in draft.wants:
        if want.value < 0:
            draft.wrong(f"the demand {want.value:g} is below zero", place=want.place)


def _node(site: Site, *, node_id: str) -> Row:
    row: Row = {"node_id": node_id, "name": site.name or site.key, "kind": "trusted", "basis": "published"}
    row |= {"lat_deg": site.lat_deg, "lon_deg": site.lon_deg} | site.fields | {"node_id": node_id}
    return _sourced(row)


def _sourced(row: Row) -> Row:
    return row | {"source": None if row["basis"] == "assumed" else SOURCE}


def _links(spans: list[Span], nodes: dict[str, Row], *, ids: dict[str, str], notes: list[str]) -> list[Row]:
    names = Names()
    links: list[Row] = []
    loops = computed = 0
    for span in spans:
        node_a, node_b = ids[span.site_a], ids[span.site_b]
        if node_a == node_b:
            loops += 1
            continue
        row: Row = {"node_a": node_a, "node_b": node_b, "length_km": span.length_km}
        if span.length_km is None:
            a, b = nodes[node_a], nodes[node_b]
            row["length_km"] = round(great_circle_km((a["lat_deg"], a["lon_deg"]), (b["lat_deg"], b["lon_deg"])), 3)
        is_computed = span.length_km is None or span.is_computed
        computed += is_computed
        row |= {"basis": "derived" if is_computed else "published"} | span.fields
        row["link_id"] = names.take(str(span.fields.get("link_id") or f"{node_a}-{node_b}"))
        links.append(_sourced(row))
    if loops:
        notes.append(f"links of a node to itself, left out: {loops}")
    if computed:
        notes.append(
            f"lengths computed from the coordinates (basis derived): {computed}; fibre is longer, and no detour factor "
            "was applied"
        )
    return links


def _cut_long(nodes: list[Row], links: list[Row], *, span_km: float, notes: list[str]) -> tuple[list[Row], list[Row]]:
    by_id = {row["node_id"]: row for row in nodes}
    names, link_names = Names(), Names()
    for row in nodes:
        names.take(row["node_id"])
    whole: list[str] = []
    made: list[Row] = []
    relays: list[Row] = []
    for link in links:
        count = count_of_spans(link["length_km"], span_km=span_km)
        if count > 1 and any(link.get(name) is not None for name in WHOLE):
            whole.append(link["link_id"])
            count = 1
        between, spans = cut(link, count=count, ends=(by_id[link["node_a"]], by_id[link["node_b"]]))
        if count == 1:
            made.append(link | {"link_id": link_names.take(link["link_id"])})
            continue
        renamed = {relay["node_id"]: names.take(relay["node_id"]) for relay in between}
        relays += [relay | {"node_id": renamed[relay["node_id"]]} for relay in between]
        for span in spans:
            ends = {end: renamed.get(span[end], span[end]) for end in ("node_a", "node_b")}
            made.append(span | ends | {"link_id": link_names.take(span["link_id"])})
    if relays:
        notes.append(
            f"links longer than {span_km:g} km are cut into equal spans; trusted relay nodes added on the great "
            f"circles between the ends (basis assumed): {len(relays)}"
        )
    if whole:
        notes.append(f"links with measured figures or a station between are not cut: {_some(whole)}")
    return [*nodes, *relays], made


def _demands(draft: Draft, *, ids: dict[str, str], choices: Choices, notes: list[str]) -> list[Row]:
    sums: dict[tuple[str, str], float] = {}
    own = merged = 0
    for want in draft.wants:
        if want.site_a == want.site_b:
            own += 1
            continue
        a, b = ids[want.site_a], ids[want.site_b]
        pair = (b, a) if (b, a) in sums else (a, b)
        merged += pair in sums
        sums[pair] = sums.get(pair, 0.0) + want.value
    if own:
        notes.append(f"demands of a node to itself, left out: {own}")
    if merged:
        notes.append(f"demands added to others between the same nodes, whatever the direction: {merged}")
    if sums:
        notes.append(
            f"one unit of the file's demands is taken as {choices.demand_bps_per_unit:g} bit/s of key "
            "(--demand-bps-per-unit); the file's own unit is not a key rate"
        )
    names = Names()
    return [
        _sourced(
            {
                "demand_id": names.take(f"{a}-{b}"),
                "node_a": a,
                "node_b": b,
                "rate_bps": value * choices.demand_bps_per_unit,
                "basis": "derived",
            }
        )
        for (a, b), value in sums.items()
    ]


def _check_rows(tables: dict[str, list[Row]], *, draft: Draft, choices: Choices) -> None:
    problems: list[Problem] = []
    for name, rows in tables.items():
        record = TABLES[name]
        key = "node_id" if record is NodeRecord else f"{name[:-1]}_id"
        for row in rows:
            filled = {column: value for column, value in row.items() if value is not None}
            if name == "links" and "key_rate_bps" not in filled:
                filled.setdefault("module", choices.module or "to be named")
            try:
                record.model_validate(filled)
            except ValidationError as error:
                problems += problems_of(error, record=record, file=draft.file, prefix=f"{name}.{row[key]}")
    if problems:
        raise InputError(problems)
