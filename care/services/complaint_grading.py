"""How a complaint's grade follows from what is known of it; it only ever rises here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.rules.complaint import Remedy
from care.rules.severity import grade, is_lower, parts_from
from care.rules.vocabulary import EMOTION_STRENGTH, Cue, Emotion, Topic
from care.services.same_cause import NO_CASE, same_cause_24h

_REPEAT_DAYS = 90

#: Words for the remedies of GB/T 19012 §7.7, the more particular ones first.
_REMEDY_WORDS: tuple[tuple[Remedy, tuple[str, ...]], ...] = (
    (Remedy.EXCHANGE, ("换货", "换一个", "换一台", "换新", "换个新", "重新发", "补发", "给我换")),
    (Remedy.REPAIR, ("维修", "修好", "返修", "上门修", "修一下", "师傅")),
    (Remedy.COMPENSATION, ("赔偿", "赔钱", "补偿", "赔我", "退差价", "差价", "赔", "双倍", "三倍")),
    (Remedy.REFUND, ("退款", "退钱", "退货", "退了", "退给我", "全额退", "还我钱")),
    (Remedy.APOLOGY, ("道歉", "赔礼", "认错", "赔不是")),
    (Remedy.GIFT, ("礼品", "赠品", "小礼物", "优惠券")),
    (Remedy.INFORMATION, ("解释", "说法", "说明", "给个交代", "答复")),
)

#: "不要退款,要换货": what is refused is not asked for.
_REFUSED = re.compile(r"(?:不要|不想|不用|不需要|别给我|不是要)(?!紧)[^,,。;;!!??、]{1,4}")


def remedies_in(text: str) -> list[Remedy]:
    """Remedies that a customer's own words ask for, in the order of the table."""
    wanted = _REFUSED.sub("", text)
    return [remedy for remedy, words in _REMEDY_WORDS if any(word in wanted for word in words)]


def stronger_emotion(one: Emotion, other: Emotion) -> Emotion:
    return one if EMOTION_STRENGTH[one] >= EMOTION_STRENGTH[other] else other


def raise_grade(complaint: Complaint, *, same_cause_24h: int) -> bool:
    """Grades again by what is known now; keeps the old grade and parts where they were higher.

    Returns whether the grade rose.
    """
    if complaint.topic == Topic.COMPLAINT_PRIVACY.value:
        add_cues(complaint, [Cue.DATA_LEAK])  # whoever complains of it suspects it
    cues = frozenset(Cue(cue) for cue in complaint.cues)
    parts = parts_from(Topic(complaint.topic), cues, complaint.emotion, complaint.amount, complaint.recurrent)
    new = grade(
        parts,
        cues=cues,
        amount=complaint.amount,
        repeated=complaint.recurrent,
        same_cause_24h=same_cause_24h,
    )
    before = complaint.severity_parts or {}
    complaint.severity_parts = {
        name: max(int(value), int(before.get(name, 0))) for name, value in parts.as_dict().items()
    }
    if complaint.grade is None or is_lower(new, complaint.grade):
        complaint.grade = new
        return True
    return False


def add_cues(complaint: Complaint, cues: Iterable[Cue | str]) -> bool:
    """Adds severity cues; none is ever taken away. Returns whether one was new."""
    known = set(complaint.cues or ())
    merged = sorted(known | {Cue(cue).value for cue in cues})
    complaint.cues = merged
    return set(merged) != known


async def regrade_by_facts(session: AsyncSession, complaint: Complaint, now: datetime) -> bool:
    """`raise_grade` with what the records know: earlier cases of the customer, and others of the same cause."""
    complaint.recurrent = complaint.recurrent or await has_complained_before(session, complaint, now)
    return raise_grade(complaint, same_cause_24h=await same_cause_24h(session, complaint, now))


async def has_complained_before(session: AsyncSession, complaint: Complaint, now: datetime) -> bool:
    """Whether the same customer, or the same own order, has another case of the last 90 days."""
    same = []
    if complaint.customer_id is not None:
        same.append(Complaint.customer_id == complaint.customer_id)
    if complaint.order_is_own and complaint.order_number:
        same.append(Complaint.order_number == complaint.order_number)
    if not same:
        return False
    found = await session.scalar(
        select(Complaint.id)
        .where(
            Complaint.id != complaint.id,
            or_(*same),
            Complaint.category == complaint.category,
            Complaint.state.not_in(NO_CASE),
            Complaint.received_at >= now - timedelta(days=_REPEAT_DAYS),
        )
        .limit(1)
    )
    return found is not None
