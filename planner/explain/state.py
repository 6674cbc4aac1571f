"""A network with changes made and planned again, and what that gives to the demands that are to be met."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.allocation import Allocation, allocate
from planner.budget import link_budget
from planner.explain.changes import Change, apply_changes, plain_links
from planner.records import LinkRecord, to_frame

if TYPE_CHECKING:
    from planner.allocation import Objective
    from planner.network import Network
    from planner.physics.module import Module

FULL = 1 - 1e-9
"""A demand that gets this part of what it asks for has all of it; the rest is rounding."""
KEPT = 1 - 1e-6
"""A demand that gets this part of what it had before has not lost anything."""

_MAKES_RATE = (
    "module", "length_km", "attenuation_db_per_km", "extra_loss_db", "loss_db", "arm_a_km", "arm_a_loss_db",
    "coexistence",
)  # fmt: skip
"""The columns of a link that make the key rate of a pair of modules."""


@dataclass(frozen=True, eq=False)
class Question:
    """Whom to serve, in what network.

    Attributes:
        network: The network as it is.
        budget: Its key-rate budget.
        demands: All demands with ``requested_bps`` and ``protection``.
        wanted: Ids of the demands that are to get all they ask for.
        kept_bps: What each of the others gets in the network as it is, and is to keep.
        kept_protection: The protection that each of the others is given in the network as it is.
        objective: How key is divided.
        shared: Whether protection routes share what is reserved.
    """

    network: Network
    budget: pd.DataFrame
    demands: pd.DataFrame
    wanted: tuple[str, ...]
    kept_bps: Mapping[str, float] = field(default_factory=dict)
    kept_protection: Mapping[str, str] = field(default_factory=dict)
    objective: Objective = "fair"
    shared: bool = False

    @cached_property
    def requested_bps(self) -> dict[str, float]:
        """What each demand asks for."""
        return dict(zip(self.demands["demand_id"], self.demands["requested_bps"].tolist(), strict=True))

    @cached_property
    def priority(self) -> dict[str, float]:
        """The weight of each demand."""
        return dict(zip(self.demands["demand_id"], self.demands["priority"].tolist(), strict=True))

    @cached_property
    def protection(self) -> dict[str, str]:
        """The protection that each demand asks for."""
        return dict(zip(self.demands["demand_id"], self.demands["protection"], strict=True))

    def only(self, wanted: Sequence[str], *, allocation: Allocation) -> Question:
        """The same question for other demands; the rest keep what an allocation gives them."""
        rest = {name: rate for name, rate in allocation.served_bps.items() if name not in set(wanted) and rate > 0}
        given = {name: allocation.protection_given[name] for name in rest}
        return replace(self, wanted=tuple(wanted), kept_bps=rest, kept_protection=given)

    def fraction(self, allocation: Allocation) -> float:
        """What part of their requests the wanted demands get together, however well protected."""
        served = sum(allocation.served_bps[name] for name in self.wanted)
        return served / sum(self.requested_bps[name] for name in self.wanted)

    def missing(self, allocation: Allocation) -> list[str]:
        """The demands that do not get what they are to get: the wanted ones all, the others what they had."""
        return [name for name in self.wanted if not self._served(name, allocation)] + [
            name for name in self.kept_bps if not self._kept(name, allocation)
        ]

    def met(self, allocation: Allocation) -> bool:
        """Whether the wanted demands get all that they ask for, in the way they ask for it, and nobody less for it."""
        return not self.missing(allocation)

    def lacks_protection(self, name: str, allocation: Allocation) -> str | None:
        """The weaker protection that a demand is given where that is not what it asks for; else None."""
        asked = self.protection[name]
        given = allocation.protection_given.get(name, asked)
        return None if given == asked else given

    def _served(self, name: str, allocation: Allocation) -> bool:
        in_full = allocation.served_bps[name] >= self.requested_bps[name] * FULL
        return in_full and self.lacks_protection(name, allocation) is None

    def _kept(self, name: str, allocation: Allocation) -> bool:
        """Better protected, a demand may get less."""
        if allocation.served_bps[name] >= self.kept_bps[name] * KEPT:
            return True
        return allocation.protection_given.get(name) != self.kept_protection[name]


class Rates:
    """Key rates of links; what was computed before is not computed again.

    Args:
        network: Its links are known from the beginning.
        budget: Their key-rate budget.
        modules: Modules that the network does not name, and that links may get.
    """

    def __init__(self, network: Network, *, budget: pd.DataFrame, modules: Mapping[str, Module]) -> None:
        self._network = network.replace(modules={**modules, **network.modules})
        self._per_pair_bps: dict[tuple[Any, ...], float] = {}
        rates = dict(zip(budget["link_id"], budget["model_key_rate_bps"].tolist(), strict=True))
        for link, row in plain_links(network).items():
            if row["module"] is not None:
                self._per_pair_bps[_key(row)] = rates[link] / row["module_pairs"]

    def of(self, rows: Iterable[Mapping[str, Any]]) -> list[float]:
        """The key rate of each link, all its pairs together; 0 where it has none.

        Args:
            rows: Links as their record takes them.
        """
        rows = list(rows)
        modelled = {_key(row): row for row in rows if row["key_rate_bps"] is None and row["module"] is not None}
        new = {key: row for key, row in modelled.items() if key not in self._per_pair_bps}
        if new:
            trial = [dict(row) | {"link_id": f"trial-{n}", "module_pairs": 1} for n, row in enumerate(new.values())]
            found = link_budget(self._network.replace(links=to_frame(LinkRecord, trial)))["key_rate_bps"].tolist()
            self._per_pair_bps |= dict(zip(new, found, strict=True))
        return [self._of(row) for row in rows]

    def _of(self, row: Mapping[str, Any]) -> float:
        if row["key_rate_bps"] is not None:
            return float(row["key_rate_bps"])
        return 0.0 if row["module"] is None else row["module_pairs"] * self._per_pair_bps[_key(row)]

    def budget(self, network: Network) -> pd.DataFrame:
        """The part of a network's key-rate budget that an allocation reads."""
        rates = self.of(plain_links(network).values())
        ends = network.links[["link_id", "node_a", "node_b", "length_km"]]
        return ends.assign(key_rate_bps=pd.Series(rates, dtype="float64", index=ends.index))


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _MAKES_RATE)


class Changed:
    """A network with some changes made, planned again.

    Args:
        question: Whom to serve.
        network: The changed network.
        budget: Key rates of its links, as an allocation reads them.
    """

    def __init__(self, question: Question, *, network: Network, budget: pd.DataFrame) -> None:
        self.question, self.network, self.budget = question, network, budget

    @classmethod
    def by(cls, changes: Sequence[Change], *, question: Question, rates: Rates) -> Changed:
        """The network of a question with changes made.

        Args:
            changes: What is changed.
            question: Whom to serve, in what network.
            rates: Key rates of links.
        """
        if not changes:
            return cls(question, network=question.network, budget=question.budget)
        network = apply_changes(question.network, changes)
        return cls(question, network=network, budget=rates.budget(network))

    def lifted(self, limits: Mapping[str, float], *, freed: Iterable[str] = ()) -> Changed:
        """The same with other limits.

        Args:
            limits: New key rates of links and relay limits of nodes, by resource, infinite for more than all demands
                could use; and module groups, whose links then no longer wait for each other, whatever the number.
            freed: Links that leave their module group.
        """
        network, budget = self.network, self.budget
        plenty_bps = 10.0 * float(self.question.demands["requested_bps"].sum())
        rates = [min(limits.get(f"link:{link}", rate), max(plenty_bps, rate)) for link, rate in self.rates_bps.items()]
        links, nodes, alone = network.links, network.nodes, set(freed)
        groups = [
            None if link in alone or f"module_group:{group}" in limits else group
            for link, group in zip(links["link_id"], links["module_group"], strict=True)
        ]
        relays = [
            limits.get(f"node:{node}", limit)
            for node, limit in zip(nodes["node_id"], nodes["relay_limit_bps"].tolist(), strict=True)
        ]
        relays = [math.nan if math.isinf(limit) else limit for limit in relays]
        return Changed(
            self.question,
            network=network.replace(
                links=links.assign(module_group=pd.Series(groups, dtype="object", index=links.index)),
                nodes=nodes.assign(relay_limit_bps=pd.Series(relays, dtype="float64", index=nodes.index)),
            ),
            budget=budget.assign(key_rate_bps=pd.Series(rates, dtype="float64", index=budget.index)),
        )

    def with_limits_of(self, made: Mapping[str, Change]) -> Changed:
        """The same with the limits that changes make, by resource; they are not built.

        Stations between are left out: an allocation is the same with the link as with its spans.

        Args:
            made: The changes; new links are links without key here.
        """
        freed = [change.details["link_id"] for change in made.values() if change.kind == "own modules"]
        return self.lifted({name: change.gives_bps for name, change in made.items()}, freed=freed)

    @cached_property
    def rates_bps(self) -> dict[str, float]:
        """Key rate of each link, 0 for none."""
        return dict(zip(self.budget["link_id"], self.budget["key_rate_bps"].fillna(0.0).tolist(), strict=True))

    @cached_property
    def allocation(self) -> Allocation:
        """Who gets what."""
        question = self.question
        return allocate(
            self.network,
            budget=self.budget,
            demands=question.demands,
            objective=question.objective,
            shared=question.shared,
            growth=False,
        )

    @property
    def fraction(self) -> float:
        """What part of their requests the wanted demands get."""
        return self.question.fraction(self.allocation)

    @cached_property
    def met(self) -> bool:
        """Whether the wanted demands get all, and nobody less for it."""
        return self.question.met(self.allocation)

    @property
    def protection(self) -> str | None:
        """The protection that is given where one demand is wanted and gets less than it asks for."""
        lacking = [self.question.lacks_protection(name, self.allocation) for name in self.question.wanted]
        return next((given for given in lacking if given is not None), None)
