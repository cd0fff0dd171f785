"""What a case's document says, as plain blocks: the same for every format, masked for its reader."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.case_work import CaseRemedy
from care.records.complaint import Complaint
from care.records.conversation import Message
from care.records.customer import Customer
from care.records.interaction import CareInteraction, Promise
from care.records.order import Product
from care.records.staff import Staff
from care.rules.complaint import Remedy
from care.rules.errors import Conflict, NotFound
from care.rules.field_access import seen
from care.rules.root_causes import root_cause_label
from care.rules.times import format_amount
from care.rules.vocabulary import Cue, Role, Speaker, Topic
from care.services import evidence, transcript
from care.services.case_trail import trail
from care.services.case_wording import NOTHING, Block, actor_name, flag_label, label_in, moment
from care.services.evidence import EvidenceView
from care.services.promises import What

_MOST_LINES = 3_000


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
        Block("客户原话", words=seen("complaint.own_words", role, case.own_words) or NOTHING),
        await _transcript(session, lines, role),
        await trail(session, case, role),
        await _promises(session, case),
        await _remedies(session, case, role),
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
        "主题": label_in(Topic, case.topic),
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
        or "、".join(label_in(Remedy, one) for one in case.requested_remedies),
        "客户期望": _words(role, case.expectation_said),
        "严重线索": "、".join(label_in(Cue, one) for one in case.cues),
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


async def _promises(session: AsyncSession, case: Complaint) -> Block:
    found = await session.scalars(
        select(Promise).where(Promise.complaint_id == case.id).order_by(Promise.due_at, Promise.id)
    )
    rows = tuple(
        (
            label_in(What, one.what),
            actor_name(one.promised_by),
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


async def _remedies(session: AsyncSession, case: Complaint, role: Role) -> Block:
    found = await session.scalars(
        select(CaseRemedy)
        .where(CaseRemedy.complaint_id == case.id, CaseRemedy.dropped_at.is_(None))
        .order_by(CaseRemedy.id)
    )
    parts = {
        f"补救 {number}": "，".join(
            one
            for one in (
                part.kind.label,
                format_amount(part.amount) if part.amount else "",
                _words(role, part.note) or "",
                f"{actor_name(part.proposed_by)} 于 {moment(part.proposed_at)} 提出",
                f"{moment(part.done_at)} 完成" if part.done_at else "未完成",
            )
            if one
        )
        for number, part in enumerate(found, 1)
    }
    rows = {
        "调查结论": _words(role, case.findings),
        "原因": " / ".join(
            root_cause_label(one) or "" for one in (case.root_cause_1, case.root_cause_2) if one
        ),
        "处理方案": _words(role, case.proposal),
        "补救方式": case.remedy.label if case.remedy else None,
        **parts,
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


def _words(role: Role, text: str | None) -> str | None:
    found: str | None = seen("message.text", role, text)
    return found


def _filled(rows: dict[str, str | None]) -> tuple[tuple[str, ...], ...]:
    return tuple((name, value) for name, value in rows.items() if value)


def _none(rows: Iterable[Any], words: str) -> tuple[str, ...]:
    return () if list(rows) else (words,)
