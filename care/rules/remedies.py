"""Remedies of a complaint in parts, and how much money each role may promise on its own word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from care.rules.complaint_terms import Remedy
from care.rules.errors import InvalidInput
from care.rules.vocabulary import Role

#: Yuan for one complaint, everything promised on it together; None has no limit.
DEFAULT_LIMITS: Mapping[Role, Decimal | None] = MappingProxyType(
    {
        Role.AGENT: Decimal("200.00"),
        Role.LEAD: Decimal("2000.00"),
        Role.MANAGER: Decimal("20000.00"),
        Role.ADMIN: None,
    }
)
MOST_PARTS = 6
MOST_MONEY = Decimal(10_000_000)
_LONGEST_NOTE = 200

#: Remedies that are nothing without money; the others may cost some.
PAID: frozenset[Remedy] = frozenset({Remedy.REFUND, Remedy.COMPENSATION, Remedy.FINANCIAL_HELP})


@dataclass(frozen=True)
class RemedyPart:
    """One thing promised. `amount` is in yuan, at most two decimals, 0 where it costs no money."""

    kind: Remedy
    amount: Decimal = Decimal(0)
    note: str = ""


def total(parts: Iterable[RemedyPart]) -> Decimal:
    """Yuan of all parts together."""
    return sum((part.amount for part in parts), Decimal(0))


def is_within(amount: Decimal, limit: Decimal | None) -> bool:
    """Whether `amount` may be promised under `limit` (None: without limit); the limit itself may."""
    return limit is None or amount <= limit


def check_parts(parts: Iterable[RemedyPart]) -> tuple[RemedyPart, ...]:
    """The parts with their notes tidied and amounts in cents.

    Raises:
        InvalidInput: none or more than six, the same kind twice, an amount that is no sum of money, money
            missing where the remedy is money.
    """
    checked = tuple(parts)
    if not checked or len(checked) > MOST_PARTS:
        raise InvalidInput(fields={"remedies": f"请填写 1 到 {MOST_PARTS} 项补救措施。"})
    if len({part.kind for part in checked}) < len(checked):
        raise InvalidInput(fields={"remedies": "同一种补救措施请合成一项。"})
    return tuple(_checked(part) for part in checked)


def _checked(part: RemedyPart) -> RemedyPart:
    amount = part.amount
    if not amount.is_finite() or amount < 0 or amount > MOST_MONEY:
        raise InvalidInput(fields={"remedies": f"“{part.kind.label}”的金额不对。"})
    cents = amount.quantize(Decimal("0.01"))
    if cents != amount:
        raise InvalidInput(fields={"remedies": f"“{part.kind.label}”的金额最多两位小数。"})
    if part.kind in PAID and not cents:
        raise InvalidInput(fields={"remedies": f"“{part.kind.label}”须写明金额。"})
    return RemedyPart(part.kind, cents, " ".join(part.note.split())[:_LONGEST_NOTE])
