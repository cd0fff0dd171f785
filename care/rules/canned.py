"""Ready-made replies: the placeholders that may stand in them, and what is written in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping

PLACEHOLDERS: tuple[str, ...] = ("客户称呼", "坐席", "订单号", "店名")
#: Where nothing is known: words that read well, or a gap that the agent sees.
UNKNOWN: Mapping[str, str] = {"客户称呼": "您", "坐席": "我", "订单号": "（订单号）", "店名": "本店"}
LONGEST_TEXT, LONGEST_TITLE, LONGEST_SHORTCUT = 2000, 60, 20
_PLACE = re.compile(r"[{｛]([^{}｛｝]*)[}｝]")
_SHORTCUT = re.compile(r"[0-9A-Za-z\u4e00-\u9fff_-]{1,20}")


def problems_of(title: str, text: str, category: str, shortcut: str | None) -> dict[str, str]:
    """Field → what is wrong with it, in Chinese."""
    found = {}
    if not 1 <= len(title.strip()) <= LONGEST_TITLE:
        found["title"] = f"标题为 1 到 {LONGEST_TITLE} 个字。"
    if not 1 <= len(text.strip()) <= LONGEST_TEXT:
        found["text"] = f"内容为 1 到 {LONGEST_TEXT} 个字。"
    elif unknown := [name for name in _PLACE.findall(text) if name not in PLACEHOLDERS]:
        known = "、".join(f"{{{name}}}" for name in PLACEHOLDERS)
        found["text"] = f"没有占位符 {{{unknown[0]}}}，可用的有：{known}。"
    if not 1 <= len(category.strip()) <= 30:
        found["category"] = "分类为 1 到 30 个字。"
    if shortcut and not _SHORTCUT.fullmatch(shortcut):
        found["shortcut"] = "快捷码为 1 到 20 个字母、数字或汉字。"
    return found


def filled(text: str, values: Mapping[str, str | None]) -> str:
    """The text with what is known in its places; a value is put in as it is and never read as a placeholder."""
    return _PLACE.sub(lambda place: values.get(place[1]) or UNKNOWN.get(place[1], place[0]), text)
