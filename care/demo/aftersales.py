"""What demo customers asked for after buying: returns, visits and invoices in every state, and their points."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from care.demo.base import Anchor, Row, stream
from care.demo.catalogue import LARGE
from care.demo.orders import Orders
from care.demo.people import People
from care.rules.numbers import NumberKind, case_number
from care.rules.order_terms import (
    DaySlot,
    InvoiceKind,
    InvoiceState,
    ReturnKind,
    ReturnState,
    VisitKind,
    VisitState,
)
from care.rules.returns import GoodsKind, Ground
from care.rules.tax_number import check_character
from care.rules.times import shanghai_day
from care.rules.vocabulary import CustomerType, OrderState

#: Demo numbers start here and never touch the real counters.
FIRST_SERIAL = 9001
_LEVELS = ((20000, "黑金会员"), (8000, "金卡会员"), (2000, "银卡会员"), (0, "普通会员"))
_UNDER_WAY = (
    ReturnState.APPLIED,
    ReturnState.APPROVED,
    ReturnState.SENT_BACK,
    ReturnState.RECEIVED,
    ReturnState.CANCELLED,
)
_REASONS = (
    "不喜欢、不想要了",
    "尺寸放不下",
    "和描述不太一样",
    "买重复了",
    "声音比想的大",
    "颜色和图片有差别",
)
_FAULTS = ("不制冷", "漏水", "噪声很大", "开不了机", "显示屏不亮", "按键没反应", "用一会儿自动停")
_TITLES = ("个人", "{name}")


@dataclass
class Aftersales:
    """Rows with positions in place of ids: `order`, `line`, `customer`; `replaces` is a position in `invoices`."""

    returns: list[Row] = field(default_factory=list)
    visits: list[Row] = field(default_factory=list)
    invoices: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    points: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)


def aftersales(anchor: Anchor, folk: People, bought: Orders, products: list[Row]) -> Aftersales:
    """Always the same for the same orders; marks in `bought.lines` who confirmed an exclusion at purchase."""
    made, rng = Aftersales(), stream("aftersales")
    lines: dict[int, list[int]] = {}
    for position, line in enumerate(bought.lines):
        lines.setdefault(line["order"], []).append(position)
        kind = products[line["product"]]["goods_kind"]
        line["exclusion_confirmed"] = kind is not GoodsKind.ORDINARY and rng.random() < 0.7
    for position, order in enumerate(bought.orders):
        of_order = lines[position]
        if position < 4:  # 李想's: laid down by hand below
            continue
        _maybe_return(made, rng, anchor, bought, position, order, rng.choice(of_order))
        _maybe_visit(made, rng, anchor, bought, products, position, order, rng.choice(of_order))
        _maybe_invoice(made, rng, anchor, folk, position, order)
    _li_xiang(made, anchor, folk, bought, lines)
    _correct_one(made, anchor)
    _points(made, rng, anchor, folk, bought)
    _number(made.returns, "applied_at", NumberKind.RETURN)
    for visit_kind, number_kind in (
        (VisitKind.REPAIR, NumberKind.REPAIR),
        (VisitKind.INSTALLATION, NumberKind.INSTALLATION),
    ):
        _number([v for v in made.visits if v["kind"] is visit_kind], "booked_at", number_kind)
    _number(made.invoices, "requested_at", NumberKind.INVOICE)
    return made


def _maybe_return(
    made: Aftersales, rng: random.Random, anchor: Anchor, bought: Orders, order: int, row: Row, line: int
) -> None:
    roll, state, delivered = rng.random(), row["state"], row["delivered_at"]
    kind = rng.choices(list(ReturnKind), weights=(6, 3, 1))[0]
    share = {OrderState.RETURNED: 1.0, OrderState.DELIVERED: 0.25}.get(state, 0.06)
    if delivered is None or roll > share:
        return
    if state is OrderState.RETURNED:
        kind, goal, after = ReturnKind.RETURN, ReturnState.REFUNDED, 2.0
    elif state is OrderState.DELIVERED:
        goal = _UNDER_WAY[len(made.returns) % len(_UNDER_WAY)]  # in turn, so that each is there
        after = rng.uniform(0.1, 2.0)
    else:
        goal = rng.choice((ReturnState.REFUNDED, ReturnState.EXCHANGED, ReturnState.UNDER_REVIEW))
        after = rng.uniform(8, 20) if goal is ReturnState.UNDER_REVIEW else rng.uniform(0.5, 6)
    if goal is ReturnState.EXCHANGED:
        kind = ReturnKind.EXCHANGE
    elif goal is ReturnState.REFUNDED and kind is ReturnKind.EXCHANGE:
        kind = ReturnKind.RETURN
    applied = min(delivered + timedelta(days=after), anchor.now - timedelta(hours=1))
    ground = Ground.TOO_LATE if goal is ReturnState.UNDER_REVIEW else Ground.NO_REASON
    _return(made, bought, order, line, kind, goal, applied, rng.choice(_REASONS), ground)


def _return(
    made: Aftersales,
    bought: Orders,
    order: int,
    line: int,
    kind: ReturnKind,
    state: ReturnState,
    applied: datetime,
    reason: str,
    ground: Ground,
) -> None:
    price: Decimal = bought.lines[line]["unit_price"]
    is_back = state is ReturnState.RECEIVED
    made.returns.append(
        {
            "order": order,
            "line": line,
            "quantity": 1,
            "kind": kind,
            "reason": reason,
            "ground": ground.value,
            "exchange_for": None,
            "state": state,
            "amount": Decimal(0) if kind is ReturnKind.EXCHANGE else price,
            "applied_at": applied,
            "refund_due_at": applied + timedelta(days=9) if is_back else None,
        }
    )
    if bought.orders[order]["state"] is not OrderState.RETURNED:  # its timeline tells it already
        made.events.append(
            {"order": order, "at": applied, "title": f"申请{kind.label}", "detail": state.label}
        )


def _maybe_visit(
    made: Aftersales,
    rng: random.Random,
    anchor: Anchor,
    bought: Orders,
    products: list[Row],
    order: int,
    row: Row,
    line: int,
) -> None:
    roll, delivered = rng.random(), row["delivered_at"]
    is_large = products[bought.lines[line]["product"]]["category"] in LARGE
    if delivered is None or row["state"] is OrderState.RETURNED:
        return
    slot = rng.choice(list(DaySlot))
    if is_large and roll < 0.55:
        on = shanghai_day(delivered) + timedelta(days=rng.randint(1, 4))
        is_over = on < anchor.today
        on = on if is_over else anchor.today + timedelta(days=rng.randint(1, 5))
        state = VisitState.DONE if is_over else VisitState.BOOKED
        booked = delivered + timedelta(hours=rng.uniform(1, 8))
        _visit(made, anchor, order, line, VisitKind.INSTALLATION, on, slot, "", state, booked)
    elif roll > 0.97 and row["state"] is OrderState.COMPLETED:
        state = rng.choices(list(VisitState), weights=(3, 4, 2, 1))[0]
        on = anchor.today + timedelta(
            days=rng.randint(1, 6) if state is VisitState.BOOKED else -rng.randint(1, 6)
        )
        booked = anchor.at(rng.uniform(7, 9))
        booked = max(booked, delivered + timedelta(hours=2))
        fault = rng.choice(_FAULTS)
        _visit(made, anchor, order, line, VisitKind.REPAIR, on, slot, fault, state, booked)


def _visit(
    made: Aftersales,
    anchor: Anchor,
    order: int,
    line: int,
    kind: VisitKind,
    on: date,
    slot: DaySlot,
    fault: str,
    state: VisitState,
    booked: datetime,
) -> None:
    made.visits.append(
        {
            "order": order,
            "line": line,
            "kind": kind,
            "visit_on": on,
            "slot": slot,
            "fault": fault,
            "state": state,
            "booked_at": min(booked, anchor.now - timedelta(hours=1)),
        }
    )


def _maybe_invoice(
    made: Aftersales, rng: random.Random, anchor: Anchor, folk: People, order: int, row: Row
) -> None:
    customer = folk.customers[row["customer"]]
    is_company = customer["type"] is not CustomerType.CONSUMER
    roll, special, title = rng.random(), rng.random(), rng.choice(_TITLES)
    if roll > (0.8 if is_company else 0.12) or row["state"] not in (
        OrderState.PAID,
        OrderState.SHIPPED,
        OrderState.DELIVERED,
        OrderState.COMPLETED,
    ):
        return
    kind = InvoiceKind.PERSONAL
    if is_company:
        kind = InvoiceKind.SPECIAL if special < 0.3 else InvoiceKind.COMPANY
    asked = row["placed_at"] + timedelta(minutes=10)
    _invoice(
        made,
        order,
        row,
        kind,
        str(customer["name"]) if is_company else title.format(name=customer["name"]),
        _tax_number(row["customer"]) if is_company else None,
        f"user{row['customer']:04d}@example.com",
        InvoiceState.REQUESTED if row["delivered_at"] is None else InvoiceState.ISSUED,
        min(asked, anchor.now - timedelta(hours=1)),
    )


def _invoice(
    made: Aftersales,
    order: int,
    row: Row,
    kind: InvoiceKind,
    title: str,
    tax_number: str | None,
    email: str,
    state: InvoiceState,
    requested: datetime,
) -> None:
    made.invoices.append(
        {
            "order": order,
            "kind": kind,
            "title": title,
            "tax_number": tax_number,
            "email": email,
            "amount": row["amount"],
            "state": state,
            "requested_at": requested,
            "replaces": None,
        }
    )


def _tax_number(customer: int) -> str:
    """A number that checks and, with a district code of no place, belongs to nobody."""
    first_17 = f"91000000MADEM{customer:04d}".replace("O", "0")
    return first_17 + check_character(first_17)


def _li_xiang(
    made: Aftersales, anchor: Anchor, folk: People, bought: Orders, lines: dict[int, list[int]]
) -> None:
    """A kettle exchanged a month ago, a rice cooker repaired, an invoice issued; his newest orders are untouched."""
    bought.lines[lines[0][0]]["exclusion_confirmed"] = True
    _return(
        made, bought, 2, lines[2][1], ReturnKind.EXCHANGE, ReturnState.EXCHANGED, anchor.at(38, time(9, 20)),
        "壶盖合不严", Ground.QUALITY,
    )  # fmt: skip
    repaired_on = anchor.today - timedelta(days=55)
    _visit(
        made, anchor, 3, lines[3][0], VisitKind.REPAIR, repaired_on, DaySlot.AFTERNOON,
        "按键没反应", VisitState.DONE, anchor.at(58, time(20, 5)),
    )  # fmt: skip
    _invoice(
        made, 3, bought.orders[3], InvoiceKind.PERSONAL, "李想", None, "user0000@example.com",
        InvoiceState.ISSUED, anchor.at(157, time(16, 0)),
    )  # fmt: skip


def _correct_one(made: Aftersales, anchor: Anchor) -> None:
    """The newest issued company invoice is being issued again with another title."""
    company = [
        n
        for n, row in enumerate(made.invoices)
        if row["kind"] is InvoiceKind.COMPANY and row["state"] is InvoiceState.ISSUED
    ]
    newest = max(company, key=lambda n: made.invoices[n]["requested_at"])
    old = made.invoices[newest]
    old["state"] = InvoiceState.VOID
    made.invoices.append(
        {
            **old,
            "title": f"{old['title']}第一分公司",
            "state": InvoiceState.CORRECTING,
            "requested_at": anchor.at(1, time(15, 30)),
            "replaces": newest,
        }
    )


def _points(made: Aftersales, rng: random.Random, anchor: Anchor, folk: People, bought: Orders) -> None:
    """One point a yuan, seven days after receipt, until the end of the next year; some of them spent."""
    by_customer: dict[int, list[Row]] = {}
    for row in bought.orders:
        by_customer.setdefault(row["customer"], []).append(row)
    for customer, row in enumerate(folk.customers):
        if row["type"] is not CustomerType.CONSUMER:
            continue
        account, total = len(made.accounts), 0
        welcome = row["created_at"]
        _point(made, account, 100, "注册礼", welcome)
        for order in by_customer.get(customer, ()):
            arrived = order["delivered_at"]
            if arrived is None or order["state"] is OrderState.RETURNED:
                continue
            won_at = arrived + timedelta(days=7)
            if won_at <= anchor.now:
                _point(made, account, int(order["amount"]), f"订单 {order['number']}", won_at)
                total += int(order["amount"])
        if total > 500 and rng.random() < 0.3:
            _point(made, account, -rng.randint(1, 4) * 100, "下单抵扣", anchor.at(rng.uniform(0.5, 20)))
        level = next(name for least, name in _LEVELS if total >= least)
        made.accounts.append({"customer": customer, "level": level})


def _point(made: Aftersales, account: int, points: int, reason: str, at: datetime) -> None:
    made.points.append(
        {
            "account": account,
            "points": points,
            "reason": reason,
            "at": at,
            "expires_on": date(shanghai_day(at).year + 1, 12, 31) if points > 0 else None,
        }
    )


def _number(rows: list[Row], moment: str, kind: NumberKind) -> None:
    """Numbers by the Shanghai day, in the order of the moments."""
    serials: dict[date, int] = {}
    for row in sorted(rows, key=lambda row: row[moment]):
        day = shanghai_day(row[moment])
        serials[day] = serials.get(day, FIRST_SERIAL - 1) + 1
        row["number"] = case_number(day, serials[day], kind)
