"""Ending tasks for certain, and letting work in the records come to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")

_AGAIN_S = 1.0


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancels `tasks` and returns when all have ended, whatever their results.

    Libraries under Python 3.10 can swallow a cancellation that arrives together with a result
    (`asyncio.wait_for` does), so it is said again until it is heard.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_AGAIN_S)


async def whole(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which comes to its end even when the caller is cancelled meanwhile.

    A database driver that is cut off in the middle throws its connection away; and between a
    commit and what follows from it nothing should be lost because a visitor left.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # seen: the caller is gone
        raise
