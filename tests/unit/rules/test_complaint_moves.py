"""The life cycle of care.md §3 and its seven rules."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.complaint import (
    FINAL_STATES,
    LEGAL_MOVES,
    SIDE_STATES,
    CloseKind,
    ComplaintState,
    Level,
    MoveFacts,
    check_move,
    close_kind,
    is_open,
    next_level,
    next_states,
    pauses_internal_clock,
    was_reminded_enough,
)
from care.rules.errors import IllegalMove

S = ComplaintState
NOW = datetime(2026, 11, 24, 4, 0, tzinfo=timezone.utc)
DAY = timedelta(days=1)
FACTS = MoveFacts(now=NOW, actor="agent1")


def refused(state: S, to: S, facts: MoveFacts) -> str:
    with pytest.raises(IllegalMove) as caught:
        check_move(state, to, facts)
    return caught.value.message


MAIN_LINE = [
    (S.DRAFT, S.RECEIVED, replace(FACTS, customer_yes=True)),
    (S.RECEIVED, S.ACKNOWLEDGED, FACTS),
    (S.ACKNOWLEDGED, S.ASSESSED, FACTS),
    (S.ASSESSED, S.INVESTIGATING, FACTS),
    (S.INVESTIGATING, S.WAITING_CUSTOMER, FACTS),
    (S.WAITING_CUSTOMER, S.INVESTIGATING, FACTS),
    (S.INVESTIGATING, S.PROPOSED, replace(FACTS, proposal="换新机并退运费")),
    (S.PROPOSED, S.EXECUTING, replace(FACTS, customer_yes=True)),
    (S.EXECUTING, S.CLOSED, replace(FACTS, customer_yes=True, remedy_done=True, root_cause_known=True)),
    (S.CLOSED, S.REOPENED, replace(FACTS, ended_at=NOW - 3 * DAY)),
    (S.REOPENED, S.ASSESSED, FACTS),
]


def test_the_line_from_draft_to_closed_and_reopened_can_be_walked() -> None:
    for state, to, facts in MAIN_LINE:
        check_move(state, to, facts)


def test_every_state_has_its_moves_written_down() -> None:
    assert set(LEGAL_MOVES) == set(S)


def test_no_walk_reaches_investigation_without_assessment() -> None:
    after_assessed = {S.INVESTIGATING, S.WAITING_CUSTOMER, S.PROPOSED, S.EXECUTING, S.CLOSED, S.UNRESOLVED}
    reachable, todo = {S.DRAFT}, [S.DRAFT]
    while todo:
        for to in LEGAL_MOVES[todo.pop()]:
            if to is not S.ASSESSED and to not in reachable:
                reachable.add(to)
                todo.append(to)
    assert not reachable & after_assessed


@given(st.lists(st.integers(0, 20), max_size=25))
def test_a_random_walk_never_skips_assessed(choices: list[int]) -> None:
    state, assessed = S.DRAFT, False
    for choice in choices:
        options = next_states(state)
        if not options:
            break
        state = options[choice % len(options)]
        assessed = state is S.ASSESSED or (assessed and state is not S.REOPENED)
        if state in (S.INVESTIGATING, S.PROPOSED, S.EXECUTING, S.CLOSED, S.UNRESOLVED):
            assert assessed


def test_a_draft_is_received_after_half_an_hour_of_silence_when_it_is_clear() -> None:
    silent = replace(FACTS, is_clear=True, silent_since=NOW - timedelta(minutes=30))
    check_move(S.DRAFT, S.RECEIVED, silent)
    refused(S.DRAFT, S.RECEIVED, replace(silent, is_clear=False))
    refused(S.DRAFT, S.RECEIVED, replace(silent, silent_since=NOW - timedelta(minutes=29, seconds=59)))
    assert "确认" in refused(S.DRAFT, S.RECEIVED, FACTS)


def test_closed_follows_only_from_executing() -> None:
    assert [state for state in S if S.CLOSED in LEGAL_MOVES[state]] == [S.EXECUTING]


def test_closing_needs_the_remedy_done_and_the_customers_yes() -> None:
    refused(S.EXECUTING, S.CLOSED, replace(FACTS, customer_yes=True, root_cause_known=True))
    done = replace(FACTS, remedy_done=True, root_cause_known=True)
    assert "7 天内提醒 3 次" in refused(S.EXECUTING, S.CLOSED, done)


def test_nothing_is_closed_before_its_root_cause_is_known() -> None:
    done = replace(FACTS, remedy_done=True, customer_yes=True)
    assert "根因" in refused(S.EXECUTING, S.CLOSED, done)
    check_move(S.EXECUTING, S.CLOSED, replace(done, root_cause_known=True))


def test_three_unanswered_reminders_in_seven_days_close_silently() -> None:
    reminded = replace(
        FACTS,
        remedy_done=True,
        root_cause_known=True,
        reminders=(NOW - 7 * DAY, NOW - 4 * DAY, NOW - 1 * DAY),
    )
    check_move(S.EXECUTING, S.CLOSED, reminded)
    assert close_kind(reminded) is CloseKind.SILENT
    assert close_kind(replace(reminded, customer_yes=True)) is CloseKind.CONFIRMED
    refused(S.EXECUTING, S.CLOSED, replace(reminded, remedy_done=False))


@pytest.mark.parametrize(
    ("days_ago", "answered_days_ago"),
    [
        ((7, 4), None),  # two only
        ((3, 2, 1), None),  # the seven days are not over
        ((20, 12, 1), None),  # three, but not within seven days
        ((7, 4, 1), 5),  # the customer wrote in between
        ((7, 4, -1), None),  # the third is not sent yet
    ],
)
def test_fewer_or_answered_reminders_do_not_close(
    days_ago: tuple[int, ...], answered_days_ago: int | None
) -> None:
    silent_since = NOW - answered_days_ago * DAY if answered_days_ago is not None else None
    assert not was_reminded_enough((NOW - d * DAY for d in days_ago), now=NOW, silent_since=silent_since)


@given(st.permutations([7, 5, 3, 1]))
def test_the_order_of_reminders_does_not_matter(days_ago: list[int]) -> None:
    assert was_reminded_enough((NOW - d * DAY for d in days_ago), now=NOW)


def test_a_first_refusal_goes_back_to_investigation_one_level_higher() -> None:
    check_move(S.PROPOSED, S.INVESTIGATING, replace(FACTS, refusals=1, level=Level.L1, level_to=Level.L2))
    assert "组长" in refused(S.PROPOSED, S.INVESTIGATING, replace(FACTS, refusals=1))
    refused(S.PROPOSED, S.INVESTIGATING, replace(FACTS, refusals=1, level_to=Level.L3))
    refused(S.PROPOSED, S.INVESTIGATING, replace(FACTS, refusals=0, level_to=Level.L2))


def test_a_second_refusal_offers_outside_ways() -> None:
    twice = replace(FACTS, refusals=2, level=Level.L2, level_to=Level.L3)
    assert "外部途径" in refused(S.PROPOSED, S.INVESTIGATING, twice)
    assert "12315" in refused(S.PROPOSED, S.UNRESOLVED, twice)
    check_move(S.PROPOSED, S.UNRESOLVED, replace(twice, outside_ways_told=True))
    refused(S.PROPOSED, S.UNRESOLVED, replace(twice, refusals=1, outside_ways_told=True))


def test_a_refused_proposal_is_never_closed() -> None:
    assert S.CLOSED not in LEGAL_MOVES[S.PROPOSED]
    assert is_open(S.PROPOSED)


def test_the_highest_level_stays() -> None:
    assert [next_level(level) for level in Level] == [Level.L2, Level.L3, Level.L4, Level.L4]
    check_move(S.PROPOSED, S.INVESTIGATING, replace(FACTS, refusals=1, level=Level.L4, level_to=Level.L4))


@pytest.mark.parametrize("ended", [S.CLOSED, S.UNRESOLVED])
def test_a_case_can_be_reopened_for_thirty_days(ended: S) -> None:
    check_move(ended, S.REOPENED, replace(FACTS, ended_at=NOW - 30 * DAY))
    assert "30 天" in refused(
        ended, S.REOPENED, replace(FACTS, ended_at=NOW - 30 * DAY - timedelta(seconds=1))
    )
    refused(ended, S.REOPENED, FACTS)


@pytest.mark.parametrize("state", [s for s in S if s not in FINAL_STATES])
@pytest.mark.parametrize("to", sorted(SIDE_STATES))
def test_leaving_the_line_needs_a_second_person(state: S, to: S) -> None:
    facts = replace(FACTS, reason="重复", case="TS-1", merged_into="TS-2")
    refused(state, to, facts)
    refused(state, to, replace(facts, second_person="agent1"))
    check_move(state, to, replace(facts, second_person="lead1"))


def test_withdrawing_and_reclassifying_need_a_reason_and_merging_another_case() -> None:
    agreed = replace(FACTS, second_person="lead1")
    refused(S.ASSESSED, S.WITHDRAWN, agreed)
    refused(S.ASSESSED, S.RECLASSIFIED, agreed)
    refused(S.ASSESSED, S.MERGED, agreed)
    refused(S.ASSESSED, S.MERGED, replace(agreed, case="TS-1", merged_into="TS-1"))


def test_a_customer_alone_may_let_an_unconfirmed_draft_go_but_not_a_received_case() -> None:
    given_up = replace(FACTS, actor="customer", customer_yes=True, reason="客户不投诉了")
    check_move(S.DRAFT, S.WITHDRAWN, given_up)
    refused(S.RECEIVED, S.WITHDRAWN, given_up)


@pytest.mark.parametrize("state", sorted(SIDE_STATES))
def test_nothing_follows_a_side_state(state: S) -> None:
    assert next_states(state) == ()
    assert "不能变为" in refused(state, S.RECEIVED, FACTS)


def test_only_waiting_for_the_customer_pauses_the_internal_clock() -> None:
    assert [state for state in S if pauses_internal_clock(state)] == [S.WAITING_CUSTOMER]


@given(st.sampled_from(S), st.sampled_from(S))
def test_an_unlisted_move_is_refused_whatever_the_facts(state: S, to: S) -> None:
    generous = MoveFacts(
        now=NOW, actor="agent1", second_person="lead1", reason="r", customer_yes=True, is_clear=True,
        proposal="p", refusals=1, level_to=Level.L2, outside_ways_told=True, remedy_done=True,
        root_cause_known=True, ended_at=NOW, case="1", merged_into="2",
    )  # fmt: skip
    if to not in LEGAL_MOVES[state]:
        refused(state, to, generous)
