"""What a customer brings and costs in a year, and what remains of that over a lifetime (care.md §2.9).

Products carry no cost price here, so the margin is a share of the sales that a manager can set; every figure
says with which terms it was computed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from care.rules.tiers import clv, clv_net

_CENT = Decimal("0.01")
#: Nobody stays for ever, whatever the model says.
MOST_RETENTION = Decimal("0.95")


@dataclass(frozen=True)
class ValueTerms:
    """Our own assumptions [P]: shares of sales, the yearly discount rate, yuan for each contact and new customer."""

    margin_rate: Decimal = Decimal("0.20")
    discount: Decimal = Decimal("0.10")
    agent_contact: Decimal = Decimal("15.00")
    bot_contact: Decimal = Decimal("0.30")
    acquisition: Decimal = Decimal("0.00")


TERMS = ValueTerms()


@dataclass(frozen=True)
class Purchase:
    """A sale that stands: neither unpaid nor cancelled nor returned."""

    day: date
    amount: Decimal


@dataclass(frozen=True)
class YearlyMargin:
    """Of the last 365 days; `margin` = sales · rate − service cost."""

    sales: Decimal
    service_cost: Decimal
    margin: Decimal


def yearly_margin(
    purchases: Iterable[Purchase],
    today: date,
    *,
    agent_contacts: int,
    bot_contacts: int,
    terms: ValueTerms = TERMS,
) -> YearlyMargin:
    """What the customer left in the last 365 days; a shorter acquaintance is not stretched to a year.

    Args:
        agent_contacts, bot_contacts: of the same 365 days.
    """
    since = today - timedelta(days=365)
    sales = sum((one.amount for one in purchases if since < one.day <= today), Decimal(0))
    cost = agent_contacts * terms.agent_contact + bot_contacts * terms.bot_contact
    return YearlyMargin(_cents(sales), _cents(cost), _cents(sales * terms.margin_rate - cost))


def retention_of(alive: float | None, repeats: int, shop_rate: float) -> Decimal:
    """The chance to keep this customer for a year: P(alive) of who came again, the shop's repeat rate otherwise.

    BG/NBD says 1 for everybody who bought once, which would make strangers the dearest customers.

    Args:
        shop_rate: share of the shop's customers who bought again, 0–1.
    """
    rate = alive if alive is not None and repeats > 0 else shop_rate
    return min(MOST_RETENTION, max(Decimal(0), Decimal(str(round(rate, 4)))))


def lifetime_value(margin: Decimal, retention: Decimal, terms: ValueTerms = TERMS) -> Decimal:
    """m·r/(1 + i − r), to the cent, less the cost of winning; a yearly loss stays a loss."""
    if terms.acquisition:
        return _cents(clv_net(margin, retention, terms.discount, terms.acquisition))
    return _cents(clv(margin, retention, terms.discount))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)
