"""Fair rates once more, after links and nodes have failed: the same as from the beginning, found from the old ones.

Max-min fair rates are unique, so a failure changes only what it must. An old step (:mod:`planner.allocation.fair`)
still stands where its prices prove the same level: the resources that have a price are all there, and so are the
demands that pay it, with the same rates. Then its demands have no more than before, if nobody else has less than the
level gives. Whether all can have so much at once is one linear program. Where they cannot, its prices tell at which
level somebody has to stay behind (rates are piecewise linear in the level, so this is Newton's method and ends), and
these stop there. Then the old steps are looked at once more; where none stands, the next step is found as before.

The programs start from the routes and the basis that were found before the failure, and from detours over links with
room. Every failure starts from the same, so that no answer depends on what failed before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.allocation.fair import Step, next_step
from planner.allocation.loads import Loads
from planner.allocation.ports import without_port
from planner.allocation.pricing import Pricing
from planner.allocation.program import RouteProgram
from planner.allocation.protection import give_protection, protections_of
from planner.allocation.requests import Requests, ways_of
from planner.allocation.resources import Resources
from planner.routing.cheapest import CheapestRoutes
from planner.routing.topology import Topology

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from planner.allocation.pricing import Proof
    from planner.network import Network

_POSSIBLE = 1e-10  # rates are possible when all but this part of each can be served
_THE_SAME = 1e-12  # a step stands when its prices prove the same level but for this part
_ROOM = 0.01  # a full link is as dear for detours as if so much of it were free


@dataclass(frozen=True, eq=False)
class Refilled:
    """Fair rates.

    Attributes:
        served_bps: What each demand gets, in the order of :attr:`Refill.demand_ids`.
        links: The links, by index, of routes that serve these rates; None where they were not asked for.
    """

    served_bps: NDArray[np.float64]
    links: frozenset[int] | None


class _Pool:
    """The sets of routes that were known before the failure.

    Args:
        program: The program, with the solution that every failure starts from.
    """

    def __init__(self, program: RouteProgram) -> None:
        self._rows = np.array([row for row, _ in program.sets], dtype=np.int64)
        self._used = program.rates() > 0
        self._over: dict[int, list[int]] = {}
        for number, (_, routes) in enumerate(program.sets):
            for link in {link for route in routes for link in route}:
                self._over.setdefault(link, []).append(number)

    def over(self, links: Sequence[int]) -> NDArray[np.int64]:
        """Numbers of the sets over some links, sorted."""
        return np.array(sorted({number for link in links for number in self._over.get(link, ())}), dtype=np.int64)

    def left(self, dead: NDArray[np.int64], *, rows: int) -> NDArray[np.bool_]:
        """Whether each row still has a set without some of them."""
        alive = np.bincount(self._rows, minlength=rows) - np.bincount(self._rows[dead], minlength=rows)
        return np.asarray(alive > 0)

    def hit(self, dead: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows that lose a set which carries something."""
        return np.unique(self._rows[dead[self._used[dead]]])


class Refill:
    """Fair rates of a network, and of what failures leave of it.

    Demands are given what :func:`planner.allocation.allocate` gives them: user ports by priority, and the strongest
    protection there is, not shared. A demand has a *wish* for each protection that it may be given, of which one counts
    at a time; so the rows of the program stay the same whatever fails.

    Args:
        network: The network.
        budget: Its key-rate budget.
        demands: Its demands, as for :func:`planner.allocation.allocate`.

    Attributes:
        demand_ids: Ids of the demands with a positive request, sorted.
        before: The fair rates while nothing fails.

    Raises:
        InputError: A demand ends at a node that does not exist or holds no key.
        AssertionError: The numbers are too wild for this way.
    """

    def __init__(self, network: Network, *, budget: pd.DataFrame, demands: pd.DataFrame) -> None:
        self._network, self._topology = network, Topology.of(network, budget=budget)
        self._asked = asked = Requests.of(demands, topology=self._topology)
        self.demand_ids = asked.demand_ids
        self._ports = bool(network.nodes["user_ports"].notna().any())
        costs = CheapestRoutes(self._topology, pairs=asked.pairs).costs(np.ones(len(self._topology.link_ids)))
        joined = np.isfinite(costs)[asked.row_of]
        self._resources = Resources(self._topology)
        given, _ = give_protection(asked.only(joined), asked=protections_of(demands), resources=self._resources)
        wishes = [
            (demand, ways)
            for demand in np.flatnonzero(joined).tolist()
            for ways in range(ways_of(given[asked.demand_ids[demand]]), 0, -1)
        ]
        self._demand = np.array([demand for demand, _ in wishes], dtype=np.int64)
        self._wishes = asked.chosen(self._demand, protections=[f"split-{w}" if w > 1 else "none" for _, w in wishes])
        self._steps: list[Step] = []
        self._lost = np.zeros(0, dtype=np.int64)
        self.before = Refilled(np.zeros(len(self.demand_ids)), frozenset())
        if wishes:
            self._start()

    # ------------------------------------------------------------ before and after

    def _start(self) -> None:
        """Finds the rates while nothing fails, and what every failure starts from."""
        wishes = self._wishes
        self._program = program = RouteProgram(self._resources, requests=wishes, growing=False)
        everybody = np.ones(len(self.demand_ids), dtype=bool)
        fractions = self._fill(self._counting(everybody, possible=np.ones(len(wishes.pairs), dtype=bool)))
        links = self._links(fractions)
        carried = zip(program.sets, program.rates().tolist(), strict=True)
        self._room = np.ones(self._resources.base)
        loads = Loads(self._resources).utilisation((routes, False, rate) for (_, routes), rate in carried if rate > 0)
        for (resource, _), load in loads.items():
            self._room[resource] = max(1.0 - load, 0.0)
        self.before = Refilled(self._served(fractions), links)
        if fractions.any():
            # The first program after a failure is this one, so its basis is the best to start from.
            self._possible(fractions)
        self._pool = _Pool(program)
        program.remember()

    def after(self, *, links: Sequence[int], nodes: Sequence[int] = (), routes: bool = False) -> Refilled:
        """The fair rates after a failure.

        Args:
            links: The links that make no key then, by index.
            nodes: The nodes that fail, by index; demands that end there ask for nothing.
            routes: Whether to find the links in use too, over routes that use the least key.

        Raises:
            AssertionError: The numbers are too wild for this way.
        """
        nothing = Refilled(np.zeros(len(self.demand_ids)), frozenset())
        if not len(self._demand):
            return nothing
        self._lost = np.array(sorted(links), dtype=np.int64)
        rates_bps = self._topology.rates_bps.copy()
        rates_bps[self._lost] = 0.0
        resources = Resources(replace(self._topology, rates_bps=rates_bps))
        pricing = Pricing(resources, requests=self._wishes)
        dead = self._pool.over(links)
        left = self._pool.left(dead, rows=len(self._wishes.pairs))
        worth = np.where(left, 0.0, np.inf)
        worth[self._pool.hit(dead)] = np.inf
        detours = pricing.below(1.0 / (self._room + _ROOM), worth=worth, cost_per_hop=0.0)
        left[[offer.row for offer in detours]] = True
        ended = np.isin(self._asked.ends, list(nodes)).any(axis=1)
        counting = self._counting(~np.asarray(ended), possible=left)
        if not counting.any():
            return nothing
        self._program.without(frozenset(self._lost.tolist()), dead=dead, detours=detours, pricing=pricing)
        fractions = self._fill(counting)
        return Refilled(self._served(fractions), self._links(fractions) if routes else None)

    def _served(self, fractions: NDArray[np.float64]) -> NDArray[np.float64]:
        served = np.zeros(len(self.demand_ids))
        np.add.at(served, self._demand, fractions * self._wishes.requested_bps)
        return served

    def _links(self, fractions: NDArray[np.float64]) -> frozenset[int]:
        """The links in use when the rates are served with the least key."""
        self._program.use_least_key(fixed=self._wishes.by_row(fractions * self._wishes.requested_bps))
        used = zip(self._program.sets, self._program.rates().tolist(), strict=True)
        return frozenset(link for (_, routes), rate in used if rate > 0 for route in routes for link in route)

    def _counting(self, working: NDArray[np.bool_], *, possible: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The wishes that count: of demands with a port at both ends, for the strongest protection that is possible.

        Args:
            working: The demands whose ends work.
            possible: The rows that have a set of routes.
        """
        joined = np.zeros(len(working), dtype=bool)
        joined[self._demand[possible[self._wishes.row_of]]] = True
        asking = working & joined
        if self._ports:
            refused = without_port(self._asked.only(asking), network=self._network, topology=self._topology)
            asking &= ~np.isin(self._asked.demand_ids, refused)
        able = np.flatnonzero(asking[self._demand] & possible[self._wishes.row_of])
        # The wishes of a demand come one after another, the strongest first.
        _, strongest = np.unique(self._demand[able], return_index=True)
        counting = np.zeros(len(self._demand), dtype=bool)
        counting[able[strongest]] = True
        return counting

    # ------------------------------------------------------------ filling

    def _fill(self, counting: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The fraction of each wish; the first time, the steps are kept."""
        old = tuple(self._steps)
        open_, fractions, level = counting.copy(), np.zeros(len(counting)), 0.0
        while open_.any():
            caps, top = self._standing(old, open_, fractions)
            if top > 0:
                stopped, reached = self._reach(open_, fractions, caps=caps, top=top)
            else:
                step = next_step(self._program, open_=open_, fractions=fractions, level=level)
                stopped, level = step.stopped, step.level
                reached = np.minimum(level * self._wishes.priorities, 1.0)
                if not old:
                    self._steps.append(step)
            fractions[stopped] = reached[stopped]
            open_ &= ~stopped
        return fractions

    def _standing(
        self, old: Sequence[Step], open_: NDArray[np.bool_], fractions: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], float]:
        """What each wish has at most, by the old steps that stand, and the highest level up to which they tell."""
        wishes = self._wishes
        weights = wishes.priorities * wishes.requested_bps
        caps, top = np.ones(len(open_)), 0.0
        left, held = open_.copy(), fractions.copy()
        for step in old:
            stopped = step.stopped & left
            if not stopped.any():
                continue
            if step.proof is not None:
                costs, prices = step.proof.rows[wishes.row_of], step.proof.resources
                spare = float(prices.sum() - prices[self._lost].sum() - (held * wishes.requested_bps) @ costs)
                once = step.proof.bound * float(np.where(left, weights, 0.0) @ costs)
                if spare < once * (1 - _THE_SAME):
                    break
                if spare > once * (1 + _THE_SAME):
                    continue
            top = step.level
            caps[stopped] = held[stopped] = np.minimum(top * wishes.priorities, 1.0)[stopped]
            left &= ~stopped
        return caps, top if left.any() else np.inf

    def _reach(
        self, open_: NDArray[np.bool_], fractions: NDArray[np.float64], *, caps: NDArray[np.float64], top: float
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Who stops up to the highest level, at most ``top``, that all can have but for their caps; what each has."""
        wishes, level = self._wishes, top
        proof: Proof | None = None
        while True:
            reached = np.where(open_, np.minimum(caps, level * wishes.priorities), fractions)
            refused = self._possible(reached)
            if refused is None:
                break
            proof = refused
            lower = self._crossing(open_, fractions, caps=caps, proof=proof)
            if not 0 <= lower < level:
                raise AssertionError("prices that refuse rates do not say which are possible")
            level = lower
        stopped = open_ & (caps <= level * wishes.priorities)
        if proof is not None:
            stopped |= wishes.pay(open_, rows=proof.rows)
        return stopped, reached

    def _possible(self, fractions: NDArray[np.float64]) -> Proof | None:
        """None if all these rates can be served at once; else the prices that refuse them."""
        weights = self._wishes.by_row(fractions * self._wishes.requested_bps)
        part, proof = self._program.maximise_level(fixed=np.zeros(len(weights)), weights=weights, most=1.0)
        return None if part >= 1 - _POSSIBLE else proof

    def _crossing(
        self, open_: NDArray[np.bool_], fractions: NDArray[np.float64], *, caps: NDArray[np.float64], proof: Proof
    ) -> float:
        """The level at which the rates cost as much at some prices as there is to spend."""
        wishes = self._wishes
        costs = wishes.requested_bps * proof.rows[wishes.row_of]
        spare = float(proof.resources.sum() - fractions @ costs)
        ends = caps[open_] / wishes.priorities[open_]
        order = np.argsort(ends, kind="stable")
        capped = np.concatenate(([0.0], np.cumsum((caps * costs)[open_][order])))
        rising = np.append(np.cumsum((wishes.priorities * costs)[open_][order][::-1])[::-1], 0.0)
        place = int(np.searchsorted(capped[1:] + ends[order] * rising[1:], spare))
        return float((spare - capped[place]) / rising[place]) if rising[place] > 0 else np.inf
