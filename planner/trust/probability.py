"""What keys relayed through trusted nodes risk: compromise of nodes, and failure probabilities that add up."""

from __future__ import annotations

import math
from collections.abc import Iterable


def exposure_probability(corruption_probability: float, *, trusted_nodes_per_route: Iterable[int]) -> float:
    """Probability that a key is known to an attacker who holds each trusted node independently.

    The key is split (XOR) over routes that share no node, so that it is known only where every route holds a corrupt
    node: ``prod_j (1 - (1 - q)^m_j)``. With one route it is that of a simple relay.

    Args:
        corruption_probability: q, probability that a trusted node is held by the attacker, 0 to 1.
        trusted_nodes_per_route: m_j, trusted nodes inside each route (its two ends not counted).

    Returns:
        The probability.

    Raises:
        ValueError: The probability is not within 0 to 1, or a number of nodes is negative.

    Example:
        >>> round(exposure_probability(0.01, trusted_nodes_per_route=[3, 3]), 8)
        0.00088215
    """
    counts = list(trusted_nodes_per_route)
    if not 0.0 <= corruption_probability <= 1.0 or any(count < 0 for count in counts):
        raise ValueError("a probability from 0 to 1 and numbers of nodes that are not negative are needed")
    if corruption_probability == 1.0:
        return float(all(counts))
    honest = math.log1p(-corruption_probability)
    return math.prod(-math.expm1(count * honest) for count in counts)


def route_epsilon(hop_epsilons: Iterable[float]) -> float:
    """Failure probability of a relayed key: the sum over its hops, at most 1.

    Args:
        hop_epsilons: Secrecy plus correctness epsilon of each hop's key.

    Returns:
        An upper bound on how far the relayed key may be from a perfect one.
    """
    return min(1.0, math.fsum(hop_epsilons))
