"""Best settings of very many links at once: a small table of optimal settings, interpolated.

The table holds settings, not rates: the rate of a link is always the exact formula at settings that are allowed, and so
never more than the best settings give. Errors of the settings enter it squared.
"""

from __future__ import annotations

from planner.physics.settings_table.family import Family, Links, family_of
from planner.physics.settings_table.table import SettingsTable, settings_table

__all__ = ["Family", "Links", "SettingsTable", "family_of", "settings_table"]
