"""Staff sign in: a password, then a code where there is a second factor. Guesses of either are slowed down.

Accounts themselves are `staff_accounts`, signed-in browsers `staff_sessions`, the second factor `staff_totp`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.conversation import VerificationAttempt
from care.records.staff import Staff, StaffHalfSession
from care.rules.account_terms import AccountChange, SignedBy
from care.rules.errors import InvalidInput, NotSignedIn, TooManyRequests, VerificationFailed
from care.rules.passwords import LONGEST
from care.rules.text import normalise
from care.services import staff_accounts, staff_totp
from care.services.context import Care
from care.services.staff_accounts import (
    AccountEdit,
    StaffView,
    add_staff,
    list_staff,
    reset_password,
    reset_totp,
)
from care.services.staff_sessions import (
    SESSION_IDLES,
    SESSION_LIVES,
    From,
    SignedIn,
    StaffOfSession,
    is_csrf,
    open_session,
    sign_out,
    staff_of_session,
    token_hash,
)

__all__ = [
    "SESSION_IDLES",
    "SESSION_LIVES",
    "AccountEdit",
    "From",
    "HalfSignedIn",
    "SignedIn",
    "StaffOfSession",
    "StaffView",
    "add_staff",
    "change_password",
    "is_csrf",
    "list_staff",
    "reset_password",
    "reset_totp",
    "second_step",
    "sign_in",
    "sign_out",
    "staff_of_session",
]

FAILURES_TO_LOCK = 5
LOCK = timedelta(minutes=15)
HALF_LIVES = timedelta(minutes=5)
_SAME_ANSWER = "登录名或密码不正确。"
_LOCKED = "登录失败次数太多，账号已锁定，请 15 分钟后再试。"

#: Verified when the login does not exist, so that both answers take the same time.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$Bg5cyFvwB5hGWdVUdNFPuKSOjq1N7YyRbd3vLkTKzAY"


@dataclass(frozen=True)
class HalfSignedIn:
    """The password was right; `half` and a code together sign in, for five minutes."""

    half: str


async def sign_in(
    care: Care, login: str, password: str, *, came: From | None = None
) -> SignedIn | HalfSignedIn:
    """The first step: opens a session, or half of one where a code has to follow.

    Raises:
        VerificationFailed: wrong login or password, or the account is not active; the answer is the same.
        TooManyRequests: five failures within 15 minutes; the lock lasts 15 minutes and is the
            same for a login that does not exist.
    """
    login = normalise(login).lower()[:40]
    now = care.clock.now()
    key = f"login:{login}"
    async with care.sessions.read() as session:
        await _check_not_locked(session, key, now)
        staff = await session.scalar(select(Staff).where(Staff.login == login, Staff.active.is_(True)))
    is_right = await staff_accounts.is_right(staff.password_hash if staff else _NOBODY, password[:LONGEST])
    async with care.sessions.write() as session:
        staff = await session.scalar(
            select(Staff)
            .where(Staff.login == login, Staff.active.is_(True))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        # Again under the lock: guesses sent at the same time must not all pass the first look.
        await _check_not_locked(session, key, now)
        if is_right and staff is not None:
            await _forget(session, key, staff)
            if staff.totp_confirmed_at is not None:
                return await _half(session, staff, now)
            return await open_session(session, staff, now, signed_by=SignedBy.PASSWORD, came=came or From())
        _count_failure(session, key, staff, now)
    raise VerificationFailed(_SAME_ANSWER)


async def second_step(care: Care, half: str, code: str, *, came: From | None = None) -> SignedIn:
    """The code from the telephone, or a recovery code, after the password.

    Raises:
        NotSignedIn: the first step was too long ago, or never was.
        VerificationFailed: wrong code, or one that was used before.
        TooManyRequests: five wrong codes within 15 minutes; signing in again does not lift it.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        row = (
            await session.execute(
                select(StaffHalfSession, Staff.login)
                .join(Staff, Staff.id == StaffHalfSession.staff_id)
                .where(
                    StaffHalfSession.token_hash == token_hash(half),
                    StaffHalfSession.expires_at > now,
                    Staff.active.is_(True),
                )
            )
        ).one_or_none()
        if row is None:
            raise NotSignedIn("登录已超时，请重新输入密码。")
        waiting, login = row
        staff = await staff_accounts.locked(session, Staff.id == waiting.staff_id)
        key = f"code:{login}"
        await _check_not_locked(session, key, now)
        signed_by = await staff_totp.take_any(session, staff, code, now)
        if signed_by is not None:
            await session.delete(waiting)
            await _forget(session, key, staff)
            return await open_session(session, staff, now, signed_by=signed_by, came=came or From())
        _count_failure(session, key, staff, now)
    raise VerificationFailed(staff_totp.WRONG_CODE)


async def change_password(care: Care, signed_in: StaffOfSession, old: str, new: str) -> None:
    """One's own password; every other browser is signed out.

    Raises:
        VerificationFailed: the old one is wrong.
        TooManyRequests: it was wrong five times.
        InvalidInput: the new one cannot be used, or is the old one.
    """
    now = care.clock.now()
    key = f"login:{signed_in.staff.login}"
    async with care.sessions.read() as session:
        await _check_not_locked(session, key, now)
        staff = await session.get(Staff, signed_in.staff.id)
    if staff is None:
        raise NotSignedIn
    is_right = await staff_accounts.is_right(staff.password_hash, old[:LONGEST])
    problem = staff_accounts.problem_of(new, staff.login, staff.name)
    if problem is None and new == old:
        problem = "新密码不能与旧密码相同。"
    if is_right and problem:
        raise InvalidInput(problem, fields={"new": problem})
    password_hash = await staff_accounts.hashed(new[:LONGEST])
    async with care.sessions.write() as session:
        staff = await staff_accounts.locked(session, Staff.id == signed_in.staff.id)
        await _check_not_locked(session, key, now)
        if is_right:
            staff.password_hash = password_hash
            staff.must_change_password = False
            staff.password_changed_at = now
            await _forget(session, key, staff)
            await staff_accounts.end_sessions(session, staff.id, but=signed_in.id)
            staff_accounts.note(session, staff, AccountChange.PASSWORD, who=staff.login, at=now)
            return
        _count_failure(session, key, staff, now)
    raise VerificationFailed("原密码不正确。")


async def _half(session: AsyncSession, staff: Staff, now: datetime) -> HalfSignedIn:
    half = secrets.token_urlsafe(32)
    await session.execute(
        delete(StaffHalfSession).where(
            (StaffHalfSession.expires_at <= now) | (StaffHalfSession.staff_id == staff.id)
        )
    )
    session.add(StaffHalfSession(token_hash=token_hash(half), staff_id=staff.id, expires_at=now + HALF_LIVES))
    return HalfSignedIn(half)


async def _check_not_locked(session: AsyncSession, key: str, now: datetime) -> None:
    failures = await session.scalar(
        select(func.count())
        .select_from(VerificationAttempt)
        .where(VerificationAttempt.key == key, VerificationAttempt.at > now - LOCK)
    )
    if int(failures or 0) >= FAILURES_TO_LOCK:
        raise TooManyRequests(_LOCKED)


def _count_failure(session: AsyncSession, key: str, staff: Staff | None, now: datetime) -> None:
    session.add(VerificationAttempt(key=key, at=now))
    if staff is not None:
        staff.failed_logins += 1
        if staff.failed_logins >= FAILURES_TO_LOCK:
            staff.locked_until = now + LOCK


async def _forget(session: AsyncSession, key: str, staff: Staff) -> None:
    await session.execute(delete(VerificationAttempt).where(VerificationAttempt.key == key))
    staff.failed_logins, staff.locked_until = 0, None
