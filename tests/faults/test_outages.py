"""Parts that hang, are gone, or lock: a clear word in Chinese, nothing lost, and everything goes on afterwards."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from care.rules.complaint import ComplaintState
from care.services.context import Care
from tests.faults.books import check_books
from tests.faults.complaining import CASE_NUMBER, FIRST
from tests.faults.conftest import OpenTab
from tests.live.system import LiveSystem

CHINESE = re.compile(r"[\u4e00-\u9fff]{4,}")
#: Longer than the services wait for a lock, so that something is refused.
LOCKED_S = 7.0
#: The web service gives up on a turn after 25 s; a busy machine gets more.
PATIENCE_S = 60.0


@asynccontextmanager
async def locked_database(system: LiveSystem, seconds: float) -> AsyncIterator[None]:
    """Another connection holds an exclusive transaction for `seconds`, whatever the test does meanwhile."""
    path = Path(system.settings.database_url.partition(":///")[2])
    other = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")

    async def let_go() -> None:
        await asyncio.sleep(seconds)
        other.execute("ROLLBACK")

    releasing = asyncio.create_task(let_go())
    try:
        yield
    finally:
        await releasing
        other.close()


@pytest.mark.parametrize("name", ["rasa", "actions"])
async def test_while_a_part_hangs_people_are_told_and_all_is_answered_when_it_is_back(
    system: LiveSystem, records: Care, tab: OpenTab, name: str
) -> None:
    """One is in the middle of a complaint; the other has just said yes to theirs, and says it again meanwhile."""
    telling, confirming = await tab(), await tab()
    await telling.ask(FIRST)
    await confirming.ask(FIRST)
    await confirming.choose("换货")
    await confirming.choose("三天内")
    with system.frozen(name):
        asked = await telling.say("换货")
        await confirming.press("对")
        for one in (telling, confirming):
            await one.heard_from("system", PATIENCE_S)
            (told,) = one.texts("system")
            assert "已保存" in told
            assert "转人工" in told
        again = await confirming.say("对")
        await confirming.acked(again)

    heard = await telling.answer(asked, seconds=PATIENCE_S)
    assert heard[-1]["from"] == "bot"
    books = await check_books(records, telling)
    assert [case.state for case in books.complaints] == [ComplaintState.DRAFT]
    assert books.complaints[0].remedy_said == "换货"

    await confirming.answer(again, seconds=PATIENCE_S)
    numbers = set(CASE_NUMBER.findall(" ".join(confirming.texts("bot"))))
    assert len(numbers) == 1, confirming.texts()
    books = await check_books(records, confirming)
    assert [case.case_number for case in books.complaints] == list(numbers)


async def test_two_parts_gone_and_back_while_a_question_waits(
    system: LiveSystem, records: Care, tab: OpenTab
) -> None:
    one = await tab()
    dead = system.kill("actions")
    asked = await one.say("电子发票怎么开?")
    web = system.kill("web")
    await system.back("web", after=web)
    await system.back("actions", after=dead)
    heard = await one.answer(asked, seconds=PATIENCE_S)
    assert "发票" in " ".join(line["text"] for line in heard)
    await check_books(records, one)


async def test_a_locked_database_refuses_aloud_and_takes_the_message_later(
    system: LiveSystem, records: Care, tab: OpenTab
) -> None:
    one = await tab()
    async with locked_database(system, LOCKED_S):
        began = time.monotonic()
        asked = await one.say("你们支持货到付款吗?")
        await one.until(lambda: one.errors or asked in one.acks)
        assert time.monotonic() - began < LOCKED_S, "a person is not left without a word"
        assert [(e["code"], e["client_msg_id"]) for e in one.errors] == [("unavailable", asked)]
        assert CHINESE.search(one.errors[0]["message"])
        assert "没有保存" in one.errors[0]["message"], "it is not claimed to be kept"
    await one.resend()
    heard = await one.answer(asked)
    assert heard[-1]["from"] == "bot"
    books = await check_books(records, one)
    assert len([m for m in books.messages if m.client_msg_id]) == 1


async def test_a_database_locked_in_the_middle_of_a_complaint_loses_and_doubles_nothing(
    system: LiveSystem, records: Care, tab: OpenTab
) -> None:
    one = await tab()
    await one.ask(FIRST)
    asked = await one.say("换货")
    await one.acked(asked)
    async with locked_database(system, LOCKED_S):
        pass
    heard = await one.answer(asked, seconds=PATIENCE_S)
    if heard[-1]["from"] == "system":
        assert CHINESE.search(heard[-1]["text"])
        heard = await one.ask("换货")
    heard = await one.ask("三天内")
    assert "对" in [b["title"] for line in heard for b in line.get("buttons") or ()]
    heard = await one.choose("对")
    number = CASE_NUMBER.search(" ".join(line["text"] for line in heard))
    assert number
    books = await check_books(records, one)
    assert [case.case_number for case in books.complaints] == [number[0]]
