"""Words of what a customer may ask the order system to do: returns, visits, invoices, changes of delivery."""

from __future__ import annotations

from care.rules.labelled import Labelled


class CancelOutcome(Labelled):
    """What became of the wish to cancel an order."""

    CANCELLED = "cancelled", "已取消"
    INTERCEPTING = "intercepting", "拦截中"
    TOO_LATE = "too_late", "已签收，可申请退货"


class ReturnKind(Labelled):
    RETURN = "return", "退货"
    EXCHANGE = "exchange", "换货"
    REFUND = "refund", "仅退款"


class ReturnState(Labelled):
    APPLIED = "applied", "已申请"
    APPROVED = "approved", "已同意"
    UNDER_REVIEW = "under_review", "人工审核中"
    SENT_BACK = "sent_back", "寄回中"
    RECEIVED = "received", "已收到退件"
    REFUNDED = "refunded", "已退款"
    EXCHANGED = "exchanged", "已换出"
    CANCELLED = "cancelled", "已撤销"


class VisitKind(Labelled):
    REPAIR = "repair", "维修"
    INSTALLATION = "installation", "安装"


class VisitState(Labelled):
    BOOKED = "booked", "已预约"
    DONE = "done", "已完成"
    UNSOLVED = "unsolved", "未修好"
    CANCELLED = "cancelled", "已取消"


class DaySlot(Labelled):
    """Parts of a day in which somebody comes, Asia/Shanghai."""

    MORNING = "morning", "上午(9–12点)"
    AFTERNOON = "afternoon", "下午(13–18点)"
    EVENING = "evening", "晚上(18–21点)"


class InvoiceKind(Labelled):
    PERSONAL = "personal", "个人普通发票"
    COMPANY = "company", "企业普通发票"
    SPECIAL = "special", "增值税专用发票"


class InvoiceState(Labelled):
    REQUESTED = "requested", "已申请"
    ISSUED = "issued", "已开具"
    CORRECTING = "correcting", "更正中"
    VOID = "void", "已作废"


class OrderPromise(Labelled):
    """What is promised when an order, a return, a visit or an invoice is taken in hand."""

    REFUND = "refund", "原路退款"
    INTERCEPT = "intercept", "告知拦截结果"
    HURRY = "hurry", "答复催办"
    PICK_UP = "pick_up", "安排上门取件"
    REVIEW = "review", "答复人工审核"
    VISIT = "visit", "上门服务"
    INVOICE = "invoice", "开具发票"
