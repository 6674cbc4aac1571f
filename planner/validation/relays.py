"""Comparisons of key relay: routes through trusted nodes, and what they risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.trust import exposure_probability, route_epsilon

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.validation.setup import Setup


def relay(setup: Setup) -> Mapping[str, Any]:
    """Rate and failure probability of a key relayed over a chain of links, by the planner's routes."""
    from planner.budget import link_budget
    from planner.network import build_network
    from planner.routing import best_routes

    rates = list(setup.inputs["hops_bps"])
    nodes = [f"n{number}" for number in range(len(rates) + 1)]
    network = build_network(
        nodes=[
            {
                "node_id": node,
                "name": node,
                "kind": "trusted",
                "lat_deg": 30.0,
                "lon_deg": 110.0 + i,
                "basis": "assumed",
            }
            for i, node in enumerate(nodes)
        ],
        links=[
            {
                "link_id": f"l{i}",
                "node_a": nodes[i],
                "node_b": nodes[i + 1],
                "length_km": 100.0,
                "key_rate_bps": rate,
                "basis": "assumed",
            }
            for i, rate in enumerate(rates)
        ],
    )
    [route] = best_routes(network, budget=link_budget(network), node_a=nodes[0], node_b=nodes[-1])
    return {
        "key_rate_bps": route.key_rate_bps,
        "epsilon": route_epsilon([float(setup.inputs["epsilon_per_hop"])] * route.hops),
    }


def exposure(setup: Setup) -> Mapping[str, Any]:
    """Probability that a key is known where nodes are corrupt: relayed over one route, or split over all."""
    corrupt, counts = float(setup.inputs["corruption_probability"]), list(setup.inputs["trusted_nodes_per_route"])
    return {
        "one_route": exposure_probability(corrupt, trusted_nodes_per_route=counts[:1]),
        "all_routes": exposure_probability(corrupt, trusted_nodes_per_route=counts),
    }


def shipped_network(setup: Setup) -> Mapping[str, Any]:
    """Nodes and fibre of a shipped network."""
    from planner.files import load

    network = load(str(setup.inputs["network"]))
    return {"nodes": len(network.nodes), "length_km": float(network.links["length_km"].sum())}
