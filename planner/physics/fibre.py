"""Loss of a fibre span."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from planner.errors import InputError, Problem

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray


def fibre_loss_db(
    length_km: npt.ArrayLike, *, attenuation_db_per_km: npt.ArrayLike, extra_loss_db: npt.ArrayLike = 0.0
) -> FloatArray:
    """Loss of a span: length times attenuation plus what connectors, splices, filters and switches add.

    Args:
        length_km: Length of the fibre in km.
        attenuation_db_per_km: Attenuation of the fibre in dB/km, typically 0.16 to 0.25 at 1550 nm.
        extra_loss_db: Everything else between the two modules, in dB.

    Returns:
        Loss in dB (positive), an array of the broadcast shape.

    Raises:
        InputError: A value is negative or not finite; names the argument and the value.
    """
    arguments = {
        "length_km": np.asarray(length_km, dtype=np.float64),
        "attenuation_db_per_km": np.asarray(attenuation_db_per_km, dtype=np.float64),
        "extra_loss_db": np.asarray(extra_loss_db, dtype=np.float64),
    }
    problems = []
    for name, values in arguments.items():
        wrong = ~(np.isfinite(values) & (values >= 0.0))
        if wrong.any():
            problems.append(
                Problem(f"{name} is {values[wrong][0]:g}", column=name, expected="a finite number with 0 <= value")
            )
    if problems:
        raise InputError(problems)
    with np.errstate(over="ignore"):  # an infinite loss is told by whoever takes it
        loss = arguments["length_km"] * arguments["attenuation_db_per_km"] + arguments["extra_loss_db"]
    return np.asarray(loss, dtype=np.float64)


def transmittance(loss_db: npt.ArrayLike) -> FloatArray:
    """The fraction of light that passes, ``10^(-loss_db/10)``.

    Args:
        loss_db: Loss in dB (positive), any shape.

    Returns:
        Fractions, the same shape.
    """
    # exp is several times as fast as the power of ten, and differs from it by 1e-15.
    return np.asarray(np.exp(np.asarray(loss_db, dtype=np.float64) * (-np.log(10.0) / 10.0)))
