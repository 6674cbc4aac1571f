"""Changes of a network in words and figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from planner.report.words import count, quantity

if TYPE_CHECKING:
    from planner.explain import Change
    from planner.network import Network


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
    own = f"{_pairs(details['module_pairs'])} of modules of its own for {_link(network, details)}"
    return f"{own}, which leaves group '{details['module_group']}'"


def _relay_limit(network: Network, details: Any) -> str:
    node = network.node_names.get(details["node_id"], details["node_id"])
    return f"a larger key manager at {node}, for {quantity(details['relay_limit_bps'], 'bit/s')} passed on"


def _ports(network: Network, details: Any) -> str:
    more = details["user_ports"] - details["user_ports_before"]
    node = network.node_names.get(details["node_id"], details["node_id"])
    return f"{more} more user {'port' if more == 1 else 'ports'} at {node}"


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


def change_gives(change: Change) -> str:
    """The key rate that a change gives its link; a dash where it gives none."""
    return quantity(change.details.get("key_rate_bps"), "bit/s")


def cny(cost: float) -> str:
    """A price in yuan, large ones in millions."""
    if 0 < cost < 5e3:
        return f"CNY {cost:,.0f}"
    return f"CNY {cost / 1e6:,.2f} M" if cost < 99.5e6 else f"CNY {cost / 1e6:,.0f} M"
