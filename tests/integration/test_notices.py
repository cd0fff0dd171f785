"""Telling staff: once per cause, read by its owner alone, announced after commit and never lost."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from care.adapters.bus import staff_channel
from care.records.engine import Outbox
from care.records.notice import StaffNotice
from care.rules.errors import NotFound
from care.rules.notice_terms import NoticeKind
from care.rules.vocabulary import Role
from care.services import notices, outbox, staff
from care.services.context import Care
from tests.integration.conftest import PASSWORD, Shop


async def told(
    care: Care, *staff_ids: int, key: str = "escalation:1:0:80", text: str = "请处理"
) -> list[int]:
    async with care.sessions.write() as session:
        return await notices.tell(
            session, care, staff_ids=staff_ids, kind=NoticeKind.ESCALATION, text=text, key=key
        )


async def test_everybody_named_is_told_once_per_cause(care: Care, shop: Shop):
    one, two = await shop.agent("a1"), await shop.agent("a2")
    assert len(await told(care, one, one)) == 1
    assert len(await told(care, one, two)) == 1  # only the one who had not heard
    assert len(await told(care, one, key="escalation:1:0:100")) == 1
    assert [view.text for view in await notices.of_staff(care, two)] == ["请处理"]
    assert await notices.unread(care, one) == 2


async def test_two_tellers_at_once_leave_one_notice(care: Care, shop: Shop):
    one = await shop.agent("a1")
    new = await asyncio.gather(*(told(care, one) for _ in range(8)))
    assert sum(len(ids) for ids in new) == 1
    async with care.sessions.read() as session:
        assert await session.scalar(select(func.count(StaffNotice.id))) == 1
        assert await session.scalar(select(func.count(Outbox.id))) == 1


async def test_the_newest_comes_first_and_what_was_read_can_be_left_out(care: Care, shop: Shop, clock):
    one = await shop.agent("a1")
    (first,) = await told(care, one, key="a", text="先")
    clock.advance(minutes=1)
    await told(care, one, key="b", text="后")
    assert [view.text for view in await notices.of_staff(care, one)] == ["后", "先"]
    assert [view.text for view in await notices.of_staff(care, one, limit=1)] == ["后"]
    await notices.mark_read(care, one, first)
    assert [view.text for view in await notices.of_staff(care, one, unread_only=True)] == ["后"]


async def test_the_first_reading_counts_and_nobody_reads_anothers(care: Care, shop: Shop, clock):
    one, two = await shop.agent("a1"), await shop.agent("a2")
    (notice_id,) = await told(care, one)
    read_at = clock.now()
    await notices.mark_read(care, one, notice_id)
    clock.advance(hours=1)
    await notices.mark_read(care, one, notice_id)
    found = await notices.notice(care, one, notice_id)
    assert found is not None
    assert found.read_at == read_at
    assert await notices.notice(care, two, notice_id) is None
    with pytest.raises(NotFound):
        await notices.mark_read(care, two, notice_id)


async def test_a_notice_about_a_conversation_names_it_as_screens_do(care: Care, shop: Shop):
    one = await shop.agent("a1")
    visit = await shop.visit()
    async with care.sessions.write() as session:
        await notices.tell(
            session,
            care,
            staff_ids=[one],
            kind=NoticeKind.NEW_IN_QUEUE,
            text="有人在等",
            key="q:1",
            conversation_id=visit.id,
        )
    (found,) = await notices.of_staff(care, one)
    assert (found.conversation, found.case_number) == (visit.public_id, None)


async def test_the_persons_screens_hear_of_it_after_commit(care: Care, shop: Shop):
    one = await shop.agent("a1")
    async with care.bus.subscribe(staff_channel(one)) as heard:
        (notice_id,) = await told(care, one)
        assert await outbox.deliver_due(care, {notices.OUTBOX_TOPIC: notices.bus_handler(care)}) == 1
        assert await asyncio.wait_for(heard.__anext__(), 5) == {"notice": notice_id}


async def test_what_was_rolled_back_tells_nobody(care: Care, shop: Shop):
    one = await shop.agent("a1")

    async def fail() -> None:
        async with care.sessions.write() as session:
            await notices.tell(
                session, care, staff_ids=[one], kind=NoticeKind.OTHER, text="未发生", key="never"
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await notices.of_staff(care, one) == []
    assert await outbox.deliver_due(care, {notices.OUTBOX_TOPIC: notices.bus_handler(care)}) == 0


async def test_a_real_case_is_told_to_real_people_as_long_as_there_are_any(care: Care):
    for login, is_demo in (("lead1", True), ("lead2", False)):
        await staff.add_staff(
            care, login=login, name=login, role=Role.LEAD, password=PASSWORD, is_demo=is_demo
        )
    async with care.sessions.read() as session:
        demo = await notices.people_of(session, [Role.LEAD], is_demo=True)
        real = await notices.people_of(session, [Role.LEAD], is_demo=False)
        both = await notices.people_of(session, [Role.LEAD])
        assert (len(demo), len(real), len(both)) == (1, 1, 2)
        assert demo != real
        assert await notices.people_of(session, [Role.MANAGER]) == []
