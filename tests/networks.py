"""Small random networks for tests: all kinds of node, parallel links, zero rates, unconnected parts, odd demands.

``random_network(rng)`` is the seeded form, ``networks()`` the Hypothesis strategy. Both give a
:class:`planner.network.Network` whose links have a ``key_rate_bps`` and no module.
``rate_budget`` and ``rate_demands`` make the tables that routing and allocation read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from planner.network import Network, build_network
from planner.records import KEY_HOLDING_KINDS

KINDS = ("trusted", "trusted", "trusted", "trusted", "user", "user", "ground", "satellite", "switch", "measurement")
BUDGET_COLUMNS = ["link_id", "node_a", "node_b", "length_km", "key_rate_bps"]
ROUND_RATES = (0.0, 1.0, 2.0, 2.0, 3.0, 5.0)
ROUND_LENGTHS = (0.0, 1.0, 2.0, 2.5)


def rate_budget(network: Network) -> pd.DataFrame:
    """The columns of a budget that routing and allocation read, from the measured rates alone."""
    return network.links[BUDGET_COLUMNS].copy()


def rate_demands(network: Network) -> pd.DataFrame:
    """The demands with ``requested_bps``, from the requested rates alone."""
    return network.demands.assign(requested_bps=network.demands["rate_bps"].fillna(0.0))


def node_row(node_id: str, kind: str = "trusted", **more: Any) -> dict[str, Any]:
    return {"node_id": node_id, "name": node_id, "kind": kind, "lat_deg": 30, "lon_deg": 110, "basis": "assumed"} | more


def link_row(link_id: str, node_a: str, node_b: str, rate_bps: float, length_km: float = 10.0, **more: Any) -> Any:
    ends = {"link_id": link_id, "node_a": node_a, "node_b": node_b, "length_km": length_km}
    return ends | {"key_rate_bps": rate_bps, "basis": "assumed"} | more


def demand_row(demand_id: str, node_a: str, node_b: str, rate_bps: float, **more: Any) -> dict[str, Any]:
    return {"demand_id": demand_id, "node_a": node_a, "node_b": node_b, "rate_bps": rate_bps} | more


def plain_network(links: list[tuple[Any, ...]], demands: list[tuple[Any, ...]] = (), **kinds: str) -> Network:  # type: ignore[assignment]
    """A network from ``(link, node_a, node_b, rate_bps[, length_km])`` and ``(demand, node_a, node_b, rate_bps)``.

    Nodes are trusted unless ``kinds`` says otherwise.
    """
    ends = {end for row in (*links, *demands) for end in row[1:3]} | set(kinds)
    return build_network(
        nodes=[node_row(end, kinds.get(end, "trusted")) for end in sorted(ends)],
        links=[link_row(*row) for row in links],
        demands=[demand_row(*row) for row in demands],
    )


def random_network(
    rng: np.random.Generator,
    *,
    most_nodes: int = 8,
    most_demands: int = 6,
    spread: float = 0.0,
    connected: bool = False,
) -> Network:
    """A random small network.

    Args:
        rng: Where chance comes from.
        most_nodes: At most so many nodes.
        most_demands: At most so many demands.
        spread: Rates span about this many powers of ten on top of small whole numbers.
        connected: Every demand has a route, and every rate and request is above zero.
    """
    count = int(rng.integers(2 if connected else 1, most_nodes + 1))
    kinds = ["trusted" if connected and number < 2 else str(rng.choice(KINDS)) for number in range(count)]
    order = rng.permutation(count)
    nodes = [node_row(f"n{order[number]}", kind) for number, kind in enumerate(kinds)]
    holders = [row["node_id"] for row in nodes if row["kind"] in KEY_HOLDING_KINDS]

    def rate(zero: float) -> float:
        if not connected and rng.random() < zero:
            return 0.0
        if spread and rng.random() < 0.8:
            return float(10 ** rng.uniform(-spread / 2, spread / 2))
        return float(rng.integers(1, 10)) if rng.random() < 0.5 else float(rng.uniform(0.1, 10))

    pairs = []
    if connected:
        relays = [row["node_id"] for row in nodes if row["kind"] in ("trusted", "ground", "satellite")]
        pairs += [(node, str(rng.choice(relays[:number]))) for number, node in enumerate(relays) if number]
        pairs += [(node, str(rng.choice(relays))) for node in holders if node not in relays]
    if len(holders) > 1:
        pairs += [tuple(rng.choice(holders, size=2, replace=False)) for _ in range(int(rng.integers(0, 2 * count + 1)))]
    names = rng.permutation(len(pairs))
    links = [
        link_row(
            f"L{names[number]}", str(node_a), str(node_b), rate(0.1), float(rng.choice(ROUND_LENGTHS)),
            module_group=str(rng.choice(["g1", "g2"])) if rng.random() < 0.2 else None,
        )
        for number, (node_a, node_b) in enumerate(pairs)
    ]  # fmt: skip
    demands = []
    if len(holders) > 1:
        for number in range(int(rng.integers(0, most_demands + 1))):
            node_a, node_b = rng.choice(holders, size=2, replace=False)
            priority = float(rng.choice([1.0, 1.0, 1.0, 0.5, 2.0, 3.0]))
            demands.append(demand_row(f"D{number}", str(node_a), str(node_b), rate(0.1), priority=priority))
    return build_network(nodes=nodes, links=links, demands=demands)


@st.composite
def networks(
    draw: st.DrawFn, *, most_nodes: int = 6, most_links: int = 10, most_demands: int = 5, wild: bool = True
) -> Network:
    """Hypothesis strategy of small networks.

    Args:
        draw: Given by Hypothesis.
        most_nodes: At most so many nodes.
        most_links: At most so many links.
        most_demands: At most so many demands.
        wild: Rates and requests from 1e-3 to 1e15 bit/s and zero; else small whole numbers and zero.
    """
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=most_nodes))
    nodes = [node_row(f"n{number}", kind) for number, kind in enumerate(kinds)]
    holders = [row["node_id"] for row in nodes if row["kind"] in KEY_HOLDING_KINDS]
    rates = st.sampled_from(ROUND_RATES)
    if wild:
        rates |= st.floats(1e-3, 1e15) | st.sampled_from([1e-3, 1e3, 1e6, 1e15])
    if len(holders) < 2:
        return build_network(nodes=nodes, links=[], demands=[])
    ends = st.lists(st.sampled_from(holders), min_size=2, max_size=2, unique=True)
    lengths = st.sampled_from(ROUND_LENGTHS)
    groups = st.sampled_from([None, None, None, "g1", "g2"])
    joins = draw(st.lists(st.tuples(ends, rates, lengths, groups), max_size=most_links))
    asks = draw(st.lists(st.tuples(ends, rates, st.sampled_from([1.0, 0.5, 2.0, 1e3])), max_size=most_demands))
    return build_network(
        nodes=nodes,
        links=[
            link_row(f"L{number}", *pair, rate, length, module_group=group)
            for number, (pair, rate, length, group) in enumerate(joins)
        ],
        demands=[
            demand_row(f"D{number}", *pair, rate, priority=priority)
            for number, (pair, rate, priority) in enumerate(asks)
        ],
    )


def shuffled(network: Network, rng: np.random.Generator) -> Network:
    """The same network with the rows of each table in another order."""
    tables = {name: getattr(network, name) for name in ("nodes", "links", "demands")}
    return network.replace(
        **{name: table.iloc[rng.permutation(len(table))].reset_index(drop=True) for name, table in tables.items()}
    )


def renamed(network: Network, rng: np.random.Generator) -> Network:
    """The same network with other node and link ids, in another alphabetical order."""
    nodes, links = network.nodes["node_id"], network.links["link_id"]
    node = {old: f"x{number}" for old, number in zip(nodes, rng.permutation(len(nodes)), strict=True)}
    link = {old: f"y{number}" for old, number in zip(links, rng.permutation(len(links)), strict=True)}

    def ends(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(node_a=table["node_a"].map(node), node_b=table["node_b"].map(node))

    vias = [via and ";".join(node[name] for name in via.split(";")) for via in network.links["via"]]
    passed = pd.Series(vias, index=network.links.index, dtype=object)

    return network.replace(
        nodes=network.nodes.assign(node_id=nodes.map(node)),
        links=ends(network.links).assign(link_id=links.map(link), via=passed),
        demands=ends(network.demands),
    )
