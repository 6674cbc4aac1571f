"""What a comparison is given: module keys and inputs of one part of a case, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.physics.fibre import fibre_loss_db
from planner.physics.module import parse_module

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray
    from planner.validation.cases import Case, Part


@dataclass(frozen=True)
class Setup:
    """One part of a case.

    Attributes:
        protocol: The case's protocol.
        module: Module keys that the case gives.
        inputs: What else it gives; those with a value for each point are arrays.
        swept: The names of the latter.
    """

    protocol: str
    module: Mapping[str, Any]
    inputs: Mapping[str, Any]
    swept: frozenset[str]

    @property
    def has_loss(self) -> bool:
        """Whether one loss belongs to each point."""
        loss = self.inputs.get("loss_db")
        if loss is not None:
            return not isinstance(loss, list)
        by_length = {"length_km", "attenuation_db_per_km"} <= self.inputs.keys()
        return by_length or np.isscalar(self.inputs.get("transmittance"))

    @property
    def loss_db(self) -> FloatArray:
        """Loss of the link: given, by the length, or by the transmittance."""
        if "loss_db" in self.inputs:
            return np.asarray(self.inputs["loss_db"], dtype=np.float64)
        if "transmittance" in self.inputs:
            return np.asarray(-10.0 * np.log10(self.inputs["transmittance"]))
        attenuation = self.inputs["attenuation_db_per_km"]
        return fibre_loss_db(self.inputs["length_km"], attenuation_db_per_km=attenuation)

    def parameters(self) -> dict[str, FloatArray]:
        """Module keys with defaults for the absent ones, numbers only, as arrays."""
        given = {"protocol": self.protocol, **self.module}
        known = parse_module(given, module_id="published case").parameters
        return {key: np.asarray(value, dtype=np.float64) for key, value in known.items() if not isinstance(value, str)}


Comparison = Callable[[Setup], Mapping[str, Any]]
"""Takes a setup, gives quantities by name: a value, or an array with one for each point."""


def setup_of(case: Case, part: Part) -> Setup:
    """Puts what the case says for all its parts, and what the part says, together."""
    over = {name: np.asarray(values, dtype=np.float64) for name, values in part.over.items()}
    return Setup(
        protocol=case.protocol,
        module={**case.module, **part.module},
        inputs={**case.inputs, **part.inputs, **over},
        swept=frozenset(over),
    )
