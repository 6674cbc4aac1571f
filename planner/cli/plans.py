"""Commands that make plans, check them and show them."""

from __future__ import annotations

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.app import Json, NetworkArgument, app, print_json, warn
from planner.errors import AnswerNo, UsageError

if TYPE_CHECKING:
    from planner.network import Network
    from planner.plan import Plan


class Objective(StrEnum):
    """What a plan seeks."""

    FAIR = "fair"
    TOTAL = "total"


@app.command()
def plan(
    network: NetworkArgument,
    *,
    objective: Annotated[
        Objective, typer.Option(help="Serve all alike (fair), or the most bits in all (total).")
    ] = Objective.FAIR,
    shared: Annotated[
        bool,
        typer.Option("--shared", help="Protection routes share what no single failure calls for at once."),
    ] = False,
    demands: Annotated[Path | None, typer.Option(help="Demands to plan instead of the network's own.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write the plan here; without it, nothing.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 4 where a demand gets less key or protection than it asks for.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Plan a network: budgets, routes, allocation, protection, bottlenecks, map and report."""
    from planner.files import load
    from planner.plan import make_plan
    from planner.report.answer import summary
    from planner.report.plan_screen import show_plan
    from planner.report.terminal import progress_bar, say

    read = load(network, demands=demands)
    with progress_bar() as progress:
        made = make_plan(read, objective=objective.value, shared=shared, progress=progress)
    written = None if output is None else made.save(output)
    if as_json:
        print_json(made.as_dict())
    else:
        say(*summary(made), "")
        show_plan(made)
        if written is None:
            say("", "Nothing was written; -o DIR writes map, report, workbook and tables.", stream=sys.stderr)
        else:
            say("", f"Map:    {written / 'map.html'}", f"Report: {written / 'report.html'}", f"All:    {written}")
    warn(made.warnings)
    if strict:
        _insist(made)


def _insist(plan: Plan) -> None:
    """Raises where a demand gets less key, or less protection, than it asks for."""
    found = []
    if unmet := plan.unmet:
        verb = "is" if len(unmet) == 1 else "are"
        found.append(f"{len(unmet)} of {len(plan.demands)} demands {verb} not met in full: {', '.join(unmet)}")
    if short := [shortfall.demand_id for shortfall in plan.shortfalls]:
        who = "1 demand gets" if len(short) == 1 else f"{len(short)} demands get"
        found.append(f"{who} less protection than asked for: {', '.join(short)}")
    if found:
        raise AnswerNo("; ".join(found))


@app.command()
def verify(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="What `planner plan -o DIR` wrote.")],
    *,
    as_json: Json = False,
) -> None:
    """Check a plan's promises and its proof of optimality from its inputs alone."""
    from planner.report.terminal import show_verification
    from planner.verify import verify_plan

    verification = verify_plan(directory)
    if as_json:
        checks = [{"name": c.name, "passed": c.passed, "detail": c.detail} for c in verification.checks]
        print_json({"ok": verification.ok, "checks": checks})
    else:
        show_verification(verification)
    if not verification.ok:
        failed = [c.name for c in verification.checks if not c.passed]
        raise AnswerNo(f"the plan does not verify: {'; '.join(failed)}")


@app.command("map")
def map_command(
    source: Annotated[str, typer.Argument(metavar="NETWORK_OR_PLAN", help="A network, or the folder of a saved plan.")],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The HTML file to write.")],
    tiles: Annotated[
        str | None, typer.Option(metavar="NAME", help="Online background: openstreetmap, gaode or gaode-satellite.")
    ] = None,
    night: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="The day whose night's satellite passes are shown."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Draw the map: one HTML file that opens without internet."""
    from planner.files import write_atomic
    from planner.report.map import map_html
    from planner.report.map_passes import NIGHT
    from planner.report.terminal import say
    from planner.report.tiles import find_tiles

    background = find_tiles(tiles)
    page = map_html(_network_or_plan(source), tiles=background, night=night.date() if night else NIGHT)
    write_atomic(output, page.encode("utf-8"))
    if as_json:
        print_json({"file": str(output), "bytes": output.stat().st_size})
    else:
        say(f"Map: {output}")


def _network_or_plan(source: str) -> Network | Plan:
    from planner.files import load
    from planner.plan import read_plan

    return read_plan(source) if (Path(source) / "plan.json").is_file() else load(source)


@app.command("export")
def export_command(
    source: Annotated[str, typer.Argument(metavar="NETWORK_OR_PLAN", help="A network, or the folder of a saved plan.")],
    *,
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE", help="The file; its ending is .png, .svg, .pdf, .geojson, .kml or .gpkg."
        ),
    ],
    as_json: Json = False,
) -> None:
    """Write a network or plan for other programs: a static map, GeoJSON, KML or GeoPackage."""
    from planner.report.exports import check_ending, export
    from planner.report.terminal import say

    check_ending(output.suffix)
    export(_network_or_plan(source), output)
    if as_json:
        print_json({"file": str(output), "bytes": output.stat().st_size})
    else:
        say(f"Written: {output}")


@app.command()
def serve(
    network: NetworkArgument,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on; any but loopback needs a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    token: Annotated[str | None, typer.Option(help="Secret for addresses other than loopback.")] = None,
    as_json: Json = False,
) -> None:
    """Serve the map and the plan to a browser, on this machine only unless told otherwise."""
    from planner.files import load

    try:
        from planner.viewer import run
    except ModuleNotFoundError as missing:
        raise UsageError(f"serving needs {missing.name}: pip install 'qkd-trunk-planner[serve]'") from None
    run(load(network), host=host, port=port, token=token, announce=_announce_json if as_json else _announce)


def _announce(url: str) -> None:
    from planner.report.terminal import say

    say(f"Open {url} in a browser. Ctrl-C stops.")
    sys.stdout.flush()


def _announce_json(url: str) -> None:
    print_json({"url": url})
    sys.stdout.flush()
