"""What must be on record after a visit in which something was changed: orders, returns, visits, invoices, profile, rights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.conversation import Conversation
from care.records.customer import Consent, Customer, CustomerField
from care.records.interaction import CareInteraction, Promise
from care.records.order import Order
from care.records.order_request import Invoice, ReturnRequest, ServiceVisit
from care.records.rights import RightsRequest
from care.rules.times import shanghai_day

#: Keys of `ends` that this file looks after.
KEYS = frozenset(
    {"order", "returns", "visits", "invoices", "profile", "consents", "rights", "promises", "written"}
)
_INSIDE = frozenset({"reason", "fault", "exchange_for"})


async def problems(
    session: AsyncSession,
    conversation: Conversation,
    phone: str,
    numbers: Mapping[str, str],
    ends: Mapping[str, Any],
) -> list[str]:
    """What is on record and should not be, or should be and is not.

    Args:
        phone: of the visit's customer when it began.
        numbers: name in the script → order number.
        ends: the script's, with texts filled in.
    """
    mine = select(Order.id).where(Order.number.in_(numbers.values()))
    rows: dict[str, list[dict[str, Any]]] = {}
    if "returns" in ends:
        found = await session.scalars(
            select(ReturnRequest).where(ReturnRequest.order_id.in_(mine)).order_by(ReturnRequest.id)
        )
        rows["returns"] = [
            {"order": r.order.number, "kind": r.kind.value, "state": r.state.value, "reason": r.reason,
             "ground": r.ground, "exchange_for": r.exchange_for or ""}
            for r in found
        ]  # fmt: skip
    if "visits" in ends:
        visits = await session.scalars(
            select(ServiceVisit).where(ServiceVisit.order_id.in_(mine)).order_by(ServiceVisit.id)
        )
        rows["visits"] = [
            {"order": v.order.number, "kind": v.kind.value, "state": v.state.value, "slot": v.slot.value,
             "fault": v.fault, "weekday": v.visit_on.isoweekday(), "in_days": (v.visit_on - shanghai_day(v.booked_at)).days}
            for v in visits
        ]  # fmt: skip
    if "invoices" in ends:
        invoices = await session.scalars(
            select(Invoice).where(Invoice.order_id.in_(mine)).order_by(Invoice.id)
        )
        rows["invoices"] = [
            {"order": i.order.number, "kind": i.kind.value, "state": i.state.value, "title": i.title,
             "tax_number": i.tax_number, "email": i.email}
            for i in invoices
        ]  # fmt: skip
    if "rights" in ends:
        requests = await session.scalars(
            select(RightsRequest)
            .where(RightsRequest.conversation_id == conversation.id)
            .order_by(RightsRequest.id)
        )
        rows["rights"] = [{"kind": r.kind.value, "state": r.state.value} for r in requests]
    missed = [line for name, found in rows.items() for line in _compare(name, found, ends[name])]
    for name, wanted in (ends.get("order") or {}).items():
        missed += await _order_problems(session, numbers[name], wanted)
    if "profile" in ends:
        missed += await _profile_problems(session, conversation, phone, ends["profile"])
    if "consents" in ends:
        missed += await _consent_problems(session, conversation, ends["consents"])
    if "promises" in ends:
        promised = await session.scalars(
            select(Promise.what).where(Promise.conversation_id == conversation.id)
        )
        if sorted(found := list(promised)) != sorted(ends["promises"]):
            missed.append(f"承诺是 {found}，应为 {ends['promises']}")
    if "written" in ends:
        noted = await session.scalars(
            select(CareInteraction.data_written).where(CareInteraction.conversation_id == conversation.id)
        )
        kinds = sorted({entry.split(":")[0] for entries in noted for entry in entries or ()})
        if kinds != sorted(ends["written"]):
            missed.append(f"写过的数据是 {kinds}，应为 {ends['written']}")
    return missed


def _compare(name: str, found: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> list[str]:
    if len(found) != len(wanted):
        return [f"{name} 有 {len(found)} 条，应为 {len(wanted)} 条：{list(found)}"]
    return [
        f"{name} 的 {key} 是 {row[key]!r}，应为 {value!r}"
        for row, wish in zip(found, wanted, strict=True)
        for key, value in wish.items()
        if not (value in row[key] if key in _INSIDE else row[key] == value)
    ]


async def _order_problems(session: AsyncSession, number: str, wanted: Mapping[str, Any]) -> list[str]:
    order = await session.scalar(select(Order).where(Order.number == number))
    assert order is not None
    found = {
        "state": order.state.value,
        "address": order.receiver_address,
        "phone": order.receiver_phone,
        "name": order.receiver_name,
        "weekday": order.deliver_on.isoweekday() if order.deliver_on else None,
        "slot": order.deliver_slot.value if order.deliver_slot else None,
        "events": [event.title for event in order.events],
    }
    return [
        f"订单 {key} 是 {found[key]!r}，应为 {value!r}"
        for key, value in wanted.items()
        if not (any(value in title for title in found["events"]) if key == "events" else found[key] == value)
    ]


async def _profile_problems(
    session: AsyncSession, conversation: Conversation, phone: str, wanted: Mapping[str, Any]
) -> list[str]:
    customer = await session.scalar(select(Customer).where(Customer.phone == phone))
    customer = customer or await session.get(Customer, conversation.customer_id)
    assert customer is not None
    fields = await session.scalars(select(CustomerField).where(CustomerField.customer_id == customer.id))
    found = {"name": customer.name, "phone": customer.phone, **{f.name: f.value for f in fields}}
    return [f"资料 {k} 是 {found.get(k)!r}，应为 {v!r}" for k, v in wanted.items() if found.get(k) != v]


async def _consent_problems(
    session: AsyncSession, conversation: Conversation, wanted: Mapping[str, bool]
) -> list[str]:
    rows = await session.scalars(
        select(Consent).where(Consent.customer_id == conversation.customer_id).order_by(Consent.id)
    )
    stands = {row.purpose.value: row.withdrawn_at is None for row in rows}
    return [
        f"同意 {k} 是 {stands.get(k, False)}，应为 {v}"
        for k, v in wanted.items()
        if stands.get(k, False) != v
    ]
