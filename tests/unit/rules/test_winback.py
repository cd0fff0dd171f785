"""Whom to win back, with what leave, and what counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from care.rules.errors import IllegalMove
from care.rules.vocabulary import Role, Tier
from care.rules.winback import (
    WINBACK_FINAL,
    WINBACK_MOVES,
    ContactBasis,
    CustomerFacts,
    WinbackFacts,
    WinbackReason,
    WinbackResult,
    WinbackState,
    WinbackTrigger,
    check_winback_move,
    in_quiet_hours,
    next_step,
    next_winback_states,
    offer_limit,
    result_of,
    trigger_of,
)

W = WinbackState
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=timezone.utc)  # 10:00 in Shanghai
NOBODY = CustomerFacts(now=NOW)
GOOD = WinbackFacts(
    now=NOW, role=Role.LEAD, may_be_marketed=True, reason=WinbackReason.PRICE, offer="满减券", amount=Decimal(50),
    new_order="88120260001", note="电话里说的", contacts=2, last_contact_at=NOW - timedelta(days=4),
)  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "trigger"),
    [
        ({"lowest_csat": 2}, WinbackTrigger.LOW_SCORE),
        ({"lowest_csat": 3}, None),
        ({"lowest_gap": -2}, WinbackTrigger.LOW_SCORE),
        ({"lowest_gap": -1}, None),
        ({"complaints_90d": 2, "last_complaint_at": NOW}, WinbackTrigger.REPEATED_COMPLAINT),
        ({"complaints_90d": 1, "last_complaint_at": NOW}, None),
        ({"complaints_90d": 2, "last_complaint_at": NOW - timedelta(days=31)}, None),
        ({"is_silent": True, "tier": Tier.KEY, "may_be_marketed": True}, WinbackTrigger.SILENCE),
        ({"is_silent": True, "clv": Decimal(200), "may_be_marketed": True}, WinbackTrigger.SILENCE),
        ({"is_silent": True, "clv": Decimal(199), "may_be_marketed": True}, None),
        ({"is_silent": True, "tier": Tier.KEY}, None),
        ({"p_alive": 0.29, "repeats": 3, "tier": Tier.KEY, "may_be_marketed": True}, WinbackTrigger.SILENCE),
        ({"p_alive": 0.30, "repeats": 3, "tier": Tier.KEY, "may_be_marketed": True}, None),
        ({"p_alive": 0.1, "repeats": 0, "tier": Tier.KEY, "may_be_marketed": True}, None),
    ],
)
def test_the_triggers_at_their_bounds(facts: dict[str, object], trigger: WinbackTrigger | None) -> None:
    found = trigger_of(replace(NOBODY, **facts))  # type: ignore[arg-type]
    assert (found.trigger if found else None) is trigger


def test_one_open_case_and_a_pause_after_the_last() -> None:
    low = replace(NOBODY, lowest_csat=1)
    assert trigger_of(replace(low, has_open_case=True)) is None
    assert trigger_of(replace(low, last_case_ended_at=NOW - timedelta(days=179))) is None
    assert trigger_of(replace(low, last_case_ended_at=NOW - timedelta(days=180))) is not None


def test_silence_stands_on_the_marketing_consent_and_a_complaint_on_the_service() -> None:
    silent = trigger_of(replace(NOBODY, is_silent=True, tier=Tier.KEY, may_be_marketed=True))
    low = trigger_of(replace(NOBODY, lowest_csat=1))
    assert silent is not None
    assert low is not None
    assert (silent.basis, low.basis) == (ContactBasis.MARKETING, ContactBasis.SERVICE)


@pytest.mark.parametrize("state", list(W))
def test_only_the_moves_of_the_table_are_legal(state: WinbackState) -> None:
    for to in W:
        if to in WINBACK_MOVES[state]:
            check_winback_move(state, to, GOOD)
        else:
            with pytest.raises(IllegalMove, match="不能变为"):
                check_winback_move(state, to, GOOD)
    assert W.WON not in next_winback_states(state)
    assert (next_step(state, NOW) is None) is (state in WINBACK_FINAL)


@pytest.mark.parametrize(
    ("state", "to", "facts", "says"),
    [
        (W.OPEN, W.CONTACTED, {"basis": ContactBasis.MARKETING, "may_be_marketed": False}, "没有同意"),
        (W.OPEN, W.CONTACTED, {"quiet_hours": "09:00-11:00"}, "免打扰"),
        (W.CONTACTED, W.CONTACTED, {"contacts": 3}, "最多 3 次"),
        (W.CONTACTED, W.CONTACTED, {"last_contact_at": NOW - timedelta(days=2)}, "间隔"),
        (W.CONTACTED, W.ANSWERED, {"reason": None}, "原因"),
        (W.CONTACTED, W.NO_ANSWER, {"contacts": 1}, "两次"),
        (W.ANSWERED, W.OFFERED, {"may_be_marketed": False}, "没有同意"),
        (W.ANSWERED, W.OFFERED, {"has_open_complaint": True}, "先解决投诉"),
        (W.ANSWERED, W.OFFERED, {"amount": Decimal(501)}, "最多 ¥500.00"),
        (W.ANSWERED, W.OFFERED, {"clv": Decimal(30)}, "最多 ¥30.00"),
        (W.ANSWERED, W.OFFERED, {"amount": Decimal(-1)}, "超出权限"),
        (W.ANSWERED, W.OFFERED, {"offer": " "}, "写明方案"),
        (W.OFFERED, W.WON, {"new_order": None}, "再次下单"),
        (W.OPEN, W.DROPPED, {"note": ""}, "理由"),
    ],
)
def test_each_condition_stops_its_move(
    state: WinbackState, to: WinbackState, facts: dict[str, object], says: str
) -> None:
    with pytest.raises(IllegalMove, match=says):
        check_winback_move(state, to, replace(GOOD, **facts))  # type: ignore[arg-type]


def test_quiet_hours_reach_over_midnight() -> None:
    at = [NOW.replace(hour=hour) for hour in (13, 14, 15, 23, 0)]  # 21, 22, 23, 7, 8 o'clock in Shanghai
    assert [in_quiet_hours("22:00-08:00", one) for one in at] == [False, True, True, True, False]


def test_limits_are_of_the_role_and_never_above_what_remains() -> None:
    assert offer_limit(Role.AGENT, None) == 100
    assert offer_limit(Role.MANAGER, None) is None
    assert offer_limit(Role.MANAGER, Decimal(300)) == 300
    assert offer_limit(Role.LEAD, Decimal(-5)) == 0


def test_who_came_back_unasked_was_not_won_by_us() -> None:
    assert result_of(W.WON, contacts=0) is WinbackResult.RETURNED
    assert result_of(W.WON, contacts=1) is WinbackResult.RECOVERED
    assert result_of(W.OPEN, contacts=0) is None
