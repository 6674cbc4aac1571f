"""What if: plans and files of an edited network, over the viewer's API."""

from __future__ import annotations

import asyncio
import io
import json
import re
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.files import load
from planner.physics.module import load_module
from planner.plan import make_plan
from planner.viewer import create_app
from planner.viewer.api import MOST_BYTES
from planner.viewer.compare import sentence
from planner.viewer.edits import EDITS, read_edits
from planner.viewer.scenarios import Scenarios
from tests.test_viewer import TOKEN, Client
from tests.viewer_networks import edited, post, square_network


@pytest.fixture(scope="module")
def plan():
    return make_plan(square_network())


@pytest.fixture(scope="module")
def scenarios(plan):
    return Scenarios(plan)


@pytest.fixture(scope="module")
def client(plan):
    return Client(create_app(plan))


# --- answers -------------------------------------------------------------------------------------


def test_no_edit_differs_in_nothing(client):
    answer = post(client).json()
    assert answer["changes"] == {
        "links": [],
        "cut_links": [],
        "cut_nodes": [],
        "demands": [],
        "removed_demands": [],
        "failures": None,
    }
    assert answer["difference"]["sentence"] == "the same service and growth as in the base plan"


def test_the_answer_is_the_plan_of_the_edited_network(client, plan):
    edits = [{"do": "cut_link", "link_id": "da"}, {"do": "change_link", "link_id": "ab", "module_pairs": 1}]
    answer = post(client, edits).json()
    wanted = make_plan(edited(square_network(), *edits).network)
    assert answer["summary"]["growth_factor"] == pytest.approx(wanted.growth.factor)
    assert answer["summary"]["served_bps"] == pytest.approx(wanted.demands["served_bps"].sum())
    links = {row["link_id"]: row for row in answer["changes"]["links"]}
    for row in wanted.links.to_dict("records"):
        now = plan.links.set_index("link_id").loc[row["link_id"]].to_dict() | links.get(row["link_id"], {})
        assert now["load_bps"] == pytest.approx(row["load_bps"], rel=1e-6)
        assert now["key_rate_bps"] == pytest.approx(row["key_rate_bps"], rel=1e-6)
    assert answer["changes"]["cut_links"] == ["da"]
    demands = {row["demand_id"]: row for row in answer["changes"]["demands"]}
    for row in wanted.demands.to_dict("records"):
        now = plan.demands.set_index("demand_id").loc[row["demand_id"]].to_dict() | demands.get(row["demand_id"], {})
        assert now["served_bps"] == pytest.approx(row["served_bps"], rel=1e-6)
        if "routes" in now:
            assert sum(route["rate_bps"] for route in now["routes"]) == pytest.approx(now["served_bps"], rel=1e-6)


def test_protection_asked_and_given_is_shown(client):
    ring = {"do": "add_demand", "demand_id": "ring", "node_a": "b", "node_b": "d", "rate_bps": 1, "protection": "1+1"}
    spur = {"do": "add_demand", "demand_id": "spur", "node_a": "u", "node_b": "c", "rate_bps": 1, "protection": "1+1"}
    answer = post(client, [ring, spur]).json()
    demands = {row["demand_id"]: row for row in answer["changes"]["demands"]}
    assert (demands["ring"]["protection"], demands["ring"]["protection_given"]) == ("1+1", "1+1")
    assert sorted(route["role"] for route in demands["ring"]["routes"]) == ["protection", "working"]
    assert (demands["spur"]["protection"], demands["spur"]["protection_given"]) == ("1+1", "none")
    assert answer["summary"]["less_protected"] == ["spur"]
    assert any("'spur' (U–C) asks for 1+1" in warning for warning in answer["summary"]["warnings"])


def test_a_changed_plan_seeks_what_the_base_plan_sought():
    base = make_plan(square_network(), objective="total", shared=True)
    edits = read_edits([{"do": "cut_link", "link_id": "da"}])
    found = Scenarios(base).plan(edits)
    assert (found.objective, found.shared) == ("total", True)
    assert found.total is not None


def test_what_is_lost_is_told(client):
    found = post(client, [{"do": "cut_node", "node_id": "u"}]).json()
    assert found["difference"]["lost"] == ["ub"]
    assert found["changes"]["removed_demands"] == ["ub"]
    assert found["difference"]["sentence"].startswith("1 demand lost")
    found = post(client, [{"do": "cut_link", "link_id": "ua"}]).json()
    assert found["difference"]["lost"] == ["ub"]
    growth = found["difference"]["growth"]
    assert growth["after"] == 0 < growth["connected"]
    assert "for those that still have a route" in found["difference"]["sentence"]


def test_no_demand_left_is_an_answer_too(client):
    answer = post(client, [{"do": "remove_demand", "demand_id": name} for name in ("ac", "bd", "ub")])
    assert answer.status_code == 422
    assert "no demand" in answer.json()["problems"][0]["message"]


def test_sentences():
    growth = {"before": 0.87, "after": 0.61, "connected": 0.61}
    nothing = {"lost": [], "worse": [], "better": [], "added": [], "removed": []}
    assert sentence(nothing | {"lost": ["a", "b", "c"], "growth": growth}) == "3 demands lost, growth 0.87 → 0.61"
    assert sentence(nothing | {"worse": ["a"], "better": ["b", "c"], "growth": growth | {"after": 0.87}}) == (
        "1 demand served less, 2 served more"
    )
    assert sentence(nothing | {"growth": growth | {"after": None}}) == "growth 0.87 → none"


link_edits = st.one_of(
    st.builds(lambda name: {"do": "cut_link", "link_id": name}, st.sampled_from(["ab", "bc", "cd", "da", "ua"])),
    st.builds(lambda name: {"do": "cut_node", "node_id": name}, st.sampled_from(["c", "d", "u", "s"])),
    st.builds(
        lambda km, pairs: {"do": "change_link", "link_id": "ab", "length_km": km, "module_pairs": pairs},
        st.floats(0, 300), st.integers(1, 9),
    ),
    st.builds(lambda factor: {"do": "scale_demands", "factor": factor}, st.floats(0, 5)),
)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(edits=st.lists(link_edits, max_size=4))
def test_base_and_changes_together_are_the_new_plan(scenarios, plan, edits):
    parsed = read_edits(edits)
    answer = json.loads(scenarios.answer(parsed))
    new = scenarios.plan(parsed)
    served = dict(zip(plan.demands["demand_id"], plan.demands["served_bps"], strict=True))
    served |= {row["demand_id"]: row["served_bps"] for row in answer["changes"]["demands"] if "served_bps" in row}
    for name in answer["changes"]["removed_demands"]:
        del served[name]
    wanted = dict(zip(new.demands["demand_id"], new.demands["served_bps"], strict=True))
    assert served == pytest.approx(wanted, rel=1e-6, abs=1e-6)
    assert answer["summary"]["growth_factor"] == new.growth.factor


def test_the_base_lists_what_edits_may_name(client):
    base = client.get("/api/base").json()
    assert base["network"] == "square"
    assert {"module": "gys-2004", "title": load_module("gys-2004").title} in base["modules"]
    assert base["links"][0] == {"link_id": "ab", "attenuation_db_per_km": 0.2}
    assert base["summary"]["demands"] == 3
    assert "network.zip" in base["files"]


# --- files ---------------------------------------------------------------------------------------


def test_the_changed_network_as_a_folder(client, tmp_path):
    edits = [{"do": "change_link", "link_id": "ab", "module": "gys-2004"}, {"do": "cut_link", "link_id": "cd"}]
    answer = post(client, edits, "/api/network.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="network.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert all(re.fullmatch(r"network/[\w./-]+", name) and ".." not in name for name in archive.namelist())
        archive.extractall(tmp_path)
    network = load(str(tmp_path / "network"))
    wanted = edited(square_network(), *edits).network
    for table in ("nodes", "links", "demands"):
        assert getattr(network, table).equals(getattr(wanted, table))
    assert make_plan(network).growth.factor == make_plan(wanted).growth.factor


@pytest.mark.parametrize("name", ["plan.json", "plan.xlsx", "links.csv", "map.html", "report.html"])
def test_files_of_the_present_state(client, name):
    base, now = client.get(f"/api/{name}"), post(client, [{"do": "cut_link", "link_id": "cd"}], f"/api/{name}")
    assert (base.status_code, now.status_code) == (200, 200)
    assert base.content != now.content
    assert now.headers["content-disposition"] == f'attachment; filename="{name}"'
    if name == "plan.json":
        assert [row["link_id"] for row in now.json()["links"]] == ["ab", "bc", "da", "ua"]


# --- who may ask, and how --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b'"edits"', {}, 400),
        (b'{"edits": 3}', {}, 422),
        (b'{"edits": [], "client": "x"}', {}, 422),
        (b'{"edits": [], "request": -1}', {}, 422),
        (b'{"edits": [], "path": "/etc/passwd"}', {}, 422),
        (b'{"edits": [{"do": "cut_link", "link_id": "\\ud800"}]}', {}, 422),
        (b'{"edits": []}', {"content_type": "text/plain"}, 415),
        (b'{"edits": []}', {"content_type": ""}, 415),
        (b" " * (MOST_BYTES + 1), {}, 413),
        (b'{"edits": []}', {"origin": "http://evil.example"}, 403),
        (b'{"edits": []}', {"origin": "null"}, 403),
        (b'{"edits": []}', {"origin": "http://127.0.0.1:8001"}, 403),
        (b'{"edits": []}', {"sec_fetch_site": "cross-site"}, 403),
        (b'{"edits": []}', {"host": "evil.example"}, 400),
        (b'{"edits": []}', {"origin": "http://127.0.0.1:8000", "sec_fetch_site": "same-origin"}, 200),
        (b'{"edits": []}', {"content_type": "application/json; charset=utf-8"}, 200),
        (b'{"edits": []}', {}, 200),
    ],
)  # fmt: skip
def test_requests_are_checked(client, body, headers, status):
    answer = client.request("POST", "/api/plan", body=body, **{"content_type": "application/json"} | headers)
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_all_problems_are_named_at_once(client):
    edits = [{"do": "cut_link", "link_id": name} for name in ("ab", "x", "y")]
    answer = post(client, [*edits, {"do": "cut_node", "node_id": "z"}])
    assert answer.status_code == 422
    assert [(p["edit"], p["field"]) for p in answer.json()["problems"]] == [
        (2, "link_id"),
        (3, "link_id"),
        (4, "node_id"),
    ]


def test_methods(client):
    assert client.get("/api/plan").status_code == 405
    assert client.get("/api/plan").headers["allow"] == "POST"
    for path in ("/api/base", "/openapi.json", "/api/nowhere", "/"):
        assert post(client, path=path).status_code == 405
    assert client.request("DELETE", "/api/plan").status_code == 405
    assert client.get("/api/nowhere").status_code == 404


def test_the_token_guards_the_api():
    client = Client(create_app(make_plan(square_network()), token=TOKEN), host="planner.example")
    body = {"body": b'{"edits": []}', "content_type": "application/json"}
    assert client.request("POST", "/api/plan", **body).status_code == 401
    assert client.get("/api/base").status_code == 401
    assert client.get("/openapi.json").status_code == 401
    assert client.request("POST", "/api/plan", **body, authorization=f"Bearer {TOKEN}").status_code == 200
    strange = {"authorization": f"Bearer {TOKEN}", "origin": "http://evil.example"}
    assert client.request("POST", "/api/plan", **body, **strange).status_code == 403


def test_without_demands_there_is_nothing_to_plan_anew():
    client = Client(create_app(square_network(demands=[])))
    assert client.get("/api/base").status_code == 404
    assert post(client).status_code == 405
    assert "startLive" not in client.get("/").text


def test_the_description_fits_the_api(client):
    described = client.get("/openapi.json").json()
    assert described["openapi"] == "3.1.0"
    schemas = described["components"]["schemas"]
    for reference in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described)):
        assert reference in schemas
    assert {schemas[kind.__name__]["properties"]["do"]["const"] for kind in EDITS.values()} == set(EDITS)
    for path, methods in described["paths"].items():
        for method in methods:
            answer = client.get(path) if method == "get" else post(client, path=path)
            assert answer.status_code == 200, (path, method)
            assert answer.headers["content-type"].partition(";")[0] in methods[method]["responses"]["200"]["content"]


def test_a_body_that_does_not_come_is_not_waited_for(client, monkeypatch):
    monkeypatch.setattr("planner.viewer.api._BODY_S", 0.05)
    sent: list[dict[str, Any]] = []
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"9")]
    scope = {"type": "http", "method": "POST", "path": "/api/plan", "query_string": b"", "headers": headers}

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(client.app(scope | {"root_path": "", "scheme": "http"}, receive, send))
    assert sent[0]["status"] == 408
