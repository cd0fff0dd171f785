"""Addresses of working on complaints. `{case}` is the number, or the internal id of a draft that has none yet."""

from __future__ import annotations

from bot.web import case_api, case_bodies
from bot.web import case_schemas as schemas
from bot.web.route import Route
from care.rules.permissions import Permission

HANDLE, SECOND_PERSON, EXPORT = Permission.HANDLE_COMPLAINT, Permission.SECOND_PERSON, Permission.EXPORT
_CASE = r"/api/desk/complaints/{case:TS-\d{8}-\d{4,6}|\d{1,9}}"
_CONVERSATION = r"/api/desk/conversations/{conversation:[0-9a-f-]{36}}"
_APPROVAL = f"{_CASE}/approvals/{{id:\\d{{1,9}}}}"

# fmt: off
CASE_ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/desk/complaints", case_api.find, HANDLE, "投诉列表", query=case_bodies.CaseQuery, answer=schemas.CasePage),
    Route("GET", "/api/desk/complaint_terms", case_api.terms, HANDLE, "投诉表单的选项", answer=schemas.CaseTerms),
    Route("GET", "/api/desk/approvals", case_api.all_approvals, HANDLE, "审批列表", query=case_bodies.ApprovalQuery, answer=schemas.Approvals),
    Route("GET", _CASE, case_api.read, HANDLE, "投诉全貌", answer=schemas.CaseSheet),
    Route("GET", f"{_CASE}/events", case_api.events, HANDLE, "投诉记录与校验", answer=schemas.CaseEvents),
    Route("GET", f"{_CASE}/approvals", case_api.case_approvals, HANDLE, "一件投诉的审批", answer=schemas.Approvals),
    Route("GET", f"{_CASE}/export", case_api.export, EXPORT, "导出投诉档案"),
    Route("POST", f"{_CASE}/move", case_api.move, HANDLE, "变更状态", body=case_bodies.CaseMove, answer=schemas.Acted),
    Route("POST", f"{_CASE}/note", case_api.note, HANDLE, "加备注", body=case_bodies.NoteWish, answer=schemas.Acted),
    Route("POST", f"{_CASE}/grade", case_api.grade, HANDLE, "调整严重程度", body=case_bodies.GradeWish, answer=schemas.Acted),
    Route("POST", f"{_CASE}/assign", case_api.assign, HANDLE, "领取或改派", body=case_bodies.AssignWish, answer=schemas.Acted),
    Route("POST", f"{_CASE}/remind", case_api.remind, HANDLE, "提醒客户答复", body=case_bodies.RemindWish, answer=schemas.Acted),
    Route("POST", f"{_CASE}/remedy_done", case_api.remedy_done, HANDLE, "登记补救完成", body=case_bodies.DoneWish, answer=schemas.Acted),
    Route("POST", f"{_CASE}/promises", case_api.promise, HANDLE, "记下承诺", body=case_bodies.PromiseWish, answer=schemas.Acted),
    Route("POST", f"{_CASE}/promises/{{id:\\d{{1,9}}}}/done", case_api.promise_done, HANDLE, "承诺已兑现", answer=schemas.Acted),
    Route("GET", f"{_CASE}/escalations", case_api.escalation_steps, HANDLE, "升级步骤", answer=schemas.EscalationSteps),
    Route("POST", f"{_CASE}/authority", case_api.authority, HANDLE, "监管部门已受理", body=case_bodies.AuthorityWish, answer=schemas.Acted),
    Route("POST", f"{_CASE}/cause", case_api.cause, HANDLE, "调查结论与根因", body=case_bodies.CauseWish, answer=schemas.Acted),
    Route("POST", f"{_CASE}/correct", case_api.correct, HANDLE, "更正投诉信息", body=case_bodies.CaseCorrection, answer=schemas.Acted),
    Route("POST", f"{_CASE}/merge", case_api.merge, HANDLE, "申请并入另一件", body=case_bodies.MergeCases, answer=schemas.Acted),
    Route("POST", f"{_CASE}/link", case_api.link, HANDLE, "关联另一件", body=case_bodies.LinkWish, answer=schemas.Acted),
    Route("POST", f"{_CASE}/unlink", case_api.unlink, HANDLE, "取消关联", body=case_bodies.UnlinkWish, answer=schemas.Acted),
    Route("POST", f"{_APPROVAL}/agree", case_api.agree, SECOND_PERSON, "同意并执行", body=case_bodies.Decide, answer=schemas.Acted),
    Route("POST", f"{_APPROVAL}/refuse", case_api.refuse, SECOND_PERSON, "不同意", body=case_bodies.Decide, answer=schemas.Acted),
    Route("POST", f"{_CONVERSATION}/complaint", case_api.open_case, HANDLE, "从会话登记投诉", body=case_bodies.OpenCase, answer=schemas.Acted),
)
# fmt: on
