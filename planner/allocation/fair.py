"""Weighted max-min fair rates by progressive filling, each step with its proof.

The served fractions of all demands are raised together, each in proportion to its priority. Demands that have all
they asked for stop, and so do those that full links stop; the others go on. A demand is known to be stopped when its
price is above zero: more for it would cost what is not there. (D. Nace and M. Pióro, IEEE Communications Surveys &
Tutorials 10, 5 (2008), section on the dual test.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.allocation.loads import Loads
from planner.allocation.result import Level
from planner.allocation.settle import Flow, divide, fit, served_bps
from planner.allocation.tables import check_disjoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.allocation import Progress
    from planner.allocation.pricing import Proof
    from planner.allocation.program import RouteProgram
    from planner.allocation.requests import Requests

_TOGETHER = 1e-12  # levels nearer than this are one
_DEVIATION = 3e-7  # what may be missing of what a demand is to get, and what it might still gain of it
_UNSEEN = 5e-10  # what a solver does not see of all that there is


class UnprovedError(AssertionError):
    """The numbers are too wild for this way to prove its answer."""


@dataclass(frozen=True, eq=False)
class Step:
    """A step of progressive filling.

    Attributes:
        level: Served fraction over priority.
        stopped: The demands that stop here.
        proof: The prices that stop them; None where they have all they asked for.
    """

    level: float
    stopped: NDArray[np.bool_]
    proof: Proof | None


def fill(
    program: RouteProgram,
    *,
    among: NDArray[np.bool_] | None = None,
    slight_bps: float = 0.0,
    progress: Progress | None = None,
) -> tuple[list[Flow], tuple[Level, ...]]:
    """Divides the key rates fairly.

    Args:
        program: All demands with a positive request; each has a route.
        among: The demands that take part, the others get nothing; None for all.
        slight_bps: A level is taken for 0 that serves less than this to all who are left.
        progress: Told how many demands have their final rate.

    Returns:
        The flows over routes that use the least key, and the steps.
    """
    requests = program.requests
    open_ = np.ones(len(requests.demand_ids), dtype=bool) if among is None else among.copy()
    fractions = np.zeros(len(open_))
    levels: list[Level] = []
    proofs: list[tuple[NDArray[np.bool_], Step]] = []
    weights = requests.priorities * requests.requested_bps
    level = 0.0
    while open_.any():
        step = next_step(program, open_=open_, fractions=fractions, level=level, slight_bps=slight_bps)
        level, stopped, full = step.level, step.stopped, step.proof is None
        named: tuple[dict[str, float], dict[str, float]] = ({}, {})
        if step.proof is not None:
            proofs.append((open_.copy(), step))
            worth = requests.by_row(np.where(open_, weights, 0.0)) @ step.proof.rows
            named = program.resources.named(step.proof.resources / float(worth))
        fractions[stopped] = 1.0 if full else np.minimum(level * requests.priorities[stopped], 1.0)
        open_ &= ~stopped
        names = tuple(requests.demand_ids[number] for number in np.flatnonzero(stopped).tolist())
        levels.append(Level(level, names, full, *named))
        if progress is not None:
            progress("fair rates", int((~open_).sum()), len(open_))
    wanted = fractions * requests.requested_bps
    program.use_least_key(fixed=requests.by_row(wanted))
    flows = divide(requests, sets=program.sets, rates_bps=program.rates(), wanted_bps=wanted)
    check_disjoint(flows, resources=program.resources)
    in_full = frozenset(np.flatnonzero(fractions == 1.0).tolist())
    flows = fit(flows, resources=program.resources, loads=Loads(program.resources), keep=in_full)
    if not program.capped:
        served = np.array(served_bps(flows, demands=len(open_)))
        _check(proofs, served=served, wanted=wanted, requests=requests)
    return flows, tuple(levels)


def _check(
    proofs: list[tuple[NDArray[np.bool_], Step]],
    *,
    served: NDArray[np.float64],
    wanted: NDArray[np.float64],
    requests: Requests,
) -> None:
    """Looks at every proof again, with what is served in the end.

    Raises:
        UnprovedError: Demands get less than they should, or prices leave open that they might get more.
    """
    if (served < wanted * (1 - _DEVIATION)).any():
        raise UnprovedError("the fair rates cannot all be served")
    for open_, step in proofs:
        if step.proof is not None:
            costs, worth = step.proof.rows[requests.row_of], float(step.proof.resources.sum())
            rising = step.level * requests.priorities * requests.requested_bps
            unpaid = worth - float(np.where(open_, rising, served) @ costs)
            pays = float((rising * costs)[step.stopped].min())
            if abs(unpaid) > _DEVIATION * worth or unpaid - _UNSEEN * worth > _DEVIATION * pays:
                raise UnprovedError("the prices of a level do not prove it")


def next_step(
    program: RouteProgram,
    *,
    open_: NDArray[np.bool_],
    fractions: NDArray[np.float64],
    level: float,
    slight_bps: float = 0.0,
) -> Step:
    """Raises the demands that go on together, as far as it goes.

    Args:
        program: All demands.
        open_: The demands that go on.
        fractions: What the others have, of what they ask for; 0 for those that go on.
        level: That of the step before.
        slight_bps: A level is taken for 0 that serves less than this to all who go on.

    Raises:
        UnprovedError: No price stops a demand.
    """
    requests = program.requests
    most = 1.0 / float(requests.priorities[open_].max())
    fixed = requests.by_row(fractions * requests.requested_bps)
    weights = requests.by_row(np.where(open_, requests.priorities * requests.requested_bps, 0.0))
    found, proof = program.maximise_level(fixed=fixed, weights=weights, most=most)
    if found >= most * (1 - _TOGETHER):
        return Step(most, open_ & (requests.priorities * most >= 1 - _TOGETHER), None)
    if found * float(weights.sum()) < slight_bps:
        found = 0.0
    stopped = requests.pay(open_, rows=proof.rows, every=program.exact)
    if not stopped.any():
        raise UnprovedError("no price stops a demand")
    return Step(min(max(found, level), most), stopped, proof)
