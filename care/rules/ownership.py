"""Who may take over a conversation from whom: exactly one speaks at a time."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from care.rules.errors import IllegalMove
from care.rules.vocabulary import Owner

#: A closed conversation stays closed: the customer's next message opens a new one.
OWNER_MOVES: Mapping[Owner, frozenset[Owner]] = MappingProxyType(
    {
        Owner.BOT: frozenset({Owner.QUEUED, Owner.HUMAN, Owner.CLOSED}),
        Owner.QUEUED: frozenset({Owner.BOT, Owner.HUMAN, Owner.CLOSED}),
        Owner.HUMAN: frozenset({Owner.BOT, Owner.QUEUED, Owner.CLOSED}),
        Owner.CLOSED: frozenset(),
    }
)


def may_move_owner(owner: Owner, to: Owner) -> bool:
    return to in OWNER_MOVES[owner]


def check_owner_move(owner: Owner, to: Owner) -> None:
    """Lets a legal change of speaker pass.

    Raises:
        IllegalMove: `to` cannot follow `owner` (staying is no move).
    """
    if not may_move_owner(owner, to):
        raise IllegalMove(f"会话现在是“{owner.label}”,不能变为“{to.label}”。")


def may_bot_speak(owner: Owner) -> bool:
    """The fence: in every state but `bot` the assistant is silent."""
    return owner is Owner.BOT


def may_agent_speak(owner: Owner) -> bool:
    return owner is Owner.HUMAN
