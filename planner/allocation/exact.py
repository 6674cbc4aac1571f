"""Integer programs for what no shortest path finds: routes that share no risk group, backups that share their key.

To find two routes that share no risk group is NP-hard (J. Q. Hu, IEEE/ACM Transactions on Networking 11, 489 (2003)).
Simpler searches come first and mostly answer; what they leave open is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from planner.solver import minimise_integer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.allocation.resources import RouteSet
    from planner.routing import Topology

_CHOSEN = 0.5


class _Rows:
    """Columns and rows of an integer program, as they are made."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.integer: list[bool] = []
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.entries: list[dict[int, float]] = []

    def column(self, cost: float = 0.0, *, integer: bool = True) -> int:
        self.costs.append(cost)
        self.integer.append(integer)
        return len(self.costs) - 1

    def row(self, entries: Mapping[int, float], *, lower: float = -np.inf, upper: float = np.inf) -> None:
        self.entries.append(dict(entries))
        self.lower.append(lower)
        self.upper.append(upper)

    def solve(self) -> NDArray[np.float64] | None:
        lengths = [len(row) for row in self.entries]
        largest = max(self.costs, default=0.0) or 1.0
        found = minimise_integer(
            costs=np.array(self.costs) / largest,
            upper=np.ones(len(self.costs)),
            integer=self.integer,
            row_lower=self.lower,
            row_upper=self.upper,
            starts=np.concatenate(([0], np.cumsum(lengths)))[:-1] if lengths else [],
            columns=[column for row in self.entries for column in row],
            values=[value for row in self.entries for value in row.values()],
        )
        return None if found is None else found.values


class _Ways:
    """Columns of several routes between two nodes, and the rows that make them routes that share nothing."""

    def __init__(self, topology: Topology, *, source: int, target: int, ways: int) -> None:
        self.topology, self.source, self.target, self.ways = topology, source, target, ways
        self.rows = _Rows()
        self.arcs = [
            (node, other, link)
            for node, pairs in enumerate(topology.neighbours)
            for other, link in pairs
            if other != source and node != target and (node == source or topology.relay_list[node])
        ]
        self.arc_columns = [[self.rows.column() for _ in self.arcs] for _ in range(ways)]
        self.by_link: dict[int, list[int]] = {}
        self.out: dict[int, list[int]] = {}
        self.into: dict[int, list[int]] = {}
        for number, (node, other, link) in enumerate(self.arcs):
            self.by_link.setdefault(link, []).append(number)
            self.out.setdefault(node, []).append(number)
            self.into.setdefault(other, []).append(number)
        self._flow()
        self._apart()
        self._apart_in_risk()

    def _flow(self) -> None:
        inner = (set(self.out) | set(self.into)) - {self.source, self.target}
        for columns in self.arc_columns:
            self.rows.row({columns[arc]: 1.0 for arc in self.out.get(self.source, [])}, lower=1.0, upper=1.0)
            self.rows.row({columns[arc]: 1.0 for arc in self.into.get(self.target, [])}, lower=1.0, upper=1.0)
            for node in sorted(inner):
                leaves = {columns[arc]: 1.0 for arc in self.out.get(node, [])}
                self.rows.row(leaves | {columns[arc]: -1.0 for arc in self.into.get(node, [])}, lower=0.0, upper=0.0)

    def _apart(self) -> None:
        for numbers in (*self.by_link.values(), *(self.into[node] for node in self.into if node != self.target)):
            self.rows.row({columns[arc]: 1.0 for columns in self.arc_columns for arc in numbers}, upper=1.0)

    def _apart_in_risk(self) -> None:
        members: dict[int, list[int]] = {}
        for link in self.by_link:
            for risk in self.topology.link_risks[link]:
                members.setdefault(risk, []).append(link)
        for links in (links for links in members.values() if len(links) > 1):
            touched = []
            for columns in self.arc_columns:
                touches = self.rows.column(integer=False)
                touched.append(touches)
                for link in links:
                    self.rows.row({touches: 1.0} | {columns[arc]: -1.0 for arc in self.by_link[link]}, lower=0.0)
            self.rows.row(dict.fromkeys(touched, 1.0), upper=1.0)

    def pay(self, way: int, *, link_costs: Sequence[float], node_costs: Sequence[float] | None) -> None:
        """Sets what one of the routes pays."""
        for column, (node, _, link) in zip(self.arc_columns[way], self.arcs, strict=True):
            passing = node_costs[node] if node_costs is not None and node != self.source else 0.0
            self.rows.costs[column] = link_costs[link] + passing

    def uses(self, way: int, *, link: int | None = None, node: int | None = None) -> dict[int, float]:
        """The columns of which one is 1 where a route uses a link, or passes on through a node."""
        if link is not None:
            numbers = self.by_link.get(link, [])
        else:
            numbers = [] if node is None or node == self.target else self.into.get(node, [])
        return {self.arc_columns[way][arc]: 1.0 for arc in numbers}

    def solve(self) -> RouteSet | None:
        """The routes of least cost, in their order; None where there are none."""
        values = self.rows.solve()
        if values is None:
            return None
        routes = []
        for columns in self.arc_columns:
            onward = {
                (node, link): other
                for column, (node, other, link) in zip(columns, self.arcs, strict=True)
                if values[column] > _CHOSEN
            }
            steps = {node: (other, link) for (node, link), other in onward.items()}
            route, node = [], self.source
            while node != self.target:
                node, link = steps[node]
                route.append(link)
            routes.append(tuple(route))
        return tuple(routes)


def cheapest_apart_in_risk(
    topology: Topology,
    *,
    source: int,
    target: int,
    ways: int,
    link_costs: Sequence[float],
    node_costs: Sequence[float] | None,
) -> RouteSet | None:
    """The cheapest routes that share no inner node, no link and no risk group; None where there are not so many.

    Args:
        topology: The network; links without key are left out.
        source: Index of the node where the routes begin.
        target: Index of the node where they end.
        ways: How many routes.
        link_costs: Price of each link, at least 0.
        node_costs: Price of passing on through each node, at least 0.
    """
    program = _Ways(topology, source=source, target=target, ways=ways)
    for way in range(ways):
        program.pay(way, link_costs=link_costs, node_costs=node_costs)
    return program.solve()


def cheapest_backed(
    topology: Topology,
    *,
    source: int,
    target: int,
    link_costs: Sequence[float],
    node_costs: Sequence[float] | None,
    called: Mapping[int, tuple[Sequence[float], Sequence[float] | None]],
    per_hop: float,
) -> RouteSet | None:
    """The cheapest working route with a protection route that pays only for the failures that hit the working one.

    Args:
        topology: The network; links without key are left out.
        source: Index of the node where the routes begin.
        target: Index of the node where they end.
        link_costs: What the working route pays for each link.
        node_costs: What it pays for passing on through each node.
        called: For each failure what the protection route pays for links and nodes where that failure calls it.
            Failures are numbered: links, nodes, risk groups.
        per_hop: What the protection route pays for every link in any case.
    """
    program = _Ways(topology, source=source, target=target, ways=2)
    rows, links, nodes = program.rows, len(topology.link_ids), len(topology.node_ids)
    program.pay(0, link_costs=link_costs, node_costs=node_costs)
    program.pay(1, link_costs=[per_hop] * links, node_costs=None)
    for failure, (priced_links, priced_nodes) in sorted(called.items()):
        hit = rows.column(integer=False)
        if failure < links:
            hitting = [program.uses(0, link=failure)]
        elif failure < links + nodes:
            hitting = [program.uses(0, node=failure - links)]
        else:
            risk = failure - links - nodes
            hitting = [program.uses(0, link=link) for link in program.by_link if risk in topology.link_risks[link]]
        for uses in hitting:
            rows.row({hit: 1.0} | {column: -value for column, value in uses.items()}, lower=0.0)
        paid = [(program.uses(1, link=link), price) for link, price in enumerate(priced_links) if price > 0]
        paid += [(program.uses(1, node=node), price) for node, price in enumerate(priced_nodes or []) if price > 0]
        for uses, price in paid:
            both = rows.column(price, integer=False)
            taken = {column: -value for column, value in uses.items()}
            rows.row({both: 1.0, hit: -1.0} | taken, lower=-1.0)
    return program.solve()


def least_cut(
    topology: Topology, *, source: int, target: int
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """The fewest nodes, links and risk groups together without which two nodes are not joined, by index.

    Args:
        topology: The network; links without key are left out.
        source: Index of one of the nodes.
        target: Index of the other.
    """
    rows = _Rows()
    relays = topology.relay_list
    # Every place has a height, 0 at the source and 1 at the target; only what is cut may be climbed.
    arriving = [rows.column(integer=False) for _ in topology.node_ids]
    leaving = [rows.column(integer=False) for _ in topology.node_ids]
    cut_nodes = {node: rows.column(1.0) for node in range(len(relays)) if relays[node] and node not in (source, target)}
    usable = sorted({link for pairs in topology.neighbours for _, link in pairs})
    cut_links = {link: rows.column(1.0) for link in usable}
    cut_risks = {risk: rows.column(1.0) for link in usable for risk in topology.link_risks[link]}
    rows.row({leaving[source]: 1.0}, upper=0.0)
    rows.row({arriving[target]: 1.0}, lower=1.0)
    for node, column in cut_nodes.items():
        rows.row({leaving[node]: 1.0, arriving[node]: -1.0, column: -1.0}, upper=0.0)
    for node, pairs in enumerate(topology.neighbours):
        if node == source or (relays[node] and node != target):
            for other, link in pairs:
                cut = {cut_links[link]: -1.0} | {cut_risks[risk]: -1.0 for risk in topology.link_risks[link]}
                rows.row({arriving[other]: 1.0, leaving[node]: -1.0} | cut, upper=0.0)
    values = rows.solve()
    if values is None:
        raise AssertionError("a cut of all links separates any two nodes")

    def chosen(columns: Mapping[int, int]) -> tuple[int, ...]:
        return tuple(sorted(number for number, column in columns.items() if values[column] > _CHOSEN))

    return chosen(cut_nodes), chosen(cut_links), chosen(cut_risks)
