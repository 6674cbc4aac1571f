"""The worst of very many failures: millions of pairs pass by, and only the worst stay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.failure.connectivity import Effect
    from planner.failure.events import Event


@dataclass
class Worst:
    """Failures with what they do, and how many there were.

    Attributes:
        most: So many are kept.
        judged: The worst, with their effects; after :meth:`take` in the order in which they were judged.
        bounds: A part of all key requested that cannot be exceeded after each; NaN where none is known.
        looked_at: How many there were.
        cutting: How many of these cut a demand off.
        together: How many of these cut a demand off that neither failure of a pair takes down alone.
    """

    most: int
    judged: list[tuple[Event, Effect]] = field(default_factory=list)
    bounds: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    looked_at: int = 0
    cutting: int = 0
    together: int = 0

    def take(
        self,
        judged: Iterable[tuple[Event, Effect]],
        *,
        alone: Mapping[tuple[str, str], frozenset[int]],
        bound: Callable[[Event, Effect], float] | None,
    ) -> None:
        """Takes failures in and lets go of all but the worst, now and then.

        Args:
            judged: The failures.
            alone: For pairs, the demands that each single failure takes down.
            bound: Bounds what is served after a failure.
        """
        entries: list[tuple[int, float, tuple[Event, Effect]]] = []
        for event, effect in judged:
            self.looked_at += 1
            self.cutting += bool(effect.cut)
            self.together += bool(cut_together(event, effect, alone=alone))
            share = np.nan if bound is None else bound(event, effect)
            entries.append((self.looked_at, share, (event, effect)))
            if len(entries) > 2 * self.most:
                entries = self._worst(entries)
        entries = sorted(self._worst(entries), key=lambda entry: entry[0])
        self.judged = [entry[2] for entry in entries]
        self.bounds = np.array([entry[1] for entry in entries])

    def _worst(
        self, entries: list[tuple[int, float, tuple[Event, Effect]]]
    ) -> list[tuple[int, float, tuple[Event, Effect]]]:
        if len(entries) <= self.most:
            return entries
        return sorted(entries, key=lambda entry: badness(*entry[2], share=entry[1]))[: self.most]


def badness(event: Event, effect: Effect, *, share: float) -> tuple[float, float, float, float, str]:
    """What failures are ranked by, the worst first: demands cut off, part served, ends lost, bottleneck left, name.

    Args:
        event: The failure.
        effect: What it does.
        share: The part of all key requested that is served then, or a bound of it; NaN where unknown.
    """
    return (
        -len(effect.cut),
        1.0 if np.isnan(share) else round(float(share), 9),
        -len(effect.ended),
        np.inf if np.isnan(effect.least_bps) else effect.least_bps,
        event.name,
    )


def cut_together(event: Event, effect: Effect, *, alone: Mapping[tuple[str, str], frozenset[int]]) -> int:
    """How many demands a pair of failures cuts off that neither takes down alone; 0 for single failures."""
    return len(set(effect.cut).difference(*(alone[item] for item in event.items))) if alone else 0
