"""Removes what is older than its keeping time; nothing of a customer under a legal hold (care.rules.retention)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import (
    Conversation,
    HostTokenUse,
    Message,
    OneTimeCode,
    VerificationAttempt,
    Visitor,
)
from care.records.customer import AccessLog
from care.records.engine import Outbox, TrackerEvent
from care.records.evidence import Evidence
from care.records.hours import Callback
from care.records.notice import StaffNotice
from care.records.rights import KeepingTime, LegalHold, RightsRequest
from care.rules.complaint import FINAL_STATES
from care.rules.errors import InvalidInput, NotFound
from care.rules.retention import KEEPING, Kept, check_days
from care.rules.vocabulary import Owner, Speaker
from care.services import evidence_cleaning, handoff
from care.services.context import Care
from care.services.outbox import MAX_TRIES
from care.services.own_rows import own_conversations, own_lines

log = logging.getLogger(__name__)

FADED_WORDS = "（已过保存期）"
#: Rows in one transaction: others must be able to write in between.
BATCH = 500
#: Rows of a kind in one run; what is left goes with the next one.
MOST_ROWS = 50_000


@dataclass(frozen=True)
class Swept:
    """How many rows of a kind were removed, or would be; `days` is the keeping time that was applied."""

    kind: Kept
    days: int
    rows: int

    @property
    def label(self) -> str:
        return self.kind.label


async def times(care: Care) -> dict[Kept, int]:
    """Days that each swept kind is kept: the shop's choice, else the default."""
    async with care.sessions.read() as session:
        chosen = {row.kind: row.days for row in await session.scalars(select(KeepingTime))}
    return {
        kind: chosen.get(kind.value, keeping.days)
        for kind, keeping in KEEPING.items()
        if keeping.is_swept and keeping.days is not None
    }


async def set_time(care: Care, kind: str, days: int, *, by: str) -> int:
    """Chooses a keeping time. Raises `InvalidInput`: no such kind, one that law decides, or out of its bounds."""
    try:
        wanted = Kept(kind)
    except ValueError:
        names = "、".join(kept.value for kept in Kept if KEEPING[kept].is_swept)
        raise InvalidInput(f"没有“{kind}”这一类，可设置的有：{names}。") from None
    check_days(wanted, days)
    async with care.sessions.write() as session:
        row = await session.get(KeepingTime, wanted.value)
        if row is None:
            row = KeepingTime(kind=wanted.value)
            session.add(row)
        row.days, row.set_by, row.set_at = days, by[:80], care.clock.now()
    return days


async def hold(care: Care, customer_id: int, *, reason: str, by: str) -> int:
    """Keeps everything of a customer until `lift`; the hold's id."""
    async with care.sessions.write() as session:
        row = LegalHold(customer_id=customer_id, reason=reason[:200], set_by=by[:80], set_at=care.clock.now())
        session.add(row)
        await session.flush()
        return row.id


async def lift(care: Care, hold_id: int, *, by: str) -> None:
    """Ends a hold. Lifting twice is fine; raises `NotFound`."""
    async with care.sessions.write() as session:
        row = await session.get(LegalHold, hold_id)
        if row is None:
            raise NotFound("没有这项保全。")
        if row.lifted_at is None:
            row.lifted_by, row.lifted_at = by[:80], care.clock.now()


async def sweep(care: Care, *, is_dry: bool = False) -> list[Swept]:
    """Removes, or with `is_dry` only counts, what is over its time; kinds in the order of `Kept`."""
    now = care.clock.now()
    days = await times(care)
    if not is_dry:
        await _end_long_silent(care, now - timedelta(days=days[Kept.TRACKER]))
    found = []
    for kind, remove in _REMOVE.items():
        rows = await remove(care, now - timedelta(days=days[kind]), is_dry)
        found.append(Swept(kind, days[kind], rows))
        if rows and not is_dry:
            log.info("retention: %d rows of %s were older than %d days", rows, kind.value, days[kind])
    if not is_dry:
        await evidence_cleaning.remove_files(care)
    return found


_Remove = Callable[[Care, datetime, bool], Awaitable[int]]


def _rows_of(table: Any, condition: Callable[[datetime], ColumnElement[bool]]) -> _Remove:
    """Deletes the rows of one table that fulfil `condition`, given the moment before which all is too old."""

    async def remove(care: Care, before: datetime, is_dry: bool) -> int:
        async def take(session: AsyncSession, ids: Sequence[int]) -> None:
            await _run(session, delete(table).where(table.id.in_(ids)))

        return await _batches(care, select(table.id).where(condition(before)), take, is_dry)

    return remove


async def _batches(
    care: Care,
    wanted: Select[Any],
    take: Callable[[AsyncSession, Sequence[int]], Awaitable[None]],
    is_dry: bool,
) -> int:
    if is_dry:
        async with care.sessions.read() as session:
            return int(await session.scalar(select(func.count()).select_from(wanted.subquery())) or 0)
    done = 0
    while done < MOST_ROWS:
        async with care.sessions.write() as session:
            ids = (await session.scalars(wanted.limit(BATCH))).all()
            if not ids:
                break
            await take(session, ids)
        done += len(ids)
    return done


async def _run(session: AsyncSession, statement: Any) -> None:
    await session.execute(statement.execution_options(synchronize_session=False))


def _held() -> Select[Any]:
    return select(LegalHold.customer_id).where(LegalHold.lifted_at.is_(None))


def _held_conversation(column: Any) -> ColumnElement[bool]:
    return column.in_(own_conversations(_held()))


async def _end_long_silent(care: Care, before: datetime) -> None:
    """Closed by the system: who comes back begins a new conversation, and the old dialogue state can go."""
    async with care.sessions.read() as session:
        silent = (
            await session.scalars(
                select(Conversation.id)
                .where(
                    Conversation.owner == Owner.BOT,
                    func.coalesce(Conversation.last_message_at, Conversation.opened_at) < before,
                )
                .limit(MOST_ROWS)
            )
        ).all()
    for conversation_id in silent:
        await handoff.close(care, conversation_id, "system")


async def _trackers(care: Care, before: datetime, is_dry: bool) -> int:
    over = select(Conversation.sender_id).where(
        Conversation.owner == Owner.CLOSED,
        func.coalesce(Conversation.last_message_at, Conversation.opened_at) < before,
        ~_held_conversation(Conversation.id),
    )

    async def take(session: AsyncSession, ids: Sequence[int]) -> None:
        await _run(session, delete(TrackerEvent).where(TrackerEvent.id.in_(ids)))

    return await _batches(care, select(TrackerEvent.id).where(TrackerEvent.sender_id.in_(over)), take, is_dry)


async def _visitors(care: Care, before: datetime, is_dry: bool) -> int:
    """Browsers that came and said nothing, with their empty conversations; and those whose words are gone."""
    spoke = exists(
        select(Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.visitor_id == Visitor.id,
            Message.speaker == Speaker.CUSTOMER,
            Message.text != FADED_WORDS,
        )
    )
    complained = exists(
        select(Complaint.id)
        .join(Conversation, Conversation.id == Complaint.conversation_id)
        .where(Conversation.visitor_id == Visitor.id)
    )
    wanted = select(Visitor.id).where(Visitor.last_seen_at < before, ~spoke, ~complained)

    async def take(session: AsyncSession, ids: Sequence[int]) -> None:
        own = select(Conversation.id).where(Conversation.visitor_id.in_(ids))
        silent = own.where(~exists(select(Message.id).where(Message.conversation_id == Conversation.id)))
        await _run(session, delete(OneTimeCode).where(OneTimeCode.conversation_id.in_(silent)))
        await _run(session, delete(Conversation).where(Conversation.id.in_(silent)))
        await _run(
            session, update(Conversation).where(Conversation.visitor_id.in_(ids)).values(visitor_id=None)
        )
        await _run(session, delete(Visitor).where(Visitor.id.in_(ids)))

    return await _batches(care, wanted, take, is_dry)


async def _messages(care: Care, before: datetime, is_dry: bool) -> int:
    """Words fade, times stay for the statistics; a case that is open needs its words."""
    open_case = exists(
        select(Complaint.id).where(
            Complaint.conversation_id == Message.conversation_id, Complaint.state.not_in(FINAL_STATES)
        )
    )
    wanted = select(Message.id).where(
        Message.at < before, Message.text != FADED_WORDS, ~open_case, ~own_lines(_held())
    )

    async def take(session: AsyncSession, ids: Sequence[int]) -> None:
        await _run(
            session,
            update(Message)
            .where(Message.id.in_(ids))
            .values(text=FADED_WORDS, payload=None, buttons=None, card=None, understood=None),
        )

    return await _batches(care, wanted, take, is_dry)


async def _evidence(care: Care, before: datetime, is_dry: bool) -> int:
    """Pictures whose case is over, or who never had one; their files go right after (`evidence_cleaning`)."""
    open_case = exists(
        select(Complaint.id).where(
            Complaint.id == Evidence.complaint_id, Complaint.state.not_in(FINAL_STATES)
        )
    )
    held_case = exists(
        select(Complaint.id).where(Complaint.id == Evidence.complaint_id, Complaint.customer_id.in_(_held()))
    )
    wanted = select(Evidence.id).where(
        Evidence.at < before,
        Evidence.removed_at.is_(None),
        ~open_case,
        ~held_case,
        or_(Evidence.conversation_id.is_(None), ~_held_conversation(Evidence.conversation_id)),
    )

    async def take(session: AsyncSession, ids: Sequence[int]) -> None:
        await evidence_cleaning.mark_removed(session, Evidence.id.in_(ids), care.clock.now())

    return await _batches(care, wanted, take, is_dry)


async def _callbacks(care: Care, before: datetime, is_dry: bool) -> int:
    """Numbers and words of calls that are over fade; times stay, they tell whether promises were kept."""
    wanted = select(Callback.id).where(
        Callback.done_at < before,
        or_(Callback.phone.is_not(None), Callback.note != "", Callback.result_note != ""),
        or_(Callback.customer_id.is_(None), Callback.customer_id.not_in(_held())),
        or_(Callback.conversation_id.is_(None), ~_held_conversation(Callback.conversation_id)),
    )

    async def take(session: AsyncSession, ids: Sequence[int]) -> None:
        await _run(
            session,
            update(Callback)
            .where(Callback.id.in_(ids))
            .values(phone=None, is_phone_verified=False, note="", result_note=""),
        )

    return await _batches(care, wanted, take, is_dry)


async def _attempts(care: Care, before: datetime, is_dry: bool) -> int:
    tries = _rows_of(VerificationAttempt, lambda before: VerificationAttempt.at < before)
    tokens = _rows_of(HostTokenUse, lambda before: HostTokenUse.expires_at < before)
    return await tries(care, before, is_dry) + await tokens(care, before, is_dry)


async def _export_tokens(care: Care, before: datetime, is_dry: bool) -> int:
    wanted = select(RightsRequest.id).where(
        RightsRequest.token_hash.is_not(None), RightsRequest.token_expires_at < before
    )

    async def take(session: AsyncSession, ids: Sequence[int]) -> None:
        await _run(
            session,
            update(RightsRequest)
            .where(RightsRequest.id.in_(ids))
            .values(token_hash=None, token_expires_at=None),
        )

    return await _batches(care, wanted, take, is_dry)


_REMOVE: Mapping[Kept, _Remove] = {
    Kept.CODES: _rows_of(
        OneTimeCode,
        lambda before: and_(OneTimeCode.sent_at < before, ~_held_conversation(OneTimeCode.conversation_id)),
    ),
    Kept.ATTEMPTS: _attempts,
    # What was given up is no news to anybody any more.
    Kept.OUTBOX: _rows_of(
        Outbox,
        lambda before: or_(
            Outbox.delivered_at < before, and_(Outbox.tries >= MAX_TRIES, Outbox.due_at < before)
        ),
    ),
    Kept.VISITORS: _visitors,
    Kept.TRACKER: _trackers,
    Kept.MESSAGES: _messages,
    Kept.EVIDENCE: _evidence,
    Kept.CALLBACKS: _callbacks,
    # Read or not: what it was about has its own record.
    Kept.NOTICES: _rows_of(StaffNotice, lambda before: StaffNotice.at < before),
    Kept.ACCESS_LOG: _rows_of(
        AccessLog, lambda before: and_(AccessLog.at < before, AccessLog.customer_id.not_in(_held()))
    ),
    Kept.EXPORT_TOKENS: _export_tokens,
}
