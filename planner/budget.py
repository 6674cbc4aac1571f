"""Link and module -> key-rate budget: where every decibel and every bit of a link goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.coexistence import background
from planner.errors import InputError, Problem, nearest
from planner.physics import PARAMETERS, key_rate
from planner.physics.parameters import ARMS
from planner.records import rows_of, split_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    "background_per_gate": "float64",
    "at_limit": "object",
}
"""The columns of a budget, and their dtypes."""

_OF_ALL_PAIRS = ("sent_per_s", "detected_per_s", "error_correction_bps", "privacy_amplification_bps", "finite_size_bps")


def link_budget(network: Network) -> pd.DataFrame:
    """The key-rate budget of every link of a network.

    The loss of a span is its measured ``loss_db`` where there is one, else
    ``length_km * attenuation_db_per_km + extra_loss_db``; the filters of a coexistence profile come on top. The key
    rate is the measured ``key_rate_bps`` where there is one, else the module's model; ``measured`` says which of the
    two were measured. Where the protocol has a station or a source in the middle, its first arm has the loss
    ``arm_a_loss_db``, else the share of the loss that ``arm_a_km`` has of the length, else half of it.

    Args:
        network: The network.

    Returns:
        One row a link, in the order of ``network.links``, with the columns of :data:`BUDGET_COLUMNS`.
        Rates and bound [bit/s] are those of all module pairs of the link together. ``key_rate_bps`` is what
        planning uses and ``model_key_rate_bps`` what the module's model gives. ``fibre_loss_db`` and
        ``extra_loss_db`` add up to ``loss_db``; where the loss was measured the whole of it stands in
        ``fibre_loss_db``, and filters in ``extra_loss_db``. ``background_per_gate`` are the clicks per gate, both
        detectors together, by light of the classical channels in the fibre. While there is key, the sifted rate
        is the sum of ``error_correction_bps``, ``privacy_amplification_bps``, ``finite_size_bps`` and
        ``model_key_rate_bps``. ``at_limit`` names optimised settings that ended at a limit of the search. Without a
        module the model's fields are NaN or None.

    Raises:
        InputError: A link's module cannot work with what its light passes, or beside classical channels.
    """
    problems = _station_problems(network) + _coexistence_problems(network)
    if problems:
        raise InputError(problems)
    links = network.links
    measured_loss, measured_rate = (links[name].notna().to_numpy() for name in ("loss_db", "key_rate_bps"))
    fibre_db = (links["length_km"] * links["attenuation_db_per_km"]).to_numpy()
    columns = {
        name: np.full(len(links), np.nan if dtype == "float64" else None) for name, dtype in BUDGET_COLUMNS.items()
    }
    for name in ("link_id", "node_a", "node_b", "length_km", "module", "module_pairs", "basis", "source"):
        columns[name] = links[name].to_numpy()
    columns["fibre_loss_db"] = np.where(measured_loss, links["loss_db"], fibre_db)
    columns["extra_loss_db"] = np.where(measured_loss, 0.0, links["extra_loss_db"]) + _filter_loss_db(network)
    columns["loss_db"] = columns["fibre_loss_db"] + columns["extra_loss_db"]
    for module, rows in links.groupby("module", sort=True).indices.items():
        columns["background_per_gate"][rows] = _background_per_gate(network, str(module), rows=np.asarray(rows))
        arms = _arm_a_loss_db(links.iloc[rows], loss_db=columns["loss_db"][rows])
        modelled = _model(network.modules[str(module)], columns, rows=np.asarray(rows), arm_a_loss_db=arms)
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
    # A Series of its own each: a DataFrame of arrays turns None in a column of texts into NaN (pandas 3).
    return pd.DataFrame({name: pd.Series(columns[name], dtype=dtype) for name, dtype in BUDGET_COLUMNS.items()})


def limit_notes(budget: pd.DataFrame) -> tuple[str, ...]:
    """What is to be said about settings that ended at a limit of the search.

    Args:
        budget: What `link_budget` gives.

    Returns:
        A sentence for each link with such settings.
    """
    return tuple(
        f"Link '{row.link_id}': {limit_words(row.at_limit.split(';'))}" for row in rows_of(budget) if row.at_limit
    )


def limit_words(settings: Sequence[str]) -> str:
    """The same about one link, without its name: `settings` are those at a limit."""
    return f"the best {', '.join(settings)} lies at a limit of the search."


def _model(
    module: Module, columns: Mapping[str, np.ndarray], *, rows: np.ndarray, arm_a_loss_db: np.ndarray
) -> dict[str, Any]:
    """The model's columns for the links that use one module."""
    light = columns["background_per_gate"][rows]
    # Only where there is any: a module may have background of its own, and some protocols know none.
    light_of_all = np.minimum(light + module.parameters.get("background_probability", 0.0), 1.0)
    elsewhere = {"background_probability": light_of_all}
    result = key_rate(
        module,
        loss_db=columns["loss_db"][rows],
        arm_a_loss_db=arm_a_loss_db if module.protocol in ARMS else None,
        **(elsewhere if light.any() else {}),
    )
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


def _arm_a_loss_db(links: pd.DataFrame, *, loss_db: np.ndarray) -> np.ndarray:
    """Loss between ``node_a`` and what is in the middle; connectors and filters lie along the fibre like its loss."""
    length_km = links["length_km"].to_numpy()
    share = np.where(length_km > 0.0, links["arm_a_km"] / np.where(length_km > 0.0, length_km, 1.0), np.nan)
    along = loss_db * np.where(np.isnan(share), 0.5, share)
    given = links["arm_a_loss_db"].to_numpy()
    return np.asarray(np.minimum(np.where(np.isnan(given), along, given), loss_db))


def _filter_loss_db(network: Network) -> np.ndarray:
    """What the filters against classical channels cost each link."""
    profiles = network.coexistence
    names = network.links["coexistence"]
    return np.array([0.0 if name is None else profiles[name].filter_loss_db for name in names], dtype="float64")


def _background_per_gate(network: Network, module: str, *, rows: np.ndarray) -> np.ndarray:
    """Clicks per gate by classical channels, for the links (by position) that use one module."""
    links, parameters = network.links.iloc[rows], network.modules[module].parameters
    found = np.zeros(len(rows))
    for name, places in links.groupby("coexistence", sort=True).indices.items():
        beside = links.iloc[places]
        found[places] = background(
            network.coexistence[str(name)],
            length_km=beside["length_km"].to_numpy(),
            attenuation_db_per_km=beside["attenuation_db_per_km"].to_numpy(),
            **{key: float(parameters[key]) for key in ("clock_hz", "receiver_loss_db", "detector_efficiency")},
        ).per_gate
    return found


def _coexistence_problems(network: Network) -> list[Problem]:
    """Light of classical channels is modelled where the receiver is at the link's end, and clicks."""
    known, able = network.coexistence, PARAMETERS["background_probability"].protocols - ARMS
    problems = [
        Problem(f"there is no coexistence profile '{name}'", column="coexistence", expected=nearest(str(name), known))
        for name in network.links["coexistence"].dropna().unique()
        if name not in known
    ]
    problems += [
        Problem(
            f"link '{link.link_id}' shares its fibre with '{link.coexistence}', but the protocol of its module "
            f"'{link.module}' ({network.modules[link.module].protocol}) is modelled without light of other channels",
            file="links.csv",
            column="coexistence",
            expected="blank, or a module with " + " or ".join(sorted(able)),
        )
        for link in rows_of(network.links)
        if link.coexistence is not None
        and link.module is not None
        and network.modules[link.module].protocol not in able
    ]
    return problems


def _station_problems(network: Network) -> list[Problem]:
    """A measurement station in the middle needs a protocol with arms. Without one the middle is an unnamed place."""
    stations = set(network.nodes.loc[network.nodes["kind"] == "measurement", "node_id"])
    return [
        Problem(
            f"link '{link.link_id}' passes the measurement station "
            f"'{next(n for n in split_list(link.via) if n in stations)}', "
            f"but its module '{link.module}' ({network.modules[link.module].protocol}) measures at the link's end",
            file="links.csv",
            column="via",
            expected=f"no measurement station, or a module with {' or '.join(sorted(ARMS))}",
        )
        for link in rows_of(network.links)
        if link.module is not None
        and network.modules[link.module].protocol not in ARMS
        and stations.intersection(split_list(link.via))
    ]
