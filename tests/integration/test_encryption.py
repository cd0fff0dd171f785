"""What a stolen database file tells: no value of an encrypted column, under any key that was ever used."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import Text, select, text, type_coerce

from care.migrations.upgrade import upgrade, upgrade_database
from care.records import Sessions, make_engine
from care.records.customer import Customer, CustomerField
from care.records.encryption import PREFIX, CannotDecrypt, KeyRing, is_value
from care.records.hours import Callback
from care.records.merging import MergeLog
from care.records.order import Order
from care.records.order_request import Invoice
from care.records.staff import Staff
from care.rules.order_terms import InvoiceKind, InvoiceState
from care.rules.vocabulary import FieldSource, LegalBasis, OrderState, Role
from care.services import customers, data_keys, profile
from care.services.context import engine_of, open_care
from tests.integration.customers import ADDRESS, PHONE, signed_in

OLD, NEW = "an-old-data-key-" * 3, "a-new-data-key-" * 3
SECRETS = (
    "隐秘路1号",
    "hidden@example.com",
    "earlier@example.com",
    "91330106MA2CFABC1X",
    "TOTPSECRET",
    "改前的地址",
    "13800009999",
)


class TestKeys:
    def test_a_value_opens_only_at_its_place_and_unchanged(self):
        keys = KeyRing(OLD)
        sealed = keys.encrypt("李想", "customer_field.value")
        assert keys.decrypt(sealed, "customer_field.value") == "李想"
        assert keys.encrypt("李想", "customer_field.value") != sealed
        damaged = sealed[:-6] + ("AAAAAA" if sealed[-6:] != "AAAAAA" else "BBBBBB")
        for stored, place in (
            (sealed, "invoice.email"),
            (damaged, "customer_field.value"),
            (f"{PREFIX}zz:x", "x"),
        ):
            with pytest.raises(CannotDecrypt):
                keys.decrypt(stored, place)

    def test_a_former_key_opens_and_a_foreign_one_does_not(self):
        sealed = KeyRing(OLD).encrypt("李想", "x")
        assert KeyRing(NEW, (OLD,)).decrypt(sealed, "x") == "李想"
        with pytest.raises(CannotDecrypt):
            KeyRing(NEW).decrypt(sealed, "x")
        assert KeyRing(NEW, (OLD,)).indexes("a")[1] == KeyRing(OLD).indexes("a")[0]

    def test_what_was_stored_before_encryption_is_read_as_it_is(self):
        assert KeyRing(OLD).decrypt("李想", "x") == "李想"

    def test_an_empty_key_is_refused(self):
        for present, older in (("", ()), (OLD, ("",))):
            with pytest.raises(ValueError, match="empty"):
                KeyRing(present, older)


async def sow(care) -> int:
    """A row in each encrypted column; the customer's id."""
    now = care.clock.now()
    async with care.sessions.write() as session:
        customer = Customer(public_id="c" * 36, name="李想", created_at=now)
        staff = Staff(
            login="a1",
            name="王",
            role=Role.AGENT,
            password_hash="x",
            totp_secret="TOTPSECRET",
            created_at=now,
        )
        session.add_all([customer, staff])
        await session.flush()
        session.add(
            CustomerField(
                customer_id=customer.id,
                name="email",
                value="hidden@example.com",
                source=FieldSource.SELF,
                ttl_days=180,
                purpose="x",
                legal_basis=LegalBasis.CONTRACT,
                old_values=[{"value": "earlier@example.com"}],
            )
        )
        order = Order(
            number="88120260001",
            customer_id=customer.id,
            state=OrderState.PAID,
            amount=Decimal(1),
            placed_at=now,
            receiver_name="李",
            receiver_phone="1",
            receiver_address="隐秘路1号",
        )
        session.add(order)
        await session.flush()
        session.add(
            Invoice(
                number="FP-1",
                order_id=order.id,
                kind=InvoiceKind.COMPANY,
                title="公司",
                tax_number="91330106MA2CFABC1X",
                email="hidden@example.com",
                amount=Decimal(1),
                state=InvoiceState.ISSUED,
                requested_at=now,
            )
        )
        session.add(Callback(phone="13800009999", due_at=now, made_at=now))
        session.add(
            MergeLog(
                survivor_id=customer.id,
                loser_id=customer.id,
                merged_at=now,
                merged_by="x",
                rule="x",
                undo={"before": "改前的地址"},
            )
        )
    return customer.id


async def raw_rows(sessions: Sessions) -> str:
    """What lies in the encrypted columns, as the database holds it."""
    found = []
    async with sessions.read() as session:
        for _, column in data_keys.encrypted_columns():
            found += [str(one) for one in await session.scalars(select(type_coerce(column, Text)))]
    return "\n".join(found)


async def test_the_database_holds_no_plain_value_and_the_code_reads_them_all(care):
    customer_id = await sow(care)
    raw = await raw_rows(care.sessions)
    assert len(raw.splitlines()) == len(list(data_keys.encrypted_columns()))
    for secret in SECRETS:
        assert secret not in raw
    async with care.sessions.read() as session:
        field = await session.scalar(select(CustomerField).where(CustomerField.customer_id == customer_id))
        invoice = await session.scalar(select(Invoice))
        log = await session.scalar(select(MergeLog))
        assert field is not None
        assert (field.value, field.old_values) == ("hidden@example.com", [{"value": "earlier@example.com"}])
        assert invoice is not None
        assert (invoice.tax_number, invoice.email) == ("91330106MA2CFABC1X", "hidden@example.com")
        assert invoice.order.receiver_address == "隐秘路1号"
        assert log is not None
        assert log.undo == {"before": "改前的地址"}
        assert await session.scalar(select(Staff.totp_secret)) == "TOTPSECRET"


async def test_the_very_file_holds_no_plain_value(care_sqlite, shop, capsys, tmp_path):
    care = care_sqlite
    await sow(care)
    async with care.sessions.write() as session:
        await session.execute(text("SELECT 1"))
    async with care.sessions.engine.connect() as connection:
        await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    whole = b"".join(path.read_bytes() for path in sorted(tmp_path.glob("zhike.db*")))
    assert "李想".encode() in whole  # the name is a plain column: the look itself works
    for secret in SECRETS:
        assert secret.encode() not in whole


async def test_equal_values_are_found_without_reading_them(care, shop, capsys):
    await shop.customer(PHONE)
    visit = await signed_in(care, shop, capsys)
    await profile.correct(care, visit.id, "email", "a@qq.com", source_message_id=None)
    await profile.correct(care, visit.id, "address", ADDRESS, source_message_id=None)
    assert len(await customers.refs_by_field(care, "email", "a@qq.com")) == 1
    assert await customers.refs_by_field(care, "address", "a@qq.com") == []
    await profile.correct(care, visit.id, "email", "b@qq.com", source_message_id=None)
    assert await customers.refs_by_field(care, "email", "a@qq.com") == []
    await profile.forget_field(care, visit.id, "email", source_message_id=None)
    assert await customers.refs_by_field(care, "email", "b@qq.com") == []


async def test_an_engine_without_keys_stores_and_opens_nothing(care):
    await sow(care)
    keyless = Sessions(make_engine(care.settings.database_url))
    try:
        with pytest.raises(RuntimeError, match="data keys"):
            async with keyless.read() as session:
                await session.scalar(select(CustomerField.value))
    finally:
        await keyless.close()


async def test_a_new_key_takes_over_while_the_old_one_still_opens(care):
    old = replace(care.settings, data_key=OLD)
    both = replace(care.settings, data_key=NEW, old_data_keys=(OLD,))
    new = replace(care.settings, data_key=NEW)
    async with open_care(old, clock=care.clock) as opened:
        await sow(opened)
    async with open_care(both, clock=care.clock) as opened:
        # Before the rotation everything works under both keys.
        assert len(await customers.refs_by_field(opened, "email", "hidden@example.com")) == 1
        columns = len(list(data_keys.encrypted_columns()))
        done = await data_keys.rotate(opened.sessions)
        assert sum(done.values()) == columns
        assert sum((await data_keys.rotate(opened.sessions)).values()) == 0
    async with open_care(new, clock=care.clock) as opened:
        assert len(await customers.refs_by_field(opened, "email", "hidden@example.com")) == 1
        async with opened.sessions.read() as session:
            assert await session.scalar(select(CustomerField.value)) == "hidden@example.com"
    async with open_care(old, clock=care.clock) as opened:
        with pytest.raises(CannotDecrypt):
            async with opened.sessions.read() as session:
                await session.scalar(select(CustomerField.value))


async def test_two_rotations_at_once_do_no_harm(care):
    async with open_care(replace(care.settings, data_key=OLD), clock=care.clock) as opened:
        await sow(opened)
    both = replace(care.settings, data_key=NEW, old_data_keys=(OLD,))
    async with open_care(both, clock=care.clock) as opened:
        await asyncio.gather(*(data_keys.rotate(opened.sessions) for _ in range(3)))
        async with opened.sessions.read() as session:
            assert await session.scalar(select(Invoice.tax_number)) == "91330106MA2CFABC1X"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_rows_of_an_older_revision_are_encrypted_by_the_migration(
    kind, request, sqlite_settings, tmp_path
):
    if kind == "sqlite":
        settings = replace(sqlite_settings, database_url=f"sqlite+aiosqlite:///{tmp_path / 'old.db'}")
    else:
        server = request.getfixturevalue("postgres")
        server.run("DROP DATABASE IF EXISTS before_encryption", "CREATE DATABASE before_encryption")
        url = server.url("before_encryption").replace("postgresql:", "postgresql+asyncpg:")
        settings = replace(sqlite_settings, database_url=url)
    await upgrade(settings.database_url, "b1f0c3a4d502")
    engine = make_engine(settings.database_url)
    async with engine.begin() as connection:
        at = "2026-11-24 02:00:00" if kind == "sqlite" else "2026-11-24 02:00:00+00"
        await connection.execute(
            text(
                "INSERT INTO customer (id, public_id, name, type, tier, lifecycle_stage, is_demo, created_at)"
                f" VALUES (1, 'c1', '李想', 'consumer', 'general', 'new', false, '{at}')"
            )
        )
        await connection.execute(
            text(
                "INSERT INTO customer_field (customer_id, name, value, source, ttl_days, purpose, legal_basis,"
                " sensitive, old_values) VALUES (1, 'email', 'hidden@example.com', 'self', 180, 'x', 'contract',"
                ' false, \'[{"value":"earlier@example.com"}]\')'
            )
        )
    await engine.dispose()
    assert await upgrade_database(settings)
    sessions = Sessions(engine_of(settings))
    try:
        raw = await raw_rows(sessions)
        assert raw.count(PREFIX) == 2
        async with sessions.read() as session:
            row = await session.scalar(
                select(CustomerField).where(
                    is_value(session, CustomerField.value_index, "hidden@example.com")
                )
            )
        assert row is not None
        assert (row.value, row.old_values) == ("hidden@example.com", [{"value": "earlier@example.com"}])
    finally:
        await sessions.close()
