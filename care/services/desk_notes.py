"""Internal notes, drafts and read marks: what staff keeps beside a conversation and the customer never sees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid6 import uuid7

from care.records.conversation import Conversation
from care.records.desk import DeskMark, DeskNote
from care.records.staff import Staff
from care.rules.errors import BadFrame, ConversationClosed, EmptyMessage, MessageTooLong
from care.rules.text import tidy
from care.rules.vocabulary import Owner
from care.services import transcript
from care.services.context import Care
from care.services.conversation_rows import announce, locked

MAX_CHARACTERS = 4000


@dataclass(frozen=True)
class NoteView:
    """One note; `id` grows with the order in which notes were stored."""

    id: int
    public_id: str
    conversation_id: int
    kind: str
    text: str
    at: datetime
    staff_id: int | None
    staff_name: str | None


def add(
    session: AsyncSession,
    care: Care,
    conversation: Conversation,
    staff_id: int | None,
    text: str,
    *,
    kind: str = "note",
    client_msg_id: str | None = None,
) -> DeskNote:
    """One note within the caller's transaction, which holds the conversation and announces it."""
    note = DeskNote(
        public_id=str(UUID(int=uuid7().int)),
        conversation_id=conversation.id,
        staff_id=staff_id,
        client_msg_id=client_msg_id,
        kind=kind,
        text=tidy(text, keep_lines=True),
        at=care.clock.now(),
    )
    session.add(note)
    return note


async def write(care: Care, conversation_id: int, staff_id: int, text: str, client_msg_id: str) -> NoteView:
    """An internal note, once per `client_msg_id`.

    Raises:
        BadFrame: the id is no UUID, or somebody else's.
        EmptyMessage, MessageTooLong: no words, or more than 4,000 characters.
        ConversationClosed: nobody reads notes of an ended conversation.
    """
    key = transcript.client_id(client_msg_id)
    clean = tidy(text, keep_lines=True) if isinstance(text, str) else ""
    if not clean:
        raise EmptyMessage("备注是空的，请输入文字后再保存。")
    if len(clean) > MAX_CHARACTERS:
        raise MessageTooLong("备注超过 4000 字，请分成几条。")
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        note = await session.scalar(
            select(DeskNote).where(DeskNote.conversation_id == conversation_id, DeskNote.client_msg_id == key)
        )
        if note is not None and note.staff_id != staff_id:
            raise BadFrame()
        if note is None:
            if conversation.owner is Owner.CLOSED:
                raise ConversationClosed("会话已结束，不能再写备注。")
            note = add(session, care, conversation, staff_id, clean, client_msg_id=key)
        await session.flush()
        written = (await views(session, [note]))[0]
    await announce(care, conversation)
    return written


async def of(care: Care, conversation_id: int, *, after: int = 0) -> list[NoteView]:
    """The conversation's notes with an id above `after`, oldest first."""
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(DeskNote)
            .where(DeskNote.conversation_id == conversation_id, DeskNote.id > after)
            .order_by(DeskNote.id)
        )
        return await views(session, list(rows))


async def save_draft(care: Care, conversation_id: int, staff_id: int, text: str) -> None:
    """Keeps what somebody began to write; an empty text forgets it."""
    await _mark(care, conversation_id, staff_id, draft=text[:MAX_CHARACTERS])


async def draft_of(care: Care, conversation_id: int, staff_id: int) -> str:
    async with care.sessions.read() as session:
        kept = await session.scalar(
            select(DeskMark.draft).where(
                DeskMark.conversation_id == conversation_id, DeskMark.staff_id == staff_id
            )
        )
        return kept or ""


async def mark_read(care: Care, conversation_id: int, staff_id: int, seq: int) -> None:
    """Somebody has seen everything up to `seq`; an older number changes nothing."""
    await _mark(care, conversation_id, staff_id, read_seq=seq)


async def _mark(care: Care, conversation_id: int, staff_id: int, **values: str | int) -> None:
    async with care.sessions.write() as session:
        insert = pg_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
        row = {"draft": "", "read_seq": 0, "updated_at": care.clock.now(), **values}
        changes = dict(values)
        statement = insert(DeskMark).values(staff_id=staff_id, conversation_id=conversation_id, **row)
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[DeskMark.staff_id, DeskMark.conversation_id],
                set_={**changes, "updated_at": row["updated_at"]},
                where=DeskMark.read_seq < values["read_seq"] if "read_seq" in values else None,
            )
        )


async def views(session: AsyncSession, notes: Iterable[DeskNote]) -> list[NoteView]:
    """Notes with the names of who wrote them."""
    notes = list(notes)
    ids = {note.staff_id for note in notes if note.staff_id is not None}
    names: dict[int, str] = {}
    if ids:
        rows = await session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids)))
        names = {row.id: row.name for row in rows}
    return [
        NoteView(
            note.id,
            note.public_id,
            note.conversation_id,
            note.kind,
            note.text,
            note.at,
            note.staff_id,
            names.get(note.staff_id) if note.staff_id else None,
        )
        for note in notes
    ]
