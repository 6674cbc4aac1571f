"""Sweeps over failures: who is cut off, and what bottleneck is left to the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.failure.events import Event
    from planner.failure.reach import Reach

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""

_CHUNK = 20_000
"""Pairs of failures that are worked on at once: about a second."""

_AT_ONCE = 32
"""So many chunks are handed to other processes before the first must be done."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a failure does to the demands.

    Attributes:
        cut: Numbers of the demands that lose their last route though both ends work.
        ended: Numbers of the demands that had a route and whose end has failed.
        narrowed: How many demands keep a route, but a narrower one.
        left: These demands by number and the bottleneck that is left to each; empty where the details were not kept.
        least_bps: The narrowest bottleneck of all demands that still have a route; NaN where none has.
    """

    cut: tuple[int, ...]
    ended: tuple[int, ...]
    narrowed: int
    left: tuple[tuple[int, float], ...]
    least_bps: float


@dataclass(frozen=True)
class Judge:
    """Judges failures of one network.

    Attributes:
        reach: The demands and their widest routes.
        at: Numbers of the demands that end at each node.
    """

    reach: Reach
    at: dict[int, tuple[int, ...]]

    def effect(self, event: Event, *, details: bool = True) -> Effect:
        """What a failure does.

        Args:
            event: The failure.
            details: Whether to keep who is left with what: much, for the millions of pairs of a large network.
        """
        widest = self.reach.widest_bps
        hit, left = self.reach.after(event.array())
        gone = {demand for node in event.nodes for demand in self.at.get(node, ()) if widest[demand] > 0}
        still = widest
        if len(hit) or gone:
            still = widest.copy()
            still[hit] = left
            still[sorted(gone)] = 0.0
        ended = np.isin(hit, sorted(gone)) if gone else np.zeros(len(hit), dtype=bool)
        kept = left > 0
        least = float(np.min(still, where=still > 0, initial=np.inf))
        return Effect(
            cut=tuple(hit[~kept & ~ended].tolist()),
            ended=tuple(sorted(gone)),
            narrowed=int((kept & ~ended).sum()),
            left=tuple(zip(hit[kept & ~ended].tolist(), left[kept & ~ended].tolist(), strict=True)) if details else (),
            least_bps=least if np.isfinite(least) else np.nan,
        )


def ends_of(pairs: NDArray[np.int64]) -> dict[int, tuple[int, ...]]:
    """Numbers of the pairs that end at each node."""
    at: dict[int, list[int]] = {}
    for number, ends in enumerate(pairs.tolist()):
        for end in ends:
            at.setdefault(end, []).append(number)
    return {node: tuple(numbers) for node, numbers in at.items()}


def judge_all(
    judge: Judge,
    events: Sequence[Event],
    *,
    pairs: Iterable[tuple[int, int]] | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[Event, Effect]]:
    """Judges single failures, or pairs of them.

    Args:
        judge: Of the network.
        events: The single failures.
        pairs: Numbers of the single failures in each pair; None judges the single ones.
        executor: Where to compute; here by default. The result is the same.
        progress: Told how many failures are done, of at most how many.

    Yields:
        Each failure with its effect, in the order given.
    """
    numbers: Iterator[tuple[int, ...]] = ((number,) for number in range(len(events))) if pairs is None else iter(pairs)
    most = len(events) if pairs is None else len(events) * (len(events) - 1) // 2
    task = partial(_judge_chunk, judge, events)
    seen = 0
    while chunks := _chunks(numbers, at_once=1 if executor is None else _AT_ONCE):
        done = map(task, chunks) if executor is None else executor.map(task, chunks)
        for chunk, effects in zip(chunks, done, strict=True):
            seen += len(chunk)
            if progress is not None:
                progress("failures", seen, most)
            for members, effect in zip(chunk, effects, strict=True):
                yield _together(events, members), effect


def _chunks(numbers: Iterator[tuple[int, ...]], *, at_once: int) -> list[list[tuple[int, ...]]]:
    """The next chunks of work; only those are held, for there are millions of pairs."""
    chunks = [list(islice(numbers, _CHUNK)) for _ in range(at_once)]
    return [chunk for chunk in chunks if chunk]


def _judge_chunk(judge: Judge, events: Sequence[Event], chunk: Sequence[tuple[int, ...]]) -> list[Effect]:
    return [judge.effect(_together(events, members), details=len(members) == 1) for members in chunk]


def _together(events: Sequence[Event], members: tuple[int, ...]) -> Event:
    event = events[members[0]]
    for member in members[1:]:
        event |= events[member]
    return event
