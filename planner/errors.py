"""The errors that a user may meet, each with the exit code of the command line.

PlannerError
├── UsageError      exit 2: the call itself is wrong
├── InputError      exit 3: the input is wrong; holds every problem found, not only the first
├── AnswerNo        exit 4: the question has an answer, and it is "no"
└── LimitReached    exit 5: a limit stopped the work; no answer, or the best so far
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class PlannerError(Exception):
    """Base of all errors that are not bugs of the planner."""

    exit_code = 1


class UsageError(PlannerError):
    """The call itself is wrong: an unknown option value, two options that exclude each other."""

    exit_code = 2


class AnswerNo(PlannerError):
    """The answer to the question is "no": a plan does not verify, there is no route."""

    exit_code = 4


class LimitReached(PlannerError):
    """A limit was reached; there is no answer, or only the best so far."""

    exit_code = 5


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the input, and what would be right.

    Attributes:
        message: What is wrong.
        file: Name of the file (and the sheet) it is in.
        row: The line as a person sees it; the header of a table is row 1.
        column: The column of a table or the key of a TOML file.
        expected: What would be right, with the nearest known name where there is one.
    """

    message: str
    file: str | None = None
    row: int | None = None
    column: str | None = None
    expected: str | None = None

    @property
    def place(self) -> str:
        """Where the problem is, as words: file, row and column as far as they are known."""
        parts = [
            self.file,
            None if self.row is None else f"row {self.row}",
            None if self.column is None else f"column {self.column}",
        ]
        return ", ".join(part for part in parts if part)

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        right = f" (expected: {self.expected})" if self.expected else ""
        return f"{where}{self.message}{right}"


class InputError(PlannerError):
    """The input is wrong. Carries every problem found, so that all can be mended at once.

    Attributes:
        problems: The problems, in the order of file, row and column.
    """

    exit_code = 3

    def __init__(self, problems: Iterable[Problem] | Problem | str) -> None:
        if isinstance(problems, str):
            problems = Problem(problems)
        if isinstance(problems, Problem):
            problems = [problems]
        self.problems: tuple[Problem, ...] = tuple(
            sorted(problems, key=lambda p: (p.file or "", p.row or 0, p.column or ""))
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(name: str, known: Iterable[str]) -> str:
    """Words that name the known names nearest to ``name``; never a silent replacement.

    Args:
        name: What was read.
        known: The names that would be right.

    Returns:
        ``"did you mean 'jinan'?"`` where one is near, else a list of the known names (at most ten).
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    if not names:
        return "none is known here"
    shown = ", ".join(names[:10])
    return f"one of {shown}" + (f" and {len(names) - 10} more" if len(names) > 10 else "")
