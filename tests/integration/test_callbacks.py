"""A call that was promised: taken down once, taken by one, kept or broken for everyone to see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from care.records.conversation import Conversation
from care.records.customer import AccessLog
from care.records.hours import Callback
from care.records.interaction import CareInteraction, Promise
from care.rules.callback_terms import CallbackResult, CallbackState, is_no_call
from care.rules.errors import Conflict, InvalidInput, NotFound, NotVerified
from care.rules.vocabulary import Role, VerifiedBy
from care.services import callbacks, opening_hours, promise_watch, staff

PHONE = "13800000001"


@pytest.fixture
def night(clock):
    """23:00 in Shanghai: the default hours are over."""
    clock.advance(hours=13)
    return clock


async def verified(care, shop):
    visit = await shop.visit()
    customer = await shop.customer(PHONE)
    async with care.sessions.write() as session:
        await session.execute(
            update(Conversation)
            .where(Conversation.id == visit.id)
            .values(customer_id=customer.id, verified_by=VerifiedBy.CODE, verified_at=care.clock.now())
        )
    return visit


async def colleague(care, login: str, role: Role = Role.AGENT) -> staff.StaffView:
    return await staff.add_staff(
        care, login=login, name=f"坐席{login[-1]}", role=role, password="correct horse battery"
    )


async def ask(care, visit, shop, phone: str | None = None, words: str = "空调不制冷"):
    said = await shop.say(visit.id, words)
    await shop.answer(visit.id, "抱歉", topic="request_repair", intent="request_repair")
    return await callbacks.request(care, visit.id, phone=phone, note="", source_message_id=said.message_id)


async def the_promise(care) -> Promise:
    async with care.sessions.read() as session:
        return (await session.scalars(select(Promise))).one()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("不用回电了", True),
        ("电话别打过来了", True),
        ("取消回电吧", True),
        ("回电不用了", True),
        ("不用给我打电话", True),
        ("请给我回电", False),
        ("怎么还不回电", False),
        ("不用了", False),
    ],
)
def test_words_that_take_a_call_back(said, meant):
    assert is_no_call(said) is meant


async def test_an_agent_takes_a_call_off_the_list_with_the_reason(care, shop, night):
    visit, agent, other = await shop.visit(), await colleague(care, "a1"), await colleague(care, "a2")
    made = await ask(care, visit, shop, phone="13911112222")
    with pytest.raises(InvalidInput):
        await callbacks.cancel_task(care, made.id, agent.id, " ")
    await callbacks.take(care, made.id, agent)
    with pytest.raises(Conflict):
        await callbacks.cancel_task(care, made.id, other.id, "来电说不用了")
    gone = await callbacks.cancel_task(care, made.id, agent.id, "来电说不用了")
    assert (gone.state, gone.result_note, gone.tries) == (CallbackState.CANCELLED, "来电说不用了", 0)
    async with care.sessions.read() as session:
        assert (await session.scalars(select(Promise))).all() == []
    with pytest.raises(Conflict):
        await callbacks.cancel_task(care, made.id, agent.id, "再来一次")


async def test_within_hours_nothing_is_offered(care, shop):
    visit = await shop.visit()
    assert await callbacks.offer(care, visit.id) is None


async def test_at_night_the_own_number_and_a_time_are_offered(care, shop, night):
    offer = await callbacks.offer(care, (await verified(care, shop)).id)
    assert (offer.phone, offer.waiting) == (PHONE, None)
    assert offer.due_at == night.now() + timedelta(hours=11)  # 10:00, an hour after the door opens
    stranger = await callbacks.offer(care, (await shop.visit()).id)
    assert stranger.phone is None


async def test_a_wish_becomes_a_task_a_promise_and_a_word_in_the_contact(care, shop, night):
    made = await ask(care, await verified(care, shop), shop)
    assert (made.phone, made.is_phone_verified, made.note, made.state) == (
        PHONE, True, "空调不制冷", CallbackState.WAITING,
    )  # fmt: skip
    promise = await the_promise(care)
    assert (promise.what, promise.promised_by, promise.due_at) == ("call_back", "bot", made.due_at)
    async with care.sessions.read() as session:
        contact = (await session.scalars(select(CareInteraction))).one()
    assert "callback" in contact.data_written


async def test_the_same_message_or_a_second_wish_makes_no_second_call(care, shop, night):
    visit = await verified(care, shop)
    said = await shop.say(visit.id, "请回电")
    for _ in range(2):
        await callbacks.request(care, visit.id, phone=None, note="急", source_message_id=said.message_id)
    again = await shop.say(visit.id, "打这个号")
    made = await callbacks.request(
        care, visit.id, phone="13911112222", note="换了号码", source_message_id=again.message_id
    )
    assert (made.phone, made.is_phone_verified, made.note) == ("13911112222", False, "急\n换了号码")
    async with care.sessions.read() as session:
        assert len((await session.scalars(select(Callback))).all()) == 1
        assert len((await session.scalars(select(Promise))).all()) == 1


async def test_without_a_number_nothing_is_promised(care, shop, night):
    visit = await shop.visit()
    with pytest.raises(NotVerified):
        await ask(care, visit, shop)
    with pytest.raises(InvalidInput):
        await callbacks.request(care, visit.id, phone="12345", note="", source_message_id=None)
    made = await callbacks.request(care, visit.id, phone="139 1111 2222", note="", source_message_id=None)
    assert made.phone == "13911112222"


async def test_the_number_is_not_readable_in_the_database(care, shop, night):
    await ask(care, await verified(care, shop), shop)
    async with care.sessions.read() as session:
        (stored,) = await session.scalars(text("SELECT phone FROM callback"))
    assert stored.startswith("enc:")


async def test_one_takes_it_the_other_hears_who_has_it_and_the_look_is_logged(care, shop, night):
    made = await ask(care, await verified(care, shop), shop)
    first, second = await colleague(care, "agent1"), await colleague(care, "agent2")
    assert [one.id for one in await callbacks.listing(care, first)] == [made.id]
    taken = await callbacks.take(care, made.id, first)
    assert (taken.taken_by, taken.state) == ("坐席1", CallbackState.TAKEN)
    await callbacks.take(care, made.id, first)
    with pytest.raises(Conflict, match="坐席1"):
        await callbacks.take(care, made.id, second)
    with pytest.raises(Conflict):
        await callbacks.note_call(care, made.id, second.id, CallbackResult.REACHED)
    with pytest.raises(NotFound):
        await callbacks.take(care, 4711, first)
    async with care.sessions.read() as session:
        looks = (await session.scalars(select(AccessLog).order_by(AccessLog.id))).all()
    assert [(look.who, look.fields) for look in looks] == [
        ("agent1", ["callback.phone", "name"]),
        ("agent1", ["callback.phone"]),
    ]


async def test_a_call_in_time_keeps_the_promise_even_when_nobody_answers(care, shop, night):
    made = await ask(care, await verified(care, shop), shop)
    agent = await colleague(care, "agent1")
    night.advance(hours=10.5)
    missed = await callbacks.note_call(care, made.id, agent.id, CallbackResult.NOT_REACHED, "响了没人接")
    assert (missed.state, missed.tries, missed.taken_by) == (CallbackState.WAITING, 1, None)
    assert (await the_promise(care)).kept_at == night.now()
    night.advance(hours=1)
    done = await callbacks.note_call(care, made.id, agent.id, CallbackResult.REACHED, "已约上门")
    assert (done.state, done.tries, done.is_broken, done.result_note) == (
        CallbackState.DONE, 2, False, "已约上门",
    )  # fmt: skip
    assert await callbacks.listing(care, agent) == []
    assert [one.id for one in await callbacks.listing(care, agent, is_open=False)] == [made.id]
    with pytest.raises(Conflict):
        await callbacks.note_call(care, made.id, agent.id, CallbackResult.REACHED)


async def test_nobody_called_in_time_and_it_shows(care, shop, night):
    made = await ask(care, await verified(care, shop), shop)
    agent = await colleague(care, "agent1")
    night.advance(hours=12)
    assert await promise_watch.mark_broken(care) == 1
    assert (await callbacks.listing(care, agent))[0].is_broken
    await callbacks.note_call(care, made.id, agent.id, CallbackResult.REACHED)
    promise = await the_promise(care)
    assert (promise.kept_at, promise.broken_at) == (None, made.due_at)


async def test_a_customer_may_take_it_back(care, shop, night):
    visit = await verified(care, shop)
    await ask(care, visit, shop)
    assert await callbacks.cancel(care, visit.id)
    assert not await callbacks.cancel(care, visit.id)
    assert await callbacks.waiting_of(care, visit.id) is None
    async with care.sessions.read() as session:
        assert (await session.scalars(select(Promise))).all() == []


async def test_hours_are_set_whole_and_an_exception_goes_before_them(care, clock):
    await opening_hours.set_week(care, {1: [(0, 1440)]}, who="admin")
    assert await opening_hours.is_open_now(care)  # a Tuesday
    clock.advance(days=1)
    assert not await opening_hours.is_open_now(care)
    today = clock.now().date()
    await opening_hours.set_day(care, today, "店庆", (0, 1440), who="admin")
    assert await opening_hours.is_open_now(care)
    await opening_hours.set_day(care, today, "盘点", None, who="admin")
    assert not await opening_hours.is_open_now(care)
    assert [(one.name, one.spans) for one in await opening_hours.exceptions(care)] == [("盘点", ())]
    await opening_hours.unset_day(care, today)
    assert await opening_hours.exceptions(care) == []
    with pytest.raises(InvalidInput):
        await opening_hours.set_week(care, {0: [(600, 540)]}, who="admin")


async def test_a_week_of_closed_days_is_not_taken_for_no_hours_at_all(care):
    await opening_hours.set_week(care, {}, who="admin")
    assert not await opening_hours.is_open_now(care)
