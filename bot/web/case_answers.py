"""From what the services know of a case to the wire, masked by the reader's role."""

from __future__ import annotations

from decimal import Decimal

from bot.web import case_schemas as wire
from bot.web.desk_schemas import Person
from care.records.complaint import Complaint
from care.rules.complaint import is_open
from care.rules.complaint_terms import Remedy
from care.rules.field_access import seen
from care.rules.root_causes import root_cause_label
from care.rules.severity import Grade
from care.rules.times import format_amount
from care.rules.vocabulary import Cue, Role, Topic
from care.services.case_approvals import ApprovalView
from care.services.case_events import EventView, Trail
from care.services.case_links import Linked
from care.services.case_list import CaseItem
from care.services.case_sheet import CaseSheet, NextMove, ShownApproval
from care.services.case_wording import flag_label
from care.services.evidence import EvidenceView
from care.services.legal_clocks import LegalClockView
from care.services.staff import StaffView

_EXCERPT = 120
_SEVERITY = {
    "seriousness": "严重性",
    "safety": "安全",
    "complexity": "复杂度",
    "impact": "影响",
    "immediacy": "紧迫性",
}


def line(item: CaseItem, role: Role) -> wire.CaseLine:
    case = item.complaint
    customer = None
    if item.customer is not None:
        customer = wire.CaseCustomer(
            item.customer.public_id,
            seen("customer.name", role, item.customer.name),
            item.customer.tier,
            item.customer.tier.label,
        )
    return wire.CaseLine(
        id=case.id,
        case_number=case.case_number,
        state=case.state,
        state_label=case.state.label,
        grade=case.grade,
        grade_label=case.grade.label,
        level=case.level,
        level_label=case.level.label,
        category=case.category,
        category_label=case.category.label,
        topic_label=_topic(case.topic),
        channel=case.channel,
        channel_label=case.channel.label,
        customer=customer,
        owner=Person(item.owner.id, item.owner.name) if item.owner is not None else None,
        product=wire.CaseProduct(item.product.sku, item.product.name) if item.product is not None else None,
        order_number=case.order_number,
        words=_excerpt(case, role),
        amount=case.amount,
        opened_at=case.opened_at,
        received_at=case.received_at,
        closed_at=case.closed_at,
        due_at=item.due_at,
        is_overdue=item.is_overdue,
        reopen_count=case.reopen_count,
        open_approvals=item.open_approvals,
        version=case.state_version,
        is_open=is_open(case.state),
    )


def sheet(found: CaseSheet, reader: StaffView) -> wire.CaseSheet:
    case, role = found.item.complaint, reader.role
    number = case.case_number or str(case.id)
    return wire.CaseSheet(
        line=line(found.item, role),
        conversation=found.conversation,
        topic=case.topic,
        own_words=seen("complaint.own_words", role, case.own_words),
        complainant=seen("complaint.complainant", role, case.complainant),
        on_behalf_of=seen("complaint.complainant", role, case.on_behalf_of),
        occurred_at=case.occurred_at,
        place=case.place,
        batch=case.batch,
        product_said=_words(case.product_said, role),
        order_is_own=case.order_is_own,
        recurrent=case.recurrent,
        remedy_said=_words(case.remedy_said, role),
        requested=[Remedy.labels().get(one, one) for one in case.requested_remedies],
        expectation=_words(case.expectation_said, role),
        care_part_label=case.care_part.label,
        care_stage_label=case.care_stage.label,
        emotion_label=case.emotion.label,
        cues=[Cue.labels().get(one, one) for one in case.cues],
        legal_flags=[flag_label(one) for one in case.legal_flags],
        severity=[
            wire.SeverityPart(name, label, int(case.severity_parts.get(name, 0)))
            for name, label in _SEVERITY.items()
        ],
        findings=_words(case.findings, role),
        root_cause_1=case.root_cause_1,
        root_cause_1_label=root_cause_label(case.root_cause_1),
        root_cause_2=case.root_cause_2,
        root_cause_2_label=root_cause_label(case.root_cause_2),
        proposal=_words(case.proposal, role),
        refusals=case.refusals,
        outside_ways_told_at=case.external_recourse_told_at,
        close_kind_label=None if case.close_kind is None else case.close_kind.label,
        received_by=found.received_by,
        is_locked=case.locked_at is not None,
        clocks=[wire.CaseClock(c.kind, c.label, c.due_at, c.met_at, c.state) for c in found.clocks],
        legal_clocks=[_legal(one) for one in found.legal_clocks],
        promises=[
            wire.CasePromise(
                p.id,
                p.what,
                _words(p.what_label, role) or "",
                p.promised_by,
                p.made_at,
                p.due_at,
                p.kept_at,
                p.broken_at,
            )
            for p in found.promises
        ],
        money=_money(found, role),
        moves=[_move(one) for one in found.moves],
        may=wire.CaseMay(**{name: name in found.may for name in wire.CaseMay.__struct_fields__}),
        approvals=[approval(one, number, role) for one in found.approvals],
        links=[_link(one, role) for one in found.links],
        suggestions=[_link(one, role) for one in found.suggestions],
        evidence=[_picture(one) for one in found.evidence],
    )


def approval(shown: ShownApproval, number: str | None, role: Role) -> wire.Approval:
    view = shown.view
    return wire.Approval(
        id=view.id,
        case=number or view.case_number or str(view.complaint_id),
        what=view.what,
        what_label=view.what.label,
        asked_by=view.asked_by,
        reason=_words(view.reason, role) or "",
        lines=[_words(one, role) or "" for one in _lines(view)],
        asked_at=view.asked_at,
        decision=view.decision,
        decision_label=None if view.decision is None else view.decision.label,
        decided_by=view.decided_by,
        decided_at=view.decided_at,
        note=_words(view.note, role),
        may_decide=shown.may_decide,
    )


def events(own: Trail, merged: tuple[Trail, ...]) -> wire.CaseEvents:
    return wire.CaseEvents(
        case=own.case,
        is_sound=not own.faults,
        faults=list(own.faults),
        items=[_event(one) for one in own.events],
        merged=[wire.MergedTrail(one.case, [_event(e) for e in one.events]) for one in merged],
    )


def _event(view: EventView) -> wire.CaseEvent:
    return wire.CaseEvent(
        seq=view.seq,
        kind=view.kind,
        kind_label=view.label,
        actor=view.actor,
        actor_name=view.actor_name,
        at=view.at,
        from_state_label=view.from_state.label if view.from_state else None,
        to_state_label=view.to_state.label if view.to_state else None,
        lines=list(view.lines),
        data=view.data,
        hash=view.hash,
        is_sound=view.is_sound,
    )


def _money(found: CaseSheet, role: Role) -> wire.CaseMoney:
    parts = [part for part, _ in found.remedies]
    return wire.CaseMoney(
        disputed=found.item.complaint.amount,
        promised=sum((part.amount for part in parts), Decimal("0.00")),
        paid=found.paid,
        limit=found.limit,
        remedies=[
            wire.RemedyShown(
                part.id, part.kind, part.kind.label, part.amount, _words(part.note, role) or "", part.done_at, by,
                part.basis,
            )
            for part, by in found.remedies
        ],
    )  # fmt: skip


def _move(move: NextMove) -> wire.NextMove:
    possible = move.possible
    return wire.NextMove(
        to=possible.to,
        label=possible.to.label,
        needs=[wire.MoveNeed(n.field.value, n.label, n.is_required) for n in possible.needs],
        blocked=possible.blocked,
        approval=move.approval,
    )


def _legal(view: LegalClockView) -> wire.LegalClock:
    if view.met_at is not None:
        state = "met"
    elif view.missed_at is not None:
        state = "missed"
    elif view.ended_at is not None:
        state = "ended"
    else:
        state = "running" if view.due_at is not None else "not_begun"
    detail = "；".join(one for one in (view.party.label, view.note) if one)
    return wire.LegalClock(view.kind.value, view.kind.label, view.due_at, view.basis, state, detail)


def _link(linked: Linked, role: Role) -> wire.CaseLink:
    case = linked.complaint
    return wire.CaseLink(
        case=case.case_number or str(case.id),
        kind=linked.kind,
        label=linked.label,
        state=case.state,
        state_label=case.state.label,
        grade=case.grade,
        category_label=case.category.label,
        opened_at=case.received_at or case.opened_at,
        words=_excerpt(case, role),
        reason=_words(linked.reason, role) or "",
    )


def _picture(view: EvidenceView) -> wire.CaseEvidence:
    return wire.CaseEvidence(
        id=view.public_id,
        name=view.name,
        url=f"/api/evidence/{view.public_id}",
        kind=view.kind,
        size=view.bytes,
        by=view.by.value,
        at=view.at,
    )


def _lines(view: ApprovalView) -> list[str]:
    """What would be done, for the one who decides."""
    payload = view.payload
    lines = []
    if "to" in payload:
        before = Grade(payload["from"]).label if "from" in payload else ""
        lines.append(f"{before}降为{Grade(payload['to']).label}")
    if "into_number" in payload:
        lines.append(f"并入 {payload['into_number']}")
    if "proposal" in payload:
        lines.append(f"方案：{payload['proposal']}")
    for part in payload.get("remedies", ()):
        note = f"（{part['note']}）" if part["note"] else ""
        lines.append(f"{Remedy(part['kind']).label} {format_amount(Decimal(part['amount']))}{note}")
    if view.total is not None:
        lines.append(f"本件合计 {format_amount(view.total)}")
    return lines


def _topic(topic: str) -> str:
    return Topic.labels().get(topic, topic)


def _excerpt(case: Complaint, role: Role) -> str | None:
    words: str | None = seen("complaint.own_words", role, case.own_words)
    if words is None:
        return None
    flat = " ".join(words.split())
    return flat if len(flat) <= _EXCERPT else f"{flat[:_EXCERPT]}…"


def _words(text: str | None, role: Role) -> str | None:
    """People's own wording anywhere on a case, masked as a message is."""
    shown: str | None = seen("message.text", role, text)
    return shown
