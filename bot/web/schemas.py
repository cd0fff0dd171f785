"""What the JSON API takes and gives. The OpenAPI document is generated from these very types."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from care.rules.account_terms import SignedBy
from care.rules.field_access import seen
from care.rules.permissions import ROLE_PERMISSIONS, Permission
from care.rules.vocabulary import Owner, Role, Speaker, Tier
from care.services.conversations import ConversationView
from care.services.handoff import QueueEntry
from care.services.staff import StaffView
from care.services.transcript import MessageView

_INT32 = 2**31 - 1


class ErrorBody(Struct, frozen=True):
    """`code` is stable; `message` and `fields` are Chinese, for people."""

    code: str
    message: str
    fields: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


class Error(Struct, frozen=True):
    error: ErrorBody


class SignIn(Struct, frozen=True):
    login: Annotated[str, Meta(min_length=1, max_length=100)]
    password: Annotated[str, Meta(min_length=1, max_length=400)]


class StaffMember(Struct, frozen=True):
    login: str
    name: str
    role: Role
    role_label: str
    permissions: list[Permission]
    id: int
    skills: list[str]
    capacity: int
    presence: str


class TotpShown(Struct, frozen=True):
    """`required`: the shop's rule asks it of this role; `recovery_left` counts unused recovery codes."""

    enabled: bool
    required: bool
    recovery_left: int


class SignedIn(Struct, frozen=True):
    """`csrf` comes back in the header `X-CSRF-Token` with every write.

    While `must_change_password` or `must_enrol_totp` is true, only the routes of one's own account answer;
    every other one refuses with the code `password_change_needed` or `totp_needed`.
    """

    staff: StaffMember
    csrf: str
    must_change_password: bool
    must_enrol_totp: bool
    totp: TotpShown
    signed_by: SignedBy


class SignInAnswer(Struct, frozen=True):
    """`step` is ``done`` (then everything of `SignedIn` is there) or ``code`` (then `half` goes with the code)."""

    step: Annotated[str, Meta(pattern="^(done|code)$")]
    half: str | None = None
    staff: StaffMember | None = None
    csrf: str | None = None
    must_change_password: bool = False
    must_enrol_totp: bool = False
    totp: TotpShown | None = None
    signed_by: SignedBy | None = None


class QueueItem(Struct, frozen=True):
    conversation: str
    position: int
    queued_at: datetime
    waited_s: int
    reason: str
    customer_name: str | None
    tier: Tier | None
    tier_label: str | None
    last_text: str | None


class Queue(Struct, frozen=True):
    items: list[QueueItem]


class Stand(Struct, frozen=True):
    """Where a conversation stands. `is_mine`: the one who asks holds it."""

    conversation: str
    seq: int
    owner: Owner
    owner_label: str
    owner_version: int
    is_mine: bool
    position: int | None
    wait_s: int | None


class Line(Struct, frozen=True, rename={"speaker": "from"}):
    seq: int
    speaker: Speaker
    text: str
    at: datetime
    buttons: list[dict[str, str]]
    card: dict[str, Any] | None
    agent_name: str | None
    understood: dict[str, Any] | None


class Transcript(Struct, frozen=True):
    """Lines with a number above `after`, oldest first. There are more while the last number is below `seq`."""

    stand: Stand
    lines: list[Line]


class TranscriptQuery(Struct, frozen=True):
    after: Annotated[int, Meta(ge=0, le=_INT32)] = 0
    limit: Annotated[int, Meta(ge=1, le=500)] = 200


class Say(Struct, frozen=True):
    """`client_msg_id` is a UUID of the sender's; the same one again has no second effect."""

    client_msg_id: Annotated[str, Meta(min_length=1, max_length=64)]
    text: Annotated[str, Meta(min_length=1, max_length=20_000)]


class Nothing(Struct, frozen=True):
    """An empty object: done."""


class Health(Struct, frozen=True):
    status: str


class Readiness(Struct, frozen=True):
    status: str
    parts: dict[str, str]


def staff_member(view: StaffView) -> StaffMember:
    return StaffMember(
        login=view.login,
        name=view.name,
        role=view.role,
        role_label=view.role.label,
        permissions=[permission for permission in Permission if permission in ROLE_PERMISSIONS[view.role]],
        id=view.id,
        skills=list(view.skills),
        capacity=view.capacity,
        presence=view.presence,
    )


def queue_item(entry: QueueEntry, reader: StaffView) -> QueueItem:
    return QueueItem(
        conversation=entry.public_id,
        position=entry.position,
        queued_at=entry.queued_at,
        waited_s=entry.waited_s,
        reason=entry.reason,
        customer_name=seen("customer.name", reader.role, entry.customer_name),
        tier=entry.tier,
        tier_label=entry.tier.label if entry.tier else None,
        last_text=seen("message.text", reader.role, entry.last_text),
    )


def stand(view: ConversationView, reader: StaffView) -> Stand:
    return Stand(
        conversation=view.public_id,
        seq=view.seq,
        owner=view.owner,
        owner_label=view.owner.label,
        owner_version=view.owner_version,
        is_mine=view.owner is Owner.HUMAN and view.agent_id == reader.id,
        position=view.position,
        wait_s=view.wait_s,
    )


def line(view: MessageView, reader: StaffView) -> Line:
    """What was understood holds the customer's words too, so it is masked alike."""
    return Line(
        seq=view.seq,
        speaker=view.speaker,
        text=_words(view.text, reader),
        at=view.at,
        buttons=list(view.buttons or ()),
        card=_words(view.card, reader),
        agent_name=view.agent_name,
        understood=_words(view.understood, reader),
    )


def _words(value: Any, reader: StaffView) -> Any:
    if isinstance(value, str):
        return seen("message.text", reader.role, value)
    if isinstance(value, dict):
        return {key: _words(one, reader) for key, one in value.items()}
    return [_words(one, reader) for one in value] if isinstance(value, list) else value
