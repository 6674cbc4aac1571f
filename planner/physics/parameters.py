"""The one table of module keys: unit, limits, default, meaning, and the protocols that use each.

Validation, the defaults of a module and the documentation of module files all come from `PARAMETERS`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TWO_DECOY = "bb84-decoy"
ONE_DECOY = "bb84-one-decoy"
MDI = "mdi-decoy"
CAL = "tf-cal"
SNS = "tf-sns"
GAUSSIAN = "cv-gaussian"
BBM92 = "bbm92"
PROTOCOLS: tuple[str, ...] = (TWO_DECOY, ONE_DECOY, MDI, CAL, SNS, GAUSSIAN, BBM92)
"""The protocols that the planner knows."""

ALL = frozenset(PROTOCOLS)
BB84 = frozenset({TWO_DECOY, ONE_DECOY})
ARMS = frozenset({MDI, CAL, SNS, BBM92})
"""Protocols with something in the middle of the link, so that it has two arms."""
CLICKS = ALL - {GAUSSIAN}
"""Protocols whose detectors click."""
BLOCKS = BB84 | {SNS, GAUSSIAN, BBM92}
"""Protocols with a finite-key formula."""


@dataclass(frozen=True)
class Parameter:
    """One key of a module.

    Attributes:
        unit: The unit, empty for probabilities and fractions.
        meaning: What it is, in words.
        low: The smallest value.
        high: The largest value.
        low_open: True where `low` itself is not permitted.
        high_open: True where `high` itself is not permitted.
        default: What an absent key means; None: it stays absent (a setting is optimised).
        setting: True where an absent key is optimised for the link at hand (decoys of `mdi-decoy` are not: absent,
            there are infinitely many).
        choices: The permitted words, or true and false, of a key that is no number.
        protocols: The protocols that use it; every other protocol accepts and ignores it.
    """

    unit: str
    meaning: str
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False
    default: float | str | None = None
    setting: bool = False
    choices: tuple[str | bool, ...] = ()
    protocols: frozenset[str] = ALL

    @property
    def permitted(self) -> str:
        """The permitted values in words, for example ``"a number with 0 < value <= 1"``."""
        if self.choices:
            return "one of " + ", ".join(word(choice) for choice in self.choices)
        left = f"{self.low:g} {'<' if self.low_open else '<='} " if math.isfinite(self.low) else ""
        right = f" {'<' if self.high_open else '<='} {self.high:g}" if math.isfinite(self.high) else ""
        unit = f" ({self.unit})" if self.unit else ""
        return f"a finite number with {left}value{right}{unit}"


def word(value: str | bool) -> str:  # noqa: FBT001 (it is the word that is asked for)
    """A choice as a person writes it: true and false as in TOML."""
    return str(value).lower() if isinstance(value, bool) else value


def _setting(
    unit: str,
    meaning: str,
    *,
    high: float,
    low_open: bool = True,
    high_open: bool = False,
    protocols: frozenset[str] = BB84,
) -> Parameter:
    """A setting: a number from zero up that is optimised where absent."""
    return Parameter(
        unit, meaning, low=0.0, high=high, low_open=low_open, high_open=high_open, setting=True, protocols=protocols
    )


PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        "clock_hz": Parameter(
            "Hz", "clock slots per second: pulses, pulse pairs, or symbols", low=0.0, low_open=True, default=1e9
        ),
        "receiver_loss_db": Parameter(
            "dB", "loss of the receiver's optics, without the detector; of each arm where there are two",
            low=0.0, default=0.0,
        ),
        "detector_efficiency": Parameter(
            "", "probability that an arriving photon clicks; in each arm where there are two",
            low=0.0, low_open=True, high=1.0, default=0.1,
        ),
        "dark_count_probability": Parameter(
            "", "dark counts per gate and detector (two detectors to a receiver)",
            low=0.0, high=0.5, default=1e-6, protocols=CLICKS,
        ),
        "background_probability": Parameter(
            "",
            "clicks per gate by light from elsewhere (classical channels, sky) on two detectors together; absent: none",
            low=0.0, high=1.0, protocols=CLICKS,
        ),
        "dead_time_s": Parameter(
            "s", "time for which a click blocks the receiver", low=0.0, default=0.0, protocols=CLICKS
        ),
        "afterpulse_probability": Parameter(
            "", "afterpulses per click", low=0.0, high=1.0, default=0.0, protocols=CLICKS
        ),
        "misalignment_error": Parameter(
            "",
            "probability that a photon clicks in the wrong detector; tf-cal: the square of the sine of half the phase "
            "mismatch; tf-sns: within a phase slice",
            low=0.0, high=0.5, default=0.01, protocols=CLICKS,
        ),
        "ec_efficiency": Parameter(
            "", "bits revealed by error correction over the Shannon limit, f", low=1.0, default=1.16, protocols=CLICKS
        ),
        "block_bits": Parameter(
            "bit",
            "sifted key-basis bits (tf-sns: before pairing; cv-gaussian: symbols) per block; absent: asymptotic, no "
            "finite-size effects",
            low=0.0, low_open=True, high=1e30, protocols=BLOCKS,
        ),
        "secrecy_epsilon": Parameter(
            "", "how far the key may be from secret",
            low=0.0, low_open=True, high=1.0, high_open=True, default=1e-10, protocols=BLOCKS,
        ),
        "correctness_epsilon": Parameter(
            "", "probability that the two keys differ",
            low=0.0, low_open=True, high=1.0, high_open=True, default=1e-15, protocols=BB84 | {SNS, BBM92},
        ),
        "security_proof": Parameter(
            "",
            "finite-key proof: Rusca et al. 2018, or its correction by Wiesemann et al. 2024",
            default="rusca2018", choices=("rusca2018", "wiesemann2024"), protocols=frozenset({ONE_DECOY}),
        ),
        "aopp": Parameter(
            "", "whether bits are actively paired by odd parity after the measurement",
            default=True, choices=(True, False), protocols=frozenset({SNS}),
        ),
        "detection": Parameter(
            "", "whether one quadrature is measured, or both",
            default="homodyne", choices=("homodyne", "heterodyne"), protocols=frozenset({GAUSSIAN}),
        ),
        "excess_noise_snu": Parameter(
            "shot-noise units", "excess noise of the channel, at its input",
            low=0.0, default=0.01, protocols=frozenset({GAUSSIAN}),
        ),
        "electronic_noise_snu": Parameter(
            "shot-noise units", "electronic noise of the trusted detector, at its output",
            low=0.0, default=0.1, protocols=frozenset({GAUSSIAN}),
        ),
        "reconciliation_efficiency": Parameter(
            "", "share of the mutual information that reconciliation keeps, beta",
            low=0.0, low_open=True, high=1.0, default=0.95, protocols=frozenset({GAUSSIAN}),
        ),
        "frame_error_rate": Parameter(
            "", "share of frames that reconciliation loses",
            low=0.0, high=1.0, default=0.0, protocols=frozenset({GAUSSIAN}),
        ),
        "signal_intensity": _setting(
            "photons per pulse", "mean photon number of the signal state (tf-cal: alpha squared); with arms that "
            "differ, of the side that sends more",
            high=10.0, protocols=BB84 | {MDI, CAL, SNS},
        ),
        "decoy_intensity": _setting(
            "photons per pulse",
            "mean photon number of the decoy state; mdi-decoy: absent, there are infinitely many decoys; tf-sns with "
            "block_bits: of the weak decoy, likewise of the side that sends more",
            high=10.0, protocols=BB84 | {MDI, SNS},
        ),
        "strong_decoy_intensity": _setting(
            "photons per pulse", "mean photon number of the strong decoy, with block_bits",
            high=10.0, protocols=frozenset({SNS}),
        ),
        "vacuum_intensity": _setting(
            "photons per pulse", "mean photon number of the vacuum state or second decoy; mdi-decoy: 0 where absent",
            high=10.0, low_open=False, protocols=frozenset({TWO_DECOY, MDI}),
        ),
        "pair_intensity": _setting(
            "pairs per pulse", "mean number of photon pairs of the source", high=10.0, protocols=frozenset({BBM92})
        ),
        "modulation_variance_snu": _setting(
            "shot-noise units", "variance of the modulation of each quadrature",
            high=1e6, protocols=frozenset({GAUSSIAN}),
        ),
        "signal_probability": _setting(
            "", "share of signal pulses (1 only in the asymptotic limit)", high=1.0
        ),
        "decoy_probability": _setting(
            "",
            "share of decoy pulses (0 only in the asymptotic limit); the rest is vacuum; tf-sns: of weak decoys in the "
            "test slots",
            high=1.0, low_open=False, high_open=True, protocols=frozenset({TWO_DECOY, SNS}),
        ),
        "strong_decoy_probability": _setting(
            "", "share of strong decoys in the test slots, with block_bits; the rest is vacuum",
            high=1.0, high_open=True, protocols=frozenset({SNS}),
        ),
        "sending_probability": _setting(
            "", "how often a side sends in a key slot; with arms that differ, the mean of the two sides (of the odds)",
            high=1.0, protocols=frozenset({SNS}),
        ),
        "key_basis_probability": _setting(
            "", "how often each side takes the key basis, or a key slot (1 only in the asymptotic limit)",
            high=1.0, protocols=BB84 | {SNS, BBM92},
        ),
        "estimation_share": _setting(
            "", "share of a block's symbols that estimates the channel (0 only in the asymptotic limit)",
            high=1.0, low_open=False, high_open=True, protocols=frozenset({GAUSSIAN}),
        ),
    }
)  # fmt: skip
"""Every known module key that has a physical meaning."""


def settings_of(protocol: str) -> tuple[str, ...]:
    """The settings of a protocol, in the order of `PARAMETERS`."""
    return tuple(key for key, known in PARAMETERS.items() if known.setting and protocol in known.protocols)
