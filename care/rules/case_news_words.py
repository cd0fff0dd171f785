"""What a customer is told when something has changed with their complaint, and what can be answered to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from care.rules.case_words import CaseAsk
from care.rules.complaint_terms import ComplaintState as S
from care.rules.outside_ways import IN_SHORT
from care.rules.times import format_moment

#: What in the trail is told about beside a change of state.
REMEDY_DONE, REMINDER = "remedy_done", "reminder"
_LONGEST = 300
_NEUTRAL = "您有一件投诉有了新进展，说“查投诉进度”并核实身份后就能看到。"


@dataclass(frozen=True)
class News:
    """Facts of one change.

    Attributes:
        before: the state before.
        solve_due_at, first_result_at: promised times, aware, where they still lie ahead.
        wanted: what the customer is asked for.
        remedy: label of the agreed remedy.
        detail: what was done.
        merged_into: number of the surviving case.
    """

    number: str
    state: S
    now: datetime
    kind: str = "state"
    before: S | None = None
    first_result_at: datetime | None = None
    solve_due_at: datetime | None = None
    wanted: str | None = None
    proposal: str | None = None
    remedy: str | None = None
    detail: str | None = None
    merged_into: str | None = None


def in_chat(news: News) -> str:
    """The line in the conversation, marked as said by a machine."""
    return f"智能客服通知：您的投诉 {news.number} {_words(news)}"


def in_chat_for_nobody_known() -> str:
    """The line in a conversation whose customer is not proven now: no number and nothing of the matter."""
    return f"智能客服通知：{_NEUTRAL}"


def by_sms(news: News, shop: str) -> str:
    answer = "请回到在线客服答复。" if asked(news) else "详情可在在线客服查进度。"
    return f"【{shop}】您的投诉 {news.number} {_words(news)}{answer}"


def asked(news: News) -> CaseAsk | None:
    """What the customer is asked by this news."""
    if news.state is S.PROPOSED:
        return CaseAsk.PROPOSAL
    if news.state is S.WAITING_CUSTOMER:
        return CaseAsk.WANTED
    is_done = news.kind == REMEDY_DONE or (news.kind == REMINDER and news.state is S.EXECUTING)
    return CaseAsk.CONTENT if is_done else None


def buttons(news: News) -> list[dict[str, str]]:
    """Answers that stand for themselves, so that they mean the same hours later."""
    ask = asked(news)
    if ask is CaseAsk.PROPOSAL:
        return [_button("接受", "accept", news.number), _button("不接受", "refuse", news.number)]
    if ask is CaseAsk.CONTENT:
        return [
            _button("满意，可以结束", "content", news.number),
            _button("还没处理好", "not_yet", news.number),
        ]
    if news.state in (S.CLOSED, S.UNRESOLVED):
        return [_button("不满意，重新处理", "reopen", news.number)]
    return []


def _button(title: str, act: str, number: str) -> dict[str, str]:
    return {
        "title": title,
        "payload": f"/case_progress{json.dumps({'answer': f'{act}:{number}'}, ensure_ascii=False)}",
    }


def _words(news: News) -> str:
    if news.kind == REMEDY_DONE:
        done = f"：{_cut(news.detail)}" if news.detail else ""
        return f"已按方案处理完{done}。您满意吗？"
    if news.kind == REMINDER:
        return _reminder(news)
    by_solve = f"，{format_moment(news.solve_due_at, now=news.now)}前处理完" if news.solve_due_at else ""
    by_first = (
        f"，{format_moment(news.first_result_at, now=news.now)}前给您首次结果" if news.first_result_at else ""
    )
    match news.state:
        case S.RECEIVED:
            return f"已受理{by_first or by_solve}。"
        case S.ACKNOWLEDGED:
            return f"已有专人负责{by_first or by_solve}。"
        case S.ASSESSED:
            return f"已完成评审，接下来调查{by_solve}。"
        case S.INVESTIGATING if news.before is S.WAITING_CUSTOMER:
            return f"已收到补充，继续调查{by_solve}。"
        case S.INVESTIGATING if news.before is S.PROPOSED:
            return "没有接受的方案已撤下，交上一级重新处理。"
        case S.INVESTIGATING:
            return f"正在调查{by_solve}，有结果马上告诉您。"
        case S.WAITING_CUSTOMER:
            return f"需要您补充：{_cut(news.wanted) or '与这件事有关的情况'}。在这里直接回复就行。"
        case S.PROPOSED:
            return f"有处理方案了：{_cut(news.proposal)}。您接受吗？不接受可以说说您的要求。"
        case S.EXECUTING:
            return f"方案已确认，正在执行{f'（{news.remedy}）' if news.remedy else ''}{by_solve}。"
        case S.CLOSED:
            return "已处理完并结束。您对结果满意吗？不满意的话，30 天内可以要求重新处理。"
        case S.UNRESOLVED:
            return f"双方没有达成一致，记为未接受。您还可以：{IN_SHORT}。30 天内也可以要求重新处理。"
        case S.REOPENED:
            return "已重新受理，正在重新评审。"
        case S.WITHDRAWN:
            return "已按您的意愿撤回，经同事复核，不再处理。"
        case S.RECLASSIFIED:
            return "经复核改为咨询处理；不同意的话请告诉我们。"
        case S.MERGED:
            return f"与 {news.merged_into or '您的另一件投诉'} 是同一件事，已合并办理，请以那个编号为准。"
    return f"现在是“{news.state.label}”。"


def _reminder(news: News) -> str:
    match news.state:
        case S.PROPOSED:
            return f"的处理方案还在等您答复：{_cut(news.proposal)}。您接受吗？"
        case S.WAITING_CUSTOMER:
            return f"还在等您补充：{_cut(news.wanted) or '与这件事有关的情况'}。在这里直接回复就行。"
        case S.EXECUTING:
            return "已按方案处理完，还在等您确认。您满意吗？"
    return f"现在是“{news.state.label}”，还在等您回复。"


def _cut(text: str | None) -> str:
    text = " ".join((text or "").split()).rstrip("。.；;，, ")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
