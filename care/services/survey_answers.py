"""What a visitor is asked now, and what they answer. Only the browser of that conversation may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.records.interaction import CareInteraction, Feedback
from care.records.staff import Staff
from care.rules.cues import find_cues, find_emotion
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.masking import mask_cards
from care.rules.notice_terms import NoticeKind
from care.rules.reason_words import topic_of_reason
from care.rules.survey import (
    FACES,
    MAX_REASON,
    SCALES,
    Asked,
    Question,
    SurveyKind,
    SurveyState,
    fits,
    is_low,
)
from care.rules.text import tidy
from care.rules.vocabulary import Role
from care.services import notices
from care.services.context import Care
from care.services.survey_sweep import customer_of

_COLUMN = {
    Question.CSAT: "csat",
    Question.CES: "ces",
    Question.NPS: "nps",
    Question.PERCEPTION: "perception_p",
    Question.REASON: "reason_text",
}
_OPEN = (SurveyState.INVITED, SurveyState.ANSWERED)


class NoSurvey(NotFound):
    code, default = "no_survey", "现在没有需要您评价的服务。"


class SurveyClosed(Conflict):
    code, default = "survey_closed", "这次评价已经结束，不能再修改。感谢您的支持。"


class WrongAnswer(InvalidInput):
    code, default = "wrong_answer", "评价内容有误，请重新选择。"


@dataclass(frozen=True)
class SurveyQuestion:
    """One question in words. `key` names it in the answers; a free text has no scale."""

    key: str
    text: str
    low: int | None
    high: int | None
    labels: tuple[str, ...]


@dataclass(frozen=True)
class SurveyView:
    """A survey as its visitor sees it. `agent_name` is of the one fixed at invitation; none: the assistant."""

    id: str
    kind: SurveyKind
    state: SurveyState
    is_open: bool
    questions: tuple[SurveyQuestion, ...]
    answers: Mapping[str, int | str]
    agent_name: str | None
    closes_at: datetime | None


async def pending(care: Care, conversation_id: int) -> SurveyView | None:
    """What the visitor of this conversation is asked now: of an ended complaint first, else the newest."""
    async with care.sessions.read() as session:
        row = await _pending(session, await session.get(Conversation, conversation_id), care.clock.now())
        return None if row is None else await _view(session, row)


async def answer(
    care: Care, conversation_id: int, answers: Mapping[str, Any], *, survey_id: str | None = None
) -> SurveyView:
    """Keeps what was answered, part by part; the same again changes nothing.

    Args:
        answers: by key of a question asked; ``skip`` true leaves out what is left, ``done`` true ends it.
        survey_id: which one; none: the pending one.

    Raises:
        NoSurvey: there is none, or it is another visitor's.
        SurveyClosed: it has ended, and the answers are not those that were given.
        WrongAnswer: a value or a question that was not asked; nothing is changed then.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await session.get(Conversation, conversation_id)
        row = (
            await _pending(session, conversation, now)
            if survey_id is None
            else await _named(session, conversation, survey_id)
        )
        if row is None:
            raise NoSurvey()
        await session.refresh(row, with_for_update=True)
        given, is_skipped, is_done = _read(row, answers)
        before = _given(row)
        if not _is_open(row, now):
            if all(before.get(key) == value for key, value in given.items()) and row.finished_at is not None:
                return await _view(session, row)
            raise SurveyClosed()
        was_low = is_low(row.csat)
        _keep(row, given)
        if _given(row):
            row.state, row.answered_at = SurveyState.ANSWERED, row.answered_at or now
        elif is_skipped:
            row.state = SurveyState.SKIPPED
        if is_skipped or is_done or set(_given(row)) >= set(row.questions or ()):
            row.finished_at = now
        if is_low(row.csat) and not was_low:
            await _tell(session, care, row, conversation)
        return await _view(session, row)


def _read(row: Feedback, answers: Mapping[str, Any]) -> tuple[dict[str, int | str], bool, bool]:
    given = dict(answers)
    marks = [given.pop(name, False) for name in ("skip", "done")]
    wrong: dict[str, str] = {}
    for key, value in given.items():
        if key not in (row.questions or ()):
            wrong[str(key)[:40]] = "没有这个问题。"
            continue
        question = Asked.read(key).question
        if not fits(question, value):
            wrong[key] = (
                f"请不要超过 {MAX_REASON} 字。"
                if question is Question.REASON
                else "请选择 {}–{} 之间的分数。".format(*SCALES[question])
            )
        elif question is Question.REASON:
            given[key] = mask_cards(tidy(value, keep_lines=True))[:MAX_REASON]
    if not all(isinstance(mark, bool) for mark in marks):
        wrong["skip"] = "格式不对。"
    if wrong or not (given or any(marks)):
        raise WrongAnswer(next(iter(wrong.values()), None), fields=wrong)
    return {key: value for key, value in given.items() if value != ""}, marks[0], marks[1]


def _keep(row: Feedback, given: Mapping[str, int | str]) -> None:
    for key, value in given.items():
        asked = Asked.read(key)
        if asked.question in _COLUMN:
            setattr(row, _COLUMN[asked.question], value)
        of = asked.dimension or (asked.question if asked.question is Question.CREDENCE else None)
        if of is not None:
            row.dimensions = {**(row.dimensions or {}), of.value: int(value)}
        if asked.question is Question.REASON:
            reason = str(value)
            cues, topic = find_cues(reason), topic_of_reason(reason)
            row.reason_cues = sorted(cue.value for cue in cues)
            row.reason_emotion = find_emotion(reason, cues)
            row.reason_topic = None if topic is None else topic.value


def _given(row: Feedback) -> dict[str, int | str]:
    """What has been answered, by key."""
    found: dict[str, int | str] = {}
    for key in row.questions or ():
        asked = Asked.read(key)
        if asked.question is Question.CREDENCE:
            value = (row.dimensions or {}).get(asked.question.value)
        else:
            value = getattr(row, _COLUMN[asked.question])
        if value is not None:
            found[key] = value
    return found


def _is_open(row: Feedback, now: datetime) -> bool:
    return (
        row.state in _OPEN and row.finished_at is None and row.closes_at is not None and now < row.closes_at
    )


async def _pending(
    session: AsyncSession, conversation: Conversation | None, now: datetime
) -> Feedback | None:
    if conversation is None or conversation.visitor_id is None:
        return None
    rows = await session.scalars(
        select(Feedback)
        .where(
            Feedback.visitor_id == conversation.visitor_id,
            Feedback.state.in_(_OPEN),
            Feedback.finished_at.is_(None),
            Feedback.closes_at > now,
        )
        .order_by(
            case((Feedback.kind == SurveyKind.CASE, 0), else_=1),
            Feedback.invited_at.desc(),
            Feedback.id.desc(),
        )
    )
    for row in rows:
        if await _is_same_person(session, conversation, row):
            return row
    return None


async def _named(session: AsyncSession, conversation: Conversation | None, survey_id: str) -> Feedback | None:
    if conversation is None or conversation.visitor_id is None:
        return None
    row: Feedback | None = await session.scalar(
        select(Feedback).where(
            Feedback.public_id == survey_id,
            Feedback.visitor_id == conversation.visitor_id,
            Feedback.invited_at.is_not(None),
        )
    )
    return row if row is not None and await _is_same_person(session, conversation, row) else None


async def _is_same_person(session: AsyncSession, conversation: Conversation, row: Feedback) -> bool:
    """One browser, two customers: the one does not answer for the other."""
    if conversation.customer_id is None:
        return True
    return await customer_of(session, row) in (None, conversation.customer_id)


async def _tell(session: AsyncSession, care: Care, row: Feedback, conversation: Conversation | None) -> None:
    """The leads hear of a bad score at once; what it means for the customer, win-back finds in the rows."""
    about = conversation.id if conversation is not None else None
    is_demo = conversation is not None and conversation.is_demo
    what = "投诉处理" if row.kind is SurveyKind.CASE else await _agent_name(session, row) or "智能客服"
    if row.interaction_id is not None:
        contact = await session.get(CareInteraction, row.interaction_id)
        about = contact.conversation_id if contact is not None else about
    elif row.complaint_id is not None:
        complaint = await session.get(Complaint, row.complaint_id)
        if complaint is not None:
            about, what = complaint.conversation_id, f"投诉 {complaint.case_number} 的处理"
    await notices.tell(
        session,
        care,
        staff_ids=await notices.people_of(session, (Role.LEAD,), is_demo=is_demo),
        kind=NoticeKind.LOW_SCORE,
        text=f"客户对{what}打了 {row.csat} 分（满分 5 分），请了解原因并回访。",
        key=f"low_score:{row.id}",
        complaint_id=row.complaint_id,
        conversation_id=about,
    )


async def _agent_name(session: AsyncSession, row: Feedback) -> str | None:
    if row.agent_id is None:
        return None
    name: str | None = await session.scalar(select(Staff.name).where(Staff.id == row.agent_id))
    return name


async def _view(session: AsyncSession, row: Feedback) -> SurveyView:
    return SurveyView(
        id=row.public_id or "",
        kind=row.kind,
        state=row.state,
        is_open=row.finished_at is None,
        questions=tuple(_question(Asked.read(key)) for key in row.questions or ()),
        answers=_given(row),
        agent_name=await _agent_name(session, row),
        closes_at=row.closes_at,
    )


def _question(asked: Asked) -> SurveyQuestion:
    text, least, most = asked.words
    low, high = SCALES.get(asked.question, (None, None))
    labels = FACES if asked.question is Question.CSAT else tuple(filter(None, (least, most)))
    return SurveyQuestion(str(asked), text, low, high, labels)
