"""Commands that let things fail: what breaks when they do, and what part of the time each demand gets key."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from planner.cli.app import Json, NetworkArgument, app, json_bytes, print_json, rows, warn
from planner.errors import AnswerNo


class Of(StrEnum):
    """What fails."""

    LINKS = "links"
    NODES = "nodes"
    BOTH = "both"


@app.command()
def fail(
    network: NetworkArgument,
    *,
    order: Annotated[int, typer.Option(min=1, max=2, help="How many things fail at once.")] = 1,
    of: Annotated[Of, typer.Option(help="What fails: links with their risk groups, nodes, or both.")] = Of.BOTH,
    demands: Annotated[Path | None, typer.Option(help="Demands to look at instead of the network's own.")] = None,
    allocate: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="Allocate anew after the N worst; default: all single ones, 20 pairs or more."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write all failures into a CSV or JSON file.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 4 where a failure cuts a demand off.")] = False,
    as_json: Json = False,
) -> None:
    """Let every link, risk group and node fail: who is cut off, what is left, what is served."""
    from planner.budget import link_budget
    from planner.demand import demand_rates
    from planner.failure import sweep_failures
    from planner.files import load, write_atomic
    from planner.report.failures import failure_document, failure_table, show_failures
    from planner.report.tables import csv_bytes
    from planner.report.terminal import progress_bar, say

    read = load(network, demands=demands)
    with progress_bar() as progress:
        sweep = sweep_failures(
            read,
            budget=link_budget(read),
            demands=demand_rates(read),
            order=2 if order == 2 else 1,
            of=of.value,
            allocate_worst=allocate,
            progress=progress,
        )
    if output is not None:
        as_text = output.suffix.lower() == ".json"
        write_atomic(output, json_bytes(failure_document(sweep)) if as_text else csv_bytes(failure_table(sweep)))
    if as_json:
        print_json(failure_document(sweep))
    else:
        show_failures(sweep)
        say(*([] if output is None else ["", f"Written: {output}"]))
    warn(read.notes)
    if strict and not sweep.cutting.empty:
        raise AnswerNo(f"{sweep.cut_by:,} of {sweep.looked_at:,} failures cut a demand off")


@app.command()
def availability(
    network: NetworkArgument,
    *,
    demands: Annotated[Path | None, typer.Option(help="Demands to plan instead of the network's own.")] = None,
    reliability: Annotated[
        str, typer.Option(metavar="FILE", help="Rates of failure and repair: shipped, or a TOML file.")
    ] = "assumed",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write all demands into a CSV file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what part of the time each demand gets key over the routes of its plan."""
    from planner.availability import demand_availability, load_reliability
    from planner.files import load, write_atomic
    from planner.plan import make_plan
    from planner.report.availability import show_availability
    from planner.report.tables import csv_bytes
    from planner.report.terminal import progress_bar, say

    read, figures = load(network, demands=demands), load_reliability(reliability)
    with progress_bar() as progress:
        plan = make_plan(read, progress=progress)
    table = demand_availability(read, demands=plan.demands, routes=plan.routes, reliability=figures)
    table = table.sort_values(["minutes_down_per_year", "demand_id"], ascending=[False, True]).reset_index(drop=True)
    if output is not None:
        write_atomic(output, csv_bytes(table))
    if as_json:
        print_json({"network": read.name, "reliability": figures.model_dump(), "demands": rows(table)})
    else:
        show_availability(read, table, reliability=figures)
        say(*([] if output is None else ["", f"Written: {output}"]))
    warn(plan.warnings)
