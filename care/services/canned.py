"""Ready-made replies of the desk: shared ones by leads, own ones by everybody; found by characters, pinyin or initials."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pypinyin import Style, lazy_pinyin
from rapidfuzz import fuzz
from ruamel.yaml import YAML
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.canned import CannedReply
from care.records.conversation import Conversation, Message
from care.records.customer import Customer
from care.rules.canned import filled, problems_of
from care.rules.errors import Forbidden, InvalidInput, NotFound
from care.rules.field_access import seen
from care.rules.permissions import Permission, may
from care.rules.text import normalise
from care.rules.vocabulary import Speaker
from care.services.context import Care
from care.services.staff_accounts import StaffView

_MOST_OWN = 200
_LEAST = 60.0
_LINES = 200


@dataclass(frozen=True)
class CannedView:
    """`text` with its placeholders filled, where a conversation was named; `raw` as it is kept."""

    id: int
    title: str
    shortcut: str | None
    category: str
    text: str
    raw: str
    shared: bool
    mine: bool
    uses: int


@dataclass(frozen=True)
class CannedWish:
    title: str
    text: str
    category: str
    shortcut: str | None = None
    shared: bool = False


async def search(
    care: Care, reader: StaffView, q: str = "", *, conversation_id: int | None = None, limit: int = 50
) -> list[CannedView]:
    """What fits `q` best; without it the most used first. `conversation_id`: fills the placeholders for it."""
    async with care.sessions.read() as session:
        rows = (
            await session.scalars(
                select(CannedReply)
                .where(or_(CannedReply.owner_id.is_(None), CannedReply.owner_id == reader.id))
                .order_by(CannedReply.uses.desc(), CannedReply.id)
            )
        ).all()
        values = {} if conversation_id is None else await _values(session, care, reader, conversation_id)
    wanted = _plain(q)
    if wanted:
        scored = [(score(wanted, row.title, row.text, row.shortcut or "", row.category), row) for row in rows]
        good = sorted(
            ((points, row) for points, row in scored if points >= _LEAST),
            key=lambda one: (-one[0], -one[1].uses),
        )
        rows = [row for _, row in good]
    return [
        _view(row, reader, filled(row.text, values) if conversation_id is not None else row.text)
        for row in rows[:limit]
    ]


def score(wanted: str, title: str, text: str, shortcut: str, category: str = "") -> float:
    """0–100: how well `wanted` names the reply, by its signs, its pinyin, or the initials of its pinyin."""
    if wanted == shortcut.lower():
        return 100.0
    best = 0.0
    for place, words in ((1.0, title), (0.9, category), (0.85, text)):
        plain, sound, initials = _forms(words)
        if not plain:
            continue
        if wanted in plain:
            best = max(best, place * 99)
        elif not wanted.isascii():
            best = max(best, place * fuzz.partial_ratio(wanted, plain) * 0.95)
        if wanted.isascii():
            if initials.startswith(wanted):
                best = max(best, place * 98)
            elif wanted in initials and len(wanted) > 1:
                best = max(best, place * 94)
            elif wanted in sound:
                best = max(best, place * 92)
            elif len(wanted) >= 4 and place == 1.0:
                best = max(best, place * fuzz.partial_ratio(wanted, sound) * 0.8)
    return best


async def create(care: Care, who: StaffView, wish: CannedWish) -> CannedView:
    """
    Raises:
        InvalidInput: `fields` names each wrong one; too many of one's own.
        Forbidden: shared replies are the leads'.
    """
    _check(wish, who)
    now = care.clock.now()
    async with care.sessions.write() as session:
        if not wish.shared:
            own = await session.scalars(select(CannedReply.id).where(CannedReply.owner_id == who.id))
            if len(own.all()) >= _MOST_OWN:
                raise InvalidInput(f"自己的快捷回复最多 {_MOST_OWN} 条。")
        row = CannedReply(
            owner_id=None if wish.shared else who.id,
            title=wish.title.strip(),
            shortcut=wish.shortcut or None,
            category=wish.category.strip(),
            text=wish.text.strip(),
            uses=0,
            changed_by=who.login,
            changed_at=now,
            created_at=now,
        )
        session.add(row)
        await session.flush()
        return _view(row, who, row.text)


async def change(care: Care, who: StaffView, reply_id: int, wish: CannedWish) -> CannedView:
    """Raises `NotFound` (foreign ones too), `InvalidInput`, `Forbidden`."""
    _check(wish, who)
    async with care.sessions.write() as session:
        row = await _own(session, who, reply_id)
        row.title, row.text = wish.title.strip(), wish.text.strip()
        row.category, row.shortcut = wish.category.strip(), wish.shortcut or None
        row.owner_id = None if wish.shared else who.id
        row.changed_by, row.changed_at = who.login, care.clock.now()
        return _view(row, who, row.text)


async def remove(care: Care, who: StaffView, reply_id: int) -> None:
    """Raises `NotFound` (foreign ones too), `Forbidden`."""
    async with care.sessions.write() as session:
        await session.delete(await _own(session, who, reply_id))


async def note_use(care: Care, who: StaffView, reply_id: int) -> None:
    """It was put into a message. Raises `NotFound`."""
    async with care.sessions.write() as session:
        counted = await session.execute(
            update(CannedReply)
            .where(
                CannedReply.id == reply_id,
                or_(CannedReply.owner_id.is_(None), CannedReply.owner_id == who.id),
            )
            .values(uses=CannedReply.uses + 1)
            .returning(CannedReply.id)
            .execution_options(synchronize_session=False)
        )
        if counted.first() is None:
            raise NotFound("没有这条快捷回复。")


def read_files(folder: Path) -> list[CannedWish]:
    """Shared replies from ``*.yml``: category → list of ``title, text, shortcut``.

    Raises:
        ValueError: one of them cannot be; the text names the file and the title.
    """
    found: list[CannedWish] = []
    for path in sorted(folder.glob("*.yml")):
        for category, entries in (YAML(typ="safe").load(path.read_text("utf-8")) or {}).items():
            for entry in entries:
                wish = CannedWish(
                    str(entry.get("title", "")),
                    str(entry.get("text", "")),
                    str(category),
                    entry.get("shortcut"),
                    True,
                )
                if problems := problems_of(wish.title, wish.text, wish.category, wish.shortcut):
                    raise ValueError(f"{path.name}: {wish.title}: {problems}")
                found.append(wish)
    return found


def _check(wish: CannedWish, who: StaffView) -> None:
    if problems := problems_of(wish.title, wish.text, wish.category, wish.shortcut):
        raise InvalidInput(fields=problems)
    if wish.shared and not may(who.role, Permission.REASSIGN):
        raise Forbidden("共享的快捷回复由组长维护，您可以存为自己的。")


async def _own(session: AsyncSession, who: StaffView, reply_id: int) -> CannedReply:
    row = await session.get(CannedReply, reply_id)
    if row is None or (row.owner_id is not None and row.owner_id != who.id):
        raise NotFound("没有这条快捷回复。")
    if row.owner_id is None and not may(who.role, Permission.REASSIGN):
        raise Forbidden("共享的快捷回复由组长维护，您可以存为自己的。")
    return row


async def _values(
    session: AsyncSession, care: Care, reader: StaffView, conversation_id: int
) -> dict[str, str | None]:
    """What is known for the placeholders; a name that the reader may not see whole is not written out."""
    conversation = await session.get(Conversation, conversation_id)
    if conversation is None:
        raise NotFound("没有找到这个会话。")
    customer = (
        None if conversation.customer_id is None else await session.get(Customer, conversation.customer_id)
    )
    name = None if customer is None or customer.erased_at is not None else customer.name
    shown = seen("customer.name", reader.role, name)
    called = f"{shown[0]}先生/女士" if shown else None
    return {
        "客户称呼": called,
        "坐席": reader.name,
        "订单号": await _last_order(session, conversation_id),
        "店名": care.settings.shop_name,
    }


async def _last_order(session: AsyncSession, conversation_id: int) -> str | None:
    rows: Iterable[dict[str, object] | None] = await session.scalars(
        select(Message.understood)
        .where(Message.conversation_id == conversation_id, Message.speaker == Speaker.CUSTOMER)
        .order_by(Message.id.desc())
        .limit(_LINES)
    )
    for understood in rows:
        entities = (understood or {}).get("entities")
        for entity in entities if isinstance(entities, list) else ():
            if entity.get("entity") == "order_number":
                return str(entity.get("value"))
    return None


def _view(row: CannedReply, reader: StaffView, text: str) -> CannedView:
    return CannedView(
        row.id, row.title, row.shortcut, row.category, text, row.text, row.owner_id is None,
        row.owner_id == reader.id, row.uses,
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _forms(words: str) -> tuple[str, str, str]:
    """As written, as it sounds, and the initials."""
    plain = _plain(words)
    return plain, "".join(lazy_pinyin(plain)), "".join(lazy_pinyin(plain, style=Style.FIRST_LETTER))


def _plain(words: str) -> str:
    return "".join(sign for sign in normalise(words).lower() if sign.isalnum())
