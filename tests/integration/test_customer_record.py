"""A customer's record for staff: masked by role, and every look leaves a row."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from sqlalchemy import select

from care.ports import OrderView
from care.records.customer import AccessLog, Customer
from care.rules.errors import Forbidden, InvalidInput, NotFound
from care.rules.vocabulary import OrderState, Role
from care.services import access_log, customer_record, profile
from tests.integration.customers import ADDRESS, PHONE, signed_in


@dataclass(frozen=True)
class Somebody:
    login: str
    role: Role


AGENT, LEAD = Somebody("agent1", Role.AGENT), Somebody("lead1", Role.LEAD)
MANAGER, ADMIN = Somebody("manager1", Role.MANAGER), Somebody("admin1", Role.ADMIN)


@pytest.fixture
async def customer(care, shop, capsys) -> Customer:
    one = await shop.customer(PHONE, name="李想", external_id="shop-1", tier_reason="六项得分 71")
    visit = await signed_in(care, shop, capsys)
    for name, value in (
        ("address", ADDRESS),
        ("birthday", "1990-05-01"),
        ("email", "a@qq.com"),
        ("email", "b@qq.com"),
    ):
        await profile.correct(care, visit.id, name, value, source_message_id=None)
    return one


async def rows(care) -> list[AccessLog]:
    async with care.sessions.read() as session:
        return list(await session.scalars(select(AccessLog).order_by(AccessLog.id)))


async def test_an_agent_sees_enough_to_recognise_and_no_more(care, customer):
    view = await customer_record.read(care, AGENT, customer.public_id, purpose="核对收货信息")
    assert (view.name, view.phone, view.external_id, view.tier_reason) == ("李*", "138****0001", None, None)
    fields = {one.name: one for one in view.fields}
    assert fields["address"].value == "浙江省杭州市西湖区****"
    assert (fields["birthday"].value, fields["birthday"].access.value) == (None, "hidden")
    assert fields["email"].old_values == ()
    assert "李想" not in str(view)
    assert PHONE not in str(view)


async def test_a_lead_sees_whole_values_and_a_manager_their_history(care, customer):
    by_lead = await customer_record.read(care, LEAD, customer.public_id, purpose="处理投诉")
    assert (by_lead.name, by_lead.phone) == ("李想", PHONE)
    fields = {one.name: one for one in by_lead.fields}
    assert (fields["address"].value, fields["birthday"].value) == (ADDRESS, "****-**-**")
    assert fields["email"].old_values == ()
    by_manager = await customer_record.read(care, MANAGER, customer.public_id, purpose="复核")
    fields = {one.name: one for one in by_manager.fields}
    assert (fields["birthday"].value, fields["email"].old_values) == ("1990-05-01", ("a@qq.com",))


async def test_every_read_is_a_row_that_names_who_what_and_what_for(care, customer):
    for actor in (AGENT, AGENT, LEAD):
        await customer_record.read(care, actor, customer.public_id, purpose=" 核对收货信息 ")
    logged = await rows(care)
    assert [(one.who, one.role, one.purpose) for one in logged] == [
        ("agent1", "agent", "核对收货信息"),
        ("agent1", "agent", "核对收货信息"),
        ("lead1", "lead", "核对收货信息"),
    ]
    assert "customer_field.address" in logged[0].fields
    assert "customer_field.birthday" not in logged[0].fields  # hidden from an agent
    assert "customer_field.birthday" in logged[2].fields
    assert ADDRESS not in str([one.fields for one in logged])


async def test_without_a_purpose_or_a_customer_nothing_is_shown_or_logged(care, customer):
    with pytest.raises(InvalidInput):
        await customer_record.read(care, LEAD, customer.public_id, purpose=" ")
    with pytest.raises(NotFound):
        await customer_record.read(care, LEAD, "0" * 36, purpose="核对")
    assert await rows(care) == []


async def test_the_log_is_read_by_administrators_only(care, customer):
    await customer_record.read(care, AGENT, customer.public_id, purpose="核对")
    (entry,) = await access_log.entries(care, ADMIN, customer.public_id)
    assert (entry.who, entry.purpose) == ("agent1", "核对")
    for actor in (AGENT, LEAD, MANAGER):
        with pytest.raises(Forbidden):
            await access_log.entries(care, actor, customer.public_id)


async def test_a_list_that_is_asked_for_every_second_is_one_look_for_ten_minutes(care, customer, clock):
    for _ in range(3):
        await access_log.note_look(care, AGENT, [customer.id, None], ["customer.name"], purpose="排队列表")
    assert len(await rows(care)) == 1
    await access_log.note_look(care, LEAD, [customer.id], ["customer.name"], purpose="排队列表")
    clock.advance(minutes=11)
    await access_log.note_look(care, AGENT, [customer.id], ["customer.name"], purpose="排队列表")
    assert len(await rows(care)) == 3


def test_an_orders_receiver_is_masked_for_agents():
    at = datetime(2026, 11, 24, tzinfo=timezone.utc)
    order = OrderView(
        number="1", customer_ref="x", state=OrderState.PAID, amount=Decimal(1), placed_at=at, promised_at=None,
        delivered_at=None, receiver_name="李想", receiver_phone=PHONE, receiver_address=ADDRESS,
        lines=(), shipments=(), events=(),
    )  # fmt: skip
    for_agent = customer_record.order_for(Role.AGENT, order)
    assert (for_agent.receiver_name, for_agent.receiver_phone) == ("李*", "138****0001")
    assert for_agent.receiver_address == "浙江省杭州市西湖区****"
    assert customer_record.order_for(Role.LEAD, order) == order
    assert dataclasses.replace(for_agent, receiver_name="") != order
