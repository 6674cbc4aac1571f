"""What routes pay for links and nodes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Route = tuple[int, ...]
"""Links by index, from one end to the other."""
RouteSet = tuple[Route, ...]
"""Routes that belong together."""


@dataclass(frozen=True)
class Prices:
    """What a route pays. Sums of whole numbers are exact; of others, 1e-12 of a sum is nothing.

    Attributes:
        links: For each link, at least 0.
        nodes: For passing on through each node, at least 0; None where that is free.
        measures: Where the prices are whole numbers that put several measures of a link into one, the first so large
            that no sum of the next reaches it: these measures, for programs, which cannot count so far.
    """

    links: Sequence[float]
    nodes: Sequence[float] | None = None
    measures: tuple[Sequence[float], ...] = ()

    def of(self, route: Route, *, inner: Sequence[int]) -> float:
        """What a route costs, given its inner nodes."""
        nodes = self.nodes
        passing = [] if nodes is None else [nodes[node] for node in inner]
        return math.fsum([self.links[link] for link in route] + passing)

    def clearly(self, cost: float) -> float:
        """What is clearly below a cost is below this."""
        return cost if self.measures else cost * (1 - 1e-12)


def hop_prices(links: int) -> Prices:
    """Every link costs 1."""
    return Prices([1] * links)
