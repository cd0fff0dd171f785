"""The words of the desk: presence of staff, and why a conversation came to a person."""

from __future__ import annotations

from care.rules.labelled import Labelled


class Presence(Labelled):
    """Only `online` gets new conversations; `busy` keeps its own, `away` and `break` give the waiting back."""

    ONLINE = "online", "在线"
    BUSY = "busy", "忙碌"
    AWAY = "away", "离开"
    BREAK = "break", "小休"


#: Presences whose holder still answers customers.
AT_WORK: frozenset[Presence] = frozenset({Presence.ONLINE, Presence.BUSY})


class HandoverReason(Labelled):
    """Why a conversation waits for, or was given to, a person."""

    ASKED = "asked", "客户要求"
    SEVERE = "severe", "情绪激烈或严重情况"
    NOT_UNDERSTOOD = "not_understood", "两次没有听懂"
    BOT_FAILURE = "bot_failure", "智能客服两次没能回答"
    TOPIC_RULE = "topic_rule", "按问题类型转人工"
    TIER_RULE = "tier_rule", "按客户分级转人工"
    TAKEN_BY_AGENT = "taken_by_agent", "坐席主动接管"
    TRANSFERRED = "transferred", "其他坐席转来"
    AGENT_GONE = "agent_gone", "原坐席离开，重新排队"


def reason_label(reason: str) -> str:
    """The Chinese label of a hand-over's reason; another short word stands for itself."""
    return HandoverReason.labels().get(reason, reason)
