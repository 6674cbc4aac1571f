"""The viewer as an ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from planner import __version__
from planner.viewer.guard import Guard
from planner.viewer.pages import Document, Pages

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from planner.network import Network
    from planner.plan import Plan


def create_app(network_or_plan: Network | Plan, *, token: str | None = None) -> ASGIApp:
    """The viewer as an application for any ASGI server.

    ``/`` is the map, ``/report`` the report, ``/plan.json`` the plan, ``/download/<table>.csv`` and
    ``/download/plan.xlsx`` its tables, ``/health`` says that it is alive. Everything is made in memory from the
    one plan; no file of the machine can be reached, and nothing can be changed: only GET and HEAD are answered.

    Args:
        network_or_plan: A plan, or a network, which is planned first; without demands there is only its map.
        token: A secret that every request must bring, once as ``?token=`` (then as a cookie) or as
            ``Authorization: Bearer``. Without one, only requests to localhost are answered.

    Returns:
        The application.

    Raises:
        InputError: The network cannot be planned.
    """
    pages = Pages(network_or_plan)

    def serve(request: Request) -> Response:  # not async: a page is made in a worker thread
        document = pages.document(request.scope["path"])
        if document is None:
            return PlainTextResponse(f"There is nothing here. There is: {', '.join(pages.paths)}\n", 404)
        return _response(document)

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok", "version": __version__})

    routes = [Route("/health", health), Route("/{path:path}", serve)]
    return Guard(Starlette(routes=routes), token=token)


def _response(document: Document) -> Response:
    headers = {"Content-Security-Policy": document.policy}
    if document.download_as is not None:
        headers["Content-Disposition"] = f'attachment; filename="{document.download_as}"'
    return Response(document.content, media_type=document.media_type, headers=headers)
