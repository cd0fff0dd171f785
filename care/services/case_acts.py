"""What a member of staff does on a case beside moving it, each act once per key and on the case as it was seen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint, ComplaintEvent
from care.records.order import Product
from care.records.staff import Staff
from care.rules.approval_terms import ApprovalWhat
from care.rules.complaint import (
    ComplaintCategory,
    ComplaintState,
    Level,
    care_part_of_topic,
    care_stage_of_topic,
    is_open,
)
from care.rules.errors import Conflict, Forbidden, InvalidInput, NotFound
from care.rules.money import checked_amount
from care.rules.permissions import Permission, check_permission, may
from care.rules.reminders import waits_for_customer
from care.rules.root_causes import check_root_cause, is_detail_of
from care.rules.severity import Grade, is_lower
from care.rules.vocabulary import Topic
from care.services import complaint_handling, complaint_log, outbox, promises, reminders
from care.services.case_access import accessed
from care.services.case_moving import Done, act_key, ask, asked_before
from care.services.complaint_conflicts import check_version
from care.services.complaint_grading import regrade_by_facts
from care.services.complaint_handling import apply_grade
from care.services.complaint_owner import assign as give_to
from care.services.context import Care
from care.services.staff import StaffView

_SETTLED = "投诉已经结束，不能再修改。"
_REMIND_EVERY_S = 20 * 3600


@dataclass(frozen=True)
class Facts:
    """Facts of a case put right by a person; None leaves one as it is."""

    category: ComplaintCategory | None = None
    topic: Topic | None = None
    product: str | None = None
    batch: str | None = None
    place: str | None = None
    occurred_at: datetime | None = None
    amount: Decimal | None = None


async def note(care: Care, reader: StaffView, ref: str, text: str, *, key: str) -> Done:
    """A colleague's note in the trail. Raises `InvalidInput` when it is empty."""

    async def act(session: AsyncSession, case: Complaint, click: str) -> None:
        if not text.strip():
            raise InvalidInput(fields={"text": "备注不能为空。"})
        await _append(care, session, case, "note", reader, {"text": text.strip()}, click)

    return await _once(care, reader, ref, key, None, act)


async def grade(
    care: Care, reader: StaffView, ref: str, to: Grade, *, reason: str, version: int, key: str
) -> Done:
    """Raises the grade, or asks for the second word that lowering it needs.

    Raises:
        InvalidInput: a lowering without a reason.
        Conflict: someone was faster, or the case has ended.
    """

    async def act(session: AsyncSession, case: Complaint, click: str) -> Done | None:
        _check_open(case)
        if to is case.grade:
            return None
        if is_lower(case.grade, to):
            if len(reason.strip()) < 2:
                raise InvalidInput(fields={"reason": f"将{case.grade.value}降为{to.value}须写明理由。"})
            payload = {"to": to.value, "from": case.grade.value}
            return await ask(care, session, reader, case, ApprovalWhat.LOWER_GRADE, reason, payload, click)
        check_permission(reader.role, Permission.RAISE_GRADE)
        await apply_grade(care, session, case, to, actor=reader.login, reason=reason, idempotency_key=click)
        return None

    return await _once(care, reader, ref, key, version, act)


async def assign(
    care: Care,
    reader: StaffView,
    ref: str,
    *,
    to: int | None,
    level: Level | None,
    reason: str,
    version: int,
    key: str,
) -> Done:
    """Gives the case to a colleague, or to the least loaded one of a level; agents may only take what nobody owns.

    Raises:
        Forbidden: an agent who gives a case away or takes a colleague's.
        NotFound: no such active colleague.
    """
    if (to is None) == (level is None):
        raise InvalidInput(fields={"to": "请选择同事或层级，二者选一。"})

    async def act(session: AsyncSession, case: Complaint, click: str) -> None:
        _check_open(case)
        takes_it = to == reader.id and case.owner_id is None
        if not takes_it and not may(reader.role, Permission.REASSIGN):
            raise Forbidden("您只能领取无人负责的投诉，改派请找组长。")
        staff = None
        if to is not None:
            staff = await session.get(Staff, to)
            if staff is None or not staff.active:
                raise NotFound("没有找到这位同事。")
        await give_to(
            care, session, case, actor=reader.login, level=level or case.level, staff=staff, reason=reason,
            idempotency_key=click,
        )  # fmt: skip

    return await _once(care, reader, ref, key, version, act)


async def remind(care: Care, reader: StaffView, ref: str, *, key: str) -> Done:
    """Reminds the customer to answer, at most once in twenty hours.

    Raises:
        Conflict: nothing is asked of the customer, or they were reminded a short while ago.
    """

    async def act(session: AsyncSession, case: Complaint, click: str) -> None:
        now = care.clock.now()
        if not waits_for_customer(case.state, is_remedy_done=case.remedy_done_at is not None):
            raise Conflict(f"投诉现在是“{case.state.label}”，没有需要客户答复的事。")
        last, sent = (
            await session.execute(
                select(func.max(ComplaintEvent.at), func.count()).where(
                    ComplaintEvent.complaint_id == case.id, ComplaintEvent.kind == "reminder"
                )
            )
        ).one()
        if last is not None and (now - last).total_seconds() < _REMIND_EVERY_S:
            raise Conflict("刚提醒过客户，请隔一天再提醒。")
        data = {"nth": int(sent) + 1, "state": case.state.value}
        await _append(care, session, case, "reminder", reader, data, click)
        outbox.add(
            session,
            care,
            reminders.OUTBOX_TOPIC,
            {"complaint": case.id, "case_number": case.case_number, "nth": int(sent) + 1},
        )

    return await _once(care, reader, ref, key, None, act)


async def remedy_done(
    care: Care, reader: StaffView, ref: str, *, part_id: int | None, basis: str, key: str
) -> Done:
    """Registers one part of the remedy, or all that are open, as carried out. Raises as `note_remedy_done`."""
    if not basis.strip():
        raise InvalidInput(fields={"basis": "请填写依据，例如退款单号或运单号。"})
    case_id, click = await _click(care, reader, ref, key)
    await complaint_handling.note_remedy_done(
        care, case_id, reader.login, " ".join(basis.split()), part_id=part_id, idempotency_key=click
    )
    return Done(case_id)


async def promise(care: Care, reader: StaffView, ref: str, *, what: str, due_at: datetime, key: str) -> Done:
    """Writes down what the colleague gave their word for. Raises as `promises.note`."""
    case_id, _ = await _click(care, reader, ref, key)
    await promises.note(
        care,
        actor=reader.login,
        text=what,
        due_at=due_at,
        complaint_id=case_id,
        idempotency_key=f"{reader.id}:{key}",
    )
    return Done(case_id)


async def cause(
    care: Care,
    reader: StaffView,
    ref: str,
    *,
    findings: str | None,
    first: str | None,
    second: str | None,
    version: int,
    key: str,
) -> Done:
    """Findings and root cause, also after the case has ended: what is learned later belongs to it too.

    Raises:
        InvalidInput: nothing is given, or the two levels do not fit.
    """
    check_root_cause(first, second)
    given = {"findings": findings, "root_cause_1": first, "root_cause_2": second}
    changed = {name: str(value) for name, value in given.items() if value is not None}
    if not changed:
        raise InvalidInput(fields={"findings": "请填写调查结论或根因。"})

    async def act(session: AsyncSession, case: Complaint, click: str) -> None:
        for name, value in changed.items():
            setattr(case, name, value)
        if first is not None and second is None and not is_detail_of(case.root_cause_2, first):
            if case.state is ComplaintState.CLOSED:
                raise InvalidInput(fields={"root_cause_2": "投诉已终止，请一并填写二级根因。"})
            case.root_cause_2 = None
        await _append(care, session, case, "cause", reader, changed, click)

    return await _once(care, reader, ref, key, version, act)


async def correct(
    care: Care, reader: StaffView, ref: str, facts: Facts, *, reason: str, version: int, key: str
) -> Done:
    """Puts facts right, each with its old value in the trail; the grade follows where they make it more serious.

    Raises:
        InvalidInput: nothing changes, an unknown article, an amount that is none.
        Conflict: the case has ended.
    """

    async def act(session: AsyncSession, case: Complaint, click: str) -> None:
        _check_open(case)
        changed = await _correct(session, case, facts, care.clock.now())
        if not changed:
            raise InvalidInput("没有需要更正的内容。")
        if reason:
            changed["reason"] = reason
        before = case.grade
        await _append(care, session, case, "corrected", reader, changed, click)
        if await regrade_by_facts(session, case, care.clock.now()):
            await complaint_handling.note_grade(
                care, session, case, before, actor=reader.login, reason="更正信息后"
            )

    return await _once(care, reader, ref, key, version, act)


async def _correct(session: AsyncSession, case: Complaint, facts: Facts, now: datetime) -> dict[str, Any]:
    changed: dict[str, Any] = {}

    def write(name: str, value: Any) -> None:
        old = getattr(case, name)
        if value != old:
            setattr(case, name, value)
            changed[name] = {"from": None if old is None else str(old), "to": str(value)}

    if facts.topic is not None:
        if not facts.topic.value.startswith("complaint_"):
            raise InvalidInput(fields={"topic": "请选择投诉类的主题。"})
        write("topic", facts.topic.value)
        case.care_part, case.care_stage = care_part_of_topic(facts.topic), care_stage_of_topic(facts.topic)
    if facts.category is not None:
        write("category", facts.category)
    if facts.product is not None:
        product_id = await session.scalar(select(Product.id).where(Product.sku == facts.product))
        if product_id is None:
            raise InvalidInput(fields={"product": "没有这个商品编号。"})
        write("product_id", product_id)
    for name in ("batch", "place"):
        if (text := getattr(facts, name)) is not None:
            write(name, " ".join(text.split()) or None)
    if facts.occurred_at is not None:
        if facts.occurred_at.tzinfo is None or facts.occurred_at > now:
            raise InvalidInput(fields={"occurred_at": "发生时间不能在将来。"})
        write("occurred_at", facts.occurred_at)
    if facts.amount is not None:
        write("amount", checked_amount(facts.amount))
    return changed


async def _once(
    care: Care,
    reader: StaffView,
    ref: str,
    key: str,
    version: int | None,
    act: Callable[[AsyncSession, Complaint, str], Awaitable[Done | None]],
) -> Done:
    """`act` in one transaction under the case's lock; the same key again answers as the first time."""
    async with care.sessions.write() as session:
        case = await accessed(session, reader, ref, to_write=True)
        click = act_key(case, reader, key)
        if await complaint_log.event_of_key(session, click) is not None:
            return Done(case.id)
        if (asked := await asked_before(session, case, click)) is not None:
            return asked
        await check_version(session, case, version)
        if case.locked_at is not None:
            raise Conflict("客户已要求删除个人信息，这件投诉已封存，只供依法留存。")
        return await act(session, case, click) or Done(case.id)


async def _click(care: Care, reader: StaffView, ref: str, key: str) -> tuple[int, str]:
    async with care.sessions.read() as session:
        case = await accessed(session, reader, ref)
        return case.id, act_key(case, reader, key)


async def _append(
    care: Care,
    session: AsyncSession,
    case: Complaint,
    kind: str,
    reader: StaffView,
    data: dict[str, Any],
    key: str,
) -> None:
    await complaint_log.append(
        session, case, kind, actor=reader.login, at=care.clock.now(), data=data, idempotency_key=key
    )


def _check_open(case: Complaint) -> None:
    if not is_open(case.state):
        raise Conflict(_SETTLED)
