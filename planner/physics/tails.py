"""What counts may hide: tails of sums of independent events, and of samples.

Chernoff's bound, both ways, from a count to its expectation and from an expectation to the count: for a sum of
independent events with expectation E the chance of a count of X or beyond is at most ``exp(-(E - X + X ln(X/E)))``.
Its exponent is at least ``d^2 / (2 E)`` for counts that are d too small, and at least ``d^2 / (2 (E + d/3))`` for
counts that are d too large; solved for d these give closed forms, which are a little wider than the numerical solution
that papers on finite keys use. ``exponent`` is ``ln(1/eps)`` for a failure probability eps; with exponent 0 nothing
fluctuates (of sums; a sample is never its population).
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


def unseen_rate_above(rate: FloatArray, *, seen: FloatArray, unseen: FloatArray, exponent: FloatArray) -> FloatArray:
    """The largest share of errors in the rest of a population that a random sample of it leaves likely.

    For shares x seen among k and y unseen among n, p of all N, D the relative entropy of two coins, the chance of a
    sample with so few errors or fewer is at most ``(k x + 1) c exp(-(k D(x|p) + n D(y|p)))``: the number of terms of
    the tail times the largest. In that, a hypergeometric probability, C(m, j) lies between ``exp(m H(j/m))`` over
    ``sqrt(8 j (m-j) / m)`` and over ``sqrt(2 pi j (m-j) / m)`` or 1, so that ``c = sqrt(4 N / (pi n))`` over
    ``sqrt(2 pi k x (1-x))`` or 1, since p (1-p) <= y (1-y); `terms` never falls with x. The exponent is convex in y, so
    that Newton's method comes down from a larger y, and every step of it is a valid bound; it starts where the
    exponent's own lower bound ``(y-x)^2 n k / (2 N y (1-y))`` is large enough (which is Wilson's interval).

    Args:
        rate: Share of errors that was seen.
        seen: Size of the sample.
        unseen: Size of the rest.
        exponent: ``ln(1/eps)``.

    Returns:
        The share among the rest; 1/2 or more where nothing useful is known.
    """
    both = seen + unseen
    errors = seen * rate
    terms = np.maximum(1.16, (errors + 1.0) / np.sqrt(2.0 * np.pi * np.maximum(errors, 6.3))) / np.sqrt(1.0 - rate)
    enough = exponent + np.log(terms * np.sqrt(4.0 / np.pi * both / unseen))
    width = 2.0 * enough * both / (seen * unseen)
    wilson = 2.0 * rate + width + np.sqrt(width * (width + 4.0 * rate * (1.0 - rate)))
    found = np.minimum(wilson / (2.0 * (1.0 + width)), 0.5)
    for _ in range(4):
        # distances of both shares from the mean, without the rounding of the mean
        up, down = ((found - rate) * part / both for part in (unseen, seen))
        mean = rate + up
        excess = seen * _relative_entropy(rate, mean, gap=up) + unseen * _relative_entropy(found, mean, gap=-down)
        slope = unseen * np.log1p(down / (mean * (1.0 - found)))
        step = (excess - enough) / np.where(slope > 0.0, slope, np.inf)
        found = np.clip(found - step, rate, 1.0 - 1e-9)
    return np.asarray(found)


def _relative_entropy(x: FloatArray, p: FloatArray, *, gap: FloatArray) -> FloatArray:
    """``x ln(x/p) + (1-x) ln((1-x)/(1-p))`` with ``gap = p - x``, with all digits also where p is next to x."""
    some = x > 1e-60
    whole = np.where(some, x, 1.0)
    ones = np.where(some, whole * _log_gap(gap / whole), p)
    return np.asarray(ones + (1.0 - x) * _log_gap(-gap / (1.0 - x)))


def _log_gap(u: FloatArray) -> FloatArray:
    """``u - ln(1+u)``, for u next to -1 less than that."""
    u = np.maximum(u, 2.0**-53 - 1.0)
    v = np.minimum(np.abs(u), 1e-3) * np.sign(u)
    series = v * v * (1.0 / 2.0 - v * (1.0 / 3.0 - v * (1.0 / 4.0 - v / 5.0)))
    return np.asarray(np.where(np.abs(u) < 1e-3, series, u - np.log1p(u)))
