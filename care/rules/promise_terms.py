"""When the one who answers for a promise is reminded of it, and what a member of staff may promise."""

from __future__ import annotations

from datetime import datetime, timedelta

from care.rules.errors import InvalidInput

#: Told so long before it falls due, or in the last quarter of a shorter time.
WARN_BEFORE = timedelta(hours=4)
#: A promise further ahead than this is none that a customer can count on.
LONGEST = timedelta(days=90)
LONGEST_WORDS = 200


def warn_at(made_at: datetime, due_at: datetime) -> datetime:
    """When the owner is told that a promise made at `made_at` will fall due. All aware."""
    return due_at - min(WARN_BEFORE, (due_at - made_at) / 4)


def check_promise(what: str, due_at: datetime, *, now: datetime) -> str:
    """What is promised, in words fit for the ledger.

    Raises:
        InvalidInput: nothing is said, too much is said, or the time is past or too far ahead.
    """
    words = " ".join(what.split())
    problems = {}
    if not words:
        problems["what"] = "请写明承诺了什么。"
    elif len(words) > LONGEST_WORDS:
        problems["what"] = f"承诺最多 {LONGEST_WORDS} 个字。"
    if due_at <= now:
        problems["due_at"] = "承诺的时间须在现在之后。"
    elif due_at > now + LONGEST:
        problems["due_at"] = f"承诺的时间须在 {LONGEST.days} 天之内。"
    if problems:
        raise InvalidInput(fields=problems)
    return words
