"""What a changed plan differs in from the base plan: what travels to the browser, and in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from planner.allocation import allocate
from planner.report.map_data import map_document

if TYPE_CHECKING:
    from planner.plan import Plan
    from planner.viewer.changed import Changed

_SAME = 1e-9  # a billionth is rounding, not key

_NOT_COMPARED = ("path",)  # of a link: parallel links are drawn beside each other, also when one is cut

Table = dict[str, dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Shown:
    """A plan as the map shows it, by id.

    Attributes:
        plan: The plan.
    """

    plan: Plan

    @cached_property
    def document(self) -> dict[str, Any]:
        """What the map draws."""
        return map_document(self.plan, strips=False, night=None)

    @cached_property
    def links(self) -> Table:
        """Every link with its load."""
        loads = {row["link_id"]: row for row in self.document["plan"]["loads"]}
        rows = {row["link_id"]: row | loads[row["link_id"]] for row in self.document["links"]}
        return {name: {k: v for k, v in row.items() if k not in _NOT_COMPARED} for name, row in rows.items()}

    @cached_property
    def demands(self) -> Table:
        """Every demand with its routes."""
        rows = {row["demand_id"]: row | {"routes": []} for row in self.document["plan"]["demands"]}
        for route in self.document["plan"]["routes"]:
            rows[route["demand_id"]]["routes"].append(route)
        return rows

    @cached_property
    def connected_growth(self) -> float | None:
        """The growth factor of the demands that have a route; None where none asks for anything."""
        plan = self.plan
        if plan.growth.factor != 0:
            return plan.growth.factor
        asked = plan.demands[(plan.demands["served_bps"] > 0) | (plan.demands["requested_bps"] == 0)]
        if asked.empty:
            return None
        return allocate(plan.network, budget=plan.budget, demands=asked, shared=plan.shared).growth.factor

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The plan in a few numbers."""
        demands, links = self.plan.demands, self.plan.links
        used = links["utilisation"].max() if len(links) else 0.0
        return {
            "links": len(links),
            "demands": len(demands),
            "demands_in_full": len(demands) - len(self.plan.unmet),
            "less_protected": [shortfall.demand_id for shortfall in self.plan.shortfalls],
            "requested_bps": float(demands["requested_bps"].sum()),
            "served_bps": float(demands["served_bps"].sum()),
            "growth_factor": self.plan.growth.factor,
            "growth_factor_connected": self.connected_growth,
            "largest_utilisation": float(used),
            "bottlenecks": self.document["plan"]["bottlenecks"],
            "warnings": list(self.plan.warnings),
        }


def changes(base: Shown, new: Shown, *, changed: Changed) -> dict[str, Any]:
    """What the map must draw anew.

    Args:
        base: The base plan.
        new: The plan after the edits.
        changed: The network after the edits.

    Returns:
        The fields of links and demands that differ from those of the base plan, whole rows of demands that are new,
        and what is no longer there; ``failures``, the new ranking with the ids of the demands in the order in which it
        counts them, or None where it is that of the base plan.
    """
    ranking = None
    if (new.document["failures"], [*new.demands]) != (base.document["failures"], [*base.demands]):
        ranking = new.document["failures"] | {"demand_ids": list(new.demands)}
    return {
        "links": _differing(base.links, new.links, key="link_id"),
        "cut_links": list(changed.cut_links),
        "cut_nodes": list(changed.cut_nodes),
        "demands": _differing(base.demands, new.demands, key="demand_id"),
        "removed_demands": [name for name in base.demands if name not in new.demands],
        "failures": ranking,
    }


def difference(base: Shown, new: Shown, *, changed: Changed) -> dict[str, Any]:
    """What became of the demands, as ids and as a sentence.

    Args:
        base: The base plan.
        new: The plan after the edits.
        changed: The network after the edits.

    Returns:
        ``lost`` (got key before, gets none now), ``worse`` and ``better`` (in the served part
        of what they ask), ``added``, ``removed``;
        the growth factor before and after; ``sentence``.
    """
    before, after = ({name: _part(row) for name, row in shown.demands.items()} for shown in (base, new))
    after |= dict.fromkeys(changed.cut_demands, 0.0)
    both = [name for name in before if name in after]
    lost = [name for name in both if before[name] > 0 and after[name] == 0]
    result: dict[str, Any] = {
        "lost": lost,
        "worse": [n for n in both if 0 < after[n] < before[n] * (1 - _SAME)],
        "better": [n for n in both if after[n] > before[n] * (1 + _SAME)],
        "added": [n for n in after if n not in before],
        "removed": [n for n in before if n not in after],
        "growth": {
            "before": base.plan.growth.factor,
            "after": new.plan.growth.factor,
            "connected": new.connected_growth,
        },
    }
    return result | {"sentence": sentence(result)}


def sentence(found: dict[str, Any]) -> str:
    """The difference in words: ``3 demands lost, 5 served less, growth 0.87 → 0.61``.

    Args:
        found: What :func:`difference` gives.

    Returns:
        The words.
    """
    words = {"lost": "lost", "worse": "served less", "better": "served more", "added": "added", "removed": "removed"}
    counts = [(len(found[name]), text) for name, text in words.items() if found[name]]
    parts = [f"{count} {text}" for count, text in counts]
    if counts:
        parts[0] = parts[0].replace(" ", " demand " if counts[0][0] == 1 else " demands ", 1)
    growth = found["growth"]
    before, after, connected = (_factor(growth[name]) for name in ("before", "after", "connected"))
    if before != after:
        parts.append(f"growth {before} → {after}")
        if growth["after"] == 0 and growth["connected"]:
            parts[-1] += f" ({connected} for those that still have a route)"
    return ", ".join(parts) or "the same service and growth as in the base plan"


def _part(demand: dict[str, Any]) -> float:
    """The served part of what a demand asks; all of it where it asks nothing."""
    return float(demand["served_fraction"]) if demand["requested_bps"] > 0 else 1.0


def _factor(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}" if value else "0"


def _differing(before: Table, after: Table, *, key: str) -> list[dict[str, Any]]:
    """The rows that are new, and of the others the fields that differ."""
    rows = []
    for name, row in after.items():
        old = before.get(name, {})
        fields = {k: v for k, v in row.items() if k not in old or not _equal(old[k], v)}
        if fields:
            rows.append({key: name, **fields})
    return rows


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= _SAME * max(abs(one), abs(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)
