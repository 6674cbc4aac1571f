"""Networks at the edge of what there is, through every command: an answer or a clear refusal, never a traceback."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from planner.cli import app

NODES = "node_id,name,kind,lat_deg,lon_deg,basis"
LINKS = "link_id,node_a,node_b,length_km,key_rate_bps,basis"
DEMANDS = "demand_id,node_a,node_b,rate_bps,protection"


@dataclass(frozen=True)
class Edge:
    """A network and what is known of it.

    Attributes:
        nodes: Their ids.
        links: ``id a b length_km rate_bps``; None: there is no such table.
        demands: ``id a b rate_bps protection``; None: there is no such table.
        factor: The growth factor.
        served: What each demand gets.
        met: Whether all demands get all that they ask for, protection included.
        kind: Kind of the nodes.
    """

    nodes: str
    links: tuple[str, ...] | None = ()
    demands: tuple[str, ...] | None = ()
    factor: float | None = None
    served: tuple[float, ...] = ()
    met: bool = True
    kind: str = "trusted"


EDGES = {
    "no node": Edge(""),
    "one node": Edge("a"),
    "one node, no table of demands": Edge("a", demands=None),
    "no demand": Edge("ab", ("ab a b 90 100",)),
    "no link": Edge("ab", (), ("d a b 5 1+1",), 0.0, (0.0,), met=False),
    "enormous": Edge(
        "abc", ("ab a b 90 1e15", "bc b c 90 1e15"), ("d a c 1e15 none", "e a b 1e-3 none"), 1.0, (1e15, 1e-3)
    ),
    "tiny": Edge("abc", ("ab a b 90 1e-6", "bc b c 90 1e-8"), ("d a b 1e-7 none",), 10.0, (1e-7,)),
    "next to nothing": Edge("ab", ("ab a b 90 5e-324",), ("d a b 5e-324 none",), None, (0.0,), met=False),
    "enormous over tiny": Edge("ab", ("ab a b 90 1e-9",), ("d a b 1e15 none",), 1e-24, (1e-9,), met=False),
    "parallel": Edge(
        "ab", ("l1 a b 90 100", "l2 b a 90 50", "l3 a b 90 0"), ("d a b 100 none", "e b a 50 split-3"),
        3 / 4, (75.0, 37.5), met=False,
    ),
    "no key rate": Edge("abc", ("ab a b 90 0", "bc b c 90 0"), ("d a c 10 split-2",), 0.0, (0.0,), met=False),
    "disconnected": Edge(
        "abcd", ("ab a b 90 100", "cd c d 90 100"), ("d a c 10 none", "e a b 10 1+1"), 0.0, (0.0, 10.0), met=False
    ),
    "nobody asks": Edge("ab", ("ab a b 90 100",), ("d a b 0 none", "e b a 0 1+1"), None, (0.0, 0.0)),
    "users only": Edge(
        "abc", ("ab a b 90 100", "bc b c 90 100"), ("d a c 10 none",), 0.0, (0.0,), met=False, kind="user"
    ),
    "no length": Edge("ab", ("ab a b 0 100",), ("d a b 10 none",), 10.0, (10.0,)),
}  # fmt: skip


def written(edge: Edge, folder: Path) -> Path:
    """The network as a folder."""
    folder.mkdir()
    (folder / "network.toml").write_text('title = "Edge"\n', encoding="utf-8")
    nodes = [
        f"{name},{name},{edge.kind},{30 + place / 2},{110 + place / 2},assumed" for place, name in enumerate(edge.nodes)
    ]
    tables = {"nodes": [NODES, *nodes]}
    if edge.links is not None:
        tables["links"] = [LINKS, *(",".join([*row.split(), "assumed"]) for row in edge.links)]
    if edge.demands is not None:
        tables["demands"] = [DEMANDS, *(",".join(row.split()) for row in edge.demands)]
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def run(*arguments: object, code: int) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, (arguments, result.output)
    assert result.exit_code == 0 or result.stderr.strip()
    return result.stdout


@pytest.mark.parametrize("name", EDGES)
def test_every_command_answers_or_refuses(name, tmp_path):
    edge = EDGES[name]
    network = written(edge, tmp_path / "network")
    run("check", network, code=0)
    run("budget", network, code=0)
    run("map", network, "-o", tmp_path / "map.html", code=0)
    run("export", network, "-o", tmp_path / "network.geojson", code=0)
    for target in ("copy.xlsx", "copy", "copy.graphml"):
        run("convert", network, tmp_path / target, code=0)
    run("check", tmp_path / "copy.xlsx", code=0)
    for order in (1, 2):
        assert json.loads(run("fail", network, "--order", order, "--json", code=0))
    run("fail", network, "--of", "nodes", "-o", tmp_path / "failures.csv", code=0)
    for ends in ("ab", "ac"):
        there = set(ends) <= set(edge.nodes)
        found = {0, 4} if there else {3}
        result = CliRunner().invoke(app, ["route", str(network), *ends, "--disjoint", "node", "-k", "3"])
        assert result.exit_code in found, result.output
    if not edge.demands:
        for command in ("plan", "availability", "explain"):
            run(command, network, code=3)
        return
    run("availability", network, code=0)
    assert json.loads(run("availability", network, "--json", code=0))
    run("explain", network, code=0)
    saved = tmp_path / "plan"
    run("plan", network, "-o", saved, code=0)
    plan = json.loads((saved / "plan.json").read_text(encoding="utf-8"))
    assert plan["growth"]["factor"] == pytest.approx(edge.factor)
    assert [row["served_bps"] for row in plan["demands"]] == pytest.approx(edge.served)
    run("verify", saved, code=0)
    run("map", saved, "-o", tmp_path / "plan.html", code=0)
    run("export", saved, "-o", tmp_path / "plan.kml", code=0)
    run("explain", saved, code=0)
    most = tmp_path / "most"
    run("plan", network, "--objective", "total", "--shared", "--strict", "-o", most, code=0 if edge.met else 4)
    run("verify", most, code=0)


@pytest.mark.parametrize("command", ["check", "budget", "plan", "fail", "availability", "explain", "map", "convert"])
def test_a_rate_beyond_all_limits_is_refused_by_every_command(command, tmp_path):
    network = written(Edge("ab", ("ab a b 90 1e18",), ("d a b 1e18 none",)), tmp_path / "network")
    more = {"map": ["-o", tmp_path / "map.html"], "convert": [tmp_path / "copy"]}.get(command, [])
    result = CliRunner().invoke(app, [command, str(network), *map(str, more)])
    assert result.exit_code == 3
    assert "links.csv, row 2, column key_rate_bps: 1e+18 is out of range" in result.stderr
    assert "demands.csv, row 2, column rate_bps: 1e+18 is out of range" in result.stderr
