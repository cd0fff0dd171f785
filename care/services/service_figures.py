"""How the service ran in a period: every indicator of care.md §4 that the rows can tell, with n and interval.

Times are on the wall clock. `care.rules.service_terms` says each formula in words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from care.rules.corrective import Figure
from care.rules.effect import Sample
from care.rules.figures import WILSON, Measured, Unit, count_of, mean_of, quantile_of, share_of
from care.rules.period import Period
from care.rules.service_figures import (
    REOPENED_WITHIN,
    SAME_CAUSE,
    Issue,
    first_contact_resolution,
    reopened_share,
)
from care.rules.service_terms import Service
from care.rules.vocabulary import HandledBy, Kind, Outcome, ResolvedBasis
from care.services import measures, satisfaction_rows, service_days, service_rows
from care.services.context import Care
from care.services.satisfaction_rows import PromiseRow
from care.services.service_rows import Contact, Held, Wish

#: Who leaves so soon was not kept waiting (COPC counts them apart).
_SHORT_S = 10
_NO_ISSUES = (Kind.CONTROL, Kind.OTHER, None)


@dataclass(frozen=True)
class Reason:
    """A reason for handing over: how often it was, and how often a person then came."""

    reason: str
    asked: int
    reached: int
    decided: int


@dataclass(frozen=True)
class ServiceFigures:
    period: Period
    figures: Mapping[Service, Measured]
    reasons: tuple[Reason, ...]
    days: tuple[service_days.Day, ...]


async def figures(care: Care, period: Period) -> ServiceFigures:
    """The period's figures as its rows stand now."""
    now = care.clock.now()
    async with care.sessions.read() as session:
        wishes = await service_rows.wishes(session, period)
        held = await service_rows.held(session, period)
        around = await service_rows.contacts(session, period.start - SAME_CAUSE, period.end + SAME_CAUSE)
        bot = await service_rows.bot_first_answers(session, period)
        promises = await satisfaction_rows.promises(session, period, now)
        due_days = await service_days.due(session, period, now)
        complaints = await service_days.complaints(session, period)
        earlier = Period(period.since - REOPENED_WITHIN, period.until - REOPENED_WITHIN)
        closings = await service_rows.closings(session, earlier)
        reopenings = await service_rows.reopenings(session, earlier.start, period.end)
        measured = {
            key: _of_sample(
                await measures.so_far(session, figure, measures.Scope(), period.since, period.until, now=now)
            )
            for key, figure in _MEASURED.items()
        }
    inside = [one for one in around if period.start <= one.started_at < period.end]
    found = {
        **_waiting(wishes, now),
        **_talking(held, bot, wishes),
        **containment(inside),
        Service.FCR: share_of(
            *first_contact_resolution(_issues(around), period.start, period.end, now),
            note="只计知道是哪位客户的事项",
        ),
        Service.KEPT: kept_share(promises),
        Service.REOPENED: share_of(*reopened_share(closings, reopenings, now)),
        **measured,
    }
    return ServiceFigures(
        period,
        {key: found[key] for key in Service},
        _reasons(wishes),
        service_days.days(period, wishes, inside, due_days, complaints, now),
    )


_MEASURED = {
    Service.ACKNOWLEDGED: Figure.ACKNOWLEDGED_IN_TIME,
    Service.SOLVED: Figure.SOLVED_IN_TIME,
    Service.PER_1000: Figure.COMPLAINTS_PER_1000,
}


def containment(contacts: Sequence[Contact]) -> dict[Service, Measured]:
    """Of the sessions that the bot began: solved without a person, by the customer's word and by inference."""
    sessions = [one for one in contacts if one.handled_by is not HandledBy.AGENT]
    alone = [one for one in sessions if one.is_alone_solved]
    confirmed = sum(one.basis is ResolvedBasis.CUSTOMER_CONFIRMED for one in alone)
    return {
        Service.CONTAINMENT: share_of(confirmed, len(sessions)),
        Service.CONTAINMENT_INFERRED: share_of(
            len(alone) - confirmed, len(sessions), note="推断的不算数，只供对照"
        ),
    }


def kept_share(promises: Iterable[PromiseRow]) -> Measured:
    decided = [one.kept for one in promises if one.kept is not None]
    return share_of(sum(decided), len(decided))


def frt_of(held: Iterable[Held]) -> list[float]:
    """Seconds from taking a conversation to the first words, of those who said any."""
    return [
        (one.first_reply_at - one.taken_at).total_seconds() for one in held if one.first_reply_at is not None
    ]


def handling_of(held: Iterable[Held]) -> list[float]:
    """Seconds from taking to the end, of those that ended."""
    return [(one.ended_at - one.taken_at).total_seconds() for one in held if one.ended_at is not None]


def _waiting(wishes: Sequence[Wish], now: datetime) -> dict[Service, Measured]:
    judged = [one for one in wishes if one.is_judged(now)]
    decided = [one for one in wishes if one.is_decided]
    waits = [one.waited_s for one in wishes if one.waited_s is not None]
    left = [one for one in decided if one.is_abandoned]
    stayed = [one for one in left if _stayed_s(one) >= _SHORT_S]
    return {
        Service.OFFERED: count_of(len(wishes)),
        Service.SERVICE_LEVEL: share_of(sum(one.is_in_time for one in judged), len(judged)),
        Service.ASA: mean_of(waits, Unit.SECONDS),
        Service.WAIT_P90: quantile_of(waits, 0.9),
        Service.ABANDONED: share_of(len(left), len(decided)),
        Service.ABANDONED_LONG: share_of(len(stayed), len(decided)),
        Service.CANCELLED: count_of(sum(one.taken_at is None and one.end == "cancelled" for one in wishes)),
        Service.HANDOVER: share_of(sum(one.taken_at is not None for one in decided), len(decided)),
    }


def _talking(held: Sequence[Held], bot: Sequence[float], wishes: Sequence[Wish]) -> dict[Service, Measured]:
    human = [
        (one.first_reply_at - one.requested_at).total_seconds()
        for one in wishes
        if one.first_reply_at is not None
    ]
    return {
        Service.FRT_BOT: quantile_of(bot, 0.5),
        Service.FRT_BOT_P90: quantile_of(bot, 0.9),
        Service.FRT_HUMAN: quantile_of(human, 0.5),
        Service.FRT_HUMAN_P90: quantile_of(human, 0.9),
        Service.AHT: mean_of(handling_of(held), Unit.SECONDS),
    }


def _stayed_s(wish: Wish) -> float:
    return 0.0 if wish.ended_at is None else (wish.ended_at - wish.requested_at).total_seconds()


def _issues(contacts: Iterable[Contact]) -> list[Issue]:
    return [
        Issue(
            one.customer_id,
            one.topic,
            one.started_at,
            one.ended_at,
            one.outcome is Outcome.RESOLVED,
        )
        for one in contacts
        if one.customer_id is not None
        and one.topic is not None
        and one.ended_at is not None
        and one.kind not in _NO_ISSUES
    ]


def _reasons(wishes: Iterable[Wish]) -> tuple[Reason, ...]:
    by_reason: dict[str, list[Wish]] = defaultdict(list)
    for wish in wishes:
        by_reason[wish.reason].append(wish)
    found = [
        Reason(
            reason,
            len(of),
            sum(one.taken_at is not None for one in of),
            sum(one.is_decided for one in of),
        )
        for reason, of in by_reason.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.asked, one.reason)))


def _of_sample(sample: Sample) -> Measured:
    is_rate = sample.kind.value == "rate"
    return Measured(
        sample.value,
        sample.n,
        Unit.PER_1000 if is_rate else Unit.SHARE,
        sample.interval,
        None if sample.interval is None or is_rate else WILSON,
        None if sample.value is not None else "这段时间没有数据",
    )
