"""Linear and integer programs: the only place that knows HiGHS. One thread, seed 0: the same calls, the same answer."""

from __future__ import annotations

from planner.solver.integer import IntegerProgram
from planner.solver.linear import InfeasibleError, LinearProgram, Solution, TooManyStepsError

__all__ = ["InfeasibleError", "IntegerProgram", "LinearProgram", "Solution", "TooManyStepsError"]
