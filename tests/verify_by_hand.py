"""Plans made by brute force, for tests of the verification: every route enumerated, every set of routes a column.

Nothing of the planner's own allocation or routing is used. The linear programs are SciPy's, their prices the duals.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from planner.files import input_files
from planner.network import Network
from planner.records import RELAY_KINDS, rows_of, split_list

Way = tuple[tuple[str, ...], tuple[str, ...]]
"""Nodes and links of a route."""

TINY = 1e-9


@dataclass(frozen=True)
class Column:
    """A set of routes for one demand: roles and ways."""

    demand: str
    roles: tuple[str, ...]
    ways: tuple[Way, ...]


@dataclass
class Facts:
    """The network as plain dictionaries."""

    network: Network
    shared: bool = False
    rate: dict[str, float] = field(default_factory=dict)
    ends: dict[str, tuple[str, str]] = field(default_factory=dict)
    group: dict[str, str | None] = field(default_factory=dict)
    risks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    limit: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in rows_of(self.network.links):
            self.rate[row.link_id] = float(row.key_rate_bps)
            self.ends[row.link_id] = (row.node_a, row.node_b)
            self.group[row.link_id] = row.module_group
            self.risks[row.link_id] = split_list(row.risk_groups)
        nodes = self.network.nodes
        self.relays = {row.node_id for row in rows_of(nodes) if row.kind in RELAY_KINDS}
        self.limit = {row.node_id: row.relay_limit_bps for row in rows_of(nodes) if row.relay_limit_bps > 0}
        self.asked = {row.demand_id: row for row in rows_of(self.network.demands)}
        live = [link for link in self.rate if self.rate[link] > 0]
        self.ways = {
            key: list(self.simple(row.node_a, row.node_b, live)) if row.rate_bps > 0 else []
            for key, row in self.asked.items()
        }
        self.without_port = self._without_port()
        self.active = [key for key, ways in self.ways.items() if ways and key not in self.without_port]
        self.given = {key: self._strongest(key) for key in self.active}

    def simple(self, start: str, goal: str, links: list[str]) -> Iterator[Way]:
        """Every permitted route."""
        stack: list[Way] = [((start,), ())]
        while stack:
            nodes, used = stack.pop()
            for link in links:
                if nodes[-1] in self.ends[link]:
                    one, other = self.ends[link]
                    head = other if nodes[-1] == one else one
                    if head == goal:
                        yield (*nodes, head), (*used, link)
                    elif head not in nodes and head in self.relays:
                        stack.append(((*nodes, head), (*used, link)))

    def _without_port(self) -> list[str]:
        left = {row.node_id: int(row.user_ports) for row in rows_of(self.network.nodes) if not pd.isna(row.user_ports)}
        refused = []
        joined = [row for row in self.asked.values() if self.ways[row.demand_id]]
        for row in sorted(joined, key=lambda row: (-row.priority, row.demand_id)):
            if left.get(row.node_a, 1) < 1 or left.get(row.node_b, 1) < 1:
                refused.append(row.demand_id)
                continue
            for end in (row.node_a, row.node_b):
                if end in left:
                    left[end] -= 1
        return sorted(refused)

    def needs(self, way: Way) -> set[str]:
        """What takes a route down."""
        nodes, links = way
        return (
            {f"link:{link}" for link in links}
            | {f"node:{node}" for node in nodes[1:-1]}
            | {f"risk_group:{risk}" for link in links for risk in self.risks[link]}
        )

    def disjoint(self, ways: tuple[Way, ...]) -> bool:
        return all(not self.needs(one) & self.needs(other) for one, other in itertools.combinations(ways, 2))

    def sets_of(self, key: str, count: int) -> list[tuple[Way, ...]]:
        return [ways for ways in itertools.combinations(self.ways[key], count) if self.disjoint(ways)]

    def routes_there(self, key: str, most: int) -> int:
        return max(count for count in range(1, most + 1) if self.sets_of(key, count))

    def _strongest(self, key: str) -> str:
        asked = self.asked[key].protection
        if asked == "none":
            return asked
        most = 2 if asked == "1+1" else int(asked[-1])
        there = self.routes_there(key, most)
        if there == most:
            return asked
        return "none" if asked == "1+1" or there == 1 else f"split-{there}"

    def columns(self) -> list[Column]:
        found = []
        for key in self.active:
            given = self.given[key]
            if given == "none":
                found += [Column(key, ("working",), (way,)) for way in self.ways[key]]
            elif given == "1+1":
                for one, other in self.sets_of(key, 2):
                    found += [Column(key, ("working", "protection"), pair) for pair in ((one, other), (other, one))]
            else:
                count = int(given[-1])
                found += [Column(key, ("share",) * count, ways) for ways in self.sets_of(key, count)]
        return found

    def least_cut(self, key: str) -> dict[str, list[str]]:
        """The first least cut, by trying them all."""
        parts = sorted(set().union(*(self.needs(way) for way in self.ways[key])))
        for size in itertools.count(1):
            for cut in itertools.combinations(parts, size):
                if all(self.needs(way) & set(cut) for way in self.ways[key]):
                    kinds = {"nodes": "node:", "links": "link:", "risk_groups": "risk_group:"}
                    return {
                        kind: [part[len(start) :] for part in cut if part.startswith(start)]
                        for kind, start in kinds.items()
                    }
        raise AssertionError

    def uses(self, column: Column) -> dict[str, float]:
        """How much of each whole resource a bit/s of the column takes."""
        used: dict[str, float] = {}

        def take(way: Way, suffix: str) -> None:
            nodes, links = way
            for link in links:
                used[f"link:{link}{suffix}"] = used.get(f"link:{link}{suffix}", 0.0) + 1 / self.rate[link]
                if self.group[link] is not None:
                    name = f"module_group:{self.group[link]}{suffix}"
                    used[name] = used.get(name, 0.0) + 1 / self.rate[link]
            for node in nodes[1:-1]:
                if node in self.limit:
                    used[f"node:{node}{suffix}"] = used.get(f"node:{node}{suffix}", 0.0) + 1 / self.limit[node]

        for role, way in zip(column.roles, column.ways, strict=True):
            held = role == "protection" and self.shared
            if not held:
                take(way, "")
            for failure in self.failures:
                if not held or failure in self.needs(column.ways[column.roles.index("working")]):
                    take(way, f"|{failure}")
        return used

    @property
    def failures(self) -> list[str]:
        if not self.shared:
            return []
        risks = sorted({risk for risks in self.risks.values() for risk in risks})
        nodes = sorted(self.network.nodes["node_id"])
        return [f"link:{x}" for x in self.rate] + [f"node:{x}" for x in nodes] + [f"risk_group:{x}" for x in risks]


class Program:
    """The rates of all columns, under the limits of all resources."""

    def __init__(self, facts: Facts, keep: Callable[[Column], bool]) -> None:
        self.facts = facts
        columns = facts.columns()
        first = {column.demand: column for column in reversed(columns)}
        self.columns = [column for column in columns if first[column.demand] == column or keep(column)]
        uses = [facts.uses(column) for column in self.columns]
        self.resources = sorted(set().union(*uses)) if uses else []
        self.matrix = np.array([[use.get(name, 0.0) for use in uses] for name in self.resources]).reshape(
            len(self.resources), len(self.columns)
        )
        self.member = np.array(
            [[float(column.demand == key) for column in self.columns] for key in facts.active]
        ).reshape(len(facts.active), len(self.columns))

    def level(self, fixed: Any, weights: Any) -> tuple[float, Any, Any, Any]:
        """The largest level; rates, prices of resources and of demands."""
        count = len(self.columns)
        upper = np.block(
            [[self.matrix, np.zeros((len(self.resources), 1))], [-self.member, np.array(weights)[:, None]]]
        )
        right = np.concatenate((np.ones(len(self.resources)), -np.array(fixed)))
        found = linprog(np.append(np.zeros(count), -1.0), A_ub=upper, b_ub=right, method="highs-ds")
        assert found.success, found.message
        duals = -found.ineqlin.marginals
        return found.x[-1], found.x[:-1], duals[: len(self.resources)], duals[len(self.resources) :]

    def rates_for(self, served: Any) -> Any:
        """Rates that serve just that and use little."""
        found = linprog(
            self.matrix.sum(axis=0), A_ub=self.matrix, b_ub=np.full(len(self.resources), 1 + 1e-12),
            A_eq=self.member, b_eq=np.array(served), method="highs-ds",
        )  # fmt: skip
        assert found.success, found.message
        return found.x

    def total(self, most: Any) -> tuple[float, Any, Any]:
        upper = np.vstack((self.matrix, self.member))
        right = np.concatenate((np.ones(len(self.resources)), np.array(most)))
        found = linprog(-np.ones(len(self.columns)), A_ub=upper, b_ub=right, method="highs-ds")
        assert found.success, found.message
        return -found.fun, found.x, -found.ineqlin.marginals[: len(self.resources)]

    def named(self, duals: Any) -> dict[str, dict[str, float]]:
        """Prices as a plan writes them."""
        worth = {name: max(float(dual), 0.0) for name, dual in zip(self.resources, duals, strict=True)}
        rate = self.facts.rate
        prices = {link: worth.pop(f"link:{link}", 0.0) / rate[link] if rate[link] > 0 else 0.0 for link in rate}
        dear = sum(prices.values()) + sum(
            value / min(value for value in [*rate.values(), *self.facts.limit.values()] if value > 0)
            for value in worth.values()
        )
        prices = {link: price if rate[link] > 0 else dear for link, price in prices.items()}
        return {"prices": prices, "resource_prices": {name: value for name, value in worth.items() if value > 0}}

    def routes(self, rates: Any) -> list[dict[str, Any]]:
        found, numbers = [], dict.fromkeys(self.facts.active, 0)
        for column, rate in zip(self.columns, rates.tolist(), strict=True):
            if rate > TINY:
                numbers[column.demand] += 1
                for role, (nodes, links) in zip(column.roles, column.ways, strict=True):
                    route = {"nodes": list(nodes), "links": list(links), "rate_bps": rate, "role": role}
                    found.append({"demand_id": column.demand, **route, "set": numbers[column.demand]})
        return found


def plan_by_hand(
    network: Network, *, objective: str = "fair", shared: bool = False, keep: Callable[[Column], bool] = lambda _: True
) -> dict[str, Any]:
    """The content of plan.json.

    Args:
        network: Links with rates, demands with rates.
        objective: ``fair`` or ``total``.
        shared: Whether 1+1 protection is shared.
        keep: Which sets of routes are known, besides one a demand; what is best with fewer is not best.
    """
    facts = Facts(network, shared=shared)
    program = Program(facts, keep)
    requests = [float(facts.asked[key].rate_bps) for key in facts.active]
    levels: list[dict[str, Any]] = []
    total = None
    if objective == "fair":
        levels, rates = _fair(program, requests)
    else:
        served_bps, rates, duals = program.total(requests) if program.columns else (0.0, np.zeros(0), np.zeros(0))
        named = program.named(duals) if program.columns else {"prices": {}, "resource_prices": {}}
        total = {"served_bps": served_bps, "bound": served_bps, "gap": 0.0, **named}
    rates = _within(program, rates)
    routes = program.routes(rates)
    data = {
        "network": network.name,
        "objective": objective,
        "shared": shared,
        "demands": [_demand(facts, key, [r for r in routes if r["demand_id"] == key]) for key in facts.asked],
        "growth": _growth(program, requests),
        "fairness": {"levels": levels},
        "total": total,
        "without_port": facts.without_port,
        "bottlenecks": [],
        "inputs": {f"inputs/{file.name}": file.sha256 for file in input_files(network)},
        "version": "0.1.0",
    }
    if total:
        total["served_bps"] = sum(row["served_bps"] for row in data["demands"])
        total["gap"] = (total["bound"] - total["served_bps"]) / total["bound"] if total["bound"] else 0.0
    data["links"] = links_of(facts, data["demands"])
    data["nodes"] = nodes_of(facts, data["demands"])
    return data


def _within(program: Program, rates: Any) -> Any:
    """Rates within the limits to the last bit but one."""
    rates = np.where(rates > TINY, rates, 0.0)
    worst = float((program.matrix @ rates).max(initial=0.0))
    return rates / max(worst, 1.0)


def _growth(program: Program, requests: list[float]) -> dict[str, Any]:
    facts = program.facts
    asking = [key for key, row in facts.asked.items() if row.rate_bps > 0]
    if len(facts.active) < len(asking) or not asking:
        value = 0.0 if asking else None
        return {"factor": value, "bound": value, "gap": value, "prices": {}, "resource_prices": {}, "routes": []}
    level, rates, duals, _ = program.level(np.zeros(len(requests)), requests)
    rates = _within(program, rates)
    served = program.member @ rates
    factor = min(float(value / request) for value, request in zip(served, requests, strict=True))
    rates = rates * ((factor * np.array(requests) / served) @ program.member)
    return {
        "factor": factor, "bound": level, "gap": (level - factor) / level, **program.named(duals),
        "routes": program.routes(rates),
    }  # fmt: skip


def _fair(program: Program, requests: list[float]) -> tuple[list[dict[str, Any]], Any]:
    facts = program.facts
    levels: list[dict[str, Any]] = []
    open_ = dict(zip(facts.active, requests, strict=True))
    served: dict[str, float] = {}
    while open_:
        priority = {key: float(facts.asked[key].priority) for key in facts.active}
        most = 1 / max(priority[key] for key in open_)
        fixed = [served.get(key, 0.0) * (1 - 1e-12) for key in facts.active]
        weights = [
            priority[key] * request if key in open_ else 0.0
            for key, request in zip(facts.active, requests, strict=True)
        ]
        level, _, duals, prices = program.level(fixed, weights)
        level, full = float(level), bool(level >= most * (1 - 1e-11))
        level = min(level, most)
        if full:
            stopped = [key for key in open_ if priority[key] * level >= 1 - 1e-11]
        else:
            share = {key: prices[n] * weights[n] for n, key in enumerate(facts.active) if key in open_}
            stopped = [key for key, value in share.items() if value > 1e-7 * max(share.values())]
        for key in stopped:
            served[key] = min(level * priority[key], 1.0) * open_.pop(key)
        named = {"prices": {}, "resource_prices": {}} if full else program.named(duals)
        levels.append({"level": level, "demands": stopped, "served_in_full": full, **named})
    rates = program.rates_for([served[key] * (1 - 1e-12) for key in facts.active]) if served else np.zeros(0)
    return levels, rates


def _demand(facts: Facts, key: str, routes: list[dict[str, Any]]) -> dict[str, Any]:
    row = facts.asked[key]
    given = facts.given.get(key)
    short = None
    if given is not None and given != row.protection:
        most = 2 if row.protection == "1+1" else int(row.protection[-1])
        short = {"routes": facts.routes_there(key, most), "cut": facts.least_cut(key)}
    per_set = {route["set"]: route["rate_bps"] for route in routes}
    return {
        "demand_id": key, "node_a": row.node_a, "node_b": row.node_b, "requested_bps": float(row.rate_bps),
        "served_bps": sum(per_set.values()), "protection": row.protection, "protection_given": given,
        "shortfall": short,
        "routes": [{name: value for name, value in route.items() if name != "demand_id"} for route in routes],
    }  # fmt: skip


def loads(facts: Facts, demands: list[dict[str, Any]], uses: Callable[[dict[str, Any]], bool]) -> tuple[float, float]:
    """What routes bring onto a thing that some of them use, and what protection routes hold of it."""
    carried, held = 0.0, {"": 0.0}
    for demand in demands:
        for route in filter(uses, demand["routes"]):
            if route["role"] != "protection":
                carried += route["rate_bps"]
                continue
            working = next(r for r in demand["routes"] if r["set"] == route["set"] and r["role"] == "working")
            hits = facts.needs((tuple(working["nodes"]), tuple(working["links"]))) if facts.shared else {""}
            for failure in hits:
                held[failure] = held.get(failure, 0.0) + route["rate_bps"]
    return carried, max(held.values())


def links_of(facts: Facts, demands: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Loads and reserves of the links, from the routes."""
    rows = []
    for link, rate in facts.rate.items():
        carried, held = loads(facts, demands, lambda route, link=link: link in route["links"])
        load = carried + held
        rows.append(
            {"link_id": link, "key_rate_bps": rate, "load_bps": load, "reserved_bps": held,
             "utilisation": load / rate if rate else 0.0}
        )  # fmt: skip
    return rows


def nodes_of(facts: Facts, demands: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the nodes pass on, from the routes."""
    rows = []
    for node in facts.network.nodes["node_id"]:
        carried, held = loads(facts, demands, lambda route, node=node: node in route["nodes"][1:-1])
        rows.append({"node_id": node, "relayed_bps": carried + held, "reserved_bps": held})
    return rows


def save_by_hand(network: Network, data: dict[str, Any], folder: Path) -> Path:
    """Writes what the verification reads of a plan."""
    for file in input_files(network):
        place = folder / "inputs" / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)
    write_plan(data, folder)
    return folder


def write_plan(data: dict[str, Any], folder: Path) -> None:
    """Writes plan.json and tables that go with it."""
    (folder / "plan.json").write_text(json.dumps(data, allow_nan=False), encoding="utf-8")
    routes = [route for demand in data["demands"] for route in demand["routes"]]
    passed = {node for route in routes for node in route["nodes"][1:-1]}
    counts = {
        "routes": len(routes), "growth_routes": len(data["growth"]["routes"]), "bottlenecks": len(data["bottlenecks"]),
        "trust": len(data["demands"]), "exposure": len(passed), "assumptions": 0,
    }  # fmt: skip
    for name, count in counts.items():
        (folder / f"{name}.csv").write_text("\n".join(["row", *map(str, range(count))]), encoding="utf-8")
    for name, key, columns in (
        ("links", "link_id", ("key_rate_bps", "load_bps", "reserved_bps", "utilisation")),
        ("demands", "demand_id", ("requested_bps", "served_bps")),
        ("nodes", "node_id", ("relayed_bps", "reserved_bps")),
    ):
        lines = [",".join((key, *columns))]
        lines += [",".join([row[key], *(repr(row[column]) for column in columns)]) for row in data[name]]
        (folder / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")
    for name, start in {"map.html": "<p>", "report.html": "<p>", "plan.xlsx": "PK"}.items():
        (folder / name).write_text(start, encoding="utf-8")
