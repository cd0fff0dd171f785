"""Improvement over the staff's API: for leads and above, with units, n and labels."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from care.rules.vocabulary import Role
from care.services import surges, winback_finding
from care.services.context import Care
from tests.integration.conftest import Shop
from tests.integration.customers import order_of
from tests.integration.improving import agrees, answered, complaints_on
from tests.web.people import Agent
from tests.web.test_customer_api import body

SignIn = Callable[..., Awaitable[Agent]]
BASE = "/api/desk/improve"
ACTION = {
    "title": "换配送商", "cause": "surge", "cause_note": "末端送不完", "improves": ["speed"], "owner": "lead1",
    "due_on": "2026-12-10", "hypothesis": "换回后更快", "figure": "complaints_per_1000",
    "scope": {"category": "defect"}, "sub_tasks": [{"title": "签协议"}],
}  # fmt: skip


@pytest.fixture
def shop(care_sqlite: Care) -> Shop:
    return Shop(care_sqlite)


async def surge(care: Care) -> None:
    await complaints_on(care, {**dict.fromkeys(range(8, 60, 4), 1), 0: 6})
    await surges.watch(care)


@pytest.mark.parametrize(
    "path", ["alarms", "alarms/1", "causes", "actions", "actions/1", "winbacks", "winbacks/1"]
)
async def test_agents_and_strangers_are_not_let_in(sign_in: SignIn, client: Any, path: str) -> None:
    assert (await client.get(f"{BASE}/{path}")).status == 401
    agent = await sign_in()
    assert (await agent.get(f"{BASE}/{path}")).status == 403


async def test_writing_needs_the_token_of_the_form(sign_in: SignIn) -> None:
    lead = await sign_in("lead1", Role.LEAD)
    lead.csrf = "wrong"
    assert (await lead.post(f"{BASE}/actions", ACTION)).status == 403


async def test_an_alarm_from_the_list_to_its_close(care_sqlite: Care, sign_in: SignIn) -> None:
    await surge(care_sqlite)
    lead = await sign_in("lead1", Role.LEAD)
    page = await body(await lead.get(f"{BASE}/alarms?open=true"))
    alarm = next(one for one in page["items"] if one["dimension"] == "category")
    assert (alarm["label"], alarm["method_label"], alarm["unit"], alarm["count"]) == (
        "质量缺陷",
        "单日",
        "件/天",
        6,
    )
    assert alarm["summary"].startswith("质量缺陷：11月24日 6 件")
    sheet = await body(await lead.get(f"{BASE}/alarms/{alarm['id']}"))
    assert sheet["days"][-1]["over"][0] == "single_day"
    assert (len(sheet["days"]), sheet["n"], len(sheet["cases"])) == (28, 11, 6)
    assert "8 周" in sheet["how"]
    where = f"{BASE}/alarms/{alarm['id']}"
    assert (await body(await lead.post(f"{where}/acknowledge")))["acknowledged_by"] == "王小明"
    assert (await lead.post(f"{where}/close", {})).status == 400
    assert (await body(await lead.post(f"{where}/cause", {"cause": "一批次不合格"})))[
        "cause"
    ] == "一批次不合格"
    assert (await body(await lead.post(f"{where}/close", {"note": "已停售"})))["is_open"] is False
    assert (await lead.get(f"{BASE}/alarms/4711")).status == 404


async def test_open_cases_of_one_cause_are_shown_together(care_sqlite: Care, sign_in: SignIn) -> None:
    await complaints_on(care_sqlite, {0: 3}, own_words="壶底漏水")
    lead = await sign_in("lead1", Role.LEAD)
    (found,) = (await body(await lead.get(f"{BASE}/causes?hours=24")))["items"]
    assert (found["link"], found["label"], found["in_24h"]) == ("words", "质量缺陷：漏水", 3)
    assert found["faults"] == [{"label": "漏水", "n": 3}]
    assert (await lead.get(f"{BASE}/causes?hours=0")).status == 400


async def test_an_action_is_made_measured_and_moved(care_sqlite: Care, shop: Shop, sign_in: SignIn) -> None:
    await order_of(care_sqlite, await shop.customer())
    await surge(care_sqlite)
    lead = await sign_in("lead1", Role.LEAD)
    bad = await lead.post(f"{BASE}/actions", {"owner": "nobody"})
    assert set((await bad.json())["error"]["fields"]) >= {"title", "cause", "owner", "due_on", "improves"}
    made = await body(await lead.post(f"{BASE}/actions", {**ACTION, "alarm": 1}), 201)
    assert (made["state_label"], made["unit"], made["scope_label"], made["alarms"]) == (
        "计划", "件/千单", "质量缺陷", [1],
    )  # fmt: skip
    where, version = f"{BASE}/actions/{made['id']}", made["version"]
    refused = await lead.post(f"{where}/move", {"to": "doing", "version": version})
    assert refused.status == 409
    span = {"since": "2026-10-01", "until": "2026-11-20", "version": version}
    measured = await body(await lead.post(f"{where}/before", span))
    before = measured["before"]
    assert (before["value"], before["unit"], before["n"], before["n_label"], before["events"]) == (
        12000, "件/千单", 1, "订单", 12,
    )  # fmt: skip
    assert before["shown"].startswith("12000 件/千单 [")
    assert (await lead.post(f"{where}/move", {"to": "doing", "version": version})).status == 409
    moved = await body(await lead.post(f"{where}/move", {"to": "doing", "version": measured["version"]}))
    assert [one["label"] for one in moved["next_states"]] == ["已实施", "放弃"]
    assert [one["kind_label"] for one in moved["trail"]] == ["新建", "测量实施前", "状态变化"]
    assert (await lead.post(where, {"title": "改名"})).status == 400
    renamed = await body(await lead.post(where, {"title": "改名", "version": moved["version"]}))
    assert (renamed["title"], renamed["is_intact"]) == ("改名", True)
    page = await body(await lead.get(f"{BASE}/actions?state=doing"))
    assert [one["title"] for one in page["items"]] == ["改名"]


async def test_win_back_is_worked_over_the_wire(care_sqlite: Care, shop: Shop, sign_in: SignIn) -> None:
    customer = await shop.customer()
    (case,) = await complaints_on(care_sqlite, {3: 1}, customer_id=customer.id)
    await answered(care_sqlite, case, csat=1)
    await agrees(care_sqlite, customer.id)
    await winback_finding.find(care_sqlite)
    lead = await sign_in("lead1", Role.LEAD)
    (listed,) = (await body(await lead.get(f"{BASE}/winbacks?open=true")))["items"]
    assert (listed["customer_name"], listed["trigger_label"], listed["offer_limit"]) == (
        "张伟",
        "低分评价",
        "¥500.00",
    )
    where = f"{BASE}/winbacks/{listed['id']}"
    done = await body(await lead.post(f"{where}/move", {"to": "contacted", "state": "open", "note": "电话"}))
    assert (done["state_label"], done["contacts"], done["next_step"]) == (
        "已联系",
        1,
        "等待答复，未答复则再联系",
    )
    assert (await lead.post(f"{where}/move", {"to": "contacted", "state": "open"})).status == 409
    assert (await lead.post(f"{where}/move", {"to": "won", "state": "contacted"})).status == 409
    for amount in ("NaN", "sNaN", "Infinity", "-Infinity", "1e400", "-1"):
        offer = {"to": "offered", "state": "contacted", "reason": "price", "offer": "券", "amount": amount}
        refused = await lead.post(f"{where}/move", offer)
        assert (refused.status, list((await refused.json())["error"]["fields"])) == (400, ["amount"]), amount
    assert (await body(await lead.post(f"{where}/assign", {"owner": "lead1"})))["owner_name"] == "王小明"
    assert [one["kind"] for one in (await body(await lead.get(where)))["steps"]] == [
        "opened",
        "contact",
        "assigned",
    ]
