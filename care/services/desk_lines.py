"""A conversation as staff reads it: the customer's transcript with the internal notes between its lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.conversation import Conversation, Message
from care.records.desk import DeskNote
from care.records.evidence import Evidence
from care.services import desk_notes, evidence, transcript
from care.services.context import Care
from care.services.desk_notes import NoteView
from care.services.evidence import EvidenceView
from care.services.transcript import MessageView

PAGE = 200
#: What was missed is given whole, up to here; a page that was away longer asks for older pages.
MISSED_AT_MOST = 2000
_CHUNK = 100


@dataclass(frozen=True)
class Thread:
    """Lines by number, oldest first, and notes by the order of their writing; `seq` is the last line's number."""

    lines: list[MessageView]
    notes: list[NoteView]
    seq: int
    has_older: bool = False
    evidence: Mapping[int, list[EvidenceView]] = field(default_factory=dict)  # message id → its pictures
    last_note_id: int = 0  # of the conversation, shown here or not


async def read(care: Care, conversation_id: int, *, after: int = 0, before: int | None = None) -> Thread:
    """What is after a number, the page before one, or with neither the newest page.

    Notes come along by their time: those between the lines of a page, and with `after` those since that line.
    """
    shown = and_(Message.conversation_id == conversation_id, Message.seq.is_not(None))
    async with care.sessions.read() as session:
        conversation = await session.get_one(Conversation, conversation_id)
        query = select(Message).where(shown)
        if before is not None:
            query = query.where(Message.seq < before).order_by(Message.seq.desc()).limit(PAGE)
        elif after:
            query = query.where(Message.seq > after).order_by(Message.seq).limit(MISSED_AT_MOST)
        else:
            query = query.order_by(Message.seq.desc()).limit(PAGE)
        rows = sorted(await session.scalars(query), key=lambda m: m.seq or 0)
        first = rows[0].seq or 0 if rows else 0
        has_older = not after and first > 1
        since = rows[0].at if has_older else None
        until = None
        if after:
            since = await _at(session, conversation_id, after)
        elif before is not None:
            until = await _at(session, conversation_id, before)
        # One reading of them all: a note written between two readings would be lost.
        notes = await session.scalars(
            select(DeskNote).where(DeskNote.conversation_id == conversation_id).order_by(DeskNote.id)
        )
        every = await desk_notes.views(session, notes)
        return Thread(
            lines=await transcript.views(session, rows),
            notes=[
                note
                for note in every
                if (since is None or note.at >= since) and (until is None or note.at < until)
            ],
            last_note_id=every[-1].id if every else 0,
            seq=conversation.last_seq,
            has_older=has_older,
            evidence=await _evidence(session, [row.id for row in rows]),
        )


async def news(care: Care, places: Mapping[int, tuple[int, int]]) -> dict[int, Thread]:
    """What came after a line's number and a note's id, for many conversations in a few queries.

    Args:
        places: conversation id → (number of the last line, id of the last note) that everybody has.
    """
    result: dict[int, Thread] = {}
    left = iter(places.items())
    async with care.sessions.read() as session:
        while chunk := dict(islice(left, _CHUNK)):
            rows = list(
                await session.scalars(
                    select(Message)
                    .where(
                        or_(
                            *(
                                and_(Message.conversation_id == key, Message.seq > place[0])
                                for key, place in chunk.items()
                            )
                        )
                    )
                    .order_by(Message.conversation_id, Message.seq)
                )
            )
            notes = await session.scalars(
                select(DeskNote)
                .where(
                    or_(
                        *(
                            and_(DeskNote.conversation_id == key, DeskNote.id > place[1])
                            for key, place in chunk.items()
                        )
                    )
                )
                .order_by(DeskNote.id)
            )
            pictures = await _evidence(session, [row.id for row in rows])
            of_message = {row.id: row.conversation_id for row in rows}
            lines: dict[int, list[MessageView]] = defaultdict(list)
            for line in await transcript.views(session, rows):
                lines[of_message[line.message_id]].append(line)
            written: dict[int, list[NoteView]] = defaultdict(list)
            for note in await desk_notes.views(session, notes):
                written[note.conversation_id].append(note)
            for key in lines.keys() | written.keys():
                last = lines[key][-1].seq if lines[key] else chunk[key][0]
                result[key] = Thread(lines[key], written[key], last, evidence=pictures)
    return result


async def _at(session: AsyncSession, conversation_id: int, seq: int) -> datetime | None:
    return await session.scalar(
        select(Message.at).where(Message.conversation_id == conversation_id, Message.seq == seq)
    )


async def _evidence(session: AsyncSession, message_ids: Sequence[int]) -> dict[int, list[EvidenceView]]:
    found: dict[int, list[EvidenceView]] = defaultdict(list)
    for start in range(0, len(message_ids), 400):
        ids = message_ids[start : start + 400]
        rows = await session.execute(
            select(Evidence.message_id, Evidence.public_id).where(Evidence.message_id.in_(ids))
        )
        of_picture = {public_id: message_id for message_id, public_id in rows}
        if not of_picture:
            continue
        for picture in await evidence.where(session, Evidence.message_id.in_(ids)):
            found[of_picture[picture.public_id]].append(picture)
    return found
