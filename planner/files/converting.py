"""A network in one form becomes the same network in another: nothing is written unless all of it is right."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.errors import InputError, Problem, UsageError, nearest
from planner.files.atomic import write_atomic
from planner.files.foreign import Choices, Draft, Tables, make_tables, read_foreign
from planner.files.foreign.tables import SOURCE
from planner.files.loading import load
from planner.files.network_graphml import network_graphml
from planner.files.network_workbook import network_workbook, without_own_sources
from planner.files.writing import csv_bytes, input_files, toml_bytes
from planner.network import InputFile
from planner.records import TABLES
from planner.shipped import shipped_ids

if TYPE_CHECKING:
    from planner.network import Network

_OTHER_ENDINGS = frozenset(
    (".csv", ".geojson", ".gml", ".gpkg", ".html", ".json", ".kml", ".ods", ".pdf", ".png", ".svg", ".toml", ".tsv")
) | {".txt", ".xls", ".xml", ".zip"}


@dataclass(frozen=True)
class Conversion:
    """What was converted.

    Attributes:
        format: What was read: the format's name, or ``"network"``.
        written: What was written: ``"folder"``, ``"workbook"`` or ``"GraphML"``.
        network: The network as it was written.
        notes: The choices that were made, in words.
    """

    format: str
    written: str
    network: Network
    notes: tuple[str, ...]


def convert_network(
    source: str | os.PathLike[str], target: str | os.PathLike[str], *, choices: Choices | None = None
) -> Conversion:
    """Reads a network, or a file of another program, and writes it as a folder, a workbook or GraphML.

    Args:
        source: A shipped name, a folder, an .xlsx file, or a file in one of the formats of other programs.
        target: Where to write: a path that ends in ``.xlsx`` or ``.graphml``, or else a folder. What is there
            already stays: only an empty folder is filled.
        choices: What a foreign file leaves open; only for those.

    Returns:
        What was read and written.

    Raises:
        InputError: Anything is wrong with the input, or the target cannot be written. Nothing is left behind.
        UsageError: A choice is missing, unknown or without sense here.
    """
    target = Path(target)
    written = _kind(target)
    _check_free(target)
    choices = choices or Choices()
    if _is_network(os.fspath(source)):
        if choices != Choices():
            raise UsageError("--module, --span-km and --demand-bps-per-unit are for files of other programs")
        network, found = load(source), "network"
        files: Iterable[InputFile] = input_files(network) if written == "folder" else ()
        notes = _remarks(network, "IN")
    else:
        draft = read_foreign(Path(source))
        found = draft.format
        tables = _tables(draft, choices=choices)
        files = _folder_files(draft, tables, choices=choices, source=Path(source))
        network, remarks = _read_back(files, name=target.stem if written != "folder" else target.name)
        notes = [*tables.notes, *remarks]
    if written == "folder":
        _write_folder(target, files)
    elif written == "workbook":
        network, lost = without_own_sources(network)
        notes += lost
        write_atomic(target, _workbook(network))
    else:
        write_atomic(target, network_graphml(network))
        if len(network.demands):
            notes.append(f"GraphML has no place for demands: {len(network.demands)} are not written")
    return Conversion(found, written, network, tuple(notes))


def _kind(target: Path) -> str:
    ending = target.suffix.lower()
    if ending in _OTHER_ENDINGS:
        raise UsageError(f"{target}: a network is written as a folder, .xlsx or .graphml, not {ending}")
    return {".xlsx": "workbook", ".graphml": "GraphML"}.get(ending, "folder")


def _check_free(target: Path) -> None:
    shown = str(target)
    try:
        if target.is_dir() and any(target.iterdir()):
            raise InputError(Problem("is there already and not empty", file=shown, expected="a new name"))
        if target.is_dir() and target.suffix.lower() in (".xlsx", ".graphml"):
            raise InputError(Problem("is a folder, where a file is to be written", file=shown))
        if (target.exists() or target.is_symlink()) and not target.is_dir():
            raise InputError(Problem("is there already", file=shown, expected="a new name"))
        if not target.absolute().parent.is_dir():
            message = f"cannot be written: there is no folder '{target.parent}'"
            raise InputError(Problem(message, file=shown))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(Problem(f"cannot be written: {reason}", file=shown)) from None


def _is_network(source: str) -> bool:
    """Whether it is one of the planner's own networks, or nothing that is there."""
    path = Path(source)
    if source.lower().endswith(".xlsx"):
        return True
    try:
        if path.is_file():
            return False
    except ValueError:
        return True
    return path.is_dir() or source in shipped_ids("networks") or not path.suffix


def _tables(draft: Draft, *, choices: Choices) -> Tables:
    tables = make_tables(draft, choices=choices)
    known = shipped_ids("modules")
    if choices.module is not None and choices.module not in known:
        raise UsageError(
            f"--module {choices.module}: no shipped module has this name; {nearest(choices.module, known)}"
        )
    if tables.needs_module and choices.module is None:
        raise UsageError(
            f"{draft.file} names no modules for its {tables.needs_module} links, and there is no default: "
            f"say --module with one of {', '.join(known)}"
        )
    if choices.module is not None and not tables.needs_module:
        tables.notes.append("--module was not needed: every link names a module or a measured rate")
    return tables


def _folder_files(draft: Draft, tables: Tables, *, choices: Choices, source: Path) -> tuple[InputFile, ...]:
    title = " ".join("".join(c if c.isprintable() else " " for c in (draft.title or source.stem)).split())[:200]
    sentences = [
        f"Imported from {draft.format} by planner convert.",
        *(f"{n[:1].upper()}{n[1:]}." for n in tables.notes),
    ]
    info: dict[str, Any] = {"title": title or "imported", "description": " ".join(sentences)[:19_000]}
    if choices.module is not None and tables.needs_module:
        info["defaults"] = {"module": choices.module}
    contents = {"network.toml": toml_bytes(info)}
    for name, record in TABLES.items():
        rows = getattr(tables, name)
        columns = [
            column
            for column, about in record.model_fields.items()
            if about.is_required() or column == "rate_bps" or any(row.get(column) is not None for row in rows)
        ]
        contents[f"{name}.csv"] = csv_bytes(([row.get(column) for column in columns] for row in rows), columns=columns)
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    citation = f"The file {draft.file}, {draft.format}, SHA-256 {sha256}; licence and origin: see there."
    contents["sources.toml"] = toml_bytes({SOURCE: {"citation": citation}})
    return tuple(InputFile(name=name, content=content) for name, content in sorted(contents.items()))


def _read_back(files: Iterable[InputFile], *, name: str) -> tuple[Network, list[str]]:
    """Reads the files as `planner check` will, before they are put in place."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / (name or "network")
        _fill(folder, files)
        network = load(folder)
    return network, _remarks(network, "OUT")


def _remarks(network: Network, which: str) -> list[str]:
    """That there are remarks: they stand in `planner check`, and may be as many as links."""
    return [f"`planner check {which}` tells more; its remarks: {len(network.notes)}"] if network.notes else []


def _workbook(network: Network) -> bytes:
    """The workbook, once it was seen that what it names means the same without the network's folder."""
    content = network_workbook(network)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "network.xlsx"
        path.write_bytes(content)
        again = load(path)
    problems = [
        Problem(f"'{name}' is not what ships under this name, and a workbook holds tables only", expected="a folder")
        for kind in ("modules", "services", "coexistence", "satellites")
        for name, meaning in sorted(getattr(network, kind).items())
        if getattr(again, kind).get(name, meaning) != meaning
    ]
    if problems:
        raise InputError(problems)
    return content


def _fill(folder: Path, files: Iterable[InputFile]) -> None:
    for file in files:
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)


def _write_folder(target: Path, files: Iterable[InputFile]) -> None:
    """Writes the folder beside its place and moves it there in one step."""
    target = Path(os.path.realpath(target))
    new = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        _fill(new, files)
        if target.is_dir():
            target.rmdir()  # only where it is empty
        new.rename(target)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(Problem(f"cannot be written: {reason}", file=str(target))) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
