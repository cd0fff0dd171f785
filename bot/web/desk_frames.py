"""The frames of `/ws/desk` as types. Every client frame has an id; `ok` or `error` with that id answers it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from bot.web.desk_schemas import (
    Colleague,
    Item,
    Line,
    LongText,
    Me,
    Notice,
    ShortText,
    StaffId,
    WrapUp,
)
from bot.web.frames import ClientMsgId, Seq
from care.rules.desk_terms import Presence

FrameId = Annotated[str, Meta(min_length=1, max_length=64)]
ConversationId = Annotated[str, Meta(min_length=1, max_length=36)]
NoteText = Annotated[str, Meta(max_length=500)]


class DeskFrame(Struct, frozen=True, kw_only=True):
    """What every client frame has."""

    id: FrameId


class OnConversation(DeskFrame, frozen=True, kw_only=True):
    conversation: ConversationId


class Hello(DeskFrame, frozen=True, kw_only=True, tag="hello"):
    """The first frame. The snapshot is the whole present state, so `after` asks for nothing more."""

    after: Seq = 0


class Open(OnConversation, frozen=True, kw_only=True, tag="open"):
    """Shows a conversation in full from now on; first what is after `after` (0: the newest 200)."""

    after: Seq = 0


class Older(OnConversation, frozen=True, kw_only=True, tag="older"):
    before: Seq


class Shut(OnConversation, frozen=True, kw_only=True, tag="shut"):
    pass


class Take(OnConversation, frozen=True, kw_only=True, tag="take"):
    pass


class Send(OnConversation, frozen=True, kw_only=True, tag="send"):
    client_msg_id: ClientMsgId
    text: LongText


class Note(OnConversation, frozen=True, kw_only=True, tag="note"):
    client_msg_id: ClientMsgId
    text: LongText


class Typing(OnConversation, frozen=True, kw_only=True, tag="typing"):
    pass


class Transfer(OnConversation, frozen=True, kw_only=True, tag="transfer"):
    """Exactly one of `to_staff` and `to_skill`."""

    to_staff: StaffId | None = None
    to_skill: ShortText | None = None
    note: NoteText = ""


class ReturnToBot(OnConversation, frozen=True, kw_only=True, tag="return_to_bot"):
    note: NoteText | None = None


class AskLead(OnConversation, frozen=True, kw_only=True, tag="ask_lead"):
    note: Annotated[str, Meta(min_length=1, max_length=500)]


class Join(OnConversation, frozen=True, kw_only=True, tag="join"):
    """A lead looks into a colleague's conversation, which is written down; then it is open here."""

    after: Seq = 0


class StepIn(OnConversation, frozen=True, kw_only=True, tag="step_in"):
    """A lead takes the conversation over from the agent who holds it."""


class Close(OnConversation, frozen=True, kw_only=True, tag="close"):
    wrap_up: WrapUp | None = None


class Snooze(OnConversation, frozen=True, kw_only=True, tag="snooze"):
    until: datetime


class Unsnooze(OnConversation, frozen=True, kw_only=True, tag="unsnooze"):
    pass


class SetPresence(DeskFrame, frozen=True, kw_only=True, tag="presence"):
    presence: Presence


class Read(OnConversation, frozen=True, kw_only=True, tag="read"):
    seq: Seq


class Draft(OnConversation, frozen=True, kw_only=True, tag="draft"):
    text: LongText


class NoticeRead(DeskFrame, frozen=True, kw_only=True, tag="notice_read"):
    notice: StaffId


CLIENT_FRAMES: tuple[type[DeskFrame], ...] = (
    Hello, Open, Older, Shut, Take, Send, Note, Typing, Transfer, ReturnToBot, AskLead, Join, StepIn,
    Close, Snooze, Unsnooze, SetPresence, Read, Draft, NoticeRead,
)  # fmt: skip


class Ok(Struct, frozen=True, tag="ok"):
    """`line` stands in the answer to `send` and `note`: what was stored."""

    id: str
    line: Line | UnsetType = UNSET


class ErrorFrame(Struct, frozen=True, tag="error"):
    """`id` is missing only when the frame's own id could not be read."""

    code: str
    message: str
    id: str | UnsetType = UNSET
    fields: dict[str, str] | UnsetType = UNSET


class Snapshot(Struct, frozen=True, tag="snapshot"):
    at: datetime
    me: Me
    conversations: list[Item]
    staff: list[Colleague]
    notices: list[Notice]


class ItemFrame(Struct, frozen=True, tag="item"):
    item: Item


class Gone(Struct, frozen=True, tag="gone"):
    """The conversation is in none of this member of staff's lists any more."""

    conversation: str


class LinesFrame(Struct, frozen=True, tag="lines"):
    """`draft` is what this member of staff had begun to write."""

    conversation: str
    lines: list[Line]
    seq: int
    has_older: bool
    draft: str = ""


class LineFrame(Struct, frozen=True, tag="line"):
    conversation: str
    line: Line


class TypingFrame(Struct, frozen=True, tag="typing", rename={"speaker": "from"}):
    conversation: str
    speaker: str
    name: str | UnsetType = UNSET


class StaffFrame(Struct, frozen=True, tag="staff"):
    staff: list[Colleague]


class NoticeFrame(Struct, frozen=True, tag="notice"):
    notice: Notice


class MeFrame(Struct, frozen=True, tag="me"):
    me: Me


ServerFrame = (
    Ok | ErrorFrame | Snapshot | ItemFrame | Gone | LinesFrame | LineFrame | TypingFrame | StaffFrame
    | NoticeFrame | MeFrame
)  # fmt: skip
