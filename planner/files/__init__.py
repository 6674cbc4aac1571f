"""Ways in and out: networks are read from folders and workbooks, with every problem at once, and written out."""

from __future__ import annotations

from planner.files.atomic import write_atomic
from planner.files.catalogue import catalogue
from planner.files.loading import load
from planner.files.writing import input_files

__all__ = ["catalogue", "input_files", "load", "write_atomic"]
