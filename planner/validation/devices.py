"""Published rates of real devices beside the module that stands for their class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from planner.physics import key_rate, load_module
from planner.shipped import shipped_ids

if TYPE_CHECKING:
    import pandas as pd

    from planner.physics import Module

DEVICE_COLUMNS = ("module", "title", "protocol", "clock_hz", "loss_db", "expected", "got", "ratio", "reason", "source")


def device_points() -> pd.DataFrame:
    """Published points of rate and loss that the shipped modules carry, and what the module gives there.

    A module stands for a class of devices with assumed parameters, so that nothing is demanded: the ratio says how
    cautious or hopeful the class is.

    Returns:
        One row a point, columns `DEVICE_COLUMNS`: ``module``, ``title``, ``protocol``, ``clock_hz``, ``loss_db``,
        ``expected`` (the published rate in bit/s), ``got`` (the module's), ``ratio``, ``reason`` and ``source``.
    """
    import pandas as pd

    rows = []
    for module_id in shipped_ids("modules"):
        module = load_module(module_id)
        for point in module.published:
            loss, expected = float(point["loss_db"]), _published_bps(module, point)
            got = float(key_rate(module, loss_db=loss).key_rate_bps)
            rows.append(
                {
                    "module": module_id,
                    "title": module.title,
                    "protocol": module.protocol,
                    "clock_hz": module.parameters["clock_hz"],
                    "loss_db": loss,
                    "expected": expected,
                    "got": got,
                    "ratio": got / expected,
                    "reason": str(point.get("note", "")),
                    "source": str(point["source"]),
                }
            )
    return pd.DataFrame(rows, columns=list(DEVICE_COLUMNS))


def _published_bps(module: Module, point: Mapping[str, Any]) -> float:
    """The point's rate; one per pulse is taken at the module's clock."""
    if "key_rate_bps" in point:
        return float(point["key_rate_bps"])
    return float(point["key_bits_per_pulse"]) * float(module.parameters["clock_hz"])
