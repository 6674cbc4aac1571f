"""Comparisons with the inside of the protocols besides decoy-state BB84."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.physics import continuous_variable, entanglement
from planner.physics.arms import arm_transmittances
from planner.physics.entropy import binary_entropy
from planner.physics.fibre import transmittance
from planner.physics.twin_field import cal, sns, sns_events

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.physics.entropy import FloatArray
    from planner.validation.setup import Setup


def _arms(setup: Setup, parameters: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    loss = setup.loss_db
    return arm_transmittances(parameters, loss_db=loss, arm_a_loss_db=loss / 2.0)


def twin_field_cal(setup: Setup) -> Mapping[str, Any]:
    """Rate and error rates of the protocol of Curty, Azuma and Lo at a given intensity."""
    p = setup.parameters()
    arms, sent, dark = _arms(setup, p), p["signal_intensity"], p["dark_count_probability"]
    overlap = 1.0 - 2.0 * p["misalignment_error"]
    gain, bit_error = cal.clicks(arms[0] * sent, arms[1] * sent, dark=dark, overlap=overlap)
    found = cal.evaluate(p, setup.loss_db, {"signal_intensity": sent})
    phase = cal.phase_error_bound((sent, sent), arms, dark=dark) / gain
    return {
        "key_bits_per_pulse": found.secret,
        "one_outcome": gain,
        "bit_error": bit_error,
        "phase_error": phase,
    }


def sending_or_not(setup: Setup) -> Mapping[str, Any]:
    """Rate, bits, and errors of sending or not sending at given settings, with or without pairing."""
    p, paired = setup.parameters(), bool(setup.inputs["aopp"])
    chosen = {"signal_intensity": p["signal_intensity"], "sending_probability": p["sending_probability"]}
    found = sns.evaluate(p, setup.loss_db, {**chosen, "aopp": float(paired)})
    sent, sending = chosen["signal_intensity"], chosen["sending_probability"]
    events = sns_events.count_events(
        (sent, sent),
        (sending, sending),
        _arms(setup, p),
        dark=p["dark_count_probability"],
        phase_slice_error=p["misalignment_error"],
    )
    phase = events.phase_error
    if paired:
        phase = 2.0 * phase * (1.0 - phase)
    return {
        "secret": found.secret,
        "sifted": found.sifted,
        "qber": found.qber,
        "phase_error": phase,
        "untagged": (found.secret + found.leak) / (1.0 - binary_entropy(phase)),
    }


def coincidences(setup: Setup) -> Mapping[str, Any]:
    """Gain and error rate of a down-conversion source in the middle."""
    p = setup.parameters()
    found = entanglement.coincidences(
        p["pair_intensity"] / 2.0,
        arms=_arms(setup, p),
        background=(2.0 * p["dark_count_probability"], 2.0 * p["dark_count_probability"]),
        misalignment_error=p["misalignment_error"],
    )
    return {"gain": found.gain, "qber": found.qber}


def key_of_sifted_bits(setup: Setup) -> Mapping[str, Any]:
    """Key rate of entangled pairs from the sifted bits of an experiment: asymptotic, and as one finite block."""
    p = setup.parameters()
    bits, time_s = np.asarray(setup.inputs["sifted_bits"]), np.asarray(setup.inputs["time_s"])
    qber = np.asarray(setup.inputs["qber"])
    leak = p["ec_efficiency"] * binary_entropy(qber)
    finite, _ = entanglement.key_length(
        bits / 2.0,
        bits / 2.0,
        qber=qber,
        leak_bits=leak * bits / 2.0,
        secrecy_epsilon=p["secrecy_epsilon"],
        correctness_epsilon=p["correctness_epsilon"],
    )
    return {
        "key_rate_bps": bits / time_s * (1.0 - leak - binary_entropy(qber)),
        "finite_key_rate_bps": np.maximum(finite, 0.0) / time_s,
    }


def gaussian(setup: Setup) -> Mapping[str, Any]:
    """Shared and leaked information, and key, of a Gaussian modulation."""
    p = setup.parameters()
    heterodyne = setup.module["detection"] == "heterodyne"
    loss = setup.loss_db
    if "excess_noise_output_snu" in setup.inputs:
        p["excess_noise_snu"] = np.asarray(setup.inputs["excess_noise_output_snu"]) / transmittance(loss)
    if "block_bits" in setup.inputs:
        p["block_bits"] = np.asarray(setup.inputs["block_bits"])
    variance = p["modulation_variance_snu"]
    found = continuous_variable.evaluate(p, loss, {"modulation_variance_snu": variance}, heterodyne=heterodyne)
    efficiency = p["detector_efficiency"] * transmittance(p["receiver_loss_db"])
    channel = continuous_variable.Channel(
        transmittance(loss), p["excess_noise_snu"], efficiency, p["electronic_noise_snu"]
    )
    shared = continuous_variable.mutual_information(channel, modulation=variance, heterodyne=heterodyne)
    leaked = continuous_variable.holevo_information(channel, modulation=variance, heterodyne=heterodyne)
    return {
        "shared_bps": p["clock_hz"] * shared,
        "leaked_bps": p["clock_hz"] * leaked,
        "key_bits_per_pulse": found.key_bits_per_slot,
        "key_rate_bps": p["clock_hz"] * found.key_bits_per_slot,
    }
