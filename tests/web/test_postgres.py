"""The same service on PostgreSQL: where it differs is transactions that really run side by side."""

from __future__ import annotations

import asyncio
import uuid

from care.services import conversations, transcript
from care.services.context import Care
from tests.web.people import ScriptedBot, Start, Visitor


async def test_a_visit_from_hello_to_a_person(care_pg: Care, start: Start, bot: ScriptedBot) -> None:
    client = await start(care_pg)
    async with client.ws_connect("/ws/chat") as socket, client.ws_connect("/ws/chat") as tab_socket:
        visitor, tab = Visitor(socket), Visitor(tab_socket)
        await visitor.hello(page={"product": "KF-35"})
        await tab.hello(visitor.token)
        client_msg_id = await visitor.say("你好\x00😀")
        assert (await visitor.next("ack"))["seq"] == 1
        await visitor.next("message")
        await visitor.say("你好", client_msg_id)
        assert (await visitor.next("ack"))["seq"] == 1
        await visitor.do("request_human")
        assert (await visitor.next("owner"))["position"] == 1
        assert [f["type"] for f in await tab.rest(3)] == ["message", "message", "owner"]
    assert [turn.text for turn in bot.asked] == ["你好😀"]


async def test_the_same_message_sent_at_once_over_many_sockets_is_stored_once(
    care_pg: Care, start: Start, bot: ScriptedBot
) -> None:
    client = await start(care_pg)
    first = Visitor(await client.ws_connect("/ws/chat"))
    await first.hello()
    tabs = [Visitor(await client.ws_connect("/ws/chat")) for _ in range(6)]
    for tab in tabs:
        await tab.hello(first.token)
    client_msg_id = str(uuid.uuid4())
    await asyncio.gather(*(tab.say("同时点了六次", client_msg_id) for tab in tabs))
    acks = await asyncio.gather(*(tab.until("ack") for tab in tabs))
    assert {ack["seq"] for ack in acks} == {1}
    await asyncio.sleep(0.5)
    view = await conversations.get_conversation(care_pg, first.conversation)
    lines = await transcript.history(care_pg, view.id, after=0)
    assert [line.text for line in lines] == ["同时点了六次", "收到:同时点了六次"]
    assert len(bot.asked) == 1
    for visitor in (first, *tabs):
        await visitor.socket.close()
