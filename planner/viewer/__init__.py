"""The viewer: a network's map, report and tables for a browser, served from memory.

``pages`` makes what is served, ``guard`` decides who gets it, ``app`` joins the two, ``server`` listens.
Needs the extra ``serve``: ``pip install 'qkd-trunk-planner[serve]'``.
"""

from __future__ import annotations

from planner.errors import UsageError

try:
    from planner.viewer.app import create_app
    from planner.viewer.server import run
except ModuleNotFoundError as missing:
    if missing.name is None or missing.name.partition(".")[0] not in ("starlette", "uvicorn"):
        raise
    raise UsageError(
        f"the viewer needs {missing.name}, which is not installed: pip install 'qkd-trunk-planner[serve]'"
    ) from None

__all__ = ["create_app", "run"]
