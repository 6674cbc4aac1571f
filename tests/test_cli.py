"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from planner.cli import app
from tests.bad_inputs import CASES
from tests.golden import assert_golden


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def answer(*arguments, code=0):
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A saved plan of the Wuhan–Hefei trunk."""
    folder = tmp_path_factory.mktemp("plans") / "wuhan-hefei"
    result = run("plan", "wuhan-hefei", "-o", folder)
    assert result.exit_code == 0, result.stderr
    return folder


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("list", ["list"]),
        ("check", ["check", "trunks"]),
        ("rate", ["rate", "decoy-40mhz", "--length-km", "50"]),
        ("budget", ["budget", "wuhan-hefei"]),
        ("route", ["route", "trunks", "beijing", "shanghai"]),
        ("plan", ["plan", "wuhan-hefei"]),
        ("explain", ["explain", "trunks", "voice-shanghai-wuhan"]),
    ],
)
def test_golden_output(name, arguments):
    result = run(*arguments)
    assert result.exit_code == 0, result.stderr
    assert "\x1b" not in result.stdout
    assert_golden(f"{name}.txt", result.stdout)


def test_list_names_what_ships():
    shipped = answer("list")
    assert {"beijing-shanghai", "trunks", "wuhan-hefei"} <= {entry["id"] for entry in shipped["networks"]}
    assert all(entry["title"] for entries in shipped.values() for entry in entries)


def test_check_counts():
    assert answer("check", "beijing-shanghai") | {"notes": []} == {
        "network": "beijing-shanghai",
        "title": "Beijing–Shanghai trunk",
        "nodes": 32,
        "links": 31,
        "demands": answer("check", "beijing-shanghai")["demands"],
        "length_km": pytest.approx(2032),
        "links_by_basis": {"published": 0, "derived": 31, "assumed": 0},
        "notes": [],
    }


def test_rate_has_the_promised_keys():
    rate = answer("rate", "decoy-40mhz", "--loss-db", "12")
    assert rate.keys() >= {
        "protocol",
        "loss_db",
        "key_rate_bps",
        "key_bits_per_pulse",
        "qber",
        "sifted_rate_bps",
        "bound_bps",
        "settings",
        "breakdown",
    }
    assert 0 < rate["key_rate_bps"] < rate["bound_bps"]
    assert rate["key_rate_bps"] == pytest.approx(rate["key_bits_per_pulse"] * 40e6)


def test_rate_by_length_is_rate_by_loss():
    by_length = answer("rate", "decoy-40mhz", "--length-km", "60", "--attenuation-db-per-km", "0.25")
    assert by_length == answer("rate", "decoy-40mhz", "--loss-db", "15")


def test_settings_can_be_set():
    rate = answer("rate", "decoy-40mhz", "--loss-db", "12", "--set", "signal_intensity=0.5", "--set", "clock_hz=1e8")
    assert rate["settings"]["signal_intensity"] == 0.5
    assert rate["bound_bps"] == pytest.approx(2.5 * answer("rate", "decoy-40mhz", "--loss-db", "12")["bound_bps"])


def test_at_zero_loss_the_bound_is_null():
    assert answer("rate", "decoy-40mhz", "--loss-db", "0")["bound_bps"] is None
    assert "Without loss there is no bound." in run("rate", "decoy-40mhz", "--loss-db", "0").stdout


def test_settings_at_a_limit_of_the_search_are_told():
    asymptotic = run("rate", "gys-2004", "--loss-db", "20")
    assert "the best decoy_intensity lies at a limit of the search" in asymptotic.stderr
    assert answer("rate", "gys-2004", "--loss-db", "20")["at_limit"] == ["decoy_intensity"]
    finite = run("rate", "decoy-40mhz", "--loss-db", "20")
    assert not finite.stderr
    assert answer("rate", "decoy-40mhz", "--loss-db", "20")["at_limit"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["rate", "decoy-40mhz"],
        ["rate", "decoy-40mhz", "--loss-db", "3", "--length-km", "4"],
        ["rate", "decoy-40mhz", "--loss-db", "3", "--attenuation-db-per-km", "0.2"],
        ["rate", "decoy-40mhz", "--loss-db", "much"],
        ["rate", "decoy-40mhz", "--loss-db", "3", "--set", "clock_hz"],
        ["route", "trunks", "beijing", "shanghai", "-k", "0"],
        ["route", "trunks", "beijing", "shanghai", "--by", "colour"],
        ["route", "trunks", "beijing", "shanghai", "--disjoint", "duct"],
        ["plan"],
        ["map", "trunks"],
        ["no-such-command"],
        ["list", "--no-such-option"],
    ],
)
def test_wrong_usage_exits_with_2(arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rate", "decoy-40mh", "--loss-db", "3"], "did you mean 'decoy-40mhz'?"),
        (["rate", "decoy-40mhz", "--loss-db", "-3"], "loss_db is -3"),
        (["rate", "decoy-40mhz", "--loss-db", "nan"], "loss_db"),
        (["rate", "decoy-40mhz", "--loss-db", "3", "--set", "clok_hz=3"], "did you mean 'clock_hz'?"),
        (["check", "trunk"], "did you mean 'trunks'?"),
        (["plan", "./nowhere"], "nowhere"),
        (["route", "trunks", "beijin", "shanghai"], "did you mean 'beijing'?"),
        (["route", "trunks", "beijing", "beijing"], "beijing"),
        (["verify", "nowhere"], "nowhere"),
        (["map", "trunk", "-o", "x.html"], "did you mean 'trunks'?"),
    ],
)
def test_wrong_input_exits_with_3(arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 3
    assert said in result.stderr
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_wrong_network_is_refused(case, tmp_path):
    reference = case.write(tmp_path / "in")
    result = run("plan", reference, "-o", tmp_path / "out")
    assert result.exit_code == 3, result.output
    for fragment in case.fragments:
        assert fragment in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "out").exists()


def test_a_path_is_shown_whole():
    path = "/".join(["a", "long", "path"] * 20)
    assert f"'{path}'" in run("check", path).stderr


def test_all_problems_at_once_each_on_a_line(tmp_path):
    shutil.copytree(Path(__file__).parent.parent / "data" / "networks" / "wuhan-hefei", tmp_path / "net")
    for name in ("nodes.csv", "links.csv"):
        path = tmp_path / "net" / name
        lines = path.read_text(encoding="utf-8").splitlines()
        lines[3] = lines[3].replace("assumed", "guessed").replace("derived", "guessed")
        path.write_text("\n".join(lines), encoding="utf-8")
    result = run("check", tmp_path / "net")
    assert result.exit_code == 3
    assert "nodes.csv, row 4" in result.stderr
    assert "links.csv, row 4" in result.stderr
    assert "guessed" in result.stderr


def test_budget_has_the_promised_keys_and_null_for_nothing():
    document = answer("budget", "beijing-shanghai")
    assert document["network"] == "beijing-shanghai"
    assert len(document["links"]) == 31
    for link in document["links"]:
        assert link["key_rate_bps"] > 20_000
        assert link["key_rate_bps"] < link["bound_bps"]
        assert link["measured"] == ""
    assert sum(link["module_pairs"] for link in document["links"]) == 135


def test_route_of_the_whole_trunk():
    [route] = answer("route", "beijing-shanghai", "beijing", "shanghai")["routes"]
    keys = {"nodes", "links", "length_km", "hops", "key_rate_bps", "bottleneck"}
    assert route.keys() == keys | {"group_key_rate_bps"}
    assert route["group_key_rate_bps"] == route["key_rate_bps"]
    assert route["length_km"] == pytest.approx(2032)
    assert route["hops"] == 31
    assert (route["nodes"][0], route["nodes"][-1]) == ("beijing", "shanghai")
    assert route["key_rate_bps"] > 20_000
    assert route["bottleneck"] in route["links"]


def test_the_route_from_a_to_b_is_the_route_from_b_to_a():
    [there] = answer("route", "trunks", "wuhan", "jinan")["routes"]
    [back] = answer("route", "trunks", "jinan", "wuhan")["routes"]
    assert back["nodes"] == there["nodes"][::-1]
    assert back["key_rate_bps"] == there["key_rate_bps"]


def test_fewer_routes_than_asked_is_said():
    result = run("route", "trunks", "wuhan", "shanghai", "-k", "3")
    assert result.exit_code == 0
    assert "there is 1 route, not 3" in result.stderr
    assert "route" not in run("route", "trunks", "wuhan", "shanghai").stderr


def test_parallel_links_of_a_route_are_told_apart(tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "network.toml").write_text('name = "net"\ntitle = "Net"\n')
    nodes = "".join(f"{node},{node.upper()},trusted,{30 + n / 10},110,assumed\n" for n, node in enumerate("abc"))
    (tmp_path / "net" / "nodes.csv").write_text(f"node_id,name,kind,lat_deg,lon_deg,basis\n{nodes}")
    links = "".join(
        f"{link},{ends},20,{rate},assumed\n" for link, ends, rate in (("p", "a,b", 9), ("q", "a,b", 8), ("r", "b,c", 1))
    )
    (tmp_path / "net" / "links.csv").write_text(f"link_id,node_a,node_b,length_km,key_rate_bps,basis\n{links}")
    result = run("route", tmp_path / "net", "a", "c", "-k", "2")
    assert "A –(p)– B – C" in result.stdout
    assert "A –(q)– B – C" in result.stdout


def test_fewer_disjoint_routes_than_asked_is_said():
    result = run("route", "trunks", "wuhan", "shanghai", "-k", "2", "--disjoint", "node")
    assert result.exit_code == 0
    assert "no set of 2 node-disjoint routes" in result.stderr
    cut = json.loads(run("route", "trunks", "wuhan", "shanghai", "-k", "2", "--disjoint", "node", "--json").stdout)[
        "cut"
    ]
    assert cut.keys() == {"nodes", "links", "risk_groups"}
    assert len(cut["nodes"]) == 1


def test_a_search_that_reached_its_limit_exits_with_5(monkeypatch):
    arguments = ["route", "hefei-metro", "hefei-ua-1", "hefei-ua-2"]
    found = run(*arguments, "-k", "2")
    assert found.exit_code == 0
    assert "route 2 gives" in found.stderr
    monkeypatch.setattr("planner.routing._MOST_ROUTES", 1)
    cut_short = run(*arguments, "--json")
    assert cut_short.exit_code == 5
    assert len(json.loads(cut_short.stdout)["routes"]) == 1
    assert "limit" in cut_short.stderr


def test_links_in_one_duct_are_not_disjoint(tmp_path):
    shutil.copytree(Path(__file__).parent.parent / "data" / "networks" / "wuhan-hefei", tmp_path / "net")
    (tmp_path / "net" / "links.csv").write_text(
        "link_id,node_a,node_b,length_km,key_rate_bps,basis,risk_groups\n"
        "one,wuhan,hefei,400,1000,assumed,bridge 1; duct 7\n"
        "two,wuhan,hefei,410,900,assumed,duct 7\n",
        encoding="utf-8",
    )
    result = run("route", tmp_path / "net", "wuhan", "hefei", "-k", "2", "--disjoint", "link")
    assert result.exit_code == 0
    assert "the largest has 1: every route uses risk group duct 7" in result.stderr
    assert "bridge 1" not in result.stderr


def test_no_route_is_an_answer(tmp_path):
    shutil.copytree(Path(__file__).parent.parent / "data" / "networks" / "wuhan-hefei", tmp_path / "net")
    links = tmp_path / "net" / "links.csv"
    lines = links.read_text(encoding="utf-8").splitlines()
    links.write_text("\n".join([lines[0], *lines[3:]]), encoding="utf-8")
    result = run("route", tmp_path / "net", "wuhan", "hefei", "--json")
    assert result.exit_code == 4
    assert json.loads(result.stdout) == {"routes": []}
    plan = run("plan", tmp_path / "net")
    assert plan.exit_code == 0
    assert "no route" in plan.stderr
    strict = run("plan", tmp_path / "net", "--strict", "--json")
    assert strict.exit_code == 4
    assert json.loads(strict.stdout)["growth"]["factor"] == 0


def test_plan_json_is_the_saved_plan(saved):
    assert answer("plan", "wuhan-hefei") == json.loads((saved / "plan.json").read_text(encoding="utf-8"))


def test_plan_writes_nothing_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("plan", "wuhan-hefei").exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_other_demands(tmp_path):
    demands = tmp_path / "demands.csv"
    demands.write_text("demand_id,node_a,node_b,rate_bps\nx,wuhan,hefei,1e9\n", encoding="utf-8")
    plan = answer("plan", "wuhan-hefei", "--demands", demands, "--strict", code=4)
    assert [demand["demand_id"] for demand in plan["demands"]] == ["x"]
    assert plan["growth"]["factor"] < 1


def test_plan_refuses_to_replace_what_is_no_plan(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    result = run("plan", "wuhan-hefei", "-o", tmp_path)
    assert result.exit_code == 3
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_verify_says_what_it_checked(saved):
    result = run("verify", saved)
    assert result.exit_code == 0
    assert "The plan keeps its promises." in result.stdout
    document = answer("verify", saved)
    assert document["ok"]
    assert len(document["checks"]) > 10


def test_a_broken_promise_is_named(saved, tmp_path):
    shutil.copytree(saved, tmp_path / "plan")
    path = tmp_path / "plan" / "plan.json"
    plan = json.loads(path.read_text(encoding="utf-8"))
    plan["growth"]["factor"] *= 1.01
    path.write_text(json.dumps(plan), encoding="utf-8")
    result = run("verify", tmp_path / "plan")
    assert result.exit_code == 4
    assert "FAIL" in result.stdout
    assert "growth" in result.stderr


def test_map_of_a_network_and_of_a_plan(saved, tmp_path):
    for source in ("wuhan-hefei", saved):
        out = tmp_path / "map.html"
        document = answer("map", source, "-o", out)
        assert document == {"file": str(out), "bytes": out.stat().st_size}
        assert "武汉" in out.read_text(encoding="utf-8")
        assert out.stat().st_size < 3e6


def test_serve_needs_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    for name in [name for name in sys.modules if name.startswith("planner.viewer")]:
        monkeypatch.delitem(sys.modules, name)
    result = run("serve", "wuhan-hefei")
    assert result.exit_code == 2
    assert "qkd-trunk-planner[serve]" in result.stderr


def test_a_traceback_is_only_for_our_own_mistakes():
    code = "import sys; sys.argv = ['planner', 'check', 'trunk']; from planner.__main__ import main; main()"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 3
    assert "Traceback" not in result.stderr


def test_a_terminal_without_chinese_stops_nothing():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    for extra in ([], ["--json"]):
        command = [sys.executable, "-m", "planner", "list", *extra]
        result = subprocess.run(command, capture_output=True, env=environment, check=False, timeout=60)
        assert result.returncode == 0, result.stderr
        assert result.stdout.isascii()
        if extra:
            titles = {entry["id"]: entry["title_local"] for entry in json.loads(result.stdout)["networks"]}
            assert titles["trunks"] == "京沪干线与武合干线"


def test_a_reader_who_has_seen_enough_is_no_error():
    with subprocess.Popen(
        [sys.executable, "-m", "planner", "budget", "trunks", "--json"], stdout=subprocess.PIPE
    ) as run:
        run.stdout.read(10)
        run.stdout.close()
    assert run.returncode == 0


def test_version():
    assert run("--version").stdout.startswith("planner 0.")
