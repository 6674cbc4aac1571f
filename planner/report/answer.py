"""The answer of a plan in sentences: what is served, what limits it, and why no plan does better."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from planner.records import RELAY_KINDS
from planner.report.figures import figures
from planner.report.words import NAMED_AT_MOST, count, demand_title, fold, listing, quantity

if TYPE_CHECKING:
    import pandas as pd

    from planner.network import Network
    from planner.plan import Plan

_FULL = 1 - 1e-6
"""Served fractions from here on are "in full"; what is missing is the solver's rounding."""


def summary(plan: Plan) -> tuple[str, ...]:
    """The answer of a plan in sentences, the most important first.

    Args:
        plan: The plan.

    Returns:
        What is served and what not, how far demand may grow, which protection is given, what limits the plan, how
        large the network is and how much of the input is assumed.
    """
    sentences = list(plan.bottlenecks["sentence"].drop_duplicates())
    shown = sentences[:NAMED_AT_MOST]
    if len(sentences) > len(shown):
        shown.append(f"{count(len(sentences) - len(shown), 'more bottleneck')} in the list of bottlenecks.")
    return (*_served(plan), *_in_all(plan), *_protected(plan), *shown, _size(plan.network), _assumed(plan.network))


def _served(plan: Plan) -> tuple[str, ...]:
    asking = plan.demands[plan.demands["requested_bps"] > 0]
    if asking.empty:
        return ("No demand asks for key: every requested rate is 0.",)
    full = asking["served_fraction"] >= _FULL
    if full.all():
        who = "The only demand is" if len(asking) == 1 else f"All {len(asking):,} demands are"
        return (f"{who} served in full{_room(plan, len(asking))}.",)
    unserved = ~full & (asking["served_bps"] <= 0)
    if unserved.all():
        who = "The only demand" if len(asking) == 1 else f"None of the {len(asking):,} demands"
        verb = "is not served" if len(asking) == 1 else "is served"
        return (f"{who} {verb}.", *_named(plan.network, "Not served", asking), _concurrent(plan))
    partly = ~full & ~unserved
    states = [(int(full.sum()), "served in full"), (int(partly.sum()), "in part"), (int(unserved.sum()), "not at all")]
    first, *others = [(number, state) for number, state in states if number]
    verb = "is" if first[0] == 1 else "are"
    opening = first[1] if first[1].startswith("served") else f"served {first[1]}"
    parts = [f"{first[0]:,} of {count(len(asking), 'demand')} {verb} {opening}"]
    parts += [f"{number:,} {state}" for number, state in others]
    sentences = [f"{listing(parts)}.", *_named(plan.network, "Served in part", asking[partly])]
    return (*sentences, *_named(plan.network, "Not served", asking[unserved]), _concurrent(plan))


def _room(plan: Plan, asking: int) -> str:
    factor = plan.growth.factor
    if factor is None:
        return ""
    limit = "limit is reached" if any(plan.growth.resource_prices.values()) else "link is full"
    if factor < 1.005:
        return f"; there is no room for growth, a {limit}"
    who = "it" if asking == 1 else "every one of them"
    return f"; {who} could grow {fold(factor)}-fold before the first {limit}"


def _in_all(plan: Plan) -> tuple[str, ...]:
    """What is served together, where the most was sought."""
    if plan.total is None:
        return ()
    served = quantity(plan.total.served_bps, "bit/s")
    return (f"{served} are served in all, the most that the network can serve of what is asked for.",)


def _protected(plan: Plan) -> tuple[str, ...]:
    """How many demands get the protection they ask for, and which do not."""
    asking = plan.demands[(plan.demands["requested_bps"] > 0) & (plan.demands["protection"] != "none")]
    if asking.empty:
        return ()
    protected = asking["protection_given"] == asking["protection"]
    given, empty = int(protected.sum()), int((protected & (asking["served_bps"] <= 0)).sum())
    without = asking.loc[asking["protection_given"].isna(), "demand_id"].isin(plan.without_port)
    short = {shortfall.demand_id: shortfall for shortfall in plan.shortfalls}
    unserved = "" if not empty else ", but no key" if given == 1 else f", but {empty:,} of them no key"
    who = "The only demand that asks" if len(asking) == 1 else f"{given:,} of {len(asking):,} demands that ask"
    if given == len(asking):
        who = who if given == 1 else f"All {given:,} demands that ask"
        return (f"{who} for protection {'gets' if given == 1 else 'get'} it{unserved}.",)
    verb = "does not get" if len(asking) == 1 else "gets" if given == 1 else "get"
    reasons = [(int((~without).sum()), "no route at all"), (int(without.sum()), "no user port")]
    sentence = f"{who} for protection {verb} it in full{unserved}"
    for number, reason in reasons:
        lacking = "it has" if len(asking) == 1 else f"{number:,} {'has' if number == 1 else 'have'}"
        sentence += f"; {lacking} {reason}" if number else ""
    sentence += "."
    parts = [
        f"{demand_title(plan.network, row['demand_id'], node_a=row['node_a'], node_b=row['node_b'])}: "
        f"{row['protection']} asked, {row['protection_given']} given"
        for row in asking.to_dict("records")
        if row["demand_id"] in short
    ]
    return (sentence, f"Less protection: {listing(parts)}.") if parts else (sentence,)


def _concurrent(plan: Plan) -> str:
    factor = plan.growth.factor
    if not factor:
        return f"While a demand has {_missing(plan)}, there is no factor by which all demands could grow."
    share = math.floor(min(factor, 1.0) * (1 + 1e-9) * 1000) / 1000
    return f"All at once, every demand could have {quantity(share, '%')} of what it asks for."


def _missing(plan: Plan) -> str:
    """What a demand lacks where no factor is above 0."""
    return "no route that carries key" + (", or no user port" if plan.without_port else "")


def _named(network: Network, state: str, demands: pd.DataFrame) -> tuple[str, ...]:
    if demands.empty:
        return ()
    parts = []
    # rounded, so that the last digits of equal shares do not decide who is named first
    order = demands.sort_values(
        ["served_fraction", "requested_bps"], ascending=[True, False], kind="stable", key=lambda column: column.round(9)
    )
    for row in order.to_dict("records"):
        title = demand_title(network, row["demand_id"], node_a=row["node_a"], node_b=row["node_b"])
        asked = quantity(row["requested_bps"], "bit/s")
        served = f"{quantity(row['served_fraction'], '%')} of {asked}"
        share = served if row["served_bps"] > 0 else f"asks for {asked}"
        parts.append(f"{title}: {share}")
    return (f"{state}: {listing(parts)}.",)


def _size(network: Network) -> str:
    relays = int(network.nodes["kind"].isin(RELAY_KINDS).sum())
    others = len(network.nodes) - relays
    nodes = count(relays, "trusted node") + (f" and {count(others, 'other node')}" if others else "")
    sky = network.satellite_links
    on_ground = network.links[~network.links["link_id"].isin(sky)]
    parts = [nodes]
    if len(on_ground) or not sky:
        parts += [count(len(on_ground), "link"), f"{quantity(float(on_ground['length_km'].sum()), 'km')} of fibre"]
    parts += [count(len(sky), "satellite link")] if sky else []
    return f"The network has {listing(parts)}."


def _assumed(network: Network) -> str:
    basis = figures(network)["basis"]
    assumed = int((basis == "assumed").sum())
    if assumed == 0:
        return f"None of the {count(len(basis), 'input figure')} is assumed."
    return f"{assumed:,} of {count(len(basis), 'input figure')} are assumed; the list of assumptions names each."


def proof(plan: Plan) -> tuple[str, ...]:
    """Why no plan does better, and how anybody can check it, in paragraphs.

    Args:
        plan: The plan.

    Returns:
        What the growth factor promises, why it cannot be more, how large the gap is, what fairness, or the largest
        total, means here.
    """
    growth, fair = plan.growth, _best(plan)
    if growth.factor is None:
        return ("No demand asks for key, so there is no factor by which demand could grow.", fair)
    if not growth.factor or growth.bound is None:
        return (
            f"At least one demand has {_missing(plan)}, so there is no factor above 0 by which all could grow.",
            fair,
        )
    times = fold(growth.factor)
    gap = "none" if not growth.gap else f"{growth.gap:.1e}"
    reached = (
        f"{times} times every requested rate can be served at once: growth_routes.csv lists routes and rates that do "
        "so and load no link beyond its key rate."
    )
    others = ", and each whole module group and relay limit its own," if any(growth.resource_prices.values()) else ""
    sets = plan.demands["protection_given"].isin(["none"]) | plan.demands["protection_given"].isna()
    route = "route" if sets.all() else "route, or set of routes as its protection needs them"
    bound = (
        f"More is impossible. Give each link below its price{others} and all other links the price 0. Whatever the "
        f"plan, a demand pays for each bit/s at least the price of its cheapest {route}, and all demands together "
        "cannot pay more than the whole key of the network is worth. Worth divided by the least cost of the requests "
        f"is therefore a bound on the growth of any plan: {growth.bound:.9g}, against {growth.factor:.9g} reached "
        f"(gap: {gap})."
    )
    check = (
        "Anybody can check this with a routine for shortest paths. The command “planner verify” with this folder does: "
        "it recomputes the key rates from the folder's own copy of the inputs and checks routes, loads, fairness and "
        "prices without the code that made the plan."
    )
    return reached, bound, check, fair


def _best(plan: Plan) -> str:
    """In what sense the served rates are the best."""
    if plan.total is None:
        return (
            "The served rates are fair: no demand could be given a larger share of what it asks for without taking "
            "from one whose share, weighed by priority, is no larger. This was settled in "
            f"{count(len(plan.levels), 'step')}, each of which plan.json proves by prices of its own."
        )
    total = plan.total
    return (
        f"The served rates are the most there is: {total.served_bps:.9g} bit/s in all. plan.json holds prices under "
        "which the key of the network, and what demands would still gain by being served in full, is worth no more "
        f"than {total.bound:.9g} bit/s, so that no plan serves more. Of all plans that serve as much it is the fairest."
    )
