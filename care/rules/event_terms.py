"""What an event of a complaint's trail is called."""

from __future__ import annotations

from care.rules.labelled import Labelled


class EventKind(Labelled):
    """Kinds whose wording people read; the trail may hold others, which stand for themselves."""

    OPENED = "opened", "开始登记"
    DRAFT_UPDATED = "draft_updated", "补充登记"
    STATE = "state", "状态变更"
    ASSIGNED = "assigned", "指派"
    GRADED = "graded", "调整严重程度"
    NOTE = "note", "备注"
    REMINDER = "reminder", "提醒客户"
    REMEDY_DONE = "remedy_done", "补救完成"
    APPROVAL_ASKED = "approval_asked", "申请审批"
    APPROVAL_DECIDED = "approval_decided", "审批结果"
    PROMISED = "promised", "作出承诺"
    PROMISE_DONE = "promise_done", "承诺兑现"
    AUTHORITY = "authority", "主管部门介入"
    CAUSE = "cause", "调查结论"
    CORRECTED = "corrected", "更正信息"
    LINKED = "linked", "关联"
    UNLINKED = "unlinked", "取消关联"
    ABSORBED = "absorbed", "并入其他投诉"
    CUSTOMER_TOLD = "customer_told", "告知客户"
    ESCALATED = "escalated", "超时升级"
    EVIDENCE = "evidence", "补充证据"
    LOCKED = "locked", "封存"


def event_label(kind: str) -> str:
    return EventKind.labels().get(kind, kind)
