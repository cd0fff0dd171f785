"""From the first angry message to the receipt: drafts, what they learn, silence, idempotence."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import jwt
import pytest
from sqlalchemy import func, select

from care.records.complaint import Complaint, ComplaintEvent
from care.records.conversation import Conversation
from care.records.interaction import CareInteraction, Promise
from care.records.order import Order, OrderLine, Product
from care.rules.complaint import ComplaintState
from care.rules.errors import NotFound
from care.rules.severity import Grade
from care.rules.vocabulary import Cue, Emotion, OrderState, Role, Topic, VerifiedBy
from care.services import complaint_log, complaint_receipts, complaints, identity, staff
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.conftest import PASSWORD, Shop

WORDS = "用了两天就坏了,什么破玩意"


async def told(shop: Shop, conversation_id: int, text: str = WORDS, **known: object) -> complaints.DraftView:
    accepted = await shop.say(conversation_id, text)
    fields: dict[str, object] = {"topic": Topic.COMPLAINT_QUALITY, "cues": (), "emotion": Emotion.ANNOYED}
    return await complaints.open_draft(
        shop.care, conversation_id, accepted.message_id, own_words=text, **{**fields, **known}
    )


async def verified(shop: Shop, conversation_id: int, customer_id: int) -> None:
    async with shop.care.sessions.write() as session:
        conversation = await session.get(Conversation, conversation_id)
        conversation.customer_id = customer_id
        conversation.verified_by, conversation.verified_at = VerifiedBy.CODE, shop.care.clock.now()


async def an_order(shop: Shop, customer_id: int, number: str, price: str = "2199.00") -> None:
    async with shop.care.sessions.write() as session:
        product = Product(
            sku=f"SKU-{number}", name="净澜 10公斤 滚筒洗衣机", brand="净澜", model=f"JL-{number[-3:]}", category="洗衣机",
            price=Decimal(price), stock=1, spoken_names=["滚筒洗衣机"], attributes={}, warranty_months=36,
        )  # fmt: skip
        session.add(product)
        await session.flush()
        order = Order(
            number=number, customer_id=customer_id, state=OrderState.DELIVERED, amount=Decimal(price),
            placed_at=shop.care.clock.now() - timedelta(days=9), receiver_name="张伟",
            receiver_phone="13800000001", receiver_address="杭州",
        )  # fmt: skip
        order.lines = [OrderLine(product_id=product.id, quantity=1, unit_price=Decimal(price))]
        session.add(order)


async def row(care: Care, complaint_id: int) -> Complaint:
    async with care.sessions.read() as session:
        return (await session.scalars(select(Complaint).where(Complaint.id == complaint_id))).one()


async def count(care: Care, table: type) -> int:
    async with care.sessions.read() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def test_the_first_angry_message_opens_a_draft_that_knows_what_is_missing(
    care: Care, shop: Shop
) -> None:
    visit = await shop.visit()
    draft = await told(shop, visit.id)
    assert draft.own_words == WORDS
    assert draft.missing == ("order_or_product", "remedy_said", "expectation_said")
    complaint = await row(care, draft.id)
    assert (complaint.state, complaint.case_number) == (ComplaintState.DRAFT, None)
    assert await complaints.draft_of(care, visit.id) == draft


async def test_a_bare_wish_to_complain_still_lacks_what_happened(shop: Shop) -> None:
    visit = await shop.visit()
    draft = await told(shop, visit.id, "我要投诉!!", topic=Topic.COMPLAINT_OTHER)
    assert draft.missing[0] == "own_words"


async def test_the_same_message_twice_changes_nothing(care: Care, shop: Shop) -> None:
    visit = await shop.visit()
    accepted = await shop.say(visit.id, WORDS)
    say = {"topic": "complaint_quality", "own_words": WORDS, "cues": (), "emotion": "angry"}
    first = await complaints.open_draft(care, visit.id, accepted.message_id, **say)
    again = await complaints.open_draft(care, visit.id, accepted.message_id, **say)
    assert again == first
    assert await count(care, Complaint) == 1
    assert await count(care, ComplaintEvent) == 1


async def test_two_messages_at_once_make_one_draft(care: Care, shop: Shop) -> None:
    visit = await shop.visit()
    messages = [await shop.say(visit.id, f"{WORDS}{n}") for n in range(4)]
    drafts = await asyncio.gather(
        *(
            complaints.open_draft(
                care,
                visit.id,
                m.message_id,
                topic="complaint_quality",
                own_words=f"{WORDS}{n}",
                cues=(),
                emotion="angry",
            )
            for n, m in enumerate(messages)
        )
    )
    assert len({draft.id for draft in drafts}) == 1
    complaint = await row(care, drafts[0].id)
    assert all(f"{WORDS}{n}" in complaint.own_words for n in range(4))
    assert await complaint_log.verify(care) == []


async def test_new_cues_raise_the_grade_and_calm_words_never_lower_it(care: Care, shop: Shop) -> None:
    visit = await shop.visit()
    calm = await told(shop, visit.id, emotion=Emotion.CALM)
    assert calm.grade is Grade.P3
    worse = await told(shop, visit.id, "冒烟了,差点着火", cues=(Cue.FIRE,), emotion=Emotion.ANGRY)
    assert worse.grade is Grade.P1
    later = await told(shop, visit.id, "现在没事了", cues=(), emotion=Emotion.CALM)
    assert later.grade is Grade.P1
    complaint = await row(care, calm.id)
    assert complaint.emotion is Emotion.ANGRY
    assert complaint.cues == ["fire"]
    assert complaint.category.value == "safety"


async def test_a_correction_replaces_what_was_said_before(care: Care, shop: Shop) -> None:
    visit = await shop.visit()
    await told(shop, visit.id, order_number="88120231105")
    draft = await complaints.update_draft(
        care,
        visit.id,
        order_number="88120239999",
        remedy_said="不要退款,要换货",
        expectation_said="三天内",
        expectation_e=6,
    )
    assert (draft.order_number, draft.remedy_said, draft.missing) == ("88120239999", "不要退款,要换货", ())
    complaint = await row(care, draft.id)
    assert complaint.requested_remedies == ["exchange"]
    assert complaint.expectation_e == 6
    events = await count(care, ComplaintEvent)
    await complaints.update_draft(care, visit.id, remedy_said="不要退款,要换货")
    assert await count(care, ComplaintEvent) == events


async def test_a_draft_has_no_field_that_it_does_not_know(care: Care, shop: Shop) -> None:
    visit = await shop.visit()
    await told(shop, visit.id)
    with pytest.raises(TypeError, match="a draft has no state"):
        await complaints.update_draft(care, visit.id, state="closed")


async def test_card_numbers_in_the_words_are_masked(care: Care, shop: Shop) -> None:
    visit = await shop.visit()
    draft = await told(shop, visit.id, "退款退到 6222021234567890128 半个月没到账")
    assert "6222021234567890128" not in draft.own_words


async def test_an_own_order_gives_product_and_amount(care: Care, shop: Shop) -> None:
    visit = await shop.visit()
    customer = await shop.customer()
    await an_order(shop, customer.id, "88120260001")
    await verified(shop, visit.id, customer.id)
    draft = await told(shop, visit.id, order_number="88120260001")
    complaint = await row(care, draft.id)
    assert complaint.order_is_own
    assert complaint.customer_id == customer.id
    assert complaint.amount == Decimal("2199.00")
    assert complaint.product_id is not None


async def test_a_foreign_order_and_none_at_all_leave_the_same_trace(care: Care, shop: Shop) -> None:
    me, other = await shop.customer(), await shop.customer("13900000002", "王芳")
    await an_order(shop, other.id, "88120260002", "9999.00")
    traces = []
    for number in ("88120260002", "88120269999"):
        visit = await shop.visit()
        await verified(shop, visit.id, me.id)
        draft = await told(shop, visit.id, order_number=number)
        complaint = await row(care, draft.id)
        assert complaint.order_number == number
        traces.append((complaint.order_is_own, complaint.amount, complaint.product_id, complaint.grade))
    assert traces[0] == traces[1] == (False, None, None, Grade.P3)


async def test_the_yes_gives_a_number_an_owner_promises_and_an_open_door_for_the_same_message(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await staff.add_staff(care, login="lead1", name="周敏", role=Role.LEAD, password=PASSWORD)
    await shop.agent("agent1", "王晓彤")
    visit = await shop.visit()
    await told(shop, visit.id)
    yes = await shop.say(visit.id, "对")
    receipt = await complaints.confirm_draft(care, visit.id, yes.message_id)
    assert receipt.case_number == "TS-20261124-0001"
    assert receipt.grade is Grade.P3
    assert receipt.owner_name == "王晓彤"
    assert receipt.acknowledge_due_at == clock.now() + timedelta(hours=24)
    # Three work days after Tuesday end on Friday at 18:00 in Shanghai.
    assert receipt.solve_due_at == datetime(2026, 11, 27, 10, 0, tzinfo=timezone.utc)

    clock.advance(minutes=2)
    assert await complaints.confirm_draft(care, visit.id, yes.message_id) == receipt
    assert await count(care, Promise) == 3
    complaint = await row(care, receipt.complaint_id)
    assert complaint.state is ComplaintState.ACKNOWLEDGED
    async with care.sessions.read() as session:
        kinds = (
            await session.execute(
                select(ComplaintEvent.kind, ComplaintEvent.to_state).order_by(ComplaintEvent.seq)
            )
        ).all()
        contact = (await session.scalars(select(CareInteraction))).one()
    assert [tuple(k) for k in kinds] == [
        ("opened", "draft"), ("state", "received"), ("assigned", None), ("state", "acknowledged"),
    ]  # fmt: skip
    assert contact.data_written == ["complaint"]
    assert await complaint_log.verify(care) == []


async def test_serious_cases_go_to_the_lead_and_the_less_loaded_agent_gets_the_next(
    care: Care, shop: Shop
) -> None:
    await staff.add_staff(care, login="lead1", name="周敏", role=Role.LEAD, password=PASSWORD)
    await shop.agent("agent1", "王晓彤")
    await shop.agent("agent2", "陈立")
    owners = []
    for cues in ((), (), (), (Cue.LAWYER,)):
        visit = await shop.visit()
        await told(shop, visit.id, cues=cues)
        yes = await shop.say(visit.id, "对")
        owners.append((await complaints.confirm_draft(care, visit.id, yes.message_id)).owner_name)
    assert owners == ["王晓彤", "陈立", "王晓彤", "周敏"]


async def test_confirming_without_a_draft_is_not_found(care: Care, shop: Shop) -> None:
    visit = await shop.visit()
    yes = await shop.say(visit.id, "对")
    with pytest.raises(NotFound):
        await complaints.confirm_draft(care, visit.id, yes.message_id)


async def test_a_second_yes_to_a_case_whose_number_never_arrived_is_told_it(care: Care, shop: Shop) -> None:
    visit = await shop.visit()
    await told(shop, visit.id)
    receipt = await complaints.confirm_draft(care, visit.id, (await shop.say(visit.id, "对")).message_id)
    assert (
        await complaints.confirm_draft(care, visit.id, (await shop.say(visit.id, "对")).message_id) == receipt
    )
    assert not await complaints.drop_draft(care, visit.id), "what was received is not let go by a late 算了"


async def test_a_yes_after_dropping_never_means_the_case_before(care: Care, shop: Shop) -> None:
    visit = await shop.visit()
    await told(shop, visit.id)
    await complaints.confirm_draft(care, visit.id, (await shop.say(visit.id, "对")).message_id)
    await told(shop, visit.id, "还有一台也坏了")
    await complaints.drop_draft(care, visit.id)
    with pytest.raises(NotFound):
        await complaints.confirm_draft(care, visit.id, (await shop.say(visit.id, "对")).message_id)


async def test_a_dropped_draft_leaves_its_trail_and_makes_room_for_another(care: Care, shop: Shop) -> None:
    visit = await shop.visit()
    draft = await told(shop, visit.id)
    assert await complaints.drop_draft(care, visit.id)
    assert await complaints.drop_draft(care, visit.id), "the same wish again is still true"
    assert await complaints.draft_of(care, visit.id) is None
    assert (await row(care, draft.id)).state is ComplaintState.WITHDRAWN
    assert (await told(shop, visit.id, "又坏了一台,气死人")).id != draft.id
    assert await complaint_log.verify(care) == []


async def test_what_was_told_of_a_dropped_draft_is_still_known(care: Care, shop: Shop) -> None:
    visit = await shop.visit()
    draft = await told(shop, visit.id)
    assert await complaints.dropped_draft(care, visit.id) is None, "it is open"
    await complaints.drop_draft(care, visit.id)
    dropped = await complaints.dropped_draft(care, visit.id)
    assert dropped is not None
    assert dropped.own_words == draft.own_words
    await told(shop, visit.id, "又坏了一台,气死人")
    await complaints.confirm_draft(care, visit.id, (await shop.say(visit.id, "对")).message_id)
    assert await complaints.dropped_draft(care, visit.id) is None, "the newest one was received"


async def test_half_an_hour_of_silence_receives_a_clear_draft_and_tells_the_customer(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    visit = await shop.visit()
    draft = await told(shop, visit.id)
    clock.advance(minutes=29)
    assert await complaints.receive_silent_drafts(care) == []
    clock.advance(minutes=1)
    (receipt,) = await complaints.receive_silent_drafts(care)
    assert await complaints.receive_silent_drafts(care) == []
    assert receipt.complaint_id == draft.id
    complaint = await row(care, draft.id)
    assert (complaint.state, complaint.received_by) == (ComplaintState.ACKNOWLEDGED, "clockwork")
    (case,) = await complaints.cases_of(care, visit.id)
    assert case.case_number == receipt.case_number
    late_yes = await shop.say(visit.id, "对")
    assert await complaints.confirm_draft(care, visit.id, late_yes.message_id) == receipt


async def test_a_word_in_between_keeps_the_draft_open(care: Care, shop: Shop, clock: ManualClock) -> None:
    visit = await shop.visit()
    await told(shop, visit.id)
    clock.advance(minutes=20)
    await shop.say(visit.id, "等下我找找订单号")
    clock.advance(minutes=20)
    assert await complaints.receive_silent_drafts(care) == []


async def test_silence_on_a_bare_wish_to_complain_receives_nothing(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    visit = await shop.visit()
    await told(shop, visit.id, "我要投诉", topic=Topic.COMPLAINT_OTHER)
    clock.advance(minutes=45)
    assert await complaints.receive_silent_drafts(care) == []


async def test_a_second_complaint_of_the_same_kind_is_repeated_and_major(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    customer = await shop.customer()
    grades = []
    for _ in range(2):
        visit = await shop.visit()
        await verified(shop, visit.id, customer.id)
        await told(shop, visit.id, emotion=Emotion.CALM)
        yes = await shop.say(visit.id, "对")
        grades.append((await complaints.confirm_draft(care, visit.id, yes.message_id)).grade)
        clock.advance(days=3)
    assert grades == [Grade.P3, Grade.P2]


async def test_the_fifth_case_of_one_product_in_a_day_is_urgent(care: Care, shop: Shop) -> None:
    async with care.sessions.write() as session:
        session.add(
            Product(
                sku="K",
                name="米朵 1.7升 电热水壶",
                brand="米朵",
                model="MD-K17",
                category="小家电",
                price=Decimal("129"),
                stock=3,
                spoken_names=["热水壶"],
                attributes={},
                warranty_months=12,
            )
        )
    grades = []
    for _ in range(5):
        visit = await shop.visit()
        await told(shop, visit.id, "底座漏水了", emotion=Emotion.CALM)
        await complaints.update_draft(care, visit.id, product_said="热水壶")
        yes = await shop.say(visit.id, "对")
        grades.append((await complaints.confirm_draft(care, visit.id, yes.message_id)).grade)
    assert grades == [Grade.P3] * 4 + [Grade.P1]


async def test_an_unverified_visitor_sees_only_the_cases_of_this_conversation(care: Care, shop: Shop) -> None:
    customer = await shop.customer()
    mine = await shop.visit()
    await verified(shop, mine.id, customer.id)
    await told(shop, mine.id)
    yes = await shop.say(mine.id, "对")
    receipt = await complaints.confirm_draft(care, mine.id, yes.message_id)
    stranger = await shop.visit()
    assert await complaints.cases_of(care, stranger.id) == []
    await verified(shop, stranger.id, customer.id)
    (case,) = await complaints.cases_of(care, stranger.id)
    assert case.case_number == receipt.case_number


async def test_ten_receipts_at_once_get_ten_numbers_without_gap(care: Care, shop: Shop) -> None:
    visits = []
    for n in range(10):
        visit = await shop.visit()
        await told(shop, visit.id, f"{WORDS}{n}")
        visits.append((visit.id, (await shop.say(visit.id, "对")).message_id))
    receipts = await asyncio.gather(*(complaints.confirm_draft(care, c, m) for c, m in visits))
    numbers = sorted(receipt.case_number for receipt in receipts)
    assert numbers == [f"TS-20261124-{n:04d}" for n in range(1, 11)]
    assert await complaint_log.verify(care) == []


async def test_who_verifies_while_telling_owns_the_case_that_silence_hands_in(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    customer, other = await shop.customer(), await shop.customer("13800000002")
    visit, elsewhere = await shop.visit(), await shop.visit()
    await told(shop, visit.id)
    await told(shop, elsewhere.id, WORDS)
    claims = {"sub": customer.public_id, "aud": "zhike", "exp": int(clock.now().timestamp()) + 300}
    token = jwt.encode(claims, care.settings.host_page_secret, algorithm="HS256")
    await identity.verify_token(care, visit.id, token)
    clock.advance(minutes=31)
    mine, nobodys = await complaints.receive_silent_drafts(care)
    later = await shop.visit()
    await verified(shop, later.id, customer.id)
    assert [case.id for case in await complaints.cases_of(care, later.id)] == [mine.complaint_id]
    async with care.sessions.read() as session:
        assert (await session.get_one(Complaint, nobodys.complaint_id)).customer_id is None
    strangers = await shop.visit()
    await verified(shop, strangers.id, other.id)
    assert await complaints.cases_of(care, strangers.id) == []


async def test_a_customer_and_staff_write_one_draft_at_once_without_hindering_each_other(
    care: Care, shop: Shop
) -> None:
    for _ in range(8):
        visit = await shop.visit()
        draft = await told(shop, visit.id)
        await asyncio.gather(
            complaints.update_draft(care, visit.id, remedy_said="退款"),
            complaints.note(care, draft.id, "agent1", "看到了"),
            complaints.regrade(care, draft.id, Grade.P1, "agent1"),
        )
    assert await complaint_log.verify(care) == []


async def test_a_draft_that_cannot_be_received_does_not_keep_the_others(
    care: Care, shop: Shop, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await shop.visit(), await shop.visit()
    bad, good = await told(shop, first.id), await told(shop, second.id)
    clock.advance(minutes=31)
    assign = complaint_receipts.assign

    async def failing(care: Care, session: object, draft: Complaint, **given: object) -> object:
        if draft.id == bad.id:
            raise RuntimeError("nobody")
        return await assign(care, session, draft, **given)

    monkeypatch.setattr(complaint_receipts, "assign", failing)
    assert [receipt.complaint_id for receipt in await complaints.receive_silent_drafts(care)] == [good.id]
    monkeypatch.undo()
    (late,) = await complaints.receive_silent_drafts(care)
    assert (late.complaint_id, late.case_number[-4:]) == (bad.id, "0002")  # no number was lost
