"""The settings of decoy-state BB84: how open ones are searched, and how a point of the search becomes settings.

Search limits: signal 1e-4 to 2 photons above what the fixed intensities need; decoy 1e-4 to 0.99 of the room that
signal and vacuum leave; vacuum 0 to 0.99 of the room that signal and decoy leave; probabilities from 1e-5 (decoy and
key basis 3e-4) to 1 - 1e-6. Without finite-size effects the best decoy tends to zero (infinitely many decoys), so it
ends at the limit of 1e-4 of the signal.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from planner.physics.optimise import SCALES, Axis
from planner.physics.parameters import TWO_DECOY

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

AXES: Mapping[str, Axis] = MappingProxyType(
    {
        "signal_intensity": Axis("signal_intensity", np.log(1e-4), np.log(2.0), np.log(0.02), np.log(1.0)),
        "decoy_intensity": Axis("decoy_intensity", np.log(1e-4), np.log(0.99), np.log(0.01), np.log(0.65)),
        "vacuum_intensity": Axis("vacuum_intensity", 0.0, 0.99, 0.0, 0.3, low_is_physical=True),
        "signal_probability": Axis("signal_probability", -12.0, 14.0, -5.0, 4.0, divides=True),
        "decoy_probability": Axis("decoy_probability", -8.0, 8.0, -4.0, 3.0, divides=True),
        "key_basis_probability": Axis("key_basis_probability", -8.0, 14.0, -2.0, 4.5),
    }
)
"""Intensities: logarithm, or share of the room; probabilities: log-odds."""

_LIMITS = {"signal_probability": 1.0, "decoy_probability": 0.0, "key_basis_probability": 1.0}


def without_tests(fixed: Mapping[str, FloatArray], *, protocol: str) -> dict[str, FloatArray]:
    """Fixes the open probabilities of the asymptotic limit, in which pulses for tests cost nothing.

    Args:
        fixed: The settings that are given.
        protocol: Whether there is a decoy probability.

    Returns:
        The given ones, a signal probability of 1 (or what the decoy probability leaves), a decoy probability of 0 and
        a key-basis probability of 1.
    """
    settings = {name: np.asarray(limit) for name, limit in _LIMITS.items()} | dict(fixed)
    if "signal_probability" not in fixed and "decoy_probability" in fixed and protocol == TWO_DECOY:
        settings["signal_probability"] = np.asarray(1.0 - fixed["decoy_probability"])
    if protocol != TWO_DECOY:
        settings.pop("decoy_probability", None)
    return settings


def place(
    coordinates: Mapping[str, FloatArray], *, fixed: Mapping[str, FloatArray], protocol: str
) -> dict[str, FloatArray]:
    """Makes settings that keep every rule of the protocol from a point of the search.

    Args:
        coordinates: Coordinates of the open settings.
        fixed: The settings that are given.
        protocol: Two decoys or one.

    Returns:
        All settings of the protocol.
    """
    settings = dict(fixed)
    zero, from_log_odds = np.zeros(()), SCALES["log-odds"]
    two_decoys = protocol == TWO_DECOY
    vacuum = fixed.get("vacuum_intensity", zero) if two_decoys else zero
    if "signal_intensity" in coordinates:
        least = vacuum + fixed.get("decoy_intensity", vacuum)
        settings["signal_intensity"] = least + np.exp(coordinates["signal_intensity"])
    signal = settings["signal_intensity"]
    if "decoy_intensity" in coordinates:
        settings["decoy_intensity"] = vacuum + (signal - 2.0 * vacuum) * np.exp(coordinates["decoy_intensity"])
    decoy = settings["decoy_intensity"]
    if "vacuum_intensity" in coordinates:
        settings["vacuum_intensity"] = coordinates["vacuum_intensity"] * np.minimum(decoy, signal - decoy)
    if "signal_probability" in coordinates:
        room = 1.0 - fixed["decoy_probability"] if two_decoys and "decoy_probability" in fixed else 1.0
        settings["signal_probability"] = room * from_log_odds(coordinates["signal_probability"])
    if "decoy_probability" in coordinates:
        room = 1.0 - settings["signal_probability"]
        settings["decoy_probability"] = room * from_log_odds(coordinates["decoy_probability"])
    if "key_basis_probability" in coordinates:
        settings["key_basis_probability"] = from_log_odds(coordinates["key_basis_probability"])
    return settings


TYPICAL: Mapping[str, float] = MappingProxyType(
    {
        "signal_intensity": float(np.log(0.4)),
        "decoy_intensity": float(np.log(0.3)),
        "vacuum_intensity": 0.0,
        "signal_probability": 0.8,
        "decoy_probability": 1.0,
        "key_basis_probability": 2.0,
    }
)
"""Coordinates that stand for open settings where no settings give key."""
