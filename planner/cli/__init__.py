"""The command line: one short function a command, which parses, calls and prints.

``app`` holds what the commands share, ``answers`` those that answer a question, ``plans`` those that make plans and
show them, ``failures`` those that let things fail, ``conversion`` the one between formats.
"""

from __future__ import annotations

from planner.cli import answers, plans
from planner.cli import conversion as conversion
from planner.cli import failures as failures  # after the plans: the order of the help
from planner.cli.app import app

__all__ = ["answers", "app", "conversion", "failures", "plans"]
