"""The ledger of promises: a colleague's word is a dated row, its owner hears in time, and broken shows."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from care.records.conversation import Conversation
from care.records.interaction import Promise
from care.rules.approval_terms import ApprovalWhat
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.notice_terms import NoticeKind
from care.services import approvals, complaint_log, erasure_rows, notices, promise_watch, promises
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.clock_shop import events, ledger, received, team
from tests.integration.conftest import Shop


async def heard(care: Care, staff_id: int, kind: NoticeKind) -> list[str]:
    return [n.text for n in await notices.of_staff(care, staff_id) if n.kind is kind]


async def test_a_colleagues_word_is_a_row_and_an_event(care: Care, shop: Shop, clock: ManualClock) -> None:
    await team(care)
    case = await received(care, shop)
    due_at = clock.now() + timedelta(hours=6)
    for _ in range(2):
        made = await promises.note(
            care,
            actor="agent1",
            text=" 明天 给您回电话 ",
            due_at=due_at,
            complaint_id=case.id,
            idempotency_key="k1",
        )
    assert (made.what, made.what_label, made.promised_by) == ("明天 给您回电话",) * 2 + ("agent1",)
    assert [entry for entry in await ledger(care, case.id) if entry[0] == made.what] == [
        (made.what, due_at, "open")
    ]
    (event,) = await events(care, case.id, "promised")
    assert event.data == {"promise": made.id, "what": made.what, "due_at": due_at.isoformat()}
    assert await complaint_log.verify(care) == []


async def test_the_one_who_gave_it_hears_before_it_is_due_and_when_it_is_broken(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    people = await team(care)
    case = await received(care, shop)
    await promises.note(
        care,
        actor="lead1",
        text="请仓库核对后回电",
        due_at=clock.now() + timedelta(hours=20),
        complaint_id=case.id,
    )
    clock.advance(hours=15)
    assert await promise_watch.due_soon(care) == 0
    clock.advance(hours=1, minutes=1)
    assert await promise_watch.due_soon(care) == 1
    assert await promise_watch.due_soon(care) == 0
    for staff_id in (people.agent, people.lead):  # the owner, and who promised
        (text,) = await heard(care, staff_id, NoticeKind.PROMISE_DUE)
        assert "请仓库核对后回电" in text
        assert case.case_number in text
    clock.advance(hours=4)
    assert await promise_watch.mark_broken(care) == 1
    assert await promise_watch.mark_broken(care) == 0
    assert len(await heard(care, people.lead, NoticeKind.OVERDUE)) == 1


async def test_what_is_done_in_time_is_kept_and_what_is_late_is_broken(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    await team(care)
    case = await received(care, shop)
    in_time, late = [
        await promises.note(
            care, actor="agent1", text=text, due_at=clock.now() + timedelta(hours=2), complaint_id=case.id
        )
        for text in ("补发配件", "寄送发票")
    ]
    assert (await promises.fulfil(care, in_time.id, "agent1")).kept_at == clock.now()
    clock.advance(hours=3)
    assert (await promises.fulfil(care, late.id, "agent1")).broken_at == late.due_at
    assert (await promises.fulfil(care, in_time.id, "agent1")).broken_at is None
    assert [e.data["in_time"] for e in await events(care, case.id, "promise_done")] == [True, False]


async def test_what_the_case_promises_is_kept_by_its_moves_alone(care: Care, shop: Shop) -> None:
    case = await received(care, shop)
    solve = next(p for p in await promises.of_complaint(care, case.id) if p.what == "solve")
    with pytest.raises(Conflict):
        await promises.fulfil(care, solve.id, "agent1")
    with pytest.raises(NotFound):
        await promises.fulfil(care, 10**6, "agent1")


async def test_a_word_given_in_a_conversation_is_watched_too(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    people = await team(care)
    visit = await shop.visit()
    made = await promises.note(
        care,
        actor="agent1",
        text="十分钟后回复",
        due_at=clock.now() + timedelta(minutes=10),
        conversation_id=visit.id,
    )
    clock.advance(minutes=8)
    assert await promise_watch.due_soon(care) == 1
    (notice,) = await notices.of_staff(care, people.agent)
    assert (notice.conversation, notice.kind) == (visit.public_id, NoticeKind.PROMISE_DUE)
    clock.advance(minutes=3)
    assert await promise_watch.mark_broken(care) == 1
    assert (await promises.fulfil(care, made.id, "agent1")).broken_at == made.due_at


@pytest.mark.parametrize(("text", "hours"), [("  ", 5), ("字" * 201, 5), ("回电", -1), ("回电", 24 * 91)])
async def test_a_promise_without_words_or_a_fit_time_is_refused(
    care: Care, shop: Shop, clock: ManualClock, text: str, hours: int
) -> None:
    visit = await shop.visit()
    with pytest.raises(InvalidInput):
        await promises.note(
            care,
            actor="agent1",
            text=text,
            due_at=clock.now() + timedelta(hours=hours),
            conversation_id=visit.id,
        )


async def test_about_nothing_nobody_promises(care: Care, clock: ManualClock) -> None:
    later = clock.now() + timedelta(hours=1)
    with pytest.raises(InvalidInput):
        await promises.note(care, actor="agent1", text="回电", due_at=later)
    with pytest.raises(NotFound):
        await promises.note(care, actor="agent1", text="回电", due_at=later, complaint_id=10**6)
    with pytest.raises(NotFound):
        await promises.note(care, actor="agent1", text="回电", due_at=later, conversation_id=10**6)


async def test_an_ended_case_takes_no_promise_and_lets_go_of_open_ones(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    people = await team(care)
    case = await received(care, shop)
    approval = await approvals.ask(care, case.id, ApprovalWhat.WITHDRAW, asked_by="agent1", reason="客户撤回")
    await approvals.agree(care, case.id, approval.id, people.lead)
    with pytest.raises(Conflict):
        await promises.note(
            care, actor="agent1", text="回电", due_at=clock.now() + timedelta(hours=1), complaint_id=case.id
        )
    clock.advance(days=30)
    assert await promise_watch.mark_broken(care) == 0


async def test_watchers_that_race_mark_and_tell_once(care: Care, shop: Shop, clock: ManualClock) -> None:
    people = await team(care)
    case = await received(care, shop)
    for n in range(5):
        await promises.note(
            care,
            actor="agent1",
            text=f"承诺 {n}",
            due_at=clock.now() + timedelta(hours=1),
            complaint_id=case.id,
        )
    clock.advance(hours=2)
    for _ in range(2):
        await asyncio.gather(*(promise_watch.mark_broken(care) for _ in range(4)))
    assert len(await heard(care, people.agent, NoticeKind.OVERDUE)) == 5


async def test_a_deleted_customers_promise_keeps_its_date_and_not_its_words(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    visit = await shop.visit()
    customer = await shop.customer()
    async with care.sessions.write() as session:
        (await session.get_one(Conversation, visit.id)).customer_id = customer.id
    made = await promises.note(
        care,
        actor="agent1",
        text="给张伟 13800000001 回电",
        due_at=clock.now() + timedelta(hours=1),
        conversation_id=visit.id,
    )
    async with care.sessions.write() as session:
        await erasure_rows.erase(session, [customer.id], clock.now())
    async with care.sessions.read() as session:
        row = await session.get_one(Promise, made.id)
    assert (row.what, row.customer_id, row.due_at) == (erasure_rows.ERASED_WORDS, None, made.due_at)
