"""Linear programs that grow by columns.

Rows come first; columns are added in rounds, and each solve starts from the basis of the one before. New columns
start at zero, so the old solution stays feasible, and the primal simplex method (``simplex_strategy`` 4) goes on
from there. One thread, seed 0: the same calls give the same answer.

Q. Huangfu and J. A. J. Hall, Mathematical Programming Computation 10, 119 (2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray


def tolerances(tolerance: float) -> dict[str, Any]:
    """The options of HiGHS that say by how much rows and prices may be missed."""
    return {"primal_feasibility_tolerance": tolerance, "dual_feasibility_tolerance": tolerance}


def _perturbation(size: float) -> dict[str, Any]:
    return {
        "primal_simplex_bound_perturbation_multiplier": size,
        "dual_simplex_cost_perturbation_multiplier": size,
    }


OPTIONS: Mapping[str, Any] = {
    "output_flag": False,
    "threads": 1,
    "parallel": "off",
    "random_seed": 0,
    "small_matrix_value": 1e-12,
    "ipm_iteration_limit": 300,  # some tens are enough, but with wild numbers it may go round in circles
    "simplex_scale_strategy": 0,  # programs come scaled; tolerances then mean what they say
}
_WAYS: tuple[Mapping[str, Any], ...] = (
    {"solver": "simplex", "simplex_strategy": 4, "presolve": "off", **tolerances(1e-10), **_perturbation(1.0)},
    {"solver": "simplex", "simplex_strategy": 4, "presolve": "off", **tolerances(1e-10), **_perturbation(0.0)},
    {"solver": "simplex", "simplex_strategy": 1, "presolve": "off", **tolerances(1e-10), **_perturbation(0.0)},
    {"solver": "ipm", "simplex_strategy": 1, "presolve": "off", **tolerances(1e-10), **_perturbation(0.0)},
)
"""Primal simplex from the last basis; should that fail numerically, other ways, each from scratch
(among them the interior-point method, which ends with a crossover to a basis)."""

_DUAL: Mapping[str, Any] = {**_WAYS[1], "simplex_strategy": 1}
"""Dual simplex, for a basis that was optimal before some columns were taken away."""

_INSIDE: Mapping[str, Any] = {"solver": "ipm", "presolve": "off", **tolerances(1e-9)}
ANY_NUMBER = 2**31 - 1
_EXACT = 1e-13  # a solution that misses no row or bound by more is not refined
_FINER = 1e6  # by how much finer a refined solution is
_SURE = 2  # ways that call a program infeasible are enough
_NEARLY = 1e-9  # by how much a solution that is not called optimal may miss a row


class TooManyStepsError(Exception):
    """The simplex method needs more steps than it was given."""


class InfeasibleError(AssertionError):
    """No values of the columns keep every row."""


@dataclass(frozen=True)
class Solution:
    """An optimal solution.

    Attributes:
        objective: Its cost.
        values: Value of each column.
        row_prices: Change of the cost per unit of each row's active bound: at most 0 for an upper bound, at least 0
            for a lower bound.
        proven: False where a limit was reached first: there may be a cheaper one.
    """

    objective: float
    values: NDArray[np.float64]
    row_prices: NDArray[np.float64]
    proven: bool = True


class LinearProgram:
    """Minimises a cost over columns subject to bounds on rows.

    Args:
        row_lower: Lower bound of each row, ``-inf`` for none.
        row_upper: Upper bound of each row, ``inf`` for none.
        most_steps: So many steps of the simplex method a solve may make from the last basis.
        refining: A solution that misses a row or bound by more than rounding is refined.
    """

    def __init__(
        self,
        *,
        row_lower: ArrayLike,
        row_upper: ArrayLike,
        most_steps: int = ANY_NUMBER,
        refining: bool = True,
    ) -> None:
        import highspy

        self._most_steps, self._refining = most_steps, refining
        self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        self._set(OPTIONS)
        lower, upper = _floats(row_lower), _floats(row_upper)
        nothing = np.zeros(0, dtype=np.int32)
        self._must(self._highs.addRows(len(lower), lower, upper, 0, nothing, nothing, np.zeros(0)), "addRows")
        self.rows, self.columns = len(lower), 0
        self._back = False  # whether the next solve starts from an earlier basis

    def add_columns(
        self,
        *,
        costs: ArrayLike,
        starts: ArrayLike,
        rows: ArrayLike,
        values: ArrayLike,
        upper: float = float("inf"),
    ) -> None:
        """Adds columns, each from 0 to ``upper``.

        Args:
            costs: Cost of each new column.
            starts: Where each column begins in ``rows`` and ``values``.
            rows: Row numbers of the entries, column by column.
            values: The entries.
            upper: Upper bound of every new column.
        """
        costs, rows = _floats(costs), np.asarray(rows, dtype=np.int32)
        count = len(costs)
        status = self._highs.addCols(
            count, costs, np.zeros(count), np.full(count, float(upper)),
            len(rows), np.asarray(starts, dtype=np.int32), rows, _floats(values),
        )  # fmt: skip
        self._must(status, "addCols")
        self.columns += count

    def add_rows(
        self, *, row_lower: ArrayLike, row_upper: ArrayLike, starts: ArrayLike, columns: ArrayLike, values: ArrayLike
    ) -> None:
        """Adds rows after the others.

        Args:
            row_lower: Lower bound of each new row.
            row_upper: Upper bound of each new row.
            starts: Where each row begins in ``columns`` and ``values``.
            columns: Column numbers of the entries, row by row.
            values: The entries.
        """
        lower, columns = _floats(row_lower), np.asarray(columns, dtype=np.int32)
        status = self._highs.addRows(
            len(lower), lower, _floats(row_upper),
            len(columns), np.asarray(starts, dtype=np.int32), columns, _floats(values),
        )  # fmt: skip
        self._must(status, "addRows")
        self.rows += len(lower)

    def start_from(self, *, basic_columns: ArrayLike, full_rows: ArrayLike, tight_rows: ArrayLike) -> None:
        """Gives the basis to start from: as many columns are basic as rows are at a bound.

        Args:
            basic_columns: Columns that may be above zero.
            full_rows: Rows at their upper bound.
            tight_rows: Rows at their lower bound.
        """
        import highspy

        status = highspy.HighsBasisStatus
        columns, rows = [status.kLower] * self.columns, [status.kBasic] * self.rows
        for column in np.asarray(basic_columns).tolist():
            columns[column] = status.kBasic
        for bound, chosen in ((status.kUpper, full_rows), (status.kLower, tight_rows)):
            for row in np.asarray(chosen).tolist():
                rows[row] = bound
        basis = highspy.HighsBasis()
        basis.col_status, basis.row_status, basis.valid = columns, rows, True
        self._must(self._highs.setBasis(basis), "setBasis")

    def replace_entries(self, *, starts: ArrayLike, rows: ArrayLike, values: ArrayLike) -> None:
        """Gives every column other entries; the basis stays. Costs and bounds stay too.

        Args:
            starts: Where each column begins in ``rows`` and ``values``.
            rows: Row numbers of the entries, column by column.
            values: The entries.
        """
        import highspy

        basis, program = self._highs.getBasis(), self._highs.getLp()
        matrix = program.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kColwise
        matrix.start_ = np.append(np.asarray(starts, dtype=np.int32), np.int32(len(np.asarray(rows))))
        matrix.index_, matrix.value_ = np.asarray(rows, dtype=np.int32), _floats(values)
        self._must(self._highs.passModel(program), "passModel")
        if basis.valid:
            self._must(self._highs.setBasis(basis), "setBasis")

    def remember(self) -> None:
        """Keeps the number of columns and the basis that the last solve ended with, for :meth:`go_back`."""
        import highspy

        basis = self._highs.getBasis()
        basic = [*basis.col_status, *basis.row_status].count(highspy.HighsBasisStatus.kBasic)
        self._kept = self.columns, basis if basis.valid and basic == self.rows else None

    def go_back(self) -> None:
        """Drops the columns that came after :meth:`remember`; the next solve starts from its basis, by dual simplex."""
        columns, basis = self._kept
        later = np.arange(columns, self.columns, dtype=np.int32)
        if len(later):
            self._must(self._highs.deleteCols(len(later), later), "deleteCols")
        self.columns = columns
        if basis is None:
            self._highs.clearSolver()
        else:
            self._must(self._highs.setBasis(basis), "setBasis")
            self._back = True

    def set_costs(self, costs: ArrayLike) -> None:
        """Sets the cost of every column."""
        numbers = np.arange(self.columns, dtype=np.int32)
        self._must(self._highs.changeColsCost(self.columns, numbers, _floats(costs)), "changeColsCost")

    def set_upper(self, columns: ArrayLike, upper: float) -> None:
        """Sets the upper bound of a column, or of several."""
        numbers = np.atleast_1d(np.asarray(columns, dtype=np.int32))
        bounds = np.zeros(len(numbers)), np.full(len(numbers), float(upper))
        if len(numbers):
            self._must(self._highs.changeColsBounds(len(numbers), numbers, *bounds), "changeColsBounds")

    def set_lower_rows(self, rows: ArrayLike, lower: ArrayLike) -> None:
        """Sets the lower bound of rows that have no upper one."""
        rows, lower = np.asarray(rows, dtype=np.int32), _floats(lower)
        free = np.full(len(rows), np.inf)
        self._must(self._highs.changeRowsBounds(len(rows), rows, lower, free), "changeRowsBounds")

    def set_entries(self, column: int, rows: ArrayLike, values: ArrayLike) -> None:
        """Sets entries of one column."""
        for row, value in zip(np.asarray(rows).tolist(), _floats(values).tolist(), strict=True):
            self._must(self._highs.changeCoeff(row, column, value), "changeCoeff")

    def solve(self) -> Solution:
        """Solves, starting from where the last solve ended.

        Where numbers of very different size meet, HiGHS may find an optimal basis and yet not call it optimal, because
        a row is missed by more than the tolerance. Where no way ends better, the least bad of such solutions is
        taken: what is made of it is checked by other means.

        Raises:
            TooManyStepsError: It needs more steps than it was given.
            InfeasibleError: The rows contradict each other.
            AssertionError: There is no optimal solution: the program was not made as it should be.
        """
        import highspy

        status = highspy.HighsModelStatus.kNotset
        nearly: list[tuple[float, int, Solution]] = []
        infeasible = 0
        ways = (_DUAL, *_WAYS) if self._back else _WAYS
        self._back = False
        for number, way in enumerate(ways):
            most = self._plenty if number else min(self._most_steps, self._plenty)
            status = self._run({**way, "simplex_iteration_limit": most})
            if status == highspy.HighsModelStatus.kIterationLimit and not number and most == self._most_steps:
                raise TooManyStepsError
            if status == highspy.HighsModelStatus.kOptimal:
                return self._refined() if self._refining and self._missed() > _EXACT else self._read()
            infeasible += status == highspy.HighsModelStatus.kInfeasible
            if infeasible == _SURE:
                break
            if status == highspy.HighsModelStatus.kUnknown:
                missed = max(self._missed(), float(self._highs.getInfo().max_dual_infeasibility))
                nearly.append((missed, number, self._read()))
            self._highs.clearSolver()
        if nearly and min(nearly)[0] < _NEARLY:
            return min(nearly)[2]
        if infeasible:
            raise InfeasibleError("the rows of the linear program contradict each other")
        raise AssertionError(f"the linear program has no optimal solution: {self._highs.modelStatusToString(status)}")

    def solve_inside(self, *, tolerance: float) -> Solution:
        """Solves roughly, without a basis: a point inside, whose prices lie in the middle of those that are possible.

        Args:
            tolerance: By what part of the cost it may miss the least.

        Raises:
            AssertionError: There is no solution.
        """
        self._highs.clearSolver()
        self._run({**_INSIDE, "run_crossover": "off", "ipm_optimality_tolerance": tolerance})
        self._set({"run_crossover": "on", "ipm_optimality_tolerance": 1e-8})
        found = self._highs.getSolution()
        if not (found.value_valid and found.dual_valid):
            raise AssertionError("the linear program has no solution inside")
        return self._read()

    def solve_across(self) -> Solution:
        """Solves from scratch by points inside, and crosses over to a basis to go on from.

        Raises:
            AssertionError: There is no optimal solution.
        """
        self._highs.clearSolver()
        self._run({**_WAYS[-1], "simplex_iteration_limit": self._plenty})
        most, self._most_steps = self._most_steps, ANY_NUMBER
        try:
            return self.solve()
        finally:
            self._most_steps = most

    @property
    def steps(self) -> int:
        """Steps of the simplex method that the last solve took."""
        return max(int(self._highs.getInfo().simplex_iteration_count), 0)

    @property
    def _plenty(self) -> int:
        """Steps that a program of this size does not need, unless it goes round in circles."""
        return 10_000 + 100 * (self.rows + self.columns)

    def _run(self, options: Mapping[str, Any]) -> Any:
        self._set(options)
        self._highs.run()
        return self._highs.getModelStatus()

    def _set(self, options: Mapping[str, Any]) -> None:
        for option, value in options.items():
            self._must(self._highs.setOptionValue(option, value), option)

    def _refined(self) -> Solution:
        """An optimal solution that keeps its rows and bounds to much less than the solver's tolerance.

        What is left to be done is a program with the same entries, and with the room that the solution leaves as
        bounds. Magnified, it is solved to the same tolerance, from the same basis (A. M. Gleixner, D. E. Steffy and
        K. Wolter, INFORMS Journal on Computing 28, 449 (2016)).

        Raises:
            InfeasibleError: At this precision the rows contradict each other.
        """
        import highspy

        program, found = self._highs.getLp(), self._highs.getSolution()
        values, rows = np.asarray(found.col_value), np.asarray(found.row_value)
        columns = np.asarray(program.col_lower_), np.asarray(program.col_upper_)
        limits = np.asarray(program.row_lower_), np.asarray(program.row_upper_)
        self._set_bounds(
            columns=[_FINER * (bound - values) for bound in columns], rows=[_FINER * (bound - rows) for bound in limits]
        )
        self._highs.run()
        status, more = self._highs.getModelStatus(), self._read()
        self._set_bounds(columns=columns, rows=limits)
        if status != highspy.HighsModelStatus.kOptimal:
            raise InfeasibleError("the rows of the linear program contradict each other by a little")
        refined = values + more.values / _FINER
        return Solution(float(np.asarray(program.col_cost_) @ refined), refined, more.row_prices)

    def _set_bounds(self, *, columns: Sequence[NDArray[np.float64]], rows: Sequence[NDArray[np.float64]]) -> None:
        numbers = np.arange(self.columns, dtype=np.int32), np.arange(self.rows, dtype=np.int32)
        self._must(self._highs.changeColsBounds(self.columns, numbers[0], *map(_floats, columns)), "changeColsBounds")
        self._must(self._highs.changeRowsBounds(self.rows, numbers[1], *map(_floats, rows)), "changeRowsBounds")

    def _missed(self) -> float:
        """By how much the present solution misses a row or a bound at worst."""
        return float(self._highs.getInfo().max_primal_infeasibility)

    def _read(self) -> Solution:
        found = self._highs.getSolution()
        return Solution(
            objective=float(self._highs.getInfo().objective_function_value),
            values=np.asarray(found.col_value),
            row_prices=np.asarray(found.row_dual),
        )

    def _must(self, status: Any, action: str) -> None:
        """HiGHS warns where it drops an entry below 1e-9, which is meant; an error is a mistake of the caller."""
        import highspy

        if status == highspy.HighsStatus.kError:
            raise AssertionError(f"HiGHS refused {action}")


def _floats(values: ArrayLike) -> NDArray[np.float64]:
    return np.ascontiguousarray(values, dtype=np.float64)
