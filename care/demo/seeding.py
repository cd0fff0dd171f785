"""Sowing the demo shop into the records and taking exactly it away again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Table, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.demo import catalogue, clocks
from care.demo.aftersales import Aftersales, aftersales
from care.demo.base import Anchor, Row, stream
from care.demo.case_work import CaseWork, case_work
from care.demo.cases import Cases, cases
from care.demo.contacts import Contacts, contacts
from care.demo.improvements import sow_actions
from care.demo.orders import Orders, orders
from care.demo.people import People, people
from care.demo.staff import canned, hours, staff
from care.demo.trails import Trail, walk
from care.demo.winbacks import Winbacks, winbacks
from care.records.canned import CannedReply
from care.records.case_work import CaseApproval, CaseRemedy
from care.records.clocks import ComplaintEscalation
from care.records.complaint import Complaint, ComplaintEvent
from care.records.conversation import Conversation, Handoff, Message
from care.records.customer import Consent, Customer, CustomerField, DataQualityIssue
from care.records.hours import BusinessHours
from care.records.improvement import WinbackStep
from care.records.interaction import CareInteraction, Feedback, Promise, WinbackCase
from care.records.notice import StaffNotice
from care.records.order import Order, OrderEvent, OrderLine, Product, Shipment
from care.records.order_request import Invoice, LoyaltyAccount, LoyaltyEntry, ReturnRequest, ServiceVisit
from care.records.staff import Staff
from care.rules.hashchain import GENESIS
from care.rules.times import shanghai_day
from care.services.complaint_log import sealed_event
from care.services.context import Care

_LABELS = {
    "customers": "客户",
    "products": "商品",
    "orders": "订单",
    "returns": "退换",
    "visits": "上门",
    "invoices": "发票",
    "interactions": "服务记录",
    "conversations": "会话",
    "messages": "消息",
    "complaints": "投诉",
    "events": "投诉记录",
    "promises": "承诺",
    "feedback": "评价",
    "winbacks": "挽回",
    "actions": "改进",
    "staff": "账号",
}


@dataclass(frozen=True)
class Summary:
    """How many rows of each kind were written or removed."""

    customers: int = 0
    products: int = 0
    orders: int = 0
    returns: int = 0
    visits: int = 0
    invoices: int = 0
    interactions: int = 0
    conversations: int = 0
    messages: int = 0
    complaints: int = 0
    events: int = 0
    promises: int = 0
    feedback: int = 0
    winbacks: int = 0
    actions: int = 0
    staff: int = 0

    def __str__(self) -> str:
        counts = [f"{_LABELS[name]} {number:,}" for name, number in asdict(self).items() if number]
        return " · ".join(counts) or "没有需要更改的演示数据"


async def seed(care: Care, *, password: str, today: date | None = None) -> Summary:
    """Writes the demo shop, always the same relative to `today` (default: the real day in Shanghai).

    One transaction. When the demo shop is there already nothing changes and the summary is empty.

    Args:
        password: of the demo accounts; only its hash is kept.
    """
    return await seed_if_missing(care, password=password, today=today) or Summary()


async def seed_if_missing(care: Care, *, password: str, today: date | None = None) -> Summary | None:
    """`seed`, with None when the demo shop is there already."""
    anchor = Anchor(today or shanghai_day(care.clock.now()))
    async with care.sessions.write() as session:
        if await session.scalar(select(Customer.id).where(Customer.is_demo).limit(1)) is not None:
            return None
        return await _Sowing(care, session, anchor).sow(PasswordHasher().hash(password))


class _Sowing:
    """Inserts table by table, turning positions into ids as they become known."""

    def __init__(self, care: Care, session: AsyncSession, anchor: Anchor) -> None:
        self.care, self.session, self.anchor = care, session, anchor

    async def sow(self, password_hash: str) -> Summary:
        products = catalogue.products()
        folk = people(self.anchor)
        bought = orders(self.anchor, folk, products)
        later = aftersales(self.anchor, folk, bought, products)
        made = contacts(self.anchor, folk, bought, products)
        found = cases(self.anchor, folk, bought, products, made)
        won_back = winbacks(self.anchor, folk, bought)

        self.staff_ids = await self._staff(password_hash)
        if await self.session.scalar(select(BusinessHours.id).limit(1)) is None:
            await self._insert(BusinessHours, hours(self.anchor))
        await self._insert(CannedReply, canned(self.anchor))
        self.product_ids = await self._insert(Product, products)
        await self._people(folk)
        await self._orders(bought, later)
        await self._contacts(made)
        trails = await self._cases(found, made)
        await self._winbacks(won_back)
        improved = await sow_actions(self.session, self.anchor, self.staff_ids, self._free_ids)
        return Summary(
            customers=len(folk.customers),
            products=len(products),
            orders=len(bought.orders),
            returns=len(later.returns),
            visits=len(later.visits),
            invoices=len(later.invoices),
            interactions=len(made.interactions),
            conversations=len(made.conversations),
            messages=len(made.messages),
            complaints=len(trails),
            events=sum(len(trail.events) for trail in trails),
            promises=sum(len(trail.promises) for trail in trails),
            feedback=len(made.feedback) + sum(trail.feedback is not None for trail in trails),
            winbacks=len(won_back.cases),
            actions=improved,
            staff=len(self.staff_ids),
        )

    async def _staff(self, password_hash: str) -> dict[str, int]:
        """Login → id. A real colleague's login is left alone: the demo account gets another one."""
        rows = staff(self.anchor, password_hash)
        names = [str(row["login"]) for row in rows]
        taken = set(await self.session.scalars(select(Staff.login).where(Staff.login.in_(names))))
        for row in rows:
            if row["login"] in taken:
                row["login"] = f"demo-{row['login']}"
        ids = await self._insert(Staff, rows)
        return dict(zip(names, ids, strict=True))

    async def _people(self, folk: People) -> None:
        rows = [
            {
                **row,
                "account_manager_id": self._staff_id(row["account_manager_id"]),
                "key_account_signed_by": self._staff_id(row["key_account_signed_by"]),
            }
            for row in folk.customers
        ]
        self.customer_ids = await self._insert(Customer, rows)
        await self._insert(CustomerField, self._with_ids(folk.fields, customer=self.customer_ids))
        await self._insert(Consent, self._with_ids(folk.consents, customer=self.customer_ids))
        issues = [
            {**row, "other_customer_id": None if row["other"] is None else self.customer_ids[row["other"]]}
            for row in folk.issues
        ]
        await self._insert(
            DataQualityIssue, _without(self._with_ids(issues, customer=self.customer_ids), "other")
        )

    async def _orders(self, bought: Orders, later: Aftersales) -> None:
        order_ids = await self._insert(Order, self._with_ids(bought.orders, customer=self.customer_ids))
        lines = self._with_ids(bought.lines, order=order_ids, product=self.product_ids)
        line_ids = await self._insert(OrderLine, lines)
        await self._insert(Shipment, self._with_ids(bought.shipments, order=order_ids))
        await self._insert(OrderEvent, self._with_ids([*bought.events, *later.events], order=order_ids))
        await self._insert(ReturnRequest, self._with_ids(later.returns, order=order_ids, line=line_ids))
        await self._insert(ServiceVisit, self._with_ids(later.visits, order=order_ids, line=line_ids))
        await self._invoices(self._with_ids(later.invoices, order=order_ids))
        accounts = self._with_ids(later.accounts, customer=self.customer_ids)
        account_ids = await self._insert(LoyaltyAccount, accounts)
        await self._insert(LoyaltyEntry, self._with_ids(later.points, account=account_ids))

    async def _invoices(self, rows: list[Row]) -> None:
        """A correction names the invoice that it replaces, which has its id by then."""
        first = [row for row in rows if row["replaces"] is None]
        ids = await self._insert(Invoice, _without(first, "replaces"))
        known = {id(row): invoice_id for row, invoice_id in zip(first, ids, strict=True)}
        corrections = [row for row in rows if row["replaces"] is not None]
        await self._insert(
            Invoice,
            _without(
                ({**row, "replaces_id": known[id(rows[row["replaces"]])]} for row in corrections), "replaces"
            ),
        )

    async def _contacts(self, made: Contacts) -> None:
        conversations = self._with_staff(self._with_ids(made.conversations, customer=self.customer_ids))
        self.conversation_ids = await self._insert(Conversation, conversations)
        messages = self._with_staff(self._with_ids(made.messages, conversation=self.conversation_ids))
        await self._insert(Message, messages)
        handoffs = self._with_staff(self._with_ids(made.handoffs, conversation=self.conversation_ids))
        await self._insert(Handoff, handoffs)
        interactions = self._with_ids(
            made.interactions, customer=self.customer_ids, conversation=self.conversation_ids
        )
        self.interaction_ids = await self._insert(CareInteraction, self._with_staff(interactions))
        feedback = self._with_staff(
            self._with_ids(made.feedback, interaction=self.interaction_ids, complaint=[])
        )
        await self._insert(Feedback, feedback)

    async def _cases(self, found: Cases, made: Contacts) -> list[Trail]:
        rng = stream("trails")
        trails = [walk(row, self.anchor, rng, self.care.calendar.is_workday) for row in found.complaints]
        work = case_work(found, trails, self.anchor)
        rows = []
        for case, trail in zip(found.complaints, trails, strict=True):
            conversation = made.interactions[case["interaction"]]["conversation"]
            row = {**case, **trail.columns, "conversation": conversation}
            row["owner_id"] = self._staff_id(row["owner_id"])
            rows.append(row)
        rows = self._with_ids(
            rows,
            customer=self.customer_ids,
            product=self.product_ids,
            interaction=self.interaction_ids,
            conversation=self.conversation_ids,
        )
        ids = await self._insert(Complaint, _without(rows, "goal", "merged_into"))
        for position, case in enumerate(found.complaints):
            if case.get("merged_into") is not None:
                merged = update(Complaint).where(Complaint.id == ids[position])
                await self.session.execute(merged.values(merged_into_id=ids[case["merged_into"]]))
        await self._trails(found, trails, ids, [row["conversation_id"] for row in rows])
        await self._work(work, ids)
        return trails

    async def _work(self, work: CaseWork, ids: Sequence[int]) -> None:
        """Approvals and remedies of the cases."""
        await self._insert(
            CaseRemedy, [{**_without([r], "case")[0], "complaint_id": ids[r["case"]]} for r in work.remedies]
        )
        rows = [
            {
                **_without([row], "case")[0],
                "complaint_id": ids[row["case"]],
                "asked_by_id": self.staff_ids.get(row["asked_by"]),
                "decided_by_id": self.staff_ids.get(row["decided_by"] or ""),
            }
            for row in work.approvals
        ]
        await self._insert(CaseApproval, rows)

    async def _winbacks(self, made: Winbacks) -> None:
        rows = self._with_ids(made.cases, customer=self.customer_ids)
        for row in rows:
            row["owner_id"] = self._staff_id(row["owner_id"])
            row["open_key"] = f"customer:{row['customer_id']}" if row["closed_at"] is None else None
        ids = await self._insert(WinbackCase, rows)
        await self._insert(WinbackStep, self._with_ids(made.steps, case=ids))

    async def _trails(
        self, found: Cases, trails: Sequence[Trail], ids: Sequence[int], conversations: Sequence[int | None]
    ) -> None:
        events: list[Row] = []
        promises: list[Row] = []
        feedback: list[Row] = []
        steps: list[Row] = []
        told: list[Row] = []
        for case, trail, complaint_id, conversation in zip(
            found.complaints, trails, ids, conversations, strict=True
        ):
            previous_hash = GENESIS
            for seq, event in enumerate(trail.events, start=1):
                if event["to_state"] is not None and event["to_state"].value == "merged":
                    event["data"]["merged_into"] = ids[case["merged_into"]]
                sealed = sealed_event(
                    complaint_id=complaint_id, seq=seq, previous_hash=previous_hash, **event
                )
                previous_hash = sealed["hash"]
                events.append(sealed)
            promises += [
                {**promise, "complaint_id": complaint_id, "conversation_id": conversation}
                for promise in trail.promises
            ]
            steps += [{**_bare(step), "complaint_id": complaint_id} for step in trail.steps]
            told += clocks.notice_rows(
                case, trail.columns, trail.steps, complaint_id=complaint_id, now=self.anchor.now
            )
            if trail.feedback is not None:
                feedback.append({**trail.feedback, "complaint_id": complaint_id, "interaction_id": None})
        await self._insert(ComplaintEvent, events)
        await self._insert(ComplaintEscalation, steps)
        named = [
            {**_without([row], "agent_id")[0], "staff_id": self._staff_id(row["agent_id"])} for row in told
        ]
        await self._insert(StaffNotice, named)
        await self._insert(Promise, self._with_ids(promises, customer=self.customer_ids))
        await self._insert(Feedback, self._with_staff(feedback))

    async def _insert(self, table: type[Any], rows: Sequence[Row]) -> list[int]:
        """Bulk insert with ids taken beforehand, in the order of the rows: one statement, no answer to wait for."""
        if not rows:
            return []
        ids = await self._free_ids(table.__table__, len(rows))
        numbered = [{"id": id_, **row} for id_, row in zip(ids, rows, strict=True)]
        await self.session.execute(insert(table.__table__), numbered)
        return ids

    async def _free_ids(self, table: Table, count: int) -> list[int]:
        """PostgreSQL hands them out of the table's sequence; on SQLite the writer is alone until commit."""
        if self.session.get_bind().dialect.name == "postgresql":
            name = f'"{table.name}"'
            taken = text(
                "SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)"
            )
            return sorted(await self.session.scalars(taken, {"name": name, "count": count}))
        last = int(await self.session.scalar(select(func.max(table.c.id))) or 0)
        return list(range(last + 1, last + count + 1))

    def _with_ids(self, rows: Iterable[Row], **ids: Sequence[int]) -> list[Row]:
        """`customer: 3` → `customer_id: 4711`, for every noun given."""
        resolved = []
        for row in rows:
            new = {name: value for name, value in row.items() if name not in ids}
            for noun, known in ids.items():
                position = row[noun]
                new[f"{noun}_id"] = None if position is None else known[position]
            resolved.append(new)
        return resolved

    def _with_staff(self, rows: Iterable[Row]) -> list[Row]:
        return [{**row, "agent_id": self._staff_id(row["agent_id"])} for row in rows]

    def _staff_id(self, login: str | None) -> int | None:
        return None if login is None else self.staff_ids[login]


def _bare(step: Row) -> Row:
    return {name: value for name, value in step.items() if name != "told"}


def _without(rows: Iterable[Row], *names: str) -> list[Row]:
    return [{name: value for name, value in row.items() if name not in names} for row in rows]
