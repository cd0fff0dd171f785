"""The decision on a return and the reasons that are told with it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.order_terms import ReturnKind
from care.rules.return_advice import Explanation as E
from care.rules.return_advice import Payer, advise
from care.rules.returns import Entitlement, GoodsKind, Ground, Purchase

RECEIVED = date(2026, 11, 1)


def bought(kind: GoodsKind = GoodsKind.ORDINARY, **facts: bool) -> Purchase:
    return Purchase(kind, RECEIVED, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("purchase", "day", "words"),
    [
        (bought(), 7, (E.NO_REASON, E.REFUND_IN_7_DAYS)),
        (bought(is_opened=True), 7, (E.NO_REASON, E.OPENING_IS_FINE, E.REFUND_IN_7_DAYS)),
        (bought(), 8, (E.TOO_LATE, E.PERSON_DECIDES)),
        (bought(is_intact=False), 3, (E.NOT_INTACT, E.PERSON_DECIDES)),
        (bought(GoodsKind.CUSTOM_MADE), 3, (E.EXCLUDED, E.PERSON_DECIDES)),
        (
            bought(GoodsKind.SAFETY_HEALTH, is_opened=True, exclusion_confirmed=True),
            3,
            (E.EXCLUDED_BY_CONFIRMATION, E.PERSON_DECIDES),
        ),
        (
            bought(GoodsKind.SAFETY_HEALTH, is_opened=True),
            3,
            (E.NO_REASON, E.OPENING_IS_FINE, E.NO_CONFIRMATION, E.REFUND_IN_7_DAYS),
        ),
    ],
)
def test_a_return_without_a_reason(purchase: Purchase, day: int, words: tuple[E, ...]) -> None:
    advice = advise(ReturnKind.RETURN, purchase, RECEIVED + timedelta(days=day))
    assert advice.words == words
    assert advice.is_allowed is (E.PERSON_DECIDES not in words)
    assert advice.pays_transport is (Payer.CUSTOMER if advice.is_allowed else None)


@pytest.mark.parametrize(
    ("kind", "day", "repairs", "longest", "words", "is_allowed"),
    [
        (ReturnKind.RETURN, 7, 0, 0, (E.QUALITY_7, E.REFUND_IN_7_DAYS), True),
        (ReturnKind.RETURN, 8, 0, 0, (E.QUALITY_15, E.TRADER_PROVES, E.PERSON_DECIDES), False),
        (ReturnKind.EXCHANGE, 15, 0, 0, (E.QUALITY_15,), True),
        (ReturnKind.EXCHANGE, 16, 0, 0, (E.QUALITY_LATER, E.TRADER_PROVES, E.PERSON_DECIDES), False),
        (ReturnKind.RETURN, 90, 2, 0, (E.QUALITY_LATER, E.TWO_REPAIRS, E.REFUND_IN_7_DAYS), True),
        (ReturnKind.EXCHANGE, 90, 1, 31, (E.QUALITY_LATER, E.LONG_REPAIR), True),
        (ReturnKind.RETURN, 300, 0, 0, (E.QUALITY_LATER, E.PERSON_DECIDES), False),
    ],
)
def test_a_quality_problem(
    kind: ReturnKind, day: int, repairs: int, longest: int, words: tuple[E, ...], is_allowed: bool
) -> None:
    advice = advise(
        kind,
        bought(),
        RECEIVED + timedelta(days=day),
        is_quality=True,
        failed_repairs=repairs,
        longest_repair_days=longest,
    )
    assert (advice.words, advice.is_allowed) == (words, is_allowed)
    assert Entitlement.REPAIR in advice.choices
    assert advice.pays_transport is (Payer.SHOP if is_allowed else None)
    if is_allowed:
        assert advice.decision.ground is Ground.QUALITY


def test_money_alone_is_for_a_person() -> None:
    advice = advise(ReturnKind.REFUND, bought(), RECEIVED)
    assert (advice.is_allowed, advice.words) == (False, (E.REFUND_ONLY, E.PERSON_DECIDES))


@given(
    st.sampled_from(ReturnKind),
    st.sampled_from(GoodsKind),
    st.none() | st.dates(date(2026, 1, 1), date(2026, 11, 1)),
    st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_whatever_is_asked_is_either_granted_or_looked_at_by_a_person(
    kind: ReturnKind, goods: GoodsKind, received_on: date | None, facts: list[bool]
) -> None:
    opened, activated, intact, confirmed, quality = facts
    purchase = Purchase(goods, received_on, opened, activated, intact, confirmed)
    advice = advise(kind, purchase, date(2026, 11, 1), is_quality=quality)
    assert advice.is_allowed is (E.PERSON_DECIDES not in advice.words)
    assert len(advice.words) == len(set(advice.words)) > 0
