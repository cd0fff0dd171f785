"""Signatures on requests between the project's own processes: HMAC-SHA256 over time and body.

Header ``X-Zhike-Signature: t=<unix seconds>,v1=<hex>``. The time is part of what is signed,
so a caught request cannot be sent again after the tolerance has passed.
"""

from __future__ import annotations

import hashlib
import hmac
import re

SIGNATURE_HEADER = "X-Zhike-Signature"
TOLERANCE_S = 60

_HEADER = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})", re.ASCII)


def sign(secret: str, body: bytes, now: int) -> str:
    """The header's value for `body` sent at `now` (Unix seconds).

    Raises:
        ValueError: `secret` is empty; an unsigned door must not look like a signed one.
    """
    return f"t={now},v1={_digest(secret, body, now)}"


def check(secret: str, header: str | None, body: bytes, now: int) -> bool:
    """Whether `header` signs exactly `body` and is at most `TOLERANCE_S` seconds from `now` (Unix seconds).

    A missing or malformed header is `False`, never an error.

    Raises:
        ValueError: `secret` is empty.
    """
    found = _HEADER.fullmatch(header or "")
    signed_at = int(found[1]) if found else 0
    expected = _digest(secret, body, signed_at)
    if not found:
        return False
    # compare_digest: the time of comparison must not tell how much of a guess was right.
    return hmac.compare_digest(expected, found[2]) and abs(now - signed_at) <= TOLERANCE_S


def _digest(secret: str, body: bytes, at: int) -> str:
    if not secret:
        raise ValueError("the signing secret is empty")
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
