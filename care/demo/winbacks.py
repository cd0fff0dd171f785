"""Demo win-back work in every state, consistent with the consents given and the orders placed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from care.demo.base import Anchor, Row, stream
from care.demo.orders import Orders
from care.demo.people import People
from care.rules.times import shanghai_day
from care.rules.vocabulary import ConsentPurpose, OrderState
from care.rules.winback import (
    WINBACK_FINAL,
    WON_WITHIN,
    ContactBasis,
    WinbackReason,
    WinbackState,
    WinbackTrigger,
    next_step,
    result_of,
)

W = WinbackState
_CASES = 24
_REASONS = (
    WinbackReason.CARE,
    WinbackReason.PRICE,
    WinbackReason.QUALITY,
    WinbackReason.NEED_GONE,
    WinbackReason.OTHER,
)
_SAID = {
    WinbackReason.CARE: "客户说上次问题没人主动跟进",
    WinbackReason.PRICE: "客户说别家更便宜",
    WinbackReason.QUALITY: "客户说买的商品修过两次",
    WinbackReason.NEED_GONE: "客户说家里已经配齐",
    WinbackReason.OTHER: "客户没有细说",
}
_OFFERS = (
    ("专属回访与道歉", None),
    ("老客满减券 ¥50.00", Decimal("50.00")),
    ("免费清洗服务一次", Decimal("80.00")),
)
_WHY = {
    WinbackTrigger.LOW_SCORE: "满意度 2 分(1–5)",
    WinbackTrigger.REPEATED_COMPLAINT: "90 天内投诉 2 次",
    WinbackTrigger.SILENCE: "沉默超过平常间隔的 2 倍",
}
_WAYS: dict[WinbackState, tuple[WinbackState, ...]] = {
    W.OPEN: (),
    W.CONTACTED: (W.CONTACTED,),
    W.ANSWERED: (W.CONTACTED, W.ANSWERED),
    W.OFFERED: (W.CONTACTED, W.ANSWERED, W.OFFERED),
    W.WON: (W.CONTACTED, W.ANSWERED, W.OFFERED, W.WON),
    W.LOST: (W.CONTACTED, W.ANSWERED, W.LOST),
    W.NO_ANSWER: (W.CONTACTED, W.CONTACTED, W.NO_ANSWER),
    W.DROPPED: (W.CONTACTED, W.DROPPED),
}
#: Who is asked for each state in turn; the young ones are under way.
_GOALS = (W.OPEN, W.WON, W.CONTACTED, W.LOST, W.OFFERED, W.NO_ANSWER, W.ANSWERED, W.DROPPED)


@dataclass
class Winbacks:
    """Case rows with the position of their `customer`; steps with that of their `case`."""

    cases: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)


def winbacks(anchor: Anchor, folk: People, bought: Orders) -> Winbacks:
    """24 cases; every state occurs, and nobody was offered anything without the consent to it."""
    rng, made = stream("winbacks"), Winbacks()
    bought_at: dict[int, list[Row]] = {}
    for order in bought.orders:
        if order["state"] not in (OrderState.CREATED, OrderState.CANCELLED, OrderState.RETURNED):
            bought_at.setdefault(order["customer"], []).append(order)
    people = rng.sample(range(20, len(folk.customers)), len(folk.customers) - 20)
    for number in range(_CASES):
        goal = _GOALS[number % len(_GOALS)]
        customer, opened_at, won_by = _somebody(rng, anchor, folk, bought_at, people, goal)
        people.remove(customer)
        _case(rng, anchor, folk, made, customer, opened_at, goal, won_by)
    return made


def _somebody(
    rng: random.Random,
    anchor: Anchor,
    folk: People,
    bought_at: dict[int, list[Row]],
    people: list[int],
    goal: WinbackState,
) -> tuple[int, datetime, Row | None]:
    """Somebody the goal fits: who was won has an order soon after, who was not has none."""
    for customer in people:
        last = max(bought_at.get(customer, ()), key=lambda row: row["placed_at"], default=None)
        if last is None:
            continue
        if goal is W.WON:
            opened_at = last["placed_at"] - timedelta(days=rng.randint(15, 40))
            if opened_at > anchor.at(150) and _has_consent(folk, customer, opened_at):
                return customer, opened_at, last
            continue
        young = goal not in WINBACK_FINAL
        opened_at = anchor.at(rng.uniform(9, 13) if young else rng.uniform(40, 80))
        if last["placed_at"] < opened_at and (
            goal is not W.OFFERED or _has_consent(folk, customer, opened_at)
        ):
            return customer, opened_at, None
    raise ValueError(f"no demo customer for {goal}")


def _case(
    rng: random.Random,
    anchor: Anchor,
    folk: People,
    made: Winbacks,
    customer: int,
    opened_at: datetime,
    goal: WinbackState,
    order: Row | None,
) -> None:
    consent = _has_consent(folk, customer, opened_at)
    order_number = None if order is None else str(order["number"])
    trigger = rng.choice(list(WinbackTrigger) if consent else list(WinbackTrigger)[:2])
    basis = ContactBasis.MARKETING if trigger is WinbackTrigger.SILENCE else ContactBasis.SERVICE
    reason = rng.choices(_REASONS, weights=(40, 20, 20, 12, 8))[0]
    owner = rng.choice(("agent1", "agent2", "lead1"))
    offer, amount = rng.choice(_OFFERS)
    position, at, state, contacts, last_contact = len(made.cases), opened_at, W.OPEN, 0, None
    made.steps.append(_step(position, "opened", None, W.OPEN, "system", _WHY[trigger], at))
    for to in _WAYS[goal]:
        at += (
            timedelta(days=3, hours=rng.uniform(0, 5))
            if to is W.CONTACTED and contacts
            else timedelta(days=rng.uniform(0.5, 2))
        )
        if to is W.WON:
            assert order is not None
            at = order["placed_at"] + timedelta(minutes=10)
        if to is W.CONTACTED:
            contacts, last_contact = contacts + 1, at
        note = {
            W.CONTACTED: "电话联系",
            W.ANSWERED: _SAID[reason],
            W.OFFERED: offer,
            W.LOST: _SAID[reason],
            W.WON: f"客户再次下单 {order_number}",
            W.NO_ANSWER: "两次联系均无答复",
            W.DROPPED: "客户请我们不要再联系",
        }[to]
        kind = "contact" if to is W.CONTACTED else "state"
        made.steps.append(_step(position, kind, state, to, "system" if to is W.WON else owner, note, at))
        state = to
    step = next_step(goal, at)
    result = result_of(goal, contacts=contacts)
    is_final = goal in WINBACK_FINAL
    reached = _WAYS[goal]
    made.cases.append(
        {
            "customer": customer,
            "open_key": None,
            "trigger": trigger.value,
            "trigger_why": _WHY[trigger],
            "basis": basis,
            "state": goal,
            "reason": reason.value if {W.ANSWERED, W.LOST} & set(reached) else None,
            "owner_id": owner,
            "offer": offer if W.OFFERED in reached else None,
            "offer_amount": amount if W.OFFERED in reached else None,
            "has_consent": consent,
            "opened_on": shanghai_day(opened_at),
            "opened_at": opened_at,
            "contacts": contacts,
            "last_contact_at": last_contact,
            "next_step": None if step is None else step[0],
            "next_due_at": None if step is None else step[1],
            "result": None if result is None else result.value,
            "won_order_number": order_number,
            "closed_at": at if is_final else None,
        }
    )
    assert order_number is None or at - opened_at <= WON_WITHIN
    assert at <= anchor.now


def _step(
    case: int, kind: str, before: WinbackState | None, to: WinbackState, actor: str, note: str, at: datetime
) -> Row:
    return {
        "case": case,
        "kind": kind,
        "from_state": None if before is None else before.value,
        "to_state": to.value,
        "actor": actor,
        "note": note,
        "at": at,
    }


def _has_consent(folk: People, customer: int, at: datetime) -> bool:
    return any(
        row["customer"] == customer
        and row["purpose"] is ConsentPurpose.MARKETING
        and row["given_at"] <= at
        and row["withdrawn_at"] is None
        for row in folk.consents
    )
