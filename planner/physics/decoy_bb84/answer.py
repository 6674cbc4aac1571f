"""Decoy-state BB84 in the form in which every protocol answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.physics import decoy_bb84
from planner.physics.detector import system_transmittance
from planner.physics.outcome import Outcome

if TYPE_CHECKING:
    from planner.physics.decoy_bb84.evaluation import Arrays
    from planner.physics.entropy import FloatArray


def evaluate(
    parameters: Arrays,
    loss_db: FloatArray,
    settings: Arrays,
    *,
    protocol: str,
    wiesemann: bool = False,
    compared: bool = True,
    arm_a_loss_db: FloatArray | None = None,
) -> Outcome:
    """The protocol at given settings: asymptotic, or with ``block_bits`` among the parameters for finite blocks.

    Args:
        parameters: Module parameters, arrays.
        loss_db: Loss of the link in dB.
        settings: All settings of the protocol, arrays that broadcast against the parameters.
        protocol: ``"bb84-decoy"`` or ``"bb84-one-decoy"``.
        wiesemann: For one decoy, the corrected security proof.
        compared: False leaves out what only the finite size of the block costs.
        arm_a_loss_db: Without meaning here; there is one arm.

    Returns:
        The outcome per pulse sent.
    """
    del arm_a_loss_db
    eta = system_transmittance(
        loss_db,
        receiver_loss_db=parameters["receiver_loss_db"],
        detector_efficiency=parameters["detector_efficiency"],
    )
    known = {**parameters, "transmittance": eta}
    found = decoy_bb84.evaluate(known, settings, protocol=protocol, wiesemann=wiesemann, compared=compared)
    return Outcome(
        clicks=found.clicks,
        loads=(found.clicks,),
        sifted=found.sifted,
        qber=found.qber,
        leak=found.leak,
        secret=found.secret,
        possible=found.possible,
        guide=found.guide,
    )
