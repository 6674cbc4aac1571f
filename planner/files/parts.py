"""One network's own files: what a folder or a workbook holds, before it is joined with others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from planner.errors import InputError, Problem
from planner.files.cells import CellError, convert, is_blank
from planner.files.reading import exists
from planner.files.rows import Defaults, Home, Row, read_defaults, read_rows
from planner.files.tables import Line, csv_lines, table_of
from planner.files.text import read_text, read_toml, toml_row
from planner.files.wording import problems_of
from planner.files.workbook import read_sheets, sheet_name
from planner.records import TABLES, LinkRecord, NetworkInfo, split_list

if TYPE_CHECKING:
    from planner.files.reading import Reading

INFO_FILE = "network.toml"
INFO_SHEET = "network"
_NEAR = "did you mean"


@dataclass(frozen=True)
class Part:
    """What one network says itself.

    Attributes:
        home: Where it lives.
        info: What network.toml (or the sheet ``network``) says; None where it could not be understood.
        info_file: That file's name in messages.
        info_rows: The rows of its dotted keys.
        include: The networks that it includes; None where that could not be understood.
        rows: The rows of each table; None where the table is missing or could not be understood.
        defaults: What blank cells of its links take.
    """

    home: Home
    info: NetworkInfo | None
    info_file: str
    info_rows: Mapping[str, int | None]
    include: tuple[str, ...] | None
    rows: Mapping[str, list[Row] | None]
    defaults: Defaults


@dataclass(frozen=True)
class _Raw:
    """The cells of a network, not yet understood.

    Attributes:
        info: What network.toml says; None where it could not be read.
        info_file: Its name in messages.
        info_rows: The rows of its dotted keys.
        tables: The name in messages and the rows of each table that is there.
        missing: What to say of each table that is not there.
        optional: Tables that may be left out.
    """

    info: Mapping[str, Any] | None
    info_file: str
    info_rows: Mapping[str, int | None]
    tables: Mapping[str, tuple[str, list[Line]]]
    missing: Mapping[str, Problem] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()


def read_part(path: Path, *, home: Home, reading: Reading, without: frozenset[str] = frozenset()) -> Part:
    """Reads what one network says itself.

    Args:
        path: Its folder, or its workbook.
        home: Where it lives.
        reading: Takes files, problems and notes.
        without: Tables that are not to be read.

    Returns:
        The network's own rows, checked one by one.
    """
    wanted = [name for name in TABLES if name not in without]
    raw = (_read_folder if path.is_dir() else _read_workbook)(path, home=home, wanted=wanted, reading=reading)
    info = None
    defaults = Defaults(file=raw.info_file, unknown=frozenset(LinkRecord.model_fields))
    if raw.info is not None:
        info = _network_info(raw.info, raw=raw, reading=reading)
        given = _table(raw.info, "defaults")
        defaults = read_defaults(given, file=raw.info_file, rows=raw.info_rows, reading=reading)
    rows: dict[str, list[Row] | None] = {}
    for name in wanted:
        if name in raw.tables:
            file, lines = raw.tables[name]
            rows[name] = _understand(name, lines, file=file, home=home, defaults=defaults, reading=reading)
        else:
            rows[name] = _without(name, raw=raw, reading=reading)
    return Part(home, info, raw.info_file, raw.info_rows, _include(raw.info), rows, defaults)


def _without(name: str, *, raw: _Raw, reading: Reading) -> list[Row] | None:
    """The rows of a table that is not there: none where it may be left out, else None."""
    missing = raw.missing.get(name)
    if missing is None:  # it is there, but could not be read
        return None
    if (raw.info or {}).get("include"):
        if _NEAR in (missing.expected or ""):
            reading.note(missing)
        return []
    if name in raw.optional:
        reading.note(Problem("there is no such file, so the network has no demands", file=missing.file))
        return []
    reading.problems.append(missing)
    return None


def read_demands(path: Path, *, home: Home, reading: Reading) -> list[Row] | None:
    """Reads demands from a file of their own: a CSV table, or a workbook with a sheet ``demands``.

    Args:
        path: The file.
        home: The network whose services and sources the demands name.
        reading: Takes the file, problems and notes.

    Returns:
        The rows; None where the file could not be understood.
    """
    file = path.name
    try:
        if path.suffix.lower() == ".xlsx":
            sheets = read_sheets(reading.read(path, file=file), file=file)
            if "demands" not in sheets:
                raise InputError(_missing_sheet("demands", sheets, file=file))
            lines, file = sheets["demands"], sheet_name(file, "demands")
        else:
            lines = csv_lines(read_text(path, file=file, reading=reading), file=file)
    except InputError as error:
        reading.problems.extend(error.problems)
        return None
    return _understand("demands", lines, file=file, home=home, defaults=None, reading=reading)


def _understand(
    name: str, lines: list[Line], *, file: str, home: Home, defaults: Defaults | None, reading: Reading
) -> list[Row] | None:
    record = TABLES[name]
    defaults = defaults if record is LinkRecord else None
    given = frozenset() if defaults is None else frozenset(defaults.given) | defaults.unknown
    required_ends = frozenset({"link_id", "node_a", "node_b", "length_km"})
    if defaults is not None and len(defaults.unknown) == len(LinkRecord.model_fields):
        given -= required_ends  # the defaults are not known at all: they seldom give these
    table = table_of(lines, record=record, given=given, file=file, reading=reading)
    if table is None:
        return None
    rows = read_rows(table, record=record, home=home, defaults=defaults, reading=reading)
    has_ids = next(iter(record.model_fields)) in table.columns
    return rows if has_ids else None


def _read_folder(path: Path, *, home: Home, wanted: list[str], reading: Reading) -> _Raw:
    info_file, info, text = home.file(INFO_FILE), None, ""
    known = [INFO_FILE, *(f"{name}.csv" for name in TABLES)]
    if not any(exists(path / name) for name in known):
        expected = f"a network's folder has {', '.join(known)}"
        reading.problems.append(Problem("is not a network", file=home.label, expected=expected))
        return _Raw(None, info_file, {}, {})
    with reading.collecting():
        info, text = read_toml(path / INFO_FILE, file=info_file, reading=reading)
    tables: dict[str, tuple[str, list[Line]]] = {}
    missing: dict[str, Problem] = {}
    for name in wanted:
        file = home.file(f"{name}.csv")
        try:
            content = read_text(path / f"{name}.csv", file=file, reading=reading)
            tables[name] = file, csv_lines(content, file=file)
        except InputError as error:
            if exists(path / f"{name}.csv"):
                reading.problems.extend(error.problems)
            else:
                missing[name] = _missing_table(name, error.problems[0])
    keys = [*(info or {}), *(f"defaults.{key}" for key in _table(info, "defaults"))]
    # A network without demands is whole, unless the file is there under a misspelt name.
    optional = frozenset({"demands"} & missing.keys())
    if optional and _NEAR in (missing["demands"].expected or ""):
        optional = frozenset()
    return _Raw(info, info_file, {key: toml_row(text, key) for key in keys}, tables, missing, optional)


def _missing_table(name: str, problem: Problem) -> Problem:
    columns = ",".join(key for key, info in TABLES[name].model_fields.items() if info.is_required())
    return replace(problem, expected=problem.expected or f"a table; a header alone will do: {columns}")


def _include(info: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    include = None if info is None else info.get("include", [])
    if not isinstance(include, list) or not all(isinstance(name, str) for name in include):
        return None
    return tuple(name.strip() for name in include if name.strip())


def _table(info: Mapping[str, Any] | None, key: str) -> Mapping[str, Any]:
    value = (info or {}).get(key)
    return value if isinstance(value, dict) else {}


def _read_workbook(path: Path, *, home: Home, wanted: list[str], reading: Reading) -> _Raw:
    file = home.label
    info_file = sheet_name(file, INFO_SHEET)
    try:
        sheets = read_sheets(reading.read(path, file=file), file=file)
    except InputError as error:
        reading.problems.extend(error.problems)
        return _Raw(None, info_file, {}, {})
    for name in sheets:
        if name not in (INFO_SHEET, *TABLES):
            reading.note(Problem(f"the sheet '{name}' is not read", file=file))
    tables = {name: (sheet_name(file, name), sheets[name]) for name in wanted if name in sheets}
    missing = {name: _missing_sheet(name, sheets, file=file) for name in wanted if name not in sheets}
    if INFO_SHEET not in sheets:
        reading.problems.append(_missing_sheet(INFO_SHEET, sheets, file=file))
        return _Raw(None, info_file, {}, tables, missing)
    info, rows = _key_values(sheets[INFO_SHEET], file=info_file, reading=reading)
    return _Raw(info, info_file, rows, tables, missing)


def _missing_sheet(name: str, sheets: Mapping[str, Any], *, file: str) -> Problem:
    there = ", ".join(f"'{sheet}'" for sheet in sheets)
    return Problem(f"the sheet '{name}' is missing", file=file, expected=f"a sheet '{name}' beside {there}")


def _key_values(lines: list[Line], *, file: str, reading: Reading) -> tuple[dict[str, Any], dict[str, int | None]]:
    """The sheet ``network``: a key and its value in each row, ``defaults.<column>`` for defaults."""
    info: dict[str, Any] = {}
    rows: dict[str, int | None] = {}
    for position, (row, cells) in enumerate(lines):
        key, value = [*cells, None, None][:2]
        key = "" if is_blank(key) else str(key).strip()
        if (position == 0 and key == "key") or is_blank(value) or not key:
            if not key and not is_blank(value):
                reading.problems.append(Problem("a value without a key", file=file, row=row))
            continue
        if key in rows:
            reading.problems.append(
                Problem(f"the key is there twice, first in row {rows[key]}", file=file, row=row, column=key)
            )
            continue
        rows[key] = row
        table, _, column = key.partition(".")
        if table == "defaults":
            info.setdefault("defaults", {})[column] = value
            continue
        try:
            text = str(convert(value, dtype="object"))
        except CellError as error:
            reading.problems.append(Problem(str(error), file=file, row=row, column=key))
            continue
        info[key] = list(split_list(text)) if key == "include" else text
    return info, rows


def _network_info(info: Mapping[str, Any], *, raw: _Raw, reading: Reading) -> NetworkInfo | None:
    try:
        return NetworkInfo.model_validate(info)
    except ValidationError as error:
        reading.problems.extend(problems_of(error, record=NetworkInfo, file=raw.info_file, rows=raw.info_rows))
        return None
