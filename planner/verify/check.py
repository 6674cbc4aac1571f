"""What a verification says: checks, each with what was compared and the worst deviation."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

ROUNDING = 1e-9
"""Largest relative deviation that counts as rounding: sums of floating-point numbers in another order."""

_SHOWN = 3


@dataclass(frozen=True)
class Check:
    """One promise of a plan and whether it holds.

    Attributes:
        name: The promise, in a few words.
        passed: Whether it holds.
        detail: What was compared, with numbers; where it failed, what is wrong and what would be right.
    """

    name: str
    passed: bool
    detail: str

    def __str__(self) -> str:
        return f"{'holds' if self.passed else 'BROKEN'}: {self.name}: {self.detail}"


@dataclass(frozen=True)
class Verification:
    """The answer of :func:`planner.verify.verify_plan`.

    Attributes:
        network: What the plan calls its network.
        checks: Every promise that was checked, in the order of the work.
    """

    network: str
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether every promise holds."""
        return all(check.passed for check in self.checks)

    @property
    def broken(self) -> tuple[Check, ...]:
        """The promises that do not hold."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        if self.ok:
            return f"The plan of {self.network} keeps all {len(self.checks)} kinds of promise that were checked."
        names = ", ".join(check.name for check in self.broken)
        return f"The plan of {self.network} breaks {len(self.broken)} of {len(self.checks)} kinds of promise: {names}."

    def as_dict(self) -> dict[str, Any]:
        """The answer as one JSON document."""
        checks = [{"name": check.name, "passed": check.passed, "detail": check.detail} for check in self.checks]
        return {"network": self.network, "ok": self.ok, "sentence": self.sentence, "checks": checks}

    def __str__(self) -> str:
        return "\n".join([*(str(check) for check in self.checks), self.sentence])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{'holds' if check.passed else '<strong>broken</strong>'}</td>"
            f"<td>{html.escape(check.name)}</td><td>{html.escape(check.detail)}</td></tr>"
            for check in self.checks
        )
        return f"<p>{html.escape(self.sentence)}</p><table>{rows}</table>"


@dataclass
class Ledger:
    """Collects what one check finds: failures in words, and the worst deviation of what was compared.

    Attributes:
        name: Name of the check that it becomes.
        wrong: What is wrong, in words.
        worst: The largest relative deviation met.
    """

    name: str
    wrong: list[str] = field(default_factory=list)
    worst: float = 0.0

    def require(self, condition: object, failure: str) -> bool:
        """Notes ``failure`` unless the condition holds; says whether it held."""
        if not condition:
            self.wrong.append(failure)
        return bool(condition)

    def equal(
        self, what: str, *, claimed: float | None, right: float | None, scale: float = 0.0, tolerance: float = ROUNDING
    ) -> bool:
        """Compares two numbers, or two absences of one.

        Args:
            what: Name of the number, for the failure.
            claimed: What the plan says.
            right: What it should be.
            scale: What deviations are counted against where it is larger than the right value: a sum of
                large numbers that comes to nearly nothing cannot be exact to its own size.
            tolerance: Largest relative deviation allowed.

        Returns:
            Whether they agree.
        """
        if claimed is None or right is None:
            return self.require(claimed is right, f"{what} is {number(claimed)} and should be {number(right)}")
        deviation = relative(claimed - right, max(abs(right), scale))
        self.worst = max(self.worst, deviation)
        return self.require(deviation <= tolerance, f"{what} is {number(claimed)} and should be {number(right)}")

    def at_most(self, what: str, *, value: float, limit: float, tolerance: float = ROUNDING) -> bool:
        """Checks that a number does not exceed its limit by more than the relative tolerance."""
        excess = relative(max(0.0, value - limit), abs(limit))
        self.worst = max(self.worst, excess)
        return self.require(excess <= tolerance, f"{what} is {number(value)}, above its limit {number(limit)}")

    def same_ids(self, what: str, *, claimed: Mapping[str, object], right: Mapping[str, object]) -> bool:
        """Checks that the plan speaks of exactly the things that the inputs hold."""
        missing = [key for key in right if key not in claimed]
        extra = [key for key in claimed if key not in right]
        self.require(not missing, f"{what} missing from the plan: {some(missing)}")
        return self.require(not extra, f"{what} that the inputs do not have: {some(extra)}") and not missing

    def check(self, done: str) -> Check:
        """The check: ``done`` says what was compared; failures come first."""
        if self.wrong:
            more = len(self.wrong) - _SHOWN
            detail = "; ".join(self.wrong[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
            return Check(name=self.name, passed=False, detail=detail)
        return Check(name=self.name, passed=True, detail=done)


def relative(difference: float, scale: float) -> float:
    """The size of a difference counted against a scale; infinite where there is a difference but no scale."""
    if difference == 0:
        return 0.0
    return abs(difference) / scale if scale > 0 else float("inf")


def total(values: Iterable[float]) -> float:
    """A sum that is rounded once, so that the order does not matter; infinite where no number is large enough."""
    parts = list(values)
    try:
        return math.fsum(parts)
    except OverflowError:
        return math.inf
    except ValueError:  # infinity minus infinity
        return math.nan


def number(value: float | None) -> str:
    """A number in a sentence."""
    return "null" if value is None else f"{value:.12g}"


def some(names: list[str]) -> str:
    """The first few names in a sentence."""
    more = len(names) - 5
    return ", ".join(f"'{name}'" for name in names[:5]) + (f" and {more} more" if more > 0 else "")
