"""What a parser finds in a file of another program, before it becomes the planner's tables."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from planner.errors import Problem
from planner.files.cells import quoted


@dataclass(frozen=True)
class Site:
    """A place of the file.

    Attributes:
        key: What the file's links and demands call it.
        name: Its name for people.
        lat_deg: Latitude; None where the file gives none.
        lon_deg: Longitude; None where the file gives none.
        place: Where in the file it stands, for messages.
        fields: Further columns of nodes.csv that the file gives.
    """

    key: str
    name: str
    lat_deg: float | None
    lon_deg: float | None
    place: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Span:
    """A link of the file.

    Attributes:
        site_a: Key of one end.
        site_b: Key of the other.
        length_km: Its length; None where the file gives none.
        is_computed: Whether that length was computed, not measured.
        place: Where in the file it stands.
        fields: Further columns of links.csv that the file gives.
    """

    site_a: str
    site_b: str
    length_km: float | None
    place: str
    is_computed: bool = False
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Want:
    """A demand of the file, in the file's own unit."""

    site_a: str
    site_b: str
    value: float
    place: str


@dataclass
class Draft:
    """Everything that a file says, with what is wrong with it.

    Attributes:
        file: The file's name in messages.
        format: The name of its format.
        title: The title that the file gives.
        is_directed: Whether a link and its way back are two entries.
        sites: The places.
        spans: The links.
        wants: The demands.
        notes: What a planner should know.
        problems: What is wrong.
    """

    file: str
    format: str
    title: str | None = None
    is_directed: bool = False
    sites: list[Site] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    wants: list[Want] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, message: str, *, place: str | None = None, expected: str | None = None) -> None:
        """Keeps a problem; ``place`` is a row's number or a path in the document."""
        row = int(place.removeprefix("row ")) if place is not None and place.startswith("row ") else None
        column = place if row is None else None
        self.problems.append(Problem(message, file=self.file, row=row, column=column, expected=expected))

    def number(self, value: Any, *, place: str, what: str) -> float | None:
        """A finite number; None, and a problem, for anything else."""
        try:
            found = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            found = math.nan
        if not math.isfinite(found):
            self.wrong(f"{quoted(value)} is no {what}", place=place, expected="a finite number")
            return None
        return found

    def length_km(self, value: Any, *, place: str, km_per_unit: float = 1.0) -> float | None:
        """A length; None where there is none, and with a problem where it is not right."""
        if value is None:
            return None
        found = self.number(value, place=place, what="length")
        if found is not None and found < 0:
            self.wrong(f"the length {found:g} is below zero", place=place)
            return None
        return None if found is None else found * km_per_unit

    def key(self, value: Any, *, place: str) -> str | None:
        """What identifies a place: a text or a whole number; None, and a problem, for anything else."""
        if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
            self.wrong(f"{quoted(value)} identifies no node", place=place, expected="a text or a whole number")
            return None
        return str(value).strip()
