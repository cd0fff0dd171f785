"""What a person fills in for each move of a complaint, and whether the move is possible now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from care.rules.complaint import SIDE_STATES, ComplaintState, MoveFacts, check_move, next_states
from care.rules.errors import IllegalMove
from care.rules.labelled import Labelled

S = ComplaintState


class MoveField(Labelled):
    REASON = "reason", "理由"
    FINDINGS = "findings", "调查结论"
    ROOT_CAUSE_1 = "root_cause_1", "一级根因"
    ROOT_CAUSE_2 = "root_cause_2", "二级根因"
    PROPOSAL = "proposal", "处理方案"
    REMEDIES = "remedies", "补救措施与金额"
    CUSTOMER_YES = "customer_yes", "客户已确认"
    YES_SAID = "yes_said", "客户如何表示"
    OUTSIDE_WAYS_TOLD = "outside_ways_told", "已告知外部途径"
    MERGED_INTO = "merged_into", "并入哪一件投诉"


F = MoveField


@dataclass(frozen=True)
class Needed:
    field: MoveField
    is_required: bool
    label: str


@dataclass(frozen=True)
class Possible:
    """One move; `blocked` says why it is not possible now, whatever is filled in."""

    to: ComplaintState
    needs: tuple[Needed, ...]
    blocked: str | None


def _must(field: MoveField, label: str | None = None) -> Needed:
    return Needed(field, True, label or field.label)


def _can(field: MoveField, label: str | None = None) -> Needed:
    return Needed(field, False, label or field.label)


_FIELDS: Mapping[tuple[ComplaintState, ComplaintState], tuple[Needed, ...]] = MappingProxyType(
    {
        (S.DRAFT, S.RECEIVED): (_must(F.CUSTOMER_YES), _must(F.YES_SAID)),
        (S.INVESTIGATING, S.WAITING_CUSTOMER): (_must(F.REASON, "请客户补充什么"),),
        (S.INVESTIGATING, S.PROPOSED): (
            _must(F.PROPOSAL),
            _must(F.REMEDIES),
            _can(F.FINDINGS),
            _can(F.ROOT_CAUSE_1),
            _can(F.ROOT_CAUSE_2),
        ),
        (S.PROPOSED, S.EXECUTING): (_must(F.CUSTOMER_YES), _must(F.YES_SAID)),
        (S.PROPOSED, S.INVESTIGATING): (_must(F.REASON, "客户为何不接受"),),
        (S.PROPOSED, S.UNRESOLVED): (_must(F.OUTSIDE_WAYS_TOLD), _can(F.REASON)),
        (S.EXECUTING, S.CLOSED): (
            _must(F.CUSTOMER_YES),
            _must(F.YES_SAID),
            _must(F.ROOT_CAUSE_1),
            _must(F.ROOT_CAUSE_2),
            _can(F.FINDINGS),
        ),
        (S.CLOSED, S.REOPENED): (_must(F.REASON, "为何重开"),),
        (S.UNRESOLVED, S.REOPENED): (_must(F.REASON, "为何重开"),),
    }
)


def fields_of(
    state: ComplaintState, to: ComplaintState, known: frozenset[MoveField] = frozenset()
) -> tuple[Needed, ...]:
    """What the move asks for; what the case knows already (`known`) is no longer required."""
    if to is S.MERGED:
        needs: tuple[Needed, ...] = (_must(F.MERGED_INTO), _must(F.REASON))
    elif to in SIDE_STATES:
        needs = (_must(F.REASON),)
    else:
        needs = _FIELDS.get((state, to), ())
    return tuple(replace(need, is_required=need.is_required and need.field not in known) for need in needs)


def possible_moves(
    state: ComplaintState, facts: MoveFacts, known: frozenset[MoveField] = frozenset()
) -> tuple[Possible, ...]:
    """Every legal move with what it needs.

    Args:
        facts: what is true of the case now; what a form can supply is taken as supplied.
        known: fields whose value the case has already.
    """
    filled = replace(
        facts,
        second_person="someone else",
        reason="r",
        customer_yes=True,
        proposal="p",
        outside_ways_told=True,
        root_cause_known=True,
        case=facts.case or "this",
        merged_into="other",
    )
    found = []
    for to in next_states(state):
        if state is S.DRAFT and to is S.MERGED:
            continue  # A draft has no number that another could take over.
        blocked = None
        try:
            check_move(state, to, filled)
        except IllegalMove as refusal:
            blocked = refusal.message
        found.append(Possible(to, fields_of(state, to, known), blocked))
    return tuple(found)
