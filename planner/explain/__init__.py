"""Why a demand is not met, and what would meet it: the resources that are short, and the cheapest changes that help.

``reach`` finds why there is no route or no second one, ``options`` what can be bought. ``cheapest`` finds the cheapest
changes of all, with proof; ``search`` those of larger networks, by what ``shortage`` says is short. ``trim`` leaves out
what is not needed, and ``state`` plans each changed network again. ``flows`` holds the flows of the programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.allocation import allocate
from planner.budget import link_budget
from planner.demand import demand_rates
from planner.errors import InputError, Problem, nearest
from planner.explain.changes import Change, apply_changes
from planner.explain.costs import Costs, load_costs
from planner.explain.options import Market
from planner.explain.search import Alternative, Remedy, Search, Step
from planner.explain.shortage import Short
from planner.explain.state import Changed, Question, Rates

if TYPE_CHECKING:
    from planner.allocation import Allocation, Objective, Progress
    from planner.network import Network

__all__ = [
    "Alternative", "Change", "Costs", "Explained", "Explanation", "Growing", "Remedy", "Short", "Step", "apply_changes",
    "explain", "load_costs",
]  # fmt: skip

GROWTH_STEP = 1.1
"""Where all demands are met, what would let them grow by a tenth more than they can is looked for."""


@dataclass(frozen=True)
class Explained:
    """Why some demands are not met, and what would meet them.

    Attributes:
        demands: Their ids.
        alike: Whether the same resources stop them; such are explained together.
        requested_bps: What they ask for together.
        served_bps: What they get together.
        remedy: What is short, and what would serve them.
    """

    demands: tuple[str, ...]
    alike: bool
    requested_bps: float
    served_bps: float
    remedy: Remedy


@dataclass(frozen=True)
class Growing:
    """What stops all demands from growing, and what would let them.

    Attributes:
        factor_before: By what all demands can grow in the network as it is.
        target: By what they are to grow.
        factor_after: By what they can grow with the changes.
        remedy: What is short then, and the changes.
    """

    factor_before: float
    target: float
    factor_after: float
    remedy: Remedy


@dataclass(frozen=True)
class Explanation:
    """The answer.

    Attributes:
        network: The network.
        costs: The prices that the changes were compared by.
        unmet: The demands that are not met.
        met: Ids of the demands that were asked about and are met.
        growth: What stops growth, where nothing in particular was asked and every demand is met.
    """

    network: Network
    costs: Costs
    unmet: tuple[Explained, ...]
    met: tuple[str, ...]
    growth: Growing | None


def explain(
    network: Network,
    *,
    demand: str | None = None,
    costs: Costs | None = None,
    objective: Objective = "fair",
    shared: bool = False,
    together: bool = False,
    progress: Progress | None = None,
) -> Explanation:
    """Says why demands are not met, and what would meet them.

    Every change that is named was made to the network and the network planned again: the demands asked about are then
    served in full, and no other gets less than before. In networks of some dozens of links the changes are the cheapest
    that do, and ``Remedy.proven`` says so; elsewhere none of them can be left out or made smaller.

    Args:
        network: The network, with demands.
        demand: The demand to look at; by default every one that is not met, and where all are, their growth.
        costs: The prices; the shipped ones by default.
        objective: How key is divided, as in :func:`planner.allocation.allocate`.
        shared: Whether protection routes share what is reserved.
        together: Whether to look for what serves all demands that are not met, not each case by itself.
        progress: Told what is being done, how much of it is done, and of how much.

    Raises:
        InputError: There is no demand, or none of that id.
    """
    demands = demand_rates(network)
    names = list(demands["demand_id"])
    if demand is not None and demand not in names:
        raise InputError(Problem(f"there is no demand '{demand}'", expected=nearest(demand, names)))
    if not names:
        raise InputError(Problem("the network has no demand, so there is nothing to explain", file="demands.csv"))
    costs = costs or load_costs()
    market = Market(costs)
    budget = link_budget(network)
    rates = Rates(network, budget=budget, modules=market.modules)
    everybody = Question(network, budget, demands, wanted=tuple(names), objective=objective, shared=shared)
    allocation = Changed.by((), question=everybody, rates=rates).allocation
    missing = set(everybody.missing(allocation))
    unmet = [name for name in names if name in missing]
    asked = names if demand is None else [demand]
    looked_at = [name for name in asked if name in unmet]
    groups = [looked_at] if together and looked_at else _alike(looked_at, allocation=allocation)
    found = []
    for number, group in enumerate(groups):
        if progress is not None:
            progress("looking for what would help", number, len(groups))
        question = everybody.only(group, allocation=allocation)
        remedy = Search(question, market=market, rates=rates).remedy()
        found.append(_explained(question, alike=not together, allocation=allocation, remedy=remedy))
    growth = _growing(everybody, market=market, rates=rates) if demand is None and not unmet else None
    met = tuple(name for name in asked if name not in unmet)
    return Explanation(network, costs, tuple(found), met, growth)


def _explained(question: Question, *, alike: bool, allocation: Allocation, remedy: Remedy) -> Explained:
    served = sum(allocation.served_bps[name] for name in question.wanted)
    requested = sum(question.requested_bps[name] for name in question.wanted)
    return Explained(question.wanted, alike, requested, served, remedy)


def _alike(unmet: Sequence[str], *, allocation: Allocation) -> list[list[str]]:
    """Demands that one level of the fair allocation stops go together; those that lack a route or a port, alone."""
    lacking = {*allocation.unreachable, *allocation.without_port, *(s.demand_id for s in allocation.shortfalls)}
    stopped = [name for name in unmet if name not in lacking]
    levels = [set(level.demands) for level in allocation.levels if not level.served_in_full] or [set(stopped)]
    groups = [[name for name in stopped if name in level] for level in levels]
    rest = [name for name in stopped if not any(name in level for level in levels)]
    return [*([name] for name in unmet if name in lacking), *(group for group in (*groups, rest) if group)]


def _growing(everybody: Question, *, market: Market, rates: Rates) -> Growing | None:
    """What stops all demands together, where that is a number."""
    network, demands = everybody.network, everybody.demands
    before = allocate(network, budget=everybody.budget, demands=demands, shared=everybody.shared).growth.factor
    if not before:
        return None
    target = before * GROWTH_STEP
    larger = demands.assign(requested_bps=demands["requested_bps"] * target)
    positive = larger.loc[larger["requested_bps"] > 0, "demand_id"]
    question = Question(network, everybody.budget, larger, wanted=tuple(positive), shared=everybody.shared)
    remedy = Search(question, market=market, rates=rates).remedy()
    changed = Changed.by([step.change for step in remedy.steps], question=question, rates=rates)
    after = allocate(changed.network, budget=changed.budget, demands=demands, shared=everybody.shared).growth.factor
    return Growing(before, target, after or 0.0, remedy)
