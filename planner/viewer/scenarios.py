"""What is asked of a network that was edited: its plan beside the base plan, and files of it. Knows no web."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from planner.files import input_files
from planner.physics.module import load_module
from planner.plan import make_plan
from planner.shipped import shipped_ids
from planner.viewer.changed import Changed, apply_edits
from planner.viewer.compare import Shown, changes, difference
from planner.viewer.pages import Document, plan_documents

if TYPE_CHECKING:
    from planner.network import Network
    from planner.physics.module import Module
    from planner.plan import Plan
    from planner.viewer.edits import Edit

Progress = Callable[[str, int, int], None]

NETWORK_ZIP = "network.zip"


class Scenarios:
    """Plans of one network under lists of edits. Holds no state but the base plan; safe to use from several threads."""

    def __init__(self, base: Plan) -> None:
        """Takes the base plan.

        Args:
            base: What every scenario is compared with.
        """
        self._base = Shown(base)

    @property
    def network(self) -> Network:
        """The network without edits."""
        return self._base.plan.network

    @cached_property
    def modules(self) -> Mapping[str, Module]:
        """The modules that a link may be given: those that ship, and those of the network."""
        return {**{name: load_module(name) for name in shipped_ids("modules")}, **self.network.modules}

    @cached_property
    def base(self) -> dict[str, Any]:
        """The base plan in a few numbers, and what edits may name."""
        network = self.network
        return {
            "network": network.name,
            "title": network.title,
            "summary": self._base.summary,
            "links": [
                {"link_id": link, "attenuation_db_per_km": attenuation}
                for link, attenuation in zip(
                    network.links["link_id"], network.links["attenuation_db_per_km"], strict=True
                )
            ],
            "modules": [{"module": name, "title": module.title} for name, module in self.modules.items()],
            "services": [
                {"service": name, "title": service.title, "unit": service.unit}
                for name, service in network.services.items()
            ],
        }

    def changed(self, edits: tuple[Edit, ...]) -> Changed:
        """The network under a list of edits.

        Raises:
            InputError: An edit cannot be applied.
        """
        return apply_edits(self.network, edits, modules=self.modules) if edits else Changed(network=self.network)

    def plan(self, edits: tuple[Edit, ...], *, progress: Progress | None = None) -> Plan:
        """The plan under a list of edits.

        Raises:
            InputError: An edit cannot be applied, or no demand is left.
        """
        return self._planned(self.changed(edits), progress=progress) if edits else self._base.plan

    def _planned(self, changed: Changed, *, progress: Progress | None) -> Plan:
        """The plan of a changed network, made as the base plan was."""
        base = self._base.plan
        return make_plan(changed.network, objective=base.objective, shared=base.shared, progress=progress)

    def answer(self, edits: tuple[Edit, ...], *, progress: Progress | None = None) -> bytes:
        """What a map needs to show the plan under a list of edits in place of the base plan.

        Returns:
            JSON: ``summary``, ``changes``, ``difference``, ``notes``.

        Raises:
            InputError: An edit cannot be applied, or no demand is left.
        """
        changed = self.changed(edits)
        shown = Shown(self._planned(changed, progress=progress)) if edits else self._base
        answer = {
            "summary": shown.summary,
            "changes": changes(self._base, shown, changed=changed),
            "difference": difference(self._base, shown, changed=changed),
            "notes": list(changed.notes),
        }
        return json_bytes(answer)

    def document(self, name: str, edits: tuple[Edit, ...], *, progress: Progress | None = None) -> Document:
        """A file of the plan, or the network as a zip of its folder, under a list of edits.

        Args:
            name: ``network.zip`` or a name of :func:`planner.viewer.pages.plan_documents`.
            edits: The edits.
            progress: As of :func:`planner.plan.make_plan`.

        Raises:
            InputError: An edit cannot be applied, or no demand is left.
        """
        if name == NETWORK_ZIP:
            return _zipped(self.changed(edits).network)
        return plan_documents(self.plan(edits, progress=progress))[name]()


def _zipped(network: Network) -> Document:
    """The network as a folder that ``planner`` reads, in a zip whose bytes depend on nothing but the network."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in input_files(network):
            archive.writestr(zipfile.ZipInfo(f"network/{file.name}"), file.content, zipfile.ZIP_DEFLATED)
    return Document(content=content.getvalue(), media_type="application/zip", download_as=NETWORK_ZIP)


def json_bytes(value: Any) -> bytes:
    """JSON in UTF-8; half a surrogate pair, which has no bytes there, becomes a question mark."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
