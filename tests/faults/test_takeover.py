"""A person takes over while the bot is answering: one speaker at a time, and back again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from care.services.context import Care
from tests.faults.books import books_of, check_books
from tests.faults.complaining import FIRST
from tests.faults.conftest import OpenTab
from tests.live.customer import Customer
from tests.live.staff import StaffMember, signed_in
from tests.live.system import LiveSystem


@pytest_asyncio.fixture
async def agent(system: LiveSystem) -> AsyncIterator[StaffMember]:
    async with signed_in(system.base_url, "agent1", system.password) as member:
        yield member


async def test_an_answer_that_comes_after_the_take_over_is_never_shown(
    system: LiveSystem, records: Care, tab: OpenTab, agent: StaffMember
) -> None:
    one = await tab()
    await one.ask(FIRST)
    before = one.cursor
    with system.frozen("actions"):
        await one.acked(await one.say("换货"))
        await asyncio.sleep(0.5)
        await agent.take(one.conversation)
    await one.until(lambda: one.owner == "human")
    await agent.send(one.conversation, "您好,我来为您处理。")
    await one.until(lambda: "您好,我来为您处理。" in one.texts("agent"))
    await asyncio.sleep(3)
    assert [line["from"] for line in one.said() if line["seq"] > before] == ["customer", "agent"]

    await one.acked(await one.say("麻烦您了"))
    await asyncio.sleep(1)
    assert one.said()[-1]["from"] == "customer", "the bot is silent while a person speaks"

    await agent.return_to_bot(one.conversation)
    await one.until(lambda: one.owner == "bot")
    heard = await one.ask("电子发票怎么开?")
    assert heard[-1]["from"] == "bot"
    assert "发票" in " ".join(line["text"] for line in heard)
    await _check(records, one)


async def test_two_agents_cannot_both_take_one_customer(
    system: LiveSystem, records: Care, tab: OpenTab, agent: StaffMember
) -> None:
    one = await tab()
    await one.ask("转人工")
    await one.until(lambda: one.owner == "queued")
    async with signed_in(system.base_url, "agent2", system.password) as second:
        waiting = await second.get("/api/desk/queue")
        assert one.conversation in [item["conversation"] for item in waiting["items"]]
        await agent.take(one.conversation)
        refused = await second.post(f"/api/desk/conversations/{one.conversation}/take", expect=409)
        assert refused["error"]["code"] == "already_taken"
        assert agent.name in refused["error"]["message"]
    await agent.send(one.conversation, "您好。")
    await one.until(lambda: "您好。" in one.texts("agent"))
    await agent.close(one.conversation)
    await one.until(lambda: one.owner == "closed")
    await _check(records, one)


async def test_a_conversation_with_a_person_survives_a_kill(
    system: LiveSystem, records: Care, tab: OpenTab, agent: StaffMember
) -> None:
    one = await tab()
    await one.ask("转人工")
    await agent.take(one.conversation)
    await one.until(lambda: one.owner == "human")
    dead = system.kill("web")
    asked = await one.say("还在吗?")
    await system.back("web", after=dead)
    await one.acked(asked)
    await agent.send(one.conversation, "在的,您请说。")
    await one.until(lambda: "在的,您请说。" in one.texts("agent"))
    assert one.owner == "human"
    assert one.said()[-1]["from"] == "agent", "the bot did not answer in between"
    await agent.close(one.conversation)
    await _check(records, one)


async def _check(records: Care, one: Customer) -> None:
    await check_books(records, one)
    books = await books_of(records, one.conversation)
    assert all(m.seq is None for m in books.messages if m.state == "dropped")
