"""Which products a longer message names, word by word: 青扫X1和X3有啥区别 names two.

`care.services.products` compares one name with slips; here the names themselves are looked for in a sentence, so
that what stands around them does not blur them. What the shop sells is data; nothing here knows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from care.records.order import Product
from care.rules.text import normalise
from care.services.context import Care
from care.services.products import ProductView, view_of

_NOT_NAME = re.compile(r"[\W_]+")
#: A word of a name that tells it apart by itself: X1, B3, WH70; not a bare number.
_CODE = re.compile(r"(?=.*\d)(?=.*[a-z])[a-z0-9]{2,}|[\u4e00-\u9fff]*[a-z]+\d+[a-z0-9]*", re.ASCII)
_SHORTEST = 2
#: A name that says all there is to say goes before the beginning of one.
_WHOLE, _BEGINNING = 2, 1


@dataclass(frozen=True)
class Mention:
    """A name in the text, and every product that it may mean (more than one: the customer has to be asked)."""

    said: str
    start: int
    products: tuple[ProductView, ...]

    @property
    def one(self) -> ProductView | None:
        return self.products[0] if len(self.products) == 1 else None


async def mentioned(care: Care, text: str, *, spoken_of: Sequence[ProductView] = ()) -> list[Mention]:
    """The products that `text` names, in its order; a name within a longer one does not count again.

    `spoken_of`: products of the talk so far; their brands may be left out: 那12和12 Pro差在哪.
    """
    plain = _plain(text)
    if len(plain) < _SHORTEST:
        return []
    async with care.sessions.read() as session:
        rows = [view_of(row) for row in await session.scalars(select(Product).order_by(Product.id))]
        spoken = {row.id: row.spoken_names for row in await session.scalars(select(Product))}
    names = _names(rows, spoken)
    names = _without_brand(names, {_plain(one.brand) for one in spoken_of}) | names
    found: list[Mention] = []
    taken: set[int] = set()
    for name in sorted(names, key=len, reverse=True):
        for place in _places(name, plain):
            span = set(range(place, place + len(name)))
            if not span & taken:
                taken |= span
                found.append(Mention(name, place, tuple(names[name])))
    return sorted(found, key=lambda mention: mention.start)


async def fitting(care: Care, text: str, among: Sequence[ProductView]) -> list[ProductView]:
    """Those of `among` that the words fit best, by names and attributes: 变频的那个. Empty when they fit none."""
    async with care.sessions.read() as session:
        rows = await session.scalars(select(Product).where(Product.id.in_([one.id for one in among])))
        words = {row.id: " ".join([row.name, row.model, *row.spoken_names]) for row in rows}
    wanted = _pairs(text)
    shares = {}
    for one in among:
        # 变频=是 is one that is 变频; 烘干=否 is none that dries.
        attributes = [v if v != "是" else name for name, v in one.attributes.items() if v != "否"]
        shares[one.id] = len(wanted & _pairs(" ".join([words.get(one.id, ""), *attributes])))
    best = max(shares.values(), default=0)
    return [one for one in among if shares[one.id] == best] if best else []


def _pairs(text: str) -> set[str]:
    """Neighbouring signs of each word."""
    words = re.split(r"[\s、，,;；]+", normalise(text).lower())
    return {word[i : i + 2] for word in words for i in range(len(word) - 1)}


def _names(rows: Iterable[ProductView], spoken: Mapping[int, Iterable[str]]) -> dict[str, list[ProductView]]:
    """Every name → the products that are called so; the whole name of one is not the beginning of another."""
    weighed: dict[str, dict[int, tuple[int, ProductView]]] = {}
    for row in rows:
        for name, weight in _names_of(row, spoken.get(row.id, ())):
            held = weighed.setdefault(name, {})
            if row.id not in held or held[row.id][0] < weight:
                held[row.id] = (weight, row)
    names: dict[str, list[ProductView]] = {}
    for name, held in weighed.items():
        best = max(weight for weight, _ in held.values())
        names[name] = [row for weight, row in held.values() if weight == best]
    return names


def _without_brand(
    names: Mapping[str, list[ProductView]], brands: Iterable[str]
) -> dict[str, list[ProductView]]:
    """星禾12 → 12, for the brands that are spoken of."""
    return {
        name[len(brand) :]: products
        for brand in brands
        for name, products in names.items()
        if name.startswith(brand) and re.fullmatch(r"(?=.*\d)[a-z\d]{2,}", name[len(brand) :], re.ASCII)
    }


def _names_of(row: ProductView, spoken: Iterable[str]) -> Iterable[tuple[str, int]]:
    words = [_plain(word) for word in row.name.split()]
    whole = [_plain(row.name), _plain(row.model), *map(_plain, spoken)]
    tail = row.model.lower().partition("-")[2]
    whole += [_plain(tail)] if _CODE.fullmatch(_plain(tail)) else []
    brand = _plain(row.brand)
    for name in whole:
        if len(name) >= _SHORTEST and name != brand:
            yield name, _WHOLE
    for first in range(min(2, len(words))):
        for last in range(first + 1, len(words) + 1):
            name = "".join(words[first:last])
            if name == brand or len(name) < _SHORTEST or not re.search(r"[a-z\d]", name):
                continue
            if first == 0 or _CODE.fullmatch(name):
                yield name, _BEGINNING


def _places(name: str, text: str) -> Iterable[int]:
    """Where `name` stands in `text`, not as a part of a longer number or Latin word."""
    before = r"(?<![a-z0-9])" if name[0].isascii() else ""
    after = r"(?![a-z0-9])" if name[-1].isascii() else ""
    return [found.start() for found in re.finditer(before + re.escape(name) + after, text)]


def _plain(text: str) -> str:
    return _NOT_NAME.sub("", normalise(text).lower())
