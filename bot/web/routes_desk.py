"""Addresses of the desk that came with its socket."""

from __future__ import annotations

from bot.web import desk_frames as frames
from bot.web import desk_rest, schemas
from bot.web import desk_schemas as shapes
from bot.web.desk_socket import desk_socket
from bot.web.route import Route
from care.rules.permissions import Permission

CONVERSATION = r"/api/desk/conversations/{conversation:[0-9a-f-]{36}}"
SERVE, REASSIGN = Permission.SERVE, Permission.REASSIGN

# fmt: off
DESK_ROUTES: tuple[Route, ...] = (
    Route("GET", "/ws/desk", desk_socket, SERVE, "坐席台连接"),
    Route("POST", "/api/desk/presence", desk_rest.set_presence, SERVE, "在线、忙碌、离开或小休", body=shapes.PresenceBody, answer=shapes.Me),
    Route("GET", "/api/desk/conversations", desk_rest.conversations, SERVE, "会话列表", query=shapes.ConversationsQuery, answer=shapes.Conversations),
    Route("GET", f"{CONVERSATION}/lines", desk_rest.lines, SERVE, "会话记录与备注", query=shapes.LinesQuery, answer=shapes.Lines),
    Route("GET", f"{CONVERSATION}/wrap_up", desk_rest.wrap_up, SERVE, "结束会话前已知的小结", answer=shapes.WrapUpDraft),
    Route("POST", f"{CONVERSATION}/note", desk_rest.act(frames.Note, shapes.NoteBody), SERVE, "内部备注", body=shapes.NoteBody, answer=shapes.Line),
    Route("POST", f"{CONVERSATION}/transfer", desk_rest.act(frames.Transfer, shapes.TransferBody), SERVE, "转给同事或技能组", body=shapes.TransferBody, answer=schemas.Nothing),
    Route("POST", f"{CONVERSATION}/ask_lead", desk_rest.act(frames.AskLead, shapes.AskLeadBody), SERVE, "请组长协助", body=shapes.AskLeadBody, answer=schemas.Nothing),
    Route("POST", f"{CONVERSATION}/step_in", desk_rest.act(frames.StepIn), REASSIGN, "组长介入接手", answer=schemas.Nothing),
    Route("POST", f"{CONVERSATION}/snooze", desk_rest.act(frames.Snooze, shapes.SnoozeBody), SERVE, "暂时搁置", body=shapes.SnoozeBody, answer=schemas.Nothing),
    Route("POST", f"{CONVERSATION}/unsnooze", desk_rest.act(frames.Unsnooze), SERVE, "取消搁置", answer=schemas.Nothing),
    Route("POST", f"{CONVERSATION}/draft", desk_rest.act(frames.Draft, shapes.DraftBody), SERVE, "保存草稿", body=shapes.DraftBody, answer=schemas.Nothing),
    Route("POST", f"{CONVERSATION}/read", desk_rest.act(frames.Read, shapes.ReadBody), SERVE, "已读到", body=shapes.ReadBody, answer=schemas.Nothing),
    Route("GET", "/api/desk/notices", desk_rest.own_notices, SERVE, "我的通知", answer=shapes.Notices),
    Route("POST", r"/api/desk/notices/{notice:\d{1,9}}/read", desk_rest.read_notice, SERVE, "通知已读", answer=schemas.Nothing),
    Route("GET", "/api/desk/skills", desk_rest.skills, SERVE, "技能组", answer=shapes.Skills),
)
# fmt: on
