"""Merging two records of one customer, and taking it back exactly.

The record that goes stays as a signpost: its ids lead to the survivor. Everything that was changed or moved
lies in the merge log until the survivor's data is deleted. Merges of one record are undone last first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import inspect, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from care.records.customer import Consent, Customer, CustomerField, DataQualityIssue
from care.records.merging import MergeLog
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.merging import Given, Side, doubts, withdrawals
from care.rules.profile import ProfileField
from care.rules.vocabulary import DataIssue
from care.services.context import Care
from care.services.merge_fields import fill, merge_fields
from care.services.merge_rows import changes_of, freeze, move_back, move_rows, thaw
from care.services.profile_rows import last_confirmed


@dataclass(frozen=True)
class MergeView:
    """One merge. `is_persons_word`: a person decided it, knowing what speaks against it."""

    id: int
    survivor: str  # public ids
    loser: str
    merged_at: datetime
    merged_by: str
    rule: str
    is_persons_word: bool
    undone_at: datetime | None
    undone_by: str | None


class PersonsWordNeeded(Conflict):
    """The records differ in something that only a person may overrule; `fields` names what."""

    code, default = "persons_word_needed", "这两份资料有矛盾，需要人工确认是同一位客户后才能合并。"


async def merge(
    care: Care, survivor: str, loser: str, *, who: str, rule: str, is_persons_word: bool = False
) -> MergeView:
    """Makes `loser` part of `survivor` (public ids); of each field the verified and fresher value stays in force.

    Args:
        who: ``staff:<login>`` or the name of a job.
        rule: why, for the log: the evidence, or the person's reason.
        is_persons_word: somebody looked at both and says that they are one customer.

    Raises:
        NotFound: no such record.
        InvalidInput: twice the same record, or a demo record with a real one.
        Conflict: one of them was merged by somebody else in the meantime.
        PersonsWordNeeded: see `care.rules.merging.doubts`.
    """
    if survivor == loser:
        raise InvalidInput("请选择两份不同的资料。")
    now = care.clock.now()
    async with care.sessions.write() as session:
        winner, goner = await _locked_pair(session, survivor, loser)
        if winner.is_demo != goner.is_demo:
            raise InvalidInput("演示客户和真实客户不能合并。")
        fields = await _fields_of(session, winner.id, goner.id)
        found = doubts(_side(winner, fields[winner.id]), _side(goner, fields[goner.id]))
        if found and not is_persons_word:
            raise PersonsWordNeeded(
                f"这两份资料有矛盾（{'；'.join(found)}），需要人工确认是同一位客户后才能合并。",
                fields={f"doubt{n}": text for n, text in enumerate(found, 1)},
            )
        undo = await _join(session, winner, goner, fields, now)
        log = MergeLog(
            survivor_id=winner.id,
            loser_id=goner.id,
            merged_at=now,
            merged_by=who,
            rule=rule[:200],
            is_persons_word=is_persons_word,
            undo=undo,
        )
        session.add(log)
        await session.flush()
        return _view(log, winner.public_id, goner.public_id)


async def undo(care: Care, merge_id: int, *, who: str) -> MergeView:
    """Takes a merge back: columns, fields, consents and every moved row return to where they were.

    What was written about the survivor since then stays with it; a value that was changed since is kept.

    Raises:
        NotFound: no such merge.
        Conflict: it was undone already, or a later merge of the same record has to be undone first.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        log = await session.scalar(
            select(MergeLog)
            .where(MergeLog.id == merge_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if log is None:
            raise NotFound("没有找到这次合并。")
        if log.undone_at is not None:
            raise Conflict("这次合并已经撤销过了。")
        later = await session.scalar(
            select(MergeLog.id)
            .where(
                MergeLog.id > log.id,
                MergeLog.undone_at.is_(None),
                or_(MergeLog.survivor_id == log.survivor_id, MergeLog.loser_id == log.survivor_id),
            )
            .limit(1)
        )
        if later is not None:
            raise Conflict("这份资料后来又合并过，请先撤销后一次合并。")
        rows = await _lock(session, sorted((log.survivor_id, log.loser_id)))
        winner, goner = rows[log.survivor_id], rows[log.loser_id]
        await _part(session, winner, goner, log.undo)
        log.undone_at, log.undone_by = now, who
        return _view(log, winner.public_id, goner.public_id)


async def gather_strays(care: Care, *, since: datetime) -> int:
    """Moves rows over that were written to a merged record while the merge was under way; returns how many.

    A transaction that had read the record before the merge may write to it right after. They are added to the
    merge's log, so that undoing takes them along.
    """
    moved = 0
    async with care.sessions.read() as session:
        ids = list(
            await session.scalars(
                select(MergeLog.id).where(MergeLog.merged_at >= since, MergeLog.undone_at.is_(None))
            )
        )
    for id_ in ids:
        async with care.sessions.write() as session:
            log = await session.get_one(MergeLog, id_, with_for_update=True, populate_existing=True)
            loser = await session.get_one(Customer, log.loser_id)
            if log.undone_at is not None or loser.merged_into_id is None:
                continue
            moves = await move_rows(session, log.loser_id, loser.merged_into_id)
            if moves:
                log.undo = {**log.undo, "moves": [*log.undo["moves"], *moves]}
                moved += sum(len(move["ids"]) for move in moves)
    return moved


async def merges(
    care: Care, ref: str | None = None, *, limit: int = 50, before: int | None = None
) -> list[MergeView]:
    """The log, newest first; of one record (either side) when `ref` is given. `before` pages on by id."""
    one, other = _aliases()
    wanted = (
        select(MergeLog, one.public_id, other.public_id)
        .join(one, one.id == MergeLog.survivor_id)
        .join(other, other.id == MergeLog.loser_id)
        .order_by(MergeLog.id.desc())
        .limit(limit)
    )
    if ref is not None:
        wanted = wanted.where(or_(one.public_id == ref, other.public_id == ref))
    if before is not None:
        wanted = wanted.where(MergeLog.id < before)
    async with care.sessions.read() as session:
        return [_view(log, survivor, loser) for log, survivor, loser in await session.execute(wanted)]


def _aliases() -> tuple[Any, Any]:
    return aliased(Customer), aliased(Customer)


async def _locked_pair(session: AsyncSession, survivor: str, loser: str) -> tuple[Customer, Customer]:
    """Both rows, held; always in the order of their ids, so that two merges wait instead of blocking each other."""
    ids = await session.execute(
        select(Customer.public_id, Customer.id).where(Customer.public_id.in_((survivor, loser)))
    )
    found: dict[str, int] = {ref: id_ for ref, id_ in ids.all()}  # noqa: C416  a row is no pair to the type checker
    if set(found) != {survivor, loser}:
        raise NotFound("没有找到这位客户。")
    rows = await _lock(session, sorted(found.values()))
    winner, goner = rows[found[survivor]], rows[found[loser]]
    if winner.merged_into_id is not None or goner.merged_into_id is not None:
        raise Conflict("其中一份资料刚刚被合并过，请刷新后再试。")
    return winner, goner


async def _lock(session: AsyncSession, ids: Sequence[int]) -> dict[int, Customer]:
    held = {}
    for id_ in ids:
        held[id_] = await session.get_one(Customer, id_, with_for_update=True, populate_existing=True)
    return held


async def _fields_of(session: AsyncSession, *ids: int) -> dict[int, dict[str, CustomerField]]:
    found: dict[int, dict[str, CustomerField]] = {id_: {} for id_ in ids}
    rows = await session.scalars(
        select(CustomerField)
        .where(CustomerField.customer_id.in_(ids))
        .execution_options(populate_existing=True)
    )
    for row in rows:
        found[row.customer_id][row.name] = row
    return found


def _side(customer: Customer, fields: dict[str, CustomerField]) -> Side:
    phone = fields.get(ProfileField.PHONE.value)
    return Side(
        name=customer.name,
        type=customer.type,
        phone=customer.phone,
        is_phone_verified=phone is not None
        and phone.value == customer.phone
        and last_confirmed(phone) is not None,
    )


async def _join(
    session: AsyncSession,
    winner: Customer,
    goner: Customer,
    fields: dict[int, dict[str, CustomerField]],
    now: datetime,
) -> dict[str, Any]:
    """Does it all within the caller's transaction and answers what undoing needs."""
    before = {side.id: _columns(side) for side in (winner, goner)}
    rows_before = {row.id: _columns(row) for side in fields.values() for row in side.values()}
    merge_fields(winner, goner, fields[winner.id], fields[goner.id], now)
    fill(winner, goner)
    goner.phone = None  # nobody is found by it any more; the survivor's may be the same
    await session.flush()
    moves = await move_rows(session, goner.id, winner.id)
    goner.merged_into_id = winner.id
    consents = await _end_consents(session, winner.id)
    closed = await _close_issues(session, winner.id, goner.id, now)
    await session.flush()
    rows = {row.id: row for side in fields.values() for row in side.values()}
    return {
        "survivor": changes_of(before[winner.id], winner),
        "loser": changes_of(before[goner.id], goner),
        "fields": {
            str(id_): {
                name: [freeze(old), freeze(getattr(rows[id_], name))]
                for name, old in columns.items()
                if getattr(rows[id_], name) != old
            }
            for id_, columns in rows_before.items()
            if any(getattr(rows[id_], name) != old for name, old in columns.items())
        },
        "moves": moves,
        "consents": consents,
        "issues": closed,
    }


async def _end_consents(session: AsyncSession, customer_id: int) -> list[list[Any]]:
    """The last word on each purpose holds; [id, withdrawn at] of those that end by it."""
    rows = {
        row.id: row
        for row in await session.scalars(
            select(Consent)
            .where(Consent.customer_id == customer_id)
            .execution_options(populate_existing=True)
        )
    }
    ended = withdrawals(Given(row.id, row.purpose, row.given_at, row.withdrawn_at) for row in rows.values())
    for id_, at in ended.items():
        rows[id_].withdrawn_at = at
    return [[id_, freeze(at)] for id_, at in ended.items()]


async def _close_issues(session: AsyncSession, winner: int, goner: int, now: datetime) -> list[int]:
    """They are one now: the hint that they might be is dealt with."""
    rows = await session.scalars(
        select(DataQualityIssue).where(
            DataQualityIssue.issue == DataIssue.DUPLICATE,
            DataQualityIssue.fixed_at.is_(None),
            DataQualityIssue.dismissed_at.is_(None),
            or_(
                (DataQualityIssue.customer_id == winner) & (DataQualityIssue.other_customer_id == goner),
                (DataQualityIssue.customer_id == goner) & (DataQualityIssue.other_customer_id == winner),
            ),
        )
    )
    closed = []
    for row in rows:
        row.fixed_at = now
        closed.append(row.id)
    return closed


async def _part(session: AsyncSession, winner: Customer, goner: Customer, undo: dict[str, Any]) -> None:
    await session.flush()
    await move_back(session, undo["moves"])
    for id_, at in undo["consents"]:
        consent = await session.get(Consent, id_, populate_existing=True)
        if consent is not None and freeze(consent.withdrawn_at) == at:
            consent.withdrawn_at = None
    for id_, columns in undo["fields"].items():
        row = await session.get(CustomerField, int(id_), populate_existing=True)
        if row is not None:
            _restore(row, columns)
    _restore(winner, undo["survivor"])
    _restore(goner, undo["loser"])
    if undo["issues"]:
        await session.execute(
            update(DataQualityIssue)
            .where(DataQualityIssue.id.in_(undo["issues"]))
            .values(fixed_at=None)
            .execution_options(synchronize_session=False)
        )
    await session.flush()


def _restore(row: Customer | CustomerField, columns: dict[str, list[Any]]) -> None:
    """Columns that still are as the merge left them become what they were; a later change stays."""
    table = row.__table__
    for name, (before, after) in columns.items():
        if freeze(getattr(row, name)) == after:
            setattr(row, name, thaw(table.c[name], before))


def _columns(row: Any) -> dict[str, Any]:
    names = [attribute.key for attribute in inspect(type(row)).column_attrs]
    return {name: getattr(row, name) for name in names}


def _view(log: MergeLog, survivor: str, loser: str) -> MergeView:
    return MergeView(
        id=log.id,
        survivor=survivor,
        loser=loser,
        merged_at=log.merged_at,
        merged_by=log.merged_by,
        rule=log.rule,
        is_persons_word=log.is_persons_word,
        undone_at=log.undone_at,
        undone_by=log.undone_by,
    )
