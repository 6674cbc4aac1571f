"""Link and module -> key-rate budget: where every decibel and every bit of a link goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.errors import InputError, Problem
from planner.physics import key_rate
from planner.records import rows_of, split_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.network import Network
    from planner.physics.module import Module

BUDGET_COLUMNS = {
    "link_id": "object",
    "node_a": "object",
    "node_b": "object",
    "length_km": "float64",
    "loss_db": "float64",
    "module": "object",
    "module_pairs": "int64",
    "qber": "float64",
    "sifted_rate_bps": "float64",
    "key_rate_bps": "float64",
    "bound_bps": "float64",
    "basis": "object",
    "source": "object",
    "protocol": "object",
    "measured": "object",
    "model_key_rate_bps": "float64",
    "fibre_loss_db": "float64",
    "extra_loss_db": "float64",
    "receiver_loss_db": "float64",
    "detector_loss_db": "float64",
    "sent_per_s": "float64",
    "detected_per_s": "float64",
    "error_correction_bps": "float64",
    "privacy_amplification_bps": "float64",
    "finite_size_bps": "float64",
    "at_limit": "object",
}
"""The columns of a budget, and their dtypes."""

_OF_ALL_PAIRS = ("sent_per_s", "detected_per_s", "error_correction_bps", "privacy_amplification_bps", "finite_size_bps")


def link_budget(network: Network) -> pd.DataFrame:
    """The key-rate budget of every link of a network.

    The loss of a span is its measured ``loss_db`` where there is one, else
    ``length_km * attenuation_db_per_km + extra_loss_db``. The key rate is the measured ``key_rate_bps``
    where there is one, else the module's model; ``measured`` says which of the two were measured.

    Args:
        network: The network.

    Returns:
        One row a link, in the order of ``network.links``, with the columns of :data:`BUDGET_COLUMNS`.
        Rates and bound [bit/s] are those of all module pairs of the link together. ``key_rate_bps`` is what
        planning uses and ``model_key_rate_bps`` what the module's model gives. ``fibre_loss_db`` and
        ``extra_loss_db`` add up to ``loss_db``; where the loss was measured the whole of it stands in
        ``fibre_loss_db``. While there is key, the sifted rate is the sum of ``error_correction_bps``,
        ``privacy_amplification_bps``, ``finite_size_bps`` and ``model_key_rate_bps``. ``at_limit`` names
        optimised settings that ended at a limit of the search. Without a module the model's fields are
        NaN or None.

    Raises:
        InputError: A link's module cannot work with what its light passes.
    """
    _check_stations(network)
    links = network.links
    measured_loss, measured_rate = (links[name].notna().to_numpy() for name in ("loss_db", "key_rate_bps"))
    fibre_db = (links["length_km"] * links["attenuation_db_per_km"]).to_numpy()
    columns = {
        name: np.full(len(links), np.nan if dtype == "float64" else None) for name, dtype in BUDGET_COLUMNS.items()
    }
    for name in ("link_id", "node_a", "node_b", "length_km", "module", "module_pairs", "basis", "source"):
        columns[name] = links[name].to_numpy()
    columns["fibre_loss_db"] = np.where(measured_loss, links["loss_db"], fibre_db)
    columns["extra_loss_db"] = np.where(measured_loss, 0.0, links["extra_loss_db"])
    columns["loss_db"] = columns["fibre_loss_db"] + columns["extra_loss_db"]
    for module, rows in links.groupby("module", sort=True).indices.items():
        modelled = _model(network.modules[str(module)], columns, rows=np.asarray(rows))
        for name, values in modelled.items():
            columns[name][rows] = values
    columns["key_rate_bps"] = np.where(measured_rate, links["key_rate_bps"], columns["model_key_rate_bps"])
    columns["measured"] = np.array(
        [
            ";".join(name for name, given in (("loss_db", loss), ("key_rate_bps", rate)) if given)
            for loss, rate in zip(measured_loss, measured_rate, strict=True)
        ],
        dtype=object,
    )
    return pd.DataFrame(columns).astype(BUDGET_COLUMNS)


def _model(module: Module, columns: Mapping[str, np.ndarray], *, rows: np.ndarray) -> dict[str, Any]:
    """The model's columns for the links that use one module."""
    result = key_rate(module, loss_db=columns["loss_db"][rows])
    pairs = columns["module_pairs"][rows].astype("float64")
    settings = [sorted(name for name, limited in result.at_limit.items() if limited[i]) for i in range(len(rows))]
    return {
        "protocol": result.protocol,
        "qber": result.qber,
        "sifted_rate_bps": result.sifted_rate_bps * pairs,
        "model_key_rate_bps": result.key_rate_bps * pairs,
        "bound_bps": result.bound_bps * pairs,
        "receiver_loss_db": result.breakdown["receiver_loss_db"],
        "detector_loss_db": result.breakdown["detector_loss_db"],
        "at_limit": [";".join(names) or None for names in settings],
        **{name: result.breakdown[name] * pairs for name in _OF_ALL_PAIRS},
    }


def _check_stations(network: Network) -> None:
    """A measurement station in the middle needs a protocol that measures there."""
    stations = set(network.nodes.loc[network.nodes["kind"] == "measurement", "node_id"])
    problems = [
        Problem(
            f"link '{link.link_id}' passes the measurement station "
            f"'{next(n for n in split_list(link.via) if n in stations)}', "
            f"but its module '{link.module}' ({network.modules[link.module].protocol}) measures at the link's end",
            file="links.csv",
            column="via",
            expected="no measurement station for a BB84 module",
        )
        for link in rows_of(network.links)
        if link.module is not None and stations.intersection(split_list(link.via))
    ]
    if problems:
        raise InputError(problems)
