"""The second factor: time-based codes (RFC 6238) and recovery codes, each good once."""

from __future__ import annotations

import hashlib
import hmac
import io
import secrets
from dataclasses import dataclass
from datetime import datetime

import pyotp
import segno
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.staff import RecoveryCode, Staff
from care.rules.account_terms import AccountChange, SignedBy, needs_totp
from care.rules.errors import Conflict, VerificationFailed
from care.services.context import Care
from care.services.staff_accounts import StaffView, end_sessions, locked, note

STEP_S = 30
#: A telephone's clock may be this many steps off.
_WINDOW = 1
RECOVERY_CODES = 10
_SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that look alike
WRONG_CODE = "动态码不正确或已经用过，请等下一个再试。"


@dataclass(frozen=True)
class Enrolment:
    """Shown once. `qr` is an SVG picture of `uri`; `secret` is for typing it in by hand."""

    secret: str
    uri: str
    qr: str


@dataclass(frozen=True)
class TotpState:
    """`recovery_left`: unused recovery codes."""

    enabled: bool
    required: bool
    recovery_left: int


async def state(care: Care, staff: StaffView) -> TotpState:
    async with care.sessions.read() as session:
        left = await session.scalar(
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.staff_id == staff.id, RecoveryCode.used_at.is_(None))
        )
    return TotpState(
        enabled=staff.has_totp,
        required=needs_totp(care.settings.staff_totp, staff.role),
        recovery_left=int(left or 0) if staff.has_totp else 0,
    )


async def begin(care: Care, staff_id: int) -> Enrolment:
    """A new secret, not in force before `confirm`. Beginning again makes another one.

    Raises:
        Conflict: a second factor is in force; end it first.
    """
    secret = pyotp.random_base32()
    async with care.sessions.write() as session:
        staff = await locked(session, Staff.id == staff_id)
        if staff.totp_confirmed_at is not None:
            raise Conflict("动态码已启用，请先停用再重新绑定。")
        staff.totp_secret, staff.totp_last_step = secret, None
        login = staff.login
    uri = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=care.settings.shop_name)
    picture = io.BytesIO()
    segno.make(uri, error="m").save(picture, kind="svg", scale=4, xmldecl=False, svgns=True)
    return Enrolment(secret, uri, picture.getvalue().decode())


async def confirm(care: Care, staff_id: int, code: str, *, session_id: int | None = None) -> list[str]:
    """The first right code puts the secret into force; the recovery codes come back, this once.

    Every other browser of the account is signed out.

    Raises:
        VerificationFailed: the code is not that of the secret.
        Conflict: nothing was begun, or it is in force already.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        staff = await locked(session, Staff.id == staff_id)
        if staff.totp_secret is None or staff.totp_confirmed_at is not None:
            raise Conflict("没有待确认的动态码，请重新绑定。")
        if not take_code(staff, code, now):
            raise VerificationFailed(WRONG_CODE)
        staff.totp_confirmed_at = now
        await end_sessions(session, staff.id, but=session_id)
        note(session, staff, AccountChange.TOTP_ON, who=staff.login, at=now)
        return await _new_codes(session, staff)


async def renew_codes(care: Care, staff_id: int, code: str) -> list[str]:
    """Ten new recovery codes in place of the old ones. Raises `VerificationFailed`, `Conflict`."""
    now = care.clock.now()
    async with care.sessions.write() as session:
        staff = await _in_force(session, staff_id)
        if not take_code(staff, code, now):
            raise VerificationFailed(WRONG_CODE)
        note(session, staff, AccountChange.RECOVERY_CODES, who=staff.login, at=now)
        return await _new_codes(session, staff)


async def end(care: Care, staff_id: int, code: str) -> None:
    """Takes the second factor away with a last right code.

    Raises:
        VerificationFailed: wrong code.
        Conflict: there is none, or the shop requires it of this role.
    """
    now = care.clock.now()
    async with care.sessions.write() as session:
        staff = await _in_force(session, staff_id)
        if needs_totp(care.settings.staff_totp, staff.role):
            raise Conflict("您的角色必须使用动态码，不能停用。")
        if await take_any(session, staff, code, now) is None:
            raise VerificationFailed(WRONG_CODE)
        staff.totp_secret = staff.totp_confirmed_at = staff.totp_last_step = None
        await session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff.id))
        note(session, staff, AccountChange.TOTP_OFF, who=staff.login, at=now)


def take_code(staff: Staff, code: str, now: datetime) -> bool:
    """Whether `code` is right and was not taken before; it is taken by this. `staff` is locked."""
    digits = "".join(filter(str.isdecimal, code))
    if staff.totp_secret is None or len(digits) != 6 or not digits.isascii():
        return False
    generator = pyotp.TOTP(staff.totp_secret)
    here = int(now.timestamp()) // STEP_S
    for step in range(here - _WINDOW, here + _WINDOW + 1):
        is_same = hmac.compare_digest(generator.generate_otp(step), digits)
        if is_same and (staff.totp_last_step is None or step > staff.totp_last_step):
            staff.totp_last_step = step
            return True
    return False


async def take_any(session: AsyncSession, staff: Staff, code: str, now: datetime) -> SignedBy | None:
    """`take_code`, or a recovery code that is used up by this; None: neither. `staff` is locked."""
    if take_code(staff, code, now):
        return SignedBy.TOTP
    row = await session.scalar(
        select(RecoveryCode).where(
            RecoveryCode.staff_id == staff.id,
            RecoveryCode.code_hash == _code_hash(staff.id, code),
            RecoveryCode.used_at.is_(None),
        )
    )
    if row is None:
        return None
    row.used_at = now
    note(session, staff, AccountChange.RECOVERY_USED, who=staff.login, at=now)
    return SignedBy.RECOVERY


async def _in_force(session: AsyncSession, staff_id: int) -> Staff:
    staff = await locked(session, Staff.id == staff_id)
    if staff.totp_confirmed_at is None:
        raise Conflict("还没有启用动态码。")
    return staff


async def _new_codes(session: AsyncSession, staff: Staff) -> list[str]:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff.id))
    codes = ["".join(secrets.choice(_SIGNS) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(staff_id=staff.id, code_hash=_code_hash(staff.id, code)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _code_hash(staff_id: int, code: str) -> str:
    # 31^10 possibilities, drawn by the machine: no slow hash is needed.
    plain = "".join(sign for sign in code.lower() if sign.isalnum())
    return hashlib.sha256(f"{staff_id}:{plain}".encode(errors="surrogatepass")).hexdigest()
