"""The tables of the report's page: what each cell says, ready to be shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner.report.tables import plan_tables
from planner.report.words import MISSING, protection_text, quantity, route_title

if TYPE_CHECKING:
    from planner.network import Network
    from planner.plan import Plan

MOST_ROWS = 1000
"""Of a longer table the page shows the first so many; the CSV and the workbook have all."""


@dataclass(frozen=True)
class Cell:
    """A cell: its text, the same in the local script, and the class of the style sheet it is marked with."""

    text: str
    local: str | None = None
    mark: str = ""


@dataclass(frozen=True)
class Column:
    """A column: its heading, the unit below, and whether it holds numbers."""

    heading: str
    unit: str = ""
    number: bool = True


@dataclass(frozen=True)
class Table:
    """A table of the page."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


def demand_table(plan: Plan) -> Table:
    """What each demand asks for and gets."""
    columns = (
        words_column("Demand"),
        words_column("Between"),
        words_column("Service"),
        Column("Requested", "bit/s"),
        Column("Served", "bit/s"),
        Column("Share", "%"),
        words_column("Protection"),
        Column("Priority"),
        words_column("Basis"),
        words_column("Source"),
    )
    rows = [
        (
            Cell(row["demand_id"]),
            _between(plan.network, row),
            Cell(_service(plan.network, row)),
            Cell(bare(row["requested_bps"], "bit/s")),
            Cell(bare(row["served_bps"], "bit/s")),
            Cell(bare(row["served_fraction"], "%"), mark="" if row["served_fraction"] >= 1 - 1e-6 else "short"),
            _protection(row),
            Cell(f"{row['priority']:g}"),
            *basis_cells(row),
        )
        for row in plan.demands.to_dict("records")
    ]
    return make_table("Demands: requested and served", columns, rows, file="demands.csv")


def _protection(row: dict[Any, Any]) -> Cell:
    """The protection asked for, and marked the one given where that is less; blank where none is asked for."""
    if row["protection"] == "none":
        return Cell("")
    short = row["protection_given"] not in (None, row["protection"])
    return Cell(protection_text(row["protection"], given=row["protection_given"]), mark="short" if short else "")


def route_table(plan: Plan) -> Table:
    """The routes in use and in reserve; those of a set belong together."""
    joined = {key for key, count in plan.routes.groupby(["demand_id", "set"]).size().items() if count > 1}
    columns = (
        words_column("Demand"),
        Column("Set"),
        words_column("Role"),
        words_column("Route"),
        Column("Links"),
        Column("Length", "km"),
        Column("Rate", "bit/s"),
    )
    rows = [
        (
            Cell(row["demand_id"]),
            Cell(f"{row['set']:,}" if joined else ""),
            Cell(row["role"] if joined else ""),
            Cell(route_title(plan.network, row["nodes"])),
            Cell(f"{row['hops']:,}"),
            Cell(bare(row["length_km"], "km")),
            Cell(bare(row["rate_bps"], "bit/s")),
        )
        for row in plan.routes.to_dict("records")
    ]
    note = "Every station of each route: routes.csv."
    if joined:
        note += (
            " Routes of one set of a demand share nothing: a protection route holds the rate of the working route for "
            "its failure, and a key in shares needs all its routes."
        )
    title = "Routes in use and in reserve" if (plan.routes["role"] == "protection").any() else "Routes in use"
    return make_table(title, columns, rows, note=note, file="routes.csv")


def bottleneck_table(plan: Plan) -> Table:
    """The links that limit the plan."""
    links = link_cells(plan.network)
    reasons = {
        "growth": "further growth of all demands",
        "service": "what some demands are served",
        "total": "what is served in all",
    }
    columns = (
        words_column("Link" if plan.bottlenecks["link_id"].notna().all() else "Limit"),
        words_column("Limits"),
        Column("Demands"),
        Column("Part of the price", "%"),
        words_column("In words"),
    )
    rows = [
        (
            _limit(plan.network, row, links=links),
            Cell(reasons.get(row["limits"], row["limits"])),
            Cell(f"{row['demands_limited']:,}"),
            Cell(bare(row["price_share"], "%")),
            Cell(row["sentence"]),
        )
        for row in plan.bottlenecks.to_dict("records")
    ]
    note = "The part of the price says how much of the proof rests on the limit: relief pays most where it is largest."
    return make_table("What limits the plan", columns, rows, note=note, file="bottlenecks.csv")


def _limit(network: Network, row: dict[Any, Any], *, links: Mapping[str, Cell]) -> Cell:
    """What is full: a link, a module group, a node, in a failure where that is named."""
    if row["link_id"]:
        cell = links[row["link_id"]]
    elif row["node_id"]:
        cell = Cell(f"Node {network.node_names[row['node_id']]}")
    else:
        cell = Cell(f"Module group {row['module_group']}")
    return cell if row["failure"] is None else Cell(f"{cell.text}, in a failure")


def price_table(plan: Plan) -> Table:
    """The prices that prove the growth factor, the weightiest first."""
    links = link_cells(plan.network)
    ends = {row["link_id"]: row for row in plan.links.to_dict("records")}
    priced = {link: price for link, price in plan.growth.prices.items() if price > 0 and ends[link]["key_rate_bps"] > 0}
    weights = {link: round(price * ends[link]["key_rate_bps"], 9) for link, price in priced.items()}
    columns = (words_column("Link"), Column("Key rate", "bit/s"), Column("Price", "per bit/s"))
    rows = [
        (
            links[link],
            Cell(bare(ends[link]["key_rate_bps"], "bit/s")),
            Cell(f"{price:.6g}"),
        )
        for link, price in sorted(priced.items(), key=lambda item: (-weights[item[0]], item[0]))
    ]
    rows += [
        (Cell(name), Cell(MISSING), Cell(f"{price:.6g}"))
        for name, price in sorted(plan.growth.resource_prices.items())
        if price > 0
    ]
    return make_table("Links with a price; all other links are free", columns, rows, file="plan.json")


def source_table(plan: Plan) -> Table:
    """Where the figures come from."""
    columns = (words_column("Key"), words_column("Source"), words_column("Address"), words_column("Remark"))
    rows = [
        (
            Cell(row["source"]),
            Cell(row["citation"]),
            Cell(row["url"] or (f"doi:{row['doi']}" if row["doi"] else "")),
            Cell(" ".join(filter(None, ["Read in a text that quotes it." if row["secondary"] else "", row["note"]]))),
        )
        for row in plan_tables(plan)["sources"].to_dict("records")
    ]
    return make_table("Sources", columns, rows, file="plan.xlsx")


def make_table(
    caption: str, columns: Sequence[Column], rows: Iterable[tuple[Cell, ...]], *, file: str, note: str = ""
) -> Table:
    """Puts a table together; columns without any text are left out."""
    listed = tuple(rows)
    if len(listed) > MOST_ROWS:
        note = f"{note} The first {MOST_ROWS:,} of {len(listed):,} rows; {file} has all.".strip()
    used = [place for place in range(len(columns)) if any(row[place].text for row in listed)]
    shown = tuple(tuple(row[place] for place in used) for row in listed[:MOST_ROWS])
    return Table(caption, tuple(columns[place] for place in used), shown, note)


def words_column(heading: str) -> Column:
    """A column of words."""
    return Column(heading, number=False)


def bare(value: float, unit: str) -> str:
    """A quantity without the unit that the heading says; a prefix stays."""
    return quantity(value, unit).removesuffix(unit.removeprefix("1")).rstrip()


def link_cells(network: Network) -> Mapping[str, Cell]:
    """How each link is called, also in the local script, by link id."""
    local = dict(zip(network.nodes["node_id"], network.nodes["name_local"], strict=True))
    titles = network.link_titles
    ends = zip(network.links["link_id"], network.links["node_a"], network.links["node_b"], strict=True)
    return {link: Cell(titles[link], _local_title(local[a], local[b])) for link, a, b in ends}


def _local_title(one: str | None, other: str | None) -> str | None:
    return f"{one}–{other}" if one and other else None


def _between(network: Network, row: dict[Any, Any]) -> Cell:
    local = dict(zip(network.nodes["node_id"], network.nodes["name_local"], strict=True))
    title = network.link_title(row["node_a"], row["node_b"])
    return Cell(title, _local_title(local[row["node_a"]], local[row["node_b"]]))


def basis_cells(row: dict[Any, Any]) -> tuple[Cell, Cell]:
    """Basis and source of a row."""
    return Cell(row["basis"] or "", mark=f"basis {row['basis']}"), Cell(row["source"] or "")


def _service(network: Network, row: dict[Any, Any]) -> str:
    if row["service"] is None or isinstance(row["service"], float):
        return ""
    service = network.services.get(row["service"])
    if service is None:
        return str(row["service"])
    return f"{service.title}: {row['units']:,.10g} × {service.unit}"
