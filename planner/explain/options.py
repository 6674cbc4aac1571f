"""What can be done about a resource that has too little: the changes that would give it enough, cheapest first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner.budget import link_budget
from planner.explain.changes import Change, plain_links, span_row
from planner.physics import PARAMETERS
from planner.physics.module import load_module
from planner.physics.parameters import ARMS
from planner.records import LinkRecord, split_list, to_frame

if TYPE_CHECKING:
    from planner.explain.costs import Costs
    from planner.explain.shortage import Short
    from planner.network import Network
    from planner.physics.module import Module

MOST_PAIRS = 100
"""No span gets more pairs of modules."""

_BESIDE_LIGHT = PARAMETERS["background_probability"].protocols - ARMS
"""Protocols that are modelled beside classical channels in the same fibre."""

_MOST_STATIONS = 9
_ENOUGH = 1 + 1e-7  # what is built gives a little more than is needed, so that rounding leaves no demand unmet


@dataclass(frozen=True)
class Offer:
    """A way to build one link.

    Attributes:
        module: The module; None where the measured rate is all that is known.
        spans: Into how many equal spans intermediate stations divide it.
        per_pair_bps: What one pair on each span gives.
    """

    module: str | None
    spans: int
    per_pair_bps: float


class Market:
    """What may be bought: modules with a price, stations, fibre.

    Args:
        costs: The prices.
    """

    def __init__(self, costs: Costs) -> None:
        self.costs = costs
        modules = {name: load_module(name) for name in sorted(costs.module_pairs_cny)}
        # A protocol with a station in the middle needs more than other modules at the ends.
        self.modules: dict[str, Module] = {name: m for name, m in modules.items() if m.protocol not in ARMS}

    def offers(self, network: Network, rows: Sequence[Mapping[str, Any]]) -> list[list[Offer]]:
        """What each link would give with each module that may be bought, and its own with stations between.

        Args:
            network: The network, for its modules and its nodes.
            rows: The links, as the record of links takes them.
        """
        wanted: list[tuple[int, str, int]] = []
        for number, row in enumerate(rows):
            if split_list(row["via"]):
                continue  # what light passes on its way ties the link to its modules and its course
            own = row["module"]
            able = _BESIDE_LIGHT if row["coexistence"] else None
            names = [name for name, module in self.modules.items() if able is None or module.protocol in able]
            wanted += [(number, name, 1) for name in names if name != own]
            if own is not None and network.modules[own].protocol not in ARMS:
                wanted += [(number, own, spans) for spans in range(2, _MOST_STATIONS + 2)]
        if not wanted:
            return [[] for _ in rows]
        trial = [
            span_row(rows[number], spans=spans)
            | {"link_id": f"offer-{place}", "module": module, "module_pairs": 1, "key_rate_bps": None}
            for place, (number, module, spans) in enumerate(wanted)
        ]
        modules = {**self.modules, **network.modules}
        rates = link_budget(network.replace(links=to_frame(LinkRecord, trial), modules=modules))["key_rate_bps"]
        offers: list[list[Offer]] = [[] for _ in rows]
        for (number, module, spans), rate in zip(wanted, rates.tolist(), strict=True):
            if rate > 0:
                offers[number].append(Offer(module, spans, rate))
        return offers


def options(
    shorts: Sequence[Short], *, network: Network, rates_bps: Mapping[str, float], market: Market
) -> dict[str, list[Change]]:
    """For each resource that is short the changes that would give it what it needs, cheapest first.

    Args:
        shorts: What is short.
        network: The network.
        rates_bps: Key rate of each link.
        market: What may be bought.
    """
    links = plain_links(network)
    kinds = dict(zip(network.nodes["node_id"], network.nodes["kind"], strict=True))
    fibre = [
        short for short in shorts
        if short.kind == "link" and "satellite" not in {kinds[links[short.name][end]] for end in ("node_a", "node_b")}
    ]  # fmt: skip
    offers = market.offers(network, [links[short.name] for short in fibre])
    found: dict[str, list[Change]] = {short.resource: [] for short in shorts}
    for short, offered in zip(fibre, offers, strict=True):
        found[short.resource] = for_link(
            links[short.name], short, rate_bps=rates_bps[short.name], offers=offered, market=market
        )
    for short in shorts:
        if short.kind == "node":
            found[short.resource] = [_higher_limit(short, market.costs)]
        elif short.kind == "module_group":
            found[short.resource] = _own_modules(short, links=links, rates_bps=rates_bps, market=market)
    return {resource: sorted(changes, key=lambda change: change.cost_cny) for resource, changes in found.items()}


def for_link(
    row: Mapping[str, Any], short: Short, *, rate_bps: float, offers: Sequence[Offer], market: Market
) -> list[Change]:
    """More pairs of the same modules, other modules, stations between: the cheapest of each kind.

    Args:
        row: The link.
        short: What it needs.
        rate_bps: What it gives.
        offers: What other modules and stations would give.
        market: The prices.
    """
    found: list[Change] = []
    if rate_bps > 0:
        same = Offer(row["module"], 1, rate_bps / row["module_pairs"])
        found += _built(row, short, same, kind="module pairs", market=market)
    for kind in ("module", "stations"):
        of_kind = [
            change
            for offer in offers
            if (offer.spans == 1) == (kind == "module")
            for change in _built(row, short, offer, kind=kind, market=market)
        ]
        found += sorted(of_kind, key=lambda change: change.cost_cny)[:1]
    return found


def _built(row: Mapping[str, Any], short: Short, offer: Offer, *, kind: Any, market: Market) -> list[Change]:
    """The change that builds an offer with as many pairs as are needed; none where that is too many."""
    costs = market.costs
    pairs = math.ceil(short.needs * _ENOUGH / offer.per_pair_bps)
    if pairs > MOST_PAIRS:
        return []
    own = row["module_pairs"]
    bought = pairs * offer.spans - (0 if kind == "module" else own)
    more_km = max(pairs - own, 0) * row["length_km"]
    cost = max(bought, 0) * costs.pair_cny(offer.module) + costs.fibre_cny(more_km)
    values: dict[str, Any] = {"module_pairs": pairs}
    if row["key_rate_bps"] is not None and kind == "module pairs":
        values["key_rate_bps"] = pairs * offer.per_pair_bps
    if kind == "module":
        values |= {"module": offer.module, "key_rate_bps": None}
    known = {offer.module: market.modules[offer.module]} if kind == "module" and offer.module else {}
    return [
        Change(
            kind=kind,
            resource=short.resource,
            cost_cny=cost + (offer.spans - 1) * costs.station_cny.value,
            details={
                "link_id": row["link_id"],
                "module": offer.module,
                "module_pairs_before": own,
                "module_pairs": pairs,
                "stations": offer.spans - 1,
                "key_rate_bps": pairs * offer.per_pair_bps,
            },
            link_values={row["link_id"]: values},
            splits={row["link_id"]: offer.spans} if offer.spans > 1 else {},
            modules=known,
        )
    ]


def _higher_limit(short: Short, costs: Costs) -> Change:
    limit = short.needs * _ENOUGH
    return Change(
        kind="relay limit",
        resource=short.resource,
        cost_cny=costs.relay_cny.value,
        details={"node_id": short.name, "relay_limit_bps": limit},
        node_values={short.name: {"relay_limit_bps": limit}},
    )


def _own_modules(
    short: Short, *, links: Mapping[str, Mapping[str, Any]], rates_bps: Mapping[str, float], market: Market
) -> list[Change]:
    """Modules of their own for the links of a group that take the most time, until the rest fits."""
    members = [row for row in links.values() if row["module_group"] == short.name and rates_bps[row["link_id"]] > 0]
    shares = {link: share for link, share in short.shares.items() if share > 0}
    freed: list[Mapping[str, Any]] = []
    left = sum(shares.values())
    for row in sorted(members, key=lambda row: (-shares.get(row["link_id"], 0.0), row["link_id"])):
        if left <= 1.0:
            break
        freed.append(row)
        left -= shares.get(row["link_id"], 0.0)
    if not freed or left > 1.0:
        return []
    costs = market.costs
    return [
        Change(
            kind="own modules",
            resource=short.resource,
            cost_cny=sum(
                row["module_pairs"] * (costs.pair_cny(row["module"]) + costs.fibre_cny(row["length_km"]))
                for row in freed
            ),
            details={"module_group": short.name, "links": [row["link_id"] for row in freed]},
            link_values={row["link_id"]: {"module_group": None} for row in freed},
        )
    ]
