"""The live desk: two agents and a customer at once, exactly one speaker, nothing lost or doubled."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient
from async_timeout import timeout
from sqlalchemy import select

from bot.web import desk_hub, desk_socket
from bot.web.keys import Parts
from care.records.conversation import Message
from care.records.desk import StaffEvent, WrapUp
from care.rules.vocabulary import Role
from care.services import conversations, staff
from care.services.context import Care
from tests.web.desk_people import Desk
from tests.web.people import PASSWORD, Agent, ScriptedBot, Visitor

Connect = Callable[..., Awaitable[Visitor]]
SignIn = Callable[..., Awaitable[Agent]]
OpenDesk = Callable[..., Awaitable[Desk]]

WRAP_UP = {"topic": "logistics", "outcome": "resolved", "care_part": "customer_service"}


@pytest_asyncio.fixture
async def open_desk(client: TestClient[Any, Any], sign_in: SignIn) -> AsyncIterator[OpenDesk]:
    """Opens a desk for a new account, or another one for the same agent; welcomed unless told otherwise."""
    opened: list[Desk] = []

    async def open_one(
        login: str = "agent1",
        role: Role = Role.AGENT,
        name: str = "王小明",
        *,
        agent: Agent | None = None,
        presence: str | None = None,
        hello: bool = True,
    ) -> Desk:
        agent = agent or await sign_in(login, role, name)
        socket = await client.ws_connect("/ws/desk", headers={"Cookie": f"zhike_staff={agent.token}"})
        desk = Desk(socket, agent)
        opened.append(desk)
        if hello:
            await desk.hello()
        if presence is not None:
            assert (await desk.ask("presence", presence=presence))["type"] == "ok"
        return desk

    yield open_one
    for desk in opened:
        await desk.socket.close()


async def ask_for_person(visitor: Visitor) -> None:
    await visitor.do("request_human")
    await visitor.until("owner")


async def said(visitor: Visitor, text: str) -> None:
    await visitor.say(text)
    await visitor.until("ack")


async def eventually(is_so: Callable[[], object]) -> None:
    async with timeout(5):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class TestComing:
    async def test_without_a_session_or_from_a_foreign_page_there_is_no_desk(
        self, client: TestClient[Any, Any], sign_in: SignIn
    ) -> None:
        agent = await sign_in()
        for headers in (
            {},
            {"Cookie": "zhike_staff=forged"},
            {"Cookie": f"zhike_staff={agent.token}", "Origin": "https://evil.example"},
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await client.ws_connect("/ws/desk", headers=headers)
            assert refused.value.status in (401, 403)

    async def test_the_first_frame_is_hello_and_comes_once(self, open_desk: OpenDesk) -> None:
        desk = await open_desk(hello=False)
        assert (await desk.ask("presence", presence="online"))["code"] == "hello_first"
        await desk.hello()
        assert (await desk.ask("hello"))["code"] == "already_welcome"

    async def test_the_snapshot_is_the_whole_present_state(
        self, visitor: Visitor, connect: Connect, open_desk: OpenDesk
    ) -> None:
        other = await connect()
        await other.hello()
        await said(other, "在吗")
        await other.until("message")
        await said(visitor, "我的冰箱不制冷，气死我了")
        await ask_for_person(visitor)
        desk = await open_desk(hello=False)
        snapshot = await desk.hello()
        items = {item["conversation"]: item for item in snapshot["conversations"]}
        waiting = items[visitor.conversation]
        assert (waiting["owner"], waiting["position"], waiting["reason_label"]) == ("queued", 1, "客户要求")
        assert waiting["customer"]["name"] is None
        assert waiting["due_at"] is not None
        assert items[other.conversation]["owner"] == "bot"
        assert snapshot["me"]["presence"] == "away"
        assert "serve" in snapshot["me"]["permissions"]
        assert [one["name"] for one in snapshot["staff"]] == ["王小明"]

    @pytest.mark.parametrize(
        ("frame", "code"),
        [
            ("kaputt", "bad_frame"),
            ("[]", "bad_frame"),
            ('{"id":"1","type":"rob"}', "unknown_type"),
            ('{"id":"1","type":"send","conversation":"x"}', "invalid_input"),
            ('{"id":"1","type":"presence","presence":"asleep"}', "invalid_input"),
            ('{"id":"1","type":"snooze","conversation":"x","until":"tomorrow"}', "invalid_input"),
            ('{"id":"1","type":"take","conversation":"x"}', "not_found"),
            ('{"type":"take","conversation":"x"}', "invalid_input"),
        ],
    )
    async def test_a_bad_frame_is_answered_and_the_connection_stays(
        self, open_desk: OpenDesk, frame: str, code: str
    ) -> None:
        desk = await open_desk()
        await desk.socket.send_str(frame)
        refusal = await desk.until("error")
        assert refusal["code"] == code
        assert any("\u4e00" <= char <= "\u9fff" for char in refusal["message"])
        assert (await desk.ask("presence", presence="busy"))["type"] == "ok"

    async def test_binary_and_oversized_frames_are_refused(self, open_desk: OpenDesk) -> None:
        desk = await open_desk()
        await desk.socket.send_bytes(b"\x00")
        assert (await desk.until("error"))["code"] == "bad_frame"
        await desk.socket.send_str(f'{{"id":"1","type":"draft","text":"{"x" * 40_000}"}}')
        assert (await desk.until("error"))["code"] == "frame_too_large"

    async def test_signing_out_closes_the_desk_and_gives_the_customers_back(
        self, visitor: Visitor, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch, care_sqlite: Care
    ) -> None:
        monkeypatch.setattr(desk_socket, "SESSION_CHECK_S", 0.1)
        desk = await open_desk(presence="online")
        await desk.ask("take", visitor.conversation)
        assert (await desk.agent.post("/api/staff/logout")).status == 200
        assert await desk.closed() == desk_socket.SIGNED_OUT
        view = await conversations.get_conversation(care_sqlite, visitor.conversation)
        assert view.owner == "queued"

    async def test_a_locked_account_loses_its_desk(
        self, open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch, care_sqlite: Care
    ) -> None:
        monkeypatch.setattr(desk_socket, "SESSION_CHECK_S", 0.1)
        desk = await open_desk()
        await staff.reset_password(care_sqlite, "agent1", "another-long-password")
        assert await desk.closed() == desk_socket.SIGNED_OUT


class TestTalking:
    async def test_a_customer_and_an_agent_talk_in_order_and_once(
        self, visitor: Visitor, open_desk: OpenDesk
    ) -> None:
        desk = await open_desk()
        await said(visitor, "转人工前说的话")
        await visitor.until("message")
        await ask_for_person(visitor)
        await desk.item(visitor.conversation, owner="queued")
        assert (await desk.ask("take", visitor.conversation))["type"] == "ok"
        opened = await desk.open(visitor.conversation)
        assert [(line["seq"], line["from"]) for line in opened["lines"]] == [(1, "customer"), (2, "bot")]
        for number in range(5):
            await said(visitor, f"问 {number}")
            answered = await desk.send(visitor.conversation, f"答 {number}")
            assert answered["line"]["text"] == f"答 {number}"
        lines = [f["line"] for f in [*desk.seen, *await desk.rest()] if f["type"] == "line"]
        assert [line["seq"] for line in lines] == list(range(3, 13))
        assert [line["text"] for line in lines[:4]] == ["问 0", "答 0", "问 1", "答 1"]
        heard = [f["text"] for f in await visitor.rest() if f["type"] == "message"]
        assert heard[-1] == "答 4"

    async def test_the_same_line_sent_twice_is_stored_once(
        self, visitor: Visitor, open_desk: OpenDesk
    ) -> None:
        desk = await open_desk()
        await desk.ask("take", visitor.conversation)
        key = str(uuid.uuid4())
        first = await desk.send(visitor.conversation, "您好", key)
        assert (await desk.send(visitor.conversation, "您好", key))["line"] == first["line"]

    async def test_of_two_agents_who_take_at_once_one_gets_it_and_the_other_reads_who(
        self, visitor: Visitor, open_desk: OpenDesk
    ) -> None:
        one, two = await open_desk(), await open_desk("agent2", name="李大力")
        await ask_for_person(visitor)
        for _ in range(5):
            answers = await asyncio.gather(
                one.ask("take", visitor.conversation), two.ask("take", visitor.conversation)
            )
            assert sorted(a["type"] for a in answers) == ["error", "ok"]
            loser = next(a for a in answers if a["type"] == "error")
            assert loser["code"] == "already_taken"
            winner = one if answers[0]["type"] == "ok" else two
            assert winner.me["name"] in loser["message"]
            assert (await winner.ask("return_to_bot", visitor.conversation))["type"] == "ok"

    async def test_who_does_not_hold_it_cannot_speak(self, visitor: Visitor, open_desk: OpenDesk) -> None:
        one, two = await open_desk(), await open_desk("agent2", name="李大力")
        await one.ask("take", visitor.conversation)
        assert (await two.send(visitor.conversation, "插话"))["code"] == "forbidden"
        assert (await two.ask("open", visitor.conversation))["code"] == "forbidden"
        assert (await two.note(visitor.conversation, "偷看"))["code"] == "forbidden"
        assert (await two.ask("close", visitor.conversation))["code"] == "forbidden"

    async def test_a_reconnect_in_the_middle_brings_what_was_missed_in_order_and_once(
        self, visitor: Visitor, open_desk: OpenDesk
    ) -> None:
        desk = await open_desk()
        await desk.ask("take", visitor.conversation)
        await desk.open(visitor.conversation)
        await said(visitor, "一")
        last = (await desk.until("line"))["line"]["seq"]
        await desk.socket.close()
        for text in ("二", "三"):
            await said(visitor, text)
        again = await open_desk(agent=desk.agent)
        opening = asyncio.create_task(again.open(visitor.conversation, after=last))
        for text in ("四", "五", "六"):
            await said(visitor, text)
        opened = await opening
        live = [f["line"] for f in [*again.seen, *await again.rest()] if f["type"] == "line"]
        texts = [line["text"] for line in [*opened["lines"], *live]]
        assert texts == ["二", "三", "四", "五", "六"]

    async def test_long_threads_come_in_pages(
        self, visitor: Visitor, open_desk: OpenDesk, care_sqlite: Care
    ) -> None:
        view = await conversations.get_conversation(care_sqlite, visitor.conversation)
        for number in range(250):
            await conversations.say_system(care_sqlite, view.id, f"第 {number} 行")
        desk = await open_desk()
        newest = await desk.open(visitor.conversation)
        assert (len(newest["lines"]), newest["has_older"], newest["seq"]) == (200, True, 250)
        await desk.ask("older", visitor.conversation, before=newest["lines"][0]["seq"])
        older = await desk.until("lines")
        assert ([line["seq"] for line in older["lines"]], older["has_older"]) == (list(range(1, 51)), False)

    async def test_typing_goes_both_ways_and_not_to_oneself(
        self, visitor: Visitor, open_desk: OpenDesk
    ) -> None:
        desk = await open_desk()
        await desk.ask("take", visitor.conversation)
        await desk.open(visitor.conversation)
        await visitor.do("typing")
        assert (await desk.until("typing"))["from"] == "customer"
        await desk.ask("typing", visitor.conversation)
        assert await visitor.until("typing") == {"type": "typing", "from": "agent"}
        assert not [f for f in await desk.rest() if f["type"] == "typing"]

    async def test_a_late_bot_answer_after_the_take_is_dropped_and_kept_on_record(
        self, visitor: Visitor, open_desk: OpenDesk, bot: ScriptedBot, care_sqlite: Care
    ) -> None:
        desk = await open_desk()
        bot.gate = asyncio.Event()
        await said(visitor, "问机器人")
        await eventually(lambda: bot.asked)
        await desk.ask("take", visitor.conversation)
        await desk.open(visitor.conversation)
        bot.gate.set()
        await desk.send(visitor.conversation, "人来了")
        await asyncio.sleep(0.3)
        heard = [f["text"] for f in await visitor.rest() if f["type"] == "message"]
        assert heard == ["人来了"]
        assert not [f for f in await desk.rest() if f["type"] == "line" and f["line"]["from"] == "bot"]
        async with care_sqlite.sessions.read() as session:
            states = (await session.scalars(select(Message.state).where(Message.speaker == "bot"))).all()
        assert states == ["dropped"]


class TestNotes:
    async def test_a_note_is_seen_by_staff_and_in_no_frame_or_export_of_the_customer(
        self, visitor: Visitor, connect: Connect, open_desk: OpenDesk, bot: ScriptedBot
    ) -> None:
        desk, lead = await open_desk(), await open_desk("lead1", Role.LEAD, "周组长")
        await desk.ask("take", visitor.conversation)
        await desk.open(visitor.conversation)
        await lead.open(visitor.conversation)
        written = await desk.note(visitor.conversation, "客户很着急,先安抚")
        assert (written["line"]["from"], written["line"]["seq"]) == ("note", None)
        for reader in (desk, lead):
            line = (await reader.until("line"))["line"]
            assert (line["from"], line["text"], line["agent"]["name"]) == (
                "note", "客户很着急,先安抚", "王小明",
            )  # fmt: skip
        await desk.ask("return_to_bot", visitor.conversation, note="请机器人查物流")
        await said(visitor, "还在吗")
        frames = await visitor.rest(1)
        tab = await connect()
        await tab.hello(visitor.token)
        frames += await tab.rest(1)
        assert "安抚" not in str(frames)
        assert "请机器人" not in str(frames)
        assert [turn.text for turn in bot.asked] == ["还在吗"]

    async def test_notes_missed_while_away_are_there_after_the_return(
        self, visitor: Visitor, open_desk: OpenDesk
    ) -> None:
        desk, lead = await open_desk(), await open_desk("lead1", Role.LEAD, "周组长")
        await desk.ask("take", visitor.conversation)
        await said(visitor, "一")
        await desk.open(visitor.conversation)
        await desk.socket.close()
        await lead.note(visitor.conversation, "组长的话")
        again = await open_desk(agent=desk.agent)
        opened = await again.open(visitor.conversation, after=1)
        assert [line["text"] for line in opened["lines"]] == ["组长的话"]

    async def test_drafts_come_back_on_another_desk_and_read_marks_count(
        self, visitor: Visitor, open_desk: OpenDesk
    ) -> None:
        desk = await open_desk()
        await desk.ask("take", visitor.conversation)
        await said(visitor, "一")
        await said(visitor, "二")
        assert (await desk.item(visitor.conversation, unread=2))["mine"]
        await desk.ask("draft", visitor.conversation, text="写到一半")
        await desk.ask("read", visitor.conversation, seq=2)
        await desk.item(visitor.conversation, unread=0)
        again = await open_desk(agent=desk.agent)
        assert (await again.open(visitor.conversation))["draft"] == "写到一半"


class TestPassingOn:
    async def test_to_a_colleague_with_room_it_is_theirs_at_once(
        self, visitor: Visitor, open_desk: OpenDesk
    ) -> None:
        one, two = await open_desk(), await open_desk("agent2", name="李大力")
        await one.ask("take", visitor.conversation)
        refused = await one.ask("transfer", visitor.conversation, to_staff=two.me["id"], note="会修")
        assert refused["code"] == "no_room"
        assert "李大力" in refused["message"]
        await two.ask("presence", presence="online")
        passed = await one.ask("transfer", visitor.conversation, to_staff=two.me["id"], note="会修")
        assert passed["type"] == "ok"
        assert (await two.item(visitor.conversation, mine=True))["agent"]["name"] == "李大力"
        assert (await one.until("gone"))["conversation"] == visitor.conversation
        assert (await one.send(visitor.conversation, "还是我"))["code"] == "forbidden"
        opened = await two.open(visitor.conversation)
        assert "王小明 转给 李大力：会修" in [line["text"] for line in opened["lines"]]
        assert (await two.send(visitor.conversation, "换我来"))["type"] == "ok"

    async def test_to_a_skill_it_waits_for_who_has_it_as_long_as_before(
        self, visitor: Visitor, open_desk: OpenDesk, care_sqlite: Care, clock: Any
    ) -> None:
        one = await open_desk()
        await ask_for_person(visitor)
        since = (await one.item(visitor.conversation, owner="queued"))["waiting_since"]
        clock.advance(minutes=3)
        await one.ask("take", visitor.conversation)
        assert (await one.ask("transfer", visitor.conversation, to_skill="大家电"))["code"] == "invalid_input"
        await staff.add_staff(
            care_sqlite, login="agent3", name="赵七", role=Role.AGENT, password=PASSWORD, skills=["大家电"]
        )
        assert (await one.ask("transfer", visitor.conversation, to_skill="大家电"))["type"] == "ok"
        assert (await one.until("gone"))["conversation"] == visitor.conversation
        view = await conversations.get_conversation(care_sqlite, visitor.conversation)
        assert (view.owner, view.agent_id) == ("queued", None)
        lead = await open_desk("lead1", Role.LEAD, "周组长", hello=False)
        snapshot = await lead.hello()
        item = next(i for i in snapshot["conversations"] if i["conversation"] == visitor.conversation)
        assert (item["skill"], item["waiting_since"]) == ("大家电", since)

    async def test_exactly_one_target_is_asked_for(self, visitor: Visitor, open_desk: OpenDesk) -> None:
        desk = await open_desk()
        await desk.ask("take", visitor.conversation)
        for target in ({}, {"to_staff": 1, "to_skill": "大家电"}):
            refused = await desk.ask("transfer", visitor.conversation, **target)
            assert "to_staff" in refused["fields"]

    async def test_back_with_the_bot_the_bot_answers_again(
        self, visitor: Visitor, open_desk: OpenDesk, bot: ScriptedBot
    ) -> None:
        desk = await open_desk()
        await desk.ask("take", visitor.conversation)
        await desk.ask("return_to_bot", visitor.conversation)
        await said(visitor, "机器人在吗")
        assert (await visitor.until("message"))["text"] == "收到:机器人在吗"

    async def test_a_lead_is_asked_looks_on_and_steps_in_and_all_of_it_is_written_down(
        self, visitor: Visitor, open_desk: OpenDesk, care_sqlite: Care
    ) -> None:
        desk, lead = await open_desk(), await open_desk("lead1", Role.LEAD, "周组长")
        await desk.ask("take", visitor.conversation)
        assert (await desk.ask("step_in", visitor.conversation))["code"] == "forbidden"
        assert (await desk.ask("ask_lead", visitor.conversation, note="客户要赔三倍"))["type"] == "ok"
        told = await (await lead.agent.get("/api/desk/notices")).json()
        assert [(n["kind"], n["read"]) for n in told["items"]] == [("lead_wanted", False)]
        notice = told["items"][0]
        assert (notice["conversation"], "赔三倍" in notice["text"]) == (visitor.conversation, False)
        await lead.ask("notice_read", notice=notice["id"])
        await lead.ask("join", visitor.conversation)
        await lead.until("lines")
        assert (await lead.ask("step_in", visitor.conversation))["type"] == "ok"
        assert (await lead.send(visitor.conversation, "我来处理"))["type"] == "ok"
        assert (await desk.send(visitor.conversation, "我也说"))["code"] == "forbidden"
        lines = (await lead.open(visitor.conversation))["lines"]
        notes = [line["text"] for line in lines if line["from"] == "note"]
        assert notes == ["请组长协助：客户要赔三倍", "周组长 旁听", "周组长 介入，从 王小明 接手"]


class TestEnding:
    async def test_closing_writes_the_wrap_up_that_was_pre_filled(
        self, visitor: Visitor, open_desk: OpenDesk, care_sqlite: Care
    ) -> None:
        desk = await open_desk()
        await desk.ask("take", visitor.conversation)
        path = f"/api/desk/conversations/{visitor.conversation}/wrap_up"
        known = await (await desk.agent.get(path)).json()
        assert (known["outcome"], known["is_complaint"]) == ("resolved", False)
        assert {"value": "logistics", "label": "查物流"} in known["topics"]
        ended = await desk.ask("close", visitor.conversation, wrap_up={**WRAP_UP, "note": "已解释"})
        assert ended["type"] == "ok"
        assert (await desk.until("gone"))["conversation"] == visitor.conversation
        assert (await visitor.until("owner"))["owner"] in ("human", "closed")
        async with care_sqlite.sessions.read() as session:
            kept = (await session.scalars(select(WrapUp))).all()
        assert [(one.topic.value, one.note) for one in kept] == [("logistics", "已解释")]
        mine = await desk.agent.get("/api/desk/conversations?scope=closed")
        found = [item["conversation"] for item in (await mine.json())["items"]]
        assert found == [visitor.conversation]

    async def test_a_complaint_needs_a_cause(self, visitor: Visitor, open_desk: OpenDesk) -> None:
        desk = await open_desk()
        await desk.ask("take", visitor.conversation)
        complaint = {**WRAP_UP, "topic": "complaint_quality"}
        refused = await desk.ask("close", visitor.conversation, wrap_up=complaint)
        assert "root_cause_1" in refused["fields"]
        ended = await desk.ask(
            "close", visitor.conversation, wrap_up={**complaint, "root_cause_1": "产品缺陷"}
        )
        assert ended["type"] == "ok"

    async def test_set_aside_it_takes_no_room_until_the_customer_writes(
        self, visitor: Visitor, open_desk: OpenDesk, clock: Any
    ) -> None:
        desk = await open_desk()
        await desk.ask("take", visitor.conversation)
        await desk.until("me", me={**desk.me, "load": 1})
        until = clock.now() + timedelta(hours=1)
        assert (await desk.ask("snooze", visitor.conversation, until=until.isoformat()))["type"] == "ok"
        assert (await desk.item(visitor.conversation))["snoozed_until"] is not None
        await desk.until("me", me={**desk.me, "load": 0})
        late = clock.now() + timedelta(days=8)
        assert "until" in (await desk.ask("snooze", visitor.conversation, until=late.isoformat()))["fields"]
        await said(visitor, "还有一件事")
        await desk.item(visitor.conversation, snoozed_until=None)

    async def test_each_change_of_presence_is_logged(self, open_desk: OpenDesk, care_sqlite: Care) -> None:
        desk = await open_desk()
        for presence in ("online", "online", "break", "busy"):
            await desk.ask("presence", presence=presence)
        assert (await desk.until("me", me={**desk.me, "presence": "busy"}))["me"]["presence"] == "busy"
        async with care_sqlite.sessions.read() as session:
            events = (await session.scalars(select(StaffEvent).order_by(StaffEvent.id))).all()
        assert [(e.before, e.after) for e in events] == [
            ("away", "online"), ("online", "break"), ("break", "busy"),
        ]  # fmt: skip


class TestAssigning:
    async def test_who_waits_is_given_to_who_comes_online_and_has_room(
        self, visitor: Visitor, connect: Connect, open_desk: OpenDesk
    ) -> None:
        await ask_for_person(visitor)
        desk = await open_desk(presence="online")
        item = await desk.item(visitor.conversation, mine=True)
        assert item["owner"] == "human"
        busy = await open_desk("agent2", name="李大力", presence="busy")
        other = await connect()
        await other.hello()
        await ask_for_person(other)
        assert (await desk.item(other.conversation, owner="human"))["mine"]
        assert busy.me["load"] == 0

    async def test_a_slow_desk_is_closed_and_the_others_go_on(
        self,
        visitor: Visitor,
        open_desk: OpenDesk,
        parts: Parts,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        lead, desk = await open_desk("lead1", Role.LEAD, "周组长"), await open_desk()
        slow = next(d for d in parts.desks._desks if d.staff_id == lead.me["id"])  # type: ignore[attr-defined]
        hang = asyncio.Event()

        async def hanging(_: str) -> None:
            await hang.wait()

        monkeypatch.setattr(slow._ws, "send_str", hanging)  # type: ignore[attr-defined]
        for _ in range(2100):
            slow._sender.offer_text("{}")  # type: ignore[attr-defined]
        await desk.ask("take", visitor.conversation)
        await desk.open(visitor.conversation)
        await said(visitor, "快")
        assert (await desk.until("line"))["line"]["text"] == "快"
        assert await lead.closed() is not None

    async def test_lost_news_costs_seconds_and_no_line(
        self, visitor: Visitor, open_desk: OpenDesk, care_sqlite: Care, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(desk_hub, "BELT_S", 0.2)
        desk = await open_desk()
        await desk.ask("take", visitor.conversation)
        await desk.open(visitor.conversation)

        async def deaf(channel: str, data: dict[str, Any]) -> None:
            return None

        monkeypatch.setattr(care_sqlite.bus, "publish", deaf)
        await visitor.say("没人通知")
        assert (await desk.until("line"))["line"]["text"] == "没人通知"
