"""Allocation and routes against what else there is: one command, ratios of one run.

    python benchmarks/allocation.py [--sizes 32 200 1000] [--edge-limit 120] [--plain-limit 60] [--routes 5] [--all]

Random geographic networks from fixed seeds (32 nodes with 50 demands, 200 with 1,000, 1,000 with 10,000; 1.6 links a
node). For each: the growth factor by the planner (column generation over routes); by the edge-flow program, one
commodity a source, with the same HiGHS (simplex, and interior point without crossover), stopped after a limit; by
networkx as it is commonly written: the method of Garg and Koenemann with nx.dijkstra_path, stopped at 99 % of the
factor or after a limit, and a program over the five shortest routes of each demand (nx.shortest_simple_paths,
scipy.optimize.linprog). Then the fair allocation; k shortest and widest routes against networkx; the single link
failures against plain recomputation (benchmarks/failures.py). Growth once more with key rates that were dimensioned for
the demands, where very many links are nearly full. All times are CPU seconds. What is compared is checked to be equal.
"""

from __future__ import annotations

import argparse
import itertools
import math
import multiprocessing
import os
import platform
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from edge_program import EdgeProgram
from failures import COLUMNS, bottlenecks, geographic, plain, whole
from scipy.optimize import linprog
from scipy.sparse import csr_array

from planner.allocation import Growth, allocate
from planner.allocation.growth import grow
from planner.allocation.program import RouteProgram
from planner.allocation.requests import Requests
from planner.allocation.resources import Resources
from planner.failure import Reach, sweep_failures
from planner.records import rows_of
from planner.routing import Route, Topology, make_route
from planner.routing.cheapest import CheapestRoutes
from planner.routing.kbest import k_best
from planner.routing.search import RouteSearch

if TYPE_CHECKING:
    import pandas as pd

    from planner.network import Network

DEMANDS = {32: 50, 200: 1_000, 1_000: 10_000}
SEEDS = {32: 7, 200: 200, 1_000: 1_000}  # of many small networks a single bridge decides; of this one it does not
K = 5


def make(nodes: int, *, dimensioned: bool = False) -> tuple[Network, pd.DataFrame, pd.DataFrame]:
    """A network of the series, its budget, its demands.

    Args:
        nodes: How many nodes.
        dimensioned: Key rates are 0.7 to 1.5 times what the demands need on their shortest routes, as in a network that
            was planned for them, so that very many links are nearly full; else they are drawn without regard to it.
    """
    network = geographic(nodes, links=round(1.6 * nodes), demands=DEMANDS[nodes], seed=SEEDS[nodes])
    demands = network.demands.assign(requested_bps=network.demands["rate_bps"])
    if dimensioned:
        topology = Topology.of(network, budget=network.links[COLUMNS])
        ends = np.array([[topology.node_index[d.node_a], topology.node_index[d.node_b]] for d in rows_of(demands)])
        everybody = np.arange(len(ends))
        shortest = CheapestRoutes(topology, pairs=ends)
        routes = shortest.routes(shortest.search(topology.lengths_km, pairs=everybody), everybody)
        load = 100.0 * np.bincount(routes.links, minlength=len(topology.link_ids))
        rates = np.maximum(load, 100.0) * np.random.default_rng(nodes).uniform(0.7, 1.5, len(load))
        by_id = dict(zip(topology.link_ids, rates.tolist(), strict=True))
        network = network.replace(links=network.links.assign(key_rate_bps=network.links["link_id"].map(by_id)))
    return network, network.links[COLUMNS], demands


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What work gives, and its CPU seconds."""
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


def peak_mb() -> float:
    """Most memory that this process has held."""
    status = Path("/proc/self/status")
    if status.is_file():  # what getrusage says is inherited from the process that started this one
        return int(status.read_text(encoding="ascii").partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def planned(nodes: int, *, fair: bool, dimensioned: bool = False) -> dict[str, float]:
    """The planner's growth factor and fair rates, in a process of its own, for its memory."""
    network, budget, demands = make(nodes, dimensioned=dimensioned)
    allocate(network, budget=budget, demands=demands.iloc[:1])  # imports what is imported late
    found, seconds = timed(lambda: growth(network, budget, demands))
    result = {"factor": found.factor, "gap": found.gap, "growth_s": seconds, "growth_mb": peak_mb()}
    if fair:
        allocation, seconds = timed(lambda: allocate(network, budget=budget, demands=demands, growth=False))
        served = sum(allocation.served_bps.values()) / demands["requested_bps"].sum()
        result |= {"fair_s": seconds, "fair_mb": peak_mb(), "levels": len(allocation.levels), "served": served}
    return result


def growth(network: Network, budget: pd.DataFrame, demands: pd.DataFrame) -> Growth:
    """The growth factor without the fair rates; every demand has a route."""
    topology = Topology.of(network, budget=budget)
    requests = Requests.of(demands, topology=topology)
    return grow(RouteProgram(Resources(topology), requests=requests, growing=True))


def multiplicative(
    graph: nx.Graph, demands: pd.DataFrame, *, goal: float, limit_s: float, epsilon: float = 0.1
) -> float:
    """Garg and Koenemann's method (in Fleischer's form) with networkx; the factor at the goal, or when the limit came.

    Lengths of links grow with what is sent over them; every demand sends all it asks for, once a phase, over its
    shortest route. What was sent, scaled down until it fits, is a factor that is reached.
    """
    for _, _, data in graph.edges(data=True):
        data["length"], data["sent"] = 1.0 / data["rate"], 0.0
    phases, start = 0, time.process_time()
    asked = [(row.node_a, row.node_b, row.requested_bps) for row in rows_of(demands)]
    best = 0.0
    while time.process_time() - start < limit_s and best < goal:
        for number, (a, b, rate) in enumerate(asked):
            if number % 64 == 0 and time.process_time() - start > limit_s:
                return best
            route = nx.dijkstra_path(graph, a, b, weight="length")
            for edge in itertools.pairwise(route):
                data = graph.edges[edge]
                data["sent"] += rate
                data["length"] *= 1 + epsilon * min(1.0, rate / data["rate"])
        phases += 1
        best = max(best, phases / max(data["sent"] / data["rate"] for _, _, data in graph.edges(data=True)))
    return best


def five_routes(graph: nx.Graph, demands: pd.DataFrame, *, limit_s: float) -> float | None:
    """The largest factor over the five shortest routes of each demand; None where the limit came first."""
    edges = {frozenset(edge): number for number, edge in enumerate(graph.edges)}
    start = time.process_time()
    columns: list[tuple[int, list[int]]] = []
    for number, row in enumerate(rows_of(demands)):
        routes = itertools.islice(nx.shortest_simple_paths(graph, row.node_a, row.node_b, weight="km"), K)
        columns += [(number, [edges[frozenset(edge)] for edge in itertools.pairwise(route)]) for route in routes]
        if time.process_time() - start > limit_s:
            return None
    sizes = [len(links) for _, links in columns]
    order = np.repeat(np.arange(len(columns)), sizes)
    capacity = csr_array(
        (np.ones(sum(sizes)), (np.concatenate([links for _, links in columns]), 1 + order)),
        shape=(len(edges), 1 + len(columns)),
    )
    owners = np.array([number for number, _ in columns])
    asked = demands["requested_bps"].to_numpy()
    rows = np.concatenate((owners, np.arange(len(asked))))
    places = np.concatenate((1 + np.arange(len(columns)), np.zeros(len(asked), dtype=int)))
    served = csr_array((np.concatenate((np.ones(len(columns)), -asked)), (rows, places)))
    found = linprog(
        np.concatenate(([-1.0], np.zeros(len(columns)))),
        A_ub=capacity, b_ub=[rate for _, _, rate in graph.edges(data="rate")], A_eq=served, b_eq=np.zeros(len(asked)),
    )  # fmt: skip
    return float(-found.fun)


def with_lengths(network: Network) -> nx.Graph:
    """The network as a networkx graph with rates and lengths."""
    graph = whole(network)
    for row in rows_of(network.links):
        graph.edges[row.node_a, row.node_b]["km"] = row.length_km
    return graph


def widest_by_threshold(graph: nx.Graph, a: str, b: str) -> float:
    """The widest route as it is commonly found: bisection over the rates, looking for any path each time."""
    rates = sorted({rate for _, _, rate in graph.edges(data="rate")})
    low, high = 0, len(rates) - 1
    while low < high:
        middle = (low + high + 1) // 2
        least = rates[middle]
        wide = nx.Graph([(u, v) for u, v, rate in graph.edges(data="rate") if rate >= least])
        if a in wide and b in wide and nx.has_path(wide, a, b):
            low = middle
        else:
            high = middle - 1
    return rates[low]


def planner_lines(ours: dict[str, float]) -> Iterator[str]:
    """What the planner took."""
    said = f"factor {ours['factor']:.6g}, gap {ours['gap']:.1e}, {ours['growth_mb']:.0f} MB at most"
    yield line("growth factor, planner", ours["growth_s"], None, said)
    if "fair_s" in ours:
        said = f"{ours['levels']:.0f} levels, {ours['served']:.1%} served, {ours['fair_mb']:.0f} MB at most"
        yield line("fair allocation, planner", ours["fair_s"], None, said)


def growth_lines(
    nodes: int, options: argparse.Namespace, ours: dict[str, float], *, dimensioned: bool = False
) -> Iterator[str]:
    """Growth: the others against the planner."""
    network, budget, demands = make(nodes, dimensioned=dimensioned)
    program, build = timed(lambda: EdgeProgram(budget, demands))
    size = f"{program.shape[0]:,} rows, {program.shape[1]:,} columns"
    for solver in ("simplex", "ipm"):
        factor, seconds = program.solve(solver=solver, limit_s=options.edge_limit)
        if factor is not None and not math.isclose(factor, ours["factor"], rel_tol=1e-5):
            raise AssertionError(f"the edge program gives {factor}, the planner {ours['factor']}")
        more = "" if factor is not None else "> "
        said = f"{size}; same optimum" if factor is not None else f"{size}; stopped by the limit"
        yield line(f"edge program, HiGHS {solver}", seconds + build, ours["growth_s"], said, more=more)
    del program
    graph = with_lengths(network)
    goal = 0.99 * ours["factor"]
    factor, seconds = timed(lambda: multiplicative(graph, demands, goal=goal, limit_s=options.plain_limit))
    said = f"stopped at {factor / ours['factor']:.1%} of the factor"
    yield line(
        "networkx, Garg-Koenemann, to 99 %", seconds, ours["growth_s"], said, more="" if factor >= goal else "> "
    )
    factor, seconds = timed(lambda: five_routes(graph, demands, limit_s=options.plain_limit))
    said = "stopped by the limit" if factor is None else f"reached {factor / ours['factor']:.1%} of the factor"
    yield line("networkx, 5 routes each, SciPy", seconds, ours["growth_s"], said, more="> " if factor is None else "")


def route_lines(nodes: int, options: argparse.Namespace) -> Iterator[str]:
    """K shortest and widest routes of a sample of pairs; graph and topology are made before."""
    network, budget, demands = make(nodes)
    graph, topology = with_lengths(network), Topology.of(network, budget=budget)
    pairs = [(row.node_a, row.node_b) for row in rows_of(demands.iloc[: options.routes])]

    def ours(k: int, by: Any) -> list[list[Route]]:
        found = []
        for a, b in pairs:
            search = RouteSearch(topology, source=topology.end(a), target=topology.end(b), by=by)
            found.append([make_route(topology, steps) for steps in k_best(search, k=k, most=k)[0]])
        return found

    def theirs() -> list[list[float]]:
        return [
            [nx.path_weight(graph, route, "km") for route in itertools.islice(
                nx.shortest_simple_paths(graph, a, b, weight="km"), K)]
            for a, b in pairs
        ]  # fmt: skip

    count = len(pairs)
    found, seconds = timed(lambda: ours(K, "length"))
    plainly, other = timed(theirs)
    lengths = [route.length_km for routes in found for route in routes]
    if not np.allclose(lengths, [length for routes in plainly for length in routes]):
        raise AssertionError("the shortest routes differ")
    yield line(f"{K} shortest routes of a pair, planner", seconds / count, None, f"mean of {count} pairs")
    yield line(f"{K} shortest routes of a pair, networkx", other / count, seconds / count, "same lengths")
    found, seconds = timed(lambda: ours(1, "rate"))
    plainly, other = timed(lambda: [widest_by_threshold(graph, a, b) for a, b in pairs])
    if [routes[0].key_rate_bps for routes in found] != plainly:
        raise AssertionError("the widest routes differ")
    said = "of the widest, the one of fewest hops, then the shortest"
    yield line("widest route of a pair, planner", seconds / count, None, said)
    yield line("its rate by bisection, networkx", other / count, seconds / count, "the rate alone")
    ends = np.array([[topology.node_index[row.node_a], topology.node_index[row.node_b]] for row in rows_of(demands)])
    reach, seconds = timed(lambda: Reach(topology, pairs=ends))
    if reach.widest_bps[:count].tolist() != plainly:
        raise AssertionError("the widest rates differ")
    yield line(f"widest rates of all {len(ends):,} demands, planner", seconds, None, "one spanning tree")
    scaled = other / count * len(ends)
    yield line("the same by bisection, networkx", scaled, seconds, f"{count} measured and scaled; same rates")
    plainly, other = timed(lambda: bottlenecks(graph, demands))
    if list(plainly.values()) != [dict(zip(demands["demand_id"], reach.widest_bps, strict=True))[d] for d in plainly]:
        raise AssertionError("the widest rates differ")
    yield line("the same by spanning tree, networkx", other, seconds, "same rates")


def failure_lines(nodes: int) -> Iterator[str]:
    """All single link failures; networkx from a sample, scaled."""
    network, budget, demands = make(nodes)
    sweep, seconds = timed(
        lambda: sweep_failures(network, budget=budget, demands=demands, of="links", allocate_worst=0)
    )
    chosen = np.random.default_rng(2).choice(network.links["link_id"], 4, replace=False).tolist()
    graph = whole(network)
    found, other = timed(lambda: {link: plain(graph, network.demands, without=link) for link in chosen})
    before = dict(zip(sweep.demands["demand_id"], sweep.demands["bottleneck_bps"], strict=True))
    left = {(row.failure, row.demand_id): row.bottleneck_bps for row in rows_of(sweep.effects)}
    for link, widths in found.items():
        if any(left.get((f"link {link}", demand), before[demand]) != width for demand, width in widths.items()):
            raise AssertionError(f"the failure of {link} differs")
    if before != bottlenecks(graph, network.demands):
        raise AssertionError("the bottlenecks differ")
    scaled = other / len(chosen) * len(network.links)
    yield line("all single link failures, planner", seconds, None, "who is cut off, every bottleneck left")
    yield line("the same, networkx trees", scaled, seconds, f"{len(chosen)} measured and scaled; same answers")


def line(what: str, seconds: float, ours: float | None, said: str, *, more: str = "") -> str:
    """A row of the table."""
    ratio = "" if ours is None else f"{more}{seconds / ours:,.3g}"
    return f"| {what} | {more}{seconds:.3g} s | {ratio} | {said} |"


def show(*blocks: Iterable[str]) -> None:
    """Prints a table, each row as soon as it is measured."""
    print("| What | CPU time | ratio | |\n|---|---|---|---|")
    for block in blocks:
        for one in block:
            print(one, flush=True)
    print()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", choices=sorted(DEMANDS), default=sorted(DEMANDS))
    parser.add_argument("--edge-limit", type=float, default=120.0, help="wall seconds of each edge program")
    parser.add_argument("--plain-limit", type=float, default=60.0, help="CPU seconds of each networkx method")
    parser.add_argument("--routes", type=int, default=5, help="pairs of the route measurements")
    parser.add_argument("--no-fair", action="store_true", help="leave the fair allocation out")
    parser.add_argument("--all", action="store_true", help="measure all of the largest dimensioned network too")
    options = parser.parse_args()
    names = ("numpy", "scipy", "highspy", "networkx")
    print(f"Python {platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in names)}")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; CPU seconds; ratio to the planner\n")
    for nodes in options.sizes:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
            ours = executor.submit(planned, nodes, fair=not options.no_fair).result()
        print(f"{nodes:,} nodes, {round(1.6 * nodes):,} links, {DEMANDS[nodes]:,} demands\n")
        show(planner_lines(ours), growth_lines(nodes, options, ours), route_lines(nodes, options), failure_lines(nodes))
        fair = not options.no_fair and (nodes < max(DEMANDS) or options.all)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
            ours = executor.submit(planned, nodes, fair=fair, dimensioned=True).result()
        print(f"{nodes:,} nodes, key rates dimensioned for the demands\n")
        others = nodes < max(DEMANDS) or options.all
        show(planner_lines(ours), growth_lines(nodes, options, ours, dimensioned=True) if others else ())


if __name__ == "__main__":
    main()
