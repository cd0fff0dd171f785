"""1,500 demo orders with lines, shipments and timelines; those of 李想 are laid down by hand."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal

from care.demo.base import Anchor, Row, shop_hour, stream
from care.demo.catalogue import LARGE, WEIGHTS
from care.demo.people import People
from care.rules.vocabulary import OrderState

ORDERS = 1500
DAYS = 180
_HUBS = ("杭州", "上海", "武汉", "郑州", "广州", "成都", "沈阳", "西安")


@dataclass
class Orders:
    """Rows with positions in place of ids: `customer`, `order`, `product`."""

    orders: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    shipments: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)


def orders(anchor: Anchor, folk: People, products: list[Row]) -> Orders:
    """Order 0–3 are 李想's; the rest spread over 180 days, companies buying more and more often."""
    rng = stream("orders")
    made = Orders()
    models = {row["model"]: position for position, row in enumerate(products)}
    _li_xiang(made, rng, anchor, folk, products, models)
    count = len(folk.customers)
    weights = [0.0, *(6.0 if row["tier_reason"] else rng.paretovariate(1.4) for row in folk.customers[1:])]
    buyers = rng.choices(range(count), weights=[min(w, 12.0) for w in weights], k=ORDERS - len(made.orders))
    product_weights = [WEIGHTS[str(row["category"])] for row in products]
    for customer in buyers:
        age = max(0.0, (anchor.now - folk.customers[customer]["created_at"]) / timedelta(days=1))
        days_ago = int(min(age, rng.uniform(0, DAYS))) + 1
        chosen = rng.choices(range(len(products)), weights=product_weights, k=rng.choice((1, 1, 1, 2, 3)))
        many = rng.randint(2, 20) if folk.customers[customer]["tier_reason"] else 1
        basket = [(product, many if rng.random() < 0.5 else 1) for product in dict.fromkeys(chosen)]
        _order(made, rng, anchor, folk, products, customer, anchor.at(days_ago, shop_hour(rng)), basket)
    return made


def _li_xiang(
    made: Orders,
    rng: random.Random,
    anchor: Anchor,
    folk: People,
    products: list[Row],
    models: dict[str, int],
) -> None:
    """One on the way, one delivered 5 days ago, one delivered 40 days ago, and an old completed one."""
    plan = (
        ("XH-12P", 2, OrderState.SHIPPED, None),
        ("JL-100H", 8, OrderState.DELIVERED, 5),
        ("TF-B3", 43, OrderState.COMPLETED, 40),
        ("MD-F40", 160, OrderState.COMPLETED, 157),
    )
    for model, days_ago, state, delivered_ago in plan:
        placed = anchor.at(days_ago, time(10, 24, 31))
        delivered = None if delivered_ago is None else anchor.at(delivered_ago, time(15, 42, 8))
        basket = [(models[model], 1)]
        if model == "TF-B3":
            basket.append((models["MD-K15"], 1))
        _order(made, rng, anchor, folk, products, 0, placed, basket, state=state, delivered=delivered)


def _order(
    made: Orders,
    rng: random.Random,
    anchor: Anchor,
    folk: People,
    products: list[Row],
    customer: int,
    placed: datetime,
    basket: list[tuple[int, int]],
    *,
    state: OrderState | None = None,
    delivered: datetime | None = None,
) -> None:
    position = len(made.orders)
    large = any(products[product]["category"] in LARGE for product, _ in basket)
    shipped = placed + timedelta(hours=rng.uniform(4, 26))
    expected = shipped + timedelta(days=4 if large else 2, hours=rng.uniform(2, 12))
    is_late = rng.random() < 0.11
    arrives = delivered or expected + timedelta(
        days=rng.uniform(0.4, 4) if is_late else -rng.uniform(0.1, 1.4)
    )
    state = state or _state(rng, anchor, placed, shipped, arrives)
    delivered = (
        arrives if state in (OrderState.DELIVERED, OrderState.COMPLETED, OrderState.RETURNED) else None
    )
    amount = sum((products[product]["price"] * many for product, many in basket), Decimal(0))
    receiver = folk.customers[customer]
    made.orders.append(
        {
            "number": f"881{position * 66667 % 100_000_000:08d}" if position else "88120261121",
            "customer": customer,
            "state": state,
            "amount": amount,
            "placed_at": placed,
            "promised_at": expected if state is not OrderState.CREATED else None,
            "delivered_at": delivered,
            "receiver_name": str(receiver["name"])[:20],
            "receiver_phone": receiver["phone"],
            "receiver_address": folk.addresses[customer],
            "is_demo": True,
        }
    )
    for product, many in basket:
        made.lines.append(
            {
                "order": position,
                "product": product,
                "quantity": many,
                "unit_price": products[product]["price"],
            }
        )
    timeline: list[tuple[datetime, str, str]] = [(placed, "订单已提交", "")]
    paid = placed + timedelta(minutes=rng.uniform(0.5, 20))
    if state is OrderState.CANCELLED:
        timeline.append(
            (paid + timedelta(minutes=40), "订单已取消", "退款原路返回" if rng.random() < 0.6 else "未付款")
        )
    elif state is not OrderState.CREATED:
        timeline.append((paid, "付款成功", ""))
    if state in (OrderState.SHIPPED, OrderState.DELIVERED, OrderState.COMPLETED, OrderState.RETURNED):
        carrier = "京东物流" if large else rng.choice(("顺丰速运", "京东快递", "京东快递", "中通快递"))
        made.shipments.append(
            {
                "order": position,
                "carrier": carrier,
                "tracking_number": _tracking(rng, carrier),
                "shipped_at": shipped,
                "expected_at": expected,
            }
        )
        hub, there = rng.choice(_HUBS), folk.addresses[customer][:6]
        timeline.append((shipped, "商品已出库", f"{carrier} 已揽收"))
        timeline.append((shipped + (arrives - shipped) * 0.35, "运输中", f"已到达{hub}分拨中心"))
        if state is not OrderState.SHIPPED:
            timeline.append((arrives - timedelta(hours=5), "派送中", f"{there}快递员正在派送"))
            timeline.append((arrives, "已签收", "本人签收" if rng.random() < 0.7 else "由门卫代收"))
    if state is OrderState.RETURNED and delivered:
        timeline.append((delivered + timedelta(days=2), "申请退货", "七天无理由"))
        timeline.append((delivered + timedelta(days=5), "退款完成", "原路退回"))
    made.events += [
        {"order": position, "at": min(at, anchor.now), "title": title, "detail": detail}
        for at, title, detail in timeline
    ]


def _state(
    rng: random.Random, anchor: Anchor, placed: datetime, shipped: datetime, arrives: datetime
) -> OrderState:
    roll = rng.random()
    if roll < 0.05:
        return OrderState.CANCELLED
    if shipped > anchor.now:
        return OrderState.CREATED if roll > 0.9 else OrderState.PAID
    if arrives > anchor.now:
        return OrderState.SHIPPED
    if roll < 0.09 and arrives < anchor.now - timedelta(days=7):
        return OrderState.RETURNED
    return OrderState.COMPLETED if arrives < anchor.now - timedelta(days=7) else OrderState.DELIVERED


def _tracking(rng: random.Random, carrier: str) -> str:
    prefix = {"顺丰速运": "SF", "京东快递": "JD", "京东物流": "JDVA", "中通快递": "7"}[carrier]
    return f"{prefix}{rng.randint(10**11, 10**12 - 1)}"
