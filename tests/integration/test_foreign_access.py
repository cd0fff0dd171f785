"""Nobody sees or changes a record that is not theirs: every service that takes a number, asked by another customer.

A foreign thing and a thing that does not exist must get the same answer, and nothing may be written.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from care.ports import DeliveryChange, InvoiceWish, ReturnWish, VisitWish
from care.records import Base
from care.records.customer import Customer
from care.records.order import Order, OrderLine, Product
from care.records.order_request import Invoice, ReturnRequest, ServiceVisit
from care.rules.errors import CareError, NotFound, NotVerified, StepUpNeeded
from care.rules.order_terms import (
    DaySlot,
    InvoiceKind,
    InvoiceState,
    ReturnKind,
    ReturnState,
    VisitKind,
    VisitState,
)
from care.rules.times import shanghai_day
from care.rules.vocabulary import OrderState, Topic
from care.services import (
    complaints,
    identity,
    invoices,
    loyalty,
    order_changes,
    orders,
    profile,
    progress,
    returns,
    rights,
    service_visits,
)
from care.services.conversations import ConversationView
from tests.integration.customers import PHONE, codes, known_by_order, said, signed_in

THEIRS = "13700000002"
ORDER, NO_ORDER = "88120260001", "88120269999"
SKU = "P-1"


@dataclass
class Things:
    """What the first customer has; the second one asks for it."""

    owner: Customer
    order: str = ORDER
    return_: str = "TH-20261120-0001"
    visit: str = "WX-20261120-0001"
    invoice: str = "FP-20261120-0001"
    rights: str = ""
    case: str = ""


async def plant(care, owner: Customer) -> None:
    now = care.clock.now()
    async with care.sessions.write() as session:
        product = Product(
            sku=SKU, name="破壁机", brand="B", model="M", category="厨电", price=Decimal(100), stock=5,
            spoken_names=[], attributes={},
        )  # fmt: skip
        session.add(product)
        await session.flush()
        order = Order(
            number=ORDER, customer_id=owner.id, state=OrderState.DELIVERED, amount=Decimal(100),
            placed_at=now - timedelta(days=3), delivered_at=now - timedelta(days=1),
            receiver_name=owner.name, receiver_phone=owner.phone, receiver_address="浙江省杭州市西湖区文三路12号",
        )  # fmt: skip
        line = OrderLine(product_id=product.id, quantity=1, unit_price=Decimal(100))
        order.lines.append(line)
        session.add(order)
        await session.flush()
        session.add_all(
            [
                ReturnRequest(
                    number="TH-20261120-0001", order_id=order.id, line_id=line.id, quantity=1,
                    kind=ReturnKind.RETURN, reason="不要了", ground="seven_days", state=ReturnState.APPLIED,
                    amount=Decimal(100), applied_at=now,
                ),
                ServiceVisit(
                    number="WX-20261120-0001", order_id=order.id, line_id=line.id, kind=VisitKind.REPAIR,
                    visit_on=shanghai_day(now) + timedelta(days=2), slot=DaySlot.MORNING, fault="不转",
                    state=VisitState.BOOKED, booked_at=now,
                ),
                Invoice(
                    number="FP-20261120-0001", order_id=order.id, kind=InvoiceKind.COMPANY, title="公司",
                    tax_number="91330106MA2CFABC1X", email="li@example.com", amount=Decimal(100),
                    state=InvoiceState.ISSUED, requested_at=now,
                ),
            ]
        )  # fmt: skip


@pytest_asyncio.fixture
async def things(care, shop, capsys) -> Things:
    owner = await shop.customer(PHONE, name="李想")
    await plant(care, owner)
    visit = await signed_in(care, shop, capsys)
    words = "破壁机用了两天就坏了"
    message = await said(shop, visit, words)
    await complaints.open_draft(care, visit.id, message, topic=Topic.COMPLAINT_QUALITY, own_words=words)
    receipt = await complaints.confirm_draft(care, visit.id, await said(shop, visit, "确认"))
    request = await rights.request_deletion(care, visit.id, source_message_id=None)
    care.clock.advance(minutes=2)
    return Things(owner, rights=request.number, case=receipt.case_number)


@pytest_asyncio.fixture
async def other(care, shop, capsys, things) -> ConversationView:
    """Another customer, proven by a code."""
    await shop.customer(THEIRS, name="王五")
    visit = await signed_in(care, shop, capsys, THEIRS)
    await shop.say(visit.id, "查一下")
    return visit


def company(number: str) -> InvoiceWish:
    return InvoiceWish(number, InvoiceKind.PERSONAL, "王五")


#: Every service that takes the number of something: name → call with (care, conversation, number, message).
ASKS: dict[str, tuple[str, Callable[..., Awaitable[Any]]]] = {
    "cancel an order": (
        "order",
        lambda c, v, n, m: order_changes.cancel(c, v, n, reason="", source_message_id=m),
    ),
    "change a delivery": (
        "order",
        lambda c, v, n, m: order_changes.change_delivery(
            c, v, n, DeliveryChange(receiver_name="王五"), source_message_id=m
        ),
    ),
    "hurry an order": ("order", lambda c, v, n, m: order_changes.urge(c, v, n, source_message_id=m)),
    "ask about a return": ("order", lambda c, v, n, m: returns.decide(c, v, n, SKU, kind=ReturnKind.RETURN)),
    "apply for a return": (
        "order",
        lambda c, v, n, m: returns.apply(
            c, v, ReturnWish(n, SKU, 1, ReturnKind.RETURN, "x", True, "x"), source_message_id=m
        ),
    ),
    "take a return back": ("return_", lambda c, v, n, m: returns.cancel(c, v, n, source_message_id=m)),
    "book a visit": (
        "order",
        lambda c, v, n, m: service_visits.book(
            c,
            v,
            VisitWish(
                VisitKind.REPAIR, n, SKU, shanghai_day(c.clock.now()) + timedelta(days=2), DaySlot.MORNING
            ),
            source_message_id=m,
        ),
    ),
    "move a visit": (
        "visit",
        lambda c, v, n, m: service_visits.move(
            c,
            v,
            n,
            on=shanghai_day(c.clock.now()) + timedelta(days=3),
            slot=DaySlot.EVENING,
            source_message_id=m,
        ),
    ),
    "cancel a visit": ("visit", lambda c, v, n, m: service_visits.cancel(c, v, n, source_message_id=m)),
    "ask for an invoice": (
        "order",
        lambda c, v, n, m: invoices.request(c, v, company(n), source_message_id=m),
    ),
    "correct an invoice": (
        "invoice",
        lambda c, v, n, m: invoices.correct(c, v, n, company(ORDER), source_message_id=m),
    ),
    "take a deletion back": ("rights", lambda c, v, n, m: rights.cancel_deletion(c, v, n)),
}
ABSENT = {
    "order": NO_ORDER,
    "return_": "TH-20261120-9999",
    "visit": "WX-20261120-9999",
    "invoice": "FP-20261120-9999",
    "rights": "QL-20261120-9999",
}


async def rows_of(care, *tables: str) -> list[tuple]:
    found: list[tuple] = []
    async with care.sessions.read() as session:
        for name in tables:
            found += [tuple(row) for row in await session.execute(select(Base.metadata.tables[name]))]
    return found


_WRITTEN = ("order", "order_event", "return_request", "service_visit", "invoice", "rights_request", "promise")


@pytest.mark.parametrize("name", ASKS)
async def test_a_foreign_thing_is_as_if_it_did_not_exist(care, shop, things, other, name):
    kind, ask = ASKS[name]
    before = await rows_of(care, *_WRITTEN)
    answers = []
    for number in (getattr(things, kind), ABSENT[kind]):
        with pytest.raises(CareError) as refusal:
            await ask(care, other.id, number, await said(shop, other))
        assert isinstance(refusal.value, NotFound)
        answers.append(refusal.value.as_wire())
    assert answers[0] == answers[1]
    assert await rows_of(care, *_WRITTEN) == before


@pytest.mark.parametrize("name", ASKS)
async def test_who_proved_nothing_gets_no_further(care, shop, things, name):
    kind, ask = ASKS[name]
    visit = await shop.visit()
    with pytest.raises(NotVerified):
        await ask(care, visit.id, getattr(things, kind), await said(shop, visit))


async def test_lists_hold_only_ones_own(care, things, other):
    assert await orders.recent(care, other.id) == []
    assert await orders.find(care, other.id, things.order) is None
    assert await returns.mine(care, other.id) == []
    assert await service_visits.mine(care, other.id) == []
    assert await invoices.mine(care, other.id) == []
    assert await loyalty.mine(care, other.id) is None
    assert await rights.mine(care, other.id) == []
    assert await complaints.cases_of(care, other.id) == []
    assert await progress.of_customer(care, other.id) == []
    whole = str(await profile.fields(care, other.id)) + str(await rights.what_is_kept(care, other.id))
    assert PHONE not in whole
    assert "李想" not in whole


async def test_the_next_customer_of_one_browser_hears_nothing_of_the_former_ones_case_and_draft(
    care, shop, capsys, things
):
    """Not even in the very conversation in which the former one told it."""
    await shop.customer(THEIRS, name="王五")
    visit = await signed_in(care, shop, capsys)
    words = "冰箱不制冷，没人管"
    await complaints.open_draft(
        care, visit.id, await said(shop, visit, words), topic=Topic.COMPLAINT_QUALITY, own_words=words
    )
    case = await complaints.confirm_draft(care, visit.id, await said(shop, visit, "确认"))
    second = "还有发票开错了，要投诉"
    await complaints.open_draft(
        care, visit.id, await said(shop, visit, second), topic=Topic.COMPLAINT_BILLING, own_words=second
    )
    assert case.case_number in {one.case_number for one in await complaints.cases_of(care, visit.id)}
    assert await complaints.draft_of(care, visit.id) is not None
    care.clock.advance(minutes=2)
    await identity.request_code(care, visit.id, THEIRS)
    (code,) = await codes(care, capsys)
    await identity.verify_code(care, visit.id, code)
    assert await complaints.cases_of(care, visit.id) == []
    assert await complaints.draft_of(care, visit.id) is None
    with pytest.raises(NotFound):
        await complaints.confirm_draft(care, visit.id, await said(shop, visit, "确认"))
    assert not await complaints.drop_draft(care, visit.id)


async def test_when_a_proof_has_run_out_the_case_is_not_told_to_whoever_sits_there_now(
    care, shop, capsys, things, clock
):
    visit = await signed_in(care, shop, capsys)
    assert [one.case_number for one in await complaints.cases_of(care, visit.id)] == [things.case]
    clock.advance(minutes=31)
    assert await complaints.cases_of(care, visit.id) == []


async def test_who_knows_one_orders_number_writes_to_no_other_and_reads_no_tax_number(care, shop, things):
    by_order = await known_by_order(care, shop, things.owner, "88120260009")
    for name in ("cancel an order", "apply for a return", "take a return back", "book a visit", "move a visit",
                 "ask for an invoice", "change a delivery", "take a deletion back"):  # fmt: skip
        kind, ask = ASKS[name]
        with pytest.raises(StepUpNeeded):
            await ask(care, by_order.id, getattr(things, kind), await said(shop, by_order))
    (invoice,) = await invoices.mine(care, by_order.id)
    assert (invoice.tax_number, invoice.email) == ("91****BC1X", "l****@example.com")
