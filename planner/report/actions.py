"""What stops demands and what would serve them, as JSON and as text for a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from planner.report.cuts import cut_words
from planner.report.terminal import say, show_table
from planner.report.words import count, demand_title, fold, listing, quantity

if TYPE_CHECKING:
    from planner.explain import Change, Explained, Explanation, Growing, Remedy, Short
    from planner.network import Network

_ALTERNATIVES_SHOWN = 10


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
        "met": remedy.met,
        "cost_cny": sum(step.change.cost_cny for step in remedy.steps),
        "short": [{"resource": s.resource, "has": s.has, "needs": s.needs} for s in remedy.short],
        "dead_links": list(remedy.dead),
        "cuts": [
            {"demand_id": demand, "nodes": list(c.nodes), "links": list(c.links), "risk_groups": list(c.risk_groups)}
            for demand, c in remedy.cuts.items()
        ],
        "steps": [
            _change_document(step.change)
            | {"served_fraction_after": step.fraction_after, "served_fraction_without": step.fraction_without}
            for step in remedy.steps
        ],
        "alternatives": [
            _change_document(other.change) | {"served_fraction_after": other.fraction} for other in remedy.alternatives
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
        _show_remedy(network, one.remedy, goal="serve it" if len(one.demands) == 1 else "serve them")
    if not explanation.unmet and asked is not None:
        say(f"{_title(network, asked)} gets all that it asks for.")
    elif not explanation.unmet:
        say(f"{_everybody(explanation)} all {'it asks' if len(explanation.met) == 1 else 'they ask'} for.")
        if explanation.growth is not None:
            _show_growth(network, explanation.growth)
    if any(one.remedy.steps for one in (*explanation.unmet, explanation.growth) if one is not None):
        costs = explanation.costs
        basis = sorted({costs.module_pair_cny.basis, costs.station_cny.basis, costs.fibre_cny_per_km_year.basis})
        say(
            "",
            "Every change was made to the network and the network planned again. None of them can be left out; others "
            "together may cost less.",
            f"Prices: {costs.title} ({', '.join(basis)}); fibre for {costs.years.value:g} years.",
        )


def _everybody(explanation: Explanation) -> str:
    number = len(explanation.met)
    return "The only demand gets" if number == 1 else f"All {number:,} demands get"


def _title(network: Network, demand_id: str) -> str:
    row = network.demands[network.demands["demand_id"] == demand_id].iloc[0]
    return demand_title(network, demand_id, node_a=row["node_a"], node_b=row["node_b"])


def _unmet_sentence(network: Network, one: Explained) -> str:
    share = (
        f"{quantity(one.served_bps, 'bit/s')} of {quantity(one.requested_bps, 'bit/s')} "
        f"({quantity(one.served_bps / one.requested_bps, '%')})"
    )
    if len(one.demands) == 1:
        (name,) = one.demands
        asked = network.demands.loc[network.demands["demand_id"] == name, "protection"].iloc[0]
        lacking = f", but not the protection {asked}" if one.remedy.cuts else ""
        return f"{_title(network, name)} gets {share}{lacking}."
    shown = listing([_title(network, name) for name in one.demands], at_most=3)
    return f"{count(len(one.demands), 'demand')} that the same links stop get {share}: {shown}."


def _show_growth(network: Network, growing: Growing) -> None:
    say(
        f"They can grow {fold(growing.factor_before)}-fold together. Next comes what stops them from growing "
        f"{fold(growing.target)}-fold.",
    )
    _show_remedy(network, growing.remedy, goal=f"let them grow {fold(growing.factor_after)}-fold")


def _show_remedy(network: Network, remedy: Remedy, *, goal: str) -> None:
    for demand, cut in remedy.cuts.items():
        parts = cut_words(network, nodes=cut.nodes, links=cut.links, risk_groups=cut.risk_groups)
        say(f"There are too few separate routes for {_title(network, demand)}: each needs {parts}.")
    if remedy.dead:
        say(f"Without key: {listing([network.link_titles[link] for link in remedy.dead], at_most=8)}.")
    if remedy.short:
        say("")
        show_table(
            "What is short",
            columns=[("", "left"), ("has", "right"), ("needs", "right"), ("lacks", "right")],
            rows=[_short_row(network, short) for short in remedy.short],
        )
    say("")
    if not remedy.steps:
        say("Nothing was found that would help: no price is known of what could be built here.")
        return
    cost = _cny(sum(step.change.cost_cny for step in remedy.steps))
    what = "change" if len(remedy.steps) == 1 else "changes"
    enough = f"What would {goal} in full" if goal.startswith("serve") else f"What would {goal}"
    if not remedy.met:
        enough = f"What would help, though not be enough ({quantity(remedy.fraction_after, '%')})"
    show_table(
        f"{enough}: {len(remedy.steps)} {what}, {cost}" + ("" if len(remedy.steps) == 1 else "; what helps most first"),
        columns=[
            ("cost", "right"), ("change", "left"), ("gives", "right"), ("served then", "right"),
            ("without it", "right"),
        ],
        rows=[
            [
                _cny(step.change.cost_cny), change_words(network, step.change), _gives(step.change),
                quantity(step.fraction_after, "%"), quantity(step.fraction_without, "%"),
            ]
            for step in remedy.steps
        ],
    )  # fmt: skip
    if remedy.alternatives:
        _show_alternatives(network, remedy)


def _show_alternatives(network: Network, remedy: Remedy) -> None:
    changes = [one.change for one in remedy.alternatives]
    # Two new links between the same two nodes have the same ways to be built.
    rows = list(dict.fromkeys((_cny(one.cost_cny), change_words(network, one), _gives(one)) for one in changes))
    shown = rows[:_ALTERNATIVES_SHOWN]
    say("")
    show_table(
        "Would do as well in their place, cheapest first"
        + ("" if len(shown) == len(rows) else f" ({len(shown)} of {len(rows)})"),
        columns=[("cost", "right"), ("change", "left"), ("gives", "right")],
        rows=shown,
    )


def _short_row(network: Network, short: Short) -> list[str]:
    unit = "%" if short.kind == "module_group" else "bit/s"
    title = network.link_titles.get(short.name, f"new link {short.name}")
    if short.kind == "node":
        title = f"relay limit of {network.node_names.get(short.name, short.name)}"
    elif short.kind == "module_group":
        title = f"time of the modules of group '{short.name}'"
    return [title, *(quantity(value, unit) for value in (short.has, short.needs, short.needs - short.has))]


def change_words(network: Network, change: Change) -> str:
    """A change in words: ``1 more pair of modules on Wuhan–Ezhou (2 in all)``.

    Args:
        network: The network as it is.
        change: The change.
    """
    return _WORDS[change.kind](network, change.details)


def _link(network: Network, details: Any) -> str:
    return network.link_titles.get(details["link_id"], str(details["link_id"]))


def _pairs(number: int) -> str:
    return count(number, "pair")


def _more_pairs(network: Network, details: Any) -> str:
    more = details["module_pairs"] - details["module_pairs_before"]
    return f"{more} more {'pair' if more == 1 else 'pairs'} of modules on {_link(network, details)}"


def _other_module(network: Network, details: Any) -> str:
    return (
        f"{_pairs(details['module_pairs'])} of {details['module']} in place of the "
        f"{_pairs(details['module_pairs_before'])} on {_link(network, details)}"
    )


def _stations(network: Network, details: Any) -> str:
    number, pairs = details["stations"], details["module_pairs"]
    where = "a trusted station halfway on" if number == 1 else f"{number} trusted stations at equal distances on"
    return f"{where} {_link(network, details)}, {_pairs(pairs)} of the same modules on each span"


def _own_modules(network: Network, details: Any) -> str:
    links = listing([network.link_titles.get(link, link) for link in details["links"]])
    return f"modules of their own for {links}, which share those of group '{details['module_group']}'"


def _relay_limit(network: Network, details: Any) -> str:
    node = network.node_names.get(details["node_id"], details["node_id"])
    return f"a larger key manager at {node}, for {quantity(details['relay_limit_bps'], 'bit/s')} passed on"


def _ports(network: Network, details: Any) -> str:
    ports = [f"{number} at {network.node_names[node]}" for node, number in details["ports"].items()]
    return f"user ports: {listing(ports)} in all"


def _new_link(network: Network, details: Any) -> str:
    names = [network.node_names.get(details[end], details[end]) for end in ("node_a", "node_b")]
    stations = "" if not details["stations"] else f" with {count(details['stations'], 'trusted station')} between"
    return (
        f"a new link {'–'.join(names)} of about {quantity(details['length_km'], 'km')}{stations}, "
        f"{_pairs(details['module_pairs'])} of {details['module']}"
    )


_WORDS: dict[str, Callable[[Network, Any], str]] = {
    "module pairs": _more_pairs,
    "module": _other_module,
    "stations": _stations,
    "own modules": _own_modules,
    "relay limit": _relay_limit,
    "user ports": _ports,
    "new link": _new_link,
}


def _gives(change: Change) -> str:
    return quantity(change.details.get("key_rate_bps"), "bit/s")


def _cny(cost: float) -> str:
    return f"CNY {cost / 1e6:,.2f} M" if cost < 99.5e6 else f"CNY {cost / 1e6:,.0f} M"
