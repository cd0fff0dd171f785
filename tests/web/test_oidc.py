"""Single sign-on against a real provider on loopback: the way there and back, and whatever may be forged on it."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient
from sqlalchemy import select

from care.adapters.clock import SystemClock
from care.records.staff import Staff
from care.rules.vocabulary import Role
from care.services import staff, staff_accounts
from care.services.context import Care
from tests.web.oidc_provider import CLIENT, SECRET, Provider
from tests.web.people import PASSWORD, Agent, Start


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    one = Provider()
    server = await one.start()
    yield one
    await server.close()


@pytest.fixture
def joined(care_sqlite: Care, provider: Provider) -> Care:
    """Customer care that trusts the provider; the provider's tokens carry the real time."""
    settings = dataclasses.replace(
        care_sqlite.settings,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        oidc_role_map={"cs-agent": Role.AGENT, "cs-lead": Role.LEAD},
        staff_totp="all",
    )
    return dataclasses.replace(care_sqlite, settings=settings, clock=SystemClock())


class Browser:
    """Keeps the flow's cookie the way a browser does, and follows nothing by itself."""

    def __init__(self, client: TestClient[Any, Any], provider: Provider) -> None:
        self.client, self.provider, self.flow = client, provider, ""

    async def go(self, query: str = "", **headers: str) -> str:
        answer = await self.client.get(
            f"/api/staff/oidc/start{query}", allow_redirects=False, headers=headers
        )
        assert answer.status == 302, await answer.text()
        cookie = answer.cookies["zhike_oidc"]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/api/staff/oidc")
        self.flow = cookie.value
        self.client.session.cookie_jar.clear()
        return answer.headers["Location"]

    async def come_back(self, given: dict[str, str]) -> Any:
        answer = await self.client.get(
            "/api/staff/oidc/callback",
            params=given,
            allow_redirects=False,
            headers={"Cookie": f"zhike_oidc={self.flow}", "Accept": "application/json"},
        )
        self.client.session.cookie_jar.clear()
        return answer

    async def sign_in(self) -> Any:
        return await self.come_back(self.provider.consent(await self.go()))


@pytest_asyncio.fixture
async def browser(start: Start, joined: Care, provider: Provider) -> Browser:
    return Browser(await start(joined), provider)


async def accounts(care: Care) -> list[Staff]:
    async with care.sessions.read() as session:
        return list(await session.scalars(select(Staff).order_by(Staff.id)))


async def test_a_colleague_comes_in_with_the_role_that_is_mapped(browser: Browser, joined: Care) -> None:
    back = await browser.sign_in()
    assert (back.status, back.headers["Location"]) == (302, "/desk")
    agent = Agent(browser.client)
    agent.token = back.cookies["zhike_staff"].value
    me = await (await agent.get("/api/staff/me")).json()
    assert (me["staff"]["login"], me["staff"]["name"], me["staff"]["role"], me["signed_by"]) == (
        "wang.xm", "王小美", "lead", "oidc",
    )  # fmt: skip
    # The provider has a second factor of its own.
    assert not me["must_enrol_totp"]
    assert (await agent.get("/api/desk/queue")).status == 200
    (account,) = await accounts(joined)
    changes = await staff_accounts.history(joined, account.id)
    assert [(one.who, one.what.value) for one in changes] == [("oidc", "created")]


async def test_the_same_identity_is_the_same_account_and_a_new_role_is_noted(
    browser: Browser, joined: Care, provider: Provider
) -> None:
    await browser.sign_in()
    provider.claims = {**provider.claims, "roles": ["cs-agent"], "preferred_username": "renamed"}
    await browser.sign_in()
    (account,) = await accounts(joined)
    assert (account.login, account.role) == ("wang.xm", Role.AGENT)
    changes = await staff_accounts.history(joined, account.id)
    assert (changes[0].what.value, changes[0].old, changes[0].new) == ("role", "组长", "坐席")


@pytest.mark.parametrize(
    "bend",
    [
        {"iss": "https://evil.example"}, {"aud": "another-client"}, {"nonce": "another"}, {"exp": 1}, {"sub": None},
        {"aud": [CLIENT, "another"], "azp": "another"},
    ],
)  # fmt: skip
async def test_a_token_for_somebody_else_or_of_another_time_is_refused(
    browser: Browser, joined: Care, provider: Provider, bend: dict[str, Any]
) -> None:
    provider.bend = bend
    back = await browser.sign_in()
    assert (back.status, (await back.json())["error"]["code"]) == (403, "verification_failed")
    assert await accounts(joined) == []


@pytest.mark.parametrize("how", ["other_key", "HS256", "none"])
async def test_a_token_that_the_provider_did_not_sign_is_refused(
    browser: Browser, joined: Care, provider: Provider, how: str
) -> None:
    provider.signs_with_other_key = how == "other_key"
    provider.algorithm = "RS256" if how == "other_key" else how
    assert (await browser.sign_in()).status == 403
    assert await accounts(joined) == []


async def test_state_cookie_code_and_issuer_must_all_be_this_very_flows(
    browser: Browser, joined: Care, provider: Provider
) -> None:
    given = provider.consent(await browser.go())
    for wrong in (
        {**given, "state": "forged"},
        {**given, "code": "forged"},
        {**given, "iss": "https://evil.example"},
        {"error": "access_denied", "state": given["state"]},
    ):
        assert (await browser.come_back(wrong)).status == 403
    flow, browser.flow = browser.flow, "enc:1:forged:AAAA"
    assert (await browser.come_back(given)).status == 403
    browser.flow = ""
    assert (await browser.come_back(given)).status == 403
    browser.flow = flow
    assert (await browser.come_back(given)).status == 302
    assert (await browser.come_back(given)).status == 403, "a code works once"


async def test_another_browsers_flow_does_not_take_this_code(browser: Browser, provider: Provider) -> None:
    """Login CSRF: an attacker's address with the attacker's code."""
    attackers = provider.consent(await browser.go())
    await browser.go()
    assert (await browser.come_back(attackers)).status == 403


async def test_who_has_no_mapped_role_stays_outside(
    browser: Browser, joined: Care, provider: Provider
) -> None:
    for roles in (["gardener"], [], "cs-leader", None):
        provider.claims = {**provider.claims, "roles": roles}
        back = await browser.sign_in()
        assert (back.status, (await back.json())["error"]["code"]) == (403, "forbidden")
    assert await accounts(joined) == []


async def test_a_login_that_exists_is_not_taken_over_but_its_owner_can_join_it(
    browser: Browser, joined: Care
) -> None:
    own = await staff.add_staff(joined, login="wang.xm", name="王小美", role=Role.LEAD, password=PASSWORD)
    assert (await browser.sign_in()).status == 409
    agent = Agent(browser.client)
    assert (await agent.sign_in("wang.xm")).status == 200
    stranger = await browser.client.get("/api/staff/oidc/start?link=1", allow_redirects=False)
    assert stranger.status == 401
    address = await browser.go("?link=1", Cookie=f"zhike_staff={agent.token}")
    assert (await browser.come_back(browser.provider.consent(address))).status == 302
    (account,) = await accounts(joined)
    assert account.id == own.id
    assert account.oidc_identity == f"{browser.provider.issuer} u-1"
    assert (await browser.sign_in()).status == 302


async def test_an_account_that_was_switched_off_stays_off(browser: Browser, joined: Care) -> None:
    await browser.sign_in()
    async with joined.sessions.write() as session:
        (await session.scalars(select(Staff))).one().active = False
    assert (await browser.sign_in()).status == 403


async def test_a_provider_that_calls_itself_otherwise_is_not_believed(
    browser: Browser, provider: Provider
) -> None:
    provider.bend = {"configured_issuer": "https://evil.example"}
    answer = await browser.client.get(
        "/api/staff/oidc/start", allow_redirects=False, headers={"Accept": "application/json"}
    )
    assert (answer.status, (await answer.json())["error"]["code"]) == (503, "unavailable")


async def test_without_the_setting_there_is_no_single_sign_on(client: TestClient[Any, Any]) -> None:
    options = await (await client.get("/api/staff/sign_in_options")).json()
    assert options["sso"] is False
    assert (await client.get("/api/staff/oidc/start", allow_redirects=False)).status == 404
