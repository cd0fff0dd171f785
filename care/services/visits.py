"""A browser comes, or comes back: its token opens its own conversation and no other."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.conversation import Conversation, Visitor
from care.rules.text import normalise
from care.rules.vocabulary import Channel, Owner
from care.services.context import Care
from care.services.conversation_rows import ConversationView, view

_MAX_PAGE_ENTRIES = 10
_MAX_PAGE_CHARACTERS = 200


@dataclass(frozen=True)
class Visit:
    """`visitor_token` is given only when it is new: it is never stored and cannot be told again."""

    visitor_token: str | None
    conversation: ConversationView


async def open_visit(care: Care, visitor_token: str | None, *, page: dict[str, Any] | None = None) -> Visit:
    """The visitor's open conversation, or a new one.

    A missing, unknown or forged token makes a new visitor: it is never an error and never
    opens another one's conversation.

    Args:
        page: what the host page says of itself (product, order, address); at most 10 short entries are kept.
    """
    now = care.clock.now()
    new_token = None
    async with care.sessions.write() as session:
        visitor = await _visitor_of(session, visitor_token)
        if visitor is None:
            new_token = secrets.token_urlsafe(32)
            visitor = Visitor(token_hash=_token_hash(new_token), created_at=now, last_seen_at=now)
            session.add(visitor)
            await session.flush()
        visitor.last_seen_at = now
        conversation = await session.scalar(
            select(Conversation)
            .where(Conversation.visitor_id == visitor.id, Conversation.owner != Owner.CLOSED)
            .order_by(Conversation.id.desc())
            .limit(1)
            .with_for_update()
        )
        if conversation is None:
            conversation = Conversation(
                public_id=str(uuid4()),
                sender_id=str(uuid4()),
                visitor_id=visitor.id,
                channel=Channel.WEB,
                owner=Owner.BOT,
                owner_version=0,
                last_seq=0,
                opened_at=now,
            )
            session.add(conversation)
            await session.flush()
        if page:
            conversation.page = _page(page)
        return Visit(visitor_token=new_token, conversation=await view(session, care, conversation))


async def conversation_of_token(care: Care, visitor_token: str | None) -> ConversationView | None:
    """The open conversation of the browser that carries this token, or None; makes nothing."""
    async with care.sessions.read() as session:
        visitor = await _visitor_of(session, visitor_token)
        if visitor is None:
            return None
        conversation = await session.scalar(
            select(Conversation)
            .where(Conversation.visitor_id == visitor.id, Conversation.owner != Owner.CLOSED)
            .order_by(Conversation.id.desc())
            .limit(1)
        )
        return None if conversation is None else await view(session, care, conversation)


async def is_of_visitor(care: Care, conversation_id: int, visitor_token: str | None) -> bool:
    """Whether this conversation, running or ended, was had by the browser that carries this token."""
    async with care.sessions.read() as session:
        visitor = await _visitor_of(session, visitor_token)
        if visitor is None:
            return False
        found = await session.scalar(
            select(Conversation.id).where(
                Conversation.id == conversation_id, Conversation.visitor_id == visitor.id
            )
        )
        return found is not None


async def _visitor_of(session: AsyncSession, token: str | None) -> Visitor | None:
    if not isinstance(token, str) or not 20 <= len(token) <= 200 or not token.isascii():
        return None
    # Tokens are 256 random bits, so a plain hash is enough, and looking it up tells an attacker nothing.
    return await session.scalar(
        select(Visitor).where(Visitor.token_hash == _token_hash(token)).with_for_update()
    )


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _page(page: dict[str, Any]) -> dict[str, Any]:
    """The host page is not ours: short plain values only."""
    kept: dict[str, Any] = {}
    for key, value in list(page.items())[:_MAX_PAGE_ENTRIES]:
        if isinstance(value, bool | int | float):
            kept[str(key)[:40]] = value
        elif isinstance(value, str):
            kept[str(key)[:40]] = normalise(value[: _MAX_PAGE_CHARACTERS * 2])[:_MAX_PAGE_CHARACTERS]
    return kept
