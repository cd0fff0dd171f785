"""The service's indicators and what each means, in the words that the console shows beside them (care.md §4)."""

from __future__ import annotations

from collections.abc import Mapping

from care.rules.labelled import Labelled
from care.rules.routing import FIRST_REPLY_WITHIN
from care.rules.service_figures import REOPENED_WITHIN, SAME_CAUSE

ANSWER_WITHIN_S = int(FIRST_REPLY_WITHIN.total_seconds())


class Service(Labelled):
    OFFERED = "offered", "要求人工"
    SERVICE_LEVEL = "service_level", "服务水平"
    ASA = "asa", "平均接通等待"
    WAIT_P90 = "wait_p90", "接通等待 P90"
    ABANDONED = "abandoned", "放弃率"
    ABANDONED_LONG = "abandoned_long", "放弃率（不计 10 秒内离开）"
    CANCELLED = "cancelled", "排队中改回智能客服"
    HANDOVER = "handover_success", "转人工成功率"
    FRT_BOT = "frt_bot", "智能客服首次回答 中位"
    FRT_BOT_P90 = "frt_bot_p90", "智能客服首次回答 P90"
    FRT_HUMAN = "frt_human", "人工首次回复 中位"
    FRT_HUMAN_P90 = "frt_human_p90", "人工首次回复 P90"
    AHT = "aht", "平均处理时长"
    FCR = "fcr", "一次解决率"
    CONTAINMENT = "containment", "智能客服解决率（客户确认）"
    CONTAINMENT_INFERRED = "containment_inferred", "智能客服解决（仅推断）"
    KEPT = "kept_promises", "承诺兑现率"
    ACKNOWLEDGED = "acknowledged_in_time", "按时告知"
    SOLVED = "solved_in_time", "按时解决"
    REOPENED = "reopened", "重开率"
    PER_1000 = "complaints_per_1000", "每千单投诉"


#: Formula in words (care.md §4; COPC-style definitions).
DEFINITIONS: Mapping[Service, str] = {
    Service.OFFERED: "期间内客户要求或按规则转人工的次数；转接与重新排队不重复计",
    Service.SERVICE_LEVEL: f"{ANSWER_WITHIN_S} 秒内接通 ÷ 要求人工；还在等且未超时的不计",
    Service.ASA: "从要求人工到坐席接手的平均秒数，只计接通的",
    Service.WAIT_P90: "接通的等待时间中 90% 不超过的秒数",
    Service.ABANDONED: "接通前离开 ÷ 已有结果的要求",
    Service.ABANDONED_LONG: "接通前离开且等了 10 秒以上 ÷ 已有结果的要求",
    Service.CANCELLED: "客户自己改回智能客服的次数，不算放弃",
    Service.HANDOVER: "接通 ÷ 已有结果的要求",
    Service.FRT_BOT: "从客户第一句话到智能客服第一条回答",
    Service.FRT_BOT_P90: "90% 的来访在这个秒数内得到智能客服第一条回答",
    Service.FRT_HUMAN: "从要求人工到坐席第一句话",
    Service.FRT_HUMAN_P90: "90% 的要求在这个秒数内等到坐席第一句话",
    Service.AHT: "从接手到结束的平均时长，含搁置；结束后的整理未单独计时",
    Service.FCR: f"第一次来访就解决且 {SAME_CAUSE.days} 天内没有因同一话题再来 ÷ 事项；只计知道是哪位客户的，{SAME_CAUSE.days} 天未满的不计",
    Service.CONTAINMENT: "只由智能客服接待、客户确认已解决 ÷ 智能客服接待的来访；放弃的不算解决",
    Service.CONTAINMENT_INFERRED: "只由智能客服接待、推断已解决但客户没有确认的比例",
    Service.KEPT: "期间内到期的承诺中按时兑现的比例",
    Service.ACKNOWLEDGED: "受理的投诉中按时告知的比例，未到期的不计",
    Service.SOLVED: "受理的投诉中按时办结的比例，未到期的不计",
    Service.REOPENED: f"办结后 {REOPENED_WITHIN.days} 天在期间内届满的投诉中，届满前重开的比例",
    Service.PER_1000: "受理的投诉 ÷ 下单数 × 1000",
}
