"""A cut in words: the nodes, links and risk groups of which every route uses one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.network import Network


def cut_words(
    network: Network, *, nodes: Sequence[str], links: Sequence[str], risk_groups: Sequence[str], joined_by: str = "or"
) -> str:
    """The parts of a cut in a sentence: ``Jinan, the link Xuzhou–Bengbu or the risk group duct-7``.

    Args:
        network: The network.
        nodes: Ids of the nodes.
        links: Ids of the links.
        risk_groups: Names of the groups.
        joined_by: The word before the last part.
    """
    parts = [network.node_names[node] for node in nodes]
    parts += [f"the link {network.link_titles[link]}" for link in links]
    parts += [f"the risk group '{group}'" for group in risk_groups]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {joined_by} {parts[-1]}"
