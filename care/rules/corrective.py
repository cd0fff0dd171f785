"""The life of a corrective action: planned, done, and verified by somebody else against a figure.

Nothing counts as an improvement because it was carried out: the figure must have moved (care.rules.effect).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from care.rules.effect import SampleKind, Verdict
from care.rules.errors import IllegalMove
from care.rules.labelled import Labelled


class ActionState(Labelled):
    PLANNED = "planned", "计划"
    DOING = "doing", "实施中"
    DONE = "done", "已实施"
    VERIFYING = "verifying", "验证中"
    VERIFIED = "verified", "已验证"
    INEFFECTIVE = "ineffective", "无效"
    DROPPED = "dropped", "放弃"


class ActionStep(Labelled):
    """What an event of an action's trail tells."""

    CREATED = "created", "新建"
    CHANGED = "changed", "修改"
    MEASURED_BEFORE = "measured_before", "测量实施前"
    MEASURED_AFTER = "measured_after", "测量实施后"
    STATE = "state", "状态变化"


class ActionCause(Labelled):
    SURGE = "surge", "投诉激增"
    COMPLAINTS = "complaints", "投诉"
    WEAK_CELL = "weak_cell", "关怀矩阵的薄弱格"
    QA = "qa", "质检"
    OTHER = "other", "其他"


class Aim(Labelled):
    """The four measures of business process re-engineering in the source documents."""

    COST = "cost", "成本"
    QUALITY = "quality", "质量"
    SERVICE = "service", "服务"
    SPEED = "speed", "速度"


class Figure(Labelled):
    """What an action is to move. Every figure is computed from the rows of a period."""

    COMPLAINTS_PER_1000 = "complaints_per_1000", "每千单投诉"
    ACKNOWLEDGED_IN_TIME = "acknowledged_in_time", "按时告知率"
    SOLVED_IN_TIME = "solved_in_time", "按时解决率"
    SOLVE_HOURS = "solve_hours", "解决用时(小时)"
    REOPENED = "reopened", "重开率"
    KEPT_PROMISES = "kept_promises", "承诺兑现率"
    CSAT = "csat", "满意率 CSAT"
    GAP = "gap", "感知减期望"
    CES = "ces", "省力度 CES"

    @property
    def kind(self) -> SampleKind:
        return _KINDS.get(self, SampleKind.SHARE)

    @property
    def high_is_good(self) -> bool:
        return self not in _LOW_IS_GOOD

    @property
    def unit(self) -> str:
        return _UNITS.get(self, "%")


_KINDS = {
    Figure.COMPLAINTS_PER_1000: SampleKind.RATE,
    Figure.SOLVE_HOURS: SampleKind.MEAN,
    Figure.GAP: SampleKind.MEAN,
    Figure.CES: SampleKind.MEAN,
}
_LOW_IS_GOOD = frozenset({Figure.COMPLAINTS_PER_1000, Figure.SOLVE_HOURS, Figure.REOPENED})
_UNITS = {
    Figure.COMPLAINTS_PER_1000: "件/千单",
    Figure.SOLVE_HOURS: "小时",
    Figure.GAP: "分(−6 到 6)",
    Figure.CES: "分(1–7)",
}

A = ActionState
FINAL_ACTION_STATES: frozenset[ActionState] = frozenset({A.VERIFIED, A.DROPPED})

#: State → what may follow it. An ineffective action may be tried again, with another idea.
ACTION_MOVES: Mapping[ActionState, frozenset[ActionState]] = MappingProxyType(
    {
        A.PLANNED: frozenset({A.DOING, A.DROPPED}),
        A.DOING: frozenset({A.DONE, A.DROPPED}),
        A.DONE: frozenset({A.VERIFYING, A.DROPPED}),
        A.VERIFYING: frozenset({A.VERIFIED, A.INEFFECTIVE}),
        A.VERIFIED: frozenset(),
        A.INEFFECTIVE: frozenset({A.PLANNED, A.DROPPED}),
        A.DROPPED: frozenset(),
    }
)


@dataclass(frozen=True)
class ActionFacts:
    """What is true at the moment of a move.

    Attributes:
        actor, owner: logins; a verification is not the owner's own.
        today, measure_from: days in Asia/Shanghai; `measure_from` is the first day after it was done.
        open_tasks: sub-tasks not yet done.
        has_before: the figure was measured before anything was changed.
        verdict: what the comparison says, None before the second measurement.
    """

    actor: str
    owner: str
    today: date
    has_hypothesis: bool = False
    has_figure: bool = False
    has_before: bool = False
    open_tasks: int = 0
    measure_from: date | None = None
    verdict: Verdict | None = None
    reason: str = ""


def next_action_states(state: ActionState) -> tuple[ActionState, ...]:
    """The states that may follow, in the order of the life cycle."""
    return tuple(to for to in ActionState if to in ACTION_MOVES[state])


def check_action_move(state: ActionState, to: ActionState, facts: ActionFacts) -> None:
    """Lets a legal move with its conditions met pass.

    Raises:
        IllegalMove: `to` cannot follow `state`, or a condition is not met; the text says which.
    """
    if to not in ACTION_MOVES[state]:
        raise IllegalMove(f"改进措施现在是“{state.label}”，不能变为“{to.label}”。")
    if guard := _GUARDS.get(to):
        guard(facts)


def _check_start(facts: ActionFacts) -> None:
    if not facts.has_hypothesis:
        raise IllegalMove("先写明设想：改什么，为什么会有用。")
    if not facts.has_figure:
        raise IllegalMove("先选定衡量的指标和范围。")
    if not facts.has_before:
        raise IllegalMove("先测量实施前的数值；实施后再测就没有比较了。")


def _check_done(facts: ActionFacts) -> None:
    if facts.open_tasks:
        raise IllegalMove(f"还有 {facts.open_tasks} 项分解任务没有完成。")


def _check_verifying(facts: ActionFacts) -> None:
    if facts.measure_from is None or facts.today <= facts.measure_from:
        raise IllegalMove("实施后至少过一整天才有可比的数据。")


def _check_judged(facts: ActionFacts) -> None:
    if facts.actor == facts.owner:
        raise IllegalMove("验证须由负责人以外的人进行。")
    if facts.verdict is None:
        raise IllegalMove("先测量实施后的数值。")
    if facts.verdict is Verdict.TOO_FEW:
        raise IllegalMove("样本不足，还不能下结论，请继续收集。")


def _check_verified(facts: ActionFacts) -> None:
    _check_judged(facts)
    if facts.verdict is not Verdict.BETTER:
        raise IllegalMove(f"比较结果是“{facts.verdict.label if facts.verdict else ''}”，不能算已验证。")


def _check_ineffective(facts: ActionFacts) -> None:
    _check_judged(facts)
    if facts.verdict is Verdict.BETTER:
        raise IllegalMove("比较结果是“改善”，不能记为无效。")
    _check_reason(facts)


def _check_reason(facts: ActionFacts) -> None:
    if not facts.reason.strip():
        raise IllegalMove("请写明理由。")


_GUARDS: dict[ActionState, Callable[[ActionFacts], None]] = {
    A.DOING: _check_start,
    A.DONE: _check_done,
    A.VERIFYING: _check_verifying,
    A.VERIFIED: _check_verified,
    A.INEFFECTIVE: _check_ineffective,
    A.PLANNED: _check_reason,
    A.DROPPED: _check_reason,
}
