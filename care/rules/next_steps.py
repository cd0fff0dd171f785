"""What happens next with a return, a visit, an invoice or a complaint, as it is told to the customer."""

from __future__ import annotations

from care.rules.complaint import ComplaintState as C
from care.rules.order_terms import InvoiceState, ReturnKind, ReturnState, VisitKind, VisitState

COMPLAINT: dict[C, str] = {
    C.RECEIVED: "已登记，正在安排处理人员",
    C.ACKNOWLEDGED: "正在评估，处理人员会核实情况",
    C.ASSESSED: "正在安排调查",
    C.INVESTIGATING: "正在调查，有结果会告诉您",
    C.WAITING_CUSTOMER: "等您补充信息后继续处理",
    C.PROPOSED: "已有处理方案，等您确认",
    C.EXECUTING: "方案已确认，正在执行",
    C.REOPENED: "已重新处理，正在评估",
}

_RETURN = {
    ReturnState.APPLIED: "等待审核",
    ReturnState.UNDER_REVIEW: "人工正在审核，审核后答复您",
    ReturnState.SENT_BACK: "商品正在寄回，收到后处理",
    ReturnState.REFUNDED: "退款已原路退回，到账时间以银行为准",
    ReturnState.EXCHANGED: "换的商品已寄出",
    ReturnState.CANCELLED: "已按您的要求撤销",
}


def of_return(state: ReturnState, kind: ReturnKind) -> str:
    if state is ReturnState.APPROVED:
        return "等待退款" if kind is ReturnKind.REFUND else "快递会联系您上门取件，请保留好商品和配件"
    if state is ReturnState.RECEIVED:
        return "已收到退件，正在换货" if kind is ReturnKind.EXCHANGE else "已收到退件，7 天内原路退款"
    return _RETURN[state]


def of_visit(state: VisitState, kind: VisitKind) -> str:
    return {
        VisitState.BOOKED: f"师傅会在约好的时间上门{kind.label}，上门前会打电话",
        VisitState.DONE: f"{kind.label}已完成",
        VisitState.UNSOLVED: "这次没有修好，可以再约一次；修过两次仍不好可以换货或退货",
        VisitState.CANCELLED: "已按您的要求取消",
    }[state]


def of_invoice(state: InvoiceState) -> str:
    return {
        InvoiceState.REQUESTED: "签收后 24 小时内开出，发到您的邮箱",
        InvoiceState.ISSUED: "已发到您的邮箱",
        InvoiceState.CORRECTING: "旧票已作废，新票正在开具",
        InvoiceState.VOID: "已作废",
    }[state]


def of_complaint(state: C) -> str:
    """Empty for a case that has ended: its state says all."""
    return COMPLAINT.get(state, "")
