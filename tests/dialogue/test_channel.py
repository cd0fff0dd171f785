"""The Rasa server's door: signed, exactly once, fenced, and loud when something is broken."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from sqlalchemy import func, select

from bot.dialogue.client import BotFenced, BotUnavailable, DialogueClient
from care.records.complaint import Complaint
from care.records.conversation import Handoff
from care.records.engine import TrackerEvent
from care.rules import signing
from care.rules.vocabulary import Role
from care.services import conversations, handoff, outbox, staff, trackers
from tests.dialogue.conftest import Servers, Visitor, free_port, start_actions, stop

pytestmark = pytest.mark.slow


async def post(servers: Servers, body: bytes, header: str | None) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json"}
    if header is not None:
        headers[signing.SIGNATURE_HEADER] = header
    url = f"{servers.settings.rasa_url}/webhooks/zhike/webhook"
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


def signed(servers: Servers, body: bytes, *, at: float | None = None) -> str:
    return signing.sign(servers.settings.secret_key, body, int(at or time.time()))


async def event_count(visitor: Visitor) -> int:
    return len(await trackers.load_events(visitor.care, visitor.sender_id))


def body_for(visitor: Visitor, text: str = "你好", **changes: Any) -> dict[str, Any]:
    return {
        "sender": visitor.sender_id,
        "message_id": "m-1",
        "text": text,
        "payload": None,
        "metadata": {
            "conversation": visitor.conversation_id, "message_id": 1, "customer": None, "owner_version": 0,
        },
        **changes,
    }  # fmt: skip


async def test_unsigned_old_or_altered_requests_are_refused(servers: Servers, visitor: Visitor) -> None:
    body = json.dumps(body_for(visitor)).encode()
    assert (await post(servers, body, None))[0] == 401
    assert (await post(servers, body, signed(servers, body, at=time.time() - 120)))[0] == 401
    assert (await post(servers, body + b" ", signed(servers, body)))[0] == 401
    assert await event_count(visitor) == 0


@pytest.mark.parametrize(
    "broken",
    [b"{", b"[]", b'{"sender": 5}', b'{"sender": "x", "message_id": "m", "text": "a", "metadata": {}}'],
)
async def test_signed_nonsense_is_a_bad_request(servers: Servers, broken: bytes) -> None:
    status, answer = await post(servers, broken, signed(servers, broken))
    assert (status, answer["error"]["code"]) == (400, "bad_turn")


async def test_an_unknown_sender_is_not_found(servers: Servers, visitor: Visitor) -> None:
    body = json.dumps(body_for(visitor, sender="nobody")).encode()
    assert (await post(servers, body, signed(servers, body)))[0] == 404


@pytest.mark.parametrize(
    "payload",
    [
        "/restart",
        "/session_start",
        "/back",
        "/nlu_fallback",
        "/no_such",
        "greet",
        '/inform{"identity": "x"}',
        "/inform{1}",
    ],
)
async def test_no_button_carries_these_payloads(servers: Servers, visitor: Visitor, payload: str) -> None:
    body = json.dumps(body_for(visitor, payload=payload)).encode()
    assert (await post(servers, body, signed(servers, body)))[0] == 400


@pytest.mark.parametrize(
    "typed",
    [
        "/restart",
        "/affirm",
        '/inform{"order_number": "88126111801"}',
        "\uff0frestart",
        " /session_start",
        "//affirm",
        "∕affirm",
        "⁄affirm",
    ],
)
async def test_a_typed_slash_is_plain_text(servers: Servers, visitor: Visitor, typed: str) -> None:
    """Sent past the web service's own guard, straight to the channel."""
    body = json.dumps(body_for(visitor, typed)).encode()
    status, answer = await post(servers, body, signed(servers, body))
    assert status == 200
    assert answer["understood"]["confidence"] < 1.0, "understood as words, not taken as a command"
    events = await trackers.load_events(visitor.care, visitor.sender_id)
    assert not any(e["event"] == "restart" for e in events)
    assert not any(e["event"] == "entity" or e.get("name") == "action_restart" for e in events)


async def test_the_same_message_again_is_answered_from_the_history(visitor: Visitor) -> None:
    await visitor.says("我要投诉,耳机左耳没声音,质量太差")
    first, said, count = visitor.last_turn, visitor.replies, await event_count(visitor)
    assert first is not None
    again = await visitor.client.ask(first)
    assert again.replies == said
    assert again.understood == visitor.understood
    assert await event_count(visitor) == count
    async with visitor.care.sessions.read() as session:
        cases = await session.scalar(
            select(func.count(Complaint.id)).where(Complaint.conversation_id == visitor.conversation_id)
        )
    assert cases == 1


async def test_the_same_message_sent_twice_at_once_is_one_turn(visitor: Visitor) -> None:
    await conversations.accept_message(
        visitor.care,
        visitor.conversation_id,
        client_msg_id="0b9f7c2e-6a51-4c0e-9f0d-0d9f1c1f7a01",
        text="你好",
    )
    turn = await conversations.next_turn(visitor.care, visitor.conversation_id)
    assert turn is not None
    one, two = await asyncio.gather(visitor.client.ask(turn), visitor.client.ask(turn))
    assert one == two
    events = await trackers.load_events(visitor.care, visitor.sender_id)
    assert len([e for e in events if e["event"] == "user"]) == 1


async def test_asking_for_a_person_again_by_the_same_message_is_one_hand_over(visitor: Visitor) -> None:
    await visitor.says("转人工")
    assert visitor.last_turn is not None
    again = await visitor.client.ask(visitor.last_turn)
    assert again.replies == visitor.replies, "also when the conversation is no longer the bot's"
    async with visitor.care.sessions.read() as session:
        wishes = await session.scalar(
            select(func.count(Handoff.id)).where(Handoff.conversation_id == visitor.conversation_id)
        )
    assert wishes == 1


async def test_the_bot_is_silent_once_a_person_is_wanted_and_speaks_again_after(visitor: Visitor) -> None:
    await visitor.says("我要投诉,耳机左耳没声音,质量太差")
    first = visitor.last_turn
    assert first is not None
    await visitor.says("转人工")
    with pytest.raises(BotFenced):
        await visitor.client.ask(replace(first, message_public_id="another"))
    agent = await staff.add_staff(
        visitor.care,
        login=f"a{visitor.conversation_id}",
        name="小美",
        role=Role.AGENT,
        password="correct horse battery",
    )
    await handoff.take(visitor.care, visitor.conversation_id, agent.id)
    await handoff.say_as_agent(
        visitor.care,
        visitor.conversation_id,
        agent.id,
        "您好,我是小美",
        "0b9f7c2e-6a51-4c0e-9f0d-0d9f1c1f7a02",
    )
    await handoff.return_to_bot(visitor.care, visitor.conversation_id, agent.id)
    # Nobody has told the tracker yet; the records decide that the bot may speak.
    heard = await visitor.says("退货运费谁出")
    assert "来源" in heard
    await outbox.deliver_due(visitor.care, {trackers.OUTBOX_TOPIC: visitor.client.tell})
    events = await trackers.load_events(visitor.care, visitor.sender_id)
    assert any(e["event"] == "bot" and e.get("text") == "您好,我是小美" for e in events)
    assert "来源" in await visitor.says("退货运费谁出呢")


async def test_an_outbox_row_delivered_twice_is_written_once(visitor: Visitor) -> None:
    await visitor.says("你好")
    row = {"sender_id": visitor.sender_id, "events": [trackers.agent_event("您好", 1)], "key": "row-1"}
    await visitor.client.tell(row)
    count = await event_count(visitor)
    await visitor.client.tell(row)
    assert await event_count(visitor) == count


async def test_personal_data_is_not_in_slots(visitor: Visitor) -> None:
    await visitor.says("查订单")
    await visitor.says(visitor.phone)
    await visitor.says(await visitor.sms())
    slots = [
        e for e in await trackers.load_events(visitor.care, visitor.sender_id)
        if e["event"] == "slot" and e["name"] != "session_started_metadata"
    ]  # fmt: skip
    assert slots
    assert not any(visitor.phone in str(e["value"]) or "张伟" in str(e["value"]) for e in slots)


async def test_history_is_readable_chinese_in_order(visitor: Visitor) -> None:
    await visitor.says("你好")
    async with visitor.care.sessions.read() as session:
        rows = list(
            await session.scalars(
                select(TrackerEvent)
                .where(TrackerEvent.sender_id == visitor.sender_id)
                .order_by(TrackerEvent.seq)
            )
        )
    assert [row.seq for row in rows] == list(range(len(rows)))
    assert any(row.data.get("text") == "你好" for row in rows)


async def test_without_the_action_server_the_turn_fails_and_is_not_lost(
    servers: Servers, visitor: Visitor
) -> None:
    """Its port is dead: the client hears it, nothing is half written, and the same message works later."""
    await visitor.says("你好")
    before = await event_count(visitor)
    await conversations.accept_message(
        visitor.care,
        visitor.conversation_id,
        client_msg_id="0b9f7c2e-6a51-4c0e-9f0d-0d9f1c1f7a03",
        text="查订单",
    )
    turn = await conversations.next_turn(visitor.care, visitor.conversation_id)
    assert turn is not None
    stop(servers.processes["actions"])
    try:
        with pytest.raises(BotUnavailable, match="502"):
            await visitor.client.ask(turn)
        assert await event_count(visitor) == before
    finally:
        servers.processes["actions"] = start_actions(servers)
    answer = await visitor.client.ask(turn)
    assert "手机号" in answer.replies[0].text


async def test_a_database_that_is_locked_fails_the_turn_visibly(visitor: Visitor) -> None:
    await visitor.says("你好")
    before = await event_count(visitor)
    await conversations.accept_message(
        visitor.care,
        visitor.conversation_id,
        client_msg_id="0b9f7c2e-6a51-4c0e-9f0d-0d9f1c1f7a04",
        text="谢谢",
    )
    turn = await conversations.next_turn(visitor.care, visitor.conversation_id)
    assert turn is not None
    async with visitor.care.sessions.write() as session:
        await session.execute(select(TrackerEvent.id).limit(1))  # only now is the lock taken
        with pytest.raises(BotUnavailable, match="503"):
            await visitor.client.ask(turn)
    assert await event_count(visitor) == before
    assert (await visitor.client.ask(turn)).replies


async def test_the_action_server_refuses_what_is_not_signed(servers: Servers) -> None:
    async with aiohttp.ClientSession() as session:
        url = f"{servers.settings.actions_url}/webhook"
        async with session.post(url, json={"next_action": "action_stop"}) as answer:
            assert answer.status == 401
            assert "action_stop" not in await answer.text()


async def test_rasas_own_doors_are_shut(servers: Servers) -> None:
    async with aiohttp.ClientSession() as session:
        for method, path in (
            ("PUT", "/model"), ("POST", "/model/parse"), ("GET", "/conversations/x/tracker"), ("POST", "/webhooks/rest/webhook"),
        ):  # fmt: skip
            async with session.request(method, f"{servers.settings.rasa_url}{path}") as answer:
                assert answer.status in (404, 405), path


async def test_a_server_that_is_away_is_a_typed_error(servers: Servers, visitor: Visitor) -> None:
    await conversations.accept_message(
        visitor.care,
        visitor.conversation_id,
        client_msg_id="0b9f7c2e-6a51-4c0e-9f0d-0d9f1c1f7a05",
        text="谢谢",
    )
    turn = await conversations.next_turn(visitor.care, visitor.conversation_id)
    assert turn is not None
    away = replace(servers.settings, rasa_url=f"http://127.0.0.1:{free_port()}")
    async with DialogueClient(away) as client:
        with pytest.raises(BotUnavailable):
            await client.ask(turn)
        with pytest.raises(BotUnavailable):
            await client.check_health()
