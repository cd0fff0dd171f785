"""我的信息 over the wire: for the proven visitor of this very browser, and nobody else."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp.test_utils import TestClient

from care.records.customer import Customer
from care.services import conversations, identity, outbox, profile
from care.services.context import Care

PHONE = "13800000001"
Open = Callable[..., Awaitable["Browser"]]


class Browser:
    """A visitor's browser that asks the API with its token."""

    def __init__(self, client: TestClient[Any, Any], token: str, conversation_id: int) -> None:
        self.client = client
        self.conversation_id = conversation_id
        self.headers = {"X-Zhike-Visitor": token}

    async def get(self, path: str) -> Any:
        return await self.client.get(path, headers=self.headers)

    async def post(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
        return await self.client.post(path, json=body, headers={**self.headers, **headers})


@pytest.fixture
def open_browser(client: TestClient[Any, Any], care_sqlite: Care, capsys: Any) -> Open:
    care = care_sqlite

    async def open_one(phone: str | None = None, name: str = "李想") -> Browser:
        visit = await conversations.open_visit(care, None)
        here = visit.conversation.id
        if phone is not None:
            async with care.sessions.write() as session:
                session.add(
                    Customer(public_id=str(uuid4()), name=name, phone=phone, created_at=care.clock.now())
                )
            await identity.request_code(care, here, phone)
            await outbox.deliver_due(care, {identity.SMS_TOPIC: identity.sms_handler(care)})
            (code,) = re.findall(r"验证码 (\d{6})", capsys.readouterr().out)
            await identity.verify_code(care, here, code)
        assert visit.visitor_token is not None
        return Browser(client, visit.visitor_token, here)

    return open_one


async def test_the_page_runs_only_own_files_and_stands_in_nobodys_frame(
    client: TestClient[Any, Any], care_sqlite: Care
) -> None:
    assert (await client.get("/me")).status == 503
    dist = Path(care_sqlite.settings.root) / "ui" / "dist"
    dist.mkdir(parents=True)
    (dist / "me.html").write_text("<!doctype html><title>我的信息</title>", encoding="utf-8")
    answer = await client.get("/me")
    assert answer.status == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


async def test_the_customer_sees_their_fields_what_is_kept_and_how_consents_stand(
    open_browser: Open, care_sqlite: Care
) -> None:
    mine = await open_browser(PHONE)
    await profile.correct(care_sqlite, mine.conversation_id, "email", "a@qq.com", source_message_id=None)
    found = await (await mine.get("/api/me")).json()
    assert (found["name"], found["needs_step_up"]) == ("李想", False)
    assert [(one["label"], one["value"]) for one in found["fields"]] == [
        ("姓名", "李想"),
        ("手机号", PHONE),
        ("电子邮箱", "a@qq.com"),
    ]
    assert {one["kind"] for one in found["kept"]} >= {"profile", "codes"}
    assert [one["is_given"] for one in found["consents"]] == [False] * 5


async def test_without_a_proven_visitor_there_is_nothing(
    open_browser: Open, client: TestClient[Any, Any]
) -> None:
    unproven = await open_browser()
    for headers in ({}, unproven.headers, {"X-Zhike-Visitor": "x" * 43}, {"X-Zhike-Visitor": "知客" * 20}):
        for method, path in (
            ("GET", "/api/me"),
            ("POST", "/api/me/export"),
            ("POST", "/api/me/deletion"),
            ("POST", "/api/me/deletion/QL-20261124-0001/cancel"),
        ):
            answer = await client.request(method, path, headers=headers)
            assert (answer.status, (await answer.json())["error"]["code"]) == (401, "not_verified")


async def test_a_foreign_page_gets_nothing_done(open_browser: Open) -> None:
    mine = await open_browser(PHONE)
    answer = await mine.post("/api/me/deletion", Origin="https://evil.example")
    assert answer.status == 403
    assert (await (await mine.get("/api/me")).json())["requests"] == []


async def test_consent_is_given_and_withdrawn_by_the_same_call(open_browser: Open) -> None:
    mine = await open_browser(PHONE)
    for is_given in (True, False):
        answer = await mine.post("/api/me/consents", {"purpose": "marketing", "is_given": is_given})
        assert (answer.status, (await answer.json())["is_given"]) == (200, is_given)
    assert (await mine.post("/api/me/consents", {"purpose": "all", "is_given": True})).status == 400


async def test_the_export_is_fetched_once_and_a_preview_does_not_use_it_up(
    open_browser: Open, client: TestClient[Any, Any]
) -> None:
    mine = await open_browser(PHONE)
    made = await (await mine.post("/api/me/export")).json()
    assert (await client.head(made["download"])).status == 404
    answer = await client.get(made["download"])
    assert (answer.status, answer.content_type) == (200, "application/zip")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "attachment" in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(await answer.read())) as archive:
        assert "李想" in archive.read("我的信息.json").decode()
    assert (await client.get(made["download"])).status == 404
    (request,) = (await (await mine.get("/api/me")).json())["requests"]
    assert (request["number"], request["download"]) == (made["number"], None)


async def test_a_deletion_is_taken_down_once_and_taken_back_only_by_its_customer(open_browser: Open) -> None:
    mine, theirs = await open_browser(PHONE), await open_browser("13700000002", "王五")
    first = await (await mine.post("/api/me/deletion")).json()
    again = await (await mine.post("/api/me/deletion")).json()
    assert (first["number"], first["state"], first["state_label"]) == (again["number"], "open", "已受理")
    foreign = await theirs.post(f"/api/me/deletion/{first['number']}/cancel")
    assert foreign.status == 404
    back = await (await mine.post(f"/api/me/deletion/{first['number']}/cancel")).json()
    assert back["state"] == "cancelled"
