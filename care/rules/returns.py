"""Returns and repairs by law: 七日无理由 (消费者权益保护法 §25), quality (§23–24), 三包.

These functions tell what may be explained to a customer. A case that is not allowed here is
passed on to a person: the assistant never finally refuses (`Decision.asks_person`). Days are those of
Asia/Shanghai; the day of receipt does not count, so the last day is receipt + n.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from care.rules.labelled import Labelled

NO_REASON_DAYS = 7
REFUND_DAYS = 7  # refund after the goods came back (消法 §25)
QUALITY_DAYS = 7  # (消法 §24)
THREEBAGS_REPLACE_DAYS = 15
REPAIRS_BEFORE_REPLACE = 2
LONGEST_REPAIR_DAYS = 30
PROOF_MONTHS = 6  # the trader bears proof on durables (消法 §23)


class GoodsKind(Labelled):
    """What a no-reason return depends on."""

    ORDINARY = "ordinary", "普通商品"
    CUSTOM_MADE = "custom_made", "定作商品"
    PERISHABLE = "perishable", "鲜活易腐"
    DIGITAL = "digital", "数字化商品"
    PERIODICAL = "periodical", "报纸期刊"
    SAFETY_HEALTH = "safety_health", "拆封影响安全或健康的商品"
    VALUE_LOSS = "value_loss", "激活后贬值较大的商品"
    FLAWED = "flawed", "已明示的临期或瑕疵商品"


class Ground(Labelled):
    """Why a return may be asked for, or not without a person."""

    NO_REASON = "no_reason", "七日无理由"
    EXCLUDED = "excluded", "法定不适用无理由退货"
    EXCLUDED_BY_CONFIRMATION = "excluded_by_confirmation", "购买时已确认不适用无理由退货"
    TOO_LATE = "too_late", "已过七日"
    NOT_INTACT = "not_intact", "商品不完好"
    QUALITY = "quality", "质量问题"


class Entitlement(Labelled):
    """What 三包 gives a customer with a quality problem."""

    RETURN = "return", "退货"
    REPLACE = "replace", "换货"
    REPAIR = "repair", "修理"


@dataclass(frozen=True)
class Purchase:
    """One bought thing.

    Attributes:
        received_on: day of receipt in Asia/Shanghai; `None` while it is on its way.
        is_opened: the seal is broken or the download begun. Opening to inspect counts as intact.
        is_activated: switched on, registered or activated.
        is_intact: nothing is damaged or missing beyond what inspecting needs.
        exclusion_confirmed: the customer's own confirmation at purchase, stored, that a no-reason
            return does not apply.
    """

    kind: GoodsKind
    received_on: date | None
    is_opened: bool = False
    is_activated: bool = False
    is_intact: bool = True
    exclusion_confirmed: bool = False


@dataclass(frozen=True)
class Decision:
    """Whether the assistant may go on by itself. `asks_person` is the other answer, never a refusal."""

    is_allowed: bool
    ground: Ground
    until: date | None

    @property
    def asks_person(self) -> bool:
        return not self.is_allowed


def no_reason_until(received_on: date) -> date:
    """The last day on which a no-reason return may be declared."""
    return received_on + timedelta(days=NO_REASON_DAYS)


def refund_due(goods_back_on: date) -> date:
    """The last day for the refund after the goods came back (消法 §25)."""
    return goods_back_on + timedelta(days=REFUND_DAYS)


def no_reason_return(purchase: Purchase, today: date) -> Decision:
    """The decision of care.md §3 on a return without a reason.

    Never: custom-made, perishable, opened or downloaded digital goods, delivered newspapers.
    Only with the stored confirmation: opened goods touching safety or health, activated goods
    that lose much value, disclosed near-expiry or flawed goods. Everything else within 7 days.
    """
    until = no_reason_until(purchase.received_on) if purchase.received_on else None
    if _is_never_returned(purchase):
        return Decision(False, Ground.EXCLUDED, until)
    if purchase.exclusion_confirmed and _may_be_excluded(purchase):
        return Decision(False, Ground.EXCLUDED_BY_CONFIRMATION, until)
    if until is not None and today > until:
        return Decision(False, Ground.TOO_LATE, until)
    if not purchase.is_intact:
        return Decision(False, Ground.NOT_INTACT, until)
    return Decision(True, Ground.NO_REASON, until)


def quality_return(received_on: date, today: date) -> Decision:
    """A return for a quality problem within 7 days of receipt; the trader pays transport (消法 §24)."""
    until = received_on + timedelta(days=QUALITY_DAYS)
    return Decision(today <= until, Ground.QUALITY if today <= until else Ground.TOO_LATE, until)


def threebags(
    received_on: date, today: date, *, failed_repairs: int = 0, longest_repair_days: int = 0
) -> tuple[Entitlement, ...]:
    """What 三包 lets the customer choose from for a proven quality problem within the warranty.

    Within 7 days return, replace or repair; within 15 replace or repair; later repair. Two failed
    repairs open replacement and return; a repair of more than 30 days opens replacement.
    """
    choices = {Entitlement.REPAIR}
    if today <= received_on + timedelta(days=THREEBAGS_REPLACE_DAYS):
        choices.add(Entitlement.REPLACE)
    if today <= received_on + timedelta(days=QUALITY_DAYS):
        choices.add(Entitlement.RETURN)
    if failed_repairs >= REPAIRS_BEFORE_REPLACE:
        choices |= {Entitlement.REPLACE, Entitlement.RETURN}
    if longest_repair_days > LONGEST_REPAIR_DAYS:
        choices.add(Entitlement.REPLACE)
    return tuple(e for e in Entitlement if e in choices)


def proof_until(received_on: date) -> date:
    """The last day on which the trader must prove a durable good sound: 6 months from receipt (消法 §23)."""
    month = received_on.month - 1 + PROOF_MONTHS
    year, month = received_on.year + month // 12, month % 12 + 1
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    last_day = (first_of_next - timedelta(days=1)).day
    return date(year, month, min(received_on.day, last_day))


def trader_bears_proof(received_on: date, today: date) -> bool:
    """Whether the trader must prove a durable good or a decoration sound today."""
    return today <= proof_until(received_on)


def _is_never_returned(purchase: Purchase) -> bool:
    if purchase.kind is GoodsKind.DIGITAL:
        return purchase.is_opened
    if purchase.kind is GoodsKind.PERIODICAL:
        return purchase.received_on is not None
    return purchase.kind in (GoodsKind.CUSTOM_MADE, GoodsKind.PERISHABLE)


def _may_be_excluded(purchase: Purchase) -> bool:
    if purchase.kind is GoodsKind.SAFETY_HEALTH:
        return purchase.is_opened
    if purchase.kind is GoodsKind.VALUE_LOSS:
        return purchase.is_activated
    return purchase.kind is GoodsKind.FLAWED
