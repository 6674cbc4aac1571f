"""The tables of links on the report's page: where decibels and bits go, and how much of the key is used."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from planner.report.page_tables import Cell, Column, Table, bare, basis_cells, link_cells, make_table, words_column
from planner.report.strip import load_class
from planner.report.style import BIT_PARTS, LOSS_PARTS
from planner.report.words import channel_title, quantity

if TYPE_CHECKING:
    import pandas as pd

    from planner.plan import Plan


def decibel_table(plan: Plan) -> Table:
    """Where the decibels of each link go."""
    links, channel = link_cells(plan.network), channel_title(plan.network)
    columns = (
        words_column("Link"),
        Column("Length", "km"),
        *(Column(channel if key == "fibre_loss_db" else title, "dB") for key, title, *_ in LOSS_PARTS),
        Column("Total", "dB"),
        words_column("Basis"),
        words_column("Source"),
    )
    rows = [
        (
            links[row["link_id"]],
            Cell(bare(row["length_km"], "km")),
            *(Cell(bare(row[key], "dB"), mark=_if_measured(row, key)) for key, *_ in LOSS_PARTS),
            Cell(bare(math.fsum(row[key] for key, *_ in LOSS_PARTS if not math.isnan(row[key])), "dB")),
            *basis_cells(row),
        )
        for row in plan.budget.to_dict("records")
    ]
    note = "Receiver and detector belong to the module; the detector's loss is its efficiency in decibels. "
    measured = any(row["measured"] and "loss_db" in row["measured"] for row in plan.budget.to_dict("records"))
    if measured:
        how = "given as a whole" if plan.network.satellite_links else "measured as a whole"
        note += f"An asterisk marks a loss that was {how}; it stands under {channel}."
    return make_table("Loss budget of the links", columns, rows, note=note.strip(), file="links.csv")


def bit_table(plan: Plan) -> Table:
    """Where the bits of each link go."""
    links = link_cells(plan.network)
    columns = (
        words_column("Link"),
        Column("Pairs"),
        Column("Sent", "pulses/s"),
        Column("Detected", "1/s"),
        Column("Sifted", "bit/s"),
        *(Column(title, "bit/s") for key, title, *_ in BIT_PARTS if key != "model_key_rate_bps"),
        Column("Key rate", "bit/s"),
        Column("QBER", "%"),
        Column("Bound", "bit/s"),
    )
    rows = [
        (
            Cell(links[row["link_id"]].text),
            Cell(f"{row['module_pairs']:,}"),
            *(Cell(bare(row[key], "1/s")) for key in ("sent_per_s", "detected_per_s")),
            Cell(bare(row["sifted_rate_bps"], "bit/s")),
            *(Cell(bare(row[key], "bit/s")) for key, *_ in BIT_PARTS if key != "model_key_rate_bps"),
            Cell(bare(row["key_rate_bps"], "bit/s"), mark=_if_measured(row, "key_rate_bps")),
            Cell(bare(row["qber"], "%")),
            Cell(bare(row["bound_bps"], "bit/s")),
        )
        for row in plan.budget.to_dict("records")
    ]
    note = "All module pairs of a link together. The bound is the limit for the same loss and clock."
    measured = [row for row in plan.budget.to_dict("records") if row["measured"] and "key_rate_bps" in row["measured"]]
    if measured:
        how = "key rate that was given" if plan.network.satellite_links else "measured key rate"
        note += f" An asterisk marks a {how}, which takes the place of the model's: "
        model = (
            f"{links[r['link_id']].text} {quantity(r['model_key_rate_bps'], 'bit/s')}"
            for r in measured
            if not math.isnan(r["model_key_rate_bps"])
        )
        note += "; ".join(model) or "no module is named there"
        note += "."
    return make_table("Bit budget of the links", columns, rows, note=note, file="links.csv")


def load_table(plan: Plan) -> Table:
    """How much of each link's key is used, the fullest first."""
    links, crossing = link_cells(plan.network), _demands_by_link(plan)
    columns = (
        words_column("Link"),
        Column("Key rate", "bit/s"),
        Column("Load", "bit/s"),
        Column("Of it reserved", "bit/s"),
        Column("Headroom", "bit/s"),
        Column("Utilisation", "%"),
        Column("Demands"),
    )
    rows = [
        (
            links[row["link_id"]],
            Cell(bare(row["key_rate_bps"], "bit/s")),
            Cell(bare(row["load_bps"], "bit/s")),
            Cell(bare(row["reserved_bps"], "bit/s") if row["reserved_bps"] > 0 else ""),
            Cell(bare(max(0.0, row["key_rate_bps"] - row["load_bps"]), "bit/s")),
            Cell(bare(row["utilisation"], "%"), mark=f"swatch {load_class(row)}"),
            Cell(f"{crossing.get(row['link_id'], 0):,}"),
        )
        for row in fullest_first(plan.links).to_dict("records")
    ]
    return make_table("Utilisation of the links, the fullest first", columns, rows, file="links.csv")


def fullest_first(links: pd.DataFrame) -> pd.DataFrame:
    """The links by utilisation; those that differ by less than a billionth stay in the order of the table."""
    return links.sort_values("utilisation", ascending=False, kind="stable", key=lambda used: used.round(9))


def _if_measured(row: dict[Any, Any], key: str) -> str:
    column = "loss_db" if key == "fibre_loss_db" else key
    return "measured" if column in (row["measured"] or "").split(";") else ""


def _demands_by_link(plan: Plan) -> dict[str, int]:
    """How many demands use each link."""
    users: dict[str, set[str]] = {}
    for demand, links in zip(plan.routes["demand_id"], plan.routes["links"], strict=True):
        for link in links:
            users.setdefault(link, set()).add(demand)
    return {link: len(demands) for link, demands in users.items()}
