"""Checks of the folder: the copy of the inputs is the one planned with, the tables say what plan.json says."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from planner.errors import InputError, Problem
from planner.verify.check import Check, Ledger, number, some
from planner.verify.sets import Loads

if TYPE_CHECKING:
    from planner.network import Network
    from planner.verify.document import PlanPart
    from planner.verify.ground import Ground

INPUTS = "inputs"

_DECIDES_NOTHING = frozenset({"data/sources.toml"})
"""Read from what ships with the planner, besides the inputs: what the keys of published sources stand for."""

PAGES = {"map.html": b"<", "report.html": b"<", "plan.xlsx": b"PK", "assumptions.csv": b""}
"""The other files of a plan's folder, and how each begins."""


def check_inputs(plan: PlanPart, *, directory: Path) -> Check:
    """The copy of the inputs is complete and unchanged, byte for byte.

    Args:
        plan: The plan as it is written.
        directory: Its folder.

    Returns:
        The check.
    """
    ledger = Ledger("inputs")
    there = {f"{INPUTS}/{name}" for name in _names_under(directory / INPUTS)}
    for name in sorted(plan.inputs.keys() - there):
        ledger.require(condition=False, failure=f"'{name}' is missing")
    for name in sorted(there - plan.inputs.keys()):
        ledger.require(condition=False, failure=f"'{name}' is there, but the plan was not made with it")
    size = 0
    for name in sorted(there & plan.inputs.keys()):
        content = _read(directory / name, name=name)
        size += len(content)
        ledger.require(
            hashlib.sha256(content).hexdigest() == plan.inputs[name].lower(),
            f"'{name}' was changed: its SHA-256 is not the one the plan was made with",
        )
    return ledger.check(f"the {len(plan.inputs)} input files ({size:,} bytes) have the SHA-256 the plan was made with")


def check_alone(network: Network) -> Check:
    """The copy of the inputs is all that a plan needs: nothing that decides a number was read from elsewhere."""
    ledger = Ledger("inputs alone")
    names = [file.name for file in network.files]
    foreign = [name for name in names if not name.startswith(f"{INPUTS}/") and name not in _DECIDES_NOTHING]
    ledger.require(not foreign, f"the inputs do not hold all that was read: {some(foreign)}")
    return ledger.check(f"{len(names)} files were read to check the plan, none that decides a number from elsewhere")


def check_version(plan: PlanPart, *, known: str) -> Check:
    """The plan was written by a version whose plans this one can read."""
    ledger = Ledger("version")
    ours, theirs = known.split(".")[:2], plan.version.split(".")[:2]
    ledger.require(theirs == ours, f"the plan was written by version '{plan.version}'; this is version {known}")
    return ledger.check(f"the plan was written by version {plan.version}, this is {known}")


def check_tables(plan: PlanPart, *, ground: Ground, directory: Path) -> Check:
    """The CSV tables hold the numbers of plan.json, and workbook, map and report are there."""
    ledger = Ledger("tables and pages")
    compared = {"links": _link_rows(plan), "demands": _demand_rows(plan)}
    if not plan.before_protection:
        compared["nodes"] = _node_rows(plan, ground=ground)
    for name, right in compared.items():
        _compare_table(ledger, directory / f"{name}.csv", key=f"{name[:-1]}_id", right=right)
    counts = {
        "routes.csv": sum(len(demand.routes) for demand in plan.demands),
        "growth_routes.csv": len(plan.growth.routes),
        "bottlenecks.csv": len(plan.bottlenecks),
        "trust.csv": len(plan.demands),
        "exposure.csv": len({node for demand in plan.demands for route in demand.routes for node in route.nodes[1:-1]}),
    }
    for name, count in counts.items():
        rows = _rows(ledger, directory / name)
        ledger.require(rows is None or len(rows) == count, f"{name} has {len(rows or ())} rows, plan.json {count}")
    for name, start in PAGES.items():
        path = directory / name
        if ledger.require(path.is_file(), f"{name} is missing"):
            with path.open("rb") as file:
                ledger.require(file.read(len(start)) == start, f"{name} is not what its name says")
    return ledger.check(
        f"{', '.join(f'{name}.csv' for name in compared)}, {', '.join(counts)} agree with plan.json; "
        f"{', '.join(PAGES)} are there"
    )


def _link_rows(plan: PlanPart) -> dict[str, dict[str, float]]:
    rows = {
        link.link_id: {"key_rate_bps": link.key_rate_bps, "load_bps": link.load_bps, "utilisation": link.utilisation}
        for link in plan.links
    }
    if not plan.before_protection:
        for link in plan.links:
            rows[link.link_id]["reserved_bps"] = link.reserved_bps
    return rows


def _demand_rows(plan: PlanPart) -> dict[str, dict[str, float]]:
    return {
        demand.demand_id: {"requested_bps": demand.requested_bps, "served_bps": demand.served_bps}
        for demand in plan.demands
    }


def _node_rows(plan: PlanPart, *, ground: Ground) -> dict[str, dict[str, float]]:
    """What each node passes on, and how much of it is held in reserve: from the routes."""
    found = Loads(plan.sets, ground=ground, shared=plan.shared)
    return {
        node: {"relayed_bps": found.passed_bps(node), "reserved_bps": found.held_bps(node)} for node in ground.nodes
    }


def _names_under(folder: Path) -> Iterable[str]:
    """Every entry below a folder that is not itself a folder, as a relative path with forward slashes."""
    for root, folders, files in os.walk(folder):
        linked = [name for name in folders if (Path(root) / name).is_symlink()]
        for name in [*files, *linked]:
            yield (Path(root) / name).relative_to(folder).as_posix()


def _read(path: Path, *, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", file=name)) from None


def _rows(ledger: Ledger, path: Path) -> list[dict[str, str | None]] | None:
    if not ledger.require(path.is_file(), f"{path.name} is missing"):
        return None
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        ledger.require(condition=False, failure=f"{path.name} cannot be read: {error}")
        return None


def _compare_table(ledger: Ledger, path: Path, *, key: str, right: Mapping[str, Mapping[str, float]]) -> None:
    """Compares the numbers of one table with those of plan.json."""
    rows = _rows(ledger, path)
    if rows is None:
        return
    claimed = {_id(row.get(key), right): row for row in rows}
    ledger.require(len(claimed) == len(rows), f"{path.name} has a {key} twice")
    ledger.same_ids(f"{path.name}: rows", claimed=claimed, right=right)
    for name in claimed.keys() & right.keys():
        for column, value in right[name].items():
            cell = claimed[name].get(column)
            found = _float(cell)
            ledger.require(
                found is not None and abs(found - value) <= 1e-9 * abs(value),
                f"{path.name}: {column} of '{name}' is {cell}, in plan.json {number(value)}",
            )


def _id(cell: str | None, known: Mapping[str, object]) -> str:
    """An id as it was before an apostrophe kept spreadsheets from taking it for a formula."""
    text = cell or ""
    return text if text in known else text.removeprefix("'")


def _float(cell: str | None) -> float | None:
    try:
        return float(cell or "")
    except ValueError:
        return None
