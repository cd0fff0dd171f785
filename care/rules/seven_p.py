"""The seven views of a customer: names from the source documents (天柏 7P), measures our own (care.md §2.10).

Pure functions over facts. Each figure says how it was computed and from which rows, so that anybody can follow
it; a figure that cannot be told is `None`, with the reason in `how`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from care.rules.clv import (
    TERMS,
    Purchase,
    ValueTerms,
    YearlyMargin,
    lifetime_value,
    retention_of,
    yearly_margin,
)
from care.rules.labelled import Labelled
from care.rules.lifecycle import Stage, median_gap, next_due, stage_of
from care.rules.tiers import Rfm, is_silent
from care.rules.times import SHANGHAI, shanghai_day
from care.rules.vocabulary import CustomerType, Tier

_ROWS = 12  # shown beside a figure; the count is in the words
_YEAR = timedelta(days=365)


class Tab(Labelled):
    PROFILING = "profiling", "客户概况"
    PERSISTENCY = "persistency", "客户忠诚度"
    PROFITABILITY = "profitability", "客户利润"
    PERFORMANCE = "performance", "客户性能"
    PROSPECTING = "prospecting", "客户未来"
    PRODUCT = "product", "客户产品"
    PROMOTION = "promotion", "客户促销"


@dataclass(frozen=True)
class OrderFact:
    """`stands`: paid for and neither cancelled nor returned. `lines` are (category, amount)."""

    number: str
    placed_at: datetime
    amount: Decimal
    stands: bool
    is_returned: bool = False
    is_open: bool = False
    promised_at: datetime | None = None
    delivered_at: datetime | None = None
    lines: tuple[tuple[str, Decimal], ...] = ()

    @property
    def day(self) -> date:
        return shanghai_day(self.placed_at)


@dataclass(frozen=True)
class ContactFact:
    started_at: datetime
    by_person: bool


@dataclass(frozen=True)
class ComplaintFact:
    number: str
    received_at: datetime
    category: str  # label
    product_category: str | None
    is_open: bool


@dataclass(frozen=True)
class OfferFact:
    """An offer made to win the customer back. `result`: accepted True, declined or unanswered False, open None."""

    name: str
    opened_on: date
    has_consent: bool
    is_accepted: bool | None


@dataclass(frozen=True)
class Facts:
    """Everything that the seven views are made of. `csat` are answers 1–5; `alive` is P(alive) when it is known."""

    type: CustomerType
    tier: Tier
    segment: str | None
    quality: int | None
    completeness: int | None
    since: datetime
    orders: tuple[OrderFact, ...] = ()
    contacts: tuple[ContactFact, ...] = ()
    complaints: tuple[ComplaintFact, ...] = ()
    csat: tuple[int, ...] = ()
    offers: tuple[OfferFact, ...] = ()
    may_be_offered: bool = False
    alive: float | None = None
    rfm: Rfm | None = None
    shop_rate: float = 0.5


@dataclass(frozen=True)
class Figure:
    """`value` with its `unit` (元, %, 次, 天, 分 or none), in words how it came about, and the rows behind it."""

    name: str
    label: str
    value: Decimal | float | int | str | None
    unit: str
    how: str
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class SevenP:
    """The seven tabs in their order, and where the customer stands."""

    as_of: date
    stage: Stage
    tabs: dict[Tab, tuple[Figure, ...]]


def seven_p(facts: Facts, now: datetime, terms: ValueTerms = TERMS) -> SevenP:
    """All tabs at `now` (aware). Days are Asia/Shanghai's; a year is the last 365 days."""
    today = shanghai_day(now)
    stage = stage_of([order.day for order in facts.orders if order.stands], today, alive=facts.alive)
    return SevenP(
        today,
        stage,
        {
            Tab.PROFILING: profiling(facts, stage),
            Tab.PERSISTENCY: persistency(facts, now),
            Tab.PROFITABILITY: profitability(facts, today, terms),
            Tab.PERFORMANCE: performance(facts, now),
            Tab.PROSPECTING: prospecting(facts, today),
            Tab.PRODUCT: product(facts),
            Tab.PROMOTION: promotion(facts),
        },
    )


def profiling(facts: Facts, stage: Stage) -> tuple[Figure, ...]:
    rfm = facts.rfm
    return (
        Figure("type", "客户类型", facts.type.label, "", "登记的类型"),
        Figure("tier", "客户等级", facts.tier.label, "", "经理签批的六项得分；没有评过的是一般"),
        Figure("segment", "客户细分", facts.segment, "", "登记的细分" if facts.segment else "还没有细分"),
        Figure("stage", "生命周期", stage.stage.label, "", stage.why),
        Figure(
            "rfm", "RFM", None if rfm is None else f"{rfm.recency}-{rfm.frequency}-{rfm.money}", "",
            "最近、频次、金额在全部客户中的五分位，5 最好" if rfm else "没有购买，不参加分位",
        ),
        Figure("completeness", "资料完整度", facts.completeness, "%", "按客户类型需要的资料加权"),
        Figure("quality", "资料得分", facts.quality, "分", "完整、正确、新鲜，满分 100"),
    )  # fmt: skip


def persistency(facts: Facts, now: datetime) -> tuple[Figure, ...]:
    bought = _standing(facts)
    days = sorted({order.day for order in bought})
    today = shanghai_day(now)
    tenure = (today - (days[0] if days else shanghai_day(facts.since))).days
    silent = is_silent([datetime.combine(day, datetime.min.time(), SHANGHAI) for day in days], now)
    gap = median_gap(days)
    top = sum(score == 5 for score in facts.csat)
    return (
        Figure("repeats", "重复购买", max(0, len(days) - 1), "次", f"{len(days)} 个购买日，首次不计", _numbers(bought)),
        Figure("tenure", "往来时间", tenure, "天", f"自 {days[0]} 首次购买" if days else "自建档，还没有购买"),
        Figure(
            "alive", "仍是客户的可能", None if facts.alive is None else round(facts.alive * 100, 1), "%",
            "BG/NBD 模型，按全店订单拟合" if facts.alive is not None else "订单太少，不能拟合模型；看沉默规则",
        ),
        Figure(
            "silent", "是否沉默", None if silent is None else "是" if silent else "否", "",
            "少于三次购买，没有习惯可比" if gap is None else f"平常间隔 {gap:.0f} 天，超过两倍算沉默",
            _numbers(bought[-1:]),
        ),
        Figure(
            "top_box", "高度满意", round(100 * top / len(facts.csat), 1) if facts.csat else None, "%",
            f"{len(facts.csat)} 次评价中 {top} 次打 5 分" if facts.csat else "还没有评价",
        ),
    )  # fmt: skip


def profitability(facts: Facts, today: date, terms: ValueTerms = TERMS) -> tuple[Figure, ...]:
    year = margin_of(facts, today, terms)
    bought = _standing(facts)
    repeats = max(0, len({order.day for order in bought}) - 1)
    retention = retention_of(facts.alive, repeats, facts.shop_rate)
    value = lifetime_value(year.margin, retention, terms)
    recent = [order for order in bought if order.day > today - _YEAR]
    kept = "P(alive)" if facts.alive is not None and repeats else "全店复购率"
    total = sum((order.amount for order in bought), Decimal(0))
    return (
        Figure("spent", "累计消费", total, "元", f"{len(bought)} 个有效订单", _numbers(bought)),
        Figure("sales", "近一年消费", year.sales, "元", f"{len(recent)} 个有效订单", _numbers(recent)),
        Figure(
            "service_cost", "近一年服务成本", year.service_cost, "元",
            f"人工接触每次 {terms.agent_contact} 元，智能客服每次 {terms.bot_contact} 元",
        ),
        Figure(
            "margin", "近一年利润", year.margin, "元", f"消费 × 毛利率 {terms.margin_rate:.0%} − 服务成本", _numbers(recent)
        ),
        Figure(
            "clv", "生命周期价值", value, "元",
            f"m·r/(1+i−r)：利润 {year.margin}，留存 {retention}（{kept}），折现 {terms.discount:.0%}",
        ),
        Figure("defection_cost", "流失损失", max(Decimal(0), value), "元", "客户离开时失去的剩余价值；获客成本不重复计"),
    )  # fmt: skip


def performance(facts: Facts, now: datetime) -> tuple[Figure, ...]:
    due = [order for order in facts.orders if order.promised_at is not None and _is_due(order, now)]
    late = [order for order in due if not _is_on_time(order)]
    bought = _standing(facts)
    contacts, orders = len(facts.contacts), len(facts.orders)
    return (
        Figure(
            "on_time", "按时送达", round(100 * (len(due) - len(late)) / len(due), 1) if due else None, "%",
            f"{len(due)} 个有承诺时间的订单，{len(late)} 个晚到" if due else "没有到期的承诺", _numbers(late),
        ),
        Figure(
            "contacts_per_order", "每单接触", round(contacts / orders, 2) if orders else None, "次",
            f"{contacts} 次接触 ÷ {orders} 个订单" if orders else f"{contacts} 次接触，没有订单",
        ),
        Figure(
            "complaint_rate", "每百单投诉", round(100 * len(facts.complaints) / orders, 1) if orders else None, "件",
            f"{len(facts.complaints)} 件投诉 ÷ {orders} 个订单", _cases(facts.complaints),
        ),
        Figure(
            "open_complaints", "未了结的投诉", sum(one.is_open for one in facts.complaints), "件", "还没有终止的投诉",
            _cases([one for one in facts.complaints if one.is_open]),
        ),
        Figure("average_order", "平均每单", _average(bought), "元", f"{len(bought)} 个有效订单"),
    )  # fmt: skip


def prospecting(facts: Facts, today: date) -> tuple[Figure, ...]:
    days = [order.day for order in facts.orders if order.stands]
    due, gap = next_due(days), median_gap(days)
    waiting = [order for order in facts.orders if order.is_open]
    leads = [offer for offer in facts.offers if offer.is_accepted is None]
    why = "少于三次购买，没有周期可推" if gap is None else f"最后一次购买加平常间隔 {gap:.0f} 天"
    if due is not None and due < today:
        why += f"，已过 {(today - due).days} 天"
    return (
        Figure("next_due", "下次购买预计", None if due is None else due.isoformat(), "", why),
        Figure("open_orders", "进行中的订单", len(waiting), "个", "未送达的订单", _numbers(waiting)),
        Figure(
            "open_leads",
            "未了结的挽回",
            len(leads),
            "件",
            "已提出、还没有结果",
            tuple(lead.name for lead in leads),
        ),
    )


def product(facts: Facts) -> tuple[Figure, ...]:
    mix: Counter[str] = Counter()
    for order in _standing(facts):
        for category, amount in order.lines:
            mix[category] += amount  # type: ignore[assignment]
    total = sum(mix.values(), Decimal(0))
    returned = [order for order in facts.orders if order.is_returned]
    by_product = Counter(one.product_category or "未说明" for one in facts.complaints)
    shares = [
        Figure(
            f"mix_{place}", category, round(float(100 * amount / total), 1), "%", f"消费 {amount} 元中的份额"
        )
        for place, (category, amount) in enumerate(mix.most_common(5), 1)
        if total
    ]
    return (
        *shares,
        Figure(
            "returns", "退货", len(returned), "单",
            f"{len(facts.orders)} 个订单中退回 {len(returned)} 个", _numbers(returned),
        ),
        *(
            Figure(f"complaints_{place}", f"投诉：{category}", count, "件", "按商品类目", tuple(
                one.number for one in facts.complaints if (one.product_category or "未说明") == category
            )[:_ROWS])
            for place, (category, count) in enumerate(by_product.most_common(5), 1)
        ),
    )  # fmt: skip


def promotion(facts: Facts) -> tuple[Figure, ...]:
    asked = [offer for offer in facts.offers if offer.has_consent]
    yes = [offer for offer in asked if offer.is_accepted]
    return (
        Figure("may_be_offered", "营销同意", "有" if facts.may_be_offered else "没有", "", "以最后一次表示为准；没有同意不得推送"),
        Figure(
            "response", "响应率", round(100 * len(yes) / len(asked), 1) if asked else None, "%",
            f"{len(asked)} 次经同意的优惠中接受 {len(yes)} 次" if asked else "没有经同意的优惠",
            tuple(offer.name for offer in yes),
        ),
    )  # fmt: skip


def margin_of(facts: Facts, today: date, terms: ValueTerms = TERMS) -> YearlyMargin:
    """Sales, service cost and margin of the last 365 days."""
    recent = [one for one in facts.contacts if shanghai_day(one.started_at) > today - _YEAR]
    return yearly_margin(
        [Purchase(order.day, order.amount) for order in _standing(facts)],
        today,
        agent_contacts=sum(one.by_person for one in recent),
        bot_contacts=sum(not one.by_person for one in recent),
        terms=terms,
    )


def _standing(facts: Facts) -> list[OrderFact]:
    return sorted((order for order in facts.orders if order.stands), key=lambda order: order.placed_at)


def _is_due(order: OrderFact, now: datetime) -> bool:
    return order.delivered_at is not None or (order.promised_at or now) < now


def _is_on_time(order: OrderFact) -> bool:
    return order.delivered_at is not None and order.delivered_at <= (order.promised_at or order.delivered_at)


def _average(orders: Sequence[OrderFact]) -> Decimal | None:
    if not orders:
        return None
    return (sum((order.amount for order in orders), Decimal(0)) / len(orders)).quantize(Decimal("0.01"))


def _numbers(orders: Sequence[OrderFact]) -> tuple[str, ...]:
    """The newest first."""
    return tuple(order.number for order in reversed(orders))[:_ROWS]


def _cases(complaints: Sequence[ComplaintFact]) -> tuple[str, ...]:
    return tuple(one.number for one in reversed(complaints))[:_ROWS]
