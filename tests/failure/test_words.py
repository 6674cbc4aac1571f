"""Failures in words, on the command line, in files and in the report."""

from __future__ import annotations

import csv
import io
import json

import pytest
from typer.testing import CliRunner

import planner
from planner.cli import app
from planner.failure import sweep_failures
from planner.network import build_network
from planner.report.failures import cutting_table, failure_document, failure_table, failure_words
from planner.report.page import report_html
from tests.networks import demand_row, link_row, node_row, plain_network, rate_budget, rate_demands

RING = [("ab", "a", "b", 9), ("bc", "b", "c", 9), ("cd", "c", "d", 9), ("da", "d", "a", 9)]


def words(network, **options):
    return failure_words(sweep_failures(network, budget=rate_budget(network), demands=rate_demands(network), **options))


def test_a_network_without_a_weak_point_says_so():
    served = (
        "While all works, 100 % of the requested key is served; once node a has failed and what is left is allocated"
    )
    assert words(plain_network(RING, [("d", "a", "c", 9)])) == (
        "No single failure of a link or node cuts a demand off.",
        f"{served} anew, 0 %, the least of all 8.",
        "There is no bridge.",
        "There is no articulation node.",
    )


def test_risk_groups_are_among_what_fails():
    demands = [demand_row("d", "a", "c", 9.0)]
    nodes = [node_row(name) for name in "abcd"]
    rows = [link_row(*row, risk_groups=group) for row, group in zip(RING, ("x", None, "x", None), strict=True)]
    network = build_network(nodes=nodes, links=rows, demands=demands)
    assert words(network)[0].startswith("1 of 9 single failures cuts a demand off; the worst is risk group x")
    chord = build_network(nodes=nodes, links=[*rows, link_row("ac", "a", "c", 1.0)], demands=demands)
    assert words(chord)[0] == "No single failure of a link, risk group or node cuts a demand off."
    assert words(chord, of="links")[0] == "No single failure of a link or risk group cuts a demand off."


def test_failures_that_were_not_allocated_are_told_apart():
    found = words(plain_network(RING, [("d", "a", "c", 9)]), allocate_worst=1)
    assert found[1].endswith(
        "allocated anew, 0 %, the least of the 4 that are known exactly; for the other 4 there is only a bound (≤)."
    )


def test_weak_points_are_named():
    network = plain_network([*RING, ("de", "d", "e", 1)], [("d", "a", "e", 1), ("none", "a", "z", 1)])
    assert words(network, allocate_worst=0) == (
        "2 of 11 single failures cut a demand off; the worst is link d–e: 1 demand of 2.",
        "1 demand has no route even while nothing fails.",
        "No failure was allocated anew; of what is still served there is only a bound (≤).",
        "1 bridge: d–e.",
        "1 articulation node: d.",
    )


def test_pairs_say_what_only_they_cut():
    found = words(plain_network(RING, [("d", "a", "c", 1)]), order=2, of="links", allocate_worst=0)
    assert found[1] == "4 pairs cut what neither of the two cuts alone."
    assert found[0].startswith("4 of 6 pairs of failures cut a demand off; the worst is link a–b and link ")


def test_one_pair_and_none_that_only_together_cut():
    line = plain_network([("ab", "a", "b", 1), ("bc", "b", "c", 1)], [("d", "a", "c", 1)])
    assert words(line, order=2, of="links", allocate_worst=0)[1] == "No pair cuts what neither of the two cuts alone."
    triangle = plain_network([("ab", "a", "b", 1), ("bc", "b", "c", 1), ("ac", "a", "c", 1)], [("d", "a", "c", 1)])
    two = words(triangle, order=2, of="links", allocate_worst=0)
    assert two[1] == "2 pairs cut what neither of the two cuts alone."
    pair = plain_network([("1", "a", "b", 1), ("2", "a", "b", 1)], [("d", "a", "b", 1)])
    assert words(pair, order=2, of="links", allocate_worst=0)[1] == "1 pair cuts what neither of the two cuts alone."


def test_without_demands_pairs_of_nodes_are_counted():
    network = plain_network([("ab", "a", "b", 1), ("bc", "b", "c", 1)])
    assert words(network)[0] == (
        "3 of 5 single failures cut two nodes off; the worst is link a–b: 2 pairs of nodes of 3."
    )
    assert words(plain_network([], a="trusted"))[0] == "No single failure of a node cuts two nodes off."
    assert words(plain_network([], a="trusted"), of="links")[0] == "There is nothing that could fail."


def test_table_and_document_hold_every_failure():
    network = plain_network([*RING, ("de", "d", "e", 1)], [("d", "a", "e", 1)])
    found = sweep_failures(network, budget=rate_budget(network), demands=rate_demands(network))
    table = failure_table(found)
    assert table.loc[0, ["failure", "title", "failed", "cut"]].tolist() == ["link de", "link d–e", "link:de", "d"]
    document = json.loads(json.dumps(failure_document(found), allow_nan=False))
    assert len(document["failures"]) == len(table) == 10
    assert document["failures"][0]["failed"] == [{"kind": "link", "id": "de"}]
    assert document["bridges"] == ["de"]


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_command_writes_all_failures(tmp_path):
    target = tmp_path / "failures.csv"
    result = run("fail", "wuhan-hefei", "-o", target, "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    rows = list(csv.DictReader(io.StringIO(target.read_text("utf-8-sig"))))
    assert len(rows) == len(document["failures"]) == 21
    assert [row["failure"] for row in rows] == [row["failure"] for row in document["failures"]]
    assert float(rows[0]["served_fraction"]) == pytest.approx(document["failures"][0]["served_fraction"])


def test_command_writes_json_where_the_file_is_called_so(tmp_path):
    result = run("fail", "wuhan-hefei", "--of", "links", "-o", tmp_path / "failures.json", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads((tmp_path / "failures.json").read_text("utf-8")) == json.loads(result.stdout)


def test_command_prints_sentences_first():
    result = run("fail", "wuhan-hefei", "--of", "links", "--allocate", "0")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("10 of 10 single failures cut a demand off; the worst is link ")


def test_strict_exits_with_4():
    result = run("fail", "wuhan-hefei", "--strict", "--allocate", "0", "--json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["order"] == 1


def test_report_of_a_large_network_has_bounds(monkeypatch):
    monkeypatch.setattr("planner.plan.result.affordable", lambda _: 1)
    plan = planner.make_plan(plain_network([*RING, ("ac", "a", "c", 1)], [("d", "a", "c", 12), ("e", "b", "d", 9)]))
    table = cutting_table(plan.failures)
    shares = [row[-1].text for row in table.rows]
    assert sum(share.startswith("≤ ") for share in shares) > 2
    assert not shares[0].startswith("≤")
    assert "≤ is a bound for the others. The command “planner fail” allocates all." in table.note


def test_report_has_the_single_failures():
    plan = planner.make_plan(plain_network([*RING, ("de", "d", "e", 1)], [("d", "a", "e", 1)]))
    page = report_html(plan)
    assert "2 of 10 single failures cut a demand off; the worst is link d–e: 1 demand of 1." in page
    assert "Single failures, the worst first" in page
    assert "Another 6 failures cut off, end or narrow no demand, and leave as much served." in page
    assert "≤" not in page.split('<h2 id="failures">')[1].split("</section>")[0]
