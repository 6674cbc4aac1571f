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
PROTOCOLS: tuple[str, ...] = (TWO_DECOY, ONE_DECOY)
"""The protocols that the planner knows."""

BOTH = frozenset(PROTOCOLS)


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
        setting: True where an absent key is optimised for the link at hand.
        choices: The permitted words of a key that is no number.
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
    choices: tuple[str, ...] = ()
    protocols: frozenset[str] = BOTH

    @property
    def permitted(self) -> str:
        """The permitted values in words, for example ``"a number with 0 < value <= 1"``."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        left = f"{self.low:g} {'<' if self.low_open else '<='} " if math.isfinite(self.low) else ""
        right = f" {'<' if self.high_open else '<='} {self.high:g}" if math.isfinite(self.high) else ""
        unit = f" ({self.unit})" if self.unit else ""
        return f"a finite number with {left}value{right}{unit}"


def _setting(
    unit: str, meaning: str, *, high: float, low_open: bool, high_open: bool, two_decoy_only: bool = False
) -> Parameter:
    """A setting: a number from zero up that is optimised where absent."""
    protocols = frozenset({TWO_DECOY}) if two_decoy_only else BOTH
    return Parameter(
        unit, meaning, low=0.0, high=high, low_open=low_open, high_open=high_open, setting=True, protocols=protocols
    )


PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        "clock_hz": Parameter("Hz", "pulses sent per second", low=0.0, low_open=True, default=1e9),
        "receiver_loss_db": Parameter(
            "dB", "loss of the receiver's optics, without the detector", low=0.0, default=0.0
        ),
        "detector_efficiency": Parameter(
            "", "probability that an arriving photon clicks", low=0.0, low_open=True, high=1.0, default=0.1
        ),
        "dark_count_probability": Parameter(
            "", "dark counts per gate and detector (two detectors)", low=0.0, high=0.5, default=1e-6
        ),
        "background_probability": Parameter(
            "",
            "clicks per gate by light from elsewhere (classical channels, sky), both detectors together; absent: none",
            low=0.0,
            high=1.0,
            protocols=BOTH,
        ),
        "dead_time_s": Parameter("s", "time for which a click blocks the receiver", low=0.0, default=0.0),
        "afterpulse_probability": Parameter("", "afterpulses per click", low=0.0, high=1.0, default=0.0),
        "misalignment_error": Parameter(
            "", "probability that a photon clicks in the wrong detector", low=0.0, high=0.5, default=0.01
        ),
        "ec_efficiency": Parameter(
            "", "bits revealed by error correction over the Shannon limit, f", low=1.0, default=1.16
        ),
        "block_bits": Parameter(
            "bit",
            "sifted key-basis bits per block; absent: asymptotic, no finite-size effects",
            low=0.0,
            low_open=True,
            high=1e30,
        ),
        "secrecy_epsilon": Parameter(
            "", "how far the key may be from secret", low=0.0, low_open=True, high=1.0, high_open=True, default=1e-10
        ),
        "correctness_epsilon": Parameter(
            "", "probability that the two keys differ", low=0.0, low_open=True, high=1.0, high_open=True, default=1e-15
        ),
        "security_proof": Parameter(
            "",
            "finite-key proof: Rusca et al. 2018, or its correction by Wiesemann et al. 2024",
            default="rusca2018",
            choices=("rusca2018", "wiesemann2024"),
            protocols=frozenset({ONE_DECOY}),
        ),
        "signal_intensity": _setting(
            "photons per pulse", "mean photon number of the signal state", high=10.0, low_open=True, high_open=False
        ),
        "decoy_intensity": _setting(
            "photons per pulse", "mean photon number of the decoy state", high=10.0, low_open=True, high_open=False
        ),
        "vacuum_intensity": _setting(
            "photons per pulse",
            "mean photon number of the vacuum state or second decoy",
            high=10.0,
            low_open=False,
            high_open=False,
            two_decoy_only=True,
        ),
        "signal_probability": _setting(
            "", "share of signal pulses (1 only in the asymptotic limit)", high=1.0, low_open=True, high_open=False
        ),
        "decoy_probability": _setting(
            "",
            "share of decoy pulses (0 only in the asymptotic limit); the rest is vacuum",
            high=1.0,
            low_open=False,
            high_open=True,
            two_decoy_only=True,
        ),
        "key_basis_probability": _setting(
            "",
            "how often each side takes the key basis (1 only in the asymptotic limit)",
            high=1.0,
            low_open=True,
            high_open=False,
        ),
    }
)
"""Every known module key that has a physical meaning."""


def settings_of(protocol: str) -> tuple[str, ...]:
    """The settings of a protocol, in the order of `PARAMETERS`."""
    return tuple(key for key, known in PARAMETERS.items() if known.setting and protocol in known.protocols)
