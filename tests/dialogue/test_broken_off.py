"""A turn that broke off after the records were written: the same message comes again and is still answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from care.records.complaint import Complaint
from care.records.conversation import OneTimeCode
from care.rules.complaint import ComplaintState
from care.rules.errors import VerificationFailed
from care.services import complaints, conversations, identity
from tests.dialogue.conftest import Visitor

pytestmark = pytest.mark.slow


class InAnHour:
    def now(self) -> datetime:
        return datetime.now(timezone.utc) + timedelta(hours=1)


async def told_back(visitor: Visitor) -> None:
    """A complaint up to the restatement, which waits for its 对."""
    await visitor.says("我要投诉,耳机质量太差了,左耳没声音")
    await visitor.presses("换货")
    await visitor.presses("三天内")
    assert visitor.titles == ["对", "修改", "算了"]


async def pressed(visitor: Visitor, title: str) -> int:
    """The press is stored and waits; the id of its line."""
    payload = next(b["payload"] for b in visitor.buttons if b["title"] == title)
    accepted = await conversations.accept_button(
        visitor.care, visitor.conversation_id, client_msg_id=str(uuid4()), payload=payload
    )
    return accepted.message_id


async def cases(visitor: Visitor) -> int:
    async with visitor.care.sessions.read() as session:
        counted = await session.scalar(
            select(func.count())
            .select_from(Complaint)
            .where(Complaint.conversation_id == visitor.conversation_id)
        )
        return counted or 0


async def test_a_yes_that_was_already_written_is_told_its_number(visitor: Visitor) -> None:
    await told_back(visitor)
    message_id = await pressed(visitor, "对")
    receipt = await complaints.confirm_draft(visitor.care, visitor.conversation_id, message_id)
    assert receipt.case_number in await visitor.gets_answer()
    assert await cases(visitor) == 1


async def test_a_no_that_was_already_written_is_told_that_nothing_was_handed_in(visitor: Visitor) -> None:
    await told_back(visitor)
    await pressed(visitor, "算了")
    assert await complaints.drop_draft(visitor.care, visitor.conversation_id)
    heard = await visitor.gets_answer()
    assert any(word in heard for word in ("没有提交", "没有生效"))
    async with visitor.care.sessions.read() as session:
        states = await session.scalars(
            select(Complaint.state).where(Complaint.conversation_id == visitor.conversation_id)
        )
        assert list(states) == [ComplaintState.WITHDRAWN]


@pytest.mark.parametrize("title", ["对", "算了"])
async def test_after_half_an_hour_the_answer_is_about_the_case_that_silence_made(
    visitor: Visitor, title: str
) -> None:
    await told_back(visitor)
    later = replace(visitor.care, clock=InAnHour())
    await complaints.receive_silent_drafts(later)
    number = (await complaints.cases_of(visitor.care, visitor.conversation_id))[0].case_number
    await pressed(visitor, title)
    heard = await visitor.gets_answer()
    assert "没有提交" not in heard, "a case that was received is never denied"
    assert "没有生效" not in heard
    if title == "对":
        assert number in heard
    assert await cases(visitor) == 1


async def test_a_try_whose_turn_broke_off_is_counted_once(visitor: Visitor) -> None:
    """The service had counted it, the answer was lost, and the same message comes again."""
    await visitor.says("查订单")
    await visitor.says(f"{visitor.delivered} 0000")
    assert visitor.last_turn is not None
    wrong = visitor.last_turn.message_id
    for _ in range(6):
        with pytest.raises(VerificationFailed):
            await identity.verify_order_tail(
                visitor.care, visitor.conversation_id, visitor.delivered, "0000", source_message_id=wrong
            )
    await visitor.says(f"{visitor.delivered} {visitor.phone[-4:]}")
    assert visitor.card["number"] == visitor.delivered, "there is still a try left"


async def test_a_code_asked_for_again_by_the_same_message_is_one_code(visitor: Visitor) -> None:
    await visitor.says("查订单")
    await visitor.says(visitor.phone)
    assert visitor.last_turn is not None
    await identity.request_code(
        visitor.care, visitor.conversation_id, visitor.phone, source_message_id=visitor.last_turn.message_id
    )
    async with visitor.care.sessions.read() as session:
        sent = await session.scalar(
            select(func.count()).select_from(OneTimeCode).where(OneTimeCode.phone == visitor.phone)
        )
    assert sent == 1
