"""What `/api/desk/improve/winbacks…` takes and gives. Money is yuan as text; names are masked by role."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from bot.web.improve_schemas import Choice
from care.rules.field_access import seen
from care.rules.times import format_amount
from care.rules.vocabulary import Role
from care.rules.winback import WinbackReason, WinbackState
from care.services.winbacks import WinbackMove, WinbackView

_INT32 = 2**31 - 1
_Text = Annotated[str, Meta(max_length=500)]


class WinbackQuery(Struct, frozen=True):
    """`after`: the `next` of the page before."""

    state: WinbackState | None = None
    open: bool | None = None
    owner: Annotated[str, Meta(max_length=40)] | None = None
    after: Annotated[int, Meta(ge=1, le=_INT32)] | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class WinbackAssign(Struct, frozen=True):
    owner: Annotated[str, Meta(min_length=1, max_length=40)]


class WinbackMoveWish(Struct, frozen=True):
    """`state` is the state that the person saw. `amount`: yuan, the worth of the offer."""

    to: WinbackState
    state: WinbackState
    reason: WinbackReason | None = None
    offer: Annotated[str, Meta(max_length=200)] = ""
    amount: Decimal | None = None
    note: _Text = ""


class WinbackStepLine(Struct, frozen=True):
    kind: str
    from_label: str | None
    to_label: str | None
    actor: str
    note: str | None
    at: datetime


class Winback(Struct, frozen=True):
    """`next_states` are what a person may do; won is told by an order alone. `steps` is empty in a list."""

    id: int
    customer: str
    customer_name: str | None
    tier_label: str
    stage_label: str
    lifetime_value: str | None
    trigger: str
    trigger_label: str
    trigger_why: str | None
    basis: str
    basis_label: str
    state: WinbackState
    state_label: str
    next_states: list[Choice]
    reason: WinbackReason | None
    reason_label: str | None
    owner: str | None
    owner_name: str | None
    offer: str | None
    offer_amount: str | None
    offer_limit: str | None
    may_contact: bool
    may_offer: bool
    contacts: int
    last_contact_at: datetime | None
    next_step: str | None
    next_due_at: datetime | None
    is_overdue: bool
    opened_at: datetime
    result: str | None
    result_label: str | None
    won_order: str | None
    closed_at: datetime | None
    steps: list[WinbackStepLine]


class WinbackPage(Struct, frozen=True):
    """`next` is None on the last page."""

    items: list[Winback]
    next: int | None


def winback_move(wish: WinbackMoveWish) -> WinbackMove:
    return WinbackMove(reason=wish.reason, offer=wish.offer, amount=wish.amount, note=wish.note)


def winback(view: WinbackView, role: Role) -> Winback:
    return Winback(
        id=view.id,
        customer=view.customer,
        customer_name=seen("customer.name", role, view.customer_name),
        tier_label=view.tier.label,
        stage_label=view.stage.label,
        lifetime_value=_yuan(view.clv),
        trigger=view.trigger.value,
        trigger_label=view.trigger.label,
        trigger_why=view.trigger_why,
        basis=view.basis.value,
        basis_label=view.basis.label,
        state=view.state,
        state_label=view.state.label,
        next_states=[Choice(one.value, one.label) for one in view.next_states],
        reason=view.reason,
        reason_label=None if view.reason is None else view.reason.label,
        owner=view.owner,
        owner_name=view.owner_name,
        offer=view.offer,
        offer_amount=_yuan(view.offer_amount),
        offer_limit=_yuan(view.offer_limit),
        may_contact=view.may_contact,
        may_offer=view.may_offer,
        contacts=view.contacts,
        last_contact_at=view.last_contact_at,
        next_step=view.next_step,
        next_due_at=view.next_due_at,
        is_overdue=view.is_overdue,
        opened_at=view.opened_at,
        result=None if view.result is None else view.result.value,
        result_label=None if view.result is None else view.result.label,
        won_order=view.won_order_number,
        closed_at=view.closed_at,
        steps=[
            WinbackStepLine(
                one.kind,
                None if one.from_state is None else one.from_state.label,
                None if one.to_state is None else one.to_state.label,
                one.actor,
                one.note,
                one.at,
            )
            for one in view.steps
        ],
    )


def _yuan(amount: Decimal | None) -> str | None:
    return None if amount is None else format_amount(amount)
