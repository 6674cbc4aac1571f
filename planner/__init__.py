"""Plan quantum-key-distribution trunk networks: key-rate budgets, routes, allocation with proof, maps.

>>> import planner
>>> network = planner.load("beijing-shanghai")
>>> budget = planner.link_budget(network)
>>> plan = planner.make_plan(network)

The key-rate formulas are in :mod:`planner.physics`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.budget import link_budget
    from planner.errors import InputError, PlannerError
    from planner.files import load
    from planner.network import Network, build_network
    from planner.plan import Plan, make_plan, read_plan
    from planner.report.map import draw_map
    from planner.routing import best_routes
    from planner.verify import verify_plan

__version__ = "0.1.0"

__all__ = [
    "InputError",
    "Network",
    "Plan",
    "PlannerError",
    "best_routes",
    "build_network",
    "draw_map",
    "link_budget",
    "load",
    "make_plan",
    "read_plan",
    "verify_plan",
]

_HOME = {
    "InputError": "planner.errors",
    "Network": "planner.network",
    "Plan": "planner.plan",
    "PlannerError": "planner.errors",
    "best_routes": "planner.routing",
    "build_network": "planner.network",
    "draw_map": "planner.report.map",
    "link_budget": "planner.budget",
    "load": "planner.files",
    "make_plan": "planner.plan",
    "read_plan": "planner.plan",
    "verify_plan": "planner.verify",
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used, so that ``import planner`` costs nothing."""
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'planner' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
