"""Asking the ERP: short patience, few tries, a key on every write, and a breaker that spares both sides."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from care.adapters.http_orders.answers import Nonsense, decode, error_of, shown
from care.rules.breaker import Breaker, BreakerState
from care.rules.errors import Conflict, InvalidInput, NotFound, Unavailable
from care.rules.order_moves import Refusal, Refused

log = logging.getLogger(__name__)
T = TypeVar("T")

CONNECT_S = 1.0
TOTAL_S = 3.0
#: All tries of one call together: whoever chats waits no longer, and the action that asks has five seconds.
BUDGET_S = 3.6
#: With less time left another try would only be cut off.
SHORTEST_TRY_S = 0.4
TRIES = 3
LARGEST_ANSWER = 1024 * 1024
_KEY = re.compile(r"[!-~]{1,160}")

AWAY = "订单系统暂时没有回应，请稍后再试；着急的话可以转人工。"
NOT_SENT = "订单系统暂时连不上，这次没有提交，什么都没有改变。请稍后再试，或转人工。"
UNSURE = "订单系统没有回应，还不能确定这次是否办成。请过几分钟查一下进度，重复提交也不会办两次；着急的话可以转人工。"
_STATE_FORBIDS = "现在的状态不能办理这项业务，需要时可由人工处理。"


@dataclass
class _Failed(Exception):
    """One try without a usable answer. `was_sent`: the ERP may have done it all the same."""

    why: str
    was_sent: bool
    may_retry: bool = True


class ErpClient:
    """One connection pool and one breaker for all calls of a process.

    `now` is the breaker's clock, in seconds.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        http: aiohttp.ClientSession,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._http = http
        self._now = now
        self._breaker = Breaker()

    @property
    def breaker_state(self) -> BreakerState:
        return self._breaker.state(self._now())

    async def get(
        self, path: tuple[str, ...], wanted: type[T], query: Mapping[str, str] | None = None
    ) -> T | None:
        """None when the ERP says that there is no such thing for this customer. Raises `Unavailable`."""
        try:
            return await self._call("GET", path, wanted, None, query, {}, is_write=False)
        except NotFound:
            return None

    async def ask(self, path: tuple[str, ...], wanted: type[T], body: Any) -> T | None:
        """A question too delicate for an address; it changes nothing and may be asked again."""
        try:
            return await self._call("POST", path, wanted, body, None, {}, is_write=False)
        except NotFound:
            return None

    async def write(self, path: tuple[str, ...], wanted: type[T], body: Any, *, key: str) -> T:
        """A write under `key`. Raises what `care.ports.OrderSystem` says."""
        # A key that no header can carry is carried by its digest: the same one every time.
        plain = key if _KEY.fullmatch(key) else f"sha256-{hashlib.sha256(key.encode()).hexdigest()}"
        return await self._call("POST", path, wanted, body, None, {"Idempotency-Key": plain}, is_write=True)

    async def _call(
        self,
        method: str,
        path: tuple[str, ...],
        wanted: type[T],
        body: Any,
        query: Mapping[str, str] | None,
        headers: dict[str, str],
        *,
        is_write: bool,
    ) -> T:
        if any(part in (".", "..") for part in path):  # which no quoting makes harmless
            raise NotFound
        address = URL(self._base + "/v1/" + "/".join(quote(part, safe="") for part in path), encoded=True)
        if query:
            address = address.with_query(query)
        payload = None if body is None else msgspec.json.encode(body)
        end = time.monotonic() + BUDGET_S
        may_have_been_sent = False
        for attempt in range(1, TRIES + 1):
            self._breaker, may_go = self._breaker.ask(self._now())
            if not may_go:
                log.info("order system: not asked, the breaker is open")
                break
            try:
                answer = await self._try(method, address, payload, headers, end)
                found = self._read(answer, wanted)
            except _Failed as failed:
                was_open = self.breaker_state is not BreakerState.CLOSED
                self._breaker = self._breaker.failed(self._now())
                may_have_been_sent = may_have_been_sent or failed.was_sent
                # Neither address nor content: both hold whose order it is.
                log.warning("order system: %s %s, try %d: %s", method, _route(path), attempt, failed.why)
                if not was_open and self.breaker_state is BreakerState.OPEN:
                    log.error("order system: breaker opened")
                pause = random.uniform(0.05, 0.15 * 2**attempt)  # noqa: S311 - spreads load, guards nothing
                if (
                    not failed.may_retry
                    or attempt == TRIES
                    or time.monotonic() + pause + SHORTEST_TRY_S > end
                ):
                    break
                await asyncio.sleep(pause)
            except (NotFound, Conflict, InvalidInput):
                self._breaker = self._breaker.succeeded()  # it answered, and by the contract
                raise
            else:
                if self.breaker_state is not BreakerState.CLOSED:
                    log.warning("order system: breaker closed")
                self._breaker = self._breaker.succeeded()
                return found
        if not is_write:
            raise Unavailable(AWAY)
        raise Unavailable(UNSURE if may_have_been_sent else NOT_SENT)

    async def _try(
        self, method: str, address: URL, payload: bytes | None, headers: dict[str, str], end: float
    ) -> tuple[int, bytes]:
        left = end - time.monotonic()
        timeout = aiohttp.ClientTimeout(total=min(TOTAL_S, left), connect=CONNECT_S, sock_connect=CONNECT_S)
        if payload is not None:
            headers = {**headers, "Content-Type": "application/json"}
        try:
            async with self._http.request(
                method,
                address,
                data=payload,
                headers={**self._headers, **headers},
                timeout=timeout,
                allow_redirects=False,  # a redirect would carry the token elsewhere
            ) as answer:
                body = b""
                async for chunk in answer.content.iter_chunked(64 * 1024):
                    body += chunk
                    if len(body) > LARGEST_ANSWER:
                        raise _Failed("answer too large", was_sent=True, may_retry=False)
                return answer.status, body
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise _Failed(type(error).__name__, was_sent=False) from None
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            raise _Failed(type(error).__name__, was_sent=True) from None

    @staticmethod
    def _read(answer: tuple[int, bytes], wanted: type[T]) -> T:
        status, body = answer
        if status in (200, 201):
            try:
                return decode(body, wanted)
            except Nonsense as nonsense:
                raise _Failed(f"nonsense {nonsense}", was_sent=True, may_retry=False) from None
        error = error_of(body) if 400 <= status < 500 else None
        # A proxy's own 404 page must not tell a customer that there is no such order.
        if error is None or status in (401, 403, 408, 429):
            is_passing = status >= 500 or status in (408, 429)
            raise _Failed(f"status {status}", was_sent=status >= 500 or status == 408, may_retry=is_passing)
        if status == 404 and error.code == "not_found":
            raise NotFound
        if status == 409 and error.code in ("refused", "conflict"):
            if error.reason in Refusal.labels():
                raise Refused(Refusal(error.reason))
            raise Conflict(shown(error.message) or _STATE_FORBIDS)
        if error.code == "invalid_input":
            fields = {name: text for name, said in error.fields.items() if (text := shown(said))}
            raise InvalidInput(shown(error.message), fields=fields)
        raise _Failed(f"status {status} {error.code[:40]!r}", was_sent=False, may_retry=False)


def _route(path: tuple[str, ...]) -> str:
    """``orders/*/cancel``: what was asked, without whose and which."""
    if path[0] != "customers":
        return path[0]
    return "/".join((path[2], *("*" for _ in path[3:4]), *path[4:]))


@asynccontextmanager
async def open_erp(
    base_url: str, token: str, *, now: Callable[[], float] = time.monotonic
) -> AsyncIterator[ErpClient]:
    """A client for the ERP at `base_url`, closed at the end. `now`: see `ErpClient`."""
    connector = aiohttp.TCPConnector(limit=20)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield ErpClient(base_url, token, http, now)
