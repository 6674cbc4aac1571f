"""Reads plan.json as a stranger would: nothing about it is believed before it has been looked at."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from planner.errors import InputError, Problem
from planner.verify.sets import RouteSet, route_sets

PLAN_FILE = "plan.json"

_MOST_PROBLEMS = 50


def _unique(key: Callable[[Any], str]) -> AfterValidator:
    """Refuses a list that speaks twice of the same thing."""

    def check(items: list[Any]) -> list[Any]:
        seen: set[str] = set()
        for item in items:
            if key(item) in seen:
                raise ValueError(f"'{key(item)}' appears twice")
            seen.add(key(item))
        return items

    return AfterValidator(check)


class _Part(BaseModel):
    """A part of plan.json: keys may be added by later versions, none may be missing or of another type."""

    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False, frozen=True)


class RoutePart(_Part):
    """A route and the key rate it carries.

    Routes of one demand with the same number belong together; one without a number is a set of its own.
    """

    nodes: list[str]
    links: list[str]
    rate_bps: float
    role: Literal["working", "protection", "share"] = "working"
    number: int | None = Field(default=None, alias="set")


class GrowthRoutePart(RoutePart):
    """A route of the growth witness."""

    demand_id: str


class CutPart(_Part):
    """What separates two nodes."""

    nodes: list[str]
    links: list[str]
    risk_groups: list[str]


class ShortfallPart(_Part):
    """How many disjoint routes there are where more were asked for, and why."""

    routes: int
    cut: CutPart


class DemandPart(_Part):
    """A demand, what it asked for and what it gets."""

    demand_id: str
    node_a: str
    node_b: str
    requested_bps: float
    served_bps: float
    routes: list[RoutePart]
    protection: str = "none"
    protection_given: str | None = None
    shortfall: ShortfallPart | None = None


class LinkPart(_Part):
    """A link and its load."""

    link_id: str
    key_rate_bps: float
    load_bps: float
    utilisation: float
    reserved_bps: float = 0.0


class GrowthPart(_Part):
    """By what factor all demands may grow together, with its certificate."""

    factor: float | None
    bound: float | None
    gap: float | None
    prices: dict[str, float]
    resource_prices: dict[str, float]
    routes: list[GrowthRoutePart]

    @cached_property
    def sets(self) -> list[RouteSet]:
        """The sets of routes of the witness."""
        return route_sets((route.demand_id, route) for route in self.routes)


class LevelPart(_Part):
    """A level of the fair allocation: the demands frozen there, with the certificate."""

    level: float
    demands: list[str]
    served_in_full: bool
    prices: dict[str, float]
    resource_prices: dict[str, float]


class FairnessPart(_Part):
    """The levels, lowest first."""

    levels: list[LevelPart]


class TotalPart(_Part):
    """The most key that can be served, with its certificate."""

    served_bps: float
    bound: float
    gap: float
    prices: dict[str, float]
    resource_prices: dict[str, float]


class BottleneckPart(_Part):
    """A link, a module group or a node that limits the plan, always or in a single failure."""

    link_id: str | None
    module_group: str | None
    node_id: str | None = None
    failure: str | None = None
    limits: Literal["growth", "service", "total"]
    demands_limited: int
    sentence: str


class PlanPart(_Part):
    """The whole of plan.json that verification reads.

    Plans of before there was protection do not have the keys that have a default: they are read as what they were, fair
    plans in which every route is a working one. What is read so is checked like all else.
    """

    network: str
    demands: Annotated[list[DemandPart], _unique(lambda demand: demand.demand_id)]
    links: Annotated[list[LinkPart], _unique(lambda link: link.link_id)]
    growth: GrowthPart
    fairness: FairnessPart
    bottlenecks: list[BottleneckPart]
    objective: Literal["fair", "total"] = "fair"
    shared: bool = False
    total: TotalPart | None = None
    without_port: list[str] = []
    inputs: dict[str, str] = Field(min_length=1)
    version: str

    @cached_property
    def sets(self) -> list[RouteSet]:
        """The sets of routes by which the plan serves its demands."""
        return route_sets((demand.demand_id, route) for demand in self.demands for route in demand.routes)

    @property
    def before_protection(self) -> bool:
        """Whether the plan was written before there was protection."""
        return "objective" not in self.model_fields_set

    def missing(self) -> Iterator[str]:
        """The places at which a plan of today lacks what only one of before protection may lack."""
        if not self.before_protection:
            yield from _missing(self, "")


def read_document(directory: Path) -> PlanPart:
    """Reads ``plan.json`` of a plan's folder.

    Args:
        directory: The folder.

    Returns:
        The plan as it is written, every number finite, nothing checked against the inputs yet.

    Raises:
        InputError: The folder or the file is missing, unreadable, not JSON, or lacks the shape of a plan;
            names every place at once.
    """
    name = f"{directory.name}/{PLAN_FILE}" if directory.name else PLAN_FILE
    if not directory.is_dir():
        what = "is a file, not the folder of a plan" if directory.exists() else "there is no such folder"
        raise InputError(Problem(what, file=str(directory), expected="a folder written by 'planner plan -o DIR'"))
    data = _read_json(directory / PLAN_FILE, name=name)
    try:
        plan = PlanPart.model_validate(data)
    except ValidationError as error:
        raise InputError([_problem(dict(entry), name) for entry in error.errors()[:_MOST_PROBLEMS]]) from None
    missing = list(islice(plan.missing(), _MOST_PROBLEMS))
    if missing:
        raise InputError([Problem("is missing", file=name, column=place) for place in missing])
    return plan


def _missing(part: object, place: str) -> Iterator[str]:
    """The keys that a part and the parts in it do not have, though they could."""
    if isinstance(part, list):
        for number, item in enumerate(part):
            yield from _missing(item, f"{place}[{number}]")
    elif isinstance(part, _Part):
        for name, field in type(part).model_fields.items():
            key = f"{place}.{field.alias or name}".removeprefix(".")
            if name not in part.model_fields_set or (name == "number" and getattr(part, name) is None):
                yield key
            yield from _missing(getattr(part, name), key)


def _read_json(path: Path, *, name: str) -> Any:
    try:
        text = path.read_bytes().decode("utf-8")
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except FileNotFoundError:
        raise InputError(
            Problem("there is no such file", file=name, expected="a folder written by 'planner plan -o DIR'")
        ) from None
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", file=name)) from None
    except UnicodeDecodeError as error:
        raise InputError(Problem(f"is not UTF-8 text (byte {error.start})", file=name)) from None
    except (ValueError, RecursionError) as error:
        words = "is nested too deeply" if isinstance(error, RecursionError) else f"is not valid JSON: {error}"
        raise InputError(Problem(words, file=name)) from None


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise ValueError(f"an object has the key '{twice}' twice")
    return result


def _problem(error: dict[str, Any], name: str) -> Problem:
    """A problem of shape, in the planner's words; the place reads like ``demands[3].served_bps``."""
    place = ""
    for step in error["loc"]:
        place += f"[{step}]" if isinstance(step, int) else f".{step}" if place else str(step)
    words = {"missing": "is missing", "model_type": "should be an object", "finite_number": "should be a finite number"}
    message = words.get(error["type"], str(error["msg"]))
    return Problem(message[:1].lower() + message[1:], file=name, column=place or None)
