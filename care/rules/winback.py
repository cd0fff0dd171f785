"""Winning customers back: whom to contact and why, what may be done, and what counts as won.

A customer is contacted with a consent, not too often, and is won by buying again, not by a kind word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType

from care.rules.errors import IllegalMove
from care.rules.labelled import Labelled
from care.rules.times import to_shanghai
from care.rules.vocabulary import Role, Tier


class WinbackTrigger(Labelled):
    LOW_SCORE = "low_score", "低分评价"
    REPEATED_COMPLAINT = "repeated_complaint", "重复投诉"
    SILENCE = "silence", "久未购买"


class WinbackReason(Labelled):
    """Why the customer stays away, as found out."""

    CARE = "care", "关怀不够"
    PRICE = "price", "价格"
    QUALITY = "quality", "质量"
    NEED_GONE = "need_gone", "不再需要"
    OTHER = "other", "其他"


class WinbackState(Labelled):
    OPEN = "open", "待联系"
    CONTACTED = "contacted", "已联系"
    ANSWERED = "answered", "已答复"
    OFFERED = "offered", "已提方案"
    WON = "won", "已挽回"
    LOST = "lost", "未挽回"
    NO_ANSWER = "no_answer", "无答复"
    DROPPED = "dropped", "不再联系"


class WinbackResult(Labelled):
    RECOVERED = "recovered", "已挽回"
    RETURNED = "returned", "未联系已自行回购"
    DECLINED = "declined", "未挽回"
    NO_ANSWER = "no_answer", "无答复"
    DROPPED = "dropped", "不再联系"


class ContactBasis(Labelled):
    """On what a contact stands (PIPL §13): following up a complaint is service, everything else asks for consent."""

    SERVICE = "service", "投诉后续服务"
    MARKETING = "marketing", "营销同意"


LOW_CSAT, LOW_GAP = 2, -2
REPEATED_FROM, REPEATED_DAYS = 2, 90
ALIVE_BELOW = 0.3
#: A score or complaint this old starts nothing any more; a case that ended lets this long pass before the next.
FRESH_DAYS, PAUSE_DAYS = 30, 180
WON_WITHIN = timedelta(days=90)
#: Contacts within one case, and the least time between two.
MOST_CONTACTS, CONTACT_PAUSE = 3, timedelta(days=3)
#: Worth the effort [P]: a tier above general, or what remains of the lifetime value, in yuan.
WORTH_TIERS = frozenset({Tier.STRATEGIC, Tier.KEY, Tier.POTENTIAL})
WORTH_CLV = Decimal("200.00")
#: What a role may offer, in yuan [P]; never more than the customer's remaining lifetime value.
OFFER_LIMITS: Mapping[Role, Decimal | None] = MappingProxyType(
    {Role.AGENT: Decimal(100), Role.LEAD: Decimal(500), Role.MANAGER: None, Role.ADMIN: None}
)
#: By when the next step is due after a state is reached.
NEXT_STEP: Mapping[WinbackState, tuple[str, timedelta]] = MappingProxyType(
    {
        WinbackState.OPEN: ("联系客户，了解原因", timedelta(days=2)),
        WinbackState.CONTACTED: ("等待答复，未答复则再联系", timedelta(days=3)),
        WinbackState.ANSWERED: ("按原因提出方案", timedelta(days=2)),
        WinbackState.OFFERED: ("看客户是否再次下单", timedelta(days=14)),
    }
)

W = WinbackState
WINBACK_FINAL: frozenset[WinbackState] = frozenset({W.WON, W.LOST, W.NO_ANSWER, W.DROPPED})
WINBACK_MOVES: Mapping[WinbackState, frozenset[WinbackState]] = MappingProxyType(
    {
        W.OPEN: frozenset({W.CONTACTED, W.WON, W.DROPPED}),
        W.CONTACTED: frozenset({W.CONTACTED, W.ANSWERED, W.WON, W.NO_ANSWER, W.DROPPED}),
        W.ANSWERED: frozenset({W.OFFERED, W.WON, W.LOST, W.DROPPED}),
        W.OFFERED: frozenset({W.ANSWERED, W.WON, W.LOST, W.NO_ANSWER, W.DROPPED}),
        **{final: frozenset() for final in WINBACK_FINAL},
    }
)
_RESULTS = {
    W.WON: WinbackResult.RECOVERED,
    W.LOST: WinbackResult.DECLINED,
    W.NO_ANSWER: WinbackResult.NO_ANSWER,
    W.DROPPED: WinbackResult.DROPPED,
}


@dataclass(frozen=True)
class CustomerFacts:
    """What is known of one customer at `now`. `clv` and `p_alive` are of the last snapshot, None without one."""

    now: datetime
    tier: Tier = Tier.GENERAL
    clv: Decimal | None = None
    p_alive: float | None = None
    is_silent: bool | None = None
    repeats: int = 0
    lowest_csat: int | None = None  # of the answers of the last 30 days
    lowest_gap: int | None = None
    complaints_90d: int = 0
    last_complaint_at: datetime | None = None
    has_open_case: bool = False
    last_case_ended_at: datetime | None = None
    may_be_marketed: bool = False


@dataclass(frozen=True)
class Found:
    trigger: WinbackTrigger
    basis: ContactBasis
    why: str


def trigger_of(facts: CustomerFacts) -> Found | None:
    """Why this customer should be won back now, the strongest reason first; None when there is none.

    Silence alone asks for a customer worth it and for the consent to marketing: nothing was asked of us.
    """
    ended = facts.last_case_ended_at
    if facts.has_open_case or (ended is not None and facts.now - ended < timedelta(days=PAUSE_DAYS)):
        return None
    fresh = facts.last_complaint_at is not None and facts.now - facts.last_complaint_at <= timedelta(
        FRESH_DAYS
    )
    if facts.complaints_90d >= REPEATED_FROM and fresh:
        why = f"{REPEATED_DAYS} 天内投诉 {facts.complaints_90d} 次"
        return Found(WinbackTrigger.REPEATED_COMPLAINT, ContactBasis.SERVICE, why)
    if facts.lowest_csat is not None and facts.lowest_csat <= LOW_CSAT:
        why = f"满意度 {facts.lowest_csat} 分(1–5)"
        return Found(WinbackTrigger.LOW_SCORE, ContactBasis.SERVICE, why)
    if facts.lowest_gap is not None and facts.lowest_gap <= LOW_GAP:
        why = f"感知减期望 {facts.lowest_gap} 分"
        return Found(WinbackTrigger.LOW_SCORE, ContactBasis.SERVICE, why)
    gone = facts.repeats > 0 and facts.p_alive is not None and facts.p_alive < ALIVE_BELOW
    if (facts.is_silent or gone) and is_worth_it(facts.tier, facts.clv) and facts.may_be_marketed:
        known = "" if facts.p_alive is None else f"，P(alive) {facts.p_alive:.0%}"
        silent = "沉默超过平常间隔的 2 倍" if facts.is_silent else "可能已经流失"
        return Found(WinbackTrigger.SILENCE, ContactBasis.MARKETING, f"{silent}{known}")
    return None


def is_worth_it(tier: Tier, clv: Decimal | None) -> bool:
    """A tier above general, or enough of the lifetime value left."""
    return tier in WORTH_TIERS or (clv is not None and clv >= WORTH_CLV)


@dataclass(frozen=True)
class WinbackFacts:
    """What is true at the moment of a move; `new_order` is a purchase after the case was opened."""

    now: datetime
    role: Role = Role.AGENT
    basis: ContactBasis = ContactBasis.SERVICE
    may_be_marketed: bool = False
    has_open_complaint: bool = False
    quiet_hours: str | None = None
    contacts: int = 0
    last_contact_at: datetime | None = None
    reason: WinbackReason | None = None
    offer: str = ""
    amount: Decimal | None = None
    clv: Decimal | None = None
    new_order: str | None = None
    note: str = ""


def check_winback_move(state: WinbackState, to: WinbackState, facts: WinbackFacts) -> None:
    """Lets a legal move with its conditions met pass.

    Raises:
        IllegalMove: `to` cannot follow `state`, or a condition is not met; the text says which.
    """
    if to not in WINBACK_MOVES[state]:
        raise IllegalMove(f"挽回现在是“{state.label}”，不能变为“{to.label}”。")
    if to is W.CONTACTED:
        check_contact(facts)
    elif to is W.OFFERED:
        _check_offer(facts)
    elif to is W.WON and not facts.new_order:
        raise IllegalMove("客户再次下单才算挽回，由系统按订单记录。")
    elif to is W.NO_ANSWER and state is W.CONTACTED and facts.contacts < 2:
        raise IllegalMove("至少联系两次没有答复，才记为无答复。")
    elif to in (W.ANSWERED, W.LOST) and facts.reason is None:
        raise IllegalMove("请记下客户说的原因。")
    elif to is W.DROPPED and not facts.note.strip():
        raise IllegalMove("请写明不再联系的理由。")


def check_contact(facts: WinbackFacts) -> None:
    """Whether the customer may be contacted now.

    Raises:
        IllegalMove: no consent, quiet hours, or too often; the text says which.
    """
    if facts.basis is ContactBasis.MARKETING and not facts.may_be_marketed:
        raise IllegalMove("客户没有同意营销联系，不能主动联系。")
    if facts.quiet_hours and in_quiet_hours(facts.quiet_hours, facts.now):
        raise IllegalMove(f"现在是客户的免打扰时段（{facts.quiet_hours}）。")
    if facts.contacts >= MOST_CONTACTS:
        raise IllegalMove(f"已联系 {facts.contacts} 次，一次挽回最多 {MOST_CONTACTS} 次。")
    if facts.last_contact_at is not None and facts.now - facts.last_contact_at < CONTACT_PAUSE:
        raise IllegalMove(f"两次联系至少间隔 {CONTACT_PAUSE.days} 天。")


def offer_limit(role: Role, clv: Decimal | None) -> Decimal | None:
    """The most that this role may offer to this customer, in yuan; None without a bound."""
    bounds = [
        one for one in (OFFER_LIMITS[role], None if clv is None else max(clv, Decimal(0))) if one is not None
    ]
    return min(bounds) if bounds else None


def result_of(state: WinbackState, *, contacts: int) -> WinbackResult | None:
    """How a case in this state is counted; who came back without having been contacted was not won by us."""
    if state is W.WON and contacts == 0:
        return WinbackResult.RETURNED
    return _RESULTS.get(state)


def next_step(state: WinbackState, now: datetime) -> tuple[str, datetime] | None:
    """What is to be done next and by when; None when the case has ended."""
    step = NEXT_STEP.get(state)
    return None if step is None else (step[0], now + step[1])


def next_winback_states(state: WinbackState) -> tuple[WinbackState, ...]:
    """What a person may do next: won is set by an order alone."""
    return tuple(to for to in WinbackState if to in WINBACK_MOVES[state] and to is not W.WON)


def in_quiet_hours(quiet_hours: str, now: datetime) -> bool:
    """Whether `now` lies in ``22:00-08:00`` (Asia/Shanghai, over midnight too)."""
    start, end = (time.fromisoformat(one) for one in quiet_hours.split("-"))
    clock = to_shanghai(now).time()
    return start <= clock < end if start <= end else clock >= start or clock < end


def _check_offer(facts: WinbackFacts) -> None:
    if not facts.offer.strip():
        raise IllegalMove("请写明方案。")
    if facts.reason is None:
        raise IllegalMove("先了解原因，再提方案。")
    if facts.has_open_complaint:
        raise IllegalMove("客户还有未办结的投诉，先解决投诉，不提优惠。")
    if not facts.may_be_marketed:
        raise IllegalMove("客户没有同意营销联系，不能提优惠方案。")
    amount = facts.amount or Decimal(0)
    limit = offer_limit(facts.role, facts.clv)
    if amount < 0 or (limit is not None and amount > limit):
        raise IllegalMove(f"金额超出权限：{facts.role.label}对这位客户最多 ¥{limit or 0:.2f}。")
