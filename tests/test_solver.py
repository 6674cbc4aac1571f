"""The linear programs: columns in rounds, prices, and what happens where there is no answer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from planner.errors import LimitReached
from planner.solver import InfeasibleError, IntegerProgram, LinearProgram, TooManyStepsError


def test_columns_added_in_rounds_give_the_same_as_all_at_once():
    rng = np.random.default_rng(1)
    for _ in range(20):
        rows, columns = int(rng.integers(2, 8)), int(rng.integers(2, 15))
        matrix = rng.uniform(0.1, 2, (rows, columns))
        costs = rng.uniform(-3, -0.5, columns)
        limits = rng.uniform(1, 5, rows)
        program = LinearProgram(row_lower=np.full(rows, -np.inf), row_upper=limits)
        solution = None
        for part in np.array_split(np.arange(columns), 3):
            if len(part):
                program.add_columns(
                    costs=costs[part],
                    starts=np.arange(len(part)) * rows,
                    rows=np.tile(np.arange(rows), len(part)),
                    values=matrix[:, part].T.reshape(-1),
                )
            solution = program.solve()
        expected = linprog(costs, A_ub=matrix, b_ub=limits, method="highs")
        assert solution.objective == pytest.approx(expected.fun, rel=1e-9)
        assert costs @ solution.values == pytest.approx(expected.fun, rel=1e-9)
        assert (matrix @ solution.values <= limits * (1 + 1e-9)).all()
        assert (solution.row_prices <= 1e-12).all()
        assert solution.row_prices @ limits == pytest.approx(expected.fun, rel=1e-9)
        assert (costs - solution.row_prices @ matrix >= -1e-9).all()


def one_row() -> LinearProgram:
    """Minimise x subject to x >= 2."""
    program = LinearProgram(row_lower=[2.0], row_upper=[np.inf])
    program.add_columns(costs=[1.0], starts=[0], rows=[0], values=[1.0])
    return program


def test_a_lower_bound_has_a_price_of_at_least_zero():
    solution = one_row().solve()
    assert solution.values.tolist() == [2.0]
    assert solution.row_prices.tolist() == [1.0]


def test_bounds_costs_and_entries_can_be_changed():
    program = one_row()
    program.solve()
    program.set_lower_rows([0], [6.0])
    assert program.solve().values.tolist() == [6.0]
    program.set_entries(0, [0], [2.0])
    assert program.solve().values.tolist() == [3.0]
    program.set_costs([-1.0])
    program.set_upper(0, 9.0)
    assert program.solve().values.tolist() == [9.0]


def test_a_given_basis_is_started_from():
    program = one_row()
    program.start_from(basic_columns=[0], full_rows=[], tight_rows=[0])
    assert program.solve().values.tolist() == [2.0]


def test_too_many_steps_are_told_and_points_inside_lead_on():
    rng = np.random.default_rng(0)
    matrix, most, costs = rng.uniform(0, 1, (20, 40)), rng.uniform(1, 2, 20), -rng.uniform(1, 2, 40)
    program = LinearProgram(row_lower=np.full(20, -np.inf), row_upper=most, most_steps=3)
    program.add_columns(
        costs=costs, starts=np.arange(40) * 20, rows=np.tile(np.arange(20), 40), values=matrix.T.reshape(-1)
    )
    expected = linprog(costs, A_ub=matrix, b_ub=most).fun
    with pytest.raises(TooManyStepsError):
        program.solve()
    rough = program.solve_inside(tolerance=1e-2)
    assert rough.objective == pytest.approx(expected, rel=0.1)
    assert (rough.values > 0).all()
    assert program.solve_across().objective == pytest.approx(expected, rel=1e-9)
    assert program.solve().objective == pytest.approx(expected, rel=1e-9)  # no step is left to be made


def test_no_solution_is_told_apart():
    program = one_row()
    program.set_upper(0, 1.0)
    with pytest.raises(InfeasibleError):
        program.solve()
    program.set_upper(0, 3.0)
    assert program.solve().values.tolist() == [2.0]
    program.set_costs([-1.0])
    program.set_upper(0, np.inf)
    with pytest.raises(AssertionError, match=r"[Uu]nbounded"):
        program.solve()


def solved(program: IntegerProgram, **limits) -> list[float] | None:
    found = program.minimise(**limits)
    return None if found is None else found.values.tolist()


def test_integer_programs_may_grow_by_rows():
    program = IntegerProgram()
    items = [program.column(cost=cost, whole=True) for cost in (5.0, 4.0, 3.0)]
    program.row(dict(zip(items, (4.0, 3.0, 2.0), strict=True)), lower=5.0)
    assert solved(program) == pytest.approx([0.0, 1.0, 1.0])
    program.row({items[2]: 1.0}, upper=0.0)
    assert solved(program) == pytest.approx([1.0, 1.0, 0.0])
    program.row({items[0]: 1.0}, upper=0.0)
    assert solved(program) is None


def test_integer_programs_without_columns_or_whole_numbers():
    empty = IntegerProgram()
    assert solved(empty) == []
    empty.row({}, lower=1.0)
    assert solved(empty) is None
    mixed = IntegerProgram()
    part, most = mixed.column(cost=1.0), mixed.column(cost=0.25, most=7.0)
    mixed.row({part: 1.0, most: 0.1}, lower=1.0)
    found = mixed.minimise()
    assert found is not None
    assert found.values == pytest.approx([1.0, 0.0])
    assert (found.objective, found.proven) == (pytest.approx(1.0), True)


def test_a_limit_of_an_integer_program_is_told():
    rng = np.random.default_rng(5)
    program = IntegerProgram()
    items = [program.column(cost=float(cost), whole=True) for cost in rng.uniform(1, 2, 60)]
    for _ in range(30):
        program.row(dict(zip(items, rng.uniform(0, 1, 60).tolist(), strict=True)), lower=12.0)
    with pytest.raises(LimitReached):
        program.minimise(time_limit_s=1e-9)
    with pytest.raises(LimitReached):
        program.minimise(most_nodes=0)
    some = program.minimise(most_nodes=3, best_so_far=True)
    assert some is not None
    assert not some.proven
