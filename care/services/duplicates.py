"""Looking for records of one customer: by keys that both bear, then weighed; found pairs become quality issues.

Only records that share a key are compared. Keys are kept as keyed hashes, so that a few changed records find
their twins among very many without reading all of them, and nothing personal is kept a second time.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import combinations, islice
from typing import Any, TypeVar

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records import Base
from care.records.customer import Customer, CustomerField, DataQualityIssue
from care.records.merging import DuplicateKey
from care.records.order import Order
from care.rules.duplicates import NameLikeness, Verdict, weigh
from care.rules.profile import ProfileField
from care.rules.vocabulary import DataIssue
from care.services.context import Care
from care.services.customers import is_live
from care.services.duplicate_features import Person, compare, keys_of

#: Whom the clockwork's findings are signed by.
FOUND_BY = "nightly_check"
#: A key that more records share tells nothing: the phone of a collection point, an address without a door.
MOST_WITH_ONE_KEY = 40
T = TypeVar("T", int, str)

_CHUNK = 400  # SQLite binds at most 999 values
_COMPARED = (ProfileField.EMAIL.value, ProfileField.ADDRESS.value, ProfileField.BIRTHDAY.value)


@dataclass(frozen=True)
class Pair:
    """Two records (ids, the newer first) that may be of one customer."""

    newer: int
    older: int
    verdict: Verdict


async def names_in_use(session: AsyncSession) -> Counter[str]:
    """How many live records bear each name: a rare one says more."""
    rows = await session.execute(select(Customer.name, func.count()).where(is_live()).group_by(Customer.name))
    return Counter({row[0]: row[1] for row in rows})


async def check(
    session: AsyncSession, care: Care, ids: Sequence[int], names: Mapping[str, int], now: datetime
) -> tuple[int, int]:
    """Compares these records with all others and keeps the issues in step, within the caller's transaction.

    Returns:
        How many issues were opened and closed.
    """
    people = await load_people(session, ids)
    keys = await _refresh_keys(session, care, people)
    pairs = await _pairs(session, people, keys, names)
    return await _keep_in_step(session, people, pairs, now)


async def load_people(session: AsyncSession, ids: Collection[int]) -> dict[int, Person]:
    """What of these records is compared; merged and erased ones are left out."""
    columns: dict[int, Any] = {}
    fields: dict[int, dict[str, str]] = {}
    sent_to: dict[int, set[str]] = {}
    for chunk in _chunks(ids):
        for row in await session.execute(
            select(Customer.id, Customer.name, Customer.phone, Customer.type).where(
                Customer.id.in_(chunk), is_live()
            )
        ):
            columns[row.id] = row
        for id_, name, value in await session.execute(
            select(CustomerField.customer_id, CustomerField.name, CustomerField.value).where(
                CustomerField.customer_id.in_(chunk), CustomerField.name.in_(_COMPARED)
            )
        ):
            fields.setdefault(id_, {})[name] = value
        for id_, phone in await session.execute(
            select(Order.customer_id, Order.receiver_phone).where(Order.customer_id.in_(chunk)).distinct()
        ):
            sent_to.setdefault(id_, set()).add(phone)
    return {
        id_: Person(
            name=row.name,
            phone=row.phone,
            email=fields.get(id_, {}).get(ProfileField.EMAIL.value),
            address=fields.get(id_, {}).get(ProfileField.ADDRESS.value),
            birthday=fields.get(id_, {}).get(ProfileField.BIRTHDAY.value),
            kind=row.type,
            also_phones=frozenset(sent_to.get(id_, set()) - {row.phone, "", None}),
        )
        for id_, row in columns.items()
    }


async def _refresh_keys(session: AsyncSession, care: Care, people: Mapping[int, Person]) -> set[str]:
    """Stores the keys of these records as they are now, and answers them."""
    secret = care.settings.secret_key.encode()[:64]
    wanted = {(id_, _hashed(key, secret)) for id_, person in people.items() for key in keys_of(person)}
    stored: dict[tuple[int, str], int] = {}
    for chunk in _chunks(people):
        rows = await session.execute(
            select(DuplicateKey.id, DuplicateKey.customer_id, DuplicateKey.key).where(
                DuplicateKey.customer_id.in_(chunk)
            )
        )
        stored.update({(customer_id, key): id_ for id_, customer_id, key in rows})
    gone = [id_ for pair, id_ in stored.items() if pair not in wanted]
    for chunk in _chunks(gone):
        await session.execute(delete(DuplicateKey).where(DuplicateKey.id.in_(chunk)))
    new = sorted(wanted - stored.keys())
    if new:
        table = Base.metadata.tables[DuplicateKey.__tablename__]
        await session.execute(insert(table), [{"customer_id": id_, "key": key} for id_, key in new])
    return {key for _, key in wanted}


def _hashed(key: str, secret: bytes) -> str:
    return hashlib.blake2b(key.encode(), key=secret, digest_size=12).hexdigest()


async def _pairs(
    session: AsyncSession, people: Mapping[int, Person], keys: Collection[str], names: Mapping[str, int]
) -> list[Pair]:
    """Pairs of these records with any, at least possible."""
    shared: list[str] = []
    for chunk in _chunks(keys):
        shared += await session.scalars(
            select(DuplicateKey.key)
            .where(DuplicateKey.key.in_(chunk))
            .group_by(DuplicateKey.key)
            .having(func.count().between(2, MOST_WITH_ONE_KEY))
        )
    bearers: dict[str, list[int]] = {}
    for chunk in _chunks(shared):
        rows = await session.execute(
            select(DuplicateKey.key, DuplicateKey.customer_id)
            .join(Customer, Customer.id == DuplicateKey.customer_id)
            .where(DuplicateKey.key.in_(chunk), is_live())
        )
        for key, id_ in rows:
            bearers.setdefault(key, []).append(id_)
    sharing = {
        (max(a, b), min(a, b))
        for ids in bearers.values()
        for a, b in combinations(ids, 2)
        if a in people or b in people
    }
    known = dict(people)
    known |= await load_people(session, {id_ for pair in sharing for id_ in pair} - known.keys())
    total = max(1, sum(names.values()))
    found = []
    for newer, older in sorted(sharing):
        if newer not in known or older not in known:
            continue
        one, two = known[newer], known[older]
        compared = compare(one, two, name_share=min(1.0, names.get(one.name, 0) / total))
        if compared.name is NameLikeness.SAME and one.name != two.name:
            compared = compare(one, two)  # the share of one spelling says nothing about the other
        verdict = weigh(compared)
        if verdict.is_possible:
            found.append(Pair(newer, older, verdict))
    return found


async def _keep_in_step(
    session: AsyncSession, people: Mapping[int, Person], pairs: Sequence[Pair], now: datetime
) -> tuple[int, int]:
    present = await _issues_of(session, people)
    opened = closed = 0
    new = []
    for pair in pairs:
        row = present.pop((pair.newer, pair.older), None)
        evidence = [asdict(one) for one in pair.verdict.evidence]
        if row is None:
            new.append(
                {
                    "customer_id": pair.newer,
                    "other_customer_id": pair.older,
                    "issue": DataIssue.DUPLICATE,
                    "field": ProfileField.PHONE.value if _by_phone(pair) else ProfileField.NAME.value,
                    "detail": _told(pair.verdict),
                    "found_by": FOUND_BY,
                    "found_at": now,
                    "score": pair.verdict.score,
                    "evidence": evidence,
                }
            )
        elif row.dismissed_at is None and (row.score, row.evidence) != (pair.verdict.score, evidence):
            said = {"detail": _told(pair.verdict)} if row.found_by == FOUND_BY else {}
            await session.execute(
                update(DataQualityIssue)
                .where(DataQualityIssue.id == row.id)
                .values(score=pair.verdict.score, evidence=evidence, **said)
            )
    if new:
        await session.execute(insert(Base.metadata.tables[DataQualityIssue.__tablename__]), new)
        opened = len(new)
    # What a person or another job found stays until somebody decides.
    over = [row.id for row in present.values() if row.found_by == FOUND_BY and row.dismissed_at is None]
    for chunk in _chunks(over):
        await session.execute(
            update(DataQualityIssue)
            .where(DataQualityIssue.id.in_(chunk))
            .values(fixed_at=now, closed_by=FOUND_BY)
        )
        closed += len(chunk)
    return opened, closed


async def _issues_of(session: AsyncSession, people: Mapping[int, Person]) -> dict[tuple[int, int], Any]:
    """The open and the dismissed pairs that these records are part of, the newer id first."""
    found = {}
    columns = (
        DataQualityIssue.id,
        DataQualityIssue.customer_id,
        DataQualityIssue.other_customer_id,
        DataQualityIssue.score,
        DataQualityIssue.evidence,
        DataQualityIssue.found_by,
        DataQualityIssue.dismissed_at,
    )
    # Two queries, each by its index, instead of one with an OR.
    for side in (DataQualityIssue.customer_id, DataQualityIssue.other_customer_id):
        for chunk in _chunks(people):
            rows = await session.execute(
                select(*columns).where(
                    DataQualityIssue.issue == DataIssue.DUPLICATE,
                    DataQualityIssue.fixed_at.is_(None),
                    DataQualityIssue.other_customer_id.is_not(None),
                    side.in_(chunk),
                )
            )
            for row in rows:
                pair = (row.customer_id, row.other_customer_id)
                found[max(pair), min(pair)] = row
    return found


def _by_phone(pair: Pair) -> bool:
    return any(one.fact.startswith("手机号") and one.bits > 0 for one in pair.verdict.evidence)


def _told(verdict: Verdict) -> str:
    """The strongest agreements in words: ``手机号相同、姓名相同（99%）``."""
    for_it = [one.fact for one in verdict.evidence if one.bits > 0][:3]
    return f"{'、'.join(for_it)}（{verdict.score}%）"


def _chunks(ids: Collection[T]) -> Iterator[list[T]]:
    rest = iter(sorted(ids))  # in one order everywhere, so that writers do not block each other
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk
