"""The bot's answer to a picture: where it was put, or what it is about.

Pictures do not go through the dialogue model: nothing in them can be understood by it, and a question that a form
has open stays open. They are answered in their turn among the customer's other lines.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Message
from care.records.evidence import Evidence
from care.rules.complaint import ComplaintState
from care.rules.vocabulary import Speaker
from care.services import evidence
from care.services.context import Care
from care.services.conversation_rows import locked
from care.services.turns import Reply, Turn

ADDED = "{which}已收到，已加到投诉 {number}，处理人员能看到。还有要补充的，可以继续发。"
WITH_DRAFT = "{which}已收到，会和您正在反映的问题一起登记。您可以接着说。"
ASK = "{which}已收到。请问是关于哪件事的？说一下情况（例如哪个订单、出了什么问题），我好一并处理。"
ASK_AGAIN = "{which}也收到了。请用文字说一下是关于什么事的，我好一并处理。"
WHICH_CASE = "{which}已收到。您有 {count} 件投诉正在处理，图片要加到哪一件？"
CASE_OVER = "这件投诉现在不能再加图片了。请用文字说一下情况，或点“转人工”。"

_TO_CASE = f"{evidence.PAYLOAD}:"
_SHOWN_CASES = 4
_HUMAN = {"title": "转人工", "payload": "/request_human"}
_TOPICS = [
    {"title": "我要投诉", "payload": "/complaint_other"},
    {"title": "查订单", "payload": "/order_status"},
    _HUMAN,
]


def is_about_picture(turn: Turn) -> bool:
    """A picture, or the choice of the case that pictures belong to."""
    payload = turn.payload or ""
    return payload == evidence.PAYLOAD or payload.startswith(_TO_CASE)


async def answer(care: Care, turn: Turn) -> list[Reply]:
    """What to say; pictures that have no case yet are put to theirs. Nothing while further pictures are waiting."""
    async with care.sessions.write() as session:
        conversation = await locked(session, turn.conversation_id)
        if await _is_followed_by_another(session, turn):
            return []
        lines = await _pictures_so_far(session, turn)
        which = "图片" if len(lines) <= 1 else f"{len(lines)} 张图片"
        rows = await _without_case(session, turn.conversation_id)
        cases = await evidence.cases_for(session, care, conversation)
        wanted = (turn.payload or "").removeprefix(_TO_CASE)
        if turn.payload != evidence.PAYLOAD:
            cases = [case for case in cases if case.case_number == wanted]
            if not cases:
                return [Reply(CASE_OVER, buttons=[_HUMAN])]
        if len(cases) == 1:
            for row in rows:
                await evidence.link(session, row, cases[0], care.clock.now())
            return [Reply(_where(cases[0], which))]
        if cases:
            choices = [
                {"title": number, "payload": f"{_TO_CASE}{number}"}
                for number in (case.case_number for case in cases[:_SHOWN_CASES])
                if number
            ]
            return [Reply(WHICH_CASE.format(which=which, count=len(cases)), buttons=[*choices, _HUMAN])]
        if await _has_just_asked(session, turn):
            return [Reply(ASK_AGAIN.format(which=which))]
        return [Reply(ASK.format(which=which), buttons=list(_TOPICS))]


def _where(case: Complaint, which: str) -> str:
    if case.state is ComplaintState.DRAFT:
        return WITH_DRAFT.format(which=which)
    return ADDED.format(which=which, number=case.case_number)


async def _is_followed_by_another(session: AsyncSession, turn: Turn) -> bool:
    following = await session.scalar(
        select(Message.payload)
        .where(
            Message.conversation_id == turn.conversation_id,
            Message.id > turn.message_id,
            Message.bot_state == "pending",
        )
        .order_by(Message.id)
        .limit(1)
    )
    return turn.payload == evidence.PAYLOAD and following == evidence.PAYLOAD


async def _pictures_so_far(session: AsyncSession, turn: Turn) -> list[int]:
    """The pictures up to this line to which nobody has said anything yet."""
    said = (
        select(Message.id)
        .where(
            Message.conversation_id == turn.conversation_id,
            Message.id < turn.message_id,
            Message.speaker != Speaker.CUSTOMER,
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
    last = await session.scalar(said) or 0
    rows = await session.scalars(
        select(Message.id).where(
            Message.conversation_id == turn.conversation_id,
            Message.id > last,
            Message.id <= turn.message_id,
            Message.payload == evidence.PAYLOAD,
        )
    )
    return list(rows)


async def _without_case(session: AsyncSession, conversation_id: int) -> list[Evidence]:
    rows = await session.scalars(
        select(Evidence)
        .where(
            Evidence.conversation_id == conversation_id,
            Evidence.complaint_id.is_(None),
            Evidence.removed_at.is_(None),
        )
        .order_by(Evidence.id)
    )
    return list(rows)


async def _has_just_asked(session: AsyncSession, turn: Turn) -> bool:
    last = await session.scalar(
        select(Message.text)
        .where(
            Message.conversation_id == turn.conversation_id,
            Message.id < turn.message_id,
            Message.speaker == Speaker.BOT,
            Message.seq.is_not(None),
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
    return last is not None and any(
        last.endswith(sentence.partition("}")[2]) for sentence in (ASK, ASK_AGAIN)
    )
