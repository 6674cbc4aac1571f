"""Decoy-state BB84: two decoys (asymptotic and finite-key), one decoy, and their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.physics.decoy_bb84 import lim2014, ma2005, one_decoy
from planner.physics.parameters import TWO_DECOY

if TYPE_CHECKING:
    from planner.physics.decoy_bb84.evaluation import Arrays, Evaluation
    from planner.physics.entropy import FloatArray


def evaluate(
    parameters: Arrays, settings: Arrays, *, protocol: str, wiesemann: bool = False, compared: bool = False
) -> Evaluation:
    """A decoy-state protocol at given settings.

    Args:
        parameters: Module parameters with ``transmittance``, arrays; without ``block_bits`` it is asymptotic.
        settings: All settings of the protocol, arrays that broadcast against the parameters.
        protocol: ``"bb84-decoy"`` or ``"bb84-one-decoy"``.
        wiesemann: For one decoy, the corrected security proof.
        compared: Whether the key without finite-size effects is wanted too, `Evaluation.possible`.

    Returns:
        The evaluation, per pulse sent.
    """
    finite = "block_bits" in parameters
    # Settings at the edge of what is possible divide by zero on the way; the formulas clamp what comes out.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        if protocol == TWO_DECOY:
            bound = lim2014.evaluate if finite else ma2005.evaluate
            found = bound(parameters, settings, compared=compared)
        else:
            one = one_decoy.evaluate if finite else one_decoy.evaluate_asymptotic
            found = one(parameters, settings, wiesemann=wiesemann, compared=compared)
    # What is too small for a number is no key.
    return found._replace(
        secret=_finite(found.secret, instead=-1.0),
        possible=_finite(found.possible, instead=-1.0),
        guide=_finite(found.guide, instead=-100.0),
    )


def _finite(array: FloatArray, *, instead: float) -> FloatArray:
    finite = np.isfinite(array)
    return array if finite.all() else np.where(finite, array, instead)
