"""A second run, in another process with other hashes, gives the same files and the same words, byte for byte."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from planner.files import input_files
from planner.network import Network
from tests.brute_force import protected_network

COMMANDS = """
import sys
from planner.cli import app
network, there = sys.argv[1:]
for command in (
    f"plan {network} -o {there}/fair",
    f"plan {network} --objective total --shared -o {there}/total",
    f"convert {network} {there}/copy.xlsx",
    f"convert {network} {there}/copy.graphml",
    f"fail {network} -o {there}/failures.csv",
    f"fail {network} --order 2 --allocate 3 -o {there}/pairs.json",
    f"availability {network} -o {there}/availability.csv",
    f"explain {network} --together --json",
    f"fail {network} --json",
    f"verify {there}/total --json",
    f"export {there}/fair -o {there}/plan.geojson",
    f"export {there}/fair -o {there}/plan.svg",
):
    try:
        app(command.split())
    except SystemExit as end:
        print(command.split()[0], "ends with", end.code)
"""


def results(network: str | Path, there: Path, *, hashes: int) -> dict[str, bytes]:
    """What the commands write and say, in a process of their own."""
    there.mkdir(parents=True)
    surroundings = os.environ | {"PYTHONHASHSEED": str(hashes)}
    # The same words for the same folder: it is named as seen from where the command runs.
    run = subprocess.run(
        [sys.executable, "-c", COMMANDS, str(network), "out"],
        cwd=there.parent, env=surroundings, capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr.decode()
    files = {path.relative_to(there).as_posix(): path.read_bytes() for path in there.rglob("*") if path.is_file()}
    return files | {"said": run.stdout, "warned": run.stderr}


def written(network: Network, folder: Path) -> Path:
    for file in input_files(network):
        place = folder / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)
    return folder


def with_everything() -> Network:
    rng = np.random.default_rng(7)
    return protected_network(rng, nodes=8, more_links=8, demands=7, risks=0.4, ports=0.2, switches=2)


@pytest.mark.parametrize("name", ["with everything", "wuhan-hefei"])
def test_a_second_run_gives_the_same_bytes(name, tmp_path):
    network = name if name == "wuhan-hefei" else written(with_everything(), tmp_path / "network")
    first, second = (results(network, tmp_path / str(seed) / "out", hashes=seed) for seed in (1, 2))
    assert first.keys() == second.keys()
    wanted = {"plan.json", "plan.xlsx", "map.html", "report.html", "routes.csv", "nodes.csv"}
    assert {f"{plan}/{file}" for plan in ("fair", "total") for file in wanted} <= first.keys()
    assert {"failures.csv", "pairs.json", "availability.csv", "copy.xlsx", "plan.geojson"} <= first.keys()
    assert [file for file in first if first[file] != second[file]] == []
    ends = [line.split()[-1] for line in first["said"].splitlines() if b" ends with " in line]
    assert ends == [b"0"] * COMMANDS.count('    f"')
