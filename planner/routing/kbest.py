"""The k best simple routes: Yen's method with Lawler's partition.

Sources: J. Y. Yen, Management Science 17, 712 (1971); E. L. Lawler, Management Science 18, 401 (1972).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from planner.routing.search import Part, RouteSearch, Steps


def in_order(search: RouteSearch) -> Iterator[Steps]:
    """All simple routes of a search, best first, each found when it is asked for.

    All routes but the best so far are split into parts by the place where they leave it, and so on with the
    best of each part, so that no route is found twice.

    Args:
        search: Finds the best route of a part.
    """
    candidates: list[tuple[tuple[object, ...], Steps, Part]] = []

    def offer(part: Part) -> None:
        best = search.best(part)
        if best is not None:
            heapq.heappush(candidates, (search.order(best), best, part))

    offer(Part(nodes=(search.source,), links=(), banned=frozenset()))
    while candidates:
        _, (nodes, links), part = heapq.heappop(candidates)
        yield nodes, links
        for place in range(len(part.links), len(links)):
            banned = {links[place]} | (part.banned if place == len(part.links) else set())
            offer(Part(nodes=nodes[: place + 1], links=links[:place], banned=frozenset(banned)))


def k_best(search: RouteSearch, *, k: int, most: int) -> tuple[list[Steps], bool]:
    """The k best simple routes where links share modules, best first.

    A route whose links share modules in time gives less than its narrowest link, so it comes no earlier than in the
    order by narrowest links. Routes are taken in that order until none that follows can be better than the k best so
    far; where no modules are shared, these are the first k.

    Args:
        search: Finds routes in the order by narrowest links.
        k: How many routes at most.
        most: So many routes are looked at, at most.

    Returns:
        The routes, and whether they are certainly the best.
    """
    best: list[tuple[tuple[object, ...], Steps]] = []
    for number, steps in enumerate(in_order(search)):
        order = search.order(steps)
        if number == most:
            return [steps for _, steps in best], len(best) == k and order > best[-1][0]
        best = sorted([*best, (search.shared_order(steps), steps)])[:k]
        if len(best) == k and order >= best[-1][0]:
            break
    return [steps for _, steps in best], True
