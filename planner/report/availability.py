"""Availability in words and as a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.records import rows_of
from planner.report.words import MISSING, count, demand_title

if TYPE_CHECKING:
    import pandas as pd

    from planner.availability import Reliability
    from planner.network import Network

_SHOWN = 12


def availability_words(network: Network, table: pd.DataFrame, *, reliability: Reliability) -> tuple[str, ...]:
    """Who is without key for longest, and on what that rests, in sentences.

    Args:
        network: The network.
        table: What :func:`planner.availability.demand_availability` gave.
        reliability: The rates it was computed with.
    """
    figures = [figure for name, figure in reliability if name not in ("title", "description")]
    assumed = sum(figure.basis == "assumed" for figure in figures)
    basis = f"{assumed} of the {len(figures)} rates of failure and repair are assumed ({reliability.title})."
    asking = table[table["availability"].notna()]
    if asking.empty:
        return ("No demand asks for key.", basis)
    worst, best = (
        asking.loc[asking["minutes_down_per_year"].sort_values(ascending=up, kind="stable").index[0]]
        for up in (False, True)
    )
    parts = [
        f"{demand_title(network, row['demand_id'], node_a=row['node_a'], node_b=row['node_b'])} for "
        f"{minutes(row['minutes_down_per_year'])}"
        for row in (worst, best)
    ]
    if len(asking) > 1 and minutes(worst["minutes_down_per_year"]) == (down := minutes(best["minutes_down_per_year"])):
        same = f"{down} minutes a year ({percent(best['availability'])} available)"
        return (f"Each of the {len(asking):,} demands is without any key for {same}.", basis)
    longest = f"Without any key for longest, in minutes a year: {parts[0]} ({percent(worst['availability'])} available)"
    if len(asking) == 1:
        return (f"{longest}.", basis)
    return (f"{longest}; for shortest: {parts[1]} ({percent(best['availability'])}).", basis)


def show_availability(network: Network, table: pd.DataFrame, *, reliability: Reliability) -> None:
    """Prints the sentences and the demands that are without key for longest."""
    from planner.report.terminal import say, show_table

    say(*availability_words(network, table, reliability=reliability), "")
    shown = table.head(_SHOWN)
    protected = table["protection_given"].isin(["none"]).sum() < table["protection_given"].notna().sum()
    title = f"{len(shown)} of {count(len(table), 'demand')}, the least available first"
    show_table(
        title if len(table) > len(shown) else "Demands, the least available first",
        columns=[
            ("demand", "left"),
            *([("protection", "left")] if protected else []),
            ("routes", "right"),
            ("available", "right"),
            ("min/year down", "right"),
            ("in full", "right"),
            ("min/year not in full", "right"),
        ],
        rows=[
            [
                row.demand_id,
                *([row.protection_given or MISSING] if protected else []),
                f"{row.routes:,}",
                percent(row.availability),
                minutes(row.minutes_down_per_year, error=row.standard_error_minutes),
                percent(row.availability_in_full),
                minutes(row.minutes_not_in_full_per_year),
            ]
            for row in rows_of(shown)
        ],
    )


def percent(share: float) -> str:
    """An availability with as many digits as tell it from 100 %: ``99.9 %``, ``99.9995 %``."""
    if share != share:  # noqa: PLR0124 (only NaN differs from itself)
        return MISSING
    for digits in range(1, 10):
        text = f"{100 * share:.{digits}f}"
        if share in (0.0, 1.0) or float(text) < 100 - 2 * 10.0**-digits:
            return f"{text} %"
    return "> 99.999999999 %"


def minutes(value: float, *, error: float = 0.0) -> str:
    """Minutes to three digits, with the error where there is one."""
    if value != value:  # noqa: PLR0124 (only NaN differs from itself)
        return MISSING
    text = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{text} ± {error:.2g}" if error else text
