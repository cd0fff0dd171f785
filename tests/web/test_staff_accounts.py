"""Accounts over the API: the second factor, one's own sessions and password, and what administrators may change."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pyotp
import pytest
from aiohttp.test_utils import TestClient

from bot.web.routes import ROUTES, Access
from care.rules.permissions import Permission, may
from care.rules.vocabulary import Role
from care.services import staff
from care.services.context import Care
from tests.web.people import PASSWORD, Agent, Start

SignIn = Callable[..., Awaitable[Agent]]
NEW = "a brand new password"


async def code_of(answer: Any) -> str:
    return str((await answer.json())["error"]["code"])


async def enrol(agent: Agent, clock: Any) -> tuple[pyotp.TOTP, list[str]]:
    begun = await (await agent.post("/api/staff/totp/begin")).json()
    assert begun["qr"].startswith("<svg")
    assert begun["uri"].startswith("otpauth://totp/")
    generator = pyotp.TOTP(begun["secret"])
    done = await agent.post("/api/staff/totp/confirm", {"code": generator.at(clock.now())})
    assert done.status == 200
    return generator, (await done.json())["codes"]


async def half(client: TestClient[Any, Any], login: str = "agent1") -> str:
    answer = await client.post("/api/staff/login", json={"login": login, "password": PASSWORD})
    body = await answer.json()
    assert (answer.status, body["step"]) == (200, "code")
    assert "zhike_staff" not in answer.cookies
    assert body["csrf"] is None
    return str(body["half"])


async def second(client: TestClient[Any, Any], token: str, code: str) -> Any:
    answer = await client.post("/api/staff/login/code", json={"half": token, "code": code})
    client.session.cookie_jar.clear()
    return answer


class TestSecondFactor:
    async def test_after_enrolling_the_password_alone_opens_nothing(
        self, client: TestClient[Any, Any], sign_in: SignIn, clock: Any
    ) -> None:
        generator, codes = await enrol(await sign_in(), clock)
        assert len(set(codes)) == 10
        clock.advance(seconds=30)
        token = await half(client)
        stolen = await client.get("/api/staff/me", headers={"Cookie": f"zhike_staff={token}"})
        assert stolen.status == 401
        done = await second(client, token, generator.at(clock.now()))
        assert (done.status, (await done.json())["signed_by"]) == (200, "totp")
        assert (await second(client, token, generator.at(clock.now()))).status == 401

    async def test_a_code_works_once(self, client: TestClient[Any, Any], sign_in: SignIn, clock: Any) -> None:
        generator, _ = await enrol(await sign_in(), clock)
        replayed = generator.at(clock.now())
        assert (await second(client, await half(client), replayed)).status == 403
        clock.advance(seconds=30)
        fresh = generator.at(clock.now())
        assert (await second(client, await half(client), fresh)).status == 200
        assert (await second(client, await half(client), fresh)).status == 403

    async def test_a_recovery_code_works_once_and_is_counted_down(
        self, client: TestClient[Any, Any], sign_in: SignIn, clock: Any
    ) -> None:
        _, codes = await enrol(await sign_in(), clock)
        typed = codes[0].upper().replace("-", " ")
        done = await (await second(client, await half(client), typed)).json()
        assert (done["signed_by"], done["totp"]["recovery_left"]) == ("recovery", 9)
        assert (await second(client, await half(client), codes[0])).status == 403

    async def test_guessing_codes_locks_and_a_right_password_does_not_unlock(
        self, client: TestClient[Any, Any], sign_in: SignIn, clock: Any, care_sqlite: Care
    ) -> None:
        generator, _ = await enrol(await sign_in(), clock)
        clock.advance(seconds=60)
        right = generator.at(clock.now())
        wrong = next(f"{n:06d}" for n in range(10) if f"{n:06d}" != right)
        for _ in range(staff.FAILURES_TO_LOCK):
            signed = await staff.sign_in(care_sqlite, "agent1", PASSWORD)
            assert isinstance(signed, staff.HalfSignedIn)
            with pytest.raises(Exception, match="动态码不正确"):
                await staff.second_step(care_sqlite, signed.half, wrong)
        assert await code_of(await second(client, await half(client), right)) == "too_many_requests"
        clock.advance(minutes=15, seconds=30)
        assert (await second(client, await half(client), generator.at(clock.now()))).status == 200

    async def test_half_a_session_ends_after_five_minutes(
        self, client: TestClient[Any, Any], sign_in: SignIn, clock: Any
    ) -> None:
        generator, _ = await enrol(await sign_in(), clock)
        token = await half(client)
        clock.advance(minutes=5, seconds=1)
        assert (await second(client, token, generator.at(clock.now()))).status == 401

    async def test_where_the_shop_requires_it_nothing_else_opens_before(
        self, start: Start, care_sqlite: Care, clock: Any
    ) -> None:
        strict = dataclasses.replace(
            care_sqlite, settings=dataclasses.replace(care_sqlite.settings, staff_totp="managers")
        )
        client = await start(strict)
        for login, role in (("agent1", Role.AGENT), ("manager1", Role.MANAGER)):
            await staff.add_staff(strict, login=login, name="何建平", role=role, password=PASSWORD)
        agent, manager = Agent(client), Agent(client)
        assert (await agent.sign_in("agent1")).status == 200
        assert (await agent.get("/api/desk/queue")).status == 200
        assert (await manager.sign_in("manager1")).status == 200
        assert await code_of(await manager.get("/api/desk/queue")) == "totp_needed"
        assert (await (await manager.get("/api/staff/me")).json())["must_enrol_totp"]
        generator, _ = await enrol(manager, clock)
        assert (await manager.get("/api/desk/queue")).status == 200
        clock.advance(seconds=30)
        refused = await manager.post("/api/staff/totp/end", {"code": generator.at(clock.now())})
        assert refused.status == 409


class TestOwnAccount:
    async def test_sessions_are_listed_and_only_own_ones_ended(
        self, client: TestClient[Any, Any], sign_in: SignIn
    ) -> None:
        here, other = await sign_in(), await sign_in("agent2", name="赵小红")
        there = Agent(client)
        await there.sign_in("agent1")
        items = (await (await here.get("/api/staff/sessions")).json())["items"]
        assert sorted(one["is_this"] for one in items) == [False, True]
        theirs = next(one["id"] for one in items if not one["is_this"])
        assert (await other.post(f"/api/staff/sessions/{theirs}/end")).status == 404
        assert (await here.post(f"/api/staff/sessions/{theirs}/end")).status == 200
        assert (await there.get("/api/staff/me")).status == 401
        assert (await here.get("/api/staff/me")).status == 200

    async def test_a_session_without_use_ends(self, sign_in: SignIn, clock: Any) -> None:
        agent = await sign_in()
        clock.advance(hours=4, seconds=1)
        assert (await agent.get("/api/staff/me")).status == 401

    async def test_a_new_password_needs_the_old_one_and_signs_other_browsers_out(
        self, client: TestClient[Any, Any], sign_in: SignIn
    ) -> None:
        here, there = await sign_in(), Agent(client)
        await there.sign_in("agent1")
        wrong = await here.post("/api/staff/password", {"old": "guess-guess-1", "new": NEW})
        assert await code_of(wrong) == "verification_failed"
        for weak in ("agent1agent1", "password2026", PASSWORD):
            refused = await here.post("/api/staff/password", {"old": PASSWORD, "new": weak})
            assert (await refused.json())["error"]["fields"]["new"]
        assert (await here.post("/api/staff/password", {"old": PASSWORD, "new": NEW})).status == 200
        assert (await there.get("/api/staff/me")).status == 401
        assert (await here.get("/api/staff/me")).status == 200
        assert (await Agent(client).sign_in("agent1")).status == 403
        assert (await Agent(client).sign_in("agent1", NEW)).status == 200


class TestAccounts:
    async def test_a_new_colleague_must_change_the_first_password_before_anything_else(
        self, client: TestClient[Any, Any], sign_in: SignIn
    ) -> None:
        admin = await sign_in("admin", Role.ADMIN)
        made = await (
            await admin.post("/api/staff/accounts", {"login": "new1", "name": "新同事", "skills": ["数码"]})
        ).json()
        colleague = Agent(client)
        assert (await colleague.sign_in("new1", made["password"])).status == 200
        assert await code_of(await colleague.get("/api/desk/queue")) == "password_change_needed"
        done = await colleague.post("/api/staff/password", {"old": made["password"], "new": NEW})
        assert done.status == 200
        assert (await colleague.get("/api/desk/queue")).status == 200

    async def test_every_change_has_a_who_and_an_old_and_a_new(self, sign_in: SignIn) -> None:
        admin, agent = await sign_in("admin", Role.ADMIN), await sign_in()
        listed = (await (await admin.get("/api/staff/accounts")).json())["items"]
        path = next(f"/api/staff/accounts/{one['id']}" for one in listed if one["login"] == "agent1")
        changed = await (await admin.post(path, {"role": "lead", "skills": ["投诉"], "capacity": 8})).json()
        assert (changed["role"], changed["skills"], changed["capacity"]) == ("lead", ["投诉"], 8)
        assert (await admin.post(path, {"capacity": 99})).status == 400
        assert (await admin.post(path, {"active": False})).status == 200
        assert (await agent.get("/api/staff/me")).status == 401
        history = (await (await admin.get(f"{path}/history")).json())["items"]
        assert [(one["who"], one["what"], one["old"], one["new"]) for one in reversed(history)] == [
            ("cli", "created", None, "agent1，坐席"),
            ("admin", "role", "坐席", "组长"),
            ("admin", "skills", "", "投诉"),
            ("admin", "capacity", "5", "8"),
            ("admin", "active", "启用", "停用"),
        ]

    async def test_nobody_shuts_themselves_or_the_last_administrator_out(self, sign_in: SignIn) -> None:
        admin = await sign_in("admin", Role.ADMIN)
        (me,) = (await (await admin.get("/api/staff/accounts")).json())["items"]
        for change in ({"role": "agent"}, {"active": False}):
            assert (await admin.post(f"/api/staff/accounts/{me['id']}", change)).status == 409

    async def test_a_reset_gives_a_new_first_password_and_takes_the_second_factor_away(
        self, client: TestClient[Any, Any], sign_in: SignIn, clock: Any
    ) -> None:
        admin, agent = await sign_in("admin", Role.ADMIN), await sign_in()
        await enrol(agent, clock)
        listed = (await (await admin.get("/api/staff/accounts")).json())["items"]
        path = next(f"/api/staff/accounts/{one['id']}" for one in listed if one["login"] == "agent1")
        assert (await (await admin.post(f"{path}/totp_reset")).json())["has_totp"] is False
        made = await (await admin.post(f"{path}/reset")).json()
        assert (await agent.get("/api/staff/me")).status == 401
        again = Agent(client)
        assert (await (await again.sign_in("agent1", made["password"])).json())["must_change_password"]


@pytest.mark.parametrize("role", list(Role))
async def test_every_route_asks_for_its_permission_and_every_write_for_the_token(
    client: TestClient[Any, Any], sign_in: SignIn, role: Role
) -> None:
    """The whole table: who lacks the permission gets 403, and a write without the token gets nowhere."""
    someone = await sign_in("someone", role, name="何建平")
    someone_else = Agent(client)
    someone_else.token = someone.token
    asked = 0
    for route in ROUTES:
        if route.access is Access.PUBLIC or route.path.startswith("/ws/") or route.path.endswith("/logout"):
            continue
        path = _example(route.path)
        own = {"Cookie": f"zhike_staff={someone.token}"}
        stranger = await client.request(route.method, path, json={} if route.method != "GET" else None)
        assert (stranger.status, await code_of(stranger)) == (401, "not_signed_in"), route.path
        if route.method != "GET":
            forged = await client.request(
                route.method, path, json={}, headers={**own, "X-CSRF-Token": "forged"}
            )
            assert (forged.status, await code_of(forged)) == (403, "wrong_page"), route.path
        if isinstance(route.access, Permission) and not may(role, route.access):
            headers = {**own, "X-CSRF-Token": someone.csrf}
            refused = await client.request(
                route.method, path, json={} if route.method != "GET" else None, headers=headers
            )
            assert (refused.status, await code_of(refused)) == (403, "forbidden"), route.path
        asked += 1
    assert asked > 30


def _example(path: str) -> str:
    """An address of the route's form that leads to nothing."""

    def value(place: re.Match[str]) -> str:
        pattern = place[2] or ""
        for candidate in (
            "0189d2b4-7b4b-7c3e-8a52-1f2e3d4c5b6a",
            "4711",
            "2026-11-24",
            "missing",
            "pdf",
            "A" * 43,
        ):
            if re.fullmatch(pattern or "[^/]+", candidate):
                return candidate
        return {"case": "TS-20261124-0001", "number": "TS-20261124-0001"}.get(place[1], "TS-20261124-0001")

    return re.sub(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})*))?\}", value, path)
