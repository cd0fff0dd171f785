"""The queues of bad data hold what is wrong, nothing twice, and empty themselves when it is mended."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select, update

from bench.duplicates import planted_pairs, reported_pairs
from care import demo
from care.records.customer import Customer, CustomerField, DataQualityIssue
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.profile import ProfileField
from care.rules.vocabulary import CustomerType, DataIssue, FieldSource
from care.services import profile_rows, quality
from care.services.context import Care
from care.services.merging import merge, undo
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.test_demo import PASSWORD, TODAY
from tests.integration.test_merging import field, give

ADDRESS = "浙江省杭州市西湖区文三路12号3幢501室"


async def whole(care: Care, customer: Customer, **changes: Any) -> None:
    """Gives every field that a consumer's record needs, verified yesterday."""
    known = {
        "name": customer.name,
        "phone": customer.phone,
        "email": "a@example.com",
        "address": ADDRESS,
    } | changes
    await give(
        care, customer, *(field(name, value, care.clock.now()) for name, value in known.items() if value)
    )


async def found(care: Care, kind: DataIssue) -> list[tuple[str, str]]:
    return [(issue.field, issue.detail) for issue in await quality.queue(care, kind)]


async def score(care: Care, customer: Customer) -> int | None:
    async with care.sessions.read() as session:
        return (await session.get_one(Customer, customer.id)).quality_score


class TestFields:
    async def test_a_good_record_has_no_issue_and_scores_100(self, care: Care, shop: Shop) -> None:
        customer = await shop.customer()
        await whole(care, customer)
        report = await quality.scan(care)
        assert (report.customers, report.opened, report.mean_score) == (1, 0, 100.0)
        assert await score(care, customer) == 100

    async def test_what_is_wrong_missing_or_out_of_date_lies_in_its_queue(
        self, care: Care, shop: Shop
    ) -> None:
        customer = await shop.customer("1380000000", "李想")
        await whole(care, customer, email="li@example", address=None)
        async with care.sessions.write() as session:
            await session.execute(
                update(CustomerField)
                .where(CustomerField.name == "name")
                .values(verified_at=care.clock.now() - timedelta(days=4000))
            )
        await quality.scan(care)
        assert await found(care, DataIssue.INACCURATE) == [
            ("email", "电子邮箱格式不对，例如 name@example.com"),
            ("phone", "手机号应为 11 位，现在是 10 位"),
        ]
        assert await found(care, DataIssue.MISSING) == [("address", "没有收货地址")]
        assert await found(care, DataIssue.OUTDATED) == [("name", "超过 3650 天未核实")]
        assert await quality.counts(care) == {
            DataIssue.INACCURATE: 2,
            DataIssue.OUTDATED: 1,
            DataIssue.MISSING: 1,
            DataIssue.DUPLICATE: 0,
        }

    async def test_a_second_scan_changes_nothing_and_a_mended_value_closes_its_issue(
        self, care: Care, shop: Shop, clock: ManualClock
    ) -> None:
        customer = await shop.customer()
        await whole(care, customer, email="li@example")
        assert (await quality.scan(care)).opened == 1
        again = await quality.scan(care)
        assert (again.opened, again.closed) == (0, 0)
        async with care.sessions.write() as session:
            row = await session.scalar(select(CustomerField).where(CustomerField.name == "email"))
            assert row is not None
            row.value = "li@example.com"
        clock.advance(minutes=1)
        assert (await quality.scan(care)).closed == 1
        assert await found(care, DataIssue.INACCURATE) == []
        async with care.sessions.read() as session:
            closed = (await session.scalars(select(DataQualityIssue))).one()
        assert (closed.closed_by, closed.fixed_at) == ("nightly_check", care.clock.now())

    async def test_a_value_grows_stale_by_itself_and_fresh_by_a_word_of_the_customer(
        self, care: Care, shop: Shop, clock: ManualClock
    ) -> None:
        customer = await shop.customer()
        await whole(care, customer)
        clock.advance(days=185)
        await quality.scan(care)
        assert await found(care, DataIssue.OUTDATED) == [("email", "超过 180 天未核实")]
        async with care.sessions.write() as session:
            row = await session.get_one(Customer, customer.id)
            await profile_rows.write(
                session,
                row,
                ProfileField.EMAIL,
                "a@example.com",
                source=FieldSource.SELF,
                changed_by="customer",
                now=care.clock.now(),
            )
        await quality.scan(care)
        assert await found(care, DataIssue.OUTDATED) == []
        assert await score(care, customer) == 100

    async def test_a_company_is_asked_for_an_invoice_title(self, care: Care, shop: Shop) -> None:
        firm = await shop.customer(name="杭州云帆酒店管理有限公司", type=CustomerType.COMPANY)
        await whole(care, firm)
        await quality.scan(care)
        assert await found(care, DataIssue.MISSING) == [("invoice_title", "没有发票抬头")]


class TestDuplicates:
    async def test_the_same_phone_and_name_are_found_with_the_reasons(self, care: Care, shop: Shop) -> None:
        first, second = await shop.customer(), await shop.customer()
        await quality.scan(care)
        (issue,) = await quality.queue(care, DataIssue.DUPLICATE)
        assert (issue.customer_ref, issue.other_ref) == (second.public_id, first.public_id)
        assert issue.score is not None
        assert issue.score > 85
        assert {one["fact"] for one in issue.evidence} == {"手机号相同", "姓名相同"}
        assert (await quality.scan(care)).opened == 0

    async def test_a_father_and_his_son_with_one_phone_and_door_are_two(self, care: Care, shop: Shop) -> None:
        for name in ("王建国", "王小明"):
            await whole(care, await shop.customer(name=name), email=None)
        await quality.scan(care)
        assert await found(care, DataIssue.DUPLICATE) == []

    async def test_what_a_person_calls_two_people_is_not_brought_up_again(
        self, care: Care, shop: Shop
    ) -> None:
        await shop.customer()
        await shop.customer()
        await quality.scan(care)
        (issue,) = await quality.queue(care, DataIssue.DUPLICATE)
        await quality.dismiss(care, issue.id, who="staff:lead1")
        assert (await quality.scan(care)).opened == 0
        assert await found(care, DataIssue.DUPLICATE) == []
        with pytest.raises(Conflict):
            await quality.dismiss(care, issue.id, who="staff:lead1")

    async def test_a_merged_pair_leaves_the_queue_and_comes_back_when_undone(
        self, care: Care, shop: Shop
    ) -> None:
        first, second = await shop.customer(), await shop.customer()
        await quality.scan(care)
        done = await merge(
            care, first.public_id, second.public_id, who="staff:lead1", rule="同手机号", is_persons_word=True
        )
        report = await quality.scan(care)
        assert (report.customers, (await quality.counts(care))[DataIssue.DUPLICATE]) == (1, 0)
        await undo(care, done.id, who="staff:lead1")
        await quality.scan(care)
        assert (await quality.counts(care))[DataIssue.DUPLICATE] == 1

    async def test_a_pair_that_no_longer_looks_alike_is_closed(self, care: Care, shop: Shop) -> None:
        first = await shop.customer()
        await shop.customer()
        await quality.scan(care)
        async with care.sessions.write() as session:
            row = await session.get_one(Customer, first.id)
            row.phone, row.name = "13900000009", "欧阳娜娜"
        assert (await quality.scan_some(care, [first.id])).closed == 1
        assert (await quality.counts(care))[DataIssue.DUPLICATE] == 0

    async def test_a_phone_that_very_many_share_tells_nothing(self, care: Care, shop: Shop) -> None:
        for _ in range(45):
            await shop.customer("13800000001", "张伟")
        await quality.scan(care)
        assert (await quality.counts(care))[DataIssue.DUPLICATE] == 0

    async def test_the_demo_shops_twins_are_found_all_and_no_other(self, care: Care) -> None:
        await demo.seed(care, password=PASSWORD, today=TODAY)
        await quality.scan(care)
        planted, reported = await planted_pairs(care), await reported_pairs(care)
        assert len(planted) == 12
        assert reported == planted


class TestQueue:
    async def test_pages_follow_each_other_without_gap_or_repeat(self, care: Care, shop: Shop) -> None:
        for n in range(7):
            await shop.customer(f"1380000000{n}", f"王{n}一", external_id=f"E{n}")
        await quality.scan(care)
        everything = [issue.id for issue in await quality.queue(care, DataIssue.MISSING, limit=100)]
        pages: list[int] = []
        while page := await quality.queue(
            care, DataIssue.MISSING, after=pages[-1] if pages else None, limit=3
        ):
            pages += [issue.id for issue in page]
        assert pages == everything
        assert len(everything) == 14
        with pytest.raises(NotFound):
            await quality.queue(care, DataIssue.MISSING, after=10**6)

    async def test_what_is_out_of_date_is_asked_about_and_not_waved_through(
        self, care: Care, shop: Shop
    ) -> None:
        customer = await shop.customer()
        await give(care, customer, field("email", "a@example.com", care.clock.now(), days=999))
        await quality.scan(care)
        (issue,) = await quality.queue(care, DataIssue.OUTDATED)
        with pytest.raises(InvalidInput, match="核实"):
            await quality.dismiss(care, issue.id, who="staff:lead1")


class TestAtNight:
    async def test_by_day_it_rests_and_at_night_it_looks_at_each_record_once(
        self, care: Care, shop: Shop, clock: ManualClock
    ) -> None:
        for n in range(3):
            await shop.customer(f"1380000000{n}")
        assert (await quality.scan_at_night(care)).customers == 0
        clock.at = datetime(2026, 11, 24, 18, 30, tzinfo=timezone.utc)  # half past two in Shanghai
        assert (await quality.scan_at_night(care)).customers == 3
        clock.advance(minutes=1)
        assert (await quality.scan_at_night(care)).customers == 0
        clock.advance(days=1)
        assert (await quality.scan_at_night(care)).customers == 3

    async def test_a_broken_off_scan_goes_on_where_it_was(
        self, care: Care, shop: Shop, clock: ManualClock
    ) -> None:
        for n in range(5):
            await shop.customer(f"1380000000{n}")
        start = care.clock.now()
        clock.advance(minutes=1)
        first = await quality.scan(care, not_since=start, batch=2, most_batches=1)
        rest = await quality.scan(care, not_since=start, batch=2)
        assert (first.customers, rest.customers) == (2, 3)
