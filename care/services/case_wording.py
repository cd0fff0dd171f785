"""Words of a case's document: its label, its headings, and what of an event is shown by which name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from care.rules.labelled import Labelled
from care.rules.times import to_shanghai

NOTHING = "—"

#: GB 45438-2025: a copy of a conversation with a machine says so in words that name artificial intelligence.
LABEL = "智能客服参与"
NOTICE = (
    "本文件含人工智能（AI）生成内容：发言人为“智能客服”的内容由计算机程序生成，仅供参考。（GB 45438-2025）"
)
PERSONAL = "内含个人信息，仅供处理本件投诉使用，请妥善保管。"
TITLE = "投诉档案"
MASKED = "已按导出人的权限对个人信息打码"
UNMASKED = "个人信息未打码"

#: Field of an event's data → its name. A field that is not here is not shown.
EVENT_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "own_words": "客户说",
        "from": "原为",
        "to": "改为",
        "grade": "严重程度",
        "reason": "原因",
        "second_person": "复核人",
        "text": "备注",
        "detail": "说明",
        "findings": "调查结论",
        "root_cause_1": "原因",
        "root_cause_2": "具体原因",
        "proposal": "方案",
        "remedy": "补救方式",
        "refusals": "未接受次数",
        "level": "层级",
        "close_kind": "结束方式",
        "acknowledge_due_at": "应告知受理",
        "first_result_at": "首次结果期限",
        "solve_due_at": "应解决",
        "cues": "严重线索",
        "order_number": "订单",
        "what": "事项",
        "amount": "金额",
        "due_at": "期限",
        "sha256": "图片 SHA-256",
    }
)

_FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "return7": "七日无理由退货",
        "threebags": "三包",
        "fraud3x": "欺诈三倍赔偿",
        "privacy": "个人信息",
        "media": "媒体曝光",
        "authority_12315": "12315",
    }
)


def flag_label(flag: str) -> str:
    return _FLAGS.get(flag, flag)


@dataclass(frozen=True)
class Block:
    """A titled part: a table (rows of `head`'s length; without a head the first cell is a name), or words alone.

    `notes` stand under it.
    """

    title: str
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    words: str = ""
    notes: tuple[str, ...] = ()


def moment(at: datetime | None) -> str | None:
    """``2026-11-24 10:00:00`` on Shanghai's clock."""
    return None if at is None else f"{to_shanghai(at):%Y-%m-%d %H:%M:%S}"


def actor_name(actor: str) -> str:
    """Who acted, as people call them; a member of staff by their login."""
    known = {"bot": "智能客服", "customer": "客户", "clockwork": "系统", "system": "系统"}
    return known.get(actor, actor.removeprefix("staff:"))


def label_in(labels: type[Labelled], value: str) -> str:
    return labels.labels().get(value, value)
