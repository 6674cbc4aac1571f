"""The command line: one short function a command, which parses, calls and prints.

``app`` holds what the commands share, ``answers`` those that answer a question, ``plans`` those that make plans and
show them, ``explaining`` the one that says what would help, ``failures`` those that let things fail, ``conversion`` the
one between formats.
"""

from __future__ import annotations

from planner.cli import answers, plans
from planner.cli import conversion as conversion
from planner.cli import explaining as explaining  # after the plans: the order of the help
from planner.cli import failures as failures
from planner.cli.app import app

__all__ = ["answers", "app", "conversion", "explaining", "failures", "plans"]
