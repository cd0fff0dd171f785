"""Two records become one, and two again: nothing lost, nothing invented."""

from __future__ import annotations

import asyncio
import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from care.records import Base
from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.records.customer import AccessLog, Consent, Customer, CustomerField, DataQualityIssue
from care.records.interaction import CareInteraction, Promise, WinbackCase
from care.records.order import Order
from care.records.order_request import LoyaltyAccount, LoyaltyEntry
from care.rules.complaint import ComplaintCategory, ComplaintState
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.profile import FIELD_TERMS, ProfileField
from care.rules.severity import Grade
from care.rules.vocabulary import (
    CarePart,
    CareStage,
    Channel,
    ConsentPurpose,
    CustomerType,
    DataIssue,
    FieldSource,
    LegalBasis,
    OrderState,
    Tier,
)
from care.rules.winback import ContactBasis, WinbackState
from care.services import customers, identity
from care.services.context import Care
from care.services.merging import PersonsWordNeeded, gather_strays, merge, merges, undo
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.test_identity import token_for

#: The log itself and what is recomputed are no part of a record's state.
NOT_COMPARED = {"merge_log", "duplicate_key", "lease", "outbox"}


async def dump(care: Care) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    found = {}
    async with care.sessions.read() as session:
        for name, table in Base.metadata.tables.items():
            if name not in NOT_COMPARED and "id" in table.c:
                rows = await session.execute(select(table).order_by(table.c.id))
                found[name] = [dict(row._mapping) for row in rows]
    return found


def field(name: str, value: str | None, now: datetime, days: float | None = 1, **more: Any) -> dict[str, Any]:
    terms = FIELD_TERMS[ProfileField(name)]
    return {
        "name": name,
        "value": value,
        "source": FieldSource.IMPORT,
        "verified_at": None if days is None else now - timedelta(days=days),
        "ttl_days": terms.ttl_days,
        "purpose": terms.purpose,
        "legal_basis": LegalBasis.CONTRACT,
        "old_values": [],
        **more,
    }


async def give(care: Care, customer: Customer, *fields: dict[str, Any]) -> None:
    async with care.sessions.write() as session:
        session.add_all([CustomerField(customer_id=customer.id, **one) for one in fields])


async def values(care: Care, customer: Customer) -> dict[str, tuple[str | None, list[str]]]:
    async with care.sessions.read() as session:
        rows = await session.scalars(select(CustomerField).where(CustomerField.customer_id == customer.id))
        return {row.name: (row.value, [old["value"] for old in row.old_values]) for row in rows}


async def add(care: Care, *rows: Any) -> None:
    async with care.sessions.write() as session:
        session.add_all(rows)


def order(customer: Customer, number: str, now: datetime) -> Order:
    return Order(
        number=number,
        customer_id=customer.id,
        state=OrderState.COMPLETED,
        amount=Decimal("99.00"),
        placed_at=now,
        receiver_name=customer.name,
        receiver_phone=customer.phone or "",
        receiver_address="杭州",
    )


def joined(survivor: Customer, loser: Customer, **more: Any) -> dict[str, Any]:
    return {
        "survivor": survivor.public_id,
        "loser": loser.public_id,
        "who": "staff:lead1",
        "rule": "同手机",
        **more,
    }


class TestWhatWins:
    async def test_of_two_values_the_verified_and_fresher_one_holds_and_the_other_is_kept(
        self, care: Care, shop: Shop
    ) -> None:
        now = care.clock.now()
        old, new = await shop.customer(), await shop.customer()
        await give(
            care,
            old,
            field("email", "old@example.com", now, days=90),
            field("address", "杭州市西湖区文三路1号", now, days=5),
            field("birthday", "1990-05-01", now, days=None),
        )
        await give(
            care,
            new,
            field("email", "new@example.com", now, days=2),
            field("address", "杭州市西湖区文三路2号", now, days=None),
            field("invoice_title", "云帆公司", now),
        )
        await merge(care, **joined(old, new))
        assert await values(care, old) == {
            "email": ("new@example.com", ["old@example.com"]),
            "address": ("杭州市西湖区文三路1号", ["杭州市西湖区文三路2号"]),
            "birthday": ("1990-05-01", []),
            "invoice_title": ("云帆公司", []),
        }

    async def test_a_full_name_goes_before_a_courtesy(self, care: Care, shop: Shop) -> None:
        kept, gone = await shop.customer(name="王先生"), await shop.customer(name="王小明")
        await merge(care, **joined(kept, gone))
        async with care.sessions.read() as session:
            assert (await session.get_one(Customer, kept.id)).name == "王小明"

    async def test_what_the_survivor_lacks_comes_from_the_other(self, care: Care, shop: Shop) -> None:
        kept = await shop.customer(segment=None, tier=Tier.GENERAL)
        gone = await shop.customer(
            segment="三口之家", tier=Tier.KEY, tier_reason="六项得分 66", quiet_hours="22:00-08:00"
        )
        await merge(care, **joined(kept, gone))
        async with care.sessions.read() as session:
            row = await session.get_one(Customer, kept.id)
        assert (row.segment, row.tier, row.tier_reason, row.quiet_hours) == (
            "三口之家",
            Tier.KEY,
            "六项得分 66",
            "22:00-08:00",
        )

    async def test_a_withdrawn_consent_is_not_revived_by_the_other_record(
        self, care: Care, shop: Shop
    ) -> None:
        now = care.clock.now()
        kept, gone = await shop.customer(), await shop.customer()

        def consent(
            customer: Customer, purpose: ConsentPurpose, given: int, withdrawn: int | None
        ) -> Consent:
            return Consent(
                customer_id=customer.id,
                purpose=purpose,
                notice_version="1",
                given_at=now - timedelta(days=given),
                withdrawn_at=None if withdrawn is None else now - timedelta(days=withdrawn),
                evidence="勾选",
            )

        await add(
            care,
            consent(kept, ConsentPurpose.MARKETING, 100, None),
            consent(gone, ConsentPurpose.MARKETING, 50, 10),
            consent(kept, ConsentPurpose.SURVEY, 100, 50),
            consent(gone, ConsentPurpose.SURVEY, 5, None),
        )
        await merge(care, **joined(kept, gone))
        async with care.sessions.read() as session:
            rows = (await session.scalars(select(Consent).where(Consent.customer_id == kept.id))).all()
        assert len(rows) == 4
        assert {row.purpose for row in rows if row.withdrawn_at is None} == {ConsentPurpose.SURVEY}

    async def test_points_of_both_memberships_come_together(self, care: Care, shop: Shop) -> None:
        now = care.clock.now()
        kept, gone = await shop.customer(), await shop.customer()
        for customer, points in ((kept, 100), (gone, 30)):
            await add(
                care,
                LoyaltyAccount(
                    customer_id=customer.id,
                    level="普通",
                    entries=[LoyaltyEntry(points=points, reason="购物", at=now)],
                ),
            )
        await merge(care, **joined(kept, gone))
        async with care.sessions.read() as session:
            account = await session.scalar(
                select(LoyaltyAccount).where(LoyaltyAccount.customer_id == kept.id)
            )
        assert account is not None
        assert sorted(entry.points for entry in account.entries) == [30, 100]


class TestWhoMayMerge:
    async def test_two_verified_phones_need_a_persons_word(self, care: Care, shop: Shop) -> None:
        now = care.clock.now()
        one, other = await shop.customer("13800000001"), await shop.customer("13900000002")
        await give(care, one, field("phone", "13800000001", now, days=30))
        await give(care, other, field("phone", "13900000002", now, days=3))
        with pytest.raises(PersonsWordNeeded) as refused:
            await merge(care, **joined(one, other))
        assert "手机号都核实过" in refused.value.fields["doubt1"]
        done = await merge(care, **joined(one, other, is_persons_word=True))
        assert done.is_persons_word
        async with care.sessions.read() as session:
            assert (await session.get_one(Customer, one.id)).phone == "13900000002"

    async def test_an_unverified_phone_does_not_stand_in_the_way(self, care: Care, shop: Shop) -> None:
        one, other = await shop.customer("13800000001"), await shop.customer("13900000002")
        await give(care, one, field("phone", "13800000001", care.clock.now(), days=30))
        await merge(care, **joined(other, one))
        assert (await values(care, other))["phone"] == ("13800000001", ["13900000002"])

    async def test_a_company_and_a_consumer_need_a_persons_word(self, care: Care, shop: Shop) -> None:
        one, other = await shop.customer(), await shop.customer(type=CustomerType.COMPANY)
        with pytest.raises(PersonsWordNeeded):
            await merge(care, **joined(one, other))

    async def test_demo_and_real_records_are_never_mixed(self, care: Care, shop: Shop) -> None:
        one, other = await shop.customer(), await shop.customer(is_demo=True)
        with pytest.raises(InvalidInput):
            await merge(care, **joined(one, other, is_persons_word=True))

    async def test_a_record_is_not_merged_with_itself_nor_with_nobody(self, care: Care, shop: Shop) -> None:
        one = await shop.customer()
        with pytest.raises(InvalidInput):
            await merge(care, **joined(one, one))
        with pytest.raises(NotFound):
            await merge(care, survivor=one.public_id, loser="nobody", who="staff:lead1", rule="x")


class TestAfterAMerge:
    async def test_both_ids_lead_to_the_survivor_through_two_merges(self, care: Care, shop: Shop) -> None:
        one, two, three = [await shop.customer(external_id=f"E{n}") for n in range(3)]
        await merge(care, **joined(two, one))
        await merge(care, **joined(three, two))
        async with care.sessions.read() as session:
            for customer in (one, two, three):
                found = await customers.by_public_id(session, customer.public_id)
                assert found is not None
                assert found.id == three.id
                found = await customers.by_external_id(session, str(customer.external_id))
                assert found is not None
                assert found.id == three.id
        assert await customers.ref_by_phone(care, "13800000001") == three.public_id

    async def test_who_signs_in_with_the_old_id_is_the_survivor(self, care: Care, shop: Shop) -> None:
        kept, gone = await shop.customer(), await shop.customer("13900000002", external_id="E2")
        await merge(care, **joined(kept, gone))
        visit = await shop.visit()
        ref = await identity.verify_token(care, visit.id, token_for(care, "E2"))
        assert ref.public_id == kept.public_id

    async def test_everything_that_referred_to_the_other_refers_to_the_survivor(
        self, care: Care, shop: Shop
    ) -> None:
        kept, gone = await shop.customer(), await shop.customer()
        await _fill(care, gone, random.Random(7), care.clock.now(), full=True)
        await merge(care, **joined(kept, gone))
        async with care.sessions.read() as session:
            for table in (
                Order,
                CareInteraction,
                Complaint,
                Promise,
                Consent,
                Conversation,
                AccessLog,
                WinbackCase,
            ):
                owners = set(await session.scalars(select(table.customer_id)))
                assert owners == {kept.id}, table

    async def test_the_hint_that_they_might_be_one_is_dealt_with(self, care: Care, shop: Shop) -> None:
        kept, gone = await shop.customer(), await shop.customer()
        await add(
            care,
            DataQualityIssue(
                customer_id=gone.id,
                other_customer_id=kept.id,
                issue=DataIssue.DUPLICATE,
                field="phone",
                detail="手机号相同",
                found_by="nightly_check",
                found_at=care.clock.now(),
            ),
        )
        done = await merge(care, **joined(kept, gone))
        async with care.sessions.read() as session:
            assert await session.scalar(select(DataQualityIssue.fixed_at)) is not None
        await undo(care, done.id, who="staff:lead1")
        async with care.sessions.read() as session:
            assert await session.scalar(select(DataQualityIssue.fixed_at)) is None

    async def test_the_log_says_who_when_and_why(self, care: Care, shop: Shop, clock: ManualClock) -> None:
        kept, gone = await shop.customer(), await shop.customer()
        done = await merge(care, **joined(kept, gone, rule="同手机号,同名"))
        clock.advance(hours=1)
        await undo(care, done.id, who="staff:manager1")
        (entry,) = await merges(care, gone.public_id)
        assert (entry.merged_by, entry.rule, entry.undone_by) == (
            "staff:lead1",
            "同手机号,同名",
            "staff:manager1",
        )
        assert entry.undone_at == entry.merged_at + timedelta(hours=1)


class TestUndo:
    @pytest.mark.parametrize("seed", range(12))
    async def test_undoing_restores_every_row_of_every_table(
        self, care: Care, shop: Shop, clock: ManualClock, seed: int
    ) -> None:
        rng = random.Random(seed)
        now = care.clock.now()
        people = []
        for n in range(3):
            person = await shop.customer(
                rng.choice(("13800000001", "13900000002", None)),  # type: ignore[arg-type]
                rng.choice(("王先生", "王小明", "张伟")),
                external_id=f"E{n}" if rng.random() < 0.5 else None,
                tier=rng.choice(list(Tier)),
                segment=rng.choice((None, "三口之家")),
                key_account_scores=rng.choice((None, {"loyalty": 3})),
                preferred_channel=rng.choice((None, Channel.WECHAT)),
            )
            await _fill(care, person, rng, now)
            people.append(person)
        if rng.random() < 0.5:  # one of them has a past of its own
            await merge(care, **joined(people[1], people[2], is_persons_word=True))
        before = await dump(care)
        clock.advance(days=1)
        done = await merge(care, **joined(people[0], people[1], is_persons_word=True))
        assert await dump(care) != before
        await undo(care, done.id, who="staff:lead1")
        after = await dump(care)
        for table, rows in before.items():
            assert after[table] == rows, table

    async def test_what_came_after_the_merge_stays_with_the_survivor(self, care: Care, shop: Shop) -> None:
        now = care.clock.now()
        kept, gone = await shop.customer(), await shop.customer()
        await give(care, gone, field("email", "gone@example.com", now))
        await add(care, order(gone, "A1", now))
        done = await merge(care, **joined(kept, gone))
        await add(care, order(kept, "A2", now))
        async with care.sessions.write() as session:
            (await session.get_one(Customer, kept.id)).name = "张伟伟"
        await undo(care, done.id, who="staff:lead1")
        async with care.sessions.read() as session:
            owners = dict((await session.execute(select(Order.number, Order.customer_id))).all())
            assert owners == {"A1": gone.id, "A2": kept.id}
            assert (await session.get_one(Customer, kept.id)).name == "张伟伟"
        assert (await values(care, gone))["email"] == ("gone@example.com", [])
        assert await values(care, kept) == {}

    async def test_a_merge_is_undone_once_and_the_last_one_first(self, care: Care, shop: Shop) -> None:
        one, two, three = [await shop.customer() for _ in range(3)]
        first = await merge(care, **joined(one, two))
        second = await merge(care, **joined(three, one))
        with pytest.raises(Conflict, match="后一次"):
            await undo(care, first.id, who="staff:lead1")
        await undo(care, second.id, who="staff:lead1")
        with pytest.raises(Conflict, match="已经撤销"):
            await undo(care, second.id, who="staff:lead1")
        await undo(care, first.id, who="staff:lead1")
        async with care.sessions.read() as session:
            assert set(await session.scalars(select(Customer.merged_into_id))) == {None}
        with pytest.raises(NotFound):
            await undo(care, 999, who="staff:lead1")


async def test_a_row_written_to_the_merged_record_at_the_last_moment_is_gathered(
    care: Care, shop: Shop
) -> None:
    now = care.clock.now()
    kept, gone = await shop.customer(), await shop.customer()
    done = await merge(care, **joined(kept, gone))
    await add(care, order(gone, "A1", now))
    assert await gather_strays(care, since=now - timedelta(hours=1)) == 1
    assert await gather_strays(care, since=now - timedelta(hours=1)) == 0
    async with care.sessions.read() as session:
        assert await session.scalar(select(Order.customer_id)) == kept.id
    await undo(care, done.id, who="staff:lead1")
    async with care.sessions.read() as session:
        assert await session.scalar(select(Order.customer_id)) == gone.id


async def test_of_two_merges_at_once_one_wins_and_nothing_is_moved_twice(care: Care, shop: Shop) -> None:
    now = care.clock.now()
    one, two, three = [await shop.customer() for _ in range(3)]
    await add(care, order(two, "A1", now))
    results = await asyncio.gather(
        merge(care, **joined(one, two)), merge(care, **joined(three, two)), merge(care, **joined(two, one)),
        return_exceptions=True,
    )  # fmt: skip
    won = [result for result in results if not isinstance(result, BaseException)]
    assert len(won) == 1
    assert all(isinstance(result, Conflict) for result in results if isinstance(result, BaseException))
    async with care.sessions.read() as session:
        survivor = await customers.by_public_id(session, won[0].survivor)
        assert survivor is not None
        owner = await session.scalar(select(Order.customer_id))
        assert owner == survivor.id


async def _fill(
    care: Care, customer: Customer, rng: random.Random, now: datetime, *, full: bool = False
) -> None:
    """Rows of every kind that refers to a customer, by chance or (`full`) each."""

    def chance() -> bool:
        return full or rng.random() < 0.6

    def moment() -> datetime:
        return now - timedelta(minutes=rng.randrange(1, 500_000))

    def uuid() -> str:
        return str(UUID(int=rng.getrandbits(128)))

    names = ("email", "address", "birthday", "phone", "name", "invoice_title")
    await give(
        care,
        customer,
        *(
            field(
                name,
                rng.choice((f"{name}-{rng.randrange(3)}", None)),
                now,
                days=rng.choice((None, 1, 30, 400)),
                source=rng.choice(list(FieldSource)),
                old_values=rng.choice(
                    ([], [{"value": "old", "source": "self", "until": "x", "changed_by": None}])
                ),
            )
            for name in names
            if chance()
        ),
    )
    rows: list[Any] = []
    if chance():
        rows += [order(customer, uuid()[:30], moment()) for _ in range(rng.randint(1, 4))]
    if chance():
        rows += [
            Consent(
                customer_id=customer.id,
                purpose=rng.choice(list(ConsentPurpose)),
                notice_version="1",
                given_at=moment(),
                withdrawn_at=rng.choice((None, now)),
                evidence="勾选",
            )
            for _ in range(4)
        ]
    if chance():
        conversation = Conversation(
            public_id=uuid(), sender_id=uuid(), customer_id=customer.id, opened_at=moment()
        )
        rows += [
            conversation,
            CareInteraction(customer_id=customer.id, channel=Channel.WEB, started_at=moment()),
        ]
    if chance():
        rows += [
            Promise(customer_id=customer.id, promised_by="bot", what="solve", due_at=now, made_at=moment()),
            AccessLog(
                customer_id=customer.id,
                who="agent1",
                role="agent",
                fields=["phone"],
                purpose="接待",
                at=moment(),
            ),
            WinbackCase(
                customer_id=customer.id,
                open_key=f"customer:{customer.id}",
                trigger="silence",
                basis=ContactBasis.MARKETING,
                state=WinbackState.OPEN,
                reason="price",
                opened_on=date(2026, 11, 1),
                opened_at=moment(),
            ),
        ]
    if chance():
        rows.append(
            LoyaltyAccount(
                customer_id=customer.id,
                level="普通",
                entries=[LoyaltyEntry(points=5, reason="购物", at=moment())],
            )
        )
    if chance():
        rows.append(
            Complaint(
                customer_id=customer.id,
                channel=Channel.WEB,
                state=ComplaintState.DRAFT,
                opened_at=moment(),
                own_words="坏了",
                topic="complaint_quality",
                category=ComplaintCategory.DEFECT,
                care_part=CarePart.PRODUCT_QUALITY,
                care_stage=CareStage.POST,
                grade=Grade.P3,
            )
        )
    await add(care, *rows)
