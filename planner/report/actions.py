"""What stops demands and what would serve them, as JSON and as text for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from planner.plan.words import cut_words
from planner.report.change_words import change_gives, change_words, cny
from planner.report.terminal import say, show_table
from planner.report.words import count, demand_title, fold, listing, quantity

if TYPE_CHECKING:
    from planner.explain import Change, Explained, Explanation, Growing, Remedy, Short, Step
    from planner.network import Network

_ALTERNATIVES_SHOWN = 20
_NUMBER = (("", "right"),)


def explanation_document(explanation: Explanation) -> dict[str, Any]:
    """An explanation as plain data, ready for JSON.

    Args:
        explanation: The explanation.
    """
    growth = explanation.growth
    return {
        "network": explanation.network.name,
        "met": list(explanation.met),
        "unmet": [
            {
                "demands": list(one.demands),
                "requested_bps": one.requested_bps,
                "served_bps": one.served_bps,
                **_remedy_document(one.remedy),
            }
            for one in explanation.unmet
        ],
        "growth": None
        if growth is None
        else {
            "factor_before": growth.factor_before,
            "target": growth.target,
            "factor_after": growth.factor_after,
            **_remedy_document(growth.remedy),
        },
        "costs": explanation.costs.model_dump(),
    }


def _remedy_document(remedy: Remedy) -> dict[str, Any]:
    return {
        "served_fraction": remedy.fraction_before,
        "served_fraction_after": remedy.fraction_after,
        "protection_given": remedy.protection_before,
        "met": remedy.met,
        "proven": remedy.proven,
        "bound_cny": None if math.isinf(remedy.bound_cny) else remedy.bound_cny,
        "cost_cny": sum(step.change.cost_cny for step in remedy.steps),
        "short": [{"resource": s.resource, "has": s.has, "needs": s.needs} for s in remedy.short],
        "unreachable": list(remedy.unreachable),
        "without_port": list(remedy.without_port),
        "dead_links": list(remedy.dead),
        "cuts": [
            {"demand_id": demand, "nodes": list(c.nodes), "links": list(c.links), "risk_groups": list(c.risk_groups)}
            for demand, c in remedy.cuts.items()
        ],
        "steps": [
            _change_document(step.change)
            | {
                "served_fraction_without": step.fraction_without,
                "protection_without": step.protection_without,
                "losers_without": list(step.losers_without),
            }
            for step in remedy.steps
        ],
        "alternatives": [
            _change_document(other.change) | {"instead_of": other.instead_of} for other in remedy.alternatives
        ],
    }


def _change_document(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "resource": change.resource,
        "cost_cny": change.cost_cny,
        "details": dict(change.details),
    }


def show_explanation(explanation: Explanation, *, asked: str | None = None) -> None:
    """Prints an explanation.

    Args:
        explanation: The explanation.
        asked: The demand that was asked about.
    """
    network = explanation.network
    for number, one in enumerate(explanation.unmet):
        say(*([""] if number else []), _unmet_sentence(network, one))
        _show_remedy(
            network, one.remedy, demands=one.demands, goal="serve it" if len(one.demands) == 1 else "serve them"
        )
    if not explanation.unmet and asked is not None:
        say(f"{_title(network, asked)} gets all that it asks for.")
    elif not explanation.unmet:
        say(f"{_everybody(explanation)} all {'it asks' if len(explanation.met) == 1 else 'they ask'} for.")
        if explanation.growth is not None:
            _show_growth(network, explanation.growth)
    if any(one.remedy.steps for one in (*explanation.unmet, explanation.growth) if one is not None):
        _show_notes(explanation)


def _show_notes(explanation: Explanation) -> None:
    """How the changes were compared."""
    costs = explanation.costs
    basis = sorted({costs.module_pair_cny.basis, costs.station_cny.basis, costs.fibre_cny_per_km_year.basis})
    remedies = [one.remedy for one in (*explanation.unmet, explanation.growth) if one is not None]
    notes = ["Every change was made to the network and the network planned again; nobody else gets less by it."]
    if any(step.change.kind == "new link" for remedy in remedies for step in remedy.steps):
        notes += ["A new link lies apart from all others; its length is assumed."]
    if len(explanation.unmet) > 1:
        notes += ["Each case is looked at by itself; --together looks for what would serve all of them."]
    say("", *notes, f"Prices: {costs.title} ({', '.join(basis)}); fibre for {costs.years.value:g} years.")


def _everybody(explanation: Explanation) -> str:
    number = len(explanation.met)
    return {1: "The only demand gets", 2: "Both demands get"}.get(number, f"All {number:,} demands get")


def _title(network: Network, demand_id: str) -> str:
    row = network.demands[network.demands["demand_id"] == demand_id].iloc[0]
    return demand_title(network, demand_id, node_a=row["node_a"], node_b=row["node_b"])


def _unmet_sentence(network: Network, one: Explained) -> str:
    share = (
        f"{quantity(one.served_bps, 'bit/s')} of {quantity(one.requested_bps, 'bit/s')} "
        f"({quantity(one.served_bps / one.requested_bps, '%')})"
    )
    lacking, given = set(one.remedy.cuts), one.remedy.protection_before
    if len(one.demands) == 1:
        (name,) = one.demands
        asked = network.demands.loc[network.demands["demand_id"] == name, "protection"].iloc[0]
        weaker = f", but without its protection {asked}" if given == "none" else f", but as {given} instead of {asked}"
        return f"{_title(network, name)} gets {share}{weaker if lacking else ''}."
    shown = listing([_title(network, name) for name in one.demands], at_most=3)
    weaker = f", {len(lacking)} of them without the protection they ask for" if lacking else ""
    what = "that the same links stop" if one.alike else "that are not met"
    return f"{count(len(one.demands), 'demand')} {what} get {share}{weaker}: {shown}."


def _show_growth(network: Network, growing: Growing) -> None:
    say(
        f"They can grow {fold(growing.factor_before)}-fold together. Next comes what stops them from growing "
        f"{fold(growing.target)}-fold.",
    )
    _show_remedy(network, growing.remedy, demands=(), goal=f"let them grow {fold(growing.factor_after)}-fold")


def _show_remedy(network: Network, remedy: Remedy, *, demands: Sequence[str], goal: str) -> None:
    say(*_reasons(network, remedy))
    if remedy.short:
        say("")
        show_table(
            "What is short",
            columns=[("", "left"), ("has", "right"), ("needs", "right"), ("lacks", "right")],
            rows=[_short_row(network, short) for short in remedy.short],
        )
    say("")
    if not remedy.steps:
        what = "what there is a price for" if remedy.proven else "what was tried"
        say(
            f"Nothing of {what} would help."
            if not remedy.proven
            else f"Proved, new links aside: nothing of {what} would be enough."
        )
        return
    protections = {network.demands.set_index("demand_id")["protection"][name] for name in demands}
    asked = protections.pop() if len(protections) == 1 else "protection"
    several = len(remedy.steps) > 1
    show_table(
        _heading(remedy, goal=goal),
        columns=[*_NUMBER[:several], ("cost", "right"), ("change", "left"), ("gives", "right"),
            ("without it", "right"),
        ],
        rows=[
            [
                *([str(number)] if several else []),
                cny(step.change.cost_cny), change_words(network, step.change), change_gives(step.change),
                _without(step, asked=asked),
            ]
            for number, step in enumerate(remedy.steps, start=1)
        ],
    )  # fmt: skip
    if remedy.alternatives:
        _show_alternatives(network, remedy)
    say("", _proof(remedy))


def _reasons(network: Network, remedy: Remedy) -> list[str]:
    """Why demands have no route or too few, in sentences."""
    reasons = [
        f"The user ports at the ends of {_title(network, name)} are taken by others." for name in remedy.without_port
    ]
    for name in remedy.unreachable:
        ends = "with key " if remedy.dead else ""
        reasons.append(f"No route {ends}joins the ends of {_title(network, name)}.")
    for name, cut in remedy.cuts.items():
        needs = cut_words(network, cut)
        reasons.append(f"There are too few separate routes for {_title(network, name)}: each needs {needs}.")
    if remedy.dead:
        reasons.append(f"Without key: {listing([network.link_titles[link] for link in remedy.dead], at_most=8)}.")
    return reasons


def _heading(remedy: Remedy, *, goal: str) -> str:
    cost = cny(sum(step.change.cost_cny for step in remedy.steps))
    several = len(remedy.steps) > 1
    changes = f"{count(len(remedy.steps), 'change')}{' together' if several else ''}, {cost}"
    what = f"What would {goal} in full" if goal.startswith("serve") else f"What would {goal}"
    if not remedy.met:
        what = f"What would help, though not be enough ({quantity(remedy.fraction_after, '%')})"
    return f"{what}: {changes}{', cheapest first' if several else ''}"


def _proof(remedy: Remedy) -> str:
    if remedy.proven and not remedy.met:
        return "Proved, new links aside: nothing of what there is a price for would be enough."
    if remedy.proven:
        new = any(step.change.kind == "new link" for step in remedy.steps)
        but = "but for where new links lie" if new else "new links aside"
        return f"Proved, {but}: no other changes would do for less."
    if not remedy.met:
        return "Whether anything would be enough is not known."
    one = "It cannot be left out or made smaller" if len(remedy.steps) == 1 else "None can be left out or made smaller"
    if remedy.bound_cny > 0:
        return f"{one}; other changes may do for less, but none for less than {cny(remedy.bound_cny)}."
    return f"{one}; other changes may do for less."


def _without(step: Step, *, asked: str) -> str:
    """What the demands get without a change, and in what way where that is not how they ask for it."""
    share, given = quantity(step.fraction_without, "%"), step.protection_without
    if given is not None:
        return f"{share}, no {asked}" if given == "none" else f"{share}, {given}"
    return f"{share}, others less" if step.losers_without and share == "100 %" else share


def _show_alternatives(network: Network, remedy: Remedy) -> None:
    several = len(remedy.steps) > 1
    place = {step.change.resource: str(number) for number, step in enumerate(remedy.steps, start=1)}
    alike: dict[tuple[str, ...], list[str]] = {}  # two new links between the same two nodes have the same other ways
    for one in remedy.alternatives:
        row = (cny(one.change.cost_cny), change_words(network, one.change), change_gives(one.change))
        alike.setdefault(row, []).append(place[one.instead_of])
    rows = [[*([", ".join(numbers)] if several else []), *row] for row, numbers in alike.items()]
    title = "Other ways, each in place of the change of that number" if several else "Would do as well in its place"
    if len(rows) > _ALTERNATIVES_SHOWN:
        first = {row[0]: row for row in reversed(rows)}
        title += f", the cheapest of each ({len(first)} of {len(rows)}; all with --json)"
        rows = [first[place] for place in dict.fromkeys(row[0] for row in rows)]
    else:
        title += ", cheapest first"
    say("")
    show_table(
        title, columns=[*_NUMBER[:several], ("cost", "right"), ("change", "left"), ("gives", "right")], rows=rows
    )


def _short_row(network: Network, short: Short) -> list[str]:
    unit = "%" if short.kind == "module_group" else "bit/s"
    title = network.link_titles.get(short.name, f"new link {short.name}")
    if short.kind == "node":
        title = f"relay limit of {network.node_names.get(short.name, short.name)}"
    elif short.kind == "module_group":
        title = f"time of the modules of group '{short.name}'"
    return [title, *(quantity(value, unit) for value in (short.has, short.needs, short.needs - short.has))]
