"""What of some changes is needed: each left out once, and made as small as serves; and what their resources need."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from planner.explain.options import ENOUGH, relay_limit, unbeaten
from planner.explain.shortage import Short, least_needs, limits_of, loads_of

if TYPE_CHECKING:
    from planner.explain.changes import Change
    from planner.explain.costs import Costs
    from planner.explain.state import Changed

_ROUNDS = 4
_GAIN = 1 + 1e-6


class Trim:
    """Makes what was chosen less.

    Args:
        plan: Makes the network with changes.
        options: The changes of each resource.
        costs: The prices.
    """

    def __init__(
        self, plan: Callable[[Sequence[Change]], Changed], *, options: Mapping[str, Sequence[Change]], costs: Costs
    ) -> None:
        self._plan, self._options, self._costs = plan, options, costs

    def least(self, chosen: list[Change]) -> list[Change]:
        """Changes that serve, without those that are not needed, and each as cheap as does.

        Args:
            chosen: Changes with which the demands are served.
        """
        for _ in range(_ROUNDS):
            before = chosen
            for change in sorted(chosen, key=lambda change: -change.cost_cny):
                rest = [other for other in chosen if other is not change]
                chosen = rest if self._plan(rest).met else [*rest, self._smaller(change, rest=rest)]
            if {id(change) for change in chosen} == {id(change) for change in before}:
                break
        return chosen

    def _smaller(self, change: Change, *, rest: Sequence[Change]) -> Change:
        """The cheapest change of a resource that does; the next cheaper one was planned and does not."""
        ways = [one for one in unbeaten(self._options.get(change.resource, ())) if one.cost_cny < change.cost_cny]
        least, most = -1, len(ways)  # the first does not serve, the last does
        while most - least > 1:
            middle = (least + most) // 2
            if self._plan([*rest, ways[middle]]).met:
                most = middle
            else:
                least = middle
        return change if most == len(ways) else ways[most]

    def helping(self, chosen: list[Change]) -> list[Change]:
        """Where changes are not enough, those without which the demands get less.

        Args:
            chosen: The changes.
        """
        fraction = self._plan(chosen).fraction
        return [
            change
            for change in chosen
            if fraction > self._plan([other for other in chosen if other is not change]).fraction * _GAIN + 1e-12
        ]

    def needs(self, chosen: list[Change], *, stage: Changed) -> tuple[list[Short], list[Change]]:
        """What the changed resources need at the least, and the changes, limits of nodes no higher than that.

        Args:
            chosen: The changes with which the demands are served.
            stage: The network with the ports and new links among them.
        """
        has, after = limits_of(stage), self._plan(chosen)
        made = [change for change in chosen if change.resource in has and change.kind != "new link"]
        most, prices = _raised(made, stage=stage)
        found = least_needs(stage, allocation=after.allocation, prices=prices, most=most)
        enough = stage.lifted({resource: found[resource] * ENOUGH for resource in most if resource in found})
        if not enough.met or any(found[resource] <= has[resource] for resource in most):
            loads = loads_of(stage, allocation=after.allocation)
            found = {resource: min(loads.get(resource, gives), gives) for resource, gives in most.items()}
        for change in made:
            if change.kind == "relay limit":
                chosen = self._lower(change, chosen, needs=found[change.resource])
        return [Short(resource, has[resource], found[resource]) for resource in sorted(most)], chosen

    def _lower(self, change: Change, chosen: list[Change], *, needs: float) -> list[Change]:
        """A limit of a node no higher than it needs to be."""
        load = loads_of(self._plan(chosen)).get(change.resource, change.gives_bps)
        for limit_bps in (needs, load):
            lower = relay_limit(change.details["node_id"], limit_bps=limit_bps * ENOUGH, costs=self._costs)
            trial = [lower if other is change else other for other in chosen]
            if self._plan(trial).met:
                return trial
        return chosen


def _raised(made: Sequence[Change], *, stage: Changed) -> tuple[dict[str, float], dict[str, float]]:
    """What changes raise, to what, and what a unit of that costs."""
    has = limits_of(stage)
    groups = dict(zip(stage.network.links["link_id"], stage.network.links["module_group"], strict=True))
    most: dict[str, float] = {}
    prices: dict[str, float] = {}
    for change in made:
        more = change.gives_bps - has[change.resource]
        if more > 0:
            most[change.resource], prices[change.resource] = change.gives_bps, change.cost_cny / more
        if change.kind == "own modules":
            group = f"module_group:{groups[change.details['link_id']]}"
            most[group], prices[group] = math.inf, prices.get(group, 0.0) + change.cost_cny
    return most, prices
