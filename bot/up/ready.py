"""Asks a process over HTTP whether it is ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp

_TIMEOUT = aiohttp.ClientTimeout(total=2)


def http_ok(url: str, *, accept: tuple[int, ...] = (200,)) -> Callable[[], Awaitable[bool]]:
    """A probe that is true once `url` answers with one of the `accept` statuses."""

    async def probe() -> bool:
        try:
            async with aiohttp.ClientSession(timeout=_TIMEOUT) as session, session.get(url) as answer:
                return answer.status in accept
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
            return False

    return probe
