"""Whatever is sent over `/ws/chat`: a clear Chinese error or plain text, and nobody else is touched."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient

from bot.web.ports import BotAnswer
from care.services import conversations, transcript
from care.services.context import Care
from care.services.conversations import Reply
from tests.web.people import ScriptedBot, Start, Visitor

Connect = Callable[..., Awaitable[Visitor]]


async def stored(care: Care, visitor: Visitor) -> list[str]:
    view = await conversations.get_conversation(care, visitor.conversation)
    return [
        line.text for line in await transcript.history(care, view.id, after=0) if line.speaker == "customer"
    ]


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_message"),
        (" \n\t\u3000\u200b\u2060\x00", "empty_message"),
        ("长" * 5000, "message_too_long"),
        ("长" * 1001, "message_too_long"),
        ("🙂" * 1001, "message_too_long"),
        ("\u200b" * 5000, "empty_message"),
        ("长" * 6000, "frame_too_large"),
    ],
    ids=["empty", "blank", "5000", "1001", "1001 emoji", "5000 invisible", "over 16 KiB"],
)
async def test_unusable_text_is_refused_by_name_and_not_stored(
    visitor: Visitor, care_sqlite: Care, text: str, code: str
) -> None:
    client_msg_id = await visitor.say(text)
    refusal = await visitor.next("error")
    assert (refusal["code"], refusal["client_msg_id"]) == (code, client_msg_id)
    assert is_chinese(refusal["message"])
    assert await stored(care_sqlite, visitor) == []


async def test_a_thousand_characters_are_fine(visitor: Visitor, care_sqlite: Care) -> None:
    await visitor.say("字" * 1000)
    assert (await visitor.next("ack"))["seq"] == 1
    assert await stored(care_sqlite, visitor) == ["字" * 1000]


@pytest.mark.parametrize(
    "text",
    [
        "😡😡😡",
        "👨‍👩‍👧",
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "'; DROP TABLE message; --",
        "1 OR 1=1",
        "${jndi:ldap://x}",
        "{{7*7}}",
    ],
)
async def test_strange_text_is_only_text(
    visitor: Visitor, care_sqlite: Care, bot: ScriptedBot, text: str
) -> None:
    await visitor.say(text)
    await visitor.next("ack")
    assert (await visitor.next("message"))["text"] == f"收到:{text}"
    assert await stored(care_sqlite, visitor) == [text]
    assert bot.asked[0].payload is None


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        '/inform{"order_number": "88120231105"}',
        "／restart",
        "  /restart",
        "//restart",
        "\u200b／inform",
    ],
)
async def test_a_typed_command_reaches_the_bot_as_words(
    visitor: Visitor, bot: ScriptedBot, text: str
) -> None:
    await visitor.say(text)
    await visitor.next("ack")
    await visitor.next("message")
    assert bot.asked[0].payload is None
    assert not bot.asked[0].text.lstrip().startswith("/")
    assert "restart" in bot.asked[0].text or "inform" in bot.asked[0].text


async def test_a_card_number_is_masked_before_anyone_sees_it(
    visitor: Visitor, care_sqlite: Care, bot: ScriptedBot
) -> None:
    await visitor.say("我的卡号6222021234567890128,订单88120231105")
    await visitor.next("ack")
    await visitor.next("message")
    assert "6222021234567890128" not in bot.asked[0].text
    assert "6222021234567890128" not in (await stored(care_sqlite, visitor))[0]
    assert "88120231105" in bot.asked[0].text


async def test_half_an_emoji_does_not_lose_the_message(visitor: Visitor, care_sqlite: Care) -> None:
    frame = {"type": "message", "client_msg_id": str(uuid.uuid4()), "text": "坏了\ud83d"}
    await visitor.socket.send_str(json.dumps(frame))
    await visitor.next("ack")
    assert await stored(care_sqlite, visitor) == ["坏了"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "bad_frame"),
        ("hello", "bad_frame"),
        ("{", "bad_frame"),
        ("[]", "bad_frame"),
        ("null", "bad_frame"),
        ("5", "bad_frame"),
        ("[" * 5000, "bad_frame"),
        ('{"a":' * 2000, "bad_frame"),
        ("{}", "bad_frame"),
        ('{"type": 7}', "bad_frame"),
        ('{"type": "shutdown"}', "unknown_type"),
        ('{"type": "welcome"}', "unknown_type"),
        ('{"type": "message"}', "bad_frame"),
        ('{"type": "message", "client_msg_id": 1, "text": "x"}', "bad_frame"),
        ('{"type": "message", "client_msg_id": "x", "text": "x"}', "bad_frame"),
        ('{"type": "message", "client_msg_id": "\\u0000", "text": "x"}', "bad_frame"),
        ('{"type": "message", "client_msg_id": "0189d2b4-7b4b-7c3e-8a52-1f2e3d4c5b6a", "text": ["x"]}', "bad_frame"),
        ('{"type": "message", "client_msg_id": "0189d2b4-7b4b-7c3e-8a52-1f2e3d4c5b6a", "text": null}', "bad_frame"),
        ('{"type": "button", "client_msg_id": "0189d2b4-7b4b-7c3e-8a52-1f2e3d4c5b6a", "payload": "\\u0000"}', "bad_frame"),
        ('{"type": "button", "client_msg_id": "0189d2b4-7b4b-7c3e-8a52-1f2e3d4c5b6a", "payload": ""}', "bad_frame"),
        ('{"type": "survey", "answers": 5}', "bad_frame"),
    ],
)  # fmt: skip
async def test_a_broken_frame_is_named_and_the_connection_goes_on(
    visitor: Visitor, care_sqlite: Care, raw: str, code: str
) -> None:
    await visitor.socket.send_str(raw)
    refusal = await visitor.next("error")
    assert refusal["code"] == code
    assert is_chinese(refusal["message"])
    await visitor.say("还在吗")
    assert (await visitor.next("ack"))["seq"] == 1
    assert await stored(care_sqlite, visitor) == ["还在吗"]


@pytest.mark.parametrize(
    "hello",
    [
        {"visitor": 5},
        {"visitor": "x" * 5000},
        {"after": -1},
        {"after": "3"},
        {"after": 2**40},
        {"page": []},
        {"page": {"order": {"$ne": None}}},
        {"page": {"order": "x" * 500}},
        {"identity": "y" * 5000},
        {"identity": {"sub": 1}},
    ],
)
async def test_a_wrong_hello_is_named_and_can_be_said_again(connect: Connect, hello: dict[str, Any]) -> None:
    visitor = await connect()
    await visitor.socket.send_json({"type": "hello", "visitor": None, "after": 0, **hello})
    assert (await visitor.next("error"))["code"] == "bad_frame"
    assert (await visitor.hello())["seq"] == 0


async def test_a_binary_frame_is_refused(visitor: Visitor) -> None:
    await visitor.socket.send_bytes(b"\x00\x01")
    assert (await visitor.next("error"))["code"] == "bad_frame"


async def test_an_oversized_frame_is_refused_and_the_connection_goes_on(visitor: Visitor) -> None:
    await visitor.socket.send_str("x" * (16 * 1024 + 1))
    refusal = await visitor.next("error")
    assert (refusal["code"], is_chinese(refusal["message"])) == ("frame_too_large", True)
    await visitor.say("短一点")
    await visitor.next("ack")


async def test_a_monstrous_frame_ends_the_connection(visitor: Visitor, client: TestClient[Any, Any]) -> None:
    await visitor.socket.send_str("x" * 200_000)
    assert await visitor.closed() == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    assert (await client.get("/healthz")).status == 200


@pytest.mark.parametrize(
    "payload", ["/request_human", "/restart", '/inform{"order_number": "88100000001"}', "我的订单"]
)
async def test_a_forged_button_is_refused(
    visitor: Visitor, care_sqlite: Care, bot: ScriptedBot, payload: str
) -> None:
    bot.answers["你好"] = BotAnswer([Reply("请选择", [{"title": "我的订单", "payload": "/order_status"}])])
    await visitor.say("你好")
    await visitor.next("ack")
    await visitor.next("message")
    client_msg_id = await visitor.press(payload)
    refusal = await visitor.next("error")
    assert (refusal["code"], refusal["client_msg_id"]) == ("unknown_button", client_msg_id)
    assert len(bot.asked) == 1
    assert await stored(care_sqlite, visitor) == ["你好"]


async def test_a_button_of_another_conversation_is_refused(
    connect: Connect, visitor: Visitor, bot: ScriptedBot
) -> None:
    bot.answers["你好"] = BotAnswer(
        [Reply("请选择", [{"title": "订单 A", "payload": '/inform{"order_number":"1"}'}])]
    )
    await visitor.say("你好")
    await visitor.next("ack")
    await visitor.next("message")
    other = await connect()
    await other.hello()
    await other.press('/inform{"order_number":"1"}')
    assert (await other.next("error"))["code"] == "unknown_button"


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "../../etc/passwd", "' OR '1'='1"])
async def test_a_forged_token_opens_a_new_visit_and_nobody_elses(
    connect: Connect, visitor: Visitor, token: str
) -> None:
    await visitor.say("我的手机号 13800000001")
    await visitor.next("ack")
    stranger = await connect()
    raw = {"type": "hello", "visitor": token, "after": 0}
    await stranger.socket.send_json(raw)
    first = await stranger.frame()
    assert first["type"] == "welcome", "a damaged token makes a new visitor, never a closed door"
    assert first["conversation"] != visitor.conversation
    assert first["visitor"] not in (token, visitor.token)
    assert await stranger.rest() == []


async def test_a_stolen_conversation_id_opens_nothing(connect: Connect, visitor: Visitor) -> None:
    await visitor.say("私事")
    await visitor.next("ack")
    stranger = await connect()
    welcome = await stranger.hello(visitor.conversation, conversation=visitor.conversation)
    assert welcome["conversation"] != visitor.conversation
    assert await stranger.rest() == []


async def test_another_visitors_client_msg_id_is_not_a_duplicate_here(
    connect: Connect, visitor: Visitor
) -> None:
    client_msg_id = await visitor.say("我的话")
    await visitor.next("ack")
    other = await connect()
    await other.hello()
    await other.say("别人的话", client_msg_id)
    assert (await other.next("ack"))["seq"] == 1
    assert (await other.next("message"))["text"] == "收到:别人的话"


async def test_a_message_in_capital_letters_of_the_uuid_is_the_same_message(
    visitor: Visitor, bot: ScriptedBot
) -> None:
    client_msg_id = str(uuid.uuid4())
    await visitor.say("一次", client_msg_id.upper())
    ack = await visitor.next("ack")
    assert ack["client_msg_id"] == client_msg_id.upper()
    await visitor.next("message")
    await visitor.say("一次", client_msg_id)
    assert (await visitor.next("ack"))["seq"] == ack["seq"]
    assert await visitor.rest() == []
    assert len(bot.asked) == 1


class TestOrigin:
    async def test_own_pages_and_tools_without_origin_may_connect(
        self, client: TestClient[Any, Any], connect: Connect
    ) -> None:
        own = str(client.make_url("/")).rstrip("/")
        await (await connect(origin=own)).hello()
        await (await connect()).hello()

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "null", "file://", "https://127.0.0.1.evil.example"]
    )
    async def test_a_foreign_page_may_not(self, client: TestClient[Any, Any], origin: str) -> None:
        answer = await client.get(
            "/ws/chat",
            headers={
                "Origin": origin, "Connection": "Upgrade", "Upgrade": "websocket",
                "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            },
        )  # fmt: skip
        assert answer.status == 403
        body = await answer.json()
        assert body["error"]["code"] == "forbidden"
        assert is_chinese(body["error"]["message"])

    async def test_a_trusted_host_page_may(self, start: Start, care_sqlite: Care) -> None:
        from dataclasses import replace

        settings = replace(care_sqlite.settings, trusted_origins=("https://shop.example",))
        trusting = await start(replace(care_sqlite, settings=settings))
        async with trusting.ws_connect("/ws/chat", origin="https://shop.example") as socket:
            await Visitor(socket).hello()
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await trusting.ws_connect("/ws/chat", origin="http://shop.example")
