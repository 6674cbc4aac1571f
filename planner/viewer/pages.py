"""What the viewer serves: made in memory from one plan, each page once, when it is first asked for."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING

from planner.network import Network
from planner.plan import make_plan

if TYPE_CHECKING:
    from planner.plan import Plan

CLOSED_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The content security policy of everything that is not a page of ours: nothing may run or be fetched."""

_CSV = "text/csv; charset=utf-8"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')


@dataclass(frozen=True)
class Document:
    """Something to serve.

    Attributes:
        content: The bytes.
        media_type: What they are.
        policy: The content security policy to serve them under.
        download_as: File name, where a browser should save it and not show it.
    """

    content: bytes = field(repr=False)
    media_type: str
    policy: str = CLOSED_POLICY
    download_as: str | None = None


class Pages:
    """The documents of one network or plan, by path. There is no other way to anything: no file is read by name."""

    def __init__(self, network_or_plan: Network | Plan) -> None:
        """Plans the network, where it has demands.

        Args:
            network_or_plan: A plan, or a network; one without demands is shown as a map only.

        Raises:
            InputError: The network cannot be planned.
        """
        self._shown = _planned(network_or_plan)
        self._made: dict[str, Document] = {}
        self._lock = Lock()
        self._makers: dict[str, Callable[[], Document]] = {"/": self._map}
        if self.plan is not None:
            found = plan_documents(self.plan)
            names = ["plan.xlsx", *(name for name in found if name.endswith(".csv"))]
            self._makers |= {"/report": lambda: replace(found["report.html"](), download_as=None)}
            self._makers |= {"/plan.json": lambda: replace(found["plan.json"](), download_as=None)}
            self._makers |= {f"/download/{name}": found[name] for name in names}

    @property
    def plan(self) -> Plan | None:
        """The plan, where the network has demands."""
        return None if isinstance(self._shown, Network) else self._shown

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path that there is."""
        return tuple(self._makers)

    def document(self, path: str) -> Document | None:
        """The document at a path, or None; safe to call from several threads.

        Args:
            path: The path of the request, exactly as it came.

        Returns:
            The document, made on the first call.
        """
        maker = self._makers.get(path)
        if maker is None:
            return None
        with self._lock:
            if path not in self._made:
                self._made[path] = maker()
            return self._made[path]

    def _map(self) -> Document:
        from planner.report.map_data import map_document
        from planner.report.map_page import map_page

        return _page(map_page(map_document(self._shown), live=self.plan is not None))


def _planned(network_or_plan: Network | Plan) -> Network | Plan:
    if isinstance(network_or_plan, Network) and not network_or_plan.demands.empty:
        return make_plan(network_or_plan)
    return network_or_plan


def plan_documents(plan: Plan) -> dict[str, Callable[[], Document]]:
    """The files of a plan, by name, each with what makes it.

    Args:
        plan: The plan.

    Returns:
        Makers of ``map.html``, ``report.html``, ``plan.json``, ``plan.xlsx`` and each table as ``<table>.csv``.
    """
    from planner.report.map import map_html
    from planner.report.page import report_html
    from planner.report.tables import CSV_TABLES, csv_bytes, plan_tables
    from planner.report.workbook import workbook_bytes

    def as_json() -> bytes:
        text = json.dumps(plan.as_dict(), ensure_ascii=False, allow_nan=False, indent=1)
        return f"{text}\n".encode()

    def as_csv(table: str) -> Callable[[], Document]:
        return lambda: Document(csv_bytes(plan_tables(plan)[table]), _CSV, download_as=f"{table}.csv")

    return {
        "map.html": lambda: replace(_page(map_html(plan)), download_as="map.html"),
        "report.html": lambda: replace(_page(report_html(plan)), download_as="report.html"),
        "plan.json": lambda: Document(as_json(), "application/json", download_as="plan.json"),
        "plan.xlsx": lambda: Document(workbook_bytes(plan), _XLSX, download_as="plan.xlsx"),
        **{f"{table}.csv": as_csv(table) for table in CSV_TABLES},
    }


def _page(text: str) -> Document:
    return Document(content=text.encode(), media_type="text/html; charset=utf-8", policy=page_policy(text))


def page_policy(page: str) -> str:
    """The content security policy for a page: its own, and no other page may frame it.

    A page of ours names the hashes of its scripts and styles in a ``<meta>`` that stands before any foreign text.

    Args:
        page: The page.

    Returns:
        The value of the header; for a page that names no policy one that lets no script run.
    """
    match = _POLICY.search(page)
    if match is None:
        return CLOSED_POLICY
    return f"{html.unescape(match[1]).rstrip('; ')}; frame-ancestors 'none'"
