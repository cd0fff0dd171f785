"""A case as a document that leaves the house: PDF or DOCX, labelled, masked for who takes it, and noted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import select

from care.records.complaint import Complaint
from care.rules.errors import InvalidInput, NotFound
from care.rules.field_access import Access, access
from care.rules.times import to_shanghai
from care.services import access_log, case_docx, case_file, case_pdf, evidence
from care.services.access_log import Actor
from care.services.case_page import Page
from care.services.case_wording import MASKED, UNMASKED
from care.services.context import Care

Format = Literal["pdf", "docx"]
FORMATS: tuple[str, ...] = get_args(Format)

_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_FIELDS = ("complaint", "message.text", "evidence.file", "customer.name", "customer.phone")


@dataclass(frozen=True)
class Document:
    """A finished file; `name` is Chinese and safe in a file system."""

    name: str
    content_type: str
    bytes: bytes


async def render(care: Care, complaint_id: int, *, reader: Actor, format: str) -> Document:
    """The whole case as `reader`'s role may see it. That it was taken is in the access log before it is given.

    Whether the reader may export at all is the caller's question.

    Raises:
        InvalidInput: another format than pdf or docx.
        NotFound: no such complaint, or it was never received.
        Conflict: its customer was deleted; it is kept for the authorities only.
    """
    if format not in FORMATS:
        raise InvalidInput(fields={"format": "只能是 pdf 或 docx"})
    now = care.clock.now()
    async with care.sessions.read() as session:
        file = await case_file.read(session, complaint_id, reader.role)
    previews = await evidence.read_all(care, file.pictures, is_preview=True)
    is_masked = access("customer.name", reader.role) is not Access.WHOLE
    page = Page(
        file=file,
        shop=care.settings.shop_name,
        by=f"{reader.login}（{reader.role.label}）",
        at=now,
        masking=MASKED if is_masked else UNMASKED,
        previews=previews,
    )
    make = case_pdf.make if format == "pdf" else case_docx.make
    data = await asyncio.to_thread(make, page)
    async with care.sessions.write() as session:
        for customer_id in sorted(file.customers):
            access_log.log_read(
                session,
                reader,
                customer_id,
                _FIELDS,
                purpose=f"导出投诉 {file.case_number}（{format}）",
                at=now,
            )
    stamp = f"{to_shanghai(now):%Y%m%d-%H%M%S}"
    return Document(f"投诉档案-{file.case_number}-{stamp}.{format}", _TYPES[format], data)


async def id_of(care: Care, case_number: str) -> int:
    """The complaint with this number. Raises `NotFound`."""
    async with care.sessions.read() as session:
        found = await session.scalar(select(Complaint.id).where(Complaint.case_number == case_number))
    if found is None:
        raise NotFound(f"没有编号为 {case_number} 的投诉。")
    return int(found)
