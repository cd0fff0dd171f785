"""The frames of `/ws/chat` as types: what a client may send, and what it gets (spec: interfaces)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from bot.web import texts
from care.rules.errors import BadFrame, CareError
from care.services.survey_answers import SurveyView
from care.services.transcript import MessageView

#: A text frame above this many bytes is refused; far above it the connection is closed.
MAX_FRAME = 16 * 1024
HARD_MAX_FRAME = 4 * MAX_FRAME

_INT32 = 2**31 - 1
#: No control characters: the database refuses some of them, and none belongs there.
_PLAIN = r"^[^\x00-\x1f]*$"
Seq = Annotated[int, Meta(ge=0, le=_INT32)]
ClientMsgId = Annotated[str, Meta(max_length=64, pattern=_PLAIN)]


class UnknownType(BadFrame):
    code, default = "unknown_type", texts.UNKNOWN_TYPE


class FrameTooLarge(BadFrame):
    code, status, default = "frame_too_large", 413, texts.TOO_LARGE


class Page(Struct, frozen=True):
    """Where the visitor stands in the host's shop."""

    url: Annotated[str, Meta(max_length=500, pattern=_PLAIN)] | None = None
    title: Annotated[str, Meta(max_length=200, pattern=_PLAIN)] | None = None
    product: Annotated[str, Meta(max_length=80, pattern=_PLAIN)] | None = None
    order: Annotated[str, Meta(max_length=40, pattern=_PLAIN)] | None = None


class Hello(Struct, frozen=True, tag="hello"):
    """`conversation` says which one `after` counts in; without it `after` is taken as of the open one.

    `identity` is the host page's token; empty: the host page says that nobody is signed in there.
    """

    # Any text: what is no token of ours makes a new visitor, so a browser with a damaged store gets in too.
    visitor: Annotated[str, Meta(max_length=4096)] | None = None
    after: Seq = 0
    conversation: Annotated[str, Meta(max_length=4096)] | None = None
    identity: Annotated[str, Meta(max_length=4096, pattern=r"^[\x21-\x7e]*$")] | None = None
    page: Page | None = None


class Message(Struct, frozen=True, tag="message"):
    client_msg_id: ClientMsgId
    text: str


class Button(Struct, frozen=True, tag="button"):
    client_msg_id: ClientMsgId
    payload: Annotated[str, Meta(max_length=400, pattern=_PLAIN)]


class RequestHuman(Struct, frozen=True, tag="request_human"):
    pass


class CancelRequest(Struct, frozen=True, tag="cancel_request"):
    """Goes on with the assistant instead of waiting for a person."""


class Survey(Struct, frozen=True, tag="survey"):
    """Answers by key of a question; `id` says of which survey, without it the one that is asked now."""

    answers: dict[str, Any]
    id: Annotated[str, Meta(max_length=64, pattern=_PLAIN)] | None = None


class Typing(Struct, frozen=True, tag="typing"):
    pass


class End(Struct, frozen=True, tag="end"):
    pass


Frame = Hello | Message | Button | RequestHuman | CancelRequest | Survey | Typing | End
CLIENT_FRAMES: tuple[type[Struct], ...] = (
    Hello, Message, Button, RequestHuman, CancelRequest, Survey, Typing, End,
)  # fmt: skip


class _Typed(Struct):
    type: str


_typed = msgspec.json.Decoder(_Typed)
_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    str(t.__struct_config__.tag): msgspec.json.Decoder(t) for t in CLIENT_FRAMES
}


def read_frame(data: str) -> Frame:
    """One client frame.

    Raises:
        FrameTooLarge: more than `MAX_FRAME` bytes.
        BadFrame: not JSON, or a field is missing or of a wrong type.
        UnknownType: JSON, but of no known type.
    """
    try:
        raw = data.encode()
    except UnicodeEncodeError:
        raise BadFrame(texts.NOT_JSON) from None
    if len(raw) > MAX_FRAME:
        raise FrameTooLarge
    try:
        try:
            kind = _typed.decode(raw).type
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            raw = without_half_characters(data)
            kind = _typed.decode(raw).type
        decoder = _decoders.get(kind)
        if decoder is None:
            raise UnknownType
        frame: Frame = decoder.decode(raw)
        return frame
    except (ValueError, RecursionError):
        raise BadFrame(texts.NOT_JSON) from None


class _Named(Struct):
    client_msg_id: ClientMsgId


_named = msgspec.json.Decoder(_Named)


def meant_message(data: str) -> str | None:
    """Which message a frame that cannot be read was about, so that the page can mark that very one."""
    try:
        return _named.decode(data.encode()).client_msg_id
    except (ValueError, RecursionError):
        return None


def without_half_characters(data: str) -> bytes:
    """A text field that cuts by UTF-16 units leaves half an emoji; the rest of the message must not suffer."""
    return json.dumps(json.loads(data), ensure_ascii=False).encode(errors="ignore")


class AgentName(Struct, frozen=True):
    name: str


class Welcome(Struct, frozen=True, tag="welcome"):
    visitor: str
    conversation: str
    seq: int
    owner: str


class Ack(Struct, frozen=True, tag="ack"):
    client_msg_id: str
    seq: int


class MessageFrame(Struct, frozen=True, tag="message", rename={"speaker": "from"}):
    """`client_msg_id` stands on the visitor's own messages, so that a page can match them with its drafts."""

    seq: int
    speaker: str
    text: str
    at: datetime
    buttons: list[dict[str, str]] = []
    card: dict[str, Any] | None = None
    agent: AgentName | UnsetType = UNSET
    client_msg_id: str | UnsetType = UNSET
    buttons_used: bool | UnsetType = UNSET


class TypingFrame(Struct, frozen=True, tag="typing", rename={"speaker": "from"}):
    speaker: str


class OwnerFrame(Struct, frozen=True, tag="owner"):
    owner: str
    position: int | UnsetType = UNSET
    wait_s: int | UnsetType = UNSET


class SurveyQuestionFrame(Struct, frozen=True, omit_defaults=True):
    """`low` and `high` are missing for a free text."""

    key: str
    text: str
    low: int | None = None
    high: int | None = None
    labels: tuple[str, ...] = ()


class SurveyFrame(Struct, frozen=True, tag="survey"):
    """What is asked, with what has been answered; `is_open` false: it is over, and `thanks` says so."""

    id: str
    kind: str
    state: str
    is_open: bool
    questions: tuple[SurveyQuestionFrame, ...]
    answers: dict[str, int | str]
    agent: AgentName | UnsetType = UNSET
    thanks: str | UnsetType = UNSET


class ErrorFrame(Struct, frozen=True, tag="error"):
    """`client_msg_id` names the message that was not taken, when one was meant."""

    code: str
    message: str
    client_msg_id: str | UnsetType = UNSET


ServerFrame = Welcome | Ack | MessageFrame | TypingFrame | OwnerFrame | SurveyFrame | ErrorFrame

_encoder = msgspec.json.Encoder()


def write_frame(frame: ServerFrame) -> str:
    return _encoder.encode(frame).decode()


def message_frame(view: MessageView) -> MessageFrame:
    return MessageFrame(
        seq=view.seq,
        speaker=str(view.speaker),
        text=view.text,
        at=view.at,
        buttons=list(view.buttons or ()),
        card=view.card,
        agent=AgentName(view.agent_name) if view.agent_name else UNSET,
        client_msg_id=view.client_msg_id or UNSET,
        buttons_used=view.are_buttons_used if view.buttons else UNSET,
    )


def survey_frame(view: SurveyView) -> SurveyFrame:
    by = view.agent_name
    return SurveyFrame(
        id=view.id,
        kind=view.kind.value,
        state=view.state.value,
        is_open=view.is_open,
        questions=tuple(
            SurveyQuestionFrame(one.key, one.text, one.low, one.high, one.labels) for one in view.questions
        ),
        answers=dict(view.answers),
        agent=AgentName(by) if by else UNSET,
        thanks=UNSET if view.is_open else texts.survey_thanks(by, is_skipped=not view.answers),
    )


def error_frame(error: CareError, client_msg_id: str | None = None) -> ErrorFrame:
    return ErrorFrame(error.code, error.message, client_msg_id or UNSET)
