"""`/api/openapi.json`, generated from the route table and the very types that handlers use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from bot.web import schemas
from bot.web.keys import OPENAPI

if TYPE_CHECKING:
    from bot.web.routes import Route

_COMPONENTS = "#/components/schemas/"
_PLACE = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})*))?\}")


async def document(request: web.Request) -> web.Response:
    return web.Response(body=request.app[OPENAPI], content_type="application/json", charset="utf-8")


def build(routes: Sequence[Route], *, title: str) -> bytes:
    """The OpenAPI 3.1 document of all JSON routes."""
    described = [route for route in routes if route.answer is not None]
    types = sorted(
        {kind for route in described for kind in (route.body, route.query, route.answer) if kind}
        | {schemas.Error},
        key=lambda kind: (kind.__name__, kind.__module__),
    )
    # Two types of one name get their module's name before it; only `found` knows.
    found, components = msgspec.json.schema_components(types, ref_template=f"{_COMPONENTS}{{name}}")
    refs = {kind: str(ref["$ref"]) for kind, ref in zip(types, found, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for route in described:
        path = _PLACE.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, refs, components)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": title, "version": "1"},
            "paths": paths,
            "components": {
                "schemas": components,
                "securitySchemes": {
                    "session": {"type": "apiKey", "in": "cookie", "name": "zhike_staff"},
                    "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
                },
            },
        }
    )


def _operation(route: Route, refs: Mapping[type, str], components: Mapping[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": route.summary, "operationId": _operation_id(route)}
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^{pattern}$"},
        }
        for name, pattern in _PLACE.findall(route.path)
    ]
    if route.query is not None:
        schema = components[refs[route.query].removeprefix(_COMPONENTS)]
        parameters += [
            {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": field}
            for name, field in schema["properties"].items()
        ]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _json(refs[route.body])}
    assert route.answer is not None
    operation["responses"] = {
        "200": {"description": "OK", "content": _json(refs[route.answer])},
        "default": {"description": "出错", "content": _json(refs[schemas.Error])},
    }
    if not _is_public(route):
        needs: dict[str, list[str]] = {"session": []}
        if route.method != "GET":
            needs["csrf"] = []
        operation["security"] = [needs]
        operation["x-permission"] = route.access.value
    return operation


def _is_public(route: Route) -> bool:
    return str(route.access.value) == "public"


def _json(ref: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": ref}}}


def _operation_id(route: Route) -> str:
    return f"{route.handler.__module__.rsplit('.', 1)[-1]}.{getattr(route.handler, '__name__', 'handler')}"
