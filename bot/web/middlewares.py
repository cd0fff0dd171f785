"""Around every request: an id, limits, one wire shape for errors, a line in the log without personal data."""

from __future__ import annotations

import re
import time
import uuid

import structlog
from aiohttp import web
from aiohttp.hdrs import METH_ALL
from aiohttp.typedefs import Handler

from bot.web import pages, texts
from bot.web.bodies import error_response
from bot.web.clients import client_address, network_of
from bot.web.keys import ADDRESS, PARTS, REQUEST_ID
from care.rules.errors import CareError, InvalidInput, NotFound, TooManyRequests

log = structlog.get_logger("bot.web.access")

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class NoMethod(InvalidInput):
    code, status, default = "method_not_allowed", 405, texts.NO_METHOD


class BodyTooLarge(InvalidInput):
    code, status, default = "body_too_large", 413, texts.BODY_TOO_LARGE


class Unexpected(CareError):
    code, status, default = "unexpected", 500, texts.UNEXPECTED


@web.middleware
async def scope(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Names the request and its client, counts and logs it."""
    parts = request.app[PARTS]
    given = request.headers.get("X-Request-Id", "")
    request[REQUEST_ID] = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
    request[ADDRESS] = network_of(client_address(request, parts.care.settings.trusted_proxies))
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "(none)"
    started = time.monotonic()
    with structlog.contextvars.bound_contextvars(request=request[REQUEST_ID]):
        response = await handler(request)
        took = time.monotonic() - started
        # Anybody can invent methods, and each label is kept for ever.
        method = request.method if request.method in METH_ALL else "other"
        parts.metrics.requests.labels(method, route, str(response.status)).inc()
        if not isinstance(response, web.WebSocketResponse):
            parts.metrics.request_seconds.labels(route).observe(took)
        # The route, not the path: a path carries ids.
        write = log.debug if route in _QUIET else log.info
        write("http", method=method, route=route, status=response.status, ms=round(took * 1000, 1))
    return response


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns whatever goes wrong into `{"error": {…}}`, or a page for a person who follows a link."""
    try:
        return await handler(request)
    except web.HTTPException as answer:
        if answer.status < 400:
            raise
        return _told(request, _of_http(answer), answer)
    except CareError as refusal:
        return _told(request, refusal)
    except ConnectionError:
        raise
    except Exception:
        log.exception("http.failed", method=request.method)
        return _told(request, Unexpected())


@web.middleware
async def limits(request: web.Request, handler: Handler) -> web.StreamResponse:
    """So many requests for each address; who waits in a loop finds a wall, not a slow shop for others."""
    if not request.app[PARTS].limiter.requests.take(request[ADDRESS]):
        raise TooManyRequests
    return await handler(request)


def _of_http(answer: web.HTTPException) -> CareError:
    if isinstance(answer, web.HTTPNotFound):
        return NotFound(texts.NO_ADDRESS)
    if isinstance(answer, web.HTTPMethodNotAllowed):
        return NoMethod()
    if isinstance(answer, web.HTTPRequestEntityTooLarge):
        return BodyTooLarge()
    return InvalidInput(texts.BAD_BODY) if answer.status < 500 else Unexpected()


def _told(
    request: web.Request, refusal: CareError, answer: web.HTTPException | None = None
) -> web.StreamResponse:
    headers = {}
    if answer is not None and "Allow" in answer.headers:
        headers["Allow"] = answer.headers["Allow"]
    if isinstance(refusal, TooManyRequests):
        headers["Retry-After"] = "10"
    if refusal.status >= 500:
        log.warning("http.unavailable", code=refusal.code, cause=repr(refusal.__cause__))
    if pages.wants_page(request):
        return pages.error_page(request, refusal, headers)
    return error_response(refusal, headers)
