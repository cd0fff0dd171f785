"""Root causes on two levels, remedies in parts, money limits, and what each move asks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.case_needs import MoveField, fields_of, possible_moves
from care.rules.complaint import LEGAL_MOVES, ComplaintState, Level, MoveFacts, Remedy
from care.rules.errors import InvalidInput
from care.rules.remedies import DEFAULT_LIMITS, RemedyPart, check_parts, is_within, total
from care.rules.root_causes import DETAILS_OF, RootCause, RootCauseDetail, check_root_cause, root_cause_label
from care.rules.vocabulary import Role

S = ComplaintState
FACTS = MoveFacts(now=datetime(2026, 11, 24, 2, 0, tzinfo=timezone.utc), actor="agent1")


def test_every_second_level_stands_under_exactly_one_first() -> None:
    listed = [detail for details in DETAILS_OF.values() for detail in details]
    assert sorted(listed) == sorted(RootCauseDetail)
    assert [cause.label for cause in DETAILS_OF] == ["流程", "组织", "位置设施", "数据流", "技术"]


@given(st.sampled_from(RootCause), st.sampled_from(RootCauseDetail))
def test_a_second_level_passes_only_under_its_own_first(first: RootCause, second: RootCauseDetail) -> None:
    if second in DETAILS_OF[first]:
        check_root_cause(first, second)
    else:
        with pytest.raises(InvalidInput) as refusal:
            check_root_cause(first, second)
        assert list(refusal.value.fields) == ["root_cause_2"]


@pytest.mark.parametrize(("first", "second"), [("weather", None), (None, "picking"), ("流程", "picking")])
def test_an_unknown_or_missing_first_level_is_named(first: str | None, second: str | None) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_root_cause(first, second)
    assert list(refusal.value.fields) == ["root_cause_1"]


def test_labels_of_both_levels_and_of_words_from_elsewhere() -> None:
    assert (root_cause_label("process"), root_cause_label("picking"), root_cause_label("天气")) == (
        "流程",
        "拣货打包差错",
        "天气",
    )


@pytest.mark.parametrize(
    ("role", "amount", "may"),
    [
        (Role.AGENT, "200", True), (Role.AGENT, "200.01", False), (Role.LEAD, "2000", True),
        (Role.LEAD, "2000.01", False), (Role.MANAGER, "20000", True), (Role.MANAGER, "20000.01", False),
        (Role.ADMIN, "9999999", True),
    ],
)  # fmt: skip
def test_how_much_each_role_may_promise(role: Role, amount: str, may: bool) -> None:
    assert is_within(Decimal(amount), DEFAULT_LIMITS[role]) is may


@given(st.lists(st.decimals(min_value=1, max_value=10_000, places=2), min_size=1, max_size=3))
def test_the_total_is_the_sum_of_the_parts_to_the_cent(amounts: list[Decimal]) -> None:
    kinds = (Remedy.REFUND, Remedy.COMPENSATION, Remedy.GIFT)
    parts = check_parts(RemedyPart(kind, amount) for kind, amount in zip(kinds, amounts, strict=False))
    assert total(parts) == sum(amounts)


def test_the_moves_offered_are_the_legal_ones_but_a_draft_is_merged_into_nothing() -> None:
    for state in S:
        offered = {move.to for move in possible_moves(state, FACTS)}
        expected = LEGAL_MOVES[state] - ({S.MERGED} if state is S.DRAFT else set())
        assert offered == expected


def test_what_a_form_cannot_supply_blocks_a_move() -> None:
    (close,) = [move for move in possible_moves(S.EXECUTING, FACTS) if move.to is S.CLOSED]
    assert close.blocked == "补救措施尚未完成，不能终止。"
    done = replace(FACTS, remedy_done=True)
    (close,) = [move for move in possible_moves(S.EXECUTING, done) if move.to is S.CLOSED]
    assert close.blocked is None
    twice = replace(FACTS, refusals=2, level_to=Level.L2)
    blocked = {move.to: move.blocked for move in possible_moves(S.PROPOSED, twice)}
    assert (blocked[S.INVESTIGATING] is None, blocked[S.UNRESOLVED]) == (False, None)


def test_what_is_known_already_is_no_longer_asked_for() -> None:
    known = frozenset({MoveField.ROOT_CAUSE_1, MoveField.ROOT_CAUSE_2})
    needs = {need.field: need.is_required for need in fields_of(S.EXECUTING, S.CLOSED, known)}
    assert (needs[MoveField.ROOT_CAUSE_1], needs[MoveField.CUSTOMER_YES]) == (False, True)
