"""Every figure that a plan rests on, each with its unit, basis and source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from planner.records import TABLES, ChannelRecord, CoexistenceRecord, Figure, Record, SatelliteRecord, column_dtype

if TYPE_CHECKING:
    import pandas as pd

    from planner.network import Network

COLUMNS = ("table", "row", "column", "value", "unit", "basis", "source", "note")

_ROW_KEYS = {"nodes": "node_id", "links": "link_id", "demands": "demand_id"}

_SERVICE_UNITS = {
    "key_bits": "bit",
    "keys_per_session": "keys",
    "sessions_per_busy_hour": "1/h",
    "session_duration_s": "s",
    "rekey_interval_s": "s",
    "otp_rate_bps": "bit/s",
}


def figures(network: Network) -> pd.DataFrame:
    """Lists every figure of the input: cells, parameters of modules, figures of services, profiles and satellites.

    Args:
        network: The network.

    Returns:
        One row a figure: ``table`` (``links``, ``modules/<id>``, ...), ``row`` (the id within the table),
        ``column`` (or the name of the parameter), ``value`` (a number, or text for a choice such as a module),
        ``unit``, ``basis``, ``source`` and ``note``.
    """
    import pandas as pd

    parts = (_cells, _defaults, _parameters, _service_figures, _profile_figures, _satellite_figures)
    rows = [row for part in parts for row in part(network)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    return frame.where(frame.notna(), None)


def _cells(network: Network) -> Iterator[tuple[Any, ...]]:
    for table, record in TABLES.items():
        units = column_units(record)
        frame = getattr(network, table)
        names = [name for name in record.model_fields if column_dtype(record, name) != "object" or name == "module"]
        defaults = _default_values(network) if table == "links" else frozenset()
        for row in frame.to_dict("records"):
            for name in names:
                if not (_is_blank(row[name]) or _is_unused(table, name, row) or (name, row[name]) in defaults):
                    yield (
                        *(table, row[_ROW_KEYS[table]], name, row[name], units.get(name)),
                        *(row["basis"], row["source"], None),
                    )


def _is_blank(value: Any) -> bool:
    import pandas as pd

    return bool(pd.isna(value))


def _is_unused(table: str, name: str, row: dict[Any, Any]) -> bool:
    """A measured loss takes the place of attenuation and extra; a weight of 1 is no figure."""
    if table == "links":
        return name in ("attenuation_db_per_km", "extra_loss_db") and not _is_blank(row["loss_db"])
    return table == "demands" and name == "priority" and row[name] == 1


def _default_values(network: Network) -> frozenset[tuple[str, Any]]:
    """What blank cells of links were filled with: one assumption for all, not one a link."""
    return frozenset((name, value) for defaults in network.defaults.values() for name, value in defaults.items())


def _defaults(network: Network) -> Iterator[tuple[Any, ...]]:
    units = column_units(TABLES["links"])
    for name, defaults in network.defaults.items():
        for column, value in defaults.items():
            note = "default for blank cells of links.csv"
            yield ("network.toml", name, column, value, units.get(column), "assumed", None, note)


def _parameters(network: Network) -> Iterator[tuple[Any, ...]]:
    from planner.physics.parameters import PARAMETERS, word

    for name in sorted(network.modules):
        module = network.modules[name]
        for key, value in module.parameters.items():
            known = PARAMETERS.get(key)
            basis = module.parameter_basis.get(key, module.basis)
            guessed = module.parameter_basis.get(key) == "assumed"  # so not from where the module comes from
            source = module.parameter_source.get(key, None if guessed else module.source)
            unit = (known.unit or None) if known else None
            shown = word(value) if isinstance(value, (str, bool)) else value
            yield (f"modules/{module.module_id}", module.title, key, shown, unit, basis, source, module.note)


def _service_figures(network: Network) -> Iterator[tuple[Any, ...]]:
    for service_id in sorted(network.services):
        service = network.services[service_id]
        for name in type(service).model_fields:
            figure = getattr(service, name)
            if isinstance(figure, Figure):
                yield (
                    *(f"services/{service_id}", service.title, name, figure.value, _SERVICE_UNITS.get(name)),
                    *(figure.basis, figure.source, figure.note),
                )


def _profile_figures(network: Network) -> Iterator[tuple[Any, ...]]:
    for name in sorted(network.coexistence):
        profile = network.coexistence[name]
        table, units = f"coexistence/{name}", column_units(CoexistenceRecord)
        for key, value in profile:
            if isinstance(value, float):
                basis = profile.parameter_basis.get(key, profile.basis)
                source = profile.parameter_source.get(key, profile.source)
                yield (table, profile.title, key, value, units.get(key), basis, source, profile.note)
        units = column_units(ChannelRecord)
        for number, channel in enumerate(profile.channels, start=1):
            row = f"{profile.title}, channels {number}"
            for key, value in channel:
                if isinstance(value, (int, float)):
                    yield (table, row, key, value, units.get(key), channel.basis, channel.source, channel.note)


def _satellite_figures(network: Network) -> Iterator[tuple[Any, ...]]:
    units = column_units(SatelliteRecord)
    for name in sorted(network.satellites):
        satellite = network.satellites[name]
        for key, value in satellite:
            if isinstance(value, float):
                basis = satellite.parameter_basis.get(key, satellite.basis)
                source = satellite.parameter_source.get(key, satellite.source)
                yield (f"satellites/{name}", satellite.title, key, value, units.get(key), basis, source, satellite.note)


def column_units(record: type[Record]) -> dict[str, str]:
    """The unit of each column that has one, as the record says."""
    extras = {name: field.json_schema_extra for name, field in record.model_fields.items()}
    return {name: str(extra["unit"]) for name, extra in extras.items() if isinstance(extra, dict) and "unit" in extra}
