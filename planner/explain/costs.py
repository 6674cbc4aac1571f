"""What changes of a network cost: figures with their basis, from a TOML file."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from planner.records import Figure, Record, read_figures


class Costs(Record):
    """Prices in yuan. They belong to no network."""

    title: str
    description: str = ""
    years: Figure = Field(description="So many years of fibre lease are counted.")
    module_pair_cny: Figure = Field(description="A pair of modules that has no price of its own, installed.")
    station_cny: Figure = Field(description="A trusted node without modules.")
    fibre_cny_per_km_year: Figure = Field(description="Lease of one fibre; each pair of modules takes one.")
    relay_cny: Figure = Field(description="A higher limit on the key that a node passes on.")
    user_port_cny: Figure = Field(description="One more user port at a node.")
    module_pairs_cny: dict[str, Figure] = Field(
        default_factory=dict, description="A pair of each module that may be offered in place of another, by its id."
    )

    def pair_cny(self, module: str | None) -> float:
        """Price of a pair of modules.

        Args:
            module: The module's id; None where only a measured rate is known.
        """
        return (self.module_pairs_cny.get(module or "") or self.module_pair_cny).value

    def fibre_cny(self, length_km: float) -> float:
        """Price of a fibre over all the years that are counted.

        Args:
            length_km: Its length.
        """
        return length_km * self.fibre_cny_per_km_year.value * self.years.value


def load_costs(reference: str | Path = "assumed") -> Costs:
    """Reads prices.

    Args:
        reference: A shipped id (``assumed``), or a path to a TOML file of the same keys.

    Returns:
        The prices.

    Raises:
        InputError: There is no such file, or something in it is wrong; every problem at once.
    """
    return read_figures(Costs, reference, kind="costs", called="costs")
