"""User ports: how many demands may end at a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from planner.allocation.requests import Requests
    from planner.network import Network
    from planner.routing import Topology


def without_port(requests: Requests, *, network: Network, topology: Topology) -> tuple[str, ...]:
    """The demands that get no user port, sorted by id.

    The demands are taken by priority, the highest first, then by id; each gets a port at both ends if both have
    one left, and otherwise none. A demand without a route has no use for a port and takes none.

    Args:
        requests: All demands with a positive request and a route.
        network: The network, with the ``user_ports`` of its nodes.
        topology: The same.
    """
    numbers = network.nodes["user_ports"].to_numpy(dtype=float, na_value=np.inf)
    ports = dict(zip(network.nodes["node_id"], numbers.tolist(), strict=True))
    left = [ports[node_id] for node_id in topology.node_ids]
    refused = []
    for demand in sorted(range(len(requests.demand_ids)), key=lambda demand: -float(requests.priorities[demand])):
        ends = requests.ends[demand].tolist()
        if all(left[end] >= 1 for end in ends):
            for end in ends:
                left[end] -= 1
        else:
            refused.append(requests.demand_ids[demand])
    return tuple(sorted(refused))
