"""Twin-field QKD by sending or not sending (SNS), with and without pairing by odd parity (AOPP).

Wang, Yu, Hu, PRA 98, 062323 (2018), arXiv:1805.09222; Xu, Yu, Jiang, Hu, Wang, PRA 101, 042330 (2020). Asymptotic:
infinitely many decoys, so that yield and phase error of single photons are known, and nearly all slots are key slots.
Finite blocks: `sns_block`. Arms that differ: `sns_events`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from planner.physics import optimise
from planner.physics.arms import arm_transmittances, noise_probability
from planner.physics.bounds import single_repeater_bound
from planner.physics.entropy import binary_entropy
from planner.physics.optimise import Axis
from planner.physics.outcome import Outcome, in_chunks, outcome
from planner.physics.twin_field.sns_events import both_sides, count_events, with_pairing, without_pairing
from planner.physics.twin_field.sns_finite import finite

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

AXES: Mapping[str, Axis] = MappingProxyType(
    {
        axis.name: axis
        for axis in (
            Axis("signal_intensity", np.log(1e-3), np.log(2.0), np.log(0.1), np.log(1.0), scale="log"),
            Axis("sending_probability", -10.0, 5.0, -5.0, 0.0, scale="log-odds"),
            Axis("strong_decoy_intensity", np.log(1e-3), np.log(2.0), np.log(0.1), np.log(1.0), scale="log"),
            Axis("decoy_intensity", np.log(1e-5), np.log(0.99), np.log(0.03), np.log(0.5), scale="log"),
            Axis("key_basis_probability", -7.0, 14.0, -1.0, 4.0, scale="log-odds"),
            Axis("decoy_probability", -8.0, 8.0, -1.0, 3.0, scale="log-odds"),
            Axis("strong_decoy_probability", -8.0, 8.0, -3.0, 2.0, scale="log-odds"),
        )
    }
)
"""How open settings are searched: intensities by their logarithm (the weak decoy as a share of the strong one),
probabilities by their log-odds (of the two decoys, as shares of what the other leaves)."""

TYPICAL: Mapping[str, float] = MappingProxyType(
    {
        "signal_intensity": float(np.log(0.5)),
        "sending_probability": -0.94,
        "strong_decoy_intensity": float(np.log(0.4)),
        "decoy_intensity": float(np.log(0.2)),
        "key_basis_probability": 1.0,
        "decoy_probability": 1.0,
        "strong_decoy_probability": 0.0,
    }
)
"""Coordinates that stand for open settings where no settings give key (with pairing; without it, odds of sending of
-3.2 are typical)."""

TEST_SETTINGS = frozenset(AXES) - {"signal_intensity", "sending_probability"}
"""Settings of the test slots, which only finite blocks have."""

FINITE_KEY = True
"""Whether ``block_bits`` counts."""

bound = single_repeater_bound
"""No rate lies above it (bits per slot, by the loss of the link in dB)."""


def place(coordinates: Mapping[str, FloatArray], *, fixed: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Makes settings that keep every rule of the protocol from a point of the search.

    Args:
        coordinates: Coordinates of the open settings.
        fixed: The settings that are given.

    Returns:
        All settings of the protocol.
    """
    settings = optimise.place(coordinates, fixed=fixed, axes=AXES)
    if "strong_decoy_intensity" in coordinates:
        settings["strong_decoy_intensity"] = fixed.get("decoy_intensity", 0.0) + settings["strong_decoy_intensity"]
    if "decoy_intensity" in coordinates:
        settings["decoy_intensity"] = settings["decoy_intensity"] * settings["strong_decoy_intensity"]
    if "decoy_probability" in coordinates:
        room = 1.0 - fixed.get("strong_decoy_probability", np.zeros(()))
        settings["decoy_probability"] = settings["decoy_probability"] * room
    if "strong_decoy_probability" in coordinates:
        room = 1.0 - settings["decoy_probability"]
        settings["strong_decoy_probability"] = settings["strong_decoy_probability"] * room
    return settings


def evaluate(
    parameters: Mapping[str, npt.ArrayLike],
    loss_db: npt.ArrayLike,
    settings: Mapping[str, npt.ArrayLike],
    *,
    arm_a_loss_db: npt.ArrayLike | None = None,
    compared: bool = True,
) -> Outcome:
    """The protocol at given settings: asymptotic, or with ``block_bits`` among the parameters for finite blocks.

    Args:
        parameters: ``receiver_loss_db``, ``detector_efficiency`` (of each arm), ``dark_count_probability`` (of each
            of the two detectors), ``misalignment_error`` (wrong clicks of single photons within a phase slice),
            ``ec_efficiency``; with ``block_bits``, bits of the key slots before pairing, also ``secrecy_epsilon`` and
            ``correctness_epsilon``.
        loss_db: Loss of the link, end to end, in dB.
        settings: ``signal_intensity`` of the farther side, photons per pulse sent; ``sending_probability``;
            ``key_basis_probability``, share of key slots of each side (1, the limit of the asymptotic case, where it
            is absent); ``aopp``, true (the default) with pairing. For finite blocks also ``decoy_intensity`` and
            ``strong_decoy_intensity`` of the farther side, ``decoy_probability`` and ``strong_decoy_probability``
            within the test slots, whose rest is vacuum.
        arm_a_loss_db: Loss of the first arm in dB; None: the station is in the middle.
        compared: False leaves out what a search does not need: `Outcome.possible` and `Outcome.clicks`.

    Returns:
        The outcome per pair of pulses. ``qber`` and ``sifted`` are those of the bits that go into error correction:
        with pairing, the bits that survive it.
    """

    def formula(
        known: Mapping[str, FloatArray], loss: FloatArray, chosen: Mapping[str, FloatArray], arm: FloatArray
    ) -> Outcome:
        arms = arm_transmittances(known, loss_db=loss, arm_a_loss_db=arm)
        if "block_bits" in known:
            return finite(known, chosen, arms, compared=compared)
        return _asymptotic(known, chosen, arms)

    return in_chunks(formula, parameters, loss_db, settings, arm_a_loss_db=arm_a_loss_db)


def _asymptotic(
    parameters: Mapping[str, FloatArray], settings: Mapping[str, FloatArray], arms: tuple[FloatArray, FloatArray]
) -> Outcome:
    sent, sending = both_sides(settings["signal_intensity"], settings["sending_probability"], arms=arms)
    light = sum(p * k * eta for p, k, eta in zip(sending, sent, arms, strict=True))
    dark = noise_probability(parameters, light=np.asarray(light / 2.0))
    events = count_events(sent, sending, arms, dark=dark, phase_slice_error=parameters["misalignment_error"])
    plain, paired = without_pairing(events), with_pairing(events)
    paired_up = settings.get("aopp", np.ones(())) > 0.0
    sifted, errors, untagged, phase = (np.where(paired_up, *pair) for pair in zip(paired, plain, strict=True))
    qber = np.where(sifted > 0.0, errors / np.where(sifted > 0.0, sifted, 1.0), 0.5)
    leak = sifted * parameters["ec_efficiency"] * binary_entropy(np.minimum(qber, 0.5))
    quiet = np.square(1.0 - dark)
    dim = [1.0 - p * -np.expm1(-k * eta) for p, k, eta in zip(sending, sent, arms, strict=True)]
    share = np.square(settings.get("key_basis_probability", np.ones(())))
    return outcome(
        clicks=events.both + events.first + events.second + events.none,
        loads=(1.0 - quiet * dim[0] * dim[1],),
        sifted=share * sifted,
        qber=qber,
        leak=share * leak,
        secret=share * (untagged * (1.0 - binary_entropy(np.minimum(phase, 0.5))) - leak),
        slope=np.maximum(phase - 0.5, 0.0),
    )
