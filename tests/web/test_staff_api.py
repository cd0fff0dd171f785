"""Signing in, serving from the queue, and who may do what."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bot.web.limits import Limits, Rate
from care.records.customer import Customer
from care.rules.vocabulary import Role, Tier, VerifiedBy
from care.services.context import Care
from tests.web.people import PASSWORD, Agent, ScriptedBot, Start, Visitor

Connect = Callable[..., Awaitable[Visitor]]
SignIn = Callable[..., Awaitable[Agent]]


NOBODYS = "0189d2b4-7b4b-7c3e-8a52-1f2e3d4c5b6a"


async def error_of(answer: Any) -> dict[str, Any]:
    body: dict[str, Any] = (await answer.json())["error"]
    assert any("\u4e00" <= char <= "\u9fff" for char in body["message"])
    return body


async def wait_in_queue(visitor: Visitor) -> None:
    await visitor.do("request_human")
    await visitor.next("owner")


class TestSignIn:
    async def test_the_session_is_a_cookie_that_scripts_cannot_read(
        self, client: TestClient[Any, Any], sign_in: SignIn
    ) -> None:
        await sign_in("lead1", Role.LEAD, "李组长")
        answer = await client.post("/api/staff/login", json={"login": "lead1", "password": PASSWORD})
        body = await answer.json()
        cookie = answer.cookies["zhike_staff"]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
        assert not cookie["secure"]
        assert body["staff"]["name"] == "李组长"
        assert body["staff"]["role_label"] == "组长"
        assert "reassign" in body["staff"]["permissions"]
        assert "manage_staff" not in body["staff"]["permissions"]
        assert cookie.value not in await answer.text()

    async def test_behind_https_the_cookie_is_secure(self, start: Start, care_sqlite: Care) -> None:
        from dataclasses import replace

        from care.services import staff

        await staff.add_staff(care_sqlite, login="agent1", name="王", role=Role.AGENT, password=PASSWORD)
        settings = replace(care_sqlite.settings, trusted_proxies=("127.0.0.1",))
        client = await start(replace(care_sqlite, settings=settings))
        answer = await client.post(
            "/api/staff/login",
            json={"login": "agent1", "password": PASSWORD},
            headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"},
        )
        assert answer.cookies["zhike_staff"]["secure"]
        assert "max-age" in answer.headers["Strict-Transport-Security"]

    @pytest.mark.parametrize(("login", "password"), [("agent1", "wrong-password"), ("nobody", PASSWORD)])
    async def test_a_wrong_login_and_a_wrong_password_look_alike(
        self, client: TestClient[Any, Any], sign_in: SignIn, login: str, password: str
    ) -> None:
        await sign_in()
        answer = await Agent(client).sign_in(login, password)
        assert answer.status == 403
        assert await error_of(answer) == {"code": "verification_failed", "message": "登录名或密码不正确。"}

    async def test_guessing_is_locked_and_slowed(self, client: TestClient[Any, Any], sign_in: SignIn) -> None:
        await sign_in()
        guesses = [(await Agent(client).sign_in("agent1", f"wrong-{n}-wrong")).status for n in range(12)]
        assert guesses[:5] == [403] * 5
        assert set(guesses[5:]) == {429}
        assert (await Agent(client).sign_in("agent1")).status == 429

    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ({}, {"login": "不能为空", "password": "不能为空"}),
            ({"login": "", "password": 5}, {"login": "不能为空", "password": "格式不对"}),
            (
                {"login": ["x"], "password": "y" * 500},
                {"login": "格式不对", "password": "内容太长，最多 400 字"},
            ),
        ],
    )
    async def test_each_wrong_field_is_named(
        self, client: TestClient[Any, Any], body: dict[str, Any], fields: dict[str, str]
    ) -> None:
        answer = await client.post("/api/staff/login", json=body)
        assert answer.status == 400
        assert (await error_of(answer))["fields"] == fields

    @pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 9000])
    async def test_a_body_that_is_no_json_object_is_refused(
        self, client: TestClient[Any, Any], raw: bytes
    ) -> None:
        answer = await client.post("/api/staff/login", data=raw, headers={"Content-Type": "application/json"})
        assert (answer.status, (await error_of(answer))["code"]) == (400, "invalid_input")

    async def test_a_form_is_not_taken_for_json(self, client: TestClient[Any, Any]) -> None:
        answer = await client.post("/api/staff/login", data={"login": "agent1", "password": PASSWORD})
        assert (answer.status, (await error_of(answer))["code"]) == (415, "not_json")

    async def test_a_body_that_is_too_large_is_refused(self, client: TestClient[Any, Any]) -> None:
        answer = await client.post("/api/staff/login", json={"login": "x" * 100_000, "password": ""})
        assert (answer.status, (await error_of(answer))["code"]) == (413, "body_too_large")

    async def test_a_foreign_page_cannot_sign_anyone_in(
        self, client: TestClient[Any, Any], sign_in: SignIn
    ) -> None:
        await sign_in()
        answer = await client.post(
            "/api/staff/login",
            json={"login": "agent1", "password": PASSWORD},
            headers={"Origin": "https://evil.example"},
        )
        assert (answer.status, (await error_of(answer))["code"]) == (403, "wrong_page")

    async def test_after_signing_out_the_session_is_gone(self, sign_in: SignIn) -> None:
        agent = await sign_in()
        me = await agent.get("/api/staff/me")
        assert (me.status, (await me.json())["csrf"]) == (200, agent.csrf)
        assert (await agent.post("/api/staff/logout")).status == 200
        assert (await agent.get("/api/staff/me")).status == 401


class TestPermissions:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/api/staff/me"),
            ("POST", "/api/staff/logout"),
            ("GET", "/api/desk/queue"),
            ("GET", f"/api/desk/conversations/{NOBODYS}"),
            ("POST", f"/api/desk/conversations/{NOBODYS}/take"),
            ("POST", f"/api/desk/conversations/{NOBODYS}/send"),
            ("POST", f"/api/desk/conversations/{NOBODYS}/typing"),
            ("POST", f"/api/desk/conversations/{NOBODYS}/return_to_bot"),
            ("POST", f"/api/desk/conversations/{NOBODYS}/close"),
        ],
    )
    @pytest.mark.parametrize("cookie", [None, "", "forged", "x" * 3000, "键"])
    async def test_nobody_comes_in_without_a_session(
        self, client: TestClient[Any, Any], method: str, path: str, cookie: str | None
    ) -> None:
        headers = {} if cookie is None else {"Cookie": f"zhike_staff={cookie}"}
        answer = await client.request(method, path, headers=headers, json={} if method == "POST" else None)
        assert (answer.status, (await error_of(answer))["code"]) == (401, "not_signed_in")

    async def test_a_write_needs_the_csrf_header(self, visitor: Visitor, sign_in: SignIn) -> None:
        agent = await sign_in()
        await wait_in_queue(visitor)
        right, agent.csrf = agent.csrf, "forged"
        refused = await agent.on(visitor.conversation, "take")
        assert (refused.status, (await error_of(refused))["code"]) == (403, "wrong_page")
        agent.csrf = right
        assert (await agent.on(visitor.conversation, "take")).status == 200

    async def test_a_foreign_page_cannot_write_even_with_the_header(
        self, visitor: Visitor, sign_in: SignIn
    ) -> None:
        agent = await sign_in()
        path = f"/api/desk/conversations/{visitor.conversation}/take"
        assert (await agent.post(path, Origin="https://evil.example")).status == 403

    async def test_an_agent_reads_own_and_waiting_conversations_a_lead_all(
        self, visitor: Visitor, sign_in: SignIn
    ) -> None:
        agent, lead = await sign_in(), await sign_in("lead1", Role.LEAD)
        path = f"/api/desk/conversations/{visitor.conversation}"
        refused = await agent.get(path)
        assert (refused.status, (await error_of(refused))["code"]) == (403, "forbidden")
        assert (await lead.get(path)).status == 200
        await wait_in_queue(visitor)
        assert (await agent.get(path)).status == 200
        await lead.on(visitor.conversation, "take")
        assert (await agent.get(path)).status == 403

    async def test_a_conversation_that_does_not_exist_is_not_found(self, sign_in: SignIn) -> None:
        agent = await sign_in()
        assert (await agent.get(f"/api/desk/conversations/{uuid.uuid4()}")).status == 404
        assert (await agent.get("/api/desk/conversations/1")).status == 404
        assert (await agent.get("/api/desk/conversations/' OR 1=1")).status == 404


class TestServing:
    async def test_from_the_queue_to_the_end(
        self, visitor: Visitor, sign_in: SignIn, bot: ScriptedBot, clock: Any
    ) -> None:
        agent = await sign_in()
        await visitor.say("我的冰箱不制冷")
        await visitor.next("ack")
        await visitor.next("message")
        await wait_in_queue(visitor)
        clock.advance(seconds=40)
        items = (await (await agent.get("/api/desk/queue")).json())["items"]
        assert [
            (i["conversation"], i["position"], i["waited_s"], i["reason"], i["last_text"]) for i in items
        ] == [(visitor.conversation, 1, 40, "asked", "我的冰箱不制冷")]

        taken = await (await agent.on(visitor.conversation, "take")).json()
        assert (taken["owner"], taken["owner_label"], taken["is_mine"]) == ("human", "人工坐席", True)
        assert await visitor.next("owner") == {"type": "owner", "owner": "human"}

        await agent.on(visitor.conversation, "typing")
        assert await visitor.frame() == {"type": "typing", "from": "agent"}

        said = await agent.on(
            visitor.conversation, "send", {"client_msg_id": str(uuid.uuid4()), "text": "您好,我来帮您"}
        )
        assert (await said.json())["from"] == "agent"
        heard = await visitor.next("message")
        assert (heard["from"], heard["text"], heard["agent"]) == (
            "agent",
            "您好,我来帮您",
            {"name": "王小明"},
        )

        await visitor.say("谢谢")
        await visitor.next("ack")
        transcript = await (await agent.get(f"/api/desk/conversations/{visitor.conversation}")).json()
        assert [(line["from"], line["text"]) for line in transcript["lines"]] == [
            ("customer", "我的冰箱不制冷"), ("bot", "收到:我的冰箱不制冷"),
            ("agent", "您好,我来帮您"), ("customer", "谢谢"),
        ]  # fmt: skip
        assert transcript["stand"]["seq"] == 4

        returned = await (await agent.on(visitor.conversation, "return_to_bot")).json()
        assert (returned["owner"], returned["is_mine"]) == ("bot", False)
        assert await visitor.next("owner") == {"type": "owner", "owner": "bot"}
        await visitor.say("机器人在吗")
        await visitor.next("ack")
        assert (await visitor.next("message"))["text"] == "收到:机器人在吗"
        assert [turn.text for turn in bot.asked] == ["我的冰箱不制冷", "机器人在吗"]

        await agent.on(visitor.conversation, "take")
        await visitor.next("owner")
        assert (await agent.on(visitor.conversation, "close")).status == 200
        assert await visitor.next("owner") == {"type": "owner", "owner": "closed"}

    async def test_of_two_agents_one_gets_it_and_the_other_hears_who(
        self, visitor: Visitor, sign_in: SignIn
    ) -> None:
        first, second = await sign_in(), await sign_in("agent2", name="赵小红")
        await wait_in_queue(visitor)
        assert (await first.on(visitor.conversation, "take")).status == 200
        late = await second.on(visitor.conversation, "take")
        assert late.status == 409
        error = await error_of(late)
        assert (error["code"], "王小明" in error["message"]) == ("already_taken", True)
        for act, body in (
            ("send", {"client_msg_id": str(uuid.uuid4()), "text": "我也来"}),
            ("return_to_bot", None),
            ("close", None),
        ):
            assert (await second.on(visitor.conversation, act, body)).status == 403
        await second.on(visitor.conversation, "typing")
        assert [f["type"] for f in await visitor.rest(1)] == ["owner"]

    async def test_an_agents_message_sent_twice_is_said_once(self, visitor: Visitor, sign_in: SignIn) -> None:
        agent = await sign_in()
        await agent.on(visitor.conversation, "take")
        await visitor.next("owner")
        body = {"client_msg_id": str(uuid.uuid4()), "text": "只说一次"}
        first = await (await agent.on(visitor.conversation, "send", body)).json()
        assert await (await agent.on(visitor.conversation, "send", body)).json() == first
        assert len(await visitor.rest(1)) == 1

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"client_msg_id": "x", "text": "你好"}, 400, "bad_frame"),
            ({"client_msg_id": NOBODYS, "text": "  "}, 400, "empty_message"),
            ({"client_msg_id": NOBODYS, "text": "长" * 4001}, 413, "message_too_long"),
            ({"client_msg_id": NOBODYS}, 400, "invalid_input"),
        ],
    )
    async def test_an_agents_unusable_message_is_named(
        self, visitor: Visitor, sign_in: SignIn, body: dict[str, Any], status: int, code: str
    ) -> None:
        agent = await sign_in()
        await agent.on(visitor.conversation, "take")
        answer = await agent.on(visitor.conversation, "send", body)
        assert (answer.status, (await error_of(answer))["code"]) == (status, code)

    async def test_a_long_transcript_comes_in_parts(
        self, visitor: Visitor, sign_in: SignIn, care_sqlite: Care
    ) -> None:
        lead = await sign_in("lead1", Role.LEAD)
        for text in ("一", "二", "三"):
            await visitor.say(text)
            await visitor.next("ack")
            await visitor.next("message")
        path = f"/api/desk/conversations/{visitor.conversation}"
        part = await (await lead.get(f"{path}?after=2&limit=2")).json()
        assert [line["seq"] for line in part["lines"]] == [3, 4]
        refused = await lead.get(f"{path}?after=-1&limit=many")
        assert (await error_of(refused))["fields"] == {"after": "格式不对", "limit": "格式不对"}

    async def test_the_queue_masks_names_for_agents_only(
        self, visitor: Visitor, sign_in: SignIn, care_sqlite: Care, clock: Any
    ) -> None:
        from sqlalchemy import select

        from care.records.conversation import Conversation

        agent, lead = await sign_in(), await sign_in("lead1", Role.LEAD)
        async with care_sqlite.sessions.write() as session:
            customer = Customer(
                public_id=str(uuid.uuid4()), name="张三丰", tier=Tier.KEY, created_at=clock.now()
            )
            session.add(customer)
            await session.flush()
            row = (await session.scalars(select(Conversation))).one()
            row.customer_id, row.verified_by, row.verified_at = customer.id, VerifiedBy.CODE, clock.now()
        await wait_in_queue(visitor)
        seen = [(await (await who.get("/api/desk/queue")).json())["items"][0] for who in (agent, lead)]
        assert [item["customer_name"] for item in seen] == ["张*", "张三丰"]
        assert seen[0]["tier_label"] == "大客户"


async def test_requests_of_one_address_are_limited(start: Start) -> None:
    client = await start(limits=Limits(requests=Rate(5, 0.001)))
    answers = [await client.get("/api/staff/me") for _ in range(7)]
    assert [a.status for a in answers] == [401] * 5 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "10"
    assert (await error_of(answers[-1]))["code"] == "too_many_requests"


async def test_a_cookie_of_broken_bytes_is_nobodys(client: TestClient[Any, Any]) -> None:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(
        b'GET /api/staff/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: zhike_staff="\xff"\r\n\r\n'
    )
    assert (await reader.readline()).split()[1] == b"401"
    writer.close()


async def test_looking_at_the_queue_and_at_a_transcript_stands_in_the_access_log_and_masks_phones_for_agents(
    visitor: Visitor, sign_in: SignIn, care_sqlite: Care, clock: Any
) -> None:
    from sqlalchemy import select

    from care.records.conversation import Conversation
    from care.records.customer import AccessLog

    agent, lead = await sign_in(), await sign_in("lead1", Role.LEAD)
    await visitor.say("我的电话是 13800000001,请回电")
    await visitor.next("ack")
    await visitor.next("message")
    async with care_sqlite.sessions.write() as session:
        customer = Customer(public_id=str(uuid.uuid4()), name="张三丰", created_at=clock.now())
        session.add(customer)
        await session.flush()
        row = (await session.scalars(select(Conversation))).one()
        row.customer_id, row.verified_by, row.verified_at = customer.id, VerifiedBy.CODE, clock.now()
    await wait_in_queue(visitor)
    path = f"/api/desk/conversations/{visitor.conversation}"
    for who, shown in ((agent, "138****0001"), (lead, "13800000001")):
        for _ in range(2):  # the desk asks again and again
            item = (await (await who.get("/api/desk/queue")).json())["items"][0]
            lines = (await (await who.get(path)).json())["lines"]
        assert shown in item["last_text"]
        assert shown in lines[0]["text"]
    async with care_sqlite.sessions.read() as session:
        logged = (await session.scalars(select(AccessLog).order_by(AccessLog.id))).all()
    assert [(one.who, one.purpose, one.customer_id) for one in logged] == [
        (who, purpose, customer.id) for who in ("agent1", "lead1") for purpose in ("排队列表", "接待会话")
    ]
