"""Networks as other programs write them: each format's file only parses; ``tables`` makes the planner's rows of it.

``recognise`` tells the format by the content, ``draft`` is what every parser fills, ``attributes`` reads the named
values that GraphML and GeoJSON carry, ``pairing`` joins the two directions of a link, ``spans`` cuts long links.
"""

from __future__ import annotations

from planner.files.foreign.draft import Draft
from planner.files.foreign.recognise import KNOWN_FORMATS, read_foreign
from planner.files.foreign.tables import Choices, Tables, make_tables

__all__ = ["KNOWN_FORMATS", "Choices", "Draft", "Tables", "make_tables", "read_foreign"]
