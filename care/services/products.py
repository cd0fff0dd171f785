"""Products by what people call them, side by side, and whether there is one in stock.

A name may be typed by sound or with slips: it is compared as written and as pinyin. What the shop
sells is data; nothing here knows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pypinyin import lazy_pinyin
from rapidfuzz import fuzz
from rapidfuzz.distance import Indel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.order import Product
from care.rules.errors import NotFound
from care.rules.text import normalise
from care.rules.times import format_amount
from care.services.context import Care

#: Out of 100; below it a name means no product. Measured in tests/integration/test_products.py.
MIN_MATCH = 72.0
#: A match this much better than the next one needs no asking back.
CLEAR_LEAD = 6.0
#: Only the kind was said: 冰箱. Every one of the kind may be meant.
_KIND = 74.0
_MODEL = re.compile(r"[a-z]{1,4}-?\d{1,4}[a-z0-9]*", re.ASCII)
_NOT_NAME = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class ProductView:
    id: int
    sku: str
    name: str
    brand: str
    model: str
    category: str
    price: Decimal
    stock: int
    picture: str | None
    attributes: dict[str, str]
    warranty_months: int

    @property
    def in_stock(self) -> bool:
        return self.stock > 0


@dataclass(frozen=True)
class Match:
    """How sure it is that the customer means this product, 0–100."""

    product: ProductView
    score: float


@dataclass(frozen=True)
class Difference:
    """One line of a comparison; `values` in the order of the products, — where one has no such attribute."""

    name: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return len(set(self.values)) > 1


@dataclass(frozen=True)
class Stock:
    """Whether the product can be had now, and otherwise what comes nearest to it."""

    product: ProductView
    alternatives: tuple[ProductView, ...]

    @property
    def in_stock(self) -> bool:
        return self.product.in_stock


async def find(care: Care, said: str, *, limit: int = 3) -> list[Match]:
    """Products that `said` may mean, best first; empty when it names none."""
    async with care.sessions.read() as session:
        return await find_in(session, said, limit=limit)


async def find_in(session: AsyncSession, said: str, *, limit: int = 3) -> list[Match]:
    """`find` within the caller's transaction."""
    wanted = _plain(said)
    if len(wanted) < 2:
        return []
    rows = (await session.scalars(select(Product).order_by(Product.id))).all()
    matches = [Match(view_of(row), _score(wanted, row)) for row in rows]
    good = [match for match in matches if match.score >= MIN_MATCH]
    return sorted(good, key=lambda match: -match.score)[:limit]


def the_one(matches: list[Match]) -> ProductView | None:
    """The product that is clearly meant, or None when the customer has to be asked."""
    if not matches or (len(matches) > 1 and matches[0].score - matches[1].score < CLEAR_LEAD):
        return None
    return matches[0].product


async def compare(care: Care, product_ids: Iterable[int]) -> list[Difference]:
    """Price, warranty and every attribute of the products side by side, in the order of `product_ids`.

    Raises:
        NotFound: one of them is not sold.
    """
    ids = list(product_ids)
    async with care.sessions.read() as session:
        found = {
            row.id: view_of(row) for row in await session.scalars(select(Product).where(Product.id.in_(ids)))
        }
    if set(ids) - set(found):
        raise NotFound("没有找到这款商品。")
    products = [found[id_] for id_ in ids]
    names = list(dict.fromkeys(name for product in products for name in product.attributes))
    return [
        Difference("价格", tuple(format_amount(product.price) for product in products)),
        *(
            Difference(name, tuple(product.attributes.get(name, "—") for product in products))
            for name in names
        ),
        Difference("保修", tuple(f"{product.warranty_months} 个月" for product in products)),
    ]


async def of_kind(care: Care, product: ProductView) -> list[ProductView]:
    """The other products of its category, cheapest first."""
    async with care.sessions.read() as session:
        rows = await session.scalars(
            select(Product)
            .where(Product.category == product.category, Product.id != product.id)
            .order_by(Product.price, Product.id)
        )
        return [view_of(row) for row in rows]


async def stock(care: Care, product_id: int, *, limit: int = 2) -> Stock:
    """Stock of one product; when there is none, what is in stock and nearest to it in kind and price.

    Raises:
        NotFound: it is not sold.
    """
    async with care.sessions.read() as session:
        row = await session.get(Product, product_id)
        if row is None:
            raise NotFound("没有找到这款商品。")
        product = view_of(row)
        if product.in_stock:
            return Stock(product, ())
        others = await session.scalars(
            select(Product).where(Product.category == row.category, Product.stock > 0, Product.id != row.id)
        )
        near = sorted((view_of(other) for other in others), key=lambda other: _distance(product, other))
    return Stock(product, tuple([other for other in near if _is_alike(product, other)][:limit]))


def card_of(product: ProductView) -> dict[str, Any]:
    """The product as a card of the chat page."""
    return {
        "type": "product",
        "name": product.name,
        "picture": product.picture,
        "price": format_amount(product.price),
        "stock_label": "有货" if product.in_stock else "暂时缺货",
    }


def _score(wanted: str, row: Product) -> float:
    """A model number said settles it; else the likeliest of all names, by sign or by sound; else its kind."""
    model = _plain(row.model)
    if wanted == model:
        return 100.0
    if len(model) >= 3 and model in wanted:
        return 96.0 + min(len(model), 30) / 10  # the longer one: 12p rather than 12
    if len(wanted) >= 4 and _MODEL.fullmatch(wanted) and wanted in model:
        return 96.0
    names = [_plain(row.name), f"{_plain(row.brand)}{_plain(row.category)}", *map(_plain, row.spoken_names)]
    written = max(max(fuzz.ratio(wanted, name), _inside(wanted, name)) for name in names)
    syllables = _sound(wanted)
    heard = max(95 * Indel.normalized_similarity(syllables, _sound(name)) for name in names)
    kind = _KIND if len(wanted) >= 2 and wanted in _plain(row.category) else 0.0
    return max(written, heard, kind)


def _inside(wanted: str, name: str) -> float:
    """One of them lies whole within the other: good, and the better the more of it."""
    shorter, longer = sorted((wanted, name), key=len)
    if len(shorter) < 3 or shorter not in longer:
        return 0.0
    return 76.0 + 20.0 * len(shorter) / len(longer)


def _distance(wanted: ProductView, other: ProductView) -> float:
    """Price apart by share, and each attribute that is not the same."""
    price = abs(float(other.price - wanted.price)) / max(float(wanted.price), 1.0)
    names = set(wanted.attributes)
    unlike = sum(other.attributes.get(name) != wanted.attributes[name] for name in names) / max(len(names), 1)
    return price + unlike


def _is_alike(wanted: ProductView, other: ProductView) -> bool:
    """Whether the two are described by the same attributes: a rice cooker is no kettle, whatever its category."""
    names, others = set(wanted.attributes), set(other.attributes)
    return not names or 2 * len(names & others) > len(names | others)


def view_of(row: Product) -> ProductView:
    return ProductView(
        id=row.id,
        sku=row.sku,
        name=row.name,
        brand=row.brand,
        model=row.model,
        category=row.category,
        price=row.price,
        stock=row.stock,
        picture=row.picture,
        attributes={str(name): str(value) for name, value in row.attributes.items()},
        warranty_months=row.warranty_months,
    )


def _plain(text: str) -> str:
    return _NOT_NAME.sub("", normalise(text).lower())


@lru_cache(maxsize=4096)
def _sound(text: str) -> tuple[str, ...]:
    """Syllables without what many speakers do not tell apart: zh/z, ch/c, sh/s, n/l, -ng/-n."""
    folded = []
    for syllable in lazy_pinyin(text):
        plain = re.sub(r"^([zcs])h", r"\1", syllable)
        folded.append(re.sub(r"^n(?=[aeiouv])", "l", re.sub(r"ng$", "n", plain)))
    return tuple(folded)
