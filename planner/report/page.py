"""The report: one page that explains a plan, opens anywhere and prints well."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from planner import __version__
from planner.records import RELAY_KINDS
from planner.report import budget_tables, page_tables, protection, trust_tables
from planner.report.answer import proof, summary
from planner.report.assumptions import assumption_lists
from planner.report.chains import find_chains
from planner.report.charts import loss_legend, plan_charts
from planner.report.failures import cutting_table, failure_words
from planner.report.figures import figures
from planner.report.strip import strip_map, strip_title, to_scale
from planner.report.style import BIT_PARTS, LOSS_PARTS, MEASURES, SYMBOLS, UNUSABLE
from planner.report.tables import CSV_TABLES, plan_tables
from planner.report.words import count, fold, quantity

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from planner.plan import Plan
    from planner.report.page_tables import Table


_RATES = ("served", "requested")


@dataclass(frozen=True)
class KeyFigure:
    """A figure to be seen first: its value, what it is, and a remark."""

    value: str
    title: str
    remark: str = ""


@dataclass(frozen=True)
class Strip:
    """A strip map with its title."""

    title: str
    picture: Markup
    to_scale: bool


def report_html(plan: Plan) -> str:
    """The report of a plan as one self-contained page.

    Args:
        plan: The plan.

    Returns:
        HTML without a script that makes no request to anywhere: the answer in words, key figures, bottlenecks,
        strip maps, budgets, what the demands are served over which routes, charts, the proof of optimality,
        warnings, sources, and the list of assumptions last. The same plan gives the same text.
    """
    environment = _environment()
    style = environment.get_template("report.css.j2").render(**_colours())
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = environment.get_template("report.html.j2")
    return page.render(**_contents(plan), style=_trusted(style), style_hash=f"sha256-{digest}")


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("planner.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["language"] = script_language
    return environment


def _trusted(text: str) -> Markup:
    """Text of our own, made without any name of a network, that must reach the page as it is."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704


def _colours() -> dict[str, Any]:
    utilisation = next(measure for measure in MEASURES if measure.key == "utilisation")
    classes = {f"load-{i}": (step.light, step.dark) for i, step in enumerate(utilisation.steps)}
    classes |= {f"loss-{i}": (light, dark) for i, (_, _, light, dark) in enumerate(LOSS_PARTS)}
    classes |= {f"bits-{i}": (light, dark) for i, (_, _, light, dark) in enumerate(BIT_PARTS)}
    classes["unusable"] = (UNUSABLE.light, UNUSABLE.dark)
    return {"classes": classes, "symbols": {kind: symbol.colour for kind, symbol in SYMBOLS.items()}}


def _contents(plan: Plan) -> dict[str, Any]:
    tables = plan_tables(plan)
    utilisation = next(measure for measure in MEASURES if measure.key == "utilisation")
    return {
        "network": plan.network,
        "summary": summary(plan),
        "key_figures": _key_figures(plan),
        "strips": [
            Strip(strip_title(plan, c), strip_map(plan, c), to_scale(c, plan)) for c in find_chains(plan.network)
        ],
        "loss_legend": loss_legend(plan.network),
        "load_legend": [(f"load-{i}", step.label) for i, step in enumerate(utilisation.steps)],
        "charts": plan_charts(plan),
        "tables": _tables(plan),
        "assumptions": assumption_lists(tables["assumptions"]),
        "assumed": count(len(tables["assumptions"]), "figure"),
        "trust": trust_tables.trust_words(plan),
        "failures": failure_words(plan.failures),
        "proof": proof(plan),
        "warnings": plan.warnings,
        "files": ("map.html", "plan.xlsx", "plan.json", *(f"{name}.csv" for name in CSV_TABLES)),
        "inputs": count(len(plan.inputs), "input file"),
        "version": __version__,
    }


def _strips(plan: Plan) -> list[Strip]:
    chains = find_chains(plan.network)
    return [Strip(strip_title(plan, chain), strip_map(plan, chain), to_scale(chain, plan)) for chain in chains]


def _tables(plan: Plan) -> dict[str, Table]:
    return {
        "bottlenecks": page_tables.bottleneck_table(plan),
        "decibels": budget_tables.decibel_table(plan),
        "bits": budget_tables.bit_table(plan),
        "loads": budget_tables.load_table(plan),
        "nodes": protection.node_table(plan),
        "shortfalls": protection.shortfall_table(plan),
        "demands": page_tables.demand_table(plan),
        "routes": page_tables.route_table(plan),
        "exposure": trust_tables.exposure_table(plan),
        "trust": trust_tables.trust_table(plan),
        "cutting": cutting_table(plan.failures),
        "prices": page_tables.price_table(plan),
        "sources": page_tables.source_table(plan),
    }


def _key_figures(plan: Plan) -> tuple[KeyFigure, ...]:
    asking = plan.demands[plan.demands["requested_bps"] > 0]
    full = int((asking["served_fraction"] >= 1 - 1e-6).sum())
    served, requested = (
        quantity(float(plan.demands[f"{name}_bps"].sum()), "bit/s") for name in ("served", "requested")
    )
    factor = plan.growth.factor
    growth = "–" if factor is None else f"{fold(factor)} ×"
    relays = int(plan.network.nodes["kind"].isin(RELAY_KINDS).sum())
    sky = plan.network.satellite_links
    length_km = float(plan.network.links.loc[~plan.network.links["link_id"].isin(sky), "length_km"].sum())
    basis = figures(plan.network)["basis"]
    assumed = int((basis == "assumed").sum())
    return (
        KeyFigure(f"{full:,} of {len(asking):,}", "demands served in full"),
        KeyFigure(growth, "growth factor", "of all demands together"),
        KeyFigure(served, "served", f"of {requested} requested"),
        *_extremes(plan),
        *((KeyFigure(f"{len(sky):,}", "satellite links"),) if sky else ()),
        *_fibre(length_km, links=len(plan.network.links) - len(sky)),
        KeyFigure(f"{relays:,}", "trusted nodes", count(int(plan.network.links["module_pairs"].sum()), "module pair")),
        KeyFigure(f"{assumed:,}", "assumed figures", f"of {len(basis):,} in the input"),
    )


def _fibre(length_km: float, *, links: int) -> tuple[KeyFigure, ...]:
    return (KeyFigure(quantity(length_km, "km"), "of fibre", count(links, "link")),) if links else ()


def _extremes(plan: Plan) -> tuple[KeyFigure, ...]:
    """The link of the least key rate and the one of the highest utilisation."""
    if plan.links.empty:
        return ()
    titles = list(plan.network.link_titles.values())
    rates, shares = plan.links["key_rate_bps"].to_numpy(), plan.links["utilisation"].to_numpy()
    weakest, fullest = int(rates.argmin()), int(shares.argmax())
    return (
        KeyFigure(quantity(float(rates[weakest]), "bit/s"), "weakest link", titles[weakest]),
        KeyFigure(quantity(float(shares[fullest]), "%"), "highest utilisation", titles[fullest]),
    )


def script_language(text: str) -> str | None:
    """The language that a text in a local script is most likely in, for fonts and screen readers.

    Args:
        text: A name or title.

    Returns:
        ``ja``, ``ko``, ``zh``, ``ru`` or None where the script does not tell.
    """
    blocks = (("ja", 0x3040, 0x30FF), ("ko", 0xAC00, 0xD7AF), ("zh", 0x3400, 0x9FFF), ("ru", 0x0400, 0x04FF))
    for language, first, last in blocks:
        if any(first <= ord(letter) <= last for letter in text):
            return language
    return None
