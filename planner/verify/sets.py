"""Sets of routes: what belongs together, what it loads, and what of it a failure calls for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.verify.check import Ledger, number, total
from planner.verify.integer import LINK, NODE

if TYPE_CHECKING:
    from planner.verify.document import RoutePart
    from planner.verify.ground import Ground

EQUAL_RATES = 1e-9
"""Largest relative deviation of the rates of a set from each other."""


@dataclass(frozen=True)
class RouteSet:
    """Routes of a demand that carry the same key, or shares of it.

    Attributes:
        demand_id: The demand.
        number: Number of the set among those of the demand.
        routes: The routes.
    """

    demand_id: str
    number: int
    routes: tuple[RoutePart, ...]

    @property
    def rate_bps(self) -> float:
        """What the set brings its demand: the rate of each of its routes, once."""
        return min(route.rate_bps for route in self.routes)

    @property
    def name(self) -> str:
        """The set in a sentence."""
        return f"set {self.number} of demand '{self.demand_id}'"


def route_sets(routes: Iterable[tuple[str, RoutePart]]) -> list[RouteSet]:
    """Gathers routes into sets.

    Args:
        routes: Each with its demand; one without a number is a set of its own.
    """
    sets: dict[tuple[str, int], list[RoutePart]] = {}
    alone: dict[str, int] = {}
    for demand_id, route in routes:
        number = route.number
        if number is None:
            number = alone[demand_id] = alone.get(demand_id, 0) + 1
        sets.setdefault((demand_id, number), []).append(route)
    return [RouteSet(demand_id, number, tuple(parts)) for (demand_id, number), parts in sets.items()]


def note_flaws(ledger: Ledger, sets: Sequence[RouteSet], *, ground: Ground) -> None:
    """Notes in a ledger every set that has not the routes of its demand's protection, or whose routes share something.

    The sets of a demand are numbered from 1.

    Args:
        ledger: Where to.
        sets: The sets.
        ground: The recomputed facts.
    """
    numbers: dict[str, list[int]] = {}
    for part in sets:
        numbers.setdefault(part.demand_id, []).append(part.number)
    for key, found in numbers.items():
        counted = sorted(found) == list(range(1, len(found) + 1))
        ledger.require(counted, f"the sets of demand '{key}' have the numbers {', '.join(map(str, found[:5]))}")
    for part in sets:
        given = ground.given.get(part.demand_id)
        if given is None:
            continue
        right = {"none": ["working"], "1+1": ["protection", "working"]}.get(given.protection, ["share"] * given.routes)
        roles = sorted(route.role for route in part.routes)
        ledger.require(
            roles == right, f"{part.name} has the roles {', '.join(roles)}; {given.protection} takes {', '.join(right)}"
        )
        for route in part.routes[1:]:
            ledger.equal(
                f"the rate of a route in {part.name}", claimed=route.rate_bps, right=part.routes[0].rate_bps,
                tolerance=EQUAL_RATES,
            )  # fmt: skip
        shared = _shared(part.routes, ground=ground)
        ledger.require(not shared, f"two routes of {part.name} share {', '.join(shared[:3])}")


def _shared(routes: Sequence[RoutePart], *, ground: Ground) -> list[str]:
    """What more than one route of a set depends on."""
    seen: set[str] = set()
    twice: set[str] = set()
    for route in routes:
        needs = set(failures_of(route, ground=ground))
        twice |= seen & needs
        seen |= needs
    return sorted(twice)


def failures_of(route: RoutePart, *, ground: Ground) -> list[str]:
    """The single failures that a route does not survive: of its links, inner nodes and risk groups."""
    risks = {risk for link in route.links if link in ground.spans for risk in ground.spans[link].risks}
    return [
        *(f"{LINK}{link}" for link in route.links),
        *(f"{NODE}{node}" for node in route.nodes[1:-1]),
        *sorted(risks),
    ]


class Loads:
    """What sets of routes load.

    Args:
        sets: The sets, all in use at the same time.
        ground: The recomputed facts.
        shared: Protection routes hold key only in failures that hit their working route; else always.
    """

    def __init__(self, sets: Iterable[RouteSet], *, ground: Ground, shared: bool) -> None:
        self._ground = ground
        self.shared = shared
        always: list[RoutePart] = []
        protecting: list[RoutePart] = []
        called: dict[str, list[RoutePart]] = {}
        for part in sets:
            held = [route for route in part.routes if route.role == "protection"]
            protecting += held
            always += [route for route in part.routes if route.role != "protection"]
            for route in part.routes:
                if held and route.role == "working" and shared:
                    for failure in failures_of(route, ground=ground):
                        called.setdefault(failure, []).extend(held)
        self._always = loads(always)
        self._called = (
            {failure: loads(routes) for failure, routes in called.items()} if shared else {"": loads(protecting)}
        )
        self._passed = passed(always)
        self._called_passed = (
            {failure: passed(routes) for failure, routes in called.items()} if shared else {"": passed(protecting)}
        )

    @property
    def failures(self) -> int:
        """How many single failures call for a protection route."""
        return len(self._called) if self.shared else 0

    def reserved_bps(self, link: str) -> float:
        """The most that protection routes hold of a link in any single failure; without sharing, all they hold."""
        return max((called.get(link, 0.0) for called in self._called.values()), default=0.0)

    def load_bps(self, link: str) -> float:
        """What working routes and shares carry over a link, and what is reserved."""
        return self._always.get(link, 0.0) + self.reserved_bps(link)

    def held_bps(self, node: str) -> float:
        """The most that protection routes pass on through a node in any single failure; all, if not shared."""
        return max((called.get(node, 0.0) for called in self._called_passed.values()), default=0.0)

    def passed_bps(self, node: str) -> float:
        """What is passed on through a node, in the failure in which that is most."""
        return self._passed.get(node, 0.0) + self.held_bps(node)

    def busy(self, group: str) -> float:
        """The part of its time that a module group works, in the failure in which that is most."""
        rates = {link: self._ground.spans[link].key_rate_bps for link in self._ground.groups[group]}
        most = 0.0
        for called in (self._called or {"": {}}).values():
            parts = [
                (self._always.get(link, 0.0) + called.get(link, 0.0)) / rate for link, rate in rates.items() if rate > 0
            ]
            most = max(most, total(parts))
        return most


def note_overloads(ledger: Ledger, found: Loads, *, ground: Ground) -> None:
    """Notes in a ledger every link, module group and node that is loaded beyond its limit, in whatever failure.

    Args:
        ledger: Where to.
        found: The loads.
        ground: The recomputed facts.
    """
    for link_id, span in ground.spans.items():
        value = found.load_bps(link_id)
        ledger.at_most(f"the load of link '{link_id}'", value=value, limit=span.key_rate_bps)
    for group in ground.groups:
        ledger.at_most(f"the time used of module group '{group}'", value=found.busy(group), limit=1.0)
    for node, limit in ground.relay_limits_bps.items():
        ledger.at_most(f"the key passed on through node '{node}'", value=found.passed_bps(node), limit=limit)


def limits_in_words(found: Loads, *, ground: Ground) -> str:
    """What else was held against a limit, besides links, in words."""
    words = ""
    if ground.groups:
        words += f", no module group works more than all the time ({len(ground.groups)})"
    if ground.relay_limits_bps:
        words += f", no node passes on more than its limit ({len(ground.relay_limits_bps)})"
    if found.shared:
        words += f", in each of the {number(found.failures)} single failures that call for protection routes"
    return words


def loads(routes: Iterable[RoutePart]) -> dict[str, float]:
    """The rate [bit/s] that routes bring onto each link; links without load are absent."""
    parts: dict[str, list[float]] = {}
    for route in routes:
        for link in route.links:
            parts.setdefault(link, []).append(route.rate_bps)
    return {link: total(rates) for link, rates in parts.items()}


def passed(routes: Iterable[RoutePart]) -> dict[str, float]:
    """The rate [bit/s] that routes pass on through each node; nodes that pass on nothing are absent."""
    parts: dict[str, list[float]] = {}
    for route in routes:
        for node in route.nodes[1:-1]:
            parts.setdefault(node, []).append(route.rate_bps)
    return {node: total(rates) for node, rates in parts.items()}
