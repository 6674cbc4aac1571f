"""The tables of a plan, for CSV, workbook and page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from planner.report.figures import figures

if TYPE_CHECKING:
    import pandas as pd

    from planner.allocation import Cut
    from planner.network import Network
    from planner.plan import Plan

CSV_TABLES = (
    "links", "demands", "routes", "growth_routes", "bottlenecks", "trust", "exposure", "nodes", "assumptions",
)  # fmt: skip
"""The tables that a saved plan holds as ``<name>.csv``."""

LIST_SEPARATOR = ";"
"""Between the ids of a route's nodes and links, as in the input tables."""

_FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")
"""Spreadsheets take a cell that begins so for a formula; the wide ones do so in East Asian settings."""


def plan_tables(plan: Plan) -> dict[str, pd.DataFrame]:
    """The tables of a plan, in the order of the workbook's sheets.

    Args:
        plan: The plan.

    Returns:
        ``links`` (budget, load, utilisation), ``demands`` (where protection falls short, with the number of disjoint
        routes and the cut), ``routes`` in use and in reserve, ``growth_routes`` (the witness of the growth factor),
        ``bottlenecks``, ``trust`` (which nodes see the keys of each demand), ``exposure`` (how much key passes
        through each node), ``nodes`` (with what they pass on), ``assumptions`` (every assumed figure) and
        ``sources``. Places are given by id and by name; lists of ids are separated by ``;``.
    """
    network = plan.network
    known = figures(network)
    loads = plan.links.drop(columns=["node_a", "node_b", "key_rate_bps"])
    return {
        "links": _with_names(plan.budget.merge(loads, on="link_id", how="left", validate="1:1"), network),
        "demands": _with_names(_with_cuts(plan), network),
        "routes": _flat_routes(plan.routes),
        "growth_routes": _flat_routes(plan.growth.routes),
        "bottlenecks": _with_names(plan.bottlenecks, network),
        "trust": _with_names(_joined(plan.trust, "seen_by", "seen_after_failure", "any_nodes", "all_nodes"), network),
        "exposure": _joined(plan.exposure, "demand_ids"),
        "nodes": _nodes(plan),
        "assumptions": known[known["basis"] == "assumed"].reset_index(drop=True),
        "sources": _sources(network),
    }


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A table as CSV that spreadsheets open rightly and harmlessly.

    The text is UTF-8 with a byte-order mark: without one, Excel reads Chinese names in the code page of the
    computer. Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay as
    they are, written so that they read back to the same bits.

    Args:
        frame: The table.

    Returns:
        The file.
    """
    safe = frame.copy()
    for name in safe.columns:
        if safe[name].dtype.kind not in "biuf":
            safe[name] = safe[name].astype(object).map(_defused)
    return safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def _defused(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell


def _with_names(frame: pd.DataFrame, network: Network) -> pd.DataFrame:
    """Adds the names of both ends behind their ids."""
    named = frame.copy()
    place = list(named.columns).index("node_b") + 1
    named.insert(place, "name_a", named["node_a"].map(network.node_names))
    named.insert(place + 1, "name_b", named["node_b"].map(network.node_names))
    return named


def _with_cuts(plan: Plan) -> pd.DataFrame:
    """The demands, with why protection falls short: parts of the cut as ``kind:id``."""
    import pandas as pd

    short = {shortfall.demand_id: shortfall for shortfall in plan.shortfalls}
    routes, cuts = [], []
    for demand_id in plan.demands["demand_id"]:
        shortfall = short.get(demand_id)
        routes.append(None if shortfall is None else shortfall.routes)
        cuts.append(None if shortfall is None else LIST_SEPARATOR.join(_parts(shortfall.cut)))
    index = plan.demands.index
    return plan.demands.assign(
        disjoint_routes=pd.Series(routes, index=index, dtype="Int64"), cut=pd.Series(cuts, index=index, dtype="object")
    )


def _parts(cut: Cut) -> list[str]:
    kinds = (("node", cut.nodes), ("link", cut.links), ("risk_group", cut.risk_groups))
    return [f"{kind}:{name}" for kind, names in kinds for name in names]


def _nodes(plan: Plan) -> pd.DataFrame:
    """The nodes with what they pass on, and how many demands end there."""
    loads = plan.nodes.drop(columns=["relay_limit_bps", "user_ports"])
    return plan.network.nodes.merge(loads, on="node_id", how="left", validate="1:1")


def _flat_routes(routes: pd.DataFrame) -> pd.DataFrame:
    return _joined(routes, "nodes", "links")


def _joined(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Lists of ids as text."""
    flat = frame.copy()
    for name in columns:
        flat[name] = [LIST_SEPARATOR.join(ids) for ids in frame[name]]
        flat[name] = flat[name].astype(object)
    return flat


def _sources(network: Network) -> pd.DataFrame:
    import pandas as pd

    rows = [{"source": key, **source.model_dump()} for key, source in sorted(network.sources.items())]
    frame = pd.DataFrame(rows, columns=["source", "citation", "url", "doi", "secondary", "note"], dtype=object)
    return frame.where(frame.notna(), None)
