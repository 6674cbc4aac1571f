"""Comparisons that ask for the key rate of a link, by whatever protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from planner.physics import KeyRate, key_rate
from planner.physics.bounds import repeaterless_bound, single_repeater_bound
from planner.physics.module import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from planner.physics.entropy import FloatArray
    from planner.validation.setup import Setup

_LONGEST_DB = 120.0
"""Beyond this no case has key."""


def ask(setup: Setup, *, loss_db: npt.ArrayLike, **changes: Any) -> KeyRate:
    """The key rate of the setup's module at some losses."""
    inputs = {name: setup.inputs[name] for name in setup.inputs if name in PARAMETERS or name == "arm_a_loss_db"}
    module = {"protocol": setup.protocol, **setup.module}
    return key_rate(module, loss_db=loss_db, **{**inputs, **changes})


def rate(setup: Setup) -> Mapping[str, Any]:
    """Rates, error rate and settings at given losses."""
    found = ask(setup, loss_db=setup.loss_db)
    return {
        "key_rate_bps": found.key_rate_bps,
        "key_bits_per_pulse": found.key_bits_per_pulse,
        "qber": found.qber,
        "sifted_rate_bps": found.sifted_rate_bps,
        **found.settings,
    }


def reach(setup: Setup) -> Mapping[str, Any]:
    """The largest loss with key, and the length that belongs to it.

    Narrowed down in steps, each of which looks at some losses within what the one before left.
    """
    low, width = 0.0, _LONGEST_DB
    for points in (241, 33, 33, 33):
        losses = low + np.linspace(0.0, width, points)
        positive = losses[ask(setup, loss_db=losses).key_rate_bps > 0.0]
        low, width = float(positive[-1]) if positive.size else low, width / (points - 1)
    return {"loss_db": low, "length_km": low / float(setup.inputs["attenuation_db_per_km"])}


def crossing(setup: Setup) -> Mapping[str, Any]:
    """The least loss at which the protocol gives more than any protocol without a repeater."""

    def above(loss_db: FloatArray) -> npt.NDArray[np.bool_]:
        return np.asarray(ask(setup, loss_db=loss_db).key_bits_per_pulse > repeaterless_bound(loss_db))

    low, width = 1.0, 59.0
    for _ in range(4):
        losses = low + np.linspace(0.0, width, 60)
        first = int(np.argmax(above(losses)))
        low, width = float(losses[max(first - 1, 0)]), width / 59.0
    return {"loss_db": low + width / 2.0}


def bounds(setup: Setup) -> Mapping[str, Any]:
    """Capacity without and with one station in the middle, bits per channel use."""
    loss = setup.loss_db
    return {"repeaterless": repeaterless_bound(loss), "single_repeater": single_repeater_bound(loss)}


def epsilon_per_bit(setup: Setup) -> Mapping[str, Any]:
    """Rates where the secrecy epsilon is a constant for each key bit, as in the figure of Lim et al. 2014.

    The epsilon is a fixed point; it enters by its logarithm, so that few steps do.
    """
    blocks = np.asarray(setup.inputs["block_bits"], dtype=np.float64)
    loss = np.broadcast_to(setup.loss_db, np.broadcast_shapes(setup.loss_db.shape, blocks.shape))
    epsilon = np.full(loss.shape, 1e-9)
    for _ in range(5):
        found = ask(setup, loss_db=loss, block_bits=blocks, secrecy_epsilon=epsilon)
        sifted = np.where(found.sifted_rate_bps > 0.0, found.sifted_rate_bps, 1.0)
        bits = found.key_rate_bps / sifted * blocks
        epsilon = np.clip(float(setup.inputs["epsilon_per_bit"]) * bits, 1e-16, 0.5)
    key = found.key_bits_per_pulse
    last = float(key.flat[-1])
    return {"key_bits_per_pulse": key, "ratio": float(key.flat[0]) / last if last > 0.0 else np.nan}
