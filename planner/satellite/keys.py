"""Key of one pass: counts are summed over the pass first, then one finite-key bound takes them as one block.

Averaging key rates over a pass instead would promise key from slots too short for any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from planner.errors import InputError, Problem
from planner.physics import Module, key_rate, load_module
from planner.physics.checks import number_problem
from planner.physics.decoy_bb84.lim2014 import key_length
from planner.physics.detector import clicks, live_fraction, system_transmittance
from planner.physics.entropy import binary_entropy
from planner.physics.parameters import PARAMETERS, Parameter

if TYPE_CHECKING:
    from planner.physics.detector import Clicks
    from planner.physics.entropy import FloatArray

PROTOCOL = "bb84-decoy"

_SETTINGS = (
    "signal_intensity",
    "decoy_intensity",
    "vacuum_intensity",
    "signal_probability",
    "decoy_probability",
    "key_basis_probability",
)

_LOSS = Parameter("dB", "loss of each slot; infinite below the horizon", low=0.0)
_SLOT = Parameter("s", "length of a slot", low=0.0, low_open=True)

_SHARES = (0.3, 0.6, 1.0)
"""Parts of a pass, the best slots first, for whose mean transmittance the open settings are optimised."""


@dataclass(frozen=True, eq=False)
class PassKey:
    """What a pass gives.

    Attributes:
        key_bits: Secret bits, not rounded down; zero where there is none.
        sifted_bits: Bits of the key basis in the block, n_X.
        test_bits: Bits of the test basis in the block, n_Z.
        vacuum_bits: Lower bound on the key-basis bits from vacuum, s_X,0.
        single_bits: Lower bound on the key-basis bits from single photons, s_X,1.
        phase_error: Upper bound on their phase error.
        qber: Error rate of the block.
        detections: Clicks over all slots of the pass, whether they joined the block or not.
        used: Which slots joined the block: those whose light does more good than harm; all where there is no key.
        settings: The intensities and probabilities used.
    """

    key_bits: float
    sifted_bits: float
    test_bits: float
    vacuum_bits: float
    single_bits: float
    phase_error: float
    qber: float
    detections: float
    used: npt.NDArray[np.bool_]
    settings: dict[str, float]


def pass_key(
    module: str | Path | Mapping[str, Any] | Module,
    *,
    loss_db: npt.ArrayLike,
    slot_s: float = 1.0,
    background_probability: npt.ArrayLike = 0.0,
) -> PassKey:
    """Finite key of a pass with two decoys: Lim et al., PRA 89, 022307 (2014), on the summed counts of its slots.

    The block is the pass (Sidhu et al., npj Quantum Inf. 8, 18 (2022)): the module's ``block_bits`` is not used. Slots
    join the block in the order of their error rate, as many of them as give the most key: the lowest elevations are
    cut off where they cost more than they bring. Settings that the module leaves open are optimised for a constant link
    with the mean transmittance of the best slots, for several parts of the pass, and the best of these is taken: always
    a valid key, a little below the optimum over the whole pass.

    Args:
        module: A module with the protocol ``bb84-decoy``.
        loss_db: Loss of each slot in dB, without the module's receiver and detectors.
        slot_s: Length of a slot in s.
        background_probability: Clicks by other light per gate, both detectors together, of each slot.

    Returns:
        The key and the block it comes from.

    Raises:
        InputError: The module is wrong or has another protocol, or a loss, the light or the length of a slot is; holds
            every problem.
    """
    loaded = load_module(module)
    if loaded.protocol != PROTOCOL:
        message = f"the key of a pass is modelled for {PROTOCOL}, not for {loaded.protocol}"
        raise InputError(Problem(message, column="protocol", expected=PROTOCOL))
    loss, light = _checked(loss_db, background_probability, slot_s=slot_s)
    slots = _Slots(loaded, loss=loss, background=light, slot_s=slot_s)
    found = [slots.key(settings) for settings in slots.candidates()]
    return max(found, key=lambda one: one.key_bits)


def relayed_bits(first: Sequence[float], second: Sequence[float]) -> FloatArray:
    """Key between two stations over a satellite that stores it and forwards the XOR of both.

    Every bit of one station is used up with a bit of the other: the smaller of the two volumes so far.

    Args:
        first: Key bits that the satellite gains with the first station in each step of time (a pass, a day).
        second: The same for the second station.

    Returns:
        Key bits that the two stations share after each step.
    """
    volumes = (np.cumsum(np.asarray(bits, dtype=np.float64)) for bits in (first, second))
    return np.asarray(np.minimum(*volumes))


def _checked(
    loss_db: npt.ArrayLike, background_probability: npt.ArrayLike, *, slot_s: float
) -> tuple[FloatArray, FloatArray]:
    """Loss and light of each slot, in one dimension."""
    given = np.asarray(loss_db)
    above = np.where(given == np.inf, 0.0, given) if given.dtype.kind == "f" else loss_db
    known = PARAMETERS["background_probability"]
    problems = [
        problem
        for problem in (
            number_problem("loss_db", above, known=_LOSS),
            number_problem("background_probability", background_probability, known=known),
            number_problem("slot_s", slot_s, known=_SLOT),
        )
        if problem is not None
    ]
    light = np.asarray(background_probability)
    if not problems and (given.size == 0 or (light.size != 1 and light.shape != given.shape)):
        message = f"loss_db has the shape {given.shape} and background_probability {light.shape}"
        problems = [Problem(message, column="loss_db", expected="one loss a slot, and as many values of light, or one")]
    if problems:
        raise InputError(problems)
    loss = given.astype(np.float64).ravel()
    return loss, np.broadcast_to(light.astype(np.float64).ravel(), loss.shape)


class _Slots:
    """A module over the slots of a pass."""

    def __init__(self, module: Module, *, loss: FloatArray, background: FloatArray, slot_s: float) -> None:
        numbers = {key: float(value) for key, value in module.parameters.items() if not isinstance(value, str)}
        self.module = module
        self.loss = loss
        self.background = np.minimum(background + numbers.get("background_probability", 0.0), 1.0)
        self.slot_s = slot_s
        self.parameters = numbers
        self.eta = system_transmittance(
            loss, receiver_loss_db=numbers["receiver_loss_db"], detector_efficiency=numbers["detector_efficiency"]
        )

    def candidates(self) -> list[dict[str, float]]:
        """The module's settings where it gives all; else several that suit parts of the pass."""
        given = {key: self.parameters[key] for key in _SETTINGS if key in self.parameters}
        if len(given) == len(_SETTINGS):
            return [given]
        order = np.argsort(self.loss)
        counts = [max(1, round(share * self.loss.size)) for share in _SHARES]
        means = [10.0 ** (-self.loss[order[:count]] / 10.0) for count in counts]
        loss = np.array([-10.0 * np.log10(max(float(part.mean()), 1e-30)) for part in means])
        light = np.array([float(self.background[order[:count]].mean()) for count in counts])
        block: FloatArray = np.full(len(counts), 1e6)
        for _ in range(3):  # the block is as long as the part at the settings for a block of that length
            best = key_rate(self.module, loss_db=loss, block_bits=block, background_probability=light)
            block = np.maximum(best.sifted_rate_bps * np.array(counts) * self.slot_s, 1e3)
        return [{key: float(best.settings[key][i]) for key in _SETTINGS} for i in range(len(counts))]

    def _clicks(self, intensity: float) -> Clicks:
        return clicks(
            np.asarray(intensity),
            transmittance=self.eta,
            dark_count_probability=np.asarray(self.parameters["dark_count_probability"]),
            misalignment_error=np.asarray(self.parameters["misalignment_error"]),
            afterpulse_probability=np.asarray(self.parameters["afterpulse_probability"]),
            background_probability=self.background,
        )

    def key(self, settings: Mapping[str, float]) -> PassKey:
        """The key at some settings, with the best number of slots."""
        signal, decoy, vacuum = (settings[key] for key in _SETTINGS[:3])
        shares = [settings["signal_probability"], settings["decoy_probability"]]
        shares.append(1.0 - sum(shares))
        basis = settings["key_basis_probability"]
        each = [self._clicks(k) for k in (signal, decoy, vacuum)]
        gain = sum(share * one.gain for share, one in zip(shares, each, strict=True))
        error = sum(share * one.error for share, one in zip(shares, each, strict=True))
        clock = np.asarray(self.parameters["clock_hz"])
        live = live_fraction(np.asarray(gain), clock_hz=clock, dead_time_s=np.asarray(self.parameters["dead_time_s"]))
        sent = clock * self.slot_s * live
        order = np.lexsort((self.loss, np.round(np.asarray(error / np.maximum(gain, 1e-300)), 12)))

        def summed(per_pulse: Any) -> FloatArray:
            return np.asarray(np.cumsum((sent * per_pulse)[order]))

        total, wrong = basis**2 * summed(gain), basis**2 * summed(error)
        qber = np.where(total > 0.0, wrong / np.where(total > 0.0, total, 1.0), 0.5)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            length = key_length(
                [basis**2 * summed(share * one.gain) for share, one in zip(shares, each, strict=True)],
                [(1.0 - basis) ** 2 * summed(share * one.gain) for share, one in zip(shares, each, strict=True)],
                [(1.0 - basis) ** 2 * summed(share * one.error) for share, one in zip(shares, each, strict=True)],
                intensities=[np.asarray(k) for k in (signal, decoy, vacuum)],
                probabilities=[np.asarray(share) for share in shares],
                leak_bits=self.parameters["ec_efficiency"] * binary_entropy(np.minimum(qber, 0.5)) * total,
                secrecy_epsilon=np.asarray(self.parameters["secrecy_epsilon"]),
                correctness_epsilon=np.asarray(self.parameters["correctness_epsilon"]),
            )
        bits = np.where(np.isfinite(length.key_bits), length.key_bits, -np.inf)
        last = int(np.argmax(bits)) if bits.max() > 0.0 else bits.size - 1
        used = np.zeros(self.loss.size, dtype=np.bool_)
        used[order[: last + 1]] = True
        return PassKey(
            key_bits=max(float(bits[last]), 0.0),
            sifted_bits=float(total[last]),
            test_bits=float(total[last] * ((1.0 - basis) / basis) ** 2),
            vacuum_bits=float(length.vacuum[last]),
            single_bits=float(length.single[last]),
            phase_error=float(length.phase_error[last]),
            qber=float(qber[last]),
            detections=float(np.sum(sent * gain)),
            used=used,
            settings=dict(settings),
        )
