"""Allocation by brute force: every permitted route, every set of disjoint routes, one plain linear program.

Reads the tables of a network and nothing else; shares no code with the planner. ``protected_network(rng)`` makes
small random networks with node limits, risk groups, module groups and every kind of protection.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from planner.network import Network, build_network
from tests.networks import demand_row, link_row, node_row

INFEASIBLE, EDGE = 2, 1 - 3e-9
RELAYS = ("trusted", "ground", "satellite")
Row = dict[str, Any]
Steps = tuple[tuple[str, ...], tuple[str, ...]]


def protected_network(
    rng: np.random.Generator,
    *,
    nodes: int = 7,
    more_links: int = 6,
    demands: int = 4,
    protections: tuple[str, ...] = ("none", "1+1", "split-2", "split-3"),
    risks: float = 0.3,
    limits: float = 0.3,
    groups: float = 0.15,
    ports: float = 0.0,
    switches: int = 0,
    apart: float = 0.0,
) -> Network:
    """A random network, mostly well meshed, and connected unless it is told to fall apart.

    Args:
        rng: Where chance comes from.
        nodes: How many nodes.
        more_links: How many links besides a spanning tree.
        demands: How many demands.
        protections: Their protections.
        risks: How many of the links are in a risk group.
        limits: How many of the nodes have a relay limit.
        groups: How many of the links are in a module group.
        ports: How many of the nodes have few user ports.
        switches: So many switches, each of which the light of some links passes.
        apart: How many of the links that hold the network together are left out.
    """
    names = [f"n{number}" for number in rng.permutation(nodes)]
    kinds = ["trusted" if number < 3 else str(rng.choice(["trusted"] * 5 + ["user"])) for number in range(nodes)]
    relays = [name for name, kind in zip(names, kinds, strict=True) if kind == "trusted"]
    rows = [
        node_row(
            name, kind, relay_limit_bps=float(rng.uniform(0.5, 6)) if rng.random() < limits else None,
            user_ports=int(rng.integers(0, 4)) if ports and rng.random() < ports else None,
        )
        for name, kind in zip(names, kinds, strict=True)
    ]  # fmt: skip
    glass = [f"s{number}" for number in range(switches)]
    rows += [node_row(name, "switch") for name in glass]
    ends = [(name, str(rng.choice(relays[: max(1, relays.index(name))]))) for name in relays[1:]]
    ends += [(name, str(rng.choice(relays))) for name in names if name not in relays]
    ends = [pair for pair in ends if not apart or rng.random() >= apart]
    if nodes > 1:
        ends += [tuple(map(str, rng.choice(names, size=2, replace=False))) for _ in range(more_links)]
    links = [
        link_row(
            f"L{name}", node_a, node_b, float(rng.integers(1, 9)) if rng.random() < 0.9 else 0.0,
            module_group=str(rng.choice(["g1", "g2"])) if rng.random() < groups else None,
            risk_groups=";".join(rng.choice(["r1", "r2", "r3", "r4"], size=rng.integers(1, 3), replace=False))
            if rng.random() < risks else None,
            via=str(rng.choice(glass)) if glass and rng.random() < 0.25 else None,
        )
        for name, (node_a, node_b) in zip(rng.permutation(len(ends)), ends, strict=True)
    ]  # fmt: skip
    asked = []
    for number in range(demands if nodes > 1 else 0):
        node_a, node_b = map(str, rng.choice(names, size=2, replace=False))
        priority = float(rng.choice([1.0, 1.0, 0.5, 2.0]))
        rate = float(rng.uniform(0.2, 6)) if rng.random() < 0.95 else 0.0
        protection = str(rng.choice(protections))
        asked.append(demand_row(f"D{number}", node_a, node_b, rate, priority=priority, protection=protection))
    return build_network(nodes=rows, links=links, demands=asked)


class BruteForce:
    """Every set of routes of every demand, and the linear programs over them.

    Args:
        network: A small network.
        shared: Whether protection routes share their key.
        objective: ``fair`` or ``total``.
    """

    def __init__(self, network: Network, *, shared: bool = False, objective: str = "fair") -> None:
        self.nodes = {row["node_id"]: row for row in network.nodes.to_dict("records")}
        self.links = {row["link_id"]: row for row in network.links.to_dict("records")}
        self.all_demands = network.demands.to_dict("records")
        self.shared, self.objective = shared, objective
        asking = [row for row in self.all_demands if row["rate_bps"] > 0]
        routes = {row["demand_id"]: list(self.routes(row["node_a"], row["node_b"])) for row in asking}
        self.unreachable = [name for name, found in routes.items() if not found]
        joined = [row for row in asking if routes[row["demand_id"]]]
        self.without_port = self.refused(joined)
        self.demands = [row for row in joined if row["demand_id"] not in self.without_port]
        self.given: dict[str, str] = {}
        self.most_routes: dict[str, int] = {}
        self.columns: list[tuple[int, str, tuple[Steps, ...]]] = []  # demand, protection, set
        for number, row in enumerate(self.demands):
            name = row["demand_id"]
            asked = row["protection"] if isinstance(row["protection"], str) else "none"
            ways = {"none": 1, "1+1": 2}.get(asked) or int(asked[-1])
            most = ways
            while not (sets := list(self.sets(routes[name], most))):
                most -= 1
            self.most_routes[name] = most
            if most < ways:
                asked = "none" if asked == "1+1" or most == 1 else f"split-{most}"
                sets = list(self.sets(routes[name], {"none": 1}.get(asked, most)))
            self.given[name] = asked
            if shared and asked == "1+1":
                sets = [order for pair in sets for order in itertools.permutations(pair)]
            self.columns += [(number, asked, routes) for routes in sets]

    def refused(self, joined: list[Row]) -> list[str]:
        left = {name: row["user_ports"] for name, row in self.nodes.items()}
        refused = []
        for row in sorted(joined, key=lambda row: (-row["priority"], row["demand_id"])):
            ends = (row["node_a"], row["node_b"])
            if all(left[end] >= 1 for end in ends if _known(left[end])):
                for end in ends:
                    if _known(left[end]):
                        left[end] -= 1
            else:
                refused.append(row["demand_id"])
        return sorted(refused)

    # ------------------------------------------------------------ routes and sets

    def routes(self, node_a: str, node_b: str) -> Iterator[Steps]:
        at: dict[str, list[tuple[str, str]]] = {}
        for name, row in self.links.items():
            if row["key_rate_bps"] > 0:
                at.setdefault(row["node_a"], []).append((row["node_b"], name))
                at.setdefault(row["node_b"], []).append((row["node_a"], name))

        def onward(nodes: tuple[str, ...], links: tuple[str, ...]) -> Iterator[Steps]:
            if nodes[-1] == node_b:
                yield nodes, links
            elif len(nodes) == 1 or self.nodes[nodes[-1]]["kind"] in RELAYS:
                for node, link in at.get(nodes[-1], []):
                    if node not in nodes:
                        yield from onward((*nodes, node), (*links, link))

        return onward((node_a,), ())

    def hits(self, steps: Steps) -> frozenset[tuple[str, str]]:
        """The failures that hit a route."""
        nodes, links = steps
        columns = (("risk_group", "risk_groups"), ("node", "via"))
        cells = [(kind, self.links[link][column] or "") for link in links for kind, column in columns]
        return frozenset(
            [("node", node) for node in nodes[1:-1]]
            + [("link", link) for link in links]
            + [(kind, name) for kind, cell in cells for name in cell.split(";") if name]
        )

    def sets(self, routes: list[Steps], ways: int) -> Iterator[tuple[Steps, ...]]:
        hits = [self.hits(steps) for steps in routes]

        def onward(chosen: tuple[int, ...], taken: frozenset[tuple[str, str]]) -> Iterator[tuple[Steps, ...]]:
            if len(chosen) == ways:
                yield tuple(routes[number] for number in chosen)
                return
            for number in range(chosen[-1] + 1 if chosen else 0, len(routes)):
                if not taken & hits[number]:
                    yield from onward((*chosen, number), taken | hits[number])

        return onward((), frozenset())

    # ------------------------------------------------------------ what sets spend and cost

    def spends(self, steps: Steps) -> dict[tuple[str, str], float]:
        nodes, links = steps
        spent: dict[tuple[str, str], float] = {}
        for link in links:
            row = self.links[link]
            keys = [("link", link)]
            if isinstance(row["module_group"], str):
                keys.append(("module_group", row["module_group"]))
            for key in keys:
                spent[key] = spent.get(key, 0.0) + 1 / row["key_rate_bps"]
        for node in nodes[1:-1]:
            if _known(self.nodes[node]["relay_limit_bps"]):
                spent["node", node] = 1 / self.nodes[node]["relay_limit_bps"]
        return spent

    def set_spends(self, asked: str, routes: tuple[Steps, ...]) -> dict[tuple[Any, ...], float]:
        """What a set spends of each resource, and of each resource in each failure."""
        sharing = self.shared and asked == "1+1"
        spent: dict[tuple[Any, ...], float] = {}
        for steps in routes[:1] if sharing else routes:
            for key, amount in self.spends(steps).items():
                spent[key] = spent.get(key, 0.0) + amount
        if self.shared:
            called = self.spends(routes[1]) if sharing else {}
            for failure in self.failures:
                for key in {*spent, *called}:
                    if len(key) == 2:
                        hit = sharing and failure in self.hits(routes[0])
                        spent[(*key, *failure)] = spent.get(key, 0.0) + (called.get(key, 0.0) if hit else 0.0)
        return spent

    @cached_property
    def failures(self) -> list[tuple[str, str]]:
        return sorted({hit for _, asked, routes in self.columns if asked == "1+1" for hit in self.hits(routes[0])})

    # ------------------------------------------------------------ linear programs

    @cached_property
    def rows(self) -> np.ndarray:
        """Resources over columns and, last, the level."""
        numbers: dict[tuple[Any, ...], int] = {}
        entries = []
        for column, (_, asked, routes) in enumerate(self.columns):
            for key, amount in self.set_spends(asked, routes).items():
                entries.append((numbers.setdefault(key, len(numbers)), column, amount))
        table = np.zeros((len(numbers), len(self.columns) + 1))
        for row, column, amount in entries:
            table[row, column] = amount
        return table

    @cached_property
    def serves(self) -> np.ndarray:
        table = np.zeros((len(self.demands), len(self.columns) + 1))
        for column, (demand, _, _) in enumerate(self.columns):
            table[demand, column] = 1.0
        return table

    @cached_property
    def asked(self) -> np.ndarray:
        return np.array([row["rate_bps"] for row in self.demands])

    def best(
        self, gain: np.ndarray, *, floors: np.ndarray, weights: np.ndarray, most: float | None, total: float | None
    ):
        """The most of a gain with every demand served ``floors + level * weights``."""
        rows, limits = [self.rows], [np.ones(len(self.rows))]
        less = -self.serves.copy()
        less[:, -1] = weights
        rows.append(less)
        limits.append(-floors)
        if total is not None:
            rows += [self.serves, -self.serves.sum(axis=0, keepdims=True)]
            limits += [self.asked, np.array([-total])]
        bounds = [(0, None)] * len(self.columns) + [(0, most)]
        found = linprog(-gain, A_ub=np.vstack(rows), b_ub=np.concatenate(limits), bounds=bounds, method="highs")
        if found.status == INFEASIBLE:  # on the edge of what the solver tells from impossible
            total = None if total is None else total * EDGE
            return self.best(gain, floors=floors * EDGE, weights=weights, most=most, total=total)
        assert found.status == 0, found.message
        return -found.fun

    def growth(self) -> float | None:
        if self.unreachable or self.without_port:
            return 0.0
        if not self.demands:
            return None
        gain = np.zeros(len(self.columns) + 1)
        gain[-1] = 1
        return self.best(gain, floors=0 * self.asked, weights=self.asked, most=None, total=None)

    def total(self) -> float:
        if not self.demands:
            return 0.0
        return self.best(self.serves.sum(axis=0), floors=0 * self.asked, weights=0 * self.asked, most=None, total=-1.0)

    def served(self) -> dict[str, float]:
        """Progressive filling: who can have no more while all others keep what they have stops."""
        result = {row["demand_id"]: 0.0 for row in self.all_demands}
        total = self.total() * (1 - 1e-9) if self.objective == "total" else None
        priorities = np.array([row["priority"] for row in self.demands])
        weights, fixed = priorities * self.asked, {}
        gain = np.append(np.zeros(len(self.columns)), 1.0)
        while len(fixed) < len(self.demands):
            open_ = np.array([number not in fixed for number in range(len(self.demands))])
            floors = np.array([fixed.get(number, 0.0) * (1 - 1e-10) for number in range(len(self.demands))])
            most = float(1 / priorities[open_].max())
            level = self.best(gain, floors=floors, weights=np.where(open_, weights, 0), most=most, total=total)
            keep = np.where(open_, level * weights * (1 - 1e-9), floors)
            full = open_ & (level * priorities >= 1 - 1e-9)
            stopped = full | (open_ & ~full & ~self.rising(open_ & ~full, keep=keep, total=total))
            assert stopped.any()
            for number in np.flatnonzero(stopped).tolist():
                fixed[number] = min(level * weights[number], self.asked[number])
        return result | {self.demands[number]["demand_id"]: rate for number, rate in fixed.items()}

    def rising(self, who: np.ndarray, *, keep: np.ndarray, total: float | None) -> np.ndarray:
        """Those of some demands that can have more while all keep what they have."""
        size, count = len(self.columns), len(self.demands)
        found = np.zeros(count, dtype=bool)
        tolerance = keep * 1e-6 + 1e-6
        while (rest := who & ~found).any():
            # The most of all that they can have more, together: no single one can have more than that.
            rows = np.vstack([self.rows, np.zeros((count, size + 1))])
            more = np.vstack([np.zeros((len(self.rows), count)), np.eye(count)])
            rows[len(self.rows) :] = -self.serves
            table, limits = np.hstack([rows[:, :-1], more]), np.concatenate([np.ones(len(self.rows)), -keep])
            if total is not None:
                caps, none = self.serves[:, :-1], np.zeros((count, count))
                table = np.vstack([table, np.hstack([caps, none]), np.append(-caps.sum(axis=0), np.zeros(count))])
                limits = np.concatenate([limits, self.asked, [-total]])
            bounds = [(0, None)] * size + [(0, most) for most in np.where(rest, self.asked, 0.0).tolist()]
            cost = np.append(np.zeros(size), -np.ones(count))
            solved = linprog(cost, A_ub=table, b_ub=limits, bounds=bounds, method="highs")
            if solved.status == INFEASIBLE:  # on the edge of what the solver tells from impossible
                keep, total = keep * EDGE, None if total is None else total * EDGE
                continue
            assert solved.status == 0, solved.message
            risen = rest & (solved.x[size:] > tolerance)
            if not risen.any():
                break
            found |= risen
        return found

    def least_cut(self, name: str) -> int:
        """The fewest nodes, links and risk groups of which every route of a demand passes one, by trying them all."""
        row = next(row for row in self.demands if row["demand_id"] == name)
        hits = [self.hits(steps) for steps in self.routes(row["node_a"], row["node_b"])]
        parts = sorted(frozenset().union(*hits))
        size = 1
        while not any(all(cut & hit for hit in hits) for cut in map(set, itertools.combinations(parts, size))):
            size += 1
        return size

    # ------------------------------------------------------------ proofs

    def cheapest(self, prices: dict[str, float], resource_prices: dict[str, float]) -> np.ndarray:
        """The cheapest set of each demand at prices in the form in which an allocation gives them."""
        costs = np.full(len(self.demands), math.inf)
        for demand, asked, routes in self.columns:
            cost = 0.0
            for key, amount in self.set_spends(asked, routes).items():
                name = ":".join(key[:2]) + (f"|{':'.join(key[2:])}" if len(key) > 2 else "")
                if key[0] == "link" and len(key) == 2:
                    cost += prices[key[1]]
                else:
                    cost += resource_prices.get(name, 0.0) * amount
            costs[demand] = min(costs[demand], cost)
        return costs

    def worth(self, prices: dict[str, float], resource_prices: dict[str, float]) -> float:
        return math.fsum(prices[name] * row["key_rate_bps"] for name, row in self.links.items()) + math.fsum(
            resource_prices.values()
        )


def _known(value: Any) -> bool:
    return not pd.isna(value)


def cut_separates(brute: BruteForce, node_a: str, node_b: str, *, nodes: Any, links: Any, risk_groups: Any) -> bool:
    """Whether every route between two nodes passes one of these."""
    parts = {("node", node) for node in nodes} | {("link", link) for link in links}
    parts |= {("risk_group", risk) for risk in risk_groups}
    return all(parts & brute.hits(steps) for steps in brute.routes(node_a, node_b))
