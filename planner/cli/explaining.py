"""The command that says why a demand is not met, and what would meet it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli.app import Json, app, print_json, warn
from planner.errors import AnswerNo, UsageError


@app.command()
def explain(
    source: Annotated[str, typer.Argument(metavar="NETWORK_OR_PLAN", help="A network, or the folder of a saved plan.")],
    demand: Annotated[
        str | None, typer.Argument(metavar="DEMAND", help="A demand_id; by default every demand that is not met.")
    ] = None,
    *,
    demands: Annotated[Path | None, typer.Option(help="Demands to plan instead of the network's own.")] = None,
    together: Annotated[
        bool, typer.Option("--together", help="What would serve all demands that are not met, at once.")
    ] = False,
    costs: Annotated[str, typer.Option(metavar="FILE", help="Prices: shipped, or a TOML file.")] = "assumed",
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 4 where a demand is not met and nothing found would meet it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Explain why demands are not met: what is short, and the cheapest changes that would serve them."""
    from planner.explain import explain as find_changes
    from planner.explain import load_costs
    from planner.files import load
    from planner.plan import read_plan
    from planner.report.actions import explanation_document, show_explanation
    from planner.report.terminal import progress_bar

    prices = load_costs(costs)
    plan = read_plan(source) if (Path(source) / "plan.json").is_file() else None
    if plan is not None and demands is not None:
        raise UsageError("a saved plan has its own demands; --demands goes with a network")
    network = load(source, demands=demands) if plan is None else plan.network
    with progress_bar() as progress:
        explanation = find_changes(
            network,
            demand=demand,
            costs=prices,
            objective="fair" if plan is None else plan.objective,
            shared=False if plan is None else plan.shared,
            together=together,
            progress=progress,
        )
    if as_json:
        print_json(explanation_document(explanation))
    else:
        show_explanation(explanation, asked=demand)
    warn(network.notes)
    hopeless = [name for one in explanation.unmet if not one.remedy.met for name in one.demands]
    if strict and hopeless:
        raise AnswerNo(f"nothing was found that would meet {', '.join(hopeless)}")
