"""Availability: what part of the time each demand gets key, from how often things fail and how long a repair takes.

``reliability`` holds the rates of failure and repair, ``components`` what a route needs to work, ``compute`` the
probability that a demand is served.
"""

from __future__ import annotations

from planner.availability.components import Component, components_of
from planner.availability.compute import Outage, outage_by_chance, outage_exactly
from planner.availability.demands import demand_availability
from planner.availability.reliability import Reliability, load_reliability

__all__ = [
    "Component",
    "Outage",
    "Reliability",
    "components_of",
    "demand_availability",
    "load_reliability",
    "outage_by_chance",
    "outage_exactly",
]
