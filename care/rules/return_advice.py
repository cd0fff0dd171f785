"""What a customer is told about a return, exchange or refund: the decision, its reasons, who pays transport.

Nothing here refuses: what the rules do not allow is taken down and looked at by a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from care.rules.labelled import Labelled
from care.rules.order_terms import ReturnKind
from care.rules.returns import (
    QUALITY_DAYS,
    THREEBAGS_REPLACE_DAYS,
    Decision,
    Entitlement,
    GoodsKind,
    Ground,
    Purchase,
    no_reason_return,
    threebags,
    trader_bears_proof,
)


class Payer(Labelled):
    """Who pays for sending the goods back."""

    SHOP = "shop", "商家"
    CUSTOMER = "customer", "客户"


class Explanation(Labelled):
    """Sentences of an advice, each with the rule it rests on."""

    NO_REASON = "no_reason", "签收次日起 7 天内、商品完好，可以无理由退货(消费者权益保护法第 25 条)。"
    OPENING_IS_FINE = "opening_is_fine", "为查看商品而拆开包装不影响退货。"
    NO_CONFIRMATION = "no_confirmation", "购买时没有您对“不适用无理由退货”的确认，所以仍可以退。"
    QUALITY_7 = "quality_7", "签收 7 天内的质量问题，可以退货、换货或修理，运费由商家承担(第 24 条)。"
    QUALITY_15 = "quality_15", "签收 15 天内的质量问题，可以换货或修理，运费由商家承担(三包规定)。"
    QUALITY_LATER = "quality_later", "超过 15 天的质量问题，保修期内免费修理(三包规定)。"
    TWO_REPAIRS = "two_repairs", "同一问题修过两次仍不能正常使用，可以换货或退货(三包规定)。"
    LONG_REPAIR = "long_repair", "修理超过 30 天，可以换货(三包规定)。"
    EXCLUDED = "excluded", "这类商品依法不适用七日无理由退货；有质量问题仍可以处理。"
    EXCLUDED_BY_CONFIRMATION = (
        "excluded_by_confirmation",
        "购买时您确认过拆封或激活后不适用无理由退货；有质量问题仍可以处理。",
    )
    TOO_LATE = "too_late", "签收已超过无理由退货的 7 天。"
    NOT_INTACT = "not_intact", "无理由退货要求商品完好，配件齐全。"
    REFUND_ONLY = "refund_only", "只退款不退货，需要人工核实情况。"
    ON_ITS_WAY = "on_its_way", "商品还在路上，也可以直接拒收。"
    TRADER_PROVES = "trader_proves", "签收 6 个月内的瑕疵争议，由商家举证(第 23 条)。"
    PERSON_DECIDES = "person_decides", "我先为您登记，由人工审核后答复，不会直接拒绝。"
    REFUND_IN_7_DAYS = "refund_in_7_days", "收到退回的商品后 7 天内原路退款(第 25 条)。"


@dataclass(frozen=True)
class Advice:
    """Attributes:
    choices: what a proven quality problem lets the customer choose from; empty without one.
    pays_transport: None when nothing is sent back or a person must decide first.
    words: what to say, in this order.
    """

    decision: Decision
    choices: tuple[Entitlement, ...]
    pays_transport: Payer | None
    words: tuple[Explanation, ...]

    @property
    def is_allowed(self) -> bool:
        return self.decision.is_allowed


def advise(
    kind: ReturnKind,
    purchase: Purchase,
    today: date,
    *,
    is_quality: bool = False,
    failed_repairs: int = 0,
    longest_repair_days: int = 0,
) -> Advice:
    """Decides as `care.rules.returns` does and says why. Days in Asia/Shanghai."""
    if kind is ReturnKind.REFUND:
        ground = Ground.QUALITY if is_quality else Ground.NO_REASON
        return _for_a_person(ground, None, (Explanation.REFUND_ONLY,), purchase, today)
    if is_quality and purchase.received_on is not None:
        return _quality(kind, purchase, today, failed_repairs, longest_repair_days)
    return _no_reason(kind, purchase, today)


def _no_reason(kind: ReturnKind, purchase: Purchase, today: date) -> Advice:
    decision = no_reason_return(purchase, today)
    if not decision.is_allowed:
        why = {
            Ground.EXCLUDED: Explanation.EXCLUDED,
            Ground.EXCLUDED_BY_CONFIRMATION: Explanation.EXCLUDED_BY_CONFIRMATION,
            Ground.TOO_LATE: Explanation.TOO_LATE,
            Ground.NOT_INTACT: Explanation.NOT_INTACT,
        }[decision.ground]
        return _for_a_person(decision.ground, decision.until, (why,), purchase, today)
    words = [Explanation.NO_REASON]
    if purchase.received_on is None:
        words.append(Explanation.ON_ITS_WAY)
    if purchase.is_opened:
        words.append(Explanation.OPENING_IS_FINE)
    if purchase.kind is not GoodsKind.ORDINARY and not purchase.exclusion_confirmed:
        words.append(Explanation.NO_CONFIRMATION)
    if kind is ReturnKind.RETURN:
        words.append(Explanation.REFUND_IN_7_DAYS)
    return Advice(decision, (), Payer.CUSTOMER, tuple(words))


def _quality(
    kind: ReturnKind, purchase: Purchase, today: date, failed_repairs: int, longest_repair_days: int
) -> Advice:
    received_on = purchase.received_on
    assert received_on is not None
    choices = threebags(
        received_on, today, failed_repairs=failed_repairs, longest_repair_days=longest_repair_days
    )
    wanted = Entitlement.RETURN if kind is ReturnKind.RETURN else Entitlement.REPLACE
    days = QUALITY_DAYS if kind is ReturnKind.RETURN else THREEBAGS_REPLACE_DAYS
    until = received_on + timedelta(days=days)
    passed = (today - received_on).days
    words = [
        Explanation.QUALITY_7
        if passed <= QUALITY_DAYS
        else Explanation.QUALITY_15
        if passed <= THREEBAGS_REPLACE_DAYS
        else Explanation.QUALITY_LATER
    ]
    if Entitlement.RETURN in choices and passed > QUALITY_DAYS:
        words.append(Explanation.TWO_REPAIRS)
    elif Entitlement.REPLACE in choices and passed > THREEBAGS_REPLACE_DAYS:
        words.append(Explanation.LONG_REPAIR)
    if wanted not in choices:
        return _for_a_person(Ground.TOO_LATE, until, tuple(words), purchase, today, choices=choices)
    if kind is ReturnKind.RETURN:
        words.append(Explanation.REFUND_IN_7_DAYS)
    return Advice(Decision(True, Ground.QUALITY, until), choices, Payer.SHOP, tuple(words))


def _for_a_person(
    ground: Ground,
    until: date | None,
    why: tuple[Explanation, ...],
    purchase: Purchase,
    today: date,
    *,
    choices: tuple[Entitlement, ...] = (),
) -> Advice:
    words = [*why]
    if choices and purchase.received_on and trader_bears_proof(purchase.received_on, today):
        words.append(Explanation.TRADER_PROVES)
    return Advice(Decision(False, ground, until), choices, None, (*words, Explanation.PERSON_DECIDES))
