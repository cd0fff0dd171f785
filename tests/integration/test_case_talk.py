"""What a customer does with a received case, on real rows: whose it is, what it writes, once a line."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from care.records.complaint import ComplaintEvent
from care.records.conversation import Conversation
from care.records.notice import StaffNotice
from care.rules.approval_terms import ApprovalWhat
from care.rules.complaint import ComplaintState, Level
from care.rules.errors import Conflict, IllegalMove, NotFound, NotVerified, StepUpNeeded
from care.rules.vocabulary import Role, VerifiedBy
from care.services import approvals, case_approvals, case_talk, complaint_log, complaints, staff
from care.services.case_talk import OwnCase
from care.services.complaints import CaseView, Change
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.conftest import PASSWORD, Shop
from tests.integration.test_complaint_moves import received, row, walked

S = ComplaintState


async def told_in(care: Care, case: CaseView) -> int:
    conversation_id = (await row(care, case.id)).conversation_id
    assert conversation_id is not None
    return conversation_id


async def said(care: Care, shop: Shop, case: CaseView, text: str) -> int:
    return (await shop.say(await told_in(care, case), text)).message_id


async def proposed(care: Care, shop: Shop) -> CaseView:
    return await walked(care, await received(care, shop), S.ASSESSED, S.INVESTIGATING, S.PROPOSED)


async def events(care: Care, case: CaseView, kind: str) -> list[ComplaintEvent]:
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(ComplaintEvent)
            .where(ComplaintEvent.complaint_id == case.id, ComplaintEvent.kind == kind)
            .order_by(ComplaintEvent.seq)
        )
        return list(rows)


async def notices_of(care: Care) -> list[str]:
    async with care.sessions.read() as session:
        return list(await session.scalars(select(StaffNotice.text).order_by(StaffNotice.id)))


async def no(
    care: Care, shop: Shop, case: CaseView, text: str = "太少了", wish: str | None = None
) -> OwnCase:
    line = await said(care, shop, case, text)
    return await case_talk.answer_proposal(
        care, await told_in(care, case), case.case_number, accepts=False, words=text, wish=wish, source_message_id=line
    )  # fmt: skip


async def test_a_yes_starts_the_remedy_and_the_owner_hears_of_it_once(care: Care, shop: Shop) -> None:
    await shop.agent()
    case = await proposed(care, shop)
    line = await said(care, shop, case, "行吧就这样")
    for _ in range(2):
        after = await case_talk.answer_proposal(
            care, await told_in(care, case), case.case_number, accepts=True, words="行吧就这样", source_message_id=line
        )  # fmt: skip
    assert after.state is S.EXECUTING
    assert [text for text in await notices_of(care) if "接受了方案" in text] == [
        f"{case.case_number}：客户接受了方案，请开始执行。"
    ]
    assert (await events(care, case, "state"))[-1].data["words"] == "行吧就这样"
    assert await complaint_log.verify(care) == []


async def test_a_no_with_a_wish_goes_one_level_up_and_the_second_ends_with_the_outside_ways(
    care: Care, shop: Shop
) -> None:
    await shop.agent()
    await staff.add_staff(care, login="lead1", name="周敏", role=Role.LEAD, password=PASSWORD)
    case = await proposed(care, shop)
    after = await no(care, shop, case, "能不能再加两百", wish="能不能再加两百")
    assert (after.state, after.view.level, after.refusals) == (S.INVESTIGATING, Level.L2, 1)
    assert (await events(care, case, "state"))[-1].data["wish"] == "能不能再加两百"
    await walked(care, case, S.PROPOSED)
    after = await no(care, shop, case)
    assert (after.state, after.refusals) == (S.UNRESOLVED, 2)
    assert (await row(care, case.id)).external_recourse_told_at is not None
    assert "外部途径已告知" in (await notices_of(care))[-1]


async def test_an_answer_to_what_was_wanted_is_kept_and_the_case_goes_on(care: Care, shop: Shop) -> None:
    await shop.agent()
    case = await walked(care, await received(care, shop), S.ASSESSED, S.INVESTIGATING)
    await complaints.move(care, case.id, S.WAITING_CUSTOMER, "agent1", change=Change(reason="请提供机身编号"))
    (waiting,) = await case_talk.own_cases(care, await told_in(care, case))
    assert waiting.wanted == "请提供机身编号"
    line = await said(care, shop, case, "编号是 SN123")
    after = await case_talk.add_words(
        care, await told_in(care, case), case.case_number, words="编号是 SN123", source_message_id=line
    )
    assert after.state is S.INVESTIGATING
    (added,) = await events(care, case, "customer_added")
    assert added.data == {"text": "编号是 SN123", "message": line, "is_answer": True}
    assert "继续调查" in (await notices_of(care))[-1]


async def test_words_added_change_no_state_while_nothing_was_asked(care: Care, shop: Shop) -> None:
    case = await walked(care, await received(care, shop), S.ASSESSED, S.INVESTIGATING)
    for text in ("包装也是破的", "包装也是破的,还少了电源线"):
        line = await said(care, shop, case, text)
        await case_talk.add_words(
            care, await told_in(care, case), case.case_number, words=text, source_message_id=line
        )
    assert (await row(care, case.id)).state is S.INVESTIGATING
    assert len(await events(care, case, "customer_added")) == 2


async def test_content_closes_only_what_was_done(care: Care, shop: Shop) -> None:
    await shop.agent()
    case = await walked(care, await proposed(care, shop), S.EXECUTING)
    place = await told_in(care, case)

    async def says(text: str, *, is_content: bool) -> OwnCase:
        line = await said(care, shop, case, text)
        return await case_talk.answer_content(
            care, place, case.case_number, is_content=is_content, words=text, source_message_id=line
        )

    assert (await says("收到了", is_content=True)).state is S.EXECUTING
    await complaints.note_remedy_done(care, case.id, "agent1", "已退款")
    after = await says("还没收到退款", is_content=False)
    assert (after.state, after.is_remedy_done) == (S.EXECUTING, False)
    assert "还没有处理好" in (await notices_of(care))[-1]
    await complaints.note_remedy_done(care, case.id, "agent1", "已重新退款")
    assert (await says("到账了", is_content=True)).state is S.CLOSED
    with pytest.raises(Conflict, match="确认结果"):
        await says("满意", is_content=True)


async def test_a_case_is_reopened_within_thirty_days_and_not_after(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    case = await walked(care, await proposed(care, shop), S.EXECUTING)
    await complaints.note_remedy_done(care, case.id, "agent1", "已换新")
    await complaints.move(care, case.id, S.CLOSED, "agent1", change=Change(customer_yes=True))
    place = await told_in(care, case)

    async def again(text: str) -> OwnCase:
        line = await said(care, shop, case, text)
        return await case_talk.reopen(care, place, case.case_number, words=text, source_message_id=line)

    clock.advance(days=29)
    assert (await again("又坏了")).state is S.REOPENED
    await walked(care, case, S.ASSESSED, S.INVESTIGATING, S.PROPOSED, S.EXECUTING)
    await complaints.note_remedy_done(care, case.id, "agent1", "再次换新")
    await complaints.move(care, case.id, S.CLOSED, "agent1", change=Change(customer_yes=True))
    clock.advance(days=31)
    with pytest.raises(IllegalMove, match="30 天"):
        await again("又坏了")


async def test_taking_back_is_only_a_wish_until_a_second_person_agrees(care: Care, shop: Shop) -> None:
    await shop.agent()
    lead = await staff.add_staff(care, login="lead1", name="周敏", role=Role.LEAD, password=PASSWORD)
    case = await received(care, shop)
    line = await said(care, shop, case, "我要撤诉")
    after = await case_talk.wish_withdrawal(
        care, await told_in(care, case), case.case_number, words="我要撤诉", source_message_id=line
    )
    assert (after.state, after.withdrawal_wished) == (S.ACKNOWLEDGED, True)
    assert len([text for text in await notices_of(care) if "撤回" in text]) == 2
    async with care.sessions.read() as session:
        wish = await case_approvals.open_one(session, case.id, ApprovalWhat.WITHDRAW)
    assert wish is not None
    await approvals.agree(care, case.id, wish.id, lead.id)
    line = await said(care, shop, case, "撤诉")
    with pytest.raises(Conflict, match="不用再撤回"):
        await case_talk.wish_withdrawal(
            care, await told_in(care, case), case.case_number, words="撤诉", source_message_id=line
        )


async def test_somebody_elses_case_is_answered_like_one_that_does_not_exist(care: Care, shop: Shop) -> None:
    case = await proposed(care, shop)
    stranger = await shop.visit()
    line = (await shop.say(stranger.id, "接受")).message_id
    for number in (case.case_number, "TS-20260101-9999"):
        with pytest.raises(NotFound, match="没有查到您名下的这件投诉"):
            await case_talk.answer_proposal(
                care, stranger.id, number, accepts=True, words="接受", source_message_id=line
            )
    assert (await row(care, case.id)).state is S.PROPOSED


async def test_a_decision_wants_more_than_what_stands_on_every_parcel(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    case = await proposed(care, shop)
    customer = await shop.customer()
    async with care.sessions.write() as session:
        (await session.get_one(type(await row(care, case.id)), case.id)).customer_id = customer.id
    place = await told_in(care, case)
    line = await said(care, shop, case, "接受")

    async def accepts() -> OwnCase:
        return await case_talk.answer_proposal(
            care, place, case.case_number, accepts=True, words="接受", source_message_id=line
        )

    with pytest.raises(NotVerified):
        await accepts()

    async def known_by(by: VerifiedBy) -> None:
        async with care.sessions.write() as session:
            here = await session.get_one(Conversation, place)
            here.customer_id, here.verified_by, here.verified_at = customer.id, by, clock.now()

    await known_by(VerifiedBy.ORDER_TAIL)
    with pytest.raises(StepUpNeeded):
        await accepts()
    await known_by(VerifiedBy.CODE)
    assert (await accepts()).state is S.EXECUTING


async def test_that_the_outside_ways_were_told_is_kept_with_the_first_time(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    case = await received(care, shop)
    first = clock.now()
    for _ in range(2):
        line = await said(care, shop, case, "还能去哪里投诉")
        await case_talk.note_outside_ways(
            care, await told_in(care, case), case.case_number, source_message_id=line
        )
        clock.advance(hours=1)
    assert (await row(care, case.id)).external_recourse_told_at == first
    assert len(await events(care, case, "outside_ways_told")) == 2
