"""Pictures that customers add to a complaint or a chat: taken in, shown to who may see them, put to their case.

The file is written before its row, so that a row never points at nothing; what a crash leaves between the two is
removed by `care.services.evidence_cleaning`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.records.evidence import Evidence
from care.records.interaction import CareInteraction
from care.rules.complaint import FINAL_STATES, ComplaintState
from care.rules.errors import Conflict, ConversationClosed, NotFound
from care.rules.masking import mask_cards
from care.rules.permissions import Permission, check_permission
from care.rules.pictures import DAY, MAX_A_DAY, GivenBy, TooManyPictures, shown_name
from care.rules.vocabulary import Owner, Speaker
from care.services import access_log, complaint_log, interactions, transcript
from care.services.board import was_in
from care.services.case_access import visible_to
from care.services.complaint_drafts import open_draft_row
from care.services.context import Care
from care.services.conversation_rows import announce, locked, verified_customer_id
from care.services.evidence_files import EvidenceFiles
from care.services.own_rows import heard_here
from care.services.picture_making import Made, make
from care.services.staff import StaffView
from care.services.visits import is_of_visitor

#: What a picture's line carries in place of a button's payload: the bot answers it by `evidence_turns`.
PAYLOAD = "/picture"
CARD_TYPE = "evidence"
LOOK = "查看图片证据"
_MISSING = "没有找到这张图片。"


@dataclass(frozen=True)
class Taken:
    """A picture is stored; the same for a repeated `client_msg_id`, with `is_duplicate`."""

    public_id: str
    name: str
    seq: int
    is_duplicate: bool
    conversation_id: int


@dataclass(frozen=True)
class EvidenceView:
    public_id: str
    name: str
    kind: str
    bytes: int
    sha256: str
    width: int
    height: int
    by: GivenBy
    at: datetime
    path: str | None


@dataclass(frozen=True)
class Picture:
    name: str
    content_type: str
    data: bytes


async def add(care: Care, conversation_id: int, *, client_msg_id: str, name: str, data: bytes) -> Taken:
    """Stores a customer's picture as a line of its own in the transcript, once per `client_msg_id`.

    It goes to the complaint being told here, or to the one open case that this conversation may hear about.

    Raises:
        BadPicture, PictureTooLarge: what was sent cannot be taken; the text says why.
        TooManyPictures: nine within a day, in this conversation or for this case.
        BadFrame: `client_msg_id` is not a UUID.
        ConversationClosed: open a new visit and send again there.
        Conflict: another message has this `client_msg_id`.
        Unavailable: not stored; the client sends it again.
    """
    message_key = transcript.client_id(client_msg_id)
    async with care.sessions.read() as session:
        stored = await _stored(session, conversation_id, message_key)
        if stored is not None:
            return stored
        await _check_room(session, care, Evidence.conversation_id == conversation_id)
    made = await asyncio.to_thread(make, data)
    files = EvidenceFiles(care.settings)
    path = await asyncio.to_thread(files.write, made.data, made.preview)
    is_kept = False
    try:
        async with care.sessions.write() as session:
            conversation = await locked(session, conversation_id)
            taken = await _stored(session, conversation_id, message_key)
            if taken is None:
                taken = await _store(session, care, conversation, message_key, name, made, path)
        is_kept = not taken.is_duplicate
    finally:
        if not is_kept:
            await asyncio.to_thread(files.remove, path)
    if is_kept:
        await announce(care, conversation)
    return taken


async def of_complaint(session: AsyncSession, complaint_id: int) -> list[EvidenceView]:
    """A case's pictures, oldest first; removed ones are not among them."""
    return await where(session, Evidence.complaint_id == complaint_id)


async def where(session: AsyncSession, which: ColumnElement[bool]) -> list[EvidenceView]:
    """The pictures that fulfil `which`, oldest first; removed ones are not among them."""
    rows = await session.scalars(
        select(Evidence).where(which, Evidence.removed_at.is_(None)).order_by(Evidence.id)
    )
    return [_view(row) for row in rows]


async def for_visitor(
    care: Care, public_id: str, visitor_token: str | None, *, is_preview: bool = False
) -> Picture:
    """A picture of the browser's own conversation. Raises `NotFound`, whatever the reason is."""
    row = await _row(care, public_id)
    if row.conversation_id is None or not await is_of_visitor(care, row.conversation_id, visitor_token):
        raise NotFound(_MISSING)
    return await _read(care, row, is_preview)


async def for_staff(care: Care, public_id: str, reader: StaffView, *, is_preview: bool = False) -> Picture:
    """A picture for who may see its conversation on the desk, or its case; the look is logged.

    Raises:
        NotFound: there is none, or it was removed.
        Forbidden: the conversation is somebody else's.
    """
    check_permission(reader.role, Permission.SERVE)
    row = await _row(care, public_id)
    async with care.sessions.read() as session:
        conversation = await session.get(Conversation, row.conversation_id) if row.conversation_id else None
        case = await session.get(Complaint, row.complaint_id) if row.complaint_id else None
        is_near = case is not None and await _sees_case(session, case.id, reader)
    if not is_near and (conversation is None or not await _sees(care, conversation, reader)):
        check_permission(reader.role, Permission.VIEW_ALL_CONVERSATIONS)
    customers: set[int | None] = {case.customer_id} if case is not None else set()
    if conversation is not None:
        customers |= await transcript.customers_in(care, conversation.id)
    picture = await _read(care, row, is_preview)
    await access_log.note_look(care, reader, customers, ["evidence.file"], purpose=LOOK)
    return picture


async def read_all(care: Care, views: Sequence[EvidenceView], *, is_preview: bool) -> dict[str, bytes]:
    """Public id → the file, for those whose file is there."""

    def read() -> dict[str, bytes]:
        files, found = EvidenceFiles(care.settings), {}
        for one in views:
            if one.path is not None:
                try:
                    found[one.public_id] = files.read(one.path, preview=is_preview)
                except FileNotFoundError:
                    continue
        return found

    return await asyncio.to_thread(read)


async def link_to_received(session: AsyncSession, case: Complaint, now: datetime) -> None:
    """Gives a case that is received now the pictures that were sent while it was told, before its draft too.

    In the caller's transaction, which holds the case.
    """
    if case.conversation_id is None:
        return
    since = now - DAY
    if case.interaction_id is not None:
        contact = await session.get(CareInteraction, case.interaction_id)
        since = max(since, contact.started_at) if contact is not None else since
    dropped = exists().where(
        Complaint.id == Evidence.complaint_id,
        Complaint.state == ComplaintState.WITHDRAWN,
        Complaint.case_number.is_(None),
    )
    rows = await session.scalars(
        select(Evidence)
        .where(
            Evidence.conversation_id == case.conversation_id,
            or_(Evidence.complaint_id.is_(None), dropped),
            Evidence.removed_at.is_(None),
            Evidence.at >= since,
        )
        .order_by(Evidence.id)
    )
    for row in rows.all():
        await link(session, row, case, now)


async def link(session: AsyncSession, row: Evidence, case: Complaint, now: datetime) -> None:
    """Puts a picture to its case and says so in the trail; the caller holds both. The name stays out of the trail."""
    row.complaint_id = case.id
    await complaint_log.append(
        session,
        case,
        "evidence",
        actor=row.by.value,
        at=now,
        data={"evidence": row.public_id, "sha256": row.sha256, "bytes": row.bytes, "kind": row.kind.value},
    )


async def cases_for(session: AsyncSession, care: Care, conversation: Conversation) -> list[Complaint]:
    """What a picture of this conversation can belong to, held for writing: the complaint being told, else the open
    case told right here, else every open case of the verified customer, the newest first."""
    draft = await open_draft_row(session, conversation.id, to_write=True)
    if draft is not None:
        return [draft]
    customer_id = await verified_customer_id(session, conversation, care.clock.now())
    rows = await session.scalars(
        select(Complaint)
        .where(
            heard_here(conversation.id, customer_id),
            Complaint.state.not_in((*FINAL_STATES, ComplaintState.DRAFT)),
            Complaint.case_number.is_not(None),
            Complaint.locked_at.is_(None),
        )
        .order_by(Complaint.id.desc())
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = list(rows)
    here = [case for case in found if case.conversation_id == conversation.id]
    return here[:1] or found


async def _sees(care: Care, conversation: Conversation, reader: StaffView) -> bool:
    """As the desk shows them: the bot's, who waits, one's own, and ended ones that one had."""
    if conversation.owner in (Owner.BOT, Owner.QUEUED) or conversation.agent_id == reader.id:
        return True
    return conversation.owner is Owner.CLOSED and await was_in(care, conversation.id, reader.id)


async def _sees_case(session: AsyncSession, complaint_id: int, reader: StaffView) -> bool:
    found = await session.scalar(select(Complaint.id).where(Complaint.id == complaint_id, visible_to(reader)))
    return found is not None


async def _store(
    session: AsyncSession,
    care: Care,
    conversation: Conversation,
    message_key: str,
    name: str,
    made: Made,
    path: str,
) -> Taken:
    if conversation.owner is Owner.CLOSED:
        raise ConversationClosed()
    await _check_room(session, care, Evidence.conversation_id == conversation.id)
    cases = await cases_for(session, care, conversation)
    case = cases[0] if len(cases) == 1 else None
    if case is not None:
        await _check_room(session, care, Evidence.complaint_id == case.id)
    if await verified_customer_id(session, conversation, care.clock.now()) is None:
        conversation.customer_id = conversation.verified_by = conversation.verified_at = None
    now = care.clock.now()
    shown = mask_cards(shown_name(name, made.kind), order_number_pattern=care.settings.order_number_pattern)
    public_id = str(uuid4())
    message = transcript.append(
        session,
        conversation,
        at=now,
        speaker=Speaker.CUSTOMER,
        text=f"[图片] {shown}",
        payload=PAYLOAD,
        card={
            "type": CARD_TYPE,
            "id": public_id,
            "name": shown,
            "kind": made.kind.value,
            "size": len(made.data),
            "width": made.width,
            "height": made.height,
        },
        client_msg_id=message_key,
        bot_state="pending" if conversation.owner is Owner.BOT else "skipped",
    )
    await session.flush()
    await interactions.open_contact(session, conversation, now)
    row = Evidence(
        public_id=public_id,
        conversation_id=conversation.id,
        message_id=message.id,
        name=shown,
        kind=made.kind,
        bytes=len(made.data),
        sha256=made.sha256,
        width=made.width,
        height=made.height,
        path=path,
        by=GivenBy.CUSTOMER,
        at=now,
    )
    session.add(row)
    if case is not None:
        await link(session, row, case, now)
    return Taken(public_id, shown, conversation.last_seq, False, conversation.id)


async def _stored(session: AsyncSession, conversation_id: int, message_key: str) -> Taken | None:
    message = await transcript.of_client(session, conversation_id, message_key)
    if message is None:
        return None
    row = await session.scalar(select(Evidence).where(Evidence.message_id == message.id))
    if row is None:
        raise Conflict("这个编号已用于另一条消息，请重新选择图片。")
    return Taken(row.public_id, row.name, message.seq or 0, True, conversation_id)


async def _check_room(session: AsyncSession, care: Care, place: ColumnElement[bool]) -> None:
    count = await session.scalar(
        select(func.count()).select_from(Evidence).where(place, Evidence.at > care.clock.now() - DAY)
    )
    if int(count or 0) >= MAX_A_DAY:
        raise TooManyPictures


async def _row(care: Care, public_id: str) -> Evidence:
    async with care.sessions.read() as session:
        row = await session.scalar(
            select(Evidence).where(Evidence.public_id == public_id, Evidence.removed_at.is_(None))
        )
    if row is None or row.path is None:
        raise NotFound(_MISSING)
    return row


async def _read(care: Care, row: Evidence, is_preview: bool) -> Picture:
    files = EvidenceFiles(care.settings)
    try:
        data = await asyncio.to_thread(files.read, row.path or "", preview=is_preview)
    except FileNotFoundError:
        raise NotFound(_MISSING) from None
    return Picture(row.name, "image/jpeg" if is_preview else row.kind.content_type, data)


def _view(row: Evidence) -> EvidenceView:
    return EvidenceView(
        public_id=row.public_id,
        name=row.name,
        kind=row.kind.label,
        bytes=row.bytes,
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        by=row.by,
        at=row.at,
        path=row.path,
    )
