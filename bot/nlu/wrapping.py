"""Polite openings and tails put around training messages: real customers greet before they ask."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from bot.nlu.topic_reading import TopicReading
from care.rules.vocabulary import Kind, kind_of_topic, topic_of_intent

OPENINGS = (
    "你好,", "您好,", "你好 ", "您好 ", "亲,", "在吗,", "在吗 ", "请问", "请问一下,", "麻烦问下,", "客服你好,",
    "客服 ", "老板,", "那个,", "我想问一下,", "想咨询一下,", "哈喽,", "亲 在不在 ", "你好啊,", "不好意思打扰了,",
    "麻烦你,", "帮忙看下,", "喂,", "hi,", "美女,", "问个事,", "再问一下,", "还有,", "我是想问,", "您好我想了解下,",
)  # fmt: skip
TAILS = (
    ",谢谢", " 谢谢", ",谢谢啦", ",麻烦了", ",麻烦你了", ",急", "呢", "啊", "呀", "哦", ",辛苦了", "~", "。", "?",
    " 亲", ",在线等", ",麻烦看一下", "🙏", ",多谢", "哈",
)  # fmt: skip


def with_wrapped(
    examples: Iterable[tuple[TopicReading, str]], *, seed: int, share: float = 1.0
) -> Iterator[tuple[TopicReading, str]]:
    """Every `(reading, intent)` as it is, and a wrapped copy of `share` of those that carry a wish.

    Control messages (yes, no, thanks, a bare number) are left alone: there the opening is the message.
    """
    dice = random.Random(seed)  # noqa: S311 - repeatable training, not a secret
    for reading, intent in examples:
        yield reading, intent
        if not _carries_a_wish(intent) or dice.random() >= share:
            continue
        opening = dice.choice(OPENINGS) if dice.random() < 0.75 else ""
        tail = dice.choice(TAILS) if dice.random() < 0.5 or not opening else ""
        yield reading.wrapped(opening, tail), intent


def _carries_a_wish(intent: str) -> bool:
    return kind_of_topic(topic_of_intent(intent)) not in (Kind.CONTROL, Kind.OTHER)
