"""Staff accounts: made, listed, changed and reset, each change with its who, when, old and new."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pypinyin import lazy_pinyin
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.conversation import VerificationAttempt
from care.records.staff import RecoveryCode, Staff, StaffChange, StaffHalfSession, StaffSession
from care.rules.account_terms import AccountChange
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.passwords import password_problem
from care.rules.staff_fields import check_capacity, check_login, check_skills
from care.rules.text import normalise
from care.rules.vocabulary import Role
from care.services.context import Care

BY_COMMAND = "cli"
_hasher = PasswordHasher()


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
    must_change_password: bool = False
    has_totp: bool = False
    has_sso: bool = False


@dataclass(frozen=True)
class ChangeView:
    who: str
    what: AccountChange
    old: str | None
    new: str | None
    at: datetime


@dataclass(frozen=True)
class AccountEdit:
    """What shall be different; None leaves a thing as it is."""

    name: str | None = None
    role: Role | None = None
    skills: Sequence[str] | None = None
    capacity: int | None = None
    active: bool | None = None


async def add_staff(
    care: Care,
    *,
    login: str,
    name: str,
    role: Role,
    password: str,
    skills: Sequence[str] = (),
    capacity: int = 5,
    is_demo: bool = False,
    must_change: bool = False,
    who: str = BY_COMMAND,
) -> StaffView:
    """Creates an account.

    Args:
        must_change: the password is only for the first sign-in.
        who: the login of whoever makes it.

    Raises:
        InvalidInput: the login is not 2–40 of ``a-z 0-9 . _ -``, the name is empty, a skill or the capacity
            cannot be, or the password is too short or too easily guessed; `fields` names each.
        Conflict: the login exists.
    """
    name = normalise(name)[:40]
    problems = {
        "login": check_login(login),
        "name": None if name else "请填写姓名。",
        "password": problem_of(password, login, name),
        "skills": check_skills(skills),
        "capacity": check_capacity(capacity),
    }
    _raise(problems)
    password_hash = await hashed(password)
    now = care.clock.now()
    try:
        async with care.sessions.write() as session:
            staff = Staff(
                login=login,
                name=name,
                role=role,
                password_hash=password_hash,
                skills=list(dict.fromkeys(skills)),
                capacity=capacity,
                presence="away",
                failed_logins=0,
                active=True,
                is_demo=is_demo,
                must_change_password=must_change,
                created_at=now,
            )
            session.add(staff)
            await session.flush()
            note(session, staff, AccountChange.CREATED, who=who, at=now, new=f"{login}，{role.label}")
            return view(staff)
    except IntegrityError as error:
        raise Conflict(f"登录名 {login} 已存在。") from error


async def list_staff(care: Care) -> list[StaffView]:
    async with care.sessions.read() as session:
        return [view(staff) for staff in await session.scalars(select(Staff).order_by(Staff.login))]


async def get(care: Care, staff_id: int) -> StaffView:
    """One account. Raises `NotFound`."""
    async with care.sessions.read() as session:
        staff = await session.get(Staff, staff_id)
        if staff is None:
            raise NotFound("没有这个账号。")
        return view(staff)


async def edit(care: Care, staff_id: int, change: AccountEdit, *, who: StaffView) -> StaffView:
    """Changes name, role, skills, capacity or whether the account may be used; one row of history for each.

    An account that is switched off, or loses rights, is signed out everywhere.

    Raises:
        NotFound: no such account.
        InvalidInput: `fields` names each wrong one.
        Conflict: nobody would be left who may manage accounts, or somebody would shut themselves out.
    """
    name = None if change.name is None else normalise(change.name)[:40]
    problems = {
        "name": "请填写姓名。" if name == "" else None,
        "skills": None if change.skills is None else check_skills(change.skills),
        "capacity": None if change.capacity is None else check_capacity(change.capacity),
    }
    _raise(problems)
    now = care.clock.now()
    async with care.sessions.write() as session:
        staff = await locked(session, Staff.id == staff_id)
        await _check_not_shut_out(session, staff, change, who)
        is_less = change.active is False or (
            change.role is not None and list(Role).index(change.role) < list(Role).index(staff.role)
        )
        wanted = {
            AccountChange.NAME: ("name", name),
            AccountChange.ROLE: ("role", change.role),
            AccountChange.SKILLS: (
                "skills",
                None if change.skills is None else list(dict.fromkeys(change.skills)),
            ),
            AccountChange.CAPACITY: ("capacity", change.capacity),
            AccountChange.ACTIVE: ("active", change.active),
        }
        for what, (column, new) in wanted.items():
            old = getattr(staff, column)
            if new is None or new == old:
                continue
            setattr(staff, column, new)
            note(session, staff, what, who=who.login, at=now, old=_words(old), new=_words(new))
        if is_less:
            await end_sessions(session, staff.id)
        if change.active is False:
            staff.presence = "away"
        return view(staff)


async def reset_password(care: Care, login: str, password: str, *, who: str = BY_COMMAND) -> StaffView:
    """Sets a new password that must be changed at the next sign-in, lifts a lock and signs out every browser.

    Raises:
        NotFound: no such account.
        InvalidInput: the password is too short or too easily guessed.
    """
    async with care.sessions.read() as session:
        known = await session.scalar(select(Staff).where(Staff.login == login))
    if known is None:
        raise NotFound(f"没有登录名为 {login} 的账号。")
    if problem := problem_of(password, known.login, known.name):
        raise InvalidInput(problem, fields={"password": problem})
    password_hash = await hashed(password)
    now = care.clock.now()
    async with care.sessions.write() as session:
        staff = await locked(session, Staff.login == login)
        staff.password_hash = password_hash
        staff.must_change_password = True
        staff.password_changed_at = now
        await forget_failures(session, staff)
        await end_sessions(session, staff.id)
        note(session, staff, AccountChange.PASSWORD_RESET, who=who, at=now)
        return view(staff)


async def reset_totp(care: Care, login: str, *, who: str = BY_COMMAND) -> StaffView:
    """Takes the second factor away, for somebody who lost it; they enrol anew. Raises `NotFound`."""
    now = care.clock.now()
    async with care.sessions.write() as session:
        staff = await locked(session, Staff.login == login)
        staff.totp_secret = staff.totp_confirmed_at = staff.totp_last_step = None
        await session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff.id))
        await forget_failures(session, staff)
        await end_sessions(session, staff.id)
        note(session, staff, AccountChange.TOTP_RESET, who=who, at=now)
        return view(staff)


async def history(care: Care, staff_id: int, *, limit: int = 200) -> list[ChangeView]:
    """What was changed of an account, newest first. Raises `NotFound`."""
    async with care.sessions.read() as session:
        if await session.get(Staff, staff_id) is None:
            raise NotFound("没有这个账号。")
        rows = await session.scalars(
            select(StaffChange)
            .where(StaffChange.staff_id == staff_id)
            .order_by(StaffChange.id.desc())
            .limit(limit)
        )
        return [ChangeView(row.who, row.what, row.old, row.new, row.at) for row in rows]


# Within a caller's transaction.


async def locked(session: AsyncSession, which: object) -> Staff:
    """The account's row, fresh, held until the transaction ends. Raises `NotFound`."""
    staff: Staff | None = await session.scalar(
        select(Staff)
        .where(which)  # type: ignore[arg-type]
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if staff is None:
        raise NotFound("没有这个账号。")
    return staff


def note(
    session: AsyncSession,
    staff: Staff,
    what: AccountChange,
    *,
    who: str,
    at: datetime,
    old: str | None = None,
    new: str | None = None,
) -> None:
    """One row of history."""
    session.add(StaffChange(staff_id=staff.id, who=who[:40], what=what, old=old, new=new, at=at))


async def end_sessions(session: AsyncSession, staff_id: int, *, but: int | None = None) -> None:
    """Signs out every browser of an account; `but`: the id of the session that stays."""
    sessions = delete(StaffSession).where(StaffSession.staff_id == staff_id)
    await session.execute(sessions if but is None else sessions.where(StaffSession.id != but))
    await session.execute(delete(StaffHalfSession).where(StaffHalfSession.staff_id == staff_id))


async def forget_failures(session: AsyncSession, staff: Staff) -> None:
    """Lifts a lock."""
    keys = (f"login:{staff.login}", f"code:{staff.login}")
    await session.execute(delete(VerificationAttempt).where(VerificationAttempt.key.in_(keys)))
    staff.failed_logins, staff.locked_until = 0, None


async def hashed(password: str) -> str:
    return await asyncio.to_thread(_hasher.hash, password)


async def is_right(password_hash: str, password: str) -> bool:
    """Takes as long for a wrong password as for a right one."""
    return await asyncio.to_thread(_verify, password_hash, password)


def problem_of(password: str, login: str, name: str) -> str | None:
    """What is wrong with a password for this account, in Chinese."""
    return password_problem(password, login=login, names=(name, "".join(lazy_pinyin(name))))


def view(staff: Staff) -> StaffView:
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
        must_change_password=bool(staff.must_change_password),
        has_totp=staff.totp_confirmed_at is not None,
        has_sso=staff.oidc_identity is not None,
    )


async def _check_not_shut_out(
    session: AsyncSession, staff: Staff, change: AccountEdit, who: StaffView
) -> None:
    loses = change.active is False or (change.role is not None and change.role is not Role.ADMIN)
    if staff.role is not Role.ADMIN or not loses:
        return
    if staff.id == who.id:
        raise Conflict("不能停用自己或降低自己的角色，请由另一位管理员操作。")
    others = await session.scalar(
        select(func.count())
        .select_from(Staff)
        .where(Staff.role == Role.ADMIN, Staff.active.is_(True), Staff.id != staff.id)
    )
    if not others:
        raise Conflict("至少要保留一位可用的管理员。")


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _words(value: object) -> str:
    if isinstance(value, Role):
        return value.label
    if isinstance(value, bool):
        return "启用" if value else "停用"
    if isinstance(value, list):
        return "、".join(map(str, value))[:200]
    return str(value)


def _raise(problems: dict[str, str | None]) -> None:
    found = {name: problem for name, problem in problems.items() if problem}
    if found:
        raise InvalidInput(fields=found)
