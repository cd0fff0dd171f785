"""What `/api/desk/improve/…` takes and gives: surge alarms with their charts, causes, corrective actions.

Every figure comes with its unit, its n and its interval; every wire word with its Chinese label.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from care.rules.complaint import ComplaintCategory
from care.rules.corrective import ActionCause, ActionState, ActionStep, Aim, Figure
from care.rules.effect import Comparison, Sample, SampleKind, Verdict
from care.rules.surge_charts import (
    BASELINE_WEEKS,
    CHART_DAYS,
    CUSUM_SIGMAS,
    LEAST_IN_WEEK,
    LEAST_ON_DAY,
    SurgeMethod,
)
from care.rules.surge_terms import SurgeDimension
from care.rules.vocabulary import CarePart, Channel
from care.services.corrective_actions import ActionDraft, ActionView
from care.services.corrective_actions import SubTask as SubTaskView
from care.services.measures import Scope as ScopeView
from care.services.same_cause import CaseLine, CauseGroup
from care.services.surge_desk import AlarmDetail, AlarmView

_INT32 = 2**31 - 1
_Limit = Annotated[int, Meta(ge=1, le=200)]
_After = Annotated[int, Meta(ge=1, le=_INT32)]
_Version = Annotated[int, Meta(ge=0, le=_INT32)]
_Line = Annotated[str, Meta(max_length=120)]
_Text = Annotated[str, Meta(max_length=500)]


class AlarmQuery(Struct, frozen=True):
    """`open`: only open or only closed alarms. `after`: the `next` of the page before."""

    open: bool | None = None
    after: _After | None = None
    limit: _Limit = 50


class AlarmCrossing(Struct, frozen=True):
    day: date
    method: SurgeMethod
    method_label: str
    count: int
    baseline: float
    statistic: float
    limit: float


class Alarm(Struct, frozen=True):
    """`baseline`: complaints usual on that day. `dispersion`: variance over mean; 1 is chance alone."""

    id: int
    dimension: SurgeDimension
    dimension_label: str
    value: str
    label: str
    summary: str
    method: SurgeMethod
    method_label: str
    day: date
    since: date
    last_day: date
    count: int
    baseline: float
    statistic: float
    limit: float
    unit: str
    dispersion: float
    crossings: list[AlarmCrossing]
    opened_at: datetime
    is_open: bool
    is_over: bool
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    cause: str | None
    corrective_action: int | None
    closed_by: str | None
    closed_at: datetime | None
    close_note: str | None


class AlarmPage(Struct, frozen=True):
    """`next` is None on the last page."""

    items: list[Alarm]
    next: int | None


class ChartDay(Struct, frozen=True):
    """One day on the three charts. `over` names the charts over their limit."""

    day: date
    count: int
    exposure: float
    baseline: float
    day_limit: int
    cusum: float
    cusum_limit: float
    ewma: float
    ewma_limit: float
    over: list[SurgeMethod]


class CaseOfCause(Struct, frozen=True):
    id: int
    case_number: str
    state: str
    state_label: str
    grade: str
    grade_label: str
    category: ComplaintCategory
    category_label: str
    product: str | None
    order_number: str | None
    received_at: datetime
    root_cause: str | None


class AlarmSheet(Struct, frozen=True):
    """An alarm with its chart and cases. `how` says in words how the charts are made."""

    alarm: Alarm
    exposure_label: str
    how: str
    n: int
    days: list[ChartDay]
    cases: list[CaseOfCause]


class CauseGiven(Struct, frozen=True):
    cause: Annotated[str, Meta(min_length=1, max_length=200)]


class AlarmClose(Struct, frozen=True):
    """`note`: why no corrective action is needed, when there is none."""

    note: _Text = ""


class CauseQuery(Struct, frozen=True):
    """`hours`: cases received within so many hours: 24 or 168."""

    hours: Annotated[int, Meta(ge=1, le=168)] = 168


class FaultCount(Struct, frozen=True):
    label: str
    n: int


class SameCause(Struct, frozen=True):
    """`is_urgent`: so many within 24 hours that every one of them is urgent."""

    link: str
    link_label: str
    label: str
    in_24h: int
    in_7d: int
    is_urgent: bool
    faults: list[FaultCount]
    cases: list[CaseOfCause]


class SameCauses(Struct, frozen=True):
    items: list[SameCause]


class ActionQuery(Struct, frozen=True):
    state: ActionState | None = None
    after: _After | None = None
    limit: _Limit = 50


class SubTask(Struct, frozen=True):
    title: _Line
    owner: Annotated[str, Meta(max_length=40)] | None = None
    due_on: date | None = None
    is_done: bool = False


class Scope(Struct, frozen=True):
    """Over which rows a figure is measured; what is None is not narrowed."""

    category: ComplaintCategory | None = None
    product_id: Annotated[int, Meta(ge=1, le=_INT32)] | None = None
    channel: Channel | None = None
    care_part: CarePart | None = None


class ActionWish(Struct, frozen=True):
    """A new action, or (`version` given, unnamed fields left as they are) a change of one."""

    title: _Line | None = None
    cause: ActionCause | None = None
    cause_note: _Text | None = None
    cause_refs: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=50)] | None = None
    improves: list[Aim] | None = None
    owner: Annotated[str, Meta(max_length=40)] | None = None
    due_on: date | None = None
    resources: _Text | None = None
    sub_tasks: list[SubTask] | None = None
    hypothesis: Annotated[str, Meta(max_length=2000)] | None = None
    figure: Figure | None = None
    scope: Scope | None = None
    alarm: _After | None = None
    version: _Version | None = None


class Measure(Struct, frozen=True):
    """Both days included, in Asia/Shanghai; only days that are over."""

    since: date
    until: date
    version: _Version


class ActionMove(Struct, frozen=True):
    to: ActionState
    version: _Version
    reason: _Text = ""


class Measured(Struct, frozen=True):
    """A measurement. `value` and `interval` are in `unit`; `n` counts `n_label`."""

    value: float | None
    unit: str
    shown: str
    n: int
    n_label: str
    events: int
    interval: list[float] | None
    since: date
    until: date


class Compared(Struct, frozen=True):
    verdict: Verdict
    verdict_label: str
    difference: float | None
    unit: str
    interval: list[float] | None
    why: str


class Choice(Struct, frozen=True):
    value: str
    label: str


class TrailLine(Struct, frozen=True):
    kind: str
    kind_label: str
    from_label: str | None
    to_label: str | None
    actor: str
    data: dict[str, Any]
    at: datetime


class Action(Struct, frozen=True):
    """`trail` is empty in a list. `is_intact`: nobody changed the trail afterwards."""

    id: int
    title: str
    state: ActionState
    state_label: str
    next_states: list[Choice]
    cause: ActionCause
    cause_label: str
    cause_note: str
    cause_refs: list[str]
    alarms: list[int]
    improves: list[Choice]
    owner: str
    owner_name: str
    due_on: date
    is_overdue: bool
    resources: str | None
    sub_tasks: list[SubTask]
    hypothesis: str | None
    figure: Figure | None
    figure_label: str | None
    unit: str | None
    high_is_good: bool | None
    scope: Scope
    scope_label: str
    before: Measured | None
    after: Measured | None
    comparison: Compared | None
    created_at: datetime
    done_at: datetime | None
    verified_by: str | None
    verified_at: datetime | None
    version: int
    trail: list[TrailLine]
    is_intact: bool


class ActionPage(Struct, frozen=True):
    items: list[Action]
    next: int | None


def alarm(view: AlarmView) -> Alarm:
    summary = (
        f"{view.label}：{view.day:%m月%d日} {view.count} 件，平常约 {view.baseline:.1f} 件"
        f"（{view.method.label} {view.statistic:g}，限 {view.limit:g}）"
    )
    return Alarm(
        id=view.id,
        dimension=view.dimension,
        dimension_label=view.dimension.label,
        value=view.value,
        label=view.label,
        summary=summary,
        method=view.method,
        method_label=view.method.label,
        day=view.day,
        since=view.since,
        last_day=view.last_day,
        count=view.count,
        baseline=view.baseline,
        statistic=view.statistic,
        limit=view.limit,
        unit="件/天",
        dispersion=view.dispersion,
        crossings=[
            AlarmCrossing(
                one.day, one.method, one.method.label, one.count, one.baseline, one.statistic, one.limit
            )
            for one in view.crossings
        ],
        opened_at=view.opened_at,
        is_open=view.is_open,
        is_over=view.is_over,
        acknowledged_by=view.acknowledged_by,
        acknowledged_at=view.acknowledged_at,
        cause=view.cause,
        corrective_action=view.corrective_action_id,
        closed_by=view.closed_by,
        closed_at=view.closed_at,
        close_note=view.close_note,
    )


def alarm_sheet(found: AlarmDetail) -> AlarmSheet:
    return AlarmSheet(
        alarm=alarm(found.alarm),
        exposure_label=found.exposure.label,
        how=f"图为 {CHART_DAYS} 天；平常值取前 {BASELINE_WEEKS} 周的同一星期几，按{found.exposure.label}折算；"
        f"单日限为平常值加 3 个标准差且不少于 {LEAST_ON_DAY} 件，累计和限为 {CUSUM_SIGMAS:g} 个标准差，"
        f"加权平均限为 3 个标准差，后两种一周不足 {LEAST_IN_WEEK} 件不报。",
        n=sum(point.count for point in found.points),
        days=[
            ChartDay(
                point.day,
                point.count,
                round(point.exposure, 2),
                round(point.baseline, 2),
                point.day_limit,
                round(point.cusum, 2),
                round(point.cusum_limit, 2),
                round(point.ewma, 2),
                round(point.ewma_limit, 2),
                [crossing.method for crossing in point.crossings],
            )
            for point in found.points
        ],
        cases=[case_of_cause(one) for one in found.cases],
    )


def case_of_cause(one: CaseLine) -> CaseOfCause:
    return CaseOfCause(
        id=one.id,
        case_number=one.case_number,
        state=one.state.value,
        state_label=one.state.label,
        grade=one.grade.value,
        grade_label=one.grade.label,
        category=one.category,
        category_label=one.category.label,
        product=one.product,
        order_number=one.order_number,
        received_at=one.received_at,
        root_cause=one.root_cause,
    )


def same_cause(one: CauseGroup) -> SameCause:
    return SameCause(
        link=one.link.value,
        link_label=one.link.label,
        label=one.label,
        in_24h=one.in_24h,
        in_7d=one.in_7d,
        is_urgent=one.is_urgent,
        faults=[FaultCount(fault.label, n) for fault, n in one.faults],
        cases=[case_of_cause(case) for case in one.cases],
    )


def draft(wish: ActionWish) -> ActionDraft:
    return ActionDraft(
        title=wish.title,
        cause=wish.cause,
        cause_note=wish.cause_note,
        cause_refs=wish.cause_refs,
        improves=wish.improves,
        owner=wish.owner,
        due_on=wish.due_on,
        resources=wish.resources,
        sub_tasks=None
        if wish.sub_tasks is None
        else [SubTaskView(one.title, one.owner, one.due_on, one.is_done) for one in wish.sub_tasks],
        hypothesis=wish.hypothesis,
        figure=wish.figure,
        scope=None
        if wish.scope is None
        else ScopeView(wish.scope.category, wish.scope.product_id, wish.scope.channel, wish.scope.care_part),
        alarm_id=wish.alarm,
    )


def action(view: ActionView) -> Action:
    figure = view.figure
    return Action(
        id=view.id,
        title=view.title,
        state=view.state,
        state_label=view.state.label,
        next_states=[Choice(one.value, one.label) for one in view.next_states],
        cause=view.cause,
        cause_label=view.cause.label,
        cause_note=view.cause_note,
        cause_refs=list(view.cause_refs),
        alarms=list(view.alarm_ids),
        improves=[Choice(one.value, one.label) for one in view.improves],
        owner=view.owner,
        owner_name=view.owner_name,
        due_on=view.due_on,
        is_overdue=view.is_overdue,
        resources=view.resources,
        sub_tasks=[SubTask(one.title, one.owner, one.due_on, one.is_done) for one in view.sub_tasks],
        hypothesis=view.hypothesis,
        figure=figure,
        figure_label=None if figure is None else figure.label,
        unit=None if figure is None else figure.unit,
        high_is_good=None if figure is None else figure.high_is_good,
        scope=Scope(view.scope.category, view.scope.product_id, view.scope.channel, view.scope.care_part),
        scope_label=view.scope_label,
        before=None if view.before is None or figure is None else measured(view.before, figure),
        after=None if view.after is None or figure is None else measured(view.after, figure),
        comparison=None if view.comparison is None or figure is None else compared(view.comparison, figure),
        created_at=view.created_at,
        done_at=view.done_at,
        verified_by=view.verified_by,
        verified_at=view.verified_at,
        version=view.version,
        trail=[
            TrailLine(
                kind=one.kind,
                kind_label=ActionStep(one.kind).label,
                from_label=None if one.from_state is None else one.from_state.label,
                to_label=None if one.to_state is None else one.to_state.label,
                actor=one.actor,
                data=one.data,
                at=one.at,
            )
            for one in view.trail
        ],
        is_intact=view.is_intact,
    )


_N_LABELS = {SampleKind.SHARE: "有结果的行", SampleKind.MEAN: "有数值的行", SampleKind.RATE: "订单"}


def measured(sample: Sample, figure: Figure) -> Measured:
    """Shares are given in percent, as they are read."""
    scale = _scale(sample.kind)
    value = None if sample.value is None else round(sample.value * scale, 2)
    interval = (
        None
        if sample.interval is None
        else [round(sample.interval.low * scale, 2), round(sample.interval.high * scale, 2)]
    )
    bounds = "" if interval is None else f" [{interval[0]:g}, {interval[1]:g}]"
    shown = "没有数据" if value is None else f"{value:g} {figure.unit}{bounds}，n={sample.n:,}"
    return Measured(
        value=value,
        unit=figure.unit,
        shown=shown,
        n=sample.n,
        n_label=_N_LABELS[sample.kind],
        events=sample.successes,
        interval=interval,
        since=sample.since,
        until=sample.until,
    )


def compared(found: Comparison, figure: Figure) -> Compared:
    scale = _scale(figure.kind)
    return Compared(
        verdict=found.verdict,
        verdict_label=found.verdict.label,
        difference=None if found.difference is None else round(found.difference * scale, 2),
        unit="个百分点" if figure.kind is SampleKind.SHARE else figure.unit,
        interval=None
        if found.interval is None
        else [round(found.interval.low * scale, 2), round(found.interval.high * scale, 2)],
        why=found.why,
    )


def _scale(kind: SampleKind) -> float:
    return 100.0 if kind is SampleKind.SHARE else 1.0
