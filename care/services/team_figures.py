"""The people of the desk: what they carry now, and what they did in a period. No figure of time stands alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.interaction import CareInteraction
from care.rules.complaint import FINAL_STATES
from care.rules.figures import TOO_FEW, Measured, Unit, count_of, mean_of, quantile_of
from care.rules.period import Period
from care.rules.vocabulary import Emotion
from care.services import presence, satisfaction_rows, service_rows
from care.services.case_list import overdue
from care.services.context import Care
from care.services.presence import Colleague
from care.services.satisfaction_figures import By, Row, compute
from care.services.satisfaction_rows import within
from care.services.service_figures import frt_of, handling_of
from care.services.service_rows import Held

#: Below this a person's times say more about luck than about the person.
_SHOW_TIMES_FROM = 20
_HOSTILE = (Emotion.ANGRY, Emotion.DISTRESSED)
NO_AUDIT = "还没有质检评分，时长不能单独评价人"


@dataclass(frozen=True)
class Member:
    """One colleague. `satisfaction` is None without any invitation on their contacts."""

    colleague: Colleague
    open_cases: int
    overdue_cases: int
    handled: Measured
    frt: Measured
    aht: Measured
    satisfaction: Row | None
    quality: Measured
    hostile: Measured


@dataclass(frozen=True)
class TeamFigures:
    as_of: datetime
    period: Period
    members: tuple[Member, ...]


async def figures(care: Care, period: Period) -> TeamFigures:
    """Everybody active, the most loaded first."""
    now = care.clock.now()
    people = await presence.colleagues(care)
    async with care.sessions.read() as session:
        rows = await satisfaction_rows.answers(session, period)
        held = await service_rows.held(session, period)
        open_cases = await _by_owner(session, Complaint.state.not_in(FINAL_STATES))
        late = await _by_owner(session, overdue(now))
        handled = await _by_agent(session, period)
        hostile = await _by_agent(session, period, CareInteraction.emotion.in_(_HOSTILE))
    answers = {row.key: row for row in compute(period, rows, [], {}, By.AGENT).breakdown}
    own: dict[int, list[Held]] = defaultdict(list)
    for one in held:
        own[one.agent_id].append(one)
    members = [
        Member(
            colleague=person,
            open_cases=open_cases.get(person.id, 0),
            overdue_cases=late.get(person.id, 0),
            handled=count_of(handled.get(person.id, 0)),
            frt=_times(quantile_of(frt_of(own[person.id]), 0.5)),
            aht=_times(mean_of(handling_of(own[person.id]), Unit.SECONDS)),
            satisfaction=answers.get(str(person.id)),
            quality=Measured(None, 0, Unit.INDEX, note=NO_AUDIT),
            hostile=_exposure(hostile.get(person.id, 0), handled.get(person.id, 0)),
        )
        for person in people
    ]
    members.sort(key=lambda one: (-one.colleague.load, one.colleague.name, one.colleague.id))
    return TeamFigures(now, period, tuple(members))


def _times(measured: Measured) -> Measured:
    if measured.n < _SHOW_TIMES_FROM:
        return Measured(None, measured.n, measured.unit, note=f"{TOO_FEW}（不足 {_SHOW_TIMES_FROM} 次）")
    return Measured(measured.value, measured.n, measured.unit, measured.interval, measured.method, NO_AUDIT)


def _exposure(hostile: int, handled: int) -> Measured:
    """How many of the contacts were angry or distressed: who needs a break, not who is worse."""
    return Measured(
        float(hostile), handled, Unit.COUNT, note="接触愤怒或痛苦客户的次数，用于安排休息，不用于评价"
    )


async def _by_owner(session: AsyncSession, condition: Any) -> dict[int, int]:
    rows: Iterable[Any] = await session.execute(
        select(Complaint.owner_id, func.count())
        .where(condition, Complaint.owner_id.is_not(None))
        .group_by(Complaint.owner_id)
    )
    return {owner: int(number) for owner, number in rows}


async def _by_agent(session: AsyncSession, period: Period, *more: Any) -> dict[int, int]:
    row = CareInteraction
    rows: Iterable[Any] = await session.execute(
        select(row.agent_id, func.count())
        .where(*within(period, row.started_at), row.agent_id.is_not(None), *more)
        .group_by(row.agent_id)
    )
    return {agent: int(number) for agent, number in rows}
