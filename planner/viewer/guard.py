"""Who may ask for what: methods, host names, the token, and the headers of every answer."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from planner.viewer.pages import CLOSED_POLICY

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HOST = re.compile(r"(?:\[(?P<bracketed>[^\[\]]+)\]|(?P<name>[^:\[\]]+))(?::[0-9]+)?")

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CLOSED_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""The headers of every answer that does not bring its own."""


class Guard:
    """Stands before the application: refuses what it should not see, adds the headers to what it says.

    Without a token only requests that name this machine's loopback are answered: a page elsewhere that makes its
    own name point to 127.0.0.1 (DNS rebinding) still sends its own name as ``Host``. With a token the name does
    not matter, since no stranger's page knows the token and the cookie belongs to the name it was set for.
    A POST must not come from a page of another origin.
    """

    def __init__(self, app: ASGIApp, *, token: str | None = None, methods: Mapping[str, str] | None = None) -> None:
        """Guards an application.

        Args:
            app: The application.
            token: The secret that every request must know; None on loopback.
            methods: What the paths take that take anything but GET and HEAD, as an ``Allow`` header says it.
        """
        self._app = app
        self._token = token
        self._methods = methods or {}
        digest = hashlib.sha256((token or "").encode()).hexdigest()
        self._cookie = f"planner-{digest[:8]}"  # tells the servers of one machine apart: cookies ignore the port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request (ASGI)."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            elif scope["method"] == "HEAD":
                message = {**message, "body": b""}  # not every server drops it by itself
            await send(message)

        refusal = self._refusal(scope)
        await (self._app if refusal is None else refusal)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        """The answer to a request that the application should not see."""
        allowed = self._methods.get(scope["path"], "GET, HEAD")
        if scope["method"] not in allowed.split(", "):
            return PlainTextResponse(f"Only {allowed} is answered here.\n", 405, headers={"Allow": allowed})
        headers = Headers(scope=scope)
        if self._token is not None:
            refusal = self._without_token(scope, headers)
        elif len(headers.getlist("host")) != 1 or not is_loopback(host_name(headers["host"])):
            refusal = PlainTextResponse("This viewer answers to localhost only.\n", 400)
        else:
            refusal = None
        if refusal is None and scope["method"] == "POST" and not is_same_origin(headers):
            refusal = PlainTextResponse("A page of another origin may not ask for this.\n", 403)
        return refusal

    def _without_token(self, scope: Scope, headers: Headers) -> Response | None:
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if any(name == "token" and self._is_token(value) for name, value in query):
            # Out of the address bar and the history, into a cookie.
            rest = urlencode([(name, value) for name, value in query if name != "token"])
            path = "/" + scope["path"].lstrip("/\\")
            response = RedirectResponse(f"{path}?{rest}" if rest else path, 303)
            response.set_cookie(self._cookie, self._token or "", httponly=True, samesite="strict")
            return response
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if (scheme.lower() == "bearer" and self._is_token(bearer.strip())) or self._is_token(self._cookie_of(headers)):
            return None
        words = "This viewer needs the token that it printed when it started: open the address given there.\n"
        return PlainTextResponse(words, 401, headers={"WWW-Authenticate": 'Bearer realm="planner"'})

    def _cookie_of(self, headers: Headers) -> str:
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return ""
        return cookies[self._cookie].value if self._cookie in cookies else ""

    def _is_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), (self._token or "").encode())


def is_same_origin(headers: Headers) -> bool:
    """Whether a request that may cost something comes from a page of ours, or from no page at all.

    Browsers name the origin of the page with every POST; programs need not.

    Args:
        headers: The headers of the request.
    """
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origins = headers.getlist("origin")
    if not origins:
        return True
    scheme, _, host = origins[0].partition("://")
    return len(origins) == 1 and scheme in ("http", "https") and host.lower() == headers.get("host", "").lower()


def host_name(host: str) -> str:
    """The name in a ``Host`` header, in lower case, without port and final dot; empty where there is none."""
    match = _HOST.fullmatch(host.strip().lower())
    return "" if match is None else (match["bracketed"] or match["name"]).removesuffix(".")


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine and can be reached from it only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
