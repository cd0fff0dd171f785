"""The host page's signed token: HS256, ``aud`` zhike, ``sub``, and ``exp`` at most an hour ahead."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone

import jwt

from care.rules.errors import VerificationFailed

log = logging.getLogger(__name__)

TOKEN_LIVES = timedelta(hours=1)
AUDIENCE = "zhike"


def subject_of(secret: str, token: str, now: datetime) -> str:
    """The ``sub`` of a token that the host page signed for a customer who is signed in there.

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
        expires_at = datetime.fromtimestamp(int(claims["exp"]), timezone.utc)
        subject = str(claims["sub"])
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, OSError) as error:
        log.warning("identity token refused: %s", error)
        raise VerificationFailed() from None
    if not now < expires_at <= now + TOKEN_LIVES or not subject:
        log.warning("identity token refused: it expires at %s", expires_at)
        raise VerificationFailed()
    return subject
