"""What is over its time goes, what is not stays, and nothing of a customer under a legal hold is touched."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from care.records.complaint import Complaint
from care.records.conversation import (
    Conversation,
    Handoff,
    Message,
    OneTimeCode,
    VerificationAttempt,
    Visitor,
)
from care.records.customer import AccessLog
from care.records.engine import Outbox, TrackerEvent
from care.records.hours import Callback
from care.records.notice import StaffNotice
from care.records.rights import RightsRequest
from care.rules.complaint import ComplaintState
from care.rules.errors import InvalidInput
from care.rules.notice_terms import NoticeKind
from care.rules.retention import KEEPING, Kept, check_days, days_in_words
from care.services import callbacks, conversations, handoff, notices, outbox, retention, rights, trackers
from tests.integration.customers import PHONE, signed_in


async def count(care, table) -> int:
    async with care.sessions.read() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def swept(care, *, is_dry: bool = False) -> dict[str, int]:
    return {one.kind.value: one.rows for one in await retention.sweep(care, is_dry=is_dry) if one.rows}


async def filled(care, shop, capsys):
    """A customer who talked, was looked at and asked for an export; a browser that said nothing."""
    customer = await shop.customer(PHONE)
    visit = await signed_in(care, shop, capsys)
    await shop.say(visit.id, "我的破壁机坏了")
    await shop.answer(visit.id, "抱歉")
    await trackers.append_events(care, visit.sender_id, 0, [{"event": "user", "text": "我的破壁机坏了"}])
    await rights.request_export(care, visit.id, source_message_id=None)
    await shop.visit()
    async with care.sessions.write() as session:
        now = care.clock.now()
        session.add(
            AccessLog(
                who="agent1", role="agent", customer_id=customer.id, fields=["name"], purpose="x", at=now
            )
        )
        session.add(VerificationAttempt(key="order:1", at=now))
    return customer, visit


def test_every_swept_kind_has_its_job_and_its_bounds():
    for kind, keeping in KEEPING.items():
        if keeping.is_swept:
            assert kind in retention._REMOVE
            assert keeping.days is not None
            assert keeping.at_least <= keeping.days <= keeping.at_most
        else:
            assert kind not in retention._REMOVE
            with pytest.raises(InvalidInput):
                check_days(kind, 1000)
    assert (days_in_words(None), days_in_words(1095), days_in_words(2)) == ("账户存续期间", "3 年", "2 天")


async def test_a_dry_run_counts_what_a_real_one_then_removes(care, shop, capsys, clock):
    await filled(care, shop, capsys)
    assert await swept(care) == {}
    clock.advance(days=3)
    counted = await swept(care, is_dry=True)
    assert counted == {"codes": 1, "attempts": 1, "export_tokens": 1}
    assert await count(care, OneTimeCode) == 1
    assert await swept(care) == counted
    assert (await count(care, OneTimeCode), await count(care, VerificationAttempt)) == (0, 0)
    async with care.sessions.read() as session:
        assert (await session.scalar(select(RightsRequest.token_hash))) is None
    assert await swept(care) == {}


async def test_half_a_year_after_the_call_a_strangers_number_goes_and_an_open_task_keeps_it(
    care, shop, clock
):
    done, waiting = await shop.visit(), await shop.visit()
    for visit in (done, waiting):
        await callbacks.request(care, visit.id, phone="13911112222", note="急", source_message_id=None)
    assert await callbacks.cancel(care, done.id)
    agent = await shop.agent()
    async with care.sessions.write() as session:
        await notices.tell(session, care, staff_ids=[agent], kind=NoticeKind.OTHER, text="请看", key="x")
    clock.advance(days=179)
    assert {"callbacks", "notices"}.isdisjoint(await swept(care))
    clock.advance(days=2)
    assert {kind: rows for kind, rows in (await swept(care)).items() if kind in ("callbacks", "notices")} == {
        "callbacks": 1, "notices": 1,
    }  # fmt: skip
    assert await count(care, StaffNotice) == 0
    async with care.sessions.read() as session:
        rows = (await session.execute(select(Callback.phone, Callback.note).order_by(Callback.id))).all()
    assert [tuple(row) for row in rows] == [(None, ""), ("13911112222", "急")]
    assert "callbacks" not in await swept(care)


async def test_delivered_and_given_up_announcements_go_and_waiting_ones_stay(care, shop, capsys, clock):
    async with care.sessions.write() as session:
        for n in range(3):
            outbox.add(session, care, "x", {"n": n})
        await session.flush()
        rows = (await session.scalars(select(Outbox).order_by(Outbox.id))).all()
        rows[0].delivered_at = clock.now()
        rows[1].tries = outbox.MAX_TRIES
    clock.advance(days=8)
    assert await swept(care) == {"outbox": 2}
    async with care.sessions.read() as session:
        assert [row.data for row in await session.scalars(select(Outbox))] == [{"n": 2}]


async def test_after_a_month_the_silent_browser_and_the_dialogue_state_go_and_the_words_stay(
    care, shop, capsys, clock
):
    _, visit = await filled(care, shop, capsys)
    clock.advance(days=31)
    found = await swept(care)
    assert (found["visitors"], found["tracker"]) == (1, 1)
    assert (await count(care, Visitor), await count(care, Conversation)) == (1, 1)
    assert await count(care, TrackerEvent) == 0
    async with care.sessions.read() as session:
        assert (await session.scalar(select(Message.text).order_by(Message.id))) == "我的破壁机坏了"
    # Who comes back begins anew, so that the bot never goes on from half a memory.
    assert (await conversations.get_conversation(care, visit.public_id)).owner.value == "closed"


async def test_after_three_years_words_fade_and_the_times_stay(care, shop, capsys, clock):
    _, visit = await filled(care, shop, capsys)
    await handoff.request_human(care, visit.id, reason="asked")
    lines = await count(care, Message)
    clock.advance(days=3 * 365 + 1)
    found = await swept(care)
    assert (found["messages"], found["access_log"]) == (lines, 1)
    assert await count(care, Message) == lines
    assert await count(care, Handoff) == 1
    async with care.sessions.read() as session:
        assert set(await session.scalars(select(Message.text))) == {retention.FADED_WORDS}
    assert "messages" not in await swept(care)


async def test_an_open_case_keeps_its_words(care, shop, capsys, clock):
    customer, visit = await filled(care, shop, capsys)
    async with care.sessions.write() as session:
        case = Complaint(
            conversation_id=visit.id,
            customer_id=customer.id,
            channel="web",
            state=ComplaintState.INVESTIGATING,
            opened_at=clock.now(),
            own_words="坏了",
            topic="complaint_quality",
            category="defect",
            care_part="product_quality",
            care_stage="post",
            grade="P3",
        )
        session.add(case)
    clock.advance(days=4 * 365)
    assert "messages" not in await swept(care)
    async with care.sessions.write() as session:
        (await session.get_one(Complaint, case.id)).state = ComplaintState.CLOSED
    assert (await swept(care))["messages"] > 0


async def test_a_hold_keeps_everything_of_its_customer_until_it_is_lifted(care, shop, capsys, clock):
    customer, _ = await filled(care, shop, capsys)
    hold_id = await retention.hold(care, customer.id, reason="(2026)浙0106民初1号", by="admin1")
    clock.advance(days=4 * 365)
    found = await swept(care)
    assert set(found) <= {"attempts", "visitors", "export_tokens", "outbox"}
    assert await count(care, OneTimeCode) == 1
    await retention.lift(care, hold_id, by="admin1")
    assert {"codes", "tracker", "messages", "access_log"} <= set(await swept(care))


async def test_a_shop_chooses_its_times_within_the_bounds(care, shop, capsys, clock):
    await filled(care, shop, capsys)
    await retention.set_time(care, "messages", 180, by="admin1")
    await retention.set_time(care, "messages", 200, by="admin1")
    assert (await retention.times(care))[Kept.MESSAGES] == 200
    clock.advance(days=201)
    assert (await swept(care))["messages"] > 0
    for kind, days in (("messages", 30), ("messages", 9999), ("orders", 1000), ("photos", 10)):
        with pytest.raises(InvalidInput):
            await retention.set_time(care, kind, days, by="admin1")


async def test_many_rows_go_in_small_transactions(care, clock, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 10)
    async with care.sessions.write() as session:
        session.add_all(VerificationAttempt(key=f"order:{n}", at=clock.now()) for n in range(45))
        session.add(VerificationAttempt(key="order:new", at=clock.now() + timedelta(days=3)))
    clock.advance(days=3)
    assert await swept(care) == {"attempts": 45}
    assert await count(care, VerificationAttempt) == 1
