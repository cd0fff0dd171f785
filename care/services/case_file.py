"""What a case's document says, as plain blocks: the same for every format, masked for its reader."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint, ComplaintEvent
from care.records.conversation import Message
from care.records.customer import Customer
from care.records.interaction import CareInteraction, Promise
from care.records.order import Product
from care.records.staff import Staff
from care.rules.complaint import ComplaintState, Level, Remedy
from care.rules.errors import Conflict, NotFound
from care.rules.event_terms import event_label
from care.rules.field_access import seen
from care.rules.severity import Grade
from care.rules.times import format_amount, to_shanghai
from care.rules.vocabulary import Cue, Role, Speaker, Topic
from care.services import complaint_log, evidence, transcript
from care.services.case_wording import EVENT_FIELDS, flag_label
from care.services.evidence import EvidenceView
from care.services.promises import What

_MOST_LINES = 3_000
_NOTHING = "—"


@dataclass(frozen=True)
class Block:
    """A titled part: a table (rows of `head`'s length; without a head the first cell is a name), or words alone.

    `notes` stand under it.
    """

    title: str
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    words: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CaseFile:
    """`customers` are those whose data stand in it; `pictures` follow the last block in the order of its rows."""

    case_number: str
    customers: frozenset[int]
    blocks: tuple[Block, ...]
    pictures: tuple[EvidenceView, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over every word of every block, so over the digests of the pictures too."""
        content = [self.case_number, [asdict(block) for block in self.blocks]]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


async def read(session: AsyncSession, complaint_id: int, role: Role) -> CaseFile:
    """Everything about a received case, as `role` may see it.

    Raises:
        NotFound: no such complaint, or it was never received.
        Conflict: its customer was deleted; it is kept for the authorities only.
    """
    case = await session.get(Complaint, complaint_id)
    if case is None or case.case_number is None:
        raise NotFound("没有找到这件投诉。")
    if case.locked_at is not None:
        raise Conflict("客户已要求删除个人信息，这件投诉已封存，不能导出。")
    customer = await session.get(Customer, case.customer_id) if case.customer_id else None
    pictures = await evidence.of_complaint(session, case.id)
    lines = await _lines(session, case)
    blocks = (
        await _facts(session, case, customer, role),
        Block("客户原话", words=seen("complaint.own_words", role, case.own_words) or _NOTHING),
        await _transcript(session, lines, role),
        await _trail(session, case, role),
        await _promises(session, case),
        _remedies(case, role),
        _pictures(pictures, role),
    )
    return CaseFile(
        case.case_number,
        frozenset({case.customer_id} if case.customer_id is not None else ()),
        blocks,
        tuple(pictures),
    )


async def _facts(session: AsyncSession, case: Complaint, customer: Customer | None, role: Role) -> Block:
    owner = await session.get(Staff, case.owner_id) if case.owner_id else None
    product = await session.get(Product, case.product_id) if case.product_id else None
    name = seen("customer.name", role, customer.name) if customer else None
    phone = seen("customer.phone", role, customer.phone) if customer else None
    rows = {
        "投诉编号": case.case_number,
        "状态": case.state.label,
        "类别": case.category.label,
        "主题": _label(Topic, case.topic),
        "严重程度": f"{case.grade.value} {case.grade.label}",
        "处理层级": f"{case.level.value} {case.level.label}",
        "处理人": owner.name if owner else None,
        "渠道": case.channel.label,
        "受理时间": moment(case.received_at),
        "发生时间": moment(case.occurred_at),
        "客户": " ".join(one for one in (name, phone) if one),
        "投诉人": seen("complaint.complainant", role, case.complainant),
        "代何人投诉": seen("complaint.complainant", role, case.on_behalf_of),
        "订单": case.order_number,
        "商品": product.name if product else _words(role, case.product_said),
        "涉及金额": format_amount(case.amount) if case.amount is not None else None,
        "客户要求": _words(role, case.remedy_said)
        or "、".join(_label(Remedy, one) for one in case.requested_remedies),
        "客户期望": _words(role, case.expectation_said),
        "严重线索": "、".join(_label(Cue, one) for one in case.cues),
        "法律标记": "、".join(flag_label(one) for one in case.legal_flags),
        "情绪": case.emotion.label,
        "再次投诉": "是" if case.recurrent else "否",
        "应告知受理": moment(case.acknowledge_due_at),
        "已告知受理": moment(case.acknowledged_at),
        "应解决": moment(case.solve_due_at),
        "结束时间": moment(case.closed_at),
        "结束方式": case.close_kind.label if case.close_kind else None,
        "重开次数": str(case.reopen_count),
    }
    return Block("基本情况", rows=_filled(rows))


async def _lines(session: AsyncSession, case: Complaint) -> list[Message]:
    """The conversation of the case, without what another customer of the same browser said in it."""
    if case.conversation_id is None:
        return []
    rows = await session.scalars(
        select(Message)
        .where(Message.conversation_id == case.conversation_id, Message.seq.is_not(None))
        .order_by(Message.seq)
        .limit(_MOST_LINES)
    )
    lines = list(rows)
    if case.customer_id is None:
        return lines
    others = await session.execute(
        select(CareInteraction.started_at, CareInteraction.ended_at).where(
            CareInteraction.conversation_id == case.conversation_id,
            CareInteraction.customer_id.is_not(None),
            CareInteraction.customer_id != case.customer_id,
        )
    )
    spans = [(row.started_at, row.ended_at) for row in others]
    return [
        line
        for line in lines
        if not any(since <= line.at and (until is None or line.at <= until) for since, until in spans)
    ]


async def _transcript(session: AsyncSession, lines: Sequence[Message], role: Role) -> Block:
    shown = await transcript.views(session, lines)
    rows = tuple(
        (
            moment(line.at) or "",
            f"{line.speaker.label} {line.agent_name}"
            if line.speaker is Speaker.AGENT and line.agent_name
            else line.speaker.label,
            seen("message.text", role, line.text) or "",
        )
        for line in shown
    )
    notes = () if rows else ("没有对话记录。",)
    return Block("对话记录", ("时间", "发言人", "内容"), rows, notes=notes)


async def _trail(session: AsyncSession, case: Complaint, role: Role) -> Block:
    found = await session.scalars(
        select(ComplaintEvent)
        .where(ComplaintEvent.complaint_id == case.id)
        .order_by(ComplaintEvent.seq, ComplaintEvent.id)
    )
    events = list(found)
    faults = list(complaint_log.faults_of(case, events))
    rows = tuple(
        (
            str(event.seq),
            moment(event.at) or "",
            event_label(event.kind),
            _actor(event.actor),
            _told(event, role),
            event.hash[:12],
        )
        for event in events
    )
    notes = (
        (f"校验结果：记录完整，共 {len(events)} 条，末条校验值 {events[-1].hash if events else _NOTHING}",)
        if not faults
        else (
            "校验结果：记录有问题",
            *(f"第 {one.seq or '?'} 条：{one.fault.label}（{one.detail}）" for one in faults),
        )
    )
    return Block("处理经过", ("序号", "时间", "事项", "操作人", "内容", "校验值"), rows, notes=notes)


async def _promises(session: AsyncSession, case: Complaint) -> Block:
    found = await session.scalars(
        select(Promise).where(Promise.complaint_id == case.id).order_by(Promise.due_at, Promise.id)
    )
    rows = tuple(
        (
            _label(What, one.what),
            _actor(one.promised_by),
            moment(one.made_at) or "",
            moment(one.due_at) or "",
            f"已兑现 {moment(one.kept_at)}"
            if one.kept_at and not one.broken_at
            else f"未兑现 {moment(one.broken_at)}"
            if one.broken_at
            else "未到期",
        )
        for one in found
    )
    return Block(
        "承诺", ("内容", "承诺人", "作出时间", "期限", "结果"), rows, notes=_none(rows, "没有承诺。")
    )


def _remedies(case: Complaint, role: Role) -> Block:
    rows = {
        "调查结论": _words(role, case.findings),
        "原因": " / ".join(one for one in (case.root_cause_1, case.root_cause_2) if one),
        "处理方案": _words(role, case.proposal),
        "补救方式": case.remedy.label if case.remedy else None,
        "补救完成": moment(case.remedy_done_at),
        "客户未接受次数": str(case.refusals) if case.refusals else None,
        "已告知外部途径": moment(case.external_recourse_told_at),
    }
    filled = _filled(rows)
    return Block("调查与补救", rows=filled, notes=_none(filled, "还没有处理结果。"))


def _pictures(pictures: Sequence[EvidenceView], role: Role) -> Block:
    rows = tuple(
        (
            str(number),
            seen("evidence.name", role, one.name) or "",
            f"{one.kind} {one.width}×{one.height}",
            f"{max(1, round(one.bytes / 1024)):,} KB",
            one.by.label,
            moment(one.at) or "",
            one.sha256,
        )
        for number, one in enumerate(pictures, 1)
    )
    head = ("序号", "名称", "格式", "大小", "提供人", "时间", "SHA-256")
    return Block("证据清单", head, rows, notes=_none(rows, "没有图片证据。"))


def moment(at: datetime | None) -> str | None:
    return None if at is None else f"{to_shanghai(at):%Y-%m-%d %H:%M:%S}"


def _told(event: ComplaintEvent, role: Role) -> str:
    """What an event changed, in words; only fields that have a name here are shown."""
    parts = []
    if event.from_state and event.to_state:
        parts.append(f"{_label(ComplaintState, event.from_state)} → {_label(ComplaintState, event.to_state)}")
    elif event.to_state:
        parts.append(_label(ComplaintState, event.to_state))
    for field, name in EVENT_FIELDS.items():
        value = event.data.get(field)
        if value not in (None, "", [], {}):
            parts.append(f"{name}：{_value(field, value, role)}")
    return "；".join(parts) or _NOTHING


def _value(field: str, value: Any, role: Role) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(_value(field, one, role) for one in value)
    text = str(value)
    for labels in (Grade, Remedy, Level, Cue, Topic):
        if text in labels.labels():
            return labels.labels()[text]
    if field.endswith(("_at", "_due")):
        try:
            return moment(datetime.fromisoformat(text)) or text
        except ValueError:
            return text
    return seen("message.text", role, text) or ""


def _actor(actor: str) -> str:
    known = {"bot": "智能客服", "customer": "客户", "clockwork": "系统", "system": "系统"}
    return known.get(actor, actor.removeprefix("staff:"))


def _words(role: Role, text: str | None) -> str | None:
    found: str | None = seen("message.text", role, text)
    return found


def _label(labels: Any, value: str) -> str:
    found: str = labels.labels().get(value, value)
    return found


def _filled(rows: dict[str, str | None]) -> tuple[tuple[str, ...], ...]:
    return tuple((name, value) for name, value in rows.items() if value)


def _none(rows: Iterable[Any], words: str) -> tuple[str, ...]:
    return () if list(rows) else (words,)
