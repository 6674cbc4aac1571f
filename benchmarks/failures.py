"""Failure sweeps against plain networkx: one command, ratios of one run.

    python benchmarks/failures.py [--nodes 1000] [--links 1600] [--demands 1000] [--sample 8] [--anew 32 200 1000]

A random geographic network from a fixed seed; every single link failure; who is cut off and what bottleneck is left to
each demand. Against it, what is commonly written: copy the graph, remove the link, build networkx's maximum spanning
tree, take the least rate on each demand's path (by a search from each source). A sample of failures is measured there
and scaled up; its results are compared with the sweep's, demand by demand. Then the single failures of nodes.

Then the fair allocation after single link failures: started from the allocation before the failure, against one from
the beginning, on the trunks and on the networks of benchmarks/allocation.py of the sizes given with --anew. All
failures of links in use are allocated (of 1,000 nodes, three), and a sample of them from the beginning. What is
served is compared. All times are CPU seconds.
"""

from __future__ import annotations

import argparse
import itertools
import math
import time
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
from scipy.spatial import Delaunay

import planner
from planner.demand import demand_rates
from planner.failure import Question, Reallocation, single_events, sweep_failures
from planner.network import Network, build_network
from planner.records import rows_of
from planner.routing import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

COLUMNS = ["link_id", "node_a", "node_b", "length_km", "key_rate_bps"]


def geographic(nodes: int, *, links: int, demands: int, seed: int) -> Network:
    """Random places; a spanning tree of short links and the shortest others of their triangulation."""
    rng = np.random.default_rng(seed)
    places = rng.uniform((25, 105), (40, 120), size=(nodes, 2))
    near = {
        (int(a), int(b))
        for corners in Delaunay(places).simplices
        for a, b in itertools.combinations(sorted(corners), 2)
    }
    graph = nx.Graph()
    graph.add_weighted_edges_from((a, b, math.dist(places[a], places[b])) for a, b in sorted(near))
    tree = {tuple(sorted(edge)) for edge in nx.minimum_spanning_edges(graph, data=False)}
    others = sorted(near - tree, key=lambda edge: graph.edges[edge]["weight"])[: links - len(tree)]
    joins = [*sorted(tree), *others]
    ends = [rng.choice(nodes, 2, replace=False) for _ in range(demands)]
    return build_network(
        nodes=[
            {"node_id": f"n{n}", "name": f"n{n}", "kind": "trusted", "lat_deg": a, "lon_deg": b, "basis": "assumed"}
            for n, (a, b) in enumerate(places.tolist())
        ],
        links=[
            {"link_id": f"L{n}", "node_a": f"n{a}", "node_b": f"n{b}", "length_km": 111 * graph.edges[a, b]["weight"],
             "key_rate_bps": float(rng.uniform(1e3, 1e5)), "basis": "assumed"}
            for n, (a, b) in enumerate(joins)
        ],
        demands=[
            {"demand_id": f"D{n}", "node_a": f"n{a}", "node_b": f"n{b}", "rate_bps": 100.0}
            for n, (a, b) in enumerate(ends)
        ],
    )  # fmt: skip


def bottlenecks(graph: nx.Graph, demands: pd.DataFrame) -> dict[str, float]:
    """The widest route of every demand by networkx: maximum spanning tree, then a walk from each source."""
    tree = nx.maximum_spanning_tree(graph, weight="rate")
    widths: dict[str, float] = {}
    for source, group in demands.groupby("node_a"):
        width = {source: math.inf}
        for a, b in nx.bfs_edges(tree, source):
            width[b] = min(width[a], tree.edges[a, b]["rate"])
        widths |= {row.demand_id: width.get(row.node_b, 0.0) for row in rows_of(group)}
    return widths


def whole(network: Network) -> nx.Graph:
    """The network as a networkx graph."""
    graph = nx.Graph()
    graph.add_nodes_from(network.nodes["node_id"])
    for row in rows_of(network.links):
        graph.add_edge(row.node_a, row.node_b, rate=row.key_rate_bps, link=row.link_id)
    return graph


def plain(graph: nx.Graph, demands: pd.DataFrame, *, without: str) -> dict[str, float]:
    """Copies the graph, removes a link, computes everything anew."""
    left = graph.copy()
    left.remove_edges_from([(a, b) for a, b, link in graph.edges(data="link") if link == without])
    return bottlenecks(left, demands)


def anew(name: str, network: Network, budget: pd.DataFrame, demands: pd.DataFrame, *, cold: int, most: int) -> str:
    """The allocation after single link failures, from the one before and from the beginning: a line of a table."""
    start = time.process_time()
    again = Reallocation(Question(network, budget, demands))
    before = again.before
    first = time.process_time() - start
    topology = Topology.of(network, budget=budget)
    events = single_events(network, topology=topology, of="links")
    hit = [event for event in events if not again.untouched(event, after=before)]
    rng = np.random.default_rng(3)
    hit = [hit[number] for number in sorted(rng.permutation(len(hit))[:most].tolist())]
    warm: list[float] = []
    served = []
    for event in hit:
        start = time.process_time()
        served.append(again.after(event).fraction)
        warm.append(time.process_time() - start)
    worst, ours, theirs = 0.0, 0.0, 0.0
    chosen = sorted(rng.choice(len(hit), min(cold, len(hit)), replace=False).tolist())
    for number in chosen:
        start = time.process_time()
        fraction = again.anew(hit[number]).fraction
        theirs += time.process_time() - start
        ours += warm[number]
        worst = max(worst, abs(fraction - served[number]) / fraction)
    each = f"{1e3 * ours / len(chosen):12.1f} ms{1e3 * theirs / len(chosen):12.1f} ms{theirs / ours:8.1f}{worst:12.0e}"
    return f"{name:20}{len(events):6,}{first:8.2f} s{len(hit):8,} in{sum(warm):7.2f} s{each}   ({len(chosen)})"


def anew_lines(sizes: list[int], *, cold: int) -> Iterator[str]:
    """The table of allocations after failures."""
    from allocation import make  # noqa: PLC0415 (it imports this file)

    yield "fair allocation after single failures of links in use, from the one before and (a sample) from the beginning"
    yield "network              links    before    failures, all     from before  from nothing   ratio  difference"
    trunks = planner.load("trunks")
    yield anew("trunks", trunks, planner.link_budget(trunks), demand_rates(trunks), cold=cold, most=10_000)
    for nodes in sizes:
        for dimensioned in (False, True):
            made = make(nodes, dimensioned=dimensioned)
            few = 3 if nodes >= 1000 else cold
            name = f"{nodes:,}, {'dimensioned' if dimensioned else 'drawn'}"
            yield anew(name, *made, cold=few, most=few if nodes >= 1000 else 10_000)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("nodes", 1000), ("links", 1600), ("demands", 1000), ("sample", 8), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--anew", type=int, nargs="*", default=[32, 200, 1000], help="sizes to allocate anew")
    parser.add_argument("--anew-sample", type=int, default=20, help="failures allocated from the beginning too")
    options = parser.parse_args()
    network = geographic(options.nodes, links=options.links, demands=options.demands, seed=options.seed)
    budget, demands = network.links[COLUMNS], network.demands.assign(requested_bps=network.demands["rate_bps"])

    start = time.process_time()
    sweep = sweep_failures(network, budget=budget, demands=demands, of="links", allocate_worst=0)
    ours = time.process_time() - start
    start = time.process_time()
    sweep_failures(network, budget=budget, demands=demands, of="nodes", allocate_worst=0)
    nodes = time.process_time() - start

    chosen = np.random.default_rng(2).choice(network.links["link_id"], options.sample, replace=False).tolist()
    graph = whole(network)
    start = time.process_time()
    found = {link: plain(graph, network.demands, without=link) for link in chosen}
    each = (time.process_time() - start) / len(chosen)
    before = dict(zip(sweep.demands["demand_id"], sweep.demands["bottleneck_bps"], strict=True))
    left = {(row.failure, row.demand_id): row.bottleneck_bps for row in rows_of(sweep.effects)}
    wrong = sum(
        left.get((f"link {link}", demand), before[demand]) != width
        for link, widths in found.items()
        for demand, width in widths.items()
    )
    theirs = each * len(network.links)
    size = f"{len(network.nodes):,} nodes, {len(network.links):,} links, {len(network.demands):,} demands"
    print(f"{size}; CPU seconds")
    print(f"single link failures, planner:            {ours:10.3f}   {len(sweep.cutting):,} cut a demand off")
    print(f"single node failures, planner:            {nodes:10.3f}")
    print(f"single link failures, plain networkx:     {theirs:10.1f}   {each:.3f} each, {len(chosen)} measured, scaled")
    print(f"ratio:                                    {theirs / ours:10,.0f}")
    print(f"bottlenecks that differ:                  {wrong:10,} of {len(chosen) * len(before):,}\n")
    for text in anew_lines(options.anew, cold=options.anew_sample):
        print(text, flush=True)


if __name__ == "__main__":
    main()
