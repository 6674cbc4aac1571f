"""The command that turns a network of one form into another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.cli.app import Json, app, print_json, warn


@app.command()
def convert(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="A network, or a file of another program; its content tells the format.")
    ],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="A new folder, or a new file that ends in .xlsx or .graphml.")
    ],
    *,
    module: Annotated[
        str | None, typer.Option(metavar="ID", help="Shipped module of the links; required where IN names none.")
    ] = None,
    span_km: Annotated[
        float | None,
        typer.Option(min=0.1, max=1e6, metavar="KM", help="Cut longer links into equal spans with trusted relays."),
    ] = None,
    demand_bps_per_unit: Annotated[
        float, typer.Option(min=0, max=1e15, metavar="BPS", help="Key rate that one unit of IN's demands stands for.")
    ] = 1.0,
    as_json: Json = False,
) -> None:
    """Convert a network: from SNDlib, TopoHub, Topolib, GNPy, GraphML, GeoJSON; to a folder, Excel, GraphML."""
    from planner.files.converting import convert_network
    from planner.files.foreign import Choices
    from planner.report.terminal import say
    from planner.report.words import count

    choices = Choices(module=module, span_km=span_km, demand_bps_per_unit=demand_bps_per_unit)
    done = convert_network(source, target, choices=choices)
    nodes, links, demands = (len(table) for table in (done.network.nodes, done.network.links, done.network.demands))
    if as_json:
        print_json(
            {
                "format": done.format,
                "out": str(target),
                "written": done.written,
                "nodes": nodes,
                "links": links,
                "demands": demands,
                "notes": list(done.notes),
            }
        )
    else:
        say(
            f"{done.network.title}: {done.format} → {done.written} {target}",
            f"{count(nodes, 'node')}, {count(links, 'QKD link')}, {count(demands, 'demand')}.",
        )
    warn(done.notes)
