"""Trust in the report: which nodes see which keys, and what an attacker must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from planner.records import rows_of
from planner.report.page_tables import Cell, Column, Table, make_table, words_column
from planner.report.words import MISSING, count, demand_title, listing, quantity

if TYPE_CHECKING:
    from planner.plan import Plan
    from planner.trust import LeastNodes


def trust_words(plan: Plan) -> tuple[str, ...]:
    """What the plan asks of its trusted nodes, in sentences."""
    served = plan.trust[plan.trust["routes"] > 0]
    if served.empty:
        return ("No key is passed on, so no node sees any.",)
    split = "share" in set(plan.routes["role"])
    meaning = (
        "A key is passed on from node to node, and every node inside its route sees it. A demand spread over several "
        "routes has different keys on each: one node inside a route learns the keys of that route, and only a set of "
        "nodes that meets every route learns them all."
    )
    if split:
        meaning += " Of a key in shares each node sees one share at most, which tells nothing without the others."
    alone = served[served["nodes_to_learn_any"].isna()]
    single = served[served["nodes_to_learn_all"] == 1]
    have, pass_ = "has" if len(single) == 1 else "have", "passes" if len(alone) == 1 else "pass"
    keys = (
        f"Of {count(len(served), 'demand')} served, {len(single):,} {have} all keys seen by one single node, and "
        f"{len(alone):,} {pass_} no node at all on the way."
    )
    return (meaning, keys, *_after_failures(plan), *_whole(plan), *_most_exposed(plan))


def _after_failures(plan: Plan) -> tuple[str, ...]:
    """Which nodes would see more than they do."""
    later = {node for nodes in plan.trust["seen_after_failure"] for node in nodes}
    if not later:
        return ()
    names = [plan.network.node_names[node] for node in sorted(later)]
    verb = "sees" if len(later) == 1 else "see"
    nodes = count(len(later), "node")
    return (
        f"Protection routes carry key only after a failure; then {nodes} inside {verb} keys too: {listing(names)}.",
    )


def _whole(plan: Plan) -> tuple[str, ...]:
    """How many nodes learn keys of the whole plan."""
    each, every = plan.trust_in_all.a_key_of_each, plan.trust_in_all.all_keys
    if not each.nodes:
        return ()
    demands = "the one demand" if each.reached == 1 else f"each of the {each.reached:,} demands"
    whose = f"{demands} whose keys nodes inside can learn"
    a_key = f"To learn a key of {whose if each.beyond else 'every demand'}, {_least(plan, each)}"
    keys = "every key that nodes inside can learn" if every.beyond else "every key of the plan"
    return (f"{a_key} To learn {keys}, {_least(plan, every)}",)


def _least(plan: Plan, least: LeastNodes) -> str:
    names = listing([plan.network.node_names[node] for node in least.nodes])
    if len(least.nodes) > least.bound:
        return f"{least.bound:,} to {len(least.nodes):,} nodes must be compromised, for instance {names}."
    if len(least.nodes) == 1:
        return f"one node must be compromised, for instance {names}."
    return f"at least {len(least.nodes):,} nodes must be compromised, for instance {names}."


def _most_exposed(plan: Plan) -> tuple[str, ...]:
    if plan.exposure.empty or not plan.exposure.iloc[0]["key_rate_seen_bps"] > 0:
        return ()
    top = plan.exposure.iloc[0]
    rate, share = quantity(top["key_rate_seen_bps"], "bit/s"), quantity(top["share_of_served"], "%")
    demands = count(int(top["demands_seen"]), "demand")
    return (f"Most key passes through {top['name']}: {rate}, {share} of all that is served, of {demands}.",)


def exposure_table(plan: Plan) -> Table:
    """The nodes that see most key."""
    columns = (
        words_column("Node"),
        Column("Key seen", "bit/s"),
        Column("In a day", "bit"),
        Column("Of all served", "%"),
        Column("Shares seen", "bit/s"),
        Column("After failures", "bit/s"),
        Column("Demands seen"),
        Column("Seen in full"),
    )
    rows = [
        (
            Cell(row.name),
            Cell(quantity(row.key_rate_seen_bps, "bit/s").removesuffix("bit/s").rstrip()),
            Cell(quantity(row.key_seen_bits_per_day, "bit/s").removesuffix("bit/s").rstrip()),
            Cell(quantity(row.share_of_served, "%").removesuffix("%").rstrip()),
            *(_if_any(rate) for rate in (row.split_rate_seen_bps, row.key_rate_after_failure_bps)),
            Cell(f"{row.demands_seen:,}"),
            Cell(f"{row.demands_held:,}"),
        )
        for row in rows_of(plan.exposure)
    ]
    return make_table("Nodes in the order of the key that passes through them", columns, rows, file="exposure.csv")


def trust_table(plan: Plan) -> Table:
    """Which nodes see the keys of each demand, and the least set that learns them all."""
    names = plan.network.node_names
    columns = (
        words_column("Demand"),
        Column("Routes"),
        Column("Nodes that see its keys"),
        Column("And after a failure"),
        Column("To learn any"),
        Column("To learn all"),
        words_column("For example"),
    )
    rows = [
        (
            Cell(demand_title(plan.network, row.demand_id, node_a=row.node_a, node_b=row.node_b)),
            Cell(f"{row.routes:,}"),
            Cell(f"{len(row.seen_by):,}"),
            Cell(f"{len(row.seen_after_failure):,}" if row.seen_after_failure else ""),
            _number(row.nodes_to_learn_any),
            _number(row.nodes_to_learn_all),
            Cell(listing([names[node] for node in row.all_nodes])),
        )
        for row in rows_of(plan.trust)
    ]
    note = "Nodes besides the two ends that must be compromised. A dash: no node inside can learn the keys."
    return make_table("What it takes to learn the keys of a demand", columns, rows, note=note, file="trust.csv")


def _if_any(rate_bps: float) -> Cell:
    return Cell(quantity(rate_bps, "bit/s").removesuffix("bit/s").rstrip() if rate_bps > 0 else "")


def _number(value: Any) -> Cell:
    return Cell(MISSING if value is pd.NA else f"{value:,}")
