"""The clocks that the law sets (care.md §3). They run on whatever we do: nothing of ours stops one.

Days are those of Asia/Shanghai. The day of the fact does not count, and the last day ends at midnight; terms
in work days end at 18:00 of the last one. Moments are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from types import MappingProxyType

from care.rules.deadlines import IsWorkday, authority_answer_by, end_of_workday
from care.rules.labelled import Labelled
from care.rules.returns import (
    LONGEST_REPAIR_DAYS,
    NO_REASON_DAYS,
    PROOF_MONTHS,
    QUALITY_DAYS,
    REFUND_DAYS,
    THREEBAGS_REPLACE_DAYS,
    proof_until,
)
from care.rules.times import SHANGHAI, shanghai_day

NOT_FILLED = "待按官方文本填写"
#: The shop is told of its own duty when this much of the term is left.
WARN_BEFORE = timedelta(days=2)


class LegalKind(Labelled):
    NO_REASON_RETURN = "no_reason_return", "七日无理由退货期"
    QUALITY_RETURN = "quality_return", "七日质量退货期"
    REFUND = "refund", "退货后退款"
    THREEBAGS_RETURN = "threebags_return", "三包退货期"
    THREEBAGS_REPLACE = "threebags_replace", "三包换货期"
    THREEBAGS_REPAIR = "threebags_repair", "三包修理期限"
    PROOF = "proof", "经营者举证期"
    AUTHORITY_ANSWER = "authority_answer", "消费者权益主管部门答复"
    AUTHORITY_ACCEPT = "authority_accept", "12315 决定是否受理"
    AUTHORITY_MEDIATE = "authority_mediate", "12315 调解期限"
    TRADER_REPLY = "trader_reply", "经营者答复转办"


class Party(Labelled):
    """Whose time it is: the customer's to claim, the shop's to act, the authority's to answer."""

    CUSTOMER = "customer", "客户"
    SHOP = "shop", "商家"
    AUTHORITY = "authority", "主管部门"


class LegalTerm(Labelled):
    """Day counts of 总局令 121 (in force since 2026-04-15); none is known here until somebody fills it in."""

    ACCEPT = "accept", "12315 决定是否受理"
    MEDIATE = "mediate", "12315 调解期限"
    TRADER_REPLY = "trader_reply", "经营者答复转办"


@dataclass(frozen=True)
class Term:
    """Days as filled in from the official text."""

    days: int
    in_workdays: bool


@dataclass(frozen=True)
class LegalSpan:
    """`starts_at` is None while the fact that starts it has not happened; `due_at` also while no term is filled in."""

    kind: LegalKind
    basis: str
    starts_at: datetime | None
    due_at: datetime | None


_BASIS: dict[LegalKind, tuple[str, Party]] = {
    LegalKind.NO_REASON_RETURN: ("消法25", Party.CUSTOMER),
    LegalKind.QUALITY_RETURN: ("消法24", Party.CUSTOMER),
    LegalKind.REFUND: ("消法25", Party.SHOP),
    LegalKind.THREEBAGS_RETURN: ("三包规定", Party.CUSTOMER),
    LegalKind.THREEBAGS_REPLACE: ("三包规定", Party.CUSTOMER),
    LegalKind.THREEBAGS_REPAIR: ("三包规定", Party.SHOP),
    LegalKind.PROOF: ("消法23", Party.CUSTOMER),
    LegalKind.AUTHORITY_ANSWER: ("消法46", Party.AUTHORITY),
    LegalKind.AUTHORITY_ACCEPT: ("总局令121", Party.AUTHORITY),
    LegalKind.AUTHORITY_MEDIATE: ("总局令121", Party.AUTHORITY),
    LegalKind.TRADER_REPLY: ("总局令121", Party.SHOP),
}

_DAYS: Mapping[LegalKind, int] = MappingProxyType(
    {
        LegalKind.NO_REASON_RETURN: NO_REASON_DAYS,
        LegalKind.QUALITY_RETURN: QUALITY_DAYS,
        LegalKind.REFUND: REFUND_DAYS,
        LegalKind.THREEBAGS_RETURN: QUALITY_DAYS,
        LegalKind.THREEBAGS_REPLACE: THREEBAGS_REPLACE_DAYS,
        LegalKind.THREEBAGS_REPAIR: LONGEST_REPAIR_DAYS,
    }
)

_TERM_OF: Mapping[LegalKind, LegalTerm] = MappingProxyType(
    {
        LegalKind.AUTHORITY_ACCEPT: LegalTerm.ACCEPT,
        LegalKind.AUTHORITY_MEDIATE: LegalTerm.MEDIATE,
        LegalKind.TRADER_REPLY: LegalTerm.TRADER_REPLY,
    }
)


def basis_of(kind: LegalKind) -> str:
    """The article it rests on, in short."""
    return _BASIS[kind][0]


def party_of(kind: LegalKind) -> Party:
    return _BASIS[kind][1]


def due(
    kind: LegalKind,
    starts_at: datetime,
    *,
    is_workday: IsWorkday,
    terms: Mapping[LegalTerm, Term] = MappingProxyType({}),
) -> datetime | None:
    """When the term that began at `starts_at` (aware) is over, in UTC; None for one that is not filled in.

    Raises:
        ValueError: `starts_at` has no time zone.
    """
    if kind is LegalKind.AUTHORITY_ANSWER:
        return authority_answer_by(starts_at, is_workday=is_workday)
    first = shanghai_day(starts_at)
    if kind is LegalKind.PROOF:
        return end_of_day(proof_until(first))
    if kind in _TERM_OF:
        term = terms.get(_TERM_OF[kind])
        if term is None:
            return None
        if term.in_workdays:
            return end_of_workday(starts_at, term.days, is_workday=is_workday)
        return end_of_day(first + timedelta(days=term.days))
    return end_of_day(first + timedelta(days=_DAYS[kind]))


def end_of_day(day: date) -> datetime:
    """Midnight after `day` in Asia/Shanghai, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(0), SHANGHAI).astimezone(timezone.utc)


def of_complaint(
    *,
    delivered_at: datetime | None,
    is_quality: bool,
    no_reason_applies: bool,
    is_workday: IsWorkday,
) -> tuple[LegalSpan, ...]:
    """The clocks of a complaint about delivered goods, from the day of receipt.

    Args:
        is_quality: the goods themselves are complained of: 消法 24, 23 and 三包.
        no_reason_applies: the law does not exclude these goods from a no-reason return.
    """
    if delivered_at is None:
        return ()
    kinds = [LegalKind.NO_REASON_RETURN] if no_reason_applies else []
    if is_quality:
        kinds += [
            LegalKind.QUALITY_RETURN,
            LegalKind.THREEBAGS_RETURN,
            LegalKind.THREEBAGS_REPLACE,
            LegalKind.PROOF,
        ]
    return tuple(span(kind, delivered_at, is_workday=is_workday) for kind in kinds)


def span(
    kind: LegalKind,
    starts_at: datetime | None,
    *,
    is_workday: IsWorkday,
    terms: Mapping[LegalTerm, Term] = MappingProxyType({}),
) -> LegalSpan:
    """The clock of `kind`, not begun while `starts_at` is None."""
    ends = None if starts_at is None else due(kind, starts_at, is_workday=is_workday, terms=terms)
    return LegalSpan(kind, basis_of(kind), starts_at, ends)


def nearest(spans: Iterable[LegalSpan], *, now: datetime) -> LegalSpan | None:
    """The span that is over first of those still running at `now`."""
    running = [s for s in spans if s.due_at is not None and s.due_at > now]
    return min(running, key=lambda s: s.due_at or now, default=None)


__all__ = [
    "NOT_FILLED",
    "PROOF_MONTHS",
    "WARN_BEFORE",
    "LegalKind",
    "LegalSpan",
    "LegalTerm",
    "Party",
    "Term",
    "basis_of",
    "due",
    "end_of_day",
    "nearest",
    "of_complaint",
    "party_of",
    "span",
]
