"""Edits of a network that a browser may ask for: what they are, and how a list of them is read."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from planner.errors import InputError, Problem
from planner.files.wording import problems_of
from planner.records import Protection  # noqa: TC001 (read at run time by pydantic)

MOST_EDITS = 500
"""How many edits a list may hold."""

_MOST_KEYS = 20

FILE = "edits"
"""What a list of edits is called in messages; its rows are counted from 1."""

_Id = Annotated[str, Field(min_length=1, max_length=2000)]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]
"""A whole number; JSON knows no difference between 2 and 2.0."""


class _Edit(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class CutLink(_Edit):
    """A link is out of service."""

    do: Literal["cut_link"]
    link_id: _Id


class CutNode(_Edit):
    """A node is out of service, with all links that end at it or pass it and all demands that end there."""

    do: Literal["cut_node"]
    node_id: _Id


class ChangeLink(_Edit):
    """Figures of a link are others; what is left out stays."""

    do: Literal["change_link"]
    link_id: _Id
    length_km: float | None = Field(default=None, ge=0, le=1e6, description="Length of the fibre [km].")
    attenuation_db_per_km: float | None = Field(default=None, ge=0, le=100, description="Attenuation [dB/km].")
    module: _Id | None = Field(default=None, description="A module of the network, or a shipped one.")
    module_pairs: Whole | None = Field(default=None, ge=1, le=100_000, description="Parallel pairs of modules.")


class ScaleDemands(_Edit):
    """All demands that there are by now ask for so many times as much."""

    do: Literal["scale_demands"]
    factor: float = Field(ge=0, le=1e6)


class ChangeDemand(_Edit):
    """A demand asks for another rate, or for another number of units of its service."""

    do: Literal["change_demand"]
    demand_id: _Id
    rate_bps: float | None = Field(default=None, ge=0, le=1e15, description="Requested key rate [bit/s].")
    units: float | None = Field(default=None, ge=0, le=1e12, description="Units of the service that it has.")
    priority: float | None = Field(default=None, gt=0, le=1e6, description="Weight in the fair allocation.")
    protection: Protection | None = Field(default=None, description="none, 1+1, or split-2 to split-9.")


class AddDemand(_Edit):
    """One demand more: a rate, or units of a service of the network."""

    do: Literal["add_demand"]
    demand_id: _Id
    node_a: _Id
    node_b: _Id
    rate_bps: float | None = Field(default=None, ge=0, le=1e15, description="Requested key rate [bit/s].")
    service: _Id | None = Field(default=None, description="A service that the network's demands use.")
    units: float | None = Field(default=None, ge=0, le=1e12, description="Units of the service.")
    priority: float = Field(default=1.0, gt=0, le=1e6, description="Weight in the fair allocation.")
    protection: Protection = Field(default="none", description="none, 1+1, or split-2 to split-9.")


class RemoveDemand(_Edit):
    """A demand is not there."""

    do: Literal["remove_demand"]
    demand_id: _Id


Edit = CutLink | CutNode | ChangeLink | ScaleDemands | ChangeDemand | AddDemand | RemoveDemand

EDITS: dict[str, type[Edit]] = {
    "cut_link": CutLink,
    "cut_node": CutNode,
    "change_link": ChangeLink,
    "scale_demands": ScaleDemands,
    "change_demand": ChangeDemand,
    "add_demand": AddDemand,
    "remove_demand": RemoveDemand,
}
"""The edits by their ``do``."""


class Malformed(Exception):
    """What came is no JSON."""


def read_json(content: bytes) -> Any:
    """Reads JSON as it is defined: without NaN and infinity, in UTF-8.

    Args:
        content: What came.

    Returns:
        The value.

    Raises:
        Malformed: It is no JSON, or nested too deep.
    """
    try:
        return json.loads(content.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed("the body is not JSON in UTF-8") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _kind(item: Any) -> type[Edit] | None:
    if not isinstance(item, dict) or len(item) > _MOST_KEYS or not isinstance(item.get("do"), str):
        return None
    return EDITS.get(item["do"])


def read_edits(value: Any) -> tuple[Edit, ...]:
    """Reads a list of edits.

    Args:
        value: What the JSON holds.

    Returns:
        The edits.

    Raises:
        InputError: It is not a list of edits; holds every problem, with the number of the edit as the row.
    """
    if not isinstance(value, list):
        raise InputError(Problem("the edits are not a list", file=FILE, expected="a list of edits, [] for none"))
    if len(value) > MOST_EDITS:
        message = f"there are {len(value):,} edits"
        raise InputError(Problem(message, file=FILE, expected=f"at most {MOST_EDITS}"))
    edits: list[Edit] = []
    problems: list[Problem] = []
    for row, item in enumerate(value, start=1):
        kind = _kind(item)
        if kind is None:
            right = f"an object with a few keys, whose 'do' is one of {', '.join(EDITS)}"
            problems.append(Problem("this is no edit", file=FILE, row=row, column="do", expected=right))
            continue
        try:
            edits.append(kind.model_validate(item, strict=True))
        except ValidationError as error:
            problems.extend(problems_of(error, record=kind, file=FILE, row=row))
    if problems:
        raise InputError(problems)
    return tuple(edits)
