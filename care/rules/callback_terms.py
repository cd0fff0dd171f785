"""The words of call-backs: what was promised when nobody was there, and how it went."""

from __future__ import annotations

import re

from care.rules.labelled import Labelled


class CallbackPromise(Labelled):
    CALL_BACK = "call_back", "人工回电"


class CallbackState(Labelled):
    WAITING = "waiting", "待回电"
    TAKEN = "taken", "已领取"
    DONE = "done", "已完成"
    CANCELLED = "cancelled", "客户取消"


class CallbackResult(Labelled):
    """How a try went. `NOT_REACHED` leaves the task open for another try."""

    REACHED = "reached", "已联系上"
    NOT_REACHED = "not_reached", "未接通"
    WRONG_NUMBER = "wrong_number", "号码有误"
    NO_LONGER_NEEDED = "no_longer_needed", "客户已不需要"


#: A task that ends this way counts as a promise that was kept: the shop called in time.
CALLED: frozenset[CallbackResult] = frozenset(
    {CallbackResult.REACHED, CallbackResult.WRONG_NUMBER, CallbackResult.NO_LONGER_NEEDED}
)

_NO = r"(?:不用|不要|不需要|不必|别|甭|取消|无需)"
_CALL = r"(?:回电|回拨|回访?电话|打电话|来电|致电|给我打|打给我|打过来)"
_NO_CALL = re.compile(
    rf"{_NO}[^，。！？,.!?]{{0,6}}{_CALL}|{_CALL}[^，。！？,.!?]{{0,4}}(?:取消|不用了|不要了|不需要了)"
)


def is_no_call(text: str) -> bool:
    """Whether these words take a wished call back: ``不用回电了``, ``电话别打过来了``, ``回电取消吧``."""
    return _NO_CALL.search(text) is not None
