"""Promises about orders, returns, visits and invoices: kept when the order system shows it, broken when it does not.

The clockwork calls `settle`. What the customer was promised to hear is told in the conversation where
it was promised, as long as it still belongs to the same customer.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from care.ports import OrderView
from care.records.conversation import Conversation
from care.records.customer import Customer
from care.records.interaction import Promise
from care.rules import next_steps, order_kept
from care.rules.errors import Unavailable
from care.rules.order_kept import Verdict
from care.rules.order_terms import OrderPromise
from care.rules.vocabulary import OrderState, Owner, Speaker
from care.services import conversation_rows, transcript
from care.services.context import Care

log = logging.getLogger(__name__)

#: Looked at from a day before they fall due; one that is seen done this shortly after was done in time.
_LOOK_AHEAD = timedelta(hours=24)
SETTLE_EVERY = timedelta(minutes=5)
_AT_ONCE = 200


@dataclass(frozen=True)
class _Open:
    id: int
    what: OrderPromise
    noun: str
    number: str
    made_at: datetime


@dataclass(frozen=True)
class _Found:
    verdict: Verdict
    news: str = ""


async def settle(care: Care) -> int:
    """Marks due promises kept or broken by what the order system says; returns how many were settled.

    While it cannot be asked nothing is marked: a promise is not broken because we could not look.
    """
    async with care.sessions.read() as session:
        rows = await session.execute(
            select(
                Promise.id,
                Promise.what,
                Promise.subject,
                Promise.made_at,
                Customer.public_id,
            )
            .outerjoin(Customer, Customer.id == Promise.customer_id)
            .where(
                Promise.subject.is_not(None),
                Promise.kept_at.is_(None),
                Promise.broken_at.is_(None),
                Promise.due_at <= care.clock.now() + _LOOK_AHEAD,
            )
            .order_by(Promise.due_at, Promise.id)
            .limit(_AT_ONCE)
        )
        by_customer: dict[str | None, list[_Open]] = {}
        for id_, what, subject, made_at, ref in rows:
            noun, _, number = str(subject).partition(":")
            if what in OrderPromise.labels():
                by_customer.setdefault(ref, []).append(_Open(id_, OrderPromise(what), noun, number, made_at))
    settled = 0
    for ref, promises in by_customer.items():
        try:
            found = await _look(care, ref, promises) if ref else _of_nobody(promises)
        except Unavailable:
            log.warning("promises about orders wait: the order system does not answer")
            break
        for promise in promises:
            settled += await _settle_one(care, promise, found[promise.id])
    return settled


def _of_nobody(promises: Sequence[_Open]) -> dict[int, _Found]:
    """Promised to a customer whose record was deleted since: it binds nobody."""
    return {promise.id: _Found(Verdict.VOID) for promise in promises}


async def _look(care: Care, ref: str, promises: Sequence[_Open]) -> dict[int, _Found]:
    """What became of each; a thing that is no longer there leaves its promise open until it is broken."""
    nouns = {promise.noun for promise in promises}
    returns = {v.number: v for v in await care.orders.returns(ref, limit=50)} if "return" in nouns else {}
    visits = {v.number: v for v in await care.orders.visits(ref, limit=50)} if "visit" in nouns else {}
    invoices = {v.number: v for v in await care.orders.invoices(ref, limit=50)} if "invoice" in nouns else {}
    found: dict[int, _Found] = {}
    for promise in promises:
        verdict = _Found(Verdict.OPEN)
        if view := returns.get(promise.number):
            news = f"{view.kind.label}申请 {view.number} 审核有结果：{view.state.label}，{next_steps.of_return(view.state, view.kind)}。"
            is_told = promise.what is OrderPromise.REVIEW
            verdict = _Found(order_kept.of_return(promise.what, view.state), news if is_told else "")
        elif visit := visits.get(promise.number):
            verdict = _Found(order_kept.of_visit(visit.state))
        elif invoice := invoices.get(promise.number):
            verdict = _Found(order_kept.of_invoice(invoice.state))
        elif promise.noun == "order":
            order = await care.orders.find_order(promise.number, customer_ref=ref)
            if order is not None:
                verdict = _of_order(promise, order)
        found[promise.id] = verdict
    return found


def _of_order(promise: _Open, order: OrderView) -> _Found:
    later = [event for event in order.events if event.at > promise.made_at]
    verdict = order_kept.of_order(promise.what, order.state, [event.title for event in later])
    if promise.what is OrderPromise.INTERCEPT:
        stopped = order.state in (OrderState.CANCELLED, OrderState.RETURNED)
        told = "已经拦住，款项会原路退回" if stopped else "没有拦住，已经签收；不想要的话可以申请退货"
        return _Found(verdict, f"订单 {order.number} 的拦截有结果：{told}。")
    if promise.what is OrderPromise.HURRY:
        steps = [event for event in later if order_kept.is_news(event.title)]
        newest = f"{steps[-1].title} {steps[-1].detail}".strip() if steps else order.state.label
        return _Found(verdict, f"您催的订单 {order.number} 有新进展：{newest}。")
    return _Found(verdict)


async def _settle_one(care: Care, promise: _Open, found: _Found) -> bool:
    """An answer that was promised and cannot be given is not kept, whatever happened meanwhile."""
    now = care.clock.now()
    has_news = found.verdict is Verdict.KEPT and bool(found.news)
    told: Conversation | None = None
    async with care.sessions.write() as session:
        # The conversation first, as everybody who writes both does.
        conversation_id = await session.scalar(
            select(Promise.conversation_id).where(Promise.id == promise.id)
        )
        if has_news and conversation_id is not None:
            told = await conversation_rows.locked(session, conversation_id)
        row = await session.get(Promise, promise.id, with_for_update=True, populate_existing=True)
        if row is None or row.kept_at or row.broken_at:
            return False
        if told is not None and (told.owner is Owner.CLOSED or told.customer_id != row.customer_id):
            told = None
        is_late = now > row.due_at + SETTLE_EVERY
        if is_late:
            row.broken_at = row.due_at
        elif found.verdict is Verdict.VOID:
            await session.delete(row)
        elif found.verdict is Verdict.KEPT and (told is not None or not has_news):
            row.kept_at = min(now, row.due_at)
        else:
            return False
        if told is not None:
            transcript.append(session, told, at=now, speaker=Speaker.SYSTEM, text=found.news)
    if told is not None:
        await conversation_rows.announce(care, told)
    return True
