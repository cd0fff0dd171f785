"""A case's trail of events in words, with the check of its hashes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint, ComplaintEvent
from care.rules.approval_terms import ApprovalWhat, Decision
from care.rules.complaint import CloseKind, ComplaintState, Level, Remedy
from care.rules.event_terms import event_label
from care.rules.field_access import seen
from care.rules.root_causes import RootCause, RootCauseDetail
from care.rules.severity import Grade
from care.rules.vocabulary import Cue, Role, Topic
from care.services import complaint_log
from care.services.case_wording import EVENT_FIELDS, NOTHING, Block, actor_name, label_in, moment

#: What an event's value may be a code of.
_CODES = (Grade, Remedy, Level, Cue, Topic, CloseKind, RootCause, RootCauseDetail, ApprovalWhat, Decision)


async def trail(session: AsyncSession, case: Complaint, role: Role) -> Block:
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
            actor_name(event.actor),
            told(event, role),
            event.hash[:12],
        )
        for event in events
    )
    notes = (
        (f"校验结果：记录完整，共 {len(events)} 条，末条校验值 {events[-1].hash if events else NOTHING}",)
        if not faults
        else (
            "校验结果：记录有问题",
            *(f"第 {one.seq or '?'} 条：{one.fault.label}（{one.detail}）" for one in faults),
        )
    )
    return Block("处理经过", ("序号", "时间", "事项", "操作人", "内容", "校验值"), rows, notes=notes)


def told(event: ComplaintEvent, role: Role) -> str:
    """What an event changed, in words; only fields that have a name here are shown."""
    parts = []
    if event.from_state and event.to_state:
        parts.append(
            f"{label_in(ComplaintState, event.from_state)} → {label_in(ComplaintState, event.to_state)}"
        )
    elif event.to_state:
        parts.append(label_in(ComplaintState, event.to_state))
    for field, name in EVENT_FIELDS.items():
        value = event.data.get(field)
        if value not in (None, "", [], {}):
            parts.append(f"{name}：{_value(field, value, role)}")
    return "；".join(parts) or NOTHING


def _value(field: str, value: Any, role: Role) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(_value(field, one, role) for one in value)
    text = str(value)
    for labels in _CODES:
        if text in labels.labels():
            return labels.labels()[text]
    if field.endswith(("_at", "_due")):
        try:
            return moment(datetime.fromisoformat(text)) or text
        except ValueError:
            return text
    return seen("message.text", role, text) or ""
