"""The whole job: a network with demands becomes a plan, which is written, read and explained.

``making`` calls what computes, ``result`` is what comes out, ``tables`` its loads and routes, ``words`` its warnings,
``document`` the JSON of ``plan.json``, and ``reading`` the way back.
"""

from __future__ import annotations

from planner.plan.making import make_plan
from planner.plan.reading import read_plan
from planner.plan.result import Plan, Progress

__all__ = ["Plan", "Progress", "make_plan", "read_plan"]
