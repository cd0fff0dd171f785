"""The managers' console over its API: who is let in, bad periods, figures with units and n, rows behind them."""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from care import demo
from care.records.customer import AccessLog
from care.records.interaction import UnansweredQuestion
from care.rules.vocabulary import Role, Topic
from care.services.context import Care
from care.services.knowledge import note_unanswered
from care.services.knowledge_entries import read_folder
from tests.integration.conftest import Shop
from tests.integration.improving import complaints_on
from tests.web.people import Agent
from tests.web.test_customer_api import body

SignIn = Callable[..., Awaitable[Agent]]
BASE = "/api/console"
READS = (
    "today", "satisfaction", "satisfaction/answers", "service", "contacts", "promises", "bot", "bot/unanswered", "team",
)  # fmt: skip
WITH_PERIOD = ("satisfaction", "satisfaction/answers", "service", "contacts", "promises", "bot", "team")


@pytest.fixture
def shop(care_sqlite: Care) -> Shop:
    return Shop(care_sqlite)


@pytest.fixture
def knowledge(care_sqlite: Care) -> Path:
    folder = care_sqlite.settings.root / "data" / "knowledge"
    folder.mkdir(parents=True)
    (folder / "returns.yml").write_text(
        "- id: return-7days\n  topics: [return_policy]\n  question: 多久可以退货\n"
        "  answer: 签收后七天内可以退货。\n  source: 退换货规则\n  updated: 2026-10-01\n",
        encoding="utf-8",
    )
    return folder


class TestWhoIsLetIn:
    async def test_agents_and_strangers_are_not(self, sign_in: SignIn, client: Any) -> None:
        paths = [*READS, "complaints/export"]
        assert [(await client.get(f"{BASE}/{path}")).status for path in paths] == [401] * len(paths)
        agent = await sign_in()
        assert [(await agent.get(f"{BASE}/{path}")).status for path in paths] == [403] * len(paths)

    async def test_leads_are(self, sign_in: SignIn) -> None:
        lead = await sign_in("lead1", Role.LEAD)
        assert [(await lead.get(f"{BASE}/{path}")).status for path in READS] == [200] * len(READS)

    async def test_a_shop_of_its_own_is_not_called_a_demo(self, sign_in: SignIn) -> None:
        lead = await sign_in("lead1", Role.LEAD)
        assert (await body(await lead.get(f"{BASE}/today")))["demo"] is False

    async def test_a_lead_takes_no_copy_away(self, sign_in: SignIn) -> None:
        lead = await sign_in("lead1", Role.LEAD)
        assert (await lead.get(f"{BASE}/complaints/export")).status == 403

    async def test_writing_needs_the_token_of_the_form(self, sign_in: SignIn) -> None:
        lead = await sign_in("lead1", Role.LEAD)
        lead.csrf = "wrong"
        assert (await lead.post(f"{BASE}/bot/unanswered/1/dismiss")).status == 403


class TestPeriods:
    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("from=2026-11-20&to=2026-11-10", "to"),
            ("to=2026-11-25", "to"),
            ("from=2024-01-01&to=2026-11-23", "from"),
            ("to=0001-01-01", "to"),
            ("from=9999-12-31", "to"),
            ("from=yesterday", "from"),
        ],
    )
    async def test_a_bad_one_is_named(self, sign_in: SignIn, query: str, field: str) -> None:
        lead = await sign_in("lead1", Role.LEAD)
        for path in WITH_PERIOD:
            answer = await lead.get(f"{BASE}/{path}?{query}")
            assert answer.status == 400, path
            assert field in (await answer.json())["error"]["fields"]

    async def test_a_bad_filter_is_refused(self, sign_in: SignIn) -> None:
        lead = await sign_in("lead1", Role.LEAD)
        for query in (
            "by=weather", "product=abc", "agent=x", "verdict=great", "limit=0", "after=0", "channel=fax",
        ):  # fmt: skip
            path = "satisfaction" if query.startswith("by") else "satisfaction/answers"
            assert (await lead.get(f"{BASE}/{path}?{query}")).status == 400, query

    async def test_without_one_it_is_the_last_28_full_days(self, sign_in: SignIn) -> None:
        lead = await sign_in("lead1", Role.LEAD)
        found = await body(await lead.get(f"{BASE}/service"))
        assert (found["from"], found["to"], len(found["days"])) == ("2026-10-27", "2026-11-23", 28)


class TestOverTheDemoShop:
    async def test_every_figure_has_its_unit_n_and_rows(self, care_sqlite: Care, sign_in: SignIn) -> None:
        await demo.seed(care_sqlite, password="a-demo-password")
        lead = await sign_in("lead9", Role.LEAD)
        found = await body(await lead.get(f"{BASE}/satisfaction?by=agent&from=2026-08-01&to=2026-11-23"))
        csat = found["numbers"][0]
        assert (csat["key"], csat["unit"], csat["method"]) == ("csat", "share", "Wilson 95%")
        assert csat["n"] == found["bounds"]["answered"] > 100
        assert csat["low"] < csat["value"] < csat["high"]
        bounds = found["bounds"]
        assert bounds["low"] < csat["value"] < bounds["high"]
        assert found["matrix"]["rows"][0]["cells"][2]["note"].startswith("样本不足")
        assert found["matrix"]["advice"] in ("改规则", "训练考核")
        assert all(point["link"]["query"]["from"] >= "2026-08-01" for point in found["trends"][0]["points"])
        shown = [row for row in found["breakdown"] if row["shrunk"] is not None]
        assert shown
        assert all(row["csat"]["n"] >= 20 for row in shown)
        for row in found["breakdown"]:
            where = "&".join(f"{name}={value}" for name, value in row["link"]["query"].items())
            behind, after = [], ""
            while True:
                page = await body(await lead.get(f"{BASE}/satisfaction/answers?{where}&limit=200{after}"))
                behind += page["items"]
                if page["next"] is None:
                    break
                after = f"&after={page['next']}"
            assert len(behind) == len({one["id"] for one in behind}) == row["answered"], row["label"]

        service = await body(await lead.get(f"{BASE}/service?from=2026-08-01&to=2026-11-23"))
        offered = next(one for one in service["numbers"] if one["key"] == "offered")
        assert offered["value"] == sum(day["offered"] for day in service["days"]) > 0
        assert all(one["definition"] and one["link"] for one in service["numbers"])
        bot = await body(await lead.get(f"{BASE}/bot"))
        assert [row["lines"] for row in bot["topics"]] == sorted(
            (row["lines"] for row in bot["topics"]), reverse=True
        )
        team = await body(await lead.get(f"{BASE}/team"))
        assert all("质检" in row["aht"]["note"] or row["aht"]["value"] is None for row in team["members"])
        today = await body(await lead.get(f"{BASE}/today"))
        assert today["demo"] is True
        by_key = {one["number"]["key"]: one for one in today["figures"]}
        assert by_key["contacts"]["usual_n"] == 8
        cases = await body(await lead.get("/api/desk/complaints?clock=overdue"))
        assert by_key["overdue_cases"]["number"]["value"] == cases["total"]
        alarms = await body(await lead.get("/api/desk/improve/alarms?open=true"))
        assert by_key["surges"]["number"]["value"] == len(alarms["items"])
        late = await body(await lead.get(f"{BASE}/promises?state=overdue&limit=200"))
        assert by_key["promises_overdue"]["number"]["value"] == len(late["items"])

    async def test_looking_at_answers_and_contacts_is_logged(
        self, care_sqlite: Care, sign_in: SignIn
    ) -> None:
        await demo.seed(care_sqlite, password="a-demo-password")
        lead = await sign_in("lead9", Role.LEAD)
        for path, purpose in (
            ("satisfaction/answers", "查看满意度回答"),
            ("contacts", "查看来访列表"),
            ("promises", "查看承诺列表"),
        ):
            page = await body(await lead.get(f"{BASE}/{path}?limit=5"))
            shown = {one["customer"] for one in page["items"] if one["customer"]}
            async with care_sqlite.sessions.read() as session:
                logged = list(
                    await session.scalars(
                        select(AccessLog.customer_id).where(
                            AccessLog.purpose == purpose, AccessLog.who == "lead9"
                        )
                    )
                )
            assert len(logged) == len(shown)


class TestUnanswered:
    async def put(self, care: Care, text: str, times: int = 1) -> int:
        for _ in range(times):
            await note_unanswered(care, text, Topic.WARRANTY, None)
        async with care.sessions.read() as session:
            found = await session.scalar(
                select(UnansweredQuestion.id).where(UnansweredQuestion.example == text)
            )
        assert found is not None
        return int(found)

    async def test_an_answer_becomes_an_entry_and_closes_the_question(
        self, care_sqlite: Care, sign_in: SignIn, knowledge: Path
    ) -> None:
        await self.put(care_sqlite, "别的问题")
        asked = await self.put(care_sqlite, "净水器滤芯保不保", times=3)
        lead = await sign_in("lead1", Role.LEAD)
        page = await body(await lead.get(f"{BASE}/bot/unanswered?topic=warranty"))
        assert (page["total"], page["items"][0]["question"], page["items"][0]["count"]) == (
            2,
            "净水器滤芯保不保",
            3,
        )
        given = {
            "question": "滤芯在保修范围内吗",
            "answer": "滤芯是耗材，不在保修范围内。",
            "source": "保修条款第 3 条",
            "topics": ["warranty"],
        }
        written = await body(await lead.post(f"{BASE}/bot/unanswered/{asked}/answer", given), 201)
        assert written["file"] == "answered.yml"
        assert any("问法" in one for one in written["remarks"])
        reading = read_folder(knowledge)
        assert reading.errors == []
        entry = reading.entries[written["entry"]]
        assert entry.wordings == ("滤芯在保修范围内吗", "净水器滤芯保不保")
        assert (await lead.post(f"{BASE}/bot/unanswered/{asked}/answer", given)).status == 409
        assert (await body(await lead.get(f"{BASE}/bot/unanswered")))["total"] == 1

    async def test_a_wording_that_is_there_already_is_refused(
        self, care_sqlite: Care, sign_in: SignIn, knowledge: Path
    ) -> None:
        asked = await self.put(care_sqlite, "退货要几天")
        lead = await sign_in("lead1", Role.LEAD)
        given = {
            "question": "多久可以退货",
            "answer": "七天。",
            "source": "规则",
            "topics": ["return_policy"],
        }
        answer = await lead.post(f"{BASE}/bot/unanswered/{asked}/answer", given)
        assert answer.status == 400
        assert "return-7days" in (await answer.json())["error"]["fields"]["question"]
        assert not (knowledge / "answered.yml").exists()

    async def test_one_that_needs_none_is_put_away_and_comes_back_when_put_again(
        self, care_sqlite: Care, sign_in: SignIn
    ) -> None:
        asked = await self.put(care_sqlite, "你会唱歌吗")
        lead = await sign_in("lead1", Role.LEAD)
        await body(await lead.post(f"{BASE}/bot/unanswered/{asked}/dismiss"))
        assert (await body(await lead.get(f"{BASE}/bot/unanswered")))["total"] == 0
        await self.put(care_sqlite, "你会唱歌吗")
        assert (await body(await lead.get(f"{BASE}/bot/unanswered")))["total"] == 1
        assert (await lead.post(f"{BASE}/bot/unanswered/4711/dismiss")).status == 404


class TestExport:
    async def test_only_what_the_filters_let_pass_is_written_with_what_it_is(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn
    ) -> None:
        customer = await shop.customer()
        await complaints_on(care_sqlite, {1: 2}, own_words="壶底漏水", customer_id=customer.id)
        await complaints_on(care_sqlite, {2: 1}, own_words="=1+1 送错了")
        manager = await sign_in("manager1", Role.MANAGER, "陈经理")
        answer = await manager.get(f"{BASE}/complaints/export?format=csv&q=漏水")
        assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
        rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
        assert "陈经理导出" in rows[0][0]
        assert (rows[1][0], len(rows)) == ("投诉编号", 4)
        assert {row[8] for row in rows[2:]} == {"壶底漏水"}
        async with care_sqlite.sessions.read() as session:
            logged = list(await session.scalars(select(AccessLog).where(AccessLog.who == "manager1")))
        assert [(one.customer_id, one.purpose) for one in logged] == [(customer.id, "导出")]

        book = load_workbook(io.BytesIO(await (await manager.get(f"{BASE}/complaints/export")).read()))
        words = [row[8] for row in book.worksheets[0].iter_rows(min_row=3, values_only=True)]
        assert sorted(words) == ["'=1+1 送错了", "壶底漏水", "壶底漏水"]
        assert (await manager.get(f"{BASE}/complaints/export?format=doc")).status == 400
