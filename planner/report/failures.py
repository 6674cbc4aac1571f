"""Failures in words and tables: for a terminal, for CSV and JSON, and for the report of a plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from planner.records import rows_of
from planner.report.page_tables import Cell, Column, Table, make_table, words_column
from planner.report.tables import LIST_SEPARATOR
from planner.report.words import MISSING, count, listing, quantity

if TYPE_CHECKING:
    import pandas as pd

    from planner.failure import Sweep
    from planner.network import Network

_THE_SAME = 1e-9  # parts served that are nearer than this are one
_SHOWN = 20
"""How many failures a screen shows; the table has them all."""


def failure_title(network: Network, failed: Sequence[tuple[str, str]]) -> str:
    """How a failure is called: ``link Dezhou–Jinan``, ``node Hefei and risk group duct-7``."""
    names = {"link": network.link_titles, "node": network.node_names}
    return " and ".join(f"{kind} {names.get(kind, {}).get(item, item)}" for kind, item in failed)


def failure_words(sweep: Sweep) -> tuple[str, ...]:
    """What the failures do, in sentences, the most important first.

    Args:
        sweep: The failures.
    """
    words = [_cutting(sweep)]
    if sweep.order == 2 and not sweep.cutting.empty:
        pairs = sweep.cut_together_by
        who = "No pair cuts" if pairs == 0 else f"{count(pairs, 'pair')} cut{'s' if pairs == 1 else ''}"
        words.append(f"{who} what neither of the two cuts alone.")
    unjoined = int((sweep.demands["bottleneck_bps"] <= 0).sum())
    if unjoined:
        verb = "has" if unjoined == 1 else "have"
        words.append(f"{count(unjoined, _noun(sweep))} {verb} no route even while nothing fails.")
    words += _served(sweep)
    words += _weak(sweep)
    return tuple(words)


def _noun(sweep: Sweep) -> str:
    return "pair of nodes" if sweep.all_pairs else "demand"


def _demands(number: int, sweep: Sweep) -> str:
    return count(number, "demand") if not sweep.all_pairs else f"{number:,} pair{'' if number == 1 else 's'} of nodes"


def _cutting(sweep: Sweep) -> str:
    everyone = "two nodes" if sweep.all_pairs else "a demand"
    if sweep.failures.empty:
        return "There is nothing that could fail."
    if sweep.cutting.empty:
        who = f"No single failure of a {_what(sweep)}" if sweep.order == 1 else "No two failures at once"
        return f"{who} cut{'s' if sweep.order == 1 else ''} {everyone} off."
    kind = "single failure" if sweep.order == 1 else "pair of failures"
    total = f"{sweep.looked_at:,} {kind}s" if sweep.order == 1 else f"{sweep.looked_at:,} pairs of failures"
    worst = sweep.failures.iloc[0]
    title = failure_title(sweep.network, worst["failed"])
    verb = "cuts" if sweep.cut_by == 1 else "cut"
    return (
        f"{sweep.cut_by:,} of {total} {verb} {everyone} off; the worst is {title}: "
        f"{_demands(int(worst['demands_cut']), sweep)} of {len(sweep.demands):,}."
    )


def _what(sweep: Sweep) -> str:
    """What fails: risk groups too, where links share them."""
    kinds = {kind for failed in sweep.failures["failed"] for kind, _ in failed}
    parts = [kind for kind in ("link", "risk group", "node") if kind in kinds]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"


def _served(sweep: Sweep) -> list[str]:
    known = sweep.failures["served_fraction"].dropna()
    bounded = len(sweep.failures) - len(known)
    if sweep.failures["served_bound"].isna().all():
        return []
    if known.empty or math.isnan(sweep.served_before):
        return ["No failure was allocated anew; of what is still served there is only a bound (≤)."]
    row = sweep.failures.iloc[int(sweep.failures["served_fraction"].to_numpy().argsort(kind="stable")[0])]
    title = failure_title(sweep.network, row["failed"])
    before, after = quantity(sweep.served_before, "%"), quantity(float(row["served_fraction"]), "%")
    verb = "has" if sweep.order == 1 else "have"
    sentence = (
        f"While all works, {before} of the requested key is served; once {title} {verb} failed and what is left is "
        f"allocated anew, {after}"
    )
    if not bounded:
        return [f"{sentence}, the least of all {len(known):,}." if len(known) > 1 else f"{sentence}."]
    some = f"the least of the {len(known):,} that are known exactly" if len(known) > 1 else "the only exact figure"
    return [f"{sentence}, {some}; for the other {bounded:,} there is only a bound (≤)."]


def _weak(sweep: Sweep) -> list[str]:
    titles, names = sweep.network.link_titles, sweep.network.node_names
    words = []
    for noun, ids, known in (("bridge", sweep.bridges, titles), ("articulation node", sweep.articulation_nodes, names)):
        if not ids:
            words.append(f"There is no {noun}.")
        else:
            words.append(f"{count(len(ids), noun)}: {listing([known[name] for name in ids])}.")
    return words


def show_failures(sweep: Sweep) -> None:
    """Prints what the failures do: sentences, then the worst as a table."""
    from planner.report.terminal import say, show_table

    say(*failure_words(sweep))
    if sweep.failures.empty:
        return
    say("")
    shown = sweep.failures.head(_SHOWN)
    more = f"{len(shown)} of {sweep.looked_at:,} failures, the worst first" if len(sweep.failures) > _SHOWN else ""
    show_table(
        more or "Failures, the worst first",
        columns=[
            ("failure", "left"),
            *((heading, "right") for heading in ("cut", "ended", "narrowed", "least", "served")),
        ],
        rows=[
            [
                failure_title(sweep.network, row.failed),
                f"{row.demands_cut:,}",
                f"{row.demands_ended:,}",
                f"{row.demands_narrowed:,}",
                quantity(row.least_bottleneck_bps, "bit/s"),
                _share(row),
            ]
            for row in rows_of(shown)
        ],
    )


def _share(row: Any) -> str:
    if not math.isnan(row.served_fraction):
        return quantity(row.served_fraction, "%")
    return MISSING if math.isnan(row.served_bound) else f"≤ {quantity(row.served_bound, '%')}"


def failure_table(sweep: Sweep) -> pd.DataFrame:
    """The failures as a flat table, for CSV: what failed in words and as ``kind:id``, lists separated by ``;``."""
    table = sweep.failures.copy()
    titles = [failure_title(sweep.network, failed) for failed in table["failed"]]
    table.insert(1, "title", titles)
    table["failed"] = [LIST_SEPARATOR.join(f"{kind}:{item}" for kind, item in failed) for failed in table["failed"]]
    table["cut"] = [LIST_SEPARATOR.join(ids) for ids in table["cut"]]
    return table.astype(dict.fromkeys(("title", "failed", "cut"), object))


def failure_document(sweep: Sweep) -> dict[str, Any]:
    """The failures as plain data, ready for JSON."""
    rows = []
    for row in sweep.failures.to_dict("records"):
        row["failed"] = [{"kind": kind, "id": item} for kind, item in row["failed"]]
        row["cut"] = list(row["cut"])
        rows.append({str(key): _plain(value) for key, value in row.items()})
    return {
        "network": sweep.network.name,
        "order": sweep.order,
        "of": sweep.of,
        "looked_at": sweep.looked_at,
        "cut_by": sweep.cut_by,
        "all_pairs": sweep.all_pairs,
        "served_before": _plain(sweep.served_before),
        "bridges": list(sweep.bridges),
        "articulation_nodes": list(sweep.articulation_nodes),
        "demands": sweep.demands.to_dict("records"),
        "failures": rows,
        "sentences": list(failure_words(sweep)),
    }


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def cutting_table(sweep: Sweep) -> Table:
    """The failures that do something to a demand, for the report's page."""
    table = sweep.failures
    touched = (table[["demands_cut", "demands_ended", "demands_narrowed"]] > 0).any(axis=1)
    unknown = table["served_fraction"].isna() & table["served_bound"].notna()
    felt = table[touched | unknown | ((table["served_fraction"] - sweep.served_before).abs() > _THE_SAME)]
    rows = [
        (
            Cell(failure_title(sweep.network, row.failed)),
            Cell(f"{row.demands_cut:,}"),
            Cell(listing(list(row.cut))),
            Cell(f"{row.demands_ended:,}"),
            Cell(f"{row.demands_narrowed:,}"),
            Cell("" if math.isnan(row.served_bound) else _share(row)),
        )
        for row in rows_of(felt)
    ]
    columns = (
        words_column("Failure"),
        Column("Cut off", "demands"),
        words_column("Which are cut off"),
        Column("Ended", "demands"),
        Column("Narrowed", "demands"),
        Column("Still served", "of all requested"),
    )
    return make_table(
        "Single failures, the worst first",
        columns,
        rows,
        note=_note(sweep, felt=len(felt)),
        file="planner fail -o FILE.csv",
    )


def _note(sweep: Sweep, *, felt: int) -> str:
    """What the columns mean."""
    aim = ", for the most key in all" if sweep.objective == "total" else ""
    meaning = (
        "Cut off: no route is left, though both ends work. Ended: an end has failed. Narrowed: a route is left, but a "
        f"narrower one. Still served: the part of all requested key, once what is left is allocated anew{aim}."
    )
    sentences = [meaning]
    if sweep.failures["served_fraction"].isna().any() and not sweep.failures["served_bound"].isna().all():
        bounds = (
            "The worst failures were allocated anew, as many as the size of the network leaves time for; ≤ is a bound "
            "for the others. The command “planner fail” allocates all."
        )
        sentences.append(bounds)
    others = len(sweep.failures) - felt
    if others == 1:
        sentences.append("Another failure cuts off, ends or narrows no demand, and leaves as much served.")
    elif others:
        sentences.append(f"Another {others:,} failures cut off, end or narrow no demand, and leave as much served.")
    return " ".join(sentences)
