"""The wheel: holds the planner with its data, maps and licences and nothing else, and works on its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import planner

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path, cwd: Path) -> str:
    """Runs a command outside of the checkout; its standard output. Fails with what it wrote."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment | {"PYTHONIOENCODING": "utf-8"},
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=400,
    )
    assert done.returncode == 0, f"{command} exited {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def checked_in(folder: str) -> set[str]:
    """The files of a folder of the checkout, without what Python leaves there."""
    return {
        path.relative_to(ROOT / folder).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def test_wheel_holds_the_planner_and_what_ships_with_it_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    info = f"qkd_trunk_planner-{planner.__version__}.dist-info"
    expected = (
        {f"planner/{name}" for name in checked_in("planner")}
        | {f"planner/_data/{name}" for name in checked_in("data")}
        | {f"planner/_maps/{name}" for name in checked_in("maps")}
    )
    assert {name for name in names if not name.startswith(info)} == expected
    assert "planner/py.typed" in names
    assert "planner/_data/sources.toml" in names
    assert "planner/_data/networks/trunks/network.toml" in names
    assert "planner/_maps/assets/leaflet.js" in names
    assert f"{info}/licenses/LICENSE" in names
    for licence in (ROOT / "maps" / "assets" / "licences").iterdir():
        assert f"{info}/licenses/maps/assets/licences/{licence.name}" in names


def test_wheel_says_what_it_is(wheel):
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    text = archive.read(metadata).decode("utf-8")
    assert "\nName: qkd-trunk-planner\n" in text
    assert f"\nVersion: {planner.__version__}\n" in text
    assert "\nLicense-Expression: Apache-2.0\n" in text
    assert "\nRequires-Python: >=3.11\n" in text
    assert str(ROOT) not in text


@pytest.mark.slow
def test_installed_wheel_plans_the_trunks_far_from_the_checkout(wheel, tmp_path):
    """Installs the wheel into an empty environment (this asks the package index) and works there."""
    venv.create(tmp_path / "venv", with_pip=True)
    binaries = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python, script = binaries / "python", binaries / "planner"
    constraints = ["--constraint", ROOT / "constraints.txt"]
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, *constraints, wheel, cwd=tmp_path)

    where = run(python, "-c", "import planner; print(planner.__file__)", cwd=tmp_path).strip()
    assert Path(where).is_relative_to(tmp_path / "venv")
    assert planner.__version__ in run(python, "-m", "planner", "--version", cwd=tmp_path)
    assert "beijing-shanghai" in run(script, "list", cwd=tmp_path)

    run(script, "plan", "trunks", "-o", tmp_path / "plan", cwd=tmp_path)
    plan = json.loads((tmp_path / "plan" / "plan.json").read_text("utf-8"))
    assert plan["network"] == "trunks"
    assert len(plan["links"]) == 41
    assert (tmp_path / "plan" / "map.html").stat().st_size > 100_000
    assert (tmp_path / "plan" / "report.html").is_file()
    run(script, "verify", tmp_path / "plan", cwd=tmp_path)

    run(script, "map", "trunks", "-o", tmp_path / "map.html", cwd=tmp_path)
    assert "武汉" in (tmp_path / "map.html").read_text("utf-8")
