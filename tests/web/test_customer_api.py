"""Customers on the staff's API: masked by role, logged, found, merged, valued."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from care import demo
from care.records.customer import AccessLog, Customer
from care.rules.tiers import KeyCriterion
from care.rules.vocabulary import Role, Tier
from care.services import quality
from care.services.context import Care
from tests.integration.conftest import Shop
from tests.integration.test_customer_value import buys
from tests.integration.test_merging import field, give
from tests.web.people import Agent
from tests.web.test_staff_api import error_of

SignIn = Callable[..., Awaitable[Agent]]
PURPOSE = "purpose=%E6%8E%A5%E5%BE%85"  # 接待
SCORES = {criterion.value: 4 for criterion in KeyCriterion}


@pytest.fixture
def shop(care_sqlite: Care) -> Shop:
    return Shop(care_sqlite)


async def li_xiang(care: Care, shop: Shop) -> Customer:
    customer = await shop.customer(
        "13800000001", "李想", external_id="C1", tier=Tier.KEY, tier_reason="六项得分 66"
    )
    now = care.clock.now()
    await give(
        care,
        customer,
        field("email", "li.xiang@example.com", now),
        field("address", "浙江省杭州市西湖区文三路12号", now),
        field("birthday", "1990-05-01", now),
    )
    await buys(care, customer, 90, 60, 30)
    return customer


async def body(answer: Any, status: int = 200) -> dict[str, Any]:
    assert answer.status == status, await answer.text()
    found: dict[str, Any] = await answer.json()
    return found


class TestRecord:
    async def test_an_agent_sees_it_masked_and_a_manager_whole(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn
    ) -> None:
        customer = await li_xiang(care_sqlite, shop)
        agent, manager = await sign_in(), await sign_in("manager1", Role.MANAGER)
        seen = [
            (await body(await who.get(f"/api/desk/customers/{customer.public_id}?{PURPOSE}")))
            for who in (agent, manager)
        ]
        assert [(one["record"]["name"], one["record"]["phone"]) for one in seen] == [
            ("李*", "138****0001"),
            ("李想", "13800000001"),
        ]
        fields = [{one["name"]: one["value"] for one in sheet["record"]["fields"]} for sheet in seen]
        assert fields[0] == {
            "email": "l****@example.com",
            "address": "浙江省杭州市西湖区****",
            "birthday": None,
        }
        assert fields[1]["birthday"] == "1990-05-01"
        assert seen[0]["orders"][0]["receiver_phone"] == "138****0001"
        assert "13800000001" not in str(seen[0])
        assert [seen[0]["record"]["tier_reason"], seen[1]["record"]["tier_reason"]] == [None, "六项得分 66"]

    async def test_the_whole_picture_is_there_with_the_seven_views(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn
    ) -> None:
        customer = await li_xiang(care_sqlite, shop)
        await quality.scan(care_sqlite)
        agent = await sign_in()
        sheet = await body(await agent.get(f"/api/desk/customers/{customer.public_id}?{PURPOSE}"))
        assert [tab["label"] for tab in sheet["value"]["tabs"]] == [
            "客户概况", "客户忠诚度", "客户利润", "客户性能", "客户未来", "客户产品", "客户促销",
        ]  # fmt: skip
        spent = next(one for one in sheet["value"]["tabs"][2]["figures"] if one["name"] == "spent")
        assert (spent["value"], len(spent["rows"])) == ("¥300.00", 3)
        assert len(sheet["orders"]) == 3
        assert sheet["record"]["quality_score"] is not None

    async def test_every_look_is_logged_with_its_purpose_and_none_without(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn
    ) -> None:
        customer = await li_xiang(care_sqlite, shop)
        agent = await sign_in()
        assert (await agent.get(f"/api/desk/customers/{customer.public_id}")).status == 400
        await agent.get(f"/api/desk/customers/{customer.public_id}?{PURPOSE}")
        async with care_sqlite.sessions.read() as session:
            (line,) = (await session.scalars(select(AccessLog))).all()
        assert (line.who, line.role, line.purpose) == ("agent1", "agent", "接待")
        assert "customer_field.email" in line.fields
        assert "customer_field.birthday" not in line.fields

    async def test_nobody_and_strangers_get_nothing(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn, client: Any
    ) -> None:
        customer = await li_xiang(care_sqlite, shop)
        assert (await client.get(f"/api/desk/customers/{customer.public_id}?{PURPOSE}")).status == 401
        agent = await sign_in()
        missing = await agent.get(f"/api/desk/customers/0189d2b4-7b4b-7c3e-8a52-1f2e3d4c5b6a?{PURPOSE}")
        assert missing.status == 404
        assert (await error_of(missing))["code"] == "not_found"


class TestSearch:
    @pytest.mark.parametrize(
        "text",
        ["李想", "想", "13800000001", "+86 138 0000 0001", "0001", "C1", "li.xiang@example.com", "1-0"],
    )
    async def test_a_customer_is_found_by_whatever_is_known(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn, text: str
    ) -> None:
        customer = await li_xiang(care_sqlite, shop)
        await shop.customer("13999998888", "王芳")
        lead = await sign_in("lead1", Role.LEAD)
        page = await body(
            await lead.get(f"/api/desk/customers?q={text.replace('+', '%2B').replace(' ', '%20')}")
        )
        assert [item["public_id"] for item in page["items"]] == [customer.public_id]
        assert page["items"][0]["name"] == "李想"

    @pytest.mark.parametrize("text", ["%25", "_", "赵", "4444", "nobody@example.com", "%5C"])
    async def test_signs_that_mean_anything_elsewhere_mean_themselves(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn, text: str
    ) -> None:
        await li_xiang(care_sqlite, shop)
        agent = await sign_in()
        assert (await body(await agent.get(f"/api/desk/customers?q={text}")))["items"] == []

    async def test_pages_follow_each_other_and_filters_narrow(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn
    ) -> None:
        for n in range(5):
            await shop.customer(f"1380000000{n}", "王芳", tier=Tier.KEY if n == 3 else Tier.GENERAL)
        agent = await sign_in()
        seen: list[str] = []
        address = "/api/desk/customers?limit=2"
        after = None
        while True:
            page = await body(await agent.get(address + (f"&after={after}" if after else "")))
            seen += [item["public_id"] for item in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert len(seen) == len(set(seen)) == 5
        key = await body(await agent.get("/api/desk/customers?tier=key"))
        assert [item["phone"] for item in key["items"]] == ["138****0003"]
        assert (await agent.get("/api/desk/customers?tier=golden")).status == 400
        assert (await agent.get("/api/desk/customers?limit=9999")).status == 400


class TestQuality:
    async def test_queues_are_counted_paged_and_masked(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn
    ) -> None:
        for n in range(3):
            await shop.customer(f"1380000{n}00", "李想")
        await quality.scan(care_sqlite)
        agent = await sign_in()
        counts = await body(await agent.get("/api/desk/quality"))
        assert {one["issue"]: one["open"] for one in counts["items"]}["inaccurate"] == 3
        first = await body(await agent.get("/api/desk/quality/inaccurate?limit=2"))
        rest = await body(await agent.get(f"/api/desk/quality/inaccurate?limit=2&after={first['next']}"))
        assert len(first["items"]) == 2
        assert (len(rest["items"]), rest["next"]) == (1, None)
        assert {item["customer_name"] for item in first["items"]} == {"李*"}
        assert (await agent.get("/api/desk/quality/ugly")).status == 404

    async def test_a_finding_is_dismissed_once_and_the_name_stands_with_it(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn
    ) -> None:
        await shop.customer(name="李")
        await quality.scan(care_sqlite)
        agent = await sign_in()
        (item,) = (await body(await agent.get("/api/desk/quality/inaccurate")))["items"]
        assert (await agent.post(f"/api/desk/quality/issues/{item['id']}/dismiss")).status == 200
        assert (await agent.post(f"/api/desk/quality/issues/{item['id']}/dismiss")).status == 409
        assert (await agent.post("/api/desk/quality/issues/999999/dismiss")).status == 404
        assert (await body(await agent.get("/api/desk/quality/inaccurate")))["items"] == []


class TestMerging:
    async def test_a_lead_merges_a_pair_and_takes_it_back(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn
    ) -> None:
        one, two = await shop.customer(), await shop.customer()
        await quality.scan(care_sqlite)
        lead = await sign_in("lead1", Role.LEAD)
        (pair,) = (await body(await lead.get("/api/desk/quality/duplicate")))["items"]
        assert {pair["customer"], pair["other"]} == {one.public_id, two.public_id}
        assert pair["evidence"][0]["fact"] == "手机号相同"
        wish = {"survivor": pair["other"], "loser": pair["customer"], "reason": "同一位客户"}
        done = await body(await lead.post("/api/desk/merges", wish))
        assert done["merged_by"] == "staff:lead1"
        assert (await body(await lead.get("/api/desk/quality/duplicate")))["items"] == []
        # The old id leads to the survivor.
        sheet = await body(await lead.get(f"/api/desk/customers/{done['loser']}?{PURPOSE}"))
        assert sheet["record"]["public_id"] == done["survivor"]
        assert (await lead.post("/api/desk/merges", wish)).status == 409
        undone = await body(await lead.post(f"/api/desk/merges/{done['id']}/undo"))
        assert undone["undone_by"] == "staff:lead1"
        assert len((await body(await lead.get("/api/desk/quality/duplicate")))["items"]) == 1
        log = await body(await lead.get(f"/api/desk/merges?customer={one.public_id}"))
        assert [entry["id"] for entry in log["items"]] == [done["id"]]

    async def test_an_agent_may_not_merge_and_contradictions_are_named(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn
    ) -> None:
        one, two = await shop.customer("13800000001"), await shop.customer("13900000002")
        for customer in (one, two):
            await give(care_sqlite, customer, field("phone", customer.phone, care_sqlite.clock.now()))
        wish = {"survivor": one.public_id, "loser": two.public_id, "reason": "同名"}
        agent, lead = await sign_in(), await sign_in("lead1", Role.LEAD)
        assert (await agent.post("/api/desk/merges", wish)).status == 403
        refused = await lead.post("/api/desk/merges", wish)
        assert refused.status == 409
        problem = await error_of(refused)
        assert (problem["code"], problem["fields"]["doubt1"]) == (
            "persons_word_needed",
            "两份资料的手机号都核实过，却不相同",
        )
        assert (await lead.post("/api/desk/merges", {**wish, "is_persons_word": True})).status == 200


class TestKeyAccounts:
    async def test_a_manager_signs_and_only_managers_read_the_scores(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn
    ) -> None:
        customer = await li_xiang(care_sqlite, shop)
        agent, lead, manager = (
            await sign_in(),
            await sign_in("lead1", Role.LEAD),
            await sign_in("manager1", Role.MANAGER, "何建平"),
        )
        address = f"/api/desk/customers/{customer.public_id}"
        given = {"scores": SCORES, "reason": "年度评审"}
        assert (await lead.post(f"{address}/key_account", given)).status == 403
        assert (
            await manager.post(f"{address}/key_account", {**given, "scores": {"loyalty": 3}})
        ).status == 400
        assert (
            await manager.post(f"{address}/key_account", {**given, "scores": {**SCORES, "loyalty": 9}})
        ).status == 400
        signed = await body(await manager.post(f"{address}/key_account", given))
        assert (signed["tier"], signed["score"], signed["signed_by"]) == ("strategic", 80.0, "何建平")
        seen = [
            (await body(await who.get(f"{address}?{PURPOSE}")))["value"]["key_account"]
            for who in (agent, lead, manager)
        ]
        assert [one["scores"] for one in seen] == [None, None, SCORES]
        assert [one["score"] for one in seen] == [None, None, 80.0]
        assert [one["tier"] for one in seen] == ["strategic"] * 3


async def test_the_demo_shops_customers_all_open(care_sqlite: Care, sign_in: SignIn) -> None:
    await demo.seed(care_sqlite, password="a-demo-password")
    await quality.scan(care_sqlite)
    admin = await sign_in("boss", Role.ADMIN)
    page = await body(await admin.get("/api/desk/customers?limit=200"))
    assert len(page["items"]) == 200
    for item in page["items"][::20]:
        sheet = await body(await admin.get(f"/api/desk/customers/{item['public_id']}?{PURPOSE}"))
        assert len(sheet["value"]["tabs"]) == 7
