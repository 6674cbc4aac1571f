"""A plan's folder: everything about a plan, written all or nothing."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from planner.errors import InputError
from planner.report.exchange import replacement, write_flushed
from planner.report.tables import CSV_TABLES, csv_bytes, plan_tables

if TYPE_CHECKING:
    from planner.plan import Plan, Progress

PLAN_FILES = ("plan.json", "map.html", "report.html", "plan.xlsx", *(f"{name}.csv" for name in CSV_TABLES))
"""The files of a plan, besides its copy of the inputs below ``inputs/``."""

_MARKS = {"network", "demands", "links", "growth", "inputs", "version"}
"""A ``plan.json`` that has these keys was written by the planner."""


def save_plan(plan: Plan, directory: str | Path, *, progress: Progress | None = None) -> Path:
    """Writes a plan into a folder: ``plan.json``, tables, workbook, map, report and a copy of the inputs.

    All or nothing: everything is written beside the folder and put in its place in one step, so that a failure
    or the death of the process at any moment leaves an earlier plan there whole. Files in the folder that are
    not part of the earlier plan are kept. The same plan gives the same bytes.

    Args:
        plan: The plan.
        directory: Where to; made if it does not exist. A symbolic link to a folder stays, its folder is replaced.
        progress: Called with (what, steps done, steps in all) as the work goes on.

    Returns:
        The directory, as given.

    Raises:
        InputError: The directory is a file, holds something but no plan, is in use as the current directory, or
            cannot be written.
    """
    target = Path(os.path.realpath(directory))
    check = partial(_check_target, target, shown=directory)
    try:
        check()
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacement(target, carry_over=partial(_carry_over, target), may_replace=check) as new:
            for name, content in _contents(plan, progress=progress or _silent):
                place = new / PurePosixPath(name)
                place.parent.mkdir(parents=True, exist_ok=True)
                write_flushed(place, content)
    except OSError as error:
        raise InputError(f"cannot write the plan to '{directory}': {error.strerror or error}") from error
    return Path(directory)


def _silent(_what: str, _done: int, _total: int) -> None:
    """Tells nobody."""


def _contents(plan: Plan, *, progress: Progress) -> Iterator[tuple[str, bytes]]:
    """The files of a plan: name and content."""
    from planner.report.map import map_html
    from planner.report.page import report_html
    from planner.report.workbook import workbook_bytes

    progress("writing the tables", 0, 4)
    for file in plan.inputs:
        yield f"inputs/{file.name}", file.content
    document = json.dumps(plan.as_dict(), ensure_ascii=False, allow_nan=False, indent=1)
    yield "plan.json", f"{document}\n".encode()
    tables = plan_tables(plan)
    for name in CSV_TABLES:
        yield f"{name}.csv", csv_bytes(tables[name])
    progress("writing the workbook", 1, 4)
    yield "plan.xlsx", workbook_bytes(plan)
    progress("writing the report", 2, 4)
    yield "report.html", report_html(plan).encode()
    progress("drawing the map", 3, 4)
    yield "map.html", map_html(plan).encode()
    progress("written", 4, 4)


def _check_target(target: Path, *, shown: str | Path) -> None:
    """Raises unless the folder may be replaced."""
    if not target.exists():
        return
    if not target.is_dir():
        raise InputError(f"'{shown}' is a file; a plan needs a folder")
    here = Path.cwd()
    if here == target or target in here.parents:
        message = "is the current directory or holds it, and a plan's folder is replaced as a whole"
        raise InputError(f"'{shown}' {message}; name a folder below it")
    if any(target.iterdir()) and _earlier_plan(target) is None:
        raise InputError(
            f"'{shown}' is not empty and holds no plan of the planner (no plan.json); it is left as it is: "
            "name another folder"
        )


def _earlier_plan(folder: Path) -> dict[str, Any] | None:
    try:
        document = json.loads((folder / "plan.json").read_bytes())
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) and document.keys() >= _MARKS else None


def _carry_over(old: Path, new: Path) -> None:
    """Brings along the files of an earlier folder that the planner did not write."""
    if not old.is_dir():
        return
    earlier = _earlier_plan(old) or {}
    inputs = earlier.get("inputs")
    ours = {*PLAN_FILES, *(inputs if isinstance(inputs, dict) else ())}
    for folder, folders, names in os.walk(old, onerror=_raise):
        here = Path(folder).relative_to(old)
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for place in (here / name for name in sorted([*names, *links])):
            if place.as_posix() not in ours and not os.path.lexists(new / place):
                (new / place.parent).mkdir(parents=True, exist_ok=True)
                _link_or_copy(old / place, new / place)
        for place in (here / name for name in folders if name not in links):
            if place.parts[0] != "inputs":
                (new / place).mkdir(parents=True, exist_ok=True)


def _raise(error: OSError) -> None:
    """What cannot be read cannot be kept, so it must not be replaced."""
    raise error


def _link_or_copy(source: Path, goal: Path) -> None:
    """A second name for the same file, which stays when the first goes; a copy where there is no such thing."""
    try:
        os.link(source, goal, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(source, goal, follow_symlinks=False)
