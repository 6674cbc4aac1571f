"""Sets of routes that share no link, or no inner node and no link, and that no risk group takes down together.

First without the risk groups, by least-cost augmenting paths: the network is turned into arcs of capacity 1, each inner
node split in two where routes may not share it; each further route is the cheapest augmenting path, which may take
back parts of the earlier ones. The set of n routes after n steps is the cheapest set of n. Where no two of its routes
share a risk group it is the answer: it is the best of more sets than are permitted. Where two do, a mixed-integer
program decides (:mod:`planner.routing.exact`): to find such sets is NP-hard.

Sources: J. W. Suurballe, Networks 4, 125 (1974); R. Bhandari, Survivable Networks (1999); J. Q. Hu, IEEE Journal on
Selected Areas in Communications 21, 489 (2003).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from planner.routing.exact import Costs, exact_set

if TYPE_CHECKING:
    from planner.routing.risks import Risks
    from planner.routing.search import By, Steps
    from planner.routing.topology import Topology

Disjoint = Literal["link", "node"]


@dataclass(frozen=True)
class DisjointSet:
    """A set of disjoint routes.

    Attributes:
        routes: The routes.
        proven: No set has more routes, and none of as many is better. False where the time was over before.
    """

    routes: tuple[Steps, ...]
    proven: bool


def disjoint_set(
    topology: Topology,
    *,
    risks: Risks,
    source: int,
    target: int,
    k: int,
    by: By,
    disjoint: Disjoint,
    time_limit_s: float = 60.0,
) -> DisjointSet:
    """As many disjoint routes as there are, at most k, and of these sets the best.

    By length: the least total length, then the fewest hops together. By hops: the fewest hops together, then the
    least total length. By rate: the largest least rate of the set, then as by hops.

    Args:
        topology: The network.
        risks: The groups that the routes may not share.
        source: Index of the node where the routes begin.
        target: Index of the node where they end.
        k: How many routes at most.
        by: The order.
        disjoint: What else the routes may not share.
        time_limit_s: After so long the mixed-integer programs stop, and the best set so far is given.
    """
    lengths = topology.lengths_mm
    # Shares in the sum are kept apart by factors that no sum over a set of simple routes can reach.
    hops_together, length_together = 2 * len(lengths) + 1, 2 * sum(lengths) + 1
    costs = [length * hops_together + 1 if by == "length" else length_together + length for length in lengths]
    ones = [1.0] * len(lengths)
    lengths_km = [length / 1e6 for length in lengths]
    in_turn = Costs(lengths_km, ones) if by == "length" else Costs(ones, lengths_km)
    rates: list[float] = topology.rates_bps.tolist()
    deadline_s = time.monotonic() + time_limit_s
    proven = True

    def within(least_rate: float, *, most: int, best: bool = True) -> list[Steps]:
        nonlocal proven
        links = [link for link, rate in enumerate(rates) if rate > 0 and rate >= least_rate]
        flow = _Flow(topology, links=links, source=source, target=target, split=disjoint == "node")
        routes = flow.routes(costs, k=most)
        while risks.shared(routes):
            found = exact_set(
                topology, links=links, risks=risks, source=source, target=target, routes=len(routes),
                split=disjoint == "node", costs=in_turn if best else None, deadline_s=deadline_s,
            )  # fmt: skip
            proven &= found.proven
            if found.routes is not None:
                return found.routes
            flow = _Flow(topology, links=links, source=source, target=target, split=disjoint == "node")
            routes = flow.routes(costs, k=len(routes) - 1)
        return routes

    found = within(0.0, most=k, best=by != "rate")
    if by == "rate" and found:
        steps = sorted({rate for rate in rates if rate > 0})
        low, high = 0, len(steps) - 1
        while low < high:
            middle = (low + high + 1) // 2
            wide = within(steps[middle], most=len(found), best=False)
            if len(wide) == len(found):
                narrowest = min(rates[link] for _, links in wide for link in links)
                low, found = max(middle, steps.index(narrowest)), wide
            else:
                high = middle - 1
        best_of_these = within(steps[low], most=len(found))
        found = best_of_these if len(best_of_these) == len(found) else found
    _check(found, risks=risks, split=disjoint == "node")
    return DisjointSet(tuple(found), proven)


def _check(routes: Sequence[Steps], *, risks: Risks, split: bool) -> None:
    """Whatever found the routes, they share nothing that they may not share."""
    links = [link for _, route in routes for link in route]
    inner = [node for nodes, _ in routes for node in nodes[1:-1]]
    if len(set(links)) < len(links) or (split and len(set(inner)) < len(inner)) or risks.shared(routes):
        raise AssertionError("routes that are to be disjoint share something")


class _Flow:
    """Arcs of capacity 1 and the routes that they can carry at once.

    Node ``v`` becomes ``2 v`` (arriving) and ``2 v + 1`` (leaving). A link gives an arc either way; they cancel each
    other, so a link that is used one way may only be taken back the other way.
    """

    def __init__(self, topology: Topology, *, links: Sequence[int], source: int, target: int, split: bool) -> None:
        self.start, self.goal, self.split = 2 * source + 1, 2 * target, split
        self.relays = topology.relays.tolist()
        self.ends: list[tuple[int, int]] = [(end_a, end_b) for end_a, end_b in topology.link_ends.tolist()]
        self.way: dict[int, int] = {}  # link -> the node that its flow leaves
        self.passed: set[int] = set()  # inner nodes in use
        self.at: list[list[int]] = [[] for _ in topology.node_ids]
        for link in links:
            for end in self.ends[link]:
                self.at[end].append(link)

    def routes(self, costs: Sequence[int], *, k: int) -> list[Steps]:
        """The cheapest set of at most k routes."""
        for _ in range(k):
            if not self._augment(costs):
                break
        return self._traced()

    def _arcs(self, place: int, costs: Sequence[int]) -> list[tuple[int, int, int | None]]:
        """What can follow a place: the next place, its cost, and the link (None: through a node)."""
        node, leaving = divmod(place, 2)
        arcs: list[tuple[int, int, int | None]] = []
        if leaving:
            for link in self.at[node]:
                if link not in self.way:
                    end_a, end_b = self.ends[link]
                    arcs.append((2 * (end_b if node == end_a else end_a), costs[link], link))
            if node in self.passed or (not self.split and self._inner(node)):
                arcs.append((2 * node, 0, None))
        else:
            for link in self.at[node]:
                end_a, end_b = self.ends[link]
                other = end_b if node == end_a else end_a
                if self.way.get(link) == other:
                    arcs.append((2 * other + 1, -costs[link], link))
            if self._inner(node) and self.relays[node] and node not in self.passed:
                arcs.append((2 * node + 1, 0, None))
        return arcs

    def _inner(self, node: int) -> bool:
        return node not in (self.start // 2, self.goal // 2)

    def _augment(self, costs: Sequence[int]) -> bool:
        """Adds the cheapest augmenting path (Bellman, Ford and Moore: costs may be negative, cycles are not)."""
        least = {self.start: 0}
        came: dict[int, tuple[int, int | None]] = {}
        queue, waiting = deque([self.start]), {self.start}
        while queue:
            place = queue.popleft()
            waiting.discard(place)
            for other, cost, link in self._arcs(place, costs):
                if other not in least or least[place] + cost < least[other]:
                    least[other], came[other] = least[place] + cost, (place, link)
                    if other not in waiting:
                        waiting.add(other)
                        queue.append(other)
        if self.goal not in least:
            return False
        place = self.goal
        while place != self.start:
            place = self._apply(*came[place], arrival=place)
        return True

    def _apply(self, place: int, link: int | None, *, arrival: int) -> int:
        """Uses one arc of an augmenting path; gives where it began."""
        node = place // 2
        if link is not None:
            if link in self.way:
                del self.way[link]
            else:
                self.way[link] = node
        elif self.split:
            if arrival > place:
                self.passed.add(node)
            else:
                self.passed.discard(node)
        return place

    def _traced(self) -> list[Steps]:
        """The routes that the flow is made of."""
        leaving: dict[int, list[int]] = {}
        for link in sorted(self.way, reverse=True):
            leaving.setdefault(self.way[link], []).append(link)
        routes = []
        while leaving.get(self.start // 2):
            nodes, links = [self.start // 2], []
            while nodes[-1] != self.goal // 2:
                link = leaving[nodes[-1]].pop()
                end_a, end_b = self.ends[link]
                links.append(link)
                nodes.append(end_b if nodes[-1] == end_a else end_a)
            routes.append((tuple(nodes), tuple(links)))
        return routes
