"""What members of staff are told about without asking."""

from __future__ import annotations

from care.rules.labelled import Labelled


class NoticeKind(Labelled):
    ESCALATION = "escalation", "投诉升级"
    ASSIGNED = "assigned", "新交办"
    OVERDUE = "overdue", "已超时"
    SAFETY = "safety", "安全事件"
    APPROVAL_WANTED = "approval_wanted", "等待审批"
    MENTION = "mention", "提到了您"
    LEAD_WANTED = "lead_wanted", "请组长协助"
    SURGE = "surge", "投诉激增"
    PROMISE_DUE = "promise_due", "承诺将到期"
    NEW_IN_QUEUE = "new_in_queue", "新的排队"
    EVIDENCE = "evidence", "新的证据"
    CUSTOMER_ANSWERED = "customer_answered", "客户已回复"
    LOW_SCORE = "low_score", "低分评价"
    OTHER = "other", "其他"
