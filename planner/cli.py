"""The command line: one short function a command, which parses, calls and prints."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from planner import __version__
from planner.errors import AnswerNo, InputError, PlannerError, UsageError

if TYPE_CHECKING:
    import pandas as pd


class Commands(TyperGroup):
    """The commands. An error of the planner becomes plain lines on standard error and its exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Runs a command."""
        try:
            return super().invoke(ctx)
        except PlannerError as error:
            _complain(error)
            raise typer.Exit(error.exit_code) from None


app = typer.Typer(
    cls=Commands,
    help="Plan quantum-key-distribution trunk networks: key-rate budgets, routes, allocation with proof, maps.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class By(StrEnum):
    """What makes a route the best."""

    RATE = "rate"
    LENGTH = "length"
    HOPS = "hops"


class Disjoint(StrEnum):
    """What the routes of a set may not share."""

    LINK = "link"
    NODE = "node"


NetworkArgument = Annotated[
    str, typer.Argument(metavar="NETWORK", help="A shipped network (see `planner list`), a folder or an .xlsx file.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def _complain(error: PlannerError) -> None:
    from planner.report.terminal import say

    problems = error.problems if isinstance(error, InputError) else (error,)
    say(*(str(problem) for problem in problems), stream=sys.stderr, style="red")
    if len(problems) > 1:
        say(f"{len(problems)} problems.", stream=sys.stderr)


def _print_json(document: Any) -> None:
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(document, indent=2, allow_nan=False, ensure_ascii=not utf8) + "\n")


def _plain(value: Any) -> Any:
    """A cell as JSON has it: null for a blank, a list for several."""
    if value is None or value != value:  # noqa: PLR0124 (only NaN differs from itself)
        return None
    return value.item() if hasattr(value, "item") else value


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): _plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _warn(lines: tuple[str, ...]) -> None:
    from planner.report.terminal import say

    say(*(f"Note: {line}" for line in lines), stream=sys.stderr, style="yellow")


def _version(value: bool) -> None:  # noqa: FBT001 (typer's callback)
    if value:
        typer.echo(f"planner {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Plan quantum-key-distribution trunk networks."""


@app.command("list")
def list_command(*, as_json: Json = False) -> None:
    """List the shipped networks, modules and services."""
    from planner.files import catalogue

    shipped = catalogue()
    if as_json:
        _print_json(shipped)
        return
    from planner.report.terminal import say, show_table

    for kind, entries in shipped.items():
        rows = [[entry["id"], entry["title"], entry.get("title_local") or ""] for entry in entries]
        show_table(kind.capitalize(), columns=[("id", "left"), ("title", "left"), ("", "left")], rows=rows)
        say("")


@app.command()
def check(network: NetworkArgument, *, as_json: Json = False) -> None:
    """Read and check everything; say what is wrong, all at once."""
    from planner.files import load
    from planner.report.terminal import say
    from planner.report.words import count, quantity

    read = load(network)
    basis = {name: int((read.links["basis"] == name).sum()) for name in ("published", "derived", "assumed")}
    length_km = float(read.links["length_km"].sum())
    if as_json:
        _print_json(
            {
                "network": read.name,
                "title": read.title,
                "nodes": len(read.nodes),
                "links": len(read.links),
                "demands": len(read.demands),
                "length_km": length_km,
                "links_by_basis": basis,
                "notes": list(read.notes),
            }
        )
    else:
        say(
            f"{read.title}: everything is in order.",
            f"{count(len(read.nodes), 'node')}, {count(len(read.links), 'QKD link')}, {quantity(length_km, 'km')}, "
            f"{count(len(read.demands), 'demand')}.",
            "Rows of links.csv: " + ", ".join(f"{number} {name}" for name, number in basis.items()) + ".",
        )
    _warn(read.notes)


@app.command()
def rate(
    module: Annotated[str, typer.Argument(metavar="MODULE", help="A shipped module, or a path to a TOML file.")],
    *,
    loss_db: Annotated[float | None, typer.Option(help="Loss of the link in dB.")] = None,
    length_km: Annotated[float | None, typer.Option(help="Length of the fibre in km.")] = None,
    attenuation_db_per_km: Annotated[float | None, typer.Option(help="Its attenuation; 0.2 by default.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the module; repeatable.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compute the key rate of one link with one module."""
    from planner.physics import key_rate
    from planner.physics.fibre import fibre_loss_db

    if length_km is not None and loss_db is None:
        attenuation = 0.2 if attenuation_db_per_km is None else attenuation_db_per_km
        loss = float(fibre_loss_db(length_km, attenuation_db_per_km=attenuation))
    elif loss_db is not None and length_km is None and attenuation_db_per_km is None:
        loss = loss_db
    else:
        raise UsageError("give either --loss-db, or --length-km (and --attenuation-db-per-km)")
    result = key_rate(module, loss_db=loss, **_assignments(settings or []))
    document = {
        "protocol": result.protocol,
        "loss_db": loss,
        "key_rate_bps": _plain(result.key_rate_bps),
        "key_bits_per_pulse": _plain(result.key_bits_per_pulse),
        "qber": _plain(result.qber),
        "sifted_rate_bps": _plain(result.sifted_rate_bps),
        "bound_bps": _plain(result.bound_bps),
        "settings": {name: _plain(value) for name, value in result.settings.items()},
        "breakdown": {name: _plain(value) for name, value in result.breakdown.items()},
    }
    if as_json:
        _print_json(document)
        return
    from planner.report.terminal import show_rate

    show_rate(module, document)


def _assignments(settings: list[str]) -> dict[str, Any]:
    """``["clock_hz=1e9"]`` as ``{"clock_hz": 1e9}``."""
    assignments: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not (key and equals and text):
            raise UsageError(f"--set {setting}: write KEY=VALUE, for example --set dead_time_s=1e-6")
        try:
            assignments[key.strip()] = float(text)
        except ValueError:
            assignments[key.strip()] = text.strip()
    return assignments


@app.command()
def budget(network: NetworkArgument, *, as_json: Json = False) -> None:
    """Show the key-rate budget of every link: where every decibel and every bit goes."""
    from planner.budget import link_budget
    from planner.files import load

    read = load(network)
    links = link_budget(read)
    if as_json:
        _print_json({"network": read.name, "links": _rows(links)})
    else:
        from planner.report.terminal import show_budget

        show_budget(read, links)
    _warn(read.notes)


@app.command()
def route(
    network: NetworkArgument,
    node_a: Annotated[str, typer.Argument(metavar="A", help="A node_id.")],
    node_b: Annotated[str, typer.Argument(metavar="B", help="Another node_id.")],
    *,
    k: Annotated[int, typer.Option("-k", min=1, metavar="N", help="How many routes.")] = 1,
    by: Annotated[By, typer.Option(help="Widest, shortest or fewest hops first.")] = By.RATE,
    disjoint: Annotated[Disjoint | None, typer.Option(help="Routes that share no link, or no node.")] = None,
    as_json: Json = False,
) -> None:
    """Find the best routes between two nodes."""
    from planner.budget import link_budget
    from planner.files import load
    from planner.routing import best_routes

    read = load(network)
    routes = best_routes(
        read,
        budget=link_budget(read),
        node_a=node_a,
        node_b=node_b,
        k=k,
        by=by.value,
        disjoint=None if disjoint is None else disjoint.value,
    )
    if as_json:
        keys = ("nodes", "links", "length_km", "hops", "key_rate_bps", "bottleneck")
        _print_json({"routes": [{key: _as_list(getattr(one, key)) for key in keys} for one in routes]})
    else:
        from planner.report.terminal import show_routes

        show_routes(read, routes)
    if len(routes) < k and disjoint is not None:
        found = f"there is no set of {k} {disjoint.value}-disjoint routes; the largest has {len(routes)}"
        _warn((found,))
    if not routes:
        raise AnswerNo(f"no route carries key between '{node_a}' and '{node_b}'")


def _as_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else _plain(value)


@app.command()
def plan(
    network: NetworkArgument,
    *,
    demands: Annotated[Path | None, typer.Option(help="Demands to plan instead of the network's own.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write the plan here; without it, nothing.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 4 where a demand is not met in full.")] = False,
    as_json: Json = False,
) -> None:
    """Plan a network: budgets, routes, fair allocation, bottlenecks, map and report."""
    from planner.files import load
    from planner.plan import make_plan
    from planner.report.terminal import progress_bar, say, show_plan
    from planner.report.words import summary

    read = load(network, demands=demands)
    with progress_bar() as progress:
        made = make_plan(read, progress=progress)
    written = None if output is None else made.save(output)
    if as_json:
        _print_json(made.as_dict())
    else:
        say(*summary(made), "")
        show_plan(made)
        if written is None:
            say("", "Nothing was written; -o DIR writes map, report, workbook and tables.", stream=sys.stderr)
        else:
            say("", f"Map:    {written / 'map.html'}", f"Report: {written / 'report.html'}", f"All:    {written}")
    _warn(made.warnings)
    unmet = made.unmet
    if strict and unmet:
        raise AnswerNo(f"{len(unmet)} of {len(made.demands)} demands are not met in full: {', '.join(unmet)}")


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
        _print_json({"ok": verification.ok, "checks": checks})
    else:
        show_verification(verification)
    if not verification.ok:
        failed = [c.name for c in verification.checks if not c.passed]
        raise AnswerNo(f"the plan does not verify: {'; '.join(failed)}")


@app.command()
def validate(
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write picture (.svg) or page (.html).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the key-rate model against published experiments and figures."""
    from planner.files import write_atomic
    from planner.report.terminal import say
    from planner.report.validation import show_validation, validation_html
    from planner.report.validation_plot import validation_svg
    from planner.validation import device_points, failures, model_curves
    from planner.validation import validate as run_validation

    if output is not None and output.suffix.lower() not in (".svg", ".html"):
        raise UsageError(f"{output}: the name must end with .svg or .html")
    results, devices = run_validation(), device_points()
    outside = failures(results)
    if output is not None:
        draw = validation_svg if output.suffix.lower() == ".svg" else validation_html
        write_atomic(output, draw(results, devices=devices, curves=model_curves()).encode("utf-8"))
    if as_json:
        _print_json({"ok": not outside, "outside": outside, "cases": _rows(results), "devices": _rows(devices)})
    else:
        show_validation(results, devices=devices)
        say(*([] if output is None else [f"Written: {output}"]))
    if outside:
        raise AnswerNo(f"the model lies outside the tolerance of {', '.join(outside)}")


@app.command("map")
def map_command(
    source: Annotated[str, typer.Argument(metavar="NETWORK_OR_PLAN", help="A network, or the folder of a saved plan.")],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The HTML file to write.")],
    as_json: Json = False,
) -> None:
    """Draw the map: one HTML file that opens without internet."""
    from planner.files import load, write_atomic
    from planner.plan import read_plan
    from planner.report.map import map_html
    from planner.report.terminal import say

    is_plan = (Path(source) / "plan.json").is_file()
    page = map_html(read_plan(source) if is_plan else load(source))
    write_atomic(output, page.encode("utf-8"))
    if as_json:
        _print_json({"file": str(output), "bytes": output.stat().st_size})
    else:
        say(f"Map: {output}")


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
    _print_json({"url": url})
    sys.stdout.flush()
