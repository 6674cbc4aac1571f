"""Rates, requests, limits and priorities that lie many powers of ten apart: no promise is broken, none unproved."""

from __future__ import annotations

import numpy as np
import pytest

import planner
from planner.allocation.rational import ExactProgram
from planner.network import build_network
from planner.solver import InfeasibleError, LinearProgram
from planner.verify import verify_plan
from tests.networks import demand_row, link_row, node_row
from tests.test_verify import save_lightly
from tests.test_verify_protection import odd_network


def wild_network(seed, *, spread, size=(6, 11, 5), priorities=False, protection=None):
    """A small network with everything at once, its numbers spread over so many powers of ten."""
    rng = np.random.default_rng([seed, 77])
    nodes, links, demands = size
    network = odd_network(seed, nodes=nodes, links=links, demands=demands)

    def factors(count):
        return 10 ** rng.uniform(-spread / 2, spread / 2, count)

    keys, asks = network.links, network.demands
    keys = keys.assign(key_rate_bps=keys["key_rate_bps"] * factors(len(keys)))
    asks = asks.assign(rate_bps=asks["rate_bps"] * factors(len(asks)))
    places = network.nodes.assign(relay_limit_bps=network.nodes["relay_limit_bps"] * factors(len(network.nodes)))
    if priorities:
        asks = asks.assign(priority=factors(len(asks)))
    if protection is not None:
        asks, places = asks.assign(protection=protection), places.assign(kind="trusted")
    return network.replace(links=keys, demands=asks, nodes=places)


CASES = {
    # What a large demand leaves of a module group is nearly all that a small one gets.
    "left by others": (0, {"spread": 12, "priorities": True}),
    # The solver calls rates impossible that miss a bound by 1e-12.
    "razor's edge": (1, {"spread": 9, "priorities": True}),
    # Prices with a floor would stop demands that have room.
    "floor of prices": (202, {"spread": 9, "size": (7, 14, 6), "protection": "1+1"}),
    "exact prices": (301, {"spread": 12, "size": (7, 14, 6), "protection": "1+1"}),
    "all at once": (1, {"spread": 12}),
    "parallel links": (1, {"spread": 12, "size": (4, 16, 6)}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("objective", ["fair", "total"])
def test_wild_numbers_make_plans_that_are_accepted(case, objective, tmp_path):
    seed, how = CASES[case]
    for shared in (False, True):
        plan = planner.make_plan(wild_network(seed, **how), objective=objective, shared=shared)
        found = verify_plan(save_lightly(plan, tmp_path / str(shared), real_tables=False))
        assert found.ok, {check.name: check.detail for check in found.broken}


def test_where_rounding_finds_no_growth_it_is_found_without(tmp_path):
    enormous, tiny = 1e15, 1e-3
    links = [("n1", "n0", tiny, "r4"), ("n1", "n2", enormous, "r4"), ("n1", "n2", tiny, "r2"), ("n1", "n0", tiny, None),
             ("n1", "n0", 4.264979e-02, None), ("n0", "n1", enormous, "r2")]  # fmt: skip
    demands = [("n1", "n0", 42.63581, 0.5, "split-2"), ("n1", "n2", tiny, 1.0, "1+1"),
               ("n1", "n2", 1.206759, 1e3, "1+1"), ("n0", "n2", enormous, 1.0, "split-3"),
               ("n1", "n0", enormous, 1e3, "1+1")]  # fmt: skip
    network = build_network(
        nodes=[node_row("n0"), node_row("n1"), node_row("n2", kind="ground")],
        links=[link_row(f"L{n}", a, b, rate, risk_groups=risk) for n, (a, b, rate, risk) in enumerate(links)],
        demands=[
            demand_row(f"D{n}", a, b, rate, priority=weight, protection=protection)
            for n, (a, b, rate, weight, protection) in enumerate(demands)
        ],
    )
    plan = planner.make_plan(network, shared=True)
    assert plan.growth.factor > 0
    assert verify_plan(save_lightly(plan, tmp_path, real_tables=False)).ok


def test_the_most_key_serves_no_dust(tmp_path):
    for seed in range(12):
        for shared in (False, True):
            plan = planner.make_plan(wild_network(seed, spread=6), objective="total", shared=shared)
            served, asked = plan.demands["served_bps"], plan.demands["requested_bps"]
            assert not ((served > 0) & (served < 1e-6 * asked) & (served < 1e-8 * plan.total.served_bps)).any()
            assert plan.total.gap <= 1e-7


def random_program(rng):
    """Bounds of rows, columns as starts, rows and values, and costs."""
    rows, columns = rng.integers(2, 12, 2)
    matrix = rng.integers(-1, 4, (rows, columns)).astype(float)
    upper = np.where(rng.random(rows) < 0.6, rng.integers(1, 9, rows), np.inf)
    lower = np.minimum(np.where(rng.random(rows) < 0.4, rng.integers(-3, 4, rows), -np.inf), upper)
    numbers = [np.flatnonzero(matrix[:, column]) for column in range(columns)]
    starts = np.concatenate(([0], np.cumsum([len(part) for part in numbers])))[:-1]
    values = np.concatenate([matrix[part, column] for column, part in enumerate(numbers)])
    return lower, upper, starts, np.concatenate(numbers), values, rng.integers(-3, 4, columns).astype(float)


def answers(kind, lower, upper, starts, rows, values, costs):
    """The least cost, the greatest, and the greatest with fewer rows; None where there is no solution."""
    program = kind(row_lower=lower, row_upper=upper)
    program.add_columns(costs=costs, starts=starts, rows=rows, values=values, upper=3.0)
    open_rows = np.flatnonzero(np.isinf(upper))
    try:
        found = [program.solve().objective]
        program.set_costs(-costs)
        found.append(program.solve().objective)
        program.set_lower_rows(open_rows, np.full(len(open_rows), -np.inf))
        return [*found, program.solve().objective]
    except InfeasibleError:
        return None


def test_exact_programs_answer_as_the_solver_does():
    rng = np.random.default_rng(7)
    both = [
        (answers(LinearProgram, *one), answers(ExactProgram, *one)) for one in (random_program(rng) for _ in range(120))
    ]
    assert sum(ours is None for _, ours in both) > 5
    for theirs, ours in both:
        assert ours == (None if theirs is None else pytest.approx(theirs, abs=1e-9))


def test_exact_programs_see_what_is_far_below_every_tolerance():
    program = ExactProgram(row_lower=[-np.inf, 1.0], row_upper=[1.0, np.inf])
    tiny = 2.0**-50
    program.add_columns(costs=[0.0, -1.0], starts=[0, 2], rows=[0, 1, 0], values=[1 - tiny, 1.0, tiny])
    assert program.solve().values.tolist() == [1.0, 1.0]
    program.set_lower_rows([1], [1.0 + 2.0**-49])
    with pytest.raises(InfeasibleError):
        program.solve()
