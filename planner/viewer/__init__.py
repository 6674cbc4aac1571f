"""The viewer: a network's map, report and tables for a browser, served from memory.

``pages`` makes what is served, ``guard`` decides who gets it, ``app`` joins the two, ``server`` listens.
Needs the extra ``serve``: ``pip install 'qkd-trunk-planner[serve]'``.
"""

from __future__ import annotations

from planner.viewer.app import create_app
from planner.viewer.server import run

__all__ = ["create_app", "run"]
