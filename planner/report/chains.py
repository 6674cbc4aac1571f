"""The chains of a network: lines of stations that a strip map can straighten."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx as nx

    from planner.network import Network

LEAST_LINKS = 3
"""A chain of fewer links is seen at a glance without a picture."""

MOST_CHAINS = 6

MOST_LINKS = 32
"""On one strip: more would not be readable on a sheet of A4."""


@dataclass(frozen=True)
class Chain:
    """Stations in order and the links between them.

    Attributes:
        nodes: Node ids, one more than links (the first again at the end of a ring).
        links: Link ids.
        length_km: Sum of the links' lengths.
        part: Which part of a longer chain it is, from 1.
        parts: How many parts that chain was cut into.
    """

    nodes: tuple[str, ...]
    links: tuple[str, ...]
    length_km: float
    part: int = 1
    parts: int = 1


def find_chains(network: Network) -> tuple[Chain, ...]:
    """Finds the chains worth a strip map, the longest first.

    Where the network is a tree (a trunk with branches), the longest line from end to end is taken, then the
    longest in what remains, and so on. Where it has rings, a chain runs between nodes that are not of degree 2.

    Args:
        network: The network.

    Returns:
        At most six chains of at least three links; those of more than 32 links are cut into even parts.
    """
    import networkx as nx

    graph: nx.MultiGraph[str] = nx.MultiGraph(network.graph)
    order = {node: place for place, node in enumerate(network.nodes["node_id"])}
    found: list[Chain] = []
    for members in list(nx.connected_components(graph)):
        part: nx.MultiGraph[str] = nx.MultiGraph(graph.subgraph(members))
        is_tree = part.number_of_edges() == part.number_of_nodes() - 1
        found += _of_tree(part) if is_tree else _between_branches(part, order)
    found = [_from_first(chain, order) for chain in found if len(chain.links) >= LEAST_LINKS]
    found.sort(key=lambda chain: (-chain.length_km, chain.links))
    return tuple(piece for chain in found[:MOST_CHAINS] for piece in _cut(chain, network))


def _of_tree(tree: nx.MultiGraph[str]) -> list[Chain]:
    """Takes the longest line again and again until only short ones are left."""
    import networkx as nx

    chains: list[Chain] = []
    while tree.number_of_edges() >= LEAST_LINKS and len(chains) < MOST_CHAINS:
        pieces = [tree.subgraph(members) for members in nx.connected_components(tree) if len(members) > LEAST_LINKS]
        if not pieces:
            break
        longest = max((_longest_line(piece) for piece in pieces), key=lambda chain: (chain.length_km, chain.links))
        chains.append(longest)
        for (a, b), link in zip(pairwise(longest.nodes), longest.links, strict=True):
            tree.remove_edge(a, b, key=link)
    return chains


def _longest_line(tree: nx.MultiGraph[str]) -> Chain:
    """The longest path of a tree: the farthest node from anywhere, and the farthest from there."""
    import networkx as nx

    def farthest(start: str) -> str:
        lengths = nx.single_source_dijkstra_path_length(tree, start, weight="length_km")
        return max(lengths, key=lambda node: (lengths[node], node))

    one_end = farthest(min(tree.nodes))
    return _chain(tree, nx.shortest_path(tree, one_end, farthest(one_end)))


def _between_branches(graph: nx.MultiGraph[str], order: dict[str, int]) -> list[Chain]:
    """Walks from every branch or end over nodes of degree 2 to the next; a lone ring starts at its first node."""
    branches = [node for node in graph if graph.degree[node] != 2] or [min(graph, key=order.__getitem__)]
    seen: set[str] = set()
    chains = []
    for start in sorted(branches, key=order.__getitem__):
        for _, first, link in sorted(graph.edges(start, keys=True), key=lambda edge: edge[2]):
            if link in seen:
                continue
            nodes, links = [start, first], [link]
            while graph.degree[nodes[-1]] == 2 and nodes[-1] != start:
                _, onward, further = next(e for e in graph.edges(nodes[-1], keys=True) if e[2] != links[-1])
                nodes.append(onward)
                links.append(further)
            seen.update(links)
            length_km = _length(graph, nodes, links)
            chains.append(Chain(tuple(nodes), tuple(links), length_km))
    return chains


def _chain(graph: nx.MultiGraph[str], nodes: list[str]) -> Chain:
    links = [next(iter(graph[a][b])) for a, b in pairwise(nodes)]
    return Chain(tuple(nodes), tuple(links), _length(graph, nodes, links))


def _length(graph: nx.MultiGraph[str], nodes: list[str], links: list[str]) -> float:
    ends = zip(pairwise(nodes), links, strict=True)
    return math.fsum(graph.edges[a, b, link]["length_km"] for (a, b), link in ends)


def _from_first(chain: Chain, order: dict[str, int]) -> Chain:
    """The chain from that of its ends that stands first in the table of nodes."""
    if order[chain.nodes[-1]] < order[chain.nodes[0]]:
        return Chain(chain.nodes[::-1], chain.links[::-1], chain.length_km)
    return chain


def _cut(chain: Chain, network: Network) -> list[Chain]:
    parts = math.ceil(len(chain.links) / MOST_LINKS)
    if parts == 1:
        return [chain]
    length_km = dict(zip(network.links["link_id"], network.links["length_km"], strict=True))
    each = math.ceil(len(chain.links) / parts)
    pieces = []
    for number, start in enumerate(range(0, len(chain.links), each), start=1):
        links = chain.links[start : start + each]
        nodes = chain.nodes[start : start + len(links) + 1]
        pieces.append(Chain(nodes, links, math.fsum(length_km[link] for link in links), part=number, parts=parts))
    return pieces
