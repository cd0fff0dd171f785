"""Returns, exchanges and refunds: explained, taken down, followed, taken back. Never refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from care.ports import OrderLineView, OrderView, ReturnView, ReturnWish
from care.rules.errors import NotFound
from care.rules.legal_clocks import LegalKind
from care.rules.order_due import return_promise
from care.rules.order_terms import ReturnKind, ReturnState
from care.rules.return_advice import Advice, Explanation, Payer, advise
from care.rules.returns import Decision, Entitlement, Purchase
from care.rules.times import shanghai_day
from care.services import interactions, legal_clocks
from care.services.context import Care
from care.services.order_acts import Promised, actor_of, key_of, note_done
from care.services.order_changes import own_order


@dataclass(frozen=True)
class ReturnAdvice:
    """What the rules say of one line, fit to be told. `wish` makes it an application."""

    order_number: str
    line: OrderLineView
    kind: ReturnKind
    decision: Decision
    words: tuple[Explanation, ...]
    choices: tuple[Entitlement, ...]
    pays_transport: Payer | None

    @property
    def until(self) -> date | None:
        """The last day for it, Asia/Shanghai; None while the goods are on their way."""
        return self.decision.until

    def wish(self, *, reason: str, quantity: int = 1, exchange_for: str | None = None) -> ReturnWish:
        """What is applied for; what the rules do not allow goes to a person of the shop."""
        return ReturnWish(
            order_number=self.order_number,
            sku=self.line.sku,
            quantity=quantity,
            kind=self.kind,
            reason=reason,
            is_allowed=self.decision.is_allowed,
            ground=self.decision.ground.value,
            exchange_for=exchange_for,
        )


@dataclass(frozen=True)
class Applied:
    """`promise_due_at`: by when a person answers, the courier comes for the goods, or the money is sent."""

    view: ReturnView
    promised: Promised

    @property
    def promise_due_at(self) -> datetime:
        return self.promised.due_at


async def decide(
    care: Care,
    conversation_id: int,
    number: str,
    sku: str,
    *,
    kind: ReturnKind,
    is_quality: bool = False,
    is_opened: bool = False,
    is_activated: bool = False,
    is_intact: bool = True,
    failed_repairs: int = 0,
    longest_repair_days: int = 0,
) -> ReturnAdvice:
    """The decision and its reasons for one line of the customer's own order, today in Shanghai.

    Kind of goods and the confirmation at purchase come from the order; the rest is what the customer says.

    Raises:
        NotVerified: nobody is verified.
        NotFound: no such order of this customer, or no such article in it.
        Unavailable: the order system cannot be asked now.
    """
    actor = await actor_of(care, conversation_id)
    order = await own_order(care, actor, number)
    line = _line(order, sku)
    purchase = Purchase(
        kind=line.goods_kind,
        received_on=None if order.delivered_at is None else shanghai_day(order.delivered_at),
        is_opened=is_opened,
        is_activated=is_activated,
        is_intact=is_intact,
        exclusion_confirmed=line.exclusion_confirmed,
    )
    advice: Advice = advise(
        kind,
        purchase,
        shanghai_day(care.clock.now()),
        is_quality=is_quality,
        failed_repairs=failed_repairs,
        longest_repair_days=longest_repair_days,
    )
    await interactions.note_data(care, conversation_id, read=(f"order:{order.number}",))
    return ReturnAdvice(
        order_number=order.number,
        line=line,
        kind=kind,
        decision=advice.decision,
        words=advice.words,
        choices=advice.choices,
        pays_transport=advice.pays_transport,
    )


async def apply(care: Care, conversation_id: int, wish: ReturnWish, *, source_message_id: int) -> Applied:
    """Takes a return down; the same message again is answered with the same number.

    Raises:
        NotVerified: nobody is verified, or `StepUpNeeded` for another order than the proven one.
        NotFound: no such order of this customer, or no such article in it.
        Refused: not sent yet (cancel instead), applied for already, or given back already.
        InvalidInput: more pieces than there are.
        Unavailable: the order system did not answer.
    """
    actor = await actor_of(care, conversation_id)
    actor.check_may_write(wish.order_number)
    view = await care.orders.apply_return(
        wish,
        customer_ref=actor.ref,
        key=key_of("apply_return", actor, source_message_id, f"{wish.order_number}:{wish.sku}"),
    )
    what, due_at = return_promise(
        view.kind,
        care.clock.now(),
        is_allowed=view.state is not ReturnState.UNDER_REVIEW,
        is_workday=care.calendar.is_workday,
    )
    first_due_at = await note_done(
        care,
        actor,
        source_message_id=source_message_id,
        written=f"return:{view.number}",
        promised=Promised(what, due_at),
    )
    if view.kind is ReturnKind.RETURN:
        # The law's seven days begin when the goods are back.
        await legal_clocks.begin(
            care,
            LegalKind.REFUND,
            subject=f"return:{view.number}",
            customer_id=actor.customer_id,
            starts_at=None,
        )
    return Applied(view, Promised(what, first_due_at or due_at))


async def cancel(care: Care, conversation_id: int, number: str, *, source_message_id: int) -> ReturnView:
    """Takes an application back while nothing was sent or refunded.

    Raises:
        NotVerified, Unavailable: as `apply`.
        NotFound: no such application of this customer.
        Refused: the goods are on their way back already.
    """
    actor = await actor_of(care, conversation_id)
    if not actor.is_strong:
        actor.check_may_write(await _order_of(care, actor.ref, number))
    view = await care.orders.cancel_return(
        number, customer_ref=actor.ref, key=key_of("cancel_return", actor, source_message_id, number)
    )
    await note_done(
        care, actor, source_message_id=source_message_id, written=f"return:{view.number}", ends_earlier=True
    )
    return view


async def mine(care: Care, conversation_id: int, *, limit: int = 10) -> list[ReturnView]:
    """The customer's returns, newest first. Raises `NotVerified`, `Unavailable`."""
    actor = await actor_of(care, conversation_id)
    views = list(await care.orders.returns(actor.ref, limit=limit))
    await interactions.note_data(care, conversation_id, read=("return",))
    return views


async def _order_of(care: Care, customer_ref: str, number: str) -> str:
    for view in await care.orders.returns(customer_ref, limit=50):
        if view.number == number:
            return view.order_number
    raise NotFound("没有找到这个退换申请。")


def _line(order: OrderView, sku: str) -> OrderLineView:
    for line in order.lines:
        if line.sku == sku:
            return line
    raise NotFound("这个订单里没有这件商品。")
