"""Checks a plan from its inputs alone: every promise, and the proof that no plan does better.

Shares no code with :mod:`planner.allocation` and :mod:`planner.routing`, so that a mistake there cannot hide
itself. ``document`` reads plan.json; ``ground`` recomputes what is true, ``graph``, ``disjoint`` and ``integer`` find
routes and sets of them; ``folder``, ``protection``, ``flows`` (with ``sets``), ``growth``, ``fairness`` and ``total``
(with ``prices`` and ``spare``), and ``words`` hold one against the other.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from planner import __version__
from planner.budget import link_budget
from planner.demand import demand_rates
from planner.errors import InputError
from planner.files import load
from planner.verify.check import Check, Verification
from planner.verify.document import read_document
from planner.verify.fairness import check_fairness
from planner.verify.flows import (
    check_capacity,
    check_demands,
    check_links,
    check_loads,
    check_ports,
    check_routes,
    check_served,
    check_sets,
)
from planner.verify.folder import INPUTS, check_alone, check_inputs, check_tables, check_version
from planner.verify.ground import Ground
from planner.verify.growth import check_growth
from planner.verify.protection import check_protection
from planner.verify.total import check_no_total, check_total
from planner.verify.words import check_bottlenecks

if TYPE_CHECKING:
    from planner.network import Network
    from planner.verify.document import PlanPart

__all__ = ["Check", "Verification", "verify_plan"]


def verify_plan(directory: str | os.PathLike[str]) -> Verification:
    """Checks every promise of a saved plan from the copy of its inputs.

    Budgets and demand rates are recomputed; routes, loads and served rates are held against them; the prices of
    the growth factor and of each fairness level, or of the total, are proved optimal by the cheapest routes, or sets of
    disjoint routes, found anew. The proofs are written out in :mod:`planner.verify.growth`,
    :mod:`planner.verify.fairness` and :mod:`planner.verify.total`.

    Args:
        directory: The folder that ``planner plan -o`` or :meth:`planner.Plan.save` wrote.

    Returns:
        Every check with what was compared; ``.ok`` says whether all hold.

    Raises:
        InputError: The folder holds no plan, ``plan.json`` has not the shape of one, or the copy of the inputs,
            though unchanged, cannot be read.
    """
    folder = Path(directory)
    plan = read_document(folder)
    version = check_version(plan, known=__version__)
    inputs = check_inputs(plan, directory=folder)
    try:
        network = load(folder / INPUTS)
    except InputError as error:
        if inputs.passed:
            raise
        broken = Check("reading the inputs", passed=False, detail=str(error).replace("\n", "; "))
        return Verification(network=plan.network, checks=(version, inputs, broken))
    return Verification(
        network=plan.network, checks=(version, inputs, check_alone(network), *_check_promises(plan, network, folder))
    )


def _check_promises(plan: PlanPart, network: Network, folder: Path) -> tuple[Check, ...]:
    ground = Ground.of(network, budget=link_budget(network), demands=demand_rates(network))
    return (
        check_demands(plan, ground=ground),
        check_links(plan, ground=ground),
        check_ports(plan, ground=ground),
        check_protection(plan, ground=ground),
        check_routes(plan, ground=ground),
        check_sets(plan, ground=ground),
        check_served(plan, ground=ground),
        check_loads(plan, ground=ground),
        check_capacity(plan, ground=ground),
        *check_growth(plan, ground=ground),
        *_check_objective(plan, ground=ground),
        check_bottlenecks(plan, ground=ground, names=network.node_names),
        check_tables(plan, ground=ground, directory=folder),
    )


def _check_objective(plan: PlanPart, *, ground: Ground) -> list[Check]:
    if plan.objective == "total":
        return check_total(plan, ground=ground)
    return [*check_no_total(plan), *check_fairness(plan, ground=ground)]
