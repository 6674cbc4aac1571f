"""The API's description in OpenAPI 3.1, for programs that want to use it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from planner import __version__
from planner.viewer.edits import EDITS, MOST_EDITS, Edit

_REF = "#/components/schemas/{model}"

_REFUSALS = {
    "400": "The body is not a JSON object.",
    "403": "The request comes from a page of another origin.",
    "408": "The body took too long to arrive.",
    "413": "The body is too large.",
    "415": "The body is not declared as JSON.",
    "422": "The edits cannot be applied; every problem is named.",
    "503": "Too many plans wait; Retry-After says when to try again.",
    "504": "The plan took too long and was stopped.",
}


def describe(*, files: Iterable[str], most_bytes: int) -> dict[str, Any]:
    """The OpenAPI document.

    Args:
        files: Names of the files that can be downloaded.
        most_bytes: How large a request may be.

    Returns:
        Plain data, ready for JSON.
    """
    by_file = {f"/api/{name}": _file_path(name) for name in files}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Trunk-line planner: what if",
            "version": __version__,
            "description": "Plans a network anew after a list of edits. The server keeps no state: each request brings "
            f"all edits, in at most {most_bytes:,} bytes. Where the server has a token, send it as a bearer token.",
        },
        "paths": {
            "/health": {"get": _get("Whether the server is alive.", "status, version")},
            "/api/base": {"get": _get("The base plan, and what edits may name.", "summary, links, modules, services")},
            "/api/progress": {
                "get": _get("How far the newest plan of a client is.", "what, done, of; all null where nothing runs")
                | {"parameters": [{"name": "client", "in": "query", "schema": {"type": "string"}}]}
            },
            "/api/plan": {"post": _plan_operation()},
            **by_file,
        },
        "components": {"schemas": _schemas(), "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{}, {"token": []}],
    }


def _schemas() -> dict[str, Any]:
    edit = TypeAdapter(Edit).json_schema(ref_template=_REF)
    models = edit.pop("$defs")
    mapping = {name: _REF.format(model=kind.__name__) for name, kind in EDITS.items()}
    request = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "edits": {"type": "array", "maxItems": MOST_EDITS, "items": {"$ref": _REF.format(model="Edit")}},
            "client": {"type": ["string", "null"], "pattern": "^[A-Za-z0-9_-]{8,64}$"},
            "request": {"type": "integer", "minimum": 0, "maximum": 2**53},
        },
    }
    problem = {
        "message": {"type": "string"},
        "edit": {"type": ["integer", "null"], "description": "The number of the edit, from 1."},
        "field": {"type": ["string", "null"]},
        "expected": {"type": ["string", "null"]},
    }
    problems = {"type": "array", "items": {"type": "object", "required": list(problem), "properties": problem}}
    refusal = {"error": {"type": "string"}, "problems": problems}
    answer: dict[str, Any] = {name: {"type": "object"} for name in ("summary", "changes", "difference")}
    answer["notes"] = {"type": "array", "items": {"type": "string"}}
    own: dict[str, Any] = {
        "Edit": edit | {"discriminator": {"propertyName": "do", "mapping": mapping}},
        "Request": request,
        "Answer": {"type": "object", "required": list(answer), "properties": answer},
        "Refusal": {"type": "object", "required": list(refusal), "properties": refusal},
    }
    return {**models, **own}


def _json_content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _refusals(*statuses: str) -> dict[str, Any]:
    content = _json_content({"$ref": _REF.format(model="Refusal")})
    refusals = {status: {"description": _REFUSALS[status], "content": content} for status in statuses}
    if "403" in refusals:
        del refusals["403"]["content"]
    return refusals


def _get(summary: str, holds: str) -> dict[str, Any]:
    return {
        "summary": summary,
        "responses": {"200": {"description": f"An object: {holds}.", "content": _json_content({"type": "object"})}},
    }


def _body() -> dict[str, Any]:
    return {"required": True, "content": _json_content({"$ref": _REF.format(model="Request")})}


def _plan_operation() -> dict[str, Any]:
    answer = {"description": "The plan after the edits, beside the base plan."}
    replaced = {"409": {"description": "A newer request of the same client took its place.",
                        "content": _json_content({"$ref": _REF.format(model="Refusal")})}}  # fmt: skip
    return {
        "summary": "Plans the network after a list of edits.",
        "requestBody": _body(),
        "responses": {
            "200": answer | {"content": _json_content({"$ref": _REF.format(model="Answer")})},
            **_refusals(*_REFUSALS),
            **replaced,
        },
    }


def _file_path(name: str) -> dict[str, Any]:
    kinds = {
        "zip": "application/zip",
        "json": "application/json",
        "html": "text/html",
        "csv": "text/csv",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    done = {"200": {"description": "The file.", "content": {kinds[name.rpartition(".")[2]]: {}}}}
    return {
        "get": {"summary": f"{name} of the base plan.", "responses": done | _refusals("503", "504")},
        "post": {
            "summary": f"{name} after a list of edits.",
            "requestBody": _body(),
            "responses": done | _refusals(*_REFUSALS),
        },
    }
