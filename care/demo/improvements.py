"""Demo corrective actions, one in each state, measured on the demo shop's own rows and sealed like real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from care.demo.base import Anchor, Row
from care.demo.cases import KETTLE
from care.records.base import Base
from care.records.improvement import CorrectiveAction, CorrectiveActionEvent
from care.records.order import Product
from care.rules.complaint import ComplaintCategory
from care.rules.corrective import ActionCause, ActionState, Aim, Figure
from care.rules.effect import Sample, compare
from care.rules.hashchain import GENESIS
from care.services.action_log import sealed_event
from care.services.action_views import SubTask, comparison_json
from care.services.measures import Scope, measure

A = ActionState
_WAYS: dict[ActionState, tuple[ActionState, ...]] = {
    A.PLANNED: (),
    A.DOING: (A.DOING,),
    A.DONE: (A.DOING, A.DONE),
    A.VERIFYING: (A.DOING, A.DONE, A.VERIFYING),
    A.VERIFIED: (A.DOING, A.DONE, A.VERIFYING, A.VERIFIED),
    A.INEFFECTIVE: (A.DOING, A.DONE, A.VERIFYING, A.INEFFECTIVE),
    A.DROPPED: (A.DOING, A.DROPPED),
}


@dataclass(frozen=True)
class _Plan:
    """`created` and `done`: days ago. `before`, `after`: first and last day ago of the measured periods."""

    state: ActionState
    title: str
    cause: ActionCause
    note: str
    improves: tuple[Aim, ...]
    owner: str
    created: int
    due: int
    hypothesis: str
    figure: Figure
    before: tuple[int, int]
    tasks: tuple[str, ...]
    category: ComplaintCategory | None = None
    product: str | None = None
    done: int | None = None
    after: tuple[int, int] | None = None
    reason: str = ""
    resources: str | None = None
    refs: tuple[str, ...] = field(default=())


PLANS: tuple[_Plan, ...] = (
    _Plan(
        A.VERIFIED, "电热水壶停售并召回 9 月批次", ActionCause.SURGE, "壶底密封圈一批不合格，漏水并带电",
        (Aim.QUALITY, Aim.SERVICE), "lead1", 61, -55,
        "问题只在 9 月到货的一批；停售、召回并换密封圈后，这款水壶的投诉应当回到平常。",
        Figure.COMPLAINTS_PER_1000, (75, 61), ("仓库封存同批次", "逐一致电已购客户", "供应商更换密封圈并复检"),
        product=KETTLE, done=59, after=(58, 1), resources="召回运费与换新约 ¥12,000",
    ),
    _Plan(
        A.INEFFECTIVE, "账单页增加费用说明", ActionCause.COMPLAINTS, "多位客户看不懂安装费与运费的合计",
        (Aim.SERVICE,), "agent2", 95, -80, "说明写清楚后，费用投诉应当减少。",
        Figure.COMPLAINTS_PER_1000, (175, 95), ("改写账单页说明",),
        category=ComplaintCategory.BILLING, done=85, after=(84, 1), reason="费用投诉没有变少，另找原因",
    ),
    _Plan(
        A.VERIFYING, "投诉受理后两小时内由人致电", ActionCause.WEAK_CELL, "售后服务·体验格得分最低",
        (Aim.SPEED, Aim.SERVICE), "lead1", 40, -30, "早一点有人联系，解决会更快。",
        Figure.SOLVE_HOURS, (90, 41), ("排班加一个早班", "坐席台增加待致电清单"), done=28, after=(27, 1),
    ),
    _Plan(
        A.DONE, "退款超过 3 天自动提醒财务", ActionCause.QA, "质检发现退款常在财务等待",
        (Aim.SPEED, Aim.COST), "manager1", 20, -5, "有提醒后，按时解决率应当提高。",
        Figure.SOLVED_IN_TIME, (60, 21), ("订单系统加提醒", "财务确认口径"), done=1,
    ),
    _Plan(
        A.DOING, "更换华东末端配送商", ActionCause.SURGE, "华东仓换了分拨中心，末端送不完",
        (Aim.SPEED, Aim.COST), "lead1", 2, 12, "换回原配送商后，迟延投诉应当回到平常。",
        Figure.COMPLAINTS_PER_1000, (60, 6), ("与原配送商签临时协议", "分批切换线路", "通知受影响客户新的时间"),
        category=ComplaintCategory.LATE,
    ),
    _Plan(
        A.PLANNED, "安装师傅上门前一天再确认时间", ActionCause.COMPLAINTS, "约好没来的投诉每周都有",
        (Aim.QUALITY,), "agent1", 1, 20, "提前确认后，承诺兑现率应当提高。",
        Figure.KEPT_PROMISES, (60, 2), ("写短信模板", "派工系统加一步"),
    ),
    _Plan(
        A.DROPPED, "更换在线客服的背景音乐", ActionCause.OTHER, "有人觉得等待时无聊", (Aim.SERVICE,), "agent2", 70, -50,
        "等待时有音乐，满意率会高一点。", Figure.CSAT, (120, 71), ("选曲",), reason="与投诉原因无关，不再做",
    ),
)  # fmt: skip


async def sow_actions(
    session: AsyncSession, anchor: Anchor, staff_ids: Mapping[str, int], new_ids: Any
) -> int:
    """Writes the actions; how many. `new_ids(table, count)` hands out free ids."""
    ids = await new_ids(CorrectiveAction.__table__, len(PLANS))
    products = dict(
        (await session.execute(select(Product.model, Product.id).where(Product.is_demo))).tuples().all()
    )
    rows, events = [], []
    for id_, plan in zip(ids, PLANS, strict=True):
        row, trail = await _action(session, anchor, id_, plan, staff_ids, products)
        rows.append(row)
        events += trail
    await session.execute(insert(Base.metadata.tables[CorrectiveAction.__tablename__]), rows)
    event_ids = await new_ids(CorrectiveActionEvent.__table__, len(events))
    await session.execute(
        insert(Base.metadata.tables[CorrectiveActionEvent.__tablename__]),
        [{"id": id_, **event} for id_, event in zip(event_ids, events, strict=True)],
    )
    return len(rows)


async def _action(
    session: AsyncSession,
    anchor: Anchor,
    id_: int,
    plan: _Plan,
    staff_ids: Mapping[str, int],
    products: Mapping[str, int],
) -> tuple[Row, list[Row]]:
    trail = _Trail(id_)
    scope = Scope(category=plan.category, product_id=products[plan.product] if plan.product else None)
    created = anchor.at(plan.created, time(9, 30))
    due_on = anchor.today - timedelta(days=-plan.due)
    trail.add("created", plan.owner, created, to=A.PLANNED,
              data={"title": plan.title, "owner": plan.owner, "due_on": due_on.isoformat()})  # fmt: skip
    before = await _measured(session, anchor, plan, scope, plan.before)
    trail.add("measured_before", plan.owner, created + timedelta(hours=1), data=before.as_json())
    state, at = A.PLANNED, created + timedelta(hours=2)
    done_at = verified_at = None
    after = comparison = None
    verifier = "manager1" if plan.owner != "manager1" else "lead1"
    for to in _WAYS[plan.state]:
        if to is A.DONE:
            assert plan.done is not None
            at = done_at = anchor.at(plan.done, time(17, 0))
        elif to is A.VERIFYING:
            at = anchor.at(1, time(22, 30))
        elif to in (A.VERIFIED, A.INEFFECTIVE):
            at = verified_at = at + timedelta(minutes=20)
        actor = verifier if to in (A.VERIFIED, A.INEFFECTIVE) else plan.owner
        reason = {"reason": plan.reason} if to in (A.INEFFECTIVE, A.DROPPED) else {}
        trail.add("state", actor, at, before=state, to=to, data=reason)
        state = to
        if to is A.VERIFYING:
            assert plan.after is not None
            sample = await _measured(session, anchor, plan, scope, plan.after)
            after = sample.as_json()
            comparison = comparison_json(compare(before, sample, high_is_good=plan.figure.high_is_good))
            at += timedelta(minutes=10)
            trail.add("measured_after", verifier, at, data={"after": after, "comparison": comparison})
    is_carried_out = plan.state not in (A.PLANNED, A.DOING, A.DROPPED)
    return {
        "id": id_,
        "title": plan.title,
        "state": plan.state,
        "state_version": len(trail.events),
        "cause": plan.cause,
        "cause_note": plan.note,
        "cause_refs": list(plan.refs),
        "improves": [aim.value for aim in plan.improves],
        "owner_id": staff_ids[plan.owner],
        "due_on": due_on,
        "resources": plan.resources,
        "sub_tasks": [
            SubTask(task, None, due_on, is_carried_out or (plan.state is A.DOING and number == 0)).as_json()
            for number, task in enumerate(plan.tasks)
        ],
        "hypothesis": plan.hypothesis,
        "figure": plan.figure,
        "scope": scope.as_json(),
        "before": before.as_json(),
        "after": after,
        "comparison": comparison,
        "created_by": staff_ids[plan.owner],
        "created_at": created,
        "done_at": done_at,
        "verified_by": None if verified_at is None else staff_ids[verifier],
        "verified_at": verified_at,
        "is_demo": True,
    }, trail.events


async def _measured(
    session: AsyncSession, anchor: Anchor, plan: _Plan, scope: Scope, days: tuple[int, int]
) -> Sample:
    since, until = (anchor.today - timedelta(days=one) for one in days)
    return await measure(session, plan.figure, scope, since, until, now=anchor.now)


class _Trail:
    def __init__(self, action_id: int) -> None:
        self.action_id = action_id
        self.events: list[Row] = []

    def add(
        self,
        kind: str,
        actor: str,
        at: datetime,
        *,
        before: ActionState | None = None,
        to: ActionState | None = None,
        data: Row | None = None,
    ) -> None:
        previous = self.events[-1]["hash"] if self.events else GENESIS
        self.events.append(
            sealed_event(
                action_id=self.action_id,
                seq=len(self.events) + 1,
                kind=kind,
                actor=actor,
                at=at,
                previous_hash=previous,
                from_state=before,
                to_state=to,
                data=data,
            )
        )
