"""What can be bought for each link and node: the changes that give it more, cheapest first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner.explain.changes import Change, Kind, plain_links, span_row
from planner.physics import PARAMETERS
from planner.physics.module import load_module
from planner.physics.parameters import ARMS
from planner.records import rows_of, split_list

if TYPE_CHECKING:
    from planner.explain.costs import Costs
    from planner.explain.state import Rates
    from planner.network import Network
    from planner.physics.module import Module

MOST_PAIRS = 100
"""No span gets more pairs of modules."""
MOST_STATIONS = 9
"""No link gets more stations between its ends."""

_BESIDE_LIGHT = PARAMETERS["background_probability"].protocols - ARMS
"""Protocols that are modelled beside classical channels in the same fibre."""

_LARGEST_BPS = 1e15  # more cannot be written into the tables of a network
ENOUGH = 1 + 1e-7
"""What is built gives a little more than is needed, so that rounding leaves no demand unmet."""


@dataclass(frozen=True)
class Offer:
    """A way to build one link.

    Attributes:
        kind: What is done to the link.
        module: The module; None where the measured rate is all that is known.
        spans: Into how many equal spans intermediate stations divide it.
        per_pair_bps: What one pair on each span gives.
    """

    kind: Kind
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

    def offers(self, network: Network, rows: Sequence[Mapping[str, Any]], *, rates: Rates) -> list[list[Offer]]:
        """What a pair of modules would give on each link: its own, others, and its own with stations between.

        Args:
            network: The network, for its modules.
            rows: The links, as the record of links takes them.
            rates: Their key rates.
        """
        own = rates.of(rows)
        found: list[list[Offer]] = [[] for _ in rows]
        for offers, row, rate in zip(found, rows, own, strict=True):
            if rate > 0:
                kind: Kind = "own modules" if row["module_group"] else "module pairs"
                offers.append(Offer(kind, row["module"], 1, rate / row["module_pairs"]))
        wanted = [(place, *one) for place, row in enumerate(rows) for one in self._others(network, row)]
        trial = [
            span_row(rows[place], spans=spans) | {"module": module, "module_pairs": 1, "key_rate_bps": None}
            for place, _, module, spans in wanted
        ]
        for (place, kind, module, spans), rate in zip(wanted, rates.of(trial), strict=True):
            if rate > 0:
                found[place].append(Offer(kind, module, spans, rate))
        return found

    def _others(self, network: Network, row: Mapping[str, Any]) -> Iterator[tuple[Kind, str, int]]:
        """Kind, module and number of spans of what a link may get besides more pairs."""
        if split_list(row["via"]) or row["module_group"]:
            return  # what light passes on its way, or takes turns with, ties the link to its modules and its course
        own = row["module"]
        able = _BESIDE_LIGHT if row["coexistence"] else None
        for name, module in self.modules.items():
            if name != own and (able is None or module.protocol in able):
                yield "module", name, 1
        if own is not None and network.modules[own].protocol not in ARMS:
            for spans in range(2, MOST_STATIONS + 2):
                yield "stations", own, spans


def link_options(
    network: Network, *, names: Iterable[str], rates: Rates, market: Market, enough_bps: float
) -> dict[str, list[Change]]:
    """The changes of links that give more than today, by resource; of each kind those that nothing of it beats.

    Args:
        network: The network.
        names: Ids of the links. A link of a satellite cannot be built.
        rates: Their key rates.
        market: What may be bought.
        enough_bps: More than this no link can be asked for.

    Returns:
        For each link that something can be done about, its changes, cheapest first.
    """
    links = plain_links(network)
    rows = [links[name] for name in sorted(set(names) - network.satellite_links)]
    has = rates.of(rows)
    found: dict[str, list[Change]] = {}
    for row, rate, offers in zip(rows, has, market.offers(network, rows, rates=rates), strict=True):
        # Modules of its own, as many as it shares or more, are more than a turn at those.
        least = rate * (1 - 1 / row["module_pairs"]) if row["module_group"] else rate
        ways = [
            change
            for kind in dict.fromkeys(offer.kind for offer in offers)
            for change in _of_kind(row, [o for o in offers if o.kind == kind], least, enough_bps, market)
        ]
        if ways:
            found[f"link:{row['link_id']}"] = sorted(ways, key=lambda change: (change.cost_cny, -change.gives_bps))
    return found


def node_options(network: Network, *, costs: Costs, enough_bps: float) -> dict[str, list[Change]]:
    """A higher relay limit for each node that has one, by resource.

    Args:
        network: The network.
        costs: The prices.
        enough_bps: What no node is asked to pass on more than; the change is made as small as serves later.
    """
    enough_bps = min(enough_bps, _LARGEST_BPS)
    limited = network.nodes[network.nodes["relay_limit_bps"].notna()]
    return {
        f"node:{row.node_id}": [relay_limit(row.node_id, limit_bps=enough_bps, costs=costs)]
        for row in rows_of(limited)
        if row.relay_limit_bps < enough_bps
    }


def relay_limit(node_id: str, *, limit_bps: float, costs: Costs) -> Change:
    """A higher relay limit; its price does not depend on how high.

    Args:
        node_id: The node.
        limit_bps: The new limit.
        costs: The prices.
    """
    return Change(
        kind="relay limit",
        resource=f"node:{node_id}",
        cost_cny=costs.relay_cny.value,
        gives_bps=limit_bps,
        details={"node_id": node_id, "relay_limit_bps": limit_bps},
        node_values={node_id: {"relay_limit_bps": limit_bps}},
    )


def unbeaten(changes: Iterable[Change]) -> list[Change]:
    """The changes that give more than every cheaper one, cheapest first."""
    kept: list[Change] = []
    for change in sorted(changes, key=lambda change: (change.cost_cny, -change.gives_bps)):
        if not kept or change.gives_bps > kept[-1].gives_bps:
            kept.append(change)
    return kept


def _of_kind(
    row: Mapping[str, Any], offers: Sequence[Offer], least_bps: float, enough_bps: float, market: Market
) -> list[Change]:
    """The unbeaten ways to build a link by some offers, each with as many pairs as may be needed."""
    ways: list[tuple[float, float, int, Offer]] = []
    for place, offer in enumerate(offers):
        first = math.floor(least_bps / offer.per_pair_bps) + 1
        most = max(math.ceil(enough_bps * ENOUGH / offer.per_pair_bps), first)
        for pairs in range(first, min(most, MOST_PAIRS) + 1):
            gives = pairs * offer.per_pair_bps
            if least_bps * ENOUGH < gives <= _LARGEST_BPS:
                ways.append((_cost_cny(row, offer, pairs, market.costs), -gives, place, offer))
    kept: list[Change] = []
    most_bps = 0.0
    for cost, gives, _, offer in sorted(ways, key=lambda way: way[:3]):
        if -gives > most_bps:
            most_bps = -gives
            kept.append(_built(row, offer, round(-gives / offer.per_pair_bps), cost, market))
    return kept


def _cost_cny(row: Mapping[str, Any], offer: Offer, pairs: int, costs: Costs) -> float:
    """Modules that are there already are used on the spans between new stations, and their fibres stay."""
    modules_there = row["module_pairs"] if offer.kind in ("module pairs", "stations") else 0
    fibres_there = modules_there or (row["module_pairs"] if offer.kind == "module" else 0)
    bought = pairs * offer.spans - modules_there
    more_km = max(pairs - fibres_there, 0) * row["length_km"]
    stations = (offer.spans - 1) * costs.station_cny.value
    return max(bought, 0) * costs.pair_cny(offer.module) + costs.fibre_cny(more_km) + stations


def _built(row: Mapping[str, Any], offer: Offer, pairs: int, cost_cny: float, market: Market) -> Change:
    """The change that builds an offer."""
    gives_bps = pairs * offer.per_pair_bps
    details = {
        "link_id": row["link_id"],
        "module": offer.module,
        "module_pairs_before": row["module_pairs"],
        "module_pairs": pairs,
        "stations": offer.spans - 1,
        "key_rate_bps": gives_bps,
    }
    values: dict[str, Any] = {"module_pairs": pairs}
    if row["key_rate_bps"] is not None and offer.kind in ("module pairs", "own modules"):
        values["key_rate_bps"] = gives_bps
    if offer.kind == "module":
        values |= {"module": offer.module, "key_rate_bps": None}
    if offer.kind == "own modules":
        values |= {"module_group": None}
        details["module_group"] = row["module_group"]
    known = {offer.module: market.modules[offer.module]} if offer.module in market.modules else {}
    splits = {row["link_id"]: offer.spans} if offer.spans > 1 else {}
    if offer.kind == "new link":
        details |= {name: row[name] for name in ("node_a", "node_b", "length_km")}
        new = dict(row) | {"module": offer.module, "module_pairs": pairs, "key_rate_bps": None}
        return Change(
            "new link",
            f"link:{row['link_id']}",
            cost_cny,
            gives_bps,
            details,
            new_links=(new,),
            splits=splits,
            modules=known,
        )
    return Change(
        offer.kind, f"link:{row['link_id']}", cost_cny, gives_bps, details,
        link_values={row["link_id"]: values}, splits=splits, modules=known,
    )  # fmt: skip


def new_link_options(
    row: Mapping[str, Any], *, modules: Iterable[str], rates: Rates, market: Market, enough_bps: float
) -> list[Change]:
    """The ways to build a new link that nothing beats, cheapest first.

    Args:
        row: The link before it is built, without key, as its record takes it.
        modules: Modules that it may get.
        rates: Key rates.
        market: What may be bought.
        enough_bps: More than this it cannot be asked for.
    """
    wanted = [(name, spans) for name in modules for spans in range(1, MOST_STATIONS + 2)]
    trial = [span_row(row, spans=spans) | {"module": name, "module_pairs": 1} for name, spans in wanted]
    offers = [
        Offer("new link", name, spans, rate)
        for (name, spans), rate in zip(wanted, rates.of(trial), strict=True)
        if rate > 0
    ]
    by_module = [[offer for offer in offers if offer.module == name] for name in modules]
    ways = [change for of_one in by_module for change in _of_kind(dict(row), of_one, 0.0, enough_bps, market)]
    return sorted(ways, key=lambda change: (change.cost_cny, -change.gives_bps))
