"""What no protocol can exceed: the capacity of a lossy line, without and with one middle station."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray


def repeaterless_bound(loss_db: npt.ArrayLike) -> FloatArray:
    """Secret-key capacity of a pure-loss channel, ``-log2(1 - 10^(-loss_db/10))``.

    Pirandola, Laurenza, Ottaviani, Banchi, Nat. Commun. 8, 15043 (2017), eq. (1) ("PLOB").

    Args:
        loss_db: Loss of the channel in dB, any shape.

    Returns:
        Bits per channel use, the same shape; NaN at 0 dB, where there is no bound.
    """
    return _capacity(np.asarray(loss_db, dtype=np.float64))


def single_repeater_bound(loss_db: npt.ArrayLike) -> FloatArray:
    """Secret-key capacity with one station in the middle, ``-log2(1 - 10^(-loss_db/20))``.

    Pirandola, Commun. Phys. 2, 51 (2019).

    Args:
        loss_db: Loss of the whole line in dB, any shape.

    Returns:
        Bits per channel use, the same shape; NaN at 0 dB, where there is no bound.
    """
    return _capacity(np.asarray(loss_db, dtype=np.float64) / 2.0)


def _capacity(loss_db: FloatArray) -> FloatArray:
    # 1 - 10^(-x/10) by expm1 and log1p: exact both next to 0 dB and far beyond 150 dB.
    nepers = loss_db * (np.log(10.0) / 10.0)
    lossy = nepers > 0.0
    open_line = np.where(lossy, nepers, 1.0)
    short = np.log(-np.expm1(-np.minimum(open_line, 1.0)))
    long = np.log1p(-np.exp(-np.maximum(open_line, 0.5)))
    bits = -np.where(open_line < 0.7, short, long) / np.log(2.0)
    return np.asarray(np.where(lossy, bits, np.nan))
