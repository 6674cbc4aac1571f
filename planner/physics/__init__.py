"""Physics of QKD links: pure functions on NumPy arrays; no table and no graph. Its one entry is `key_rate`."""

from planner.physics.key_rate import KeyRate, key_rate
from planner.physics.module import PARAMETERS, Module, load_module, parse_module

__all__ = ["PARAMETERS", "KeyRate", "Module", "key_rate", "load_module", "parse_module"]
