"""A network as one Excel workbook, which `planner` reads like a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.errors import InputError, Problem
from planner.files.saved import saved_workbook
from planner.records import TABLES
from planner.shipped import data_dir, read_toml, shipped_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openpyxl.worksheet.worksheet import Worksheet

    from planner.network import Network

_LONGEST_TEXT = 32_767


def network_workbook(network: Network) -> bytes:
    """The sheets ``network``, ``nodes``, ``links`` and ``demands``; the same network gives the same bytes.

    Args:
        network: The network; what it names must ship with the planner, since a workbook holds tables only.

    Returns:
        The bytes of the .xlsx file.

    Raises:
        InputError: It names a module, service, profile or source that does not ship, or has a text that is too long.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    problems = list(_left_behind(network))
    if problems:
        raise InputError(problems)
    book = Workbook()
    info = {name: getattr(network, name) for name in ("title", "title_local", "description")}
    sheet: Any = book.active
    sheet.title = "network"
    _fill(sheet, [["key", "value"], *([key, value] for key, value in info.items() if value is not None)])
    for name, record in TABLES.items():
        frame = getattr(network, name)
        columns = [
            column
            for column, about in record.model_fields.items()
            if about.is_required() or column == "rate_bps" or frame[column].notna().any()
        ]
        rows = zip(*(frame[column] for column in columns), strict=True)
        _fill(book.create_sheet(name), [columns, *rows])
    for filled in book.worksheets:
        filled.freeze_panes = "B2"
        for column, cell in enumerate(filled[1], start=1):
            cell.font = Font(bold=True)
            filled.column_dimensions[get_column_letter(column)].width = max(10, len(str(cell.value)) + 3)
    return saved_workbook(book)


def without_own_sources(network: Network) -> tuple[Network, list[str]]:
    """The network with every source a shipped one: rows that rest on another become assumed, which is noted.

    Args:
        network: The network.

    Returns:
        The network, and a note where anything was changed.
    """
    shipped = read_toml(data_dir() / "sources.toml")
    own = [
        key for key, source in network.sources.items() if source.model_dump(exclude_defaults=True) != shipped.get(key)
    ]
    if not own:
        return network, []
    tables = {}
    rows = 0
    for name in TABLES:
        frame = getattr(network, name)
        lost = frame["source"].isin(own)
        rows += int(lost.sum())
        basis, source = frame["basis"].mask(lost, "assumed"), frame["source"].astype("object").mask(lost, None)
        tables[name] = frame.assign(basis=basis.astype("object"), source=source.astype("object"))
    kept = {key: source for key, source in network.sources.items() if key not in own}
    note = f"a workbook has no place for sources of its own; rows that rest on them, written as assumed: {rows}"
    return network.replace(**tables, sources=kept), [note]


def _left_behind(network: Network) -> Iterator[Problem]:
    """What the tables name that does not ship: a workbook has no place for it."""
    shipped = {
        "module": set(shipped_ids("modules")),
        "service": set(shipped_ids("services")),
        "coexistence profile": set(shipped_ids("coexistence")),
        "satellite": set(shipped_ids("satellites")),
    }
    named = {
        "module": network.modules,
        "service": network.services,
        "coexistence profile": network.coexistence,
        "satellite": network.satellites,
    }
    for kind, names in named.items():
        for name in sorted(set(names) - shipped[kind]):
            message = f"the {kind} '{name}' does not ship with the planner, and a workbook holds tables only"
            yield Problem(message, expected="a folder, which holds it too")
    for table in TABLES:
        frame = getattr(network, table)
        for column in frame.columns[(frame.dtypes == "object").to_numpy()]:
            lengths = [len(value) for value in frame[column] if isinstance(value, str)]
            if max(lengths, default=0) > _LONGEST_TEXT:
                message = f"a text is longer than the {_LONGEST_TEXT:,} letters that a cell holds"
                yield Problem(message, file=f"{table}.csv", column=column, expected="a folder")


def _fill(sheet: Worksheet, rows: list[Any]) -> None:
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            if value is None or str(value) == "<NA>" or value != value:  # noqa: PLR0124 (only NaN differs from itself)
                continue
            cell = sheet.cell(row=number, column=column)
            cell.value = value.item() if hasattr(value, "item") else value
            if isinstance(value, str):  # never a formula
                cell.data_type = "s"
                cell.quotePrefix = True
