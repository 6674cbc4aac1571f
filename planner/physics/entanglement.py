"""BBM92 with pairs from parametric down-conversion in the middle of the link.

Ma, Fung, Lo, PRA 76, 012307 (2007), arXiv:quant-ph/0703122. Finite blocks: Tomamichel, Lim, Gisin, Renner, Nat. Commun.
3, 634 (2012), arXiv:1103.4130, whose proof is that of an entanglement-based protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from planner.physics import optimise
from planner.physics.arms import arm_transmittances, noise_probability
from planner.physics.bounds import single_repeater_bound
from planner.physics.entropy import binary_entropy
from planner.physics.optimise import Axis
from planner.physics.outcome import Outcome, in_chunks, outcome
from planner.physics.tails import unseen_rate_above

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

AXES: Mapping[str, Axis] = MappingProxyType(
    {
        "pair_intensity": Axis("pair_intensity", np.log(1e-6), np.log(2.0), np.log(1e-3), np.log(0.5), scale="log"),
        "key_basis_probability": Axis("key_basis_probability", -7.0, 14.0, -0.3, 4.5, scale="log-odds"),
    }
)
"""How open settings are searched: the intensity by its logarithm, the probability by its log-odds."""

TYPICAL: Mapping[str, float] = MappingProxyType({"pair_intensity": float(np.log(0.1)), "key_basis_probability": 2.0})
"""Coordinates that stand for open settings where no settings give key."""

ASYMPTOTIC: Mapping[str, float] = MappingProxyType({"key_basis_probability": 1.0})
"""Open settings of the asymptotic limit, in which tests cost nothing: they are not searched."""

FINITE_KEY = True
"""Whether ``block_bits`` counts."""

bound = single_repeater_bound
"""No rate lies above it (bits per slot, by the loss of the link in dB)."""


place = partial(optimise.place, axes=AXES)
"""Makes settings from a point of the search (see `optimise.place`)."""


def evaluate(
    parameters: Mapping[str, npt.ArrayLike],
    loss_db: npt.ArrayLike,
    settings: Mapping[str, npt.ArrayLike],
    *,
    arm_a_loss_db: npt.ArrayLike | None = None,
) -> Outcome:
    """The protocol at given settings: asymptotic, or with ``block_bits`` among the parameters for finite blocks.

    Asymptotic: ``R = (q^2 + (1-q)^2) Q (1 - f h(E) - h(E))``. Finite: see `key_length`; the key basis makes key and the
    test basis bounds the phase error, with ``block_bits`` coincidences in the key basis.

    Args:
        parameters: ``receiver_loss_db``, ``detector_efficiency`` (of each side), ``dark_count_probability`` (of each
            detector; each side has two), ``misalignment_error``, ``ec_efficiency``; with ``block_bits`` also
            ``secrecy_epsilon`` and ``correctness_epsilon``.
        loss_db: Loss of the link, end to end, in dB.
        settings: ``pair_intensity``, mean pairs per pulse (2 lambda), and ``key_basis_probability`` q of both sides
            (1, the limit of the asymptotic case, where it is absent).
        arm_a_loss_db: Loss of the first arm in dB; None: the source is in the middle.

    Returns:
        The outcome per pulse of the source. A dead time blocks each of the two receivers.
    """
    return in_chunks(_evaluate, parameters, loss_db, settings, arm_a_loss_db=arm_a_loss_db)


def _evaluate(
    parameters: Mapping[str, FloatArray], loss: FloatArray, settings: Mapping[str, FloatArray], arm: FloatArray
) -> Outcome:
    arms = arm_transmittances(parameters, loss_db=loss, arm_a_loss_db=arm)
    half = settings["pair_intensity"] / 2.0
    first, second = (2.0 * noise_probability(parameters, light=half * eta) for eta in arms)
    found = coincidences(
        half,
        arms=arms,
        background=(first, second),
        misalignment_error=parameters["misalignment_error"],
    )
    basis = settings.get("key_basis_probability", np.ones(()))
    qber = np.minimum(found.qber, 0.5)
    leak = parameters["ec_efficiency"] * binary_entropy(qber)
    ideal = 1.0 - leak - binary_entropy(qber)
    loads = (found.first, found.second)
    if "block_bits" not in parameters:
        sifted = (basis**2 + (1.0 - basis) ** 2) * found.gain
        return outcome(
            clicks=found.gain,
            loads=loads,
            sifted=sifted,
            qber=found.qber,
            leak=sifted * leak,
            secret=sifted * ideal,
            slope=np.zeros(()),
        )
    block = parameters["block_bits"]
    sifted = basis**2 * found.gain
    test = block * np.square((1.0 - basis) / basis)
    key, phase = key_length(
        block,
        test,
        qber=qber,
        leak_bits=leak * block,
        secrecy_epsilon=parameters["secrecy_epsilon"],
        correctness_epsilon=parameters["correctness_epsilon"],
    )
    return outcome(
        clicks=found.gain,
        loads=loads,
        sifted=sifted,
        qber=found.qber,
        leak=sifted * leak,
        secret=sifted * key / block,
        slope=np.log1p(np.maximum(phase - 0.5, 0.0)),
        possible=sifted * ideal,
    )


class Coincidences(NamedTuple):
    """Probabilities per pulse.

    Attributes:
        first: Clicks of the first side.
        second: Clicks of the second side.
        gain: Q, clicks on both sides.
        qber: E, errors among them in equal bases; 1/2 where nothing ever clicks.
    """

    first: FloatArray
    second: FloatArray
    gain: FloatArray
    qber: FloatArray


def coincidences(
    half: FloatArray,
    *,
    arms: tuple[FloatArray, FloatArray],
    background: tuple[FloatArray, FloatArray],
    misalignment_error: FloatArray,
) -> Coincidences:
    """Coincidences of a down-conversion source, eqs. (9) and (10) of the paper; the last factor of (10) is not squared.

    Written so that small transmittances keep their digits: the gain is the product of what each side sees alone and
    what the pairs add to it.

    Args:
        half: lambda, half of the mean number of pairs per pulse.
        arms: Transmittances of the two arms, detectors included.
        background: Y0A and Y0B, clicks of the two sides without light.
        misalignment_error: e_d.

    Returns:
        The coincidences.
    """
    a, b = (eta * half for eta in arms)
    common = arms[0] * arms[1] * half
    separate = (1.0 + a) * (1.0 + b)
    joint = 1.0 + a + b - common
    paired = common * (1.0 + half)  # separate - joint
    first, second = ((x * (2.0 + x) + y) / np.square(1.0 + x) for x, y in zip((a, b), background, strict=True))
    extra = (1.0 - background[0]) * (1.0 - background[1]) * paired * (separate + joint) / np.square(separate * joint)
    gain = first * second + extra
    right = (1.0 - 2.0 * misalignment_error) * paired / (separate * joint)
    qber = np.where(gain > 0.0, 0.5 - right / np.where(gain > 0.0, gain, 1.0), 0.5)
    return Coincidences(np.asarray(first), np.asarray(second), np.asarray(gain), np.asarray(np.clip(qber, 0.0, 1.0)))


def key_length(
    key: FloatArray,
    test: FloatArray,
    *,
    qber: FloatArray,
    leak_bits: FloatArray,
    secrecy_epsilon: FloatArray,
    correctness_epsilon: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Key length of one block, without rounding down, and the bound on its phase error.

    Tomamichel et al. 2012, theorem 2: ``n (1 - h(y)) - leak - log2(2 / (e_sec^2 e_cor))`` for perfectly complementary
    bases, y the bound on the phase error: their eqs. (S3) and (S4) with epsilon = e_sec/4 for the test and e_sec/2 for
    privacy amplification. The sample may mislead with a probability of epsilon^2, since epsilon is a distance. Theirs
    is a bound for any error rate (Serfling), ``y = E + sqrt((n+k)/(n k) (k+1)/k ln(4/e_sec))``; here it is
    `tails.unseen_rate_above`, which is narrower by a factor of two to four at error rates of some per cent.

    Args:
        key: n, bits of the key basis.
        test: k, bits of the test basis.
        qber: Error rate of the test basis.
        leak_bits: Bits revealed by error correction.
        secrecy_epsilon: e_sec.
        correctness_epsilon: e_cor.

    Returns:
        Key bits, negative where there is no key, and y, 1/2 or more where nothing is known.
    """
    k = np.where(test > 0.0, test, 1.0)
    exponent = 2.0 * np.log(4.0 / secrecy_epsilon)
    phase = np.where(test > 0.0, unseen_rate_above(qber, seen=k, unseen=key, exponent=exponent), np.inf)
    overhead = np.log2(2.0 / correctness_epsilon) - 2.0 * np.log2(secrecy_epsilon)
    length = key * (1.0 - binary_entropy(np.minimum(phase, 0.5))) - leak_bits - overhead
    return np.asarray(length), np.asarray(phase)
