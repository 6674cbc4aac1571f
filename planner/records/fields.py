"""What a field of a record may hold: words, ids, texts, lines on the map; and the base of all records."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Basis = Literal["published", "derived", "assumed"]
NodeKind = Literal["trusted", "user", "switch", "measurement", "ground", "satellite"]
Protection = Literal[
    "none", "1+1", "split-2", "split-3", "split-4", "split-5", "split-6", "split-7", "split-8", "split-9"
]  # fmt: skip

RELAY_KINDS: frozenset[str] = frozenset({"trusted", "ground", "satellite"})
"""Kinds of node that may pass keys on (key relay)."""

KEY_HOLDING_KINDS: frozenset[str] = RELAY_KINDS | {"user"}
"""Kinds of node that hold keys: the ends of a QKD link."""

TRANSPARENT_KINDS: frozenset[str] = frozenset({"switch", "measurement"})
"""Kinds of node that light passes and that hold no key."""


_WKT_LINE = re.compile(r"^\s*LINESTRING\s*\((?P<points>[^()]*)\)\s*$", re.IGNORECASE)


def _printable(text: str) -> str:
    for letter in text:
        if unicodedata.category(letter) in ("Cc", "Cs"):
            raise ValueError(f"contains the control character U+{ord(letter):04X}")
    return text


def _prose(text: str) -> str:
    _printable(text.translate({ord("\n"): " ", ord("\r"): " ", ord("\t"): " "}))
    return text


def _wkt_line(text: str) -> str:
    wkt_points(text)
    return text


def wkt_points(text: str) -> list[tuple[float, float]]:
    """The points of a WKT LineString.

    Args:
        text: ``LINESTRING (lon lat, lon lat, ...)`` in WGS84 degrees.

    Returns:
        ``(lon_deg, lat_deg)`` of at least two points.

    Raises:
        ValueError: The text is not such a LineString, or a point is not on Earth.
    """
    match = _WKT_LINE.match(text)
    if match is None:
        raise ValueError("is not a WKT LineString such as 'LINESTRING (116.4 39.9, 117.1 36.7)'")
    points = []
    for pair in match["points"].split(","):
        try:
            lon_deg, lat_deg = (float(number) for number in pair.split())
        except ValueError:
            raise ValueError(f"has the point '{pair.strip()}', which is not 'longitude latitude'") from None
        if not (-180 <= lon_deg <= 180 and -90 <= lat_deg <= 90):
            raise ValueError(f"has the point '{pair.strip()}', which is not on Earth")
        points.append((lon_deg, lat_deg))
    if len(points) < 2:
        raise ValueError("has fewer than two points")
    return points


Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
Text = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_printable)]
Prose = Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(_prose)]
Wkt = Annotated[str, AfterValidator(_wkt_line)]


def unit(name: str) -> dict[str, Any]:
    """The unit of a field, for its ``json_schema_extra``."""
    return {"unit": name}


@dataclass(frozen=True)
class Rule:
    """What must hold between the fields of one record.

    Attributes:
        columns: The fields that it looks at; the first is the one to blame.
        broken: Takes the fields of a record; says what is wrong, or None.
    """

    columns: tuple[str, ...]
    broken: Callable[[Mapping[str, Any]], str | None]


def _source_missing(row: Mapping[str, Any]) -> str | None:
    if row["basis"] == "assumed" or row["source"] is not None:
        return None
    return f"the basis '{row['basis']}' needs a source (a key of sources.toml)"


SOURCED = Rule(("source", "basis"), _source_missing)
"""A source is required unless the basis is assumed."""


class Record(BaseModel):
    """Base of the records: unknown fields, NaN and infinity are errors."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True, str_strip_whitespace=True)

    rules: ClassVar[tuple[Rule, ...]] = ()
    """What must hold between the fields, besides the limits of each."""

    @model_validator(mode="after")
    def _keeps_the_rules(self) -> Self:
        for rule in self.rules:
            if message := rule.broken(self.__dict__):
                raise ValueError(message)
        return self
