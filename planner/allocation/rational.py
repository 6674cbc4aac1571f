"""Linear programs in exact arithmetic, for small ones whose numbers a solver with tolerances cannot tell apart.

A network whose rates span many powers of ten makes programs in which what matters to one demand is rounding to
another. Here the simplex method runs in fractions: nothing is rounded, so the answer is optimal, or there is none.

Each row is a variable too, with the row's bounds. A basis is named by the columns that are in it and the rows that are
not: as many of each; only these make equations (G. B. Dantzig, Linear Programming and Extensions, 1963, chapter 18, on
bounds). The rule of R. G. Bland (Mathematics of Operations Research 2, 103 (1977)) lets it end.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from planner.solver import InfeasibleError, Solution

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_LARGEST = 60  # equations; with more, fractions take too long
_MOST_STEPS = 2000
_GREEDY_STEPS = 300  # after so many steps Bland's rule chooses

_Vector = dict[int, Fraction]
_NOTHING = Fraction(0)


class TooLargeError(AssertionError):
    """The program is too large for exact arithmetic."""


class ExactProgram:
    """Minimises a cost over columns subject to bounds on rows, without rounding; used as :class:`LinearProgram` is.

    Args:
        row_lower: Lower bound of each row, ``-inf`` for none.
        row_upper: Upper bound of each row, ``inf`` for none.
    """

    def __init__(self, *, row_lower: ArrayLike, row_upper: ArrayLike) -> None:
        self.row_lower: list[float] = np.asarray(row_lower, dtype=float).tolist()
        self.row_upper: list[float] = np.asarray(row_upper, dtype=float).tolist()
        self.costs: list[float] = []
        self.upper: list[float] = []
        self.columns: list[dict[int, float]] = []
        self.basis = Basis()

    def add_columns(
        self,
        *,
        costs: ArrayLike,
        starts: ArrayLike,
        rows: ArrayLike,
        values: ArrayLike,
        upper: float = float("inf"),
    ) -> None:
        """Adds columns, each from 0 to ``upper``, as :meth:`LinearProgram.add_columns` does."""
        new: list[float] = np.asarray(costs, dtype=float).tolist()
        self.columns += _lines(starts, rows, values)
        self.costs += new
        self.upper += [upper] * len(new)

    def add_rows(
        self, *, row_lower: ArrayLike, row_upper: ArrayLike, starts: ArrayLike, columns: ArrayLike, values: ArrayLike
    ) -> None:
        """Adds rows after the others."""
        for line in _lines(starts, columns, values):
            for column, value in line.items():
                self.columns[column][len(self.row_lower)] = value
            self.row_lower.append(0.0)
        self.row_lower[len(self.row_upper) :] = np.asarray(row_lower, dtype=float).tolist()
        self.row_upper += np.asarray(row_upper, dtype=float).tolist()

    def replace_entries(self, *, starts: ArrayLike, rows: ArrayLike, values: ArrayLike) -> None:
        """Gives every column other entries."""
        self.columns = _lines(starts, rows, values)

    def start_from(self, *, basic_columns: ArrayLike, full_rows: ArrayLike, tight_rows: ArrayLike) -> None:
        """Gives the basis to start from: as many columns are basic as rows are at a bound."""
        full, tight = (np.asarray(part, dtype=np.int64).tolist() for part in (full_rows, tight_rows))
        above = {-1 - row for row in full}
        self.basis = Basis(np.asarray(basic_columns, dtype=np.int64).tolist(), [*full, *tight], above)

    def remember(self) -> None:
        """Keeps the number of columns and the basis that the last solve ended with, for :meth:`go_back`."""
        self._kept = len(self.columns), deepcopy(self.basis)

    def go_back(self) -> None:
        """Drops the columns that came after :meth:`remember`; the next solve starts from its basis."""
        columns, basis = self._kept
        del self.columns[columns:], self.costs[columns:], self.upper[columns:]
        self.basis = deepcopy(basis)

    def set_costs(self, costs: ArrayLike) -> None:
        """Sets the cost of every column."""
        self.costs = np.asarray(costs, dtype=float).tolist()

    def set_upper(self, columns: ArrayLike, upper: float) -> None:
        """Sets the upper bound of a column, or of several."""
        for column in np.atleast_1d(np.asarray(columns, dtype=np.int64)).tolist():
            self.upper[column] = float(upper)

    def set_lower_rows(self, rows: ArrayLike, lower: ArrayLike) -> None:
        """Sets the lower bound of rows that have no upper one."""
        for row, bound in zip(np.asarray(rows).tolist(), np.asarray(lower, dtype=float).tolist(), strict=True):
            self.row_lower[row] = bound

    def set_entries(self, column: int, rows: ArrayLike, values: ArrayLike) -> None:
        """Sets entries of one column."""
        new = zip(np.asarray(rows).tolist(), np.asarray(values, dtype=float).tolist(), strict=True)
        self.columns[column].update(new)

    def solve(self) -> Solution:
        """Solves, starting from where the last solve ended.

        Raises:
            InfeasibleError: The rows contradict each other.
            TooLargeError: The program is too large.
        """
        return _Simplex(self).solve()


def _lines(starts: ArrayLike, numbers: ArrayLike, values: ArrayLike) -> list[dict[int, float]]:
    first, names = np.asarray(starts, dtype=np.int64).tolist(), np.asarray(numbers, dtype=np.int64).tolist()
    entries = np.asarray(values, dtype=float).tolist()
    return [
        dict(zip(names[begin:end], entries[begin:end], strict=True))
        for begin, end in zip(first, [*first[1:], len(names)], strict=True)
    ]


@dataclass
class Basis:
    """Where a solve ended, and the next begins.

    Attributes:
        columns: The columns that are in the basis.
        rows: The rows that are not.
        above: Columns (by number) and rows (by -1 - number) at their upper bound, of those that are not in it.
    """

    columns: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    above: set[int] = field(default_factory=set)


class _Simplex:
    """The simplex method with bounds; variables are columns (by number) and rows (by -1 - number)."""

    def __init__(self, program: ExactProgram) -> None:
        self.basis = program.basis
        self.costs = [Fraction(cost) for cost in program.costs]
        self.columns = [{row: Fraction(value) for row, value in column.items() if value} for column in program.columns]
        self.rows: list[_Vector] = [{} for _ in program.row_lower]
        for column, entries in enumerate(self.columns):
            for row, entry in entries.items():
                self.rows[row][column] = entry
        # A row's number as a variable, -1 - row, counts from the end of these lists.
        low = [0.0] * len(program.upper) + program.row_lower[::-1]
        high = program.upper + program.row_upper[::-1]
        self.lower = [None if bound == -np.inf else Fraction(bound) for bound in low]
        self.upper = [None if bound == np.inf else Fraction(bound) for bound in high]

    def solve(self) -> Solution:
        """Solves from the basis that there is."""
        self._repair()
        for step in range(_MOST_STEPS):
            if len(self.basis.rows) > _LARGEST:
                raise TooLargeError("the linear program is too large for exact arithmetic")
            values = self._values()
            wrong = self._wrong(values)
            prices, change = self._prices(wrong)
            entering = self._entering(change, greedy=step < _GREEDY_STEPS)
            if entering is None:
                if wrong:
                    raise InfeasibleError("the rows of the linear program contradict each other")
                return self._solution(values, prices)
            self._move(entering, values=values, wrong=wrong, up=change[entering] < 0)
        raise AssertionError("the simplex method does not end")

    def _repair(self) -> None:
        """Leaves out of the basis what other entries have made dependent."""
        inside = set(self.basis.columns)
        equations = [{c: a for c, a in self.rows[row].items() if c in inside} for row in self.basis.rows]
        kept = _eliminated(equations, [_NOTHING] * len(equations))
        self.basis.columns = [column for column, *_ in kept]
        self.basis.rows = [self.basis.rows[place] for *_, place in kept]

    def _solution(self, values: _Vector, prices: _Vector) -> Solution:
        count = len(self.costs)
        objective = sum((self.costs[column] * values[column] for column in range(count)), _NOTHING)
        return Solution(
            objective=float(objective),
            values=np.array([float(values[column]) for column in range(count)]),
            row_prices=np.array([float(prices.get(row, _NOTHING)) for row in range(len(self.rows))]),
        )

    def _bound(self, variable: int) -> Fraction:
        """Where a variable is that is not in the basis."""
        low, high = self.lower[variable], self.upper[variable]
        value = high if variable in self.basis.above or low is None else low
        return _NOTHING if value is None else value

    def _values(self) -> _Vector:
        """The values of all variables."""
        inside = set(self.basis.columns)
        values = {column: self._bound(column) for column in range(len(self.costs)) if column not in inside}
        right = [
            self._bound(-1 - row) - sum((a * values[c] for c, a in self.rows[row].items() if c not in inside), _NOTHING)
            for row in self.basis.rows
        ]
        equations = [{c: a for c, a in self.rows[row].items() if c in inside} for row in self.basis.rows]
        values |= _solved(equations, right)
        outside = set(self.basis.rows)
        for row, entries in enumerate(self.rows):
            value = self._bound(-1 - row) if row in outside else None
            if value is None:
                value = sum((a * values[column] for column, a in entries.items() if values[column]), _NOTHING)
            values[-1 - row] = value
        return values

    def _wrong(self, values: _Vector) -> dict[int, int]:
        """The variables that are below their lower bound (-1) or above their upper one (1)."""
        wrong = {}
        for variable, value in values.items():
            low, high = self.lower[variable], self.upper[variable]
            if low is not None and value < low:
                wrong[variable] = -1
            elif high is not None and value > high:
                wrong[variable] = 1
        return wrong

    def _prices(self, wrong: dict[int, int]) -> tuple[_Vector, _Vector]:
        """Prices of the rows, and what raising a variable that is not in the basis costs.

        While some variable is wrong, the cost is by how much all of them are.
        """
        costs = list(self.costs)
        if wrong:
            costs = [Fraction(wrong.get(column, 0)) for column in range(len(costs))]
            for variable, sign in wrong.items():
                if variable < 0:
                    for column, entry in self.rows[-1 - variable].items():
                        costs[column] += sign * entry
        outside = set(self.basis.rows)
        equations = [
            {row: entry for row, entry in self.columns[column].items() if row in outside}
            for column in self.basis.columns
        ]
        prices = _solved(equations, [costs[column] for column in self.basis.columns])
        inside = set(self.basis.columns)
        change = {
            column: costs[column] - sum((a * prices[row] for row, a in entries.items() if row in outside), _NOTHING)
            for column, entries in enumerate(self.columns)
            if column not in inside
        }
        return prices, change | {-1 - row: price for row, price in prices.items()}

    def _entering(self, change: _Vector, *, greedy: bool) -> int | None:
        """A variable that is better moved off its bound."""
        good = []
        for variable, cost in change.items():
            low, high = self.lower[variable], self.upper[variable]
            at_upper = variable in self.basis.above or low is None
            free = low is None and high is None
            if cost and (free or (low != high and (cost > 0) == at_upper)):
                good.append(variable)
        if not good:
            return None
        return min(good, key=lambda name: (-abs(change[name]), name)) if greedy else min(good)

    def _move(self, entering: int, *, values: _Vector, wrong: dict[int, int], up: bool) -> None:
        """Moves a variable off its bound as far as the others allow, and changes the basis."""
        sign = 1 if up else -1
        moves = self._moves(entering, sign)
        low, high = self.lower[entering], self.upper[entering]
        nearest = None if low is None or high is None else high - low
        leaving, at_upper = entering, up
        for variable, speed in moves.items():
            bound = self._next_bound(variable, rising=speed > 0, wrong=wrong)
            if bound is None:
                continue
            distance = (bound - values[variable]) / speed
            if nearest is None or distance < nearest or (distance == nearest and variable < leaving != entering):
                high = self.upper[variable]
                nearest, leaving, at_upper = distance, variable, high is not None and bound == high
        if nearest is None:
            raise AssertionError("the cost of the linear program has no bound")
        self._place(entering, leaving, at_upper=at_upper)

    def _next_bound(self, variable: int, *, rising: bool, wrong: dict[int, int]) -> Fraction | None:
        """The bound at which a moving variable stops; one on the wrong side stops at the bound it comes back to."""
        side = wrong.get(variable, 0)
        if side:
            back = (side < 0) == rising
            return (self.lower[variable] if side < 0 else self.upper[variable]) if back else None
        return self.upper[variable] if rising else self.lower[variable]

    def _moves(self, entering: int, sign: int) -> _Vector:
        """How fast the variables in the basis move."""
        inside, outside = set(self.basis.columns), set(self.basis.rows)
        pushed = {-1 - entering: Fraction(sign)} if entering < 0 else {}
        if entering >= 0:
            pushed = {row: -sign * entry for row, entry in self.columns[entering].items()}
        right = [pushed.get(row, _NOTHING) for row in self.basis.rows]
        equations = [{c: a for c, a in self.rows[row].items() if c in inside} for row in self.basis.rows]
        moves = {column: speed for column, speed in _solved(equations, right).items() if speed}
        if entering >= 0:
            moves[entering] = Fraction(sign)
        rows: _Vector = {}
        for column, speed in moves.items():
            for row, entry in self.columns[column].items():
                if row not in outside:
                    rows[row] = rows.get(row, _NOTHING) + entry * speed
        moves.pop(entering, None)
        return moves | {-1 - row: speed for row, speed in rows.items() if speed}

    def _place(self, entering: int, leaving: int, *, at_upper: bool) -> None:
        basis = self.basis
        if entering != leaving:
            if entering >= 0:
                basis.columns.append(entering)
            else:
                basis.rows.remove(-1 - entering)
            basis.above.discard(entering)
            if leaving >= 0:
                basis.columns.remove(leaving)
            else:
                basis.rows.append(-1 - leaving)
        if at_upper:
            basis.above.add(leaving)
        else:
            basis.above.discard(leaving)


def _solved(equations: list[_Vector], right: list[Fraction]) -> _Vector:
    """Solves as many independent equations as unknowns."""
    found: _Vector = {}
    for unknown, entries, value, _ in reversed(_eliminated(equations, right)):
        found[unknown] = value - sum((entry * found[name] for name, entry in entries.items()), _NOTHING)
    return found


def _eliminated(equations: list[_Vector], right: list[Fraction]) -> list[tuple[int, _Vector, Fraction, int]]:
    """Gaussian elimination; the equation with the fewest unknowns goes first, and those that say nothing are left out.

    Returns:
        Unknown, the other unknowns with their factors, the right side, and the number of the equation.
    """
    rows = [(dict(entries), value, place) for place, (entries, value) in enumerate(zip(equations, right, strict=True))]
    order = []
    while rows:
        entries, value, place = rows.pop(min(range(len(rows)), key=lambda number: len(rows[number][0])))
        if not entries:
            continue
        counts = {unknown: sum(unknown in other for other, _, _ in rows) for unknown in entries}
        unknown = min(counts, key=lambda name: (counts[name], name))
        pivot = entries.pop(unknown)
        entries, value = {name: entry / pivot for name, entry in entries.items()}, value / pivot
        order.append((unknown, entries, value, place))
        for number, (other, known, where) in enumerate(rows):
            factor = other.pop(unknown, None)
            if factor is None:
                continue
            for name, entry in entries.items():
                left = other.get(name, _NOTHING) - factor * entry
                if left:
                    other[name] = left
                else:
                    other.pop(name, None)
            rows[number] = (other, known - factor * value, where)
    return order
