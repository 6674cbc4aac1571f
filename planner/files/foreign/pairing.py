"""A link and its way back are one QKD link."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.files.foreign.draft import Draft, Span


def both_ways_joined(draft: Draft) -> list[Span]:
    """The links, those that a file gives for each direction joined with their way back.

    The ways there and back between two sites are put side by side in the order of their lengths; the first
    direction's length counts. What has no way back stays a link. Parallel links stay apart.

    Args:
        draft: What the file says; takes notes.

    Returns:
        The links, in the order of the file.
    """
    if not draft.is_directed:
        return list(draft.spans)
    between: dict[tuple[str, str], list[tuple[int, Span]]] = defaultdict(list)
    for position, span in enumerate(draft.spans):
        between[min(span.site_a, span.site_b), max(span.site_a, span.site_b)].append((position, span))
    kept: list[tuple[int, Span]] = []
    one_way = differing = 0
    for found in between.values():
        first = found[0][1].site_a
        there = sorted((one for one in found if one[1].site_a == first), key=_length)
        back = sorted((one for one in found if one[1].site_a != first), key=_length)
        one_way += abs(len(there) - len(back))
        differing += sum(_length(a) != _length(b) for a, b in zip(there, back, strict=False))
        kept += there + back[len(there) :]
    if one_way:
        draft.notes.append(f"links without a way back in the file, which count all the same: {one_way}")
    if differing:
        draft.notes.append(f"links with another length on the way back, where the first direction counts: {differing}")
    return [span for _, span in sorted(kept, key=lambda one: one[0])]


def _length(one: tuple[int, Span]) -> float:
    length_km = one[1].length_km
    return -1.0 if length_km is None else round(length_km, 9)
