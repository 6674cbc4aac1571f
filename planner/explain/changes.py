"""Changes of a network: what is built or exchanged, what it costs, and the network that it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from planner.records import LinkRecord, NodeRecord, to_frame

if TYPE_CHECKING:
    from planner.network import Network
    from planner.physics.module import Module

Kind = Literal["module pairs", "module", "stations", "own modules", "relay limit", "user ports", "new link"]


@dataclass(frozen=True)
class Change:
    """Something that can be built.

    Attributes:
        kind: What it is.
        resource: What it is made to: ``link:<id>`` (of a new link too), ``node:<id>`` (its relay limit), or
            ``ports:<node_id>``.
        cost_cny: What it costs.
        gives_bps: The key rate or limit that there is with it; infinite where that says nothing.
        details: What it is in numbers: ``module``, ``module_pairs``, ``stations``, ``key_rate_bps`` and such.
        link_values: New values of columns of links, by link.
        node_values: New values of columns of nodes, by node.
        splits: Links that intermediate stations divide into equal spans, and into how many.
        new_links: Rows of links that are added.
        modules: Modules that links name and the network does not know yet.
    """

    kind: Kind
    resource: str
    cost_cny: float
    gives_bps: float
    details: Mapping[str, Any]
    link_values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    node_values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    splits: Mapping[str, int] = field(default_factory=dict)
    new_links: Sequence[Mapping[str, Any]] = ()
    modules: Mapping[str, Module] = field(default_factory=dict)


def apply_changes(network: Network, changes: Sequence[Change]) -> Network:
    """The network with changes made.

    Args:
        network: The network.
        changes: What is built; the order does not matter.
    """
    links = [_plain(row, LinkRecord) for row in network.links.to_dict("records")]
    links += [dict(row) for change in changes for row in change.new_links]
    nodes = [_plain(row, NodeRecord) for row in network.nodes.to_dict("records")]
    for change in changes:
        for row in links:
            row.update(change.link_values.get(row["link_id"], {}))
        for row in nodes:
            row.update(change.node_values.get(row["node_id"], {}))
    for change in changes:
        for link_id, spans in change.splits.items():
            links, nodes = _split(links, nodes, link_id=link_id, spans=spans)
    modules = {name: module for change in changes for name, module in change.modules.items()}
    return network.replace(
        nodes=to_frame(NodeRecord, nodes),
        links=to_frame(LinkRecord, links),
        modules=modules | dict(network.modules),
    )


def span_row(row: Mapping[str, Any], *, spans: int) -> dict[str, Any]:
    """One of the equal spans that intermediate stations divide a link into, by its columns that make its rate.

    Fibre is divided. Connectors and splices are not: each span has as many. A measured key rate was that of the whole
    link and holds no more.

    Args:
        row: The link.
        spans: Into how many.
    """
    loss_db = None if row["loss_db"] is None else row["loss_db"] / spans
    return dict(row) | {"length_km": row["length_km"] / spans, "loss_db": loss_db, "key_rate_bps": None}


def _split(
    links: list[dict[str, Any]], nodes: list[dict[str, Any]], *, link_id: str, spans: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    whole = next(row for row in links if row["link_id"] == link_id)
    places = {row["node_id"]: row for row in nodes}
    taken = {*places, *(row["link_id"] for row in links)}
    ends = [places[whole[end]] for end in ("node_a", "node_b")]
    names = [_free(f"{_slug(link_id)}-station-{number}", taken) for number in range(1, spans)]
    stations = [
        {
            "node_id": name, "kind": "trusted", "basis": "assumed",
            "name": f"{ends[0]['name']}–{ends[1]['name']} {number}",
            "lat_deg": ends[0]["lat_deg"] + (ends[1]["lat_deg"] - ends[0]["lat_deg"]) * number / spans,
            "lon_deg": _between(ends[0]["lon_deg"], ends[1]["lon_deg"], share=number / spans),
        }
        for number, name in enumerate(names, start=1)
    ]  # fmt: skip
    stops = [whole["node_a"], *names, whole["node_b"]]
    cut = span_row(whole, spans=spans) | {"geometry": None, "basis": "assumed"}
    parts = [
        cut | {"link_id": _free(f"{link_id}-span-{number}", taken), "node_a": a, "node_b": b}
        for number, (a, b) in enumerate(pairwise(stops), start=1)
    ]
    return [*(row for row in links if row["link_id"] != link_id), *parts], [*nodes, *stations]


def _between(one_deg: float, other_deg: float, *, share: float) -> float:
    """A longitude between two, the short way round."""
    apart = (other_deg - one_deg + 180.0) % 360.0 - 180.0
    return (one_deg + apart * share + 180.0) % 360.0 - 180.0


def _slug(text: str) -> str:
    kept = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "-" for letter in text)
    return kept[:80] if kept[:1].isalnum() else f"link{kept[:76]}"


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "x"
    taken.add(name)
    return name


def _plain(row: Mapping[Any, Any], record: type[LinkRecord | NodeRecord]) -> dict[str, Any]:
    """A row of a table as its record takes it: None for a blank."""
    import pandas as pd

    return {name: None if pd.isna(row[name]) else row[name] for name in record.model_fields}


def plain_links(network: Network) -> dict[str, dict[str, Any]]:
    """The rows of the links by their ids, as the record takes them."""
    return {row["link_id"]: _plain(row, LinkRecord) for row in network.links.to_dict("records")}
