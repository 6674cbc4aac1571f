"""The whole job: a network with demands -> a plan."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from planner import __version__
from planner.allocation import Growth, Level, allocate
from planner.bottlenecks import find_bottlenecks
from planner.budget import link_budget
from planner.demand import demand_rates
from planner.errors import InputError, Problem
from planner.failure import Sweep, sweep_failures
from planner.files import input_files, load
from planner.records import rows_of
from planner.trust import key_trust, node_exposure

if TYPE_CHECKING:
    from planner.network import InputFile, Network

Progress = Callable[[str, int, int], None]
"""Called now and then with what is being done, how many steps are done, and how many there are."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A plan: who gets how much key, over which routes, and the proof that no plan does better.

    Attributes:
        network: What was planned.
        budget: Key-rate budget, one row a link (:func:`planner.budget.link_budget`).
        demands: One row a demand: ``requested_bps``, ``served_bps``, ``served_fraction`` (1 where nothing is asked).
        links: One row a link: ``key_rate_bps``, ``load_bps``, ``utilisation``.
        routes: One row a route in use: ``nodes`` and ``links`` (tuples of ids), ``rate_bps``, ``length_km``, ``hops``.
        growth: By what factor all demands may grow together, with its proof and its witness.
        levels: The order in which the fair allocation was settled, each level with its proof.
        warnings: What a planner should know, in words.
    """

    network: Network
    budget: pd.DataFrame
    demands: pd.DataFrame
    links: pd.DataFrame
    routes: pd.DataFrame
    growth: Growth
    levels: tuple[Level, ...]
    warnings: tuple[str, ...]

    @cached_property
    def bottlenecks(self) -> pd.DataFrame:
        """The links that limit the plan (:func:`planner.bottlenecks.find_bottlenecks`)."""
        return find_bottlenecks(
            self.network, budget=self.budget, demands=self.demands, growth=self.growth, levels=self.levels
        )

    @cached_property
    def trust(self) -> pd.DataFrame:
        """Which nodes see the keys of each demand, and how many an attacker must hold (:mod:`planner.trust.keys`)."""
        return key_trust(self.demands, self.routes)

    @cached_property
    def exposure(self) -> pd.DataFrame:
        """How much key of others passes through each node, the most exposed first (:mod:`planner.trust.nodes`)."""
        return node_exposure(self.network, routes=self.routes)

    @cached_property
    def failures(self) -> Sweep:
        """What every single failure cuts off, and the bottlenecks it leaves; nothing is allocated anew."""
        return sweep_failures(self.network, budget=self.budget, demands=self.demands, allocate_worst=0)

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
        served = {str(demand): routes for demand, routes in self.routes.groupby("demand_id", sort=False)}
        return {
            "network": self.network.name,
            "title": self.network.title,
            "demands": [
                {
                    "demand_id": row.demand_id,
                    "node_a": row.node_a,
                    "node_b": row.node_b,
                    "requested_bps": row.requested_bps,
                    "served_bps": row.served_bps,
                    "routes": _route_dicts(served.get(row.demand_id), with_demand=False),
                }
                for row in rows_of(self.demands)
            ],
            "links": self.links[["link_id", "key_rate_bps", "load_bps", "utilisation"]].to_dict("records"),
            "growth": {
                "factor": self.growth.factor,
                "bound": self.growth.bound,
                "gap": self.growth.gap,
                "prices": self.growth.prices,
                "resource_prices": self.growth.resource_prices,
                "routes": _route_dicts(self.growth.routes, with_demand=True),
            },
            "fairness": {
                "levels": [
                    {
                        "level": level.level,
                        "demands": list(level.demands),
                        "served_in_full": level.served_in_full,
                        "prices": level.prices,
                        "resource_prices": level.resource_prices,
                    }
                    for level in self.levels
                ]
            },
            "bottlenecks": self.bottlenecks[
                ["link_id", "module_group", "limits", "demands_limited", "sentence"]
            ].to_dict("records"),
            "warnings": list(self.warnings),
            "inputs": {f"inputs/{file.name}": file.sha256 for file in self.inputs},
            "files_read": {file.name: file.sha256 for file in self.network.files},
            "version": __version__,
        }

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


def make_plan(network: Network, *, progress: Progress | None = None) -> Plan:
    """Plans a network: budgets, demand rates, fair allocation, growth factor with proof, bottlenecks.

    Args:
        network: A network with at least one demand.
        progress: Called with (what, steps done, steps in all) as the work goes on.

    Returns:
        The plan.

    Raises:
        InputError: The network has no demand, or a demand asks for a protection that cannot be planned.
    """
    _check_demands(network)
    budget = link_budget(network)
    demands = demand_rates(network)
    allocation = allocate(network, budget=budget, demands=demands, progress=progress)
    demands = _served(demands, allocation.served_bps)
    return Plan(
        network=network,
        budget=budget,
        demands=demands,
        links=_link_loads(budget, allocation.routes),
        routes=_measured_routes(budget, allocation.routes),
        growth=allocation.growth,
        levels=allocation.levels,
        warnings=_warnings(network, budget=budget, unreachable=allocation.unreachable),
    )


def read_plan(directory: str | Path) -> Plan:
    """Reads a saved plan: what was promised from ``plan.json``, the rest from its copy of the inputs.

    Args:
        directory: Where :meth:`Plan.save` wrote it.

    Returns:
        The plan as it was saved, unverified; see :func:`planner.verify.verify_plan`.

    Raises:
        InputError: There is no plan, or it cannot be read.
    """
    folder = Path(directory)
    try:
        data = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(Problem(f"cannot be read as a plan: {error}", file=f"{folder.name}/plan.json")) from None
    network = load(folder / "inputs")
    try:
        network = network.replace(name=str(data["network"]))
        budget = link_budget(network)
        served = {row["demand_id"]: float(row["served_bps"]) for row in data["demands"]}
        routes = _route_frame(
            [{"demand_id": row["demand_id"], **route} for row in data["demands"] for route in row["routes"]]
        )
        return Plan(
            network=network,
            budget=budget,
            demands=_served(demand_rates(network), served),
            links=_link_loads(budget, routes),
            routes=_measured_routes(budget, routes),
            growth=Growth(**{**data["growth"], "routes": _route_frame(data["growth"]["routes"])}),
            levels=tuple(
                Level(**{**level, "demands": tuple(level["demands"])}) for level in data["fairness"]["levels"]
            ),
            warnings=tuple(data["warnings"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        problem = Problem(f"is not a plan of this planner: {error!r}", file=f"{folder.name}/plan.json")
        raise InputError(problem) from None


def _check_demands(network: Network) -> None:
    demands = network.demands
    if demands.empty:
        raise InputError(
            Problem(
                "the network has no demand, and a plan needs at least one",
                file="demands.csv",
                expected="a row with demand_id, node_a, node_b and rate_bps, or service and units",
            )
        )
    problems = [
        Problem(
            f"demand '{demand_id}' asks for the protection '{protection}', which cannot be planned",
            file="demands.csv",
            column="protection",
            expected="'none' or a blank",
        )
        for demand_id, protection in zip(demands["demand_id"], demands["protection"], strict=True)
        if protection != "none"
    ]
    if problems:
        raise InputError(problems)


def _served(demands: pd.DataFrame, served_bps: Mapping[str, float]) -> pd.DataFrame:
    demands = demands.assign(served_bps=demands["demand_id"].map(dict(served_bps)).astype("float64"))
    asked = demands["requested_bps"] > 0
    return demands.assign(served_fraction=(demands["served_bps"] / demands["requested_bps"]).where(asked, 1.0))


def _link_loads(budget: pd.DataFrame, routes: pd.DataFrame) -> pd.DataFrame:
    load: dict[str, float] = dict.fromkeys(budget["link_id"], 0.0)
    for links, rate_bps in zip(routes["links"], routes["rate_bps"], strict=True):
        for link in links:
            load[link] += rate_bps
    links = budget[["link_id", "node_a", "node_b", "key_rate_bps"]].copy()
    links["load_bps"] = links["link_id"].map(load).astype("float64")
    links["utilisation"] = (links["load_bps"] / links["key_rate_bps"]).where(links["load_bps"] > 0, 0.0)
    return links


def _measured_routes(budget: pd.DataFrame, routes: pd.DataFrame) -> pd.DataFrame:
    length_km = dict(zip(budget["link_id"], budget["length_km"], strict=True))
    lengths = [sum(length_km[link] for link in links) for links in routes["links"]]
    hops = [len(links) for links in routes["links"]]
    return routes.assign(length_km=pd.Series(lengths, dtype="float64"), hops=pd.Series(hops, dtype="int64"))


def _warnings(network: Network, *, budget: pd.DataFrame, unreachable: Sequence[str]) -> tuple[str, ...]:
    ends = {row.demand_id: network.link_title(row.node_a, row.node_b) for row in rows_of(network.demands)}
    unrouted = [f"Demand '{demand_id}' ({ends[demand_id]}) has no route that carries key." for demand_id in unreachable]
    dead = [
        f"Link '{row.link_id}' ({network.link_title(row.node_a, row.node_b)}) gives no key: {row.loss_db:.1f} dB."
        for row in rows_of(budget)
        if row.key_rate_bps == 0
    ]
    above = [
        f"Link '{row.link_id}' has a measured key rate of {row.key_rate_bps:,.0f} bit/s, above its bound of "
        f"{row.bound_bps:,.0f} bit/s: one of the figures is wrong."
        for row in rows_of(budget)
        if row.key_rate_bps > row.bound_bps
    ]
    limited = [
        f"Link '{row.link_id}': the best {row.at_limit.replace(';', ', ')} lies at a limit of the search."
        for row in rows_of(budget)
        if row.at_limit
    ]
    return (*network.notes, *unrouted, *dead, *above, *limited)


def _route_dicts(routes: pd.DataFrame | None, *, with_demand: bool) -> list[dict[str, Any]]:
    if routes is None:
        return []
    return [
        ({"demand_id": row.demand_id} if with_demand else {})
        | {"nodes": list(row.nodes), "links": list(row.links), "rate_bps": row.rate_bps}
        for row in rows_of(routes)
    ]


def _route_frame(routes: list[dict[str, Any]]) -> pd.DataFrame:
    rows = [{**r, "nodes": tuple(r["nodes"]), "links": tuple(r["links"])} for r in routes]
    dtypes = {"demand_id": "object", "nodes": "object", "links": "object", "rate_bps": "float64"}
    return pd.DataFrame(rows, columns=list(dtypes), dtype="object").astype(dtypes)
