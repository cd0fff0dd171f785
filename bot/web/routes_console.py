"""Addresses of the managers' console: leads and above; exports from managers on."""

from __future__ import annotations

from bot.web import console_api, console_bot
from bot.web import console_lists as lists
from bot.web import console_schemas as schemas
from bot.web.route import Route
from bot.web.schemas import Nothing
from care.rules.permissions import Permission

VIEW_CONSOLE, WRITE_KNOWLEDGE, EXPORT = Permission.VIEW_CONSOLE, Permission.WRITE_KNOWLEDGE, Permission.EXPORT
_BASE = "/api/console"
_QUESTION = rf"{_BASE}/bot/unanswered/{{id:\d{{1,9}}}}"

# fmt: off
CONSOLE_ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_BASE}/today", console_api.today, VIEW_CONSOLE, "此刻的店铺", answer=schemas.Today),
    Route("GET", f"{_BASE}/satisfaction", console_api.satisfaction, VIEW_CONSOLE, "满意度", query=schemas.SatisfactionQuery, answer=schemas.Satisfaction),
    Route("GET", f"{_BASE}/satisfaction/answers", console_api.answers, VIEW_CONSOLE, "满意度背后的回答", query=schemas.AnswersQuery, answer=schemas.AnswerPage),
    Route("GET", f"{_BASE}/contacts", console_api.contacts, VIEW_CONSOLE, "数字背后的来访", query=lists.ContactsQuery, answer=lists.ContactPage),
    Route("GET", f"{_BASE}/promises", console_api.promises, VIEW_CONSOLE, "承诺列表", query=lists.PromisesQuery, answer=lists.PromisePage),
    Route("GET", f"{_BASE}/service", console_api.service, VIEW_CONSOLE, "服务指标", query=schemas.PeriodQuery, answer=schemas.Service),
    Route("GET", f"{_BASE}/team", console_api.team, VIEW_CONSOLE, "团队", query=schemas.PeriodQuery, answer=lists.Team),
    Route("GET", f"{_BASE}/bot", console_bot.overview, VIEW_CONSOLE, "智能客服", query=schemas.PeriodQuery, answer=lists.Bot),
    Route("GET", f"{_BASE}/bot/unanswered", console_bot.unanswered, VIEW_CONSOLE, "没答上来的问题", query=lists.UnansweredQuery, answer=lists.UnansweredPage),
    Route("POST", f"{_QUESTION}/answer", console_bot.answer, WRITE_KNOWLEDGE, "写下答案", body=lists.KnowledgeAnswer, answer=lists.KnowledgeWritten),
    Route("POST", f"{_QUESTION}/dismiss", console_bot.dismiss, WRITE_KNOWLEDGE, "不用回答", answer=Nothing),
    Route("GET", f"{_BASE}/complaints/export", console_api.export_complaints, EXPORT, "导出筛选后的投诉", query=lists.ExportQuery),
)
# fmt: on
