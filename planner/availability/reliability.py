"""How often things fail and how long a repair takes: figures with their basis, from a TOML file."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from planner.records import Figure, Record, read_figures

HOURS_PER_YEAR = 8766.0
"""Of a year of 365.25 days."""


class Reliability(Record):
    """Rates of failure and mean times to repair."""

    title: str
    description: str = ""
    fibre_failures_per_km_year: Figure = Field(description="Cuts of the cable on a kilometre in a year.")
    fibre_repair_h: Figure = Field(description="Hours until a cut is spliced.")
    module_pair_failures_per_year: Figure = Field(description="Failures of a transmitter and receiver in a year.")
    module_pair_repair_h: Figure = Field(description="Hours until a module is replaced.")
    node_failures_per_year: Figure = Field(description="Failures of a whole site in a year.")
    node_repair_h: Figure = Field(description="Hours until a site works again.")
    risk_group_failures_per_year: Figure = Field(description="Failures of a whole risk group in a year.")
    risk_group_repair_h: Figure = Field(description="Hours until its links work again.")

    def fibre(self, length_km: float) -> float:
        """Part of the time that a fibre of a length is cut."""
        return unavailability(self.fibre_failures_per_km_year.value * length_km, repair_h=self.fibre_repair_h.value)

    @property
    def module_pair(self) -> float:
        """Part of the time that a pair of modules does not work."""
        return unavailability(self.module_pair_failures_per_year.value, repair_h=self.module_pair_repair_h.value)

    @property
    def node(self) -> float:
        """Part of the time that a site does not work."""
        return unavailability(self.node_failures_per_year.value, repair_h=self.node_repair_h.value)

    @property
    def risk_group(self) -> float:
        """Part of the time that a risk group is down as a whole."""
        return unavailability(self.risk_group_failures_per_year.value, repair_h=self.risk_group_repair_h.value)


def unavailability(failures_per_year: float, *, repair_h: float) -> float:
    """Part of the time in repair: ``repair / (repair + time to failure)``, the limit of an alternating renewal process.

    Args:
        failures_per_year: Failures in a year of work.
        repair_h: Mean time to repair.

    Example:
        >>> round(unavailability(1.0, repair_h=8.766), 6)
        0.000999
    """
    down_h = failures_per_year * repair_h
    return down_h / (HOURS_PER_YEAR + down_h)


def load_reliability(reference: str | Path = "assumed") -> Reliability:
    """Reads rates of failure and repair.

    Args:
        reference: A shipped id (``assumed``), or a path to a TOML file of the same keys.

    Returns:
        The figures.

    Raises:
        InputError: There is no such file, or something in it is wrong; every problem at once.
    """
    return read_figures(Reliability, reference, kind="reliability", called="reliability figures")
