"""The shop at this moment: what waits, what is late, who is at risk, and how today compares with its weekday."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.records.customer import Customer
from care.records.improvement import SurgeAlarm
from care.records.interaction import CareInteraction
from care.records.staff import Staff
from care.rules.complaint import ComplaintState
from care.rules.desk_terms import Presence
from care.rules.labelled import Labelled
from care.rules.period import start_of
from care.rules.routing import FIRST_REPLY_WITHIN
from care.rules.times import SHANGHAI, to_shanghai
from care.rules.vocabulary import LifecycleStage, Owner, Tier
from care.services import promise_list
from care.services.case_list import overdue
from care.services.context import Care
from care.services.customers import is_live
from care.services.day_counts import as_date, day_of
from care.services.promise_list import PromiseState

WEEKS = 8
#: Fewer of the same weekday say nothing about what is usual.
_LEAST_WEEKS = 3
NOT_COUNTED = (ComplaintState.DRAFT, ComplaintState.MERGED, ComplaintState.RECLASSIFIED)
KEY_TIERS = (Tier.STRATEGIC, Tier.KEY)
AT_RISK = (LifecycleStage.AT_RISK, LifecycleStage.LAPSED)


class Now(Labelled):
    """Keeping customers first."""

    KEY_AT_RISK = "key_at_risk", "有流失风险的大客户"
    OVERDUE_CASES = "overdue_cases", "超时的投诉"
    PROMISES_OVERDUE = "promises_overdue", "过期未兑现的承诺"
    PROMISES_TODAY = "promises_today", "今天到期的承诺"
    SURGES = "surges", "未关闭的激增预警"
    WAITING = "waiting", "正在排队"
    LONGEST_WAIT = "longest_wait", "最长等待"
    ONLINE = "online", "在线坐席"
    COMPLAINTS = "complaints", "今天的投诉"
    CONTACTS = "contacts", "今天的来访"


class Tone(Labelled):
    CALM = "calm", "正常"
    WARN = "warn", "注意"
    ALARM = "alarm", "告急"


@dataclass(frozen=True)
class Standing:
    """`usual`: the median of the same weekday up to this time of day, over `usual_n` weeks."""

    value: float | None
    tone: Tone
    usual: float | None = None
    usual_n: int = 0


@dataclass(frozen=True)
class TodayFigures:
    """`has_demo`: rows of the demo shop are counted too."""

    as_of: datetime
    day: date
    figures: Mapping[Now, Standing]
    has_demo: bool


async def figures(care: Care) -> TodayFigures:
    """Everything as of now. A longest wait without anybody waiting is None."""
    now = care.clock.now()
    local = to_shanghai(now)
    async with care.sessions.read() as session:
        queued = list(await session.scalars(_queued()))
        online = await _count(session, select(func.count(Staff.id)).where(*_online()))
        late = await _count(session, select(func.count(Complaint.id)).where(overdue(now)))
        risk = await _count(session, select(func.count(Customer.id)).where(*_at_risk()))
        alarms = await _count(
            session, select(func.count(SurgeAlarm.id)).where(SurgeAlarm.closed_at.is_(None))
        )
        complaints = await _by_weekday(
            session, Complaint.received_at, local, Complaint.state.not_in(NOT_COUNTED)
        )
        contacts = await _by_weekday(session, CareInteraction.started_at, local)
        has_demo = bool(await session.scalar(select(exists().where(Customer.is_demo.is_(True)))))
    due = await promise_list.count(care, PromiseState.DUE_TODAY)
    broken = await promise_list.count(care, PromiseState.OVERDUE)
    longest = max(((now - at).total_seconds() for at in queued), default=None)
    limit = FIRST_REPLY_WITHIN.total_seconds()
    return TodayFigures(
        as_of=now,
        day=local.date(),
        figures={
            Now.KEY_AT_RISK: Standing(risk, Tone.WARN if risk else Tone.CALM),
            Now.OVERDUE_CASES: Standing(late, Tone.ALARM if late else Tone.CALM),
            Now.PROMISES_OVERDUE: Standing(broken, Tone.ALARM if broken else Tone.CALM),
            Now.PROMISES_TODAY: Standing(due, Tone.CALM),
            Now.SURGES: Standing(alarms, Tone.WARN if alarms else Tone.CALM),
            Now.WAITING: Standing(len(queued), Tone.ALARM if queued and not online else Tone.CALM),
            Now.LONGEST_WAIT: Standing(
                longest, Tone.CALM if longest is None or longest <= limit else Tone.ALARM
            ),
            Now.ONLINE: Standing(online, Tone.CALM if online else Tone.WARN),
            Now.COMPLAINTS: _compared(complaints, is_bad_when_more=True),
            Now.CONTACTS: _compared(contacts, is_bad_when_more=False),
        },
        has_demo=has_demo,
    )


def _queued() -> Any:
    return select(Conversation.queued_at).where(
        Conversation.owner == Owner.QUEUED, Conversation.queued_at.is_not(None)
    )


def _online() -> list[Any]:
    return [Staff.active.is_(True), Staff.presence == Presence.ONLINE.value]


def _at_risk() -> list[Any]:
    return [is_live(), Customer.tier.in_(KEY_TIERS), Customer.lifecycle_stage.in_(AT_RISK)]


async def _count(session: AsyncSession, wanted: Any) -> int:
    return int(await session.scalar(wanted) or 0)


async def _by_weekday(session: AsyncSession, column: Any, local: datetime, *where: Any) -> list[int]:
    """Counts up to this time of day: today's first, then those of the same weekday in the weeks before.

    Weeks before the first row of all are left out.
    """
    first = await session.scalar(select(func.min(column)))
    begun = None if first is None else to_shanghai(first).date()
    days = [local.date() - timedelta(weeks=n) for n in range(WEEKS + 1)]
    spans = [
        (start_of(day), datetime.combine(day, time(local.hour, local.minute, local.second), SHANGHAI))
        for day in days
    ]
    rows = await session.execute(
        select(day_of(session, column).label("day"), func.count())
        .where(or_(*((column >= start) & (column <= end) for start, end in spans)), *where)
        .group_by("day")
    )
    found = {as_date(day): int(number) for day, number in rows}
    return [found.get(day, 0) for day in days if day == local.date() or (begun is not None and day > begun)]


def _compared(counts: Sequence[int], *, is_bad_when_more: bool) -> Standing:
    today, before = counts[0], counts[1:]
    if len(before) < _LEAST_WEEKS:
        return Standing(today, Tone.CALM, None, len(before))
    usual = float(median(before))
    # Three deviations of a Poisson count (Shewhart), and never for a handful.
    is_much = is_bad_when_more and today > usual + 3 * max(usual, 1.0) ** 0.5
    return Standing(today, Tone.WARN if is_much else Tone.CALM, usual, len(before))
