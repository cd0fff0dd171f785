"""Tables out: customers, contacts and complaints, masked unless somebody may see more, row by row.

An unmasked copy of customers leaves a line in the access log for every one of them.
"""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from openpyxl import Workbook
from sqlalchemy import Select, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from care.records.complaint import Complaint
from care.records.customer import AccessLog, Customer, CustomerField
from care.records.interaction import CareInteraction
from care.records.staff import Staff
from care.rules.complaint import ComplaintState
from care.rules.errors import InvalidInput
from care.rules.labelled import Labelled
from care.rules.masking import mask_cards, mask_name, mask_phones
from care.rules.profile import ProfileField, mask_field
from care.rules.times import to_shanghai
from care.rules.vocabulary import Topic
from care.services.context import Care
from care.services.customers import is_live

BATCH = 1000
#: A cell that begins so is a formula to a spreadsheet, and customers wrote what stands in it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FIELDS = (ProfileField.EMAIL, ProfileField.ADDRESS, ProfileField.BIRTHDAY, ProfileField.INVOICE_TITLE)

Cells = list[Any]
Progress = Callable[[int, int], None]


class What(Labelled):
    CUSTOMERS = "customers", "客户"
    INTERACTIONS = "interactions", "服务记录"
    COMPLAINTS = "complaints", "投诉"


@dataclass(frozen=True)
class Written:
    rows: int
    path: Path


async def export(
    care: Care,
    what: What,
    path: Path,
    *,
    form: Literal["csv", "xlsx"] = "csv",
    who: str,
    role: str,
    is_masked: bool = True,
    on_progress: Progress | None = None,
    only: Select[Any] | None = None,
    label: str | None = None,
) -> Written:
    """Writes the table with a header row of Chinese names; times are Asia/Shanghai.

    Args:
        who, role: for the access log of an unmasked copy of customers, and of every chosen copy of complaints.
        only: a query of the ids of complaints to write; drafts stay out all the same.
        label: a first row above the headings, which says what this copy is.

    Raises:
        InvalidInput: the file cannot be written.
    """
    reader = _READERS[what]
    if only is not None:

        def reader(care: Care, is_masked: bool) -> AsyncIterator[tuple[list[Cells], list[int]]]:
            return _complaints(care, is_masked, only)

    total = await _count(care, what)
    done = 0
    try:
        writer = _Xlsx(path, what.label, 2 if label is None else 3) if form == "xlsx" else _Csv(path)
    except OSError as problem:
        raise InvalidInput(f"不能写入 {path}：{problem.strerror}。") from problem
    try:
        if label is not None:
            writer.row([label])
        writer.row(_HEADERS[what])
        async for batch, ids in reader(care, is_masked):
            if ids and (not is_masked or only is not None):
                await _note_reads(care, ids, who, role, _SHOWN_OF[what])
            for cells in batch:
                writer.row([_cell(cell) for cell in cells])
            done += len(batch)
            if on_progress is not None:
                on_progress(done, max(total, done))
    finally:
        writer.close()
    return Written(done, path)


_HEADERS: dict[What, Sequence[str]] = {
    What.CUSTOMERS: (
        "资料编号", "客户编号", "姓名", "手机号", "电子邮箱", "地址", "生日", "发票抬头", "客户类型", "客户等级",
        "客户细分", "生命周期", "偏好渠道", "资料得分", "注册时间",
    ),
    What.INTERACTIONS: (
        "开始", "结束", "渠道", "处理方", "坐席", "性质", "话题", "关怀部分", "关怀阶段", "情绪", "订单号",
        "要求人工", "人工接入", "人工首次回复", "结果", "依据", "客户", "资料编号",
    ),
    What.COMPLAINTS: (
        "投诉编号", "受理时间", "状态", "严重程度", "类别", "话题", "关怀部分", "关怀阶段", "原话", "订单号", "客户",
        "资料编号", "负责人", "层级", "告知期限", "解决期限", "处理方式", "关闭时间", "关闭方式", "重开次数",
    ),
}  # fmt: skip


async def _count(care: Care, what: What) -> int:
    wanted = {
        What.CUSTOMERS: select(func.count()).select_from(Customer).where(is_live()),
        What.INTERACTIONS: select(func.count()).select_from(CareInteraction),
        What.COMPLAINTS: select(func.count())
        .select_from(Complaint)
        .where(Complaint.state != ComplaintState.DRAFT),
    }[what]
    async with care.sessions.read() as session:
        return int(await session.scalar(wanted) or 0)


async def _customers(care: Care, is_masked: bool) -> AsyncIterator[tuple[list[Cells], list[int]]]:
    last = 0
    while True:
        async with care.sessions.read() as session:
            rows = (
                await session.scalars(
                    select(Customer).where(Customer.id > last, is_live()).order_by(Customer.id).limit(BATCH)
                )
            ).all()
            ids = [row.id for row in rows]
            fields = await _fields_of(session, ids)
        if not rows:
            return
        last = ids[-1]

        def shown(row: Customer, field: ProfileField, fields: dict[int, dict[str, str]] = fields) -> str:
            column = {ProfileField.NAME: row.name, ProfileField.PHONE: row.phone}
            value = column.get(field) or fields.get(row.id, {}).get(field.value) or ""
            return mask_field(field, value) if is_masked and value else value

        yield (
            [
                [
                    row.public_id,
                    row.external_id,
                    shown(row, ProfileField.NAME),
                    shown(row, ProfileField.PHONE),
                    *(shown(row, field) for field in _FIELDS),
                    row.type.label,
                    row.tier.label,
                    row.segment,
                    row.lifecycle_stage.label,
                    row.preferred_channel,
                    row.quality_score,
                    row.created_at,
                ]
                for row in rows
            ],
            ids,
        )


async def _batches(
    care: Care, wanted: Select[Any], key: InstrumentedAttribute[int]
) -> AsyncIterator[Sequence[Any]]:
    """The rows in the order of `key`, the first column's id, a batch and a short transaction at a time."""
    last = 0
    while True:
        async with care.sessions.read() as session:
            batch = wanted.where(key > last).order_by(key).limit(BATCH)
            rows = (await session.execute(batch)).all()
        if not rows:
            return
        last = rows[-1][0].id
        yield rows


async def _interactions(care: Care, is_masked: bool) -> AsyncIterator[tuple[list[Cells], list[int]]]:
    wanted = (
        select(CareInteraction, Customer.name, Customer.public_id, Staff.name)
        .outerjoin(Customer, Customer.id == CareInteraction.customer_id)
        .outerjoin(Staff, Staff.id == CareInteraction.agent_id)
    )
    async for rows in _batches(care, wanted, CareInteraction.id):
        yield (
            [
                [
                    row.started_at,
                    row.ended_at,
                    row.channel,
                    row.handled_by,
                    agent,
                    row.kind,
                    "、".join(_topics(row.topics)),
                    row.care_part,
                    row.care_stage,
                    row.emotion,
                    row.order_number,
                    row.handoff_requested_at,
                    row.handoff_at,
                    row.first_human_reply_at,
                    row.outcome,
                    row.resolved_basis,
                    _name(name, is_masked),
                    ref,
                ]
                for row, name, ref, agent in rows
            ],
            [],
        )


async def _complaints(
    care: Care, is_masked: bool, only: Select[Any] | None = None
) -> AsyncIterator[tuple[list[Cells], list[int]]]:
    wanted = (
        select(Complaint, Customer.name, Customer.public_id, Staff.name)
        .outerjoin(Customer, Customer.id == Complaint.customer_id)
        .outerjoin(Staff, Staff.id == Complaint.owner_id)
        .where(Complaint.state != ComplaintState.DRAFT)
    )
    if only is not None:
        wanted = wanted.where(Complaint.id.in_(only))
    async for rows in _batches(care, wanted, Complaint.id):
        yield (
            [
                [
                    row.case_number,
                    row.received_at,
                    row.state,
                    row.grade,
                    row.category,
                    "、".join(_topics([{"topic": row.topic}])),
                    row.care_part,
                    row.care_stage,
                    mask_phones(mask_cards(row.own_words)) if is_masked else row.own_words,
                    row.order_number,
                    _name(name, is_masked),
                    ref,
                    owner,
                    row.level,
                    row.acknowledge_due_at,
                    row.solve_due_at,
                    row.remedy,
                    row.closed_at,
                    row.close_kind,
                    row.reopen_count,
                ]
                for row, name, ref, owner in rows
            ],
            []
            if only is None
            else sorted({row.customer_id for row, *_ in rows if row.customer_id is not None}),
        )


_READERS: dict[What, Callable[[Care, bool], AsyncIterator[tuple[list[Cells], list[int]]]]] = {
    What.CUSTOMERS: _customers,
    What.INTERACTIONS: _interactions,
    What.COMPLAINTS: _complaints,
}


async def _fields_of(session: AsyncSession, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for start in range(0, len(ids), 400):
        rows = await session.execute(
            select(CustomerField.customer_id, CustomerField.name, CustomerField.value).where(
                CustomerField.customer_id.in_(ids[start : start + 400]),
                CustomerField.name.in_([field.value for field in _FIELDS]),
            )
        )
        for id_, name, value in rows:
            found.setdefault(id_, {})[name] = value
    return found


#: What of a customer a copy shows.
_SHOWN_OF: dict[What, list[str]] = {
    What.CUSTOMERS: [field.value for field in (ProfileField.NAME, ProfileField.PHONE, *_FIELDS)],
    What.COMPLAINTS: ["customer.name", "complaint.own_words"],
}


async def _note_reads(care: Care, ids: Sequence[int], who: str, role: str, fields: list[str]) -> None:
    async with care.sessions.write() as session:
        await session.execute(
            insert(AccessLog),
            [
                {"who": who, "role": role, "customer_id": id_, "fields": fields, "purpose": "导出", "at": care.clock.now()}
                for id_ in ids
            ],
        )  # fmt: skip


def _topics(topics: Sequence[dict[str, Any]]) -> list[str]:
    labels = Topic.labels()
    return list(dict.fromkeys(labels.get(str(one.get("topic")), str(one.get("topic"))) for one in topics))


def _name(name: str | None, is_masked: bool) -> str:
    return mask_name(name or "") if is_masked else name or ""


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, Labelled):
        return value.label
    if isinstance(value, datetime):
        return to_shanghai(value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


class _Csv:
    def __init__(self, path: Path) -> None:
        # Excel takes a file without this mark for the system's old code page.
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)

    def row(self, cells: Sequence[Any]) -> None:
        self._writer.writerow(cells)

    def close(self) -> None:
        self._file.close()


class _Xlsx:
    def __init__(self, path: Path, title: str, first_row: int) -> None:
        path.touch()
        self._path = path
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(title)
        self._sheet.freeze_panes = f"A{first_row}"

    def row(self, cells: Sequence[Any]) -> None:
        self._sheet.append(list(cells))

    def close(self) -> None:
        self._book.save(self._path)
