"""Addresses around a hand-over: what is passed on, ready-made replies, call-backs, hours."""

from __future__ import annotations

from bot.web import context_api, context_schemas
from bot.web.route import CONVERSATION, Route
from care.rules.permissions import Permission

SERVE = Permission.SERVE

# fmt: off
HANDOVER_ROUTES: tuple[Route, ...] = (
    Route("GET", f"{CONVERSATION}/context", context_api.context, SERVE, "接手前要知道的一切", answer=context_schemas.Context),
)
# fmt: on
