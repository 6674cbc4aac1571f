"""The viewer as an ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from planner import __version__
from planner.viewer.api import Api, response_of
from planner.viewer.guard import Guard
from planner.viewer.pages import Pages

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from planner.network import Network
    from planner.plan import Plan
    from planner.viewer.desk import Desk


def create_app(network_or_plan: Network | Plan, *, token: str | None = None, desk: Desk | None = None) -> ASGIApp:
    """The viewer as an application for any ASGI server.

    ``/`` is the map, ``/report`` the report, ``/plan.json`` the plan, ``/download/<table>.csv`` and
    ``/download/plan.xlsx`` its tables, ``/health`` says that it is alive. ``/api/...`` plans the network anew after a
    list of edits, which each request brings (``/openapi.json`` describes it). Everything is made in memory; no file of
    the machine can be reached, and nothing is kept that another viewer would see.

    Args:
        network_or_plan: A plan, or a network, which is planned first; without demands there is only its map.
        token: A secret that every request must bring, once as ``?token=`` (then as a cookie) or as
            ``Authorization: Bearer``. Without one, only requests to localhost are answered.
        desk: Where plans are made, with limits of your own.

    Returns:
        The application.

    Raises:
        InputError: The network cannot be planned.
    """
    pages = Pages(network_or_plan)
    api = None if pages.plan is None else Api(pages.plan, desk=desk)
    methods = {} if api is None else api.methods

    def serve(request: Request) -> Response:  # not async: a page is made in a worker thread
        document = pages.document(request.scope["path"])
        if document is not None:
            return response_of(document)
        return PlainTextResponse(f"There is nothing here. There is: {', '.join(pages.paths)}\n", 404)

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok", "version": __version__})

    routes = [Route("/health", health), *([] if api is None else api.routes), Route("/{path:path}", serve)]
    return Guard(Starlette(routes=routes), token=token, methods=methods)
