"""Terms of law: begun by the facts on record, met or missed by them; no state of a case stops one.

Services begin a clock when they learn of its fact; `legal_watch.follow`, run by the clockwork, asks the order system
what became of goods, refunds and repairs, and tells who answers for a duty of the shop before it is missed.
A term that nobody has filled in from the official text begins without an end and is applied once it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.clocks import LegalClock, LegalTermSetting
from care.records.complaint import Complaint
from care.rules.complaint import ComplaintState
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.legal_clocks import NOT_FILLED, LegalKind, LegalSpan, LegalTerm, Party, Term, party_of, span
from care.services import complaint_log
from care.services.context import Care

_MOST_DAYS = 365
#: What an authority's taking up of a case begins.
_AUTHORITY_KINDS = (
    LegalKind.AUTHORITY_ANSWER,
    LegalKind.AUTHORITY_ACCEPT,
    LegalKind.AUTHORITY_MEDIATE,
    LegalKind.TRADER_REPLY,
)


@dataclass(frozen=True)
class LegalClockView:
    """One term. `note` says what is missing; `due_at` is None until it has begun and its days are known."""

    id: int
    subject: str
    kind: LegalKind
    basis: str
    party: Party
    starts_at: datetime | None
    due_at: datetime | None
    met_at: datetime | None
    missed_at: datetime | None
    ended_at: datetime | None
    note: str


@dataclass(frozen=True)
class TermView:
    """A day count of the rules on 12315; `days` is None while it is to be filled in."""

    term: LegalTerm
    days: int | None
    in_workdays: bool
    source: str
    filled_by: str | None
    filled_at: datetime | None


async def write(
    session: AsyncSession,
    spans: Sequence[LegalSpan],
    *,
    subject: str,
    complaint_id: int | None = None,
    customer_id: int | None = None,
    met_at: datetime | None = None,
) -> None:
    """Writes clocks in the caller's transaction; one that is there already stays as it is.

    Args:
        subject: ``complaint:12``, ``return:TH-…`` or ``visit:WX-…``.
        met_at: the claim was made then; it meets every span that it lies in.
    """
    insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    for one in spans:
        is_met = met_at is not None and one.due_at is not None and met_at < one.due_at
        await session.execute(
            insert(LegalClock)
            .values(
                subject=subject,
                kind=one.kind,
                complaint_id=complaint_id,
                customer_id=customer_id,
                basis=one.basis,
                starts_at=one.starts_at,
                due_at=one.due_at,
                met_at=met_at if is_met else None,
            )
            .on_conflict_do_nothing(index_elements=[LegalClock.subject, LegalClock.kind])
        )


async def begin(
    care: Care, kind: LegalKind, *, subject: str, customer_id: int | None, starts_at: datetime | None
) -> None:
    """Writes one clock of a return or a visit, not begun yet while `starts_at` is None."""
    async with care.sessions.write() as session:
        known = await known_terms(session)
        one = span(kind, starts_at, is_workday=care.calendar.is_workday, terms=known)
        await write(session, [one], subject=subject, customer_id=customer_id)


async def note_authority(
    care: Care, complaint_id: int, *, received_at: datetime, actor: str
) -> list[LegalClockView]:
    """An authority has taken up the case at `received_at` (aware): its terms and ours begin.

    The same case again changes nothing.

    Raises:
        NotFound: no such complaint.
        InvalidInput: a time that has not come yet.
        Conflict: the complaint has not been received.
    """
    now = care.clock.now()
    if received_at > now:
        raise InvalidInput(fields={"received_at": "时间不能在现在之后。"})
    async with care.sessions.write() as session:
        complaint = await session.get(Complaint, complaint_id, with_for_update=True)
        if complaint is None:
            raise NotFound("没有找到这条投诉。")
        if complaint.state is ComplaintState.DRAFT or complaint.locked_at is not None:
            raise Conflict("这条投诉还没有受理，或已封存。")
        known = await known_terms(session)
        spans = [
            span(kind, received_at, is_workday=care.calendar.is_workday, terms=known)
            for kind in _AUTHORITY_KINDS
        ]
        key = f"authority:{complaint.id}"
        if await complaint_log.event_of_key(session, key) is None:
            await write(session, spans, subject=subject_of(complaint.id), complaint_id=complaint.id)
            await complaint_log.append(
                session,
                complaint,
                "authority",
                actor=actor,
                at=now,
                data={"received_at": received_at.isoformat()},
                idempotency_key=key,
            )
    return await of_complaint(care, complaint_id)


async def meet(care: Care, clock_id: int, *, at: datetime) -> LegalClockView:
    """Notes that what the term asks for was done at `at`; too late stays missed.

    Raises:
        NotFound: no such clock.
        Conflict: it has not begun, or is over already.
    """
    async with care.sessions.write() as session:
        clock = await session.get(LegalClock, clock_id, with_for_update=True)
        if clock is None:
            raise NotFound("没有找到这个法定期限。")
        if clock.starts_at is None or clock.met_at or clock.missed_at or clock.ended_at:
            raise Conflict("这个期限还没有开始，或已经结束。")
        settle(clock, at)
        return _view(clock)


def settle(clock: LegalClock, at: datetime) -> None:
    """Done at `at`: met in time, else missed."""
    if clock.due_at is None or at < clock.due_at:
        clock.met_at = at
    else:
        clock.missed_at = clock.due_at


async def of_complaint(care: Care, complaint_id: int) -> list[LegalClockView]:
    """The terms of one case, the first to end in front and those without an end last."""
    async with care.sessions.read() as session:
        return await _views(session, LegalClock.complaint_id == complaint_id)


async def of_subject(care: Care, subject: str) -> list[LegalClockView]:
    """The terms of a return or a visit."""
    async with care.sessions.read() as session:
        return await _views(session, LegalClock.subject == subject)


async def terms(care: Care) -> list[TermView]:
    """Every day count that must come from the official text, filled in or not."""
    async with care.sessions.read() as session:
        rows = {row.term: row for row in await session.scalars(select(LegalTermSetting))}
    views = []
    for term in LegalTerm:
        row = rows.get(term)
        views.append(
            TermView(term, None, False, NOT_FILLED, None, None)
            if row is None
            else TermView(term, row.days, row.in_workdays, row.source, row.filled_by, row.filled_at)
        )
    return views


async def fill_term(
    care: Care, term: LegalTerm, *, days: int, in_workdays: bool, source: str, actor: str
) -> None:
    """Fills in a day count as somebody read it in the official text; clocks that waited for it get their end.

    Raises:
        InvalidInput: no days, too many, or no article named.
    """
    problems = {}
    if not 1 <= days <= _MOST_DAYS:
        problems["days"] = f"天数须在 1 到 {_MOST_DAYS} 之间。"
    if not source.strip():
        problems["source"] = "请写明条款，例如“第十九条”。"
    if problems:
        raise InvalidInput(fields=problems)
    async with care.sessions.write() as session:
        row = await session.get(LegalTermSetting, term, with_for_update=True)
        if row is None:
            row = LegalTermSetting(term=term)
            session.add(row)
        row.days, row.in_workdays, row.source = days, in_workdays, source.strip()[:120]
        row.filled_by, row.filled_at = actor, care.clock.now()
        await session.flush()
        known = await known_terms(session)
        waiting = await session.scalars(
            select(LegalClock)
            .where(
                LegalClock.starts_at.is_not(None),
                LegalClock.due_at.is_(None),
                LegalClock.met_at.is_(None),
                LegalClock.ended_at.is_(None),
            )
            .with_for_update()
        )
        for clock in waiting:
            clock.due_at = span(
                clock.kind, clock.starts_at, is_workday=care.calendar.is_workday, terms=known
            ).due_at


async def known_terms(session: AsyncSession) -> dict[LegalTerm, Term]:
    rows = await session.scalars(select(LegalTermSetting))
    return {row.term: Term(row.days, row.in_workdays) for row in rows}


def subject_of(complaint_id: int) -> str:
    return f"complaint:{complaint_id}"


async def _views(session: AsyncSession, which: ColumnElement[bool]) -> list[LegalClockView]:
    rows = await session.scalars(
        select(LegalClock)
        .where(which)
        .order_by(LegalClock.due_at.is_(None), LegalClock.due_at, LegalClock.id)
    )
    return [_view(row) for row in rows]


def _view(row: LegalClock) -> LegalClockView:
    waits_for_term = row.starts_at is not None and row.due_at is None
    return LegalClockView(
        id=row.id,
        subject=row.subject,
        kind=row.kind,
        basis=row.basis,
        party=party_of(row.kind),
        starts_at=row.starts_at,
        due_at=row.due_at,
        met_at=row.met_at,
        missed_at=row.missed_at,
        ended_at=row.ended_at,
        note=NOT_FILLED if waits_for_term else "",
    )
