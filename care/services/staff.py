"""Staff accounts and their signed-in browsers."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.conversation import VerificationAttempt
from care.records.staff import Staff, StaffSession
from care.rules.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotSignedIn,
    TooManyRequests,
    VerificationFailed,
)
from care.rules.text import normalise
from care.rules.vocabulary import Role
from care.services.context import Care

FAILURES_TO_LOCK = 5
LOCK = timedelta(minutes=15)
SESSION_LIVES = timedelta(hours=12)
_SEEN_EVERY = timedelta(seconds=60)
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}", re.ASCII)
_MIN_PASSWORD, _MAX_PASSWORD = 10, 200

_hasher = PasswordHasher()
#: Verified when the login does not exist, so that both answers take the same time.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$Bg5cyFvwB5hGWdVUdNFPuKSOjq1N7YyRbd3vLkTKzAY"


@dataclass(frozen=True)
class StaffView:
    id: int
    login: str
    name: str
    role: Role
    skills: tuple[str, ...]
    capacity: int
    presence: str
    active: bool
    is_demo: bool
    locked_until: datetime | None


@dataclass(frozen=True)
class SignedIn:
    """`token` goes into the cookie and is never stored; `csrf` must come back with every write."""

    token: str
    csrf: str
    staff: StaffView


@dataclass(frozen=True)
class StaffOfSession:
    staff: StaffView
    csrf: str


async def add_staff(
    care: Care,
    *,
    login: str,
    name: str,
    role: Role,
    password: str,
    skills: Sequence[str] = (),
    is_demo: bool = False,
) -> StaffView:
    """Creates an account.

    Raises:
        InvalidInput: the login is not 2–40 of ``a-z 0-9 . _ -``, the name is empty, or the
            password is shorter than 10 characters.
        Conflict: the login exists.
    """
    problems = {}
    if not _LOGIN.fullmatch(login):
        problems["login"] = "登录名为 2 到 40 位小写字母、数字、点、横线或下划线。"
    if not normalise(name):
        problems["name"] = "请填写姓名。"
    if password_problem := _password_problem(password):
        problems["password"] = password_problem
    if problems:
        raise InvalidInput(fields=problems)
    password_hash = await asyncio.to_thread(_hasher.hash, password)
    try:
        async with care.sessions.write() as session:
            staff = Staff(
                login=login,
                name=normalise(name)[:40],
                role=role,
                password_hash=password_hash,
                skills=list(skills),
                capacity=5,
                presence="away",
                failed_logins=0,
                active=True,
                is_demo=is_demo,
                created_at=care.clock.now(),
            )
            session.add(staff)
            await session.flush()
            return _view(staff)
    except IntegrityError as error:
        raise Conflict(f"登录名 {login} 已存在。") from error


async def reset_password(care: Care, login: str, password: str) -> StaffView:
    """Sets a new password, lifts a lock and signs out every browser. Raises `NotFound`, `InvalidInput`."""
    if problem := _password_problem(password):
        raise InvalidInput(problem, fields={"password": problem})
    password_hash = await asyncio.to_thread(_hasher.hash, password)
    async with care.sessions.write() as session:
        staff = await session.scalar(select(Staff).where(Staff.login == login).with_for_update())
        if staff is None:
            raise NotFound(f"没有登录名为 {login} 的账号。")
        staff.password_hash = password_hash
        await _forget_failures(session, staff.login, staff)
        await session.execute(delete(StaffSession).where(StaffSession.staff_id == staff.id))
        return _view(staff)


async def list_staff(care: Care) -> list[StaffView]:
    async with care.sessions.read() as session:
        return [_view(staff) for staff in await session.scalars(select(Staff).order_by(Staff.login))]


async def sign_in(care: Care, login: str, password: str) -> SignedIn:
    """Opens a session.

    Raises:
        VerificationFailed: wrong login or password, or the account is not active; the answer is the same.
        TooManyRequests: five failures within 15 minutes; the lock lasts 15 minutes and is the
            same for a login that does not exist.
    """
    login = normalise(login).lower()[:40]
    now = care.clock.now()
    async with care.sessions.read() as session:
        await _check_not_locked(session, login, now)
        staff = await session.scalar(select(Staff).where(Staff.login == login, Staff.active.is_(True)))
    is_right = await asyncio.to_thread(
        _verify, staff.password_hash if staff else _NOBODY, password[:_MAX_PASSWORD]
    )
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    async with care.sessions.write() as session:
        staff = await session.scalar(
            select(Staff)
            .where(Staff.login == login, Staff.active.is_(True))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        # Again under the lock: guesses sent at the same time must not all pass the first look.
        await _check_not_locked(session, login, now)
        if is_right and staff is not None:
            await _forget_failures(session, login, staff)
            await session.execute(delete(StaffSession).where(StaffSession.expires_at <= now))
            session.add(
                StaffSession(
                    token_hash=_token_hash(token),
                    staff_id=staff.id,
                    csrf_token=csrf,
                    created_at=now,
                    last_seen_at=now,
                    expires_at=now + SESSION_LIVES,
                )
            )
            return SignedIn(token=token, csrf=csrf, staff=_view(staff))
        session.add(VerificationAttempt(key=_failures_key(login), at=now))
        if staff is not None:
            staff.failed_logins += 1
            if staff.failed_logins >= FAILURES_TO_LOCK:
                staff.locked_until = now + LOCK
    raise VerificationFailed("登录名或密码不正确。")


async def staff_of_session(care: Care, token: str | None) -> StaffOfSession:
    """The member of staff whose browser carries `token`.

    Raises:
        NotSignedIn: no such session, expired, or the account is not active any more.
    """
    now = care.clock.now()
    async with care.sessions.read() as session:
        row = (
            await session.execute(
                select(StaffSession, Staff)
                .join(Staff, Staff.id == StaffSession.staff_id)
                .where(StaffSession.token_hash == _token_hash(token or ""), StaffSession.expires_at > now)
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
    return StaffOfSession(staff=_view(staff), csrf=signed_in.csrf_token)


def is_csrf(session: StaffOfSession, given: str | None) -> bool:
    """Whether the write comes from our own page."""
    return hmac.compare_digest(session.csrf.encode(), (given or "").encode(errors="surrogatepass"))


async def sign_out(care: Care, token: str | None) -> None:
    """Ends the session; nothing happens when there is none."""
    async with care.sessions.write() as session:
        await session.execute(delete(StaffSession).where(StaffSession.token_hash == _token_hash(token or "")))


async def _check_not_locked(session: AsyncSession, login: str, now: datetime) -> None:
    failures = await session.scalar(
        select(func.count())
        .select_from(VerificationAttempt)
        .where(VerificationAttempt.key == _failures_key(login), VerificationAttempt.at > now - LOCK)
    )
    if int(failures or 0) >= FAILURES_TO_LOCK:
        raise TooManyRequests("登录失败次数太多，账号已锁定，请 15 分钟后再试。")


async def _forget_failures(session: AsyncSession, login: str, staff: Staff) -> None:
    await session.execute(delete(VerificationAttempt).where(VerificationAttempt.key == _failures_key(login)))
    staff.failed_logins, staff.locked_until = 0, None


def _failures_key(login: str) -> str:
    return f"login:{login}"


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _password_problem(password: str) -> str | None:
    if not _MIN_PASSWORD <= len(password) <= _MAX_PASSWORD:
        return f"密码为 {_MIN_PASSWORD} 到 {_MAX_PASSWORD} 个字符。"
    return None


def _token_hash(token: str) -> str:
    # A cookie may hold any bytes; they come as half characters.
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def _view(staff: Staff) -> StaffView:
    return StaffView(
        id=staff.id,
        login=staff.login,
        name=staff.name,
        role=staff.role,
        skills=tuple(staff.skills),
        capacity=staff.capacity,
        presence=staff.presence,
        active=staff.active,
        is_demo=staff.is_demo,
        locked_until=staff.locked_until,
    )
