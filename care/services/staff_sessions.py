"""Signed-in browsers of staff: opened, known by their token, listed and ended."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.staff import Staff, StaffSession
from care.rules.account_terms import SignedBy, needs_totp
from care.rules.errors import NotFound, NotSignedIn
from care.services.context import Care
from care.services.staff_accounts import StaffView, view

#: From signing in to the end, whatever happens; and without a single request.
SESSION_LIVES = timedelta(hours=12)
SESSION_IDLES = timedelta(hours=4)
_SEEN_EVERY = timedelta(seconds=60)


@dataclass(frozen=True)
class From:
    """Where a browser signs in from, for the list of one's own sessions."""

    address: str = ""
    browser: str = ""


@dataclass(frozen=True)
class SignedIn:
    """`token` goes into the cookie and is never stored; `csrf` must come back with every write."""

    token: str
    csrf: str
    staff: StaffView


@dataclass(frozen=True)
class StaffOfSession:
    """`must_change_password`, `must_enrol_totp`: until it is done the session opens only one's own account."""

    staff: StaffView
    csrf: str
    id: int = 0
    signed_by: SignedBy = SignedBy.PASSWORD
    must_change_password: bool = False
    must_enrol_totp: bool = False


@dataclass(frozen=True)
class SessionView:
    id: int
    signed_by: SignedBy
    address: str
    browser: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


async def open_session(
    session: AsyncSession, staff: Staff, now: datetime, *, signed_by: SignedBy, came: From
) -> SignedIn:
    """A new session, in the caller's transaction."""
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    await session.execute(
        delete(StaffSession).where(
            (StaffSession.expires_at <= now) | (StaffSession.last_seen_at <= now - SESSION_IDLES)
        )
    )
    session.add(
        StaffSession(
            token_hash=token_hash(token),
            staff_id=staff.id,
            csrf_token=csrf,
            created_at=now,
            last_seen_at=now,
            expires_at=now + SESSION_LIVES,
            signed_by=signed_by,
            address=came.address[:45],
            browser="".join(filter(str.isprintable, came.browser))[:120],
        )
    )
    return SignedIn(token=token, csrf=csrf, staff=view(staff))


async def staff_of_session(care: Care, token: str | None) -> StaffOfSession:
    """The member of staff whose browser carries `token`; looking counts as use.

    Raises:
        NotSignedIn: no such session, ended, idle for too long, or the account is not active any more.
    """
    now = care.clock.now()
    async with care.sessions.read() as session:
        row = (
            await session.execute(
                select(StaffSession, Staff)
                .join(Staff, Staff.id == StaffSession.staff_id)
                .where(
                    StaffSession.token_hash == token_hash(token or ""),
                    StaffSession.expires_at > now,
                    StaffSession.last_seen_at > now - SESSION_IDLES,
                )
            )
        ).one_or_none()
    if row is None or not row[1].active:
        raise NotSignedIn()
    signed_in, staff = row
    if now - signed_in.last_seen_at > _SEEN_EVERY:
        async with care.sessions.write() as session:
            fresh = await session.get(StaffSession, signed_in.id)
            if fresh is not None:
                fresh.last_seen_at = now
    # The identity provider has a password and a second factor of its own.
    is_own = signed_in.signed_by is not SignedBy.OIDC
    needs = needs_totp(care.settings.staff_totp, staff.role)
    return StaffOfSession(
        staff=view(staff),
        csrf=signed_in.csrf_token,
        id=signed_in.id,
        signed_by=signed_in.signed_by,
        must_change_password=is_own and bool(staff.must_change_password),
        must_enrol_totp=is_own and needs and staff.totp_confirmed_at is None,
    )


def is_csrf(session: StaffOfSession, given: str | None) -> bool:
    """Whether the write comes from our own page."""
    return hmac.compare_digest(session.csrf.encode(), (given or "").encode(errors="surrogatepass"))


async def sign_out(care: Care, token: str | None) -> None:
    """Ends the session; nothing happens when there is none."""
    async with care.sessions.write() as session:
        await session.execute(delete(StaffSession).where(StaffSession.token_hash == token_hash(token or "")))


async def sessions_of(care: Care, staff_id: int) -> list[SessionView]:
    """One's own signed-in browsers, the last used first."""
    now = care.clock.now()
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(StaffSession)
            .where(
                StaffSession.staff_id == staff_id,
                StaffSession.expires_at > now,
                StaffSession.last_seen_at > now - SESSION_IDLES,
            )
            .order_by(StaffSession.last_seen_at.desc(), StaffSession.id.desc())
        )
        return [
            SessionView(
                row.id, row.signed_by, row.address, row.browser, row.created_at, row.last_seen_at, row.expires_at
            )
            for row in rows
        ]  # fmt: skip


async def end_session(care: Care, staff_id: int, session_id: int) -> None:
    """Ends one of one's own sessions. Raises `NotFound` for one that is not."""
    async with care.sessions.write() as session:
        gone = await session.execute(
            delete(StaffSession)
            .where(StaffSession.id == session_id, StaffSession.staff_id == staff_id)
            .returning(StaffSession.id)
        )
        if gone.first() is None:
            raise NotFound("没有这个登录。")


def token_hash(token: str) -> str:
    # A cookie may hold any bytes; they come as half characters.
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
