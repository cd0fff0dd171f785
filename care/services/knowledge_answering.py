"""Questions that nothing answered, for the one who writes the answer: it becomes an entry of the knowledge.

Entries written here stand in `data/knowledge/answered.yml`, in the form of `docs/knowledge.md`, and are checked as
every other one. The bot speaks them once it has read the knowledge anew.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import ColumnElement, func, select

from care.records.conversation import Conversation, Message
from care.records.interaction import UnansweredQuestion
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.text import normalise
from care.rules.times import shanghai_day
from care.rules.vocabulary import Topic
from care.services.context import Care
from care.services.knowledge_entries import Entry, parse_entry, read_folder, remarks
from care.services.knowledge_import import write_entries

FILE = "answered.yml"
_HEADER = "# 在管理台回答没答上来的问题时写入；可以手工修改。\n"
#: The file is read, checked and replaced as one step.
_writing = asyncio.Lock()


@dataclass(frozen=True)
class OpenQuestion:
    """A question, numbers of people in it masked; `conversation` is where it was put last."""

    id: int
    question: str
    topic: Topic | None
    count: int
    first_at: datetime
    last_at: datetime
    conversation: str | None


@dataclass(frozen=True)
class AnswerDraft:
    question: str
    answer: str
    source: str
    topics: Sequence[Topic]
    variants: Sequence[str] = ()
    expires: date | None = None


@dataclass(frozen=True)
class Written:
    """`remarks`: what is not wrong but worth a look."""

    entry: str
    file: str
    remarks: tuple[str, ...]


async def open_questions(
    care: Care, *, topic: Topic | None = None, offset: int = 0, limit: int = 50
) -> tuple[list[OpenQuestion], int]:
    """Open questions, the most frequent first, and how many there are."""
    table = UnansweredQuestion
    which: list[ColumnElement[bool]] = [table.closed_at.is_(None)]
    if topic is not None:
        which.append(table.topic == topic.value)
    async with care.sessions.read() as session:
        total = await session.scalar(select(func.count(table.id)).where(*which))
        rows = await session.execute(
            select(table, Conversation.public_id)
            .outerjoin(Message, Message.id == table.last_message_id)
            .outerjoin(Conversation, Conversation.id == Message.conversation_id)
            .where(*which)
            .order_by(table.count.desc(), table.last_at.desc(), table.id)
            .offset(offset)
            .limit(limit)
        )
        found = [
            OpenQuestion(
                row.id,
                row.example,
                None if row.topic is None else Topic(row.topic),
                row.count,
                row.first_at,
                row.last_at,
                conversation,
            )
            for row, conversation in rows
        ]
    return found, int(total or 0)


async def answer(care: Care, question_id: int, draft: AnswerDraft) -> Written:
    """Writes the answer as an entry and closes the question; the customer's wording becomes a variant.

    Raises:
        NotFound: no such question.
        Conflict: it is closed already, or the knowledge has errors that must be mended first.
        InvalidInput: the entry would be wrong; `fields` names each problem.
    """
    now = care.clock.now()
    async with _writing, care.sessions.write() as session:
        row = await session.get(UnansweredQuestion, question_id, with_for_update=True)
        if row is None:
            raise NotFound("没有这个问题。")
        if row.closed_at is not None:
            raise Conflict("这个问题已经有人处理了。")
        written = await asyncio.to_thread(
            _write, care.settings.root / "data" / "knowledge", draft, row.example, shanghai_day(now)
        )
        row.closed_at = now
    return written


async def dismiss(care: Care, question_id: int) -> None:
    """The question needs no answer; it is open again when somebody puts it once more. Raises `NotFound`."""
    async with care.sessions.write() as session:
        row = await session.get(UnansweredQuestion, question_id, with_for_update=True)
        if row is None:
            raise NotFound("没有这个问题。")
        row.closed_at = row.closed_at or care.clock.now()


def _write(folder: Path, draft: AnswerDraft, asked: str, today: date) -> Written:
    reading = read_folder(folder)
    if reading.errors:
        raise Conflict(f"知识文件有错误，请先改正：{reading.errors[0]}")
    entry = _entry(draft, asked, today)
    owner = {wording: one.id for one in reading.entries.values() for wording in one.wordings}
    taken = [wording for wording in entry.wordings if owner.get(wording, entry.id) != entry.id]
    if entry.question in taken or entry.id in reading.entries:
        where = owner.get(entry.question, entry.id)
        raise InvalidInput(fields={"question": f"条目 {where} 里已经有这个问法，请改那个条目。"})
    if wrong := [wording for wording in taken if wording != normalise(asked)]:
        raise InvalidInput(fields={"variants": f"问法“{wrong[0]}”在条目 {owner[wrong[0]]} 里已经有了。"})
    if taken:
        entry = _entry(draft, None, today)
    write_entries(folder / FILE, {entry.id: entry}, header=_HEADER)
    return Written(entry.id, FILE, tuple(text for _, text in remarks(entry, today)))


def _entry(draft: AnswerDraft, asked: str | None, today: date) -> Entry:
    question = draft.question.strip()
    said = [*draft.variants, *([] if asked is None else [normalise(asked)])]
    variants = [one for one in dict.fromkeys(map(str.strip, said)) if one and one != question]
    entry, errors = parse_entry(
        {
            "id": "answer-" + hashlib.sha256(question.encode()).hexdigest()[:8],
            "topics": [topic.value for topic in draft.topics],
            "question": question,
            "variants": variants,
            "answer": draft.answer,
            "source": draft.source,
            "updated": today,
            **({} if draft.expires is None else {"expires": draft.expires}),
        }
    )
    if entry is None:
        raise InvalidInput(fields=dict(errors))
    return entry
