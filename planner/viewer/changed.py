"""A network with edits applied: another network, and what went with them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from planner.errors import InputError, Problem, nearest
from planner.files.cells import quoted
from planner.files.wording import problems_of
from planner.records import (
    KEY_HOLDING_KINDS,
    DemandRecord,
    LinkRecord,
    Record,
    SourceRecord,
    column_dtype,
    split_list,
)
from planner.shipped import data_dir, read_toml
from planner.viewer import edits as wanted

if TYPE_CHECKING:
    import pandas as pd

    from planner.network import Network
    from planner.physics.module import Module

_MOST_SUGGESTIONS = 5  # a near name among ten thousand takes a tenth of a second to find

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Changed:
    """A network as edits make it.

    Attributes:
        network: The network; what was cut is not in it.
        cut_links: Ids of the links that are out of service, those at a cut node too.
        cut_nodes: Ids of the nodes that are out of service.
        cut_demands: Ids of the demands that are not in the network because they end at a cut node.
        notes: What a planner should know of the edits, in words.
    """

    network: Network
    cut_links: tuple[str, ...] = ()
    cut_nodes: tuple[str, ...] = ()
    cut_demands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def apply_edits(network: Network, edits: Iterable[wanted.Edit], *, modules: Mapping[str, Module]) -> Changed:
    """Applies edits, one after the other.

    Where a link's length or attenuation changes, a measured loss or rate no longer holds and the model takes its
    place; likewise a measured rate where the modules change. A changed row is an assumption.

    Args:
        network: The network, which stays as it is.
        edits: What to change.
        modules: The modules that a link may be given, by name. No name is ever taken for a path.

    Returns:
        The changed network.

    Raises:
        InputError: An edit names what is not there, or makes a row that is no valid record; holds every problem.
    """
    work = _Work(network, modules)
    for number, edit in enumerate(edits, start=1):
        work.apply(edit, number)
    if work.problems:
        raise InputError(work.problems)
    return work.result()


class _Work:
    """What the edits so far have changed."""

    def __init__(self, network: Network, modules: Mapping[str, Module]) -> None:
        self.problems: list[Problem] = []
        self._network = network
        self._modules = modules
        self._links = _rows(network.links, key="link_id")
        self._demands = _rows(network.demands, key="demand_id")
        self._kinds: dict[str, str] = dict(zip(network.nodes["node_id"], network.nodes["kind"], strict=True))
        self._cut_links: dict[str, None] = {}
        self._cut_nodes: dict[str, None] = {}
        self._notes: list[str] = []
        self._suggestions = 0

    def apply(self, edit: wanted.Edit, number: int) -> None:
        """Applies one edit, or takes down what is wrong with it."""
        match edit:
            case wanted.AddDemand():
                self._add_demand(edit, number)
            case wanted.ScaleDemands():
                self._scale(edit.factor, number)
            case wanted.CutNode(node_id=name):
                if self._is_known(name, among=self._kinds, column="node_id", number=number):
                    self._cut_node(name)
            case wanted.CutLink(link_id=name) | wanted.ChangeLink(link_id=name):
                if self._is_known(name, among=self._links, column="link_id", number=number):
                    self._change_link(edit, number)
            case wanted.ChangeDemand(demand_id=name) | wanted.RemoveDemand(demand_id=name):
                if self._is_known(name, among=self._demands, column="demand_id", number=number):
                    self._change_demand(edit, number)

    def result(self) -> Changed:
        """The network as it is after the edits."""
        nodes = self._network.nodes
        links = [row for name, row in self._links.items() if name not in self._cut_links]
        ended = [name for name, row in self._demands.items() if not self._cut_nodes.keys().isdisjoint(_ends(row))]
        demands = [row for name, row in self._demands.items() if name not in set(ended)]
        modules = {row["module"] for row in links if row["module"] is not None}
        network = self._network.replace(
            nodes=nodes[~nodes["node_id"].isin(list(self._cut_nodes))].reset_index(drop=True),
            links=_frame(links, record=LinkRecord),
            demands=_frame(demands, record=DemandRecord),
            modules={name: module for name, module in self._modules.items() if name in modules},
            sources=self._sources(modules),
        )
        return Changed(
            network=network,
            cut_links=tuple(self._cut_links),
            cut_nodes=tuple(self._cut_nodes),
            cut_demands=tuple(ended),
            notes=tuple(dict.fromkeys(self._notes)),
        )

    # --- links and nodes ---------------------------------------------------------------------------

    def _cut_node(self, node_id: str) -> None:
        self._cut_nodes[node_id] = None
        for name, row in self._links.items():
            if node_id in _ends(row) or node_id in split_list(row["via"]):
                self._cut_links[name] = None

    def _change_link(self, edit: wanted.CutLink | wanted.ChangeLink, number: int) -> None:
        if isinstance(edit, wanted.CutLink):
            self._cut_links[edit.link_id] = None
            return
        row = self._links[edit.link_id]
        fields = edit.model_dump(exclude={"do", "link_id"}, exclude_none=True)
        fields = {name: value for name, value in fields.items() if value != row[name]}
        if not fields:
            return
        if "module" in fields and not self._is_known(
            fields["module"], among=self._modules, column="module", number=number
        ):
            return
        is_other_span = not fields.keys().isdisjoint(("length_km", "attenuation_db_per_km"))
        if row["key_rate_bps"] is not None and row["module"] is None and "module" not in fields:
            message = f"link {quoted(edit.link_id)} has a measured key rate and no module to say what the change does"
            self._wrong(message, number, "module", expected="a module, in the same edit")
            return
        outdated = {"key_rate_bps": None, **({"loss_db": None} if is_other_span else {})}
        if any(row[name] is not None for name in outdated):
            self._notes.append(f"Link {quoted(edit.link_id)} is changed: what was measured on it no longer counts.")
        changed = row | outdated | fields | {"basis": "assumed", "source": None}
        if self._is_valid(changed, LinkRecord, number):
            self._links[edit.link_id] = changed

    # --- demands -----------------------------------------------------------------------------------

    def _scale(self, factor: float, number: int) -> None:
        if factor == 1:
            return
        most = {"rate_bps": 1e15, "units": 1e12}
        for name, row in self._demands.items():
            scaled = {key: row[key] * factor for key in most if row[key] is not None}
            if any(value > most[key] for key, value in scaled.items()):
                self._wrong(f"demand {quoted(name)} would be too large", number, "factor", expected="a smaller factor")
                return
            self._demands[name] = row | scaled | {"basis": "assumed", "source": None}

    def _change_demand(self, edit: wanted.ChangeDemand | wanted.RemoveDemand, number: int) -> None:
        if isinstance(edit, wanted.RemoveDemand):
            del self._demands[edit.demand_id]
            return
        row = self._demands[edit.demand_id]
        fields = edit.model_dump(exclude={"do", "demand_id"}, exclude_none=True)
        if "rate_bps" in fields and "units" not in fields:
            fields |= {"service": None, "units": None}
        elif "units" in fields and row["service"] is None:
            right = "rate_bps, for a demand without a service"
            self._wrong(f"demand {quoted(edit.demand_id)} has no service", number, "units", expected=right)
            return
        changed = row | fields | {"basis": "assumed", "source": None}
        if self._is_valid(changed, DemandRecord, number):
            self._demands[edit.demand_id] = changed

    def _add_demand(self, edit: wanted.AddDemand, number: int) -> None:
        found = len(self.problems)
        if edit.demand_id in self._demands:
            message = f"there is a demand {quoted(edit.demand_id)} already"
            self._wrong(message, number, "demand_id", expected="an id that no other demand has")
        for column in ("node_a", "node_b"):
            node_id = getattr(edit, column)
            if self._is_known(node_id, among=self._kinds, column=column, number=number) and (
                self._kinds[node_id] not in KEY_HOLDING_KINDS
            ):
                right = f"a node of kind {', '.join(sorted(KEY_HOLDING_KINDS))}"
                self._wrong(f"the node {quoted(node_id)} holds no keys", number, column, expected=right)
        if edit.service is not None:
            self._is_known(edit.service, among=self._network.services, column="service", number=number)
        row = edit.model_dump(exclude={"do"}) | {"basis": "assumed", "source": None}
        if len(self.problems) == found and self._is_valid(row, DemandRecord, number):
            self._demands[edit.demand_id] = row

    # --- what is wrong -----------------------------------------------------------------------------

    def _is_known(self, name: str, *, among: Mapping[str, Any], column: str, number: int) -> bool:
        if name in among:
            return True
        self._suggestions += 1
        right = nearest(name[:100], among) if self._suggestions <= _MOST_SUGGESTIONS else "the id of one that is there"
        self._wrong(f"there is no {column.removesuffix('_id')} {quoted(name)}", number, column, expected=right)
        return False

    def _is_valid(self, row: Row, record: type[Record], number: int) -> bool:
        try:
            record.model_validate(row)
        except ValidationError as error:
            self.problems.extend(problems_of(error, record=record, file=wanted.FILE, row=number))
            return False
        return True

    def _wrong(self, message: str, number: int, column: str, *, expected: str) -> None:
        self.problems.append(Problem(message, file=wanted.FILE, row=number, column=column, expected=expected))

    def _sources(self, modules: Iterable[str]) -> Mapping[str, SourceRecord]:
        """The network's sources, with those of the modules that it did not have before."""
        missing = {
            source
            for name in modules
            for source in (self._modules[name].source, *self._modules[name].parameter_source.values())
            if source is not None and source not in self._network.sources
        }
        if not missing:
            return self._network.sources
        shipped = read_toml(data_dir() / "sources.toml")
        found = {key: SourceRecord.model_validate(shipped[key]) for key in sorted(missing) if key in shipped}
        return {**self._network.sources, **found}


def _ends(row: Row) -> tuple[str, str]:
    return row["node_a"], row["node_b"]


def _rows(frame: pd.DataFrame, *, key: str) -> dict[str, Row]:
    names = list(frame.columns)
    columns = [[_value(cell) for cell in frame[name].tolist()] for name in names]
    rows = (dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True))
    return {row[key]: row for row in rows}


def _value(cell: Any) -> Any:
    """A cell as its record has it: nothing is None."""
    missing = type(cell).__name__ == "NAType" or (isinstance(cell, float) and math.isnan(cell))
    return None if missing else cell


def _frame(rows: list[Row], *, record: type[Record]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], dtype=column_dtype(record, name)) for name in record.model_fields}
    )
