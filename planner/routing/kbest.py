"""The k best simple routes: Yen's method with Lawler's partition.

Sources: J. Y. Yen, Management Science 17, 712 (1971); E. L. Lawler, Management Science 18, 401 (1972).
"""

from __future__ import annotations

import heapq

from planner.routing.search import Part, RouteSearch, Steps


def k_best(search: RouteSearch, *, k: int) -> list[Steps]:
    """The k best simple routes of a search, best first; fewer where there are no more.

    All routes but the best so far are split into parts by the place where they leave it, and so on with the
    best of each part, so that no route is found twice.

    Args:
        search: Finds the best route of a part.
        k: How many routes at most.
    """
    whole = Part(nodes=(search.source,), links=(), banned=frozenset())
    found: list[Steps] = []
    candidates: list[tuple[tuple[object, ...], Steps, Part]] = []

    def offer(part: Part) -> None:
        best = search.best(part)
        if best is not None:
            heapq.heappush(candidates, (search.order(best), best, part))

    offer(whole)
    while candidates and len(found) < k:
        _, (nodes, links), part = heapq.heappop(candidates)
        found.append((nodes, links))
        if len(found) == k:
            break
        for place in range(len(part.links), len(links)):
            banned = {links[place]} | (part.banned if place == len(part.links) else set())
            offer(Part(nodes=nodes[: place + 1], links=links[:place], banned=frozenset(banned)))
    return found
