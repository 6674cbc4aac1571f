"""Verification accepts whatever is planned, over many powers of ten, and refuses whatever is changed in it."""

from __future__ import annotations

import copy
import csv
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import planner
from planner.errors import InputError
from planner.network import Network, build_network
from planner.verify import verify_plan
from tests.networks import demand_row, link_row, node_row
from tests.test_verify import save_lightly, small_network

KINDS = ("trusted", "trusted", "trusted", "trusted", "trusted", "ground", "satellite", "user", "user")
QUICK = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would plan for minutes; the networks are small
)


def any_network(seed: int, *, low: float, high: float, most_nodes: int = 8) -> Network:
    """A network with everything that tables can say, and rates from ``10**low`` to ``10**high`` bit/s.

    Args:
        seed: Where chance comes from.
        low: Power of ten of the smallest rate above zero.
        high: Power of ten of the largest.
        most_nodes: At most so many nodes, besides switches.
    """
    rng = np.random.default_rng(seed)
    wide = bool(rng.random() < 0.5)

    def rate(zero: float = 0.08) -> float:
        if rng.random() < zero:
            return 0.0
        return float(10 ** rng.uniform(low, high)) if wide else float(rng.choice([1.0, 1.0, 2.0, 3.0, 5.0]))

    def perhaps(chance: float, *choices: Any) -> Any:
        return choices[int(rng.integers(len(choices)))] if rng.random() < chance else None

    count = int(rng.integers(2, most_nodes + 1))
    names = [f"n{number}" for number in range(count)]

    def pair() -> tuple[str, str]:
        one, other = rng.choice(count, size=2, replace=False)
        return names[one], names[other]

    nodes = [
        node_row(name, str(rng.choice(KINDS)), relay_limit_bps=rate(0) if rng.random() < 0.2 else None,
                 user_ports=perhaps(0.1, 0, 1, 2, 3))
        for name in names
    ]  # fmt: skip
    nodes += [node_row(name, kind) for name, kind in (("s0", "switch"), ("s1", "measurement"))]
    ends = [pair() for _ in range(int(rng.integers(0, 2 * count + 3)))]
    if rng.random() < 0.7:
        ends += [(names[number], names[int(rng.integers(number))]) for number in range(1, count)]
    links = [
        link_row(f"L{name}", *two, rate(), module_group=perhaps(0.15, "g1", "g2"), via=perhaps(0.1, "s0", "s1"),
                 risk_groups=perhaps(0.25, "r1", "r2", "r1;r3", "r4"))
        for name, two in zip(rng.permutation(len(ends)), ends, strict=True)
    ]  # fmt: skip
    demands = [
        demand_row(f"D{number}", *pair(), rate(), priority=float(rng.choice([1.0, 1.0, 0.5, 2.0, 1e3])),
                   protection=perhaps(0.5, "1+1", "1+1", "split-2", "split-3") or "none")
        for number in range(int(rng.integers(1, 8)))
    ]  # fmt: skip
    return build_network(nodes=nodes, links=links, demands=demands)


@given(
    seed=st.integers(0, 2**32 - 1),
    powers=st.sampled_from([(-9.0, 15.0), (-3.0, 9.0), (0.0, 6.0)]),
    objective=st.sampled_from(["fair", "total"]),
    shared=st.booleans(),
)
@settings(QUICK, max_examples=60)
def test_whatever_is_planned_is_accepted(seed, powers, objective, shared, tmp_path_factory):
    low, high = powers
    network = any_network(seed, low=low, high=high)
    made = planner.make_plan(network, objective=objective, shared=shared)
    folder = save_lightly(made, tmp_path_factory.mktemp("plan"), real_tables=False)
    verification = verify_plan(folder)
    shutil.rmtree(folder)
    assert verification.ok, str(verification)


# ---- Whatever is changed


def places_of(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything in plain data, the whole left out."""
    keys = range(len(part)) if isinstance(part, list) else list(part) if isinstance(part, dict) else ()
    for key in keys:
        yield (*path, key)
        yield from places_of(part[key], (*path, key))


def promised(path: tuple[Any, ...]) -> bool:
    """Whether something there is a promise: not words to people, nor prices, which prove as well if they are others."""
    words = {"title", "network", "warnings", "files_read", "sentence"}
    return not ({*path} & words or {"prices", "resource_prices"} & {*path} or path == ("shared",))


def changed(value: Any, deed: int, *, names: list[str]) -> Any:
    """Something else: a number off by more than 1e-4, another name, one too many or too few in a list."""
    others: list[Any]
    if isinstance(value, bool):
        others = [not value]
    elif isinstance(value, float):
        others = [value * (1 + 1.5e-4) + 1e-3, value * (1 - 1.5e-4) - 1e-3, 2 * value + 1, -value - 1, None, "1"]
    elif isinstance(value, int):
        others = [value + 1, value - 1, -value - 1, value + 100, value + 0.5, None]
    elif isinstance(value, str):
        others = [name for name in (*names, "none", "1+1", "split-2", "working", "share", "total", "") if name != value]
    elif value is None:
        others = [0.5, "zz", names[0], [], {}, True]
    elif isinstance(value, list):
        others = [[*value, *(value[:1] or ["zz"])], value[:-1] if value else ["zz"], None, {}]
    else:
        others = [{}, None, []] if value else [None, []]
    return others[deed % len(others)]


@given(
    seed=st.integers(0, 10**6),
    objective=st.sampled_from(["fair", "total"]),
    shared=st.booleans(),
    deeds=st.lists(st.tuples(st.integers(0, 2**32), st.integers(0, 2**16)), min_size=12, max_size=12),
)
@settings(QUICK, max_examples=25)
def test_whatever_is_changed_is_refused(seed, objective, shared, deeds, tmp_path_factory):
    network = any_network(seed, low=0.0, high=4.0, most_nodes=6)
    made = planner.make_plan(network, objective=objective, shared=shared)
    folder = save_lightly(made, tmp_path_factory.mktemp("plan"), real_tables=False)
    whole = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    names = [*network.nodes["node_id"], *network.links["link_id"], *network.demands["demand_id"]]
    places = [path for path in places_of(whole) if promised(path)]
    for place, deed in deeds:
        data, (*path, key) = copy.deepcopy(whole), places[place % len(places)]
        part = data
        for step in path:
            part = part[step]
        part[key] = changed(part[key], deed, names=names)
        assert data != whole
        assert refused(folder, data), (path, key, part[key])
    shutil.rmtree(folder)


def refused(folder: Path, data: dict[str, Any]) -> bool:
    (folder / "plan.json").write_text(json.dumps(data), encoding="utf-8")
    try:
        return not verify_plan(folder).ok
    except InputError:
        return True


INPUT_CHANGES = {
    "slower link": ("links", "link_id", "ab", {"key_rate_bps": "999"}, "links and key rates"),
    "link elsewhere": ("links", "link_id", "bc", {"node_a": "d"}, "routes"),
    "group": ("links", "link_id", "bc", {"module_group": ""}, "fairness proof"),
    "relay made a user": ("nodes", "node_id", "b", {"kind": "user"}, "routes"),
    "relay limit": ("nodes", "node_id", "b", {"relay_limit_bps": "100"}, "capacity"),
    "port": ("nodes", "node_id", "a", {"user_ports": "1"}, "user ports"),
    "request": ("demands", "demand_id", "far", {"rate_bps": "900.2"}, "demands and requests"),
    "end": ("demands", "demand_id", "far", {"node_b": "d"}, "demands and requests"),
    "priority": ("demands", "demand_id", "user", {"priority": "1"}, "fairness levels"),
    "protection": ("demands", "demand_id", "far", {"protection": "1+1"}, "protection"),
}


@pytest.mark.parametrize("what", INPUT_CHANGES)
def test_inputs_changed_with_their_hashes_are_refused(what, tmp_path):
    """Whoever changes an input and its SHA-256 too is found out by what follows from the input."""
    table, key, name, cells, broken = INPUT_CHANGES[what]
    folder = save_lightly(planner.make_plan(small_network()), tmp_path, real_tables=False)
    path = folder / "inputs" / f"{table}.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    next(row for row in rows if row[key] == name).update(cells)
    with path.open("w", encoding="utf-8", newline="") as file:
        columns = list(dict.fromkeys([*rows[0], *cells]))
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    data = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    data["inputs"][f"inputs/{table}.csv"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "plan.json").write_text(json.dumps(data), encoding="utf-8")
    found = {check.name for check in verify_plan(folder).broken}
    assert broken in found
    assert "inputs" not in found
