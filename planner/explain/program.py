"""Linear programs, some of whose columns are whole numbers, built row by row and solved by HiGHS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OPTIONS: Mapping[str, Any] = {
    "output_flag": False,
    "threads": 1,
    "random_seed": 0,
    "mip_rel_gap": 0.0,
    # These are the same on every machine, where a limit of time would not be.
    "mip_max_nodes": 1_000,
    "simplex_iteration_limit": 50_000,
}


class LimitError(Exception):
    """The search for the best whole numbers was given up."""


class Program:
    """A linear program that is built row by row: columns from 0 to their upper bounds.

    Attributes:
        work: So many iterations all calls of :meth:`minimise` took.
    """

    def __init__(self) -> None:
        self.work = 0
        self._rows: list[int] = []
        self._columns: list[int] = []
        self._values: list[float] = []
        self._lower: list[float] = []
        self._upper: list[float] = []
        self._most: list[float] = []
        self._whole: list[int] = []
        self._cost: list[float] = []

    def column(self, *, most: float = np.inf, cost: float = 0.0, whole: bool = False) -> int:
        """Adds a column and returns its number."""
        self._most.append(most)
        self._cost.append(cost)
        self._whole.append(int(whole))
        return len(self._most) - 1

    def row(self, entries: Mapping[int, float], *, lower: float = -np.inf, upper: float = np.inf) -> None:
        """Adds a row: entries by column, and its bounds."""
        self._rows += [len(self._lower)] * len(entries)
        self._columns += entries.keys()
        self._values += entries.values()
        self._lower.append(lower)
        self._upper.append(upper)

    def minimise(self) -> NDArray[np.float64] | None:
        """The values of the columns that cost least; None where no values keep all rows.

        Raises:
            LimitError: It took too long.
        """
        import highspy

        if not self._most:
            kept = all(lower <= 0.0 <= upper for lower, upper in zip(self._lower, self._upper, strict=True))
            return np.zeros(0) if kept else None
        highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in _OPTIONS.items():
            highs.setOptionValue(option, value)
        highs.passModel(self._model(highspy))
        highs.run()
        self.work += max(int(highs.getInfo().simplex_iteration_count), 0)
        status, known = highs.getModelStatus(), highspy.HighsModelStatus
        if status in (known.kInfeasible, known.kUnboundedOrInfeasible):  # no cost is below 0, so none is unbounded
            return None
        if status != known.kOptimal:
            raise LimitError
        return np.array(highs.getSolution().col_value)

    def _model(self, highspy: Any) -> Any:
        count, largest = len(self._most), max(self._cost, default=0.0) or 1.0
        order = np.argsort(self._rows, kind="stable")
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = count, len(self._lower)
        model.col_cost_ = np.array(self._cost) / largest
        model.col_lower_, model.col_upper_ = np.zeros(count), np.array(self._most)
        model.row_lower_, model.row_upper_ = np.array(self._lower), np.array(self._upper)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.bincount(self._rows, minlength=len(self._lower)))])
        model.a_matrix_.index_ = np.array(self._columns, dtype=np.int32)[order]
        model.a_matrix_.value_ = np.array(self._values, dtype=np.float64)[order]
        kinds = highspy.HighsVarType
        model.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in self._whole]
        return model
