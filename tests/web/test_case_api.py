"""Staff work on complaints over the API: who sees what, legal moves, limits, second persons, two people at once."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from care.demo import seeding as demo
from care.records.complaint import Complaint, ComplaintEvent
from care.records.customer import AccessLog
from care.records.notice import StaffNotice
from care.records.staff import Staff
from care.rules.vocabulary import Role, Topic
from care.services import complaint_log, complaints
from care.services.context import Care
from tests.integration.conftest import Shop
from tests.web.people import Agent
from tests.web.test_staff_api import NOBODYS, error_of

SignIn = Callable[..., Awaitable[Agent]]

_clicks = itertools.count(1)


def key() -> str:
    return f"click-{next(_clicks):06d}"


async def body(answer: Any) -> Any:
    assert answer.status == 200, await answer.text()
    return await answer.json()


@pytest.fixture
def shop(care_sqlite: Care) -> Shop:
    return Shop(care_sqlite)


class Desk:
    """One member of staff at work on one case, always with the version they saw last."""

    def __init__(self, agent: Agent, ref: str) -> None:
        self.agent, self.ref = agent, ref
        self.version = 0

    async def look(self) -> Any:
        found = await body(await self.agent.get(f"/api/desk/complaints/{self.ref}"))
        self.version = found["line"]["version"]
        return found

    async def do(self, act: str, **wish: Any) -> Any:
        answer = await self.agent.post(f"/api/desk/complaints/{self.ref}/{act}", {"key": key(), **wish})
        if answer.status == 200:
            self.version = (await answer.json())["case"]["line"]["version"]
        return answer

    async def move(self, to: str, **wish: Any) -> Any:
        return await self.do("move", **{"to": to, "version": self.version, **wish})

    async def walk(self, *states: str) -> Any:
        wishes = {
            "proposed": {"proposal": "换一台新的并补偿", "remedies": REMEDIES},
            "executing": {"customer_yes": True, "yes_said": "电话里同意"},
        }
        done = await self.look()
        for state in states:
            done = await body(await self.move(state, **wishes.get(state, {})))
        return done


REMEDIES = [{"kind": "exchange"}, {"kind": "compensation", "amount": "50.00", "note": "耽误时间"}]
CAUSE = {"root_cause_1": "technology", "root_cause_2": "material"}


@pytest_asyncio.fixture
async def told(care_sqlite: Care, shop: Shop) -> Callable[..., Awaitable[str]]:
    """Tells and confirms a complaint in a new conversation; gives its case number."""

    async def tell(text: str = "用了两天就坏了,打我电话13800000001", **columns: Any) -> str:
        visit = await shop.visit()
        said = await shop.say(visit.id, text)
        await complaints.open_draft(
            care_sqlite, visit.id, said.message_id, topic=Topic.COMPLAINT_QUALITY, own_words=text
        )
        yes = await shop.say(visit.id, "对")
        receipt = await complaints.confirm_draft(care_sqlite, visit.id, yes.message_id)
        if columns:
            async with care_sqlite.sessions.write() as session:
                await session.execute(
                    update(Complaint).where(Complaint.id == receipt.complaint_id).values(**columns)
                )
        return receipt.case_number

    return tell


Tell = Callable[..., Awaitable[str]]


async def staff_id(care: Care, login: str) -> int:
    async with care.sessions.read() as session:
        return int(await session.scalar(select(Staff.id).where(Staff.login == login)) or 0)


class TestWholeWay:
    async def test_from_receipt_to_a_confirmed_close_with_a_remedy_in_parts(
        self, care_sqlite: Care, sign_in: SignIn, told: Tell
    ) -> None:
        desk = Desk(await sign_in(), await told())
        done = await desk.walk("assessed", "investigating", "proposed", "executing")
        money = done["case"]["money"]
        assert [(part["label"], part["amount"]) for part in money["remedies"]] == [
            ("换货", "0.00"),
            ("补偿", "50.00"),
        ]
        assert (money["promised"], money["paid"], money["limit"]) == ("50.00", "0.00", "200.00")
        (close,) = [move for move in done["case"]["moves"] if move["to"] == "closed"]
        assert close["blocked"] == "补救措施尚未完成，不能终止。"

        yes = {"customer_yes": True, "yes_said": "会话里说收到了"}
        first, second = (part["id"] for part in money["remedies"])
        await body(await desk.do("remedy_done", basis="运单 SF1002003004", remedy=first))
        refused = await desk.move("closed", **yes, **CAUSE)
        assert (refused.status, (await error_of(refused))["code"]) == (409, "illegal_move")
        paid = await body(await desk.do("remedy_done", basis="退款单 TK20261124001", remedy=second))
        assert paid["case"]["money"]["paid"] == "50.00"
        assert (await desk.do("remedy_done", basis="又一次", remedy=second)).status == 409

        without_cause = await desk.move("closed", **yes)
        assert "根因" in (await error_of(without_cause))["message"]
        closed = await body(await desk.move("closed", **yes, **CAUSE, findings="抽检属实"))
        line = closed["case"]["line"]
        assert (closed["done"], line["state"], line["is_open"], line["due_at"]) == (
            True,
            "closed",
            False,
            None,
        )
        assert (closed["case"]["root_cause_1_label"], closed["case"]["root_cause_2_label"]) == (
            "技术",
            "零部件或材料",
        )
        assert await complaint_log.verify(care_sqlite) == []

    async def test_each_next_move_says_what_it_needs(self, sign_in: SignIn, told: Tell) -> None:
        desk = Desk(await sign_in(), await told())
        done = await desk.walk("assessed", "investigating")
        moves = {move["to"]: move for move in done["case"]["moves"]}
        assert set(moves) == {"waiting_customer", "proposed", "withdrawn", "reclassified", "merged"}
        needs = {need["field"]: need["required"] for need in moves["proposed"]["needs"]}
        assert needs == {
            "proposal": True,
            "remedies": True,
            "findings": False,
            "root_cause_1": False,
            "root_cause_2": False,
        }
        assert [moves[to]["approval"] for to in ("withdrawn", "merged", "proposed")] == [
            "withdraw",
            "merge",
            None,
        ]

    async def test_a_customers_yes_must_say_how_it_was_said(self, sign_in: SignIn, told: Tell) -> None:
        desk = Desk(await sign_in(), await told())
        await desk.walk("assessed", "investigating", "proposed")
        refused = await desk.move("executing", customer_yes=True)
        assert (await error_of(refused))["fields"] == {
            "yes_said": "请写明客户如何表示同意（电话、会话原话等）。"
        }
        assert (await desk.move("executing")).status == 409

    async def test_the_same_click_twice_moves_once(
        self, care_sqlite: Care, sign_in: SignIn, told: Tell
    ) -> None:
        desk = Desk(await sign_in(), await told())
        seen = (await desk.look())["line"]["version"]
        wish = {"to": "assessed", "version": seen, "key": "the-same-click"}
        first = await body(await desk.agent.post(f"/api/desk/complaints/{desk.ref}/move", wish))
        again = await body(await desk.agent.post(f"/api/desk/complaints/{desk.ref}/move", wish))
        assert first == again

    async def test_who_comes_second_hears_who_moved_it_to_what(self, sign_in: SignIn, told: Tell) -> None:
        number = await told()
        one, two = (
            Desk(await sign_in("agent1"), number),
            Desk(await sign_in("lead1", Role.LEAD, "周敏"), number),
        )
        await one.look()
        await two.look()
        await body(await two.move("assessed"))
        late = await one.move("assessed")
        error = await error_of(late)
        assert (late.status, error["code"]) == (409, "conflict")
        assert error["message"] == "周敏已将投诉改为“已评审”，请刷新后再试。"
        assert (error["fields"]["moved_by"], error["fields"]["moved_to"]) == ("周敏", "已评审")


class TestLimits:
    async def test_above_the_limit_a_lead_agrees_and_the_proposal_is_made_once(
        self, care_sqlite: Care, sign_in: SignIn, told: Tell
    ) -> None:
        agent, lead = await sign_in(), await sign_in("lead1", Role.LEAD, "周敏")
        desk = Desk(agent, await told())
        await desk.walk("assessed", "investigating")
        dear = [{"kind": "refund", "amount": "900.00"}, {"kind": "apology"}]
        asked = await body(await desk.move("proposed", proposal="退一部分货款", remedies=dear))
        assert (asked["done"], asked["case"]["line"]["state"]) == (False, "investigating")
        approval = asked["approval"]
        assert (approval["what_label"], approval["may_decide"]) == ("超额度方案", False)
        assert approval["lines"] == ["方案：退一部分货款", "退款 ¥900.00", "道歉 ¥0.00", "本件合计 ¥900.00"]
        assert await notices_to(care_sqlite, "lead1") == [
            ("approval_wanted", f"王小明申请“超额度方案”：{desk.ref}。")
        ]

        path = f"/api/desk/complaints/{desk.ref}/approvals/{approval['id']}/agree"
        assert (await agent.post(path, {})).status == 403
        waiting = await body(await lead.get("/api/desk/approvals"))
        assert [(one["id"], one["may_decide"]) for one in waiting["items"]] == [(approval["id"], True)]
        agreed = await body(await lead.post(path, {}))
        assert agreed["case"]["line"]["state"] == "proposed"
        assert agreed["case"]["money"]["promised"] == "900.00"
        again = await body(await lead.post(path, {}))
        assert again["case"]["line"]["version"] == agreed["case"]["line"]["version"]
        async with care_sqlite.sessions.read() as session:
            proposed = await session.scalars(
                select(ComplaintEvent).where(ComplaintEvent.to_state == "proposed")
            )
            (event,) = proposed.all()
        assert (event.actor, event.data["second_person"]) == ("agent1", "lead1")
        assert (await body(await lead.get("/api/desk/approvals")))["items"] == []
        assert await complaint_log.verify(care_sqlite) == []

    async def test_a_lead_cannot_agree_above_their_own_limit(self, sign_in: SignIn, told: Tell) -> None:
        agent, lead = await sign_in(), await sign_in("lead1", Role.LEAD, "周敏")
        manager = await sign_in("manager1", Role.MANAGER, "何建平")
        desk = Desk(agent, await told())
        await desk.walk("assessed", "investigating")
        dear = [{"kind": "refund", "amount": "2000.01"}]
        asked = await body(await desk.move("proposed", proposal="全额退款", remedies=dear))
        path = f"/api/desk/complaints/{desk.ref}/approvals/{asked['approval']['id']}"
        refused = await lead.post(f"{path}/agree", {})
        assert (refused.status, "额度" in (await error_of(refused))["message"]) == (403, True)
        assert (await manager.post(f"{path}/agree", {})).status == 200

    async def test_what_was_paid_before_counts_towards_the_limit(self, sign_in: SignIn, told: Tell) -> None:
        desk = Desk(await sign_in(), await told())
        await desk.walk("assessed", "investigating")
        most = [{"kind": "compensation", "amount": "200"}]
        await body(await desk.move("proposed", proposal="补偿", remedies=most))
        await body(await desk.move("executing", customer_yes=True, yes_said="同意"))
        await body(await desk.do("remedy_done", basis="TK1"))
        await body(await desk.move("closed", customer_yes=True, yes_said="收到", **CAUSE))
        await body(await desk.move("reopened", reason="又坏了"))
        await desk.walk("assessed", "investigating")
        more = [{"kind": "compensation", "amount": "0.01"}]
        again = await body(await desk.move("proposed", proposal="再补一分", remedies=more))
        assert (again["done"], again["approval"]["what"]) == (False, "remedy_over_limit")

    @pytest.mark.parametrize(
        "remedies",
        [
            None, [], [{"kind": "refund"}], [{"kind": "refund", "amount": "-1"}], [{"kind": "refund", "amount": "NaN"}],
            [{"kind": "refund", "amount": "Infinity"}], [{"kind": "refund", "amount": "1.001"}],
            [{"kind": "apology"}, {"kind": "apology"}], [{"kind": "gold"}], [{"kind": "refund", "amount": "多"}],
        ],
    )  # fmt: skip
    async def test_a_remedy_that_is_none_is_refused(self, sign_in: SignIn, told: Tell, remedies: Any) -> None:
        desk = Desk(await sign_in(), await told())
        await desk.walk("assessed", "investigating")
        refused = await desk.move("proposed", proposal="退", remedies=remedies)
        assert (refused.status, list((await error_of(refused))["fields"])) == (400, ["remedies"])


async def notices_to(care: Care, login: str) -> list[tuple[str, str]]:
    async with care.sessions.read() as session:
        rows = await session.execute(
            select(StaffNotice.kind, StaffNotice.text)
            .join(Staff, Staff.id == StaffNotice.staff_id)
            .where(Staff.login == login)
            .order_by(StaffNotice.id)
        )
        return [(kind.value, text) for kind, text in rows]


class TestSecondPerson:
    @pytest.mark.parametrize(("to", "what"), [("withdrawn", "withdraw"), ("reclassified", "reclassify")])
    async def test_a_side_move_waits_for_somebody_else(
        self, care_sqlite: Care, sign_in: SignIn, told: Tell, to: str, what: str
    ) -> None:
        lead, other = await sign_in("lead1", Role.LEAD, "周敏"), await sign_in("lead2", Role.LEAD, "钱芳")
        desk = Desk(lead, await told())
        await desk.look()
        assert (await desk.move(to)).status == 409
        asked = await body(await desk.move(to, reason="客户说是误会"))
        assert (asked["approval"]["what"], asked["case"]["line"]["state"]) == (what, "acknowledged")
        path = f"/api/desk/complaints/{desk.ref}/approvals/{asked['approval']['id']}"
        own = await lead.post(f"{path}/agree", {})
        assert (own.status, "另一人" in (await error_of(own))["message"]) == (403, True)
        done = await body(await other.post(f"{path}/agree", {"note": "已电话核实"}))
        assert done["case"]["line"]["state"] == to
        assert (await other.post(f"{path}/refuse", {"note": "改主意了"})).status == 409
        # Naming the approval afterwards is the same act, not a second one.
        named = await desk.do("move", to=to, version=1, reason="x", approval=asked["approval"]["id"])
        assert (await body(named))["case"]["line"]["state"] == to
        assert await complaint_log.verify(care_sqlite) == []

    async def test_a_refusal_needs_its_reason_and_changes_nothing(
        self, care_sqlite: Care, sign_in: SignIn, told: Tell
    ) -> None:
        agent, lead = await sign_in(), await sign_in("lead1", Role.LEAD, "周敏")
        desk = Desk(agent, await told())
        seen = await desk.look()
        asked = await body(await desk.move("withdrawn", reason="客户不追究"))
        path = f"/api/desk/complaints/{desk.ref}/approvals/{asked['approval']['id']}/refuse"
        assert (await error_of(await lead.post(path, {})))["fields"] == {"note": "请写明不同意的理由。"}
        refused = await body(await lead.post(path, {"note": "客户没有这样说"}))
        assert refused["case"]["line"]["state"] == seen["line"]["state"]
        assert refused["case"]["approvals"][0]["decision_label"] == "不同意"
        assert ("other", f"周敏不同意“撤回投诉”：{desk.ref}。") in await notices_to(care_sqlite, "agent1")

    async def test_anybody_raises_a_grade_and_lowering_waits(self, sign_in: SignIn, told: Tell) -> None:
        agent, lead = await sign_in(), await sign_in("lead1", Role.LEAD, "周敏")
        desk = Desk(agent, await told(grade="P3"))
        await desk.look()
        await body(await desk.do("grade", grade="P2", version=desk.version, reason="数额大"))
        desk.agent = lead  # a major case goes to a lead
        seen = await desk.look()
        assert (seen["line"]["grade"], seen["line"]["owner"]["name"]) == ("P2", "周敏")
        assert (await desk.do("grade", grade="P4", version=desk.version)).status == 400
        asked = await body(await desk.do("grade", grade="P4", version=desk.version, reason="其实很轻"))
        assert (asked["done"], asked["case"]["line"]["grade"], asked["approval"]["lines"]) == (
            False,
            "P2",
            ["重大降为轻微"],
        )

    async def test_a_forged_or_foreign_approval_opens_nothing(
        self, care_sqlite: Care, sign_in: SignIn, told: Tell
    ) -> None:
        agent, lead = await sign_in(), await sign_in("lead1", Role.LEAD, "周敏")
        one, two = Desk(agent, await told()), Desk(agent, await told())
        await one.look()
        await two.look()
        asked = await body(await one.move("withdrawn", reason="客户不追究"))
        number = asked["approval"]["id"]
        for forged in (number, 999_999):
            refused = await two.move("withdrawn", reason="也撤了", approval=forged)
            assert (refused.status, list((await error_of(refused))["fields"])) == (400, ["approval"])
        elsewhere = f"/api/desk/complaints/{two.ref}/approvals/{number}/agree"
        assert (await lead.post(elsewhere, {})).status == 404

    async def test_what_waits_lapses_when_the_case_ends_otherwise(
        self, care_sqlite: Care, sign_in: SignIn, told: Tell
    ) -> None:
        agent, lead = await sign_in(), await sign_in("lead1", Role.LEAD, "周敏")
        desk = Desk(agent, await told())
        await desk.look()
        lower = await body(await desk.move("reclassified", reason="其实是咨询"))
        withdraw = await body(await desk.move("withdrawn", reason="客户不追究"))
        path = f"/api/desk/complaints/{desk.ref}/approvals"
        await body(await lead.post(f"{path}/{withdraw['approval']['id']}/agree", {}))
        late = await lead.post(f"{path}/{lower['approval']['id']}/agree", {})
        assert (late.status, "失效" in (await error_of(late))["message"]) == (409, True)


class TestMergingAndLinks:
    async def test_a_duplicate_goes_into_its_survivor(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn, told: Tell
    ) -> None:
        agent, lead = await sign_in(), await sign_in("lead1", Role.LEAD, "周敏")
        customer = await shop.customer()
        same = {"customer_id": customer.id, "order_number": "8812345"}
        first, second = await told(**same), await told(**same, grade="P1")
        desk = Desk(agent, second)
        seen = await desk.look()
        assert [(one["case"], one["kind"]) for one in seen["suggestions"]] == [(first, "duplicate")]
        asked = await body(await desk.do("merge", into=first, reason="同一件事", version=desk.version))
        assert asked["approval"]["lines"] == [f"并入 {first}"]
        path = f"/api/desk/complaints/{second}/approvals/{asked['approval']['id']}/agree"
        await body(await lead.post(path, {}))
        survivor = await body(await lead.get(f"/api/desk/complaints/{first}"))
        assert [(one["case"], one["kind"]) for one in survivor["links"]] == [(second, "merged_from")]
        # Nothing gets milder by merging.
        assert survivor["line"]["grade"] == "P1"
        trail = await body(await lead.get(f"/api/desk/complaints/{first}/events"))
        assert (trail["is_sound"], [one["case"] for one in trail["merged"]]) == (True, [second])
        assert "absorbed" in [event["kind"] for event in trail["items"]]
        assert await complaint_log.verify(care_sqlite) == []

    async def test_two_customers_complaints_are_linked_and_not_merged(
        self, shop: Shop, sign_in: SignIn, told: Tell
    ) -> None:
        agent = await sign_in()
        one = await told(customer_id=(await shop.customer("13800000001")).id)
        two = await told(customer_id=(await shop.customer("13800000002")).id)
        desk = Desk(agent, one)
        await desk.look()
        refused = await desk.do("merge", into=two, reason="同一批次", version=desk.version)
        assert "不是同一位客户" in (await error_of(refused))["fields"]["into"]
        assert (await desk.do("merge", into=one, reason="自己", version=desk.version)).status == 400

        linked = await body(await desk.do("link", case=two, kind="same_cause", reason="同一批次"))
        assert [(link["case"], link["label"]) for link in linked["case"]["links"]] == [(two, "同一原因")]
        other = await body(await agent.get(f"/api/desk/complaints/{two}"))
        assert [link["case"] for link in other["links"]] == [one]
        assert (await desk.do("link", case=one, kind="related")).status == 400
        unlinked = await body(await desk.do("unlink", case=two, kind="same_cause"))
        assert unlinked["case"]["links"] == []
        assert (await desk.do("unlink", case=two, kind="same_cause")).status == 404

    async def test_the_same_batch_within_a_day_is_suggested_as_one_cause(
        self, sign_in: SignIn, told: Tell
    ) -> None:
        agent = await sign_in()
        one, two = await told(batch="B7"), await told(batch="B7")
        await told(batch="B8")
        found = await body(await agent.get(f"/api/desk/complaints/{one}"))
        assert [(other["case"], other["kind"]) for other in found["suggestions"]] == [(two, "same_cause")]


class TestWhoSeesWhat:
    async def test_an_agent_sees_own_and_unowned_ones_a_lead_all(
        self, care_sqlite: Care, sign_in: SignIn, told: Tell
    ) -> None:
        first, second, lead = (
            await sign_in(),
            await sign_in("agent2", name="陈立"),
            await sign_in("lead1", Role.LEAD),
        )
        one, two = await staff_id(care_sqlite, "agent1"), await staff_id(care_sqlite, "agent2")
        own, theirs, nobodys = await told(owner_id=one), await told(owner_id=two), await told(owner_id=None)
        high = await told(owner_id=None, level="L2")

        async def listed(who: Agent) -> set[str]:
            page = await body(await who.get("/api/desk/complaints"))
            return {item["case_number"] for item in page["items"]}

        assert await listed(first) == {own, nobodys}
        assert await listed(second) == {theirs, nobodys}
        assert await listed(lead) == {own, theirs, nobodys, high}
        refused = await first.get(f"/api/desk/complaints/{theirs}")
        assert (refused.status, (await error_of(refused))["code"]) == (403, "forbidden")
        for act in ("note", "move", "link"):
            wish = {"key": key(), "text": "x", "to": "assessed", "version": 3, "case": own, "kind": "related"}
            assert (await first.post(f"/api/desk/complaints/{theirs}/{act}", wish)).status == 403
        assert (await first.get("/api/desk/complaints/TS-20200101-0001")).status == 404

    async def test_words_and_names_are_masked_for_agents_and_every_look_is_logged(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn, told: Tell
    ) -> None:
        agent, lead = await sign_in(), await sign_in("lead1", Role.LEAD)
        customer = await shop.customer(name="张三丰")
        number = await told(customer_id=customer.id, complainant="李四光", proposal="请打13800000001")
        masked, whole = [await body(await who.get(f"/api/desk/complaints/{number}")) for who in (agent, lead)]
        assert "138****0001" in masked["own_words"]
        assert "13800000001" in whole["own_words"]
        assert [(one["line"]["customer"]["name"], one["complainant"]) for one in (masked, whole)] == [
            ("张*", "李*"),
            ("张三丰", "李四光"),
        ]
        assert "13800000001" not in str(masked)
        trail = await body(await agent.get(f"/api/desk/complaints/{number}/events"))
        assert "13800000001" not in str(trail)
        await agent.get("/api/desk/complaints")
        async with care_sqlite.sessions.read() as session:
            looks = await session.execute(
                select(AccessLog.who, AccessLog.purpose).where(AccessLog.customer_id == customer.id)
            )
            assert {tuple(look) for look in looks} == {
                ("agent1", "处理投诉"),
                ("lead1", "处理投诉"),
                ("agent1", "查看投诉记录"),
                ("agent1", "查看投诉列表"),
            }

    async def test_an_agent_takes_what_nobody_owns_and_only_a_lead_gives_away(
        self, care_sqlite: Care, sign_in: SignIn, told: Tell
    ) -> None:
        agent, lead = await sign_in(), await sign_in("lead1", Role.LEAD)
        await sign_in("agent2", name="陈立")
        one, two = await staff_id(care_sqlite, "agent1"), await staff_id(care_sqlite, "agent2")
        number = await told(owner_id=None)
        desk = Desk(agent, number)
        await desk.look()
        assert (await desk.do("assign", to=two, version=desk.version)).status == 403
        assert (await desk.do("assign", version=desk.version)).status == 400
        taken = await body(await desk.do("assign", to=one, version=desk.version))
        assert taken["case"]["line"]["owner"]["name"] == "王小明"
        desk.agent = lead
        given = await body(await desk.do("assign", to=two, version=desk.version, reason="更熟悉数码"))
        assert given["case"]["line"]["owner"]["name"] == "陈立"
        assert (await desk.do("assign", to=999_999, version=desk.version)).status == 404
        assert ("assigned", f"{number}交给您处理（P4轻微）。") in await notices_to(care_sqlite, "agent2") or (
            "assigned", f"{number}交给您处理（P3一般）。"
        ) in await notices_to(care_sqlite, "agent2")  # fmt: skip


class TestList:
    async def test_filters_sorts_pages_and_counts(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn, told: Tell, clock: Any
    ) -> None:
        lead = await sign_in("lead1", Role.LEAD)
        numbers = []
        for n in range(5):
            clock.advance(minutes=1)
            numbers.append(await told(f"第{n}件,坏了", amount=n * 100 or None))
        await Desk(lead, numbers[0]).walk("assessed")

        async def found(query: str) -> list[str]:
            page = await body(await lead.get(f"/api/desk/complaints?{query}"))
            return [item["case_number"] for item in page["items"]]

        for sort, expected in (
            ("newest", numbers[::-1]),
            ("oldest", numbers),
            ("due", numbers),
            ("amount", numbers[:0:-1] + numbers[:1]),
        ):
            seen, after = [], ""
            for _ in range(4):
                page = await body(await lead.get(f"/api/desk/complaints?sort={sort}&limit=2&after={after}"))
                seen += [item["case_number"] for item in page["items"]]
                assert page["total"] == 5
                if page["next"] is None:
                    break
                after = page["next"]
            assert seen == expected, sort
        assert len(await found("sort=grade")) == 5
        page = await body(await lead.get("/api/desk/complaints?state=assessed"))
        assert [item["case_number"] for item in page["items"]] == numbers[:1]
        assert {one["state"]: one["count"] for one in page["states"]} == {"acknowledged": 4, "assessed": 1}
        assert await found("q=第3件") == [numbers[3]]
        assert await found(f"q={numbers[2][-9:]}") == [numbers[2]]
        assert await found("q=100%25") == []
        assert await found("open=false") == []
        assert len(await found("since=2026-11-24&until=2026-11-24&category=defect&channel=web")) == 5
        assert await found("until=2026-11-23") == []
        assert len(await found("clock=ok")) == 5
        clock.advance(days=30)
        await lead.sign_in("lead1")
        assert len(await found("clock=overdue&owner=none")) in (0, 5)
        assert len(await found("clock=overdue")) == 5
        assert await found("clock=ok") == []

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("state=lost", "state"), ("grade=P9", "grade"), ("sort=random", "sort"), ("limit=0", "limit"),
            ("owner=bob", "owner"), ("clock=late", "clock"), ("since=yesterday", "since"), ("after=%21%21", "after"),
            ("after=W10", "after"), ("after=WyJkdWUiLFsiMjAyNi0xMS0yNCJdLDFd&sort=due", "after"),
            ("category=x,defect", "category"),
        ],
    )  # fmt: skip
    async def test_each_wrong_filter_is_named(self, sign_in: SignIn, query: str, field: str) -> None:
        lead = await sign_in("lead1", Role.LEAD)
        refused = await lead.get(f"/api/desk/complaints?{query}")
        assert (refused.status, list((await error_of(refused))["fields"])) == (400, [field])


class TestActs:
    async def test_an_authority_begins_its_terms_and_the_steps_of_the_clock_are_shown(
        self, sign_in: SignIn, told: Tell, clock: Any
    ) -> None:
        desk = Desk(await sign_in(), await told())
        await desk.look()
        later = (clock.now() + timedelta(hours=1)).isoformat()
        assert list((await error_of(await desk.do("authority", received_at=later)))["fields"]) == [
            "received_at"
        ]
        noted = await body(await desk.do("authority", received_at=clock.now().isoformat()))
        kinds = {one["kind"] for one in noted["case"]["legal_clocks"]}
        assert {"authority_answer", "trader_reply"} <= kinds
        steps = await body(await desk.agent.get(f"/api/desk/complaints/{desk.ref}/escalations"))
        assert [one["percent"] for one in steps["items"]] == [50, 80, 100, 150]

    async def test_a_promise_a_note_a_cause_and_a_correction_leave_their_events(
        self, care_sqlite: Care, sign_in: SignIn, told: Tell, clock: Any
    ) -> None:
        desk = Desk(await sign_in(), await told())
        await desk.look()
        due = (clock.now() + timedelta(hours=3)).isoformat()
        promised = await body(await desk.do("promises", what="三小时内回电", due_at=due))
        assert "三小时内回电" in [one["label"] for one in promised["case"]["promises"]]
        mine = next(one for one in promised["case"]["promises"] if one["label"] == "三小时内回电")
        kept = await body(await desk.do(f"promises/{mine['id']}/done"))
        assert next(one for one in kept["case"]["promises"] if one["id"] == mine["id"])["kept_at"]
        assert (await desk.do("promises/4711/done")).status == 404
        past = await desk.do("promises", what="昨天回电", due_at="2026-11-23T00:00:00+08:00")
        assert (past.status, list((await error_of(past))["fields"])) == (400, ["due_at"])
        assert (await desk.do("promises", what="回电", due_at="2026-11-25T00:00:00")).status == 400
        await body(await desk.do("note", text="客户情绪平稳"))
        assert (await desk.do("note", text="   ")).status == 400
        caused = await body(await desk.do("cause", version=desk.version, findings="焊点虚接", **CAUSE))
        assert caused["case"]["findings"] == "焊点虚接"
        wrong = await desk.do("cause", version=desk.version, root_cause_1="process", root_cause_2="material")
        assert list((await error_of(wrong))["fields"]) == ["root_cause_2"]
        corrected = await body(
            await desk.do(
                "correct", version=desk.version, category="safety", batch="B7", amount="6000", reason="看错了"
            )
        )
        line = corrected["case"]["line"]
        assert (line["category"], line["amount"], line["grade"]) == ("safety", "6000.00", "P2")
        assert (await desk.do("correct", version=desk.version, category="safety")).status == 400
        assert (await desk.do("correct", version=desk.version, product="NO-SUCH")).status == 400
        trail = await body(await desk.agent.get(f"/api/desk/complaints/{desk.ref}/events"))
        kinds = [event["kind"] for event in trail["items"]]
        assert [kind for kind in kinds if kind in ("promised", "note", "cause", "corrected", "graded")] == [
            "promised", "note", "cause", "corrected", "graded",
        ]  # fmt: skip
        assert all(event["is_sound"] for event in trail["items"])
        assert trail["items"][0]["actor_name"] == "客户"

    async def test_a_trail_that_was_touched_shows_where(
        self, care_sqlite: Care, sign_in: SignIn, told: Tell
    ) -> None:
        desk = Desk(await sign_in(), await told())
        await desk.look()
        await body(await desk.do("note", text="原来的备注"))
        async with care_sqlite.sessions.write() as session:
            await session.execute(
                update(ComplaintEvent)
                .where(ComplaintEvent.kind == "note")
                .values(data={"text": "改过的备注"})
            )
        trail = await body(await desk.agent.get(f"/api/desk/complaints/{desk.ref}/events"))
        assert (trail["is_sound"], [e["kind"] for e in trail["items"] if not e["is_sound"]]) == (
            False,
            ["note"],
        )
        assert "记录被改动" in trail["faults"][0]

    async def test_a_customer_is_reminded_once_a_day_and_only_when_something_is_asked(
        self, care_sqlite: Care, sign_in: SignIn, told: Tell, clock: Any
    ) -> None:
        desk = Desk(await sign_in(), await told())
        await desk.walk("assessed", "investigating")
        assert (await desk.do("remind")).status == 409
        await desk.walk("proposed")
        assert (await desk.do("remind")).status == 200
        assert (await desk.do("remind")).status == 409
        clock.advance(hours=21)
        await desk.agent.sign_in("agent1")
        assert (await desk.do("remind")).status == 200

    async def test_only_who_may_export_gets_the_document(self, sign_in: SignIn, told: Tell) -> None:
        number = await told()
        agent, manager = await sign_in(), await sign_in("manager1", Role.MANAGER, "何建平")
        path = f"/api/desk/complaints/{number}/export"
        assert (await agent.get(path)).status == 403
        for kind, magic in (("pdf", b"%PDF"), ("docx", b"PK")):
            answer = await manager.get(f"{path}?format={kind}")
            assert (answer.status, (await answer.read())[: len(magic)]) == (200, magic)
            assert "attachment" in answer.headers["Content-Disposition"]
        assert (await manager.get(f"{path}?format=exe")).status == 400

    async def test_the_forms_choices_carry_the_readers_limit(self, sign_in: SignIn) -> None:
        agent, admin = await sign_in(), await sign_in("boss", Role.ADMIN)
        terms = await body(await agent.get("/api/desk/complaint_terms"))
        assert terms["my_limit"] == "200.00"
        assert {one["value"]: len(one["details"]) for one in terms["root_causes"]} == {
            "process": 6, "organisation": 6, "place": 5, "data_flow": 5, "technology": 6,
        }  # fmt: skip
        assert (await body(await admin.get("/api/desk/complaint_terms")))["my_limit"] is None


class TestOpening:
    async def test_an_agent_opens_and_receives_what_they_were_told(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn
    ) -> None:
        agent, other = await sign_in(), await sign_in("agent2", name="陈立")
        visit = await shop.visit()
        await shop.say(visit.id, "你们的师傅太差了")
        path = f"/api/desk/conversations/{visit.public_id}/complaint"
        wish = {
            "topic": "complaint_attitude", "words": "安装师傅骂人,摔门就走", "remedy": "道歉", "key": key(),
            "customer_yes": True, "yes_said": "会话里说没错",
        }  # fmt: skip
        assert (await agent.post(path, wish)).status == 403
        await body(await agent.on(visit.public_id, "take"))
        assert (await other.post(path, wish)).status == 403
        assert (await agent.post(path, {**wish, "topic": "praise"})).status == 400
        assert (await agent.post(path, {**wish, "yes_said": ""})).status == 400
        opened = await body(await agent.post(path, wish))
        line = opened["case"]["line"]
        assert (line["state"], line["owner"]["name"], line["topic_label"]) == (
            "acknowledged",
            "王小明",
            "投诉态度",
        )
        assert opened["case"]["requested"] == ["道歉"]
        again = await body(await agent.post(path, wish))
        assert again["case"]["line"]["id"] == line["id"]
        assert await complaint_log.verify(care_sqlite) == []

    async def test_without_the_customers_yes_it_stays_a_draft_until_it_is_confirmed(
        self, care_sqlite: Care, shop: Shop, sign_in: SignIn
    ) -> None:
        agent = await sign_in()
        visit = await shop.visit()
        await shop.say(visit.id, "你好")
        await body(await agent.on(visit.public_id, "take"))
        wish = {"topic": "complaint_quality", "words": "冰箱门封不严", "key": key()}
        opened = await body(await agent.post(f"/api/desk/conversations/{visit.public_id}/complaint", wish))
        line = opened["case"]["line"]
        assert (line["state"], line["case_number"]) == ("draft", None)
        desk = Desk(agent, str(line["id"]))
        await desk.look()
        assert (await desk.move("received")).status == 409
        received = await body(await desk.move("received", customer_yes=True, yes_said="电话确认"))
        assert received["case"]["line"]["case_number"].startswith("TS-")
        assert received["case"]["line"]["state"] == "acknowledged"


PATHS = [
    ("GET", "/api/desk/complaints"),
    ("GET", "/api/desk/complaint_terms"),
    ("GET", "/api/desk/approvals"),
    ("GET", "/api/desk/complaints/TS-20261124-0001"),
    ("GET", "/api/desk/complaints/TS-20261124-0001/events"),
    ("GET", "/api/desk/complaints/TS-20261124-0001/approvals"),
    ("GET", "/api/desk/complaints/TS-20261124-0001/export"),
    *(
        ("POST", f"/api/desk/complaints/TS-20261124-0001/{act}")
        for act in (
            "move", "note", "grade", "assign", "remind", "remedy_done", "promises", "cause", "correct", "merge", "link",
            "unlink", "promises/1/done", "authority", "approvals/1/agree", "approvals/1/refuse",
        )
    ),
    ("POST", f"/api/desk/conversations/{NOBODYS}/complaint"),
]  # fmt: skip


class TestDoor:
    @pytest.mark.parametrize(("method", "path"), PATHS)
    async def test_nobody_comes_in_without_a_session_nor_writes_from_another_page(
        self, client: Any, sign_in: SignIn, method: str, path: str
    ) -> None:
        answer = await client.request(method, path, json={} if method == "POST" else None)
        assert (answer.status, (await error_of(answer))["code"]) == (401, "not_signed_in")
        if method == "POST":
            manager = await sign_in("manager1", Role.MANAGER)
            foreign = await manager.post(path, {}, Origin="https://evil.example")
            assert (foreign.status, (await error_of(foreign))["code"]) == (403, "wrong_page")
            manager.csrf = "forged"
            assert (await manager.post(path, {})).status == 403

    @pytest.mark.parametrize("path", [path for method, path in PATHS if method == "POST"])
    async def test_an_empty_or_wild_body_is_a_named_mistake(
        self, sign_in: SignIn, told: Tell, path: str
    ) -> None:
        await told()
        manager = await sign_in("manager1", Role.MANAGER)
        for wild in (
            {},
            {"key": "x", "version": -1, "to": "nowhere", "text": 7, "grade": 1, "words": []},
            [],
        ):
            answer = await manager.post(path, wild)
            # 409: an address that takes no body refuses what the case does not allow.
            assert answer.status in (400, 404, 409), await answer.text()

    async def test_a_strange_case_number_is_no_address(self, sign_in: SignIn) -> None:
        agent = await sign_in()
        for ref in ("TS-1", "' OR 1=1", "99999999999", "-1"):
            assert (await agent.get(f"/api/desk/complaints/{ref}")).status == 404
        assert (await agent.get("/api/desk/complaints/999999999")).status == 404


async def test_the_demo_shops_cases_all_open(care_sqlite: Care, sign_in: SignIn) -> None:
    await demo.seed(care_sqlite, password="a-demo-password")
    admin = await sign_in("boss", Role.ADMIN)
    page = await body(await admin.get("/api/desk/complaints?limit=200&sort=grade"))
    assert page["total"] > 200
    for item in page["items"][::12]:
        ref = item["case_number"] or item["id"]
        sheet = await body(await admin.get(f"/api/desk/complaints/{ref}"))
        trail = await body(await admin.get(f"/api/desk/complaints/{ref}/events"))
        assert (sheet["line"]["id"], trail["is_sound"]) == (item["id"], True)
        if item["state"] == "closed":
            assert sheet["root_cause_2_label"]
            assert sheet["money"]["remedies"]
    waiting = await body(await admin.get("/api/desk/approvals"))
    assert {one["what"] for one in waiting["items"]} >= {"withdraw", "lower_grade", "remedy_over_limit"}
    assert all(one["lines"] or one["what"] in ("withdraw", "reclassify") for one in waiting["items"])
