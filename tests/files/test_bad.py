"""Every kind of wrong input is told in plain words, with file, row and column, and all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.errors import InputError, Problem
from planner.files import load
from tests.bad_inputs import CASES, Case, edit, write_base


def problems_of(reference: str, **options: str) -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        load(reference, **options)
    return caught.value.problems


def test_there_are_enough_kinds_and_each_has_its_name() -> None:
    assert len(CASES) > 100
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_wrong_input_is_told(case: Case, tmp_path: Path) -> None:
    reference = case.write(tmp_path)
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    problems = problems_of(reference)
    told = [
        problem
        for problem in problems
        if (problem.file, problem.row, problem.column) == (case.file, case.row, case.column)
        and case.words in str(problem)
    ]
    assert len(told) == 1, "\n".join(map(str, problems))
    assert len(problems) == 1, "a mistake must not make other rows wrong: " + "\n".join(map(str, problems))
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before
    for fragment in case.fragments:
        assert fragment in str(problems[0])


def test_all_problems_of_all_files_at_once(tmp_path: Path) -> None:
    write = edit(
        ("net/network.toml", "description", "descripton"),
        ("net/network.toml", "0.21", "-0.21"),
        ("net/nodes.csv", "user,30.0,111.0", "users,200,east"),
        ("net/nodes.csv", "published,book", "published,boook"),
        ("net/links.csv", "b,c,55,assumed,,m", "b,z,-5,assumed,,n"),
        ("net/demands.csv", "d1,a,c,1000", "d1,s,z,"),
        ("net/sources.toml", "citation", "citaton"),
        ("net/modules/own.toml", "1e9", '"fast"'),
    )
    problems = problems_of(write(tmp_path))
    assert [(p.file, p.row, p.column) for p in problems] == [
        ("net/demands.csv", 2, "node_a"),
        ("net/demands.csv", 2, "node_b"),
        ("net/demands.csv", 2, "rate_bps"),
        ("net/links.csv", 3, "length_km"),
        ("net/links.csv", 3, "node_b"),
        ("net/links.csv", 3, "via"),
        ("net/modules/own.toml", 4, "clock_hz"),
        ("net/network.toml", 2, "descripton"),
        ("net/network.toml", 5, "defaults.attenuation_db_per_km"),
        ("net/nodes.csv", 4, "kind"),
        ("net/nodes.csv", 4, "lat_deg"),
        ("net/nodes.csv", 4, "lon_deg"),
        ("net/sources.toml", 2, "book.citaton"),
    ]


def test_a_broken_rule_and_a_broken_limit_of_one_row_are_both_told(tmp_path: Path) -> None:
    problems = problems_of(edit(("net/links.csv", "ab,a,b,60,derived,book", "ab,a,a,-60,derived,"))(tmp_path))
    assert [(p.row, p.column) for p in problems] == [(2, "length_km"), (2, "node_b"), (2, "source")]


def test_contradictory_nodes_of_three_networks(tmp_path: Path) -> None:
    write_base(tmp_path)
    for name, lat_deg in (("x", 10), ("y", 11), ("z", 12)):
        folder = tmp_path / name
        folder.mkdir()
        include = 'include = ["../x", "../y"]' if name == "z" else ""
        (folder / "network.toml").write_text(f'title = "{name}"\n{include}\n')
        header = "node_id,name,kind,lat_deg,lon_deg,basis\n"
        (folder / "nodes.csv").write_text(f"{header}n,Node,trusted,{lat_deg},20,assumed\n")
        for table in ("links", "demands"):
            (folder / f"{table}.csv").write_text((tmp_path / "other" / f"{table}.csv").read_text().splitlines()[0])
    problems = problems_of(str(tmp_path / "z"))
    assert [(p.file, p.column) for p in problems] == [("y/nodes.csv", "lat_deg"), ("z/nodes.csv", "lat_deg")]


def test_a_long_list_of_wrong_rows_is_told_row_by_row(tmp_path: Path) -> None:
    reference = write_base(tmp_path)
    rows = "".join(f"d{i},a,c,many,,,,\n" for i in range(500))
    header = (tmp_path / "net" / "demands.csv").read_text().splitlines()[0]
    (tmp_path / "net" / "demands.csv").write_text(f"{header}\n{rows}")
    assert [p.row for p in problems_of(reference)] == list(range(2, 502))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("demand.csv", None, "there is no such file"),
        ("demand.csv", "demand_id,node_a,node_b,rate_bps\nx,a,z,5\n", "there is no node 'z'"),
        ("demand.csv", "demand_id,node_a,node_b,rate_bps\nx,a,b,5\nx,a,b,5\n", "first in demand.csv, row 2"),
        ("demand.xlsx", b"PK", "is damaged"),
    ],
)
def test_wrong_demands_of_their_own_file(tmp_path: Path, name: str, content: str | bytes | None, words: str) -> None:
    reference = write_base(tmp_path)
    if content is not None:
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    (problem,) = problems_of(reference, demands=str(tmp_path / name))
    assert words in str(problem)
    assert problem.file == name


def test_a_plan_is_no_network(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    (problem,) = problems_of(str(tmp_path))
    assert "is a plan, not a network" in problem.message
    assert str(tmp_path / "inputs") in str(problem.expected)


def test_a_name_near_to_the_missing_file_is_told(tmp_path: Path) -> None:
    reference = write_base(tmp_path)
    (tmp_path / "net" / "nodes.csv").rename(tmp_path / "net" / "Nodes.csv")
    (problem,) = problems_of(reference)
    assert "'Nodes.csv'; did you mean that?" in str(problem)
