"""GNPy's topology JSON: elements of an optical line and the directed connections between them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from planner.errors import nearest
from planner.files.foreign.draft import Draft, Site, Span
from planner.files.foreign.topohub import entries

FORMAT = "GNPy topology JSON"
_SITES = ("Roadm", "Transceiver")
_FIBRES = ("Fiber", "RamanFiber")
_AMPLIFIERS = ("Edfa", "Multiband_amplifier")
_TYPES = (*_SITES, *_FIBRES, *_AMPLIFIERS, "Fused")
_KM_PER_UNIT = {"km": 1.0, "m": 0.001}


@dataclass(frozen=True)
class _Piece:
    """What one element adds to the link that runs through it."""

    length_km: float = 0.0
    fibre_loss_db: float | None = 0.0  # None where the file leaves it open
    extra_loss_db: float = 0.0


def read_gnpy(document: dict[str, Any], *, file: str) -> Draft:
    """Takes a network from a GNPy topology.

    ROADMs are the sites, with the transceivers beside them; transceivers alone are sites too. A link is the fibre
    from site to site; the amplifiers between do not pass quantum light and are left out.

    Args:
        document: The parsed document.
        file: The file's name in messages.

    Returns:
        What it says; there are no demands in the format.
    """
    draft = Draft(file=file, format=FORMAT, is_directed=True)
    name = document.get("network_name")
    draft.title = name if isinstance(name, str) else None
    elements: dict[str, tuple[str, dict[str, Any]]] = {}
    for place, element in entries(draft, document.get("elements"), name="elements"):
        uid = draft.key(element.get("uid"), place=f"{place}.uid")
        kind = str(element.get("type"))
        if kind not in _TYPES:
            draft.wrong(f"the type '{kind[:40]}' is not known", place=f"{place}.type", expected=nearest(kind, _TYPES))
        elif uid in elements:
            draft.wrong(f"the uid '{uid}' is there twice", place=f"{place}.uid")
        elif uid is not None:
            elements[uid] = place, element
    onward = _connections(draft, document, elements=elements)
    home = _sites(draft, elements, onward=onward)
    pieces = {uid: _piece(draft, place, element) for uid, (place, element) in elements.items() if uid not in home}
    for uid in home:
        _walk(draft, uid, onward=onward, home=home, pieces=pieces)
    amplifiers = sum(element["type"] in _AMPLIFIERS for _, element in elements.values())
    if amplifiers:
        draft.notes.append(f"amplifiers left out, since quantum light does not pass them: {amplifiers}")
    return draft


def _connections(draft: Draft, document: dict[str, Any], *, elements: dict[str, Any]) -> dict[str, list[str]]:
    onward: dict[str, list[str]] = {uid: [] for uid in elements}
    for place, connection in entries(draft, document.get("connections"), name="connections"):
        ends = [draft.key(connection.get(end), place=f"{place}.{end}") for end in ("from_node", "to_node")]
        for end in ends:
            if end is not None and end not in elements and len(draft.problems) < 1000:
                draft.wrong(f"there is no element '{end}'", place=place, expected=nearest(end, elements))
        if ends[0] in onward and ends[1] in onward:
            onward[str(ends[0])].append(str(ends[1]))
    return onward


def _sites(draft: Draft, elements: dict[str, Any], *, onward: dict[str, list[str]]) -> dict[str, str]:
    """Adds the sites; returns the site that each ROADM and transceiver belongs to."""
    kinds = {uid: element["type"] for uid, (_, element) in elements.items()}
    home = {uid: uid for uid, kind in kinds.items() if kind in _SITES}
    for uid, goals in onward.items():
        for goal in goals:
            for one, other in ((uid, goal), (goal, uid)):
                if kinds[one] == "Transceiver" and kinds[other] == "Roadm" and home[one] == one:
                    home[one] = other
    for uid, (place, element) in elements.items():
        if home.get(uid) == uid:
            metadata = element.get("metadata")
            location = metadata.get("location") if isinstance(metadata, dict) else None
            location = location if isinstance(location, dict) else {}
            lat_deg, lon_deg = (
                None if location.get(name) is None else draft.number(location[name], place=f"{place}.{name}", what=name)
                for name in ("latitude", "longitude")
            )
            city = location.get("city")
            draft.sites.append(Site(uid, city if isinstance(city, str) and city else uid, lat_deg, lon_deg, place))
    return home


def _piece(draft: Draft, place: str, element: dict[str, Any]) -> _Piece:
    params = element.get("params")
    params = params if isinstance(params, dict) else {}
    if element["type"] == "Fused":
        loss_db = draft.number(params.get("loss") or 0, place=f"{place}.params.loss", what="loss")
        return _Piece(extra_loss_db=loss_db or 0.0)
    if element["type"] not in _FIBRES:
        return _Piece()
    unit = str(params.get("length_units", "km"))
    if unit not in _KM_PER_UNIT:
        draft.wrong(f"the unit '{unit[:40]}' is not known", place=f"{place}.params.length_units", expected="km or m")
    km_per_unit = _KM_PER_UNIT.get(unit, 1.0)
    length_km = draft.length_km(params.get("length"), place=f"{place}.params.length", km_per_unit=km_per_unit)
    if params.get("length") is None:
        draft.wrong("the fibre has no length", place=f"{place}.params.length")
    losses = [
        draft.number(params.get(key) or 0, place=f"{place}.params.{key}", what="loss") or 0.0
        for key in ("con_in", "con_out", "att_in")
    ]
    loss_coef = params.get("loss_coef")
    fibre_loss_db = None
    if isinstance(loss_coef, int | float):
        coefficient = draft.number(loss_coef, place=f"{place}.params.loss_coef", what="attenuation")
        fibre_loss_db = None if coefficient is None or length_km is None else coefficient * length_km
    return _Piece(length_km or 0.0, fibre_loss_db, sum(losses))


def _walk(
    draft: Draft, uid: str, *, onward: dict[str, list[str]], home: dict[str, str], pieces: dict[str, _Piece]
) -> None:
    """Adds the links that leave a site: through every exit to the next site, never back to the same one."""
    for first in onward[uid]:
        reached: dict[str, str | None] = {first: None}
        queue = deque([first])
        goals: list[str] = []
        while queue:
            here = queue.popleft()
            if here in home:
                if home[here] != home[uid]:
                    goals.append(here)
                continue
            for step in onward[here]:
                if step not in reached:
                    reached[step] = here
                    queue.append(step)
        for goal in goals:
            way: list[str] = []
            back = reached[goal]
            while back is not None:
                way.append(back)
                back = reached[back]
            draft.spans.append(_span(home[uid], home[goal], [pieces[step] for step in reversed(way)], way=way))


def _span(site_a: str, site_b: str, pieces: list[_Piece], *, way: list[str]) -> Span:
    length_km = sum(piece.length_km for piece in pieces)
    fields: dict[str, Any] = {}
    losses = [piece.fibre_loss_db for piece in pieces]
    if length_km > 0 and None not in losses:
        fields["attenuation_db_per_km"] = round(sum(loss for loss in losses if loss is not None) / length_km, 9)
    extra_loss_db = round(sum(piece.extra_loss_db for piece in pieces), 9)
    if extra_loss_db > 0:
        fields["extra_loss_db"] = extra_loss_db
    place = f"elements {way[-1]}" if way else f"elements {site_a}"
    return Span(site_a, site_b, length_km if length_km > 0 else None, place, fields=fields)
