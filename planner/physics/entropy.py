"""Binary entropy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def binary_entropy(probability: npt.ArrayLike) -> FloatArray:
    """Shannon's entropy of a coin, ``-x log2 x - (1-x) log2 (1-x)``, with h(0) = h(1) = 0.

    Args:
        probability: Probabilities, any shape; values outside 0 to 1 are taken as the nearer end.

    Returns:
        Bits, an array of the same shape.
    """
    x = np.clip(np.asarray(probability, dtype=np.float64), 0.0, 1.0)
    # log2 of the smallest normal number instead of zero: the product is zero all the same.
    tiny = np.finfo(np.float64).tiny
    rest = -(1.0 - x) * np.log1p(-np.minimum(x, 1.0 - 2.0**-53)) / np.log(2.0)
    return np.asarray(-x * np.log2(np.maximum(x, tiny)) + rest)
