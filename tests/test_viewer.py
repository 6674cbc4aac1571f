"""The viewer: what it serves, to whom, and how it starts and stops."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest
from starlette.datastructures import Headers

from planner.errors import UsageError
from planner.network import build_network
from planner.plan import make_plan
from planner.shipped import maps_dir
from planner.viewer import create_app, run
from planner.viewer.guard import host_name, is_loopback
from planner.viewer.pages import CLOSED_POLICY, page_policy

TOKEN = "a-token-of-some-length_0"  # noqa: S105
TABLES = ("links", "demands", "routes", "growth_routes", "bottlenecks", "trust", "exposure", "assumptions")


def small_network(*, demands: bool = True):
    nodes = [
        {
            "node_id": name,
            "name": title,
            "kind": "trusted",
            "lat_deg": 30.0 + n,
            "lon_deg": 110.0 + n,
            "basis": "assumed",
        }
        for n, (name, title) in enumerate([("a", "Alpha </script>"), ("b", "Beta"), ("c", "Gamma")])
    ]
    links = [
        {
            "link_id": "=a-b",
            "node_a": "a",
            "node_b": "b",
            "length_km": 50.0,
            "key_rate_bps": 1000.0,
            "basis": "assumed",
        },
        {"link_id": "b-c", "node_a": "b", "node_b": "c", "length_km": 60.0, "key_rate_bps": 400.0, "basis": "assumed"},
    ]
    rows = [{"demand_id": "d1", "node_a": "a", "node_b": "c", "rate_bps": 500.0}] if demands else []
    return build_network(nodes=nodes, links=links, demands=rows, name="small")


@dataclass
class Answer:
    """What an application said."""

    status_code: int
    headers: Headers
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class Client:
    """Asks an application what a browser would not: any path and any header, letter for letter."""

    app: Any
    host: str = "127.0.0.1:8000"

    def request(
        self, method: str, target: str, *, host: str | None = None, body: bytes = b"", **headers: str
    ) -> Answer:
        path, _, query = target.partition("?")
        own = {"host": self.host if host is None else host}
        named = own | {name.replace("_", "-"): value for name, value in headers.items()}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(status_code=sent[0]["status"], headers=Headers(raw=sent[0]["headers"]), content=body)

    def get(self, target: str, **headers: str) -> Answer:
        return self.request("GET", target, **headers)


@pytest.fixture(scope="module")
def app():
    return create_app(make_plan(small_network()))


@pytest.fixture
def client(app):
    return Client(app)


@pytest.fixture(scope="module")
def guarded():
    return Client(create_app(make_plan(small_network()), token=TOKEN), host="planner.example")


def test_the_map_is_the_map_file_with_what_asks_the_server(client):
    from planner.report.map import map_html
    from planner.report.map_page import LIVE_FILES

    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    file = map_html(make_plan(small_network()))
    data = re.compile(r'<script type="application/json" id="trunk-data">.*?</script>', re.DOTALL)
    assert data.search(answer.text)[0] == data.search(file)[0]
    for name in LIVE_FILES:
        part = (maps_dir() / "viewer" / name).read_text(encoding="utf-8")
        assert part in answer.text
        assert part not in file
    assert "connect-src 'self'" in answer.headers["content-security-policy"]
    assert "connect-src" not in file


@pytest.mark.parametrize("path", ["/", "/report"])
def test_pages_come_under_their_own_policy_and_nobody_may_frame_them(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy == page_policy(answer.text) != CLOSED_POLICY
    assert policy.startswith("default-src 'none'")
    assert policy.endswith("; frame-ancestors 'none'")
    scripts = re.search(r"script-src ([^;]*)", policy)
    assert scripts is None or all(part.startswith("'sha256-") or part == "'none'" for part in scripts[1].split())


def test_page_without_a_policy_gets_the_closed_one():
    assert page_policy("<html><script>alert(1)</script>") == CLOSED_POLICY


def test_plan_json_is_the_plan(client):
    answer = client.get("/plan.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == json.loads(json.dumps(make_plan(small_network()).as_dict()))


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_downloads(client, table):
    answer = client.get(f"/download/{table}.csv")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="{table}.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-security-policy"] == CLOSED_POLICY


def test_workbook_is_a_download(client):
    answer = client.get("/download/plan.xlsx")
    assert answer.headers["content-disposition"] == 'attachment; filename="plan.xlsx"'
    assert "links" in [name.lower() for name in openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames]


def test_health(client):
    assert client.get("/health").json()["status"] == "ok"


@pytest.mark.parametrize("path", ["/", "/report", "/plan.json", "/health", "/nowhere", "/download/links.csv"])
def test_every_answer_has_the_security_headers(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert len(headers.getlist("content-security-policy")) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_only_get_and_head(client, method):
    answer = client.request(method, "/plan.json")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_head_gives_the_headers_alone(client):
    answer = client.request("HEAD", "/plan.json")
    assert answer.status_code == 200
    assert answer.content == b""
    assert int(answer.headers["content-length"]) == len(client.get("/plan.json").content)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/download/../plan.json", "//etc/passwd",
        "/download/%2e%2e%2f%2e%2e%2fpyproject.toml", "/download/nodes.csv.bak", "/download/", "/download/links.csv/",
        "/plan.json%00", "/inputs/nodes.csv", "/report/", "/REPORT", "/..%5c..%5cboot.ini", "/map.html?file=/etc/hosts",
    ],
)  # fmt: skip
def test_nothing_else_is_reachable(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "root:" not in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


def test_what_was_asked_for_is_not_repeated(client):
    assert "<script>" not in client.get("/<script>alert(1)</script>").text


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost:9", "LOCALHOST", "localhost.", "[::1]:8000", "127.0.0.2"]
)
def test_loopback_names_are_answered(client, host):
    assert client.get("/health", host=host).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8000",
        "10.0.0.1",
        "",
        "0.0.0.0",  # noqa: S104
        "[::1",
        "a:b:c",
    ],
)
def test_other_names_are_refused(client, host):
    answer = client.get("/plan.json", host=host)
    assert answer.status_code == 400


def test_a_token_is_asked_for_everywhere(guarded):
    for path in ("/", "/report", "/plan.json", "/download/links.csv", "/health", "/nowhere"):
        answer = guarded.get(path)
        assert answer.status_code == 401
        assert "Gamma" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("token", [f"{TOKEN}x", TOKEN[:-1], "", "%C3%A9", TOKEN.upper()])
def test_a_wrong_token_opens_nothing(guarded, token):
    assert guarded.get(f"/plan.json?token={token}").status_code == 401
    assert guarded.get("/plan.json", authorization=f"Bearer {token}").status_code == 401
    assert guarded.get("/plan.json", cookie=f"{cookie_of(guarded)[0]}={token}").status_code == 401


def test_the_token_may_come_as_bearer(guarded):
    assert guarded.get("/plan.json", authorization=f"Bearer {TOKEN}").status_code == 200
    assert guarded.get("/plan.json", authorization=f"Basic {TOKEN}").status_code == 401
    assert guarded.request("POST", "/plan.json", authorization=f"Bearer {TOKEN}").status_code == 405


def cookie_of(client: Client) -> tuple[str, str]:
    """Name and value of the cookie that a server with a token sets."""
    name, _, value = client.get(f"/?token={TOKEN}").headers["set-cookie"].partition(";")[0].partition("=")
    return name, value


def test_the_token_moves_from_the_address_into_a_cookie(guarded):
    answer = guarded.get(f"//evil.example/report?x=1&token={TOKEN}")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/evil.example/report?x=1"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert guarded.get("/report", cookie="=".join(cookie_of(guarded))).status_code == 200
    assert guarded.get("/report", cookie="=").status_code == 401


def test_two_servers_of_one_machine_keep_their_cookies_apart(guarded):
    other = Client(create_app(small_network(demands=False), token=TOKEN[::-1]), host="planner.example")
    name, _, _ = other.get(f"/?token={TOKEN[::-1]}").headers["set-cookie"].partition("=")
    assert name != cookie_of(guarded)[0]


def test_websockets_are_refused(app):
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(app({"type": "websocket", "path": "/"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_network_without_demands_is_a_map_only():
    client = Client(create_app(small_network(demands=False)))
    assert client.get("/").status_code == 200
    assert client.get("/health").status_code == 200
    for path in ("/report", "/plan.json", "/download/links.csv"):
        assert client.get(path).status_code == 404


def test_a_page_is_made_once(monkeypatch):
    import planner.report.map_page

    calls = []
    monkeypatch.setattr(planner.report.map_page, "map_page", lambda plan, **_: calls.append(plan) or "<p>")
    client = Client(create_app(make_plan(small_network())))
    assert client.get("/").text == client.get("/").text == "<p>"
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("A.b:80", "a.b"),
        ("[::1]:80", "::1"),
        ("[::1]", "::1"),
        ("::1", ""),
        ("localhost.:1", "localhost"),
        ("[::1", ""),
        ("a:b", ""),
        ("", ""),
    ],
)
def test_host_names(host, name):
    assert host_name(host) == name


def test_what_is_loopback():
    assert all(map(is_loopback, ("127.0.0.1", "127.8.9.1", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.1", "example.org", "", "127.1.evil")))  # noqa: S104


@pytest.mark.parametrize("token", ["short", "with space and more letters", "x" * 201, "ünïcödé-letters-here", ""])
def test_a_token_that_can_be_guessed_is_refused(token):
    with pytest.raises(UsageError, match="16 to 200"):
        run(small_network(), port=0, token=token)


def test_a_busy_port_is_a_plain_message():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(UsageError, match=rf"port {port} of '127.0.0.1'.*--port"):
            run(small_network(), port=port)


def test_an_address_of_nobody_is_a_plain_message():
    with pytest.raises(UsageError, match=r"192\.0\.2\.1"):
        run(small_network(), host="192.0.2.1", port=0, token=TOKEN)


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_without_the_extra_it_says_what_to_install(missing):
    code = f"import sys; sys.modules[{missing!r}] = None; sys.argv = ['planner', 'serve', 'trunks', '--port', '0']\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}from planner.__main__ import main; main()"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "pip install 'qkd-trunk-planner[serve]'" in done.stderr
    assert "Traceback" not in done.stderr


SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from test_viewer import small_network
from planner.viewer import run
run(small_network(), host={host!r}, port=0, announce=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


def started(host: str) -> tuple[subprocess.Popen[str], str]:
    script = SCRIPT.format(folder=str(Path(__file__).parent), host=host)
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def fetch(url: str, *, body: bytes | None = None, **headers: str) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with opener.open(urllib.request.Request(url, data=body, headers=named), timeout=60) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_real_server_serves_and_stops_cleanly(number):
    process, url = started("127.0.0.1")
    try:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url), process.communicate(timeout=30)
        assert fetch(f"{url}health")[0] == 200
        status, page = fetch(url)
        assert status == 200
        assert "Gamma" in page
        assert fetch(url, Host="evil.example")[0] == 400
        began = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert time.monotonic() - began < 20
    finally:
        process.kill()
    assert process.returncode == 0
    assert out == "stopped\n"
    assert err == ""


def test_beyond_loopback_a_token_is_made_and_announced():
    process, url = started("0.0.0.0")  # noqa: S104
    try:
        port, token = re.fullmatch(r"http://[^/]+:(\d+)/\?token=([\w-]{16,})", url).groups()
        local = f"http://127.0.0.1:{port}/health"
        assert fetch(local)[0] == 401
        assert fetch(local, Authorization=f"Bearer {token}")[0] == 200
        process.terminate()
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.communicate()
