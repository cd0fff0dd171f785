"""The customer's own record: read, corrected and confirmed by them alone, with its history."""

from __future__ import annotations

import asyncio
import re
from uuid import uuid4

import pytest
from sqlalchemy import select

from care.records.customer import Customer, CustomerField, DataQualityIssue
from care.records.interaction import CareInteraction
from care.records.order import Order
from care.rules.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotVerified,
    StepUpNeeded,
    TooManyRequests,
    VerificationFailed,
)
from care.rules.vocabulary import DataIssue, FieldSource, LegalBasis, OrderState
from care.services import identity, outbox, profile, verified

PHONE, NEW_PHONE = "13800000001", "13912345678"
ADDRESS = "浙江省杭州市西湖区文三路12号3单元501室"


async def codes(care, capsys) -> list[str]:
    await outbox.deliver_due(care, {identity.SMS_TOPIC: identity.sms_handler(care)})
    return re.findall(r"验证码 (\d{6})", capsys.readouterr().out)


async def signed_in(care, shop, capsys, phone: str = PHONE):
    """A conversation whose customer proved the phone by a code."""
    visit = await shop.visit()
    await identity.request_code(care, visit.id, phone)
    (code,) = await codes(care, capsys)
    await identity.verify_code(care, visit.id, code)
    return visit


async def known_by_order(care, shop, customer: Customer):
    """A conversation whose customer knows an order's number and the phone's tail only."""
    visit = await shop.visit()
    now = care.clock.now()
    async with care.sessions.write() as session:
        session.add(
            Order(
                number="88120260001",
                customer_id=customer.id,
                state=OrderState.PAID,
                amount=1,
                placed_at=now,
                receiver_name=customer.name,
                receiver_phone=customer.phone,
                receiver_address=ADDRESS,
            )
        )
    await identity.verify_order_tail(care, visit.id, "88120260001", customer.phone[-4:])
    return visit


async def said(shop, visit, text: str = "改一下") -> int:
    return (await shop.say(visit.id, text)).message_id


async def row(care, customer: Customer, name: str) -> CustomerField | None:
    async with care.sessions.read() as session:
        return await session.scalar(
            select(CustomerField).where(CustomerField.customer_id == customer.id, CustomerField.name == name)
        )


class TestStepUp:
    async def test_a_code_is_enough_and_an_order_number_is_not(self, care, shop, capsys):
        customer = await shop.customer(PHONE)
        assert await verified.needs_step_up(care, (await shop.visit()).id)
        by_code = await signed_in(care, shop, capsys)
        assert not await verified.needs_step_up(care, by_code.id)
        by_order = await known_by_order(care, shop, customer)
        assert await verified.needs_step_up(care, by_order.id)

    async def test_who_knows_an_order_number_neither_reads_whole_values_nor_changes_any(
        self, care, shop, capsys
    ):
        customer = await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        await profile.correct(care, visit.id, "address", ADDRESS, source_message_id=await said(shop, visit))
        by_order = await known_by_order(care, shop, customer)
        shown = await profile.field(care, by_order.id, "address")
        assert shown is not None
        assert shown.value == shown.masked == "浙江省杭州市西湖区****"
        for call in (
            profile.correct(care, by_order.id, "email", "a@b.com", source_message_id=None),
            profile.confirm_field(care, by_order.id, "address", source_message_id=None),
            profile.forget_field(care, by_order.id, "address", source_message_id=None),
            profile.request_new_phone_code(care, by_order.id, NEW_PHONE, source_message_id=None),
            profile.confirm_new_phone(care, by_order.id, "000000", source_message_id=None),
        ):
            with pytest.raises(StepUpNeeded):
                await call
        assert await profile.stale_field(care, by_order.id) is None

    async def test_nobody_verified_reads_nothing(self, care, shop):
        await shop.customer(PHONE)
        visit = await shop.visit()
        for call in (
            profile.field(care, visit.id, "phone"),
            profile.fields(care, visit.id),
            profile.stale_field(care, visit.id),
            profile.correct(care, visit.id, "name", "李四", source_message_id=None),
        ):
            with pytest.raises(NotVerified):
                await call

    async def test_after_half_an_hour_of_silence_the_proof_is_over(self, care, shop, capsys, clock):
        await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        clock.advance(minutes=31)
        assert await verified.needs_step_up(care, visit.id)
        with pytest.raises(NotVerified):
            await profile.correct(care, visit.id, "email", "a@b.com", source_message_id=None)


class TestCorrecting:
    async def test_the_new_value_says_where_it_came_from_and_the_old_one_is_kept(
        self, care, shop, capsys, clock
    ):
        customer = await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        await profile.correct(
            care, visit.id, "email", "old@qq.com", source_message_id=await said(shop, visit)
        )
        clock.advance(minutes=5)
        message = await said(shop, visit)
        view = await profile.correct(care, visit.id, "email", "New@QQ.com", source_message_id=message)
        assert (view.value, view.masked, view.label) == ("New@qq.com", "N****@qq.com", "电子邮箱")
        assert (view.source, view.legal_basis) == (FieldSource.SELF, LegalBasis.CONTRACT)
        assert view.verified_at == clock.now()
        assert view.expires_at is not None
        assert (view.expires_at - clock.now()).days == 180
        kept = await row(care, customer, "email")
        assert kept is not None
        assert [old["value"] for old in kept.old_values] == ["old@qq.com"]
        assert (kept.changed_by, kept.source_message_id) == ("customer", message)

    async def test_the_same_line_again_changes_nothing_even_after_a_later_one(self, care, shop, capsys):
        customer = await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        first, second = await said(shop, visit), await said(shop, visit)
        await profile.correct(care, visit.id, "email", "a@qq.com", source_message_id=first)
        await profile.correct(care, visit.id, "email", "b@qq.com", source_message_id=second)
        again = await profile.correct(care, visit.id, "email", "a@qq.com", source_message_id=first)
        assert again.value == "b@qq.com"
        kept = await row(care, customer, "email")
        assert kept is not None
        assert len(kept.old_values) == 1

    async def test_two_lines_at_once_make_one_field(self, care, shop, capsys):
        customer = await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        messages = [await said(shop, visit) for _ in range(4)]
        await asyncio.gather(
            *(
                profile.correct(care, visit.id, "email", f"u{n}@qq.com", source_message_id=message)
                for n, message in enumerate(messages)
            )
        )
        kept = await row(care, customer, "email")
        assert kept is not None
        assert len(kept.old_values) == 3

    async def test_a_corrected_name_is_the_customers_name_from_now_on(self, care, shop, capsys):
        customer = await shop.customer(PHONE, name="张伟")
        visit = await signed_in(care, shop, capsys)
        await profile.correct(care, visit.id, "name", "章伟", source_message_id=None)
        async with care.sessions.read() as session:
            assert (await session.get_one(Customer, customer.id)).name == "章伟"
        kept = await row(care, customer, "name")
        assert kept is not None
        assert [old["value"] for old in kept.old_values] == ["张伟"]

    @pytest.mark.parametrize(
        ("name", "value"),
        [("email", "没有"), ("birthday", "明天"), ("address", "家"), ("name", "1"), ("invoice_title", "1"),
         ("tax_number", "12345"), ("phone", NEW_PHONE), ("shoe_size", "42")],
    )  # fmt: skip
    async def test_what_cannot_be_is_refused_and_nothing_is_written(self, care, shop, capsys, name, value):
        customer = await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        with pytest.raises(InvalidInput):
            await profile.correct(care, visit.id, name, value, source_message_id=None)
        assert await row(care, customer, name) is None

    async def test_a_correction_ends_the_issue_about_the_field_and_stands_on_the_contact(
        self, care, shop, capsys
    ):
        customer = await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        async with care.sessions.write() as session:
            for field_name in ("email", "address"):
                session.add(
                    DataQualityIssue(
                        customer_id=customer.id,
                        issue=DataIssue.MISSING,
                        field=field_name,
                        detail="没有",
                        found_by="nightly_check",
                        found_at=care.clock.now(),
                    )
                )
        await profile.correct(care, visit.id, "email", "a@qq.com", source_message_id=None)
        async with care.sessions.read() as session:
            open_issues = await session.scalars(
                select(DataQualityIssue.field).where(DataQualityIssue.fixed_at.is_(None))
            )
            assert list(open_issues) == ["address"]
            contact = await session.scalar(select(CareInteraction))
        assert contact is not None
        assert contact.data_written == ["customer_field:email"]

    async def test_what_the_shop_can_do_without_is_removed_with_its_history(self, care, shop, capsys):
        customer = await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        for value in ("1990-05-01", "1991-05-01"):
            await profile.correct(care, visit.id, "birthday", value, source_message_id=None)
        await profile.forget_field(care, visit.id, "birthday", source_message_id=None)
        assert await profile.field(care, visit.id, "birthday") is None
        kept = await row(care, customer, "birthday")
        assert kept is not None
        assert (kept.value, kept.old_values) == (None, [])
        with pytest.raises(InvalidInput):
            await profile.forget_field(care, visit.id, "phone", source_message_id=None)


class TestNewPhone:
    async def test_a_code_to_the_new_phone_changes_it_and_signs_in_from_then_on(
        self, care, shop, capsys, clock
    ):
        customer = await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        shown = await profile.request_new_phone_code(care, visit.id, NEW_PHONE, source_message_id=None)
        assert shown == "139****5678"
        (code,) = await codes(care, capsys)
        message = await said(shop, visit, code)
        view = await profile.confirm_new_phone(care, visit.id, code, source_message_id=message)
        again = await profile.confirm_new_phone(care, visit.id, code, source_message_id=message)
        assert view.value == again.value == NEW_PHONE
        kept = await row(care, customer, "phone")
        assert kept is not None
        assert [old["value"] for old in kept.old_values] == [PHONE]
        clock.advance(minutes=2)
        other_visit = await signed_in(care, shop, capsys, NEW_PHONE)
        summary = await identity.customer_of(care, other_visit.id)
        assert summary is not None
        assert summary.public_id == customer.public_id

    async def test_the_former_phone_is_told_once(self, care, shop, capsys):
        await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        await profile.request_new_phone_code(care, visit.id, NEW_PHONE, source_message_id=None)
        (code,) = await codes(care, capsys)
        await profile.confirm_new_phone(care, visit.id, code, source_message_id=None)
        handlers = {identity.SMS_TOPIC: identity.sms_handler(care)}
        await outbox.deliver_due(care, handlers)
        told = capsys.readouterr().out
        assert f"[短信] {PHONE} " in told
        assert "139****5678" in told
        assert NEW_PHONE not in told
        assert await outbox.deliver_due(care, handlers) == 0

    async def test_a_code_of_one_purpose_does_not_serve_the_other(self, care, shop, capsys, clock):
        await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        await profile.request_new_phone_code(care, visit.id, NEW_PHONE, source_message_id=None)
        (code,) = await codes(care, capsys)
        with pytest.raises(VerificationFailed):
            await identity.verify_code(care, visit.id, code)
        clock.advance(seconds=61)
        await identity.request_code(care, visit.id, PHONE)
        (code,) = await codes(care, capsys)
        with pytest.raises(VerificationFailed):
            await profile.confirm_new_phone(care, visit.id, code, source_message_id=None)

    async def test_wrong_codes_are_counted_and_the_sixth_try_is_none(self, care, shop, capsys):
        customer = await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        await profile.request_new_phone_code(care, visit.id, NEW_PHONE, source_message_id=None)
        (code,) = await codes(care, capsys)
        for n in range(1, 6):
            wrong = f"{(int(code) + n) % 1_000_000:06d}"
            with pytest.raises(VerificationFailed):
                await profile.confirm_new_phone(care, visit.id, wrong, source_message_id=None)
        with pytest.raises(VerificationFailed):
            await profile.confirm_new_phone(care, visit.id, code, source_message_id=None)
        async with care.sessions.read() as session:
            assert (await session.get_one(Customer, customer.id)).phone == PHONE

    async def test_a_phone_of_another_record_is_not_taken_over_and_a_person_is_told(self, care, shop, capsys):
        customer = await shop.customer(PHONE)
        other = await shop.customer(NEW_PHONE, name="李四")
        visit = await signed_in(care, shop, capsys)
        await profile.request_new_phone_code(care, visit.id, NEW_PHONE, source_message_id=None)
        (code,) = await codes(care, capsys)
        with pytest.raises(Conflict):
            await profile.confirm_new_phone(care, visit.id, code, source_message_id=None)
        async with care.sessions.read() as session:
            assert (await session.get_one(Customer, customer.id)).phone == PHONE
            (issue,) = (await session.scalars(select(DataQualityIssue))).all()
        assert (issue.customer_id, issue.other_customer_id) == (customer.id, other.id)

    async def test_the_present_phone_a_machines_number_and_a_second_code_at_once_are_refused(
        self, care, shop, capsys
    ):
        await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        for phone in (PHONE, "14412345678", "010-62345678"):
            with pytest.raises(InvalidInput):
                await profile.request_new_phone_code(care, visit.id, phone, source_message_id=None)
        await profile.request_new_phone_code(care, visit.id, NEW_PHONE, source_message_id=None)
        with pytest.raises(TooManyRequests):
            await profile.request_new_phone_code(care, visit.id, NEW_PHONE, source_message_id=None)


class TestStaleFields:
    async def test_the_oldest_matter_is_asked_about_and_the_answer_keeps_it_fresh(
        self, care, shop, capsys, clock
    ):
        await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        for name, value in (("email", "a@qq.com"), ("address", ADDRESS)):
            await profile.correct(care, visit.id, name, value, source_message_id=None)
        assert await profile.stale_field(care, visit.id) is None
        clock.advance(days=181)
        visit = await signed_in(care, shop, capsys)
        stale = await profile.stale_field(care, visit.id)
        assert stale is not None
        assert (stale.name, stale.is_stale) == ("email", True)
        message = await said(shop, visit, "还是这个")
        fresh = await profile.confirm_field(care, visit.id, "email", source_message_id=message)
        assert (fresh.is_stale, fresh.verified_at) == (False, clock.now())
        assert await profile.stale_field(care, visit.id) is None

    async def test_what_is_not_kept_cannot_be_confirmed(self, care, shop, capsys):
        await shop.customer(PHONE)
        visit = await signed_in(care, shop, capsys)
        with pytest.raises(NotFound):
            await profile.confirm_field(care, visit.id, "email", source_message_id=None)


async def test_one_customer_never_sees_the_record_of_another(care, shop, capsys, clock):
    await shop.customer(PHONE)
    await shop.customer("13700000002", name="李四", external_id=str(uuid4()))
    mine = await signed_in(care, shop, capsys)
    await profile.correct(care, mine.id, "address", ADDRESS, source_message_id=None)
    clock.advance(minutes=2)
    theirs = await signed_in(care, shop, capsys, "13700000002")
    assert await profile.field(care, theirs.id, "address") is None
    assert [one.name for one in await profile.fields(care, theirs.id)] == ["name", "phone"]
