"""Seeing, taking along and deleting one's own data, and agreeing or no longer agreeing."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from datetime import timedelta

import jwt
import pytest
from sqlalchemy import select

from care.records import Base
from care.records.case_work import CaseApproval
from care.records.complaint import Complaint, ComplaintEvent
from care.records.conversation import Message, Visitor
from care.records.customer import AccessLog, Consent, Customer, CustomerField
from care.records.engine import TrackerEvent
from care.records.interaction import CareInteraction
from care.records.order import Order
from care.records.rights import LegalHold, RightsRequest
from care.rules.approval_terms import ApprovalWhat, Decision
from care.rules.complaint import ComplaintState
from care.rules.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotVerified,
    StepUpNeeded,
    TooManyRequests,
    VerificationFailed,
)
from care.rules.rights import Hindrance, RightsState
from care.rules.vocabulary import ConsentPurpose, OrderState
from care.services import (
    callbacks,
    complaint_log,
    complaints,
    conversations,
    erasure,
    erasure_rows,
    handoff,
    identity,
    profile,
    rights,
    rights_export,
    trackers,
)
from tests.integration.customers import ADDRESS, PHONE, codes, known_by_order, order_of, said, signed_in

WORDS = "我家住文三路,昨天的破壁机坏了"


async def export_of(care, visit) -> dict:
    receipt = await rights.request_export(care, visit.id, source_message_id=None)
    assert receipt.download_token is not None
    return unpacked(await rights_export.redeem(care, receipt.download_token))


def unpacked(file: rights_export.ExportFile) -> dict:
    with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
        assert sorted(archive.namelist()) == ["我的信息.html", "我的信息.json"]
        return json.loads(archive.read("我的信息.json"))


async def everything(care) -> str:
    """Every row of every table as text: what a thief of the database would read."""
    found = []
    async with care.sessions.read() as session:
        for table in Base.metadata.sorted_tables:
            found += [str(tuple(row)) for row in await session.execute(select(table))]
    return "\n".join(found)


class TestExport:
    async def test_it_holds_all_that_is_kept_and_nothing_of_anybody_else(self, care, shop, capsys, clock):
        customer = await shop.customer(PHONE, name="李想")
        other = await shop.customer("13700000002", name="王五")
        await order_of(care, customer)
        await order_of(care, other, "88120260777")
        theirs = await signed_in(care, shop, capsys, "13700000002")
        await shop.say(theirs.id, "别人的话")
        clock.advance(minutes=2)
        visit = await signed_in(care, shop, capsys)
        await profile.correct(care, visit.id, "address", ADDRESS, source_message_id=None)
        await rights.give_consent(care, visit.id, "survey", source_message_id=None)
        await callbacks.request(care, visit.id, phone="13911112222", note="漏水", source_message_id=None)
        await shop.say(visit.id, WORDS)
        await shop.answer(visit.id, "抱歉给您添麻烦了。")
        found = await export_of(care, visit)
        assert found["会员"]["姓名"] == "李想"
        assert [one["内容"] for one in found["资料"]] == [ADDRESS]
        assert [(one["谁"], one["内容"]) for one in found["对话"]] == [
            ("客户", WORDS),
            ("智能客服", "抱歉给您添麻烦了。"),
        ]
        assert [one["number"] for one in found["订单"]] == ["88120260001"]
        assert [one["用途"] for one in found["同意"]] == ["回访"]
        assert [(one["号码"], one["留言"]) for one in found["回电"]] == [("13911112222", "漏水")]
        whole = json.dumps(found, ensure_ascii=False)
        for foreign in ("王五", "别人的话", "88120260777", customer.public_id):
            assert foreign not in whole

    async def test_the_page_in_it_can_be_read_by_people_and_runs_nothing(self, care, shop, capsys):
        await shop.customer(PHONE, name="李想")
        visit = await signed_in(care, shop, capsys)
        await shop.say(visit.id, "<script>alert(1)</script>")
        receipt = await rights.request_export(care, visit.id, source_message_id=None)
        file = await rights_export.redeem(care, receipt.download_token)
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            page = archive.read("我的信息.html").decode()
        assert "李想" in page
        assert "计算机程序生成" in page
        assert "<script" not in page

    async def test_a_token_opens_it_once_and_for_one_day(self, care, shop, capsys, clock):
        await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        message = await said(shop, visit, "导出我的信息")
        receipt = await rights.request_export(care, visit.id, source_message_id=message)
        again = await rights.request_export(care, visit.id, source_message_id=message)
        assert again == receipt
        assert receipt.number.startswith("QL-20261124-")
        results = await asyncio.gather(
            *(rights_export.redeem(care, receipt.download_token) for _ in range(3)), return_exceptions=True
        )
        assert sum(isinstance(one, rights_export.ExportFile) for one in results) == 1
        assert sum(isinstance(one, NotFound) for one in results) == 2
        second = await rights.request_export(care, visit.id, source_message_id=None)
        clock.advance(hours=24)
        for token in (second.download_token, "x" * 43, "", "\udcff"):
            with pytest.raises(NotFound):
                await rights_export.redeem(care, token)

    async def test_the_token_is_stored_nowhere_and_the_download_is_on_the_access_log(
        self, care, shop, capsys
    ):
        customer = await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        receipt = await rights.request_export(care, visit.id, source_message_id=None)
        assert receipt.download_token not in await everything(care)
        assert all(one.download_token is None for one in await rights.mine(care, visit.id))
        await rights_export.redeem(care, receipt.download_token)
        async with care.sessions.read() as session:
            (row,) = (await session.scalars(select(AccessLog))).all()
        assert (row.customer_id, row.who, row.fields) == (customer.id, "customer", ["*"])
        assert receipt.number in row.purpose

    async def test_five_a_day(self, care, shop, capsys):
        await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        for _ in range(5):
            await rights.request_export(care, visit.id, source_message_id=None)
        with pytest.raises(TooManyRequests):
            await rights.request_export(care, visit.id, source_message_id=None)

    async def test_an_order_number_is_not_enough_and_nobody_is_less(self, care, shop):
        customer = await shop.customer(PHONE)
        by_order = await known_by_order(care, shop, customer)
        for wish in (rights.request_export, rights.request_deletion):
            with pytest.raises(StepUpNeeded):
                await wish(care, by_order.id, source_message_id=None)
            with pytest.raises(NotVerified):
                await wish(care, (await shop.visit()).id, source_message_id=None)

    async def test_a_browser_of_two_customers_gives_each_their_own_lines(self, care, shop, capsys, clock):
        for phone, name in ((PHONE, "李想"), ("13700000002", "王五")):
            await shop.customer(phone, name=name)
        visit = await signed_in(care, shop, capsys)
        await shop.say(visit.id, "李想说的话")
        clock.advance(minutes=2)
        await identity.request_code(care, visit.id, "13700000002")
        (code,) = await codes(care, capsys)
        await identity.verify_code(care, visit.id, code)
        await shop.say(visit.id, "王五说的话")
        found = await export_of(care, visit)
        assert [one["内容"] for one in found["对话"]] == ["王五说的话"]


class TestDeletion:
    async def filled(self, care, shop, capsys, clock):
        """A customer with everything, half an hour after their wish to be deleted."""
        token = (await conversations.open_visit(care, None)).visitor_token
        customer = await shop.customer(PHONE, name="李想", external_id="shop-77", segment="数码爱好者")
        await order_of(care, customer)
        visit = await signed_in(care, shop, capsys, token=token)
        for name, value in (("address", ADDRESS), ("email", "lixiang@qq.com"), ("email", "lx@qq.com")):
            await profile.correct(care, visit.id, name, value, source_message_id=None)
        await rights.give_consent(care, visit.id, "marketing", source_message_id=None)
        await trackers.append_events(
            care, visit.sender_id, 0, [{"event": "user", "text": WORDS, "timestamp": 1.0}]
        )
        await shop.say(visit.id, WORDS)
        await shop.answer(visit.id, "李想您好")
        receipt = await rights.request_deletion(
            care, visit.id, source_message_id=await said(shop, visit, "删除我的全部信息")
        )
        return customer, visit, receipt, token

    async def test_nothing_personal_is_left_in_any_table(self, care, shop, capsys, clock):
        customer, _, receipt, _ = await self.filled(care, shop, capsys, clock)
        clock.advance(minutes=31)
        assert await erasure.carry_out_due(care) == 1
        left = await everything(care)
        for personal in (
            "李想", PHONE, ADDRESS, "lixiang@qq.com", "lx@qq.com", "shop-77", "文三路", "破壁机", "数码爱好者",
        ):  # fmt: skip
            assert personal not in left
        async with care.sessions.read() as session:
            assert (await session.scalars(select(CustomerField))).all() == []
            assert (await session.scalars(select(TrackerEvent))).all() == []
            assert (await session.scalars(select(Visitor))).all() == []
            kept = await session.get_one(Customer, customer.id)
            order = await session.scalar(select(Order))
            request = await session.scalar(select(RightsRequest))
            contact = await session.scalar(select(CareInteraction))
            consent = await session.scalar(select(Consent))
        assert (kept.name, kept.phone, kept.erased_at) == ("已注销客户", None, clock.now())
        assert order is not None
        assert (order.receiver_name, order.receiver_phone) == ("李*", "138****0001")
        assert str(order.amount) == "1299.00"
        assert contact is not None
        assert contact.customer_id is None
        assert consent is not None
        assert consent.withdrawn_at == clock.now()
        assert request is not None
        assert (request.state, request.number) == (RightsState.DONE, receipt.number)
        assert "电子商务法第三十一条" in json.dumps(request.result, ensure_ascii=False)

    async def test_who_was_deleted_signs_in_nowhere_and_their_browser_is_a_new_one(
        self, care, shop, capsys, clock
    ):
        customer, _, _, token = await self.filled(care, shop, capsys, clock)
        clock.advance(minutes=31)
        await erasure.carry_out_due(care)
        again = await conversations.open_visit(care, token)
        assert again.visitor_token is not None
        for subject in ("shop-77", customer.public_id):
            claims = {"sub": subject, "aud": "zhike", "exp": clock.now() + timedelta(minutes=5)}
            signed = jwt.encode(claims, care.settings.host_page_secret, algorithm="HS256")
            with pytest.raises(VerificationFailed):
                await identity.verify_token(care, again.conversation.id, signed)
        with pytest.raises(VerificationFailed):
            await identity.verify_order_tail(care, again.conversation.id, "88120260001", "0001")

    async def test_it_waits_until_the_conversation_is_over(self, care, shop, capsys, clock):
        _, visit, receipt, _ = await self.filled(care, shop, capsys, clock)
        assert (receipt.state, receipt.due_at > clock.now() + timedelta(days=20)) == (RightsState.OPEN, True)
        assert await erasure.carry_out_due(care) == 0
        (mine,) = await rights.mine(care, visit.id)
        assert (mine.state, mine.waits_for) == (RightsState.WAITING, (Hindrance.CONVERSATION,))
        await handoff.close(care, visit.id, "customer")
        assert await erasure.carry_out_due(care) == 1

    async def test_an_open_order_a_complaint_or_a_hold_make_it_wait(self, care, shop, capsys, clock):
        customer, _, _, _ = await self.filled(care, shop, capsys, clock)
        open_order = await order_of(care, customer, "88120260002", OrderState.SHIPPED)
        async with care.sessions.write() as session:
            hold = LegalHold(customer_id=customer.id, reason="诉讼", set_by="admin1", set_at=clock.now())
            session.add(hold)
        clock.advance(minutes=31)
        assert await erasure.carry_out_due(care) == 0
        async with care.sessions.write() as session:
            request = await session.scalar(select(RightsRequest))
            assert request is not None
            assert request.waits_for == ["order", "hold"]
            (await session.get_one(Order, open_order)).state = OrderState.COMPLETED
            (await session.get_one(LegalHold, hold.id)).lifted_at = clock.now()
        assert await erasure.carry_out_due(care) == 1

    async def test_a_closed_complaint_loses_name_and_words_is_locked_and_its_trail_still_verifies(
        self, care, shop, capsys, clock
    ):
        await shop.customer(PHONE, name="李想")
        visit = await signed_in(care, shop, capsys)
        await shop.say(visit.id, WORDS)
        await shop.answer(visit.id, "好的")
        async with care.sessions.write() as session:
            customer = await session.scalar(select(Customer))
            case = Complaint(
                case_number="TS-20261124-0001",
                conversation_id=visit.id,
                customer_id=customer.id,
                complainant="李想",
                channel="web",
                state=ComplaintState.CLOSED,
                opened_at=clock.now(),
                received_at=clock.now(),
                own_words=WORDS,
                topic="complaint_quality",
                category="defect",
                care_part="product_quality",
                care_stage="post",
                grade="P3",
                closed_at=clock.now(),
            )
            session.add(case)
            await session.flush()
            await complaint_log.append(
                session, case, "state", actor="agent1", at=clock.now(), to_state=ComplaintState.CLOSED
            )
            wish = CaseApproval(
                complaint_id=case.id,
                what=ApprovalWhat.RECLASSIFY,
                asked_by="agent1",
                reason="其实是咨询",
                asked_at=clock.now(),
            )
            session.add(wish)
        await rights.request_deletion(care, visit.id, source_message_id=None)
        clock.advance(minutes=31)
        assert await erasure.carry_out_due(care) == 1
        async with care.sessions.read() as session:
            kept = await session.get_one(Complaint, case.id)
            decided = await session.get_one(CaseApproval, wish.id)
            assert (decided.decision, decided.reason) == (Decision.LAPSED, "")
            kinds = (await session.scalars(select(ComplaintEvent.kind).order_by(ComplaintEvent.seq))).all()
        assert (kept.complainant, kept.customer_id, kept.locked_at) == (None, None, clock.now())
        assert (kept.own_words, kept.case_number) == ("（已按客户要求删除）", "TS-20261124-0001")
        assert list(kinds) == ["state", "locked"]
        broken = await complaint_log.verify(care)
        assert [link.fault for link in broken if link.fault is not complaint_log.Fault.CASE_GONE] == []
        with pytest.raises(Conflict):
            await complaints.move(care, case.id, ComplaintState.REOPENED, "agent1")

    async def test_a_wish_can_be_taken_back_until_it_is_carried_out_and_only_by_its_customer(
        self, care, shop, capsys, clock
    ):
        await shop.customer("13700000002", name="王五")
        customer, visit, receipt, _ = await self.filled(care, shop, capsys, clock)
        twice = await rights.request_deletion(care, visit.id, source_message_id=None)
        assert twice.number == receipt.number
        clock.advance(minutes=2)
        theirs = await signed_in(care, shop, capsys, "13700000002")
        with pytest.raises(NotFound):
            await rights.cancel_deletion(care, theirs.id, receipt.number)
        back = await rights.cancel_deletion(care, visit.id, receipt.number.lower())
        assert back.state is RightsState.CANCELLED
        assert (await rights.cancel_deletion(care, visit.id, receipt.number)).state is RightsState.CANCELLED
        clock.advance(minutes=31)
        assert await erasure.carry_out_due(care) == 0
        async with care.sessions.read() as session:
            assert (await session.get_one(Customer, customer.id)).name == "李想"

    async def test_the_neighbour_in_the_same_browser_loses_nothing(self, care, shop, capsys, clock):
        await shop.customer("13700000002", name="王五")
        _, visit, _, _ = await self.filled(care, shop, capsys, clock)
        clock.advance(minutes=2)
        await identity.request_code(care, visit.id, "13700000002")
        (code,) = await codes(care, capsys)
        await identity.verify_code(care, visit.id, code)
        await shop.say(visit.id, "王五说的话")
        clock.advance(minutes=31)
        await erasure.carry_out_due(care)
        async with care.sessions.read() as session:
            lines = (await session.scalars(select(Message.text).order_by(Message.seq))).all()
        assert lines[-1] == "王五说的话"
        assert set(lines[:-1]) == {"（已按客户要求删除）"}

    def test_every_table_that_points_at_a_customer_has_its_treatment(self):
        pointing = {
            table.name
            for table in Base.metadata.sorted_tables
            if any(key.column.table.name == "customer" for key in table.foreign_keys)
        }
        assert pointing <= set(erasure_rows.TREATMENT)


class TestConsents:
    async def test_withdrawing_is_one_call_like_giving_and_keeps_the_proof_of_both(
        self, care, shop, capsys, clock
    ):
        await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        assert not any(one.is_given for one in await rights.consents(care, visit.id))
        given = await rights.give_consent(care, visit.id, "marketing", source_message_id=None)
        assert (given.is_given, given.given_at, given.notice_version) == (True, clock.now(), "2026-11")
        clock.advance(minutes=1)
        withdrawn = await rights.withdraw_consent(care, visit.id, "marketing", source_message_id=None)
        assert (withdrawn.is_given, withdrawn.withdrawn_at) == (False, clock.now())
        assert [one.purpose for one in await rights.consents(care, visit.id)] == list(ConsentPurpose)

    async def test_the_same_line_again_does_not_undo_what_came_after_it(self, care, shop, capsys):
        await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        give, withdraw = await said(shop, visit, "同意"), await said(shop, visit, "不同意了")
        await rights.give_consent(care, visit.id, "survey", source_message_id=give)
        await rights.withdraw_consent(care, visit.id, "survey", source_message_id=withdraw)
        again = await rights.give_consent(care, visit.id, "survey", source_message_id=give)
        assert not again.is_given
        async with care.sessions.read() as session:
            assert len((await session.scalars(select(Consent))).all()) == 1

    async def test_service_goes_on_after_every_consent_was_withdrawn(self, care, shop, capsys):
        await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        for purpose in ConsentPurpose:
            await rights.give_consent(care, visit.id, purpose, source_message_id=None)
            await rights.withdraw_consent(care, visit.id, purpose, source_message_id=None)
        assert await profile.field(care, visit.id, "phone") is not None
        await shop.say(visit.id, "查订单")
        assert (await shop.turn(visit.id)).customer_ref is not None

    async def test_who_is_known_by_an_order_may_withdraw_and_nobody_may_not(self, care, shop):
        customer = await shop.customer(PHONE)
        by_order = await known_by_order(care, shop, customer)
        await rights.withdraw_consent(care, by_order.id, "marketing", source_message_id=None)
        with pytest.raises(NotVerified):
            await rights.withdraw_consent(care, (await shop.visit()).id, "marketing", source_message_id=None)
        with pytest.raises(InvalidInput):
            await rights.give_consent(care, by_order.id, "everything", source_message_id=None)


async def test_what_is_kept_names_purpose_basis_and_end_of_what_there_really_is(care, shop, capsys):
    customer = await shop.customer(PHONE)
    visit = await signed_in(care, shop, capsys)
    before = {one.kind.value for one in await rights.what_is_kept(care, visit.id)}
    assert before == {"profile", "codes"}
    await order_of(care, customer)
    await shop.say(visit.id, "你好")
    kept = {one.kind.value: one for one in await rights.what_is_kept(care, visit.id)}
    assert (kept["orders"].count, kept["messages"].count) == (1, 1)
    assert (kept["orders"].until, kept["profile"].until) == ("3 年", "账户存续期间")
    assert kept["orders"].legal_basis.label == "法定义务"
    with pytest.raises(NotVerified):
        await rights.what_is_kept(care, (await shop.visit()).id)
