"""Chernoff's bound both ways: from a count to its expectation, and from an expectation to the count.

For a sum of independent events with expectation E the chance of a count of X or beyond is at most
``exp(-(E - X + X ln(X/E)))``. Its exponent is at least ``d^2 / (2 E)`` for counts that are d too small, and at least
``d^2 / (2 (E + d/3))`` for counts that are d too large; solved for d these give the closed forms below, which are a
little wider than the numerical solution that papers on finite keys use. ``exponent`` is ``ln(1/eps)`` for a failure
probability eps; with exponent 0 nothing fluctuates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray


def expectation_above(count: FloatArray, *, exponent: FloatArray) -> FloatArray:
    """The largest expectation that a count leaves likely."""
    return np.asarray(count + exponent + np.sqrt(exponent * (exponent + 2.0 * count)))


def expectation_below(count: FloatArray, *, exponent: FloatArray) -> FloatArray:
    """The smallest expectation that a count leaves likely; not below zero."""
    third = 2.0 / 3.0 * exponent
    return np.asarray(np.maximum(count + third - np.sqrt(third**2 + 2.0 * exponent * count), 0.0))


def count_above(expectation: FloatArray, *, exponent: FloatArray) -> FloatArray:
    """The largest count that is likely."""
    third = exponent / 3.0
    return np.asarray(expectation + third + np.sqrt(third**2 + 2.0 * exponent * expectation))


def count_below(expectation: FloatArray, *, exponent: FloatArray) -> FloatArray:
    """The smallest count that is likely; not below zero."""
    return np.asarray(np.maximum(expectation - np.sqrt(2.0 * exponent * expectation), 0.0))
