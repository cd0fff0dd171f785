from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.returns import (
    Entitlement,
    GoodsKind,
    Ground,
    Purchase,
    no_reason_return,
    no_reason_until,
    quality_return,
    refund_due,
    threebags,
    trader_bears_proof,
)

RECEIVED = date(2026, 11, 10)
IN_TIME = RECEIVED + timedelta(days=7)
K = GoodsKind


def test_ordinary_goods_go_back_within_seven_days_of_receipt() -> None:
    purchase = Purchase(K.ORDINARY, RECEIVED)
    assert no_reason_until(RECEIVED) == date(2026, 11, 17)
    assert no_reason_return(purchase, IN_TIME).is_allowed
    late = no_reason_return(purchase, IN_TIME + timedelta(days=1))
    assert late.ground is Ground.TOO_LATE
    assert late.asks_person


def test_opening_to_inspect_counts_as_intact() -> None:
    assert no_reason_return(Purchase(K.ORDINARY, RECEIVED, is_opened=True), IN_TIME).is_allowed


def test_goods_still_on_their_way_may_go_back() -> None:
    assert no_reason_return(Purchase(K.ORDINARY, None), IN_TIME).is_allowed


@pytest.mark.parametrize(
    "purchase",
    [
        Purchase(K.CUSTOM_MADE, RECEIVED),
        Purchase(K.PERISHABLE, RECEIVED),
        Purchase(K.DIGITAL, RECEIVED, is_opened=True),
        Purchase(K.PERIODICAL, RECEIVED),
    ],
)
def test_four_kinds_are_excluded_by_law_and_go_to_a_person(purchase: Purchase) -> None:
    decision = no_reason_return(purchase, IN_TIME)
    assert decision.ground is Ground.EXCLUDED
    assert decision.asks_person


@pytest.mark.parametrize("purchase", [Purchase(K.DIGITAL, RECEIVED), Purchase(K.PERIODICAL, None)])
def test_unopened_digital_goods_and_undelivered_newspapers_are_not_excluded(purchase: Purchase) -> None:
    assert no_reason_return(purchase, IN_TIME).is_allowed


@pytest.mark.parametrize(
    ("kind", "opened", "activated"),
    [(K.SAFETY_HEALTH, True, False), (K.VALUE_LOSS, True, True), (K.FLAWED, False, False)],
)
def test_three_kinds_are_excluded_only_with_the_stored_confirmation(
    kind: K, opened: bool, activated: bool
) -> None:
    without = Purchase(kind, RECEIVED, is_opened=opened, is_activated=activated)
    confirmed = Purchase(kind, RECEIVED, is_opened=opened, is_activated=activated, exclusion_confirmed=True)
    assert no_reason_return(without, IN_TIME).is_allowed
    assert no_reason_return(confirmed, IN_TIME).ground is Ground.EXCLUDED_BY_CONFIRMATION


def test_a_confirmation_excludes_neither_sealed_nor_ordinary_goods() -> None:
    for purchase in (
        Purchase(K.SAFETY_HEALTH, RECEIVED, exclusion_confirmed=True),
        Purchase(K.VALUE_LOSS, RECEIVED, is_opened=True, exclusion_confirmed=True),
        Purchase(K.ORDINARY, RECEIVED, is_opened=True, exclusion_confirmed=True),
    ):
        assert no_reason_return(purchase, IN_TIME).is_allowed


def test_damaged_goods_go_to_a_person() -> None:
    decision = no_reason_return(Purchase(K.ORDINARY, RECEIVED, is_intact=False), IN_TIME)
    assert decision.ground is Ground.NOT_INTACT
    assert decision.asks_person


def test_the_refund_is_due_seven_days_after_the_goods_came_back() -> None:
    assert refund_due(date(2026, 11, 24)) == date(2026, 12, 1)


def test_a_quality_return_has_seven_days() -> None:
    assert quality_return(RECEIVED, IN_TIME).is_allowed
    assert quality_return(RECEIVED, IN_TIME + timedelta(days=1)).asks_person


R, X, F = Entitlement.RETURN, Entitlement.REPLACE, Entitlement.REPAIR


@pytest.mark.parametrize(
    ("day", "repairs", "longest", "choices"),
    [
        (7, 0, 0, (R, X, F)),
        (8, 0, 0, (X, F)),
        (15, 0, 0, (X, F)),
        (16, 0, 0, (F,)),
        (200, 1, 30, (F,)),
        (200, 2, 0, (R, X, F)),
        (200, 0, 31, (X, F)),
    ],
)
def test_the_three_guarantees_open_by_day_and_by_failed_repair(
    day: int, repairs: int, longest: int, choices: tuple[Entitlement, ...]
) -> None:
    today = RECEIVED + timedelta(days=day)
    assert threebags(RECEIVED, today, failed_repairs=repairs, longest_repair_days=longest) == choices


def test_the_trader_bears_proof_for_six_months() -> None:
    assert trader_bears_proof(date(2026, 8, 31), date(2027, 2, 28))
    assert not trader_bears_proof(date(2026, 8, 31), date(2027, 3, 1))
    assert trader_bears_proof(date(2026, 1, 15), date(2026, 7, 15))
    assert not trader_bears_proof(date(2026, 1, 15), date(2026, 7, 16))


@given(st.sampled_from(K), st.booleans(), st.booleans(), st.booleans(), st.integers(0, 20))
def test_without_a_stored_confirmation_only_the_laws_own_list_is_excluded(
    kind: K, opened: bool, activated: bool, intact: bool, day: int
) -> None:
    decision = no_reason_return(
        Purchase(kind, RECEIVED, opened, activated, intact), RECEIVED + timedelta(days=day)
    )
    assert decision.ground is not Ground.EXCLUDED_BY_CONFIRMATION
    if decision.ground is Ground.EXCLUDED:
        assert kind in (K.CUSTOM_MADE, K.PERISHABLE, K.DIGITAL, K.PERIODICAL)
