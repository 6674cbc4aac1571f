"""Tails: the closed forms against Chernoff's bound itself and against exact tails."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import hypergeom, poisson

from planner.physics import tails

numbers = st.floats(0.0, 1e15)
exponents = st.floats(0.1, 200.0)


def a(value):
    return np.asarray(value, dtype=np.float64)


def divergence(count, expectation):
    """Exponent of Chernoff's bound for a count of a sum of independent events."""
    return expectation - count + (count * np.log(count / expectation) if count > 0.0 else 0.0)


@given(count=st.floats(1e-3, 1e6), exponent=exponents)
def test_expectations_are_outside_of_the_numerical_solution(count, exponent):
    above = float(tails.expectation_above(a(count), exponent=a(exponent)))
    below = float(tails.expectation_below(a(count), exponent=a(exponent)))
    slack = exponent * (1 - 1e-6)
    assert divergence(count, above) >= slack
    assert below == 0.0 or divergence(count, below) >= slack


@given(expectation=st.floats(1e-3, 1e6), exponent=exponents)
def test_counts_are_outside_of_the_numerical_solution(expectation, exponent):
    above = float(tails.count_above(a(expectation), exponent=a(exponent)))
    below = float(tails.count_below(a(expectation), exponent=a(exponent)))
    slack = exponent * (1 - 1e-6)
    assert divergence(above, expectation) >= slack
    assert below == 0.0 or divergence(below, expectation) >= slack


@pytest.mark.parametrize("expectation", [0.3, 4.0, 50.0, 3000.0])
@pytest.mark.parametrize("eps", [1e-3, 1e-10])
def test_exact_tails_are_smaller(expectation, eps):
    exponent = a(-np.log(eps))
    assert poisson.sf(float(tails.count_above(a(expectation), exponent=exponent)), expectation) <= eps
    low = float(tails.count_below(a(expectation), exponent=exponent))
    assert low == 0.0 or poisson.cdf(low, expectation) <= eps


@pytest.mark.parametrize("count", [100.0, 1e4, 1e8])
def test_little_is_lost_against_the_numerical_solution(count):
    exponent = 23.0
    exact = brentq(lambda e: divergence(count, e) - exponent, count, 3.0 * count)
    found = float(tails.expectation_above(a(count), exponent=a(exponent)))
    assert found - count < 1.25 * (exact - count)


@given(number=numbers, exponent=exponents)
def test_order_and_the_limit_without_fluctuations(number, exponent):
    for above, below in (
        (tails.expectation_above, tails.expectation_below),
        (tails.count_above, tails.count_below),
    ):
        assert above(a(number), exponent=a(exponent)) >= number >= below(a(number), exponent=a(exponent)) >= 0.0
        assert above(a(number), exponent=a(0.0)) == number
        assert below(a(number), exponent=a(0.0)) == number


# Samples


def rate_above(rate, seen, unseen, exponent):
    return float(tails.unseen_rate_above(a(rate), seen=a(float(seen)), unseen=a(float(unseen)), exponent=a(exponent)))


@given(
    seen=st.integers(2, 20000),
    unseen=st.integers(2, 20000),
    share=st.floats(0.0, 0.5),
    exponent=st.floats(2.5, 60.0),
)
def test_unseen_errors_against_the_exact_tail(seen, unseen, share, exponent):
    few = int(share * seen)
    found = rate_above(few / seen, seen, unseen, exponent)
    errors = few + int(np.ceil(found * unseen - 1e-9))
    if found < 0.5 and errors <= seen + unseen:
        assert hypergeom.cdf(few, seen + unseen, errors, seen) <= np.exp(-exponent)


@given(
    seen=st.floats(10.0, 1e20), ratio=st.floats(1e-2, 1e4), share=st.floats(0.0, 0.3), exponent=st.floats(5.0, 200.0)
)
def test_unseen_errors_grow_with_certainty_and_fall_with_the_sample(seen, ratio, share, exponent):
    unseen = ratio * seen
    found = rate_above(share, seen, unseen, exponent)
    assert found >= share
    if found < 0.5:
        assert rate_above(share, seen, unseen, exponent * 1.1) >= found
        assert rate_above(share, seen * 1.1, unseen * 1.1, exponent) <= found * (1.0 + 1e-9)


@pytest.mark.parametrize("size", [1e6, 1e12, 1e20, 1e28])
def test_large_samples_are_next_to_their_population(size):
    found = rate_above(0.02, size, 10.0 * size, 46.0)
    spread = np.sqrt(0.02 * 0.98 * (1.0 / size + 0.1 / size))
    assert 9.0 * spread < found - 0.02 < 14.0 * spread
    assert rate_above(0.0, size, size, 46.0) < 200.0 / size


def test_little_is_lost_against_the_exact_tail():
    seen, unseen, few, eps = 1500, 6000, 45, 1e-15
    exact = next(m for m in range(few, seen + unseen) if hypergeom.cdf(few, seen + unseen, m, seen) <= eps)
    least = (exact - few) / unseen - few / seen
    assert 1.0 <= (rate_above(few / seen, seen, unseen, -np.log(eps)) - few / seen) / least < 1.25
