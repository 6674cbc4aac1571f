"""The house: which file may import which, what is public, and what starting costs."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import planner

PACKAGE = Path(planner.__file__).parent

PUBLIC = {
    "InputError",
    "Network",
    "Plan",
    "PlannerError",
    "best_routes",
    "build_network",
    "draw_map",
    "link_budget",
    "load",
    "make_plan",
    "read_plan",
    "verify_plan",
}

HEAVY = ("pandas", "folium", "matplotlib", "scipy", "networkx", "highspy", "openpyxl", "jinja2", "starlette")


def modules_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after running ``code``."""
    report = "import sys, json; print('\\n' + json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_public_names_are_exactly_these():
    assert set(planner.__all__) == PUBLIC
    for name in PUBLIC:
        assert getattr(planner, name).__doc__, f"planner.{name} has no docstring"
    visible = {name for name in dir(planner) if not name.startswith("_")}
    submodules = {path.stem for path in PACKAGE.iterdir()}
    assert visible >= PUBLIC
    assert visible - PUBLIC - submodules <= {"annotations", "importlib", "TYPE_CHECKING", "Any"}


def test_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'make_coffee'"):
        planner.make_coffee  # noqa: B018


def test_importing_planner_imports_nothing_heavy():
    assert modules_after("import planner").isdisjoint((*HEAVY, "numpy", "pydantic", "typer", "rich"))


@pytest.mark.parametrize("arguments", [["--help"], ["plan", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments):
    code = (
        f"import sys; sys.argv = ['planner', *{arguments!r}]\n"
        "from planner.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as leave:\n    assert not leave.code, leave.code"
    )
    assert modules_after(code).isdisjoint(HEAVY)


def source_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def test_only_the_version_is_taken_from_the_top():
    """``from planner import make_plan`` in a lower file would be a way around the floors."""
    files = {path.stem if path.is_file() else path.name for path in PACKAGE.iterdir()}
    wrong = []
    for path in source_files():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "planner" and node.level == 0:
                wrong += [f"{path.name}: {a.name}" for a in node.names if a.name not in files | {"__version__"}]
    assert not wrong


def test_no_star_imports_and_no_rooms_without_a_name():
    for path in source_files():
        assert path.stem not in {"utils", "helpers", "core", "common", "misc"}, path
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert all(alias.name != "*" for alias in node.names), path


def test_files_can_be_read_in_one_sitting():
    long = {path.relative_to(PACKAGE).as_posix(): len(path.read_text("utf-8").splitlines()) for path in source_files()}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}
