"""The first set of routes of every row: what a route program takes its scales from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.allocation.pricing import Offer
    from planner.allocation.resources import Resources


class FirstSets:
    """What the first sets spend, and how much they can carry.

    Args:
        offers: A set for every row, in their order.
        resources: The resources of the network.
        sharing: Whether the protection of each row shares its key.

    Attributes:
        carries: Bit/s that the set of each row can carry alone.
    """

    def __init__(self, offers: list[Offer], *, resources: Resources, sharing: list[bool]) -> None:
        spends = [resources.spends(offer.routes, shared=sharing[offer.row]) for offer in offers]
        self.carries = np.array([1.0 / max(spent.values()) for spent in spends])
        self._rows = np.repeat(np.arange(len(spends)), [len(spent) for spent in spends])
        self._spent = np.array([number for spent in spends for number in spent], dtype=np.int64)
        self._amounts = np.array([amount for spent in spends for amount in spent.values()])
        self._resources = resources

    def loads(self, rates_bps: NDArray[np.float64]) -> NDArray[np.float64]:
        """What is spent of each resource when every row has a rate on its first set."""
        rates = rates_bps[self._rows] * self._amounts
        return np.bincount(self._spent, weights=rates, minlength=self._resources.count).astype(float)

    def level(self, weights: NDArray[np.float64]) -> float:
        """The level that these sets alone reach with nothing fixed: a lower bound, near enough to scale by."""
        return 1.0 / float(self.loads(weights).max())
