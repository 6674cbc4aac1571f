"""Tails: the closed forms against Chernoff's bound itself and against exact tails."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import poisson

from planner.physics import chernoff

numbers = st.floats(0.0, 1e15)
exponents = st.floats(0.1, 200.0)


def a(value):
    return np.asarray(value, dtype=np.float64)


def divergence(count, expectation):
    """Exponent of Chernoff's bound for a count of a sum of independent events."""
    return expectation - count + (count * np.log(count / expectation) if count > 0.0 else 0.0)


@given(count=st.floats(1e-3, 1e6), exponent=exponents)
def test_expectations_are_outside_of_the_numerical_solution(count, exponent):
    above = float(chernoff.expectation_above(a(count), exponent=a(exponent)))
    below = float(chernoff.expectation_below(a(count), exponent=a(exponent)))
    slack = exponent * (1 - 1e-6)
    assert divergence(count, above) >= slack
    assert below == 0.0 or divergence(count, below) >= slack


@given(expectation=st.floats(1e-3, 1e6), exponent=exponents)
def test_counts_are_outside_of_the_numerical_solution(expectation, exponent):
    above = float(chernoff.count_above(a(expectation), exponent=a(exponent)))
    below = float(chernoff.count_below(a(expectation), exponent=a(exponent)))
    slack = exponent * (1 - 1e-6)
    assert divergence(above, expectation) >= slack
    assert below == 0.0 or divergence(below, expectation) >= slack


@pytest.mark.parametrize("expectation", [0.3, 4.0, 50.0, 3000.0])
@pytest.mark.parametrize("eps", [1e-3, 1e-10])
def test_exact_tails_are_smaller(expectation, eps):
    exponent = a(-np.log(eps))
    assert poisson.sf(float(chernoff.count_above(a(expectation), exponent=exponent)), expectation) <= eps
    low = float(chernoff.count_below(a(expectation), exponent=exponent))
    assert low == 0.0 or poisson.cdf(low, expectation) <= eps


@pytest.mark.parametrize("count", [100.0, 1e4, 1e8])
def test_little_is_lost_against_the_numerical_solution(count):
    exponent = 23.0
    exact = brentq(lambda e: divergence(count, e) - exponent, count, 3.0 * count)
    found = float(chernoff.expectation_above(a(count), exponent=a(exponent)))
    assert found - count < 1.25 * (exact - count)


@given(number=numbers, exponent=exponents)
def test_order_and_the_limit_without_fluctuations(number, exponent):
    for above, below in (
        (chernoff.expectation_above, chernoff.expectation_below),
        (chernoff.count_above, chernoff.count_below),
    ):
        assert above(a(number), exponent=a(exponent)) >= number >= below(a(number), exponent=a(exponent)) >= 0.0
        assert above(a(number), exponent=a(0.0)) == number
        assert below(a(number), exponent=a(0.0)) == number
