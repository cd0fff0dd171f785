"""Setting a conversation aside until a time or the customer's next word; meanwhile it takes no room."""

from __future__ import annotations

from datetime import datetime, timedelta

from care.rules.errors import InvalidInput
from care.services import handoff
from care.services.context import Care
from care.services.conversation_rows import announce, locked

LONGEST = timedelta(days=7)


async def snooze(care: Care, conversation_id: int, staff_id: int, until: datetime) -> None:
    """Only the holder may.

    Raises:
        Forbidden: it is not this agent's.
        InvalidInput: the time is no aware moment within the next 7 days.
    """
    now = care.clock.now()
    if until.tzinfo is None or not now < until <= now + LONGEST:
        raise InvalidInput(fields={"until": "请选择 7 天以内的时间。"})
    await _set(care, conversation_id, staff_id, until)


async def unsnooze(care: Care, conversation_id: int, staff_id: int) -> None:
    """Raises `Forbidden` for anyone but the holder."""
    await _set(care, conversation_id, staff_id, None)


async def _set(care: Care, conversation_id: int, staff_id: int, until: datetime | None) -> None:
    async with care.sessions.write() as session:
        conversation = await locked(session, conversation_id)
        handoff.check_holder(conversation, staff_id)
        conversation.snoozed_until = until
    await announce(care, conversation, queue_changed=True)
