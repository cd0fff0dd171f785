"""查进度: everything that is under way for a customer, whatever it is: complaints, returns, visits, invoices."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from care.ports import InvoiceView, ReturnView, VisitView
from care.records.interaction import Promise
from care.rules import next_steps
from care.rules.errors import NotVerified, Unavailable
from care.rules.labelled import Labelled
from care.rules.order_due import visit_due_at
from care.rules.order_moves import RETURN_OPEN
from care.rules.order_terms import InvoiceState, VisitKind, VisitState
from care.rules.times import format_day
from care.services import complaints, interactions, promises
from care.services.complaint_views import CaseView
from care.services.context import Care
from care.services.order_acts import actor_of

#: What ended longer ago is no progress any more.
_TOLD_AFTER_END = timedelta(days=30)
_OF_EACH = 10


class ProgressKind(Labelled):
    COMPLAINT = "complaint", "投诉"
    RETURN = "return", "退换"
    REPAIR = "repair", "维修"
    INSTALLATION = "installation", "安装"
    INVOICE = "invoice", "发票"
    UNKNOWN = "unknown", "退换、上门和发票"


@dataclass(frozen=True)
class ProgressItem:
    """One thing under way, or ended lately.

    Attributes:
        about: the goods, the order or the category.
        next_step: Chinese words; empty when the state says all.
        due_at: by when the next step is promised, aware UTC; None when nothing is promised or all is done.
    """

    kind: ProgressKind
    number: str
    about: str
    state_label: str
    next_step: str
    due_at: datetime | None
    is_open: bool
    since: datetime
    #: Who looks after it, by name.
    who: str | None = None
    #: Open promises: (what in Chinese words, due, aware UTC), the earliest first.
    promised: tuple[tuple[str, datetime], ...] = ()


async def of_customer(care: Care, conversation_id: int) -> list[ProgressItem]:
    """What is open first, the newest first; then what ended within 30 days.

    Without a verified customer only the complaints told in this very conversation. While the order
    system cannot be asked, one item of kind `UNKNOWN` says so instead of its things.

    Raises:
        NotFound: no such conversation.
    """
    cases = await complaints.cases_of(care, conversation_id, limit=_OF_EACH)
    items = [_of_complaint(case, await _open_promises(care, case)) for case in cases]
    now = care.clock.now()
    try:
        items += await _of_order_system(care, conversation_id)
    except NotVerified:
        pass
    except Unavailable as away:
        items.append(ProgressItem(ProgressKind.UNKNOWN, "", "", "暂时查不到", away.message, None, True, now))
    told = [item for item in items if item.is_open or item.since > now - _TOLD_AFTER_END]
    return sorted(told, key=lambda item: (not item.is_open, -item.since.timestamp()))


async def _of_order_system(care: Care, conversation_id: int) -> list[ProgressItem]:
    actor = await actor_of(care, conversation_id)
    # At once: somebody is waiting for the slowest of the three, not for their sum.
    returns, visits, invoices = await asyncio.gather(
        care.orders.returns(actor.ref, limit=_OF_EACH),
        care.orders.visits(actor.ref, limit=_OF_EACH),
        care.orders.invoices(actor.ref, limit=_OF_EACH),
    )
    items = [*map(_of_return, returns), *map(_of_visit, visits), *map(_of_invoice, invoices)]
    if items:
        await interactions.note_data(care, conversation_id, read=("return", "visit", "invoice"))
    return await _with_promises(care, items)


async def _with_promises(care: Care, items: Iterable[ProgressItem]) -> list[ProgressItem]:
    """The promised time beside what is open; numbers differ between the kinds."""
    items = list(items)
    subjects = [
        f"{'visit' if item.kind in _VISITS else item.kind.value}:{item.number}"
        for item in items
        if item.is_open
    ]
    async with care.sessions.read() as session:
        rows = await session.execute(
            select(Promise.subject, Promise.due_at)
            .where(Promise.subject.in_(subjects), Promise.kept_at.is_(None))
            .order_by(Promise.made_at)
        )
        due = {str(subject).partition(":")[2]: due_at for subject, due_at in rows}
    return [replace(item, due_at=due.get(item.number, item.due_at)) for item in items]


_VISITS = (ProgressKind.REPAIR, ProgressKind.INSTALLATION)


async def _open_promises(care: Care, case: CaseView) -> tuple[tuple[str, datetime], ...]:
    """What the case still owes; the solution itself is its due time."""
    if not next_steps.of_complaint(case.state):
        return ()
    rows = await promises.of_complaint(care, case.id)
    return tuple(
        (row.what_label, row.due_at)
        for row in rows
        if row.kept_at is None and row.broken_at is None and row.what != promises.What.SOLVE.value
    )


def _of_complaint(case: CaseView, promised: tuple[tuple[str, datetime], ...]) -> ProgressItem:
    return ProgressItem(
        kind=ProgressKind.COMPLAINT,
        number=case.case_number,
        about=case.category_label,
        state_label=case.state_label,
        next_step=next_steps.of_complaint(case.state),
        due_at=None if case.closed_at else case.solve_due_at,
        is_open=bool(next_steps.of_complaint(case.state)),
        since=case.closed_at or case.received_at,
        who=case.owner_name,
        promised=promised,
    )


def _of_return(view: ReturnView) -> ProgressItem:
    return ProgressItem(
        kind=ProgressKind.RETURN,
        number=view.number,
        about=view.product_name,
        state_label=f"{view.kind.label}{view.state.label}",
        next_step=next_steps.of_return(view.state, view.kind),
        due_at=view.refund_due_at,
        is_open=view.state in RETURN_OPEN,
        since=view.applied_at,
    )


def _of_visit(view: VisitView) -> ProgressItem:
    is_open = view.state in (VisitState.BOOKED, VisitState.UNSOLVED)
    return ProgressItem(
        kind=ProgressKind.REPAIR if view.kind is VisitKind.REPAIR else ProgressKind.INSTALLATION,
        number=view.number,
        about=f"{view.product_name}，{format_day(view.on)}{view.slot.label}",
        state_label=view.state.label,
        next_step=next_steps.of_visit(view.state, view.kind),
        due_at=visit_due_at(view.on, view.slot) if view.state is VisitState.BOOKED else None,
        is_open=is_open,
        since=view.booked_at,
    )


def _of_invoice(view: InvoiceView) -> ProgressItem:
    return ProgressItem(
        kind=ProgressKind.INVOICE,
        number=view.number,
        about=f"订单 {view.order_number}",
        state_label=view.state.label,
        next_step=next_steps.of_invoice(view.state),
        due_at=None,
        is_open=view.state in (InvoiceState.REQUESTED, InvoiceState.CORRECTING),
        since=view.requested_at,
    )
