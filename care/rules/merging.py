"""Two records become one: which value wins, and what only a person may decide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from care.rules.quality import is_courtesy
from care.rules.vocabulary import ConsentPurpose, CustomerType, FieldSource, Tier

#: Who knows better, when neither value was verified.
_SOURCE_RANK = {FieldSource.SELF: 3, FieldSource.AGENT: 2, FieldSource.IMPORT: 1, FieldSource.INFERRED: 0}
_TIER_RANK = {tier: rank for rank, tier in enumerate(reversed(Tier))}


@dataclass(frozen=True)
class Version:
    """One record's value of a field. `verified_at` is the latest check or word of the customer, aware."""

    value: str | None
    source: FieldSource = FieldSource.IMPORT
    verified_at: datetime | None = None


@dataclass(frozen=True)
class Side:
    """What of a record decides whether it may be merged without asking."""

    name: str
    type: CustomerType
    phone: str | None
    is_phone_verified: bool


@dataclass(frozen=True)
class Given:
    """One row of consent."""

    id: int
    purpose: ConsentPurpose
    given_at: datetime
    withdrawn_at: datetime | None


def loser_wins(survivor: Version, loser: Version) -> bool:
    """Whether the value of the record that goes is the better one: known, verified, fresher, nearer to the customer."""
    if not loser.value:
        return False
    if not survivor.value:
        return True
    if (survivor.verified_at is None) != (loser.verified_at is None):
        return loser.verified_at is not None
    if survivor.verified_at is not None and loser.verified_at is not None:
        return loser.verified_at > survivor.verified_at
    return _SOURCE_RANK[loser.source] > _SOURCE_RANK[survivor.source]


def loser_name_wins(survivor: Version, loser: Version) -> bool:
    """As `loser_wins`, but a full name goes before a courtesy, verified or not."""
    if survivor.value and loser.value and is_courtesy(survivor.value) != is_courtesy(loser.value):
        return is_courtesy(survivor.value)
    return loser_wins(survivor, loser)


def doubts(one: Side, other: Side) -> tuple[str, ...]:
    """Why only a person may merge these two, in Chinese; empty when nothing speaks against it.

    Two phones that were both verified belong to two people until somebody knows better.
    """
    found = []
    if (
        one.phone
        and other.phone
        and one.phone != other.phone
        and one.is_phone_verified
        and other.is_phone_verified
    ):
        found.append("两份资料的手机号都核实过，却不相同")
    if one.type is not other.type:
        found.append(f"客户类型不同（{one.type.label}、{other.type.label}）")
    return tuple(found)


def higher_tier(survivor: Tier, loser: Tier) -> bool:
    """Whether the tier of the record that goes is the higher one."""
    return _TIER_RANK[loser] > _TIER_RANK[survivor]


def withdrawals(consents: Iterable[Given]) -> dict[int, datetime]:
    """Consents to end, by id: the customer's last word on a purpose holds, in whichever record it was said."""
    last: dict[ConsentPurpose, tuple[datetime, bool]] = {}
    rows = list(consents)
    for row in rows:
        for at, is_no in ((row.given_at, False), (row.withdrawn_at, True)):
            if at is not None and (row.purpose not in last or (at, is_no) > last[row.purpose]):
                last[row.purpose] = (at, is_no)
    return {row.id: last[row.purpose][0] for row in rows if row.withdrawn_at is None and last[row.purpose][1]}
