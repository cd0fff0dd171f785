"""The contract's routes over any `OrderSystem`; a handler parses, calls one method, answers."""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from care.adapters.http_orders import CustomerIds
from care.ports import DeliveryChange, InvoiceWish, OrderSystem, OrderView, ReturnWish, VisitWish
from care.rules.errors import CareError, InvalidInput, NotFound
from care.rules.order_moves import Refused
from care.rules.order_terms import DaySlot

log = logging.getLogger(__name__)
T = TypeVar("T")

LARGEST_BODY = 16 * 1024
LARGEST_PAGE = 20
_KEY = re.compile(r"[!-~]{1,160}")
_ORDERS = web.AppKey("orders", OrderSystem)
_TOKEN = web.AppKey("token", str)
_IDS = web.AppKey("ids", CustomerIds)


class Owner(msgspec.Struct, forbid_unknown_fields=True):
    number: str
    phone_tail: str


class Cancel(msgspec.Struct, forbid_unknown_fields=True):
    reason: str = ""


class Move(msgspec.Struct, forbid_unknown_fields=True):
    on: date
    slot: DaySlot


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    pass


class NotAllowed(CareError):
    code, status, default = "unauthorized", 401, "令牌不对。"


def make_app(orders: OrderSystem, token: str, ids: CustomerIds) -> web.Application:
    """The application.

    Args:
        token: what callers must present.
        ids: callers name customers by their number in the shop, `orders` by our ids.
    """
    app = web.Application(middlewares=[_errors, _token], client_max_size=LARGEST_BODY)
    app[_ORDERS], app[_TOKEN], app[_IDS] = orders, token, ids
    customer = "/v1/customers/{customer}"
    app.add_routes(
        [
            web.get("/v1/health", _health),
            web.post("/v1/order-owner", _owner),
            web.get(f"{customer}/orders", _listing("recent_orders")),
            web.get(f"{customer}/orders/{{number}}", _order),
            web.post(f"{customer}/orders/{{number}}/cancel", _cancel_order),
            web.post(f"{customer}/orders/{{number}}/delivery", _change_delivery),
            web.post(f"{customer}/orders/{{number}}/urge", _urge),
            web.get(f"{customer}/returns", _listing("returns")),
            web.post(f"{customer}/returns", _applying("apply_return", ReturnWish)),
            web.post(f"{customer}/returns/{{number}}/cancel", _cancelling("cancel_return")),
            web.get(f"{customer}/visits", _listing("visits")),
            web.post(f"{customer}/visits", _applying("book_visit", VisitWish)),
            web.post(f"{customer}/visits/{{number}}/move", _move_visit),
            web.post(f"{customer}/visits/{{number}}/cancel", _cancelling("cancel_visit")),
            web.get(f"{customer}/invoices", _listing("invoices")),
            web.post(f"{customer}/invoices", _applying("request_invoice", InvoiceWish)),
            web.post(f"{customer}/invoices/{{number}}/correct", _correct_invoice),
            web.get(f"{customer}/loyalty", _loyalty),
        ]
    )
    return app


async def _health(request: web.Request) -> web.Response:
    return _json({"status": "ok"})


async def _owner(request: web.Request) -> web.Response:
    asked = await _body(request, Owner)
    ref = await request.app[_ORDERS].customer_of_order(asked.number, phone_tail=asked.phone_tail)
    if ref is None:
        raise NotFound
    return _json({"customer_ref": await request.app[_IDS].outward(ref), "data": None, "next_cursor": None})


def _listing(method: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        limit = min(_whole(request, "limit", 10), LARGEST_PAGE)
        start = _whole(request, "cursor", 0)
        read: Callable[..., Awaitable[Sequence[Any]]] = getattr(request.app[_ORDERS], method)
        found = await read(await _customer(request), limit=start + limit + 1)
        page = list(found[start : start + limit])
        more = str(start + limit) if len(found) > start + limit else None
        return _answer(request, page, next_cursor=more)

    return handler


async def _order(request: web.Request) -> web.Response:
    ref = await _customer(request)
    order = await request.app[_ORDERS].find_order(request.match_info["number"], customer_ref=ref)
    if order is None:
        raise NotFound
    return _answer(request, order)


async def _cancel_order(request: web.Request) -> web.Response:
    wish = await _body(request, Cancel)
    outcome = await request.app[_ORDERS].cancel_order(
        request.match_info["number"],
        customer_ref=await _customer(request),
        reason=wish.reason,
        key=_key(request),
    )
    return _answer(request, {"outcome": outcome.value})


async def _change_delivery(request: web.Request) -> web.Response:
    order = await request.app[_ORDERS].change_delivery(
        request.match_info["number"],
        customer_ref=await _customer(request),
        change=await _body(request, DeliveryChange),
        key=_key(request),
    )
    return _answer(request, order)


async def _urge(request: web.Request) -> web.Response:
    await _body(request, Nothing)
    await request.app[_ORDERS].urge_order(
        request.match_info["number"], customer_ref=await _customer(request), key=_key(request)
    )
    return _answer(request, None)


def _applying(method: str, wanted: type[Any]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Something new is wished for; the body is the wish."""

    async def handler(request: web.Request) -> web.Response:
        wish = await _body(request, wanted)
        apply: Callable[..., Awaitable[Any]] = getattr(request.app[_ORDERS], method)
        return _answer(request, await apply(wish, customer_ref=await _customer(request), key=_key(request)))

    return handler


def _cancelling(method: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    """What the address numbers is taken back; the body is empty."""

    async def handler(request: web.Request) -> web.Response:
        await _body(request, Nothing)
        cancel: Callable[..., Awaitable[Any]] = getattr(request.app[_ORDERS], method)
        number = request.match_info["number"]
        return _answer(
            request, await cancel(number, customer_ref=await _customer(request), key=_key(request))
        )

    return handler


async def _move_visit(request: web.Request) -> web.Response:
    wish = await _body(request, Move)
    view = await request.app[_ORDERS].move_visit(
        request.match_info["number"],
        customer_ref=await _customer(request),
        on=wish.on,
        slot=wish.slot,
        key=_key(request),
    )
    return _answer(request, view)


async def _correct_invoice(request: web.Request) -> web.Response:
    wish = await _body(request, InvoiceWish)
    view = await request.app[_ORDERS].correct_invoice(
        request.match_info["number"], wish, customer_ref=await _customer(request), key=_key(request)
    )
    return _answer(request, view)


async def _loyalty(request: web.Request) -> web.Response:
    view = await request.app[_ORDERS].loyalty(await _customer(request))
    if view is None:
        raise NotFound
    return _answer(request, view)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error in the contract's shape; what we did not foresee is logged and told without internals."""
    try:
        return await handler(request)
    except CareError as error:
        body = error.as_wire()
        if isinstance(error, Refused):
            body["error"]["reason"] = error.reason.value  # type: ignore[index]
        status = 422 if isinstance(error, InvalidInput) else error.status
        return _json(body, status=status)
    except web.HTTPException as error:
        code = {404: "no_such_route", 405: "method_not_allowed", 413: "body_too_large"}.get(error.status)
        return _json({"error": {"code": code or "bad_request", "message": ""}}, status=error.status)
    except Exception:
        log.exception("reference ERP failed")
        return _json({"error": {"code": "unexpected", "message": ""}}, status=500)


@web.middleware
async def _token(request: web.Request, handler: Handler) -> web.StreamResponse:
    given = request.headers.get("Authorization", "")
    wanted = f"Bearer {request.app[_TOKEN]}"
    if request.path != "/v1/health" and not hmac.compare_digest(given.encode(), wanted.encode()):
        raise NotAllowed
    return await handler(request)


async def _body(request: web.Request, wanted: type[T]) -> T:
    try:
        return msgspec.json.decode(await request.read(), type=wanted)
    except msgspec.ValidationError as error:
        field = str(error).rpartition("`$.")[2].rstrip("`") or "body"
        raise InvalidInput(fields={field: "格式不对"}) from None
    except msgspec.DecodeError:
        raise InvalidInput(fields={"body": "不是 JSON"}) from None


def _key(request: web.Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        raise InvalidInput(fields={"Idempotency-Key": "缺少，或不是 1 到 160 个可见 ASCII 字符"})
    return key


async def _customer(request: web.Request) -> str:
    """Our id of the customer in the address. Raises `NotFound`."""
    ref = await request.app[_IDS].inward(request.match_info["customer"])
    if ref is None:
        raise NotFound
    return ref


def _whole(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise InvalidInput(fields={name: "应为整数"})
    return int(text)


def _answer(request: web.Request, data: Any, *, next_cursor: str | None = None) -> web.Response:
    """The envelope, with the customer named as the caller does."""
    erp_id = request.match_info["customer"]
    return _json({"customer_ref": erp_id, "data": _outward(data, erp_id), "next_cursor": next_cursor})


def _outward(data: Any, erp_id: str) -> Any:
    if isinstance(data, OrderView):
        return replace(data, customer_ref=erp_id)
    return [_outward(part, erp_id) for part in data] if isinstance(data, list) else data


def _json(body: Any, *, status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/json", charset="utf-8"
    )
