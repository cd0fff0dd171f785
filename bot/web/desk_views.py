"""From the records' views to the desk's shapes, masked for who looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.web import desk_schemas as shapes
from care.rules.desk_terms import reason_label
from care.rules.field_access import seen
from care.rules.permissions import ROLE_PERMISSIONS, Permission, may
from care.rules.vocabulary import Owner, Role, Topic
from care.services.board import Entry
from care.services.desk_lines import Thread
from care.services.desk_notes import NoteView
from care.services.evidence import EvidenceView
from care.services.notices import NoticeView
from care.services.presence import Colleague
from care.services.transcript import MessageView

NOTE = "note"


def scope(entry: Entry, me: Colleague) -> str | None:
    """In which of this person's lists it stands: mine, waiting, bot, others; None: in none."""
    if entry.owner is Owner.HUMAN:
        if entry.agent_id == me.id:
            return "mine"
        return "others" if may(me.role, Permission.VIEW_ALL_CONVERSATIONS) else None
    if entry.owner is Owner.QUEUED:
        is_for_me = entry.skill is None or entry.skill in me.skills or may(me.role, Permission.REASSIGN)
        return "waiting" if is_for_me else None
    return "bot" if entry.owner is Owner.BOT else None


def item(entry: Entry, me: Colleague, now: datetime) -> shapes.Item:
    is_mine = entry.owner is Owner.HUMAN and entry.agent_id == me.id
    last = None
    if entry.last_at is not None and entry.last_speaker is not None:
        last = shapes.LastLine(
            text=words(entry.last_text or "", me.role)[:200],
            speaker=str(entry.last_speaker),
            at=entry.last_at,
        )
    agent = None
    if entry.owner is Owner.HUMAN and entry.agent_id is not None:
        agent = shapes.Person(entry.agent_id, entry.agent_name or "")
    is_queued = entry.owner is Owner.QUEUED
    return shapes.Item(
        conversation=entry.public_id,
        owner=entry.owner,
        agent=agent,
        mine=is_mine,
        customer=shapes.ItemCustomer(
            id=entry.customer_public_id,
            name=seen("customer.name", me.role, entry.customer_name),
            tier=entry.tier,
            tier_label=entry.tier.label if entry.tier else None,
            verified_by=entry.verified_by,
        ),
        last=last,
        unread=entry.unread if is_mine else 0,
        waiting_since=entry.waiting_since,
        position=entry.position if is_queued else None,
        reason=entry.reason,
        reason_label=reason_label(entry.reason) if entry.reason else None,
        grade=entry.grade,
        emotion=entry.emotion,
        topic=entry.topic,
        topic_label=entry.topic.label if entry.topic else None,
        due_at=entry.due_at,
        overdue=entry.due_at is not None and entry.due_at < now,
        snoozed_until=entry.snoozed_until,
        skill=entry.skill,
        channel=entry.channel,
        opened_at=entry.opened_at,
        seq=entry.seq,
    )


def lines(thread: Thread, role: Role) -> list[shapes.Line]:
    """Lines and notes in one list: by time, lines among themselves by number."""
    said = [line(one, role, thread.evidence) for one in thread.lines]
    result: list[shapes.Line] = []
    notes = [note_line(one, role) for one in thread.notes]
    for one in said:
        while notes and notes[0].at < one.at:
            result.append(notes.pop(0))
        result.append(one)
    return result + notes


def line(
    view: MessageView, role: Role, evidence: Mapping[int, Sequence[EvidenceView]] | None = None
) -> shapes.Line:
    return shapes.Line(
        id=view.public_id,
        seq=view.seq,
        speaker=str(view.speaker),
        agent=shapes.Person(view.agent_id, view.agent_name or "") if view.agent_id is not None else None,
        text=words(view.text, role),
        buttons=list(view.buttons or ()),
        card=words(view.card, role),
        at=view.at,
        understood=_understood(view.understood, role),
        evidence=[_picture(one) for one in (evidence or {}).get(view.message_id, ())],
    )


def note_line(view: NoteView, role: Role) -> shapes.Line:
    return shapes.Line(
        id=view.public_id,
        seq=None,
        speaker=NOTE,
        agent=shapes.Person(view.staff_id, view.staff_name or "") if view.staff_id is not None else None,
        text=words(view.text, role),
        buttons=[],
        card=None,
        at=view.at,
        understood=None,
        evidence=[],
    )


def me_shape(me: Colleague) -> shapes.Me:
    held = ROLE_PERMISSIONS[me.role]
    return shapes.Me(
        id=me.id,
        login=me.login,
        name=me.name,
        role=me.role,
        presence=me.presence,
        capacity=me.capacity,
        load=me.load,
        permissions=[permission for permission in Permission if permission in held],
    )


def colleague(one: Colleague) -> shapes.Colleague:
    return shapes.Colleague(
        id=one.id,
        name=one.name,
        role=one.role,
        presence=one.presence,
        load=one.load,
        capacity=one.capacity,
        skills=list(one.skills),
    )


def notice(view: NoticeView) -> shapes.Notice:
    return shapes.Notice(
        id=view.id,
        kind=view.kind.value,
        kind_label=view.kind.label,
        text=view.text,
        conversation=view.conversation,
        case_number=view.case_number,
        at=view.at,
        read=view.read_at is not None,
    )


def words(value: Any, role: Role) -> Any:
    """A customer's words, masked wherever they stand."""
    if isinstance(value, str):
        return seen("message.text", role, value)
    if isinstance(value, dict):
        return {key: words(one, role) for key, one in value.items()}
    return [words(one, role) for one in value] if isinstance(value, list) else value


def _understood(understood: dict[str, Any] | None, role: Role) -> shapes.Understood | None:
    if understood is None:
        return None
    topic, confidence = understood.get("topic"), understood.get("confidence")
    return shapes.Understood(
        topic=topic,
        topic_label=Topic.labels().get(topic) if isinstance(topic, str) else None,
        confidence=float(confidence) if isinstance(confidence, int | float) else None,
        emotion=understood.get("emotion"),
        cues=[str(cue) for cue in understood.get("cues") or ()],
        entities=words([one for one in understood.get("entities") or () if isinstance(one, dict)], role),
    )


def _picture(view: EvidenceView) -> shapes.Evidence:
    return shapes.Evidence(
        id=view.public_id,
        name=view.name,
        url=f"/api/evidence/{view.public_id}",
        kind=view.kind,
        size=view.bytes,
    )
