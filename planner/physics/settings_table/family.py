"""Links that share everything but loss, noise and misalignment: what a table of settings is made for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from planner.physics.parameters import BB84, TWO_DECOY
from planner.physics.protocols import method_of

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray
    from planner.physics.optimise import Axis
    from planner.physics.protocols import Method

PROTOCOLS = BB84
"""Protocols whose settings depend on a link only through its transmittance, its noise and its misalignment."""

_OPEN = ("signal_intensity", "decoy_intensity")
"""Settings that must be open: with fixed intensities the best probabilities jump too often."""

VARYING = frozenset(
    {
        "receiver_loss_db",
        "detector_efficiency",
        "dark_count_probability",
        "background_probability",
        "misalignment_error",
    }
)
"""Parameters that may differ from link to link, besides the loss."""


@dataclass(frozen=True)
class Family:
    """The key of a table: all that the links have in common.

    Attributes:
        protocol: One of `PROTOCOLS`.
        words: Keys of the protocol that are no numbers.
        constants: Module parameters outside `VARYING`.
        fixed: The settings that are given.
    """

    protocol: str
    words: tuple[tuple[str, str | bool], ...]
    constants: tuple[tuple[str, float], ...]
    fixed: tuple[tuple[str, float], ...]

    @cached_property
    def method(self) -> Method:
        """How the protocol is evaluated and searched."""
        return method_of(self.protocol, words=dict(self.words))

    @cached_property
    def axes(self) -> list[Axis]:
        """The open settings."""
        return [axis for name, axis in self.method.axes.items() if name not in dict(self.fixed)]

    @property
    def rough(self) -> bool:
        """Whether settings where the optimum jumps are improved by a search of their own, being less regular there."""
        plain = self.protocol == TWO_DECOY and self.clicks_per_dead_time <= 0.0
        return not plain or any(value > 0.0 for _, value in self.fixed)

    @property
    def clicks_per_dead_time(self) -> float:
        """Gates that a dead time lasts: how soon clicks block the receiver."""
        known = dict(self.constants)
        return known["clock_hz"] * known["dead_time_s"]


def family_of(
    protocol: str,
    *,
    words: Mapping[str, str | bool],
    parameters: Mapping[str, FloatArray],
    fixed: Mapping[str, FloatArray],
) -> Family | None:
    """The family that links belong to, or None where there is none.

    Args:
        protocol: The protocol.
        words: Keys of the protocol that are no numbers.
        parameters: Module parameters, arrays; what is constant is told by its values.
        fixed: The settings that are given, arrays.

    Returns:
        The family; None for other protocols, where signal or decoy intensity is given, or where something else differs
        from link to link.
    """
    if protocol not in PROTOCOLS or any(name in fixed for name in _OPEN):
        return None
    common = {key: array for key, array in parameters.items() if key not in VARYING} | dict(fixed)
    # What was broadcast from one number has no strides, and need not be looked at a million times.
    if any(any(array.strides) and not np.all(array == array.flat[0]) for array in common.values()):
        return None
    numbers = {key: float(array.flat[0]) for key, array in common.items()}
    return Family(
        protocol,
        tuple(sorted(words.items())),
        tuple(sorted((key, number) for key, number in numbers.items() if key not in fixed)),
        tuple(sorted((key, number) for key, number in numbers.items() if key in fixed)),
    )


class Links:
    """Links of one family: what a search over their open settings maximises."""

    def __init__(self, family: Family, *, transmittance: FloatArray, noise: FloatArray, error: FloatArray) -> None:
        """Takes flat arrays.

        Args:
            family: What the links have in common.
            transmittance: Of the whole system.
            noise: Clicks per gate without light from the sender, both detectors together.
            error: Misalignment error.
        """
        self.family = family
        self.transmittance, self.noise, self.error = transmittance, noise, error
        self._loss_db = -10.0 * np.log10(transmittance)
        self._fixed = {key: np.asarray(value) for key, value in family.fixed}
        self._constants = {key: np.asarray(value) for key, value in family.constants}

    def __call__(
        self, coordinates: Sequence[FloatArray] | FloatArray, elements: npt.NDArray[np.intp]
    ) -> tuple[FloatArray, FloatArray]:
        """Key bits per clock slot after the dead time, and the guide: an `Objective`."""
        parameters = self._constants | {
            "receiver_loss_db": np.zeros(()),
            "detector_efficiency": np.ones(()),
            "dark_count_probability": self.noise[elements] / 2.0,
            "misalignment_error": self.error[elements],
        }
        named = {axis.name: array for axis, array in zip(self.family.axes, coordinates, strict=True)}
        method = self.family.method
        settings = method.place(named, fixed=self._fixed)
        # All of the loss counts as the line's, for a search takes as much noise as the line's transmittance asks for.
        loss = self._loss_db[elements]
        found = method.search(parameters, loss, settings, arm_a_loss_db=loss)
        return np.asarray(found.secret * found.live(parameters)), found.guide


class Some:
    """Some of the links, numbered from zero."""

    def __init__(self, links: Links, which: npt.NDArray[np.intp]) -> None:
        self.links, self.which = links, which

    def __call__(
        self, coordinates: Sequence[FloatArray] | FloatArray, elements: npt.NDArray[np.intp]
    ) -> tuple[FloatArray, FloatArray]:
        """The objective of these links."""
        return self.links(coordinates, self.which[elements])
