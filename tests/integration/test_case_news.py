"""What changed with a case is told once: in the open chat, else by text message at a decent hour, to nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from care.records.complaint import Complaint, ComplaintEvent
from care.records.conversation import Conversation, Message
from care.records.engine import Outbox
from care.records.interaction import CareInteraction
from care.rules.complaint import ComplaintState, Remedy
from care.rules.severity import Grade
from care.rules.vocabulary import Kind, Owner, Speaker, VerifiedBy
from care.services import case_news, complaint_log, complaints, outbox
from care.services.complaints import CaseView, Change
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.test_complaint_moves import received, row, walked

S = ComplaintState
PHONE = "13800000001"


class Phones:
    """Takes text messages instead of sending them; the same key again is the same message."""

    def __init__(self) -> None:
        self.sent: dict[str, tuple[str, str]] = {}

    async def send(self, phone: str, text: str, *, key: str | None = None) -> None:
        assert key is not None
        self.sent[key] = (phone, text)

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.sent.values()]


async def deliver(care: Care, phones: Phones | None = None) -> Phones:
    phones = phones or Phones()
    there = replace(care, sms=phones)
    handlers = {
        case_news.CHANGED_TOPIC: case_news.handler(there),
        case_news.REMINDER_TOPIC: case_news.reminder_handler(there),
        case_news.SMS_TOPIC: case_news.sms_handler(there),
    }
    await outbox.deliver_due(there, handlers)
    return phones


async def system_lines(care: Care, conversation_id: int) -> list[Message]:
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(Message)
            .where(Message.conversation_id == conversation_id, Message.speaker == Speaker.SYSTEM)
            .order_by(Message.seq)
        )
        return list(rows)


async def of_customer(
    care: Care, shop: Shop, clock: ManualClock, *, grade: Grade | None = None, **columns: object
) -> tuple[CaseView, int]:
    """A case whose customer is verified in the conversation in which it was told."""
    case = await received(care, shop)
    customer = await shop.customer(PHONE, **columns)
    async with care.sessions.write() as session:
        complaint = await session.get_one(Complaint, case.id)
        complaint.customer_id, complaint.grade = customer.id, grade or complaint.grade
        here = await session.get_one(Conversation, complaint.conversation_id)
        here.customer_id, here.verified_by, here.verified_at = customer.id, VerifiedBy.CODE, clock.now()
        place = here.id
    await deliver(care)
    return case, place


async def propose(care: Care, case: CaseView) -> None:
    await walked(care, case, S.ASSESSED, S.INVESTIGATING)
    await deliver(care)
    offer = Change(proposal="退还运费并补偿 50 元", remedy=Remedy.COMPENSATION, findings="属实")
    await complaints.move(care, case.id, S.PROPOSED, "agent1", change=offer)


async def test_in_the_open_chat_a_proposal_is_said_with_its_buttons_and_no_message_is_sent(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    case, place = await of_customer(care, shop, clock)
    assert await system_lines(care, place) == []  # the receipt was said by the bot
    await propose(care, case)
    phones = await deliver(care)
    *_, line = await system_lines(care, place)
    assert line.text.startswith(
        f"智能客服通知：您的投诉 {case.case_number} 有处理方案了：退还运费并补偿 50 元"
    )
    assert [b["title"] for b in line.buttons or ()] == ["接受", "不接受"]
    assert phones.sent == {}
    async with care.sessions.read() as session:
        contacts = list(
            await session.scalars(select(CareInteraction).where(CareInteraction.kind == Kind.PROACTIVE_CARE))
        )
    assert {(c.direction, c.touchpoint, c.conversation_id) for c in contacts} == {("out", "web_chat", place)}
    assert await complaint_log.verify(care) == []


async def test_what_is_delivered_twice_is_told_once(care: Care, shop: Shop, clock: ManualClock) -> None:
    case, place = await of_customer(care, shop, clock)
    await propose(care, case)
    phones = await deliver(care)
    before = len(await system_lines(care, place))
    async with care.sessions.write() as session:
        for done in await session.scalars(select(Outbox).where(Outbox.topic == case_news.CHANGED_TOPIC)):
            done.delivered_at = None
            done.due_at = clock.now()
    await deliver(care, phones)
    assert len(await system_lines(care, place)) == before


async def test_telling_the_customer_is_no_change_that_staff_must_look_at_again(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    case, _ = await of_customer(care, shop, clock)
    case = await complaints.move(care, case.id, S.ASSESSED, "agent1")
    await deliver(care)
    assert (await row(care, case.id)).state_version == case.version + 1
    case = await complaints.move(care, case.id, S.INVESTIGATING, "agent1", expected_version=case.version)
    assert case.state is S.INVESTIGATING


@pytest.mark.parametrize("is_closed", [False, True])
async def test_who_is_away_gets_a_text_message_and_a_stale_chat_tells_no_details(
    care: Care, shop: Shop, clock: ManualClock, is_closed: bool
) -> None:
    case, place = await of_customer(care, shop, clock)
    clock.advance(minutes=45)
    async with care.sessions.write() as session:
        here = await session.get_one(Conversation, place)
        here.owner = Owner.CLOSED if is_closed else here.owner
    await propose(care, case)
    phones = await deliver(care)
    assert {phone for phone, _ in phones.sent.values()} == {PHONE}
    assert any(f"{case.case_number} 有处理方案了：退还运费并补偿 50 元" in text for text in phones.texts)
    lines = await system_lines(care, place)
    assert all(case.case_number not in line.text and not line.buttons for line in lines)
    assert bool(lines) is not is_closed


async def test_at_night_it_waits_for_the_morning_and_only_the_newest_is_sent(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    case, _ = await of_customer(care, shop, clock)
    clock.advance(hours=13)  # 23:00
    await walked(care, case, S.ASSESSED)
    assert (await deliver(care)).sent == {}
    clock.advance(hours=1)
    await walked(care, case, S.INVESTIGATING)
    assert (await deliver(care)).sent == {}
    clock.advance(hours=7, minutes=59)  # 07:59
    assert (await deliver(care)).sent == {}
    clock.advance(minutes=1)
    assert [("正在调查" in text) for text in (await deliver(care)).texts] == [True]


async def test_an_urgent_case_wakes_its_customer(care: Care, shop: Shop, clock: ManualClock) -> None:
    case, _ = await of_customer(care, shop, clock, grade=Grade.P1)
    clock.advance(hours=13)
    await walked(care, case, S.ASSESSED)
    assert len((await deliver(care)).sent) == 1


async def test_the_customers_own_quiet_hours_count(care: Care, shop: Shop, clock: ManualClock) -> None:
    case, _ = await of_customer(care, shop, clock, quiet_hours="12:00-14:00")
    clock.advance(hours=2, minutes=30)  # 12:30
    await walked(care, case, S.ASSESSED)
    assert (await deliver(care)).sent == {}
    clock.advance(hours=2)
    assert len((await deliver(care)).sent) == 1


async def test_nobody_elses_chat_or_phone_hears_of_it(care: Care, shop: Shop, clock: ManualClock) -> None:
    case, place = await of_customer(care, shop, clock)
    other = await shop.customer("13900000002", name="李雷")
    async with care.sessions.write() as session:
        here = await session.get_one(Conversation, place)
        here.customer_id, here.verified_at = other.id, clock.now()
    await propose(care, case)
    phones = await deliver(care)
    assert await system_lines(care, place) == []
    assert {phone for phone, _ in phones.sent.values()} == {PHONE}


async def test_a_nameless_case_is_told_where_it_was_told_and_nowhere_else(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    case = await received(care, shop)
    place = (await row(care, case.id)).conversation_id
    assert place is not None
    clock.advance(hours=1)
    await propose(care, case)
    phones = await deliver(care)
    assert phones.sent == {}
    *_, line = await system_lines(care, place)
    assert case.case_number in line.text


async def test_a_remedy_that_is_done_is_asked_about(care: Care, shop: Shop, clock: ManualClock) -> None:
    case, place = await of_customer(care, shop, clock)
    await propose(care, case)
    await walked(care, case, S.EXECUTING)
    await complaints.note_remedy_done(care, case.id, "agent1", "50 元已退回原支付账户")
    await deliver(care)
    *_, line = await system_lines(care, place)
    assert "已按方案处理完：50 元已退回原支付账户。您满意吗" in line.text
    assert [b["title"] for b in line.buttons or ()] == ["满意，可以结束", "还没处理好"]


async def test_a_reminder_asks_again_once_for_each_number(care: Care, shop: Shop, clock: ManualClock) -> None:
    case, place = await of_customer(care, shop, clock)
    await propose(care, case)
    await deliver(care)
    for nth in (1, 1, 2):
        async with care.sessions.write() as session:
            data = {"complaint": case.id, "case_number": case.case_number, "nth": nth}
            outbox.add(session, care, case_news.REMINDER_TOPIC, data)
        await deliver(care)
    texts = [line.text for line in await system_lines(care, place)]
    assert len([text for text in texts if "还在等您答复" in text]) == 2


async def test_old_news_is_not_told(care: Care, shop: Shop, clock: ManualClock) -> None:
    case, place = await of_customer(care, shop, clock)
    await walked(care, case, S.ASSESSED)
    clock.advance(days=3)
    phones = await deliver(care)
    assert phones.sent == {}
    assert await system_lines(care, place) == []


async def test_a_silent_receipt_reaches_who_went_away(care: Care, shop: Shop, clock: ManualClock) -> None:
    visit = await shop.visit()
    told = await shop.say(visit.id, "洗衣机用了两天就坏了")
    customer = await shop.customer(PHONE)
    async with care.sessions.write() as session:
        here = await session.get_one(Conversation, visit.id)
        here.customer_id, here.verified_by, here.verified_at = customer.id, VerifiedBy.CODE, clock.now()
    await complaints.open_draft(
        care, visit.id, told.message_id, topic="complaint_quality", own_words="洗衣机用了两天就坏了"
    )
    clock.advance(minutes=31)
    (receipt,) = await complaints.receive_silent_drafts(care)
    phones = await deliver(care)
    assert len(phones.sent) == 1
    assert f"{receipt.case_number} 已受理" in phones.texts[0]
    assert len(await system_lines(care, visit.id)) == 1  # the receipt itself
    async with care.sessions.read() as session:
        events = list(
            await session.scalars(select(ComplaintEvent).where(ComplaintEvent.kind == case_news.TOLD))
        )
    assert [e.data["by"] for e in events] == [["sms"]]
    assert events[0].at - receipt.first_result_at < timedelta(0)
