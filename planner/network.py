"""A network: its tables and the graph they make. Immutable; an edit returns a new one."""

from __future__ import annotations

import dataclasses
import hashlib
import html
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from planner.records import (
    CoexistenceRecord,
    DemandRecord,
    LinkRecord,
    NodeRecord,
    SatelliteRecord,
    ServiceRecord,
    SourceRecord,
    to_frame,
)

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

    from planner.physics.module import Module


@dataclass(frozen=True)
class InputFile:
    """A file that was read to make a network.

    Attributes:
        name: Its place among a plan's inputs: a relative path with forward slashes, the same on every machine.
        content: What was read, byte for byte.
    """

    name: str
    content: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, eq=False)
class Network:
    """Nodes, QKD links and demands, with the modules, services and sources they name.

    Attributes:
        name: Shipped name, or the name of the folder or file it was read from.
        title: Title for people.
        title_local: Title in the local script.
        description: A few sentences.
        nodes: One row a node, the fields of :class:`~planner.records.NodeRecord` as columns.
        links: One row a QKD link, the fields of :class:`~planner.records.LinkRecord`; blanks already
            filled with the network's defaults.
        demands: One row a demand, the fields of :class:`~planner.records.DemandRecord`.
        modules: The modules that the links name, by the text in the ``module`` column, and those of the satellites.
        services: The services that the demands name, by id.
        coexistence: The profiles of classical channels that the links name, by id.
        satellites: The orbits and optics that the nodes name, by id.
        sources: What the source keys stand for.
        defaults: The ``[defaults]`` of each joined network that has any, by its name.
        files: Every file that was read.
        notes: What a planner should know but that is no error: an unusual encoding, a length below the
            great circle.

    The tables are not to be changed in place: use :meth:`replace`.
    """

    name: str
    title: str
    nodes: pd.DataFrame
    links: pd.DataFrame
    demands: pd.DataFrame
    title_local: str | None = None
    description: str | None = None
    modules: Mapping[str, Module] = field(default_factory=dict)
    services: Mapping[str, ServiceRecord] = field(default_factory=dict)
    coexistence: Mapping[str, CoexistenceRecord] = field(default_factory=dict)
    satellites: Mapping[str, SatelliteRecord] = field(default_factory=dict)
    sources: Mapping[str, SourceRecord] = field(default_factory=dict)
    defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: tuple[InputFile, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def graph(self) -> nx.MultiGraph[str]:
        """The nodes and QKD links as a frozen networkx multigraph; the edge key is the ``link_id``."""
        import networkx as nx

        graph: nx.MultiGraph[str] = nx.MultiGraph(name=self.title)
        for node in self.nodes.to_dict("records"):
            graph.add_node(node["node_id"], **{str(k): v for k, v in node.items() if k != "node_id"})
        for link in self.links.to_dict("records"):
            ends = ("node_a", "node_b", "link_id")
            graph.add_edge(*(link[end] for end in ends), **{str(k): v for k, v in link.items() if k not in ends})
        nx.freeze(graph)
        return graph

    @cached_property
    def node_names(self) -> dict[str, str]:
        """The name shown to people, by node id."""
        return dict(zip(self.nodes["node_id"], self.nodes["name"], strict=True))

    def link_title(self, node_a: str, node_b: str) -> str:
        """How what joins two nodes is called in a sentence: ``"Dezhou–Jinan"``."""
        return f"{self.node_names[node_a]}–{self.node_names[node_b]}"

    @cached_property
    def link_titles(self) -> dict[str, str]:
        """How each link is called, by its id: by its ends, and by its id too where parallel links share them."""
        ends = [frozenset(pair) for pair in zip(self.links["node_a"], self.links["node_b"], strict=True)]
        alike = Counter(ends)
        titles = {}
        for link, pair in zip(self.links.to_dict("records"), ends, strict=True):
            title = self.link_title(link["node_a"], link["node_b"])
            titles[link["link_id"]] = title if alike[pair] == 1 else f"{title} ({link['link_id']})"
        return titles

    @cached_property
    def satellite_links(self) -> frozenset[str]:
        """The links that end at a satellite, by id: their light passes no fibre."""
        satellites = set(self.nodes.loc[self.nodes["kind"] == "satellite", "node_id"])
        ends = zip(self.links["link_id"], self.links["node_a"], self.links["node_b"], strict=True)
        return frozenset(link for link, one, other in ends if one in satellites or other in satellites)

    def replace(self, **changes: Any) -> Network:
        """A new network with some attributes changed; this one stays as it is.

        A network whose tables were changed no longer equals the files it was read from: its ``files`` are empty.
        """
        tables = {"nodes", "links", "demands"}
        meanings = {"modules", "services", "coexistence", "satellites", "sources", "defaults"}
        if (tables | meanings) & changes.keys():
            changes.setdefault("files", ())
        return dataclasses.replace(self, **changes)

    def __repr__(self) -> str:
        total_km = self.links["length_km"].sum()
        return (
            f"<Network {self.name!r}: {len(self.nodes)} nodes, {len(self.links)} links, {total_km:,.0f} km, "
            f"{len(self.demands)} demands>"
        )

    def _repr_html_(self) -> str:
        return (
            f"<p><strong>{html.escape(self.title)}</strong> — {len(self.nodes)} nodes, {len(self.links)} QKD links, "
            f"{self.links['length_km'].sum():,.0f} km, {len(self.demands)} demands</p>"
        )


def build_network(
    *,
    nodes: Iterable[Mapping[str, Any]],
    links: Iterable[Mapping[str, Any]],
    demands: Iterable[Mapping[str, Any]] = (),
    modules: Mapping[str, Module] | None = None,
    services: Mapping[str, ServiceRecord] | None = None,
    coexistence: Mapping[str, CoexistenceRecord] | None = None,
    satellites: Mapping[str, SatelliteRecord] | None = None,
    sources: Mapping[str, SourceRecord] | None = None,
    name: str = "network",
    title: str | None = None,
) -> Network:
    """Makes a network from rows in memory, for programs that have no files.

    Args:
        nodes: Mappings with the fields of :class:`~planner.records.NodeRecord`.
        links: Mappings with the fields of :class:`~planner.records.LinkRecord`.
        demands: Mappings with the fields of :class:`~planner.records.DemandRecord`.
        modules: The modules that the links and satellites name.
        services: The services that the demands name.
        coexistence: The profiles of classical channels that the links name.
        satellites: The orbits and optics that the nodes name.
        sources: What the source keys of the rows stand for.
        name: Name of the network.
        title: Title for people; the name by default.

    Returns:
        The network. Each row is validated; references between the rows are the caller's care.

    Raises:
        pydantic.ValidationError: A row is not a valid record.
    """
    return Network(
        name=name,
        title=title or name,
        nodes=to_frame(NodeRecord, nodes),
        links=to_frame(LinkRecord, links),
        demands=to_frame(DemandRecord, demands),
        modules=dict(modules or {}),
        services=dict(services or {}),
        coexistence=dict(coexistence or {}),
        satellites=dict(satellites or {}),
        sources=dict(sources or {}),
    )
