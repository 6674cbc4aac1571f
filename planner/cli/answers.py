"""Commands that answer a question: what ships, is this right, what rate, which route, does the model agree."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from planner.cli.app import Json, NetworkArgument, app, plain, print_json, rows, warn
from planner.errors import AnswerNo, LimitReached, UsageError

if TYPE_CHECKING:
    from planner.network import Network
    from planner.routing import Route, RouteAnswer


class By(StrEnum):
    """What makes a route the best."""

    RATE = "rate"
    LENGTH = "length"
    HOPS = "hops"


class Disjoint(StrEnum):
    """What the routes of a set may not share."""

    LINK = "link"
    NODE = "node"


@app.command("list")
def list_command(*, as_json: Json = False) -> None:
    """List the shipped networks, modules and services."""
    from planner.files import catalogue

    shipped = catalogue()
    if as_json:
        print_json(shipped)
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
        print_json(
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
    warn(read.notes)


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
    from planner.budget import limit_words
    from planner.physics import key_rate
    from planner.physics.bounds import repeaterless_bound, single_repeater_bound
    from planner.physics.fibre import fibre_loss_db

    if length_km is not None and loss_db is None:
        attenuation = 0.2 if attenuation_db_per_km is None else attenuation_db_per_km
        loss = float(fibre_loss_db(length_km, attenuation_db_per_km=attenuation))
    elif loss_db is not None and length_km is None and attenuation_db_per_km is None:
        loss = loss_db
    else:
        raise UsageError("give either --loss-db, or --length-km (and --attenuation-db-per-km)")
    result = key_rate(module, loss_db=loss, **_assignments(settings or []))
    clock_hz = result.breakdown["sent_per_s"]
    document = {
        "protocol": result.protocol,
        "loss_db": loss,
        "key_rate_bps": plain(result.key_rate_bps),
        "key_bits_per_pulse": plain(result.key_bits_per_pulse),
        "qber": plain(result.qber),
        "sifted_rate_bps": plain(result.sifted_rate_bps),
        "bound_bps": plain(result.bound_bps),
        "repeaterless_bound_bps": plain(clock_hz * repeaterless_bound(loss)),
        "single_repeater_bound_bps": plain(clock_hz * single_repeater_bound(loss)),
        "settings": {name: plain(value) for name, value in result.settings.items()},
        "at_limit": sorted(name for name, limited in result.at_limit.items() if limited),
        "breakdown": {name: plain(value) for name, value in result.breakdown.items()},
    }
    if as_json:
        print_json(document)
    else:
        from planner.report.terminal import show_rate

        show_rate(module, document)
    if document["at_limit"]:
        warn((limit_words(document["at_limit"]),))


def _assignments(settings: list[str]) -> dict[str, Any]:
    """``["clock_hz=1e9"]`` as ``{"clock_hz": 1e9}``; true and false as in TOML."""
    assignments: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not (key and equals and text):
            raise UsageError(f"--set {setting}: write KEY=VALUE, for example --set dead_time_s=1e-6")
        try:
            assignments[key.strip()] = float(text)
        except ValueError:
            word = text.strip()
            assignments[key.strip()] = {"true": True, "false": False}.get(word, word)
    return assignments


@app.command()
def budget(network: NetworkArgument, *, as_json: Json = False) -> None:
    """Show the key-rate budget of every link: where every decibel and every bit goes."""
    from planner.budget import limit_notes, link_budget
    from planner.files import load

    read = load(network)
    links = link_budget(read)
    if as_json:
        print_json({"network": read.name, "links": rows(links)})
    else:
        from planner.report.terminal import show_budget

        show_budget(read, links)
    warn((*read.notes, *limit_notes(links)))


@app.command()
def route(
    network: NetworkArgument,
    node_a: Annotated[str, typer.Argument(metavar="A", help="A node_id.")],
    node_b: Annotated[str, typer.Argument(metavar="B", help="Another node_id.")],
    *,
    k: Annotated[int, typer.Option("-k", min=1, metavar="N", help="How many routes.")] = 1,
    by: Annotated[By, typer.Option(help="Widest, shortest or fewest hops first.")] = By.RATE,
    disjoint: Annotated[
        Disjoint | None, typer.Option(help="Routes that share no link or no node, and no risk group.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Find the best routes between two nodes."""
    from planner.budget import link_budget
    from planner.files import load
    from planner.routing import find_routes

    read = load(network)
    answer = find_routes(
        read,
        budget=link_budget(read),
        node_a=node_a,
        node_b=node_b,
        k=k,
        by=by.value,
        disjoint=None if disjoint is None else disjoint.value,
    )
    if as_json:
        keys = ("nodes", "links", "length_km", "hops", "key_rate_bps", "bottleneck", "group_key_rate_bps")
        document: dict[str, Any] = {
            "routes": [{key: _as_list(getattr(one, key)) for key in keys} for one in answer.routes]
        }
        if answer.cut is not None:
            document["cut"] = {key: list(getattr(answer.cut, key)) for key in ("nodes", "links", "risk_groups")}
        print_json(document)
    elif answer.routes:
        from planner.report.terminal import show_routes

        show_routes(read, answer.routes)
    warn((*_shared_modules(answer.routes), *_too_few(read, answer, k=k, disjoint=disjoint)))
    if not answer.routes:
        raise AnswerNo(f"no route carries key between '{node_a}' and '{node_b}'")
    if not answer.proven:
        raise LimitReached("a limit was reached: these are the best routes so far, and there may be better ones")


def _shared_modules(routes: Sequence[Route]) -> tuple[str, ...]:
    """The routes that give less than their narrowest link, because some of their links share modules in time."""
    from planner.report.words import quantity

    return tuple(
        f"route {number} gives {quantity(route.group_key_rate_bps, 'bit/s')} by itself: some of its links share their "
        "modules in time"
        for number, route in enumerate(routes, start=1)
        if route.group_key_rate_bps < route.key_rate_bps
    )


def _too_few(network: Network, answer: RouteAnswer, *, k: int, disjoint: Disjoint | None) -> tuple[str, ...]:
    """That there are fewer routes than were asked for, and where they are to be disjoint, why."""
    number = len(answer.routes)
    if number == k or not answer.routes:
        return ()
    if disjoint is None:
        return (f"there {'is 1 route' if number == 1 else f'are {number} routes'}, not {k}",) if answer.proven else ()
    found = f"there is no set of {k} {disjoint.value}-disjoint routes; the largest has {number}"
    if answer.cut is None:
        return (found,)
    from planner.plan.words import cut_words

    cut = cut_words(network, answer.cut)
    if len(answer.cut) > number:
        return (f"{found}: any two share a node, a link or a risk group, though every route uses {cut}",)
    return (f"{found}: every route uses {cut}",)


def _as_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else plain(value)


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
        print_json({"ok": not outside, "outside": outside, "cases": rows(results), "devices": rows(devices)})
    else:
        show_validation(results, devices=devices)
        say(*([] if output is None else [f"Written: {output}"]))
    if outside:
        raise AnswerNo(f"the model lies outside the tolerance of {', '.join(outside)}")
