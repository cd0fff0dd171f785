"""The life cycle of a complaint: states, what may follow what, and what must be true for it (care.md §3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from care.rules.classification import care_part_of_topic, care_stage_of_topic, category_of_topic
from care.rules.complaint_terms import CloseKind, ComplaintCategory, ComplaintState, Level, Remedy
from care.rules.errors import IllegalMove

__all__ = [
    "FINAL_STATES",
    "LEGAL_MOVES",
    "SIDE_STATES",
    "CloseKind",
    "ComplaintCategory",
    "ComplaintState",
    "Level",
    "MoveFacts",
    "Remedy",
    "care_part_of_topic",
    "care_stage_of_topic",
    "category_of_topic",
    "check_move",
    "close_kind",
    "is_open",
    "next_level",
    "next_states",
    "pauses_internal_clock",
    "was_reminded_enough",
]

S = ComplaintState

#: Beside the main line a case may leave it from any open state, with a second person's agreement.
SIDE_STATES: frozenset[ComplaintState] = frozenset({S.WITHDRAWN, S.RECLASSIFIED, S.MERGED})
FINAL_STATES: frozenset[ComplaintState] = SIDE_STATES | {S.CLOSED, S.UNRESOLVED}

_MAIN_MOVES: dict[ComplaintState, frozenset[ComplaintState]] = {
    S.DRAFT: frozenset({S.RECEIVED}),
    S.RECEIVED: frozenset({S.ACKNOWLEDGED}),
    S.ACKNOWLEDGED: frozenset({S.ASSESSED}),
    S.ASSESSED: frozenset({S.INVESTIGATING}),
    S.INVESTIGATING: frozenset({S.WAITING_CUSTOMER, S.PROPOSED}),
    S.WAITING_CUSTOMER: frozenset({S.INVESTIGATING}),
    S.PROPOSED: frozenset({S.EXECUTING, S.INVESTIGATING, S.UNRESOLVED}),
    S.EXECUTING: frozenset({S.CLOSED}),
    S.CLOSED: frozenset({S.REOPENED}),
    S.UNRESOLVED: frozenset({S.REOPENED}),
    S.REOPENED: frozenset({S.ASSESSED}),
    S.WITHDRAWN: frozenset(),
    S.RECLASSIFIED: frozenset(),
    S.MERGED: frozenset(),
}

#: State → every state that may follow it.
LEGAL_MOVES: Mapping[ComplaintState, frozenset[ComplaintState]] = MappingProxyType(
    {state: to if state in FINAL_STATES else to | SIDE_STATES for state, to in _MAIN_MOVES.items()}
)

DRAFT_SILENCE = timedelta(minutes=30)
REMINDERS_TO_CLOSE = 3
REMINDER_WINDOW = timedelta(days=7)
REOPEN_WITHIN = timedelta(days=30)
REFUSALS_TO_END = 2


@dataclass(frozen=True)
class MoveFacts:
    """What is true at the moment of a move. A caller fills in only what its move asks for.

    Attributes:
        now: the moment of the move, aware.
        actor: who makes it (staff login, ``bot``, ``customer``, ``system``).
        second_person: who agreed, for withdrawing, reclassifying and merging.
        reason: why, for withdrawing and reclassifying.
        customer_yes: the customer confirmed the restatement, accepted the proposal, is content
            with the remedy, or takes back an unconfirmed draft.
        is_clear: the draft says plainly what is complained of.
        silent_since: the customer's last word, aware.
        proposal: what is proposed to the customer.
        refusals: refused proposals, the present one included.
        level, level_to: level of the case before and after the move.
        outside_ways_told: the customer was told of mediation, 12315, arbitration and court.
        remedy_done: the remedy has been carried out, every part of it.
        root_cause_known: both levels of the root cause are written down.
        reminders: moments of the reminders sent for the customer's answer, aware.
        ended_at: when the case became closed or unresolved, aware.
        merged_into, case: numbers (or ids) of the surviving case and of this one.
    """

    now: datetime
    actor: str
    second_person: str | None = None
    reason: str = ""
    customer_yes: bool = False
    is_clear: bool = False
    silent_since: datetime | None = None
    proposal: str = ""
    refusals: int = 0
    level: Level = Level.L1
    level_to: Level = Level.L1
    outside_ways_told: bool = False
    remedy_done: bool = False
    root_cause_known: bool = False
    reminders: tuple[datetime, ...] = field(default=())
    ended_at: datetime | None = None
    case: str | None = None
    merged_into: str | None = None


def next_states(state: ComplaintState) -> tuple[ComplaintState, ...]:
    """The states that may follow, in the order of the life cycle."""
    return tuple(to for to in ComplaintState if to in LEGAL_MOVES[state])


def is_open(state: ComplaintState) -> bool:
    """Whether somebody still owes the customer something."""
    return state not in FINAL_STATES


def pauses_internal_clock(state: ComplaintState) -> bool:
    """待补充 stops our own clock; a legal clock never stops."""
    return state is S.WAITING_CUSTOMER


def next_level(level: Level) -> Level:
    """One level higher; the highest stays."""
    levels = tuple(Level)
    return levels[min(levels.index(level) + 1, len(levels) - 1)]


def check_move(state: ComplaintState, to: ComplaintState, facts: MoveFacts) -> None:
    """Lets a legal move with its conditions met pass (care.md §3, rules 1–5).

    Raises:
        IllegalMove: `to` cannot follow `state`, or a condition is not met; the text says which.
    """
    if to not in LEGAL_MOVES[state]:
        raise IllegalMove(f"投诉现在是“{state.label}”，不能变为“{to.label}”。")
    if to in SIDE_STATES:
        _check_side_move(state, to, facts)
    elif guard := _GUARDS.get((state, to)):
        guard(facts)


def close_kind(facts: MoveFacts) -> CloseKind:
    """How a case closed with these facts is counted: with the customer's yes, or after silence."""
    return CloseKind.CONFIRMED if facts.customer_yes else CloseKind.SILENT


def was_reminded_enough(
    reminders: Iterable[datetime], *, now: datetime, silent_since: datetime | None = None
) -> bool:
    """Whether three reminders went out within 7 days and those 7 days have passed without an answer.

    Reminders before the customer's last word (`silent_since`) do not count: that word answered them.
    """
    sent = sorted(at for at in reminders if at <= now and (silent_since is None or at > silent_since))
    return any(
        sent[i + REMINDERS_TO_CLOSE - 1] - sent[i] <= REMINDER_WINDOW and now - sent[i] >= REMINDER_WINDOW
        for i in range(len(sent) - REMINDERS_TO_CLOSE + 1)
    )


def _check_side_move(state: ComplaintState, to: ComplaintState, facts: MoveFacts) -> None:
    if to is S.MERGED and (not facts.merged_into or facts.merged_into == facts.case):
        raise IllegalMove("合并须指明另一个投诉。")
    if to is not S.MERGED and not facts.reason.strip():
        raise IllegalMove(f"“{to.label}”须写明理由。")
    if state is S.DRAFT and to is S.WITHDRAWN and facts.customer_yes:
        return  # Nothing has been received yet: the customer alone may let a draft go.
    if not facts.second_person or facts.second_person == facts.actor:
        raise IllegalMove(f"“{to.label}”须由另一人复核同意。")


def _may_receive(facts: MoveFacts) -> None:
    silent = facts.silent_since is not None and facts.now - facts.silent_since >= DRAFT_SILENCE
    if not facts.customer_yes and not (facts.is_clear and silent):
        raise IllegalMove("客户尚未确认投诉内容。")


def _may_propose(facts: MoveFacts) -> None:
    if not facts.proposal.strip():
        raise IllegalMove("请先写明处理方案。")


def _may_execute(facts: MoveFacts) -> None:
    if not facts.customer_yes:
        raise IllegalMove("客户尚未接受方案。")


def _may_try_again(facts: MoveFacts) -> None:
    if facts.refusals < 1:
        raise IllegalMove("客户没有拒绝方案，不能退回调查。")
    if facts.refusals >= REFUSALS_TO_END:
        raise IllegalMove("客户已两次拒绝方案，应告知外部途径并记为“未接受”。")
    if facts.level_to is not next_level(facts.level):
        raise IllegalMove(f"方案被拒后须升级到{next_level(facts.level).label}处理。")


def _may_end_unresolved(facts: MoveFacts) -> None:
    if facts.refusals < REFUSALS_TO_END:
        raise IllegalMove("客户两次拒绝方案后才能记为“未接受”。")
    if not facts.outside_ways_told:
        raise IllegalMove("须先告知客户外部途径（调解、12315、仲裁、诉讼）。")


def _may_close(facts: MoveFacts) -> None:
    if not facts.remedy_done:
        raise IllegalMove("补救措施尚未完成，不能终止。")
    if not facts.customer_yes and not was_reminded_enough(
        facts.reminders, now=facts.now, silent_since=facts.silent_since
    ):
        raise IllegalMove("客户尚未确认；未确认时须在 7 天内提醒 3 次仍无回复才能终止。")
    if not facts.root_cause_known:
        raise IllegalMove("请先填写两级根因，再终止投诉。")


def _may_reopen(facts: MoveFacts) -> None:
    if facts.ended_at is None or facts.now - facts.ended_at > REOPEN_WITHIN:
        raise IllegalMove("终止已超过 30 天，请新建投诉。")


_GUARDS: Mapping[tuple[ComplaintState, ComplaintState], Callable[[MoveFacts], None]] = MappingProxyType(
    {
        (S.DRAFT, S.RECEIVED): _may_receive,
        (S.INVESTIGATING, S.PROPOSED): _may_propose,
        (S.PROPOSED, S.EXECUTING): _may_execute,
        (S.PROPOSED, S.INVESTIGATING): _may_try_again,
        (S.PROPOSED, S.UNRESOLVED): _may_end_unresolved,
        (S.EXECUTING, S.CLOSED): _may_close,
        (S.CLOSED, S.REOPENED): _may_reopen,
        (S.UNRESOLVED, S.REOPENED): _may_reopen,
    }
)
