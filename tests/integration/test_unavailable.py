"""When the database cannot be had, people are told so and nothing is half-written."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import text

from care.records import base
from care.records.base import Sessions, make_engine
from care.rules.errors import CareError, Unavailable
from care.services import conversations, handoff, trackers, transcript
from care.services.context import open_care
from care.services.conversations import Reply


@contextmanager
def locked_by_another_program(care) -> Iterator[None]:
    """Another program holds SQLite's write lock."""
    connection = sqlite3.connect(care.settings.database_url.partition(":///")[2], isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


@pytest.fixture(autouse=True)
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "LOCK_WAIT_S", 1)


async def test_a_locked_sqlite_refuses_the_message_in_words_and_keeps_nothing(care_sqlite):
    care = care_sqlite
    visit = (await conversations.open_visit(care, None)).conversation
    key = str(uuid4())
    with locked_by_another_program(care):
        with pytest.raises(Unavailable) as refused:
            await conversations.accept_message(care, visit.id, client_msg_id=key, text="你好")
        assert await transcript.history(care, visit.id, after=0) == []  # reading still works
    assert refused.value.status == 503
    assert refused.value.message == base.BUSY
    assert "没有保存" in refused.value.message
    accepted = await conversations.accept_message(care, visit.id, client_msg_id=key, text="你好")
    assert (accepted.seq, accepted.is_duplicate) == (1, False)


async def test_every_writing_act_says_so_when_sqlite_is_locked(care_sqlite):
    care = care_sqlite
    visit = (await conversations.open_visit(care, None)).conversation
    await conversations.accept_message(care, visit.id, client_msg_id=str(uuid4()), text="你好")
    turn = await conversations.next_turn(care, visit.id)
    assert turn is not None
    with locked_by_another_program(care):
        acts = [
            conversations.open_visit(care, None),
            conversations.finish_turn(care, turn, [Reply("您好")], {"topic": "greet"}),
            handoff.request_human(care, visit.id, reason="asked"),
            trackers.append_events(care, visit.sender_id, 0, [{"event": "user"}]),
        ]
        for act in acts:
            with pytest.raises(Unavailable):
                await act
    shown = await conversations.finish_turn(care, turn, [Reply("您好")], {"topic": "greet"})
    assert [m.seq for m in shown] == [2]
    assert await trackers.load_events(care, visit.sender_id) == []


async def test_many_writers_at_once_wait_for_each_other_and_none_is_refused(care_sqlite):
    care = care_sqlite
    visits = [(await conversations.open_visit(care, None)).conversation for _ in range(10)]
    async with open_care(care.settings, clock=care.clock) as other:
        accepted = await asyncio.gather(
            *(
                conversations.accept_message(side, visit.id, client_msg_id=str(uuid4()), text=f"{n}")
                for n in range(5)
                for visit in visits
                for side in (care, other)
            )
        )
    assert len(accepted) == 100


async def test_a_transaction_that_fails_half_way_leaves_nothing(care):
    visit = (await conversations.open_visit(care, None)).conversation

    async def fail_half_way() -> None:
        async with care.sessions.write() as session:
            await session.execute(text("UPDATE conversation SET last_seq = 7"))
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        await fail_half_way()
    assert (await conversations.get_conversation(care, visit.public_id)).seq == 0


async def test_a_row_locked_by_another_process_is_unavailable_after_the_wait(care_pg, postgres_settings):
    care = care_pg
    visit = (await conversations.open_visit(care, None)).conversation
    impatient = make_engine(postgres_settings.database_url)  # made with the short wait
    sessions = Sessions(impatient)
    async with care.sessions.write() as holder:
        await holder.execute(text("SELECT 1 FROM conversation FOR UPDATE"))
        with pytest.raises(Unavailable):
            async with sessions.write() as session:
                await session.execute(text("UPDATE conversation SET last_seq = 7"))
    await sessions.close()
    assert (await conversations.get_conversation(care, visit.public_id)).seq == 0


async def test_a_postgresql_that_hangs_up_is_unavailable_and_then_used_again(care_pg, postgres):
    visit = (await conversations.open_visit(care_pg, None)).conversation

    async def be_cut_off() -> None:
        async with care_pg.sessions.write() as session:
            await session.execute(text("UPDATE conversation SET last_seq = 7"))
            postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'zhike'")
            await session.execute(text("UPDATE conversation SET last_seq = 8"))

    with pytest.raises(Unavailable):
        await be_cut_off()
    assert (await conversations.get_conversation(care_pg, visit.public_id)).seq == 0


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://postgres@/zhike?host=/nowhere",
        "postgresql+asyncpg://postgres@127.0.0.1:1/zhike",
        "sqlite+aiosqlite:////nowhere/zhike.db",
    ],
)
async def test_a_database_that_is_not_there_is_unavailable(url):
    sessions = Sessions(make_engine(url))
    for kind in (sessions.read, sessions.write):
        with pytest.raises(Unavailable):
            async with kind() as session:
                await session.execute(text("SELECT 1"))
    await sessions.close()


async def test_a_mistake_of_ours_is_not_called_unavailable(care):
    with pytest.raises(Exception) as mistake:  # noqa: PT011 - each driver has its own
        async with care.sessions.read() as session:
            await session.execute(text("SELECT no_such_column FROM conversation"))
    assert not isinstance(mistake.value, CareError)
