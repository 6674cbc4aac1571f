"""The application that the commands belong to, and what they share: arguments, JSON, notes, errors."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from planner import __version__
from planner.errors import InputError, PlannerError

if TYPE_CHECKING:
    import pandas as pd


class Commands(TyperGroup):
    """The commands. An error of the planner becomes plain lines on standard error and its exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Runs a command."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except PlannerError as error:
            _complain(error)
            raise typer.Exit(error.exit_code) from None
        except BrokenPipeError:
            # Who reads has seen enough (`planner list | head`): no mistake. What is still buffered goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit from None
        return result


app = typer.Typer(
    cls=Commands,
    help="Plan quantum-key-distribution trunk networks: key-rate budgets, routes, allocation with proof, maps.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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


def print_json(document: Any) -> None:
    """Prints one JSON document on standard output."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(document, indent=2, allow_nan=False, ensure_ascii=not utf8) + "\n")


def json_bytes(document: Any) -> bytes:
    """One JSON document as the bytes of a file."""
    return (json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n").encode()


def plain(value: Any) -> Any:
    """A cell as JSON has it: null for a blank, a list for several."""
    if value is None or value != value:  # noqa: PLR0124 (only NaN differs from itself)
        return None
    return value.item() if hasattr(value, "item") else value


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A table as JSON has it."""
    return [{str(k): plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def warn(lines: tuple[str, ...]) -> None:
    """Prints notes on standard error."""
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
