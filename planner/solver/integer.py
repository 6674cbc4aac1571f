"""Programs of which some columns are whole numbers, built row by row and solved at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from planner.errors import LimitReached
from planner.solver.linear import OPTIONS, Solution, tolerances

_EXACT: Mapping[str, Any] = {
    **OPTIONS,
    "simplex_scale_strategy": 2,
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 1e-11,
    "mip_feasibility_tolerance": 1e-9,
    **tolerances(1e-9),
}


class IntegerProgram:
    """Columns from 0 to an upper bound, and rows, as they are made.

    Attributes:
        costs: Cost of each column; may be set anew before the program is solved again.
        work: So many iterations of the simplex method all calls of :meth:`minimise` took.
    """

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.work = 0
        self._most: list[float] = []
        self._whole: list[int] = []
        self._lower: list[float] = []
        self._upper: list[float] = []
        self._entries: list[dict[int, float]] = []

    def column(self, *, cost: float = 0.0, most: float = 1.0, whole: bool = False) -> int:
        """Adds a column and gives its number.

        Args:
            cost: What one unit costs.
            most: Its upper bound.
            whole: Whether it is a whole number.
        """
        number = len(self.costs)
        self.costs.append(cost)
        self._most.append(most)
        self._whole += [number] if whole else []
        return number

    def row(self, entries: Mapping[int, float], *, lower: float = -np.inf, upper: float = np.inf) -> None:
        """Adds a row: entries by column, and its bounds."""
        self._entries.append(dict(entries))
        self._lower.append(lower)
        self._upper.append(upper)

    def minimise(
        self,
        *,
        time_limit_s: float = np.inf,
        most_nodes: int | None = None,
        most_work: int | None = None,
        best_so_far: bool = False,
    ) -> Solution | None:
        """The solution of least cost; None where the rows contradict each other.

        Args:
            time_limit_s: When to stop.
            most_nodes: So many branches are looked at, at most: the same on every machine.
            most_work: So many iterations of the simplex method, at most: likewise.
            best_so_far: Where a limit comes first, to give the best solution so far, if there is any.

        Raises:
            LimitReached: A limit came first.
            AssertionError: There is no optimal solution for another reason.
        """
        import highspy

        bounds = zip(self._entries, self._lower, self._upper, strict=True)
        if any(not entries and not lower <= 0 <= upper for entries, lower, upper in bounds):
            return None  # HiGHS does not look at rows without columns
        highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        limits = {
            "time_limit": time_limit_s, "mip_max_nodes": most_nodes, "simplex_iteration_limit": most_work,
        }  # fmt: skip
        for option, value in {**_EXACT, **limits}.items():
            if value is not None:
                highs.setOptionValue(option, value)
        self._load(highs, highspy)
        highs.run()
        self.work += max(int(highs.getInfo().simplex_iteration_count), 0)
        status, known = highs.getModelStatus(), highspy.HighsModelStatus
        if status in (known.kInfeasible, known.kUnboundedOrInfeasible):
            return None
        limited = status in (known.kTimeLimit, known.kSolutionLimit, known.kIterationLimit)
        if limited:
            feasible = highspy.SolutionStatus.kSolutionStatusFeasible
            if not best_so_far or highs.getInfo().primal_solution_status != feasible:
                raise LimitReached("a limit of the integer program was reached")
        elif status not in (known.kOptimal, known.kModelEmpty):
            raise AssertionError(f"the integer program has no optimal solution: {highs.modelStatusToString(status)}")
        values = np.asarray(highs.getSolution().col_value)
        return Solution(
            objective=float(values @ self.costs), values=values, row_prices=np.zeros(len(self._lower)),
            proven=not limited,
        )  # fmt: skip

    def _load(self, highs: Any, highspy: Any) -> None:
        """Hands columns and rows over, the costs by the size of 1."""
        costs = np.array(self.costs) / (max(self.costs, default=0.0) or 1.0)
        nothing = np.zeros(0, dtype=np.int32)
        highs.addCols(len(costs), costs, np.zeros(len(costs)), np.array(self._most), 0, nothing, nothing, np.zeros(0))
        whole = np.array(self._whole, dtype=np.int32)
        kind = np.full(len(whole), int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        highs.changeColsIntegrality(len(whole), whole, kind)
        columns = np.array([column for row in self._entries for column in row], dtype=np.int32)
        values = np.array([value for row in self._entries for value in row.values()], dtype=np.float64)
        starts = np.cumsum([0, *map(len, self._entries)])[:-1].astype(np.int32)
        highs.addRows(len(starts), np.array(self._lower), np.array(self._upper), len(columns), starts, columns, values)
