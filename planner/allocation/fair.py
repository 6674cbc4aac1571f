"""Weighted max-min fair rates by progressive filling, each step with its proof.

The served fractions of all demands are raised together, each in proportion to its priority. Demands that have all
they asked for stop, and so do those that full links stop; the others go on. A demand is known to be stopped when its
price is above zero: more for it would cost what is not there. (D. Nace and M. Pióro, IEEE Communications Surveys &
Tutorials 10, 5 (2008), section on the dual test.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.allocation.loads import Loads
from planner.allocation.result import Level
from planner.allocation.settle import Flow, divide, fit
from planner.allocation.tables import check_disjoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.allocation import Progress
    from planner.allocation.program import RouteProgram

_COUNTS = 1e-6  # a demand stops when its share of all cost is above this part of the largest share
_TOGETHER = 1e-12  # levels nearer than this are one


def fill(
    program: RouteProgram, *, slight_bps: float = 0.0, progress: Progress | None = None
) -> tuple[list[Flow], tuple[Level, ...]]:
    """Divides the key rates fairly.

    Args:
        program: All demands with a positive request; each has a route.
        slight_bps: A level is taken for 0 that serves less than this to all who are left.
        progress: Told how many demands have their final rate.

    Returns:
        The flows over routes that use the least key, and the steps.
    """
    requests = program.requests
    open_ = np.ones(len(requests.demand_ids), dtype=bool)
    fractions = np.zeros(len(open_))
    levels: list[Level] = []
    level = 0.0
    while open_.any():
        most = 1.0 / float(requests.priorities[open_].max())
        found, stopped, prices = _step(program, open_=open_, fractions=fractions, most=most)
        if found * float((requests.priorities * requests.requested_bps)[open_].sum()) < slight_bps:
            found = 0.0
        level = min(max(found, level), most)
        full = prices is None
        fractions[stopped] = 1.0 if full else np.minimum(level * requests.priorities[stopped], 1.0)
        open_ &= ~stopped
        names = tuple(requests.demand_ids[number] for number in np.flatnonzero(stopped).tolist())
        named = ({}, {}) if prices is None else program.resources.named(prices)
        levels.append(Level(level, names, full, *named))
        if progress is not None:
            progress("fair rates", int((~open_).sum()), len(open_))
    wanted = fractions * requests.requested_bps
    program.use_least_key(fixed=requests.by_row(wanted))
    flows = divide(requests, sets=program.sets, rates_bps=program.rates(), wanted_bps=wanted)
    check_disjoint(flows, resources=program.resources)
    in_full = frozenset(np.flatnonzero(fractions == 1.0).tolist())
    return fit(flows, resources=program.resources, loads=Loads(program.resources), keep=in_full), tuple(levels)


def _step(
    program: RouteProgram, *, open_: NDArray[np.bool_], fractions: NDArray[np.float64], most: float
) -> tuple[float, NDArray[np.bool_], NDArray[np.float64] | None]:
    """The next level, the demands that stop there, and the prices that stop them (None: they have all they asked)."""
    requests = program.requests
    fixed = requests.by_row(np.where(open_, 0.0, fractions * requests.requested_bps))
    weights = requests.by_row(np.where(open_, requests.priorities * requests.requested_bps, 0.0))
    level, proof = program.maximise_level(fixed=fixed, weights=weights, most=most)
    if level >= most * (1 - _TOGETHER):
        return most, open_ & (requests.priorities * most >= 1 - _TOGETHER), None
    share = weights * proof.rows
    stopped = open_ & (share > _COUNTS * share.max())[requests.row_of]
    scale = float(weights @ proof.rows)
    return level, stopped, proof.resources / scale
