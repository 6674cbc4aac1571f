"""What nobody should send, and many at once: the viewer still serves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.plan import make_plan
from planner.viewer import create_app
from planner.viewer.edits import EDITS
from tests.test_viewer import Client, fetch
from tests.viewer_networks import NODES, post, square_network


@pytest.fixture(scope="module")
def client():
    return Client(create_app(make_plan(square_network())))


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted({name for kind in EDITS.values() for name in kind.model_fields} - {"do"})
NAMES = st.sampled_from([*NODES, "ab", "bc", "ua", "ac", "gys-2004", "../../etc/passwd", "{{7*7}}", "\x00", "x" * 3000])
ALMOST_EDITS = st.builds(
    lambda do, fields: {"do": do} | fields,
    st.sampled_from([*EDITS, "?"]),
    st.dictionaries(st.sampled_from(FIELDS), NAMES | ANY_JSON, max_size=5),
)
BODIES = st.one_of(
    st.binary(max_size=40),
    ANY_JSON.map(lambda value: json.dumps(value).encode()),
    st.lists(ALMOST_EDITS | ANY_JSON, max_size=4).map(lambda edits: json.dumps({"edits": edits}).encode()),
    st.dictionaries(st.sampled_from(["edits", "client", "request", "?"]), ANY_JSON).map(
        lambda d: json.dumps(d).encode()
    ),
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=BODIES, path=st.sampled_from(["/api/plan", "/api/plan", "/api/plan", "/api/network.zip", "/api/links.csv"]))
def test_malformed_requests_are_answered(client, body, path):
    answer = client.request("POST", path, body=body, content_type="application/json")
    assert answer.status_code in (200, 400, 422)
    if answer.status_code != 200:
        refusal = answer.json()
        assert refusal["error"]
        assert answer.status_code == 400 or refusal["problems"]


def test_after_all_that_it_still_serves(client):
    assert client.get("/health").status_code == 200
    assert post(client, [{"do": "cut_link", "link_id": "ab"}]).status_code == 200


# --- a real server -----------------------------------------------------------------------------------

SCRIPT = """
import sys
sys.path.insert(0, {root!r})
from tests.viewer_networks import square_network
from planner.viewer import run
run(square_network(), port={port}, announce=lambda url: print(url, flush=True))
"""


def started(port: int = 0) -> tuple[subprocess.Popen[str], str]:
    script = SCRIPT.format(root=str(Path(__file__).parents[1]), port=port)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env={**os.environ})
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def ask(url: str, edits: list[dict[str, Any]]) -> tuple[int, Any]:
    status, text = fetch(f"{url}api/plan", body=json.dumps({"edits": edits}).encode(), Content_Type="application/json")
    return status, json.loads(text)


def test_fifty_at_once_a_kill_and_a_restart():
    process, url = started()
    try:
        edits = [[{"do": "scale_demands", "factor": 1 + n / 100}] for n in range(50)]
        answers: list[Any] = []

        def viewer(number: int) -> None:
            for n in (number, (number + 1) % 50, 0):
                found = ask(url, edits[n])
                answers.append((n, *found))

        threads = [threading.Thread(target=viewer, args=(n,)) for n in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(answers) == 150
        assert {status for _, status, _ in answers} == {200}
        base = make_plan(square_network()).growth.factor
        for n, _, answer in answers:
            assert answer["summary"]["growth_factor"] == pytest.approx(base / (1 + n / 100), rel=1e-6)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        process, again = started(int(url.rpartition(":")[2].strip("/")))
        assert again == url
        assert ask(url, edits[7])[1] == next(answer for n, _, answer in answers if n == 7)
    finally:
        process.kill()
        process.communicate()
