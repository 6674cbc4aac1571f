"""Checks of module keys: numbers and arrays against their limits, and rules between keys."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from planner.errors import Problem, nearest
from planner.physics.parameters import (
    BB84,
    BBM92,
    BLOCKS,
    GAUSSIAN,
    MDI,
    ONE_DECOY,
    PROTOCOLS,
    SNS,
    TWO_DECOY,
    Parameter,
    word,
)


@dataclass(frozen=True)
class Rule:
    """A rule between keys; it applies where all keys of `needs` are given and none of `unless`.

    Attributes:
        expected: The rule in words.
        needs: The keys, the first is the one to mend.
        holds: Takes their arrays, says where the rule holds.
        protocols: The protocols with this rule.
        unless: Keys whose presence makes another rule take over.
    """

    expected: str
    needs: tuple[str, ...]
    holds: Callable[..., Any]
    protocols: frozenset[str] = BB84
    unless: tuple[str, ...] = ()


_SIGNAL, _DECOY, _VACUUM = "signal_intensity", "decoy_intensity", "vacuum_intensity"
_ONLY_TWO = frozenset({TWO_DECOY})
_REST = "the rest is the vacuum probability"

RULES = (
    Rule(
        "signal_intensity > decoy_intensity + vacuum_intensity",
        (_SIGNAL, _DECOY, _VACUUM),
        lambda s, d, v: s > d + v,
        protocols=_ONLY_TWO,
    ),
    Rule(
        "decoy_intensity > vacuum_intensity",
        (_DECOY, _VACUUM),
        lambda d, v: d > v,
        protocols=frozenset({TWO_DECOY, MDI}),
    ),
    Rule(
        "signal_intensity > decoy_intensity",
        (_SIGNAL, _DECOY),
        lambda s, d: s > d,
        protocols=_ONLY_TWO,
        unless=(_VACUUM,),
    ),
    Rule(
        "signal_intensity > decoy_intensity",
        (_SIGNAL, _DECOY),
        lambda s, d: s > d,
        protocols=frozenset({ONE_DECOY, MDI}),
    ),
    Rule(
        "signal_intensity > vacuum_intensity",
        (_SIGNAL, _VACUUM),
        lambda s, v: s > v,
        protocols=frozenset({MDI}),
        unless=(_DECOY,),
    ),
    Rule(
        "strong_decoy_intensity > decoy_intensity",
        ("strong_decoy_intensity", _DECOY),
        lambda s, d: s > d,
        protocols=frozenset({SNS}),
    ),
    Rule(
        f"decoy_probability + strong_decoy_probability < 1: {_REST}",
        ("decoy_probability", "strong_decoy_probability"),
        lambda d, s: d + s < 1.0,
        protocols=frozenset({SNS}),
    ),
    Rule(
        "signal_intensity > 2 vacuum_intensity, to leave room for the decoy",
        (_SIGNAL, _VACUUM),
        lambda s, v: s > 2.0 * v,
        protocols=_ONLY_TWO,
        unless=(_DECOY,),
    ),
    Rule(
        f"signal_probability + decoy_probability < 1 with block_bits: {_REST}",
        ("signal_probability", "decoy_probability", "block_bits"),
        lambda s, d, _: s + d < 1.0,
        protocols=_ONLY_TWO,
    ),
    Rule(
        f"signal_probability + decoy_probability <= 1: {_REST}",
        ("signal_probability", "decoy_probability"),
        lambda s, d: s + d <= 1.0 + 1e-12,  # decimal fractions may add up to a rounding error more than one
        protocols=_ONLY_TWO,
        unless=("block_bits",),
    ),
    Rule(
        "0 < decoy_probability with block_bits",
        ("decoy_probability", "block_bits"),
        lambda d, _: d > 0.0,
        protocols=frozenset({TWO_DECOY, SNS}),
    ),
    Rule("signal_probability < 1 with block_bits", ("signal_probability", "block_bits"), lambda p, _: p < 1.0),
    Rule(
        "key_basis_probability < 1 with block_bits",
        ("key_basis_probability", "block_bits"),
        lambda q, _: q < 1.0,
        protocols=BB84 | {SNS, BBM92},
    ),
    Rule(
        "0 < estimation_share with block_bits",
        ("estimation_share", "block_bits"),
        lambda share, _: share > 0.0,
        protocols=frozenset({GAUSSIAN}),
    ),
)
"""What must hold between the keys of a module."""


def cross_problems(protocol: str, values: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with parameters that are right one by one.

    Args:
        protocol: A known protocol.
        values: Parameters by key, numbers or arrays that broadcast against each other; absent settings are open.

    Returns:
        One problem for each of `RULES` that is broken anywhere, with the first offending values, and one where there
        is a block size but no finite-key formula.
    """
    problems = []
    if "block_bits" in values and protocol not in BLOCKS:
        message = f"block_bits is {shown(values['block_bits'])}, but there is no finite-key formula for {protocol}"
        right = "no block_bits, for the asymptotic rate; finite keys: " + ", ".join(sorted(BLOCKS))
        problems.append(Problem(message, column="block_bits", expected=right))
    for rule in RULES:
        applies = protocol in rule.protocols and not any(key in values for key in rule.unless)
        if not applies or not all(key in values for key in rule.needs):
            continue
        arrays = np.broadcast_arrays(*(np.asarray(values[key], dtype=np.float64) for key in rule.needs))
        wrong = ~np.asarray(rule.holds(*arrays))
        if wrong.any():
            found = " and ".join(
                f"{key} is {array[wrong].ravel()[0]:g}"
                for key, array in zip(rule.needs, arrays, strict=True)
                if key != "block_bits"
            )
            problems.append(Problem(found, column=rule.needs[0], expected=rule.expected))
    return problems


def number_problem(key: str, value: Any, *, known: Parameter) -> Problem | None:
    """Checks one number, or every number of an array, against the limits of its key.

    Args:
        key: The key.
        value: A number or anything that NumPy takes as an array of numbers.
        known: The key's entry of `PARAMETERS`.

    Returns:
        The problem with the first offending value, or None.
    """
    array = _numbers(value)
    if array is None:
        return Problem(f"{key} is {shown(value)}", column=key, expected=known.permitted)
    low = array > known.low if known.low_open else array >= known.low
    high = array < known.high if known.high_open else array <= known.high
    wrong = ~(np.isfinite(array) & low & high)
    if wrong.any():
        return Problem(f"{key} is {array[wrong].ravel()[0]:g}", column=key, expected=known.permitted)
    return None


def choice_problem(key: str, value: Any, *, known: Parameter) -> Problem | None:
    """Checks one word, or true and false, against the choices of its key.

    Args:
        key: The key.
        value: What was given.
        known: The key's entry of `PARAMETERS`.

    Returns:
        The problem, with the nearest choice, or None.
    """
    # 1 equals True, but is no choice
    if any(type(value) is type(choice) and value == choice for choice in known.choices):
        return None
    near = nearest(value, [word(choice) for choice in known.choices]) if isinstance(value, str) else ""
    near = f"; {near}" if "did you mean" in near else ""
    return Problem(f"{key} is {shown(value)}", column=key, expected=known.permitted + near)


def protocol_problem(value: Any) -> Problem | None:
    """Checks the name of a protocol.

    Args:
        value: What was given.

    Returns:
        The problem, with all known protocols and the nearest one, or None.
    """
    if isinstance(value, str) and value in PROTOCOLS:
        return None
    expected = "one of " + ", ".join(PROTOCOLS)
    if isinstance(value, str) and "did you mean" in (near := nearest(value, PROTOCOLS)):
        expected += f"; {near}"
    return Problem(f"unknown protocol {shown(value)}", column="protocol", expected=expected)


def unknown_key(key: Any, *, known: Iterable[str]) -> Problem:
    """The problem of a key that is not known, with the nearest one that is."""
    return Problem(f"unknown key {key!r}", column=str(key), expected=nearest(str(key), known))


def shown(value: Any) -> str:
    """A wrong value as text, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _numbers(value: Any) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """The value as floats, or None where it is no number (a bool and a text are not, nor what a mask hides)."""
    if np.ma.is_masked(value):
        return None
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        return None
    if array.dtype.kind == "O":
        # e.g. an object column of a table, or an integer beyond 64 bits: every cell must be a number of its own
        if any(isinstance(cell, bool) or not isinstance(cell, Real) for cell in array.ravel()):
            return None
    elif array.dtype.kind not in "iuf":
        return None
    try:
        return array.astype(np.float64)
    except OverflowError:
        return np.asarray(math.inf)
