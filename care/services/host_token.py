"""The host page's signed token: HS256, ``aud`` zhike, ``sub``, and ``exp`` at most an hour ahead.

A token with ``jti`` opens for one browser only: caught and shown by another one, it proves nothing.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import jwt
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.conversation import Conversation, HostTokenUse
from care.rules.errors import VerificationFailed
from care.services.one_time_codes import lock_key

log = logging.getLogger(__name__)

TOKEN_LIVES = timedelta(hours=1)
#: Clocks of two servers differ a little.
CLOCK_SLACK = timedelta(seconds=60)
AUDIENCE = "zhike"


@dataclass(frozen=True)
class HostToken:
    """What the host page signed: whom it knows, by when the token ends, and the token's own id if it has one."""

    subject: str
    expires_at: datetime
    id: str | None


def read_token(secret: str, token: str, now: datetime) -> HostToken:
    """The claims of a token that the host page signed for a customer who is signed in there.

    Raises:
        VerificationFailed: anything about the token is wrong; the log says what.
    """
    try:
        # Our own clock judges the times, so that tests and the records agree with it.
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            audience=AUDIENCE,
            options={
                "require": ["exp", "sub", "aud"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
        expires_at = _moment(claims["exp"])
        begins_at = max(_moment(claims.get(name, 0)) for name in ("nbf", "iat"))
        subject, token_id = str(claims["sub"]), claims.get("jti")
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, OSError) as error:
        log.warning("identity token refused: %s", error)
        raise VerificationFailed() from None
    if not now < expires_at <= now + TOKEN_LIVES or begins_at > now + CLOCK_SLACK or not subject:
        log.warning("identity token refused: it holds from %s to %s", begins_at, expires_at)
        raise VerificationFailed()
    return HostToken(subject, expires_at, None if token_id is None else str(token_id))


async def bind_to_browser(session: AsyncSession, token: HostToken, conversation: Conversation) -> bool:
    """Whether this browser may use the token; the first one that does is the only one. Within the transaction."""
    if token.id is None or conversation.visitor_id is None:
        return True
    digest = hashlib.sha256(f"{token.subject}\n{token.id}".encode()).hexdigest()
    await lock_key(session, f"jti:{digest}")
    known = await session.scalar(select(HostTokenUse).where(HostTokenUse.token_hash == digest))
    if known is None:
        session.add(
            HostTokenUse(token_hash=digest, visitor_id=conversation.visitor_id, expires_at=token.expires_at)
        )
        return True
    return bool(known.visitor_id == conversation.visitor_id)


def _moment(unix: object) -> datetime:
    return datetime.fromtimestamp(int(unix), timezone.utc)  # type: ignore[call-overload]
