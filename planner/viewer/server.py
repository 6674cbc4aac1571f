"""Listens for a browser, on loopback unless told otherwise."""

from __future__ import annotations

import re
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from planner.errors import UsageError
from planner.viewer.app import create_app
from planner.viewer.desk import Desk
from planner.viewer.guard import is_loopback

if TYPE_CHECKING:
    from planner.network import Network
    from planner.plan import Plan

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,200}")

_GRACE_S = 3
"""How long an answer that is under way may take when the server is told to stop [s]."""


def run(
    network: Network | Plan,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    open_browser: bool = False,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serves a network's map, report and tables until Ctrl-C or SIGTERM, then returns.

    Args:
        network: A network, which is planned first, or a plan.
        host: Address to listen on. Any but loopback needs a token: whoever reaches it could read the plan.
        port: Port to listen on; 0 takes a free one.
        token: The secret; where one is needed and none is given, one is made. It is part of the announced address.
        open_browser: Whether to open the address in the browser of this machine.
        announce: Called with the address once it can be opened.

    Raises:
        UsageError: The address cannot be listened on, or the token can be guessed.
        InputError: The network cannot be planned.
    """
    if token is None and not is_loopback(host):
        token = secrets.token_urlsafe(24)
    if token is not None and not _TOKEN.fullmatch(token):
        raise UsageError("a token has 16 to 200 letters, digits, '-' or '_'; leave it out to get a good one")
    with _listening(host, port) as listener:
        desk = Desk()
        app = create_app(network, token=token, desk=desk)
        config = uvicorn.Config(
            app,
            access_log=False,  # it would hold the token
            log_level="warning",
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        server = uvicorn.Server(config)
        address = _address(host, listener.getsockname()[1], token=token)
        with _stopping(server):
            if announce is not None:
                announce(address)
            if open_browser:
                import webbrowser

                webbrowser.open(address)
            try:
                server.run(sockets=[listener])
            finally:
                desk.close()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that already takes connections, so that the address works as soon as it is announced."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise UsageError(f"cannot listen on '{host}': {error.strerror or error}") from None
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        if hasattr(signal, "SIGKILL"):  # elsewhere than on Windows it means what it should: restart at once
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(128)
        except OSError as error:
            hint = "choose another with --port, or --port 0 for a free one"
            raise UsageError(f"cannot listen on port {port} of '{host}': {error.strerror or error}; {hint}") from None
        yield listener


@contextmanager
def _stopping(server: uvicorn.Server) -> Iterator[None]:
    """Ctrl-C and SIGTERM stop the server and are no error.

    uvicorn raises a signal again after it has stopped, for the handlers that were there before; these are ours.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: object) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _address(host: str, port: int, *, token: str | None) -> str:
    """What to open in a browser."""
    name = socket.gethostname() if host in ("0.0.0.0", "::", "") else host  # noqa: S104 (compared, not bound)
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")
