"""A network with changes made and planned again, and what that gives to the demands that are to be met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.allocation import Allocation, allocate
from planner.budget import link_budget
from planner.explain.changes import Change, apply_changes

if TYPE_CHECKING:
    from planner.allocation import Objective
    from planner.network import Network

FULL = 1 - 1e-9
"""A demand that gets this part of what it asks for has all of it; the rest is rounding."""


@dataclass(frozen=True, eq=False)
class Question:
    """Whom to serve, in what network.

    Attributes:
        network: The network as it is.
        budget: Its key-rate budget.
        demands: All demands with ``requested_bps`` and ``protection``.
        wanted: Ids of the demands that are to get all they ask for.
        objective: How key is divided.
        shared: Whether protection routes share what is reserved.
    """

    network: Network
    budget: pd.DataFrame
    demands: pd.DataFrame
    wanted: tuple[str, ...]
    objective: Objective = "fair"
    shared: bool = False

    @cached_property
    def requested_bps(self) -> dict[str, float]:
        """What each demand asks for."""
        return dict(zip(self.demands["demand_id"], self.demands["requested_bps"].tolist(), strict=True))

    @cached_property
    def protection(self) -> dict[str, str]:
        """The protection that each demand asks for."""
        return dict(zip(self.demands["demand_id"], self.demands["protection"], strict=True))

    def only(self, wanted: Sequence[str]) -> Question:
        """The same question for other demands."""
        return replace(self, wanted=tuple(wanted))

    def allocate(self, network: Network, *, budget: pd.DataFrame) -> Allocation:
        """Divides the keys of a changed network among the demands."""
        return allocate(
            network, budget=budget, demands=self.demands, objective=self.objective, shared=self.shared, growth=False
        )

    def fraction(self, allocation: Allocation) -> float:
        """What part of their requests the wanted demands get together; without the protection asked for, nothing."""
        served = sum(
            allocation.served_bps[name]
            for name in self.wanted
            if allocation.protection_given.get(name, self.protection[name]) == self.protection[name]
        )
        return served / sum(self.requested_bps[name] for name in self.wanted)

    def met(self, allocation: Allocation) -> bool:
        """Whether the wanted demands get all that they ask for, in the way they ask for it."""
        return all(
            allocation.served_bps[name] >= self.requested_bps[name] * FULL
            and allocation.protection_given.get(name, self.protection[name]) == self.protection[name]
            for name in self.wanted
        )


class Budgets:
    """Budgets of the links of changed networks. A row that was met before is not computed again.

    Args:
        question: In what network.
    """

    def __init__(self, question: Question) -> None:
        self._known = dict(zip(_rows(question.network.links), _rows(question.budget), strict=True))
        self._columns = list(question.budget.columns)
        self._types = question.budget.dtypes.to_dict()

    def of(self, network: Network) -> pd.DataFrame:
        """The key-rate budget of a network (:func:`planner.budget.link_budget`).

        Args:
            network: The network, with the modules and profiles of the question's.
        """
        rows = _rows(network.links)
        new = [number for number, row in enumerate(rows) if row not in self._known]
        if new:
            links = network.links.iloc[new].reset_index(drop=True)
            found = _rows(link_budget(network.replace(links=links)))
            self._known |= dict(zip([rows[number] for number in new], found, strict=True))
        table = list(zip(*(self._known[row] for row in rows), strict=True)) or [()] * len(self._columns)
        return pd.DataFrame(
            {
                name: pd.Series(list(column), dtype=self._types[name])
                for name, column in zip(self._columns, table, strict=True)
            }
        )


def _rows(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    """The rows of a table as tuples that can be compared: None for a blank."""
    columns = [[None if blank else cell for cell, blank in zip(table[c], table[c].isna(), strict=True)] for c in table]
    return list(zip(*columns, strict=True))


class Changed:
    """The network with some changes made, planned again.

    Args:
        question: Whom to serve, in what network.
        budgets: Budgets of its links.
        changes: What is changed.
    """

    def __init__(self, question: Question, *, budgets: Budgets, changes: Sequence[Change] = ()) -> None:
        self.question = question
        self.changes = tuple(changes)
        self.network = apply_changes(question.network, self.changes) if changes else question.network
        self.budget = budgets.of(self.network) if changes else question.budget

    @cached_property
    def allocation(self) -> Allocation:
        """Who gets what."""
        return self.question.allocate(self.network, budget=self.budget)

    @cached_property
    def fraction(self) -> float:
        """What part of their requests the wanted demands get."""
        return self.question.fraction(self.allocation)

    @cached_property
    def met(self) -> bool:
        """Whether the wanted demands get all."""
        return self.question.met(self.allocation)
