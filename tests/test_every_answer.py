"""Every answer on 300 random networks of up to 12 nodes, and 60 odd ones, against brute force.

Each network has relay limits, module groups, risk groups and switches; a demand that gets 1+1, one that gets a split
key, one that cannot have the protection it asks for. What brute force finds of a network is used for all its answers.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from planner.availability import demand_availability, load_reliability
from planner.failure import sweep_failures
from planner.trust import key_trust, node_exposure
from tests.brute_force import BruteForce, cut_separates, protected_network
from tests.failure.test_sweep import reduced
from tests.networks import rate_budget, rate_demands, renamed, shuffled
from tests.test_allocation_protection import allocated, check_proofs, check_reserved, check_routes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.allocation import Allocation
    from planner.network import Network

SIZES = (3, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 12)
MORE_LINKS = {3: 3, 4: 4, 5: 5, 6: 5, 7: 5, 8: 5, 9: 4, 10: 4, 12: 4}
NETWORKS, ODD = 300, 60
MODES = list(itertools.product(["fair", "total"], [False, True]))
MOST_COLUMNS = 500
LARGE = 8  # nodes and switches
MINUTES = 525_960.0  # of a year of 365.25 days


class Case:
    """A network, its answers, and those of brute force, each found once."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._found: dict[Any, Any] = {}

    def once(self, key: Any, find: Any) -> Any:
        if key not in self._found:
            self._found[key] = find()
        return self._found[key]

    def brute(self, *, shared: bool) -> BruteForce:
        return self.once(("brute", shared), lambda: BruteForce(self.network, shared=shared))

    def allocation(self, objective: str, *, shared: bool) -> Allocation:
        return self.once((objective, shared), lambda: allocated(self.network, objective=objective, shared=shared))

    @property
    def full(self) -> bool:
        """It has a demand that gets 1+1, one that gets a split key, one that gets less than it asks for."""
        brute = self.brute(shared=False)
        if brute.unreachable or brute.without_port or len(brute.columns) > MOST_COLUMNS:
            return False
        given = set(brute.given.values())
        splits = any(protection.startswith("split") for protection in given)
        return (
            "1+1" in given
            and splits
            and any(row["protection"] != brute.given[row["demand_id"]] for row in brute.demands)
        )


def made(rng: np.random.Generator, *, nodes: int, **more: Any) -> Network:
    """A network with everything, demands included."""
    more_links = MORE_LINKS.get(nodes, 2)
    network = protected_network(
        rng, nodes=nodes, more_links=more_links, demands=5, risks=0.25, limits=0.3, groups=0.3, switches=2, **more
    )
    asked = ["1+1", str(rng.choice(["split-2", "split-3"])), *rng.choice(["none", "1+1", "split-3"], size=3)]
    demands = network.demands
    return network.replace(demands=demands.assign(protection=pd.Series(asked[: len(demands)], dtype=object)))


def between_others(network: Network, rng: np.random.Generator) -> Network:
    """The network with its demands between other nodes."""
    holders = network.nodes.loc[network.nodes["kind"] != "switch", "node_id"].tolist()
    ends = np.array([rng.choice(holders, size=2, replace=False) for _ in range(len(network.demands))], dtype=object)
    return network.replace(demands=network.demands.assign(node_a=ends[:, 0], node_b=ends[:, 1]))


def cases_of(rng: np.random.Generator) -> Iterator[Case]:
    """Networks of all sizes in turn, each with everything."""
    for nodes in itertools.cycle(SIZES):
        network, tries = made(rng, nodes=nodes), 1
        while not (case := Case(network)).full:
            network = between_others(network, rng) if tries % 5 else made(rng, nodes=nodes)
            tries += 1
        yield case


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return list(itertools.islice(cases_of(np.random.default_rng(300)), NETWORKS))


@pytest.fixture(scope="module")
def everything(cases: list[Case]) -> list[Case]:
    """Those, and odd ones: of one node or two, in parts, with few user ports."""
    rng = np.random.default_rng(60)
    odd = [
        Case(made(rng, nodes=1 + number % 7, ports=float(number % 2) / 2, apart=float(number % 3) / 4))
        for number in range(ODD)
    ]
    return [*cases, *odd]


def close(expected: float) -> Any:
    return pytest.approx(expected, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("shared", [False, True])
def test_growth_factors(everything, shared):
    found = Counter()
    for case in everything[:: 3 if shared else 1]:
        brute, growth = case.brute(shared=shared), case.allocation("fair", shared=shared).growth
        expected = brute.growth()
        assert growth.factor == (None if expected is None else close(expected))
        assert growth.bound == (None if expected is None else close(expected))
        found["positive" if growth.factor else "nought"] += 1
        for name in growth.resource_prices:
            kind = "failure" if "|" in name else name.partition(":")[0]
            found[kind] += growth.resource_prices[name] > 1e-9
    assert found["positive"] >= (100 if shared else 300)
    assert found["nought"] >= (5 if shared else 20)
    # What holds growth down, besides links: module groups, relay limits, what failures call for.
    assert found["failure"] >= 40 if shared else min(found["module_group"], found["node"]) >= 50


@pytest.mark.parametrize(("objective", "shared"), MODES)
def test_served_rates(everything, objective, shared):
    unserved = 0
    for case in everything[:: 3 if shared else 1]:
        brute, allocation = case.brute(shared=shared), case.allocation(objective, shared=shared)
        brute.objective = objective
        assert list(allocation.unreachable) == sorted(brute.unreachable)
        assert list(allocation.without_port) == brute.without_port
        unserved += bool(allocation.unreachable or allocation.without_port)
        # The slack that the total needs may buy brute force a ten-millionth for who should have nothing.
        slack = 1e-6 if objective == "total" else 1e-8
        assert allocation.served_bps == pytest.approx(brute.served(), rel=1e-6, abs=slack)
    assert unserved >= (2 if shared else 10)


@pytest.mark.parametrize("shared", [False, True])
def test_totals(everything, shared):
    more = 0
    for case in everything[:: 3 if shared else 1]:
        total = case.allocation("total", shared=shared).total
        most = case.brute(shared=shared).total()
        assert (total.served_bps, total.bound) == (close(most), close(most))
        more += most > math.fsum(case.allocation("fair", shared=shared).served_bps.values()) * (1 + 1e-6)
    assert more >= (50 if shared else 150)


@pytest.mark.parametrize(("objective", "shared"), MODES)
def test_routes_reserves_and_proofs(everything, objective, shared):
    """Sets of routes are whole, disjoint and fit, in every failure; prices prove the rest."""
    for case in everything[:: 3 if shared else 1]:
        brute, allocation = case.brute(shared=shared), case.allocation(objective, shared=shared)
        reached = check_routes(brute, allocation.routes, allocation.protection_given)
        assert {name: rate for name, rate in allocation.served_bps.items() if rate > 0} == pytest.approx(reached)
        check_reserved(brute, allocation)
        check_proofs(brute, allocation)


def test_protection_and_cuts(everything):
    """The strongest protection there is, how many disjoint routes there are, and a least cut where they are too few."""
    given, cuts = Counter(), Counter()
    for case in everything:
        brute, allocation = case.brute(shared=False), case.allocation("fair", shared=False)
        assert allocation.protection_given == brute.given
        given.update(set(brute.given.values()))
        demands = {row["demand_id"]: row for row in brute.demands}
        short = {name: row["protection"] for name, row in demands.items() if row["protection"] != brute.given[name]}
        assert {shortfall.demand_id: shortfall.asked for shortfall in allocation.shortfalls} == short
        cuts["networks"] += bool(short)
        for shortfall in allocation.shortfalls:
            name, cut = shortfall.demand_id, shortfall.cut
            assert (shortfall.given, shortfall.routes) == (brute.given[name], brute.most_routes[name])
            parts = {"nodes": cut.nodes, "links": cut.links, "risk_groups": cut.risk_groups}
            assert cut_separates(brute, demands[name]["node_a"], demands[name]["node_b"], **parts)
            assert sum(map(len, parts.values())) == brute.least_cut(name)
            cuts.update(kind for kind, names in parts.items() if names)
    assert given["1+1"] >= 300
    assert given["split-2"] + given["split-3"] >= 300
    assert given["split-3"] >= 20
    assert cuts["networks"] >= 300
    assert min(cuts["nodes"], cuts["links"], cuts["risk_groups"]) >= 20


def served_share(case: Case, failed: Any) -> float:
    """Of all that was asked for, what brute force serves of the network without what failed."""
    left, gone = reduced(case.network, failed)
    demands = case.network.demands
    kept = ~(demands["node_a"].isin(gone) | demands["node_b"].isin(gone))
    served = BruteForce(left.replace(demands=demands[kept])).served()
    return math.fsum(served.values()) / demands["rate_bps"].sum()


def test_served_after_single_failures(cases):
    """What a new fair allocation serves once one thing has failed: the worst, and now and then another."""
    rng = np.random.default_rng(61)
    failed = Counter()
    for number, case in enumerate(cases):
        found = sweep(case, of=["links", "nodes"][number % 2], allocate_worst=1)
        known = found[found["served_fraction"].notna()]
        chosen = [known.iloc[0], known.iloc[int(rng.integers(len(known)))]][: 1 + number % 2]
        for failure in chosen:
            share = served_share(case, failure["failed"])
            assert failure["served_fraction"] == close(share), failure["failure"]
            failed[failure["failed"][0][0]] += 1
        other = found.iloc[int(rng.integers(len(found)))]
        if math.isnan(other["served_fraction"]) and number % 4 == 0:
            assert other["served_bound"] >= served_share(case, other["failed"]) * (1 - 1e-6)
            failed["bounds"] += 1
    assert failed.total() >= 375
    assert min(failed["link"] + failed["risk group"], failed["node"]) >= 100


def test_served_after_double_failures(cases):
    """The same after two: the worst pair, of links in small networks, of nodes in the others."""
    failed = Counter()
    for number, case in enumerate(cases):
        of = "links" if number % 2 and len(case.network.nodes) < LARGE else "nodes"
        worst = sweep(case, of=of, order=2, allocate_worst=1).iloc[0]
        assert worst["served_fraction"] == close(served_share(case, worst["failed"])), worst["failure"]
        failed[of] += 1
    assert failed["links"] >= 50
    assert failed["nodes"] >= 200


def sweep(case: Case, **options: Any) -> pd.DataFrame:
    budget, demands = rate_budget(case.network), rate_demands(case.network)
    return sweep_failures(case.network, budget=budget, demands=demands, **options).failures


# ---------------------------------------------------------------- availability and trust, of the plans


def needs_of(network: Network) -> tuple[dict[str, float], dict[str, set[str]]]:
    """Part of the time that each thing is down, and what each link needs besides its ends, from the figures alone."""
    figures = load_reliability()

    def down(failures_per_year: float, repair: Any) -> float:
        return failures_per_year * repair.value / (8766 + failures_per_year * repair.value)

    pair = down(figures.module_pair_failures_per_year.value, figures.module_pair_repair_h)
    site = down(figures.node_failures_per_year.value, figures.node_repair_h)
    duct = down(figures.risk_group_failures_per_year.value, figures.risk_group_repair_h)
    chances: dict[str, float] = {f"node {name}": site for name in network.nodes["node_id"]}
    needs: dict[str, set[str]] = {}
    for row in network.links.to_dict("records"):
        link, group = row["link_id"], row["module_group"]
        modules = f"modules of link {link}" if group is None else f"modules of group {group}"
        cuts = figures.fibre_failures_per_km_year.value * row["length_km"]
        chances |= {f"fibre {link}": down(cuts, figures.fibre_repair_h), modules: pair}
        risks = {f"risk {name}" for name in (row["risk_groups"] or "").split(";") if name}
        chances |= dict.fromkeys(risks, duct)
        needs[link] = {f"fibre {link}", modules, *risks, *([f"node {row['via']}"] if row["via"] else [])}
    return chances, needs


def by_inclusion_and_exclusion(sets: list[list[set[str]]], chances: dict[str, float]) -> tuple[float, float]:
    """How likely some set works, and how likely all do; a set works if one of its alternatives does."""

    def chance(needs: set[str]) -> float:
        return math.prod(1 - chances[name] for name in needs)

    alternatives = [needs for one in sets for needs in one]
    some = every = 0.0
    for size in range(1, len(alternatives) + 1):
        for chosen in itertools.combinations(alternatives, size):
            some += (-1) ** (size + 1) * chance(set().union(*chosen))
    parts = [[c for size in (1, 2) for c in itertools.combinations(one, size)] for one in sets]
    for chosen in itertools.product(*parts):
        sign = math.prod((-1) ** (len(part) + 1) for part in chosen)
        every += sign * chance(set().union(*(needs for part in chosen for needs in part)))
    return some, every


def test_availability(cases):
    """Of every demand over its routes, with its protection, against inclusion and exclusion from the figures alone."""
    given, spread = Counter(), 0
    for case in cases:
        allocation = case.allocation("fair", shared=False)
        demands = rate_demands(case.network)
        demands = demands.assign(protection_given=demands["demand_id"].map(allocation.protection_given))
        found = demand_availability(
            case.network, demands=demands, routes=allocation.routes, reliability=load_reliability()
        ).set_index("demand_id")
        chances, needs = needs_of(case.network)
        for demand, routes in allocation.routes.groupby("demand_id"):
            sets = []
            for _, rows in routes.groupby("set"):
                wanted = [
                    {f"node {name}" for name in row.nodes}.union(*(needs[link] for link in row.links))
                    for row in rows.itertuples()
                ]
                sets.append([set().union(*wanted)] if "share" in set(rows["role"]) else wanted)
            if sum(map(len, sets)) > 10:
                continue
            some, every = by_inclusion_and_exclusion(sets, chances)
            row = found.loc[demand]
            assert (row["availability"], row["availability_in_full"]) == pytest.approx((some, every), abs=1e-12)
            minutes = row["minutes_down_per_year"], row["minutes_not_in_full_per_year"]
            assert minutes == pytest.approx(((1 - some) * MINUTES, (1 - every) * MINUTES), rel=1e-6, abs=1e-6)
            given[allocation.protection_given[demand]] += 1
            spread += len(sets) > 1
    assert min(given["none"], given["1+1"], given["split-2"] + given["split-3"]) >= 300
    assert spread >= 100


def fewest(nodes: set[str], enough: Any) -> int | None:
    """The size of the smallest set of nodes that is enough."""
    for size in range(len(nodes) + 1):
        if any(enough(set(held)) for held in itertools.combinations(sorted(nodes), size)):
            return size
    return None


def test_trust(cases):
    """The fewest nodes that learn some, or every, key of each demand; how much key passes through each node."""
    counted = Counter()
    for case in cases:
        routes = case.allocation("fair", shared=False).routes
        carrying = routes[routes["role"] != "protection"]
        seen: Counter[str] = Counter()
        for row in key_trust(case.network.demands, routes).to_dict("records"):
            own = carrying[carrying["demand_id"] == row["demand_id"]]
            sets = [[set(nodes[1:-1]) for nodes in rows["nodes"]] for _, rows in own.groupby("set")]
            nodes = {name for one in sets for inner in one for name in inner}
            for which, combine in (("any", any), ("all", all)):
                least = None
                if sets:
                    least = fewest(
                        nodes, lambda held, c=combine, s=sets: c(all(held & inner for inner in one) for one in s)
                    )
                found = row[f"nodes_to_learn_{which}"]
                assert (None if pd.isna(found) else found) == least
                counted[which, least] += 1
            assert set(row["seen_by"]) == nodes
        for _, rows in carrying.groupby(["demand_id", "set"]):
            if len(rows) == 1:
                for name in rows["nodes"].iloc[0][1:-1]:
                    seen[name] += rows["rate_bps"].iloc[0]
        exposure = node_exposure(case.network, routes=routes).set_index("node_id")["key_rate_seen_bps"]
        assert exposure[exposure > 0].to_dict() == pytest.approx({name: rate for name, rate in seen.items() if rate})
        assert exposure.is_monotonic_decreasing
    assert counted["any", 1] >= 300
    assert counted["any", 2] >= 100
    assert counted["all", 2] >= 100


def test_neither_the_order_of_rows_nor_names_matter(cases):
    """The order of rows changes nothing at all, the names of nodes and links nothing beyond rounding."""
    rng = np.random.default_rng(63)
    for number, case in enumerate(cases[::3]):
        objective, shared = MODES[number % len(MODES)]
        first = case.allocation(objective, shared=shared)
        again = allocated(shuffled(case.network, rng), objective=objective, shared=shared)
        assert again.served_bps == first.served_bps
        assert again.routes.equals(first.routes)
        assert (again.growth.factor, again.growth.prices) == (first.growth.factor, first.growth.prices)
        assert (again.reserved_bps, again.shortfalls) == (first.reserved_bps, first.shortfalls)
        other = allocated(renamed(case.network, rng), objective=objective, shared=shared)
        assert other.growth.factor == close(first.growth.factor)
        assert other.served_bps == pytest.approx(first.served_bps, rel=1e-6, abs=1e-7)
        assert other.protection_given == first.protection_given
        assert [short.routes for short in other.shortfalls] == [short.routes for short in first.shortfalls]
