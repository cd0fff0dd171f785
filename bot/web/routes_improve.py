"""The addresses of improvement and win-back, for leads and above."""

from __future__ import annotations

from bot.web import improve_api, improve_schemas, winback_schemas
from bot.web.route import Route
from care.rules.permissions import Permission

IMPROVE = Permission.IMPROVE
_BASE = "/api/desk/improve"
_ALARM = rf"{_BASE}/alarms/{{id:\d{{1,9}}}}"
_ACTION = rf"{_BASE}/actions/{{id:\d{{1,9}}}}"
_WINBACK = rf"{_BASE}/winbacks/{{id:\d{{1,9}}}}"

# fmt: off
IMPROVE_ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_BASE}/alarms", improve_api.alarms, IMPROVE, "投诉激增预警", query=improve_schemas.AlarmQuery, answer=improve_schemas.AlarmPage),
    Route("GET", _ALARM, improve_api.alarm, IMPROVE, "一次预警，含控制图与投诉", answer=improve_schemas.AlarmSheet),
    Route("POST", f"{_ALARM}/acknowledge", improve_api.acknowledge, IMPROVE, "知悉预警", answer=improve_schemas.Alarm),
    Route("POST", f"{_ALARM}/cause", improve_api.set_cause, IMPROVE, "写明预警的原因", body=improve_schemas.CauseGiven, answer=improve_schemas.Alarm),
    Route("POST", f"{_ALARM}/close", improve_api.close_alarm, IMPROVE, "关闭预警", body=improve_schemas.AlarmClose, answer=improve_schemas.Alarm),
    Route("GET", f"{_BASE}/causes", improve_api.causes, IMPROVE, "同一原因的未办结投诉", query=improve_schemas.CauseQuery, answer=improve_schemas.SameCauses),
    Route("GET", f"{_BASE}/actions", improve_api.actions, IMPROVE, "改进措施", query=improve_schemas.ActionQuery, answer=improve_schemas.ActionPage),
    Route("POST", f"{_BASE}/actions", improve_api.create_action, IMPROVE, "新建改进措施", body=improve_schemas.ActionWish, answer=improve_schemas.Action),
    Route("GET", _ACTION, improve_api.action, IMPROVE, "一项改进措施，含经过", answer=improve_schemas.Action),
    Route("POST", _ACTION, improve_api.change_action, IMPROVE, "修改改进措施", body=improve_schemas.ActionWish, answer=improve_schemas.Action),
    Route("POST", f"{_ACTION}/before", improve_api.measure_before, IMPROVE, "测量实施前的数值", body=improve_schemas.Measure, answer=improve_schemas.Action),
    Route("POST", f"{_ACTION}/after", improve_api.measure_after, IMPROVE, "测量实施后的数值并比较", body=improve_schemas.Measure, answer=improve_schemas.Action),
    Route("POST", f"{_ACTION}/move", improve_api.move_action, IMPROVE, "推进改进措施", body=improve_schemas.ActionMove, answer=improve_schemas.Action),
    Route("GET", f"{_BASE}/winbacks", improve_api.winback_list, IMPROVE, "挽回任务", query=winback_schemas.WinbackQuery, answer=winback_schemas.WinbackPage),
    Route("GET", _WINBACK, improve_api.winback, IMPROVE, "一个挽回任务，含经过", answer=winback_schemas.Winback),
    Route("POST", f"{_WINBACK}/assign", improve_api.assign_winback, IMPROVE, "指派挽回任务", body=winback_schemas.WinbackAssign, answer=winback_schemas.Winback),
    Route("POST", f"{_WINBACK}/move", improve_api.move_winback, IMPROVE, "推进挽回任务", body=winback_schemas.WinbackMoveWish, answer=winback_schemas.Winback),
)
# fmt: on
