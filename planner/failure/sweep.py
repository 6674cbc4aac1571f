"""Every failure of a network and what it does, ranked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from planner.failure.connectivity import Effect, Judge, ends_of, judge_all
from planner.failure.events import Event, Of, pair_events, single_events
from planner.failure.reach import Reach
from planner.failure.served import Question, Reallocation, Served, affordable
from planner.failure.weak import WeakPoints
from planner.failure.worst import Worst, badness, cut_together
from planner.records import KEY_HOLDING_KINDS, rows_of
from planner.routing import Topology

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from planner.allocation import Objective
    from planner.failure.connectivity import Progress
    from planner.network import Network

Order = Literal[1, 2]

PAIRS_KEPT = 100_000
"""So many of the worst pairs of failures are kept; all are looked at and counted."""

PAIRS_ALLOCATED = 20
"""At least so many of the worst pairs of failures are allocated anew unless asked otherwise."""

FAILURE_COLUMNS = {
    "failure": "object", "failed": "object", "links_failed": "int64", "demands_cut": "int64", "cut": "object",
    "cut_only_together": "int64",
    "demands_ended": "int64", "demands_narrowed": "int64", "least_bottleneck_bps": "float64",
    "served_fraction": "float64", "served_bound": "float64",
}  # fmt: skip
EFFECT_COLUMNS = {"failure": "object", "demand_id": "object", "before_bps": "float64", "bottleneck_bps": "float64"}


@dataclass(frozen=True, eq=False)
class Sweep:
    """What every failure does.

    Attributes:
        network: The network.
        order: How many things fail at once.
        of: What fails.
        all_pairs: The network has no demands: every pair of nodes that hold keys stands for one.
        demands: ``demand_id``, ``node_a``, ``node_b``, ``bottleneck_bps`` while nothing fails (0: no route).
        failures: One row a failure, the worst first, of pairs the worst 100,000: ``failure`` (in words), ``failed``
            (pairs of kind and id), ``links_failed``, ``demands_cut`` with their ids in ``cut`` (no route left though
            both ends work), ``cut_only_together`` (of these, demands that neither failure of a pair takes down alone;
            0 for singles), ``demands_ended`` (an end has failed), ``demands_narrowed``, ``least_bottleneck_bps`` (of
            the demands that still have a route), ``served_fraction`` (of all key requested, after a new fair
            allocation; NaN where that was not computed) and ``served_bound`` (it cannot be more).
        effects: One row a failure and demand that gets narrower or is cut off, of single failures only:
            ``failure``, ``demand_id``, ``before_bps``, ``bottleneck_bps``.
        served_before: Served fraction while nothing fails; NaN without requests.
        bridges: Links whose failure alone separates nodes.
        articulation_nodes: Nodes whose failure alone separates others.
        looked_at: How many failures there are.
        cut_by: How many of them cut a demand off.
        cut_together_by: How many pairs cut a demand off that neither failure takes down alone.
        objective: What was divided for anew.
    """

    network: Network
    order: int
    of: str
    all_pairs: bool
    demands: pd.DataFrame
    failures: pd.DataFrame
    effects: pd.DataFrame
    served_before: float
    bridges: tuple[str, ...]
    articulation_nodes: tuple[str, ...]
    looked_at: int
    cut_by: int
    cut_together_by: int
    objective: Objective = "fair"

    @property
    def cutting(self) -> pd.DataFrame:
        """The failures that cut a demand off, of those that were kept."""
        return self.failures[self.failures["demands_cut"] > 0]


def sweep_failures(
    network: Network,
    *,
    budget: pd.DataFrame,
    demands: pd.DataFrame,
    order: Order = 1,
    of: Of = "both",
    allocate_worst: int | None = None,
    objective: Objective = "fair",
    shared: bool = False,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """Lets every link, risk group and node fail, alone or two at a time.

    Who is cut off and what bottleneck is left is exact for every failure. The served fraction after a new
    allocation is exact for the failures that were allocated anew, and for those that are known to change nothing:
    of links that carry no key of the allocation without them. Elsewhere it has a bound.

    Args:
        network: The network.
        budget: Its key-rate budget.
        demands: Its demands with ``requested_bps``; without rows, all pairs of nodes that hold keys are looked at.
        order: 1 for single failures, 2 for pairs.
        of: ``links`` (and risk groups), ``nodes`` or ``both``.
        allocate_worst: How many of the worst failures to allocate anew; by default every single failure, and of
            pairs 20 at least, and more of a small network. With 0 nothing is allocated. Pairs need the single ones,
            so those are allocated too.
        objective: What to divide for then, as in :func:`planner.allocation.allocate`.
        shared: Whether protection routes share their key then.
        executor: Where to compute; here by default. The result is the same.
        progress: Told what is being done, how much of it is done, and of how much.

    Returns:
        The failures, ranked by the number of demands cut off, then by the served fraction or its bound, then by the
        narrowest bottleneck left.

    Raises:
        InputError: A demand ends at a node that does not exist or holds no key.
    """
    topology = Topology.of(network, budget=budget)
    all_pairs = demands.empty
    ids, pairs = _every_pair(network, topology) if all_pairs else _ends(demands, topology)
    judge = Judge(Reach(topology, pairs=pairs), ends_of(pairs))
    singles = single_events(network, topology=topology, of=of)
    alone = {} if order == 1 else {event.items[0]: _taken(judge.effect(event)) for event in singles}
    # Bounds cost little, but for the millions of pairs of a large network too much where nobody wants to know.
    bounded = not all_pairs and (allocate_worst != 0 or (order == 1 and "requested_bps" in demands))
    question = Question(network, budget=budget, demands=demands, objective=objective, shared=shared)
    again = Reallocation(question) if bounded else None
    worst = Worst(most=len(singles) if order == 1 else PAIRS_KEPT)
    worst.take(
        judge_all(judge, singles, pairs=None if order == 1 else pair_events(singles), executor=executor,
                  progress=progress),
        alone=alone,
        bound=None if again is None else again.bound,
    )  # fmt: skip
    served: dict[int, Served] = {}
    if again is not None and allocate_worst != 0:
        unasked = len(singles) if order == 1 else max(PAIRS_ALLOCATED, affordable(question))
        most = unasked if allocate_worst is None else allocate_worst
        served = _served_after(worst, singles if order == 2 else [], again=again, most=most,
                               many=partial(again.many, executor=executor, progress=progress))  # fmt: skip
    weak = WeakPoints(topology)
    return Sweep(
        network=network,
        order=order,
        of=of,
        all_pairs=all_pairs,
        demands=_demand_frame(ids, pairs, topology=topology, widest_bps=judge.reach.widest_bps),
        failures=_failure_frame(worst, served=served, ids=ids, alone=alone),
        effects=_effect_frame(worst.judged if order == 1 else [], ids=ids, before_bps=judge.reach.widest_bps),
        looked_at=worst.looked_at,
        cut_by=worst.cutting,
        cut_together_by=worst.together,
        objective=objective,
        served_before=np.nan if again is None or allocate_worst == 0 else again.before.fraction,
        bridges=weak.bridges(),
        articulation_nodes=weak.articulation_nodes(network),
    )


Judged = Sequence[tuple[Event, Effect]]
Items = tuple[tuple[str, str], ...]


def _ends(demands: pd.DataFrame, topology: Topology) -> tuple[list[str], NDArray[np.int64]]:
    ends = [[topology.end(row.node_a), topology.end(row.node_b)] for row in rows_of(demands)]
    return list(demands["demand_id"]), np.array(ends, dtype=np.int64).reshape(-1, 2)


def _every_pair(network: Network, topology: Topology) -> tuple[list[str], NDArray[np.int64]]:
    kinds = dict(zip(network.nodes["node_id"], network.nodes["kind"], strict=True))
    holders = [n for n, node_id in enumerate(topology.node_ids) if kinds[node_id] in KEY_HOLDING_KINDS]
    pairs = list(combinations(holders, 2))
    ids = [f"{topology.node_ids[one]} – {topology.node_ids[other]}" for one, other in pairs]
    return ids, np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _by_items(events: Sequence[Event], served: Sequence[Served]) -> dict[Items, Served]:
    return {event.items: found for event, found in zip(events, served, strict=True)}


def _served_after(
    worst: Worst, singles: Sequence[Event], *, again: Reallocation, most: int, many: Callable[..., list[Served]]
) -> dict[int, Served]:
    """What is served after the worst failures, and after those that change nothing, by number.

    Args:
        worst: The failures that were kept.
        singles: For pairs, the failures that they are of.
        again: Allocates anew.
        most: So many of the worst are allocated anew where they are not known.
        many: Allocates anew after several failures.
    """
    known: dict[Items, Served] = {(): again.before}
    single = [event for event in singles if not again.untouched(event, after=again.before)]
    if single:
        known |= _by_items(single, many(single, routes=True))
    served = _known(worst.judged, known, again=again, order=2 if singles else 1)
    anew = [n for n in _ranked(worst.judged, worst.bounds)[:most] if n not in served]
    return served | dict(zip(anew, many([worst.judged[n][0] for n in anew]), strict=True))


def _known(judged: Judged, known: dict[Items, Served], *, again: Reallocation, order: int) -> dict[int, Served]:
    """What is served after failures that hit nothing in use: as much as without them, or without one of the two."""
    served = {}
    for number, (event, _) in enumerate(judged):
        parts = [(), *((item,) for item in event.items)] if order == 2 else [()]
        for part in parts:
            after = known.get(part)
            if after is not None and again.untouched(event, after=after):
                served[number] = after
                break
    return served


def _ranked(judged: Judged, fractions: Sequence[float] | NDArray[np.float64]) -> list[int]:
    """Numbers of the failures, the worst first."""
    return sorted(range(len(judged)), key=lambda number: badness(*judged[number], share=float(fractions[number])))


def _taken(effect: Effect) -> frozenset[int]:
    return frozenset(effect.cut + effect.ended)


def _failure_frame(
    worst: Worst,
    *,
    served: dict[int, Served],
    ids: list[str],
    alone: dict[tuple[str, str], frozenset[int]],
) -> pd.DataFrame:
    judged = worst.judged
    fractions = np.array([served[n].fraction if n in served else np.nan for n in range(len(judged))])
    bounds = np.where(np.isnan(fractions), worst.bounds, fractions)
    rows = []
    for number in _ranked(judged, bounds):
        event, effect = judged[number]
        rows.append(
            (event.name, event.items, len(event.links), len(effect.cut), tuple(sorted(ids[d] for d in effect.cut)),
             cut_together(event, effect, alone=alone),
             len(effect.ended), effect.narrowed, effect.least_bps, fractions[number], bounds[number])
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(FAILURE_COLUMNS), dtype=object).astype(FAILURE_COLUMNS)


def _effect_frame(judged: Judged, *, ids: list[str], before_bps: NDArray[np.float64]) -> pd.DataFrame:
    rows = []
    for event, effect in judged:
        name = event.name
        left = dict.fromkeys((*effect.cut, *effect.ended), 0.0)
        left |= dict(effect.left)
        rows += [(name, ids[demand], before_bps[demand], rate) for demand, rate in sorted(left.items())]
    return pd.DataFrame(rows, columns=list(EFFECT_COLUMNS), dtype=object).astype(EFFECT_COLUMNS)


def _demand_frame(
    ids: list[str],
    pairs: NDArray[np.int64],
    *,
    topology: Topology,
    widest_bps: NDArray[np.float64],
) -> pd.DataFrame:
    names = topology.node_ids
    return pd.DataFrame(
        {
            "demand_id": pd.Series(ids, dtype=object),
            "node_a": pd.Series([names[one] for one in pairs[:, 0].tolist()], dtype=object),
            "node_b": pd.Series([names[other] for other in pairs[:, 1].tolist()], dtype=object),
            "bottleneck_bps": widest_bps,
        }
    )
