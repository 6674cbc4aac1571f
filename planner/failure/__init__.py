"""Failures: what every link, risk group and node, and every two of them, take down with them.

``events`` lists what can fail, ``tree`` and ``reach`` hold the structure that answers fast, ``connectivity`` sweeps
over all failures, ``served`` allocates anew, ``weak`` names bridges and articulation nodes, ``sweep`` puts it together.
"""

from __future__ import annotations

from planner.failure.events import Event, Of, single_events
from planner.failure.reach import Reach
from planner.failure.served import Question, Reallocation, affordable
from planner.failure.sweep import Order, Sweep, sweep_failures
from planner.failure.tree import WidestTree
from planner.failure.weak import WeakPoints

__all__ = [
    "Event",
    "Of",
    "Order",
    "Question",
    "Reach",
    "Reallocation",
    "Sweep",
    "WeakPoints",
    "WidestTree",
    "affordable",
    "single_events",
    "sweep_failures",
]
