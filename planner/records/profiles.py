"""Profiles: many figures of one thing in a TOML file, each with a basis and a source of its own where that is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydantic import Field

from planner.records.fields import SOURCED, Basis, Prose, Record, Rule, Text


def _unsourced(row: Mapping[str, Any]) -> str | None:
    for key, basis in row["parameter_basis"].items():
        if basis != "assumed" and key not in row["parameter_source"] and row["source"] is None:
            return f"the basis '{basis}' of {key} needs a parameter_source"
    return None


def figures_known(what: str, record: Callable[[], type[Record]]) -> Rule:
    """Only figures, the numbers of a record, have a basis or a source of their own.

    Args:
        what: What the record is of, in messages.
        record: Gives the class of the record.
    """

    def unknown(row: Mapping[str, Any]) -> str | None:
        fields = record().model_fields
        for column in ("parameter_basis", "parameter_source"):
            for key in row[column]:
                if key not in fields or fields[key].annotation not in (float, float | None):
                    return f"{column} names '{key}', which is no figure of a {what}"
        return None

    return Rule(("parameter_basis", "parameter_source"), unknown)


class ProfileRecord(Record):
    """What every profile says besides its figures."""

    rules: ClassVar[tuple[Rule, ...]] = (SOURCED, Rule(("parameter_basis", "parameter_source"), _unsourced))

    title: Text = Field(description="Title for people.")
    title_local: Text | None = Field(default=None, description="Title in the local script.")
    note: Prose | None = Field(default=None, description="Remarks.")
    basis: Basis = Field(default="assumed", description="How the figures are known that parameter_basis does not name.")
    source: Text | None = Field(default=None, description="Key of sources.toml; required unless assumed.")
    parameter_basis: dict[str, Basis] = Field(default_factory=dict, description="Basis of single figures.")
    parameter_source: dict[str, Text] = Field(default_factory=dict, description="Source of single figures.")
