"""Every address of the service, with who may use it on its line."""

from __future__ import annotations

from bot.web import (
    customer_api,
    customer_schemas,
    desk_api,
    desk_schemas,
    evidence_api,
    health,
    me_api,
    me_schemas,
    openapi,
    pages,
    schemas,
)
from bot.web.chat import chat_socket
from bot.web.route import Access, Handler, Route
from bot.web.routes_cases import CASE_ROUTES
from bot.web.routes_console import CONSOLE_ROUTES
from bot.web.routes_desk import DESK_ROUTES
from bot.web.routes_handover import HANDOVER_ROUTES
from bot.web.routes_improve import IMPROVE_ROUTES
from bot.web.routes_staff import STAFF_ROUTES
from care.rules.permissions import Permission

ANYONE, SIGNED_IN = Access.PUBLIC, Access.SIGNED_IN
VIEW_QUEUE, SERVE = Permission.VIEW_QUEUE, Permission.SERVE
_CONVERSATION = r"/api/desk/conversations/{conversation:[0-9a-f-]{36}}"
_EVIDENCE = r"/api/evidence/{evidence:[0-9a-f-]{36}}"
_CUSTOMER = r"/api/desk/customers/{customer:[0-9a-f-]{36}}"
VIEW_CUSTOMER, EDIT_CUSTOMER = Permission.VIEW_CUSTOMER, Permission.EDIT_CUSTOMER
SECOND_PERSON, SIGN_TIER = Permission.SECOND_PERSON, Permission.SIGN_TIER

__all__ = ["ROUTES", "Access", "Handler", "Route"]

# fmt: off
ROUTES: tuple[Route, ...] = (
    Route("GET", "/", pages.front, ANYONE, "首页，转到聊天页"),
    Route("GET", "/chat", pages.chat, ANYONE, "聊天页"),
    Route("GET", "/desk", pages.desk, ANYONE, "坐席台"),
    Route("GET", "/console", pages.console, ANYONE, "管理台"),
    Route("GET", "/privacy", pages.privacy, ANYONE, "隐私说明"),
    Route("GET", "/me", pages.me, ANYONE, "我的信息"),
    Route("GET", "/widget.js", pages.widget, ANYONE, "嵌入脚本"),
    Route("GET", "/assets/{path:.+}", pages.asset, ANYONE, "前端文件"),
    Route("GET", "/plain.css", pages.style, ANYONE, "说明页的样式"),
    Route("GET", "/ws/chat", chat_socket, ANYONE, "聊天连接"),
    Route("GET", "/healthz", health.healthz, ANYONE, "进程是否存活", answer=schemas.Health),
    Route("GET", "/readyz", health.readyz, ANYONE, "各部分是否就绪", answer=schemas.Readiness),
    Route("GET", "/metrics", health.metrics, ANYONE, "监控指标，仅本机与工作人员"),  # checks by itself: no session on loopback
    Route("GET", "/api/openapi.json", openapi.document, ANYONE, "本接口文档"),
    # The visitor's own: each handler asks whose conversation the token in the header opens.
    Route("GET", "/api/me", me_api.me, ANYONE, "本人的信息", answer=me_schemas.Me),
    Route("POST", "/api/me/consents", me_api.change_consent, ANYONE, "同意或撤回", body=me_schemas.ConsentChange, answer=me_schemas.MyConsent),
    Route("POST", "/api/me/export", me_api.request_export, ANYONE, "申请导出", answer=me_schemas.MyRequest),
    Route("GET", r"/api/me/export/{token:[A-Za-z0-9_-]{43}}", me_api.download, ANYONE, "下载导出，一次有效"),
    Route("POST", "/api/me/deletion", me_api.request_deletion, ANYONE, "申请删除", answer=me_schemas.MyRequest),
    Route("POST", r"/api/me/deletion/{number:QL-\d{8}-\d{4,6}}/cancel", me_api.cancel_deletion, ANYONE, "撤回删除申请", answer=me_schemas.MyRequest),
    Route("POST", "/api/chat/evidence", evidence_api.upload, ANYONE, "发送图片", answer=evidence_api.Uploaded, is_for_widget=True),
    Route("GET", _EVIDENCE, evidence_api.picture, ANYONE, "图片证据，本人或能看到该会话的坐席", is_for_widget=True),
    Route("GET", f"{_EVIDENCE}/preview", evidence_api.preview, ANYONE, "图片证据的缩略图", is_for_widget=True),
    *STAFF_ROUTES,
    *HANDOVER_ROUTES,
    Route("GET", "/api/desk/queue", desk_api.queue, VIEW_QUEUE, "排队中的会话", answer=schemas.Queue),
    Route("GET", _CONVERSATION, desk_api.read_transcript, SERVE, "会话状态与记录", query=schemas.TranscriptQuery, answer=schemas.Transcript),
    Route("POST", f"{_CONVERSATION}/take", desk_api.take, SERVE, "接管会话", answer=schemas.Stand),
    Route("POST", f"{_CONVERSATION}/send", desk_api.send, SERVE, "以坐席身份回复", body=schemas.Say, answer=schemas.Line),
    Route("POST", f"{_CONVERSATION}/typing", desk_api.typing, SERVE, "正在输入", answer=schemas.Nothing),
    Route("POST", f"{_CONVERSATION}/return_to_bot", desk_api.return_to_bot, SERVE, "交还智能客服", body=desk_schemas.ReturnBody, answer=schemas.Stand),
    Route("POST", f"{_CONVERSATION}/close", desk_api.close, SERVE, "结束会话，可附小结", body=desk_schemas.CloseBody, answer=schemas.Stand),
    *DESK_ROUTES,
    Route("GET", "/api/desk/customers", customer_api.search, VIEW_CUSTOMER, "查找客户", query=customer_schemas.CustomerQuery, answer=customer_schemas.CustomerPage),
    Route("GET", _CUSTOMER, customer_api.sheet, VIEW_CUSTOMER, "客户全貌", query=customer_schemas.SheetQuery, answer=customer_schemas.Sheet),
    Route("POST", f"{_CUSTOMER}/fields", customer_api.correct, EDIT_CUSTOMER, "更正一项资料", body=customer_schemas.FieldCorrection, answer=schemas.Nothing),
    Route("POST", f"{_CUSTOMER}/key_account", customer_api.sign, SIGN_TIER, "签批大客户评分", body=customer_schemas.Scores, answer=customer_schemas.KeyAccountShown),
    Route("GET", "/api/desk/quality", customer_api.issue_counts, VIEW_CUSTOMER, "资料问题的数量", answer=customer_schemas.IssueCounts),
    Route("GET", "/api/desk/quality/{issue:[a-z]+}", customer_api.issues, VIEW_CUSTOMER, "一类资料问题", query=customer_schemas.IssueQuery, answer=customer_schemas.IssuePage),
    Route("POST", r"/api/desk/quality/issues/{id:\d{1,9}}/dismiss", customer_api.dismiss, EDIT_CUSTOMER, "不是问题", answer=schemas.Nothing),
    Route("GET", "/api/desk/merges", customer_api.merges, SECOND_PERSON, "合并记录", query=customer_schemas.MergeQuery, answer=customer_schemas.MergePage),
    Route("POST", "/api/desk/merges", customer_api.merge, SECOND_PERSON, "合并重复客户", body=customer_schemas.MergeWish, answer=customer_schemas.Merge),
    Route("POST", r"/api/desk/merges/{id:\d{1,9}}/undo", customer_api.undo_merge, SECOND_PERSON, "撤销合并", answer=customer_schemas.Merge),
    *IMPROVE_ROUTES,
    *CASE_ROUTES,
    *CONSOLE_ROUTES,
)
# fmt: on
