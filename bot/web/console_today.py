"""What the shop at this moment, its service and its team look like on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.web import console_lists as lists
from bot.web import console_schemas as schemas
from bot.web.console_numbers import link, number
from care.rules.desk_terms import reason_label
from care.rules.figures import TOO_FEW, Measured, Unit
from care.rules.period import Period
from care.rules.service_terms import ANSWER_WITHIN_S, DEFINITIONS, Service
from care.services.contact_list import Which
from care.services.promise_list import PromiseState
from care.services.service_days import Day
from care.services.service_figures import Reason, ServiceFigures
from care.services.team_figures import Member, TeamFigures
from care.services.today_figures import WEEKS, Now, TodayFigures

_NOW_DEFINITIONS: Mapping[Now, str] = {
    Now.KEY_AT_RISK: "战略大客户与大客户中，生命周期为风险或流失的",
    Now.OVERDUE_CASES: "最近一个在走的内部时限已过的投诉；暂停的不计",
    Now.PROMISES_OVERDUE: "已到期还没有兑现的承诺：仍未兑现，或投诉还没有办结",
    Now.PROMISES_TODAY: "今天剩下的时间里到期、还没有兑现的承诺",
    Now.SURGES: "还没有关闭的投诉激增预警",
    Now.WAITING: "正在排队等人工的会话",
    Now.LONGEST_WAIT: f"排队最久的一位已等的时间；超过 {ANSWER_WITHIN_S} 秒告急",
    Now.ONLINE: "状态为在线的坐席",
    Now.COMPLAINTS: f"今天受理的投诉；平常是前 {WEEKS} 周同一星期、到同一时刻的中位数",
    Now.CONTACTS: f"今天的来访；平常是前 {WEEKS} 周同一星期、到同一时刻的中位数",
}


def today(found: TodayFigures) -> schemas.Today:
    where = _now_links(found)
    figures = []
    for key, standing in found.figures.items():
        unit = Unit.SECONDS if key is Now.LONGEST_WAIT else Unit.COUNT
        measured = Measured(
            standing.value, 0, unit, note="现在没有人排队" if standing.value is None else None
        )
        told = number(key.value, key.label, measured, definition=_NOW_DEFINITIONS[key], link=where[key])
        figures.append(schemas.TodayFigure(told, standing.tone.value, standing.usual, standing.usual_n))
    return schemas.Today(found.as_of, figures, found.has_demo)


def _now_links(found: TodayFigures) -> dict[Now, schemas.Link]:
    day = Period(found.day, found.day)
    return {
        # The list of customers takes one tier and one stage; the console shows the others beside it.
        Now.KEY_AT_RISK: link("customers", tier="key", stage="at_risk"),
        Now.OVERDUE_CASES: link("complaints", clock="overdue", sort="due"),
        Now.PROMISES_OVERDUE: link("promises", state=PromiseState.OVERDUE.value),
        Now.PROMISES_TODAY: link("promises", state=PromiseState.DUE_TODAY.value),
        Now.SURGES: link("alarms", open="true"),
        Now.WAITING: link("queue"),
        Now.LONGEST_WAIT: link("queue"),
        Now.ONLINE: link("team"),
        Now.COMPLAINTS: link("complaints", day),
        Now.CONTACTS: link("contacts", day),
    }


def service(found: ServiceFigures, now: datetime) -> schemas.Service:
    period = found.period
    return schemas.Service(
        since=period.since,
        until=period.until,
        as_of=now,
        answer_within_s=ANSWER_WITHIN_S,
        numbers=[service_number(key, measured, period) for key, measured in found.figures.items()],
        reasons=[_reason(one, period) for one in found.reasons],
        days=[_day(one) for one in found.days],
    )


def service_number(key: Service, measured: Measured, period: Period) -> schemas.Number:
    which = {
        Service.ABANDONED: Which.WAITING_ABANDONED,
        Service.ABANDONED_LONG: Which.WAITING_ABANDONED,
        Service.HANDOVER: Which.HANDED_OVER,
        Service.AHT: Which.HANDED_OVER,
        Service.CONTAINMENT: Which.CONTAINED,
        Service.CONTAINMENT_INFERRED: Which.BOT_ONLY,
        Service.FRT_BOT: Which.BOT_ONLY,
        Service.FRT_BOT_P90: Which.BOT_ONLY,
    }.get(key, Which.OFFERED)
    where = link("contacts", period, which=which.value)
    if key in (Service.ACKNOWLEDGED, Service.SOLVED, Service.REOPENED, Service.PER_1000):
        where = link("complaints", period)
    elif key is Service.KEPT:
        where = link("promises", period)
    elif key is Service.FCR:
        where = link("contacts", period)
    return number(key.value, key.label, measured, definition=DEFINITIONS[key], link=where)


def team(found: TeamFigures) -> lists.Team:
    return lists.Team(
        since=found.period.since,
        until=found.period.until,
        as_of=found.as_of,
        members=[_member(one, found.period) for one in found.members],
    )


def _reason(found: Reason, period: Period) -> schemas.ReasonRow:
    return schemas.ReasonRow(
        key=found.reason,
        label=reason_label(found.reason),
        asked=found.asked,
        reached=found.reached,
        success=found.reached / found.decided if found.decided else None,
        link=link("contacts", period, reason=found.reason),
    )


def _day(found: Day) -> schemas.DayPoint:
    return schemas.DayPoint(
        day=found.day,
        contacts=found.contacts,
        complaints=found.complaints,
        offered=found.offered,
        answered_in_time=found.in_time,
        abandoned=found.abandoned,
        service_level=found.in_time / found.judged if found.judged else None,
        frt_median_s=found.frt_median_s,
        contained=found.contained,
        bot_sessions=found.bot_sessions,
        kept=found.kept,
        due=found.due,
    )


def _member(found: Member, period: Period) -> lists.TeamRow:
    person, answers = found.colleague, found.satisfaction
    csat = Measured(None, 0, Unit.SHARE, note=TOO_FEW) if answers is None else answers.csat
    return lists.TeamRow(
        id=person.id,
        name=person.name,
        role=person.role,
        role_label=person.role.label,
        presence=person.presence.value,
        presence_label=person.presence.label,
        load=person.load,
        capacity=person.capacity,
        open_cases=found.open_cases,
        overdue_cases=found.overdue_cases,
        handled=number("handled", "接待", found.handled),
        frt=number("frt", "首次回复 中位", found.frt, definition="从接手到第一句话"),
        aht=number("aht", "平均处理时长", found.aht, definition="从接手到结束，含搁置"),
        csat=number("csat", "满意度", csat, link=link("answers", period, agent=str(person.id))),
        shrunk=None if answers is None else answers.shrunk,
        quality=number("quality", "质检", found.quality),
        hostile=number("hostile", "接触激烈情绪", found.hostile),
        link=link("contacts", period, agent=str(person.id)),
    )
