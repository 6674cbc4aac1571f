"""The documentation: in step with the program, complete, and without dead links."""

from __future__ import annotations

import doctest
import importlib.util
import math
import re
import tomllib
from pathlib import Path

import pytest

import planner

ROOT = Path(__file__).resolve().parents[1]


def _load_script():
    spec = importlib.util.spec_from_file_location("refresh_docs", ROOT / "scripts" / "refresh_docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


refresh_docs = _load_script()
PAGES = refresh_docs.pages()
MARKDOWN = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_page_shows_what_the_program_does(page):
    """Runs every command and every example of the page; `make refresh-docs` writes what has changed."""
    shown, today = page.read_text("utf-8"), refresh_docs.refreshed(page)
    for line, (was, now) in enumerate(zip(shown.splitlines(), today.splitlines(), strict=False), start=1):
        assert alike(was, now), f"{name(page)}, line {line}: `make refresh-docs` would write\n{now}\ninstead of\n{was}"
    assert len(shown.splitlines()) == len(today.splitlines())


NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


def alike(was: str, now: str) -> bool:
    """The same words, and the same numbers to 1 %: the last digits differ from processor to processor."""
    words = [re.sub(r"[\s─━-]+", " ", NUMBER.sub("#", line)).strip() for line in (was, now)]
    numbers = [[float(found.replace(",", "")) for found in NUMBER.findall(line)] for line in (was, now)]
    return words[0] == words[1] and all(
        math.isclose(a, b, rel_tol=0.01, abs_tol=1e-9) for a, b in zip(*numbers, strict=True)
    )


def test_alike_tells_a_change_from_a_last_digit():
    assert alike("rate 31.0 kbit/s, 1,234 km", "rate  31.1 kbit/s, 1,234 km")
    assert alike("gap 1.3e-16", "gap 0.0e+00")
    assert not alike("7 of 12 demands", "8 of 12 demands")
    assert not alike("key_rate_bps 5", "key_rate 5")


def _modules_with_examples() -> list[str]:
    package = ROOT / "planner"
    files = [path for path in package.rglob("*.py") if ">>> " in path.read_text("utf-8")]
    return sorted(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files)


@pytest.mark.parametrize("module", _modules_with_examples())
def test_examples_in_docstrings_are_true(module, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    plan = planner.make_plan(planner.load("wuhan-hefei"))
    names = {"planner": planner, "plan": plan}
    result = doctest.testmod(importlib.import_module(module), extraglobs=names, optionflags=doctest.ELLIPSIS)
    assert result.attempted
    assert result.failed == 0


def test_every_command_is_documented_and_explains_itself():
    text = (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8")
    commands = refresh_docs.command_names()
    assert set(re.findall(r"^<!-- begin help:(\S+) -->$", text, re.MULTILINE)) == set(commands)
    readme = "".join(page.read_text("utf-8") for page in PAGES)
    for command in commands:
        assert f"planner {command} " in readme, f"no page shows `planner {command}`"


def test_every_record_is_documented():
    from planner.records import TABLES

    text = (ROOT / "docs" / "reference" / "tables.md").read_text("utf-8")
    documented = set(re.findall(r"^<!-- begin table:(\w+) -->$", text, re.MULTILINE))
    assert documented >= {record.__name__ for record in TABLES.values()}
    assert documented >= {"NetworkInfo", "ServiceRecord", "SourceRecord"}


def test_every_module_key_is_documented():
    from planner.physics.module import PARAMETERS, PROTOCOLS

    text = (ROOT / "docs" / "reference" / "modules.md").read_text("utf-8")
    assert all(f"`{key}`" in text for key in (*PARAMETERS, *PROTOCOLS))


def test_every_public_name_is_documented():
    text = (ROOT / "docs" / "reference" / "python.md").read_text("utf-8")
    assert {f"planner.{public}" for public in planner.__all__} <= set(
        re.findall(r"^\.\. auto\w+:: (\S+)$", text, re.MULTILINE)
    )


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", MARKDOWN, ids=name)
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        goal = (page.parent / path).resolve() if path else page
        assert goal.exists(), f"{name(page)} links to {target}"
        assert goal.is_relative_to(ROOT), f"{name(page)} links out of the checkout: {target}"
        if anchor:
            assert anchor in _anchors(goal), f"{name(page)} links to {target}"


def test_every_file_has_its_place_in_the_house():
    text = (ROOT / "docs" / "explanation" / "architecture.md").read_text("utf-8")
    names = {path.stem for path in (ROOT / "planner").iterdir()} - {"py", "__pycache__"}
    assert names <= set(re.findall(r"`(\w+)(?:\.py|/)`", text))


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    text = (ROOT / "docs" / "explanation" / "dependencies.md").read_text("utf-8").lower()
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    for requirement in (requirement for group in groups for requirement in group):
        package = re.split(r"[^a-z0-9-]", requirement.lower())[0]
        stubs = package.endswith("-stubs") or package.startswith("types-")
        assert package == "qkd-trunk-planner" or stubs or package in text, package


def test_constraints_pin_every_dependency_exactly():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9.!+]+", line) for line in lines)
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines}
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {re.split(r"[^a-z0-9-]", requirement.lower())[0] for group in groups for requirement in group}
    assert wanted - pinned == {"qkd-trunk-planner"}


def test_versions_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == planner.__version__
    assert f"\nversion: {planner.__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


AMERICAN = re.compile(
    r"\b(?:colors?|colored|centers?|centered|optimiz\w+|analyz\w+|behaviors?|neighbors?|summariz\w+|normaliz\w+|"
    r"organiz\w+|fibers?|labeled|modeled|modeling|favorites?|recogniz\w+|initializ\w+|minimiz\w+|maximiz\w+)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("page", MARKDOWN, ids=name)
def test_spelling_is_british(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"`[^`]*`", "", text)
    assert AMERICAN.findall(text) == []
