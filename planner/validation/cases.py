"""What a published case says: data/published/*.toml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field, ValidationError

from planner.errors import InputError, Problem
from planner.records import Record, Rule
from planner.shipped import data_dir, read_toml

Provenance = Literal["read", "transcribed", "computed", "computed twice", "recalled"]

PROVENANCE: Mapping[Provenance, str] = {
    "read": "read in the publication or its abstract",
    "transcribed": "read in somebody else's transcription of the publication, cross-checked",
    "computed": "computed from the published formulas",
    "computed twice": "computed from the published formulas by two independent programs that agree",
    "recalled": "recalled from memory: never a target",
}
"""How a published number is known."""


def _one_rule(row: Mapping[str, Any]) -> str | None:
    given = [row[name] is not None for name in ("relative", "absolute", "ratio")]
    given += [row["at_least"], row["at_most"]]
    return None if sum(given) == 1 else "needs exactly one of relative, absolute, ratio, at_least and at_most"


class Tolerance(Record):
    """How far the model may lie from the published value."""

    rules: ClassVar[tuple[Rule, ...]] = (Rule(("relative",), _one_rule),)

    relative: float | None = Field(default=None, ge=0, description="Of the published value.")
    absolute: float | None = Field(default=None, ge=0, description="In the quantity's unit.")
    ratio: tuple[float, float] | None = Field(default=None, description="Least and greatest model over published.")
    at_least: bool = Field(default=False, description="The model may not lie below.")
    at_most: bool = Field(default=False, description="The model may not lie above.")

    def admits(self, found: float, *, expected: float) -> bool:
        """Whether the model's value is within the tolerance; NaN never is."""
        if self.relative is not None:
            return abs(found - expected) <= self.relative * abs(expected)
        if self.absolute is not None:
            return abs(found - expected) <= self.absolute * (1 + 1e-12)
        if self.ratio is not None:
            return self.ratio[0] * expected <= found <= self.ratio[1] * expected
        return found >= expected if self.at_least else found <= expected

    def __str__(self) -> str:
        if self.relative is not None:
            share = f"{100 * self.relative:g} %" if self.relative >= 1e-4 else f"{self.relative:g} of it"
            return f"± {share}"
        if self.absolute is not None:
            return "exact" if self.absolute == 0 else f"± {self.absolute:g}"
        if self.ratio is not None:
            return f"{self.ratio[0] - 1:+.0%} to {self.ratio[1] - 1:+.0%}"
        return "not below" if self.at_least else "not above"


def _as_long_as_over(row: Mapping[str, Any]) -> str | None:
    lengths = {len(values) for values in row["over"].values()}
    found = {len(value) if isinstance(value, list) else 1 for value in row["expected"].values()}
    single = all(not isinstance(value, list) for value in row["expected"].values())
    if len(lengths) > 1 or (lengths and found != lengths) or (not lengths and not single):
        return "needs as many expected values as there are points in 'over'"
    return None


class Part(Record):
    """What is compared: some quantities at one point or at several."""

    model_config = ConfigDict(populate_by_name=True)
    rules: ClassVar[tuple[Rule, ...]] = (Rule(("expected",), _as_long_as_over),)

    what: str = Field(description="What is compared, in words.")
    comparison: str | None = Field(default=None, description="How; that of the case by default.")
    module: dict[str, Any] = Field(default_factory=dict, description="Module keys, beside those of the case.")
    inputs: dict[str, Any] = Field(default_factory=dict, alias="with", description="What else the comparison needs.")
    over: dict[str, list[float]] = Field(default_factory=dict, description="Inputs with a value for each point.")
    expected: dict[str, float | list[float]] = Field(min_length=1, description="Published values by quantity.")
    tolerance: Tolerance | None = None
    gated: bool = Field(default=True, description="False: shown only, although the case is strong.")
    reason: str | None = Field(default=None, description="Why it differs, or is shown only.")
    because: str | None = Field(default=None, description="What justifies the tolerance, where the case says another.")
    plot: str | None = Field(default=None, description="Name of the curve of rate over loss that the points belong to.")

    @property
    def points(self) -> int:
        """How many points each quantity has."""
        return max((len(values) for values in self.over.values()), default=1)


def _reasons(row: Mapping[str, Any]) -> str | None:
    if not row["strong"] and row["reason"] is None:
        return "is not strong and gives no reason"
    for part in row["parts"]:
        if (part.comparison or row["comparison"]) is None:
            return f"'{part.what}' names no comparison"
        if row["strong"] and part.gated and part.tolerance is None:
            return f"'{part.what}' is strong and has no tolerance"
        if row["strong"] and not part.gated and part.reason is None:
            return f"'{part.what}' is not gated and gives no reason"
    if row["strong"] and not any(part.gated for part in row["parts"]):
        return "is strong and gates nothing"
    return None


class Case(Record):
    """A published case."""

    rules: ClassVar[tuple[Rule, ...]] = (Rule(("reason",), _reasons),)

    title: str
    protocol: str = Field(description="A protocol of the planner, or what is compared.")
    source: str = Field(description="A key of sources.toml.")
    provenance: list[Provenance] = Field(min_length=1, description="How the numbers are known.")
    strong: bool = Field(description="True: the model must lie within the tolerance.")
    comparison: str | None = None
    because: str = Field(description="What the publication leaves open: the justification of the tolerances.")
    reason: str | None = Field(default=None, description="Why it is shown only.")
    note: str | None = None
    module: dict[str, Any] = Field(default_factory=dict, description="Module keys.")
    inputs: dict[str, Any] = Field(default_factory=dict, alias="with")
    parts: list[Part] = Field(default_factory=list)


FAMILIES: Mapping[str, str] = {
    "decoy-bb84": "Decoy-state BB84",
    "middle-station": "Bounds and middle stations",
    "continuous-variable": "Continuous variables",
    "entanglement": "Entangled pairs",
    "coexistence": "Light of classical channels",
    "satellite": "Satellite downlinks",
    "detectors": "Detectors",
    "relays": "Key relay",
}
"""The files in their order, and what they are about."""


def load_cases(folder: Path | None = None) -> dict[str, dict[str, Case]]:
    """Reads the published cases.

    Args:
        folder: Where the files lie; those that ship by default.

    Returns:
        For each family, the cases by id, in the order of the files.

    Raises:
        InputError: A file is missing or wrong; holds every problem.
    """
    place = folder or data_dir() / "published"
    problems: list[Problem] = []
    families: dict[str, dict[str, Case]] = {}
    for family in FAMILIES:
        file = f"published/{family}.toml"
        cases = families[family] = {}
        for case_id, content in read_toml(place / f"{family}.toml", name=file).items():
            try:
                cases[case_id] = Case.model_validate(content)
            except ValidationError as error:
                for detail in error.errors():
                    column = ".".join([case_id, *(str(step) for step in detail["loc"])])
                    problems.append(Problem(detail["msg"], file=file, column=column))
    if problems:
        raise InputError(problems)
    return families
