"""What a plan is: who gets how much key, over which routes, and the proof that no plan does better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.bottlenecks import find_bottlenecks
from planner.failure import Question, Sweep, affordable, sweep_failures
from planner.files import input_files
from planner.plan.document import plan_document
from planner.plan.tables import node_loads
from planner.trust import PlanTrust, key_trust, node_exposure, plan_trust

if TYPE_CHECKING:
    import pandas as pd

    from planner.allocation import Growth, Level, Objective, Shortfall, Total
    from planner.network import InputFile, Network

Progress = Callable[[str, int, int], None]
"""Called now and then with what is being done, how many steps are done, and how many there are."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A plan: who gets how much key, over which routes, and the proof that no plan does better.

    Attributes:
        network: What was planned.
        budget: Key-rate budget, one row a link (:func:`planner.budget.link_budget`).
        demands: One row a demand: ``requested_bps``, ``served_bps``, ``served_fraction`` (1 where nothing is asked),
            ``protection`` (asked for) and ``protection_given`` (None where nothing is asked or there is no route).
        links: One row a link: ``key_rate_bps``, ``load_bps`` (in use or held in reserve), ``reserved_bps`` (held for
            protection routes), ``utilisation``.
        routes: One row a route: ``nodes`` and ``links`` (tuples of ids), ``rate_bps``, ``role`` (``working``,
            ``protection``, ``share``), ``set`` (routes of a demand with the same number belong together),
            ``length_km``, ``hops``.
        growth: By what factor all demands may grow together, with its proof and its witness.
        levels: The order in which the fair allocation was settled, each level with its proof.
        warnings: What a planner should know, in words.
        objective: What was sought: ``fair`` rates, or the largest ``total``.
        shared: Whether protection routes that are never in use at the same time share what they reserve.
        total: The most key that can be served, with its proof, where that was sought.
        shortfalls: The demands that are given less protection than they ask for, and why.
        without_port: Ids of the demands that get no user port at one of their ends.
    """

    network: Network
    budget: pd.DataFrame
    demands: pd.DataFrame
    links: pd.DataFrame
    routes: pd.DataFrame
    growth: Growth
    levels: tuple[Level, ...]
    warnings: tuple[str, ...]
    objective: Objective = "fair"
    shared: bool = False
    total: Total | None = None
    shortfalls: tuple[Shortfall, ...] = ()
    without_port: tuple[str, ...] = ()

    @cached_property
    def nodes(self) -> pd.DataFrame:
        """What each node passes on, against its limits (:func:`planner.plan.tables.node_loads`)."""
        return node_loads(self.network, demands=self.demands, routes=self.routes, shared=self.shared)

    @cached_property
    def bottlenecks(self) -> pd.DataFrame:
        """What limits the plan (:func:`planner.bottlenecks.find_bottlenecks`)."""
        return find_bottlenecks(
            self.network,
            budget=self.budget,
            demands=self.demands,
            routes=self.routes,
            growth=self.growth,
            levels=self.levels,
            total=self.total,
        )

    @cached_property
    def trust(self) -> pd.DataFrame:
        """Which nodes see the keys of each demand, and how many an attacker must hold (:mod:`planner.trust.keys`)."""
        return key_trust(self.demands, self.routes)

    @cached_property
    def trust_in_all(self) -> PlanTrust:
        """How many nodes an attacker must hold to learn a key of every demand, and every key of the plan."""
        return plan_trust(self.routes)

    @cached_property
    def exposure(self) -> pd.DataFrame:
        """How much key of others passes through each node, the most exposed first (:mod:`planner.trust.nodes`)."""
        return node_exposure(self.network, routes=self.routes)

    @cached_property
    def failures(self) -> Sweep:
        """What every single failure does; the worst are allocated anew, as many as the size of the network allows."""
        question = Question(self.network, self.budget, self.demands, objective=self.objective, shared=self.shared)
        return sweep_failures(
            self.network,
            budget=self.budget,
            demands=self.demands,
            objective=self.objective,
            shared=self.shared,
            allocate_worst=affordable(question),
        )

    @property
    def unmet(self) -> list[str]:
        """The ids of the demands that get less than they ask."""
        # A billionth is rounding, not key.
        short = self.demands["served_bps"] < self.demands["requested_bps"] * (1 - 1e-9)
        return [str(demand_id) for demand_id in self.demands.loc[short, "demand_id"]]

    @cached_property
    def inputs(self) -> tuple[InputFile, ...]:
        """The plan's own copy of its inputs: flat, complete, readable without anything shipped."""
        return input_files(self.network)

    def as_dict(self) -> dict[str, Any]:
        """The plan as plain data, ready for JSON: what ``plan.json`` holds."""
        return plan_document(self)

    def save(self, directory: str | Path) -> Path:
        """Writes the plan: plan.json, tables, workbook, map, report and a copy of the inputs.

        All or nothing: an earlier plan in the directory stays whole until the new one is complete.

        Args:
            directory: Where to; made if it does not exist.

        Returns:
            The directory.

        Raises:
            InputError: The directory holds something that is not a plan, or cannot be written.
        """
        from planner.report.folder import save_plan

        return save_plan(self, directory)

    def __repr__(self) -> str:
        served, requested = self.demands["served_bps"].sum(), self.demands["requested_bps"].sum()
        return (
            f"<Plan of {self.network.name!r}: {len(self.demands)} demands, {served:,.0f} of {requested:,.0f} bit/s "
            f"served, growth factor {self.growth.factor}>"
        )

    def _repr_html_(self) -> str:
        from planner.report.map import draw_map

        return str(draw_map(self)._repr_html_())
