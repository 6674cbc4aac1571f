"""A network written out and read again is the same, bit for bit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.files import input_files, load
from planner.files.cells import _FORMULA_ERRORS
from planner.network import Network, build_network
from planner.physics.module import parse_module
from planner.records import KEY_HOLDING_KINDS, LinkRecord, ServiceRecord, SourceRecord
from planner.shipped import shipped_ids
from tests.bad_inputs import edit, included, write_base


def write(network: Network, folder: Path) -> Path:
    for file in input_files(network):
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    return folder


def assert_same(one: Network, other: Network) -> None:
    for table in ("nodes", "links", "demands"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table), check_exact=True)
    assert one.modules == other.modules
    assert one.services == other.services
    assert one.sources == other.sources
    shown = ("name", "title", "title_local", "description")
    assert [getattr(one, name) for name in shown] == [getattr(other, name) for name in shown]


@pytest.mark.parametrize("name", shipped_ids("networks"))
def test_shipped_networks_come_back(name: str, tmp_path: Path) -> None:
    network = load(name)
    again = load(write(network, tmp_path))
    assert_same(network, again)
    assert input_files(again) == input_files(network)


def test_what_is_written_needs_nothing_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = load("trunks")
    folder = write(network, tmp_path / "inputs")
    empty = tmp_path / "empty"
    empty.mkdir()
    for module in ("shipped", "files.naming", "files.joining"):
        monkeypatch.setattr(f"planner.{module}.data_dir", lambda: empty)
    assert_same(network, load(folder))


def test_modules_named_by_paths_get_ids_and_stay_what_they_are(tmp_path: Path) -> None:
    edits = (
        ("other/links.csv", "decoy-625mhz", "../net/modules/own.toml"),
        ("net/links.csv", "s,,,,2", "s,,,./own.toml,2"),
    )
    reference = included(*edits)(tmp_path)
    own = (tmp_path / "net" / "modules" / "own.toml").read_text()
    (tmp_path / "net" / "own.toml").write_text(own.replace("1e9", "2e9"))
    network = load(reference)
    again = load(write(network, tmp_path / "out"))
    assert sorted(again.modules) == ["own", "own-2"]
    for before, after in zip(network.links["module"], again.links["module"], strict=True):
        assert network.modules[before].parameters == again.modules[after].parameters
    assert again.nodes.equals(network.nodes)
    assert again.demands.equals(network.demands)
    assert_same(again, load(write(again, tmp_path / "twice")))


def test_defaults_are_written_into_the_rows(tmp_path: Path) -> None:
    network = load(edit(("net/network.toml", "0.21", "0.1875"))(tmp_path))
    again = load(write(network, tmp_path / "out"))
    assert list(again.links["attenuation_db_per_km"]) == [0.1875, 0.1875]
    assert again.defaults == {}


def test_every_kind_of_file_is_written_once(tmp_path: Path) -> None:
    names = [file.name for file in input_files(load(write_base(tmp_path)))]
    assert names == [
        *("demands.csv", "links.csv", "modules/decoy-625mhz.toml", "modules/own.toml", "network.toml", "nodes.csv"),
        *("services/call.toml", "sources.toml"),
    ]


# --- any network ------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12).filter(
    lambda t: t == t.strip() and t not in _FORMULA_ERRORS  # a cell '#VALUE!' is refused, and that is right
)
SLUGS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,6}", fullmatch=True)
BASES = st.sampled_from(["published", "derived", "assumed"])


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


MODULES = st.fixed_dictionaries(
    {"title": TEXTS, "protocol": st.sampled_from(["bb84-decoy", "bb84-one-decoy"]), "basis": st.just("assumed")},
    optional={
        "title_local": TEXTS,
        "note": TEXTS,
        "clock_hz": numbers(1, 1e12),
        "receiver_loss_db": numbers(0, 30),
        "detector_efficiency": numbers(1e-9, 1),
        "block_bits": numbers(1e4, 1e9),
        "key_basis_probability": numbers(0.5, 0.99),
        "parameter_basis": st.just({"clock_hz": "derived"}),
        "source": st.just("known"),
    },
).filter(lambda module: "parameter_basis" not in module or "source" in module)

SERVICES = st.builds(
    lambda title, bits, interval: ServiceRecord.model_validate(
        {
            "title": title,
            "description": title,
            "unit": "gateway",
            "key_bits": {"value": bits, "basis": "published", "source": "known", "note": "two\nlines"},
            "rekey_interval_s": {"value": interval, "basis": "assumed"},
        }
    ),
    TEXTS,
    numbers(1, 1e6),
    numbers(1e-3, 1e6),
)


@st.composite
def any_networks(draw: st.DrawFn) -> Network:
    """Networks with odd names, blanks, and every column of every table."""
    sources = {key: SourceRecord(citation=key + " x", secondary=draw(st.booleans())) for key in draw(st.sets(TEXTS))}
    sources["known"] = SourceRecord(citation="A book", url=draw(optional(TEXTS)), note=draw(optional(TEXTS)))

    def sourced(row: dict[str, Any]) -> dict[str, Any]:
        basis = draw(BASES)
        known = st.sampled_from(sorted(sources))
        return {**row, "basis": basis, "source": draw(optional(known) if basis == "assumed" else known)}

    ids = draw(st.lists(SLUGS, min_size=2, max_size=5, unique=True))
    nodes = [
        sourced(
            {
                "node_id": node_id,
                "name": draw(TEXTS),
                "kind": draw(st.sampled_from(sorted(KEY_HOLDING_KINDS))),
                "lat_deg": draw(numbers(-90, 90)),
                "lon_deg": draw(numbers(-180, 180)),
                "name_local": draw(optional(TEXTS)),
                "city": draw(optional(TEXTS)),
                "altitude_m": draw(optional(numbers(-500, 9000))),
                "relay_limit_bps": draw(optional(numbers(1e-3, 1e15))),
                "user_ports": draw(optional(st.integers(0, 100_000))),
                "year": draw(optional(st.integers(1980, 2200))),
            }
        )
        for node_id in ids
    ]
    names = draw(st.lists(TEXTS.filter(lambda t: not set("/\\") & set(t)), max_size=2, unique_by=str.lower))
    modules = {}
    for name in (name for name in names if not name.endswith(".toml")):
        modules[name] = parse_module(draw(MODULES), module_id=name)
    pairs = st.permutations(ids).map(lambda order: order[:2])
    links = []
    for link_id in draw(st.lists(TEXTS, max_size=4, unique=True)):
        node_a, node_b = draw(pairs)
        module = draw(st.sampled_from([*sorted(modules), None]))
        links.append(
            sourced(
                {
                    "link_id": link_id,
                    "node_a": node_a,
                    "node_b": node_b,
                    "length_km": draw(numbers(0, 1e6)),
                    "module": module,
                    "key_rate_bps": draw(numbers(0, 1e15) if module is None else optional(numbers(0, 1e15))),
                    "module_pairs": draw(st.integers(1, 100_000)),
                    "attenuation_db_per_km": draw(numbers(0, 100)),
                    "extra_loss_db": draw(numbers(0, 500)),
                    "loss_db": draw(optional(numbers(0, 500))),
                    "module_group": draw(optional(TEXTS)),
                    "risk_groups": draw(optional(TEXTS)),
                    "geometry": draw(optional(st.just("LINESTRING (1 2, 3.5 -4e-1)"))),
                    "year": draw(optional(st.integers(1980, 2200))),
                }
            )
        )
    services = draw(st.dictionaries(SLUGS, SERVICES, max_size=2))
    services = {name: service for name, service in services.items() if not name.endswith(".")}
    demands = []
    for demand_id in draw(st.lists(TEXTS, max_size=4, unique=True)):
        node_a, node_b = draw(pairs)
        service = draw(st.sampled_from([*sorted(services), None]))
        size = (
            {"rate_bps": draw(numbers(0, 1e15))}
            if service is None
            else {"service": service, "units": draw(numbers(0, 1e12))}
        )
        more = {"priority": draw(numbers(1e-300, 1e6)), "protection": draw(st.sampled_from(["none", "1+1", "split-3"]))}
        demands.append(sourced({"demand_id": demand_id, "node_a": node_a, "node_b": node_b, **size, **more}))
    return build_network(
        nodes=nodes, links=links, demands=demands, modules=modules, services=services, sources=sources,
        name=draw(TEXTS), title=draw(TEXTS),
    )  # fmt: skip


@given(any_networks())
@settings(max_examples=60)
def test_any_network_comes_back(network: Network) -> None:
    with tempfile.TemporaryDirectory() as folder:
        again = load(write(network, Path(folder)))
        for name in ("nodes", "demands"):
            pd.testing.assert_frame_equal(getattr(network, name), getattr(again, name), check_exact=True)
        plain = [name for name in LinkRecord.model_fields if name != "module"]
        pd.testing.assert_frame_equal(network.links[plain], again.links[plain], check_exact=True)
        for before, after in zip(network.links["module"], again.links["module"], strict=True):
            assert (before is None) == (after is None)
            if before is not None:
                known, found = network.modules[before], again.modules[after]
                assert {**vars(known), "module_id": after} == vars(found)
        assert {name: network.services[name] for name in again.services} == again.services
        assert set(again.services) == set(network.demands["service"].dropna())
        assert {key: network.sources[key] for key in again.sources} == again.sources
        assert (again.name, again.title) == (network.name, network.title)
        assert input_files(load(write(again, Path(folder) / "twice"))) == input_files(again)
