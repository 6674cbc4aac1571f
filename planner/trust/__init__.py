"""Trust: which nodes see which keys, what an attacker must hold to learn them, and with what probability he does.

A key is passed on hop by hop, so every relaying node inside its route sees it. ``keys`` answers for each demand of a
plan, ``whole`` for the plan as a whole, ``nodes`` for each node, ``probability`` computes with nodes that are
compromised by chance; ``sets`` tells which routes carry a key together.
"""

from __future__ import annotations

from planner.trust.keys import key_trust, least_hitting_set
from planner.trust.nodes import node_exposure
from planner.trust.probability import exposure_probability, route_epsilon
from planner.trust.whole import LeastNodes, PlanTrust, plan_trust

__all__ = [
    "LeastNodes",
    "PlanTrust",
    "exposure_probability",
    "key_trust",
    "least_hitting_set",
    "node_exposure",
    "plan_trust",
    "route_epsilon",
]
