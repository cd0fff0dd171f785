"""An action is verified by somebody else, by a figure that has moved, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from care.rules.corrective import (
    ACTION_MOVES,
    FINAL_ACTION_STATES,
    ActionFacts,
    ActionState,
    Figure,
    check_action_move,
    next_action_states,
)
from care.rules.effect import Verdict
from care.rules.errors import IllegalMove

A = ActionState
TODAY = date(2026, 11, 24)
READY = ActionFacts(
    actor="manager1", owner="lead1", today=TODAY, has_hypothesis=True, has_figure=True, has_before=True,
    measure_from=TODAY - timedelta(days=10), verdict=Verdict.BETTER, reason="有理由",
)  # fmt: skip


@pytest.mark.parametrize("state", list(A))
def test_only_the_moves_of_the_table_are_legal(state: ActionState) -> None:
    for to in A:
        if to in ACTION_MOVES[state]:
            facts = replace(READY, verdict=Verdict.UNDECIDED) if to is A.INEFFECTIVE else READY
            check_action_move(state, to, facts)
        else:
            with pytest.raises(IllegalMove, match="不能变为"):
                check_action_move(state, to, READY)


def test_final_states_lead_nowhere() -> None:
    assert all(next_action_states(state) == () for state in FINAL_ACTION_STATES)


@pytest.mark.parametrize(
    ("state", "to", "facts", "says"),
    [
        (A.PLANNED, A.DOING, {"has_hypothesis": False}, "设想"),
        (A.PLANNED, A.DOING, {"has_figure": False}, "指标"),
        (A.PLANNED, A.DOING, {"has_before": False}, "实施前"),
        (A.DOING, A.DONE, {"open_tasks": 2}, "2 项"),
        (A.DONE, A.VERIFYING, {"measure_from": TODAY}, "一整天"),
        (A.VERIFYING, A.VERIFIED, {"actor": "lead1"}, "以外"),
        (A.VERIFYING, A.VERIFIED, {"verdict": None}, "先测量"),
        (A.VERIFYING, A.VERIFIED, {"verdict": Verdict.UNDECIDED}, "未定"),
        (A.VERIFYING, A.VERIFIED, {"verdict": Verdict.WORSE}, "变差"),
        (A.VERIFYING, A.VERIFIED, {"verdict": Verdict.TOO_FEW}, "样本不足"),
        (A.VERIFYING, A.INEFFECTIVE, {"verdict": Verdict.TOO_FEW}, "样本不足"),
        (A.VERIFYING, A.INEFFECTIVE, {"verdict": Verdict.BETTER}, "不能记为无效"),
        (A.VERIFYING, A.INEFFECTIVE, {"verdict": Verdict.WORSE, "reason": " "}, "理由"),
        (A.VERIFYING, A.INEFFECTIVE, {"verdict": Verdict.WORSE, "actor": "lead1"}, "以外"),
        (A.DOING, A.DROPPED, {"reason": ""}, "理由"),
        (A.INEFFECTIVE, A.PLANNED, {"reason": ""}, "理由"),
    ],
)
def test_each_condition_stops_its_move(
    state: ActionState, to: ActionState, facts: dict[str, object], says: str
) -> None:
    with pytest.raises(IllegalMove, match=says):
        check_action_move(state, to, replace(READY, **facts))  # type: ignore[arg-type]


def test_every_figure_says_its_unit_and_which_way_is_good() -> None:
    assert [figure for figure in Figure if not figure.high_is_good] == [
        Figure.COMPLAINTS_PER_1000,
        Figure.SOLVE_HOURS,
        Figure.REOPENED,
    ]
    assert all(figure.unit for figure in Figure)
