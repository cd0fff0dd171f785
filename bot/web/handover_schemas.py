"""Ready-made replies, call-backs and hours over the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from care.rules.callback_terms import CallbackResult, CallbackState
from care.rules.field_access import seen
from care.rules.hours import clock
from care.rules.vocabulary import Tier
from care.services.callbacks import CallbackView
from care.services.canned import CannedView
from care.services.opening_hours import OtherDay
from care.services.staff_accounts import StaffView

_Time = Annotated[str, Meta(pattern=r"^\d{1,2}[:：]\d{2}$")]


class CannedQuery(Struct, frozen=True):
    """`q`: characters, pinyin or initials. `conversation`: the placeholders are filled for it."""

    q: Annotated[str, Meta(max_length=40)] = ""
    conversation: Annotated[str, Meta(pattern=r"^[0-9a-f-]{36}$")] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class CannedShown(Struct, frozen=True):
    """`text` is filled where a conversation was named, `raw` is as kept."""

    id: int
    title: str
    shortcut: str | None
    category: str
    text: str
    raw: str
    shared: bool
    mine: bool
    uses: int


class CannedList(Struct, frozen=True):
    items: list[CannedShown]


class CannedBody(Struct, frozen=True):
    title: Annotated[str, Meta(max_length=100)]
    text: Annotated[str, Meta(max_length=4000)]
    category: Annotated[str, Meta(max_length=60)]
    shortcut: Annotated[str, Meta(max_length=40)] | None = None
    shared: bool = False


class CallbackQuery(Struct, frozen=True):
    """`state`: open (the earliest promised first) or done."""

    state: Annotated[str, Meta(pattern="^(open|done)$")] = "open"


class CallbackShown(Struct, frozen=True):
    """`phone` is whole for whoever took the call and from leads up, masked for others. `broken`: nobody called in time."""

    id: int
    conversation: str | None
    customer_name: str | None
    tier: Tier | None
    tier_label: str | None
    phone: str | None
    phone_verified: bool
    note: str
    window_from: datetime | None
    window_to: datetime | None
    due_at: datetime
    broken: bool
    state: CallbackState
    state_label: str
    taken_by: str | None
    mine: bool
    tries: int
    last_try_at: datetime | None
    result: CallbackResult | None
    result_label: str | None
    result_note: str
    made_at: datetime
    done_at: datetime | None


class CallbackList(Struct, frozen=True):
    items: list[CallbackShown]


class CallbackDone(Struct, frozen=True):
    """`not_reached` leaves the task open for another try; everything else ends it."""

    result: CallbackResult = CallbackResult.REACHED
    note: Annotated[str, Meta(max_length=500)] = ""


class CallbackCancel(Struct, frozen=True):
    """`note`: how the customer said that no call is needed."""

    note: Annotated[str, Meta(min_length=1, max_length=500)]


class SpanShown(Struct, frozen=True):
    """Times as ``9:00``; the end of the day is ``24:00``."""

    opens: _Time
    closes: _Time


class DayShown(Struct, frozen=True):
    day: date
    name: str
    spans: list[SpanShown]
    set_by: str


class HoursShown(Struct, frozen=True):
    """`week`: weekday (0 is Monday) → spans; `words` reads them out; `next_opening` is null when never."""

    week: dict[str, list[SpanShown]]
    words: str
    open_now: bool
    next_opening: datetime | None
    closed_on_holidays: bool
    days: list[DayShown]


class WeekBody(Struct, frozen=True):
    """All weekdays at once; one that is missing is closed."""

    week: dict[Annotated[str, Meta(pattern="^[0-6]$")], list[SpanShown]]


class DayBody(Struct, frozen=True):
    """Without times: closed."""

    day: date
    name: Annotated[str, Meta(max_length=40)]
    opens: _Time | None = None
    closes: _Time | None = None


def canned(view: CannedView) -> CannedShown:
    return CannedShown(
        view.id, view.title, view.shortcut, view.category, view.text, view.raw, view.shared, view.mine, view.uses
    )  # fmt: skip


def callback(view: CallbackView, reader: StaffView) -> CallbackShown:
    is_mine = view.taken_by_id == reader.id
    return CallbackShown(
        id=view.id,
        conversation=view.conversation,
        customer_name=seen("customer.name", reader.role, view.customer_name),
        tier=view.tier,
        tier_label=view.tier.label if view.tier else None,
        phone=view.phone if is_mine else seen("callback.phone", reader.role, view.phone),
        phone_verified=view.is_phone_verified,
        note=seen("callback.note", reader.role, view.note),
        window_from=view.window_from,
        window_to=view.window_to,
        due_at=view.due_at,
        broken=view.is_broken,
        state=view.state,
        state_label=view.state.label,
        taken_by=view.taken_by,
        mine=is_mine,
        tries=view.tries,
        last_try_at=view.last_try_at,
        result=view.result,
        result_label=view.result.label if view.result else None,
        result_note=view.result_note,
        made_at=view.made_at,
        done_at=view.done_at,
    )


def day(view: OtherDay) -> DayShown:
    return DayShown(view.day, view.name, [span(one) for one in view.spans], view.set_by)


def span(one: tuple[int, int]) -> SpanShown:
    return SpanShown(clock(one[0]), clock(one[1]))
