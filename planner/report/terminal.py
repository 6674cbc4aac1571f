"""Tables for a terminal, and plain text for a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from planner.records import rows_of
from planner.report.words import channel_title, quantity

if TYPE_CHECKING:
    import pandas as pd

    from planner.network import Network
    from planner.plan import Progress
    from planner.routing import Route
    from planner.verify import Verification

_PIPE_WIDTH = 10_000
"""A pipe has no edge: nothing is cut or wrapped there."""

_PROGRESS_AFTER_S = 1.0


def console(stream: IO[str] | None = None) -> Console:
    """A rich console for a stream (standard output by default) that never cuts or colours a pipe."""
    stream = stream or sys.stdout
    return Console(file=stream, highlight=False, width=None if stream.isatty() else _PIPE_WIDTH)


def say(*lines: str, stream: IO[str] | None = None, style: str = "") -> None:
    """Prints lines as they are: no markup is read from them, and no word of them is wrapped or cut."""
    out = console(stream)
    for line in lines:
        out.print(Text(line, style=style), soft_wrap=True)


def show_table(
    title: str, *, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], stream: IO[str] | None = None
) -> None:
    """Prints a table.

    Args:
        title: What the table shows.
        columns: Heading and justification (``"left"`` or ``"right"``) of each column.
        rows: The cells, as text.
        stream: Where to; standard output by default.
    """
    from rich import box

    out = console(stream)
    on_terminal = out.is_terminal
    table = Table(box=box.SIMPLE_HEAD if on_terminal else None, pad_edge=on_terminal)
    for heading, justify in columns:
        right = justify == "right"
        table.add_column(Text(heading), justify="right" if right else "left", no_wrap=right, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    out.print(Text(title, style="bold"), soft_wrap=True)
    out.print(table)


@contextmanager
def progress_bar(stream: IO[str] | None = None) -> Iterator[Progress | None]:
    """A progress bar on standard error, on a terminal only, for work that lasts.

    Yields:
        A function for ``make_plan(progress=...)``, or None where nobody watches.
    """
    stream = stream or sys.stderr
    if not stream.isatty():
        yield None
        return
    import time

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    started = time.monotonic()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(stream), transient=True, disable=False) as bars:
        task = bars.add_task("", total=None, visible=False)

        def show(what: str, done: int, total: int) -> None:
            late = time.monotonic() - started > _PROGRESS_AFTER_S
            bars.update(task, description=what, completed=done, total=total, visible=late)

        yield show


def show_budget(network: Network, budget: pd.DataFrame) -> None:
    """Prints a budget: where the decibels go, then where the bits go."""
    titles = network.link_titles
    show_table(
        "Where the decibels go (dB)",
        columns=[
            ("link", "left"),
            ("length", "right"),
            (channel_title(network).lower(), "right"),
            ("extra", "right"),
            ("receiver", "right"),
            ("detector", "right"),
            ("sum", "right"),
            ("module", "left"),
            ("pairs", "right"),
        ],
        rows=[_decibel_row(titles[row.link_id], row) for row in rows_of(budget)],
    )
    say("")
    show_table(
        "Where the bits go (per second, all module pairs)",
        columns=[
            ("link", "left"),
            ("sent", "right"),
            ("detected", "right"),
            ("sifted", "right"),
            ("error corr.", "right"),
            ("privacy ampl.", "right"),
            ("finite size", "right"),
            ("key rate", "right"),
            ("QBER", "right"),
            ("basis", "left"),
        ],
        rows=[_bit_row(titles[row.link_id], row) for row in rows_of(budget)],
    )
    if (budget["measured"] != "").any():
        given = (
            "given in the table of links, not computed from a module"
            if network.satellite_links
            else "measured, not modelled"
        )
        say("", f"* {given}")
    lit = budget[budget["background_per_gate"] > 0]
    if len(lit):
        say("")
        show_table(
            "Light of classical channels in the fibre (clicks per gate, both detectors)",
            columns=[("link", "left"), ("profile", "left"), ("clicks", "right")],
            rows=[
                [titles[link], profile, f"{clicks:.1e}"]
                for link, profile, clicks in zip(
                    lit["link_id"], network.links.loc[lit.index, "coexistence"], lit["background_per_gate"], strict=True
                )
            ],
        )


def _bare(value: float, unit: str) -> str:
    """A quantity without its unit, where the heading says it; a prefix stays."""
    return quantity(value, unit).removesuffix(unit).rstrip()


def _decibel_row(name: str, row: Any) -> list[str]:
    parts = [row.fibre_loss_db, row.extra_loss_db, row.receiver_loss_db, row.detector_loss_db]
    mark = "*" if "loss_db" in row.measured.split(";") else ""
    known = [part for part in parts if part == part]  # noqa: PLR0124 (only NaN differs from itself)
    return [
        name,
        quantity(row.length_km, "km"),
        _bare(parts[0], "dB") + mark,
        *(_bare(part, "dB") for part in parts[1:]),
        _bare(sum(known), "dB"),
        row.module or "–",
        str(row.module_pairs),
    ]


def _bit_row(name: str, row: Any) -> list[str]:
    mark = "*" if "key_rate_bps" in row.measured.split(";") else ""
    steps = (
        row.sent_per_s,
        row.detected_per_s,
        row.sifted_rate_bps,
        row.error_correction_bps,
        row.privacy_amplification_bps,
        row.finite_size_bps,
    )
    return [
        name,
        *(_bare(step, "bit/s") for step in steps),
        quantity(row.key_rate_bps, "bit/s") + mark,
        quantity(row.qber, "%"),
        row.basis,
    ]


def show_routes(network: Network, routes: Sequence[Route]) -> None:
    """Prints routes, best first."""
    show_table(
        "Routes, best first",
        columns=[
            ("key rate", "right"),
            ("length", "right"),
            ("hops", "right"),
            ("bottleneck", "left"),
            ("stations", "left"),
        ],
        rows=[
            [
                quantity(route.key_rate_bps, "bit/s"),
                quantity(route.length_km, "km"),
                str(route.hops),
                network.link_titles[route.bottleneck],
                _course(network, route),
            ]
            for route in routes
        ],
    )


def _course(network: Network, route: Route) -> str:
    """The stations of a route; where parallel links join two of them, which one it takes."""
    graph, names = network.graph, network.node_names
    words = names[route.nodes[0]]
    for (one, other), link in zip(pairwise(route.nodes), route.links, strict=True):
        which = f"({link})–" if graph.number_of_edges(one, other) > 1 else ""
        words += f" –{which} {names[other]}"
    return words


def show_rate(module: str, document: Mapping[str, Any]) -> None:
    """Prints the key rate of one link beside what is possible at all, the settings used, and where the bits go."""
    bounds = [document[f"{name}_bound_bps"] for name in ("repeaterless", "single_repeater")]
    without, with_one = (quantity(bound, "bit/s") for bound in bounds)
    say(
        f"{module} ({document['protocol']}) over {quantity(document['loss_db'], 'dB')}: "
        f"{quantity(document['key_rate_bps'], 'bit/s')} of secret key, QBER {quantity(document['qber'], '%')}.",
        "Without loss there is no bound."
        if None in bounds
        else f"Nothing can pass {without} here without a repeater (PLOB bound), "
        f"or {with_one} with one station in the middle.",
        "",
    )
    show_table(
        "Settings",
        columns=[("setting", "left"), ("value", "right")],
        rows=[[name, f"{value:.4g}"] for name, value in document["settings"].items()],
    )
    say("")
    show_table(
        "Where it goes",
        columns=[("", "left"), ("", "right")],
        rows=[
            [name, quantity(value, "dB") if name.endswith("_db") else _bare(value, "bit/s")]
            for name, value in document["breakdown"].items()
        ],
    )


def show_verification(verification: Verification) -> None:
    """Prints what was checked, and how it came out."""
    show_table(
        "What was checked",
        columns=[("", "left"), ("check", "left"), ("detail", "left")],
        rows=[["pass" if check.passed else "FAIL", check.name, check.detail] for check in verification.checks],
    )
    say("", "The plan keeps its promises." if verification.ok else "The plan does NOT keep its promises.")
