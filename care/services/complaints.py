"""Complaints: the one door for other layers.

`move` is the only writer of a complaint's state. A draft grows from the first angry message
(`complaint_drafts`), is received (`complaint_receipts`), moved (`complaint_moves`) and handled by
staff (`complaint_handling`); every step is an event of its trail (`complaint_log`).
"""

from __future__ import annotations

from sqlalchemy import select

from care.records.complaint import Complaint
from care.records.conversation import Conversation
from care.rules.complaint import ComplaintState
from care.rules.errors import NotFound
from care.services import interactions
from care.services.complaint_drafts import draft_of, drop_draft, dropped_draft, open_draft, update_draft
from care.services.complaint_handling import hand_over, note, note_remedy_done, note_reminder, regrade
from care.services.complaint_moves import Change, case_view, move
from care.services.complaint_receipts import confirm_draft, receive_silent_drafts
from care.services.complaint_views import CaseView, DraftView, Receipt
from care.services.context import Care
from care.services.conversation_rows import verified_customer_id
from care.services.own_rows import heard_here

_HIDDEN = (ComplaintState.DRAFT, ComplaintState.MERGED)


async def cases_of(care: Care, conversation_id: int, *, limit: int = 5) -> list[CaseView]:
    """Cases that this conversation may hear about, the newest first.

    They are those of its verified customer and the nameless ones received in this very conversation; an
    unverified visitor therefore sees only what they have just told us, and a second customer of one
    browser nothing of the first.

    Raises:
        NotFound: no such conversation.
    """
    async with care.sessions.read() as session:
        conversation = await session.get(Conversation, conversation_id)
        if conversation is None:
            raise NotFound("没有找到这个会话。")
        customer_id = await verified_customer_id(session, conversation, care.clock.now())
        rows = await session.scalars(
            select(Complaint)
            .where(
                heard_here(conversation_id, customer_id),
                Complaint.state.not_in(_HIDDEN),
                Complaint.case_number.is_not(None),
            )
            .order_by(Complaint.received_at.desc(), Complaint.id.desc())
            .limit(limit)
        )
        cases = [await case_view(session, complaint) for complaint in rows]
    if cases:
        await interactions.note_data(care, conversation_id, read=("complaint",))
    return cases


__all__ = [
    "CaseView",
    "Change",
    "DraftView",
    "Receipt",
    "cases_of",
    "confirm_draft",
    "draft_of",
    "drop_draft",
    "dropped_draft",
    "hand_over",
    "move",
    "note",
    "note_remedy_done",
    "note_reminder",
    "open_draft",
    "receive_silent_drafts",
    "regrade",
    "update_draft",
]
