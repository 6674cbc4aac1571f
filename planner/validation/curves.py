"""The model's rate over loss, for the published points that a case draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.validation.cases import Case, Part, load_cases
from planner.validation.comparisons import COMPARISONS
from planner.validation.setup import Setup, setup_of

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

STEP_DB = 1.0
BEYOND_DB = 12.0
"""How far a curve goes on behind its last point."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Key per pulse over loss.

    Attributes:
        name: What it is.
        protocol: Its protocol.
        loss_db: Losses.
        key_bits_per_pulse: The model's key per pulse there; zero where there is none.
        points: Published values, (loss, key per pulse, whether a tolerance is demanded).
    """

    name: str
    protocol: str
    loss_db: FloatArray
    key_bits_per_pulse: FloatArray
    points: tuple[tuple[float, float, bool], ...]


def model_curves(cases: Mapping[str, Mapping[str, Case]] | None = None) -> list[Curve]:
    """The curves of all cases that name one, in their order.

    Args:
        cases: Cases by family and id; those that ship by default.

    Returns:
        One curve for each name; parts with the same name share it and its module.
    """
    families = load_cases() if cases is None else cases
    found: dict[str, list[tuple[Case, Part]]] = {}
    for known in families.values():
        for case in known.values():
            for part in case.parts:
                if part.plot is not None:
                    found.setdefault(part.plot, []).append((case, part))
    return [_curve(name, parts) for name, parts in found.items()]


def _curve(name: str, parts: list[tuple[Case, Part]]) -> Curve:
    points = sorted(point for case, part in parts for point in _points(case, part))
    case, part = parts[0]
    losses = np.arange(0.0, points[-1][0] + BEYOND_DB, STEP_DB)
    setup = setup_of(case, part)
    inputs = {key: value for key, value in setup.inputs.items() if key not in ("transmittance", "length_km")}
    if "attenuation_db_per_km" in inputs:
        inputs["length_km"] = losses / float(inputs["attenuation_db_per_km"])
    along = Setup(setup.protocol, setup.module, {**inputs, "loss_db": losses}, frozenset({"loss_db"}))
    values = _per_pulse(along, COMPARISONS[str(part.comparison or case.comparison)](along))
    return Curve(name, case.protocol, losses, np.asarray(values, dtype=np.float64), tuple(points))


def _points(case: Case, part: Part) -> list[tuple[float, float, bool]]:
    setup = setup_of(case, part)
    losses = np.broadcast_to(setup.loss_db, (part.points,))
    values = np.broadcast_to(_per_pulse(setup, part.expected), (part.points,))
    gated = case.strong and part.gated
    return [(float(loss), float(value), gated) for loss, value in zip(losses, values, strict=True)]


def _per_pulse(setup: Setup, found: Mapping[str, object]) -> FloatArray:
    if "key_bits_per_pulse" in found:
        return np.asarray(found["key_bits_per_pulse"], dtype=np.float64)
    return np.asarray(found["key_rate_bps"], dtype=np.float64) / float(setup.module["clock_hz"])
