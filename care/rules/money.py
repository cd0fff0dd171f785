"""Amounts that people type in."""

from __future__ import annotations

from decimal import Decimal

from care.rules.errors import InvalidInput

MOST = Decimal(10_000_000)


def checked_amount(amount: Decimal, *, field: str = "amount") -> Decimal:
    """Yuan in cents, from 0 to below ten million. Raises `InvalidInput` on `field`: NaN and infinity too."""
    if not amount.is_finite() or not 0 <= amount < MOST:
        raise InvalidInput(fields={field: "金额不对。"})
    return amount.quantize(Decimal("0.01"))
