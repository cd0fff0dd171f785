"""Addresses of the managers' console: leads and above; exports from managers on."""

from __future__ import annotations

from bot.web import console_api
from bot.web import console_lists as lists
from bot.web import console_schemas as schemas
from bot.web.route import Route
from care.rules.permissions import Permission

VIEW_CONSOLE = Permission.VIEW_CONSOLE
_BASE = "/api/console"

# fmt: off
CONSOLE_ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_BASE}/satisfaction", console_api.satisfaction, VIEW_CONSOLE, "满意度", query=schemas.SatisfactionQuery, answer=schemas.Satisfaction),
    Route("GET", f"{_BASE}/satisfaction/answers", console_api.answers, VIEW_CONSOLE, "满意度背后的回答", query=schemas.AnswersQuery, answer=schemas.AnswerPage),
    Route("GET", f"{_BASE}/contacts", console_api.contacts, VIEW_CONSOLE, "数字背后的来访", query=lists.ContactsQuery, answer=lists.ContactPage),
    Route("GET", f"{_BASE}/promises", console_api.promises, VIEW_CONSOLE, "承诺列表", query=lists.PromisesQuery, answer=lists.PromisePage),
)
# fmt: on
