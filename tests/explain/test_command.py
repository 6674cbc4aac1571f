"""The command: its JSON, its words, its exits."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from planner.cli import app


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def document(*arguments, code=0):
    result = run("explain", *arguments, "--json")
    assert result.exit_code == code, result.stderr
    return json.loads(result.stdout)


def test_json_of_a_demand():
    found = document("trunks", "voice-shanghai-wuhan")
    assert found.keys() == {"network", "met", "unmet", "growth", "costs"}
    (one,) = found["unmet"]
    assert one["demands"] == ["voice-shanghai-wuhan"]
    assert one["served_bps"] < one["requested_bps"]
    assert one["met"] is True
    assert one["proven"] is True
    assert one["served_fraction_after"] > 1 - 1e-9
    assert one["cost_cny"] == sum(step["cost_cny"] for step in one["steps"])
    for step in one["steps"]:
        assert step.keys() == {
            "kind", "resource", "cost_cny", "details",
            "served_fraction_without", "protection_without", "losers_without",
        }  # fmt: skip
        assert step["served_fraction_without"] < 1
        assert step["protection_without"] is None
    for short in one["short"]:
        assert short["needs"] > short["has"]
    assert found["costs"]["station_cny"]["basis"] == "assumed"


def test_a_saved_plan_is_explained_like_its_network(tmp_path):
    assert run("plan", "trunks", "-o", tmp_path / "plan").exit_code == 0
    kept, fresh = (document(name, "voice-shanghai-wuhan") for name in (tmp_path / "plan", "trunks"))
    assert kept["unmet"] == fresh["unmet"]
    assert kept["network"] == "trunks"


def test_growth_in_words_where_all_is_served():
    result = run("explain", "wuhan-hefei")
    assert result.exit_code == 0
    assert "All 16 demands get all they ask for." in result.stdout
    assert "They can grow" in result.stdout
    assert "\x1b" not in result.stdout


def test_a_served_demand_in_words():
    result = run("explain", "wuhan-hefei", "voice-hefei-wuhan")
    assert result.exit_code == 0
    assert "gets all that it asks for" in result.stdout


def test_exits(tmp_path):
    assert run("explain", "trunks", "voice-shanghai-wuha").exit_code == 3
    assert "did you mean 'voice-shanghai-wuhan'" in run("explain", "trunks", "voice-shanghai-wuha").stderr
    assert run("explain", "trunks", "--costs", tmp_path / "none.toml").exit_code == 3
    assert run("explain", "micius").exit_code == 0
    result = run("explain", "micius", "--strict")
    assert result.exit_code == 4
    assert "Proved, new links aside: nothing of what there is a price for would be enough." in result.stdout
    assert run("explain").exit_code == 2
