"""Addresses around a hand-over: what is passed on, ready-made replies, call-backs, hours."""

from __future__ import annotations

from bot.web import context_api, context_schemas, handover_api
from bot.web import handover_schemas as shapes
from bot.web.route import CONVERSATION, Route
from bot.web.schemas import Nothing
from care.rules.permissions import Permission

SERVE, MANAGE_SETTINGS = Permission.SERVE, Permission.MANAGE_SETTINGS
_CANNED = r"/api/desk/canned/{id:\d{1,9}}"
_CALLBACK = r"/api/desk/callbacks/{id:\d{1,9}}"
_HOURS = "/api/staff/hours"

# fmt: off
HANDOVER_ROUTES: tuple[Route, ...] = (
    Route("GET", f"{CONVERSATION}/context", context_api.context, SERVE, "接手前要知道的一切", answer=context_schemas.Context),
    Route("GET", "/api/desk/canned", handover_api.find_canned, SERVE, "快捷回复，可按拼音或首字母找", query=shapes.CannedQuery, answer=shapes.CannedList),
    Route("POST", "/api/desk/canned", handover_api.create_canned, SERVE, "新建快捷回复", body=shapes.CannedBody, answer=shapes.CannedShown),
    Route("PUT", _CANNED, handover_api.change_canned, SERVE, "修改快捷回复", body=shapes.CannedBody, answer=shapes.CannedShown),
    Route("DELETE", _CANNED, handover_api.remove_canned, SERVE, "删除快捷回复", answer=Nothing),
    Route("POST", f"{_CANNED}/used", handover_api.use_canned, SERVE, "用了一次快捷回复", answer=Nothing),
    Route("GET", "/api/desk/callbacks", handover_api.list_callbacks, SERVE, "回电任务", query=shapes.CallbackQuery, answer=shapes.CallbackList),
    Route("POST", f"{_CALLBACK}/take", handover_api.take_callback, SERVE, "领取回电", answer=shapes.CallbackShown),
    Route("POST", f"{_CALLBACK}/done", handover_api.done_callback, SERVE, "记录回电结果", body=shapes.CallbackDone, answer=shapes.CallbackShown),
    Route("POST", f"{_CALLBACK}/cancel", handover_api.cancel_callback, SERVE, "客户不用回电了", body=shapes.CallbackCancel, answer=shapes.CallbackShown),
    Route("GET", _HOURS, handover_api.hours, Permission.VIEW_QUEUE, "人工服务时间", answer=shapes.HoursShown),
    Route("POST", _HOURS, handover_api.set_week, MANAGE_SETTINGS, "设置每周服务时间", body=shapes.WeekBody, answer=shapes.HoursShown),
    Route("POST", f"{_HOURS}/days", handover_api.set_day, MANAGE_SETTINGS, "设置特别的一天", body=shapes.DayBody, answer=shapes.HoursShown),
    Route("DELETE", _HOURS + r"/days/{day:\d{4}-\d{2}-\d{2}}", handover_api.unset_day, MANAGE_SETTINGS, "取消特别的一天", answer=shapes.HoursShown),
)
# fmt: on
