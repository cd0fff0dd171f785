"""Queues of what is wrong with customers' records: found, kept in step, closed when mended, dismissed by people.

A scan goes through the records by id, a batch per transaction, and writes only what differs; it can be broken
off and taken up at any point, and a second one right after the first changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from care.records import Base
from care.records.customer import Customer, CustomerField, DataQualityIssue
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.profile import ProfileField
from care.rules.quality import FieldFacts, Quality, default_ttl, judge, problem_of
from care.rules.times import shanghai_day, to_shanghai
from care.rules.vocabulary import CustomerType, DataIssue
from care.services import duplicates, merging
from care.services.context import Care
from care.services.customers import is_live
from care.services.duplicates import FOUND_BY
from care.services.phones import read_phone

BATCH = 500
#: The clockwork works only while few customers write, in Asia/Shanghai, and in small steps: it shares the process
#: with them.
NIGHT = range(1, 6)
_NIGHT_BATCH = 50
_NIGHT_BATCHES = 40
_FIELDS = {field.value: field for field in ProfileField}


@dataclass
class ScanReport:
    """What a scan did; `mean_score` is of the records looked at."""

    customers: int = 0
    opened: int = 0
    closed: int = 0
    total_score: int = 0

    @property
    def mean_score(self) -> float | None:
        return self.total_score / self.customers if self.customers else None


@dataclass(frozen=True)
class IssueView:
    """One entry of a queue. Names are whole: mask them for who may not see them. `other_*` only of duplicates."""

    id: int
    issue: DataIssue
    field: str
    field_label: str
    detail: str
    customer_id: int
    customer_ref: str
    customer_name: str
    other_id: int | None
    other_ref: str | None
    other_name: str | None
    score: int | None
    evidence: tuple[dict[str, Any], ...]
    found_by: str
    found_at: datetime


async def scan(
    care: Care,
    *,
    not_since: datetime | None = None,
    batch: int = BATCH,
    most_batches: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> ScanReport:
    """Looks through all records, or those not looked at since `not_since`, and keeps the queues in step.

    Args:
        most_batches: stop after so many; the next call goes on where this one ended, given the same `not_since`.
        on_progress: called with (records done, records in all) after every batch.
    """
    report = ScanReport()
    due = [is_live()]
    if not_since is not None:
        due.append(or_(Customer.quality_checked_at.is_(None), Customer.quality_checked_at < not_since))
    async with care.sessions.read() as session:
        total = int(await session.scalar(select(func.count()).select_from(Customer).where(*due)) or 0)
        names = await duplicates.names_in_use(session) if total else {}
    last, batches = 0, 0
    while total and (most_batches is None or batches < most_batches):
        async with care.sessions.read() as session:
            ids = list(
                await session.scalars(
                    select(Customer.id).where(*due, Customer.id > last).order_by(Customer.id).limit(batch)
                )
            )
        if not ids:
            break
        last = ids[-1]
        batches += 1
        await _scan_batch(care, ids, names, report)
        if on_progress is not None:
            on_progress(report.customers, total)
    return report


async def scan_some(care: Care, ids: Sequence[int]) -> ScanReport:
    """Looks at these records only: after a merge, an import or a correction."""
    report = ScanReport()
    async with care.sessions.read() as session:
        names = await duplicates.names_in_use(session)
    for start in range(0, len(ids), BATCH):
        await _scan_batch(care, ids[start : start + BATCH], names, report)
    return report


async def scan_refs(care: Care, refs: Sequence[str]) -> ScanReport:
    """As `scan_some`, by public ids."""
    async with care.sessions.read() as session:
        ids = list(await session.scalars(select(Customer.id).where(Customer.public_id.in_(refs), is_live())))
    return await scan_some(care, ids)


async def scan_at_night(care: Care) -> ScanReport:
    """One step of the nightly check, for the clockwork: every record once a night, while few people are about."""
    now = care.clock.now()
    local = to_shanghai(now)
    if local.hour not in NIGHT:
        return ScanReport()
    await merging.gather_strays(care, since=now - timedelta(days=2))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return await scan(care, not_since=midnight, batch=_NIGHT_BATCH, most_batches=_NIGHT_BATCHES)


async def queue(care: Care, kind: DataIssue, *, after: int | None = None, limit: int = 50) -> list[IssueView]:
    """Open issues of a kind, the newest first (duplicates: the surest first); `after` is the id of the last one seen.

    Raises:
        NotFound: `after` is no issue.
    """
    customer, other = aliased(Customer), aliased(Customer)
    wanted = (
        select(DataQualityIssue, customer.public_id, customer.name, other.public_id, other.name)
        .join(customer, customer.id == DataQualityIssue.customer_id)
        .outerjoin(other, other.id == DataQualityIssue.other_customer_id)
        .where(DataQualityIssue.issue == kind, *_is_open(), is_live(customer))
        .where(or_(DataQualityIssue.other_customer_id.is_(None), is_live(other)))
    )
    # Unsure finds of older installations have no score and come last.
    rank = func.coalesce(DataQualityIssue.score, 0)
    async with care.sessions.read() as session:
        if after is not None:
            last = await session.get(DataQualityIssue, after)
            if last is None:
                raise NotFound("没有找到这条记录。")
            mark = last.score or 0
            wanted = wanted.where(or_(rank < mark, (rank == mark) & (DataQualityIssue.id < after)))
        rows = await session.execute(wanted.order_by(rank.desc(), DataQualityIssue.id.desc()).limit(limit))
        return [_view(*row) for row in rows]


async def counts(care: Care) -> dict[DataIssue, int]:
    """How many open issues each queue holds."""
    customer, other = aliased(Customer), aliased(Customer)
    async with care.sessions.read() as session:
        rows = await session.execute(
            select(DataQualityIssue.issue, func.count())
            .join(customer, customer.id == DataQualityIssue.customer_id)
            .outerjoin(other, other.id == DataQualityIssue.other_customer_id)
            .where(*_is_open(), is_live(customer))
            .where(or_(DataQualityIssue.other_customer_id.is_(None), is_live(other)))
            .group_by(DataQualityIssue.issue)
        )
        found = {row[0]: int(row[1]) for row in rows}
    return {kind: found.get(kind, 0) for kind in DataIssue}


async def issue(care: Care, issue_id: int) -> IssueView:
    """One issue, open or not. Raises `NotFound`."""
    customer, other = aliased(Customer), aliased(Customer)
    async with care.sessions.read() as session:
        row = (
            await session.execute(
                select(DataQualityIssue, customer.public_id, customer.name, other.public_id, other.name)
                .join(customer, customer.id == DataQualityIssue.customer_id)
                .outerjoin(other, other.id == DataQualityIssue.other_customer_id)
                .where(DataQualityIssue.id == issue_id)
            )
        ).one_or_none()
    if row is None:
        raise NotFound("没有找到这条记录。")
    return _view(*row)


async def dismiss(care: Care, issue_id: int, *, who: str) -> None:
    """A person says that it is right as it is: two people after all, a strange but true name, nothing to be had.

    Raises:
        NotFound: no such issue.
        InvalidInput: what is out of date must be asked about, not waved through.
        Conflict: it is closed already.
    """
    async with care.sessions.write() as session:
        row = await session.get(DataQualityIssue, issue_id, with_for_update=True)
        if row is None:
            raise NotFound("没有找到这条记录。")
        if row.fixed_at is not None or row.dismissed_at is not None:
            raise Conflict("这条记录已经处理过了。")
        if row.issue is DataIssue.OUTDATED:
            raise InvalidInput("过时的资料需要向客户核实，不能直接忽略。")
        row.dismissed_at, row.closed_by = care.clock.now(), who


def _is_open() -> tuple[Any, Any]:
    return DataQualityIssue.fixed_at.is_(None), DataQualityIssue.dismissed_at.is_(None)


async def _scan_batch(care: Care, ids: Sequence[int], names: Mapping[str, int], report: ScanReport) -> None:
    now = care.clock.now()
    async with care.sessions.write() as session:
        judged = await judge_records(session, ids, now)
        opened, closed = await _keep_in_step(session, judged, now)
        more_opened, more_closed = await duplicates.check(session, care, list(judged), names, now)
        if judged:
            table = Base.metadata.tables[Customer.__tablename__]
            await session.execute(
                update(table)
                .where(table.c.id == bindparam("of"))
                .values(quality_score=bindparam("score"), quality_checked_at=now),
                [{"of": id_, "score": quality.score} for id_, quality in judged.items()],
            )
    report.customers += len(judged)
    report.opened += opened + more_opened
    report.closed += closed + more_closed
    report.total_score += sum(quality.score for quality in judged.values())


async def judge_records(session: AsyncSession, ids: Sequence[int], now: datetime) -> dict[int, Quality]:
    """The quality of these records as it is now, by id; merged and erased ones are left out."""
    customers = await session.execute(
        select(Customer.id, Customer.type, Customer.name, Customer.phone, Customer.created_at)
        .where(Customer.id.in_(ids), is_live())
        .order_by(Customer.id)
    )
    rows = customers.all()
    fields: dict[int, dict[ProfileField, FieldFacts]] = {row.id: _columns(row, now) for row in rows}
    kinds = {row.id: row.type for row in rows}
    found = await session.execute(
        select(
            CustomerField.customer_id,
            CustomerField.name,
            CustomerField.value,
            CustomerField.verified_at,
            CustomerField.confirmed_by_customer_at,
            CustomerField.ttl_days,
        ).where(CustomerField.customer_id.in_(list(fields)))
    )
    for row in found:
        field = _FIELDS.get(row.name)
        if field is not None:
            last = max((at for at in (row.verified_at, row.confirmed_by_customer_at) if at), default=None)
            fields[row.customer_id][field] = _facts(
                field, row.value, last, row.ttl_days, kinds[row.customer_id], now
            )
    return {row.id: judge(row.type, fields[row.id], now, row.created_at) for row in rows}


def _columns(row: Any, now: datetime) -> dict[ProfileField, FieldFacts]:
    """Name and phone of the customer's own row, unless a typed field says more."""
    return {
        field: _facts(field, value, None, default_ttl(field), row.type, now)
        for field, value in ((ProfileField.NAME, row.name), (ProfileField.PHONE, row.phone))
    }


def _facts(
    field: ProfileField,
    value: str | None,
    verified_at: datetime | None,
    ttl_days: int,
    kind: CustomerType,
    now: datetime,
) -> FieldFacts:
    problem = None
    if value:
        if field is ProfileField.PHONE:
            problem = read_phone(value).problem
        else:
            problem = problem_of(field, value, kind, shanghai_day(now))
    return FieldFacts(value, verified_at, ttl_days, problem)


async def _keep_in_step(
    session: AsyncSession, judged: Mapping[int, Quality], now: datetime
) -> tuple[int, int]:
    rows = await session.execute(
        select(
            DataQualityIssue.id,
            DataQualityIssue.customer_id,
            DataQualityIssue.issue,
            DataQualityIssue.field,
            DataQualityIssue.detail,
            DataQualityIssue.found_by,
            DataQualityIssue.dismissed_at,
        ).where(
            DataQualityIssue.customer_id.in_(list(judged)),
            DataQualityIssue.issue != DataIssue.DUPLICATE,
            DataQualityIssue.fixed_at.is_(None),
        )
    )
    present = {(row.customer_id, row.issue, row.field): row for row in rows}
    new = []
    for id_, quality in judged.items():
        for finding in quality.findings:
            row = present.pop((id_, finding.issue, finding.field.value), None)
            if row is None:
                new.append(
                    {
                        "customer_id": id_,
                        "issue": finding.issue,
                        "field": finding.field.value,
                        "detail": finding.detail,
                        "found_by": FOUND_BY,
                        "found_at": now,
                    }
                )
            elif row.detail != finding.detail and row.dismissed_at is None:
                await session.execute(
                    update(DataQualityIssue)
                    .where(DataQualityIssue.id == row.id)
                    .values(detail=finding.detail)
                )
    if new:
        await session.execute(insert(Base.metadata.tables[DataQualityIssue.__tablename__]), new)
    # What a person reported stays until a person or a new value ends it.
    over = [row.id for row in present.values() if row.found_by == FOUND_BY]
    if over:
        await session.execute(
            update(DataQualityIssue)
            .where(DataQualityIssue.id.in_(over))
            .values(fixed_at=now, closed_by=FOUND_BY)
        )
    return len(new), len(over)


def _view(
    row: DataQualityIssue, ref: str, name: str, other_ref: str | None, other_name: str | None
) -> IssueView:
    field = _FIELDS.get(row.field)
    return IssueView(
        id=row.id,
        issue=row.issue,
        field=row.field,
        field_label=field.label if field is not None else row.field,
        detail=row.detail,
        customer_id=row.customer_id,
        customer_ref=ref,
        customer_name=name,
        other_id=row.other_customer_id,
        other_ref=other_ref,
        other_name=other_name,
        score=row.score,
        evidence=tuple(row.evidence or ()),
        found_by=row.found_by,
        found_at=row.found_at,
    )
