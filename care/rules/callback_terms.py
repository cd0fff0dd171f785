"""The words of call-backs: what was promised when nobody was there, and how it went."""

from __future__ import annotations

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
