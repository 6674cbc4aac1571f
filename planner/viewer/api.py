"""The JSON API: plans and files of an edited network. The state is the list of edits, which each request brings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from planner import __version__
from planner.errors import InputError, Problem
from planner.files.wording import problems_of
from planner.viewer.desk import Busy, Desk, Superseded, TooLong
from planner.viewer.edits import Malformed, Whole, read_edits, read_json
from planner.viewer.openapi import describe
from planner.viewer.pages import plan_documents
from planner.viewer.scenarios import NETWORK_ZIP, Scenarios, json_bytes

if TYPE_CHECKING:
    from starlette.requests import Request

    from planner.plan import Plan
    from planner.viewer.edits import Edit
    from planner.viewer.pages import Document

MOST_BYTES = 256 * 1024
"""How large the body of a request may be."""

_BODY_S = 10.0  # how long a body may take to arrive

_RETRY_S = "2"

_WORDS = {
    400: "this is not a request that can be understood",
    408: "the request took too long to arrive",
    409: "a newer request of the same client took the place of this one",
    413: f"a request has at most {MOST_BYTES:,} bytes",
    415: "send JSON: Content-Type: application/json",
    503: "too many plans are being made: try again in a moment",
    504: "the plan took too long and was stopped",
}


class PlanRequest(BaseModel):
    """What a browser asks.

    Attributes:
        edits: The list of edits, read apart.
        client: Who asks: a name that the client made up. Its newer request ends its older one.
        request: The client's count of its requests.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    edits: Any = Field(default=())
    client: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{8,64}$", description="Made up by the client.")
    request: Whole = Field(default=0, ge=0, le=2**53)


@dataclass(frozen=True)
class _Question:
    edits: tuple[Edit, ...]
    client: str | None
    number: int


class _Refused(Exception):
    def __init__(self, status: int, message: str | None = None, *, problems: tuple[Problem, ...] = ()) -> None:
        self.status, self.message, self.problems = status, message or _WORDS[status], problems


Endpoint = Callable[["Request"], Awaitable[Response]]


class Api:
    """The API of one plan."""

    def __init__(self, plan: Plan, *, desk: Desk | None = None) -> None:
        """Makes the API.

        Args:
            plan: The base plan.
            desk: Where plans are made.
        """
        self._scenarios = Scenarios(plan)
        self._desk = desk or Desk()
        self._files = (NETWORK_ZIP, *plan_documents(plan))

    @property
    def methods(self) -> dict[str, str]:
        """The paths that take a POST, with what they take."""
        return {"/api/plan": "POST", **{f"/api/{name}": "GET, HEAD, POST" for name in self._files}}

    @property
    def routes(self) -> list[Route]:
        """What is answered where."""
        files = [Route(f"/api/{name}", _answered(self._file(name)), methods=["GET", "POST"]) for name in self._files]
        return [
            Route("/openapi.json", self._openapi),
            Route("/api/base", _answered(self._base)),
            Route("/api/progress", _answered(self._progress)),
            Route("/api/plan", _answered(self._plan), methods=["POST"]),
            *files,
        ]

    def close(self) -> None:
        """Ends the plans that are being made."""
        self._desk.close()

    async def _openapi(self, _request: Request) -> Response:
        return _json(describe(files=self._files, most_bytes=MOST_BYTES))

    async def _base(self, _request: Request) -> Response:
        base = await run_in_threadpool(lambda: self._scenarios.base)
        return _json(base | {"files": list(self._files), "version": __version__})

    async def _progress(self, request: Request) -> Response:
        state = self._desk.progress(request.query_params.get("client", ""))
        what, done, of = state or (None, None, None)
        return _json({"what": what, "done": done, "of": of})

    async def _plan(self, request: Request) -> Response:
        question = await _question(request)
        content: bytes = await self._desk.ask(
            ("plan", question.edits),
            lambda progress: self._scenarios.answer(question.edits, progress=progress),
            client=question.client,
            number=question.number,
        )
        return Response(content, media_type="application/json")

    def _file(self, name: str) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            edits = (await _question(request)).edits if request.method == "POST" else ()
            document: Document = await self._desk.ask(
                (name, edits), lambda progress: self._scenarios.document(name, edits, progress=progress)
            )
            return response_of(document)

        return endpoint


def response_of(document: Document) -> Response:
    """A document as an answer, under its own policy."""
    headers = {"Content-Security-Policy": document.policy}
    if document.download_as is not None:
        headers["Content-Disposition"] = f'attachment; filename="{document.download_as}"'
    return Response(document.content, media_type=document.media_type, headers=headers)


def _answered(endpoint: Endpoint) -> Endpoint:
    """What goes wrong becomes an answer that says so."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except InputError as error:
            return _error(422, "the edits cannot be applied", problems=error.problems)
        except _Refused as refusal:
            return _error(refusal.status, refusal.message, problems=refusal.problems)
        except (Superseded, Busy, TooLong) as error:
            status = {Superseded: 409, Busy: 503, TooLong: 504}[type(error)]
            return _error(status, _WORDS[status])

    return answer


async def _question(request: Request) -> _Question:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise _Refused(415)
    content = await _body(request)
    try:
        return await run_in_threadpool(_read, content)
    except Malformed as error:
        raise _Refused(400, str(error)) from None


def _read(content: bytes) -> _Question:
    value = read_json(content)
    if not isinstance(value, dict):
        raise Malformed("the body is not a JSON object with 'edits'")
    try:
        asked = PlanRequest.model_validate({str(name)[:100]: part for name, part in list(value.items())[:20]})
    except ValidationError as error:
        raise InputError(problems_of(error, record=PlanRequest, file="request")) from None
    return _Question(edits=read_edits(value.get("edits", [])), client=asked.client, number=asked.request)


async def _body(request: Request) -> bytes:
    """The body, unless it is too long or too slow."""
    content = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for part in request.stream():
                content += part
                if len(content) > MOST_BYTES:
                    raise _Refused(413)
    except TimeoutError:
        raise _Refused(408) from None
    except ClientDisconnect:
        raise _Refused(400) from None
    return bytes(content)


def _json(value: Any, status: int = 200) -> Response:
    return Response(json_bytes(value), status, media_type="application/json")


def _error(status: int, message: str, *, problems: tuple[Problem, ...] = ()) -> Response:
    told = [{"message": p.message, "edit": p.row, "field": p.column, "expected": p.expected} for p in problems]
    response = _json({"error": message, "problems": told}, status)
    if status == 503:
        response.headers["Retry-After"] = _RETRY_S
    if status in (408, 413):
        response.headers["Connection"] = "close"
    return response
