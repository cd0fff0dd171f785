"""What customers may ask about their own data: see, take along, delete, and agree or no longer agree.

An export is made at the moment it is fetched and lies on no disk; a deletion is carried out by
`care.services.erasure` once nothing is under way that needs the data.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.records.conversation import Conversation, Message, OneTimeCode
from care.records.customer import AccessLog, Consent, Customer, CustomerField
from care.records.evidence import Evidence
from care.records.order import Order
from care.records.rights import KeepingTime, RightsRequest
from care.rules.deadlines import end_of_workday
from care.rules.errors import NotFound, TooManyRequests
from care.rules.numbers import NumberKind
from care.rules.retention import KEEPING, Kept, days_in_words
from care.rules.rights import ANSWER_WORKDAYS, Hindrance, RightsKind, RightsState
from care.rules.vocabulary import LegalBasis
from care.services import interactions
from care.services.case_numbers import next_case_number
from care.services.consents import ConsentView, consents, give_consent, withdraw_consent
from care.services.context import Care
from care.services.conversation_rows import locked
from care.services.own_rows import own_conversations, own_lines
from care.services.verified import strongly_verified_customer, verified_customer

__all__ = [
    "ConsentView",
    "KeptKind",
    "RightsReceipt",
    "cancel_deletion",
    "consents",
    "give_consent",
    "mine",
    "request_deletion",
    "request_export",
    "what_is_kept",
    "withdraw_consent",
]

TOKEN_LIVES = timedelta(hours=24)
EXPORTS_A_DAY = 5
_WAITS = (RightsState.OPEN, RightsState.WAITING)


@dataclass(frozen=True)
class RightsReceipt:
    """What the customer is told. `download_token` opens the export once, until `expires_at`; times are aware UTC."""

    number: str
    kind: RightsKind
    state: RightsState
    requested_at: datetime
    due_at: datetime
    done_at: datetime | None
    waits_for: tuple[Hindrance, ...] = ()
    download_token: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class KeptKind:
    """One kind of data that is kept of the customer, how many rows, what for, on what basis and how long."""

    kind: Kept
    label: str
    count: int
    purpose: str
    legal_basis: LegalBasis
    until: str
    why: str


async def request_export(care: Care, conversation_id: int, *, source_message_id: int | None) -> RightsReceipt:
    """Everything that is kept of the customer, for taking along (PIPL §45). Ready at once.

    Raises:
        NotVerified, StepUpNeeded: a code to the phone, or the host page's sign-in, comes first.
        TooManyRequests: five a day.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        customer = await strongly_verified_customer(session, conversation, now)
        request = await _of_message(session, customer, RightsKind.EXPORT, source_message_id)
        if request is None:
            await _check_exports(session, customer, now)
            request = await _take_down(
                session, care, conversation, customer, RightsKind.EXPORT, source_message_id
            )
            request.state, request.done_at = RightsState.DONE, now
            request.token_hash = token_hash(_token(care, request))
            request.token_expires_at = now + TOKEN_LIVES
        return _receipt(care, request)


async def request_deletion(
    care: Care, conversation_id: int, *, source_message_id: int | None
) -> RightsReceipt:
    """Takes down that the customer's data shall be deleted (PIPL §47). A second wish is the first one.

    Raises:
        NotVerified, StepUpNeeded: as `request_export`.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        customer = await strongly_verified_customer(session, conversation, now)
        request = await _of_message(session, customer, RightsKind.DELETION, source_message_id)
        request = request or await _waiting_deletion(session, customer.id)
        if request is None:
            request = await _take_down(
                session, care, conversation, customer, RightsKind.DELETION, source_message_id
            )
        return _receipt(care, request)


async def cancel_deletion(care: Care, conversation_id: int, number: str) -> RightsReceipt:
    """The customer stays. Taking back twice is fine.

    Raises:
        NotVerified, StepUpNeeded: as `request_export`.
        NotFound: no such request of this customer, or it was carried out.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        customer = await strongly_verified_customer(session, conversation, now)
        request = await session.scalar(
            select(RightsRequest).where(
                RightsRequest.number == number.strip().upper(),
                RightsRequest.customer_id == customer.id,
                RightsRequest.kind == RightsKind.DELETION,
                RightsRequest.state != RightsState.DONE,
            )
        )
        if request is None:
            raise NotFound("没有找到可以撤回的删除申请。")
        if request.state in _WAITS:
            request.state, request.done_at, request.waits_for = RightsState.CANCELLED, now, []
            await interactions.note_data_of(session, conversation, now, written=[f"rights:{request.number}"])
        return _receipt(care, request)


async def mine(care: Care, conversation_id: int, *, limit: int = 10) -> list[RightsReceipt]:
    """The customer's requests, newest first; download tokens are not told again. Raises `NotVerified`."""
    now = care.clock.now()
    async with care.sessions.read() as session:
        conversation = await session.get(Conversation, conversation_id)
        if conversation is None:
            raise NotFound("没有找到这个会话。")
        customer = await verified_customer(session, conversation, now)
        rows = await session.scalars(
            select(RightsRequest)
            .where(RightsRequest.customer_id == customer.id)
            .order_by(RightsRequest.requested_at.desc(), RightsRequest.id.desc())
            .limit(limit)
        )
        return [_receipt(care, row, with_token=False) for row in rows]


async def what_is_kept(care: Care, conversation_id: int) -> list[KeptKind]:
    """Which kinds of data are kept of the verified customer; kinds without a row are left out. Raises `NotVerified`."""
    now = care.clock.now()
    async with care.sessions.write() as session:  # notes what the contact read
        conversation = await locked(session, conversation_id)
        customer = await verified_customer(session, conversation, now)
        chosen = {row.kind: row.days for row in await session.scalars(select(KeepingTime))}
        counts = await _counts(session, customer.id)
        await interactions.note_data_of(session, conversation, now, read=["rights"])
        return [
            KeptKind(
                kind=kind,
                label=kind.label,
                count=counts[kind],
                purpose=KEEPING[kind].purpose,
                legal_basis=KEEPING[kind].legal_basis,
                until=days_in_words(chosen.get(kind.value, KEEPING[kind].days)),
                why=KEEPING[kind].why,
            )
            for kind in Kept
            if counts.get(kind)
        ]


def token_hash(token: str) -> str:
    # Tokens are 256 bits that nobody can guess, so a plain hash is enough.
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


async def _counts(session: AsyncSession, customer_id: int) -> dict[Kept, int]:
    own = own_conversations([customer_id])

    async def count(table: type, *conditions: object) -> int:
        found = await session.scalar(select(func.count()).select_from(table).where(*conditions))  # type: ignore[arg-type]
        return int(found or 0)

    return {
        Kept.PROFILE: 1
        + await count(
            CustomerField, CustomerField.customer_id == customer_id, CustomerField.value.is_not(None)
        ),
        Kept.ORDERS: await count(Order, Order.customer_id == customer_id),
        Kept.COMPLAINTS: await count(Complaint, Complaint.customer_id == customer_id),
        Kept.MESSAGES: await count(Message, own_lines([customer_id]), Message.seq.is_not(None)),
        Kept.EVIDENCE: await count(
            Evidence,
            Evidence.message_id.in_(select(Message.id).where(own_lines([customer_id])))
            | Evidence.complaint_id.in_(select(Complaint.id).where(Complaint.customer_id == customer_id)),
            Evidence.removed_at.is_(None),
        ),
        Kept.CONSENTS: await count(Consent, Consent.customer_id == customer_id),
        Kept.ACCESS_LOG: await count(AccessLog, AccessLog.customer_id == customer_id),
        Kept.CODES: await count(OneTimeCode, OneTimeCode.conversation_id.in_(own)),
    }


async def _take_down(
    session: AsyncSession,
    care: Care,
    conversation: Conversation,
    customer: Customer,
    kind: RightsKind,
    source_message_id: int | None,
) -> RightsRequest:
    now = care.clock.now()
    request = RightsRequest(
        number=await next_case_number(session, now, NumberKind.RIGHTS),
        customer_id=customer.id,
        conversation_id=conversation.id,
        source_message_id=source_message_id,
        kind=kind,
        state=RightsState.OPEN,
        requested_at=now,
        due_at=end_of_workday(now, ANSWER_WORKDAYS, is_workday=care.calendar.is_workday),
        waits_for=[],
    )
    session.add(request)
    await session.flush()
    await interactions.note_data_of(session, conversation, now, written=[f"rights:{request.number}"])
    return request


async def _of_message(
    session: AsyncSession, customer: Customer, kind: RightsKind, source_message_id: int | None
) -> RightsRequest | None:
    if source_message_id is None:
        return None
    found: RightsRequest | None = await session.scalar(
        select(RightsRequest).where(
            RightsRequest.kind == kind,
            RightsRequest.source_message_id == source_message_id,
            RightsRequest.customer_id == customer.id,
        )
    )
    return found


async def _waiting_deletion(session: AsyncSession, customer_id: int) -> RightsRequest | None:
    found: RightsRequest | None = await session.scalar(
        select(RightsRequest)
        .where(
            RightsRequest.customer_id == customer_id,
            RightsRequest.kind == RightsKind.DELETION,
            RightsRequest.state.in_(_WAITS),
        )
        .limit(1)
    )
    return found


async def _check_exports(session: AsyncSession, customer: Customer, now: datetime) -> None:
    count = await session.scalar(
        select(func.count())
        .select_from(RightsRequest)
        .where(
            RightsRequest.customer_id == customer.id,
            RightsRequest.kind == RightsKind.EXPORT,
            RightsRequest.requested_at > now - timedelta(days=1),
        )
    )
    if int(count or 0) >= EXPORTS_A_DAY:
        raise TooManyRequests("今天已导出多次，请明天再试。")


def _token(care: Care, request: RightsRequest) -> str:
    """Computed, not stored: the same line of the customer gets the same token again."""
    seed = f"export:{request.number}:{request.customer_id}:{request.requested_at.isoformat()}"
    digest = hmac.new(care.settings.secret_key.encode(), seed.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _receipt(care: Care, request: RightsRequest, *, with_token: bool = True) -> RightsReceipt:
    is_ready = with_token and request.token_hash is not None
    return RightsReceipt(
        number=request.number,
        kind=request.kind,
        state=request.state,
        requested_at=request.requested_at,
        due_at=request.due_at,
        done_at=request.done_at,
        waits_for=tuple(Hindrance(one) for one in request.waits_for),
        download_token=_token(care, request) if is_ready else None,
        expires_at=request.token_expires_at if is_ready else None,
    )
